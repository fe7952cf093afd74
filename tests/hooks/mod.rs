//! The hooks of Pickler and Unpickler, on bytes that CPython wrote (fixtures/hooks).

use std::path::PathBuf;

use serde::Deserialize;

mod buffers;
mod extensions;
mod persistent_ids;
mod python2;
mod repeats;
mod resolver;
mod shared;
mod streams;
mod writing;

/// One pickle of fixtures/hooks and what its maker says of it; see the README there.
#[derive(Deserialize)]
struct Entry {
    file: String,
    case: String,
    protocol: u8,
    repr: Option<String>,
    ids: Option<serde_json::Value>,
    registry: Option<serde_json::Map<String, serde_json::Value>>,
    buffers: Option<Vec<BufferEntry>>,
    memo: Option<String>,
    offsets: Option<Vec<u64>>,
    values: Option<serde_json::Value>,
    end: Option<u64>,
    encodings: Option<serde_json::Map<String, serde_json::Value>>,
    globals: Option<Vec<GlobalEntry>>,
}

#[derive(Deserialize)]
struct BufferEntry {
    file: String,
    readonly: bool,
}

#[derive(Deserialize)]
struct GlobalEntry {
    written: (String, String),
    read: (String, String),
}

impl Entry {
    fn bytes(&self) -> Vec<u8> {
        read(&self.file)
    }
}

fn folder() -> PathBuf {
    crate::corpus::folder().join("hooks")
}

fn read(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap()
}

/// The pickles of a topic; there are some.
fn topic(name: &str) -> Vec<Entry> {
    let all = crate::corpus::described::<Entry>("hooks");
    let prefix = format!("{name}/");
    let entries: Vec<_> = all.into_iter().filter(|entry| entry.case.starts_with(&prefix)).collect();
    assert!(!entries.is_empty(), "no fixtures of {name}");
    entries
}

fn case(name: &str, protocol: u8) -> Entry {
    let topic = topic(name.split('/').next().unwrap());
    topic.into_iter().find(|entry| entry.case == name && entry.protocol == protocol).unwrap()
}
