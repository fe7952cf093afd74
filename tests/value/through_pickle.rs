//! Values into pickles and back: nothing is lost, at any protocol that can say it.

use num_bigint::BigInt;
use serde_pickle::reduce::{Args, Global, How, PersistentId, Reduce};
use serde_pickle::value::{Complex, PickleBuffer};
use serde_pickle::{Dict, ErrorKind, Protocol, SerOptions, Set, Value, from_slice, pickle};

fn through(value: &Value, protocol: Protocol) -> Value {
    let bytes = SerOptions::new().protocol(protocol).to_vec(value).unwrap();
    from_slice(&bytes).unwrap()
}

fn frozenset(elements: impl IntoIterator<Item = Value>) -> Value {
    Value::FrozenSet(Set::try_from_iter(elements).unwrap())
}

#[test]
fn every_kind_of_value_comes_back_as_it_was_at_every_protocol() {
    let values = [
        pickle!(None),
        pickle!([True, False]),
        pickle!([0, 1, -1, 255, 256, -256, 65_535, 65_536, i32::MAX, i32::MIN, i64::MAX, i64::MIN]),
        Value::List(vec![
            u64::MAX.into(),
            i128::MIN.into(),
            u128::MAX.into(),
            (BigInt::from(-3) << 5_000_u32).into(),
        ]),
        pickle!([0.0, 0.1, -1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY]),
        Complex::new(-0.5, 1e100).into(),
        pickle!(["", "plain", "é\n\\u0041\r\u{1a}\u{0}", "😀"]),
        Value::text(b"a\xed\xa0\xbd\xed\xb8\x80\n\\".to_vec()).unwrap(),
        pickle!([b"", b"\x00\x80\xff'\n"]),
        Value::List(vec![Value::ByteArray(vec![]), Value::ByteArray(vec![0, 128, 255])]),
        pickle!([(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]),
        pickle!([[], [1], [[2], 3]]),
        pickle!({"a": {}, 1: {"b": [None]}, (1, "x"): 2.5, None: b"k"}),
        Value::List(vec![
            Value::Set(Set::new()),
            pickle!({1, "a"}),
            frozenset([]),
            frozenset([frozenset([1.into()])]),
        ]),
        Value::global("collections", "OrderedDict"),
    ];
    for value in &values {
        for protocol in Protocol::ALL {
            assert_eq!(through(value, protocol), *value, "{protocol:?} {value}");
        }
    }
}

#[test]
fn every_kind_of_object_comes_back_as_it_was() {
    let class = || Global::new("geometry", "Point");
    let base = || Reduce::<Args>::new_obj(class(), Args::from((1, "x")));
    let with_state = |state: Value| base().with_state(Box::new(state));
    let objects = [
        Reduce::call(class(), Args::from((1, pickle!([2]))))
            .with_state(Box::new(pickle!({"x": 1}))),
        Reduce { state: Some(Box::new(pickle!(({"x": 1}, {"y": 2})))), ..base() },
        base().with_listitems([1.into(), pickle!([2])]),
        base().with_dictitems([("k".into(), 1.into()), (pickle!((1, 2)), 2.into())]),
        with_state(pickle!([1])).with_state_setter(Global::new("geometry", "restore")),
        Reduce::new_obj_ex(class(), Args::from((1, "x")), [("z", 3)]),
        // Objects within each part of an object.
        Reduce::new_obj(class(), Args::from([with_state(pickle!([2]))]))
            .with_state(Box::new(with_state(pickle!({"x": 1})).into()))
            .with_state_setter(Global::new("geometry", "restore"))
            .with_listitems([base().into()])
            .with_dictitems([(1.into(), with_state(with_state(Value::Int(1)).into()).into())]),
    ];
    for object in objects {
        let value = Value::from(object);
        for protocol in [Protocol::V2, Protocol::V3, Protocol::V4, Protocol::V5] {
            // Below protocol 4 NEWOBJ_EX is spelled as a call; that has tests of its own.
            if protocol >= Protocol::V4
                || value.as_object().is_some_and(|object| object.how() != How::NewObjEx)
            {
                assert_eq!(through(&value, protocol), value, "{protocol:?} {value}");
            }
        }
    }
    let ids =
        Value::List(vec![PersistentId("text").into(), PersistentId(pickle!((1, "x"))).into()]);
    assert_eq!(through(&ids, Protocol::V4), ids);
    let line = Value::from(PersistentId("text"));
    assert_eq!(through(&line, Protocol::V0), line);
}

#[test]
fn a_buffer_within_the_pickle_is_bytes_to_python() {
    let buffer = |readonly| Value::from(PickleBuffer { data: b"ab".to_vec(), readonly });
    assert_eq!(through(&buffer(true), Protocol::V5), pickle!(b"ab"));
    assert_eq!(through(&buffer(false), Protocol::V5), Value::ByteArray(b"ab".to_vec()));
    let error = SerOptions::new().protocol(Protocol::V4).to_vec(&buffer(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn nan_keys_stay_two() {
    let mut dict = Dict::new();
    dict.insert(f64::NAN, 1);
    dict.insert(f64::NAN, 2);
    let back = through(&dict.into(), Protocol::V4);
    assert_eq!(back.to_string(), "{nan: 1, nan: 2}");
}

#[test]
fn colliding_keys_in_a_pickle_are_pythons() {
    // {1: 'a', True: 'b', 1.0: 'c'} as SETITEMS; CPython gives {1: 'c'}.
    let value: Value =
        from_slice(b"\x80\x04}(K\x01\x8c\x01a\x88\x8c\x01bG\x3f\xf0\0\0\0\0\0\0\x8c\x01cu.")
            .unwrap();
    assert_eq!(value.to_string(), "{1: 'c'}");
    let error = from_slice::<Value>(b"\x80\x04}]K\x01s.").unwrap_err();
    assert!(error.to_string().contains("a list") && error.to_string().contains("hash"), "{error}");
    assert_eq!(error.offset(), Some(6));
    // {C(): 1, C(): 2}, two objects of one look.
    let error = from_slice::<Value>(b"\x80\x02}(cm\nC\n)\x81K\x01cm\nC\n)\x81K\x02u.").unwrap_err();
    assert!(error.to_string().contains("Graph"), "{error}");
}
