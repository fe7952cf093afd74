//! The types of chrono.

use ::chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};

use crate::error::{Error, Result};
use crate::python;
use crate::python::{AsPython, TimeZone};

/// A date of the years 1 to 9999.
impl AsPython for NaiveDate {
    type Object = python::Date;

    fn to_python(&self) -> Result<python::Date> {
        match (u16::try_from(self.year()), u8::try_from(self.month()), u8::try_from(self.day())) {
            (Ok(year), Ok(month), Ok(day)) => python::Date::new(year, month, day),
            _ => Err(Error::data(format!("{self} is outside Python's years 1 to 9999"))),
        }
    }

    fn from_python(date: python::Date) -> Result<Self> {
        Self::from_ymd_opt(date.year().into(), date.month().into(), date.day().into())
            .ok_or_else(|| Error::data(format!("{date} is not a valid date")))
    }
}

/// A time of day. Fractions of a microsecond are cut off, and a leap second becomes the second
/// before it: Python has neither.
impl AsPython for NaiveTime {
    type Object = python::Time;

    fn to_python(&self) -> Result<python::Time> {
        let micros = u64::from(self.num_seconds_from_midnight()) * 1_000_000;
        Ok(python::Time::of_micros(micros + u64::from(self.nanosecond() % 1_000_000_000 / 1_000)))
    }

    /// # Errors
    /// A time with a zone.
    fn from_python(time: python::Time) -> Result<Self> {
        if time.zone().is_some() {
            return Err(Error::data(format!("expected a time without a zone, found {time}")));
        }
        let (micros, nanos) = (time.micros(), time.microsecond() * 1_000);
        // A day has 86,400 seconds.
        Self::from_num_seconds_from_midnight_opt((micros / 1_000_000) as u32, nanos)
            .ok_or_else(|| Error::data(format!("{time} is not a valid time of day")))
    }
}

/// A naive datetime.
impl AsPython for NaiveDateTime {
    type Object = python::DateTime;

    fn to_python(&self) -> Result<python::DateTime> {
        Ok(python::DateTime::new(self.date().to_python()?, self.time().to_python()?))
    }

    /// # Errors
    /// A datetime with a zone.
    fn from_python(datetime: python::DateTime) -> Result<Self> {
        if datetime.zone().is_some() {
            return Err(Error::data(format!(
                "expected a datetime without a zone, found {datetime}"
            )));
        }
        wall_clock(&datetime)
    }
}

/// The reading of clock and calendar, whatever the zone.
fn wall_clock(datetime: &python::DateTime) -> Result<NaiveDateTime> {
    let time = python::Time::of_micros(datetime.time().micros());
    Ok(NaiveDateTime::new(NaiveDate::from_python(datetime.date())?, NaiveTime::from_python(time)?))
}

/// A datetime in a zone with an offset.
impl AsPython for DateTime<FixedOffset> {
    type Object = python::DateTime;

    fn to_python(&self) -> Result<python::DateTime> {
        let offset = python::TimeDelta::new(0, self.offset().local_minus_utc().into(), 0)?;
        Ok(self.naive_local().to_python()?.with_zone(TimeZone::fixed(offset)?))
    }

    /// # Errors
    /// A datetime without a zone, or whose zone has no offset, or one with a fraction of a second.
    fn from_python(datetime: python::DateTime) -> Result<Self> {
        let offset =
            datetime.zone().and_then(TimeZone::offset).map(|offset| offset.whole_microseconds());
        let offset = match offset {
            Some(micros) if micros % 1_000_000 == 0 => i32::try_from(micros / 1_000_000).ok(),
            _ => None,
        };
        let local = wall_clock(&datetime)?;
        offset
            .and_then(FixedOffset::east_opt)
            .and_then(|offset| local.and_local_timezone(offset).single())
            .ok_or_else(|| {
                Error::data(format!(
                    "expected a datetime with an offset in seconds, found {datetime}"
                ))
            })
    }
}

/// A datetime in `timezone.utc`; on reading, in any zone with an offset.
impl AsPython for DateTime<Utc> {
    type Object = python::DateTime;

    fn to_python(&self) -> Result<python::DateTime> {
        Ok(self.naive_utc().to_python()?.with_zone(TimeZone::UTC))
    }

    fn from_python(datetime: python::DateTime) -> Result<Self> {
        DateTime::<FixedOffset>::from_python(datetime).map(|datetime| datetime.to_utc())
    }
}

/// A duration. What is below a microsecond is cut off.
impl AsPython for TimeDelta {
    type Object = python::TimeDelta;

    fn to_python(&self) -> Result<python::TimeDelta> {
        let nanos =
            i128::from(self.num_seconds()) * 1_000_000_000 + i128::from(self.subsec_nanos());
        python::TimeDelta::from_microseconds(nanos / 1_000)
    }

    fn from_python(delta: python::TimeDelta) -> Result<Self> {
        let seconds = i64::from(delta.days()) * 86_400 + i64::from(delta.seconds());
        Self::new(seconds, delta.microseconds() * 1_000)
            .ok_or_else(|| Error::data(format!("{delta} is too long")))
    }
}
