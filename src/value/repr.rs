//! Python's `repr` of text, bytes and numbers, character for character.
//!
//! The containers around them are in `display.rs`. Source: CPython's `unicode_repr`, `PyBytes_Repr`,
//! `PyOS_double_to_string`; the tests ask Python itself.

use std::fmt::{self, Write};

use num_bigint::BigInt;

use super::Complex;
use super::text::Part;
use crate::limits;

/// Writes a `str`, given as runs of text and surrogates.
pub(crate) fn write_str<'a>(out: &mut dyn Write, parts: impl Iterator<Item = Part<'a>> + Clone) -> fmt::Result {
    let quote = quote(parts.clone().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_bytes()),
        _ => None,
    }));
    out.write_char(quote)?;
    for part in parts {
        match part {
            Part::Text(text) => write_text(out, text, quote)?,
            Part::Surrogate(code) => write!(out, "\\u{code:04x}")?,
            Part::Malformed => {}
        }
    }
    out.write_char(quote)
}

fn write_text(out: &mut dyn Write, text: &str, quote: char) -> fmt::Result {
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        if is_printable(c) && c != quote && c != '\\' {
            continue;
        }
        // What is printable goes out in one piece.
        out.write_str(text.get(plain..at).unwrap_or_default())?;
        plain = at + c.len_utf8();
        match c {
            '\t' => out.write_str("\\t")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\\' | '\'' | '"' => write!(out, "\\{c}")?,
            _ => match u32::from(c) {
                code @ 0..0x100 => write!(out, "\\x{code:02x}")?,
                code @ 0x100..0x1_0000 => write!(out, "\\u{code:04x}")?,
                code => write!(out, "\\U{code:08x}")?,
            },
        }
    }
    out.write_str(text.get(plain..).unwrap_or_default())
}

/// Python's `str.isprintable` for one character.
///
/// The standard library escapes in its `Debug` of text what has the same Unicode categories (C*, Z* but for the space),
/// and, at the start of the text only, combining marks; so it is asked about a text of two characters. Its Unicode
/// version may be newer than a given Python's: the two differ on characters that were assigned between.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = [b'.'; 5];
    let end = 1 + c.encode_utf8(&mut buffer[1..]).len();
    str::from_utf8(&buffer[..end]).is_ok_and(|text| text.escape_debug().count() == 2)
}

/// Writes a `bytes`.
pub(crate) fn write_bytes(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    let quote = quote([bytes].into_iter());
    write!(out, "b{quote}")?;
    for &byte in bytes {
        match byte {
            b'\t' => out.write_str("\\t")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\\' => out.write_str("\\\\")?,
            _ if char::from(byte) == quote => write!(out, "\\{quote}")?,
            b' '..=b'~' => out.write_char(byte.into())?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    out.write_char(quote)
}

/// Single quotes, unless there are such in the text and no double ones.
fn quote<'a>(parts: impl Iterator<Item = &'a [u8]>) -> char {
    let (mut single, mut double) = (false, false);
    for part in parts {
        single |= memchr::memchr(b'\'', part).is_some();
        double |= memchr::memchr(b'"', part).is_some();
    }
    if single && !double { '"' } else { '\'' }
}

/// Writes a `float`: the shortest decimal that is read as the same float.
pub(crate) fn write_float(out: &mut dyn Write, float: f64) -> fmt::Result {
    write_decimal(out, float, ".0")
}

/// Writes a `complex`.
pub(crate) fn write_complex(out: &mut dyn Write, Complex { re, im }: Complex) -> fmt::Result {
    if re == 0.0 && re.is_sign_positive() {
        write_decimal(out, im, "")?;
        return out.write_char('j');
    }
    out.write_char('(')?;
    write_decimal(out, re, "")?;
    // Python writes NaN without its sign, and the plus of a NaN.
    if im.is_nan() || im.is_sign_positive() {
        out.write_char('+')?;
    }
    write_decimal(out, im, "")?;
    out.write_str("j)")
}

/// Writes a float; `integral` is what stands behind one without fraction and exponent.
fn write_decimal(out: &mut dyn Write, float: f64, integral: &str) -> fmt::Result {
    if float.is_nan() {
        return out.write_str("nan");
    }
    if float.is_sign_negative() {
        out.write_char('-')?;
    }
    let size = float.abs();
    if size.is_infinite() {
        out.write_str("inf")
    } else if size == 0.0 || (1e-4..1e16).contains(&size) {
        // Rust's own form has no exponent, and no fraction where there is none.
        write!(out, "{size}")?;
        out.write_str(if size.fract() == 0.0 { integral } else { "" })
    } else {
        // Rust writes `1.5e-7`, Python `1.5e-07`.
        let digits = format!("{size:e}");
        let (digits, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        write!(out, "{digits}e{sign}{exponent:0>2}")
    }
}

/// The decimal digits of an int, or `None` if there are more than [`limits::INT_DIGITS`]: the conversion is not linear.
pub(crate) fn decimal(int: &BigInt) -> Option<String> {
    /// Any int of this many digits has at most this many bits: the digits times log2(10), rounded up.
    const BITS: u64 = limits::INT_DIGITS as u64 * 33_220 / 10_000 + 1;
    if int.bits() > BITS {
        return None;
    }
    let text = int.to_string();
    (text.trim_start_matches('-').len() <= limits::INT_DIGITS).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(float: f64) -> String {
        let mut text = String::new();
        write_float(&mut text, float).unwrap();
        text
    }

    #[test]
    fn floats_change_to_exponents_where_pythons_do() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e100, "1.5e+100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn ints_are_converted_up_to_the_limit() {
        let most = BigInt::from(10).pow(limits::INT_DIGITS as u32) - 1;
        assert_eq!(decimal(&most).map(|text| text.len()), Some(limits::INT_DIGITS));
        assert_eq!(decimal(&-&most).map(|text| text.len()), Some(limits::INT_DIGITS + 1));
        assert_eq!(decimal(&(most + 1)), None);
        assert_eq!(decimal(&(BigInt::from(1) << 100_000_000_u32)), None);
    }
}
