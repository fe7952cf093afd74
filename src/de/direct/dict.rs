//! Dicts, as maps, structs and enums. Where they end is told in `contents`.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, VariantAccess, Visitor};

use super::contents::{Contents, Entries, Phase};
use super::key::{Key, VariantName};
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::instruction::Opcode;

pub(super) struct Dict<'a, 'de> {
    direct: &'a mut Direct<'de>,
    contents: Contents<Entries>,
    /// True while a key was read whose value was not.
    pending: bool,
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
        if !dict.contents.go_on(dict.direct)? {
            return dict.direct.irregular();
        }
        let Ok(value) = visitor.visit_enum(&mut dict) else { return self.irregular() };
        dict.finish()?;
        Ok(value)
    }

    #[inline]
    fn open_dict(&mut self) -> Outcome<Dict<'_, 'de>> {
        let opcode = self.next()?;
        self.cursor.read_peeked_opcode();
        self.enter()?;
        let contents = match opcode {
            Opcode::EmptyDict => Contents::open(Entries, self)?,
            Opcode::Mark => {
                self.marked = true;
                Contents::new(Entries, Phase::Marked, self)
            }
            _ => return self.irregular(),
        };
        Ok(Dict { direct: self, contents, pending: false })
    }
}

impl<'de> Dict<'_, 'de> {
    /// Whatever the visitor did not ask for must not be there.
    #[inline]
    fn finish(mut self) -> Outcome<()> {
        if self.pending || self.contents.go_on(self.direct)? {
            return self.direct.irregular();
        }
        self.direct.leave();
        Ok(())
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
        self.direct.sole = true;
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
        self.contents.count_item();
    }
}

impl<'de> MapAccess<'de> for Dict<'_, 'de> {
    type Error = Irregular;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Outcome<Option<K::Value>> {
        match self.contents.go_on(self.direct) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                self.contents.stop();
                return Err(error);
            }
        }
        let key = self.key(seed);
        // A type may go on behind an error, and is to come to an end.
        if key.is_err() && self.direct.failed {
            self.contents.stop();
        }
        key.map(Some)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<T::Value> {
        let value = self.value(seed);
        if value.is_err() && self.direct.failed {
            self.contents.stop();
        }
        value
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.contents.values(self.direct).map(|values| values / 2)
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
                self.direct.cursor.read_peeked_opcode();
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

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        self.value_was_read();
        self.direct.map(visitor)
    }
}
