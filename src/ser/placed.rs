//! Objects of a class whose name says how they are spelled.
//!
//! A pickle has the parts of an object in one order: arguments, keyword arguments, items, state. So
//! fields are written as they come, each part is opened by its first field and closed by the first
//! of the next, and a field that comes too late is an error.

use super::divert;
use super::dump::Dump;
use super::newtype::Opening;
use super::special::Role;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::How;
use crate::reduce::Name;
use crate::reduce::form::{FieldPlace, Form, Made, ObjectPart, keywords, occupied, out_of_order};
use crate::write::{Checkpoint, Recipe, Sink};

/// The progress of writing the fields of a struct.
pub(super) struct Placed {
    /// The part of fields that give none.
    place: ObjectPart,
    recipe: Recipe,
    phase: Phase,
    /// The part that is open.
    open: Option<Part>,
    /// The first dict of a state of two has been written.
    dict: bool,
    /// The last part that has been written.
    order: u8,
    /// The part in which a field without a name was left out, so that none may follow there.
    skipped: Option<ObjectPart>,
    outer: bool,
    diverted: bool,
}

/// The parts of an object that have been written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The class.
    Args,
    /// The arguments as well; keyword arguments come next.
    Kwargs,
    /// All by which it is made.
    Made,
}

/// A part that has been begun.
#[derive(Clone, Copy)]
struct Part {
    place: ObjectPart,
    /// True where one field is all of it.
    whole: bool,
    state: Option<Checkpoint>,
}

impl Placed {
    pub(super) fn new(
        dump: &mut Dump<dyn Sink + '_>,
        name: &'static str,
        form: Form,
        diverted: bool,
    ) -> Result<Self> {
        let place = form.fields()?;
        dump.boundary()?;
        dump.emit.enter();
        let outer = dump.set_hashed(false);
        let recipe = dump.open_formed(name, form.made_or(Made::New), place)?;
        Ok(Self {
            place,
            recipe,
            phase: Phase::Args,
            open: None,
            dict: false,
            order: 0,
            skipped: None,
            outer,
            diverted,
        })
    }

    /// Writes the opcodes before a field's value. Returns the role in which that is serialized;
    /// `None` for a value of its own.
    pub(super) fn before(
        &mut self,
        dump: &mut Dump<dyn Sink + '_>,
        field: &'static str,
    ) -> Result<Option<Role>> {
        let (place, name) = match FieldPlace::of(field)? {
            Some(FieldPlace { place, name }) => (place, name),
            None => (self.place, Some(field)),
        };
        if place.order() < self.order {
            return Err(out_of_order(field));
        }
        let whole = name.is_none();
        match self.open {
            Some(open) if open.place == place && !open.whole && !whole => {}
            Some(open) if open.place.order() == place.order() => {
                return Err(occupied(field));
            }
            _ => self.next_part(dump, Some(place), whole)?,
        }
        self.order = place.order();
        let named = match place {
            ObjectPart::Dict | ObjectPart::Slots | ObjectPart::Kwargs | ObjectPart::DictItems => {
                name
            }
            _ => None,
        };
        if let Some(name) = named {
            dump.emit.name(name)?;
        } else if self.skipped == Some(place) {
            return Err(skipped(field));
        }
        Ok(match (place, whole) {
            (ObjectPart::Args, true) if is_spliced(self.recipe) => Some(Role::Splice),
            (ObjectPart::Args, true) => Some(Role::Tuple),
            (ObjectPart::Kwargs, true) => Some(Role::Attributes),
            (ObjectPart::ListItems, _) => Some(Role::ListItems),
            (ObjectPart::SetItems, _) => Some(Role::SetItems),
            (ObjectPart::DictItems, true) => Some(Role::DictItems),
            _ => None,
        })
    }

    /// Writes the opcodes after a field's value.
    pub(super) fn after(&mut self, dump: &mut Dump<dyn Sink + '_>) {
        let single =
            matches!(self.open, Some(Part { place: ObjectPart::DictItems, whole: false, .. }));
        if single && dump.emit.protocol() == Protocol::V0 {
            dump.emit.op(Opcode::Setitem);
        }
    }

    /// A field is left out.
    pub(super) fn skip(&mut self, field: &'static str) -> Result<()> {
        let place = FieldPlace::of(field)?.map_or(self.place, |place| place.place);
        if matches!(place, ObjectPart::Args | ObjectPart::List | ObjectPart::Tuple) {
            self.skipped = Some(place);
        }
        Ok(())
    }

    pub(super) fn end(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        self.next_part(dump, None, false)?;
        dump.hashed = self.outer;
        divert::end(dump, self.diverted)
    }

    /// Closes the part that is open and opens the next one.
    fn next_part(
        &mut self,
        dump: &mut Dump<dyn Sink + '_>,
        place: Option<ObjectPart>,
        whole: bool,
    ) -> Result<()> {
        if let Some(part) = self.open.take() {
            self.close(dump, part, place)?;
        }
        let Some(place) = place else { return self.make(dump) };
        match place {
            ObjectPart::Args => {
                if !whole && !is_spliced(self.recipe) {
                    dump.emit.mark();
                }
            }
            _ => self.open_behind(dump, place, whole)?,
        }
        let state = match place {
            ObjectPart::State => {
                dump.boundary()?;
                Some(dump.emit.checkpoint()?)
            }
            _ => None,
        };
        self.open = Some(Part { place, whole, state });
        Ok(())
    }

    /// Opens a part behind the arguments.
    fn open_behind(
        &mut self,
        dump: &mut Dump<dyn Sink + '_>,
        place: ObjectPart,
        whole: bool,
    ) -> Result<()> {
        if place == ObjectPart::Kwargs {
            if !matches!(self.recipe, Recipe::NewObjEx | Recipe::NewObjPartial) {
                return Err(keywords());
            }
            self.end_args(dump)?;
            if !whole {
                dump.emit.mark();
            }
            return Ok(());
        }
        self.make(dump)?;
        match place {
            ObjectPart::Slots if !self.dict => {
                dump.emit.open_tuple(2)?;
                dump.emit.none()?;
                dump.emit.mark();
            }
            ObjectPart::DictItems if !whole && dump.emit.protocol() > Protocol::V0 => {
                dump.emit.mark();
            }
            ObjectPart::Dict | ObjectPart::Slots | ObjectPart::List | ObjectPart::Tuple => {
                dump.emit.mark();
            }
            _ => {}
        }
        Ok(())
    }

    fn close(
        &mut self,
        dump: &mut Dump<dyn Sink + '_>,
        part: Part,
        next: Option<ObjectPart>,
    ) -> Result<()> {
        let emit = &mut dump.emit;
        match part.place {
            ObjectPart::Args => {
                if !part.whole && !is_spliced(self.recipe) {
                    emit.op(Opcode::Tuple);
                }
                self.close_args(dump);
            }
            ObjectPart::Kwargs => {
                if !part.whole {
                    emit.op(Opcode::Dict);
                }
                self.end_kwargs(dump)?;
            }
            ObjectPart::DictItems if !part.whole && emit.protocol() > Protocol::V0 => {
                emit.op(Opcode::Setitems);
            }
            ObjectPart::Dict => {
                emit.op(Opcode::Dict);
                if next == Some(ObjectPart::Slots) {
                    self.dict = true;
                    if emit.protocol() < Opcode::Tuple2.protocol() {
                        // Only behind a mark can two values become a tuple.
                        let dict = emit.memoize()?;
                        emit.op(Opcode::Pop);
                        emit.mark();
                        emit.get(dict);
                    }
                } else {
                    emit.op(Opcode::Build);
                }
            }
            ObjectPart::Slots => {
                emit.op(Opcode::Dict);
                emit.close_tuple(2, 2)?;
                emit.op(Opcode::Build);
            }
            ObjectPart::List => {
                emit.op(Opcode::List);
                emit.op(Opcode::Build);
            }
            ObjectPart::Tuple => {
                emit.op(Opcode::Tuple);
                emit.op(Opcode::Build);
            }
            ObjectPart::State
                if part.state.is_none_or(|checkpoint| !emit.take_back_none(checkpoint)) =>
            {
                emit.op(Opcode::Build);
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes the object, if that has not been done: without the arguments that did not come.
    fn make(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        self.end_args(dump)?;
        if self.phase == Phase::Kwargs {
            dump.emit.empty_dict()?;
            self.end_kwargs(dump)?;
        }
        Ok(())
    }

    /// Ends the arguments where none came.
    fn end_args(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        if self.phase != Phase::Args {
            return Ok(());
        }
        if !is_spliced(self.recipe) {
            dump.emit.empty_tuple()?;
        }
        self.close_args(dump);
        Ok(())
    }

    fn close_args(&mut self, dump: &mut Dump<dyn Sink + '_>) {
        self.phase = dump.close_formed_args(self.recipe);
    }

    fn end_kwargs(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        self.phase = Phase::Made;
        dump.close_formed_kwargs(self.recipe)
    }
}

/// Returns true if the arguments stand in a tuple with the class before them.
fn is_spliced(recipe: Recipe) -> bool {
    matches!(recipe, Recipe::NewObjCall | Recipe::NewObjPartial)
}

#[cold]
fn skipped(field: &str) -> Error {
    Error::unsupported(format!(
        "a field before `{field}` was left out, and these fields are told by their order"
    ))
}

impl Dump<dyn Sink + '_> {
    /// The spelling that a class's name asks for; `None` for the one that most have.
    #[inline]
    pub(super) fn form_of(&mut self, name: &'static str) -> Result<Option<Form>> {
        match self.classes.get(name) {
            Ok(class) => Ok(class.form),
            Err(error) => Err(error),
        }
    }

    /// Begins an object of a class, up to its arguments.
    pub(super) fn open_formed(
        &mut self,
        name: &'static str,
        made: Made,
        place: ObjectPart,
    ) -> Result<Recipe> {
        let how = match (made, place) {
            (Made::Call, _) => How::Call,
            (_, ObjectPart::Kwargs) => How::NewObjEx,
            _ => How::NewObj,
        };
        let recipe = self.emit.recipe(how);
        match recipe {
            Recipe::NewObjCall => self.emit.open_newobj_call()?,
            Recipe::NewObjPartial => self.emit.open_partial()?,
            _ => {}
        }
        let Name { module, qualname } = self.classes.get(name)?.first;
        self.emit.class(name, || Ok((module, qualname)))?;
        if recipe == Recipe::NewObjPartial {
            let class = self.emit.memoize()?;
            self.emit.open_partial_args(class)?;
        }
        Ok(recipe)
    }

    /// Ends the arguments, behind them.
    pub(super) fn close_formed_args(&mut self, recipe: Recipe) -> Phase {
        match recipe {
            Recipe::Reduce => self.emit.op(Opcode::Reduce),
            Recipe::NewObj => self.emit.op(Opcode::Newobj),
            Recipe::NewObjCall => self.emit.close_newobj_call(),
            Recipe::NewObjPartial => self.emit.close_partial_args(),
            _ => {}
        }
        match recipe {
            Recipe::NewObjEx | Recipe::NewObjPartial => Phase::Kwargs,
            _ => Phase::Made,
        }
    }

    /// Ends the keyword arguments, behind them.
    pub(super) fn close_formed_kwargs(&mut self, recipe: Recipe) -> Result<()> {
        match recipe {
            Recipe::NewObjPartial => self.emit.close_partial(),
            _ => {
                self.emit.op(Opcode::NewobjEx);
                Ok(())
            }
        }
    }

    /// An object of a class without arguments; of keyword arguments, those come next.
    pub(super) fn bare_formed(
        &mut self,
        name: &'static str,
        made: Made,
        place: ObjectPart,
    ) -> Result<Recipe> {
        let recipe = self.open_formed(name, made, place)?;
        if !is_spliced(recipe) {
            self.emit.empty_tuple()?;
        }
        self.close_formed_args(recipe);
        Ok(recipe)
    }

    /// A unit struct: the class itself, or by its form an object without content.
    pub(super) fn class_unit(&mut self, name: &'static str) -> Result<()> {
        match self.form_of(name)? {
            None => self.class_global(name),
            Some(Form { made, place: ObjectPart::Default, .. }) if made != Made::Default => {
                self.bare_formed(name, made, ObjectPart::Default).map(drop)
            }
            Some(_) => Err(unfit(name, "a unit struct")),
        }
    }

    /// Begins a newtype whose form says in which part of the object its content is.
    pub(super) fn open_formed_newtype(
        &mut self,
        name: &'static str,
        form: Form,
        diverted: bool,
    ) -> Result<Opening> {
        let outer = self.set_hashed(false);
        let made = form.made_or(Made::New);
        let recipe = match form.place {
            ObjectPart::Args => self.open_formed_arg(name, made)?,
            _ => self.bare_formed(name, made, form.place)?,
        };
        self.boundary()?;
        let state = self.emit.checkpoint()?;
        self.role = match form.place {
            ObjectPart::ListItems => Role::ListItems,
            ObjectPart::SetItems => Role::SetItems,
            _ => Role::Plain,
        };
        Ok(Opening::Formed { place: form.place, recipe, state, outer, diverted })
    }

    /// Ends what [`open_formed_newtype`](Self::open_formed_newtype) began, behind the content.
    pub(super) fn close_formed_newtype(
        &mut self,
        place: ObjectPart,
        recipe: Recipe,
        state: Checkpoint,
    ) -> Result<()> {
        match place {
            ObjectPart::Args => self.close_formed_arg(recipe)?,
            ObjectPart::State if !self.emit.take_back_none(state) => self.emit.op(Opcode::Build),
            _ => {}
        }
        Ok(())
    }

    /// Begins an object with one argument.
    pub(super) fn open_formed_arg(&mut self, name: &'static str, made: Made) -> Result<Recipe> {
        let recipe = self.open_formed(name, made, ObjectPart::Args)?;
        if !is_spliced(recipe) {
            self.emit.open_tuple(1)?;
        }
        Ok(recipe)
    }

    /// Ends it.
    pub(super) fn close_formed_arg(&mut self, recipe: Recipe) -> Result<()> {
        if !is_spliced(recipe) {
            self.emit.close_tuple(1, 1)?;
        }
        self.close_formed_args(recipe);
        Ok(())
    }
}

#[cold]
pub(super) fn unfit(name: &str, container: &str) -> Error {
    Error::unsupported(format!("the form of `{name}` fits no {container}"))
}
