//! Frames, series and indexes by the constructors that `write.rs` calls.
//!
//! Only those calls, with arguments as they are there: a constructor of pandas takes a great many
//! other things, and what it makes of them is not for this crate to say.

use super::array::{closed_side, period_dtype, sparse_index, texts, time_zone};
use super::index::levels_of;
use super::numpy::{in_zone, whole};
use super::{Object, Rows, column, items};
use crate::error::{Error, Result};
use crate::python::numpy::Unit;
use crate::python::pandas::column::Column;
use crate::python::pandas::extension::{
    Backing, Binaries, Categorical, Datetimes, Masked, Periods, Sparse, TextKind,
};
use crate::python::pandas::frame::{Frame, Series};
use crate::python::pandas::index::Index;
use crate::python::pandas::interval::Intervals;
use crate::reduce::{Global, How};
use crate::value::{Dict, Value};

/// A call of a constructor.
pub(super) struct Call<'v> {
    module: &'v str,
    name: &'v str,
    args: &'v [Value],
    /// Arguments and keywords of a `functools.partial`.
    bound: &'v [Value],
    keywords: Option<&'v Dict>,
}

impl<'v> Call<'v> {
    /// The call that an object is, of a public name of pandas.
    pub(super) fn of(value: &'v Value) -> Option<Self> {
        let object = value.as_object()?;
        if object.how() != How::Call || object.state.is_some() {
            return None;
        }
        let (global, bound, keywords) = callable(&object.callable)?;
        let public = matches!(&*global.module, "pandas" | "pandas.arrays");
        public.then_some(Self {
            module: &global.module,
            name: &global.qualname,
            args: &object.args,
            bound,
            keywords,
        })
    }

    fn keyword(&self, name: &str) -> Option<&'v Value> {
        self.keywords?.get(name)
    }

    #[cold]
    fn unexpected(&self, expected: &str) -> Error {
        let Self { module, name, .. } = self;
        Error::unsupported(format!("expected {expected}, found a call of {module}.{name}"))
    }
}

/// A function, or a `functools.partial` of one with its arguments and keywords.
fn callable(value: &Value) -> Option<(&Global, &[Value], Option<&Dict>)> {
    match value {
        Value::Global(global) => Some((global, &[], None)),
        Value::Object(partial) if partial.is("functools", "partial") => {
            match partial.state.as_deref() {
                Some(Value::Tuple(state)) => match &state[..] {
                    [Value::Global(global), Value::Tuple(bound), Value::Dict(keywords), _] => {
                        Some((global, bound, Some(keywords)))
                    }
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

/// The function that makes an object, and its arguments; what is bound by name is left out.
pub(super) fn called(value: &Value) -> Option<(&Global, &[Value])> {
    let object = value.as_object()?;
    match callable(&object.callable)? {
        (global, [], _) => Some((global, &object.args)),
        _ => None,
    }
}

/// `DataFrame({label: column}, index)`, and with other labels.
pub(super) fn frame(call: &Call<'_>) -> Result<Frame> {
    match (call.name, call.args) {
        ("DataFrame", [Value::Dict(columns), index]) => {
            let index = super::index(index)?;
            let labels: Vec<Value> = columns.keys().cloned().collect();
            let labels = texts(Column::Object(labels.clone()), TextKind::Str)
                .unwrap_or(Column::Object(labels));
            let columns = columns.iter().map(|(label, column)| {
                bare(column).map_err(|error| error.under_key(label.as_str().unwrap_or_default()))
            });
            Frame::from_parts(Index::new(labels), columns.collect::<Result<_>>()?, index)
        }
        ("DataFrame.set_axis", [frame, labels])
            if call.keyword("axis").and_then(Value::as_i64) == Some(1) =>
        {
            let (_, columns, index) = super::frame(frame)?.into_parts();
            Frame::from_parts(super::index(labels)?, columns, index)
        }
        _ => Err(call.unexpected("a DataFrame of pandas")),
    }
}

/// `Series(values, index, dtype, name)`
pub(super) fn series(call: &Call<'_>) -> Result<Series> {
    match (call.name, call.args) {
        ("Series", [values, index, _, name]) => {
            let series = Series::new(bare(values)?, super::index(index)?)?;
            Ok(series.with_name(name.clone()))
        }
        _ => Err(call.unexpected("a Series of pandas")),
    }
}

/// An index; `None` where the name is not that of one.
pub(super) fn index(call: &Call<'_>) -> Result<Option<Index>> {
    let number = |value: &Value| {
        value.as_i64().ok_or_else(|| Error::data("a RangeIndex of something that is not an int"))
    };
    Ok(Some(match (call.name, call.args) {
        ("RangeIndex", [start, stop, step, _, _, name]) => {
            Index::range(number(start)?, number(stop)?, number(step)?)?.with_name(name.clone())
        }
        ("Index", [data, dtype, rest @ ..]) => {
            let labels = match dtype.as_str() {
                Some("object") => column(data)?,
                _ => bare(data)?,
            };
            match rest {
                [_, name] => Index::new(labels).with_name(name.clone()),
                _ => Index::new(labels),
            }
        }
        ("MultiIndex", [levels, codes, _, names]) => {
            let levels = items(levels, "the levels of a MultiIndex")?;
            levels_of(levels, items(codes, "the codes of a MultiIndex")?, Some(names))?
        }
        ("DatetimeIndex", [data, _, zone]) => {
            Index::new(in_zone(column(data)?, &time_zone(zone)?)?)
        }
        ("DatetimeIndex.tz_convert", [times, zone]) => match super::index(times)?.into_column() {
            Some(Column::Datetime(Datetimes { counts, unit, zone: Some(_) })) => {
                let zone = Some(time_zone(zone)?);
                Index::new(Column::Datetime(Datetimes::new(counts, unit, zone)?))
            }
            _ => return Err(call.unexpected("an index of pandas")),
        },
        _ => return Ok(None),
    }))
}

/// A column that is no index: text where an array of objects holds nothing else.
fn bare(value: &Value) -> Result<Column> {
    if !Object::of(value, "an array").is_ok_and(|object| object.package() == "numpy") {
        return column(value);
    }
    match column(value)? {
        Column::Object(objects) => {
            let text = objects.iter().all(|value| matches!(value, Value::Str(_) | Value::None));
            let objects = Column::Object(objects);
            if text { texts(objects, TextKind::Str) } else { Ok(objects) }
        }
        other => Ok(other),
    }
}

/// An array by its constructor.
pub(super) fn array(value: &Value) -> Result<Rows> {
    let Some(call) = Call::of(value) else {
        return Err(Object::of(value, "an array of pandas")?.unexpected("an array of pandas"));
    };
    if let Some(index) = index(&call)? {
        return match index.into_column() {
            Some(column) => Ok(Rows::One(column)),
            None => Err(call.unexpected("an array of pandas")),
        };
    }
    let column = match (call.name, call.args) {
        ("array", [data, dtype]) => of_dtype(&call, data, dtype)?,
        ("IntegerArray" | "FloatingArray" | "BooleanArray", [values, mask]) => {
            let Column::Bool(missing) = column(mask)? else {
                return Err(Error::data("a mask that is no array of bools"));
            };
            Column::Masked(Masked::new(column(values)?, missing, Backing::Numpy)?)
        }
        ("Categorical.from_codes", [codes, categories, Value::Bool(ordered)]) => {
            let codes = whole(column(codes)?, "codes of a Categorical")?;
            Column::Categorical(Categorical::new(codes, super::index(categories)?, *ordered)?)
        }
        ("PeriodArray", [ordinals, dtype]) => {
            let ordinals = whole(column(ordinals)?, "periods")?;
            Column::Period(Periods::new(ordinals, period_dtype(dtype)?))
        }
        ("IntervalArray.from_arrays", [left, right, closed]) => {
            Column::Interval(Intervals::new(column(left)?, column(right)?, closed_side(closed)?)?)
        }
        ("SparseArray", []) => {
            let ([values], Some(places), Some(fill)) =
                (call.bound, call.keyword("sparse_index"), call.keyword("fill_value"))
            else {
                return Err(call.unexpected("an array of pandas"));
            };
            let values = column(values)?;
            let (len, places) = sparse_index(places, values.len())?;
            Column::Sparse(Sparse::new(values, places, len, fill.clone())?)
        }
        _ => return Err(call.unexpected("an array of pandas")),
    };
    Ok(Rows::One(column))
}

/// `pandas.array(data, dtype)`
fn of_dtype(call: &Call<'_>, data: &Value, dtype: &Value) -> Result<Column> {
    let data = column(data)?;
    let unexpected = || call.unexpected("an array of pandas of this dtype");
    let Some(dtype) = dtype.as_str() else {
        // `ArrowDtype(type_for_alias(name))`
        let dtype = Object::of(dtype, "a dtype of pandas")?;
        let kind = match (dtype.class(), dtype.args()) {
            ("ArrowDtype", [kind]) => Object::of(kind, "a type of pyarrow")?,
            _ => return Err(unexpected()),
        };
        return match kind.args() {
            [Value::Str(name)] if name == "string" => texts(data, TextKind::Arrow),
            [Value::Str(name)] if name == "large_string" => texts(data, TextKind::ArrowLarge),
            _ => Err(unexpected()),
        };
    };
    let arrow =
        |values: Column, missing| Masked::new(values, missing, Backing::Arrow).map(Column::Masked);
    let missing = |counts: &[i64]| counts.iter().map(|&count| count == Datetimes::NAT).collect();
    let made = match (dtype, data) {
        ("string", data) => return texts(data, TextKind::String),
        ("binary[pyarrow]" | "large_binary[pyarrow]", Column::Object(objects)) => {
            let bytes = objects.into_iter().map(|object| match object {
                Value::None => Ok(None),
                Value::Bytes(bytes) => Ok(Some(bytes)),
                _ => Err(unexpected()),
            });
            Column::Binary(Binaries::new(bytes.collect::<Result<_>>()?, dtype.starts_with('l')))
        }
        (_, Column::Masked(masked)) => arrow(*masked.values, masked.missing)?,
        (
            "date32[day][pyarrow]",
            Column::Datetime(Datetimes { counts, unit: Unit::Second, zone: None }),
        ) => {
            let missing = missing(&counts);
            let counts = counts.into_iter().map(|count| count.div_euclid(86_400)).collect();
            arrow(Column::Datetime(Datetimes { counts, unit: Unit::Day, zone: None }), missing)?
        }
        (_, Column::Datetime(times)) => {
            let missing = missing(&times.counts);
            arrow(Column::Datetime(times), missing)?
        }
        (_, Column::Timedelta(lengths)) => {
            let missing = missing(&lengths.counts);
            arrow(Column::Timedelta(lengths), missing)?
        }
        _ => return Err(unexpected()),
    };
    // The text has to match the object that was made.
    if made.dtype() == dtype { Ok(made) } else { Err(unexpected()) }
}
