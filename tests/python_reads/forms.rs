//! Python loads what is written: generated values of every plain kind, at every protocol.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::ser::{Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};
use serde_derive::Serialize;
use serde_pickle::{Protocol, SerOptions};

use crate::interpreters::{assert_loads, hex, text};

/// A value that serde can say by itself.
#[derive(Clone, Debug)]
enum Plain {
    None,
    Bool(bool),
    Int(i128),
    Uint(u128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Plain>),
    Tuple(Vec<Plain>),
    Dict(BTreeMap<String, Plain>),
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        match self {
            Self::None => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => match i64::try_from(*value) {
                Ok(value) => serializer.serialize_i64(value),
                Err(_) => serializer.serialize_i128(*value),
            },
            Self::Uint(value) => match u64::try_from(*value) {
                Ok(value) => serializer.serialize_u64(value),
                Err(_) => serializer.serialize_u128(*value),
            },
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Bytes(value) => serializer.serialize_bytes(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Tuple(items) => {
                let mut tuple = serializer.serialize_tuple(items.len())?;
                items.iter().try_for_each(|item| tuple.serialize_element(item))?;
                tuple.end()
            }
            Self::Dict(entries) => serializer.collect_map(entries),
        }
    }
}

impl Plain {
    /// As the script prints it.
    fn canon(&self) -> String {
        let join = |items: &[Self]| items.iter().map(Self::canon).collect::<Vec<_>>().join(", ");
        match self {
            Self::None => "None".into(),
            Self::Bool(true) => "True".into(),
            Self::Bool(false) => "False".into(),
            Self::Int(value) => format!("int({value})"),
            Self::Uint(value) => format!("int({value})"),
            Self::Float(value) if value.is_nan() => "float(nan)".into(),
            Self::Float(value) => format!("float({})", hex(&value.to_be_bytes())),
            Self::Text(value) => text(value),
            Self::Bytes(value) => format!("bytes({})", hex(value)),
            Self::List(items) => format!("[{}]", join(items)),
            Self::Tuple(items) => format!("({})", join(items)),
            Self::Dict(entries) => {
                let mut entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", text(key), value.canon()))
                    .collect();
                entries.sort();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

/// Text with the characters that protocol 0 escapes, and those that need each number of bytes.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,12}",
        any::<String>(),
        "[\\\\\0\r\n\x1a'\"ua\u{7f}\u{80}\u{e9}\u{ff}\u{100}\
         \u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,40}",
    ]
}

fn any_plain() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        Just(Plain::None),
        any::<bool>().prop_map(Plain::Bool),
        // Around every width: a random number of bits, then the neighbours of a power of two.
        (any::<i128>(), 0..128_u32).prop_map(|(value, shift)| Plain::Int(value >> shift)),
        (0..127_u32, -2..=2_i128).prop_map(|(bits, near)| Plain::Int((1 << bits) + near)),
        (0..127_u32, -2..=2_i128).prop_map(|(bits, near)| Plain::Int(-(1 << bits) + near)),
        (any::<u128>(), 0..128_u32).prop_map(|(value, shift)| Plain::Uint(value >> shift)),
        any::<f64>().prop_map(Plain::Float),
        (-400..400_i32, any::<i32>()).prop_map(|(exponent, digits)| Plain::Float(
            f64::from(digits) * 10_f64.powi(exponent / 10)
        )),
        any_text().prop_map(Plain::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Plain::Bytes),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Plain::List),
            prop::collection::vec(inner.clone(), 0..6).prop_map(Plain::Tuple),
            prop::collection::btree_map(any_text(), inner, 0..6).prop_map(Plain::Dict),
        ]
    })
}

fn at_all_protocols<T: Serialize + ?Sized>(
    name: &str,
    value: &T,
    expected: &str,
) -> Vec<(String, Protocol, Vec<u8>, String)> {
    let mut cases = Vec::new();
    for protocol in Protocol::ALL {
        let options = SerOptions::new().protocol(protocol);
        let bytes = options.to_vec(value).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut streamed = Vec::new();
        options.to_writer(&mut streamed, value).unwrap();
        assert_eq!(bytes, streamed, "{name}: memory and stream");
        let memoized = options.memoize_strings(true).to_vec(value).unwrap();
        for bytes in [bytes, memoized] {
            cases.push((name.to_owned(), protocol, bytes, expected.to_owned()));
        }
    }
    cases
}

#[test]
fn python_loads_generated_values_of_every_protocol() {
    let mut runner = TestRunner::deterministic();
    let mut cases = Vec::new();
    for number in 0..400 {
        let value = any_plain().new_tree(&mut runner).unwrap().current();
        cases.extend(at_all_protocols(&format!("value {number}"), &value, &value.canon()));
    }
    assert_loads("", &cases);
}

#[test]
fn python_loads_containers_of_every_size_around_a_batch() {
    let mut cases = Vec::new();
    for len in [0, 1, 2, 3, 4, 5, 255, 256, 999, 1000, 1001, 1002, 1999, 2000, 2001, 3000] {
        let items: Vec<Plain> = (0..len).map(Plain::Int).collect();
        let list = Plain::List(items.clone());
        cases.extend(at_all_protocols("a list", &list, &list.canon()));
        let tuple = Plain::Tuple(items.clone());
        cases.extend(at_all_protocols("a tuple", &tuple, &tuple.canon()));
        let dict = Plain::Dict((0..).map(|key: i32| format!("{key}")).zip(items).collect());
        cases.extend(at_all_protocols("a dict", &dict, &dict.canon()));
    }
    assert_loads("", &cases);
}

#[test]
fn python_loads_payloads_of_every_size_around_a_length_or_a_frame() {
    let mut cases = Vec::new();
    for len in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 200_000] {
        let around = |inner: Plain| {
            Plain::List(vec![
                Plain::Int(1),
                inner.clone(),
                Plain::Int(2),
                inner,
                Plain::Text("end".into()),
            ])
        };
        for value in [
            around(Plain::Text("x".repeat(len))),
            around(Plain::Text("é".repeat(len / 2))),
            around(Plain::Bytes((0..=255).cycle().take(len).collect())),
            Plain::Text("y".repeat(len)),
        ] {
            cases.extend(at_all_protocols("a payload", &value, &value.canon()));
        }
    }
    let many = Plain::List((0..60_000).map(Plain::Int).collect());
    cases.extend(at_all_protocols("several frames", &many, &many.canon()));
    assert_loads("", &cases);
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Newtype<T>(T);

#[derive(Serialize)]
struct Pair(u8, char);

#[derive(Serialize)]
struct Record {
    id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    inner: Option<Box<Record>>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
enum Kind {
    Unit,
    Newtype(u8),
    Tuple(u8, u8),
    Empty(),
    Struct { a: u8, b: Vec<u8> },
    NoFields {},
}

#[test]
fn python_loads_every_form_of_serde() {
    let s = text;
    let mut cases = Vec::new();
    cases.extend(at_all_protocols("unit", &(), "None"));
    cases.extend(at_all_protocols("unit struct", &Unit, "None"));
    cases.extend(at_all_protocols(
        "newtype struct",
        &Newtype(Some(1.5_f32)),
        "float(3ff8000000000000)",
    ));
    cases.extend(at_all_protocols("tuple struct", &Pair(7, 'é'), &format!("(int(7), {})", s("é"))));
    cases.extend(at_all_protocols("array", &[1_u16, 300], "(int(1), int(300))"));
    cases.extend(at_all_protocols("empty array", &[0_u8; 0], "()"));
    cases.extend(at_all_protocols("empty struct", &Empty {}, "{}"));
    cases.extend(at_all_protocols("bytes", Bytes::new(b"a\xff"), "bytes(61ff)"));
    cases.extend(at_all_protocols(
        "some bytes",
        &[ByteBuf::from("a"), ByteBuf::from("b")],
        "(bytes(61), bytes(62))",
    ));
    cases.extend(at_all_protocols("an address", &std::net::Ipv4Addr::LOCALHOST, &s("127.0.0.1")));
    let record =
        |id, mail: Option<&str>, inner| Record { id, mail: mail.map(str::to_owned), inner };
    let nested = record(1, Some("a@b"), Some(Box::new(record(2, None, None))));
    let inner = format!("{{{}: int(2), {}: None}}", s("id"), s("inner"));
    let outer =
        format!("{{{}: int(1), {}: {inner}, {}: {}}}", s("id"), s("inner"), s("mail"), s("a@b"));
    cases.extend(at_all_protocols(
        "records",
        &vec![&nested, &nested],
        &format!("[{outer}, {outer}]"),
    ));
    for (value, expected) in [
        (Kind::Unit, s("Unit")),
        (Kind::Newtype(1), format!("{{{}: int(1)}}", s("Newtype"))),
        (Kind::Tuple(1, 2), format!("{{{}: (int(1), int(2))}}", s("Tuple"))),
        (Kind::Empty(), format!("{{{}: ()}}", s("Empty"))),
        (
            Kind::Struct { a: 1, b: vec![2] },
            format!("{{{}: {{{}: int(1), {}: [int(2)]}}}}", s("Struct"), s("a"), s("b")),
        ),
        (Kind::NoFields {}, format!("{{{}: {{}}}}", s("NoFields"))),
    ] {
        cases.extend(at_all_protocols("enum", &value, &expected));
    }
    assert_loads("", &cases);
}

/// A sequence that does not know its length, or says another than it has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Announced<T>(pub(crate) Option<usize>, pub(crate) Vec<T>);

impl<T: Serialize> Serialize for Announced<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut seq = serializer.serialize_seq(self.0)?;
        self.1.iter().try_for_each(|item| seq.serialize_element(item))?;
        seq.end()
    }
}

/// The same of a map, of so many entries.
#[derive(Clone)]
struct AnnouncedMap(Option<usize>, usize);

impl Serialize for AnnouncedMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(self.0)?;
        (0..self.1).try_for_each(|key| map.serialize_entry(&key, &key))?;
        map.end()
    }
}

#[test]
fn python_loads_containers_whose_length_is_unknown_or_wrong() {
    let mut cases = Vec::new();
    for announced in [None, Some(0), Some(1), Some(2), Some(5)] {
        for len in [0, 1, 2, 3] {
            let mut entries: Vec<_> =
                (0..len).map(|key| format!("int({key}): int({key})")).collect();
            entries.sort();
            let dict = format!("{{{}}}", entries.join(", "));
            let expected = format!("[{}]", vec![dict; len].join(", "));
            let list = Announced(announced, vec![AnnouncedMap(announced, len); len]);
            cases.extend(at_all_protocols("unknown length", &list, &expected));
        }
    }
    assert_loads("", &cases);
}

#[test]
fn python_loads_batches_and_keys_whose_length_is_wrong() {
    let mut cases = Vec::new();
    for announced in [None, Some(0), Some(1), Some(1_000), Some(5_000)] {
        for len in [999, 1_000, 1_001, 2_001] {
            let list = Announced(announced, vec![Announced(announced, Vec::<u8>::new()); len]);
            cases.extend(at_all_protocols(
                "batches",
                &list,
                &format!("[{}]", vec!["[]"; len].join(", ")),
            ));
        }
        let keys = [Announced(announced, vec![]), Announced(announced, vec![0, 1])];
        let map: BTreeMap<_, _> = keys.into_iter().map(|key| (key, ())).collect();
        cases.extend(at_all_protocols("keys", &map, "{(): None, (int(0), int(1)): None}"));
    }
    assert_loads("", &cases);
}

#[test]
fn keys_that_are_sequences_become_tuples_and_dicts_as_keys_are_an_error() {
    let map: BTreeMap<Vec<Vec<u8>>, u8> = BTreeMap::from([(vec![], 0), (vec![vec![1], vec![]], 1)]);
    let cases = at_all_protocols("keys", &map, "{((int(1)), ()): int(1), (): int(0)}");
    assert_loads("", &cases);
    let error = serde_pickle::to_vec(&BTreeMap::from([(BTreeMap::from([(1, 2)]), 0)])).unwrap_err();
    assert_eq!(error.kind(), serde_pickle::ErrorKind::Data);
    assert_eq!(
        error.to_string(),
        "a dict cannot be the key of a dict or an element of a set in Python"
    );
}
