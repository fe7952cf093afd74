//! Variants of enums: the name alone, or a dict of one entry under the name; members and objects of
//! a class where the enum or the variant is named as one.

use super::class::{self, NameKind};
use super::compound::{Fields, Tuple};
use super::dump::Dump;
use super::special::Role;
use super::ways::{meet, ways};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::write::Sink;

impl<'w> Dump<dyn Sink + 'w> {
    /// Begins a dict of one entry, whose key is the variant's name.
    pub(super) fn open_variant(&mut self, variant: &'static str) -> Result<()> {
        self.forbid_hashed("a dict")?;
        self.emit.enter();
        self.emit.mark();
        self.emit.name(variant)
    }

    #[inline]
    pub(super) fn close_variant(&mut self) {
        self.emit.op(Opcode::Dict);
    }

    /// A unit variant, [`variant`](Self::variant), of an enum that is named as a class.
    ///
    /// Generated code calls a method for each variant of an enum. Where these calls differ in
    /// nothing but what is stored before them, the compiler makes one of them, and a table of the
    /// names: so which variant it is need not be guessed by the processor. Hence the field in place
    /// of an argument, and functions that are not inlined.
    #[inline(never)]
    pub(super) fn known_variant(&mut self, name: &'static str) -> Result<()> {
        // Only members are found there, so that nothing else need be asked.
        if self.role == Role::Plain
            && self.hooks.is_none()
            && self.emit.quick_member(name, self.variant)
        {
            return Ok(());
        }
        meet(&[name]);
        self.unit_variant(name)
    }

    #[inline(never)]
    pub(super) fn unit_variant(&mut self, name: &'static str) -> Result<()> {
        let variant = self.variant;
        let kinds = (class::kind(name), class::kind(variant));
        if self.role == Role::Shared && kinds == (NameKind::Plain, NameKind::Plain) {
            self.role = Role::Plain;
            return self.str(variant);
        }
        self.argument("a variant")?;
        match kinds {
            (_, NameKind::Class) => (ways()?.class_unit)(self, variant),
            (NameKind::Class, _) => (ways()?.member)(self, name, variant),
            _ => {
                self.boundary()?;
                self.emit.name(variant)
            }
        }
    }

    pub(super) fn tuple_variant<'a>(
        &'a mut self,
        name: &'static str,
        variant: &'static str,
        len: usize,
    ) -> Result<Tuple<'a, 'w>> {
        self.argument("a variant")?;
        if class::of_variant(name, variant)? {
            return (ways()?.class_tuple)(self, variant, len);
        }
        self.open_variant(variant)?;
        Tuple::variant(self, len)
    }

    pub(super) fn struct_variant<'a>(
        &'a mut self,
        name: &'static str,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'a, 'w>> {
        self.argument("a variant")?;
        if class::of_variant(name, variant)? {
            return (ways()?.class_fields)(self, variant, len);
        }
        self.open_variant(variant)?;
        Ok(Fields::variant(self, len))
    }
}
