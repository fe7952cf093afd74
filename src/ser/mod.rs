//! serde values as pickles: the mirror of `de/`.
//!
//! `options.rs` has the options, `serializer.rs` the public [`Serializer`], which is a Pickler: it
//! frames each dump by PROTO and STOP and leaves everything between to a `Dump`. `dump.rs` is that:
//! serde's `Serializer` for every value below the top, with its containers in `compound/`. Types
//! that serde has no method for, and Python classes, are containers with special names.
//! `special.rs` reads the content of such a container, `reduce.rs` an object as `__reduce__`
//! describes it, `class.rs` one whose class is the serde name.
//!
//! A value's bytes are all written by the [`Emitter`](crate::write::Emitter), in one pass and in
//! the order in which serde hands them out: nothing is buffered, and nothing recurses but serde.

mod class;
mod compound;
mod divert;
pub(crate) mod dump;
mod items;
mod key_name;
mod newtype;
mod options;
mod placed;
mod pointer;
mod reduce;
mod serializer;
mod special;
mod variant;
mod ways;

pub use options::SerOptions;
pub use serializer::Serializer;

use std::io;

use serde::ser::Serialize;

use crate::error::Result;

/// Serializes `value` into a pickle at the default protocol, 4.
///
/// Python's `pickle.dumps`. [`SerOptions`] has the other protocols.
///
/// ```
/// let bytes = serde_pickle::to_vec(&("spam", 3, [0.5, 1.5]))?;
/// let expected = b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x04spamK\x03\
///     G?\xe0\0\0\0\0\0\0G?\xf8\0\0\0\0\0\0\x86\x87.";
/// assert_eq!(bytes, expected);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// `Unsupported` for a value without a form in Python, such as a dict as the key of a dict; errors
/// of the value's own `Serialize`.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    SerOptions::new().to_vec(value)
}

/// Serializes `value` into `writer` as a pickle at the default protocol, 4.
///
/// Python's `pickle.dump`. The pickle is written in pieces of about 64 KiB, so `writer` needs no
/// buffer of its own. It is not flushed.
///
/// ```
/// let mut file = Vec::new();
/// serde_pickle::to_writer(&mut file, "spam")?;
/// assert_eq!(file, serde_pickle::to_vec("spam")?);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// Those of [`to_vec`], and those of the writer. The output so far is then the beginning of a
/// pickle without an end.
pub fn to_writer<W: io::Write, T: Serialize + ?Sized>(writer: W, value: &T) -> Result<()> {
    SerOptions::new().to_writer(writer, value)
}
