//! Python 2's 8-bit strings and names.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_bytes::ByteBuf;
use serde_pickle::reduce::Global;
use serde_pickle::{DeOptions, DecodeErrors, Encoding, Value};

use super::{case, topic};

const ENCODINGS: [(&str, Encoding); 4] = [
    ("ASCII", Encoding::Ascii),
    ("utf-8", Encoding::Utf8),
    ("latin1", Encoding::Latin1),
    ("bytes", Encoding::Bytes),
];

#[test]
fn text_is_what_python_makes_of_it_by_each_encoding() {
    let mut compared = 0;
    for entry in topic("python2_text") {
        let bytes = entry.bytes();
        for (name, encoding) in ENCODINGS {
            let expected = &entry.encodings.as_ref().unwrap()[name];
            let read = DeOptions::new().encoding(encoding).from_slice::<Value>(&bytes);
            match (expected.as_str(), read) {
                // Objects print as data here; the tests below look into them.
                (Some(repr), Ok(value)) if !is_object(repr) => {
                    assert_eq!(value.to_string(), repr, "{} {name}", entry.file);
                }
                (Some(_), Ok(_)) => {}
                (None, Err(_)) => {}
                // Bytes that UTF-8, the default here, cannot decode stay bytes in a Value.
                (None, Ok(value)) if encoding == Encoding::Utf8 => {
                    assert!(
                        value.to_string().contains("b'") || value.to_string().contains("b\""),
                        "{} {name}: {value}",
                        entry.file
                    );
                }
                // There `bytearray(u'…', 'latin-1')` gets its encoding as bytes, and Python
                // refuses; what is meant is clear.
                (None, Ok(Value::ByteArray(_))) if encoding == Encoding::Bytes => {}
                (None, Ok(value)) => panic!("{} {name}: {value} instead of {expected}", entry.file),
                (Some(repr), Err(error)) => {
                    panic!("{} {name}: {error} instead of {repr}", entry.file)
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}

fn is_object(repr: &str) -> bool {
    repr.contains("datetime.") || repr.contains("Record(") || repr.contains("bytearray")
}

#[test]
fn bytes_asked_for_are_bytes_whatever_the_encoding() {
    for protocol in [0, 1, 2] {
        let bytes = case("python2_text/latin1", protocol).bytes();
        let chars = match DeOptions::new().encoding(Encoding::Bytes).from_slice(&bytes).unwrap() {
            Value::Bytes(chars) => chars,
            other => panic!("{other}"),
        };
        assert!(!chars.is_ascii());
        for (name, encoding) in ENCODINGS {
            let options = DeOptions::new().encoding(encoding);
            assert_eq!(options.from_slice::<ByteBuf>(&bytes).unwrap(), chars, "{name}");
            assert_eq!(options.from_slice::<Vec<u8>>(&bytes).unwrap(), chars, "{name}");
        }
        assert!(serde_pickle::from_slice::<String>(&bytes).is_err());
        let text: String = DeOptions::new().encoding(Encoding::Latin1).from_slice(&bytes).unwrap();
        assert_eq!(
            text.chars().map(|c| c as u32).collect::<Vec<_>>(),
            chars.iter().map(|&b| u32::from(b)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn attributes_are_found_whatever_the_encoding() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Record {
        name: ByteBuf,
        raw: ByteBuf,
        title: String,
    }
    for protocol in [0, 1, 2] {
        let bytes = case("python2_text/attributes", protocol).bytes();
        for (name, encoding) in ENCODINGS {
            let record: Record = DeOptions::new()
                .encoding(encoding)
                .from_slice(&bytes)
                .unwrap_or_else(|error| panic!("protocol {protocol}, {name}: {error}"));
            assert_eq!(record.name, b"caf\xc3\xa9", "{name}");
            assert_eq!(record.raw, b"\x80\x81", "{name}");
            assert_eq!(record.title, "café", "{name}");
        }
    }
}

#[test]
fn a_struct_of_text_needs_no_option() {
    #[derive(Deserialize)]
    struct Record {
        name: String,
    }
    let record: Record =
        serde_pickle::from_slice(&case("python2_text/attributes", 2).bytes()).unwrap();
    assert_eq!(record.name, "café");
}

#[test]
fn keys_are_text_by_the_encoding() {
    for protocol in [0, 1, 2] {
        let bytes = case("python2_text/dict_utf8_key", protocol).bytes();
        let read = |encoding| {
            DeOptions::new().encoding(encoding).from_slice::<BTreeMap<String, ByteBuf>>(&bytes)
        };
        assert_eq!(read(Encoding::Utf8).unwrap().into_keys().collect::<Vec<_>>(), ["café"]);
        assert_eq!(read(Encoding::Latin1).unwrap().into_keys().collect::<Vec<_>>(), ["cafÃ©"]);
        assert!(read(Encoding::Ascii).is_err());
        let keys: BTreeMap<ByteBuf, ByteBuf> =
            DeOptions::new().encoding(Encoding::Bytes).from_slice(&bytes).unwrap();
        assert_eq!(keys.into_keys().next().unwrap(), b"caf\xc3\xa9");
    }
}

#[test]
fn errors_say_what_becomes_of_the_rest() {
    // Python 2: pickle.dumps('a\xe9\xe8b', 2)
    let bytes = b"\x80\x02U\x04a\xe9\xe8bq\x00.";
    let read = |encoding, errors| {
        DeOptions::new().encoding(encoding).errors(errors).from_slice::<String>(bytes)
    };
    // pickle.loads(…, encoding=…, errors=…) of Python 3.13
    assert_eq!(read(Encoding::Ascii, DecodeErrors::Replace).unwrap(), "a\u{fffd}\u{fffd}b");
    assert_eq!(read(Encoding::Ascii, DecodeErrors::Ignore).unwrap(), "ab");
    assert_eq!(read(Encoding::Utf8, DecodeErrors::Replace).unwrap(), "a\u{fffd}\u{fffd}b");
    assert_eq!(read(Encoding::Utf8, DecodeErrors::Ignore).unwrap(), "ab");
    assert_eq!(read(Encoding::Latin1, DecodeErrors::Strict).unwrap(), "aéèb");
    assert!(read(Encoding::Ascii, DecodeErrors::Strict).is_err());
    let value: Value = DeOptions::new().errors(DecodeErrors::Replace).from_slice(bytes).unwrap();
    assert_eq!(value, Value::from("a\u{fffd}\u{fffd}b"));
}

#[test]
fn names_are_those_of_python3_unless_asked_otherwise() {
    for entry in topic("python2_modules").iter().filter(|entry| entry.globals.is_some()) {
        let bytes = entry.bytes();
        let globals = entry.globals.as_ref().unwrap();
        let names = |of: fn(&super::GlobalEntry) -> &(String, String)| -> Vec<Global> {
            globals.iter().map(of).map(|(module, name)| Global::new(module, name)).collect()
        };
        if entry.case.contains("/instance_") {
            let class = |value: Value| match value {
                Value::Object(object) => object.class().cloned(),
                // set(list) is a set and not a call.
                Value::Set(_) => Some(Global::new("builtins", "set")),
                other => panic!("{other}"),
            };
            let read = class(serde_pickle::from_slice(&bytes).unwrap()).unwrap();
            // Protocol 0 names copyreg._reconstructor and its arguments too.
            assert!(names(|global| &global.read).contains(&read), "{}: {read}", entry.file);
            continue;
        }
        let read: Vec<Global> = match serde_pickle::from_slice(&bytes) {
            Ok(global) => vec![global],
            Err(_) => serde_pickle::from_slice(&bytes).unwrap(),
        };
        assert_eq!(read, names(|global| &global.read), "{}", entry.file);
        let options = DeOptions::new().fix_imports(false);
        let written: Vec<Global> = match options.from_slice(&bytes) {
            Ok(global) => vec![global],
            Err(_) => options.from_slice(&bytes).unwrap(),
        };
        assert_eq!(written, names(|global| &global.written), "{}", entry.file);
    }
}
