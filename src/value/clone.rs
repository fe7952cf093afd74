//! `Clone`, by hand.
//!
//! What is derived, and `IndexMap`'s own, put a dozen stack frames on each other for each level of
//! a dict or set: more than 2 KiB a level in a debug build, where a thousand levels are to fit 2
//! MiB. So each container has a loop in a function of its own. A dict's keys are hashed again for
//! that; `IndexMap` does not give their hashes away.

use super::table::Table;
use super::{Dict, Set, Value};
use crate::reduce::Reduce;

impl Clone for Value {
    fn clone(&self) -> Self {
        match self {
            Self::Tuple(items) => Self::Tuple(clone_items(items)),
            Self::List(items) => Self::List(clone_items(items)),
            Self::Dict(dict) => Self::Dict(dict.clone()),
            Self::Set(set) => Self::Set(set.clone()),
            Self::FrozenSet(set) => Self::FrozenSet(set.clone()),
            Self::Object(reduce) => clone_object(reduce),
            Self::PersistentId(id) => clone_id(id),
            _ => clone_leaf(self),
        }
    }
}

impl Clone for Dict {
    fn clone(&self) -> Self {
        Self(clone_table(&self.0, Value::clone))
    }
}

impl Clone for Set {
    fn clone(&self) -> Self {
        Self(clone_table(&self.0, |()| ()))
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
    let mut clone = Table::with_capacity(table.len());
    for (key, value) in table.iter() {
        clone.insert_distinct(key.clone(), clone_value(value));
    }
    clone
}

#[cfg_attr(debug_assertions, inline(never))]
fn clone_object(reduce: &Reduce) -> Value {
    let mut dictitems = Vec::with_capacity(reduce.dictitems.len());
    for (key, value) in &reduce.dictitems {
        dictitems.push((key.clone(), value.clone()));
    }
    Value::Object(Box::new(Reduce {
        how: reduce.how,
        callable: reduce.callable.clone(),
        args: reduce.args.clone(),
        kwargs: reduce.kwargs.clone(),
        listitems: clone_items(&reduce.listitems),
        setitems: clone_items(&reduce.setitems),
        dictitems,
        state: reduce.state.clone(),
        state_setter: reduce.state_setter.clone(),
    }))
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
        Value::Complex(complex) => Value::Complex(complex.clone()),
        Value::Str(text) => Value::Str(text.clone()),
        Value::Surrogates(text) => Value::Surrogates(text.clone()),
        Value::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Value::ByteArray(bytes) => Value::ByteArray(bytes.clone()),
        Value::Global(global) => Value::Global(global.clone()),
        Value::Buffer(buffer) => Value::Buffer(buffer.clone()),
        // `None`; and the containers, which do not come here.
        _ => Value::None,
    }
}
