//! A graph written again: the same bytes where CPython's C pickler wrote them, and the same objects everywhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use serde_pickle::{Graph, NodeKind, Protocol, SerOptions};

use crate::corpus::{Fixture, folder, files};
use crate::python::{hex, python3};

const SETS: [&str; 5] = ["valid", "odd", "types", "hooks", "numpy"];

fn written(graph: &Graph<'_>, protocol: Protocol) -> serde_pickle::Result<Vec<u8>> {
    SerOptions::new().protocol(protocol).graph_to_vec(graph)
}

/// Whether one of the fixture's makers is CPython's C pickler of Python 3, and not 3.6, whose spelling differs.
fn is_by_c_pickler(fixture: &Fixture) -> bool {
    let python = fixture.text("python");
    let stream = !fixture.entry["count"].is_null() || !fixture.entry["offsets"].is_null();
    let pure = fixture.text("implementation") == "py";
    fixture.set != "odd" && python.starts_with("3.") && python != "3.6" && !stream && !pure
}

#[test]
fn what_the_c_pickler_wrote_is_written_byte_for_byte() {
    let mut shares: BTreeMap<Protocol, (usize, usize)> = BTreeMap::new();
    let mut others = Vec::new();
    for fixture in SETS.into_iter().flat_map(files).filter(is_by_c_pickler) {
        let graph = Graph::from_slice(&fixture.bytes).unwrap();
        let share = shares.entry(graph.protocol()).or_default();
        share.1 += 1;
        match graph.to_vec() {
            Ok(written) if written == fixture.bytes => share.0 += 1,
            Ok(_) => others.push(fixture.name()),
            Err(error) => others.push(format!("{}: {error}", fixture.name())),
        }
    }
    println!("{shares:?}\n{}", others.join("\n"));
}

#[test]
fn python_loads_what_is_written_as_the_same_graph() {
    let Some(python) = python3() else { return };
    let (mut same, mut skipped, mut refused, mut wrong) = (0, 0, 0, Vec::new());
    for set in SETS {
        let mut names = Vec::new();
        let mut lines = String::new();
        for fixture in files(set) {
            let graph = match fixture.options().graph_from_slice(&fixture.bytes) {
                Ok(graph) => graph,
                Err(error) => {
                    assert!(set == "odd", "{}: {error}", fixture.name());
                    continue;
                }
            };
            let own = graph.protocol();
            for protocol in Protocol::ALL {
                if protocol != own && fixture.bytes.len() > 10_000 {
                    continue;
                }
                let written = match written(&graph, protocol) {
                    Ok(written) => written,
                    Err(error) => {
                        assert!(protocol != own, "{} at its own protocol: {error}", fixture.name());
                        refused += 1;
                        continue;
                    }
                };
                let encoding = fixture.entry["encoding"].as_str().unwrap_or("latin1");
                let registry = fixture.entry["registry"].as_object().into_iter().flatten();
                let registry: Vec<_> =
                    registry.map(|(code, names)| json!([names[0], names[1], code.parse::<u64>().unwrap()])).collect();
                let extensions = fixture.entry["extensions"].as_array().cloned().unwrap_or(registry);
                let case = json!({
                    "original": hex(&fixture.bytes),
                    "written": hex(&written),
                    "encoding": encoding,
                    "fix_imports": fixture.entry["fix_imports"].as_bool().unwrap_or(true),
                    "extensions": extensions,
                    "buffers": fixture.entry["buffers"].as_array().filter(|buffers| buffers.iter().all(|buffer| buffer.is_string())),
                });
                lines.push_str(&format!("{case}\n"));
                names.push(format!("{} at protocol {}", fixture.name(), protocol.number()));
            }
        }
        let answers = ask(&python, set, lines);
        assert_eq!(answers.len(), names.len(), "{set}: one answer a pair");
        for (name, answer) in names.into_iter().zip(answers) {
            match answer.as_str() {
                "same" => same += 1,
                text if text.starts_with("skipped") => skipped += 1,
                _ => wrong.push(format!("{name}: {answer}")),
            }
        }
    }
    println!("{same} the same, {skipped} not loaded by this Python, {refused} not written at an older protocol");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 3_000, "{same}");
}

fn ask(python: &std::ffi::OsStr, set: &str, lines: String) -> Vec<String> {
    let modules = match set {
        "valid" | "odd" => folder().join("cases"),
        set => folder().join(set),
    };
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/same_graph.py");
    let mut child = Command::new(python)
        .arg("-B")
        .arg(script)
        .arg(modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{set}: the script failed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
