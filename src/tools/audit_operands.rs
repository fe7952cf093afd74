//! The operands and the memo of [`audit_reader`](super::audit_reader()): a word for each value.

use foldhash::HashMap;

use super::references::TextId;
use crate::error::{Error, Result};
use crate::instruction::Opcode;

/// An [`Operand`] in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Word(u64);

/// A value of the pickle, as far as an audit cares.
#[derive(Clone, Copy)]
pub(super) enum Operand {
    Other,
    /// Text, by the place of its opcode.
    Text(u64),
    /// A reference.
    Is(u32),
    /// Something that came out of a call of it.
    From(u32),
    /// A tuple that begins with one of these.
    Tuple(u32),
    /// Nothing is stored here.
    Vacant,
}

impl Word {
    pub(super) const OTHER: Self = Self(0);
    pub(super) const VACANT: Self = Self(5);

    pub(super) fn new(operand: Operand) -> Self {
        Self(match operand {
            Operand::Other => 0,
            Operand::Text(place) => place << 3 | 1,
            Operand::Is(at) => u64::from(at) << 3 | 2,
            Operand::From(at) => u64::from(at) << 3 | 3,
            Operand::Tuple(at) => u64::from(at) << 3 | 4,
            Operand::Vacant => 5,
        })
    }

    pub(super) fn operand(self) -> Operand {
        let rest = self.0 >> 3;
        match self.0 & 7 {
            1 => Operand::Text(rest),
            2 => Operand::Is(rest as u32),
            3 => Operand::From(rest as u32),
            4 => Operand::Tuple(rest as u32),
            5 => Operand::Vacant,
            _ => Operand::Other,
        }
    }
}

/// A tuple of arguments that may matter.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tuple {
    pub(super) first: Word,
    /// The second item, if it is text.
    pub(super) second: Option<TextId>,
    pub(super) len: usize,
}

/// The operands; a run of those that do not matter is one entry.
#[derive(Default)]
pub(super) struct Stack {
    runs: Vec<(Word, u64)>,
    /// The number of operands below each mark.
    pub(super) marks: Vec<u64>,
    pub(super) len: u64,
}

impl Stack {
    pub(super) fn push(&mut self, value: Word) {
        self.len += 1;
        match self.runs.last_mut() {
            Some((Word::OTHER, count)) if value == Word::OTHER => *count += 1,
            _ => self.runs.push((value, 1)),
        }
    }

    /// Operands above the topmost mark.
    fn above(&self) -> u64 {
        self.len - self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self, opcode: Opcode) -> Result<Word> {
        if self.above() == 0 {
            return Err(self.underflow(opcode));
        }
        self.len -= 1;
        let Some((value, count)) = self.runs.last_mut() else {
            return Err(self.underflow(opcode));
        };
        let value = *value;
        *count -= 1;
        if *count == 0 {
            self.runs.pop();
        }
        Ok(value)
    }

    pub(super) fn top(&self, opcode: Opcode) -> Result<Word> {
        match self.runs.last() {
            Some((value, _)) if self.above() > 0 => Ok(*value),
            _ => Err(self.underflow(opcode)),
        }
    }

    /// Takes what POP takes: a mark, where one is on top, or an operand.
    pub(super) fn pop_any(&mut self, opcode: Opcode) -> Result<()> {
        if self.marks.last() == Some(&self.len) {
            self.marks.pop();
            return Ok(());
        }
        self.pop(opcode).map(drop)
    }

    /// Takes the mark and what is above it; gives the first two of that, and how many there were.
    pub(super) fn pop_mark(&mut self, opcode: Opcode) -> Result<([Word; 2], u64)> {
        let Some(mark) = self.marks.pop() else {
            let name = opcode.name();
            return Err(Error::syntax(format!("{name} needs a mark, and there is none")));
        };
        let count = self.len - mark;
        let mut first = [Word::OTHER; 2];
        let mut left = count;
        while left > 0 {
            let Some((value, run)) = self.runs.pop() else { break };
            let taken = run.min(left);
            left -= taken;
            // From the top down: what comes last is first.
            for place in [1, 0] {
                if left <= place && left + taken > place {
                    first[place as usize] = value;
                }
            }
            if taken < run {
                self.runs.push((value, run - taken));
            }
        }
        self.len = mark;
        Ok((first, count))
    }

    fn underflow(&self, opcode: Opcode) -> Error {
        Error::underflow(opcode.name(), !self.marks.is_empty())
    }
}

#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<Word>,
    sparse: HashMap<u64, Word>,
    pub(super) filled: u64,
}

impl Memo {
    pub(super) fn get(&self, index: u64) -> Option<Word> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index)).copied();
        match dense {
            Some(Word::VACANT) | None => self.sparse.get(&index).copied(),
            found => found,
        }
    }

    pub(super) fn put(&mut self, index: u64, value: Word) {
        const GAP: u64 = 1_024;
        let len = self.dense.len() as u64;
        if self.get(index).is_none() {
            self.filled += 1;
        }
        if index >= len + GAP {
            self.sparse.insert(index, value);
            return;
        }
        while (self.dense.len() as u64) <= index {
            self.dense.push(Word::VACANT);
        }
        if let Some(slot) = self.dense.get_mut(index as usize) {
            *slot = value;
            self.sparse.remove(&index);
        }
    }
}
