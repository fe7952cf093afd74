//! The reduces that only spell a builtin.
//!
//! An older protocol has no opcode for a set or for bytes, so a pickler writes the call that makes
//! one. Nothing is ever called here, but a call of one of these few globals has one meaning, and
//! readers rely on it. A global is recognised once, when it is named; [`understand`] decides the
//! meaning of its calls when REDUCE makes the instance. A call whose arguments do not have the form
//! that a pickler writes stays data.

use super::codec::Codec;
use super::describe::unhashable;
use super::handle::{Handle, Tag, TagKind};
use super::scalar;
use super::spelling::Spelling;
use super::store::{Flags, Nodes, RunKind};
use crate::error::{Error, Result};
use crate::limits;

/// The meaning of a global that is understood, and of an instance made by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Known {
    /// Nothing special.
    Nothing,
    /// `builtins.set`.
    Set,
    /// `builtins.frozenset`.
    FrozenSet,
    /// `builtins.bytearray`.
    ByteArray,
    /// `builtins.bytes`.
    Bytes,
    /// `_codecs.encode`: bytes as latin-1 text.
    Encode,
    /// `builtins.complex`.
    Complex,
    /// `copyreg._reconstructor`: class, base, the base's value.
    Reconstructor,
    /// `copyreg.__newobj__`: class and arguments of `__new__`.
    NewObj,
    /// `copyreg.__newobj_ex__`: class, tuple and dict of arguments.
    NewObjEx,
    /// `builtins.getattr`: an attribute of a class or module by name. Of anything else it is a call
    /// like any other.
    GetAttr,
    /// `builtins.object`, which is no call but the base class in those of `copyreg._reconstructor`.
    Object,
}

impl Known {
    const ALL: [Self; 12] = [
        Self::Nothing,
        Self::Set,
        Self::FrozenSet,
        Self::ByteArray,
        Self::Bytes,
        Self::Encode,
        Self::Complex,
        Self::Reconstructor,
        Self::NewObj,
        Self::NewObjEx,
        Self::GetAttr,
        Self::Object,
    ];

    /// By the number that flags hold.
    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Nothing)
    }

    /// By module and name, as Python 2 or 3 writes them.
    pub(crate) fn of_global(module: &str, name: &str) -> Self {
        match (module, name) {
            ("builtins" | "__builtin__", name) => match name {
                "set" => Self::Set,
                "frozenset" => Self::FrozenSet,
                "bytearray" => Self::ByteArray,
                "bytes" => Self::Bytes,
                "complex" => Self::Complex,
                "getattr" => Self::GetAttr,
                "object" => Self::Object,
                _ => Self::Nothing,
            },
            ("_codecs", "encode") => Self::Encode,
            ("copyreg" | "copy_reg", name) => match name {
                "_reconstructor" => Self::Reconstructor,
                "__newobj__" => Self::NewObj,
                "__newobj_ex__" => Self::NewObjEx,
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    /// Returns true if calls of it give one of Python's own values, which have no attributes.
    pub(crate) fn is_builtin_value(self) -> bool {
        matches!(
            self,
            Self::Set
                | Self::FrozenSet
                | Self::ByteArray
                | Self::Bytes
                | Self::Encode
                | Self::Complex
        )
    }
}

/// Returns the known meaning of the call `callable(*arguments)`, and notes on `instance` what its
/// readers need. The number is that of items, or bytes of text, that were looked at.
///
/// # Errors
/// A set of something unhashable; a name in `getattr` that is longer than names are.
pub(crate) fn understand(
    nodes: &mut Nodes<'_>,
    input: &[u8],
    instance: u32,
    callable: Known,
    arguments: Handle,
) -> Result<usize> {
    let object = nodes.object(arguments.number());
    let is_tuple = arguments.tag() == Tag::Tuple;
    let arguments: &[Handle] = if is_tuple { nodes.first(&object) } else { &[] };
    let (known, mut scanned) = meaning(nodes, input, callable, arguments)?;
    if known == Known::Nothing {
        return Ok(scanned);
    }
    if matches!(known, Known::Set | Known::FrozenSet) {
        if let Some(items) = arguments.first().filter(|items| items.is_object()) {
            let items = nodes.object(items.number());
            for item in nodes.contents(&items) {
                if !nodes.is_hashable(item) {
                    return Err(unhashable(item, "a set"));
                }
                scanned += 1;
            }
        }
        // The list may grow afterwards; the set has what was there when it was made.
        nodes.note_taken(instance, scanned)?;
    }
    let flags = Spelling::with_known(nodes.object(instance).flags(), known);
    nodes.set_flags(
        instance,
        flags.with(Flags::UNHASHABLE, matches!(known, Known::Set | Known::ByteArray)),
    );
    Ok(scanned)
}

/// Returns true if there is a dot in a name.
fn has_dot(nodes: &Nodes<'_>, input: &[u8], name: Handle) -> bool {
    match scalar::chars(input, name) {
        Some(chars) => chars.contains(&b'.'),
        None => scalar::plain_text(nodes, input, name).is_some_and(|name| name.contains('.')),
    }
}

/// Returns true if the encoding has bytes for the text.
fn is_encodable(nodes: &Nodes<'_>, input: &[u8], text: Handle, codec: Codec) -> bool {
    // An 8-bit string is its bytes.
    text.tag().kind() == TagKind::Chars
        || scalar::plain_bytes(nodes, input, text).is_some_and(|text| codec.can_encode(&text))
}

/// The meaning of the call, if its arguments have the form that a pickler writes; and the number of
/// bytes of text that were looked at.
///
/// # Errors
/// A name in `getattr` that is longer than names are.
fn meaning(
    nodes: &Nodes<'_>,
    input: &[u8],
    callable: Known,
    arguments: &[Handle],
) -> Result<(Known, usize)> {
    let textual = |handle: Handle| is_text(nodes, handle);
    let mut scanned = 0;
    let known = match (callable, arguments) {
        (Known::Set | Known::FrozenSet, []) => callable,
        (Known::Set | Known::FrozenSet, &[items])
            if matches!(items.tag(), Tag::List | Tag::Tuple | Tag::EmptyTuple) =>
        {
            callable
        }
        (Known::Bytes | Known::ByteArray, []) => callable,
        (Known::Bytes | Known::ByteArray, &[bytes]) if is_bytes(nodes, bytes) => callable,
        (Known::Encode | Known::Bytes | Known::ByteArray, &[text, encoding])
            if textual(text) && textual(encoding) =>
        {
            match Codec::named(nodes, input, encoding) {
                Some(codec) => {
                    // Counted, since one text may be encoded by many calls, each of which may be
                    // looked at.
                    scanned = scalar::text_len(nodes, input, text)
                        + scalar::text_len(nodes, input, encoding);
                    if is_encodable(nodes, input, text, codec) { callable } else { Known::Nothing }
                }
                None => Known::Nothing,
            }
        }
        (Known::Complex, [_] | [_, _]) if arguments.iter().all(|part| is_number(nodes, *part)) => {
            callable
        }
        (Known::Reconstructor, &[class, _, _]) | (Known::NewObj, &[class, ..])
            if may_be_called(nodes, class) =>
        {
            callable
        }
        (Known::NewObjEx, &[class, args, kwargs])
            if may_be_called(nodes, class)
                && args.tag().is_tuple()
                && kwargs.tag() == Tag::Dict =>
        {
            callable
        }
        (Known::GetAttr, &[owner, name]) if is_class(nodes, owner) && textual(name) => {
            check_name(scalar::name_len(nodes, input, name))?;
            // A line is decoded, and may be longer than a name.
            scanned = scalar::text_len(nodes, input, name).saturating_sub(limits::NAME);
            // In a qualified name a dot leads into a class; in an attribute's name it is an
            // ordinary character.
            if has_dot(nodes, input, name) { Known::Nothing } else { callable }
        }
        _ => Known::Nothing,
    };
    Ok((known, scanned))
}

/// Checks that a name of a module, or of something in it, may be so long.
pub(crate) fn check_name(len: usize) -> Result<()> {
    if len <= limits::NAME { Ok(()) } else { Err(long_name(len)) }
}

#[cold]
fn long_name(len: usize) -> Error {
    Error::limit(format!(
        "a global has a name of {len} bytes, more than the {} that are allowed",
        limits::NAME
    ))
}

/// Returns true if a value may be a class or a function.
///
/// Names are not looked up, so everything that is named may be one: a global, an attribute of
/// something, the object of a persistent id.
#[inline]
pub(crate) fn may_be_called(nodes: &Nodes<'_>, handle: Handle) -> bool {
    match handle.tag() {
        Tag::Global | Tag::Ext | Tag::Persid => true,
        // A call that spells a set or bytes gives one, and neither can be called.
        Tag::Instance => !Spelling::known(nodes.object(handle.number()).flags()).is_builtin_value(),
        _ => false,
    }
}

/// Returns true if the value is the class `object`.
pub(crate) fn is_object_class(nodes: &Nodes<'_>, handle: Handle) -> bool {
    handle.tag() == Tag::Global
        && Known::from_number(nodes.object(handle.number()).flags().low()) == Known::Object
}

fn is_class(nodes: &Nodes<'_>, handle: Handle) -> bool {
    match handle.tag() {
        Tag::Global => true,
        Tag::Instance => Spelling::known(nodes.object(handle.number()).flags()) == Known::GetAttr,
        _ => false,
    }
}

fn is_text(nodes: &Nodes<'_>, handle: Handle) -> bool {
    match handle.tag() {
        Tag::Str1 | Tag::Str4 | Tag::Str8 | Tag::StrLine | Tag::Name | Tag::Shared => true,
        // A text with a lone surrogate does not count.
        Tag::StrEscaped => handle.detail() == 0,
        // Python 2's spelling of the encoding's name.
        Tag::Chars1 | Tag::Chars4 | Tag::CharsLine => true,
        Tag::Const => {
            matches!(nodes.constant(handle.number()), Some(crate::nodes::store::Const::Str(_)))
        }
        _ => false,
    }
}

fn is_bytes(nodes: &Nodes<'_>, handle: Handle) -> bool {
    match handle.tag() {
        Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 | Tag::ByteArray | Tag::Buffer => true,
        Tag::Chars1 | Tag::Chars4 | Tag::CharsLine => true,
        Tag::Const => {
            use crate::nodes::store::Const;

            let constant = nodes.constant(handle.number());
            matches!(constant, Some(Const::Bytes(_) | Const::Raw { .. }))
        }
        // bytearray(bytes) at protocols 0 to 2: the bytes are themselves a call.
        Tag::Instance => {
            let known = Spelling::known(nodes.object(handle.number()).flags());
            matches!(known, Known::Bytes | Known::Encode)
        }
        _ => false,
    }
}

fn is_number(nodes: &Nodes<'_>, handle: Handle) -> bool {
    use crate::nodes::store::Const;

    if handle.tag() == Tag::Const {
        let constant = nodes.constant(handle.number());
        return matches!(constant, Some(Const::Int(_) | Const::BigInt(_) | Const::Float(_)));
    }
    matches!(handle.tag().kind(), TagKind::Int | TagKind::Float | TagKind::Bool)
}

/// Returns true if Python would give a further run of this kind to an understood builtin.
pub(crate) fn may_get(known: Known, kind: RunKind) -> bool {
    !known.is_builtin_value() || (known == Known::Set && kind == RunKind::Adds)
}
