//! `show` and `json` on committed pickles: nothing panics, and what fails is known to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{fixture, pickles, program};

/// The status of the program and what it says; all files by a few runs, since a run takes longer
/// than a file.
fn run(command: &str, path: &Path) -> (Option<i32>, String) {
    let mut program = program();
    program.args([command, path.to_str().unwrap()]);
    if command == "json" {
        // Pickles that stand for huge trees end where this says; the output is not what counts.
        program.args(["--max-values", "10000"]);
    }
    let output = program.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Errors that a fixture has for a reason that fixtures/README.md gives.
fn is_known(path: &Path, error: &str) -> bool {
    let path = path.to_str().unwrap();
    // Made to be malformed; and what a program wrote that no unpickler reads.
    path.contains("/invalid/")
        || path.contains("/hostile/")
        // CPython's own pickler writes these so that nothing reads them back.
        || path.ends_with("newline-py3.13-p0.pkl")
        || path.contains("/audit/")
        // Methods of builtins that CPython calls, and that no pickler writes.
        || path.contains("/odd/") && error.contains("expected a ")
        // Printed, and what follows is told.
        || path.contains("/trailing_bytes") && error.contains("behind the last pickle is none")
        || path.contains("/odd/") && error.contains("behind the last pickle is none")
        // Policies that say so: levels, and values of shared objects.
        || error.contains("JsonOptions")
}

#[test]
fn every_fixture_is_shown_and_is_json() {
    let files = pickles(&fixture(""));
    assert!(files.len() > 4_000, "{}", files.len());
    // Every file where it is asked for; else one in 29, and all that are made by hand.
    let all = std::env::var_os("SERDE_PICKLE_CLI_ALL").is_some();
    let chosen = files.iter().enumerate().filter(|(at, path)| {
        let by_hand = ["odd", "hostile", "audit"]
            .iter()
            .any(|set| path.components().any(|part| part.as_os_str() == *set));
        all || by_hand || at % 29 == 0
    });
    let mut failures = Vec::new();
    for (_, path) in chosen {
        for command in ["show", "json"] {
            let (status, error) = run(command, path);
            let fine = status == Some(0) || status == Some(2) && is_known(path, &error);
            if !fine || error.contains("panicked") {
                failures.push(format!("{command} {}: {status:?} {error}", path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
