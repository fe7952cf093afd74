//! Graphs made by hand.
//!
//! The builder hands out ids and appends to the same flat vectors that the machine fills.
//! [`GraphBuilder::finish`] reports errors: the first one is kept, and nodes made after it do not
//! count. So a graph is built without a `?` on every node.

use std::borrow::Cow;
use std::fmt;

use num_bigint::BigInt;

use super::Graph;
use super::decoded::Decoded;
use super::node::NodeId;
use crate::error::{Error, Result};
use crate::limits::Allowance;
use crate::nodes::describe::describe;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::import::import;
use crate::nodes::known::{Known, may_be_called, understand};
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Const, Flags, Nodes, RunKind};
use crate::protocol::Protocol;
use crate::reduce::How;
use crate::settings::Plain;
use crate::value::Value;

/// Builds a [`Graph`], whose objects may be shared or contain themselves.
///
/// Each method makes an object and gives its id, by which others refer to it. A tuple or frozenset
/// is made with all its items; a list, dict, set or object can be given more later, itself
/// included. Errors wait for [`finish`](Self::finish).
///
/// ```
/// use serde_pickle::graph::GraphBuilder;
///
/// let mut builder = GraphBuilder::new();
/// let name = builder.str("me");
/// let me = builder.dict([]);
/// builder.insert(me, name, me); // me = {}; me['me'] = me
/// let pair = builder.tuple([me, me]);
/// let graph = builder.finish(pair)?;
/// assert_eq!(graph.root().to_string(), "({'me': {...}}, {'me': {...}})");
/// assert_eq!(
///     graph.to_vec()?,
///     b"\x80\x04\x95\x0f\0\0\0\0\0\0\0}\x94\x8c\x02me\x94h\x00sh\x00\x86\x94."
/// );
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// An instance of a class, with another one as an attribute:
///
/// ```
/// use serde_pickle::graph::GraphBuilder;
///
/// let mut builder = GraphBuilder::new();
/// let class = builder.global("tree", "Node");
/// let (parent, child) = (builder.instance(class), builder.instance(class));
/// let (children, parents) = (builder.str("children"), builder.str("parent"));
/// let list = builder.list([child]);
/// let state = builder.dict([(children, list)]);
/// builder.set_state(parent, state);
/// let state = builder.dict([(parents, parent)]);
/// builder.set_state(child, state);
/// let graph = builder.finish(parent)?;
/// let children = graph.root().attr("children").expect("it was put there");
/// let child = children.get(0).expect("it was put there");
/// assert_eq!(child.attr("parent"), Some(graph.root()));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Default)]
pub struct GraphBuilder {
    nodes: Nodes<'static>,
    error: Option<Error>,
}

impl GraphBuilder {
    /// A builder without any objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// `None`.
    ///
    /// ```
    /// use serde_pickle::graph::GraphBuilder;
    ///
    /// let mut builder = GraphBuilder::new();
    /// let items = [builder.none(), builder.bool(true), builder.int(7), builder.float(1.5)];
    /// let list = builder.list(items);
    /// let (bytes, array) = (builder.bytes(*b"ab"), builder.bytearray(*b"cd"));
    /// builder.push(list, bytes);
    /// builder.push(list, array);
    /// let graph = builder.finish(list)?;
    /// assert_eq!(graph.root().to_string(), "[None, True, 7, 1.5, b'ab', bytearray(b'cd')]");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn none(&mut self) -> NodeId {
        NodeId::of(Handle::new(Tag::None, 0, 0))
    }

    /// `True` or `False`.
    pub fn bool(&mut self, value: bool) -> NodeId {
        NodeId::of(Handle::new(if value { Tag::True } else { Tag::False }, 0, 0))
    }

    /// An `int` of any size.
    pub fn int(&mut self, value: impl Into<BigInt>) -> NodeId {
        let value = value.into();
        self.constant(match i64::try_from(&value) {
            Ok(value) => Const::Int(value),
            Err(_) => Const::BigInt(Cow::Owned(value)),
        })
    }

    /// A `float`.
    pub fn float(&mut self, value: f64) -> NodeId {
        self.constant(Const::Float(value))
    }

    /// A `str`.
    pub fn str(&mut self, text: impl Into<String>) -> NodeId {
        self.constant(Const::Str(Cow::Owned(text.into())))
    }

    /// `bytes`.
    pub fn bytes(&mut self, bytes: impl Into<Vec<u8>>) -> NodeId {
        self.constant(Const::Bytes(Cow::Owned(bytes.into())))
    }

    /// A `bytearray`.
    pub fn bytearray(&mut self, bytes: impl Into<Vec<u8>>) -> NodeId {
        let bytes = self.bytes(bytes);
        self.make(Tag::ByteArray, vec![bytes.handle()])
    }

    /// A `list`.
    pub fn list(&mut self, items: impl IntoIterator<Item = NodeId>) -> NodeId {
        let items = self.handles(items);
        self.make(Tag::List, items)
    }

    /// A `tuple`.
    pub fn tuple(&mut self, items: impl IntoIterator<Item = NodeId>) -> NodeId {
        let items = self.handles(items);
        if items.is_empty() {
            return NodeId::of(Handle::new(Tag::EmptyTuple, 0, 0));
        }
        self.make(Tag::Tuple, items)
    }

    /// A `dict`.
    pub fn dict(&mut self, entries: impl IntoIterator<Item = (NodeId, NodeId)>) -> NodeId {
        let entries = self.handles(entries.into_iter().flat_map(|(key, value)| [key, value]));
        entries.iter().step_by(2).for_each(|&key| self.check_hashable(key));
        self.make(Tag::Dict, entries)
    }

    /// A `set`.
    ///
    /// ```
    /// use serde_pickle::graph::GraphBuilder;
    ///
    /// let mut builder = GraphBuilder::new();
    /// let one = builder.int(1);
    /// let (set, frozen) = (builder.set([]), builder.frozenset([one]));
    /// builder.add(set, one);
    /// let whole = builder.value(vec!["a", "b"]);
    /// let id = builder.str("db1");
    /// let outside = builder.persistent_id(id);
    /// let all = builder.tuple([set, frozen, whole, outside]);
    /// let text = builder.finish(all)?.root().to_string();
    /// assert!(text.starts_with("({1}, frozenset({1}), ['a', 'b'], "));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn set(&mut self, items: impl IntoIterator<Item = NodeId>) -> NodeId {
        let items = self.handles(items);
        items.iter().for_each(|&item| self.check_hashable(item));
        self.make(Tag::Set, items)
    }

    /// A `frozenset`.
    pub fn frozenset(&mut self, items: impl IntoIterator<Item = NodeId>) -> NodeId {
        let items = self.handles(items);
        items.iter().for_each(|&item| self.check_hashable(item));
        self.make(Tag::FrozenSet, items)
    }

    /// A class, function or other object that a module has under a name; dots in the name lead into
    /// classes.
    pub fn global(&mut self, module: impl Into<String>, qualname: impl Into<String>) -> NodeId {
        let (module, qualname) = (module.into(), qualname.into());
        let flags =
            Flags::with_low(Known::of_global(&module, &qualname) as u8).with(Flags::DOTTED, true);
        let names = [self.str(module), self.str(qualname)].map(NodeId::handle);
        let made = self.nodes.push_object(Tag::Global, flags, 0, &names);
        self.made(made)
    }

    /// Adds the result of `callable(*args)`.
    ///
    /// Calls that only spell a builtin, such as `builtins.set([…])`, are what they make; see
    /// [`NodeKind`](crate::graph::NodeKind).
    pub fn call(&mut self, callable: NodeId, args: impl IntoIterator<Item = NodeId>) -> NodeId {
        let args = self.tuple(args);
        self.object(How::Call, callable, args, None)
    }

    /// An instance of a class, made without a call of it: what plain Python objects are. Its
    /// attributes are its [state](Self::set_state).
    pub fn instance(&mut self, class: NodeId) -> NodeId {
        let args = self.tuple([]);
        self.object(How::NewObj, class, args, None)
    }

    /// An object from the parts that `__reduce__` returns: a callable, a tuple of arguments, and a
    /// dict of keyword arguments for [`How::NewObjEx`].
    ///
    /// ```
    /// use serde_pickle::graph::GraphBuilder;
    /// use serde_pickle::reduce::How;
    ///
    /// let mut builder = GraphBuilder::new();
    /// let (class, setter) = (builder.global("m", "C"), builder.global("m", "set"));
    /// let one = builder.int(1);
    /// let args = builder.tuple([one]);
    /// let object = builder.object(How::NewObj, class, args, None); // C.__new__(C, 1)
    /// builder.set_state_by(object, setter, one);
    /// let called = builder.call(class, [object]); // C(object)
    /// let graph = builder.finish(called)?;
    /// let made = graph.root().object().unwrap();
    /// assert_eq!((made.how, made.args[0].object().unwrap().how), (How::Call, How::NewObj));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn object(
        &mut self,
        how: How,
        callable: NodeId,
        args: NodeId,
        kwargs: Option<NodeId>,
    ) -> NodeId {
        let callable = self.check(callable);
        let args = self.check(args);
        self.check_callable(callable);
        if !args.tag().is_tuple() {
            self.fail(|| {
                format!("the arguments of an object must be a tuple, not {}", describe(args.tag()))
            });
        }
        let mut parts = vec![callable, args];
        let spelling = match how {
            How::Call => Spelling::Reduce,
            How::NewObj => Spelling::NewObj,
            How::NewObjEx => {
                let kwargs = match kwargs {
                    Some(kwargs) => self.check(kwargs),
                    None => self.dict([]).handle(),
                };
                if kwargs.tag() != Tag::Dict {
                    self.fail(|| {
                        format!("keyword arguments must be a dict, not {}", describe(kwargs.tag()))
                    });
                }
                parts.push(kwargs);
                Spelling::NewObjEx
            }
            How::Inst => {
                parts.truncate(1);
                parts.extend_from_slice(crate::nodes::view::tuple_items(&self.nodes, args));
                Spelling::Obj
            }
        };
        if kwargs.is_some() && how != How::NewObjEx {
            self.fail(|| "keyword arguments need How::NewObjEx".to_owned());
        }
        let made = self.nodes.push_object(Tag::Instance, spelling.flags(), 0, &parts);
        let id = self.made(made);
        if how == How::Call && callable.tag() == Tag::Global {
            let known = Known::from_number(self.nodes.object(callable.number()).flags().low());
            if known != Known::Nothing {
                let seen = understand(&mut self.nodes, &[], id.handle().number(), known, args);
                self.keep(seen.map(drop));
            }
        }
        id
    }

    /// An object outside of the pickle, by its persistent id.
    pub fn persistent_id(&mut self, id: NodeId) -> NodeId {
        let id = self.check(id);
        self.make(Tag::Persid, vec![id])
    }

    /// A whole value. What is in it is shared with nothing else.
    pub fn value(&mut self, value: impl Into<Value>) -> NodeId {
        let imported = import(&mut self.nodes, value.into(), 0).map(|imported| imported.root);
        self.made(imported)
    }

    /// Appends an item to a list, or to an object as its list items.
    pub fn push(&mut self, list: NodeId, item: NodeId) {
        let item = self.check(item);
        self.give(list, RunKind::Items, &[item], "a list or an object");
    }

    /// Stores a value under a key of a dict, or in an object as its dict items.
    pub fn insert(&mut self, dict: NodeId, key: NodeId, value: NodeId) {
        let (key, value) = (self.check(key), self.check(value));
        if dict.handle().tag() == Tag::Dict {
            self.check_hashable(key);
        }
        self.give(dict, RunKind::Pairs, &[key, value], "a dict or an object");
    }

    /// Adds an item to a set, or to an object as its set items.
    pub fn add(&mut self, set: NodeId, item: NodeId) {
        let item = self.check(item);
        if set.handle().tag() == Tag::Set {
            self.check_hashable(item);
        }
        self.give(set, RunKind::Adds, &[item], "a set or an object");
    }

    /// Gives an object its state: for most classes a dict of its attributes.
    pub fn set_state(&mut self, object: NodeId, state: NodeId) {
        let state = self.check(state);
        self.give(object, RunKind::State, &[state], "an object");
    }

    /// Gives an object its state by a function of object and state, in place of its class's
    /// `__setstate__`. Python 3.8 added it as the sixth item of what `__reduce__` returns.
    pub fn set_state_by(&mut self, object: NodeId, setter: NodeId, state: NodeId) {
        let (setter, state) = (self.check(setter), self.check(state));
        self.check_callable(setter);
        self.give(object, RunKind::Setter, &[setter, state], "an object");
    }

    /// The graph of all that can be reached from `root`.
    ///
    /// # Errors
    /// `Data`, where something along the way was not possible: an item for what takes none, an
    /// unhashable key, arguments that are no tuple, an id of another builder that this one has not
    /// given. `Limit`, beyond 2³² objects.
    pub fn finish(mut self, root: NodeId) -> Result<Graph<'static>> {
        let root = self.check(root);
        match self.error {
            Some(error) => Err(error),
            None => Ok(Graph {
                input: Cow::Borrowed(&[]),
                nodes: self.nodes,
                root,
                further: Vec::new(),
                declared: Some(Protocol::DEFAULT),
                // The caller has built it in memory, so its size needs no limit.
                settings: Plain { max_memory: Allowance::fixed(u64::MAX), ..Plain::default() },
                buffers: Vec::new(),
                decoded: Decoded::default(),
            }),
        }
    }

    fn constant(&mut self, value: Const<'static>) -> NodeId {
        let made = self.nodes.push_const(value);
        self.made(made)
    }

    fn make(&mut self, tag: Tag, contents: Vec<Handle>) -> NodeId {
        let unhashable =
            tag == Tag::Tuple && !contents.iter().all(|&item| self.nodes.is_hashable(item));
        let flags = Flags::default().with(Flags::UNHASHABLE, unhashable);
        let made = self.nodes.push_object(tag, flags, 0, &contents);
        self.made(made)
    }

    fn give(&mut self, to: NodeId, kind: RunKind, contents: &[Handle], takers: &str) {
        let to = self.check(to);
        let fine = match (to.tag(), kind) {
            (Tag::List, RunKind::Items)
            | (Tag::Dict, RunKind::Pairs)
            | (Tag::Set, RunKind::Adds) => true,
            (Tag::Instance, _) => {
                !Spelling::known(self.nodes.object(to.number()).flags()).is_builtin_value()
            }
            (Tag::Global | Tag::Persid, _) => true,
            _ => false,
        };
        if !fine {
            self.fail(|| format!("expected {takers}, found {}", describe(to.tag())));
            return;
        }
        let given = self.nodes.extend(to.number(), kind, contents, 0);
        self.keep(given);
    }

    fn handles(&mut self, ids: impl IntoIterator<Item = NodeId>) -> Vec<Handle> {
        ids.into_iter().map(|id| self.check(id)).collect()
    }

    /// The handle of an id, if this builder may have given it.
    fn check(&mut self, id: NodeId) -> Handle {
        let handle = id.handle();
        let known = match handle.tag() {
            Tag::None | Tag::True | Tag::False | Tag::EmptyTuple => true,
            Tag::Const => self.nodes.constant(handle.number()).is_some(),
            tag if handle.is_object() => {
                (handle.number() as usize) < self.nodes.object_count()
                    && self.nodes.object(handle.number()).tag() == tag
            }
            _ => false,
        };
        if known {
            return handle;
        }
        self.fail(|| "a node of another graph".to_owned());
        Handle::new(Tag::None, 0, 0)
    }

    fn check_callable(&mut self, callable: Handle) {
        if !may_be_called(&self.nodes, callable) {
            self.fail(|| format!("{} is not a class or function", describe(callable.tag())));
        }
    }

    fn check_hashable(&mut self, key: Handle) {
        if !self.nodes.is_hashable(key) {
            self.fail(|| format!("{} is unhashable", describe(key.tag())));
        }
    }

    fn fail(&mut self, message: impl FnOnce() -> String) {
        if self.error.is_none() {
            self.error = Some(Error::data(message()));
        }
    }

    fn keep(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.error.get_or_insert(error.nowhere());
        }
    }

    fn made(&mut self, handle: Result<Handle>) -> NodeId {
        NodeId::of(handle.unwrap_or_else(|error| {
            self.error.get_or_insert(error.nowhere());
            Handle::new(Tag::None, 0, 0)
        }))
    }
}

impl fmt::Debug for GraphBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphBuilder").field("error", &self.error).finish_non_exhaustive()
    }
}
