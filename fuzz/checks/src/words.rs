//! The names, texts and numbers that generated programs are made of.

use serde_pickle::opcode::Opcode;

/// Names that mean something to a reader, and some that do not.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("m", "C"),
    ("m", "Outer.Inner"),
    ("builtins", "set"),
    ("__builtin__", "set"),
    ("builtins", "frozenset"),
    ("__builtin__", "frozenset"),
    ("builtins", "bytearray"),
    ("__builtin__", "bytearray"),
    ("builtins", "bytes"),
    ("__builtin__", "bytes"),
    ("builtins", "complex"),
    ("builtins", "getattr"),
    ("__builtin__", "getattr"),
    ("builtins", "object"),
    ("builtins", "range"),
    ("builtins", "list"),
    ("_codecs", "encode"),
    ("copyreg", "_reconstructor"),
    ("copy_reg", "_reconstructor"),
    ("copyreg", "__newobj__"),
    ("copyreg", "__newobj_ex__"),
    ("functools", "partial"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("decimal", "Decimal"),
    ("collections", "OrderedDict"),
    ("collections", "deque"),
    ("uuid", "UUID"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("m\u{e9}", "\u{e9}"),
];

/// Texts that mean something to a reader as names, encodings or keys.
pub(crate) const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "c",
    "d",
    "e",
    "k",
    "latin1",
    "latin-1",
    "utf-8",
    "ascii",
    "x",
    "__new__",
    "Unit",
    "New",
    "Pair",
    "m",
    "C",
    "\u{e9}",
    "\u{1f600}",
    "f8",
    "<",
];

/// Lines that an opcode of protocol 0 may or may not take for a number.
pub(crate) const NUMBERS: &[&str] = &[
    "0",
    "1",
    "00",
    "01",
    "7",
    "-5",
    "+3",
    " 1",
    "1 ",
    "0x1f",
    "010",
    "1_000",
    "255",
    "256",
    "65536",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "123456789012345678901234567890",
    "1L",
    "",
    "x",
];

pub(crate) const FLOATS: &[&str] =
    &["1.5", "-0.0", "nan", "inf", "-inf", "1e16", "1e999", "0", "1", " 1", "5e-324", "x", ""];

/// The words that a generator may use.
#[derive(Clone, Copy)]
pub struct Vocabulary {
    pub(crate) names: &'static [(&'static str, &'static str)],
    pub(crate) without: &'static [Opcode],
}

impl Vocabulary {
    /// Every opcode, and names that readers know.
    pub const ALL: Self = Self { names: NAMES, without: &[] };
    /// Names that mean nothing, and no opcode that needs something from outside: registered codes,
    /// buffers, the bytes of a frame. What an unpickler with stand-ins for all classes makes of
    /// such a program, it makes of the opcodes.
    pub const PLAIN: Self = Self {
        names: &[("m", "C"), ("m", "D"), ("n", "C")],
        without: &[Opcode::Ext1, Opcode::Ext2, Opcode::Ext4, Opcode::NextBuffer, Opcode::Frame],
    };
}
