//! Python's `==`, by which keys are found; the hash that goes with it is in `key.rs`.

use super::key::Number;
#[cfg(test)]
use super::key::work;
use super::table::Table;
use super::{Dict, Value, numpy};
use crate::reduce::Reduce;

/// Python's `==`. Objects, globals and persistent ids are compared by their content.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    #[cfg(test)]
    work::compared();
    match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Surrogates(a), Value::Surrogates(b)) => a == b,
        (Value::Bytes(a) | Value::ByteArray(a), Value::Bytes(b) | Value::ByteArray(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) | (Value::List(a), Value::List(b)) => equal_items(a, b),
        (Value::Dict(a), Value::Dict(b)) => equal_dicts(a, b),
        (Value::Set(a) | Value::FrozenSet(a), Value::Set(b) | Value::FrozenSet(b)) => {
            equal_entries(a.table(), b.table(), |(), ()| true)
        }
        (Value::Global(a), Value::Global(b)) => a == b,
        (Value::Object(of_a), Value::Object(of_b)) => match equal_scalars(a, b) {
            Some(equal) => equal,
            None => equal_objects(of_a, of_b),
        },
        (Value::Object(_), _) | (_, Value::Object(_)) => equal_scalars(a, b).unwrap_or(false),
        (Value::PersistentId(a), Value::PersistentId(b)) => equal(a, b),
        (Value::Buffer(a), Value::Buffer(b)) => a.data == b.data,
        _ => equal_numbers(a, b),
    }
}

/// Compares two values of which one is a scalar of numpy; `None` where none is.
#[inline(never)]
fn equal_scalars(a: &Value, b: &Value) -> Option<bool> {
    let plain = |value: &Value| match value {
        Value::Object(object) => numpy::plain(object),
        _ => None,
    };
    match (plain(a), plain(b)) {
        (Some(a), Some(b)) => Some(equal(&a, &b)),
        (Some(plain), None) => Some(!matches!(b, Value::Object(_)) && equal(&plain, b)),
        (None, Some(plain)) => Some(!matches!(a, Value::Object(_)) && equal(a, &plain)),
        (None, None) => None,
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn equal_numbers(a: &Value, b: &Value) -> bool {
    match (Number::of(a), Number::of(b)) {
        (Some(a), Some(b)) => a.equals(&b),
        _ => false,
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn equal_items(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
}

#[cfg_attr(debug_assertions, inline(never))]
fn equal_dicts(a: &Dict, b: &Dict) -> bool {
    equal_entries(a.table(), b.table(), equal)
}

/// Returns true if two tables have entries that are equal to Python, in any order.
fn equal_entries<V>(a: &Table<V>, b: &Table<V>, equal_values: fn(&V, &V) -> bool) -> bool {
    if !a.may_equal(b) {
        return false;
    }
    for (key, value) in a.iter() {
        match b.find_by_steps(key, equal) {
            Some(other) if equal_values(value, other) => {}
            _ => return false,
        }
    }
    true
}

#[cfg_attr(debug_assertions, inline(never))]
fn equal_objects(a: &Reduce, b: &Reduce) -> bool {
    a.how() == b.how()
        && equal(&a.callable, &b.callable)
        && equal_items(&a.args, &b.args)
        && equal_dicts(&a.kwargs, &b.kwargs)
        && equal_items(&a.listitems, &b.listitems)
        && equal_items(&a.setitems, &b.setitems)
        && a.dictitems.len() == b.dictitems.len()
        && a.dictitems.iter().zip(&b.dictitems).all(|(a, b)| equal(&a.0, &b.0) && equal(&a.1, &b.1))
        && equal_options(a.state.as_deref(), b.state.as_deref())
        && equal_options(a.state_setter.as_ref(), b.state_setter.as_ref())
}

fn equal_options(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => equal(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}
