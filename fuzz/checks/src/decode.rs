//! Bytes through every way of reading: no panic, and all ways agree.
//!
//! The first [`HEADER`] bytes choose the options and a type, the rest is the pickle.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::fmt::Debug;
use std::io::{self, Read};

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_bytes::ByteBuf;
use serde_pickle::graph::NodeKind;
use serde_pickle::python::{self, numpy};
use serde_pickle::reduce::{
    Constructors, DenyList, ExtensionRegistry, FindClass, Global, PersistentId, Reduce, Renames,
    Resolution, SlotsState,
};
use serde_pickle::value::{Complex, PickleBuffer};
use serde_pickle::{
    AllowList, DeOptions, DecodeErrors, Deserializer, Encoding, Error, ErrorKind, Graph, Node,
    Protocol, Resolver, SerOptions, Value,
};

use crate::types::{
    Adjacent, Anything, Borrowing, Class, Flattened, Nothing, Pair, Rich, SameMap, Shape, Sharing,
    Strict, Tagged, Wrapped,
};

/// The bytes before the pickle.
pub const HEADER: usize = 4;

/// The number of types that the last of them chooses among.
const TYPES: usize = 48;

/// Returns true if containers alone lead from a container back to it. By way of a call they need
/// not: `frozenset(list)` holds what was in the list when it was called.
fn holds_itself(root: Node<'_>) -> bool {
    let mut seen = HashSet::new();
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        let children: Vec<_> = match node.kind() {
            NodeKind::List | NodeKind::Tuple => node.items().collect(),
            NodeKind::Dict => node.entries().flat_map(|(key, value)| [key, value]).collect(),
            _ => continue,
        };
        if children.iter().any(|child| child.id() == root.id()) {
            return true;
        }
        pending.extend(children.into_iter().filter(|child| seen.insert(child.id())));
    }
    false
}

/// Gives a few bytes at a time, and now and then says that it was interrupted.
struct Halting<'a> {
    bytes: &'a [u8],
    at_a_time: usize,
    calls: usize,
}

impl Read for Halting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.at_a_time.min(buffer.len()).min(self.bytes.len());
        let (given, rest) = self.bytes.split_at(count);
        buffer[..count].copy_from_slice(given);
        self.bytes = rest;
        Ok(count)
    }
}

/// A resolver with an answer to everything.
struct Answers;

impl Resolver for Answers {
    fn find_class(&self, module: &str, qualname: &str) -> serde_pickle::Result<Resolution> {
        Ok(match qualname.len() % 3 {
            0 => Resolution::Allow,
            1 => Resolution::Rename(Global::new(module, format!("{qualname}s"))),
            _ => Resolution::Rename(Global::new("builtins", "set")),
        })
    }

    fn persistent_load(&self, id: &Value) -> serde_pickle::Result<Option<Value>> {
        Ok(match id {
            Value::None => None,
            id => Some(Value::List(vec![id.clone(), Value::Tuple(vec![id.clone()])])),
        })
    }

    fn constructs(&self, class: &Global) -> bool {
        class.qualname.len().is_multiple_of(2)
    }

    fn construct(&self, _: &Global, object: &Reduce) -> serde_pickle::Result<Option<Value>> {
        Ok(object.state.is_some().then(|| Value::Tuple(vec![object.args.clone().into()])))
    }
}

/// The result of reading, in a form that can be compared: a NaN equals nothing, but looks the same.
#[derive(PartialEq, Debug)]
enum Outcome {
    Value(String),
    Error(ErrorKind, Option<u64>, Option<String>, String),
}

impl Outcome {
    /// Panics where the two differ.
    fn agree(slice: Self, reader: Self, where_: &str) {
        assert_eq!(slice, reader, "slice and reader differ{where_}");
    }

    /// Panics where what a graph gives differs from what the slice gave. An error that the type
    /// itself words, not a value in it, is said to be at the root by `from_slice` alone: a type
    /// that is handed a node hands its error to nobody.
    fn is_of_graph(&self, slice: &Self) {
        if let (Self::Error(kind, None, path, words), Self::Error(of, Some(_), under, message)) =
            (self, slice)
        {
            assert_eq!((kind, path), (of, under), "slice and graph differ");
            assert!(message.starts_with(words), "slice and graph differ: {message}; {words}");
        } else {
            assert_eq!(self, slice, "slice and graph differ");
        }
    }
}

impl<T: Debug> From<Result<T, Error>> for Outcome {
    fn from(result: Result<T, Error>) -> Self {
        match result {
            Ok(value) => Self::Value(format!("{value:?}")),
            Err(error) => Self::Error(error.kind(), error.offset(), error.path(), message(&error)),
        }
    }
}

/// The message without what the input is taken for: of a reader, fewer bytes are there to tell by.
fn message(error: &Error) -> String {
    let mut text = error.to_string();
    if error.not_pickle().is_some()
        && let Some(end) = text.find("; this ").or_else(|| text.find("; the input is empty"))
    {
        text.truncate(end);
    }
    text
}

/// One input, its options chosen.
struct Case<'a> {
    pickle: &'a [u8],
    options: DeOptions<'a>,
    /// True if a graph reads as the same: it shows objects as they are, where constructors make
    /// values of them.
    by_graph: bool,
    /// The one at which what was read is written again.
    protocol: Protocol,
    at_a_time: usize,
}

impl<'a> Case<'a> {
    fn reader(&self) -> Halting<'a> {
        Halting { bytes: self.pickle, at_a_time: self.at_a_time, calls: 0 }
    }

    /// Reads from slice and reader, which must agree.
    fn read<T: DeserializeOwned + Debug>(&self) -> Result<T, Error> {
        let from_slice = self.options.from_slice::<T>(self.pickle);
        let from_reader = self.options.from_reader::<_, T>(self.reader());
        let from_slice = Outcome::from(from_slice);
        if self.by_graph
            && let Ok(graph) = self.options.graph_from_slice(self.pickle)
        {
            // The same input, so the same limits.
            Outcome::from(T::deserialize(graph.root())).is_of_graph(&from_slice);
        }
        Outcome::agree(from_slice, Outcome::from(from_reader), "");
        self.options.from_slice::<T>(self.pickle)
    }

    /// Reads a type, and writes what was read: that may fail, but not panic.
    fn typed<T: DeserializeOwned + Serialize + Debug>(&self) {
        if let Ok(value) = self.read::<T>() {
            let _ = SerOptions::new().protocol(self.protocol).to_vec(&value);
        }
    }

    fn graph(&self) {
        let graph = self.options.graph_from_slice(self.pickle);
        let collected = self.options.graph_from_reader(self.reader());
        let (graph, collected) = match (graph, collected) {
            (Ok(graph), Ok(collected)) => (graph, collected),
            (graph, collected) => {
                let outcome =
                    |read: Result<Graph<'_>, Error>| Outcome::from(read.map(|_| "a graph"));
                Outcome::agree(outcome(graph), outcome(collected), " in a graph");
                // Nothing reads what the machine cannot run.
                if self.options.graph_from_slice(self.pickle).is_err() {
                    assert!(self.options.from_slice::<Value>(self.pickle).is_err());
                    assert!(self.options.from_slice::<IgnoredAny>(self.pickle).is_err());
                }
                return;
            }
        };
        let shown = graph.root().to_string();
        assert_eq!(shown, collected.root().to_string());
        assert_eq!(graph.protocol(), collected.protocol());
        let _ = format!("{graph:?} {:?}", graph.root());
        let value = graph.root().to_value();
        if holds_itself(graph.root()) {
            assert!(graph.root().contains_itself());
            assert!(value.is_err(), "a value contains itself");
        }
        let _ = graph.deserialize::<IgnoredAny>();
        self.rewrite(&graph);
    }

    /// A graph that can be written can be read again, and so can the result of that.
    fn rewrite(&self, graph: &Graph<'_>) {
        let Ok(bytes) = SerOptions::new().protocol(self.protocol).graph_to_vec(graph) else {
            return;
        };
        let plain = DeOptions::new().max_int_digits(usize::MAX);
        if let Err(error) = plain.graph_from_slice(&bytes) {
            panic!("what a graph was written as cannot be read: {error}\n{}", bytes.escape_ascii());
        }
    }

    fn value(&self) {
        let Ok(value) = self.read::<Value>() else { return };
        if self.by_graph {
            let graph =
                self.options.graph_from_slice(self.pickle).map(|graph| graph.root().to_value());
            match graph {
                Ok(Ok(other)) => assert_eq!(format!("{value:?}"), format!("{other:?}")),
                other => panic!("a Value is read, and by way of a Graph it is not: {other:?}"),
            }
        }
        let shown = format!("{value:?}");
        assert_eq!(shown, format!("{:?}", value.clone()));
        let _ = (
            format!("{value}"),
            format!("{value:#}"),
            value.is_hashable(),
            value.python_eq(&value),
        );
        let Ok(bytes) = SerOptions::new().protocol(self.protocol).to_vec(&value) else { return };
        let options = DeOptions::new().max_int_digits(usize::MAX).max_depth(10_000);
        let back = options.from_slice::<Value>(&bytes);
        assert!(
            back.is_ok(),
            "what was written cannot be read: {back:?}\n{}",
            bytes.escape_ascii()
        );
    }

    /// The pickles that the bytes hold in a row.
    fn stream(&self, keep: bool) {
        let slice = Deserializer::from_slice(self.pickle)
            .with_options(self.options.clone())
            .keep_memo(keep);
        let reader = Deserializer::from_reader(self.reader())
            .with_options(self.options.clone())
            .keep_memo(keep);
        let mut from_slice = slice.into_iter::<Value>();
        let mut from_reader = reader.into_iter::<Value>();
        for _ in 0..8 {
            let (one, other) = (from_slice.next(), from_reader.next());
            let both = matches!((&one, &other), (Some(Ok(_)), Some(Ok(_))));
            match (one, other) {
                (Some(one), Some(other)) => {
                    Outcome::agree(one.into(), other.into(), " in a stream")
                }
                (one, other) => {
                    assert!(
                        one.is_none() && other.is_none(),
                        "a stream ends for one and not for the other"
                    )
                }
            }
            if !both {
                break;
            }
            assert_eq!(from_slice.byte_offset(), from_reader.byte_offset());
        }
        let mut slice = Deserializer::from_slice(self.pickle)
            .with_options(self.options.clone())
            .keep_memo(keep);
        let mut reader = Deserializer::from_reader(self.reader())
            .with_options(self.options.clone())
            .keep_memo(keep);
        match (slice.elements::<Value>(), reader.elements::<Value>()) {
            (Ok(one), Ok(other)) => {
                let outcomes = |items: Vec<Result<Value, Error>>| {
                    items.into_iter().map(Outcome::from).collect()
                };
                let one: Vec<Outcome> = outcomes(one.take(50).collect());
                let other: Vec<Outcome> = outcomes(other.take(50).collect());
                one.into_iter()
                    .zip(other)
                    .for_each(|(one, other)| Outcome::agree(one, other, " in elements"));
            }
            (one, other) => {
                let (one, other) =
                    (one.map(|_| "elements").into(), other.map(|_| "elements").into());
                Outcome::agree(one, other, " in elements");
            }
        }
        let _ = (slice.end(), reader.end());
    }
}

/// Reads a type that borrows, from the slice and by way of a graph.
macro_rules! borrowed {
    ($case:expr, $type:ty) => {{
        let from_slice = Outcome::from($case.options.from_slice::<$type>($case.pickle));
        if $case.by_graph
            && let Ok(graph) = $case.options.graph_from_slice($case.pickle)
        {
            assert_eq!(
                from_slice,
                Outcome::from(graph.deserialize::<$type>()),
                "slice and graph differ"
            );
        }
    }};
}

/// Panics where the ways of reading `input` disagree.
pub fn check(input: &[u8]) {
    let Some((&[text, limits, asked, chosen], pickle)) = input.split_first_chunk::<HEADER>() else {
        return;
    };
    let mut options = DeOptions::new()
        .encoding(
            [Encoding::Utf8, Encoding::Ascii, Encoding::Latin1, Encoding::Bytes]
                [usize::from(text & 3)],
        )
        .errors(
            [
                DecodeErrors::Strict,
                DecodeErrors::Replace,
                DecodeErrors::Ignore,
                DecodeErrors::Strict,
            ][usize::from(text >> 2 & 3)],
        )
        .fix_imports(text & 16 == 0);
    // A deep value needs more stack than a fuzzer has in a build with checks; what is shared may
    // not take seconds.
    options = options.max_expansion([1 << 16, 1 << 10, 1 << 20, 0][usize::from(limits & 3)]);
    options = match limits >> 2 & 3 {
        0 => options,
        1 => options.max_depth(3),
        2 => options.max_depth(0),
        _ => options.max_depth(40),
    };
    if limits & 16 != 0 {
        options = options.max_nodes(usize::from(limits >> 5));
    }
    if limits & 32 != 0 {
        options = options.max_int_digits(20);
    }
    let buffers: Vec<Vec<u8>> = vec![b"one".to_vec(), vec![], vec![7; 40]];
    match text >> 5 & 3 {
        0 | 1 => {}
        2 => options = options.buffers(&buffers),
        _ => options = options.buffers(&buffers[..1]),
    }
    let mut registry = ExtensionRegistry::new();
    for (name, code) in [("C", 1), ("D", 2), ("Outer.Inner", 300)] {
        registry.add("m", name, code).expect("codes and names are new");
    }
    // Most pickles are read without anybody being asked, and by a shorter way.
    let asking = asked & 128 != 0;
    if asking && asked & 8 != 0 {
        options = options.extensions(registry);
    }
    let allow = AllowList::builtins()
        .allow_module("m")
        .allow_package("numpy")
        .allow_nested("datetime", "datetime");
    let deny = DenyList::new().deny_module("builtins").deny("m", "C");
    let renames = Renames::new()
        .rename_module("m", "builtins")
        .rename(Global::new("m", "C"), Global::new("builtins", "set"));
    let both = Renames::new().rename_module("__builtin__", "builtins").and(AllowList::builtins());
    let constructors =
        Constructors::new().with(Global::new("m", "C"), |object| Ok(object.args.clone().into()));
    let find = FindClass::new(|module, _| {
        Ok(if module == "m" { Resolution::Deny } else { Resolution::Allow })
    });
    options = match if asking { asked & 7 } else { 0 } {
        0 => options,
        1 => options.resolver(allow),
        2 => options.resolver(deny),
        3 => options.resolver(renames),
        4 => options.resolver(both),
        5 => options.resolver(constructors),
        6 => options.resolver(find),
        _ => options.resolver(Answers),
    };
    let protocol = Protocol::ALL[usize::from(chosen) / TYPES % Protocol::ALL.len()];
    let mut case = Case {
        pickle,
        options,
        by_graph: true,
        protocol,
        at_a_time: [1, 3, 64, 10_000][usize::from(asked >> 4 & 3)],
    };

    case.graph();
    // Constructors make values that a graph does not show.
    case.by_graph = !(asking && matches!(asked & 7, 5 | 7));
    case.value();
    let _ = case.read::<Ignored>();
    case.stream(asked & 64 != 0);
    typed(&case, chosen);
}

/// `IgnoredAny`, which shows nothing.
#[derive(serde::Deserialize, Debug)]
struct Ignored(#[allow(dead_code, reason = "it is what Debug shows")] IgnoredAny);

/// Reads into the type that the number stands for.
fn typed(case: &Case<'_>, number: u8) {
    match usize::from(number) % TYPES {
        0 => case.typed::<Rich>(),
        1 => case.typed::<Vec<Rich>>(),
        2 => case.typed::<BTreeMap<String, Rich>>(),
        3 => case.typed::<Shape>(),
        4 => case.typed::<Vec<Shape>>(),
        5 => case.typed::<(i8, i16, i32, i64, i128)>(),
        6 => case.typed::<(u8, u16, u32, u64, u128)>(),
        7 => case.typed::<Vec<u8>>(),
        8 => case.typed::<ByteBuf>(),
        9 => case.typed::<String>(),
        10 => case.typed::<Option<Option<char>>>(),
        11 => case.typed::<(f32, f64, bool)>(),
        12 => case.typed::<[u16; 3]>(),
        13 => case.typed::<BTreeSet<(i64, String)>>(),
        14 => case.typed::<BTreeMap<i32, Option<Box<Pair>>>>(),
        15 => case.typed::<Class>(),
        16 => case.typed::<Anything>(),
        17 => case.typed::<Tagged>(),
        18 => case.typed::<Adjacent>(),
        19 => case.typed::<Flattened>(),
        20 => case.typed::<Strict>(),
        21 => case.typed::<Sharing>(),
        22 => case.typed::<SameMap<Shape, Wrapped>>(),
        23 => case.typed::<Reduce>(),
        24 => case.typed::<Reduce<(i64, String), SlotsState<BTreeMap<String, i64>>>>(),
        25 => case.typed::<Global>(),
        26 => case.typed::<PersistentId<Value>>(),
        27 => case.typed::<PickleBuffer>(),
        28 => case.typed::<Complex>(),
        29 => case.typed::<python::DateTime>(),
        30 => case.typed::<python::Date>(),
        31 => case.typed::<python::Time>(),
        32 => case.typed::<python::TimeDelta>(),
        33 => case.typed::<python::TimeZone>(),
        34 => case.typed::<python::Decimal>(),
        35 => case.typed::<python::Fraction>(),
        36 => case.typed::<python::Uuid>(),
        37 => case.typed::<python::Path>(),
        38 => case.typed::<python::IpAddress>(),
        39 => case.typed::<numpy::OwnedNdArray>(),
        40 => case.typed::<numpy::Dtype>(),
        41 => case.typed::<VecDeque<VecDeque<f64>>>(),
        42 => case.typed::<Nothing>(),
        43 => borrowed!(case, Borrowing<'_>),
        44 => borrowed!(case, Vec<&str>),
        45 => borrowed!(case, &[u8]),
        46 => borrowed!(case, numpy::NdArray<'_>),
        _ => borrowed!(case, BTreeMap<&str, &[u8]>),
    }
}
