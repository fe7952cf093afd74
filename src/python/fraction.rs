//! [`Fraction`], Python's `fractions.Fraction`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use num_bigint::{BigInt, Sign};
use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};
use crate::limits;
use crate::value::Value;

/// A fraction of two ints of any size: Python's `fractions.Fraction`, in lowest terms.
///
/// `Display` and [`FromStr`] are `3/4`, and `3` for a whole number, as in Python.
///
/// ```
/// use serde_pickle::python::Fraction;
///
/// let fraction = Fraction::new(6, -8)?;
/// assert_eq!(fraction.to_string(), "-3/4");
/// let bytes = serde_pickle::to_vec(&fraction)?; // fractions.Fraction(-3, 4)
/// assert_eq!(serde_pickle::from_slice::<Fraction>(&bytes)?, fraction);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// It is written as Python 3.11 and later write it; any Python from 2.7 on reads that.
///
/// Source: `Fraction.__reduce__` in Python's `Lib/fractions.py`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: BigInt,
    denominator: BigInt,
}

impl Fraction {
    /// The fraction in lowest terms.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the denominator is 0.
    pub fn new(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> Result<Self> {
        let (mut numerator, mut denominator) = (numerator.into(), denominator.into());
        if denominator.sign() == Sign::NoSign {
            return Err(Error::data("a fraction whose denominator is 0"));
        }
        if denominator.sign() == Sign::Minus {
            (numerator, denominator) = (-numerator, -denominator);
        }
        let mut divisor = (numerator.clone(), denominator.clone());
        while divisor.1.sign() != Sign::NoSign {
            let rest = &divisor.0 % &divisor.1;
            divisor = (divisor.1, rest);
        }
        // The last divisor is not 0, since the denominator is not; it may be negative, for the rest
        // has the sign of what is divided.
        let divisor = BigInt::from(divisor.0.magnitude().clone());
        Ok(Self { numerator: numerator / &divisor, denominator: denominator / divisor })
    }

    /// Returns the numerator.
    ///
    /// ```
    /// use serde_pickle::python::Fraction;
    ///
    /// let half = Fraction::new(2, 4)?;
    /// assert_eq!((half.numerator(), half.denominator()), (&1.into(), &2.into()));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn numerator(&self) -> &BigInt {
        &self.numerator
    }

    /// Returns the denominator, at least 1.
    pub fn denominator(&self) -> &BigInt {
        &self.denominator
    }
}

/// By their size.
impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        // In lowest terms equal fractions have equal parts, and denominators are positive.
        match self.numerator.sign().cmp(&other.numerator.sign()) {
            Ordering::Equal if self.denominator == other.denominator => {
                self.numerator.cmp(&other.numerator)
            }
            Ordering::Equal => {
                (&self.numerator * &other.denominator).cmp(&(&other.numerator * &self.denominator))
            }
            signs => signs,
        }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.numerator.fmt(f)?;
        if self.denominator == BigInt::from(1) {
            Ok(())
        } else {
            write!(f, "/{}", self.denominator)
        }
    }
}

impl FromStr for Fraction {
    type Err = Error;

    /// # Errors
    /// Text other than `3/4` and `3` is [`ErrorKind::Data`](crate::ErrorKind::Data); ints of more
    /// than 4,300 digits are [`ErrorKind::Limit`](crate::ErrorKind::Limit), as reading them takes
    /// more than linear time.
    fn from_str(text: &str) -> Result<Self> {
        let int = |digits: &str| -> Result<BigInt> {
            let plain = digits.strip_prefix('-').unwrap_or(digits);
            if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Error::data(format!(
                    "expected a fraction, `3/4`, found `{}`",
                    quoted(text)
                )));
            }
            if plain.len() > limits::INT_DIGITS {
                return Err(Error::limit(format!(
                    "an int of more than {} digits",
                    limits::INT_DIGITS
                )));
            }
            digits.parse().map_err(|_| Error::data("not an integer"))
        };
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        Self::new(int(numerator)?, int(denominator)?)
    }
}

impl TextObject for Fraction {
    const CLASS: &'static str = "fractions.Fraction";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("fractions", "Fraction")
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:fractions:Fraction")]
        struct Call(Value, Value);

        Call(self.numerator.clone().into(), self.denominator.clone().into()).serialize(serializer)
    }
}

objects!(Fraction);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_in_lowest_terms() {
        for (parts, text) in [
            ((6, 8), "3/4"),
            ((-6, 8), "-3/4"),
            ((6, -8), "-3/4"),
            ((0, -5), "0"),
            ((9, 3), "3"),
            ((-1, -1), "1"),
        ] {
            let fraction = Fraction::new(parts.0, parts.1).unwrap();
            assert_eq!(fraction.to_string(), text);
            assert_eq!(text.parse::<Fraction>().unwrap(), fraction);
        }
        assert!(Fraction::new(1, 0).is_err());
        for wrong in ["", "/", "1/", "/2", "1/0", "1/2/3", "+1", "1.5", "--1"] {
            assert!(wrong.parse::<Fraction>().is_err(), "{wrong}");
        }
        assert_eq!(
            "9".repeat(5_000).parse::<Fraction>().unwrap_err().kind(),
            crate::ErrorKind::Limit
        );
    }

    #[test]
    fn order_is_that_of_the_numbers() {
        let ascending = [(-3, 2), (-1, 1), (-1, 3), (0, 1), (1, 3), (333, 998), (1, 2), (2, 1)];
        let numbers = ascending.map(|(a, b)| Fraction::new(a, b).unwrap());
        for (i, a) in numbers.iter().enumerate() {
            for (j, b) in numbers.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} {b}");
            }
        }
        assert!(Fraction::new(2, 4).unwrap().cmp(&Fraction::new(1, 2).unwrap()).is_eq());
    }
}
