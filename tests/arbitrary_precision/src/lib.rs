//! Numbers of serde_json go to pickles and back, and to [`serde_pickle::Value`] and back, with its
//! feature `arbitrary_precision`, which any crate in the tree of dependencies may switch on.

#![cfg(test)]

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use serde_pickle::{ErrorKind, Value, from_slice, from_value, pickle, to_value, to_vec};

const TEXT: &str = concat!(
    r#"{"int": 1, "minus": -7, "big": 18446744073709551616, "float": 1.5, "#,
    r#""list": [1e2, 0]}"#
);

fn values() -> Value {
    pickle!({
        "int": 1, "minus": (-7), "big": (u128::from(u64::MAX) + 1), "float": 1.5,
        "list": [100.0, 0],
    })
}

#[test]
fn numbers_are_written_as_numbers() {
    let json: Json = serde_json::from_str(TEXT).unwrap();
    assert_eq!(to_value(&json).unwrap(), values());
    assert_eq!(from_slice::<Value>(&to_vec(&json).unwrap()).unwrap(), values());
}

#[test]
fn a_value_reads_numbers_from_json() {
    assert_eq!(serde_json::from_str::<Value>(TEXT).unwrap(), values());
    let json: Json = serde_json::from_str(TEXT).unwrap();
    assert_eq!(Value::deserialize(&json).unwrap(), values());
    assert_eq!(serde_json::from_str::<Vec<Value>>("[1]").unwrap(), [pickle!(1)]);
}

#[test]
fn numbers_are_read_from_pickles() {
    let json: Json = from_value(values()).unwrap();
    assert_eq!(json["int"], json!(1));
    assert_eq!(json["big"].to_string(), "18446744073709551616");
    assert_eq!(json["list"].to_string(), "[100.0,0]");
    let number: serde_json::Number = from_slice(b"K\x07.").unwrap();
    assert_eq!(number.to_string(), "7");
}

#[test]
fn a_raw_value_is_an_error_both_ways() {
    #[derive(Serialize)]
    struct Message {
        body: Box<serde_json::value::RawValue>,
    }

    let body = serde_json::value::RawValue::from_string("[1, 2]".to_owned()).unwrap();
    let error = to_vec(&Message { body }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("RawValue"), "{error}");
    assert!(from_slice::<Box<serde_json::value::RawValue>>(b"K\x07.").is_err());
}
