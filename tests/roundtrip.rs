//! Everything written is read back as it was, at every protocol: derived types and `Value`s,
//! generated.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde::de::DeserializeOwned;
use serde::ser::Serialize;
use serde_derive::{Deserialize, Serialize};
use serde_pickle::value::Complex;
use serde_pickle::{
    DeOptions, Deserializer, Dict, Graph, Protocol, SerOptions, Serializer, Set, Value,
    from_reader, from_slice,
};

/// Text with everything that some protocol has to escape.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,12}",
        any::<String>(),
        "[\\\\\0\r\n\x1a'\"uUxN{}\u{7f}\u{80}\u{e9}\u{ff}\u{100}\
         \u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,24}",
    ]
}

/// Ints of every width, and the neighbours of each power of two.
fn any_big_int() -> impl Strategy<Value = BigInt> {
    let near = (0..1_100_u32, -2..=2_i32, any::<bool>()).prop_map(|(bits, near, negative)| {
        let value = (BigInt::from(1) << bits) + near;
        if negative { -value } else { value }
    });
    prop_oneof![near, any::<i64>().prop_map(BigInt::from), any::<i128>().prop_map(BigInt::from)]
}

/// Text with a lone surrogate.
fn any_surrogates() -> impl Strategy<Value = Value> {
    ("[a-z\n\\\\é]{0,4}", 0xa0..=0xbf_u8, 0x80..=0xbf_u8, "[a-z\n\\\\é]{0,4}").prop_map(
        |(before, second, third, after)| {
            let mut bytes = before.into_bytes();
            bytes.extend_from_slice(&[0xed, second, third]);
            bytes.extend_from_slice(after.as_bytes());
            Value::text(bytes).unwrap()
        },
    )
}

/// Scalars that can be keys.
fn any_hashable_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any_big_int().prop_map(Value::from),
        any::<f64>()
            .prop_filter("a NaN equals nothing", |float| !float.is_nan())
            .prop_map(Value::Float),
        (-1e3..1e3_f64, -1e3..1e3_f64).prop_map(|(re, im)| Complex::new(re, im).into()),
        any_text().prop_map(Value::from),
        any_surrogates(),
        vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
    ]
}

fn any_key() -> impl Strategy<Value = Value> {
    any_hashable_leaf().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Tuple),
            vec(inner, 0..3)
                .prop_map(|elements| Value::FrozenSet(Set::try_from_iter(elements).unwrap())),
        ]
    })
}

/// Any value made of Python's builtins, without NaN.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => any_hashable_leaf(),
        1 => vec(any::<u8>(), 0..300).prop_map(Value::ByteArray),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::List),
            vec(inner.clone(), 0..6).prop_map(Value::Tuple),
            vec((any_key(), inner), 0..6)
                .prop_map(|entries| Value::Dict(Dict::try_from_iter(entries).unwrap())),
            vec(any_key(), 0..4)
                .prop_map(|elements| Value::Set(Set::try_from_iter(elements).unwrap())),
            vec(any_key(), 0..4)
                .prop_map(|elements| Value::FrozenSet(Set::try_from_iter(elements).unwrap())),
        ]
    })
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Shape {
    Empty,
    Circle(f64),
    Segment(i8, u64),
    Named { name: String, parts: Vec<Shape> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Unit;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Id(u32);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Pair(i16, Option<String>);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Rich {
    flags: (bool, bool),
    small: (i8, u8, i16, u16),
    wide: (i32, u32, i64, u64),
    huge: (i128, u128),
    floats: (f32, f64),
    letter: char,
    text: String,
    #[serde(with = "serde_bytes")]
    data: Vec<u8>,
    octets: Vec<u8>,
    array: [u16; 3],
    nothing: (),
    unit: Unit,
    id: Id,
    pair: Pair,
    maybe: Option<Box<Rich>>,
    shapes: Vec<Shape>,
    by_name: BTreeMap<String, Shape>,
    by_number: BTreeMap<i64, Vec<Option<u8>>>,
    by_pair: BTreeMap<(u8, String), bool>,
    set: BTreeSet<u32>,
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Empty),
        (-1e9..1e9_f64).prop_map(Shape::Circle),
        any::<(i8, u64)>().prop_map(|(a, b)| Shape::Segment(a, b)),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        (any_text(), vec(inner, 0..3)).prop_map(|(name, parts)| Shape::Named { name, parts })
    })
}

fn any_rich() -> impl Strategy<Value = Rich> {
    let numbers = (
        any::<(bool, bool)>(),
        any::<(i8, u8, i16, u16)>(),
        any::<(i32, u32, i64, u64)>(),
        any::<(i128, u128)>(),
        (-1e30..1e30_f32, -1e300..1e300_f64),
    );
    let texts = (
        any::<char>(),
        any_text(),
        vec(any::<u8>(), 0..300),
        vec(any::<u8>(), 0..20),
        any::<[u16; 3]>(),
    );
    let containers = (
        any::<u32>(),
        (any::<i16>(), proptest::option::of(any_text())),
        vec(any_shape(), 0..4),
        btree_map(any_text(), any_shape(), 0..3),
        btree_map(any::<i64>(), vec(any::<Option<u8>>(), 0..3), 0..3),
        btree_map((any::<u8>(), any_text()), any::<bool>(), 0..3),
        btree_set(any::<u32>(), 0..4),
    );
    let leaf = (numbers, texts, containers).prop_map(|(numbers, texts, containers)| {
        let (flags, small, wide, huge, floats) = numbers;
        let (letter, text, data, octets, array) = texts;
        let (id, (number, name), shapes, by_name, by_number, by_pair, set) = containers;
        Rich {
            flags,
            small,
            wide,
            huge,
            floats,
            letter,
            text,
            data,
            octets,
            array,
            nothing: (),
            unit: Unit,
            id: Id(id),
            pair: Pair(number, name),
            maybe: None,
            shapes,
            by_name,
            by_number,
            by_pair,
            set,
        }
    });
    let leaf = leaf.boxed();
    (leaf.clone(), proptest::option::of(leaf))
        .prop_map(|(outer, inner)| Rich { maybe: inner.map(Box::new), ..outer })
}

/// Every way to write it, and every way to read that.
fn assert_comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    for protocol in Protocol::ALL {
        let options = SerOptions::new().protocol(protocol);
        let plain = options.to_vec(value).unwrap();
        let mut written = Vec::new();
        options.to_writer(&mut written, value).unwrap();
        assert_eq!(plain, written, "{protocol:?}");
        let memoized = options.clone().memoize_strings(true).to_vec(value).unwrap();
        let unframed = options.clone().framing(false).to_vec(value).unwrap();
        for pickle in [plain, memoized, unframed] {
            assert_eq!(from_slice::<T>(&pickle).unwrap(), *value, "{protocol:?}");
            assert_eq!(from_reader::<_, T>(&*pickle).unwrap(), *value, "{protocol:?}");
            assert_eq!(
                Graph::from_slice(&pickle).unwrap().deserialize::<Value>().unwrap(),
                from_slice::<Value>(&pickle).unwrap()
            );
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn derived_types_come_back(value in any_rich()) {
        assert_comes_back(&value);
    }

    #[test]
    fn enums_come_back(value in any_shape()) {
        assert_comes_back(&value);
    }

    #[test]
    fn text_comes_back(value in any_text()) {
        assert_comes_back(&value);
    }

    #[test]
    fn a_type_comes_back_through_a_value(value in any_rich()) {
        let pickle = SerOptions::new().to_vec(&value).unwrap();
        let dynamic: Value = from_slice(&pickle).unwrap();
        let again = SerOptions::new().to_vec(&dynamic).unwrap();
        prop_assert_eq!(from_slice::<Rich>(&again).unwrap(), value);
    }
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn values_come_back(value in any_value()) {
        assert_comes_back(&value);
    }

    #[test]
    fn floats_come_back_bit_for_bit(bits in any::<u64>()) {
        let float = f64::from_bits(bits);
        for protocol in Protocol::ALL {
            let pickle = SerOptions::new().protocol(protocol).to_vec(&float).unwrap();
            let back: f64 = from_slice(&pickle).unwrap();
            let same = back.to_bits() == bits || (back.is_nan() && float.is_nan());
            prop_assert!(same, "{protocol:?} {float}");
        }
    }

    #[test]
    fn several_dumps_of_one_serializer_come_back_with_one_memo(values in vec(any_value(), 1..4)) {
        for protocol in Protocol::ALL {
            let options = SerOptions::new().protocol(protocol).memoize_strings(true);
            let mut serializer = Serializer::with_options(Vec::new(), &options);
            for value in &values {
                value.serialize(&mut serializer).unwrap();
            }
            let bytes = serializer.into_inner();
            let stream = Deserializer::from_slice(&bytes).keep_memo(true).into_iter::<Value>();
            let back: Vec<Value> = stream.collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(&back, &values);
            let stream = Deserializer::from_reader(&*bytes).keep_memo(true).into_iter::<Value>();
            let back: Vec<Value> = stream.collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(&back, &values);
        }
    }
}

#[test]
fn a_pickle_that_python_wrote_comes_back_when_it_is_written_again() {
    for fixture in
        crate::corpus::files("valid").iter().filter(|fixture| fixture.bytes.len() < 3_000)
    {
        if matches!(fixture.topic(), "buffers" | "streams") {
            continue;
        }
        let Ok(value) = fixture.options().from_slice::<Value>(&fixture.bytes) else { continue };
        for protocol in Protocol::ALL {
            // Keyword arguments are written through functools.partial below protocol 4, as CPython
            // writes them.
            if fixture.text("case").starts_with("newargs_ex") && protocol < Protocol::V4 {
                continue;
            }
            // Renaming for Python 2 and back is Python's, and loses names.
            let options = SerOptions::new().protocol(protocol).fix_imports(false);
            let written = match options.to_vec(&value) {
                Ok(written) => written,
                Err(error) => {
                    // Lines cannot say every name and id.
                    assert!(protocol < Protocol::V4, "{} at {protocol:?}: {error}", fixture.name());
                    continue;
                }
            };
            let again = DeOptions::new().fix_imports(false).from_slice::<Value>(&written);
            let again =
                again.unwrap_or_else(|error| panic!("{} at {protocol:?}: {error}", fixture.name()));
            assert_eq!(again.to_string(), value.to_string(), "{} at {protocol:?}", fixture.name());
        }
    }
}
