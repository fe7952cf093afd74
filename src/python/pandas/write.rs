//! Frames, series and indexes as calls of pandas' public constructors.
//!
//! Pickles by pandas name private classes and functions, which every version changes. The
//! constructors are the same from 1.4 to 3, by position; a keyword takes a `functools.partial`.
//! Each form here was loaded by pandas 1.4, 2.2 and 3.1, and `read/calls.rs` reads it again.
//!
//! Advice to the next editor: never name `pandas.arrays.DatetimeArray`: pandas 3 crashes when it is
//! called. An array of objects in a frame is text to pandas 3 if it holds nothing else, so objects
//! go into an `Index` with the dtype `object`, and text of the kind `Str` does not.

use super::column::Column;
use super::extension::{Backing, Categorical, Datetimes, Masked, Periods, Sparse, TextKind, Texts};
use super::frame::{Frame, Series};
use super::index::{Index, Labels};
use super::interval::Intervals;
use super::period::{Frequency, Span};
use crate::python::numpy::Number;
use crate::python::numpy::dtype::{ByteOrder, Dtype, Kind};
use crate::python::numpy::time::{NAT, Unit, UnitCount};
use crate::reduce::{Args, Global, Reduce};
use crate::value::{Complex, Dict, Value};

/// `DataFrame({label: column}, index)`; where labels are not plain text, of which each is there
/// once, the columns are numbered, and `set_axis` gives them their labels.
pub(super) fn frame(frame: &Frame) -> Value {
    let simple = simple_labels(frame.labels());
    let mut dict = Dict::new();
    for (place, found) in frame.columns().iter().enumerate() {
        let value = column(found);
        match simple.as_ref().and_then(|labels| labels.get(place)) {
            Some(label) => dict.insert(*label, value),
            None => dict.insert(place as u64, value),
        };
    }
    let made = call("pandas", "DataFrame", vec![Value::Dict(dict), index(frame.index())]);
    if simple.is_some() {
        return made;
    }
    let set_axis = Value::global("pandas", "DataFrame.set_axis");
    partial(set_axis, Vec::new(), [("axis", Value::Int(1))], vec![made, index(frame.labels())])
}

/// Labels that the keys of a dict give: text, without a name, none of them twice, and at least one.
fn simple_labels(index: &Index) -> Option<Vec<&str>> {
    let Labels::Plain(Column::Text(texts)) = index.labels() else { return None };
    if texts.kind() != TextKind::Str || *index.name() != Value::None || texts.values().is_empty() {
        return None;
    }
    let labels: Vec<&str> = texts.values().iter().map(Option::as_deref).collect::<Option<_>>()?;
    let mut sorted = labels.clone();
    sorted.sort_unstable();
    // A window has two labels.
    sorted.windows(2).all(|pair| pair[0] != pair[1]).then_some(labels)
}

/// `Series(values, index, dtype, name)`
pub(super) fn series(series: &Series) -> Value {
    let dtype = match series.values() {
        Column::Object(_) => Value::from("object"),
        _ => Value::None,
    };
    let args = vec![column(series.values()), index(series.index()), dtype, series.name().clone()];
    call("pandas", "Series", args)
}

/// An index by its constructor.
pub(super) fn index(index: &Index) -> Value {
    match index.labels() {
        Labels::Range { start, stop, step } => {
            let range = [start, stop, step].map(|&number| Value::Int(number));
            let rest = [Value::None, Value::Bool(false), index.name().clone()];
            call("pandas", "RangeIndex", range.into_iter().chain(rest).collect())
        }
        Labels::Plain(labels) => {
            let (data, dtype) = match labels {
                Column::Object(objects) => (ndarray_of_objects(objects), Value::from("object")),
                labels => (column(labels), Value::None),
            };
            let args = vec![data, dtype, Value::Bool(false), index.name().clone()];
            call("pandas", "Index", args)
        }
        Labels::Multi(levels) => {
            let names = levels.levels().iter().map(|level| level.name().clone()).collect();
            let unnamed = |level: &Index| self::index(&level.clone().with_name(Value::None));
            let codes = levels.codes().iter().map(|codes| numbers(codes)).collect();
            let args = vec![
                Value::List(levels.levels().iter().map(unnamed).collect()),
                Value::List(codes),
                Value::None,
                Value::List(names),
            ];
            call("pandas", "MultiIndex", args)
        }
    }
}

/// An array as a column of a frame.
fn column(column: &Column) -> Value {
    match column {
        Column::Object(objects) => {
            call("pandas", "Index", vec![ndarray_of_objects(objects), "object".into()])
        }
        Column::Datetime(Datetimes { zone: Some(zone), counts, unit }) => {
            let utc = vec![times(Kind::Datetime, counts, *unit), Value::None, "UTC".into()];
            let utc = call("pandas", "DatetimeIndex", utc);
            call("pandas", "DatetimeIndex.tz_convert", vec![utc, zone_of(zone)])
        }
        Column::Text(texts) => text(texts),
        Column::Binary(binaries) => {
            let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().map_or(Value::None, Value::Bytes);
            let objects: Vec<Value> = binaries.values.iter().map(bytes).collect();
            let dtype = Value::from(column.dtype());
            call("pandas", "array", vec![ndarray_of_objects(&objects), dtype])
        }
        Column::Masked(masked) => self::masked(masked, column),
        Column::Categorical(Categorical { codes, categories, ordered }) => {
            let args = vec![numbers(codes), index(categories), Value::Bool(*ordered)];
            call("pandas", "Categorical.from_codes", args)
        }
        Column::Period(Periods { ordinals, frequency }) => {
            let dtype = call("pandas", "PeriodDtype", vec![offset(*frequency)]);
            call("pandas.arrays", "PeriodArray", vec![numbers(ordinals), dtype])
        }
        Column::Interval(Intervals { left, right, closed }) => {
            let args = vec![self::column(left), self::column(right), closed.name().into()];
            call("pandas.arrays", "IntervalArray.from_arrays", args)
        }
        Column::Sparse(sparse) => self::sparse(sparse),
        plain => ndarray(plain),
    }
}

fn zone_of(zone: &crate::python::TimeZone) -> Value {
    match (zone.key(), zone.offset()) {
        (Some(key), _) => Value::from(key),
        (None, Some(offset)) => {
            let micros = offset.whole_microseconds();
            let seconds = micros.div_euclid(1_000_000);
            let parts = [
                seconds.div_euclid(86_400),
                seconds.rem_euclid(86_400),
                micros.rem_euclid(1_000_000),
            ];
            let parts = parts.map(|part| Value::from(part as i64));
            let delta = call("datetime", "timedelta", parts.to_vec());
            let name = zone.name().map(Value::from);
            call("datetime", "timezone", [delta].into_iter().chain(name).collect())
        }
        // A zone has one of them.
        (None, None) => Value::from("UTC"),
    }
}

fn text(texts: &Texts) -> Value {
    let objects: Vec<Value> = texts.values.iter().cloned().map(Value::from).collect();
    let array = ndarray_of_objects(&objects);
    let dtype = match texts.kind {
        // Without a text to tell, pandas 3 takes it for objects; older versions have no such dtype
        // and make an index of objects.
        TextKind::Str if texts.values.iter().all(Option::is_none) => {
            return call("pandas", "Index", vec![array, "str".into()]);
        }
        TextKind::Str => return array,
        TextKind::String => Value::from("string"),
        TextKind::Arrow | TextKind::ArrowLarge => {
            // The alias `string[pyarrow]` is a StringDtype.
            let name = if texts.kind == TextKind::Arrow { "string" } else { "large_string" };
            let kind = call("pyarrow.lib", "type_for_alias", vec![name.into()]);
            call("pandas", "ArrowDtype", vec![kind])
        }
    };
    call("pandas", "array", vec![array, dtype])
}

fn masked(masked: &Masked, column: &Column) -> Value {
    let arrow = |values: Value| call("pandas", "array", vec![values, column.dtype().into()]);
    let class = match &*masked.values {
        Column::Bool(_) => "BooleanArray",
        Column::Float32(_) | Column::Float64(_) => "FloatingArray",
        // Only Arrow has these masked. NaT is how the constructor is told what is missing.
        Column::Datetime(Datetimes { counts, unit, zone }) => {
            let counts: Vec<i64> = present(counts, &masked.missing).collect();
            let (counts, unit) = match unit {
                Unit::Day => {
                    let second =
                        |count: i64| if count == NAT { NAT } else { count.saturating_mul(86_400) };
                    (counts.into_iter().map(second).collect(), Unit::Second)
                }
                unit => (counts, *unit),
            };
            let times = Datetimes { counts, unit, zone: zone.clone() };
            return arrow(self::column(&Column::Datetime(times)));
        }
        Column::Timedelta(lengths) => {
            let counts: Vec<i64> = present(&lengths.counts, &masked.missing).collect();
            return arrow(times(Kind::Timedelta, &counts, lengths.unit));
        }
        _ => "IntegerArray",
    };
    let mask = ndarray(&Column::Bool(masked.missing.clone()));
    let array = call("pandas.arrays", class, vec![ndarray(&masked.values), mask]);
    match masked.backing {
        Backing::Numpy => array,
        Backing::Arrow => arrow(array),
    }
}

/// The counts, NaT where they are missing.
fn present<'a>(counts: &'a [i64], missing: &'a [bool]) -> impl Iterator<Item = i64> + 'a {
    counts.iter().zip(missing).map(|(&count, &missing)| if missing { NAT } else { count })
}

/// `SparseArray(values, sparse_index=IntIndex(len, places), fill_value=fill)`
fn sparse(sparse: &Sparse) -> Value {
    let places = sparse.places.iter().map(|&place| place as i32).collect();
    let places = ndarray(&Column::Int32(places));
    let index = vec![Value::from(sparse.len as u64), places];
    let index = call("pandas._libs.sparse", "IntIndex", index);
    let values = match &*sparse.values {
        Column::Object(objects) => ndarray_of_objects(objects),
        values => column(values),
    };
    let keywords = [("sparse_index", index), ("fill_value", sparse.fill.clone())];
    let class = Value::global("pandas.arrays", "SparseArray");
    partial(class, vec![values], keywords, Vec::new())
}

/// An offset of pandas: the aliases of frequencies have changed, the classes have not.
fn offset(frequency: Frequency) -> Value {
    let (class, end) = match frequency.span {
        Span::Year { end } => ("YearEnd", Some(end)),
        Span::Quarter { end } => ("QuarterEnd", Some(end)),
        Span::Week { end } => ("Week", Some(end)),
        Span::Month => ("MonthEnd", None),
        Span::BusinessDay => ("BusinessDay", None),
        Span::Day => ("Day", None),
        Span::Hour => ("Hour", None),
        Span::Minute => ("Minute", None),
        Span::Second => ("Second", None),
        Span::Millisecond => ("Milli", None),
        Span::Microsecond => ("Micro", None),
        Span::Nanosecond => ("Nano", None),
    };
    let mut args = vec![Value::from(u64::from(frequency.multiple)), Value::Bool(false)];
    args.extend(end.map(|end| Value::from(u64::from(end))));
    call("pandas.tseries.offsets", class, args)
}

fn call(module: &str, name: &str, args: Vec<Value>) -> Value {
    Value::from(Reduce::<Args>::call(Global::new(module, name), args.into()))
}

/// `functools.partial(callable, *bound, **keywords)(*args)`
fn partial<const N: usize>(
    callable: Value,
    bound: Vec<Value>,
    keywords: [(&str, Value); N],
    args: Vec<Value>,
) -> Value {
    let keywords: Dict = keywords.into_iter().collect();
    let state = vec![callable.clone(), Value::Tuple(bound), Value::Dict(keywords), Value::None];
    let class = Global::new("functools", "partial");
    let made = Reduce::<Args>::call(class, [callable].into()).with_state(Value::Tuple(state));
    let call = Reduce::<Args>::call(Global::new("functools", "partial"), args.into());
    Value::from(call.with_callable(Value::from(made)))
}

/// Whole numbers, as narrow as they fit: codes are small.
fn numbers(values: &[i64]) -> Value {
    let narrow: Option<Vec<i8>> = values.iter().map(|&value| i8::try_from(value).ok()).collect();
    match narrow {
        Some(narrow) => ndarray(&Column::Int8(narrow)),
        None => array(i64::dtype(), &bytes(values), values.len()),
    }
}

/// The array of numpy that a plain column is.
fn ndarray(column: &Column) -> Value {
    let complex = |values: &[Complex]| -> Vec<f64> {
        values.iter().flat_map(|value| [value.re, value.im]).collect()
    };
    let narrow =
        |values: &[f64]| -> Vec<f32> { values.iter().map(|&value| value as f32).collect() };
    let dtype = |kind, size| Dtype::plain(kind, ByteOrder::Little, size);
    let (dtype, data) = match column {
        Column::Bool(values) => (bool::dtype(), bytes(values)),
        Column::Int8(values) => (i8::dtype(), bytes(values)),
        Column::Int16(values) => (i16::dtype(), bytes(values)),
        Column::Int32(values) => (i32::dtype(), bytes(values)),
        Column::Int64(values) => (i64::dtype(), bytes(values)),
        Column::UInt8(values) => (u8::dtype(), bytes(values)),
        Column::UInt16(values) => (u16::dtype(), bytes(values)),
        Column::UInt32(values) => (u32::dtype(), bytes(values)),
        Column::UInt64(values) => (u64::dtype(), bytes(values)),
        Column::Float16(values) => {
            let halves =
                values.iter().flat_map(|&value| crate::stdlib::numpy::to_half(value).to_le_bytes());
            (dtype(Kind::Float, 2), halves.collect())
        }
        Column::Float32(values) => (f32::dtype(), bytes(values)),
        Column::Float64(values) => (f64::dtype(), bytes(values)),
        Column::Complex64(values) => (dtype(Kind::Complex, 8), bytes(&narrow(&complex(values)))),
        Column::Complex128(values) => (dtype(Kind::Complex, 16), bytes(&complex(values))),
        Column::Datetime(found) => return times(Kind::Datetime, &found.counts, found.unit),
        Column::Timedelta(found) => return times(Kind::Timedelta, &found.counts, found.unit),
        // Not a plain one.
        other => return self::column(other),
    };
    array(dtype, &data, column.len())
}

fn times(kind: Kind, counts: &[i64], unit: Unit) -> Value {
    let mut dtype = Dtype::plain(kind, ByteOrder::Little, 8);
    dtype.unit = UnitCount { unit, count: 1 };
    array(dtype, &bytes(counts), counts.len())
}

fn bytes<T: Number>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len().saturating_mul(T::SIZE));
    for &value in values {
        value.push_to(&mut bytes);
    }
    bytes
}

fn array(dtype: Dtype, data: &[u8], len: usize) -> Value {
    reconstruct(&dtype, Value::Bytes(data.to_vec()), len)
}

fn ndarray_of_objects(objects: &[Value]) -> Value {
    let dtype = Dtype::plain(Kind::Object, ByteOrder::None, 8);
    reconstruct(&dtype, Value::List(objects.to_vec()), objects.len())
}

/// As `ndarray.__reduce__`; see `NdArray` for the name.
fn reconstruct(dtype: &Dtype, data: Value, len: usize) -> Value {
    let class = Value::global("numpy", "ndarray");
    let zero = Value::Tuple(vec![Value::Int(0)]);
    let args = vec![class, zero, Value::Bytes(b"b".to_vec())];
    let shape = Value::Tuple(vec![Value::from(len as u64)]);
    let state = vec![Value::Int(1), shape, dtype.to_object(), Value::Bool(false), data];
    let function = Global::new("numpy.core.multiarray", "_reconstruct");
    Value::from(Reduce::<Args>::call(function, args.into()).with_state(Value::Tuple(state)))
}
