//! A set made by a call of `set` took anything by ADDITEMS, for only the opcode's own sets had
//! their items looked at; and a read-only view of a bytearray was a key, because only the bytearray
//! itself counted as unhashable. CPython refuses both.

use serde_pickle::{ErrorKind, Graph};

fn refused(pickle: &[u8]) {
    let error = Graph::from_slice(pickle).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax, "{error}");
    assert!(error.to_string().contains("cannot be hashed"), "{error}");
}

#[test]
fn a_set_that_is_spelled_as_a_call_takes_what_can_be_hashed() {
    // set().update([[]]), and the same for a set that was made of a list.
    refused(b"c__builtin__\nset\n)R(]\x90.");
    refused(b"c__builtin__\nset\n]\x85R(K\x01]\x90.");
    let set = Graph::from_slice(b"c__builtin__\nset\n)R(K\x01)\x90.").unwrap();
    assert_eq!(set.root().items().count(), 2);
    // Only the class of any other object knows the items that it takes.
    Graph::from_slice(b"cm\nC\n)R(]\x90.").unwrap();
}

#[test]
fn a_view_of_a_bytearray_is_no_key() {
    refused(b"}\x96\x01\0\0\0\0\0\0\0z\x98K\x01s.");
    refused(b"(\x96\x01\0\0\0\0\0\0\0z\x98\x91.");
    // bytearray(b'z'), by a call.
    refused(b"}c__builtin__\nbytearray\nC\x01z\x85R\x98K\x01s.");
    // A persistent id may stand for bytes.
    Graph::from_slice(b"}Pid\n\x98K\x01s.").unwrap();
}
