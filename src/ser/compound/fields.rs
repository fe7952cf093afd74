//! [`Fields`]: the fields of a struct, as a dict, as state, or as the parts of an object.

#![expect(
    clippy::question_mark,
    reason = "a `?` is a call and a conversion, which are compiled for each type of each user"
)]

use crate::error::{Error, Result};
use crate::forward::forward_fields;
use crate::instruction::Opcode;
use crate::reduce::form::{FIELD, Form, formless};
use crate::reduce::token;
use crate::ser::divert;
use crate::ser::dump::Dump;
use crate::ser::placed::Placed;
use crate::ser::reduce::{Progress, Reduce};
use crate::ser::special::Role;
use crate::ser::ways::{skip_part, ways};
use crate::write::Sink;
use serde::ser::Serialize;

/// The fields of a struct: a dict, an instance's state, or the parts of an object.
pub struct Fields<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    next: NextField,
    end: FieldsEnd,
    /// An object as `__reduce__` describes it, or as its class's name does.
    parts: Option<Box<Progress>>,
}

/// The kind of the next field; one comparison, where it is an entry of a dict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NextField {
    /// An entry of a dict, whose mark is written.
    Entry,
    /// The same in the pickle's own value, or its state.
    EntryOnce,
    /// The first entry, where none is announced; true if it is in the pickle's own value.
    First(bool),
    /// A part of an object.
    Part,
    /// The digits of a number: a private struct of serde_json, whose field is written in its place.
    Json,
}

/// The part behind the fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldsEnd {
    Dict,
    /// It is the value of a variant's one entry.
    Variant,
    /// It is the state of the instance below it: if that must be hashable, and if it is a
    /// diversion.
    State(bool, bool),
    /// Nothing, or what the parts of an object say.
    Parts,
}

impl<'a, 'w> Fields<'a, 'w> {
    #[inline]
    pub(in crate::ser) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Result<Self> {
        match dump.forbid_hashed("a dict") {
            Ok(()) => Ok(Self::entries(dump, len, FieldsEnd::Dict)),
            Err(error) => Err(error),
        }
    }

    /// After [`Dump::open_variant`].
    pub(in crate::ser) fn variant(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Self {
        Self::entries(dump, len, FieldsEnd::Variant)
    }

    /// After the instance.
    #[inline]
    pub(in crate::ser) fn state(
        dump: &'a mut Dump<dyn Sink + 'w>,
        len: usize,
        diverted: bool,
    ) -> Self {
        let outer = dump.set_hashed(false);
        Self::entries(dump, len, FieldsEnd::State(outer, diverted))
    }

    /// A dict of `len` entries. The mark before them is no opcode boundary.
    #[inline(always)]
    fn entries(dump: &'a mut Dump<dyn Sink + 'w>, len: usize, end: FieldsEnd) -> Self {
        let next = match (dump.emit.enter(), len) {
            (outermost, 0) => NextField::First(outermost),
            (true, _) => NextField::EntryOnce,
            (false, _) => NextField::Entry,
        };
        if len > 0 {
            dump.emit.mark();
        }
        Self { dump, next, end, parts: None }
    }

    /// A struct under a private name.
    #[cold]
    pub(in crate::ser) fn reduce(
        dump: &'a mut Dump<dyn Sink + 'w>,
        name: &'static str,
    ) -> Result<Self> {
        let parts = Progress::Reduce(Reduce::new(name, dump)?);
        Ok(Self::parts(dump, parts))
    }

    /// A struct whose class's name says how it is spelled.
    #[cold]
    pub(in crate::ser) fn placed(
        dump: &'a mut Dump<dyn Sink + 'w>,
        name: &'static str,
        form: Form,
        diverted: bool,
    ) -> Result<Self> {
        let parts = Progress::Placed(Placed::new(dump, name, form, diverted)?);
        Ok(Self::parts(dump, parts))
    }

    fn parts(dump: &'a mut Dump<dyn Sink + 'w>, parts: Progress) -> Self {
        let parts = match dump.spare_parts.take() {
            Some(mut spare) => {
                *spare = parts;
                spare
            }
            None => Box::new(parts),
        };
        Self { dump, next: NextField::Part, end: FieldsEnd::Parts, parts: Some(parts) }
    }

    /// A private struct of serde_json.
    #[cold]
    pub(in crate::ser) fn json(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        Self { dump, next: NextField::Json, end: FieldsEnd::Parts, parts: None }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        if key.starts_with(FIELD) && matches!(self.end, FieldsEnd::State(..)) {
            return Err(formless(key));
        }
        if self.next == NextField::Entry {
            if let Err(error) = self.dump.emit.name(key) {
                return Err(error);
            }
        } else {
            match next_field(self.dump, self.next, self.parts.as_deref_mut(), key) {
                Ok(next) => self.next = next,
                Err(error) => return Err(error),
            }
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => match &mut self.parts {
                None => Ok(()),
                Some(parts) => end_part(parts, self.dump),
            },
            Err(error) => Err(in_field(error, self.next, key)),
        }
    }

    #[inline]
    fn skip(&mut self, key: &'static str) -> Result<()> {
        match &mut self.parts {
            None => Ok(()),
            Some(parts) => skip_part(parts, key),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(in crate::ser) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if matches!(self.next, NextField::Entry | NextField::EntryOnce) {
            match self.end {
                FieldsEnd::Dict => {
                    self.dump.emit.op(Opcode::Dict);
                    return Ok(self.dump);
                }
                FieldsEnd::State(outer, false) => {
                    self.dump.emit.ops([Opcode::Dict, Opcode::Build]);
                    self.dump.hashed = outer;
                    return Ok(self.dump);
                }
                _ => {}
            }
        }
        close_fields(self.dump, self.next, self.end, self.parts)
    }
}

#[inline(never)]
fn close_fields<'a, 'w>(
    dump: &'a mut Dump<dyn Sink + 'w>,
    next: NextField,
    end: FieldsEnd,
    parts: Option<Box<Progress>>,
) -> Result<&'a mut Dump<dyn Sink + 'w>> {
    let open = matches!(next, NextField::Entry | NextField::EntryOnce);
    if open {
        dump.emit.op(Opcode::Dict);
    }
    match end {
        FieldsEnd::Dict | FieldsEnd::Variant => {
            if !open {
                dump.boundary()?;
                dump.emit.empty_dict()?;
            }
            if end == FieldsEnd::Variant {
                dump.close_variant();
            }
        }
        FieldsEnd::State(outer, diverted) => {
            if open {
                dump.emit.op(Opcode::Build);
            }
            dump.hashed = outer;
            divert::end(dump, diverted)?;
        }
        FieldsEnd::Parts => {
            if let Some(mut parts) = parts {
                (ways()?.end_parts)(&mut parts, dump)?;
                dump.spare_parts = Some(parts);
            }
        }
    }
    Ok(dump)
}

/// Writes what comes before the value of a field that is no plain entry; returns what comes next.
/// The fields of a small message are mostly [`NextField::EntryOnce`], so that this needs no stack.
#[inline(never)]
fn next_field(
    dump: &mut Dump<dyn Sink + '_>,
    next: NextField,
    parts: Option<&mut Progress>,
    key: &'static str,
) -> Result<NextField> {
    if next == NextField::EntryOnce {
        return match dump.emit.name_once(key) {
            Ok(()) => Ok(NextField::EntryOnce),
            Err(error) => Err(error),
        };
    }
    other_field(dump, next, parts, key)
}

#[inline(never)]
fn other_field(
    dump: &mut Dump<dyn Sink + '_>,
    next: NextField,
    parts: Option<&mut Progress>,
    key: &'static str,
) -> Result<NextField> {
    match next {
        NextField::First(outermost) => {
            dump.emit.mark();
            let next = if outermost { NextField::EntryOnce } else { NextField::Entry };
            return next_field(dump, next, parts, key);
        }
        NextField::EntryOnce => dump.emit.name_once(key)?,
        NextField::Entry => dump.emit.name(key)?,
        NextField::Part => {
            if let Some(parts) = parts {
                (ways()?.open_part)(parts, dump, key)?;
            }
        }
        NextField::Json if key == token::JSON_NUMBER => dump.role = Role::JsonNumber,
        NextField::Json => return Err(raw_value()),
    }
    Ok(next)
}

/// Writes what comes behind a part of an object.
#[cold]
#[inline(never)]
fn end_part(parts: &mut Progress, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
    (ways()?.end_part)(parts, dump)
}

/// Adds the name of a field to the error of its value.
#[cold]
#[inline(never)]
fn in_field(error: Error, field: NextField, key: &str) -> Error {
    if field == NextField::Json { error } else { error.under_key(key) }
}

forward_fields! { #[cfg_attr(not(debug_assertions), inline(always))] Fields,
    SerializeStruct SerializeStructVariant
}

/// A private struct of serde_json that is no number: it would need a parser, and no Python program
/// wants a dict with a private key.
#[cold]
fn raw_value() -> Error {
    Error::unsupported(
        "a RawValue of serde_json is JSON in a text; parse it into a serde_json::Value first",
    )
}
