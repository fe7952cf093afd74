//! serde's containers: list, tuple, dict, and the fields of a struct.
//!
//! A list or dict of one batch is written as a mark, its items, and LIST or DICT: one byte less
//! than CPython's `EMPTY_LIST MARK … APPENDS`, and CPython reads it faster (a list of three ints in
//! half the time), because it makes the list at its right size at once. CPython cannot write so
//! itself, as it memoizes the list before its items. Items beyond the first thousand follow in
//! batches, as CPython writes them, so that a reader's stack stays small; at protocol 0, which has
//! no opcode that takes a batch, one by one.
//!
//! The announced length of a container is only a hint. Where none is announced, the first opcode
//! waits for the first item; a mark without items makes the empty container too. Only a tuple of up
//! to three has to keep its length, since its opcode needs no mark.
//!
//! The opcodes here are not opcode boundaries; the items are, and so are empty containers.
//!
//! The structs here are what serde's generated code drives, and their generic methods are compiled
//! for every field of every type: each is a call of what need not know the type, and the value
//! itself.

#![expect(
    clippy::question_mark,
    reason = "a `?` is a call and a conversion, which are compiled for each type of each user"
)]

use serde::ser::{self, Serialize};

use super::class::ClassForm;
use super::divert;
use super::dump::Dump;
use super::items::RoleItems;
use super::key_name::under_entry;
use super::placed::Placed;
use super::reduce::{Progress, Reduce};
use super::special::Role;
use crate::error::{Error, Result};
use crate::forward::forward_elements;
use crate::instruction::{self, Opcode};
use crate::reduce::form::{FIELD, Form, formless};
use crate::reduce::token;
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

/// Writes the mark of a list or dict that announces items; returns the part that is open then, and
/// the number of items until the next mark. If no item comes, it is an empty container all the
/// same; but that one is not an opcode boundary, so at the end of a frame the mark waits.
#[inline(always)]
fn begin(dump: &mut Dump<dyn Sink + '_>, len: Option<usize>) -> (Open, u32) {
    if len.is_some_and(|len| len > 0) && dump.emit.has_room(1) {
        dump.emit.mark();
        (Open::First, BATCH)
    } else {
        (Open::No, 0)
    }
}

/// A list; a tuple where the value must be hashable.
pub struct Seq<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    /// Items until the next mark.
    left: u32,
    open: Open,
    /// Batches so far, for the index in an error's path.
    batches: usize,
    pace: Pace,
    /// The items of content in a role, each of which is a batch of its own here.
    role: Option<Box<RoleItems>>,
}

impl<'a, 'w> Seq<'a, 'w> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: Option<usize>) -> Result<Self> {
        let pace = Pace::new(len);
        if dump.role.takes_items() {
            let role = Some(RoleItems::begin(dump, len)?);
            return Ok(Self { dump, left: 0, open: Open::No, batches: 0, pace, role });
        }
        dump.argument("a sequence")?;
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        let batches = usize::from(open == Open::First);
        Ok(Self { dump, left, open, batches, pace, role: None })
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if let Some(role) = self.role {
            role.close(self.dump)?;
        } else if self.open == Open::First && !self.dump.hashed {
            self.dump.emit.op(Opcode::List);
        } else {
            end_items(self.dump, self.open)?;
        }
        Ok(self.dump)
    }

    /// Begins the next batch.
    fn next_batch(&mut self) -> Result<()> {
        if let Some(role) = &mut self.role {
            return role.next(self.dump);
        }
        self.open = next_items(self.dump, self.open);
        self.batches += 1;
        if self.open == Open::Single {
            self.left = 1;
        } else {
            self.pace = self.dump.emit.make_room(self.pace, BATCH as usize);
            self.left = BATCH;
        }
        self.left -= 1;
        Ok(())
    }

    #[cold]
    fn locate(&self, error: Error) -> Error {
        match &self.role {
            Some(role) => error.under_index(role.index()),
            None => in_item(error, self.open, self.batches, self.left),
        }
    }
}

/// Ends a list, or a tuple in its place.
#[inline(never)]
fn end_items(dump: &mut Dump<dyn Sink + '_>, open: Open) -> Result<()> {
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

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
        } else if let Err(error) = self.next_batch() {
            return Err(error);
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.locate(error)),
        }
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close().map(drop)
    }
}

/// Ends one batch of a list and begins the next. By value, so that the list's own state can stay in
/// registers.
#[inline(never)]
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

#[cold]
fn in_item(error: Error, open: Open, batches: usize, left: u32) -> Error {
    error.under_index(match open {
        // One batch, and single items behind it.
        Open::Single => BATCH as usize + batches - 2,
        _ => batches * BATCH as usize - left as usize - 1,
    })
}

/// A tuple, alone or within something else.
pub struct Tuple<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    len: usize,
    written: usize,
    /// The opcode that makes the tuple.
    opcode: Opcode,
    kind: TupleKind,
}

enum TupleKind {
    Plain,
    /// The value of a variant's one entry.
    Variant,
    /// The arguments of an object, or its state; whether the object must be hashable, and whether
    /// it is a diversion.
    Object(TupleEnd, bool, bool),
    /// The items of content in a role.
    Role(Box<RoleItems>),
}

/// How an object goes on behind a tuple.
#[derive(Clone, Copy)]
pub(super) enum TupleEnd {
    /// It is made.
    Args(Recipe),
    /// It gets a state.
    State,
}

impl<'a, 'w> Tuple<'a, 'w> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Result<Self> {
        if dump.role.takes_items() {
            let kind = TupleKind::Role(RoleItems::begin(dump, Some(len))?);
            return Ok(Self { dump, len, written: 0, opcode: Opcode::Tuple, kind });
        }
        dump.argument("a sequence")?;
        Self::open(dump, len, TupleKind::Plain)
    }

    /// After [`Dump::open_variant`].
    #[inline]
    pub(super) fn variant(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Result<Self> {
        Self::open(dump, len, TupleKind::Variant)
    }

    /// After the class, or the object.
    pub(super) fn of_object(
        dump: &'a mut Dump<dyn Sink + 'w>,
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
    pub(super) fn list_of_object(
        dump: &'a mut Dump<dyn Sink + 'w>,
        len: usize,
        diverted: bool,
    ) -> Self {
        let outer = dump.set_hashed(false);
        dump.emit.enter();
        dump.emit.mark();
        let kind = TupleKind::Object(TupleEnd::State, outer, diverted);
        Self { dump, len, written: 0, opcode: Opcode::List, kind }
    }

    #[inline]
    fn open(dump: &'a mut Dump<dyn Sink + 'w>, len: usize, kind: TupleKind) -> Result<Self> {
        if len == 0 {
            dump.emit.boundary()?;
        }
        dump.emit.enter();
        let opcode = dump.emit.begin_tuple(len);
        Ok(Self { dump, len, written: 0, opcode, kind })
    }

    #[inline]
    pub(super) fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.written += 1;
        if let TupleKind::Role(items) = &mut self.kind
            && let Err(error) = items.next(self.dump)
        {
            return Err(error);
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.under_index(self.written - 1)),
        }
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if let TupleKind::Role(items) = self.kind {
            items.close(self.dump)?;
            return Ok(self.dump);
        }
        match (self.opcode, &self.kind) {
            (Opcode::List, _) => self.dump.emit.op(Opcode::List),
            // The tuple has the class before the arguments, and ends with the call.
            (_, TupleKind::Object(TupleEnd::Args(Recipe::NewObjCall), ..)) => {}
            (opcode, _) => self.dump.emit.end_tuple(opcode, self.len, self.written)?,
        }
        match self.kind {
            TupleKind::Plain | TupleKind::Role(_) => {}
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

forward_elements! { #[inline] Tuple,
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// A dict, or an instance's state.
pub struct Map<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    /// Entries until the next mark.
    left: u32,
    open: Open,
    kind: MapKind,
    pace: Pace,
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
    pub(super) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: Option<usize>) -> Result<Self> {
        match dump.role {
            Role::Plain => {}
            Role::NoKwargs => {
                dump.role = Role::Plain;
                return Ok(Self::nothing(dump));
            }
            Role::Class => {
                dump.role = Role::Plain;
                dump.form = ClassForm::Instance;
                return dump.class_map();
            }
            Role::Attributes => dump.role = Role::Plain,
            Role::DictItems => {
                dump.role = Role::Plain;
                return Ok(Self::items(dump));
            }
            _ => dump.argument("a map")?,
        }
        dump.forbid_hashed("a dict")?;
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        Ok(Self { dump, left, open, kind: MapKind::Dict, pace: Pace::new(len) })
    }

    /// After the instance.
    pub(super) fn state(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
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
    pub(super) fn slots(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        dump.emit.open_tuple(2)?;
        dump.emit.none()?;
        dump.emit.enter();
        let kind = MapKind::Slots(dump.set_hashed(false));
        Ok(Self { dump, left: 0, open: Open::No, kind, pace: Pace::new(None) })
    }

    /// After the class and its arguments.
    pub(super) fn kwargs(dump: &'a mut Dump<dyn Sink + 'w>, recipe: Recipe) -> Self {
        dump.emit.enter();
        let kind = MapKind::Kwargs(recipe, dump.set_hashed(false));
        Self { dump, left: 0, open: Open::No, kind, pace: Pace::new(None) }
    }

    /// After the object: entries that it stores.
    pub(super) fn items(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        dump.emit.enter();
        let kind = MapKind::Items(dump.set_hashed(false));
        Self { dump, left: 0, open: Open::Behind, kind, pace: Pace::new(None) }
    }

    pub(super) fn nothing(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        Self { dump, left: 0, open: Open::No, kind: MapKind::Nothing, pace: Pace::new(None) }
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
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

impl Map<'_, '_> {
    /// Says that a key comes.
    #[inline]
    fn next_key(&mut self) -> Result<()> {
        if self.left == 0 {
            self.next_batch()?;
        }
        self.left -= 1;
        self.dump.hashed = true;
        Ok(())
    }

    fn next_batch(&mut self) -> Result<()> {
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
        Ok(())
    }
}

impl ser::SerializeMap for Map<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        if let Err(error) = self.next_key() {
            return Err(error);
        }
        let written = key.serialize(&mut *self.dump);
        self.dump.hashed = false;
        written
    }

    #[inline]
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
#[inline(never)]
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

/// The fields of a struct: a dict, an instance's state, or the parts of an object.
pub struct Fields<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    open: bool,
    /// True if this is the pickle's own value, or its state.
    outermost: bool,
    kind: FieldsKind,
}

enum FieldsKind {
    Dict,
    /// The value of a variant's one entry.
    Variant,
    /// The state of the instance below it: if that must be hashable, and if it is a diversion.
    State(bool, bool),
    /// An object as `__reduce__` describes it, or as its class's name does.
    Reduce(Box<Progress>),
    /// A private struct of serde_json, whose one field is written in its place.
    Json,
}

impl<'a, 'w> Fields<'a, 'w> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        dump.forbid_hashed("a dict")?;
        let outermost = dump.emit.enter();
        Ok(Self { dump, open: false, outermost, kind: FieldsKind::Dict })
    }

    /// After [`Dump::open_variant`].
    pub(super) fn variant(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        Ok(Self { dump, open: false, outermost: false, kind: FieldsKind::Variant })
    }

    /// After the instance.
    pub(super) fn state(dump: &'a mut Dump<dyn Sink + 'w>, diverted: bool) -> Result<Self> {
        let outer = dump.set_hashed(false);
        let outermost = dump.emit.enter();
        Ok(Self { dump, open: false, outermost, kind: FieldsKind::State(outer, diverted) })
    }

    /// A struct under a private name.
    #[cold]
    pub(super) fn reduce(dump: &'a mut Dump<dyn Sink + 'w>, name: &'static str) -> Result<Self> {
        let progress = Box::new(Progress::Reduce(Reduce::new(name, dump)?));
        Ok(Self { dump, open: false, outermost: false, kind: FieldsKind::Reduce(progress) })
    }

    /// A struct whose class's name says how it is spelled.
    #[cold]
    pub(super) fn placed(
        dump: &'a mut Dump<dyn Sink + 'w>,
        name: &'static str,
        form: Form,
        diverted: bool,
    ) -> Result<Self> {
        let progress = Box::new(Progress::Placed(Placed::new(dump, name, form, diverted)?));
        Ok(Self { dump, open: false, outermost: false, kind: FieldsKind::Reduce(progress) })
    }

    /// A private struct of serde_json.
    #[cold]
    pub(super) fn json(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        Self { dump, open: false, outermost: false, kind: FieldsKind::Json }
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        if let Err(error) = self.next(key) {
            return Err(error);
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) if matches!(self.kind, FieldsKind::Reduce(_)) => self.end_field(key),
            Ok(()) => Ok(()),
            Err(error) => Err(self.locate(error, key)),
        }
    }

    /// Writes what comes before the value of a field.
    #[inline(always)]
    fn next(&mut self, key: &'static str) -> Result<()> {
        if let FieldsKind::Reduce(_) | FieldsKind::Json = self.kind {
            return self.next_part(key);
        }
        if matches!(self.kind, FieldsKind::State(..)) && key.starts_with(FIELD) {
            return Err(formless(key));
        }
        if !self.open {
            self.open = true;
            self.dump.emit.mark();
        }
        if self.outermost { self.dump.emit.name_once(key) } else { self.dump.emit.name(key) }
    }

    /// The same, where it is a part of an object or the digits of a number.
    #[cold]
    fn next_part(&mut self, key: &'static str) -> Result<()> {
        match &mut self.kind {
            FieldsKind::Reduce(progress) => progress.open(self.dump, key),
            FieldsKind::Json if key == token::JSON_NUMBER => {
                self.dump.role = Role::JsonNumber;
                Ok(())
            }
            _ => Err(raw_value()),
        }
    }

    #[cold]
    fn end_field(&mut self, key: &'static str) -> Result<()> {
        match &mut self.kind {
            FieldsKind::Reduce(progress) => progress.after(self.dump, key),
            _ => Ok(()),
        }
    }

    #[cold]
    fn locate(&self, error: Error, key: &str) -> Error {
        if let FieldsKind::Json = self.kind { error } else { error.under_key(key) }
    }

    fn skip(&mut self, key: &'static str) -> Result<()> {
        match &mut self.kind {
            FieldsKind::Reduce(progress) => progress.skip(key),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
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

impl ser::SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
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

impl ser::SerializeStructVariant for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
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

/// A private struct of serde_json that is no number: it would need a parser, and no Python program
/// wants a dict with a private key.
#[cold]
fn raw_value() -> Error {
    Error::unsupported(
        "a RawValue of serde_json is JSON in a text; parse it into a serde_json::Value first",
    )
}

/// Users meet these only as the associated types of a `Serializer`, so `Debug` shows nothing of
/// them.
macro_rules! opaque {
    ($($container:ident)*) => {$(
        impl std::fmt::Debug for $container<'_, '_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($container)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(Seq Tuple Map Fields);
