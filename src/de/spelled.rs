//! Objects whose class a type names: finds the content, and checks that the object holds nothing
//! else.
//!
//! A type writes its class in one spelling, which its name gives ([`Form`]). An object in another
//! spelling may hold what the type would not write back, so that is an error; `inventory` decides
//! it and words it. Spellings that Python loads to the same object count as one: NEWOBJ, its calls
//! by `copyreg` at older protocols, INST and OBJ without arguments; a call and NEWOBJ of the same
//! arguments, where a call is asked for.
//!
//! Attributes that a type does not mention are serde's matter, as in any format.
//!
//! Nothing here is generic, so it is compiled once.

use super::inventory::{Container, Inventory, with_form};
use super::node::NodeDeserializer;
use super::source::{FieldSource, Part};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::RunKind;
use crate::nodes::view::{ObjectView, tuple_items};
use crate::reduce::How;
use crate::reduce::class::ClassName;
use crate::reduce::form::{FieldPlace, Form, Layout, Made, ObjectPart};
use crate::walk::cache::FieldNames;

/// An object of the class that a type names.
#[derive(Clone, Copy)]
pub(super) struct NamedObject<'g> {
    pub(super) object: ObjectView<'g>,
    /// The spelling that the name asks for.
    pub(super) form: Form,
    /// The serde name.
    pub(super) name: &'static str,
}

/// Where the items of a tuple struct are.
pub(super) enum Positional<'g> {
    Run(&'g [Handle]),
    Within(Handle),
}

/// The content that a newtype turns out to have, if its name does not say it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentKind {
    /// The one argument.
    Argument,
    /// The attributes.
    Attributes,
    /// Text, which some classes take in place of their arguments.
    Text,
}

impl<'g> NodeDeserializer<'g, '_> {
    /// Returns true if an object is spelled as a struct without a form writes it: the frequent
    /// case, told by a few comparisons.
    fn plain_state(&self, object: &ObjectView<'g>) -> Option<Handle> {
        let made = object.how == How::NewObj && object.args.is_empty() && object.base.is_none();
        let mut more = object.more(self.cx.nodes);
        match (made, more.next(), more.next()) {
            (true, Some((RunKind::State, &[state])), None) if state.tag() == Tag::Dict => {
                Some(state)
            }
            _ => None,
        }
    }

    /// Finds the fields of a struct that is named as the object's class.
    ///
    /// # Errors
    /// `Unsupported`: the object is spelled in another way than its name says.
    pub(super) fn named_fields(
        &self,
        named: &NamedObject<'g>,
        fields: &'static [&'static str],
    ) -> Result<FieldSource<'g>> {
        let &NamedObject { object, form, .. } = named;
        let placed = FieldPlace::any(fields);
        if !placed {
            if form.lenient {
                return self.struct_source(&object, Some(fields));
            }
            if form == Form::default()
                && let Some(state) = self.plain_state(&object)
            {
                return Ok(FieldSource::Merged(vec![state]));
            }
        }
        let layout = Layout::of_fields(form, fields)?;
        let inventory = self.inventory(&object)?;
        if let Some(pairs) = self.named_pairs(&object, layout, fields)? {
            return Ok(pairs);
        }
        if !form.lenient && !inventory.fits(layout) {
            return Err(self.misspelled(named, &inventory, Container::Struct));
        }
        if placed {
            return self.placed_fields(&object, layout, fields);
        }
        let state = self.cx.state(&object)?;
        let nothing = || FieldSource::Merged(Vec::new());
        Ok(match (layout.place, object.base) {
            (ObjectPart::Args, None) => FieldSource::Args(object.args),
            (ObjectPart::Args | ObjectPart::DictItems, Some((_, base))) => {
                FieldSource::Within(Part::Base, base)
            }
            (ObjectPart::Kwargs, _) => FieldSource::Merged(object.kwargs.into_iter().collect()),
            (ObjectPart::List | ObjectPart::Tuple, _) => match state {
                Some(state) => FieldSource::Within(Part::State, state),
                None => nothing(),
            },
            (ObjectPart::DictItems, None) => nothing(),
            _ => match state.and_then(|state| self.attribute_dicts(state)) {
                Some(dicts) => FieldSource::Merged(dicts),
                None => nothing(),
            },
        })
    }

    /// The entries of an OrderedDict, or a subclass, as Python 2.7 writes it: the list of pairs
    /// that it is called with.
    fn named_pairs(
        &self,
        object: &ObjectView<'g>,
        layout: Layout,
        fields: &'static [&'static str],
    ) -> Result<Option<FieldSource<'g>>> {
        let called = object.how == How::Call && layout.made == Made::Call;
        match *object.args {
            [list]
                if called && layout.place == ObjectPart::DictItems && list.tag() == Tag::List =>
            {
                let rest = Inventory { args: 0, ..self.inventory(object)? };
                match self.struct_source(object, Some(fields))? {
                    found @ FieldSource::Merged(_) if rest.fits(layout) => Ok(Some(found)),
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    /// Fields of which some have places of their own, with those names.
    fn placed_fields(
        &self,
        object: &ObjectView<'g>,
        layout: Layout,
        fields: &'static [&'static str],
    ) -> Result<FieldSource<'g>> {
        let number = self.cx.fields.number(fields).ok_or_else(|| {
            Error::limit("more than 65,535 types give places to their fields in one pickle")
        })?;
        let state = self.cx.state(object)?;
        let dicts = state.and_then(|state| self.attribute_dicts(state)).unwrap_or_default();
        let is_tuple = state.is_some_and(|state| state.tag().is_tuple());
        let (dict, slots) = match (&dicts[..], is_tuple) {
            (&[dict], false) => (Some(dict), None),
            (&[slots], true) => (None, Some(slots)),
            (&[dict, slots], _) => (Some(dict), Some(slots)),
            _ => (None, None),
        };
        let args = match object.base {
            None => object.args.to_vec(),
            Some((_, base)) if layout.named_args > 1 => self.items_of(base)?,
            Some((_, base)) => vec![base],
        };
        let mut args = args.into_iter();
        let mut entries = Vec::with_capacity(2 * fields.len());
        let items = state.map(|state| self.items_of(state)).transpose()?.unwrap_or_default();
        let mut items = items.into_iter();
        for (index, field) in fields.iter().enumerate() {
            let (place, name) = match FieldPlace::of(field)? {
                Some(FieldPlace { place, name }) => (place, name),
                None => (layout.place, Some(*field)),
            };
            let value = match (place, name) {
                (ObjectPart::Dict, Some(name)) => self.entry_of(dict, name)?,
                (ObjectPart::Slots, Some(name)) => self.entry_of(slots, name)?,
                (ObjectPart::Kwargs, Some(name)) => self.entry_of(object.kwargs, name)?,
                (ObjectPart::DictItems, Some(name)) => self.stored_entry(object, name)?,
                (ObjectPart::Args, Some(_)) => args.next(),
                (ObjectPart::List | ObjectPart::Tuple, _) => items.next(),
                (ObjectPart::Args, None) => Some(self.args_as_value(object)),
                (ObjectPart::Kwargs, None) => object.kwargs,
                (ObjectPart::State, _) => state,
                (ObjectPart::DictItems, None) => Some(self.part(object, PartKind::DictItems)),
                (ObjectPart::ListItems | ObjectPart::SetItems, _) => {
                    Some(self.part(object, PartKind::Items))
                }
                _ => None,
            };
            if let Some(value) = value {
                entries.extend([FieldNames::handle(number, index), value]);
            }
        }
        Ok(FieldSource::Loose(entries))
    }

    fn items_of(&self, state: Handle) -> Result<Vec<Handle>> {
        match state.tag() {
            Tag::List | Tag::Tuple => {
                let object = self.cx.nodes.object(state.number());
                self.cx.charge_contents(&object)?;
                Ok(self.cx.nodes.contents(&object).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The value of a dict's entry; of several, the last.
    fn entry_of(&self, dict: Option<Handle>, name: &str) -> Result<Option<Handle>> {
        let Some(dict) = dict.filter(|dict| dict.tag() == Tag::Dict) else { return Ok(None) };
        let object = self.cx.nodes.object(dict.number());
        self.cx.charge_contents(&object)?;
        self.last_entry(self.cx.nodes.contents(&object), name)
    }

    /// The same among the dict items of an object.
    fn stored_entry(&self, object: &ObjectView<'g>, name: &str) -> Result<Option<Handle>> {
        if let Some((_, base)) = object.base {
            return self.entry_of(Some(base), name);
        }
        let entries = self.cx.handles_given(&object.object, &[RunKind::Pairs])?;
        self.last_entry(entries.into_iter(), name)
    }

    fn last_entry(
        &self,
        mut entries: impl Iterator<Item = Handle>,
        name: &str,
    ) -> Result<Option<Handle>> {
        let mut found = None;
        while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
            if self.is_one_of(key, &[name])? {
                found = Some(value);
            }
        }
        Ok(found)
    }

    /// The arguments as one value: their tuple, where there is one.
    fn args_as_value(&self, object: &ObjectView<'g>) -> Handle {
        match *self.cx.nodes.first(&object.object) {
            [_, args, ..]
                if args.tag() == Tag::Tuple
                    && std::ptr::eq(tuple_items(self.cx.nodes, args), object.args) =>
            {
                args
            }
            [_, args, ..] if args.tag() == Tag::EmptyTuple => args,
            _ => self.part(object, PartKind::Args),
        }
    }

    fn part(&self, object: &ObjectView<'g>, kind: PartKind) -> Handle {
        match object.base {
            Some((_, base)) => base,
            None => Handle::new(Tag::Part, kind as u16, self.handle.number() as usize),
        }
    }

    /// The part of an object that the handle stands for.
    pub(super) fn part_kind(&self) -> Option<PartKind> {
        (self.handle.tag() == Tag::Part).then(|| match self.handle.detail() {
            0 => PartKind::Args,
            1 => PartKind::Items,
            _ => PartKind::DictItems,
        })
    }

    /// Finds the items of a tuple struct that is named as the object's class.
    ///
    /// # Errors
    /// As [`named_fields`](Self::named_fields).
    pub(super) fn named_items(
        &self,
        named: &NamedObject<'g>,
        len: usize,
    ) -> Result<Positional<'g>> {
        let &NamedObject { object, form, .. } = named;
        let place = match form.place {
            ObjectPart::Default => ObjectPart::Args,
            place @ (ObjectPart::Args | ObjectPart::List | ObjectPart::Tuple) => place,
            _ => {
                return Err(Error::unsupported(format!(
                    "the form of `{}` fits no tuple struct, whose fields are arguments, or a list \
                     or tuple that is the state",
                    named.name
                )));
            }
        };
        let inventory = self.inventory(&object)?;
        let is_one_tuple = match *object.args {
            [items] if len != 1 && items.tag() == Tag::Tuple => {
                tuple_items(self.cx.nodes, items).len() == len
            }
            _ => false,
        };
        let layout = Layout::of(form.made_or(Made::Call), place);
        if !form.lenient && (is_one_tuple && place == ObjectPart::Args || !inventory.fits(layout)) {
            return Err(self.misspelled(named, &inventory, Container::Tuple));
        }
        if inventory.kwargs {
            return Err(Error::data(
                "the object is made with keyword arguments; read it as a struct by its state, \
                 or as Reduce",
            ));
        }
        Ok(match (place, object.base, self.cx.state(&object)?) {
            (ObjectPart::List | ObjectPart::Tuple, _, Some(state)) => Positional::Within(state),
            (_, Some((_, base)), _) => Positional::Within(base),
            // A subclass of tuple has its items in one argument.
            _ => match *object.args {
                [items] if is_one_tuple => Positional::Within(items),
                _ => Positional::Run(object.args),
            },
        })
    }

    /// Checks that an object is what a unit struct writes that is named as its class.
    ///
    /// # Errors
    /// As [`named_fields`](Self::named_fields).
    pub(super) fn check_unit(&self, named: &NamedObject<'g>) -> Result<()> {
        let form = named.form;
        let inventory = self.inventory(&named.object)?;
        let fits = match (form.made, form.place) {
            (Made::Default, ObjectPart::Default) => false,
            (made, ObjectPart::Default) => inventory.fits(Layout::of(made, ObjectPart::Default)),
            _ => {
                return Err(Error::unsupported(format!(
                    "the form of `{}` fits no unit struct, which is a class, or by `/new` or \
                     `/call` an object of it without content",
                    named.name
                )));
            }
        };
        if fits || form.lenient {
            Ok(())
        } else {
            Err(self.misspelled(named, &inventory, Container::Unit))
        }
    }

    /// Checks that a class itself is what a type of that name writes.
    ///
    /// # Errors
    /// `Data`: the name asks for an object.
    pub(super) fn check_class_itself(&self, name: &'static str, is_unit: bool) -> Result<()> {
        let Some(class) = ClassName::parse(name)? else { return Ok(()) };
        let form = class.form();
        if form.lenient || is_unit && form.made == Made::Default || class.alternatives().count() > 1
        {
            return Ok(());
        }
        Err(Error::data(format!(
            "the class {class} itself, where `{name}` is written as an object of it; a unit \
             struct `{}` is the class, and `{}` reads both",
            with_form(name, ""),
            with_form(name, "?"),
        )))
    }

    /// Checks that a member of an Enum is made of its value alone.
    ///
    /// # Errors
    /// As [`named_fields`](Self::named_fields).
    pub(super) fn check_member(&self, named: &NamedObject<'g>) -> Result<()> {
        let inventory = self.inventory(&named.object)?;
        if named.form.lenient || inventory.fits(Layout::of(Made::Call, ObjectPart::Args)) {
            return Ok(());
        }
        Err(self.misspelled(named, &inventory, Container::Member))
    }

    /// The value that is the content of a newtype, if its name says which. Otherwise the content
    /// decides, and [`check_content`](Self::check_content) checks it.
    ///
    /// # Errors
    /// As [`named_fields`](Self::named_fields).
    pub(super) fn named_content(&self, named: &NamedObject<'g>) -> Result<Option<Handle>> {
        let &NamedObject { object, form, .. } = named;
        if form.lenient || form.place == ObjectPart::Default {
            return Ok(None);
        }
        let inventory = self.inventory(&object)?;
        let layout = Layout::of(form.made_or(Made::New), form.place);
        let one = form.place != ObjectPart::Args || object.args.len() == 1 || object.base.is_some();
        if !inventory.fits(layout) || !one {
            return Err(self.misspelled(named, &inventory, Container::Newtype));
        }
        let state = self.cx.state(&object)?;
        let none = Handle::new(Tag::None, 0, object.object.offset());
        Ok(Some(match form.place {
            ObjectPart::Args => match object.base {
                Some((_, base)) => base,
                None => object.args.first().copied().unwrap_or(none),
            },
            ObjectPart::Kwargs => object.kwargs.unwrap_or(none),
            ObjectPart::DictItems => self.part(&object, PartKind::DictItems),
            ObjectPart::ListItems | ObjectPart::SetItems => self.part(&object, PartKind::Items),
            ObjectPart::Slots => {
                let dicts = state.and_then(|state| self.attribute_dicts(state));
                dicts.and_then(|dicts| dicts.last().copied()).unwrap_or(none)
            }
            _ => state.unwrap_or(none),
        }))
    }

    /// Checks that content of this kind is what a newtype without a form in its name writes.
    ///
    /// # Errors
    /// As [`named_fields`](Self::named_fields).
    pub(super) fn check_content(&self, named: &NamedObject<'g>, kind: ContentKind) -> Result<()> {
        if named.form.lenient {
            return Ok(());
        }
        let inventory = self.inventory(&named.object)?;
        let single = inventory.args == 1 || inventory.base.is_some();
        let call = named.form.made_or(Made::Call);
        let argument = single && inventory.fits(Layout::of(call, ObjectPart::Args));
        let fits = match kind {
            ContentKind::Argument => argument,
            ContentKind::Text => argument || self.takes_text(&named.object)?,
            ContentKind::Attributes => {
                inventory.fits(Layout::of(named.form.made_or(Made::New), ObjectPart::Dict))
            }
        };
        if fits { Ok(()) } else { Err(self.misspelled(named, &inventory, Container::Newtype)) }
    }

    /// The attributes, where those are what the newtype writes.
    pub(super) fn attributes(&self, named: &NamedObject<'g>) -> Result<Option<Handle>> {
        if named.form.lenient {
            return Ok(None);
        }
        self.check_content(named, ContentKind::Attributes)?;
        let state = self.cx.state(&named.object)?;
        Ok(state.filter(|state| state.tag() == Tag::Dict))
    }

    /// Refuses a dict as the argument, because a newtype around any value writes a dict as
    /// attributes.
    ///
    /// # Errors
    /// As [`named_fields`](Self::named_fields).
    pub(super) fn refuse_dict(&self, named: &NamedObject<'g>, argument: Handle) -> Result<()> {
        if argument.tag() != Tag::Dict {
            return Ok(());
        }
        Err(self.misspelled(named, &self.inventory(&named.object)?, Container::Newtype))
    }

    /// Returns true if the constructor of the object's class takes its text form.
    fn takes_text(&self, object: &ObjectView<'g>) -> Result<bool> {
        let names = crate::nodes::view::global_names(
            self.cx.nodes,
            self.cx.input,
            object.callable,
            self.cx.settings.fix_imports,
        )?;
        Ok(names.is_some_and(|(module, name)| {
            matches!(
                (&*module, &*name),
                ("uuid", "UUID")
                    | ("decimal", "Decimal")
                    | ("fractions", "Fraction")
                    | ("ipaddress", _)
                    | ("pathlib" | "pathlib._local", _)
            )
        }))
    }
}

/// A part of an object that is no value of the pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum PartKind {
    Args,
    /// Of a list or a set.
    Items,
    DictItems,
}
