//! The units of numpy's `datetime64` and `timedelta64`, and their text.
//!
//! A datetime64 counts its unit since the start of 1970, in years that have no leap seconds; the
//! text is ISO 8601 as numpy prints it. One difference: for hours and minutes numpy leaves out
//! smaller parts, and here the seconds are always there, as chrono demands. A timedelta64 is a
//! duration in seconds (`PT1.5S`), of months and years `P3M` and `P2Y`. Source: "Datetimes and
//! timedeltas" in numpy's reference.

use std::fmt;
use std::str::FromStr;

use crate::shown::append;

/// Not a time: the count that numpy keeps for it.
pub(crate) const NAT: i64 = i64::MIN;

/// The unit that a datetime64 or timedelta64 counts.
///
/// ```
/// use serde_pickle::python::numpy::{Dtype, Unit};
///
/// assert_eq!("<m8[ms]".parse::<Dtype>()?.unit(), Some((Unit::Millisecond, 1)));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// `Y`
    Year,
    /// `M`
    Month,
    /// `W`
    Week,
    /// `D`
    Day,
    /// `h`
    Hour,
    /// `m`
    Minute,
    /// `s`
    Second,
    /// `ms`
    Millisecond,
    /// `us`
    Microsecond,
    /// `ns`
    Nanosecond,
    /// `ps`
    Picosecond,
    /// `fs`
    Femtosecond,
    /// `as`
    Attosecond,
    /// No unit: a count of anything.
    Generic,
}

impl Unit {
    const ALL: [(Self, &'static str); 14] = [
        (Self::Year, "Y"),
        (Self::Month, "M"),
        (Self::Week, "W"),
        (Self::Day, "D"),
        (Self::Hour, "h"),
        (Self::Minute, "m"),
        (Self::Second, "s"),
        (Self::Millisecond, "ms"),
        (Self::Microsecond, "us"),
        (Self::Nanosecond, "ns"),
        (Self::Picosecond, "ps"),
        (Self::Femtosecond, "fs"),
        (Self::Attosecond, "as"),
        (Self::Generic, "generic"),
    ];

    /// numpy's name for it, as in a pickle.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(unit, _)| *unit == self).map_or("generic", |&(_, name)| name)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|&(unit, _)| unit)
    }

    /// The length in months or seconds; for a fraction of a second, its decimal places.
    fn scale(self) -> Scale {
        match self {
            Self::Year => Scale::Months(12),
            Self::Month => Scale::Months(1),
            Self::Week => Scale::Seconds(7 * 86_400),
            Self::Day => Scale::Seconds(86_400),
            Self::Hour => Scale::Seconds(3_600),
            Self::Minute => Scale::Seconds(60),
            Self::Second => Scale::Seconds(1),
            Self::Millisecond => Scale::Places(3),
            Self::Microsecond => Scale::Places(6),
            Self::Nanosecond => Scale::Places(9),
            Self::Picosecond => Scale::Places(12),
            Self::Femtosecond => Scale::Places(15),
            Self::Attosecond => Scale::Places(18),
            Self::Generic => Scale::None,
        }
    }
}

enum Scale {
    Months(i128),
    Seconds(i128),
    Places(u32),
    None,
}

/// A unit and the number of units in one count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UnitCount {
    pub(crate) unit: Unit,
    pub(crate) count: u32,
}

/// `[25s]`; nothing for the generic unit.
impl fmt::Display for UnitCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unit, self.count) {
            (Unit::Generic, _) => Ok(()),
            (unit, 1) => write!(f, "[{}]", unit.name()),
            (unit, count) => write!(f, "[{count}{}]", unit.name()),
        }
    }
}

impl FromStr for UnitCount {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).ok_or(())?;
        let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = inner.split_at(digits);
        let count = if count.is_empty() { 1 } else { count.parse().map_err(|_| ())? };
        if count == 0 {
            return Err(());
        }
        Ok(Self { unit: Unit::of_name(unit).ok_or(())?, count })
    }
}

/// A datetime64 as text; `None` for one without a unit, which is a mere count.
pub(crate) fn datetime(count: i64, unit: UnitCount) -> Option<String> {
    // Within 128 bits for every count and every unit.
    let count = i128::from(count) * i128::from(unit.count);
    let mut text = String::with_capacity(32);
    match unit.unit.scale() {
        Scale::None => return None,
        Scale::Months(months) => {
            let months = count * months;
            push_year(&mut text, 1970 + months.div_euclid(12));
            if unit.unit == Unit::Month {
                append(&mut text, format_args!("-{:02}", months.rem_euclid(12) + 1));
            }
        }
        Scale::Seconds(seconds) => {
            let seconds = count * seconds;
            push_day(&mut text, seconds.div_euclid(86_400));
            if !matches!(unit.unit, Unit::Day | Unit::Week) {
                push_clock(&mut text, seconds.rem_euclid(86_400));
            }
        }
        Scale::Places(places) => {
            let second = 10_i128.pow(places);
            let (seconds, fraction) = (count.div_euclid(second), count.rem_euclid(second));
            push_day(&mut text, seconds.div_euclid(86_400));
            push_clock(&mut text, seconds.rem_euclid(86_400));
            append(&mut text, format_args!(".{fraction:0width$}", width = places as usize));
        }
    }
    Some(text)
}

/// A timedelta64 as a duration; `None` for one without a unit.
pub(crate) fn timedelta(count: i64, unit: UnitCount) -> Option<String> {
    let count = i128::from(count) * i128::from(unit.count);
    let (sign, count) = (if count < 0 { "-" } else { "" }, count.unsigned_abs());
    let mut text = match (unit.unit, unit.unit.scale()) {
        (_, Scale::None) => return None,
        (Unit::Year, _) => format!("{sign}P{count}Y"),
        (_, Scale::Months(_)) => format!("{sign}P{count}M"),
        (_, Scale::Seconds(seconds)) => format!("{sign}PT{}S", count * seconds.unsigned_abs()),
        (_, Scale::Places(places)) => {
            let second = 10_u128.pow(places);
            let (seconds, fraction) = (count / second, count % second);
            let mut text = format!("{sign}PT{seconds}");
            if fraction != 0 {
                append(&mut text, format_args!(".{fraction:0width$}", width = places as usize));
                text.truncate(text.trim_end_matches('0').len());
            }
            text.push('S');
            text
        }
    };
    text.shrink_to_fit();
    Some(text)
}

/// The count of a datetime64 whose text this is; `None` for other text, and for a moment between
/// two counts.
pub(crate) fn count_of_datetime(text: &str, unit: UnitCount) -> Option<i64> {
    let (date, clock) = match text.split_once(['T', ' ']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let (sign, date) = match date.strip_prefix('-') {
        Some(date) => (-1, date),
        None => (1, date.strip_prefix('+').unwrap_or(date)),
    };
    let mut parts = date.splitn(3, '-').map(digits);
    let year = sign * parts.next()??;
    let month = parts.next().unwrap_or(Some(1)).filter(|month| (1..=12).contains(month))?;
    let day = parts.next().unwrap_or(Some(1))?;
    let days = days_of((year, month, day));
    // No day that the month has not.
    if civil(days.into()) != (year.into(), month.into(), day.into()) {
        return None;
    }
    let (seconds, fraction) = match clock {
        None => (0, ""),
        Some(clock) => {
            let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
            let mut parts = clock.splitn(3, ':').map(digits);
            let hour = parts.next()??;
            let minute = parts.next()??;
            let second = parts.next().unwrap_or(Some(0))?;
            let is_clock = hour < 24 && minute < 60 && second < 60;
            (if is_clock { hour * 3_600 + minute * 60 + second } else { return None }, fraction)
        }
    };
    let seconds = i128::from(days) * 86_400 + i128::from(seconds);
    let months = i128::from(year - 1970) * 12 + i128::from(month - 1);
    let begins = day == 1 && seconds == i128::from(days) * 86_400 && fraction.is_empty();
    count_of(begins.then_some(months), Some(seconds), fraction, unit)
}

/// The count of a timedelta64 whose text this is: a duration of ISO 8601.
pub(crate) fn count_of_timedelta(text: &str, unit: UnitCount) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mut months, mut seconds, mut fraction) = (0_i128, 0_i128, "");
    let mut rest = text.strip_prefix('P')?;
    let mut is_time = false;
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (is_time, rest) = (true, time);
            continue;
        }
        let at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(at);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole = i128::from(digits(whole)?);
        let letter = behind.chars().next()?;
        match (letter, is_time) {
            ('Y', false) => months += whole * 12,
            ('M', false) => months += whole,
            ('W', false) => seconds += whole * 604_800,
            ('D', false) => seconds += whole * 86_400,
            ('H', true) => seconds += whole * 3_600,
            ('M', true) => seconds += whole * 60,
            ('S', true) => {
                seconds += whole;
                fraction = part;
            }
            _ => return None,
        }
        if !part.is_empty() && letter != 'S' {
            return None;
        }
        rest = behind.get(1..)?;
    }
    let is_months = matches!(unit.unit.scale(), Scale::Months(_));
    if if is_months { seconds != 0 || !fraction.is_empty() } else { months != 0 } {
        return None;
    }
    let count = count_of(Some(months), Some(seconds), fraction, unit)?;
    count.checked_mul(sign)
}

/// The number of units in so many months, or seconds with digits behind the point.
fn count_of(
    months: Option<i128>,
    seconds: Option<i128>,
    fraction: &str,
    unit: UnitCount,
) -> Option<i64> {
    let fraction = fraction.trim_end_matches('0');
    let exact = |count: i128, of: i128| (count % of == 0).then(|| count / of);
    let count = match unit.unit.scale() {
        Scale::None => return None,
        Scale::Months(each) => exact(months?, each)?,
        Scale::Seconds(each) if fraction.is_empty() => exact(seconds?, each)?,
        Scale::Seconds(_) => return None,
        Scale::Places(places) => {
            let places = places as usize;
            let digits = if fraction.is_empty() { 0 } else { digits(fraction)? };
            let missing = u32::try_from(places.checked_sub(fraction.len())?).ok()?;
            let part = i128::from(digits) * 10_i128.pow(missing);
            seconds?.checked_mul(10_i128.pow(places as u32))?.checked_add(part)?
        }
    };
    // The one that is no time is no count.
    i64::try_from(exact(count, unit.count.into())?).ok().filter(|count| *count != NAT)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// At least four characters, the sign among them, as numpy's `%04d`.
pub(crate) fn push_year(text: &mut String, year: i128) {
    append(text, format_args!("{year:04}"));
}

/// The day of a number of days since 1970.
pub(crate) fn push_day(text: &mut String, days: i128) {
    let (year, month, day) = civil(days);
    push_year(text, year);
    append(text, format_args!("-{month:02}-{day:02}"));
}

fn push_clock(text: &mut String, seconds: i128) {
    append(
        text,
        format_args!("T{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    );
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar extended both
/// ways.
///
/// Years begin in March here, so that the leap day is the last of its year; an era is 400 of them.
pub(crate) fn civil(days: i128) -> (i128, i128, i128) {
    const ERA: i128 = 146_097;
    // From 1 March of the year 0.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * era + year + i128::from(month <= 2), month, day_of_month)
}

/// The reverse of [`civil`]: days since the start of 1970.
pub(crate) fn days_of((year, month, day): (i64, i64, i64)) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_forth_and_back() {
        for days in (-720_000..2_940_000).step_by(13).chain([-719_528, -1, 0, 11_016, 2_932_896]) {
            let (year, month, day) = civil(days.into());
            assert_eq!(days_of((year as i64, month as i64, day as i64)), days);
        }
    }

    fn unit(text: &str) -> UnitCount {
        text.parse().unwrap()
    }

    /// The expected texts are those of `str(np.datetime64(count, unit))`.
    #[test]
    fn datetimes_are_printed_as_numpy_does() {
        for (count, of, expected) in [
            (0, "[D]", "1970-01-01"),
            (-719_528, "[D]", "0000-01-01"),
            (11_016, "[D]", "2000-02-29"),
            (2_932_896, "[D]", "9999-12-31"),
            (2_932_897, "[D]", "10000-01-01"),
            (-2_014, "[Y]", "-044"),
            (2_820, "[W]", "2024-01-18"),
            (649, "[M]", "2024-02"),
            (-1, "[M]", "1969-12"),
            (-1, "[s]", "1969-12-31T23:59:59"),
            (-1, "[ns]", "1969-12-31T23:59:59.999999999"),
            (100, "[25s]", "1970-01-01T00:41:40"),
            (1, "[as]", "1970-01-01T00:00:00.000000000000000001"),
        ] {
            assert_eq!(datetime(count, unit(of)).unwrap(), expected);
        }
        assert_eq!(datetime(1, UnitCount { unit: Unit::Generic, count: 1 }), None);
    }

    #[test]
    fn the_extremes_of_every_unit_have_text() {
        for (of, _) in Unit::ALL {
            for count in [i64::MIN, i64::MAX] {
                let unit = UnitCount { unit: of, count: u32::MAX };
                assert_eq!(datetime(count, unit).is_some(), of != Unit::Generic);
                assert_eq!(timedelta(count, unit).is_some(), of != Unit::Generic);
            }
        }
    }

    #[test]
    fn durations_are_seconds() {
        for (count, of, expected) in [
            (1_500, "[ms]", "PT1.5S"),
            (-1, "[ns]", "-PT0.000000001S"),
            (90, "[m]", "PT5400S"),
            (2, "[D]", "PT172800S"),
            (3, "[M]", "P3M"),
            (-2, "[Y]", "-P2Y"),
        ] {
            assert_eq!(timedelta(count, unit(of)).unwrap(), expected);
        }
    }
}
