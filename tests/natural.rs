//! Natural forms: what objects of Python's own classes are to serde types that know nothing of Python.
//!
//! All bytes were written by the Pythons and libraries that `fixtures/types` names. The first test compares every pickle of
//! that folder with what its manifest lays down for a reader of no particular type; the others read single ones into the
//! types of std and of other crates by those types' own serde support.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use serde_pickle::{DeOptions, Encoding, ErrorKind, from_slice};

use crate::fixtures::folder;

#[derive(Deserialize)]
pub struct Entry {
    pub file: String,
    pub case: String,
    pub python: String,
    pub protocol: u8,
    #[serde(default)]
    pub json: Json,
}

#[derive(Deserialize)]
struct Manifest {
    entries: Vec<Entry>,
}

pub fn entries() -> Vec<Entry> {
    let text = std::fs::read_to_string(folder().join("types/manifest.json")).unwrap();
    serde_json::from_str::<Manifest>(&text).unwrap().entries
}

pub fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join("types").join(file)).unwrap()
}

#[test]
fn every_pickle_is_what_the_manifest_lays_down() {
    let mut wrong = Vec::new();
    let mut right = 0;
    for entry in entries().into_iter().filter(|entry| !entry.json.is_null()) {
        match from_slice::<Json>(&bytes(&entry.file)) {
            Ok(found) if found == entry.json => right += 1,
            Ok(found) => wrong.push(format!("{}: {found}, not {}", entry.file, entry.json)),
            Err(error) => wrong.push(format!("{}: {error}", entry.file)),
        }
    }
    assert!(wrong.is_empty(), "{right} right, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(right > 500, "{right}");
}
