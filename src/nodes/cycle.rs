//! Whether an object contains itself: asked when a walk gets too deep, to tell recursion from mere
//! depth.

use super::handle::{Handle, Tag};
use super::known::Known;
use super::spelling::Spelling;
use super::store::Nodes;

/// Whether `start` can be reached from within itself. Visits every object at most once, without
/// recursion.
pub(crate) fn contains_itself(nodes: &Nodes<'_>, start: Handle) -> bool {
    if !start.is_object() {
        return false;
    }
    let mut seen = vec![false; nodes.object_count()];
    let mut pending = vec![start];
    while let Some(handle) = pending.pop() {
        let object = nodes.object(handle.number());
        let runs =
            std::iter::once(nodes.first(&object)).chain(nodes.more(&object).map(|(_, run)| run));
        for &child in runs.flatten().filter(|child| child.is_object()) {
            if child == start {
                return true;
            }
            if let Some(seen) = seen.get_mut(child.number() as usize)
                && !std::mem::replace(seen, true)
            {
                pending.push(child);
            }
        }
    }
    false
}

/// Whether no container or instance below `start`, itself included, is reached twice. Names,
/// persistent ids and calls that spell bytes, a complex or a name are no containers.
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
