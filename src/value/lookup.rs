//! The types that can be looked up in a `Dict` or `Set`, and those whose every value can be
//! inserted as a key.
//!
//! Both traits are sealed: `key.rs` alone decides what is a key. A lookup by `&str` or `&[u8]`
//! copies nothing.

use num_bigint::BigInt;

use super::{Complex, SurrogateString, Value};
use crate::reduce::Global;

/// A key to look up in a [`Dict`](crate::Dict) or [`Set`](crate::Set): `str`, `[u8]`, the integers,
/// `bool`, and [`Value`].
///
/// ```
/// use serde_pickle::{Dict, Value};
///
/// let dict = Dict::from([("a", 1)]);
/// let text = Value::from("a");
/// assert_eq!(dict.get("a"), dict.get(&text));
/// assert_eq!(dict.get(&7), None);
/// ```
pub trait Lookup: Probe {}

/// A type whose every value is hashable in Python, so that it can be put into a
/// [`Dict`](crate::Dict) or [`Set`](crate::Set) without an error: text, numbers, bytes, globals.
///
/// Any other type, such as a tuple or a [`Value`], goes through `try_insert`, which fails if the
/// value is not hashable.
///
/// ```
/// use serde_pickle::Dict;
/// use serde_pickle::value::IntoKey;
///
/// fn count(dict: &mut Dict, key: impl IntoKey + Clone) {
///     let seen = dict.insert(key.clone(), 1).and_then(|seen| seen.as_i64()).unwrap_or(0);
///     dict.insert(key, seen + 1);
/// }
///
/// let mut dict = Dict::new();
/// count(&mut dict, "a");
/// count(&mut dict, "a");
/// assert_eq!(dict.get("a"), Some(&2.into()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not always a key in Python: it may hold what is not hashable",
    label = "not a type whose every value is hashable",
    note = "use `try_insert`, which takes anything that becomes a `Value`: \
            `dict.try_insert(pickle!((1, 2)), value)?`"
)]
pub trait IntoKey: Into<Value> + Key {}

pub(super) mod sealed {
    use super::Value;

    /// A key that is looked up.
    #[derive(Debug)]
    pub enum Probed<'a> {
        Str(&'a str),
        Bytes(&'a [u8]),
        Value(&'a Value),
        Made(Value),
    }

    pub trait Probe {
        fn probe(&self) -> Probed<'_>;
    }

    pub trait Key {}
}

use sealed::{Key, Probe, Probed};

impl Lookup for str {}
impl Probe for str {
    fn probe(&self) -> Probed<'_> {
        Probed::Str(self)
    }
}

impl Lookup for String {}
impl Probe for String {
    fn probe(&self) -> Probed<'_> {
        Probed::Str(self)
    }
}

impl Lookup for [u8] {}
impl Probe for [u8] {
    fn probe(&self) -> Probed<'_> {
        Probed::Bytes(self)
    }
}

impl<const N: usize> Lookup for [u8; N] {}
impl<const N: usize> Probe for [u8; N] {
    fn probe(&self) -> Probed<'_> {
        Probed::Bytes(self)
    }
}

impl Lookup for Value {}
impl Probe for Value {
    fn probe(&self) -> Probed<'_> {
        Probed::Value(self)
    }
}

impl<Q: Lookup + ?Sized> Lookup for &Q {}
impl<Q: Lookup + ?Sized> Probe for &Q {
    fn probe(&self) -> Probed<'_> {
        (**self).probe()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Lookup for $number {}
        impl Probe for $number {
            fn probe(&self) -> Probed<'_> {
                Probed::Made(Value::from(*self))
            }
        }
        impl IntoKey for $number {}
        impl Key for $number {}
    )*};
}
numbers!(bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64);

macro_rules! keys {
    ($($key:ty)*) => {$(
        impl IntoKey for $key {}
        impl Key for $key {}
    )*};
}
keys!(
    () char &str String std::borrow::Cow<'_, str> BigInt Complex SurrogateString Global
    serde_bytes::ByteBuf &serde_bytes::Bytes
);

impl<const N: usize> IntoKey for &[u8; N] {}
impl<const N: usize> Key for &[u8; N] {}

impl<K: IntoKey> IntoKey for Option<K> {}
impl<K: IntoKey> Key for Option<K> {}
