//! The spelling of an instance, as its flags hold it.

use super::known::Known;
use super::store::Flags;

/// The spelling of an instance, in the low byte of its flags beside its [`Known`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Spelling {
    /// REDUCE: callable and a tuple of arguments.
    Reduce = 0,
    /// NEWOBJ: class and a tuple of arguments.
    NewObj = 1,
    /// NEWOBJ_EX: class, a tuple and a dict of arguments.
    NewObjEx = 2,
    /// INST: class and arguments, one by one.
    Inst = 3,
    /// OBJ: the same.
    Obj = 4,
}

impl Spelling {
    const BITS: u32 = 3;

    pub(crate) fn flags(self) -> Flags {
        Flags::with_low(self as u8)
    }

    pub(crate) fn of(flags: Flags) -> Self {
        match flags.low() & ((1 << Self::BITS) - 1) {
            0 => Self::Reduce,
            1 => Self::NewObj,
            2 => Self::NewObjEx,
            3 => Self::Inst,
            _ => Self::Obj,
        }
    }

    pub(crate) fn known(flags: Flags) -> Known {
        Known::from_number(flags.low() >> Self::BITS)
    }

    pub(crate) fn with_known(flags: Flags, known: Known) -> Flags {
        Flags::with_low(Self::of(flags) as u8 | (known as u8) << Self::BITS)
    }
}
