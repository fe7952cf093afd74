//! A key of a dict, an item of a set, the name of a variant: text or a number. What is neither, and
//! perhaps cannot be hashed, is for the machine to judge.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, VariantAccess, Visitor};

use super::state::Direct;
use super::value::{is_ours, scalars};
use super::{Irregular, Outcome};
use crate::instruction::Opcode;

pub(super) struct Key<'a, 'de>(pub(super) &'a mut Direct<'de>);

macro_rules! through {
    ($($method:ident => $to:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            self.0.$to(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Irregular;

    scalars!(through);

    through! {
        deserialize_str => deserialize_str;
        deserialize_bytes => deserialize_bytes;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0.next()? {
            Opcode::EmptyList | Opcode::EmptyDict | Opcode::EmptySet | Opcode::EmptyTuple => {
                self.0.irregular()
            }
            _ => self.0.any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_any(IgnoredAny)?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        if self.0.next()? == Opcode::None {
            self.0.cursor.read_peeked_opcode();
            return visitor.visit_none();
        }
        self.0.wrap()?;
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        if is_ours(name) {
            return self.0.irregular();
        }
        self.0.wrap()?;
        visitor.visit_newtype_struct(self)
    }

    /// A variant without data.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        if is_ours(name) {
            return self.0.irregular();
        }
        visitor.visit_enum(VariantName(self))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _visitor: V,
    ) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, _visitor: V) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        _visitor: V,
    ) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn deserialize_map<V: Visitor<'de>>(self, _visitor: V) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

/// The name of a variant that has no data.
pub(super) struct VariantName<'a, 'de>(pub(super) Key<'a, 'de>);

impl<'a, 'de> EnumAccess<'de> for VariantName<'a, 'de> {
    type Error = Irregular;
    type Variant = NoData<'a, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Outcome<(V::Value, NoData<'a, 'de>)> {
        let direct = self.0.0;
        let at = direct.cursor.position();
        let variant = seed.deserialize(Key(direct))?;
        if direct.cursor.position() == at {
            return direct.irregular();
        }
        Ok((variant, NoData(direct)))
    }
}

/// The data of a variant that was told by its name alone: none.
pub(super) struct NoData<'a, 'de>(&'a mut Direct<'de>);

impl<'de> VariantAccess<'de> for NoData<'_, 'de> {
    type Error = Irregular;

    fn unit_variant(self) -> Outcome<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Outcome<T::Value> {
        self.0.irregular()
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Outcome<V::Value> {
        self.0.irregular()
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Outcome<V::Value> {
        self.0.irregular()
    }
}
