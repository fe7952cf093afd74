//! Diversions: a class-named Rust type whose reduce is rewritten on the way out. See `hooks.rs` for the idea.
//!
//! What is written meanwhile goes into a buffer of its own, with a memo of its own, at the highest protocol, so that it
//! reads back by itself. Persistent ids and classes come back as they are; buffers come in band, and Rc and Arc lose
//! their sharing.

use serde::ser::Serialize;

use super::dump::Dump;
use super::hooks::Settled;
use crate::de::DeOptions;
use crate::error::{Error, Result};
use crate::reduce::class::ClassName;
use crate::value::Value;
use crate::write::{Held, Sink};

/// What was put aside.
pub(super) struct Diversion {
    held: Held,
    hashed: bool,
}

impl<S: Sink> Dump<S> {
    /// Begins a diversion if objects of the class under this serde name are rewritten.
    #[inline]
    pub(super) fn divert_class(&mut self, name: &'static str) -> Result<Option<Box<Diversion>>> {
        if self.hooks.is_none() { Ok(None) } else { self.divert_named(name) }
    }

    #[cold]
    fn divert_named(&mut self, name: &'static str) -> Result<Option<Box<Diversion>>> {
        let Some(class) = ClassName::parse(name)? else { return Ok(None) };
        let class = class.first();
        let rewrites = self.hooks.as_ref().is_some_and(|hooks| hooks.rewrites(class.module, class.qualname));
        if rewrites { self.divert() } else { Ok(None) }
    }

    /// Begins a diversion if any objects are rewritten, for one whose class is not known yet.
    pub(super) fn divert_object(&mut self) -> Result<Option<Box<Diversion>>> {
        let settled = super::hooks::settled();
        if !settled && self.hooks.as_ref().is_some_and(|hooks| !hooks.dispatch.is_empty()) {
            return self.divert();
        }
        Ok(None)
    }

    fn divert(&mut self) -> Result<Option<Box<Diversion>>> {
        if self.diverted {
            return Ok(None);
        }
        self.emit.boundary()?;
        self.diverted = true;
        let hashed = self.set_hashed(false);
        Ok(Some(Box::new(Diversion { held: self.emit.hold(), hashed })))
    }

    /// Ends a diversion: writes what the object that was written aside becomes.
    pub(super) fn rewrite(&mut self, diversion: Diversion) -> Result<()> {
        let bytes = self.emit.release(diversion.held);
        self.diverted = false;
        self.hashed = diversion.hashed;
        let value: Value = DeOptions::new().max_depth(usize::MAX).from_slice(&bytes)?;
        let rewritten = match (&self.hooks, &value) {
            (Some(hooks), Value::Object(object)) => hooks.rewrite(object)?,
            _ => None,
        };
        Settled(rewritten.as_ref().unwrap_or(&value)).serialize(self)
    }
}

/// Ends a diversion, if there is one.
#[inline]
pub(super) fn end<S: Sink>(dump: &mut Dump<S>, diversion: Option<Box<Diversion>>) -> Result<()> {
    match diversion {
        Some(diversion) => dump.rewrite(*diversion),
        None => Ok(()),
    }
}

impl<S: Sink> Dump<S> {
    /// The error of a buffer callback below protocol 5.
    pub(super) fn check_hooks(&self) -> Result<()> {
        let protocol = self.emit.protocol();
        if self.hooks.as_ref().is_some_and(|hooks| hooks.buffers.is_some()) && protocol < crate::Protocol::V5 {
            return Err(Error::unsupported(format!(
                "a buffer_callback needs protocol 5, and this is {}",
                protocol.number()
            )));
        }
        Ok(())
    }
}
