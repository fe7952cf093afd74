//! Decodes the payload that a scalar's handle refers to in the input.
//!
//! The machine has checked every payload when it made the handle, so nothing here fails on a handle
//! it made; a lookup that finds nothing gives `None` all the same, and text is checked again,
//! because that is how safe Rust makes a `&str`.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::handle::{Handle, Tag};
use super::store::{Const, Nodes};
use crate::instruction::Opcode;
use crate::limits;
use crate::meter;
use crate::read::text::{self, Decimal, Text};
use crate::read::{IntShape, decimal};

/// An int.
pub(crate) enum Int<'a> {
    Small(i64),
    /// Little-endian two's complement, longer than eight bytes.
    Long(&'a [u8]),
    Big(Cow<'a, BigInt>),
}

/// The payload of a handle with a counted argument, in the input the handle was made from.
pub(crate) fn payload(input: &[u8], handle: Handle) -> Option<&[u8]> {
    let at = handle.offset();
    match handle.tag() {
        Tag::Str1 | Tag::Bytes1 | Tag::Chars1 | Tag::Long1 => {
            input.get(at + 2..at + 2 + usize::from(handle.detail()))
        }
        Tag::Str4 | Tag::Bytes4 | Tag::Chars4 | Tag::Long4 => {
            let len = u32::from_le_bytes(*input.get(at + 1..)?.first_chunk()?);
            input.get(at + 5..)?.get(..len as usize)
        }
        Tag::Str8 | Tag::Bytes8 => {
            let len = u64::from_le_bytes(*input.get(at + 1..)?.first_chunk()?);
            input.get(at + 9..)?.get(..usize::try_from(len).ok()?)
        }
        Tag::Surrogates => match input.get(at).copied().and_then(Opcode::from_byte)? {
            Opcode::ShortBinunicode => {
                let len = *input.get(at + 1)?;
                input.get(at + 2..at + 2 + usize::from(len))
            }
            Opcode::Binunicode => payload(input, Handle::new(Tag::Str4, 0, at)),
            _ => payload(input, Handle::new(Tag::Str8, 0, at)),
        },
        _ => None,
    }
}

/// The line that begins at `at`, of `detail` bytes unless that says "long".
#[inline]
fn line(input: &[u8], at: usize, detail: u16) -> Option<&[u8]> {
    let rest = input.get(at..)?;
    let len = match detail {
        Handle::LONG => {
            let len = memchr::memchr(b'\n', rest)?;
            meter::searched(len);
            len
        }
        len => usize::from(len),
    };
    rest.get(..len)
}

/// Returns true if the line that begins at `at` is longer than `len` bytes; searches no further.
fn is_line_longer(input: &[u8], at: usize, len: usize) -> bool {
    let line = input.get(at..).unwrap_or_default();
    line.get(..=len).is_some_and(|beginning| memchr::memchr(b'\n', beginning).is_none())
}

/// The text of a UNICODE line without escapes.
pub(crate) fn text_line(input: &[u8], handle: Handle) -> Option<&str> {
    let line = line(input, handle.offset() + 1, handle.detail())?;
    meter::decoded(line.len());
    std::str::from_utf8(line).ok()
}

/// The value of an int with the tag `Int`.
#[inline(always)]
pub(crate) fn short_int(input: &[u8], handle: Handle) -> Option<i64> {
    let shape = IntShape::from_bits(handle.detail());
    shape.read(input.get(handle.offset() + shape.header()..)?)
}

/// The value of a BINFLOAT.
#[inline(always)]
pub(crate) fn float8(input: &[u8], handle: Handle) -> Option<f64> {
    Some(f64::from_be_bytes(*input.get(handle.offset() + 1..)?.first_chunk()?))
}

/// The value of an int, in any spelling.
pub(crate) fn int<'g>(nodes: &'g Nodes<'_>, input: &'g [u8], handle: Handle) -> Option<Int<'g>> {
    Some(match handle.tag() {
        Tag::Small => Int::Small(i64::from(handle.detail())),
        Tag::Int => Int::Small(short_int(input, handle)?),
        Tag::Long1 | Tag::Long4 => {
            let payload = payload(input, handle)?;
            match text::small_long(payload) {
                Some(value) => Int::Small(value),
                None => Int::Long(payload),
            }
        }
        Tag::IntLine | Tag::LongLine => return int_line(input, handle),
        Tag::Const => match nodes.constant(handle.number())? {
            Const::Int(value) => Int::Small(*value),
            Const::BigInt(value) => Int::Big(Cow::Borrowed(value)),
            _ => return None,
        },
        _ => return None,
    })
}

/// The number of bytes looked at to decode a number that may be of any length; 0 for numbers that
/// are short by their nature.
#[inline]
pub(crate) fn number_len(nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> usize {
    match handle.tag() {
        Tag::Long1 => usize::from(handle.detail()),
        Tag::Long4 => payload(input, handle).map_or(0, <[u8]>::len),
        Tag::IntLine | Tag::LongLine | Tag::FloatLine => match handle.detail() {
            Handle::LONG => line(input, handle.offset() + 1, Handle::LONG).map_or(0, <[u8]>::len),
            len => usize::from(len),
        },
        Tag::Const => match nodes.constant(handle.number()) {
            Some(Const::BigInt(value)) => usize::try_from(value.bits() / 8).unwrap_or(usize::MAX),
            _ => 0,
        },
        _ => 0,
    }
}

fn int_line(input: &[u8], handle: Handle) -> Option<Int<'static>> {
    if let Some((value, _)) =
        decimal::decimal_line(input, handle.offset() + 1, handle.tag() == Tag::LongLine)
    {
        return Some(Int::Small(value));
    }
    let line = line(input, handle.offset() + 1, handle.detail())?;
    meter::decoded(line.len());
    // The machine has checked the number of digits.
    let decimal = match handle.tag() {
        Tag::IntLine => text::decode_int(line, usize::MAX),
        _ => text::decode_long(line, usize::MAX),
    };
    Some(match decimal.ok()? {
        Decimal::Bool(value) => Int::Small(i64::from(value)),
        Decimal::Int(value) => Int::Small(value),
        Decimal::Big(value) => Int::Big(Cow::Owned(value)),
    })
}

/// The value of a float.
#[inline]
pub(crate) fn float(nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> Option<f64> {
    match handle.tag() {
        Tag::Float8 => float8(input, handle),
        Tag::FloatLine => {
            let line = line(input, handle.offset() + 1, handle.detail())?;
            meter::decoded(line.len());
            text::decode_float(line).ok()
        }
        Tag::Const => match nodes.constant(handle.number())? {
            Const::Float(value) => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// The text of a handle that can be borrowed from the input; `None` for any other.
#[inline]
pub(crate) fn borrowed_text<'de>(
    nodes: &Nodes<'de>,
    input: &'de [u8],
    handle: Handle,
) -> Option<&'de str> {
    match handle.tag() {
        Tag::Shared => Some(nodes.shared(handle.number()).text),
        Tag::Str1 | Tag::Str4 | Tag::Str8 => {
            let payload = payload(input, handle)?;
            meter::decoded(payload.len());
            std::str::from_utf8(payload).ok()
        }
        Tag::StrLine => text_line(input, handle),
        Tag::Name => std::str::from_utf8(line(input, handle.offset(), handle.detail())?).ok(),
        Tag::Const => match nodes.constant(handle.number())? {
            Const::Str(Cow::Borrowed(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The bytes of text that the input, or a constant, has as they are. They are not checked again.
pub(crate) fn text_bytes<'de>(
    nodes: &Nodes<'de>,
    input: &'de [u8],
    handle: Handle,
) -> Option<&'de [u8]> {
    match handle.tag() {
        Tag::Shared => Some(nodes.shared(handle.number()).text.as_bytes()),
        Tag::Str1 | Tag::Str4 | Tag::Str8 => payload(input, handle),
        Tag::StrLine => line(input, handle.offset() + 1, handle.detail()),
        Tag::Const => match nodes.constant(handle.number())? {
            Const::Str(Cow::Borrowed(text)) => Some(text.as_bytes()),
            _ => None,
        },
        _ => None,
    }
}

/// Text of any spelling, surrogates included. No 8-bit strings.
pub(crate) fn text<'g>(nodes: &'g Nodes<'_>, input: &'g [u8], handle: Handle) -> Option<Text<'g>> {
    match handle.tag() {
        Tag::StrEscaped => {
            let line = line(input, handle.offset() + 1, Handle::LONG)?;
            meter::decoded(line.len());
            text::decode_raw_unicode_escape(line).ok()
        }
        Tag::Surrogates => Some(Text::Surrogates(Cow::Borrowed(payload(input, handle)?))),
        Tag::Const => match nodes.constant(handle.number())? {
            Const::Str(text) => Some(Text::Str(Cow::Borrowed(text))),
            Const::Surrogates(bytes) => Some(Text::Surrogates(Cow::Borrowed(bytes))),
            _ => None,
        },
        _ => borrowed_text(nodes, input, handle).map(|text| Text::Str(Cow::Borrowed(text))),
    }
}

/// Returns true if text, or an 8-bit string, takes more than `len` bytes; looks no further.
pub(crate) fn is_text_longer(nodes: &Nodes<'_>, input: &[u8], handle: Handle, len: usize) -> bool {
    match handle.tag() {
        Tag::StrEscaped | Tag::CharsLine => is_line_longer(input, handle.offset() + 1, len),
        Tag::StrLine | Tag::Name if handle.detail() == Handle::LONG => true,
        _ => text_len(nodes, input, handle) > len,
    }
}

/// The number of bytes that a name takes as UTF-8, however it is spelled. Of a line that is longer
/// than one with a name can be, its own length.
pub(crate) fn name_len(nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> usize {
    let len = text_len(nodes, input, handle);
    if handle.tag() != Tag::StrEscaped || len > limits::ESCAPED_NAME {
        return len;
    }
    plain_text(nodes, input, handle).map_or(len, |text| text.len())
}

/// The number of bytes that text, or an 8-bit string, takes in the input or among the constants: at
/// least half as many as it has decoded. Of a long line the end is searched for, which is work:
/// see `Cx::charge_look`.
pub(crate) fn text_len(nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> usize {
    let bytes = match handle.tag() {
        Tag::Shared => return nodes.shared(handle.number()).text.len(),
        Tag::StrLine => line(input, handle.offset() + 1, handle.detail()),
        Tag::Name => line(input, handle.offset(), handle.detail()),
        Tag::StrEscaped | Tag::CharsLine => line(input, handle.offset() + 1, Handle::LONG),
        Tag::Const => match nodes.constant(handle.number()) {
            Some(Const::Str(text)) => Some(text.as_bytes()),
            _ => None,
        },
        _ => payload(input, handle),
    };
    bytes.map_or(0, <[u8]>::len)
}

/// Text without surrogates.
pub(crate) fn plain_text<'g>(
    nodes: &'g Nodes<'_>,
    input: &'g [u8],
    handle: Handle,
) -> Option<Cow<'g, str>> {
    match text(nodes, input, handle)? {
        Text::Str(text) => Some(text),
        Text::Surrogates(_) => None,
    }
}

/// The bytes of text without surrogates, as UTF-8 that has been checked.
pub(crate) fn plain_bytes<'g>(
    nodes: &'g Nodes<'_>,
    input: &'g [u8],
    handle: Handle,
) -> Option<Cow<'g, [u8]>> {
    if let Some(bytes) = text_bytes(nodes, input, handle) {
        return Some(Cow::Borrowed(bytes));
    }
    Some(match plain_text(nodes, input, handle)? {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// The extension code that the opcode at `at` has for its argument.
pub(crate) fn extension_code(input: &[u8], at: usize) -> Option<u32> {
    let argument = input.get(at + 1..)?;
    Some(match Opcode::from_byte(*input.get(at)?)? {
        Opcode::Ext1 => u32::from(*argument.first()?),
        Opcode::Ext2 => u32::from(u16::from_le_bytes(*argument.first_chunk()?)),
        _ => u32::from_le_bytes(*argument.first_chunk()?),
    })
}

/// The bytes of Python 2's 8-bit strings, escapes undone.
pub(crate) fn chars(input: &[u8], handle: Handle) -> Option<Cow<'_, [u8]>> {
    match handle.tag() {
        Tag::Chars1 | Tag::Chars4 => payload(input, handle).map(Cow::Borrowed),
        Tag::CharsLine => {
            let line = line(input, handle.offset() + 1, Handle::LONG)?;
            meter::decoded(line.len());
            text::decode_string(line).ok()
        }
        _ => None,
    }
}

/// The bytes of a bytes object.
#[inline]
pub(crate) fn bytes<'de>(
    nodes: &Nodes<'de>,
    input: &'de [u8],
    handle: Handle,
) -> Option<&'de [u8]> {
    match handle.tag() {
        Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 => payload(input, handle),
        Tag::Const => match nodes.constant(handle.number())? {
            Const::Bytes(Cow::Borrowed(bytes)) => Some(bytes),
            Const::Raw { start, len } => input.get(*start..)?.get(..*len),
            _ => None,
        },
        _ => None,
    }
}
