//! numpy's arrays as columns.

use serde::Deserialize;

use super::{Object, Rows};
use crate::error::{Error, Result};
use crate::limits;
use crate::python::TimeZone;
use crate::python::numpy::array::count_of;
use crate::python::numpy::dtype::{ByteOrder, Dtype, Kind};
use crate::python::numpy::{NdArray, Number, Order, Unit};
use crate::python::pandas::column::Column;
use crate::python::pandas::extension::{Datetimes, Timedeltas};
use crate::stdlib::numpy::float;
use crate::value::{Complex, Value};

/// The rows of an array of one or two dimensions.
pub(super) fn rows(value: &Value) -> Result<Rows> {
    if let Some((shape, objects)) = objects(value)? {
        return split(&shape, false, |places| {
            let objects = places.map(|place| objects.get(place).cloned().unwrap_or_default());
            Ok(Column::Object(objects.collect()))
        });
    }
    let array = NdArray::deserialize(value)?;
    let dtype = array.dtype();
    if dtype.has_objects() {
        return split(array.shape(), false, |places| {
            let objects = array.objects();
            let objects = places.map(|place| objects.get(place).cloned().unwrap_or_default());
            match dtype.kind() {
                Kind::Object => Ok(Column::Object(objects.collect())),
                _ => Err(unknown(dtype)),
            }
        });
    }
    let size = dtype.itemsize();
    if size == 0 || !dtype.fields().is_empty() || dtype.subarray().is_some() {
        return Err(unknown(dtype));
    }
    let data = array.data();
    if let ([_, len], Order::C) = (array.shape(), array.order())
        && *len > 0
    {
        // The rows lie one behind the other.
        let width = len.saturating_mul(size);
        let columns = data.chunks_exact(width).map(|row| decode(dtype, row));
        return Ok(Rows::Many(columns.collect::<Result<_>>()?, *len));
    }
    if let [_] = array.shape() {
        return decode(dtype, data).map(Rows::One);
    }
    split(array.shape(), array.order() == Order::Fortran, |places| {
        let mut row = Vec::new();
        for place in places {
            let start = place.saturating_mul(size);
            row.extend_from_slice(data.get(start..start.saturating_add(size)).unwrap_or_default());
        }
        decode(dtype, &row)
    })
}

/// An array of objects, without a copy of them: shape and list. numpy lists objects in the order of
/// their indices, whatever that of memory.
fn objects(value: &Value) -> Result<Option<(Vec<usize>, &[Value])>> {
    let object = Object::of(value, "an array")?;
    if object.global.name() != "_reconstruct" {
        return Ok(None);
    }
    let Some(Value::Tuple(state)) = object.state() else { return Ok(None) };
    let [_, shape, dtype, _, Value::List(objects)] = &state[..] else {
        return Ok(None);
    };
    let (Ok(shape), Ok(dtype)) = (Vec::<usize>::deserialize(shape), Dtype::deserialize(dtype))
    else {
        return Ok(None);
    };
    if dtype.kind() != Kind::Object || count_of(&shape) != Some(objects.len()) {
        return Ok(None);
    }
    Ok(Some((shape, objects)))
}

/// Makes a column of each row, given the places of its elements.
fn split(
    shape: &[usize],
    fortran: bool,
    mut column: impl FnMut(&mut dyn Iterator<Item = usize>) -> Result<Column>,
) -> Result<Rows> {
    match *shape {
        [len] => column(&mut (0..len)).map(Rows::One),
        [rows, len] => {
            if len == 0 && rows > limits::EMPTY_COLUMNS {
                return Err(Error::limit(format!(
                    "more than {} columns without rows",
                    limits::EMPTY_COLUMNS
                )));
            }
            // The elements are there, as many as rows times len.
            let columns = (0..rows).map(|row| match fortran {
                true => column(&mut (0..len).map(|at| at * rows + row)),
                false => column(&mut (0..len).map(|at| row * len + at)),
            });
            Ok(Rows::Many(columns.collect::<Result<_>>()?, len))
        }
        _ => Err(Error::data(format!("an array of the shape {shape:?} as columns"))),
    }
}

#[cold]
fn unknown(dtype: &Dtype) -> Error {
    Error::unsupported(format!("columns of the dtype {dtype} are not supported"))
}

/// The elements of a plain dtype.
fn decode(dtype: &Dtype, bytes: &[u8]) -> Result<Column> {
    fn all<T: Number>(dtype: &Dtype, bytes: &[u8]) -> Vec<T> {
        T::read_all(bytes, dtype.byte_order() == ByteOrder::Big)
    }
    let big = dtype.byte_order() == ByteOrder::Big;
    let floats = |size: usize| -> Vec<f64> {
        bytes.chunks_exact(size).filter_map(|bytes| float(bytes, big)).collect()
    };
    // A chunk has two floats.
    let complex = |size: usize| -> Vec<Complex> {
        floats(size).chunks_exact(2).map(|pair| Complex::new(pair[0], pair[1])).collect()
    };
    Ok(match (dtype.kind(), dtype.itemsize()) {
        (Kind::Bool, 1) => Column::Bool(all(dtype, bytes)),
        (Kind::Int, 1) => Column::Int8(all(dtype, bytes)),
        (Kind::Int, 2) => Column::Int16(all(dtype, bytes)),
        (Kind::Int, 4) => Column::Int32(all(dtype, bytes)),
        (Kind::Int, 8) => Column::Int64(all(dtype, bytes)),
        (Kind::Uint, 1) => Column::UInt8(all(dtype, bytes)),
        (Kind::Uint, 2) => Column::UInt16(all(dtype, bytes)),
        (Kind::Uint, 4) => Column::UInt32(all(dtype, bytes)),
        (Kind::Uint, 8) => Column::UInt64(all(dtype, bytes)),
        // A float of 16 bits is one of 32, without rounding.
        (Kind::Float, 2) => Column::Float16(floats(2).into_iter().map(|x| x as f32).collect()),
        (Kind::Float, 4) => Column::Float32(all(dtype, bytes)),
        (Kind::Float, 8) => Column::Float64(all(dtype, bytes)),
        (Kind::Complex, 8) => Column::Complex64(complex(4)),
        (Kind::Complex, 16) => Column::Complex128(complex(8)),
        (Kind::Datetime, 8) => {
            Column::Datetime(Datetimes::new(all(dtype, bytes), unit(dtype)?, None)?)
        }
        (Kind::Timedelta, 8) => {
            Column::Timedelta(Timedeltas::new(all(dtype, bytes), unit(dtype)?)?)
        }
        _ => return Err(unknown(dtype)),
    })
}

fn unit(dtype: &Dtype) -> Result<Unit> {
    match dtype.unit() {
        Some((unit, 1)) => Ok(unit),
        _ => Err(unknown(dtype)),
    }
}

/// Gives times a zone: what they count is UTC.
pub(super) fn in_zone(column: Column, zone: &TimeZone) -> Result<Column> {
    match column {
        Column::Datetime(Datetimes { counts, unit, zone: None }) => {
            Datetimes::new(counts, unit, Some(zone.clone())).map(Column::Datetime)
        }
        other => Err(Error::data(format!("a time zone for values of the dtype {}", other.dtype()))),
    }
}

/// Whole numbers of any width.
pub(super) fn whole(column: Column, what: &str) -> Result<Vec<i64>> {
    match column {
        Column::Int64(values) => Ok(values),
        other => match &other {
            Column::Int8(_)
            | Column::Int16(_)
            | Column::Int32(_)
            | Column::UInt8(_)
            | Column::UInt16(_)
            | Column::UInt32(_)
            | Column::UInt64(_) => other.to_i64(),
            _ => None,
        }
        .ok_or_else(|| Error::data(format!("{what} of the dtype {}", other.dtype()))),
    }
}
