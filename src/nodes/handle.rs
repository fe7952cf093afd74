//! The 8-byte handle of one value.
//!
//! A pickle of a million values is a few megabytes, and page faults on whatever is built beside it
//! cost more than the work itself; so a value is eight bytes and its payload stays in the input:
//!
//! ```text
//! bits  0..8   the tag: what the value is and how it was spelled
//! bits  8..24  a detail: the value of a small int, the length of a short payload
//! bits 24..64  the offset of the opcode in the input; or the number of an object, of a shared
//!              text, of a constant
//! ```
//!
//! The offset makes text, bytes, floats and long ints free to store, gives every error its byte,
//! and is the identity of a scalar: two handles with one offset are one Python object. Objects
//! (containers, instances, globals) are numbered, because they have contents that grow and are
//! shared; see `nodes`.

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The kind of a value, and the place of its payload.
        ///
        /// The order matters: from [`Tag::List`] on the handle is the number of an object, and up
        /// to [`Tag::ByteArray`] that object is unhashable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub(crate) enum Tag {
            $($(#[$doc])* $name,)*
        }

        /// The tag of a byte. The table has an entry for each value of the mask, so that a lookup
        /// needs no check.
        const TAGS: [Tag; 64] = {
            let mut table = [Tag::Vacant; 64];
            $(table[Tag::$name as usize] = Tag::$name;)*
            table
        };
    };
}

tags! {
    /// Not a value: a memo slot that was never filled.
    Vacant,
    None,
    False,
    True,
    /// INT or LONG of at most 16 bits without a sign: the value is the detail.
    Small,
    /// BININT, BININT1, BININT2, and LONG1 of one to eight bytes: the detail is an [`IntShape`].
    Int,
    /// LONG1 of any other length, which is the detail.
    Long1,
    Long4,
    /// INT: a line. The detail as in `StrLine`.
    IntLine,
    /// LONG: a line. The detail as in `StrLine`.
    LongLine,
    /// BINFLOAT: eight bytes behind the opcode.
    Float8,
    /// FLOAT: a line. The detail as in `StrLine`.
    FloatLine,
    /// SHORT_BINUNICODE, valid UTF-8: the detail is the length.
    Str1,
    /// BINUNICODE, valid UTF-8.
    Str4,
    Str8,
    /// UNICODE without escapes, ASCII: the detail is the length, or `u16::MAX` where it is longer.
    StrLine,
    /// UNICODE that has to be decoded.
    StrEscaped,
    /// BINUNICODE and its kin with lone surrogates.
    Surrogates,
    /// The name in a line of GLOBAL or INST, valid UTF-8: the offset is that of the name, the
    /// detail as in `StrLine`.
    Name,
    /// SHORT_BINSTRING: the detail is the length.
    Chars1,
    /// BINSTRING.
    Chars4,
    /// STRING: quoted and escaped.
    CharsLine,
    /// SHORT_BINBYTES: the detail is the length.
    Bytes1,
    Bytes4,
    Bytes8,
    EmptyTuple,
    /// An out-of-band buffer: its number. The detail is 1 where READONLY_BUFFER was applied to it.
    Buffer,
    /// Text that was fetched from the memo: its number among the shared texts.
    Shared,
    /// A value that is not in the input: its number among the constants.
    Const,
    /// Made by a walk, never stored: the name of a field, for what has no name in the pickle. The
    /// detail and the number say which of those that the walk knows.
    Field,
    /// Made by a walk, never stored: a part of the object of this number. The detail says which
    /// part.
    Part,
    List,
    Dict,
    Set,
    ByteArray,
    Tuple,
    FrozenSet,
    Global,
    /// A global by extension code.
    Ext,
    /// PERSID and BINPERSID.
    Persid,
    /// An object made by REDUCE, NEWOBJ, NEWOBJ_EX, INST or OBJ.
    Instance,
    /// A read-only view of a bytearray (READONLY_BUFFER).
    View,
}

/// The Python type of a value, however it was spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagKind {
    Vacant,
    None,
    Bool,
    Int,
    Float,
    Str,
    /// An 8-bit string of Python 2.
    Chars,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    FrozenSet,
    ByteArray,
    /// An out-of-band buffer, or a view of a bytearray.
    Buffer,
    /// A value that is not in the input; its constant has the kind.
    Const,
    /// By names or by extension code.
    Global,
    Persid,
    Instance,
}

impl Tag {
    /// The Python type of such a value.
    #[inline]
    pub(crate) const fn kind(self) -> TagKind {
        match self {
            Self::Vacant => TagKind::Vacant,
            Self::None => TagKind::None,
            Self::False | Self::True => TagKind::Bool,
            Self::Small
            | Self::Int
            | Self::Long1
            | Self::Long4
            | Self::IntLine
            | Self::LongLine => TagKind::Int,
            Self::Float8 | Self::FloatLine => TagKind::Float,
            Self::Str1
            | Self::Str4
            | Self::Str8
            | Self::StrLine
            | Self::StrEscaped
            | Self::Surrogates
            | Self::Name
            | Self::Field
            | Self::Shared => TagKind::Str,
            Self::Chars1 | Self::Chars4 | Self::CharsLine => TagKind::Chars,
            Self::Bytes1 | Self::Bytes4 | Self::Bytes8 => TagKind::Bytes,
            Self::EmptyTuple | Self::Tuple => TagKind::Tuple,
            Self::List => TagKind::List,
            Self::Dict => TagKind::Dict,
            Self::Set => TagKind::Set,
            Self::FrozenSet => TagKind::FrozenSet,
            Self::ByteArray => TagKind::ByteArray,
            Self::Buffer | Self::View => TagKind::Buffer,
            Self::Const => TagKind::Const,
            Self::Global | Self::Ext => TagKind::Global,
            Self::Persid => TagKind::Persid,
            Self::Instance | Self::Part => TagKind::Instance,
        }
    }

    #[inline]
    pub(crate) const fn is_tuple(self) -> bool {
        matches!(self, Self::Tuple | Self::EmptyTuple)
    }

    /// Returns true if the pickle does not say what the value is: its class, a registry or a
    /// persistent id decides. It may be any object.
    #[inline]
    pub(crate) const fn is_opaque(self) -> bool {
        matches!(self, Self::Instance | Self::Global | Self::Ext | Self::Persid)
    }
}

/// One value, in eight bytes. See the head of this file for the layout.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Handle(u64);

impl Handle {
    /// A memo slot that was never filled.
    pub(crate) const VACANT: Self = Self::new(Tag::Vacant, 0, 0);

    /// The largest detail: for a length, "this long or longer".
    pub(crate) const LONG: u16 = u16::MAX;

    /// The detail of a handle whose payload is this line: its length, if that fits.
    #[inline]
    pub(crate) fn line_detail(line: &[u8]) -> u16 {
        u16::try_from(line.len()).unwrap_or(Self::LONG)
    }

    /// `offset` is below 2⁴⁰: the machine refuses longer input, and numbers have 32 bits.
    #[inline]
    pub(crate) const fn new(tag: Tag, detail: u16, offset: usize) -> Self {
        Self(tag as u64 | (detail as u64) << 8 | (offset as u64) << 24)
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    /// From bits that [`to_bits`](Self::to_bits) gave.
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The handle of an object, a shared text, a constant or a buffer.
    #[inline]
    pub(crate) const fn numbered(tag: Tag, number: u32) -> Self {
        Self::new(tag, 0, number as usize)
    }

    #[inline]
    pub(crate) const fn tag(self) -> Tag {
        // Six bits name one of 64 entries.
        TAGS[(self.0 & 63) as usize]
    }

    #[inline]
    pub(crate) const fn detail(self) -> u16 {
        (self.0 >> 8) as u16
    }

    /// The offset of the opcode in the input, for a tag with one.
    #[inline]
    pub(crate) const fn offset(self) -> usize {
        (self.0 >> 24) as usize
    }

    /// The number, for a tag that has one.
    #[inline]
    pub(crate) const fn number(self) -> u32 {
        (self.0 >> 24) as u32
    }

    #[inline]
    pub(crate) const fn is_vacant(self) -> bool {
        matches!(self.tag(), Tag::Vacant)
    }

    /// Returns true if this is the number of an object: something with contents and an identity of
    /// its own.
    #[inline]
    pub(crate) const fn is_object(self) -> bool {
        self.0 as u8 >= Tag::List as u8
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}[{}]@{}", self.tag(), self.detail(), self.offset())
    }
}
