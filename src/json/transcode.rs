//! From a deserializer into a serializer: writes the elements of arrays, which are not nodes of the
//! graph.
//!
//! There are two passes. [`Check`] reads and counts the elements, so that a malformed array is
//! written as an ordinary object; then [`Transcode`] writes them.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::walk::Walker;

/// Reads anything, and counts its values.
pub(super) struct Check<'w, 'c, 'g>(pub(super) &'w Walker<'c, 'g>);

impl Clone for Check<'_, '_, '_> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Check<'_, '_, '_> {}

impl<'de> DeserializeSeed<'de> for Check<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Check<'_, '_, '_> {
    fn count<E: serde::de::Error>(self, bytes: usize) -> Result<(), E> {
        self.0.charge(bytes).map_err(E::custom)
    }
}

macro_rules! counted {
    ($($method:ident $type:ty),*) => {$(
        fn $method<E: serde::de::Error>(self, _: $type) -> Result<(), E> {
            self.count(0)
        }
    )*};
}

impl<'de> Visitor<'de> for Check<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    counted! {
        visit_bool bool, visit_i64 i64, visit_i128 i128, visit_u64 u64, visit_u128 u128,
        visit_f64 f64
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.count(text.len())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.count(bytes.len())
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.count(0)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.count(0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.count(0)?;
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.count(0)?;
        while map.next_key::<Key>()?.is_some() {
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// The name of a field.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Key)
    }
}

/// Writes what a deserializer gives.
struct Transcode<'w, 'c, 'g, S> {
    walker: &'w Walker<'c, 'g>,
    serializer: S,
}

/// Keeps the error of the serializer apart from that of the deserializer.
type Outcome<S> = Result<<S as Serializer>::Ok, <S as Serializer>::Error>;

macro_rules! forwarded {
    ($($method:ident $to:ident $type:ty),*) => {$(
        fn $method<E: serde::de::Error>(self, value: $type) -> Result<Outcome<S>, E> {
            Ok(self.serializer.$to(value))
        }
    )*};
}

impl<'de, S: Serializer> Visitor<'de> for Transcode<'_, '_, '_, S> {
    type Value = Outcome<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    forwarded! {
        visit_bool serialize_bool bool, visit_i64 serialize_i64 i64, visit_u64 serialize_u64 u64,
        visit_str serialize_str &str
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Outcome<S>, E> {
        Ok(self.walker.wide(value, self.serializer))
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Outcome<S>, E> {
        Ok(self.walker.big_int(&value.into(), self.serializer))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Outcome<S>, E> {
        Ok(self.walker.float(value, self.serializer))
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Outcome<S>, E> {
        Ok(self.walker.bytes(bytes, self.serializer))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Outcome<S>, E> {
        Ok(self.serializer.serialize_unit())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Outcome<S>, E> {
        Ok(self.serializer.serialize_unit())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome<S>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Outcome<S>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Outcome<S>, A::Error> {
        let mut out = match self.serializer.serialize_seq(seq.size_hint()) {
            Ok(out) => out,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            match seq.next_element_seed(ItemSeed { walker: self.walker, out: &mut out })? {
                Some(Ok(())) => {}
                Some(Err(error)) => return Ok(Err(error)),
                None => return Ok(out.end()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outcome<S>, A::Error> {
        let mut out = match self.serializer.serialize_map(map.size_hint()) {
            Ok(out) => out,
            Err(error) => return Ok(Err(error)),
        };
        while let Some(Key(key)) = map.next_key()? {
            if let Err(error) = out.serialize_key(&key) {
                return Ok(Err(error));
            }
            if let Err(error) = map.next_value_seed(Field { walker: self.walker, out: &mut out })? {
                return Ok(Err(error));
            }
        }
        Ok(out.end())
    }
}

/// An element, to be written into a sequence.
struct ItemSeed<'w, 'c, 'g, O> {
    walker: &'w Walker<'c, 'g>,
    out: &'w mut O,
}

impl<'de, O: SerializeSeq> DeserializeSeed<'de> for ItemSeed<'_, '_, '_, O> {
    type Value = Result<(), O::Error>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok(self.out.serialize_element(&Element::new(self.walker, deserializer)))
    }
}

/// The value of a field, to be written into a map.
struct Field<'w, 'c, 'g, O> {
    walker: &'w Walker<'c, 'g>,
    out: &'w mut O,
}

impl<'de, O: SerializeMap> DeserializeSeed<'de> for Field<'_, '_, '_, O> {
    type Value = Result<(), O::Error>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok(self.out.serialize_value(&Element::new(self.walker, deserializer)))
    }
}

/// The value that a deserializer gives, to be serialized once.
struct Element<'w, 'c, 'g, D> {
    walker: &'w Walker<'c, 'g>,
    deserializer: Cell<Option<D>>,
}

impl<'w, 'c, 'g, D> Element<'w, 'c, 'g, D> {
    fn new(walker: &'w Walker<'c, 'g>, deserializer: D) -> Self {
        Self { walker, deserializer: Cell::new(Some(deserializer)) }
    }
}

impl<'de, D: Deserializer<'de>> Serialize for Element<'_, '_, '_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(deserializer) = self.deserializer.take() else {
            return Err(S::Error::custom("an element was serialized twice"));
        };
        transcode(self.walker, deserializer, serializer)
    }
}

/// Writes what a deserializer gives.
pub(super) fn transcode<'de, D: Deserializer<'de>, S: Serializer>(
    walker: &Walker<'_, '_>,
    deserializer: D,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match deserializer.deserialize_any(Transcode { walker, serializer }) {
        Ok(outcome) => outcome,
        Err(error) => Err(S::Error::custom(error)),
    }
}
