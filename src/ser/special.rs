//! The content of a newtype with a private name or a class's, for which serde has no method.
//!
//! Our own types say a set, a big int or a global as a newtype struct whose name is in
//! `reduce/token.rs`, around content that serde can say. [`Special`] serializes that content in a
//! [`Role`], which decides what its methods do; a method that the role has no use for is an error
//! that names both. There is one such serializer rather than one a role, as each would make the
//! compiler generate the code of every type that might be content once more.

use std::fmt;
use std::sync::Arc;

use serde::ser::{self, Serialize};

use super::class::{self, ClassForm, NameKind};
use super::compound::{Fields, Map};
use super::dump::Dump;
use super::items::Items;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::token;
use crate::shared::{self, Plan};
use crate::value::PickleBuffer;
use crate::value::hooks;
use crate::write::Sink;

/// The role of the content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
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
    /// A global, its two names kept instead of written.
    CaptureGlobal,
    /// A map without entries, of which nothing is written.
    NoKwargs,
    /// The attributes of an object, or its keyword arguments: a dict.
    Attributes,
    /// An Option: `None` is not written; which it is, is kept as a bool.
    State,
    /// The same, after what has to be done to the state below it.
    StateSetter,
    /// The content of a newtype that is named as a class.
    Class,
    /// A value of its own, which is told that nobody reads it as text.
    Object,
    /// The content of an Rc or Arc: a value of its own, and if it is text, an object that nothing
    /// else refers to.
    Shared,
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
            Self::Capture => "part of a private form of this crate",
            Self::CaptureGlobal => "a class, for an instance by INST",
            Self::NoKwargs => "keyword arguments, and none",
            Self::Attributes => "a map of attributes or keyword arguments",
            Self::State | Self::StateSetter => "an Option",
            Self::Class => "the content of a class",
            Self::Object => "an object",
            Self::Shared => "the content of an Rc or Arc",
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

impl<S: Sink> Dump<S> {
    /// Writes the value of a newtype under the private name `name`.
    ///
    /// Each kind has a function of its own, as serializing recurses and a debug build would reserve
    /// the locals of all kinds at each level.
    #[inline(never)]
    pub(super) fn special<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        match name {
            token::SET => self.set(Role::Set, value),
            token::FROZENSET => self.set(Role::FrozenSet, value),
            token::TUPLE => self.content(Role::Tuple, value),
            token::BYTEARRAY => self.content(Role::ByteArray, value),
            token::BIG_INT => self.content(Role::BigInt, value),
            token::SURROGATES => self.content(Role::Surrogates, value),
            token::COMPLEX => self.complex(value),
            token::GLOBAL => self.global(value),
            token::PERSISTENT_ID => self.persistent_id(value),
            token::BUFFER => self.buffer(value),
            token::NODE => self.node(value),
            token::SETTLED => self.settled(value),
            token::SHARED => self.shared(value),
            token::OBJECT => self.content(Role::Object, value),
            _ => Err(malformed(name)),
        }
    }

    pub(super) fn content<T: Serialize + ?Sized>(&mut self, role: Role, value: &T) -> Result<()> {
        value.serialize(Special::new(self, role))
    }

    /// A `Value`, which the hooks may look at.
    fn node<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match &self.hooks {
            Some(hooks) if hooks.look_at_values() && self.diversion.is_none() && !self.settled => {
                let hooks = Arc::clone(hooks);
                hooks::offer(&hooks, || value.serialize(&mut *self))
            }
            _ => value.serialize(self),
        }
    }

    /// A `Value` that the hooks have looked at, to its last part.
    fn settled<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let outer = std::mem::replace(&mut self.settled, true);
        let result = value.serialize(&mut *self);
        self.settled = outer;
        result
    }

    /// The content of an Rc or Arc: a reference to it where it has been written.
    fn shared<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        // A value written aside has another memo, and is written again.
        if self.diversion.is_some() {
            return value.serialize(self);
        }
        let scope = std::mem::take(&mut self.scope);
        let plan = shared::plan(&scope, self.hashed, || self.content(Role::Splice, value));
        self.scope = scope;
        match plan? {
            Plan::Refer(index) => {
                self.emit.boundary()?;
                self.emit.get(index);
            }
            Plan::Write(key) => {
                self.content(Role::Shared, value)?;
                let index = self.emit.memoize()?;
                shared::written(&self.scope, key, index);
            }
            Plan::Cycle => return Err(Error::data(shared::CYCLE)),
            Plan::Foreign => return Err(malformed(token::SHARED)),
        }
        Ok(())
    }

    fn complex<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.emit.global("builtins", "complex")?;
        self.content(Role::Tuple, value)?;
        self.emit.op(Opcode::Reduce);
        Ok(())
    }

    fn global<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.content(Role::Capture, value)?;
        let (module, qualname) = self.take_names()?;
        self.emit.global(&module, &qualname)
    }

    fn persistent_id<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.emit.protocol() == Protocol::V0 {
            return self.content(Role::PersistentId, value);
        }
        // Only the object is hashed, not its id.
        let outer = self.set_hashed(false);
        value.serialize(&mut *self)?;
        self.hashed = outer;
        self.emit.op(Opcode::Binpersid);
        Ok(())
    }

    /// A `PickleBuffer`: out of band if the callback takes it, else bytes or a bytearray, as
    /// CPython writes it without a `buffer_callback`.
    fn buffer<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.content(Role::Capture, value)?;
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
                    self.emit.boundary()?;
                    self.emit.op(Opcode::NextBuffer);
                    if readonly {
                        self.emit.op(Opcode::ReadonlyBuffer);
                    }
                    return Ok(());
                }
            }
        }
        if readonly {
            self.emit.bytes(&bytes)
        } else {
            self.forbid_hashed("a bytearray")?;
            self.emit.bytearray(&bytes)
        }
    }

    fn set<T: Serialize + ?Sized>(&mut self, role: Role, value: &T) -> Result<()> {
        if role == Role::Set {
            self.forbid_hashed("a set")?;
        }
        if self.emit.has(Opcode::EmptySet) {
            return self.content(role, value);
        }
        self.emit.open_set_call(role == Role::FrozenSet)?;
        self.content(Role::HashableList, value)?;
        self.emit.close_set_call()
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

#[cold]
fn malformed(name: &str) -> Error {
    Error::unsupported(format!("the serde name {name} with content that does not belong to it"))
}

/// Serializes content in a role.
pub(super) struct Special<'a, S> {
    dump: &'a mut Dump<S>,
    role: Role,
}

impl<'a, S: Sink> Special<'a, S> {
    pub(super) fn new(dump: &'a mut Dump<S>, role: Role) -> Self {
        Self { dump, role }
    }

    /// For content that no other role takes: the argument of a class's call, or a value of its own.
    fn argument(self, found: &str) -> Result<&'a mut Dump<S>> {
        match self.role {
            Role::Class => self.dump.open_class_call()?,
            Role::Object | Role::Shared => {}
            _ => return Err(Error::data(format!("expected {}, found {found}", self.role))),
        }
        Ok(self.dump)
    }
}

/// Ints: also a persistent id of protocol 0, which is their decimal text as in CPython.
macro_rules! ints {
    ($($method:ident $type:ty;)*) => {
        $(
            fn $method(self, value: $type) -> Result<()> {
                if self.role == Role::PersistentId {
                    return self.dump.emit.persid(itoa::Buffer::new().format(value));
                }
                self.argument("an int")?.$method(value)
            }
        )*
    };
}

macro_rules! arguments {
    ($($method:ident $type:ty, $found:literal;)*) => {
        $(
            fn $method(self, value: $type) -> Result<()> {
                self.argument($found)?.$method(value)
            }
        )*
    };
}

impl<'a, S: Sink> ser::Serializer for Special<'a, S> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a, S>;
    type SerializeTuple = Items<'a, S>;
    type SerializeTupleStruct = Items<'a, S>;
    type SerializeTupleVariant = Items<'a, S>;
    type SerializeMap = Map<'a, S>;
    type SerializeStruct = Fields<'a, S>;
    type SerializeStructVariant = Fields<'a, S>;

    /// An int of any size says its bytes here rather than its digits, and a Python object itself
    /// rather than its text.
    fn is_human_readable(&self) -> bool {
        !matches!(self.role, Role::BigInt | Role::Object)
    }

    ints! {
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
    }

    arguments! {
        serialize_f32 f32, "a float";
        serialize_f64 f64, "a float";
        serialize_unit_struct &'static str, "a unit struct";
    }

    fn serialize_u8(self, value: u8) -> Result<()> {
        match self.role {
            Role::Capture => {
                self.dump.captured.push(Captured::Uint(value.into()));
                Ok(())
            }
            Role::PersistentId => self.dump.emit.persid(itoa::Buffer::new().format(value)),
            _ => self.argument("an int")?.serialize_u8(value),
        }
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        if self.role == Role::Capture {
            self.dump.captured.push(Captured::Bool(value));
            return Ok(());
        }
        self.argument("a bool")?.serialize_bool(value)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        match self.role {
            Role::Shared => self.dump.emit.str(value.encode_utf8(&mut [0; 4])),
            _ => self.argument("a str")?.serialize_char(value),
        }
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        match self.role {
            Role::Shared => self.dump.emit.str(value),
            Role::Capture => {
                self.dump.captured.push(Captured::Text(value.into()));
                Ok(())
            }
            Role::PersistentId => self.dump.emit.persid(value),
            _ => self.argument("a str")?.serialize_str(value),
        }
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        match self.role {
            Role::ByteArray => {
                self.dump.forbid_hashed("a bytearray")?;
                self.dump.emit.bytearray(value)
            }
            Role::BigInt => self.dump.emit.big_int(value),
            Role::Surrogates => self.dump.emit.surrogates(value),
            Role::Capture => {
                self.dump.captured.push(Captured::Bytes(value.into()));
                Ok(())
            }
            _ => self.argument("bytes")?.serialize_bytes(value),
        }
    }

    fn serialize_none(self) -> Result<()> {
        match self.role {
            Role::State | Role::StateSetter => {
                self.dump.captured.push(Captured::Bool(false));
                Ok(())
            }
            _ => self.argument("None")?.serialize_none(),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        match self.role {
            Role::State | Role::StateSetter => {
                if self.role == Role::StateSetter {
                    self.dump.open_state_setter()?;
                }
                // Afterwards: objects within the value keep and take scalars of their own.
                value.serialize(&mut *self.dump)?;
                self.dump.captured.push(Captured::Bool(true));
                Ok(())
            }
            _ => value.serialize(self),
        }
    }

    fn serialize_unit(self) -> Result<()> {
        match self.role {
            Role::Tuple => self.dump.emit.empty_tuple(),
            Role::Splice => Ok(()),
            _ => self.argument("None")?.serialize_unit(),
        }
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<()> {
        if self.role == Role::Shared
            && class::kind(name) == NameKind::Plain
            && class::kind(variant) == NameKind::Plain
        {
            return self.dump.emit.str(variant);
        }
        self.argument("a variant")?.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        match (class::kind(name), self.role) {
            (NameKind::Plain, _) => value.serialize(self),
            (_, Role::Object | Role::Shared) => self.dump.serialize_newtype_struct(name, value),
            (NameKind::Private, _) if name == token::NODE => value.serialize(self),
            (NameKind::Private, Role::Tuple | Role::Splice | Role::Pair)
                if name == token::TUPLE =>
            {
                value.serialize(self)
            }
            (NameKind::Private, Role::CaptureGlobal) if name == token::GLOBAL => {
                self.dump.content(Role::Capture, value)
            }
            _ => self.argument("a newtype struct")?.serialize_newtype_struct(name, value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.argument("a variant")?.serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a, S>> {
        match self.role {
            Role::Class | Role::Object | Role::Shared => {
                Ok(Items::List(self.argument("")?.serialize_seq(len)?))
            }
            role => Items::new(self.dump, role, len),
        }
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'a, S>> {
        match self.role {
            Role::Class | Role::Object | Role::Shared => {
                Ok(Items::Tuple(self.argument("")?.serialize_tuple(len)?))
            }
            role => Items::new(self.dump, role, Some(len)),
        }
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Items<'a, S>> {
        match self.role {
            Role::Class | Role::Object | Role::Shared => {
                Ok(Items::Tuple(self.argument("")?.serialize_tuple_struct(name, len)?))
            }
            role => Items::new(self.dump, role, Some(len)),
        }
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<'a, S>> {
        Ok(Items::Tuple(
            self.argument("a variant")?.serialize_tuple_variant(name, index, variant, len)?,
        ))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a, S>> {
        match self.role {
            Role::NoKwargs => Ok(Map::nothing(self.dump)),
            Role::Attributes => Map::new(self.dump, len),
            Role::DictItems => Ok(Map::items(self.dump)),
            Role::Class => {
                self.dump.form = ClassForm::Instance;
                self.dump.class_map()
            }
            _ => self.argument("a map")?.serialize_map(len),
        }
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Fields<'a, S>> {
        match self.role {
            Role::Attributes if class::kind(name) == NameKind::Plain => Fields::new(self.dump),
            Role::Class if class::kind(name) == NameKind::Plain => {
                self.dump.form = ClassForm::Instance;
                self.dump.class_fields(self.dump.class)
            }
            _ => self.argument("a struct")?.serialize_struct(name, len),
        }
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'a, S>> {
        self.argument("a variant")?.serialize_struct_variant(name, index, variant, len)
    }
}
