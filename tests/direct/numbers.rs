//! Lists of numbers that are read at once.

use std::collections::{BTreeSet, HashSet};

use serde::de::IgnoredAny;
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, Value};

use super::ask::{Ask, Told};
use super::{batches, compare, is_direct, marked};

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped<T>(T);

/// A newtype of a class.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:builtins:float")]
struct Named(f64);

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:builtins:int")]
struct NamedInt(i64);

/// A private name.
#[derive(Debug, PartialEq, Deserialize)]
struct Big(#[serde(with = "serde_pickle::python::big_int")] num_bigint::BigInt);

#[derive(Debug, PartialEq, Deserialize)]
enum Enum {
    A,
    B(f64),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Either {
    Null(()),
    Int(u8),
    Float(f64),
    Text(String),
}

/// Compares what any type reads of a list.
#[track_caller]
fn compare_list(list: &[u8], what: &str) {
    for pickle in [[list, b"."].concat(), [b"\x80\x04", list, b"."].concat()] {
        let (options, pickle) = (DeOptions::new(), &*pickle);
        compare::<Vec<f64>>(pickle, &options, what);
        compare::<Vec<f32>>(pickle, &options, what);
        compare::<Vec<i64>>(pickle, &options, what);
        compare::<Vec<u16>>(pickle, &options, what);
        compare::<Vec<i128>>(pickle, &options, what);
        compare::<Vec<bool>>(pickle, &options, what);
        compare::<Vec<String>>(pickle, &options, what);
        compare::<Vec<()>>(pickle, &options, what);
        compare::<Vec<Option<f64>>>(pickle, &options, what);
        compare::<Vec<Option<i64>>>(pickle, &options, what);
        compare::<Vec<Wrapped<Option<Wrapped<f64>>>>>(pickle, &options, what);
        compare::<Vec<Vec<f64>>>(pickle, &options, what);
        compare::<Vec<Either>>(pickle, &options, what);
        compare::<Vec<Enum>>(pickle, &options, what);
        compare::<Vec<Named>>(pickle, &options, what);
        compare::<Vec<Option<Named>>>(pickle, &options, what);
        compare::<Vec<NamedInt>>(pickle, &options, what);
        compare::<Vec<Option<Big>>>(pickle, &options, what);
        compare::<Vec<Value>>(pickle, &options, what);
        compare::<Vec<Option<Value>>>(pickle, &options, what);
        compare::<Vec<IgnoredAny>>(pickle, &options, what);
        compare::<HashSet<i64>>(pickle, &options, what);
        compare::<BTreeSet<Option<u64>>>(pickle, &options, what);
        compare::<[f64; 3]>(pickle, &options, what);
        compare::<(f64, f64)>(pickle, &options, what);
        compare::<Value>(pickle, &options, what);
        for ask in [
            Ask::Nothing,
            Ask::Any,
            Ask::I8,
            Ask::U64,
            Ask::F32,
            Ask::Identifier,
            Ask::Bytes,
            Ask::Ignored,
            Ask::Swallow(Box::new(Ask::U8)),
            Ask::Swallow(Box::new(Ask::Narrow)),
            Ask::Swallow(Box::new(Ask::Struct("Point", Box::new(Ask::Any)))),
            Ask::Swallow(Box::new(Ask::Enum(Box::new(Ask::Any)))),
            Ask::Option(Box::new(Ask::F64)),
            Ask::Option(Box::new(Ask::Nothing)),
            Ask::Newtype(Box::new(Ask::I64)),
        ] {
            for few in [0, 1, 2, 3] {
                Told::by(Ask::Few(few, Box::new(ask.clone())));
                compare::<Told>(pickle, &options, what);
            }
            Told::by(Ask::Seq(Box::new(ask)));
            compare::<Told>(pickle, &options, what);
        }
    }
}

fn float(value: f64) -> Vec<u8> {
    [b"G", &value.to_be_bytes()[..]].concat()
}

/// Floats of one batch lie nine bytes apart.
#[test]
fn lists_of_floats_are_read_as_one_by_one() {
    const FRAME: &[u8] = b"\x95\0\0\0\0\0\0\0\0";
    for count in [1, 2, 3, 999, 1_000, 1_001, 2_000] {
        let mut floats: Vec<Vec<u8>> = (0..count).map(|n| float(f64::from(n) * 0.5)).collect();
        floats[0] = float(f64::NAN);
        for memo in [&b"\x94"[..], b"", b"q\0", b"r\0\0\0\0", b"q\x01", b"q\x02"] {
            let list = batches(&floats, memo);
            let what = format!("{count} floats, {}", memo.escape_ascii());
            if memo != b"q\x02" {
                assert!(is_direct::<Vec<f64>>(&[&*list, b"."].concat()), "{what}");
                assert!(is_direct::<Vec<Option<f64>>>(&[&*list, b"."].concat()), "{what}");
            }
            if count < 4 || memo == b"\x94" {
                compare_list(&list, &what);
            }
        }
        compare_list(&marked(&floats), "marked floats");
    }
    let floats = [float(1.0), float(-0.0), float(f64::INFINITY)];
    let spelled = |items: &[Vec<u8>]| {
        let tuple = [b"(", &*items.concat(), b"t"].concat();
        [batches(items, b"\x94"), batches(items, b""), marked(items), tuple]
    };
    // Anything else among them, and each place for a frame or an end.
    for other in [&b"K\x01"[..], b"N", b"\x88", b"]\x94", b"h\0", b"\x8c\x01a", b"I1\n", b"0", b"("]
    {
        for at in 0..=floats.len() {
            let mut items = floats.to_vec();
            items.insert(at, other.to_vec());
            for list in spelled(&items) {
                compare_list(&list, &other.escape_ascii().to_string());
            }
        }
    }
    for list in spelled(&floats) {
        for at in 0..list.len() {
            let (front, behind) = list.split_at(at);
            compare_list(&[front, FRAME, behind].concat(), "a frame");
            compare_list(front, "cut short");
        }
        for behind in [&b"a"[..], b"(K\x01e", b"K\x01a", b"0", b"h\0\x86", b"\x94", b"q\0"] {
            compare_list(&[&*list, behind].concat(), "what follows");
        }
        // As an item of a list that is written in any way, with neighbours.
        for begin in [&b"]\x94("[..], b"](", b"("] {
            for end in [b"e", b"l", b"t"] {
                let pickle = [b"\x80\x04", begin, &list, &list, b"]", &list, end, b"."].concat();
                let options = DeOptions::new();
                compare::<Vec<Vec<f64>>>(&pickle, &options, "lists");
                compare::<[Vec<f64>; 4]>(&pickle, &options, "an array");
                compare::<Vec<Vec<Option<u8>>>>(&pickle, &options, "lists");
                compare::<Value>(&pickle, &options, "a value");
            }
        }
    }
}

/// Ints of protocol 0 are decoded before the first is handed out.
#[test]
fn lists_of_decimal_ints_are_read_as_one_by_one() {
    let ints: [&[u8]; 9] = [
        b"I0\n",
        b"I7\n",
        b"I-128\n",
        b"I65535\n",
        b"L5L\n",
        b"L-9223372036854775808L\n",
        b"I9223372036854775807\n",
        b"L170141183460469231731687303715884105727L\n",
        b"I00005\n",
    ];
    let others: [&[u8]; 10] = [
        b"I01\n",
        b"I00\n",
        b"I\n",
        b"I1 \n",
        b"N",
        b"F1.5\n",
        b"V1\n",
        b"g0\n",
        b"(lp1\nI1\na",
        b"K\x01",
    ];
    let appended = |items: &[&[u8]]| {
        items.iter().flat_map(|item| [item, &b"a"[..]].concat()).collect::<Vec<u8>>()
    };
    let plain = appended(&ints[..7]);
    for begin in [&b"(lp0\n"[..], b"(l", b"(lq\0", b"(lp1\n", b"(lp7\n", b"(lp\n", b"(lp0"] {
        let list = [begin, &plain].concat();
        let direct = matches!(begin, b"(lp0\n" | b"(l" | b"(lq\0" | b"(lp1\n");
        assert_eq!(is_direct::<Vec<i64>>(&[&*list, b"."].concat()), direct, "{list:?}");
        compare_list(&list, "ints");
        compare_list(begin, "nothing");
        for item in ints.iter().chain(&others) {
            compare_list(&[begin, &appended(&[item])].concat(), "alone");
            for (at, behind) in [(0, 2), (1, 1), (2, 0)] {
                let (front, behind) = (appended(&ints[..at]), appended(&ints[..behind]));
                let what = item.escape_ascii().to_string();
                compare_list(&[begin, &front, item, b"a", &behind].concat(), &what);
                compare_list(&[begin, &front, item, &behind].concat(), &what);
            }
        }
    }
    // In other containers, with neighbours that are none of its items.
    for pickle in [
        &b"((lp0\nI1\naI2\na(lp1\nI3\natp2\n."[..],
        b"((lp0\nI1\naI2\naI5\ntp2\n.",
        b"((lp0\nI1\naI2\naI5\nI6\ntp2\n.",
        b"(lp0\n(lp1\nI1\naI2\naa(lp2\nI3\naa(lp3\na.",
        b"(dp0\nVa\np1\n(lp2\nI1\naI2\nasVb\np3\n(lp4\nI3\nas.",
        b"((lp0\nI1\nag0\ntp2\n.",
        b"(lp0\nI1\na(I2\nI3\ne.",
    ] {
        let options = DeOptions::new();
        compare::<(Vec<i64>, Vec<i64>)>(pickle, &options, "a pair");
        compare::<(Vec<i64>, i64)>(pickle, &options, "a pair");
        compare::<Vec<Vec<u8>>>(pickle, &options, "lists");
        compare::<Vec<Vec<Option<i64>>>>(pickle, &options, "lists");
        compare::<std::collections::BTreeMap<String, Vec<i64>>>(pickle, &options, "a dict");
        compare::<Value>(pickle, &options, "a value");
    }
}

/// The opcode behind a list tells if it is an item of the empty one before it.
#[test]
fn lists_behind_empty_ones_are_told_by_what_follows() {
    type Lists = Vec<Vec<f64>>;
    type Deep = Vec<Vec<Vec<f64>>>;
    let empty = b"]\x94".to_vec();
    let full: Vec<u8> = batches(&[float(1.0), float(2.0)], b"\x94");
    let mixed = batches(&[float(1.0), b"\x8c\x01a".to_vec()], b"\x94");
    let long = batches(&vec![float(1.0); 1_000], b"\x94");
    let of = |lists: &[&Vec<u8>]| {
        let lists: Vec<Vec<u8>> = lists.iter().map(|list| list.to_vec()).collect();
        batches(&lists, b"\x94")
    };
    let within = of(&[&full]);
    for lists in [
        of(&[&empty, &full, &empty, &full]),
        of(&[&empty, &empty, &empty, &full, &empty]),
        of(&[&empty, &long, &empty, &long, &full]),
        of(&[&empty, &mixed, &full]),
        of(&[&within, &empty, &within]),
        of(&[&empty, &within, &full]),
        of(&[&of(&[&within]), &empty]),
    ] {
        let pickle = [b"\x80\x04", &*lists, b"."].concat();
        let options = DeOptions::new();
        let read = compare::<Lists>(&pickle, &options, "lists");
        assert_eq!(read.read, read.direct, "{}", lists.escape_ascii());
        let read = compare::<Deep>(&pickle, &options, "deep");
        assert_eq!(read.read, read.direct, "{}", lists.escape_ascii());
        compare::<(Vec<f64>, Vec<f64>)>(&pickle, &options, "a pair");
        Told::by(Ask::Any);
        compare::<Told>(&pickle, &options, "any");
    }
    // Batches that no pickler writes: the guess is wrong, the result is not.
    for lists in [&b"]\x94(]\x94]\x94(K\x01e(K\x02eae."[..], b"]\x94(]\x94]\x94(K\x01eK\x02aae."] {
        compare::<Vec<Vec<Vec<u8>>>>(lists, &DeOptions::new(), "two batches");
    }
}
