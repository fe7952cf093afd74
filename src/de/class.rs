//! Class names in serde names, on reading.

use serde::de::Visitor;

use super::node::NodeDeserializer;
use super::variant::unit_variant;
use crate::error::Result;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    pub(crate) fn class_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.any(visitor)
    }

    pub(crate) fn class_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.any(visitor)
    }

    pub(crate) fn class_tuple_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.any(visitor)
    }

    pub(crate) fn class_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.any(visitor)
    }

    pub(crate) fn enum_of_object<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(unit_variant(self))
    }
}
