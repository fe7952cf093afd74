//! The stack as far as it tells where the instructions of a value begin and end, and the
//! instructions of one value as a program of their own.
//!
//! The memo holds places: where the instructions of a value begin, and how many bytes they are.

use std::collections::HashMap;

use serde_pickle::opcode::Opcode;

use crate::error::{Error, Result};

/// An operand, or a mark.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where its instructions begin.
    start: u64,
    /// The memo entry that it is; `NONE` for none.
    memo: u32,
    is_mark: bool,
    /// True for what [`Instruction::tag`] was given to, and for what was made of such a value.
    tag: bool,
}

const NONE: u32 = u32::MAX;

/// Where a memoized value is: its first byte in the upper 40 bits, its length in the lower 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(u64);

const LENGTH: u64 = (1 << 24) - 1;
const VACANT: Place = Place(u64::MAX);

/// The places of memoized values.
#[derive(Debug, Default)]
pub(super) struct Memo {
    dense: Vec<Place>,
    sparse: HashMap<u64, Place>,
    /// Lengths beyond 24 bits.
    long: HashMap<u64, u64>,
    filled: u64,
}

impl Memo {
    fn place(&self, index: u64) -> Option<Place> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index)).copied();
        dense.filter(|place| *place != VACANT).or_else(|| self.sparse.get(&index).copied())
    }

    fn set(&mut self, index: u64, place: Place) {
        const GAP: usize = 1_024;
        match usize::try_from(index) {
            Ok(at) if at < self.dense.len() + GAP => {
                if at >= self.dense.len() {
                    self.dense.resize(at + 1, VACANT);
                }
                if let Some(slot) = self.dense.get_mut(at) {
                    *slot = place;
                }
            }
            _ => drop(self.sparse.insert(index, place)),
        }
    }

    fn begin(&mut self, index: u64, start: u64) {
        if self.place(index).is_none() {
            self.filled += 1;
        }
        self.long.remove(&index);
        self.set(index, Place(start << 24));
    }

    fn end(&mut self, index: u64, end: u64) {
        let Some(place) = self.place(index) else { return };
        let len = end.saturating_sub(place.0 >> 24);
        if len >= LENGTH {
            self.long.insert(index, len);
        }
        self.set(index, Place(place.0 & !LENGTH | len.min(LENGTH)));
    }

    /// Where a value begins and ends; the end is `None` while it is being made.
    pub(super) fn range(&self, index: u64) -> Option<(u64, Option<u64>)> {
        let place = self.place(index)?;
        let start = place.0 >> 24;
        let len = match place.0 & LENGTH {
            0 => return Some((start, None)),
            LENGTH => self.long.get(&index).copied().unwrap_or(LENGTH),
            len => len,
        };
        Some((start, Some(start + len)))
    }

    /// The number that MEMOIZE gives.
    pub(super) fn next(&self) -> u64 {
        self.filled
    }
}

/// One instruction, as far as the stack cares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    pub(super) offset: u64,
    pub(super) opcode: Opcode,
    /// The memo index of GET and PUT.
    pub(super) index: Option<u64>,
    /// Marks the value that it pushes.
    pub(super) tag: bool,
}

/// The stack, of places.
#[derive(Debug, Default)]
pub(super) struct Stack {
    entries: Vec<Entry>,
    marks: usize,
    /// Further memo entries of a value that has one.
    aliases: HashMap<u32, Vec<u32>>,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The memo entry of the topmost value.
    pub(super) fn top_memo(&self) -> Option<u64> {
        self.entries.last().filter(|top| top.memo != NONE).map(|top| u64::from(top.memo))
    }

    /// Where the tagged value begins that so many others lie upon, if it is one.
    pub(super) fn tagged(&self, below: usize) -> Option<u64> {
        let entry = self.entries.len().checked_sub(below + 1).and_then(|at| self.entries.get(at));
        entry.filter(|entry| entry.tag).map(|entry| entry.start)
    }

    /// Takes the tag off the topmost value.
    pub(super) fn untag(&mut self) {
        if let Some(top) = self.entries.last_mut() {
            top.tag = false;
        }
    }

    /// The value that an APPEND at `end` gives to the list at the bottom.
    pub(super) fn single(&self, end: u64) -> Option<(u64, u64)> {
        match &self.entries[..] {
            [list, item] if !list.is_mark && !item.is_mark => Some((item.start, end)),
            _ => None,
        }
    }

    /// The values above the one mark, which an opcode at `end` gives to the list at the bottom, or
    /// makes a list of.
    pub(super) fn batch(&self, end: u64) -> Vec<(u64, u64)> {
        let items = match &self.entries[..] {
            [mark, items @ ..] if mark.is_mark => items,
            [_, mark, items @ ..] if mark.is_mark => items,
            _ => return Vec::new(),
        };
        if items.iter().any(|item| item.is_mark) {
            return Vec::new();
        }
        let starts = items.iter().map(|item| item.start);
        let ends = items.iter().skip(1).map(|item| item.start).chain([end]);
        starts.zip(ends).collect()
    }

    /// Takes the topmost value away, whose instructions end at `end`.
    pub(super) fn pop(&mut self, memo: &mut Memo, end: u64) -> Option<u64> {
        let top = self.entries.pop()?;
        self.marks -= usize::from(top.is_mark);
        self.finish(top, memo, end);
        Some(top.start)
    }

    fn finish(&mut self, entry: Entry, memo: &mut Memo, end: u64) {
        if entry.memo == NONE {
            return;
        }
        memo.end(entry.memo.into(), end);
        if !self.aliases.is_empty()
            && let Some(others) = self.aliases.remove(&entry.memo)
        {
            for other in others {
                memo.end(other.into(), end);
            }
        }
    }

    fn push(&mut self, start: u64, tag: bool) {
        self.entries.push(Entry { start, memo: NONE, is_mark: false, tag });
    }

    /// Does one instruction.
    pub(super) fn run(&mut self, instruction: Instruction, memo: &mut Memo) -> Result<()> {
        let Instruction { offset, opcode, index, mut tag } = instruction;
        let underflow = || {
            let name = opcode.name();
            Error::new(format!("{name} finds too little on the stack, at byte {offset}"))
        };
        match opcode {
            Opcode::Mark => {
                self.entries.push(Entry { start: offset, memo: NONE, is_mark: true, tag: false });
                self.marks += 1;
                return Ok(());
            }
            Opcode::Put | Opcode::Binput | Opcode::LongBinput | Opcode::Memoize => {
                let index = index.unwrap_or_else(|| memo.next());
                let number = u32::try_from(index).ok().filter(|number| *number != NONE);
                let number = number.ok_or_else(|| {
                    Error::new(format!("a memo index is beyond 32 bits, at byte {offset}"))
                })?;
                let top = self.entries.last_mut().ok_or_else(underflow)?;
                memo.begin(index, top.start);
                if top.memo == NONE {
                    top.memo = number;
                } else {
                    self.aliases.entry(top.memo).or_default().push(number);
                }
                return Ok(());
            }
            Opcode::ReadonlyBuffer => return Ok(()),
            Opcode::Pop if self.entries.last().is_some_and(|top| top.is_mark) => {
                self.pop(memo, offset);
                return Ok(());
            }
            Opcode::Dup => {
                let tag = self.entries.last().is_some_and(|top| top.tag);
                self.push(offset, tag);
                return Ok(());
            }
            _ => {}
        }
        let effect = opcode.stack_effect();
        let (mut start, mut end) = (offset, offset);
        if effect.to_mark {
            loop {
                let top = self.entries.last().ok_or_else(underflow)?;
                let is_mark = top.is_mark;
                tag |= top.tag;
                end = self.pop(memo, end).ok_or_else(underflow)?;
                if is_mark {
                    break;
                }
            }
            start = end;
        }
        let fills = fills(opcode);
        for _ in 0..effect.pops - u8::from(fills) {
            let top = self.entries.last().filter(|top| !top.is_mark).ok_or_else(underflow)?;
            tag |= top.tag;
            end = self.pop(memo, end).ok_or_else(underflow)?;
            start = end;
        }
        if fills {
            return self.entries.last().map(|_| ()).ok_or_else(underflow);
        }
        for _ in 0..effect.pushes {
            self.push(start, tag);
        }
        Ok(())
    }
}

/// Returns true for opcodes that change the value below their operands, which stays.
pub(super) fn fills(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Append
            | Opcode::Appends
            | Opcode::Setitem
            | Opcode::Setitems
            | Opcode::Additems
            | Opcode::Build
    )
}

/// Instructions of a value, changed so that they stand by themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) bytes: Vec<u8>,
    /// Memo entries that it fetches and does not store itself.
    pub(super) needs: Vec<u64>,
}

impl Program {
    /// Appends an instruction: no frames, and MEMOIZE with its number.
    pub(super) fn push(&mut self, opcode: Opcode, bytes: &[u8], number: Option<u64>) {
        match (opcode, number.and_then(|number| u32::try_from(number).ok())) {
            (Opcode::Frame | Opcode::Proto, _) => {}
            (Opcode::Memoize, Some(number)) => {
                self.bytes.push(Opcode::LongBinput.byte());
                self.bytes.extend(number.to_le_bytes());
            }
            _ => self.bytes.extend(bytes),
        }
    }
}
