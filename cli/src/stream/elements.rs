//! [`Elements`]: the elements of the list that a pickle is, each as a small pickle of its own.
//!
//! One pass over the instructions finds where each element begins: that is known where the list
//! takes a batch of them. What an element fetches from the
//! memo and does not store itself is put in front of it: the instructions of that value, read again
//! at their place in the file, and whatever those fetch in turn.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use serde_pickle::Error as PickleError;
use serde_pickle::opcode::{Argument, InstructionReader, Opcode, instructions};

use super::At;
use super::program::{Instruction, Memo, Program, Stack, fills};
use crate::error::{Error, Result};
use crate::input::Seekable;

/// Payloads beyond this are not looked at while the end of an element is searched.
const LONG: u64 = 64 << 10;

/// Bytes of programs that are remembered.
const REMEMBERED: usize = 16 << 20;

/// The next thing in a file.
pub(crate) enum Element {
    /// An element of a list, as a pickle.
    Pickle(Vec<u8>),
    /// A pickle that is no list begins here.
    Other(u64),
}

/// The elements of the pickles in a file.
pub(crate) struct Elements<'s> {
    source: &'s Seekable<'s>,
    reader: InstructionReader<At<'s>>,
    /// Where the reader began.
    base: u64,
    stack: Stack,
    memo: Memo,
    /// The instruction PROTO of the pickle.
    header: Vec<u8>,
    state: State,
    /// Elements that are complete: where they begin and end.
    pending: VecDeque<(u64, u64)>,
    /// Uses of the memo by the instructions since the last batch of elements, in order.
    events: VecDeque<(u64, Event)>,
    remembered: HashMap<u64, Rc<Program>>,
    remembered_bytes: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Before a pickle.
    Start,
    Within,
    Done,
}

#[derive(Clone, Copy)]
enum Event {
    Get(u64),
    /// MEMOIZE, and the number it gives.
    Memoize(u64),
}

impl<'s> Elements<'s> {
    pub(crate) fn new(source: &'s Seekable<'s>) -> Self {
        Self {
            source,
            reader: InstructionReader::new(At::new(source, 0)).max_payload(LONG),
            base: 0,
            stack: Stack::default(),
            memo: Memo::default(),
            header: Vec::new(),
            state: State::Start,
            pending: VecDeque::new(),
            events: VecDeque::new(),
            remembered: HashMap::new(),
            remembered_bytes: 0,
        }
    }

    /// Bytes that have been read.
    pub(crate) fn position(&self) -> u64 {
        self.base + self.reader.position()
    }

    /// Goes on at another place: behind a pickle that the caller has read.
    pub(crate) fn go_to(&mut self, position: u64) {
        self.reader = InstructionReader::new(At::new(self.source, position)).max_payload(LONG);
        self.base = position;
        self.state = State::Start;
    }

    /// The next element; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Element>> {
        loop {
            if let Some((from, to)) = self.pending.pop_front() {
                return self.element(from, to).map(Some);
            }
            match self.state {
                State::Done => return Ok(None),
                State::Start if self.position() >= self.source.len() => self.state = State::Done,
                State::Start => {
                    let start = self.position();
                    let (is_list, header) = self.survey(start)?;
                    if !is_list {
                        self.state = State::Done;
                        return Ok(Some(Element::Other(start)));
                    }
                    (self.stack, self.memo) = (Stack::default(), Memo::default());
                    self.remembered.clear();
                    self.remembered_bytes = 0;
                    self.header = header;
                    self.go_to(start);
                    self.state = State::Within;
                }
                State::Within => self.within()?,
            }
        }
    }

    /// Says whether the pickle at a place is a list, or a tuple or frozenset that is made like one;
    /// and gives its PROTO.
    fn survey(&self, start: u64) -> Result<(bool, Vec<u8>)> {
        let at = |error: PickleError| located(&error, start);
        let mut reader = InstructionReader::new(At::new(self.source, start)).max_payload(LONG);
        let mut header = Vec::new();
        // Only the number of operands matters, and what made the lowest one.
        let (mut len, mut marks, mut made) = (0_u64, Vec::new(), None);
        while let Some(it) = reader.next_instruction().map_err(at)? {
            let opcode = it.opcode;
            match (opcode, &it.argument) {
                (Opcode::Proto, Argument::Int(protocol)) => {
                    header = vec![Opcode::Proto.byte(), *protocol as u8];
                    continue;
                }
                (Opcode::EmptyList, _)
                    if len == 0 && marks.is_empty() && self.ends_in_list(start) =>
                {
                    return Ok((true, header));
                }
                (Opcode::Mark, _) => {
                    marks.push(len);
                    continue;
                }
                (Opcode::Pop, _) if marks.last() == Some(&len) => {
                    marks.pop();
                    continue;
                }
                (Opcode::Stop, _) => break,
                _ => {}
            }
            let effect = opcode.stack_effect();
            if effect.to_mark {
                len = marks.pop().unwrap_or(0);
            }
            let stays = fills(opcode) || matches!(opcode, Opcode::Memoize | Opcode::Dup);
            if !stays && len <= effect.pops.into() && effect.pushes > 0 {
                made = Some(opcode);
            }
            len = len.saturating_sub(effect.pops.into()) + u64::from(effect.pushes);
        }
        let lists = [Opcode::EmptyList, Opcode::List, Opcode::Tuple, Opcode::Frozenset];
        Ok((made.is_some_and(|made| lists.contains(&made)), header))
    }

    /// Returns true for the only pickle of a file whose last instruction before STOP fills a list.
    /// One that began with EMPTY_LIST is that list.
    fn ends_in_list(&self, start: u64) -> bool {
        let mut end = [0; 2];
        start == 0
            && self.source.len() > 4
            && self.source.read_at(self.source.len() - 2, &mut end).is_ok()
            && (end[0] == Opcode::Appends.byte() || end[0] == Opcode::Append.byte())
            && end[1] == Opcode::Stop.byte()
    }

    /// Reads an instruction.
    fn read(&mut self) -> Result<Option<Instruction>> {
        let base = self.base;
        let read = self.reader.next_instruction().map_err(|error| located(&error, base))?;
        Ok(read.map(|it| {
            let index = match &it.argument {
                _ if !is_memo(it.opcode) => None,
                Argument::Int(index) => u64::try_from(*index).ok(),
                Argument::Bool(index) => Some(u64::from(*index)),
                _ => None,
            };
            Instruction { offset: base + it.offset, opcode: it.opcode, index }
        }))
    }

    /// Does one instruction; finds the elements that it gives to the list.
    fn within(&mut self) -> Result<()> {
        let Some(it) = self.read()? else {
            self.state = State::Done;
            return Ok(());
        };
        match it.opcode {
            Opcode::Stop => {
                let position = self.position();
                self.go_to(position);
                return Ok(());
            }
            Opcode::Append => {
                self.pending.extend(self.stack.single(it.offset));
            }
            Opcode::Appends | Opcode::List | Opcode::Tuple | Opcode::Frozenset => {
                self.pending.extend(self.stack.batch(it.offset));
            }
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => {
                self.events.extend(it.index.map(|index| (it.offset, Event::Get(index))));
            }
            Opcode::Memoize => {
                self.events.push_back((it.offset, Event::Memoize(self.memo.next())));
            }
            _ => {}
        }
        self.stack.run(it, &mut self.memo)
    }

    /// The element between two places, as a pickle.
    fn element(&mut self, from: u64, to: u64) -> Result<Element> {
        let bytes = self.bytes(from, to)?;
        let (mut own, mut fetched) = (Program::default(), Vec::new());
        while self.events.front().is_some_and(|(offset, _)| *offset < from) {
            self.events.pop_front();
        }
        for item in within(&bytes) {
            let (offset, opcode, len) = item.map_err(|error| located(&error, from))?;
            let place = from + offset as u64;
            let event = self.events.front().filter(|(offset, _)| *offset == place).copied();
            if event.is_some() {
                self.events.pop_front();
            }
            let number = match event {
                Some((_, Event::Get(index))) => {
                    fetched.push(index);
                    None
                }
                Some((_, Event::Memoize(number))) => Some(number),
                None => None,
            };
            own.push(opcode, bytes.get(offset..offset + len).unwrap_or_default(), number);
        }
        fetched.sort_unstable();
        fetched.dedup();
        let mut pickle = self.header.clone();
        for program in self.prelude(&fetched, from)? {
            pickle.extend(&program.bytes);
            pickle.push(Opcode::Pop.byte());
        }
        pickle.extend(own.bytes);
        pickle.push(Opcode::Stop.byte());
        Ok(Element::Pickle(pickle))
    }

    fn bytes(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let len = usize::try_from(to.saturating_sub(from))
            .map_err(|_| Error::new("an element is longer than memory"))?;
        let mut bytes = vec![0; len];
        self.source
            .read_at(from, &mut bytes)
            .map_err(|error| Error::new(format!("cannot read at byte {from}: {error}")))?;
        Ok(bytes)
    }

    /// The programs that store these memo entries, in order; those of the element that begins at
    /// `from` are its own.
    fn prelude(&mut self, wanted: &[u64], from: u64) -> Result<Vec<Rc<Program>>> {
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
    fn program(&mut self, index: u64, start: u64, end: u64) -> Result<Rc<Program>> {
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
            if matches!(opcode, Opcode::Get | Opcode::Binget | Opcode::LongBinget)
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

fn is_memo(opcode: Opcode) -> bool {
    is_put(opcode) || matches!(opcode, Opcode::Get | Opcode::Binget | Opcode::LongBinget)
}

fn is_put(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Put | Opcode::Binput | Opcode::LongBinput | Opcode::Memoize)
}

/// The memo index that an instruction has as its argument.
fn index_of(bytes: &[u8]) -> Option<u64> {
    match instructions(bytes).next()?.ok()?.2 {
        Argument::Int(index) => u64::try_from(index).ok(),
        Argument::Bool(index) => Some(u64::from(index)),
        _ => None,
    }
}

/// The instructions in these bytes: offset, opcode and length of each.
fn within(bytes: &[u8]) -> impl Iterator<Item = Result<(usize, Opcode, usize), PickleError>> + '_ {
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
fn located(error: &PickleError, base: u64) -> Error {
    match error.offset() {
        Some(offset) if base > 0 => {
            Error::new(format!("{error} (that is byte {} of the file)", base + offset))
        }
        _ => Error::new(error.to_string()),
    }
}
