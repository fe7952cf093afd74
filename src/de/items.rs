//! [`Items`]: the items of every kind of sequence, as serde's one `SeqAccess`.
//!
//! An error that comes out of an item gets that item's byte here, unless an inner access has
//! attached a more exact one, and the index under which it lies.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, SeqAccess};

use super::direct::{Fixed, Irregular, List};
use super::element::{RecordFields, Rows};
use super::node::{NodeDeserializer, too_long};
use super::numbers::Numbers;
use super::place::{Described, Found, Place};
use super::token::{ObjectParts, PairSeq};
use super::ways::object_part;
use crate::error::{Error, Result};
use crate::nodes::handle::Handle;
use crate::nodes::store::Contents;
use crate::stdlib::numpy::Num;
use crate::walk::cost;
use crate::walk::cx::Cx;

/// The items of a sequence.
///
/// With a tag of its own, which each item looks at: one in the gaps of the fields takes longer to
/// tell.
#[repr(u8)]
pub(crate) enum Items<'a, 'g, 'de> {
    /// Those of a list, set or tuple in the opcodes ahead.
    List(List<'a, 'de>),
    /// Those of a tuple whose type says how many it has.
    Fixed(Fixed<'a, 'de>),
    /// Those of a list, tuple or set among the nodes.
    Contents(Held<'g, 'de>),
    /// Handles that are no run of the graph.
    Loose(Loose<'a, 'g, 'de>),
    Numbers(Numbers<'a, 'g, 'de>),
    /// Real and imaginary part.
    Complex([f64; 2], usize),
    Rows(Box<Rows<'a, 'g, 'de>>),
    Record(Box<RecordFields<'a, 'g, 'de>>),
    Pairs(PairSeq<'a, 'g, 'de>),
    Object(Box<ObjectParts<'g, 'de>>),
    Names(std::slice::Iter<'a, String>),
    Shape(std::slice::Iter<'a, usize>),
    Buffer(&'a [u8], bool, u8),
}

/// The contents of a container among the nodes.
pub(crate) struct Held<'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    contents: Contents<'g, 'de>,
    len: usize,
    left: usize,
    depth: u32,
    /// The item that was asked for last.
    last: Handle,
}

pub(crate) struct Loose<'a, 'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    handles: Cow<'a, [Handle]>,
    index: usize,
    depth: u32,
}

impl<'a, 'g, 'de> Items<'a, 'g, 'de> {
    pub(crate) fn contents(
        cx: &'g Cx<'g, 'de>,
        contents: Contents<'g, 'de>,
        len: usize,
        depth: u32,
    ) -> Self {
        Self::Contents(Held { cx, contents, len, left: len, depth, last: Handle::VACANT })
    }

    pub(crate) fn loose(
        cx: &'g Cx<'g, 'de>,
        handles: impl Into<Cow<'a, [Handle]>>,
        depth: u32,
    ) -> Self {
        Self::Loose(Loose { cx, handles: handles.into(), index: 0, depth })
    }

    /// The next item, or the end, where one look is enough to find it.
    #[inline(always)]
    fn find(&mut self) -> Found<'_, 'de> {
        let in_row = match self {
            Self::List(list) if list.is_in_row() => true,
            // The rest is a call, so that the loop of a visitor stays small.
            Self::List(list) if list.is_in_batch() => false,
            _ => return self.find_other(),
        };
        let Self::List(list) = self else { return Found::Other };
        if in_row { list.next_in_row() } else { list.next_in_batch() }
    }

    /// The same where that is no item of a list in a batch.
    #[inline(never)]
    fn find_other(&mut self) -> Found<'_, 'de> {
        match self {
            Self::List(list) => list.find(),
            Self::Fixed(fixed) => fixed.find(),
            _ => Found::Other,
        }
    }

    /// The next item. `size` is that of the value which is made of it.
    #[inline(never)]
    fn next(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        match self {
            Self::List(list) => list.next(),
            // Reading has given up.
            Self::Fixed(_) => Err(Irregular.into()),
            Self::Contents(held) => held.next(size),
            Self::Loose(loose) => loose.next(size),
            Self::Numbers(numbers) => numbers.next(size),
            Self::Complex(parts, index) => {
                let part = parts.get(*index).copied();
                *index += 1;
                Ok(part.map(|part| Place::number(Num::Float(part))))
            }
            Self::Rows(rows) => rows.next(size),
            Self::Record(fields) => fields.next(),
            Self::Pairs(pairs) => pairs.next(size),
            Self::Object(parts) => object_part(parts),
            Self::Names(names) => {
                Ok(names.next().map(|name| Place::Described(Described::Str(name))))
            }
            Self::Shape(shape) => {
                Ok(shape.next().map(|&len| Place::Described(Described::Uint(len as u64))))
            }
            Self::Buffer(bytes, readonly, index) => {
                *index = index.saturating_add(1);
                Ok(match index {
                    1 => Some(Place::Described(Described::Bytes(bytes))),
                    2 => Some(Place::Described(Described::Bool(*readonly))),
                    _ => None,
                })
            }
        }
    }

    /// The next item of any sequence, made by `seed`.
    #[inline(never)]
    fn next_of_any<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.next(size_of::<T::Value>()) {
            Ok(Some(place)) => match seed.deserialize(place) {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(self.locate(error)),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The error of the item that was asked for last, with its place.
    #[cold]
    fn locate(&mut self, error: Error) -> Error {
        match self {
            Self::List(list) => list.stop(),
            Self::Contents(held) => {
                return held
                    .cx
                    .locate(error, held.last)
                    .under_index((held.len - held.left).saturating_sub(1));
            }
            Self::Loose(loose) => {
                let index = loose.index.saturating_sub(1);
                let handle = loose.handles.get(index).copied().unwrap_or(Handle::VACANT);
                return loose.cx.locate(error, handle).under_index(index);
            }
            Self::Numbers(numbers) => return numbers.locate(error),
            Self::Rows(rows) => return rows.locate(error),
            Self::Record(fields) => return fields.locate(error),
            Self::Pairs(pairs) => return pairs.locate(error),
            _ => {}
        }
        error
    }

    /// Checks that no item is left.
    pub(crate) fn finish(&mut self) -> Result<()> {
        // What these do is done elsewhere, so that a tuple pays for its own end alone.
        match self {
            Self::List(list) => list.finish(),
            Self::Fixed(fixed) => fixed.finish(),
            _ => self.finish_others(),
        }
    }

    #[inline(never)]
    fn finish_others(&mut self) -> Result<()> {
        let (len, left) = match self {
            Self::Contents(held) => (held.len, held.left),
            Self::Loose(loose) => (loose.handles.len(), loose.handles.len() - loose.index),
            Self::Numbers(numbers) => return numbers.finish(),
            Self::Rows(rows) => rows.left(),
            Self::Record(fields) => fields.left(),
            _ => return Ok(()),
        };
        match left {
            0 => Ok(()),
            left => Err(too_long(len, len - left)),
        }
    }

    /// Notes that the visitor returned an error.
    #[cold]
    pub(crate) fn give_up(&mut self) {
        match self {
            Self::List(list) => list.give_up(),
            Self::Fixed(fixed) => fixed.give_up(),
            Self::Numbers(numbers) => numbers.give_up(),
            _ => {}
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, '_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        // One call of the seed for all that is found, so that it can be inlined.
        let place = match self.find() {
            Found::Ahead(direct) => Place::Ahead(direct),
            Found::Key(direct) => Place::Key(direct),
            Found::Nothing(direct) => Place::nothing(direct),
            Found::End => return Ok(None),
            Found::Other => return self.next_of_any(seed),
        };
        match seed.deserialize(place) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.locate(error)),
        }
    }

    #[inline(never)]
    fn size_hint(&self) -> Option<usize> {
        match self {
            Self::List(list) => list.size_hint(),
            Self::Contents(held) => Some(held.left),
            Self::Loose(loose) => Some(loose.handles.len() - loose.index),
            Self::Numbers(numbers) => Some(numbers.left()),
            Self::Complex(parts, index) => Some(parts.len().saturating_sub(*index)),
            Self::Rows(rows) => Some(rows.left().1),
            Self::Record(fields) => Some(fields.left().1),
            Self::Pairs(pairs) => Some(pairs.left()),
            Self::Names(names) => Some(names.len()),
            Self::Shape(shape) => Some(shape.len()),
            Self::Fixed(_) | Self::Object(_) | Self::Buffer(..) => None,
        }
    }
}

impl<'g, 'de> Held<'g, 'de> {
    fn next(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        // The count goes first: a set that was made of a list has the items the list had then.
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        if self.left == self.len {
            self.cx.charge_memory(cost::items(size, self.len))?;
        }
        let Some(handle) = self.contents.next() else { return Ok(None) };
        self.left = left;
        self.last = handle;
        Ok(Some(Place::Node(NodeDeserializer::new(self.cx, handle, self.depth))))
    }
}

impl<'g, 'de> Loose<'_, 'g, 'de> {
    fn next(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        if self.index == 0 {
            self.cx.charge_memory(cost::items(size, self.handles.len()))?;
        }
        let Some(&handle) = self.handles.get(self.index) else { return Ok(None) };
        self.index += 1;
        Ok(Some(Place::Node(NodeDeserializer::new(self.cx, handle, self.depth))))
    }
}
