//! Text, or a number, back into an object of the class that it was read from.
//!
//! The forms here are the inverse of those in `natural/`. Each gives the arguments or the state
//! that the class itself would write; the class is kept, and a time zone stays the same object.

use std::fmt::Display;

use super::diff::{Change, What};
use super::editor::Editor;
use super::forms::{self, args_of, args_of_text, imported, path};
use super::image::image;
use super::pandas;
use crate::convert::to_value;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;
use crate::nodes::store::RunKind;
use crate::python::{Date, DateTime, Time, TimeDelta, TimeZone, Uuid};
use crate::value::Value;

/// The object that `new` stands for, of the class of the instance `at`; `None` where the class has
/// no natural form that is text.
///
/// # Errors
/// `Data` for text that the class does not take; `Unsupported` for a moment in another time zone.
pub(super) fn of<'v>(
    editor: &mut Editor<'_, 'v, '_>,
    at: Handle,
    old: &'v Value,
    new: &'v Value,
) -> Result<Option<Handle>> {
    let Some(text) = text_of(new) else { return Ok(None) };
    let Some((module, name)) = editor.class_names(at) else { return Ok(None) };
    let made = of_text(editor, at, (&module, &name), (old, new), &text)?;
    // The class may have another form of it.
    if let (Some(made), Value::Str(given)) = (made, new)
        && forms::says_all(&module, &name)
        && let Ok(read) = form(editor, made)
        && read != *given
    {
        editor.reworded.push((new.clone(), Value::Str(read)));
    }
    Ok(made)
}

/// The object of the class of `at` that a text stands for.
fn of_text<'v>(
    editor: &mut Editor<'_, 'v, '_>,
    at: Handle,
    (module, name): (&str, &str),
    (old, new): (&'v Value, &'v Value),
    text: &str,
) -> Result<Option<Handle>> {
    let handles = match (module, name) {
        ("datetime", "datetime")
        | ("pendulum.datetime", "DateTime")
        | ("pendulum.pendulum", "Pendulum") => {
            return datetime(editor, at, old, new, &text.parse()?).map(Some);
        }
        ("datetime", "time") | ("pendulum.time", "Time") => {
            return time(editor, at, old, new, &text.parse()?).map(Some);
        }
        ("uuid", "UUID") => return uuid(editor, at, &text.parse::<Uuid>()?).map(Some),
        (
            "pathlib" | "pathlib._local",
            "PosixPath" | "PurePosixPath" | "WindowsPath" | "PureWindowsPath",
        ) => path(editor, at, module == "pathlib", name.contains("Windows"), text)?,
        (module, name) => match args_of_text(module, name, text)? {
            Some(args) => imported(editor, at, &args)?,
            None => match pandas::args_of(editor, at, (module, name), text)? {
                Some(args) => args,
                None => return Ok(None),
            },
        },
    };
    editor.set_args(at, &Change { old, new, what: What::Whole }, handles).map(Some)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.clone()),
        Value::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::Int(_) | Value::BigInt(_) => Some(value.to_string()),
        Value::Float(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The natural form of the object that is there.
pub(super) fn form(editor: &Editor<'_, '_, '_>, at: Handle) -> Result<String> {
    match editor.walk(at, image)? {
        Value::Str(text) => Ok(text),
        _ => Err(editor.no_place(at)),
    }
}

/// A change of a datetime or time that its type writes as one (a `with` of `python`), if that
/// leaves the zone alone: the zone that the object has stays, whatever the type makes of it. `None`
/// for other changes.
pub(super) fn of_object<'v>(
    editor: &mut Editor<'_, 'v, '_>,
    at: Handle,
    old: &'v Value,
    new: &'v Value,
) -> Result<Option<Handle>> {
    let Some((module, name)) = editor.class_names(at) else { return Ok(None) };
    match (module.as_str(), name.as_str()) {
        ("datetime", "datetime") => match (of_value::<DateTime>(old), of_value::<DateTime>(new)) {
            (Some(was), Some(now)) if was.zone() == now.zone() => {
                datetime(editor, at, old, new, &now).map(Some)
            }
            _ => Ok(None),
        },
        ("datetime", "time") => match (of_value::<Time>(old), of_value::<Time>(new)) {
            (Some(was), Some(now)) if was.zone() == now.zone() => {
                time(editor, at, old, new, &now).map(Some)
            }
            _ => Ok(None),
        },
        // Those of other libraries have arguments of their own.
        (module, name) if has_text_of_time(module, name) => match text_of_time(new) {
            Some(text) => of_text(editor, at, (module, name), (old, new), &text),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Returns true for the classes of pendulum and pandas that are read as those of `datetime`.
fn has_text_of_time(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("pendulum.datetime", "DateTime")
            | ("pendulum.pendulum", "Pendulum")
            | ("pendulum.date", "Date")
            | ("pendulum.time", "Time")
            | ("pendulum.duration", "Duration")
            | ("pendulum.interval", "Interval")
            | ("pandas._libs.tslibs.timestamps", _)
            | ("pandas._libs.tslibs.timedeltas", _)
    )
}

/// The text of an object that a type of `python` writes for a time.
fn text_of_time(value: &Value) -> Option<String> {
    fn text<'v, T: serde::Deserialize<'v> + Display>(value: &'v Value) -> Option<String> {
        of_value::<T>(value).map(|value| value.to_string())
    }
    text::<DateTime>(value)
        .or_else(|| text::<Date>(value))
        .or_else(|| text::<Time>(value))
        .or_else(|| text::<TimeDelta>(value))
}

fn of_value<'v, T: serde::Deserialize<'v>>(value: &'v Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// The zone of a changed datetime or time.
enum Zone {
    /// That which is there, if any.
    Stays,
    /// That which is there; its clock differs by so many microseconds.
    Shifted(i128),
    /// That which is there, by the database of time zones.
    #[cfg_attr(not(feature = "jiff"), expect(dead_code, reason = "there is no database"))]
    Local(DateTime),
    /// Another offset.
    Other(TimeZone),
}

fn datetime<'v>(
    editor: &mut Editor<'_, 'v, '_>,
    at: Handle,
    old: &'v Value,
    new: &'v Value,
    now: &DateTime,
) -> Result<Handle> {
    let was: DateTime = form(editor, at)?.parse()?;
    let (now, zone) = match zone_of(was.zone(), now)? {
        Zone::Stays => (now.clone(), None),
        Zone::Shifted(offset) => (shifted(now, offset)?, None),
        Zone::Local(now) => {
            // The object is read by its clock.
            let read = Value::from(now.to_string());
            editor.reworded.push((new.clone(), read));
            (now, None)
        }
        Zone::Other(zone) => (now.clone(), Some(zone)),
    };
    let time = clock(now.time())?;
    let (date, fold) = (now.date(), time.fold());
    let mut numbers = vec![date.year().into(), date.month().into(), date.day().into()];
    numbers.extend(numbers_of(&time));
    let payload = args_of(&DateTime::new(date, time))?;
    in_zone(editor, at, (old, new), Reading { payload, numbers, fold }, zone)
}

fn time<'v>(
    editor: &mut Editor<'_, 'v, '_>,
    at: Handle,
    old: &'v Value,
    new: &'v Value,
    now: &Time,
) -> Result<Handle> {
    let was: Time = form(editor, at)?.parse()?;
    // The offset of a zone by name depends on the date, and a time has none.
    let zone = match (was.zone(), now.zone()) {
        (None, None) => None,
        (Some(_), None) => return Err(no_offset(now)),
        (Some(there), Some(given))
            if has_offset_of(there, given)
                || there.key().is_some_and(|key| given.key() == Some(key)) =>
        {
            None
        }
        (Some(there), Some(given)) if there.key().is_none() && given.key().is_none() => {
            Some(given.clone())
        }
        (None, Some(_)) => return Err(no_zone(now)),
        _ => return Err(other_zone(now)),
    };
    let time = clock(now)?;
    let (numbers, fold) = (numbers_of(&time).to_vec(), time.fold());
    in_zone(editor, at, (old, new), Reading { payload: args_of(&time)?, numbers, fold }, zone)
}

/// The time of day alone, without a zone.
fn clock(time: &Time) -> Result<Time> {
    Ok(Time::new(time.hour(), time.minute(), time.second(), time.microsecond())?
        .with_fold(time.fold()))
}

fn numbers_of(time: &Time) -> [u32; 4] {
    [time.hour().into(), time.minute().into(), time.second().into(), time.microsecond()]
}

/// A reading of the clock, as the arguments of a class: of `datetime`, and of pendulum.
struct Reading {
    payload: Vec<Value>,
    numbers: Vec<u32>,
    /// True for the second of two equal ones.
    fold: bool,
}

/// An object of this reading, in the zone of the one that was there, or in another one.
fn in_zone<'v>(
    editor: &mut Editor<'_, 'v, '_>,
    at: Handle,
    (old, new): (&'v Value, &'v Value),
    reading: Reading,
    zone: Option<TimeZone>,
) -> Result<Handle> {
    let before = editor.args(at)?;
    let is_pendulum = editor.class_names(at).is_some_and(|(module, _)| module != "datetime");
    let mut args;
    if is_pendulum {
        if zone.is_some() {
            return Err(Error::unsupported(
                "another offset than the object's, whose class has zones of its own; give the \
                 moment at the object's offset or in UTC",
            ));
        }
        let numbers: Vec<Value> = reading.numbers.iter().copied().map(Value::from).collect();
        args = imported(editor, at, &numbers)?;
        args.extend_from_slice(before.get(args.len()..).unwrap_or_default());
        // Behind the zone of pendulum 1; the others have no place for it.
        let fold = args.get_mut(reading.numbers.len() + 1);
        match (fold, reading.fold) {
            (Some(place), fold) => *place = editor.import(&Value::from(i64::from(fold)), at)?,
            (None, false) => {}
            (None, true) => {
                return Err(Error::unsupported(
                    "the second of two equal readings of a clock, which the object's class does \
                     not keep in a pickle",
                ));
            }
        }
    } else {
        args = imported(editor, at, &reading.payload)?;
        // The zone follows the payload, or the separate numbers.
        if let Some(zone) = zone {
            args.push(editor.import(&to_value(&zone)?, at)?);
        } else if let Some(&zone) = before.get(1..).unwrap_or_default().last()
            && zone.is_object()
        {
            args.push(zone);
        }
    }
    editor.set_args(at, &Change { old, new, what: What::Whole }, args)
}

fn has_offset_of(there: &TimeZone, given: &TimeZone) -> bool {
    there.offset().is_some_and(|offset| given.offset() == Some(offset))
}

/// The zone that a datetime gets where `there` is one.
///
/// # Errors
/// The offset is not known: the zone has only a name, or there is no zone.
fn zone_of(there: Option<&TimeZone>, now: &DateTime) -> Result<Zone> {
    let (there, given) = match (there, now.zone()) {
        (None, None) => return Ok(Zone::Stays),
        (Some(_), None) => return Err(no_offset(now)),
        (None, Some(_)) => return Err(no_zone(now)),
        (Some(there), Some(given)) => (there, given),
    };
    let by_name = there.key().filter(|key| *key != "UTC");
    match (there.offset(), given.offset()) {
        (Some(there), Some(given)) if there == given && by_name.is_none() => Ok(Zone::Stays),
        (Some(there), Some(given)) if by_name.is_none() => {
            // A type that holds a moment gives that in UTC.
            let is_moment = given == TimeDelta::ZERO;
            if is_moment {
                return Ok(Zone::Shifted(there.whole_microseconds()));
            }
            match now.zone().filter(|zone| zone.key().is_none()) {
                Some(zone) => Ok(Zone::Other(zone.clone())),
                None => Err(other_zone(now)),
            }
        }
        (_, Some(_)) => in_named(there, now),
        _ if there.key() == given.key() => Ok(Zone::Stays),
        _ => Err(other_zone(now)),
    }
}

/// A moment in a zone by its name. A zone of pytz has the one offset that it is for.
#[cfg(feature = "jiff")]
fn in_named(there: &TimeZone, now: &DateTime) -> Result<Zone> {
    let key = there.key().ok_or_else(|| other_zone(now))?;
    let (local, offset) = crate::python::crates::jiff::local(now, key)?;
    match there.offset() {
        Some(only) if only != offset => Err(other_zone(now)),
        _ => Ok(Zone::Local(local)),
    }
}

/// The same by what the text says alone.
#[cfg(not(feature = "jiff"))]
fn in_named(there: &TimeZone, now: &DateTime) -> Result<Zone> {
    let given = now.zone().ok_or_else(|| other_zone(now))?;
    let is_same = match there.offset() {
        Some(only) => given.offset() == Some(only),
        None => given.key() == there.key(),
    };
    if is_same { Ok(Zone::Stays) } else { Err(other_zone(now)) }
}

#[cold]
pub(super) fn no_zone(now: &impl Display) -> Error {
    let text = now.to_string();
    Error::unsupported(format!(
        "`{}` has a time zone, and the object has none",
        crate::error::quoted(&text)
    ))
}

#[cold]
pub(super) fn no_offset(now: &impl Display) -> Error {
    let text = now.to_string();
    Error::unsupported(format!(
        "`{}` has no offset, `Z` or `+01:00`, and the object is in a time zone",
        crate::error::quoted(&text)
    ))
}

#[cold]
pub(super) fn other_zone(now: &impl Display) -> Error {
    let text = now.to_string();
    Error::unsupported(format!(
        "`{}` is a moment in another time zone than the object's, whose offset then only a \
         database of time zones can tell: the feature `jiff`",
        crate::error::quoted(&text)
    ))
}

/// Date and microseconds of the day of a datetime moved by less than two days.
fn moved(datetime: &DateTime, by: i128) -> Result<(Date, i128)> {
    const DAY: i128 = 86_400_000_000;
    let time = datetime.time();
    let seconds = i128::from(time.hour()) * 3_600
        + i128::from(time.minute()) * 60
        + i128::from(time.second());
    let mut micros = seconds * 1_000_000 + i128::from(time.microsecond()) + by;
    let mut date = datetime.date();
    while micros < 0 {
        date = day_before(date)?;
        micros += DAY;
    }
    while micros >= DAY {
        date = day_after(date)?;
        micros -= DAY;
    }
    Ok((date, micros))
}

fn shifted(datetime: &DateTime, by: i128) -> Result<DateTime> {
    let (date, micros) = moved(datetime, by)?;
    let part = |unit: i128, modulus: i128| (micros / unit % modulus) as u32;
    let time = Time::new(
        part(3_600_000_000, 24) as u8,
        part(60_000_000, 60) as u8,
        part(1_000_000, 60) as u8,
        part(1, 1_000_000),
    )?;
    Ok(DateTime::new(date, time))
}

fn day_after(date: Date) -> Result<Date> {
    Date::new(date.year(), date.month(), date.day() + 1)
        .or_else(|_| Date::new(date.year(), date.month() + 1, 1))
        .or_else(|_| Date::new(date.year() + 1, 1, 1))
}

fn day_before(date: Date) -> Result<Date> {
    if date.day() > 1 {
        return Date::new(date.year(), date.month(), date.day() - 1);
    }
    let (year, month) = match date.month() {
        1 => (date.year().saturating_sub(1), 12),
        month => (date.year(), month - 1),
    };
    // The last day of a month is one of four.
    (28..=31)
        .rev()
        .find_map(|day| Date::new(year, month, day).ok())
        .map_or_else(|| Date::new(year, month, 28), Ok)
}

/// A UUID has its number in its state; other attributes stay.
fn uuid(editor: &mut Editor<'_, '_, '_>, at: Handle, value: &Uuid) -> Result<Handle> {
    let number = editor.import(&Value::from(value.0), at)?;
    let object = editor.nodes.object(at.number());
    let mut contents = editor.nodes.contents_of(at.number());
    let state = contents.more.iter_mut().find(|(kind, ..)| *kind == RunKind::State);
    let Some((_, run, _)) = state else { return Err(editor.no_place(at)) };
    let &mut [state] = &mut run[..] else { return Err(editor.no_place(at)) };
    let now = with_entry(editor, state, "int", number)?.ok_or_else(|| editor.no_place(at))?;
    run[0] = now;
    let copy = editor.nodes.push_object(Tag::Instance, object.flags(), object.offset(), &[])?;
    editor.nodes.set_contents(editor.journal, copy.number(), &contents)?;
    Ok(copy)
}

/// A copy of a state, a dict or `(None, dict)`, with another value under a name.
fn with_entry(
    editor: &mut Editor<'_, '_, '_>,
    state: Handle,
    name: &(impl Display + ?Sized),
    value: Handle,
) -> Result<Option<Handle>> {
    let name = name.to_string();
    if state.tag() == Tag::Tuple {
        let mut items = editor.tuple(state);
        for item in &mut items {
            if item.tag() == Tag::Dict
                && let Some(now) = with_entry(editor, *item, &name, value)?
            {
                *item = now;
                let offset = editor.offset(state);
                return editor.nodes.push_tuple(&items, offset).map(Some);
            }
        }
        return Ok(None);
    }
    let slots = editor.nodes.slots(state.number());
    let mut entries: Vec<Handle> = slots.iter().map(|&slot| editor.handle(slot)).collect();
    let is_name = |key: Handle| match scalar::chars(editor.input, key) {
        Some(chars) => chars == name.as_bytes(),
        None => scalar::plain_text(editor.nodes, editor.input, key).is_some_and(|key| key == name),
    };
    let Some(place) = entries.chunks_exact(2).position(|pair| is_name(pair[0])) else {
        return Ok(None);
    };
    entries[2 * place + 1] = value;
    let offset = editor.offset(state);
    editor.nodes.push_object(Tag::Dict, Default::default(), offset, &entries).map(Some)
}
