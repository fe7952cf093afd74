//! Items that are read several at once, or by a guess from those before.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, Value};

use super::ask::{Ask, Told};
use super::made::changes;
use super::{batches, compare, is_direct, marked};

const NONE: &[u8] = b"N";
const FRAME: &[u8] = b"\x95\0\0\0\0\0\0\0\0";

/// Two items of whatever there is, and no more.
#[derive(Debug, PartialEq, Deserialize)]
struct Two(Option<u8>, Option<u8>);

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped<T>(T);

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Either {
    Null(()),
    Int(u8),
}

fn compare_rows(pickle: &[u8], what: &str) {
    let options = DeOptions::new();
    compare::<Vec<Option<u8>>>(pickle, &options, what);
    compare::<Vec<Option<Option<Vec<u8>>>>>(pickle, &options, what);
    compare::<Vec<Wrapped<Option<Wrapped<u8>>>>>(pickle, &options, what);
    compare::<Vec<()>>(pickle, &options, what);
    compare::<Vec<u8>>(pickle, &options, what);
    compare::<Vec<Vec<u8>>>(pickle, &options, what);
    compare::<Vec<Either>>(pickle, &options, what);
    compare::<Vec<Value>>(pickle, &options, what);
    compare::<Vec<IgnoredAny>>(pickle, &options, what);
    compare::<Two>(pickle, &options, what);
    compare::<[Option<u8>; 3]>(pickle, &options, what);
    compare::<Value>(pickle, &options, what);
    for ask in [
        Ask::Nothing,
        Ask::Any,
        Ask::Unit,
        Ask::Swallow(Box::new(Ask::U8)),
        Ask::Option(Box::new(Ask::Nothing)),
    ] {
        for few in [0, 1, 2, 3] {
            Told::by(Ask::Few(few, Box::new(ask.clone())));
            compare::<Told>(pickle, &options, what);
        }
        Told::by(Ask::Seq(Box::new(ask)));
        compare::<Told>(pickle, &options, what);
    }
}

/// A row of None is read at once, where its batch and its frame end at the latest.
#[test]
fn rows_of_none_are_read_as_one_by_one() {
    let one: &[u8] = b"K\x01";
    let mixed: Vec<Vec<&[u8]>> = vec![
        vec![NONE],
        vec![NONE; 2],
        vec![NONE; 3],
        vec![NONE, one, NONE, NONE],
        vec![one, NONE, NONE, one, NONE],
        vec![NONE, NONE, one],
        vec![NONE; 999],
        vec![NONE; 1_000],
        vec![NONE; 1_001],
        vec![NONE; 2_002],
    ];
    for items in mixed {
        let items: Vec<Vec<u8>> = items.into_iter().map(<[u8]>::to_vec).collect();
        for list in [batches(&items, b"\x94"), batches(&items, b""), marked(&items)] {
            let pickle = [b"\x80\x04", &*list, b"."].concat();
            let what = format!("{} items", items.len());
            assert!(is_direct::<Vec<Option<u8>>>(&pickle), "{what}");
            compare_rows(&pickle, &what);
            if items.len() < 6 {
                // Lists behind it, and each place for a frame.
                let pair = [b"\x80\x04", &*list, &*list, b"\x86."].concat();
                type Pair = (Vec<Option<u8>>, Vec<Option<u8>>);
                assert_eq!(compare::<Pair>(&pair, &DeOptions::new(), &what).direct, 1, "{what}");
                for at in 2..pickle.len() {
                    let (front, behind) = pickle.split_at(at);
                    compare_rows(&[front, FRAME, behind].concat(), &what);
                }
            }
        }
    }
    // A tuple, a set, a dict of them, and what is cut short.
    for pickle in [
        &b"\x80\x04(NNNNt."[..],
        b"\x80\x04NN\x86.",
        b"\x80\x04\x8f\x94(N\x90.",
        b"\x80\x04}\x94(NNK\x01Nu.",
        b"\x80\x04](NNN",
        b"\x80\x04](NNN.",
        b"\x80\x04](NNNa.",
        b"\x80\x04](NNN0e.",
        b"\x80\x04](NNN2e.",
    ] {
        compare_rows(pickle, "others");
    }
}

/// A MARK may begin a list or a frozenset, whose items have to be hashable: that shows at its end.
#[test]
fn a_frozenset_has_no_items_that_cannot_be_hashed() {
    let options = DeOptions::new();
    for items in [&b"}"[..], b"]", b"K\x01}", b"(\x91", b")", b"K\x01", b"(K\x01l", b"]\x94K\x01a"]
    {
        for begin in [&b"\x80\x04("[..], b"\x80\x04](("] {
            for end in [&b"\x91."[..], b"\x91\x94.", b"\x91e."] {
                let pickle = [begin, items, end].concat();
                let what = format!("{}", pickle.escape_ascii());
                compare::<IgnoredAny>(&pickle, &options, &what);
                compare::<Value>(&pickle, &options, &what);
                compare::<Vec<IgnoredAny>>(&pickle, &options, &what);
                compare::<Vec<Option<Value>>>(&pickle, &options, &what);
                compare::<Vec<Vec<IgnoredAny>>>(&pickle, &options, &what);
                compare::<Vec<Vec<Option<Value>>>>(&pickle, &options, &what);
                compare::<(IgnoredAny, IgnoredAny)>(&pickle, &options, &what);
            }
        }
    }
}

/// LONG1 of nine to sixteen bytes is read into ints of 128 bits at once.
#[test]
fn wide_ints_are_read_as_by_the_machine() {
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    for len in 0..=18 {
        for (fill, last) in [(0, 0), (0, 1), (0, 0x7f), (0, 0x80), (0xff, 0xff), (0xff, 0x7f)] {
            let mut payload = vec![fill; len];
            if let Some(byte) = payload.last_mut() {
                *byte = last;
            }
            payloads.push(payload.clone());
            if let Some(byte) = payload.first_mut() {
                *byte = 0xa5;
            }
            payloads.push(payload);
        }
    }
    let options = DeOptions::new();
    for payload in payloads {
        let int = [&[0x8a, payload.len() as u8][..], &payload].concat();
        for end in 0..=int.len() {
            let int = &int[..end];
            for pickle in
                [[b"\x80\x04", int, b"."].concat(), [b"\x80\x04](", int, b"K\x01e."].concat()]
            {
                let what = format!("{payload:x?} up to {end}");
                compare::<i128>(&pickle, &options, &what);
                compare::<u128>(&pickle, &options, &what);
                compare::<Value>(&pickle, &options, &what);
                compare::<Vec<i128>>(&pickle, &options, &what);
                compare::<Vec<u128>>(&pickle, &options, &what);
                compare::<Vec<u64>>(&pickle, &options, &what);
                compare::<BTreeMap<i128, u8>>(&pickle, &options, &what);
                Told::by(Ask::I128);
                compare::<Told>(&pickle, &options, &what);
            }
        }
        let pickle = [b"\x80\x04](", &*int, b"e."].concat();
        assert_eq!(
            is_direct::<Vec<i128>>(&pickle),
            payload.len() <= 17 && serde_pickle::from_slice::<Vec<i128>>(&pickle).is_ok(),
            "{payload:x?}"
        );
    }
    let decimals = b"](L1606938044258990275541962092341162602522202993782792835301376L\nI5\ne.";
    compare::<Vec<i128>>(decimals, &options, "decimals");
    compare::<Vec<i128>>(b"](L5L\nI-5\ne.", &options, "decimals");
}

/// After many lists in the place of tuples the next one is not looked through. A tuple of lists
/// behind them is for the machine.
#[test]
fn lists_in_the_place_of_tuples_are_expected() {
    type Rows = Vec<(u8, (u8, (u8, BTreeMap<String, Vec<u8>>)))>;
    type Pairs = Vec<(Vec<u8>, u8)>;
    let options = DeOptions::new();
    for (memo, put) in [(&b"\x94"[..], &b"\x94"[..]), (b"", b""), (b"q\x07", b"q\x07")] {
        let list = [b"]", memo, b"("].concat();
        let item = [
            &*list,
            b"K\x01",
            &list,
            b"K\x02",
            &list,
            b"K\x03}",
            put,
            b"X\x01\0\0\0a",
            put,
            b"]",
            put,
            b"K\x04aseee",
        ]
        .concat();
        if memo.first() == Some(&b'q') {
            // Out of turn: for the machine.
            let pickle = [&b"\x80\x02]("[..], &item.repeat(3), b"e."].concat();
            compare::<Rows>(&pickle, &options, "out of turn");
            continue;
        }
        for count in [1, 2, 63, 64, 65, 200] {
            let pickle = [&b"\x80\x04]("[..], &item.repeat(count), b"e."].concat();
            let tally = compare::<Rows>(&pickle, &options, "lists");
            assert_eq!((tally.read, tally.direct), (1, 1), "{count} lists");
        }
        let as_list = [&*list, b"]", memo, b"K\x01aK\x02e"].concat();
        let as_tuple = [&*list, b"K\x01K\x02eK\x03\x86"].concat();
        for (lists, tuples) in [(1, 1), (40, 3), (70, 1), (300, 300)] {
            for pickle in [
                [&b"\x80\x04]("[..], &as_list.repeat(lists), &as_tuple.repeat(tuples), b"e."],
                [&b"\x80\x04]("[..], &as_tuple.repeat(tuples), &as_list.repeat(lists), b"e."],
            ] {
                let tally = compare::<Pairs>(&pickle.concat(), &options, "lists and tuples");
                assert_eq!(tally.read, 1, "{lists} lists and {tuples} tuples");
            }
        }
    }
}

/// A key and a value behind an empty dict belong to it, or lie beside it.
#[test]
fn entries_alone_are_told_from_neighbours() {
    type Entries = Vec<BTreeMap<String, Vec<u8>>>;
    let entry = b"}\x94\x8c\x01a\x94]\x94K\x04as";
    for (pickle, direct) in [
        ([&b"\x80\x04]\x94("[..], &entry.repeat(5), b"e."].concat(), true),
        ([&b"\x80\x04]\x94("[..], entry, b"}\x94", entry, b"e."].concat(), true),
    ] {
        let tally = compare::<Entries>(&pickle, &DeOptions::new(), "entries");
        assert_eq!(tally.direct == 1, direct, "{}", pickle.escape_ascii());
    }
    type Beside = Vec<(BTreeMap<String, u8>, String, u8)>;
    let pickle = b"\x80\x04]\x94(}\x94\x8c\x01a\x94K\x01\x87\x94}\x94\x8c\x01a\x94K\x01s\x8c\x01b\
        \x94K\x02\x87\x94}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94K\x02u\x8c\x01b\x94K\x02\x87\x94e.";
    let tally = compare::<Beside>(pickle, &DeOptions::new(), "beside");
    assert_eq!((tally.read, tally.direct), (1, 1));
}

/// Tuples of up to three items have no mark, so that the type says where they begin.
#[test]
fn short_tuples_are_read_as_by_the_machine() {
    let options = DeOptions::new();
    let items: [&[u8]; 6] =
        [b"K\x01", b"\x8c\x01a\x94", b"G?\xf0\0\0\0\0\0\0", b"N", b"]\x94", b"h\0"];
    let ends: [&[u8]; 7] =
        [b"\x85", b"\x86", b"\x87", b"\x86\x94", b"\x87\x94", b"\x87q\x02", b"t"];
    let compare_tuples = |pickle: &[u8], what: &str| {
        compare::<Vec<(u8, String)>>(pickle, &options, what);
        compare::<Vec<(i64, String, f64)>>(pickle, &options, what);
        compare::<Vec<(Option<u8>, Value, IgnoredAny)>>(pickle, &options, what);
        compare::<Vec<[Value; 3]>>(pickle, &options, what);
        compare::<Vec<(String, Vec<u8>, u8)>>(pickle, &options, what);
        for few in [0, 1, 3] {
            let asks = vec![Ask::Any; few];
            Told::by(Ask::Seq(Box::new(Ask::Tuple(asks))));
            compare::<Told>(pickle, &options, what);
        }
        for ask in [Ask::Nothing, Ask::Swallow(Box::new(Ask::U8)), Ask::Option(Box::new(Ask::I8))] {
            Told::by(Ask::Seq(Box::new(Ask::Tuple(vec![Ask::Any, ask, Ask::Any]))));
            compare::<Told>(pickle, &options, what);
        }
    };
    for end in ends {
        for (at, first) in items.iter().enumerate() {
            for second in items {
                for third in [items[at], b"", b"K\x02K\x03"] {
                    let item = [first, second, third, end].concat();
                    let pickle = [&b"\x80\x04]\x94("[..], &item, &item, b"e."].concat();
                    compare_tuples(&pickle, "tuples");
                }
            }
        }
    }
    for end in [&b"\x87"[..], b"\x87\x94", b"\x87q\x03"] {
        let item = [items[0], items[1], items[2], end].concat();
        let other = [items[0], b"\x8c\x01b", items[2], end].concat();
        let pickle = [&b"\x80\x04]\x94("[..], &item, &other, b"e."].concat();
        let direct = end != b"\x87q\x03";
        assert_eq!(is_direct::<Vec<(i64, String, f64)>>(&pickle), direct);
        for at in 2..pickle.len() {
            let (front, behind) = pickle.split_at(at);
            compare_tuples(&[front, FRAME, behind].concat(), "a frame");
            compare_tuples(front, "cut short");
        }
    }
}

/// Most lists are entered by one look at eight bytes, and a list of one scalar is told by what is
/// behind that: every mixture of beginnings, items, ends and neighbours.
#[test]
fn lists_are_told_by_their_first_bytes_as_by_the_machine() {
    let options = DeOptions::new();
    let begins: [&[u8]; 10] = [
        b"]",
        b"](",
        b"]\x94",
        b"]\x94(",
        b"]q\x01",
        b"]q\x01(",
        b"]r\x01\0\0\0",
        b"]r\x01\0\0\0(",
        b"]r\x09\0\0\0(",
        b"(",
    ];
    let framed = [FRAME, b"K\x01"].concat();
    let items: [&[u8]; 7] =
        [b"", b"K\x01", b"\x8c\x01a\x94", b"G?\xf0\0\0\0\0\0\0", b"NK\x02", b"]\x94", &framed];
    let ends: [&[u8]; 6] = [b"", b"a", b"e", b"l", b"t", b"\x94a"];
    let behind: [&[u8]; 4] = [b"", b"K\x03", b"]\x94K\x04a", b"K\x04\x85"];
    let compare_lists = |pickle: &[u8]| {
        compare::<Vec<Vec<u8>>>(pickle, &options, "lists");
        compare::<Vec<(Vec<Option<u8>>, u8)>>(pickle, &options, "lists in tuples");
        compare::<Vec<Vec<Vec<f64>>>>(pickle, &options, "lists of lists");
        compare::<Vec<Value>>(pickle, &options, "values");
        for few in [0, 1] {
            let few = Ask::Few(few, Box::new(Ask::Any));
            Told::by(Ask::Seq(Box::new(few)));
            compare::<Told>(pickle, &options, "few");
        }
    };
    for (begin, item) in begins.iter().flat_map(|begin| items.map(|item| (*begin, item))) {
        for (end, behind) in ends.iter().flat_map(|end| behind.map(|behind| (*end, behind))) {
            let list = [begin, item, end, behind].concat();
            for (protocol, outer, close) in [
                (&b"\x80\x04"[..], &b"]\x94("[..], &b"e."[..]),
                (b"\x80\x02", b"]q\0(", b"e."),
                (b"\x80\x04", b"(", b"l."),
                (b"", b"(", b"l."),
            ] {
                compare_lists(&[protocol, outer, &list, close].concat());
            }
        }
    }
}

/// The memo grows with the lists and dicts in it, and the short way goes on.
#[test]
fn many_short_lists_and_dicts_need_no_machine() {
    type Item = (Vec<u8>, BTreeMap<String, Vec<u8>>);
    let mut new = b"\x80\x04]\x94(".to_vec();
    let mut old = b"\x80\x02]q\0(".to_vec();
    let mut entries = 1;
    let mut put = |pickle: &mut Vec<u8>| {
        match u8::try_from(entries) {
            Ok(index) => pickle.extend([b'q', index]),
            Err(_) => {
                pickle.push(b'r');
                pickle.extend(u32::to_le_bytes(entries));
            }
        }
        entries += 1;
    };
    for _ in 0..900 {
        new.extend(b"]\x94K\x01a}\x94\x8c\x01a\x94]\x94(K\x01K\x02es\x86\x94");
        for part in [&b"]"[..], b"K\x01a}", b"X\x01\0\0\0a", b"]", b"(K\x01K\x02es\x86"] {
            old.extend(part);
            put(&mut old);
        }
    }
    for pickle in [&mut new, &mut old] {
        pickle.extend(b"e.");
        let tally = compare::<Vec<Item>>(pickle, &DeOptions::new(), "short lists");
        assert_eq!((tally.read, tally.direct), (1, 1));
    }
}

/// Where lists are expected in the place of tuples, one that is spelled in another way, or has more
/// or fewer items, is read as by the machine.
#[test]
fn lists_in_the_place_of_tuples_with_a_change_are_read_the_same_both_ways() {
    let options = DeOptions::new();
    let others: [&[u8]; 12] = [
        FRAME, b"K\x01", b"N", b"(", b"(K\x01e", b"K\x01a", b"]\x94", b"e", b"(e", b"\x86", b"0",
        b"\x94",
    ];
    let in_turn = [&b"]r\0\0\0\0(K\x01K\x02e"[..], b"]q\x01(K\x01K\x02e", b"]q\x07(K\x01K\x02e"];
    let items = [&b"]\x94(K\x01K\x02e"[..], b"]\x94(G?\xf0\0\0\0\0\0\0K\x02e", b"]\x94(NNe"];
    let nested = b"]\x94(]\x94(K\x01K\x02eK\x03e";
    for item in items.iter().chain(&in_turn).copied().chain([&nested[..]]) {
        let one = [b"\x80\x04](", item, b"e."].concat();
        for pickle in std::iter::once(one.clone()).chain(changes(&one, &others)) {
            let Some(rest) = pickle.strip_prefix(b"\x80\x04](") else { continue };
            // Behind lists without a memo entry, the first index is 0 or 1.
            let short = [&b"\x80\x04]("[..], &b"](]K\x01aK\x02e".repeat(70), rest].concat();
            let deep = [&b"\x80\x04]("[..], &nested.repeat(70), rest].concat();
            for pickle in [short, deep] {
                compare::<Vec<(u8, u8)>>(&pickle, &options, "pairs");
                compare::<Vec<(Vec<u8>, u8)>>(&pickle, &options, "lists");
                compare::<Vec<(IgnoredAny, Option<f64>)>>(&pickle, &options, "either");
                compare::<Vec<((u8, u8), u8)>>(&pickle, &options, "pairs of pairs");
                compare::<Vec<(IgnoredAny, [u8; 1])>>(&pickle, &options, "ignored");
            }
        }
    }
    // Lists with fewer items than the type has, behind many: [[1, 2], …]
    #[derive(Debug, PartialEq, Deserialize)]
    struct Three(u8, u8, #[serde(default)] u8);
    let pickle = [&b"\x80\x04]\x94("[..], &b"]\x94(K\x01K\x02e".repeat(100), b"e."].concat();
    assert!(is_direct::<Vec<(u8, u8)>>(&pickle));
    assert!(is_direct::<Vec<Three>>(&pickle));
}
