//! docs/MIGRATION.md, held to: what a program that used serde-pickle 1.x relied on, and what this
//! crate makes of it.
//!
//! The cases are those that serde-pickle's own tests have, made anew: the types that are written
//! and read, enums in both of its representations, pickles of Python 2 and 3 at every protocol,
//! circles, calls, 8-bit strings, bytes that are no pickle. A test whose name ends in `differs`
//! shows a difference that the page lists.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;

use num_bigint::BigInt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::{
    DeOptions, Deserializer, Encoding, ErrorKind, Graph, Protocol, SerOptions, Value, from_slice,
    from_value, pickle, to_value, to_vec,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Metres(i32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Step(i32, bool);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Crate {
    empty: (),
    size: usize,
    labels: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Event {
    Idle,
    Names(Vec<String>),
    Moved(String, Vec<i64>),
    Sold { price: u32, to: String },
}

fn events() -> [Event; 4] {
    [
        Event::Idle,
        Event::Names(vec!["a".into(), "b".into()]),
        Event::Moved("north".into(), vec![1, 5]),
        Event::Sold { price: 5, to: "Ada".into() },
    ]
}

/// Asserts that `value` is written as `python`, by way of bytes and directly, and read back.
fn is_written_as<T>(value: &T, python: &Value)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    for protocol in Protocol::ALL {
        let bytes = SerOptions::new().protocol(protocol).to_vec(value).unwrap();
        assert_eq!(&from_slice::<Value>(&bytes).unwrap(), python, "{value:?} at {protocol:?}");
        assert_eq!(&from_slice::<T>(&bytes).unwrap(), value, "at {protocol:?}");
    }
    assert_eq!(&to_value(value).unwrap(), python, "{value:?}");
    is_read_from(python.clone(), value);
}

/// Asserts that `python` is read as `value`, by way of bytes and directly.
fn is_read_from<T: DeserializeOwned + PartialEq + Debug>(python: Value, value: &T) {
    let bytes = to_vec(&python).unwrap();
    assert_eq!(&from_slice::<T>(&bytes).unwrap(), value, "{python}");
    assert_eq!(&from_value::<T>(python).unwrap(), value);
}

#[test]
fn plain_types_are_written_and_read_as_there() {
    is_written_as(&(), &Value::None);
    is_written_as(&true, &pickle!(True));
    is_written_as(&None::<i32>, &Value::None);
    is_written_as(&Some(false), &pickle!(False));
    is_written_as(&20_000_000_000_i64, &pickle!(20_000_000_000_i64));
    is_written_as(&-0.75_f64, &pickle!(-0.75));
    is_written_as(&'ß', &pickle!("ß"));
    is_written_as(&"text".to_owned(), &pickle!("text"));
    is_written_as(&vec![4, 5, 6], &pickle!([4, 5, 6]));
    is_written_as(&(4, 5, 6), &pickle!((4, 5, 6)));
    is_written_as(&[4, 5, 6], &pickle!((4, 5, 6)));
    is_written_as(&BTreeMap::from([(4, 5), (6, 7)]), &pickle!({4: 5, 6: 7}));
    is_read_from(pickle!([4, 5, 6]), &[4, 5, 6]);
    assert_eq!(to_value(&b"\x00\x01"[..]).unwrap(), pickle!([0, 1]), "bytes want serde_bytes");
}

#[test]
fn structs_are_written_and_read_as_there() {
    is_written_as(&Nothing, &Value::None);
    is_written_as(&Metres(42), &pickle!(42));
    is_written_as(&Step(42, false), &pickle!((42, False)));
    is_written_as(
        &Crate { empty: (), size: 32, labels: vec!["x".into()] },
        &pickle!({"empty": None, "size": 32, "labels": ["x"]}),
    );
}

#[test]
fn enums_are_written_as_there_but_for_tuple_variants_which_differs() {
    let [idle, names, moved, sold] = events();
    is_written_as(&idle, &pickle!("Idle"));
    is_written_as(&names, &pickle!({"Names": ["a", "b"]}));
    // There the data of a tuple variant is a list.
    is_written_as(&moved, &pickle!({"Moved": ("north", [1, 5])}));
    is_read_from(pickle!({"Moved": ["north", [1, 5]]}), &moved);
    is_written_as(&sold, &pickle!({"Sold": {"price": 5, "to": "Ada"}}));
}

#[test]
fn enums_that_it_wrote_in_its_older_representation_are_read() {
    let [idle, names, moved, sold] = events();
    is_read_from(pickle!(("Idle",)), &idle);
    is_read_from(pickle!(("Names", ["a", "b"])), &names);
    is_read_from(pickle!(("Moved", ["north", [1, 5]])), &moved);
    is_read_from(pickle!(("Sold", {"price": 5, "to": "Ada"})), &sold);
    let dict: Value = pickle!({"Sold": {"price": 5, "to": "Ada"}});
    is_read_from(pickle!([("Idle",), "Idle", dict]), &vec![idle.clone(), idle, sold]);
}

/// The values of `everything()` in fixtures/migration/make.py that both Pythons have.
fn everything() -> Vec<(Value, Value)> {
    let big = Value::from(BigInt::from(3).pow(70));
    let less = Value::from(-BigInt::from(3).pow(70));
    let frozen = || Value::from_frozen(&[3]);
    vec![
        (Value::None, Value::None),
        (pickle!(True), pickle!((True, False))),
        (pickle!(4096), pickle!(-70000)),
        (big, less),
        (pickle!(2.5), pickle!(-0.125)),
        (pickle!(b"octets"), pickle!(b"\x00octets")),
        (pickle!("text"), pickle!("déjà vu")),
        (frozen(), frozen()),
        (pickle!((4, 5)), pickle!((4, 5, 6))),
        (pickle!(()), pickle!([[7, 8], { 9 }, {}, Value::ByteArray(b"\x00\x7f\x80\xff".to_vec())])),
    ]
}

trait FromFrozen {
    fn from_frozen(items: &[i64]) -> Self;
}

impl FromFrozen for Value {
    fn from_frozen(items: &[i64]) -> Self {
        Self::FrozenSet(items.iter().copied().collect())
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/migration/{name}.pickle", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_kind_of_builtin_is_read_as_key_and_as_value() {
    for protocol in 0..=5 {
        let dict: serde_pickle::Dict =
            from_slice(&fixture(&format!("everything.py3.p{protocol}"))).unwrap();
        for (key, value) in everything() {
            // bytes of `_codecs.encode` and of an opcode are one value
            assert_eq!(dict.get(&key), Some(&value), "{key} at protocol {protocol}");
        }
        assert_eq!(dict.len(), everything().len() + 4);
        // Instances keep their classes. There they are their states, if an option asks for them.
        assert_eq!(dict[&20].as_object().unwrap().class().unwrap().to_string(), "__main__.Plain");
        assert_eq!(from_value::<BTreeMap<String, i64>>(dict[&20].clone()).unwrap()["weight"], 12);
        assert_eq!(from_value::<(String, u8)>(dict[&21].clone()).unwrap(), ("attic".into(), 22));
        #[derive(Deserialize, PartialEq, Debug)]
        struct Order {
            item: String,
            amount: u32,
        }
        let order: Order = from_value(dict[&22].clone()).unwrap();
        assert_eq!(order, Order { item: "tea".into(), amount: 100 });
        assert_eq!(from_value::<u8>(dict[&23].clone()).unwrap(), 3);
    }
}

#[test]
fn every_kind_of_builtin_of_python_2_is_read() {
    for protocol in 0..=2 {
        let bytes = fixture(&format!("everything.py2.p{protocol}"));
        // There 8-bit strings are bytes unless an option decodes them; here it is the other way.
        let options = DeOptions::new().encoding(Encoding::Bytes);
        let pairs: Vec<(Value, Value)> = options.from_slice(&bytes).unwrap();
        assert_eq!(pairs[..everything().len()], everything()[..], "at protocol {protocol}");
        let plain = pairs.last().unwrap().1.clone();
        assert_eq!(from_value::<BTreeMap<String, i64>>(plain).unwrap()["weight"], 12);
    }
}

#[test]
fn circles_are_errors_and_a_graph_keeps_them() {
    for protocol in 0..=5 {
        let bytes = fixture(&format!("circle.p{protocol}"));
        let error = from_slice::<Value>(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{error}");
        // There an option puts None where the circle closes.
        let graph = Graph::from_slice(&bytes).unwrap();
        assert_eq!(graph.root().to_string(), "[([...],)]");
    }
}

#[test]
fn a_call_of_an_unknown_function_is_data_which_differs() {
    let value: Value = from_slice(&fixture("calls.p4")).unwrap();
    assert_eq!(value.as_object().unwrap().class().unwrap().to_string(), "__main__.Calls");
}

#[test]
fn an_8_bit_string_that_is_no_utf8_stays_bytes() {
    // '123\xff\xfe', as Python 2 pickles it
    let value: Value = from_slice(b"\x80\x02U\x05123\xff\xfe.").unwrap();
    assert_eq!(value, Value::Bytes(b"123\xff\xfe".to_vec()));
}

#[test]
fn values_of_json_come_back_as_they_were() {
    let json = serde_json::json!([{
        "null": null, "false": false, "true": true, "int": -1_238_571, "float": 1.5e10,
        "list": [false, 5, "true", 3.8],
    }]);
    assert_eq!(from_slice::<serde_json::Value>(&to_vec(&json).unwrap()).unwrap(), json);
}

#[test]
fn bytes_behind_a_pickle_are_left_alone_which_differs() {
    let mut bytes = to_vec(&1).unwrap();
    bytes.push(b'.');
    // As `pickle.loads` does; there they are an error.
    assert_eq!(from_slice::<i32>(&bytes).unwrap(), 1);
    let mut stream = Deserializer::from_slice(&bytes);
    assert_eq!(i32::deserialize(&mut stream).unwrap(), 1);
    assert_eq!(stream.end().unwrap_err().kind(), ErrorKind::Data);
}

#[test]
fn what_was_an_error_code_is_an_error_kind() {
    for (pickle, kind) in [
        (&b"\x80\x02X\x05\0\0\0ab"[..], ErrorKind::Eof), // EOFWhileParsing
        (b"\x80\x02\xff.", ErrorKind::Syntax),           // Unsupported
        (b"\x80\x02a.", ErrorKind::Syntax),              // StackUnderflow
        (b"\x80\x02B\xff\xff\xff\xff.", ErrorKind::Eof), // NegativeLength
        (b"\x80\x02K\x01K\x02a.", ErrorKind::Syntax),    // InvalidStackTop
        (b"\x80\x02h\x07.", ErrorKind::Syntax),          // MissingMemo
        (b"Iseven\n.", ErrorKind::Syntax),               // InvalidLiteral
        (b"}]K\x01s.", ErrorKind::Syntax),               // ValueNotHashable
        (b"S'\\xff'\n.", ErrorKind::Data),               // StringNotUTF8, for a String
        (b"X\x01\0\0\0a.", ErrorKind::Data),             // Structure, for a number
    ] {
        let error = match kind {
            ErrorKind::Data if pickle.starts_with(b"S") => {
                from_slice::<String>(pickle).unwrap_err()
            }
            ErrorKind::Data if pickle.starts_with(b"X") => from_slice::<u8>(pickle).unwrap_err(),
            _ => from_slice::<Value>(pickle).unwrap_err(),
        };
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn a_thousand_bytes_of_noise_are_an_error_and_no_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..1_000 {
        let mut noise = [0; 1_000];
        for byte in &mut noise {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state as u8;
        }
        // A STOP at the end may make a pickle of it.
        if noise.last() != Some(&b'.') {
            assert!(from_slice::<Value>(&noise).is_err());
        }
    }
}
