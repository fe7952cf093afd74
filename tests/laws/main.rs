//! The two laws of `update`, for every type that reads a fixture and every fixture that it reads.
//!
//! (a) An update with what was read changes no node: the bytes are those of `Graph::to_vec`.
//! (b) An update with one scalar changed changes what that scalar was read from, and nothing else;
//! or it is an error, and the graph is as it was.
//!
//! The types are those of the test `ways`. An ordinary run takes a sample of the pairs of type and
//! fixture; with `SERDE_PICKLE_PROGRAMS` at a million or more it takes all of them:
//!
//! ```sh
//! SERDE_PICKLE_PROGRAMS=1000000 cargo test --test laws -- --nocapture
//! ```
//!
//! With `SERDE_PICKLE_PYTHON3` those Pythons (several are separated as paths are) load what was
//! updated, as far as they have the classes, and compare it with what it was: `ask.py`.
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../editing/changed.rs"]
mod changed;
mod cpython;
#[path = "../editing/differences.rs"]
mod differences;
mod leaves;
#[path = "../ways/types.rs"]
mod types;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};
use serde_pickle::{DeOptions, Encoding, SerOptions, Value};
use serde_pickle_checks::Random;

use differences::differences;

/// Scalars of one value that are changed, at the most.
const LEAVES: usize = 6;

/// A pickle.
struct Case {
    name: String,
    bytes: Vec<u8>,
    /// The bytes that a graph of it writes.
    written: Vec<u8>,
    /// The bytes behind the pickle.
    rest: Vec<u8>,
}

/// Counts of updates, and those that went wrong.
#[derive(Default)]
struct Tally {
    /// Pairs of type and fixture, and those that can be read.
    pairs: usize,
    read: usize,
    changed: usize,
    refused: BTreeMap<String, usize>,
    faults: Vec<String>,
    /// Pickles before and after, for CPython, with what they are.
    updates: Vec<cpython::Update>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.read += other.read;
        self.changed += other.changed;
        for (error, times) in other.refused {
            *self.refused.entry(error).or_default() += times;
        }
        self.faults.extend(other.faults);
        self.updates.extend(other.updates);
    }
}

/// Holds a type to the laws on one pickle.
type Check = fn(&Case) -> Tally;

fn options() -> DeOptions<'static> {
    DeOptions::new().encoding(Encoding::Latin1)
}

fn owned<T: Serialize + DeserializeOwned + Debug>(case: &Case) -> Tally {
    let mut tally = borrowed::<T>(case);
    let mut graph = options().graph_from_slice(&case.bytes).unwrap();
    if let Ok(read) = graph.deserialize::<T>()
        && graph.update(&read).is_ok()
        && graph.to_vec().unwrap() != case.written
    {
        tally.faults.push(fault::<T>(case, "a graph is updated with what was read, and changes"));
    }
    tally
}

fn borrowed<'c, T: Serialize + Deserialize<'c> + Debug>(case: &'c Case) -> Tally {
    let mut tally = Tally { pairs: 1, ..Tally::default() };
    let bytes = case.bytes.as_slice();
    let Ok(old) = options().from_slice::<T>(bytes) else { return tally };
    let Ok(image) = serde_pickle::to_value(&old) else { return tally };
    tally.read += 1;
    match options().update(bytes, &old, &SerOptions::new()) {
        Ok(same) if same == [case.written.as_slice(), &case.rest].concat() => {}
        Ok(_) => tally.faults.push(fault::<T>(case, "updated with what was read, it changes")),
        Err(error) => tally.faults.push(fault::<T>(case, &format!("what was read: {error}"))),
    }
    for number in 0..leaves::count(&image).min(LEAVES) {
        let Some(changed) = leaves::changed(&image, number) else { break };
        // Types that borrow want the bytes for as long as the process runs.
        let Ok(changed) = serde_pickle::to_vec(&changed) else { continue };
        let Ok(new) = serde_pickle::from_slice::<T>(changed.leak()) else { continue };
        let Ok(now) = serde_pickle::to_value(&new) else { continue };
        // A set may have become smaller.
        if now != image && leaves::count(&now) == leaves::count(&image) {
            change(case, &image, &new, &now, &mut tally);
        }
    }
    tally
}

/// Not asked: what cannot be written updates nothing.
fn only_read<T: Debug>(case: &Case) -> Tally {
    debug_assert!(!case.name.is_empty(), "{}", name::<T>());
    Tally::default()
}

/// Updates a pickle with a value of which one scalar is another one.
fn change<'c, T: Serialize + Deserialize<'c> + Debug>(
    case: &'c Case,
    old: &Value,
    new: &T,
    image: &Value,
    tally: &mut Tally,
) {
    let updated = match options().update(&case.bytes, new, &SerOptions::new()) {
        Ok(updated) => updated,
        Err(error) => {
            let text = leaves::kind_of(&error.to_string());
            if std::env::var_os("EDITING_REFUSED").is_some() {
                println!("REFUSED {} as {}: {image} from {old}: {error}", case.name, name::<T>());
            }
            *tally.refused.entry(text).or_default() += 1;
            return;
        }
    };
    tally.changed += 1;
    if cpython::is_asked() && case.bytes.len() < 2_000 {
        tally.updates.push(cpython::Update {
            before: case.bytes.clone(),
            after: updated.clone(),
            text: fault::<T>(case, &format!("{old} to {image}")),
        });
    }
    let (before, after) = (&case.bytes, updated.leak());
    match options().from_slice::<T>(after).and_then(|read| serde_pickle::to_value(&read)) {
        Ok(read) if leaves::agree(old, image, &read) => {}
        Ok(read) => {
            tally.faults.push(fault::<T>(case, &format!("is {read} and not {image}, from {old}")));
        }
        // Text that moves may no more be borrowed.
        Err(error) if error.to_string().contains("expected a borrowed") => {}
        Err(error) => tally.faults.push(fault::<T>(case, &format!("{old} to {image}: {error}"))),
    }
    let before = options().graph_from_slice(before).unwrap();
    let after = options().graph_from_slice(after).unwrap();
    let found = differences(before.root(), after.root());
    // A value that is replaced where it stands is no more the object that others refer to. Several
    // arguments, or parts of a state, may say one thing.
    let owner = |path: &str| -> Option<String> {
        let path = path.trim_end_matches(" (length)");
        Some(path.split("/arg ").next()?.split("/state").next()?.to_owned())
    };
    let new: Vec<&String> = found.iter().filter(|path| !path.ends_with("(identity)")).collect();
    let one = match &new[..] {
        [] => !found.is_empty(),
        [_] => true,
        [first, rest @ ..] => rest.iter().all(|path| owner(path) == owner(first)),
    };
    if !one {
        tally.faults.push(fault::<T>(case, &format!("{found:?} change: {old} to {image}")));
    }
}

fn name<T>() -> &'static str {
    std::any::type_name::<T>()
}

#[track_caller]
fn fault<T>(case: &Case, text: &str) -> String {
    format!("{} as {}: {text}", case.name, name::<T>())
}

/// All pickles of the fixtures, equal ones once; no long ones.
fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let (mut folders, mut files): (Vec<PathBuf>, Vec<PathBuf>) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
            match end {
                _ if path.is_dir() => folders.push(path),
                "pkl" | "pickle" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let mut seen = HashSet::new();
    let mut cases = Vec::new();
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.len() > 20_000 || !seen.insert(bytes.clone()) {
            continue;
        }
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        if let Ok(graph) = options().graph_from_slice(&bytes)
            && let Ok(written) = graph.to_vec()
        {
            let end = serde_pickle::opcode::instructions(&bytes)
                .map_while(Result::ok)
                .last()
                .map_or(bytes.len(), |(offset, ..)| offset as usize + 1);
            let rest = bytes[end..].to_vec();
            cases.push(Case { name, bytes, written, rest });
        }
    }
    assert!(cases.len() > 3_000, "{} fixtures", cases.len());
    cases
}

#[test]
fn every_type_that_reads_a_fixture_changes_what_it_read_and_nothing_else() {
    let all = std::env::var("SERDE_PICKLE_PROGRAMS")
        .is_ok_and(|programs| programs.parse::<u64>().unwrap() >= 1_000_000);
    let one_in = if all { 1 } else { 40 };
    let mut random = Random::new(0x5eed_0019);
    let mut tally = Tally::default();
    for case in cases() {
        for check in types::CHECKS {
            if one_in == 1 || random.below(one_in) == 0 {
                tally.add(check(&case));
            }
        }
    }
    println!("{} pairs, {} read, {} changed", tally.pairs, tally.read, tally.changed);
    for (error, times) in &tally.refused {
        println!("refused {times} times: {error}");
    }
    cpython::ask(&mut tally.updates, &mut tally.faults);
    for fault in tally.faults.iter().take(60) {
        println!("FAULT {}", fault.chars().take(600).collect::<String>());
    }
    assert!(tally.faults.is_empty(), "{} faults", tally.faults.len());
    assert!(tally.read > 1_000 && tally.changed > 1_000, "{} {}", tally.read, tally.changed);
}
