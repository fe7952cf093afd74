//! Class names in serde names, on reading: `py:module:qualname` on a container or a variant.
//!
//! What such a type reads is checked to be of its class first, whatever Python has spelled it with:
//! NEWOBJ, REDUCE, INST, `copyreg._reconstructor`. Then a struct takes the state, a tuple the
//! positional arguments, a unit nothing. What a newtype takes depends on its content, which shows
//! only when that asks: [`ClassContent`] answers a struct or a map with the state, and anything
//! else with the single argument. An enum is a hierarchy of classes, or an `Enum` of Python by its
//! values.
//!
//! Where the content is, and whether the object is spelled as the name says, `spelled` tells. The
//! names are compared once for each class of a graph and name of a type: see
//! [`ByNames`](crate::walk::cache::ByNames).

use super::answer::{Answer, Content};
use super::ask::Ask;
use super::entries::Entries;
use super::node::{Found, NodeDeserializer};
use super::object::is_sequence;
use super::place::Place;
use super::spelled::{ContentKind, NamedObject, Positional};
use super::variant::Variant;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::Int;
use crate::nodes::store::RunKind;
use crate::nodes::view::{ObjectView, View, global_names, spelled};
use crate::reduce::class::{ClassName, stands_for_int};
use crate::reduce::form::Form;
use crate::reduce::token;
use crate::walk::cache::Named;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    pub(crate) fn class_unit_struct(self, name: &'static str) -> Found<'g, 'de> {
        if self.is_class_itself(name)? {
            self.check_class_itself(name, true)?;
        } else {
            self.check_unit(&self.instance_of(name)?)?;
        }
        Ok(Answer::Unit)
    }

    pub(crate) fn class_newtype_struct(self, name: &'static str) -> Found<'g, 'de> {
        let named = self.instance_of(name)?;
        Ok(Answer::Newtype(match self.named_content(&named)? {
            Some(content) => Content::Node(self.inner(content)?),
            None => Content::Class(Box::new(ClassContent { node: self.unwrapped()?, named })),
        }))
    }

    pub(crate) fn class_tuple_struct(self, name: &'static str, len: usize) -> Found<'g, 'de> {
        self.positional(&self.instance_of(name)?, len)
    }

    pub(crate) fn class_struct(
        self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Found<'g, 'de> {
        if fields.is_empty() && self.is_class_itself(name)? {
            self.check_class_itself(name, false)?;
            return Ok(Answer::Map(Entries::Nothing));
        }
        self.struct_of_named(&self.instance_of(name)?, fields)
    }

    /// A member of a Python `Enum`, or an object of a hierarchy whose base the container's name is.
    pub(crate) fn class_enum(
        self,
        name: &'static str,
        variants: &'static [&'static str],
    ) -> Found<'g, 'de> {
        if let Some(found) = self.class_variant(variants)? {
            return Ok(Answer::Enum(Variant::class(found)));
        }
        if let Some(found) = self.other_member(name, variants)? {
            return Ok(Answer::Enum(Variant::class(found)));
        }
        if let Tag::Global | Tag::Ext | Tag::Instance = self.handle.tag()
            && self.is_global()?
        {
            return self.member_by_name(name);
        }
        if variants.iter().all(|variant| variant.starts_with(token::CLASS)) && !variants.is_empty()
        {
            return Err(self.mismatch(variants));
        }
        let named_object = self.instance_of(name)?;
        self.check_member(&named_object)?;
        let value = match (named_object.object.base, named_object.object.args) {
            (Some((_, value)), _) | (None, &[value]) => value,
            _ => {
                return Err(Error::data(format!(
                    "a member of {} is made of its value alone",
                    class_text(&[name])
                )));
            }
        };
        let node = self.of(value);
        match self.cx.int(value)? {
            Some(Int::Small(value)) => {
                return Ok(named(value.to_string()));
            }
            Some(Int::Long(bytes)) => {
                // A variant's name stands for an int of up to 128 bits.
                return match crate::natural::long(bytes)
                    .and_then(|value| i128::try_from(value).ok())
                {
                    Some(value) => Ok(named(value.to_string())),
                    None => Err(no_member(name, "an int of more than 128 bits")),
                };
            }
            Some(Int::Big(value)) => {
                return match i128::try_from(&*value) {
                    Ok(value) => Ok(named(value.to_string())),
                    Err(_) => Err(no_member(name, "an int of more than 128 bits")),
                };
            }
            None => {}
        }
        let text = match self.cx.chars(value)? {
            Some(chars) => {
                self.cx.charge_memory(chars.len())?;
                String::from_utf8(chars.into_owned()).ok()
            }
            None if node.is_text() => self.cx.owned_text(value)?,
            None => None,
        };
        match text {
            // The variant of that name is the member whose value is the int.
            Some(text) if stands_for_int(&text) => {
                Err(no_member(name, format_args!("the str '{}'", crate::error::quoted(&text))))
            }
            Some(text) => Ok(named(text)),
            None => Err(no_member(name, crate::nodes::describe::describe(value.tag()))),
        }
    }

    /// A member as an attribute of its class: `getattr(Color, 'RED')`, which is how an enum that is
    /// pickled by name, and any global nested in a class, is written.
    fn member_by_name(self, name: &'static str) -> Found<'g, 'de> {
        let (module, qualname) = self.global_names()?;
        if let Some((class, member)) = qualname.rsplit_once('.')
            && ClassName::parse(name)?.is_some_and(|name| name.matches(&module, class))
        {
            return Ok(named(member.to_owned()));
        }
        Err(Error::data(format!(
            "expected a member of {}, found the global {module}.{qualname}",
            class_text(&[name])
        )))
    }

    /// An object or a global where an enum is asked for that is not named as a class.
    pub(crate) fn enum_of_object(self, variants: &'static [&'static str]) -> Found<'g, 'de> {
        if let Some(found) = self.class_variant(variants)? {
            return Ok(Answer::Enum(Variant::class(found)));
        }
        if variants.iter().all(|variant| variant.starts_with(token::CLASS)) && !variants.is_empty()
        {
            return Err(self.mismatch(variants));
        }
        if self.is_global()? {
            // An Enum that is pickled by name: what else is nested in a class has no business here.
            let (module, qualname) = self.global_names()?;
            return match qualname.rsplit_once('.') {
                Some((_, member)) => Ok(named(member.to_owned())),
                None => Ok(named(format!("{module}.{qualname}"))),
            };
        }
        // An object of a class that no variant is named as goes by the name of its class, which a
        // variant with `#[serde(other)]` takes; but the member of an Enum is text or a number.
        if variants.iter().any(|variant| variant.starts_with(token::CLASS))
            && self.handle.tag() == Tag::Instance
            && !self.is_scalar()?
            && let Some((module, qualname)) = self.names_of(self.spelled()?.callable)?
        {
            return Ok(named(format!("{module}.{qualname}")));
        }
        Ok(Answer::Enum(Variant::unit(self)))
    }

    /// The variant of an enum with a catch-all: a class's, or the catch-all itself. `None` where
    /// there is none, or where the value names one of the other variants.
    pub(crate) fn caught(
        &self,
        variants: &'static [&'static str],
    ) -> Result<Option<ClassVariant<'g, 'de>>> {
        if !variants.contains(&token::ANYTHING) {
            return Ok(None);
        }
        if let Some(found) = self.class_variant(variants)? {
            return Ok(Some(found));
        }
        let nodes = self.cx.nodes;
        let name = match self.handle.tag() {
            Tag::Dict => {
                let mut contents = nodes.contents(&nodes.object(self.handle.number()));
                match (contents.next(), contents.next(), contents.next()) {
                    (Some(name), Some(_), None) => Some(name),
                    _ => None,
                }
            }
            Tag::Tuple => match *nodes.first(&nodes.object(self.handle.number())) {
                [name] | [name, _] => Some(name),
                _ => None,
            },
            Tag::Global | Tag::Ext | Tag::Persid => None,
            Tag::Instance => match self.view()? {
                View::Object(ObjectView { args: &[value], .. }) if self.is_scalar()? => Some(value),
                _ => None,
            },
            _ => Some(self.handle),
        };
        match name {
            Some(name) if self.is_one_of(name, variants)? => Ok(None),
            _ => Ok(Some(self.caught_by(token::ANYTHING))),
        }
    }

    fn caught_by(&self, variant: &'static str) -> ClassVariant<'g, 'de> {
        ClassVariant { node: *self, named: None, variant, content: None }
    }

    /// The catch-all of a Python Enum, for whatever is no member that a variant stands for.
    fn other_member(
        &self,
        name: &'static str,
        variants: &'static [&'static str],
    ) -> Result<Option<ClassVariant<'g, 'de>>> {
        if !variants.contains(&token::ANYTHING) {
            return Ok(None);
        }
        let is_member = match self.handle.tag() {
            Tag::Global | Tag::Ext | Tag::Instance if self.is_global()? => {
                let (module, qualname) = self.global_names()?;
                qualname.rsplit_once('.').is_some_and(|(class, member)| {
                    let class = ClassName::parse(name)
                        .is_ok_and(|name| name.is_some_and(|name| name.matches(&module, class)));
                    class && variants.contains(&member)
                })
            }
            Tag::Instance => {
                let object = self.spelled()?;
                let value = object.base.map(|(_, value)| value).or(match object.args {
                    &[value] => Some(value),
                    _ => None,
                });
                match value {
                    Some(value) if self.form_named(object.callable, name)?.is_some() => {
                        match self.cx.int(value)? {
                            Some(Int::Small(value)) => {
                                variants.contains(&itoa::Buffer::new().format(value))
                            }
                            Some(_) => true,
                            None => self.is_one_of(value, variants)?,
                        }
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        Ok((!is_member).then(|| self.caught_by(token::ANYTHING)))
    }

    /// The variant that is named as the class of this object.
    fn class_variant(
        &self,
        variants: &'static [&'static str],
    ) -> Result<Option<ClassVariant<'g, 'de>>> {
        if !variants.iter().any(|variant| variant.starts_with(token::CLASS)) {
            return Ok(None);
        }
        let (class, object) = match self.handle.tag() {
            Tag::Global | Tag::Ext => (self.handle, None),
            Tag::Instance => match self.view()? {
                View::Attribute => (self.handle, None),
                _ => {
                    let object = self.spelled()?;
                    (object.callable, Some(object))
                }
            },
            _ => return Ok(None),
        };
        let found = self.name_of(class, (variants.as_ptr() as usize, variants.len()), variants)?;
        let found = found.and_then(|(place, form)| Some((*variants.get(place)?, form)));
        Ok(found.map(|(variant, form)| ClassVariant {
            node: *self,
            named: object.map(|object| NamedObject { object, form, name: variant }),
            variant,
            content: None,
        }))
    }

    pub(super) fn spelled(&self) -> Result<ObjectView<'g>> {
        self.cx.check_unspent()?;
        spelled(self.cx.nodes, self.cx.input, self.handle.number())
    }

    /// The spelling that `name` asks for, if it names the class.
    fn form_named(&self, class: Handle, name: &'static str) -> Result<Option<Form>> {
        let found = self.name_of(class, (name.as_ptr() as usize, name.len()), &[name])?;
        Ok(found.map(|(_, form)| form))
    }

    /// Which of `names` is that of the class; names without our prefix are none. `key` says which
    /// constant the names are.
    fn name_of(
        &self,
        class: Handle,
        key: (usize, usize),
        names: &[&'static str],
    ) -> Result<Option<(usize, Form)>> {
        let found = self.cx.classes.get(class, key, || {
            let Some((module, qualname)) = self.names_of(class)? else { return Ok(None) };
            let named = names.iter().enumerate().filter(|(_, name)| **name != token::ANYTHING);
            for (place, name) in named {
                let class = ClassName::parse(name)?;
                if let Some(form) = class.and_then(|class| class.form_of(&module, &qualname)) {
                    // There are fewer than 2³² names.
                    return Ok(Some(Named { place: place as u32, note: form.to_bits() }));
                }
            }
            Ok(None)
        })?;
        Ok(found.map(|found| (found.place as usize, Form::from_bits(found.note))))
    }

    /// Module and qualified name of a global; `None` for what is none.
    fn names_of(&self, class: Handle) -> Result<Option<(String, String)>> {
        match class.tag() {
            Tag::Ext => self
                .of(class)
                .global_names()
                .map(|(module, name)| Some((module.into_owned(), name.into_owned()))),
            _ => {
                let names = global_names(
                    self.cx.nodes,
                    self.cx.input,
                    class,
                    self.cx.settings.fix_imports,
                )?;
                Ok(names.map(|(module, name)| (module.into_owned(), name.into_owned())))
            }
        }
    }

    /// Returns true if this is the class itself, and not an instance of it.
    fn is_class_itself(&self, name: &'static str) -> Result<bool> {
        Ok(self.is_global()? && self.form_named(self.handle, name)?.is_some())
    }

    /// This object, if it is of the class that the serde name `name` says.
    fn instance_of(&self, name: &'static str) -> Result<NamedObject<'g>> {
        if self.handle.tag() == Tag::Instance && !self.is_global()? {
            let object = self.spelled()?;
            if let Some(form) = self.form_named(object.callable, name)? {
                return Ok(NamedObject { object, form, name });
            }
        }
        Err(self.mismatch(&[name]))
    }

    /// The error of something that is not of any of these classes.
    #[cold]
    fn mismatch(&self, names: &[&'static str]) -> Error {
        let mut classes = names.iter().filter(|name| **name != token::ANYTHING);
        if let Some(error) = classes.find_map(|name| ClassName::parse(name).err()) {
            return error;
        }
        let names_of = |class| match self.names_of(class) {
            Ok(Some((module, qualname))) => Some(format!("{module}.{qualname}")),
            _ => None,
        };
        let found = match self.handle.tag() {
            Tag::Instance => match (self.is_global(), self.spelled()) {
                (Ok(true), _) => names_of(self.handle).map(|name| format!("the global {name}")),
                (_, Ok(object)) => names_of(object.callable),
                _ => None,
            },
            Tag::Global | Tag::Ext => {
                names_of(self.handle).map(|name| format!("the global {name}"))
            }
            _ => None,
        };
        let found =
            found.unwrap_or_else(|| crate::nodes::describe::describe(self.handle.tag()).to_owned());
        Error::data(format!("expected an instance of {}, found {found}", class_text(names)))
    }

    /// The fields of a tuple struct of `len` fields.
    fn positional(self, named: &NamedObject<'g>, len: usize) -> Found<'g, 'de> {
        match self.named_items(named, len)? {
            Positional::Within(items) => self.inner(items)?.answer(Ask::Seq),
            Positional::Run(args) => self.run(args),
        }
    }
}

/// Keyword arguments have names, which a tuple has no place for.
fn refuse_keywords(node: &NodeDeserializer<'_, '_>, object: &ObjectView<'_>) -> Result<()> {
    match object.kwargs {
        Some(kwargs) if !node.cx.nodes.is_empty(kwargs.number()) => Err(Error::data(
            "the object is made with keyword arguments; read it as a struct by its state, \
             or as Reduce",
        )),
        _ => Ok(()),
    }
}

/// `a.B`, or `a.B, a.C or d.E`, for messages.
fn class_text(names: &[&'static str]) -> String {
    let classes: Vec<String> = names
        .iter()
        .filter_map(|name| ClassName::parse(name).ok().flatten())
        .map(|class| class.to_string())
        .collect();
    match classes.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => classes.concat(),
    }
}

#[cold]
fn no_member(name: &'static str, value: impl std::fmt::Display) -> Error {
    Error::data(format!(
        "no variant stands for the member of {} whose value is {value}",
        class_text(&[name])
    ))
}

/// A variant without data whose name is not in the pickle as it is.
fn named<'g, 'de>(name: String) -> Answer<'g, 'g, 'de> {
    Answer::Enum(Variant::named(name.into()))
}

/// A variant that is named as a class.
pub(crate) struct ClassVariant<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    /// `None` where it is the class itself, or the catch-all.
    named: Option<NamedObject<'g>>,
    pub(super) variant: &'static str,
    content: Option<ClassContent<'g, 'de>>,
}

impl<'g, 'de> ClassVariant<'g, 'de> {
    fn named(&self) -> Result<NamedObject<'g>> {
        self.named.ok_or_else(|| self.node.mismatch(&[self.variant]))
    }

    /// Sees to it that a variant without data is all that there is.
    pub(super) fn no_data(&self) -> Result<()> {
        match &self.named {
            Some(named) => self.node.check_unit(named),
            None => self.node.check_class_itself(self.variant, true),
        }
    }

    /// The data of a variant with one field.
    pub(super) fn data(&mut self) -> Result<Place<'_, 'g, 'de>> {
        if self.variant == token::ANYTHING {
            return Ok(Place::Node(self.node.unwrapped()?));
        }
        let named = self.named()?;
        if let Some(content) = self.node.named_content(&named)? {
            return Ok(Place::Node(self.node.inner(content)?));
        }
        let content = ClassContent { node: self.node.unwrapped()?, named };
        Ok(Place::class(self.content.insert(content)))
    }

    /// The data of a variant with several fields.
    pub(super) fn fields(&self, ask: Ask) -> Found<'g, 'de> {
        match (ask, self.named) {
            (Ask::Tuple(len), _) => self.node.positional(&self.named()?, len),
            (Ask::Struct(_, []), None) => {
                self.node.check_class_itself(self.variant, false)?;
                Ok(Answer::Map(Entries::Nothing))
            }
            (Ask::Struct(_, fields), _) => self.node.struct_of_named(&self.named()?, fields),
            _ => self.node.any(),
        }
    }
}

/// The content of a class-named newtype, or newtype variant, whose name gives no place for it: it
/// is an argument or the state, as the method tells that it asks by.
#[derive(Clone, Copy)]
pub(crate) struct ClassContent<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    named: NamedObject<'g>,
}

impl<'g, 'de> ClassContent<'g, 'de> {
    pub(super) fn answer(&self, ask: Ask, copies: bool) -> Found<'g, 'de> {
        let content = Self { node: NodeDeserializer { copies, ..self.node }, ..*self };
        content.answer_to(ask)
    }

    fn answer_to(&self, ask: Ask) -> Found<'g, 'de> {
        match ask {
            // The argument, if that is all there is.
            Ask::Any => {
                let state = self.node.state_of(&self.named.object)?;
                let has_items = self.has_items()?;
                let argument = self.argument()?.filter(|_| state.is_none() && !has_items);
                match argument {
                    Some(argument) => {
                        self.check(ContentKind::Argument)?;
                        argument.answer(ask)
                    }
                    None => {
                        self.check(ContentKind::Attributes)?;
                        self.node.answer(ask)
                    }
                }
            }
            // The text form of the class, which its constructor takes too; else the argument.
            Ask::Str => {
                self.check(ContentKind::Text)?;
                self.node.answer(ask)
            }
            Ask::Map => {
                self.check(ContentKind::Attributes)?;
                self.node.answer(ask)
            }
            Ask::Unit | Ask::UnitStruct(_) => {
                self.check(ContentKind::Argument)?;
                match self.argument()? {
                    Some(argument) => argument.answer(ask),
                    None => Ok(Answer::Unit),
                }
            }
            // A list that is the argument; the items of a subclass of list or tuple.
            Ask::Seq | Ask::Tuple(_) => self.seq(),
            Ask::TupleStruct(name, _) => match self.argument()? {
                Some(argument) if name.starts_with(token::CLASS) => {
                    self.check(ContentKind::Argument)?;
                    argument.answer(ask)
                }
                _ => self.seq(),
            },
            Ask::Struct(name, fields)
                if !name.starts_with(token::PREFIX) && !name.starts_with(token::CLASS) =>
            {
                self.node.struct_of_named(&self.named, fields)
            }
            Ask::Newtype(token::VALUE) => self.value(),
            _ => {
                self.check(ContentKind::Argument)?;
                match self.argument()? {
                    Some(argument) => argument.answer(ask),
                    None => self.node.answer(ask),
                }
            }
        }
    }

    fn check(&self, kind: ContentKind) -> Result<()> {
        self.node.check_content(&self.named, kind)
    }

    /// A `Value`: the argument, or the attributes where there is none.
    fn value(&self) -> Found<'g, 'de> {
        let ask = Ask::Newtype(token::VALUE);
        let argument = self.argument()?;
        if argument.is_none()
            && let Some(state) = self.node.attributes(&self.named)?
        {
            return self.node.inner(state)?.answer(ask);
        }
        self.check(ContentKind::Argument)?;
        match argument {
            Some(argument) => {
                if !self.named.form.lenient {
                    self.node.refuse_dict(&self.named, argument.handle)?;
                }
                argument.answer(ask)
            }
            None => self.node.answer(ask),
        }
    }

    fn seq(&self) -> Found<'g, 'de> {
        self.check(ContentKind::Argument)?;
        let has_items = self.has_items()?;
        match self.argument()? {
            Some(argument)
                if !has_items
                    && (is_sequence(argument.handle) || argument.handle.tag() == Tag::Instance) =>
            {
                argument.answer(Ask::Seq)
            }
            _ => self.node.answer(Ask::Seq),
        }
    }

    /// Returns true if an `Option` of it is `None`.
    pub(super) fn is_none(&self) -> Result<bool> {
        match self.named.object.args {
            [none] if none.tag() == Tag::None => {
                Ok(self.node.state_of(&self.named.object)?.is_none())
            }
            _ => Ok(false),
        }
    }

    /// The single argument, or the value of a builtin base class; `None` where there is no such
    /// thing.
    fn argument(&self) -> Result<Option<NodeDeserializer<'g, 'de>>> {
        refuse_keywords(&self.node, &self.named.object)?;
        match (self.named.object.base, self.named.object.args) {
            (Some((_, value)), _) | (None, &[value]) => self.node.inner(value).map(Some),
            _ => Ok(None),
        }
    }

    fn has_items(&self) -> Result<bool> {
        let given = self.node.cx.given(&self.named.object.object)?;
        Ok(given.has_items() || given.has(RunKind::Pairs))
    }
}
