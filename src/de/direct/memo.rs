//! The memo as regular pickles fill it: numbered without gaps from 0, or from 1 by Python 2, each
//! entry once.
//!
//! A slot is four bytes, the offset of the value. Most entries are never fetched, and memory that
//! is only written to costs more than the work around it: the system hands out a page at a time,
//! and clears it. Text is cut out of the input at its first fetch; it is likely a key, and will be
//! fetched again.

use super::Outcome;
use super::class::ClassNumber;
use super::state::{Direct, FRAMED};
use crate::instruction::Opcode;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;

/// A fetched entry of the memo.
pub(super) enum Fetched<'de> {
    Text(&'de str),
    Class(ClassNumber),
    /// The value with this number among those that a whole `Value` keeps; to a type, the number of
    /// an object that was made of an int, of a dtype or a time zone.
    Kept(u32),
    /// A dict or plain instance, and where it begins: see `again`.
    Fields(usize),
    /// A value that is not kept.
    Other,
}

/// The kinds of what an index of the memo stands for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stored {
    Text,
    Class,
    Kept,
    /// A dict or plain instance.
    Fields,
    /// A value that is not fetched, or nothing.
    Other,
}

/// An entry of the memo.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MemoSlot(u32);

impl MemoSlot {
    /// From here on, numbers: of classes in the first quarter, of kept values in the second, of
    /// texts in the second half; below, offsets.
    const NUMBERED: u32 = 1 << 31;
    const TEXT: u32 = 1 << 30;
    const KEPT: u32 = 1 << 29;
    /// The entry of a value that is not kept.
    pub(super) const OTHER: Self = Self(u32::MAX);
    /// The entry before the first, where they are numbered from 1.
    const VACANT: Self = Self(u32::MAX - 1);

    /// Text that begins with the opcode at `offset`.
    #[inline(always)]
    pub(super) fn text(offset: usize) -> Self {
        // `read` has checked that the input is shorter than that.
        Self(offset as u32)
    }

    /// A dict, or a plain instance, that begins with the opcode at `offset`; that of its class, or
    /// the STACK_GLOBAL that names it. None of these is an opcode of text.
    #[inline(always)]
    pub(super) fn fields(offset: usize) -> Self {
        Self(offset as u32)
    }

    /// A class. Each takes several bytes of input, so its number fits.
    pub(super) fn class(number: ClassNumber) -> Self {
        Self(Self::NUMBERED | number)
    }

    /// A value that is kept for a GET. That and what makes it take several bytes of input.
    pub(super) fn kept(number: u32) -> Self {
        Self(Self::NUMBERED | Self::KEPT | number)
    }

    /// The number of a class, or of a value that is kept, as `kind` says.
    #[inline]
    fn numbered(self, kind: u32) -> Option<u32> {
        const KIND: u32 = MemoSlot::NUMBERED | MemoSlot::TEXT | MemoSlot::KEPT;

        (self.0 & KIND == MemoSlot::NUMBERED | kind).then_some(self.0 & !KIND)
    }

    fn stored(self) -> Stored {
        match self {
            Self::OTHER | Self::VACANT => Stored::Other,
            Self(bits) if bits < Self::NUMBERED || bits & Self::TEXT != 0 => Stored::Text,
            Self(bits) if bits & Self::KEPT != 0 => Stored::Kept,
            Self(_) => Stored::Class,
        }
    }
}

/// The longest input that slots have room for, in bytes.
pub(super) const INPUT: u64 = MemoSlot::NUMBERED as u64;

pub(super) struct DirectMemo<'de> {
    slots: Vec<MemoSlot>,
    /// True if the entries are numbered from 1.
    from_one: bool,
    /// Text that was fetched by an index of one byte, by that index.
    short: Vec<Option<&'de str>>,
    /// Text that was fetched by another, by the numbers in its slots.
    texts: Vec<&'de str>,
    /// The number of entries while something is read again, which stores nothing.
    paused: Option<usize>,
}

impl<'de> DirectMemo<'de> {
    /// An empty memo with room for what a pickle of `input` bytes stores, up to a page.
    pub(super) fn with_input(input: usize) -> Self {
        Self {
            slots: Vec::with_capacity((input / 8).min(1024)),
            from_one: false,
            short: Vec::new(),
            texts: Vec::new(),
            paused: None,
        }
    }

    /// Something is read again: until [`resume`](Self::resume) nothing is stored, and only what was
    /// stored before is fetched.
    pub(super) fn pause(&mut self) {
        self.paused.get_or_insert(self.slots.len());
    }

    pub(super) fn resume(&mut self) {
        if let Some(paused) = self.paused.take() {
            self.slots.truncate(paused);
        }
    }

    /// The index of the entry that comes next, where entries are numbered from 0.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true if the entry with this index comes next; `None` is MEMOIZE, which has none.
    #[inline(always)]
    pub(super) fn comes_next(&self, index: Option<u32>) -> bool {
        index.is_none_or(|index| index as usize == self.slots.len())
    }

    /// Returns true unless the entries are numbered from 1.
    #[inline]
    pub(super) fn is_from_zero(&self) -> bool {
        !self.from_one
    }

    /// Returns true if entries are numbered from 0, and another takes no more memory.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        !self.from_one && self.slots.len() < self.slots.capacity()
    }

    /// MEMOIZE. `false` where the entries are not numbered from 0.
    #[inline]
    pub(super) fn push(&mut self, slot: MemoSlot) -> bool {
        self.slots.push(slot);
        !self.from_one
    }

    /// PUT. `false` for an index out of turn.
    #[inline]
    pub(super) fn put(&mut self, index: u64, slot: MemoSlot) -> bool {
        if index == self.slots.len() as u64 {
            self.slots.push(slot);
            return true;
        }
        self.put_elsewhere(index, slot)
    }

    /// The same with an index other than the next one.
    #[inline(never)]
    fn put_elsewhere(&mut self, index: u64, slot: MemoSlot) -> bool {
        if self.slots.is_empty() && index == 1 {
            self.slots.extend([MemoSlot::VACANT, slot]);
            self.from_one = true;
            return true;
        }
        self.paused.is_some_and(|paused| index < paused as u64)
    }

    /// Text that was fetched by this index before.
    #[inline]
    pub(super) fn short_text(&self, index: u8) -> Option<&'de str> {
        self.short.get(usize::from(index)).copied().flatten()
    }

    /// Text that was fetched by an index before.
    #[inline]
    pub(super) fn known_text(&self, index: u64) -> Option<&'de str> {
        if let Ok(index) = u8::try_from(index) {
            return self.short_text(index);
        }
        let slot = self.slots.get(usize::try_from(index).ok()?)?;
        let is_text = slot.0 >= MemoSlot::NUMBERED | MemoSlot::TEXT;
        let number = slot.0 & !(MemoSlot::NUMBERED | MemoSlot::TEXT);
        if is_text { self.texts.get(number as usize).copied() } else { None }
    }

    /// The kind of what is stored under an index.
    pub(super) fn stored(&self, index: u64, input: &[u8]) -> Stored {
        let slot = usize::try_from(index).ok().and_then(|index| self.slots.get(index));
        match slot.map(|slot| (slot.stored(), slot.0)) {
            Some((Stored::Text, at)) if at < MemoSlot::NUMBERED => {
                match input.get(at as usize).copied().and_then(Opcode::from_byte) {
                    Some(Opcode::EmptyList) | None => Stored::Other,
                    Some(_) if begins_fields(input, at) => Stored::Fields,
                    Some(_) => Stored::Text,
                }
            }
            Some((stored, _)) => stored,
            None => Stored::Other,
        }
    }

    /// The number of the kept value with this index; none of what was stored while something is
    /// read again.
    #[inline]
    pub(super) fn kept_number(&self, index: u64) -> Option<u32> {
        self.slot_in_reach(index)?.numbered(MemoSlot::KEPT)
    }

    /// The same of a class.
    #[inline]
    pub(super) fn class_number(&self, index: u64) -> Option<ClassNumber> {
        self.slot_in_reach(index)?.numbered(0)
    }

    #[inline]
    fn slot_in_reach(&self, index: u64) -> Option<MemoSlot> {
        let index = usize::try_from(index).ok()?;
        let in_reach = self.paused.is_none_or(|paused| index < paused);
        self.slots.get(index).filter(|_| in_reach).copied()
    }

    /// The number of the kept value with this index.
    #[inline]
    pub(super) fn kept(&self, index: u8) -> Option<u32> {
        self.slots.get(usize::from(index))?.numbered(MemoSlot::KEPT)
    }

    /// The class with this index.
    #[inline]
    pub(super) fn class(&self, index: u8) -> Option<ClassNumber> {
        self.slots.get(usize::from(index))?.numbered(0)
    }

    /// GET; `None` where there is nothing.
    pub(super) fn get(&mut self, index: u64, input: &'de [u8]) -> Option<Fetched<'de>> {
        if let Some(text) = u8::try_from(index).ok().and_then(|index| self.short_text(index)) {
            return Some(Fetched::Text(text));
        }
        let index_of_slot = usize::try_from(index).ok()?;
        if self.paused.is_some_and(|paused| index_of_slot >= paused) {
            return None;
        }
        let slot = self.slots.get_mut(index_of_slot)?;
        let number = slot.0 & !(MemoSlot::NUMBERED | MemoSlot::TEXT);
        let text = match *slot {
            MemoSlot::VACANT => return None,
            MemoSlot::OTHER => return Some(Fetched::Other),
            MemoSlot(bits) if bits < MemoSlot::NUMBERED => {
                if begins_fields(input, bits) {
                    return Some(Fetched::Fields(bits as usize));
                }
                text_at(input, bits as usize)?
            }
            MemoSlot(bits) if bits & MemoSlot::TEXT != 0 => {
                return self.texts.get(number as usize).copied().map(Fetched::Text);
            }
            MemoSlot(bits) if bits & MemoSlot::KEPT != 0 => {
                return Some(Fetched::Kept(number & !MemoSlot::KEPT));
            }
            MemoSlot(_) => return Some(Fetched::Class(number)),
        };
        match u8::try_from(index) {
            Ok(index) => {
                let index = usize::from(index);
                if index >= self.short.len() {
                    self.short.resize(index + 1, None);
                }
                if let Some(short) = self.short.get_mut(index) {
                    *short = Some(text);
                }
            }
            Err(_) => {
                // There are no more texts than entries, each of two bytes at least.
                *slot = MemoSlot(MemoSlot::NUMBERED | MemoSlot::TEXT | self.texts.len() as u32);
                self.texts.push(text);
            }
        }
        Some(Fetched::Text(text))
    }
}

impl<'de> Direct<'de> {
    /// Stores the value that was just read in the memo, if that is what the next opcode asks.
    #[inline]
    pub(super) fn memoize(&mut self, slot: MemoSlot) -> Outcome<()> {
        if self.cursor.absorb_opcode(Opcode::Memoize) {
            return if self.memo.push(slot) { Ok(()) } else { self.irregular() };
        }
        self.memoize_put(slot)
    }

    /// Goes past this opcode and a MEMOIZE, of something that is never fetched; nothing is read if
    /// anything else is next.
    #[inline(always)]
    pub(super) fn ends_memoized(&mut self, end: Opcode) -> bool {
        self.memo.is_from_zero()
            && self.cursor.read_opcodes([end.byte(), Opcode::Memoize.byte()])
            && self.memo.push(MemoSlot::OTHER)
    }

    /// Stores the value that was just read where the next opcode is not MEMOIZE.
    #[inline]
    pub(super) fn memoize_put(&mut self, slot: MemoSlot) -> Outcome<()> {
        if let Some(index) = self.cursor.absorb_put() {
            return if self.memo.put(index, slot) { Ok(()) } else { self.irregular() };
        }
        // The pickles that this crate writes have few entries.
        match self.cursor.peek_byte() {
            Some(byte) if is_put(byte) => self.memoize_by_index(slot),
            _ => Ok(()),
        }
    }

    /// The same with an index in decimal, or behind the end of a frame.
    #[cold]
    fn memoize_by_index(&mut self, slot: MemoSlot) -> Outcome<()> {
        let index = if self.cursor.absorb_opcode(Opcode::Binput) {
            self.cursor.read_uint1().map(u64::from)
        } else if self.cursor.absorb_opcode(Opcode::LongBinput) {
            self.cursor.read_uint4().map(u64::from)
        } else if self.cursor.absorb_opcode(Opcode::Put) {
            match self.cursor.read_memo_index() {
                Ok(Some(index)) => Ok(index),
                _ => return self.irregular(),
            }
        } else {
            return Ok(());
        };
        let index = self.checked(index)?;
        if self.memo.put(index, slot) { Ok(()) } else { self.irregular() }
    }

    /// The same for something that is never fetched.
    #[inline]
    pub(super) fn memoize_other(&mut self) -> Outcome<()> {
        self.memoize(MemoSlot::OTHER)
    }

    /// The same for a payload of `len` bytes.
    #[inline]
    pub(super) fn memoize_payload(&mut self, slot: MemoSlot, len: usize) -> Outcome<()> {
        self.pass_frame(len)?;
        self.memoize(slot)
    }

    /// Goes past the frame that may begin behind a payload of `len` bytes, before its MEMOIZE.
    #[inline]
    pub(super) fn pass_frame(&mut self, len: usize) -> Outcome<()> {
        if len >= FRAMED { self.next().map(|_| ()) } else { Ok(()) }
    }

    /// The kind of what the next instruction fetches from the memo, if it does.
    pub(super) fn fetches_next(&self) -> Stored {
        let index = self.cursor.peek_get();
        index.map_or(Stored::Other, |index| self.memo.stored(index, self.input))
    }

    /// Reads the index behind an opcode of the GET family and fetches what is there.
    pub(super) fn fetch(&mut self, opcode: Opcode) -> Outcome<Fetched<'de>> {
        self.cursor.read_peeked_opcode();
        let index = match opcode {
            Opcode::Binget => self.cursor.read_uint1().map(u64::from),
            Opcode::LongBinget => self.cursor.read_uint4().map(u64::from),
            // An index that no memo has is beyond all others.
            _ => self.cursor.read_memo_index().map(|index| index.unwrap_or(u64::MAX)),
        };
        let index = self.checked(index)?;
        match self.memo.get(index, self.input) {
            Some(Fetched::Text(text)) => self.again(text).map(Fetched::Text),
            Some(Fetched::Other) => {
                self.refers = true;
                self.irregular()
            }
            Some(fetched) => Ok(fetched),
            None => self.irregular(),
        }
    }

    /// The same for text that was fetched before, or what is kept, by a binary index; nothing is
    /// read otherwise, and nothing is counted.
    #[inline]
    pub(super) fn fetch_known(&mut self) -> Option<Fetched<'de>> {
        let Some(index) = self.cursor.peek_binget() else { return self.fetch_known_far() };
        let fetched = match self.memo.short_text(index) {
            Some(text) => Fetched::Text(text),
            None => Fetched::Kept(self.memo.kept(index)?),
        };
        self.cursor.read_peeked_binget();
        Some(fetched)
    }

    #[inline(never)]
    fn fetch_known_far(&mut self) -> Option<Fetched<'de>> {
        let (index, len) = self.cursor.peek_get_whole()?;
        let fetched = match self.memo.known_text(index) {
            Some(text) => Fetched::Text(text),
            None => Fetched::Kept(self.memo.kept_number(index)?),
        };
        self.cursor.read_peeked(len);
        Some(fetched)
    }

    /// The same for what is kept alone.
    #[inline]
    pub(super) fn fetch_kept(&mut self) -> Option<u32> {
        let (index, len) = self.cursor.peek_get_whole()?;
        let number = self.memo.kept_number(index)?;
        self.cursor.read_peeked(len);
        Some(number)
    }

    /// Returns true if an opcode that stores in the memo is `len` bytes ahead, in this frame.
    #[inline(never)]
    pub(super) fn is_stored_behind(&self, len: usize) -> bool {
        let byte = self.cursor.peek(len + 1).and_then(<[u8]>::last);
        byte.is_some_and(|&byte| byte == Opcode::Memoize.byte() || is_put(byte))
    }

    /// The index of the memo's next entry.
    #[inline]
    pub(super) fn memo_len(&self) -> usize {
        self.memo.len()
    }
}

/// Returns true if this is the byte of an opcode that stores by index.
#[inline]
fn is_put(byte: u8) -> bool {
    matches!(Opcode::from_byte(byte), Some(Opcode::Put | Opcode::Binput | Opcode::LongBinput))
}

/// Returns true if a dict or an instance begins at `offset`, and no text.
fn begins_fields(input: &[u8], offset: u32) -> bool {
    const FIELDS: [u8; 5] = [
        Opcode::EmptyDict.byte(),
        Opcode::Global.byte(),
        Opcode::StackGlobal.byte(),
        Opcode::Binget.byte(),
        Opcode::LongBinget.byte(),
    ];
    input.get(offset as usize).is_some_and(|byte| FIELDS.contains(byte))
}

/// The text that begins with the opcode at `offset`.
fn text_at(input: &[u8], offset: usize) -> Option<&str> {
    let payload = match input.get(offset).copied().and_then(Opcode::from_byte)? {
        Opcode::ShortBinunicode => {
            let len = usize::from(*input.get(offset + 1)?);
            input.get(offset + 2..)?.get(..len)?
        }
        Opcode::Binunicode => scalar::payload(input, Handle::new(Tag::Str4, 0, offset))?,
        Opcode::Binunicode8 => scalar::payload(input, Handle::new(Tag::Str8, 0, offset))?,
        // It has no escapes; with those it is not read here.
        Opcode::Unicode => {
            return scalar::text_line(input, Handle::new(Tag::StrLine, Handle::LONG, offset));
        }
        _ => return None,
    };
    std::str::from_utf8(payload).ok()
}
