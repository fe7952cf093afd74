//! Dicts, as maps, structs and enums.
//!
//! ```text
//! dict   ::=  (EMPTY_DICT | MARK (key value)* DICT) (batch | key value SETITEM)*
//! batch  ::=  MARK (key value)* SETITEMS
//! ```
//!
//! What is said of single items in `list` is true of single entries here.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, VariantAccess, Visitor};

use super::key::{Key, VariantName};
use super::list::{BATCH, is_value};
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::opcode::Opcode;

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Behind EMPTY_DICT or SETITEMS: a batch may follow, or one entry.
    Open,
    /// In a batch of SETITEMS.
    Batch,
    /// Above the MARK of a DICT.
    Marked,
    /// Behind `MARK … DICT`: entries may be set, one by one.
    Closed,
    /// Behind such a SETITEM.
    Grown,
    /// Before the SETITEM of an entry that is the last.
    Single,
    /// Before the SETITEM of an entry behind which others may follow.
    Set,
    /// At the end.
    Done,
}

pub(super) struct Dict<'a, 'de> {
    direct: &'a mut Direct<'de>,
    state: State,
    /// Whether a key was read whose value was not.
    pending: bool,
    /// Entries read so far.
    count: usize,
}

impl<'de> Direct<'de> {
    /// Reads a dict as a map or struct.
    #[inline]
    pub(super) fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        let mut dict = self.open_dict()?;
        let Ok(value) = visitor.visit_map(&mut dict) else { return self.irregular() };
        dict.finish()?;
        Ok(value)
    }

    /// Reads an enum: a dict of one entry, or the name of a variant.
    pub(super) fn variant<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        if !matches!(self.next()?, Opcode::EmptyDict | Opcode::Mark) {
            return visitor.visit_enum(VariantName(Key(self)));
        }
        let mut dict = self.open_dict()?;
        if !dict.goes_on()? {
            return dict.direct.irregular();
        }
        let Ok(value) = visitor.visit_enum(&mut dict) else { return self.irregular() };
        dict.finish()?;
        Ok(value)
    }

    #[inline]
    fn open_dict(&mut self) -> Outcome<Dict<'_, 'de>> {
        let state = match self.next()? {
            Opcode::EmptyDict => {
                self.cursor.pass_opcode();
                self.memoize_other()?;
                State::Open
            }
            Opcode::Mark => {
                self.cursor.pass_opcode();
                State::Marked
            }
            _ => return self.irregular(),
        };
        self.enter()?;
        Ok(Dict { direct: self, state, pending: false, count: 0 })
    }
}

impl<'de> Dict<'_, 'de> {
    /// Whatever the visitor did not ask for must not be there.
    #[inline]
    fn finish(mut self) -> Outcome<()> {
        if self.pending || self.state != State::Done && self.goes_on()? {
            return self.direct.irregular();
        }
        self.direct.leave();
        Ok(())
    }

    /// Whether another entry follows; stands before its key then.
    #[inline]
    fn goes_on(&mut self) -> Outcome<bool> {
        if self.state == State::Batch && self.direct.is_before(Opcode::Setitems) {
            return Ok(true);
        }
        self.goes_on_beyond()
    }

    /// The same where it takes more than a look at a batch.
    fn goes_on_beyond(&mut self) -> Outcome<bool> {
        while self.state != State::Done {
            let opcode = self.direct.next()?;
            let next = match (self.state, opcode) {
                // Entries end.
                (State::Batch, Opcode::Setitems) => State::Open,
                (State::Marked, Opcode::Dict) => State::Closed,
                (State::Single, Opcode::Setitem) => State::Done,
                (State::Set, Opcode::Setitem) => State::Grown,
                (State::Single | State::Set, _) => return self.direct.irregular(),
                (State::Batch | State::Marked, _) => return Ok(true),

                // Behind the entries so far. What follows a batch that is not full is a neighbour.
                (State::Open, _) if !self.count.is_multiple_of(BATCH) => return Ok(self.end()),
                // So may a MARK be behind an empty dict, but that is rare enough to be guessed wrong.
                (State::Open, Opcode::Mark) => State::Batch,
                (State::Open, opcode) if is_value(opcode) && self.direct.adds_next()? => {
                    self.state = State::Single;
                    return Ok(true);
                }
                // No pickler of protocol 2 and up goes on behind DICT; protocol 0 knows no other way.
                (State::Closed, opcode)
                    if is_value(opcode) && self.direct.protocol < 2 && self.direct.adds_next()? =>
                {
                    self.state = State::Set;
                    return Ok(true);
                }
                (State::Grown, opcode) if is_value(opcode) => {
                    self.state = State::Set;
                    return Ok(true);
                }
                _ => return Ok(self.end()),
            };
            self.direct.cursor.pass_opcode();
            if self.state == State::Marked {
                self.direct.memoize_other()?;
            }
            self.state = next;
        }
        Ok(false)
    }

    fn end(&mut self) -> bool {
        self.state = State::Done;
        false
    }

    #[inline]
    fn key<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Outcome<K::Value> {
        let at = self.direct.cursor.position();
        let key = seed.deserialize(Key(self.direct));
        if self.direct.cursor.position() == at || self.pending {
            return self.direct.irregular();
        }
        self.pending = true;
        key
    }

    #[inline]
    fn value<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<T::Value> {
        // Frames come first: whether the value was read shows in that the position is another.
        self.direct.next()?;
        let at = self.direct.cursor.position();
        self.direct.in_dict = true;
        let value = seed.deserialize(&mut *self.direct);
        if self.direct.cursor.position() == at || !self.pending {
            return self.direct.irregular();
        }
        self.value_was_read();
        value
    }

    #[inline]
    fn value_was_read(&mut self) {
        self.pending = false;
        self.count += 1;
    }
}

impl<'de> MapAccess<'de> for Dict<'_, 'de> {
    type Error = Irregular;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Outcome<Option<K::Value>> {
        if !self.goes_on()? {
            return Ok(None);
        }
        self.key(seed).map(Some)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<T::Value> {
        self.value(seed)
    }
}

/// The one entry of an enum's dict: the key is the variant.
impl<'de> EnumAccess<'de> for &mut Dict<'_, 'de> {
    type Error = Irregular;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Outcome<(V::Value, Self)> {
        let variant = self.key(seed)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Dict<'_, 'de> {
    type Error = Irregular;

    fn unit_variant(self) -> Outcome<()> {
        match self.direct.next()? {
            Opcode::None | Opcode::EmptyTuple => {
                self.direct.cursor.pass_opcode();
                self.value_was_read();
                Ok(())
            }
            _ => self.direct.irregular(),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<T::Value> {
        self.value(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Outcome<V::Value> {
        self.value_was_read();
        self.direct.tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Outcome<V::Value> {
        self.value_was_read();
        self.direct.map(visitor)
    }
}
