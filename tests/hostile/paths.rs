//! Every path by which the crate reads a pickle, and what is done with what came out.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::io;
use std::rc::Rc;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_bytes::ByteBuf;
use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::reduce::{Global, PersistentId, Reduce, Resolution};
use serde_pickle::{
    DeOptions, Deserializer, Dict, Error, ErrorKind, Graph, Node, Protocol, Resolver, SerOptions,
    Value, opcode, python, tools,
};

use crate::skipping::Skipping;
use crate::types::{Any, Class, Dicts, Fields, Positional, Tree, Untagged, Variants, visited};

/// A way to read, by name.
pub(crate) struct Path {
    pub(crate) name: &'static str,
    pub(crate) read: Read,
}

/// The input.
#[derive(Clone, Copy)]
pub(crate) enum Read {
    /// The bytes.
    Bytes(fn(&[u8]) -> Outcome),
    /// The graph that was read: a Rust type is always read from one, and so it need not be made for
    /// each.
    Graph(fn(&Graph<'_>) -> Outcome),
    /// The same, which is written.
    Written(fn(&Graph<'_>) -> Outcome),
}

/// The result.
#[derive(Default)]
pub(crate) struct Outcome {
    failure: Option<(ErrorKind, String)>,
    /// Values or instructions that were handed out.
    pub(crate) steps: u64,
    /// Bytes that were written.
    pub(crate) written: u64,
}

impl Outcome {
    fn of<T>(result: Result<T, Error>) -> Self {
        result.map_or_else(|error| Self::failed_as(&error), |_| Self::default())
    }

    fn steps(result: Result<u64, Error>) -> Self {
        match result {
            Ok(steps) => Self { steps, ..Self::default() },
            Err(error) => Self::failed_as(&error),
        }
    }

    /// The result for a graph that could not be read.
    pub(crate) fn failed_as(error: &Error) -> Self {
        Self { failure: Some((error.kind(), error.to_string())), ..Self::default() }
    }

    /// `ok`, or the kind of the error.
    pub(crate) fn name(&self) -> String {
        self.failure.as_ref().map_or_else(|| "ok".to_owned(), |(kind, _)| format!("{kind:?}"))
    }

    pub(crate) fn message(&self) -> &str {
        self.failure.as_ref().map_or("", |(_, message)| message)
    }
}

fn options() -> DeOptions<'static> {
    DeOptions::new()
}

/// The graph from which the Rust types are read.
///
/// # Errors
/// The pickle is none, or beyond a limit.
pub(crate) fn shared_graph(bytes: &[u8]) -> Result<Graph<'static>, Error> {
    options().graph_from_reader(bytes)
}

/// A Rust type, read from a graph.
macro_rules! typed {
    ($($name:literal: $type:ty;)*) => {
        &[$(Path {
            name: $name,
            read: Read::Graph(|graph| Outcome::of(graph.deserialize::<$type>())),
        }),*]
    };
}

/// A function of the bytes.
const fn bytes(name: &'static str, read: fn(&[u8]) -> Outcome) -> Path {
    Path { name, read: Read::Bytes(read) }
}

const OTHERS: &[Path] = &[
    bytes("instructions", instructions),
    bytes("persistent_ids", |bytes| {
        Outcome::steps(tools::persistent_ids(bytes).map(|ids| ids.len() as u64))
    }),
    bytes("ignored", |bytes| Outcome::of(options().from_slice::<IgnoredAny>(bytes))),
    bytes("ignored_reader", |bytes| Outcome::of(options().from_reader::<_, IgnoredAny>(bytes))),
    bytes("value", |bytes| Outcome::steps(options().from_slice(bytes).map(count))),
    bytes("value_reader", |bytes| Outcome::steps(options().from_reader(bytes).map(count))),
    bytes("value_resolved", resolved),
    bytes("value_used", value_used),
    bytes("value_dispatched", value_dispatched),
    bytes("any", |bytes| Outcome::steps(options().from_slice::<Any>(bytes).map(|_| visited()))),
    bytes("any_reader", |bytes| {
        Outcome::steps(options().from_reader::<_, Any>(bytes).map(|_| visited()))
    }),
    bytes("struct", |bytes| Outcome::of(options().from_slice::<Fields>(bytes))),
    bytes("graph", |bytes| Outcome::of(options().graph_from_slice(bytes))),
    bytes("graph_reader", |bytes| Outcome::of(options().graph_from_reader(bytes))),
    bytes("stream", |bytes| stream(bytes, false)),
    bytes("stream_memo", |bytes| stream(bytes, true)),
    bytes("stream_reader", |bytes| stream_reader(bytes, false)),
    bytes("stream_reader_memo", |bytes| stream_reader(bytes, true)),
    bytes("stream_reader_memo_resolved", stream_resolved),
    bytes("elements", elements::<IgnoredAny>),
    bytes("elements_of_values", elements::<Value>),
    bytes("elements_any", elements::<Any>),
    bytes("graph_of_stream", graph_of_stream),
    Path {
        name: "graph_walked",
        read: Read::Graph(|graph| Outcome { steps: walk(graph), ..Outcome::default() }),
    },
    Path { name: "graph_written", read: Read::Written(|graph| graph_written(graph, None)) },
    Path { name: "graph_dispatched", read: Read::Written(graph_dispatched) },
    Path {
        name: "graph_at_0",
        read: Read::Written(|graph| graph_written(graph, Some(Protocol::V0))),
    },
    Path {
        name: "graph_at_2",
        read: Read::Written(|graph| graph_written(graph, Some(Protocol::V2))),
    },
    Path {
        name: "graph_at_5",
        read: Read::Written(|graph| graph_written(graph, Some(Protocol::V5))),
    },
];

const TYPES: &[Path] = typed! {
    "i64": i64;
    "f64": f64;
    "String": String;
    "Vec<Ignored>": Vec<IgnoredAny>;
    "Vec<i64>": Vec<i64>;
    "Vec<f64>": Vec<f64>;
    "Vec<bool>": Vec<bool>;
    "Vec<String>": Vec<String>;
    "Vec<char>": Vec<char>;
    "Vec<Bytes>": Vec<ByteBuf>;
    "Vec<Vec<u8>>": Vec<Vec<u8>>;
    "Vec<Option>": Vec<Option<IgnoredAny>>;
    "Vec<Value>": Vec<Value>;
    "Vec<Fields>": Vec<Fields>;
    "Vec<Variants>": Vec<Variants>;
    "Vec<Untagged>": Vec<Untagged>;
    "Vec<Class>": Vec<Class>;
    "Vec<Positional>": Vec<Positional>;
    "Vec<Reduce>": Vec<Reduce>;
    "Vec<Global>": Vec<Global>;
    "Vec<Persistent>": Vec<PersistentId<IgnoredAny>>;
    "Vec<Rc>": Vec<Rc<IgnoredAny>>;
    "Vec<Decimal>": Vec<python::Decimal>;
    "Vec<Path>": Vec<python::Path>;
    "Vec<NdArray>": Vec<python::numpy::NdArray<'_>>;
    "Tree": Tree;
    "Dicts": Dicts;
    "HashMap<String>": HashMap<String, IgnoredAny>;
    "HashMap<i64>": HashMap<i64, IgnoredAny>;
    "HashSet<Value>": HashSet<i64>;
    "Dict": Dict;
    "json": serde_json::Value;
    "Skipping<Value>": Skipping<Value>;
    "Skipping<String>": Skipping<String>;
    "Skipping<Any>": Skipping<Any>;
    "Skipping<Reduce>": Skipping<Reduce>;
};

/// All of them.
pub(crate) fn paths() -> impl Iterator<Item = &'static Path> {
    OTHERS.iter().chain(TYPES)
}

fn instructions(bytes: &[u8]) -> Outcome {
    let mut steps = 0;
    for instruction in opcode::instructions(bytes) {
        match instruction {
            Ok(_) => steps += 1,
            Err(error) => return Outcome { steps, ..Outcome::failed_as(&error) },
        }
    }
    Outcome { steps, ..Outcome::default() }
}

/// The number of values in one.
fn count(value: Value) -> u64 {
    let mut pending = vec![&value];
    let mut count = 0;
    while let Some(value) = pending.pop() {
        count += 1;
        match value {
            Value::List(items) | Value::Tuple(items) => pending.extend(items),
            Value::Set(items) | Value::FrozenSet(items) => pending.extend(items),
            Value::Dict(dict) => dict.iter().for_each(|(key, value)| pending.extend([key, value])),
            Value::PersistentId(id) => pending.push(id),
            Value::Object(object) => {
                // The tuple of the arguments is a value.
                count += 1;
                pending.push(&object.callable);
                pending.extend(&object.args);
                pending.extend(&object.listitems);
                pending.extend(&object.setitems);
                object.dictitems.iter().for_each(|(key, value)| pending.extend([key, value]));
                object.kwargs.iter().for_each(|(key, value)| pending.extend([key, value]));
                pending.extend(object.state.as_deref());
                pending.extend(&object.state_setter);
            }
            _ => {}
        }
    }
    count
}

/// Counts what is written into it.
#[derive(Default)]
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len() as u64;
        Ok(())
    }
}

/// Everything that can be done with a `Value`: printed, copied, compared, hashed, written as a
/// pickle and as JSON, read again.
fn value_used(bytes: &[u8]) -> Outcome {
    let value: Value = match options().from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return Outcome::failed_as(&error),
    };
    let mut written = 0;
    let mut most = |counter: Counter| written = u64::max(written, counter.0);
    let mut counter = Counter::default();
    write!(counter, "{value}").unwrap();
    most(std::mem::take(&mut counter));
    write!(counter, "{value:?}").unwrap();
    most(std::mem::take(&mut counter));
    write!(counter, "{value:#}").unwrap();
    most(std::mem::take(&mut counter));
    write!(counter, "{value:#?}").unwrap();
    most(std::mem::take(&mut counter));
    let clone = value.clone();
    // A NaN does not equal itself; what is asked is only that the answer comes.
    let _ = clone == value;
    let mut dict = Dict::new();
    let _ = dict.try_insert(clone, Value::None);
    for protocol in [Protocol::V0, Protocol::V2, Protocol::V4] {
        let mut counter = Counter::default();
        // Long ints cannot be written at protocol 0, and an object's arguments may be no tuple.
        let _ = SerOptions::new().protocol(protocol).to_writer(&mut counter, &value);
        most(counter);
    }
    // JSON has no key that is no text.
    let mut counter = Counter::default();
    let _ = serde_json::to_writer(&mut counter, &value);
    most(counter);
    let _ = serde_pickle::from_value::<Any>(value);
    Outcome { written, ..Outcome::default() }
}

/// Allows every global, and lets every persistent id be one.
struct Permissive;

impl Resolver for Permissive {
    fn find_class(&self, _: &str, _: &str) -> Result<Resolution, Error> {
        Ok(Resolution::Allow)
    }

    fn persistent_load(&self, _: &Value) -> Result<Option<Value>, Error> {
        Ok(None)
    }
}

fn resolved(bytes: &[u8]) -> Outcome {
    Outcome::steps(options().resolver(Permissive).from_slice(bytes).map(count))
}

/// Rewrites the objects of the class that the families name, as they are.
fn dispatching() -> SerOptions {
    let options = SerOptions::new();
    [("m", "C"), ("decimal", "Decimal"), ("collections", "deque")].into_iter().fold(
        options,
        |options, (module, qualname)| {
            options.dispatch(Global::new(module, qualname), Ok::<Reduce, Error>)
        },
    )
}

fn value_dispatched(bytes: &[u8]) -> Outcome {
    let value: Value = match options().from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return Outcome::failed_as(&error),
    };
    let mut counter = Counter::default();
    let result = dispatching().to_writer(&mut counter, &value);
    Outcome { written: counter.0, ..Outcome::of(result) }
}

fn graph_dispatched(graph: &Graph<'_>) -> Outcome {
    let mut counter = Counter::default();
    let result = dispatching().graph_to_writer(&mut counter, graph);
    Outcome { written: counter.0, ..Outcome::of(result) }
}

/// Reads a stream whose globals all get names of the caller's.
fn stream_resolved(bytes: &[u8]) -> Outcome {
    struct Renaming;
    impl Resolver for Renaming {
        fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution, Error> {
            Ok(Resolution::Rename(Global::new(format!("new.{module}"), qualname)))
        }
    }
    let options = options().resolver(Renaming);
    pickles(Deserializer::from_reader(bytes).with_options(options).keep_memo(true).into_iter())
}

fn graph_of_stream(bytes: &[u8]) -> Outcome {
    match Deserializer::from_reader(bytes).with_options(options()).into_graph() {
        Ok(graph) => Outcome { steps: graph.roots().count() as u64, ..Outcome::default() },
        Err(error) => Outcome::failed_as(&error),
    }
}

/// Asks a node everything that may be asked of each reference to it.
fn ask(node: Node<'_>) {
    let _ = (node.kind(), node.id(), node.offset(), node.is_none(), node.as_bool());
    let _ = (node.as_i64(), node.as_f64(), node.as_str(), node.as_complex());
    let _ = (node.extension_code(), node.persistent_id(), node.buffer_number());
}

/// Looks at every node once, and at every reference; says how many nodes there are. Prints the
/// graph, too.
pub(crate) fn walk(graph: &Graph<'_>) -> u64 {
    let mut counter = Counter::default();
    write!(counter, "{} {graph:?}", graph.root()).unwrap();
    let _ = graph.root().is_tree();
    let mut seen: HashSet<NodeId> = HashSet::new();
    let mut pending = vec![graph.root()];
    while let Some(node) = pending.pop() {
        if !seen.insert(node.id()) {
            continue;
        }
        let _ = (node.as_bytes(), node.attr("x"), node.get("x"));
        let mut children: Vec<Node<'_>> = node.items().collect();
        children.extend(node.entries().flat_map(|(key, value)| [key, value]));
        children.extend(node.persistent_id());
        if node.kind() == NodeKind::Object
            && let Some(parts) = node.object()
        {
            children.push(parts.callable);
            children.extend(parts.args);
            children.extend(parts.kwargs);
            children.extend(
                parts
                    .states
                    .into_iter()
                    .flat_map(|(setter, state)| setter.into_iter().chain([state])),
            );
        }
        children.iter().copied().for_each(ask);
        pending.extend(children.into_iter().filter(|child| !seen.contains(&child.id())));
    }
    seen.len() as u64
}

pub(crate) fn graph_written(graph: &Graph<'_>, protocol: Option<Protocol>) -> Outcome {
    let mut counter = Counter::default();
    let result = match protocol {
        None => graph.to_writer(&mut counter),
        Some(protocol) => SerOptions::new().protocol(protocol).graph_to_writer(&mut counter, graph),
    };
    Outcome { written: counter.0, ..Outcome::of(result) }
}

/// The number of pickles in a row.
fn pickles(items: impl Iterator<Item = Result<IgnoredAny, Error>>) -> Outcome {
    let mut steps = 0;
    for item in items {
        match item {
            Ok(_) => steps += 1,
            Err(error) => return Outcome { steps, ..Outcome::failed_as(&error) },
        }
    }
    Outcome { steps, ..Outcome::default() }
}

fn stream(bytes: &[u8], keep: bool) -> Outcome {
    pickles(Deserializer::from_slice(bytes).with_options(options()).keep_memo(keep).into_iter())
}

fn stream_reader(bytes: &[u8], keep: bool) -> Outcome {
    pickles(Deserializer::from_reader(bytes).with_options(options()).keep_memo(keep).into_iter())
}

/// Goes on behind an error, as a program may.
fn elements<T: DeserializeOwned>(bytes: &[u8]) -> Outcome {
    let mut stream = Deserializer::from_reader(bytes).with_options(options());
    match stream.elements::<T>() {
        Ok(elements) => {
            let results: Vec<Result<(), Error>> = elements.map(|item| item.map(drop)).collect();
            Outcome::steps(results.into_iter().try_fold(0, |steps, item| item.map(|()| steps + 1)))
        }
        Err(error) => Outcome::failed_as(&error),
    }
}
