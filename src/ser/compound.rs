//! serde's containers: list, tuple, dict, and the fields of a struct.
//!
//! A list or dict that comes all at once is written as a mark, its items, and LIST or DICT: one
//! byte less than CPython's `EMPTY_LIST MARK … APPENDS`, and CPython reads it faster (a list of
//! three ints in half the time), because it makes the list at its right size in one go. CPython
//! cannot write so itself, as it memoizes the list before its items. Items beyond the first
//! thousand follow in batches, as CPython writes them, so that a reader's stack stays small; at
//! protocol 0, which has no opcode that takes a batch, one by one.
//!
//! A container's length is known only to have been announced. What comes is what counts: where none
//! is announced the first opcode waits for the first item, and a mark without any makes the empty
//! container too. Only a tuple of up to three must keep its word, since its opcode needs no mark.
//!
//! No opcode here is an opcode boundary of its own: the items are, and so are the empty containers.
//!
//! The structs here are what serde's generated code drives: keep the common case of an element or
//! field to one comparison and the value itself. Their methods are always inlined and hand no
//! reference to `self` on, so that a container's state lives in registers and a tuple's length is
//! known when it is compiled.

use serde::ser::{self, Serialize};

use super::dump::Dump;
use super::key_name::under_entry;
use super::placed::Placed;
use super::reduce::{Progress, Reduce};
use super::{divert, json};
use crate::error::{Error, Result};
use crate::forward::forward_elements;
use crate::instruction::{self, Opcode};
use crate::reduce::form::{FIELD, Form, formless};
use crate::write::{Pace, Recipe, Sink};

/// [`instruction::BATCH`] as counters here have it.
pub(super) const BATCH: u32 = instruction::BATCH as u32;

/// The part of a list or dict that has been opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Nothing is written.
    No,
    /// A mark, and up to [`BATCH`] items: the container itself does not exist yet.
    First,
    /// The container, a mark, and up to [`BATCH`] items.
    Later,
    /// The container and one item: protocol 0.
    Single,
    /// An object that gets entries.
    Behind,
}

/// Writes the mark of a list or dict that says it will have items; gives how much is open then, and
/// for how many. Should none come, it is an empty one all the same; but such ones are no opcode
/// boundary, so at the end of a frame the mark waits.
#[inline(always)]
fn begin<S: Sink>(dump: &mut Dump<S>, len: Option<usize>) -> (Open, u32) {
    if len.is_some_and(|len| len > 0) && dump.emit.has_room(1) {
        dump.emit.mark();
        (Open::First, BATCH)
    } else {
        (Open::No, 0)
    }
}

/// A list; a tuple where the value must be hashable.
pub struct Seq<'a, S> {
    dump: &'a mut Dump<S>,
    /// Items until the next mark.
    left: u32,
    open: Open,
    /// Batches so far, for the index in an error's path.
    batches: usize,
    pace: Pace,
}

impl<'a, S: Sink> Seq<'a, S> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<S>, len: Option<usize>) -> Result<Self> {
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        Ok(Self {
            dump,
            left,
            open,
            batches: usize::from(open == Open::First),
            pace: Pace::new(len),
        })
    }

    /// The end of most lists takes no call.
    #[inline(always)]
    pub(super) fn close(self) -> Result<&'a mut Dump<S>> {
        if self.open == Open::First && !self.dump.hashed {
            self.dump.emit.op(Opcode::List);
        } else {
            end_items(self.dump, self.open)?;
        }
        Ok(self.dump)
    }
}

/// Ends a list, or a tuple in its place.
#[inline(never)]
fn end_items<S: Sink>(dump: &mut Dump<S>, open: Open) -> Result<()> {
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

impl<S: Sink> ser::SerializeSeq for Seq<'_, S> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.left == 0 {
            self.open = next_items(self.dump, self.open);
            self.batches += 1;
            if self.open == Open::Single {
                self.left = 1;
            } else {
                self.pace = self.dump.emit.make_room(self.pace, BATCH as usize);
                self.left = BATCH;
            }
        }
        self.left -= 1;
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(in_item(error, self.open, self.batches, self.left)),
        }
    }

    #[inline(always)]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

/// Ends one batch of a list and begins the next. By value, so that the list's own state can stay in
/// registers.
#[inline(never)]
fn next_items<S: Sink>(dump: &mut Dump<S>, open: Open) -> Open {
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

#[cold]
fn in_item(error: Error, open: Open, batches: usize, left: u32) -> Error {
    error.under_index(match open {
        // One batch, and single items behind it.
        Open::Single => BATCH as usize + batches - 2,
        _ => batches * BATCH as usize - left as usize - 1,
    })
}

/// A tuple, and what has one in it.
pub struct Tuple<'a, S> {
    dump: &'a mut Dump<S>,
    len: usize,
    written: usize,
    /// The opcode that makes the tuple.
    opcode: Opcode,
    kind: TupleKind,
}

#[derive(Clone, Copy)]
enum TupleKind {
    Plain,
    /// The value of a variant's one entry.
    Variant,
    /// The arguments of an object, or its state; whether the object must be hashable, and whether
    /// it is a diversion.
    Object(TupleEnd, bool, bool),
}

/// How an object goes on behind a tuple.
#[derive(Clone, Copy)]
pub(super) enum TupleEnd {
    /// It is made.
    Args(Recipe),
    /// It gets a state.
    State,
}

impl<'a, S: Sink> Tuple<'a, S> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<S>, len: usize) -> Result<Self> {
        Self::open(dump, len, TupleKind::Plain)
    }

    /// After [`Dump::open_variant`].
    #[inline]
    pub(super) fn variant(dump: &'a mut Dump<S>, len: usize) -> Result<Self> {
        Self::open(dump, len, TupleKind::Variant)
    }

    /// After the class, or the object.
    pub(super) fn of_object(
        dump: &'a mut Dump<S>,
        len: usize,
        end: TupleEnd,
        diverted: bool,
    ) -> Result<Self> {
        let outer = dump.set_hashed(false);
        let kind = TupleKind::Object(end, outer, diverted);
        match end {
            TupleEnd::Args(Recipe::NewObjCall) => {
                dump.emit.enter();
                Ok(Self { dump, len, written: 0, opcode: Opcode::Tuple, kind })
            }
            _ => Self::open(dump, len, kind),
        }
    }

    /// A list in the place of the tuple, after the object.
    pub(super) fn list_of_object(dump: &'a mut Dump<S>, len: usize, diverted: bool) -> Self {
        let outer = dump.set_hashed(false);
        dump.emit.enter();
        dump.emit.mark();
        let kind = TupleKind::Object(TupleEnd::State, outer, diverted);
        Self { dump, len, written: 0, opcode: Opcode::List, kind }
    }

    #[inline]
    fn open(dump: &'a mut Dump<S>, len: usize, kind: TupleKind) -> Result<Self> {
        if len == 0 {
            dump.emit.boundary()?;
        }
        dump.emit.enter();
        let opcode = dump.emit.begin_tuple(len);
        Ok(Self { dump, len, written: 0, opcode, kind })
    }

    #[inline(always)]
    pub(super) fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.written += 1;
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.under_index(self.written - 1)),
        }
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<S>> {
        match self.opcode {
            // As the last part of an instruction that takes more.
            Opcode::List => self.dump.emit.op(Opcode::List),
            _ if matches!(self.kind, TupleKind::Object(TupleEnd::Args(Recipe::NewObjCall), ..)) => {
            }
            opcode => self.dump.emit.end_tuple(opcode, self.len, self.written)?,
        }
        match self.kind {
            TupleKind::Plain => {}
            TupleKind::Variant => self.dump.close_variant(),
            TupleKind::Object(end, outer, diverted) => {
                match end {
                    TupleEnd::Args(recipe) => _ = self.dump.close_formed_args(recipe),
                    TupleEnd::State => self.dump.emit.op(Opcode::Build),
                }
                self.dump.hashed = outer;
                divert::end(self.dump, diverted)?;
            }
        }
        Ok(self.dump)
    }
}

forward_elements! { #[inline(always)] Tuple,
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// A dict, or an instance's state.
pub struct Map<'a, S> {
    dump: &'a mut Dump<S>,
    /// Entries until the next mark.
    left: u32,
    open: Open,
    kind: MapKind,
    pace: Pace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MapKind {
    Dict,
    /// The state of the instance below it; whether that must be hashable.
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

impl<'a, S: Sink> Map<'a, S> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<S>, len: Option<usize>) -> Result<Self> {
        dump.forbid_hashed("a dict")?;
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        Ok(Self { dump, left, open, kind: MapKind::Dict, pace: Pace::new(len) })
    }

    /// After the instance.
    pub(super) fn state(dump: &'a mut Dump<S>) -> Result<Self> {
        dump.emit.enter();
        let outer = dump.set_hashed(false);
        Ok(Self {
            dump,
            left: 0,
            open: Open::No,
            kind: MapKind::State(outer),
            pace: Pace::new(None),
        })
    }

    /// After the instance: the attributes that are in slots.
    pub(super) fn slots(dump: &'a mut Dump<S>) -> Result<Self> {
        dump.emit.open_tuple(2)?;
        dump.emit.none()?;
        dump.emit.enter();
        let kind = MapKind::Slots(dump.set_hashed(false));
        Ok(Self { dump, left: 0, open: Open::No, kind, pace: Pace::new(None) })
    }

    /// After the class and its arguments.
    pub(super) fn kwargs(dump: &'a mut Dump<S>, recipe: Recipe) -> Self {
        dump.emit.enter();
        let kind = MapKind::Kwargs(recipe, dump.set_hashed(false));
        Self { dump, left: 0, open: Open::No, kind, pace: Pace::new(None) }
    }

    /// After the object: entries that it stores.
    pub(super) fn items(dump: &'a mut Dump<S>) -> Self {
        dump.emit.enter();
        let kind = MapKind::Items(dump.set_hashed(false));
        Self { dump, left: 0, open: Open::Behind, kind, pace: Pace::new(None) }
    }

    pub(super) fn nothing(dump: &'a mut Dump<S>) -> Self {
        Self { dump, left: 0, open: Open::No, kind: MapKind::Nothing, pace: Pace::new(None) }
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<S>> {
        let emit = &mut self.dump.emit;
        match self.open {
            Open::No => match self.kind {
                MapKind::Dict | MapKind::Slots(_) | MapKind::Kwargs(..) => emit.empty_dict()?,
                _ => {}
            },
            Open::Behind => {}
            Open::First => emit.op(Opcode::Dict),
            Open::Later => emit.op(Opcode::Setitems),
            Open::Single => emit.op(Opcode::Setitem),
        }
        let outer = match self.kind {
            MapKind::Dict | MapKind::Nothing => return Ok(self.dump),
            MapKind::State(outer) => {
                if self.open != Open::No {
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
                self.dump.close_formed_kwargs(recipe)?;
                outer
            }
            MapKind::Items(outer) => outer,
        };
        self.dump.hashed = outer;
        Ok(self.dump)
    }
}

impl<S: Sink> ser::SerializeMap for Map<'_, S> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        if self.left == 0 {
            if self.kind == MapKind::Nothing {
                return Err(unwanted());
            }
            self.open = next_entries(self.dump, self.open);
            if self.open == Open::Single {
                self.left = 1;
            } else {
                self.pace = self.dump.emit.make_room(self.pace, BATCH as usize);
                self.left = BATCH;
            }
        }
        self.left -= 1;
        self.dump.hashed = true;
        key.serialize(&mut *self.dump)?;
        self.dump.hashed = false;
        Ok(())
    }

    #[inline(always)]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<()> {
        self.serialize_key(key)?;
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(under_entry(error, key)),
        }
    }

    #[inline(always)]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self.dump)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

/// Ends one batch of a dict and begins the next.
#[inline(never)]
fn next_entries<S: Sink>(dump: &mut Dump<S>, open: Open) -> Open {
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
    Error::data("keyword arguments for an object that is not made with any")
}

/// The fields of a struct: a dict, an instance's state, or the parts of an object.
pub struct Fields<'a, S> {
    dump: &'a mut Dump<S>,
    open: bool,
    /// True if this is the pickle's own value, or its state.
    outermost: bool,
    kind: FieldsKind,
}

enum FieldsKind {
    Dict,
    /// The value of a variant's one entry.
    Variant,
    /// The state of the instance below it; whether that must be hashable, and whether it is a
    /// diversion.
    State(bool, bool),
    /// An object as `__reduce__` describes it, or as its class's name does.
    Reduce(Box<Progress>),
    /// A private struct of serde_json, whose one field is written in its place.
    Json,
}

impl<'a, S: Sink> Fields<'a, S> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<S>) -> Result<Self> {
        dump.forbid_hashed("a dict")?;
        let outermost = dump.emit.enter();
        Ok(Self { dump, open: false, outermost, kind: FieldsKind::Dict })
    }

    /// After [`Dump::open_variant`].
    #[inline]
    pub(super) fn variant(dump: &'a mut Dump<S>) -> Result<Self> {
        Ok(Self { dump, open: false, outermost: false, kind: FieldsKind::Variant })
    }

    /// After the instance.
    pub(super) fn state(dump: &'a mut Dump<S>, diverted: bool) -> Result<Self> {
        let outer = dump.set_hashed(false);
        let outermost = dump.emit.enter();
        Ok(Self { dump, open: false, outermost, kind: FieldsKind::State(outer, diverted) })
    }

    /// A struct under a private name.
    #[cold]
    pub(super) fn reduce(dump: &'a mut Dump<S>, name: &'static str) -> Result<Self> {
        let progress = Box::new(Progress::Reduce(Reduce::new(name, dump)?));
        Ok(Self { dump, open: false, outermost: false, kind: FieldsKind::Reduce(progress) })
    }

    /// A struct whose class's name says how it is spelled.
    #[cold]
    pub(super) fn placed(
        dump: &'a mut Dump<S>,
        name: &'static str,
        form: Form,
        diverted: bool,
    ) -> Result<Self> {
        let progress = Box::new(Progress::Placed(Placed::new(dump, name, form, diverted)?));
        Ok(Self { dump, open: false, outermost: false, kind: FieldsKind::Reduce(progress) })
    }

    /// A private struct of serde_json.
    #[cold]
    pub(super) fn json(dump: &'a mut Dump<S>) -> Self {
        Self { dump, open: false, outermost: false, kind: FieldsKind::Json }
    }

    #[inline(always)]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        match &mut self.kind {
            FieldsKind::Reduce(progress) => return progress.field(self.dump, key, value),
            FieldsKind::Json => return json::field(self.dump, key, value),
            FieldsKind::State(..) if key.starts_with(FIELD) => return Err(formless(key)),
            _ => {}
        }
        if !self.open {
            self.open = true;
            self.dump.emit.mark();
        }
        let named =
            if self.outermost { self.dump.emit.name_once(key) } else { self.dump.emit.name(key) };
        match named {
            Ok(()) => {}
            Err(error) => return Err(error),
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.under_key(key)),
        }
    }

    #[inline]
    fn skip(&mut self, key: &'static str) -> Result<()> {
        match &mut self.kind {
            FieldsKind::Reduce(progress) => progress.skip(key),
            _ => Ok(()),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn close(self) -> Result<&'a mut Dump<S>> {
        let emit = &mut self.dump.emit;
        if self.open {
            emit.op(Opcode::Dict);
        }
        match self.kind {
            FieldsKind::Dict if self.open => {}
            FieldsKind::Dict => emit.empty_dict()?,
            FieldsKind::Variant => {
                if !self.open {
                    emit.empty_dict()?;
                }
                self.dump.close_variant();
            }
            FieldsKind::State(outer, diverted) => {
                if self.open {
                    emit.op(Opcode::Build);
                }
                self.dump.hashed = outer;
                divert::end(self.dump, diverted)?;
            }
            FieldsKind::Reduce(mut progress) => progress.end(self.dump)?,
            FieldsKind::Json => {}
        }
        Ok(self.dump)
    }
}

impl<S: Sink> ser::SerializeStruct for Fields<'_, S> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        self.field(key, value)
    }

    #[inline]
    fn skip_field(&mut self, key: &'static str) -> Result<()> {
        self.skip(key)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

impl<S: Sink> ser::SerializeStructVariant for Fields<'_, S> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        self.field(key, value)
    }

    #[inline]
    fn skip_field(&mut self, key: &'static str) -> Result<()> {
        self.skip(key)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

/// Users meet these as the associated types of a `Serializer`; there is nothing to see in them.
macro_rules! opaque {
    ($($container:ident)*) => {$(
        impl<S> std::fmt::Debug for $container<'_, S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($container)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(Seq Tuple Map Fields);
