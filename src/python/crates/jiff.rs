//! The types of jiff.

use ::jiff::{SignedDuration, Timestamp, Zoned, civil, tz};

use crate::error::{Error, Result};
use crate::python;
use crate::python::{AsPython, TimeZone};

fn refused(error: impl std::fmt::Display) -> Error {
    Error::data(error.to_string())
}

/// A date of the years 1 to 9999.
impl AsPython for civil::Date {
    type Object = python::Date;

    fn to_python(&self) -> Result<python::Date> {
        match (u16::try_from(self.year()), u8::try_from(self.month()), u8::try_from(self.day())) {
            (Ok(year), Ok(month), Ok(day)) => python::Date::new(year, month, day),
            _ => Err(Error::data(format!("{self} is outside Python's years 1 to 9999"))),
        }
    }

    fn from_python(date: python::Date) -> Result<Self> {
        // Years have four digits, months and days two.
        Self::new(date.year() as i16, date.month() as i8, date.day() as i8).map_err(refused)
    }
}

/// A time of day. Fractions of a microsecond, which Python does not have, are cut off.
impl AsPython for civil::Time {
    type Object = python::Time;

    fn to_python(&self) -> Result<python::Time> {
        let micros = self.duration_since(civil::Time::midnight()).as_micros();
        u64::try_from(micros).map(python::Time::of_micros).map_err(refused)
    }

    /// # Errors
    /// A time with a zone.
    fn from_python(time: python::Time) -> Result<Self> {
        if time.zone().is_some() {
            return Err(Error::data(format!("expected a time without a zone, found {time}")));
        }
        clock(&time)
    }
}

/// The reading of the clock, whatever the zone.
fn clock(time: &python::Time) -> Result<civil::Time> {
    // Two digits each, and microseconds below a million.
    civil::Time::new(
        time.hour() as i8,
        time.minute() as i8,
        time.second() as i8,
        time.microsecond() as i32 * 1_000,
    )
    .map_err(refused)
}

/// A naive datetime.
impl AsPython for civil::DateTime {
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

fn wall_clock(datetime: &python::DateTime) -> Result<civil::DateTime> {
    Ok(civil::DateTime::from_parts(
        civil::Date::from_python(datetime.date())?,
        clock(datetime.time())?,
    ))
}

/// A moment, as a datetime in `timezone.utc`; on reading, in any zone with an offset.
impl AsPython for Timestamp {
    type Object = python::DateTime;

    fn to_python(&self) -> Result<python::DateTime> {
        let utc = tz::Offset::UTC.to_datetime(*self);
        Ok(utc.to_python()?.with_zone(TimeZone::UTC))
    }

    fn from_python(datetime: python::DateTime) -> Result<Self> {
        let offset = datetime.zone().and_then(TimeZone::offset);
        let Some(offset) = offset else {
            return Err(Error::data(format!(
                "expected a datetime with an offset, found {datetime}"
            )));
        };
        // Offsets may have microseconds, which jiff's do not.
        let local = tz::Offset::UTC.to_timestamp(wall_clock(&datetime)?).map_err(refused)?;
        local.checked_sub(SignedDuration::from_python(offset)?).map_err(refused)
    }
}

/// A datetime in a zone by its key, or in one with an offset. Python's fold chooses between two
/// equal readings.
impl AsPython for Zoned {
    type Object = python::DateTime;

    /// # Errors
    /// A zone that has neither a key nor a fixed offset.
    fn to_python(&self) -> Result<python::DateTime> {
        let naive = self.datetime().to_python()?;
        let zone = match (self.time_zone().iana_name(), self.time_zone().to_fixed_offset()) {
            (Some("UTC"), _) => TimeZone::UTC,
            (Some(key), _) => TimeZone::named(key)?,
            (None, Ok(offset)) => {
                TimeZone::fixed(python::TimeDelta::new(0, offset.seconds().into(), 0)?)?
            }
            (None, Err(error)) => return Err(refused(error)),
        };
        let later = match self.time_zone().to_ambiguous_zoned(self.datetime()).offset() {
            tz::AmbiguousOffset::Fold { after, .. } => self.offset() == after,
            _ => false,
        };
        Ok(naive.with_zone(zone).with_fold(later))
    }

    /// # Errors
    /// A datetime without a zone; a key that the time zone database does not have.
    fn from_python(datetime: python::DateTime) -> Result<Self> {
        let Some(zone) = datetime.zone() else {
            return Err(Error::data(format!("expected a datetime with a zone, found {datetime}")));
        };
        let local = wall_clock(&datetime)?;
        let Some(key) = zone.key() else {
            let offset = zone.offset().unwrap_or_default().whole_microseconds();
            let offset = match i32::try_from(offset / 1_000_000) {
                Ok(seconds) if offset % 1_000_000 == 0 => {
                    tz::Offset::from_seconds(seconds).map_err(refused)?
                }
                _ => {
                    return Err(Error::data(format!(
                        "expected an offset in seconds, found {datetime}"
                    )));
                }
            };
            return tz::TimeZone::fixed(offset).to_zoned(local).map_err(refused);
        };
        let zone_of_key = tz::TimeZone::get(key).map_err(refused)?;
        let ambiguous = zone_of_key.to_ambiguous_zoned(local);
        // A zone of pytz has the offset; otherwise the fold chooses, in a gap too, as in PEP 495.
        match zone.offset() {
            Some(_) => Ok(Timestamp::from_python(datetime)?.to_zoned(zone_of_key)),
            None => {
                let gap = matches!(ambiguous.offset(), tz::AmbiguousOffset::Gap { .. });
                // "Before" is the earlier of two readings; in a gap it is the later moment.
                match datetime.time().fold() {
                    false if gap => ambiguous.later(),
                    true if gap => ambiguous.earlier(),
                    false => ambiguous.earlier(),
                    true => ambiguous.later(),
                }
                .map_err(refused)
            }
        }
    }
}

/// A moment by the clock of the zone with a key, with its fold, and the offset that it has then.
///
/// # Errors
/// A datetime without an offset; a key that the time zone database does not have.
pub(crate) fn local(
    datetime: &python::DateTime,
    key: &str,
) -> Result<(python::DateTime, python::TimeDelta)> {
    let moment = Timestamp::from_python(datetime.clone())?;
    let zoned = moment.to_zoned(tz::TimeZone::get(key).map_err(refused)?);
    let offset = python::TimeDelta::new(0, zoned.offset().seconds().into(), 0)?;
    Ok((zoned.to_python()?, offset))
}

/// A duration. What is below a microsecond is cut off.
impl AsPython for SignedDuration {
    type Object = python::TimeDelta;

    fn to_python(&self) -> Result<python::TimeDelta> {
        python::TimeDelta::from_microseconds(self.as_micros())
    }

    fn from_python(delta: python::TimeDelta) -> Result<Self> {
        let seconds = i64::from(delta.days()) * 86_400 + i64::from(delta.seconds());
        // Nanoseconds are below a billion.
        Ok(Self::new(seconds, delta.microseconds() as i32 * 1_000))
    }
}
