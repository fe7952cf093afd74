//! [`Dump`]: serde's `Serializer` for every value below the top of a pickle.
//!
//! Each method is one call of the emitter; what is worth a comment is what Python would not take.
//! The keys of a dict and the elements of a set must be hashable there, so in such a place a
//! sequence is written as a tuple, and what has no hashable form is an error here rather than a
//! `TypeError` in the reader.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use serde::ser::{self, Serialize};

use super::class::{self, NameKind};
use super::compound::{Fields, Map, Seq, Tuple};
use super::divert::Diversion;
use super::special::Captured;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::reduce::token;
use crate::shared::Scope;
use crate::value::hooks::{Arm, Hooks};
use crate::write::{Emitter, Sink};

/// Writes the values of one Pickler.
pub struct Dump<S> {
    pub(crate) emit: Emitter<S>,
    /// True if the next value must be hashable.
    pub(super) hashed: bool,
    /// True while a dump has begun and not ended.
    dumping: bool,
    /// Space for the text of `collect_str`.
    scratch: String,
    /// Scalars that were read by `special.rs` rather than written.
    pub(super) captured: Vec<Captured>,
    /// The class-named newtype whose content comes next, and how that content was written: see
    /// `class.rs`.
    pub(super) class: &'static str,
    pub(super) form: class::ClassForm,
    /// Address and length of the class's serde name that last turned out to have no form.
    pub(super) plain_class: (usize, usize),
    pub(crate) hooks: Option<Arc<Hooks>>,
    /// The state put aside while an object is written that is to be rewritten: see `divert.rs`.
    pub(super) diversion: Option<Box<Diversion>>,
    /// True while a value is written in which the hooks have seen everything.
    pub(super) settled: bool,
    /// The Rcs and Arcs that this dump has written.
    pub(super) scope: Scope,
    /// Where the hooks look at values.
    armed: Option<Arm>,
}

impl<S> std::fmt::Debug for Dump<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dump").field("dumping", &self.dumping).finish_non_exhaustive()
    }
}

impl<S: Sink> Dump<S> {
    /// The emitter is made last, so that it is made in its place: see there.
    #[inline(always)]
    pub(super) fn new(emit: impl FnOnce() -> Emitter<S>, hooks: Option<Arc<Hooks>>) -> Self {
        let armed = hooks.as_ref().is_some_and(|hooks| hooks.look_at_values()).then(Arm::new);
        Self {
            emit: emit(),
            hashed: false,
            dumping: false,
            scratch: String::new(),
            captured: Vec::new(),
            class: "",
            form: class::ClassForm::Instance,
            plain_class: (0, 0),
            hooks,
            diversion: None,
            settled: false,
            scope: Scope::default(),
            armed,
        }
    }

    /// Says that the dump goes on, on this thread.
    #[inline]
    pub(super) fn arm(&self) {
        if let Some(armed) = &self.armed {
            armed.here();
        }
    }

    /// Begins a pickle.
    pub(crate) fn begin(&mut self) -> Result<()> {
        if self.dumping {
            return Err(Error::unsupported(
                "an earlier value was not written to its end, so nothing can follow it in this \
                 stream",
            ));
        }
        self.check_hooks()?;
        self.arm();
        self.dumping = true;
        self.emit.begin();
        Ok(())
    }

    /// Ends it.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.emit.finish()?;
        self.scope.clear();
        self.dumping = false;
        Ok(())
    }

    /// Begins a dict of one entry, whose key is the variant's name.
    #[inline]
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

    /// An error if the value that comes must be hashable.
    #[inline]
    pub(super) fn forbid_hashed(&self, what: &str) -> Result<()> {
        if self.hashed { Err(unhashable(what)) } else { Ok(()) }
    }

    /// Sets if the next values are hashed; returns the former answer, to be put back.
    #[inline]
    pub(super) fn set_hashed(&mut self, hashed: bool) -> bool {
        std::mem::replace(&mut self.hashed, hashed)
    }
}

#[cold]
fn unhashable(what: &str) -> Error {
    Error::data(format!("{what} cannot be the key of a dict or an element of a set in Python"))
}

macro_rules! ints {
    ($($method:ident $int:ty;)*) => {
        $(
            #[inline]
            fn $method(self, value: $int) -> Result<()> {
                self.emit.int(i64::from(value))
            }
        )*
    };
}

impl<'a, S: Sink> ser::Serializer for &'a mut Dump<S> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Seq<'a, S>;
    type SerializeTuple = Tuple<'a, S>;
    type SerializeTupleStruct = Tuple<'a, S>;
    type SerializeTupleVariant = Tuple<'a, S>;
    type SerializeMap = Map<'a, S>;
    type SerializeStruct = Fields<'a, S>;
    type SerializeStructVariant = Fields<'a, S>;

    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }

    ints! {
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<()> {
        self.emit.uint(value)
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        self.emit.int128(value)
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        self.emit.uint128(value)
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.emit.bool(value)
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<()> {
        self.emit.float(f64::from(value))
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<()> {
        self.emit.float(value)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.emit.text(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        self.emit.text(value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        // Taken out, so that a `Display` which serializes something itself finds an empty one.
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        write!(scratch, "{value}")
            .map_err(|_| Error::data("a Display implementation returned an error"))?;
        let result = self.emit.text(&scratch);
        self.scratch = scratch;
        result
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.emit.bytes(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.emit.none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.emit.none()
    }

    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<()> {
        match class::kind(name) {
            NameKind::Class => self.class_unit(name),
            _ => self.emit.none(),
        }
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<()> {
        match (class::kind(name), class::kind(variant)) {
            (_, NameKind::Class) => self.class_unit(variant),
            (NameKind::Class, _) => self.member(name, variant),
            _ => {
                self.emit.boundary()?;
                self.emit.name(variant)
            }
        }
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        match class::kind(name) {
            NameKind::Plain | NameKind::Json => value.serialize(self),
            NameKind::Class => self.class_newtype(name, value),
            NameKind::Private => self.special(name, value),
        }
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        if variant == token::ANYTHING {
            return value.serialize(self);
        }
        if class::of_variant(name, variant)? {
            return self.class_newtype(variant, value);
        }
        self.open_variant(variant)?;
        value.serialize(&mut *self).map_err(|error| error.under_key(variant))?;
        self.close_variant();
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Seq<'a, S>> {
        Seq::new(self, len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Tuple<'a, S>> {
        Tuple::new(self, len)
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Tuple<'a, S>> {
        match class::kind(name) {
            NameKind::Class => self.class_tuple(name, len),
            _ => Tuple::new(self, len),
        }
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Tuple<'a, S>> {
        if class::of_variant(name, variant)? {
            return self.class_tuple(variant, len);
        }
        self.open_variant(variant)?;
        Tuple::variant(self, len)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a, S>> {
        Map::new(self, len)
    }

    /// Always inlined, for the name is a constant where it is called, and with it the kind of
    /// fields that come. Not in debug builds, where it would add to the stack that each level
    /// takes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a, S>> {
        match class::kind(name) {
            NameKind::Plain => Fields::new(self),
            NameKind::Class => self.class_fields(name),
            NameKind::Private => Fields::reduce(self, name),
            NameKind::Json => Ok(Fields::json(self)),
        }
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'a, S>> {
        if class::of_variant(name, variant)? {
            return self.class_fields(variant);
        }
        self.open_variant(variant)?;
        Fields::variant(self)
    }
}
