//! The arguments of protocol 0, each a line.

use num_bigint::BigInt;

/// More decimal digits than this are refused, as by Python's `int`.
const MOST_DIGITS: usize = 4_300;

/// The value that INT pushes.
pub(super) enum Int {
    Bool(bool),
    Int(BigInt),
}

/// C strings end at a NUL.
fn c_string(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|&byte| byte == 0).unwrap_or(line.len());
    &line[..end]
}

fn is_space(byte: u8) -> bool {
    [b' ', b'\t', b'\n', b'\r', 0x0b, 0x0c].contains(&byte)
}

fn digit(byte: u8) -> u32 {
    (byte as char).to_digit(36).unwrap_or(99)
}

/// `int(text, base)` of Python, `base` 0 or 10.
pub(super) fn python_int(text: &[u8], base: u32) -> Option<BigInt> {
    let mut text = text.to_vec();
    while text.first().is_some_and(|&byte| is_space(byte)) {
        text.remove(0);
    }
    while text.last().is_some_and(|&byte| is_space(byte)) {
        text.pop();
    }
    let negative = text.first() == Some(&b'-');
    if negative || text.first() == Some(&b'+') {
        text.remove(0);
    }
    let mut radix = 10;
    if base == 0 && text.first() == Some(&b'0') && text.len() > 1 {
        radix = match text[1] {
            b'x' | b'X' => 16,
            b'o' | b'O' => 8,
            b'b' | b'B' => 2,
            _ => 10,
        };
        if radix != 10 {
            text.drain(..2);
            // One underscore may stand behind the prefix.
            if text.first() == Some(&b'_') {
                text.remove(0);
            }
        } else if text.iter().any(|byte| (b'1'..=b'9').contains(byte)) {
            return None;
        }
    }
    let mut value = BigInt::from(0);
    let mut digits = 0;
    let mut after_digit = false;
    for byte in text {
        if byte == b'_' {
            if !after_digit {
                return None;
            }
            after_digit = false;
        } else {
            if digit(byte) >= radix {
                return None;
            }
            value = value * radix + digit(byte);
            digits += 1;
            after_digit = true;
        }
    }
    if !after_digit || (radix == 10 && base == 0 && digits > MOST_DIGITS) {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// C's `strtol(text, &end, 0)`, where it takes all of the text.
fn strtol(text: &[u8]) -> Option<i64> {
    let mut rest = text;
    while rest.first().is_some_and(|&byte| is_space(byte)) {
        rest = &rest[1..];
    }
    let negative = rest.first() == Some(&b'-');
    if negative || rest.first() == Some(&b'+') {
        rest = &rest[1..];
    }
    let mut radix = 10;
    if rest.first() == Some(&b'0') && rest.len() > 1 {
        radix = 8;
        if matches!(rest[1], b'x' | b'X') {
            radix = 16;
            rest = &rest[2..];
        }
    }
    if rest.is_empty() {
        return None;
    }
    let mut value = 0_i128;
    for &byte in rest {
        if digit(byte) >= radix {
            return None;
        }
        value = value * i128::from(radix) + i128::from(digit(byte));
        if value > 1 << 64 {
            return None;
        }
    }
    i64::try_from(if negative { -value } else { value }).ok()
}

/// INT: by `strtol`, else by `int`. What has two characters and the value 0 or 1 is a bool.
pub(super) fn int(line: &[u8]) -> Option<Int> {
    let text = c_string(line);
    // `strtol` of nothing is 0.
    let small = if text.is_empty() { Some(0) } else { strtol(text) };
    match small {
        Some(value) if line.len() == 2 && (value == 0 || value == 1) => Some(Int::Bool(value == 1)),
        Some(value) => Some(Int::Int(value.into())),
        None => python_int(text, 0).map(Int::Int),
    }
}

/// LONG: an `L` at the end does not count.
pub(super) fn long(line: &[u8]) -> Option<BigInt> {
    let line = match line {
        [rest @ .., b'L'] => rest,
        line => line,
    };
    python_int(c_string(line), 0)
}

/// FLOAT: `[+-] digits [. digits] [e [+-] digits]`, or `inf`, `infinity`, `nan`; no blanks, and
/// what overflows is refused.
pub(super) fn float(line: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(c_string(line)).ok()?;
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if ["inf", "infinity", "nan"].contains(&body.to_ascii_lowercase().as_str()) {
        return text.parse().ok();
    }
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !all_digits(digits) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// The index of GET and PUT: `int(text)`, and not negative. What is beyond 63 bits is refused:
/// CPython has no such array.
pub(super) fn index(line: &[u8]) -> Option<u64> {
    let value = python_int(c_string(line), 10)?;
    i64::try_from(value).ok().and_then(|value| u64::try_from(value).ok())
}

/// STRING: a bytes literal in its quotes.
pub(super) fn string(line: &[u8]) -> Option<Vec<u8>> {
    let (&first, &last) = (line.first()?, line.last()?);
    if line.len() < 2 || first != last || !(first == b'\'' || first == b'"') {
        return None;
    }
    let body = &line[1..line.len() - 1];
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < body.len() {
        if body[at] != b'\\' {
            bytes.push(body[at]);
            at += 1;
            continue;
        }
        let escape = *body.get(at + 1)?;
        at += 2;
        let simple = b"\\'\"abtnvfr".iter().position(|&byte| byte == escape);
        if let Some(simple) = simple {
            bytes.push(b"\\'\"\x07\x08\t\n\x0b\x0c\r"[simple]);
        } else if (b'0'..=b'7').contains(&escape) {
            let mut value = digit(escape);
            for _ in 0..2 {
                if let Some(&next) = body.get(at)
                    && digit(next) < 8
                {
                    value = value * 8 + digit(next);
                    at += 1;
                } else {
                    break;
                }
            }
            bytes.push((value % 256) as u8);
        } else if escape == b'x' {
            let (high, low) = (digit(*body.get(at)?), digit(*body.get(at + 1)?));
            if high >= 16 || low >= 16 {
                return None;
            }
            bytes.push((high * 16 + low) as u8);
            at += 2;
        } else {
            bytes.extend([b'\\', escape]);
        }
    }
    Some(bytes)
}

/// UNICODE: latin-1 with the escapes `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn unicode(line: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let byte = line[at];
        at += 1;
        if byte != b'\\' || at == line.len() {
            push(&mut text, u32::from(byte));
            continue;
        }
        let count = match line[at] {
            b'u' => 4,
            b'U' => 8,
            other => {
                push(&mut text, u32::from(b'\\'));
                push(&mut text, u32::from(other));
                at += 1;
                continue;
            }
        };
        let mut point = 0_u32;
        for &byte in line.get(at + 1..at + 1 + count)? {
            if digit(byte) >= 16 {
                return None;
            }
            point = point * 16 + digit(byte);
        }
        if point > 0x10_ffff {
            return None;
        }
        push(&mut text, point);
        at += 1 + count;
    }
    Some(text)
}

/// Appends a code point, which may be a surrogate, in as many bytes as UTF-8 has for its size.
fn push(text: &mut Vec<u8>, point: u32) {
    let low = |shift: u32| 0x80 | (point >> shift & 0x3f) as u8;
    match point {
        0..0x80 => text.push(point as u8),
        0x80..0x800 => text.extend([0xc0 | (point >> 6) as u8, low(0)]),
        0x800..0x1_0000 => text.extend([0xe0 | (point >> 12) as u8, low(6), low(0)]),
        _ => text.extend([0xf0 | (point >> 18) as u8, low(12), low(6), low(0)]),
    }
}

/// Returns true if bytes are UTF-8 in which surrogates may stand: each code point is decoded, and
/// encoded again must be the same.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let (len, high) = match bytes[at] {
            0..0x80 => (1, u32::from(bytes[at])),
            0xc0..0xe0 => (2, u32::from(bytes[at] & 0x1f)),
            0xe0..0xf0 => (3, u32::from(bytes[at] & 0x0f)),
            0xf0..0xf8 => (4, u32::from(bytes[at] & 0x07)),
            _ => return false,
        };
        let Some(sequence) = bytes.get(at..at + len) else { return false };
        if sequence[1..].iter().any(|byte| byte & 0xc0 != 0x80) {
            return false;
        }
        let point =
            sequence[1..].iter().fold(high, |point, byte| point << 6 | u32::from(byte & 0x3f));
        let mut again = Vec::new();
        push(&mut again, point);
        if again != sequence || point > 0x10_ffff {
            return false;
        }
        at += len;
    }
    true
}
