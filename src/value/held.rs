//! Tables held by one dict or set alone, or by several that a pickle made of one object.
//!
//! A dict or set that a pickle refers to several times is built once, and each reference holds it
//! by an `Arc`: a clone of it costs nothing, and the first write through one of them copies that
//! one level. A table that nobody shares has no `Arc`, which would be another block of memory for
//! each dict.

use std::ops::Deref;
use std::sync::Arc;

use super::iter::IntoIter;
use super::table::Table;

/// A table of one dict or set, or of several.
pub(super) enum Held<V> {
    Own(Table<V>),
    Shared(Arc<Table<V>>),
}

impl<V> Held<V> {
    pub(super) const fn new(table: Table<V>) -> Self {
        Self::Own(table)
    }

    /// Makes clones of this one references to the same table.
    pub(super) fn share(self) -> Self {
        match self {
            Self::Own(table) => Self::Shared(Arc::new(table)),
            Self::Shared(_) => self,
        }
    }

    /// Another reference to the same table; `None` for one that clones do not refer to.
    #[inline(always)]
    pub(super) fn reference(&self) -> Option<Self> {
        match self {
            Self::Own(_) => None,
            Self::Shared(table) => Some(Self::Shared(Arc::clone(table))),
        }
    }

    /// The address that identifies a shared table; `None` for one that is not shared.
    pub(super) fn address(&self) -> Option<usize> {
        match self {
            Self::Shared(table) if Arc::strong_count(table) > 1 => {
                Some(Arc::as_ptr(table) as usize)
            }
            _ => None,
        }
    }
}

impl<V> Held<V>
where
    Table<V>: Clone,
{
    /// The table, to be changed. Other holders keep it as it was.
    #[inline]
    pub(super) fn to_mut(&mut self) -> &mut Table<V> {
        match self {
            Self::Own(table) => table,
            Self::Shared(table) => Arc::make_mut(table),
        }
    }

    pub(super) fn into_iter(self) -> IntoIter<V> {
        match self {
            Self::Own(table) => table.into_iter(),
            Self::Shared(table) => Arc::unwrap_or_clone(table).into_iter(),
        }
    }
}

impl<V> Default for Held<V> {
    fn default() -> Self {
        Self::Own(Table::new())
    }
}

impl<V> Deref for Held<V> {
    type Target = Table<V>;

    #[inline]
    fn deref(&self) -> &Table<V> {
        match self {
            Self::Own(table) => table,
            Self::Shared(table) => table,
        }
    }
}
