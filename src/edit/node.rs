//! [`NodeMut`]: changes by hand.
//!
//! A change here is one assignment, as Python would make it: an object keeps its identity, and all
//! who refer to it see the change. Python cannot change a tuple, a number or text; such a value is
//! replaced in whatever holds it, or everywhere by [`Graph::replace`].

use std::fmt;

use serde::ser::Serialize;

use super::diff::{Change, What};
use super::editor::Editor;
use crate::convert::to_value;
use crate::error::{Error, Result};
use crate::graph::{Graph, GraphKey, Node, NodeId, NodeKind};
use crate::nodes::handle::{Handle, Tag};
use crate::value::Value;

/// An object of a [`Graph`], to be changed.
///
/// Values are given as anything that can be serialized, and become new objects; or as the
/// [`NodeId`] of an object of this graph, which is then referred to once more.
///
/// ```
/// use serde_pickle::Graph;
///
/// // pickle.dumps({'name': 'Ada', 'langs': ['Python']}, 4), without the frame
/// let bytes = b"\x80\x04}\x94(\x8c\x04name\x94\x8c\x03Ada\x94\x8c\x05langs\x94]\x94\
///     \x8c\x06Python\x94au.";
/// let mut graph = Graph::from_slice(bytes)?;
/// let mut root = graph.root_mut();
/// root.insert("name", "Grace")?;
/// root.get_mut("langs").expect("it is there").push("Rust")?;
/// assert_eq!(graph.root().to_string(), "{'name': 'Grace', 'langs': ['Python', 'Rust']}");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct NodeMut<'g, 'de> {
    graph: &'g mut Graph<'de>,
    handle: Handle,
}

/// New content for a [`NodeMut`]: a reference to anything serializable, or an object's [`NodeId`].
///
/// ```
/// use serde_pickle::Graph;
///
/// // [[1], 2]
/// let mut graph = Graph::from_slice(b"](]K\x01aK\x02e.")?;
/// let inner = graph.root().get(0).unwrap().id();
/// graph.root_mut().push(&"new")?; // anything serializable
/// graph.root_mut().push(inner)?; // an object that is there
/// assert_eq!(graph.root().to_string(), "[[1], 2, 'new', [1]]");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub trait NodeValue: sealed::Sealed {}

mod sealed {
    use crate::error::Result;
    use crate::graph::NodeId;
    use crate::value::Value;

    /// A value that is given.
    #[derive(Debug)]
    pub enum Given {
        New(Value),
        There(NodeId),
    }

    pub trait Sealed {
        fn given(&self) -> Result<Given>;
    }
}

use sealed::Given;

impl<T: Serialize + ?Sized> NodeValue for &T {}
impl<T: Serialize + ?Sized> sealed::Sealed for &T {
    fn given(&self) -> Result<Given> {
        to_value(*self).map(Given::New)
    }
}

impl NodeValue for NodeId {}
impl sealed::Sealed for NodeId {
    fn given(&self) -> Result<Given> {
        Ok(Given::There(*self))
    }
}

/// A placeholder for both sides of a change by hand.
static NOTHING: Value = Value::None;

pub(super) const BY_HAND: Change<'static> =
    Change { old: &NOTHING, new: &NOTHING, what: What::Whole };

impl<'de> Graph<'de> {
    /// The object that was pickled, to be changed.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let mut graph = Graph::from_slice(b"](]K\x01aK\x02e.")?;
    /// graph.root_mut().set_item(1, &3)?;
    /// let inner = graph.root().get(0).unwrap().id();
    /// graph.node_mut(inner).push(&4)?;
    /// assert_eq!(graph.root().to_string(), "[[1, 4], 3]");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn root_mut(&mut self) -> NodeMut<'_, 'de> {
        let handle = self.root;
        NodeMut { graph: self, handle }
    }

    /// The object with this id, to be changed. An id of another graph gives an unrelated object.
    pub fn node_mut(&mut self, id: NodeId) -> NodeMut<'_, 'de> {
        NodeMut { handle: id.handle(), graph: self }
    }

    /// Replaces an object by a new value, at every reference.
    ///
    /// # Errors
    /// Those of serializing the value; `Data` where the object is a key or the item of a set and
    /// the value cannot be one.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // t = (1, 2); pickle.dumps([t, t], 2)
    /// let mut graph = Graph::from_slice(b"\x80\x02]q\x00(K\x01K\x02\x86q\x01h\x01e.")?;
    /// let tuple = graph.root().get(0).expect("it is there").id();
    /// graph.replace(tuple, &(3, 4))?;
    /// assert_eq!(graph.root().to_string(), "[(3, 4), (3, 4)]");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn replace<V: NodeValue>(&mut self, id: NodeId, value: V) -> Result<()> {
        let given = value.given()?;
        let was = id.handle();
        let root = self.root;
        let now = self.edit(|editor| {
            let now = editor.given(given, was)?;
            let slots = editor.slots_of_handle(was);
            for slot in slots {
                editor.nodes.replace(editor.journal, slot, now);
            }
            Ok(now)
        })?;
        if self.nodes.identity(root) == was {
            self.root = now;
        }
        Ok(())
    }

    /// Runs an editor, and takes its changes back if it fails.
    pub(super) fn edit<'v, R>(
        &mut self,
        work: impl FnOnce(&mut Editor<'_, 'v, 'de>) -> Result<R>,
    ) -> Result<R> {
        let mut journal = self.nodes.journal();
        let result = work(&mut Editor::new(
            &mut self.nodes,
            &self.input,
            self.settings,
            &self.buffers,
            self.root,
            &mut journal,
        ));
        if result.is_err() {
            self.nodes.revert(journal);
        }
        self.forget_decoded();
        result
    }
}

impl<'g, 'de> NodeMut<'g, 'de> {
    /// The object for reading.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let mut graph = Graph::from_slice(b"]K\x01a.")?;
    /// let root = graph.root().id();
    /// assert_eq!((graph.root_mut().id(), graph.root_mut().as_node().len()), (root, 1));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_node(&self) -> Node<'_> {
        self.graph.node(self.handle)
    }

    /// Returns the identity of the object.
    pub fn id(&self) -> NodeId {
        self.as_node().id()
    }

    /// The value under `key`, as [`Node::get`] finds it, to be changed.
    pub fn get_mut(self, key: impl GraphKey) -> Option<NodeMut<'g, 'de>> {
        let handle = self.as_node().get(key)?.handle;
        Some(NodeMut { handle, graph: self.graph })
    }

    /// The attribute `name`, as [`Node::attr`] finds it, to be changed.
    pub fn attr_mut(self, name: &str) -> Option<NodeMut<'g, 'de>> {
        let handle = self.as_node().attr(name)?.handle;
        Some(NodeMut { handle, graph: self.graph })
    }

    /// Gives an object an attribute, wherever it keeps its attributes: `node.name = value`.
    ///
    /// An attribute that is there is changed where it is: in the dict or the slots of the state,
    /// among the keyword arguments, or among the dict items. A new one goes into the first dict of
    /// the state, and into a new state where there is none.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // class C: def __init__(self): self.x, self.tags = 1, []
    /// let pickle = b"\x80\x02cm\nC\n)\x81}(X\x01\0\0\0xK\x01X\x04\0\0\0tags]ub.";
    /// let mut graph = Graph::from_slice(pickle)?;
    /// graph.root_mut().set_attr("x", &2)?;
    /// graph.root_mut().attr_mut("tags").unwrap().extend([&"a", &"b"])?;
    /// assert_eq!(graph.root().to_string(), "<m.C() state {'x': 2, 'tags': ['a', 'b']}>");
    /// assert!(graph.root_mut().remove_attr("x")?);
    /// graph.root_mut().set_state(&("any", "state"))?;
    /// assert_eq!(graph.root().to_string(), "<m.C() state ('any', 'state')>");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Unsupported` for an object whose state has no names, and for a value that is not an object.
    pub fn set_attr<V: NodeValue>(&mut self, name: &str, value: V) -> Result<()> {
        let (at, given, key) = (self.handle, value.given()?, Value::from(name));
        self.graph.edit(|editor| {
            let now = editor.given(given, at)?;
            editor.set_attribute(at, &key, now)
        })
    }

    /// Removes an attribute, `del node.name`; returns true if it was there.
    ///
    /// # Errors
    /// As [`set_attr`](Self::set_attr).
    pub fn remove_attr(&mut self, name: &str) -> Result<bool> {
        let (at, key) = (self.handle, Value::from(name));
        self.graph.edit(|editor| editor.remove_attribute(at, &key))
    }

    /// Stores a value under a key of a dict, or among the dict items of an object:
    /// `node[key] = value`. Of equal keys the last one is changed.
    ///
    /// # Errors
    /// `Unsupported` for a value without entries; `Data` for a key that Python cannot hash.
    pub fn insert<K: Serialize, V: NodeValue>(&mut self, key: K, value: V) -> Result<()> {
        let (at, given, key) = (self.handle, value.given()?, to_value(&key)?);
        if !key.is_hashable() {
            return Err(Error::data("a key must be hashable"));
        }
        self.graph.edit(|editor| {
            let now = editor.given(given, at)?;
            editor.set_entry(at, &key, now)
        })
    }

    /// Removes the entry under a key, `del node[key]`; returns true if there was one.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // {'a': 1, 'b': 2, 'c': 3}
    /// let pickle = b"}(X\x01\0\0\0aK\x01X\x01\0\0\0bK\x02X\x01\0\0\0cK\x03u.";
    /// let mut graph = Graph::from_slice(pickle)?;
    /// assert!(graph.root_mut().remove("a")?);
    /// graph.root_mut().retain_entries(|_, value| value.as_i64() != Some(2))?;
    /// assert_eq!(graph.root().to_string(), "{'c': 3}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Unsupported` for what has no entries.
    pub fn remove<K: Serialize>(&mut self, key: K) -> Result<bool> {
        let (at, key) = (self.handle, to_value(&key)?);
        self.graph.edit(|editor| editor.remove_entry(at, &key))
    }

    /// Keeps the entries of a dict for which `keep` returns true.
    ///
    /// # Errors
    /// `Unsupported` for what has no entries.
    pub fn retain_entries(
        &mut self,
        mut keep: impl FnMut(Node<'_>, Node<'_>) -> bool,
    ) -> Result<()> {
        let entries = self.as_node().entries();
        let kept: Vec<Handle> = entries
            .filter(|&(key, value)| keep(key, value))
            .flat_map(|(key, value)| [key.handle, value.handle])
            .collect();
        let at = self.handle;
        self.graph.edit(|editor| editor.set_entries(at, kept))
    }

    /// Appends an item to a list, or to the list items of an object; adds it to a set.
    ///
    /// # Errors
    /// `Unsupported` for a value without items, or with a fixed number of them, such as a tuple;
    /// `Data` for an item of a set that Python cannot hash.
    pub fn push<V: NodeValue>(&mut self, value: V) -> Result<()> {
        self.extend([value])
    }

    /// Appends several items.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn extend<V: NodeValue>(&mut self, values: impl IntoIterator<Item = V>) -> Result<()> {
        let given: Result<Vec<Given>> = values.into_iter().map(|value| value.given()).collect();
        let given = given?;
        self.change_items(|editor, at, items| {
            for given in given {
                items.push(editor.given(given, at)?);
            }
            Ok(())
        })
    }

    /// Inserts an item before the one at `index`, or at the end if `index` is the length.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let mut graph = Graph::from_slice(b"](K\x01K\x02K\x03e.")?;
    /// let mut root = graph.root_mut();
    /// root.insert_item(0, &0)?;
    /// root.remove_item(1)?;
    /// root.retain_items(|item| item.as_i64() != Some(2))?;
    /// assert_eq!(graph.root().to_string(), "[0, 3]");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`push`](Self::push); `Data` for an index beyond the end.
    pub fn insert_item<V: NodeValue>(&mut self, index: usize, value: V) -> Result<()> {
        let given = value.given()?;
        self.change_items(|editor, at, items| {
            if index > items.len() {
                return Err(beyond(index, items.len()));
            }
            items.insert(index, editor.given(given, at)?);
            Ok(())
        })
    }

    /// Puts a value in the place of the item at `index`: `node[index] = value`.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let mut graph = Graph::from_slice(b"](K\x01K\x02e.")?;
    /// graph.root_mut().set_item(1, &"two")?;
    /// assert_eq!(graph.root().to_string(), "[1, 'two']");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`insert_item`](Self::insert_item).
    pub fn set_item<V: NodeValue>(&mut self, index: usize, value: V) -> Result<()> {
        let given = value.given()?;
        self.change_items(|editor, at, items| {
            let len = items.len();
            *items.get_mut(index).ok_or_else(|| beyond(index, len))? = editor.given(given, at)?;
            Ok(())
        })
    }

    /// Removes the item at `index`: `del node[index]`.
    ///
    /// # Errors
    /// As [`insert_item`](Self::insert_item).
    pub fn remove_item(&mut self, index: usize) -> Result<()> {
        self.change_items(|_, _, items| {
            if index >= items.len() {
                return Err(beyond(index, items.len()));
            }
            items.remove(index);
            Ok(())
        })
    }

    /// Keeps the items for which `keep` returns true.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn retain_items(&mut self, mut keep: impl FnMut(Node<'_>) -> bool) -> Result<()> {
        let items = self.as_node().items();
        let kept: Vec<Handle> = items.filter(|&item| keep(item)).map(|item| item.handle).collect();
        self.change_items(|_, _, items| {
            *items = kept;
            Ok(())
        })
    }

    /// Puts a value in the place of a positional argument of an object.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // m.C(1, 2)
    /// let mut graph = Graph::from_slice(b"cm\nC\n(K\x01K\x02tR.")?;
    /// graph.root_mut().set_arg(1, &3)?;
    /// assert_eq!(graph.root().to_string(), "<m.C(1, 3)>");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Unsupported` for what is no object; `Data` for an index beyond the end.
    pub fn set_arg<V: NodeValue>(&mut self, index: usize, value: V) -> Result<()> {
        let (at, given) = (self.handle, value.given()?);
        self.graph.edit(|editor| {
            let mut args = editor.args(at)?;
            let len = args.len();
            *args.get_mut(index).ok_or_else(|| beyond(index, len))? = editor.given(given, at)?;
            editor.set_args_in_place(at, args)
        })
    }

    /// Gives an object another state, whatever it had: the argument of its `__setstate__`.
    ///
    /// # Errors
    /// `Unsupported` for what is no object.
    pub fn set_state<V: NodeValue>(&mut self, value: V) -> Result<()> {
        let (at, given) = (self.handle, value.given()?);
        self.graph.edit(|editor| {
            let now = editor.given(given, at)?;
            editor.set_state(at, now)
        })
    }

    fn change_items(
        &mut self,
        change: impl FnOnce(&mut Editor<'_, '_, 'de>, Handle, &mut Vec<Handle>) -> Result<()>,
    ) -> Result<()> {
        let (at, kind) = (self.handle, self.as_node().kind());
        let mut items: Vec<Handle> = self.as_node().items().map(|item| item.handle).collect();
        self.graph.edit(|editor| {
            change(editor, at, &mut items)?;
            match kind {
                NodeKind::List => editor.set_list(at, items),
                NodeKind::Set => editor.with_set_items(at, &BY_HAND, items).map(|_| ()),
                NodeKind::Object => editor.set_runs(at, items),
                _ => Err(editor.no_place(at)),
            }
        })
    }
}

impl Editor<'_, '_, '_> {
    /// The handle of a value that is given.
    fn given(&mut self, given: Given, at: Handle) -> Result<Handle> {
        match given {
            Given::New(value) => self.import(&value, at),
            Given::There(id) => Ok(id.handle()),
        }
    }

    /// The slots that refer to an object.
    fn slots_of_handle(&self, handle: Handle) -> Vec<usize> {
        let all = self.nodes.handles().iter().enumerate();
        all.filter(|(_, other)| self.nodes.identity(**other) == handle)
            .map(|(slot, _)| slot)
            .collect()
    }
}

#[cold]
fn beyond(index: usize, len: usize) -> Error {
    Error::data(format!("index {index} is out of range for {len} items"))
}

impl fmt::Debug for NodeMut<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_node().fmt(f)
    }
}

impl fmt::Display for NodeMut<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_node().fmt(f)
    }
}

/// Returns true for the handle of an instance.
pub(super) fn is_instance(handle: Handle) -> bool {
    handle.tag() == Tag::Instance
}
