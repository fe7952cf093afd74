//! The text forms of protocol 0: raw-unicode-escape, and floats as Python's `repr` prints them.

use crate::error::{Error, Result};
use crate::stdlib::surrogates::{Piece, pieces};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `text` in raw-unicode-escape, as the argument of UNICODE.
///
/// Latin-1 stays one byte each, except what would end or change the line: backslash, NUL, LF, CR,
/// and 0x1a, which ends a text file on Windows. Source: `raw_unicode_escape` in CPython's
/// `Modules/_pickle.c`.
pub(super) fn write_raw_unicode_escape(out: &mut Vec<u8>, text: &str) {
    text.chars().for_each(|c| escape(out, u32::from(c)));
}

/// The same for text with lone surrogates, each in three bytes; other bytes that are not UTF-8 are
/// an error.
pub(super) fn write_raw_unicode_escape_surrogates(out: &mut Vec<u8>, text: &[u8]) -> Result<()> {
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => write_raw_unicode_escape(out, text),
            Piece::Surrogate(code) => escape(out, u32::from(code)),
            Piece::Malformed => return Err(malformed()),
        }
    }
    Ok(())
}

/// An error unless `text` is UTF-8 but for surrogates of three bytes each: what Python decodes with
/// `surrogatepass`.
pub(super) fn check_surrogates(text: &[u8]) -> Result<()> {
    if pieces(text).any(|piece| matches!(piece, Piece::Malformed)) {
        Err(malformed())
    } else {
        Ok(())
    }
}

#[cold]
fn malformed() -> Error {
    Error::data("text with surrogates that is otherwise not UTF-8")
}

fn escape(out: &mut Vec<u8>, code: u32) {
    let (letter, digits) = match code {
        0 | 0x0a | 0x0d | 0x1a | 0x5c | 0x100..=0xffff => (b'u', 4),
        0x1_0000.. => (b'U', 8),
        // Only codes below 0x100 are left.
        _ => return out.push(code as u8),
    };
    out.extend_from_slice(&[b'\\', letter]);
    // Four bits are always an index of 16 digits.
    (0..digits).rev().for_each(|digit| out.push(HEX[(code >> (4 * digit) & 15) as usize]));
}

/// A float as `repr` prints it.
pub(super) fn write_float_repr(out: &mut Vec<u8>, float: f64) {
    out.extend_from_slice(crate::float::repr(float).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_in_python() {
        for (float, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (1e15, "1000000000000000.0"),
            (9007199254740993e0, "9007199254740992.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
            (0.00011, "0.00011"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e100, "1e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
        ] {
            let mut out = Vec::new();
            write_float_repr(&mut out, float);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn what_would_break_the_line_is_escaped() {
        let mut out = Vec::new();
        write_raw_unicode_escape(&mut out, "a\\\0\n\r\u{1a}é\u{100}\u{1f40d}");
        assert_eq!(out, b"a\\u005c\\u0000\\u000a\\u000d\\u001a\xe9\\u0100\\U0001f40d");
    }

    #[test]
    fn surrogates_are_escaped_one_by_one_and_other_bytes_refused() {
        let mut out = Vec::new();
        write_raw_unicode_escape_surrogates(&mut out, b"a\xed\xa0\xbd\xed\xb8\x80\xed\xbf\xbfz")
            .unwrap();
        assert_eq!(out, b"a\\ud83d\\ude00\\udfffz");
        for bad in [&b"\xff"[..], b"\xed\xa0", b"a\xed\xa0\x00", b"\xc0\x80"] {
            assert!(check_surrogates(bad).is_err(), "{bad:?}");
        }
        assert!(check_surrogates("h\u{e9}\u{1f40d}".as_bytes()).is_ok());
    }
}
