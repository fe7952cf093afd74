//! The modules for `#[serde(with = …)]`, and [`AsPython`], by which most of them work.
//!
//! A type of std or another crate is written as a type of this folder. The modules of the features
//! differ in name alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use num_bigint::BigInt;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};

use super::{IpAddress, Path, PathKind, TimeDelta};
use crate::error::{Error, Result, quoted};
use crate::value::Value;

/// A type that is written as a Python object, and read from one, by way of a type of
/// [`python`](crate::python).
///
/// The modules for `#[serde(with = …)]` take any such type, an `Option` or a `Vec` of one too.
/// Implement it for your own types.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use serde_pickle::python::{AsPython, TimeDelta};
///
/// /// Minutes of a meeting: a `datetime.timedelta` in Python.
/// #[derive(Debug, PartialEq)]
/// struct Minutes(i64);
///
/// impl AsPython for Minutes {
///     type Object = TimeDelta;
///
///     fn to_python(&self) -> serde_pickle::Result<TimeDelta> {
///         TimeDelta::new(0, self.0 * 60, 0)
///     }
///
///     fn from_python(delta: TimeDelta) -> serde_pickle::Result<Self> {
///         Ok(Self((delta.whole_microseconds() / 60_000_000) as i64))
///     }
/// }
///
/// // Any of the modules for `with` takes it.
/// #[derive(Serialize, Deserialize)]
/// struct Meeting(#[serde(with = "serde_pickle::python::duration")] Minutes);
///
/// let bytes = serde_pickle::to_vec(&Meeting(Minutes(90)))?;
/// assert_eq!(serde_pickle::from_slice::<Meeting>(&bytes)?.0, Minutes(90));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub trait AsPython: Sized {
    /// The type that stands for it in a pickle.
    type Object: Serialize + DeserializeOwned;

    /// Makes the Python object.
    ///
    /// ```
    /// use std::time::Duration;
    /// use serde_pickle::python::{AsPython, TimeDelta};
    ///
    /// let delta = Duration::from_secs(90).to_python()?;
    /// assert_eq!(delta, TimeDelta::new(0, 90, 0)?);
    /// assert_eq!(Duration::from_python(delta)?, Duration::from_secs(90));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// A value that Python's type cannot hold.
    fn to_python(&self) -> Result<Self::Object>;

    /// Makes the value of what was read.
    ///
    /// # Errors
    /// An object that this type cannot hold.
    fn from_python(object: Self::Object) -> Result<Self>;
}

impl<T: AsPython> AsPython for Option<T> {
    type Object = Option<T::Object>;

    fn to_python(&self) -> Result<Self::Object> {
        self.as_ref().map(T::to_python).transpose()
    }

    fn from_python(object: Self::Object) -> Result<Self> {
        object.map(T::from_python).transpose()
    }
}

impl<T: AsPython> AsPython for Vec<T> {
    type Object = Vec<T::Object>;

    fn to_python(&self) -> Result<Self::Object> {
        self.iter().map(T::to_python).collect()
    }

    fn from_python(object: Self::Object) -> Result<Self> {
        object.into_iter().map(T::from_python).collect()
    }
}

/// Serializes a value as its Python object.
///
/// ```
/// use std::time::Duration;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Task(#[serde(serialize_with = "serde_pickle::python::duration::serialize")] Duration);
///
/// let bytes = serde_pickle::to_vec(&Task(Duration::from_secs(90)))?;
/// assert_eq!(
///     serde_pickle::from_slice::<serde_pickle::Value>(&bytes)?.to_string(),
///     "datetime.timedelta(0, 90, 0)"
/// );
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// A value that Python's type cannot hold, and those of the serializer.
pub fn serialize<T: AsPython, S: Serializer>(
    value: &T,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    value.to_python().map_err(S::Error::custom)?.serialize(serializer)
}

/// Deserializes a value from its Python object.
///
/// ```
/// use std::time::Duration;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[serde(transparent)]
/// struct Task {
///     #[serde(deserialize_with = "serde_pickle::python::duration::deserialize")]
///     timeout: Duration,
/// }
///
/// let bytes = serde_pickle::to_vec(&serde_pickle::python::TimeDelta::new(0, 90, 0)?)?;
/// assert_eq!(serde_pickle::from_slice::<Task>(&bytes)?.timeout, Duration::from_secs(90));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// An object that the type cannot hold, and those of the deserializer.
pub fn deserialize<'de, T: AsPython, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<T, D::Error> {
    T::from_python(T::Object::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// `std::time::Duration` as a `datetime.timedelta`.
///
/// Fractions of a microsecond, which Python does not have, are cut off; a negative timedelta is an
/// error on reading.
impl AsPython for Duration {
    type Object = TimeDelta;

    fn to_python(&self) -> Result<TimeDelta> {
        match i128::try_from(self.as_micros()) {
            Ok(micros) => TimeDelta::from_microseconds(micros),
            Err(_) => Err(Error::data("a duration of a billion days or more")),
        }
    }

    fn from_python(delta: TimeDelta) -> Result<Self> {
        // There are at most 86,399,999,999 billion microseconds, whose seconds fit 64 bits.
        match u64::try_from(delta.whole_microseconds() / super::timedelta::SECOND) {
            Ok(seconds) if delta.days() >= 0 => {
                Ok(Self::new(seconds, delta.microseconds() * 1_000))
            }
            _ => Err(Error::data(format!(
                "a Duration cannot be negative, and this timedelta is {delta}"
            ))),
        }
    }
}

/// An int of any size.
impl AsPython for BigInt {
    type Object = Value;

    fn to_python(&self) -> Result<Value> {
        Ok(Value::from(self.clone()))
    }

    fn from_python(int: Value) -> Result<Self> {
        match int {
            Value::Int(int) => Ok(int.into()),
            Value::BigInt(int) => Ok(int),
            Value::Bool(bool) => Ok(i64::from(bool).into()),
            // JSON and similar formats have digits. A million of them take long to read.
            Value::Str(digits) if digits.len() <= crate::limits::INT_DIGITS => digits
                .parse()
                .map_err(|_| Error::data(format!("expected an int, found `{}`", quoted(&digits)))),
            _ => Err(Error::data("expected an int")),
        }
    }
}

impl AsPython for IpAddr {
    type Object = IpAddress;

    fn to_python(&self) -> Result<IpAddress> {
        Ok(IpAddress(*self))
    }

    fn from_python(IpAddress(address): IpAddress) -> Result<Self> {
        Ok(address)
    }
}

macro_rules! addresses {
    ($($type:ident $variant:ident $name:literal;)*) => {$(
        impl AsPython for $type {
            type Object = IpAddress;

            fn to_python(&self) -> Result<IpAddress> {
                Ok(IpAddress((*self).into()))
            }

            fn from_python(IpAddress(address): IpAddress) -> Result<Self> {
                match address {
                    IpAddr::$variant(address) => Ok(address),
                    other => Err(Error::data(format!(
                        concat!("expected an ", $name, ", found {}"),
                        other
                    ))),
                }
            }
        }
    )*};
}

addresses! {
    Ipv4Addr V4 "IPv4 address";
    Ipv6Addr V6 "IPv6 address";
}

/// A path of the system: on Windows a `WindowsPath`, elsewhere a `PosixPath`. Any path is read, as
/// its text.
impl AsPython for PathBuf {
    type Object = Path;

    fn to_python(&self) -> Result<Path> {
        let kind = if cfg!(windows) { PathKind::Windows } else { PathKind::Posix };
        match self.to_str() {
            Some(text) => Ok(Path::new(kind, text)),
            None => Err(Error::unsupported("a path that is not Unicode")),
        }
    }

    fn from_python(path: Path) -> Result<Self> {
        Ok(path.as_str().into())
    }
}
