//! Changes to nodes, all of which can be taken back.
//!
//! The store only ever grows while a pickle is read. An editor also replaces handles where they
//! stand and gives an object new contents; a [`Journal`] notes what was there before, so that a
//! change that turns out to be impossible leaves no trace. Contents that nothing refers to any more
//! stay in the store until the graph is dropped; code that counts references counts those that the
//! root reaches ([`Nodes::reachable`]).

use super::handle::{Handle, Tag};
use super::object::{Flags, Object, Run, RunKind};
use super::store::{Const, Nodes};
use crate::error::Result;

/// The changes made since it was begun.
pub(crate) struct Journal {
    lens: Lens,
    undo: Vec<Undo>,
}

/// The lengths of the vectors of a store.
#[derive(Clone, Copy)]
pub(super) struct Lens {
    pub(super) handles: usize,
    pub(super) objects: usize,
    pub(super) runs: usize,
    pub(super) shared: usize,
    pub(super) consts: usize,
}

enum Undo {
    Handle { slot: usize, was: Handle },
    Object { number: u32, was: Object },
}

/// A copy of an object's contents, which can be changed and then given back to the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DetachedContents {
    /// Items, entries, or callable and arguments.
    pub(crate) first: Vec<Handle>,
    /// Further runs in order. A run of the kind `Taken` has its number in place of handles.
    pub(crate) more: Vec<(RunKind, Vec<Handle>, usize)>,
}

impl<'de> Nodes<'de> {
    /// Begins to note changes.
    pub(crate) fn journal(&self) -> Journal {
        Journal { lens: self.lens(), undo: Vec::new() }
    }

    /// The floats that were made since the journal was begun.
    pub(crate) fn new_floats(&self, journal: &Journal) -> impl Iterator<Item = f64> {
        self.consts_from(journal.lens.consts).iter().filter_map(|value| match value {
            Const::Float(float) => Some(*float),
            _ => None,
        })
    }

    /// The constants that were made since the journal was begun.
    pub(crate) fn new_consts(
        &self,
        journal: &Journal,
    ) -> impl Iterator<Item = (Handle, &Const<'de>)> {
        let first = self.first_const(journal.lens.consts);
        let consts = self.consts_from(journal.lens.consts).iter().enumerate();
        consts.map(move |(place, value)| {
            (Handle::numbered(Tag::Const, (first + place) as u32), value)
        })
    }

    /// Takes back everything that the journal has noted, and what was made since.
    pub(crate) fn revert(&mut self, journal: Journal) {
        for undo in journal.undo.into_iter().rev() {
            match undo {
                Undo::Handle { slot, was } => self.put(slot, was),
                Undo::Object { number, was } => self.put_object(number, was),
            }
        }
        self.shrink(journal.lens);
    }

    /// Puts `handle` where another one stands.
    pub(crate) fn replace(&mut self, journal: &mut Journal, slot: usize, handle: Handle) {
        let Some(was) = self.handles().get(slot).copied() else { return };
        journal.undo.push(Undo::Handle { slot, was });
        self.put(slot, handle);
        self.note_edited();
    }

    /// The places in the store of a container's contents, run by run; for an instance, callable and
    /// arguments, and then its later contents.
    pub(crate) fn slots(&self, number: u32) -> Vec<usize> {
        let object = self.object(number);
        let (start, len) = object.first_run();
        let mut slots: Vec<usize> = (start..start + len).collect();
        for run in self.further_runs(&object).filter(|run| run.kind != RunKind::Taken) {
            slots.extend(run.slots());
        }
        slots
    }

    /// The same for the further runs of one kind.
    pub(crate) fn slots_of(&self, number: u32, kind: RunKind) -> Vec<usize> {
        let object = self.object(number);
        self.further_runs(&object)
            .filter(|run| run.kind == kind)
            .flat_map(|run| run.slots())
            .collect()
    }

    /// Copies the contents of an object out of the store.
    pub(crate) fn contents_of(&self, number: u32) -> DetachedContents {
        let object = self.object(number);
        let more = self.further_runs(&object).map(|run| match run.kind {
            RunKind::Taken => (run.kind, Vec::new(), run.taken()),
            kind => (
                kind,
                run.slots().filter_map(|slot| self.handles().get(slot).copied()).collect(),
                0,
            ),
        });
        DetachedContents { first: self.first(&object).to_vec(), more: more.collect() }
    }

    /// Gives an object other contents.
    ///
    /// # Errors
    /// More handles than 32 bits can number.
    pub(crate) fn set_contents(
        &mut self,
        journal: &mut Journal,
        number: u32,
        contents: &DetachedContents,
    ) -> Result<()> {
        let was = self.object(number);
        journal.undo.push(Undo::Object { number, was });
        self.restart(number, &contents.first)?;
        for (kind, run, taken) in &contents.more {
            match kind {
                RunKind::Taken => self.note_taken(number, *taken)?,
                kind => self.append_run(number, *kind, run, was.offset())?,
            }
        }
        self.note_edited();
        Ok(())
    }

    /// Makes a tuple. Python can hash it if it can hash its items.
    pub(crate) fn push_tuple(&mut self, items: &[Handle], offset: usize) -> Result<Handle> {
        if items.is_empty() {
            return Ok(Handle::new(Tag::EmptyTuple, 0, offset));
        }
        let unhashable = !items.iter().all(|&item| self.is_hashable(item));
        let flags = Flags::default().with(Flags::UNHASHABLE, unhashable);
        self.push_object(Tag::Tuple, flags, offset, items)
    }

    /// Every reference that can be reached from `root`, the one to `root` itself included.
    pub(crate) fn reachable(&self, root: Handle) -> Vec<Handle> {
        let mut seen = vec![false; self.object_count()];
        let (mut found, mut open) = (vec![root], vec![root]);
        while let Some(handle) = open.pop() {
            if !handle.is_object() {
                continue;
            }
            match seen.get_mut(handle.number() as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let slots = self.slots(handle.number());
            let children = slots.into_iter().filter_map(|slot| self.handles().get(slot).copied());
            // `found` only grows.
            let from = found.len();
            found.extend(children);
            open.extend_from_slice(&found[from..]);
        }
        found
    }
}

impl Run {
    fn slots(&self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }

    /// The number that a run of the kind `Taken` holds.
    fn taken(&self) -> usize {
        self.start as usize
    }
}
