//! [`Time`], Python's `datetime.time`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::TimeZone;
use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};
use crate::reduce::token;
use crate::stdlib::calendar::{FOLD, is_clock, push_clock};

/// A time of day: Python's `datetime.time`, to the microsecond, with or without a time zone.
///
/// `Display` and [`FromStr`] are ISO 8601 as Python's `isoformat` writes it, with the key of a
/// named zone in brackets behind.
///
/// ```
/// use serde_pickle::python::{Time, TimeZone};
///
/// let time = Time::new(12, 30, 0, 250_000)?.with_zone(TimeZone::UTC);
/// assert_eq!(time.to_string(), "12:30:00.250000+00:00");
/// let bytes = serde_pickle::to_vec(&time)?;
/// assert_eq!(serde_pickle::from_slice::<Time>(&bytes)?, time);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// The fold is written at every protocol; Python itself writes it from protocol 4 on, and reads it
/// at any, from 3.6 on.
///
/// Order is that of the reading of the clock; equal readings go by fold, then by zone, none first.
/// Offsets are not added up, as equality does not add them up either.
///
/// Source: `time._getstate` in Python's `Lib/_pydatetime.py`; PEP 495 for the fold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
    fold: bool,
    zone: Option<TimeZone>,
}

impl Time {
    /// 0:00, without a zone.
    pub const MIDNIGHT: Self =
        Self { hour: 0, minute: 0, second: 0, microsecond: 0, fold: false, zone: None };

    /// A time without a zone.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if it is not a valid time of day. There are no
    /// leap seconds in Python.
    pub fn new(hour: u8, minute: u8, second: u8, microsecond: u32) -> Result<Self> {
        if is_clock((hour, minute, second, microsecond)) {
            return Ok(Self { hour, minute, second, microsecond, ..Self::MIDNIGHT });
        }
        Err(Error::data(format!(
            "{hour}:{minute}:{second} and {microsecond} microseconds is not a valid time of day"
        )))
    }

    /// Gives a time zone.
    #[must_use]
    pub fn with_zone(self, zone: TimeZone) -> Self {
        Self { zone: Some(zone), ..self }
    }

    /// Sets Python's `fold`: true for the second of two equal readings of a clock that is put back.
    ///
    /// ```
    /// use serde_pickle::python::Time;
    ///
    /// let time = Time::new(2, 30, 15, 500_000)?.with_fold(true);
    /// assert_eq!((time.hour(), time.minute(), time.second()), (2, 30, 15));
    /// assert_eq!((time.microsecond(), time.fold(), time.zone()), (500_000, true, None));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn with_fold(self, fold: bool) -> Self {
        Self { fold, ..self }
    }

    /// The hour, 0 to 23.
    pub fn hour(&self) -> u8 {
        self.hour
    }

    /// The minute.
    pub fn minute(&self) -> u8 {
        self.minute
    }

    /// The second, 0 to 59.
    pub fn second(&self) -> u8 {
        self.second
    }

    /// The microseconds within the second.
    pub fn microsecond(&self) -> u32 {
        self.microsecond
    }

    /// The fold.
    pub fn fold(&self) -> bool {
        self.fold
    }

    /// The time zone.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// The six bytes that Python pickles, without the fold.
    pub(super) fn payload(&self) -> [u8; 6] {
        let [_, m2, m1, m0] = self.microsecond.to_be_bytes();
        [self.hour, self.minute, self.second, m2, m1, m0]
    }

    /// Microseconds since midnight.
    #[cfg(any(test, feature = "chrono"))]
    pub(super) fn micros(&self) -> u64 {
        let seconds =
            (u64::from(self.hour) * 60 + u64::from(self.minute)) * 60 + u64::from(self.second);
        seconds * 1_000_000 + u64::from(self.microsecond)
    }

    /// The time of day so many microseconds after midnight, which are less than a day's.
    pub(super) fn of_micros(micros: u64) -> Self {
        let (seconds, microsecond) = (micros / 1_000_000, (micros % 1_000_000) as u32);
        let (hour, minute, second) =
            ((seconds / 3_600 % 24) as u8, (seconds / 60 % 60) as u8, (seconds % 60) as u8);
        Self { hour, minute, second, microsecond, ..Self::MIDNIGHT }
    }
}

/// The microseconds in `hh:mm`, `hh:mm:ss` or `hh:mm:ss.ffffff`.
pub(super) fn parse_clock(text: &str, short: bool) -> Option<u64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let two = |text: &str, below: u64| match text.as_bytes() {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
            Some(u64::from((a - b'0') * 10 + (b - b'0'))).filter(|value| *value < below)
        }
        _ => None,
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (two(parts.next()?, 24)?, two(parts.next()?, 60)?);
    let seconds = match parts.next() {
        Some(seconds) => two(seconds, 60)?,
        None if short && clock.len() == text.len() => 0,
        None => return None,
    };
    let digits =
        (1..=6).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !digits {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(15);
        push_clock(&mut text, (self.hour, self.minute, self.second, self.microsecond));
        f.write_str(&text)?;
        self.zone.as_ref().map_or(Ok(()), |zone| zone.push_behind(f))
    }
}

impl FromStr for Time {
    type Err = Error;

    /// # Errors
    /// Text of another form is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        let (clock, zone) = text.split_at(text.find(['+', '-', '[', 'Z']).unwrap_or(text.len()));
        let Some(micros) = parse_clock(clock, true) else {
            return Err(Error::data(format!(
                "expected a time, `12:30:00`, found `{}`",
                quoted(text)
            )));
        };
        let (zone, fold) = TimeZone::suffixed(zone)?;
        Ok(Self { zone, fold, ..Self::of_micros(micros) })
    }
}

impl TextObject for Time {
    const TOKEN: &'static str = token::TIME;
    const CLASS: &'static str = "datetime.time";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("datetime", "time")
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        let (&[hour, minute, second, m2, m1, m0], zone) = payload.split_first_chunk()?;
        let time = Self::new(hour & !FOLD, minute, second, u32::from_be_bytes([0, m2, m1, m0]));
        Some(Self { zone: TimeZone::of_payload(zone)?, fold: hour & FOLD != 0, ..time.ok()? })
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:datetime:time")]
        struct Naive<'a>(&'a serde_bytes::Bytes);

        #[derive(Serialize)]
        #[serde(rename = "py:datetime:time")]
        struct Aware<'a>(&'a serde_bytes::Bytes, &'a TimeZone);

        let mut payload = self.payload();
        payload[0] |= if self.fold { FOLD } else { 0 };
        let payload = serde_bytes::Bytes::new(&payload);
        match &self.zone {
            None => Naive(payload).serialize(serializer),
            Some(zone) => Aware(payload, zone).serialize(serializer),
        }
    }
}

objects!(Time);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_that_of_isoformat() {
        for text in [
            "00:00:00",
            "23:59:59.999999",
            "12:30:00.000001+05:30",
            "12:30:00[Europe/Berlin]",
            "01:02:03-00:00:07",
        ] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), text);
        }
        assert_eq!("12:30".parse::<Time>().unwrap(), Time::new(12, 30, 0, 0).unwrap());
        assert_eq!("12:30:00.5Z".parse::<Time>().unwrap().to_string(), "12:30:00.500000+00:00");
        assert!("12:30:00[_fold=1]".parse::<Time>().unwrap().fold());
        for wrong in [
            "",
            "12",
            "24:00:00",
            "12:60",
            "12:30:60",
            "12:30:00.",
            "12:30.5",
            "12:30:00.1234567",
            "1:30:00",
            "12:30:00:00",
        ] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        assert!(Time::new(23, 59, 59, 999_999).is_ok());
        assert!(Time::new(24, 0, 0, 0).is_err());
        assert!(Time::new(0, 60, 0, 0).is_err());
        assert!(Time::new(0, 0, 60, 0).is_err());
        assert!(Time::new(0, 0, 0, 1_000_000).is_err());
        assert_eq!(
            Time::of_micros(Time::new(23, 59, 58, 7).unwrap().micros()),
            Time::new(23, 59, 58, 7).unwrap()
        );
    }
}
