//! Instructions as `pickletools.genops` reads them, for output that has to be that of
//! `pickletools`.
//!
//! An unpickler reads some of them differently, and so does
//! [`opcode::instructions`](crate::opcode::instructions): here numbers in text are decimal whatever
//! C's `strtol` makes of them, `00` and `01` are bools under GET and PUT too, lines with names have
//! their escapes undone, and PROTO may announce any protocol. Arguments that `pickletools` cannot
//! read and an unpickler can (ints in hex, names with a backslash) are read as the unpickler reads
//! them. Frames are ignored.

use std::borrow::Cow;

use foldhash::HashMap;
use num_bigint::BigInt;

use crate::error::{Error, Result};
use crate::instruction::{Argument, ArgumentKind, Opcode};
use crate::limits;
use crate::read::Cursor;
use crate::read::text::{self, Decimal};

/// One instruction with its place.
pub(super) struct Instruction<'a> {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) opcode: Opcode,
    pub(super) argument: Argument<'a>,
}

/// The instructions of the pickle that begins at byte `start`, from the first to STOP. Nothing
/// follows an error.
pub(super) fn genops(bytes: &[u8], start: usize) -> impl Iterator<Item = Result<Instruction<'_>>> {
    iterate(bytes, start, false)
}

/// The same from byte 0 on; a read that crosses the end of a frame is an error. The argument of
/// FRAME is left out.
pub(super) fn genops_in_frames(bytes: &[u8]) -> impl Iterator<Item = Result<Instruction<'_>>> {
    iterate(bytes, 0, true)
}

/// The one instruction that these bytes are.
pub(super) fn of_bytes(bytes: &[u8]) -> Result<Instruction<'_>> {
    read(&mut Cursor::new(bytes, 0), false)
}

fn iterate(
    bytes: &[u8],
    start: usize,
    heeds_frames: bool,
) -> impl Iterator<Item = Result<Instruction<'_>>> {
    let mut cursor = Cursor::new(bytes, start);
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let item = read(&mut cursor, heeds_frames);
        let item = item.map_err(|error| crate::read::explain(error, bytes, start));
        done = !matches!(&item, Ok(instruction) if instruction.opcode != Opcode::Stop);
        Some(item)
    })
}

fn read<'a>(cursor: &mut Cursor<'a>, heeds_frames: bool) -> Result<Instruction<'a>> {
    let opcode = cursor.read_opcode()?;
    let argument = match opcode {
        Opcode::Frame if heeds_frames => cursor.read_frame().map(|()| Argument::None)?,
        opcode => argument(cursor, opcode)?,
    };
    Ok(Instruction { at: cursor.opcode_position(), end: cursor.position(), opcode, argument })
}

fn argument<'a>(cursor: &mut Cursor<'a>, opcode: Opcode) -> Result<Argument<'a>> {
    Ok(match opcode.argument() {
        ArgumentKind::Uint1 => Argument::Int(cursor.read_uint1()?.into()),
        ArgumentKind::DecimalShort | ArgumentKind::DecimalLong => {
            let line = cursor.read_line()?;
            match decimal_line(line, opcode) {
                Some(decimal) => decimal.into(),
                None => Argument::from(cursor.checked(match opcode {
                    Opcode::Int => text::decode_int(line, limits::INT_DIGITS),
                    Opcode::Long => text::decode_long(line, limits::INT_DIGITS),
                    _ => memo_index(line),
                })?),
            }
        }
        ArgumentKind::FloatLine => {
            let line = cursor.read_line()?;
            match python_float(line) {
                Some(float) => Argument::Float(float),
                None => Argument::Float(cursor.checked(text::decode_float(line))?),
            }
        }
        ArgumentKind::StringLine => match cursor.read_line()? {
            // pickletools takes a single quote for both quotes.
            b"'" | b"\"" => Argument::Bytes(Cow::Borrowed(&[])),
            line => Argument::Bytes(cursor.checked(text::decode_string(line))?),
        },
        ArgumentKind::Line => {
            let line = cursor.read_line()?;
            Argument::Bytes(unescaped(line).unwrap_or(Cow::Borrowed(line)))
        }
        ArgumentKind::TwoLines => {
            let names = [cursor.read_line()?, cursor.read_line()?];
            let text = match names.map(unescaped) {
                [Some(module), Some(name)] => {
                    [module, name].map(|name| String::from_utf8_lossy(&name).into_owned())
                }
                _ => match names.map(std::str::from_utf8) {
                    [Ok(module), Ok(name)] => [module, name].map(str::to_owned),
                    _ => {
                        let error = Error::syntax("a global's module or name is not UTF-8");
                        return Err(error.at(cursor.opcode_position() as u64));
                    }
                },
            };
            Argument::Str(text.join(" ").into())
        }
        kind => cursor.read_argument(kind, opcode, limits::INT_DIGITS)?,
    })
}

/// A line of names or an id, its escapes undone; `None` if that is not UTF-8.
fn unescaped(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    text::decode_escapes(line).ok().filter(|text| std::str::from_utf8(text).is_ok())
}

/// The argument of INT, LONG, GET or PUT by Python's `int(bytes)`.
fn decimal_line(line: &[u8], opcode: Opcode) -> Option<Decimal> {
    let line = match (opcode, line) {
        (Opcode::Long, _) => line.strip_suffix(b"L").unwrap_or(line),
        (_, b"00") => return Some(Decimal::Bool(false)),
        (_, b"01") => return Some(Decimal::Bool(true)),
        _ => line,
    };
    let text = std::str::from_utf8(trimmed(line)).ok()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = without_underscores(digits)?;
    if digits.is_empty()
        || digits.len() > limits::INT_DIGITS
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let negative = text.starts_with('-');
    if let Ok(magnitude) = digits.parse::<i64>() {
        return Some(Decimal::Int(if negative { -magnitude } else { magnitude }));
    }
    let magnitude = BigInt::parse_bytes(digits.as_bytes(), 10)?;
    let value = if negative { -magnitude } else { magnitude };
    Some(i64::try_from(&value).map_or_else(|_| Decimal::Big(value), Decimal::Int))
}

/// The argument of GET or PUT as an unpickler takes it.
fn memo_index(line: &[u8]) -> Result<Decimal, text::Malformed> {
    match text::memo_index(line)? {
        Some(index) => Ok(Decimal::from_index(Some(index))),
        None => Err("the argument is not a memo index".into()),
    }
}

/// Python's `float(bytes)`.
fn python_float(line: &[u8]) -> Option<f64> {
    without_underscores(std::str::from_utf8(trimmed(line)).ok()?)?.parse().ok()
}

/// Without the white space of C around it.
fn trimmed(line: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = line.iter().position(|byte| !is_space(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    line.get(start..end).unwrap_or_default()
}

/// Underscores may stand between digits, one at a time.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let between = |at: usize| at > 0 && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1));
    let fine = text.match_indices('_').all(|(at, _)| between(at));
    fine.then(|| text.replace('_', "").into())
}

/// A map by memo index. `pickletools` takes any int for one.
pub(super) struct Indexes<T> {
    near: HashMap<i64, T>,
    far: HashMap<BigInt, T>,
}

impl<T> Default for Indexes<T> {
    fn default() -> Self {
        Self { near: HashMap::default(), far: HashMap::default() }
    }
}

impl<T> Indexes<T> {
    pub(super) fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    /// The entry under the index that is an instruction's argument.
    pub(super) fn get_mut(&mut self, index: &Argument<'_>) -> Option<&mut T> {
        match index {
            Argument::BigInt(index) => self.far.get_mut(index),
            index => self.near.get_mut(&near(index)?),
        }
    }

    pub(super) fn contains(&mut self, index: &Argument<'_>) -> bool {
        self.get_mut(index).is_some()
    }

    pub(super) fn insert(&mut self, index: &Argument<'_>, value: T) {
        match index {
            Argument::BigInt(index) => drop(self.far.insert(index.clone(), value)),
            index => drop(near(index).map(|index| self.near.insert(index, value))),
        }
    }
}

/// An index of 64 bits. A bool is an int, as in Python.
pub(super) fn near(index: &Argument<'_>) -> Option<i64> {
    match index {
        Argument::Int(index) => Some(*index),
        Argument::Bool(index) => Some((*index).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(pickle: &[u8]) -> Argument<'_> {
        genops(pickle, 0).next().unwrap().unwrap().argument
    }

    #[test]
    fn numbers_are_decimal() {
        for (line, value) in
            [("7", 7), ("010", 10), (" -5 ", -5), ("+1_000", 1000), (" 1", 1), ("0x10", 16)]
        {
            assert_eq!(only(format!("I{line}\n").as_bytes()), Argument::Int(value), "{line}");
        }
        assert_eq!(only(b"I01\n"), Argument::Bool(true));
        assert_eq!(only(b"p00\n"), Argument::Bool(false));
        assert_eq!(only(b"L01L\n"), Argument::Int(1));
        for line in ["", "_1", "1_", "1__0", "--1", "x"] {
            assert!(genops(format!("I{line}\n").as_bytes(), 0).next().unwrap().is_err(), "{line}");
        }
        for (line, value) in
            [("1.5", 1.5), (" 1_0.0_1e1_0\t", 10.01e10), ("1e999", f64::INFINITY), (".5", 0.5)]
        {
            assert_eq!(only(format!("F{line}\n").as_bytes()), Argument::Float(value), "{line}");
        }
        assert!(genops(b"F1_.5\n", 0).next().unwrap().is_err());
    }

    #[test]
    fn lines_lose_their_escapes_where_that_gives_text() {
        assert_eq!(only(b"ca\\xc3\\xa9\nb\n"), Argument::Str("aé b".into()));
        assert_eq!(only(b"ca\\xff\nb\n"), Argument::Str("a\\xff b".into()));
        assert_eq!(only(b"ca\\x41\nb\n"), Argument::Str("aA b".into()));
        assert_eq!(only(b"ca\\x\nb\n"), Argument::Str("a\\x b".into()));
        assert_eq!(only("cé\nb\n".as_bytes()), Argument::Str("é b".into()));
        assert_eq!(only(b"Pa\\tb\n"), Argument::Bytes(b"a\tb"[..].into()));
        assert_eq!(only(b"S'\n"), Argument::Bytes(b""[..].into()));
    }

    #[test]
    fn indexes_are_any_int() {
        let mut indexes = Indexes::default();
        for (number, index) in
            [Argument::Int(-1), Argument::Bool(true), Argument::BigInt(BigInt::from(1) << 70)]
                .into_iter()
                .enumerate()
        {
            assert!(!indexes.contains(&index));
            indexes.insert(&index, number);
            assert_eq!(indexes.get_mut(&index), Some(&mut number.clone()));
        }
        assert_eq!(indexes.get_mut(&Argument::Int(1)), Some(&mut 1));
        assert_eq!(indexes.len(), 3);
    }
}
