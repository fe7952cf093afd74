//! pandas' Timestamp, Timedelta, Period, NaT and the simple ones of its indexes.
//!
//! A Timestamp counts a unit since the start of 1970, of UTC where it has a zone; the text is ISO
//! 8601. With an offset in the pickle it is the local time, as pandas prints it; with a key alone
//! it is the moment in UTC and the key in brackets, `2024-07-01T10:00:00Z[Europe/Berlin]`, where by
//! RFC 9557 `Z` says that the local offset is not known. A Period is its text in pandas where it
//! is longer than a day, else the time or day at which it starts. Sources: `__reduce__` and
//! `_unpickle_timestamp` in pandas' `_libs/tslibs/timestamps.pyx`, `timedeltas.pyx` and
//! `period.pyx`, there `get_asfreq_info`; `_new_Index` in `core/indexes/base.py`;
//! `NDArrayBacked.__reduce__` in `_libs/arrays.pyx`; `NPY_DATETIMEUNIT` in numpy.

use std::borrow::Cow;

use super::time::check_day;
use super::zone::{self, Zone};
use super::{At, Call, Natural, malformed};
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::view::{global_names, tuple_items};
use crate::python::numpy::time::{NAT, Unit, UnitCount, civil};
use crate::shown::append;
use crate::stdlib::calendar::{SECOND, push_day, push_number};

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;

/// `_unpickle_timestamp(value, freq, tz)`, `_unpickle_timestamp(value, freq, tz, unit)`.
pub(super) fn timestamp<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let (value, zone, unit) = match *call.args() {
        [value, _, zone] => (value, zone, None),
        [value, _, zone, unit] => (value, zone, Some(unit)),
        _ => return Ok(None),
    };
    let Some(nanos) = nanoseconds(call, value, unit)? else { return Ok(None) };
    let moment = At::Moment(floor(nanos, NANOS));
    let mut text = String::with_capacity(40);
    if zone.tag() == Tag::None {
        push_time(&mut text, nanos, "Timestamp")?;
        return Ok(Some(text.into()));
    }
    match zone::known(call, zone, Some(moment))? {
        Some(zone) => match zone.offset {
            Some(micros) => {
                push_time(&mut text, nanos + i128::from(micros) * 1_000, "Timestamp")?;
                zone.push_behind(&mut text, call.exact);
            }
            None => {
                push_time(&mut text, nanos, "Timestamp")?;
                text.push('Z');
                zone.push_behind(&mut text, call.exact);
            }
        },
        // The moment is known all the same.
        None => {
            push_time(&mut text, nanos, "Timestamp")?;
            text.push('Z');
            if !call.strict {
                let class = Some(call.class_name(zone));
                Zone { class, ..Zone::default() }.push_behind(&mut text, call.exact);
            }
        }
    }
    Ok(Some(text.into()))
}

/// `Timedelta(value)`, `_timedelta_unpickle(value, unit)`.
pub(super) fn timedelta<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let (value, unit) = match *call.args() {
        [value] => (value, None),
        [value, unit] => (value, Some(unit)),
        _ => return Ok(None),
    };
    let (Some(value), Some(unit)) = (call.small(value), unit_of(call, unit)) else {
        return Ok(None);
    };
    let unit = UnitCount { unit, count: 1 };
    Ok(crate::python::numpy::time::timedelta(value, unit).map(Cow::Owned))
}

/// The unit of a count by its number in numpy; before pandas 2 all are nanoseconds.
fn unit_of(call: &Call<'_, '_, '_>, unit: Option<Handle>) -> Option<Unit> {
    let Some(unit) = unit else { return Some(Unit::Nanosecond) };
    Some(match call.small(unit)? {
        7 => Unit::Second,
        8 => Unit::Millisecond,
        9 => Unit::Microsecond,
        10 => Unit::Nanosecond,
        _ => return None,
    })
}

fn nanoseconds(
    call: &Call<'_, '_, '_>,
    value: Handle,
    unit: Option<Handle>,
) -> Result<Option<i128>> {
    let (Some(value), Some(unit)) = (call.small(value), unit_of(call, unit)) else {
        return Ok(None);
    };
    if value == NAT {
        return Err(malformed("Timestamp", "the count of NaT"));
    }
    let nanos = match unit {
        Unit::Second => NANOS,
        Unit::Millisecond => 1_000_000,
        Unit::Microsecond => 1_000,
        _ => 1,
    };
    Ok(Some(i128::from(value) * nanos))
}

/// The whole number of `unit` in `nanos`, which are within 64 bits of seconds.
fn floor(nanos: i128, unit: i128) -> i64 {
    nanos.div_euclid(unit) as i64
}

/// Date and time with as many digits as `isoformat` of pandas gives: none, six or nine.
fn push_time(text: &mut String, nanos: i128, class: &str) -> Result<()> {
    let seconds = nanos.div_euclid(NANOS);
    push_date(text, seconds.div_euclid(86_400), class)?;
    // Below a day, and below a second.
    let (second, fraction) = (seconds.rem_euclid(86_400) as u32, nanos.rem_euclid(NANOS) as u32);
    for (mark, part) in [('T', second / 3_600), (':', second / 60 % 60), (':', second % 60)] {
        text.push(mark);
        push_number(text, part, 2);
    }
    if fraction != 0 {
        text.push('.');
        match fraction % 1_000 {
            0 => push_number(text, fraction / 1_000, 6),
            _ => push_number(text, fraction, 9),
        }
    }
    Ok(())
}

/// The day of a number of days since 1970, where that is in the years 1 to 9999.
fn push_date(text: &mut String, days: i128, class: &str) -> Result<()> {
    let (year, month, day) = civil(days);
    let Ok(year) = u16::try_from(year) else {
        return Err(malformed(class, format_args!("year {year}")));
    };
    // Months and days have two digits.
    let day = (year, month as u8, day as u8);
    check_day(class, day)?;
    push_day(text, day);
    Ok(())
}

/// `Period(None, freq, ordinal)`: the number of units of the offset `freq` since 1970.
pub(super) fn period<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let &[none, freq, ordinal] = call.args() else { return Ok(None) };
    let Some(ordinal) = call.small(ordinal).filter(|_| none.tag() == Tag::None) else {
        return Ok(None);
    };
    let class = call.class_name(freq);
    let Some((_, unit)) = class.rsplit_once('.').filter(|(module, _)| {
        matches!(*module, "pandas._libs.tslibs.offsets" | "pandas.tseries.offsets")
    }) else {
        return Ok(None);
    };
    let count = i128::from(ordinal);
    let mut text = String::with_capacity(24);
    match unit {
        "YearEnd" => {
            let (year, _) = year_and_part(count, 1)?;
            append(&mut text, format_args!("{year:04}"));
        }
        "QuarterEnd" => {
            let (year, quarter) = year_and_part(count, 4)?;
            append(&mut text, format_args!("{year:04}Q{quarter}"));
        }
        "MonthEnd" => {
            let (year, month) = year_and_part(count, 12)?;
            append(&mut text, format_args!("{year:04}-{month:02}"));
        }
        "Week" => {
            let Some(weekday) = part(call, freq, 2, "weekday")? else { return Ok(None) };
            // Weeks that end on a Sunday, day 6, are counted from that of 29 December 1969.
            let end = count * 7 + i128::from((weekday + 1).rem_euclid(7)) - 4;
            push_date(&mut text, end - 6, "Period")?;
            text.push('/');
            push_date(&mut text, end, "Period")?;
        }
        "BusinessDay" => {
            let day = count + 3;
            push_date(&mut text, day.div_euclid(5) * 7 + day.rem_euclid(5) - 3, "Period")?;
        }
        "Day" => push_date(&mut text, count, "Period")?,
        _ => {
            let nanos = match unit {
                "Hour" => 3_600 * NANOS,
                "Minute" => 60 * NANOS,
                "Second" => NANOS,
                "Milli" => NANOS / 1_000,
                "Micro" => NANOS / i128::from(SECOND),
                "Nano" => 1,
                _ => return Ok(None),
            };
            push_time(&mut text, count * nanos, "Period")?;
        }
    }
    Ok(Some(text.into()))
}

/// The year of a period of which a year has `parts`, and its number within the year, from 1 on.
fn year_and_part(count: i128, parts: i128) -> Result<(i128, i128)> {
    let year = 1970 + count.div_euclid(parts);
    match (1..=9999).contains(&year) {
        true => Ok((year, count.rem_euclid(parts) + 1)),
        false => Err(malformed("Period", format_args!("year {year}"))),
    }
}

/// A part of a pandas offset: an argument, or before pandas 1.1 an attribute.
fn part(call: &Call<'_, '_, '_>, freq: Handle, index: usize, name: &str) -> Result<Option<i64>> {
    let Some(object) = call.call_of(freq)? else { return Ok(None) };
    let freq = Call { object: &object, ..*call };
    let found = match object.args.get(index) {
        Some(&found) => Some(found),
        None => freq.attribute(name)?,
    };
    Ok(found.and_then(|found| call.small(found)).filter(|number| (0..7).contains(number)))
}

/// `_new_Index(class, {'data': …, 'name': …})`: the data, where the class does not make something
/// else of it; where there are no data, the dict.
pub(super) fn index<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let &[class, dict] = call.args() else { return Ok(None) };
    if dict.tag() != Tag::Dict || class.tag() != Tag::Global {
        return Ok(None);
    }
    let mut found = [None; 3];
    call.entries(dict, &["data", "tz", "freq"], &mut found)?;
    let names = global_names(call.cx.nodes, call.cx.input, class, call.cx.settings.fix_imports)?;
    let simple = names.is_some_and(|(_, class)| {
        matches!(
            &*class,
            "Index"
                | "Int64Index"
                | "UInt64Index"
                | "Float64Index"
                | "DatetimeIndex"
                | "TimedeltaIndex"
        )
    });
    Ok(match found {
        [Some(data), zone, _] if simple && zone.is_none_or(|zone| zone.tag() == Tag::None) => {
            Some(Natural::Is(data))
        }
        [None, ..] => Some(Natural::Is(dict)),
        _ => None,
    })
}

/// `__pyx_unpickle_NDArrayBacked(class, checksum, None)` with the state `(dtype, array)`, maybe
/// with a dict behind: the array, where its elements are what the class holds.
pub(super) fn backed<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let Some(&class) = call.args().first() else { return Ok(None) };
    let Some(state) = call.cx.state(call.object)? else { return Ok(None) };
    // Both orders have been written.
    let array = match *tuple_items(call.cx.nodes, state) {
        [first, second, ..] => match super::numpy::dtype(call.cx, first)? {
            Some(_) => second,
            None if is_string_dtype(call, first) => second,
            None => first,
        },
        _ => return Ok(None),
    };
    if class.tag() != Tag::Global {
        return Ok(None);
    }
    let names = global_names(call.cx.nodes, call.cx.input, class, call.cx.settings.fix_imports)?;
    let Some((_, class)) = names else { return Ok(None) };
    // A categorical has codes there, a period array ordinals, and times of a zone are of UTC.
    let plain = match &*class {
        "StringArray" | "NumpyExtensionArray" | "PandasArray" => true,
        "DatetimeArray" | "TimedeltaArray" => tuple_items(call.cx.nodes, state)
            .first()
            .is_some_and(|&dtype| matches!(super::numpy::dtype(call.cx, dtype), Ok(Some(_)))),
        _ => false,
    };
    Ok(plain.then_some(Natural::Is(array)))
}

fn is_string_dtype(call: &Call<'_, '_, '_>, dtype: Handle) -> bool {
    call.class_name(dtype).ends_with(".StringDtype")
}

/// The arrays of pandas before 1.3: their array and dtype are attributes.
pub(super) fn array_of_state<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let [data, dtype] = call.attributes(["_data", "_dtype"])?;
    let plain = match dtype {
        Some(dtype) => super::numpy::dtype(call.cx, dtype)?.is_some(),
        None => false,
    };
    Ok(data.filter(|_| plain).map(Natural::Is))
}
