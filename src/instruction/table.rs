//! THE table of opcodes, and everything that is derived from it.
//!
//! One line an opcode: its name, its byte, the protocol that introduced it, the kind of its
//! argument, and what it does to the stack: `1 mark => 1` takes the topmost mark, what is above it
//! and one item below, and puts one item there. The macro below turns a line such as
//! `TUPLE2 = 0x86, V2, None, 2 => 1;` into a variant `Opcode::Tuple2` whose discriminant is the
//! byte, an arm of `name`, `protocol` and the other methods, and an entry of the 256-entry table by
//! which a byte is looked up; the comment in front of it is its description. No other file names an
//! opcode's byte. `tests/opcodes.rs` compares the table with a dump of CPython's own
//! `pickletools.opcodes`, a test below the effects on the stack.

use super::{ArgumentKind, StackEffect};
use crate::protocol::Protocol;

macro_rules! opcodes {
    ($(
        #[doc = $doc:literal]
        $variant:ident $name:literal = $byte:literal, $protocol:ident, $argument:ident,
        $pops:literal $($mark:ident)? => $pushes:literal;
    )*) => {
        /// One of the 68 opcodes.
        ///
        /// The names are those of Python's `pickletools`, in Rust's spelling;
        /// [`name`](Opcode::name) and `Display` give the original.
        ///
        /// ```
        /// use serde_pickle::Protocol;
        /// use serde_pickle::opcode::Opcode;
        /// let op = Opcode::from_byte(0x86).unwrap();
        /// assert_eq!((op, op.name(), op.byte()), (Opcode::Tuple2, "TUPLE2", 0x86));
        /// assert_eq!((op.protocol(), op.argument().name()), (Protocol::V2, None));
        /// assert_eq!((op.stack_effect().pops, op.stack_effect().pushes), (2, 1));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Opcode {
            $(#[doc = $doc] $variant = $byte,)*
        }

        impl Opcode {
            /// All of them, in the order of `pickletools.opcodes`.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in `pickletools`, as in `SHORT_BINUNICODE`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The protocol that introduced it.
            #[inline]
            pub const fn protocol(self) -> Protocol {
                match self { $(Self::$variant => Protocol::$protocol,)* }
            }

            /// The argument that follows the opcode in the pickle.
            #[inline]
            pub const fn argument(self) -> ArgumentKind {
                match self { $(Self::$variant => ArgumentKind::$argument,)* }
            }

            /// Tells what the opcode does, in one sentence.
            ///
            /// ```
            /// use serde_pickle::opcode::Opcode;
            /// assert_eq!(Opcode::Dup.description(), "Pushes the top of the stack once more.");
            /// ```
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii_start(),)* }
            }

            /// The items that the opcode takes off the stack and puts there.
            #[inline]
            pub const fn stack_effect(self) -> StackEffect {
                match self {
                    $(Self::$variant => StackEffect {
                        pops: $pops,
                        to_mark: !<[&str]>::is_empty(&[$(stringify!($mark))?]),
                        pushes: $pushes,
                    },)*
                }
            }
        }

        impl std::fmt::Display for Opcode {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        /// By byte; the table that `from_byte` looks in.
        const BY_BYTE: [Option<Opcode>; 256] = {
            let mut table = [None; 256];
            $(table[$byte] = Some(Opcode::$variant);)*
            table
        };
    };
}

opcodes! {
    /// An int in decimal, or a bool as `00` or `01`.
    Int "INT" = 0x49, V0, DecimalShort, 0 => 1;
    /// A four-byte signed int.
    Binint "BININT" = 0x4a, V1, Int4, 0 => 1;
    /// A one-byte unsigned int.
    Binint1 "BININT1" = 0x4b, V1, Uint1, 0 => 1;
    /// A two-byte unsigned int.
    Binint2 "BININT2" = 0x4d, V1, Uint2, 0 => 1;
    /// An int in decimal, with or without an `L` behind it.
    Long "LONG" = 0x4c, V0, DecimalLong, 0 => 1;
    /// An int in up to 255 bytes of two's complement.
    Long1 "LONG1" = 0x8a, V2, Long1, 0 => 1;
    /// An int in up to 2³¹−1 bytes of two's complement.
    Long4 "LONG4" = 0x8b, V2, Long4, 0 => 1;
    /// An 8-bit string of Python 2, quoted and escaped.
    String "STRING" = 0x53, V0, StringLine, 0 => 1;
    /// An 8-bit string of Python 2.
    Binstring "BINSTRING" = 0x54, V1, String4, 0 => 1;
    /// An 8-bit string of Python 2, up to 255 bytes.
    ShortBinstring "SHORT_BINSTRING" = 0x55, V1, String1, 0 => 1;
    /// Bytes.
    Binbytes "BINBYTES" = 0x42, V3, Bytes4, 0 => 1;
    /// Up to 255 bytes.
    ShortBinbytes "SHORT_BINBYTES" = 0x43, V3, Bytes1, 0 => 1;
    /// Bytes, of any number.
    Binbytes8 "BINBYTES8" = 0x8e, V4, Bytes8, 0 => 1;
    /// A bytearray.
    Bytearray8 "BYTEARRAY8" = 0x96, V5, Bytearray8, 0 => 1;
    /// The next out-of-band buffer (PEP 574).
    NextBuffer "NEXT_BUFFER" = 0x97, V5, None, 0 => 1;
    /// Makes the buffer on top of the stack read-only (PEP 574).
    ReadonlyBuffer "READONLY_BUFFER" = 0x98, V5, None, 1 => 1;
    /// `None`.
    None "NONE" = 0x4e, V0, None, 0 => 1;
    /// `True`.
    Newtrue "NEWTRUE" = 0x88, V2, None, 0 => 1;
    /// `False`.
    Newfalse "NEWFALSE" = 0x89, V2, None, 0 => 1;
    /// Text in raw-unicode-escape, to the end of the line.
    Unicode "UNICODE" = 0x56, V0, UnicodeLine, 0 => 1;
    /// Text, up to 255 bytes of UTF-8.
    ShortBinunicode "SHORT_BINUNICODE" = 0x8c, V4, Unicode1, 0 => 1;
    /// Text in UTF-8.
    Binunicode "BINUNICODE" = 0x58, V1, Unicode4, 0 => 1;
    /// Text in UTF-8, of any length.
    Binunicode8 "BINUNICODE8" = 0x8d, V4, Unicode8, 0 => 1;
    /// A float in decimal.
    Float "FLOAT" = 0x46, V0, FloatLine, 0 => 1;
    /// A float in eight bytes, big-endian.
    Binfloat "BINFLOAT" = 0x47, V1, Float8, 0 => 1;
    /// An empty list.
    EmptyList "EMPTY_LIST" = 0x5d, V1, None, 0 => 1;
    /// Appends the top of the stack to the list below it.
    Append "APPEND" = 0x61, V0, None, 2 => 1;
    /// Appends everything above the mark to the list below it.
    Appends "APPENDS" = 0x65, V1, None, 1 mark => 1;
    /// A list of everything above the mark.
    List "LIST" = 0x6c, V0, None, 0 mark => 1;
    /// An empty tuple.
    EmptyTuple "EMPTY_TUPLE" = 0x29, V1, None, 0 => 1;
    /// A tuple of everything above the mark.
    Tuple "TUPLE" = 0x74, V0, None, 0 mark => 1;
    /// A tuple of the top of the stack.
    Tuple1 "TUPLE1" = 0x85, V2, None, 1 => 1;
    /// A tuple of the two topmost.
    Tuple2 "TUPLE2" = 0x86, V2, None, 2 => 1;
    /// A tuple of the three topmost.
    Tuple3 "TUPLE3" = 0x87, V2, None, 3 => 1;
    /// An empty dict.
    EmptyDict "EMPTY_DICT" = 0x7d, V1, None, 0 => 1;
    /// A dict of the keys and values above the mark.
    Dict "DICT" = 0x64, V0, None, 0 mark => 1;
    /// Sets one item of the dict below its key and value.
    Setitem "SETITEM" = 0x73, V0, None, 3 => 1;
    /// Sets the items above the mark in the dict below it.
    Setitems "SETITEMS" = 0x75, V1, None, 1 mark => 1;
    /// An empty set.
    EmptySet "EMPTY_SET" = 0x8f, V4, None, 0 => 1;
    /// Adds everything above the mark to the set below it.
    Additems "ADDITEMS" = 0x90, V4, None, 1 mark => 1;
    /// A frozenset of everything above the mark.
    Frozenset "FROZENSET" = 0x91, V4, None, 0 mark => 1;
    /// Drops the top of the stack, or the mark that lies there.
    Pop "POP" = 0x30, V0, None, 1 => 0;
    /// Pushes the top of the stack once more.
    Dup "DUP" = 0x32, V0, None, 1 => 2;
    /// Pushes a mark.
    Mark "MARK" = 0x28, V0, None, 0 => 1;
    /// Drops everything down to the mark, and the mark.
    PopMark "POP_MARK" = 0x31, V1, None, 0 mark => 0;
    /// Pushes what the memo holds under a number in decimal.
    Get "GET" = 0x67, V0, DecimalShort, 0 => 1;
    /// Pushes what the memo holds under a one-byte number.
    Binget "BINGET" = 0x68, V1, Uint1, 0 => 1;
    /// Pushes what the memo holds under a four-byte number.
    LongBinget "LONG_BINGET" = 0x6a, V1, Uint4, 0 => 1;
    /// Stores the top of the stack in the memo under a number in decimal.
    Put "PUT" = 0x70, V0, DecimalShort, 0 => 0;
    /// Stores the top of the stack in the memo under a one-byte number.
    Binput "BINPUT" = 0x71, V1, Uint1, 0 => 0;
    /// Stores the top of the stack in the memo under a four-byte number.
    LongBinput "LONG_BINPUT" = 0x72, V1, Uint4, 0 => 0;
    /// Stores the top of the stack in the memo under the number of entries it has.
    Memoize "MEMOIZE" = 0x94, V4, None, 1 => 1;
    /// A global by a one-byte extension code (PEP 307).
    Ext1 "EXT1" = 0x82, V2, Uint1, 0 => 1;
    /// A global by a two-byte extension code.
    Ext2 "EXT2" = 0x83, V2, Uint2, 0 => 1;
    /// A global by a four-byte extension code.
    Ext4 "EXT4" = 0x84, V2, Int4, 0 => 1;
    /// A global by module and name, a line each.
    Global "GLOBAL" = 0x63, V0, TwoLines, 0 => 1;
    /// A global by the module and name on the stack.
    StackGlobal "STACK_GLOBAL" = 0x93, V4, None, 2 => 1;
    /// Calls the callable below with the tuple of arguments on top.
    Reduce "REDUCE" = 0x52, V0, None, 2 => 1;
    /// Gives the state on top to the object below it.
    Build "BUILD" = 0x62, V0, None, 2 => 1;
    /// An instance of the class named by two lines, with the arguments above the mark.
    Inst "INST" = 0x69, V0, TwoLines, 0 mark => 1;
    /// An instance of the class above the mark, with the arguments above that.
    Obj "OBJ" = 0x6f, V1, None, 0 mark => 1;
    /// An instance by the class's `__new__` and a tuple of arguments.
    Newobj "NEWOBJ" = 0x81, V2, None, 2 => 1;
    /// The same with keyword arguments in a dict.
    NewobjEx "NEWOBJ_EX" = 0x92, V4, None, 3 => 1;
    /// The protocol of what follows.
    Proto "PROTO" = 0x80, V2, Uint1, 0 => 0;
    /// The end; the top of the stack is the value.
    Stop "STOP" = 0x2e, V0, None, 1 => 0;
    /// The length of the frame that begins (PEP 3154).
    Frame "FRAME" = 0x95, V4, Uint8, 0 => 0;
    /// A persistent id, to the end of the line.
    Persid "PERSID" = 0x50, V0, Line, 0 => 1;
    /// The object with the persistent id on top of the stack.
    Binpersid "BINPERSID" = 0x51, V1, None, 1 => 1;
}

impl Opcode {
    /// The opcode of a byte, if it is one.
    #[inline]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        BY_BYTE[byte as usize]
    }

    /// Its byte.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_on_the_stack_are_those_of_pickletools() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/opcodes.json");
        let authority: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for (opcode, entry) in Opcode::ALL.iter().zip(authority.as_array().unwrap()) {
            let before = entry["stack_before"].as_array().unwrap();
            let mark = before.iter().position(|item| item == "mark");
            let effect = StackEffect {
                pops: mark.unwrap_or(before.len()) as u8,
                to_mark: mark.is_some(),
                pushes: entry["stack_after"].as_array().unwrap().len() as u8,
            };
            assert_eq!(opcode.stack_effect(), effect, "{}", opcode.name());
        }
    }
}
