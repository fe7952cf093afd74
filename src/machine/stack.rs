//! The operands and marks.
//!
//! As in CPython's C code there are two stacks: operands, and the positions of the marks among
//! them. What lies below the topmost mark (the fence) is out of reach of every opcode but those
//! that take the mark itself.

use super::Handle;
use crate::error::{Error, Result};
use crate::instruction::Opcode;

#[derive(Default)]
pub(super) struct Stack {
    operands: Vec<Handle>,
    marks: Vec<usize>,
    /// The position of the topmost mark, 0 where there is none.
    fence: usize,
}

impl Stack {
    pub(super) fn with_input(input: usize) -> Self {
        // A batch of 1,000 items and the containers around it, unless the input is too short for
        // that.
        Self {
            operands: Vec::with_capacity((input / 2 + 4).min(2_048)),
            marks: Vec::with_capacity(8),
            fence: 0,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, handle: Handle) {
        self.operands.push(handle);
    }

    #[inline]
    pub(super) fn pop(&mut self, opcode: Opcode) -> Result<Handle> {
        if self.operands.len() > self.fence
            && let Some(handle) = self.operands.pop()
        {
            return Ok(handle);
        }
        Err(self.underflow(opcode))
    }

    #[inline]
    pub(super) fn top(&self, opcode: Opcode) -> Result<Handle> {
        match self.operands.last() {
            Some(&handle) if self.operands.len() > self.fence => Ok(handle),
            _ => Err(self.underflow(opcode)),
        }
    }

    /// Replaces the top; the caller must have checked that there is one.
    #[inline]
    pub(super) fn replace_top(&mut self, handle: Handle) {
        if let Some(top) = self.operands.last_mut() {
            *top = handle;
        }
    }

    /// The `N` topmost operands, lowest first. They stay.
    #[inline]
    pub(super) fn topmost<const N: usize>(&self, opcode: Opcode) -> Result<[Handle; N]> {
        match self.operands.last_chunk::<N>() {
            Some(chunk) if self.operands.len() >= self.fence + N => Ok(*chunk),
            _ => Err(self.underflow(opcode)),
        }
    }

    #[inline]
    pub(super) fn drop_topmost(&mut self, count: usize) {
        self.operands.truncate(self.operands.len().saturating_sub(count));
    }

    #[inline]
    pub(super) fn push_mark(&mut self) {
        self.fence = self.operands.len();
        self.marks.push(self.fence);
    }

    /// Takes the topmost mark away and gives its position: the operands from there on were above
    /// it.
    #[inline]
    pub(super) fn pop_mark(&mut self, opcode: Opcode) -> Result<usize> {
        match self.marks.pop() {
            Some(mark) => {
                self.fence = self.marks.last().copied().unwrap_or(0);
                Ok(mark)
            }
            None => Err(no_mark(opcode)),
        }
    }

    /// Takes the topmost mark away if it lies on top of everything.
    pub(super) fn pop_top_mark(&mut self) -> bool {
        let found = self.marks.last() == Some(&self.operands.len());
        if found {
            self.marks.pop();
            self.fence = self.marks.last().copied().unwrap_or(0);
        }
        found
    }

    #[inline]
    pub(super) fn above(&self, mark: usize) -> &[Handle] {
        self.operands.get(mark..).unwrap_or_default()
    }

    /// The operand just below `mark`, where its mark has been taken away.
    #[inline]
    pub(super) fn below(&self, mark: usize, opcode: Opcode) -> Result<Handle> {
        if mark > self.fence
            && let Some(&handle) = self.operands.get(mark - 1)
        {
            return Ok(handle);
        }
        Err(self.underflow(opcode))
    }

    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.operands.truncate(len);
    }

    fn underflow(&self, opcode: Opcode) -> Error {
        Error::underflow(opcode.name(), !self.marks.is_empty())
    }
}

#[cold]
fn no_mark(opcode: Opcode) -> Error {
    Error::syntax(format!("{} needs a mark, and there is none", opcode.name()))
}
