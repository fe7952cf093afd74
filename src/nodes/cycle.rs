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
            let runs = std::iter::once(nodes.first(&object))
                .chain(nodes.more(&object).map(|(_, run)| run));
            meter::looked_at(1 + object.first_run().1);
            for &child in runs.flatten().filter(|child| child.is_object()) {
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
    let (end, begin) = cycle.split_at_checked(named.unwrap_or(0))?;
    let mut objects = begin.iter().chain(end).chain(begin).copied();
    let first = objects.next()?;
    let mut text = class(nodes, input, first).unwrap_or_else(|| describe(first.tag()).to_owned());
    text.push_str(" contains itself");
    let (head, tail) = SHOWN;
    let left_out = cycle.len().checked_sub(head + tail).filter(|left_out| *left_out > 0);
    let mut path = String::new();
    let mut from = first;
    for (index, to) in objects.take(cycle.len()).enumerate() {
        match left_out {
            Some(left_out) if (head..head + left_out).contains(&index) => {
                if index == head {
                    path.push('…');
                }
            }
            _ => push_step(&mut path, nodes, input, from, to),
        }
        from = to;
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
    // The kind of a container's own contents, and of an object's further runs.
    let (own, more) = match from.tag() {
        Tag::Dict => (Some(RunKind::Pairs), None),
        Tag::List | Tag::Tuple | Tag::Set | Tag::FrozenSet => (Some(RunKind::Items), None),
        _ => (None, Some(nodes.more(&object))),
    };
    let own = own.map(|kind| (kind, nodes.contents(&object).collect::<Vec<_>>()));
    let more = more.into_iter().flatten().map(|(kind, run)| (kind, run.to_vec()));
    let mut items = 0;
    for (kind, run) in own.into_iter().chain(more) {
        let is_it = |child: &Handle| child.is_object() && child.number() == to.number();
        match kind {
            RunKind::Items => match run.iter().position(is_it) {
                Some(index) => return push_index(path, (items + index) as i64),
                None => items += run.len(),
            },
            RunKind::Pairs => {
                let (pairs, _) = run.as_chunks::<2>();
                if let Some([key, _]) = pairs.iter().find(|[_, value]| is_it(value)) {
                    return push_key(path, nodes, input, *key);
                }
            }
            _ => {}
        }
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
        let runs =
            std::iter::once(nodes.first(&object)).chain(nodes.more(&object).map(|(_, run)| run));
        pending.extend(runs.flatten().filter(|child| child.is_object()));
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
