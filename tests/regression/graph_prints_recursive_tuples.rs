//! A tuple of one item within itself was printed as `(...,)`. Python's `repr` says `(...)`.

use serde_pickle::{DeOptions, Graph};

use crate::corpus::bytes;

#[test]
fn what_is_within_itself_is_printed_as_python_does() {
    let tuple = bytes("valid/sharing/recursive_tuple.p2.py313.pickle");
    assert_eq!(Graph::from_slice(&tuple).unwrap().root().to_string(), "([(...)],)");
    let list = DeOptions::new().graph_from_slice(b"]q\x00h\x00a.").unwrap().root().to_string();
    assert_eq!(list, "[[...]]");
}
