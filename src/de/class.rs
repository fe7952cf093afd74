//! Class names in serde names, on reading: `py:module:qualname` on a container or a variant.
//!
//! What such a type reads is checked to be of its class first, whatever Python has spelled it with:
//! NEWOBJ, REDUCE, INST, `copyreg._reconstructor`. Then a struct takes the state, a tuple the
//! positional arguments, a unit nothing. What a newtype takes depends on its content, which shows
//! only when that asks: [`ClassContent`] answers a struct or a map with the state, and anything
//! else with the single argument. An enum is a hierarchy of classes, or an `Enum` of Python by its
//! values.
//!
//! The names are compared once for each class of a graph and name of a type: see
//! [`ByNames`](crate::walk::cache::ByNames).

use super::answer::{Answer, Content};
use super::ask::Ask;
use super::entries::Entries;
use super::node::{Found, NodeDeserializer};
use super::object::is_sequence;
use super::variant::Variant;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::Int;
use crate::nodes::store::RunKind;
use crate::nodes::view::{ObjectView, View, global_names, spelled, tuple_items};
use crate::reduce::class::{ClassName, stands_for_int};
use crate::reduce::token;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    pub(crate) fn class_unit_struct(self, name: &'static str) -> Found<'g, 'de> {
        if !self.is_class_itself(name)? {
            self.instance_of(name)?;
        }
        Ok(Answer::Unit)
    }

    pub(crate) fn class_newtype_struct(self, name: &'static str) -> Found<'g, 'de> {
        let object = self.instance_of(name)?;
        Ok(Answer::Newtype(Content::Class(Box::new(ClassContent {
            node: self.unwrapped()?,
            object,
        }))))
    }

    pub(crate) fn class_tuple_struct(self, name: &'static str, len: usize) -> Found<'g, 'de> {
        let object = self.instance_of(name)?;
        self.positional(&object, len)
    }

    pub(crate) fn class_struct(
        self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Found<'g, 'de> {
        if fields.is_empty() && self.is_class_itself(name)? {
            return Ok(Answer::Map(Entries::Nothing));
        }
        let object = self.instance_of(name)?;
        self.struct_of_object(&object, fields)
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
        if let Tag::Global | Tag::Ext | Tag::Instance = self.handle.tag()
            && self.is_global()?
        {
            return self.member_by_name(name);
        }
        if variants.iter().all(|variant| variant.starts_with(token::CLASS)) && !variants.is_empty()
        {
            return Err(self.mismatch(variants));
        }
        let object = self.instance_of(name)?;
        let value = match (object.base, object.args) {
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
        Ok(Answer::Enum(Variant::unit(self)))
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
        Ok(found.and_then(|place| variants.get(place)).map(|variant| ClassVariant {
            node: *self,
            object,
            variant,
            content: None,
        }))
    }

    fn spelled(&self) -> Result<ObjectView<'g>> {
        let object = spelled(self.cx.nodes, self.cx.input, self.handle.number())?;
        self.cx.charge_runs(&object.object)?;
        Ok(object)
    }

    /// Returns true if `name` names the class.
    fn is_named(&self, class: Handle, name: &'static str) -> Result<bool> {
        Ok(self.name_of(class, (name.as_ptr() as usize, name.len()), &[name])?.is_some())
    }

    /// Which of `names` is that of the class; names without our prefix are none. `key` says which
    /// constant the names are.
    fn name_of(
        &self,
        class: Handle,
        key: (usize, usize),
        names: &[&'static str],
    ) -> Result<Option<usize>> {
        self.cx.classes.get(class, key, || {
            let Some((module, qualname)) = self.names_of(class)? else { return Ok(None) };
            for (place, name) in names.iter().enumerate() {
                if ClassName::parse(name)?.is_some_and(|name| name.matches(&module, &qualname)) {
                    return Ok(Some(place));
                }
            }
            Ok(None)
        })
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
        Ok(self.is_global()? && self.is_named(self.handle, name)?)
    }

    /// This object, if it is of the class that the serde name `name` says.
    fn instance_of(&self, name: &'static str) -> Result<ObjectView<'g>> {
        if self.handle.tag() == Tag::Instance && !self.is_global()? {
            let object = self.spelled()?;
            if self.is_named(object.callable, name)? {
                return Ok(object);
            }
        }
        Err(self.mismatch(&[name]))
    }

    /// The error of something that is not of any of these classes.
    #[cold]
    fn mismatch(&self, names: &[&'static str]) -> Error {
        if let Some(error) = names.iter().find_map(|name| ClassName::parse(name).err()) {
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

    /// The positional arguments of an object, for a tuple of `len` fields.
    fn positional(self, object: &ObjectView<'g>, len: usize) -> Found<'g, 'de> {
        refuse_keywords(&self, object)?;
        if let Some((_, base)) = object.base {
            return self.inner(base)?.answer(Ask::Seq);
        }
        match object.args {
            // A subclass of tuple has its items in one argument.
            &[items]
                if len != 1
                    && items.tag() == Tag::Tuple
                    && tuple_items(self.cx.nodes, items).len() == len =>
            {
                self.inner(items)?.items()
            }
            args => self.run(args),
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
    /// `None` where it is the class itself.
    object: Option<ObjectView<'g>>,
    pub(super) variant: &'static str,
    content: Option<ClassContent<'g, 'de>>,
}

impl<'g, 'de> ClassVariant<'g, 'de> {
    fn object(&self) -> Result<ObjectView<'g>> {
        self.object.ok_or_else(|| self.node.mismatch(&[self.variant]))
    }

    /// The data of a variant with one field.
    pub(super) fn content(&mut self) -> Result<&ClassContent<'g, 'de>> {
        let object = self.object()?;
        let content = ClassContent { node: self.node.unwrapped()?, object };
        Ok(self.content.insert(content))
    }

    /// The data of a variant with several fields.
    pub(super) fn fields(&self, ask: Ask) -> Found<'g, 'de> {
        match (ask, self.object) {
            (Ask::Tuple(len), _) => self.node.positional(&self.object()?, len),
            (Ask::Struct(_, []), None) => Ok(Answer::Map(Entries::Nothing)),
            (Ask::Struct(_, fields), _) => self.node.struct_of_object(&self.object()?, fields),
            _ => self.node.any(),
        }
    }
}

/// The content of a class-named newtype, or newtype variant.
#[derive(Clone, Copy)]
pub(crate) struct ClassContent<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    object: ObjectView<'g>,
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
                let state = self.node.state_of(&self.object)?;
                match self.argument()? {
                    Some(argument) if state.is_none() && !self.has_items() => argument.answer(ask),
                    _ => self.node.answer(ask),
                }
            }
            // The text form of the class, which its constructor takes too; else the argument.
            Ask::Str | Ask::Map => self.node.answer(ask),
            Ask::Unit | Ask::UnitStruct(_) => match self.argument()? {
                Some(argument) => argument.answer(ask),
                None => Ok(Answer::Unit),
            },
            // A list that is the argument; the items of a subclass of list or tuple.
            Ask::Seq | Ask::Tuple(_) => self.seq(),
            Ask::TupleStruct(name, _) => match self.argument()? {
                Some(argument) if name.starts_with(token::CLASS) => argument.answer(ask),
                _ => self.seq(),
            },
            Ask::Struct(name, fields)
                if !name.starts_with(token::PREFIX) && !name.starts_with(token::CLASS) =>
            {
                self.node.struct_of_object(&self.object, fields)
            }
            _ => match self.argument()? {
                Some(argument) => argument.answer(ask),
                None => self.node.answer(ask),
            },
        }
    }

    fn seq(&self) -> Found<'g, 'de> {
        match self.argument()? {
            Some(argument)
                if !self.has_items()
                    && (is_sequence(argument.handle) || argument.handle.tag() == Tag::Instance) =>
            {
                argument.answer(Ask::Seq)
            }
            _ => self.node.answer(Ask::Seq),
        }
    }

    /// Returns true if an `Option` of it is `None`.
    pub(super) fn is_none(&self) -> Result<bool> {
        match self.object.args {
            [none] if none.tag() == Tag::None => Ok(self.node.state_of(&self.object)?.is_none()),
            _ => Ok(false),
        }
    }

    /// The single argument, or the value of a builtin base class; `None` where there is no such
    /// thing.
    fn argument(&self) -> Result<Option<NodeDeserializer<'g, 'de>>> {
        refuse_keywords(&self.node, &self.object)?;
        match (self.object.base, self.object.args) {
            (Some((_, value)), _) | (None, &[value]) => self.node.inner(value).map(Some),
            _ => Ok(None),
        }
    }

    fn has_items(&self) -> bool {
        let mut more = self.object.more(self.node.cx.nodes);
        more.any(|(kind, _)| matches!(kind, RunKind::Items | RunKind::Adds | RunKind::Pairs))
    }
}
