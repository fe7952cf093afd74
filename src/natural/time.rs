//! datetime, date, time and timedelta as text.
//!
//! The text is ISO 8601 as Python's `isoformat` writes it, with a `T`; a timedelta is a duration in
//! seconds. Sources: `_getstate` and `__reduce__` in Python's `Lib/_pydatetime.py` for the
//! payloads, RFC 9557 for a zone in brackets.

use std::borrow::Cow;

use super::zone::{self, Zone};
use super::{At, Call, malformed};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::python::numpy::time::days_of;
use crate::shown::append;
use crate::stdlib::calendar::{
    Clock, DAY, Day, FOLD, SECOND, is_clock, is_day, push_clock, push_day, push_offset,
};
use crate::stdlib::zone::push_name;

/// The mark, in text that leaves nothing out, of the second of two equal readings of a clock that
/// is put back.
const FOLDED: &str = "[_fold=1]";

/// `datetime(payload)`, `datetime(payload, tzinfo)`; and the numbers one by one, as classes that
/// reduce themselves to a datetime may write it.
pub(super) fn datetime<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let fold;
    let (day, clock, zone) = match *call.args() {
        [payload] | [payload, _] if call.small(payload).is_none() => {
            let Some(bytes) = call.payload(payload, 10)? else { return Ok(None) };
            let &[y1, y0, month, d, hour, minute, second, m2, m1, m0] = &*bytes else {
                return Ok(None);
            };
            // Bit 7 of the month is the fold: the second of two equal readings of a clock that is
            // put back.
            fold = month & FOLD != 0;
            let day = (u16::from_be_bytes([y1, y0]), month & !FOLD, d);
            (
                day,
                (hour, minute, second, u32::from_be_bytes([0, m2, m1, m0])),
                call.args().get(1).copied(),
            )
        }
        // pendulum 1 has the fold behind the zone.
        [year, month, day, ref clock @ ..] if clock.len() <= 6 => {
            let (clock, zone) = clock.split_at(clock.len().min(4));
            fold = zone.get(1).is_some_and(|&fold| call.small(fold) == Some(1));
            let (Some(day), Some(clock)) =
                (numbers_day(call, [year, month, day]), numbers_clock(call, clock))
            else {
                return Ok(None);
            };
            (day, clock, zone.first().copied())
        }
        _ => return Ok(None),
    };
    check_day("datetime", day)?;
    check_clock("datetime", clock)?;
    let mut text = String::with_capacity(40);
    push_day(&mut text, day);
    text.push('T');
    push_clock(&mut text, clock);
    let at = At::Wall(seconds_of(day, clock), fold);
    if let Some(zone) = zone_of(call, zone, "datetime", Some(at))? {
        // Text tells the two readings apart by their offsets.
        if fold && zone.offset.is_none() && zone.class.is_none() && call.strict && !call.exact {
            return Err(Error::unsupported(format!(
                "{text} is meant for the second time in {}, \
                 and its offset is not in the pickle; read the object as Reduce",
                zone.name()
            )));
        }
        zone.push_behind(&mut text, call.exact);
    }
    if fold && call.exact {
        text.push_str(FOLDED);
    }
    Ok(Some(text.into()))
}

/// `date(payload)`, `date(year, month, day)`.
pub(super) fn date<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let day = match *call.args() {
        [payload] => {
            let Some(bytes) = call.payload(payload, 4)? else { return Ok(None) };
            let &[y1, y0, month, day] = &*bytes else { return Ok(None) };
            (u16::from_be_bytes([y1, y0]), month, day)
        }
        [year, month, day] => match numbers_day(call, [year, month, day]) {
            Some(day) => day,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    check_day("date", day)?;
    let mut text = String::with_capacity(10);
    push_day(&mut text, day);
    Ok(Some(text.into()))
}

/// `time(payload)`, `time(payload, tzinfo)`; and the numbers one by one.
pub(super) fn time<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let mut fold = false;
    let (clock, zone) = match *call.args() {
        [payload] | [payload, _] if call.small(payload).is_none() => {
            let Some(bytes) = call.payload(payload, 6)? else { return Ok(None) };
            let &[hour, minute, second, m2, m1, m0] = &*bytes else { return Ok(None) };
            // Bit 7 of the hour is the fold.
            fold = hour & FOLD != 0;
            let clock = (hour & !FOLD, minute, second, u32::from_be_bytes([0, m2, m1, m0]));
            (clock, call.args().get(1).copied())
        }
        ref clock if clock.len() <= 5 => {
            let (clock, zone) = clock.split_at(clock.len().min(4));
            let Some(clock) = numbers_clock(call, clock) else { return Ok(None) };
            (clock, zone.first().copied())
        }
        _ => return Ok(None),
    };
    check_clock("time", clock)?;
    let mut text = String::with_capacity(24);
    push_clock(&mut text, clock);
    if let Some(zone) = zone_of(call, zone, "time", None)? {
        zone.push_behind(&mut text, call.exact);
    }
    if fold && call.exact {
        text.push_str(FOLDED);
    }
    Ok(Some(text.into()))
}

/// `timedelta(days, seconds, microseconds)` as a duration in seconds.
pub(super) fn timedelta<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let Some(micros) = microseconds(call, call.args()) else { return Ok(None) };
    let mut text = String::with_capacity(24);
    let second = i128::from(SECOND).unsigned_abs();
    let (seconds, micros, sign) = (
        micros.unsigned_abs() / second,
        micros.unsigned_abs() % second,
        if micros < 0 { "-" } else { "" },
    );
    append(&mut text, format_args!("{sign}PT{seconds}"));
    if micros != 0 {
        append(&mut text, format_args!(".{micros:06}"));
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('S');
    Ok(Some(text.into()))
}

/// Seconds from the start of 1970 to this time, in a calendar without zones.
fn seconds_of((year, month, day): Day, (hour, minute, second, _): Clock) -> i64 {
    let clock = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    days_of((year.into(), month.into(), day.into())) * 86_400 + clock
}

/// The length of a timedelta with these arguments.
fn microseconds(call: &Call<'_, '_, '_>, args: &[Handle]) -> Option<i128> {
    if args.len() > 3 {
        return None;
    }
    let part = |index: usize| match args.get(index) {
        Some(&handle) => call.small(handle).map(i128::from),
        None => Some(0),
    };
    let seconds = part(0)? * 86_400 + part(1)?;
    Some(seconds * i128::from(SECOND) + part(2)?)
}

/// The length of the timedelta `handle` in microseconds, where it is shorter than a day as offsets
/// are.
pub(super) fn offset_of(call: &Call<'_, '_, '_>, handle: Handle) -> Result<Option<i64>> {
    let Some(delta) = call.call_of(handle)? else { return Ok(None) };
    if call.class_name(handle) != "datetime.timedelta" {
        return Ok(None);
    }
    let micros = microseconds(call, delta.args);
    Ok(micros
        .and_then(|micros| i64::try_from(micros).ok())
        .filter(|micros| micros.unsigned_abs() < DAY.unsigned_abs()))
}

fn numbers_day(call: &Call<'_, '_, '_>, [year, month, day]: [Handle; 3]) -> Option<Day> {
    let day = (call.small(year)?, call.small(month)?, call.small(day)?);
    Some((u16::try_from(day.0).ok()?, u8::try_from(day.1).ok()?, u8::try_from(day.2).ok()?))
}

/// Up to four numbers; those that are not there are 0.
fn numbers_clock(call: &Call<'_, '_, '_>, numbers: &[Handle]) -> Option<Clock> {
    let number = |index: usize| match numbers.get(index) {
        Some(&handle) => call.small(handle),
        None => Some(0),
    };
    let byte = |index: usize| u8::try_from(number(index)?).ok();
    Some((byte(0)?, byte(1)?, byte(2)?, u32::try_from(number(3)?).ok()?))
}

pub(super) fn check_day(class: &str, (year, month, day): Day) -> Result<()> {
    if is_day((year, month, day)) {
        return Ok(());
    }
    Err(malformed(class, format_args!("year {year}, month {month}, day {day}")))
}

fn check_clock(class: &str, (hour, minute, second, micro): Clock) -> Result<()> {
    if is_clock((hour, minute, second, micro)) {
        return Ok(());
    }
    Err(malformed(
        class,
        format_args!("hour {hour}, minute {minute}, second {second}, microsecond {micro}"),
    ))
}

fn zone_of<'g>(
    call: &Call<'_, 'g, '_>,
    zone: Option<Handle>,
    class: &str,
    at: Option<At>,
) -> Result<Option<Zone<'g>>> {
    match zone {
        Some(zone) if zone.tag() != Tag::None => zone::of(call, zone, class, at).map(Some),
        _ => Ok(None),
    }
}

impl Zone<'_> {
    /// Behind a date and time: the offset where it is known, and the key in brackets.
    pub(super) fn push_behind(&self, text: &mut String, exact: bool) {
        if let Some(offset) = self.offset {
            push_offset(text, offset);
        }
        if let Some(key) = self.key.as_deref().filter(|_| exact || !self.is_utc()) {
            append(text, format_args!("[{key}]"));
        }
        if let Some(name) = self.name.as_deref() {
            push_name(text, name);
        }
        if let Some(class) = self.class.as_deref() {
            zone::push_class(text, class);
        }
    }
}
