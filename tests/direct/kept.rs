//! A `Value` of a pickle that refers to containers again: without a graph where nothing changes
//! what was referred to, and then what a graph gives.

use serde_pickle::{DeOptions, Dict, Value, from_slice, pickle, to_vec};

use super::{Tally, compare, is_direct};

fn both(bytes: &[u8]) -> Tally {
    compare::<Value>(bytes, &DeOptions::new(), "a pickle that refers to a value again")
}

#[test]
fn what_nothing_changes_is_referred_to_without_a_graph() {
    let pickles: [&[u8]; 19] = [
        // d = {'a': 1}; [d, d], and the same fetched later, out of a container that is closed.
        b"\x80\x04]\x94(}\x94\x8c\x01aK\x01sh\x01e.",
        b"\x80\x04](]}\x94\x8c\x01aK\x01sah\x00h\x00e.",
        b"\x80\x02]q\x00(}q\x01X\x01\0\0\0aK\x01sh\x01e.",
        // Lists and tuples are copied, and dicts in them are shared.
        b"\x80\x04](]\x94(K\x01}eh\x00h\x00e.",
        b"\x80\x04](}K\x01\x86\x94h\x00h\x00h\x00\x86e.",
        // An enum's members; an object with state, by a list and by another object.
        b"\x80\x04](\x8c\x01m\x8c\x01E\x93\x94K\x01\x85R\x94h\x00K\x02\x85R\x94h\x01h\x02h\x01e.",
        b"\x80\x04](\x8c\x01m\x8c\x01C\x93\x94)\x81\x94}\x8c\x01xK\x01sbh\x00)\x81h\x01bh\x01e.",
        // Arguments and state that are fetched.
        b"\x80\x04](K\x01\x85\x94cm\nf\nh\x00Rcm\nf\nh\x00Re.",
        b"\x80\x04](}\x94\x8c\x01xK\x01scm\nC\n)\x81h\x00bcm\nC\n)\x81h\x00be.",
        // Items and entries of objects.
        b"\x80\x04](cm\nL\n)\x81\x94(K\x01K\x02eh\x00e.",
        b"\x80\x04](cm\nD\n)R\x94(\x8c\x01aK\x01\x8c\x01bK\x02uh\x00e.",
        b"\x80\x04](cm\nS\n)\x81\x94(K\x01\x90h\x00e.",
        // Builtins by their calls, of both spellings of their module.
        b"\x80\x02](c__builtin__\nset\n](K\x01K\x02e\x85Rq\0h\0e.",
        b"\x80\x02](c__builtin__\nfrozenset\n](K\x01K\x02e\x85Rc__builtin__\nset\n)Re.",
        b"\x80\x02](c_codecs\nencode\nX\x02\0\0\0\xc3\xbfX\x06\0\0\0latin1\x86q\0Rq\x01h\x01e.",
        b"\x80\x02c__builtin__\nbytearray\nc_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R\
            \x85R.",
        b"\x80\x04](\x8c\x08builtins\x8c\x09bytearray\x93C\x02ab\x85R\x94h\x00e.",
        b"\x80\x04](c__builtin__\ncomplex\nG?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86R\x94h\x00e.",
        // Bytes, and entries that are numbered from 1.
        b"\x80\x02]q\x01(C\x02abq\x02h\x02}q\x03h\x03e.",
    ];
    for pickle in pickles {
        let tally = both(pickle);
        assert_eq!((tally.read, tally.direct), (1, 1), "{}", pickle.escape_ascii());
    }
}

#[test]
fn what_changes_behind_a_reference_is_for_the_machine() {
    let pickles: [&[u8]; 9] = [
        // Containers in themselves.
        b"\x80\x04]\x94h\x00a.",
        b"\x80\x04}\x94K\x01h\x00s.",
        b"\x80\x04]\x94(K\x01h\x00e.",
        b"\x80\x04cm\nC\n)\x81\x94}K\x01h\x00sb.",
        // A list that grows once it was referred to, by the one or the other.
        b"\x80\x04](]\x94h\x00K\x01ae.",
        b"\x80\x04](]]\x94ah\x00K\x01ae.",
        b"\x80\x04](}\x94}K\x01h\x00sK\x02h\x00K\x03K\x04s\x86e.",
        b"\x80\x04](cm\nC\n)\x81\x94h\x00}be.",
        // An entry that is not there.
        b"\x80\x04](}\x94h\x05e.",
    ];
    for pickle in pickles {
        let tally = both(pickle);
        assert_eq!(tally.direct, 0, "{}", pickle.escape_ascii());
    }
}

/// What is shared is written once, so that it shows.
#[test]
fn a_value_holds_what_a_pickle_refers_to_once() {
    for pickle in [
        &b"\x80\x04](}\x94(\x8c\x01aK\x01\x8c\x01bK\x02uh\x00h\x00e."[..],
        b"\x80\x04](}\x94(\x8c\x01aK\x01\x8c\x01bK\x02uK\x05\x86\x94h\x01e.",
        b"\x80\x04](\x8f\x94(K\x01K\x02\x90h\x00e.",
        b"\x80\x04](cm\nC\nK\x01\x85R\x94h\x00e.",
    ] {
        assert!(is_direct::<Value>(pickle));
        let shared: Value = from_slice(pickle).unwrap();
        // The machine's way.
        let options = DeOptions::new().max_memory(1 << 20);
        let walked: Value = options.from_slice(pickle).unwrap();
        assert_eq!(to_vec(&shared).unwrap(), to_vec(&walked).unwrap(), "{shared}");
    }
}

/// Each dict holds the one before it twice.
#[test]
fn references_are_charged_for_what_they_stand_for() {
    for (levels, is_read) in [(10, true), (40, false)] {
        let mut pickle = b"\x80\x04](}\x94".to_vec();
        for before in 0..levels {
            pickle.extend_from_slice(&[b'}', 0x94, b'(', b'K', 0, b'h', before]);
            pickle.extend_from_slice(&[b'K', 1, b'h', before, b'u']);
        }
        pickle.extend_from_slice(b"e.");
        let tally = both(&pickle);
        assert_eq!((tally.read, tally.direct), (is_read.into(), is_read.into()));
    }
}

/// Keys that come again are one list of keys, which shows nowhere.
#[test]
fn records_with_the_same_keys_are_dicts_of_their_own() {
    for width in [1, 2, 8, 9, 21, 64, 65] {
        let record = |number: usize| {
            (0..width)
                .map(|key| (format!("key {key}"), Value::from(key * number)))
                .collect::<Dict>()
        };
        let records: Vec<Dict> = (0..6).map(record).collect();
        let pickle = to_vec(&records).unwrap();
        assert!(is_direct::<Value>(&pickle));
        let Value::List(read) = from_slice::<Value>(&pickle).unwrap() else { panic!("no list") };
        let mut read: Vec<Dict> =
            read.iter().map(|record| record.as_dict().unwrap().clone()).collect();
        assert_eq!(read, records);
        assert_eq!(format!("{read:?}"), format!("{records:?}"));
        for (read, record) in read.iter().zip(&records) {
            assert!(read.iter().rev().eq(record.iter().rev()));
            assert!(read.clone().into_iter().rev().eq(record.clone().into_iter().rev()));
            assert_eq!(read.get("key 0"), record.get("key 0"));
            assert_eq!(read.get_index_of("key 63"), record.get_index_of("key 63"));
            assert_eq!((read.get("no key"), read.get(&1)), (None, None));
        }
        assert_eq!(pickle!([read[4].clone()]), pickle!([records[4].clone()]));
        // Each change of one is none of the others.
        assert_eq!(read[3].insert("key 0", "new"), Some(0.into()));
        assert_eq!(read[3].len(), width);
        read[4].insert("one more", 1);
        assert_eq!(read[4].get_index(width), Some((&"one more".into(), &1.into())));
        assert_eq!(read[5].remove("key 0"), Some(0.into()));
        read[5].try_insert((1, 2), "a tuple").unwrap();
        assert!(read[5].try_insert(vec![1], 0).is_err());
        read[5].retain(|key, _| key.as_str().is_some());
        assert_eq!(read[5].len(), width - 1);
        for value in read[2].values_mut() {
            *value = Value::None;
        }
        assert_eq!(read[..2], records[..2]);
        assert_eq!(read[3].get_index(0), Some((&"key 0".into(), &"new".into())));
        assert!(read[2].values().all(Value::is_none));
        read[3].insert("key 0", 0);
        assert_eq!(read[3], records[3]);
    }
}

/// Rows of references go into a list without the stack, or several of them are noted at once there.
#[test]
fn rows_of_references_are_what_they_refer_to() {
    // [{'a': 1}, {2}, frozenset({3}), C(4), [5], 't', …: entries 1 to 6.
    const BEGIN: &[u8] =
        b"\x80\x04]\x94(}\x94\x8c\x01aK\x01s\x8f\x94(K\x02\x90(K\x03\x91\x94cm\nC\nK\x04\
        \x85R\x94]\x94K\x05a\x8c\x01t\x94e";
    let rows: [(&[u8], bool); 17] = [
        (b"(h\x01h\x02h\x03h\x04h\x01h\x01h\x02e", true),
        // Values that are copied, and text.
        (b"(h\x01h\x05h\x01h\x05h\x01e", true),
        (b"(h\x01h\x06h\x01h\x06h\x01e", true),
        // The row is no batch: an item before it, behind it, a tuple, another list.
        (b"(K\x01h\x01h\x01h\x01e", true),
        (b"(h\x01h\x01h\x01K\x01e", true),
        (b"(h\x01h\x02h\x01ta", true),
        (b"(h\x01h\x02h\x01la", true),
        (b"(](h\x01h\x01h\x01e](h\x01h\x02ee", true),
        // A tuple takes a part of it, an object all.
        (b"(h\x01h\x01h\x01h\x01\x86h\x01h\x01\x87h\x01\x85\x85\x86e", true),
        (b"(h\x01h\x02h\x01h\x02\x86h\x04h\x04\x86h\x01e", true),
        (b"(cm\nS\n)\x81(h\x03h\x03h\x03\x90h\x01e", true),
        // A list that is fetched when the row is in it.
        (b"(]\x94(h\x01h\x01h\x01eh\x07h\x07e", true),
        // A list in itself, and one that was fetched before.
        (b"(h\x01h\x00h\x01e", false),
        (b"(h\x00h\x01h\x01e", false),
        (b"(h\x05(h\x01h\x01h\x01ee", false),
        (b"(]\x94h\x07(h\x01h\x01ee", false),
        // No list is there, or it is below the mark before.
        (b"((h\x01h\x01h\x01ee", false),
    ];
    for (row, is_direct) in rows {
        for times in [1, 2, 100] {
            for is_far in [false, true] {
                let mut pickle = BEGIN.to_vec();
                for _ in 0..times {
                    for &byte in row {
                        match byte {
                            b'h' if is_far => pickle.push(b'j'),
                            1..=7 if is_far && pickle.last() == Some(&b'j') => {
                                pickle.extend_from_slice(&[byte, 0, 0, 0]);
                            }
                            0 if is_far => pickle.extend_from_slice(&[0; 4]),
                            byte => pickle.push(byte),
                        }
                    }
                }
                pickle.push(b'.');
                let tally = both(&pickle);
                assert_eq!(tally.direct == 1, is_direct, "{}", pickle.escape_ascii());
            }
        }
    }
}

/// The levels of a row of references are those of what they refer to.
#[test]
fn rows_of_references_are_as_deep_as_what_they_refer_to() {
    // [({'a': 1},), …: three levels below the list.
    const BEGIN: &[u8] = b"\x80\x04](}\x8c\x01aK\x01scm\nC\n}\x94\x8c\x01aK\x01s\x85R\x94e";
    for row in
        [&b"(h\x00h\x00h\x00e"[..], b"(h\x01h\x01h\x01e", b"(h\x00h\x01h\x01h\x00\x86\x85h\x00e"]
    {
        for depth in 1..8 {
            let pickle = [BEGIN, row, b"."].concat();
            compare::<Value>(&pickle, &DeOptions::new().max_depth(depth), "a row of references");
        }
    }
}
