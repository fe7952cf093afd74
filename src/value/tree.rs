//! `Value`: any Python object, as a tree.
//!
//! Drop, clone, `==`, hash, print and serialize recurse on the thread's stack. The depth of a value
//! from a pickle is bounded when it is read (`limits::VALUE_DEPTH`), and `tests/value/deep.rs` runs
//! all of them at that depth in a debug build with 2 MiB. Keep frames small: no large locals in a
//! function that calls itself.

use std::sync::Arc;

use num_bigint::BigInt;

use super::equal::equal;
use super::{Complex, Dict, PickleBuffer, Set, SurrogateString, key};
use crate::error::Result;
use crate::reduce::{Global, Reduce};

/// Any Python object that a pickle can hold, as a tree.
///
/// ```
/// use serde_pickle::{Value, pickle};
///
/// let value = pickle!({"name": "Ada", "langs": ("Python", "Rust"), 1: [None, True, 2.5]});
/// assert_eq!(value["langs"][1], "Rust");
/// assert_eq!(value.pointer("/1/2").and_then(Value::as_f64), Some(2.5));
/// assert_eq!(
///     value.to_string(),
///     "{'name': 'Ada', 'langs': ('Python', 'Rust'), 1: [None, True, 2.5]}"
/// );
/// ```
///
/// `Display` is Python's `repr`; `{:#}` spreads it over lines. `Debug` is the same, and shows for
/// an object the way in which it is made.
///
/// # Equality
/// `==` is structural, and `Hash` goes with it: values of different Python types are different, so
/// that `Int(1)`, `Float(1.0)` and `Bool(true)` are three. A NaN equals a NaN of the same bits, and
/// the two zeros are equal, so that each value equals itself and its clone. Dicts and sets compare
/// without regard to order. Python's own `==` is [`python_eq`](Self::python_eq), and keys of dicts
/// and sets are found by that. A scalar of numpy is an object, and to both of these it is the plain
/// value, as in Python: see [`numpy_scalar`](Self::numpy_scalar). Members of an `IntEnum` and
/// instances of subclasses of int are objects and nothing more: only their module knows what they
/// equal.
///
/// ```
/// use std::collections::HashSet;
/// use serde_pickle::{Value, pickle};
///
/// let seen = HashSet::from([pickle!({"a": 1, "b": f64::NAN})]);
/// assert!(seen.contains(&pickle!({"b": f64::NAN, "a": 1})));
/// assert!(!seen.contains(&pickle!({"b": f64::NAN, "a": 1.0})));
/// ```
///
/// # Other formats
/// A `Value` can be serialized with any serde format, and read from any that describes itself.
///
/// | | serialized as | read back from JSON as |
/// |---|---|---|
/// | None, bool, int of 64 bits, finite float, str, list | itself | itself |
/// | dict | map; each key as itself | keys are str: JSON writes `1` as `"1"`, and refuses tuples |
/// | tuple | tuple | list |
/// | set, frozenset | seq | list |
/// | larger ints | decimal text; bytes (little-endian two's complement) in binary formats | str |
/// | inf, nan | float | None |
/// | bytes, bytearray, text with lone surrogates | bytes | list of ints |
/// | complex | tuple of two floats | list |
/// | global | tuple of module and name | list |
/// | object | struct of the parts of [`Reduce`] | dict |
/// | persistent id | the id | the id |
/// | buffer | tuple of bytes and whether it is read-only | list |
///
/// In short: a format gets the nearest kind that it has, and errors are the format's own. To and
/// from a pickle nothing is lost.
///
/// # Sharing
/// A value looks like a tree. Where a pickle refers several times to one dict, set or object, the
/// value holds it once, and so do clones: the first write through one of them copies that one
/// level. Lists and tuples are `Vec`s of their own. The tree that a value from a pickle stands for
/// is limited, to 4 Mi values and 16 for each byte of the pickle; see
/// [`DeOptions::max_expansion`](crate::DeOptions::max_expansion).
///
/// # Within `flatten`, `untagged` and `tag`
/// serde reads everything below these attributes into a buffer of its own, without asking the type,
/// and the type reads from that. The buffer has neither Python's types nor classes, so a `Value` in
/// it differs from the pickle:
///
/// | in the pickle | the `Value` behind the buffer |
/// |---|---|
/// | None, bool, int of 64 bits, float, str, bytes, list, dict | itself |
/// | tuple, set, frozenset | list |
/// | bytearray, buffer | bytes |
/// | complex | list of two floats |
/// | date, time, Decimal, UUID, path and whatever else has a text form | str |
/// | array, numpy array; numpy scalar | list; number or str |
/// | class, function | str, the dotted name |
/// | instance | dict of its attributes; its items for a subclass of list or dict |
/// | call, `m.C(1)` | its only argument, `1`; a list of several |
/// | larger int, text with lone surrogates, persistent id, key that is not text, a number or bytes | an error |
///
/// Other types lose as much as a `Value`: a class named by `py:…` is not checked, [`Reduce`],
/// [`Global`] and arrays are errors, `Rc`s are not shared, and an error names the place of the
/// whole buffer. Nothing is lost on writing.
///
/// This works in their place: a `Value` that is looked at, and enums that serde does not buffer
/// (with the variant's name outside, or variants that are classes, beside one that is named `py:*`
/// and takes all else). One variant with `#[serde(untagged)]` makes serde buffer the whole enum, so
/// that its variants that are classes are not reached. Instead of `flatten`, read a [`Dict`] and
/// take the known keys out of it, by `#[serde(from = "Dict")]`.
///
/// ```
/// use serde::{Deserialize, Deserializer};
/// use serde_pickle::{Value, from_slice, pickle};
///
/// /// Instead of `#[serde(untagged)]`.
/// #[derive(Debug, PartialEq)]
/// enum Entry {
///     Count(i64),
///     Other(Value),
/// }
///
/// impl<'de> Deserialize<'de> for Entry {
///     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
///         let value = Value::deserialize(deserializer)?;
///         // Any type reads from a Value as it would from its pickle.
///         Ok(match i64::deserialize(&value) {
///             Ok(count) => Self::Count(count),
///             Err(_) => Self::Other(value),
///         })
///     }
/// }
///
/// // [1, (2, 3)]
/// let entries: Vec<Entry> = from_slice(b"](K\x01K\x02K\x03\x86e.")?;
/// assert_eq!(entries, [Entry::Count(1), Entry::Other(pickle!((2, 3)))]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Depth
/// Dropping, cloning, comparing and printing recurse. A value from a pickle is at most 1,000 levels
/// deep, unless the options say otherwise; one of that depth is safe in a thread of 2 MiB.
#[derive(Default)]
#[non_exhaustive]
pub enum Value {
    /// `None`.
    #[default]
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An `int` of 64 bits.
    Int(i64),
    /// An `int` beyond 64 bits. Never holds a number that fits [`Int`](Self::Int), because `==`
    /// would tell the two apart; `Value::from(BigInt)` ensures that.
    BigInt(BigInt),
    /// A `float`.
    Float(f64),
    /// A `complex`.
    Complex(Complex),
    /// A `str`.
    Str(String),
    /// A `str` with lone surrogates, which a `String` cannot hold.
    Surrogates(SurrogateString),
    /// `bytes`; also an 8-bit string of Python 2 that is not text.
    Bytes(Vec<u8>),
    /// A `bytearray`.
    ByteArray(Vec<u8>),
    /// A `tuple`.
    Tuple(Vec<Value>),
    /// A `list`.
    List(Vec<Value>),
    /// A `dict`.
    Dict(Dict),
    /// A `set`.
    Set(Set),
    /// A `frozenset`.
    FrozenSet(Set),
    /// A class, function or other object that the pickle names.
    Global(Arc<Global>),
    /// Any other object: how to build it.
    ///
    /// Clones refer to one `Reduce`; `Arc::make_mut` gives one to be changed,
    /// `Arc::unwrap_or_clone` takes it out.
    Object(Arc<Reduce>),
    /// An object outside of the pickle, by its persistent id.
    PersistentId(Box<Value>),
    /// A buffer that may travel beside the pickle.
    Buffer(Box<PickleBuffer>),
}

/// The address of the content that a value shares with others, and the kind of value: a set and a
/// frozenset may share elements.
pub(crate) type SharedKey = (usize, std::mem::Discriminant<Value>);

impl Value {
    /// The `str` with these bytes, as `bytes.decode('utf-8', 'surrogatepass')` gives it: a
    /// [`Str`](Self::Str), or [`Surrogates`](Self::Surrogates) where it has to be.
    ///
    /// ```
    /// use serde_pickle::Value;
    ///
    /// assert_eq!(Value::text(b"abc".to_vec())?, Value::from("abc"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the bytes are neither.
    pub fn text(bytes: Vec<u8>) -> Result<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::Str(text)),
            Err(error) => SurrogateString::from_bytes(error.into_bytes()).map(Self::Surrogates),
        }
    }

    /// The class, function or other object `qualname` of `module`.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// let class = Value::global("collections", "OrderedDict");
    /// assert_eq!(class.to_string(), "<global 'collections.OrderedDict'>");
    /// ```
    pub fn global(module: impl Into<String>, qualname: impl Into<String>) -> Self {
        Self::Global(Arc::new(Global { module: module.into(), qualname: qualname.into() }))
    }

    /// Python's `==`: numbers are equal whatever their type, a set equals a frozenset and bytes a
    /// bytearray.
    ///
    /// The `__eq__` of objects is unknown; they are equal here if they are built in equal ways. NaN
    /// equals nothing, not even within a container that is compared with itself.
    ///
    /// ```
    /// use serde_pickle::pickle;
    /// assert!(pickle!([1, True]).python_eq(&pickle!([1.0, 1])));
    /// assert!(pickle!([1, True]) != pickle!([1.0, 1]));
    /// assert!(!pickle!("a").python_eq(&pickle!(b"a")));
    /// ```
    pub fn python_eq(&self, other: &Self) -> bool {
        equal(self, other)
    }

    /// Returns true if Python could use this as the key of a dict or the element of a set.
    ///
    /// Objects count as hashable, though only their class knows if they are.
    ///
    /// ```
    /// use serde_pickle::pickle;
    ///
    /// assert!(pickle!((1, "a")).is_hashable());
    /// assert!(!pickle!((1, [])).is_hashable());
    /// ```
    pub fn is_hashable(&self) -> bool {
        key::hash_key(self).is_ok()
    }

    /// The same value; clones of a dict, set or object are then references to it.
    pub(crate) fn shared(self) -> Self {
        match self {
            Self::Dict(dict) => Self::Dict(dict.shared()),
            Self::Set(set) => Self::Set(set.shared()),
            Self::FrozenSet(set) => Self::FrozenSet(set.shared()),
            other => other,
        }
    }

    /// Hands another reference to the same dict, set or object to `take`; returns false, and hands
    /// on nothing, where clones would not refer to the same one.
    ///
    /// Each kind is handed on by itself: one value for all of them would be written in parts and
    /// copied as a whole, and a processor waits before such a copy.
    #[inline(always)]
    pub(crate) fn refer(&self, take: impl FnOnce(Self)) -> bool {
        match self {
            Self::Object(reduce) => take(Self::Object(Arc::clone(reduce))),
            Self::Dict(dict) => match dict.reference() {
                Some(dict) => take(Self::Dict(dict)),
                None => return false,
            },
            Self::Set(set) => match set.reference() {
                Some(set) => take(Self::Set(set)),
                None => return false,
            },
            Self::FrozenSet(set) => match set.reference() {
                Some(set) => take(Self::FrozenSet(set)),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// The identity of a value that is shared with others.
    pub(crate) fn shared_key(&self) -> Option<SharedKey> {
        let address = match self {
            Self::Dict(dict) => dict.shared_address(),
            Self::Set(set) | Self::FrozenSet(set) => set.shared_address(),
            Self::Object(reduce) if Arc::strong_count(reduce) > 1 => {
                Some(Arc::as_ptr(reduce) as usize)
            }
            _ => None,
        }?;
        Some((address, std::mem::discriminant(self)))
    }

    /// Takes the value and leaves `None` in its place.
    ///
    /// ```
    /// use serde_pickle::{Value, pickle};
    /// let mut value = pickle!({"a": [1, 2]});
    /// assert_eq!(value["a"].take(), pickle!([1, 2]));
    /// assert_eq!(value, pickle!({"a": None}));
    /// ```
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small_and_travels_between_threads() {
        fn travels<T: Send + Sync + 'static>() {}
        travels::<Value>();
        assert!(size_of::<Value>() <= 32, "{}", size_of::<Value>());
        // They are no larger than other variants, so the list of few entries needs no box.
        assert_eq!(size_of::<Dict>(), size_of::<Vec<Value>>());
        assert_eq!(size_of::<Set>(), size_of::<Vec<Value>>());
    }

    #[test]
    fn the_default_is_none() {
        assert_eq!(Value::default(), Value::None);
    }

    #[test]
    fn equality_tells_python_types_apart() {
        let ones =
            [Value::Int(1), Value::Float(1.0), Value::Bool(true), Value::Complex(1.0.into())];
        for (i, a) in ones.iter().enumerate() {
            for (j, b) in ones.iter().enumerate() {
                assert_eq!(a == b, i == j, "{a} {b}");
                assert!(a.python_eq(b), "{a} {b}");
            }
        }
        assert_ne!(Value::Bytes(vec![1]), Value::ByteArray(vec![1]));
    }

    #[test]
    fn text_is_a_string_where_it_can_be() {
        assert_eq!(Value::text(b"caf\xc3\xa9".to_vec()).unwrap(), Value::from("café"));
        assert!(matches!(Value::text(b"\xed\xb3\xa9".to_vec()), Ok(Value::Surrogates(_))));
        assert!(Value::text(b"\xff".to_vec()).is_err());
    }
}
