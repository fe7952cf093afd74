//! Values in the words of error messages.

use super::handle::{Handle, Tag};
use crate::error::Error;

/// What a handle is, for a message.
pub(crate) fn describe(tag: Tag) -> &'static str {
    match tag {
        Tag::Vacant => "nothing",
        Tag::None => "None",
        Tag::True | Tag::False => "a bool",
        Tag::Small | Tag::Int | Tag::Long1 | Tag::Long4 | Tag::IntLine | Tag::LongLine => "an int",
        Tag::Float8 | Tag::FloatLine => "a float",
        Tag::Str1
        | Tag::Str4
        | Tag::Str8
        | Tag::StrLine
        | Tag::StrEscaped
        | Tag::Surrogates
        | Tag::Name
        | Tag::Shared => "a string",
        Tag::Chars1 | Tag::Chars4 | Tag::CharsLine => "an 8-bit string",
        Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 => "bytes",
        Tag::EmptyTuple | Tag::Tuple => "a tuple",
        Tag::Buffer | Tag::View => "a buffer",
        Tag::Const => "a constant",
        Tag::List => "a list",
        Tag::Dict => "a dict",
        Tag::Set => "a set",
        Tag::FrozenSet => "a frozenset",
        Tag::ByteArray => "a bytearray",
        Tag::Global | Tag::Ext => "a global",
        Tag::Persid => "a persistent id",
        Tag::Instance => "an object",
    }
}

/// The error of a key that Python cannot hash.
#[cold]
pub(crate) fn unhashable(key: Handle, container: &str) -> Error {
    let key = match key.tag() {
        Tag::Tuple => "a tuple with something unhashable in it",
        tag => describe(tag),
    };
    Error::syntax(format!("{key} cannot be hashed, so it cannot be in {container}"))
}
