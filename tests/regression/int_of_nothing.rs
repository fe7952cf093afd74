//! INT with a NUL at once was refused. C's `strtol` makes 0 of nothing and stops at the NUL, which
//! CPython takes for the end of the number; with one byte behind the NUL the argument has the
//! length of `00`, and is a bool.

use serde_pickle::{Value, from_slice};

#[test]
fn an_int_that_ends_before_it_begins_is_zero() {
    assert_eq!(from_slice::<Value>(b"I\0\n.").unwrap(), Value::Int(0));
    assert_eq!(from_slice::<Value>(b"I\x002\n.").unwrap(), Value::Bool(false));
    assert_eq!(from_slice::<Value>(b"I\x0023\n.").unwrap(), Value::Int(0));
    assert_eq!(from_slice::<Value>(b"I1\0\n.").unwrap(), Value::Bool(true));
    for refused in [&b"I \0\n."[..], b"I-\0\n.", b"L\0\n.", b"Kap\0\n."] {
        assert!(from_slice::<Value>(refused).is_err(), "{refused:?}");
    }
}
