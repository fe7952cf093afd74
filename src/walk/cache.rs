//! Answers about classes that a walk remembers: objects come in thousands, classes do not.
//!
//! Each cache has a fixed number of slots and forgets what was there before. The readers of objects
//! ask the questions; the caches do not know their meaning.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::error::Result;
use crate::nodes::handle::Handle;

/// A small number for each class.
#[derive(Default)]
pub(crate) struct ByClass([Cell<(u64, Option<u8>)>; 8]);

impl ByClass {
    /// The number for `class`: the cached one, or the result of `find`.
    pub(crate) fn get(
        &self,
        class: Handle,
        find: impl FnOnce() -> Result<Option<u8>>,
    ) -> Result<Option<u8>> {
        let bits = class.to_bits();
        // A remainder by the length is an index.
        let slot = &self.0[class.number() as usize % self.0.len()];
        let (known, mut found) = slot.get();
        if known != bits {
            found = find()?;
            slot.set((bits, found));
        }
        Ok(found)
    }
}

/// The place of a class's name in lists of constant names.
#[derive(Default)]
pub(crate) struct ByNames([Cell<NamesEntry>; 8]);

#[derive(Clone, Copy, Default)]
struct NamesEntry {
    class: u64,
    /// Address and length of the list, which is a constant of the program.
    names: (usize, usize),
    /// The place of the class's name in the list, plus one; 0 if it is not there.
    found: u32,
}

impl ByNames {
    /// The place of the name of `class` in the list at `names`: the cached one, or the result of
    /// `find`.
    pub(crate) fn get(
        &self,
        class: Handle,
        names: (usize, usize),
        find: impl FnOnce() -> Result<Option<usize>>,
    ) -> Result<Option<usize>> {
        let bits = class.to_bits();
        // A remainder by the length is an index.
        let slot = &self.0[(class.number() as usize ^ names.0 >> 4) % self.0.len()];
        let entry = slot.get();
        if entry.class == bits && entry.names == names && bits != 0 {
            return Ok((entry.found as usize).checked_sub(1));
        }
        let found = find()?;
        // There are fewer than 2³² names.
        let number = found.map_or(0, |place| place as u32 + 1);
        slot.set(NamesEntry { class: bits, names, found: number });
        Ok(found)
    }
}

/// The result for the value that was met last, by its handle.
pub(crate) struct Last<T>(RefCell<Option<(Handle, Arc<T>)>>);

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<T> Last<T> {
    /// Gives the result for `handle`: the cached one, or that of `find`.
    pub(crate) fn get(
        &self,
        handle: Handle,
        find: impl FnOnce() -> Result<Option<T>>,
    ) -> Result<Option<Arc<T>>> {
        if let Some((of, found)) = &*self.0.borrow()
            && *of == handle
        {
            return Ok(Some(Arc::clone(found)));
        }
        let Some(found) = find()?.map(Arc::new) else { return Ok(None) };
        *self.0.borrow_mut() = Some((handle, Arc::clone(&found)));
        Ok(Some(found))
    }
}
