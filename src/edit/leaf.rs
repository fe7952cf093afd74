//! Values that are replaced as a whole, and new ones beside others.
//!
//! A value keeps its Python type where that can hold the new one: an int stays an int, bytes stay
//! bytes, and text that stands for an object becomes an object of the same class (`inverse.rs`).

use std::borrow::Cow;

use super::diff::Change;
use super::editor::Editor;
use super::inverse;
use crate::de::source::Part;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Const, RunKind};
use crate::nodes::view::{View, view};
use crate::value::Value;

/// The siblings of a new value, which decide its kind.
#[derive(Clone, Copy)]
pub(super) struct Siblings {
    first: Option<Handle>,
    /// The first that is an object of a class.
    object: Option<Handle>,
    /// True if others are something else.
    mixed: bool,
    /// True if all are text that the type reads as bytes.
    texts: bool,
}

impl<'v> Editor<'_, 'v, '_> {
    /// Replaces a value that was read as `old` by one that is written as `new`.
    pub(super) fn replace(&mut self, at: Handle, old: &'v Value, new: &'v Value) -> Result<Handle> {
        let now = self.replaced(at, old, new)?;
        if now.tag() == Tag::Const && now != at {
            self.leaves.push((now, at));
        }
        Ok(now)
    }

    fn replaced(&mut self, at: Handle, old: &'v Value, new: &'v Value) -> Result<Handle> {
        match at.tag() {
            Tag::Float8 | Tag::FloatLine => self.number(at, new),
            Tag::Const => match (self.nodes.constant(at.number()), new) {
                (Some(Const::Float(_)), _) => self.number(at, new),
                (Some(Const::Bytes(_) | Const::Raw { .. }), Value::Str(text)) => {
                    self.bytes(text.as_bytes())
                }
                _ => self.import(new, at),
            },
            Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 => match byte_text(new) {
                Some(bytes) => self.bytes(&bytes),
                None => self.import(new, at),
            },
            Tag::Int | Tag::Small | Tag::Long1 | Tag::Long4 | Tag::IntLine | Tag::LongLine => {
                match new {
                    // A float field may be read from an int.
                    Value::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                        self.import(&Value::Int(*value as i64), at)
                    }
                    _ => self.import(new, at),
                }
            }
            Tag::ByteArray => match byte_text(new) {
                Some(bytes) => {
                    let payload = self.bytes(&bytes)?;
                    let slots = self.nodes.slots(at.number());
                    let &slot = slots.first().ok_or_else(|| self.no_place(at))?;
                    self.touch(at, &Change { old, new, what: super::diff::What::Whole });
                    self.nodes.replace(self.journal, slot, payload);
                    Ok(at)
                }
                None => self.import(new, at),
            },
            Tag::Buffer | Tag::View | Tag::Persid | Tag::Ext => Err(self.no_place(at)),
            Tag::Instance => self.replace_instance(at, old, new),
            // An enum's variant without data is text, or a member that is pickled by name.
            Tag::Global => match (self.class_names(at), new) {
                (_, Value::Global(_) | Value::None) => self.import(new, at),
                (Some((module, name)), Value::Str(member)) if name.contains('.') => {
                    let class = name.rsplit_once('.').map_or("", |(class, _)| class);
                    self.import(&Value::global(module, format!("{class}.{member}")), at)
                }
                _ => Err(self.no_place(at)),
            },
            _ if self.is_text(at) && is_changed_bytes(old, new) => self.text(new),
            _ => self.import(new, at),
        }
    }

    fn is_text(&self, at: Handle) -> bool {
        match at.tag() {
            Tag::Str1 | Tag::Str4 | Tag::Str8 | Tag::StrLine | Tag::StrEscaped | Tag::Shared => {
                true
            }
            Tag::Const => matches!(self.nodes.constant(at.number()), Some(Const::Str(_))),
            _ => false,
        }
    }

    /// Text by its bytes.
    ///
    /// # Errors
    /// They are not UTF-8.
    fn text(&mut self, value: &Value) -> Result<Handle> {
        let text = byte_text(value).and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| {
            Error::unsupported(
                "the pickle has text where the type has bytes, and the new bytes are not UTF-8",
            )
        })?;
        self.nodes.push_const(Const::Str(Cow::Owned(text)))
    }

    /// A float stays a float where an int is written for it.
    fn number(&mut self, at: Handle, new: &Value) -> Result<Handle> {
        match *new {
            Value::Int(value) if value.unsigned_abs() < 1 << 53 => {
                self.import(&Value::Float(value as f64), at)
            }
            _ => self.import(new, at),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<Handle> {
        self.nodes.push_const(Const::Bytes(Cow::Owned(bytes.to_vec())))
    }

    fn replace_instance(&mut self, at: Handle, old: &'v Value, new: &'v Value) -> Result<Handle> {
        if let (Value::Object(_) | Value::None, _) | (_, Value::None) = (new, new) {
            return self.import(new, at);
        }
        let whole = Change { old, new, what: super::diff::What::Whole };
        match view(self.nodes, self.input, at.number())? {
            View::Bytes { array, .. } => {
                let bytes = byte_text(new).ok_or_else(|| self.no_place(at))?;
                let payload = self.bytes(&bytes)?;
                return if array { self.set_call(at, &whole, vec![payload]) } else { Ok(payload) };
            }
            View::Complex { .. } | View::Set { .. } | View::Attribute => {
                return self.import(new, at);
            }
            View::Object(_) => {}
        }
        if let Some(made) = inverse::of(self, at, old, new)? {
            return Ok(made);
        }
        // A part that was read through the object is replaced in it: the value of a base class, a
        // single argument, the content of a wrapper.
        if let Some(made) = self.numpy(at, &whole)? {
            return Ok(made);
        }
        match self.walk(at, |node| node.scalar_part())? {
            Some(part) => {
                let was = self.part(at, part);
                let now = self.replace(was, old, new)?;
                self.set_part(at, &whole, part, was, now)
            }
            None if !self.part(at, Part::State).is_vacant() => {
                let was = self.part(at, Part::State);
                let now = self.replace(was, old, new)?;
                self.set_part(at, &whole, Part::State, was, now)
            }
            None => Err(self.no_place(at)),
        }
    }

    /// Gives a call that stands for a mutable builtin other arguments, in place.
    fn set_call(&mut self, at: Handle, change: &Change<'v>, args: Vec<Handle>) -> Result<Handle> {
        self.touch(at, change);
        let offset = self.offset(at);
        let args = self.nodes.push_tuple(&args, offset)?;
        let mut contents = self.nodes.contents_of(at.number());
        contents.first.truncate(1);
        contents.first.push(args);
        self.nodes.set_contents(self.journal, at.number(), &contents)?;
        Ok(at)
    }

    /// Looks through the siblings of new values, once for all of those.
    pub(super) fn siblings(&self, of: &[Handle]) -> Siblings {
        let is_object = |sibling: &&Handle| {
            sibling.tag() == Tag::Instance
                && matches!(view(self.nodes, self.input, sibling.number()), Ok(View::Object(_)))
        };
        let object = of.iter().find(is_object).copied();
        let mixed = object.is_some_and(|object| {
            let class = self.class_names(object);
            of.iter().any(|other| {
                other.tag() != Tag::None
                    && (other.tag() != Tag::Instance || self.class_names(*other) != class)
            })
        });
        Siblings { first: of.first().copied(), object, mixed, texts: false }
    }

    /// The same, where `old` is what the type read of them.
    pub(super) fn siblings_read_as(&self, of: &[Handle], old: &[&Value]) -> Siblings {
        let is_bytes = |value: &&Value| matches!(value, Value::Bytes(_));
        let texts = !of.is_empty()
            && !old.is_empty()
            && old.iter().all(is_bytes)
            && of.iter().all(|sibling| self.is_text(*sibling));
        Siblings { texts, ..self.siblings(of) }
    }

    /// A new value among siblings: where those are objects of one class, an object of that class.
    ///
    /// # Errors
    /// The siblings are of several classes, and the type does not name one.
    pub(super) fn fresh(
        &mut self,
        value: &'v Value,
        siblings: Siblings,
        at: Handle,
    ) -> Result<Handle> {
        if siblings.texts && matches!(value, Value::Bytes(_)) {
            return self.text(value);
        }
        let says = matches!(value, Value::Object(_) | Value::Global(_) | Value::None);
        let Some(sibling) = siblings.object.filter(|_| !says) else {
            return match siblings.first {
                Some(sibling) if self.is_set(sibling) => self.fresh_set(value, sibling),
                Some(sibling) if !sibling.is_object() => self.replaced(sibling, value, value),
                _ => self.import(value, at),
            };
        };
        if siblings.mixed {
            return Err(Error::unsupported(
                "a new value stands among values of several classes, and its type does not name \
                 one; give the type a `py:` name",
            ));
        }
        if let Value::Dict(fields) = value {
            return self.sibling_object(sibling, fields.iter().collect());
        }
        if let Value::Tuple(items) = value {
            return self.sibling_of_items(sibling, items);
        }
        match inverse::of(self, sibling, value, value)? {
            Some(made) => Ok(made),
            None => match self.walk(sibling, |node| node.scalar_part())? {
                Some(part @ (Part::Arg(_) | Part::Base)) => {
                    let copy = self.copy(sibling)?;
                    let was = self.part(copy, part);
                    let now = self.replaced(was, value, value)?;
                    let whole = Change { old: value, new: value, what: super::diff::What::Whole };
                    self.set_part(copy, &whole, part, was, now)
                }
                _ => Err(self.no_place(sibling)),
            },
        }
    }

    /// A set beside a set: sequences that are read from sets are written as lists.
    fn fresh_set(&mut self, value: &Value, sibling: Handle) -> Result<Handle> {
        let (Value::List(items) | Value::Tuple(items)) = value else {
            return self.import(value, sibling);
        };
        let frozen = match sibling.tag() {
            Tag::FrozenSet => true,
            Tag::Instance => {
                matches!(
                    view(self.nodes, self.input, sibling.number())?,
                    View::Set { frozen: true, .. }
                )
            }
            _ => false,
        };
        let set = crate::value::Set::try_from_iter(items.iter().cloned())?;
        let set = if frozen { Value::FrozenSet(set) } else { Value::Set(set) };
        self.import(&set, sibling)
    }

    /// A copy of an object, with the same parts.
    fn copy(&mut self, at: Handle) -> Result<Handle> {
        let object = self.nodes.object(at.number());
        let contents = self.nodes.contents_of(at.number());
        let copy = self.nodes.push_object(at.tag(), object.flags(), object.offset(), &[])?;
        self.nodes.set_contents(self.journal, copy.number(), &contents)?;
        Ok(copy)
    }

    /// A new object of a sibling's class that is read as a tuple: a named tuple, whose arguments
    /// the items are, or a subclass of tuple, whose one argument they are.
    fn sibling_of_items(&mut self, sibling: Handle, items: &'v [Value]) -> Result<Handle> {
        let args = self.args(sibling)?;
        if !self.nodes.contents_of(sibling.number()).more.is_empty() {
            return Err(self.no_place(sibling));
        }
        let like = match *args {
            [one] if one.tag() == Tag::Tuple => self.tuple(one),
            _ if args.len() == items.len() => args.clone(),
            _ => return Err(self.no_place(sibling)),
        };
        let mut made = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let siblings = self.siblings(like.get(place..=place).unwrap_or_default());
            made.push(self.fresh(item, siblings, sibling)?);
        }
        if args != like {
            made = vec![self.nodes.push_tuple(&made, self.offset(sibling))?];
        }
        let copy = self.copy(sibling)?;
        let whole = Change { old: &NOTHING, new: &NOTHING, what: super::diff::What::Whole };
        self.set_args(copy, &whole, made)
    }

    /// A new object of a sibling's class, with these fields in the places where the sibling has
    /// its own.
    fn sibling_object(
        &mut self,
        sibling: Handle,
        fields: Vec<(&'v Value, &'v Value)>,
    ) -> Result<Handle> {
        let args = self.args(sibling)?;
        let copy = self.copy(sibling)?;
        let contents = self.nodes.contents_of(sibling.number());
        let states: Vec<Handle> = contents
            .more
            .iter()
            .filter(|(kind, ..)| *kind == RunKind::State)
            .filter_map(|(_, run, _)| run.first().copied())
            .collect();
        if contents.more.len() > 1 || states.len() != contents.more.len() {
            return Err(self.no_place(sibling));
        }
        let offset = self.offset(sibling);
        match states.first().copied() {
            None if args.len() == fields.len() => {
                let mut made = Vec::with_capacity(fields.len());
                for ((_, value), arg) in fields.iter().zip(args) {
                    made.push(self.fresh(value, self.siblings(&[arg]), sibling)?);
                }
                let whole = Change { old: &NOTHING, new: &NOTHING, what: super::diff::What::Whole };
                self.set_args(copy, &whole, made)
            }
            Some(state) if args.is_empty() => {
                let dict = |editor: &mut Self, like: Handle| -> Result<Handle> {
                    let mut entries = Vec::with_capacity(2 * fields.len());
                    for (key, value) in &fields {
                        let sibling = editor.entry(like, key)?;
                        entries.push(editor.import(key, like)?);
                        let siblings = editor.siblings(sibling.as_slice());
                        entries.push(editor.fresh(value, siblings, like)?);
                    }
                    editor.nodes.push_object(Tag::Dict, Default::default(), offset, &entries)
                };
                let now = match (state.tag(), &self.tuple(state)[..]) {
                    (Tag::Dict, _) => dict(self, state)?,
                    (Tag::Tuple, &[none, slots])
                        if none.tag() == Tag::None && slots.tag() == Tag::Dict =>
                    {
                        let slots = dict(self, slots)?;
                        self.nodes.push_tuple(&[none, slots], offset)?
                    }
                    _ => return Err(self.no_place(sibling)),
                };
                let mut contents = self.nodes.contents_of(copy.number());
                contents.more = vec![(RunKind::State, vec![now], 0)];
                self.nodes.set_contents(self.journal, copy.number(), &contents)?;
                Ok(copy)
            }
            _ => Err(self.no_place(sibling)),
        }
    }
}

/// A placeholder for both sides of a change of a new object.
static NOTHING: Value = Value::None;

/// Returns true if bytes were read and others are to be written. A new value is its own old one.
fn is_changed_bytes(old: &Value, new: &Value) -> bool {
    matches!((old, new), (Value::Bytes(_), Value::Bytes(_))) && !std::ptr::eq(old, new)
}

/// The bytes that a text stands for.
fn byte_text(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Str(text) => Some(text.as_bytes().to_vec()),
        Value::Bytes(bytes) | Value::ByteArray(bytes) => Some(bytes.clone()),
        Value::List(items) | Value::Tuple(items) => items
            .iter()
            .map(|item| item.as_i64().and_then(|byte| u8::try_from(byte).ok()))
            .collect(),
        _ => None,
    }
}
