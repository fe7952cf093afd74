//! A `Value` of a global or a persistent id forgot what the pickle gave it: items, attributes by
//! BUILD. Python has them on the object that is named, so a tree without them is another value.

use serde_pickle::{ErrorKind, Graph, Value, from_slice};

#[test]
fn what_a_global_is_given_is_kept_or_refused() {
    let given: [&[u8]; 6] = [
        b"cm\nC\n}K\x01K\x02sb.",
        b"cm\nC\nK\x01a.",
        b"cm\nC\nK\x01K\x02s.",
        b"Pid\n}b.",
        b"K\x01QK\x02a.",
        b"\x82\x01(K\x01\x90.",
    ];
    for pickle in given {
        let error = from_slice::<Value>(pickle).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.to_string().contains("is given state or items; read it with Graph"),
            "{error}"
        );
        Graph::from_slice(pickle).unwrap();
    }
    // An attribute of a class is a global, too.
    let nested = b"c__builtin__\ngetattr\n(cm\nC\nVD\ntR}b.";
    assert_eq!(from_slice::<Value>(nested).unwrap_err().kind(), ErrorKind::Unsupported);
    // The state `None` is none.
    assert_eq!(from_slice::<Value>(b"cm\nC\nNb.").unwrap(), Value::global("m", "C"));
}
