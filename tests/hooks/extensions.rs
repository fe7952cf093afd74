//! Extension codes (PEP 307).

use serde_pickle::reduce::{ExtensionRegistry, Global};
use serde_pickle::{DeOptions, ErrorKind, Value};

use super::{Entry, topic};

pub(super) fn registry(entry: &Entry) -> ExtensionRegistry {
    let mut registry = ExtensionRegistry::new();
    for (code, names) in entry.registry.as_ref().unwrap() {
        let (module, qualname): (String, String) = serde_json::from_value(names.clone()).unwrap();
        registry.add(&module, &qualname, code.parse().unwrap()).unwrap();
    }
    registry
}

fn classes(value: &Value, found: &mut Vec<Global>) {
    match value {
        Value::Global(class) => found.push((**class).clone()),
        Value::Object(object) => found.extend(object.class().cloned()),
        Value::List(items) => items.iter().for_each(|item| classes(item, found)),
        _ => panic!("{value}"),
    }
}

#[test]
fn codes_of_every_width_are_the_globals_that_they_stand_for() {
    for entry in topic("extensions") {
        let options = DeOptions::new().extensions(registry(&entry));
        let value: Value = options.from_slice(&entry.bytes()).unwrap();
        let mut found = Vec::new();
        classes(&value, &mut found);
        // Protocols 0 and 1 have no codes, and instances are calls of copyreg._reconstructor there,
        // which is understood.
        assert!(
            !found.is_empty() && found.iter().all(|class| class.is("objects", "Tagged")),
            "{}: {value}",
            entry.file
        );
    }
}

#[test]
fn a_code_that_is_not_registered_is_an_error_that_says_which() {
    let bytes = super::case("extensions/class_65536", 2).bytes();
    let error = DeOptions::new()
        .extensions(ExtensionRegistry::new())
        .from_slice::<Value>(&bytes)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.to_string(), "the extension code 65536 is not registered, at byte 2");
    // Without any registry the code is data that nobody can name.
    assert!(serde_pickle::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
    assert!(
        serde_pickle::from_slice::<Value>(&bytes)
            .unwrap_err()
            .to_string()
            .contains("DeOptions::extensions")
    );
}

#[test]
fn codes_below_one_are_errors_as_in_python() {
    for bytes in [&b"\x82\0."[..], b"\x83\0\0.", b"\x84\0\0\0\0.", b"\x84\xff\xff\xff\xff."] {
        assert_eq!(serde_pickle::from_slice::<Value>(bytes).unwrap_err().kind(), ErrorKind::Syntax);
    }
}

#[test]
fn a_code_for_a_known_builtin_is_called_as_such() {
    let mut registry = ExtensionRegistry::new();
    registry.add("builtins", "set", 5).unwrap();
    let value: Value =
        DeOptions::new().extensions(registry).from_slice(b"\x82\x05](K\x01K\x02e\x85R.").unwrap();
    assert_eq!(value.to_string(), "{1, 2}");
}
