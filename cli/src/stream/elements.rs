//! [`Elements`]: the elements of the list that a pickle is, each as a small pickle of its own.
//!
//! One pass over the instructions finds where each element begins: that is known where the list
//! takes a batch of them. What an element fetches from the
//! memo and does not store itself is put in front of it: the instructions of that value, read again
//! at their place in the file, and whatever those fetch in turn.

use std::collections::VecDeque;

use serde_pickle::Error as PickleError;
use serde_pickle::opcode::{Argument, InstructionReader, Opcode};

use super::At;
use super::program::{Program, Stack, fills};
use super::programs::{Programs, instruction, located, within};
use crate::error::Result;
use crate::input::Seekable;

/// Payloads beyond this are not looked at while the end of an element is searched.
const LONG: u64 = 64 << 10;

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
    programs: Programs<'s>,
    /// The instruction PROTO of the pickle.
    header: Vec<u8>,
    state: State,
    /// Elements that are complete: where they begin and end.
    pending: VecDeque<(u64, u64)>,
    /// Uses of the memo by the instructions since the last batch of elements, in order.
    events: VecDeque<(u64, Event)>,
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
            programs: Programs::new(source),
            header: Vec::new(),
            state: State::Start,
            pending: VecDeque::new(),
            events: VecDeque::new(),
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
                    self.stack = Stack::default();
                    self.programs.clear();
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

    /// Does one instruction; finds the elements that it gives to the list.
    fn within(&mut self) -> Result<()> {
        let base = self.base;
        let read = self.reader.next_instruction().map_err(|error| located(&error, base))?;
        let Some(it) = read.map(|it| instruction(&it, base)) else {
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
                self.events.push_back((it.offset, Event::Memoize(self.programs.memo.next())));
            }
            _ => {}
        }
        self.stack.run(it, &mut self.programs.memo)
    }

    /// The element between two places, as a pickle.
    fn element(&mut self, from: u64, to: u64) -> Result<Element> {
        let bytes = self.programs.bytes(from, to)?;
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
        for program in self.programs.prelude(&fetched, from)? {
            pickle.extend(&program.bytes);
            pickle.push(Opcode::Pop.byte());
        }
        pickle.extend(own.bytes);
        pickle.push(Opcode::Stop.byte());
        Ok(Element::Pickle(pickle))
    }
}
