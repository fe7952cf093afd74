//! A global that BUILD gives itself as state, or what leads back to it. A graph wrote it without
//! end, as some spellings of a global have no memo entry of the graph's own: a nested name below
//! protocol 4, and an extension code.

use serde_pickle::reduce::ExtensionRegistry;
use serde_pickle::{DeOptions, Graph, Protocol, SerOptions};

#[test]
fn a_global_within_its_own_state_is_written_once() {
    let mut registry = ExtensionRegistry::new();
    registry.add("m", "Outer.Inner", 7).unwrap();
    // ({}, g), where g is its own state; and where g is in a list that is its state.
    for pickle in [
        &b"\x80\x04}cm\nOuter.Inner\n\x94h\0b\x86."[..],
        b"\x80\x04}cm\nOuter.Inner\n\x94]h\0ab\x86.",
    ] {
        let graph = Graph::from_slice(pickle).unwrap();
        for protocol in Protocol::ALL {
            for options in [SerOptions::new(), SerOptions::new().extensions(registry.clone())] {
                let written = options.protocol(protocol).graph_to_vec(&graph).unwrap();
                let read = DeOptions::new()
                    .extensions(registry.clone())
                    .graph_from_slice(&written)
                    .unwrap();
                let global = read.root().items().nth(1).unwrap();
                assert!(global.contains_itself(), "{protocol:?}");
            }
        }
    }
}
