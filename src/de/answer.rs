//! [`Answer`]: a value in serde's terms, and the step that hands it to a visitor.
//!
//! Code that need not know the visitor returns an `Answer` and is compiled once. [`give`], the one
//! generic step behind it, is compiled for each visitor of each program: keep each of its arms to
//! one call.

use std::borrow::Cow;
use std::mem::ManuallyDrop;

use serde::de::{self, Expected, Unexpected, Visitor};

use super::ask::Ask;
use super::class::ClassContent;
use super::direct::{Dict, Fixed, List};
use super::element::Element;
use super::entries::Entries;
use super::items::Items;
use super::node::NodeDeserializer;
use super::numpy::HeldArray;
use super::place::{Described, Place};
use super::variant::Variant;
use crate::error::{Error, Result};
use crate::python::numpy::dtype::Kind;
use crate::python::numpy::scalar::text_of;
use crate::python::numpy::time::UnitCount;
use crate::read::text::wide_long;
use crate::slot::LaidOut;

/// A value in serde's terms. `'a` is the lifetime of what was made on the way, such as decoded
/// text.
pub(crate) enum Answer<'a, 'g, 'de> {
    Unit,
    /// No value, where an `Option` is asked for.
    Nothing,
    /// A value, where an `Option` is asked for.
    Something(NodeDeserializer<'g, 'de>),
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    /// An int of more than 64 bits.
    Wide(i128),
    /// One of more than 127 bits.
    Widest(u128),
    Float(f64),
    Str(&'de str),
    /// Text that is not in the input as it is.
    Text(Cow<'a, str>, About<'g, 'de>),
    Bytes(&'de [u8]),
    /// Bytes that are not in the input as they are.
    ByteCow(Cow<'a, [u8]>),
    Seq(Items<'a, 'g, 'de>),
    Map(Entries<'a, 'g, 'de>),
    Enum(Variant<'a, 'g, 'de>),
    Newtype(Content<'a, 'g, 'de>),
    /// A value that borrows from something made for it.
    Held(Held<'g, 'de>),
    /// A value that no method of serde takes.
    Unfit(Unfit),
}

impl<'a, 'de> Answer<'a, '_, 'de> {
    /// An int for a type with or without a sign.
    #[inline]
    pub(crate) fn int(value: i64, signed: bool) -> Self {
        match u64::try_from(value) {
            Ok(value) if !signed => Self::Unsigned(value),
            _ => Self::Signed(value),
        }
    }

    /// An int in little-endian bytes with a sign.
    pub(crate) fn long(bytes: &[u8]) -> Self {
        if let Some(value) = wide_long(bytes) {
            return match (u64::try_from(value), i64::try_from(value)) {
                (Ok(value), _) => Self::Unsigned(value),
                (_, Ok(value)) => Self::Signed(value),
                _ => Self::Wide(value),
            };
        }
        let value = num_bigint::BigInt::from_signed_bytes_le(bytes);
        if let Ok(value) = u64::try_from(&value) {
            return Self::Unsigned(value);
        }
        if let Ok(value) = i64::try_from(&value) {
            return Self::Signed(value);
        }
        if let Ok(value) = i128::try_from(&value) {
            return Self::Wide(value);
        }
        match u128::try_from(&value) {
            Ok(value) => Self::Widest(value),
            Err(_) => Self::Unfit(Unfit::Int(value.bits())),
        }
    }

    pub(super) fn list(list: List<'a, 'de>) -> Self {
        Self::Seq(Items::List(list))
    }

    pub(super) fn dict(dict: Dict<'a, 'de>) -> Self {
        Self::Map(Entries::Dict(dict))
    }

    /// Text that an error need not say more about.
    pub(crate) fn text(text: String) -> Self {
        Self::Text(Cow::Owned(text), About::Nothing)
    }
}

/// Returns true if a visitor's value may keep text or bytes that it is given.
const fn keeps<T>() -> bool {
    std::mem::needs_drop::<T>()
}

/// An answer on its way to a visitor: whoever has one hands it on to [`give`], or to [`discard`].
/// So what drops it is compiled once, and not for each visitor; one that panics leaves the memory
/// of its answer behind.
pub(crate) type Given<'a, 'g, 'de> = ManuallyDrop<Result<Answer<'a, 'g, 'de>>>;

/// Hands the value to the visitor.
pub(crate) fn give<'de, V: Visitor<'de>>(
    mut answer: Given<'_, '_, 'de>,
    visitor: V,
) -> Result<V::Value> {
    let made = match &mut *answer {
        Ok(Answer::Str(text)) => return visitor.visit_borrowed_str(text),
        Ok(Answer::Unsigned(value)) => return visitor.visit_u64(*value),
        Ok(Answer::Signed(value)) => return visitor.visit_i64(*value),
        Ok(Answer::Float(value)) => return visitor.visit_f64(*value),
        Ok(Answer::Bool(value)) => return visitor.visit_bool(*value),
        Ok(Answer::Unit) => return visitor.visit_unit(),
        Ok(Answer::Nothing) => return visitor.visit_none(),
        Ok(Answer::Something(node)) => return visitor.visit_some(Place::Node(*node)),
        Ok(Answer::Bytes(bytes)) => return visitor.visit_borrowed_bytes(bytes),
        Ok(Answer::Seq(items)) => give_items(items, visitor),
        Ok(Answer::Map(entries)) => give_entries(entries, visitor),
        Ok(Answer::Enum(variant)) => match visitor.visit_enum(&mut *variant) {
            Ok(value) => match variant.finish() {
                Ok(()) => Ok(value),
                Err(error) => Err(error),
            },
            Err(error) => Err(variant.give_up(error)),
        },
        Ok(Answer::Text(text, about)) => {
            let given = match text {
                Cow::Owned(text) if const { keeps::<V::Value>() } => {
                    visitor.visit_string(std::mem::take(text))
                }
                text => visitor.visit_str(text),
            };
            match given {
                Ok(value) => Ok(value),
                Err(error) => Err(about.explain(error)),
            }
        }
        Ok(Answer::ByteCow(Cow::Owned(bytes))) if const { keeps::<V::Value>() } => {
            visitor.visit_byte_buf(std::mem::take(bytes))
        }
        Ok(Answer::ByteCow(bytes)) => visitor.visit_bytes(bytes),
        Ok(Answer::Newtype(content)) => visitor.visit_newtype_struct(content.place()),
        Ok(Answer::Held(held)) => give_held(held, visitor),
        Ok(Answer::Wide(_) | Answer::Widest(_) | Answer::Unfit(_)) | Err(_) => {
            return Err(refusal(answer, &visitor));
        }
    };
    discard(answer);
    made
}

/// Drops an answer behind its visitor.
#[inline(never)]
pub(super) fn discard(answer: Given<'_, '_, '_>) {
    drop(ManuallyDrop::into_inner(answer));
}

/// The error in place of a value, or that for a value that no method of serde takes.
#[cold]
#[inline(never)]
fn refusal(answer: Given<'_, '_, '_>, expected: &dyn Expected) -> Error {
    match ManuallyDrop::into_inner(answer) {
        Err(error) => error,
        Ok(Answer::Wide(value)) => Unfit::Wide(value).error(expected),
        Ok(Answer::Widest(value)) => Unfit::Widest(value).error(expected),
        Ok(Answer::Unfit(unfit)) => unfit.error(expected),
        // Not reached: `give` has seen which it is.
        Ok(_) => Error::not_given(),
    }
}

/// Holds what an answer borrows from.
pub(crate) enum Held<'g, 'de> {
    /// An array or scalar of numpy.
    Array(HeldArray<'g, 'de>),
    /// The result of a constructor, to be read in the object's place; in programs that have a
    /// resolver.
    Made(Box<dyn Open + 'g>),
}

/// The same, opened: what is held has been looked at.
pub(crate) enum Opened<'s, 'g, 'de> {
    Element(Element<'s, 'g, 'de>, Ask),
    Made(Box<dyn OpenMade<'de> + 's>),
}

pub(crate) trait Open {
    fn open<'s, 'de: 's>(&'s self) -> Box<dyn OpenMade<'de> + 's>;
}

pub(crate) trait OpenMade<'de> {
    fn answer(&self) -> Result<Answer<'_, '_, 'de>>;

    /// An error where a walk that went well has spent a budget.
    fn verdict(&self) -> Result<()>;

    /// The error with its place.
    fn locate(&self, error: Error) -> Error;
}

impl<'g, 'de> Held<'g, 'de> {
    #[inline(never)]
    fn open(&self) -> Result<Opened<'_, 'g, 'de>> {
        Ok(match self {
            Self::Array(array) => Opened::Element(array.element()?, array.ask),
            Self::Made(made) => Opened::Made(made.open()),
        })
    }
}

impl<'de> Opened<'_, '_, 'de> {
    #[inline(never)]
    fn given(&self) -> Given<'_, '_, 'de> {
        ManuallyDrop::new(match self {
            Self::Element(element, ask) => element.answer(*ask),
            Self::Made(made) => made.answer(),
        })
    }

    #[inline(never)]
    fn verdict(&self) -> Result<()> {
        match self {
            Self::Element(..) => Ok(()),
            Self::Made(made) => made.verdict().map_err(|error| made.locate(error)),
        }
    }

    #[cold]
    fn locate(&self, error: Error) -> Error {
        match self {
            Self::Element(element, _) => element.locate(error),
            Self::Made(made) => made.locate(error),
        }
    }
}

/// Hands the visitor an answer that borrows from what is held.
fn give_held<'de, V: Visitor<'de>>(held: &Held<'_, 'de>, visitor: V) -> Result<V::Value> {
    let opened = held.open()?;
    match give(opened.given(), visitor) {
        Ok(value) => match opened.verdict() {
            Ok(()) => Ok(value),
            Err(error) => Err(error),
        },
        Err(error) => Err(opened.locate(error)),
    }
}

/// Hands a sequence to the visitor, and checks that it took all items.
pub(super) fn give_items<'de, V: Visitor<'de>>(
    items: &mut Items<'_, '_, 'de>,
    visitor: V,
) -> Result<V::Value> {
    // One variable, so that the result need not be copied to where it is returned.
    let mut made = visitor.visit_seq(&mut *items);
    if made.is_err() {
        items.give_up();
    } else if let Err(error) = items.finish() {
        made = Err(error);
    }
    made
}

/// The same for a short tuple.
pub(super) fn give_tuple<'de, V: Visitor<'de>>(
    tuple: &mut Fixed<'_, 'de>,
    visitor: V,
) -> Result<V::Value> {
    let mut made = visitor.visit_seq(&mut *tuple);
    if made.is_err() {
        tuple.give_up();
    } else if let Err(error) = tuple.finish() {
        made = Err(error);
    }
    made
}

/// The same for a map.
pub(super) fn give_entries<'de, V: Visitor<'de>>(
    entries: &mut Entries<'_, '_, 'de>,
    visitor: V,
) -> Result<V::Value> {
    let mut made = visitor.visit_map(&mut *entries);
    if made.is_err() {
        entries.give_up();
    } else if let Err(error) = entries.finish() {
        made = Err(error);
    }
    made
}

/// Hands the value to the visitor of a type that asks for an int, or for anything, and so may take
/// ints of more than 64 bits.
///
/// Apart from [`give`], because serde's code to refuse such an int is long.
pub(crate) fn give_wide<'de, V: Visitor<'de>>(
    answer: Given<'_, '_, 'de>,
    visitor: V,
) -> Result<V::Value> {
    match *answer {
        Ok(Answer::Wide(value)) => visitor.visit_i128(value),
        Ok(Answer::Widest(value)) => visitor.visit_u128(value),
        _ => give(answer, visitor),
    }
}

/// The source of a text, for the error of a visitor that refuses it.
pub(crate) enum About<'g, 'de> {
    Nothing,
    /// The natural form of this object.
    Object(NodeDeserializer<'g, 'de>),
    /// A time of numpy.
    Time(Kind, i64, UnitCount),
}

impl About<'_, '_> {
    #[cold]
    fn explain(&self, error: Error) -> Error {
        match self {
            Self::Nothing => error,
            Self::Object(node) => node.about_text(error),
            Self::Time(kind, count, unit) => {
                error.about_text(&text_of(*kind, *count, *unit).unwrap_or_default())
            }
        }
    }
}

/// A value that serde has no method for, or that no visitor takes.
pub(crate) enum Unfit {
    /// An int of this many bits.
    Int(u64),
    /// An int of this many bits, beyond the range of a float.
    Float(u64),
    Wide(i128),
    Widest(u128),
    /// Bytes in place of a variant's name.
    Bytes(Vec<u8>),
}

impl Unfit {
    #[cold]
    fn error(&self, expected: &dyn Expected) -> Error {
        use de::Error as _;

        match self {
            Self::Int(bits) => {
                Error::invalid_type(Unexpected::Other(&format!("an int of {bits} bits")), expected)
            }
            Self::Float(bits) => {
                Error::invalid_value(Unexpected::Other(&format!("an int of {bits} bits")), expected)
            }
            Self::Wide(value) => Error::invalid_type(
                Unexpected::Other(&format!("integer `{value}` as i128")),
                expected,
            ),
            Self::Widest(value) => Error::invalid_type(
                Unexpected::Other(&format!("integer `{value}` as u128")),
                expected,
            ),
            Self::Bytes(bytes) => Error::invalid_type(Unexpected::Bytes(bytes), expected),
        }
    }
}

/// The content of a newtype.
pub(crate) enum Content<'a, 'g, 'de> {
    Node(NodeDeserializer<'g, 'de>),
    /// The content of a class-named newtype.
    Class(Box<ClassContent<'g, 'de>>),
    /// An element of an array.
    Element(Box<Element<'a, 'g, 'de>>),
    Bytes(Cow<'a, [u8]>),
    /// Module and qualified name.
    Names([String; 2]),
    /// Bytes; true if they are read-only.
    Buffer(Cow<'a, [u8]>, bool),
    /// Nothing: the visitor takes this out of a slot.
    LaidOut(#[expect(dead_code, reason = "held until the call is over")] LaidOut),
}

impl<'g, 'de> Content<'_, 'g, 'de> {
    fn place(&self) -> Place<'_, 'g, 'de> {
        match self {
            Self::Node(node) => Place::Node(*node),
            Self::Class(content) => Place::class(content),
            Self::Element(element) => Place::element(element),
            Self::Bytes(bytes) => Place::Described(Described::Bytes(bytes)),
            Self::Names(names) => Place::Described(Described::Names(names)),
            Self::Buffer(bytes, readonly) => Place::Described(Described::Buffer(bytes, *readonly)),
            Self::LaidOut(_) => Place::Described(Described::Unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer is moved at every container that is read.
    #[test]
    fn an_answer_is_small() {
        assert!(size_of::<Answer<'_, '_, '_>>() <= 136, "{}", size_of::<Answer<'_, '_, '_>>());
        assert!(size_of::<Place<'_, '_, '_>>() <= 64, "{}", size_of::<Place<'_, '_, '_>>());
    }
}
