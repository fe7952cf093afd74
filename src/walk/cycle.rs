//! Descriptions of cycles, for errors of a walk that got too deep: bounded, because a type may
//! swallow such an error for each of half a million references.

use std::cell::{Cell, RefCell};

use super::cx::Cx;
use crate::error::Error;
use crate::nodes::handle::Handle;

/// Values that the searches of one walk may look at whatever the size of the graph.
const FIXED: u64 = 1 << 20;

/// The whole graphs that they may look at beyond that.
const GRAPHS: u64 = 4;

/// The cycles that a walk has found.
#[derive(Default)]
pub(super) struct Cycles {
    /// Values looked at.
    searched: Cell<u64>,
    /// The object that was asked about last, and the description of its cycle.
    last: RefCell<Option<(Handle, Option<String>)>>,
}

impl Cx<'_, '_> {
    /// Describes in words the cycle that an object is in; `None` if it is in none, or if the
    /// searches have become too many.
    #[cold]
    pub(crate) fn describe_cycle(&self, handle: Handle) -> Option<String> {
        let Cycles { searched, last } = &self.cycles;
        if let Some((of, found)) = &*last.borrow()
            && *of == handle
        {
            return found.clone();
        }
        let graph = (self.nodes.handle_count() + self.nodes.object_count()) as u64;
        let after = searched.get().saturating_add(graph);
        if searched.get() != 0 && after > FIXED.saturating_add(GRAPHS * graph) {
            return None;
        }
        searched.set(after);
        let found = crate::nodes::describe_cycle(self.nodes, self.input, handle);
        *last.borrow_mut() = Some((handle, found.clone()));
        found
    }

    /// The error of nesting beyond the limit, at the object `handle`.
    #[cold]
    pub(crate) fn too_deep(&self, handle: Handle, limit: usize) -> Error {
        if let Some(cycle) = self.describe_cycle(handle) {
            return Error::contains_itself(&cycle);
        }
        Error::limit(format!("nested more than {limit} levels deep"))
    }
}
