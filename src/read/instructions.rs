//! Any argument, decoded; and [`instructions`], the public iterator.

use super::text::{self, Decimal, Text};
use super::{Cursor, explain};
use crate::error::Result;
use crate::instruction::{Argument, ArgumentKind, Opcode};

impl<'a> Cursor<'a> {
    /// Reads any argument and decodes it.
    pub(crate) fn read_argument(
        &mut self,
        kind: ArgumentKind,
        opcode: Opcode,
        digits: usize,
    ) -> Result<Argument<'a>> {
        Ok(match kind {
            ArgumentKind::None => Argument::None,
            ArgumentKind::Uint1 if opcode == Opcode::Proto => {
                Argument::Int(i64::from(self.read_protocol()?))
            }
            ArgumentKind::Uint1 => Argument::Int(i64::from(self.read_uint1()?)),
            ArgumentKind::Uint2 => Argument::Int(i64::from(self.read_uint2()?)),
            ArgumentKind::Int4 => Argument::Int(i64::from(self.read_int4()?)),
            ArgumentKind::Uint4 => Argument::Int(i64::from(self.read_uint4()?)),
            ArgumentKind::Uint8 => {
                let value = self.read_uint8()?;
                i64::try_from(value).map_or_else(|_| Argument::BigInt(value.into()), Argument::Int)
            }
            ArgumentKind::DecimalShort | ArgumentKind::DecimalLong => {
                self.read_decimal(opcode, digits)?.into()
            }
            ArgumentKind::FloatLine => {
                let line = self.read_filled_line()?;
                Argument::Float(self.checked(text::decode_float(line))?)
            }
            ArgumentKind::Float8 => Argument::Float(self.read_float8()?),
            ArgumentKind::StringLine => {
                let line = self.read_filled_line()?;
                Argument::Bytes(self.checked(text::decode_string(line))?)
            }
            ArgumentKind::String1
            | ArgumentKind::String4
            | ArgumentKind::Bytes1
            | ArgumentKind::Bytes4
            | ArgumentKind::Bytes8
            | ArgumentKind::Bytearray8 => Argument::Bytes(self.read_counted(kind)?.into()),
            ArgumentKind::Line => {
                let line = self.read_line()?;
                std::str::from_utf8(line)
                    .map_or(Argument::Bytes(line.into()), |text| Argument::Str(text.into()))
            }
            ArgumentKind::TwoLines => {
                let (module, name) = self.read_names()?;
                Argument::Names(module, name)
            }
            ArgumentKind::UnicodeLine => {
                let line = self.read_line()?;
                Self::text_argument(self.checked(text::decode_raw_unicode_escape(line))?)
            }
            ArgumentKind::Unicode1 | ArgumentKind::Unicode4 | ArgumentKind::Unicode8 => {
                let payload = self.read_counted(kind)?;
                Self::text_argument(self.checked(text::decode_utf8(payload))?)
            }
            ArgumentKind::Long1 | ArgumentKind::Long4 => {
                Self::long_argument(self.read_counted(kind)?)
            }
        })
    }

    /// Reads the line of INT, LONG, GET or PUT.
    fn read_decimal(&mut self, opcode: Opcode, digits: usize) -> Result<Decimal> {
        let line = self.read_filled_line()?;
        self.checked(match opcode {
            Opcode::Int => text::decode_int(line, digits),
            Opcode::Long => text::decode_long(line, digits),
            _ => text::memo_index(line).map(Decimal::from_index),
        })
    }

    fn text_argument(text: Text<'a>) -> Argument<'a> {
        match text {
            Text::Str(text) => Argument::Str(text),
            Text::Surrogates(bytes) => Argument::Surrogates(bytes),
        }
    }

    fn long_argument(payload: &[u8]) -> Argument<'a> {
        match text::small_long(payload) {
            Some(value) => Argument::Int(value),
            None => Argument::BigInt(num_bigint::BigInt::from_signed_bytes_le(payload)),
        }
    }
}

impl From<Decimal> for Argument<'_> {
    fn from(decimal: Decimal) -> Self {
        match decimal {
            Decimal::Bool(value) => Self::Bool(value),
            Decimal::Int(value) => Self::Int(value),
            Decimal::Big(value) => Self::BigInt(value),
        }
    }
}

/// Takes a pickle apart into its instructions, from the first to STOP, without running any.
///
/// Each item is the offset of the opcode in bytes, the opcode and its argument, as Python's
/// `pickletools.genops` gives them. Like that, this ignores frames; readers of pickles refuse an
/// argument that crosses the end of one.
///
/// # Errors
/// An item is an error where the bytes are no instruction; nothing follows it. A decimal int of
/// more than 4,300 digits is [`ErrorKind::Limit`](crate::ErrorKind::Limit).
///
/// ```
/// use serde_pickle::opcode::{instructions, Argument, Opcode};
///
/// let found: Result<Vec<_>, _> = instructions(b"]K\x2aa.").collect();
/// let found = found?;
/// assert_eq!(found[0], (0, Opcode::EmptyList, Argument::None));
/// assert_eq!(found[1], (1, Opcode::Binint1, Argument::Int(42)));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn instructions(bytes: &[u8]) -> Instructions<'_> {
    instructions_within(bytes, crate::limits::INT_DIGITS)
}

/// The same with another limit for decimal ints.
pub(crate) fn instructions_within(bytes: &[u8], max_int_digits: usize) -> Instructions<'_> {
    Instructions { cursor: Cursor::new(bytes, 0), done: false, max_int_digits }
}

/// The iterator that [`instructions`] returns.
///
/// ```
/// use serde_pickle::opcode::{Instructions, instructions};
///
/// let mut all: Instructions<'_> = instructions(b"K\x01.rest");
/// assert_eq!((all.by_ref().count(), all.position()), (2, 3));
/// ```
#[derive(Clone)]
pub struct Instructions<'a> {
    cursor: Cursor<'a>,
    done: bool,
    max_int_digits: usize,
}

impl Instructions<'_> {
    /// The offset of the byte behind the last instruction: behind STOP, where the iteration is
    /// through.
    pub fn position(&self) -> u64 {
        self.cursor.at as u64
    }
}

impl<'a> Iterator for Instructions<'a> {
    type Item = Result<(u64, Opcode, Argument<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.cursor.read_opcode().and_then(|opcode| {
            self.done = opcode == Opcode::Stop;
            let argument =
                self.cursor.read_argument(opcode.argument(), opcode, self.max_int_digits)?;
            Ok((self.cursor.opcode_at as u64, opcode, argument))
        });
        self.done |= item.is_err();
        Some(item.map_err(|error| explain(error, self.cursor.bytes, 0)))
    }
}

impl std::iter::FusedIterator for Instructions<'_> {}

impl std::fmt::Debug for Instructions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instructions").field("position", &self.cursor.at).finish_non_exhaustive()
    }
}
