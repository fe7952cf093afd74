//! An array of numpy whose elements have no bytes can have 10⁹ of them in a hundred bytes of
//! pickle. Read straight into a Rust type that was refused; read as a `Value` and made into a type
//! from there, it was counted out to the end.

use serde::de::IgnoredAny;
use serde_pickle::{ErrorKind, Value, from_slice, from_value};

const PICKLE: &[u8] =
    b"cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01\
    \x8a\x04\x00\xca\x9a\x3b\x85cnumpy\ndtype\nU\x02V0K\x00K\x01\x87R\x89C\x00tb.";

#[test]
fn they_are_refused_from_a_value_too() {
    let error = from_slice::<Vec<IgnoredAny>>(PICKLE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let value: Value = from_slice(PICKLE).unwrap();
    let error = from_value::<Vec<IgnoredAny>>(value).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}
