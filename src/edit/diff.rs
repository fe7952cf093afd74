//! The difference between two images of a Rust value: as it was read, and as it is now.
//!
//! An image is the [`Value`] that a type serializes to. Both images come from one type, so they
//! have one shape where nothing was changed, and the difference is a tree of the places where they
//! differ. Nothing here knows the graph.

use std::cell::OnceCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::reduce::Reduce;
use crate::value::{Dict, Value};

/// A place where two images differ.
pub(super) struct Change<'v> {
    pub(super) old: &'v Value,
    pub(super) new: &'v Value,
    pub(super) what: What<'v>,
}

/// The form of a difference.
pub(super) enum What<'v> {
    /// As a whole.
    Whole,
    /// In entries of a dict.
    Entries(Entries<'v>),
    /// In items of a sequence.
    Items(Items<'v>),
    /// In parts of an object of one class.
    Parts(Parts<'v>),
}

/// Entries that differ, with their keys.
#[derive(Default)]
pub(super) struct Entries<'v> {
    /// The number of old entries.
    pub(super) len: usize,
    /// Those with another value, each with its place among the old entries.
    pub(super) changed: Vec<(usize, &'v Value, Change<'v>)>,
    pub(super) removed: Vec<&'v Value>,
    pub(super) added: Vec<(&'v Value, &'v Value)>,
}

/// Items that differ.
pub(super) enum Items<'v> {
    /// As many as before, and those that differ, by place.
    Same { old: &'v [Value], changed: Vec<(usize, Change<'v>)> },
    /// Another number of items.
    Spliced { old: &'v [Value], new: &'v [Value] },
}

/// Parts of an object that differ.
#[derive(Default)]
pub(super) struct Parts<'v> {
    pub(super) args: Option<Items<'v>>,
    pub(super) kwargs: Option<Entries<'v>>,
    pub(super) items: Option<Items<'v>>,
    /// Entries that were stored in the object by key.
    pub(super) pairs: Option<Entries<'v>>,
    pub(super) state: Option<Box<Change<'v>>>,
}

/// Compares two images.
pub(super) fn diff<'v>(old: &'v Value, new: &'v Value) -> Option<Change<'v>> {
    let what = match (old, new) {
        (Value::Dict(was), Value::Dict(now)) => What::Entries(entries(was, now)?),
        (Value::List(was), Value::List(now)) | (Value::Tuple(was), Value::Tuple(now)) => {
            What::Items(items(was, now)?)
        }
        (Value::Object(was), Value::Object(now)) if alike(was, now) => {
            What::Parts(parts(was, now)?)
        }
        // Never the same, so `same` need not come back here.
        (Value::Object(_), Value::Object(_)) => What::Whole,
        _ if same(old, new) => return None,
        _ => What::Whole,
    };
    Some(Change { old, new, what })
}

/// Returns true if two images are the same. NaNs are the same if their bits are.
pub(super) fn same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Complex(a), Value::Complex(b)) => {
            (a.re.to_bits(), a.im.to_bits()) == (b.re.to_bits(), b.im.to_bits())
        }
        (Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Object(_), _)
            if std::mem::discriminant(old) == std::mem::discriminant(new) =>
        {
            diff(old, new).is_none()
        }
        _ => old == new,
    }
}

/// Returns true if two objects are made in one way, so that their parts can be compared.
fn alike(old: &Reduce, new: &Reduce) -> bool {
    old.callable == new.callable
        && old.state.is_some() == new.state.is_some()
        && old.state_setter == new.state_setter
        && old.setitems == new.setitems
}

fn items<'v>(old: &'v [Value], new: &'v [Value]) -> Option<Items<'v>> {
    if old.len() != new.len() {
        return Some(Items::Spliced { old, new });
    }
    let places = old.iter().zip(new).enumerate();
    let changed: Vec<_> =
        places.filter_map(|(place, (old, new))| Some((place, diff(old, new)?))).collect();
    (!changed.is_empty()).then_some(Items::Same { old, changed })
}

fn entries<'v>(old: &'v Dict, new: &'v Dict) -> Option<Entries<'v>> {
    by_key(old.iter(), new.iter(), |key| new.get(key), |key| old.get(key).is_some())
}

/// Compares entries. `now` looks a key up among the new ones, `was` among the old ones; entries
/// that stand at the same place in both are not looked up.
fn by_key<'v>(
    old: impl ExactSizeIterator<Item = (&'v Value, &'v Value)> + Clone,
    new: impl ExactSizeIterator<Item = (&'v Value, &'v Value)> + Clone,
    now: impl Fn(&Value) -> Option<&'v Value>,
    was: impl Fn(&Value) -> bool,
) -> Option<Entries<'v>> {
    let mut entries = Entries { len: old.len(), ..Entries::default() };
    let mut others = new.clone();
    for (place, (key, value)) in old.clone().enumerate() {
        let beside = others.next().filter(|(new, _)| *new == key).map(|(_, value)| value);
        match beside.or_else(|| now(key)) {
            Some(now) => {
                entries.changed.extend(diff(value, now).map(|change| (place, key, change)));
            }
            None => entries.removed.push(key),
        }
    }
    let mut others = old;
    for (key, value) in new {
        if others.next().is_none_or(|(old, _)| old != key) && !was(key) {
            entries.added.push((key, value));
        }
    }
    let none = entries.changed.is_empty() && entries.removed.is_empty() && entries.added.is_empty();
    (!none).then_some(entries)
}

fn parts<'v>(old: &'v Reduce, new: &'v Reduce) -> Option<Parts<'v>> {
    let dictitems = |object: &'v Reduce| {
        object.dictitems.iter().map(|(key, value)| (key, value)).collect::<Vec<_>>()
    };
    let (was, now) = (dictitems(old), dictitems(new));
    // Made for the first key that does not stand at the same place; of equal keys the last counts.
    let indexes = (OnceCell::new(), OnceCell::new());
    let index = |pairs: &[(&'v Value, &'v Value)]| -> HashMap<_, _, RandomState> {
        pairs.iter().copied().collect()
    };
    let in_old = |key: &Value| indexes.0.get_or_init(|| index(&was)).contains_key(key);
    let in_new = |key: &Value| indexes.1.get_or_init(|| index(&now)).get(key).copied();
    let parts = Parts {
        args: items(&old.args, &new.args),
        kwargs: entries(&old.kwargs, &new.kwargs),
        items: items(&old.listitems, &new.listitems),
        pairs: by_key(was.iter().copied(), now.iter().copied(), in_new, in_old),
        state: old
            .state
            .as_deref()
            .zip(new.state.as_deref())
            .and_then(|(old, new)| diff(old, new))
            .map(Box::new),
    };
    let any = parts.args.is_some()
        || parts.kwargs.is_some()
        || parts.items.is_some()
        || parts.pairs.is_some()
        || parts.state.is_some();
    any.then_some(parts)
}
