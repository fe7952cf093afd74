//! A value as deep as reading allows is safe on a small stack, in a debug build too.

use std::fmt::Write;
use std::thread;

use serde::Serialize;
use serde_pickle::{Dict, Global, How, PersistentId, Reduce, Set, Value, pickle};

/// Python's own recursion limit, and what is read into a `Value` by default.
const DEPTH: usize = 1_000;

/// The smallest stack that threads commonly have.
const STACK: usize = 2 << 20;

fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK).spawn(test).unwrap().join().unwrap();
}

fn nest(wrap: impl Fn(Value) -> Value) -> Value {
    (0..DEPTH).fold(Value::Int(1), |value, _| wrap(value))
}

fn object(state: Value) -> Value {
    let mut reduce = Reduce::new_obj(Global::new("m", "C"), Value::Tuple(vec![]));
    reduce.state = Some(state);
    reduce.into()
}

/// Ways to nest that give hashable values.
fn hashable() -> Vec<(&'static str, Value)> {
    vec![
        ("tuple", nest(|value| Value::Tuple(vec![value]))),
        ("frozenset", nest(|value| Value::FrozenSet(Set::try_from_iter([value]).unwrap()))),
        ("state", nest(object)),
        (
            "arguments",
            nest(|value| Reduce::call(Global::new("m", "f"), Value::Tuple(vec![value])).into()),
        ),
        ("persistent id", nest(|value| Value::PersistentId(Box::new(value)))),
        ("state in a dict", nest(|value| object(Dict::from([("x", value)]).into()))),
        (
            "object that is a key",
            nest(|value| object(Dict::try_from_iter([(Value::Tuple(vec![value]), 1)]).unwrap().into())),
        ),
    ]
}

fn all() -> Vec<(&'static str, Value)> {
    let mut all = hashable();
    all.extend([
        ("list", nest(|value| Value::List(vec![value]))),
        ("dict", nest(|value| Dict::from([("k", value)]).into())),
        ("mixed", nest(|value| pickle!([{"k": (value,)}]))),
        (
            "items",
            nest(|value| {
                let mut reduce = Reduce::new_obj(Global::new("m", "C"), Value::Tuple(vec![]));
                reduce.listitems.push(value.clone());
                reduce.dictitems.push((Value::Int(1), Value::None));
                reduce.into()
            }),
        ),
    ]);
    all
}

#[test]
fn what_recurses_fits_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in all() {
            println!("{kind}");
            let clone = value.clone();
            assert!(value.python_eq(&clone) || kind == "object that is a key");
            assert_eq!(value == clone, kind != "object that is a key", "{kind}");
            let mut text = String::new();
            write!(text, "{value}").unwrap();
            assert!(text.len() > DEPTH);
            write!(text, "{value:?}").unwrap();
            drop((value, clone));
        }
    });
}

#[test]
fn printing_over_lines_fits_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in all() {
            println!("{kind}");
            assert!(format!("{value:#}").len() > DEPTH);
        }
    });
}

#[test]
fn hashing_fits_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in hashable() {
            println!("{kind}");
            let mut dict = Dict::new();
            dict.try_insert(value.clone(), 1).unwrap();
            assert_eq!(dict.contains_key(&value), kind != "object that is a key");
        }
    });
}

#[test]
fn serializing_fits_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in all() {
            println!("{kind}");
            // JSON has no keys that are tuples.
            let json = serde_json::to_vec(&value);
            assert!(json.is_ok_and(|json| json.len() > DEPTH) || kind == "object that is a key");
        }
    });
}

#[test]
fn a_wrapper_around_a_deep_value_serializes() {
    #[derive(Serialize)]
    struct Row {
        id: PersistentId<Value>,
        how: u8,
    }

    on_a_small_stack(|| {
        let row = Row { id: PersistentId(nest(|value| Value::List(vec![value]))), how: How::Call as u8 };
        assert!(serde_json::to_vec(&row).unwrap().len() > DEPTH);
    });
}
