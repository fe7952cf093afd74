//! Lists, tuples and sets as sequences. Where they end is told in `contents`.

use serde::de::{DeserializeSeed, SeqAccess, Visitor};

use super::contents::{Contents, Phase, Sequence};
use super::key::Key;
use super::look::short_tuple;
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::instruction::Opcode;

pub(super) struct List<'a, 'de> {
    direct: &'a mut Direct<'de>,
    contents: Contents<Sequence>,
}

/// A tuple without a mark, as a type that says how many items it has.
struct Fixed<'a, 'de> {
    direct: &'a mut Direct<'de>,
    /// Items still to be read.
    left: usize,
}

impl<'de> Direct<'de> {
    /// Reads what a sequence of any length may be made from.
    #[inline]
    pub(super) fn sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        // A sequence is most likely a list, but may be a tuple. That shows at its end.
        let marked = self.marked;
        self.marked |= self.is_at(Opcode::Mark);
        let value = self.items(visitor)?;
        if self.marked
            && !marked
            && self.input.get(self.cursor.opcode_position()) == Some(&Opcode::Tuple.byte())
        {
            self.marked = false;
        }
        Ok(value)
    }

    #[inline]
    fn items<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        let contents = match self.next()? {
            Opcode::EmptyList => self.open(Sequence::List)?,
            Opcode::EmptySet => self.open(Sequence::Set)?,
            Opcode::Mark => {
                self.cursor.read_peeked_opcode();
                Contents::new(Sequence::List, Phase::Marked, self)
            }
            Opcode::EmptyTuple => {
                self.cursor.read_peeked_opcode();
                Contents::new(Sequence::List, Phase::Done, self)
            }
            _ => Contents::new(Sequence::List, Phase::Postfix, self),
        };
        self.enter()?;
        let mut list = List { direct: self, contents };
        let Ok(value) = visitor.visit_seq(&mut list) else { return self.irregular() };
        // Whatever the visitor did not ask for must not be there.
        if list.contents.go_on(list.direct)? {
            return self.irregular();
        }
        self.leave();
        Ok(value)
    }

    #[inline]
    fn open(&mut self, kind: Sequence) -> Outcome<Contents<Sequence>> {
        self.cursor.read_peeked_opcode();
        Contents::open(kind, self)
    }

    /// Reads an item, behind all frames.
    #[inline]
    fn item<T>(&mut self, read: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let at = self.cursor.position();
        self.sole = false;
        let item = read(self);
        // A type may look at nothing; its value would be in the way of the next.
        if self.cursor.position() == at { self.irregular() } else { item }
    }

    /// Reads what a tuple of `len` items may be made from.
    #[inline]
    pub(super) fn tuple<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Outcome<V::Value> {
        let Some(end) = short_tuple(len) else { return self.items(visitor) };
        match self.next()? {
            // A container may be the tuple or its first item.
            Opcode::EmptyList | Opcode::EmptySet | Opcode::Mark if !self.tuple_follows(len)? => {
                self.items(visitor)
            }
            _ => self.fixed(len, end, visitor),
        }
    }

    #[inline]
    fn fixed<V: Visitor<'de>>(&mut self, len: usize, end: Opcode, visitor: V) -> Outcome<V::Value> {
        self.enter()?;
        let mut items = Fixed { direct: self, left: len };
        let Ok(value) = visitor.visit_seq(&mut items) else { return self.irregular() };
        // The visitor may have asked for fewer.
        if items.left > 0 || !self.takes(end)? {
            return self.irregular();
        }
        self.memoize_other()?;
        self.leave();
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for List<'_, 'de> {
    type Error = Irregular;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<Option<T::Value>> {
        match self.contents.go_on(self.direct) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                self.contents.stop();
                return Err(error);
            }
        }
        let value = if self.contents.kind == Sequence::Set {
            self.direct.item(|direct| seed.deserialize(Key(direct)))
        } else {
            self.direct.item(|direct| seed.deserialize(direct))
        };
        self.contents.count_item();
        // A type may go on behind an error, and is to come to an end.
        if value.is_err() && self.direct.failed {
            self.contents.stop();
        }
        value.map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.contents.values(self.direct)
    }
}

impl<'de> SeqAccess<'de> for Fixed<'_, 'de> {
    type Error = Irregular;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<Option<T::Value>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.direct.next()?;
        self.direct.item(|direct| seed.deserialize(direct)).map(Some)
    }
}
