//! Rust types that between them call every method of serde's `Deserializer`, and every type the
//! crate offers.
//!
//! Field names are single letters, so that a program has a chance to spell them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::rc::Rc;

use arbitrary::Arbitrary;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A map whose entries print in one order whenever they are the same.
pub type SameMap<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// An enum with every kind of variant.
#[derive(Arbitrary, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug, Clone, Hash)]
pub enum Shape {
    Unit,
    New(i64),
    Pair(u8, String),
    Named { a: Option<u16>, k: Vec<Shape> },
}

#[derive(Arbitrary, Serialize, Deserialize, PartialEq, Debug, Clone, Default)]
pub struct Nothing;

#[derive(Arbitrary, Serialize, Deserialize, PartialEq, Debug, Clone)]
pub struct Wrapped(pub u32);

#[derive(Arbitrary, Serialize, Deserialize, PartialEq, Debug, Clone)]
pub struct Pair(pub i16, pub Option<String>);

/// A struct with a field of every kind. Every field may be missing.
#[derive(Arbitrary, Serialize, Deserialize, PartialEq, Debug, Clone, Default)]
#[serde(default)]
pub struct Rich {
    pub a: Option<i8>,
    pub b: u64,
    pub c: (i128, u128),
    pub d: Float,
    pub e: String,
    #[serde(with = "serde_bytes")]
    pub f: Vec<u8>,
    pub g: Option<Box<Rich>>,
    pub h: Vec<Shape>,
    pub i: BTreeMap<String, Shape>,
    pub j: BTreeMap<(u8, String), bool>,
    pub k: BTreeSet<i32>,
    pub l: Option<char>,
    pub m: [u16; 3],
    pub n: (),
    pub o: Option<Wrapped>,
    pub p: Option<Pair>,
    pub q: Nothing,
    pub r: Vec<Vec<Option<bool>>>,
}

/// A float that is equal to itself.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || (self.0.is_nan() && other.0.is_nan())
    }
}

impl<'a> Arbitrary<'a> for Float {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        f64::arbitrary(input).map(Self)
    }
}

/// A class, as its instances are read into a struct that says so.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(rename = "py:m:C")]
pub struct Class {
    pub a: Option<i64>,
    #[serde(default)]
    pub b: Option<String>,
}

/// serde reads these by way of its own buffer of anything.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(untagged)]
pub enum Anything {
    Nothing(()),
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Anything>),
    Map(BTreeMap<String, Anything>),
    Bytes(ByteBuf),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "a")]
pub enum Tagged {
    Unit,
    New(Wrapped),
    Named { b: i64, c: Option<String> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "a", content = "b")]
pub enum Adjacent {
    Unit,
    New(i64),
    Pair(u8, String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub struct Flattened {
    pub a: Option<i64>,
    #[serde(flatten)]
    pub rest: SameMap<String, Anything>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Strict {
    pub a: i32,
    #[serde(default)]
    pub b: f32,
}

/// Pointers that keep their identity.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub struct Sharing {
    #[serde(with = "serde_pickle::shared")]
    pub a: Rc<Vec<Shape>>,
    #[serde(default, with = "serde_pickle::shared")]
    pub b: Vec<Rc<String>>,
}

/// Types that borrow from the pickle.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub struct Borrowing<'a> {
    #[serde(borrow, default)]
    pub a: Option<&'a str>,
    #[serde(borrow, default, with = "serde_bytes")]
    pub b: Option<&'a [u8]>,
    #[serde(borrow, default)]
    pub c: Vec<Cow<'a, str>>,
}
