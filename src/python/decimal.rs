//! [`Decimal`], Python's `decimal.Decimal`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};

/// A decimal number: Python's `decimal.Decimal`, of any precision, as its text.
///
/// The text is kept as it is, `1.50` with its zero: that is part of the number in Python. So
/// equality is that of the text; to calculate, convert it to a type of another crate. Infinities
/// and NaNs are numbers too.
///
/// ```
/// use serde_pickle::python::Decimal;
///
/// let price: Decimal = "9.90".parse()?;
/// assert_eq!(price.as_str(), "9.90");
/// assert!("9,90".parse::<Decimal>().is_err());
/// let bytes = serde_pickle::to_vec(&price)?; // decimal.Decimal('9.90')
/// assert_eq!(serde_pickle::from_slice::<Decimal>(&bytes)?, price);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `Decimal.__reduce__` and the parser's grammar in Python's `Lib/_pydecimal.py`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether Python's Decimal takes the text.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    if let Some(payload) = number.strip_prefix("snan").or_else(|| number.strip_prefix("nan")) {
        return digits(payload);
    }
    if matches!(&*number, "inf" | "infinity") {
        return true;
    }
    let (coefficient, exponent) = match number.split_once('e') {
        Some((coefficient, exponent)) => {
            (coefficient, exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
        }
        None => (&*number, "0"),
    };
    let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));
    digits(whole)
        && digits(fraction)
        && digits(exponent)
        && !exponent.is_empty()
        && whole.len() + fraction.len() > 0
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Decimal {
    type Err = Error;

    /// # Errors
    /// Text that Python's `Decimal` does not take is [`ErrorKind::Data`](crate::ErrorKind::Data).
    /// Of digits only ASCII's are taken, and neither blanks nor underscores.
    fn from_str(text: &str) -> Result<Self> {
        if is_decimal(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::data(format!("expected a decimal number, found `{}`", quoted(text))))
    }
}

macro_rules! from_ints {
    ($($int:ty)*) => {$(
        impl From<$int> for Decimal {
            fn from(int: $int) -> Self {
                Self(int.to_string())
            }
        }
    )*};
}

from_ints!(i8 i16 i32 i64 i128 u8 u16 u32 u64 u128);

impl TextObject for Decimal {
    const CLASS: &'static str = "decimal.Decimal";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("decimal", "Decimal")
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:decimal:Decimal")]
        struct Call<'a>(&'a str);

        Call(&self.0).serialize(serializer)
    }
}

objects!(Decimal);

#[cfg(test)]
mod tests {
    use super::*;

    // Python 3.13: `Decimal(text)` takes the first, and raises InvalidOperation for the second.
    #[test]
    fn the_grammar_is_that_of_python() {
        for text in [
            "0", "-0", "1.50", ".5", "5.", "+1E+3", "1e-7", "Infinity", "-inf", "NaN", "sNaN123",
            "-nan",
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().as_str(), text);
        }
        for wrong in [
            "", "+", ".", "e5", "1e", "1e+", "1.2.3", "1,5", "infin", "nanx", "0x10", "١", "--1",
            "1 ",
        ] {
            assert!(wrong.parse::<Decimal>().is_err(), "{wrong}");
        }
        assert_eq!(Decimal::from(i128::MIN).as_str(), i128::MIN.to_string());
    }
}
