//! `array.array` as its numbers, or as text.
//!
//! Protocols 0 to 2 write `array(typecode, list)`; from 3 on it is
//! `_array_reconstructor(class, typecode, format, bytes)`, where the format says width, sign and
//! byte order of the machine that wrote it. Source: `enum machine_format_code` in Python's
//! `Modules/arraymodule.c`, and the table of it in `Lib/test/test_array.py`.

use std::borrow::Cow;

use super::{Call, Natural, malformed};
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::stdlib::numpy::NumKind;

/// The numbers of an array, as bytes of a machine.
pub(crate) struct Array<'g> {
    bytes: Cow<'g, [u8]>,
    kind: NumKind,
    big_endian: bool,
    /// The value that holds the bytes.
    payload: Handle,
}

/// The kind and byte order of a format code; the codes from 18 on are text.
fn kind(format: i64) -> Option<(NumKind, bool)> {
    Some(match format {
        0 => (NumKind::U8, false),
        1 => (NumKind::I8, false),
        2..=13 => {
            let kinds = match (format - 2) / 4 {
                0 => [NumKind::U16, NumKind::I16],
                1 => [NumKind::U32, NumKind::I32],
                _ => [NumKind::U64, NumKind::I64],
            };
            // There is a kind without a sign and one with it.
            let signed = (format - 2) / 2 % 2 == 1;
            (kinds[usize::from(signed)], format % 2 == 1)
        }
        14 | 15 => (NumKind::F32, format % 2 == 1),
        16 | 17 => (NumKind::F64, format % 2 == 1),
        _ => return None,
    })
}

impl<'g> Array<'g> {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / self.kind.width()
    }

    /// The number of bytes of the items, and the value that holds them.
    pub(crate) fn payload(&self) -> (usize, Handle) {
        (self.bytes.len(), self.payload)
    }

    /// Returns true if each byte is an item.
    pub(crate) fn is_bytes(&self) -> bool {
        self.kind == NumKind::U8
    }

    /// The kind of the items; true if they are big-endian.
    pub(crate) fn kind(&self) -> (NumKind, bool) {
        (self.kind, self.big_endian)
    }

    pub(crate) fn into_bytes(self) -> Cow<'g, [u8]> {
        self.bytes
    }
}

/// `_array_reconstructor(class, typecode, format, bytes)`.
pub(super) fn from_bytes<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let &[_, _, format, bytes] = call.args() else { return Ok(None) };
    let Some(format) = call.small(format) else { return Ok(None) };
    let payload = bytes;
    let Some(bytes) = call.bytes(bytes)? else { return Ok(None) };
    if let Some((kind, big_endian)) = kind(format) {
        if bytes.len() % kind.width() != 0 {
            return Err(malformed(
                "array",
                format_args!("{} bytes for items of {}", bytes.len(), kind.width()),
            ));
        }
        return Ok(Some(Natural::Array(Array { bytes, kind, big_endian, payload })));
    }
    call.cx.charge(bytes.len())?;
    let text = match format {
        18 | 19 => utf16(&bytes, format == 19),
        20 | 21 => utf32(&bytes, format == 21),
        _ => return Err(malformed("array", format_args!("machine format {format}"))),
    };
    match text {
        Some(text) => Ok(Some(Natural::Text(text.into()))),
        None => Err(malformed("array", "its items are not text")),
    }
}

fn utf16(bytes: &[u8], big_endian: bool) -> Option<String> {
    let unit = |pair: &[u8]| {
        let pair = [*pair.first()?, *pair.get(1)?];
        Some(if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let units: Option<Vec<u16>> = bytes.chunks(2).map(unit).collect();
    String::from_utf16(&units?).ok()
}

fn utf32(bytes: &[u8], big_endian: bool) -> Option<String> {
    let point = |four: &[u8]| {
        let four = <[u8; 4]>::try_from(four).ok()?;
        char::from_u32(if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    };
    bytes.chunks(4).map(point).collect()
}

/// `array(typecode, list)`, `array(typecode)`; the items of `u` and `w` are characters, those of
/// Python 2's `c` are 8-bit strings of one byte.
pub(super) fn from_list<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let (code, items) = match *call.args() {
        [code] => (code, None),
        [code, items] if items.tag() == Tag::List => (code, Some(items)),
        _ => return Ok(None),
    };
    let textual = call.text(code).is_some_and(|code| matches!(&*code, "u" | "w" | "c"));
    match items {
        Some(items) if textual => Ok(text_of(call, items)?.map(|text| Natural::Text(text.into()))),
        None if textual => Ok(Some(Natural::Text("".into()))),
        items => Ok(Some(Natural::Items(items))),
    }
}

/// The characters of a list as one text.
fn text_of(call: &Call<'_, '_, '_>, list: Handle) -> Result<Option<String>> {
    let nodes = call.cx.nodes;
    let object = nodes.object(list.number());
    if object.has_more() {
        call.cx.charge_contents(&object)?;
    } else {
        call.charge_scan(nodes.first(&object).len())?;
    }
    let mut text = String::new();
    for item in nodes.contents(&object) {
        let Some(item) = call.text(item) else { return Ok(None) };
        call.cx.charge(item.len())?;
        text.push_str(&item);
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_say_width_sign_and_order() {
        // mformat_descriptors of arraymodule.c, in order: size, signed, big-endian.
        let ints = [
            (NumKind::U8, false),
            (NumKind::I8, false),
            (NumKind::U16, false),
            (NumKind::U16, true),
            (NumKind::I16, false),
            (NumKind::I16, true),
            (NumKind::U32, false),
            (NumKind::U32, true),
            (NumKind::I32, false),
            (NumKind::I32, true),
            (NumKind::U64, false),
            (NumKind::U64, true),
            (NumKind::I64, false),
            (NumKind::I64, true),
        ];
        for (code, expected) in ints.into_iter().enumerate() {
            assert!(kind(code as i64) == Some(expected), "{code}");
        }
        let floats = [
            (NumKind::F32, false),
            (NumKind::F32, true),
            (NumKind::F64, false),
            (NumKind::F64, true),
        ];
        for (code, expected) in (14..).zip(floats) {
            assert!(kind(code) == Some(expected), "{code}");
        }
        assert!(kind(18).is_none() && kind(-1).is_none());
    }

    #[test]
    fn text_of_either_width_and_order() {
        assert_eq!(utf16(&[0x61, 0, 0x3d, 0xd8, 0, 0xde], false).unwrap(), "a\u{1f600}");
        assert_eq!(utf16(&[0, 0x61], true).unwrap(), "a");
        assert_eq!(utf16(&[0x3d, 0xd8], false), None);
        assert_eq!(utf16(&[0x3d], false), None);
        assert_eq!(utf32(&[0, 1, 0xf6, 0], true).unwrap(), "\u{1f600}");
        assert_eq!(utf32(&[0, 1, 0xf6, 0], false), None);
        assert_eq!(utf32(&[0, 0xf6, 1, 0], false).unwrap(), "\u{1f600}");
        assert_eq!(utf32(&[0, 0xf6, 1], false), None);
    }
}
