//! One value of a graph as serde's `Deserializer`.
//!
//! Each method looks at the tag it expects most and leaves the rest to [`NodeDeserializer::any`],
//! so that the frequent pairs of type and value (a struct from a dict, a string from text, an int
//! from an int) are short, inlined paths. What an instance is to serde is told in `object`, the
//! private names in `token`.
//!
//! Text is handed out as `&'de str` wherever it lies in the input unescaped.

use std::borrow::Cow;

use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Unexpected, Visitor};

use super::access::{Items, Pairs};
use super::object::Ask;
use super::variant::{VariantNode, unit_variant};
use crate::error::{Error, Result};
use crate::limits;
use crate::nodes::handle::{Handle, Tag, TagKind};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::Contents;
use crate::python::numpy::scalar::Scalar;
use crate::reduce::token;
use crate::settings::Encoding;
use crate::walk::cost;
use crate::walk::cx::Cx;

/// Reads what the caller's constructor makes of an object in the object's place, by the method that
/// was asked for.
macro_rules! constructed {
    ($self:ident, $visitor:ident, $method:ident($($argument:expr),*)) => {
        if $self.handle.tag() == Tag::Instance
            && $self.cx.settings.resolver.is_some()
            && let Some(made) = $self.construct()?
        {
            return made.read(|node| node.$method($($argument,)* $visitor));
        }
    };
}

/// One value, ready to be handed to a visitor.
#[derive(Clone, Copy)]
pub(crate) struct NodeDeserializer<'g, 'de> {
    pub(crate) cx: &'g Cx<'g, 'de>,
    pub(crate) handle: Handle,
    /// Levels of containers that may still be entered.
    pub(crate) depth: u32,
    wraps: u32,
}

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    #[inline]
    pub(crate) fn new(cx: &'g Cx<'g, 'de>, handle: Handle, depth: u32) -> Self {
        Self { cx, handle, depth, wraps: limits::WRAPS }
    }

    /// The root of a walk: the levels that the settings allow for Rust types.
    pub(crate) fn root(cx: &'g Cx<'g, 'de>, handle: Handle) -> Self {
        Self::new(cx, handle, u32::try_from(cx.settings.typed_depth).unwrap_or(u32::MAX))
    }

    /// The same value, for what a wrapper holds.
    #[inline]
    pub(crate) fn unwrapped(mut self) -> Result<Self> {
        match self.wraps.checked_sub(1) {
            Some(wraps) => {
                self.wraps = wraps;
                Ok(self)
            }
            None => Err(Error::limit(limits::WRAPPED)),
        }
    }

    /// The depth inside this container.
    #[inline]
    pub(crate) fn deeper(&self) -> Result<u32> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(depth),
            None => Err(self.cx.too_deep(self.handle, self.cx.settings.typed_depth)),
        }
    }

    /// Hands out the contents of a list, tuple or set.
    #[inline]
    pub(crate) fn visit_items<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let object = self.cx.nodes.object(self.handle.number());
        let len = self.cx.charge_contents(&object)?;
        self.visit_charged(self.cx.nodes.contents(&object), len, visitor)
    }

    /// Hands out `len` handles as a sequence, and sees to it that none is left behind.
    #[inline]
    pub(crate) fn visit_contents<V: Visitor<'de>>(
        self,
        contents: Contents<'g, 'de>,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.cx.charge_values(len)?;
        self.visit_charged(contents, len, visitor)
    }

    #[inline]
    fn visit_charged<V: Visitor<'de>>(
        self,
        contents: Contents<'g, 'de>,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        let mut items = Items::new(self.cx, contents, len, self.deeper()?);
        let value = visitor.visit_seq(&mut items)?;
        match items.left() {
            0 => Ok(value),
            left => Err(too_long(len, len - left)),
        }
    }

    /// Hands out the handles of `run` as a sequence.
    pub(crate) fn visit_run<V: Visitor<'de>>(
        self,
        run: &'g [Handle],
        visitor: V,
    ) -> Result<V::Value> {
        self.visit_contents(Contents::of(self.cx.nodes, run), run.len(), visitor)
    }

    /// Hands out a dict as a map, and sees to it that no entry is left behind.
    #[inline]
    pub(crate) fn visit_pairs<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_dict(false, visitor)
    }

    /// The same; `is_struct` says that the values go into fields.
    #[inline]
    pub(crate) fn visit_dict<V: Visitor<'de>>(
        self,
        is_struct: bool,
        visitor: V,
    ) -> Result<V::Value> {
        let object = self.cx.nodes.object(self.handle.number());
        let len = self.cx.charge_contents(&object)?;
        let contents = self.cx.nodes.contents(&object);
        let mut pairs = Pairs::new(self.cx, contents, len / 2, self.deeper()?, is_struct);
        let value = visitor.visit_map(&mut pairs)?;
        match pairs.left() {
            0 => Ok(value),
            left => Err(too_long(len / 2, len / 2 - left)),
        }
    }

    /// Hands out text, borrowed from the input where it lies there as it is.
    #[inline]
    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let tag = self.handle.tag();
        // Text that may be long is counted before it is looked at. Text fetched from the memo was
        // checked for good.
        if !matches!(tag, Tag::Shared | Tag::Str1) {
            self.cx.charge_look(self.handle)?;
        }
        match scalar::borrowed_text(self.cx.nodes, self.cx.input, self.handle) {
            Some(text) => {
                let copied = const { std::mem::needs_drop::<V::Value>() };
                if tag == Tag::Str1 || copied && tag == Tag::Shared {
                    self.cx.charge(text.len())?;
                }
                if copied {
                    self.cx.charge_memory(text.len())?;
                }
                visitor.visit_borrowed_str(text)
            }
            None => self.visit_owned_text(visitor),
        }
    }

    #[cold]
    fn visit_owned_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.cx.owned_text(self.handle)? {
            Some(text) => visitor.visit_string(text),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Hands out an int by the narrowest visit method that takes it.
    #[inline]
    fn visit_int<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_int_by(visit_unsigned, visitor)
    }

    /// The same; an int of up to 64 bits by `visit`.
    fn visit_int_by<V: Visitor<'de>>(
        self,
        visit: impl FnOnce(i64, V) -> Result<V::Value>,
        visitor: V,
    ) -> Result<V::Value> {
        match self.cx.int(self.handle)? {
            Some(Int::Small(value)) => visit(value, visitor),
            Some(Int::Long(bytes)) => visit_long(bytes, visitor),
            Some(Int::Big(value)) => visit_long(&value.to_signed_bytes_le(), visitor),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Hands out bytes, borrowed from the input.
    #[inline]
    fn visit_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match scalar::bytes(self.cx.nodes, self.cx.input, self.handle) {
            Some(bytes) => {
                self.cx.charge_visit::<V::Value>(bytes.len())?;
                visitor.visit_borrowed_bytes(bytes)
            }
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Hands out an 8-bit string as text by the encoding, or as bytes.
    ///
    /// With `or_bytes`, a string that UTF-8, the default, cannot decode is bytes too.
    pub(crate) fn visit_chars<V: Visitor<'de>>(
        self,
        or_bytes: bool,
        visitor: V,
    ) -> Result<V::Value> {
        let Some(chars) = self.cx.chars(self.handle)? else {
            return Err(self.cx.unreadable(self.handle));
        };
        if const { std::mem::needs_drop::<V::Value>() } {
            self.cx.charge_memory(chars.len())?;
        }
        let lenient = or_bytes && self.cx.settings.encoding == Encoding::Utf8;
        match chars {
            Cow::Borrowed(chars) => match self.cx.decode_chars(chars) {
                Ok(Some(Cow::Borrowed(text))) => visitor.visit_borrowed_str(text),
                Ok(Some(Cow::Owned(text))) => visitor.visit_string(text),
                Ok(None) => visitor.visit_borrowed_bytes(chars),
                Err(_) if lenient => visitor.visit_borrowed_bytes(chars),
                Err(error) => Err(error),
            },
            Cow::Owned(chars) => match self.cx.decode_chars(&chars) {
                Ok(Some(text)) => visitor.visit_string(text.into_owned()),
                Ok(None) => visitor.visit_byte_buf(chars),
                Err(_) if lenient => visitor.visit_byte_buf(chars),
                Err(error) => Err(error),
            },
        }
    }

    fn visit_buffer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.cx.buffer_bytes(self.handle)? {
            Some(bytes) => self.visit_byte_cow(bytes, visitor),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Hands out bytes of any spelling.
    pub(crate) fn visit_byte_cow<V: Visitor<'de>>(
        self,
        bytes: Cow<'de, [u8]>,
        visitor: V,
    ) -> Result<V::Value> {
        match bytes {
            Cow::Borrowed(bytes) => {
                self.cx.charge_visit::<V::Value>(bytes.len())?;
                visitor.visit_borrowed_bytes(bytes)
            }
            Cow::Owned(bytes) => {
                self.cx.charge_copy(bytes.len())?;
                visitor.visit_byte_buf(bytes)
            }
        }
    }

    /// Hands out bytes of any spelling where text is asked for: as text where they are UTF-8.
    pub(crate) fn visit_bytes_as_text<V: Visitor<'de>>(
        self,
        bytes: Cow<'de, [u8]>,
        visitor: V,
    ) -> Result<V::Value> {
        self.cx.charge(bytes.len())?;
        if const { std::mem::needs_drop::<V::Value>() } {
            self.cx.charge_memory(bytes.len())?;
        }
        match bytes {
            Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => visitor.visit_borrowed_str(text),
                Err(_) => visitor.visit_borrowed_bytes(bytes),
            },
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => visitor.visit_string(text),
                Err(error) => visitor.visit_byte_buf(error.into_bytes()),
            },
        }
    }

    /// Whatever the value is by itself.
    #[inline(never)]
    pub(crate) fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag().kind() {
            TagKind::None => visitor.visit_unit(),
            TagKind::Bool => visitor.visit_bool(self.handle.tag() == Tag::True),
            TagKind::Int => self.visit_int(visitor),
            TagKind::Float => self.visit_float(visitor),
            TagKind::Str => self.visit_text(visitor),
            TagKind::Chars => self.visit_chars(true, visitor),
            TagKind::Bytes => self.visit_bytes(visitor),
            TagKind::ByteArray | TagKind::Buffer => self.visit_buffer(visitor),
            TagKind::Tuple if self.handle.tag() == Tag::EmptyTuple => self.visit_run(&[], visitor),
            TagKind::List | TagKind::Tuple | TagKind::Set | TagKind::FrozenSet => {
                self.visit_items(visitor)
            }
            TagKind::Dict => self.visit_pairs(visitor),
            TagKind::Const => self.visit_const(visitor),
            TagKind::Instance => {
                constructed!(self, visitor, deserialize_any());
                self.visit_instance(visitor)
            }
            TagKind::Global if crate::natural::is_absent(self.cx, self.handle)? => {
                visitor.visit_unit()
            }
            TagKind::Global => self.visit_global(visitor),
            TagKind::Persid => Err(Error::unsupported(
                "a persistent id stands for an object outside the pickle; \
                 read it as PersistentId, or give a resolver",
            )),
            TagKind::Vacant => Err(self.cx.unreadable(self.handle)),
        }
    }

    fn visit_float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.cx.float(self.handle)? {
            Some(value) => visitor.visit_f64(value),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    fn visit_const<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        use crate::nodes::store::Const;

        match self.cx.nodes.constant(self.handle.number()) {
            Some(Const::Int(_) | Const::BigInt(_)) => self.visit_int(visitor),
            Some(Const::Float(value)) => visitor.visit_f64(*value),
            Some(Const::Str(_) | Const::Surrogates(_)) => self.visit_text(visitor),
            Some(Const::Bytes(bytes)) => {
                self.cx.charge_visit::<V::Value>(bytes.len())?;
                match bytes {
                    Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
                    Cow::Owned(bytes) => visitor.visit_bytes(bytes),
                }
            }
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Returns true if the value is text of any spelling.
    #[inline]
    pub(crate) fn is_text(&self) -> bool {
        self.cx.is_text(self.handle)
    }
}

/// Hands out a signed int without a look at the sign, which in mixed ints is a coin toss.
#[inline]
fn visit_signed<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value> {
    visitor.visit_i64(value)
}

#[inline]
fn visit_unsigned<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value> {
    match u64::try_from(value) {
        Ok(value) => visitor.visit_u64(value),
        Err(_) => visitor.visit_i64(value),
    }
}

/// Hands out an int of more than 64 bits.
fn visit_long<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Result<V::Value> {
    let value = num_bigint::BigInt::from_signed_bytes_le(bytes);
    if let Ok(value) = u64::try_from(&value) {
        return visitor.visit_u64(value);
    }
    if let Ok(value) = i64::try_from(&value) {
        return visitor.visit_i64(value);
    }
    if let Ok(value) = i128::try_from(&value) {
        return visitor.visit_i128(value);
    }
    match u128::try_from(&value) {
        Ok(value) => visitor.visit_u128(value),
        Err(_) => {
            let found = format!("an int of {} bits", value.bits());
            Err(de::Error::invalid_type(Unexpected::Other(&found), &visitor))
        }
    }
}

/// The error of a sequence or map that has more entries than the type takes.
#[cold]
pub(crate) fn too_long(len: usize, taken: usize) -> Error {
    de::Error::invalid_length(len, &taken.to_string().as_str())
}

/// Bytes as the ints that they are in Python.
struct ByteSeq<'b, 'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    bytes: &'b [u8],
    index: usize,
}

impl<'de> SeqAccess<'de> for ByteSeq<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.index == 0 {
            self.cx.charge_memory(cost::items::<T::Value>(self.bytes.len()))?;
        }
        let Some(&byte) = self.bytes.get(self.index) else { return Ok(None) };
        self.index += 1;
        seed.deserialize(Scalar::Uint(byte.into())).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len() - self.index)
    }
}

macro_rules! deserialize_ints {
    ($visit:ident: $($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.handle.tag() {
                Tag::Int => match scalar::short_int(self.cx.input, self.handle) {
                    Some(value) => $visit(value, visitor),
                    None => self.any(visitor),
                },
                Tag::Small | Tag::IntLine | Tag::LongLine | Tag::Long1 | Tag::Long4 => {
                    self.visit_int_by($visit, visitor)
                }
                Tag::Instance => self.scalar_of_instance(Ask::Int, visitor),
                _ => self.any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_, 'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.any(visitor)
    }

    deserialize_ints! {
        visit_signed: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_i128
    }

    deserialize_ints! {
        visit_unsigned: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
            deserialize_u128
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::True => visitor.visit_bool(true),
            Tag::False => visitor.visit_bool(false),
            Tag::Instance => self.scalar_of_instance(Ask::Any, visitor),
            _ => self.any(visitor),
        }
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_f64(visitor)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Float8 => match scalar::float8(self.cx.input, self.handle) {
                Some(value) => visitor.visit_f64(value),
                None => Err(self.cx.unreadable(self.handle)),
            },
            Tag::Long1 | Tag::Long4 | Tag::IntLine | Tag::LongLine | Tag::Const => {
                self.visit_as_float(visitor)
            }
            Tag::Instance => self.scalar_of_instance(Ask::Float, visitor),
            _ => self.any(visitor),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Str1 | Tag::Shared | Tag::Str4 => self.visit_text(visitor),
            _ => self.string_of_other(visitor),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 => self.visit_bytes(visitor),
            // Bytes asked for stay bytes, whatever the encoding.
            Tag::Chars1 | Tag::Chars4 | Tag::CharsLine => {
                let chars = self.cx.chars(self.handle)?;
                let len = chars.as_ref().map_or(0, |chars| chars.len());
                self.cx.charge_visit::<V::Value>(len)?;
                match chars {
                    Some(Cow::Borrowed(chars)) => visitor.visit_borrowed_bytes(chars),
                    Some(Cow::Owned(chars)) => visitor.visit_byte_buf(chars),
                    None => Err(self.cx.unreadable(self.handle)),
                }
            }
            Tag::Instance => self.scalar_of_instance(Ask::Bytes, visitor),
            _ => self.any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::None => visitor.visit_none(),
            _ => {
                constructed!(self, visitor, deserialize_option());
                if self.is_absent()? {
                    return visitor.visit_none();
                }
                visitor.visit_some(self.unwrapped()?)
            }
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name.starts_with(token::CLASS) {
            constructed!(self, visitor, deserialize_unit_struct(name));
            return self.class_unit_struct(name, visitor);
        }
        self.any(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name.starts_with(token::PREFIX) {
            // A `Value` is built with what is constructed in it.
            if name != token::VALUE {
                constructed!(self, visitor, deserialize_newtype_struct(name));
            }
            return self.token_newtype(name, visitor);
        }
        if name.starts_with(token::CLASS) {
            constructed!(self, visitor, deserialize_newtype_struct(name));
            return self.class_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self.unwrapped()?)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::List | Tag::Tuple | Tag::Set | Tag::FrozenSet => self.visit_items(visitor),
            _ => self.seq_of_other(visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        if name.starts_with(token::CLASS) {
            constructed!(self, visitor, deserialize_tuple_struct(name, len));
            return self.class_tuple_struct(name, len, visitor);
        }
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Dict => self.visit_pairs(visitor),
            _ => self.map_of_other(visitor),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name.starts_with(token::PREFIX) {
            constructed!(self, visitor, deserialize_struct(name, fields));
            return self.token_struct(name, visitor);
        }
        if name.starts_with(token::CLASS) {
            constructed!(self, visitor, deserialize_struct(name, fields));
            return self.class_struct(name, fields, visitor);
        }
        match self.handle.tag() {
            Tag::Dict => self.visit_dict(true, visitor),
            _ => {
                constructed!(self, visitor, deserialize_struct(name, fields));
                self.struct_of_other(fields, visitor)
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name.starts_with(token::CLASS) {
            constructed!(self, visitor, deserialize_enum(name, variants));
            return self.class_enum(name, variants, visitor);
        }
        match self.handle.tag() {
            Tag::Dict => {
                let object = self.cx.nodes.object(self.handle.number());
                let mut contents = self.cx.nodes.contents(&object);
                match (contents.next(), contents.next(), contents.next()) {
                    (Some(variant), Some(data), None) => {
                        visitor.visit_enum(VariantNode::new(self.cx, variant, data, self.deeper()?))
                    }
                    _ => Err(Error::data("an enum is a dict with exactly one entry, its variant")),
                }
            }
            Tag::Tuple => match *self.cx.nodes.first(&self.cx.nodes.object(self.handle.number())) {
                [variant] => {
                    visitor.visit_enum(unit_variant(Self::new(self.cx, variant, self.deeper()?)))
                }
                [variant, data] => {
                    visitor.visit_enum(VariantNode::new(self.cx, variant, data, self.deeper()?))
                }
                _ => Err(Error::data("an enum is a tuple of its variant and that variant's data")),
            },
            Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid => {
                constructed!(self, visitor, deserialize_enum(name, variants));
                self.enum_of_object(variants, visitor)
            }
            _ => visitor.visit_enum(unit_variant(self)),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Shared | Tag::Str1 | Tag::Str4 => self.visit_text(visitor),
            Tag::Small
            | Tag::Int
            | Tag::Long1
            | Tag::Long4
            | Tag::IntLine
            | Tag::LongLine
            | Tag::Const => self.identifier_of_int(visitor),
            Tag::Instance => self.scalar_of_instance(Ask::Identifier, visitor),
            _ => self.any(visitor),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        // The machine has read and checked it already.
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    /// An int where a name is asked for: its decimal text, never its value as an index.
    fn identifier_of_int<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.cx.int(self.handle)? {
            Some(Int::Small(value)) => visitor.visit_str(itoa::Buffer::new().format(value)),
            _ => self.any(visitor),
        }
    }

    /// An int where a float is asked for: one beyond 128 bits has to be rounded here, for serde
    /// cannot carry it.
    fn visit_as_float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let big = match self.cx.int(self.handle)? {
            Some(Int::Long(bytes)) => num_bigint::BigInt::from_signed_bytes_le(bytes),
            Some(Int::Big(value)) => value.into_owned(),
            Some(Int::Small(value)) => return visit_unsigned(value, visitor),
            None => return self.any(visitor),
        };
        match num_traits::ToPrimitive::to_f64(&big) {
            Some(value) if value.is_finite() => visitor.visit_f64(value),
            _ => {
                let found = format!("an int of {} bits", big.bits());
                Err(de::Error::invalid_value(Unexpected::Other(&found), &visitor))
            }
        }
    }

    /// Text from what is no text opcode: bytes that are UTF-8, 8-bit strings, natural forms.
    fn string_of_other<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Chars1 | Tag::Chars4 | Tag::CharsLine
                if self.cx.settings.encoding != Encoding::Bytes =>
            {
                self.visit_chars(false, visitor)
            }
            Tag::Bytes1
            | Tag::Bytes4
            | Tag::Bytes8
            | Tag::ByteArray
            | Tag::Buffer
            | Tag::View
            | Tag::Const => {
                let Some(bytes) = self.cx.buffer_bytes(self.handle)? else {
                    return self.any(visitor);
                };
                self.visit_bytes_as_text(bytes, visitor)
            }
            Tag::Instance => self.scalar_of_instance(Ask::Str, visitor),
            _ => self.any(visitor),
        }
    }

    /// A sequence from bytes (their values, for `Vec<u8>`) or from an object.
    fn seq_of_other<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::EmptyTuple => self.visit_run(&[], visitor),
            Tag::Chars1 | Tag::Chars4 | Tag::CharsLine => match self.cx.chars(self.handle)? {
                Some(chars) => self.visit_byte_seq(&chars, visitor),
                None => Err(self.cx.unreadable(self.handle)),
            },
            Tag::Bytes1
            | Tag::Bytes4
            | Tag::Bytes8
            | Tag::ByteArray
            | Tag::Buffer
            | Tag::View
            | Tag::Const => match self.cx.buffer_bytes(self.handle)? {
                Some(bytes) => self.visit_byte_seq(&bytes, visitor),
                None => self.any(visitor),
            },
            Tag::Instance => {
                constructed!(self, visitor, deserialize_seq());
                self.seq_of_instance(visitor)
            }
            _ => self.any(visitor),
        }
    }

    pub(crate) fn visit_byte_seq<V: Visitor<'de>>(
        self,
        bytes: &[u8],
        visitor: V,
    ) -> Result<V::Value> {
        self.cx.charge_payload(self.handle, bytes.len(), bytes.len())?;
        let mut seq = ByteSeq { cx: self.cx, bytes, index: 0 };
        let value = visitor.visit_seq(&mut seq)?;
        match bytes.len() - seq.index {
            0 => Ok(value),
            left => {
                let taken = bytes.len() - left;
                let plural = if taken == 1 { "" } else { "s" };
                let expected = format!("{taken} element{plural} in sequence");
                Err(de::Error::invalid_length(bytes.len(), &expected.as_str()))
            }
        }
    }

    fn map_of_other<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Instance => {
                constructed!(self, visitor, deserialize_map());
                self.map_of_instance(visitor)
            }
            _ => self.any(visitor),
        }
    }

    fn struct_of_other<V: Visitor<'de>>(self, fields: &[&str], visitor: V) -> Result<V::Value> {
        match self.handle.tag() {
            Tag::Instance => self.struct_of_instance(fields, visitor),
            _ => self.any(visitor),
        }
    }
}
