//! [`Dump`]: serde's `Serializer` for every value below the top of a pickle.
//!
//! Each method is one call of the emitter. In Python the keys of a dict and the elements of a set
//! must be hashable, so in such a place a sequence is written as a tuple, and a value without a
//! hashable form is an error here rather than a `TypeError` in the reader.

#![expect(
    clippy::question_mark,
    reason = "a `?` is a call and a conversion, which are compiled for each type of each user"
)]

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use serde::ser::{self, Serialize};

use super::class::{self, NameKind};
use super::compound::{Fields, Map, Seq, Tuple};
use super::divert::Diversion;
use super::items::RoleItems;
use super::newtype::NewtypeWay;
use super::reduce::Progress;
use super::special::{Captured, GlobalNames, Role, Scalar};
use super::ways::{meet, open_some, ways};
use crate::error::{Error, Result};
use crate::shared::Scope;
use crate::value::hooks::{Arm, Hooks};
use crate::write::{Emitter, Payload, Sink};

/// Writes the values of one Pickler.
///
/// It is made for a sink of some type and written through as a `Dump<dyn Sink>`: so a program's
/// types are compiled for one serializer, and what that does is compiled with this crate.
pub struct Dump<S: ?Sized> {
    /// True if the next value must be hashable.
    pub(super) hashed: bool,
    /// The role of the next value, if it is the content of something.
    pub(super) role: Role,
    /// True while a dump has begun and not ended.
    dumping: bool,
    /// True while a value is written about which the hooks have been asked throughout.
    pub(super) settled: bool,
    /// Space for the text of `collect_str`.
    scratch: String,
    /// Scalars that were kept rather than written: see `special.rs`.
    pub(super) captured: Vec<Captured>,
    /// The class-named newtype whose content comes next, and the form that it took: see `class.rs`.
    pub(super) class: &'static str,
    pub(super) form: class::ClassForm,
    /// The memory of the items in a role that ended last.
    pub(super) spare_items: Option<Box<RoleItems>>,
    /// That of the object that ended last.
    pub(super) spare_parts: Option<Box<Progress>>,
    /// The names of the global that is being taken apart.
    pub(super) names: GlobalNames,
    /// The name of the unit variant that is written next: see [`Dump::known_variant`].
    pub(super) variant: &'static str,
    /// The classes by their serde names.
    pub(super) classes: class::Classes,
    pub(crate) hooks: Option<Arc<Hooks>>,
    /// The state put aside while an object to be rewritten is written: see `divert.rs`.
    pub(super) diversion: Option<Box<Diversion>>,
    /// The Rcs and Arcs that this dump has written.
    pub(super) scope: Scope,
    /// Set if the hooks look at values.
    armed: Option<Arm>,
    pub(crate) emit: Emitter,
    /// Where the bytes go. The one field whose type and place are not known to what writes.
    sink: S,
}

impl<S: ?Sized> std::fmt::Debug for Dump<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dump").field("dumping", &self.dumping).finish_non_exhaustive()
    }
}

impl<S> Dump<S> {
    /// Made in its place, as the emitter is: so nothing here may panic between the two.
    #[inline(always)]
    pub(super) fn new(sink: S, hooks: Option<Arc<Hooks>>, emit: impl FnOnce() -> Emitter) -> Self {
        let armed = hooks.as_ref().is_some_and(|hooks| hooks.look_at_values()).then(Arm::new);
        Self {
            hashed: false,
            role: Role::Plain,
            dumping: false,
            settled: false,
            scratch: String::new(),
            captured: Vec::new(),
            class: "",
            form: class::ClassForm::Instance,
            spare_items: None,
            spare_parts: None,
            names: GlobalNames::default(),
            variant: "",
            classes: class::Classes::default(),
            hooks,
            diversion: None,
            scope: Scope::default(),
            armed,
            sink,
            emit: emit(),
        }
    }

    /// Takes the bytes that the sink has not taken.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.emit.take_rest()
    }

    /// The sink.
    pub(super) fn into_sink(self) -> S {
        self.sink
    }
}

impl Dump<dyn Sink + '_> {
    /// Notes that the dump goes on, on this thread.
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
        self.role = Role::Plain;
        self.emit.begin();
        Ok(())
    }

    /// Ends it.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.emit.finish(|out| self.sink.drain(out))?;
        self.scope.clear();
        self.dumping = false;
        Ok(())
    }

    /// Marks a place where a frame may end, and hands the ended one to the sink.
    ///
    /// Every value begins with it. The emitter's own boundaries end frames too, but leave them in
    /// the buffer until the next one here.
    #[inline]
    pub(crate) fn boundary(&mut self) -> Result<()> {
        if self.emit.at_limit() { self.cross_boundary() } else { Ok(()) }
    }

    #[cold]
    fn cross_boundary(&mut self) -> Result<()> {
        self.emit.cross_boundary(|out| self.sink.drain(out))
    }

    /// Hands a large payload to the sink, past the buffer; returns true if it was one.
    fn large_payload(&mut self, kind: Payload, payload: &[u8]) -> Result<bool> {
        self.boundary()?;
        self.emit.large_payload(kind, payload.len(), |out| self.sink.payload(out, payload))
    }

    /// Text, not looked up in the memo.
    pub(crate) fn str(&mut self, value: &str) -> Result<()> {
        if self.large_payload(Payload::Text, value.as_bytes())? {
            Ok(())
        } else {
            self.emit.str(value)
        }
    }

    /// Text that is looked up among recent ones, mostly.
    #[inline(never)]
    fn other_text(&mut self, value: &str) -> Result<()> {
        if self.role == Role::Plain && !self.emit.at_limit() {
            if self.emit.is_recent(value) {
                return self.emit.recent_text(value);
            }
            if value.len() <= SHORT {
                return self.emit.text(value);
            }
        }
        self.scalar(Scalar::Str(value))
    }

    /// Text, which may be repeated.
    pub(super) fn text(&mut self, value: &str) -> Result<()> {
        // The end of a frame may change what is looked up, from the next text on.
        if self.emit.looks_up(value) {
            self.boundary()?;
            self.emit.text(value)
        } else {
            self.str(value)
        }
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> Result<()> {
        if self.large_payload(Payload::Bytes, value)? { Ok(()) } else { self.emit.bytes(value) }
    }

    /// A bytearray.
    pub(crate) fn bytearray(&mut self, value: &[u8]) -> Result<()> {
        if self.large_payload(Payload::Bytearray, value)? {
            Ok(())
        } else {
            self.emit.bytearray(value)
        }
    }

    /// Fails if the next value must be hashable.
    #[inline]
    pub(super) fn forbid_hashed(&self, what: &str) -> Result<()> {
        if self.hashed { Err(unhashable(what)) } else { Ok(()) }
    }

    /// Sets if the next values must be hashable; returns the former setting, to be restored.
    #[inline]
    pub(super) fn set_hashed(&mut self, hashed: bool) -> bool {
        std::mem::replace(&mut self.hashed, hashed)
    }
}

/// Text of up to so many bytes is no large payload.
const SHORT: usize = 0xff;

#[cold]
fn unhashable(what: &str) -> Error {
    Error::data(format!("{what} cannot be the key of a dict or an element of a set in Python"))
}

/// Writes a scalar by `$quick`, which is a few instructions; or by a call, if that returns false or
/// the scalar is the content of something.
macro_rules! scalars {
    ($($method:ident($value:ident: $type:ty) $scalar:expr, |$emit:ident| $quick:expr;)*) => {$(
        #[inline]
        fn $method(self, $value: $type) -> Result<()> {
            let $emit = &mut self.emit;
            if self.role == Role::Plain && $quick { Ok(()) } else { self.scalar($scalar) }
        }
    )*};
}

impl<'a, 'w> ser::Serializer for &'a mut Dump<dyn Sink + 'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Seq<'a, 'w>;
    type SerializeTuple = Tuple<'a, 'w>;
    type SerializeTupleStruct = Tuple<'a, 'w>;
    type SerializeTupleVariant = Tuple<'a, 'w>;
    type SerializeMap = Map<'a, 'w>;
    type SerializeStruct = Fields<'a, 'w>;
    type SerializeStructVariant = Fields<'a, 'w>;

    /// Within its own newtype an int of any size says its bytes rather than its digits, and a
    /// Python object itself rather than its text.
    #[inline]
    fn is_human_readable(&self) -> bool {
        !matches!(self.role, Role::BigInt | Role::Object)
    }

    scalars! {
        serialize_i8(value: i8) Scalar::Int(value.into()), |emit| emit.quick_int(value.into());
        serialize_i16(value: i16) Scalar::Int(value.into()), |emit| emit.quick_int(value.into());
        serialize_i32(value: i32) Scalar::Int(value.into()), |emit| emit.quick_int(value.into());
        serialize_i64(value: i64) Scalar::Int(value.into()), |emit| emit.quick_int(value);
        serialize_u8(value: u8) Scalar::Byte(value), |emit| emit.quick_int(value.into());
        serialize_u16(value: u16) Scalar::Int(value.into()), |emit| emit.quick_int(value.into());
        serialize_u32(value: u32) Scalar::Int(value.into()), |emit| emit.quick_int(value.into());
        serialize_bool(value: bool) Scalar::Bool(value), |emit| emit.quick_bool(value);
        serialize_f32(value: f32) Scalar::Float(value.into()), |emit|
            emit.quick_float(value.into());
        serialize_f64(value: f64) Scalar::Float(value), |emit| emit.quick_float(value);
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        if self.role == Role::Plain && self.emit.quick_text(value) {
            Ok(())
        } else {
            self.other_text(value)
        }
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<()> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.scalar(Scalar::Int(value.into())),
        }
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        if self.role == Role::Plain && self.emit.quick_long(value) {
            return Ok(());
        }
        self.scalar(Scalar::Int(value))
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        match i128::try_from(value) {
            Ok(value) => self.serialize_i128(value),
            Err(_) => self.scalar(Scalar::Uint(value)),
        }
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        if self.role == Role::Plain && self.emit.quick_bytes(value) {
            return Ok(());
        }
        self.scalar(Scalar::Bytes(value))
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        // Taken out, so that a `Display` which serializes something itself finds an empty one.
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        write!(scratch, "{value}")
            .map_err(|_| Error::data("a Display implementation returned an error"))?;
        let result = self.serialize_str(&scratch);
        self.scratch = scratch;
        result
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        if self.role == Role::Plain && self.emit.quick_none() {
            return Ok(());
        }
        self.scalar(Scalar::None)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        if self.role == Role::Plain {
            return value.serialize(self);
        }
        let is_state = match open_some(self) {
            Ok(is_state) => is_state,
            Err(error) => return Err(error),
        };
        let result = value.serialize(&mut *self);
        if is_state && result.is_ok() {
            self.captured.push(Captured::Bool(true));
        }
        result
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        if self.role == Role::Plain && self.emit.quick_none() {
            return Ok(());
        }
        self.scalar(Scalar::Unit)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_unit_struct(self, name: &'static str) -> Result<()> {
        meet(&[name]);
        self.unit_struct(name)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<()> {
        self.variant = variant;
        if class::kind(name) == NameKind::Class {
            return self.known_variant(name);
        }
        meet(&[name, variant]);
        self.unit_variant(name)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        match self.newtype_way(name, std::ptr::from_ref(value).cast::<()>().addr()) {
            NewtypeWay::Content => value.serialize(self),
            NewtypeWay::Written => Ok(()),
            NewtypeWay::Named => self.newtype(name, value),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        meet(&[name, variant]);
        let mut opening = match self.open_newtype_variant(name, variant) {
            Ok(opening) => opening,
            Err(error) => return Err(error),
        };
        match value.serialize(&mut *self) {
            Ok(()) => self.close_newtype_variant(&mut opening),
            Err(error) => Err(opening.locate(error, variant)),
        }
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Seq<'a, 'w>> {
        Seq::new(self, len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Tuple<'a, 'w>> {
        Tuple::new(self, len)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Tuple<'a, 'w>> {
        meet(&[name]);
        self.tuple_struct(name, len)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Tuple<'a, 'w>> {
        meet(&[name, variant]);
        self.tuple_variant(name, variant, len)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a, 'w>> {
        Map::new(self, len)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Fields<'a, 'w>> {
        meet(&[name]);
        self.fields(name, len)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'a, 'w>> {
        meet(&[name, variant]);
        self.struct_variant(name, variant, len)
    }
}

impl<'w> Dump<dyn Sink + 'w> {
    fn unit_struct(&mut self, name: &'static str) -> Result<()> {
        self.argument("a unit struct")?;
        match class::kind(name) {
            NameKind::Class => (ways()?.class_unit)(self, name),
            _ => self.emit.none(),
        }
    }

    /// Inlined, so that a name which is a constant decides what is linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn tuple_struct<'a>(&'a mut self, name: &'static str, len: usize) -> Result<Tuple<'a, 'w>> {
        if class::kind(name) == NameKind::Class {
            return self.class_tuple_struct(name, len);
        }
        self.plain_tuple_struct(len)
    }

    fn class_tuple_struct<'a>(
        &'a mut self,
        name: &'static str,
        len: usize,
    ) -> Result<Tuple<'a, 'w>> {
        if self.role.takes_items() {
            return Tuple::new(self, len);
        }
        self.argument("a sequence")?;
        self.class_tuple(name, len)
    }

    fn plain_tuple_struct<'a>(&'a mut self, len: usize) -> Result<Tuple<'a, 'w>> {
        Tuple::new(self, len)
    }

    /// Inlined, so that a name which is a constant decides what is linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn fields<'a>(&'a mut self, name: &'static str, len: usize) -> Result<Fields<'a, 'w>> {
        let kind = class::kind(name);
        if self.role == Role::Plain {
            return match kind {
                NameKind::Plain => Fields::new(self, len),
                NameKind::Class => self.class_fields(name, len),
                _ => self.private_fields(name),
            };
        }
        match ways() {
            Ok(ways) => (ways.fields)(self, name, kind, len),
            Err(error) => Err(error),
        }
    }

    /// A struct under a private name, ours or of serde_json.
    #[cold]
    pub(super) fn private_fields<'a>(&'a mut self, name: &'static str) -> Result<Fields<'a, 'w>> {
        match class::kind(name) {
            NameKind::Json => Ok(Fields::json(self)),
            _ => Fields::reduce(self, name),
        }
    }
}
