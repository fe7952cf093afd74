//! The types in JSON, in a `Value`, and behind what buffers.

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_pickle::python::{
    Counter, DateTime, Decimal, Deque, Fraction, IpAddress, OrderedDict, Path, Set, TimeDelta, Uuid,
};
use serde_pickle::{Value, from_slice, from_value, to_value, to_vec};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct All {
    datetime: DateTime,
    delta: TimeDelta,
    decimal: Decimal,
    fraction: Fraction,
    uuid: Uuid,
    path: Path,
    address: IpAddress,
    dict: OrderedDict<String, u8>,
    counter: Counter<String>,
    deque: Deque<u8>,
    set: Set<Vec<u8>>,
}

fn all() -> All {
    All {
        datetime: "2024-07-01T12:00:00+02:00".parse().unwrap(),
        delta: "-PT0.5S".parse().unwrap(),
        decimal: "1.50".parse().unwrap(),
        fraction: "3/4".parse().unwrap(),
        uuid: Uuid(1),
        path: "a/b".parse().unwrap(),
        address: "::1".parse().unwrap(),
        dict: OrderedDict(vec![("b".to_owned(), 1), ("a".to_owned(), 2)]),
        counter: Counter(vec![("x".to_owned(), 3)]),
        deque: Deque { maxlen: None, items: vec![1, 2] },
        set: Set(vec![7]),
    }
}

#[test]
fn json_has_text_maps_and_sequences() {
    let json = serde_json::to_value(all()).unwrap();
    assert_eq!(
        json,
        json!({
            "datetime": "2024-07-01T12:00:00+02:00",
            "delta": "-PT0.5S",
            "decimal": "1.50",
            "fraction": "3/4",
            "uuid": "00000000-0000-0000-0000-000000000001",
            "path": "a/b",
            "address": "::1",
            "dict": {"b": 1, "a": 2},
            "counter": {"x": 3},
            "deque": [1, 2],
            "set": [7],
        })
    );
    assert_eq!(serde_json::from_value::<All>(json).unwrap(), all());
}

#[test]
fn a_value_is_the_same_object() {
    let value = to_value(&all()).unwrap();
    assert_eq!(value, from_slice::<Value>(&to_vec(&all()).unwrap()).unwrap());
    assert_eq!(value["decimal"].to_string(), "decimal.Decimal('1.50')");
    assert_eq!(from_value::<All>(value).unwrap(), all());
}

#[test]
fn they_may_stand_behind_what_buffers() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Delta(TimeDelta),
        Moment(DateTime),
    }

    let both = [Either::Moment(all().datetime), Either::Delta(all().delta)];
    assert_eq!(from_slice::<[Either; 2]>(&to_vec(&both).unwrap()).unwrap(), both);
}
