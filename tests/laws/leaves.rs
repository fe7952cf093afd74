//! The scalars of a value, to be changed one at a time.

use std::collections::BTreeMap;

use serde_pickle::Value;
use serde_pickle::reduce::Reduce;

use crate::changed::{changed_text, is_read_as};

/// The number of scalars in a value.
pub(crate) fn count(value: &Value) -> usize {
    let mut count = usize::MAX;
    let _ = walk(&mut value.clone(), &mut count);
    usize::MAX - count
}

/// A copy in which the scalar of this number is another one of its kind.
pub(crate) fn changed(value: &Value, number: usize) -> Option<Value> {
    let mut changed = value.clone();
    walk(&mut changed, &mut { number })?;
    Some(changed)
}

/// Changes the scalar before which there are `left` others.
fn walk(value: &mut Value, left: &mut usize) -> Option<()> {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            items.iter_mut().find_map(|item| walk(item, left))
        }
        Value::Dict(dict) => dict.values_mut().find_map(|item| walk(item, left)),
        Value::Object(object) => {
            let mut parts = Reduce::clone(object);
            let found = parts
                .args
                .iter_mut()
                .find_map(|item| walk(item, left))
                .or_else(|| parts.kwargs.values_mut().find_map(|item| walk(item, left)))
                .or_else(|| parts.state.as_mut().and_then(|state| walk(state, left)))
                .or_else(|| parts.listitems.iter_mut().find_map(|item| walk(item, left)))
                .or_else(|| parts.dictitems.iter_mut().find_map(|(_, item)| walk(item, left)));
            *value = Value::Object(parts.into());
            found
        }
        _ if *left > 0 => {
            *left -= 1;
            None
        }
        leaf => {
            change(leaf);
            Some(())
        }
    }
}

fn change(leaf: &mut Value) {
    match leaf {
        Value::Int(value) => *value ^= 1,
        Value::Bool(value) => *value = !*value,
        Value::Float(value) => *value = if *value == 2.5 { 3.5 } else { 2.5 },
        Value::Str(text) => *leaf = Value::from(changed_text(text)),
        Value::Bytes(bytes) | Value::ByteArray(bytes) => match bytes.last_mut() {
            Some(last) => *last ^= 1,
            None => bytes.push(b'x'),
        },
        Value::None => *leaf = Value::from(7),
        _ => *leaf = Value::None,
    }
}

/// True if `read` is `new`, or has the change from `old` to `new` also elsewhere, where the pickle
/// has the same object again.
pub(crate) fn agree(old: &Value, new: &Value, read: &Value) -> bool {
    let texts = [old, new, read].map(|value| {
        let mut texts = Vec::new();
        list(value, &mut texts);
        texts
    });
    let [old, new, read] = &texts;
    if read == new {
        return true;
    }
    // Items of a set may stand elsewhere now, so the leaves are compared as a bag.
    let (left, came) = (minus(old, read), minus(read, old));
    let (was, is) = (minus(old, new), minus(new, old));
    !came.is_empty()
        && left.iter().all(|leaf| was.contains(leaf))
        && came.iter().all(|leaf| is.iter().any(|given| is_read_as(given, leaf)))
        && is.iter().all(|given| came.iter().any(|leaf| is_read_as(given, leaf)))
}

/// The leaves of one list that another one lacks.
fn minus<'a>(these: &'a [String], those: &[String]) -> Vec<&'a String> {
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    those.iter().for_each(|leaf| *others.entry(leaf).or_default() += 1);
    let left = |leaf: &&String| match others.get_mut(leaf.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    these.iter().filter(left).collect()
}

/// The texts of all leaves.
fn list(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            items.iter().for_each(|item| list(item, texts));
        }
        Value::Dict(dict) => dict.iter().for_each(|(key, item)| {
            list(key, texts);
            list(item, texts);
        }),
        Value::Set(items) | Value::FrozenSet(items) => {
            items.iter().for_each(|item| list(item, texts));
        }
        Value::Object(object) => {
            list(&object.callable, texts);
            object.args.iter().for_each(|item| list(item, texts));
            object.kwargs.values().for_each(|item| list(item, texts));
            object.state.iter().for_each(|state| list(state, texts));
            object.listitems.iter().for_each(|item| list(item, texts));
            object.dictitems.iter().for_each(|(key, item)| {
                list(key, texts);
                list(item, texts);
            });
        }
        // A float stays one where an int is written.
        Value::Float(value) if value.fract() == 0.0 => texts.push(format!("{value}")),
        leaf => texts.push(leaf.to_string()),
    }
}

/// An error without what it is about.
pub(crate) fn kind_of(error: &str) -> String {
    let text = error.rsplit_once(": ").map_or(error, |(_, text)| text);
    let text = text.split(", at byte").next().unwrap_or(text);
    text.chars().filter(|c| !c.is_ascii_digit()).take(70).collect()
}
