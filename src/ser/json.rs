//! serde_json's private structs: numbers with its feature `arbitrary_precision`, and `RawValue`.
//!
//! The feature may be switched on by any crate in the tree of dependencies. A number of serde_json
//! is then a struct of a private name with one field, its text; see [`token::JSON_NUMBER`]. Here it
//! becomes an int or a float. A `RawValue` is an error: it would need a parser, and a dict with a
//! private key is of no use to Python.

use std::fmt::{self, Write as _};

use serde::ser::{Serialize, Serializer};

use super::dump::Dump;
use crate::error::{Error, Result};
use crate::reduce::token;
use crate::value::{Value, json_number};
use crate::write::Sink;

/// Text of a field, as `Display`: serde's own serializer for formatters takes text and numbers.
struct Shown<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

/// Writes the number in the one field of such a struct.
#[cold]
pub(super) fn field<S: Sink, T: Serialize + ?Sized>(
    dump: &mut Dump<S>,
    key: &'static str,
    value: &T,
) -> Result<()> {
    if key != token::JSON_NUMBER {
        return Err(Error::unsupported(
            "a RawValue of serde_json is JSON in a text; parse it into a serde_json::Value first",
        ));
    }
    let mut text = String::new();
    // A field that is not text leaves it empty, which is not a number.
    let _ = write!(text, "{}", Shown(value));
    match json_number(&text)? {
        Value::Int(int) => dump.serialize_i64(int),
        Value::Float(float) => dump.serialize_f64(float),
        number => number.serialize(dump),
    }
}
