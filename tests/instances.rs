//! Instances, classes and calls by real Pythons: class, arguments, items and state.
//!
//! Python's `repr` of an instance is up to its class, so it cannot be compared. The snapshot shows
//! what each case is made of and which Pythons wrote it so; where the manifest has the `__dict__`
//! that Python 3.13 gave the instance, the state has to be that.

use std::collections::BTreeMap;

use serde_pickle::Value;

use crate::corpus::{Failures, Fixture, entries};

fn is_about_classes(fixture: &Fixture) -> bool {
    matches!(fixture.topic(), "objects" | "globals" | "extensions" | "fast")
        || fixture.text("case") == "shared_instance"
}

#[test]
fn instances_are_what_they_were_pickled_as() {
    let mut cases: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for fixture in entries("valid").into_iter().filter(is_about_classes) {
        let value = match fixture.options().from_slice::<Value>(&fixture.bytes) {
            Ok(value) => value.to_string(),
            Err(error) => panic!("{}: {error}", fixture.name()),
        };
        let pure = if fixture.text("implementation") == "py" { " (pure)" } else { "" };
        let writer =
            format!("{} protocol {}{pure}", fixture.text("python"), fixture.entry["protocol"]);
        cases
            .entry(fixture.text("case").to_owned())
            .or_default()
            .entry(value)
            .or_default()
            .push(writer);
    }
    let mut shown = String::new();
    for (case, values) in cases {
        shown += &format!("{case}\n");
        for (value, writers) in values {
            shown += &format!("    {value}\n        {}\n", writers.join(", "));
        }
    }
    insta::assert_snapshot!(shown);
}

/// The dict in the state of an instance: the state itself, or the first of `(dict, slots)`.
fn attributes(value: &Value) -> Option<&Value> {
    let Value::Object(object) = value else { return None };
    match object.state.as_deref()? {
        state @ Value::Dict(_) => Some(state),
        Value::Tuple(pair) => match &**pair {
            [dict @ Value::Dict(_), Value::Dict(_)] => Some(dict),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn the_state_is_what_python_puts_into_the_instance() {
    /// The class does something else with its state or its arguments.
    const OTHERWISE: [&str; 7] = [
        "old_style_with_initargs",
        "reduce_6",
        "reduce_all",
        "reduce_ex",
        "registered",
        "state_two_tuple",
        "recursive_list_subclass",
    ];
    let mut failures = Failures::default();
    for fixture in entries("valid") {
        let Some(expected) = fixture.entry["dict_repr"].as_str() else { continue };
        if OTHERWISE.contains(&fixture.text("case")) {
            continue;
        }
        let value: Value = fixture.options().from_slice(&fixture.bytes).unwrap();
        let found = attributes(&value).map(ToString::to_string);
        failures.check(found.as_deref() == Some(expected), || {
            format!("{}: {found:?}, not {expected}", fixture.name())
        });
    }
    failures.finish(380);
}
