//! `.npy` files: their header, and the array behind it.
//!
//! `\x93NUMPY`, a version, the length of the header in two or four bytes, and the header: the text
//! of a Python dict with `descr`, `fortran_order` and `shape`. An array of objects is a pickle
//! behind that. Source: `numpy/lib/format.py`.

use std::borrow::Cow;

use serde_pickle::DeOptions;
use serde_pickle::python::numpy::{Dtype, NdArray, Order};

use crate::error::{Error, Result};
use crate::literal::{Literal, parse};

/// The header of an `.npy` file.
pub(crate) struct Header {
    descr: Literal,
    fortran: bool,
    shape: Vec<usize>,
    /// Where the data begins.
    pub(crate) data: usize,
}

/// Bytes that a header may have; numpy itself refuses those of more than 10,000 characters.
const HEADER: usize = 1 << 20;

/// Reads the header.
pub(crate) fn header(bytes: &[u8]) -> Result<Header> {
    let cut = || Error::format("the header of the .npy array is cut short").at(bytes.len() as u64);
    let (len, start): (usize, usize) = match bytes.get(6..) {
        Some([1, _, a, b, ..]) => (u16::from_le_bytes([*a, *b]).into(), 10),
        Some([2 | 3, _, a, b, c, d, ..]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 12),
        Some([version, _, ..]) => {
            return Err(Error::unsupported(format!("version {version} of .npy")).at(6));
        }
        _ => return Err(cut()),
    };
    if len > HEADER {
        return Err(Error::limit("the header of the .npy array has more than a megabyte").at(8));
    }
    let data = start + len;
    let text = bytes.get(start..data).ok_or_else(cut)?;
    let malformed = || Error::format("malformed header of an .npy array").at(start as u64);
    // Version 3 is UTF-8, those before are latin-1.
    let text = match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => text.iter().map(|&byte| char::from(byte)).collect(),
    };
    let Some(Literal::Dict(mut entries)) = parse(&text) else { return Err(malformed()) };
    let mut take = |name: &str| {
        let at =
            entries.iter().position(|(key, _)| matches!(key, Literal::Str(key) if key == name));
        at.map(|at| entries.swap_remove(at).1)
    };
    let (Some(descr), Some(Literal::Bool(fortran)), Some(Literal::Items(shape))) =
        (take("descr"), take("fortran_order"), take("shape"))
    else {
        return Err(malformed());
    };
    let shape = shape.into_iter().map(|len| match len {
        Literal::Int(len) => usize::try_from(len).map_err(|_| malformed()),
        _ => Err(malformed()),
    });
    Ok(Header { descr, fortran, shape: shape.collect::<Result<_>>()?, data })
}

impl Header {
    /// Returns true if the elements are objects, or records that have some.
    pub(crate) fn holds_objects(&self) -> bool {
        holds_objects(&self.descr)
    }
}

fn holds_objects(descr: &Literal) -> bool {
    match descr {
        Literal::Str(text) => text.trim_start_matches(['|', '<', '>', '=']).starts_with('O'),
        Literal::Items(fields) => fields.iter().any(|field| match field {
            Literal::Items(parts) => parts.get(1).is_some_and(holds_objects),
            _ => false,
        }),
        _ => false,
    }
}

/// The dtype of a description: text, or a list of `(name, dtype)` for a record.
fn dtype(descr: &Literal) -> Result<Dtype> {
    let unsupported = || Error::unsupported("a dtype of this form in an .npy array");
    match descr {
        Literal::Str(text) => Ok(text.parse()?),
        Literal::Items(fields) => {
            let mut named = Vec::with_capacity(fields.len());
            for field in fields {
                // With a third part it is an array within the record.
                let Literal::Items(parts) = field else { return Err(unsupported()) };
                let [Literal::Str(name), descr] = &parts[..] else { return Err(unsupported()) };
                named.push((&**name, dtype(descr)?));
            }
            Ok(Dtype::structured(named)?)
        }
        _ => Err(unsupported()),
    }
}

/// The array of a whole file, borrowed from it where its elements are no objects.
pub(crate) fn array(bytes: &[u8]) -> Result<NdArray<'_>> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(Error::format("no .npy array"));
    }
    let header = header(bytes)?;
    let data = bytes.get(header.data..).unwrap_or_default();
    let at = header.data as u64;
    if header.holds_objects() {
        return DeOptions::new().from_slice(data).map_err(|error| Error::from(error).at(at));
    }
    let dtype = dtype(&header.descr)?;
    let order = if header.fortran { Order::Fortran } else { Order::C };
    let len = header
        .shape
        .iter()
        .try_fold(dtype.itemsize(), |len, &axis| len.checked_mul(axis))
        .filter(|&len| len <= data.len());
    let Some(data) = len.and_then(|len| data.get(..len)) else {
        return Err(Error::format(format!(
            "the .npy array of the shape {:?} and dtype {dtype} has only {} bytes",
            header.shape,
            data.len()
        ))
        .at(at));
    };
    Ok(NdArray::new(dtype, &header.shape, order, data)?)
}
