//! An object of the store: its tag, flags and offset, and the runs of its contents.

use super::handle::{Handle, Tag};

/// No run: the end of a chain.
pub(super) const NONE: u32 = u32::MAX;

/// A value with an identity and, mostly, contents.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    /// Tag, flags and offset, packed as in a handle.
    pub(super) meta: u64,
    pub(super) start: u32,
    pub(super) len: u32,
    /// The first further run.
    pub(super) more: u32,
    /// The last further run.
    pub(super) last: u32,
}

impl Object {
    #[inline]
    pub(crate) fn tag(&self) -> Tag {
        Handle::from_bits(self.meta).tag()
    }

    #[inline]
    pub(crate) fn flags(&self) -> Flags {
        Flags(Handle::from_bits(self.meta).detail())
    }

    /// The offset in the input of the opcode that made it.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        Handle::from_bits(self.meta).offset()
    }

    pub(super) fn set_flags(&mut self, flags: Flags) {
        self.meta = Handle::new(self.tag(), flags.0, self.offset()).to_bits();
    }

    /// The start of the first run among the handles, and its length.
    pub(super) fn first_run(&self) -> (usize, usize) {
        (self.start as usize, self.len as usize)
    }

    /// The number of the first further run, which no other object has.
    #[inline]
    pub(crate) fn first_further(&self) -> Option<u32> {
        (self.more != NONE).then_some(self.more)
    }

    /// Returns true if there is anything beyond the first run.
    #[inline]
    pub(crate) fn has_more(&self) -> bool {
        self.more != NONE
    }
}

/// Sixteen bits about an object. What they mean depends on its tag.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Flags(pub(super) u16);

impl Flags {
    /// A tuple or frozenset with something unhashable in it.
    pub(crate) const UNHASHABLE: Self = Self(1 << 8);
    /// A global named while the protocol was below 3: its names may be Python 2's.
    pub(crate) const PYTHON2: Self = Self(1 << 9);
    /// A global named while the protocol was 4 or higher: dots in its name lead into classes.
    pub(crate) const DOTTED: Self = Self(1 << 10);

    /// A global that the pickle names by an extension code, which a registry had a name for.
    pub(crate) const CODED: Self = Self(1 << 12);

    /// A view of bytes that can be written to: a buffer that came as a value.
    pub(crate) const WRITABLE: Self = Self(1 << 11);

    /// Any object that the memo handed out, or that was duplicated: there may be two references to
    /// it.
    pub(crate) const FETCHED: Self = Self(1 << 15);

    /// Flags with a small number in their low byte: the spelling of an instance, or what a global
    /// is known as.
    pub(crate) const fn with_low(low: u8) -> Self {
        Self(low as u16)
    }

    pub(crate) const fn low(self) -> u8 {
        self.0 as u8
    }

    pub(crate) const fn with(self, flag: Self, on: bool) -> Self {
        Self(if on { self.0 | flag.0 } else { self.0 & !flag.0 })
    }

    pub(crate) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }
}

/// The kind of a run of handles in its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RunKind {
    /// APPEND, APPENDS.
    Items,
    /// SETITEM, SETITEMS: keys and values in turn.
    Pairs,
    /// ADDITEMS.
    Adds,
    /// BUILD: one handle.
    State,
    /// A state setter and the state: two handles.
    Setter,
    /// No handles: the number of items in a list when a set was made of it.
    Taken,
}

/// Contents that an object got later.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) kind: RunKind,
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) next: u32,
}
