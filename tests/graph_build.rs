//! Graphs made by hand, written, and read by Python.

use serde_pickle::graph::{GraphBuilder, NodeKind};
use serde_pickle::reduce::How;
use serde_pickle::{Graph, Protocol, SerOptions, pickle};

use crate::interpreters::assert_loads;

fn at(protocol: Protocol, graph: &Graph<'_>) -> Vec<u8> {
    SerOptions::new().protocol(protocol).graph_to_vec(graph).unwrap()
}

/// A list with everything in it that a builder makes, twice each, and itself.
fn everything() -> Graph<'static> {
    let mut builder = GraphBuilder::new();
    let list = builder.list([]);
    let one = builder.int(1);
    let text = builder.str("text");
    let big = builder.int(u64::MAX);
    let items = [
        builder.none(),
        builder.bool(true),
        one,
        big,
        builder.float(-0.5),
        text,
        builder.bytes(*b"bytes\xff"),
        builder.bytearray(*b"array"),
        builder.tuple([]),
        builder.tuple([one, text]),
        builder.tuple([one, text, big, list]),
        builder.dict([(text, one), (one, list)]),
        builder.set([one, text]),
        builder.frozenset([one, text]),
        builder.global("builtins", "int"),
        builder.value(pickle!({"a": [1, (2, None)]})),
    ];
    for item in items.into_iter().chain(items).chain([list]) {
        builder.push(list, item);
    }
    builder.finish(list).unwrap()
}

#[test]
fn python_sees_what_was_built_at_every_protocol() {
    let setup = r"
def graph_check(x):
    assert len(x) == 33 and x[32] is x, len(x)
    for i in range(16):
        assert type(x[i]) is float or type(x[i]) in (int, long) or x[i] is x[16 + i], i
    assert x[10][3] is x and x[11][1] is x and x[9][1] is x[5]
    return 'right'
real_canon = canon
def canon(x):
    return graph_check(x) if type(x) is list and len(x) == 33 else real_canon(x)
";
    let graph = everything();
    let cases: Vec<_> = Protocol::ALL
        .into_iter()
        .map(|protocol| {
            ("everything".to_owned(), protocol, at(protocol, &graph), "right".to_owned())
        })
        .collect();
    assert_loads(setup, &cases);
}

#[test]
fn what_was_built_reads_back_the_same_at_every_protocol() {
    let graph = everything();
    for protocol in Protocol::ALL {
        let bytes = at(protocol, &graph);
        let again = Graph::from_slice(&bytes).unwrap();
        let (ours, theirs): (Vec<_>, Vec<_>) =
            (graph.root().items().collect(), again.root().items().collect());
        assert_eq!(ours.len(), theirs.len());
        for (our, their) in ours.iter().zip(&theirs) {
            assert_eq!(our.kind(), their.kind(), "protocol {}", protocol.number());
        }
        assert_eq!(theirs[32], again.root());
        assert_eq!(theirs[11], theirs[27]);
        assert_eq!(at(protocol, &again), bytes, "protocol {}", protocol.number());
    }
}

#[test]
fn objects_have_their_parts() {
    let mut builder = GraphBuilder::new();
    let class = builder.global("shop", "Order.Line");
    let (one, two) = (builder.int(1), builder.int(2));
    let args = builder.tuple([one]);
    let key = builder.str("key");
    let kwargs = builder.dict([(key, two)]);
    let object = builder.object(How::NewObjEx, class, args, Some(kwargs));
    builder.push(object, one);
    builder.insert(object, key, two);
    builder.add(object, two);
    let setter = builder.global("shop", "restore");
    builder.set_state_by(object, setter, object);
    let graph = builder.finish(object).unwrap();
    let root = graph.root();
    assert_eq!(root.kind(), NodeKind::Object);
    for protocol in Protocol::ALL {
        let bytes = at(protocol, &graph);
        let again = Graph::from_slice(&bytes).unwrap();
        let root = again.root();
        let parts = root.object().unwrap();
        assert_eq!(parts.states.len(), 1, "protocol {}", protocol.number());
        let (setter, state) = parts.states[0];
        assert_eq!(setter.and_then(|setter| setter.global()).unwrap().qualname, "restore");
        assert_eq!(state, root, "its state is the object itself");
        assert_eq!(root.entries().count(), 1);
        if protocol >= Protocol::V4 {
            assert_eq!(parts.how, How::NewObjEx);
            assert_eq!(parts.callable.global().unwrap().qualname, "Order.Line");
            assert_eq!(
                parts.kwargs.and_then(|kwargs| kwargs.get("key")).and_then(|two| two.as_i64()),
                Some(2)
            );
            assert_eq!(root.items().count(), 2);
        }
    }
}

#[test]
fn what_is_not_possible_is_told_at_the_end() {
    type Mistake = fn(&mut GraphBuilder) -> serde_pickle::graph::NodeId;
    let cases: [(Mistake, &str); 6] = [
        (
            |builder| {
                let list = builder.list([]);
                builder.dict([(list, list)])
            },
            "a list is unhashable",
        ),
        (
            |builder| {
                let one = builder.int(1);
                builder.push(one, one);
                one
            },
            "expected a list or an object, found a constant",
        ),
        (
            |builder| {
                let tuple = builder.tuple([]);
                builder.add(tuple, tuple);
                tuple
            },
            "expected a set or an object, found a tuple",
        ),
        (
            |builder| {
                let text = builder.str("text");
                builder.call(text, [])
            },
            "a constant is not a class or function",
        ),
        (
            |builder| {
                let class = builder.global("a", "B");
                builder.object(How::Call, class, class, None)
            },
            "the arguments of an object must be a tuple, not a global",
        ),
        (
            |_| {
                let mut other = GraphBuilder::new();
                (0..9).map(|_| other.list([])).last().unwrap()
            },
            "a node of another graph",
        ),
    ];
    for (mistake, message) in cases {
        let mut builder = GraphBuilder::new();
        let root = mistake(&mut builder);
        let later = builder.list([root]);
        assert_eq!(builder.finish(later).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_million_levels_are_built_written_and_read() {
    let mut builder = GraphBuilder::new();
    let mut inner = builder.tuple([]);
    for level in 0..1_000_000 {
        inner = if level % 2 == 0 { builder.list([inner]) } else { builder.tuple([inner]) };
    }
    let graph = builder.finish(inner).unwrap();
    // Text, tuples by their length, frames: the protocols between write it as one of these.
    for protocol in [Protocol::V0, Protocol::V2, Protocol::V5] {
        let bytes = at(protocol, &graph);
        let again = Graph::from_slice(&bytes).unwrap();
        assert_eq!(at(protocol, &again), bytes);
    }
    drop(graph);
}

#[test]
fn a_built_graph_deserializes() {
    let mut builder = GraphBuilder::new();
    let (name, text) = (builder.str("name"), builder.str("Ada"));
    let dict = builder.dict([(name, text)]);
    let graph = builder.finish(dict).unwrap();
    let read: std::collections::HashMap<String, String> = graph.deserialize().unwrap();
    assert_eq!(read["name"], "Ada");
    assert_eq!(graph.root().to_value().unwrap(), pickle!({"name": "Ada"}));
    let error = graph.deserialize::<Vec<u8>>().unwrap_err();
    assert_eq!(error.offset(), None, "{error}");
    assert_eq!(graph.root().offset(), None);
}

/// A tuple of lists that each hold the tuple again: CPython begins the tuple anew inside itself,
/// once for each list.
fn tuple_in_its_lists(lists: usize) -> Graph<'static> {
    let mut builder = GraphBuilder::new();
    let lists: Vec<_> = (0..lists).map(|_| builder.list([])).collect();
    let tuple = builder.tuple(lists.clone());
    for list in lists {
        builder.push(list, tuple);
    }
    builder.finish(tuple).unwrap()
}

#[test]
fn a_tuple_within_itself_is_written_as_cpython_does_up_to_a_limit() {
    let graph = tuple_in_its_lists(3);
    let written = at(Protocol::V2, &graph);
    // t = ([], [], []); any(l.append(t) for l in t); pickle.dumps(t, 2)
    let expected = b"\x80\x02\x5d\x71\x00\x68\x00\x5d\x71\x01\x68\x00\x68\x01\x5d\x71\x02\x68\x00\
        \x68\x01\x68\x02\x87\x71\x03\x61\x30\x30\x30\x68\x03\x61\x68\x02\x30\x30\x30\x68\x03\x61\
        \x68\x01\x68\x02\x30\x30\x30\x68\x03\x2e";
    assert_eq!(written.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let again = Graph::from_slice(&written).unwrap();
    assert!(again.root().items().all(|list| list.get(0) == Some(again.root())));
    let many = tuple_in_its_lists(5_000);
    let error = SerOptions::new().graph_to_vec(&many).unwrap_err();
    assert_eq!(error.kind(), serde_pickle::ErrorKind::Limit, "{error}");
}

#[test]
fn a_set_in_the_arguments_of_its_own_item_is_an_error_below_protocol_4() {
    let mut builder = GraphBuilder::new();
    let class = builder.global("shapes", "Holder");
    let set = builder.set([]);
    let holder = builder.call(class, [set]);
    builder.add(set, holder);
    let graph = builder.finish(set).unwrap();
    let bytes = at(Protocol::V4, &graph);
    let again = Graph::from_slice(&bytes).unwrap();
    let holder = again.root().items().next().unwrap();
    assert_eq!(holder.object().unwrap().args, [again.root()]);
    let error = SerOptions::new().protocol(Protocol::V3).graph_to_vec(&graph).unwrap_err();
    assert_eq!(error.kind(), serde_pickle::ErrorKind::Limit);
    assert!(graph.root().to_value().is_err());
}
