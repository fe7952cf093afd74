//! What has been written and can be referred to again.
//!
//! Only what may well come again is memoized: names that live in the program itself (fields, variants, classes),
//! globals, and on request text. A pickle without the other memo opcodes is smaller and faster to read than CPython's,
//! which memoizes everything because it cannot know.
//!
//! Names are found by *address and length*. That is sound because they are `&'static str`: their memory is never used
//! for anything else. Two copies of one name in a program are two entries, which costs a few bytes and no more. The
//! table is open addressing over one small array: a record's name costs a multiplication, a load and two comparisons.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};

use crate::error::{Error, Result};

/// The memo of a Pickler, over all its dumps.
#[derive(Default)]
pub(super) struct Memo {
    len: u32,
    /// Field and variant names.
    pub(super) names: Names,
    /// Serde names of classes.
    pub(super) classes: Names,
    globals: IndexMap<(Box<str>, Box<str>), u32, RandomState>,
    strings: HashMap<Box<str>, u32, RandomState>,
    members: HashMap<Member, u32, RandomState>,
}

/// A member of an enumeration: the addresses of its class's name and of its own, and the length of the latter.
type Member = (usize, usize, usize);

/// A global's module and qualified name, for looking it up.
struct Pair<'a>(&'a str, &'a str);

impl Hash for Pair<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0, self.1).hash(state);
    }
}

impl Equivalent<(Box<str>, Box<str>)> for Pair<'_> {
    fn equivalent(&self, key: &(Box<str>, Box<str>)) -> bool {
        *self.0 == *key.0 && *self.1 == *key.1
    }
}

impl Memo {
    /// The number of entries, which is the next free index.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Takes the next free index.
    pub(super) fn claim(&mut self) -> Result<u32> {
        let index = self.len;
        self.len =
            index.checked_add(1).ok_or_else(|| Error::limit("a pickle's memo has room for 4294967295 entries"))?;
        Ok(index)
    }

    pub(super) fn global(&self, module: &str, qualname: &str) -> Option<u32> {
        self.globals.get(&Pair(module, qualname)).copied()
    }

    pub(super) fn insert_global(&mut self, module: &str, qualname: &str, index: u32) {
        self.globals.insert((module.into(), qualname.into()), index);
    }

    pub(super) fn string(&self, text: &str) -> Option<u32> {
        self.strings.get(text).copied()
    }

    pub(super) fn insert_string(&mut self, text: &str, index: u32) {
        self.strings.insert(text.into(), index);
    }

    pub(super) fn member(&self, class: &'static str, name: &'static str) -> Option<u32> {
        self.members.get(&member(class, name)).copied()
    }

    pub(super) fn insert_member(&mut self, class: &'static str, name: &'static str, index: u32) {
        self.members.insert(member(class, name), index);
    }
}

fn member(class: &'static str, name: &'static str) -> Member {
    (class.as_ptr().addr(), name.as_ptr().addr(), name.len())
}

/// Memo indexes of names by address and length.
#[derive(Default)]
pub(super) struct Names {
    /// A power of two of slots, at most half of them in use; none before the first insert.
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// Zero in a free slot.
    address: usize,
    len: u32,
    index: u32,
}

/// The first size of a table: a few records' worth of names in half a kilobyte.
const FIRST_SLOTS: usize = 32;

impl Names {
    #[inline(always)]
    pub(super) fn get(&self, name: &'static str) -> Option<u32> {
        let address = name.as_ptr().addr();
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = spread(address) & mask;
        // No slots make the mask all ones and `get` a miss; otherwise the index is in bounds, and a free slot ends the
        // search.
        while let Some(slot) = self.slots.get(at) {
            if slot.address == address && slot.len as usize == name.len() {
                return Some(slot.index);
            }
            if slot.address == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
        None
    }

    #[cold]
    pub(super) fn insert(&mut self, name: &'static str, index: u32) {
        // A name of 4 GiB would not be found again; it is only written out each time.
        let Ok(len) = u32::try_from(name.len()) else {
            return;
        };
        if self.used * 2 >= self.slots.len() {
            let room = (self.slots.len() * 2).max(FIRST_SLOTS);
            let old = std::mem::replace(&mut self.slots, vec![Slot::default(); room]);
            old.into_iter().filter(|slot| slot.address != 0).for_each(|slot| self.place(slot));
        }
        self.used += 1;
        self.place(Slot { address: name.as_ptr().addr(), len, index });
    }

    fn place(&mut self, new: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = spread(new.address) & mask;
        // Half of the slots are free, so the search ends, and the mask keeps it in bounds.
        while self.slots[at].address != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = new;
    }
}

/// Names lie side by side in the program, so their addresses differ in the low bits; a multiplication carries those up,
/// and the shift brings the mixed ones down.
#[inline(always)]
fn spread(address: usize) -> usize {
    ((address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_address_and_length_while_the_table_grows() {
        const TEXT: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        let mut names = Names::default();
        assert_eq!(names.get("a"), None);
        let all: Vec<&'static str> =
            (0..TEXT.len()).flat_map(|at| (1..4).filter_map(move |len| TEXT.get(at..at + len))).collect();
        for (index, name) in (0..).zip(&all) {
            assert_eq!(names.get(name), None);
            names.insert(name, index);
        }
        for (index, name) in (0..).zip(&all) {
            assert_eq!(names.get(name), Some(index));
        }
    }
}
