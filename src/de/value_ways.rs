//! The ways to read a `Value`, by the place that it is in; linked into programs that read one.
//!
//! The other side is `value/de.rs`: the visitor that takes the value, and what it does in another
//! format.

use serde::de::{Deserialize, Deserializer};

use super::answer::Answer;
use super::direct::Direct;
use super::element::{Element, value_answer};
use super::node::{Found, NodeDeserializer};
use super::token::Run;
use crate::error::{Error, Result};
use crate::late::Late;
use crate::value::Value;

static WAYS: Late<Ways> = Late::new();

pub(super) struct Ways {
    /// The opcodes ahead.
    pub(super) ahead: for<'d, 'de> fn(&'d mut Direct<'de>) -> Result<Value>,
    pub(super) node: for<'g, 'de> fn(NodeDeserializer<'g, 'de>) -> Found<'g, 'de>,
    /// An element of an array.
    pub(super) element:
        for<'e, 'a, 'g, 'de> fn(&'e Element<'a, 'g, 'de>) -> Result<Answer<'e, 'g, 'de>>,
    /// Handles that are no container of the graph.
    pub(super) run: for<'a, 'g, 'de> fn(Run<'a, 'g, 'de>) -> Result<Answer<'a, 'g, 'de>>,
}

/// The ways, where the private name of a `Value` is asked for.
pub(super) fn ways() -> Result<&'static Ways> {
    WAYS.get().ok_or_else(unbound)
}

#[cold]
fn unbound() -> Error {
    Error::data("the private name of a Value is asked for by another type")
}

fn node<'g, 'de>(node: NodeDeserializer<'g, 'de>) -> Found<'g, 'de> {
    Ok(value_answer(super::value::build(node.cx, node.handle)?))
}

fn element<'e, 'g, 'de>(element: &'e Element<'_, 'g, 'de>) -> Result<Answer<'e, 'g, 'de>> {
    Ok(value_answer(element.value()?))
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WAYS.bind(Ways { ahead: |direct| direct.build(), node, element, run: |run| run.build() });
        crate::value::deserialize(deserializer)
    }
}
