//! The contents of an object, run by run or handle by handle.

use super::handle::Handle;
use super::object::{NONE, RunKind};
use super::store::Nodes;
use crate::meter;

/// The runs of an object behind its first.
#[derive(Clone)]
pub(crate) struct MoreRuns<'g, 'de> {
    pub(super) nodes: &'g Nodes<'de>,
    pub(super) next: u32,
}

impl<'g> Iterator for MoreRuns<'g, '_> {
    type Item = (RunKind, &'g [Handle]);

    fn next(&mut self) -> Option<Self::Item> {
        let run = self.nodes.runs.get(self.next as usize)?;
        meter::looked_at(1);
        self.next = run.next;
        let start = run.start as usize;
        Some((
            run.kind,
            self.nodes.handles.get(start..start + run.len as usize).unwrap_or_default(),
        ))
    }
}

impl MoreRuns<'_, '_> {
    /// The number that [`Nodes::note_taken`] noted.
    pub(crate) fn taken(&self) -> Option<usize> {
        let run = self.nodes.runs.get(self.next as usize)?;
        (run.kind == RunKind::Taken).then_some(run.start as usize)
    }
}

/// The contents of a container.
#[derive(Clone)]
pub(crate) struct Contents<'g, 'de> {
    pub(super) nodes: &'g Nodes<'de>,
    pub(super) run: std::slice::Iter<'g, Handle>,
    pub(super) next: u32,
}

impl<'g, 'de> Contents<'g, 'de> {
    /// Contents that are one run.
    pub(crate) fn of(nodes: &'g Nodes<'de>, run: &'g [Handle]) -> Self {
        Self { nodes, run: run.iter(), next: NONE }
    }

    #[cold]
    fn next_run(&mut self) -> Option<Handle> {
        while let Some(run) = self.nodes.runs.get(self.next as usize) {
            meter::looked_at(1 + run.len as usize);
            self.next = run.next;
            let start = run.start as usize;
            self.run =
                self.nodes.handles.get(start..start + run.len as usize).unwrap_or_default().iter();
            if let Some(&handle) = self.run.next() {
                return Some(handle);
            }
        }
        None
    }
}

impl Iterator for Contents<'_, '_> {
    type Item = Handle;

    #[inline]
    fn next(&mut self) -> Option<Handle> {
        match self.run.next() {
            Some(&handle) => Some(handle),
            None if self.next == NONE => None,
            None => self.next_run(),
        }
    }
}
