//! A value is read as the pickle of it would be: `from_value`, `to_value`, and `Value` as a
//! deserializer.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use serde::{Deserialize, Serialize};
use serde_pickle::reduce::{Args, Global, Reduce};
use serde_pickle::value::PickleBuffer;
use serde_pickle::{DeOptions, Encoding, Error, Set, Value, from_value, pickle, to_value};

use crate::corpus::files;

#[test]
fn a_value_of_a_fixture_reads_as_the_fixture_does() {
    let options = DeOptions::new().encoding(Encoding::Latin1);
    let (mut same, mut refused) = (0, 0);
    for fixture in files("valid") {
        let Ok(value) = options.from_slice::<Value>(&fixture.bytes) else { continue };
        // Whatever describes itself: every kind of value goes through `deserialize_any`.
        let read = options.from_slice::<serde_json::Value>(&fixture.bytes);
        let borrowed = serde_json::Value::deserialize(&value);
        let owned = serde_json::Value::deserialize(value.clone());
        match (read, borrowed, owned) {
            (Ok(read), Ok(borrowed), Ok(owned)) => {
                assert_eq!((&borrowed, &owned), (&read, &read), "{}", fixture.file);
                same += 1;
            }
            (Err(read), Err(borrowed), Err(owned)) => {
                assert_eq!(borrowed.to_string(), owned.to_string(), "{}", fixture.file);
                assert_eq!(
                    (read.kind(), read.path()),
                    (borrowed.kind(), borrowed.path()),
                    "{}: {read} {borrowed}",
                    fixture.file
                );
                assert_eq!(borrowed.offset(), None, "a value lies in no input");
                refused += 1;
            }
            other => panic!("{}: {other:?}", fixture.file),
        }
        assert_eq!(from_value::<Value>(value.clone()).unwrap().to_string(), value.to_string());
    }
    assert!(same > 300, "{same} the same, {refused} refused");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Shape {
    Unit,
    Circle(f64),
    Pair(i8, String),
    Named { x: Option<u64>, y: () },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Everything {
    flag: bool,
    small: i8,
    wide: i128,
    real: f32,
    letter: char,
    text: String,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    shapes: Vec<Shape>,
    map: BTreeMap<i32, (u8, String)>,
    value: Value,
    set: Set,
    none: Option<String>,
}

fn everything() -> Everything {
    Everything {
        flag: true,
        small: -5,
        wide: i128::MIN,
        real: 0.5,
        letter: 'ß',
        text: "text\u{1f40d}".to_owned(),
        bytes: vec![0, 255],
        shapes: vec![
            Shape::Unit,
            Shape::Circle(1.5),
            Shape::Pair(-1, "p".to_owned()),
            Shape::Named { x: Some(u64::MAX), y: () },
        ],
        map: BTreeMap::from([(-1, (1, "a".to_owned())), (70_000, (2, "b".to_owned()))]),
        value: pickle!({"set": {1, 2}, (1, 2): [None, 2.5, b"x"]}),
        set: Set::from([1, 2]),
        none: None,
    }
}

#[test]
fn types_go_through_a_value_and_back() {
    let value = to_value(&everything()).unwrap();
    assert_eq!(value["wide"], Value::from(BigInt::from(i128::MIN)));
    assert_eq!(value["set"], Value::Set(Set::from([1, 2])));
    assert_eq!(value["value"], everything().value);
    assert_eq!(
        value["shapes"],
        pickle!([
            "Unit", {"Circle": 1.5}, {"Pair": (-1, "p")}, {"Named": {"x": u64::MAX, "y": None}}
        ])
    );
    assert_eq!(from_value::<Everything>(value.clone()).unwrap(), everything());
    assert_eq!(Everything::deserialize(&value).unwrap(), everything());
    assert_eq!(Everything::deserialize(value).unwrap(), everything());
}

#[test]
fn text_and_bytes_are_borrowed_from_a_reference() {
    let value = pickle!([("name", b"bytes")]);
    let borrowed = <Vec<(&str, &[u8])>>::deserialize(&value).unwrap();
    assert_eq!(borrowed, [("name", &b"bytes"[..])]);
    assert!(std::ptr::eq(borrowed[0].0, value[0][0].as_str().unwrap()));
    assert!(
        Vec::<(&str, &[u8])>::deserialize(value).is_err(),
        "nothing can be borrowed from what is gone"
    );
}

#[test]
fn objects_in_a_value_are_read_as_from_a_pickle() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Point {
        x: i64,
        y: f64,
    }

    let object = Reduce::new_obj(Global::new("geometry", "Point"), Args::default());
    let value = Value::from(object.with_state(pickle!({"x": 70_000, "y": 2})));
    assert_eq!(from_value::<Point>(value).unwrap(), Point { x: 70_000, y: 2.0 });
    let class = Value::global("geometry", "Point.Inner");
    assert_eq!(
        from_value::<Global>(class.clone()).unwrap(),
        Global::new("geometry", "Point.Inner")
    );
    assert_eq!(from_value::<String>(class).unwrap(), "geometry.Point.Inner");
    let spelled = Reduce::call(Global::new("builtins", "set"), Args::from([pickle!([1, 2])]));
    assert_eq!(
        from_value::<Vec<u8>>(Value::from(spelled)).unwrap(),
        [1, 2],
        "a call that only spells a set is one"
    );
    let buffer = Value::Buffer(Box::new(PickleBuffer { data: vec![1, 2], readonly: false }));
    assert_eq!(
        from_value::<PickleBuffer>(buffer.clone()).unwrap(),
        PickleBuffer { data: vec![1, 2], readonly: false }
    );
    assert_eq!(from_value::<(Value,)>(pickle!((buffer.clone(),))).unwrap().0, buffer);
    assert_eq!(from_value::<serde_bytes::ByteBuf>(buffer).unwrap().into_vec(), [1, 2]);
    assert_eq!(from_value::<(f64, f64)>(Value::Complex((1.0, 2.0).into())).unwrap(), (1.0, 2.0));
}

#[test]
fn errors_say_where_in_the_value() {
    let error: Error =
        from_value::<Vec<BTreeMap<String, u8>>>(pickle!([{"a": 1}, {"a": 1, "b": 256}]))
            .unwrap_err();
    assert_eq!(error.to_string(), "[1].b: invalid value: integer `256`, expected u8");
    assert_eq!(error.offset(), None);
    let error = from_value::<Set>(pickle!("text")).unwrap_err();
    assert_eq!(error.to_string(), "invalid type: a str, expected a set");
    let error = from_value::<Global>(pickle!("text")).unwrap_err();
    assert_eq!(error.to_string(), "expected a class, function or other global, found a string");
}

#[test]
fn a_deep_value_is_no_matter() {
    let mut value = Value::None;
    for _ in 0..900 {
        value = Value::List(vec![value]);
    }
    assert_eq!(from_value::<(Value,)>(Value::Tuple(vec![value.clone()])).unwrap().0, value);
    assert!(
        from_value::<serde_json::Value>(value)
            .unwrap_err()
            .to_string()
            .contains("nested more than 100 levels deep")
    );
}
