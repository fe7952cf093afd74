//! Every limit holds on every path by which a pickle can be read: its last value that passes, and
//! the first that does not.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_pickle::reduce::Reduce;
use serde_pickle::{DeOptions, Deserializer, Error, ErrorKind, Graph, Value, from_slice, tools};

/// A way to read a pickle with some options into something.
type Path = (&'static str, fn(&DeOptions<'_>, &[u8]) -> Result<(), Error>);

fn typed<T: DeserializeOwned>(options: &DeOptions<'_>, bytes: &[u8]) -> Result<(), Error> {
    options.from_slice::<T>(bytes).map(drop)
}

fn from_stream<T: DeserializeOwned>(options: &DeOptions<'_>, bytes: &[u8]) -> Result<(), Error> {
    let stream = Deserializer::from_slice(bytes).with_options(options.clone());
    stream.into_iter::<T>().try_for_each(|item| item.map(drop))
}

fn from_reader_stream<T: DeserializeOwned>(
    options: &DeOptions<'_>,
    bytes: &[u8],
) -> Result<(), Error> {
    let stream = Deserializer::from_reader(bytes).with_options(options.clone()).keep_memo(true);
    stream.into_iter::<T>().try_for_each(|item| item.map(drop))
}

fn elements<T: DeserializeOwned>(options: &DeOptions<'_>, bytes: &[u8]) -> Result<(), Error> {
    let mut stream = Deserializer::from_slice(bytes).with_options(options.clone());
    stream.elements::<T>()?.try_for_each(|item| item.map(drop))
}

/// The paths that run the machine, whatever is made of the result.
const LOADS: &[Path] = &[
    ("ignored", typed::<IgnoredAny>),
    ("typed", typed::<Vec<IgnoredAny>>),
    ("value", typed::<Value>),
    ("reader", |options, bytes| options.from_reader::<_, Value>(bytes).map(drop)),
    ("graph", |options, bytes| options.graph_from_slice(bytes).map(drop)),
    ("graph reader", |options, bytes| options.graph_from_reader(bytes).map(drop)),
    ("stream", from_stream::<Value>),
    ("reader stream", from_reader_stream::<Value>),
    ("elements", elements::<IgnoredAny>),
];

/// Those that make a tree.
const TREES: &[Path] = &[
    ("value", typed::<Value>),
    ("json", typed::<serde_json::Value>),
    ("reader", |options, bytes| options.from_reader::<_, Value>(bytes).map(drop)),
    ("node to a value", |options, bytes| {
        options.graph_from_slice(bytes)?.root().to_value().map(drop)
    }),
    ("graph to a type", |options, bytes| {
        options.graph_from_slice(bytes)?.deserialize::<serde_json::Value>().map(drop)
    }),
    ("stream", from_stream::<Value>),
    ("reader stream", from_reader_stream::<serde_json::Value>),
    ("elements", elements::<Value>),
];

#[track_caller]
fn check(paths: &[Path], options: &DeOptions<'_>, passes: &[u8], fails: &[u8], text: &str) {
    for (name, read) in paths {
        if let Err(error) = read(options, passes) {
            panic!("{name}: {error}");
        }
        let error = read(options, fails).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}: {error}");
        assert!(error.to_string().contains(text), "{name}: {error}");
        assert!(error.offset().is_some(), "{name}: {error}");
    }
}

/// A list of `count` lists.
fn lists(count: usize) -> Vec<u8> {
    [b"](".to_vec(), b"]".repeat(count), b"e.".to_vec()].concat()
}

#[test]
fn max_nodes_holds_on_every_path() {
    check(LOADS, &DeOptions::new().max_nodes(10), &lists(9), &lists(10), "more than 10 nodes");
}

#[test]
fn max_int_digits_holds_on_every_path() {
    let list = |digits: usize| [b"](L".to_vec(), b"7".repeat(digits), b"L\ne.".to_vec()].concat();
    check(LOADS, &DeOptions::new(), &list(4_300), &list(4_301), "an int of 4301 digits");
    check(LOADS, &DeOptions::new().max_int_digits(30), &list(30), &list(31), "an int of 31 digits");
}

#[test]
fn names_hold_on_every_path() {
    let names = |spell: fn(&[u8]) -> Vec<u8>| {
        let list = |len: usize| {
            [b"\x80\x04](".to_vec(), spell(&b"x".repeat(len)), b"e.".to_vec()].concat()
        };
        (list(1_000), list(1_001))
    };
    let spellings: [fn(&[u8]) -> Vec<u8>; 5] = [
        |name| [b"cm\n", name, b"\n"].concat(),
        |name| [b"c", name, b"\nC\n"].concat(),
        |name| [b"(im\n", name, b"\n"].concat(),
        |name| [b"Vm\nV", name, b"\n\x93"].concat(),
        |name| [b"V", name, b"\nVC\n\x93"].concat(),
    ];
    for spell in spellings {
        let (passes, fails) = names(spell);
        check(LOADS, &DeOptions::new(), &passes, &fails, "a name of 1001 bytes");
    }
    // The attribute of a class, by which protocols below 4 name what is nested in it.
    let attribute = |len: usize| {
        [b"](cbuiltins\ngetattr\n(cm\nC\nV".to_vec(), b"x".repeat(len), b"\ntRe.".to_vec()].concat()
    };
    // All the name before it counts in the end, for those who want to know it.
    let paths: Vec<Path> =
        LOADS.iter().filter(|(name, _)| !name.contains("value")).copied().collect();
    let machine: Vec<Path> = paths
        .into_iter()
        .filter(|(name, _)| matches!(*name, "ignored" | "graph" | "elements"))
        .collect();
    check(
        &machine,
        &DeOptions::new(),
        &attribute(1_000),
        &attribute(1_001),
        "a name of 1001 bytes",
    );
    check(TREES, &DeOptions::new(), &attribute(998), &attribute(999), "more than 1000 bytes");
}

#[test]
fn max_expansion_holds_on_every_path_that_makes_a_tree() {
    // 64 bytes of text, fetched again and again: 80 bytes each.
    let fetched = |times: usize| {
        let text = [b"X\x40\0\0\0".to_vec(), b"x".repeat(64), b"q\x000](".to_vec()].concat();
        [text, b"h\0".repeat(times), b"e.".to_vec()].concat()
    };
    let options = DeOptions::new().max_expansion(64 * 1_000);
    // The input pays for itself: its length, and a value for each reference.
    check(TREES, &options, &fetched(1_000), &fetched(1_050), "expand to more than 64000 bytes");
    // A type that looks at nothing pays nothing.
    assert!(options.from_slice::<IgnoredAny>(&fetched(100_000)).is_ok());
    assert!(options.graph_from_slice(&fetched(100_000)).is_ok());
}

#[test]
fn max_depth_holds_on_every_path_that_makes_a_tree() {
    let nested =
        |levels: usize| [b"]".repeat(levels), b"a".repeat(levels - 1), b".".to_vec()].concat();
    // The elements of an iterator are a level deeper than the list.
    let paths: Vec<Path> = TREES.iter().filter(|(name, _)| *name != "elements").copied().collect();
    check(&paths, &DeOptions::new().max_depth(20), &nested(20), &nested(21), "more than 20 levels");
    let elements: Vec<Path> =
        TREES.iter().filter(|(name, _)| *name == "elements").copied().collect();
    check(
        &elements,
        &DeOptions::new().max_depth(20),
        &nested(20),
        &nested(22),
        "more than 20 levels",
    );
}

#[test]
fn persistent_ids_are_values_and_keep_to_their_limits() {
    let nested =
        |levels: usize| [b"]".repeat(levels), b"a".repeat(levels - 1), b"Q.".to_vec()].concat();
    assert_eq!(tools::persistent_ids(&nested(1_000)).unwrap().len(), 1);
    assert_eq!(tools::persistent_ids(&nested(1_001)).unwrap_err().kind(), ErrorKind::Limit);
    let digits = |count: usize| [b"I".to_vec(), b"7".repeat(count), b"\nQ.".to_vec()].concat();
    assert_eq!(tools::persistent_ids(&digits(4_300)).unwrap().len(), 1);
    assert_eq!(tools::persistent_ids(&digits(4_301)).unwrap_err().kind(), ErrorKind::Limit);
    // 1 MiB of bytes as the ids of objects: each is a copy, and the default is 48 MiB and 240 more
    // for the one that the input holds.
    let ids = |count: usize| {
        let payload = [b"B\0\0\x10\0".to_vec(), vec![7; 1 << 20], b"q\x000](".to_vec()].concat();
        [payload, b"h\0Q".repeat(count), b"e.".to_vec()].concat()
    };
    assert_eq!(tools::persistent_ids(&ids(288)).unwrap().len(), 288);
    let error = tools::persistent_ids(&ids(289)).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn an_object_with_many_runs_is_looked_through_within_the_limit() {
    // State, and then items and additions by turns: a struct wants the state alone, and has to find
    // it each time. Of two such objects by turns nothing is kept from one look to the next.
    let object = [b"cm\nC\n)\x81}b".to_vec(), b"(Ne(N\x90".repeat(1_000)].concat();
    let objects =
        [object.clone(), b"q\x000".to_vec(), object.clone(), b"q\x010](".to_vec()].concat();
    let pickle =
        |times: usize| [objects.clone(), b"h\0h\x01".repeat(times / 2), b"e.".to_vec()].concat();
    #[derive(serde_derive::Deserialize)]
    struct Empty {}
    let options = DeOptions::new().max_expansion(1 << 20);
    assert_eq!(options.from_slice::<Vec<Empty>>(&pickle(10)).unwrap().len(), 10);
    assert_eq!(
        options.from_slice::<Vec<Empty>>(&pickle(1_000)).err().unwrap().kind(),
        ErrorKind::Limit
    );
    // The same object again and again is looked through once.
    let times = 100_000;
    let one = [object, b"q\x000](".to_vec(), b"h\0".repeat(times), b"e.".to_vec()].concat();
    let before = serde_pickle::__units();
    assert_eq!(options.from_slice::<Vec<Empty>>(&one).unwrap().len(), times);
    let units = serde_pickle::__units() - before;
    assert!(units < 3 * times as u64, "{units} units");
    // Objects that are referred to once each are free.
    assert!(DeOptions::new().max_expansion(0).from_slice::<Vec<Empty>>(&pickle(2)).is_ok());
    assert!(DeOptions::new().max_expansion(0).from_slice::<Value>(&pickle(2)).is_ok());
    assert!(DeOptions::new().max_expansion(0).from_slice::<Vec<Reduce>>(&pickle(2)).is_ok());
}

#[test]
fn a_graph_of_a_million_levels_is_read_written_and_dropped_in_a_small_thread() {
    const LEVELS: usize = 1_000_000;
    let nested: [fn(usize) -> Vec<u8>; 4] = [
        |levels| [b"]".repeat(levels), b"a".repeat(levels - 1), b".".to_vec()].concat(),
        |levels| [b"N".to_vec(), vec![0x85; levels], b".".to_vec()].concat(),
        |levels| [b"}N".repeat(levels), b"N".to_vec(), b"s".repeat(levels), b".".to_vec()].concat(),
        |levels| [b"cm\nC\n".to_vec(), b")R".repeat(levels), b".".to_vec()].concat(),
    ];
    for nested in nested {
        let work = move || {
            let bytes = nested(LEVELS);
            let graph = Graph::from_slice(&bytes).unwrap();
            let written = graph.to_vec().unwrap();
            let back = Graph::from_slice(&written).unwrap();
            assert_eq!(back.to_vec().unwrap(), written);
            assert!(format!("{back:?}").len() < 1_000);
        };
        std::thread::Builder::new().stack_size(7 << 18).spawn(work).unwrap().join().unwrap();
    }
}

#[test]
fn ids_and_names_do_not_go_into_errors_whole() {
    let text = "x".repeat(100_000);
    let pickle = [b"}(X".as_slice(), &100_000_u32.to_le_bytes(), text.as_bytes(), b"Nu."].concat();
    let error = from_slice::<std::collections::HashMap<String, u8>>(&pickle).unwrap_err();
    assert!(error.to_string().len() < 300, "{}", error.to_string().len());
    let error = from_slice::<bool>(&[b"V", text.as_bytes(), b"\n."].concat()).unwrap_err();
    assert!(error.to_string().len() < 300, "{}", error.to_string().len());
}
