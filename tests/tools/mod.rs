//! `tools`: what is said of a pickle without making values of it, and what CPython's `pickletools`
//! says.
//!
//! `fixtures/tools/manifest.json` has what CPython 3.13 made of every fixture. Where there is a
//! Python 3 it is asked about generated programs and changed fixtures too.

mod audit;
mod disassemble;
mod optimize;
mod recognize;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use serde_pickle_checks::Random;

use crate::against_cpython::programs::{change, parts};
use crate::corpus::{bytes, files, read_json};
use crate::interpreters::{hex, python3};
use crate::sha256;

/// Every fixture, and what CPython makes of it.
fn described() -> impl Iterator<Item = (String, Vec<u8>, Json)> {
    let Json::Array(entries) = read_json("tools/manifest.json") else {
        panic!("the manifest is no array")
    };
    assert!(entries.len() > 3_000, "{}", entries.len());
    entries.into_iter().map(|entry| {
        let file = entry["file"].as_str().unwrap().to_owned();
        let bytes = bytes(&file);
        (file, bytes, entry)
    })
}

/// Returns true if a pickle is refused for its frames, which pickletools does not heed.
fn is_about_frames(error: &serde_pickle::Error) -> bool {
    let text = error.to_string();
    ["crosses the end of a frame", "a frame begins before", "is announced"]
        .iter()
        .any(|part| text.contains(part))
}

/// A digest as the manifest has it.
fn digest(bytes: &[u8]) -> String {
    sha256::hex(bytes)[..16].to_owned()
}

/// Generated programs, and small fixtures with a few bytes changed.
fn programs() -> Vec<Vec<u8>> {
    let mut random = Random::new(0x00d1_5a55_e3b1_e000);
    let mut programs: Vec<Vec<u8>> = (0..10_000).map(|_| parts(&mut random)).collect();
    for fixture in
        files("valid").iter().chain(&files("odd")).filter(|fixture| fixture.bytes.len() <= 400)
    {
        programs.extend((0..6).map(|_| change(&fixture.bytes, &mut random)));
    }
    programs
}

/// The output of a Python script, a line for each pickle, which it gets in hexadecimal. `None`
/// without a Python 3.
fn ask(script: &str, pickles: &[Vec<u8>]) -> Option<Vec<String>> {
    let Some(program) = python3() else {
        println!("there is no Python 3 here, so it is not asked");
        return None;
    };
    let mut python = Command::new(program)
        .args(["-c", script])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let lines: String = pickles.iter().map(|pickle| hex(pickle) + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "python3 failed");
    let lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), pickles.len(), "one line a pickle");
    Some(lines)
}
