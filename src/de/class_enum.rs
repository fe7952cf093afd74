//! Enums whose name, or whose variants' names, are class names: members of a Python `Enum` by their
//! value or name, and hierarchies of classes.

use super::answer::Answer;
use super::ask::Ask;
use super::class::{ClassContent, class_text};
use super::entries::Entries;
use super::node::{Found, NodeDeserializer};
use super::place::Place;
use super::spelled::NamedObject;
use super::variant::Variant;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::Int;
use crate::nodes::view::{ObjectView, View};
use crate::reduce::class::{ClassName, stands_for_int};
use crate::reduce::token;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    /// An enum with class names.
    pub(super) fn class_enumeration(
        self,
        name: &'static str,
        variants: &'static [&'static str],
    ) -> Found<'g, 'de> {
        if name.starts_with(token::CLASS) {
            return self.class_enum(name, variants);
        }
        if let Some(found) = self.caught(variants)? {
            return Ok(Answer::Enum(Variant::class(found)));
        }
        match self.handle.tag() {
            Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid => self.enum_of_object(variants),
            _ => self.plain_variant(),
        }
    }

    /// A member of a Python `Enum`, or an object of a hierarchy whose base the container's name is.
    fn class_enum(self, name: &'static str, variants: &'static [&'static str]) -> Found<'g, 'de> {
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
        self.member_by_value(name, value)
    }

    /// A member by its value, which a variant's name stands for: text, or an int of up to 128 bits.
    fn member_by_value(&self, name: &'static str, value: Handle) -> Found<'g, 'de> {
        if let Some(int) = self.cx.int(value)? {
            let int = match int {
                Int::Small(int) => Some(i128::from(int)),
                Int::Long(bytes) => {
                    crate::natural::long(bytes).and_then(|int| i128::try_from(int).ok())
                }
                Int::Big(int) => i128::try_from(&*int).ok(),
            };
            return match int {
                Some(int) => Ok(named(int.to_string())),
                None => Err(no_member(name, "an int of more than 128 bits")),
            };
        }
        let text = match self.cx.chars(value)? {
            Some(chars) => {
                self.cx.charge_memory(chars.len())?;
                String::from_utf8(chars.into_owned()).ok()
            }
            None if self.cx.is_text(value) => self.cx.owned_text(value)?,
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

    /// An object or a global, where the enum that is asked for is not named as a class.
    fn enum_of_object(self, variants: &'static [&'static str]) -> Found<'g, 'de> {
        if let Some(found) = self.class_variant(variants)? {
            return Ok(Answer::Enum(Variant::class(found)));
        }
        if variants.iter().all(|variant| variant.starts_with(token::CLASS)) && !variants.is_empty()
        {
            return Err(self.mismatch(variants));
        }
        // An object whose class no variant names stands for a variant with the name of its class,
        // and `#[serde(other)]` takes that.
        if self.handle.tag() == Tag::Instance
            && !self.is_global()?
            && variants.iter().any(|variant| variant.starts_with(token::CLASS))
            && !self.is_scalar()?
            && let Some((module, qualname)) = self.names_of(self.spelled()?.callable)?
        {
            return Ok(named(format!("{module}.{qualname}")));
        }
        self.plain_variant()
    }

    /// The variant of an enum with a catch-all: a class's, or the catch-all itself. `None` where
    /// there is none, or where the value names one of the other variants.
    fn caught(&self, variants: &'static [&'static str]) -> Result<Option<ClassVariant<'g, 'de>>> {
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

    /// The catch-all of a Python Enum, unless the value is a member that a variant stands for.
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
}

#[cold]
fn no_member(name: &'static str, value: impl std::fmt::Display) -> Error {
    Error::data(format!(
        "no variant stands for the member of {} whose value is {value}",
        class_text(&[name])
    ))
}

/// A variant without data whose name is not in the pickle as it is.
pub(super) fn named<'g, 'de>(name: String) -> Answer<'g, 'g, 'de> {
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

    /// Checks that the object has no data, for a variant without any.
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
