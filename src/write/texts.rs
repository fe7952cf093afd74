//! Every text that is in the memo, for the option `memoize_strings`.
//!
//! Writing with `memoize_strings` is mostly one lookup for each text, so there are two tables. The
//! *near* one has a slot for each hash of a few bytes of the text, with the last text of that hash,
//! which is compared whole. Text that is not there is searched in the exact one, by a hash of all
//! its bytes and a probe that compares 32 bits of it. The texts lie end to end in one buffer (the
//! output may have left for the sink), so a new one costs no allocation of its own.
//!
//! The hash of the exact table is seeded, since texts may be chosen to make it slow. The output
//! does not depend on it.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// Indexes of the memo by text.
#[derive(Default)]
pub(super) struct Texts {
    /// The upper half of the text's hash, and the number of its entry, plus one; 0 is free. A power
    /// of two of slots, at most half of them in use.
    slots: Vec<u64>,
    entries: Vec<Entry>,
    /// The texts, one behind the other.
    bytes: Vec<u8>,
    state: RandomState,
    /// The near table: empty, or a power of two of slots.
    near: Vec<Near>,
    /// The shift from a mixed word to the number of a near slot.
    near_shift: u32,
}

/// The last of the texts of one slot.
#[derive(Clone, Copy)]
struct Near {
    start: usize,
    len: u32,
    index: u32,
}

/// The number of texts with which the near table is made, and with which it is made larger, each
/// with its slots as a power of two. A few names of modules need none. The smaller one fits the
/// first cache; of a thousand texts a fifth would share its slots.
const NEAR: [(usize, u32); 2] = [(16, 12), (512, 14)];

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    start: usize,
    len: usize,
    index: u32,
}

/// The place of a text in the near table, in the upper bits: from its first and last bytes and its
/// length.
#[inline(always)]
fn near_place(text: &[u8]) -> u64 {
    let (first, last) = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    (first ^ last.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Texts {
    /// The memo index of `text`, if the near table has it.
    #[inline(always)]
    pub(super) fn near(&self, text: &str) -> Option<u32> {
        let text = text.as_bytes();
        let near = self.near.get((near_place(text) >> self.near_shift) as usize)?;
        let known = self.bytes.get(near.start..)?.get(..near.len as usize)?;
        (known == text).then_some(near.index)
    }

    fn set_near(&mut self, entry: Entry) {
        let text = self.bytes.get(entry.start..entry.start + entry.len).unwrap_or_default();
        let slot = (near_place(text) >> self.near_shift) as usize;
        if let (Some(near), Ok(len)) = (self.near.get_mut(slot), u32::try_from(entry.len)) {
            *near = Near { start: entry.start, len, index: entry.index };
        }
    }

    #[inline]
    pub(super) fn hash(&self, text: &str) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// The memo index of `text`, whose hash is `hash`.
    #[inline]
    pub(super) fn get(&mut self, hash: u64, text: &str) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        // The mask keeps the place in bounds, and half of the slots are free, so the search ends.
        loop {
            match *self.slots.get(at)? {
                0 => return None,
                slot if slot >> 32 == hash >> 32 => {
                    let entry = *self.entries.get(slot as u32 as usize - 1)?;
                    if self.bytes.get(entry.start..entry.start + entry.len)? == text.as_bytes() {
                        self.set_near(entry);
                        return Some(entry.index);
                    }
                }
                _ => {}
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a new text.
    pub(super) fn insert(&mut self, hash: u64, text: &str, index: u32) {
        // A memo has as many entries as an u32 can count, so their numbers do as well.
        let number = self.entries.len() as u64 + 1;
        let entry = Entry { hash, start: self.bytes.len(), len: text.len(), index };
        self.entries.push(entry);
        self.bytes.extend_from_slice(text.as_bytes());
        match NEAR.iter().find(|(texts, _)| *texts == self.entries.len()) {
            Some(&(_, bits)) => self.make_near(bits),
            None => self.set_near(entry),
        }
        if self.entries.len() * 2 > self.slots.len() {
            self.grow();
        } else {
            place(&mut self.slots, hash, number);
        }
    }

    /// Makes the near table anew, with all texts.
    #[cold]
    fn make_near(&mut self, bits: u32) {
        // No text starts there.
        self.near = vec![Near { start: usize::MAX, len: 0, index: 0 }; 1 << bits];
        self.near_shift = u64::BITS - bits;
        for number in 0..self.entries.len() {
            self.set_near(self.entries[number]);
        }
    }

    /// Doubles the slots and puts all entries into them.
    #[cold]
    fn grow(&mut self) {
        let room = (self.slots.len() * 2).max(64);
        self.slots.clear();
        self.slots.resize(room, 0);
        for (number, entry) in (1..).zip(&self.entries) {
            place(&mut self.slots, entry.hash, number);
        }
    }
}

/// Puts the entry of that number into the first free place for `hash`.
fn place(slots: &mut [u64], hash: u64, number: u64) {
    let mask = slots.len() - 1;
    let mut at = hash as usize & mask;
    // Half of the slots are free, so the search ends, and the mask keeps it in bounds.
    while slots[at] != 0 {
        at = (at + 1) & mask;
    }
    slots[at] = ((hash >> 32) << 32) | number;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_while_the_table_grows() {
        let mut texts = Texts::default();
        let text = |number: u32| "text ".repeat(number as usize % 7) + &number.to_string();
        for number in 0..1000 {
            let hash = texts.hash(&text(number));
            assert_eq!(texts.get(hash, &text(number)), None);
            assert_eq!(texts.near(&text(number)), None);
            assert_eq!(texts.near(""), None);
            texts.insert(hash, &text(number), number);
        }
        for number in 0..1000 {
            let hash = texts.hash(&text(number));
            assert_eq!(texts.get(hash, &text(number)), Some(number));
            assert_eq!(texts.near(&text(number)), Some(number));
        }
    }
}
