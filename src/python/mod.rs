//! Python's own types, as Rust types that are written as the real Python object.
//!
//! Reading needs little of this: a datetime reads into a field of chrono's or jiff's type by that
//! type's own serde support, a `UUID` into the uuid crate's, a `Decimal` into text or a number
//! type, an `OrderedDict` into any map, a path into a `PathBuf`. Writing does: those types write
//! text, and Python gets a `str`. The types and modules of this part write the object, at every
//! protocol, and under the name that Python 2 has for it at protocols 0 to 2:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use serde_pickle::python::{DateTime, Decimal, Uuid};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Order {
//!     id: Uuid,
//!     placed: DateTime,
//!     price: Decimal,
//! }
//!
//! let order = Order {
//!     id: Uuid(7),
//!     placed: "2024-07-01T12:00:00+00:00".parse()?,
//!     price: "9.90".parse()?,
//! };
//! let bytes = serde_pickle::to_vec(&order)?;
//! // In Python: {'id': UUID('00000000-0000-0000-0000-000000000007'),
//! //             'placed': datetime.datetime(2024, 7, 1, 12, 0, tzinfo=datetime.timezone.utc),
//! //             'price': Decimal('9.90')}
//! assert_eq!(serde_pickle::from_slice::<Order>(&bytes)?, order);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! For a field whose type is given, use a module from this table instead, by serde's `with`:
//!
//! ```
//! use std::collections::BTreeSet;
//! use std::time::Duration;
//!
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Task {
//!     #[serde(with = "serde_pickle::python::tuple")]
//!     args: Vec<i64>,
//!     #[serde(with = "serde_pickle::python::set")]
//!     tags: BTreeSet<String>,
//!     #[serde(with = "serde_pickle::python::duration")]
//!     timeout: Option<Duration>,
//! }
//! # let timeout = Some(Duration::from_secs(90));
//! # let task = Task { args: vec![1, 2], tags: BTreeSet::new(), timeout };
//! # let bytes = serde_pickle::to_vec(&task)?;
//! # let value: serde_pickle::Value = serde_pickle::from_slice(&bytes)?;
//! # assert_eq!(
//! #     value.to_string(),
//! #     "{'args': (1, 2), 'tags': set(), 'timeout': datetime.timedelta(0, 90, 0)}"
//! # );
//! # assert_eq!(serde_pickle::from_slice::<Task>(&bytes)?.timeout, task.timeout);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! | Python | type | module for `with`, and the types of its fields |
//! |---|---|---|
//! | `datetime.datetime` | [`DateTime`] | `chrono`: `DateTime<Utc>`, `DateTime<FixedOffset>`, `NaiveDateTime`; `jiff`: `Timestamp`, `Zoned`, `civil::DateTime` |
//! | `datetime.date`, `datetime.time` | [`Date`], [`Time`] | `chrono`: `NaiveDate`, `NaiveTime`; `jiff`: `civil::Date`, `civil::Time` |
//! | `datetime.timedelta` | [`TimeDelta`] | [`duration`]: `std::time::Duration`; `chrono`: `TimeDelta`; `jiff`: `SignedDuration` |
//! | `datetime.timezone`, `zoneinfo.ZoneInfo` | [`TimeZone`] | |
//! | `decimal.Decimal` | [`Decimal`] | `rust_decimal`: `Decimal` |
//! | `fractions.Fraction` | [`Fraction`] | |
//! | `uuid.UUID` | [`Uuid`] | `uuid`: `Uuid` |
//! | the paths of `pathlib` | [`Path`] | [`path_buf`]: `PathBuf` |
//! | the addresses of `ipaddress` | [`IpAddress`] | [`ip_addr`]: `IpAddr`, `Ipv4Addr`, `Ipv6Addr` |
//! | `int` | any integer | [`big_int`]: `num_bigint::BigInt` |
//! | `complex` | [`Complex`](crate::value::Complex) | [`complex`]: a pair of floats |
//! | `set`, `frozenset` | [`Set`], [`FrozenSet`] | [`set`], [`frozenset`]: any collection |
//! | `bytearray` | [`ByteArray`] | [`bytearray`]: `Vec<u8>`, and whatever `serde_bytes` takes |
//! | `tuple` | a Rust tuple, [`Tuple`] | [`tuple`](mod@tuple): any collection |
//! | `collections.OrderedDict` | [`OrderedDict`] | [`ordered_dict`]: any map |
//! | `collections.defaultdict`, `Counter`, `deque` | [`DefaultDict`], [`Counter`], [`Deque`] | |
//! | `frozendict` | [`FrozenDict`] | |
//! | a member of an `Enum` | an enum named as the class, [`Member`] | |
//! | `range`, `slice` | [`Range`], [`Slice`] | |
//! | `types.SimpleNamespace` | [`SimpleNamespace`] | |
//! | `numpy.ndarray`, `numpy.dtype` | [`NdArray`](numpy::NdArray), [`Dtype`](numpy::Dtype) | |
//! | `pandas.DataFrame`, `Series`, `Index` | [`Frame`](pandas::Frame), [`Series`](pandas::Series), [`Index`](pandas::Index) | |
//!
//! The modules `chrono`, `jiff`, `uuid` and `rust_decimal` need the features of these names. They
//! and the four for types of std and num-bigint also take an `Option` or a `Vec` of such a type,
//! and all types that implement [`AsPython`].
//!
//! # What is read
//!
//! Each type reads every spelling that a Python from 2.7 to 3.15 writes for its class: the payload
//! of a datetime as bytes, as text of Python 2 and as numbers; zones of pytz and dateutil; a
//! `Fraction` as text or as two ints. An object of another class is an error that names both; a
//! subclass is another class. Text and other plain forms are read where they are as exact: `str`
//! for dates, numbers and paths, a dict for an [`OrderedDict`], a list for a [`Deque`].
//!
//! # Other formats
//!
//! For a human-readable format such as JSON these types are text, maps and sequences, and are read
//! back from them. A binary format would get the parts of the Python object, and does not read
//! them.
//!
//! # The Python that reads
//!
//! The output is that of CPython, except for its memo: see each type. Python has `zoneinfo` from
//! 3.9 on and `frozendict` from 3.15 on; Python 2.7 has no `datetime.timezone`, `ipaddress` and
//! `pathlib`.
// Advice to the next editor: a new type has a file, a row in the table above and one in
// docs/MAPPING.md, and a case in tests/python_types, which asks Python about each protocol.

mod builtins;
mod collections;
pub(crate) mod crates;
mod date;
mod datetime;
mod decimal;
mod fraction;
mod ip_address;
mod member;
mod namespace;
pub mod numpy;
mod object;
pub mod pandas;
mod path;
mod time;
mod timedelta;
mod timezone;
mod uuid_object;
mod with;

pub use self::builtins::{ByteArray, FrozenSet, Range, Set, Slice, Tuple};
pub use self::collections::{Counter, DefaultDict, Deque, FrozenDict, OrderedDict};
pub use self::date::Date;
pub use self::datetime::DateTime;
pub use self::decimal::Decimal;
pub use self::fraction::Fraction;
pub use self::ip_address::IpAddress;
pub use self::member::Member;
pub use self::namespace::SimpleNamespace;
pub use self::path::{Path, PathKind};
pub use self::time::Time;
pub use self::timedelta::TimeDelta;
pub use self::timezone::TimeZone;
pub use self::uuid_object::Uuid;
pub use self::with::AsPython;

/// Modules for different types with the same code.
macro_rules! with_as_python {
    ($($(#[$attribute:meta])* $name:ident;)*) => {$(
        $(#[$attribute])*
        pub mod $name {
            pub use super::with::{deserialize, serialize};
        }
    )*};
}

with_as_python! {
    /// For `#[serde(with = "serde_pickle::python::duration")]`: a `std::time::Duration` as a
    /// `datetime.timedelta`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Job(#[serde(with = "serde_pickle::python::duration")] Duration);
    ///
    /// // timedelta(seconds=1, microseconds=500000)
    /// let bytes = serde_pickle::to_vec(&Job(Duration::from_millis(1_500)))?;
    /// assert_eq!(serde_pickle::from_slice::<Job>(&bytes)?.0.as_millis(), 1_500);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// Fractions of a microsecond are cut off; a negative timedelta is an error on reading.
    duration;
    /// For `#[serde(with = "serde_pickle::python::big_int")]`: a `num_bigint::BigInt` as an `int`.
    ///
    /// ```
    /// use num_bigint::BigInt;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Key(#[serde(with = "serde_pickle::python::big_int")] BigInt);
    ///
    /// let modulus = BigInt::from(1) << 2_048_u32;
    /// let bytes = serde_pickle::to_vec(&Key(modulus.clone()))?;
    /// assert_eq!(serde_pickle::from_slice::<Key>(&bytes)?.0, modulus);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    big_int;
    /// For `#[serde(with = "serde_pickle::python::ip_addr")]`: an `IpAddr`, `Ipv4Addr` or
    /// `Ipv6Addr` as an address of `ipaddress`.
    ///
    /// ```
    /// use std::net::IpAddr;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Peer(#[serde(with = "serde_pickle::python::ip_addr")] IpAddr);
    ///
    /// // ipaddress.IPv6Address('::1')
    /// let bytes = serde_pickle::to_vec(&Peer("::1".parse().unwrap()))?;
    /// assert!(serde_pickle::from_slice::<Peer>(&bytes)?.0.is_loopback());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ip_addr;
    /// For `#[serde(with = "serde_pickle::python::path_buf")]`: a `PathBuf` as a
    /// `pathlib.PosixPath`, on Windows as a `pathlib.WindowsPath`. Any path of `pathlib` is read.
    ///
    /// ```
    /// use std::path::PathBuf;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct File(#[serde(with = "serde_pickle::python::path_buf")] PathBuf);
    ///
    /// let bytes = serde_pickle::to_vec(&File("a/b".into()))?;
    /// assert!(serde_pickle::from_slice::<File>(&bytes)?.0.ends_with("b"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    path_buf;
    /// For `#[serde(with = "serde_pickle::python::chrono")]`: the types of chrono as those of
    /// Python's `datetime`.
    ///
    /// `DateTime<Utc>`, `DateTime<FixedOffset>`, `NaiveDateTime`, `NaiveDate`, `NaiveTime` and
    /// `TimeDelta`. What is below a microsecond is cut off. A datetime whose zone is a key alone
    /// has no offset, and is an error: read a [`DateTime`], or use jiff.
    ///
    /// ```
    /// use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Event {
    ///     #[serde(with = "serde_pickle::python::chrono")]
    ///     at: DateTime<Utc>,
    ///     #[serde(with = "serde_pickle::python::chrono")]
    ///     days: Vec<NaiveDate>,
    ///     #[serde(with = "serde_pickle::python::chrono")]
    ///     length: Option<TimeDelta>,
    /// }
    /// # let days = vec![NaiveDate::MIN.with_ymd(2024)];
    /// # let event = Event { at: DateTime::UNIX_EPOCH, days, length: None };
    /// # trait Ymd { fn with_ymd(self, year: i32) -> NaiveDate; }
    /// # impl Ymd for NaiveDate {
    /// #     fn with_ymd(self, year: i32) -> NaiveDate {
    /// #         NaiveDate::from_ymd_opt(year, 1, 1).unwrap()
    /// #     }
    /// # }
    /// # let bytes = serde_pickle::to_vec(&event)?;
    /// # assert_eq!(serde_pickle::from_slice::<Event>(&bytes)?.days, event.days);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[cfg(feature = "chrono")]
    chrono;
    /// For `#[serde(with = "serde_pickle::python::jiff")]`: the types of jiff as those of Python's
    /// `datetime`.
    ///
    /// `Timestamp`, `Zoned`, `civil::DateTime`, `civil::Date`, `civil::Time` and `SignedDuration`.
    /// What is below a microsecond is cut off. A `Zoned` is a datetime in a `zoneinfo.ZoneInfo`,
    /// and looks zones up in jiff's time zone database.
    ///
    /// ```
    /// use jiff::{SignedDuration, Timestamp};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Event {
    ///     #[serde(with = "serde_pickle::python::jiff")]
    ///     at: Timestamp,
    ///     #[serde(with = "serde_pickle::python::jiff")]
    ///     length: Option<SignedDuration>,
    /// }
    /// # let event = Event { at: Timestamp::UNIX_EPOCH, length: None };
    /// # let bytes = serde_pickle::to_vec(&event)?;
    /// # assert_eq!(serde_pickle::from_slice::<Event>(&bytes)?.at, event.at);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[cfg(feature = "jiff")]
    jiff;
    /// For `#[serde(with = "serde_pickle::python::uuid")]`: a `uuid::Uuid` as a `uuid.UUID`.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Row(#[serde(with = "serde_pickle::python::uuid")] uuid::Uuid);
    /// # let bytes = serde_pickle::to_vec(&Row(uuid::Uuid::from_u128(7)))?;
    /// # assert_eq!(serde_pickle::from_slice::<Row>(&bytes)?.0.as_u128(), 7);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[cfg(feature = "uuid")]
    uuid;
    /// For `#[serde(with = "serde_pickle::python::rust_decimal")]`: a `rust_decimal::Decimal` as a
    /// `decimal.Decimal`.
    ///
    /// A number that does not fit is an error on reading, never rounded; so are infinities and NaN.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Price(#[serde(with = "serde_pickle::python::rust_decimal")] rust_decimal::Decimal);
    /// # let bytes = serde_pickle::to_vec(&Price(rust_decimal::Decimal::new(990, 2)))?;
    /// # assert_eq!(serde_pickle::from_slice::<Price>(&bytes)?.0.to_string(), "9.90");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[cfg(feature = "rust_decimal")]
    rust_decimal;
}

/// Modules for content in serde's data model.
macro_rules! with_token {
    ($($(#[$attribute:meta])* $name:ident $token:ident;)*) => {$(
        $(#[$attribute])*
        pub mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            use super::builtins::{unwrap, wrap};
            use crate::reduce::token;

            /// Serializes any collection in this form.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<C, S>(items: &C, serializer: S) -> Result<S::Ok, S::Error>
            where
                C: Serialize + ?Sized,
                S: Serializer,
            {
                wrap(token::$token, items, serializer)
            }

            /// Deserializes any collection.
            ///
            /// # Errors
            /// Those of the deserializer.
            pub fn deserialize<'de, C, D>(deserializer: D) -> Result<C, D::Error>
            where
                C: Deserialize<'de>,
                D: Deserializer<'de>,
            {
                unwrap(token::$token, deserializer)
            }
        }
    )*};
}

with_token! {
    /// For `#[serde(with = "serde_pickle::python::set")]`: any collection as a `set`. As the type
    /// [`Set`].
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Tags(#[serde(with = "serde_pickle::python::set")] HashSet<String>);
    ///
    /// let bytes = serde_pickle::to_vec(&Tags(["red".to_owned()].into()))?;
    /// assert_eq!(serde_pickle::from_slice::<serde_pickle::Value>(&bytes)?.to_string(), "{'red'}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    set SET;
    /// For `#[serde(with = "serde_pickle::python::frozenset")]`: any collection as a `frozenset`.
    /// As the type [`FrozenSet`].
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Key(#[serde(with = "serde_pickle::python::frozenset")] Vec<i64>);
    ///
    /// let bytes = serde_pickle::to_vec(&Key(vec![1]))?;
    /// let value: serde_pickle::Value = serde_pickle::from_slice(&bytes)?;
    /// assert_eq!(value.to_string(), "frozenset({1})");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    frozenset FROZENSET;
    /// For `#[serde(with = "serde_pickle::python::tuple")]`: any collection as a `tuple`. As the
    /// type [`Tuple`].
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Call(#[serde(with = "serde_pickle::python::tuple")] Vec<i64>);
    ///
    /// let bytes = serde_pickle::to_vec(&Call(vec![3, 4]))?;
    /// assert_eq!(serde_pickle::from_slice::<serde_pickle::Value>(&bytes)?.to_string(), "(3, 4)");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    tuple TUPLE;
    /// For `#[serde(with = "serde_pickle::python::complex")]`: a pair of floats as a `complex`,
    /// `num_complex::Complex<f64>` too.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Root(#[serde(with = "serde_pickle::python::complex")] (f64, f64));
    ///
    /// let bytes = serde_pickle::to_vec(&Root((0.0, 1.0)))?;
    /// assert_eq!(serde_pickle::from_slice::<serde_pickle::Value>(&bytes)?.to_string(), "1j");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    complex COMPLEX;
}

/// For `#[serde(with = "serde_pickle::python::bytearray")]`: bytes as a `bytearray`.
///
/// For the types that `serde_bytes` takes: `Vec<u8>`, `&[u8]`, `[u8; N]`, an `Option` of them.
///
/// ```
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Buffer(#[serde(with = "serde_pickle::python::bytearray")] Vec<u8>);
///
/// let bytes = serde_pickle::to_vec(&Buffer(b"ab".to_vec()))?;
/// let value: serde_pickle::Value = serde_pickle::from_slice(&bytes)?;
/// assert_eq!(value.to_string(), "bytearray(b'ab')");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub mod bytearray {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::builtins::{unwrap, wrap};
    use crate::reduce::token;

    /// Bytes as `serde_bytes` says them.
    struct AsBytes<T>(T);

    impl<T: serde_bytes::Serialize + ?Sized> Serialize for AsBytes<&T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serde_bytes::serialize(self.0, serializer)
        }
    }

    impl<'de, T: serde_bytes::Deserialize<'de>> Deserialize<'de> for AsBytes<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            serde_bytes::deserialize(deserializer).map(Self)
        }
    }

    /// Serializes bytes as a bytearray.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: serde_bytes::Serialize + ?Sized, S: Serializer>(
        bytes: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        wrap(token::BYTEARRAY, &AsBytes(bytes), serializer)
    }

    /// Deserializes bytes.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, T: serde_bytes::Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        unwrap(token::BYTEARRAY, deserializer).map(|AsBytes(bytes)| bytes)
    }
}

/// For `#[serde(with = "serde_pickle::python::ordered_dict")]`: any map as a
/// `collections.OrderedDict`.
///
/// A map that keeps its order, or has one: an `IndexMap`, a `BTreeMap`, a [`Dict`](crate::Dict).
/// Any dict is read.
///
/// ```
/// use std::collections::BTreeMap;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Layers(#[serde(with = "serde_pickle::python::ordered_dict")] BTreeMap<String, u32>);
///
/// let bytes = serde_pickle::to_vec(&Layers([("bias".to_owned(), 1)].into()))?;
/// assert_eq!(serde_pickle::from_slice::<Layers>(&bytes)?.0["bias"], 1);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub mod ordered_dict {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::collections::MapAsOrdered;
    use super::object;

    /// Serializes a map as an OrderedDict.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<M, K, V, S>(map: &M, serializer: S) -> Result<S::Ok, S::Error>
    where
        for<'a> &'a M: IntoIterator<Item = (&'a K, &'a V)>,
        K: Serialize,
        V: Serialize,
        M: Serialize,
        S: Serializer,
    {
        object::serialize(&MapAsOrdered::new(map), serializer)
    }

    /// Deserializes a map.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, M: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<M, D::Error> {
        M::deserialize(deserializer)
    }
}
