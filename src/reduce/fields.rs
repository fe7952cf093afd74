//! [`Reduce`] in serde: a struct with a private name and the fields of [`token::REDUCE_FIELDS`].
//!
//! All fields are written. On reading, a missing field is empty, but the callable and the arguments
//! have to be there. Our own formats turn the struct into an object and back; any other sees a
//! struct with these fields.

#![allow(
    clippy::question_mark,
    reason = "a `?` keeps copies on the stack in a debug build, and these functions recurse"
)]

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};

use super::token::{self, Part, REDUCE_FIELDS};
use super::{Callable, How, MoreParts, Reduce};
use crate::value::Value;

impl<A, S, L, K, V> Serialize for Reduce<A, S, L, K, V>
where
    A: Serialize,
    S: Serialize,
    L: Serialize,
    K: Serialize,
    V: Serialize,
{
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        let mut fields = match serializer.serialize_struct(token::REDUCE, REDUCE_FIELDS.len()) {
            Ok(fields) => fields,
            Err(error) => return Err(error),
        };
        if let Err(error) = write_making(self, &mut fields) {
            return Err(error);
        }
        if let Err(error) = write_items(self, &mut fields) {
            return Err(error);
        }
        if let Err(error) = write_state(self, &mut fields) {
            return Err(error);
        }
        fields.end()
    }
}

// Writing an object recurses, and a debug build keeps the temporaries of every `?` of a function on
// the stack meanwhile. In three functions they are a third each.

fn write_making<A: Serialize, S, L, K, V, F: SerializeStruct>(
    object: &Reduce<A, S, L, K, V>,
    fields: &mut F,
) -> Result<(), F::Error> {
    if !may_be_called(&object.callable) {
        return Err(uncallable());
    }
    fields.serialize_field("how", &u8::from(object.how()))?;
    fields.serialize_field("callable", &*object.callable)?;
    fields.serialize_field("args", &object.args)?;
    fields.serialize_field("kwargs", &object.kwargs)
}

fn write_items<A, S, L: Serialize, K: Serialize, V: Serialize, F: SerializeStruct>(
    object: &Reduce<A, S, L, K, V>,
    fields: &mut F,
) -> Result<(), F::Error> {
    fields.serialize_field("listitems", &Items(&object.listitems))?;
    fields.serialize_field("setitems", &Items(&object.setitems))?;
    fields.serialize_field("dictitems", &Pairs(&object.dictitems))
}

fn write_state<A, S: Serialize, L, K, V, F: SerializeStruct>(
    object: &Reduce<A, S, L, K, V>,
    fields: &mut F,
) -> Result<(), F::Error> {
    // `None` is no setter.
    if object
        .state_setter
        .as_ref()
        .is_some_and(|setter| !setter.is_none() && !may_be_called(setter))
    {
        return Err(uncallable());
    }
    fields.serialize_field("state", &object.state)?;
    fields.serialize_field("state_setter", &object.state_setter)
}

/// The error for an object that cannot be made.
pub(crate) const UNCALLABLE: &str =
    "the callable of an object, or what sets its state, is not a class or function";

/// Returns true if a value may be a class or function. Names are not looked up, so anything that is
/// named may. An object of anything else cannot be read.
fn may_be_called(value: &Value) -> bool {
    matches!(value, Value::Global(_) | Value::Object(_) | Value::PersistentId(_))
}

#[cold]
fn uncallable<E: ser::Error>() -> E {
    E::custom(UNCALLABLE)
}

/// Items in a plain loop: serde's own way for a `Vec` takes three stack frames more.
struct Items<'a, T>(&'a [T]);

impl<T: Serialize> Serialize for Items<'_, T> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        let mut seq = match serializer.serialize_seq(Some(self.0.len())) {
            Ok(seq) => seq,
            Err(error) => return Err(error),
        };
        for item in self.0 {
            if let Err(error) = seq.serialize_element(item) {
                return Err(error);
            }
        }
        seq.end()
    }
}

/// One of the dict items.
struct Pair<'a, K, V>(&'a (K, V));

impl<K: Serialize, V: Serialize> Serialize for Pair<'_, K, V> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        let mut tuple = match serializer.serialize_tuple(2) {
            Ok(tuple) => tuple,
            Err(error) => return Err(error),
        };
        if let Err(error) = tuple.serialize_element(&self.0.0) {
            return Err(error);
        }
        if let Err(error) = tuple.serialize_element(&self.0.1) {
            return Err(error);
        }
        tuple.end()
    }
}

/// The dict items, in the manner of [`Items`].
struct Pairs<'a, K, V>(&'a [(K, V)]);

impl<K: Serialize, V: Serialize> Serialize for Pairs<'_, K, V> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        let mut seq = match serializer.serialize_seq(Some(self.0.len())) {
            Ok(seq) => seq,
            Err(error) => return Err(error),
        };
        for pair in self.0 {
            if let Err(error) = seq.serialize_element(&Pair(pair)) {
                return Err(error);
            }
        }
        seq.end()
    }
}

impl<'de, A, S, L, K, V> Deserialize<'de> for Reduce<A, S, L, K, V>
where
    A: Deserialize<'de>,
    S: Deserialize<'de>,
    L: Deserialize<'de>,
    K: Deserialize<'de>,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(token::REDUCE, REDUCE_FIELDS, ReduceVisitor(PhantomData))
    }
}

/// The fields read so far, in any order.
struct Partial<A, S, L, K, V> {
    how: Option<u8>,
    callable: Option<Value>,
    args: Option<A>,
    kwargs: Option<crate::value::Dict>,
    listitems: Option<Vec<L>>,
    setitems: Option<Vec<L>>,
    dictitems: Option<Vec<(K, V)>>,
    state: Option<Option<S>>,
    state_setter: Option<Option<Value>>,
}

impl<A, S, L, K, V> Partial<A, S, L, K, V> {
    fn finish<E: de::Error>(self) -> Result<Reduce<A, S, L, K, V>, E> {
        let more = MoreParts {
            kwargs: self.kwargs.unwrap_or_default(),
            listitems: self.listitems.unwrap_or_default(),
            setitems: self.setitems.unwrap_or_default(),
            dictitems: self.dictitems.unwrap_or_default(),
            state_setter: self.state_setter.flatten(),
        };
        let how = self.how.map(How::try_from).transpose().map_err(E::custom)?.unwrap_or_default();
        let callable = self.callable.ok_or_else(|| E::missing_field("callable"))?;
        Ok(Reduce {
            callable: Callable::of(how, callable),
            args: self.args.ok_or_else(|| E::missing_field("args"))?,
            state: self.state.flatten(),
            more: more.some(),
        })
    }
}

struct ReduceVisitor<A, S, L, K, V>(PhantomData<Reduce<A, S, L, K, V>>);

impl<'de, A, S, L, K, V> Visitor<'de> for ReduceVisitor<A, S, L, K, V>
where
    A: Deserialize<'de>,
    S: Deserialize<'de>,
    L: Deserialize<'de>,
    K: Deserialize<'de>,
    V: Deserialize<'de>,
{
    type Value = Reduce<A, S, L, K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        fn take<'de, T: Deserialize<'de>, M: MapAccess<'de>>(
            map: &mut M,
            slot: &mut Option<T>,
            field: Option<Part>,
        ) -> Result<(), M::Error> {
            if slot.is_some() {
                return Err(de::Error::duplicate_field(field.map_or("", Part::name)));
            }
            *slot = Some(map.next_value()?);
            Ok(())
        }

        let mut partial = Partial {
            how: None,
            callable: None,
            args: None,
            kwargs: None,
            listitems: None,
            setitems: None,
            dictitems: None,
            state: None,
            state_setter: None,
        };
        while let Some(Field(field)) = map.next_key()? {
            match field {
                Some(Part::How) => take(&mut map, &mut partial.how, field)?,
                Some(Part::Callable) => take(&mut map, &mut partial.callable, field)?,
                Some(Part::Args) => take(&mut map, &mut partial.args, field)?,
                Some(Part::Kwargs) => take(&mut map, &mut partial.kwargs, field)?,
                Some(Part::ListItems) => take(&mut map, &mut partial.listitems, field)?,
                Some(Part::SetItems) => take(&mut map, &mut partial.setitems, field)?,
                Some(Part::DictItems) => take(&mut map, &mut partial.dictitems, field)?,
                Some(Part::State) => take(&mut map, &mut partial.state, field)?,
                Some(Part::StateSetter) => take(&mut map, &mut partial.state_setter, field)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        partial.finish()
    }

    // Formats without field names hold the fields in their order.
    fn visit_seq<Seq: SeqAccess<'de>>(self, mut seq: Seq) -> Result<Self::Value, Seq::Error> {
        struct Fields<Seq> {
            seq: Seq,
            taken: usize,
        }
        impl<'de, Seq: SeqAccess<'de>> Fields<Seq> {
            fn take<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Seq::Error> {
                match self.seq.next_element()? {
                    Some(field) => {
                        self.taken += 1;
                        Ok(Some(field))
                    }
                    None => {
                        Err(de::Error::invalid_length(self.taken, &"the nine parts of an object"))
                    }
                }
            }
        }
        let mut fields = Fields { seq: &mut seq, taken: 0 };
        Partial {
            how: fields.take()?,
            callable: fields.take()?,
            args: fields.take()?,
            kwargs: fields.take()?,
            listitems: fields.take()?,
            setitems: fields.take()?,
            dictitems: fields.take()?,
            state: fields.take()?,
            state_setter: fields.take()?,
        }
        .finish()
    }
}

/// One of [`REDUCE_FIELDS`], or another name.
#[derive(Clone, Copy)]
struct Field(Option<Part>);

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl Visitor<'_> for FieldVisitor {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a part of an object")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
                let place = REDUCE_FIELDS.iter().position(|field| *field == name);
                Ok(Field(place.and_then(Part::at)))
            }

            fn visit_u64<E: de::Error>(self, place: u64) -> Result<Field, E> {
                Ok(Field(usize::try_from(place).ok().and_then(Part::at)))
            }
        }

        deserializer.deserialize_identifier(FieldVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reduce::Global;

    type Typed = Reduce<(u8, String), Vec<u8>, char, String, bool>;

    fn object() -> Typed {
        Reduce::new_obj(Global::new("a", "B"), (1, "x".to_owned()))
            .with_state(vec![2])
            .with_listitems(['c'])
            .with_dictitems([("key".to_owned(), true)])
            .with_state_setter(Global::new("a", "set"))
    }

    #[test]
    fn the_fields_are_written_in_the_order_of_the_token() {
        let json = serde_json::to_value(object()).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, REDUCE_FIELDS);
        assert_eq!(json["how"], 1);
        assert_eq!(json["dictitems"], json!([["key", true]]));
        assert_eq!(json["kwargs"], json!({}));
    }

    #[test]
    fn a_part_that_comes_twice_is_named() {
        for name in REDUCE_FIELDS {
            let object = serde_json::to_value(object()).unwrap();
            let part = &object[name];
            let twice = format!("{{\"{name}\": {part}, \"{name}\": {part}}}");
            let error = serde_json::from_str::<Typed>(&twice).unwrap_err().to_string();
            assert!(error.starts_with(&format!("duplicate field `{name}`")), "{error}");
        }
    }

    /// The callable as another format has it.
    fn callable() -> serde_json::Value {
        serde_json::to_value(&*object().callable).unwrap()
    }

    #[test]
    fn fields_come_in_any_order_and_missing_ones_are_empty() {
        let text = format!(
            r#"{{"state": [2], "args": [1, "x"], "other": 1, "callable": {}}}"#,
            callable()
        );
        let read: Typed = serde_json::from_str(&text).unwrap();
        assert_eq!(read.how(), How::Call);
        assert_eq!(read.args, (1, "x".to_owned()));
        assert_eq!(read.state, Some(vec![2]));
        assert!(read.kwargs.is_empty() && read.listitems.is_empty() && read.setitems.is_empty());
        assert!(read.dictitems.is_empty() && read.state_setter.is_none());
    }

    #[test]
    fn none_is_as_good_as_absent() {
        let text =
            json!({"callable": callable(), "args": [1, "x"], "state": null, "state_setter": null});
        let read: Typed = serde_json::from_value(text).unwrap();
        assert!(read.state.is_none() && read.state_setter.is_none());
    }

    #[test]
    fn callable_and_arguments_are_needed() {
        let refused = |text: serde_json::Value| {
            serde_json::from_value::<Typed>(text).unwrap_err().to_string()
        };
        assert_eq!(refused(json!({"args": [1, "x"]})), "missing field `callable`");
        assert_eq!(refused(json!({"callable": callable()})), "missing field `args`");
        let error = refused(json!({"callable": callable(), "args": [1, "x"], "how": 9}));
        assert_eq!(error, "9 is not a way to make an object; the ways are 0 to 3");
        let twice = format!(r#"{{"callable": {0}, "callable": {0}}}"#, callable());
        let error = serde_json::from_str::<Typed>(&twice).unwrap_err().to_string();
        assert!(error.starts_with("duplicate field `callable`"), "{error}");
    }

    #[test]
    fn the_parts_may_be_a_sequence() {
        let row = json!([1, callable(), [1, "x"], {}, ["c"], [], [["key", true]], [2], null]);
        let read: Typed = serde_json::from_value(row).unwrap();
        // To another format a global is a pair of names, and a type that takes any value gets that
        // pair back.
        let pair = crate::pickle!(["a", "B"]);
        let mut expected = object().with_callable(pair);
        expected.state_setter = None;
        assert_eq!(read, expected);
        let error =
            serde_json::from_value::<Typed>(json!([1, callable()])).unwrap_err().to_string();
        assert!(error.contains("the nine parts of an object"), "{error}");
    }
}
