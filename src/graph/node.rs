//! One value of a graph, as users see it.
//!
//! Reduces that only spell a builtin are seen through, by the same `view` as everywhere: whoever
//! looks at a set does not care that protocol 2 had to write a call. What an object was given comes
//! run by run from `nodes`, in the order of the pickle.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use num_bigint::BigInt;

use super::Graph;
use super::decoded::bytes_arguments;
use crate::de::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag, TagKind};
use crate::nodes::known::Known;
use crate::nodes::scalar::{self, Int};
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Const, Contents, Flags, RunKind};
use crate::nodes::view::{ObjectView, View, global_names, set_items, tuple_items, view};
use crate::read::text::Text;
use crate::reduce::{Global, How};
use crate::value::{Complex, SurrogateString, Value};
use crate::walk::cx::Cx;

/// Which object a node is, within its graph. Two nodes of one graph with one id are one Python
/// object.
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

    fn at(self, handle: Handle) -> Self {
        Self { handle, ..self }
    }

    fn input(self) -> &'g [u8] {
        &self.graph.input
    }

    fn view(self) -> Option<View<'g>> {
        match self.handle.tag() {
            Tag::Instance => view(&self.graph.nodes, self.input(), self.handle.number()).ok(),
            _ => None,
        }
    }

    /// Which object this is. Nodes of one graph are equal if their ids are.
    pub fn id(self) -> NodeId {
        let handle = self.graph.nodes.identity(self.handle);
        NodeId::of(match handle.tag() {
            Tag::None | Tag::True | Tag::False | Tag::EmptyTuple => Handle::new(handle.tag(), 0, 0),
            _ => handle,
        })
    }

    /// Where in the pickle the instruction is that made it, in bytes; `None` for what is in no
    /// pickle.
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
                Some(Const::Bytes(_)) => NodeKind::Bytes,
                None => NodeKind::None,
            },
            // Without a look at what they are made of, which may be long.
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
            _ => self.items().count() + self.entries().count(),
        }
    }

    /// Returns true if [`len`](Self::len) is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
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
                Some((items, taken)) => Source::Handles(
                    set_items(nodes, self.handle.number(), items, taken).into_iter(),
                ),
                None => self.given(&[RunKind::Items, RunKind::Adds]),
            },
            _ => self.given(&[RunKind::Items, RunKind::Adds]),
        };
        Items { node: self, source }
    }

    /// The items that were appended to an object after it was made: list items. Those of a list are
    /// its [`items`](Self::items).
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
        Items { node: self, source: self.given(&[RunKind::Items]) }
    }

    /// The items that were added to an object after it was made, as to a set (ADDITEMS).
    pub fn added_items(self) -> Items<'g> {
        let source = match self.handle.tag() {
            Tag::Instance if self.set_view().is_some() => Source::Handles(Vec::new().into_iter()),
            _ => self.given(&[RunKind::Adds]),
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

    /// The keys and values of a dict; of an object, those that were stored in it. A key that comes
    /// again is there again: the last one counts.
    pub fn entries(self) -> Entries<'g> {
        let nodes = &self.graph.nodes;
        let source = match self.handle.tag() {
            Tag::Dict => Source::Contents(nodes.contents(&nodes.object(self.handle.number()))),
            _ => self.given(&[RunKind::Pairs]),
        };
        Entries(Items { node: self, source })
    }

    /// The contents that an object was given after it was made; nothing for anything else.
    fn given(self, kinds: &[RunKind]) -> Source<'g> {
        if !matches!(self.handle.tag(), Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid) {
            return Source::Handles(Vec::new().into_iter());
        }
        let nodes = &self.graph.nodes;
        let object = nodes.object(self.handle.number());
        let runs = nodes.more(&object).filter(|(kind, _)| kinds.contains(kind));
        Source::Handles(
            runs.flat_map(|(_, run)| run.iter().copied()).collect::<Vec<_>>().into_iter(),
        )
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
        if self.kind() != NodeKind::Object {
            return None;
        }
        let nodes = &self.graph.nodes;
        let object = match self.view() {
            Some(View::Object(object)) if object.base.is_none() => object,
            // The call as it is: of `copyreg._reconstructor` with the value of a base class, of
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
        };
        Some(ObjectParts {
            how: object.how,
            callable: self.at(object.callable),
            args: object.args.iter().map(|&handle| self.at(handle)).collect(),
            kwargs: object.kwargs.map(|handle| self.at(handle)),
            states: self.states().collect(),
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
        let nodes = &self.graph.nodes;
        let is_given =
            matches!(self.handle.tag(), Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid);
        let object = is_given.then(|| nodes.object(self.handle.number()));
        object.into_iter().flat_map(|object| nodes.more(&object)).filter_map(move |(kind, run)| {
            match (kind, run) {
                (RunKind::State, &[state]) => Some((None, self.at(state))),
                (RunKind::Setter, &[setter, state]) => {
                    Some((Some(self.at(setter)), self.at(state)))
                }
                _ => None,
            }
        })
    }

    /// An attribute by name, from the state of an object, or of a class or function that was given
    /// one: from the dict that it is, or from `(dict, slots)`.
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
        let is_dict = |node: &Self| node.handle.tag() == Tag::Dict;
        let found = self.states().filter_map(|(_, state)| match state.handle.tag() {
            Tag::Dict => state.get(name),
            Tag::Tuple if state.len() == 2 => {
                state.items().filter(is_dict).filter_map(|dict| dict.get(name)).last()
            }
            _ => None,
        });
        found.last()
    }

    /// The names of a [`Global`](NodeKind::Global).
    ///
    /// A nested class of an older protocol, spelled by `getattr`, has its dotted name; Python 2's
    /// names are Python 3's, unless [`DeOptions::fix_imports`](crate::DeOptions::fix_imports) says
    /// otherwise.
    pub fn global(self) -> Option<Global> {
        let names = global_names(
            &self.graph.nodes,
            self.input(),
            self.handle,
            self.graph.settings.fix_imports,
        );
        let (module, qualname) = names.ok().flatten()?;
        Some(Global::new(module, qualname))
    }

    /// The code of an [`Extension`](NodeKind::Extension).
    pub fn extension_code(self) -> Option<u32> {
        match self.handle.tag() {
            Tag::Ext => scalar::extension_code(
                self.input(),
                self.graph.nodes.object(self.handle.number()).offset(),
            ),
            _ => None,
        }
    }

    /// The id of a [`PersistentId`](NodeKind::PersistentId).
    pub fn persistent_id(self) -> Option<Node<'g>> {
        let nodes = &self.graph.nodes;
        match self.handle.tag() {
            Tag::Persid => {
                nodes.first(&nodes.object(self.handle.number())).first().map(|&id| self.at(id))
            }
            _ => None,
        }
    }

    /// Returns true for `None`.
    pub fn is_none(self) -> bool {
        self.kind() == NodeKind::None
    }

    /// The value of a bool.
    pub fn as_bool(self) -> Option<bool> {
        match self.handle.tag() {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The value of an int, if it has 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        match self.decoded_int()? {
            Int::Small(value) => Some(value),
            Int::Long(bytes) => BigInt::from_signed_bytes_le(bytes).try_into().ok(),
            Int::Big(value) => i64::try_from(&*value).ok(),
        }
    }

    /// The value of an int of any size.
    pub fn as_big_int(self) -> Option<BigInt> {
        Some(match self.decoded_int()? {
            Int::Small(value) => value.into(),
            Int::Long(bytes) => BigInt::from_signed_bytes_le(bytes),
            Int::Big(value) => value.into_owned(),
        })
    }

    /// The value of a float; no int is one.
    pub fn as_f64(self) -> Option<f64> {
        self.decoded_float()
    }

    /// The value of a complex.
    ///
    /// ```
    /// use serde_pickle::value::Complex;
    /// use serde_pickle::Graph;
    ///
    /// // pickle.dumps(1j, 2)
    /// let pickle =
    ///     b"\x80\x02c__builtin__\ncomplex\nG\0\0\0\0\0\0\0\0G\x3f\xf0\0\0\0\0\0\0\x86R.";
    /// let graph = Graph::from_slice(pickle)?;
    /// assert_eq!(graph.root().as_complex(), Some(Complex { re: 0.0, im: 1.0 }));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_complex(self) -> Option<Complex> {
        let is_complex = self.handle.tag() == Tag::Instance
            && Spelling::known(self.graph.nodes.object(self.handle.number()).flags())
                == Known::Complex;
        let view = if is_complex { self.view() } else { None };
        let Some(View::Complex { real, imaginary }) = view else { return None };
        let part = |handle| Self { handle, ..self }.decoded_number();
        Some(Complex { re: part(real)?, im: imaginary.map_or(Some(0.0), part)? })
    }

    /// The text of a str without lone surrogates, borrowed where it is in the pickle as it is.
    pub fn as_str(self) -> Option<Cow<'g, str>> {
        self.decoded_text()
    }

    /// The text of a str that has lone surrogates, of which [`as_str`](Self::as_str) gives nothing.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // pickle.dumps('\udc80', 4), without the frame
    /// let graph = Graph::from_slice(b"\x80\x04\x8c\x03\xed\xb2\x80\x94.")?;
    /// let text = graph.root().as_surrogates().expect("it has one");
    /// assert_eq!((text.fs_encode(), graph.root().as_str()), (Some(vec![0x80]), None));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_surrogates(self) -> Option<SurrogateString> {
        match scalar::text(&self.graph.nodes, self.input(), self.handle)? {
            Text::Surrogates(bytes) => SurrogateString::from_bytes(bytes.into_owned()).ok(),
            Text::Str(_) => None,
        }
    }

    /// The content of bytes, a bytearray, a buffer, or an 8-bit string of Python 2; borrowed where
    /// it is in the pickle as it is.
    pub fn as_bytes(self) -> Option<Cow<'g, [u8]>> {
        self.decoded_bytes()
    }

    /// The place of a buffer among the [out-of-band buffers](crate::DeOptions::buffers), counted
    /// from 0; `None` also for a view of what is in the pickle.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // NEXT_BUFFER, READONLY_BUFFER
    /// let graph = Graph::from_slice(b"\x80\x05\x97\x98.")?;
    /// let root = graph.root();
    /// assert_eq!((root.buffer_number(), root.is_readonly_buffer()), (Some(0), Some(true)));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn buffer_number(self) -> Option<usize> {
        (self.handle.tag() == Tag::Buffer).then(|| self.handle.number() as usize)
    }

    /// Tells if a [`Buffer`](NodeKind::Buffer) is read-only: READONLY_BUFFER was applied to it.
    pub fn is_readonly_buffer(self) -> Option<bool> {
        match self.handle.tag() {
            Tag::Buffer => Some(self.handle.detail() != 0),
            Tag::View => {
                let flags = self.graph.nodes.object(self.handle.number()).flags();
                Some(!flags.has(Flags::WRITABLE))
            }
            _ => None,
        }
    }

    /// This and all below it as a tree.
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

    /// The value as a tree, out of an expansion budget that several share: that of the options
    /// where none is left over from an earlier one.
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

    /// Says where in the pickle an error is, if there is one.
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

/// The parts of an object, as `__reduce__` returned them. Its list, set and dict items are those of
/// [`Node::items`] and [`Node::entries`].
///
/// `Debug` prints as much as that of one [`Node`] does, whatever there is.
#[derive(Clone)]
#[non_exhaustive]
pub struct ObjectParts<'g> {
    /// The way in which the callable is used.
    pub how: How,
    /// The callable, or the class: nearly always a [`Global`](NodeKind::Global).
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

#[derive(Clone)]
enum Source<'g> {
    Contents(Contents<'g, 'g>),
    Handles(std::vec::IntoIter<Handle>),
}

/// The items of a node; see [`Node::items`].
#[derive(Clone)]
pub struct Items<'g> {
    node: Node<'g>,
    source: Source<'g>,
}

impl<'g> Iterator for Items<'g> {
    type Item = Node<'g>;

    fn next(&mut self) -> Option<Node<'g>> {
        let handle = match &mut self.source {
            Source::Contents(contents) => contents.next(),
            Source::Handles(handles) => handles.next(),
        };
        handle.map(|handle| self.node.at(handle))
    }
}

/// The first of the items that are still to come.
impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut items, mut list) = (self.clone(), f.debug_list());
        list.entries(items.by_ref().take(PRINTED));
        if items.next().is_some() { list.finish_non_exhaustive() } else { list.finish() }
    }
}

/// The entries of a node; see [`Node::entries`].
#[derive(Clone)]
pub struct Entries<'g>(Items<'g>);

impl<'g> Iterator for Entries<'g> {
    type Item = (Node<'g>, Node<'g>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// The first of the entries that are still to come.
impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut entries, mut map) = (self.clone(), f.debug_map());
        map.entries(entries.by_ref().take(PRINTED));
        if entries.next().is_some() { map.finish_non_exhaustive() } else { map.finish() }
    }
}
