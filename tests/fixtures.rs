//! What real Pythons wrote reads as what they meant: the `repr` of each value is what Python says it is.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_pickle::{DeOptions, Encoding, Value};

#[derive(Deserialize)]
pub struct Entry {
    pub file: String,
    pub topic: String,
    pub case: String,
    pub python: String,
    pub protocol: u8,
    pub repr: Option<String>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub fn valid() -> Vec<Entry> {
    let text = std::fs::read_to_string(folder().join("valid/manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn values_print_as_python_prints_them() {
    let mut wrong = Vec::new();
    let mut right = 0;
    for entry in valid() {
        let bytes = std::fs::read(folder().join("valid").join(&entry.file)).unwrap();
        let Some(repr) = &entry.repr else { continue };
        match DeOptions::new().encoding(Encoding::Latin1).from_slice::<Value>(&bytes) {
            Ok(value) if value.to_string() == *repr => right += 1,
            Ok(value) => wrong.push(format!("{}: {:.300}\n  python: {:.300}", entry.file, value.to_string(), repr)),
            Err(error) => wrong.push(format!("{}: {error}", entry.file)),
        }
    }
    assert!(wrong.is_empty(), "{right} right, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
