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

use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor};

use super::node::NodeDeserializer;
use super::object::is_sequence;
use super::spelled::{ContentKind, NamedObject, Positional};
use super::variant::{NamedVariant, unit_variant};
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
    pub(crate) fn class_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if self.is_class_itself(name)? {
            self.check_class_itself(name, true)?;
        } else {
            self.check_unit(&self.instance_of(name)?)?;
        }
        visitor.visit_unit()
    }

    pub(crate) fn class_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        let named = self.instance_of(name)?;
        match self.named_content(&named)? {
            Some(content) => visitor.visit_newtype_struct(self.inner(content)?),
            None => visitor.visit_newtype_struct(ClassContent { node: self.unwrapped()?, named }),
        }
    }

    pub(crate) fn class_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.visit_positional(&self.instance_of(name)?, len, visitor)
    }

    pub(crate) fn class_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if fields.is_empty() && self.is_class_itself(name)? {
            self.check_class_itself(name, false)?;
            return visit_empty(visitor);
        }
        self.visit_named(&self.instance_of(name)?, fields, visitor)
    }

    /// A member of a Python `Enum`, or an object of a hierarchy whose base the container's name is.
    pub(crate) fn class_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if let Some(found) = self.class_variant(variants)? {
            return visitor.visit_enum(found);
        }
        if let Some(found) = self.other_member(name, variants)? {
            return visitor.visit_enum(found);
        }
        if let Tag::Global | Tag::Ext | Tag::Instance = self.handle.tag()
            && self.is_global()?
        {
            return self.member_by_name(name, visitor);
        }
        if variants.iter().all(|variant| variant.starts_with(token::CLASS)) && !variants.is_empty()
        {
            return Err(self.mismatch(variants));
        }
        let named = self.instance_of(name)?;
        self.check_member(&named)?;
        let value = match (named.object.base, named.object.args) {
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
                return visitor.visit_enum(NamedVariant(itoa::Buffer::new().format(value)));
            }
            Some(Int::Long(bytes)) => {
                // A variant's name stands for an int of up to 128 bits.
                return match crate::natural::long(bytes)
                    .and_then(|value| i128::try_from(value).ok())
                {
                    Some(value) => visitor.visit_enum(NamedVariant(&value.to_string())),
                    None => Err(no_member(name, "an int of more than 128 bits")),
                };
            }
            Some(Int::Big(value)) => {
                return match i128::try_from(&*value) {
                    Ok(value) => visitor.visit_enum(NamedVariant(&value.to_string())),
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
            Some(text) => visitor.visit_enum(NamedVariant(&text)),
            None => Err(no_member(name, crate::nodes::describe::describe(value.tag()))),
        }
    }

    /// A member as an attribute of its class: `getattr(Color, 'RED')`, which is how an enum that is
    /// pickled by name, and any global nested in a class, is written.
    fn member_by_name<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        let (module, qualname) = self.global_names()?;
        if let Some((class, member)) = qualname.rsplit_once('.')
            && ClassName::parse(name)?.is_some_and(|name| name.matches(&module, class))
        {
            return visitor.visit_enum(NamedVariant(member));
        }
        Err(Error::data(format!(
            "expected a member of {}, found the global {module}.{qualname}",
            class_text(&[name])
        )))
    }

    /// An object or a global where an enum is asked for that is not named as a class.
    pub(crate) fn enum_of_object<V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if let Some(found) = self.class_variant(variants)? {
            return visitor.visit_enum(found);
        }
        if variants.iter().all(|variant| variant.starts_with(token::CLASS)) && !variants.is_empty()
        {
            return Err(self.mismatch(variants));
        }
        if self.is_global()? {
            // An Enum that is pickled by name: what else is nested in a class has no business here.
            let (module, qualname) = self.global_names()?;
            return match qualname.rsplit_once('.') {
                Some((_, member)) => visitor.visit_enum(NamedVariant(member)),
                None => visitor.visit_enum(NamedVariant(&format!("{module}.{qualname}"))),
            };
        }
        // An object of a class that no variant is named as goes by the name of its class, which a
        // variant with `#[serde(other)]` takes; but the member of an Enum is text or a number.
        if variants.iter().any(|variant| variant.starts_with(token::CLASS))
            && self.handle.tag() == Tag::Instance
            && !self.is_scalar()?
            && let Some((module, qualname)) = self.names_of(self.spelled()?.callable)?
        {
            return visitor.visit_enum(NamedVariant(&format!("{module}.{qualname}")));
        }
        visitor.visit_enum(unit_variant(self))
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
        ClassVariant { node: *self, named: None, variant }
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
        Ok(found.and_then(|(place, form)| Some((*variants.get(place)?, form))).map(
            |(variant, form)| ClassVariant {
                node: *self,
                named: object.map(|object| NamedObject { object, form, name: variant }),
                variant,
            },
        ))
    }

    pub(super) fn spelled(&self) -> Result<ObjectView<'g>> {
        let object = spelled(self.cx.nodes, self.cx.input, self.handle.number())?;
        self.cx.charge_runs(&object.object)?;
        Ok(object)
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
    fn visit_positional<V: Visitor<'de>>(
        self,
        named: &NamedObject<'g>,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        match self.named_items(named, len)? {
            Positional::Within(items) => self.inner(items)?.deserialize_seq(visitor),
            Positional::Run(args) => self.visit_run(args, visitor),
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

fn visit_empty<'de, V: Visitor<'de>>(visitor: V) -> Result<V::Value> {
    visitor.visit_map(MapDeserializer::<_, Error>::new(std::iter::empty::<(&str, ())>()))
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

/// A variant that is named as a class.
pub(crate) struct ClassVariant<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    /// `None` where it is the class itself.
    named: Option<NamedObject<'g>>,
    variant: &'static str,
}

impl<'g> ClassVariant<'g, '_> {
    fn named(&self) -> Result<NamedObject<'g>> {
        self.named.ok_or_else(|| self.node.mismatch(&[self.variant]))
    }
}

impl<'de> EnumAccess<'de> for ClassVariant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let variant = seed.deserialize(de::value::StrDeserializer::<Error>::new(self.variant))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for ClassVariant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        match &self.named {
            Some(named) => self.node.check_unit(named),
            None => self.node.check_class_itself(self.variant, true),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        if self.variant == token::ANYTHING {
            return seed.deserialize(self.node.unwrapped()?);
        }
        let named = self.named()?;
        match self.node.named_content(&named)? {
            Some(content) => seed.deserialize(self.node.inner(content)?),
            None => seed.deserialize(ClassContent { node: self.node.unwrapped()?, named }),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.node.visit_positional(&self.named()?, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.named {
            None if fields.is_empty() => {
                self.node.check_class_itself(self.variant, false)?;
                visit_empty(visitor)
            }
            _ => self.node.visit_named(&self.named()?, fields, visitor),
        }
    }
}

/// The content of a class-named newtype, or newtype variant, whose name gives no place for it: it
/// is an argument or the state, as the methods tell that it asks by.
struct ClassContent<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    named: NamedObject<'g>,
}

impl<'g, 'de> ClassContent<'g, 'de> {
    /// The single argument, or the value of a builtin base class; `None` where there is no such
    /// thing.
    fn argument(&self) -> Result<Option<NodeDeserializer<'g, 'de>>> {
        refuse_keywords(&self.node, &self.named.object)?;
        match (self.named.object.base, self.named.object.args) {
            (Some((_, value)), _) | (None, &[value]) => self.node.inner(value).map(Some),
            _ => Ok(None),
        }
    }

    fn check(&self, kind: ContentKind) -> Result<()> {
        self.node.check_content(&self.named, kind)
    }

    fn has_items(&self) -> bool {
        let mut more = self.named.object.more(self.node.cx.nodes);
        more.any(|(kind, _)| matches!(kind, RunKind::Items | RunKind::Adds | RunKind::Pairs))
    }
}

macro_rules! content_scalars {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.check(ContentKind::Argument)?;
            match self.argument()? {
                Some(argument) => argument.$method(visitor),
                None => self.node.$method(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ClassContent<'_, 'de> {
    type Error = Error;

    content_scalars! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_bytes deserialize_byte_buf
        deserialize_identifier
    }

    /// The argument, if that is all there is.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let state = self.node.state_of(&self.named.object)?;
        let argument = self.argument()?.filter(|_| state.is_none() && !self.has_items());
        self.check(match argument {
            Some(_) => ContentKind::Argument,
            None => ContentKind::Attributes,
        })?;
        match argument {
            Some(argument) => argument.any(visitor),
            None => self.node.any(visitor),
        }
    }

    /// The text form of the class, which its constructor takes too; else the argument.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.check(ContentKind::Text)?;
        self.node.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.check(ContentKind::Text)?;
        self.node.deserialize_string(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.check(ContentKind::Text)?;
        self.node.deserialize_char(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.named.object.args {
            [none]
                if none.tag() == Tag::None && self.node.state_of(&self.named.object)?.is_none() =>
            {
                self.check(ContentKind::Argument)?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(Self { node: self.node.unwrapped()?, ..self }),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.check(ContentKind::Argument)?;
        match self.argument()? {
            Some(argument) => argument.deserialize_unit(visitor),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.check(ContentKind::Argument)?;
        match self.argument()? {
            Some(argument) => argument.deserialize_unit_struct(name, visitor),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if !name.starts_with(token::PREFIX) && !name.starts_with(token::CLASS) {
            return visitor.visit_newtype_struct(Self { node: self.node.unwrapped()?, ..self });
        }
        if name == token::VALUE
            && self.argument()?.is_none()
            && let Some(state) = self.node.attributes(&self.named)?
        {
            return self.node.inner(state)?.deserialize_newtype_struct(name, visitor);
        }
        self.check(ContentKind::Argument)?;
        match self.argument()? {
            Some(argument) if name == token::VALUE && !self.named.form.lenient => {
                self.node.refuse_dict(&self.named, argument.handle)?;
                argument.deserialize_newtype_struct(name, visitor)
            }
            Some(argument) => argument.deserialize_newtype_struct(name, visitor),
            None => self.node.deserialize_newtype_struct(name, visitor),
        }
    }

    /// A list that is the argument; the items of a subclass of list or tuple.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.check(ContentKind::Argument)?;
        match self.argument()? {
            Some(argument) if !self.has_items() && !matches!(argument.handle.tag(), Tag::None) => {
                if is_sequence(argument.handle) || argument.handle.tag() == Tag::Instance {
                    argument.deserialize_seq(visitor)
                } else {
                    self.node.deserialize_seq(visitor)
                }
            }
            _ => self.node.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        match self.argument()? {
            Some(argument) if name.starts_with(token::CLASS) => {
                self.check(ContentKind::Argument)?;
                argument.deserialize_tuple_struct(name, len, visitor)
            }
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.check(ContentKind::Attributes)?;
        self.node.deserialize_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if !name.starts_with(token::PREFIX) && !name.starts_with(token::CLASS) {
            return self.node.visit_named(&self.named, fields, visitor);
        }
        self.check(ContentKind::Argument)?;
        match self.argument()? {
            Some(argument) => argument.deserialize_struct(name, fields, visitor),
            None => self.node.deserialize_struct(name, fields, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.check(ContentKind::Argument)?;
        match self.argument()? {
            Some(argument) => argument.deserialize_enum(name, variants, visitor),
            None => self.node.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}
