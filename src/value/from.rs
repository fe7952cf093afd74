//! Rust types as values.
//!
//! One rule: `Value::from(x)` is the value of the pickle of `x`; see the table in the crate's docs.
//! So a `Vec` is a list, an array a tuple, `Option::None` and `()` are None, and bytes come as the
//! types of `serde_bytes`. The one addition is `&[u8; N]`, the type of the literal `b"…"`, which is
//! bytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use num_bigint::BigInt;

use super::lookup::IntoKey;
use super::{Complex, Dict, PickleBuffer, Set, SurrogateString, Value};
use crate::reduce::{Args, Global, PersistentId, Reduce};

macro_rules! ints {
    (fit: $($fits:ty)*, $($wide:ty)*) => {
        $(impl From<$fits> for Value {
            /// An `int`.
            fn from(int: $fits) -> Self {
                Self::Int(int.into())
            }
        })*
        $(impl From<$wide> for Value {
            /// An `int`.
            fn from(int: $wide) -> Self {
                i64::try_from(int).map_or_else(|_| Self::BigInt(int.into()), Self::Int)
            }
        })*
    };
}
ints!(fit: i8 i16 i32 i64 u8 u16 u32, isize i128 u64 u128 usize);

impl From<BigInt> for Value {
    /// An `int`: [`Value::Int`] where it fits.
    fn from(int: BigInt) -> Self {
        i64::try_from(&int).map_or_else(|_| Self::BigInt(int), Self::Int)
    }
}

macro_rules! plain {
    ($($type:ty, $value:ident => $made:expr, $kind:literal;)*) => {$(
        impl From<$type> for Value {
            #[doc = concat!("A `", $kind, "`.")]
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}
plain! {
    (), _unit => Self::None, "None";
    bool, bool => Self::Bool(bool), "bool";
    f32, float => Self::Float(float.into()), "float";
    f64, float => Self::Float(float), "float";
    Complex, complex => Self::Complex(complex), "complex";
    char, char => Self::Str(char.into()), "str";
    &str, text => Self::Str(text.to_owned()), "str";
    String, text => Self::Str(text), "str";
    Box<str>, text => Self::Str(text.into()), "str";
    Cow<'_, str>, text => Self::Str(text.into_owned()), "str";
    SurrogateString, text => Self::Surrogates(text), "str";
    serde_bytes::ByteBuf, bytes => Self::Bytes(bytes.into_vec()), "bytes";
    &serde_bytes::Bytes, bytes => Self::Bytes(bytes.to_vec()), "bytes";
    Dict, dict => Self::Dict(dict), "dict";
    Set, set => Self::Set(set), "set";
    Global, global => Self::Global(Arc::new(global)), "class, function or other object by name";
    Reduce, reduce => Self::Object(Arc::new(reduce)), "object";
    Reduce<Args, Self>, reduce => Self::Object(Arc::new(reduce.into())), "object";
    PickleBuffer, buffer => Self::Buffer(Box::new(buffer)), "PickleBuffer";
}

impl<const N: usize> From<&[u8; N]> for Value {
    /// A `bytes`: this is the type of a literal `b"…"`.
    fn from(bytes: &[u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<PersistentId<T>> for Value {
    /// An object outside of the pickle.
    fn from(id: PersistentId<T>) -> Self {
        Self::PersistentId(Box::new(id.0.into()))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    /// `None`, or the content.
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::None, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    /// A `list`, of bytes too: see the module `serde_bytes` for a `bytes`.
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Value>> From<&[T]> for Value {
    /// A `list`, of bytes too: see the module `serde_bytes` for a `bytes`.
    fn from(items: &[T]) -> Self {
        Self::List(items.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    /// A `tuple`, which is what serde makes of an array.
    fn from(items: [T; N]) -> Self {
        Self::Tuple(items.into_iter().map(Into::into).collect())
    }
}

impl<K: IntoKey, V: Into<Value>, S> From<HashMap<K, V, S>> for Value {
    /// A `dict`, in the map's order, which changes from run to run.
    fn from(map: HashMap<K, V, S>) -> Self {
        Self::Dict(map.into())
    }
}

impl<K: IntoKey, V: Into<Value>> From<BTreeMap<K, V>> for Value {
    /// A `dict`, in the map's order.
    fn from(map: BTreeMap<K, V>) -> Self {
        Self::Dict(map.into())
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    /// A `list`. Entries are collected into a [`Dict`].
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Value>),+> From<($($name,)+)> for Value {
            /// A `tuple`.
            #[allow(non_snake_case, reason = "a field is named as its type here")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Self::Tuple(vec![$($name.into()),+])
            }
        }

        impl<$($name: Into<Value>),+> From<($($name,)+)> for Args {
            #[allow(non_snake_case, reason = "a field is named as its type here")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Self::from(vec![$($name.into()),+])
            }
        }
    )*};
}
tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

// Comparisons with Rust's own types, as serde_json's Value has them.

macro_rules! compare {
    ($($type:ty: |$value:ident, $other:ident| $equal:expr;)*) => {$(
        impl PartialEq<$type> for Value {
            fn eq(&self, other: &$type) -> bool {
                let ($value, $other) = (self, other);
                // A scalar of numpy is of another type.
                !self.is_object() && $equal
            }
        }

        impl PartialEq<Value> for $type {
            fn eq(&self, other: &Value) -> bool {
                other == self
            }
        }
    )*};
}
compare! {
    bool: |value, other| value.as_bool() == Some(*other);
    i8: |value, other| value.as_i64() == Some((*other).into());
    i16: |value, other| value.as_i64() == Some((*other).into());
    i32: |value, other| value.as_i64() == Some((*other).into());
    i64: |value, other| value.as_i64() == Some(*other);
    i128: |value, other| value.as_i128() == Some(*other);
    isize: |value, other| value.as_i64() == i64::try_from(*other).ok();
    u8: |value, other| value.as_u64() == Some((*other).into());
    u16: |value, other| value.as_u64() == Some((*other).into());
    u32: |value, other| value.as_u64() == Some((*other).into());
    u64: |value, other| value.as_u64() == Some(*other);
    u128: |value, other| value.as_u128() == Some(*other);
    usize: |value, other| value.as_u64() == u64::try_from(*other).ok();
    f32: |value, other| matches!(value, Value::Float(float) if *float == f64::from(*other));
    f64: |value, other| matches!(value, Value::Float(float) if float == other);
    str: |value, other| value.as_str() == Some(other);
    &str: |value, other| value.as_str() == Some(*other);
    String: |value, other| value.as_str() == Some(other.as_str());
}

impl PartialEq<[u8]> for Value {
    /// Returns true for a `bytes` with that content.
    fn eq(&self, other: &[u8]) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes == other)
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Value {
    /// Returns true for a `bytes` with that content.
    fn eq(&self, other: &&[u8; N]) -> bool {
        *self == other[..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_of_every_width_are_ints() {
        assert_eq!(Value::from(u64::MAX), Value::BigInt(u64::MAX.into()));
        assert_eq!(Value::from(i128::from(i64::MIN)), Value::Int(i64::MIN));
        assert_eq!(Value::from(i128::from(i64::MIN) - 1).to_string(), "-9223372036854775809");
        assert_eq!(Value::from(BigInt::from(7)), Value::Int(7));
        assert_eq!(Value::from(7_usize), Value::Int(7));
    }

    #[test]
    fn a_value_is_what_serde_would_make_of_it() {
        assert_eq!(Value::from(vec![1_u8]), Value::List(vec![Value::Int(1)]));
        assert_eq!(Value::from([1, 2]), Value::Tuple(vec![Value::Int(1), Value::Int(2)]));
        assert_eq!(Value::from(&[1, 2][..]), Value::List(vec![Value::Int(1), Value::Int(2)]));
        assert_eq!(Value::from(b"ab"), Value::Bytes(b"ab".to_vec()));
        assert_eq!(Value::from(serde_bytes::ByteBuf::from(b"ab")), Value::Bytes(b"ab".to_vec()));
        assert_eq!(Value::from(Some("x")), Value::Str("x".into()));
        assert_eq!(Value::from(None::<i32>), Value::None);
        assert_eq!(Value::from((1, "a", 2.5)).to_string(), "(1, 'a', 2.5)");
        assert_eq!(
            Value::from(BTreeMap::from([("a", 1), ("b", 2)])).to_string(),
            "{'a': 1, 'b': 2}"
        );
        assert_eq!(Value::from(HashMap::from([(1, ())])).to_string(), "{1: None}");
        assert_eq!((1..4).collect::<Value>().to_string(), "[1, 2, 3]");
    }

    #[test]
    fn values_compare_with_rusts_own_types() {
        let [one, truth, half] = [Value::from(1), Value::from(true), Value::from(2.5)];
        assert!(
            one == 1 && 1_u8 == one && one != 1.0 && truth != 1 && truth == true && half == 2.5_f32
        );
        let [text, bytes, long] = [Value::from("a"), Value::from(b"a"), Value::from(u128::MAX)];
        let owned = String::from("a");
        assert!(text == "a" && *"a" == text && text == owned && text != b"a" && bytes == b"a");
        assert_eq!(long, u128::MAX);
        assert_ne!(long, u64::MAX);
    }
}
