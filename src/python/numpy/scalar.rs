//! [`Scalar`]: one element of an array, decoded from its bytes; and its form in serde.

use super::dtype::{ByteOrder, Dtype, Kind};
use super::time::{NAT, UnitCount, datetime, timedelta};
use crate::error::{Error, Result};
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
            Self::Complex(real, imaginary) => Value::Complex(Complex::new(real, imaginary)),
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
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None | Self::Time(_, NAT, _))
    }
}

pub(crate) fn text_of(kind: Kind, count: i64, unit: UnitCount) -> Option<String> {
    if kind == Kind::Datetime { datetime(count, unit) } else { timedelta(count, unit) }
}
