//! Diversions: a class-named Rust type whose reduce is rewritten before it is written. See
//! `value/hooks.rs` for the idea.
//!
//! Its output goes into a buffer of its own, with a memo of its own, at the highest protocol, so
//! that it can be read back by itself. There is one at a time, because nothing within it is
//! rewritten yet; the code that began it ends it. Persistent ids and classes come back as they are;
//! buffers come in band, and Rc and Arc lose their sharing.

use std::sync::Arc;

use serde::ser::Serialize;

use super::dump::Dump;
use crate::de::DeOptions;
use crate::error::{Error, Result};
use crate::late::Late;
use crate::reduce::class::ClassName;
use crate::value::Value;
use crate::value::settle::Settled;
use crate::write::{Held, Sink};

/// The output and the state that were put aside.
pub(super) struct Diversion {
    held: Held,
    hashed: bool,
}

impl Dump<dyn Sink + '_> {
    /// Begins a diversion if objects of the class under this serde name are rewritten.
    #[inline]
    pub(super) fn divert_class(&mut self, name: &'static str) -> Result<bool> {
        if self.hooks.is_none() || self.settled { Ok(false) } else { self.divert_named(name) }
    }

    #[cold]
    fn divert_named(&mut self, name: &'static str) -> Result<bool> {
        let Some(class) = ClassName::parse(name)? else { return Ok(false) };
        let class = class.first();
        let rewrites =
            self.hooks.as_ref().is_some_and(|hooks| hooks.rewrites(class.module, class.qualname));
        if rewrites { self.divert() } else { Ok(false) }
    }

    /// Begins a diversion if any objects are rewritten, for an object whose class is not known yet.
    pub(super) fn divert_object(&mut self) -> Result<bool> {
        let settled = crate::value::hooks::settled();
        if !settled
            && !self.settled
            && self.hooks.as_ref().is_some_and(|hooks| !hooks.dispatch.is_empty())
        {
            return self.divert();
        }
        Ok(false)
    }

    fn divert(&mut self) -> Result<bool> {
        if self.diversion.is_some() {
            return Ok(false);
        }
        self.boundary()?;
        let hashed = self.set_hashed(false);
        self.diversion = Some(Box::new(Diversion { held: self.emit.hold(), hashed }));
        Ok(true)
    }

    /// Ends a diversion: reads the object back, and writes its replacement.
    fn rewrite(&mut self) -> Result<()> {
        let Some(diversion) = self.diversion.take() else { return Ok(()) };
        let bytes = self.emit.release(diversion.held);
        self.hashed = diversion.hashed;
        // This is the caller's own data, so limits do not apply.
        let options = DeOptions::new().max_depth(usize::MAX).max_expansion(usize::MAX);
        let mut value: Value = options.from_slice(&bytes)?;
        if let Some(hooks) = &self.hooks {
            value = match value {
                Value::Object(object) if hooks.rewrites_object(&object) => {
                    hooks.rewrite(Arc::unwrap_or_clone(object))?
                }
                mut value => {
                    hooks.settle_within(&mut value)?;
                    value
                }
            };
        }
        Settled(&value).serialize(self)
    }
}

/// [`Dump::rewrite`], in programs that rewrite objects.
static REWRITE: Late<Rewrite> = Late::new();

type Rewrite = for<'d, 's> fn(&'d mut Dump<dyn Sink + 's>) -> Result<()>;

/// To be called before anything is written with a reduce that is rewritten.
pub(super) fn bind() {
    REWRITE.bind(|dump| dump.rewrite());
}

/// Ends the object that was written last, and with it the diversion if it is one.
#[inline]
pub(super) fn end(dump: &mut Dump<dyn Sink + '_>, diverted: bool) -> Result<()> {
    match REWRITE.get() {
        Some(rewrite) if diverted => rewrite(dump),
        _ => Ok(()),
    }
}

impl Dump<dyn Sink + '_> {
    /// Fails if there is a buffer callback below protocol 5.
    pub(super) fn check_hooks(&self) -> Result<()> {
        let protocol = self.emit.protocol();
        if self.hooks.as_ref().is_some_and(|hooks| hooks.buffers.is_some())
            && protocol < crate::Protocol::V5
        {
            return Err(Error::unsupported(format!(
                "a buffer_callback needs protocol 5, and this is {}",
                protocol.number()
            )));
        }
        Ok(())
    }
}
