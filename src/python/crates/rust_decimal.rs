//! The type of rust_decimal.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::python::{AsPython, Decimal};

/// A decimal of up to 28 digits behind the point; a longer one of Python's is an error, never
/// rounded.
impl AsPython for ::rust_decimal::Decimal {
    type Object = Decimal;

    fn to_python(&self) -> Result<Decimal> {
        Ok(Decimal::printed(self.to_string()))
    }

    fn from_python(decimal: Decimal) -> Result<Self> {
        let refused =
            |error: &dyn std::fmt::Display| Error::data(format!("the Decimal {decimal}: {error}"));
        match plain(decimal.as_str()) {
            Some(text) => Self::from_str_exact(&text).map_err(|error| refused(&error)),
            None => Err(refused(&"is not a number of up to 28 digits")),
        }
    }
}

/// A number without an exponent: rust_decimal rounds one that has it.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let Some((coefficient, exponent)) = text.split_once(['e', 'E']) else {
        return Some(text.into());
    };
    let exponent: i64 =
        exponent.parse().ok().filter(|exponent: &i64| exponent.unsigned_abs() < 100)?;
    let unsigned = coefficient.trim_start_matches(['+', '-']);
    let sign = if coefficient.starts_with('-') { "-" } else { "" };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if unsigned.len() > 200 {
        return None;
    }
    // Both numbers are small.
    let point = whole.len() as i64 + exponent;
    let digits = format!("{whole}{fraction}");
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    Some(
        match usize::try_from(point) {
            Ok(at) if at > 0 && at < digits.len() => {
                format!("{sign}{}.{}", digits.get(..at)?, digits.get(at..)?)
            }
            Ok(at) if at > 0 => format!("{sign}{digits}{}", zeros(point - digits.len() as i64)),
            _ => format!("{sign}0.{}{digits}", zeros(-point)),
        }
        .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_an_error() {
        let read = |text: &str| {
            ::rust_decimal::Decimal::from_python(text.parse().unwrap())
                .map(|number| number.to_string())
        };
        for (text, plain) in [
            ("1.50", "1.50"),
            ("-0.001", "-0.001"),
            ("1E+3", "1000"),
            ("1.5e-7", "0.00000015"),
            ("123.45E1", "1234.5"),
            ("-12E-1", "-1.2"),
            ("0E-10", "0.0000000000"),
            ("1E-28", "0.0000000000000000000000000001"),
        ] {
            assert_eq!(read(text).unwrap(), plain, "{text}");
        }
        for text in [
            "1E-29",
            "1E+29",
            "NaN",
            "Infinity",
            "1E+1000000000000",
            "0.12345678901234567890123456789",
        ] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
        let most = ::rust_decimal::Decimal::MAX;
        assert_eq!(::rust_decimal::Decimal::from_python(most.to_python().unwrap()).unwrap(), most);
    }
}
