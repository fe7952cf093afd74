//! Deserializing a `Value`.
//!
//! Two ways lead here, and both start with `deserialize_newtype_struct(token::VALUE, …)`.
//!
//! *Our own deserializer* knows that name. It builds the whole value beside serde, in a loop: so
//! the depth of a value costs no stack, and kinds that serde does not have (a tuple as against a
//! list, a set, an object) are not lost. Then it hands the value over to a visitor of a type that
//! it does not know, in a [`slot`] of the thread: it calls `visit_newtype_struct`, and our visitor
//! looks into the slot first.
//!
//! *Any other format* calls `visit_newtype_struct` as for a newtype of that name, or the method
//! that fits its data. The slot is empty then, and the visitor builds the value from the data.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use num_bigint::BigInt;

use super::{Dict, Set, Value};
use crate::error::{Error, quoted};
use crate::limits;
use crate::reduce::token;
use crate::slot::{self, LaidOut, Slot};

thread_local! {
    /// The value on its way from [`hand_over`] to [`ValueVisitor`].
    static SLOT: Slot<Value> = const { Slot::new() };
}

/// Gives a finished value to the visitor that came with `token::VALUE`.
pub(crate) fn hand_over<'de, V: Visitor<'de>, E: de::Error>(
    value: Value,
    visitor: V,
) -> Result<V::Value, E> {
    slot::hand_over(&SLOT, value, visitor)
}

/// Lays a finished value out for the visitor that comes with `token::VALUE`; its
/// `visit_newtype_struct` is to be called before the slot is restored.
pub(crate) fn fill_slot(value: Value) -> LaidOut {
    slot::lay_out(&SLOT, value, |before| slot::restore(&SLOT, before))
}

/// Reads a `Value` from any format. Its `Deserialize` is in `de/value_ways.rs`, where our own
/// builds it.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_newtype_struct(token::VALUE, ValueVisitor)
}

impl<'de> Deserialize<'de> for Dict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Dict(dict) => Ok(dict),
            other => Err(unexpected(&other, "a dict")),
        }
    }
}

impl<'de> Deserialize<'de> for Set {
    /// From a set or frozenset; from a list too, which is what other formats make of a set.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Set(set) | Value::FrozenSet(set) => Ok(set),
            Value::List(items) => Self::try_from_iter(items).map_err(de::Error::custom),
            other => Err(unexpected(&other, "a set")),
        }
    }
}

#[cold]
fn unexpected<E: de::Error>(found: &Value, expected: &str) -> E {
    E::custom(format_args!("invalid type: {}, expected {expected}", super::key::kind_name(found)))
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        match slot::take(&SLOT) {
            Some(value) => Ok(value),
            None => deserializer.deserialize_any(self),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E: de::Error>(self, int: i64) -> Result<Value, E> {
        Ok(Value::Int(int))
    }

    fn visit_u64<E: de::Error>(self, int: u64) -> Result<Value, E> {
        Ok(int.into())
    }

    fn visit_i128<E: de::Error>(self, int: i128) -> Result<Value, E> {
        Ok(int.into())
    }

    fn visit_u128<E: de::Error>(self, int: u128) -> Result<Value, E> {
        Ok(int.into())
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Value, E> {
        Ok(Value::Float(float))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Str(text))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(cautious::<Value>(seq.size_hint()));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut dict = Dict::with_capacity(cautious::<(Value, Value)>(map.size_hint()));
        while let Some((key, value)) = map.next_entry::<Value, Value>()? {
            if dict.is_empty() && key == token::JSON_NUMBER {
                let text = value.as_str().unwrap_or_default();
                return json_number(text).map_err(de::Error::custom);
            }
            dict.try_insert(key, value).map_err(de::Error::custom)?;
        }
        Ok(Value::Dict(dict))
    }
}

/// The int or float that the text of a JSON number stands for, as Python's `json` takes it.
///
/// # Errors
/// `Data` if the text is not a number, or is a float beyond 64 bits; `Limit` for more digits than
/// an int in text may have.
pub(crate) fn json_number(text: &str) -> crate::error::Result<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_int = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_int {
        return match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::Float(float)),
            _ => Err(Error::data(format!("{} is not a JSON number", quoted(text)))),
        };
    }
    if let Ok(int) = text.parse::<i64>() {
        return Ok(Value::Int(int));
    }
    if digits.len() > limits::INT_DIGITS {
        return Err(Error::limit(format!(
            "a JSON number has {} digits, more than the {} that an int in text may have",
            digits.len(),
            limits::INT_DIGITS
        )));
    }
    match crate::digits::parse(digits.as_bytes(), 10).map(BigInt::from) {
        Some(int) => Ok(Value::from(if digits.len() < text.len() { -int } else { int })),
        None => Err(Error::data(format!("{} is not a JSON number", quoted(text)))),
    }
}

/// The number of items to make space for when a format claims `hint`: a claim is only a claim.
fn cautious<T>(hint: Option<usize>) -> usize {
    /// At most this many bytes are taken before the items are there.
    const BYTES: usize = 64 << 10;
    hint.unwrap_or(0).min(BYTES / size_of::<T>())
}

#[cfg(test)]
mod tests {
    use serde::de::value::Error;
    use serde_derive::Deserialize;

    use super::*;
    use crate::pickle;

    /// A deserializer like ours: it has a value, and hands it over if it is asked by name.
    struct Handing(Value);

    impl<'de> Deserializer<'de> for Handing {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_str("not by name")
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            name: &'static str,
            visitor: V,
        ) -> Result<V::Value, Error> {
            if name == token::VALUE {
                hand_over(self.0, visitor)
            } else {
                visitor.visit_newtype_struct(self)
            }
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    #[test]
    fn a_value_is_handed_over_whole() {
        #[derive(Deserialize)]
        struct Wrapped(Value);

        let value = pickle!({"set": {1, 2}, (1, 2): b"x"});
        assert_eq!(Value::deserialize(Handing(value.clone())).unwrap(), value);
        assert_eq!(Wrapped::deserialize(Handing(value.clone())).unwrap().0, value);
        assert_eq!(Dict::deserialize(Handing(value.clone())).unwrap(), value.into_dict().unwrap());
        assert_eq!(Set::deserialize(Handing(pickle!({ 1 }))).unwrap(), Set::from([1]));
        assert_eq!(
            Set::deserialize(Handing(pickle!({}))).unwrap_err().to_string(),
            "invalid type: a dict, expected a set"
        );
    }

    #[test]
    fn a_value_that_nobody_took_does_not_turn_up_elsewhere() {
        struct Deaf;

        impl<'de> Visitor<'de> for Deaf {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nothing")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
                Ok(())
            }
        }

        struct Panicking;

        impl<'de> Visitor<'de> for Panicking {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nothing")
            }

            #[expect(clippy::panic, reason = "what this is about")]
            fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
                panic!("as a user's type might");
            }
        }

        hand_over::<_, Error>(pickle!("left behind"), Deaf).unwrap();
        assert_eq!(serde_json::from_str::<Value>("1").unwrap(), pickle!(1));
        std::panic::catch_unwind(|| hand_over::<_, Error>(pickle!("left behind"), Panicking))
            .unwrap_err();
        assert_eq!(serde_json::from_str::<Value>("2").unwrap(), pickle!(2));
    }

    #[test]
    fn json_is_read() {
        let json =
            r#"{"a": [1, -1, 18446744073709551615, 1.5, null, true, "x"], "b": {"a": 1, "b": {}}}"#;
        assert_eq!(
            serde_json::from_str::<Value>(json).unwrap(),
            pickle!({"a": [1, -1, u64::MAX, 1.5, None, True, "x"], "b": {"a": 1, "b": {}}})
        );
        assert_eq!(serde_json::from_str::<Option<Value>>("null").unwrap(), None);
        assert_eq!(serde_json::from_str::<Set>("[1, 2, 1]").unwrap(), Set::from([1, 2]));
        assert!(
            serde_json::from_str::<Set>("[[]]")
                .unwrap_err()
                .to_string()
                .starts_with("unhashable key: a list")
        );
    }

    #[test]
    fn a_claimed_length_is_not_believed() {
        struct Claiming;

        impl<'de> SeqAccess<'de> for Claiming {
            type Error = Error;

            fn next_element_seed<T: de::DeserializeSeed<'de>>(
                &mut self,
                _: T,
            ) -> Result<Option<T::Value>, Error> {
                Ok(None)
            }

            fn size_hint(&self) -> Option<usize> {
                Some(usize::MAX)
            }
        }

        assert_eq!(ValueVisitor.visit_seq(Claiming).unwrap(), pickle!([]));
    }
}
