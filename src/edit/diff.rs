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
    /// As many as before: those that differ, by place.
    Same(Vec<(usize, Change<'v>)>),
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
    old.how == new.how
        && old.callable == new.callable
        && old.state.is_some() == new.state.is_some()
        && old.state_setter == new.state_setter
        && old.setitems == new.setitems
}

fn items<'v>(old: &'v [Value], new: &'v [Value]) -> Option<Items<'v>> {
    if old.len() != new.len() {
        return Some(Items::Spliced { old, new });
    }
    let changed = old.iter().zip(new).enumerate();
    let changed: Vec<_> =
        changed.filter_map(|(place, (old, new))| Some((place, diff(old, new)?))).collect();
    (!changed.is_empty()).then_some(Items::Same(changed))
}

fn entries<'v>(old: &'v Dict, new: &'v Dict) -> Option<Entries<'v>> {
    let pairs = |dict: &'v Dict| dict.iter().collect::<Vec<_>>();
    by_key(&pairs(old), &pairs(new), |key| new.get(key), |key| old.get(key).is_some())
}

/// Compares entries. `now` looks a key up among the new ones, `was` among the old ones; entries
/// that stand at the same place in both are not looked up.
fn by_key<'v>(
    old: &[(&'v Value, &'v Value)],
    new: &[(&'v Value, &'v Value)],
    now: impl Fn(&Value) -> Option<&'v Value>,
    was: impl Fn(&Value) -> bool,
) -> Option<Entries<'v>> {
    let mut entries = Entries { len: old.len(), ..Entries::default() };
    for (place, &(key, value)) in old.iter().enumerate() {
        let beside = new.get(place).filter(|(new, _)| *new == key).map(|&(_, value)| value);
        match beside.or_else(|| now(key)) {
            Some(now) => {
                entries.changed.extend(diff(value, now).map(|change| (place, key, change)));
            }
            None => entries.removed.push(key),
        }
    }
    for (place, &(key, value)) in new.iter().enumerate() {
        if old.get(place).is_none_or(|(old, _)| *old != key) && !was(key) {
            entries.added.push((key, value));
        }
    }
    let none = entries.changed.is_empty() && entries.removed.is_empty() && entries.added.is_empty();
    (!none).then_some(entries)
}

fn parts<'v>(old: &'v Reduce, new: &'v Reduce) -> Option<Parts<'v>> {
    let sequence = |value: &'v Value| match value {
        Value::Tuple(items) | Value::List(items) => items.as_slice(),
        _ => &[],
    };
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
        args: items(sequence(&old.args), sequence(&new.args)),
        kwargs: entries(&old.kwargs, &new.kwargs),
        items: items(&old.listitems, &new.listitems),
        pairs: by_key(&was, &now, in_new, in_old),
        state: old
            .state
            .as_ref()
            .zip(new.state.as_ref())
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

impl Change<'_> {
    /// The path to the first place at which `read` lacks the change; `None` if all changes are
    /// there. Other places are not compared, because a shared object may have changed there.
    pub(super) fn first_lost(&self, read: &Value) -> Option<Vec<String>> {
        let here = || Some(Vec::new());
        match (&self.what, read) {
            _ if same(self.new, read) || is_reordered(self.new, read) => None,
            (What::Entries(entries), Value::Dict(read)) => lost_entry(entries, |key| read.get(key)),
            (What::Items(items), Value::List(read) | Value::Tuple(read)) => lost_item(items, read),
            (What::Parts(parts), Value::Object(read)) => {
                let args = match &read.args {
                    Value::Tuple(args) | Value::List(args) => args.as_slice(),
                    _ => &[],
                };
                let find = |key: &Value| {
                    let found = read.dictitems.iter().rev().find(|(other, _)| other == key);
                    found.map(|(_, value)| value)
                };
                let items = [(&parts.args, args), (&parts.items, &read.listitems[..])];
                let items =
                    items.into_iter().filter_map(|(items, read)| Some((items.as_ref()?, read)));
                items
                    .filter_map(|(items, read)| lost_item(items, read))
                    .chain(
                        parts
                            .kwargs
                            .as_ref()
                            .and_then(|kwargs| lost_entry(kwargs, |key| read.kwargs.get(key))),
                    )
                    .chain(parts.pairs.as_ref().and_then(|pairs| lost_entry(pairs, find)))
                    .chain(parts.state.as_ref().and_then(|state| match &read.state {
                        Some(read) => state.first_lost(read),
                        None => here(),
                    }))
                    .next()
            }
            _ => here(),
        }
    }
}

fn lost_entry<'r>(
    entries: &Entries<'_>,
    read: impl Fn(&Value) -> Option<&'r Value>,
) -> Option<Vec<String>> {
    let name = |key: &Value| Some(vec![super::editor::step_text(key)]);
    if let Some(key) = entries.removed.iter().find(|key| read(key).is_some()) {
        return name(key);
    }
    let asked =
        entries.added.iter().find(|(key, value)| !read(key).is_some_and(|read| same(value, read)));
    if let Some((key, _)) = asked {
        return name(key);
    }
    entries.changed.iter().find_map(|(_, key, change)| {
        let mut path = match read(key) {
            Some(read) => change.first_lost(read)?,
            None => Vec::new(),
        };
        path.insert(0, super::editor::step_text(key));
        Some(path)
    })
}

fn lost_item(items: &Items<'_>, read: &[Value]) -> Option<Vec<String>> {
    let index = |place: usize| format!("[{place}]");
    match items {
        Items::Same(changed) => changed.iter().find_map(|(place, change)| {
            let mut path = match read.get(*place) {
                Some(read) => change.first_lost(read)?,
                None => Vec::new(),
            };
            path.insert(0, index(*place));
            Some(path)
        }),
        Items::Spliced { new, .. } if new.len() != read.len() => Some(Vec::new()),
        Items::Spliced { old, new } => {
            let mut items = new.iter().zip(read).enumerate();
            // An item equal to an old one may be an object that has changed by another path.
            let lost = items
                .find(|(_, (new, read))| !same(new, read) && !old.iter().any(|old| same(old, new)));
            lost.map(|(place, _)| vec![index(place)])
        }
    }
}

/// Returns true if two sequences hold the same items in another order, as a `HashSet` may.
fn is_reordered(old: &Value, new: &Value) -> bool {
    let (Value::List(old), Value::List(new)) = (old, new) else { return false };
    let sorted = |items: &[Value]| {
        let mut texts: Vec<String> = items.iter().map(super::image::key_text).collect();
        texts.sort_unstable();
        texts
    };
    old.len() == new.len() && sorted(old) == sorted(new)
}
