//! The program, run as a user runs it.
//!
//! `SERDE_PICKLE_CLI` names another program than the one that cargo has built, which
//! `tests/install.sh` uses for the one that `cargo install` has put somewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Each test binary uses some of it.
#![allow(dead_code, unreachable_pub)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

pub fn fixture(file: &str) -> PathBuf {
    repository().join("fixtures").join(file)
}

/// The program in the folder of the fixtures, without a terminal, at 80 columns.
pub fn program() -> Command {
    let own = || env!("CARGO_BIN_EXE_pickle").into();
    let mut command = Command::new(std::env::var_os("SERDE_PICKLE_CLI").unwrap_or_else(own));
    command
        .current_dir(repository().join("fixtures"))
        .env("COLUMNS", "80")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

pub fn pickle(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// The program with an input.
pub fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = program()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The program on a file with these bytes, with arguments before its name and behind it.
pub fn on_bytes(arguments: &[&str], bytes: &[u8], more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.joblib");
    fs::write(&path, bytes).unwrap();
    let mut arguments = arguments.to_vec();
    arguments.push(path.to_str().unwrap());
    arguments.extend(more);
    pickle(&arguments)
}

/// All that it says.
pub fn text(output: &Output) -> String {
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{error}(exit status {})\n", status(output))
}

pub fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// A temporary copy of a fixture.
pub struct Copy(pub tempfile::TempDir);

impl Copy {
    pub fn of(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(fixture(file), folder.path().join("copy")).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> String {
        self.0.path().join("copy").to_str().unwrap().to_owned()
    }

    /// Another file beside it.
    pub fn beside(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// A service's task with dates, a scientist's estimator, and a pickle that nobody should load.
pub const TASK: &str = "wild/celery/task_body.pkl";
pub const MODEL: &str = "wild/joblib/sklearn-scaler.pkl";
pub const HOSTILE: &str = "audit/stack_global_by_memo.pkl";

/// Pickles below a folder, in order.
pub fn pickles(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let suffix = path.extension().and_then(|it| it.to_str());
            if path.is_dir() {
                left.push(path);
            } else if matches!(suffix, Some("pickle" | "pkl" | "joblib" | "pt")) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Files that joblib wrote with raw arrays in them, or to be read as such.
pub fn files_of_joblib() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["wild/joblib", "files/joblib"] {
        for entry in fs::read_dir(fixture(folder)).unwrap() {
            let path = entry.unwrap().path();
            if matches!(path.extension().and_then(|it| it.to_str()), Some("bin" | "joblib")) {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 30, "{}", found.len());
    found
}
