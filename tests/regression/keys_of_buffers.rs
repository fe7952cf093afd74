//! A buffer beside the pickle was taken for something hashable. A Graph with one as a key was
//! written, below protocol 5, with a bytearray as the key, which nothing can read.

use serde_pickle::{ErrorKind, Graph};

#[test]
fn a_buffer_is_a_key_only_if_it_is_read_only() {
    for pickle in
        [&b"\x80\x05}\x97K\x01s."[..], b"\x80\x05\x8f(\x97\x90.", b"\x80\x05}\x97\x85K\x01s."]
    {
        let error = Graph::from_slice(pickle).map(drop).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().contains("cannot be hashed")),
            (ErrorKind::Syntax, true),
            "{error}"
        );
    }
    Graph::from_slice(b"\x80\x05}\x97\x98K\x01s.").unwrap();
}
