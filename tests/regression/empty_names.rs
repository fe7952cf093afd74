//! STACK_GLOBAL takes an empty module or name, and below protocol 4 it was written as an empty
//! line, which GLOBAL and INST do not take: what was said to be written could not be read.

use serde_pickle::{ErrorKind, Graph, Protocol, SerOptions, Value};

#[test]
fn an_empty_name_cannot_be_written_as_a_line() {
    let graph = Graph::from_slice(b"\x8c\x01m\x8c\x00\x93.").unwrap();
    for protocol in Protocol::ALL {
        let options = SerOptions::new().protocol(protocol);
        let written = [
            options.graph_to_vec(&graph),
            options.to_vec(&Value::global("m", "")),
            options.to_vec(&Value::global("", "C")),
        ];
        for written in written {
            match written {
                Ok(bytes) => drop(Graph::from_slice(&bytes).unwrap()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
            }
        }
        assert_eq!(options.graph_to_vec(&graph).is_ok(), protocol >= Protocol::V4);
    }
    // An empty persistent id is a line of its own.
    let graph = Graph::from_slice(b"P\n.").unwrap();
    assert_eq!(SerOptions::new().protocol(Protocol::V0).graph_to_vec(&graph).unwrap(), b"P\n.");
}
