//! The text forms of protocol 0, and UTF-8 as Python means it.
//!
//! Each function decodes one argument that `Cursor` has cut out, without its newline, and borrows
//! from it where nothing has to be unescaped. The rules are those of CPython up to 3.13, whose C
//! code leans on `strtol` and `PyLong_FromString`: INT takes hex and octal, LONG takes `0x`, `0o`,
//! `0b` and underscores, FLOAT takes neither blanks nor underscores. Characters behind a NUL in a
//! number are ignored, because C ends a string there.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::decimal::plain_decimal;
use crate::error::Error;

/// An error in a text; the caller knows where it is.
#[derive(Debug)]
pub(crate) enum Malformed {
    Syntax(Cow<'static, str>),
    Limit(Cow<'static, str>),
}

impl From<&'static str> for Malformed {
    #[cold]
    fn from(what: &'static str) -> Self {
        Self::Syntax(what.into())
    }
}

impl Malformed {
    #[cold]
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Syntax(what) => Error::syntax(what),
            Self::Limit(what) => Error::limit(what),
        }
    }
}

type Result<T> = std::result::Result<T, Malformed>;

/// An int or bool read from decimal.
#[derive(Debug, PartialEq)]
pub(crate) enum Decimal {
    Bool(bool),
    Int(i64),
    Big(BigInt),
}

impl Decimal {
    fn from_big(value: BigInt) -> Self {
        i64::try_from(&value).map_or_else(|_| Self::Big(value), Self::Int)
    }

    /// The index of GET or PUT as a number to show; one beyond 64 bits cannot be in any memo and is
    /// shown as −1.
    pub(crate) fn from_index(index: Option<u64>) -> Self {
        match index {
            Some(index) => Self::from_big(index.into()),
            None => Self::Int(-1),
        }
    }
}

/// Text, which in Python may hold lone surrogates.
#[derive(Debug, PartialEq)]
pub(crate) enum Text<'a> {
    Str(Cow<'a, str>),
    /// UTF-8 in which each lone surrogate is three bytes.
    Surrogates(Cow<'a, [u8]>),
}

/// The argument of INT. Exactly two characters with the value 0 or 1 (`00`, `01`, but also `+1`)
/// are a bool.
pub(crate) fn decode_int(line: &[u8], digits: usize) -> Result<Decimal> {
    if let Some(value) = plain_decimal(line) {
        return Ok(Decimal::Int(value));
    }
    let text = until_nul(line);
    // `strtol` finds nothing in an empty string, gives 0, and stops at the NUL, which is an end to
    // CPython.
    let value = if text.is_empty() && !line.is_empty() { Some(0) } else { strtol(text) };
    match value {
        Some(value @ (0 | 1)) if line.len() == 2 => Ok(Decimal::Bool(value == 1)),
        Some(value) => Ok(Decimal::Int(value)),
        None => python_int(text, digits).map(Decimal::from_big),
    }
}

/// The argument of LONG: an int of any size with or without an `L` behind it.
pub(crate) fn decode_long(line: &[u8], digits: usize) -> Result<Decimal> {
    let line = line.strip_suffix(b"L").unwrap_or(line);
    if let Some(value) = plain_decimal(line) {
        return Ok(Decimal::Int(value));
    }
    python_int(until_nul(line), digits).map(Decimal::from_big)
}

fn until_nul(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// C's `isspace`, which is also `Py_ISSPACE`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    text
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// C's `strtol(text, &end, 0)` where it takes the whole text and does not overflow.
fn strtol(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(trim_start(text));
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', hex @ ..] if !hex.is_empty() => (16, hex),
        [b'0', octal @ ..] if !octal.is_empty() => (8, octal),
        decimal => (10, decimal),
    };
    if !digits.iter().all(u8::is_ascii_hexdigit) || digits.is_empty() {
        return None;
    }
    let magnitude = i128::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Python's `int(text, 0)`.
fn python_int(text: &[u8], max_digits: usize) -> Result<BigInt> {
    const NOT_AN_INT: &str = "the argument is not an int";

    let mut text = trim_start(text);
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    let (negative, text) = split_sign(text);
    let (radix, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest.strip_prefix(b"_").unwrap_or(rest)),
        [b'0', b'o' | b'O', rest @ ..] => (8, rest.strip_prefix(b"_").unwrap_or(rest)),
        [b'0', b'b' | b'B', rest @ ..] => (2, rest.strip_prefix(b"_").unwrap_or(rest)),
        _ => (10, text),
    };
    // Underscores stand between digits, one at a time.
    let misplaced = |pair: &[u8]| pair == b"__";
    if digits.first().is_none_or(|&b| b == b'_')
        || digits.last() == Some(&b'_')
        || digits.windows(2).any(misplaced)
    {
        return Err(NOT_AN_INT.into());
    }
    let digits: Vec<u8> = digits.iter().copied().filter(|&byte| byte != b'_').collect();
    if !digits.iter().all(|&byte| char::from(byte).is_digit(radix)) {
        return Err(NOT_AN_INT.into());
    }
    if radix == 10
        && digits.len() > 1
        && digits.first() == Some(&b'0')
        && digits.iter().any(|&b| b != b'0')
    {
        return Err("a decimal int has leading zeros".into());
    }
    check_digits(radix, digits.len(), max_digits)?;
    let magnitude = BigInt::from(crate::digits::parse(&digits, radix).ok_or(NOT_AN_INT)?);
    Ok(if negative { -magnitude } else { magnitude })
}

/// Checks the limit of digits. Only decimal takes more than linear time to convert, so only decimal
/// has one.
fn check_digits(radix: u32, digits: usize, max_digits: usize) -> Result<()> {
    if radix == 10 && digits > max_digits {
        return Err(Malformed::Limit(
            format!("an int of {digits} digits exceeds the limit of {max_digits} digits").into(),
        ));
    }
    Ok(())
}

/// The memo index under GET and PUT. `None` is one that no memo can have.
pub(crate) fn memo_index(line: &[u8]) -> Result<Option<u64>> {
    const NOT_AN_INDEX: &str = "the argument is not a memo index";

    if let Some(index) = plain_decimal(line) {
        return Ok(u64::try_from(index).ok());
    }
    let mut text = trim_start(until_nul(line));
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    let (negative, digits) = split_sign(text);
    let fine = !digits.is_empty()
        && digits.first() != Some(&b'_')
        && digits.last() != Some(&b'_')
        && !digits.windows(2).any(|pair| pair == b"__")
        && digits.iter().all(|&byte| byte.is_ascii_digit() || byte == b'_');
    if !fine {
        return Err(NOT_AN_INDEX.into());
    }
    let mut index = Some(0u64);
    for digit in digits.iter().filter(|&&byte| byte != b'_') {
        index = index.and_then(|index| index.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    }
    Ok(index.filter(|&index| i64::try_from(index).is_ok() && (!negative || index == 0)))
}

/// The argument of FLOAT: what Python's `repr` gives, `inf` and `nan` included.
pub(crate) fn decode_float(line: &[u8]) -> Result<f64> {
    const NOT_A_FLOAT: &str = "the argument is not a float";

    let text = std::str::from_utf8(until_nul(line)).map_err(|_| NOT_A_FLOAT)?;
    let value: f64 = text.parse().map_err(|_| NOT_A_FLOAT)?;
    if value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err("a float is too large".into());
    }
    Ok(value)
}

/// The argument of STRING: quotes around an 8-bit string with the escapes of a bytes literal.
pub(crate) fn decode_string(line: &[u8]) -> Result<Cow<'_, [u8]>> {
    let body = match line {
        [b'\'', body @ .., b'\''] | [b'"', body @ .., b'"'] => body,
        [.., b'\r'] => {
            return Err(
                "a line ends in CR LF: the pickle was written or copied as a text file".into()
            );
        }
        _ => return Err("the argument of STRING is not in quotes".into()),
    };
    decode_escapes(body)
}

/// The escapes of a bytes literal undone.
pub(crate) fn decode_escapes(body: &[u8]) -> Result<Cow<'_, [u8]>> {
    let Some(first) = memchr::memchr(b'\\', body) else {
        return Ok(Cow::Borrowed(body));
    };
    let mut out = Vec::with_capacity(body.len());
    let (plain, mut rest) = body.split_at(first);
    out.extend_from_slice(plain);
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let [escape, tail @ ..] = rest else {
            return Err("a backslash ends the argument of STRING".into());
        };
        rest = tail;
        match escape {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(*escape),
            b'a' => out.push(0x07),
            b'b' => out.push(0x08),
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'v' => out.push(0x0b),
            b'f' => out.push(0x0c),
            b'r' => out.push(b'\r'),
            b'0'..=b'7' => {
                let mut value = u32::from(escape - b'0');
                for _ in 0..2 {
                    let [digit @ b'0'..=b'7', tail @ ..] = rest else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    rest = tail;
                }
                // Three octal digits reach 511; C keeps the low eight bits.
                out.push(value as u8);
            }
            b'x' => match rest {
                [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    out.push((hex(*high) << 4 | hex(*low)) as u8);
                    rest = tail;
                }
                _ => return Err("an escape \\x in STRING lacks its two hex digits".into()),
            },
            // An unknown escape keeps its backslash.
            other => out.extend_from_slice(&[b'\\', *other]),
        }
    }
    Ok(Cow::Owned(out))
}

/// The value of a hex digit; 0 for anything else, which the caller must have ruled out.
fn hex(digit: u8) -> u32 {
    char::from(digit).to_digit(16).unwrap_or(0)
}

/// The argument of UNICODE: latin-1 in which only `\u` and `\U` are escapes.
pub(crate) fn decode_raw_unicode_escape(line: &[u8]) -> Result<Text<'_>> {
    if line.is_ascii() && memchr::memchr(b'\\', line).is_none() {
        // ASCII is UTF-8, so that this borrows whenever it is reached.
        return Ok(Text::Str(String::from_utf8_lossy(line)));
    }
    // A character of latin-1 is at most two bytes of UTF-8, and an escape of six or ten at most
    // four.
    let mut out = Vec::with_capacity(2 * line.len());
    let mut surrogates = false;
    let mut rest = line;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let width = match (*byte, rest.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            (b'\\', Some(&escaped)) => {
                push_code_point(&mut out, u32::from(b'\\'));
                push_code_point(&mut out, u32::from(escaped));
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            (byte, _) => {
                push_code_point(&mut out, u32::from(byte));
                continue;
            }
        };
        let digits =
            rest.get(1..1 + width).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return Err("an escape \\u or \\U in UNICODE lacks its hex digits".into());
        };
        let point = digits.iter().fold(0u32, |point, &digit| point << 4 | hex(digit));
        if point > 0x10_ffff {
            return Err("an escape \\U in UNICODE exceeds U+10FFFF".into());
        }
        surrogates |= (0xd800..0xe000).contains(&point);
        push_code_point(&mut out, point);
        rest = rest.get(1 + width..).unwrap_or_default();
    }
    if surrogates {
        return Ok(Text::Surrogates(out.into()));
    }
    match String::from_utf8(out) {
        Ok(text) => Ok(Text::Str(text.into())),
        Err(_) => Err("the argument of UNICODE is not text".into()),
    }
}

/// Appends a code point as UTF-8, a surrogate as the three bytes that `surrogatepass` gives it.
fn push_code_point(out: &mut Vec<u8>, point: u32) {
    match char::from_u32(point) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xe0 | (point >> 12) as u8,
            0x80 | (point >> 6 & 0x3f) as u8,
            0x80 | (point & 0x3f) as u8,
        ]),
    }
}

/// The argument of BINUNICODE and its kin: UTF-8 in which `surrogatepass` lets surrogates through.
pub(crate) fn decode_utf8(payload: &[u8]) -> Result<Text<'_>> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(Text::Str(text.into())),
        Err(_) if is_utf8_with_surrogates(payload) => Ok(Text::Surrogates(payload.into())),
        Err(_) => Err("text is not UTF-8".into()),
    }
}

/// Returns true if these bytes are UTF-8 once each three-byte surrogate is let through.
///
/// Takes linear time: every round goes on behind the surrogate that stopped the one before.
pub(crate) fn is_utf8_with_surrogates(mut bytes: &[u8]) -> bool {
    while let Err(error) = std::str::from_utf8(bytes) {
        match bytes.get(error.valid_up_to()..) {
            Some([0xed, 0xa0..=0xbf, 0x80..=0xbf, rest @ ..]) => bytes = rest,
            _ => return false,
        }
    }
    true
}

/// The value of a LONG1 or LONG4 that fits 64 bits: little-endian two's complement, 0 where it is
/// empty.
#[inline]
pub(crate) fn small_long(payload: &[u8]) -> Option<i64> {
    let len = payload.len();
    if len > 8 {
        return None;
    }
    if len == 0 {
        return Some(0);
    }
    let mut bytes = [0; 8];
    bytes.get_mut(..len)?.copy_from_slice(payload);
    // Shifting up and back down extends the sign.
    let unused = 64 - 8 * len as u32;
    Some(i64::from_le_bytes(bytes) << unused >> unused)
}

/// The same of one that fits 128 bits.
pub(crate) fn wide_long(payload: &[u8]) -> Option<i128> {
    let sign = payload.last().map_or(0, |byte| (*byte as i8 >> 7) as u8);
    let mut wide = [sign; 16];
    wide.get_mut(..payload.len())?.copy_from_slice(payload);
    Some(i128::from_le_bytes(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(line: &str) -> Option<Decimal> {
        decode_int(line.as_bytes(), 4300).ok()
    }

    #[test]
    fn int_lines_mean_what_c_makes_of_them() {
        for (line, value) in [
            ("7", 7),
            ("-7", -7),
            ("+12", 12),
            ("0x10", 16),
            ("010", 8),
            ("000", 0),
            (" 12", 12),
            ("1_000", 1000),
        ] {
            assert_eq!(int(line), Some(Decimal::Int(value)), "{line}");
        }
        for (line, value) in
            [("00", false), ("01", true), (" 1", true), ("+1", true), ("-0", false)]
        {
            assert_eq!(int(line), Some(Decimal::Bool(value)), "{line}");
        }
        for line in ["", "x", "1.5", "08", "1__0", "_1", "0x", "--1", "1 2"] {
            assert_eq!(int(line), None, "{line}");
        }
        assert_eq!(int("9223372036854775808"), Some(Decimal::Big(BigInt::from(1u64 << 63))));
    }

    #[test]
    fn a_decimal_int_has_a_limit_of_digits_and_hex_has_none() {
        let digits = "7".repeat(4300);
        assert!(decode_long(digits.as_bytes(), 4300).is_ok());
        assert!(matches!(
            decode_long(format!("{digits}7").as_bytes(), 4300),
            Err(Malformed::Limit(_))
        ));
        assert!(decode_long(format!("0x{digits}77").as_bytes(), 4300).is_ok());
    }

    #[test]
    fn floats_are_python_reprs_and_no_more() {
        assert_eq!(decode_float(b"1e+16").unwrap(), 1e16);
        assert!(decode_float(b"-inf").unwrap().is_infinite());
        assert!(decode_float(b"nan").unwrap().is_nan());
        assert!(decode_float(b"-0.0").unwrap().is_sign_negative());
        for line in [&b"1e999"[..], b" 1", b"1_0", b"1 ", b"", b"0x1p3"] {
            assert!(decode_float(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn string_escapes_are_those_of_bytes_literals() {
        assert_eq!(decode_string(br#"'a\'\x41\101\7\n\\\q"'"#).unwrap(), &b"a'AA\x07\n\\\\q\""[..]);
        assert_eq!(decode_string(br#"'\777'"#).unwrap(), &b"\xff"[..]);
        for line in [&b"abc"[..], b"'abc\"", b"'", b"'\\x4'", b"'\\'", b""] {
            assert!(decode_string(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn raw_unicode_escapes_leave_other_backslashes_alone() {
        let text = |line: &[u8]| match decode_raw_unicode_escape(line) {
            Ok(Text::Str(text)) => text.into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(b"\\\\u0041"), "\\\\u0041");
        assert_eq!(text(b"\\u005cu0041"), "\\u0041");
        assert_eq!(text(b"\xe9\\U0001f600\\"), "é😀\\");
        assert!(matches!(
            decode_raw_unicode_escape(b"\\ud83d\\ude00"),
            Ok(Text::Surrogates(bytes)) if bytes.len() == 6
        ));
        assert!(decode_raw_unicode_escape(b"\\u12").is_err());
        assert!(decode_raw_unicode_escape(b"\\U00110000").is_err());
    }

    #[test]
    fn surrogates_pass_and_other_faults_do_not() {
        assert!(is_utf8_with_surrogates(b"a\xed\xa0\x80\xed\xbf\xbfz"));
        for bytes in [&b"\xff"[..], b"\xed\xa0", b"\xc0\x80", b"\xf4\x90\x80\x80"] {
            assert!(!is_utf8_with_surrogates(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn small_longs_carry_their_sign() {
        assert_eq!(small_long(b""), Some(0));
        assert_eq!(small_long(b"\xff"), Some(-1));
        assert_eq!(small_long(b"\xff\x00"), Some(255));
        assert_eq!(small_long(&i64::MIN.to_le_bytes()), Some(i64::MIN));
        assert_eq!(small_long(&[0; 9]), None);
        assert_eq!(wide_long(b""), Some(0));
        assert_eq!(wide_long(b"\xff\xff"), Some(-1));
        assert_eq!(wide_long(&i128::MIN.to_le_bytes()), Some(i128::MIN));
        assert_eq!(wide_long(&[0; 17]), None);
    }
}
