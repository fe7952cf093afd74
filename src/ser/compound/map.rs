//! [`Map`]: a dict in batches, or what is written like one: state, slots, keyword arguments.

#![expect(
    clippy::question_mark,
    reason = "a `?` is a call and a conversion, which are compiled for each type of each user"
)]

use super::{BATCH, Open, begin};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::ser::class::ClassForm;
use crate::ser::dump::Dump;
use crate::ser::key_name::under_entry;
use crate::ser::special::Role;
use crate::ser::ways::ways;
use crate::write::{Pace, Recipe, Sink};
use serde::ser::{self, Serialize};

/// A dict, or an instance's state.
pub struct Map<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    at: MapAt,
    kind: MapKind,
}

/// The progress of a dict: handed on by value, so that it can stay in registers.
#[derive(Clone, Copy)]
struct MapAt {
    /// Entries until the next mark.
    left: u32,
    open: Open,
    pace: Pace,
}

impl MapAt {
    fn new(open: Open) -> Self {
        Self { left: 0, open, pace: Pace::new(None) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MapKind {
    Dict,
    /// The state of the instance below it: if that must be hashable.
    State(bool),
    /// The second dict of the state of the instance below it; whether that must be hashable.
    Slots(bool),
    /// The keyword arguments of the class below it.
    Kwargs(Recipe, bool),
    /// The dict items of the object below it; whether that must be hashable.
    Items(bool),
    /// Nothing is written, and no entry may come.
    Nothing,
}

impl<'a, 'w> Map<'a, 'w> {
    #[inline]
    pub(in crate::ser) fn new(
        dump: &'a mut Dump<dyn Sink + 'w>,
        len: Option<usize>,
    ) -> Result<Self> {
        match dump.role {
            Role::Plain => {}
            Role::NoKwargs => {
                dump.role = Role::Plain;
                return Ok(Self::nothing(dump));
            }
            Role::Class => {
                dump.role = Role::Plain;
                dump.form = ClassForm::Instance;
                return (ways()?.map)(dump, len);
            }
            Role::Attributes => dump.role = Role::Plain,
            Role::DictItems => {
                dump.role = Role::Plain;
                return Ok(Self::items(dump, len));
            }
            _ => dump.argument("a map")?,
        }
        dump.forbid_hashed("a dict")?;
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        Ok(Self { dump, at: MapAt { left, open, pace: Pace::new(len) }, kind: MapKind::Dict })
    }

    /// After the instance.
    pub(in crate::ser) fn state(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        dump.emit.enter();
        let outer = dump.set_hashed(false);
        Ok(Self { dump, at: MapAt::new(Open::No), kind: MapKind::State(outer) })
    }

    /// After the instance: the attributes that are in slots.
    pub(in crate::ser) fn slots(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        dump.emit.open_tuple(2)?;
        dump.emit.none()?;
        dump.emit.enter();
        let kind = MapKind::Slots(dump.set_hashed(false));
        Ok(Self { dump, at: MapAt::new(Open::No), kind })
    }

    /// After the class and its arguments.
    pub(in crate::ser) fn kwargs(dump: &'a mut Dump<dyn Sink + 'w>, recipe: Recipe) -> Self {
        dump.emit.enter();
        let kind = MapKind::Kwargs(recipe, dump.set_hashed(false));
        Self { dump, at: MapAt::new(Open::No), kind }
    }

    /// After the object: entries that it stores. A single one needs no mark.
    pub(in crate::ser) fn items(dump: &'a mut Dump<dyn Sink + 'w>, len: Option<usize>) -> Self {
        dump.emit.enter();
        let kind = MapKind::Items(dump.set_hashed(false));
        let mut at = MapAt::new(Open::Behind);
        if len == Some(1) {
            (at.open, at.left) = (Open::Single, 1);
        }
        Self { dump, at, kind }
    }

    pub(in crate::ser) fn nothing(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        Self { dump, at: MapAt::new(Open::No), kind: MapKind::Nothing }
    }

    #[inline]
    pub(in crate::ser) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if self.kind == MapKind::Dict && self.at.open == Open::First {
            self.dump.emit.op(Opcode::Dict);
            return Ok(self.dump);
        }
        self.close_otherwise()
    }

    #[inline(never)]
    fn close_otherwise(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if self.at.open == Open::No && self.kind == MapKind::Dict {
            self.dump.boundary()?;
        }
        let emit = &mut self.dump.emit;
        match self.at.open {
            Open::No => match self.kind {
                MapKind::Dict | MapKind::Slots(_) | MapKind::Kwargs(..) => emit.empty_dict()?,
                _ => {}
            },
            Open::Behind => {}
            // The one entry did not come.
            Open::Single if self.at.left > 0 => {}
            Open::First => emit.op(Opcode::Dict),
            Open::Later => emit.op(Opcode::Setitems),
            Open::Single => emit.op(Opcode::Setitem),
        }
        let outer = match self.kind {
            MapKind::Dict | MapKind::Nothing => return Ok(self.dump),
            MapKind::State(outer) => {
                if self.at.open != Open::No {
                    emit.op(Opcode::Build);
                }
                outer
            }
            MapKind::Slots(outer) => {
                emit.close_tuple(2, 2)?;
                emit.op(Opcode::Build);
                outer
            }
            MapKind::Kwargs(recipe, outer) => {
                (ways()?.close_kwargs)(self.dump, recipe)?;
                outer
            }
            MapKind::Items(outer) => outer,
        };
        self.dump.hashed = outer;
        Ok(self.dump)
    }
}

/// Begins the next batch of a dict.
#[cold]
#[inline(never)]
fn next_entry_batch(dump: &mut Dump<dyn Sink + '_>, mut at: MapAt) -> MapAt {
    at.open = next_entries(dump, at.open);
    if at.open == Open::Single {
        at.left = 1;
    } else {
        at.pace = dump.emit.make_room(at.pace, BATCH as usize);
        at.left = BATCH;
    }
    at.left -= 1;
    at
}

impl ser::SerializeMap for Map<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let (left, none) = self.at.left.overflowing_sub(1);
        self.at.left = left;
        if none {
            self.at.left = 0;
            if self.kind == MapKind::Nothing {
                return Err(unwanted());
            }
            self.at = next_entry_batch(self.dump, self.at);
        }
        self.dump.hashed = true;
        let written = key.serialize(&mut *self.dump);
        self.dump.hashed = false;
        written
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<()> {
        if let Err(error) = self.serialize_key(key) {
            return Err(error);
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(under_entry(error, key)),
        }
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self.dump)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

/// Ends one batch of a dict and begins the next.
fn next_entries(dump: &mut Dump<dyn Sink + '_>, open: Open) -> Open {
    let next = match open {
        Open::No => Open::First,
        Open::First => {
            dump.emit.op(Opcode::Dict);
            if dump.emit.protocol() < Opcode::Setitems.protocol() {
                return Open::Single;
            }
            Open::Later
        }
        Open::Behind if dump.emit.protocol() < Opcode::Setitems.protocol() => {
            return Open::Single;
        }
        Open::Behind => Open::Later,
        Open::Later => {
            dump.emit.op(Opcode::Setitems);
            Open::Later
        }
        Open::Single => {
            dump.emit.op(Opcode::Setitem);
            return Open::Single;
        }
    };
    dump.emit.mark();
    next
}

#[cold]
fn unwanted() -> Error {
    Error::data("the object has keyword arguments, and is not made with any")
}
