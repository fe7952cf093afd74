//! Frames as record batches of Arrow, and back: the feature `arrow`.
//!
//! Vectors of numbers become Arrow's buffers as they are, and buffers that nobody else holds become
//! vectors again: neither way copies a number. Text, bytes and bools lie differently and are
//! copied.
//!
//! The labels of rows are columns behind the others, as in pyarrow: under their name, or
//! `__index_level_0__`; numbers from 0 on without a name are left out. What is missing is a null,
//! but for NaN, which stays a NaN.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, LargeBinaryBuilder, LargeStringBuilder, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StructArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};

use super::column::Column;
use super::extension::{
    Backing, Binaries, Categorical, Datetimes, Masked, Periods, Sparse, TextKind, Texts, Timedeltas,
};
use super::frame::Frame;
use super::index::{Index, Labels};
use super::interval::Intervals;
use crate::error::{Error, Result};
use crate::limits;
use crate::python::TimeZone;
use crate::python::numpy::Unit;
use crate::python::numpy::time::NAT;
use crate::value::Value;

/// Columns of the same order and names. Numbers are not copied.
///
/// Categories become a dictionary, intervals a struct of `left` and `right`, periods their text,
/// sparse arrays dense ones, objects text or bytes where all of them are. Needs the feature
/// `arrow`.
///
/// ```
/// use arrow_array::RecordBatch;
/// use serde_pickle::python::pandas::{Column, Frame};
///
/// let frame = Frame::new([("id", Column::from(vec![1_i64, 2]))])?;
/// let batch = RecordBatch::try_from(frame)?;
/// assert_eq!((batch.num_rows(), batch.schema().field(0).name().as_str()), (2, "id"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
impl TryFrom<Frame> for RecordBatch {
    type Error = Error;

    /// # Errors
    /// A column that Arrow has no type for: complex numbers, objects of several kinds.
    fn try_from(frame: Frame) -> Result<Self> {
        let rows = frame.len();
        let (labels, columns, index) = frame.into_parts();
        let mut fields = Vec::with_capacity(columns.len());
        let mut arrays = Vec::with_capacity(columns.len());
        for (place, column) in columns.into_iter().enumerate() {
            let name = match labels.value(place).unwrap_or_default() {
                Value::Str(text) => text,
                other => other.to_string(),
            };
            let array = array(column).map_err(|error| error.under_key(&name))?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        for (name, array) in index_columns(index)? {
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Self::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(of_arrow)
    }
}

fn of_arrow(error: arrow_schema::ArrowError) -> Error {
    Error::data(format!("Arrow: {error}"))
}

/// The labels of the rows as columns; none for numbers from 0 on without a name.
fn index_columns(index: Index) -> Result<Vec<(String, ArrayRef)>> {
    let name = |index: &Index, level: usize| match index.name() {
        Value::Str(text) => text.clone(),
        _ => format!("__index_level_{level}__"),
    };
    let len = index.len();
    match index.labels() {
        Labels::Range { start: 0, step: 1, .. } if *index.name() == Value::None => Ok(Vec::new()),
        Labels::Multi(levels) => {
            let mut columns = Vec::new();
            for (at, (level, codes)) in levels.levels().iter().zip(levels.codes()).enumerate() {
                let name = name(level, at);
                let categorical = Categorical::new(codes.clone(), level.clone(), false)?;
                columns.push((name, array(Column::Categorical(categorical))?));
            }
            Ok(columns)
        }
        Labels::Range { .. } => {
            let name = name(&index, 0);
            if len > limits::DENSE {
                return Err(too_long("the labels of a RangeIndex"));
            }
            let labels = index.values().filter_map(|label| label.as_i64()).collect();
            Ok(vec![(name, array(Column::Int64(labels))?)])
        }
        Labels::Plain(_) => {
            let name = name(&index, 0);
            let column = index.into_column().unwrap_or(Column::Object(Vec::new()));
            Ok(vec![(name, array(column)?)])
        }
    }
}

#[cold]
fn too_long(what: &str) -> Error {
    Error::limit(format!("{what} come to more than {} values", limits::DENSE))
}

fn primitive<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls))
}

/// Nulls where the counts are NaT.
fn nulls_of(counts: &[i64]) -> Option<NullBuffer> {
    let valid = || counts.iter().map(|&count| count != NAT);
    if valid().all(|valid| valid) { None } else { Some(valid().collect::<Vec<bool>>().into()) }
}

fn array(column: Column) -> Result<ArrayRef> {
    with_nulls(column, None)
}

/// The array of a column, some of whose values are missing.
fn with_nulls(column: Column, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(match column {
        Column::Bool(values) => Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)),
        Column::Int8(values) => primitive::<Int8Type>(values, nulls),
        Column::Int16(values) => primitive::<Int16Type>(values, nulls),
        Column::Int32(values) => primitive::<Int32Type>(values, nulls),
        Column::Int64(values) => primitive::<Int64Type>(values, nulls),
        Column::UInt8(values) => primitive::<UInt8Type>(values, nulls),
        Column::UInt16(values) => primitive::<UInt16Type>(values, nulls),
        Column::UInt32(values) => primitive::<UInt32Type>(values, nulls),
        Column::UInt64(values) => primitive::<UInt64Type>(values, nulls),
        Column::Float16(values) => {
            type Half = <Float16Type as ArrowPrimitiveType>::Native;
            let bits = |value: f32| Half::from_bits(crate::stdlib::numpy::to_half(value));
            primitive::<Float16Type>(values.into_iter().map(bits).collect(), nulls)
        }
        Column::Float32(values) => primitive::<Float32Type>(values, nulls),
        Column::Float64(values) => primitive::<Float64Type>(values, nulls),
        Column::Datetime(times) => datetimes(times, nulls)?,
        Column::Timedelta(Timedeltas { counts, unit }) => {
            let nulls = nulls.or_else(|| nulls_of(&counts));
            match unit {
                Unit::Second => primitive::<DurationSecondType>(counts, nulls),
                Unit::Millisecond => primitive::<DurationMillisecondType>(counts, nulls),
                Unit::Microsecond => primitive::<DurationMicrosecondType>(counts, nulls),
                _ => primitive::<DurationNanosecondType>(counts, nulls),
            }
        }
        Column::Text(texts) => text(texts),
        Column::Binary(binaries) => binary(binaries),
        Column::Masked(Masked { values, missing, .. }) => {
            let valid: Vec<bool> = missing.into_iter().map(|missing| !missing).collect();
            let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
            with_nulls(*values, nulls)?
        }
        Column::Categorical(categorical) => dictionary(categorical)?,
        Column::Period(Periods { ordinals, frequency }) => {
            let text = |ordinal| (ordinal != NAT).then(|| frequency.text(ordinal));
            text_of(ordinals.into_iter().map(text))
        }
        Column::Interval(Intervals { left, right, .. }) => {
            let missing = (0..left.len()).map(|place| !left.is_missing(place));
            let valid: Vec<bool> = missing.collect();
            let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
            let (left, right) = (array(*left)?, array(*right)?);
            let field = |name, array: &ArrayRef| Field::new(name, array.data_type().clone(), true);
            let fields = Fields::from(vec![field("left", &left), field("right", &right)]);
            Arc::new(StructArray::try_new(fields, vec![left, right], nulls).map_err(of_arrow)?)
        }
        Column::Sparse(sparse) => array(dense(&sparse)?)?,
        Column::Object(objects) => object(objects)?,
        other @ (Column::Complex64(_) | Column::Complex128(_)) => {
            return Err(Error::unsupported(format!("Arrow has no type for {}", other.dtype())));
        }
    })
}

fn datetimes(times: Datetimes, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let Datetimes { counts, unit, zone } = times;
    let nulls = nulls.or_else(|| nulls_of(&counts));
    if unit == Unit::Day {
        let days = counts.into_iter().map(|days| i32::try_from(days).unwrap_or_default());
        return Ok(primitive::<Date32Type>(days.collect(), nulls));
    }
    let zone: Option<Arc<str>> = zone.map(|zone| zone_text(&zone).into());
    macro_rules! timestamps {
        ($type:ty) => {
            Arc::new(
                PrimitiveArray::<$type>::new(ScalarBuffer::from(counts), nulls)
                    .with_timezone_opt(zone),
            )
        };
    }
    Ok(match unit {
        Unit::Second => timestamps!(TimestampSecondType),
        Unit::Millisecond => timestamps!(TimestampMillisecondType),
        Unit::Microsecond => timestamps!(TimestampMicrosecondType),
        _ => timestamps!(TimestampNanosecondType),
    })
}

/// The key, or the offset.
fn zone_text(zone: &TimeZone) -> String {
    match (zone.key(), zone.offset()) {
        (None, Some(offset)) if offset.whole_microseconds() == 0 => "UTC".to_owned(),
        _ => zone.to_string(),
    }
}

fn text(texts: Texts) -> ArrayRef {
    let len: usize = texts.values.iter().flatten().map(String::len).sum();
    // Offsets of 32 bits where the type asks for them and they suffice.
    if texts.kind == TextKind::Arrow && i32::try_from(len).is_ok() {
        let mut builder = StringBuilder::with_capacity(texts.values.len(), len);
        texts.values.iter().for_each(|text| builder.append_option(text.as_deref()));
        return Arc::new(builder.finish());
    }
    text_of(texts.values.into_iter())
}

fn text_of(texts: impl Iterator<Item = Option<String>>) -> ArrayRef {
    let mut builder = LargeStringBuilder::new();
    texts.for_each(|text| builder.append_option(text));
    Arc::new(builder.finish())
}

fn binary(binaries: Binaries) -> ArrayRef {
    let len: usize = binaries.values.iter().flatten().map(Vec::len).sum();
    if !binaries.large && i32::try_from(len).is_ok() {
        let mut builder = BinaryBuilder::with_capacity(binaries.values.len(), len);
        binaries.values.iter().for_each(|bytes| builder.append_option(bytes.as_deref()));
        return Arc::new(builder.finish());
    }
    let mut builder = LargeBinaryBuilder::with_capacity(binaries.values.len(), len);
    binaries.values.iter().for_each(|bytes| builder.append_option(bytes.as_deref()));
    Arc::new(builder.finish())
}

fn dictionary(categorical: Categorical) -> Result<ArrayRef> {
    let Categorical { codes, categories, .. } = categorical;
    let values = match (categories.labels(), categories.len()) {
        (Labels::Range { .. }, len) if len > limits::DENSE => return Err(too_long("categories")),
        (Labels::Range { .. }, _) => {
            array(Column::Int64(categories.values().filter_map(|label| label.as_i64()).collect()))?
        }
        _ => match categories.into_column() {
            Some(column) => array(column)?,
            None => {
                return Err(Error::unsupported("Arrow has no categories that are a MultiIndex"));
            }
        },
    };
    let valid: Vec<bool> = codes.iter().map(|&code| code >= 0).collect();
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    let narrow: Option<Vec<i32>> =
        codes.iter().map(|&code| i32::try_from(code.max(0)).ok()).collect();
    match narrow {
        Some(codes) => {
            let keys = PrimitiveArray::<Int32Type>::new(ScalarBuffer::from(codes), nulls);
            Ok(Arc::new(DictionaryArray::try_new(keys, values).map_err(of_arrow)?))
        }
        None => Err(Error::unsupported("more categories than 32 bits number")),
    }
}

/// All elements of a sparse array.
fn dense(sparse: &Sparse) -> Result<Column> {
    if sparse.len > limits::DENSE {
        return Err(too_long("the elements of a SparseArray"));
    }
    let fill = sparse.fill();
    macro_rules! fill {
        ($values:ident, $variant:ident, $fill:expr) => {{
            let Some(fill) = $fill else {
                return Err(Error::data(format!(
                    "a SparseArray of {} filled with {fill}",
                    sparse.values().dtype()
                )));
            };
            let mut all = vec![fill; sparse.len];
            for (&place, value) in sparse.places().iter().zip($values) {
                if let Some(slot) = all.get_mut(place) {
                    *slot = value.clone();
                }
            }
            Column::$variant(all)
        }};
    }
    Ok(match sparse.values() {
        Column::Bool(values) => fill!(values, Bool, fill.as_bool()),
        Column::Int8(values) => fill!(values, Int8, fill.as_i64().and_then(|x| x.try_into().ok())),
        Column::Int16(values) => {
            fill!(values, Int16, fill.as_i64().and_then(|x| x.try_into().ok()))
        }
        Column::Int32(values) => {
            fill!(values, Int32, fill.as_i64().and_then(|x| x.try_into().ok()))
        }
        Column::Int64(values) => fill!(values, Int64, fill.as_i64()),
        Column::UInt8(values) => {
            fill!(values, UInt8, fill.as_i64().and_then(|x| x.try_into().ok()))
        }
        Column::UInt64(values) => fill!(values, UInt64, fill.as_u64()),
        Column::Float32(values) => fill!(values, Float32, fill.as_f64().map(|x| x as f32)),
        Column::Float64(values) => fill!(values, Float64, fill.as_f64()),
        Column::Object(values) => fill!(values, Object, Some(fill.clone())),
        other => {
            return Err(Error::unsupported(format!(
                "a SparseArray of {} as an array of Arrow",
                other.dtype()
            )));
        }
    })
}

/// Objects of one kind, or missing.
fn object(objects: Vec<Value>) -> Result<ArrayRef> {
    use super::cell::is_missing;

    let all =
        |test: fn(&Value) -> bool| objects.iter().all(|value| test(value) || is_missing(value));
    if all(|value| matches!(value, Value::Str(_))) {
        let text = |value| if let Value::Str(text) = value { Some(text) } else { None };
        return Ok(text_of(objects.into_iter().map(text)));
    }
    if all(|value| matches!(value, Value::Bytes(_))) {
        let bytes = |value| if let Value::Bytes(bytes) = value { Some(bytes) } else { None };
        return Ok(binary(Binaries::new(objects.into_iter().map(bytes).collect(), true)));
    }
    if all(|value| matches!(value, Value::Bool(_))) {
        let bools: BooleanArray = objects.iter().map(Value::as_bool).collect();
        return Ok(Arc::new(bools));
    }
    if all(|value| matches!(value, Value::Int(_))) {
        let ints: PrimitiveArray<Int64Type> = objects.iter().map(Value::as_i64).collect();
        return Ok(Arc::new(ints));
    }
    Err(Error::unsupported("a column of objects of several kinds has no type in Arrow"))
}

/// The columns of a batch, whose rows get the numbers from 0 on for labels.
///
/// Nulls in numbers and bools make masked columns (`Int64`, `Float64`, `boolean`), in times NaT. A
/// dictionary becomes a categorical. Needs the feature `arrow`.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Int64Array, RecordBatch};
/// use serde_pickle::python::pandas::Frame;
///
/// let ids = Arc::new(Int64Array::from(vec![Some(1), None]));
/// let batch = RecordBatch::try_from_iter([("id", ids as _)]).unwrap();
/// let frame = Frame::try_from(batch)?;
/// assert_eq!(frame.column("id").map(|column| column.dtype()).as_deref(), Some("Int64"));
/// let bytes = serde_pickle::to_vec(&frame)?; // for pandas.read_pickle
/// # Ok::<(), serde_pickle::Error>(())
/// ```
impl TryFrom<RecordBatch> for Frame {
    type Error = Error;

    /// # Errors
    /// A type that pandas has no plain column for: lists, structs, decimals, times of day.
    fn try_from(batch: RecordBatch) -> Result<Self> {
        let rows = batch.num_rows();
        let (schema, columns, _) = batch.into_parts();
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let columns = columns
            .into_iter()
            .zip(&names)
            .map(|(array, name)| column(array).map_err(|error| error.under_key(name)));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Self::from_parts(Index::new(names), columns, Index::of_len(rows))
    }
}

/// The values and nulls of an array: its own memory where nobody else holds it.
fn parts<T: ArrowPrimitiveType>(array: ArrayRef) -> (Vec<T::Native>, Option<NullBuffer>) {
    let own = array.as_primitive::<T>().clone();
    drop(array);
    let (_, values, nulls) = own.into_parts();
    let values = match values.into_inner().into_vec::<T::Native>() {
        Ok(values) => values,
        Err(buffer) => ScalarBuffer::<T::Native>::from(buffer).to_vec(),
    };
    (values, nulls)
}

fn missing(nulls: &NullBuffer) -> Vec<bool> {
    nulls.iter().map(|valid| !valid).collect()
}

/// A column of numbers or bools.
fn masked(values: Column, nulls: Option<NullBuffer>) -> Column {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => Column::Masked(Masked::of_parts(values, missing(&nulls))),
        None => values,
    }
}

/// Counts with NaT for nulls.
fn counts<T: ArrowPrimitiveType<Native = i64>>(array: ArrayRef) -> Vec<i64> {
    let (mut counts, nulls) = parts::<T>(array);
    for (count, valid) in counts.iter_mut().zip(nulls.iter().flatten()) {
        if !valid {
            *count = NAT;
        }
    }
    counts
}

fn column(array: ArrayRef) -> Result<Column> {
    macro_rules! numbers {
        ($type:ty, $variant:ident) => {{
            let (values, nulls) = parts::<$type>(array);
            masked(Column::$variant(values), nulls)
        }};
    }
    Ok(match array.data_type().clone() {
        DataType::Boolean => {
            let bools = array.as_boolean();
            masked(Column::Bool(bools.values().iter().collect()), bools.nulls().cloned())
        }
        DataType::Int8 => numbers!(Int8Type, Int8),
        DataType::Int16 => numbers!(Int16Type, Int16),
        DataType::Int32 => numbers!(Int32Type, Int32),
        DataType::Int64 => numbers!(Int64Type, Int64),
        DataType::UInt8 => numbers!(UInt8Type, UInt8),
        DataType::UInt16 => numbers!(UInt16Type, UInt16),
        DataType::UInt32 => numbers!(UInt32Type, UInt32),
        DataType::UInt64 => numbers!(UInt64Type, UInt64),
        DataType::Float16 => halves(array),
        DataType::Float32 => numbers!(Float32Type, Float32),
        DataType::Float64 => numbers!(Float64Type, Float64),
        DataType::Timestamp(unit, zone) => {
            let zone = zone.map(|zone| zone_of(&zone)).transpose()?;
            let counts = match unit {
                TimeUnit::Second => counts::<TimestampSecondType>(array),
                TimeUnit::Millisecond => counts::<TimestampMillisecondType>(array),
                TimeUnit::Microsecond => counts::<TimestampMicrosecondType>(array),
                TimeUnit::Nanosecond => counts::<TimestampNanosecondType>(array),
            };
            Column::Datetime(Datetimes::new(counts, unit_of(unit), zone)?)
        }
        DataType::Duration(unit) => {
            let counts = match unit {
                TimeUnit::Second => counts::<DurationSecondType>(array),
                TimeUnit::Millisecond => counts::<DurationMillisecondType>(array),
                TimeUnit::Microsecond => counts::<DurationMicrosecondType>(array),
                TimeUnit::Nanosecond => counts::<DurationNanosecondType>(array),
            };
            Column::Timedelta(Timedeltas::new(counts, unit_of(unit))?)
        }
        DataType::Date32 => days(array)?,
        DataType::Utf8 => texts(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => texts(array.as_string::<i64>().iter()),
        DataType::Utf8View => texts(array.as_string_view().iter()),
        DataType::Binary => binaries(array.as_binary::<i32>().iter(), false),
        DataType::LargeBinary => binaries(array.as_binary::<i64>().iter(), true),
        DataType::Dictionary(..) => categories(&array)?,
        other => {
            return Err(Error::unsupported(format!(
                "pandas has no plain column of Arrow's {other}"
            )));
        }
    })
}

/// Nulls are NaN: pandas has no masked array of these.
fn halves(array: ArrayRef) -> Column {
    let (mut values, nulls) = parts::<Float16Type>(array);
    for (value, valid) in values.iter_mut().zip(nulls.iter().flatten()) {
        if !valid {
            *value = <Float16Type as ArrowPrimitiveType>::Native::NAN;
        }
    }
    Column::Float16(values.into_iter().map(|value| value.to_f32()).collect())
}

fn unit_of(unit: TimeUnit) -> Unit {
    match unit {
        TimeUnit::Second => Unit::Second,
        TimeUnit::Millisecond => Unit::Millisecond,
        TimeUnit::Microsecond => Unit::Microsecond,
        TimeUnit::Nanosecond => Unit::Nanosecond,
    }
}

fn days(array: ArrayRef) -> Result<Column> {
    let (days, nulls) = parts::<Date32Type>(array);
    let missing = nulls.as_ref().map_or_else(|| vec![false; days.len()], missing);
    let counts = days.into_iter().map(i64::from).collect();
    let days = Column::Datetime(Datetimes { counts, unit: Unit::Day, zone: None });
    Ok(Column::Masked(Masked::new(days, missing, Backing::Arrow)?))
}

fn texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Column {
    Column::Text(Texts::new(texts.map(|text| text.map(str::to_owned)), TextKind::Str))
}

fn binaries<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, large: bool) -> Column {
    let values = values.map(|bytes| bytes.map(<[u8]>::to_vec)).collect();
    Column::Binary(Binaries::new(values, large))
}

/// The categories that a dictionary is.
fn categories(array: &ArrayRef) -> Result<Column> {
    let dictionary = array.as_any_dictionary();
    let keys = dictionary.normalized_keys();
    let valid = |place: usize| dictionary.keys().is_valid(place);
    let code = |(place, key): (usize, usize)| {
        if valid(place) { i64::try_from(key).unwrap_or(i64::MAX) } else { -1 }
    };
    let codes = match dictionary.values().is_empty() {
        true => vec![-1; dictionary.len()],
        false => keys.into_iter().enumerate().map(code).collect(),
    };
    let categories = Index::new(column(dictionary.values().clone())?);
    Ok(Column::Categorical(Categorical::new(codes, categories, false)?))
}

fn zone_of(zone: &str) -> Result<TimeZone> {
    if zone.starts_with(['+', '-']) { zone.parse() } else { TimeZone::named(zone) }
}
