//! The stack and the memo of [`disassemble`](super::disassemble()), as far as its output needs
//! them, with the faults and remarks that they give rise to.

use std::ops::Range;

use super::genops::{self, Indexes, Instruction};
use crate::error::Error;
use crate::instruction::{Argument, Opcode};

/// The indexes of the memo that were stored under.
#[derive(Default)]
pub(super) struct Memo {
    /// Those without a gap from the first one on.
    dense: Range<i64>,
    others: Indexes<()>,
}

impl Memo {
    fn len(&self) -> usize {
        (self.dense.end - self.dense.start) as usize + self.others.len()
    }

    fn contains(&mut self, index: &Argument<'_>) -> bool {
        genops::near(index).is_some_and(|index| self.dense.contains(&index))
            || self.others.contains(index)
    }

    fn insert(&mut self, index: &Argument<'_>) {
        match genops::near(index) {
            Some(index) if self.dense.is_empty() && index < i64::MAX => {
                self.dense = index..index + 1;
            }
            Some(index) if index == self.dense.end && index < i64::MAX => self.dense.end += 1,
            _ => self.others.insert(index, ()),
        }
    }
}

/// A remark behind an argument.
#[derive(Clone, Copy)]
pub(super) enum Note {
    /// The opcode goes back to the mark that was pushed at this byte.
    Mark(usize),
    NoMark,
    /// The index that MEMOIZE takes.
    Memoized(usize),
}

/// An error of an instruction at its place.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    NoMark,
    Twice,
    Never,
    NothingToStore,
    MarkToStore,
    TooFew { wanted: usize, found: usize },
}

impl Fault {
    #[cold]
    pub(super) fn into_error(self, opcode: Opcode) -> Error {
        let name = opcode.name();
        Error::syntax(match self {
            Self::NoMark => format!("{name} needs a mark, and there is none"),
            Self::Twice => format!("{name} stores under a memo index that is taken"),
            Self::Never => {
                format!("{name} fetches a memo index under which nothing is stored")
            }
            Self::NothingToStore => {
                format!("{name} needs a value to store, and the stack is empty")
            }
            Self::MarkToStore => {
                format!("{name} needs a value to store, and a mark is on top of the stack")
            }
            Self::TooFew { wanted, found } => {
                format!("{name} takes {wanted} off the stack, which has {found}")
            }
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Item {
    Mark,
    Other,
}

/// The stack, as far as it matters.
#[derive(Default)]
pub(super) struct Stack {
    pub(super) items: Vec<Item>,
    /// The offsets of the opcodes that pushed the marks. A mark that an opcode took for an ordinary
    /// item is still here.
    pub(super) marks: Vec<usize>,
}

impl Stack {
    /// Runs an instruction on the stack; gives the remark on it, and its error.
    pub(super) fn run(
        &mut self,
        instruction: &Instruction<'_>,
        memo: &mut Memo,
    ) -> (Option<Note>, Option<Fault>) {
        let Instruction { at, opcode, ref argument, .. } = *instruction;
        let effect = opcode.stack_effect();
        let mut pops = usize::from(effect.pops);
        let mut note = None;
        // The POP of protocol 0 may take a mark.
        let pops_mark = opcode == Opcode::Pop && self.items.last() == Some(&Item::Mark);
        if effect.to_mark || pops_mark {
            let Some(mark) = self.marks.pop().filter(|_| self.drop_to_mark()) else {
                return (Some(Note::NoMark), Some(Fault::NoMark));
            };
            note = Some(Note::Mark(mark));
            if pops_mark {
                pops = 0;
            }
        }
        match opcode {
            Opcode::Put | Opcode::Binput | Opcode::LongBinput | Opcode::Memoize => {
                let next = Argument::Int(memo.len() as i64);
                let index = if opcode == Opcode::Memoize { &next } else { argument };
                if opcode == Opcode::Memoize {
                    note = Some(Note::Memoized(memo.len()));
                }
                match self.items.last() {
                    _ if memo.contains(index) => return (note, Some(Fault::Twice)),
                    None => return (note, Some(Fault::NothingToStore)),
                    Some(Item::Mark) => return (note, Some(Fault::MarkToStore)),
                    Some(Item::Other) => memo.insert(index),
                }
            }
            Opcode::Get | Opcode::Binget | Opcode::LongBinget if !memo.contains(argument) => {
                return (note, Some(Fault::Never));
            }
            _ => {}
        }
        let Some(left) = self.items.len().checked_sub(pops) else {
            return (note, Some(Fault::TooFew { wanted: pops, found: self.items.len() }));
        };
        self.items.truncate(left);
        let pushed = if opcode == Opcode::Mark { Item::Mark } else { Item::Other };
        self.items.extend(std::iter::repeat_n(pushed, effect.pushes.into()));
        if opcode == Opcode::Mark {
            self.marks.push(at);
        }
        (note, None)
    }

    /// Drops everything down to the topmost mark, and the mark. Returns true if there was one.
    fn drop_to_mark(&mut self) -> bool {
        while let Some(item) = self.items.pop() {
            if item == Item::Mark {
                return true;
            }
        }
        false
    }
}
