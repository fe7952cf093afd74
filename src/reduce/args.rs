//! [`Args`]: the positional arguments of any object.
//!
//! They are a tuple in every pickle that Python reads, so there is nothing else that they can be:
//! half the memory of a [`Value`] that says so.

use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::error::Error;
use crate::value::{Value, serialize_tuple};

/// The error for arguments that are no tuple.
const NO_TUPLE: &str = "the arguments of an object are not a tuple";

/// The positional arguments of an object whose class is not known: a tuple of [`Value`]s.
///
/// It derefs to a slice, and prints as a tuple does in Python. Arguments come and go by way of a
/// `Vec`:
///
/// ```
/// use serde_pickle::reduce::{Args, Global, Reduce};
/// use serde_pickle::{Value, pickle};
///
/// let mut object = Reduce::call(Global::new("decimal", "Decimal"), Args::from(["9.95"]));
/// assert_eq!((object.args.len(), &object.args[0]), (1, &Value::from("9.95")));
/// let mut args = object.args.into_vec();
/// args.push(Value::None);
/// object.args = args.into();
/// assert_eq!(object.args, pickle!(("9.95", None)));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Args(Box<[Value]>);

impl Args {
    /// The arguments, to add some or to take some out.
    pub fn into_vec(self) -> Vec<Value> {
        self.0.into_vec()
    }
}

impl Deref for Args {
    type Target = [Value];

    #[inline]
    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl DerefMut for Args {
    fn deref_mut(&mut self) -> &mut [Value] {
        &mut self.0
    }
}

/// No arguments.
impl From<()> for Args {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<Vec<Value>> for Args {
    #[inline]
    fn from(args: Vec<Value>) -> Self {
        Self(args.into_boxed_slice())
    }
}

impl<V: Into<Value>, const N: usize> From<[V; N]> for Args {
    fn from(args: [V; N]) -> Self {
        args.into_iter().collect()
    }
}

impl<V: Into<Value>> FromIterator<V> for Args {
    #[inline]
    fn from_iter<I: IntoIterator<Item = V>>(args: I) -> Self {
        Self(args.into_iter().map(Into::into).collect())
    }
}

/// Those of a tuple or list; none of a `None`.
impl TryFrom<Value> for Args {
    type Error = Error;

    /// # Errors
    /// Any other value is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn try_from(args: Value) -> Result<Self, Error> {
        match args {
            Value::Tuple(args) | Value::List(args) => Ok(args.into()),
            Value::None => Ok(Self::default()),
            _ => Err(Error::data(NO_TUPLE)),
        }
    }
}

/// A tuple.
impl From<Args> for Value {
    fn from(args: Args) -> Self {
        Self::Tuple(args.into_vec())
    }
}

impl IntoIterator for Args {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Args {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Args {
    type Item = &'a mut Value;
    type IntoIter = std::slice::IterMut<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// True of a tuple of the same items.
impl PartialEq<Value> for Args {
    fn eq(&self, other: &Value) -> bool {
        matches!(other, Value::Tuple(items) if self[..] == items[..])
    }
}

impl<const N: usize> PartialEq<[Value; N]> for Args {
    fn eq(&self, other: &[Value; N]) -> bool {
        self[..] == other[..]
    }
}

// Hashing recurses, and a slice's own way takes three frames more.
impl Hash for Args {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for arg in self {
            arg.hash(state);
        }
    }
}

/// As a tuple.
impl Serialize for Args {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_tuple(self, serializer)
    }
}

/// From any sequence.
impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer).map(Self::try_from) {
            Ok(args) => args.map_err(de::Error::custom),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle;

    #[test]
    fn they_are_those_of_any_sequence() {
        let of = |value: Value| Args::try_from(value);
        assert_eq!(of(pickle!((1, "a"))).unwrap(), pickle!((1, "a")));
        assert_eq!(of(pickle!([1, "a"])).unwrap(), pickle!((1, "a")));
        assert_eq!(of(Value::None).unwrap(), Args::from(()));
        assert_eq!(of(Value::from(1)).unwrap_err().to_string(), NO_TUPLE);
        let json = serde_json::to_string(&Args::from([1, 2])).unwrap();
        assert_eq!(json, "[1,2]");
        assert_eq!(serde_json::from_str::<Args>(&json).unwrap(), [1.into(), 2.into()]);
        assert_eq!(serde_json::from_str::<Args>("null").unwrap(), Args::default());
        let error = serde_json::from_str::<Args>("7").unwrap_err();
        assert_eq!(error.to_string(), NO_TUPLE);
    }

    #[test]
    fn they_print_as_a_tuple() {
        assert_eq!(Args::default().to_string(), "()");
        assert_eq!(Args::from(["a"]).to_string(), "('a',)");
        assert_eq!(format!("{:?}", Args::from([1, 2])), "Args((1, 2))");
    }
}
