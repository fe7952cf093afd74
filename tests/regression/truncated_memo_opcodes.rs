//! A pickle that ends inside a memo opcode named the opcode before it, with which it is read at
//! one go: `}q` was said to end "inside the argument of EMPTY_DICT, at byte 0".

use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle::{Error, Graph, Value, from_reader, from_slice, tools};

use crate::corpus::{Failures, files};

#[test]
fn the_opcode_that_is_cut_is_named() {
    for (pickle, message) in [
        (&b"}q"[..], "the pickle ends inside the argument of BINPUT, at byte 1"),
        (b"\x8c\x01ar\0\0\0", "the pickle ends inside the argument of LONG_BINPUT, at byte 3"),
        (b"]p1", "the pickle ends inside the argument of PUT, at byte 1"),
        (b"G\0\0\0\0\0\0\0\0G\0", "the pickle ends inside the argument of BINFLOAT, at byte 9"),
    ] {
        for error in errors(pickle) {
            assert_eq!(error.to_string(), message, "{}", pickle.escape_ascii());
        }
    }
}

/// The answers of all readers.
fn errors(pickle: &[u8]) -> [Error; 6] {
    [
        from_slice::<Value>(pickle).unwrap_err(),
        from_slice::<Vec<String>>(pickle).unwrap_err(),
        from_reader::<_, Value>(pickle).unwrap_err(),
        Graph::from_slice(pickle).unwrap_err(),
        tools::persistent_ids(pickle).unwrap_err(),
        tools::audit(pickle).error.unwrap(),
    ]
}

#[test]
fn wherever_a_pickle_is_cut() {
    let mut failures = Failures::default();
    for fixture in files("valid") {
        let pickle = &fixture.bytes;
        let framed = instructions(pickle).any(|item| item.is_ok_and(|it| it.1 == Opcode::Frame));
        // Where a frame is cut, that is what is said.
        if framed || pickle.len() > 200 || from_slice::<Value>(pickle).is_err() {
            continue;
        }
        for cut in 1..pickle.len() {
            let cut = &pickle[..cut];
            // The first of several pickles is whole.
            let Some(Err(expected)) = instructions(cut).last() else { continue };
            for error in errors(cut) {
                failures.check(error.to_string() == expected.to_string(), || {
                    format!("{}: {error}, not {expected}", cut.escape_ascii())
                });
            }
        }
    }
    failures.finish(20_000);
}
