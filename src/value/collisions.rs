//! What an attacker can compute about the hash of keys: nothing. Counted, not timed.
//!
//! Each of these families collides under some hash that somebody has used for Python's keys:
//! CPython's own, which takes ints modulo 2⁶¹−1 and hashes small ones to themselves; one that looks
//! at the low or the high bits alone; one whose seed is known.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::key::hash_key;
use super::{Complex, Set, Value};

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
    // And 16 bits of them fill a hash table evenly: one or two in a place, hardly ever twelve.
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
    assert_spread("complexes", |n| Value::Complex(Box::new(Complex { re: n as f64, im: 1.0 })));
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
