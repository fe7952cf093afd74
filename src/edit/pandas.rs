//! Text back into a `Timestamp`, `Timedelta` or `Period` of pandas: the reverse of
//! `natural/pandas.rs`.
//!
//! A Timestamp is a moment, whatever its zone, so that one in a zone by name needs no database. Its
//! unit stays if it can hold the new time; else it becomes the next finer one that can, as in a
//! Timestamp that pandas makes of the same text.

use super::editor::Editor;
use super::inverse::{form, no_offset, no_zone, other_zone};
use super::stamp::Stamp;
use crate::convert::to_value;
use crate::error::{Error, Result, quoted};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::Int;
use crate::python::numpy::time::{
    NAT, Unit, UnitCount, count_of_datetime, count_of_timedelta, days_of,
};
use crate::python::{Date, TimeDelta, TimeZone};
use crate::value::Value;

/// The units of a count by their numbers in pandas, with their length in nanoseconds.
const UNITS: [(i64, Unit, i128); 4] = [
    (7, Unit::Second, 1_000_000_000),
    (8, Unit::Millisecond, 1_000_000),
    (9, Unit::Microsecond, 1_000),
    (10, Unit::Nanosecond, 1),
];

/// The arguments of the object of `at`'s class that `text` stands for; `None` for other classes.
///
/// # Errors
/// `Data` for text that the class does not take; `Unsupported` for one in another time zone.
pub(super) fn args_of(
    editor: &mut Editor<'_, '_, '_>,
    at: Handle,
    (module, name): (&str, &str),
    text: &str,
) -> Result<Option<Vec<Handle>>> {
    match (module, name) {
        ("pandas._libs.tslibs.timestamps", "Timestamp" | "_unpickle_timestamp") => {
            timestamp(editor, at, text).map(Some)
        }
        ("pandas._libs.tslibs.timedeltas", "Timedelta" | "_timedelta_unpickle") => {
            timedelta(editor, at, text).map(Some)
        }
        ("pandas" | "pandas._libs.tslibs.period", "Period") => period(editor, at, text).map(Some),
        _ => Ok(None),
    }
}

fn timestamp(editor: &mut Editor<'_, '_, '_>, at: Handle, text: &str) -> Result<Vec<Handle>> {
    let mut args = editor.args(at)?;
    let before = form(editor, at)?;
    let (Some(there), Some(now)) = (Stamp::parse(&before), Stamp::parse(text)) else {
        return Err(unfit(text, "Timestamp"));
    };
    let zone = args.get(2).copied().filter(|zone| zone.tag() != Tag::None);
    let nanos = match (zone, now.offset) {
        (None, None) if now.suffix.is_empty() => now.in_utc(0),
        (None, _) => return Err(no_zone(&text)),
        (Some(_), _) if !now.suffix.is_empty() && now.suffix != there.suffix => {
            return Err(other_zone(&text));
        }
        (Some(_), Some(given)) => {
            let is_moment = given == 0 || !there.suffix.is_empty();
            if !is_moment && there.offset != Some(given) {
                let zone = TimeZone::fixed(TimeDelta::from_microseconds(given)?)?;
                args[2] = editor.import(&to_value(&zone)?, at)?;
            }
            now.in_utc(given)
        }
        (Some(_), None) => return Err(no_offset(&text)),
    };
    let count = |_, length| (nanos % length == 0).then(|| nanos / length);
    counted(editor, at, &mut args, 3, count)?.ok_or_else(|| unfit(text, "Timestamp"))?;
    Ok(args)
}

fn timedelta(editor: &mut Editor<'_, '_, '_>, at: Handle, text: &str) -> Result<Vec<Handle>> {
    let mut args = editor.args(at)?;
    let count = |unit, _| count_of_timedelta(text, UnitCount { unit, count: 1 }).map(i128::from);
    counted(editor, at, &mut args, 1, count)?.ok_or_else(|| unfit(text, "Timedelta"))?;
    Ok(args)
}

/// Puts a count into the first argument, in the unit that the one at `place` says, or a finer one.
/// `None` if no unit holds it.
fn counted(
    editor: &mut Editor<'_, '_, '_>,
    at: Handle,
    args: &mut [Handle],
    place: usize,
    count: impl Fn(Unit, i128) -> Option<i128>,
) -> Result<Option<()>> {
    // Before pandas 2 all are nanoseconds.
    let there = match args.get(place) {
        Some(&unit) => int(editor, unit)?,
        None => 10,
    };
    for (number, unit, length) in UNITS {
        if number < there {
            continue;
        }
        let Some(count) = count(unit, length) else { continue };
        let count = i64::try_from(count).ok().filter(|count| *count != NAT);
        let (Some(count), Some(first)) = (count, args.first_mut()) else { return Ok(None) };
        *first = editor.import(&Value::from(count), at)?;
        if let Some(unit) = args.get_mut(place).filter(|_| number != there) {
            *unit = editor.import(&Value::from(number), at)?;
        }
        return Ok(Some(()));
    }
    Ok(None)
}

fn period(editor: &mut Editor<'_, '_, '_>, at: Handle, text: &str) -> Result<Vec<Handle>> {
    let mut args = editor.args(at)?;
    let &[_, freq, ordinal] = &args[..] else { return Err(editor.no_place(at)) };
    let names = editor.class_names(freq);
    let unit = names.as_ref().map(|(_, name)| name.as_str()).unwrap_or_default();
    let count = match unit {
        "Week" => {
            // Weeks end on the same day as that which is there.
            let ordinal = int(editor, ordinal)?;
            let there = week(&form(editor, at)?);
            let moved = there.zip(week(text)).map(|(there, now)| now - there);
            moved.filter(|days| days % 7 == 0).and_then(|days| ordinal.checked_add(days / 7))
        }
        unit => ordinal_of(unit, text),
    };
    let count = count.ok_or_else(|| unfit(text, "Period"))?;
    args[2] = editor.import(&Value::from(count), at)?;
    Ok(args)
}

/// The number of a period by its text, in units of an offset of pandas.
fn ordinal_of(unit: &str, text: &str) -> Option<i64> {
    let count = |unit, text: &str| count_of_datetime(text, UnitCount { unit, count: 1 });
    match unit {
        "YearEnd" => count(Unit::Year, text),
        "QuarterEnd" => {
            let (year, quarter) = text.split_once('Q')?;
            let quarter: i64 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
            Some(count(Unit::Year, year)? * 4 + quarter - 1)
        }
        "MonthEnd" => count(Unit::Month, text),
        "BusinessDay" => {
            // Day 0 was a Thursday; weeks have five days.
            let day = count(Unit::Day, text)? + 3;
            let weekday = day.rem_euclid(7);
            (weekday < 5).then(|| day.div_euclid(7) * 5 + weekday - 3)
        }
        "Day" => count(Unit::Day, text),
        "Hour" => count(Unit::Hour, text),
        "Minute" => count(Unit::Minute, text),
        "Second" => count(Unit::Second, text),
        "Milli" => count(Unit::Millisecond, text),
        "Micro" => count(Unit::Microsecond, text),
        "Nano" => count(Unit::Nanosecond, text),
        _ => None,
    }
}

/// The last day of a week, `2024-07-01/2024-07-07`, counted from 1970.
fn week(text: &str) -> Option<i64> {
    let (first, last) = text.split_once('/')?;
    let day = |text: &str| {
        let date: Date = text.parse().ok()?;
        Some(days_of((date.year().into(), date.month().into(), date.day().into())))
    };
    day(last).filter(|last| Some(last - 6) == day(first))
}

fn int(editor: &Editor<'_, '_, '_>, at: Handle) -> Result<i64> {
    let int = editor.walk(at, |node| {
        Ok(match node.cx.int(node.handle)? {
            Some(Int::Small(value)) => Some(value),
            _ => None,
        })
    })?;
    int.ok_or_else(|| editor.no_place(at))
}

#[cold]
fn unfit(text: &str, class: &str) -> Error {
    Error::data(format!(
        "`{}` is no {class} of pandas that can stand here: give it in the form that was read",
        quoted(text)
    ))
}
