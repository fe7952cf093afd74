//! Numbers, text, bytes and buffers: objects without contents. Mirrors `save_long`, `save_float`,
//! `save_bytes` and `save_unicode` of CPython's `Modules/_pickle.c`, and keeps ints of Python 2's
//! type `long`.

use super::{Writer, unreadable};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::Const;
use crate::read::text::Text;

impl<'g> Writer<'g, '_> {
    pub(super) fn save_scalar(&mut self, handle: Handle) -> Result<()> {
        match handle.tag() {
            Tag::None => self.dump.emit.none(),
            Tag::True => self.dump.emit.bool(true),
            Tag::False => self.dump.emit.bool(false),
            Tag::EmptyTuple => self.dump.emit.empty_tuple(),
            Tag::Small
            | Tag::Int
            | Tag::Long1
            | Tag::Long4
            | Tag::IntLine
            | Tag::LongLine
            | Tag::Float8
            | Tag::FloatLine => self.save_number(handle),
            Tag::Buffer => self.save_buffer(handle),
            Tag::Const => match self.nodes.constant(handle.number()) {
                Some(Const::Int(_) | Const::BigInt(_)) => self.save_int(handle),
                Some(Const::Float(_)) => self.save_float(handle),
                _ => self.save_payload(handle),
            },
            _ => self.save_payload(handle),
        }
    }

    /// No pickler memoizes numbers. A pickle made by hand may, and a NaN as a key equals only
    /// itself.
    pub(super) fn save_number(&mut self, handle: Handle) -> Result<()> {
        let memoized = self.memoized.wants(self.graph, handle);
        if memoized && let Some(&index) = self.payloads.get(&handle) {
            self.dump.emit.get(index);
            return Ok(());
        }
        match handle.tag() {
            Tag::Float8 | Tag::FloatLine => self.save_float(handle)?,
            _ => self.save_int(handle)?,
        }
        if memoized {
            let index = self.dump.emit.memoize()?;
            self.payloads.insert(handle, index);
        }
        Ok(())
    }

    pub(super) fn save_int(&mut self, handle: Handle) -> Result<()> {
        match scalar::int(self.nodes, self.input, handle) {
            Some(Int::Small(value)) if self.is_long(handle) => self.dump.emit.long(value),
            Some(Int::Small(value)) => self.dump.emit.int(value),
            Some(Int::Long(bytes)) => self.dump.emit.big_int(bytes),
            Some(Int::Big(value)) => self.dump.emit.big_int(&value.to_signed_bytes_le()),
            None => Err(unreadable()),
        }
    }

    /// Returns true for a small int spelled as one of Python 2's type `long`. Python 3 up to 3.6
    /// wrote all ints so at protocol 0.
    pub(super) fn is_long(&self, handle: Handle) -> bool {
        let opcode = match handle.tag() {
            Tag::Const => return false,
            _ => self.input.get(handle.offset()).copied().and_then(Opcode::from_byte),
        };
        matches!(opcode, Some(Opcode::Long | Opcode::Long1 | Opcode::Long4))
    }

    pub(super) fn save_float(&mut self, handle: Handle) -> Result<()> {
        match scalar::float(self.nodes, self.input, handle) {
            Some(value) => self.dump.emit.float(value),
            None => Err(unreadable()),
        }
    }

    /// Text, bytes and 8-bit strings, which are memoized.
    pub(super) fn save_payload(&mut self, handle: Handle) -> Result<()> {
        if let Some(&index) = self.payloads.get(&handle) {
            self.dump.emit.get(index);
            return Ok(());
        }
        let (nodes, input) = (self.nodes, self.input);
        if let Some(text) = scalar::text(nodes, input, handle) {
            match text {
                Text::Str(text) => self.dump.str(&text)?,
                Text::Surrogates(bytes) => self.dump.emit.surrogates(&bytes)?,
            }
        } else if let Some(chars) = scalar::chars(input, handle) {
            self.dump.emit.chars(&chars)?;
        } else if let Some(bytes) = self.bytes(handle) {
            self.dump.bytes(bytes)?;
        } else {
            return Err(unreadable());
        }
        if self.memoized.wants(self.graph, handle) {
            let index = self.dump.emit.memoize()?;
            self.payloads.insert(handle, index);
        }
        Ok(())
    }

    /// The content of bytes.
    pub(super) fn bytes(&self, handle: Handle) -> Option<&'g [u8]> {
        if handle.tag() == Tag::Const
            && let Some(Const::Bytes(bytes)) = self.nodes.constant(handle.number())
        {
            return Some(bytes);
        }
        scalar::bytes(self.nodes, self.input, handle)
    }

    /// A buffer beside the pickle. It stays beside it where the protocol has out-of-band buffers.
    pub(super) fn save_buffer(&mut self, handle: Handle) -> Result<()> {
        let number = handle.number();
        let read_only = handle.detail() != 0;
        let base = Handle::numbered(Tag::Buffer, number);
        if !self.dump.emit.has(Opcode::NextBuffer) {
            let Some(buffer) = self.graph.buffers.get(number as usize) else {
                return Err(Error::unsupported(format!(
                    "an out-of-band buffer needs protocol 5 or has to be given on reading, and \
                     this is protocol {}",
                    self.dump.emit.protocol().number()
                )));
            };
            if let Some(&index) = self.payloads.get(&handle) {
                self.dump.emit.get(index);
                return Ok(());
            }
            if read_only || buffer.readonly {
                self.dump.bytes(buffer.bytes)?;
            } else {
                self.dump.bytearray(buffer.bytes)?;
            }
            if self.memoized.is_shared(handle) {
                let index = self.dump.emit.memoize()?;
                self.payloads.insert(handle, index);
            }
            return Ok(());
        }
        if let Some(&index) = self.payloads.get(&base) {
            self.dump.emit.get(index);
        } else if number == self.next_buffer {
            self.next_buffer += 1;
            self.dump.emit.op(Opcode::NextBuffer);
            let other = Handle::new(Tag::Buffer, u16::from(!read_only), number as usize);
            if self.memoized.is_shared(handle) || self.memoized.is_shared(other) {
                let index = self.dump.emit.memoize()?;
                self.payloads.insert(base, index);
            }
        } else {
            return Err(Error::unsupported(
                "out-of-band buffers must be written in the order in which they were read",
            ));
        }
        if read_only {
            self.dump.emit.op(Opcode::ReadonlyBuffer);
        }
        Ok(())
    }
}
