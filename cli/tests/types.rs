//! The modules that `pickle types` writes compile, and read the samples they were made of.
//!
//! This runs cargo and takes minutes, so it is asked for: `SERDE_PICKLE_TYPES` is the number of
//! cases that are taken of each folder of fixtures.
//!
//! ```sh
//! SERDE_PICKLE_TYPES=2 cargo test -p serde_pickle_cli --test types -- --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Samples of one case: what several Pythons wrote at several protocols.
type Cases = BTreeMap<String, Vec<PathBuf>>;

fn folders(folder: &Path, found: &mut BTreeMap<PathBuf, Cases>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            folders(&path, found);
        } else if matches!(path.extension().and_then(|it| it.to_str()), Some("pickle" | "pkl")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let case = name.split('.').next().unwrap().to_owned();
            let cases = found.entry(folder.to_path_buf()).or_default();
            cases.entry(case).or_default().push(path);
        }
    }
}

#[test]
fn generated_modules_compile_as_one_crate_and_read_their_samples() {
    let Some(cases) = std::env::var("SERDE_PICKLE_TYPES").ok().and_then(|it| it.parse().ok())
    else {
        println!("SERDE_PICKLE_TYPES is not set, so nothing is compiled");
        return;
    };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeMap::new();
    for set in ["valid", "types", "numpy", "libraries", "hooks", "wild", "odd"] {
        folders(&repository.join("fixtures").join(set), &mut found);
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
                let output = Command::new(env!("CARGO_BIN_EXE_pickle"))
                    .args(["types", "--name", "Root", "--dates", dates, "-o"])
                    .arg(package.join("src").join(format!("{module}.rs")))
                    .args(files.iter().take(6))
                    .output()
                    .unwrap();
                if output.status.success() {
                    modules.push_str(&format!("/// {case}\npub mod {module};\n"));
                } else {
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
    assert!(refused.len() <= 2, "{refused:#?}");
    let status = Command::new(env!("CARGO"))
        .args(["test", "--lib"])
        .current_dir(&package)
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .unwrap();
    assert!(status.success(), "the generated crate fails");
}
