//! [`Seq`]: a list, in batches.

use super::{BATCH, Open, begin};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::ser::dump::Dump;
use crate::ser::items::RoleItems;
use crate::ser::special::Role;
use crate::ser::ways::{next_run, of_content, ways};
use crate::write::{Pace, Sink};
use serde::ser::{self, Serialize};

/// A list; a tuple where the value must be hashable.
pub struct Seq<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    at: SeqAt,
    /// The items of content in a role, whose runs are batches here.
    role: Option<Box<RoleItems>>,
}

/// The progress of a list: handed on by value, so that it can stay in registers.
#[derive(Clone, Copy)]
struct SeqAt {
    /// Items until the next mark.
    left: u32,
    open: Open,
    /// Batches so far, for the index in an error's path.
    batches: usize,
    pace: Pace,
}

impl<'a, 'w> Seq<'a, 'w> {
    #[inline]
    pub(in crate::ser) fn new(
        dump: &'a mut Dump<dyn Sink + 'w>,
        len: Option<usize>,
    ) -> Result<Self> {
        let pace = Pace::new(len);
        if dump.role != Role::Plain
            && let Some(role) = of_content(dump, len)?
        {
            let at = SeqAt { left: 0, open: Open::No, batches: 0, pace };
            return Ok(Self { dump, at, role: Some(role) });
        }
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        let batches = usize::from(open == Open::First);
        Ok(Self { dump, at: SeqAt { left, open, batches, pace }, role: None })
    }

    /// Writes what comes before an item. A debug build keeps its locals out of the frame that the
    /// item is serialized in.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(debug_assertions, inline(never))]
    fn begin_item(&mut self) -> Result<()> {
        let (left, none) = self.at.left.overflowing_sub(1);
        self.at.left = left;
        if none {
            self.at.left = 0;
            if let Some(role) = &mut self.role {
                self.at.left = next_run(role, self.dump)?;
            } else {
                self.at = next_batch(self.dump, self.at);
            }
        }
        Ok(())
    }

    #[inline]
    pub(in crate::ser) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if self.role.is_none() && self.at.open == Open::First && !self.dump.hashed {
            self.dump.emit.op(Opcode::List);
            return Ok(self.dump);
        }
        self.close_otherwise()
    }

    #[inline(never)]
    fn close_otherwise(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        match self.role {
            Some(role) => (ways()?.close_items)(role, self.dump, self.at.left)?,
            None => end_items(self.dump, self.at.open)?,
        }
        Ok(self.dump)
    }
}

/// Begins the next batch of a list.
#[cold]
#[inline(never)]
fn next_batch(dump: &mut Dump<dyn Sink + '_>, mut at: SeqAt) -> SeqAt {
    at.open = next_items(dump, at.open);
    at.batches += 1;
    if at.open == Open::Single {
        at.left = 1;
    } else {
        at.pace = dump.emit.make_room(at.pace, BATCH as usize);
        at.left = BATCH;
    }
    at.left -= 1;
    at
}

/// Adds the place of an item to its error.
#[cold]
#[inline(never)]
fn in_item(error: Error, at: SeqAt, role: Option<&RoleItems>) -> Error {
    error.under_index(match (role, at.open) {
        (Some(role), _) => role.index(at.left),
        // One batch, and single items behind it.
        (None, Open::Single) => BATCH as usize + at.batches - 2,
        (None, _) => at.batches * BATCH as usize - at.left as usize - 1,
    })
}

/// Ends a list, or a tuple in its place.
fn end_items(dump: &mut Dump<dyn Sink + '_>, open: Open) -> Result<()> {
    if open == Open::No {
        dump.boundary()?;
    }
    let emit = &mut dump.emit;
    match open {
        Open::No if dump.hashed => emit.empty_tuple()?,
        Open::No | Open::Behind => emit.empty_list()?,
        _ if dump.hashed => emit.op(Opcode::Tuple),
        Open::First => emit.op(Opcode::List),
        Open::Later => emit.op(Opcode::Appends),
        Open::Single => emit.op(Opcode::Append),
    }
    Ok(())
}

impl ser::SerializeSeq for Seq<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match self.begin_item() {
            Ok(()) => {}
            Err(error) => return Err(error),
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(in_item(error, self.at, self.role.as_deref())),
        }
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

/// Ends one batch of a list and begins the next.
fn next_items(dump: &mut Dump<dyn Sink + '_>, open: Open) -> Open {
    let next = match open {
        Open::No => Open::First,
        // A tuple cannot grow once it is made.
        _ if dump.hashed => return open,
        Open::First => {
            dump.emit.op(Opcode::List);
            if dump.emit.protocol() < Opcode::Appends.protocol() {
                return Open::Single;
            }
            Open::Later
        }
        Open::Later | Open::Behind => {
            dump.emit.op(Opcode::Appends);
            Open::Later
        }
        Open::Single => {
            dump.emit.op(Opcode::Append);
            return Open::Single;
        }
    };
    dump.emit.mark();
    next
}
