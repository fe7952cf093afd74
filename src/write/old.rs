//! The spellings that only protocols before the default one have: decimal lines, escaped text, and
//! bytes as a call. And text that is written once wherever it comes from, which is an option.
//!
//! They bring tables and number formatting along, so they are linked into programs that choose a
//! protocol or that option, and into no others: see `late.rs`.

use num_bigint::BigInt;

use super::choose::too_many_digits;
use super::global::{BYTES, ENCODE};
use super::{Emitter, text};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::late::Late;
use crate::limits;
use crate::protocol::Protocol;

static OLD: Late<Old> = Late::new();

pub(super) struct Old {
    /// An int, with opcode and line feed.
    pub(super) int: fn(&mut Emitter, i128),
    /// One of more than 16 bytes.
    pub(super) big_int: fn(&mut Emitter, &[u8]) -> Result<()>,
    pub(super) float: fn(&mut Emitter, f64),
    pub(super) text: fn(&mut Emitter, &str),
    /// Bytes as a call that encodes Latin-1 text.
    pub(super) bytes: fn(&mut Emitter, &[u8]) -> Result<()>,
    /// Text, where all is looked up.
    pub(super) interned: fn(&mut Emitter, &str) -> Result<()>,
}

/// To be called where a protocol is chosen, or that all text is looked up.
pub(crate) fn bind() {
    OLD.bind(Old {
        int: |emit, value| emit.int_line(value),
        big_int: |emit, bytes| emit.big_int_line(bytes),
        float: |emit, value| emit.float_line(value),
        text: |emit, value| emit.text_line(value),
        bytes: |emit, value| emit.bytes_by_call(value),
        interned: |emit, text| emit.interned(text),
    });
}

/// The old spellings.
pub(super) fn old() -> Result<&'static Old> {
    OLD.get().ok_or_else(unbound)
}

#[cold]
fn unbound() -> Error {
    Error::unsupported("a protocol that was not chosen")
}

impl Emitter {
    fn int_line(&mut self, value: i128) {
        let short = self.protocol == Protocol::V0 && i32::try_from(value).is_ok();
        self.op(if short { Opcode::Int } else { Opcode::Long });
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.out.extend_from_slice(if short { b"\n" } else { b"L\n" });
    }

    fn big_int_line(&mut self, bytes: &[u8]) -> Result<()> {
        // A byte is 2.41 decimal digits; the exact length needs the conversion that the limit
        // guards.
        if bytes.len() > limits::INT_DIGITS / 2 {
            return Err(too_many_digits());
        }
        let digits = crate::digits::decimal(&BigInt::from_signed_bytes_le(bytes));
        if digits.trim_start_matches('-').len() > limits::INT_DIGITS {
            return Err(too_many_digits());
        }
        self.op(Opcode::Long);
        self.out.extend_from_slice(digits.as_bytes());
        self.out.extend_from_slice(b"L\n");
        Ok(())
    }

    fn float_line(&mut self, value: f64) {
        self.op(Opcode::Float);
        self.out.with(|out| text::write_float_repr(out, value));
        self.out.push(b'\n');
    }

    fn text_line(&mut self, value: &str) {
        self.op(Opcode::Unicode);
        self.out.with(|out| text::write_raw_unicode_escape(out, value));
        self.out.push(b'\n');
    }

    fn bytes_by_call(&mut self, value: &[u8]) -> Result<()> {
        if value.is_empty() {
            self.builtin(&BYTES)?;
            self.empty_tuple()?;
        } else {
            self.builtin(&ENCODE)?;
            self.open_tuple(2)?;
            self.characters(value)?;
            self.latin1()?;
            self.close_tuple(2, 2)?;
        }
        self.op(Opcode::Reduce);
        Ok(())
    }
}
