//! The text of a time, to nanoseconds: as pandas has them, and to compare two texts of one moment.

use crate::python::TimeZone;
use crate::python::numpy::time::{Unit, UnitCount, count_of_datetime};

/// The parts of the text of a date and time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp<'t> {
    /// Nanoseconds since the start of 1970 by the clock, in a calendar without zones.
    local: i128,
    /// Microseconds east of UTC.
    pub(super) offset: Option<i128>,
    /// The suffixes in brackets.
    pub(super) suffix: &'t str,
}

impl<'t> Stamp<'t> {
    /// Parses ISO 8601 with up to nine digits of a second, an offset and suffixes of RFC 9557.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(11)?;
        let (clock, zone) =
            rest.split_at(rest.find(['+', '-', 'Z', 'z', '[']).unwrap_or(rest.len()));
        let (zone, suffix) = zone.split_at(zone.find('[').unwrap_or(zone.len()));
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let unit = UnitCount { unit: Unit::Second, count: 1 };
        let seconds = count_of_datetime(&format!("{date}{clock}"), unit)?;
        let is_fraction =
            (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
        if !date.ends_with(['T', 't', ' ']) || !is_fraction {
            return None;
        }
        let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
        let offset = match zone {
            "" => None,
            zone => Some(zone.to_ascii_uppercase().parse::<TimeZone>().ok()?.offset()?),
        };
        Some(Self {
            local: i128::from(seconds) * 1_000_000_000 + nanos,
            offset: offset.map(|offset| offset.whole_microseconds()),
            suffix,
        })
    }

    /// Nanoseconds since the start of 1970, in UTC by an offset in microseconds.
    pub(super) fn in_utc(self, offset: i128) -> i128 {
        self.local - offset * 1_000
    }

    /// Returns true if both are one moment, or one reading of the clock in the same zone.
    pub(super) fn is_same(self, other: Self) -> bool {
        match (self.offset, other.offset) {
            (Some(here), Some(there)) => self.in_utc(here) == other.in_utc(there),
            _ => self == other,
        }
    }
}
