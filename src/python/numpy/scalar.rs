//! [`Scalar`]: one element of an array, decoded from its bytes; and what it is to serde.

use serde::de::value::{BytesDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor};

use super::dtype::{ByteOrder, Dtype, Kind};
use super::time::{NAT, UnitCount, datetime, timedelta};
use super::wrapped::Wrapped;
use crate::error::{Error, Result};
use crate::reduce::token;
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

/// The element of a dtype without fields in its bytes, which are as many as the dtype says.
///
/// # Errors
/// Text that is none, a long double, an object.
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
        Kind::Bytes => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            Scalar::Chars(bytes.get(..end).unwrap_or_default())
        }
        Kind::Str => Scalar::Str(text(bytes, big)?),
        Kind::Void => Scalar::Bytes(bytes),
        Kind::Datetime | Kind::Timedelta => {
            Scalar::Time(dtype.kind, signed(bytes, big), dtype.unit)
        }
        Kind::Object | Kind::Text => {
            return Err(Error::unsupported("the bytes of an object are an address"));
        }
    })
}

#[cold]
fn long_double() -> Error {
    Error::unsupported(
        "a long double, whose bits depend on the machine that wrote it; see NdArray for its bytes",
    )
}

/// Up to eight bytes as an int.
fn bits(bytes: &[u8], big: bool) -> u64 {
    let fold = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    if big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) }
}

fn signed(bytes: &[u8], big: bool) -> i64 {
    let unused = 64_u32.saturating_sub(8 * bytes.len() as u32);
    match unused {
        64.. => 0,
        unused => (bits(bytes, big) << unused) as i64 >> unused,
    }
}

fn float(bytes: &[u8], big: bool) -> Option<f64> {
    let bits = bits(bytes, big);
    match bytes.len() {
        2 => Some(half(bits as u16)),
        4 => Some(f32::from_bits(bits as u32).into()),
        8 => Some(f64::from_bits(bits)),
        _ => None,
    }
}

/// A float of 16 bits: a sign, 5 bits of exponent, 10 of fraction. Source: IEEE 754, binary16.
fn half(bits: u16) -> f64 {
    let sign = u64::from(bits >> 15) << 63;
    let exponent = u64::from(bits >> 10 & 0x1f);
    let fraction = u64::from(bits & 0x3ff);
    let magnitude = match exponent {
        // Subnormal: a multiple of 2⁻²⁴.
        0 => (fraction as f64 / f64::from(1 << 24)).to_bits(),
        0x1f => 0x7ff << 52 | fraction << 42,
        _ => (exponent + 1_023 - 15) << 52 | fraction << 42,
    };
    f64::from_bits(sign | magnitude)
}

/// Characters of four bytes, without the zeros at the end.
fn text(bytes: &[u8], big: bool) -> Result<String> {
    let (units, _) = bytes.as_chunks::<4>();
    let unit =
        |four: &[u8; 4]| if big { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
    let end = units.iter().rposition(|four| unit(four) != 0).map_or(0, |last| last + 1);
    let chars = units.iter().take(end).map(|four| char::from_u32(unit(four)));
    match chars.collect::<Option<String>>() {
        Some(text) => Ok(text),
        None => Err(Error::data("a str of numpy holds what is no character")),
    }
}

impl Scalar<'_> {
    /// As Python has it: `S` is bytes.
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

    /// Whether an `Option` of it is `None`.
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
            Self::Complex(real, imaginary) => {
                visitor.visit_seq(SeqDeserializer::new([real, imaginary].into_iter()))
            }
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
            _ => Err(Error::data(
                "expected one of Python's own objects, found an element of a numpy array",
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

fn visit_int<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Result<V::Value> {
    visitor.visit_newtype_struct(BytesDeserializer::<Error>::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_every_kind() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x0400, 6.103_515_625e-5),
            (0x3555, 0.333_251_953_125),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f64::to_bits(value), "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn ints_of_every_width_and_order() {
        assert_eq!(signed(&[0xfe, 0xff], false), -2);
        assert_eq!(signed(&[0xff, 0xfe], true), -2);
        assert_eq!(signed(&[0x80, 0, 0, 0, 0, 0, 0, 0], true), i64::MIN);
        assert_eq!(signed(&[], true), 0);
        assert_eq!(bits(&[1, 2], false), 0x201);
    }

    #[test]
    fn text_ends_where_only_zeros_follow() {
        let text = |bytes: &[u8]| text(bytes, false);
        assert_eq!(text(&[0x61, 0, 0, 0, 0, 0, 0, 0, 0x62, 0, 0, 0, 0, 0, 0, 0]).unwrap(), "a\0b");
        assert_eq!(text(&[]).unwrap(), "");
        assert!(text(&[0, 0xd8, 0, 0]).is_err());
    }
}
