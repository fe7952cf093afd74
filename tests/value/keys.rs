//! Which keys are one key, and which are none. That no choice of keys makes a dict slow is counted
//! in `src/value/collisions.rs`.

use num_bigint::BigInt;
use serde_pickle::reduce::{Args, Global, PersistentId, Reduce};
use serde_pickle::value::{Complex, Entry, SurrogateString};
use serde_pickle::{Dict, ErrorKind, Set, Value, pickle};

fn frozenset(elements: impl IntoIterator<Item = Value>) -> Value {
    Value::FrozenSet(Set::try_from_iter(elements).unwrap())
}

fn point(state: Value) -> Value {
    let mut reduce = Reduce::new_obj(Global::new("geometry", "Point"), Args::default());
    reduce.state = Some(Box::new(state));
    reduce.into()
}

/// Returns true if the two are one key, found out by insertion and by lookup, both ways.
fn one_key(a: &Value, b: &Value) -> bool {
    let mut dict = Dict::new();
    dict.try_insert(a.clone(), 1).unwrap();
    let found = dict.contains_key(b);
    assert_eq!(Dict::try_from_iter([(b.clone(), 1)]).unwrap().contains_key(a), found, "{a} {b}");
    assert_eq!(a.python_eq(b), found, "{a} {b}");
    dict.try_insert(b.clone(), 2).unwrap();
    assert_eq!(dict.len() == 1, found, "{a} {b}");
    found
}

#[test]
fn numbers_are_one_key_whatever_their_type() {
    let two_to_64 = BigInt::from(1) << 64_u32;
    let families: Vec<Vec<Value>> = vec![
        vec![
            pickle!(0),
            pickle!(False),
            pickle!(0.0),
            pickle!(-0.0),
            Complex::new(-0.0, 0.0).into(),
        ],
        vec![
            pickle!(1),
            pickle!(True),
            pickle!(1.0),
            Complex::new(1.0, -0.0).into(),
            Value::BigInt(1.into()),
        ],
        vec![pickle!(-1), pickle!(-1.0)],
        vec![pickle!(i64::MIN), pickle!(i64::MIN as f64)],
        vec![pickle!(i64::MAX)],
        vec![pickle!(i64::MAX as f64), Value::from(1_u64 << 63)],
        vec![
            Value::from(two_to_64.clone()),
            pickle!(18446744073709551616.0),
            Complex::new(18446744073709551616.0, 0.0).into(),
        ],
        vec![Value::from(-two_to_64.clone())],
        vec![Value::from(two_to_64 + 1)],
        vec![pickle!((1_i64 << 53) + 1)],
        vec![pickle!(9007199254740992.0), pickle!(1_i64 << 53)],
        vec![pickle!(1e300), num(1e300).into()],
        vec![pickle!(0.5), Complex::new(0.5, 0.0).into()],
        vec![pickle!(f64::INFINITY)],
        vec![pickle!(f64::NEG_INFINITY)],
        vec![Complex::new(1.0, 1.0).into()],
        vec![Complex::new(0.0, 1.0).into(), Complex::new(-0.0, 1.0).into()],
    ];
    for (i, family) in families.iter().enumerate() {
        for (j, other) in families.iter().enumerate() {
            for a in family {
                for b in other {
                    assert_eq!(one_key(a, b), i == j, "{a} {b}");
                }
            }
        }
    }
}

/// The int that a float is.
fn num(float: f64) -> BigInt {
    use num_bigint::ToBigInt;
    float.to_bigint().unwrap()
}

#[test]
fn what_python_tells_apart_is_two_keys() {
    let keys = [
        pickle!(None),
        pickle!(1),
        pickle!("1"),
        pickle!(b"1"),
        pickle!(""),
        pickle!(()),
        pickle!((1,)),
        pickle!((1, 2)),
        pickle!(((1,), 2)),
        pickle!((1, (2,))),
        frozenset([]),
        frozenset([1.into()]),
        frozenset([1.into(), 2.into()]),
        frozenset([frozenset([1.into()])]),
        SurrogateString::from_bytes(b"\xed\xb3\xa9".to_vec()).unwrap().into(),
        Value::global("a", "b.c"),
        Value::global("a.b", "c"),
        PersistentId("1").into(),
        PersistentId(b"1").into(),
        point(pickle!({"x": 1})),
        point(pickle!({"x": 2})),
        point(pickle!({"y": 1})),
        point(pickle!([1])),
        point(pickle!((1,))),
    ];
    for (i, a) in keys.iter().enumerate() {
        for (j, b) in keys.iter().enumerate() {
            if i != j {
                assert!(!one_key(a, b), "{a} {b}");
            }
        }
    }
    assert_eq!(
        Dict::try_from_iter(keys.iter().map(|key| (key.clone(), key.clone()))).unwrap().len(),
        keys.len()
    );
}

#[test]
fn tuples_go_by_their_elements_and_frozensets_by_theirs_in_any_order() {
    assert!(one_key(&pickle!((1, "a", (True,))), &pickle!((1.0, "a", (1,)))));
    let a = frozenset([1.into(), "a".into(), frozenset([2.into(), 3.into()])]);
    let b = frozenset([frozenset([3.0.into(), 2.into()]), "a".into(), true.into()]);
    assert!(one_key(&a, &b));
    assert!(one_key(&Value::global("a", "b"), &Value::global("a", "b")));
    assert!(one_key(&PersistentId(vec![1]).into(), &PersistentId(vec![1]).into()));
}

#[test]
fn a_later_equal_key_replaces_the_value_and_keeps_the_first_keys_place() {
    // >>> {1: 'a', 'x': 0, True: 'b', 1.0: 'c'}
    let dict = Dict::try_from_iter([
        (pickle!(1), "a"),
        (pickle!("x"), "0"),
        (pickle!(True), "b"),
        (pickle!(1.0), "c"),
    ]);
    assert_eq!(dict.unwrap().to_string(), "{1: 'c', 'x': '0'}");
    assert_eq!(Set::try_from_iter([pickle!(1.0), pickle!(1)]).unwrap().to_string(), "{1.0}");
}

#[test]
fn what_is_unhashable_is_named() {
    for (key, text) in [
        (pickle!([]), "unhashable key: a list"),
        (pickle!({}), "unhashable key: a dict"),
        (pickle!({ 1 }), "unhashable key: a set"),
        (Value::ByteArray(vec![]), "unhashable key: a bytearray"),
        (pickle!((1, [])), "unhashable key: a tuple that contains a list"),
        (pickle!((1, (2, {}))), "unhashable key: a tuple that contains a dict"),
    ] {
        let error = Dict::new().try_insert(key.clone(), 1).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Data, text));
        assert_eq!(Set::new().try_insert(key.clone()).unwrap_err().to_string(), text);
        assert!(Dict::new().entry(key.clone()).is_err());
        assert!(!key.is_hashable() && !Dict::from([(1, 1)]).contains_key(&key));
    }
    // An object may hold what it likes: its class knows whether it is hashable.
    assert!(point(pickle!({"x": []})).is_hashable());
    assert!(PersistentId(pickle!([])).0.is_list());
    assert!(Value::from(PersistentId(pickle!([]))).is_hashable());
}

#[test]
fn objects_that_look_alike_are_an_error_and_no_lost_entry() {
    let a = point(pickle!({"x": 1, "y": [2]}));
    let mut dict = Dict::new();
    dict.try_insert(a.clone(), "first").unwrap();
    for key in [a.clone(), point(pickle!({"y": [2], "x": 1}))] {
        let error = dict.try_insert(key, "second").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("Graph"), "{error}");
    }
    assert_eq!(dict.get(&a), Some(&"first".into()));
    // The same where they are within a key.
    dict.try_insert((1, a.clone()), 1).unwrap();
    assert!(dict.try_insert((1.0, a.clone()), 2).is_err());
    dict.try_insert(frozenset([a.clone()]), 1).unwrap();
    assert!(dict.try_insert(frozenset([a.clone()]), 2).is_err());
    // The way to mean the first one.
    *dict.entry(a.clone()).unwrap().or_insert(0) = "changed".into();
    assert_eq!(dict.get(&a), Some(&"changed".into()));
    assert_eq!(dict.remove(&a), Some("changed".into()));
    assert_eq!(dict.len(), 2);
}

#[test]
fn every_nan_is_a_key_of_its_own() {
    let mut dict = Dict::new();
    for _ in 0..3 {
        assert_eq!(dict.insert(f64::NAN, 1), None);
    }
    dict.insert(Complex::new(f64::NAN, 0.0), 1);
    dict.try_insert((1, f64::NAN), 1).unwrap();
    dict.try_insert(frozenset([f64::NAN.into()]), 1).unwrap();
    assert_eq!(dict.len(), 6);
    assert_eq!(dict.get(&f64::NAN), None);
    assert_eq!(dict, dict.clone());
    assert!(!Value::from(dict.clone()).python_eq(&dict.clone().into()));
    // Without them it is a dict like any other.
    dict.insert("a", 1);
    dict.retain(|key, _| key.is_str());
    assert_eq!(dict, Dict::from([("a", 1)]));
}

#[test]
fn removal_keeps_order_and_equality() {
    let mut dict: Dict = (0..10).map(|i| (i, i)).collect();
    assert_eq!(dict.remove(&3.0), Some(3.into()));
    dict.insert(f64::NAN, 0);
    assert_eq!(dict.pop().unwrap().1, 0);
    dict.retain(|key, _| key.as_i64() != Some(5));
    assert_eq!(dict.to_string(), "{0: 0, 1: 1, 2: 2, 4: 4, 6: 6, 7: 7, 8: 8, 9: 9}");
    let other: Dict = [9, 8, 7, 6, 4, 2, 1, 0].into_iter().map(|i| (i, i)).collect();
    assert_eq!(dict, other);
    let mut set = Set::from([1, 2, 3]);
    assert!(set.remove(&2) && !set.remove(&2));
    assert_eq!(set, Set::from([3, 1]));
    // Hashes of what is left are kept right: the frozensets are one key.
    assert!(one_key(&Value::FrozenSet(set), &frozenset([3.into(), 1.into()])));
}

#[test]
fn equality_of_dicts_and_sets_is_strict_and_without_order() {
    assert_eq!(pickle!({"a": 1, "b": {2, 3}}), pickle!({"b": {3, 2}, "a": 1}));
    assert_ne!(pickle!({1: 2}), pickle!({1.0: 2}));
    assert_ne!(pickle!({1: 2}), pickle!({1: 2.0}));
    assert_ne!(pickle!({ 1 }), pickle!({ True }));
    assert!(pickle!({1: 2}).python_eq(&pickle!({True: 2.0})));
    assert!(pickle!({1, 2}).python_eq(&frozenset([2.0.into(), 1.into()])));
    assert_eq!(Dict::new(), Dict::with_capacity(5));
    assert_ne!(Dict::new(), Dict::from([(1, 1)]));
}

#[test]
fn objects_that_are_keys_within_objects_that_are_keys_are_found() {
    let payload = Value::Tuple((0..20).map(Value::from).collect());
    let build = |depth| {
        (0..depth).fold(payload.clone(), |inner, _| {
            point(Dict::try_from_iter([(inner, 1)]).unwrap().into())
        })
    };
    // As deep as is usual they are found.
    let (a, b) = (build(3), build(3));
    assert_eq!(a, b);
    assert!(Dict::try_from_iter([(a, 1)]).unwrap().contains_key(&b));
}

/// A dict is a list while it has few keys of simple kinds, and a hash table from then on. A list
/// that is searched from its first to its last entry stands for both here.
#[test]
fn a_dict_is_the_same_with_few_keys_and_with_many() {
    let keys = [
        Value::from("a"),
        Value::from("b"),
        Value::from(""),
        Value::from("a longer name of a field"),
        Value::Bytes(b"a".to_vec()),
        Value::Bytes(vec![]),
        Value::None,
        Value::from(false),
        Value::from(true),
        Value::from(0),
        Value::from(1),
        Value::from(-1),
        Value::from(1.0),
        Value::from(0.5),
        Value::from(1_u64 << 63),
        Value::Tuple(vec![]),
        Value::from((1, "a")),
        frozenset([Value::from(1)]),
        frozenset([]),
        Value::global("m", "C"),
    ];
    let mut state = 1_u64;
    let mut below = move |end: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    for round in 0..400 {
        // Most rounds never see more than a few keys.
        let keys = &keys[..[4, 8, 9, 11, 12, keys.len()][round % 6]];
        let mut dict = if round % 7 == 0 { Dict::with_capacity(below(12)) } else { Dict::new() };
        let mut model: Vec<(Value, Value)> = Vec::new();
        for step in 0..60 {
            let key = keys[below(keys.len())].clone();
            let value = Value::from(step);
            let place = model.iter().position(|(other, _)| key.python_eq(other));
            assert_eq!(
                (dict.get_index_of(&key), dict.contains_key(&key)),
                (place, place.is_some()),
                "{dict} {key}"
            );
            match below(12) {
                0..6 => {
                    let old = dict.try_insert(key.clone(), value.clone()).unwrap();
                    match place {
                        Some(place) => {
                            assert_eq!(old, Some(std::mem::replace(&mut model[place].1, value)));
                        }
                        None => {
                            assert_eq!(old, None);
                            model.push((key, value));
                        }
                    }
                }
                6 => match dict.entry(key.clone()).unwrap() {
                    Entry::Occupied(mut entry) => {
                        let (first, last) = &mut model[place.unwrap()];
                        assert_eq!((entry.key(), entry.get()), (&*first, &*last));
                        assert_eq!(entry.insert(value.clone()), std::mem::replace(last, value));
                    }
                    Entry::Vacant(entry) => {
                        assert_eq!((entry.key(), place), (&key, None));
                        *entry.insert(0) = value.clone();
                        model.push((key, value));
                    }
                },
                7 => assert_eq!(dict.remove_entry(&key), place.map(|place| model.remove(place))),
                8 => assert_eq!(dict.pop(), model.pop()),
                9 => {
                    let kept = below(3) as i64;
                    let keep = |value: &Value| value.as_i64().unwrap() % 3 != kept;
                    dict.retain(|_, value| keep(value));
                    model.retain(|(_, value)| keep(value));
                }
                10 => dict.reserve(below(4)),
                _ => {
                    // A value that cannot be a key is in no dict, and changes none; a bytearray
                    // equals bytes, but is none.
                    for other in [
                        Value::ByteArray(b"a".to_vec()),
                        Value::List(vec![]),
                        Value::from(Dict::new()),
                    ] {
                        assert!(!dict.contains_key(&other) && dict.try_insert(other, 1).is_err());
                    }
                }
            }
            assert_eq!(dict.len(), model.len());
            assert!(dict.iter().eq(model.iter().map(|(key, value)| (key, value))), "{dict}");
            assert!(
                dict.iter().rev().eq(model.iter().rev().map(|(key, value)| (key, value))),
                "{dict}"
            );
            let again = Dict::try_from_iter(model.iter().rev().cloned()).unwrap();
            assert_eq!((&again, &dict.clone()), (&dict, &dict));
            let large = {
                let mut large = Dict::with_capacity(100);
                large.try_extend(model.iter().cloned()).unwrap();
                large
            };
            assert_eq!((&large, &dict), (&dict, &large));
            let mut other = dict.clone();
            if let Some((_, value)) = other.iter_mut().next_back() {
                *value = Value::from("other");
                assert_ne!(large, other);
                assert_ne!(other, large);
                assert_ne!(other, dict);
            }
        }
        assert!(dict.into_iter().eq(model), "round {round}");
    }
}

/// The sum of a frozenset's hashes is kept for some and made for others: it has to be the same.
#[test]
fn a_frozenset_of_few_elements_is_found_by_one_that_was_large() {
    let mut large: Set = (0..20).collect();
    large.retain(|element| element.as_i64().is_some_and(|element| element < 3));
    let small = Set::from_iter([2, 0, 1]);
    assert_eq!((&small, &large), (&large, &small));
    let outer = Set::try_from_iter([Value::FrozenSet(large.clone())]).unwrap();
    assert!(outer.contains(&Value::FrozenSet(small.clone())));
    let outer = Set::try_from_iter([Value::FrozenSet(small)]).unwrap();
    assert!(outer.contains(&Value::FrozenSet(large)));
}
