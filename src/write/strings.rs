//! Text: its spelling at each protocol, and the choice between writing it and referring to it.
//!
//! Most pickles consist mostly of text. All paths have in common a header of two or five bytes, the
//! text, and one check before, that the buffer has room for both.
//!
//! Source: `save_unicode` in CPython's `Modules/_pickle.c`.

use super::memo::WriteMemo;
use super::old::old;
use super::repeats::{LONGEST, LOOKED_UP, Sighting, Words};
use super::{Emitter, Payload, text};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::protocol::Protocol;

/// The way in which repeated text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Each time.
    Never,
    /// Once, if it is short and repeated soon: see `repeats.rs`.
    Repeats,
    /// Once.
    Always,
}

/// Decides which text is written without a lookup, behind a header that has one byte for its
/// length.
#[derive(Clone, Copy)]
pub(super) struct PlainText {
    /// Text of at least so many bytes, in the field at hand: 0, [`LOOKED_UP`] or [`NEVER`].
    pub(super) from: usize,
    /// The same in a new field.
    pub(super) from_in_new_field: usize,
    /// The header of short text: its opcode, behind which is the length, and its own length.
    opcode: u8,
    header: u8,
}

/// A length that no text of the fast path has, because its length has to fit into a byte: with it,
/// all text is looked up.
pub(super) const NEVER: usize = 0x100;

/// The length of BINUNICODE's header, which is the longer one.
const HEADER: usize = 5;

/// The bytes that are stored for text of up to [`LONGEST`] bytes, of which some are cut.
const STORED: usize = 32;

impl PlainText {
    #[inline(always)]
    pub(super) fn new(sharing: Sharing, protocol: Protocol, look_up: bool) -> Self {
        let from = match sharing {
            _ if protocol < Protocol::V2 => NEVER,
            Sharing::Always => NEVER,
            Sharing::Repeats if look_up => LOOKED_UP,
            Sharing::Repeats | Sharing::Never => 0,
        };
        let (opcode, header) = if protocol < Opcode::ShortBinunicode.protocol() {
            (Opcode::Binunicode.byte(), HEADER as u8)
        } else {
            (Opcode::ShortBinunicode.byte(), 2)
        };
        Self { from, from_in_new_field: from, opcode, header }
    }
}

impl Emitter {
    /// Writes text that may be repeated, if that is a matter of a few instructions; returns true if
    /// it did.
    #[inline]
    pub(crate) fn quick_text(&mut self, value: &str) -> bool {
        (self.plain.from..NEVER).contains(&value.len()) && self.quick_str(value)
    }

    /// The header of text of less than 256 bytes, and its length.
    #[inline(always)]
    fn short_header(&self, len: usize) -> (u64, usize) {
        (u64::from(self.plain.opcode) | (len as u64) << 8, usize::from(self.plain.header))
    }

    /// Chooses the fast path anew, after a change of protocol or memo.
    pub(super) fn set_plain(&mut self) {
        self.plain = PlainText::new(self.sharing, self.protocol, self.memo.repeats.begun());
        self.plain.from = self.memo.names.interest().from();
    }

    /// A new memo, for the protocol as it is.
    pub(super) fn new_memo(&self) -> WriteMemo {
        WriteMemo::new(PlainText::new(self.sharing, self.protocol, false).from)
    }

    /// Text of up to [`LONGEST`] bytes.
    #[inline(always)]
    fn stored(&mut self, words: Words, len: usize) {
        let (head, header) = self.short_header(len);
        let [low, middle, high] = words.behind(header);
        let mut bytes = [0; STORED];
        bytes[..8].copy_from_slice(&(low | head).to_le_bytes());
        bytes[8..16].copy_from_slice(&middle.to_le_bytes());
        bytes[16..24].copy_from_slice(&high.to_le_bytes());
        self.fixed(bytes, header + len);
    }

    /// Returns true if the text is looked up in the memo or among recent texts.
    #[inline(always)]
    pub(crate) fn looks_up(&self, value: &str) -> bool {
        self.is_recent(value) || self.sharing == Sharing::Always
    }

    /// Returns true if the text is looked up among recent texts. The empty text is not.
    #[inline(always)]
    pub(crate) fn is_recent(&self, value: &str) -> bool {
        value.len().wrapping_sub(1) < LONGEST && self.plain.from == LOOKED_UP
    }

    /// Short text, which is looked up among recent texts; long text; and all text where every one
    /// is looked up.
    #[inline(never)]
    pub(crate) fn text(&mut self, value: &str) -> Result<()> {
        if !self.looks_up(value) {
            return self.str(value);
        }
        if self.sharing == Sharing::Always {
            return (old()?.interned)(self, value);
        }
        if self.at_limit() {
            self.boundary()?;
            // The end of a frame may change what is looked up.
            if !self.looks_up(value) {
                return self.str(value);
            }
        }
        self.recent_text(value)
    }

    /// Text that is looked up among recent texts, where no frame ends.
    ///
    /// Rare cases are in functions of their own, so that this one needs little stack.
    #[inline(never)]
    pub(crate) fn recent_text(&mut self, value: &str) -> Result<()> {
        let words = Words::new(value.as_bytes());
        match self.memo.repeats.find(words, self.memo.names.interest()) {
            Some(Sighting::Entry(index)) if index < 0x100 => {
                self.fixed([Opcode::Binget.byte(), index as u8], 2);
                Ok(())
            }
            Some(Sighting::Entry(index)) => self.other_get(index),
            Some(Sighting::Text) => self.str_again(value, words),
            None => self.str_first(words, value.len()),
        }
    }

    /// Text that is not looked up among recent texts.
    #[inline(never)]
    pub(super) fn unseen_text(&mut self, value: &str) -> Result<()> {
        match self.sharing {
            Sharing::Always => (old()?.interned)(self, value),
            Sharing::Never | Sharing::Repeats => self.str(value),
        }
    }

    /// Short text that is not among recent ones.
    #[inline(never)]
    fn str_first(&mut self, words: Words, len: usize) -> Result<()> {
        let interest = self.memo.names.interest();
        self.memo.repeats.note(words, interest);
        self.plain.from = interest.from();
        self.stored(words, len);
        Ok(())
    }

    /// Text at its second occurrence: it gets a memo entry, if that saves bytes.
    #[inline(never)]
    fn str_again(&mut self, value: &str, words: Words) -> Result<()> {
        self.str(value)?;
        // A reference takes five bytes from here on, which has to be less than the text.
        if value.len() > 5 || self.memo.len() < 0x100 {
            let index = self.memoize()?;
            self.memo.repeats.set_index(words, index);
        }
        Ok(())
    }

    /// Text of less than 256 bytes, from protocol 2 on.
    #[inline(always)]
    pub(super) fn short_str(&mut self, value: &str) {
        if !self.quick_str(value) {
            self.crowded_str(value);
        }
    }

    /// The same, like [`quick_none`](Self::quick_none).
    #[inline(always)]
    pub(super) fn quick_str(&mut self, value: &str) -> bool {
        let (head, header) = self.short_header(value.len());
        self.quick_behind(head, header, value.as_bytes())
    }

    /// The same, where there is not enough room.
    #[cold]
    #[inline(never)]
    fn crowded_str(&mut self, value: &str) {
        let (head, header) = self.short_header(value.len());
        let head = head.to_le_bytes();
        self.out.extend_from_two(head.get(..header).unwrap_or_default(), value.as_bytes());
    }

    /// Text that is written once and then taken from the memo, wherever it comes from.
    #[inline]
    pub(crate) fn interned(&mut self, text: &str) -> Result<()> {
        self.boundary()?;
        match self.memo.near_text(text) {
            Some(index) => {
                self.get(index);
                Ok(())
            }
            None => self.far_text(text),
        }
    }

    #[inline(never)]
    fn far_text(&mut self, text: &str) -> Result<()> {
        let texts = self.memo.texts();
        let hash = texts.hash(text);
        if let Some(index) = texts.get(hash, text) {
            self.get(index);
            return Ok(());
        }
        self.str(text)?;
        if self.pays(text) {
            let index = self.memoize()?;
            self.memo.texts().insert(hash, text, index);
        }
        Ok(())
    }

    /// Returns true if a reference to the next memo entry is shorter than `text` itself.
    pub(super) fn pays(&self, text: &str) -> bool {
        let reference = if self.memo.len() < 0x100 { 2 } else { 5 };
        let header = if self.protocol >= Opcode::ShortBinunicode.protocol() { 2 } else { 5 };
        match self.protocol {
            // `V` and a line feed against `g`, digits and a line feed.
            Protocol::V0 => text.len() > 4,
            _ => header + text.len() > reference,
        }
    }

    /// Text, without a lookup in the memo.
    #[inline(never)]
    pub(crate) fn str(&mut self, value: &str) -> Result<()> {
        self.boundary()?;
        if value.len() < 0x100 && self.protocol >= Protocol::V2 {
            self.short_str(value);
            Ok(())
        } else {
            self.long_str(value)
        }
    }

    #[inline(never)]
    fn long_str(&mut self, value: &str) -> Result<()> {
        if self.protocol == Protocol::V0 {
            (old()?.text)(self, value);
            return Ok(());
        }
        self.binary_text(value.as_bytes())
    }

    /// Text with lone surrogates, each three bytes as if they were characters.
    pub(crate) fn surrogates(&mut self, value: &[u8]) -> Result<()> {
        self.boundary()?;
        if self.protocol == Protocol::V0 {
            self.op(Opcode::Unicode);
            self.out.with(|out| text::write_raw_unicode_escape_surrogates(out, value))?;
            self.out.push(b'\n');
            return Ok(());
        }
        text::check_surrogates(value)?;
        self.binary_text(value)
    }

    /// Text of at least protocol 1.
    pub(super) fn binary_text(&mut self, value: &[u8]) -> Result<()> {
        match u8::try_from(value.len()) {
            Ok(len) if self.protocol >= Opcode::ShortBinunicode.protocol() => {
                self.counted(&[Opcode::ShortBinunicode.byte(), len], value);
                Ok(())
            }
            _ => self.counted_as(Payload::Text, value),
        }
    }
}
