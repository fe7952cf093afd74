//! Values in a full circle: written by us, loaded by real Pythons, compared type for type, pickled
//! again by Python at every protocol it has, and read back equal.

use std::process::{Command, Stdio};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_pickle::{DeOptions, Encoding, Protocol, SerOptions, Value, from_slice};

use crate::corpus::Failures;
use crate::interpreters::{assert_loads, canon, hex};
use crate::roundtrip::any_value;

fn generated(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let strategy = any_value();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn python_loads_generated_values_type_for_type_at_every_protocol() {
    let mut cases = Vec::new();
    for (number, value) in generated(300).iter().enumerate() {
        for protocol in Protocol::ALL {
            let pickle = SerOptions::new().protocol(protocol).to_vec(value).unwrap();
            cases.push((
                format!("value {number}, {value:.200}"),
                protocol,
                pickle,
                canon(value, true),
            ));
        }
    }
    assert_eq!(cases.len(), 1_800);
    assert_loads("", &cases);
}

/// Loads one pickle a line and writes it again at every protocol, in C and in Python, framed and
/// through a file.
const AGAIN: &str = r#"
import io, pickle, sys
for line in sys.stdin:
    value = pickle.loads(bytes.fromhex(line.strip()))
    out = []
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        out.append(pickle.dumps(value, protocol))
        stream = io.BytesIO()
        pickle._Pickler(stream, protocol).dump(value)
        out.append(stream.getvalue())
    print(' '.join(data.hex() for data in out))
"#;

#[test]
fn what_python_makes_of_our_pickles_comes_back_equal() {
    let values = generated(300);
    let Ok(mut python) = Command::new("python3")
        .args(["-c", AGAIN])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    else {
        println!("skipped: there is no python3 here");
        return;
    };
    let mut stdin = python.stdin.take().unwrap();
    let pickle = |(number, value): (usize, &Value)| {
        let protocol = Protocol::ALL[number % Protocol::ALL.len()];
        hex(&SerOptions::new().protocol(protocol).to_vec(value).unwrap())
    };
    let lines = values.iter().enumerate().map(pickle).collect::<Vec<_>>().join("\n");
    let writer =
        std::thread::spawn(move || std::io::Write::write_all(&mut stdin, lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    let mut failures = Failures::default();
    for (value, line) in values.iter().zip(output.lines()) {
        for (number, hex) in line.split(' ').enumerate() {
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            match from_slice::<Value>(&bytes) {
                Ok(back) => failures
                    .check(back == *value, || format!("{number}: {back:.300}\n    {value:.300}")),
                Err(error) => failures.push(format!("{number}: {error}: {value:.300}")),
            }
        }
    }
    failures.finish(300 * 10);
}

#[test]
fn text_of_python_2_comes_back_as_text_or_bytes() {
    // Bytes written at protocol 2 are an 8-bit str to Python 2, and what it writes of that is read
    // by encoding.
    let python2 = b"U\x04caf\xe9q\x00.";
    let read = |encoding| DeOptions::new().encoding(encoding).from_slice::<Value>(python2).unwrap();
    assert_eq!(read(Encoding::Bytes), Value::Bytes(b"caf\xe9".to_vec()));
    assert_eq!(read(Encoding::Latin1), Value::from("café"));
    assert_eq!(read(Encoding::Utf8), Value::Bytes(b"caf\xe9".to_vec()));
}
