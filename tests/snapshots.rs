//! Snapshots: what representative fixtures consist of and what they print as, and how every
//! malformed one is refused.
//!
//! Run with `INSTA_UPDATE=always` (or `cargo insta review`) after a change that is meant, and read
//! the difference.

use std::fmt::Write as _;

use serde_pickle::Value;
use serde_pickle::opcode::{Argument, instructions};

use crate::corpus::{Fixture, entries, files};

/// One of each spelling: every protocol, every kind of argument, objects of every sort.
const SHOWN: &[&str] = &[
    "valid/scalars/none",
    "valid/scalars/bools_and_ints",
    "valid/floats/nan",
    "valid/floats/infinities",
    "valid/ints/one_big_int",
    "valid/floats/complexes",
    "valid/text/tricky",
    "valid/text/lone_surrogates",
    "valid/text/python2_str_and_unicode",
    "valid/bytes/short",
    "valid/bytes/one_bytearray",
    "valid/containers/nested",
    "valid/containers/mixed_keys",
    "valid/containers/one_item_each",
    "valid/sharing/shared_list",
    "valid/sharing/shared_sets",
    "valid/objects/plain",
    "valid/objects/slots_and_dict",
    "valid/objects/reduce_all",
    "valid/objects/reduce_6",
    "valid/objects/newargs_ex",
    "valid/objects/named_tuples",
    "valid/objects/old_style_with_initargs",
    "valid/globals/nested_classes",
    "valid/persistent/text_ids",
    "valid/buffers/in_band",
    "valid/objects/exceptions",
    "valid/objects/dict_subclass",
    "valid/extensions/extension_classes",
];

/// A dump for people: offset, opcode, argument. The argument of a long text is cut.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for item in instructions(bytes) {
        let (offset, opcode, argument) = item.unwrap();
        let argument = match argument {
            Argument::None => String::new(),
            Argument::Bool(value) => value.to_string(),
            Argument::Int(value) => value.to_string(),
            Argument::BigInt(value) => value.to_string(),
            Argument::Float(value) => Value::Float(value).to_string(),
            Argument::Str(text) => Value::from(&*text).to_string(),
            Argument::Bytes(bytes) => Value::Bytes(bytes.into_owned()).to_string(),
            Argument::Names(module, name) => format!("{module} {name}"),
            other => format!("{other:?}"),
        };
        let argument: String = argument.chars().take(80).collect();
        let line = format!("{offset:>5}: {:<16} {argument}", opcode.name());
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn show(fixture: &Fixture) -> String {
    let value = match fixture.options().from_slice::<Value>(&fixture.bytes) {
        Ok(value) => value.to_string(),
        Err(error) => format!("error: {error}"),
    };
    format!("# {}\n{}= {value}\n", fixture.name(), dump(&fixture.bytes))
}

/// The files of one case: each protocol of the newest Python that wrote it, once.
fn of_case<'a>(fixtures: &'a [Fixture], case: &str) -> Vec<&'a Fixture> {
    let of_case: Vec<_> =
        fixtures.iter().filter(|f| f.name().split('.').next() == Some(case)).collect();
    assert!(!of_case.is_empty(), "there is no {case}");
    let newest = of_case[0].text("python");
    of_case
        .into_iter()
        .filter(|f| f.text("python") == newest && f.text("implementation") != "py")
        .collect()
}

#[test]
fn representative_fixtures() {
    let fixtures = files("valid");
    for case in SHOWN {
        let shown: String =
            of_case(&fixtures, case).into_iter().map(show).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(case.trim_start_matches("valid/").replace('/', "_"), shown);
    }
}

#[test]
fn odd_programs() {
    let shown: String = entries("odd")
        .iter()
        .map(|fixture| {
            let value = match fixture.options().from_slice::<Value>(&fixture.bytes) {
                Ok(value) => value.to_string(),
                Err(error) => format!("error: {error}"),
            };
            format!(
                "{:<40} {}\n",
                fixture.file.trim_end_matches(".pickle"),
                value.chars().take(200).collect::<String>()
            )
        })
        .collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn errors_of_malformed_pickles() {
    let mut shown = String::new();
    for fixture in entries("invalid") {
        let result = fixture.options().from_slice::<Value>(&fixture.bytes);
        let message =
            result.map_or_else(|error| error.to_string(), |value| format!("accepted: {value}"));
        assert!(message.len() < 300, "{}: a message of {} bytes", fixture.name(), message.len());
        let _ = writeln!(shown, "{:<40} {message}", fixture.file.trim_end_matches(".pickle"));
    }
    insta::assert_snapshot!(shown);
}
