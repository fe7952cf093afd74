//! The items of content in a [`Role`]: of a set, of a tuple that is spliced into another, of an object.

use serde::ser::{self, Serialize};

use super::compound::{BATCH, Seq, Tuple};
use super::dump::Dump;
use super::special::{Role, Special};
use crate::error::{Error, Result};
use crate::opcode::Opcode;
use crate::write::Sink;

/// A sequence as content.
pub(super) enum Items<'a, S> {
    /// The argument of a class's call, a list.
    List(Seq<'a, S>),
    /// The argument of a class's call, a tuple.
    Tuple(Tuple<'a, S>),
    /// In any other role.
    Content(Content<'a, S>),
}

/// The items in a role other than a class's.
pub(super) struct Content<'a, S> {
    dump: &'a mut Dump<S>,
    role: Role,
    /// The announced length of a tuple that needs no mark for it, and of list and dict items.
    len: Option<usize>,
    written: usize,
    /// Items until the next mark.
    left: u32,
    /// Whether what surrounds the items must be hashable.
    outer: bool,
    /// The memo entry of the object's `add` method, for set items below protocol 4.
    add: Option<u32>,
}

impl<'a, S: Sink> Items<'a, S> {
    pub(super) fn new(dump: &'a mut Dump<S>, role: Role, len: Option<usize>) -> Result<Self> {
        dump.emit.boundary()?;
        let outer = dump.hashed;
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
            Role::Tuple => match len {
                Some(len) => dump.emit.open_tuple(len)?,
                None => dump.emit.mark(),
            },
            Role::Pair if len.is_some_and(|len| len != 2) => {
                return Err(Error::data(format!(
                    "expected {role}, found {} items",
                    len.unwrap_or_default()
                )));
            }
            Role::Splice | Role::ListItems | Role::DictItems | Role::Pair | Role::Capture => {}
            _ => return Err(Error::data(format!("expected {role}, found a sequence"))),
        }
        Ok(Self::Content(Content {
            dump,
            role,
            len,
            written: 0,
            left: 0,
            outer,
            add: None,
        }))
    }

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

impl<S: Sink> Content<'_, S> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.left == 0 {
            self.next_batch()?;
        }
        self.left -= 1;
        let index = self.written;
        self.written += 1;
        let content = match self.role {
            Role::DictItems => Some(Role::Pair),
            Role::Capture => Some(Role::Capture),
            Role::Pair => {
                self.dump.hashed = index == 0;
                None
            }
            _ => None,
        };
        match content {
            Some(role) => value.serialize(Special::new(self.dump, role)),
            None => value.serialize(&mut *self.dump),
        }
        .map_err(|error| error.under_index(index))?;
        if let (Role::SetItems, Some(_)) = (self.role, self.add) {
            self.dump.emit.close_tuple(1, 1)?;
            self.dump.emit.op(Opcode::Reduce);
            self.dump.emit.op(Opcode::Pop);
        }
        Ok(())
    }

    /// Begins the first batch, or ends one and begins the next.
    fn next_batch(&mut self) -> Result<()> {
        self.left = BATCH;
        let first = self.written == 0;
        let emit = &mut self.dump.emit;
        match self.role {
            Role::SetItems if emit.protocol() < Opcode::Additems.protocol() => {
                return self.next_addition(first);
            }
            Role::HashableList if !first => {
                emit.op(if self.written == BATCH as usize {
                    Opcode::List
                } else {
                    Opcode::Appends
                });
            }
            Role::HashableList => {}
            Role::Set | Role::SetItems if !first => emit.op(Opcode::Additems),
            Role::ListItems if !first => emit.op(Opcode::Appends),
            Role::DictItems if !first => emit.op(Opcode::Setitems),
            // A single item needs no mark.
            Role::ListItems | Role::DictItems if self.len == Some(1) => {
                self.left = 1;
                return Ok(());
            }
            Role::Set | Role::SetItems | Role::ListItems | Role::DictItems => {}
            // The others take their items at once.
            _ => return Ok(()),
        }
        emit.mark();
        Ok(())
    }

    /// Before protocol 4 no opcode adds to a set: each item is a call of the object's `add`, whose result is dropped.
    fn next_addition(&mut self, first: bool) -> Result<()> {
        self.left = 1;
        let emit = &mut self.dump.emit;
        if first {
            let object = emit.memoize()?;
            emit.global("builtins", "getattr")?;
            emit.open_tuple(2)?;
            emit.get(object);
            emit.interned("add")?;
            emit.close_tuple(2, 2)?;
            emit.op(Opcode::Reduce);
            self.add = Some(emit.memoize()?);
            emit.op(Opcode::Pop);
        }
        if let Some(add) = self.add {
            emit.get(add);
        }
        emit.open_tuple(1)
    }

    fn close(self) -> Result<()> {
        let emit = &mut self.dump.emit;
        let some = self.written != 0;
        let single = self.len == Some(1);
        match self.role {
            Role::Set if some => emit.op(Opcode::Additems),
            Role::SetItems if some && self.add.is_none() => emit.op(Opcode::Additems),
            Role::FrozenSet => emit.op(Opcode::Frozenset),
            Role::HashableList if !some => emit.empty_list()?,
            Role::HashableList if self.written <= BATCH as usize => emit.op(Opcode::List),
            Role::HashableList => emit.op(Opcode::Appends),
            Role::Tuple => match self.len {
                Some(len) => emit.close_tuple(len, self.written)?,
                None => emit.op(Opcode::Tuple),
            },
            Role::ListItems if some => emit.op(if single {
                Opcode::Append
            } else {
                Opcode::Appends
            }),
            Role::DictItems if some => emit.op(if single {
                Opcode::Setitem
            } else {
                Opcode::Setitems
            }),
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

impl<S: Sink> ser::SerializeSeq for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.element(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

impl<S: Sink> ser::SerializeTuple for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.element(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

impl<S: Sink> ser::SerializeTupleStruct for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.element(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

impl<S: Sink> ser::SerializeTupleVariant for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.element(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}
