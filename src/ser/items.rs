//! The items of content in a [`Role`]: of a set, of a tuple that is spliced into another, of an
//! object.

use super::compound::BATCH;
use super::dump::Dump;
use super::special::Role;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::write::Sink;

/// The progress of writing such items.
pub(super) struct RoleItems {
    role: Role,
    /// The number of items announced: up to three, or [`MANY`].
    announced: u8,
    written: usize,
    /// Items until the next mark.
    left: u32,
    /// True if the value around the items must be hashable.
    outer: bool,
    /// The memo entry of the object's `add` method, for set items below protocol 4.
    add: Option<u32>,
    /// True while an item is in a call of that.
    adding: bool,
}

/// More items than a tuple can have without a mark, or an unknown number.
const MANY: u8 = 4;

impl RoleItems {
    /// Begins the items of the content that comes next, if its role takes them; `None` for a
    /// sequence of its own.
    #[inline(never)]
    pub(super) fn of_content(
        dump: &mut Dump<dyn Sink + '_>,
        len: Option<usize>,
    ) -> Result<Option<Box<Self>>> {
        if dump.role.takes_items() {
            return Self::begin(dump, len).map(Some);
        }
        dump.argument("a sequence")?;
        Ok(None)
    }

    fn begin(dump: &mut Dump<dyn Sink + '_>, len: Option<usize>) -> Result<Box<Self>> {
        let role = std::mem::replace(&mut dump.role, Role::Plain);
        dump.boundary()?;
        dump.emit.enter();
        let outer = dump.hashed;
        let announced =
            len.and_then(|len| u8::try_from(len).ok()).map_or(MANY, |len| len.min(MANY));
        match role {
            Role::Set => {
                dump.emit.op(Opcode::EmptySet);
                dump.hashed = true;
            }
            Role::FrozenSet => {
                dump.emit.mark();
                dump.hashed = true;
            }
            Role::HashableList | Role::SetItems => dump.hashed = true,
            Role::Tuple => dump.emit.open_tuple(announced.into())?,
            Role::Splice
            | Role::ListItems
            | Role::DictItems
            | Role::Pair
            | Role::Names
            | Role::Capture => {}
            _ => return Err(Error::data(format!("expected {role}, found a sequence"))),
        }
        let (written, left) = (0, 0);
        let items = Self { role, announced, written, left, outer, add: None, adding: false };
        // An object has up to five such parts, and most follow one another.
        Ok(match dump.spare_items.take() {
            Some(mut spare) => {
                *spare = items;
                spare
            }
            None => Box::new(items),
        })
    }

    /// Writes what comes before the next item, and notes its role.
    #[inline(never)]
    pub(super) fn next(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        self.end_item(dump)?;
        if self.left == 0 {
            self.next_batch(dump)?;
        }
        self.left -= 1;
        self.written += 1;
        match self.role {
            Role::DictItems => dump.role = Role::Pair,
            Role::Capture | Role::Names => dump.role = self.role,
            Role::Pair => dump.hashed = self.written == 1,
            _ => {}
        }
        Ok(())
    }

    /// The same; gives the number of items behind that one that need nothing before them. They
    /// count as written, and those that do not come are to be told in the end.
    #[inline(never)]
    pub(super) fn next_run(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<u32> {
        self.next(dump)?;
        if self.adding
            || matches!(self.role, Role::DictItems | Role::Capture | Role::Names | Role::Pair)
        {
            return Ok(0);
        }
        self.written += self.left as usize;
        Ok(std::mem::take(&mut self.left))
    }

    /// The number of the item that was written last, without `left` that have not come.
    pub(super) fn index(&self, left: u32) -> usize {
        self.written.saturating_sub(left as usize + 1)
    }

    /// Writes what comes behind an item.
    fn end_item(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        // An item that called no method has left its role behind.
        dump.role = Role::Plain;
        if std::mem::take(&mut self.adding) { dump.emit.close_addition() } else { Ok(()) }
    }

    /// Begins the first batch, or ends one and begins the next.
    fn next_batch(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        self.left = BATCH;
        let first = self.written == 0;
        let single = takes_single(dump);
        let emit = &mut dump.emit;
        match self.role {
            Role::SetItems if !emit.has(Opcode::Additems) => {
                return self.next_addition(first, dump);
            }
            Role::HashableList if !first => {
                emit.op(match (self.written == BATCH as usize, single) {
                    (true, _) => Opcode::List,
                    (false, true) => Opcode::Append,
                    (false, false) => Opcode::Appends,
                });
                if single {
                    self.left = 1;
                    return Ok(());
                }
            }
            Role::HashableList => {}
            Role::Set | Role::SetItems if !first => emit.op(Opcode::Additems),
            // A single item needs no mark, and at protocol 0 each is one.
            Role::ListItems | Role::DictItems if single || first && self.announced == 1 => {
                if !first {
                    self.close_batch(dump);
                }
                self.left = 1;
                return Ok(());
            }
            Role::ListItems | Role::DictItems if !first => self.close_batch(dump),
            Role::Set | Role::SetItems | Role::ListItems | Role::DictItems => {}
            // Other roles take their items at once.
            _ => return Ok(()),
        }
        dump.emit.mark();
        Ok(())
    }

    /// Ends a batch of list or dict items.
    fn close_batch(&self, dump: &mut Dump<dyn Sink + '_>) {
        // The first item had no mark if it was announced as the only one.
        let single = takes_single(dump) || self.announced == 1 && self.written == 1;
        dump.emit.op(match (self.role, single) {
            (Role::ListItems, true) => Opcode::Append,
            (Role::ListItems, false) => Opcode::Appends,
            (_, true) => Opcode::Setitem,
            (_, false) => Opcode::Setitems,
        });
    }

    /// Begins the next call of `add`: before protocol 4 each item is added by one.
    fn next_addition(&mut self, first: bool, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        self.left = 1;
        let emit = &mut dump.emit;
        if first {
            let object = emit.memoize()?;
            self.add = Some(emit.bind_add(object)?);
        }
        self.adding = self.add.is_some();
        match self.add {
            Some(add) => emit.open_addition(add),
            None => Ok(()),
        }
    }

    /// Ends the items, of which `left` that count as written have not come.
    pub(super) fn close(
        mut self: Box<Self>,
        dump: &mut Dump<dyn Sink + '_>,
        left: u32,
    ) -> Result<()> {
        self.written -= left as usize;
        self.end_item(dump)?;
        let emit = &mut dump.emit;
        let some = self.written != 0;
        match self.role {
            Role::Set if some => emit.op(Opcode::Additems),
            Role::SetItems if some && self.add.is_none() => emit.op(Opcode::Additems),
            Role::FrozenSet => emit.op(Opcode::Frozenset),
            Role::HashableList if !some => emit.empty_list()?,
            Role::HashableList if self.written <= BATCH as usize => emit.op(Opcode::List),
            Role::HashableList if emit.protocol() < Opcode::Appends.protocol() => {
                emit.op(Opcode::Append);
            }
            Role::HashableList => emit.op(Opcode::Appends),
            Role::Tuple => emit.close_tuple(self.announced.into(), self.written)?,
            Role::ListItems | Role::DictItems if some => self.close_batch(dump),
            Role::Pair if self.written != 2 => {
                return Err(Error::data(format!(
                    "expected {}, found {} items",
                    self.role, self.written
                )));
            }
            _ => {}
        }
        dump.hashed = self.outer;
        dump.spare_items = Some(self);
        Ok(())
    }
}

/// Returns true if no opcode of the protocol takes a batch.
fn takes_single(dump: &Dump<dyn Sink + '_>) -> bool {
    dump.emit.protocol() < Opcode::Appends.protocol()
}
