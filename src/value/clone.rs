//! `Clone`, by hand.
//!
//! A derived `Clone`, with `IndexMap`'s own, takes a dozen stack frames for each level of a dict or
//! set: more than 2 KiB a level in a debug build, where a thousand levels have to fit 2 MiB. So
//! each container has a loop in a function of its own. This hashes a dict's keys again, because
//! `IndexMap` does not expose their hashes. Objects, and dicts and sets that are shared (see
//! `held.rs`), are not copied: the clone refers to the same one until either is changed.

use std::sync::Arc;

use super::held::Held;
use super::table::Table;
use super::{Dict, Set, Value};

impl Clone for Value {
    fn clone(&self) -> Self {
        match self {
            Self::Tuple(items) => Self::Tuple(clone_items(items)),
            Self::List(items) => Self::List(clone_items(items)),
            Self::Dict(dict) => Self::Dict(dict.clone()),
            Self::Set(set) => Self::Set(set.clone()),
            Self::FrozenSet(set) => Self::FrozenSet(set.clone()),
            Self::Object(reduce) => Self::Object(Arc::clone(reduce)),
            Self::PersistentId(id) => clone_id(id),
            _ => clone_leaf(self),
        }
    }
}

impl Clone for Dict {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Held::Own(table) => Held::Own(table.clone()),
            Held::Shared(table) => Held::Shared(Arc::clone(table)),
        })
    }
}

impl Clone for Set {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Held::Own(table) => Held::Own(table.clone()),
            Held::Shared(table) => Held::Shared(Arc::clone(table)),
        })
    }
}

impl Clone for Table<Value> {
    fn clone(&self) -> Self {
        clone_table(self, Value::clone)
    }
}

impl Clone for Table<()> {
    fn clone(&self) -> Self {
        clone_table(self, |()| ())
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn clone_items(items: &[Value]) -> Vec<Value> {
    let mut clones = Vec::with_capacity(items.len());
    for item in items {
        clones.push(item.clone());
    }
    clones
}

fn clone_table<V>(table: &Table<V>, clone_value: fn(&V) -> V) -> Table<V> {
    if let Table::Shaped(shaped) = table {
        return Table::shaped(
            Arc::clone(&shaped.keys),
            shaped.values.iter().map(clone_value).collect(),
        );
    }
    let mut clone = Table::with_capacity(table.len());
    for (key, value) in table.iter() {
        clone.insert_distinct(key.clone(), clone_value(value));
    }
    clone
}

#[cfg_attr(debug_assertions, inline(never))]
fn clone_id(id: &Value) -> Value {
    Value::PersistentId(Box::new(id.clone()))
}

/// A value that holds no others.
#[cfg_attr(debug_assertions, inline(never))]
fn clone_leaf(value: &Value) -> Value {
    match value {
        Value::Bool(bool) => Value::Bool(*bool),
        Value::Int(int) => Value::Int(*int),
        Value::BigInt(int) => Value::BigInt(int.clone()),
        Value::Float(float) => Value::Float(*float),
        Value::Complex(complex) => Value::Complex(*complex),
        Value::Str(text) => Value::Str(text.clone()),
        Value::Surrogates(text) => Value::Surrogates(text.clone()),
        Value::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Value::ByteArray(bytes) => Value::ByteArray(bytes.clone()),
        Value::Global(global) => Value::Global(Arc::clone(global)),
        Value::Buffer(buffer) => Value::Buffer(buffer.clone()),
        // `None`. Containers do not get here.
        _ => Value::None,
    }
}
