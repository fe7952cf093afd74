//! One value of a graph, as users see it.
//!
//! Reduces that only spell a builtin are shown as that builtin, by the same `view` as everywhere: a
//! set is a set, though protocol 2 had to write a call. The contents that an object was given come
//! run by run from `nodes`, in the order of the pickle.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::Graph;
use super::decoded::bytes_arguments;
use super::given::{Source, Wanted};
use super::parts::{Entries, Items, ObjectParts};
use crate::de::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag, TagKind};
use crate::nodes::known::Known;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::Const;
use crate::nodes::view::{ObjectView, View, tuple_items, view};
use crate::reduce::How;
use crate::value::Value;
use crate::walk::cx::Cx;

/// The identity of an object within its graph. Two nodes of one graph with the same id are one
/// Python object.
///
/// ```
/// use serde_pickle::Graph;
///
/// // a = []; [a, a]
/// let graph = Graph::from_slice(b"](]q\0h\0e.")?;
/// let ids: Vec<_> = graph.root().items().map(|item| item.id()).collect();
/// assert_eq!(ids[0], ids[1]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u64);

impl NodeId {
    pub(crate) fn of(handle: Handle) -> Self {
        Self(handle.to_bits())
    }

    pub(crate) fn handle(self) -> Handle {
        Handle::from_bits(self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({:#x})", self.0)
    }
}

/// The kind of Python object that a node is.
///
/// Calls that only spell a builtin are what they make: a set of protocol 2, written as the call
/// `set([…])`, is a [`Set`](Self::Set).
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::graph::NodeKind;
///
/// assert_eq!(Graph::from_slice(b").")?.root().kind(), NodeKind::Tuple);
/// assert_eq!(Graph::from_slice(b"cm\nC\n.")?.root().kind(), NodeKind::Global);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// `None`.
    None,
    /// A `bool`.
    Bool,
    /// An `int` of any size.
    Int,
    /// A `float`.
    Float,
    /// A `complex`.
    Complex,
    /// A `str`; also an 8-bit string of Python 2 that the encoding decodes.
    Str,
    /// `bytes`; also an 8-bit string of Python 2 that the encoding does not decode.
    Bytes,
    /// A `bytearray`.
    ByteArray,
    /// A `list`.
    List,
    /// A `tuple`.
    Tuple,
    /// A `dict`.
    Dict,
    /// A `set`.
    Set,
    /// A `frozenset`.
    FrozenSet,
    /// A class, function or other object that the pickle names.
    Global,
    /// The same, by extension code: its name is in a registry (`copyreg.add_extension`).
    Extension,
    /// Any other object: how to build it.
    Object,
    /// An object outside of the pickle, by its persistent id.
    PersistentId,
    /// A buffer beside the pickle, or a read-only view of one (PEP 574).
    Buffer,
}

/// One object in a [`Graph`].
///
/// `==` is identity, Python's `is`. As in Python, `None`, `True`, `False` and `()` are one object
/// each wherever they are; numbers are never shared in a pickle, so equal ones are different nodes.
///
/// ```
/// use serde_pickle::graph::NodeKind;
/// use serde_pickle::Graph;
///
/// // pickle.dumps({'langs': ('Python', 'Rust')}, 4), without the frame
/// let pickle = b"\x80\x04}\x94\x8c\x05langs\x94\x8c\x06Python\x94\x8c\x04Rust\x94\x86\x94s.";
/// let graph = Graph::from_slice(pickle)?;
/// let langs = graph.root().get("langs").expect("the key is there");
/// assert_eq!((langs.kind(), langs.len(), langs.offset()), (NodeKind::Tuple, 2, Some(28)));
/// let names: Vec<_> = langs.items().filter_map(|node| node.as_str()).collect();
/// assert_eq!(names, ["Python", "Rust"]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// A node is also serde's `Deserializer`: `T::deserialize(node)`.
#[derive(Clone, Copy)]
pub struct Node<'g> {
    pub(crate) graph: &'g Graph<'g>,
    pub(crate) handle: Handle,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id() && std::ptr::eq(self.graph, other.graph)
    }
}

impl Eq for Node<'_> {}

/// By identity, as `==`: a set of nodes remembers where a walk has been.
impl Hash for Node<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl<'g> Node<'g> {
    pub(super) fn new(graph: &'g Graph<'g>, handle: Handle) -> Self {
        Self { graph, handle }
    }

    pub(super) fn at(self, handle: Handle) -> Self {
        Self { handle, ..self }
    }

    pub(super) fn input(self) -> &'g [u8] {
        &self.graph.input
    }

    pub(super) fn view(self) -> Option<View<'g>> {
        match self.handle.tag() {
            Tag::Instance => view(&self.graph.nodes, self.input(), self.handle.number()).ok(),
            _ => None,
        }
    }

    /// Returns the identity of the object. Nodes of one graph are equal if their ids are.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // a = []; [a, a]
    /// let graph = Graph::from_slice(b"](]q\0h\0e.")?;
    /// let mut ids = graph.root().items().map(|item| item.id());
    /// assert_eq!(ids.next(), ids.next());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn id(self) -> NodeId {
        let handle = self.graph.nodes.identity(self.handle);
        NodeId::of(match handle.tag() {
            Tag::None | Tag::True | Tag::False | Tag::EmptyTuple => Handle::new(handle.tag(), 0, 0),
            _ => handle,
        })
    }

    /// Returns the byte offset of the instruction that made the object; `None` for one that is in
    /// no pickle.
    pub fn offset(self) -> Option<u64> {
        if self.graph.input.is_empty() { None } else { self.graph.nodes.offset(self.handle) }
    }

    /// Returns the kind of object that this is.
    pub fn kind(self) -> NodeKind {
        match self.handle.tag().kind() {
            TagKind::None | TagKind::Vacant => NodeKind::None,
            TagKind::Bool => NodeKind::Bool,
            TagKind::Int => NodeKind::Int,
            TagKind::Float => NodeKind::Float,
            TagKind::Str => NodeKind::Str,
            TagKind::Chars => match self.decoded_text() {
                Some(_) => NodeKind::Str,
                None => NodeKind::Bytes,
            },
            TagKind::Bytes => NodeKind::Bytes,
            TagKind::ByteArray => NodeKind::ByteArray,
            TagKind::Buffer => NodeKind::Buffer,
            TagKind::List => NodeKind::List,
            TagKind::Tuple => NodeKind::Tuple,
            TagKind::Dict => NodeKind::Dict,
            TagKind::Set => NodeKind::Set,
            TagKind::FrozenSet => NodeKind::FrozenSet,
            TagKind::Global if self.handle.tag() == Tag::Ext => NodeKind::Extension,
            TagKind::Global => NodeKind::Global,
            TagKind::Persid => NodeKind::PersistentId,
            TagKind::Const => match self.graph.nodes.constant(self.handle.number()) {
                Some(Const::Int(_) | Const::BigInt(_)) => NodeKind::Int,
                Some(Const::Float(_)) => NodeKind::Float,
                Some(Const::Str(_) | Const::Surrogates(_)) => NodeKind::Str,
                Some(Const::Bytes(_) | Const::Raw { .. }) => NodeKind::Bytes,
                None => NodeKind::None,
            },
            // The arguments are not looked at, since they may be long.
            TagKind::Instance if bytes_arguments(self.graph, self.handle.number()).is_some() => {
                let flags = self.graph.nodes.object(self.handle.number()).flags();
                match Spelling::known(flags) {
                    Known::ByteArray => NodeKind::ByteArray,
                    _ => NodeKind::Bytes,
                }
            }
            TagKind::Instance => match self.view() {
                Some(View::Set { frozen: false, .. }) => NodeKind::Set,
                Some(View::Set { frozen: true, .. }) => NodeKind::FrozenSet,
                Some(View::Complex { .. }) => NodeKind::Complex,
                // An attribute of a class or module is a global; one of an object, a bound method,
                // is not.
                Some(View::Attribute) if self.global().is_some() => NodeKind::Global,
                _ => NodeKind::Object,
            },
        }
    }

    /// Returns the number of items or entries.
    ///
    /// Counts the [`items`](Self::items) of a list, tuple or set, the [`entries`](Self::entries) of
    /// a dict, both of an object. Anything else has none.
    pub fn len(self) -> usize {
        let nodes = &self.graph.nodes;
        match self.handle.tag() {
            Tag::List | Tag::Tuple | Tag::Set | Tag::FrozenSet => {
                nodes.contents_len(&nodes.object(self.handle.number()))
            }
            Tag::Dict => nodes.contents_len(&nodes.object(self.handle.number())) / 2,
            _ => self.items().source.len() + self.entries().0.source.len() / 2,
        }
    }

    /// Returns true if [`len`](Self::len) is 0.
    pub fn is_empty(self) -> bool {
        self.items().next().is_none() && self.entries().next().is_none()
    }

    /// The items of a list, tuple, set or frozenset; of an object, what was appended or added to
    /// it. A set's items are as the pickle has them: equal ones may come twice.
    pub fn items(self) -> Items<'g> {
        let nodes = &self.graph.nodes;
        let source = match self.handle.tag() {
            Tag::List | Tag::Tuple | Tag::Set | Tag::FrozenSet => {
                Source::Contents(nodes.contents(&nodes.object(self.handle.number())))
            }
            Tag::Instance => match self.set_view() {
                Some((Some(items), taken)) if items.is_object() => {
                    let items = nodes.contents(&nodes.object(items.number())).take(taken);
                    Source::Set(items, nodes.more(&nodes.object(self.handle.number())))
                }
                Some(_) => self.given(Wanted::Added),
                None => self.given(Wanted::Items),
            },
            _ => self.given(Wanted::Items),
        };
        Items { node: self, source }
    }

    /// The list items of an object: those appended after it was made. Those of a list are its
    /// [`items`](Self::items).
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // An object that is both: APPEND, and ADDITEMS of protocol 4.
    /// let graph = Graph::from_slice(b"\x80\x04cm\nC\n)\x81K\x01a(K\x02K\x03\x90.")?;
    /// let root = graph.root();
    /// assert_eq!(root.items().count(), 3);
    /// assert_eq!((root.appended_items().count(), root.added_items().count()), (1, 2));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn appended_items(self) -> Items<'g> {
        Items { node: self, source: self.given(Wanted::Appended) }
    }

    /// The items that were added to an object after it was made, as to a set (ADDITEMS).
    pub fn added_items(self) -> Items<'g> {
        let source = match self.handle.tag() {
            Tag::Instance if self.set_view().is_some() => Source::Nothing,
            _ => self.given(Wanted::Added),
        };
        Items { node: self, source }
    }

    /// The iterable and items of a set that a call makes.
    fn set_view(self) -> Option<(Option<Handle>, usize)> {
        let flags = self.graph.nodes.object(self.handle.number()).flags();
        match Spelling::known(flags) {
            Known::Set | Known::FrozenSet => match self.view() {
                Some(View::Set { items, taken, .. }) => Some((items, taken)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The keys and values of a dict; of an object, those that were stored in it. A key may come
    /// more than once, and then the last one counts.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let graph = Graph::from_slice(b"}X\x01\0\0\0aK\x01s.")?;
    /// let root = graph.root();
    /// assert!(!root.is_empty());
    /// let (key, value) = root.entries().next().unwrap();
    /// assert_eq!((key.as_str().as_deref(), value.as_i64()), (Some("a"), Some(1)));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn entries(self) -> Entries<'g> {
        let nodes = &self.graph.nodes;
        let source = match self.handle.tag() {
            Tag::Dict => Source::Contents(nodes.contents(&nodes.object(self.handle.number()))),
            _ => self.given(Wanted::Pairs),
        };
        Entries(Items { node: self, source })
    }

    /// Returns the parts of an [`Object`](NodeKind::Object); `None` for any other kind.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // pickle.dumps(decimal.Decimal('1.5'), 2)
    /// let pickle = b"\x80\x02cdecimal\nDecimal\nq\x00X\x03\x00\x00\x001.5q\x01\x85q\x02Rq\x03.";
    /// let graph = Graph::from_slice(pickle)?;
    /// let parts = graph.root().object().expect("it is an object");
    /// assert!(parts.callable.global().is_some_and(|class| class.is("decimal", "Decimal")));
    /// assert_eq!(parts.args[0].as_str().as_deref(), Some("1.5"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn object(self) -> Option<ObjectParts<'g>> {
        let object = self.object_view()?;
        Some(ObjectParts {
            how: object.how,
            callable: self.at(object.callable),
            args: object.args.iter().map(|&handle| self.at(handle)).collect(),
            kwargs: object.kwargs.map(|handle| self.at(handle)),
            states: self.states().collect(),
        })
    }

    /// The parts of an [`Object`](NodeKind::Object) where they lie.
    pub(super) fn object_view(self) -> Option<ObjectView<'g>> {
        if self.kind() != NodeKind::Object {
            return None;
        }
        let nodes = &self.graph.nodes;
        Some(match self.view() {
            Some(View::Object(object)) if object.base.is_none() => object,
            // The call stays a call: `copyreg._reconstructor` with the value of a base class, or
            // `getattr` on an object.
            _ => {
                let object = nodes.object(self.handle.number());
                let (callable, args) = match *nodes.first(&object) {
                    [callable, args, ..] => (callable, args),
                    _ => (Handle::VACANT, Handle::VACANT),
                };
                let args = tuple_items(nodes, args);
                ObjectView { how: How::Call, callable, args, kwargs: None, base: None, object }
            }
        })
    }

    /// The states that an object was given, in order, each with the function that sets it if that
    /// is not the class's own `__setstate__`.
    ///
    /// Those of an [`Object`](NodeKind::Object) are also among its
    /// [parts](ObjectParts::states). A class or function may be given attributes in the same way.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // A function, with attributes by BUILD.
    /// let graph = Graph::from_slice(b"cm\nf\n}X\x01\x00\x00\x00xK\x01sb.")?;
    /// let (setter, state) = graph.root().states().next().expect("there is one");
    /// assert_eq!((setter, state.get("x").and_then(|x| x.as_i64())), (None, Some(1)));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn states(self) -> impl Iterator<Item = (Option<Self>, Self)> + 'g {
        self.given_states()
            .map(move |(setter, state)| (setter.map(|setter| self.at(setter)), self.at(state)))
    }

    /// Returns an attribute by name, out of the state of an object, or of a class or function that
    /// was given one. The state is a dict, or `(dict, slots)`.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // class Point: …; pickle.dumps(Point(x=1), 2)
    /// let pickle = b"\x80\x02cgeometry\nPoint\n)\x81}X\x01\x00\x00\x00xK\x01sb.";
    /// let graph = Graph::from_slice(pickle)?;
    /// assert_eq!(graph.root().attr("x").and_then(|x| x.as_i64()), Some(1));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn attr(self, name: &str) -> Option<Node<'g>> {
        self.attribute(name)
    }

    /// Returns the node and everything below it as a tree.
    ///
    /// ```
    /// use serde_pickle::{Graph, pickle};
    ///
    /// let graph = Graph::from_slice(b"](K\x01K\x02e.")?;
    /// assert_eq!(graph.root().to_value()?, pickle!([1, 2]));
    /// // a = []; a.append(a)
    /// let graph = Graph::from_slice(b"]q\0h\0a.")?;
    /// assert!(graph.root().contains_itself());
    /// assert!(graph.root().to_value().is_err());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Data` where an object contains itself; `Limit` where it is nested too deep or expands to
    /// too much; both by the options with which the graph was read.
    pub fn to_value(self) -> Result<Value> {
        self.walk(|node| {
            crate::de::value::build(node.cx, node.handle).map_err(|error| self.locate(error))
        })
    }

    /// Returns true if the object can be reached from itself. Looks at everything below it, each
    /// object once.
    pub fn contains_itself(self) -> bool {
        crate::nodes::contains_itself(&self.graph.nodes, self.handle)
    }

    /// Returns true if the objects below form a tree, so that a [`Value`] loses nothing.
    ///
    /// No list, tuple, dict, set or object comes twice in a tree. Text, bytes, numbers, names and
    /// persistent ids do not count. Looks at everything below the node, each object once.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // a = [1]; pickle.dumps([a, a], 2) and pickle.dumps([[1], [1]], 2)
    /// let shared = Graph::from_slice(b"\x80\x02]q\x00(]q\x01K\x01ah\x01e.")?;
    /// let equal = Graph::from_slice(b"\x80\x02]q\x00(]q\x01K\x01a]q\x02K\x01ae.")?;
    /// assert_eq!((shared.root().is_tree(), equal.root().is_tree()), (false, true));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn is_tree(self) -> bool {
        crate::nodes::is_tree(&self.graph.nodes, self.handle)
    }

    /// The node as a tree, charged to an expansion budget that several trees share; `None` stands
    /// for the budget of the options.
    pub(super) fn tree(self, budget: &mut Option<u64>) -> Result<Value> {
        let settings = self.graph.settings.into();
        let cx = match *budget {
            None => Cx::new(&self.graph.nodes, self.input(), self.input().len(), settings),
            Some(left) => {
                let span = self.input().len();
                Cx::with_budget(&self.graph.nodes, self.input(), span, settings, left)
            }
        };
        let cx = cx.with_buffers(&self.graph.buffers);
        let tree = crate::de::value::build(&cx, self.handle);
        *budget = Some(cx.budget());
        tree.map_err(|error| self.locate(error))
    }

    /// Adds the byte offset of the node to an error.
    pub(super) fn locate(self, error: Error) -> Error {
        match self.offset() {
            _ if self.input().is_empty() => error.nowhere(),
            Some(offset) => error.at(offset),
            None => error,
        }
    }

    /// Begins a walk of `de/` here.
    pub(crate) fn walk<T>(self, walk: impl FnOnce(NodeDeserializer<'_, 'g>) -> T) -> T {
        let settings = self.graph.settings.into();
        let cx = Cx::new(&self.graph.nodes, self.input(), self.input().len(), settings)
            .with_buffers(&self.graph.buffers);
        walk(NodeDeserializer::root(&cx, self.handle))
    }
}
