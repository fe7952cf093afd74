//! The kinds of containers, by the opcodes that fill and end them.

use crate::instruction::Opcode;

/// The opcodes of a kind of container. A type for each, and not a table, so that the opcodes are
/// constants where it counts.
pub(super) trait ContainerKind: Copy {
    /// The opcode that ends a batch.
    fn batch(self) -> Opcode;
    /// The opcode that adds one item; that of a batch if there is none.
    fn one(self) -> Opcode;
    /// The opcode that makes the container of all above a mark; that of a batch if there is none.
    fn marked(self) -> Opcode;
    /// The opcode that makes a tuple of all above a mark, if a tuple is read as this kind;
    /// otherwise the same as [`marked`](Self::marked).
    fn tuple(self) -> Opcode {
        self.marked()
    }
    /// The same of a frozenset.
    fn frozen(self) -> Opcode {
        self.marked()
    }
    /// Returns true if all of these are the same but for the opcode of a batch.
    fn has_one_end(self) -> bool {
        false
    }
    /// An item that comes in rows, which are counted; the opcode of a batch if there is none.
    fn in_rows(self) -> Opcode {
        self.batch()
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum SequenceKind {
    /// A list, and with other opcodes in its place a tuple, or a frozenset of scalars.
    List,
    /// A set, which is neither filled one by one nor made above a mark.
    Set,
    /// A list of which a call makes a set.
    SetOfList,
}

impl ContainerKind for SequenceKind {
    #[inline(always)]
    fn batch(self) -> Opcode {
        match self {
            Self::List | Self::SetOfList => Opcode::Appends,
            Self::Set => Opcode::Additems,
        }
    }

    #[inline(always)]
    fn one(self) -> Opcode {
        match self {
            Self::List | Self::SetOfList => Opcode::Append,
            Self::Set => Opcode::Additems,
        }
    }

    #[inline(always)]
    fn marked(self) -> Opcode {
        match self {
            Self::List | Self::SetOfList => Opcode::List,
            Self::Set => Opcode::Additems,
        }
    }

    #[inline(always)]
    fn tuple(self) -> Opcode {
        match self {
            Self::List => Opcode::Tuple,
            Self::SetOfList => Opcode::List,
            Self::Set => Opcode::Additems,
        }
    }

    #[inline(always)]
    fn frozen(self) -> Opcode {
        match self {
            Self::List => Opcode::Frozenset,
            _ => self.marked(),
        }
    }

    #[inline(always)]
    fn in_rows(self) -> Opcode {
        match self {
            Self::List => Opcode::None,
            _ => self.batch(),
        }
    }
}

/// The keys and values of a dict.
#[derive(Clone, Copy)]
pub(super) struct DictKind;

impl ContainerKind for DictKind {
    #[inline(always)]
    fn batch(self) -> Opcode {
        Opcode::Setitems
    }

    #[inline(always)]
    fn one(self) -> Opcode {
        Opcode::Setitem
    }

    #[inline(always)]
    fn marked(self) -> Opcode {
        Opcode::Dict
    }

    #[inline(always)]
    fn has_one_end(self) -> bool {
        true
    }
}
