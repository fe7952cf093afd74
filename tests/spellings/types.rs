//! The objects of the catalogue by derive alone, each with the spelling that Python gives it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_pickle::Value;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Plain")]
pub(crate) struct Plain {
    pub a: i64,
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Frozen")]
pub(crate) struct Frozen {
    pub a: i64,
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Slotted/slots")]
pub(crate) struct Slotted {
    pub a: i64,
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:FrozenSlotted/list")]
pub(crate) struct FrozenSlotted {
    pub a: i64,
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:FrozenSlotted/list")]
pub(crate) struct FrozenSlottedTuple(pub i64, pub String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Slots/slots")]
pub(crate) struct Slots {
    pub a: i64,
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Slots/slots")]
pub(crate) struct SlotsMap(pub BTreeMap<String, Value>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:SlotsAndDict/new")]
pub(crate) struct SlotsAndDict {
    pub c: f64,
    #[serde(rename = "py:slots:a")]
    pub a: i64,
    #[serde(rename = "py:slots:b")]
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:SlotsAndDict/slots")]
pub(crate) struct SlotsAndDict2 {
    #[serde(rename = "py:dict:c")]
    pub c: f64,
    pub a: i64,
    pub b: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:TupleState/tuple")]
pub(crate) struct TupleState {
    pub x: i64,
    pub y: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:TupleState/tuple")]
pub(crate) struct TupleStateTuple(pub i64, pub String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Temperature/state")]
pub(crate) struct Temperature(pub (u32, f64));
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Pair/args")]
pub(crate) struct Pair {
    pub first: i64,
    pub second: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Pair")]
pub(crate) struct PairCall(pub i64, pub String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Pair/args")]
pub(crate) struct PairTuple(pub i64, pub String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyTuple/args")]
pub(crate) struct MyTuple(pub (i64, String));
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyInt")]
pub(crate) struct MyInt(pub i64);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyInt/args")]
pub(crate) struct MyIntNew(pub i64);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyInt/new")]
pub(crate) struct MyIntAttrs {
    #[serde(rename = "py:args:value")]
    pub value: i64,
    pub unit: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyList/listitems")]
pub(crate) struct MyList(pub Vec<i64>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyList/new")]
pub(crate) struct MyListAttrs {
    #[serde(rename = "py:listitems")]
    pub items: Vec<i64>,
    pub owner: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyDict/dictitems")]
pub(crate) struct MyDict(pub BTreeMap<String, i64>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyDict/dictitems")]
pub(crate) struct MyDictFields {
    pub a: i64,
    pub b: i64,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MyDict/new")]
pub(crate) struct MyDictAttrs {
    #[serde(rename = "py:dictitems")]
    pub items: BTreeMap<String, i64>,
    pub owner: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MySet")]
pub(crate) struct MySet(pub Vec<i64>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:MySet/call")]
pub(crate) struct MySetAttrs {
    #[serde(rename = "py:args:items")]
    pub items: Vec<i64>,
    pub owner: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:collections:OrderedDict/call/dictitems")]
pub(crate) struct Ordered {
    pub a: i64,
    pub b: i64,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:collections:OrderedDict/call/dictitems")]
pub(crate) struct OrderedMap(pub BTreeMap<String, i64>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:collections:OrderedDict/call/dictitems")]
pub(crate) struct OrderedAttrs {
    pub a: i64,
    pub b: i64,
    #[serde(rename = "py:dict:owner")]
    pub owner: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:collections:OrderedDict/call")]
pub(crate) struct OrderedAttrsMap {
    #[serde(rename = "py:dictitems")]
    pub items: BTreeMap<String, i64>,
    pub owner: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Keyword/kwargs")]
pub(crate) struct Keyword {
    pub unit: String,
    pub factor: f64,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Keyword/kwargs")]
pub(crate) struct KeywordMap(pub BTreeMap<String, Value>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Measured/kwargs")]
pub(crate) struct Measured {
    pub unit: String,
    pub factor: f64,
    #[serde(rename = "py:dict:seen")]
    pub seen: u32,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:builtins:ValueError")]
pub(crate) struct Message(pub String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:builtins:ValueError/call/args")]
pub(crate) struct MessageFields {
    pub message: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:builtins:ValueError/call")]
pub(crate) struct MessageAndCode {
    #[serde(rename = "py:args:message")]
    pub message: String,
    pub code: i64,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:builtins:ValueError/call")]
pub(crate) struct ArgsAndAttributes {
    #[serde(rename = "py:args")]
    pub args: Vec<Value>,
    #[serde(rename = "py:state")]
    pub attributes: Option<BTreeMap<String, i64>>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:builtins:FileNotFoundError|builtins:OSError")]
pub(crate) struct OsError(pub i64, pub String, pub String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Called/call")]
pub(crate) struct Called {
    pub a: i64,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:signature/call/args")]
pub(crate) struct Signature(pub Task);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Empty/new")]
pub(crate) struct Empty;
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Empty")]
pub(crate) struct EmptyFields {}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:catalogue:Empty")]
pub(crate) struct EmptyClass;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub task: String,
    pub args: (i64, i64),
}
