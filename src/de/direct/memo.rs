//! The memo as regular pickles fill it: numbered without gaps from 0, or from 1 by Python 2, each entry once.
//!
//! A slot is the eight bytes of a handle, for most entries are never fetched and memory that is only written to costs more
//! than the work around it. Text is cut out of the input at its first fetch; it is likely a key, and will be fetched
//! again.

use super::class::ClassNumber;
use crate::graph::handle::{Handle, Tag};
use crate::graph::scalar;

/// What was fetched.
pub(super) enum Fetched<'de> {
    Text(&'de str),
    Class(ClassNumber),
}

pub(super) struct Memo<'de> {
    slots: Vec<Handle>,
    /// Text that was fetched by an index of one byte, by that index.
    short: Vec<Option<&'de str>>,
    /// Text that was fetched by another, by the numbers in its slots.
    texts: Vec<&'de str>,
}

/// What is stored for what is never fetched.
pub(super) const OTHER: Handle = Handle::new(Tag::None, 0, 0);

impl<'de> Memo<'de> {
    /// An empty memo with room for what a pickle of `input` bytes stores, up to a page.
    pub(super) fn with_input(input: usize) -> Self {
        Self { slots: Vec::with_capacity((input / 16).min(512)), short: Vec::new(), texts: Vec::new() }
    }

    /// MEMOIZE. `false` where the entries are not numbered from 0.
    #[inline]
    pub(super) fn push(&mut self, handle: Handle) -> bool {
        self.slots.push(handle);
        self.slots.first() != Some(&Handle::VACANT)
    }

    /// PUT. `false` for an index out of turn.
    pub(super) fn put(&mut self, index: u64, handle: Handle) -> bool {
        if self.slots.is_empty() && index == 1 {
            self.slots.push(Handle::VACANT);
        }
        let next = index == self.slots.len() as u64;
        if next {
            self.slots.push(handle);
        }
        next
    }

    /// Text that was fetched by this index before.
    #[inline]
    pub(super) fn short_text(&self, index: u8) -> Option<&'de str> {
        self.short.get(usize::from(index)).copied().flatten()
    }

    /// GET of text or a class; `None` for anything else.
    pub(super) fn get(&mut self, index: u64, input: &'de [u8]) -> Option<Fetched<'de>> {
        let slot = self.slots.get_mut(usize::try_from(index).ok()?)?;
        let text = match slot.tag() {
            Tag::Shared => return self.texts.get(slot.number() as usize).copied().map(Fetched::Text),
            Tag::Global => return Some(Fetched::Class(slot.number())),
            Tag::Str1 | Tag::Str4 | Tag::Str8 => std::str::from_utf8(scalar::payload(input, *slot)?).ok()?,
            Tag::StrLine => scalar::text_line(input, *slot)?,
            _ => return None,
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
                // There are no more texts than bytes, and fewer than 2³².
                *slot = Handle::numbered(Tag::Shared, self.texts.len() as u32);
                self.texts.push(text);
            }
        }
        Some(Fetched::Text(text))
    }
}
