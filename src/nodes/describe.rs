//! Names of values in error messages.

use super::handle::{Handle, Tag, TagKind};
use crate::error::Error;

/// The kind of a value, for a message.
pub(crate) fn describe(tag: Tag) -> &'static str {
    match tag.kind() {
        TagKind::Vacant => "nothing",
        TagKind::None => "None",
        TagKind::Bool => "a bool",
        TagKind::Int => "an int",
        TagKind::Float => "a float",
        TagKind::Str => "a string",
        TagKind::Chars => "an 8-bit string",
        TagKind::Bytes => "bytes",
        TagKind::Tuple => "a tuple",
        TagKind::Buffer => "a buffer",
        TagKind::Const => "a constant",
        TagKind::List => "a list",
        TagKind::Dict => "a dict",
        TagKind::Set => "a set",
        TagKind::FrozenSet => "a frozenset",
        TagKind::ByteArray => "a bytearray",
        TagKind::Global => "a global",
        TagKind::Persid => "a persistent id",
        TagKind::Instance => "an object",
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
