//! [`Place`]: the place of the next value, and what it answers to a question.
//!
//! There is one such type for opcodes, nodes, and the parts of arrays and objects, so that a
//! program's types are compiled once. Nothing here knows a visitor: `deserializer.rs` asks. The
//! questions that are asked most (numbers, text, wrappers) have a short way beside
//! [`Place::answer`].

use std::cell::Cell;
use std::mem::ManuallyDrop;

use serde::de::IgnoredAny;

use super::answer::{About, Answer, Content, Given, give_wide};
use super::ask::Ask;
use super::class::ClassContent;
use super::direct::{Direct, Fixed, Irregular, is_ours};
use super::element::{self, Element};
use super::entries::Entries;
use super::items::Items;
use super::node::NodeDeserializer;
use super::token::Run;
use super::variant::Variant;
use super::ways::{self, private, ways};
use crate::error::{Error, Result};
use crate::limits;
use crate::nodes::handle::Tag;
use crate::nodes::scalar;
use crate::python::numpy::dtype::Dtype;
use crate::reduce::token;
use crate::shown::shown;
use crate::stdlib::numpy::Num;

/// One value, ready to be handed to a visitor.
///
/// With a tag of its own, as [`Items`].
#[repr(u8)]
pub(crate) enum Place<'a, 'g, 'de> {
    /// The opcodes ahead.
    Ahead(&'a mut Direct<'de>),
    /// The same, where it must be a key.
    Key(&'a mut Direct<'de>),
    /// A None that has been read, and the wrappers that may still be around it.
    Nothing(&'a mut Direct<'de>, u32),
    Node(NodeDeserializer<'g, 'de>),
    /// A number of an array, and the wrappers that may still be around it.
    Number(Num, u32),
    /// A number of a list that has been read, and the wrappers that may still be around it. The
    /// flag is set where the answer is for the machine.
    Listed(Num, &'a Cell<bool>, u32),
    /// An element or a further dimension of an array.
    Element(&'a Element<'a, 'g, 'de>, u32),
    /// The content of a class-named newtype.
    Class(&'a ClassContent<'g, 'de>, u32),
    /// Handles that are no container of the graph.
    Run(Run<'a, 'g, 'de>),
    /// Bytes of the input.
    Borrowed(&'de [u8]),
    Described(Described<'a>),
}

/// A value that is no part of a pickle, but of what describes it.
#[derive(Clone, Copy)]
pub(crate) enum Described<'a> {
    Unit,
    Bool(bool),
    Uint(u64),
    Str(&'a str),
    /// Text of the program.
    Name(&'static str),
    Bytes(&'a [u8]),
    /// Bytes; true if they are read-only.
    Buffer(&'a [u8], bool),
    Names(&'a [String; 2]),
    Shape(&'a [usize]),
    Dtype(&'a Dtype),
}

/// What one look has found of a sequence, in two registers: the place of an item, or the end.
pub(crate) enum Found<'a, 'de> {
    Ahead(&'a mut Direct<'de>),
    Key(&'a mut Direct<'de>),
    Nothing(&'a mut Direct<'de>),
    End,
    /// One look does not tell.
    Other,
}

/// A value where an `Option` or a newtype is asked for.
pub(super) enum Wrapped<'a, 'g, 'de> {
    /// None.
    Nothing,
    /// The value itself is the content.
    Content,
    Other(Given<'a, 'g, 'de>),
}

impl<'a, 'g, 'de> Wrapped<'a, 'g, 'de> {
    fn answer(answer: Answer<'a, 'g, 'de>) -> Self {
        Self::Other(ManuallyDrop::new(Ok(answer)))
    }
}

impl<'a, 'g, 'de> Place<'a, 'g, 'de> {
    pub(crate) fn element(element: &'a Element<'a, 'g, 'de>) -> Self {
        match element {
            Element::Node(node) => Self::Node(*node),
            element => Self::Element(element, limits::WRAPS),
        }
    }

    #[inline(always)]
    pub(crate) fn nothing(direct: &'a mut Direct<'de>) -> Self {
        Self::Nothing(direct, limits::WRAPS)
    }

    pub(crate) fn number(number: Num) -> Self {
        Self::Number(number, limits::WRAPS)
    }

    pub(crate) fn class(content: &'a ClassContent<'g, 'de>) -> Self {
        Self::Class(content, limits::WRAPS)
    }

    /// The answer for a visitor.
    #[inline(never)]
    pub(crate) fn given(self, ask: Ask, copies: bool) -> Given<'a, 'g, 'de> {
        ManuallyDrop::new(self.answer(ask, copies))
    }

    /// The value in serde's terms. `copies` is true if what the visitor makes has something to
    /// drop, so that it may have copied text or bytes.
    fn answer(self, ask: Ask, copies: bool) -> Result<Answer<'a, 'g, 'de>> {
        match self {
            Self::Ahead(direct) => direct.value(ask),
            Self::Key(direct) => direct.key(ask),
            Self::Nothing(direct, _) => direct.nothing(ask),
            Self::Node(node) => NodeDeserializer { copies, ..node }.answer(ask),
            Self::Number(number, _) => Ok(element::number(number, ask)),
            Self::Listed(number, odd, _) => listed(number, odd, ask),
            Self::Element(element, _) => element.answer(ask),
            Self::Class(content, _) => (ways()?.content)(content, ask, copies),
            Self::Run(run) => ways::run(run, ask),
            Self::Borrowed(bytes) => Ok(Answer::Bytes(bytes)),
            Self::Described(described) => Ok(described.answer(ask)),
        }
    }

    /// An int of up to 64 bits, where it is spelled in the common way; nothing is read otherwise.
    #[inline(always)]
    pub(super) fn int(&mut self) -> Option<i64> {
        match self {
            Self::Ahead(direct) | Self::Key(direct) => match direct.short_int() {
                Some(value) => Some(value),
                None => direct.other_short_int(),
            },
            Self::Number(Num::Int(value), _) => Some(*value),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn other_int(&mut self) -> Option<i64> {
        match self {
            Self::Ahead(direct) => direct.scalar_int(),
            Self::Node(node) if node.handle.tag() == Tag::Int => {
                scalar::short_int(node.cx.input, node.handle)
            }
            Self::Number(Num::Uint(value), _) => i64::try_from(*value).ok(),
            Self::Listed(Num::Int(value), ..) => Some(*value),
            _ => None,
        }
    }

    /// An int of up to 128 bits, where it is spelled in the common way.
    #[inline(never)]
    pub(super) fn wide(&mut self) -> Option<i128> {
        match self {
            Self::Ahead(direct) => match direct.wide_int() {
                Some(value) => Some(value),
                None => direct.other_short_int().map(i128::from),
            },
            Self::Number(Num::Int(value), _) | Self::Listed(Num::Int(value), ..) => {
                Some(i128::from(*value))
            }
            _ => None,
        }
    }

    /// The same for a float.
    #[inline(always)]
    pub(super) fn float(&mut self) -> Option<f64> {
        match self {
            Self::Ahead(direct) | Self::Key(direct) => direct.short_float(),
            Self::Number(Num::Float(value), _) => Some(*value),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn other_float(&mut self) -> Option<f64> {
        match self {
            Self::Ahead(direct) => direct.scalar_float(),
            Self::Listed(Num::Float(value), ..) => Some(*value),
            Self::Node(node) if node.handle.tag() == Tag::Float8 => {
                scalar::float8(node.cx.input, node.handle)
            }
            _ => None,
        }
    }

    /// The same for a bool.
    #[inline(always)]
    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self {
            Self::Ahead(direct) => direct.short_bool(),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn other_boolean(&mut self) -> Option<bool> {
        match self {
            Self::Node(node) if node.handle.tag() == Tag::True => Some(true),
            Self::Node(node) if node.handle.tag() == Tag::False => Some(false),
            _ => None,
        }
    }

    /// The items of what a sequence is asked for, where opcodes are ahead and they are regular.
    ///
    /// Nothing is to be dropped in such items, which saves looking for it.
    pub(super) fn items(&mut self) -> Option<ManuallyDrop<Items<'_, 'g, 'de>>> {
        match self {
            Self::Ahead(direct) if direct.is_going() => direct.items_ahead(),
            _ => None,
        }
    }

    /// The tuple of `len` items, where opcodes are ahead, for most tuples.
    #[inline(never)]
    pub(super) fn short_tuple(&mut self, len: usize) -> Option<Fixed<'_, 'de>> {
        match self {
            Self::Ahead(direct) if direct.is_going() => direct.short_tuple_ahead(len, false),
            Self::Key(direct) if direct.is_going() => direct.short_tuple_ahead(len, true),
            _ => None,
        }
    }

    /// The items of what any other sequence of `len` is asked for.
    pub(super) fn items_of(&mut self, len: usize) -> Option<ManuallyDrop<Items<'_, 'g, 'de>>> {
        match self {
            Self::Ahead(direct) if direct.is_going() => direct.items_of_ahead(len),
            _ => None,
        }
    }

    /// The same two for a tuple struct.
    pub(super) fn short_tuple_struct(
        &mut self,
        name: &'static str,
        len: usize,
    ) -> Option<Fixed<'_, 'de>> {
        if matches!(self, Self::Ahead(_)) && !is_ours(name) { self.short_tuple(len) } else { None }
    }

    pub(super) fn items_of_struct(
        &mut self,
        name: &'static str,
        len: usize,
    ) -> Option<ManuallyDrop<Items<'_, 'g, 'de>>> {
        if matches!(self, Self::Ahead(_)) && !is_ours(name) { self.items_of(len) } else { None }
    }

    /// The same for a map.
    pub(super) fn entries(&mut self) -> Option<ManuallyDrop<Entries<'_, 'g, 'de>>> {
        match self {
            Self::Ahead(direct) if direct.is_going() => direct.map_ahead(),
            _ => None,
        }
    }

    /// The same for a struct.
    pub(super) fn fields(
        &mut self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Option<ManuallyDrop<Entries<'_, 'g, 'de>>> {
        match self {
            Self::Ahead(direct) if direct.is_going() => direct.fields_ahead(name, fields),
            _ => None,
        }
    }

    /// The same for text.
    #[inline(always)]
    pub(super) fn text(&mut self, copies: bool) -> Option<&'de str> {
        match self {
            Self::Ahead(direct) | Self::Key(direct) => direct.value_text(),
            _ => self.other_text(copies),
        }
    }

    /// The same for the name of a field or variant.
    #[inline(always)]
    pub(super) fn name(&mut self, copies: bool) -> Option<&'de str> {
        match self {
            Self::Key(direct) => direct.next_name().ok(),
            Self::Ahead(direct) => direct.next_text().ok(),
            _ => self.other_text(copies),
        }
    }

    /// The same for bytes.
    #[inline]
    pub(super) fn bytes(&mut self) -> Option<&'de [u8]> {
        match self {
            Self::Ahead(direct) if direct.is_going() => direct.short_bytes(),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn other_text(&mut self, copies: bool) -> Option<&'de str> {
        match self {
            // The error of a spent budget comes again on the general way.
            Self::Node(node) => node.short_text(copies).ok()?,
            _ => None,
        }
    }

    /// The value where an `Option` is asked for; if it has content, this place is that.
    pub(super) fn option(&mut self, copies: bool) -> Result<Wrapped<'a, 'g, 'de>> {
        Ok(match self {
            Self::Ahead(direct) | Self::Key(direct) => match direct.option()? {
                true => Wrapped::Content,
                false => Wrapped::Nothing,
            },
            Self::Nothing(..) => Wrapped::Nothing,
            Self::Node(node) if node.handle.tag() == Tag::None => Wrapped::Nothing,
            Self::Node(node) if node.may_be_made() => {
                let node = NodeDeserializer { copies, ..*node };
                Wrapped::Other(ManuallyDrop::new(node.answer(Ask::Option)))
            }
            Self::Node(node) if node.is_absent()? => Wrapped::Nothing,
            Self::Node(node) => {
                *node = node.unwrapped()?;
                Wrapped::Content
            }
            Self::Element(element, _) if element.is_none() => Wrapped::Nothing,
            Self::Class(content, _) if (ways()?.is_none)(content)? => Wrapped::Nothing,
            Self::Borrowed(bytes) => Wrapped::answer(Answer::Bytes(bytes)),
            Self::Described(described) => Wrapped::answer(described.answer(Ask::Any)),
            _ => self.content()?,
        })
    }

    /// The value where a newtype is asked for; if it is its own content, this place is that.
    pub(super) fn newtype(
        &mut self,
        name: &'static str,
        copies: bool,
    ) -> Result<Wrapped<'a, 'g, 'de>> {
        let private = name.starts_with(token::PREFIX);
        if !private && !name.starts_with(token::CLASS) && !matches!(self, Self::Described(_)) {
            return match self {
                Self::Ahead(direct) | Self::Key(direct) => {
                    direct.wrap()?;
                    Ok(Wrapped::Content)
                }
                _ => self.content(),
            };
        }
        let answer = match self {
            Self::Ahead(_) => match std::mem::replace(self, Self::Described(Described::Unit)) {
                Self::Ahead(direct) => direct.newtype(name)?,
                other => other.answer(Ask::Newtype(name), copies)?,
            },
            Self::Key(direct) | Self::Nothing(direct, _) => return direct.irregular(),
            Self::Listed(number, odd, _) => listed(*number, odd, Ask::Newtype(name))?,
            Self::Node(node) => NodeDeserializer { copies, ..*node }.answer(Ask::Newtype(name))?,
            Self::Number(number, _) if private => match element::number_newtype(*number, name)? {
                Some(answer) => answer,
                None => return self.content(),
            },
            Self::Element(element, _) if private => match element.newtype(name)? {
                Some(answer) => answer,
                None => return self.content(),
            },
            Self::Class(content, _) => (ways()?.content)(content, Ask::Newtype(name), copies)?,
            Self::Run(run) if name == token::VALUE => run.value()?,
            Self::Described(described) => described.answer(Ask::Newtype(name)),
            _ => return self.content(),
        };
        Ok(Wrapped::answer(answer))
    }

    /// Makes this the place of what a wrapper holds.
    pub(super) fn content(&mut self) -> Result<Wrapped<'a, 'g, 'de>> {
        let wraps = match self {
            Self::Node(node) => &mut node.wraps,
            Self::Run(run) => &mut run.node.wraps,
            Self::Nothing(_, wraps)
            | Self::Number(_, wraps)
            | Self::Listed(_, _, wraps)
            | Self::Element(_, wraps)
            | Self::Class(_, wraps) => wraps,
            _ => return Ok(Wrapped::Content),
        };
        match wraps.checked_sub(1) {
            Some(left) => {
                *wraps = left;
                Ok(Wrapped::Content)
            }
            None => Err(Error::limit(limits::WRAPPED)),
        }
    }

    /// Skips the value.
    pub(super) fn ignore(mut self) -> Result<()> {
        if let Self::Ahead(direct) = &mut self
            && direct.pass_scalar()
        {
            return Ok(());
        }
        match self {
            Self::Ahead(_) | Self::Key(_) => {
                give_wide(self.given(Ask::Any, false), IgnoredAny).map(drop)
            }
            // The machine has read and checked it already.
            _ => Ok(()),
        }
    }
}

/// The answer of a number of a list, with a flag to be set where it is for the machine.
fn listed<'a, 'g, 'de>(number: Num, odd: &Cell<bool>, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
    match (number, ask) {
        (Num::Float(value), Ask::Any | Ask::Float | Ask::Signed | Ask::Unsigned) => {
            Ok(Answer::Float(value))
        }
        (Num::Int(value), Ask::Any | Ask::Float | Ask::Unsigned) => Ok(Answer::int(value, false)),
        (Num::Int(value), Ask::Signed) => Ok(Answer::int(value, true)),
        _ => {
            odd.set(true);
            Err(Irregular.into())
        }
    }
}

impl<'a> Described<'a> {
    fn answer<'g, 'de>(self, ask: Ask) -> Answer<'a, 'g, 'de> {
        match (self, ask) {
            (Self::Str(name), Ask::Enum(..)) => Answer::Enum(Variant::named(name.into())),
            (Self::Name(name), Ask::Enum(..)) => Answer::Enum(Variant::named(name.into())),
            (Self::Dtype(dtype), Ask::Newtype(_)) => {
                match private() {
                    Ok(ways) => Answer::Newtype(Content::LaidOut((ways.dtype)(dtype))),
                    // Not reached: a type with a private name has asked for this.
                    Err(_) => Answer::Unit,
                }
            }
            (Self::Unit, _) => Answer::Unit,
            (Self::Bool(value), _) => Answer::Bool(value),
            (Self::Uint(value), _) => Answer::Unsigned(value),
            (Self::Str(text), _) => Answer::Text(text.into(), About::Nothing),
            (Self::Name(text), _) => Answer::Str(text),
            (Self::Bytes(bytes), _) => Answer::ByteCow(bytes.into()),
            (Self::Buffer(bytes, readonly), _) => Answer::Seq(Items::Buffer(bytes, readonly, 0)),
            (Self::Names(names), _) => Answer::Seq(Items::Names(names.iter())),
            (Self::Shape(shape), _) => Answer::Seq(Items::Shape(shape.iter())),
            (Self::Dtype(dtype), _) => Answer::text(shown(dtype)),
        }
    }
}
