//! A value as deep as reading allows is safe on a small stack, in a debug build too.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::thread;

use serde::Serialize;
use serde_pickle::reduce::{Args, Global, How, PersistentId, Reduce};
use serde_pickle::{Dict, Set, Value, pickle};

/// Python's own recursion limit, and what is read into a `Value` by default.
const DEPTH: usize = 1_000;

/// Seven eighths of the smallest stack that threads commonly have: how large a frame of a debug
/// build is differs from one compilation to the next.
const STACK: usize = (2 << 20) / 8 * 7;

fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK).spawn(test).unwrap().join().unwrap();
}

/// A value of [`DEPTH`] levels, `levels` of which `wrap` puts around what it is given.
fn nest(levels: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..DEPTH / levels).fold(Value::Int(1), |value, _| wrap(value))
}

fn object(state: Value) -> Value {
    let mut reduce = Reduce::new_obj(Global::new("m", "C"), Args::default());
    reduce.state = Some(Box::new(state));
    reduce.into()
}

/// Ways to nest that give hashable values.
fn hashable() -> Vec<(&'static str, Value)> {
    vec![
        ("tuple", nest(1, |value| Value::Tuple(vec![value]))),
        ("frozenset", nest(1, |value| Value::FrozenSet(Set::try_from_iter([value]).unwrap()))),
        ("state", nest(2, object)),
        (
            "arguments",
            nest(2, |value| Reduce::call(Global::new("m", "f"), Args::from([value])).into()),
        ),
        ("persistent id", nest(1, |value| Value::PersistentId(Box::new(value)))),
        ("state in a dict", nest(3, |value| object(Dict::from([("x", value)]).into()))),
        (
            OBJECTS_AS_KEYS,
            nest(4, |value| {
                object(Dict::try_from_iter([(Value::Tuple(vec![value]), 1)]).unwrap().into())
            }),
        ),
    ]
}

/// Nested so deep, this equals nothing as a key: see `key.rs`. JSON cannot say it either.
const OBJECTS_AS_KEYS: &str = "objects that are keys";

fn all() -> Vec<(&'static str, Value)> {
    let mut all = hashable();
    all.extend([
        ("list", nest(1, |value| Value::List(vec![value]))),
        ("dict", nest(1, |value| Dict::from([("k", value)]).into())),
        ("mixed", nest(3, |value| pickle!([{"k": (value,)}]))),
        ("list items", nest(2, |value| items(vec![value], vec![]))),
        ("dict items", nest(2, |value| items(vec![], vec![(1.into(), value)]))),
    ]);
    all
}

fn items(listitems: Vec<Value>, dictitems: Vec<(Value, Value)>) -> Value {
    Reduce::<_>::new_obj(Global::new("m", "C"), Args::default())
        .with_listitems(listitems)
        .with_dictitems(dictitems)
        .into()
}

#[test]
fn what_recurses_fits_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in all() {
            println!("{kind}");
            let clone = value.clone();
            assert_eq!(value.python_eq(&clone), kind != OBJECTS_AS_KEYS, "{kind}");
            assert!(value == clone, "{kind}");
            let hasher = RandomState::new();
            assert_eq!(hasher.hash_one(&value), hasher.hash_one(&clone), "{kind}");
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
            assert!(format!("{value:#?}").len() > DEPTH);
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
            assert_eq!(dict.contains_key(&value), kind != OBJECTS_AS_KEYS);
        }
    });
}

#[test]
fn serializing_fits_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in all() {
            println!("{kind}");
            assert_eq!(serde_json::to_vec(&value).is_ok(), kind != OBJECTS_AS_KEYS, "{kind}");
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
        let row = Row {
            id: PersistentId(nest(1, |value| Value::List(vec![value]))),
            how: How::Call as u8,
        };
        assert!(serde_json::to_vec(&row).unwrap().len() > DEPTH);
    });
}

#[test]
fn a_deep_value_goes_into_a_pickle_and_back_on_a_small_stack() {
    on_a_small_stack(|| {
        for (kind, value) in all() {
            println!("{kind}");
            // One level less than the limit, as the int within is none.
            let bytes = serde_pickle::to_vec(&value).unwrap();
            let back: Value = serde_pickle::from_slice(&bytes).unwrap();
            assert!(back == value, "{kind}");
        }
    });
}

/// Each level is on lines of its own, and these are indented by it: without an end to the
/// indentation the text would be the square of the depth.
#[test]
fn lines_of_a_deep_value_are_indented_up_to_256_columns() {
    /// Bytes written, and the longest line.
    #[derive(Default)]
    struct Counted(usize, usize, usize);
    impl Write for Counted {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for byte in text.bytes() {
                self.0 += 1;
                self.1 = if byte == b'\n' { 0 } else { self.1 + 1 };
                self.2 = self.2.max(self.1);
            }
            Ok(())
        }
    }
    let levels = 900;
    let list = (0..levels).fold(Value::None, |inner, _| Value::List(vec![inner]));
    let dict = (0..levels).fold(Value::None, |inner, _| Value::from(Dict::from([("k", inner)])));
    let object = (0..levels / 2).fold(Value::None, |inner, _| {
        Reduce::call(Global::new("m", "C"), Args::from([inner])).into()
    });
    for value in [list, dict, object] {
        let mut plain = Counted::default();
        write!(plain, "{value:#}").unwrap();
        assert!(plain.0 <= 2 * levels * (256 + 12), "{} bytes", plain.0);
        assert!(plain.2 <= 256 + 12, "a line of {}", plain.2);
        let mut debug = Counted::default();
        write!(debug, "{value:#?}").unwrap();
        assert!(debug.0 <= 2 * levels * (256 + 24), "{} bytes", debug.0);
        let mut nested = Counted::default();
        write!(nested, "{:#?}", (&value, [&value])).unwrap();
        assert!(nested.0 <= 5 * levels * (256 + 24), "{} bytes", nested.0);
    }
}
