//! A call with `None` for arguments, as Python 2.2 wrote it, was kept as that in a `Value`, and written as one with no arguments. For
//! `set` that spells an empty set, so what had been written was refused: a set takes no state.

use serde_pickle::{Graph, Protocol, SerOptions, Value, from_slice};

#[test]
fn they_are_written_as_something_that_reads_the_same() {
    for pickle in [&b"cbuiltins\nset\nNR]b."[..], b"cgeometry\nPoint\nNR}(X\x01\0\0\0xK\x01ub."] {
        let value: Value = from_slice(pickle).unwrap();
        let graph = Graph::from_slice(pickle).unwrap();
        for protocol in Protocol::ALL {
            let options = SerOptions::new().protocol(protocol);
            for written in [options.to_vec(&value).unwrap(), options.graph_to_vec(&graph).unwrap()] {
                assert_eq!(from_slice::<Value>(&written).unwrap(), value, "{protocol:?}");
            }
        }
    }
}
