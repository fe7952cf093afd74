//! [`Tuple`]: a tuple, alone or as the arguments or content of something else.

use crate::error::Result;
use crate::forward::forward_elements;
use crate::instruction::Opcode;
use crate::ser::divert;
use crate::ser::dump::Dump;
use crate::ser::items::RoleItems;
use crate::ser::special::Role;
use crate::ser::ways::{next_item, of_content, ways};
use crate::write::{Recipe, Sink};
use serde::ser::Serialize;

/// A tuple, alone or within something else.
pub struct Tuple<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    len: usize,
    written: usize,
    /// The opcode that makes the tuple.
    opcode: Opcode,
    kind: TupleKind,
}

enum TupleKind {
    Plain,
    /// The value of a variant's one entry.
    Variant,
    /// The arguments of an object, or its state; whether the object must be hashable, and whether
    /// it is a diversion.
    Object(TupleEnd, bool, bool),
    /// The items of content in a role.
    Role(Box<RoleItems>),
}

/// The step of an object behind a tuple.
#[derive(Clone, Copy)]
pub(in crate::ser) enum TupleEnd {
    /// It is made.
    Args(Recipe),
    /// It gets a state.
    State,
}

impl<'a, 'w> Tuple<'a, 'w> {
    #[inline]
    pub(in crate::ser) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Result<Self> {
        if dump.role == Role::Tuple {
            dump.role = Role::Plain;
            dump.boundary()?;
        } else if dump.role != Role::Plain
            && let Some(role) = of_content(dump, Some(len))?
        {
            let kind = TupleKind::Role(role);
            return Ok(Self { dump, len, written: 0, opcode: Opcode::Tuple, kind });
        }
        Self::open(dump, len, TupleKind::Plain)
    }

    /// After [`Dump::open_variant`].
    #[inline]
    pub(in crate::ser) fn variant(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Result<Self> {
        Self::open(dump, len, TupleKind::Variant)
    }

    /// After the class, or the object.
    pub(in crate::ser) fn of_object(
        dump: &'a mut Dump<dyn Sink + 'w>,
        len: usize,
        end: TupleEnd,
        diverted: bool,
    ) -> Result<Self> {
        let outer = dump.set_hashed(false);
        let kind = TupleKind::Object(end, outer, diverted);
        match end {
            TupleEnd::Args(Recipe::NewObjCall) => {
                dump.emit.enter();
                Ok(Self { dump, len, written: 0, opcode: Opcode::Tuple, kind })
            }
            _ => Self::open(dump, len, kind),
        }
    }

    /// A list in the place of the tuple, after the object.
    pub(in crate::ser) fn list_of_object(
        dump: &'a mut Dump<dyn Sink + 'w>,
        len: usize,
        diverted: bool,
    ) -> Self {
        let outer = dump.set_hashed(false);
        dump.emit.enter();
        dump.emit.mark();
        let kind = TupleKind::Object(TupleEnd::State, outer, diverted);
        Self { dump, len, written: 0, opcode: Opcode::List, kind }
    }

    #[inline]
    fn open(dump: &'a mut Dump<dyn Sink + 'w>, len: usize, kind: TupleKind) -> Result<Self> {
        if len == 0 {
            dump.boundary()?;
        }
        dump.emit.enter();
        let opcode = dump.emit.begin_tuple(len);
        Ok(Self { dump, len, written: 0, opcode, kind })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(in crate::ser) fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.written += 1;
        if let TupleKind::Role(items) = &mut self.kind
            && let Err(error) = next_item(items, self.dump)
        {
            return Err(error);
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.under_index(self.written - 1)),
        }
    }

    #[inline]
    pub(in crate::ser) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if let TupleKind::Plain = self.kind {
            return match self.dump.emit.end_tuple(self.opcode, self.len, self.written) {
                Ok(()) => Ok(self.dump),
                Err(error) => Err(error),
            };
        }
        self.close_otherwise()
    }

    #[inline(never)]
    fn close_otherwise(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if let TupleKind::Role(items) = self.kind {
            (ways()?.close_items)(items, self.dump, 0)?;
            return Ok(self.dump);
        }
        match (self.opcode, &self.kind) {
            (Opcode::List, _) => self.dump.emit.op(Opcode::List),
            // The tuple has the class before the arguments, and ends with the call.
            (_, TupleKind::Object(TupleEnd::Args(Recipe::NewObjCall), ..)) => {}
            (opcode, _) => self.dump.emit.end_tuple(opcode, self.len, self.written)?,
        }
        match self.kind {
            TupleKind::Plain | TupleKind::Role(_) => {}
            TupleKind::Variant => self.dump.close_variant(),
            TupleKind::Object(end, outer, diverted) => {
                match end {
                    TupleEnd::Args(recipe) => _ = self.dump.close_formed_args(recipe),
                    TupleEnd::State => self.dump.emit.op(Opcode::Build),
                }
                self.dump.hashed = outer;
                divert::end(self.dump, diverted)?;
            }
        }
        Ok(self.dump)
    }
}

forward_elements! { #[cfg_attr(not(debug_assertions), inline(always))] Tuple,
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}
