//! [`Variant`]: an enum in every spelling, as serde's one `EnumAccess` and `VariantAccess`.

use std::borrow::Cow;
use std::mem::ManuallyDrop;

use serde::de::{
    self, Deserialize, DeserializeSeed, EnumAccess, Unexpected, VariantAccess, Visitor,
};

use super::answer::{Answer, Given, give};
use super::ask::Ask;
use super::class_enum::ClassVariant;
use super::direct::{Dict, Direct};
use super::node::NodeDeserializer;
use super::place::{Described, Place};
use super::ways::ways;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::walk::cx::Cx;

/// A variant and its data.
pub(crate) struct Variant<'a, 'g, 'de>(VariantKind<'a, 'g, 'de>);

enum VariantKind<'a, 'g, 'de> {
    /// A name in the opcodes ahead, without data.
    Name(&'a mut Direct<'de>),
    /// The one entry of a dict there.
    Entry(Dict<'a, 'de>),
    /// A name among the nodes, without data.
    Unit(NodeDeserializer<'g, 'de>),
    /// A name that is not in the pickle as it is, without data.
    Named(Cow<'a, str>),
    /// A dict of one entry or a tuple of two items.
    Node { cx: &'g Cx<'g, 'de>, variant: Handle, data: Handle, depth: u32 },
    /// A variant that is named as a class.
    Class(Box<ClassVariant<'g, 'de>>),
}

impl VariantKind<'_, '_, '_> {
    /// The error of data that is asked for and not there.
    #[cold]
    fn no_data(&mut self, expected: &'static str) -> Error {
        if let Self::Name(direct) = self {
            direct.give_up();
        }
        de::Error::invalid_type(Unexpected::UnitVariant, &expected)
    }
}

impl<'a, 'g, 'de> Variant<'a, 'g, 'de> {
    pub(super) fn name(direct: &'a mut Direct<'de>) -> Self {
        Self(VariantKind::Name(direct))
    }

    pub(super) fn entry(dict: Dict<'a, 'de>) -> Self {
        Self(VariantKind::Entry(dict))
    }

    pub(super) fn unit(name: NodeDeserializer<'g, 'de>) -> Self {
        Self(VariantKind::Unit(name))
    }

    pub(super) fn named(name: Cow<'a, str>) -> Self {
        Self(VariantKind::Named(name))
    }

    pub(super) fn node(cx: &'g Cx<'g, 'de>, variant: Handle, data: Handle, depth: u32) -> Self {
        Self(VariantKind::Node { cx, variant, data, depth })
    }

    pub(super) fn class(variant: ClassVariant<'g, 'de>) -> Self {
        Self(VariantKind::Class(Box::new(variant)))
    }

    /// The name.
    fn place(&mut self) -> Result<Place<'_, 'g, 'de>> {
        Ok(match &mut self.0 {
            VariantKind::Name(direct) => Place::Key(direct),
            VariantKind::Entry(dict) => dict.variant_name()?,
            VariantKind::Unit(node) => Place::Node(*node),
            VariantKind::Named(name) => Place::Described(Described::Str(name)),
            VariantKind::Node { cx, variant, depth, .. } => {
                Place::Node(NodeDeserializer::new(cx, *variant, *depth))
            }
            VariantKind::Class(class) => Place::Described(Described::Str(class.variant)),
        })
    }

    #[cold]
    fn locate_name(&mut self, error: Error) -> Error {
        match &self.0 {
            VariantKind::Unit(node) => node.cx.locate(error, node.handle),
            VariantKind::Node { cx, variant, .. } => cx.locate(error, *variant),
            _ => error,
        }
    }

    #[cold]
    fn locate_data(&mut self, error: Error) -> Error {
        match &self.0 {
            VariantKind::Node { cx, variant, data, .. } => {
                cx.under_key(cx.locate(error, *data), *variant)
            }
            _ => error,
        }
    }

    fn unit_data(&mut self) -> Result<()> {
        match &mut self.0 {
            VariantKind::Entry(dict) => Ok(dict.no_data()?),
            VariantKind::Node { cx, data, depth, .. } => match data.tag() {
                Tag::None | Tag::EmptyTuple => Ok(()),
                _ => {
                    let node = NodeDeserializer::new(cx, *data, *depth);
                    <()>::deserialize(Place::Node(node)).map_err(|error| self.locate_data(error))
                }
            },
            VariantKind::Class(class) => (ways()?.no_data)(class),
            _ => Ok(()),
        }
    }

    /// The data of a variant with one field.
    fn data(&mut self) -> Result<Place<'_, 'g, 'de>> {
        match &mut self.0 {
            VariantKind::Entry(dict) => dict.next_value(),
            VariantKind::Node { cx, data, depth, .. } => {
                Ok(Place::Node(NodeDeserializer::new(cx, *data, *depth)))
            }
            VariantKind::Class(class) => (ways()?.data)(class),
            kind => Err(kind.no_data("newtype variant")),
        }
    }

    /// The data of a variant with several fields.
    fn fields(&mut self, ask: Ask) -> Result<Answer<'_, 'g, 'de>> {
        match &mut self.0 {
            VariantKind::Entry(dict) => dict.variant_data(ask),
            VariantKind::Node { cx, data, depth, .. } => {
                NodeDeserializer::new(cx, *data, *depth).answer(ask)
            }
            VariantKind::Class(class) => (ways()?.fields)(class, ask),
            kind => Err(kind.no_data(match ask {
                Ask::Tuple(_) => "tuple variant",
                _ => "struct variant",
            })),
        }
    }

    #[inline(never)]
    fn given(&mut self, ask: Ask) -> Given<'_, 'g, 'de> {
        ManuallyDrop::new(self.fields(ask))
    }

    /// Checks that nothing is left.
    pub(super) fn finish(&mut self) -> Result<()> {
        match &mut self.0 {
            VariantKind::Entry(dict) => Ok(dict.finish()?),
            VariantKind::Name(direct) => Ok(direct.check_moved()?),
            _ => Ok(()),
        }
    }

    /// Notes that the visitor returned an error.
    #[cold]
    pub(super) fn give_up(&mut self, error: Error) -> Error {
        match &mut self.0 {
            VariantKind::Entry(dict) => dict.give_up(),
            VariantKind::Name(direct) => direct.give_up(),
            _ => {}
        }
        error
    }
}

impl<'de> EnumAccess<'de> for &mut Variant<'_, '_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let made = match self.place() {
            Ok(place) => seed.deserialize(place),
            Err(error) => return Err(error),
        };
        match made {
            Ok(variant) => Ok((variant, self)),
            Err(error) => Err(self.locate_name(error)),
        }
    }
}

impl<'de> VariantAccess<'de> for &mut Variant<'_, '_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        self.unit_data()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let made = match self.data() {
            Ok(place) => seed.deserialize(place),
            Err(error) => return Err(error),
        };
        match made {
            Ok(value) => Ok(value),
            Err(error) => Err(self.locate_data(error)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        match give(self.given(Ask::Tuple(len)), visitor) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.locate_data(error)),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match give(self.given(Ask::Struct("", fields)), visitor) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.locate_data(error)),
        }
    }
}
