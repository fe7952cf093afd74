//! Values into other formats and back.

use serde::{Deserialize, Serialize};
use serde_pickle::{Dict, Set, Value, pickle};

fn through_json(value: &Value) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn what_json_has_comes_back_as_it_was() {
    let value = pickle!({
        "none": None,
        "bools": [True, False],
        "ints": [0, -1, i64::MIN, i64::MAX, u64::MAX],
        "floats": [0.5, -0.0, 1e300, 5e-324],
        "text": ["", "é", "😀", "\u{0}", "\"\\"],
        "dict": {"b": {}, "a": []},
    });
    assert_eq!(through_json(&value), value);
    assert_eq!(
        serde_json::from_value::<Value>(serde_json::to_value(&value).unwrap()).unwrap(),
        value
    );
    // In order, too.
    assert_eq!(through_json(&value).to_string(), value.to_string());
}

#[test]
fn what_json_lacks_comes_back_as_the_table_says() {
    for (value, back) in [
        (pickle!((1, 2)), pickle!([1, 2])),
        (pickle!({1, 2}), pickle!([1, 2])),
        (pickle!({1: "a", True: "b"}), pickle!({"1": "b"})),
        (pickle!({2.5: 1, False: 2}), pickle!({"2.5": 1, "false": 2})),
        (Value::from(u128::MAX), pickle!("340282366920938463463374607431768211455")),
        (pickle!(f64::INFINITY), pickle!(None)),
        (pickle!(b"ab"), pickle!([97, 98])),
        (Value::global("a", "B"), pickle!(["a", "B"])),
    ] {
        assert_eq!(through_json(&value), back, "{value}");
    }
}

#[test]
fn a_value_sits_in_a_users_type() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        any: Value,
        maybe: Option<Value>,
        dict: Dict,
        set: Set,
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Other(Value),
    }

    let row: Row = serde_json::from_str(
        r#"{"any": [1], "maybe": 2, "dict": {"a": 1}, "set": [1], "x": {"y": null}}"#,
    )
    .unwrap();
    assert_eq!(row.any, pickle!([1]));
    assert_eq!((row.maybe.as_ref(), row.set.len()), (Some(&pickle!(2)), 1));
    assert_eq!(row.rest["x"], pickle!({"y": None}));
    let json = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
    assert_eq!(serde_json::from_str::<Either>("5").unwrap(), Either::Number(5));
    assert_eq!(serde_json::from_str::<Either>("[5]").unwrap(), Either::Other(pickle!([5])));
}
