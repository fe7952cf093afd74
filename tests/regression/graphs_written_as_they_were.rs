//! Pickles that `Graph::to_vec` changed: arguments that are a tuple of their own each time an
//! object is reached again through them; a state setter, whose call as it stood in the pickle was
//! counted as further references; names that were read with `fix_imports(false)`; extension codes
//! that a registry had names for.

use serde_pickle::graph::NodeKind;
use serde_pickle::reduce::ExtensionRegistry;
use serde_pickle::{DeOptions, Deserializer, Graph, Protocol, SerOptions, tools};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn arguments_made_anew_by_each_reduce_are_another_tuple_each_time() {
    // class K: __reduce__ = lambda s: (K, (s.value,)); y = set(); k = K(y); y.add(k)
    let anew =
        bytes("8004951d000000000000008c016d948c014b9493948f94286802680385945294908594523068052e");
    // The same, where `__reduce__` gives one tuple that the object keeps: POP, GET 4.
    let kept =
        bytes("8004951e000000000000008c016d948c01419493948f9428680268038594529490306804523068052e");
    for (what, pickle) in [("anew", anew), ("kept", kept)] {
        let graph = Graph::from_slice(&pickle).unwrap();
        assert_eq!(graph.to_vec().unwrap(), pickle, "{what}");
    }
}

#[test]
fn a_state_setter_is_memoized_where_it_was() {
    // copyreg's sixth item: setter(object, state), with and without memo entries.
    let optimized = b"\x80\x02cm\nC\n)\x81q\x00cm\nsetter\nh\x00K\x01\x86R0.";
    let graph = Graph::from_slice(optimized).unwrap();
    assert_eq!(graph.root().states().count(), 1);
    assert_eq!(graph.to_vec().unwrap(), optimized);
    let as_pickled =
        b"\x80\x02cm\nC\nq\x00)\x81q\x01cm\nsetter\nq\x02h\x01}q\x03X\x01\0\0\0xq\x04K\x01s\x86R0.";
    let graph = Graph::from_slice(as_pickled).unwrap();
    assert_eq!(graph.to_vec().unwrap(), as_pickled);
    // pickletools' own result, too.
    let optimized = tools::optimize(as_pickled).unwrap();
    assert!(optimized.len() < as_pickled.len());
    assert_eq!(Graph::from_slice(&optimized).unwrap().to_vec().unwrap(), optimized);
}

#[test]
fn names_are_written_by_the_option_that_they_were_read_with() {
    for pickle in [
        &b"\x80\x02c__builtin__\nrange\nq\x00."[..],
        b"\x80\x02cbuiltins\nrange\nq\x00.",
        b"\x80\x02cbuiltins\nset\nq\x00]q\x01\x85q\x02Rq\x03.",
        b"c__builtin__\nlong\np0\n.",
    ] {
        for fix_imports in [false, true] {
            let graph = DeOptions::new().fix_imports(fix_imports).graph_from_slice(pickle).unwrap();
            let written = graph.to_vec().unwrap();
            let again =
                DeOptions::new().fix_imports(fix_imports).graph_from_slice(&written).unwrap();
            assert_eq!(again.root().global(), graph.root().global());
            if !fix_imports {
                assert_eq!(written, pickle);
            }
            let mut streamed = Vec::new();
            graph.to_writer(&mut streamed).unwrap();
            assert_eq!(streamed, written);
        }
    }
}

#[test]
fn an_extension_code_stays_one_though_a_registry_names_it() {
    let mut registry = ExtensionRegistry::new();
    registry.add("geometry", "Point", 240).unwrap();
    let pickle = b"\x80\x02\x82\xf0)\x81q\x00}q\x01b.";
    let graph = DeOptions::new().extensions(registry).graph_from_slice(pickle).unwrap();
    let class = graph.root().object().unwrap().callable;
    assert_eq!(class.kind(), NodeKind::Global);
    assert!(class.global().unwrap().is("geometry", "Point"));
    assert_eq!(graph.to_vec().unwrap(), pickle);
    // A protocol without codes gets the name.
    let old = SerOptions::new().protocol(Protocol::V1).graph_to_vec(&graph).unwrap();
    assert!(
        old.starts_with(b"ccopy_reg\n") && old.windows(14).any(|part| part == b"cgeometry\nPoin"),
        "{old:?}"
    );
}

#[test]
fn the_pickles_of_a_stream_are_one_graph_and_one_stream_again() {
    // p = Pickler(file, 4); a = [1]; p.dump(a); p.dump({'a': a}); p.dump(a)
    let stream = b"\x80\x04\x95\x06\0\0\0\0\0\0\0]\x94K\x01a.\x80\x04\x95\x0a\0\0\0\0\0\0\0}\x94\
        \x8c\x01a\x94h\0s.\x80\x04h\0.";
    let graphs = [
        Deserializer::from_slice(stream).into_graph().unwrap(),
        Deserializer::from_reader(&stream[..]).into_graph().unwrap(),
    ];
    for graph in graphs {
        let roots: Vec<_> = graph.roots().collect();
        assert_eq!(roots.len(), 3);
        assert_eq!((roots[1].get("a"), roots[2]), (Some(roots[0]), roots[0]));
        assert_eq!(graph.root(), roots[0]);
        assert_eq!(graph.to_vec().unwrap(), stream);
    }
    // Where pickles were read before, the graph has those that are left.
    let mut deserializer = Deserializer::from_slice(stream).keep_memo(true);
    let first: Vec<u8> = serde::Deserialize::deserialize(&mut deserializer).unwrap();
    assert_eq!((first, deserializer.into_graph().unwrap().roots().count()), (vec![1], 2));
    assert!(Deserializer::from_slice(b"").into_graph().is_err());
}
