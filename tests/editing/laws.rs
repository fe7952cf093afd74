//! Laws for every fixture and every type that reads it.
//!
//! (a) An update with what was read changes nothing. (b) An update with one leaf changed changes
//! that leaf, and every other place where the pickle has the same object, and nothing else; or it
//! is an error, and the graph is as it was.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_pickle::{DeOptions, Encoding, Graph, Value};

use crate::changed::{changed_text, is_read_as};

/// Leaves of one fixture that are changed, at the most.
const LEAVES: usize = 12;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    let mut folders =
        ["valid", "types", "numpy", "wild", "odd"].map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "pickle" || end == "pkl") {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().display().to_string(), bytes));
            }
        }
    }
    found.sort();
    assert!(found.len() > 2_000, "{}", found.len());
    found
}

fn graph(bytes: &[u8]) -> Option<Graph<'_>> {
    DeOptions::new().encoding(Encoding::Latin1).graph_from_slice(bytes).ok()
}

/// A tree whose leaves can be changed one at a time.
trait Tree: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug {
    /// The leaves in order, each with its path.
    fn leaves(&self) -> BTreeMap<String, String>;

    /// Changes the leaf of this number; gives its text before and after.
    fn change(&mut self, number: usize) -> Option<(String, String)>;
}

impl Tree for Value {
    fn leaves(&self) -> BTreeMap<String, String> {
        fn walk(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
            match value {
                Value::List(items) | Value::Tuple(items) => {
                    for (index, item) in items.iter().enumerate() {
                        walk(item, format!("{path}[{index}]"), found);
                    }
                }
                Value::Dict(dict) => {
                    for (index, (_, item)) in dict.iter().enumerate() {
                        walk(item, format!("{path}.{index}"), found);
                    }
                }
                other => {
                    found.insert(path, format!("{other:?}"));
                }
            }
        }
        let mut found = BTreeMap::new();
        walk(self, String::new(), &mut found);
        found
    }

    fn change(&mut self, number: usize) -> Option<(String, String)> {
        fn walk(value: &mut Value, left: &mut usize) -> Option<(String, String)> {
            match value {
                Value::List(items) | Value::Tuple(items) => {
                    items.iter_mut().find_map(|item| walk(item, left))
                }
                Value::Dict(dict) => dict.values_mut().find_map(|item| walk(item, left)),
                leaf if *left > 0 => {
                    *left -= 1;
                    let _ = leaf;
                    None
                }
                leaf => {
                    let before = format!("{leaf:?}");
                    match leaf {
                        Value::Int(value) => *value ^= 1,
                        Value::Bool(value) => *value = !*value,
                        Value::Float(value) => *value = if *value == 2.5 { 3.5 } else { 2.5 },
                        Value::Str(text) => text.push('x'),
                        Value::Bytes(bytes) | Value::ByteArray(bytes) => bytes.push(b'x'),
                        Value::None => *leaf = Value::from(7),
                        _ => *leaf = Value::None,
                    }
                    Some((before, format!("{leaf:?}")))
                }
            }
        }
        walk(self, &mut { number })
    }
}

impl Tree for serde_json::Value {
    fn leaves(&self) -> BTreeMap<String, String> {
        use serde_json::Value as Json;
        fn walk(value: &Json, path: String, found: &mut BTreeMap<String, String>) {
            match value {
                Json::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        walk(item, format!("{path}[{index}]"), found);
                    }
                }
                Json::Object(map) => {
                    for (key, item) in map {
                        walk(item, format!("{path}.{key}"), found);
                    }
                }
                other => {
                    found.insert(path, other.to_string());
                }
            }
        }
        let mut found = BTreeMap::new();
        walk(self, String::new(), &mut found);
        found
    }

    fn change(&mut self, number: usize) -> Option<(String, String)> {
        use serde_json::Value as Json;
        fn walk(value: &mut Json, left: &mut usize) -> Option<(String, String)> {
            match value {
                Json::Array(items) => items.iter_mut().find_map(|item| walk(item, left)),
                Json::Object(map) => map.values_mut().find_map(|item| walk(item, left)),
                _ if *left > 0 => {
                    *left -= 1;
                    None
                }
                leaf => {
                    let before = leaf.to_string();
                    *leaf = match leaf {
                        Json::Number(number) if number.is_u64() => {
                            Json::from(number.as_u64().unwrap() ^ 1)
                        }
                        Json::Number(number) if number.is_i64() => {
                            Json::from(number.as_i64().unwrap() ^ 1)
                        }
                        Json::Number(number) if number.as_f64() == Some(2.5) => Json::from(3.5),
                        Json::Number(_) => Json::from(2.5),
                        Json::Bool(value) => Json::from(!*value),
                        Json::String(text) => Json::from(changed_text(text)),
                        _ => Json::from(7.5),
                    };
                    Some((before, leaf.to_string()))
                }
            }
        }
        walk(self, &mut { number })
    }
}

#[derive(Default, Debug)]
struct Count {
    read: usize,
    changed: usize,
    refused: BTreeMap<String, usize>,
    faults: Vec<String>,
}

fn hold<T: Tree>(name: &str, bytes: &[u8], count: &mut Count) {
    let Some(original) = graph(bytes) else { return };
    let Ok(old) = original.deserialize::<T>() else { return };
    if old != old.clone() {
        return; // NaN
    }
    let Ok(written) = original.to_vec() else { return };
    count.read += 1;

    let mut same = graph(bytes).unwrap();
    match same.update(&old) {
        Ok(()) if same.to_vec().unwrap() == written => {}
        Ok(()) => count.faults.push(format!("{name}: an update without a change changed bytes")),
        Err(error) => count.faults.push(format!("{name}: an update without a change: {error}")),
    }

    let before = old.leaves();
    for number in 0..before.len().min(LEAVES) {
        let mut new = old.clone();
        let Some((was, is)) = new.change(number) else { break };
        let mut changed = graph(bytes).unwrap();
        match changed.update(&new) {
            Err(error) => {
                if std::env::var_os("EDITING_REFUSED").is_some() {
                    println!("REFUSED {name}: {was} -> {is}: {error}");
                }
                *count.refused.entry(kind_of(&error.to_string())).or_default() += 1;
                if changed.to_vec().unwrap() != written {
                    count.faults.push(format!("{name}: {was} -> {is}: an error left a change"));
                }
            }
            Ok(()) => {
                count.changed += 1;
                let now = changed.to_vec().unwrap();
                let options = DeOptions::new().encoding(Encoding::Latin1);
                let read: T = match options.from_slice(&now) {
                    Ok(read) => read,
                    Err(error) => {
                        count.faults.push(format!("{name}: {was} -> {is}: {error}"));
                        continue;
                    }
                };
                let after = read.leaves();
                if after.len() != before.len() {
                    count.faults.push(format!("{name}: {was} -> {is}: {old:?} became {read:?}"));
                    continue;
                }
                // Items of a set may stand elsewhere now, so the leaves are compared as a bag.
                let (left, came) = (minus(&before, &after), minus(&after, &before));
                let right = !left.is_empty()
                    && left.len() == came.len()
                    && left.iter().all(|leaf| **leaf == was)
                    && came.iter().all(|leaf| is_read_as(&is, leaf));
                if !right {
                    count.faults.push(format!("{name}: {was} -> {is}: {left:?} {came:?}"));
                }
            }
        }
    }
}

/// The leaves of one tree that another one lacks.
fn minus<'a>(
    these: &'a BTreeMap<String, String>,
    those: &BTreeMap<String, String>,
) -> Vec<&'a String> {
    let mut others: BTreeMap<&String, usize> = BTreeMap::new();
    those.values().for_each(|leaf| *others.entry(leaf).or_default() += 1);
    let left = |leaf: &&String| match others.get_mut(*leaf) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    these.values().filter(left).collect()
}

/// The error without what it is about.
fn kind_of(error: &str) -> String {
    let text = error.rsplit_once(": ").map_or(error, |(_, text)| text);
    text.split(", at byte")
        .next()
        .unwrap_or(text)
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(70)
        .collect()
}

fn all<T: Tree>() -> Count {
    let mut count = Count::default();
    for (name, bytes) in fixtures() {
        if bytes.len() < 20_000 {
            hold::<T>(&name, &bytes, &mut count);
        }
    }
    println!("{} read, {} leaves changed", count.read, count.changed);
    for (error, times) in &count.refused {
        println!("refused {times} times: {error}");
    }
    for fault in count.faults.iter().take(40) {
        println!("FAULT {}", fault.chars().take(400).collect::<String>());
    }
    count
}

#[test]
fn values_change_leaf_by_leaf() {
    let count = all::<Value>();
    assert!(count.faults.is_empty(), "{} faults", count.faults.len());
    assert!(count.changed > 3_000);
}

#[test]
fn json_changes_leaf_by_leaf() {
    let count = all::<serde_json::Value>();
    assert!(count.faults.is_empty(), "{} faults", count.faults.len());
    assert!(count.changed > 3_000);
}
