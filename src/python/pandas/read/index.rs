//! The indexes of pandas: `_new_Index(class, parts)` and its kin.

use super::array::{closed_side, time_zone};
use super::numpy::{in_zone, whole};
use super::{Object, column, describe, entry, items};
use crate::error::{Error, Result};
use crate::python::pandas::column::Column;
use crate::python::pandas::extension::Periods;
use crate::python::pandas::index::{Index, Levels};
use crate::python::pandas::interval::Intervals;
use crate::value::{Dict, Value};

/// The index that an object is.
pub(super) fn index(value: &Value) -> Result<Index> {
    if let Some(call) = super::calls::Call::of(value)
        && let Some(index) = super::calls::index(&call)?
    {
        return Ok(index);
    }
    let object = Object::of(value, "an index of pandas")?;
    let known = matches!(
        object.class(),
        "_new_Index"
            | "_new_DatetimeIndex"
            | "_new_PeriodIndex"
            | "_new_IntervalIndex"
            | "_new_TimedeltaIndex"
    );
    let (class, parts) = match object.args() {
        [Value::Global(class), Value::Dict(parts)]
            if known && class.module.split('.').next() == Some("pandas") =>
        {
            (class, parts)
        }
        _ => return Err(object.unexpected("an index of pandas")),
    };
    let index = match class.name() {
        "RangeIndex" => {
            let part = |name: &str| {
                entry(parts, name)
                    .and_then(Value::as_i64)
                    .ok_or_else(|| Error::data(format!("a RangeIndex without `{name}`")))
            };
            Index::range(part("start")?, part("stop")?, part("step")?)?
        }
        "MultiIndex" => return multi(parts),
        "Index" | "Int64Index" | "UInt64Index" | "Float64Index" | "NumericIndex"
        | "CategoricalIndex" | "TimedeltaIndex" => Index::new(column(data(parts)?)?),
        "DatetimeIndex" => Index::new(datetimes(parts)?),
        "PeriodIndex" => Index::new(periods(parts)?),
        "IntervalIndex" => Index::new(intervals(parts)?),
        _ => return Err(object.unexpected("an index of pandas")),
    };
    Ok(index.with_name(entry(parts, "name").cloned().unwrap_or_default()))
}

fn data(parts: &Dict) -> Result<&Value> {
    entry(parts, "data").ok_or_else(|| Error::data("an index of pandas without data"))
}

/// The times of a `DatetimeIndex`. The array has the zone where the index does not say it.
fn datetimes(parts: &Dict) -> Result<Column> {
    let column = column(data(parts)?)?;
    match (entry(parts, "tz"), &column) {
        (None | Some(Value::None), _) => Ok(column),
        (_, Column::Datetime(times)) if times.zone().is_some() => Ok(column),
        (Some(zone), _) => in_zone(column, &time_zone(zone)?),
    }
}

/// The periods of a `PeriodIndex`: an array of them, or ordinals and a frequency.
fn periods(parts: &Dict) -> Result<Column> {
    match column(data(parts)?)? {
        column @ Column::Period(_) => Ok(column),
        ordinals => {
            let freq = entry(parts, "freq")
                .ok_or_else(|| Error::data("a PeriodIndex without a frequency"))?;
            let frequency = super::array::offset_frequency(freq)?;
            let ordinals = whole(ordinals, "periods")?;
            Ok(Column::Period(Periods::new(ordinals, frequency)))
        }
    }
}

/// The intervals of an `IntervalIndex`: an array of them, or the indexes of their ends.
fn intervals(parts: &Dict) -> Result<Column> {
    if let Some(data) = entry(parts, "data") {
        return column(data);
    }
    let part = |name: &str| {
        entry(parts, name).ok_or_else(|| Error::data(format!("an IntervalIndex without `{name}`")))
    };
    let end = |name: &str| -> Result<Column> {
        let found = index(part(name)?)?;
        found.into_column().ok_or_else(|| Error::data("an end of intervals that is no array"))
    };
    let (left, right) = (end("left")?, end("right")?);
    let closed = closed_side(part("closed")?)?;
    Ok(Column::Interval(Intervals::new(left, right, closed)?))
}

/// `levels`, `codes` (up to pandas 0.23 `labels`) and `names`.
fn multi(parts: &Dict) -> Result<Index> {
    let part = |name: &str| {
        entry(parts, name).ok_or_else(|| Error::data(format!("a MultiIndex without `{name}`")))
    };
    let levels = items(part("levels")?, "the levels of a MultiIndex")?;
    let codes = match entry(parts, "codes") {
        Some(codes) => codes,
        None => part("labels")?,
    };
    levels_of(levels, items(codes, "the codes of a MultiIndex")?, entry(parts, "names"))
}

/// A `MultiIndex` of levels, codes and names.
pub(super) fn levels_of(levels: &[Value], codes: &[Value], names: Option<&Value>) -> Result<Index> {
    let mut levels = levels.iter().map(index).collect::<Result<Vec<_>>>()?;
    if let Some(names) = names.filter(|names| **names != Value::None) {
        let names = items(names, "the names of a MultiIndex")?;
        if names.len() != levels.len() {
            return Err(Error::data("a MultiIndex with more or fewer names than levels"));
        }
        levels = levels
            .into_iter()
            .zip(names)
            .map(|(level, name)| level.with_name(name.clone()))
            .collect();
    }
    let codes = codes.iter().map(|codes| match codes {
        Value::List(_) => {
            Err(Error::data(format!("codes of a MultiIndex that are {}", describe(codes))))
        }
        codes => whole(column(codes)?, "codes of a MultiIndex"),
    });
    Ok(Index::multi(Levels::new(levels, codes.collect::<Result<_>>()?)?))
}
