//! The Rust types of the shapes: those that read them, and those that write the same objects.
//!
//! A type that reads is what a user would write who does not care for Python's classes; MessagePack
//! holds the same values. A type that writes names the class and the spelling, and reads it too.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_pickle::shared::Shared;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub qty: i64,
    pub price: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: i64,
    pub items: Vec<Item>,
    pub note: Option<String>,
    pub color: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub id: i64,
    pub place: String,
    pub value: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slots {
    pub x: i64,
    pub y: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub k: i64,
    pub v: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ordered {
    pub a: i64,
    pub b: String,
    pub c: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    pub id: i64,
    pub qty: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub _auth_user_id: String,
    pub _auth_user_backend: String,
    pub _auth_user_hash: String,
    pub cart: Vec<Cart>,
    pub last: chrono::NaiveDateTime,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRecord {
    pub name: String,
    pub msg: String,
    pub args: (String, u16),
    pub levelname: String,
    pub lineno: u32,
    pub created: f64,
    pub msecs: f64,
    pub thread_name: String,
    pub process: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nested(pub i64, pub (i64, (i64, NestedEnd)));

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NestedEnd {
    pub a: Vec<i64>,
}

// Types that write the same objects.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Naive(#[serde(with = "serde_pickle::python::chrono")] pub chrono::NaiveDateTime);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(
    #[serde(with = "serde_pickle::python::chrono")] pub chrono::DateTime<chrono::Utc>,
);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(#[serde(with = "serde_pickle::python::chrono")] pub chrono::NaiveDate);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JiffNaive(#[serde(with = "serde_pickle::python::jiff")] pub jiff::civil::DateTime);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JiffMoment(#[serde(with = "serde_pickle::python::jiff")] pub jiff::Timestamp);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JiffDay(#[serde(with = "serde_pickle::python::jiff")] pub jiff::civil::Date);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal(#[serde(with = "serde_pickle::python::rust_decimal")] pub rust_decimal::Decimal);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uuid(#[serde(with = "serde_pickle::python::uuid")] pub uuid::Uuid);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Color")]
pub enum Color {
    #[serde(rename = "1")]
    Red,
    #[serde(rename = "2")]
    Green,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Triple/new/args")]
pub struct Triple(pub i64, pub String, pub f64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Slots/slots")]
pub struct SlotsObject {
    pub x: i64,
    pub y: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Item")]
pub struct ItemObject {
    pub sku: String,
    pub qty: i64,
    pub price: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Order")]
pub struct OrderObject {
    pub id: i64,
    pub items: Vec<ItemObject>,
    pub note: Option<String>,
    pub color: Color,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:collections:OrderedDict/call/dictitems")]
pub struct OrderedObject {
    pub a: i64,
    pub b: String,
    pub c: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteArray(#[serde(with = "serde_pickle::python::bytearray")] pub Vec<u8>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Complex(#[serde(with = "serde_pickle::python::complex")] pub (f64, f64));

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionObject {
    pub _auth_user_id: String,
    pub _auth_user_backend: String,
    pub _auth_user_hash: String,
    pub cart: Vec<Cart>,
    pub last: Naive,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRecordObject {
    pub name: String,
    pub msg: String,
    pub args: (String, u16),
    pub levelname: String,
    pub levelno: u32,
    pub pathname: String,
    pub filename: String,
    pub module: String,
    #[serde(rename = "exc_info")]
    pub exc_info: Option<String>,
    #[serde(rename = "exc_text")]
    pub exc_text: Option<String>,
    #[serde(rename = "stack_info")]
    pub stack_info: Option<String>,
    pub lineno: u32,
    pub func_name: String,
    pub created: f64,
    pub msecs: f64,
    pub relative_created: f64,
    pub thread: u64,
    pub thread_name: String,
    pub process_name: String,
    pub process: u32,
    pub task_name: Option<String>,
}

/// An int and a list of two more, or a dict at the third level: lists throughout, which no struct
/// of serde is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "(i64, T)")]
pub struct Pair<T>(pub i64, pub T);

impl<T> From<(i64, T)> for Pair<T> {
    fn from((number, rest): (i64, T)) -> Self {
        Self(number, rest)
    }
}

impl<T: Serialize> Serialize for Pair<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;

        let mut list = serializer.serialize_seq(Some(2))?;
        list.serialize_element(&self.0)?;
        list.serialize_element(&self.1)?;
        list.end()
    }
}

pub type NestedLists = Pair<Pair<Pair<NestedEnd>>>;
pub type IntSet = serde_pickle::python::Set<HashSet<i64>>;
pub type IntFrozenSet = serde_pickle::python::FrozenSet<BTreeSet<i64>>;
pub type Lists = serde_pickle::python::DefaultDict<i64, Vec<i64>>;
pub type IntKeys = HashMap<i64, (String, i64)>;
pub type TupleKeys = HashMap<(i64, i64), f64>;
pub type SharedItems = Vec<Shared<Rc<ItemObject>>>;
pub type SharedDicts = Vec<Shared<Rc<Entry>>>;
