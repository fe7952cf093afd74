//! Frames, series and indexes of pandas.
//!
//! pandas has no format of its own in a pickle: a frame is whatever its classes happen to be made
//! of, and that changes with each version. [`Frame`], [`Series`] and [`Index`] read what pandas
//! 0.24 to 3 write, with and without pyarrow, into typed [`Column`]s, and write what those load.
//!
//! ```
//! use serde_pickle::python::pandas::{Column, Frame};
//!
//! let columns = [("id", Column::from(vec![1_i64, 2])), ("name", Column::from(vec!["a", "b"]))];
//! let frame = Frame::new(columns)?;
//! let bytes = serde_pickle::to_vec(&frame)?;
//! let frame: Frame = serde_pickle::from_slice(&bytes)?;
//! for (place, column) in frame.columns().iter().enumerate() {
//!     println!("{}: {}", frame.labels().value(place).unwrap_or_default(), column.dtype());
//! }
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! A frame becomes structs by [`Frame::rows`], and structs a frame by [`Frame::from_rows`]. With
//! the feature `arrow` it is an Arrow `RecordBatch`, and back.
//!
//! | pandas | [`Column`] |
//! |---|---|
//! | `bool`, `int8` to `uint64`, `float16` to `float64`, complex | the variants of these names |
//! | `object` | `Object`: [`Value`](crate::Value)s |
//! | `datetime64[unit]`, `datetime64[unit, zone]` | [`Datetimes`]: counts of the unit, and the zone |
//! | `timedelta64[unit]` | [`Timedeltas`] |
//! | `category` | [`Categorical`]: codes and categories |
//! | `Int64` and the like, `Float64`, `boolean` | [`Masked`] |
//! | `string`, `str`, `string[pyarrow]` | [`Texts`] |
//! | `period[…]` | [`Periods`]: ordinals and [`Frequency`] |
//! | `interval[…]` | [`Intervals`]: both ends |
//! | `Sparse[…]` | [`Sparse`] |
//! | `int64[pyarrow]` and other plain types, timestamps, durations, `date32` | [`Masked`] with [`Backing::Arrow`] |
//! | `binary[pyarrow]` | [`Binaries`] |
//!
//! Anything else (decimals, lists, structs and dictionaries of Arrow, long doubles, extension
//! arrays of other packages) is an error that names the column and the class or type. No other data
//! are ever given in its place.
//!
//! Sources: `core/internals/managers.py`, `core/indexes/`, `core/arrays/` of pandas.

#[cfg(feature = "arrow")]
mod arrow;
pub(crate) mod cell;
mod column;
mod extension;
mod frame;
mod index;
mod interval;
mod period;
mod read;
mod write;

pub use column::Column;
pub use extension::{
    Backing, Binaries, Categorical, Datetimes, Masked, Periods, Sparse, TextKind, Texts, Timedeltas,
};
pub use frame::{Frame, Series};
pub use index::{Index, Labels, Levels};
pub use interval::{Closed, Intervals};
pub use period::{Frequency, Span};
