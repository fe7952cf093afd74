//! `Graph`: what a pickle is, with identity.

use serde::Deserialize;
use serde_pickle::graph::NodeKind;
use serde_pickle::{DeOptions, Encoding, ErrorKind, Graph, Node, Value};

use crate::corpus::files;

fn latin1() -> DeOptions<'static> {
    DeOptions::new().encoding(Encoding::Latin1)
}

#[test]
fn a_graph_gives_the_values_that_are_read_without_it() {
    let mut checked = 0;
    for fixture in files("valid") {
        let direct = latin1().from_slice::<Value>(&fixture.bytes);
        let graphs = [
            latin1().graph_from_slice(&fixture.bytes),
            latin1().graph_from_reader(&*fixture.bytes),
        ];
        for graph in graphs {
            let graph = graph.unwrap_or_else(|error| panic!("{}: {error}", fixture.name()));
            match (&direct, graph.root().to_value(), graph.deserialize::<Value>()) {
                (Ok(direct), Ok(value), Ok(deserialized)) => {
                    assert_eq!(direct.to_string(), value.to_string(), "{}", fixture.name());
                    assert_eq!(direct.to_string(), deserialized.to_string(), "{}", fixture.name());
                    checked += 1;
                }
                (Err(_), Err(_), Err(_)) => {}
                other => panic!("{}: {other:?}", fixture.name()),
            }
            assert!(graph.root().to_string().len() < 30_000, "{}", fixture.name());
        }
    }
    assert!(checked > 500, "{checked}");
}

#[test]
fn identity_is_that_of_python() {
    // t = 'text'; a = [t]; pickle.dumps([a, a, t, None, None, (), (), 1, 1], 2)
    let bytes = b"\x80\x02]q\x00(]q\x01X\x04\x00\x00\x00textq\x02ah\x01h\x02NN))K\x01K\x01e.";
    for graph in [Graph::from_slice(bytes).unwrap(), Graph::from_reader(&bytes[..]).unwrap()] {
        let items: Vec<_> = graph.root().items().collect();
        assert_eq!(items[0], items[1]);
        assert_eq!(items[0].id(), items[1].id());
        assert_eq!(items[0].get(0), Some(items[2]), "fetched text is the text that was stored");
        assert_eq!(items[3], items[4]);
        assert_eq!(items[5], items[6]);
        assert_ne!(items[7], items[8], "ints are not shared");
        assert_ne!(items[0], graph.root());
    }
}

#[test]
fn recursive_objects_are_held_and_told() {
    // d = {}; d['self'] = d
    let graph = Graph::from_slice(b"\x80\x02}q\x00X\x04\x00\x00\x00selfq\x01h\x00s.").unwrap();
    let root = graph.root();
    assert_eq!(root.get("self"), Some(root));
    assert!(root.contains_itself());
    assert_eq!(
        format!("{root} {root:?} {graph:?}"),
        "{'self': {...}} Node({'self': {...}}) Graph({'self': {...}})"
    );
    let error = root.to_value().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Data, Some(2)));
    assert!(graph.deserialize::<Value>().is_err());
}

#[test]
fn any_node_deserializes_and_borrows_from_the_graph() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Entry<'a> {
        name: &'a str,
        data: &'a [u8],
    }

    let bytes =
        b"\x80\x03](}(X\x04\x00\x00\x00nameX\x01\x00\x00\x00xX\x04\x00\x00\x00dataC\x02\x01\
        \x02uK\x05e.";
    let graph = Graph::from_reader(&bytes[..]).unwrap();
    let entry = Entry::deserialize(graph.root().get(0).unwrap()).unwrap();
    assert_eq!(entry, Entry { name: "x", data: &[1, 2] });
    assert_eq!(u8::deserialize(graph.root().get(1).unwrap()).unwrap(), 5);
    let error = String::deserialize(graph.root().get(1).unwrap()).unwrap_err();
    assert_eq!(error.offset(), Some(35), "{error}");
    assert_eq!(graph.deserialize::<(Entry<'_>, u8)>().unwrap(), (entry, 5));
}

#[test]
fn builtins_that_older_protocols_spell_are_seen_through() {
    let graph = Graph::from_slice(b"\x80\x02c__builtin__\nset\n](K\x01K\x02e\x85R.").unwrap();
    assert_eq!((graph.root().kind(), graph.root().len()), (NodeKind::Set, 2));
    let graph = Graph::from_slice(
        b"\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xa9X\x06\x00\x00\x00latin1\x86R.",
    )
    .unwrap();
    assert_eq!(graph.root().kind(), NodeKind::Bytes);
    assert_eq!(graph.root().as_bytes().as_deref(), Some(&b"\xe9"[..]));
    let graph = Graph::from_slice(
        b"\x80\x02c__builtin__\ncomplex\nG?\xf0\0\0\0\0\0\0G?\xf0\0\0\0\0\0\0\x86R.",
    )
    .unwrap();
    assert_eq!(
        (graph.root().kind(), graph.root().to_string().as_str()),
        (NodeKind::Complex, "(1+1j)")
    );
    let graph = Graph::from_slice(
        b"\x80\x02c__builtin__\ngetattr\ncshapes\nOuter\nX\x05\x00\x00\x00Inner\x86R.",
    )
    .unwrap();
    assert_eq!(graph.root().kind(), NodeKind::Global);
    assert_eq!(graph.root().global().unwrap().qualname, "Outer.Inner");
    let graph = Graph::from_slice(b"\x80\x02c__builtin__\ngetattr\n]X\x06\x00\x00\x00append\x86R.")
        .unwrap();
    assert_eq!(graph.root().kind(), NodeKind::Object, "the method of an object is no global");
}

#[test]
fn lookups_follow_pythons_equality_and_the_last_value_wins() {
    // {1: 'a', True: 'b', (1, 2): 'c', 'k': 'd'}, as a program that stores an equal key again
    let bytes = b"\x80\x02}(K\x01X\x01\x00\x00\x00a\x88X\x01\x00\x00\x00bK\x01K\x02\x86q\x00X\x01\
        \x00\x00\x00cX\x01\x00\x00\x00kX\x01\x00\x00\x00du.";
    let graph = Graph::from_slice(bytes).unwrap();
    let root = graph.root();
    let text =
        |node: Option<Node<'_>>| node.and_then(|node| node.as_str()).map(|text| text.into_owned());
    assert_eq!(text(root.get(1)).as_deref(), Some("b"));
    assert_eq!(text(root.get("k")).as_deref(), Some("d"));
    assert_eq!(text(root.get(2_u64)), None);
    let (tuple, _) = root.entries().nth(2).unwrap();
    assert_eq!(text(root.get(tuple)).as_deref(), Some("c"));
    assert_eq!(tuple.get(1).and_then(|item| item.as_i64()), Some(2));
    assert_eq!(tuple.get("x"), None);
}

#[test]
fn a_million_levels_are_read_looked_at_and_dropped() {
    let levels = 1_000_000;
    let mut bytes = vec![b']'; levels];
    bytes.extend(vec![b'a'; levels - 1]);
    bytes.push(b'.');
    let graph = Graph::from_slice(&bytes).unwrap();
    let mut node = graph.root();
    let mut depth = 1;
    while let Some(inner) = node.items().next() {
        node = inner;
        depth += 1;
    }
    assert_eq!(depth, levels);
    assert!(!graph.root().contains_itself());
    assert_eq!(graph.root().to_string(), "[[[[[[[[[...]]]]]]]]]");
    assert_eq!(graph.root().to_value().unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn a_graph_travels_between_threads() {
    fn travels<T: Send + Sync>() {}
    travels::<Graph<'static>>();
    travels::<Node<'static>>();
    let graph = Graph::from_reader(&b"K\x05."[..]).unwrap();
    std::thread::spawn(move || assert_eq!(graph.root().as_i64(), Some(5))).join().unwrap();
}

#[test]
fn parts_of_objects_are_told() {
    let graph = Graph::from_slice(
        b"\x80\x02cshapes\nThing\nK\x01\x85\x81(K\x02K\x03eX\x01\x00\x00\x00kK\x04s}X\x01\x00\x00\
          \x00aK\x05sb.",
    )
    .unwrap();
    let root = graph.root();
    let parts = root.object().unwrap();
    assert_eq!(parts.how, serde_pickle::reduce::How::NewObj);
    assert_eq!(parts.callable.global().unwrap().name(), "Thing");
    assert_eq!(parts.args.len(), 1);
    assert_eq!(root.items().map(|item| item.as_i64()).collect::<Vec<_>>(), [Some(2), Some(3)]);
    assert_eq!(root.get("k").and_then(|value| value.as_i64()), Some(4));
    assert_eq!(root.attr("a").and_then(|value| value.as_i64()), Some(5));
    assert_eq!(root.len(), 3);
    assert_eq!(root.to_string(), "<shapes.Thing(1) [2, 3] {'k': 4} state {'a': 5}>");
    let id = Graph::from_slice(b"Pfile-7\n.").unwrap();
    assert_eq!(id.root().kind(), NodeKind::PersistentId);
    assert_eq!(id.root().persistent_id().unwrap().as_str().as_deref(), Some("file-7"));
    let extension = Graph::from_slice(b"\x83\x2c\x01.").unwrap();
    assert_eq!(extension.root().extension_code(), Some(300));
    assert_eq!(extension.root().to_string(), "<extension 300>");
}

/// Serde and `Value` cannot tell these apart: who needs them has only the graph.
#[test]
fn what_only_a_graph_tells_is_told() {
    let graph = |pickle: &'static [u8]| Graph::from_slice(pickle).unwrap();
    // complex(1.5, -2)
    let complex = graph(b"cbuiltins\ncomplex\nF1.5\nK\x02\x86R.");
    let complex = complex.root().as_complex().unwrap();
    assert_eq!((complex.re, complex.im), (1.5, 2.0));
    // 'a\ud800'
    let text = graph(b"X\x04\0\0\0a\xed\xa0\x80.");
    assert_eq!((text.root().kind(), text.root().as_str()), (NodeKind::Str, None));
    assert_eq!(text.root().as_surrogates().unwrap().as_bytes(), b"a\xed\xa0\x80");
    // Two buffers out of band, the second read-only.
    let buffers = graph(b"\x80\x05\x97\x97\x98\x86.");
    let told: Vec<_> = buffers
        .root()
        .items()
        .map(|node| (node.buffer_number(), node.is_readonly_buffer()))
        .collect();
    assert_eq!(told, [(Some(0), Some(false)), (Some(1), Some(true))]);
    // APPEND and ADDITEMS of one object.
    let both = graph(b"\x80\x04cm\nC\n)\x81K\x01a(K\x02K\x03\x90.");
    let ints = |items: &mut dyn Iterator<Item = Node<'_>>| -> Vec<i64> {
        items.filter_map(Node::as_i64).collect()
    };
    let both = both.root();
    assert_eq!(ints(&mut both.items()), [1, 2, 3]);
    assert_eq!(ints(&mut both.appended_items()), [1]);
    assert_eq!(ints(&mut both.added_items()), [2, 3]);
    // A function with attributes, and an object with two states, of which one has a setter.
    let function = graph(b"cm\nf\n}X\x01\0\0\0xK\x01sb.");
    assert_eq!(function.root().attr("x").and_then(Node::as_i64), Some(1));
    let object = graph(b"cm\nC\n)\x81q\0}X\x01\0\0\0xK\x01sbcm\ns\nh\0K\x07\x86R0.");
    let states: Vec<_> = object
        .root()
        .states()
        .map(|(setter, state)| (setter.and_then(Node::global).map(|it| it.qualname), state.kind()))
        .collect();
    assert_eq!(states, [(None, NodeKind::Dict), (Some("s".into()), NodeKind::Int)]);
    // A tree, and a graph in which a list is shared.
    let shared = graph(b"]q\0(]q\x01h\x01e.");
    assert_eq!((shared.root().is_tree(), shared.root().get(0).unwrap().is_tree()), (false, true));
    assert_eq!(shared.protocol().to_string(), shared.protocol().number().to_string());
}
