//! The parts of a [`Node`]: those of an object, items and entries.

use std::fmt;

use super::given::Source;
use super::node::Node;
use crate::reduce::How;

/// The parts of an object, as `__reduce__` returned them. Its list, set and dict items are those of
/// [`Node::items`] and [`Node::entries`].
///
/// `Debug` prints no more than for one [`Node`], however many parts there are.
///
/// ```
/// use serde_pickle::Graph;
///
/// // class C: def __init__(self): self.x = 1
/// let graph = Graph::from_slice(b"\x80\x02cm\nC\n)\x81}X\x01\0\0\0xK\x01sb.")?;
/// let parts = graph.root().object().unwrap();
/// assert_eq!((parts.args.len(), parts.kwargs), (0, None));
/// assert_eq!(parts.callable.global().unwrap().to_string(), "m.C");
/// assert_eq!(parts.state().unwrap().to_string(), "{'x': 1}");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ObjectParts<'g> {
    /// The way in which the callable is used.
    pub how: How,
    /// The callable, or the class: nearly always a [`Global`](super::NodeKind::Global).
    pub callable: Node<'g>,
    /// The positional arguments.
    pub args: Vec<Node<'g>>,
    /// The keyword arguments, a dict.
    pub kwargs: Option<Node<'g>>,
    /// The states that it was given, in order, each with the function that sets it if that is not
    /// the class's own `__setstate__`. Python's pickler writes at most one.
    pub states: Vec<(Option<Node<'g>>, Node<'g>)>,
}

impl<'g> ObjectParts<'g> {
    /// The state, if there is one.
    pub fn state(&self) -> Option<Node<'g>> {
        self.states.first().map(|&(_, state)| state)
    }
}

/// The items that `Debug` shows.
const PRINTED: usize = 32;

/// The items of a node; see [`Node::items`].
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::graph::NodeItems;
///
/// let graph = Graph::from_slice(b"](K\x01K\x02e.")?;
/// let items: NodeItems<'_> = graph.root().items();
/// assert_eq!(items.filter_map(|item| item.as_i64()).sum::<i64>(), 3);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone)]
pub struct Items<'g> {
    pub(super) node: Node<'g>,
    pub(super) source: Source<'g>,
}

impl<'g> Iterator for Items<'g> {
    type Item = Node<'g>;

    fn next(&mut self) -> Option<Node<'g>> {
        self.source.next().map(|handle| self.node.at(handle))
    }
}

/// Shows the first of the remaining items.
impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut items, mut list) = (self.clone(), f.debug_list());
        list.entries(items.by_ref().take(PRINTED));
        if items.next().is_some() { list.finish_non_exhaustive() } else { list.finish() }
    }
}

/// The entries of a node; see [`Node::entries`].
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::graph::NodeEntries;
///
/// let graph = Graph::from_slice(b"}K\x01K\x02s.")?;
/// let mut entries: NodeEntries<'_> = graph.root().entries();
/// let (key, value) = entries.next().unwrap();
/// assert_eq!((key.as_i64(), value.as_i64()), (Some(1), Some(2)));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone)]
pub struct Entries<'g>(pub(super) Items<'g>);

impl<'g> Iterator for Entries<'g> {
    type Item = (Node<'g>, Node<'g>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// Shows the first of the remaining entries.
impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut entries, mut map) = (self.clone(), f.debug_map());
        map.entries(entries.by_ref().take(PRINTED));
        if entries.next().is_some() { map.finish_non_exhaustive() } else { map.finish() }
    }
}
