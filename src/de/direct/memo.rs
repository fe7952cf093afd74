//! The memo as regular pickles fill it: numbered without gaps from 0, or from 1 by Python 2, each
//! entry once.
//!
//! A slot is four bytes, the offset of the value. Most entries are never fetched, and memory that
//! is only written to costs more than the work around it: the system hands out a page at a time,
//! and clears it. Text is cut out of the input at its first fetch; it is likely a key, and will be
//! fetched again.

use super::class::ClassNumber;
use crate::instruction::Opcode;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;

/// A fetched entry of the memo.
pub(super) enum Fetched<'de> {
    Text(&'de str),
    Class(ClassNumber),
    /// The value with this number among those that a whole `Value` keeps.
    Kept(u32),
    /// A value that is not kept.
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

    /// A class. Each takes several bytes of input, so its number fits.
    pub(super) fn class(number: ClassNumber) -> Self {
        Self(Self::NUMBERED | number)
    }

    /// A value that is kept for a GET. That and what makes it take several bytes of input.
    pub(super) fn kept(number: u32) -> Self {
        Self(Self::NUMBERED | Self::KEPT | number)
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
}

impl<'de> DirectMemo<'de> {
    /// An empty memo with room for what a pickle of `input` bytes stores, up to a page.
    pub(super) fn with_input(input: usize) -> Self {
        Self {
            slots: Vec::with_capacity((input / 8).min(1024)),
            from_one: false,
            short: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// The index of the entry that comes next, where entries are numbered from 0.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true unless the entries are numbered from 1.
    #[inline]
    pub(super) fn is_from_zero(&self) -> bool {
        !self.from_one
    }

    /// MEMOIZE. `false` where the entries are not numbered from 0.
    #[inline]
    pub(super) fn push(&mut self, slot: MemoSlot) -> bool {
        self.slots.push(slot);
        !self.from_one
    }

    /// PUT. `false` for an index out of turn.
    pub(super) fn put(&mut self, index: u64, slot: MemoSlot) -> bool {
        if self.slots.is_empty() && index == 1 {
            self.slots.push(MemoSlot::VACANT);
            self.from_one = true;
        }
        let next = index == self.slots.len() as u64;
        if next {
            self.slots.push(slot);
        }
        next
    }

    /// Text that was fetched by this index before.
    #[inline]
    pub(super) fn short_text(&self, index: u8) -> Option<&'de str> {
        self.short.get(usize::from(index)).copied().flatten()
    }

    /// The number of the kept value with this index.
    #[inline]
    pub(super) fn kept(&self, index: u8) -> Option<u32> {
        const KIND: u32 = MemoSlot::NUMBERED | MemoSlot::TEXT | MemoSlot::KEPT;

        let slot = *self.slots.get(usize::from(index))?;
        let is_kept = slot.0 & KIND == MemoSlot::NUMBERED | MemoSlot::KEPT;
        is_kept.then_some(slot.0 & !KIND)
    }

    /// GET; `None` where there is nothing.
    pub(super) fn get(&mut self, index: u64, input: &'de [u8]) -> Option<Fetched<'de>> {
        if let Some(text) = u8::try_from(index).ok().and_then(|index| self.short_text(index)) {
            return Some(Fetched::Text(text));
        }
        let slot = self.slots.get_mut(usize::try_from(index).ok()?)?;
        let number = slot.0 & !(MemoSlot::NUMBERED | MemoSlot::TEXT);
        let text = match *slot {
            MemoSlot::VACANT => return None,
            MemoSlot::OTHER => return Some(Fetched::Other),
            MemoSlot(bits) if bits < MemoSlot::NUMBERED => text_at(input, bits as usize)?,
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
        _ => return scalar::text_line(input, Handle::new(Tag::StrLine, Handle::LONG, offset)),
    };
    std::str::from_utf8(payload).ok()
}
