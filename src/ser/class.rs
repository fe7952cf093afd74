//! Python classes by serde name: `py:module:qualname` on a container or a variant.
//!
//! The container alone decides the form of a class: fields are the state of an instance, a tuple is
//! the arguments of a call, a unit is the class itself. Only a newtype depends on its content,
//! which is not known before it is serialized: `Role::Class` in `special.rs` looks at it and
//! returns the form as a [`ClassForm`].

use super::compound::{Fields, Map, Tuple, TupleEnd};
use super::divert;
use super::dump::Dump;
use super::newtype::Opening;
use super::placed::unfit;
use super::special::Role;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::reduce::Name;
use crate::reduce::class::{ClassName, MemberValue};
use crate::reduce::form::{Form, Made, ObjectPart};
use crate::reduce::token;
use crate::write::{Recipe, Sink};

/// The kind of a serde name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    /// Text, or a name without a meaning here.
    Plain,
    /// A Python class.
    Class,
    /// One of our own names.
    Private,
    /// One of serde_json's.
    Json,
}

/// Returns the kind of `name`. The names are constants in generated code, so this is mostly decided
/// at compile time.
#[inline(always)]
pub(super) fn kind(name: &'static str) -> NameKind {
    match name.as_bytes().first() {
        Some(b'p') if name.starts_with(token::CLASS) => NameKind::Class,
        Some(b'$') if name.starts_with(token::PREFIX) => NameKind::Private,
        Some(b'$') if name.starts_with(token::JSON) => NameKind::Json,
        _ => NameKind::Plain,
    }
}

/// Returns true if a variant that has data is a class; fails if its enum is one.
#[inline(always)]
pub(super) fn of_variant(name: &'static str, variant: &'static str) -> Result<bool> {
    match (kind(name), kind(variant)) {
        (_, NameKind::Class) => Ok(true),
        (NameKind::Class, _) => Err(member_with_data(name, variant)),
        _ => Ok(false),
    }
}

#[cold]
fn member_with_data(name: &str, variant: &str) -> Error {
    Error::unsupported(format!(
        "the enum {name} is named as a Python class, whose members are values alone, and its \
         variant {variant} has data"
    ))
}

/// A class as its serde name says it.
#[derive(Clone, Copy)]
pub(super) struct Class {
    serde_name: &'static str,
    /// The name to write.
    pub(super) first: Name<'static>,
    /// The spelling; `None` for the one that most have.
    pub(super) form: Option<Form>,
}

/// The classes that came last. Their names come again with each object, and to parse one takes as
/// long as to write an object.
#[derive(Default)]
pub(super) struct Classes {
    last: Option<Class>,
    /// Those before it, up to [`KEPT`].
    others: Vec<Class>,
}

/// The number of classes that are kept besides the last. They are searched one by one.
const KEPT: usize = 15;

impl Classes {
    /// The class that a serde name stands for.
    #[inline]
    pub(super) fn get(&mut self, name: &'static str) -> Result<Class> {
        match self.last {
            Some(class) if class.is(name) => Ok(class),
            _ => self.search(name),
        }
    }

    #[inline(never)]
    fn search(&mut self, name: &'static str) -> Result<Class> {
        if let Some(class) = self.others.iter_mut().find(|class| class.is(name))
            && let Some(last) = &mut self.last
        {
            std::mem::swap(class, last);
            return Ok(*last);
        }
        let class = Class::parse(name)?;
        if let Some(before) = self.last.replace(class)
            && self.others.len() < KEPT
        {
            self.others.push(before);
        }
        Ok(class)
    }
}

impl Class {
    /// By address and length, as names are known throughout: see `write/memo.rs`.
    fn is(&self, name: &'static str) -> bool {
        std::ptr::eq(self.serde_name, name)
    }

    fn parse(serde_name: &'static str) -> Result<Self> {
        let Some(class) = ClassName::parse(serde_name)? else {
            // Not reached: `kind` has seen the prefix.
            return Err(Error::unsupported(format!(
                "the serde name {serde_name} does not name a class"
            )));
        };
        let form = Some(class.form()).filter(|form| form.is_given());
        Ok(Self { serde_name, first: class.first(), form })
    }
}

/// The form that the content of a class-named newtype took.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClassForm {
    /// The argument of an object that is still to be closed.
    Argument(Recipe),
    /// The state of an instance; nothing is left to do.
    Instance,
}

impl<'w> Dump<dyn Sink + 'w> {
    /// The class itself.
    #[inline(never)]
    pub(super) fn class_global(&mut self, name: &'static str) -> Result<()> {
        self.boundary()?;
        let classes = &mut self.classes;
        self.emit.class(name, || {
            classes.get(name).map(|class| (class.first.module, class.first.qualname))
        })
    }

    /// An instance of the class without state, made without a call.
    #[inline]
    fn class_instance(&mut self, name: &'static str) -> Result<()> {
        if self.emit.known_instance(name) { Ok(()) } else { self.new_instance(name) }
    }

    #[inline(never)]
    fn new_instance(&mut self, name: &'static str) -> Result<()> {
        self.boundary()?;
        self.emit.open_instance()?;
        self.class_global(name)?;
        self.emit.close_instance()
    }

    /// Opens an instance whose state is the fields that follow.
    #[inline]
    pub(super) fn class_fields(
        &mut self,
        name: &'static str,
        len: usize,
    ) -> Result<Fields<'_, 'w>> {
        let diverted = self.divert_class(name)?;
        if let Some(form) = self.form_of(name)? {
            return Fields::placed(self, name, form, diverted);
        }
        self.class_instance(name)?;
        Ok(Fields::state(self, len, diverted))
    }

    /// An instance whose state is the entries that come, the content of
    /// [`open_class`](Self::open_class).
    pub(super) fn class_map(&mut self, len: Option<usize>) -> Result<Map<'_, 'w>> {
        let name = self.class;
        let Some(form) = self.form_of(name)? else {
            self.class_instance(name)?;
            return Map::state(self);
        };
        let recipe = self.bare_formed(name, form.made_or(Made::New), form.place)?;
        match form.place {
            ObjectPart::Default | ObjectPart::Dict => Map::state(self),
            ObjectPart::Slots => Map::slots(self),
            ObjectPart::Kwargs => Ok(Map::kwargs(self, recipe)),
            ObjectPart::DictItems => Ok(Map::items(self, len)),
            _ => Err(unfit(name, "newtype around a map")),
        }
    }

    /// Opens a call of the class with the items that follow.
    pub(super) fn class_tuple(&mut self, name: &'static str, len: usize) -> Result<Tuple<'_, 'w>> {
        let diverted = self.divert_class(name)?;
        let Some(form) = self.form_of(name)? else {
            self.class_global(name)?;
            return Tuple::of_object(self, len, TupleEnd::Args(Recipe::Reduce), diverted);
        };
        match form.place {
            ObjectPart::Default | ObjectPart::Args => {
                let recipe = self.open_formed(name, form.made_or(Made::Call), ObjectPart::Args)?;
                Tuple::of_object(self, len, TupleEnd::Args(recipe), diverted)
            }
            ObjectPart::List | ObjectPart::Tuple => {
                self.bare_formed(name, form.made_or(Made::New), form.place)?;
                match form.place {
                    ObjectPart::List => Ok(Tuple::list_of_object(self, len, diverted)),
                    _ => Tuple::of_object(self, len, TupleEnd::State, diverted),
                }
            }
            _ => Err(unfit(name, "tuple struct")),
        }
    }

    /// Begins an instance whose state is the content that comes if that is a struct or a map,
    /// otherwise a call with it.
    pub(super) fn open_class(&mut self, name: &'static str) -> Result<Opening> {
        let diverted = self.divert_class(name)?;
        if let Some(form) = self.form_of(name)?
            && matches!(
                form.place,
                ObjectPart::Args | ObjectPart::State | ObjectPart::ListItems | ObjectPart::SetItems
            )
        {
            return self.open_formed_newtype(name, form, diverted);
        }
        let outer_form = std::mem::replace(&mut self.form, ClassForm::Instance);
        let outer = self.set_hashed(false);
        self.class = name;
        self.role = Role::Class;
        Ok(Opening::Class { outer_form, outer, diverted })
    }

    /// Begins a call of the class with the one argument that comes, the content of
    /// [`open_class`](Self::open_class).
    pub(super) fn open_class_call(&mut self) -> Result<()> {
        let name = self.class;
        let recipe = match self.form_of(name)? {
            None => {
                self.class_global(name)?;
                self.emit.open_tuple(1)?;
                Recipe::Reduce
            }
            Some(Form { made, place: ObjectPart::Default, .. }) => {
                self.open_formed_arg(name, made)?
            }
            Some(_) => return Err(unfit(name, "newtype around such content")),
        };
        self.form = ClassForm::Argument(recipe);
        Ok(())
    }

    /// The member of the enumeration `name` with the value that the variant's name stands for.
    /// Members are singletons, so each is written once.
    #[inline(never)]
    pub(super) fn member(&mut self, name: &'static str, variant: &'static str) -> Result<()> {
        if self.divert_class(name)? {
            self.member(name, variant)?;
            return divert::end(self, true);
        }
        self.boundary()?;
        if self.emit.known_member(name, variant)? {
            return Ok(());
        }
        self.class_global(name)?;
        self.emit.open_tuple(1)?;
        match MemberValue::of(variant)? {
            MemberValue::Int(value) => self.emit.int128(value)?,
            MemberValue::Str(value) => self.str(value)?,
        }
        self.emit.close_tuple(1, 1)?;
        self.emit.op(Opcode::Reduce);
        self.emit.memoize_member(name, variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_known_by_their_whole_name_and_found_again_beyond_what_is_kept() {
        let names: Vec<&'static str> = (0..2 * KEPT)
            .map(|number| {
                let form = if number % 2 == 0 { "/slots" } else { "" };
                &*Box::leak(format!("py:shop:C{number}{form}").into_boxed_str())
            })
            .collect();
        let mut classes = Classes::default();
        for _ in 0..2 {
            for (number, name) in names.iter().enumerate() {
                // The second time it is the last one.
                for _ in 0..2 {
                    let class = classes.get(name).unwrap();
                    assert_eq!(class.first.qualname, format!("C{number}"));
                    assert_eq!(class.form.is_some(), number % 2 == 0, "{name}");
                }
            }
        }
        assert_eq!(classes.others.len(), KEPT);
        assert!(classes.get("py:shop").is_err());
        // A part of the same text is another name.
        let part = names[0].strip_suffix("/slots").unwrap();
        assert!(classes.get(part).unwrap().form.is_none());
        assert!(classes.get(names[0]).unwrap().form.is_some());
    }
}
