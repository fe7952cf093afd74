//! `==` and `Hash` of values: structural, so that both are lawful for every value, NaN included.
//!
//! Python's equality, by which keys are found, is in `equal.rs`. It is the laxer one for everything
//! that equals itself in Python, so a table's own index finds the candidates here as well. Keys
//! that equal nothing in Python, not even themselves (a NaN, or a tuple with one), cannot be found
//! in the index: they are compared in their order.
//!
//! The hash is one walk over the whole value, in a function that is not generic: a program that
//! hashes values with three hashers gets one copy of it. It is seeded like that of keys, so that a
//! hasher without a seed is safe with hostile values, too.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use foldhash::quality::FoldHasher;

use super::key::{hash_key, seeded};
use super::table::Table;
use super::{Complex, Dict, Set, Value};

/// A float as it is compared and hashed: its bits, with the two zeros as one.
fn float_bits(float: f64) -> u64 {
    if float == 0.0 { 0 } else { float.to_bits() }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => float_bits(*a) == float_bits(*b),
            (Self::Complex(a), Self::Complex(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Surrogates(a), Self::Surrogates(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) | (Self::ByteArray(a), Self::ByteArray(b)) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) | (Self::List(a), Self::List(b)) => same_items(a, b),
            (Self::Dict(a), Self::Dict(b)) => a == b,
            (Self::Set(a), Self::Set(b)) | (Self::FrozenSet(a), Self::FrozenSet(b)) => a == b,
            (Self::Global(a), Self::Global(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (Self::PersistentId(a), Self::PersistentId(b)) => a == b,
            (Self::Buffer(a), Self::Buffer(b)) => a == b,
            // Kinds are listed by name, so that a new one is not forgotten above.
            (
                Self::None
                | Self::Bool(_)
                | Self::Int(_)
                | Self::BigInt(_)
                | Self::Float(_)
                | Self::Complex(_)
                | Self::Str(_)
                | Self::Surrogates(_)
                | Self::Bytes(_)
                | Self::ByteArray(_)
                | Self::Tuple(_)
                | Self::List(_)
                | Self::Dict(_)
                | Self::Set(_)
                | Self::FrozenSet(_)
                | Self::Global(_)
                | Self::Object(_)
                | Self::PersistentId(_)
                | Self::Buffer(_),
                _,
            ) => false,
        }
    }
}

impl Eq for Value {}

impl PartialEq for Dict {
    fn eq(&self, other: &Self) -> bool {
        same_entries(self.table(), other.table(), Value::eq)
    }
}

impl Eq for Dict {}

impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        same_entries(self.table(), other.table(), |(), ()| true)
    }
}

impl Eq for Set {}

impl PartialEq for Complex {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Complex {}

impl Complex {
    fn bits(&self) -> (u64, u64) {
        (float_bits(self.re), float_bits(self.im))
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn same_items(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

/// Returns true if two tables have the same entries: in any order, but for keys that equal nothing
/// in Python.
fn same_entries<V>(a: &Table<V>, b: &Table<V>, same_value: fn(&V, &V) -> bool) -> bool {
    if !a.may_be_same(b) {
        return false;
    }
    let is_lone = |key: &Value| a.lone_keys() != 0 && !hash_key(key).is_ok_and(|hash| hash.stable);
    let mut lone = b.iter().filter(|(key, _)| is_lone(key));
    for (key, value) in a.iter() {
        let other = if is_lone(key) {
            match lone.next() {
                Some((candidate, other)) if candidate == key => Some(other),
                _ => None,
            }
        } else {
            b.find_by_steps(key, Value::eq)
        };
        match other {
            Some(other) if same_value(value, other) => {}
            _ => return false,
        }
    }
    true
}

/// Equal values have equal hashes. The hash of a value differs from process to process, like that
/// of the standard library's `RandomState`.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(hash_value(self));
    }
}

/// The order of entries does not matter.
impl Hash for Dict {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(hash_dict(self));
    }
}

/// The order of elements does not matter.
impl Hash for Set {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(hash_set(self));
    }
}

impl Hash for Complex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

fn hash_value(value: &Value) -> u64 {
    let mut hasher = seeded();
    walk(value, &mut hasher);
    hasher.finish()
}

fn walk(value: &Value, hasher: &mut FoldHasher<'static>) {
    discriminant(value).hash(hasher);
    match value {
        Value::None => {}
        Value::Bool(bool) => bool.hash(hasher),
        Value::Int(int) => int.hash(hasher),
        Value::BigInt(int) => int.hash(hasher),
        Value::Float(float) => hasher.write_u64(float_bits(*float)),
        Value::Complex(complex) => complex.hash(hasher),
        Value::Str(text) => text.hash(hasher),
        Value::Surrogates(text) => text.hash(hasher),
        Value::Bytes(bytes) | Value::ByteArray(bytes) => bytes.hash(hasher),
        Value::Tuple(items) | Value::List(items) => walk_items(items, hasher),
        Value::Dict(dict) => hasher.write_u64(hash_dict(dict)),
        Value::Set(set) | Value::FrozenSet(set) => hasher.write_u64(hash_set(set)),
        Value::Global(global) => global.hash(hasher),
        Value::Object(object) => object.hash(hasher),
        Value::PersistentId(id) => walk(id, hasher),
        Value::Buffer(buffer) => buffer.hash(hasher),
    }
}

#[cfg_attr(debug_assertions, inline(never))]
fn walk_items(items: &[Value], hasher: &mut FoldHasher<'static>) {
    hasher.write_usize(items.len());
    for item in items {
        walk(item, hasher);
    }
}

/// The sum of its entries' hashes, which is the same in any order.
#[cfg_attr(debug_assertions, inline(never))]
fn hash_dict(dict: &Dict) -> u64 {
    let mut sum = dict.len() as u64;
    for (key, value) in dict {
        let mut hasher = seeded();
        walk(key, &mut hasher);
        walk(value, &mut hasher);
        sum = sum.wrapping_add(hasher.finish());
    }
    sum
}

#[cfg_attr(debug_assertions, inline(never))]
fn hash_set(set: &Set) -> u64 {
    let mut sum = set.len() as u64;
    for element in set {
        sum = sum.wrapping_add(hash_value(element));
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::{BuildHasher, RandomState};

    use super::*;
    use crate::pickle;
    use crate::reduce::{Args, Global, Reduce};

    fn equal_and_of_one_hash(a: &Value, b: &Value) {
        let state = RandomState::new();
        assert_eq!(a, b);
        assert_eq!(b, a);
        assert_eq!(state.hash_one(a), state.hash_one(b), "{a}");
    }

    fn nan() -> Value {
        Value::Float(f64::NAN)
    }

    /// An object that is a key in its own state, and so on: its hash as a key is unlike any other.
    fn nested_object_keys(levels: u32) -> Value {
        let mut object = Reduce::call(Global::new("m", "C"), Args::from([1]));
        for _ in 0..levels {
            let mut state = Dict::new();
            state.try_insert(Value::Object(object.into()), 1).unwrap();
            object = Reduce::call(Global::new("m", "C"), Args::from([1]));
            object.state = Some(Box::new(state.into()));
        }
        Value::Object(object.into())
    }

    #[test]
    fn every_value_equals_itself_and_its_clone() {
        let mut with_nans = Dict::new();
        for value in [1, 2] {
            with_nans.try_insert(nan(), value).unwrap();
        }
        with_nans.try_insert((1, nan()), 3).unwrap();
        let frozen = Value::FrozenSet(Set::try_from_iter([nan(), Value::from(1)]).unwrap());
        let mut nested = Dict::new();
        nested.try_insert(frozen.clone(), nan()).unwrap();
        nested.try_insert(nested_object_keys(8), 2).unwrap();
        for value in [
            nan(),
            Value::from(Complex::new(f64::NAN, 0.0)),
            pickle!([{"a": [2.5, None]}, (b"x", "y")]),
            with_nans.into(),
            frozen,
            nested.into(),
            nested_object_keys(8),
        ] {
            equal_and_of_one_hash(&value, &value);
            equal_and_of_one_hash(&value, &value.clone());
            assert_eq!(HashSet::from([value.clone(), value]).len(), 1);
        }
    }

    #[test]
    fn the_two_zeros_are_one_and_nans_are_told_apart_by_their_bits() {
        equal_and_of_one_hash(&Value::from(0.0), &Value::from(-0.0));
        equal_and_of_one_hash(&Complex::new(0.0, -0.0).into(), &Complex::new(-0.0, 0.0).into());
        assert_ne!(nan(), Value::from(f64::from_bits(f64::NAN.to_bits() ^ 1)));
        assert_ne!(nan(), Value::from(-f64::NAN));
        assert!(!nan().python_eq(&nan()));
    }

    #[test]
    fn order_does_not_matter_but_among_keys_that_equal_nothing() {
        equal_and_of_one_hash(&pickle!({"a": 1, 2: [3]}), &pickle!({2: [3], "a": 1}));
        let dict = |entries: Vec<(Value, i64)>| Value::from(Dict::try_from_iter(entries).unwrap());
        equal_and_of_one_hash(
            &dict(vec![(nan(), 1), ("a".into(), 2), ((-f64::NAN).into(), 3)]),
            &dict(vec![("a".into(), 2), (nan(), 1), ((-f64::NAN).into(), 3)]),
        );
        assert_ne!(dict(vec![(nan(), 1), (nan(), 2)]), dict(vec![(nan(), 2), (nan(), 1)]));
        assert_ne!(dict(vec![(nan(), 1), (nan(), 2)]), dict(vec![(nan(), 1), (1.into(), 2)]));
        assert_ne!(dict(vec![(nan(), 1)]), dict(vec![(nan(), 2)]));
    }

    #[test]
    fn values_that_are_one_key_to_python_are_told_apart() {
        let all = [
            Value::from(1),
            true.into(),
            1.0.into(),
            Complex::from(1.0).into(),
            "1".into(),
            b"1".into(),
            Value::ByteArray(b"1".to_vec()),
            pickle!((1, 1)),
            pickle!((1, 1.0)),
            pickle!([1, 1]),
            Value::Set(Set::from_iter([1])),
            Value::FrozenSet(Set::from_iter([1])),
            Value::FrozenSet(Set::from_iter([true])),
            pickle!({1: 1}),
            pickle!({true: 1}),
            pickle!({1: true}),
        ];
        let hashes: HashSet<u64> = all.iter().map(hash_value).collect();
        assert_eq!(hashes.len(), all.len());
        assert_eq!(HashSet::from(all.clone()).len(), all.len());
    }
}
