//! Text with a lone surrogate counted as text for a call that spells a builtin where it was escaped
//! in a line, and not where it was counted. So one spelling of `getattr(C, '\ud800')` was a global
//! whose name had lost its last part.

use serde_pickle::graph::NodeKind;
use serde_pickle::{Graph, Value, from_slice};

#[test]
fn no_call_with_a_lone_surrogate_spells_a_builtin() {
    for text in [&b"V\\ud800\n"[..], b"X\x03\0\0\0\xed\xa0\x80"] {
        let nested = [b"c__builtin__\ngetattr\n(cm\nC\n", text, b"tR."].concat();
        assert_eq!(Graph::from_slice(&nested).unwrap().root().kind(), NodeKind::Object);
        let Ok(Value::Object(call)) = from_slice(&nested) else { panic!("{nested:?}") };
        assert!(matches!(call.args[1], Value::Surrogates(_)));
        // The result of the call may be anything, so it takes items.
        let call = [b"c__builtin__\nbytearray\n(", text, b"Vlatin-1\ntRK\x01a."].concat();
        assert_eq!(Graph::from_slice(&call).unwrap().root().kind(), NodeKind::Object);
    }
}
