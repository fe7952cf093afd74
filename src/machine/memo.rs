//! The memo: numbered references to values, by which a pickle shares them.

use foldhash::HashMap;

use super::Handle;

/// Picklers number from 0 (Python 2's from 1) without gaps, so the memo is a vector; a hostile
/// index that would make the vector longer than what was read of the input goes into a map.
#[derive(Clone, Default)]
pub(crate) struct Memo {
    dense: Vec<Handle>,
    sparse: HashMap<u64, Handle>,
    filled: u64,
}

impl Memo {
    #[inline]
    pub(super) fn get(&self, index: u64) -> Option<Handle> {
        match self.dense.get(index as usize) {
            Some(handle) if !handle.is_vacant() => Some(*handle),
            _ => self.get_sparse(index),
        }
    }

    #[cold]
    fn get_sparse(&self, index: u64) -> Option<Handle> {
        self.sparse.get(&index).copied()
    }

    /// Stores under `index`; `room` is the length up to which the vector may grow: that of the
    /// input so far.
    #[inline]
    pub(super) fn put(&mut self, index: u64, handle: Handle, room: usize) {
        if index == self.dense.len() as u64 && self.sparse.is_empty() {
            self.dense.push(handle);
            self.filled += 1;
        } else {
            self.put_anywhere(index, handle, room);
        }
    }

    #[cold]
    fn put_anywhere(&mut self, index: u64, handle: Handle, room: usize) {
        let at = index as usize;
        if index >= room as u64 {
            self.filled += u64::from(self.sparse.insert(index, handle).is_none());
            return;
        }
        if at >= self.dense.len() {
            self.dense.resize(at + 1, Handle::VACANT);
        }
        if let Some(slot) = self.dense.get_mut(at) {
            // An index now within reach may have been beyond the input when it was stored, and so
            // be in the map.
            self.filled += u64::from(slot.is_vacant() && self.sparse.remove(&index).is_none());
            *slot = handle;
        }
    }

    /// MEMOIZE: stores under the number of filled entries, which is CPython's rule and not the
    /// highest index plus one.
    #[inline]
    pub(super) fn push(&mut self, handle: Handle, room: usize) {
        self.put(self.filled, handle, room);
    }

    /// Replaces what is stored under `index` by another handle of the same object.
    #[inline]
    pub(super) fn replace(&mut self, index: u64, handle: Handle) {
        if let Some(slot) = self.dense.get_mut(index as usize)
            && !slot.is_vacant()
        {
            *slot = handle;
        } else if let Some(slot) = self.sparse.get_mut(&index) {
            *slot = handle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::handle::Tag;

    fn handle(n: usize) -> Handle {
        Handle::new(Tag::Small, 0, n)
    }

    #[test]
    fn memoize_counts_entries_and_not_indexes() {
        let mut memo = Memo::default();
        memo.put(5, handle(1), 100);
        memo.push(handle(2), 100);
        assert_eq!(memo.get(1), Some(handle(2)));
        assert_eq!(memo.get(2), None);
    }

    #[test]
    fn an_index_beyond_the_input_costs_one_entry() {
        let mut memo = Memo::default();
        memo.put(u64::from(u32::MAX), handle(1), 10);
        assert!(memo.dense.is_empty());
        assert_eq!(memo.get(u64::from(u32::MAX)), Some(handle(1)));
        memo.replace(u64::from(u32::MAX), handle(2));
        assert_eq!(memo.get(u64::from(u32::MAX)), Some(handle(2)));
    }
}
