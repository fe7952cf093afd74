//! Finds an object that contains itself, and the way back to it: asked when a walk gets too deep,
//! to tell recursion from mere depth.

use super::describe::describe;
use super::handle::{Handle, Tag};
use super::known::Known;
use super::scalar::{self, Int};
use super::spelling::Spelling;
use super::store::{Nodes, RunKind};
use super::view::{global_names, spelled};
use crate::error::quoted;
use crate::meter;

/// Steps of a cycle that a message shows, at its beginning and at its end.
const SHOWN: (usize, usize) = (4, 2);

/// Returns true if `start` can be reached from within itself. Visits every object at most once,
/// without recursion.
pub(crate) fn contains_itself(nodes: &Nodes<'_>, start: Handle) -> bool {
    cycle(nodes, start).is_some()
}

/// The objects of a shortest cycle through `start`, which is the first.
fn cycle(nodes: &Nodes<'_>, start: Handle) -> Option<Vec<Handle>> {
    if !start.is_object() {
        return None;
    }
    // The object from which each was found.
    let mut found = vec![Handle::VACANT; nodes.object_count()];
    let mut level = vec![start];
    while !level.is_empty() {
        let mut next = Vec::new();
        for handle in level {
            let object = nodes.object(handle.number());
            meter::looked_at(1);
            for child in nodes.contents(&object).filter(|child| child.is_object()) {
                if child.number() == start.number() {
                    return Some(back(&found, start, handle));
                }
                if let Some(by) = found.get_mut(child.number() as usize)
                    && by.is_vacant()
                {
                    *by = handle;
                    next.push(child);
                }
            }
        }
        level = next;
    }
    None
}

/// The way from `start` to `last`, out of the object from which each was found.
fn back(found: &[Handle], start: Handle, last: Handle) -> Vec<Handle> {
    let mut cycle = vec![last];
    let mut at = last;
    while at.number() != start.number()
        && let Some(&by) = found.get(at.number() as usize)
        && !by.is_vacant()
    {
        cycle.push(by);
        at = by;
    }
    cycle.reverse();
    cycle
}

/// Describes in words the object that contains itself, and where within it:
/// `m.Node contains itself at .next.prev`. `None` if `start` does not.
pub(crate) fn describe_cycle(nodes: &Nodes<'_>, input: &[u8], start: Handle) -> Option<String> {
    let cycle = cycle(nodes, start)?;
    // An instance has a name; a dict may be no more than its state.
    let named = cycle.iter().position(|handle| class(nodes, input, *handle).is_some());
    let begin = named.unwrap_or(0);
    let object = |step: usize| cycle.get((begin + step) % cycle.len()).copied();
    let first = object(0)?;
    let mut text = class(nodes, input, first).unwrap_or_else(|| describe(first.tag()).to_owned());
    text.push_str(" contains itself");
    let (head, tail) = SHOWN;
    let mut path = String::new();
    for step in 0..cycle.len() {
        if step >= head && step + tail < cycle.len() {
            if step == head {
                path.push('…');
            }
            continue;
        }
        if let (Some(from), Some(to)) = (object(step), object(step + 1)) {
            push_step(&mut path, nodes, input, from, to);
        }
    }
    if !path.is_empty() {
        text.push_str(" at ");
        text.push_str(&path);
    }
    Some(text)
}

/// The name of an instance's class.
fn class(nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> Option<String> {
    if handle.tag() != Tag::Instance {
        return None;
    }
    let callable = spelled(nodes, input, handle.number()).ok()?.callable;
    let (module, qualname) = global_names(nodes, input, callable, true).ok()??;
    Some(format!("{}.{}", quoted(&module), quoted(&qualname)))
}

/// Adds the place of the object `to` in `from`: an index, a key, or nothing where it is a part such
/// as the state.
fn push_step(path: &mut String, nodes: &Nodes<'_>, input: &[u8], from: Handle, to: Handle) {
    let object = nodes.object(from.number());
    let mut step = Step { path, nodes, input, to, items: 0 };
    let kind = match from.tag() {
        Tag::Dict => RunKind::Pairs,
        Tag::List | Tag::Tuple | Tag::Set | Tag::FrozenSet => RunKind::Items,
        _ => {
            for (kind, run) in nodes.more(&object) {
                if step.is_in(kind, run) {
                    break;
                }
            }
            return;
        }
    };
    step.is_in(kind, &nodes.contents(&object).collect::<Vec<_>>());
}

/// The search for one object in the contents of another.
struct Step<'s, 'de> {
    path: &'s mut String,
    nodes: &'s Nodes<'de>,
    input: &'s [u8],
    to: Handle,
    /// The items in runs before.
    items: usize,
}

impl Step<'_, '_> {
    /// Adds its place in this run; returns false if it is not there.
    fn is_in(&mut self, kind: RunKind, run: &[Handle]) -> bool {
        let is_it = |child: &Handle| child.is_object() && child.number() == self.to.number();
        let Some(place) = run.iter().enumerate().position(|(place, child)| {
            // Of a pair it is the value.
            is_it(child) && (kind != RunKind::Pairs || place % 2 == 1)
        }) else {
            self.items += if kind == RunKind::Items { run.len() } else { 0 };
            return false;
        };
        match (kind, run.get(place.wrapping_sub(1))) {
            (RunKind::Items, _) => push_index(self.path, (self.items + place) as i64),
            (RunKind::Pairs, Some(key)) => push_key(self.path, self.nodes, self.input, *key),
            _ => return false,
        }
        true
    }
}

fn push_index(path: &mut String, index: i64) {
    path.push('[');
    path.push_str(itoa::Buffer::new().format(index));
    path.push(']');
}

fn push_key(path: &mut String, nodes: &Nodes<'_>, input: &[u8], key: Handle) {
    if let Some(Int::Small(value)) = scalar::int(nodes, input, key) {
        return push_index(path, value);
    }
    path.push('.');
    if let Some(text) = scalar::plain_text(nodes, input, key) {
        path.push_str(&quoted(&text));
    } else if let Some(chars) = scalar::chars(input, key) {
        path.push_str(&quoted(&String::from_utf8_lossy(&chars)));
    } else {
        path.push('<');
        path.push_str(describe(key.tag()));
        path.push('>');
    }
}

/// Returns true if no container or instance below `start`, itself included, is reached twice.
/// Names, persistent ids and calls that spell bytes, a complex or a name are not containers.
pub(crate) fn is_tree(nodes: &Nodes<'_>, start: Handle) -> bool {
    let mut seen = vec![false; nodes.object_count()];
    let mut pending = vec![start];
    while let Some(handle) = pending.pop() {
        if !handle.is_object() {
            continue;
        }
        let object = nodes.object(handle.number());
        let seen = seen.get_mut(handle.number() as usize);
        if seen.is_some_and(|seen| std::mem::replace(seen, true)) {
            if is_container(nodes, handle) {
                return false;
            }
            continue;
        }
        pending.extend(nodes.contents(&object).filter(|child| child.is_object()));
    }
    true
}

fn is_container(nodes: &Nodes<'_>, handle: Handle) -> bool {
    match handle.tag() {
        Tag::Global | Tag::Ext | Tag::Persid => false,
        Tag::Instance => !matches!(
            Spelling::known(nodes.object(handle.number()).flags()),
            Known::Bytes | Known::Encode | Known::Complex | Known::GetAttr
        ),
        _ => true,
    }
}
