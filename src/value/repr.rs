//! Python's `repr` of text, bytes and numbers, character for character.
//!
//! The containers around them are in `display.rs`. Source: CPython's `unicode_repr`, `PyBytes_Repr`
//! and `bytearray_repr`; the tests ask Python itself.

use std::fmt::{self, Write};

use num_bigint::BigInt;

use super::Complex;
use crate::escape::{is_printable, write_escape};
use crate::stdlib::surrogates::{Piece, pieces};
use crate::{float, limits};

/// Writes a `str`, given as runs of text and surrogates.
pub(super) fn write_str<'a>(
    out: &mut dyn Write,
    pieces: impl Iterator<Item = Piece<'a>> + Clone,
) -> fmt::Result {
    let quote = quote(pieces.clone().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_bytes()),
        _ => None,
    }));
    out.write_char(quote)?;
    for piece in pieces {
        match piece {
            Piece::Text(text) => write_text(out, text, quote)?,
            Piece::Surrogate(code) => write!(out, "\\u{code:04x}")?,
            Piece::Malformed => {}
        }
    }
    out.write_char(quote)
}

/// Writes a `str` without surrogates.
pub(crate) fn write_plain_str(out: &mut dyn Write, text: &str) -> fmt::Result {
    write_str(out, [Piece::Text(text)].into_iter())
}

/// Writes a `str` given as UTF-8 in which each surrogate is three bytes.
pub(crate) fn write_surrogates(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    write_str(out, pieces(bytes))
}

fn write_text(out: &mut dyn Write, text: &str, quote: char) -> fmt::Result {
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        if is_printable(c) && c != quote && c != '\\' {
            continue;
        }
        // A printable stretch goes out in one piece.
        out.write_str(text.get(plain..at).unwrap_or_default())?;
        plain = at + c.len_utf8();
        match c {
            '\\' | '\'' | '"' => write!(out, "\\{c}")?,
            _ => write_escape(out, c)?,
        }
    }
    out.write_str(text.get(plain..).unwrap_or_default())
}

/// Writes a `bytes`.
pub(crate) fn write_bytes(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    let quote = quote([bytes].into_iter());
    write_bytes_in(out, bytes, quote, quote)
}

/// Writes a `bytearray`. It has a `bytes` within, whose single quotes are escaped even where double
/// ones surround it.
pub(crate) fn write_bytearray(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    out.write_str("bytearray(")?;
    write_bytes_in(out, bytes, quote([bytes].into_iter()), '\'')?;
    out.write_char(')')
}

fn write_bytes_in(out: &mut dyn Write, bytes: &[u8], quote: char, escaped: char) -> fmt::Result {
    write!(out, "b{quote}")?;
    for &byte in bytes {
        match byte {
            b'\t' => out.write_str("\\t")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\\' => out.write_str("\\\\")?,
            _ if char::from(byte) == escaped => write!(out, "\\{escaped}")?,
            b' '..=b'~' => out.write_char(byte.into())?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    out.write_char(quote)
}

/// Single quotes, unless the text has single quotes and no double ones.
fn quote<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> char {
    let (mut single, mut double) = (false, false);
    for piece in pieces {
        single |= memchr::memchr(b'\'', piece).is_some();
        double |= memchr::memchr(b'"', piece).is_some();
    }
    if single && !double { '"' } else { '\'' }
}

/// Writes a `float`: the shortest decimal that is read as the same float.
pub(crate) fn write_float(out: &mut dyn Write, value: f64) -> fmt::Result {
    out.write_str(&float::repr(value))
}

/// Writes a `complex`: its parts, without the `.0` that a float has.
pub(crate) fn write_complex(out: &mut dyn Write, Complex { re, im }: Complex) -> fmt::Result {
    let [re_text, im_text] = [re, im].map(float::repr);
    let [re_text, im_text] =
        [&re_text, &im_text].map(|text| text.strip_suffix(".0").unwrap_or(text));
    if re == 0.0 && re.is_sign_positive() {
        return write!(out, "{im_text}j");
    }
    // Python writes a NaN without its sign, and as if it had a plus.
    let plus = if im_text.starts_with('-') { "" } else { "+" };
    write!(out, "({re_text}{plus}{im_text}j)")
}

/// The decimal digits of an int, or `None` if there are more than [`limits::INT_DIGITS`]: the
/// conversion is not linear.
pub(crate) fn decimal(int: &BigInt) -> Option<String> {
    /// Any int of this many digits has at most this many bits: the digits times log2(10), rounded
    /// up.
    const BITS: u64 = limits::INT_DIGITS as u64 * 33_220 / 10_000 + 1;
    if int.bits() > BITS {
        return None;
    }
    let text = crate::digits::decimal(int);
    (text.trim_start_matches('-').len() <= limits::INT_DIGITS).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_are_converted_up_to_the_limit() {
        let most = BigInt::from(10).pow(limits::INT_DIGITS as u32) - 1;
        assert_eq!(decimal(&most).map(|text| text.len()), Some(limits::INT_DIGITS));
        assert_eq!(decimal(&-&most).map(|text| text.len()), Some(limits::INT_DIGITS + 1));
        assert_eq!(decimal(&(most + 1)), None);
        assert_eq!(decimal(&(BigInt::from(1) << 100_000_000_u32)), None);
    }
}
