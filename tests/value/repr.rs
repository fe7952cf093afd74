//! `Display` against Python's own `repr`, where `python3` is on the machine.
//!
//! Each text that is printed here is a Python literal. Python evaluates it with `ast.literal_eval`
//! (or, for the calls that are no literals, with `eval` and a handful of builtins), takes the
//! `repr` of what it got, and the two have to be the same text.

use std::io::Write;
use std::process::{Command, Stdio};

use num_bigint::BigInt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_pickle::value::Complex;
use serde_pickle::{Dict, Set, Value, pickle};

/// Reads one text a line (in hex), answers with the hex of the repr of what it means; characters
/// that are not assigned in this Python's Unicode count as `?` on both sides of the comparison.
const SCRIPT: &str = r#"
import sys
inf = float('inf'); nan = float('nan')
names = {'__builtins__': {}, 'inf': inf, 'nan': nan, 'infj': complex(0, inf),
         'nanj': complex(0, nan), 'set': set, 'frozenset': frozenset, 'bytearray': bytearray}
for line in sys.stdin:
    text = bytes.fromhex(line.strip()).decode('utf-8')
    try:
        got = repr(eval(text, dict(names)))
    except Exception as error:
        got = 'error: %r' % error
    print(got.encode('utf-8', 'backslashreplace').hex())
"#;

/// Python's values for the texts, or `None` without a Python.
fn reprs(texts: &[String]) -> Option<Vec<String>> {
    let Ok(mut python) = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    else {
        println!("skipped: there is no python3 here");
        return None;
    };
    let mut stdin = python.stdin.take().unwrap();
    let input: String = texts.iter().map(|text| hex(text.as_bytes()) + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| String::from_utf8(unhex(line)).unwrap()).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn assert_python_prints(values: impl IntoIterator<Item = Value>) {
    let texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    let Some(reprs) = reprs(&texts) else { return };
    assert_eq!(texts.len(), reprs.len());
    for (text, repr) in texts.iter().zip(&reprs) {
        assert_eq!(text, repr);
    }
    println!("{} texts are the same in Python", texts.len());
}

#[test]
fn numbers_print_as_in_python() {
    let mut values: Vec<Value> =
        vec![0.into(), i64::MIN.into(), i64::MAX.into(), u128::MAX.into(), (-1).into()];
    values.push(BigInt::from(10).pow(4_299).into());
    for exponent in -330..310 {
        for digits in ["1", "9.999999999999999", "1.5", "3.0000000000000004", "-7.25"] {
            values.push(format!("{digits}e{exponent}").parse::<f64>().unwrap().into());
        }
    }
    // Every power of two, and its neighbours.
    for exponent in 0..2047_u64 {
        let bits = exponent << 52;
        values.extend(
            [bits, bits + 1, bits.wrapping_sub(1) >> 1]
                .map(|bits| Value::from(f64::from_bits(bits))),
        );
    }
    values.retain(|value| value.as_f64().is_none_or(f64::is_finite));
    for (re, im) in [(0.0, 1.0), (1.0, 2.0), (1.5, -2.5), (0.0, 1e16), (1e-5, 1e300), (-1.0, 0.0)] {
        values.push(Complex::new(re, im).into());
    }
    values.push(pickle!([f64::INFINITY, f64::NEG_INFINITY, f64::NAN]));
    assert_python_prints(values);
}

#[test]
fn complexes_print_as_in_python() {
    // A text such as `(-0+2j)` means something else to Python, whose minus is an operator; so it
    // gets the parts.
    let parts = [0.0, -0.0, 1.0, -2.5, 1e16, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let float = |float: f64| format!("float('{}')", Value::from(float));
    let script: String = parts
        .iter()
        .flat_map(|re| {
            parts.iter().map(move |im| format!("print(complex({}, {}))\n", float(*re), float(*im)))
        })
        .collect();
    let Ok(output) = Command::new("python3").args(["-c", &script]).output() else {
        println!("skipped: there is no python3 here");
        return;
    };
    let ours: String = parts
        .iter()
        .flat_map(|re| {
            parts.iter().map(move |im| format!("{}\n", Value::from(Complex::new(*re, *im))))
        })
        .collect();
    assert_eq!(ours, String::from_utf8(output.stdout).unwrap());
}

#[test]
fn text_and_bytes_print_as_in_python() {
    let mut values = Vec::new();
    // Every character below U+3100 and some from each later block, alone and within text.
    for code in (0..0x3100).chain((0x3100..0x11_0000).step_by(97)) {
        let Some(c) = char::from_u32(code) else { continue };
        values.push(format!("{c}").into());
        values.push(format!("a{c}'\"").into());
    }
    for byte in 0..=255 {
        values.push(Value::Bytes(vec![byte]));
        values.push(Value::ByteArray(vec![b'\'', byte]));
    }
    for text in [
        "", "'", "\"", "'\"", "it's", "\\", "\u{301}", "e\u{301}", "\u{ad}", "\u{a0}", "\u{2028}",
        "\u{e000}",
    ] {
        values.push(text.into());
        values.push(Value::Bytes(text.as_bytes().to_vec()));
    }
    for bytes in [
        &b"\xed\xb3\xa9"[..],
        b"caf\xed\xb3\xa9'",
        b"\xed\xa0\xbd\xed\xb8\x80\"",
        b"\xed\xa0\x80\xc3\xa9",
    ] {
        values.push(Value::text(bytes.to_vec()).unwrap());
    }
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    let Some(reprs) = reprs(&texts) else { return };
    let mut newer = 0;
    for (text, repr) in texts.iter().zip(&reprs) {
        if text != repr {
            // A character that Rust's newer Unicode knows and this Python's does not: Python
            // escapes it.
            let escaped: String =
                text.chars()
                    .map(|c| {
                        if c.is_ascii() {
                            c.to_string()
                        } else {
                            format!("\\U{:08x}", u32::from(c))
                        }
                    })
                    .collect();
            let repr: String = repr.replace("\\u", "\\U0000");
            assert_eq!(escaped, repr);
            newer += 1;
        }
    }
    println!("{} texts, {newer} with characters that this Python does not know", texts.len());
    assert!(newer * 50 < texts.len(), "{newer} of {}", texts.len());
}

#[test]
fn containers_print_as_in_python() {
    assert_python_prints([
        pickle!(None),
        pickle!([]),
        pickle!([1, [2, [3]]]),
        pickle!(()),
        pickle!((1,)),
        pickle!((1, (2, 3))),
        pickle!({}),
        pickle!({"a": {1: (True, None)}, (1, "x"): 2.5, None: []}),
        Value::Set(Set::new()),
        Value::FrozenSet(Set::new()),
        pickle!({ 1 }),
        Value::FrozenSet(Set::from([1])),
        Value::List(vec![
            Value::FrozenSet(Set::from(["a"])),
            Value::ByteArray(vec![]),
            pickle!(b""),
        ]),
    ]);
}

#[test]
fn generated_values_print_as_in_python() {
    let text = prop_oneof![".{0,8}", "[ -~]{0,8}", "['\"\\\\\n\t\r]{0,4}"];
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i128>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::Bytes),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::ByteArray),
    ];
    let value = leaf.clone().prop_recursive(4, 32, 6, move |inner| {
        let key = leaf.clone().prop_filter("hashable", Value::is_hashable);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Tuple),
            proptest::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|entries| Value::Dict(Dict::try_from_iter(entries).unwrap())),
            // One element: Python's sets have no order to compare.
            key.prop_map(|element| Value::FrozenSet(Set::try_from_iter([element]).unwrap())),
        ]
    });
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    // Only characters that every Python knows: those of Unicode 3.
    let known = |value: &Value| value.to_string().chars().all(|c| u32::from(c) < 0x220);
    let values: Vec<Value> =
        (0..4_000).map(|_| value.new_tree(&mut runner).unwrap().current()).filter(known).collect();
    assert!(values.len() > 1_000);
    assert_python_prints(values);
}
