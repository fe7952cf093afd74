//! The ways to read types that have class names (`py:…`) or private ones; linked into programs that
//! have such types.
//!
//! Names are constants of generated code, and [`meet`] is inlined into the methods that get them.
//! For a type with other names nothing is left of it, so that nothing names what is bound here.

use super::answer::Answer;
use super::ask::Ask;
use super::class::ClassContent;
use super::class_enum::ClassVariant;
use super::direct::Direct;
use super::node::{Found, NodeDeserializer};
use super::numpy::ArrayParts;
use super::place::Place;
use super::token::{ObjectParts, ReduceFields, Run};
use crate::error::{Error, Result};
use crate::late::Late;
use crate::python::numpy::dtype::Dtype;
use crate::reduce::class::ClassName;
use crate::reduce::form::FieldPlace;
use crate::reduce::token;
use crate::slot::LaidOut;

static WAYS: Late<Ways> = Late::new();
static PRIVATE: Late<Private> = Late::new();

/// The ways for class names.
pub(super) struct Ways {
    pub(super) unit_struct: for<'g, 'de> fn(Node<'g, 'de>, &'static str) -> Found<'g, 'de>,
    pub(super) newtype_struct: for<'g, 'de> fn(Node<'g, 'de>, &'static str) -> Found<'g, 'de>,
    pub(super) tuple_struct: for<'g, 'de> fn(Node<'g, 'de>, &'static str, usize) -> Found<'g, 'de>,
    pub(super) structure: for<'g, 'de> fn(Node<'g, 'de>, &'static str, Names) -> Found<'g, 'de>,
    pub(super) enumeration: for<'g, 'de> fn(Node<'g, 'de>, &'static str, Names) -> Found<'g, 'de>,
    /// The content of a newtype.
    pub(super) content: for<'c, 'g, 'de> fn(&'c ClassContent<'g, 'de>, Ask, bool) -> Found<'g, 'de>,
    pub(super) is_none: for<'c, 'g, 'de> fn(&'c ClassContent<'g, 'de>) -> Result<bool>,
    /// True if a struct with this class's name reads the attributes of that class into its fields.
    pub(super) reads_attributes: for<'n> fn(&'static str, &'n str, &'n str, Names) -> bool,
    /// The data of a variant, by its kind.
    pub(super) no_data: for<'v, 'g, 'de> fn(&'v ClassVariant<'g, 'de>) -> Result<()>,
    pub(super) data:
        for<'v, 'g, 'de> fn(&'v mut ClassVariant<'g, 'de>) -> Result<Place<'v, 'g, 'de>>,
    pub(super) fields: for<'v, 'g, 'de> fn(&'v ClassVariant<'g, 'de>, Ask) -> Found<'g, 'de>,
}

/// The ways for private names.
pub(super) struct Private {
    pub(super) newtype_struct: for<'g, 'de> fn(Node<'g, 'de>, &'static str) -> Found<'g, 'de>,
    pub(super) structure: for<'g, 'de> fn(Node<'g, 'de>, &'static str) -> Found<'g, 'de>,
    /// An object of the class that the name stands for, read from opcodes.
    pub(super) ahead: for<'de> fn(&mut Direct<'de>, &'static str) -> Result<Option<&'de str>>,
    /// The parts of an object or array, which only these names give.
    pub(super) object_part:
        for<'p, 'g, 'de> fn(&'p mut ObjectParts<'g, 'de>) -> Result<Option<Place<'p, 'g, 'de>>>,
    pub(super) reduce_name:
        for<'p, 'g, 'de> fn(&'p mut ReduceFields<'g, 'de>) -> Option<Place<'p, 'g, 'de>>,
    pub(super) reduce_value: for<'p, 'g, 'de> fn(&'p ReduceFields<'g, 'de>) -> Place<'p, 'g, 'de>,
    pub(super) array_name:
        for<'p, 'g, 'de> fn(&'p mut ArrayParts<'g, 'de>) -> Option<Place<'p, 'g, 'de>>,
    pub(super) array_value:
        for<'p, 'g, 'de> fn(&'p mut ArrayParts<'g, 'de>) -> Result<Place<'p, 'g, 'de>>,
    pub(super) run: for<'a, 'g, 'de> fn(Run<'a, 'g, 'de>, Ask) -> Result<Answer<'a, 'g, 'de>>,
    pub(super) dtype: fn(&Dtype) -> LaidOut,
}

type Node<'g, 'de> = NodeDeserializer<'g, 'de>;
type Names = &'static [&'static str];

/// Returns true for the name of a class. Compares bytes, which the compiler decides for constants.
#[inline(always)]
pub(super) fn is_class(name: &str) -> bool {
    const { assert!(token::CLASS.len() == 3) };
    matches!(name.as_bytes(), [b'p', b'y', b':', ..])
}

/// To be called with each name that serde hands over, before anything is asked by it.
#[inline(always)]
pub(super) fn meet(names: &[&str]) {
    for name in names {
        match name.as_bytes() {
            _ if is_class(name) => bind(),
            [b'$', b's', b'e', b'r', b'd', b'e', b'_', ..] => bind_private(),
            _ => {}
        }
    }
}

#[cold]
fn bind() {
    WAYS.bind(Ways {
        unit_struct: |node, name| node.class_unit_struct(name),
        newtype_struct: |node, name| node.class_newtype_struct(name),
        tuple_struct: |node, name, len| node.class_tuple_struct(name, len),
        structure: |node, name, fields| node.class_struct(name, fields),
        enumeration: |node, name, variants| node.class_enumeration(name, variants),
        content: |content, ask, copies| content.answer(ask, copies),
        is_none: |content| content.is_none(),
        reads_attributes: |name, module, qualname, fields| match ClassName::parse(name) {
            Ok(Some(wanted)) => wanted
                .form_of(module, qualname)
                .is_some_and(|form| form.reads_attributes() && !FieldPlace::any(fields)),
            _ => false,
        },
        no_data: |variant| variant.no_data(),
        data: |variant| variant.data(),
        fields: |variant, ask| variant.fields(ask),
    });
}

#[cold]
fn bind_private() {
    PRIVATE.bind(Private {
        newtype_struct: |node, name| node.token_newtype(name),
        structure: |node, name| node.token_struct(name),
        ahead: |direct, name| direct.object_named(name),
        object_part: |parts| parts.next(),
        reduce_name: |fields| fields.name(),
        reduce_value: |fields| fields.value(),
        array_name: |parts| parts.name(),
        array_value: |parts| parts.value(),
        run: |run, ask| run.answer(ask),
        dtype: |dtype| crate::python::numpy::fill_slot(dtype.clone()),
    });
}

// Out of line, so that functions of which this is a rare case keep their registers.

/// [`ObjectParts::next`].
#[inline(never)]
pub(super) fn object_part<'p, 'g, 'de>(
    parts: &'p mut ObjectParts<'g, 'de>,
) -> Result<Option<Place<'p, 'g, 'de>>> {
    (private()?.object_part)(parts)
}

/// [`ReduceFields::name`].
#[inline(never)]
pub(super) fn reduce_name<'p, 'g, 'de>(
    fields: &'p mut ReduceFields<'g, 'de>,
) -> Result<Option<Place<'p, 'g, 'de>>> {
    Ok((private()?.reduce_name)(fields))
}

/// [`ReduceFields::value`].
#[inline(never)]
pub(super) fn reduce_value<'p, 'g, 'de>(
    fields: &'p ReduceFields<'g, 'de>,
) -> Result<Place<'p, 'g, 'de>> {
    Ok((private()?.reduce_value)(fields))
}

/// [`ArrayParts::name`].
#[inline(never)]
pub(super) fn array_name<'p, 'g, 'de>(
    parts: &'p mut ArrayParts<'g, 'de>,
) -> Result<Option<Place<'p, 'g, 'de>>> {
    Ok((private()?.array_name)(parts))
}

/// [`ArrayParts::value`].
#[inline(never)]
pub(super) fn array_value<'p, 'g, 'de>(
    parts: &'p mut ArrayParts<'g, 'de>,
) -> Result<Place<'p, 'g, 'de>> {
    (private()?.array_value)(parts)
}

/// [`Run::answer`].
#[inline(never)]
pub(super) fn run<'a, 'g, 'de>(run: Run<'a, 'g, 'de>, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
    (private()?.run)(run, ask)
}

/// The ways, where a private name is asked for.
pub(in crate::de) fn private() -> Result<&'static Private> {
    PRIVATE.get().ok_or_else(unbound)
}

/// The ways, where the name of a class is asked for.
pub(super) fn ways() -> Result<&'static Ways> {
    WAYS.get().ok_or_else(unbound)
}

#[cold]
fn unbound() -> Error {
    Error::data("a name of serde_pickle's own is asked for by no type")
}
