//! A list within itself that also holds a plain list was "nested more than 1000 levels deep", where the thousandth level
//! happened to be the plain list: only the object at the limit was asked whether it contains itself.
//!
//! And what was named depended on the limit: the object at which the depth ran out, or, where the bytes that references may expand
//! to ran out first, the one that was entered twice. How far the latter reaches grows with the input, so that bytes behind the
//! pickle changed the error's offset.

use serde_pickle::{DeOptions, ErrorKind, Value, from_slice};

#[test]
fn what_hangs_off_a_recursive_list_does_not_hide_the_recursion() {
    // a = [[], a], b = [[], [], a, b] and the like: whatever is at the limit, the list is within itself.
    for pickle in [&b"]q\x00(]h\x00e."[..], b"]q\x00(]]ah\x00e.", b"]q\x00(]]]aah\x00e.", b"]q\x00(]h\x00\x85e."] {
        let error = from_slice::<Value>(pickle).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Data, Some(0)), "{error}");
        assert_eq!(error.to_string(), "an object contains itself; a Graph can hold it, at byte 0");
    }
}

#[test]
fn the_same_object_is_named_whichever_limit_ends_the_way_round() {
    // a = [(a,)], and a = [[[b]]] where b = [b, a].
    for pickle in [&b"]q\x00h\x00\x85a."[..], b"]q\x00]]]q\x01(h\x01h\x00eaaa."] {
        let behind = [pickle, &[0; 1000]].concat();
        for depth in 1..40 {
            for expansion in [0, 100, 500, 1 << 20] {
                let options = DeOptions::new().max_depth(depth).max_expansion(expansion);
                for input in [pickle, &behind] {
                    let error = options.graph_from_slice(input).unwrap().root().to_value().unwrap_err();
                    let through_reader = options.from_reader::<_, Value>(input).unwrap_err();
                    for error in [error, through_reader] {
                        assert_eq!(error.kind(), ErrorKind::Data, "{depth} {expansion}");
                        assert_eq!(error.to_string(), "an object contains itself; a Graph can hold it, at byte 0");
                    }
                }
            }
        }
    }
}
