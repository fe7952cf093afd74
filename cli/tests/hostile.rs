//! Hostile pickles by the program: no panic, no crash, and bounded memory and output.
//!
//! Families are those of fixtures/hostile in their small size; one in sixteen unless
//! `SERDE_PICKLE_CLI_ALL` is set. `tests/hostile.py` measures them in full.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

#[allow(dead_code)]
#[path = "../../tests/hostile/recipe.rs"]
mod recipe;

use std::fs;
use std::process::{Command, Stdio};

use common::program;

/// Bytes of addresses that a run may take. The largest of the pickles has 600 KB.
const MEMORY: u64 = 256 << 20;

/// Bytes that a run may print: what `--max-values` and `--max-items` come to.
const OUTPUT: u64 = 128 << 20;

#[test]
fn hostile_pickles_cost_little_whatever_is_asked() {
    let step = if std::env::var_os("SERDE_PICKLE_CLI_ALL").is_some() { 1 } else { 16 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.pkl");
    let program = program().get_program().to_owned();
    let (mut runs, mut faults) = (0, Vec::new());
    for family in recipe::families().iter().step_by(step) {
        fs::write(&path, family.bytes(recipe::Size::Small)).unwrap();
        for command in ["show", "json --compact", "json --lines", "info --deep", "audit", "graph"] {
            let output = folder.path().join("output");
            let run = Command::new("sh")
                .args(["-c", &format!("ulimit -v {} && exec \"$@\"", MEMORY >> 10), "sh"])
                .arg(&program)
                .args(command.split(' '))
                .arg(&path)
                .stdin(Stdio::null())
                .stdout(fs::File::create(&output).unwrap())
                .stderr(Stdio::piped())
                .output()
                .unwrap();
            runs += 1;
            let error = String::from_utf8_lossy(&run.stderr);
            let fine = matches!(run.status.code(), Some(0..=2)) && error.lines().count() <= 1;
            let printed = fs::metadata(&output).unwrap().len();
            if !fine || error.contains("panicked") || printed > OUTPUT {
                faults.push(format!(
                    "{command} of {}: {}, {printed} bytes printed, {error}",
                    family.title(),
                    run.status
                ));
            }
        }
    }
    assert!(runs > 100, "{runs}");
    assert!(faults.is_empty(), "{} of {runs}:\n{}", faults.len(), faults.join("\n"));
}
