//! The modules that `pickle types` writes compile, and read the samples they were made of.
//!
//! This runs cargo and takes minutes, so it is asked for: `SERDE_PICKLE_TYPES` is the number of
//! cases that are taken of each folder of fixtures.
//!
//! ```sh
//! SERDE_PICKLE_TYPES=2 cargo test -p serde_pickle_cli --test types -- --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{fixture, pickle, program, repository, status};

/// Samples of one case: what several Pythons wrote at several protocols.
type Cases = BTreeMap<String, Vec<PathBuf>>;

/// Topics of fixtures/ whose files are pickles, or hold some.
const TOPICS: [&str; 14] = [
    "valid",
    "types",
    "numpy",
    "libraries",
    "hooks",
    "wild",
    "odd",
    "spellings",
    "editing",
    "migration",
    "files",
    "sklearn",
    "pandas",
    "audit",
];

const SUFFIXES: [&str; 9] = ["pickle", "pkl", "joblib", "pt", "z", "gz", "bin", "djcache", "npy"];

fn folders(folder: &Path, found: &mut BTreeMap<PathBuf, Cases>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let suffix = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if path.is_dir() {
            folders(&path, found);
        } else if SUFFIXES.contains(&suffix) {
            let name = path.file_name().unwrap().to_str().unwrap();
            // `list_of_ints.py3.11-p4.pickle`, and `2.15.0-training.pt`.
            let case = match name.split_once('.') {
                Some((case, _)) if case.parse::<u64>().is_err() => case,
                _ => name,
            };
            let cases = found.entry(folder.to_path_buf()).or_default();
            cases.entry(case.to_owned()).or_default().push(path);
        }
    }
}

/// Returns true for a file that no command reads: it holds no pickle, or a malformed one.
fn is_unreadable(file: &Path) -> bool {
    let output = pickle(&["show", file.to_str().unwrap()]);
    status(&output) == 2
}

#[test]
fn generated_modules_compile_as_one_crate_and_read_their_samples() {
    let Some(cases) = std::env::var("SERDE_PICKLE_TYPES").ok().and_then(|it| it.parse().ok())
    else {
        println!("SERDE_PICKLE_TYPES is not set, so nothing is compiled");
        return;
    };
    let repository = repository();
    let mut found = BTreeMap::new();
    for topic in TOPICS {
        let before = found.len();
        folders(&fixture(topic), &mut found);
        assert!(found.len() > before, "{topic}");
    }
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("types");
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = format!(
        r#"[package]
name = "types"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
serde = {{ version = "1", features = ["derive"] }}
serde_bytes = "0.11"
serde_python_pickle = {{ path = {repository:?}, features = ["chrono", "jiff"] }}
chrono = {{ version = "0.4", default-features = false, features = ["std", "serde"] }}
jiff = {{ version = "0.2", features = ["serde", "tzdb-bundle-always"] }}
"#
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(repository.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let (mut modules, mut refused) = (String::new(), Vec::new());
    let mut number = 0;
    for cases in found.values().map(|of_folder| of_folder.iter().take(cases)) {
        for (case, files) in cases {
            for dates in ["python", "chrono", "jiff"] {
                let module = format!("m{number}_{dates}");
                let files: Vec<&PathBuf> = files.iter().take(6).collect();
                let output = program()
                    .args(["types", "--name", "Root", "--dates", dates, "-o"])
                    .arg(package.join("src").join(format!("{module}.rs")))
                    .args(&files)
                    .output()
                    .unwrap();
                if output.status.success() {
                    modules.push_str(&format!("/// {case}\npub mod {module};\n"));
                } else if files.iter().all(|file| !is_unreadable(file)) {
                    refused.push(String::from_utf8_lossy(&output.stderr).into_owned());
                }
                // Most samples have no dates, and the modules are the same.
                let text = fs::read_to_string(package.join("src").join(format!("{module}.rs")));
                if dates == "python" && !text.is_ok_and(|text| text.contains("python::Date")) {
                    break;
                }
            }
            number += 1;
        }
    }
    fs::write(package.join("src/lib.rs"), modules).unwrap();
    println!("{number} cases; refused: {refused:#?}");
    assert!(refused.is_empty(), "{refused:#?}");
    let status = Command::new(env!("CARGO"))
        .args(["test", "--lib"])
        .current_dir(&package)
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .unwrap();
    assert!(status.success(), "the generated crate fails");
}
