//! Structs that a pickle refers to more than once.

use std::fmt::Debug;

use serde::de::{Deserialize, IgnoredAny};
use serde_pickle::{AllowList, DeOptions, ErrorKind, Value};

use super::{compare, is_direct};

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
struct Item {
    x: i64,
    y: i64,
    next: Option<Box<Item>>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename = "py:shop:Item")]
struct Named {
    x: i64,
    y: i64,
}

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
struct Holder {
    x: Option<String>,
    items: Vec<i64>,
    pair: (i64, i64),
    next: Option<Box<Holder>>,
    both: Vec<Holder>,
}

/// `pickle.dumps` of CPython 3.13.
#[rustfmt::skip]
const PICKLES: &[&[u8]] = &[
    // [a, b, a, b, a], objects, at protocol 2
    b"\x80\x02]q\0(cshop\nItem\nq\x01)\x81q\x02}q\x03(X\x01\0\0\0xq\x04K\x01X\x01\0\0\0yq\x05K\x02\
        ubh\x01)\x81q\x06}q\x07(h\x04K\x03h\x05K\x04ubh\x02h\x06h\x02e.",
    // [a, b, a, b, a], objects, at protocol 4
    b"\x80\x04\x95A\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x04Item\x94\x93\x94)\x81\x94}\x94(\x8c\
        \x01x\x94K\x01\x8c\x01y\x94K\x02ubh\x03)\x81\x94}\x94(h\x06K\x03h\x07K\x04ubh\x04h\x08h\
        \x04e.",
    // [d, e, d, e, d], dicts, at protocol 2
    b"\x80\x02]q\0(}q\x01(X\x01\0\0\0xq\x02K\x05X\x01\0\0\0yq\x03K\x06u}q\x04h\x02K\x07sh\x01h\x04\
        h\x01e.",
    // [d, e, d, e, d], dicts, at protocol 4
    b"\x80\x04\x95\"\0\0\0\0\0\0\0]\x94(}\x94(\x8c\x01x\x94K\x05\x8c\x01y\x94K\x06u}\x94h\x02K\x07\
        sh\x01h\x04h\x01e.",
    // [c, a, c, b], where c.next is a, at protocol 2
    b"\x80\x02]q\0(cshop\nItem\nq\x01)\x81q\x02}q\x03(X\x01\0\0\0xq\x04K\x08X\x01\0\0\0yq\x05K\x09\
        X\x04\0\0\0nextq\x06h\x01)\x81q\x07}q\x08(h\x04K\x01h\x05K\x02ububh\x07h\x02h\x01)\x81q\
        \x09}q\n(h\x04K\x03h\x05K\x04ube.",
    // [c, a, c, b], where c.next is a, at protocol 4
    b"\x80\x04\x95X\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x04Item\x94\x93\x94)\x81\x94}\x94(\x8c\
        \x01x\x94K\x08\x8c\x01y\x94K\x09\x8c\x04next\x94h\x03)\x81\x94}\x94(h\x06K\x01h\x07K\x02ub\
        ubh\x09h\x04h\x03)\x81\x94}\x94(h\x06K\x03h\x07K\x04ube.",
    // [s, s], of slots, at protocol 2
    b"\x80\x02]q\0(cshop\nSlots\nq\x01)\x81q\x02N}q\x03(X\x01\0\0\0xq\x04K\x01X\x01\0\0\0yq\x05K\
        \x02u\x86q\x06bh\x02e.",
    // [s, s], of slots, at protocol 4
    b"\x80\x04\x95/\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x05Slots\x94\x93\x94)\x81\x94N}\x94(\
        \x8c\x01x\x94K\x01\x8c\x01y\x94K\x02u\x86\x94bh\x04e.",
    // [a, d, d, a], at protocol 2
    b"\x80\x02]q\0(cshop\nItem\nq\x01)\x81q\x02}q\x03(X\x01\0\0\0xq\x04K\x01X\x01\0\0\0yq\x05K\x02\
        ub}q\x06(h\x04K\x05h\x05K\x06uh\x06h\x02e.",
    // [a, d, d, a], at protocol 4
    b"\x80\x04\x959\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x04Item\x94\x93\x94)\x81\x94}\x94(\x8c\
        \x01x\x94K\x01\x8c\x01y\x94K\x02ub}\x94(h\x06K\x05h\x07K\x06uh\x08h\x04e.",
];

#[track_caller]
fn compare_all<'de, T: Deserialize<'de> + Debug + PartialEq>(pickle: &'de [u8]) {
    for _ in 0..10 {
        compare::<T>(pickle, &DeOptions::new(), "shared");
    }
    for depth in 0..6 {
        compare::<T>(pickle, &DeOptions::new().max_depth(depth), "shared");
    }
    for bytes in (0..700).step_by(50) {
        compare::<T>(pickle, &DeOptions::new().max_expansion(bytes), "shared");
        compare::<T>(pickle, &DeOptions::new().max_memory(bytes << 10), "shared");
        compare::<T>(pickle, &DeOptions::new().max_nodes(bytes / 50), "shared");
    }
}

fn compare_types(pickle: &[u8]) {
    compare_all::<Vec<Item>>(pickle);
    compare_all::<Vec<Option<Item>>>(pickle);
    compare_all::<Vec<Named>>(pickle);
    compare_all::<Vec<Holder>>(pickle);
    compare_all::<Vec<IgnoredAny>>(pickle);
    compare_all::<Vec<std::collections::BTreeMap<String, i64>>>(pickle);
    compare_all::<Value>(pickle);
}

#[test]
fn structs_that_come_again_need_no_machine() {
    for pickle in PICKLES {
        assert!(is_direct::<Vec<Item>>(pickle), "{}", pickle.escape_ascii());
        compare_types(pickle);
    }
    let read: Vec<Item> = serde_pickle::from_slice(PICKLES[0]).unwrap();
    assert_eq!(read.iter().map(|item| item.x).collect::<Vec<_>>(), [1, 3, 1, 3, 1]);
    assert!(is_direct::<Vec<Named>>(PICKLES[0]) && is_direct::<Vec<Named>>(PICKLES[1]));
}

/// Values that hold themselves, that are changed after they were fetched, fetched before they are
/// whole, or hold what is not read again.
#[test]
fn what_is_fetched_otherwise_is_read_the_same_both_ways() {
    let pickles: [&[u8]; 22] = [
        // A dict that holds itself, as an entry and in a list.
        b"\x80\x04]\x94(}\x94(\x8c\x01x\x94\x8c\x01a\x94\x8c\x04next\x94h\x01uh\x01e.",
        b"\x80\x04]\x94(}\x94(\x8c\x01x\x94h\x01\x8c\x01y\x94h\x01uh\x01e.",
        b"\x80\x04}\x94(\x8c\x01x\x94N\x8c\x04both\x94]\x94(h\0h\0eu.",
        // Changed behind the reference.
        b"\x80\x04]\x94(}\x94(\x8c\x01x\x94N\x8c\x01y\x94K\x01uh\x01(h\x03K\x02ue.",
        b"\x80\x04]\x94(}\x94(\x8c\x01x\x94N\x8c\x01y\x94K\x01uh\x01h\x03K\x02se.",
        b"\x80\x04]\x94(}\x94(\x8c\x01x\x94N\x8c\x01y\x94K\x01uh\x01h\x01h\x03K\x02s0e.",
        // An object that gets another state.
        b"\x80\x02](cshop\nItem\nq\0)\x81q\x01}q\x02(U\x01xK\x01U\x01yK\x02ubh\x01}U\x01xK\x07sbe.",
        b"\x80\x04](\x8c\x04shop\x8c\x04Item\x93\x94)\x81\x94}(\x8c\x01xK\x01\x8c\x01yK\x02ubh\x01\
            }\x8c\x01xK\x07sbe.",
        b"\x80\x04](\x8c\x04shop\x8c\x04Item\x93\x94)\x81\x94}(\x8c\x01xK\x01\x8c\x01yK\x02ubh\x01\
            (\x8c\x01xK\x07ue.",
        // The class of it is fetched, or the object before its state.
        b"\x80\x04](\x8c\x04shop\x8c\x04Item\x93\x94)\x81\x94}(\x8c\x01xK\x01\x8c\x01yK\x02ubh\0h\
            \x01e.",
        b"\x80\x04](\x8c\x04shop\x8c\x04Item\x93\x94)\x81\x94}(\x8c\x01xK\x01\x8c\x04nexth\x01ubh\
            \x01e.",
        // Lists, tuples and dicts within.
        b"\x80\x04](}\x94(\x8c\x05items](K\x01K\x02e\x8c\x04pairK\x01K\x02\x86uh\0h\0e.",
        b"\x80\x04](}\x94(\x8c\x04next}\x8c\x01x\x8c\x01as\x8c\x01yK\x01uh\0h\0e.",
        b"\x80\x04](}\x94(\x8c\x04next}\x94(\x8c\x01x\x8c\x01a\x8c\x01yK\x01u\x8c\x01yK\x01uh\0h\
            \x01h\0e.",
        // Empty ones, with a neighbour; and of one entry.
        b"\x80\x04](}\x94h\0K\x01e.",
        b"\x80\x04](}\x94h\0h\0}h\0e.",
        b"\x80\x04](}\x94\x8c\x01xNsh\0h\0e.",
        b"\x80\x04](}\x94\x8c\x01xNs(lh\0h\0e.",
        b"\x80\x04]((\x8c\x01xNd}\x94\x8c\x01xNsh\0h\0e.",
        // By PUT, and numbered from 1.
        b"\x80\x02](}q\0(X\x01\0\0\0xK\x01X\x01\0\0\0yK\x02uh\0h\0e.",
        b"\x80\x02](}q\x01(X\x01\0\0\0xq\x02K\x01X\x01\0\0\0yK\x02uh\x01h\x01e.",
        // A class that is named within.
        b"\x80\x04](}\x94(\x8c\x01yK\x01\x8c\x04next\x8c\x04shop\x8c\x04Item\x93\x94)\x81\x94}\x8c\
            \x01yK\x02sbuh\0h\x02h\0e.",
    ];
    for pickle in pickles {
        compare_types(pickle);
        compare_all::<Item>(pickle);
        compare_all::<Holder>(pickle);
    }
}

/// A struct of two references to a struct of two references, and so on: the value doubles at each.
#[test]
fn what_doubles_at_each_level_is_limited() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Twice {
        #[serde(default)]
        a: Option<Box<Twice>>,
        #[serde(default)]
        b: Option<Box<Twice>>,
    }
    let doubling = |levels: usize| {
        // Each dict is memoized as it begins, and its first value is the dict below it.
        let mut pickle = b"\x80\x04".to_vec();
        for _ in 0..levels {
            pickle.extend(b"}\x94(\x8c\x01a");
        }
        pickle.extend(b"}\x94(\x8c\x01aNu");
        for level in (1..=levels).rev() {
            pickle.extend(b"\x8c\x01bh");
            pickle.push(level as u8);
            pickle.push(b'u');
        }
        pickle.push(b'.');
        pickle
    };
    for levels in 1..12 {
        assert!(is_direct::<Twice>(&doubling(levels)), "{levels}");
        compare::<Twice>(&doubling(levels), &DeOptions::new(), "doubling");
        for bytes in [0, 100, 1_000, 10_000] {
            let options = DeOptions::new().max_expansion(bytes);
            compare::<Twice>(&doubling(levels), &options, "doubling");
        }
    }
    let error = serde_pickle::from_slice::<Twice>(&doubling(60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn a_class_is_asked_about_once_however_often_its_object_comes() {
    use serde_pickle::reduce::{FindClass, Resolution};
    use std::sync::{Arc, Mutex};
    let asked = Arc::new(Mutex::new(Vec::new()));
    let names = Arc::clone(&asked);
    let resolver = FindClass::new(move |module, name| {
        names.lock().unwrap().push(format!("{module}.{name}"));
        Ok(Resolution::Allow)
    });
    let options = DeOptions::new().resolver(resolver);
    for pickle in &PICKLES[..2] {
        assert_eq!(options.from_slice::<Vec<Item>>(pickle).unwrap().len(), 5);
        assert_eq!(*asked.lock().unwrap(), ["shop.Item"]);
        asked.lock().unwrap().clear();
        let none = DeOptions::new().resolver(AllowList::new());
        assert_eq!(none.from_slice::<Vec<Item>>(pickle).unwrap_err().kind(), ErrorKind::Denied);
    }
}
