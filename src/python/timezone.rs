//! [`TimeZone`]: Python's `datetime.timezone` and `zoneinfo.ZoneInfo`.

use std::any::TypeId;
use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use super::timedelta::{DAY, TimeDelta};
use crate::error::{Error, Result, quoted};
use crate::shared::serialize_equal;
use crate::stdlib::calendar::push_offset;
use crate::stdlib::zone::is_utc;

/// A time zone: an offset of UTC, Python's `datetime.timezone`, or a zone by the key of the IANA
/// database, `zoneinfo.ZoneInfo`.
///
/// The zones of pytz, dateutil, pendulum and other libraries are read too, if they have an offset
/// or a key, and are written as one of these two classes; a zone of pytz may have both. There is no
/// time zone database in this crate: a key alone has no [`offset`](Self::offset), except for the
/// names of UTC.
///
/// `Display` and [`FromStr`] are the offset, `+05:30`, or the key.
///
/// ```
/// use serde_pickle::python::{TimeDelta, TimeZone};
///
/// let india = TimeZone::fixed(TimeDelta::new(0, 19_800, 0)?)?.with_name("IST");
/// assert_eq!((india.to_string().as_str(), india.name()), ("+05:30", Some("IST")));
/// let berlin = TimeZone::named("Europe/Berlin")?;
/// assert_eq!((berlin.key(), berlin.offset()), (Some("Europe/Berlin"), None));
///
/// let bytes = serde_pickle::to_vec(&(&india, &berlin))?;
/// assert_eq!(serde_pickle::from_slice::<(TimeZone, TimeZone)>(&bytes)?, (india, berlin));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Python 2.7 has neither class; Python has `zoneinfo` from 3.9 on. Equality is that of the parts,
/// the name included. Order is that of the parts, too: zones without an offset by their keys, then
/// offsets from west to east.
///
/// Source: `timezone.__getinitargs__` in Python's `Lib/_pydatetime.py`; `ZoneInfo.__reduce__` in
/// `Lib/zoneinfo/_zoneinfo.py`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeZone {
    /// One of offset and key is there.
    offset: Option<TimeDelta>,
    key: Option<String>,
    name: Option<String>,
}

impl TimeZone {
    /// `datetime.timezone.utc`.
    pub const UTC: Self = Self { offset: Some(TimeDelta::ZERO), key: None, name: None };

    /// A zone with this offset east of UTC.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for an offset of a day or more.
    pub fn fixed(offset: TimeDelta) -> Result<Self> {
        if offset.whole_microseconds().abs() >= DAY {
            return Err(Error::data("a time zone whose offset is a day or more"));
        }
        Ok(Self { offset: Some(offset), key: None, name: None })
    }

    /// The zone with this key of the IANA database, such as `Europe/Berlin`. The key is not looked
    /// up in a database.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for text that is not a key: keys are ASCII
    /// letters, digits and `/_-+.`.
    pub fn named(key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-+.".contains(&byte);
        // A leading underscore marks a suffix that is not a key, see `suffixed`.
        if key.is_empty() || key.starts_with(['_', '+', '-']) || !key.bytes().all(plain) {
            return Err(Error::data(format!(
                "expected the key of a time zone, found `{}`",
                quoted(&key)
            )));
        }
        let offset = is_utc(&key).then_some(TimeDelta::ZERO);
        Ok(Self { offset, key: Some(key), name: None })
    }

    /// Gives an offset its name, the second argument of `datetime.timezone`. A zone with a key has
    /// none and stays as it is.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        let name = if self.key.is_none() { Some(name.into()) } else { None };
        Self { name, ..self }
    }

    /// The offset east of UTC, if the pickle has it.
    pub fn offset(&self) -> Option<TimeDelta> {
        self.offset
    }

    /// The key in the IANA database.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The name that was given to an offset.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The zone behind the payload of a time: an offset, or none.
    pub(super) fn of_payload(payload: &[u8]) -> Option<Option<Self>> {
        if payload.is_empty() {
            return Some(None);
        }
        let micros = i64::from_be_bytes(*payload.first_chunk()?);
        Self::fixed(TimeDelta::from_microseconds(micros.into()).ok()?).ok().map(Some)
    }

    /// Writes the zone behind a date and time.
    pub(super) fn push_behind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(offset) = self.offset {
            write_offset(offset, f)?;
        }
        match &self.key {
            Some(key) => write!(f, "[{key}]"),
            None => Ok(()),
        }
    }

    /// Parses the text behind a time, an offset and suffixes in brackets. The bool is the fold.
    ///
    /// This is RFC 9557, with the suffixes of `natural::exact_text`.
    pub(super) fn suffixed(text: &str) -> Result<(Option<Self>, bool)> {
        let wrong = || {
            Error::data(format!(
                "expected a time zone, `+01:00[Europe/Berlin]`, found `{}`",
                quoted(text)
            ))
        };
        let (offset, mut suffixes) = text.split_at(text.find('[').unwrap_or(text.len()));
        let offset = match offset {
            "" => None,
            offset => Some(parse_offset(offset).ok_or_else(wrong)?),
        };
        let (mut key, mut name, mut fold) = (None, None, false);
        while !suffixes.is_empty() {
            let (suffix, rest) = suffixes
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .ok_or_else(wrong)?;
            suffixes = rest;
            if let Some(text) = suffix.strip_prefix("_name=") {
                name = Some(unescape(text).ok_or_else(wrong)?);
            } else if suffix == "_fold=1" {
                fold = true;
            } else if key.is_none() {
                key = Some(Self::named(suffix)?);
            } else {
                return Err(wrong());
            }
        }
        let zone = match (offset, key) {
            (None, None) if name.is_some() => return Err(wrong()),
            (None, None) => None,
            (Some(offset), None) => Some(Self { name, ..Self::fixed(offset)? }),
            (offset, Some(zone)) => Some(Self { offset: offset.or(zone.offset), ..zone }),
        };
        Ok((zone, fold))
    }
}

fn write_offset(offset: TimeDelta, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = String::with_capacity(6);
    // An offset is shorter than a day, so its microseconds fit.
    push_offset(&mut text, offset.whole_microseconds() as i64);
    f.write_str(&text)
}

/// `Z`, `+05:30`, `-00:00:07.000001`.
fn parse_offset(text: &str) -> Option<TimeDelta> {
    if matches!(text, "Z" | "z") {
        return Some(TimeDelta::ZERO);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let micros = super::time::parse_clock(text.get(1..)?, true)?;
    TimeDelta::from_microseconds(sign * i128::from(micros)).ok()
}

/// The reverse of `stdlib::zone::push_name`.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                // Two hexadecimal digits are a byte.
                bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
                rest = tail;
            }
            (b'%', _) => return None,
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, self.offset) {
            (Some(key), _) => f.write_str(key),
            (None, offset) => write_offset(offset.unwrap_or_default(), f),
        }
    }
}

impl FromStr for TimeZone {
    type Err = Error;

    /// # Errors
    /// Text that is neither an offset nor a key is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        if !text.starts_with(['+', '-']) && text != "Z" {
            return Self::named(text);
        }
        match Self::suffixed(text)? {
            (Some(zone), false) => Ok(zone),
            _ => Err(Error::data(format!("expected a time zone, found `{}`", quoted(text)))),
        }
    }
}

impl TextObject for TimeZone {
    const CLASS: &'static str = "datetime.timezone or zoneinfo.ZoneInfo";

    fn is_class(module: &str, qualname: &str) -> bool {
        matches!(
            (module, qualname),
            ("datetime", "timezone")
                | ("zoneinfo" | "backports.zoneinfo", "ZoneInfo._unpickle")
                | ("pytz", "FixedOffset" | "_FixedOffset" | "_UTC" | "_p")
                | (
                    "dateutil.tz.tz",
                    "tzfile" | "tzlocal" | "tzoffset" | "tzrange" | "tzstr" | "tzutc"
                )
                | ("dateutil.tz._tzfile", "_unpickle")
                | ("dateutil.zoneinfo", "tzfile")
                | ("bson.tz_util" | "django.utils.timezone", "FixedOffset")
                | ("celery.utils.time", "LocalTimezone")
                | ("pendulum.tz.timezone", "FixedTimezone" | "Timezone" | "Timezone._unpickle")
                | ("pendulum.tz.timezone_info", "TimezoneInfo" | "_UTC")
                | ("psycopg2.tz", "FixedOffsetTimezone")
                | ("pytz_deprecation_shim._impl", "wrap_zone")
        )
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:datetime:timezone")]
        struct Offset(TimeDelta);

        #[derive(Serialize)]
        #[serde(rename = "py:datetime:timezone")]
        struct NamedOffset<'a>(TimeDelta, &'a str);

        // The second argument says that the zone comes from the cache, as `ZoneInfo(key)` does.
        #[derive(Serialize)]
        #[serde(rename = "py:zoneinfo:ZoneInfo._unpickle")]
        struct Key<'a>(&'a str, bool);

        match (&self.key, &self.name) {
            (Some(key), _) => Key(key, true).serialize(serializer),
            // As `timezone.utc`, which is one object.
            (None, None) => {
                let offset = self.offset.unwrap_or_default();
                // An offset is shorter than a day.
                let number = offset.whole_microseconds() as u64;
                serialize_equal(&Offset(offset), TypeId::of::<Self>(), number, serializer)
            }
            (None, Some(name)) => {
                NamedOffset(self.offset.unwrap_or_default(), name).serialize(serializer)
            }
        }
    }
}

objects!(TimeZone);

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(seconds: i64) -> TimeDelta {
        TimeDelta::new(0, seconds, 0).unwrap()
    }

    #[test]
    fn offsets_and_keys_have_their_text() {
        for (text, seconds) in [
            ("+00:00", 0),
            ("+05:30", 19_800),
            ("-03:00", -10_800),
            ("+00:00:07", 7),
            ("-23:59:59", -86_399),
        ] {
            let zone: TimeZone = text.parse().unwrap();
            assert_eq!(zone, TimeZone::fixed(offset(seconds)).unwrap());
            assert_eq!(zone.to_string(), text);
        }
        assert_eq!("Z".parse::<TimeZone>().unwrap(), TimeZone::UTC);
        assert_eq!("Etc/GMT+5".parse::<TimeZone>().unwrap().key(), Some("Etc/GMT+5"));
        for wrong in [
            "",
            "+",
            "+5",
            "+05:3",
            "+24:00",
            "-05:60",
            "a b",
            "+05:30[_fold=1]",
            "_x",
            "+01:00[a][b]",
            "+01:00[",
        ] {
            assert!(wrong.parse::<TimeZone>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_offsets_may_be_any_text() {
        for name in ["IST", "", "a]b[c%41", "Straße ½"] {
            let mut text = "+05:30".to_owned();
            crate::stdlib::zone::push_name(&mut text, name);
            let zone = text.parse::<TimeZone>().unwrap();
            assert_eq!(zone, TimeZone::fixed(offset(19_800)).unwrap().with_name(name));
        }
        assert!("+05:30[_name=%4]".parse::<TimeZone>().is_err());
        assert_eq!(TimeZone::named("UTC").unwrap().with_name("x").name(), None);
    }

    #[test]
    fn an_offset_is_less_than_a_day() {
        assert!(TimeZone::fixed(offset(86_399)).is_ok());
        assert!(TimeZone::fixed(offset(86_400)).is_err());
        assert!(TimeZone::fixed(offset(-86_400)).is_err());
    }
}
