//! The [`Value`] of a single node, by which keys and set items are found again.
//!
//! A type may read a key in another form (a UUID as text, bytes as text), so keys are compared by a
//! text that these forms share.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::de::node::NodeDeserializer;
use crate::de::place::Place;
use crate::error::Result;
use crate::value::Value;

/// The natural form of a value, as `deserialize_any` gives it, as a tree.
pub(super) fn image(node: NodeDeserializer<'_, '_>) -> Result<Value> {
    Image::deserialize(Place::Node(node)).map(|image| image.0)
}

struct Image(Value);

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ImageVisitor).map(Self)
    }
}

struct ImageVisitor;

macro_rules! leaves {
    ($($method:ident($type:ty))*) => {$(
        fn $method<E>(self, value: $type) -> Result<Value, E> {
            Ok(Value::from(value))
        }
    )*};
}

impl<'de> Visitor<'de> for ImageVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    leaves! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_i128(i128) visit_u128(u128)
        visit_f64(f64) visit_str(&str) visit_string(String)
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(value.to_vec()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Image(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Tuple(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((Image(key), Image(value))) = map.next_entry()? {
            entries.push(Value::Tuple(vec![key, value]));
        }
        Ok(Value::Tuple(entries))
    }
}

/// A text that is the same for a key in all the forms that a type may give it.
///
/// A record that a type writes as a dict may be a sequence in the pickle, so the keys of a dict do
/// not count; items do.
pub(super) fn key_text(value: &Value) -> String {
    let mut text = String::new();
    push_text(value, &mut text);
    text
}

fn push_text(value: &Value, text: &mut String) {
    match value {
        Value::Str(value) => {
            text.push('"');
            text.push_str(value);
        }
        Value::Bytes(bytes) | Value::ByteArray(bytes) => match std::str::from_utf8(bytes) {
            Ok(value) => push_text(&Value::from(value), text),
            Err(_) => text.push_str(&Value::Bytes(bytes.clone()).to_string()),
        },
        Value::Bool(value) => text.push_str(if *value { "1" } else { "0" }),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
            // Below 2^53 a float without a fraction is an int.
            text.push_str(&(*value as i64).to_string());
        }
        // serde has no method for it, so it is read as a pair.
        Value::Complex(value) => {
            push_text(&Value::Tuple(vec![value.re.into(), value.im.into()]), text);
        }
        Value::Tuple(items) | Value::List(items) => {
            text.push('(');
            for item in items {
                push_text(item, text);
                text.push(',');
            }
            text.push(')');
        }
        Value::Dict(entries) => {
            let values = entries.values().cloned().collect();
            push_text(&Value::Tuple(values), text);
        }
        Value::Set(items) | Value::FrozenSet(items) => {
            let mut items: Vec<String> = items.iter().map(key_text).collect();
            items.sort_unstable();
            text.push_str(&format!("{{{}}}", items.join(",")));
        }
        other => text.push_str(&other.to_string()),
    }
}
