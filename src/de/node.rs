//! One value of a graph, and what it is to a type that asks for it.
//!
//! [`NodeDeserializer::answer`] looks at the tag it expects most for each question and leaves the
//! rest to [`NodeDeserializer::any`]. Instances are handled in `object`, the private names in
//! `token`, class names in `class` and `class_enum`. Nothing here knows a visitor, so it is
//! compiled once.
//!
//! Text is handed out as `&'de str` wherever it lies in the input unescaped.

use std::borrow::Cow;

use serde::de;

use super::answer::{Answer, Content, Held, Unfit};
use super::ask::Ask;
use super::class_enum::named;
use super::entries::Entries;
use super::items::Items;
use super::numbers::{Numbers, NumbersOf};
use super::variant::Variant;
use super::ways::{is_class, private, ways};
use crate::error::{Error, Result};
use crate::late::Late;
use crate::limits;
use crate::nodes::handle::{Handle, Tag, TagKind};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::Contents;
use crate::reduce::token;
use crate::settings::Encoding;
use crate::stdlib::numpy::NumKind;
use crate::walk::cx::Cx;
use crate::walk::notes::{Asked, Notes, StandIn};

/// [`NodeDeserializer::noted`], in programs that update graphs.
static NOTED: Late<Noted> = Late::new();

type Noted = for<'n, 'g, 'de> fn(
    &'n NodeDeserializer<'g, 'de>,
    &'n Notes<'de>,
    Ask,
) -> Option<Answer<'g, 'g, 'de>>;

/// To be called before a walk takes notes.
pub(crate) fn bind_notes() {
    NOTED.bind(|node, notes, ask| node.noted(notes, ask));
}

/// An answer that holds nothing but what the graph has, or an error.
pub(super) type Found<'g, 'de> = Result<Answer<'g, 'g, 'de>>;

/// One value, ready to be asked what it is.
#[derive(Clone, Copy)]
pub(crate) struct NodeDeserializer<'g, 'de> {
    pub(crate) cx: &'g Cx<'g, 'de>,
    pub(crate) handle: Handle,
    /// Levels of containers that may still be entered.
    pub(crate) depth: u32,
    /// Wrappers that may still be around the value.
    pub(super) wraps: u32,
    /// True if what a visitor makes of the value may hold text or bytes of its own.
    pub(super) copies: bool,
}

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    #[inline]
    pub(crate) fn new(cx: &'g Cx<'g, 'de>, handle: Handle, depth: u32) -> Self {
        Self { cx, handle, depth, wraps: limits::WRAPS, copies: true }
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

    /// The value in serde's terms, or what the caller's constructor makes of it.
    pub(super) fn answer(self, ask: Ask) -> Found<'g, 'de> {
        // A `Value` is built with what is constructed in it.
        if self.may_be_made()
            && !matches!(ask, Ask::Newtype(token::VALUE))
            && let Some(made) = self.construct(ask)?
        {
            return Ok(Answer::Held(Held::Made(made)));
        }
        self.answer_itself(ask)
    }

    /// Returns true if a constructor of the caller may be asked.
    #[inline]
    pub(super) fn may_be_made(&self) -> bool {
        self.handle.tag() == Tag::Instance && self.cx.settings.resolver.is_some()
    }

    fn answer_itself(self, ask: Ask) -> Found<'g, 'de> {
        let tag = self.handle.tag();
        if let Some(notes) = self.cx.notes
            && let Some(noted) = NOTED.get()
            && let Some(answer) = noted(&self, notes, ask)
        {
            return Ok(answer);
        }
        match (ask, tag) {
            (Ask::Struct(name, _), _) if name.starts_with(token::PREFIX) => {
                (private()?.structure)(self, name)
            }
            (Ask::Struct(name, fields), _) if is_class(name) => {
                (ways()?.structure)(self, name, fields)
            }
            (Ask::Struct(..), Tag::Dict) => self.dict(true),
            (Ask::Struct(_, fields), Tag::Instance) => self.struct_of_instance(fields),
            (Ask::TupleStruct(name, len), _) if is_class(name) => {
                (ways()?.tuple_struct)(self, name, len)
            }
            (
                Ask::Seq | Ask::Tuple(_) | Ask::TupleStruct(..),
                Tag::List | Tag::Tuple | Tag::Set | Tag::FrozenSet,
            ) => self.items(),
            (Ask::Seq | Ask::Tuple(_) | Ask::TupleStruct(..), _) => self.seq_of_other(),
            (Ask::Map, Tag::Dict) => self.dict(false),
            (Ask::Map, Tag::Instance | Tag::Part) => self.map_of_instance(),
            (Ask::Signed | Ask::Unsigned, _) if tag.kind() == TagKind::Int => {
                self.int(matches!(ask, Ask::Signed))
            }
            (Ask::Float, Tag::Float8) => match scalar::float8(self.cx.input, self.handle) {
                Some(value) => Ok(Answer::Float(value)),
                None => Err(self.cx.unreadable(self.handle)),
            },
            (Ask::Float, Tag::Long1 | Tag::Long4 | Tag::IntLine | Tag::LongLine | Tag::Const) => {
                self.int_as_float()
            }
            (Ask::Bool, Tag::Instance) => self.scalar_of_instance(Ask::Any),
            (
                Ask::Signed | Ask::Unsigned | Ask::Float | Ask::Str | Ask::Bytes | Ask::Identifier,
                Tag::Instance,
            ) => self.scalar_of_instance(ask),
            (Ask::Str, _) => self.string(),
            (Ask::Bytes, _) => self.bytes_of_any(),
            (Ask::Identifier, _) if matches!(tag.kind(), TagKind::Int | TagKind::Const) => {
                self.identifier_of_int()
            }
            (Ask::Option, _) => match tag == Tag::None || self.is_absent()? {
                true => Ok(Answer::Nothing),
                false => Ok(Answer::Something(self.unwrapped()?)),
            },
            (Ask::UnitStruct(name), _) if is_class(name) => (ways()?.unit_struct)(self, name),
            (Ask::Newtype(name), _) => self.newtype(name),
            (Ask::Enum(name, variants), _) => self.variant(name, variants),
            _ => self.any(),
        }
    }

    /// Whatever the value is by itself.
    pub(super) fn any(self) -> Found<'g, 'de> {
        Ok(match self.handle.tag().kind() {
            TagKind::None => Answer::Unit,
            TagKind::Bool => Answer::Bool(self.handle.tag() == Tag::True),
            TagKind::Int => return self.int(false),
            TagKind::Float => return self.float(),
            TagKind::Str => return self.text(),
            TagKind::Chars => return self.chars(true),
            TagKind::Bytes => return self.bytes(),
            TagKind::ByteArray | TagKind::Buffer => match self.cx.buffer_bytes(self.handle)? {
                Some(bytes) => return self.byte_cow(bytes),
                None => return Err(self.cx.unreadable(self.handle)),
            },
            TagKind::Tuple if self.handle.tag() == Tag::EmptyTuple => return self.run(&[]),
            TagKind::List | TagKind::Tuple | TagKind::Set | TagKind::FrozenSet => {
                return self.items();
            }
            TagKind::Dict => return self.dict(false),
            TagKind::Const => return self.constant(),
            TagKind::Instance => return self.instance(),
            TagKind::Global if crate::natural::is_absent(self.cx, self.handle)? => Answer::Unit,
            TagKind::Global => return self.global(),
            TagKind::Persid => {
                return Err(Error::unsupported(
                    "a persistent id stands for an object outside the pickle; \
                     read it as PersistentId, or give a resolver",
                ));
            }
            TagKind::Vacant => return Err(self.cx.unreadable(self.handle)),
        })
    }

    /// The contents of a list, tuple or set.
    pub(super) fn items(self) -> Found<'g, 'de> {
        let object = self.cx.nodes.object(self.handle.number());
        let len = self.cx.charge_contents(&object)?;
        let contents = self.cx.nodes.contents(&object);
        Ok(Answer::Seq(Items::contents(self.cx, contents, len, self.deeper()?)))
    }

    /// The handles of `run` as a sequence.
    pub(super) fn run(self, run: &'g [Handle]) -> Found<'g, 'de> {
        self.cx.charge_values(run.len())?;
        let contents = Contents::of(self.cx.nodes, run);
        Ok(Answer::Seq(Items::contents(self.cx, contents, run.len(), self.deeper()?)))
    }

    /// A dict as a map; `is_struct` says that the values go into fields.
    pub(super) fn dict(self, is_struct: bool) -> Found<'g, 'de> {
        let object = self.cx.nodes.object(self.handle.number());
        let len = self.cx.charge_contents(&object)? / 2;
        let contents = self.cx.nodes.contents(&object);
        let depth = self.deeper()?;
        Ok(Answer::Map(Entries::pairs(self.cx, contents, Vec::new(), len, depth, is_struct)))
    }

    /// Text in the spelling of most, borrowed from the input; `None` for anything else.
    #[inline]
    pub(super) fn short_text(&self, copies: bool) -> Result<Option<&'de str>> {
        match self.handle.tag() {
            Tag::Str1 | Tag::Shared | Tag::Str4 => Self { copies, ..*self }.borrowed_text(),
            _ => Ok(None),
        }
    }

    /// Text that lies in the input as it is.
    #[inline]
    fn borrowed_text(&self) -> Result<Option<&'de str>> {
        let tag = self.handle.tag();
        // Text that may be long is counted before it is looked at. Text fetched from the memo was
        // checked for good.
        if !matches!(tag, Tag::Shared | Tag::Str1) {
            self.cx.charge_look(self.handle)?;
        }
        let text = scalar::borrowed_text(self.cx.nodes, self.cx.input, self.handle);
        if let Some(text) = text {
            if tag == Tag::Str1 || self.copies && tag == Tag::Shared {
                self.cx.charge(text.len())?;
            }
            if self.copies {
                self.cx.charge_memory(text.len())?;
            }
        }
        Ok(text)
    }

    /// Text, borrowed from the input where it lies there as it is.
    fn text(self) -> Found<'g, 'de> {
        if let Some(text) = self.borrowed_text()? {
            return Ok(Answer::Str(text));
        }
        match self.cx.owned_text(self.handle)? {
            Some(text) => Ok(Answer::text(text)),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Counts text or bytes that a visitor borrows if it can.
    fn charge_visit(&self, bytes: usize) -> Result<()> {
        if self.copies { self.cx.charge_copy(bytes) } else { Ok(()) }
    }

    fn int(self, signed: bool) -> Found<'g, 'de> {
        match self.cx.int(self.handle)? {
            Some(Int::Small(value)) => Ok(Answer::int(value, signed)),
            Some(Int::Long(bytes)) => Ok(Answer::long(bytes)),
            Some(Int::Big(value)) => Ok(Answer::long(&value.to_signed_bytes_le())),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// An int where a float is asked for: one beyond 128 bits has to be rounded here, for serde
    /// cannot carry it.
    fn int_as_float(self) -> Found<'g, 'de> {
        let big = match self.cx.int(self.handle)? {
            Some(Int::Long(bytes)) => num_bigint::BigInt::from_signed_bytes_le(bytes),
            Some(Int::Big(value)) => value.into_owned(),
            Some(Int::Small(value)) => return Ok(Answer::int(value, false)),
            None => return self.any(),
        };
        Ok(match num_traits::ToPrimitive::to_f64(&big) {
            Some(value) if value.is_finite() => Answer::Float(value),
            _ => Answer::Unfit(Unfit::Float(big.bits())),
        })
    }

    /// An int where a name is asked for: its decimal text, never its value as an index.
    fn identifier_of_int(self) -> Found<'g, 'de> {
        match self.cx.int(self.handle)? {
            Some(Int::Small(value)) => Ok(Answer::text(value.to_string())),
            _ => self.any(),
        }
    }

    fn float(self) -> Found<'g, 'de> {
        match self.cx.float(self.handle)? {
            Some(value) => Ok(Answer::Float(value)),
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Bytes, borrowed from the input.
    fn bytes(self) -> Found<'g, 'de> {
        match scalar::bytes(self.cx.nodes, self.cx.input, self.handle) {
            Some(bytes) => {
                self.charge_visit(bytes.len())?;
                Ok(Answer::Bytes(bytes))
            }
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Bytes where bytes are asked for: those of an 8-bit string, whatever the encoding.
    fn bytes_of_any(self) -> Found<'g, 'de> {
        match self.handle.tag().kind() {
            TagKind::Bytes => self.bytes(),
            TagKind::Chars => match self.cx.chars(self.handle)? {
                Some(chars) => {
                    self.charge_visit(chars.len())?;
                    Ok(byte_cow(chars))
                }
                None => Err(self.cx.unreadable(self.handle)),
            },
            _ => self.any(),
        }
    }

    /// Bytes of any spelling.
    pub(super) fn byte_cow(self, bytes: Cow<'de, [u8]>) -> Found<'g, 'de> {
        match &bytes {
            Cow::Borrowed(bytes) => self.charge_visit(bytes.len())?,
            Cow::Owned(bytes) => self.cx.charge_copy(bytes.len())?,
        }
        Ok(byte_cow(bytes))
    }

    /// Bytes of any spelling where text is asked for: as text where they are UTF-8.
    pub(super) fn bytes_as_text(self, bytes: Cow<'de, [u8]>) -> Found<'g, 'de> {
        self.cx.charge(bytes.len())?;
        if self.copies {
            self.cx.charge_memory(bytes.len())?;
        }
        Ok(match bytes {
            Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Answer::Str(text),
                Err(_) => Answer::Bytes(bytes),
            },
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Answer::text(text),
                Err(error) => Answer::ByteCow(Cow::Owned(error.into_bytes())),
            },
        })
    }

    /// An 8-bit string as text by the encoding, or as bytes.
    ///
    /// With `or_bytes`, a string that UTF-8, the default, cannot decode is bytes too.
    fn chars(self, or_bytes: bool) -> Found<'g, 'de> {
        let Some(chars) = self.cx.chars(self.handle)? else {
            return Err(self.cx.unreadable(self.handle));
        };
        if self.copies {
            self.cx.charge_memory(chars.len())?;
        }
        let lenient = or_bytes && self.cx.settings.encoding == Encoding::Utf8;
        match chars {
            Cow::Borrowed(chars) => match self.cx.decode_chars(chars) {
                Ok(Some(Cow::Borrowed(text))) => Ok(Answer::Str(text)),
                Ok(Some(Cow::Owned(text))) => Ok(Answer::text(text)),
                Ok(None) => Ok(Answer::Bytes(chars)),
                Err(_) if lenient => Ok(Answer::Bytes(chars)),
                Err(error) => Err(error),
            },
            Cow::Owned(chars) => match self.cx.decode_chars(&chars) {
                Ok(Some(text)) => Ok(Answer::text(text.into_owned())),
                Ok(None) => Ok(Answer::ByteCow(Cow::Owned(chars))),
                Err(_) if lenient => Ok(Answer::ByteCow(Cow::Owned(chars))),
                Err(error) => Err(error),
            },
        }
    }

    fn constant(self) -> Found<'g, 'de> {
        use crate::nodes::store::Const;

        match self.cx.nodes.constant(self.handle.number()) {
            Some(Const::Int(_) | Const::BigInt(_)) => self.int(false),
            Some(Const::Float(value)) => Ok(Answer::Float(*value)),
            Some(Const::Str(_) | Const::Surrogates(_)) => self.text(),
            Some(Const::Bytes(bytes)) => {
                self.charge_visit(bytes.len())?;
                Ok(byte_cow(bytes.clone()))
            }
            Some(Const::Raw { len, .. }) => {
                self.charge_visit(*len)?;
                let bytes = scalar::bytes(self.cx.nodes, self.cx.input, self.handle);
                let bytes = bytes.ok_or_else(|| self.cx.unreadable(self.handle))?;
                Ok(byte_cow(Cow::Borrowed(bytes)))
            }
            None => Err(self.cx.unreadable(self.handle)),
        }
    }

    /// Returns true if the value is text of any spelling.
    #[inline]
    pub(crate) fn is_text(&self) -> bool {
        self.cx.is_text(self.handle)
    }

    /// Text; bytes that are UTF-8, and 8-bit strings, where text is asked for.
    /// Takes notes for an update, and gives what stands in for text or bytes that a type may want
    /// to borrow.
    fn noted(&self, notes: &Notes<'de>, ask: Ask) -> Option<Answer<'g, 'g, 'de>> {
        match ask {
            Ask::Struct(_, fields) => notes.note(self.handle, Asked::Struct(fields)),
            Ask::Enum(..) => notes.note(self.handle, Asked::Enum),
            Ask::Str | Ask::Bytes if !self.copies && self.handle.tag() == Tag::Const => {
                return notes.stand_in(self.handle).map(|found| match found {
                    StandIn::Text(text) => Answer::Str(text),
                    StandIn::Bytes(bytes) => Answer::Bytes(bytes),
                });
            }
            _ => {}
        }
        None
    }

    fn string(self) -> Found<'g, 'de> {
        if self.handle.tag().kind() == TagKind::Chars
            && self.cx.settings.encoding != Encoding::Bytes
        {
            return self.chars(false);
        }
        match self.held_bytes()? {
            Some(bytes) => self.bytes_as_text(bytes),
            None => self.any(),
        }
    }

    /// A sequence from bytes (their values, for `Vec<u8>`) or from an object.
    pub(super) fn seq_of_other(self) -> Found<'g, 'de> {
        match self.handle.tag().kind() {
            TagKind::Chars => match self.cx.chars(self.handle)? {
                Some(chars) => self.byte_seq(chars),
                None => Err(self.cx.unreadable(self.handle)),
            },
            TagKind::Instance => self.seq_of_instance(),
            _ => match self.held_bytes()? {
                Some(bytes) => self.byte_seq(bytes),
                None => self.any(),
            },
        }
    }

    /// The bytes of a value that is bytes, a bytearray or a buffer; `None` for any other.
    fn held_bytes(&self) -> Result<Option<Cow<'de, [u8]>>> {
        match self.handle.tag().kind() {
            TagKind::Bytes | TagKind::ByteArray | TagKind::Buffer | TagKind::Const => {
                self.cx.buffer_bytes(self.handle)
            }
            _ => Ok(None),
        }
    }

    /// Bytes as the ints that they are in Python.
    pub(super) fn byte_seq(self, bytes: Cow<'de, [u8]>) -> Found<'g, 'de> {
        self.cx.charge_payload(self.handle, bytes.len(), bytes.len())?;
        let numbers = Numbers::new(self.cx, bytes, NumKind::U8, false, NumbersOf::Bytes);
        Ok(Answer::Seq(Items::Numbers(numbers)))
    }

    fn newtype(self, name: &'static str) -> Found<'g, 'de> {
        if name.starts_with(token::PREFIX) {
            return (private()?.newtype_struct)(self, name);
        }
        if is_class(name) {
            return (ways()?.newtype_struct)(self, name);
        }
        Ok(Answer::Newtype(Content::Node(self.unwrapped()?)))
    }

    fn variant(self, name: &'static str, variants: &'static [&'static str]) -> Found<'g, 'de> {
        if is_class(name) || variants.iter().any(|variant| is_class(variant)) {
            return (ways()?.enumeration)(self, name, variants);
        }
        self.plain_variant()
    }

    /// A variant of an enum without class names.
    pub(super) fn plain_variant(self) -> Found<'g, 'de> {
        Ok(Answer::Enum(match self.handle.tag() {
            Tag::Dict => {
                let object = self.cx.nodes.object(self.handle.number());
                let mut contents = self.cx.nodes.contents(&object);
                match (contents.next(), contents.next(), contents.next()) {
                    (Some(variant), Some(data), None) => {
                        Variant::node(self.cx, variant, data, self.deeper()?)
                    }
                    _ => {
                        return Err(Error::data(
                            "an enum is a dict with exactly one entry, its variant",
                        ));
                    }
                }
            }
            Tag::Tuple => match *self.cx.nodes.first(&self.cx.nodes.object(self.handle.number())) {
                [variant] => Variant::unit(Self::new(self.cx, variant, self.deeper()?)),
                [variant, data] => Variant::node(self.cx, variant, data, self.deeper()?),
                _ => {
                    return Err(Error::data(
                        "an enum is a tuple of its variant and that variant's data",
                    ));
                }
            },
            Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid if self.is_global()? => {
                // A member of an Enum that is pickled by name. No other global nested in a class
                // can be meant.
                let (module, qualname) = self.global_names()?;
                return Ok(named(match qualname.rsplit_once('.') {
                    Some((_, member)) => member.to_owned(),
                    None => format!("{module}.{qualname}"),
                }));
            }
            // The member of an Enum stands for its text or number.
            _ => Variant::unit(self),
        }))
    }

    /// Adds the text that this object stands for to a visitor's error.
    #[cold]
    pub(super) fn about_text(&self, error: Error) -> Error {
        use crate::natural::{Natural, natural};
        use crate::nodes::view::View;

        match self.view() {
            Ok(View::Object(object)) => match natural(self.cx, &object, false) {
                Ok(Some(Natural::Text(text))) => error.about_text(&text),
                _ => error,
            },
            _ => error,
        }
    }
}

/// Bytes in serde's terms.
fn byte_cow<'g, 'de: 'g>(bytes: Cow<'de, [u8]>) -> Answer<'g, 'g, 'de> {
    match bytes {
        Cow::Borrowed(bytes) => Answer::Bytes(bytes),
        bytes => Answer::ByteCow(Cow::Owned(bytes.into_owned())),
    }
}

/// The error of a sequence or map that has more entries than the type takes.
#[cold]
pub(crate) fn too_long(len: usize, taken: usize) -> Error {
    de::Error::invalid_length(len, &taken.to_string().as_str())
}
