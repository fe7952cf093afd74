//! The runs of one object, or of one list, were gone through several times for each reference that
//! leads to it, and charged once: half a pickle of runs and half of references took up to three
//! times the work that is promised. Printing a graph and looking for cycles were not charged at
//! all. Work is counted here, not timed.

use serde::de::IgnoredAny;
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, Deserializer, ErrorKind, Graph, Node, Value, from_slice};

use crate::skipping::Skipping;

/// Runs of an object, and references to it.
const COUNT: usize = 20_000;

/// A list of as many references, by turns to two objects: nothing can be kept from one to the
/// next.
fn by_turns(object: &[u8], runs: &[u8]) -> Vec<u8> {
    let object = [object, &runs.repeat(COUNT)].concat();
    [&object[..], b"q\x000", &object, b"q\x010](", &b"h\0h\x01".repeat(COUNT / 2), b"e."].concat()
}

fn units<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = serde_pickle::__units();
    let result = work();
    (result, serde_pickle::__units() - before)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields {
    #[allow(dead_code)]
    x: Option<IgnoredAny>,
}

/// The budget in units: what is asked for, and what the nodes of the pickle come to by themselves.
fn allowed(pickle: &[u8]) -> u64 {
    (1 << 16) + 10 * pickle.len() as u64
}

#[test]
fn runs_are_charged_for_each_look_at_them() {
    let new = &b"cm\nC\n)\x81"[..];
    let pickles = [
        by_turns(&[new, b"}b"].concat(), b"(Ne(N\x90"),
        by_turns(new, b"(NNu(Ne"),
        // A setter of the state.
        by_turns(new, b"(Nu(Ne(N\x90"),
        // A set made by a call, and a list with others' items between its own.
        by_turns(b"cbuiltins\nset\n](Ne\x85R", b"(Nl0(N\x90"),
        by_turns(b"]", b"N\x85a"),
    ];
    for pickle in pickles {
        let Ok(graph) = Graph::from_slice(&pickle) else { continue };
        drop(graph);
        let options = DeOptions::new().max_expansion(1 << 20);
        let allowed = allowed(&pickle);
        let read = |name: &str, read: &dyn Fn(&DeOptions<'_>) -> Option<ErrorKind>| {
            let (error, units) = units(|| read(&options));
            assert!(units < allowed, "{name}: {units} units of {allowed}, {error:?}");
        };
        read("Vec<Vec<u8>>", &|options| kind(options.from_slice::<Vec<Vec<u8>>>(&pickle)));
        read("Vec<Fields>", &|options| kind(options.from_slice::<Vec<Fields>>(&pickle)));
        read("json", &|options| kind(options.from_slice::<serde_json::Value>(&pickle)));
        read("Value", &|options| kind(options.from_slice::<Value>(&pickle)));
        read("Skipping", &|options| kind(options.from_slice::<Skipping<Vec<u8>>>(&pickle)));
    }
}

fn kind<T>(result: Result<T, serde_pickle::Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Printing went through all states for each of the references that it shows, and so did a program
/// that asks each reference for an attribute, the first item, or the number of items.
#[test]
fn a_graph_gathers_the_runs_of_an_object_once() {
    let state = b"}X\x01\0\0\0xK\x01sb".repeat(COUNT);
    let pickle =
        [b"cm\nC\n)\x81", &state[..], b"(K\x07eq\x000](", &b"h\0".repeat(COUNT), b"e."].concat();
    let graph = Graph::from_slice(&pickle).unwrap();
    let (text, printed) = units(|| format!("{} {graph:?}", graph.root()));
    assert!(text.contains("<m.C() [7] state {'x': 1}>"), "{text}");
    assert!(printed < 10 * COUNT as u64, "{printed} units");
    let objects: Vec<Node<'_>> = graph.root().items().collect();
    let ((), asked) = units(|| {
        for object in objects {
            assert_eq!(object.attr("x").and_then(Node::as_i64), Some(1));
            assert!(object.attr("y").is_none());
            assert_eq!(object.items().next().and_then(Node::as_i64), Some(7));
            assert_eq!((object.len(), object.entries().count()), (1, 0));
            assert_eq!(object.states().next().map(|(setter, _)| setter), Some(None));
        }
    });
    // Each look at an object finds out anew that it has many runs.
    assert!(asked < 200 * COUNT as u64, "{asked} units");
}

/// The search for the cycle that an error might have for its cause goes through all that is below.
#[test]
fn errors_of_depth_that_are_swallowed_search_for_cycles_within_a_bound() {
    let nested = [b"]".repeat(COUNT), b"a".repeat(COUNT - 1)].concat();
    let pickle = [&nested[..], b"q\x000](", &b"h\0".repeat(COUNT), b"e."].concat();
    let allowed = (1 << 20) + 20 * pickle.len() as u64;
    let (read, searched) = units(|| from_slice::<Skipping<serde_json::Value>>(&pickle));
    assert_eq!(kind(read), Some(ErrorKind::Limit));
    assert!(searched < allowed, "{searched} units of {allowed}");
    let ((), searched) = units(|| {
        let mut stream = Deserializer::from_slice(&pickle);
        for item in stream.elements::<Value>().unwrap() {
            assert_eq!(item.unwrap_err().kind(), ErrorKind::Limit);
        }
    });
    // Errors that are kept are charged by their size: with short addresses there may be more.
    let allowed = allowed * (64 / u64::from(usize::BITS));
    assert!(searched < allowed, "{searched} units of {allowed}");
    // One that is a cycle says so, however often it is met.
    let cyclic = b"]q\x00h\0a](h\0h\0h\0e.";
    let mut stream = Deserializer::from_slice(cyclic);
    for item in stream.elements::<Value>().unwrap() {
        assert!(item.unwrap_err().to_string().contains("contains itself"));
    }
}
