//! INST took names in UTF-8, as GLOBAL does. CPython decodes them as ASCII.

use serde_pickle::{ErrorKind, Value, from_slice};

#[test]
fn names_of_inst_are_ascii_and_those_of_global_are_utf8() {
    let error = from_slice::<Value>("(ishapes\nÜbung\n.".as_bytes()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(1)));
    let error = from_slice::<Value>("(iübung\nPoint\n.".as_bytes()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(1)));
    assert_eq!(
        from_slice::<Value>("cshapes\nÜbung\n.".as_bytes()).unwrap().to_string(),
        "<global 'shapes.Übung'>"
    );
}
