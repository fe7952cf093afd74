//! Programs are linked with some functions only if they ask for them: each case is a process of its
//! own, in which nothing else has asked. In one process the first test would bind for all others.
//!
//! Without an argument every case is run; with one, that case.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_pickle::python::{ByteArray, Set, Tuple};
use serde_pickle::reduce::{ExtensionRegistry, Global};
use serde_pickle::shared::Shared;
use serde_pickle::{
    AllowList, DeOptions, DecodeErrors, Encoding, ErrorKind, Protocol, SerOptions, Value,
    from_slice, to_vec,
};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Plain {
    id: u64,
    names: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Item")]
struct Item {
    price: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Slotted/slots")]
struct Slotted {
    a: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Pair")]
struct Pair(i64, i64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Marker")]
struct Marker;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:shop:Color")]
enum Color {
    #[serde(rename = "1")]
    Red,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    #[serde(rename = "py:shop:Circle")]
    Circle {
        radius: i64,
    },
    #[serde(rename = "py:shop:Line")]
    Line(i64),
    Nothing,
}

/// Written and read again, it is the same; the pickle has these bytes somewhere.
fn round<T>(value: &T, part: &[u8])
where
    T: std::fmt::Debug + PartialEq + Serialize + for<'de> Deserialize<'de>,
{
    round_by(&SerOptions::new(), value, part);
}

fn round_by<T>(options: &SerOptions, value: &T, part: &[u8])
where
    T: std::fmt::Debug + PartialEq + Serialize + for<'de> Deserialize<'de>,
{
    let pickle = options.to_vec(value).unwrap();
    assert_eq!(&from_slice::<T>(&pickle).unwrap(), value);
    let found = part.is_empty() || pickle.windows(part.len()).any(|window| window == part);
    assert!(found, "{:?} in {:?}", part.escape_ascii(), pickle.escape_ascii());
}

const CASES: &[(&str, fn())] = &[
    ("nothing", || round(&Plain { id: 1 << 40, names: vec!["a".into()] }, b"\x8c\x02id")),
    ("a struct of a class", || round(&Item { price: 3 }, b"shop")),
    ("a struct of a class, read alone", || {
        // type('Item', (), {}) of the module shop, with price = 3, protocol 2.
        let pickle = b"\x80\x02cshop\nItem\n)\x81}X\x05\0\0\0priceK\x03sb.";
        assert_eq!(from_slice::<Item>(pickle).unwrap(), Item { price: 3 });
    }),
    ("slots", || round(&Slotted { a: 3 }, b"Slotted")),
    ("a call", || round(&Pair(1, 2), b"Pair")),
    ("a class", || round(&Marker, b"Marker")),
    ("a member", || round(&Color::Red, b"Color")),
    ("variants of classes", || {
        round(&[Shape::Circle { radius: 2 }, Shape::Line(3), Shape::Nothing], b"Circle");
    }),
    ("a set", || round(&Set(BTreeSet::from([1_u8, 2])), b"\x8f")),
    ("a tuple", || round(&Tuple(vec![1_u8, 2, 3, 4]), b"t")),
    ("a bytearray", || round(&ByteArray(b"ab".to_vec()), b"bytearray")),
    ("a pointer", || {
        let list = Shared(Rc::new(vec![1, 2]));
        let pickle = to_vec(&(&list, &list)).unwrap();
        let [one, other]: [Shared<Rc<Vec<u8>>>; 2] = from_slice(&pickle).unwrap();
        assert!(Rc::ptr_eq(&one.0, &other.0));
        assert_eq!(one, list);
    }),
    ("a number of serde_json", || {
        assert_eq!(to_vec(&serde_json::json!([1.5])).unwrap().last(), Some(&b'.'));
    }),
    ("a value", || {
        let value = Value::List(vec![Value::Int(1), Value::Tuple(vec![])]);
        round(&value, b"");
    }),
    ("protocol 0", || {
        let options = SerOptions::new().protocol(Protocol::V0);
        round_by(&options, &(7, 1_i64 << 40, 1_i128 << 100), b"L1099511627776L\n");
        round_by(&options, &1.5, b"F1.5\n");
        round_by(&options, &"é\n".to_owned(), b"V\xe9\\u000a\n");
        round_by(&options, &true, b"I01\n");
        round_by(&options, &serde_bytes::ByteBuf::from(b"\xff".to_vec()), b"encode");
    }),
    ("protocol 2", || {
        let options = SerOptions::new().protocol(Protocol::V2);
        round_by(&options, &serde_bytes::ByteBuf::from(b"\xff".to_vec()), b"encode");
        round_by(&options, &BTreeMap::from([("k".to_owned(), 1.5)]), b"G");
    }),
    ("all text is looked up", || {
        let options = SerOptions::new().memoize_strings(true);
        let text = "a long text that comes twice".to_owned();
        round_by(&options, &(text.clone(), text), b"h\0");
    }),
    ("an encoding", || {
        let options = DeOptions::new().encoding(Encoding::Latin1);
        assert_eq!(options.from_slice::<String>(b"U\x01\xe9.").unwrap(), "é");
        let error = from_slice::<String>(b"U\x01\xe9.").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
    }),
    ("errors of an encoding", || {
        let options = DeOptions::new().errors(DecodeErrors::Replace);
        assert_eq!(options.from_slice::<String>(b"U\x01\xe9.").unwrap(), "\u{fffd}");
        let surrogate = b"\x8c\x03\xed\xb2\x80.";
        assert_eq!(options.from_slice::<String>(surrogate).unwrap(), "\u{fffd}");
    }),
    ("a resolver", || {
        let options = DeOptions::new().resolver(AllowList::new().allow("shop", "Item"));
        let allowed = b"\x80\x02cshop\nItem\n)\x81}X\x05\0\0\0priceK\x03sb.";
        assert_eq!(options.from_slice::<Plainly>(allowed).unwrap(), Plainly { price: 3 });
        let denied = b"\x80\x02cos\nItem\n)\x81}X\x05\0\0\0priceK\x03sb.";
        let error = options.from_slice::<Plainly>(denied).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
    }),
    ("extension codes", || {
        let mut registry = ExtensionRegistry::new();
        registry.add("shop", "Item", 1).unwrap();
        let options = DeOptions::new().extensions(registry);
        let named = options.from_slice::<Global>(b"\x80\x02\x82\x01.").unwrap();
        assert_eq!((&*named.module, &*named.qualname), ("shop", "Item"));
        let error = options.from_slice::<Global>(b"\x80\x02\x82\x02.").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }),
];

#[derive(Debug, PartialEq, Deserialize)]
struct Plainly {
    price: i64,
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    if let Some((_, case)) = CASES.iter().find(|(case, _)| *case == name) {
        return case();
    }
    let program = std::env::current_exe().unwrap();
    let failed: Vec<&str> = CASES
        .iter()
        .map(|(case, _)| *case)
        .filter(|case| case.contains(&*name))
        .filter(|case| !Command::new(&program).arg(case).status().unwrap().success())
        .collect();
    assert!(failed.is_empty(), "failed: {}", failed.join("; "));
    println!("{} programs of one case each", CASES.len());
}
