//! [`Decimal`], Python's `decimal.Decimal`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};
use crate::reduce::token;

/// A decimal number: Python's `decimal.Decimal`, of any precision, as its text.
///
/// The text is kept as it is, `1.50` with its zero: that is part of the number in Python. So
/// equality is that of the text; to calculate, convert it to a type of another crate. Infinities
/// and NaNs are numbers too.
///
/// Order is that of the numbers, from -NaN by -Infinity to Infinity and NaN, as that of Python's
/// `compare_total`; numbers of one size go by their text. An exponent of more than 18 digits, which
/// Python does not have, counts as the largest of 18.
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

    /// The number that another type of decimals prints; Python reads it.
    #[cfg(feature = "rust_decimal")]
    pub(in crate::python) fn printed(text: String) -> Self {
        debug_assert!(is_decimal(&text));
        Self(text)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size = match (Size::of(&self.0), Size::of(&other.0)) {
            (a, b) if a.negative != b.negative => b.negative.cmp(&a.negative),
            (a, b) if a.negative => b.cmp_magnitude(&a),
            (a, b) => a.cmp_magnitude(&b),
        };
        by_size.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The size of a number, to compare it with others.
struct Size<'a> {
    negative: bool,
    kind: SizeKind,
    /// The exponent of the first digit.
    exponent: i64,
    /// The digits from the first that is not 0 on: of the whole part and of the fraction, or the
    /// payload of a NaN.
    digits: (&'a str, &'a str),
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SizeKind {
    Zero,
    Finite,
    Infinite,
    SignalingNan,
    Nan,
}

impl<'a> Size<'a> {
    /// Of text that [`is_decimal`].
    fn of(text: &'a str) -> Self {
        let negative = text.starts_with('-');
        let number = text.strip_prefix(['+', '-']).unwrap_or(text);
        let special = |kind, letters| {
            let payload = number.get(letters..).unwrap_or("").trim_start_matches('0');
            Self { negative, kind, exponent: payload.len() as i64, digits: (payload, "") }
        };
        match number.as_bytes().first() {
            Some(b'i' | b'I') => return special(SizeKind::Infinite, number.len()),
            Some(b's' | b'S') => return special(SizeKind::SignalingNan, 4),
            Some(b'n' | b'N') => return special(SizeKind::Nan, 3),
            _ => {}
        }
        let (coefficient, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));
        let whole = whole.trim_start_matches('0');
        let significant =
            if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        if whole.is_empty() && significant.is_empty() {
            return Self { negative, kind: SizeKind::Zero, exponent: 0, digits: ("", "") };
        }
        let zeros = fraction.len() - significant.len();
        let first = whole.len() as i64 - zeros as i64;
        Self {
            negative,
            kind: SizeKind::Finite,
            exponent: exponent_of(exponent).saturating_add(first),
            digits: (whole, significant),
        }
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        let digits = |size: &Self| {
            let (whole, fraction) = size.digits;
            // Zeros at the end do not count.
            let len = (whole.len() + fraction.len())
                - fraction
                    .bytes()
                    .rev()
                    .chain(whole.bytes().rev())
                    .take_while(|&b| b == b'0')
                    .count();
            whole.bytes().chain(fraction.bytes()).take(len)
        };
        (&self.kind, self.exponent)
            .cmp(&(&other.kind, other.exponent))
            .then_with(|| digits(self).cmp(digits(other)))
    }
}

/// An exponent, which may have more digits than any number type holds.
fn exponent_of(text: &str) -> i64 {
    const LARGEST: i64 = 999_999_999_999_999_999;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).trim_start_matches('0');
    let size = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(LARGEST).min(LARGEST) };
    if text.starts_with('-') { -size } else { size }
}

/// Returns true if Python's Decimal takes the text.
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
    /// Digits have to be ASCII, and blanks and underscores are not allowed.
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
    const TOKEN: &'static str = token::DECIMAL;
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

    #[test]
    fn order_is_that_of_the_numbers() {
        // sorted(…, key=cmp_to_key(Decimal.compare_total)) in Python 3.13, but for equal numbers.
        let ascending = [
            "-NaN",
            "-sNaN5",
            "-Infinity",
            "-1e999999999999999999",
            "-1e3",
            "-999",
            "-10.5",
            "-9",
            "-0.1",
            "-0.01",
            "-1e-9",
            "-0",
            "0",
            "0.00",
            "0e7",
            "1e-9",
            "0.0999",
            "0.1",
            "0.10",
            ".11",
            "9",
            "10",
            "1e1",
            "10.01",
            "0099.5",
            "1.5e2",
            "151",
            "1e400",
            "1e99999999999999999",
            "inf",
            "sNaN",
            "NaN",
            "NaN7",
            "NaN10",
        ];
        let numbers: Vec<Decimal> = ascending.iter().map(|text| text.parse().unwrap()).collect();
        for (i, a) in numbers.iter().enumerate() {
            for (j, b) in numbers.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} {b}");
                assert_eq!(a == b, a.cmp(b).is_eq(), "{a} {b}");
            }
        }
    }

    #[test]
    fn exponents_of_any_length_have_an_order() {
        let long = |digits: usize| format!("1e{}", "9".repeat(digits)).parse::<Decimal>().unwrap();
        assert!(long(17) < long(18) && long(18) < long(40) && long(40) == long(40));
        assert!(format!("1e-{}", "9".repeat(40)).parse::<Decimal>().unwrap() > Decimal::from(0));
    }
}
