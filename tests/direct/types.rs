//! Every fixture as every one of many types, read both ways.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_bytes::{ByteBuf, Bytes};
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, Value};

use super::{Random, Tally, compare};
use crate::corpus::{Fixture, all};

#[derive(Debug, PartialEq, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Deserialize)]
struct Newtype<T>(T);

#[derive(Debug, PartialEq, Deserialize)]
struct Pair<A, B>(A, B);

#[derive(Debug, PartialEq, Deserialize)]
struct Fields {
    a: i64,
    b: Option<String>,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
struct Defaults {
    a: i64,
    b: Vec<f64>,
    x: Option<Box<Defaults>>,
    name: String,
    #[serde(alias = "_value")]
    value: Option<Any>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Denies {
    a: i64,
}

impl Default for Denies {
    fn default() -> Self {
        Self { a: 7 }
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    #[serde(default)]
    a: i64,
    #[serde(flatten)]
    rest: BTreeMap<String, Any>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow, default)]
    a: Option<&'a str>,
    #[serde(borrow, default)]
    b: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    c: Option<&'a Bytes>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Any {
    Null(()),
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(ByteBuf),
    List(Vec<Any>),
    Dict(BTreeMap<String, Any>),
    Other(IgnoredAny),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    #[serde(alias = "name")]
    A {
        a: i64,
    },
    B,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "a", content = "b")]
enum Adjacent {
    X(i64),
    Y { name: String },
    Z,
}

/// With the keys that fixtures have.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum External {
    A,
    #[serde(alias = "key")]
    B(Any),
    C(i64, i64),
    X {
        a: i64,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    A,
    B,
    #[serde(rename = "key")]
    Long,
    #[serde(other)]
    Other,
}

/// Classes that the fixtures have.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:cases.objects:Plain|worker:Plain|__main__:Plain|fixture_types:Plain", default)]
struct Class {
    a: Any,
    b: Any,
}

impl Default for Class {
    fn default() -> Self {
        Self { a: Any::Null(()), b: Any::Null(()) }
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:queue:Queue", default)]
struct Renamed {
    maxsize: i64,
}

impl Default for Renamed {
    fn default() -> Self {
        Self { maxsize: -1 }
    }
}

fn forgiving<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(T::deserialize(deserializer).unwrap_or_default())
}

#[derive(Debug, PartialEq, Deserialize)]
struct Forgives<T: Default + for<'a> Deserialize<'a>>(#[serde(deserialize_with = "forgiving")] T);

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
struct ForgivesFields {
    #[serde(deserialize_with = "forgiving")]
    a: u8,
    #[serde(deserialize_with = "forgiving")]
    b: Vec<u8>,
    #[serde(deserialize_with = "forgiving")]
    x: BTreeMap<String, bool>,
    #[serde(deserialize_with = "forgiving")]
    name: Option<(String, i8)>,
}

/// Does not touch its deserializer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Untouched;

impl<'de> Deserialize<'de> for Untouched {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

/// Asks for an option, and looks no further.
#[derive(Debug, PartialEq)]
struct IsSome(bool);

impl<'de> Deserialize<'de> for IsSome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = IsSome;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an option")
            }
            fn visit_none<E>(self) -> Result<IsSome, E> {
                Ok(IsSome(false))
            }
            fn visit_some<D: Deserializer<'de>>(self, _: D) -> Result<IsSome, D::Error> {
                Ok(IsSome(true))
            }
        }
        deserializer.deserialize_option(Look)
    }
}

/// Takes two items and stops.
#[derive(Debug, PartialEq)]
struct FirstTwo<T>(Option<T>, Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FirstTwo<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Take<T> {
            type Value = FirstTwo<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("items")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<FirstTwo<T>, A::Error> {
                Ok(FirstTwo(seq.next_element()?, seq.next_element()?))
            }
        }
        deserializer.deserialize_seq(Take(std::marker::PhantomData))
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Lists(Vec<Lists>);

/// A type and how a pickle is compared as it.
pub(super) type Check = fn(&[u8], &DeOptions<'static>, &str) -> Tally;

macro_rules! checks {
    ($($type:ty),* $(,)?) => {
        &[$(|bytes, options, what| compare::<$type>(bytes, options, what)),*]
    };
}

pub(super) const CHECKS: &[Check] = checks![
    i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, f32, f64, bool, char, String, &str,
    Cow<'_, str>, &[u8], &Bytes,
    ByteBuf, (), Unit, IgnoredAny, Value, serde_json::Value, Any,
    Option<i64>, Option<Option<String>>, Option<Any>, Option<Vec<Option<i64>>>, Option<()>,
    Newtype<i64>, Newtype<Vec<Any>>, Newtype<Newtype<Option<Any>>>, Pair<i64, String>,
    Pair<Any, Any>,
    (Any,), (Any, Any), (Any, Any, Any), (Any, Any, Any, Any), (i64,), (i64, i64), (Vec<Any>,),
    (Vec<Any>, Any),
    (Vec<Any>, Vec<Any>), ((Any, Any), Any), ((Any,), (Any,), Any), (BTreeMap<String, Any>, Any),
    (f64, f64, f64),
    [f64; 3], [Any; 2], [Vec<i64>; 1], [u8; 0],
    Vec<i64>, Vec<u8>, Vec<f64>, Vec<bool>, Vec<String>, Vec<&str>, Vec<&Bytes>, Vec<Any>,
    Vec<Vec<Any>>,
    Vec<Vec<Vec<i64>>>, Vec<Option<(i64, String)>>, Vec<(Any, Any)>, Vec<(String, Any)>,
    Vec<((Any, Any), Any)>,
    Vec<[Vec<Any>; 1]>, Vec<()>, Vec<IgnoredAny>, Vec<BTreeMap<String, Any>>, VecDeque<Option<Any>>,
    Vec<Fields>,
    HashSet<i64>, HashSet<String>, BTreeSet<Option<i64>>, BTreeSet<(i64, i64)>, BTreeSet<Key>,
    HashMap<String, String>, BTreeMap<String, Vec<f64>>, BTreeMap<String, Vec<Any>>,
    BTreeMap<String, BTreeMap<String, Any>>,
    BTreeMap<i64, Any>, BTreeMap<u8, IgnoredAny>, BTreeMap<Option<String>, Any>,
    HashMap<Option<i64>, i64>,
    BTreeMap<Key, Any>, BTreeMap<char, Any>, BTreeMap<bool, Any>, BTreeMap<(i64, i64), Any>,
    BTreeMap<&str, Any>,
    BTreeMap<Newtype<i64>, Any>, BTreeMap<ByteBuf, Any>, BTreeMap<String, ()>,
    BTreeMap<Untouched, Any>,
    BTreeMap<String, Untouched>, BTreeMap<String, IsSome>,
    Fields, Defaults, Denies, Flat, Borrowed<'_>, Tagged, Adjacent, External, Key, Vec<External>,
    Vec<Tagged>,
    Vec<Adjacent>, Vec<Defaults>, Vec<Flat>, Vec<Borrowed<'_>>, Class, Renamed, Vec<Class>,
    Vec<Renamed>,
    Forgives<u8>, Forgives<Vec<u8>>, Forgives<BTreeMap<String, u8>>, Vec<Forgives<u8>>,
    Vec<Forgives<Vec<u8>>>,
    Vec<Forgives<Option<String>>>, BTreeMap<String, Forgives<i8>>, ForgivesFields,
    Vec<ForgivesFields>,
    Untouched, IsSome, Vec<Untouched>, Vec<IsSome>, (Untouched, Any), (IsSome, Any),
    Option<Untouched>,
    FirstTwo<Any>, FirstTwo<i64>, Vec<FirstTwo<Any>>, BTreeMap<String, FirstTwo<i64>>,
    Lists,
];

impl PartialOrd for Newtype<i64> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Newtype<i64> {}

impl Ord for Newtype<i64> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

fn as_all(bytes: &[u8], options: &DeOptions<'static>, what: &str) -> Tally {
    let mut tally = Tally::default();
    for check in CHECKS {
        tally += check(bytes, options, what);
    }
    tally
}

#[test]
fn every_fixture_reads_the_same_both_ways_as_every_type() {
    let mut tally = Tally::default();
    let mut seen = HashSet::new();
    let (all_pairs, mut random) = (super::takes_all(), Random(0x5eed_0004));
    for fixture in all() {
        // Equal files of several Pythons need one look; long ones say nothing that short ones do
        // not.
        if fixture.bytes.len() > 20_000 || !seen.insert(fixture.bytes.clone()) {
            continue;
        }
        // A quarter of the pairs in an ordinary run.
        for check in CHECKS {
            if all_pairs || random.once_in(4) {
                tally += check(&fixture.bytes, &DeOptions::new(), &fixture.name());
            }
        }
    }
    println!("{} files: {tally:?}", seen.len());
    assert!(tally.direct > 700, "{tally:?}");
}

#[test]
fn limits_are_met_the_same_both_ways() {
    let mut tally = Tally::default();
    let mut random = Random(0x5eed_0002);
    let mut all: Vec<Fixture> = all();
    all.retain(|fixture| fixture.bytes.len() < 2_000 && random.once_in(20));
    for fixture in &all {
        let options = DeOptions::new();
        let depth = random.below(4);
        for options in [
            options.clone().max_depth(depth),
            options.clone().max_expansion(4),
            options.max_int_digits(2),
        ] {
            tally +=
                as_all(&fixture.bytes, &options, &format!("{} with {options:?}", fixture.name()));
        }
    }
    println!("{} files: {tally:?}", all.len());
    assert!(tally.direct > 300, "{tally:?}");
}

/// Fixtures with a few bytes changed.
#[test]
fn damaged_fixtures_read_the_same_both_ways() {
    let mut tally = Tally::default();
    let mut random = Random(0x5eed_0003);
    let mut all: Vec<Fixture> = all();
    all.retain(|fixture| !fixture.bytes.is_empty() && fixture.bytes.len() < 2_000);
    for _ in 0..super::programs(20_000) {
        let fixture = &all[random.below(all.len())];
        let mut bytes = fixture.bytes.clone();
        super::programs::damage(&mut random, &mut bytes);
        for _ in 0..3 {
            let check = CHECKS[random.below(CHECKS.len())];
            tally += check(&bytes, &DeOptions::new(), &fixture.name());
        }
    }
    println!("{tally:?}");
    assert!(tally.direct > 100, "{tally:?}");
}
