//! Instances: making them, and giving them their contents. Mirrors `save_reduce` of CPython's
//! `Modules/_pickle.c`.

use serde::Serialize;

use super::batch::{BatchKind, Feed};
use super::{OPEN, Task, UNSEEN, Writer, unreadable};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Contents, Object, RunKind};
use crate::nodes::view::tuple_items;
use crate::reduce::{How, PersistentId};
use crate::value::hooks::Unhooked;
use crate::write::Recipe;

impl<'g> Writer<'g, '_> {
    pub(super) fn save_instance(&mut self, handle: Handle, object: &Object) -> Result<()> {
        self.set_index(handle, OPEN);
        let parts = self.nodes.first(object);
        let (&callable, arguments) = parts.split_first().ok_or_else(unreadable)?;
        let args = arguments.first().copied().unwrap_or(Handle::VACANT);
        let how = match Spelling::of(object.flags()) {
            Spelling::Reduce => How::Call,
            Spelling::NewObj => How::NewObj,
            Spelling::NewObjEx => How::NewObjEx,
            Spelling::Inst | Spelling::Obj => How::Inst,
        };
        let save = Task::Save;
        match self.dump.emit.recipe(how) {
            Recipe::Reduce => self.push_call(object, callable, args),
            Recipe::NewObj => {
                self.pending.extend([
                    save(callable),
                    Task::SaveArguments(args),
                    Task::Op(Opcode::Newobj),
                ]);
            }
            Recipe::NewObjCall => {
                self.dump.emit.open_newobj_call()?;
                let items = Contents::of(self.nodes, tuple_items(self.nodes, args));
                let rest = [save(callable), Task::Sequence(items), Task::EndNewObjCall];
                self.pending.extend(rest);
            }
            Recipe::NewObjEx => {
                let &kwargs = arguments.get(1).ok_or_else(unreadable)?;
                self.pending.extend([
                    save(callable),
                    Task::SaveArguments(args),
                    save(kwargs),
                    Task::Op(Opcode::NewobjEx),
                ]);
            }
            Recipe::NewObjPartial => {
                let &kwargs = arguments.get(1).ok_or_else(unreadable)?;
                self.dump.emit.open_partial()?;
                self.pending.extend([save(callable), Task::Partial(callable, args, kwargs)]);
            }
            recipe @ (Recipe::Inst | Recipe::Obj) => {
                self.dump.emit.mark();
                let arguments = Task::Sequence(Contents::of(self.nodes, arguments));
                if recipe == Recipe::Inst && self.is_plain_global(callable)? {
                    self.pending.extend([arguments, Task::Inst(callable)]);
                } else {
                    self.pending.extend([save(callable), arguments, Task::Op(Opcode::Obj)]);
                }
            }
        }
        self.pending.push(Task::Made(handle));
        Ok(())
    }

    /// A call, as it was read.
    fn push_call(&mut self, object: &Object, callable: Handle, args: Handle) {
        self.pending.push(Task::Save(callable));
        match self.list_of_set(object, args) {
            Some((list, taken)) => {
                let of = self.nodes.object(list.number());
                let items: Vec<Handle> = self.nodes.contents(&of).take(taken).collect();
                self.pending.push(Task::OpenSetList(list));
                self.push_batches(BatchKind::Items, true, Feed::Handles(items.into_iter()), taken);
                self.pending.push(Task::CloseSetList(args));
            }
            None => self.pending.push(Task::SaveArguments(args)),
        }
        self.pending.push(Task::Op(Opcode::Reduce));
    }

    /// Writes the arguments of a call, or starts on them.
    ///
    /// An object that is reached again through its own arguments is reduced again by CPython, and
    /// `__reduce__` mostly makes a tuple anew; so it is another tuple each time. An exception keeps
    /// its tuple: there the pickle itself refers to one tuple twice, and so does this one.
    pub(super) fn save_arguments(&mut self, args: Handle) -> Result<()> {
        let is_own = args.tag() == Tag::Tuple && !self.memoized.is_mentioned_twice(args);
        if !is_own {
            return self.save(args);
        }
        if let Some(id) = self.persistent_id(args)? {
            return PersistentId(Unhooked(&id)).serialize(&mut *self.dump);
        }
        self.dump.boundary()?;
        let object = self.nodes.object(args.number());
        if self.memo.get(args.number() as usize).is_some_and(|&index| index != UNSEEN) {
            self.charge_reopened(&object)?;
        }
        self.set_index(args, OPEN);
        let items = self.nodes.first(&object);
        self.dump.emit.open_tuple(items.len())?;
        self.pending
            .extend([Task::Sequence(Contents::of(self.nodes, items)), Task::EndArguments(args)]);
        Ok(())
    }

    /// The items of arguments are on the stack.
    pub(super) fn end_arguments(&mut self, args: Handle) -> Result<()> {
        let len = self.nodes.first(&self.nodes.object(args.number())).len();
        self.dump.emit.close_tuple(len, len)?;
        self.memoize(args)
    }

    /// The list that a set was made of, and the number of its items then, if the list is written
    /// for the set alone.
    ///
    /// It nearly always is one: a pickler makes it for the call. If the set is reached again
    /// through its items, the list is not finished, and a reference to it would make a set that
    /// lacks some; CPython makes another list. A list that is referred to from elsewhere is written
    /// for the set alone too, if items were added to it since.
    pub(super) fn list_of_set(&self, set: &Object, args: Handle) -> Option<(Handle, usize)> {
        let taken = self.nodes.more(set).taken()?;
        let list = tuple_items(self.nodes, args)
            .first()
            .copied()
            .filter(|list| list.tag() == Tag::List)?;
        let outgrown = self.nodes.contents_len(&self.nodes.object(list.number())) > taken;
        let own = !self.memoized.is_referred_twice(args) && !self.memoized.is_referred_twice(list);
        (own || outgrown).then_some((list, taken))
    }

    /// Returns true if a class can be named by two lines.
    pub(super) fn is_plain_global(&self, class: Handle) -> Result<bool> {
        Ok(class.tag() == Tag::Global && !self.names(class)?.1.contains('.'))
    }

    /// Continues a [`Recipe::NewObjPartial`] whose class is on the stack.
    pub(super) fn partial(&mut self, class: Handle, args: Handle, kwargs: Handle) -> Result<()> {
        let index =
            if class.is_object() { self.claim(class)? } else { self.dump.emit.memoize()? };
        self.dump.emit.open_partial_args(index)?;
        let items = Contents::of(self.nodes, tuple_items(self.nodes, args));
        self.pending.extend([
            Task::Sequence(items),
            Task::EndPartialArgs,
            Task::Save(kwargs),
            Task::EndPartial,
        ]);
        Ok(())
    }

    /// Ends an object that has been made. If it was written within its own arguments, that object
    /// is taken.
    pub(super) fn end_object(&mut self, object: Handle) -> Result<()> {
        if let Some(index) = self.index(object) {
            self.dump.emit.op(Opcode::Pop);
            self.dump.emit.get(index);
            return Ok(());
        }
        self.memoize(object)?;
        self.push_additions(object)
    }

    /// Pushes the contents that the object on the stack was given after it was made, in order.
    pub(super) fn push_additions(&mut self, handle: Handle) -> Result<()> {
        let object = self.nodes.object(handle.number());
        if !object.has_more() || matches!(handle.tag(), Tag::Set | Tag::FrozenSet) {
            return Ok(());
        }
        let mut runs = self.nodes.more(&object).peekable();
        while let Some((kind, run)) = runs.next() {
            let batch = match kind {
                RunKind::Items => BatchKind::Items,
                RunKind::Pairs => BatchKind::Pairs,
                RunKind::Adds => BatchKind::Adds,
                RunKind::State => {
                    let state = run.first().copied().ok_or_else(unreadable)?;
                    self.pending.extend([Task::Save(state), Task::Op(Opcode::Build)]);
                    continue;
                }
                RunKind::Setter => {
                    let &[setter, state] = run else { return Err(unreadable()) };
                    self.claim(handle)?;
                    // CPython writes TUPLE2 at every protocol.
                    let saves = [setter, handle, state].map(Task::Save);
                    self.pending.extend(saves);
                    self.pending
                        .extend([Opcode::Tuple2, Opcode::Reduce, Opcode::Pop].map(Task::Op));
                    continue;
                }
                RunKind::Taken => continue,
            };
            // Consecutive runs of one kind are one sequence that came in pieces.
            let mut handles: Option<Vec<Handle>> = None;
            while let Some((_, further)) = runs.next_if(|(next, _)| *next == kind) {
                handles.get_or_insert_with(|| run.to_vec()).extend_from_slice(further);
            }
            let (feed, count) = match handles {
                None => (Feed::Contents(Contents::of(self.nodes, run)), run.len()),
                Some(handles) => {
                    let count = handles.len();
                    (Feed::Handles(handles.into_iter()), count)
                }
            };
            if batch == BatchKind::Adds && !self.dump.emit.has(Opcode::Additems) {
                let object = self.claim(handle)?;
                let add = self.dump.emit.bind_add(object)?;
                self.pending.push(Task::Additions(add, feed.collect::<Vec<_>>().into_iter()));
            } else {
                self.push_batches(batch, false, feed, count);
            }
        }
        Ok(())
    }
}
