//! Whether an object contains itself: asked when a walk gets too deep, to tell recursion from mere
//! depth.

use super::handle::Handle;
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
