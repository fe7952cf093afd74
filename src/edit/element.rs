//! Elements of arrays as bytes: the reverse of `python/numpy/scalar.rs`.

use super::diff::same;
use super::prune::is_placeholder;
use crate::error::{Error, Result, quoted};
use crate::python::numpy::dtype::{ByteOrder, Dtype, Kind};
use crate::python::numpy::time::{NAT, count_of_datetime, count_of_timedelta};
use crate::stdlib::numpy::{float as decoded, to_extended};
use crate::value::Value;

/// Appends one element. `like`: the bytes of another one, if the dtype alone does not say how its
/// elements are written.
///
/// # Errors
/// `Data` for a value that the dtype cannot hold.
pub(super) fn push_element(
    dtype: &Dtype,
    value: &Value,
    like: Option<&[u8]>,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    let start = bytes.len();
    bytes.resize(start + dtype.itemsize, 0);
    let there = bytes.get_mut(start..).unwrap_or_default();
    if let Some(like) = like {
        there.copy_from_slice(like);
    }
    write_element(dtype, None, value, there)
}

/// Writes one element over the bytes of another. Fields of a record that are the same as in the
/// value that was read, or that the type does not mention, keep their bytes. A long double takes
/// the form of the one that is there.
///
/// # Errors
/// `Data` for a value that the dtype cannot hold.
pub(super) fn write_element(
    dtype: &Dtype,
    old: Option<&Value>,
    new: &Value,
    there: &mut [u8],
) -> Result<()> {
    if old.is_some_and(|old| same(old, new)) {
        return Ok(());
    }
    if let Some(subarray) = &dtype.subarray {
        return write_grid(&subarray.base, &subarray.shape, old, new, there)
            .ok_or_else(|| unfit(dtype, new))?;
    }
    if !dtype.fields.is_empty() {
        return write_record(dtype, old, new, there).ok_or_else(|| unfit(dtype, new))?;
    }
    let bytes = match dtype.kind {
        Kind::Bool => new.as_bool().map(|value| vec![u8::from(value)]),
        Kind::Int | Kind::Uint => int(dtype, new),
        Kind::Float => float(there, new),
        Kind::Complex => complex(there, new),
        Kind::Bytes => padded(dtype, new),
        Kind::Str => text(dtype, new),
        Kind::Datetime => time(new, |text| count_of_datetime(text, dtype.unit)),
        Kind::Timedelta => time(new, |text| count_of_timedelta(text, dtype.unit)),
        Kind::Void => match new {
            Value::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        },
        _ => None,
    };
    let mut bytes =
        bytes.filter(|bytes| bytes.len() == there.len()).ok_or_else(|| unfit(dtype, new))?;
    if dtype.order == ByteOrder::Big {
        let each = match dtype.kind {
            Kind::Str => 4,
            Kind::Complex => bytes.len() / 2,
            _ => bytes.len(),
        };
        bytes.chunks_mut(each.max(1)).for_each(<[u8]>::reverse);
    }
    there.copy_from_slice(&bytes);
    Ok(())
}

#[cold]
fn unfit(dtype: &Dtype, value: &Value) -> Error {
    if matches!(dtype.kind, Kind::Float if dtype.itemsize > 8) && value.as_f64().is_some() {
        return Error::unsupported(
            "a long double, whose bits depend on the machine that wrote it, and no element of the \
             array tells which one it was; change the bytes of an NdArray",
        );
    }
    Error::data(format!("{} is not an element of the dtype {dtype}", quoted(&value.to_string())))
}

/// Writes the fields of a record. `None` for a value that is none of them.
fn write_record(
    dtype: &Dtype,
    old: Option<&Value>,
    new: &Value,
    there: &mut [u8],
) -> Option<Result<()>> {
    let fields = dtype.fields.iter().filter(|field| !field.name.is_empty());
    let mut pairs = Vec::new();
    match new {
        Value::Dict(entries) => {
            let mut missing = fields.clone().count();
            for (key, value) in entries {
                let was = match old {
                    Some(Value::Dict(old)) => Some(old.get(key)?),
                    Some(_) => return None,
                    None => None,
                };
                if was.is_some_and(|was| same(was, value)) {
                    continue;
                }
                let name = key.as_str()?;
                pairs.push((fields.clone().find(|field| field.name == name)?, was, value));
                missing = missing.checked_sub(1)?;
            }
            // A new record has all fields; one that was read keeps those that are not mentioned.
            match old {
                Some(Value::Dict(old)) if old.len() != entries.len() => return None,
                None if missing > 0 => return None,
                _ => {}
            }
        }
        Value::List(items) | Value::Tuple(items) => {
            let was = match old {
                Some(Value::List(was) | Value::Tuple(was)) if was.len() == items.len() => Some(was),
                None if items.len() == fields.clone().count() => None,
                _ => return None,
            };
            for (place, (field, item)) in fields.zip(items).enumerate() {
                pairs.push((field, was.and_then(|was| was.get(place)), item));
            }
        }
        _ => return None,
    }
    for (field, was, value) in pairs {
        let end = field.offset.checked_add(field.dtype.itemsize)?;
        let there = there.get_mut(field.offset..end)?;
        if let Err(error) = write_element(&field.dtype, was, value, there) {
            return Some(Err(error.under_key(&field.name)));
        }
    }
    Some(Ok(()))
}

/// Writes the elements of a subarray, in C order. `None` for another shape.
fn write_grid(
    base: &Dtype,
    shape: &[usize],
    old: Option<&Value>,
    new: &Value,
    there: &mut [u8],
) -> Option<Result<()>> {
    let Some((&len, rest)) = shape.split_first() else {
        return Some(write_element(base, old, new, there));
    };
    let was = match old {
        Some(old) => Some(items_of(old, len)?),
        None => None,
    };
    let each = there.len().checked_div(len).unwrap_or(0).max(1);
    for (index, (item, there)) in
        items_of(new, len)?.iter().zip(there.chunks_exact_mut(each)).enumerate()
    {
        let was = was.and_then(|was| was.get(index));
        if let Err(error) = write_grid(base, rest, was, item, there)? {
            return Some(Err(error.under_index(index)));
        }
    }
    Some(Ok(()))
}

fn items_of(value: &Value, len: usize) -> Option<&[Value]> {
    match value {
        Value::List(items) | Value::Tuple(items) if items.len() == len => Some(items),
        _ => None,
    }
}

fn int(dtype: &Dtype, value: &Value) -> Option<Vec<u8>> {
    let int = match value {
        Value::Int(value) => i128::from(*value),
        Value::BigInt(value) => i128::try_from(value).ok()?,
        _ => return None,
    };
    let size = Some(dtype.itemsize).filter(|size| matches!(size, 1 | 2 | 4 | 8))?;
    let bits = 8 * size as u32;
    let (least, most) = match dtype.kind {
        Kind::Uint => (0, (1_i128 << bits) - 1),
        _ => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
    };
    if !(least..=most).contains(&int) {
        return None;
    }
    int.to_le_bytes().get(..size).map(<[u8]>::to_vec)
}

fn float(there: &[u8], value: &Value) -> Option<Vec<u8>> {
    let value = match value {
        Value::Float(value) if !is_placeholder(*value) => *value,
        Value::Int(value) => *value as f64,
        _ => return None,
    };
    Some(match there.len() {
        2 => half(value).to_le_bytes().to_vec(),
        4 => (value as f32).to_le_bytes().to_vec(),
        8 => value.to_le_bytes().to_vec(),
        // Sixteen zeros may be a float of 128 bits as well.
        size @ (12 | 16) if size == 12 || there.iter().any(|byte| *byte != 0) => {
            decoded(there, false)?;
            let mut bytes = there.to_vec();
            bytes.splice(..10, to_extended(value));
            bytes
        }
        _ => return None,
    })
}

fn complex(there: &[u8], value: &Value) -> Option<Vec<u8>> {
    let [re, im] = match value {
        Value::Complex(complex) => [Value::from(complex.re), Value::from(complex.im)],
        Value::List(parts) | Value::Tuple(parts) => match &parts[..] {
            [re, im] => [re.clone(), im.clone()],
            _ => return None,
        },
        _ => return None,
    };
    // Both parts have one form, of which a zero may be no example.
    let (first, second) = there.split_at(there.len() / 2);
    let like = if first.iter().all(|byte| *byte == 0) { second } else { first };
    Some([float(like, &re)?, float(like, &im)?].concat())
}

/// The bytes of text, with zeros behind.
fn padded(dtype: &Dtype, value: &Value) -> Option<Vec<u8>> {
    let mut bytes = match value {
        Value::Str(text) => text.as_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.clone(),
        _ => return None,
    };
    if bytes.len() > dtype.itemsize {
        return None;
    }
    bytes.resize(dtype.itemsize, 0);
    Some(bytes)
}

fn text(dtype: &Dtype, value: &Value) -> Option<Vec<u8>> {
    let Value::Str(text) = value else { return None };
    let mut bytes: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    if bytes.len() > dtype.itemsize {
        return None;
    }
    bytes.resize(dtype.itemsize, 0);
    Some(bytes)
}

/// The count of a time: of its text, or the count itself.
fn time(value: &Value, count: impl Fn(&str) -> Option<i64>) -> Option<Vec<u8>> {
    let count = match value {
        Value::None => NAT,
        Value::Int(count) => *count,
        Value::Str(text) => count(text)?,
        Value::Bytes(text) => count(std::str::from_utf8(text).ok()?)?,
        _ => return None,
    };
    Some(count.to_le_bytes().to_vec())
}

/// A float rounded to 16 bits, to the nearest one, ties to even. Source: IEEE 754, binary16.
fn half(value: f64) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let magnitude = value.abs();
    if value.is_nan() {
        return sign | 0x7e00;
    }
    // From half way between the greatest and the next one on.
    if magnitude >= 65_520.0 {
        return sign | 0x7c00;
    }
    // The exponent of the last bit: that of the smallest subnormal at the least.
    let exponent = ((magnitude.to_bits() >> 52) as i32 - 1_023).max(-14);
    let scaled = magnitude * f64::from(10 - exponent).exp2();
    let fraction = scaled.round_ties_even() as u16;
    // A fraction that is rounded up to the next power of two carries into the exponent.
    let normal = (exponent + 14) as u16;
    sign | (fraction + (normal << 10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stdlib::numpy::float as decoded;

    #[test]
    fn halves_are_what_they_were_and_others_are_rounded() {
        for bits in 0..=u16::MAX {
            let value = decoded(&bits.to_le_bytes(), false).unwrap();
            if !value.is_nan() {
                assert_eq!(half(value), bits, "{value}");
            }
        }
        assert_eq!(half(1.0 + 1.0 / 2048.0), half(1.0));
        assert_eq!(half(1.0 + 3.0 / 2048.0), half(1.0 + 2.0 / 1024.0));
        assert_eq!(half(65_519.9), 0x7bff);
        assert_eq!(half(f64::NAN) & 0x7c00, 0x7c00);
    }
}
