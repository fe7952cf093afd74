//! The content of an `Rc` or `Arc`: written once in a dump, and referred to from then on.

use super::dump::Dump;
use super::newtype::{Opening, Write};
use super::special::{Role, malformed};
use crate::error::{Error, Result};
use crate::reduce::token;
use crate::shared::{self, Plan};
use crate::write::Sink;

impl Dump<dyn Sink + '_> {
    /// The content of an Rc or Arc: a reference to it where it has been written.
    pub(super) fn open_shared(&mut self, content: usize) -> Result<Opening> {
        // A value written aside has another memo, and is written again.
        if self.diversion.is_some() {
            return Ok(Opening::Through);
        }
        match shared::offered(content, self.hashed) {
            Some(key) => self.refer(key),
            None => Ok(Opening::Shared(None)),
        }
    }

    /// Refers to the content of an Rc or Arc at this address, if it has been written and that is a
    /// matter of a few instructions; returns true if it did.
    #[inline(never)]
    pub(super) fn refers_at_once(&mut self, content: usize) -> bool {
        if self.role != Role::Plain || self.diversion.is_some() {
            return false;
        }
        let Some(key) = shared::offers(content, self.hashed) else { return false };
        match self.scope.near(key) {
            Some(index) => self.emit.quick_get(index),
            None => self.refers_far(content),
        }
    }

    /// The same, of a pointer that is not found at once. A function of its own, which gets no key:
    /// that would be written to the stack, and loaded as a whole just after the offer was stored in
    /// parts, which the processor waits for.
    #[inline(never)]
    fn refers_far(&mut self, content: usize) -> bool {
        let Some(key) = shared::offers(content, self.hashed) else { return false };
        match self.scope.plan(key) {
            Plan::Refer(index) => self.emit.quick_get(index),
            _ => false,
        }
    }

    /// Refers to a pointer that has been written.
    pub(super) fn refer(&mut self, key: shared::Key) -> Result<Opening> {
        match self.scope.plan(key) {
            Plan::Write(key) => Ok(Opening::Shared(Some(key))),
            Plan::Refer(index) => {
                self.boundary()?;
                self.emit.get(index);
                Ok(Opening::Done)
            }
            Plan::Cycle => Err(Error::data(shared::CYCLE)),
        }
    }

    /// The content of an Rc or Arc that has not been written, or of which that is not known.
    pub(super) fn shared(&mut self, write: &mut Write<'_>, key: Option<shared::Key>) -> Result<()> {
        let key = match key {
            Some(key) => key,
            None => {
                let hashed = self.hashed;
                self.role = Role::Splice;
                let key = shared::ask_identity(hashed, || write(self));
                match self.asked(key) {
                    Ok(Opening::Shared(Some(key))) => key,
                    other => return other.map(drop),
                }
            }
        };
        self.role = Role::Splice;
        let clone = shared::ask_clone(|| write(self))?;
        self.write_shared(key, clone);
        write(self)?;
        self.close_shared(key)
    }

    /// Takes the answer of content that was asked for its identity.
    pub(super) fn asked(&mut self, key: Result<Option<shared::Key>>) -> Result<Opening> {
        self.role = Role::Plain;
        match key {
            Ok(Some(key)) => self.refer(key),
            Ok(None) => Err(malformed(token::SHARED)),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write_shared(&mut self, key: shared::Key, clone: Option<shared::Kept>) {
        if let Some(clone) = clone {
            self.scope.write(key, clone);
        }
        self.role = Role::Shared;
    }

    pub(super) fn close_shared(&mut self, key: shared::Key) -> Result<()> {
        self.role = Role::Plain;
        let index = self.emit.memoize()?;
        self.scope.written(key, index);
        Ok(())
    }
}
