//! Names of fields, which are expected in the order of the type.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, Value};

use super::made::changes;
use super::natural::with_limits;
use super::{compare, is_direct};

const FRAME: &[u8] = b"\x95\0\0\0\0\0\0\0\0";

#[derive(Debug, PartialEq, Deserialize)]
struct Outer {
    id: u8,
    inner: Option<Inner>,
    #[serde(alias = "nick")]
    name: Option<String>,
    #[serde(default)]
    last: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Inner {
    id: u8,
    name: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict<'a> {
    id: IgnoredAny,
    #[serde(borrow)]
    inner: Option<BTreeMap<&'a str, IgnoredAny>>,
    name: &'a str,
    last: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Tagged {
    #[serde(rename = "id")]
    Id(u8),
    #[serde(rename = "inner")]
    Inner { id: u8, name: String },
}

#[track_caller]
fn compare_all(pickle: &[u8], what: &str) {
    let options = DeOptions::new();
    compare::<Vec<Outer>>(pickle, &options, what);
    compare::<Vec<Strict<'_>>>(pickle, &options, what);
    compare::<Vec<Flat>>(pickle, &options, what);
    compare::<Vec<Inner>>(pickle, &options, what);
    compare::<Vec<Tagged>>(pickle, &options, what);
    compare::<Vec<BTreeMap<String, Value>>>(pickle, &options, what);
    compare::<Value>(pickle, &options, what);
}

/// Text, with the memo entry that has this index.
fn text(bytes: &[u8], spelling: usize, memo: usize, index: u8) -> Vec<u8> {
    let len = bytes.len() as u8;
    let opcode: &[u8] = match spelling {
        0 => &[0x8c, len],
        1 => &[b'X', len, 0, 0, 0],
        2 => &[0x8d, len, 0, 0, 0, 0, 0, 0, 0],
        _ => b"V",
    };
    let end: &[u8] = if spelling > 2 { b"\n" } else { b"" };
    let put: &[u8] = match memo {
        0 => b"",
        1 => b"\x94",
        2 => &[b'q', index],
        _ => &[b'r', index, 0, 0, 0],
    };
    [opcode, bytes, end, put].concat()
}

/// A list of these dicts, of keys and values.
fn list(dicts: &[Vec<(Vec<u8>, &[u8])>]) -> Vec<u8> {
    let dicts = dicts.iter().map(|entries| {
        let entries = entries.iter().map(|(key, value)| [key, *value].concat());
        [b"}(", &*entries.collect::<Vec<_>>().concat(), b"u"].concat()
    });
    [b"\x80\x04](", &*dicts.collect::<Vec<_>>().concat(), b"e."].concat()
}

const NAMES: [&[u8]; 4] = [b"id", b"inner", b"name", b"last"];
const VALUES: [&[u8]; 4] =
    [b"K\x01", b"}(\x8c\x02idK\x02\x8c\x04name\x8c\x01au", b"\x8c\x01b", b"K\x03"];

#[test]
fn fields_are_read_in_any_order_and_spelling() {
    for spelling in 0..4 {
        for memo in 0..4 {
            let key = |index: usize, at: usize| text(NAMES[index], spelling, memo, at as u8);
            // All orders, each with a field left out, and one that comes again.
            for order in 0..4_usize.pow(4) {
                let order = [order % 4, order / 4 % 4, order / 16 % 4, order / 64];
                let repeats = (1..4).filter(|&at| order[..at].contains(&order[at])).count();
                if repeats > 1 {
                    continue;
                }
                let entries: Vec<_> = order
                    .iter()
                    .enumerate()
                    .map(|(at, &index)| (key(index, at), VALUES[index]))
                    .collect();
                let what = format!("{order:?} spelled {spelling} with {memo}");
                let pickle = list(std::slice::from_ref(&entries));
                if repeats == 0 {
                    assert!(is_direct::<Vec<Outer>>(&pickle), "{what}");
                    assert!(is_direct::<Vec<Strict<'_>>>(&pickle), "{what}");
                }
                if memo < 2 || order == [0, 1, 2, 3] {
                    compare_all(&pickle, &what);
                    compare_all(&list(&[entries[..3].to_vec(), entries[1..].to_vec()]), &what);
                }
            }
        }
    }
}

#[test]
fn names_that_are_almost_those_of_fields_are_told_apart() {
    let names: [&[u8]; 12] = [
        b"",
        b"i",
        b"id_",
        b"iD",
        b"\xffd",
        b"i\xff",
        b"inner",
        b"nick",
        b"last",
        b"i\0",
        b"\xc3\xa9",
        b"idx",
    ];
    for name in names {
        for memo in [0, 1] {
            for at in 0..4 {
                let mut entries: Vec<_> =
                    (0..4).map(|index| (text(NAMES[index], 0, memo, 0), VALUES[index])).collect();
                entries[at].0 = text(name, 0, memo, 0);
                let what = name.escape_ascii().to_string();
                compare_all(&list(std::slice::from_ref(&entries)), &what);
                entries.insert(at, (text(NAMES[at], 0, memo, 0), VALUES[at]));
                compare_all(&list(&[entries.clone(), entries]), &what);
            }
        }
    }
}

/// The names of the second dict are fetched, by short and long indexes.
#[test]
fn names_of_fields_are_fetched() {
    let first: Vec<_> = (0..4).map(|index| (text(NAMES[index], 0, 1, 0), VALUES[index])).collect();
    for get in [|index: u8| vec![b'h', index], |index: u8| vec![b'j', index, 0, 0, 0]] {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 1, 2, 0]] {
            let fetched: Vec<_> =
                order.iter().map(|&index| (get(index), VALUES[usize::from(index)])).collect();
            let pickle = list(&[first.clone(), fetched.clone(), first.clone(), fetched]);
            assert_eq!(is_direct::<Vec<Outer>>(&pickle), order[0] != order[1], "{order:?}");
            compare_all(&pickle, &format!("{order:?}"));
        }
    }
}

#[test]
fn names_of_fields_behind_frames_and_cut_short() {
    for memo in 0..3 {
        let entries: Vec<_> =
            (0..4).map(|index| (text(NAMES[index], 0, memo, index as u8), VALUES[index])).collect();
        let pickle = list(&[entries]);
        for at in 2..pickle.len() {
            let (front, behind) = pickle.split_at(at);
            compare_all(&[front, FRAME, behind].concat(), "a frame");
            compare_all(front, "cut short");
            // The whole in a frame that is right, too short and too long.
            for len in [pickle.len() - 2, at, pickle.len() - 1] {
                let frame = [&[0x95, len as u8], &[0; 7][..]].concat();
                compare_all(&[&pickle[..2], &frame, &pickle[2..]].concat(), "in a frame");
            }
        }
    }
}

/// `class Point: pass`; a list of three with `x` and `y`, and the first again, by CPython 3.13.
const POINTS: [&[u8]; 2] = [
    b"\x80\x02]q\0(cm\nPoint\nq\x01)\x81q\x02}q\x03(X\x01\0\0\0xq\x04K\x01X\x01\0\0\0yq\x05X\
        \x01\0\0\0aq\x06ubh\x01)\x81q\x07}q\x08(h\x04K\x02h\x05X\x01\0\0\0bq\x09ubh\x01)\x81q\
        \x0a}q\x0b(h\x04K\x03h\x05X\x01\0\0\0cq\x0cubh\x02e.",
    b"\x80\x04\x95S\0\0\0\0\0\0\0]\x94(\x8c\x01m\x94\x8c\x05Point\x94\x93\x94)\x81\x94}\x94(\x8c\
        \x01x\x94K\x01\x8c\x01y\x94\x8c\x01a\x94ubh\x03)\x81\x94}\x94(h\x06K\x02h\x07\x8c\x01b\
        \x94ubh\x03)\x81\x94}\x94(h\x06K\x03h\x07\x8c\x01c\x94ubh\x04e.",
];

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: u8,
    y: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:m:Point")]
struct OfClass<'a> {
    x: Option<u8>,
    #[serde(borrow, default)]
    y: Option<&'a str>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:m:Other")]
struct OfOther {
    x: u8,
}

#[track_caller]
fn compare_points(pickle: &[u8], options: &DeOptions<'static>) {
    compare::<Vec<Point>>(pickle, options, "objects");
    compare::<Vec<OfClass<'_>>>(pickle, options, "objects");
    compare::<Vec<Option<OfOther>>>(pickle, options, "objects");
    compare::<Vec<BTreeMap<String, Value>>>(pickle, options, "objects");
    compare::<(OfClass<'_>, Point, IgnoredAny, Point)>(pickle, options, "objects");
}

/// The opcodes of an object up to its first attribute are read at one look.
#[test]
fn objects_of_a_fetched_class_are_read_the_same_both_ways() {
    let others: [&[u8]; 9] = [b"K\x01", b"N", b"(", b"}", b")", b"0", b"h\x03", b"\x94", FRAME];
    for pickle in POINTS {
        assert!(is_direct::<Vec<Point>>(pickle) && is_direct::<Vec<OfClass<'_>>>(pickle));
        with_limits(|options| compare_points(pickle, options));
        for bytes in changes(pickle, &others) {
            compare_points(&bytes, &DeOptions::new());
        }
        for place in 0..pickle.len() {
            compare_points(&pickle[..place], &DeOptions::new());
            for byte in [0, 3, b'(', b')', b'N', b'h', 0x81, 0x94] {
                let mut changed = pickle.to_vec();
                changed[place] = byte;
                compare_points(&changed, &DeOptions::new());
            }
        }
    }
}

/// Each object is two nodes, whichever way it is read.
#[test]
fn objects_of_a_fetched_class_are_counted() {
    for pickle in POINTS {
        let fewest = (0..40).find(|&nodes| {
            DeOptions::new().max_nodes(nodes).from_slice::<Vec<Point>>(pickle).is_ok()
        });
        let machine = (0..40)
            .find(|&nodes| DeOptions::new().max_nodes(nodes).from_slice::<Value>(pickle).is_ok());
        assert_eq!(fewest, machine);
    }
}

/// A dict with one entry begins as an empty one before a neighbour does.
#[test]
fn only_entries_are_told_from_neighbours_as_by_the_machine() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Few {
        id: Option<u8>,
        inner: Option<Vec<u8>>,
        name: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Around {
        first: Few,
        inner: Option<Few>,
        name: Option<String>,
    }

    let begins: [&[u8]; 7] = [
        b"}\x94",
        b"}",
        b"}q\x03",
        b"}q\x09",
        b"}r\x03\0\0\0",
        b"}\x94\x95\0\0\0\0\0\0\0\0",
        b"\x8c\x02id}\x94",
    ];
    // Dicts before it have stored and fetched `id` as 2, or `id` and `name` as 1 and 2.
    let keys: [&[u8]; 7] = [
        b"\x8c\x02id",
        b"\x8c\x04name\x94",
        b"X\x02\0\0\0id",
        b"h\x02",
        b"h\x01",
        b"\x8c\x02no",
        b"h\0",
    ];
    let framed = [FRAME, b"K\x01", FRAME].concat();
    let values: [&[u8]; 7] =
        [b"", b"K\x01", b"N", b"h\x02", b"]\x94K\x01a", &framed, b"K\x01\x8c\x04nameN"];
    let ends: [&[u8]; 6] = [b"s", b"", b"u", b"\x86", b"K\x01\x87", b"ss"];
    for (begin, key) in begins.iter().flat_map(|begin| keys.map(|key| (*begin, key))) {
        for (value, end) in values.iter().flat_map(|value| ends.map(|end| (*value, end))) {
            for first in [
                &b"\x80\x04]\x94(}\x94\x8c\x02id\x94K\x05s}h\x02K\x06s"[..],
                b"\x80\x02]q\0(}(X\x02\0\0\0idq\x01K\x05X\x04\0\0\0nameq\x02Nu\
                    }(h\x02Nh\x01Nu",
            ] {
                let pickle = [first, begin, key, value, end, b"e."].concat();
                let options = DeOptions::new();
                compare::<Vec<BTreeMap<String, Value>>>(&pickle, &options, "maps");
                compare::<Vec<Few>>(&pickle, &options, "only entries");
                compare::<(Few, Few, Few, String, u8)>(&pickle, &options, "neighbours");
                compare::<(Few, Few, (Few, String, u8))>(&pickle, &options, "neighbours");
            }
        }
    }
    // {'first': {}, 'name': 'x'}, {'first': {}, 'inner': {'id': 1}}, {'first': {}, 'inner': {}}
    for pickle in [
        &b"\x80\x04}\x94(\x8c\x05first\x94}\x94\x8c\x04name\x94\x8c\x01x\x94u."[..],
        b"\x80\x04}\x94(\x8c\x05first\x94}\x94\x8c\x05inner\x94}\x94\x8c\x02id\x94K\x01su.",
        b"\x80\x04}\x94(\x8c\x05first\x94}\x94\x8c\x05inner\x94}\x94u.",
        b"\x80\x02}q\0(X\x05\0\0\0firstq\x01}q\x02X\x04\0\0\0nameq\x03X\x01\0\0\0xq\x04\
            u.",
    ] {
        assert!(is_direct::<Around>(pickle), "{}", pickle.escape_ascii());
    }
}
