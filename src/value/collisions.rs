//! Tests that an attacker cannot compute keys that collide. Work is counted, not timed.
//!
//! Each of these families collides under some hash that has been used for Python's keys: CPython's
//! own, which takes ints modulo 2⁶¹−1 and hashes small ones to themselves; one that looks at the
//! low or the high bits alone; one whose seed is known.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::key::{hash_key, work};
use super::{Complex, Dict, Set, Value};
use crate::pickle;
use crate::reduce::{Args, Global, Reduce};

const KEYS: u64 = 100_000;

#[track_caller]
fn assert_spread(what: &str, key: impl Fn(u64) -> Value) {
    let mut hashes: HashMap<u64, u32> = HashMap::new();
    let (mut low, mut high) = (vec![0_u32; 1 << 16], vec![0_u32; 1 << 16]);
    for number in 0..KEYS {
        let hash = hash_key(&key(number)).unwrap();
        assert!(hash.stable, "{what}");
        *hashes.entry(hash.value).or_default() += 1;
        low[usize::from(hash.value as u16)] += 1;
        high[usize::from((hash.value >> 48) as u16)] += 1;
    }
    // Among 64 bits a hundred thousand random numbers are different, or nearly so.
    assert!(hashes.len() as u64 >= KEYS - 2, "{what}: {} hashes", hashes.len());
    // And 16 bits of them fill a hash table evenly: one or two in a place, almost never twelve.
    for bits in [low, high] {
        assert!(
            bits.iter().max().is_some_and(|&most| most < 25),
            "{what}: {:?}",
            bits.iter().max()
        );
    }
}

fn bytes(first: u64, second: u64) -> Value {
    Value::Bytes([first.to_le_bytes(), second.to_le_bytes()].concat())
}

#[test]
fn keys_that_collide_elsewhere_do_not_collide_here() {
    let prime = (1_i128 << 61) - 1;
    assert_spread("multiples of CPython's modulus", |n| {
        Value::from(BigInt::from(i128::from(n) * prime))
    });
    assert_spread("ints in order", |n| Value::Int(n as i64));
    assert_spread("ints with low zeros", |n| Value::Int((n << 40) as i64));
    assert_spread("negative ints", |n| Value::Int(-(n as i64) - 2));
    assert_spread("powers of two", |n| {
        Value::from(BigInt::from(1) << n.min(2_000) | BigInt::from(n))
    });
    assert_spread("floats with low zeros", |n| {
        Value::Float(f64::from_bits(0x3ff8_0000_0000_0000 | n << 24))
    });
    assert_spread("complexes", |n| Value::Complex(Complex { re: n as f64, im: 1.0 }));
    assert_spread("bytes that begin with zeros", |n| bytes(0, n));
    assert_spread("bytes that end in zeros", |n| bytes(n, 0));
    assert_spread("bytes that begin with a constant of foldhash", |n| {
        bytes(0x243f_6a88_85a3_08d3, n)
    });
    assert_spread("bytes that begin with another", |n| bytes(0x1319_8a2e_0370_7344, n));
    assert_spread("text that begins with zeros", |n| {
        Value::from(format!("\0\0\0\0\0\0\0\0{n:08}"))
    });
    assert_spread("long text that begins with zeros", |n| {
        Value::from(format!("{}{n:08}", "\0".repeat(40)))
    });
    assert_spread("text in order", |n| Value::from(n.to_string()));
    assert_spread("tuples", |n| Value::Tuple(vec![Value::None, Value::Int(n as i64)]));
    assert_spread("frozensets", |n| Value::FrozenSet(Set::try_from_iter([n as i64, -1]).unwrap()));
}

fn frozenset(elements: impl IntoIterator<Item = Value>) -> Value {
    Value::FrozenSet(Set::try_from_iter(elements).unwrap())
}

fn point(state: Value) -> Value {
    let mut reduce = Reduce::new_obj(Global::new("geometry", "Point"), Args::default());
    reduce.state = Some(Box::new(state));
    reduce.into()
}

#[test]
fn no_choice_of_keys_makes_a_dict_slow() {
    type Keys = Box<dyn Fn(u64) -> Value>;
    let families: Vec<(&str, Keys)> = vec![
        ("ints that differ in high bits", Box::new(|i| Value::from((i << 44) as i64))),
        ("floats with empty low bits", Box::new(|i| Value::from(f64::from_bits(i << 40)))),
        (
            "multiples of 2^61-1, CPython's modulus",
            Box::new(|i| Value::from(BigInt::from(i) * ((1_u64 << 61) - 1))),
        ),
        ("NaNs", Box::new(|_| Value::from(f64::NAN))),
        ("tuples of NaN", Box::new(|_| (1, f64::NAN).into())),
        ("frozensets of the same NaN", {
            let set = frozenset([f64::NAN.into()]);
            Box::new(move |_| set.clone())
        }),
        (
            "tuples of small ints",
            Box::new(|i| {
                Value::Tuple((0..17).map(|bit| Value::Int((i >> bit & 1) as i64)).collect())
            }),
        ),
        (
            "frozensets",
            Box::new(|i| frozenset((0..17).filter(|bit| i >> bit & 1 == 1).map(Value::from))),
        ),
        ("objects", Box::new(|i| point(pickle!({"x": i & 0xff, "y": i >> 8})))),
        (
            "objects that differ in the order of values",
            Box::new(|i| {
                let mut rest: Vec<u64> = (0..9).collect();
                let mut i = i;
                point(
                    Dict::from_iter((0..9).map(|place| {
                        let value = rest.remove((i % rest.len() as u64) as usize);
                        i /= rest.len() as u64 + 1;
                        (place, value)
                    }))
                    .into(),
                )
            }),
        ),
        ("bytes", Box::new(|i| Value::Bytes(i.to_be_bytes().to_vec()))),
        ("text", Box::new(|i| Value::from(format!("{i:064b}")))),
    ];
    for (name, key) in families {
        let keys: Vec<Value> = (0..KEYS).map(&key).collect();
        let (dict, hashed, compared) = work::of(|| {
            let mut dict = Dict::new();
            for (key, i) in keys.into_iter().zip(0_u64..) {
                dict.try_insert(key, i).unwrap();
            }
            dict
        });
        assert_eq!(dict.len() as u64, KEYS, "{name}");
        // A key is hashed a few times, with all its parts (here at most 50), and almost never
        // compared with another one.
        assert!(hashed <= 200 * KEYS, "{name}: {hashed} values hashed");
        assert!(compared <= KEYS, "{name}: {compared} values compared");
    }
}

#[test]
fn nested_frozensets_are_hashed_once_a_level() {
    let payload = Value::Tuple((0..100_000).map(Value::from).collect());
    let build =
        || (0..1_000).fold(frozenset([payload.clone()]), |inner, i| frozenset([inner, i.into()]));
    let (found, hashed, compared) = work::of(|| {
        let (a, b) = (build(), build());
        Dict::try_from_iter([(a, 1)]).unwrap().contains_key(&b)
    });
    assert!(found);
    assert!(hashed < 20 * 100_000, "{hashed} values hashed");
    assert!(compared < 20 * 100_000, "{compared} values compared");
}

#[test]
fn objects_that_are_keys_within_objects_that_are_keys_are_not_hashed_anew_at_each_level() {
    let payload = Value::Tuple((0..20_000).map(Value::from).collect());
    let build = |depth| {
        (0..depth).fold(payload.clone(), |inner, _| {
            point(Dict::try_from_iter([(inner, 1)]).unwrap().into())
        })
    };
    let (_, hashed, compared) = work::of(|| (build(900), build(900)));
    assert!(hashed < 50 * 20_000, "{hashed} values hashed");
    assert!(compared < 50 * 20_000, "{compared} values compared");
}
