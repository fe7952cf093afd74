//! Objects that are made of arguments or given items: calls of classes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::de::{Deserialize, IgnoredAny};
use serde_bytes::ByteBuf;
use serde_pickle::{AllowList, DeOptions};

use super::{compare, is_direct};

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Point {
    x: i64,
    #[serde(default)]
    y: i64,
}

/// `pickle.dumps` of CPython 3.13, at protocols 2 and 4.
#[rustfmt::skip]
const PICKLES: &[(&str, &[u8])] = &[
    // [Color.RED, Color.GREEN, Color.RED, Color.RED]
    ("enums", b"\x80\x02]q\0(cshop\nColor\nq\x01K\x01\x85q\x02Rq\x03h\x01K\x02\x85q\x04Rq\x05h\x03\
        h\x03e."),
    ("enums", b"\x80\x04\x95(\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x05Color\x94\x93\x94K\x01\
        \x85\x94R\x94h\x03K\x02\x85\x94R\x94h\x05h\x05e."),
    // [Triple(1, 'a', 0.5), Triple(2, 'b', 1.5)]
    ("triples", b"\x80\x02]q\0(cshop\nTriple\nq\x01K\x01X\x01\0\0\0aq\x02G?\xe0\0\0\0\0\0\0\x87q\
        \x03\x81q\x04h\x01K\x02X\x01\0\0\0bq\x05G?\xf8\0\0\0\0\0\0\x87q\x06\x81q\x07e."),
    ("triples", b"\x80\x04\x95?\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x06Triple\x94\x93\x94K\x01\
        \x8c\x01a\x94G?\xe0\0\0\0\0\0\0\x87\x94\x81\x94h\x03K\x02\x8c\x01b\x94G?\xf8\0\0\0\0\0\0\
        \x87\x94\x81\x94e."),
    // [{1, 2}, {3}, set()]
    ("sets", b"\x80\x02]q\0(c__builtin__\nset\nq\x01]q\x02(K\x01K\x02e\x85q\x03Rq\x04h\x01]q\x05K\
        \x03a\x85q\x06Rq\x07h\x01]q\x08\x85q\x09Rq\ne."),
    // [frozenset([1, 2]), frozenset([3])]
    ("sets", b"\x80\x02]q\0(c__builtin__\nfrozenset\nq\x01]q\x02(K\x01K\x02e\x85q\x03Rq\x04h\x01]q\
        \x05K\x03a\x85q\x06Rq\x07e."),
    // The same, and [frozenset(['a', 1]), frozenset([(1, 2), 3])], at protocol 4
    ("frozen", b"\x80\x04\x95\x11\0\0\0\0\0\0\0]\x94((K\x01K\x02\x91\x94(K\x03\x91\x94e."),
    ("mixed", b"\x80\x04\x95\x19\0\0\0\0\0\0\0]\x94((\x8c\x01a\x94K\x01\x91\x94(K\x03K\x01K\x02\
        \x86\x94\x91\x94e."),
    // [1+2j, 3-4j]
    ("complex", b"\x80\x02]q\0(c__builtin__\ncomplex\nq\x01G?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86q\
        \x02Rq\x03h\x01G@\x08\0\0\0\0\0\0G\xc0\x10\0\0\0\0\0\0\x86q\x04Rq\x05e."),
    ("complex", b"\x80\x04\x95J\0\0\0\0\0\0\0]\x94(\x8c\x08builtins\x94\x8c\x07complex\x94\x93\x94\
        G?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86\x94R\x94h\x03G@\x08\0\0\0\0\0\0G\xc0\x10\0\0\0\0\0\
        \0\x86\x94R\x94e."),
    // [bytearray(b'ab'), bytearray(b'c')]
    ("bytearrays", b"\x80\x04\x951\0\0\0\0\0\0\0]\x94(\x8c\x08builtins\x94\x8c\x09bytearray\x94\
        \x93\x94C\x02ab\x94\x85\x94R\x94h\x03C\x01c\x94\x85\x94R\x94e."),
    // [OrderedDict(x=1, y=2), OrderedDict(x=3), OrderedDict(x=4, y=5)]
    ("ordered", b"\x80\x02]q\0(ccollections\nOrderedDict\nq\x01)Rq\x02(X\x01\0\0\0xq\x03K\x01X\x01\
        \0\0\0yq\x04K\x02uh\x01)Rq\x05h\x03K\x03sh\x01)Rq\x06(h\x03K\x04h\x04K\x05ue."),
    ("ordered", b"\x80\x04\x95M\0\0\0\0\0\0\0]\x94(\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\
        \x93\x94)R\x94(\x8c\x01x\x94K\x01\x8c\x01y\x94K\x02uh\x03)R\x94h\x05K\x03sh\x03)R\x94(h\
        \x05K\x04h\x06K\x05ue."),
    // [defaultdict(list, {1: [1, 2], 2: []}), defaultdict(list, {3: [4]})]
    ("default", b"\x80\x02]q\0(ccollections\ndefaultdict\nq\x01c__builtin__\nlist\nq\x02\x85q\x03R\
        q\x04(K\x01]q\x05(K\x01K\x02eK\x02]q\x06uh\x01h\x02\x85q\x07Rq\x08K\x03]q\x09K\x04ase."),
    ("default", b"\x80\x04\x95[\0\0\0\0\0\0\0]\x94(\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\
        \x93\x94\x8c\x08builtins\x94\x8c\x04list\x94\x93\x94\x85\x94R\x94(K\x01]\x94(K\x01K\x02eK\
        \x02]\x94uh\x03h\x06\x85\x94R\x94K\x03]\x94K\x04ase."),
    // [Slots(1, 2), Slots(3, 4)], of the fields x and y
    ("slots", b"\x80\x02]q\0(cshop\nSlots\nq\x01)\x81q\x02N}q\x03(X\x01\0\0\0xq\x04K\x01X\x01\0\0\
        \0yq\x05K\x02u\x86q\x06bh\x01)\x81q\x07N}q\x08(h\x04K\x03h\x05K\x04u\x86q\x09be."),
    ("slots", b"\x80\x04\x95B\0\0\0\0\0\0\0]\x94(\x8c\x04shop\x94\x8c\x05Slots\x94\x93\x94)\x81\
        \x94N}\x94(\x8c\x01x\x94K\x01\x8c\x01y\x94K\x02u\x86\x94bh\x03)\x81\x94N}\x94(h\x06K\x03h\
        \x07K\x04u\x86\x94be."),
    // [1 << 70, -(1 << 70), 1 << 127, (1 << 128) - 1, 5]
    ("big", b"\x80\x02]q\0(\x8a\x09\0\0\0\0\0\0\0\0@\x8a\x09\0\0\0\0\0\0\0\0\xc0\x8a\x11\0\0\0\0\0\
        \0\0\0\0\0\0\0\0\0\0\x80\0\x8a\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
        \xff\xff\0K\x05e."),
    // [np.float64(0.5), np.float64(-2.5), np.float64(3)]
    // [np.int32(-5), np.int32(300), np.uint8(200)], by numpy 2
    ("numpy floats", b"\x80\x02]q\0(cnumpy._core.multiarray\nscalar\nq\x01cnumpy\ndtype\nq\x02X\
        \x02\0\0\0f8q\x03\x89\x88\x87q\x04Rq\x05(K\x03X\x01\0\0\0<q\x06NNNJ\xff\xff\xff\xffJ\xff\
        \xff\xff\xffK\0tq\x07bc_codecs\nencode\nq\x08X\x09\0\0\0\0\0\0\0\0\0\xc3\xa0?q\x09X\x06\0\
        \0\0latin1q\n\x86q\x0bRq\x0c\x86q\x0dRq\x0eh\x01h\x05h\x08X\x09\0\0\0\0\0\0\0\0\0\x04\xc3\
        \x80q\x0fh\n\x86q\x10Rq\x11\x86q\x12Rq\x13h\x01h\x05h\x08X\x08\0\0\0\0\0\0\0\0\0\x08@q\x14\
        h\n\x86q\x15Rq\x16\x86q\x17Rq\x18e."),
    ("numpy ints", b"\x80\x02]q\0(cnumpy._core.multiarray\nscalar\nq\x01cnumpy\ndtype\nq\x02X\x02\
        \0\0\0i4q\x03\x89\x88\x87q\x04Rq\x05(K\x03X\x01\0\0\0<q\x06NNNJ\xff\xff\xff\xffJ\xff\xff\
        \xff\xffK\0tq\x07bc_codecs\nencode\nq\x08X\x08\0\0\0\xc3\xbb\xc3\xbf\xc3\xbf\xc3\xbfq\x09X\
        \x06\0\0\0latin1q\n\x86q\x0bRq\x0c\x86q\x0dRq\x0eh\x01h\x05h\x08X\x04\0\0\0,\x01\0\0q\x0fh\
        \n\x86q\x10Rq\x11\x86q\x12Rq\x13h\x01h\x02X\x02\0\0\0u1q\x14\x89\x88\x87q\x15Rq\x16(K\x03X\
        \x01\0\0\0|q\x17NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x18bh\x08X\x02\0\0\0\xc3\x88q\
        \x19h\n\x86q\x1aRq\x1b\x86q\x1cRq\x1de."),
    ("numpy floats", b"\x80\x04\x95\x94\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\
        \x06scalar\x94\x93\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\x89\x88\x87\
        \x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x08\0\0\0\0\0\
        \0\xe0?\x94\x86\x94R\x94h\x03h\x09C\x08\0\0\0\0\0\0\x04\xc0\x94\x86\x94R\x94h\x03h\x09C\
        \x08\0\0\0\0\0\0\x08@\x94\x86\x94R\x94e."),
    ("numpy ints", b"\x80\x04\x95\xa9\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\
        \x06scalar\x94\x93\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02i4\x94\x89\x88\x87\
        \x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x04\xfb\xff\
        \xff\xff\x94\x86\x94R\x94h\x03h\x09C\x04,\x01\0\0\x94\x86\x94R\x94h\x03h\x06\x8c\x02u1\x94\
        \x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\
        \x01\xc8\x94\x86\x94R\x94e."),
    // {(1, 2): 1.5, (3, 4): 2.5}
    ("keys", b"\x80\x02}q\0(K\x01K\x02\x86q\x01G?\xf8\0\0\0\0\0\0K\x03K\x04\x86q\x02G@\x04\0\0\0\0\
        \0\0u."),
    ("keys", b"\x80\x04\x95#\0\0\0\0\0\0\0}\x94(K\x01K\x02\x86\x94G?\xf8\0\0\0\0\0\0K\x03K\x04\x86\
        \x94G@\x04\0\0\0\0\0\0u."),
];

/// Compares all ways, and checks that the type needs no machine.
#[track_caller]
fn direct<'de, T: Deserialize<'de> + Debug + PartialEq>(pickle: &'de [u8]) {
    assert!(is_direct::<T>(pickle), "{}: {}", std::any::type_name::<T>(), pickle.escape_ascii());
}

/// Reads a pickle as types that fit some of them.
#[track_caller]
fn compare_all(pickle: &[u8]) {
    fn all<'de, T: Deserialize<'de> + Debug + PartialEq>(pickle: &'de [u8]) {
        // The options change from call to call.
        for _ in 0..10 {
            compare::<Vec<T>>(pickle, &DeOptions::new(), "calls");
        }
        for depth in 0..4 {
            compare::<Vec<T>>(pickle, &DeOptions::new().max_depth(depth), "calls");
        }
        for bytes in [0, 8, 16, 40, 100] {
            compare::<Vec<T>>(pickle, &DeOptions::new().max_expansion(bytes), "calls");
        }
    }
    all::<u8>(pickle);
    all::<i64>(pickle);
    all::<f64>(pickle);
    all::<Option<u8>>(pickle);
    all::<(i64, String, f64)>(pickle);
    all::<(f64, f64)>(pickle);
    all::<(i64, i64)>(pickle);
    all::<(i64,)>(pickle);
    all::<Vec<i64>>(pickle);
    all::<Vec<Vec<i64>>>(pickle);
    all::<ByteBuf>(pickle);
    all::<String>(pickle);
    all::<Point>(pickle);
    all::<BTreeMap<String, i64>>(pickle);
    all::<BTreeMap<i64, Vec<i64>>>(pickle);
    all::<HashMap<String, Option<i64>>>(pickle);
}

#[test]
fn calls_of_picklers_need_no_machine() {
    for (name, pickle) in PICKLES {
        match *name {
            "enums" => {
                direct::<Vec<u8>>(pickle);
                direct::<Vec<i64>>(pickle);
                direct::<Vec<Option<f64>>>(pickle);
                assert_eq!(serde_pickle::from_slice::<Vec<u8>>(pickle).unwrap(), [1, 2, 1, 1]);
            }
            "triples" => {
                direct::<Vec<(i64, String, f64)>>(pickle);
                let read: Vec<(i64, &str, f64)> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(read, [(1, "a", 0.5), (2, "b", 1.5)]);
            }
            "sets" | "frozen" => direct::<Vec<Vec<i64>>>(pickle),
            "mixed" => {}
            "complex" => {
                direct::<Vec<(f64, f64)>>(pickle);
                let read: Vec<(f64, f64)> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(read, [(1.0, 2.0), (3.0, -4.0)]);
            }
            "bytearrays" => direct::<Vec<ByteBuf>>(pickle),
            "ordered" => {
                direct::<Vec<Point>>(pickle);
                direct::<Vec<BTreeMap<&str, i64>>>(pickle);
            }
            "default" => direct::<Vec<BTreeMap<i64, Vec<i64>>>>(pickle),
            "slots" => direct::<Vec<Point>>(pickle),
            "numpy floats" => {
                direct::<Vec<f64>>(pickle);
                let read: Vec<f64> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(read, [0.5, -2.5, 3.0]);
            }
            "numpy ints" => {
                direct::<Vec<i64>>(pickle);
                let read: Vec<i64> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(read, [-5, 300, 200]);
            }
            "big" => direct::<Vec<IgnoredAny>>(pickle),
            _ => {
                direct::<BTreeMap<(i64, i64), f64>>(pickle);
                compare::<BTreeMap<(i64, i64), f64>>(pickle, &DeOptions::new(), "keys");
                compare::<BTreeMap<(i64, Vec<i64>), f64>>(pickle, &DeOptions::new(), "keys");
            }
        }
        compare_all(pickle);
    }
    let ints =
        b"\x80\x02](\x8a\x09\0\0\0\0\0\0\0\0@\x8a\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
        \xff\xff\xff\xff\xff\xff\0K\x05e.";
    direct::<Vec<u128>>(ints);
    let read: Vec<u128> = serde_pickle::from_slice(ints).unwrap();
    assert_eq!(read, [1 << 70, u128::MAX, 5]);
}

/// The pickle with each instruction left out, doubled, or followed by one of `others`, without its
/// first frame, which would have to grow.
pub(super) fn changes(pickle: &[u8], others: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut begins: Vec<usize> = serde_pickle::opcode::instructions(pickle)
        .map(|instruction| instruction.unwrap().0 as usize)
        .collect();
    begins.push(pickle.len());
    let mut changed = Vec::new();
    for pair in begins.windows(2) {
        let (front, rest) = pickle.split_at(pair[0]);
        let (one, behind) = rest.split_at(pair[1] - pair[0]);
        if one[0] == 0x95 || front.len() < 2 {
            continue;
        }
        let front = match front.get(2) {
            Some(0x95) => [&front[..2], &front[11..]].concat(),
            _ => front.to_vec(),
        };
        changed.extend([[&front, behind].concat(), [&front, one, one, behind].concat()]);
        changed.extend(others.iter().map(|other| [&front, one, other, behind].concat()));
    }
    changed
}

/// Most are no pickle any more, and some are another value.
#[test]
fn calls_with_a_change_are_read_the_same_both_ways() {
    let others: [&[u8]; 14] = [
        b"K\x01", b"N", b"(", b"(K\x01e", b"K\x01a", b"}", b"}b", b"N}\x86b", b"]", b"\x85", b"R",
        b"\x81", b"0", b")",
    ];
    for (_, pickle) in PICKLES {
        for bytes in changes(pickle, &others) {
            let options = DeOptions::new();
            compare::<Vec<u8>>(&bytes, &options, "changed");
            compare::<Vec<(i64, String, f64)>>(&bytes, &options, "changed");
            compare::<Vec<f64>>(&bytes, &options, "changed");
            compare::<Vec<(f64, f64)>>(&bytes, &options, "changed");
            compare::<Vec<Vec<i64>>>(&bytes, &options, "changed");
            compare::<Vec<ByteBuf>>(&bytes, &options, "changed");
            compare::<Vec<Point>>(&bytes, &options, "changed");
            compare::<Vec<BTreeMap<String, i64>>>(&bytes, &options, "changed");
            compare::<Vec<BTreeMap<i64, Vec<i64>>>>(&bytes, &options, "changed");
            compare::<BTreeMap<(i64, i64), f64>>(&bytes, &options, "changed");
            compare::<Vec<IgnoredAny>>(&bytes, &options, "changed");
            compare::<Vec<u128>>(&bytes, &options, "changed");
        }
    }
}

/// A MARK behind an ordered dict begins its items, or a neighbour of one without items.
#[test]
fn a_mark_behind_an_object_may_begin_a_neighbour() {
    type Row = (BTreeMap<String, i64>, BTreeMap<String, i64>, (i64, i64, i64, i64));

    // `pickle.dumps` of CPython, at protocols 2 and 4:
    // [(OrderedDict(x=1, y=2), OrderedDict(), (1, 2, 3, 4)),
    //  (OrderedDict(), OrderedDict(x=3, y=4), (5, 6, 7, 8))]
    // [(OrderedDict(x=1, y=2), OrderedDict(x=3, y=4), (1, 2, 3, 4)),
    //  (OrderedDict(x=5, y=6), OrderedDict(z=1), (9, 8, 7, 6))]
    #[rustfmt::skip]
    let pickles: [&[u8]; 4] = [
        b"\x80\x02]q\0(ccollections\nOrderedDict\nq\x01)Rq\x02(X\x01\0\0\0xq\x03K\x01X\x01\0\0\0\
            yq\x04K\x02uh\x01)Rq\x05(K\x01K\x02K\x03K\x04tq\x06\x87q\x07h\x01)Rq\x08h\x01)Rq\t(h\
            \x03K\x03h\x04K\x04u(K\x05K\x06K\x07K\x08tq\n\x87q\x0be.",
        b"\x80\x04\x95g\0\0\0\0\0\0\0]\x94(\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\
            \x94)R\x94(\x8c\x01x\x94K\x01\x8c\x01y\x94K\x02uh\x03)R\x94(K\x01K\x02K\x03K\x04t\
            \x94\x87\x94h\x03)R\x94h\x03)R\x94(h\x05K\x03h\x06K\x04u(K\x05K\x06K\x07K\x08t\x94\
            \x87\x94e.",
        b"\x80\x02]q\0(ccollections\nOrderedDict\nq\x01)Rq\x02(X\x01\0\0\0xq\x03K\x01X\x01\0\0\0\
            yq\x04K\x02uh\x01)Rq\x05(h\x03K\x03h\x04K\x04u(K\x01K\x02K\x03K\x04tq\x06\x87q\x07h\
            \x01)Rq\x08(h\x03K\x05h\x04K\x06uh\x01)Rq\tX\x01\0\0\0zq\nK\x01s(K\tK\x08K\x07K\x06t\
            q\x0b\x87q\x0ce.",
        b"\x80\x04\x95x\0\0\0\0\0\0\0]\x94(\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\
            \x94)R\x94(\x8c\x01x\x94K\x01\x8c\x01y\x94K\x02uh\x03)R\x94(h\x05K\x03h\x06K\x04u(K\
            \x01K\x02K\x03K\x04t\x94\x87\x94h\x03)R\x94(h\x05K\x05h\x06K\x06uh\x03)R\x94\x8c\x01\
            z\x94K\x01s(K\tK\x08K\x07K\x06t\x94\x87\x94e.",
    ];
    for pickle in pickles {
        assert!(serde_pickle::from_slice::<Vec<Row>>(pickle).is_ok());
        compare::<Vec<Row>>(pickle, &DeOptions::new(), "neighbours");
    }
    // The first is a guess that fails behind an ordered dict without items.
    direct::<Vec<Row>>(pickles[2]);
    direct::<Vec<Row>>(pickles[3]);
}

#[test]
fn the_classes_of_calls_are_asked_about() {
    let of_no_class = ["big", "keys", "frozen", "mixed"];
    for (name, pickle) in PICKLES.iter().filter(|(name, _)| !of_no_class.contains(name)) {
        let none = DeOptions::new().resolver(AllowList::new());
        let error = none.from_slice::<IgnoredAny>(pickle).unwrap_err();
        assert_eq!(error.kind(), serde_pickle::ErrorKind::Denied, "{name}");
    }
}
