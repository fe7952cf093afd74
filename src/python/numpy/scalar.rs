//! [`Scalar`]: one element of an array, decoded from its bytes; and its form in serde.

use serde::de::value::{BytesDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor};

use super::dtype::{ByteOrder, Dtype, Kind};
use super::time::{NAT, UnitCount, datetime, timedelta};
use super::wrapped::Wrapped;
use crate::error::{Error, Result};
use crate::reduce::token;
use crate::stdlib::numpy::{bits, chars, float, signed, text};
use crate::value::{Complex, Value};

/// One element that has no parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Hidden by a mask.
    None,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(f64, f64),
    /// The bytes of `S`, without the zeros at the end.
    Chars(&'a [u8]),
    Str(String),
    Bytes(&'a [u8]),
    /// The count of a time.
    Time(Kind, i64, UnitCount),
}

/// Decodes an element of a dtype without fields. The bytes have the dtype's size.
///
/// # Errors
/// Text with an invalid character, a long double, an object.
pub(crate) fn decode<'a>(dtype: &Dtype, bytes: &'a [u8]) -> Result<Scalar<'a>> {
    let big = dtype.order == ByteOrder::Big;
    Ok(match dtype.kind {
        Kind::Bool => Scalar::Bool(bytes.first().is_some_and(|&byte| byte != 0)),
        Kind::Uint => Scalar::Uint(bits(bytes, big)),
        Kind::Int => Scalar::Int(signed(bytes, big)),
        Kind::Float => Scalar::Float(float(bytes, big).ok_or_else(long_double)?),
        Kind::Complex => {
            let (real, imaginary) = bytes.split_at(bytes.len() / 2);
            match (float(real, big), float(imaginary, big)) {
                (Some(real), Some(imaginary)) => Scalar::Complex(real, imaginary),
                _ => return Err(long_double()),
            }
        }
        Kind::Bytes => Scalar::Chars(chars(bytes)),
        Kind::Str => Scalar::Str(
            text(bytes, big)
                .ok_or_else(|| Error::data("a str of numpy holds an invalid character"))?,
        ),
        Kind::Void => Scalar::Bytes(bytes),
        Kind::Datetime | Kind::Timedelta => {
            Scalar::Time(dtype.kind, signed(bytes, big), dtype.unit)
        }
        Kind::Object | Kind::Text => {
            return Err(Error::unsupported("the bytes of an object element hold only an address"));
        }
    })
}

#[cold]
fn long_double() -> Error {
    Error::unsupported(
        "a long double, whose bits depend on the machine that wrote it; see NdArray for its bytes",
    )
}

impl Scalar<'_> {
    /// As in Python, `S` is bytes.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::from(value),
            Self::Float(value) => Value::Float(value),
            Self::Complex(real, imaginary) => {
                Value::Complex(Box::new(Complex::new(real, imaginary)))
            }
            Self::Chars(bytes) | Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Self::Str(text) => Value::Str(text),
            Self::Time(kind, count, unit) => match (count, text_of(kind, count, unit)) {
                (NAT, _) => Value::None,
                (_, Some(text)) => Value::Str(text),
                (count, None) => Value::Int(count),
            },
        }
    }

    /// Returns true if an `Option` of it is `None`.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None | Self::Time(_, NAT, _))
    }

    /// Text that is UTF-8, else bytes.
    fn visit_chars<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Result<V::Value> {
        match std::str::from_utf8(bytes) {
            Ok(text) => visitor.visit_str(text),
            Err(_) => visitor.visit_bytes(bytes),
        }
    }
}

fn text_of(kind: Kind, count: i64, unit: UnitCount) -> Option<String> {
    if kind == Kind::Datetime { datetime(count, unit) } else { timedelta(count, unit) }
}

macro_rules! ints {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self {
                Self::Time(_, count, _) => visitor.visit_i64(count),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Scalar<'_> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Float(value) => visitor.visit_f64(value),
            Self::Int(value) => visitor.visit_i64(value),
            Self::Uint(value) => visitor.visit_u64(value),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::None => visitor.visit_unit(),
            Self::Complex(real, imaginary) => visitor.visit_seq(floats([real, imaginary])),
            Self::Chars(bytes) => Self::visit_chars(bytes, visitor),
            Self::Str(text) => visitor.visit_string(text),
            Self::Bytes(bytes) => visitor.visit_bytes(bytes),
            Self::Time(_, NAT, _) => visitor.visit_unit(),
            Self::Time(kind, count, unit) => match text_of(kind, count, unit) {
                Some(text) => visitor.visit_string(text).map_err(|error: Error| {
                    error.about_text(&text_of(kind, count, unit).unwrap_or_default())
                }),
                None => visitor.visit_i64(count),
            },
        }
    }

    ints! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Chars(bytes) => visitor.visit_bytes(bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Bytes(bytes) => Self::visit_chars(bytes, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_none() { visitor.visit_none() } else { visitor.visit_some(Wrapped::new(self)) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if !name.starts_with(token::PREFIX) {
            return visitor.visit_newtype_struct(Wrapped::new(self));
        }
        match (name, self) {
            (token::VALUE, scalar) => crate::value::hand_over(scalar.into_value(), visitor),
            (token::BIG_INT, Self::Int(value)) => visit_int(&value.to_le_bytes(), visitor),
            (token::BIG_INT, Self::Uint(value)) => {
                visit_int(&i128::from(value).to_le_bytes(), visitor)
            }
            (token::COMPLEX, scalar @ (Self::Complex(..) | Self::Float(_))) => {
                visitor.visit_newtype_struct(scalar)
            }
            (token::BYTEARRAY, Self::Chars(bytes) | Self::Bytes(bytes)) => {
                visitor.visit_newtype_struct(BytesDeserializer::<Error>::new(bytes))
            }
            (token::SHARED, scalar) => visitor.visit_newtype_struct(Wrapped::new(scalar)),
            _ => Err(Error::data(
                "expected one of Python's own objects, found an element of an array",
            )),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Str(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Chars(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => visitor.visit_enum(text.into_deserializer()),
                Err(_) => Err(de::Error::invalid_type(Unexpected::Bytes(bytes), &visitor)),
            },
            Self::Int(value) => visitor.visit_enum(value.to_string().into_deserializer()),
            Self::Uint(value) => visitor.visit_enum(value.to_string().into_deserializer()),
            other => other.deserialize_any(visitor),
        }
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    serde::forward_to_deserialize_any! {
        bool f32 f64 unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Scalar<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The parts of a complex as a sequence.
pub(crate) fn floats<'de>(parts: [f64; 2]) -> impl de::SeqAccess<'de, Error = Error> {
    SeqDeserializer::new(parts.map(Scalar::Float).into_iter())
}

fn visit_int<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Result<V::Value> {
    visitor.visit_newtype_struct(BytesDeserializer::<Error>::new(bytes))
}
