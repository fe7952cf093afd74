//! The state of the short way: cursor, memo, budgets, and the mark that it has given up.

use std::sync::Arc;

use super::again::Back;
use super::class::Class;
use super::contents::Phase;
use super::look::{Items, Looked, Operands, adds_soon};
use super::made::Made;
use super::memo::{DirectMemo, MemoSlot};
use super::{Irregular, Outcome};
use crate::de::hooks::Asked;
use crate::error::Result;
use crate::instruction::Opcode;
use crate::late::Late;
use crate::limits;
use crate::read::Cursor;
use crate::reduce::{Resolution, Resolver};
use crate::settings::{Plain, Settings};
use crate::stdlib::calendar::ShortText;

/// Payloads from this size on are written outside of frames, so that a frame may begin between them
/// and their MEMOIZE.
pub(super) const FRAMED: usize = 64 << 10;

pub(crate) struct Direct<'de> {
    pub(super) cursor: Cursor<'de>,
    pub(super) input: &'de [u8],
    pub(super) settings: Plain,
    /// Where the first value begins.
    root: usize,
    /// The protocol that PROTO announced.
    pub(super) protocol: u8,
    pub(super) memo: DirectMemo<'de>,
    /// Where reading goes on behind what is read again, and the nodes that may be made there.
    pub(super) back: Vec<Back<'de>>,
    /// The classes that were named, in order.
    pub(super) classes: Vec<Class<'de>>,
    /// The number of those that were named since the last rewind.
    pub(super) named: usize,
    /// The objects that the memo has by number.
    pub(super) made: Vec<Made>,
    /// The caller's resolver, and its answer about the last class if that is not allowed as it is.
    pub(super) resolver: Option<Arc<dyn Resolver>>,
    pub(super) answer: Option<Result<Resolution>>,
    /// Levels of containers that may still be entered.
    depth: u32,
    /// Nodes that may still be made, as the machine counts them.
    pub(super) nodes: usize,
    /// Those that there were.
    max_nodes: usize,
    /// Bytes of text that may still be fetched from the memo.
    pub(super) budget: u64,
    /// Those that there were.
    granted: u64,
    /// Bytes of text that may be fetched each time without being counted.
    covered: usize,
    /// Bytes that values may still stand for that are fetched from the memo, text included.
    expansion: u64,
    /// True once a value was fetched that is not kept.
    pub(super) refers: bool,
    /// Bytes that may still be looked ahead at.
    pub(super) lookahead: u64,
    /// Result of the last look ahead.
    pub(super) looked: Looked,
    /// The memory of looks for a tuple.
    pub(super) operands: Operands,
    /// The findings of the last of them.
    pub(super) items: Items,
    /// The length of the tuple that was looked for last, if a container was in its place.
    pub(super) last_was_no_tuple: usize,
    /// The number of looks for a tuple, one behind the other, that found a container in its place.
    pub(super) no_tuples: u32,
    /// True if lists or dicts seem to be written as MARK … LIST or DICT, so that a MARK behind an
    /// empty one begins another value.
    pub(super) marked: bool,
    /// True once a MARK behind an object has begun its items.
    pub(super) marks_items: bool,
    /// True if no value but a key can follow the one that is read next: it is a value in a dict, or
    /// the whole.
    pub(super) sole: bool,
    /// Where the last wrapper was met, and how many were there.
    wrapped: (usize, u32),
    /// The names of fields that are likely the next keys.
    pub(super) names: &'static [&'static str],
    /// Where the name of a variant without data begins.
    pub(super) variant_at: usize,
    /// The text that the last object stood for.
    pub(super) natural: ShortText,
    /// True once anything has given up.
    pub(super) failed: bool,
}

/// [`Direct::asked`] in programs with a resolver.
static ASKED: Late<for<'d, 'de> fn(&'d mut Direct<'de>) -> Asked<'de>> = Late::new();

/// To be called before anything is read with a resolver.
pub(in crate::de) fn bind() {
    ASKED.bind(|direct| {
        let classes = std::mem::take(&mut direct.classes);
        let names = classes.into_iter().map(Class::into_names).collect();
        Asked { names, answer: direct.answer.take() }
    });
}

impl<'de> Direct<'de> {
    /// `budget`: bytes of text that may be fetched from the memo; `expansion`: bytes that all that
    /// is fetched may stand for, which are as many at least.
    pub(super) fn new(
        input: &'de [u8],
        settings: &Settings<'_>,
        (budget, expansion): (u64, u64),
    ) -> Self {
        Self {
            cursor: Cursor::new(input, 0),
            input,
            settings: settings.plain,
            root: 0,
            protocol: 0,
            memo: DirectMemo::with_input(input.len()),
            back: Vec::new(),
            classes: Vec::new(),
            made: Vec::new(),
            named: 0,
            resolver: settings.resolver.cloned(),
            answer: None,
            depth: u32::try_from(settings.typed_depth).unwrap_or(u32::MAX),
            nodes: settings.max_nodes,
            max_nodes: settings.max_nodes,
            budget,
            granted: budget,
            covered: match settings.max_expansion {
                limit if limit.per_byte < limits::EXPANSION.per_byte => 0,
                _ => limits::COVERED,
            },
            expansion,
            refers: false,
            lookahead: 4 * input.len() as u64,
            looked: Looked::default(),
            operands: Operands::default(),
            items: Items::default(),
            last_was_no_tuple: 0,
            no_tuples: 0,
            marked: false,
            marks_items: false,
            sole: true,
            wrapped: (0, 0),
            names: &[],
            variant_at: usize::MAX,
            natural: ShortText::new(),
            failed: false,
        }
    }

    /// Reads the PROTO and FRAME that begin most pickles.
    pub(super) fn begin(&mut self) -> Outcome<()> {
        if let Some(protocol) = self.cursor.read_begin_of_frame() {
            self.protocol = protocol;
        } else if self.cursor.absorb_opcode(Opcode::Proto) {
            self.protocol = self.cursor.read_protocol().or_else(|_| self.irregular())?;
        }
        self.next()?;
        self.root = self.cursor.position();
        Ok(())
    }

    /// Goes back to where the first value begins, as if nothing had been read. Classes that were
    /// named come again in the same order: the resolver is not asked about them twice.
    pub(super) fn rewind(&mut self, (budget, expansion): (u64, u64)) -> Outcome<()> {
        self.cursor = Cursor::new(self.input, 0);
        self.memo = DirectMemo::with_input(self.input.len());
        (self.named, self.nodes) = (0, self.max_nodes);
        (self.budget, self.expansion) = (budget, expansion);
        (self.refers, self.failed) = (false, false);
        self.begin()
    }

    /// Returns true if `opcode` is next, and all before it was regular.
    pub(super) fn ends_with(&mut self, opcode: Opcode) -> bool {
        self.next().is_ok_and(|next| next == opcode) && !self.failed
    }

    /// Returns true if nothing has been read yet.
    pub(super) fn is_at_root(&self) -> bool {
        self.cursor.position() == self.root
    }

    /// Ends the reading; gives what the resolver has been asked.
    #[cold]
    pub(super) fn asked(&mut self) -> Asked<'de> {
        if self.resolver.is_none() {
            return Asked::default();
        }
        ASKED.get().map(|asked| asked(self)).unwrap_or_default()
    }

    /// Notes that reading has given up.
    #[cold]
    pub(in crate::de) fn give_up(&mut self) {
        self.failed = true;
    }

    /// Returns true while reading has not given up.
    #[inline]
    pub(in crate::de) fn is_going(&self) -> bool {
        !self.failed
    }

    /// Checks that reading has not given up.
    #[inline]
    pub(super) fn check_going(&mut self) -> Outcome<()> {
        if self.failed { Err(Irregular) } else { Ok(()) }
    }

    /// Checks that the name of a variant was read.
    pub(in crate::de) fn check_moved(&mut self) -> Outcome<()> {
        self.check_moved_from(self.variant_at)
    }

    #[cold]
    pub(in crate::de) fn irregular<T, E: From<Irregular>>(&mut self) -> Result<T, E> {
        self.failed = true;
        Err(E::from(Irregular))
    }

    /// The next opcode, which stays. Frames are entered and left on the way.
    #[inline]
    pub(super) fn next(&mut self) -> Outcome<Opcode> {
        match self.cursor.peek_opcode() {
            Some(opcode) if opcode != Opcode::Frame => Ok(opcode),
            _ => self.next_in_frame(),
        }
    }

    /// Goes past this opcode, if it is next.
    #[inline]
    pub(super) fn takes(&mut self, opcode: Opcode) -> Outcome<bool> {
        let next = self.next()? == opcode;
        if next {
            self.cursor.read_peeked_opcode();
        }
        Ok(next)
    }

    /// Returns true before a FRAME and at the end of the input.
    #[inline(always)]
    pub(super) fn is_at_frame(&self) -> bool {
        self.cursor.peek_byte().is_none_or(|byte| byte == Opcode::Frame.byte())
    }

    #[inline(always)]
    pub(super) fn is_at(&self, opcode: Opcode) -> bool {
        self.cursor.peek_byte() == Some(opcode.byte())
    }

    #[cold]
    fn next_in_frame(&mut self) -> Outcome<Opcode> {
        loop {
            self.cursor.pass_frame_end();
            match self.cursor.peek_opcode() {
                Some(Opcode::Frame) => {
                    self.cursor.read_peeked_opcode();
                    if self.cursor.read_frame().is_err() {
                        return self.irregular();
                    }
                }
                Some(opcode) => return Ok(opcode),
                None => return self.irregular(),
            }
        }
    }

    /// Goes on, or gives up where the cursor found a fault.
    #[inline]
    pub(super) fn checked<T>(&mut self, result: Result<T>) -> Outcome<T> {
        match result {
            Ok(value) => Ok(value),
            Err(_) => self.irregular(),
        }
    }

    /// Enters a container, which is a node.
    #[inline]
    pub(super) fn enter(&mut self) -> Outcome<()> {
        if !self.has_room() {
            return self.irregular();
        }
        self.take_room();
        Ok(())
    }

    /// Counts a node that is no container.
    #[inline]
    pub(super) fn count_node(&mut self) -> Outcome<()> {
        match self.nodes.checked_sub(1) {
            Some(nodes) => {
                self.nodes = nodes;
                Ok(())
            }
            None => self.irregular(),
        }
    }

    /// Returns true if another container may be entered.
    #[inline(always)]
    fn has_room(&self) -> bool {
        self.depth > 0 && self.nodes > 0
    }

    /// Counts the container that is entered, where there is room for it.
    #[inline(always)]
    fn take_room(&mut self) {
        self.depth -= 1;
        self.nodes -= 1;
    }

    /// Returns true if nothing is read again.
    #[inline(always)]
    pub(super) fn is_first(&self) -> bool {
        self.back.is_empty()
    }

    /// Counts a container that is entered and left at once, and `others` beside it. `false` where
    /// there is no room for them; then nothing is counted.
    #[inline]
    pub(super) fn passes(&mut self, others: usize) -> bool {
        match self.nodes.checked_sub(1 + others) {
            Some(nodes) if self.depth > 0 => {
                self.nodes = nodes;
                true
            }
            _ => false,
        }
    }

    /// Checks that nothing is read again: what a container in it takes is known to nobody.
    #[inline(always)]
    pub(super) fn check_first(&mut self) -> Outcome<()> {
        if self.is_first() { Ok(()) } else { self.irregular() }
    }

    /// Enters a container that begins with this opcode of an empty one, MEMOIZE, and the MARK of a
    /// batch. Nothing is read if anything else is next, or the memo would have to grow.
    #[inline(always)]
    pub(super) fn enter_memoized(&mut self, empty: Opcode) -> bool {
        let begin = [empty, Opcode::Memoize, Opcode::Mark].map(Opcode::byte);
        if !self.has_room() || !self.memo.has_room() || !self.cursor.read_opcodes(begin) {
            return false;
        }
        self.take_room();
        // Only dicts are fetched.
        self.memo.push(MemoSlot::fields(self.cursor.opcode_position()))
    }

    /// Enters a list that has a memo entry, or is written as MARK … LIST, where its first bytes
    /// show that it is no row of floats, and goes past the MARK. Nothing is read if anything else
    /// is next.
    #[inline(always)]
    pub(super) fn enter_list(&mut self) -> Option<Phase> {
        if !self.has_room() {
            return None;
        }
        let Some((index, len, [next, behind])) = self.cursor.peek_stored_list() else {
            let &[begin, behind] = self.cursor.peek(2)?.first_chunk()?;
            let is_list = begin == Opcode::Mark.byte() && behind != Opcode::Binfloat.byte();
            return (is_list && self.protocol >= 2).then(|| self.enter_marked());
        };
        // Where lists may be written so, a MARK behind an empty one begins a neighbour.
        if self.marked || !self.memo.has_room() {
            return None;
        }
        let is_batch = next == Opcode::Mark.byte();
        if !self.memo.comes_next(index) || is_batch && behind == Opcode::Binfloat.byte() {
            return None;
        }
        self.memo.push(MemoSlot::fields(self.cursor.position()));
        self.cursor.read_peeked(len + usize::from(is_batch));
        self.take_room();
        Some(if is_batch { Phase::Batch } else { Phase::Open })
    }

    /// Enters a list that has a memo entry and a batch, and goes past the MARK. Nothing is read if
    /// anything else is next.
    #[inline(always)]
    pub(super) fn enter_batch(&mut self) -> bool {
        let Some((index, len, [next, _])) = self.cursor.peek_stored_list() else { return false };
        let is_in_turn = self.memo.comes_next(index);
        let has_room = self.has_room() && self.memo.has_room();
        if self.marked || next != Opcode::Mark.byte() || !is_in_turn || !has_room {
            return false;
        }
        self.memo.push(MemoSlot::fields(self.cursor.position()));
        self.cursor.read_peeked(len + 1);
        self.take_room();
        true
    }

    /// Enters a dict of the kinds that are most common, and goes past its MARK. Nothing is read if
    /// anything else is next.
    #[inline(always)]
    pub(super) fn enter_dict(&mut self) -> Option<Phase> {
        // Where dicts may be written as MARK … DICT, the MARK may begin a neighbour.
        if !self.marked && self.enter_memoized(Opcode::EmptyDict) {
            return Some(Phase::Batch);
        }
        (self.is_at(Opcode::Mark) && self.has_room()).then(|| self.enter_marked())
    }

    /// Enters a dict that has a memo entry and one entry, where a few opcodes show that. Nothing is
    /// read if anything else is next.
    #[inline(never)]
    pub(super) fn enter_only_entry(&mut self) -> Option<Phase> {
        let (index, len, _) = self.cursor.peek_stored(Opcode::EmptyDict)?;
        let is_in_turn = self.memo.comes_next(index);
        if self.marked || !self.has_room() || !self.memo.has_room() || !is_in_turn {
            return None;
        }
        let at = self.cursor.position();
        if adds_soon(self.input, at + len) != Some(true) {
            return None;
        }
        self.memo.push(MemoSlot::fields(at));
        self.cursor.read_peeked(len);
        self.take_room();
        Some(Phase::Only)
    }

    /// Enters a container that is written as MARK … LIST, or its like, where there is room.
    #[inline(always)]
    fn enter_marked(&mut self) -> Phase {
        self.marked = true;
        self.cursor.read_peeked_opcode();
        self.take_room();
        Phase::Marked
    }

    /// Enters a container, and goes past the MARK that begins a batch; one that `may_be_other`
    /// stays. Nothing is read unless `empty` is next, or the MARK of a container with items.
    #[inline(never)]
    pub(super) fn enter_stored(&mut self, empty: Opcode, may_be_other: bool) -> Option<Phase> {
        if !self.has_room() {
            return None;
        }
        let Some((index, len, next)) = self.cursor.peek_stored(empty) else {
            return self.enter_unstored(empty, may_be_other);
        };
        let slot = MemoSlot::fields(self.cursor.position());
        let is_stored = match index {
            Some(index) => self.memo.put(index.into(), slot),
            None => self.memo.is_from_zero() && self.memo.push(slot),
        };
        if !is_stored {
            return None;
        }
        let is_batch = next == Opcode::Mark.byte() && !may_be_other;
        self.cursor.read_peeked(len + usize::from(is_batch));
        self.take_room();
        Some(if is_batch { Phase::Batch } else { Phase::Open })
    }

    /// The same without a memo entry.
    fn enter_unstored(&mut self, empty: Opcode, may_be_other: bool) -> Option<Phase> {
        if self.is_at(Opcode::Mark) {
            return Some(self.enter_marked());
        }
        let phase = if !self.is_at(empty) || self.is_stored_behind(1) {
            return None;
        } else if may_be_other {
            // A container that such writers fill later has a memo entry.
            Phase::Done
        } else if self.cursor.read_opcodes([empty.byte(), Opcode::Mark.byte()]) {
            self.take_room();
            return Some(Phase::Batch);
        } else {
            Phase::Open
        };
        self.cursor.read_peeked_opcode();
        self.take_room();
        Some(phase)
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth += 1;
    }

    /// Counts a wrapper around the value that is next.
    #[inline]
    pub(in crate::de) fn wrap(&mut self) -> Outcome<()> {
        // A frame between two wrappers does not part them.
        self.next()?;
        let at = self.cursor.position();
        let wraps = if self.wrapped.0 == at { self.wrapped.1 + 1 } else { 1 };
        self.wrapped = (at, wraps);
        if wraps > limits::WRAPS { self.irregular() } else { Ok(()) }
    }

    /// Returns true if a wrapper, an Option or a newtype, holds the next value.
    pub(super) fn is_wrapped(&self) -> bool {
        self.wrapped.1 > 0 && self.wrapped.0 == self.cursor.position()
    }

    /// Counts text that is handed out once more.
    #[inline]
    pub(super) fn again(&mut self, text: &'de str) -> Outcome<&'de str> {
        self.charge(text.len().saturating_sub(self.covered))?;
        Ok(text)
    }

    /// Counts bytes that the pickle has once and the value holds again.
    #[inline]
    pub(super) fn charge(&mut self, bytes: usize) -> Outcome<()> {
        match self.budget.checked_sub(bytes as u64) {
            Some(budget) => {
                self.budget = budget;
                Ok(())
            }
            None => self.irregular(),
        }
    }

    /// Counts bytes that a value stands for which the pickle refers to again, or a name.
    #[inline]
    pub(super) fn charge_expansion(&mut self, bytes: u64) -> Outcome<()> {
        match self.expansion.checked_sub(bytes) {
            Some(left) if left >= self.granted - self.budget => {
                self.expansion = left;
                Ok(())
            }
            _ => self.irregular(),
        }
    }

    /// Bytes that may still be copied, and that what is fetched may still stand for.
    pub(super) fn budgets(&self) -> (u64, u64) {
        (self.budget, self.expansion)
    }
}
