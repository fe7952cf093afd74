//! [`DateTime`], Python's `datetime.datetime`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use super::{Date, Time, TimeZone};
use crate::error::{Error, Result, quoted};
use crate::reduce::token;
use crate::stdlib::calendar::FOLD;

/// A date and time: Python's `datetime.datetime`, naive or with a time zone.
///
/// `Display` and [`FromStr`] are ISO 8601 with a `T`, and the key of a named zone in brackets (RFC
/// 9557): the text that the types of jiff read, and those of chrono where there is no key; and the
/// form in other formats.
///
/// ```
/// use serde_pickle::python::{DateTime, TimeZone};
///
/// let naive: DateTime = "2024-07-01T12:00:00".parse()?;
/// let berlin = naive.clone().with_zone(TimeZone::named("Europe/Berlin")?);
/// assert_eq!(berlin.to_string(), "2024-07-01T12:00:00[Europe/Berlin]");
///
/// let bytes = serde_pickle::to_vec(&(&naive, &berlin))?;
/// assert_eq!(serde_pickle::from_slice::<(DateTime, DateTime)>(&bytes)?, (naive, berlin));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Equality is that of the parts: the same moment in two zones is two values, unlike in Python.
/// Order is that of the date and the reading of the clock, then of fold and zone, the naive ones
/// first: chronological among naive datetimes and those of one zone. To order by the moment,
/// convert to a type of chrono or jiff.
///
/// The fold is written at every protocol; Python itself writes it from protocol 4 on, and reads it
/// at any, from 3.6 on. In a struct that serde buffers (`flatten`, `untagged`, `tag`) it is lost on
/// reading, as is the name of an offset.
///
/// Source: `datetime._getstate` in Python's `Lib/_pydatetime.py`; PEP 495 for the fold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// A date and a time; zone and fold are the time's.
    ///
    /// ```
    /// use serde_pickle::python::{Date, DateTime, Time, TimeZone};
    ///
    /// let noon = Time::new(12, 0, 0, 0)?.with_zone(TimeZone::UTC);
    /// let moment = DateTime::new(Date::new(2024, 7, 1)?, noon).with_fold(true);
    /// assert_eq!(moment.date().year(), 2024);
    /// assert_eq!((moment.time().hour(), moment.time().fold()), (12, true));
    /// assert_eq!(moment.zone(), Some(&TimeZone::UTC));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub const fn new(date: Date, time: Time) -> Self {
        Self { date, time }
    }

    /// Gives a time zone; date and time stay as they are.
    #[must_use]
    pub fn with_zone(self, zone: TimeZone) -> Self {
        Self { time: self.time.with_zone(zone), ..self }
    }

    /// Sets Python's `fold`: true for the second of two equal readings of a clock that is put back.
    #[must_use]
    pub fn with_fold(self, fold: bool) -> Self {
        Self { time: self.time.with_fold(fold), ..self }
    }

    /// The date.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time, with zone and fold.
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// The time zone; a naive datetime has none.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.time.zone()
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}

impl FromStr for DateTime {
    type Err = Error;

    /// # Errors
    /// Text of another form, or of no day, is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        match (text.get(..10), text.as_bytes().get(10), text.get(11..)) {
            (Some(date), Some(b'T' | b't' | b' '), Some(time)) => {
                Ok(Self { date: date.parse()?, time: time.parse()? })
            }
            _ => Err(Error::data(format!(
                "expected a datetime, `2024-02-29T12:30:00`, found `{}`",
                quoted(text)
            ))),
        }
    }
}

impl TextObject for DateTime {
    const TOKEN: &'static str = token::DATETIME;
    const CLASS: &'static str = "datetime.datetime";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("datetime", "datetime")
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        let (&[high, low, month, day], time) = payload.split_first_chunk()?;
        let date = Date::of_payload(&[high, low, month & !FOLD, day])?;
        Some(Self::new(date, Time::of_payload(time)?).with_fold(month & FOLD != 0))
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:datetime:datetime")]
        struct Naive<'a>(&'a serde_bytes::Bytes);

        #[derive(Serialize)]
        #[serde(rename = "py:datetime:datetime")]
        struct Aware<'a>(&'a serde_bytes::Bytes, &'a TimeZone);

        let [y1, y0, month, day] = self.date.payload();
        let [hour, minute, second, m2, m1, m0] = self.time.payload();
        let month = month | if self.time.fold() { FOLD } else { 0 };
        let payload = [y1, y0, month, day, hour, minute, second, m2, m1, m0];
        let payload = serde_bytes::Bytes::new(&payload);
        match self.zone() {
            None => Naive(payload).serialize(serializer),
            Some(zone) => Aware(payload, zone).serialize(serializer),
        }
    }
}

objects!(DateTime);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_that_of_isoformat_with_the_zone_behind() {
        for text in [
            "2024-07-01T12:00:00",
            "0001-01-01T00:00:00.000001",
            "9999-12-31T23:59:59.999999+05:30",
            "2024-07-01T12:00:00+02:00[Europe/Berlin]",
            "2024-07-01T12:00:00[America/New_York]",
        ] {
            let datetime: DateTime = text.parse().unwrap();
            assert_eq!(datetime.to_string(), text);
            assert_eq!(serde_json::to_value(&datetime).unwrap(), text);
            assert_eq!(serde_json::from_value::<DateTime>(text.into()).unwrap(), datetime);
        }
        assert!(
            "2024-10-27T02:30:00[Europe/Berlin][_fold=1]"
                .parse::<DateTime>()
                .unwrap()
                .time()
                .fold()
        );
        for wrong in [
            "",
            "2024-07-01",
            "2024-07-01T",
            "2024-07-01x12:00:00",
            "2024-02-30T12:00:00",
            "2024-07-01T25:00:00",
        ] {
            assert!(wrong.parse::<DateTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn order_is_that_of_the_clock_then_of_fold_and_zone() {
        let naive = |text: &str| text.parse::<DateTime>().unwrap();
        let zone = |text: &str| TimeZone::from_str(text).unwrap();
        let ascending = [
            naive("2024-07-01T11:59:59.999999"),
            naive("2024-07-01T12:00:00"),
            naive("2024-07-01T12:00:00").with_zone(zone("Asia/Tokyo")),
            naive("2024-07-01T12:00:00").with_zone(zone("Europe/Berlin")),
            naive("2024-07-01T12:00:00").with_zone(zone("-01:00")),
            naive("2024-07-01T12:00:00").with_zone(zone("+05:30")),
            naive("2024-07-01T12:00:00").with_fold(true),
            naive("2024-07-01T12:00:00.000001"),
            naive("2024-07-02T00:00:00"),
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} {b}");
            }
        }
    }
}
