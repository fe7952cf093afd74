//! Serializing a `Value`.
//!
//! Kinds that serde's data model has use its methods; the others use the private names of
//! `reduce/token.rs`, which our serializer knows and any other format sees as a newtype around the
//! content. Only long ints depend on the serializer: their content is bytes for one that is not
//! human-readable, as ours claims to be just for that content, and decimal text for others.
//!
//! Each kind of value has its own function, because serializing recurses and a debug build would
//! otherwise reserve the locals of all kinds at each level. For the same reason the result of a
//! serializer for a container is used where it is until the end: a `?`, or a `match` that takes it
//! out, would keep more copies of it.

#![allow(
    clippy::question_mark,
    reason = "a `?` keeps copies on the stack in a debug build, and these functions recurse"
)]

use num_bigint::BigInt;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, SerializeTuple, Serializer};
use serde_bytes::Bytes;

use super::repr::decimal;
use super::{Dict, Set, Value};
use crate::limits;
use crate::reduce::{Reduce, token};
use crate::value::hooks;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Lets a Serializer with hooks note that it is on this thread.
        serializer.is_human_readable();
        match self {
            _ if hooks::armed() => hooks::serialize_node(self, serializer),
            // Objects take the largest frames, so this arm comes first, without locals of other
            // arms.
            Self::Object(reduce) => Reduce::serialize(reduce, serializer),
            _ => builtin(self, serializer),
        }
    }
}

/// Serializes a value without asking hooks.
pub(crate) fn serialize_plain<S: Serializer>(
    value: &Value,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Value::Object(reduce) => Reduce::serialize(reduce, serializer),
        _ => builtin(value, serializer),
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn builtin<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Tuple(items) => serialize_tuple(items, serializer),
        Value::List(items) => list(items, serializer),
        Value::Dict(dict) => Dict::serialize(dict, serializer),
        Value::Set(set) => Set::serialize(set, serializer),
        Value::FrozenSet(set) => frozenset(set, serializer),
        Value::PersistentId(id) => persistent_id(id, serializer),
        _ => leaf(value, serializer),
    }
}

impl Serialize for Dict {
    #[cfg_attr(debug_assertions, inline(never))]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()));
        if let Ok(map) = &mut map {
            for (key, value) in self {
                map.serialize_entry(key, value)?;
            }
        }
        match map {
            Ok(map) => map.end(),
            Err(error) => Err(error),
        }
    }
}

/// As a Python `set`. Within a [`Value`] it may be a frozenset.
impl Serialize for Set {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(token::SET, &Elements(self))
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn persistent_id<S: Serializer>(id: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // No id is asked for an id.
    serializer.serialize_newtype_struct(token::PERSISTENT_ID, &hooks::Unhooked(id))
}

#[cfg_attr(debug_assertions, inline(never))]
fn frozenset<S: Serializer>(set: &Set, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(token::FROZENSET, &Elements(set))
}

#[cfg_attr(debug_assertions, inline(never))]
fn list<S: Serializer>(items: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(items.len()));
    if let Ok(seq) = &mut seq {
        for item in items {
            match seq.serialize_element(item) {
                Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
    }
    end_seq(seq)
}

/// Serializes values as a tuple.
#[cfg_attr(debug_assertions, inline(never))]
pub(crate) fn serialize_tuple<S: Serializer>(
    items: &[Value],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut tuple = serializer.serialize_tuple(items.len());
    if let Ok(tuple) = &mut tuple {
        for item in items {
            match tuple.serialize_element(item) {
                Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
    }
    match tuple {
        Ok(tuple) => tuple.end(),
        Err(error) => Err(error),
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn end_seq<S: SerializeSeq>(seq: Result<S, S::Error>) -> Result<S::Ok, S::Error> {
    match seq {
        Ok(seq) => seq.end(),
        Err(error) => Err(error),
    }
}

/// A value that holds no others.
#[cfg_attr(debug_assertions, inline(never))]
fn leaf<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Bool(bool) => serializer.serialize_bool(*bool),
        Value::Int(int) => serializer.serialize_i64(*int),
        Value::BigInt(int) => match u64::try_from(int) {
            Ok(int) => serializer.serialize_u64(int),
            Err(_) => serializer.serialize_newtype_struct(token::BIG_INT, &LongInt(int)),
        },
        Value::Float(float) => serializer.serialize_f64(*float),
        Value::Complex(complex) => complex.serialize(serializer),
        Value::Str(text) => serializer.serialize_str(text),
        Value::Surrogates(text) => {
            serializer.serialize_newtype_struct(token::SURROGATES, Bytes::new(text.as_bytes()))
        }
        Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
        Value::ByteArray(bytes) => {
            serializer.serialize_newtype_struct(token::BYTEARRAY, Bytes::new(bytes))
        }
        Value::Global(global) => global.serialize(serializer),
        Value::Buffer(buffer) => buffer.serialize(serializer),
        // `None`. Containers do not get here.
        _ => serializer.serialize_unit(),
    }
}

/// The content of a set or frozenset.
struct Elements<'a>(&'a Set);

impl Serialize for Elements<'_> {
    #[cfg_attr(debug_assertions, inline(never))]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()));
        if let Ok(seq) = &mut seq {
            for element in self.0 {
                match seq.serialize_element(element) {
                    Ok(()) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        end_seq(seq)
    }
}

/// The content of an int of any size, as `token::BIG_INT` describes.
struct LongInt<'a>(&'a BigInt);

impl Serialize for LongInt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(&self.0.to_signed_bytes_le());
        }
        match decimal(self.0) {
            Some(text) => serializer.serialize_str(&text),
            None => Err(S::Error::custom(format_args!(
                "an int of {} bits has more than {} decimal digits",
                self.0.bits(),
                limits::INT_DIGITS
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pickle;

    fn json(value: &Value) -> serde_json::Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn json_gets_what_it_can_say() {
        let value = pickle!({
            "none": None, "int": -1, "big": u64::MAX, "float": 1.5, "list": [1, (2, "x")],
            "set": {1, 2}, 3: True,
        });
        assert_eq!(
            json(&value),
            json!({
                "none": null, "int": -1, "big": u64::MAX, "float": 1.5, "list": [1, [2, "x"]],
                "set": [1, 2], "3": true,
            })
        );
    }

    #[test]
    fn json_gets_the_nearest_thing_for_the_rest() {
        assert_eq!(json(&Value::from(u128::MAX)), json!("340282366920938463463374607431768211455"));
        assert_eq!(json(&Value::from(f64::NAN)), json!(null));
        assert_eq!(json(&pickle!(b"ab")), json!([97, 98]));
        assert_eq!(json(&Value::ByteArray(b"ab".to_vec())), json!([97, 98]));
        assert_eq!(
            json(&Value::text(b"\xed\xb3\xa9".to_vec()).unwrap()),
            json!([0xed, 0xb3, 0xa9])
        );
        assert_eq!(json(&crate::value::Complex::new(1.0, 2.0).into()), json!([1.0, 2.0]));
        assert_eq!(json(&Value::global("a", "b")), json!(["a", "b"]));
        assert_eq!(json(&Value::PersistentId(Box::new("id".into()))), json!("id"));
        assert_eq!(
            serde_json::to_value(pickle!({(1, 2): 3})).unwrap_err().to_string(),
            "key must be a string"
        );
    }

    #[test]
    fn ints_of_too_many_digits_are_an_error_in_text() {
        let huge = Value::from(BigInt::from(1) << 20_000_u32);
        let error = serde_json::to_string(&huge).unwrap_err();
        assert_eq!(error.to_string(), "an int of 20001 bits has more than 4300 decimal digits");
    }
}
