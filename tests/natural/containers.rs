//! Subclasses of builtins, named tuples, the collections, enums, arrays, and calls that stay data.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Deserialize;
use serde_bytes::ByteBuf;
use serde_json::{Value as Json, json};
use serde_pickle::{DeOptions, ErrorKind, from_slice};

use super::{case, newest, read, reads, reads_from_all};

fn map<const N: usize>(entries: [(&str, i64); N]) -> BTreeMap<String, i64> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Whatever else they have, they give what their base class gives.
#[test]
fn subclasses_give_what_their_base_gives() {
    reads_from_all("subclasses/list", true, vec![1, 2, 3]);
    reads_from_all("subclasses/list_empty", true, Vec::<i64>::new());
    reads_from_all("subclasses/list_attrs", true, vec![1, 2]);
    reads_from_all("subclasses/dict", true, map([("a", 1)]));
    reads_from_all("subclasses/dict_attrs", true, map([("a", 1)]));
    reads_from_all("subclasses/set", true, BTreeSet::from([1, 2, 3]));
    reads_from_all("subclasses/set_attrs", true, BTreeSet::from([1]));
    reads_from_all("subclasses/frozenset", true, BTreeSet::from([1, 2]));
    reads_from_all("subclasses/str", true, "text".to_owned());
    reads_from_all("subclasses/str_attrs", true, "text".to_owned());
    reads_from_all("subclasses/int", true, 5_u8);
    reads_from_all("subclasses/int_attrs", true, 5_i64);
    reads_from_all("subclasses/float", true, 2.5_f64);
    reads_from_all("subclasses/float_attrs", true, 2.5_f32);
    reads_from_all("subclasses/tuple", true, (1, "two".to_owned()));
    reads_from_all("subclasses/tuple_attrs", true, (1, 2));
    reads_from_all("subclasses/bytes", true, ByteBuf::from(b"\x00\xffab"));
    reads_from_all("subclasses/bytes_attrs", true, ByteBuf::from(b"ab"));
    reads_from_all("subclasses/bytearray", true, ByteBuf::from(b"\x00\xff"));
}

#[test]
fn named_tuples_are_tuples_and_structs() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        left: i64,
        right: String,
    }

    reads_from_all("namedtuples/pair", true, (1, "b".to_owned()));
    reads_from_all("namedtuples/pair", true, Pair { left: 1, right: "b".to_owned() });
    reads_from_all("namedtuples/pair_of_pairs", true, ((1, 2), (3, 4)));
    reads_from_all("namedtuples/one_field", true, (7,));
    reads_from_all("namedtuples/no_field", true, Vec::<i64>::new());
    reads_from_all("namedtuples/subclass_attrs", true, [1, 2]);
    reads_from_all("namedtuples/typed", false, ("a".to_owned(), 2));
}

#[test]
fn mappings_of_collections_are_maps() {
    for (name, expected) in [
        ("collections/ordereddict_empty", map([])),
        ("collections/defaultdict_int", map([("k", 5)])),
        ("collections/defaultdict_none", map([("k", 5)])),
        ("collections/defaultdict_empty", map([])),
        ("collections/counter", map([("a", 2), ("b", 1)])),
        ("collections/counter_empty", map([])),
    ] {
        reads_from_all(name, true, expected);
    }
    reads_from_all("collections/frozendict_empty", false, map([]));
    reads_from_all(
        "collections/defaultdict_list",
        true,
        BTreeMap::from([("k".to_owned(), vec![1])]),
    );
}

#[test]
fn an_ordereddict_is_a_struct_too_and_keeps_its_order() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Fields {
        a: Vec<i64>,
        b: i64,
    }

    reads_from_all("collections/ordereddict", true, Fields { a: vec![2], b: 1 });
    for entry in case("collections/ordereddict") {
        let Json::Object(map) = from_slice(&entry.bytes()).unwrap() else {
            panic!("{}", entry.file)
        };
        assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a"], "{}", entry.file);
    }
}

#[test]
fn a_counter_is_a_struct_too() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Counts {
        a: u32,
        b: u32,
    }

    reads_from_all("collections/counter", true, Counts { a: 2, b: 1 });
}

#[test]
fn a_deque_is_a_sequence() {
    reads_from_all("collections/deque", true, VecDeque::from([1, 2, 3]));
    reads_from_all("collections/deque_maxlen", true, vec![1, 2, 3]);
    reads_from_all("collections/deque_empty", true, Vec::<i64>::new());
    reads_from_all("collections/deque_maxlen_0", true, Vec::<i64>::new());
}

#[test]
fn wrappers_give_what_they_wrap_to_whom_asks_for_it() {
    reads_from_all("collections/userdict", false, map([("a", 1)]));
    reads_from_all("collections/userlist", false, vec![1, 2]);
    reads_from_all("collections/userstring", false, "ab".to_owned());
    assert_eq!(read::<Json>("collections/userlist").unwrap(), json!({"data": [1, 2]}));
}

#[test]
fn simple_namespaces_and_chain_maps_are_their_state() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Namespace {
        a: i64,
        b: String,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Chain {
        maps: Vec<BTreeMap<String, i64>>,
    }

    reads_from_all("collections/simplenamespace", false, Namespace { a: 1, b: "x".to_owned() });
    reads_from_all(
        "collections/chainmap",
        false,
        Chain { maps: vec![map([("a", 1)]), map([("b", 2)])] },
    );
}

#[test]
fn enum_members_are_their_values_and_the_variants_of_them() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Color {
        #[serde(rename = "1")]
        Red,
        #[serde(rename = "2")]
        Green,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    enum Switch {
        #[serde(rename = "on")]
        On,
    }

    reads_from_all("enums/color", false, 2);
    reads_from_all("enums/color", false, Color::Green);
    reads_from_all("enums/colors", false, vec![Color::Red, Color::Green, Color::Red]);
    reads("enums/color_alias", Color::Red);
    reads_from_all("enums/intenum", false, 20_u8);
    reads_from_all("enums/flag_combined", false, 6_u8);
    reads("enums/flag_none", 0_u8);
    reads("enums/intflag_unknown_bit", 9_u8);
    reads_from_all("enums/str_mixin", false, "on".to_owned());
    reads_from_all("enums/str_mixin", false, Switch::On);
    reads("enums/strenum", "bye".to_owned());
    reads("enums/mood", "bad".to_owned());
    reads("enums/planet", (6.421e23, 3.3972e6));
}

#[test]
fn an_enum_that_is_pickled_by_name_has_no_value() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    enum ByName {
        Red,
        Green,
    }

    reads_from_all("enums/by_name", false, ByName::Green);
    reads_from_all("enums/by_name", false, "zoo.ByName.GREEN".to_owned());
}

#[test]
fn arrays_are_numbers_in_any_width_and_spelling() {
    reads_from_all("array/lower_i", true, vec![i32::MIN, i32::MAX]);
    reads_from_all("array/lower_d", true, vec![0.1, -1e300]);
    reads("array/lower_b", vec![-128_i8, 0, 127]);
    reads("array/upper_b", vec![0_u8, 255]);
    reads("array/lower_h", vec![i16::MIN, i16::MAX]);
    reads("array/upper_h", vec![0, u16::MAX]);
    reads("array/upper_i", vec![0, u32::MAX]);
    reads("array/lower_l", vec![i64::MIN, i64::MAX]);
    reads("array/upper_l", vec![0, u64::MAX]);
    reads("array/lower_q", vec![i64::MIN, i64::MAX]);
    reads("array/upper_q", vec![0, u64::MAX]);
    reads("array/lower_f", vec![0.5_f32, -1.25]);
    reads("array/empty", Vec::<i64>::new());
    reads_from_all("array/lower_u", true, "a中".to_owned());
    reads("array/lower_w", "a\u{1f600}".to_owned());
    reads("array/lower_c", "ab".to_owned());
    assert_eq!(*read::<ByteBuf>("array/upper_b").unwrap(), [0, 255]);
}

/// Python pickles an array with the byte order of its machine: here that of a big one is put in.
#[test]
fn arrays_of_a_machine_with_another_byte_order() {
    let mut bytes = newest("array/lower_h");
    // `K` is BININT1: the format code of 16-bit ints.
    let format = bytes.windows(2).position(|window| window == [b'K', 4]).unwrap();
    bytes[format + 1] = 5;
    assert_eq!(from_slice::<Vec<i16>>(&bytes).unwrap(), [0x0080, 0x7fff_u16.swap_bytes() as i16]);
    bytes[format + 1] = 99;
    let error = from_slice::<Vec<i16>>(&bytes).unwrap_err();
    assert!(error.to_string().starts_with("not a valid array: machine format 99"), "{error}");
}

#[test]
fn arrays_count_against_the_limit_of_expansion() {
    // One array of 1,000 bytes in a list 1,000 times: a million numbers out of a few kilobytes.
    let mut pickle =
        b"\x80\x03(carray\n_array_reconstructor\n(carray\narray\nX\x01\x00\x00\x00BK\x00C\xfa"
            .to_vec();
    pickle.extend([7; 250]);
    pickle.extend(b"tRq\x00");
    pickle.extend(b"h\x00".repeat(1_000));
    pickle.extend(b"l.");
    assert_eq!(from_slice::<Vec<Vec<u8>>>(&pickle).unwrap().len(), 1_001);
    let error =
        DeOptions::new().max_expansion(100_000).from_slice::<Vec<Vec<u8>>>(&pickle).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn calls_that_stay_calls_are_their_arguments() {
    reads_from_all("calls/range", false, (2, 10, 3));
    reads("calls/range_huge", vec![0, 1_000_000_000_000_000_000_u64, 1]);
    reads("calls/xrange", [2, 11, 3]);
    reads_from_all("calls/slice", true, (1, 10, 2));
    reads("calls/slice_open", (None::<i64>, Some(3), None::<i64>));
    reads("calls/attrgetter", "a.b".to_owned());
    for entry in case("calls/regex") {
        let (pattern, _): (String, u32) = from_slice(&entry.bytes()).unwrap();
        assert_eq!(pattern, "a(b+)");
    }
}

#[test]
fn exceptions_are_their_arguments_or_their_state() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Detail {
        code: i64,
        retry: bool,
    }

    reads_from_all("exceptions/valueerror", true, "x".to_owned());
    reads_from_all(
        "exceptions/oserror_filename",
        true,
        (2, "No such file".to_owned(), "/x".to_owned()),
    );
    reads_from_all("exceptions/own_attributes", true, Detail { code: 7, retry: true });
    reads("exceptions/group", ("g".to_owned(), vec!["a".to_owned()]));
}

#[test]
fn globals_are_dotted_names() {
    reads_from_all("globals/function", true, "zoo2.area".to_owned());
    reads_from_all("globals/nested_class", false, "zoo.Outer.Inner".to_owned());
    reads("globals/deeply_nested_class", "zoo.Outer.Inner.Deepest".to_owned());
    reads_from_all("globals/ellipsis", false, "builtins.Ellipsis".to_owned());
}

/// A method of an object is data: the object and the name.
#[test]
fn a_bound_method_is_the_object_and_a_name() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i64,
        y: i64,
    }

    reads_from_all("globals/bound_method", false, (Point { x: 1, y: 2 }, "norm".to_owned()));
}
