//! Observations in words: the comments of the types.

use serde_pickle::reduce::Global;

use super::place::{Class, Place};
use crate::paint::grouped;
use crate::walk::dotted;

pub(super) fn times(count: u64) -> String {
    if count == 1 { "seen once".to_owned() } else { format!("seen {} times", grouped(count)) }
}

pub(super) fn class_doc(global: &Global, shape: &Class) -> Vec<String> {
    let mut doc = vec![format!("`{}`, {}.", dotted(global), times(shape.count))];
    let it = &shape.spellings;
    let mut how = Vec::new();
    for (count, text) in [
        (it.call, "made by a call"),
        (it.slots, "attributes in slots"),
        (it.dict_and_slots, "attributes in a dict and in slots"),
        (it.nameless, "a state without names"),
        (it.setter, "a function that sets the state"),
    ] {
        if count > 0 {
            how.push(text);
        }
    }
    if shape.with_args > 0 && !shape.fields.is_empty() {
        how.push("arguments that are not read");
    }
    if shape.items.is_some() {
        how.push("list items");
    }
    if shape.entries.is_some() {
        how.push("dict items");
    }
    if !how.is_empty() {
        doc.push(format!("In the samples: {}.", how.join(", ")));
    }
    doc
}

/// Counts and ranges in words.
pub(super) fn describe(place: &Place) -> String {
    let mut parts = vec![times(place.seen)];
    if let Some(range) = place.ints {
        parts.push(spread(range.least, range.most));
    }
    if let Some(range) = place.floats {
        let float = |value: f64| serde_pickle::Value::from(value).to_string();
        parts.push(spread(float(range.least), float(range.most)));
    }
    if let Some(range) = place.texts {
        parts.push(format!("{} characters", spread(range.least, range.most)));
    }
    if let Some(range) = place.bytes {
        parts.push(format!("{} bytes", spread(range.least, range.most)));
    }
    for seq in [&place.lists, &place.sets, &place.frozen_sets, &place.deques].into_iter().flatten()
    {
        parts.push(format!("{} items", spread(seq.len.least, seq.len.most)));
    }
    if let Some(tuples) = &place.tuples
        && tuples.len.least != tuples.len.most
    {
        parts.push(format!("{} items", spread(tuples.len.least, tuples.len.most)));
    }
    for class in place.plain_classes.keys() {
        parts.push(format!("`{class}`"));
    }
    for other in place.others.keys() {
        parts.push((*other).to_owned());
    }
    if place.big_ints > 0 {
        parts.push("ints beyond 128 bits".to_owned());
    }
    if place.none > 0 {
        parts.push(format!("None in {}", grouped(place.none)));
    }
    parts.join("; ")
}

fn spread(least: impl ToString, most: impl ToString) -> String {
    let (least, most) = (least.to_string(), most.to_string());
    if least == most { least } else { format!("{least} to {most}") }
}
