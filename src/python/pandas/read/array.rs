//! The extension arrays of pandas as columns, and their dtypes.

use serde::Deserialize;

use super::numpy::{in_zone, whole};
use super::{Object, Rows, arrow, column, count, describe, items};
use crate::error::{Error, Result};
use crate::python::TimeZone;
use crate::python::pandas::cell::is_missing;
use crate::python::pandas::column::Column;
use crate::python::pandas::extension::{
    Backing, Categorical, Masked, Periods, Sparse, TextKind, Texts,
};
use crate::python::pandas::interval::{Closed, Intervals};
use crate::python::pandas::period::{Frequency, Span};
use crate::value::Value;

/// The rows of an array of numpy, pandas or pyarrow.
pub(super) fn rows(value: &Value) -> Result<Rows> {
    let rows = rows_of(value)?;
    match &rows {
        Rows::One(column) => super::budget::charge([column])?,
        Rows::Many(columns, _) => super::budget::charge(columns)?,
    }
    Ok(rows)
}

fn rows_of(value: &Value) -> Result<Rows> {
    if value.as_object().is_some_and(|object| object.class().is_none()) {
        // A call of what a call makes.
        return super::calls::array(value);
    }
    let object = Object::of(value, "an array")?;
    match (object.package(), object.global.name()) {
        ("numpy", _) => super::numpy::rows(value),
        ("pandas", "__pyx_unpickle_NDArrayBacked") => backed(object),
        ("pandas", "__pyx_unpickle_IntervalMixin") => intervals(object).map(Rows::One),
        ("pandas", _) => of_class(value, object),
        ("pyarrow", _) => arrow::column(value, None).map(Rows::One),
        _ => Err(object.unexpected("an array")),
    }
}

/// `__pyx_unpickle_NDArrayBacked(class, checksum, None)` with the state `(dtype, array)`, in either
/// order, and maybe a dict behind.
fn backed(object: Object<'_>) -> Result<Rows> {
    let class = match object.args().first() {
        Some(Value::Global(class)) => class,
        _ => return Err(Error::data("an array of pandas without a class")),
    };
    let state = match object.state() {
        Some(state) => items(state, "the parts of an array of pandas")?,
        None => &[],
    };
    let [first, second, ..] = state else {
        return Err(Error::data(format!("an array of {class} without dtype and data")));
    };
    let is_array = |value: &Value| {
        Object::of(value, "")
            .is_ok_and(|part| part.package() == "numpy" && part.global.name() != "dtype")
    };
    let (dtype, array) = if is_array(second) { (first, second) } else { (second, first) };
    if !is_array(array) {
        return Err(Error::data(format!("an array of {class} without data")));
    }
    with_dtype(class.name(), dtype, array)?.ok_or_else(|| object.unexpected("an array of pandas"))
}

/// The array of a class over an array of numpy; `None` for a class that is not known.
fn with_dtype(class: &str, dtype: &Value, array: &Value) -> Result<Option<Rows>> {
    let rows = super::numpy::rows(array)?;
    Ok(Some(match class {
        "NumpyExtensionArray" | "PandasArray" => rows,
        "DatetimeArray" => {
            let rows = match zone(dtype)? {
                Some(zone) => rows.map(|column| in_zone(column, &zone))?,
                None => rows,
            };
            rows.map(|column| match column {
                Column::Datetime(_) => Ok(column),
                other => {
                    Err(Error::data(format!("a DatetimeArray of the dtype {}", other.dtype())))
                }
            })?
        }
        "TimedeltaArray" => rows.map(|column| match column {
            Column::Timedelta(_) => Ok(column),
            other => Err(Error::data(format!("a TimedeltaArray of the dtype {}", other.dtype()))),
        })?,
        "PeriodArray" => {
            let frequency = period_dtype(dtype)?;
            rows.map(|column| {
                Ok(Column::Period(Periods::new(whole(column, "periods")?, frequency)))
            })?
        }
        "Categorical" => {
            let (categories, ordered) = categories(dtype)?;
            rows.map(|column| {
                let codes = whole(column, "codes of a Categorical")?;
                Categorical::new(codes, categories.clone(), ordered).map(Column::Categorical)
            })?
        }
        "StringArray" | "StringArrayNumpySemantics" => {
            let kind = text_kind(dtype)?;
            rows.map(|column| texts(column, kind))?
        }
        _ => return Ok(None),
    }))
}

/// An instance of a class, with its parts as attributes.
fn of_class(value: &Value, object: Object<'_>) -> Result<Rows> {
    if super::calls::Call::of(value).is_some() {
        return super::calls::array(value);
    }
    match object.class() {
        "IntegerArray" | "FloatingArray" | "BooleanArray" => {
            let values = column(object.needed("_data")?)?;
            let missing = match column(object.needed("_mask")?)? {
                Column::Bool(missing) => missing,
                other => return Err(Error::data(format!("a mask of the dtype {}", other.dtype()))),
            };
            Masked::new(values, missing, Backing::Numpy)
                .map(|masked| Rows::One(Column::Masked(masked)))
        }
        class @ ("DatetimeArray" | "TimedeltaArray" | "PeriodArray") => {
            let rows = with_dtype(class, object.needed("_dtype")?, object.needed("_data")?)?;
            rows.ok_or_else(|| object.unexpected("an array of pandas"))
        }
        "Categorical" => {
            let rows =
                with_dtype("Categorical", object.needed("_dtype")?, object.needed("_codes")?)?;
            rows.ok_or_else(|| object.unexpected("an array of pandas"))
        }
        "PandasArray" => super::numpy::rows(object.needed("_ndarray")?),
        "StringArray" => {
            let kind = text_kind(object.needed("_dtype")?)?;
            super::numpy::rows(object.needed("_ndarray")?)?.map(|column| texts(column, kind))
        }
        "ArrowStringArray" | "ArrowStringArrayNumpySemantics" => {
            let kind = text_kind(object.needed("_dtype")?)?;
            let array = object.attribute("_pa_array").or(object.attribute("_data"));
            let array = array.ok_or_else(|| Error::data("an ArrowStringArray without data"))?;
            arrow::column(array, Some(kind)).map(Rows::One)
        }
        "ArrowExtensionArray" => {
            let array = object.attribute("_pa_array").or(object.attribute("_data"));
            let array = array.ok_or_else(|| Error::data("an ArrowExtensionArray without data"))?;
            arrow::column(array, None).map(Rows::One)
        }
        "IntervalArray" => intervals(object).map(Rows::One),
        "SparseArray" => sparse(object).map(Rows::One),
        _ if object.global.name().starts_with("_new_") => {
            // An index in place of an array: the ends of intervals up to pandas 1.1.
            match super::index::index(value)?.into_column() {
                Some(column) => Ok(Rows::One(column)),
                None => Err(object.unexpected("an array of pandas")),
            }
        }
        _ => super::calls::array(value),
    }
}

/// Text in an array of objects; what is no text has to be missing.
pub(super) fn texts(column: Column, kind: TextKind) -> Result<Column> {
    let Column::Object(values) = column else {
        return Err(Error::data(format!("text in an array of the dtype {}", column.dtype())));
    };
    let texts = values.into_iter().map(|value| match value {
        Value::Str(text) => Ok(Some(text)),
        value if is_missing(&value) => Ok(None),
        other => Err(Error::unsupported(format!("an array of text with {}", describe(&other)))),
    });
    Ok(Column::Text(Texts::new(texts.collect::<Result<Vec<_>>>()?, kind)))
}

/// `_left`, `_right` and the closed side, which newer versions have in the dtype.
fn intervals(object: Object<'_>) -> Result<Column> {
    let attribute = |name: &str| match object.state() {
        // The state of Cython's function is a tuple of one dict.
        Some(Value::Tuple(state)) => match state.first() {
            Some(Value::Dict(dict)) => dict.get(name),
            _ => None,
        },
        _ => object.attribute(name),
    };
    let needed = |name: &str| {
        attribute(name).ok_or_else(|| Error::data(format!("an IntervalArray without `{name}`")))
    };
    let (left, right) = (column(needed("_left")?)?, column(needed("_right")?)?);
    let closed = match attribute("_closed") {
        Some(closed) => closed,
        None => Object::of(needed("_dtype")?, "the dtype of intervals")?.needed("closed")?,
    };
    Intervals::new(left, right, closed_side(closed)?).map(Column::Interval)
}

pub(super) fn closed_side(value: &Value) -> Result<Closed> {
    value
        .as_str()
        .and_then(Closed::of_name)
        .ok_or_else(|| Error::data(format!("intervals closed on {}", describe(value))))
}

/// `_sparse_index`, `_sparse_values` and the dtype with the fill value.
fn sparse(object: Object<'_>) -> Result<Column> {
    let values = column(object.needed("_sparse_values")?)?;
    let dtype = Object::of(object.needed("_dtype")?, "the dtype of a SparseArray")?;
    let fill = dtype.needed("_fill_value")?.clone();
    let (len, places) = sparse_index(object.needed("_sparse_index")?, values.len())?;
    Sparse::new(values, places, len, fill).map(Column::Sparse)
}

/// `IntIndex(len, places)`, `BlockIndex(len, starts, lengths)`: the length, and the places of so
/// many values.
pub(super) fn sparse_index(value: &Value, values: usize) -> Result<(usize, Vec<usize>)> {
    let object = Object::of(value, "the places of a SparseArray")?;
    let places = |value: &Value| -> Result<Vec<usize>> {
        let places = whole(column(value)?, "places of a SparseArray")?;
        let place = |place: i64| {
            usize::try_from(place)
                .map_err(|_| Error::data(format!("the place {place} of a SparseArray")))
        };
        places.into_iter().map(place).collect()
    };
    match (object.class(), object.args()) {
        ("IntIndex", [len, indices]) => {
            Ok((count(len, "the length of a SparseArray")?, places(indices)?))
        }
        ("BlockIndex", [len, starts, lengths]) => {
            let len = count(len, "the length of a SparseArray")?;
            let (starts, lengths) = (places(starts)?, places(lengths)?);
            let mut found = Vec::new();
            let mut left = values;
            for (&start, &length) in starts.iter().zip(&lengths) {
                let fits = length <= left && starts.len() == lengths.len();
                let end = start.checked_add(length).filter(|_| fits).ok_or_else(|| {
                    Error::data(format!("blocks of a SparseArray for other than {values} values"))
                })?;
                left -= length;
                found.extend(start..end);
            }
            Ok((len, found))
        }
        _ => Err(object.unexpected("the places of a SparseArray")),
    }
}

/// The zone of a dtype: none in that of numpy.
pub(super) fn zone(dtype: &Value) -> Result<Option<TimeZone>> {
    let object = Object::of(dtype, "the dtype of times")?;
    match (object.package(), object.global.name()) {
        ("numpy", "dtype") => Ok(None),
        ("pandas", "DatetimeTZDtype") => {
            let zone = match (object.attribute("tz"), object.args()) {
                (Some(zone), _) | (None, [_, zone]) => zone,
                _ => return Err(Error::data("a DatetimeTZDtype without a zone")),
            };
            time_zone(zone).map(Some)
        }
        _ => Err(object.unexpected("the dtype of times")),
    }
}

pub(super) fn time_zone(zone: &Value) -> Result<TimeZone> {
    if let Some(key) = zone.as_str() {
        return match key.starts_with(['+', '-']) {
            true => key.parse(),
            false => TimeZone::named(key),
        };
    }
    TimeZone::deserialize(zone).map_err(|error| {
        Error::unsupported(format!("a time zone that is {}: {error}", describe(zone)))
    })
}

/// Categories and whether they are ordered, of a `CategoricalDtype`.
fn categories(dtype: &Value) -> Result<(crate::python::pandas::index::Index, bool)> {
    let object = Object::of(dtype, "a CategoricalDtype")?;
    if object.class() != "CategoricalDtype" {
        return Err(object.unexpected("a CategoricalDtype"));
    }
    let ordered = object.attribute("ordered").and_then(Value::as_bool).unwrap_or_default();
    Ok((super::index::index(object.needed("categories")?)?, ordered))
}

/// The dtype of text.
fn text_kind(dtype: &Value) -> Result<TextKind> {
    let object = Object::of(dtype, "a StringDtype")?;
    if object.class() != "StringDtype" {
        return Err(object.unexpected("a StringDtype"));
    }
    // `StringDtype(storage, na_value)`; before pandas 2.3 a state, and NA always.
    let missing = match object.args() {
        [_, missing, ..] => Some(missing),
        _ => object.attribute("_na_value").or(object.attribute("na_value")),
    };
    Ok(match missing {
        Some(Value::Float(_)) => TextKind::Str,
        _ => TextKind::String,
    })
}

/// `PeriodDtype('period[M]')`, `PeriodDtype(offset)`, or an offset in the state.
pub(super) fn period_dtype(dtype: &Value) -> Result<Frequency> {
    let object = Object::of(dtype, "a PeriodDtype")?;
    if object.class() != "PeriodDtype" {
        return Err(object.unexpected("a PeriodDtype"));
    }
    match (object.args(), object.attribute("freq")) {
        ([Value::Str(text), ..], _) => {
            let inner = text.strip_prefix("period[").and_then(|text| text.strip_suffix(']'));
            inner.unwrap_or(text).parse()
        }
        ([offset, ..], _) | ([], Some(offset)) => offset_frequency(offset),
        _ => Err(Error::data("a PeriodDtype without a frequency")),
    }
}

/// An offset of pandas: its arguments are a multiple, a flag, and maybe the month or day it ends
/// with; before pandas 1.1 these are attributes.
pub(super) fn offset_frequency(value: &Value) -> Result<Frequency> {
    let object = Object::of(value, "an offset of pandas")?;
    let part = |index: usize, name: &str| {
        object.args().get(index).or_else(|| object.attribute(name)).and_then(Value::as_i64)
    };
    let multiple = part(0, "n").and_then(|n| u32::try_from(n).ok());
    let end = |name: &str| {
        part(2, name)
            .and_then(|end| u8::try_from(end).ok())
            .ok_or_else(|| Error::data(format!("a frequency without `{name}`")))
    };
    let span = match object.class() {
        "YearEnd" => Span::Year { end: end("month")? },
        "QuarterEnd" => Span::Quarter { end: end("startingMonth")? },
        "MonthEnd" => Span::Month,
        "Week" => Span::Week { end: end("weekday")? },
        "BusinessDay" => Span::BusinessDay,
        "Day" => Span::Day,
        "Hour" => Span::Hour,
        "Minute" => Span::Minute,
        "Second" => Span::Second,
        "Milli" => Span::Millisecond,
        "Micro" => Span::Microsecond,
        "Nano" => Span::Nanosecond,
        _ => return Err(object.unexpected("an offset of pandas that periods have")),
    };
    let multiple = multiple.ok_or_else(|| Error::data("a frequency without a multiple"))?;
    Frequency::multiple_of(span, multiple)
}
