//! [`Elements`]: a long list, item by item.
//!
//! The machine has read the whole pickle, so that later opcodes may still change what earlier ones
//! made; what is saved is the Rust values, which are made one at a time. The iterator is the walk
//! over the top container and nothing else.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Deserialize;

use super::node::NodeDeserializer;
use super::object::ITEMS;
use super::place::Place;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Contents, Nodes};
use crate::nodes::view::{View, set_items, tuple_items};
use crate::walk::cx::Cx;

/// The items of one list, tuple or set, each made when the iterator comes to it; see
/// [`Deserializer::elements`].
///
/// After an error the iterator goes on with the next item.
///
/// [`Deserializer::elements`]: crate::Deserializer::elements
///
/// ```
/// use serde_pickle::{Deserializer, Elements};
///
/// let mut pickles = Deserializer::from_slice(b"](K\x01K\x02e.");
/// let elements: Elements<'_, '_, u8> = pickles.elements()?;
/// assert_eq!(elements.collect::<Result<Vec<_>, _>>()?, [1, 2]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct Elements<'g, 'de, T> {
    cx: Cx<'g, 'de>,
    items: Source<'g, 'de>,
    left: usize,
    index: usize,
    /// Where the pickle begins in its stream.
    start: u64,
    item: PhantomData<fn() -> T>,
}

enum Source<'g, 'de> {
    Contents(Contents<'g, 'de>),
    Handles(std::vec::IntoIter<Handle>),
}

impl<'g, 'de, T: Deserialize<'de>> Elements<'g, 'de, T> {
    pub(super) fn new(cx: Cx<'g, 'de>, root: Handle, start: u64) -> Result<Self> {
        let found = items_of(&cx, root).and_then(|(items, left)| {
            cx.charge_values(left)?;
            Ok((items, left))
        });
        let (items, left) = found.map_err(|error| cx.locate(error, root).in_stream(start))?;
        Ok(Self { cx, items, left, index: 0, start, item: PhantomData })
    }

    fn element(&self, handle: Handle) -> Result<T> {
        self.cx.check_unspent()?;
        let root = NodeDeserializer::root(&self.cx, handle);
        let depth = root.deeper()?;
        self.cx.settle(
            T::deserialize(Place::Node(NodeDeserializer::new(&self.cx, handle, depth))),
            handle,
        )
    }
}

/// Gives the items of `root`, and their number.
fn items_of<'g, 'de>(cx: &Cx<'g, 'de>, root: Handle) -> Result<(Source<'g, 'de>, usize)> {
    let nodes: &'g Nodes<'de> = cx.nodes;
    let handles = |handles: Vec<Handle>| {
        let len = handles.len();
        Ok((Source::Handles(handles.into_iter()), len))
    };
    match root.tag() {
        Tag::List | Tag::Set | Tag::FrozenSet => {
            let object = nodes.object(root.number());
            Ok((Source::Contents(nodes.contents(&object)), nodes.contents_len(&object)))
        }
        Tag::Tuple | Tag::EmptyTuple => handles(tuple_items(nodes, root).to_vec()),
        Tag::Instance => match cx.view(root)? {
            View::Set { items, taken, .. } => {
                handles(set_items(nodes, root.number(), items, taken))
            }
            // A deque, or a subclass of list.
            View::Object(object) => handles(cx.handles_given(&object.object, ITEMS)?),
            _ => Err(no_items(root)),
        },
        _ => Err(no_items(root)),
    }
}

fn no_items(root: Handle) -> Error {
    Error::data(format!(
        "expected a list, tuple or set, found {}",
        crate::nodes::describe::describe(root.tag())
    ))
}

impl<'de, T: Deserialize<'de>> Iterator for Elements<'_, 'de, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.left = self.left.checked_sub(1)?;
        let handle = match &mut self.items {
            Source::Contents(contents) => contents.next(),
            Source::Handles(handles) => handles.next(),
        }?;
        let index = self.index;
        self.index += 1;
        Some(self.element(handle).map_err(|error| {
            let error = match self.cx.charge_memory(error.long_path_bytes()) {
                Ok(()) => error,
                Err(spent) => spent,
            };
            self.cx.locate(error, handle).under_index(index).in_stream(self.start)
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> fmt::Debug for Elements<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elements").field("left", &self.left).finish_non_exhaustive()
    }
}
