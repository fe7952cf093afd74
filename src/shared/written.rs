//! The memo indexes of the pointers that a dump has written.
//!
//! Each reference to a shared value is one lookup here and little else, so this is a table of its
//! own: open addressing, a multiplication for a hash, and a probe that compares the whole key. Keys
//! are mostly addresses, which nobody chooses. References come in any order, so that most of the
//! time of a lookup is that of getting the slot into the first cache: a slot is two words, and has
//! a number in place of the type.

use std::any::TypeId;

use super::scope::{Identity, Key};

/// Memo indexes by key.
#[derive(Default)]
pub(super) struct Written {
    /// A power of two of slots, at most a quarter of them in use: to look at a second slot is a
    /// guess of the processor's. None before the first key.
    slots: Vec<Slot>,
    used: usize,
    /// The types of the keys, whose numbers are their places.
    kinds: Vec<TypeId>,
    /// The number of the type that was looked for last.
    last: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    address: u64,
    /// [`FREE`], or the number of the type and the form, see [`form`].
    form: u32,
    /// [`OPEN`], or the memo index.
    index: u32,
}

const FREE: u32 = 0;
/// The pointer is being written. No entry of a memo has this index.
const OPEN: u32 = u32::MAX;

/// The slots that are made first, a power of two.
const FIRST: usize = 64;

/// The part of a slot that is not the address; never [`FREE`].
#[inline(always)]
fn form(kind: usize, hashed: bool) -> u32 {
    (kind as u32 + 1) << 1 | u32::from(hashed)
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

    /// The form of a key whose type is known.
    #[inline(always)]
    fn form(&mut self, Key((_, kind), hashed): Key) -> Option<u32> {
        if self.kinds.get(self.last) != Some(&kind) {
            self.last = self.kinds.iter().position(|known| *known == kind)?;
        }
        Some(form(self.last, hashed))
    }

    /// The first slot to look at, from both halves of a product. By the upper bits of the lower
    /// half alone, half of the allocations that lie 96 or 112 bytes apart would meet another one.
    #[inline(always)]
    fn place(&self, address: u64) -> usize {
        let product = u128::from(address) * 0x9e37_79b9_7f4a_7c15;
        ((product >> 64) ^ product) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The number of the key's slot, or of the free one where it would be; `None` before the first.
    #[inline(always)]
    fn find(&self, address: u64, form: u32) -> Option<usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.place(address);
        // The mask keeps the place in bounds, and most slots are free, so the search ends.
        loop {
            let slot = self.slots.get(at)?;
            if slot.form == FREE || (slot.address == address) & (slot.form == form) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    /// The index of a pointer that has been written, if its slot is the first one looked at.
    #[inline(always)]
    pub(super) fn near(&self, key: Key) -> Option<u32> {
        let Key((address, kind), hashed) = key;
        let slot = self.slots.get(self.place(address))?;
        let known = self.kinds.get(self.last)? == &kind;
        let is_it = (slot.address == address) & (slot.form == form(self.last, hashed)) & known;
        (is_it & (slot.index != OPEN)).then_some(slot.index)
    }

    #[inline(never)]
    pub(super) fn get(&mut self, key: Key) -> Option<Entry> {
        let form = self.form(key)?;
        let slot = self.slots.get(self.find(key.0.0, form)?)?;
        match (slot.form, slot.index) {
            (FREE, _) => None,
            (_, OPEN) => Some(Entry::Open),
            (_, index) => Some(Entry::Done(index)),
        }
    }

    /// Notes that a pointer is being written.
    pub(super) fn open(&mut self, key: Key) {
        if self.used * 4 >= self.slots.len() {
            self.grow();
        }
        let (address, kind): Identity = key.0;
        let form = match self.form(key) {
            Some(form) => form,
            None => {
                self.last = self.kinds.len();
                self.kinds.push(kind);
                form(self.last, key.1)
            }
        };
        if let Some(slot) = self.find(address, form).and_then(|at| self.slots.get_mut(at)) {
            self.used += usize::from(slot.form == FREE);
            *slot = Slot { address, form, index: OPEN };
        }
    }

    /// Notes under which index it was written, if it was noted that it is being written.
    pub(super) fn close(&mut self, key: Key, index: u32) {
        if let Some(form) = self.form(key)
            && let Some(slot) = self.find(key.0.0, form).and_then(|at| self.slots.get_mut(at))
            && slot.form != FREE
        {
            slot.index = index;
        }
    }

    /// Doubles the slots.
    #[cold]
    fn grow(&mut self) {
        let room = (2 * self.slots.len()).max(FIRST);
        let free = Slot { address: 0, form: FREE, index: 0 };
        let before = std::mem::replace(&mut self.slots, vec![free; room]);
        for slot in before.into_iter().filter(|slot| slot.form != FREE) {
            if let Some(place) =
                self.find(slot.address, slot.form).and_then(|at| self.slots.get_mut(at))
            {
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
            match (before, written.get(key)) {
                (None, None) => {}
                (Some((_, index)), Some(Entry::Done(found))) => assert_eq!(found, *index),
                _ => panic!("{} entries", known.len()),
            }
            if before.is_none() {
                written.open(key);
                assert!(matches!(written.get(key), Some(Entry::Open)));
                let index = known.len() as u32;
                written.close(key, index);
                known.push((key, index));
            }
        }
        for (key, index) in &known {
            assert!(matches!(written.get(*key), Some(Entry::Done(found)) if found == *index));
        }
        written.clear();
        assert!(written.is_empty() && known.iter().all(|(key, _)| written.get(*key).is_none()));
    }

    #[test]
    fn allocations_side_by_side_are_found_in_the_first_slot() {
        for distance in [16, 32, 48, 64, 80, 96, 112, 128, 160, 4096] {
            let mut written = Written::default();
            let key = |number: u64| {
                Key((0x5555_556a_1230 + number * distance, TypeId::of::<u8>()), false)
            };
            for number in 0..1000 {
                written.open(key(number));
                written.close(key(number), number as u32);
            }
            let near = (0..1000).filter(|number| written.near(key(*number)).is_some()).count();
            assert!(near > 850, "{near} of 1000, {distance} apart");
        }
    }
}
