//! Asks the hooks about everything within an owned value at once, in place.
//!
//! A hook that rewrites objects takes them by value. An object that the caller lends is copied
//! once, with everything in it; the objects within its replacement are ours, and are moved out of
//! their places and back. So each value is looked at once, however deep rewritten objects are
//! within each other; copying each of them would be quadratic.
//!
//! The result is settled: [`Settled`] writes it without asking again.

use std::mem;
use std::sync::Arc;

use super::hooks::{Hooks, Unhooked};
use super::{Dict, Set, Value};
use crate::error::{Error, Result};
use crate::reduce::{Name, Reduce, token};

use serde::ser::{Serialize, Serializer};

impl Hooks {
    /// Returns true if the class of an object is in the table.
    pub(crate) fn rewrites_object(&self, object: &Reduce) -> bool {
        object.class().is_some_and(|class| self.rewrites(&class.module, &class.qualname))
    }

    /// Returns the settled replacement of an object whose class is in the table.
    pub(crate) fn rewrite(&self, object: Reduce) -> Result<Value> {
        let mut value = self.rewrite_alone(object)?;
        self.settle_within(&mut value)?;
        Ok(value)
    }

    fn rewrite_alone(&self, object: Reduce) -> Result<Value> {
        let name = object.class().map(|class| Name::new(&class.module, &class.qualname));
        match name.and_then(|name| self.dispatch.get(&name)) {
            Some(rewrite) => rewrite(object),
            None => Ok(Value::from(object)),
        }
    }

    /// Settles everything within a value about which the hooks were already asked.
    pub(crate) fn settle_within(&self, value: &mut Value) -> Result<()> {
        let mut pending = Vec::new();
        self.push_parts(value, &mut pending)?;
        self.settle_all(pending)
    }

    fn settle(&self, value: &mut Value) -> Result<()> {
        self.settle_all(vec![value])
    }

    /// The first is on top.
    fn settle_all(&self, mut pending: Vec<&mut Value>) -> Result<()> {
        while let Some(value) = pending.pop() {
            let within = self.ask(value)?;
            self.push_parts(within, &mut pending)?;
        }
        Ok(())
    }

    /// Asks about one value, and puts the answer in its place. Returns the value whose parts come
    /// next; an id itself is not asked about.
    fn ask<'v>(&self, value: &'v mut Value) -> Result<&'v mut Value> {
        if let Some(persistent_id) = &self.persistent_id
            && let Some(id) = persistent_id(value)?
        {
            *value = Value::PersistentId(Box::new(id));
            return Ok(match value {
                Value::PersistentId(id) => &mut **id,
                value => value,
            });
        }
        if matches!(value, Value::Object(object) if self.rewrites_object(object))
            && let Value::Object(object) = mem::replace(value, Value::None)
        {
            *value = self.rewrite_alone(Arc::unwrap_or_clone(object))?;
        }
        Ok(value)
    }

    /// Pushes the parts of a value that are asked about, the first on top.
    fn push_parts<'v>(&self, value: &'v mut Value, pending: &mut Vec<&'v mut Value>) -> Result<()> {
        match value {
            Value::List(items) | Value::Tuple(items) => pending.extend(items.iter_mut().rev()),
            Value::Dict(dict) => self.push_entries(dict, pending)?,
            Value::Set(set) | Value::FrozenSet(set) => self.settle_elements(set)?,
            Value::PersistentId(id) => pending.push(id),
            Value::Object(object) => self.push_object(Arc::make_mut(object), pending)?,
            _ => {}
        }
        Ok(())
    }

    fn push_object<'v>(
        &self,
        object: &'v mut Reduce,
        pending: &mut Vec<&'v mut Value>,
    ) -> Result<()> {
        let Reduce { callable, args, state, more, .. } = object;
        match more.as_deref_mut() {
            None => pending.extend(state.as_deref_mut()),
            Some(more) => {
                pending.extend(more.state_setter.as_mut());
                pending.extend(state.as_deref_mut());
                for (key, value) in more.dictitems.iter_mut().rev() {
                    pending.extend([value, key]);
                }
                pending.extend(more.setitems.iter_mut().rev());
                pending.extend(more.listitems.iter_mut().rev());
                self.push_entries(&mut more.kwargs, pending)?;
            }
        }
        // The tuple of arguments is a part of the object.
        pending.extend(args.iter_mut().rev());
        // A class is what it is, unless it has an id; so the others of it go on sharing it.
        if self.persistent_id.is_some() || callable.class().is_none() {
            pending.push(callable);
        }
        Ok(())
    }

    /// Settles the keys of a dict, and pushes its values.
    fn push_entries<'v>(&self, dict: &'v mut Dict, pending: &mut Vec<&'v mut Value>) -> Result<()> {
        if dict.iter().any(|(key, _)| self.may_change(key)) {
            let mut settled = Dict::with_capacity(dict.len());
            for (mut key, value) in mem::take(dict) {
                self.settle(&mut key)?;
                if settled.contains_key(&key) && !matches!(key, Value::PersistentId(_)) {
                    return Err(collapsed("keys of a dict"));
                }
                settled.try_insert(key, value)?;
            }
            *dict = settled;
        }
        let first = pending.len();
        pending.extend(dict.iter_mut().map(|(_, value)| value));
        if let Some(values) = pending.get_mut(first..) {
            values.reverse();
        }
        Ok(())
    }

    fn settle_elements(&self, set: &mut Set) -> Result<()> {
        if !set.iter().any(|element| self.may_change(element)) {
            return Ok(());
        }
        let mut settled = Set::with_capacity(set.len());
        for mut element in mem::take(set) {
            self.settle(&mut element)?;
            let is_id = matches!(element, Value::PersistentId(_));
            if !settled.try_insert(element)? && !is_id {
                return Err(collapsed("elements of a set"));
            }
        }
        *set = settled;
        Ok(())
    }

    /// Returns true if hooks may replace the key: plain keys need not be hashed again.
    fn may_change(&self, key: &Value) -> bool {
        let mut pending = vec![key];
        while let Some(value) = pending.pop() {
            match value {
                _ if self.persistent_id.is_some() => return true,
                Value::Object(_) => return true,
                Value::Tuple(items) | Value::List(items) => pending.extend(items),
                Value::FrozenSet(set) | Value::Set(set) => pending.extend(set),
                Value::PersistentId(id) => pending.push(id),
                _ => {}
            }
        }
        false
    }
}

#[cold]
fn collapsed(what: &str) -> Error {
    Error::data(format!("two {what} became equal by rewriting"))
}

/// A value that is written without asking hooks, with everything within it.
pub(crate) struct Settled<'a>(pub(crate) &'a Value);

impl Serialize for Settled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(token::SETTLED, &Unhooked(self.0))
    }
}
