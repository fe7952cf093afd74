//! The claims of the README's table about this crate, row by row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_pickle::{
    Deserializer, ErrorKind, Protocol, SerOptions, Value, from_slice, opcode, to_vec,
};

fn shown(pickle: &[u8]) -> String {
    from_slice::<Value>(pickle).unwrap().to_string()
}

#[test]
fn every_protocol_is_written_and_read() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everyday {
        text: String,
        ints: Vec<i64>,
        pair: (f64, Option<bool>),
        by_name: BTreeMap<String, char>,
        #[serde(with = "serde_bytes")]
        raw: Vec<u8>,
    }
    let value = Everyday {
        text: "Zoë\n😀".to_owned(),
        ints: vec![0, -1, 1 << 40, i64::MIN],
        pair: (0.1, None),
        by_name: [("a".to_owned(), 'ä')].into(),
        raw: vec![0, 255],
    };
    for protocol in Protocol::ALL {
        let pickle = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
        assert_eq!(from_slice::<Everyday>(&pickle).unwrap(), value, "{protocol:?}");
        let newest = opcode::instructions(&pickle).map(|it| it.unwrap().1.protocol()).max();
        assert!(newest <= Some(protocol), "{protocol:?} has an opcode of {newest:?}");
    }
}

#[test]
fn text_and_bytes_are_borrowed_from_the_pickle() {
    // pickle.dumps(['abc', b'xyz'], 4)
    let pickle = b"\x80\x04\x95\x11\0\0\0\0\0\0\0]\x94(\x8c\x03abc\x94C\x03xyz\x94e.";
    let (text, bytes): (&str, &[u8]) = from_slice(pickle).unwrap();
    assert_eq!((text, bytes), ("abc", &b"xyz"[..]));
    let input = pickle.as_ptr_range();
    assert!(input.contains(&text.as_ptr()) && input.contains(&bytes.as_ptr()));
}

#[test]
fn one_instance_twice_in_a_list_is_read_twice() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct C {
        a: i64,
    }
    // c = C(); c.a = 7; pickle.dumps([c, c], 2)
    let pickle = b"\x80\x02]q\0(c__main__\nC\nq\x01)\x81q\x02}q\x03X\x01\0\0\0aq\x04K\x07sbh\x02e.";
    assert_eq!(from_slice::<Vec<C>>(pickle).unwrap(), [C { a: 7 }, C { a: 7 }]);
    assert_eq!(shown(pickle), "[__main__.C(state={'a': 7}), __main__.C(state={'a': 7})]");
}

#[test]
fn shared_lists_that_do_not_contain_themselves_are_read() {
    // a = []; b = [a, a]; pickle.dumps([b, b], 2)
    assert_eq!(shown(b"\x80\x02]q\0(]q\x01(]q\x02h\x02eh\x01e."), "[[[], []], [[], []]]");
}

#[test]
fn a_dict_keeps_its_order_and_equal_keys_are_one() {
    // pickle.dumps({'b': 1, 'a': 2, 'c': 3}, 2)
    assert_eq!(
        shown(b"\x80\x02}q\0(X\x01\0\0\0bq\x01K\x01X\x01\0\0\0aq\x02K\x02X\x01\0\0\0cq\x03K\x03u."),
        "{'b': 1, 'a': 2, 'c': 3}"
    );
    // {1: 'a', 1.5: 'b', 1.0: 'y'} is {1: 'y', 1.5: 'b'}
    assert_eq!(
        shown(
            b"\x80\x02}(K\x01X\x01\0\0\0aG?\xf8\0\0\0\0\0\0X\x01\0\0\0bG?\xf0\0\0\0\0\0\0X\x01\0\
            \0\0yu."
        ),
        "{1: 'y', 1.5: 'b'}"
    );
}

#[test]
fn tuples_sets_frozensets_bytes_and_bytearrays_are_told_apart() {
    // pickle.dumps([(1,), [1], {1}, frozenset({1}), b'x', bytearray(b'x'), 1 + 2j], 5)
    let pickle = b"\x80\x05\x95U\0\0\0\0\0\0\0]\x94(K\x01\x85\x94]\x94K\x01a\x8f\x94(K\x01\x90\
        (K\x01\x91\x94C\x01x\x94\x96\x01\0\0\0\0\0\0\0x\x94\x8c\x08builtins\x94\x8c\x07complex\x94\
        \x93\x94G?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86\x94R\x94e.";
    let python = "[(1,), [1], {1}, frozenset({1}), b'x', bytearray(b'x'), (1+2j)]";
    assert_eq!(shown(pickle), python);
    let value: Value = from_slice(pickle).unwrap();
    for protocol in Protocol::ALL {
        let again = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
        assert_eq!(shown(&again), python, "{protocol:?}");
    }
}

#[test]
fn ints_of_64_and_128_bits_are_read_and_written() {
    // pickle.dumps(2**64 - 1), pickle.dumps(-2**100)
    assert_eq!(
        from_slice::<u64>(b"\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0.").unwrap(),
        u64::MAX
    );
    assert_eq!(
        from_slice::<i128>(b"\x80\x02\x8a\x0d\0\0\0\0\0\0\0\0\0\0\0\0\xf0.").unwrap(),
        -(1 << 100)
    );
    for protocol in Protocol::ALL {
        let options = SerOptions::new().protocol(protocol);
        for int in [i128::MIN, -1, 0, i128::from(u64::MAX), i128::MAX] {
            assert_eq!(
                from_slice::<i128>(&options.to_vec(&int).unwrap()).unwrap(),
                int,
                "{protocol:?}"
            );
        }
    }
}

#[test]
fn bytes_are_read_into_a_vec_of_u8() {
    assert_eq!(from_slice::<Vec<u8>>(b"\x80\x03C\x02abq\0.").unwrap(), b"ab");
}

#[test]
fn an_ordered_dict_is_read_as_a_map() {
    // pickle.dumps(collections.OrderedDict(a=1, b=2), 2)
    let pickle = b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01(X\x01\0\0\0aq\x02K\x01X\x01\0\0\0\
        bq\x03K\x02u.";
    let map: BTreeMap<&str, u8> = from_slice(pickle).unwrap();
    assert_eq!(map, BTreeMap::from([("a", 1), ("b", 2)]));
}

#[test]
fn an_instance_of_python_2_keeps_its_class_and_its_place() {
    // [1, Old(), 2] with an old-style class, protocol 1
    let pickle = b"\x80\x01]q\x01(K\x01(cold\nOld\nq\x02oq\x03}q\x04U\x01aq\x05K\x01sbK\x02e.";
    assert_eq!(shown(pickle), "[1, old.Old(state={'a': 1}), 2]");
}

#[test]
fn a_lone_surrogate_is_read_and_written_without_loss() {
    // pickle.dumps('\udcff', 2)
    let pickle = b"\x80\x02X\x03\0\0\0\xed\xb3\xbfq\0.";
    assert_eq!(shown(pickle), r"'\udcff'");
    let value: Value = from_slice(pickle).unwrap();
    assert_eq!(from_slice::<Value>(&to_vec(&value).unwrap()).unwrap(), value);
}

#[test]
fn a_persistent_id_is_read_as_a_value() {
    assert_eq!(shown(b"\x80\x02X\x03\0\0\0abcQ."), "<persistent id 'abc'>");
}

#[test]
fn nesting_without_end_is_an_error_that_names_its_byte() {
    let pickle = [&b"\x80\x04"[..], &[b']'; 200_000], &[b'a'; 199_999], b"."].concat();
    let error = from_slice::<Value>(&pickle).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, Some(1002)));
}

#[test]
fn an_error_names_the_byte_and_the_place_in_the_value() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is never made")]
    struct Team {
        ages: Vec<u8>,
    }
    // pickle.dumps({'ages': [36, 'old']}, 2)
    let pickle = b"\x80\x02}q\0X\x04\0\0\0agesq\x01]q\x02(K$X\x03\0\0\0oldq\x03es.";
    let error = from_slice::<Team>(pickle).unwrap_err();
    assert_eq!(error.to_string(), "ages[1]: invalid type: string \"old\", expected u8, at byte 22");
}

#[test]
fn protocols_4_and_5_are_written_in_frames() {
    let long = vec!["a text of some length"; 10_000];
    for (protocol, frames) in [(Protocol::V3, 0..=0), (Protocol::V4, 3..=5), (Protocol::V5, 3..=5)]
    {
        let pickle = SerOptions::new().protocol(protocol).to_vec(&long).unwrap();
        let count = opcode::instructions(&pickle)
            .filter(|it| it.as_ref().unwrap().1.name() == "FRAME")
            .count();
        assert!(frames.contains(&count), "{protocol:?} has {count} frames");
    }
}

#[test]
fn several_dumps_of_one_pickler_are_read_with_its_memo() {
    // pickler = pickle.Pickler(file, 2); name = 'abc'; pickler.dump([name]); pickler.dump([name])
    let stream = b"\x80\x02]q\0X\x03\0\0\0abcq\x01a.\x80\x02]q\x02h\x01a.";
    let mut pickles = Deserializer::from_slice(stream).keep_memo(true);
    for _ in 0..2 {
        assert_eq!(Vec::<String>::deserialize(&mut pickles).unwrap(), ["abc"]);
    }
    pickles.end().unwrap();
}
