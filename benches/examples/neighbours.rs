//! Reads the same pickles with this crate and its neighbours: where the README's table has its
//! other columns from.
//!
//! ```text
//! cargo run -p serde_pickle_benches --example neighbours
//! ```
//!
//! Each crate reads each pickle in a process of its own, because a stack overflow ends the process.
//! What comes out is printed as it is, cut to a line; to judge it is up to who reads it.
//! `tests/readme.rs` holds this crate to its column.

use std::collections::BTreeMap;
use std::env;
use std::fmt::{Debug, Display};
use std::process::Command;

const CRATES: [&str; 4] = ["serde_pickle", "serde-pickle", "pickled", "deser-pickle"];

/// A name, what Python wrote, and the type that it is read into.
const CASES: &[(&str, &[u8], Into)] = &[
    ("protocol 0", b"(dp0\nVa\np1\n(lp2\nI1\naL1099511627776L\naF1.5\naNas.", Into::Value),
    (
        "protocol 1",
        b"}q\0X\x01\0\0\0aq\x01]q\x02(K\x01L1099511627776L\nG?\xf8\0\0\0\0\0\0Nes.",
        Into::Value,
    ),
    (
        "protocol 2",
        b"\x80\x02}q\0X\x01\0\0\0aq\x01]q\x02(K\x01\x8a\x06\0\0\0\0\0\x01G?\xf8\0\0\0\0\0\0Nes.",
        Into::Value,
    ),
    ("protocol 3", b"\x80\x03}q\0X\x01\0\0\0aq\x01C\x01xq\x02s.", Into::Value),
    ("protocol 4", b"\x80\x04\x95\x0c\0\0\0\0\0\0\0}\x94\x8c\x01a\x94C\x01x\x94s.", Into::Value),
    ("protocol 5", b"\x80\x05\x95\x0c\0\0\0\0\0\0\0}\x94\x8c\x01a\x94C\x01x\x94s.", Into::Value),
    (
        "one instance twice in a list",
        b"\x80\x02]q\0(c__main__\nC\nq\x01)\x81q\x02}q\x03X\x01\0\0\0aq\x04K\x07sbh\x02e.",
        Into::Structs,
    ),
    ("a = []; b = [a, a]; [b, b]", b"\x80\x02]q\0(]q\x01(]q\x02h\x02eh\x01e.", Into::Value),
    (
        "{'b': 1, 'a': 2, 'c': 3}",
        b"\x80\x02}q\0(X\x01\0\0\0bq\x01K\x01X\x01\0\0\0aq\x02K\x02X\x01\0\0\0cq\x03K\x03u.",
        Into::Value,
    ),
    (
        "[b'x', bytearray(b'x')]",
        b"\x80\x05]\x94(C\x01x\x94\x96\x01\0\0\0\0\0\0\0x\x94e.",
        Into::Value,
    ),
    (
        "1+2j",
        b"\x80\x02c__builtin__\ncomplex\nq\0G?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86q\x01Rq\x02.",
        Into::Value,
    ),
    ("2**64 - 1", b"\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0.", Into::U64),
    ("-2**100", b"\x80\x02\x8a\x0d\0\0\0\0\0\0\0\0\0\0\0\0\xf0.", Into::I128),
    ("b'ab' into `Vec<u8>`", b"\x80\x03C\x02abq\0.", Into::Bytes),
    (
        "an OrderedDict into a map",
        b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01(X\x01\0\0\0aq\x02K\x01X\x01\0\0\0bq\x03\
          K\x02u.",
        Into::Map,
    ),
    (
        "[1, Old(), 2] of Python 2",
        b"\x80\x01]q\x01(K\x01(cold\nOld\nq\x02oq\x03}q\x04U\x01aq\x05K\x01sbK\x02e.",
        Into::Value,
    ),
    ("'\\udcff'", b"\x80\x02X\x03\0\0\0\xed\xb3\xbfq\0.", Into::Value),
    ("a persistent id", b"\x80\x02X\x03\0\0\0abcQ.", Into::Value),
    // Made below: too long to be spelled out.
    ("200,000 nested lists", b"", Into::Value),
];

#[derive(Clone, Copy)]
enum Into {
    Value,
    Structs,
    U64,
    I128,
    Bytes,
    Map,
}

#[derive(Debug, serde::Deserialize)]
struct Instance {
    #[expect(dead_code, reason = "it is printed")]
    a: i64,
}

#[derive(Debug, deser::Deserialize)]
struct DeserInstance {
    a: i64,
}

fn shown<T: Debug, E: Display>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error: {error}"),
    }
}

macro_rules! read {
    ($pickle:ident, $into:ident, $value:expr, $read:path, $instance:ty $(, $options:expr)?) => {
        match $into {
            Into::Value => shown($value),
            Into::Structs => shown($read($pickle, $($options)?).map(|value: Vec<$instance>| value)),
            Into::U64 => shown($read($pickle, $($options)?).map(|value: u64| value)),
            Into::I128 => shown($read($pickle, $($options)?).map(|value: i128| value)),
            Into::Bytes => shown($read($pickle, $($options)?).map(|value: Vec<u8>| value)),
            Into::Map => {
                shown($read($pickle, $($options)?).map(|value: BTreeMap<String, u8>| value))
            }
        }
    };
}

fn read(by: &str, pickle: &[u8], into: Into) -> String {
    match by {
        "serde_pickle" => {
            let value = serde_pickle::from_slice(pickle).map(|value: serde_pickle::Value| value);
            if let (Into::Value, Ok(value)) = (into, &value) {
                return value.to_string();
            }
            read!(pickle, into, value, serde_pickle::from_slice, Instance)
        }
        "serde-pickle" => {
            let options = sp12::DeOptions::new;
            read!(
                pickle,
                into,
                sp12::value_from_slice(pickle, options()),
                sp12::from_slice,
                Instance,
                options()
            )
        }
        "pickled" => {
            let options = pickled::DeOptions::new;
            read!(
                pickle,
                into,
                pickled::value_from_slice(pickle, options()),
                pickled::from_slice,
                Instance,
                options()
            )
        }
        _ => {
            let value = deser_pickle::from_slice(pickle).map(|value: deser_value::Value| value);
            read!(pickle, into, value, deser_pickle::from_slice, DeserInstance)
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, by, number] = &arguments[..] {
        let (_, mut pickle, into) = CASES[number.parse::<usize>().expect("the number of a case")];
        let nested = [&b"\x80\x04"[..], &[b']'; 200_000], &[b'a'; 199_999], b"."].concat();
        if pickle.is_empty() {
            pickle = &nested;
        }
        println!("{}", read(by, pickle, into));
        // Values nested that deep may overflow the stack when they are dropped, too; that has
        // happened by now, or not.
        return;
    }
    for (number, (name, ..)) in CASES.iter().enumerate() {
        println!("{name}");
        for by in CRATES {
            let output = Command::new(env::current_exe().expect("a running program"))
                .args([by, &number.to_string()])
                .output()
                .expect("it runs once more");
            let printed = String::from_utf8_lossy(&output.stdout);
            let line = if output.status.success() {
                printed.trim().to_owned()
            } else {
                format!("{}", output.status)
            };
            println!("    {by:<14}{line:.100}");
        }
    }
}
