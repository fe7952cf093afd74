//! The types.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};
use serde_pickle::python::{self, numpy};
use serde_pickle::reduce::{Global, PersistentId, Reduce, SlotsState};
use serde_pickle::value::{Complex, PickleBuffer};
use serde_pickle::{Dict, Set, Value};
use serde_pickle_checks::types as checks;

use super::{Case, Check, borrowed, only_read, owned};

#[derive(Debug, Deserialize, Serialize)]
struct Unit;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Newtype<T>(T);

#[derive(Debug, Deserialize, Serialize)]
struct Pair<A, B>(A, B);

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Fields {
    a: i64,
    b: Option<String>,
    x: Option<Box<Fields>>,
    name: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Point {
    x: Value,
    y: Value,
}

#[derive(Debug, Deserialize, Serialize)]
struct Flat {
    #[serde(default, skip_serializing)]
    a: Option<IgnoredAny>,
    #[serde(flatten)]
    rest: BTreeMap<String, checks::Anything>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Borrowed<'a> {
    #[serde(borrow, default)]
    a: Option<&'a str>,
    #[serde(borrow, default)]
    b: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    c: Option<&'a Bytes>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    A,
    B,
    #[serde(rename = "key")]
    Long,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize, Serialize)]
enum External {
    #[serde(alias = "a", alias = "1", alias = "RED", alias = "on")]
    A,
    #[serde(alias = "b", alias = "key")]
    B(Value),
    C(i64, i64),
}

#[derive(Debug, Deserialize, Serialize)]
enum Hierarchy {
    #[serde(rename = "py:geometry:Point|zoo2:Point|zoo:Point")]
    Point {
        #[serde(default)]
        x: f64,
    },
    #[serde(rename = "py:datetime:date|decimal:Decimal")]
    Call(Value),
    #[serde(rename = "py:collections:OrderedDict")]
    Other,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename = "py:zoo:Color|zoo2:Color|zoo:Mood|zoo:Switch")]
enum Member {
    #[serde(rename = "1", alias = "RED")]
    One,
    #[serde(rename = "2", alias = "GREEN")]
    Two,
    #[serde(rename = "on")]
    On,
}

#[derive(Debug, Deserialize, Serialize)]
struct Shared(#[serde(with = "serde_pickle::shared")] Rc<Vec<Value>>);

#[derive(Debug, Deserialize, Serialize)]
struct BigInt(#[serde(with = "serde_pickle::python::big_int")] num_bigint::BigInt);

macro_rules! checks {
    (
        owned: $($owned:ty),* $(,)?;
        only_read: $($only_read:ty),* $(,)?;
        borrowed: $($borrowed:ty),* $(,)?;
    ) => {
        /// Those that can be written as well.
        pub(crate) const CHECKS: &[Check] = &[
            $(|case: &Case| owned::<$owned>(case), |case: &Case| owned::<Option<$owned>>(case),)*
            $(|case: &Case| borrowed::<$borrowed>(case),)*
        ];

        /// Those that cannot.
        pub(crate) const ONLY_READ: &[Check] = &[
            $(|case: &Case| only_read::<$only_read>(case),)*
        ];
    };
}

checks! {
    owned:
        // serde's data model.
        i8, i64, u8, u64, i128, f32, f64, bool, char, String, ByteBuf, (), Unit,
        Newtype<i64>, Newtype<Option<i64>>, Option<Option<String>>, Pair<i64, String>,
        (Value, Value), (f64, f64), [i64; 2], [u8; 0], Vec<i64>, Vec<u8>, Vec<f64>, Vec<bool>,
        Vec<String>, Vec<char>, Vec<Option<i64>>, Vec<Option<Newtype<u8>>>, Vec<Option<f64>>,
        Vec<Vec<i64>>, Vec<Vec<Option<f64>>>, VecDeque<Option<String>>, BTreeSet<i64>,
        BTreeSet<Key>, BTreeMap<String, Value>, BTreeMap<char, Value>,
        BTreeMap<Key, Value>, BTreeMap<Option<String>, Value>, BTreeMap<Newtype<i64>, Value>,
        BTreeMap<ByteBuf, Value>, Vec<(Value, Value)>,
        // Attributes of serde_derive.
        Fields, Point, Flat, Key, External, Vec<Fields>, checks::Rich, checks::Anything,
        checks::Tagged, checks::Adjacent, checks::Strict, checks::Shape, checks::Class, Hierarchy,
        Member,
        // Other crates by their own serde support.
        serde_json::Value, serde_json::Number, BTreeMap<String, serde_json::Value>, Duration,
        PathBuf, IpAddr, Ipv4Addr, chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime,
        chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::FixedOffset>, jiff::civil::Date,
        jiff::civil::DateTime, jiff::Timestamp, jiff::Zoned, jiff::SignedDuration, uuid::Uuid,
        rust_decimal::Decimal, num_complex::Complex64,
        // The crate's own.
        Value, Newtype<Value>, Vec<Value>, Dict, Set, Global, PickleBuffer, PersistentId<Value>,
        Reduce, Reduce<(Value, Value)>, SlotsState<Value>, Shared, BigInt, python::DateTime,
        python::Date, python::Time, python::TimeDelta, python::TimeZone, python::Decimal,
        python::Fraction, Complex, python::Uuid, python::Path, python::IpAddress,
        python::Set<i64>, python::FrozenSet<i64>, python::Tuple<Value>, python::ByteArray,
        python::Range, python::Slice, python::OrderedDict<String, Value>,
        python::FrozenDict<String, Value>, python::Counter<String>,
        python::DefaultDict<String, Value>, python::Deque<Value>,
        python::Member, python::SimpleNamespace<Fields>, numpy::OwnedNdArray, numpy::Dtype;
    only_read:
        IgnoredAny, BTreeMap<i64, IgnoredAny>;
    borrowed:
        &str, Cow<'_, str>, &[u8], &Bytes, Borrowed<'_>, Vec<&str>, Vec<&Bytes>,
        BTreeMap<&str, Value>, numpy::NdArray<'_>;
}
