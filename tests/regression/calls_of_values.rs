//! A call of `set` or `bytes` spells a value, and it was taken for a class because it is an object
//! in the graph. What was written of it at protocol 4, where a frozenset has its own opcode,
//! nothing could read. CPython refuses the call.

use serde_pickle::reduce::PersistentId;
use serde_pickle::{AllowList, DeOptions, ErrorKind, Graph, Value, from_slice};

#[test]
fn a_set_that_is_spelled_as_a_call_is_no_class() {
    let frozenset = b"c__builtin__\nfrozenset\n(](K\x01etR";
    let calls: [&[u8]; 3] = [b")\x81.", b")R.", b")}\x92."];
    for call in calls {
        let error = Graph::from_slice(&[&frozenset[..], call].concat()).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Syntax, "{error}");
        assert!(error.to_string().contains("expected a class or function"), "{error}");
    }
    // The result of any other call may be a class.
    Graph::from_slice(b"cm\nmake\n)R)\x81.").unwrap();
}

/// A resolver, asked for its constructor, had the error of bytes that cannot be made come before
/// all others.
#[test]
fn a_resolver_does_not_change_what_is_wrong_with_bytes() {
    let pickle = b"c_codecs\nencode\n(X\x02\0\0\0\xc4\x80X\x06\0\0\0latin1tR.";
    let plain = from_slice::<PersistentId<Value>>(pickle).map(drop).unwrap_err();
    let allow = AllowList::builtins().allow("_codecs", "encode");
    let asked = DeOptions::new()
        .resolver(allow)
        .from_slice::<PersistentId<Value>>(pickle)
        .map(drop)
        .unwrap_err();
    assert_eq!(asked.to_string(), plain.to_string());
    assert!(plain.to_string().contains("expected a persistent id"), "{plain}");
}
