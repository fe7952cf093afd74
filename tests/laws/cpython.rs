//! What CPython makes of updated pickles.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Updates that are asked about, at the most: every so many of them.
const UPDATES: usize = 30_000;

/// A pickle before and after.
pub(crate) struct Update {
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
    pub(crate) text: String,
}

/// True if there is a Python to ask.
pub(crate) fn is_asked() -> bool {
    std::env::var_os("SERDE_PICKLE_PYTHON3").is_some()
}

/// Has each Python load both pickles of each update, and adds those that differ in nothing, or in
/// more than one value.
pub(crate) fn ask(updates: &mut Vec<Update>, faults: &mut Vec<String>) {
    let Some(pythons) = std::env::var_os("SERDE_PICKLE_PYTHON3") else { return };
    let mut seen = HashSet::new();
    updates.retain(|update| seen.insert((update.before.clone(), update.after.clone())));
    let every = updates.len() / UPDATES + 1;
    let asked: Vec<&Update> = updates.iter().step_by(every).collect();
    let mut lines = String::new();
    for update in &asked {
        writeln!(lines, "{} {}", hex(&update.before), hex(&update.after)).unwrap();
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("updates.txt");
    std::fs::write(&path, lines).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for python in std::env::split_paths(&pythons) {
        let output = Command::new(&python)
            .arg(root.join("tests/laws/ask.py"))
            .arg(&path)
            .args(["editing", "types"].map(|folder| root.join("fixtures").join(folder)))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {} {errors}", python.display(), output.status);
        let answers = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answers.lines().count(), asked.len(), "{}", python.display());
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (answer, update) in answers.lines().zip(&asked) {
            if answer.starts_with("more than one") {
                faults.push(format!("{}: {answer}: {}", python.display(), update.text));
            }
            // Types that read the arguments of a class may give it what it does not show, or take.
            let kind = ["skipped", "it cannot be loaded"]
                .into_iter()
                .find(|kind| answer.starts_with(kind));
            *counts.entry(kind.unwrap_or(answer)).or_default() += 1;
        }
        println!("{}: {counts:?}", python.display());
        let count = |kind: &str| counts.get(kind).copied().unwrap_or_default();
        let others = count("nothing differs") + count("it cannot be loaded");
        assert!(count("one") > 500 && others < count("one") / 2, "{counts:?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
