//! The types that pickles are read into: each kind of question that serde can ask, and the crate's
//! own types.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{
    self, Deserialize, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde_derive::Deserialize;

thread_local! {
    static VISITED: Cell<u64> = const { Cell::new(0) };
}

/// The number of values that [`Any`] got in this thread.
pub(crate) fn visited() -> u64 {
    VISITED.get()
}

/// Takes whatever comes, looks into all of it, and counts.
pub(crate) struct Any;

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty))*) => {$(
        fn $method<E: de::Error>(self, _: $type) -> Result<Any, E> {
            self.one()
        }
    )*};
}

impl Any {
    fn one<E>(self) -> Result<Self, E> {
        VISITED.set(VISITED.get() + 1);
        Ok(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    scalars! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_i128(i128) visit_u128(u128)
        visit_f64(f64) visit_str(&str) visit_bytes(&[u8])
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        self.one()
    }

    fn visit_none<E>(self) -> Result<Self, E> {
        self.one()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        self.one()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        self.one()
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Self, A::Error> {
        let (_, content): (Self, _) = data.variant()?;
        content.newtype_variant::<Self>()
    }
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub(crate) struct Tree(pub(crate) Vec<Tree>);

#[derive(Deserialize)]
#[allow(dead_code)]
pub(crate) struct Dicts(BTreeMap<u8, Dicts>);

/// A dict's or an object's attributes, most of them not there.
#[derive(Deserialize, Default)]
#[allow(dead_code)]
#[serde(default)]
pub(crate) struct Fields {
    x: Option<IgnoredAny>,
    y: Option<IgnoredAny>,
}

/// A recursive enum, as people write them.
#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Untagged>),
    Map(BTreeMap<String, Untagged>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub(crate) enum Variants {
    A,
    B(Box<Variants>),
    #[serde(rename = "py:m:C")]
    C {},
}

#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(rename = "py:m:C")]
pub(crate) struct Class {
    #[serde(default)]
    state: Option<Box<Class>>,
}

/// The arguments of a class.
#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(rename = "py:m:C")]
pub(crate) struct Positional(IgnoredAny, Option<Box<Positional>>);
