//! The vocabulary: the 68 opcodes and their arguments.
//!
//! `table.rs` is the single list of opcodes; everything else is derived from it. [`instructions`]
//! takes a pickle apart into instructions without running any, as Python's `pickletools.genops`
//! does.

mod table;

pub use table::Opcode;

use std::borrow::Cow;

use num_bigint::BigInt;

/// The effect of an opcode on the stack, without regard to the items there.
///
/// Source: `stack_before` and `stack_after` in Python's `pickletools.opcodes`.
///
/// ```
/// use serde_pickle::opcode::Opcode;
///
/// let effect = Opcode::Setitems.stack_effect();
/// assert_eq!((effect.pops, effect.to_mark, effect.pushes), (1, true, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackEffect {
    /// The number of items it takes; where it takes a mark too, those below the mark.
    pub pops: u8,
    /// True if it takes the topmost mark and everything above it.
    pub to_mark: bool,
    /// The number of items it puts there; MARK puts a mark.
    pub pushes: u8,
}

/// The number of items a pickler puts between a mark and the opcode that takes them. CPython's
/// `BATCHSIZE`.
pub(crate) const BATCH: usize = 1000;

/// The extent of an argument in the pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// This many bytes.
    Fixed(usize),
    /// This many lines.
    Lines(usize),
    /// An unsigned length in this many bytes, little-endian, and a payload as long as it says.
    Counted(usize),
    /// The same with a signed length of four bytes.
    SignedCounted,
}

/// The argument that follows an opcode in the pickle.
///
/// Source: the `ArgumentDescriptor`s of Python's `pickletools`.
///
/// ```
/// use serde_pickle::opcode::{ArgumentKind, Opcode};
///
/// assert_eq!(Opcode::Binint.argument(), ArgumentKind::Int4);
/// assert_eq!(ArgumentKind::Int4.name(), Some("int4"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArgumentKind {
    /// Nothing.
    None,
    /// One byte, unsigned.
    Uint1,
    /// Two bytes, unsigned, little-endian.
    Uint2,
    /// Four bytes, signed, little-endian.
    Int4,
    /// Four bytes, unsigned, little-endian.
    Uint4,
    /// Eight bytes, unsigned, little-endian.
    Uint8,
    /// A line with a small int in decimal, or `00` or `01` for a bool.
    DecimalShort,
    /// A line with an int in decimal and an optional `L`.
    DecimalLong,
    /// A line with a float in decimal.
    FloatLine,
    /// Eight bytes, big-endian, IEEE 754.
    Float8,
    /// A line with a quoted and escaped 8-bit string.
    StringLine,
    /// A one-byte length and an 8-bit string.
    String1,
    /// A four-byte length and an 8-bit string.
    String4,
    /// A line.
    Line,
    /// Two lines.
    TwoLines,
    /// A line of text in raw-unicode-escape.
    UnicodeLine,
    /// A one-byte length and text in UTF-8.
    Unicode1,
    /// A four-byte length and text in UTF-8.
    Unicode4,
    /// An eight-byte length and text in UTF-8.
    Unicode8,
    /// A one-byte length and bytes.
    Bytes1,
    /// A four-byte length and bytes.
    Bytes4,
    /// An eight-byte length and bytes.
    Bytes8,
    /// An eight-byte length and the bytes of a bytearray.
    Bytearray8,
    /// A one-byte length and an int in little-endian two's complement.
    Long1,
    /// A four-byte signed length and an int in little-endian two's complement.
    Long4,
}

impl ArgumentKind {
    /// The extent of such an argument. Every reader and writer asks here.
    #[inline]
    pub(crate) const fn extent(self) -> Extent {
        match self {
            Self::None => Extent::Fixed(0),
            Self::Uint1 => Extent::Fixed(1),
            Self::Uint2 => Extent::Fixed(2),
            Self::Int4 | Self::Uint4 => Extent::Fixed(4),
            Self::Uint8 | Self::Float8 => Extent::Fixed(8),
            Self::DecimalShort
            | Self::DecimalLong
            | Self::FloatLine
            | Self::StringLine
            | Self::Line
            | Self::UnicodeLine => Extent::Lines(1),
            Self::TwoLines => Extent::Lines(2),
            Self::String1 | Self::Unicode1 | Self::Bytes1 | Self::Long1 => Extent::Counted(1),
            Self::String4 | Self::Unicode4 | Self::Bytes4 => Extent::Counted(4),
            Self::Long4 => Extent::SignedCounted,
            Self::Unicode8 | Self::Bytes8 | Self::Bytearray8 => Extent::Counted(8),
        }
    }

    /// The descriptor's name in `pickletools`; `None` where an opcode has no argument.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::Uint1 => "uint1",
            Self::Uint2 => "uint2",
            Self::Int4 => "int4",
            Self::Uint4 => "uint4",
            Self::Uint8 => "uint8",
            Self::DecimalShort => "decimalnl_short",
            Self::DecimalLong => "decimalnl_long",
            Self::FloatLine => "floatnl",
            Self::Float8 => "float8",
            Self::StringLine => "stringnl",
            Self::String1 => "string1",
            Self::String4 => "string4",
            Self::Line => "stringnl_noescape",
            Self::TwoLines => "stringnl_noescape_pair",
            Self::UnicodeLine => "unicodestringnl",
            Self::Unicode1 => "unicodestring1",
            Self::Unicode4 => "unicodestring4",
            Self::Unicode8 => "unicodestring8",
            Self::Bytes1 => "bytes1",
            Self::Bytes4 => "bytes4",
            Self::Bytes8 => "bytes8",
            Self::Bytearray8 => "bytearray8",
            Self::Long1 => "long1",
            Self::Long4 => "long4",
        })
    }
}

/// The argument of one instruction, decoded.
///
/// ```
/// use serde_pickle::opcode::{Argument, instructions};
///
/// let (_, _, argument) = instructions(b"cos\nsystem\n.").next().unwrap()?;
/// assert_eq!(argument, Argument::Names("os", "system"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Argument<'a> {
    /// The opcode has none.
    None,
    /// `00` or `01` under INT.
    Bool(bool),
    /// An int of a fixed width, a length, an index, or a short decimal one.
    Int(i64),
    /// An int beyond 64 bits, or an unsigned one beyond 63.
    BigInt(BigInt),
    /// A float.
    Float(f64),
    /// Text.
    Str(Cow<'a, str>),
    /// Text with lone surrogates, in UTF-8 with three bytes for each of them.
    Surrogates(Cow<'a, [u8]>),
    /// Bytes, a bytearray, an 8-bit string, or a line that is no text.
    Bytes(Cow<'a, [u8]>),
    /// Module and name.
    Names(&'a str, &'a str),
}
