//! numpy's arrays, scalars and dtypes.
//!
//! Reading only the elements needs nothing of this module: they read into `Vec<f64>`,
//! `Vec<Vec<i64>>`, a vector of structs for an array of records, `Vec<String>` for text.
//! [`NdArray`] has dtype, shape and the bytes in the layout of memory, and writes arrays. [`Dtype`]
//! reads and writes a dtype by itself.
//! [`MaskedArray`] is the same with a mask; classes that derive from `numpy.ndarray` are kept as a
//! [`Subclass`].
//!
//! With the feature `ndarray` an array is one of that crate, borrowed where it can be
//! (`NdArray::view`, `NdArray::to_ndarray`); with `half` its elements may be `half::f16`.
//!
//! ```
//! use serde_pickle::python::numpy::NdArray;
//!
//! let array = NdArray::from_vec(vec![1.5, 2.0], &[2])?;
//! let bytes = serde_pickle::to_vec(&array)?;
//! assert_eq!(serde_pickle::from_slice::<Vec<f64>>(&bytes)?, [1.5, 2.0]);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! Pickles of numpy 1 and 2 are read, of every protocol, with buffers in band and out of band
//! ([`DeOptions::buffers`](crate::DeOptions::buffers)). Source: "numpy.ndarray.\_\_reduce\_\_" in
//! numpy's reference.

pub(crate) mod array;
pub(crate) mod array_serde;
mod data;
pub(crate) mod dtype;
mod dtype_serde;
mod masked;
pub(crate) mod number;
pub(crate) mod scalar;
mod subclass;
pub(crate) mod time;
#[cfg(feature = "ndarray")]
mod views;

pub use array::{NdArray, Order};
pub use array_serde::{InBuffer, OwnedNdArray};
pub use dtype::{ByteOrder, Dtype, Field, Kind, Subarray};
pub(crate) use dtype_serde::fill_slot;
pub use masked::MaskedArray;
pub(crate) use masked::mask_dtype;
pub use number::Number;
pub use subclass::{OwnState, Subclass};
pub use time::Unit;
