//! Python's `complex`: two floats.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::reduce::token;

/// A Python `complex`.
///
/// It serializes as a tuple of its two parts, which this crate's serializer writes as a `complex`;
/// it deserializes from a Python `complex`, `float` or `int`, and from a pair of numbers. `Display`
/// is Python's `repr`. `==` is structural, as that of a [`Value`](crate::Value): a NaN equals a NaN
/// of the same bits.
///
/// ```
/// use serde_pickle::value::Complex;
/// assert_eq!(Complex::new(1.0, -2.5).to_string(), "(1-2.5j)");
/// assert_eq!(Complex::new(0.0, 1.0).to_string(), "1j");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

impl Complex {
    /// A complex from its parts.
    pub const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }
}

impl From<f64> for Complex {
    fn from(re: f64) -> Self {
        Self { re, im: 0.0 }
    }
}

impl From<(f64, f64)> for Complex {
    fn from((re, im): (f64, f64)) -> Self {
        Self { re, im }
    }
}

impl Serialize for Complex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(token::COMPLEX, &(self.re, self.im))
    }
}

impl<'de> Deserialize<'de> for Complex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ComplexVisitor;

        impl<'de> Visitor<'de> for ComplexVisitor {
            type Value = Complex;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a complex: two floats")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Complex, D::Error> {
                deserializer.deserialize_any(self)
            }

            fn visit_f64<E: de::Error>(self, re: f64) -> Result<Complex, E> {
                Ok(re.into())
            }

            fn visit_i64<E: de::Error>(self, re: i64) -> Result<Complex, E> {
                Ok((re as f64).into())
            }

            fn visit_u64<E: de::Error>(self, re: u64) -> Result<Complex, E> {
                Ok((re as f64).into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Complex, A::Error> {
                let re = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let im = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
                match seq.next_element::<de::IgnoredAny>()? {
                    None => Ok(Complex { re, im }),
                    Some(_) => Err(de::Error::invalid_length(3, &self)),
                }
            }
        }

        deserializer.deserialize_newtype_struct(token::COMPLEX, ComplexVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_numbers_or_a_number_is_read() {
        let json = |text| serde_json::from_str::<Complex>(text).map_err(|error| error.to_string());
        assert_eq!(json("[1.5, -2]"), Ok(Complex::new(1.5, -2.0)));
        assert_eq!(json("3"), Ok(Complex::new(3.0, 0.0)));
        assert!(json("[1]").is_err() && json("[1, 2, 3]").is_err() && json("\"1\"").is_err());
        assert_eq!(serde_json::to_string(&Complex::new(1.5, -2.0)).unwrap(), "[1.5,-2.0]");
    }
}
