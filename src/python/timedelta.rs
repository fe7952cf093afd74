//! [`TimeDelta`], Python's `datetime.timedelta`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};
use crate::reduce::token;
use crate::stdlib::calendar;

/// A duration of either sign: Python's `datetime.timedelta`, in days, seconds and microseconds.
///
/// As in Python only the days are negative, and there are fewer than 86,400 seconds and a million
/// microseconds. `Display` and [`FromStr`] are a duration in seconds as in ISO 8601, `-PT0.5S`,
/// which is also its form in other formats.
///
/// ```
/// use serde_pickle::python::TimeDelta;
///
/// let delta = TimeDelta::new(1, 0, -500_000)?;
/// assert_eq!((delta.days(), delta.seconds(), delta.microseconds()), (0, 86_399, 500_000));
/// assert_eq!(delta.to_string(), "PT86399.5S");
/// let bytes = serde_pickle::to_vec(&delta)?; // datetime.timedelta(0, 86399, 500000)
/// assert_eq!(serde_pickle::from_slice::<TimeDelta>(&bytes)?, delta);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `timedelta.__reduce__` in Python's `Lib/_pydatetime.py`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeDelta {
    days: i32,
    seconds: u32,
    microseconds: u32,
}

pub(super) const SECOND: i128 = calendar::SECOND as i128;
pub(super) const DAY: i128 = calendar::DAY as i128;

impl TimeDelta {
    /// No time at all.
    pub const ZERO: Self = Self { days: 0, seconds: 0, microseconds: 0 };

    /// The sum of days, seconds and microseconds, each of either sign.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for a billion days or more, which Python's type
    /// cannot hold.
    pub fn new(days: i64, seconds: i64, microseconds: i64) -> Result<Self> {
        Self::from_microseconds(
            i128::from(days) * DAY + i128::from(seconds) * SECOND + i128::from(microseconds),
        )
    }

    /// A number of microseconds.
    ///
    /// ```
    /// use serde_pickle::python::TimeDelta;
    ///
    /// let delta = TimeDelta::from_microseconds(-1)?;
    /// assert_eq!((delta.days(), delta.seconds(), delta.microseconds()), (-1, 86_399, 999_999));
    /// assert_eq!(delta.whole_microseconds(), -1);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_microseconds(microseconds: i128) -> Result<Self> {
        let days = microseconds.div_euclid(DAY);
        let rest = microseconds.rem_euclid(DAY);
        match i32::try_from(days) {
            // Both are less than the microseconds of a day.
            Ok(days) if calendar::is_delta(microseconds) => Ok(Self {
                days,
                seconds: (rest / SECOND) as u32,
                microseconds: (rest % SECOND) as u32,
            }),
            _ => Err(Error::data("a timedelta of a billion days or more")),
        }
    }

    /// The days, less than a billion. Only they may be negative.
    pub fn days(&self) -> i32 {
        self.days
    }

    /// The seconds within the day.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The microseconds within the second.
    pub fn microseconds(&self) -> u32 {
        self.microseconds
    }

    /// The whole in microseconds.
    pub fn whole_microseconds(&self) -> i128 {
        i128::from(self.days) * DAY
            + i128::from(self.seconds) * SECOND
            + i128::from(self.microseconds)
    }
}

impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.whole_microseconds();
        let (seconds, micros) =
            (whole.unsigned_abs() / SECOND as u128, whole.unsigned_abs() % SECOND as u128);
        let sign = if whole < 0 { "-" } else { "" };
        if micros == 0 {
            return write!(f, "{sign}PT{seconds}S");
        }
        let micros = format!("{micros:06}");
        write!(f, "{sign}PT{seconds}.{}S", micros.trim_end_matches('0'))
    }
}

impl FromStr for TimeDelta {
    type Err = Error;

    /// # Errors
    /// Text of another form, such as one with hours, is
    /// [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let seconds = rest.strip_prefix("PT").and_then(|rest| rest.strip_suffix('S'));
        match seconds.and_then(decimal_micros) {
            Some(micros) => Self::from_microseconds(sign * micros),
            None => Err(Error::data(format!(
                "expected a duration in seconds, `PT1.5S`, found `{}`",
                quoted(text)
            ))),
        }
    }
}

/// `12.5` in millionths.
fn decimal_micros(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A timedelta has at most 14 digits of seconds.
    if !digits(whole) || !digits(fraction) || whole.len() > 20 || fraction.len() > 6 {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<6}").parse().ok()?;
    Some(whole.parse::<i128>().ok()? * SECOND + fraction)
}

impl TextObject for TimeDelta {
    const TOKEN: &'static str = token::TIMEDELTA;
    const CLASS: &'static str = "datetime.timedelta";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("datetime", "timedelta")
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        Self::from_microseconds(i128::from_be_bytes(*payload.first_chunk()?)).ok()
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:datetime:timedelta")]
        struct Call(i32, u32, u32);

        Call(self.days, self.seconds, self.microseconds).serialize(serializer)
    }
}

objects!(TimeDelta);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_normalised_as_in_python() {
        let delta = TimeDelta::new(0, 0, -1).unwrap();
        assert_eq!((delta.days, delta.seconds, delta.microseconds), (-1, 86_399, 999_999));
        assert_eq!(delta.whole_microseconds(), -1);
        let most = TimeDelta::new(999_999_999, 86_399, 999_999).unwrap();
        assert!(TimeDelta::from_microseconds(most.whole_microseconds() + 1).is_err());
        assert!(TimeDelta::new(-999_999_999, 0, 0).is_ok());
        assert!(TimeDelta::new(-999_999_999, 0, -1).is_err());
        assert!(TimeDelta::from_microseconds(i128::MIN).is_err());
        assert!(TimeDelta::new(i64::MAX, i64::MAX, i64::MAX).is_err());
    }

    #[test]
    fn text_is_a_number_of_seconds() {
        for (text, micros) in [
            ("PT0S", 0),
            ("-PT0.000001S", -1),
            ("PT1.5S", 1_500_000),
            ("PT172800S", 172_800_000_000),
        ] {
            let delta: TimeDelta = text.parse().unwrap();
            assert_eq!(delta.whole_microseconds(), micros);
            assert_eq!(delta.to_string(), text);
        }
        for wrong in [
            "",
            "PT",
            "PTS",
            "PT1H",
            "PT-1S",
            "PT1.S",
            "PT.5S",
            "PT1.0000001S",
            "PT999999999999999999999S",
            "--PT1S",
        ] {
            assert!(wrong.parse::<TimeDelta>().is_err(), "{wrong}");
        }
    }
}
