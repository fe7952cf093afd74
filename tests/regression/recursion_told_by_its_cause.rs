//! A list within itself that also holds a plain list was "nested more than 1000 levels deep", where
//! the thousandth level happened to be the plain list: only the object at the limit was asked
//! whether it contains itself.

use serde_pickle::{ErrorKind, Value, from_slice};

#[test]
fn what_hangs_off_a_recursive_list_does_not_hide_the_recursion() {
    // a = [[], a], b = [[], [], a, b] and the like: whatever is at the limit, the list is within
    // itself.
    for pickle in [
        &b"]q\x00(]h\x00e."[..],
        b"]q\x00(]]ah\x00e.",
        b"]q\x00(]]]aah\x00e.",
        b"]q\x00(]h\x00\x85e.",
    ] {
        let error = from_slice::<Value>(pickle).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Data, Some(0)), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("a list contains itself at ["), "{text}");
        assert!(text.ends_with("; a Graph can hold it, at byte 0"), "{text}");
    }
}
