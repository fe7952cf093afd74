//! [`Entries`]: the entries of every kind of map, as serde's one `MapAccess`.
//!
//! Errors get their byte and key here, as in `items`.

use serde::de::{DeserializeSeed, MapAccess};

use super::direct::{Dict, Direct};
use super::element::RecordFields;
use super::node::{NodeDeserializer, too_long};
use super::numpy::ArrayParts;
use super::place::Place;
use super::token::ReduceFields;
use super::ways::{array_name, array_value, reduce_name, reduce_value};
use crate::error::{Error, Result};
use crate::nodes::handle::Handle;
use crate::nodes::store::Contents;
use crate::walk::cost;
use crate::walk::cx::Cx;

/// The entries of a map.
pub(crate) enum Entries<'a, 'g, 'de> {
    /// Those of a dict in the opcodes ahead, or of the state of an instance there.
    Dict(Dict<'a, 'de>),
    /// Those of dicts among the nodes.
    Pairs(Pairs<'g, 'de>),
    Record(Box<RecordFields<'a, 'g, 'de>>),
    Array(Box<ArrayParts<'g, 'de>>),
    Reduce(Box<ReduceFields<'g, 'de>>),
    Nothing,
}

/// The entries of a dict, or of several one after another.
pub(crate) struct Pairs<'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    contents: Contents<'g, 'de>,
    /// Further ones, last first.
    following: Vec<Contents<'g, 'de>>,
    /// Keys and values behind those, the last first.
    loose: Vec<Handle>,
    len: usize,
    left: usize,
    depth: u32,
    key: Handle,
    value: Handle,
    /// True while the keys, and the values, are still to be charged to memory.
    uncharged: (bool, bool),
}

impl<'g, 'de> Entries<'_, 'g, 'de> {
    /// The entries of `contents`, and then those of `following`, last first. `is_struct` is true if
    /// the values go into fields, which take no memory of their own.
    pub(crate) fn pairs(
        cx: &'g Cx<'g, 'de>,
        contents: Contents<'g, 'de>,
        following: Vec<Contents<'g, 'de>>,
        len: usize,
        depth: u32,
        is_struct: bool,
    ) -> Self {
        Self::Pairs(Pairs {
            cx,
            contents,
            following,
            loose: Vec::new(),
            len,
            left: len,
            depth,
            key: Handle::VACANT,
            value: Handle::VACANT,
            uncharged: (!is_struct, !is_struct),
        })
    }

    /// Fields whose keys and values lie in no run: in turn, the last first.
    pub(crate) fn loose(cx: &'g Cx<'g, 'de>, loose: Vec<Handle>, depth: u32) -> Self {
        let none = Contents::of(cx.nodes, &[]);
        let mut entries = Self::pairs(cx, none, Vec::new(), loose.len() / 2, depth, true);
        if let Self::Pairs(pairs) = &mut entries {
            pairs.loose = loose;
        }
        entries
    }

    /// The next key, where one look is enough to find it.
    #[inline]
    fn next_key_in_batch(&mut self) -> Option<&mut Direct<'de>> {
        match self {
            Self::Dict(dict) => dict.next_key_in_batch(),
            _ => None,
        }
    }

    /// Reads the end, and returns true, where one look is enough to find it.
    #[inline(never)]
    fn is_through(&mut self) -> bool {
        match self {
            Self::Dict(dict) => dict.is_through(),
            _ => false,
        }
    }

    /// The value of the key that came last, where one look is enough to find it.
    #[inline]
    fn next_value_in_frame(&mut self) -> Option<&mut Direct<'de>> {
        match self {
            Self::Dict(dict) => dict.next_value_in_frame(),
            _ => None,
        }
    }

    /// The next key. `size` is that of what is made of it.
    #[inline(never)]
    fn next_key(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        match self {
            Self::Dict(dict) => dict.next_key(),
            Self::Pairs(pairs) => pairs.next_key(size),
            Self::Record(fields) => Ok(fields.name()),
            Self::Array(parts) => array_name(parts),
            Self::Reduce(fields) => reduce_name(fields),
            Self::Nothing => Ok(None),
        }
    }

    /// The value of the key that came last.
    #[inline(never)]
    fn next_value(&mut self, size: usize) -> Result<Place<'_, 'g, 'de>> {
        match self {
            Self::Dict(dict) => dict.next_value(),
            Self::Pairs(pairs) => pairs.next_value(size),
            Self::Record(fields) => fields.value(size),
            Self::Array(parts) => array_value(parts),
            Self::Reduce(fields) => reduce_value(fields),
            Self::Nothing => Err(no_key()),
        }
    }

    /// The next key of any map, made by `seed`.
    #[inline(never)]
    fn next_key_of_any<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.next_key(size_of::<K::Value>()) {
            Ok(Some(place)) => match seed.deserialize(place) {
                Ok(key) => Ok(Some(key)),
                Err(error) => Err(self.locate_key(error)),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The value of the key that came last in any map, made by `seed`.
    #[inline(never)]
    fn next_value_of_any<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        match self.next_value(size_of::<V::Value>()) {
            Ok(place) => match seed.deserialize(place) {
                Ok(value) => Ok(value),
                Err(error) => Err(self.locate_value(error)),
            },
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn locate_key(&mut self, error: Error) -> Error {
        match self {
            Self::Dict(dict) => {
                dict.stop();
                error
            }
            Self::Pairs(pairs) => pairs.cx.locate(error, pairs.key),
            _ => error,
        }
    }

    #[cold]
    fn locate_value(&mut self, error: Error) -> Error {
        match self {
            Self::Dict(dict) => {
                dict.stop();
                error
            }
            Self::Pairs(pairs) => {
                let error = pairs.cx.locate(error, pairs.value);
                pairs.cx.under_key(error, pairs.key)
            }
            Self::Record(fields) => fields.locate(error),
            Self::Reduce(fields) => fields.locate(error),
            Self::Array(_) | Self::Nothing => error,
        }
    }

    /// Checks that no entry is left.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let (len, left) = match self {
            Self::Dict(dict) => return Ok(dict.finish()?),
            Self::Pairs(pairs) => (pairs.len, pairs.left),
            Self::Record(fields) => fields.left(),
            Self::Array(_) | Self::Reduce(_) | Self::Nothing => return Ok(()),
        };
        match left {
            0 => Ok(()),
            left => Err(too_long(len, len - left)),
        }
    }

    /// Notes that the visitor returned an error.
    #[cold]
    pub(crate) fn give_up(&mut self) {
        if let Self::Dict(dict) = self {
            dict.give_up();
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if let Some(direct) = self.next_key_in_batch() {
            return match seed.deserialize(Place::Key(direct)) {
                Ok(key) => Ok(Some(key)),
                Err(error) => Err(self.locate_key(error)),
            };
        }
        if self.is_through() { Ok(None) } else { self.next_key_of_any(seed) }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        match self.next_value_in_frame() {
            Some(direct) => match seed.deserialize(Place::Ahead(direct)) {
                Ok(value) => Ok(value),
                Err(error) => Err(self.locate_value(error)),
            },
            None => self.next_value_of_any(seed),
        }
    }

    #[inline(never)]
    fn size_hint(&self) -> Option<usize> {
        match self {
            Self::Dict(dict) => dict.size_hint(),
            Self::Pairs(pairs) => Some(pairs.left),
            Self::Record(fields) => Some(fields.left().1),
            Self::Array(_) | Self::Reduce(_) => None,
            Self::Nothing => Some(0),
        }
    }
}

impl<'g, 'de> Pairs<'g, 'de> {
    fn next_key(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        if self.uncharged.0 {
            self.uncharged.0 = false;
            self.cx.charge_memory(cost::keys(size, self.len))?;
        }
        let key = match self.contents.next() {
            Some(key) => key,
            None => match self.next_source() {
                Some(key) => key,
                None => return Ok(None),
            },
        };
        self.key = key;
        Ok(Some(Place::Node(NodeDeserializer::new(self.cx, key, self.depth))))
    }

    fn next_value(&mut self, size: usize) -> Result<Place<'_, 'g, 'de>> {
        let value = self.contents.next().or_else(|| self.loose.pop());
        let Some(value) = value else { return Err(no_key()) };
        if self.uncharged.1 {
            self.uncharged.1 = false;
            self.cx.charge_memory(cost::values(size, self.len))?;
        }
        self.left = self.left.saturating_sub(1);
        self.value = value;
        Ok(Place::Node(NodeDeserializer::new(self.cx, value, self.depth)))
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

#[cold]
fn no_key() -> Error {
    Error::data("a value was asked for before its key")
}
