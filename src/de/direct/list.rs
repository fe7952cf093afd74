//! Lists, tuples and sets as sequences. Their ends are found in `contents`.

use std::mem::ManuallyDrop;

use serde::de::{DeserializeSeed, SeqAccess};

use super::ahead::begins_scalar;
use super::contents::{Contents, Phase, SequenceKind, is_value};
use super::look::short_tuple;
use super::made::{End, may_begin_class};
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::de::items::Items;
use crate::de::numbers::Numbers;
use crate::de::place::{Found, Place};
use crate::error::{Error, Result};
use crate::instruction::{BATCH, Opcode};

/// The place of no item.
const NOWHERE: usize = usize::MAX;

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

/// A tuple without a mark, or a list in its place, for a type that says how many items it has: an
/// access of its own where [`short_tuple_ahead`] finds it, and one of [`Items`] elsewhere.
///
/// [`short_tuple_ahead`]: Direct::short_tuple_ahead
pub(crate) struct Fixed<'a, 'de> {
    direct: &'a mut Direct<'de>,
    /// Items still to be read.
    left: usize,
    at: usize,
    opcode: Opcode,
    /// The opcodes that follow it.
    end: End,
    /// True if it is a key, and so are its items.
    is_key: bool,
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

    /// The items of what a tuple of `len` is asked for, where [`short_tuple_ahead`] has found none.
    ///
    /// [`short_tuple_ahead`]: Self::short_tuple_ahead
    #[inline(never)]
    pub(in crate::de) fn items_of_ahead<'g>(
        &mut self,
        len: usize,
    ) -> Option<ManuallyDrop<Items<'_, 'g, 'de>>> {
        if self.expects_lists() && self.is_at(Opcode::EmptyList) {
            return self.items_ahead();
        }
        Some(ManuallyDrop::new(self.tuple(len).ok()?))
    }

    /// The tuple of `len` items that is next, if its first is a scalar, its class is fetched, or it
    /// is a list where such are expected. Most tuples go this way.
    #[inline]
    pub(in crate::de) fn short_tuple_ahead(
        &mut self,
        len: usize,
        is_key: bool,
    ) -> Option<Fixed<'_, 'de>> {
        if !self.is_short_tuple(len) {
            return match self.cursor.peek_opcode()? {
                _ if is_key => None,
                Opcode::Binget | Opcode::LongBinget => self.made_tuple_ahead(len),
                Opcode::EmptyList if self.expects_lists() => self.list_for_tuple(len),
                _ => None,
            };
        }
        let opcode = short_tuple(len)?;
        Some(Fixed { is_key, ..self.fixed(len, opcode, End::Itself).ok()? })
    }

    /// The list of `len` items that is next, in the place of a tuple. Nothing is read unless it has
    /// a memo entry and one batch.
    #[inline]
    fn list_for_tuple(&mut self, len: usize) -> Option<Fixed<'_, 'de>> {
        // Behind a full batch another one may follow.
        if !(1..BATCH).contains(&len) || !self.is_first() || !self.enter_batch() {
            return None;
        }
        let (opcode, end) = (Opcode::Appends, End::Batch);
        Some(Fixed { direct: self, left: len, at: NOWHERE, opcode, end, is_key: false })
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

    fn items(&mut self, first_mark: bool) -> Outcome<List<'_, 'de>> {
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

    /// A tuple of `len` items, or whatever else may be one.
    pub(in crate::de) fn tuple<'g>(&mut self, len: usize) -> Outcome<Items<'_, 'g, 'de>> {
        if self.is_at(Opcode::EmptyList) && self.expects_lists() {
            return self.sequence().map(Items::List);
        }
        if let Some((class, length)) = self.peek_class() {
            let kind = self.kind_of(class);
            if kind.is_array() {
                // One is read by `value`.
                return Err(Irregular);
            }
            if !kind.is_no_tuple() {
                self.cursor.read_peeked(length);
                return self.tuple_of_class(kind, len);
            }
        } else if self.calls_ahead()? && !self.names_no_tuple() {
            return if self.is_array_ahead() { Err(Irregular) } else { self.tuple_of_call(len) };
        }
        let Some(end) = short_tuple(len) else { return self.items(false).map(Items::List) };
        let opcode = self.next()?;
        // A container may be the tuple or its first item.
        let may_be = matches!(opcode, Opcode::EmptyList | Opcode::EmptySet | Opcode::Mark);
        if may_be && !self.is_tuple(len)? {
            return self.items(false).map(Items::List);
        }
        self.fixed(len, end, End::Itself).map(Items::Fixed)
    }

    /// Returns true if a scalar is next: then a tuple of `len` items has no mark.
    #[inline]
    pub(in crate::de) fn is_short_tuple(&self, len: usize) -> bool {
        match self.cursor.peek_byte() {
            Some(byte) if matches!(len, 1..=3) && begins_scalar(byte) => {
                !may_begin_class(byte) || !self.is_class_ahead()
            }
            _ => false,
        }
    }

    /// A tuple of `len` scalars, as the key of a dict or an element of a set.
    pub(in crate::de) fn tuple_key(&mut self, len: usize) -> Outcome<Fixed<'_, 'de>> {
        if !self.is_short_tuple(len) {
            return self.irregular();
        }
        self.short_tuple_ahead(len, true).ok_or(Irregular)
    }

    #[inline(always)]
    pub(super) fn fixed(
        &mut self,
        len: usize,
        opcode: Opcode,
        end: End,
    ) -> Outcome<Fixed<'_, 'de>> {
        self.check_first()?;
        self.enter()?;
        Ok(Fixed { direct: self, left: len, at: NOWHERE, opcode, end, is_key: false })
    }

    /// Goes past a TUPLE, unless a PUT is behind it; nothing is read where anything else is next.
    #[inline(never)]
    pub(super) fn ends_tuple(&mut self) -> bool {
        if self.ends_memoized(Opcode::Tuple) {
            return true;
        }
        !self.is_stored_behind(1) && self.cursor.read_opcode_if(Opcode::Tuple)
    }

    /// The same of a LIST or DICT. Below protocol 2, and behind a memo entry, more may be added.
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

impl<'de> SeqAccess<'de> for Fixed<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let place = match self.find() {
            Found::Ahead(direct) => Place::Ahead(direct),
            Found::Key(direct) => Place::Key(direct),
            Found::End => return Ok(None),
            _ => return Err(Irregular.into()),
        };
        match seed.deserialize(place) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error),
        }
    }
}

impl<'de> Fixed<'_, 'de> {
    /// The next item.
    #[inline(always)]
    pub(in crate::de) fn find(&mut self) -> Found<'_, 'de> {
        let at = self.direct.cursor.position();
        let ends = self.direct.is_at_frame() || self.direct.is_at(self.opcode);
        if self.left == 0 || self.at == at || ends {
            return self.find_otherwise();
        }
        self.left -= 1;
        self.at = at;
        self.direct.sole = false;
        if self.is_key { Found::Key(self.direct) } else { Found::Ahead(self.direct) }
    }

    /// The same at the end, where a frame begins or ends before it, and where the item before was
    /// not read.
    #[inline(never)]
    fn find_otherwise(&mut self) -> Found<'_, 'de> {
        let was_read = self.at != NOWHERE && self.at != self.direct.cursor.position();
        if self.end == End::Batch && was_read && self.direct.is_at(self.opcode) {
            // A list may have fewer items than the type.
            self.left = 0;
        }
        let Some(left) = self.left.checked_sub(1) else { return Found::End };
        self.left = left;
        if self.end_item().is_err() || self.direct.next().is_err() {
            return Found::Other;
        }
        self.at = self.direct.cursor.position();
        self.direct.sole = false;
        if self.is_key { Found::Key(self.direct) } else { Found::Ahead(self.direct) }
    }

    #[inline]
    fn end_item(&mut self) -> Outcome<()> {
        match self.at {
            NOWHERE => Ok(()),
            at => self.direct.check_moved_from(at),
        }
    }

    /// Checks that the visitor took all items, and reads the end.
    #[inline]
    pub(in crate::de) fn finish(&mut self) -> Result<()> {
        let was_read = self.at != self.direct.cursor.position();
        let is_through = was_read && self.left == 0 && self.end == End::Itself;
        if is_through && self.direct.ends_memoized(self.opcode) {
            self.direct.leave();
            return Ok(());
        }
        Ok(self.finish_otherwise()?)
    }

    #[inline(never)]
    fn finish_otherwise(&mut self) -> Outcome<()> {
        self.end_item()?;
        // The visitor may have asked for fewer.
        if self.left > 0 {
            return self.direct.irregular();
        }
        if self.end == End::Arguments && self.direct.ends_call(self.opcode) {
            // The tuple and the object.
            self.direct.leave();
            self.direct.leave();
            return Ok(());
        }
        self.direct.expect(self.opcode)?;
        if self.end != End::Batch {
            self.direct.memoize_other()?;
        }
        self.direct.leave();
        self.direct.end_object(self.end)
    }

    #[cold]
    pub(in crate::de) fn give_up(&mut self) {
        self.direct.give_up();
    }
}
