//! The length of a name was that of its spelling: in a line of protocol 0 a letter may take one
//! byte where UTF-8 takes two, or six where it takes three. So a graph was written with a name that
//! could not be read again.

use serde_pickle::{DeOptions, ErrorKind, Graph, Protocol, SerOptions, tools};

/// STACK_GLOBAL of a module, and a name in a line.
fn named(line: &[u8]) -> Vec<u8> {
    [b"\x80\x04\x8c\x01mV", line, b"\n\x93."].concat()
}

/// `getattr` of a class, and a name in a line.
fn attribute(line: &[u8]) -> Vec<u8> {
    [b"c__builtin__\ngetattr\n(cm\nC\nV".as_slice(), line, b"\ntR."].concat()
}

#[test]
fn a_name_is_as_long_as_its_text() {
    let latin = b"\xe9".repeat(500);
    let chinese = b"\\u4e16".repeat(333);
    let backslashes = b"\\u005c".repeat(1_000);
    for (line, longer) in
        [(&latin, &b"\xe9"[..]), (&chinese, b"\\u4e16"), (&backslashes, b"\\u005c")]
    {
        for pickle in [named(line), attribute(line)] {
            let graph = Graph::from_slice(&pickle).unwrap();
            for protocol in [Protocol::V0, Protocol::V2, Protocol::V4] {
                let Ok(again) = SerOptions::new().protocol(protocol).graph_to_vec(&graph) else {
                    continue;
                };
                assert!(Graph::from_slice(&again).is_ok(), "{protocol:?}");
            }
        }
        let line = [line, longer].concat();
        for pickle in [named(&line), attribute(&line)] {
            let error = Graph::from_slice(&pickle).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
            assert!(error.to_string().contains("a global has a name of"), "{error}");
        }
    }
}

/// To decode a line is work, which is charged like that of long names.
#[test]
fn a_long_line_is_named_a_few_times() {
    let line = b"\\u005c".repeat(1_000);
    let uses = b"\x8c\x01mh\0\x930".repeat(2_000);
    let often = [b"\x80\x04V", &line[..], b"\nq\0", &uses, b"."].concat();
    let error = DeOptions::new().graph_from_slice(&often).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert_eq!(tools::audit(&often).error.map(|error| error.kind()), Some(ErrorKind::Limit));
}
