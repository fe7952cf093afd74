//! [`Date`], Python's `datetime.date`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};
use crate::reduce::token;
use crate::stdlib::calendar::{is_day, push_day};

/// A day: Python's `datetime.date`, of the years 1 to 9999.
///
/// `Display` and [`FromStr`] are ISO 8601, which is also its form in other formats.
///
/// ```
/// use serde_pickle::python::Date;
///
/// let date = Date::new(2024, 2, 29)?;
/// assert_eq!(date.to_string(), "2024-02-29");
/// assert!(Date::new(2023, 2, 29).is_err());
/// let bytes = serde_pickle::to_vec(&date)?;
/// assert_eq!(serde_pickle::from_slice::<Date>(&bytes)?, date);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `date._getstate` in Python's `Lib/_pydatetime.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if it is not a day of the years 1 to 9999.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self> {
        if is_day((year, month, day)) {
            return Ok(Self { year, month, day });
        }
        Err(Error::data(format!(
            "day {day} of month {month} of the year {year} is not a valid date"
        )))
    }

    /// The year, 1 to 9999.
    ///
    /// ```
    /// use serde_pickle::python::Date;
    ///
    /// let date: Date = "2024-02-29".parse()?;
    /// assert_eq!((date.year(), date.month(), date.day()), (2024, 2, 29));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(&self) -> u8 {
        self.day
    }

    /// The four bytes that Python pickles.
    pub(super) fn payload(&self) -> [u8; 4] {
        let [high, low] = self.year.to_be_bytes();
        [high, low, self.month, self.day]
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(10);
        push_day(&mut text, (self.year, self.month, self.day));
        f.write_str(&text)
    }
}

impl FromStr for Date {
    type Err = Error;

    /// # Errors
    /// Text of another form, or of no day, is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        let number = |range: std::ops::Range<usize>| {
            let digits = text
                .get(range)
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<u16>().ok()
        };
        let shaped = text.len() == 10
            && text.as_bytes().get(4) == Some(&b'-')
            && text.as_bytes().get(7) == Some(&b'-');
        match (number(0..4), number(5..7), number(8..10)) {
            // Two digits are less than 100.
            (Some(year), Some(month), Some(day)) if shaped => {
                Self::new(year, month as u8, day as u8)
            }
            _ => {
                Err(Error::data(format!("expected a date, `2024-02-29`, found `{}`", quoted(text))))
            }
        }
    }
}

impl TextObject for Date {
    const TOKEN: &'static str = token::DATE;
    const CLASS: &'static str = "datetime.date";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("datetime", "date")
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        let &[high, low, month, day] = payload.first_chunk()?;
        Self::new(u16::from_be_bytes([high, low]), month, day).ok()
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:datetime:date")]
        struct Call<'a>(&'a serde_bytes::Bytes);

        Call(serde_bytes::Bytes::new(&self.payload())).serialize(serializer)
    }
}

objects!(Date);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_the_days_of_the_calendar() {
        for (year, month, day) in [(1, 1, 1), (9999, 12, 31), (2000, 2, 29), (2024, 4, 30)] {
            let date = Date::new(year, month, day).unwrap();
            assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        }
        for (year, month, day) in [
            (0, 1, 1),
            (10_000, 1, 1),
            (1900, 2, 29),
            (2024, 4, 31),
            (2024, 13, 1),
            (2024, 0, 1),
            (2024, 1, 0),
        ] {
            assert!(Date::new(year, month, day).is_err(), "{year} {month} {day}");
        }
    }

    #[test]
    fn text_of_another_form_is_refused() {
        for wrong in [
            "",
            "2024-1-01",
            "2024-01-1",
            "20240101",
            "2024/01/01",
            "+024-01-01",
            "2024-01-01T",
            "2024-02-30",
            "２０24-01",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
