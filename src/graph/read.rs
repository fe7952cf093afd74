//! [`Graph`]: reading a pickle into one.

use std::borrow::Cow;
use std::io::Read;

use serde::de::Deserialize;

use super::Node;
use super::decoded::Decoded;
use crate::de::{DeOptions, check_all_taken};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::machine::{self, Loaded, State};
use crate::nodes::handle::Handle;
use crate::nodes::store::Nodes;
use crate::protocol::Protocol;
use crate::read::instructions;
use crate::read::source::Collector;
use crate::settings::Plain;
use crate::value::{Buffer, Value};

/// The objects of a pickle, each once, with every reference to it, its own included.
///
/// A [`Value`](crate::Value) or a Rust type is a tree: shared objects are copied into it, and an
/// object that contains itself does not fit. A `Graph` keeps what Python had. Any part of it can be
/// looked at as a [`Node`], deserialized, or made a `Value`.
///
/// ```
/// use serde_pickle::Graph;
///
/// // a = [1]; pickle.dumps([a, a], 2)
/// let graph = Graph::from_slice(b"\x80\x02]q\x00(]q\x01K\x01ah\x01e.")?;
/// let [first, second] = graph.root().items().collect::<Vec<_>>()[..] else { panic!("two items") };
/// assert!(first == second); // Python's `is`
/// assert_eq!(graph.deserialize::<Vec<Vec<u8>>>()?, [[1], [1]]);
///
/// // b = []; b.append(b); pickle.dumps(b, 2)
/// let graph = Graph::from_slice(b"\x80\x02]q\x00h\x00a.")?;
/// let root = graph.root();
/// assert_eq!(root.items().next(), Some(root));
/// assert_eq!(root.to_string(), "[[...]]");
/// assert!(root.to_value().is_err());
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Text and bytes stay in the pickle that was read: a graph takes 8 to 16 bytes for an ordinary
/// value beside it. Nothing about a graph recurses, so there is no limit on its depth. A clone
/// copies the graph, and the pickle if the graph owns it; to share one between threads, put it into
/// an [`Arc`](std::sync::Arc).
#[derive(Clone)]
pub struct Graph<'de> {
    pub(crate) input: Cow<'de, [u8]>,
    pub(crate) nodes: Nodes<'de>,
    pub(crate) root: Handle,
    /// The roots of further pickles of a stream.
    pub(super) further: Vec<Handle>,
    /// The protocol that PROTO declared; `None` where it was not there.
    pub(crate) declared: Option<Protocol>,
    pub(crate) settings: Plain,
    pub(crate) buffers: Vec<Buffer<'de>>,
    pub(super) decoded: Decoded,
}

impl<'de> Graph<'de> {
    /// Reads a pickle in memory. Bytes behind it are ignored, as by Python's `pickle.loads`.
    ///
    /// # Errors
    /// `Eof` and `Syntax` where the bytes are no pickle, each with its byte.
    pub fn from_slice(bytes: &'de [u8]) -> Result<Self> {
        DeOptions::new().graph_from_slice(bytes)
    }

    /// The object that was pickled; the first one of a stream.
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }

    /// Forgets what was decoded of nodes that have changed.
    pub(crate) fn forget_decoded(&mut self) {
        self.decoded = Decoded::default();
    }

    pub(crate) fn node(&self, handle: Handle) -> Node<'_> {
        Node::new(self, handle)
    }

    /// The protocol of the pickle that this was read from.
    ///
    /// Protocols 0 and 1 do not say what they are: such a pickle is of the lowest protocol that has
    /// its instructions.
    ///
    /// ```
    /// use serde_pickle::{Graph, Protocol};
    /// assert_eq!(Graph::from_slice(b"\x80\x02N.")?.protocol(), Protocol::V2);
    /// assert_eq!(Graph::from_slice(b"K\x01.")?.protocol(), Protocol::V1);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn protocol(&self) -> Protocol {
        self.declared.unwrap_or_else(|| {
            // CPython writes the call of a state setter with TUPLE2 at every protocol.
            let used = instructions(&self.input).map_while(Result::ok).map(|(_, opcode, _)| opcode);
            used.filter(|opcode| *opcode != Opcode::Tuple2)
                .map(Opcode::protocol)
                .max()
                .unwrap_or(Protocol::V0)
        })
    }

    /// Deserializes the root. The type borrows from the graph.
    ///
    /// # Errors
    /// `Data` where the pickle does not fit the type, or an object contains itself; `Limit` where
    /// it nests too deep for the visitors of serde, or shared references expand to too much.
    ///
    /// ```
    /// use serde_pickle::Graph;
    /// let graph = Graph::from_slice(b"\x80\x04\x8c\x04text\x94.")?;
    /// let text: &str = graph.deserialize()?;
    /// assert_eq!(text, "text");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn deserialize<'g, T: Deserialize<'g>>(&'g self) -> Result<T> {
        T::deserialize(self.root())
    }

    /// The nodes of a value, which borrow from it.
    ///
    /// # Errors
    /// An object whose arguments are not a tuple, or whose class is not a class.
    pub(crate) fn of_value(value: &'de Value) -> Result<Self> {
        let mut nodes = Nodes::default();
        let root = crate::nodes::import::import(&mut nodes, value, 0)?.root;
        Ok(Self {
            input: Cow::Borrowed(&[]),
            nodes,
            root,
            further: Vec::new(),
            declared: None,
            settings: Plain {
                max_memory: crate::limits::Allowance::fixed(u64::MAX),
                ..Plain::default()
            },
            buffers: Vec::new(),
            decoded: Decoded::default(),
        })
    }

    fn read(bytes: &'de [u8], options: &DeOptions<'de>) -> Result<Self> {
        let buffers = options.buffers.as_deref();
        let mut state = State { nodes: Nodes::with_input(bytes.len()), ..State::default() };
        let loaded =
            machine::load(bytes, 0, &mut state, &options.settings().config(true, buffers))?;
        check_all_taken(&state, buffers)?;
        let input = bytes.get(..loaded.end).unwrap_or(bytes);
        Ok(Self::new(Cow::Borrowed(input), state.nodes, &loaded, options))
    }

    fn collect<R: Read>(reader: R, options: &DeOptions<'de>) -> Result<Self> {
        let buffers = options.buffers.as_deref();
        let mut collector = Collector::new(reader);
        machine::collect(&mut collector, 0, 0, None, &options.settings().config(false, None))?;
        let mut bytes = collector.into_bytes();
        // The nodes are to live beside the bytes in one value, so they must not borrow from them.
        let mut state = State { nodes: Nodes::with_input(bytes.len()), ..State::default() };
        let loaded =
            machine::load(&bytes, 0, &mut state, &options.settings().config(false, buffers))?;
        check_all_taken(&state, buffers)?;
        let nodes = state.into_owned().nodes;
        // A frame may have announced more than the pickle used.
        bytes.truncate(loaded.end);
        Ok(Self::new(Cow::Owned(bytes), nodes, &loaded, options))
    }

    fn new(
        input: Cow<'de, [u8]>,
        nodes: Nodes<'de>,
        loaded: &Loaded,
        options: &DeOptions<'de>,
    ) -> Self {
        Self {
            input,
            nodes,
            root: loaded.root,
            further: Vec::new(),
            declared: loaded.protocol,
            settings: options.plain,
            buffers: options.buffers.clone().unwrap_or_default(),
            decoded: Decoded::default(),
        }
    }
}

impl<'de> Graph<'de> {
    /// Reads a pickle from a reader, no byte beyond its STOP. The graph owns the bytes.
    ///
    /// # Errors
    /// As [`from_slice`](Self::from_slice); and `Io`, where the reader fails.
    ///
    /// ```
    /// use serde_pickle::Graph;
    /// let mut file: &[u8] = b"K\x2a.and more";
    /// let graph: Graph<'static> = Graph::from_reader(&mut file)?;
    /// assert_eq!((graph.root().as_i64(), file), (Some(42), &b"and more"[..]));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn from_reader<R: Read>(reader: R) -> Result<Self> {
        DeOptions::new().graph_from_reader(reader)
    }
}

impl<'b> DeOptions<'b> {
    /// Reads a pickle in memory into a [`Graph`]; see [`Graph::from_slice`].
    ///
    /// The options that concern deserializing hold for whatever is deserialized from the graph. A
    /// resolver is asked for names and persistent ids while the pickle is read; its constructors
    /// are not, for a graph shows objects as they are.
    ///
    /// # Errors
    /// As [`Graph::from_slice`]; `Limit` where it has more than [`max_nodes`](Self::max_nodes).
    ///
    /// ```
    /// use serde_pickle::{DeOptions, Encoding};
    ///
    /// // Python 2: pickle.dumps('caf\xe9')
    /// let options = DeOptions::new().encoding(Encoding::Latin1);
    /// let graph = options.graph_from_slice(b"U\x04caf\xe9q\x01.")?;
    /// assert_eq!(graph.root().as_str().as_deref(), Some("café"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn graph_from_slice<'de>(&self, bytes: &'de [u8]) -> Result<Graph<'de>>
    where
        'b: 'de,
    {
        Graph::read(bytes, self)
    }

    /// Reads a pickle from a reader into a [`Graph`]; see [`Graph::from_reader`]. It borrows
    /// nothing but [`buffers`](Self::buffers), if there are any.
    ///
    /// ```
    /// use serde_pickle::DeOptions;
    ///
    /// let graph = DeOptions::new().max_nodes(10).graph_from_reader(&b"]K\x01a."[..])?;
    /// assert_eq!(graph.root().len(), 1);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::from_reader`]; `Limit` where it has more than [`max_nodes`](Self::max_nodes).
    pub fn graph_from_reader<R: Read>(&self, reader: R) -> Result<Graph<'b>> {
        Graph::collect(reader, self)
    }
}
