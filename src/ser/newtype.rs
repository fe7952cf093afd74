//! A newtype struct: what is written before its content, and behind it.

use std::sync::Arc;

use serde::ser::Serialize;

use super::class::{self, ClassForm, NameKind};
use super::dump::Dump;
use super::ways::meet;
use crate::error::{Error, Result};
use crate::reduce::form::ObjectPart;
use crate::reduce::token;
use crate::shared;
use crate::value::hooks::{self, Hooks};
use crate::write::{Checkpoint, Recipe, Sink};

/// The rest of a newtype, to be written behind its content.
pub(super) enum Opening {
    /// Nothing.
    Through,
    /// Nothing, but the content is read in this role.
    Role,
    Variant,
    Class {
        outer_form: ClassForm,
        outer: bool,
        diverted: bool,
    },
    /// An object whose class's name says in which place the content is.
    Formed {
        place: ObjectPart,
        recipe: Recipe,
        state: Checkpoint,
        outer: bool,
        diverted: bool,
    },
    SetCall,
    Complex,
    Global,
    PersistentId {
        outer: bool,
    },
    Buffer,
    Settled {
        outer: bool,
    },
    /// A `Value`, which the hooks look at.
    Node(Arc<Hooks>),
    /// The content of an Rc or Arc, and which one, if that is known.
    Shared(Option<shared::Key>),
    /// Nothing, and the content is not serialized: it has been written.
    Done,
}

impl Opening {
    #[cold]
    pub(super) fn locate(&self, error: Error, variant: &'static str) -> Error {
        if let Self::Variant = self { error.under_key(variant) } else { error }
    }
}

/// Writes the content of a newtype.
pub(super) type Write<'w> = dyn FnMut(&mut Dump<dyn Sink + '_>) -> Result<()> + 'w;

/// A newtype struct, by its name.
#[derive(Clone, Copy)]
pub(super) enum NewtypeWay {
    /// Its content alone.
    Content,
    /// The name has a meaning.
    Named,
    /// It has been written.
    Written,
}

impl Dump<dyn Sink + '_> {
    /// The way to write a newtype of content at this address. The name is a constant where this is
    /// inlined, so that most newtypes cost nothing.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(debug_assertions, inline(never))]
    pub(super) fn newtype_way(&mut self, name: &'static str, content: usize) -> NewtypeWay {
        if matches!(class::kind(name), NameKind::Plain | NameKind::Json) {
            return NewtypeWay::Content;
        }
        // References are many.
        if name == token::SHARED && self.refers_at_once(content) {
            return NewtypeWay::Written;
        }
        meet(&[name]);
        NewtypeWay::Named
    }

    /// Writes a newtype struct under a private name or a class's.
    #[inline(never)]
    pub(super) fn newtype<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        let content = std::ptr::from_ref(value).cast::<()>().addr();
        self.newtype_around(name, content, &mut |dump| value.serialize(dump))
    }

    /// The same, of content at this address that `write` writes: compiled once, and not for each
    /// type. Content recurses through here, so that the opening is in one place of this frame.
    fn newtype_around(
        &mut self,
        name: &'static str,
        content: usize,
        write: &mut Write<'_>,
    ) -> Result<()> {
        let mut opening = Opening::Through;
        match self.open_into(&mut opening, name, content) {
            Ok(()) => {}
            Err(error) => return Err(error),
        }
        if matches!(opening, Opening::Done | Opening::Shared(_) | Opening::Node(_)) {
            return self.write_apart(&opening, write);
        }
        match write(self) {
            Ok(()) => self.close_newtype(&mut opening),
            Err(error) => Err(error),
        }
    }

    /// Content that is written by somebody else, or has been.
    #[inline(never)]
    fn write_apart(&mut self, opening: &Opening, write: &mut Write<'_>) -> Result<()> {
        match opening {
            Opening::Shared(key) => self.shared(write, *key),
            Opening::Node(hooks) => hooks::offer(hooks, &mut || write(self)),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn open_into(
        &mut self,
        opening: &mut Opening,
        name: &'static str,
        content: usize,
    ) -> Result<()> {
        *opening = self.open_newtype(name, content)?;
        Ok(())
    }
}
