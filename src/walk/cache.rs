//! Answers about classes that a walk remembers: objects come in thousands, classes do not.
//!
//! Each cache has a fixed number of slots and forgets what was there before. The readers of objects
//! ask the questions; the caches do not know their meaning.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};

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
    found: Option<Named>,
}

/// What is known of a class that has one of several names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Which of the names it is.
    pub(crate) place: u32,
    /// More about that name, for whoever asked.
    pub(crate) note: u8,
}

impl ByNames {
    /// The name of `class` in the list at `names`: what was found last time, or what `find` says.
    pub(crate) fn get(
        &self,
        class: Handle,
        names: (usize, usize),
        find: impl FnOnce() -> Result<Option<Named>>,
    ) -> Result<Option<Named>> {
        let bits = class.to_bits();
        // A remainder by the length is an index.
        let slot = &self.0[(class.number() as usize ^ names.0 >> 4) % self.0.len()];
        let entry = slot.get();
        if entry.class == bits && entry.names == names && bits != 0 {
            return Ok(entry.found);
        }
        let found = find()?;
        slot.set(NamesEntry { class: bits, names, found });
        Ok(found)
    }
}

/// Lists of names of fields, of which handles of the tag `Field` name one each.
#[derive(Default)]
pub(crate) struct FieldNames(RefCell<Vec<&'static [&'static str]>>);

impl FieldNames {
    /// The number of a list; `None` where there are more than handles can say.
    pub(crate) fn number(&self, fields: &'static [&'static str]) -> Option<u16> {
        let mut lists = self.0.borrow_mut();
        let known = lists.iter().position(|list| std::ptr::eq(*list, fields));
        let number = known.unwrap_or(lists.len());
        if known.is_none() {
            lists.push(fields);
        }
        u16::try_from(number).ok()
    }

    /// The handle of a name in the list of this number.
    pub(crate) fn handle(list: u16, place: usize) -> Handle {
        Handle::new(Tag::Field, list, place)
    }

    /// The name that a handle stands for.
    pub(crate) fn name(&self, handle: Handle) -> Option<&'static str> {
        if handle.tag() != Tag::Field {
            return None;
        }
        let lists = self.0.borrow();
        lists.get(usize::from(handle.detail()))?.get(handle.offset()).copied()
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
