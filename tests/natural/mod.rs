//! Natural forms: what objects of Python's own classes are to serde types that know nothing of
//! Python.
//!
//! All bytes were written by the Pythons and libraries that `fixtures/types` names. The first test
//! compares every pickle of that folder with what its manifest lays down for a reader of no
//! particular type; the others read single ones into the types of std and of other crates by those
//! types' own serde support. `docs/MAPPING.md` names these tests.

mod containers;
mod times;
mod values;

use std::fmt::Debug;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_pickle::{DeOptions, Encoding, Error, Value, from_slice, from_value};

#[derive(Deserialize)]
pub(crate) struct Entry {
    pub(crate) file: String,
    case: String,
    python: String,
    pub(crate) protocol: u8,
    also: Vec<Writer>,
    #[serde(default)]
    json: Json,
}

/// Another Python and protocol that wrote the same bytes.
#[derive(Deserialize)]
struct Writer {
    python: String,
    protocol: u8,
}

impl Entry {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        bytes(&self.file)
    }

    fn writers(&self) -> impl Iterator<Item = (&str, u8)> {
        let also = self.also.iter().map(|writer| (&*writer.python, writer.protocol));
        std::iter::once((&*self.python, self.protocol)).chain(also)
    }
}

fn folder() -> PathBuf {
    crate::corpus::folder().join("types")
}

fn entries() -> Vec<Entry> {
    crate::corpus::described("types")
}

/// All pickles of a case, by whatever Python at whatever protocol.
pub(crate) fn case(name: &str) -> Vec<Entry> {
    let entries: Vec<Entry> = entries().into_iter().filter(|entry| entry.case == name).collect();
    assert!(!entries.is_empty(), "no case {name}");
    entries
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap()
}

/// The pickle of a case that Python 3.13 wrote at protocol 4.
fn newest(name: &str) -> Vec<u8> {
    case(name)
        .into_iter()
        .find(|entry| {
            entry.writers().any(|(by, protocol)| by.starts_with("3.13.") && protocol == 4)
        })
        .unwrap()
        .bytes()
}

/// Reads the pickle of a case that Python 3.13 wrote at protocol 4.
fn read<T: DeserializeOwned>(name: &str) -> Result<T, Error> {
    from_slice(&newest(name))
}

/// The message of the error of reading a case, without the place.
pub(crate) fn refusal<T: DeserializeOwned + Debug>(name: &str) -> String {
    let error = read::<T>(name).unwrap_err().to_string();
    match error.split_once(", at byte") {
        Some((message, _)) => message.to_owned(),
        None => error,
    }
}

/// Every pickle of a case reads as `expected`.
#[track_caller]
pub(crate) fn reads<T: DeserializeOwned + PartialEq + Debug>(name: &str, expected: T) {
    for entry in case(name) {
        match from_slice::<T>(&entry.bytes()) {
            Ok(found) => assert_eq!(found, expected, "{}", entry.file),
            Err(error) => panic!("{}: {error}", entry.file),
        }
    }
}

/// The same, where the case is one that Python 3 wrote at protocols 2 to 5, and Python 2.7 too if
/// that can.
#[track_caller]
fn reads_from_all<T: DeserializeOwned + PartialEq + Debug>(
    name: &str,
    in_python2: bool,
    expected: T,
) {
    let entries = case(name);
    for protocol in [2, 4] {
        let is_there = |python: &str| {
            entries.iter().any(|entry| {
                entry.writers().any(|(by, at)| by.starts_with(python) && at == protocol)
            })
        };
        assert!(is_there("3."), "{name} at protocol {protocol}");
        assert!(protocol == 4 || !in_python2 || is_there("2.7"), "{name} by Python 2.7");
    }
    reads(name, expected);
}

#[test]
fn every_pickle_is_what_the_manifest_lays_down() {
    let mut wrong = Vec::new();
    let mut right = 0;
    for entry in entries().into_iter().filter(|entry| !entry.json.is_null()) {
        match from_slice::<Json>(&entry.bytes()) {
            Ok(found) if found == entry.json => right += 1,
            Ok(found) => wrong.push(format!("{}: {found}, not {}", entry.file, entry.json)),
            Err(error) => wrong.push(format!("{}: {error}", entry.file)),
        }
    }
    assert!(wrong.is_empty(), "{right} right, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(right > 500, "{right}");
}

/// A `Value` in between changes nothing.
#[test]
fn every_value_is_what_its_pickle_is() {
    let mut wrong = Vec::new();
    for entry in entries().into_iter().filter(|entry| !entry.json.is_null()) {
        let value: Value = from_slice(&entry.bytes()).unwrap();
        match from_value::<Json>(value) {
            Ok(found) if found == entry.json => {}
            Ok(found) => wrong.push(format!("{}: {found}, not {}", entry.file, entry.json)),
            Err(error) => wrong.push(format!("{}: {error}", entry.file)),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A payload of dates in an 8-bit string of Python 2 is text in a `Value` read as latin-1, as it is
/// in Python.
#[test]
fn payloads_survive_being_taken_for_text() {
    for encoding in [Encoding::Latin1, Encoding::Utf8, Encoding::Bytes] {
        for (name, expected) in [
            ("datetime/high_bytes-py2.7-p2.pkl", "2047-12-31T23:59:59.999999"),
            ("datetime/naive-py2.7-p0.pkl", "2024-02-29T12:30:45"),
            ("date/plain-py2.7-p2.pkl", "2024-02-29"),
            ("time/naive-py2.7-p2.pkl", "12:30:45"),
        ] {
            let value: Value =
                DeOptions::new().encoding(encoding).from_slice(&bytes(name)).unwrap();
            assert_eq!(from_value::<String>(value).unwrap(), expected, "{name} as {encoding:?}");
        }
    }
}

/// Nothing that a Python wrote is an error to whom it is all the same what it is.
#[test]
fn every_pickle_is_ignored_if_asked_to() {
    for entry in entries() {
        from_slice::<serde::de::IgnoredAny>(&entry.bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", entry.file));
    }
}
