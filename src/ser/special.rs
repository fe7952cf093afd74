//! The content of a newtype with a private name or a class's, for which serde has no method.
//!
//! Our own types say a set, a big int or a global as a newtype struct whose name is in
//! `reduce/token.rs`, around content that serde can say. Whoever writes the newtype notes a
//! [`Role`] in the dump; the serializer's next method looks there first, takes the role, and does
//! what it says. A method that the role has no use for is an error that names both. The serializer
//! stays the same, as another one would make the compiler generate the code of every type that
//! might be content once more.

use std::fmt;
use std::sync::Arc;

use super::class::{self, ClassForm, NameKind};
use super::compound::Fields;
use super::divert;
use super::dump::Dump;
use super::newtype::Opening;
use super::ways::ways;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::token;
use crate::value::{PickleBuffer, Value, json_number};
use crate::write::{self, Sink};

/// The role of the content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The next value is the content of nothing.
    Plain,
    Set,
    FrozenSet,
    /// A list whose elements must be hashable, the argument of `set` below protocol 4.
    HashableList,
    /// A tuple, out of any sequence; a unit is an empty one.
    Tuple,
    /// The same without the tuple: its items alone.
    Splice,
    ListItems,
    SetItems,
    DictItems,
    /// The two items of a pair in [`DictItems`](Role::DictItems).
    Pair,
    ByteArray,
    BigInt,
    Surrogates,
    PersistentId,
    /// Scalars, kept instead of written.
    Capture,
    /// The two names of a global, put together in `Dump::names`.
    Names,
    /// A global, its two names kept instead of written.
    CaptureGlobal,
    /// A map without entries; nothing is written.
    NoKwargs,
    /// The attributes of an object, or its keyword arguments: a dict.
    Attributes,
    /// An Option: `None` is not written; a bool is kept that is true for `Some`.
    State,
    /// The same, after the state below it has been prepared.
    StateSetter,
    /// The content of a newtype that is named as a class.
    Class,
    /// Nested value, serialized with `is_human_readable() == false`.
    Object,
    /// The content of an Rc or Arc: an ordinary value, and if it is text, an object that nothing
    /// else refers to.
    Shared,
    /// The digits of a number of serde_json.
    JsonNumber,
}

impl Role {
    /// Returns true if a sequence is written as the role says, and not as a value of its own.
    #[inline]
    pub(super) fn takes_items(self) -> bool {
        !matches!(self, Self::Plain | Self::Class | Self::Object | Self::Shared)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set | Self::FrozenSet | Self::HashableList => "a set's elements",
            Self::Tuple | Self::Splice => "the items of a tuple",
            Self::ListItems => "an object's list items",
            Self::SetItems => "an object's set items",
            Self::DictItems => "an object's dict items",
            Self::Pair => "a pair of key and value",
            Self::ByteArray => "a bytearray's bytes",
            Self::BigInt => "an int's bytes",
            Self::Surrogates => "the bytes of text with surrogates",
            Self::PersistentId => "a persistent id, which at protocol 0 is a str or an int",
            Self::Capture | Self::Names => "part of a private form of this crate",
            Self::CaptureGlobal => "a class, for an instance by INST",
            Self::NoKwargs => "no keyword arguments",
            Self::Attributes => "a map of attributes or keyword arguments",
            Self::State | Self::StateSetter => "an Option",
            Self::Class => "the content of a class",
            Self::Object => "an object",
            Self::Shared => "the content of an Rc or Arc",
            Self::JsonNumber => "the digits of a number",
            Self::Plain => "a value",
        })
    }
}

/// A scalar that was kept.
pub(super) enum Captured {
    Uint(u64),
    Bool(bool),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

/// The names of a global, one behind the other.
#[derive(Default)]
pub(super) struct GlobalNames {
    text: String,
    /// The length of the first.
    module: usize,
    count: u8,
}

impl GlobalNames {
    fn clear(&mut self) {
        self.text.clear();
        self.count = 0;
    }

    fn push(&mut self, name: &str) {
        self.module = self.text.len();
        self.text.push_str(name);
        self.count = self.count.saturating_add(1);
    }

    /// Module and qualified name, if two have come.
    fn get(&self) -> Option<(&str, &str)> {
        if self.count == 2 { self.text.split_at_checked(self.module) } else { None }
    }
}

/// A scalar that may be content.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'s> {
    Int(i128),
    Uint(u128),
    Byte(u8),
    Bool(bool),
    Float(f64),
    Str(&'s str),
    Bytes(&'s [u8]),
    None,
    Unit,
}

impl Dump<dyn Sink + '_> {
    /// Writes what comes before the content of a newtype, which is at the address `content`, and
    /// notes its role.
    pub(super) fn open_newtype(&mut self, name: &'static str, content: usize) -> Result<Opening> {
        if matches!(self.role, Role::Plain | Role::Object | Role::Shared)
            && let Some(opening) = self.open_frequent(name, content)?
        {
            return Ok(opening);
        }
        let kind = class::kind(name);
        match (kind, self.role) {
            (_, Role::Plain) => {}
            (_, Role::Object | Role::Shared) => self.role = Role::Plain,
            (NameKind::Private, _) if name == token::NODE => return Ok(Opening::Through),
            (NameKind::Private, Role::Tuple | Role::Splice | Role::Pair)
                if name == token::TUPLE =>
            {
                return Ok(Opening::Through);
            }
            (NameKind::Private, Role::CaptureGlobal) if name == token::GLOBAL => {
                self.role = Role::Capture;
                return Ok(Opening::Through);
            }
            _ => self.argument("a newtype struct")?,
        }
        match kind {
            NameKind::Private => self.open_private(name, content),
            NameKind::Class => self.open_class(name),
            NameKind::Plain | NameKind::Json => Ok(Opening::Through),
        }
    }

    /// The private names that come most.
    #[inline]
    fn open_frequent(&mut self, name: &'static str, content: usize) -> Result<Option<Opening>> {
        let (role, opening) = match name {
            token::OBJECT => (Role::Object, Opening::Role),
            token::SHARED => {
                self.role = Role::Plain;
                return self.open_shared(content).map(Some);
            }
            token::GLOBAL => {
                self.names.clear();
                (Role::Names, Opening::Global)
            }
            _ => return Ok(None),
        };
        self.role = role;
        Ok(Some(opening))
    }

    fn open_private(&mut self, name: &'static str, content: usize) -> Result<Opening> {
        if let Some(opening) = self.open_frequent(name, content)? {
            return Ok(opening);
        }
        let role = match name {
            token::SET | token::FROZENSET => return self.open_set(name == token::FROZENSET),
            token::TUPLE => Role::Tuple,
            token::BYTEARRAY => Role::ByteArray,
            token::BIG_INT => Role::BigInt,
            token::SURROGATES => Role::Surrogates,
            token::COMPLEX => {
                self.boundary()?;
                self.emit.builtin(&write::COMPLEX)?;
                self.role = Role::Tuple;
                return Ok(Opening::Complex);
            }
            token::BUFFER => {
                self.role = Role::Capture;
                return Ok(Opening::Buffer);
            }
            token::PERSISTENT_ID if self.emit.protocol() == Protocol::V0 => Role::PersistentId,
            // Only the object is hashed, not its id.
            token::PERSISTENT_ID => {
                return Ok(Opening::PersistentId { outer: self.set_hashed(false) });
            }
            token::NODE => {
                return Ok(match &self.hooks {
                    Some(hooks)
                        if hooks.look_at_values() && self.diversion.is_none() && !self.settled =>
                    {
                        Opening::Node(Arc::clone(hooks))
                    }
                    _ => Opening::Through,
                });
            }
            token::SETTLED => {
                let outer = std::mem::replace(&mut self.settled, true);
                return Ok(Opening::Settled { outer });
            }
            _ => return Err(malformed(name)),
        };
        self.role = role;
        Ok(Opening::Role)
    }

    fn open_set(&mut self, frozen: bool) -> Result<Opening> {
        if !frozen {
            self.forbid_hashed("a set")?;
        }
        if self.emit.has(Opcode::EmptySet) {
            self.role = if frozen { Role::FrozenSet } else { Role::Set };
            return Ok(Opening::Role);
        }
        self.boundary()?;
        self.emit.open_set_call(frozen)?;
        self.role = Role::HashableList;
        Ok(Opening::SetCall)
    }

    /// Writes what comes before the content of a newtype variant.
    pub(super) fn open_newtype_variant(
        &mut self,
        name: &'static str,
        variant: &'static str,
    ) -> Result<Opening> {
        self.argument("a variant")?;
        if variant == token::ANYTHING {
            return Ok(Opening::Through);
        }
        if class::of_variant(name, variant)? {
            return (ways()?.open_class)(self, variant);
        }
        self.open_variant(variant)?;
        Ok(Opening::Variant)
    }

    /// Writes what comes behind the content of a newtype variant.
    pub(super) fn close_newtype_variant(&mut self, opening: &mut Opening) -> Result<()> {
        if let Opening::Variant = opening {
            self.role = Role::Plain;
            self.close_variant();
            return Ok(());
        }
        (ways()?.close_newtype)(self, opening)
    }

    /// Writes what comes behind the content of a newtype.
    #[inline(never)]
    pub(super) fn close_newtype(&mut self, opening: &mut Opening) -> Result<()> {
        // Content that called no method has left its role behind.
        self.role = Role::Plain;
        match std::mem::replace(opening, Opening::Through) {
            Opening::Through
            | Opening::Role
            | Opening::Node(_)
            | Opening::Shared(_)
            | Opening::Done => {}
            Opening::Variant => self.close_variant(),
            Opening::Class { outer_form, outer, diverted } => {
                self.hashed = outer;
                if let ClassForm::Argument(recipe) = std::mem::replace(&mut self.form, outer_form) {
                    self.close_formed_arg(recipe)?;
                }
                return divert::end(self, diverted);
            }
            Opening::Formed { place, recipe, state, outer, diverted } => {
                self.close_formed_newtype(place, recipe, state)?;
                self.hashed = outer;
                return divert::end(self, diverted);
            }
            Opening::SetCall => return self.emit.close_set_call(),
            Opening::Complex => self.emit.op(Opcode::Reduce),
            Opening::Global => return self.named_global(),
            Opening::PersistentId { outer } => {
                self.hashed = outer;
                self.emit.op(Opcode::Binpersid);
            }
            Opening::Buffer => return self.buffer(),
            Opening::Settled { outer } => self.settled = outer,
        }
        Ok(())
    }

    /// A `PickleBuffer`: out of band if the callback takes it, else bytes or a bytearray, as
    /// CPython writes it without a `buffer_callback`.
    fn buffer(&mut self) -> Result<()> {
        let (Some(Captured::Bool(readonly)), Some(Captured::Bytes(bytes))) =
            (self.captured.pop(), self.captured.pop())
        else {
            return Err(malformed(token::BUFFER));
        };
        if self.emit.protocol() < Protocol::V5 {
            return Err(Error::unsupported(format!(
                "a PickleBuffer needs protocol 5, and this is {}",
                self.emit.protocol().number()
            )));
        }
        let mut bytes = bytes;
        if let Some(hooks) = &self.hooks
            && self.diversion.is_none()
        {
            match hooks.buffer(PickleBuffer { data: bytes.into_vec(), readonly }) {
                Some(buffer) => bytes = buffer.data.into_boxed_slice(),
                None => {
                    self.boundary()?;
                    self.emit.op(Opcode::NextBuffer);
                    if readonly {
                        self.emit.op(Opcode::ReadonlyBuffer);
                    }
                    return Ok(());
                }
            }
        }
        if readonly {
            self.bytes(&bytes)
        } else {
            self.forbid_hashed("a bytearray")?;
            self.bytearray(&bytes)
        }
    }

    /// A global, by the two names that have come.
    fn named_global(&mut self) -> Result<()> {
        self.boundary()?;
        match self.names.get() {
            Some((module, qualname)) => self.emit.global(module, qualname),
            None => Err(malformed(token::GLOBAL)),
        }
    }

    /// The module and qualified name that were kept last.
    pub(super) fn take_names(&mut self) -> Result<(Box<str>, Box<str>)> {
        match (self.captured.pop(), self.captured.pop()) {
            (Some(Captured::Text(qualname)), Some(Captured::Text(module))) => {
                Ok((module, qualname))
            }
            _ => Err(malformed(token::GLOBAL)),
        }
    }
}

impl<'w> Dump<dyn Sink + 'w> {
    /// A scalar that is no matter of a few instructions.
    #[inline(never)]
    pub(super) fn scalar(&mut self, scalar: Scalar<'_>) -> Result<()> {
        if self.role == Role::Plain {
            self.plain_scalar(scalar)
        } else {
            (ways()?.scalar)(self, scalar)
        }
    }

    /// A scalar that is the content of something.
    #[cold]
    pub(super) fn content(&mut self, scalar: Scalar<'_>) -> Result<()> {
        let role = std::mem::replace(&mut self.role, Role::Plain);
        match (role, scalar) {
            (Role::Capture, Scalar::Byte(value)) => {
                self.captured.push(Captured::Uint(value.into()));
            }
            (Role::Capture, Scalar::Bool(value)) => self.captured.push(Captured::Bool(value)),
            (Role::Names, Scalar::Str(value)) => self.names.push(value),
            (Role::Capture, Scalar::Str(value)) => self.captured.push(Captured::Text(value.into())),
            (Role::Capture, Scalar::Bytes(value)) => {
                self.captured.push(Captured::Bytes(value.into()));
            }
            (Role::State | Role::StateSetter, Scalar::None) => {
                self.captured.push(Captured::Bool(false));
            }
            (Role::PersistentId, Scalar::Int(value)) => {
                return self.emit.persid(itoa::Buffer::new().format(value));
            }
            (Role::PersistentId, Scalar::Uint(value)) => {
                return self.emit.persid(itoa::Buffer::new().format(value));
            }
            (Role::PersistentId, Scalar::Byte(value)) => {
                return self.emit.persid(itoa::Buffer::new().format(value));
            }
            (Role::PersistentId, Scalar::Str(value)) => return self.emit.persid(value),
            (Role::Shared, Scalar::Str(value)) => return self.str(value),
            (Role::ByteArray, Scalar::Bytes(value)) => {
                self.forbid_hashed("a bytearray")?;
                return self.bytearray(value);
            }
            (Role::BigInt, Scalar::Bytes(value)) => {
                self.boundary()?;
                return self.emit.big_int(value);
            }
            (Role::Surrogates, Scalar::Bytes(value)) => {
                self.boundary()?;
                return self.emit.surrogates(value);
            }
            (Role::Tuple, Scalar::Unit) => {
                self.boundary()?;
                return self.emit.empty_tuple();
            }
            (Role::Splice, Scalar::Unit) => {}
            (Role::JsonNumber, Scalar::Str(value)) => return self.json_number(value),
            (role, scalar) => {
                self.role = role;
                self.argument(scalar.kind())?;
                return self.plain_scalar(scalar);
            }
        }
        Ok(())
    }

    #[inline]
    fn plain_scalar(&mut self, scalar: Scalar<'_>) -> Result<()> {
        if let Scalar::Str(value) = scalar {
            return self.text(value);
        }
        self.boundary()?;
        match scalar {
            Scalar::Int(value) => self.emit.int128(value),
            Scalar::Uint(value) => self.emit.uint128(value),
            Scalar::Byte(value) => self.emit.int(value.into()),
            Scalar::Bool(value) => self.emit.bool(value),
            Scalar::Float(value) => self.emit.float(value),
            Scalar::Str(value) => self.text(value),
            Scalar::Bytes(value) => self.bytes(value),
            Scalar::None | Scalar::Unit => self.emit.none(),
        }
    }

    /// The int or float that the text of a serde_json number says.
    fn json_number(&mut self, text: &str) -> Result<()> {
        match json_number(text)? {
            Value::Int(int) => self.emit.int(int),
            Value::Float(float) => self.emit.float(float),
            Value::BigInt(int) => self.emit.big_int(&int.to_signed_bytes_le()),
            _ => Err(malformed(token::JSON_NUMBER)),
        }
    }

    /// For content that no other role takes: the argument of a class's call, or a value of its own.
    /// What comes is then written as that.
    #[inline]
    pub(super) fn argument(&mut self, found: &str) -> Result<()> {
        if self.role == Role::Plain { Ok(()) } else { self.not_plain(found) }
    }

    #[cold]
    fn not_plain(&mut self, found: &str) -> Result<()> {
        (ways()?.argument)(self, found)
    }

    #[cold]
    pub(super) fn open_argument(&mut self, found: &str) -> Result<()> {
        match std::mem::replace(&mut self.role, Role::Plain) {
            Role::Class => self.open_class_call(),
            Role::Plain | Role::Object | Role::Shared => Ok(()),
            role => Err(Error::data(format!("expected {role}, found {found}"))),
        }
    }

    /// A struct of which the content of something is made.
    #[cold]
    pub(super) fn content_fields<'a>(
        &'a mut self,
        name: &'static str,
        kind: NameKind,
        len: usize,
    ) -> Result<Fields<'a, 'w>> {
        if self.role == Role::Class && kind == NameKind::Plain {
            self.role = Role::Plain;
            self.form = ClassForm::Instance;
            return self.class_fields(self.class, len);
        }
        if self.role == Role::Attributes && kind == NameKind::Plain {
            self.role = Role::Plain;
        }
        self.argument("a struct")?;
        match kind {
            NameKind::Plain => Fields::new(self, len),
            NameKind::Class => self.class_fields(name, len),
            _ => self.private_fields(name),
        }
    }

    /// For a `Some` that is content; returns true if it is a state, whose value is one of its own:
    /// objects within it keep and take scalars.
    #[cold]
    pub(super) fn open_some(&mut self) -> Result<bool> {
        if !matches!(self.role, Role::State | Role::StateSetter) {
            return Ok(false);
        }
        if std::mem::replace(&mut self.role, Role::Plain) == Role::StateSetter {
            self.open_state_setter()?;
        }
        Ok(true)
    }
}

impl Scalar<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Int(_) | Self::Uint(_) | Self::Byte(_) => "an int",
            Self::Bool(_) => "a bool",
            Self::Float(_) => "a float",
            Self::Str(_) => "a str",
            Self::Bytes(_) => "bytes",
            Self::None | Self::Unit => "None",
        }
    }
}

#[cold]
pub(super) fn malformed(name: &str) -> Error {
    Error::unsupported(format!(
        "the serde name {name} is reserved, and its content does not fit it"
    ))
}
