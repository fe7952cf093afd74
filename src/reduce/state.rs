//! [`SlotsState`], the state of an instance whose class has `__slots__`; and the attributes in a
//! dynamic state.
//!
//! Reading into a derived struct needs none of this, because the two halves are merged. Writing
//! does: Python sets slots by `setattr` only where the state is a pair.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Reduce;
use crate::value::{Dict, Value};

/// The state of an instance whose class has `__slots__`: the content of its `__dict__`, and that of
/// its slots.
///
/// Python's own state of such an instance is a pair, `(None, {'x': 1})`, its first half the
/// `__dict__` where the class or a base of it has one. A state without slots is the dict alone. `D`
/// and `S` are structs or maps; leave `D` out for a class that has slots and nothing else.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use serde_pickle::reduce::{Global, Reduce, SlotsState};
///
/// // class Pixel:
/// //     __slots__ = ('x', 'y')
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// struct Slots {
///     x: u32,
///     y: u32,
/// }
/// type AsPython = Reduce<(), SlotsState<Slots>>;
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(into = "AsPython", try_from = "AsPython")]
/// struct Pixel(Slots);
///
/// impl From<Pixel> for AsPython {
///     fn from(pixel: Pixel) -> Self {
///         Reduce::new_obj(Global::new("images", "Pixel"), ())
///             .with_state(SlotsState::of_slots(pixel.0))
///     }
/// }
///
/// impl TryFrom<AsPython> for Pixel {
///     type Error = &'static str;
///
///     fn try_from(object: AsPython) -> Result<Self, Self::Error> {
///         object.state.and_then(|state| state.slots).map(Pixel).ok_or("a pixel without x and y")
///     }
/// }
/// ```
///
/// A struct that is only read does not need this: derive it with `x` and `y` as fields, and both
/// halves are searched.
///
/// Source: PEP 307, "The `__getstate__` and `__setstate__` methods"; `load_build` in
/// `Lib/pickle.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotsState<S, D = ()> {
    /// The part that goes into the instance's `__dict__`.
    pub dict: Option<D>,
    /// The part that goes into its slots.
    pub slots: Option<S>,
}

impl<S> SlotsState<S> {
    /// The state of an instance that has slots only.
    pub fn of_slots(slots: S) -> Self {
        Self { dict: None, slots: Some(slots) }
    }
}

impl<S, D> SlotsState<S, D> {
    /// The state of an instance that has both.
    pub fn new(dict: D, slots: S) -> Self {
        Self { dict: Some(dict), slots: Some(slots) }
    }
}

impl<S, D> Default for SlotsState<S, D> {
    /// Neither: `None`.
    fn default() -> Self {
        Self { dict: None, slots: None }
    }
}

impl<S: Serialize, D: Serialize> Serialize for SlotsState<S, D> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        match self {
            Self { dict, slots: None } => dict.serialize(serializer),
            both => (&both.dict, &both.slots).serialize(serializer),
        }
    }
}

impl<'de, S: Deserialize<'de>, D: Deserialize<'de>> Deserialize<'de> for SlotsState<S, D> {
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        deserializer.deserialize_any(StateVisitor(PhantomData))
    }
}

impl<A, S: Borrow<Value>, L, K, V> Reduce<A, S, L, K, V> {
    /// The instance's attributes in a state that is a dict, or a pair of a dict and the values of
    /// the slots: both halves, in the pickle's order. A state of another form, which only the
    /// class's `__setstate__` understands, gives nothing.
    ///
    /// ```
    /// use serde_pickle::reduce::{Args, Global, Reduce};
    /// use serde_pickle::{Value, pickle};
    ///
    /// let pixel = Reduce::new_obj(Global::new("images", "Pixel"), Args::default())
    ///     .with_state(pickle!(({"name": "dot"}, {"x": 3, "y": 4})));
    /// assert_eq!(pixel.attributes().count(), 3);
    /// assert_eq!(pixel.attribute("y"), Some(&pickle!(4)));
    /// ```
    pub fn attributes(&self) -> impl Iterator<Item = (&Value, &Value)> {
        halves(self.state.as_ref().map(S::borrow)).into_iter().flatten().flat_map(Dict::iter)
    }

    /// One of the [`attributes`](Self::attributes). A slot hides an entry of the dict that has its
    /// name, as it does in Python.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        halves(self.state.as_ref().map(S::borrow))
            .into_iter()
            .rev()
            .flatten()
            .find_map(|half| half.get(name))
    }
}

/// The `__dict__` and the slots that `state` holds, each if it is there.
fn halves(state: Option<&Value>) -> [Option<&Dict>; 2] {
    match state {
        Some(Value::Dict(dict)) => [Some(dict), None],
        Some(Value::Tuple(pair)) => match pair.as_slice() {
            [Value::Dict(dict), Value::Dict(slots)] => [Some(dict), Some(slots)],
            [Value::None, Value::Dict(slots)] => [None, Some(slots)],
            [Value::Dict(dict), Value::None] => [Some(dict), None],
            _ => [None, None],
        },
        _ => [None, None],
    }
}

struct StateVisitor<S, D>(PhantomData<SlotsState<S, D>>);

impl<'de, S: Deserialize<'de>, D: Deserialize<'de>> Visitor<'de> for StateVisitor<S, D> {
    type Value = SlotsState<S, D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the state of an instance: a pair of a dict and the values of the slots, or a dict",
        )
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(SlotsState::default())
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(SlotsState::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Self::Value, A::Error> {
        let missing = |length| {
            de::Error::invalid_length(length, &"a pair of a dict and the values of the slots")
        };
        let dict = pair.next_element()?.ok_or_else(|| missing(0))?;
        let slots = pair.next_element()?.ok_or_else(|| missing(1))?;
        Ok(SlotsState { dict, slots })
    }

    fn visit_map<A: MapAccess<'de>>(self, dict: A) -> Result<Self::Value, A::Error> {
        let dict = D::deserialize(MapAccessDeserializer::new(dict))?;
        Ok(SlotsState { dict: Some(dict), slots: None })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::reduce::Global;

    type Names = BTreeMap<String, u8>;

    fn names(name: &str, number: u8) -> Names {
        BTreeMap::from([(name.to_owned(), number)])
    }

    #[test]
    fn slots_make_the_state_a_pair() {
        for (state, json) in [
            (SlotsState::new(names("d", 1), names("s", 2)), json!([{"d": 1}, {"s": 2}])),
            (SlotsState { dict: None, slots: Some(names("s", 2)) }, json!([null, {"s": 2}])),
            (SlotsState { dict: Some(names("d", 1)), slots: None }, json!({"d": 1})),
            (SlotsState::default(), json!(null)),
        ] {
            assert_eq!(serde_json::to_value(&state).unwrap(), json);
            assert_eq!(serde_json::from_value::<SlotsState<Names, Names>>(json).unwrap(), state);
        }
        let only = SlotsState::of_slots(names("s", 2));
        assert_eq!(serde_json::to_value(&only).unwrap(), json!([null, {"s": 2}]));
        assert_eq!(
            serde_json::from_value::<SlotsState<Names>>(json!([null, {"s": 2}])).unwrap(),
            only
        );
    }

    #[test]
    fn attributes_are_those_of_both_halves() {
        let dict = |name: &str, value: &str| Value::Dict(Dict::from([(name, value)]));
        let instance = |state: Value| Reduce::new_obj(Global::new("a", "B"), ()).with_state(state);
        let names = |state: Value| -> Vec<Value> {
            instance(state).attributes().map(|(name, _)| name.clone()).collect()
        };

        assert_eq!(names(dict("d", "1")), [Value::from("d")]);
        assert_eq!(names(Value::Tuple(vec![Value::None, dict("s", "2")])), [Value::from("s")]);
        assert_eq!(names(Value::Tuple(vec![dict("d", "1"), Value::None])), [Value::from("d")]);
        let both = Value::Tuple(vec![dict("d", "1"), dict("s", "2")]);
        assert_eq!(names(both), [Value::from("d"), Value::from("s")]);

        for other in [
            Value::None,
            Value::from("d"),
            Value::Tuple(vec![dict("d", "1")]),
            Value::Tuple(vec![]),
        ] {
            assert!(names(other).is_empty());
        }
        assert_eq!(Reduce::new_obj(Global::new("a", "B"), ()).attributes().count(), 0);
    }

    #[test]
    fn a_slot_hides_the_dict_entry_of_its_name() {
        let halves = ["dict", "slot"].map(|value| Value::Dict(Dict::from([("x", value)])));
        let instance =
            Reduce::new_obj(Global::new("a", "B"), ()).with_state(Value::Tuple(halves.to_vec()));
        assert_eq!(instance.attribute("x"), Some(&Value::from("slot")));
        assert_eq!(instance.attribute("y"), None);
    }

    #[test]
    fn half_a_pair_is_an_error() {
        let error =
            serde_json::from_value::<SlotsState<Names, Names>>(json!([{"d": 1}])).unwrap_err();
        assert!(
            error.to_string().contains("a pair of a dict and the values of the slots"),
            "{error}"
        );
    }
}
