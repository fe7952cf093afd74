//! Each public type with what it is: a table that is compiled, so that no type loses a trait, and
//! compared with the sources, so that no type is left out.
//!
//! All are `Debug`. `Send` and `Sync` are what programs with threads ask for, and `Send` alone what
//! a reader needs to move to another thread between two pickles; a type with a parameter is what
//! its parameter is.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::io::{self, Read};
use std::str::FromStr;
use std::{fs, path};

use serde_pickle::python::pandas;
use serde_pickle::{json, opcode, python, shared, tools};

/// `Error: Debug Display Send Sync`: each type of a table has the traits behind its colon.
macro_rules! table {
    ($($type:ty: $($trait:ident)*;)*) => {$(
        const _: fn() = || {
            fn is<T: ?Sized $(+ $trait)* + Debug>() {}
            is::<$type>();
        };
    )*};
}

/// The traits of options and of values of a `'static` state.
trait Shareable: Send + Sync + Clone + 'static {}
impl<T: Send + Sync + Clone + 'static> Shareable for T {}

/// The traits of a key of any map of the standard library.
trait Ordered: Ord + Hash {}
impl<T: Ord + Hash> Ordered for T {}

type Static<S> = serde_pickle::Deserializer<'static, S>;
type Slice = serde_pickle::SliceSource<'static>;
type Reader = serde_pickle::ReaderSource<fs::File>;
type FindClass = serde_pickle::reduce::FindClass<
    fn(&str, &str) -> serde_pickle::Result<serde_pickle::reduce::Resolution>,
>;

// Options, hooks, errors.
table! {
    serde_pickle::DeOptions<'static>: Shareable Default;
    serde_pickle::SerOptions: Shareable Default;
    tools::DisassembleOptions: Shareable Default;
    serde_pickle::Encoding: Shareable Copy Eq Hash Default;
    serde_pickle::DecodeErrors: Shareable Copy Eq Hash Default;
    serde_pickle::Protocol: Shareable Copy Ordered Default;
    serde_pickle::AllowList: Shareable Default;
    serde_pickle::reduce::DenyList: Shareable Default;
    serde_pickle::reduce::Renames: Shareable Default;
    serde_pickle::reduce::Constructors: Shareable Default;
    FindClass: Shareable Copy;
    serde_pickle::reduce::And<FindClass, serde_pickle::reduce::Renames>: Shareable;
    serde_pickle::reduce::ExtensionRegistry: Shareable Default;
    serde_pickle::reduce::Resolution: Shareable Eq Hash;
    serde_pickle::Error: Send Sync Display;
    serde_pickle::ErrorKind: Shareable Copy Eq Hash;
    tools::NotPickle: Shareable Copy Eq Hash;
    serde_pickle::Scanner: Shareable;
    serde_pickle::edit::NodeMut<'static, 'static>: Send Sync Display;
    json::JsonOptions: Shareable Default;
    json::Json<'static>: Debug;
    json::JsonKeys: Shareable Copy Eq;
    json::JsonBytes: Shareable Copy Eq;
    json::JsonBigInts: Shareable Copy Eq;
    json::JsonNonFinite: Shareable Copy Eq;
    json::JsonSurrogates: Shareable Copy Eq;
    json::JsonDecimals: Shareable Copy Eq;
    json::JsonObjects: Shareable Copy Eq;
    json::JsonGlobals: Shareable Copy Eq;
    json::JsonPersistentIds: Shareable Copy Eq;
    json::JsonCycles: Shareable Copy Eq;
    json::JsonShared: Shareable Copy Eq;
}

/// A trait object, as a program keeps one that it chose when it started.
const _: fn() = || {
    fn is<T: serde_pickle::Resolver + Send + Sync + ?Sized>() {}
    is::<dyn serde_pickle::Resolver>();
    is::<std::sync::Arc<dyn serde_pickle::Resolver>>();
};

// Readers and writers.
table! {
    Static<Slice>: Send Sync;
    Static<Reader>: Send Sync;
    Slice: Send Sync;
    Reader: Send Sync;
    serde_pickle::StreamDeserializer<'static, Slice, String>: Send Sync;
    serde_pickle::StreamDeserializer<'static, Reader, String>: Send Sync;
    serde_pickle::Elements<'static, 'static, std::rc::Rc<u8>>: Send Iterator;
    serde_pickle::Serializer<fs::File>: Send;
}

// Values.
table! {
    serde_pickle::Value: Shareable Eq Hash Default Display;
    serde_pickle::Dict: Shareable Eq Hash Default Display;
    serde_pickle::Set: Shareable Eq Hash Default;
    serde_pickle::value::Complex: Shareable Copy Eq Hash Default Display;
    serde_pickle::value::SurrogateString: Shareable Eq Hash;
    serde_pickle::value::PickleBuffer: Shareable Eq Hash Default;
    serde_pickle::value::Buffer<'static>: Shareable Copy Eq Hash;
    serde_pickle::reduce::Global: Shareable Ordered Display;
    serde_pickle::reduce::Reduce: Shareable Eq Hash;
    serde_pickle::reduce::Args: Shareable Eq Hash Default Display;
    serde_pickle::reduce::Callable: Shareable Eq Hash;
    serde_pickle::reduce::MoreParts: Shareable Eq Hash;
    serde_pickle::reduce::How: Shareable Copy Eq Hash Default;
    serde_pickle::reduce::PersistentId<u8>: Shareable Copy Ordered Default;
    serde_pickle::reduce::SlotsState<u8, u8>: Shareable Copy Eq Hash;
    serde_pickle::value::Entry<'static>: Send Sync;
    serde_pickle::value::OccupiedEntry<'static>: Send Sync;
    serde_pickle::value::VacantEntry<'static>: Send Sync;
    serde_pickle::value::DictIter<'static>: Shareable Default Iterator;
    serde_pickle::value::DictIterMut<'static>: Send Sync Default Iterator;
    serde_pickle::value::DictIntoIter: Send Sync Default Iterator;
    serde_pickle::value::SetIter<'static>: Shareable Default Iterator;
    serde_pickle::value::SetIntoIter: Send Sync Default Iterator;
}

// Graphs.
table! {
    serde_pickle::Graph<'static>: Shareable;
    serde_pickle::graph::GraphBuilder: Send Sync Default;
    serde_pickle::Node<'static>: Shareable Copy Eq Hash Display;
    serde_pickle::graph::NodeId: Shareable Copy Ordered;
    serde_pickle::graph::NodeKind: Shareable Copy Eq Hash;
    serde_pickle::graph::NodeItems<'static>: Shareable Iterator;
    serde_pickle::graph::NodeEntries<'static>: Shareable Iterator;
    serde_pickle::graph::ObjectParts<'static>: Shareable;
    serde_pickle::edit::NodeMut<'static, 'static>: Send;
}

// Instructions and tools.
table! {
    opcode::Opcode: Shareable Copy Ordered Display;
    opcode::ArgumentKind: Shareable Copy Eq Hash;
    opcode::Argument<'static>: Shareable PartialEq;
    opcode::Instructions<'static>: Shareable Iterator;
    opcode::InstructionReader<fs::File>: Send Sync;
    opcode::ReadInstruction<'static>: Shareable PartialEq;
    opcode::StackEffect: Shareable Copy Eq;
    tools::Audit: Send Sync Display;
    tools::Reference: Send Sync;
    tools::Target: Shareable Eq Hash Display;
    tools::Site: Shareable Copy Eq Hash;
    shared::Shared<u8>: Shareable Copy Ordered Default;
}

// Python's types.
table! {
    python::Date: Shareable Copy Ordered Display FromStr;
    python::DateTime: Shareable Ordered Display FromStr;
    python::Time: Shareable Ordered Display FromStr;
    python::TimeDelta: Shareable Copy Ordered Default Display FromStr;
    python::TimeZone: Shareable Ordered Display FromStr;
    python::Decimal: Shareable Ordered Display FromStr;
    python::Fraction: Shareable Ordered Display FromStr;
    python::Path: Shareable Ordered Display FromStr;
    python::PathKind: Shareable Copy Ordered;
    python::Uuid: Shareable Copy Ordered Default Display FromStr;
    python::IpAddress: Shareable Copy Ordered Display FromStr;
    python::ByteArray: Shareable Ordered Default;
    python::Tuple<Vec<u8>>: Shareable Ordered Default;
    python::Set<Vec<u8>>: Shareable Ordered Default;
    python::FrozenSet<Vec<u8>>: Shareable Ordered Default;
    python::Range: Shareable Copy Eq Hash;
    python::Slice: Shareable Copy Eq Hash;
    python::OrderedDict<u8, u8>: Shareable Eq Hash Default;
    python::FrozenDict<u8, u8>: Shareable Eq Hash Default;
    python::DefaultDict<u8, u8>: Shareable Eq Hash;
    python::Counter<u8>: Shareable Eq Hash Default;
    python::Deque<u8>: Shareable Eq Hash;
    python::Member: Shareable Eq Hash;
    python::SimpleNamespace<u8>: Shareable Copy Eq Hash Default;
    python::numpy::MaskedArray<'static>: Shareable Eq Hash;
    python::numpy::NdArray<'static>: Shareable Eq Hash;
    python::numpy::OwnedNdArray: Shareable Eq Hash;
    python::numpy::InBuffer<'static>: Shareable Copy;
    python::numpy::Order: Shareable Copy Eq Hash Default;
    python::numpy::Dtype: Shareable Eq Hash;
    python::numpy::Kind: Shareable Copy Eq Hash;
    python::numpy::ByteOrder: Shareable Copy Eq Hash;
    python::numpy::Field: Shareable Eq Hash;
    python::numpy::OwnState: Shareable Eq Hash Default;
    python::numpy::Subarray: Shareable Eq Hash;
    python::numpy::Subclass: Shareable Eq Hash;
    python::numpy::Unit: Shareable Copy Eq Hash;
}

// Frames of pandas.
table! {
    pandas::Column: Shareable;
    pandas::Datetimes: Shareable;
    pandas::Timedeltas: Shareable;
    pandas::Texts: Shareable;
    pandas::Binaries: Shareable;
    pandas::Masked: Shareable;
    pandas::Categorical: Shareable;
    pandas::Periods: Shareable;
    pandas::Intervals: Shareable;
    pandas::Sparse: Shareable;
    pandas::Index: Shareable;
    pandas::Labels: Shareable;
    pandas::Levels: Shareable;
    pandas::Frequency: Shareable;
    pandas::Span: Shareable;
    pandas::Frame: Shareable;
    pandas::Series: Shareable;
    pandas::TextKind: Shareable Copy Eq Hash;
    pandas::Backing: Shareable Copy Eq Hash;
    pandas::Closed: Shareable Copy Eq Hash;
}

/// Types that are `pub` in the sources and not part of the API.
const INTERNAL: &[&str] = &[
    // Associated types of serde's traits, used while a value is written.
    "Top", "Seq", "Map", "Fields", "Dump", "Stream",
];

#[test]
fn no_public_type_is_missing_from_the_tables() {
    fn sources(folder: &path::Path, found: &mut Vec<path::PathBuf>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                sources(&path, found)?;
            } else {
                found.push(path);
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    sources(&path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files).unwrap();
    let tables = include_str!("traits.rs");
    let mut types = 0;
    for file in files {
        let mut text = String::new();
        fs::File::open(&file).unwrap().read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let declared =
                line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
            let Some(rest) = declared else { continue };
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            // Re-exported under a longer name.
            let name = match (name, file.file_stem().unwrap().to_str().unwrap()) {
                ("Items" | "Entries", _) => format!("Node{name}"),
                ("Iter" | "IterMut" | "IntoIter", "dict") => format!("Dict{name}"),
                ("Iter" | "IntoIter", "set") => format!("Set{name}"),
                _ => name.to_owned(),
            };
            let listed =
                tables.contains(&format!("::{name}:")) || tables.contains(&format!("::{name}<"));
            assert!(
                listed || INTERNAL.contains(&&*name),
                "{name} of {} is in no table",
                file.display()
            );
            types += 1;
        }
    }
    assert!(types > 90, "{types}");
}
