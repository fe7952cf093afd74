//! Access to the content of a value, by type: `is_*`, `as_*`, `into_*`.
//!
//! `as_*` answers only for the Python type in its name: `True` is not an int here, although it is
//! one in Python. Exceptions are documented at the method. A scalar of numpy is an object, and
//! counts as the value that [`Value::numpy_scalar`] gives.

use std::sync::Arc;

use num_bigint::BigInt;

use super::{Complex, Dict, Set, SurrogateString, Value, numpy};
use crate::reduce::{Global, Reduce};

macro_rules! is {
    ($($(#[$doc:meta])* $name:ident: $pattern:pat,)*) => {$(
        $(#[$doc])*
        pub const fn $name(&self) -> bool {
            matches!(self, $pattern)
        }
    )*};
}

/// Tests of the type.
impl Value {
    is! {
        /// Returns true for `None`.
        is_none: Self::None,
        /// Returns true for `True` and `False`.
        is_bool: Self::Bool(_),
        /// Returns true for an `int` of any size, and false for a bool.
        is_int: Self::Int(_) | Self::BigInt(_),
        /// Returns true for a `float`.
        is_float: Self::Float(_),
        /// Returns true for an `int` or a `float`.
        is_number: Self::Int(_) | Self::BigInt(_) | Self::Float(_),
        /// Returns true for a `complex`.
        is_complex: Self::Complex(_),
        /// Returns true for a `str`, with lone surrogates or without.
        is_str: Self::Str(_) | Self::Surrogates(_),
        /// Returns true for a `bytes`.
        is_bytes: Self::Bytes(_),
        /// Returns true for a `bytearray`.
        is_bytearray: Self::ByteArray(_),
        /// Returns true for a `tuple`.
        is_tuple: Self::Tuple(_),
        /// Returns true for a `list`.
        is_list: Self::List(_),
        /// Returns true for a `dict`.
        is_dict: Self::Dict(_),
        /// Returns true for a `set`.
        is_set: Self::Set(_),
        /// Returns true for a `frozenset`.
        is_frozenset: Self::FrozenSet(_),
        /// Returns true for the name of a class, function or other object.
        is_global: Self::Global(_),
        /// Returns true for an object that a reduce describes.
        is_object: Self::Object(_),
    }

    /// Returns Python's name of the type, as in `type(x).__name__`: `NoneType`, `int`, `str`, …
    ///
    /// An object's own class name is not known for sure; it is `object`. Globals, persistent ids
    /// and buffers are `global`, `persistent id` and `PickleBuffer`.
    ///
    /// ```
    /// use serde_pickle::{Value, pickle};
    ///
    /// assert_eq!(Value::None.type_name(), "NoneType");
    /// let values = [(pickle!(1), "int"), (pickle!((1, 2)), "tuple"), (pickle!([]), "list")];
    /// for (value, name) in values {
    ///     assert_eq!(value.type_name(), name);
    ///     assert_eq!(value.is_int() && value.is_number(), name == "int");
    ///     assert_eq!(value.is_tuple(), name == "tuple");
    ///     assert_eq!(value.is_list(), name == "list");
    ///     assert!(!value.is_none() && !value.is_bool() && !value.is_float());
    ///     assert!(!value.is_complex() && !value.is_str() && !value.is_bytes());
    ///     assert!(!value.is_bytearray() && !value.is_dict() && !value.is_set());
    ///     assert!(!value.is_frozenset() && !value.is_global() && !value.is_object());
    /// }
    /// ```
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Complex(_) => "complex",
            Self::Str(_) | Self::Surrogates(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "bytearray",
            Self::Tuple(_) => "tuple",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
            Self::Set(_) => "set",
            Self::FrozenSet(_) => "frozenset",
            Self::Global(_) => "global",
            Self::Object(_) => "object",
            Self::PersistentId(_) => "persistent id",
            Self::Buffer(_) => "PickleBuffer",
        }
    }
}

/// The content, borrowed.
impl Value {
    /// The plain value that a scalar of numpy equals: `np.float64(1.5)`, an object in a pickle,
    /// is the float 1.5.
    ///
    /// `None` for anything else, and for the scalars that equal no plain value: times, records and
    /// long doubles. The methods for numbers and bytes here, [`python_eq`](Self::python_eq) and
    /// the keys of dicts and sets look through such scalars by themselves.
    ///
    /// ```
    /// use serde_pickle::{Value, from_slice, pickle};
    ///
    /// // pickle.dumps({np.int16(-2): np.str_('ab')}, 2)
    /// let value: Value = from_slice(
    ///     b"\x80\x02}cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\0\0\0i2\x89\x88tR\
    ///     (K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbU\x02\xfe\xfftR\
    ///     cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\0\0\0U2\x89\x88tR\
    ///     (K\x03X\x01\0\0\0<NNNK\x08K\x04K\x08tbU\x08a\0\0\0b\0\0\0tRs.",
    /// )?;
    /// let dict = value.as_dict().unwrap();
    /// assert_eq!(dict.get(&-2).and_then(Value::numpy_scalar), Some(pickle!("ab")));
    /// assert_eq!(dict.keys().next().and_then(Value::as_i64), Some(-2));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn numpy_scalar(&self) -> Option<Self> {
        match self {
            Self::Object(object) => numpy::plain(object),
            _ => None,
        }
    }

    /// The bool.
    ///
    /// ```
    /// use serde_pickle::Value;
    ///
    /// assert_eq!(Value::Bool(true).as_bool(), Some(true));
    /// assert_eq!(Value::Int(1).as_bool(), None);
    /// ```
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            Self::Object(_) => self.numpy_scalar()?.as_bool(),
            _ => None,
        }
    }

    /// The int, if it fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Object(_) => self.numpy_scalar()?.as_i64(),
            _ => None,
        }
    }

    /// The int, if it fits.
    ///
    /// ```
    /// use serde_pickle::Value;
    ///
    /// let great = Value::from(u64::MAX);
    /// assert_eq!((great.as_i64(), great.as_u64()), (None, Some(u64::MAX)));
    /// assert_eq!(great.as_i128(), Some(i128::from(u64::MAX)));
    /// assert_eq!(great.as_u128(), Some(u128::from(u64::MAX)));
    /// assert_eq!(great.to_bigint(), Some(u64::MAX.into()));
    /// ```
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(int) => u64::try_from(*int).ok(),
            Self::BigInt(int) => u64::try_from(int).ok(),
            Self::Object(_) => self.numpy_scalar()?.as_u64(),
            _ => None,
        }
    }

    /// The int, if it fits.
    pub fn as_i128(&self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(i128::from(*int)),
            Self::BigInt(int) => i128::try_from(int).ok(),
            Self::Object(_) => self.numpy_scalar()?.as_i128(),
            _ => None,
        }
    }

    /// The int, if it fits.
    pub fn as_u128(&self) -> Option<u128> {
        match self {
            Self::Int(int) => u128::try_from(*int).ok(),
            Self::BigInt(int) => u128::try_from(int).ok(),
            Self::Object(_) => self.numpy_scalar()?.as_u128(),
            _ => None,
        }
    }

    /// The int, of any size.
    pub fn to_bigint(&self) -> Option<BigInt> {
        match self {
            Self::Int(int) => Some(BigInt::from(*int)),
            Self::BigInt(int) => Some(int.clone()),
            Self::Object(_) => self.numpy_scalar()?.to_bigint(),
            _ => None,
        }
    }

    /// The float; for an int of 64 bits the nearest float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(float) => Some(*float),
            Self::Int(int) => Some(*int as f64),
            Self::Object(_) => self.numpy_scalar()?.as_f64(),
            _ => None,
        }
    }

    /// The complex.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// use serde_pickle::value::Complex;
    ///
    /// let i = Complex::new(0.0, 1.0);
    /// assert_eq!(Value::from(i).as_complex(), Some(i));
    /// ```
    pub fn as_complex(&self) -> Option<Complex> {
        match self {
            Self::Complex(complex) => Some(*complex),
            Self::Object(_) => self.numpy_scalar()?.as_complex(),
            _ => None,
        }
    }

    /// The text, unless it has lone surrogates.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// use serde_pickle::value::SurrogateString;
    ///
    /// assert_eq!(Value::from("a").as_str(), Some("a"));
    /// let name = Value::from(SurrogateString::from_bytes(b"caf\xed\xb3\xa9".to_vec())?);
    /// assert_eq!(name.as_str(), None);
    /// assert!(name.as_surrogates().is_some());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The text with lone surrogates.
    pub const fn as_surrogates(&self) -> Option<&SurrogateString> {
        match self {
            Self::Surrogates(text) => Some(text),
            _ => None,
        }
    }

    /// The content of a bytes, bytearray or buffer.
    ///
    /// ```
    /// use serde_pickle::Value;
    ///
    /// assert_eq!(Value::Bytes(vec![1, 2]).as_bytes(), Some(&[1, 2][..]));
    /// ```
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) | Self::ByteArray(bytes) => Some(bytes),
            Self::Buffer(buffer) => Some(&buffer.data),
            Self::Object(object) => numpy::bytes(object),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    ///
    /// ```
    /// use serde_pickle::pickle;
    ///
    /// assert_eq!(pickle!([1, 2]).as_slice(), pickle!((1, 2)).as_tuple());
    /// assert_eq!(pickle!((1, 2)).as_list(), None);
    /// ```
    pub fn as_slice(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list.
    pub const fn as_list(&self) -> Option<&Vec<Self>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, to be changed.
    ///
    /// ```
    /// use serde_pickle::pickle;
    ///
    /// let mut value = pickle!({"tags": ["a"], "seen": {}});
    /// value["tags"].as_list_mut().unwrap().push("b".into());
    /// value["seen"].as_dict_mut().unwrap().insert("b", 1);
    /// assert_eq!(value.to_string(), "{'tags': ['a', 'b'], 'seen': {'b': 1}}");
    /// ```
    pub const fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a tuple.
    pub fn as_tuple(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The dict.
    pub const fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The dict, to be changed.
    pub const fn as_dict_mut(&mut self) -> Option<&mut Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The elements of a set or frozenset.
    ///
    /// ```
    /// use serde_pickle::{Set, Value};
    ///
    /// let mut value = Value::Set(Set::from([1]));
    /// value.as_set_mut().unwrap().insert(2);
    /// assert_eq!(value.as_set().map(Set::len), Some(2));
    /// ```
    pub const fn as_set(&self) -> Option<&Set> {
        match self {
            Self::Set(set) | Self::FrozenSet(set) => Some(set),
            _ => None,
        }
    }

    /// The elements of a set, to be changed. A frozenset's are not.
    pub const fn as_set_mut(&mut self) -> Option<&mut Set> {
        match self {
            Self::Set(set) => Some(set),
            _ => None,
        }
    }

    /// The name of a class, function or other object.
    ///
    /// ```
    /// use serde_pickle::{Value, from_slice};
    ///
    /// let value: Value = from_slice(b"ccollections\nCounter\n.")?;
    /// assert_eq!(value.as_global().unwrap().module, "collections");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_global(&self) -> Option<&Global> {
        match self {
            Self::Global(global) => Some(global),
            _ => None,
        }
    }

    /// The recipe of an object.
    ///
    /// ```
    /// use serde_pickle::{Value, from_slice};
    ///
    /// // m.C(1)
    /// let mut value: Value = from_slice(b"cm\nC\n(K\x01tR.")?;
    /// value.as_object_mut().unwrap().state = Some(Box::new("new".into()));
    /// assert_eq!(value.as_object().unwrap().state.as_deref(), Some(&"new".into()));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_object(&self) -> Option<&Reduce> {
        match self {
            Self::Object(reduce) => Some(reduce),
            _ => None,
        }
    }

    /// The recipe of an object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Reduce> {
        match self {
            Self::Object(reduce) => Some(Arc::make_mut(reduce)),
            _ => None,
        }
    }

    /// The persistent id that stands for an object outside of the pickle.
    ///
    /// ```
    /// use serde_pickle::{Value, from_slice};
    ///
    /// let value: Value = from_slice(b"X\x03\0\0\0db1Q.")?;
    /// assert_eq!(value.as_persistent_id(), Some(&"db1".into()));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_persistent_id(&self) -> Option<&Self> {
        match self {
            Self::PersistentId(id) => Some(id),
            _ => None,
        }
    }
}

macro_rules! into {
    ($($(#[$doc:meta])* $name:ident: $pattern:pat => $given:expr, $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// The value itself, if it is something else.
        pub fn $name(self) -> Result<$type, Self> {
            match self {
                $pattern => Ok($given),
                other => Err(other),
            }
        }
    )*};
}

/// The content, moved out.
impl Value {
    into! {
        /// The text of a `str` without lone surrogates.
        ///
        /// ```
        /// use serde_pickle::{Set, Value, pickle};
        ///
        /// assert_eq!(pickle!("a").into_string(), Ok("a".to_owned()));
        /// assert_eq!(Value::Bytes(vec![1]).into_bytes(), Ok(vec![1]));
        /// assert_eq!(pickle!([1]).into_vec(), Ok(vec![Value::Int(1)]));
        /// assert_eq!(pickle!({"a": 1}).into_dict().map(|dict| dict.len()), Ok(1));
        /// assert_eq!(Value::Set(Set::from([1])).into_set(), Ok(Set::from([1])));
        /// assert_eq!(pickle!(1).into_object(), Err(Value::Int(1))); // given back
        /// ```
        into_string: Self::Str(text) => text, String;
        /// The content of a bytes or bytearray.
        into_bytes: Self::Bytes(bytes) | Self::ByteArray(bytes) => bytes, Vec<u8>;
        /// The items of a list or tuple.
        into_vec: Self::List(items) | Self::Tuple(items) => items, Vec<Self>;
        /// The dict.
        into_dict: Self::Dict(dict) => dict, Dict;
        /// The elements of a set or frozenset.
        into_set: Self::Set(set) | Self::FrozenSet(set) => set, Set;
        /// The recipe of an object.
        into_object: Self::Object(reduce) => Arc::unwrap_or_clone(reduce), Reduce;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle;

    #[test]
    fn ints_are_given_where_they_fit() {
        let big = Value::from(u64::MAX);
        assert_eq!(
            (big.as_i64(), big.as_u64(), big.as_i128()),
            (None, Some(u64::MAX), Some(u64::MAX.into()))
        );
        assert_eq!(Value::from(-1).as_u64(), None);
        assert_eq!(Value::from(-1).as_u128(), None);
        assert_eq!(Value::from(u128::MAX).as_u128(), Some(u128::MAX));
        assert_eq!(Value::from(u128::MAX).as_i128(), None);
        assert_eq!(Value::from(u128::MAX).to_bigint(), Some(BigInt::from(u128::MAX)));
        assert!(big.is_int() && pickle!(True).is_bool() && !pickle!(True).is_int());
        assert_eq!(pickle!(True).as_i64(), None);
        assert_eq!(pickle!(3).as_f64(), Some(3.0));
    }

    #[test]
    fn what_is_moved_out_or_comes_back() {
        assert_eq!(pickle!("a").into_string(), Ok("a".into()));
        assert_eq!(pickle!((1, 2)).into_vec(), Ok(vec![1.into(), 2.into()]));
        assert_eq!(pickle!(1).into_dict(), Err(Value::Int(1)));
        assert_eq!(pickle!({"a": 1}).into_dict().unwrap().len(), 1);
        assert_eq!(pickle!({1, 2}).into_set().unwrap().len(), 2);
        assert_eq!(pickle!(b"ab").into_bytes(), Ok(b"ab".to_vec()));
    }

    #[test]
    fn type_names_are_pythons() {
        assert_eq!(pickle!(None).type_name(), "NoneType");
        assert_eq!(Value::from(u64::MAX).type_name(), "int");
        assert_eq!(pickle!({}).type_name(), "dict");
    }
}
