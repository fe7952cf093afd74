//! The check at the end of an update: what is read now is what was given.
//!
//! A copy of a shared object that says what was read before has no opinion, and is read as what
//! another copy says. So a difference is allowed if a shared object was changed in just that way.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::diff::{Change, Entries, Items, Parts, What, diff};
use super::editor::step_text;
use super::image::key_text;
use super::stamp::Stamp;
use crate::error::{Error, Result};
use crate::value::Value;

/// Compares what was given with what is read. `touched`: the shared objects that were changed, as
/// they were and are. `reworded`: what was given, and what may be read in its place.
///
/// # Errors
/// `Unsupported`, at the first place where a change is missing.
pub(super) fn check(
    given: &Value,
    read: &Value,
    touched: &[(&Value, &Value)],
    reworded: &[(Value, Value)],
) -> Result<()> {
    let Some(difference) = diff(given, read) else { return Ok(()) };
    let mut shared = Shared::default();
    for (old, new) in touched {
        shared.extend(diff(old, new).as_ref());
    }
    let reworded = reworded.iter().map(|(given, read)| format!("{given} -> {read}"));
    shared.texts.extend(reworded);
    match shared.first_lost(&difference) {
        None => Ok(()),
        Some((path, is_class)) => {
            let error = if is_class {
                Error::unsupported(
                    "the change is lost when the pickle is read again, so it was not made: an \
                     object of a class is not read as one, as in an enum with a variant that is \
                     `untagged`; give that variant the name `py:*` instead",
                )
            } else {
                Error::unsupported(
                    "the change is lost when the pickle is read again, so it was not made",
                )
            };
            Err(path.into_iter().rev().fold(error, |error, key| error.under_key(&key)))
        }
    }
}

/// The path to a change that is lost; true if an object is read as something else.
type Lost = (Vec<String>, bool);

/// The changes of shared objects, as texts.
#[derive(Default)]
struct Shared {
    texts: HashSet<String, RandomState>,
}

impl Shared {
    fn extend(&mut self, change: Option<&Change<'_>>) {
        let mut open: Vec<&Change<'_>> = change.into_iter().collect();
        while let Some(change) = open.pop() {
            match &change.what {
                What::Whole => drop(self.texts.insert(whole_text(change))),
                What::Entries(entries) => self.extend_entries(entries, &mut open),
                What::Items(items) => self.extend_items(items, &mut open),
                What::Parts(parts) => {
                    let Parts { args, kwargs, items, pairs, state } = parts;
                    for items in args.iter().chain(items) {
                        self.extend_items(items, &mut open);
                    }
                    for entries in kwargs.iter().chain(pairs) {
                        self.extend_entries(entries, &mut open);
                    }
                    open.extend(state.as_deref());
                }
            }
        }
    }

    fn extend_entries<'c, 'v>(&mut self, entries: &'c Entries<'v>, open: &mut Vec<&'c Change<'v>>) {
        open.extend(entries.changed.iter().map(|(.., change)| change));
        self.texts.extend(entries.removed.iter().map(|key| removed_text(key)));
        self.texts.extend(entries.added.iter().map(|(key, value)| added_text(key, value)));
    }

    fn extend_items<'c, 'v>(&mut self, items: &'c Items<'v>, open: &mut Vec<&'c Change<'v>>) {
        match items {
            Items::Same { changed, .. } => open.extend(changed.iter().map(|(_, change)| change)),
            Items::Spliced { old, new } => drop(self.texts.insert(spliced_text(old, new))),
        }
    }

    /// The path to the first difference between what was given and what is read for which there is
    /// no reason.
    fn first_lost(&self, change: &Change<'_>) -> Option<Lost> {
        match &change.what {
            _ if is_reordered(change.old, change.new) => None,
            What::Whole => {
                let has_reason = says_the_same(change.old, change.new)
                    || !self.texts.is_empty() && self.texts.contains(&whole_text(change));
                let is_class = matches!(change.old, Value::Object(_))
                    && !matches!(change.new, Value::Object(_));
                (!has_reason).then(|| (Vec::new(), is_class))
            }
            What::Entries(entries) => self.lost_entry(entries),
            What::Items(items) => self.lost_item(items),
            What::Parts(parts) => parts
                .args
                .iter()
                .chain(&parts.items)
                .find_map(|items| self.lost_item(items))
                .or_else(|| {
                    let mut entries = parts.kwargs.iter().chain(&parts.pairs);
                    entries.find_map(|entries| self.lost_entry(entries))
                })
                .or_else(|| parts.state.as_ref().and_then(|state| self.first_lost(state))),
        }
    }

    fn lost_entry(&self, entries: &Entries<'_>) -> Option<Lost> {
        let removed = entries.removed.iter().find(|key| !self.texts.contains(&removed_text(key)));
        let added = || {
            let mut added = entries.added.iter();
            added.find(|(key, value)| !self.texts.contains(&added_text(key, value)))
        };
        if let Some(key) = removed.copied().or_else(|| added().map(|(key, _)| *key)) {
            return Some((vec![step_text(key)], false));
        }
        entries.changed.iter().find_map(|(_, key, change)| {
            let (mut path, is_class) = self.first_lost(change)?;
            path.insert(0, step_text(key));
            Some((path, is_class))
        })
    }

    fn lost_item(&self, items: &Items<'_>) -> Option<Lost> {
        match items {
            Items::Same { changed, .. } => changed.iter().find_map(|(place, change)| {
                let (mut path, is_class) = self.first_lost(change)?;
                path.insert(0, format!("[{place}]"));
                Some((path, is_class))
            }),
            Items::Spliced { old, new } => {
                (!self.texts.contains(&spliced_text(old, new))).then(Lost::default)
            }
        }
    }
}

fn whole_text(change: &Change<'_>) -> String {
    format!("{} -> {}", change.old, change.new)
}

fn removed_text(key: &Value) -> String {
    format!("without {key}")
}

fn added_text(key: &Value, value: &Value) -> String {
    format!("with {key}: {value}")
}

fn spliced_text(old: &[Value], new: &[Value]) -> String {
    let mut text = String::from("items");
    for (sign, items) in [(" <", old), (" >", new)] {
        for item in items {
            text.extend([sign, &item.to_string()]);
        }
    }
    text
}

/// Returns true if two sequences hold the same items in another order, as a set may.
fn is_reordered(given: &Value, read: &Value) -> bool {
    let (Value::List(given), Value::List(read)) = (given, read) else { return false };
    let sorted = |items: &[Value]| {
        let mut texts: Vec<String> = items.iter().map(key_text).collect();
        texts.sort_unstable();
        texts
    };
    given.len() == read.len() && sorted(given) == sorted(read)
}

/// Returns true for the same moment by the clock of another place or with other digits, for a
/// number that an array has rounded, and for one that is an int or a float as it was before.
fn says_the_same(given: &Value, read: &Value) -> bool {
    match (given, read) {
        (Value::Float(given), Value::Float(read)) => f64::from(*given as f32) == *read,
        (Value::Int(_), Value::Float(_))
        | (Value::Float(_), Value::Int(_))
        | (Value::Bytes(_), Value::ByteArray(_)) => given.python_eq(read),
        (Value::Str(given), Value::Str(read)) => Stamp::parse(given)
            .zip(Stamp::parse(read))
            .is_some_and(|(given, read)| given.is_same(read)),
        _ => false,
    }
}
