//! The items of content in a [`Role`]: of a set, of a tuple that is spliced into another, of an
//! object.

use serde::ser::{self, Serialize};

use super::compound::{BATCH, Seq, Tuple};
use super::dump::Dump;
use super::special::Role;
use crate::error::{Error, Result};
use crate::forward::forward_elements;
use crate::instruction::Opcode;
use crate::write::Sink;

/// A sequence as content.
pub(super) enum Items<'a, S> {
    /// The argument of a class's call, a list.
    List(Seq<'a, S>),
    /// The argument of a class's call, a tuple.
    Tuple(Tuple<'a, S>),
    /// In any other role.
    Content(RoleItems<'a, S>),
}

/// The items in a role other than a class's.
pub(super) struct RoleItems<'a, S> {
    dump: &'a mut Dump<S>,
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
}

/// More items than a tuple can have without a mark, or an unknown number.
const MANY: u8 = 4;

impl<'a, S: Sink> Items<'a, S> {
    pub(super) fn new(dump: &'a mut Dump<S>, role: Role, len: Option<usize>) -> Result<Self> {
        dump.emit.boundary()?;
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
            Role::Splice | Role::ListItems | Role::DictItems | Role::Pair | Role::Capture => {}
            _ => return Err(Error::data(format!("expected {role}, found a sequence"))),
        }
        Ok(Self::Content(RoleItems {
            dump,
            role,
            announced,
            written: 0,
            left: 0,
            outer,
            add: None,
        }))
    }

    #[inline(always)]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match self {
            Self::List(list) => ser::SerializeSeq::serialize_element(list, value),
            Self::Tuple(tuple) => tuple.element(value),
            Self::Content(content) => content.element(value),
        }
    }

    fn close(self) -> Result<()> {
        match self {
            Self::List(list) => list.close().map(drop),
            Self::Tuple(tuple) => tuple.close().map(drop),
            Self::Content(content) => content.close(),
        }
    }
}

impl<S: Sink> RoleItems<'_, S> {
    #[expect(
        clippy::question_mark,
        reason = "a debug build keeps the temporaries of `?` while the value is serialized"
    )]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let content = match self.before_item() {
            Ok(content) => content,
            Err(error) => return Err(error),
        };
        let result = match content {
            Some(role) => self.dump.content(role, value),
            None => value.serialize(&mut *self.dump),
        };
        self.after_item(result)
    }

    /// Returns the role of the next item; `None` for an ordinary value.
    fn before_item(&mut self) -> Result<Option<Role>> {
        if self.left == 0 {
            self.next_batch()?;
        }
        self.left -= 1;
        self.written += 1;
        Ok(match self.role {
            Role::DictItems => Some(Role::Pair),
            Role::Capture => Some(Role::Capture),
            Role::Pair => {
                self.dump.hashed = self.written == 1;
                None
            }
            _ => None,
        })
    }

    fn after_item(&mut self, result: Result<()>) -> Result<()> {
        result.map_err(|error| error.under_index(self.written - 1))?;
        if let (Role::SetItems, Some(_)) = (self.role, self.add) {
            return self.dump.emit.close_addition();
        }
        Ok(())
    }

    /// Begins the first batch, or ends one and begins the next.
    fn next_batch(&mut self) -> Result<()> {
        self.left = BATCH;
        let first = self.written == 0;
        let single = self.takes_single();
        let emit = &mut self.dump.emit;
        match self.role {
            Role::SetItems if !emit.has(Opcode::Additems) => {
                return self.next_addition(first);
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
                    self.close_batch();
                }
                self.left = 1;
                return Ok(());
            }
            Role::ListItems | Role::DictItems if !first => self.close_batch(),
            Role::Set | Role::SetItems | Role::ListItems | Role::DictItems => {}
            // Other roles take their items at once.
            _ => return Ok(()),
        }
        self.dump.emit.mark();
        Ok(())
    }

    /// Returns true if no opcode of the protocol takes a batch.
    fn takes_single(&self) -> bool {
        self.dump.emit.protocol() < Opcode::Appends.protocol()
    }

    /// Ends a batch of list or dict items.
    fn close_batch(&mut self) {
        // The first item had no mark if it was announced as the only one.
        let single = self.takes_single() || self.announced == 1 && self.written == 1;
        self.dump.emit.op(match (self.role, single) {
            (Role::ListItems, true) => Opcode::Append,
            (Role::ListItems, false) => Opcode::Appends,
            (_, true) => Opcode::Setitem,
            (_, false) => Opcode::Setitems,
        });
    }

    /// Begins the next call of `add`: before protocol 4 each item is added by one.
    fn next_addition(&mut self, first: bool) -> Result<()> {
        self.left = 1;
        let emit = &mut self.dump.emit;
        if first {
            let object = emit.memoize()?;
            self.add = Some(emit.bind_add(object)?);
        }
        match self.add {
            Some(add) => emit.open_addition(add),
            None => Ok(()),
        }
    }

    fn close(mut self) -> Result<()> {
        let emit = &mut self.dump.emit;
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
            Role::ListItems | Role::DictItems if some => self.close_batch(),
            Role::Pair if self.written != 2 => {
                return Err(Error::data(format!(
                    "expected {}, found {} items",
                    self.role, self.written
                )));
            }
            _ => {}
        }
        self.dump.hashed = self.outer;
        Ok(())
    }
}

forward_elements! { #[inline] Items,
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}
