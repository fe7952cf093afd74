//! Where the values of an image begin and end.
//!
//! An image is a pickle that this crate wrote a moment ago: protocol 5, no frames, no text in the
//! memo but names. [`Outline`] runs over its opcodes once and notes the extent of each value, so
//! that equal values of two images are found by comparing bytes. What it does not expect it gives
//! up on, and the images are then compared as a whole.

use std::ops::Range;

use crate::instruction::{BATCH, Extent, Opcode};

/// The extent of a value in an image.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The number of its [`Parts`]; [`WHOLE`] if it is not looked into.
    pub(super) parts: u32,
    pub(super) role: Role,
    /// True if the other image has the same value in its place.
    pub(super) same: bool,
}

/// In [`Entry::parts`]: the value is not looked into.
pub(super) const WHOLE: u32 = u32::MAX;

/// The part that a value has in the one around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It can be left out where both images have it.
    Content,
    /// A state, parts of which can be left out.
    State,
    /// A key or an object, which stays.
    Fixed,
}

/// The values that a container is made of.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) kind: Kind,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A list: items.
    Items,
    /// A dict: keys and values in turn.
    Pairs,
    /// A tuple, or an object with what was added to it.
    Others,
}

/// A run over an image, as far as it has come.
#[derive(Clone)]
pub(super) struct Outline {
    pub(super) at: usize,
    /// The instruction before.
    last: Option<Opcode>,
    /// Values inside of the first `before` bytes, or at `behind` and later, are not looked into.
    before: usize,
    pub(super) behind: usize,
    stack: Vec<Entry>,
    /// The marks: where each stands, and how many values are below it.
    marks: Vec<(usize, usize)>,
    pub(super) parts: Vec<Parts>,
    /// The extents of what has been memoized.
    pub(super) memo: Vec<Range<usize>>,
}

impl Outline {
    /// Begins at the first byte. `before` and `behind` say which bytes the image has in common with
    /// another one.
    pub(super) fn new(before: usize, behind: usize) -> Self {
        Self {
            at: 0,
            last: None,
            before,
            behind,
            stack: Vec::with_capacity(32),
            marks: Vec::with_capacity(8),
            parts: Vec::with_capacity(8),
            memo: Vec::with_capacity(16),
        }
    }

    /// Runs up to the instruction that ends behind `until`, or to STOP. `None` where the image is
    /// not as expected.
    pub(super) fn run(&mut self, image: &[u8], until: usize) -> Option<()> {
        loop {
            let start = self.at;
            let opcode = Opcode::from_byte(*image.get(start)?)?;
            let end = end_of(image, start, opcode)?;
            if end > until || opcode == Opcode::Stop {
                return Some(());
            }
            self.step(opcode, start, end)?;
            (self.at, self.last) = (end, Some(opcode));
        }
    }

    /// The outermost value, once all has been run over.
    pub(super) fn root(&self) -> Option<Entry> {
        match self.stack[..] {
            [root] if self.marks.is_empty() => Some(root),
            _ => None,
        }
    }

    fn step(&mut self, opcode: Opcode, start: usize, end: usize) -> Option<()> {
        match opcode {
            Opcode::Proto => {}
            Opcode::EmptyList | Opcode::EmptyDict | Opcode::EmptySet => {
                self.push(start, end, WHOLE);
            }
            _ if is_scalar(opcode) => self.push(start, end, WHOLE),
            Opcode::Memoize => {
                // Names and classes alone, so that references within what is memoized end soon.
                if !matches!(
                    self.last?,
                    Opcode::ShortBinunicode | Opcode::Binunicode | Opcode::StackGlobal
                ) {
                    return None;
                }
                let top = self.stack.last_mut()?;
                self.memo.push(top.start..start);
                top.end = end;
            }
            Opcode::Mark => self.marks.push((start, self.stack.len())),
            Opcode::List => self.close_mark(end, Kind::Items, 1)?,
            Opcode::Tuple => self.close_mark(end, Kind::Others, 1)?,
            Opcode::Dict => self.close_mark(end, Kind::Pairs, 2)?,
            Opcode::Tuple1 => self.close_tuple(1, end)?,
            Opcode::Tuple2 => self.close_tuple(2, end)?,
            Opcode::Tuple3 => self.close_tuple(3, end)?,
            Opcode::Append => self.add(self.stack.len().checked_sub(1)?, end, Kind::Items)?,
            // Without a mark an entry cannot be left out.
            Opcode::Setitem => self.absorb(self.stack.len().checked_sub(3)?, end)?,
            Opcode::Build => self.add(self.stack.len().checked_sub(1)?, end, Kind::Others)?,
            Opcode::Appends => {
                let (_, from) = self.marks.pop()?;
                self.add(from, end, Kind::Items)?;
            }
            Opcode::Setitems => {
                let (_, from) = self.marks.pop()?;
                self.add(from, end, Kind::Pairs)?;
            }
            Opcode::Additems => {
                let (_, from) = self.marks.pop()?;
                self.absorb(from.checked_sub(1)?, end)?;
            }
            Opcode::Frozenset => {
                let (start, from) = self.marks.pop()?;
                self.stack.truncate(from);
                self.push(start, end, WHOLE);
            }
            Opcode::StackGlobal | Opcode::Newobj | Opcode::Reduce => {
                self.absorb(self.stack.len().checked_sub(2)?, end)?;
            }
            Opcode::NewobjEx => self.absorb(self.stack.len().checked_sub(3)?, end)?,
            _ => return None,
        }
        Some(())
    }

    fn push(&mut self, start: usize, end: usize, parts: u32) {
        self.stack.push(Entry { start, end, parts, role: Role::Content, same: false });
    }

    /// Makes one value of all from the one at `from` on.
    fn absorb(&mut self, from: usize, end: usize) -> Option<()> {
        let start = self.stack.get(from)?.start;
        self.stack.truncate(from);
        self.push(start, end, WHOLE);
        Some(())
    }

    /// Ends a container that begins at the last mark. `each`: the number of values of an entry.
    fn close_mark(&mut self, end: usize, kind: Kind, each: usize) -> Option<()> {
        let (start, from) = self.marks.pop()?;
        let len = self.stack.len().checked_sub(from)?;
        // A full batch may be followed by another one.
        if len < each * BATCH && self.is_common(start, end) {
            self.stack.truncate(from);
            self.push(start, end, WHOLE);
            return Some(());
        }
        let entries = self.stack.split_off(from);
        self.close(start, end, kind, entries)
    }

    fn close_tuple(&mut self, len: usize, end: usize) -> Option<()> {
        let from = self.stack.len().checked_sub(len)?;
        let start = self.stack.get(from)?.start;
        if self.is_common(start, end) {
            return self.absorb(from, end);
        }
        let entries = self.stack.split_off(from);
        self.close(start, end, Kind::Others, entries)
    }

    fn close(
        &mut self,
        start: usize,
        end: usize,
        kind: Kind,
        mut entries: Vec<Entry>,
    ) -> Option<()> {
        set_roles(&mut entries, kind);
        let parts = self.new_parts(kind, entries)?;
        self.push(start, end, parts);
        Some(())
    }

    fn new_parts(&mut self, kind: Kind, entries: Vec<Entry>) -> Option<u32> {
        let number = u32::try_from(self.parts.len()).ok().filter(|&number| number != WHOLE)?;
        self.parts.push(Parts { kind, entries });
        Some(number)
    }

    /// Adds the values from the one at `from` on to the one below them. `kind` is [`Kind::Others`]
    /// for a state.
    fn add(&mut self, from: usize, end: usize, kind: Kind) -> Option<()> {
        let below = from.checked_sub(1)?;
        let target = self.stack.get(below).copied()?;
        let start = target.start;
        let each = if kind == Kind::Pairs { 2 } else { 1 };
        let is_last = kind == Kind::Others || self.stack.len() - from < each * BATCH;
        if is_last && target.parts == WHOLE && self.is_common(start, end) {
            return self.absorb(below, end);
        }
        let mut added = self.stack.split_off(from);
        set_roles(&mut added, kind);
        if kind == Kind::Others {
            added.iter_mut().for_each(|state| state.role = Role::State);
        }
        let is_empty = |entry: &Entry| entry.parts == WHOLE && entry.end == entry.start + 1;
        let there = self.parts.get(target.parts as usize).map(|parts| parts.kind);
        let parts = match there {
            // More of the same.
            Some(there) if there == kind && kind != Kind::Others => {
                self.parts.get_mut(target.parts as usize)?.entries.extend(added);
                target.parts
            }
            Some(Kind::Others) if target.role == Role::Fixed => {
                self.parts.get_mut(target.parts as usize)?.entries.extend(added);
                target.parts
            }
            None if kind != Kind::Others && is_empty(&target) => self.new_parts(kind, added)?,
            _ => {
                let mut entries = vec![Entry { role: Role::Fixed, ..target }];
                entries.extend(added);
                self.new_parts(Kind::Others, entries)?
            }
        };
        // The role marks an object that more is added to, until it is part of something.
        let role = match self.parts.get(parts as usize)?.kind {
            Kind::Others => Role::Fixed,
            _ => Role::Content,
        };
        *self.stack.get_mut(below)? = Entry { start, end, parts, role, same: false };
        Some(())
    }

    fn is_common(&self, start: usize, end: usize) -> bool {
        end <= self.before || start >= self.behind
    }
}

/// Returns true for the instruction of a value that is made at once and does not change.
#[inline]
pub(super) fn is_scalar(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::None
            | Opcode::Newtrue
            | Opcode::Newfalse
            | Opcode::Binint
            | Opcode::Binint1
            | Opcode::Binint2
            | Opcode::Long1
            | Opcode::Long4
            | Opcode::Binfloat
            | Opcode::ShortBinunicode
            | Opcode::Binunicode
            | Opcode::Binunicode8
            | Opcode::ShortBinbytes
            | Opcode::Binbytes
            | Opcode::Binbytes8
            | Opcode::Bytearray8
            | Opcode::EmptyTuple
            | Opcode::Binget
            | Opcode::LongBinget
    )
}

/// The end of the instruction at `start`.
#[inline]
pub(super) fn end_of(image: &[u8], start: usize, opcode: Opcode) -> Option<usize> {
    let from = start + 1;
    let len = |width: usize| -> Option<usize> {
        let mut bytes = [0; 8];
        bytes.get_mut(..width)?.copy_from_slice(image.get(from..from + width)?);
        usize::try_from(u64::from_le_bytes(bytes)).ok()?.checked_add(width)
    };
    let argument = match opcode.argument().extent() {
        Extent::Fixed(len) => len,
        Extent::Counted(1) => 1 + usize::from(*image.get(from)?),
        Extent::Counted(width) => len(width)?,
        Extent::SignedCounted => len(4)?,
        Extent::Lines(_) => return None,
    };
    from.checked_add(argument).filter(|&end| end <= image.len())
}

/// Gives the values of a container their roles.
fn set_roles(entries: &mut [Entry], kind: Kind) {
    entries.iter_mut().for_each(|entry| entry.role = Role::Content);
    if kind == Kind::Pairs {
        entries.iter_mut().step_by(2).for_each(|key| key.role = Role::Fixed);
    }
}
