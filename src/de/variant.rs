//! Enum variants as serde's `EnumAccess` and `VariantAccess`.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Unexpected, VariantAccess, Visitor,
};

use super::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::walk::cx::Cx;

/// A variant by its name alone.
pub(crate) fn unit_variant<'g, 'de>(name: NodeDeserializer<'g, 'de>) -> UnitVariant<'g, 'de> {
    UnitVariant(name)
}

pub(crate) struct UnitVariant<'g, 'de>(NodeDeserializer<'g, 'de>);

impl<'de> EnumAccess<'de> for UnitVariant<'_, 'de> {
    type Error = Error;
    type Variant = NoData;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoData)> {
        match seed.deserialize(self.0) {
            Ok(variant) => Ok((variant, NoData)),
            Err(error) => Err(self.0.cx.locate(error, self.0.handle)),
        }
    }
}

/// The data of a variant that was told by its name alone: none.
pub(crate) struct NoData;

impl<'de> VariantAccess<'de> for NoData {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"tuple variant"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"struct variant"))
    }
}

/// A variant without data whose name is not in the pickle as it is.
pub(crate) struct NamedVariant<'a>(pub(crate) &'a str);

impl<'de> EnumAccess<'de> for NamedVariant<'_> {
    type Error = Error;
    type Variant = NoData;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoData)> {
        Ok((seed.deserialize(StrDeserializer::<Error>::new(self.0))?, NoData))
    }
}

/// A variant and its data, from a dict of one entry or a tuple of two items.
pub(crate) struct VariantNode<'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    variant: Handle,
    data: Handle,
    depth: u32,
}

impl<'g, 'de> VariantNode<'g, 'de> {
    pub(crate) fn new(cx: &'g Cx<'g, 'de>, variant: Handle, data: Handle, depth: u32) -> Self {
        Self { cx, variant, data, depth }
    }

    fn data(&self) -> NodeDeserializer<'g, 'de> {
        NodeDeserializer::new(self.cx, self.data, self.depth)
    }

    fn locate<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| self.cx.under_key(self.cx.locate(error, self.data), self.variant))
    }
}

impl<'de> EnumAccess<'de> for VariantNode<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        match seed.deserialize(NodeDeserializer::new(self.cx, self.variant, self.depth)) {
            Ok(variant) => Ok((variant, self)),
            Err(error) => Err(self.cx.locate(error, self.variant)),
        }
    }
}

impl<'de> VariantAccess<'de> for VariantNode<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        match self.data.tag() {
            Tag::None | Tag::EmptyTuple => Ok(()),
            _ => self.locate(<() as de::Deserialize>::deserialize(self.data())),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let result = seed.deserialize(self.data());
        self.locate(result)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let result = self.data().deserialize_tuple(len, visitor);
        self.locate(result)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let result = self.data().deserialize_struct("", fields, visitor);
        self.locate(result)
    }
}
