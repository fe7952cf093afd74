//! A graph written again: the same bytes where CPython's C pickler wrote them, and the same objects
//! everywhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use serde_pickle::{Graph, Protocol, SerOptions};

use crate::corpus::{Fixture, files, folder};
use crate::interpreters::{Python, hex, newest};

/// The pickler whose bytes come out again. That of 3.6 escapes less text at protocol 0 and frames
/// otherwise.
const BY_C: &str = "the C pickler of 3.7 to 3.13";

const SETS: [&str; 5] = ["valid", "odd", "types", "hooks", "numpy"];

/// The pickler, as far as it matters for the bytes; `None` for programs assembled by hand and for
/// streams.
fn maker(fixture: &Fixture) -> Option<&'static str> {
    let stream = !fixture.entry["count"].is_null() || !fixture.entry["offsets"].is_null();
    if fixture.set == "odd" || stream {
        return None;
    }
    Some(match (fixture.text("implementation"), fixture.text("python")) {
        ("py", _) => "pickle.py",
        (_, python) if python.starts_with("2.") => "cPickle of 2.7",
        (_, python) if python.starts_with("3.6") => "the C pickler of 3.6",
        _ => BY_C,
    })
}

/// Returns true if Python loads it, by the manifest.
fn loads(fixture: &Fixture) -> bool {
    fixture.entry["loads"].as_bool().unwrap_or(true) && fixture.entry["load_error"].is_null()
}

#[test]
fn what_the_c_pickler_wrote_is_written_byte_for_byte() {
    let mut shares: BTreeMap<(&str, Protocol), (usize, usize)> = BTreeMap::new();
    let mut others = Vec::new();
    for fixture in SETS.into_iter().flat_map(files) {
        let Some(maker) = maker(&fixture) else { continue };
        let Ok(graph) = Graph::from_slice(&fixture.bytes) else {
            assert!(!loads(&fixture), "{}", fixture.name());
            continue;
        };
        let written = graph.to_vec().unwrap_or_else(|error| panic!("{}: {error}", fixture.name()));
        let same = written == fixture.bytes;
        let share = shares.entry((maker, graph.protocol())).or_default();
        *share = (share.0 + usize::from(same), share.1 + 1);
        if !same && maker == BY_C {
            others.push(fixture.name());
        }
        let mut streamed = Vec::new();
        graph.to_writer(&mut streamed).unwrap();
        assert_eq!(streamed, written, "{}", fixture.name());
    }
    for ((maker, protocol), (same, all)) in &shares {
        println!("{maker}, protocol {}: {same} of {all}", protocol.number());
    }
    assert!(others.is_empty(), "{} differ:\n{}", others.len(), others.join("\n"));
    let by_c = shares.iter().filter(|((maker, _), _)| *maker == BY_C).map(|(_, share)| share.1);
    assert!(by_c.sum::<usize>() > 1_500);
}

/// Why a pickle of that protocol cannot be the same graph.
fn cannot_be_the_same(
    fixture: &Fixture,
    own: Protocol,
    protocol: Protocol,
) -> Option<&'static str> {
    let older = protocol < own;
    let is = |name: &str| fixture.name().contains(name);
    match protocol {
        Protocol::V0 if older && !fixture.entry["persistent"].is_null() => {
            Some("an id in a line is a text of its own each time")
        }
        Protocol::V0 | Protocol::V1 | Protocol::V2
            if own > Protocol::V2 && is("globals/python3_renamed") =>
        {
            Some("Python 2 has one name for what are two exceptions in Python 3")
        }
        _ if protocol < Protocol::V5 && is("odd/readonly_buffer_of_bytearray") => {
            Some("a read-only view is a thing of protocol 5")
        }
        _ if protocol < Protocol::V5 && fixture.takes_buffers() => Some(
            "what lay beside the pickle is bytes or a bytearray within it, as its owner made it \
             here alone",
        ),
        _ if is("odd/build_state_grows_later") => {
            Some("the state is copied when BUILD runs, and grows afterwards")
        }
        _ => None,
    }
}

#[test]
fn python_loads_what_is_written_as_the_same_graph() {
    let Some(Python { program: python, version, .. }) = newest() else { return };
    let (mut same, mut skipped, mut refused, mut wrong) = (0, 0, 0, Vec::new());
    for set in SETS {
        let mut names = Vec::new();
        let mut lines = String::new();
        for fixture in files(set) {
            let graph = match fixture.options().graph_from_slice(&fixture.bytes) {
                Ok(graph) => graph,
                Err(error) => {
                    // Pickles that only Python loads are listed in `conformance`.
                    assert!(set == "odd" || !loads(&fixture), "{}: {error}", fixture.name());
                    continue;
                }
            };
            let own = graph.protocol();
            for protocol in Protocol::ALL {
                if protocol != own && fixture.bytes.len() > 10_000 {
                    continue;
                }
                if let Some(_why) = cannot_be_the_same(&fixture, own, protocol) {
                    continue;
                }
                let fix_imports = fixture.entry["fix_imports"].as_bool().unwrap_or(true);
                let options = SerOptions::new().protocol(protocol).fix_imports(fix_imports);
                let written = match options.graph_to_vec(&graph) {
                    Ok(written) => written,
                    Err(error) => {
                        assert!(protocol != own, "{} at its own protocol: {error}", fixture.name());
                        refused += 1;
                        continue;
                    }
                };
                let encoding = fixture.entry["encoding"].as_str().unwrap_or("latin1");
                let registry = fixture.entry["registry"].as_object().into_iter().flatten();
                let registry: Vec<_> = registry
                    .map(|(code, names)| json!([names[0], names[1], code.parse::<u64>().unwrap()]))
                    .collect();
                let extensions =
                    fixture.entry["extensions"].as_array().cloned().unwrap_or(registry);
                let case = json!({
                    "original": hex(&fixture.bytes),
                    "written": hex(&written),
                    "encoding": encoding,
                    "fix_imports": fix_imports,
                    "persistent": !fixture.entry["persistent"].is_null()
                        || !fixture.entry["ids"].is_null(),
                    "extensions": extensions,
                    "buffers": fixture.entry["buffers"]
                        .as_array()
                        .filter(|buffers| buffers.iter().all(|buffer| buffer.is_string())),
                });
                lines.push_str(&format!("{case}\n"));
                names.push(format!("{} at protocol {}", fixture.name(), protocol.number()));
            }
        }
        let answers = ask(python, set, lines);
        assert_eq!(answers.len(), names.len(), "{set}: one answer a pair");
        for (name, answer) in names.into_iter().zip(answers) {
            match answer.as_str() {
                "same" => same += 1,
                text if text.starts_with("skipped") => skipped += 1,
                // They are written as older Pythons read them; see docs/CONFORMANCE.md.
                _ if *version >= (3, 14) && name.starts_with("odd/int_octal.") => skipped += 1,
                "different: : int and bool"
                    if *version >= (3, 15) && name.starts_with("odd/int_") =>
                {
                    skipped += 1;
                }
                _ => wrong.push(format!("{name}: {answer}")),
            }
        }
    }
    println!(
        "{same} the same, {skipped} not loaded by this Python, {refused} not written at an older \
         protocol"
    );
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
