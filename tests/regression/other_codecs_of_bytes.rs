//! `_codecs.encode(text, 'utf-16')` was a call to a `Graph` and an error to a `Value`, and of an
//! 8-bit string any codec at all was taken for none. What is not understood is a call to all.

use serde_pickle::graph::NodeKind;
use serde_pickle::reduce::Global;
use serde_pickle::{Graph, SerOptions, Value};

fn call(function: &str, args: &[&str]) -> Vec<u8> {
    let mut pickle = format!("c{}\n(", function.replace('.', "\n"));
    args.iter().for_each(|arg| pickle.push_str(arg));
    pickle.push_str("tR.");
    pickle.into_bytes()
}

#[test]
fn what_is_not_understood_is_a_call_in_every_view() {
    for (function, args) in [
        ("_codecs.encode", &["Va\n", "Vutf-16\n"][..]),
        ("_codecs.encode", &["S'ab'\n", "S'hex'\n"]),
        ("_codecs.encode", &["Va\n", "V\n"]),
        ("_codecs.encode", &["V\\u20ac\n", "Vlatin1\n"]),
        ("_codecs.encode", &["V\\u0100\n", "Vascii\n"]),
        ("_codecs.encode", &["Va\n", "Vlatin1\n", "Vignore\n"]),
        ("_codecs.encode", &["Va\n"]),
        ("__builtin__.bytearray", &["Va\n", "Vcp1252\n"]),
        ("__builtin__.bytes", &["Va\n", "Vutf-8-sig\n"]),
        ("__builtin__.bytes", &["I3\n"]),
        ("__builtin__.complex", &["Va\n"]),
        ("__builtin__.complex", &["I1\n", "I2\n", "I3\n"]),
        ("__builtin__.set", &["Vabc\n"]),
        ("__builtin__.set", &["(l", "(l"]),
        ("__builtin__.frozenset", &["}"]),
        ("__builtin__.getattr", &["cm\nC\n", "Va\n", "N"]),
        ("__builtin__.getattr", &["cm\nC\n", "Va.b\n"]),
        ("__builtin__.getattr", &["cm\nC\n", "I1\n"]),
    ] {
        let pickle = call(function, args);
        let graph = Graph::from_slice(&pickle).unwrap();
        let name = format!("{function}{args:?}");
        assert_eq!(graph.root().kind(), NodeKind::Object, "{name}");
        let value: Value =
            serde_pickle::from_slice(&pickle).unwrap_or_else(|error| panic!("{name}: {error}"));
        let Value::Object(object) = &value else { panic!("{name}: {value}") };
        let (module, qualname) = function
            .replace("__builtin__", "builtins")
            .split_once('.')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert_eq!(object.class(), Some(&Global::new(module, qualname)), "{name}");
        assert_eq!(graph.root().to_value().unwrap(), value, "{name}");
        assert_eq!(graph.to_vec().unwrap(), pickle, "{name}");
        let again = SerOptions::new().to_vec(&value).unwrap();
        assert_eq!(serde_pickle::from_slice::<Value>(&again).unwrap(), value, "{name}");
    }
}

#[test]
fn what_picklers_write_is_bytes_by_every_name_of_the_codec() {
    for codec in ["latin1", "latin-1", "LATIN_1", "iso8859-1", "ISO_8859_1", "utf8", "us-ascii"] {
        let pickle = call("_codecs.encode", &["Vab\n", &format!("V{codec}\n")]);
        assert_eq!(
            serde_pickle::from_slice::<Value>(&pickle).unwrap(),
            Value::Bytes(b"ab".to_vec()),
            "{codec}"
        );
        assert_eq!(
            Graph::from_slice(&pickle).unwrap().root().as_bytes().as_deref(),
            Some(&b"ab"[..])
        );
    }
}
