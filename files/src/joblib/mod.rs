//! Files of joblib: those of scikit-learn's models, mostly.
//!
//! [`open`](crate::open) reads them: compressed or not, and with the arrays of an uncompressed file
//! borrowed from it. Together with [`OpenOptions::map`](crate::OpenOptions) nothing but the pages
//! that are looked at is in memory.
//!
//! ```
//! use serde::Deserialize;
//! use serde_pickle::python::numpy::NdArray;
//!
//! #[derive(Deserialize)]
//! struct Model<'a> {
//!     name: &'a str,
//!     #[serde(borrow)]
//!     w: NdArray<'a>,
//! }
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/wild/joblib/");
//! # let path = folder.to_owned() + "joblib-1.6.0-dict-gzip.bin";
//! let file = serde_pickle_files::open(path)?;
//! let pickle = file.pickle()?;
//! let model: Model = pickle.get()?;
//! assert_eq!((model.name, model.w.shape()), ("model", &[2, 3][..]));
//! # Ok::<(), serde_pickle_files::Error>(())
//! ```
//!
//! [`to_writer`] writes what `joblib.load` reads, with arrays in the form that its `mmap_mode`
//! maps.

mod side;
mod write;

pub use side::SideFiles;
pub use write::{WriteOptions, to_vec, to_writer};
