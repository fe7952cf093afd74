//! Tuples, where a type says how many items they have. Those with a mark are read as lists.

use std::mem::ManuallyDrop;

use serde::de::{DeserializeSeed, SeqAccess};

use super::ahead::begins_scalar;
use super::list::NOWHERE;
use super::look::short_tuple;
use super::made::{End, may_begin_class};
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::de::items::Items;
use crate::de::place::{Found, Place};
use crate::error::{Error, Result};
use crate::instruction::{BATCH, Opcode};

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
