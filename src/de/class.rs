//! Class names in serde names, on reading: `py:module:qualname` on a container or a variant.
//!
//! The object is first checked to be of the class, however Python spelled it: NEWOBJ, REDUCE, INST,
//! `copyreg._reconstructor`. Then a struct takes the state, a tuple the positional arguments, a
//! unit nothing. A newtype depends on its content, which shows only when that asks:
//! [`ClassContent`] answers a struct or a map with the state, and anything else with the single
//! argument. Enums are in `class_enum`.
//!
//! `spelled` finds the content, and checks that the object is spelled as the name says. Names are
//! compared once for each class of a graph and name of a type: see
//! [`ByNames`](crate::walk::cache::ByNames).

use super::answer::{Answer, Content};
use super::ask::Ask;
use super::entries::Entries;
use super::node::{Found, NodeDeserializer};
use super::object::is_sequence;
use super::spelled::{ContentKind, NamedObject, Positional};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::RunKind;
use crate::nodes::view::{ObjectView, global_names, spelled};
use crate::reduce::class::ClassName;
use crate::reduce::form::Form;
use crate::reduce::token;
use crate::shown::shown;
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

    pub(super) fn spelled(&self) -> Result<ObjectView<'g>> {
        self.cx.check_unspent()?;
        spelled(self.cx.nodes, self.cx.input, self.handle.number())
    }

    /// The spelling that `name` asks for, if it names the class.
    pub(super) fn form_named(&self, class: Handle, name: &'static str) -> Result<Option<Form>> {
        let found = self.name_of(class, (name.as_ptr() as usize, name.len()), &[name])?;
        Ok(found.map(|(_, form)| form))
    }

    /// The place among `names` of the one that names the class, and its form. Names without our
    /// prefix name no class. `key` identifies the constant that the names are.
    pub(super) fn name_of(
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
    pub(super) fn names_of(&self, class: Handle) -> Result<Option<(String, String)>> {
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

    /// This object, if it is an instance of the class that the serde name `name` names.
    pub(super) fn instance_of(&self, name: &'static str) -> Result<NamedObject<'g>> {
        if self.handle.tag() == Tag::Instance && !self.is_global()? {
            let object = self.spelled()?;
            if let Some(form) = self.form_named(object.callable, name)? {
                return Ok(NamedObject { object, form, name });
            }
        }
        Err(self.mismatch(&[name]))
    }

    /// The error of a value that is an instance of none of these classes.
    #[cold]
    pub(super) fn mismatch(&self, names: &[&'static str]) -> Error {
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
    pub(super) fn positional(self, named: &NamedObject<'g>, len: usize) -> Found<'g, 'de> {
        match self.named_items(named, len)? {
            Positional::Within(items) => self.inner(items)?.answer(Ask::Seq),
            Positional::Run(args) => self.run(args),
        }
    }
}

/// Refuses keyword arguments, because a tuple has no place for their names.
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
pub(super) fn class_text(names: &[&'static str]) -> String {
    let classes: Vec<String> = names
        .iter()
        .filter_map(|name| ClassName::parse(name).ok().flatten())
        .map(|class| shown(&class))
        .collect();
    match classes.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => classes.concat(),
    }
}

/// The content of a class-named newtype or newtype variant whose name does not say where it lies.
/// The method by which it asks decides: it is an argument, or the state.
#[derive(Clone, Copy)]
pub(crate) struct ClassContent<'g, 'de> {
    pub(super) node: NodeDeserializer<'g, 'de>,
    pub(super) named: NamedObject<'g>,
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
