//! The memo indexes of the pointers that a dump has written.
//!
//! Each reference to a shared value is one lookup here and little else, so this is a table of its
//! own: open addressing, a multiplication for a hash, and a probe that compares the whole key. Keys
//! are mostly addresses, which nobody chooses.

use std::any::TypeId;

use super::scope::{Identity, Key};

/// Memo indexes by key.
#[derive(Default)]
pub(super) struct Written {
    /// A power of two of slots, at most half of them in use; none before the first key.
    slots: Vec<Slot>,
    used: usize,
    /// The shift from a mixed address to the number of a slot.
    shift: u32,
}

#[derive(Clone, Copy)]
struct Slot {
    identity: Identity,
    hashed: bool,
    /// [`FREE`], [`OPEN`] or [`DONE`].
    state: u8,
    index: u32,
}

const FREE: u8 = 0;
/// The pointer is being written.
const OPEN: u8 = 1;
/// It has been written, under the slot's index.
const DONE: u8 = 2;

/// The slots that are made first, as a power of two.
const FIRST: u32 = 6;

impl Slot {
    #[inline(always)]
    fn is(&self, Key(identity, hashed): &Key) -> bool {
        self.identity.0 == identity.0 && self.identity.1 == identity.1 && self.hashed == *hashed
    }
}

/// The entry of a pointer.
pub(super) enum Entry {
    Open,
    Done(u32),
}

impl Written {
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    #[cold]
    #[inline(never)]
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    #[inline(always)]
    fn place(&self, (address, _): Identity) -> usize {
        (address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (self.shift & 63)) as usize
    }

    /// The number of the key's slot, or of the free one where it would be; `None` before the first.
    #[inline(always)]
    fn find(&self, key: &Key) -> Option<usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.place(key.0) & mask;
        // The mask keeps the place in bounds, and half of the slots are free, so the search ends.
        loop {
            let slot = self.slots.get(at)?;
            if slot.state == FREE || slot.is(key) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, key: &Key) -> Option<Entry> {
        let slot = self.slots.get(self.find(key)?)?;
        match slot.state {
            DONE => Some(Entry::Done(slot.index)),
            OPEN => Some(Entry::Open),
            _ => None,
        }
    }

    /// Notes that a pointer is being written.
    pub(super) fn open(&mut self, key: Key) {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        if let Some(slot) = self.find(&key).and_then(|at| self.slots.get_mut(at)) {
            self.used += usize::from(slot.state == FREE);
            *slot = Slot { identity: key.0, hashed: key.1, state: OPEN, index: 0 };
        }
    }

    /// Notes under which index it was written, if it was noted that it is being written.
    pub(super) fn close(&mut self, key: Key, index: u32) {
        if let Some(slot) = self.find(&key).and_then(|at| self.slots.get_mut(at))
            && slot.state != FREE
        {
            (slot.state, slot.index) = (DONE, index);
        }
    }

    /// Doubles the slots.
    #[cold]
    fn grow(&mut self) {
        let bits = if self.slots.is_empty() { FIRST } else { u64::BITS - self.shift + 1 };
        let free = Slot { identity: (0, TypeId::of::<()>()), hashed: false, state: FREE, index: 0 };
        let before = std::mem::replace(&mut self.slots, vec![free; 1 << bits]);
        self.shift = u64::BITS - bits;
        for slot in before.into_iter().filter(|slot| slot.state != FREE) {
            let key = Key(slot.identity, slot.hashed);
            if let Some(place) = self.find(&key).and_then(|at| self.slots.get_mut(at)) {
                *place = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_found_by_address_type_and_form_while_the_table_grows() {
        let mut written = Written::default();
        let key = |number: u64| {
            let kind =
                if number.is_multiple_of(3) { TypeId::of::<u8>() } else { TypeId::of::<u16>() };
            // The same addresses for several types and forms, and many that end alike.
            Key((number / 6 * 4096, kind), number.is_multiple_of(2))
        };
        let all: Vec<Key> = (0..3000).filter(|number| number % 6 < 4).map(key).collect();
        let mut known: Vec<(Key, u32)> = Vec::new();
        for key in all {
            let before = known.iter().find(|(known, _)| *known == key);
            match (before, written.get(&key)) {
                (None, None) => {}
                (Some((_, index)), Some(Entry::Done(found))) => assert_eq!(found, *index),
                _ => panic!("{} entries", known.len()),
            }
            if before.is_none() {
                written.open(key);
                assert!(matches!(written.get(&key), Some(Entry::Open)));
                let index = known.len() as u32;
                written.close(key, index);
                known.push((key, index));
            }
        }
        for (key, index) in &known {
            assert!(matches!(written.get(key), Some(Entry::Done(found)) if found == *index));
        }
        written.clear();
        assert!(written.is_empty() && known.iter().all(|(key, _)| written.get(key).is_none()));
    }
}
