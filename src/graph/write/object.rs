//! Containers, globals, and other objects with an identity. Mirrors `save_list`, `save_dict`,
//! `save_set`, `save_frozenset`, `save_tuple` and `save_global` of CPython's `Modules/_pickle.c`.

use std::borrow::Cow;

use super::batch::{BatchKind, Batches, Feed};
use super::{OPEN, Task, UNSEEN, Writer, unreadable};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;
use crate::nodes::store::{Contents, Flags, Object};
use crate::nodes::view::global_names;

impl<'g> Writer<'g, '_> {
    pub(super) fn save_object(&mut self, handle: Handle) -> Result<()> {
        let object = self.nodes.object(handle.number());
        match self.memo.get(handle.number() as usize) {
            Some(&UNSEEN) => {}
            Some(&OPEN) => self.charge_reopened(&object)?,
            Some(&index) => {
                self.dump.emit.get(index);
                return Ok(());
            }
            None => return Err(unreadable()),
        }
        match handle.tag() {
            Tag::List => {
                self.dump.emit.empty_list()?;
                self.memoize(handle)?;
                self.push_contents(BatchKind::Items, &object);
            }
            Tag::Dict => {
                self.dump.emit.empty_dict()?;
                self.memoize(handle)?;
                self.push_contents(BatchKind::Pairs, &object);
            }
            Tag::Set | Tag::FrozenSet => self.save_set(handle, &object)?,
            Tag::Tuple => {
                self.set_index(handle, OPEN);
                let items = self.nodes.first(&object);
                self.dump.emit.open_tuple(items.len())?;
                self.pending.extend([
                    Task::Sequence(Contents::of(self.nodes, items)),
                    Task::EndTuple(handle),
                ]);
            }
            Tag::ByteArray => {
                let payload = self.nodes.first(&object).first().copied().unwrap_or(Handle::VACANT);
                let bytes = self.bytes(payload).ok_or_else(unreadable)?;
                self.dump.bytearray(bytes)?;
                self.memoize(handle)?;
            }
            Tag::View => self.save_view(handle, &object)?,
            Tag::Global => {
                self.save_global(handle, &object)?;
                if object.has_more() && self.index(handle).is_none() {
                    // Not every spelling memoizes it, and its contents may lead back to it.
                    self.memoize(handle)?;
                }
                self.push_additions(handle)?;
            }
            Tag::Ext => {
                let code =
                    scalar::extension_code(self.input, object.offset()).ok_or_else(unreadable)?;
                self.dump.emit.extension_by_code(code)?;
                self.memoize(handle)?;
                self.push_additions(handle)?;
            }
            Tag::Persid => self.save_persistent(handle, &object)?,
            _ if self.rewrite(handle)? => {}
            _ => self.save_instance(handle, &object)?,
        }
        Ok(())
    }

    /// A set or frozenset: by opcodes, or below protocol 4 by a call.
    fn save_set(&mut self, handle: Handle, object: &Object) -> Result<()> {
        let frozen = handle.tag() == Tag::FrozenSet;
        if !self.dump.emit.has(Opcode::EmptySet) {
            self.set_index(handle, OPEN);
            self.spelled += 1;
            self.dump.emit.open_set_call(frozen)?;
            self.dump.emit.empty_list()?;
            self.push_contents(BatchKind::Items, object);
            self.pending.extend([Task::EndSetCall, Task::Made(handle)]);
        } else if frozen {
            self.set_index(handle, OPEN);
            self.dump.emit.mark();
            self.pending
                .extend([Task::Sequence(self.nodes.contents(object)), Task::EndFrozenSet(handle)]);
        } else {
            self.dump.emit.op(Opcode::EmptySet);
            self.memoize(handle)?;
            self.push_contents(BatchKind::Adds, object);
        }
        Ok(())
    }

    fn save_persistent(&mut self, handle: Handle, object: &Object) -> Result<()> {
        self.set_index(handle, OPEN);
        let id = self.nodes.first(object).first().copied().unwrap_or(Handle::VACANT);
        if self.dump.emit.has(Opcode::Binpersid) {
            self.pending.extend([
                Task::SaveId(id),
                Task::Op(Opcode::Binpersid),
                Task::Made(handle),
            ]);
        } else {
            let text = scalar::plain_text(self.nodes, self.input, id).ok_or_else(|| {
                Error::unsupported(
                    "a persistent id that is not text cannot be written at protocol 0",
                )
            })?;
            self.dump.emit.persid(&text)?;
            self.end_object(handle)?;
        }
        Ok(())
    }

    /// Counts an object that is begun again while it is unfinished.
    pub(super) fn charge_reopened(&mut self, object: &Object) -> Result<()> {
        match self.reopened.checked_sub(self.nodes.contents_len(object) as u64 + 1) {
            Some(left) => {
                self.reopened = left;
                Ok(())
            }
            None => Err(Error::limit(
                "a tuple, set or call contains itself too many times over to be \
                 written at this protocol",
            )),
        }
    }

    pub(super) fn push_contents(&mut self, kind: BatchKind, object: &Object) {
        let feed = Feed::Contents(self.nodes.contents(object));
        self.push_batches(kind, true, feed, self.nodes.contents_len(object));
    }

    pub(super) fn push_batches(
        &mut self,
        kind: BatchKind,
        exact: bool,
        feed: Feed<'g>,
        handles: usize,
    ) {
        // `batch_list_exact` and `batch_dict_exact` are for protocols with batches alone.
        let binary = self.dump.emit.has(Opcode::Appends);
        self.pending.push(Task::Batches(Batches::new(kind, exact, binary, feed, handles)));
    }

    /// The items of a frozenset are on the stack. If one of them led back to it, it has been
    /// written by now, and is fetched.
    pub(super) fn end_frozenset(&mut self, set: Handle) -> Result<()> {
        match self.index(set) {
            Some(index) => {
                self.dump.emit.op(Opcode::PopMark);
                self.dump.emit.get(index);
                Ok(())
            }
            None => {
                self.dump.emit.op(Opcode::Frozenset);
                self.memoize(set)
            }
        }
    }

    /// Ends a tuple. If it was already written within itself, the items on the stack are dropped,
    /// and that one is fetched.
    pub(super) fn end_tuple(&mut self, tuple: Handle) -> Result<()> {
        let len = self.nodes.first(&self.nodes.object(tuple.number())).len();
        let Some(index) = self.index(tuple) else {
            self.dump.emit.close_tuple(len, len)?;
            return self.memoize(tuple);
        };
        if len <= 3 && self.dump.emit.has(Opcode::Tuple1) {
            (0..len).for_each(|_| self.dump.emit.op(Opcode::Pop));
        } else if self.dump.emit.has(Opcode::PopMark) {
            self.dump.emit.op(Opcode::PopMark);
        } else {
            // The mark, too.
            (0..=len).for_each(|_| self.dump.emit.op(Opcode::Pop));
        }
        self.dump.emit.get(index);
        Ok(())
    }

    /// The read-only view of a bytearray, or a buffer that came as a value.
    pub(super) fn save_view(&mut self, handle: Handle, object: &Object) -> Result<()> {
        let inner = self.nodes.first(object).first().copied().unwrap_or(Handle::VACANT);
        let writable = object.flags().has(Flags::WRITABLE);
        if let (Tag::Const, Some(bytes)) = (inner.tag(), self.bytes(inner)) {
            if writable {
                self.dump.bytearray(bytes)?;
            } else {
                self.dump.bytes(bytes)?;
            }
            return self.memoize(handle);
        }
        self.set_index(handle, OPEN);
        self.pending.push(Task::Save(inner));
        if self.dump.emit.has(Opcode::ReadonlyBuffer) {
            self.pending.push(Task::Op(Opcode::ReadonlyBuffer));
        }
        self.pending.push(Task::Made(handle));
        Ok(())
    }

    pub(super) fn save_global(&mut self, handle: Handle, object: &Object) -> Result<()> {
        let &[module, name] = self.nodes.first(object) else { return Err(unreadable()) };
        if self.dump.emit.has_extensions() {
            let (module, name) = self.names(handle)?;
            if self.dump.emit.extension(&module, &name) {
                // CPython does not memoize these.
                return Ok(());
            }
        }
        // Named by the registry with which it was read; the pickle has the code.
        if object.flags().has(Flags::CODED) && self.dump.emit.has(Opcode::Ext1) {
            let code =
                scalar::extension_code(self.input, object.offset()).ok_or_else(unreadable)?;
            self.dump.emit.extension_by_code(code)?;
            return self.memoize(handle);
        }
        if self.dump.emit.has(Opcode::StackGlobal) {
            let is_line = module.tag() == Tag::Name || name.tag() == Tag::Name;
            if is_line || self.is_python2(object) {
                let (module, name) = self.names(handle)?;
                self.dump.emit.interned(&module)?;
                self.dump.emit.interned(&name)?;
            } else {
                self.save(module)?;
                self.save(name)?;
            }
            self.dump.emit.op(Opcode::StackGlobal);
            return self.memoize(handle);
        }
        let (module, name) = self.names(handle)?;
        if object.flags().has(Flags::DOTTED) && name.contains('.') {
            // The emitter has a memo of its own for names, and the outer ones are in it too.
            return self.dump.emit.global(&module, &name);
        }
        let (module, name) = self.names_at_protocol(handle)?;
        self.dump.emit.global_verbatim(&module, &name)?;
        self.memoize(handle)
    }

    /// Returns true if a global has the names of Python 2.
    pub(super) fn is_python2(&self, object: &Object) -> bool {
        object.flags().has(Flags::PYTHON2) && self.graph.settings.fix_imports
    }

    /// The names of a global in Python 3.
    pub(super) fn names(&self, global: Handle) -> Result<(Cow<'g, str>, Cow<'g, str>)> {
        global_names(self.nodes, self.input, global, self.graph.settings.fix_imports)?
            .ok_or_else(unreadable)
    }

    /// The names of a global that is not nested, in the Python that the protocol is for.
    pub(super) fn names_at_protocol(&self, global: Handle) -> Result<(Cow<'g, str>, Cow<'g, str>)> {
        let (module, name) = self.names(global)?;
        // Python 2 may have several names for one of Python 3, so the name is kept as it was read.
        if self.dump.emit.writes_python2_names()
            && self.is_python2(&self.nodes.object(global.number()))
        {
            return global_names(self.nodes, self.input, global, false)?.ok_or_else(unreadable);
        }
        let names = self.dump.emit.names_at_protocol(&module, &name);
        Ok((Cow::Owned(names.0.to_owned()), Cow::Owned(names.1.to_owned())))
    }
}
