//! The header of an `.npy` file: whether a pickle lies behind it, and where.
//!
//! `\x93NUMPY`, a version, the length of the header in two or four bytes, and the header: the text
//! of a Python dict with `descr`, `fortran_order` and `shape`. An array of objects is a pickle
//! behind that. Source: `numpy/lib/format.py`.

use crate::error::{Error, Result};

/// The header as text, and where the data begins.
pub(crate) fn header(bytes: &[u8]) -> Result<(&str, usize)> {
    let cut = || Error::format("the header of the .npy array is cut short").at(bytes.len() as u64);
    let (len, start): (usize, usize) = match bytes.get(6..) {
        Some([1, _, a, b, ..]) => (usize::from(u16::from_le_bytes([*a, *b])), 10),
        Some([2 | 3, _, a, b, c, d, ..]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 12),
        Some([version, _, ..]) => {
            return Err(Error::unsupported(format!("version {version} of .npy")).at(6));
        }
        _ => return Err(cut()),
    };
    let end = start.checked_add(len).ok_or_else(cut)?;
    let header = bytes.get(start..end).ok_or_else(cut)?;
    let header = std::str::from_utf8(header)
        .map_err(|_| Error::format("the header of the .npy array is not text").at(start as u64))?;
    Ok((header, end))
}

/// Returns true if the elements are objects, or records that have some.
pub(crate) fn holds_objects(header: &str) -> bool {
    // `'|O'`, `'O'`, and the same among the fields of a record; the names of fields are in quotes
    // as well, so one that is called `|O` is taken for the type. The pickle then is looked for in
    // vain.
    let descr = header.split("'fortran_order'").next().unwrap_or(header);
    ["'|O'", "'O'", "'|O8'", "'|O4'"].iter().any(|text| descr.contains(text))
}
