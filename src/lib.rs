//! Python's pickle as a serde data format: all protocols from 0 to 5, read and written, nothing
//! executed.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct User {
//!     name: String,
//!     scores: Vec<f64>,
//!     home: Option<(f64, f64)>,
//! }
//!
//! // pickle.dumps({'name': 'Ada', 'scores': [1.5], 'home': None}, 2)
//! let python = b"\x80\x02}q\x00(X\x04\x00\x00\x00nameq\x01X\x03\x00\x00\x00Adaq\x02\
//!     X\x06\x00\x00\x00scoresq\x03\
//!     ]q\x04G?\xf8\x00\x00\x00\x00\x00\x00aX\x04\x00\x00\x00homeq\x05Nu.";
//! let user: User = serde_pickle::from_slice(python)?;
//! assert_eq!(user, User { name: "Ada".into(), scores: vec![1.5], home: None });
//!
//! let bytes = serde_pickle::to_vec(&user)?; // what `pickle.loads` makes the same dict of
//! assert_eq!(serde_pickle::from_slice::<User>(&bytes)?, user);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! | Python | here |
//! |---|---|
//! | `pickle.loads`, `pickle.load` | [`from_slice`], [`from_reader`], [`from_buf_reader`]; with options: [`DeOptions`] |
//! | `pickle.dumps`, `pickle.dump` | [`to_vec`], [`to_writer`]; with options: [`SerOptions`] |
//! | `pickle.Unpickler`, several pickles in one file | [`Deserializer`] |
//! | `pickle.Pickler`, a memo over several dumps | [`Serializer`] |
//! | `datetime`, `decimal`, `uuid`, `collections` … | [`python`] |
//! | any object at all | [`Value`], written in Rust by [`pickle!`]; to and from Rust types: [`to_value`], [`from_value`] |
//! | `__reduce__`, `__getstate__`, `__setstate__` … | [`reduce`] |
//! | what is shared, and what contains itself | [`Graph`] |
//! | a pickle that is changed, and stays what it was otherwise | [`update`], [`edit`] |
//! | `Unpickler.find_class`, `persistent_load` | [`Resolver`], for [`DeOptions::resolver`] |
//! | `copyreg.add_extension` | [`ExtensionRegistry`](reduce::ExtensionRegistry), for [`DeOptions::extensions`] |
//! | `buffers=` of `pickle.loads` | [`DeOptions::buffers`] |
//! | `pickletools.genops` | [`opcode::instructions`] |
//! | `pickletools.dis`, `pickletools.optimize` | [`tools::disassemble`], [`tools::optimize`] |
//!
//! Every name of Python's module and where it lives here: [`guide::python_api`]. The other guides
//! are in [`guide`].
//!
//! # From Rust to Python
//!
//! | serde | Python |
//! |---|---|
//! | unit, unit struct, `None` | `None` |
//! | bool; integers of up to 128 bits; `f32`, `f64` | `bool`; `int`; `float` |
//! | `char`, text | `str` |
//! | bytes (of [`serde_bytes`](https://docs.rs/serde_bytes)) | `bytes` |
//! | a sequence; a tuple, a tuple struct, an array `[T; N]` | `list`; `tuple` |
//! | a map; a struct | `dict`, in the order in which the entries come |
//! | a newtype struct, `Some(x)` | `x` |
//! | an enum: `Unit`, `New(x)`, `Tuple(a, b)`, `Struct { a }` | `'Unit'`, `{'New': x}`, `{'Tuple': (a, b)}`, `{'Struct': {'a': …}}` |
//!
//! A container whose serde name begins with `py:`, and the types of [`reduce`], are written as
//! Python objects.
//!
//! Python hashes the keys of a dict, so a sequence that is a key is written as a tuple, and a map
//! that is a key is an error.
//!
//! # From Python to Rust
//!
//! A type gets the form that it asks for, if the Python object has it: a struct comes from a dict,
//! from an instance by its state, or from a tuple in order; a sequence from a list, tuple, set or
//! frozenset; an integer from any `int` that fits; text from `str` and from Python 2's 8-bit
//! strings as [`DeOptions::encoding`] says; an enum from either form above.
//!
//! ```
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Point {
//!     x: i32,
//!     y: i32,
//! }
//!
//! // class Point: def __init__(self, x, y): self.x, self.y = x, y
//! // pickle.dumps(Point(3, 4), 2)
//! let python = b"\x80\x02cgeometry\nPoint\nq\x00)\x81q\x01}q\x02(\
//!     X\x01\x00\x00\x00xq\x03K\x03X\x01\x00\x00\x00yq\x04K\x04ub.";
//! let point: Point = serde_pickle::from_slice(python)?;
//! assert_eq!((point.x, point.y), (3, 4));
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! From a slice, `&str` and `&[u8]` are borrowed wherever the pickle holds the text or the bytes as
//! they are; escaped text of protocol 0 has to be made anew, so ask for `Cow<str>` with
//! `#[serde(borrow)]` where such pickles may come.
//!
//! # What surprises
//!
//! ## A `Vec<u8>` is a list
//!
//! serde sees a sequence of ints in it, and so does Python. Bytes are what
//! [`serde_bytes`](https://docs.rs/serde_bytes) says are bytes. Reading is lenient: Python's
//! `bytes` and `bytearray` read into a `Vec<u8>` as well.
//!
//! ```
//! use serde::Serialize;
//! use serde_pickle::{Value, from_slice, to_vec};
//!
//! #[derive(Serialize)]
//! struct Upload {
//!     list: Vec<u8>,
//!     #[serde(with = "serde_bytes")]
//!     bytes: Vec<u8>,
//! }
//!
//! let pickle = to_vec(&Upload { list: vec![1, 2], bytes: vec![1, 2] })?;
//! let value: Value = from_slice(&pickle)?;
//! assert_eq!(value.to_string(), r"{'list': [1, 2], 'bytes': b'\x01\x02'}");
//! assert_eq!(from_slice::<Vec<u8>>(b"C\x02\x01\x02.")?, [1, 2]);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! ## `Some(None)` is `None`
//!
//! Python has one `None`, and `Some(x)` is written as `x`. So `Some(None)`, `Some(())` and `None`
//! are one thing in a pickle, and all of them read as `None`.
//!
//! ```
//! use serde_pickle::{from_slice, to_vec};
//!
//! let nested: Option<Option<u8>> = Some(None);
//! assert_eq!(from_slice::<Option<Option<u8>>>(&to_vec(&nested)?)?, None);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! ## A `HashMap` has no order
//!
//! A Python dict has one, that of insertion; it is kept in [`Value`] and by types such as
//! `IndexMap`. The entries of a `HashMap` come in another order in every run, so that equal maps
//! give different pickles: where bytes are compared or hashed, use a `BTreeMap`.
//!
//! ## Shared objects are read as copies
//!
//! An object that a pickle refers to twice is one object in Python and two equal ones in a tree of
//! Rust values, and is written twice if they are. One that contains itself fits no tree: it is an
//! error. A [`Graph`] keeps both as they are.
//!
//! ## `flatten`, `untagged` and `tag` see no Python types
//!
//! serde reads everything below `#[serde(flatten)]`, in an untagged enum or in one with an internal
//! tag into a buffer of its own, which has no tuples, sets, dates, classes or objects. A `Value`
//! there gets the rest: a date is text, an instance a dict, `m.C(1)` is 1. [`Value`] has the whole
//! list, and the alternatives: read a `Value` or a [`Dict`] and take it apart, or use enums that
//! are tagged from outside or named as classes. One variant that is `untagged` puts the whole enum
//! into the buffer, and its variants that are classes are then never read; a variant named `py:*`
//! takes all else without that.
//!
//! ```
//! use std::collections::BTreeMap;
//! use serde::Deserialize;
//! use serde_pickle::{Dict, Value, from_slice, pickle};
//!
//! #[derive(Deserialize)]
//! struct Flat {
//!     #[serde(flatten)]
//!     rest: BTreeMap<String, Value>,
//! }
//!
//! #[derive(Deserialize)]
//! #[serde(from = "Dict")]
//! struct Whole {
//!     rest: Dict,
//! }
//!
//! impl From<Dict> for Whole {
//!     fn from(rest: Dict) -> Self {
//!         Self { rest }
//!     }
//! }
//!
//! // {'a': (1, 2)}
//! let pickle = b"}X\x01\0\0\0aK\x01K\x02\x86s.";
//! assert_eq!(from_slice::<Flat>(pickle)?.rest["a"], pickle!([1, 2]));
//! assert_eq!(from_slice::<Whole>(pickle)?.rest["a"], pickle!((1, 2)));
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! ## Formats for people
//!
//! `is_human_readable()` is true, as in JSON: types that have a text form and a binary form, such
//! as dates and UUIDs of other crates, are written as the text that Python programs understand.
//!
//! # Errors
//!
//! An [`Error`] has the fault, the expectation, the byte, and the place in the value:
//!
//! ```
//! use std::collections::BTreeMap;
//! use serde_pickle::{ErrorKind, from_slice};
//!
//! // {'ages': [36, 'old']}
//! let pickle = b"\x80\x04}\x8c\x04ages](K\x24\x8c\x03oldes.";
//! let error = from_slice::<BTreeMap<String, Vec<u8>>>(pickle).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Data);
//! assert_eq!(error.offset(), Some(13));
//! assert_eq!(error.path().as_deref(), Some("ages[1]"));
//! # println!("{error}");
//! ```
//!
//! # Untrusted input
//!
//! Python's documentation warns that loading a pickle runs whatever code it names. Nothing here
//! runs any: names of classes and functions, and the calls that a pickle wants made, are data. The
//! crate has no unsafe code. What remains is to bound what a small pickle can blow up to, and that
//! is what the limits are for. With the defaults, reading a pickle of *n* bytes takes at most
//! 64 MiB + 300·*n* bytes of memory and 10 million + 50·*n* units of work, a unit being a value
//! handed out, an object looked at, or 16 bytes decoded:
//!
//! | option of [`DeOptions`] | default | what it bounds |
//! |---|---|---|
//! | [`max_depth`](DeOptions::max_depth) | 100 for Rust types, 1,000 for [`Value`] | levels of nesting, which cost stack |
//! | [`max_expansion`](DeOptions::max_expansion) | 64 MiB, and 256 for each byte: 4 Mi values and 16 for each byte | what shared references add when they are copied into a tree |
//! | [`max_memory`](DeOptions::max_memory) | 48 MiB, and 240 for each byte | memory of what is read, reckoned from the types |
//! | [`max_int_digits`](DeOptions::max_int_digits) | 4,300 | decimal digits of an int in text, as in Python |
//! | [`max_nodes`](DeOptions::max_nodes) | none but that of 32 bits | containers, instances and globals of one pickle |
//!
//! ```
//! use serde_pickle::{ErrorKind, Value, from_slice};
//!
//! let deep = [vec![b']'; 100_000], vec![b'a'; 99_999], vec![b'.']].concat();
//! assert_eq!(from_slice::<Value>(&deep).unwrap_err().kind(), ErrorKind::Limit);
//! ```
//!
//! A [`Resolver`] decides which names may appear at all; a pickle with any other is refused at the
//! byte that names it:
//!
//! ```
//! use serde_pickle::{AllowList, DeOptions, ErrorKind, Value};
//!
//! let known = AllowList::new().allow("collections", "OrderedDict");
//! let options = DeOptions::new().resolver(known);
//! let error = options.from_slice::<Value>(b"K\x01cos\nsystem\n(S'ls'\ntR.").unwrap_err();
//! assert_eq!((error.kind(), error.offset()), (ErrorKind::Denied, Some(2)));
//! ```
//!
//! [`tools::audit`] lists what a pickle names and calls, before anybody reads it.
//!
//! Options own their resolver and can be used from many threads at once: a service makes them when
//! it starts and keeps them in a `static`, or in its state; see [`DeOptions`].
//!
//! A length that a pickle claims is never allocated before the bytes are there. [`from_reader`]
//! takes as much as the reader gives, so bound the reader, by [`Read::take`](std::io::Read::take),
//! where the pickle comes over a network.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod convert;
mod de;
mod digits;
pub mod edit;
mod error;
mod escape;
mod float;
mod foreign;
mod forward;
pub mod graph;
#[cfg(doc)]
pub mod guide;
mod instruction;
pub mod json;
mod late;
mod lent;
mod limits;
mod machine;
mod meter;
mod natural;
mod nodes;
pub mod opcode;
mod packed;
mod protocol;
pub mod python;
mod read;
pub mod reduce;
mod rows;
mod ser;
mod settings;
pub mod shared;
mod shown;
mod slot;
mod stdlib;
pub mod tools;
pub mod value;
mod walk;
mod write;

#[doc(hidden)]
pub use meter::units as __units;

// Each public item has one path: the root has what most programs name, and what comes along with
// it is in the module that the item belongs to.
pub use convert::{from_value, to_value};
pub use de::{
    DeOptions, Deserializer, Elements, ReaderSource, SliceSource, StreamDeserializer,
    from_buf_reader, from_reader, from_slice,
};
pub use edit::bytes::update;
pub use error::{Error, ErrorKind, Result};
pub use graph::node::Node;
pub use graph::read::Graph;
pub use protocol::Protocol;
pub use read::Scanner;
pub use reduce::lists::AllowList;
pub use reduce::resolver::Resolver;
pub use ser::{SerOptions, Serializer, to_vec, to_writer};
pub use settings::{DecodeErrors, Encoding};
pub use value::dict::Dict;
pub use value::set::Set;
pub use value::tree::Value;

/// The crate whose [`BigInt`](num_bigint::BigInt) is the type of ints beyond 64 bits here.
#[doc(no_inline)]
pub use num_bigint;

/// The code of the README, compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
