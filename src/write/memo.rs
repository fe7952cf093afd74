//! The record of written objects that can be referred to again.
//!
//! Only values that are likely to be repeated are memoized: names in the program itself (fields,
//! variants, classes), globals, short text at its second occurrence (`repeats.rs`), and on request
//! all text (`texts.rs`). Such a pickle is smaller and faster to read than CPython's, which
//! memoizes everything because it cannot know.
//!
//! Names are found by *address and length*. That is sound because they are `&'static str`: their
//! memory is never used for anything else. Two copies of one name in a program are two entries,
//! which costs only a few bytes.
//!
//! Names come in the order of a program's fields, again and again. So each entry has the number of
//! the one that followed it last time, and the next name is nearly always that one: one load and
//! two comparisons. If it is another, the first few entries are compared, or a table is searched if
//! there are more than [`SCANNED`].

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};

use super::repeats::{Interest, Repeats};
use super::texts::Texts;
use crate::error::{Error, Result};

/// The memo of a Pickler, over all its dumps.
pub(super) struct WriteMemo {
    len: u32,
    /// Field and variant names.
    pub(super) names: Names,
    /// Serde names of classes.
    pub(super) classes: Names,
    /// Made when the first of them is written, so that a small message does not pay for it.
    others: Option<Box<Others>>,
    /// Recent short texts.
    pub(super) repeats: Repeats,
    /// Some members of enumerations, each in the slot of its address: the few members of a program
    /// come again and again. Made with the first of them.
    near_members: Option<Box<[NearMember; NEAR]>>,
}

#[derive(Default)]
struct Others {
    /// The index of the name of Latin-1.
    latin1: Option<u32>,
    globals: IndexMap<(Box<str>, Box<str>), u32, RandomState>,
    texts: Texts,
    members: HashMap<Member, u32, RandomState>,
}

/// A member of an enumeration: the addresses of its class's name and of its own, and the length of
/// the latter.
type Member = (usize, usize, usize);

/// A member and its index.
#[derive(Clone, Copy)]
struct NearMember(Member, u32);

/// The slots of near members, a power of two.
const NEAR: usize = 64;

/// The slot of a member. Names of one enumeration lie side by side, so the lowest bits tell them
/// apart.
#[inline(always)]
fn slot((class, name, _): Member) -> usize {
    (class ^ name) % NEAR
}

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

impl WriteMemo {
    /// An empty memo. Text of at least `text_from` bytes is not looked up.
    #[inline(always)]
    pub(super) fn new(text_from: usize) -> Self {
        let names = || Names::new(text_from);
        Self {
            len: 0,
            names: names(),
            classes: names(),
            others: None,
            repeats: Repeats::new(),
            near_members: None,
        }
    }

    /// The number of entries, which is the next free index.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Takes the next free index.
    #[inline]
    pub(super) fn claim(&mut self) -> Result<u32> {
        let index = self.len;
        match index.checked_add(1) {
            Some(len) => self.len = len,
            None => return Err(full()),
        }
        Ok(index)
    }

    fn others(&mut self) -> &mut Others {
        self.others.get_or_insert_default()
    }

    pub(super) fn global(&self, module: &str, qualname: &str) -> Option<u32> {
        self.others.as_ref()?.globals.get(&Pair(module, qualname)).copied()
    }

    pub(super) fn insert_global(&mut self, module: &str, qualname: &str, index: u32) {
        self.others().globals.insert((module.into(), qualname.into()), index);
    }

    #[inline(always)]
    pub(super) fn near_text(&self, text: &str) -> Option<u32> {
        self.others.as_ref()?.texts.near(text)
    }

    pub(super) fn texts(&mut self) -> &mut Texts {
        &mut self.others().texts
    }

    pub(super) fn latin1(&mut self) -> &mut Option<u32> {
        &mut self.others().latin1
    }

    /// The index of a member, if it is found at once.
    #[inline]
    pub(super) fn near_member(&self, class: &'static str, name: &'static str) -> Option<u32> {
        let member = member(class, name);
        // There are as many slots as `slot` has results.
        let NearMember(known, index) = self.near_members.as_ref()?[slot(member)];
        (known == member).then_some(index)
    }

    pub(super) fn member(&mut self, class: &'static str, name: &'static str) -> Option<u32> {
        let member = member(class, name);
        let index = *self.others.as_ref()?.members.get(&member)?;
        self.set_near_member(member, index);
        Some(index)
    }

    pub(super) fn insert_member(&mut self, class: &'static str, name: &'static str, index: u32) {
        let member = member(class, name);
        self.others().members.insert(member, index);
        self.set_near_member(member, index);
    }

    fn set_near_member(&mut self, member: Member, index: u32) {
        // No name has the address 0.
        let free = NearMember((0, 0, 0), 0);
        let near = self.near_members.get_or_insert_with(|| Box::new([free; NEAR]));
        // There are as many slots as `slot` has results.
        near[slot(member)] = NearMember(member, index);
    }
}

#[cold]
fn full() -> Error {
    Error::limit("a pickle's memo has room for 4294967295 entries")
}

#[inline(always)]
fn member(class: &'static str, name: &'static str) -> Member {
    (class.as_ptr().addr(), name.as_ptr().addr(), name.len())
}

/// Indexes of the memo of names by address and length.
pub(super) struct Names {
    entries: Vec<Entry>,
    /// The entry that came last; none after a name without one.
    last: usize,
    /// The entry that is expected next.
    next: usize,
    /// A bit for each of 64 classes of addresses that has an entry: it identifies most new names as
    /// new.
    seen: u64,
    /// Numbers of entries, plus one, by address; a power of two of slots, at most half of them in
    /// use. Empty as long as there are few entries.
    table: Vec<u32>,
    /// The interest in text under no name, or under one without an entry.
    outside: Interest,
}

#[derive(Clone, Copy)]
struct Entry {
    address: usize,
    len: usize,
    /// The entry that came after this one last time.
    next: u32,
    index: u32,
    /// The interest in the text of this field.
    interest: Interest,
}

/// The memo index and text threshold of an expected name.
pub(super) struct Expected {
    pub(super) index: u32,
    /// Text of that field of at least so many bytes is not looked up.
    pub(super) text_from: usize,
}

/// Up to this many entries are compared one by one, without the table.
const SCANNED: usize = 16;

impl Names {
    #[inline(always)]
    fn new(text_from: usize) -> Self {
        let outside = Interest::new(text_from);
        Self { entries: Vec::new(), last: 0, next: 0, seen: 0, table: Vec::new(), outside }
    }

    /// Returns the entry of `name`, if it is the one expected.
    #[inline(always)]
    pub(super) fn expected(&mut self, name: &'static str) -> Option<Expected> {
        let entry = self.entries.get(self.next)?;
        if entry.address != name.as_ptr().addr() || entry.len != name.len() {
            return None;
        }
        self.last = self.next;
        self.next = entry.next as usize;
        Some(Expected { index: entry.index, text_from: entry.interest.from() })
    }

    /// The interest in the text of the field that came last.
    #[inline(always)]
    pub(super) fn interest(&mut self) -> &mut Interest {
        match self.entries.get_mut(self.last) {
            Some(entry) => &mut entry.interest,
            None => &mut self.outside,
        }
    }

    /// Notes a field whose name gets no entry. Its text of at least `text_from` bytes is not looked
    /// up.
    #[inline(always)]
    pub(super) fn pass_by(&mut self, text_from: usize) {
        self.last = usize::MAX;
        self.outside = Interest::new(text_from);
    }

    /// Begins to look up the text of all fields again.
    pub(super) fn renew_interest(&mut self) {
        self.outside.renew();
        self.entries.iter_mut().for_each(|entry| entry.interest.renew());
    }

    /// The memo index of `name`, expected or not.
    pub(super) fn index(&mut self, name: &'static str) -> Option<u32> {
        self.expected(name).map(|expected| expected.index).or_else(|| self.get(name))
    }

    /// The memo index of `name`, which is not the one expected.
    #[inline]
    pub(super) fn get(&mut self, name: &'static str) -> Option<u32> {
        if self.is_new(name) { None } else { self.search(name) }
    }

    /// Returns true if `name` is known to be new.
    #[inline(always)]
    pub(super) fn is_new(&self, name: &'static str) -> bool {
        self.seen & seen_bit(name) == 0
    }

    #[inline(never)]
    fn search(&mut self, name: &'static str) -> Option<u32> {
        let number = self.find(name)?;
        let entry = self.entries.get(number).copied()?;
        if let Some(last) = self.entries.get_mut(self.last) {
            last.next = number as u32;
        }
        self.last = number;
        self.next = entry.next as usize;
        Some(entry.index)
    }

    fn find(&self, name: &'static str) -> Option<usize> {
        let (address, len) = (name.as_ptr().addr(), name.len());
        let is_it = |entry: &Entry| entry.address == address && entry.len == len;
        if self.table.is_empty() {
            return self.entries.iter().position(is_it);
        }
        let mask = self.table.len() - 1;
        let mut at = spread(address) & mask;
        // The mask keeps the place in bounds, and half of the slots are free, so the search ends.
        loop {
            match self.table.get(at)? {
                0 => return None,
                &number if self.entries.get(number as usize - 1).is_some_and(is_it) => {
                    return Some(number as usize - 1);
                }
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds a new name. Text of that field of at least `text_from` bytes is not looked up.
    #[inline]
    pub(super) fn insert(&mut self, name: &'static str, index: u32, text_from: usize) {
        let number = self.entries.len();
        if let Some(last) = self.entries.get_mut(self.last) {
            last.next = number as u32;
        }
        self.seen |= seen_bit(name);
        self.last = number;
        self.next = number + 1;
        if number == 0 || number >= SCANNED {
            self.insert_rarely(name, index, text_from);
        } else {
            self.push(name, index, text_from);
        }
    }

    #[inline(always)]
    fn push(&mut self, name: &'static str, index: u32, text_from: usize) {
        // After the last name of a record comes its first, or a new one.
        let next = self.entries.len() as u32 + 1;
        let (address, len) = (name.as_ptr().addr(), name.len());
        self.entries.push(Entry { address, len, next, index, interest: Interest::new(text_from) });
    }

    /// Adds the first entry, or one that goes into the table.
    #[cold]
    fn insert_rarely(&mut self, name: &'static str, index: u32, text_from: usize) {
        let number = self.entries.len();
        if number == 0 {
            self.entries = Vec::with_capacity(SCANNED);
        }
        self.push(name, index, text_from);
        if number >= SCANNED {
            self.enter(number);
        }
    }

    /// Puts the newest entry into the table, or all into a larger one.
    #[cold]
    fn enter(&mut self, number: usize) {
        let mut from = number;
        if self.entries.len() * 2 > self.table.len() {
            let room = (self.table.len() * 2).max(4 * SCANNED);
            self.table.clear();
            self.table.resize(room, 0);
            from = 0;
        }
        let mask = self.table.len() - 1;
        for (number, entry) in self.entries.iter().enumerate().skip(from) {
            let mut at = spread(entry.address) & mask;
            // Half of the slots are free, so the search ends, and the mask keeps it in bounds.
            while self.table[at] != 0 {
                at = (at + 1) & mask;
            }
            self.table[at] = number as u32 + 1;
        }
    }
}

#[inline]
fn seen_bit(name: &'static str) -> u64 {
    1 << (spread(name.as_ptr().addr()) & 63)
}

/// Names lie side by side in the program, so their addresses differ in the low bits; a
/// multiplication carries those up, and the shift brings the mixed ones down.
#[inline]
fn spread(address: usize) -> usize {
    ((address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_near_and_far() {
        const TEXT: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        let mut memo = WriteMemo::new(0);
        assert_eq!((memo.near_member("A", "a"), memo.member("A", "a")), (None, None));
        // More than there are slots.
        let all: Vec<&'static str> = (0..TEXT.len())
            .flat_map(|at| (1..4).filter_map(move |len| TEXT.get(at..at + len)))
            .collect();
        assert!(all.len() > 2 * NEAR);
        for class in ["A", "B"] {
            for (index, name) in (0..).zip(&all) {
                assert_eq!(memo.member(class, name), None);
                memo.insert_member(class, name, index);
                assert_eq!(memo.near_member(class, name), Some(index));
            }
        }
        for (index, name) in (0..).zip(&all) {
            assert!(memo.near_member("A", name).is_none_or(|near| near == index));
            assert_eq!(memo.member("A", name), Some(index));
            assert_eq!(memo.near_member("A", name), Some(index));
        }
    }

    #[test]
    fn names_are_found_by_address_and_length_while_the_table_grows() {
        const TEXT: &str =
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        let mut names = Names::new(0);
        assert_eq!(names.get("a"), None);
        let all: Vec<&'static str> = (0..TEXT.len())
            .flat_map(|at| (1..4).filter_map(move |len| TEXT.get(at..at + len)))
            .collect();
        for (index, name) in (0..).zip(&all) {
            assert_eq!(names.get(name), None);
            names.insert(name, index, 0);
        }
        for _ in 0..2 {
            for (index, name) in (0..).zip(&all) {
                assert_eq!(names.get(name), Some(index));
            }
        }
        // After one round each name is expected after the one before it.
        for (index, name) in (0..).zip(&all) {
            assert_eq!(names.expected(name).map(|name| name.index), Some(index));
        }
    }
}
