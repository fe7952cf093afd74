//! [`Ask`]: which of serde's methods a type has called.

/// The method that was called on a deserializer, with its arguments: what the type expects.
#[derive(Clone, Copy)]
pub(crate) enum Ask {
    /// Any value.
    Any,
    Bool,
    /// An int of a signed type, for which nobody need look at the sign.
    Signed,
    Unsigned,
    Float,
    /// Text or a character.
    Str,
    Bytes,
    Unit,
    /// The name of a field or variant.
    Identifier,
    Option,
    Seq,
    /// A sequence of this many items.
    Tuple(usize),
    Map,
    UnitStruct(&'static str),
    Newtype(&'static str),
    TupleStruct(&'static str, usize),
    Struct(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
}
