//! Pickles of real Pythons read as the values that were pickled.
//!
//! The manifest has Python's `repr` of each value, and `Value` prints as `repr` does. That holds
//! for what is made of builtins. It cannot hold
//!
//! - in `objects`, `globals` and `extensions`: a class, function or instance prints as its class
//!   likes, and we know its name alone. What it is made of is tested in
//!   [`instances`](crate::instances);
//! - for what contains itself: a `Value` is a tree. That is an error here and a graph elsewhere;
//! - for sets of more than one item, whose order is up to Python: they are compared as sets.

use serde_pickle::{Deserializer, Dict, ErrorKind, Set, Value, pickle};

use crate::corpus::{Failures, Fixture, entries};
use crate::sha256;

/// The manifest's stand-ins for a persistent id and for a buffer.
pub(crate) fn resolved(value: Value) -> Value {
    match value {
        Value::PersistentId(id) => Value::Tuple(vec!["persistent".into(), resolved(*id)]),
        // The buffers were given as bytes, and NEXT_BUFFER is what was given.
        Value::Buffer(buffer) => Value::Bytes(buffer.data),
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
            let stream =
                Deserializer::from_reader(&*fixture.bytes).keep_memo(keep).with_options(options);
            let values: Vec<Value> = stream.into_iter().collect::<Result<_, _>>()?;
            assert_eq!(values.len() as u64, count, "{}", fixture.name());
            Ok(Value::List(values))
        }
    }
}

/// Returns true if Python's `repr` says something that only a class knows.
fn is_about_classes(fixture: &Fixture) -> bool {
    let case = fixture.text("case");
    matches!(fixture.topic(), "objects" | "globals" | "extensions" | "fast")
        || case == "shared_instance"
}

fn is_recursive(fixture: &Fixture) -> bool {
    fixture.text("case").starts_with("recursive_")
}

#[test]
fn values_made_of_builtins_print_as_python_prints_them() {
    let mut failures = Failures::default();
    for fixture in entries("valid") {
        if is_about_classes(&fixture) || is_recursive(&fixture) {
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
                failures.check(sha256::hex(repr.as_bytes()) == expected, || {
                    format!("{}: {repr:.100}", fixture.name())
                });
            }
            (None, None) => {
                let expected = case_without_repr(fixture.text("case"));
                match expected {
                    Some(expected) => failures.check(value == expected, || {
                        format!("{}: {repr:.300}\n  expected: {expected:.300}", fixture.name())
                    }),
                    None => failures.push(format!(
                        "{}: nothing is known of its value: {repr:.300}",
                        fixture.name()
                    )),
                }
            }
        }
    }
    failures.finish(1_500);
}

/// The values of the cases whose `repr` is not laid down, because the order of a set is up to
/// Python.
fn case_without_repr(case: &str) -> Option<Value> {
    const SIZES: [i64; 9] = [0, 1, 2, 3, 4, 999, 1000, 1001, 2001];
    let by_size = |make: fn(Set) -> Value| {
        let sized = |size| (size, make((0..size).collect()));
        Value::Dict(SIZES.map(sized).into_iter().collect())
    };
    match case {
        "sets" => Some(by_size(Value::Set)),
        "frozensets" => Some(by_size(Value::FrozenSet)),
        "set_of_text" => Some(pickle!({"spam", "eggs", "ham"})),
        _ => None,
    }
}

#[test]
fn what_contains_itself_is_no_tree_and_says_so() {
    let mut failures = Failures::default();
    for fixture in entries("valid").into_iter().filter(is_recursive) {
        match read(&fixture) {
            Ok(value) => failures.push(format!("{}: {value:.200}", fixture.name())),
            Err(error) => failures.check(
                error.kind() == ErrorKind::Data
                    && error.to_string().contains("contains itself")
                    && error.offset().is_some(),
                || format!("{}: {error}", fixture.name()),
            ),
        }
    }
    failures.finish(200);
}

#[test]
fn a_graph_holds_what_contains_itself_and_prints_it_as_python_does() {
    let mut failures = Failures::default();
    for fixture in entries("valid").into_iter().filter(is_recursive) {
        let graph = match fixture.options().graph_from_slice(&fixture.bytes) {
            Ok(graph) => graph,
            Err(error) => {
                failures.push(format!("{}: {error}", fixture.name()));
                continue;
            }
        };
        failures
            .check(graph.root().contains_itself() || !graph.root().is_empty(), || fixture.name());
        if let Some(expected) = fixture.entry["repr"]
            .as_str()
            .filter(|_| fixture.text("case") != "recursive_list_subclass")
        {
            let repr = graph.root().to_string();
            failures
                .check(repr == expected, || format!("{}: {repr}, not {expected}", fixture.name()));
        }
    }
    failures.finish(300);
}

#[test]
fn every_entry_of_the_manifest_is_looked_at_by_a_test() {
    let topics: std::collections::BTreeSet<String> =
        entries("valid").iter().map(|fixture| fixture.topic().to_owned()).collect();
    let expected = [
        "buffers",
        "bytes",
        "containers",
        "extensions",
        "fast",
        "floats",
        "globals",
        "ints",
        "objects",
        "persistent",
        "scalars",
        "sharing",
        "streams",
        "text",
    ];
    assert!(topics.iter().eq(expected), "a topic that no test knows: {topics:?}");
}
