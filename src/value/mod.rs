//! The types within a [`Value`], and those by which its dicts and sets are used.
//!
//! - [`Complex`], [`SurrogateString`], [`PickleBuffer`]: Python objects that Rust's standard types
//!   do not cover; [`Buffer`]: memory that travels beside a pickle;
//! - [`Lookup`] and [`IntoKey`]: keys that a [`Dict`] or a [`Set`] is asked for and is given;
//!   [`ValueIndex`]: those that a [`Value`] is indexed by;
//! - [`Entry`] and the iterators: of a dict or a set, as in [`std::collections`].
//!
//! ```
//! use serde_pickle::value::Complex;
//! use serde_pickle::{Value, from_slice};
//!
//! // pickle.dumps(2j, 2)
//! let value: Value =
//!     from_slice(b"\x80\x02c__builtin__\ncomplex\nG\0\0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86R.")?;
//! assert_eq!(value.as_complex(), Some(Complex::new(0.0, 2.0)));
//! # Ok::<(), serde_pickle::Error>(())
//! ```
// The files, in the order in which to read them:
//
// - `tree.rs`, the enum; `complex.rs`, `text.rs`, `buffer.rs`: the types in it that are not Rust's
//   standard types;
// - `equal.rs`, `key.rs`: equality and hash of keys; `table.rs`, `dict.rs`, `set.rs`, `lookup.rs`:
//   the containers over that;
// - `structure.rs`: `==` and `Hash` of values;
// - `cast.rs`, `from.rs`, `index.rs`, `macros.rs`: conveniences;
// - `clone.rs`; `display.rs` with `repr.rs`: Python's `repr`;
// - `ser.rs`, `de.rs`: serde.

mod buffer;
mod cast;
mod clone;
#[cfg(test)]
mod collisions;
mod complex;
mod de;
pub(crate) mod dict;
mod display;
mod equal;
mod from;
mod hashed;
mod held;
pub(crate) mod hooks;
mod index;
mod iter;
mod key;
mod lookup;
mod macros;
mod numpy;
pub(crate) mod repr;
mod ser;
pub(crate) mod set;
pub(crate) mod settle;
mod structure;
mod table;
mod text;
pub(crate) mod tree;

pub use buffer::{Buffer, PickleBuffer};
pub use complex::Complex;
pub(crate) use de::{deserialize, fill_slot, hand_over, json_number};
pub(crate) use dict::Dict;
pub use dict::{Entry, IntoIter as DictIntoIter, Iter as DictIter, IterMut as DictIterMut};
pub use dict::{OccupiedEntry, VacantEntry};
pub use index::ValueIndex;
pub(crate) use key::is_told_by_identity;
pub use lookup::{IntoKey, Lookup};
pub(crate) use ser::{serialize_plain, serialize_tuple};
pub(crate) use set::Set;
pub use set::{IntoIter as SetIntoIter, Iter as SetIter};
pub(crate) use table::Keys;
pub use text::SurrogateString;
pub(crate) use tree::{SharedKey, Value};
