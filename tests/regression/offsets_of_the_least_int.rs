//! The offset of a time zone was compared with a day by its absolute value, which the least 64-bit
//! int does not have: a panic with overflow checks, and a time with an offset of 88 hours without.
//! CPython refuses an offset of a day or more.

use serde_pickle::{Value, from_slice, from_value, python};

const PICKLE: &[u8] =
    b"\x80\x04cdatetime\ndatetime\nC\x0a\x07\xe8\x01\x01\0\0\0\0\0\0cdatetime\ntimezone\n\
    cdatetime\ntimedelta\nK\0K\0\x8a\x08\0\0\0\0\0\0\0\x80\x87R\x85R\x86R.";

#[test]
fn an_offset_of_the_least_int_is_refused() {
    let value: Value = from_slice(PICKLE).unwrap();
    for error in [
        from_slice::<String>(PICKLE).unwrap_err(),
        from_slice::<python::DateTime>(PICKLE).unwrap_err(),
        from_value::<String>(value).unwrap_err(),
    ] {
        assert!(error.to_string().contains("time zone"), "{error}");
    }
}
