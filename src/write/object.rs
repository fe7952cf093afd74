//! Objects that take several instructions: names, and what a protocol has no opcode for.
//!
//! Where an older protocol has no opcode, an object is a *reduce*: a global, a tuple of arguments,
//! REDUCE. The reduces here are those that CPython writes for the same object, so that every Python
//! of the protocol's age can load them. The globals in them are memoized, and so is the only text
//! that they repeat.

use super::global::BYTEARRAY;
use super::old::old;
use super::strings::NEVER;
use super::{Emitter, Payload};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::protocol::Protocol;

impl Emitter {
    /// The name of a field or variant: text that is written once and then taken from the memo.
    ///
    /// This is not an opcode boundary; the value that follows is one. Always inlined, because the
    /// most common case is a few instructions, except in debug builds, where it would add to the
    /// stack of each level.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn name(&mut self, name: &'static str) -> Result<()> {
        match self.memo.names.expected(name) {
            Some(known) if known.index < 0x100 && self.has_room(2) => {
                self.plain.from = known.text_from;
                self.fixed([Opcode::Binget.byte(), known.index as u8], 2);
                Ok(())
            }
            Some(known) => {
                self.plain.from = known.text_from;
                self.other_get(known.index)
            }
            // Small messages consist of such names. This is the same as below, with a length that
            // is known at compile time.
            None if matches!(name.len(), 1..0x100)
                && self.protocol >= Opcode::Memoize.protocol()
                && self.memo.len() < 0x100
                && self.memo.names.is_new(name)
                && self.has_room(3 + name.len()) =>
            {
                self.short_str(name);
                self.op(Opcode::Memoize);
                self.new_name(name)
            }
            None => self.unexpected_name(name),
        }
    }

    /// Memoizes a name that has just been written with a MEMOIZE.
    #[inline(never)]
    fn new_name(&mut self, name: &'static str) -> Result<()> {
        let index = self.memo.claim()?;
        self.memo.names.insert(name, index, self.plain.from_in_new_field);
        self.plain.from = self.plain.from_in_new_field;
        Ok(())
    }

    /// The name of a field of the outermost struct: it comes once, unless the type is recursive, so
    /// it gets no memo entry.
    ///
    /// Not inlined: it is a few instructions for each field of one struct.
    #[inline(never)]
    pub(crate) fn name_once(&mut self, name: &'static str) -> Result<()> {
        let from = self.plain.from_in_new_field;
        self.plain.from = from;
        self.memo.names.pass_by(from);
        if name.len() < NEVER && from < NEVER && self.quick_str(name) {
            Ok(())
        } else {
            self.unseen_text(name)
        }
    }

    #[inline(never)]
    pub(super) fn other_get(&mut self, index: u32) -> Result<()> {
        self.get(index);
        Ok(())
    }

    /// The slow path of a name: one that may be in the memo, or is not short.
    #[inline(never)]
    fn unexpected_name(&mut self, name: &'static str) -> Result<()> {
        if let Some(index) = self.memo.names.get(name) {
            self.plain.from = self.memo.names.interest().from();
            self.get(index);
            return Ok(());
        }
        self.plain.from = self.plain.from_in_new_field;
        self.str(name)?;
        // A short name may get no entry, and so no interest of its own: its text then counts for
        // the field before it.
        if self.pays(name) {
            let index = self.memoize()?;
            self.memo.names.insert(name, index, self.plain.from_in_new_field);
        }
        Ok(())
    }

    /// Bytes; before protocol 3 as a call that encodes Latin-1 text.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> Result<()> {
        self.boundary()?;
        if self.protocol >= Opcode::Binbytes.protocol() {
            return self.counted_bytes(value);
        }
        (old()?.bytes)(self, value)
    }

    /// Text whose characters are these bytes.
    pub(super) fn characters(&mut self, bytes: &[u8]) -> Result<()> {
        if self.protocol == Protocol::V0 {
            return self.str(&bytes.iter().copied().map(char::from).collect::<String>());
        }
        self.boundary()?;
        // Two bytes from U+0080 on; what is stored behind a shorter character is overwritten.
        let mut text = vec![0; 2 * bytes.len()];
        let mut len = 0;
        for &byte in bytes {
            let wide = byte >= 0x80;
            let first = if wide { 0xc0 | byte >> 6 } else { byte };
            if let Some(place) = text.get_mut(len..).and_then(|rest| rest.first_chunk_mut()) {
                *place = [first, 0x80 | byte & 0x3f];
            }
            len += 1 + usize::from(wide);
        }
        text.truncate(len);
        self.binary_text(&text)
    }

    /// The name of Latin-1, from the memo after the first time.
    pub(super) fn latin1(&mut self) -> Result<()> {
        const NAME: &str = "latin1";
        self.boundary()?;
        if let Some(index) = *self.memo.latin1() {
            self.get(index);
            return Ok(());
        }
        self.interned(NAME)?;
        let texts = self.memo.texts();
        *self.memo.latin1() = texts.get(texts.hash(NAME), NAME);
        Ok(())
    }

    /// A bytearray; before protocol 5 as a call with bytes.
    pub(crate) fn bytearray(&mut self, value: &[u8]) -> Result<()> {
        self.boundary()?;
        if self.protocol >= Opcode::Bytearray8.protocol() {
            return self.counted_as(Payload::Bytearray, value);
        }
        self.builtin(&BYTEARRAY)?;
        if value.is_empty() {
            self.empty_tuple()?;
        } else {
            self.open_tuple(1)?;
            self.bytes(value)?;
            self.close_tuple(1, 1)?;
        }
        self.op(Opcode::Reduce);
        Ok(())
    }

    /// Begins an instance made without a call of its class; the class comes next.
    ///
    /// From protocol 2 on that is NEWOBJ. Below, it is a call of `copyreg._reconstructor`, which
    /// PEP 307 kept for protocols 0 and 1.
    pub(crate) fn open_instance(&mut self) -> Result<()> {
        self.boundary()?;
        if self.protocol < Opcode::Newobj.protocol() {
            self.global("copyreg", "_reconstructor")?;
            self.open_tuple(3)?;
        }
        Ok(())
    }

    /// Ends what [`open_instance`](Self::open_instance) began, after the class.
    pub(crate) fn close_instance(&mut self) -> Result<()> {
        if self.protocol < Opcode::Newobj.protocol() {
            self.global("builtins", "object")?;
            self.none()?;
            self.close_tuple(3, 3)?;
            self.op(Opcode::Reduce);
        } else {
            self.op(Opcode::EmptyTuple);
            self.op(Opcode::Newobj);
        }
        Ok(())
    }
}
