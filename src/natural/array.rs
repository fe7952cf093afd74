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

/// The numbers of an array, as bytes of a machine.
pub(crate) struct Array<'g> {
    bytes: Cow<'g, [u8]>,
    kind: ItemKind,
    big_endian: bool,
    /// The value that the bytes are.
    payload: Handle,
}

/// One item of an array.
pub(crate) enum ArrayItem {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

#[derive(Clone, Copy, PartialEq)]
enum ItemKind {
    Unsigned(usize),
    Signed(usize),
    Float(usize),
}

impl ItemKind {
    fn width(self) -> usize {
        match self {
            Self::Unsigned(width) | Self::Signed(width) | Self::Float(width) => width,
        }
    }
}

/// The kind and byte order of a format code; the codes from 18 on are text.
fn kind(format: i64) -> Option<(ItemKind, bool)> {
    Some(match format {
        0 => (ItemKind::Unsigned(1), false),
        1 => (ItemKind::Signed(1), false),
        2..=13 => {
            let width = 2 << ((format - 2) / 4);
            let signed = (format - 2) / 2 % 2 == 1;
            (
                if signed { ItemKind::Signed(width) } else { ItemKind::Unsigned(width) },
                format % 2 == 1,
            )
        }
        14..=17 => (ItemKind::Float(4 << ((format - 14) / 2)), format % 2 == 1),
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

    /// The bytes, where each is an item.
    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        (self.kind == ItemKind::Unsigned(1)).then_some(&*self.bytes)
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = ArrayItem> + '_ {
        self.bytes.chunks_exact(self.kind.width()).map(|item| self.item(item))
    }

    fn item(&self, item: &[u8]) -> ArrayItem {
        let fold = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        let bits = match self.big_endian {
            true => item.iter().fold(0, fold),
            false => item.iter().rev().fold(0, fold),
        };
        match self.kind {
            ItemKind::Unsigned(_) => ArrayItem::Unsigned(bits),
            ItemKind::Signed(width) => {
                let unused = 64 - 8 * width as u32;
                ArrayItem::Signed((bits << unused) as i64 >> unused)
            }
            ItemKind::Float(4) => ArrayItem::Float(f32::from_bits(bits as u32).into()),
            ItemKind::Float(_) => ArrayItem::Float(f64::from_bits(bits)),
        }
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
        None => Err(malformed("array", "its items are no text")),
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
    call.charge_scan(nodes.contents_len(&object))?;
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
            (1, false, false),
            (1, true, false),
            (2, false, false),
            (2, false, true),
            (2, true, false),
            (2, true, true),
            (4, false, false),
            (4, false, true),
            (4, true, false),
            (4, true, true),
            (8, false, false),
            (8, false, true),
            (8, true, false),
            (8, true, true),
        ];
        for (code, (width, signed, big)) in ints.into_iter().enumerate() {
            let expected = if signed { ItemKind::Signed(width) } else { ItemKind::Unsigned(width) };
            assert!(kind(code as i64) == Some((expected, big)), "{code}");
        }
        for (code, width, big) in [(14, 4, false), (15, 4, true), (16, 8, false), (17, 8, true)] {
            assert!(kind(code) == Some((ItemKind::Float(width), big)), "{code}");
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
