//! Contents of containers as serde's `SeqAccess` and `MapAccess`, and the place where errors learn
//! where they are.
//!
//! An error that comes out of a value gets that value's byte here, unless an inner access has
//! attached a more exact one, and the index or key under which it lies.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::nodes::handle::Handle;
use crate::nodes::store::Contents;
use crate::walk::cost;
use crate::walk::cx::Cx;

/// The items of a list, tuple or set.
pub(crate) struct Items<'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    contents: Contents<'g, 'de>,
    len: usize,
    left: usize,
    depth: u32,
}

impl<'g, 'de> Items<'g, 'de> {
    #[inline]
    pub(crate) fn new(
        cx: &'g Cx<'g, 'de>,
        contents: Contents<'g, 'de>,
        len: usize,
        depth: u32,
    ) -> Self {
        Self { cx, contents, len, left: len, depth }
    }

    /// The number of items not yet asked for.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    #[cold]
    fn locate(&self, error: Error, handle: Handle) -> Error {
        self.cx.locate(error, handle).under_index(self.len - self.left - 1)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        // The count goes first: a set that was made of a list has the items the list had then.
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        if self.left == self.len {
            self.cx.charge_memory(cost::items::<T::Value>(self.len))?;
        }
        let Some(handle) = self.contents.next() else { return Ok(None) };
        self.left = left;
        match seed.deserialize(NodeDeserializer::new(self.cx, handle, self.depth)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.locate(error, handle)),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// Items that are no run of the graph.
pub(crate) struct Loose<'h, 'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    handles: &'h [Handle],
    index: usize,
    depth: u32,
}

impl<'h, 'g, 'de> Loose<'h, 'g, 'de> {
    pub(crate) fn new(cx: &'g Cx<'g, 'de>, handles: &'h [Handle], depth: u32) -> Self {
        Self { cx, handles, index: 0, depth }
    }

    /// The number of items not yet asked for.
    pub(crate) fn left(&self) -> usize {
        self.handles.len() - self.index
    }
}

impl<'de> SeqAccess<'de> for Loose<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.index == 0 {
            self.cx.charge_memory(cost::items::<T::Value>(self.handles.len()))?;
        }
        let Some(&handle) = self.handles.get(self.index) else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        match seed.deserialize(NodeDeserializer::new(self.cx, handle, self.depth)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.cx.locate(error, handle).under_index(index)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left())
    }
}

/// The entries of a dict, or of several one after another.
pub(crate) struct Pairs<'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    contents: Contents<'g, 'de>,
    /// Further ones, last first.
    following: Vec<Contents<'g, 'de>>,
    /// Keys and values behind those, the last first.
    loose: Vec<Handle>,
    left: usize,
    depth: u32,
    key: Handle,
    /// Entries whose keys and values are still to be charged to memory.
    uncharged: (usize, usize),
}

impl<'g, 'de> Pairs<'g, 'de> {
    /// `is_struct`: whether the values go into fields, which take no memory of their own.
    #[inline]
    pub(crate) fn new(
        cx: &'g Cx<'g, 'de>,
        contents: Contents<'g, 'de>,
        left: usize,
        depth: u32,
        is_struct: bool,
    ) -> Self {
        let count = if is_struct { 0 } else { left };
        let uncharged = (count, count);
        let (following, loose) = (Vec::new(), Vec::new());
        Self { cx, contents, following, loose, left, depth, key: Handle::VACANT, uncharged }
    }

    /// Ends with these, keys and values in turn, the last first.
    pub(crate) fn with_loose(mut self, loose: Vec<Handle>) -> Self {
        self.loose = loose;
        self
    }

    /// Goes on with these, last first, when the first are through.
    pub(crate) fn followed_by(mut self, following: Vec<Contents<'g, 'de>>) -> Self {
        self.following = following;
        self
    }

    /// The number of entries not yet asked for.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    #[cold]
    fn next_source(&mut self) -> Option<Handle> {
        while let Some(next) = self.following.pop() {
            self.contents = next;
            if let Some(handle) = self.contents.next() {
                return Some(handle);
            }
        }
        self.loose.pop()
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if self.uncharged.0 > 0 {
            let count = std::mem::take(&mut self.uncharged.0);
            self.cx.charge_memory(cost::keys::<K::Value>(count))?;
        }
        let key = match self.contents.next() {
            Some(key) => key,
            None => match self.next_source() {
                Some(key) => key,
                None => return Ok(None),
            },
        };
        self.key = key;
        match seed.deserialize(NodeDeserializer::new(self.cx, key, self.depth)) {
            Ok(key) => Ok(Some(key)),
            Err(error) => Err(self.cx.locate(error, key)),
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = match self.contents.next().or_else(|| self.loose.pop()) {
            Some(value) => value,
            None => return Err(Error::data("a value was asked for before its key")),
        };
        if self.uncharged.1 > 0 {
            let count = std::mem::take(&mut self.uncharged.1);
            self.cx.charge_memory(cost::values::<V::Value>(count))?;
        }
        self.left = self.left.saturating_sub(1);
        match seed.deserialize(NodeDeserializer::new(self.cx, value, self.depth)) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.cx.under_key(self.cx.locate(error, value), self.key)),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}
