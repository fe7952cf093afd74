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
    at: SeqAt,
    /// The items of content in a role, each of which is a batch of its own here.
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
    pub(super) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: Option<usize>) -> Result<Self> {
        let pace = Pace::new(len);
        if dump.role.takes_items() {
            let role = Some(RoleItems::begin(dump, len)?);
            let at = SeqAt { left: 0, open: Open::No, batches: 0, pace };
            return Ok(Self { dump, at, role });
        }
        dump.argument("a sequence")?;
        dump.emit.enter();
        let (open, left) = begin(dump, len);
        let batches = usize::from(open == Open::First);
        Ok(Self { dump, at: SeqAt { left, open, batches, pace }, role: None })
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if self.role.is_none() && self.at.open == Open::First && !self.dump.hashed {
            self.dump.emit.op(Opcode::List);
            return Ok(self.dump);
        }
        self.close_otherwise()
    }

    #[inline(never)]
    fn close_otherwise(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        match self.role {
            Some(role) => role.close(self.dump)?,
            None => end_items(self.dump, self.at.open)?,
        }
        Ok(self.dump)
    }
}

/// Begins the next batch of a list.
#[inline(never)]
fn next_batch(dump: &mut Dump<dyn Sink + '_>, mut at: SeqAt) -> Result<SeqAt> {
    at.open = next_items(dump, at.open);
    at.batches += 1;
    if at.open == Open::Single {
        at.left = 1;
    } else {
        at.pace = dump.emit.make_room(at.pace, BATCH as usize);
        at.left = BATCH;
    }
    at.left -= 1;
    Ok(at)
}

/// Adds the place of an item to its error.
#[cold]
#[inline(never)]
fn in_item(error: Error, at: SeqAt, role: Option<&RoleItems>) -> Error {
    error.under_index(match (role, at.open) {
        (Some(role), _) => role.index(),
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
        if self.at.left > 0 {
            self.at.left -= 1;
        } else if let Some(role) = &mut self.role {
            if let Err(error) = role.next(self.dump) {
                return Err(error);
            }
        } else {
            match next_batch(self.dump, self.at) {
                Ok(at) => self.at = at,
                Err(error) => return Err(error),
            }
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

/// The step of an object behind a tuple.
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
            dump.boundary()?;
        }
        dump.emit.enter();
        let opcode = dump.emit.begin_tuple(len);
        Ok(Self { dump, len, written: 0, opcode, kind })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
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
        if let TupleKind::Plain = self.kind {
            return match self.dump.emit.end_tuple(self.opcode, self.len, self.written) {
                Ok(()) => Ok(self.dump),
                Err(error) => Err(error),
            };
        }
        self.close_otherwise()
    }

    #[inline(never)]
    fn close_otherwise(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
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

forward_elements! { #[cfg_attr(not(debug_assertions), inline(always))] Tuple,
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

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
        Ok(Self { dump, at: MapAt { left, open, pace: Pace::new(len) }, kind: MapKind::Dict })
    }

    /// After the instance.
    pub(super) fn state(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        dump.emit.enter();
        let outer = dump.set_hashed(false);
        Ok(Self { dump, at: MapAt::new(Open::No), kind: MapKind::State(outer) })
    }

    /// After the instance: the attributes that are in slots.
    pub(super) fn slots(dump: &'a mut Dump<dyn Sink + 'w>) -> Result<Self> {
        dump.emit.open_tuple(2)?;
        dump.emit.none()?;
        dump.emit.enter();
        let kind = MapKind::Slots(dump.set_hashed(false));
        Ok(Self { dump, at: MapAt::new(Open::No), kind })
    }

    /// After the class and its arguments.
    pub(super) fn kwargs(dump: &'a mut Dump<dyn Sink + 'w>, recipe: Recipe) -> Self {
        dump.emit.enter();
        let kind = MapKind::Kwargs(recipe, dump.set_hashed(false));
        Self { dump, at: MapAt::new(Open::No), kind }
    }

    /// After the object: entries that it stores.
    pub(super) fn items(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        dump.emit.enter();
        let kind = MapKind::Items(dump.set_hashed(false));
        Self { dump, at: MapAt::new(Open::Behind), kind }
    }

    pub(super) fn nothing(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        Self { dump, at: MapAt::new(Open::No), kind: MapKind::Nothing }
    }

    #[inline]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
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
                self.dump.close_formed_kwargs(recipe)?;
                outer
            }
            MapKind::Items(outer) => outer,
        };
        self.dump.hashed = outer;
        Ok(self.dump)
    }
}

/// Begins the next batch of a dict.
#[inline(never)]
fn next_entry_batch(dump: &mut Dump<dyn Sink + '_>, kind: MapKind, mut at: MapAt) -> Result<MapAt> {
    if kind == MapKind::Nothing {
        return Err(unwanted());
    }
    at.open = next_entries(dump, at.open);
    if at.open == Open::Single {
        at.left = 1;
    } else {
        at.pace = dump.emit.make_room(at.pace, BATCH as usize);
        at.left = BATCH;
    }
    Ok(at)
}

impl ser::SerializeMap for Map<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        if self.at.left == 0 {
            match next_entry_batch(self.dump, self.kind, self.at) {
                Ok(at) => self.at = at,
                Err(error) => return Err(error),
            }
        }
        self.at.left -= 1;
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

/// The fields of a struct: a dict, an instance's state, or the parts of an object.
pub struct Fields<'a, 'w> {
    dump: &'a mut Dump<dyn Sink + 'w>,
    next: NextField,
    end: FieldsEnd,
    /// An object as `__reduce__` describes it, or as its class's name does.
    parts: Option<Box<Progress>>,
}

/// The kind of the next field; one comparison, where it is an entry of a dict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NextField {
    /// An entry of a dict, whose mark is written.
    Entry,
    /// The same in the pickle's own value, or its state.
    EntryOnce,
    /// The first entry, where none is announced; true if it is in the pickle's own value.
    First(bool),
    /// A part of an object.
    Part,
    /// The digits of a number: a private struct of serde_json, whose field is written in its place.
    Json,
}

/// The part behind the fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldsEnd {
    Dict,
    /// It is the value of a variant's one entry.
    Variant,
    /// It is the state of the instance below it: if that must be hashable, and if it is a
    /// diversion.
    State(bool, bool),
    /// Nothing, or what the parts of an object say.
    Parts,
}

impl<'a, 'w> Fields<'a, 'w> {
    #[inline]
    pub(super) fn new(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Result<Self> {
        match dump.forbid_hashed("a dict") {
            Ok(()) => Ok(Self::entries(dump, len, FieldsEnd::Dict)),
            Err(error) => Err(error),
        }
    }

    /// After [`Dump::open_variant`].
    pub(super) fn variant(dump: &'a mut Dump<dyn Sink + 'w>, len: usize) -> Self {
        Self::entries(dump, len, FieldsEnd::Variant)
    }

    /// After the instance.
    #[inline]
    pub(super) fn state(dump: &'a mut Dump<dyn Sink + 'w>, len: usize, diverted: bool) -> Self {
        let outer = dump.set_hashed(false);
        Self::entries(dump, len, FieldsEnd::State(outer, diverted))
    }

    /// A dict of `len` entries. The mark before them is no opcode boundary.
    #[inline(always)]
    fn entries(dump: &'a mut Dump<dyn Sink + 'w>, len: usize, end: FieldsEnd) -> Self {
        let next = match (dump.emit.enter(), len) {
            (outermost, 0) => NextField::First(outermost),
            (true, _) => NextField::EntryOnce,
            (false, _) => NextField::Entry,
        };
        if len > 0 {
            dump.emit.mark();
        }
        Self { dump, next, end, parts: None }
    }

    /// A struct under a private name.
    #[cold]
    pub(super) fn reduce(dump: &'a mut Dump<dyn Sink + 'w>, name: &'static str) -> Result<Self> {
        let parts = Some(Box::new(Progress::Reduce(Reduce::new(name, dump)?)));
        Ok(Self { dump, next: NextField::Part, end: FieldsEnd::Parts, parts })
    }

    /// A struct whose class's name says how it is spelled.
    #[cold]
    pub(super) fn placed(
        dump: &'a mut Dump<dyn Sink + 'w>,
        name: &'static str,
        form: Form,
        diverted: bool,
    ) -> Result<Self> {
        let parts = Some(Box::new(Progress::Placed(Placed::new(dump, name, form, diverted)?)));
        Ok(Self { dump, next: NextField::Part, end: FieldsEnd::Parts, parts })
    }

    /// A private struct of serde_json.
    #[cold]
    pub(super) fn json(dump: &'a mut Dump<dyn Sink + 'w>) -> Self {
        Self { dump, next: NextField::Json, end: FieldsEnd::Parts, parts: None }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        if key.starts_with(FIELD) && matches!(self.end, FieldsEnd::State(..)) {
            return Err(formless(key));
        }
        if self.next == NextField::Entry {
            if let Err(error) = self.dump.emit.name(key) {
                return Err(error);
            }
        } else {
            match next_field(self.dump, self.next, self.parts.as_deref_mut(), key) {
                Ok(next) => self.next = next,
                Err(error) => return Err(error),
            }
        }
        match value.serialize(&mut *self.dump) {
            Ok(()) => match &mut self.parts {
                None => Ok(()),
                Some(parts) => end_part(parts, self.dump, key),
            },
            Err(error) => Err(in_field(error, self.next, key)),
        }
    }

    #[inline]
    fn skip(&mut self, key: &'static str) -> Result<()> {
        match &mut self.parts {
            None => Ok(()),
            Some(parts) => parts.skip(key),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn close(self) -> Result<&'a mut Dump<dyn Sink + 'w>> {
        if matches!(self.next, NextField::Entry | NextField::EntryOnce) {
            match self.end {
                FieldsEnd::Dict => {
                    self.dump.emit.op(Opcode::Dict);
                    return Ok(self.dump);
                }
                FieldsEnd::State(outer, false) => {
                    self.dump.emit.ops([Opcode::Dict, Opcode::Build]);
                    self.dump.hashed = outer;
                    return Ok(self.dump);
                }
                _ => {}
            }
        }
        close_fields(self.dump, self.next, self.end, self.parts)
    }
}

#[inline(never)]
fn close_fields<'a, 'w>(
    dump: &'a mut Dump<dyn Sink + 'w>,
    next: NextField,
    end: FieldsEnd,
    parts: Option<Box<Progress>>,
) -> Result<&'a mut Dump<dyn Sink + 'w>> {
    let open = matches!(next, NextField::Entry | NextField::EntryOnce);
    if open {
        dump.emit.op(Opcode::Dict);
    }
    match end {
        FieldsEnd::Dict | FieldsEnd::Variant => {
            if !open {
                dump.boundary()?;
                dump.emit.empty_dict()?;
            }
            if end == FieldsEnd::Variant {
                dump.close_variant();
            }
        }
        FieldsEnd::State(outer, diverted) => {
            if open {
                dump.emit.op(Opcode::Build);
            }
            dump.hashed = outer;
            divert::end(dump, diverted)?;
        }
        FieldsEnd::Parts => {
            if let Some(mut parts) = parts {
                parts.end(dump)?;
            }
        }
    }
    Ok(dump)
}

/// Writes what comes before the value of a field that is no plain entry; returns what comes next.
#[inline(never)]
fn next_field(
    dump: &mut Dump<dyn Sink + '_>,
    next: NextField,
    parts: Option<&mut Progress>,
    key: &'static str,
) -> Result<NextField> {
    match next {
        NextField::First(outermost) => {
            dump.emit.mark();
            let next = if outermost { NextField::EntryOnce } else { NextField::Entry };
            return next_field(dump, next, parts, key);
        }
        NextField::Entry => dump.emit.name(key)?,
        NextField::EntryOnce => dump.emit.name_once(key)?,
        NextField::Part => {
            if let Some(parts) = parts {
                parts.open(dump, key)?;
            }
        }
        NextField::Json if key == token::JSON_NUMBER => dump.role = Role::JsonNumber,
        NextField::Json => return Err(raw_value()),
    }
    Ok(next)
}

/// Writes what comes behind a part of an object.
#[cold]
#[inline(never)]
fn end_part(parts: &mut Progress, dump: &mut Dump<dyn Sink + '_>, key: &'static str) -> Result<()> {
    parts.after(dump, key)
}

/// Adds the name of a field to the error of its value.
#[cold]
#[inline(never)]
fn in_field(error: Error, field: NextField, key: &str) -> Error {
    if field == NextField::Json { error } else { error.under_key(key) }
}

impl ser::SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[cfg_attr(not(debug_assertions), inline(always))]
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

    #[cfg_attr(not(debug_assertions), inline(always))]
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
