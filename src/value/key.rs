//! The hash of keys; Python's equality, with which it goes, is in `equal.rs`.
//!
//! In Python a key is found by `==` and `hash`, and both look through the number types: `1`, `1.0`,
//! `True`, `1+0j` and a long int of that size are one key. So numbers are brought to one canonical
//! form ([`Number`]) before they are compared or hashed. `str` and `bytes` are never equal; tuples
//! go by their elements, frozensets by theirs in any order.
//!
//! Attacks on the hash table, and the defences:
//! - *Colliding keys.* The hash is seeded from the operating system's randomness, once per process,
//!   and keys that Python tells apart are hashed apart, so that nobody can compute keys that
//!   collide. Two seeds are needed: foldhash multiplies two halves of its input, each combined with
//!   one seed, and a key that can make a half zero would collide with every other such key.
//! - *NaNs.* A NaN equals nothing, not even itself, so equal hashes would make a million of them
//!   quadratic. CPython hashes a NaN by its address; here each hashing of one gives another number.
//!   Such a hash is *unstable*.
//! - *Nesting.* A frozenset in a frozenset, a thousand deep, must not be hashed anew at each level.
//!   Every dict and set with keys that hold others keeps the sum of their hashes (see `hashed.rs`),
//!   so that hashing one costs no more than its own entries. A key is hashed once for each
//!   innermost set or dict that it is a key of.
//! - *Objects as keys.* Their `__hash__` is unknown, except for numpy's scalars, which are one key
//!   with the plain value (`numpy.rs`); other objects are hashed by their whole content, lists and
//!   dicts included. An object that is a key of a dict in the state of an object that is a key, and
//!   so on, would be hashed once a level: below [`OBJECT_NESTING`] levels the hash becomes unstable
//!   instead.
//!
//! Unstable hashes never make two keys one; they only make a lookup by an equal-looking key fail.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;
use num_bigint::{BigInt, Sign, ToBigInt};

use super::table::Table;
use super::{Dict, Value, numpy};
use crate::error::Error;
use crate::reduce::{Global, Reduce};

/// The depth to which objects may be keys within the content of objects that are keys. Deeper ones
/// equal no other key.
const OBJECT_NESTING: u32 = 4;

/// The hash of a key.
#[derive(Clone, Copy)]
pub(super) struct KeyHash {
    pub(super) value: u64,
    /// True if hashing an equal key gives the same number again.
    pub(super) stable: bool,
}

/// The reason why a value cannot be a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unhashable {
    kind: &'static str,
    /// The kind of the key itself, where the culprit is inside of it.
    within: Option<&'static str>,
}

impl From<Unhashable> for Error {
    #[cold]
    fn from(Unhashable { kind, within }: Unhashable) -> Self {
        Error::data(match within {
            None => format!("unhashable key: {kind}"),
            Some(outer) => format!("unhashable key: {outer} that contains {kind}"),
        })
    }
}

/// Hashes a key as Python would, or gives the reason why it cannot be one.
pub(super) fn hash_key(key: &Value) -> Result<KeyHash, Unhashable> {
    match key {
        Value::Str(text) => Ok(hash_str(text)),
        _ => {
            let mut walk = Walk::new(0);
            match walk.key(key) {
                Ok(()) => Ok(walk.finish()),
                Err(kind) => {
                    let outer = kind_name(key);
                    Err(Unhashable { kind, within: (outer != kind).then_some(outer) })
                }
            }
        }
    }
}

/// The hash of a str key.
pub(super) fn hash_str(text: &str) -> KeyHash {
    let mut walk = Walk::new(0);
    walk.bytes(HashTag::Str, text.as_bytes());
    walk.finish()
}

/// The hash of a bytes key.
pub(super) fn hash_bytes(bytes: &[u8]) -> KeyHash {
    let mut walk = Walk::new(0);
    walk.bytes(HashTag::Bytes, bytes);
    walk.finish()
}

/// Names the kind of value, with its article.
pub(super) fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::None => "None",
        Value::Bool(_) => "a bool",
        Value::Int(_) | Value::BigInt(_) => "an int",
        Value::Float(_) => "a float",
        Value::Complex(_) => "a complex",
        Value::Str(_) | Value::Surrogates(_) => "a str",
        Value::Bytes(_) => "bytes",
        Value::ByteArray(_) => "a bytearray",
        Value::Tuple(_) => "a tuple",
        Value::List(_) => "a list",
        Value::Dict(_) => "a dict",
        Value::Set(_) => "a set",
        Value::FrozenSet(_) => "a frozenset",
        Value::Global(_) => "a global",
        Value::Object(_) => "an object",
        Value::PersistentId(_) => "a persistent id",
        Value::Buffer(_) => "a buffer",
    }
}

/// Returns true if a key is this str, or a `np.str_` that equals it.
pub(super) fn is_str(key: &Value, text: &str) -> bool {
    match key {
        Value::Str(key) => key == text,
        Value::Object(object) => {
            matches!(numpy::plain(object), Some(Value::Str(key)) if key == text)
        }
        _ => false,
    }
}

/// Returns true if a key is these bytes, or a `np.bytes_` that equals them.
pub(super) fn is_bytes(key: &Value, bytes: &[u8]) -> bool {
    match key {
        Value::Bytes(key) => key == bytes,
        Value::Object(object) => numpy::bytes(object).is_some_and(|key| key == bytes),
        _ => false,
    }
}

/// Returns true if Python would need an object's identity to compare `key` with a key that looks
/// the same.
pub(super) fn needs_identity(key: &Value) -> bool {
    match key {
        Value::Object(object) => numpy::plain(object).is_none(),
        Value::Tuple(items) => items.iter().any(needs_identity),
        Value::FrozenSet(set) => set.iter().any(needs_identity),
        _ => false,
    }
}

/// Returns true if a key may be told from others by the identity of an object: keys that
/// [`needs_identity`] names, and those with a NaN, which equals nothing but itself. Never looks
/// into a frozenset, so that nested ones stay linear; a frozenset always counts as one.
pub(crate) fn is_told_by_identity(key: &Value) -> bool {
    match key {
        Value::Str(_) | Value::Int(_) => false,
        Value::Float(float) => float.is_nan(),
        Value::Complex(complex) => complex.re.is_nan() || complex.im.is_nan(),
        Value::Object(object) => match numpy::plain(object) {
            Some(plain) => is_told_by_identity(&plain),
            None => true,
        },
        Value::Tuple(items) => items.iter().any(is_told_by_identity),
        Value::PersistentId(id) => is_told_by_identity(id),
        Value::FrozenSet(_) => true,
        _ => false,
    }
}

/// The seed of a process: the start of a hasher, and its multiplier.
struct Seed {
    start: u64,
    shared: SharedSeed,
}

/// The seed of the process. All tables share it, so that the sums of hashes of two sets can be
/// compared.
fn seed() -> &'static Seed {
    static SEED: OnceLock<Seed> = OnceLock::new();
    // The standard library's keys come from the operating system; foldhash's own seed would come
    // from addresses and the time.
    SEED.get_or_init(|| {
        let random = RandomState::new();
        Seed { start: random.hash_one(0), shared: SharedSeed::from_u64(random.hash_one(1)) }
    })
}

/// Counts the work for keys, so that tests need not measure time.
#[cfg(test)]
pub(super) mod work {
    use std::cell::Cell;

    thread_local! {
        static HASHED: Cell<u64> = const { Cell::new(0) };
        static COMPARED: Cell<u64> = const { Cell::new(0) };
    }

    /// Counts a value that goes into a hash.
    pub(super) fn hashed() {
        HASHED.set(HASHED.get() + 1);
    }

    /// Counts a comparison of two values.
    pub(in crate::value) fn compared() {
        COMPARED.set(COMPARED.get() + 1);
    }

    /// Values hashed and pairs compared by `work` on this thread.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, u64, u64) {
        let (hashed, compared) = (HASHED.get(), COMPARED.get());
        let result = work();
        (result, HASHED.get() - hashed, COMPARED.get() - compared)
    }
}

/// A hasher with the seed of the process.
pub(super) fn seeded() -> FoldHasher<'static> {
    let seed = seed();
    FoldHasher::with_seed(seed.start, &seed.shared)
}

/// The kind of value that goes into the hash; values of one kind can be equal.
#[derive(Clone, Copy)]
enum HashTag {
    None,
    Int,
    BigInt,
    Float,
    Complex,
    Str,
    Surrogates,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Global,
    Object,
    PersistentId,
    Buffer,
    Absent,
}

/// One hash in progress.
struct Walk {
    hasher: FoldHasher<'static>,
    stable: bool,
    /// The number of objects around this place that are keys in the content of the key.
    nesting: u32,
}

impl Walk {
    fn new(nesting: u32) -> Self {
        Self { hasher: seeded(), stable: true, nesting }
    }

    fn finish(&self) -> KeyHash {
        KeyHash { value: self.hasher.finish(), stable: self.stable }
    }

    /// The kind and how much of it follows: with that, no two sequences of writes are the same by
    /// accident.
    fn tag(&mut self, tag: HashTag, len: usize) {
        #[cfg(test)]
        work::hashed();
        self.hasher.write_u64((len as u64) << 8 | tag as u64);
    }

    fn bytes(&mut self, tag: HashTag, bytes: &[u8]) {
        self.tag(tag, bytes.len());
        self.hasher.write(bytes);
    }

    /// Hashes a value that must be hashable; the error names the kind that is not.
    fn key(&mut self, value: &Value) -> Result<(), &'static str> {
        match value {
            Value::Tuple(items) => {
                self.tag(HashTag::Tuple, items.len());
                items.iter().try_for_each(|item| self.key(item))
            }
            Value::List(_)
            | Value::Dict(_)
            | Value::Set(_)
            | Value::ByteArray(_)
            | Value::Buffer(_) => Err(kind_name(value)),
            _ => {
                self.content(value);
                Ok(())
            }
        }
    }

    /// Hashes any value, also lists and the like, which an object that is a key may hold.
    fn content(&mut self, value: &Value) {
        match value {
            Value::None => self.tag(HashTag::None, 0),
            Value::Bool(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Float(_)
            | Value::Complex(_) => {
                self.number(value);
            }
            Value::Str(text) => self.bytes(HashTag::Str, text.as_bytes()),
            Value::Surrogates(text) => self.bytes(HashTag::Surrogates, text.as_bytes()),
            Value::Bytes(bytes) | Value::ByteArray(bytes) => self.bytes(HashTag::Bytes, bytes),
            Value::Tuple(items) => self.items(HashTag::Tuple, items),
            Value::List(items) => self.items(HashTag::List, items),
            Value::Dict(dict) => self.dict(dict),
            Value::Set(set) | Value::FrozenSet(set) => {
                self.tag(HashTag::Set, set.len());
                self.table(set.table());
            }
            Value::Global(global) => self.global(global),
            Value::Object(reduce) if self.scalar(reduce) => {}
            Value::Object(reduce) => self.object(reduce),
            Value::PersistentId(id) => {
                self.tag(HashTag::PersistentId, 0);
                self.content(id);
            }
            Value::Buffer(buffer) => self.bytes(HashTag::Buffer, &buffer.data),
        }
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn items(&mut self, tag: HashTag, items: &[Value]) {
        self.tag(tag, items.len());
        for item in items {
            self.content(item);
        }
    }

    /// A scalar of numpy as the plain value that it equals; `false` for any other object.
    #[inline(never)]
    fn scalar(&mut self, reduce: &Reduce) -> bool {
        let plain = numpy::plain(reduce);
        if let Some(plain) = &plain {
            self.content(plain);
        }
        plain.is_some()
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn number(&mut self, value: &Value) {
        match Number::of(value) {
            Some(Number::Int(int)) => {
                self.tag(HashTag::Int, 0);
                self.hasher.write_u64(int as u64);
            }
            Some(Number::Big(int)) => self.big(&int),
            Some(Number::BigRef(int)) => self.big(int),
            Some(Number::Float(float)) => {
                self.tag(HashTag::Float, 0);
                self.float(float);
            }
            Some(Number::Complex(re, im)) => {
                self.tag(HashTag::Complex, 0);
                // Adding zero makes the two zeros one.
                self.float(re + 0.0);
                self.float(im + 0.0);
            }
            // Not reached: only numbers come here.
            None => {}
        }
    }

    fn big(&mut self, int: &BigInt) {
        self.tag(HashTag::BigInt, usize::from(int.sign() == Sign::Minus));
        for digit in int.iter_u64_digits() {
            self.hasher.write_u64(digit);
        }
        self.tag(HashTag::BigInt, 0);
    }

    fn float(&mut self, float: f64) {
        if float.is_nan() {
            self.unlike_any_other();
        } else {
            self.hasher.write_u64(float.to_bits());
        }
    }

    /// Makes this hash differ from every other one.
    fn unlike_any_other(&mut self) {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        self.stable = false;
        self.hasher.write_u64(COUNTER.fetch_add(1, Ordering::Relaxed));
    }

    /// Hashes the sum that a dict or set has of its keys' hashes, whatever their order.
    fn table<V>(&mut self, table: &Table<V>) {
        if table.is_stable() {
            self.hasher.write_u64(table.sum());
        } else {
            self.unlike_any_other();
        }
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn dict(&mut self, dict: &Dict) {
        self.tag(HashTag::Dict, dict.len());
        self.table(dict.table());
        // The sum of the keys' hashes does not show which value belongs to which key.
        let mut sum = 0_u64;
        for (key, value) in dict {
            let nesting = self.nesting + u32::from(needs_identity(key));
            let mut entry = Self::new(nesting);
            if nesting > OBJECT_NESTING {
                entry.unlike_any_other();
            } else {
                entry.content(key);
            }
            entry.nesting = self.nesting;
            entry.content(value);
            self.stable &= entry.stable;
            sum = sum.wrapping_add(entry.hasher.finish());
        }
        self.hasher.write_u64(sum);
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn global(&mut self, global: &Global) {
        self.bytes(HashTag::Global, global.module.as_bytes());
        self.bytes(HashTag::Global, global.qualname.as_bytes());
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn object(&mut self, reduce: &Reduce) {
        self.tag(HashTag::Object, reduce.how() as usize);
        self.content(&reduce.callable);
        self.items(HashTag::Tuple, &reduce.args);
        self.dict(&reduce.kwargs);
        self.items(HashTag::List, &reduce.listitems);
        self.items(HashTag::Set, &reduce.setitems);
        self.tag(HashTag::Dict, reduce.dictitems.len());
        for (key, value) in &reduce.dictitems {
            self.content(key);
            self.content(value);
        }
        for part in [reduce.state.as_deref(), reduce.state_setter.as_ref()] {
            match part {
                Some(value) => self.content(value),
                None => self.tag(HashTag::Absent, 0),
            }
        }
    }
}

/// A number in the one form that all numbers equal to it share.
#[derive(PartialEq)]
pub(super) enum Number<'a> {
    /// Any number that is an int of 64 bits.
    Int(i64),
    /// Any other number that is an int.
    Big(BigInt),
    BigRef(&'a BigInt),
    /// Neither integral nor without a fraction: a fraction, an infinity or NaN.
    Float(f64),
    /// The imaginary part is not zero.
    Complex(f64, f64),
}

impl<'a> Number<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Bool(bool) => Self::Int(i64::from(*bool)),
            Value::Int(int) => Self::Int(*int),
            Value::BigInt(int) => i64::try_from(int).map_or(Self::BigRef(int), Self::Int),
            Value::Float(float) => Self::of_float(*float),
            Value::Complex(complex) if complex.im == 0.0 => Self::of_float(complex.re),
            Value::Complex(complex) => Self::Complex(complex.re, complex.im),
            _ => return None,
        })
    }

    fn of_float(float: f64) -> Self {
        /// 2^63: the least float above all i64s.
        const END: f64 = 9_223_372_036_854_775_808.0;
        if (-END..END).contains(&float) {
            let int = float as i64;
            if int as f64 == float { Self::Int(int) } else { Self::Float(float) }
        } else {
            // Infinities and NaN are not ints; any other float of this size is.
            float.to_bigint().map_or(Self::Float(float), Self::Big)
        }
    }

    fn big(&self) -> Option<&BigInt> {
        match self {
            Self::Big(int) => Some(int),
            Self::BigRef(int) => Some(int),
            _ => None,
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self.big(), other.big()) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }
}
