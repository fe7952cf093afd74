//! [`Programs`]: the instructions of memoized values, so that a part of a pickle can stand alone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use serde_pickle::Error as PickleError;
use serde_pickle::opcode::{Argument, InstructionReader, Opcode, ReadInstruction, instructions};

use super::program::{Instruction, Memo, Program, Stack};
use crate::error::{Error, Result};
use crate::input::Seekable;

/// Bytes of programs that are remembered.
const REMEMBERED: usize = 16 << 20;

/// The memo of a pickle, and the instructions behind its entries.
pub(super) struct Programs<'s> {
    source: &'s Seekable<'s>,
    pub(super) memo: Memo,
    remembered: HashMap<u64, Rc<Program>>,
    remembered_bytes: usize,
    /// Bytes that one program may have.
    longest: u64,
}

impl<'s> Programs<'s> {
    pub(super) fn new(source: &'s Seekable<'s>) -> Self {
        Self {
            source,
            memo: Memo::default(),
            remembered: HashMap::new(),
            remembered_bytes: 0,
            longest: u64::MAX,
        }
    }

    /// Refuses programs of more than so many bytes.
    pub(super) fn longest(mut self, bytes: u64) -> Self {
        self.longest = bytes;
        self
    }

    /// Forgets all, for the next pickle.
    pub(super) fn clear(&mut self) {
        self.memo = Memo::default();
        self.remembered.clear();
        self.remembered_bytes = 0;
    }

    pub(super) fn bytes(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let len = to.saturating_sub(from);
        let len = usize::try_from(len).ok().filter(|_| len <= self.longest);
        let len = len.ok_or_else(|| Error::new("an element is longer than memory"))?;
        let mut bytes = vec![0; len];
        self.source
            .read_at(from, &mut bytes)
            .map_err(|error| Error::new(format!("cannot read at byte {from}: {error}")))?;
        Ok(bytes)
    }

    /// The programs that store these memo entries, in order; those of the element that begins at
    /// `from` are its own.
    pub(super) fn prelude(&mut self, wanted: &[u64], from: u64) -> Result<Vec<Rc<Program>>> {
        let mut found: BTreeMap<u64, (u64, Rc<Program>)> = BTreeMap::new();
        let mut left: Vec<u64> = wanted.to_vec();
        while let Some(index) = left.pop() {
            let Some((start, end)) = self.memo.range(index) else {
                return Err(Error::new(format!(
                    "nothing was stored in the memo under {index}, at byte {from}"
                )));
            };
            if start >= from || found.get(&start).is_some_and(|(known, _)| Some(*known) >= end) {
                continue;
            }
            let Some(end) = end else {
                return Err(Error::new(format!(
                    "an element refers to the list that it is in, at byte {from}: use json without \
                     --lines"
                )));
            };
            let program = self.program(index, start, end)?;
            left.extend(&program.needs);
            found.insert(start, (end, program));
        }
        // A value within another one is stored by that.
        let (mut programs, mut covered) = (Vec::new(), 0);
        for (end, program) in found.into_values() {
            if end > covered {
                covered = end;
                programs.push(program);
            }
        }
        Ok(programs)
    }

    /// The instructions of a memoized value.
    pub(super) fn program(&mut self, index: u64, start: u64, end: u64) -> Result<Rc<Program>> {
        if let Some(program) = self.remembered.get(&index) {
            return Ok(program.clone());
        }
        let bytes = self.bytes(start, end)?;
        let at = |error: PickleError| located(&error, start);
        // Which of the numbers it stores is `index`: the one of the value that is left.
        let (mut stack, mut memo, mut puts) = (Stack::default(), Memo::default(), 0_u64);
        let mut pieces = Vec::new();
        let mut own = None;
        for item in within(&bytes) {
            let (offset, opcode, len) = item.map_err(at)?;
            let piece = bytes.get(offset..offset + len).unwrap_or_default();
            let argument = index_of(piece);
            let it = Instruction {
                offset: offset as u64,
                opcode,
                index: is_put(opcode).then_some(puts),
                tag: false,
            };
            pieces.push((opcode, piece, is_put(opcode).then_some(puts), argument));
            puts += u64::from(is_put(opcode));
            stack.run(it, &mut memo)?;
            if stack.len() == 1 {
                own = stack.top_memo();
            }
        }
        let first = index.saturating_sub(own.unwrap_or(0));
        let mut program = Program::default();
        for (opcode, piece, put, argument) in pieces {
            if is_get(opcode)
                && let Some(fetched) = argument
                && self.memo.range(fetched).is_none_or(|(from, _)| from < start || from >= end)
            {
                program.needs.push(fetched);
            }
            program.push(opcode, piece, put.map(|put| first + put));
        }
        let program = Rc::new(program);
        self.remembered_bytes += program.bytes.len() + 100;
        if self.remembered_bytes > REMEMBERED {
            self.remembered.clear();
            self.remembered_bytes = program.bytes.len();
        }
        self.remembered.insert(index, program.clone());
        Ok(program)
    }
}

/// Returns true for pickles in a row of which one fetches what an earlier one has stored: those of
/// one Pickler.
pub(crate) fn shares_memo(pickles: &[u8]) -> bool {
    let mut reader = InstructionReader::new(pickles).max_payload(0);
    let (mut stored, mut is_first) = (HashSet::new(), true);
    loop {
        loop {
            let it = match reader.next_instruction() {
                Ok(Some(it)) => instruction(&it, 0),
                Ok(None) => break,
                Err(_) => return false,
            };
            if is_put(it.opcode) {
                stored.insert(it.index.unwrap_or(stored.len() as u64));
            } else if is_get(it.opcode) && !it.index.is_some_and(|at| stored.contains(&at)) {
                return !is_first;
            }
        }
        if !matches!(reader.next_pickle(), Ok(true)) {
            return false;
        }
        stored.clear();
        is_first = false;
    }
}

pub(super) fn is_get(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Get | Opcode::Binget | Opcode::LongBinget)
}

pub(super) fn is_put(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Put | Opcode::Binput | Opcode::LongBinput | Opcode::Memoize)
}

/// An instruction as the stack has it, of a reader that began at byte `base` of the file.
pub(super) fn instruction(it: &ReadInstruction<'_>, base: u64) -> Instruction {
    let index = match &it.argument {
        _ if !is_put(it.opcode) && !is_get(it.opcode) => None,
        Argument::Int(index) => u64::try_from(*index).ok(),
        Argument::Bool(index) => Some(u64::from(*index)),
        _ => None,
    };
    Instruction { offset: base + it.offset, opcode: it.opcode, index, tag: false }
}

/// The memo index that an instruction has as its argument.
pub(super) fn index_of(bytes: &[u8]) -> Option<u64> {
    match instructions(bytes).next()?.ok()?.2 {
        Argument::Int(index) => u64::try_from(index).ok(),
        Argument::Bool(index) => Some(u64::from(index)),
        _ => None,
    }
}

/// The instructions in these bytes: offset, opcode and length of each.
pub(super) fn within(
    bytes: &[u8],
) -> impl Iterator<Item = Result<(usize, Opcode, usize), PickleError>> + '_ {
    let mut instructions = instructions(bytes);
    std::iter::from_fn(move || {
        if instructions.position() as usize >= bytes.len() {
            return None;
        }
        let item = instructions.next()?;
        Some(item.map(|(offset, opcode, _)| {
            let offset = offset as usize;
            (offset, opcode, instructions.position() as usize - offset)
        }))
    })
}

/// An error by its place in the file.
#[cold]
pub(crate) fn located(error: &PickleError, base: u64) -> Error {
    match error.offset() {
        Some(offset) if base > 0 => {
            Error::new(format!("{error} (that is byte {} of the file)", base + offset))
        }
        _ => Error::new(error.to_string()),
    }
}
