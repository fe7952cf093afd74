//! `optimize` gives what `pickletools.optimize` gives, and what that reads as is what it was.

use serde_json::Value as Json;
use serde_pickle::tools::optimize;
use serde_pickle::{ErrorKind, Graph, Protocol, SerOptions, Value, from_slice};

use super::{ask, described, digest, is_about_frames, programs};
use crate::corpus::Failures;
use crate::interpreters::hex;

/// Pickles that `pickletools.optimize` turns into ones that nobody can read: `GET None`.
fn fetches_what_is_not_stored(error: &serde_pickle::Error) -> bool {
    error.to_string().contains("fetches a memo index under which nothing is stored")
}

#[test]
fn the_bytes_are_those_of_cpython_for_every_fixture() {
    let mut failures = Failures::default();
    for (file, pickle, entry) in described() {
        let ours = optimize(&pickle);
        let agree = match (entry["optimized"].as_str(), &ours) {
            (Some(theirs), Ok(ours)) => digest(ours) == theirs,
            (Some(_), Err(error)) => fetches_what_is_not_stored(error) || is_about_frames(error),
            (None, Err(error)) => error.offset().is_some(),
            // Pickles that pickletools cannot read and an unpickler can.
            (None, Ok(ours)) => {
                from_slice::<Value>(ours).is_ok() || from_slice::<Value>(&pickle).is_err()
            }
        };
        failures.check(agree, || format!("{file}: {ours:?}, theirs: {entry}"));
    }
    failures.finish(3_000);
}

#[test]
fn the_bytes_are_those_of_cpython_for_generated_and_broken_pickles() {
    const OPTIMIZE: &str = r"
import json, pickletools, sys
for line in sys.stdin:
    try:
        print(json.dumps(pickletools.optimize(bytes.fromhex(line.strip())).hex()))
    except Exception as error:
        print(json.dumps([str(error)]))
";
    let programs = programs();
    let Some(answers) = ask(OPTIMIZE, &programs) else { return };
    let mut failures = Failures::default();
    for (program, answer) in programs.iter().zip(answers) {
        let ours = optimize(program);
        let agree = match (serde_json::from_str(&answer).unwrap(), &ours) {
            (Json::String(theirs), Ok(ours)) => hex(ours) == theirs,
            (Json::String(_), Err(error)) => {
                fetches_what_is_not_stored(error) || is_about_frames(error)
            }
            // Which of them an unpickler can read is what `disassemble` is asked.
            (_, _) => true,
        };
        failures.check(agree, || format!("{}: {ours:?}, theirs: {answer}", program.escape_ascii()));
    }
    failures.finish(programs.len());
}

#[test]
fn what_was_shared_is_shared_still() {
    let mut failures = Failures::default();
    for (file, pickle, _) in described().filter(|(_, pickle, _)| pickle.len() < 20_000) {
        let (Ok(before), Ok(optimized)) = (Graph::from_slice(&pickle), optimize(&pickle)) else {
            continue;
        };
        let after = match Graph::from_slice(&optimized) {
            Ok(after) => after,
            Err(error) => {
                failures.push(format!("{file}: {error}"));
                continue;
            }
        };
        // Memoized objects stay so where a graph is written, used or not; without that, equal
        // graphs are equal bytes.
        let written = |graph: &Graph<'_>| {
            let bytes = SerOptions::new().protocol(Protocol::HIGHEST).graph_to_vec(graph).ok()?;
            optimize(&bytes).ok()
        };
        failures.check(written(&before) == written(&after), || file.clone());
        failures.check(optimized.len() <= pickle.len() + 18, || {
            format!("{file}: {} bytes", optimized.len())
        });
    }
    failures.finish(5_000);
}

#[test]
fn frames_are_cut_where_cpython_cuts_them() {
    const MAKE: &str = r"
import pickle, pickletools, sys
for line in sys.stdin:
    data = bytes.fromhex(line.strip())
    print(pickletools.optimize(data).hex())
";
    let text = |len: usize| "x".repeat(len);
    let values = [
        Value::List((0..40_000).map(Value::from).collect()),
        Value::List((0..9_000).map(|n| Value::from(format!("item {n}"))).collect()),
        Value::List(
            [65_530, 65_531, 65_532, 65_535, 65_536, 65_537, 70_000, 3, 65_000, 600]
                .map(|n| text(n).into())
                .into(),
        ),
        Value::List(vec![
            Value::Bytes(vec![7; 65_536]),
            Value::Bytes(vec![8; 65_531]),
            Value::Bytes(vec![9; 200_000]),
        ]),
    ];
    let mut pickles = Vec::new();
    for value in values {
        for protocol in Protocol::ALL {
            pickles.push(SerOptions::new().protocol(protocol).to_vec(&value).unwrap());
        }
    }
    let Some(answers) = ask(MAKE, &pickles) else { return };
    for (pickle, answer) in pickles.iter().zip(answers) {
        assert!(hex(&optimize(pickle).unwrap()) == answer, "{} bytes", pickle.len());
    }
}

#[test]
fn what_cannot_be_optimized_is_an_error_with_its_byte() {
    for (pickle, kind, offset) in [
        (&b"h\x00."[..], ErrorKind::Syntax, 0),
        (b"]h\x00q\x00.", ErrorKind::Syntax, 1),
        (b"\x80\x06N.", ErrorKind::Unsupported, 0),
        (b"N", ErrorKind::Eof, 1),
        (b"N\xff.", ErrorKind::Syntax, 1),
    ] {
        let error = optimize(pickle).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (kind, Some(offset)),
            "{}",
            pickle.escape_ascii()
        );
    }
}
