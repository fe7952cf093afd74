//! Whether an object contains itself: asked when a walk gets too deep, to tell recursion from mere depth.

use foldhash::HashMap;

use super::handle::Handle;
use super::nodes::Nodes;

/// Whether `start` can be reached from within itself.
pub(crate) fn contains_itself(nodes: &Nodes<'_>, start: Handle) -> bool {
    outermost_cycle(nodes, &[start]).is_some()
}

/// The first object of `path` that can be reached from within itself; each is in the one before it. Visits every object at most once,
/// without recursion.
///
/// From the end of the path to its beginning: all that can be reached from an object of the path is looked through, but for what
/// has been, and where that leads to an object of the path as far as here, there is a way round.
pub(crate) fn outermost_cycle(nodes: &Nodes<'_>, path: &[Handle]) -> Option<Handle> {
    let mut places = HashMap::default();
    for (place, &handle) in path.iter().enumerate().filter(|(_, handle)| handle.is_object()) {
        places.entry(handle).or_insert(place);
    }
    let mut seen = vec![false; nodes.object_count()];
    let mut pending = Vec::new();
    let mut outermost = usize::MAX;
    let mut see =
        |handle: Handle| seen.get_mut(handle.number() as usize).is_some_and(|seen| !std::mem::replace(seen, true));
    for (place, &start) in path.iter().enumerate().rev().filter(|(_, handle)| handle.is_object()) {
        pending.extend(see(start).then_some(start));
        while let Some(handle) = pending.pop() {
            let object = nodes.object(handle.number());
            let runs = std::iter::once(nodes.first(&object)).chain(nodes.more(&object).map(|(_, run)| run));
            for &child in runs.flatten().filter(|child| child.is_object()) {
                if let Some(&on_path) = places.get(&child)
                    && on_path <= place
                {
                    outermost = outermost.min(on_path);
                }
                pending.extend(see(child).then_some(child));
            }
        }
    }
    path.get(outermost).copied()
}
