//! Lists, tuples and sets as sequences. Their ends are found in `contents`.

use std::mem::ManuallyDrop;

use super::contents::{Contents, Phase, is_value};
use super::kinds::SequenceKind;
use super::made::End;
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::de::items::Items;
use crate::de::numbers::Numbers;
use crate::de::place::{Found, Place};
use crate::error::Result;
use crate::instruction::Opcode;

/// The place of no item.
pub(super) const NOWHERE: usize = usize::MAX;

/// A list, a set, or a tuple of any length.
pub(crate) struct List<'a, 'de> {
    direct: &'a mut Direct<'de>,
    contents: Contents<SequenceKind>,
    /// Where the item begins that is being read, or [`NOWHERE`].
    at: usize,
    /// The opcodes that follow it.
    end: End,
    /// True if this was the first MARK to suggest that lists are written as MARK … LIST. A TUPLE at
    /// its end takes that back.
    first_mark: bool,
    /// The items that are still to be handed out of a row of None, which has been read whole.
    nones: usize,
}

impl<'de> Direct<'de> {
    /// A list, a set or a tuple, where a sequence of any length is asked for.
    #[inline]
    pub(in crate::de) fn sequence(&mut self) -> Outcome<List<'_, 'de>> {
        self.check_first()?;
        let first_mark = !self.marked;
        match Contents::open_stored(SequenceKind::List, Opcode::EmptyList, self) {
            Some(contents) => Ok(List::new(self, contents, first_mark, End::Itself)),
            None => self.rare_sequence(),
        }
    }

    /// The items of the sequence that is next, where one of any length is asked for.
    #[inline(never)]
    pub(in crate::de) fn items_ahead<'g>(&mut self) -> Option<ManuallyDrop<Items<'_, 'g, 'de>>> {
        if !self.is_first() {
            return None;
        }
        let (first_mark, nodes) = (!self.marked, self.nodes);
        let Some(phase) = self.enter_list() else { return self.other_items_ahead() };
        let contents = Contents::entered(SequenceKind::List, phase, nodes, self);
        Some(ManuallyDrop::new(Items::List(List::new(self, contents, first_mark, End::Itself))))
    }

    /// The same of any sequence.
    #[inline(never)]
    fn other_items_ahead<'g>(&mut self) -> Option<ManuallyDrop<Items<'_, 'g, 'de>>> {
        let first_mark = !self.marked;
        // In the place where they are returned: copying what was just written would wait for that.
        let items = match self.floats() {
            // They may be decoded, and dropped behind an answer.
            None if self.is_list_of_lines() => return None,
            Some(floats) => Items::Numbers(Numbers::floats(self, floats)),
            None => Items::List(
                match Contents::open_stored(SequenceKind::List, Opcode::EmptyList, self) {
                    Some(contents) => List::new(self, contents, first_mark, End::Itself),
                    None => self.rare_sequence().ok()?,
                },
            ),
        };
        Some(ManuallyDrop::new(items))
    }

    /// Returns true if a list of protocol 0 is next.
    pub(super) fn is_list_of_lines(&self) -> bool {
        let begin = [Opcode::Mark, Opcode::List].map(|opcode| opcode.byte());
        self.protocol < 2 && self.cursor.peek(2) == Some(&begin)
    }

    /// The items of a list of protocol 0. If all of them are ints, they are decoded at once.
    pub(super) fn list_of_lines<'g>(&mut self) -> Outcome<Items<'_, 'g, 'de>> {
        let mut cursor = self.cursor.clone();
        cursor.read_peeked(2);
        if cursor.absorb_opcode(Opcode::Put) && cursor.read_line().is_err() {
            return self.irregular();
        }
        let begin = cursor.position();
        let ints = cursor.read_int_items();
        #[cfg(test)]
        super::ahead::work::looked_at(cursor.position() - begin);
        // A value behind them may be another item.
        if cursor.position() == begin || cursor.peek_opcode().is_none_or(is_value) {
            return self.sequence().map(Items::List);
        }
        self.check_first()?;
        self.cursor.read_peeked(2);
        self.memoize_other()?;
        if self.cursor.position() != begin || !self.passes(0) {
            return self.irregular();
        }
        self.cursor = cursor;
        (self.marked, self.sole) = (true, false);
        Ok(Items::Numbers(Numbers::ints(self, ints)))
    }

    /// Reads a list of floats, and gives them, each behind its opcode. `None`, with nothing read,
    /// where anything else is next.
    #[inline]
    pub(in crate::de) fn floats(&mut self) -> Option<&'de [u8]> {
        if !self.is_first() {
            return None;
        }
        let (floats, is_marked) = self.cursor.peek_floats()?;
        #[cfg(test)]
        super::ahead::work::looked_at(floats.len());
        if is_marked {
            return self.marked_floats(floats);
        }
        if self.marked {
            return None;
        }
        self.enter_stored(Opcode::EmptyList, false)?;
        self.cursor.read_peeked(floats.len());
        // The APPENDS.
        self.cursor.read_peeked_opcode();
        self.leave();
        self.sole = false;
        Some(floats)
    }

    /// The same of a list that is written as MARK … LIST. Below protocol 2 and with a memo entry it
    /// may go on behind that.
    fn marked_floats(&mut self, floats: &'de [u8]) -> Option<&'de [u8]> {
        let len = 1 + floats.len();
        if self.protocol < 2 || self.is_stored_behind(len + 1) || !self.passes(0) {
            return None;
        }
        self.cursor.read_peeked(len);
        // The LIST.
        self.cursor.read_peeked_opcode();
        (self.marked, self.sole) = (true, false);
        Some(floats)
    }

    #[inline(never)]
    fn rare_sequence(&mut self) -> Outcome<List<'_, 'de>> {
        if let Some((class, length)) = self.peek_class() {
            let kind = self.kind_of(class);
            if kind.is_array() {
                // One is read by `value`.
                return Err(Irregular);
            }
            self.cursor.read_peeked(length);
            return self.items_of(kind);
        }
        if self.calls_ahead()? {
            return if self.is_array_ahead() { Err(Irregular) } else { self.items_of_call() };
        }
        // A sequence is most likely a list, but may be a tuple. That shows at its end.
        let marked = self.marked;
        self.marked |= self.is_at(Opcode::Mark);
        self.items(!marked)
    }

    /// The items of whatever is next, with a mark or without one.
    pub(super) fn items(&mut self, first_mark: bool) -> Outcome<List<'_, 'de>> {
        let contents = match self.next()? {
            Opcode::EmptyList => self.open(SequenceKind::List)?,
            Opcode::EmptySet => self.open(SequenceKind::Set)?,
            Opcode::Mark => {
                self.cursor.read_peeked_opcode();
                Contents::new(SequenceKind::List, Phase::Marked, self)
            }
            Opcode::EmptyTuple => {
                self.cursor.read_peeked_opcode();
                Contents::new(SequenceKind::List, Phase::Done, self)
            }
            _ => Contents::new(SequenceKind::List, Phase::Postfix, self),
        };
        self.list_of(contents, first_mark, End::Itself)
    }

    /// Enters the sequence that has these contents.
    pub(super) fn list_of(
        &mut self,
        contents: Contents<SequenceKind>,
        first_mark: bool,
        end: End,
    ) -> Outcome<List<'_, 'de>> {
        self.check_first()?;
        self.enter()?;
        Ok(List::new(self, contents, first_mark, end))
    }

    #[inline]
    pub(super) fn open(&mut self, kind: SequenceKind) -> Outcome<Contents<SequenceKind>> {
        self.cursor.read_peeked_opcode();
        Contents::open(kind, self)
    }

    /// Goes past a LIST or DICT, unless a memo entry is behind it, or more may be added, as below
    /// protocol 2; nothing is read where anything else is next.
    #[inline(never)]
    pub(super) fn ends_marked(&mut self, end: Opcode) -> bool {
        self.protocol >= 2 && !self.is_stored_behind(1) && self.cursor.read_opcode_if(end)
    }

    /// Checks that the value at `at`, behind all frames, was read: a type may read nothing, and its
    /// value would be taken for the next one.
    #[inline]
    pub(super) fn check_moved_from(&mut self, at: usize) -> Outcome<()> {
        if self.cursor.position() == at { self.irregular() } else { Ok(()) }
    }
}

impl<'a, 'de> List<'a, 'de> {
    #[inline(always)]
    fn new(
        direct: &'a mut Direct<'de>,
        contents: Contents<SequenceKind>,
        first_mark: bool,
        end: End,
    ) -> Self {
        Self { direct, contents, at: NOWHERE, end, first_mark, nones: 0 }
    }

    /// The next item.
    pub(in crate::de) fn next<'g>(&mut self) -> Result<Option<Place<'_, 'g, 'de>>> {
        if !self.go_on()? {
            return Ok(None);
        }
        self.at = self.direct.cursor.position();
        self.direct.sole = false;
        Ok(Some(match self.contents.kind {
            SequenceKind::List => Place::Ahead(self.direct),
            SequenceKind::Set | SequenceKind::SetOfList => Place::Key(self.direct),
        }))
    }

    /// Returns true if the next item belongs to a row of None that has been read.
    #[inline(always)]
    pub(in crate::de) fn is_in_row(&self) -> bool {
        self.nones > 0
    }

    /// That item.
    #[inline(always)]
    pub(in crate::de) fn next_in_row(&mut self) -> Found<'_, 'de> {
        self.nones -= 1;
        Found::Nothing(self.direct)
    }

    /// Returns true if a batch is open and another item of it is next; asked behind a row.
    #[inline(always)]
    pub(in crate::de) fn is_in_batch(&self) -> bool {
        self.contents.is_in_batch(self.direct) && self.at != self.direct.cursor.position()
    }

    /// That item.
    #[inline(always)]
    pub(in crate::de) fn next_in_batch(&mut self) -> Found<'_, 'de> {
        self.contents.count_in_batch();
        self.at = self.direct.cursor.position();
        self.direct.sole = false;
        match self.contents.kind {
            SequenceKind::List => Found::Ahead(self.direct),
            SequenceKind::Set | SequenceKind::SetOfList => Found::Key(self.direct),
        }
    }

    /// Reads the row of None that is next, and hands out the first; `false` where none is.
    fn begins_row(&mut self) -> bool {
        let at = self.direct.cursor.position();
        if self.at == at || !self.direct.is_at(Opcode::None) {
            return false;
        }
        match self.contents.pass_row(self.direct).checked_sub(1) {
            Some(left) => {
                self.nones = left;
                self.at = at;
                self.direct.sole = false;
                true
            }
            None => false,
        }
    }

    /// Ends the item before; returns true if another follows.
    #[inline]
    fn go_on(&mut self) -> Outcome<bool> {
        let was_read = self.direct.cursor.position() != std::mem::replace(&mut self.at, NOWHERE);
        self.contents.go_on_behind(was_read, self.direct)
    }

    /// Reads the end behind an item, if the next opcode alone shows that it is the end.
    #[inline]
    fn ends(&mut self) -> bool {
        let moved = self.direct.cursor.position() != self.at;
        let ends = moved && self.contents.ends_batch(self.direct);
        if ends {
            self.at = NOWHERE;
        }
        ends
    }

    /// Reads what is behind an item, if the next opcode alone shows what it is.
    #[inline(never)]
    pub(in crate::de) fn find(&mut self) -> Found<'_, 'de> {
        if self.ends() {
            return Found::End;
        }
        if self.begins_row() {
            return Found::Nothing(self.direct);
        }
        if self.contents.kind == SequenceKind::List
            && let Some(is_item) = self.contents.begins(self.direct)
        {
            self.at = if is_item { self.direct.cursor.position() } else { NOWHERE };
            self.direct.sole &= !is_item;
            return if is_item { Found::Ahead(self.direct) } else { Found::End };
        }
        let moved = self.direct.cursor.position() != self.at;
        if moved && self.contents.appends_int(self.direct) {
            self.at = self.direct.cursor.position();
            self.direct.sole = false;
            return Found::Ahead(self.direct);
        }
        Found::Other
    }

    /// Comes to an end where reading has given up.
    #[cold]
    pub(in crate::de) fn stop(&mut self) {
        self.nones = 0;
        self.contents.stop_behind_failure(self.direct);
    }

    /// Checks that the visitor took all items, and reads the end.
    #[inline(never)]
    pub(in crate::de) fn finish(&mut self) -> Result<()> {
        // A visitor that knows how many items there are does not ask for the end.
        let is_done = self.contents.is_done() || self.ends();
        let may_be_tuple = self.first_mark && self.direct.marked;
        if is_done && self.nones == 0 && !may_be_tuple && self.end == End::Itself {
            self.direct.leave();
            return Ok(());
        }
        Ok(self.finish_all()?)
    }

    #[inline(never)]
    fn finish_all(&mut self) -> Outcome<()> {
        if self.nones > 0 || !self.contents.is_done() && self.go_on()? {
            return self.direct.irregular();
        }
        self.direct.leave();
        if self.first_mark
            && self.direct.marked
            && matches!(
                self.direct.input.get(self.direct.cursor.opcode_position()),
                Some(&byte) if byte == Opcode::Tuple.byte() || byte == Opcode::Frozenset.byte()
            )
        {
            self.direct.marked = false;
        }
        if self.end == End::Arguments && !self.contents.was_tuple(self.direct) {
            return self.direct.irregular();
        }
        self.direct.end_object(self.end)
    }

    #[cold]
    pub(in crate::de) fn give_up(&mut self) {
        self.direct.give_up();
    }

    pub(in crate::de) fn size_hint(&self) -> Option<usize> {
        self.contents.values(self.direct)
    }
}
