//! What real Pythons wrote reads as what they meant.
//!
//! The manifest has Python's `repr` of each value, and `Value` prints as `repr` does. That holds for what is made of
//! builtins. It cannot hold
//!
//! - in `objects`, `globals` and `extensions`: a class, function or instance prints as its class likes, and we know its
//!   name alone. What it is made of is tested in [`instances`](crate::instances);
//! - for what contains itself: a `Value` is a tree. That is an error here and a graph elsewhere;
//! - for sets of more than one item, whose order is up to Python: they are compared as sets.

use serde_pickle::{Deserializer, Dict, ErrorKind, Set, Value, pickle};

use crate::corpus::{Failures, Fixture, entries};
use crate::sha256;

/// What the program that made the manifest had instead of a persistent id.
pub(crate) fn resolved(value: Value) -> Value {
    match value {
        Value::PersistentId(id) => Value::Tuple(vec!["persistent".into(), resolved(*id)]),
        Value::List(items) => Value::List(items.into_iter().map(resolved).collect()),
        Value::Tuple(items) => Value::Tuple(items.into_iter().map(resolved).collect()),
        Value::Dict(dict) => {
            let entries = dict.into_iter().map(|(key, value)| (resolved(key), resolved(value)));
            Value::Dict(Dict::try_from_iter(entries).unwrap())
        }
        other => other,
    }
}

fn read(fixture: &Fixture) -> Result<Value, serde_pickle::Error> {
    let options = fixture.options();
    match fixture.entry["count"].as_u64() {
        None => options.from_slice(&fixture.bytes),
        Some(count) => {
            let keep = fixture.entry["one_unpickler"].as_bool().unwrap();
            let stream = Deserializer::from_reader(&*fixture.bytes).keep_memo(keep).with_options(options);
            let values: Vec<Value> = stream.into_iter().collect::<Result<_, _>>()?;
            assert_eq!(values.len() as u64, count, "{}", fixture.name());
            Ok(Value::List(values))
        }
    }
}

/// Whether Python's `repr` says something that only a class knows.
fn is_about_classes(fixture: &Fixture) -> bool {
    matches!(fixture.topic(), "objects" | "globals" | "extensions")
}

fn is_recursive(fixture: &Fixture) -> bool {
    fixture.text("case").starts_with("recursive_")
}

#[test]
fn values_made_of_builtins_print_as_python_prints_them() {
    let mut failures = Failures::default();
    for fixture in entries("valid") {
        if is_about_classes(&fixture) || is_recursive(&fixture) || fixture.needs_buffers() {
            continue;
        }
        let value = match read(&fixture) {
            Ok(value) => resolved(value),
            Err(error) => {
                failures.push(format!("{}: {error}", fixture.name()));
                continue;
            }
        };
        let repr = value.to_string();
        match (fixture.entry["repr"].as_str(), fixture.entry["sha256_repr"].as_str()) {
            (Some(expected), _) => failures.check(repr == expected, || {
                format!("{}: {repr:.300}\n  python: {expected:.300}", fixture.name())
            }),
            (None, Some(expected)) => {
                failures.check(sha256::hex(repr.as_bytes()) == expected, || format!("{}: {repr:.100}", fixture.name()));
            }
            (None, None) => {
                let expected = case_without_repr(fixture.text("case"), fixture.text("python").starts_with('2'));
                match expected {
                    Some(expected) => failures.check(value == expected, || {
                        format!("{}: {repr:.300}\n  expected: {expected:.300}", fixture.name())
                    }),
                    None => failures.push(format!("{}: nothing is known of its value: {repr:.300}", fixture.name())),
                }
            }
        }
    }
    failures.finish(1_500);
}

fn case_without_repr(_case: &str, _python2: bool) -> Option<Value> {
    None
}
