//! The containers that are open while a `Value` is built, and the places of errors in them.

use crate::error::{Error, Result};
use crate::nodes::handle::Handle;
use crate::nodes::store::Contents;
use crate::reduce::{Callable, How, MoreParts, Reduce};
use crate::value::{Dict, Value};

/// A container that is being filled.
pub(super) struct Frame<'g, 'de> {
    pub(super) handle: Handle,
    pub(super) kind: FrameKind,
    pub(super) children: Children<'g, 'de>,
    pub(super) values: Vec<Value>,
    /// The budget left before anything below was charged.
    pub(super) budget: u64,
    /// The depth of what is in the lowest container below, or here if there is none.
    pub(super) deepest: usize,
    /// True if this and all below may be met again, because there is another way to it.
    pub(super) again: bool,
}

pub(super) enum Children<'g, 'de> {
    Contents(Contents<'g, 'de>),
    Handles(std::vec::IntoIter<Handle>),
}

impl Iterator for Children<'_, '_> {
    type Item = Handle;

    #[inline]
    fn next(&mut self) -> Option<Handle> {
        match self {
            Self::Contents(contents) => contents.next(),
            Self::Handles(handles) => handles.next(),
        }
    }
}

/// The container that the values of a frame become.
pub(super) enum FrameKind {
    List,
    Tuple,
    Set,
    FrozenSet,
    Dict,
    Persid,
    Object(Box<FrameShape>),
}

impl FrameKind {
    /// Levels of nesting between this and what is in it. The parts of an object are themselves in a
    /// tuple, list or dict.
    #[inline]
    pub(super) fn levels(&self) -> usize {
        match self {
            Self::Object(_) => 2,
            _ => 1,
        }
    }

    /// Returns true if a clone of such a value copies nothing.
    #[inline]
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self, Self::List | Self::Tuple | Self::Persid)
    }
}

/// The number of values of each part in an object's frame, behind the callable.
pub(super) struct FrameShape {
    pub(super) how: How,
    pub(super) callable: Handle,
    pub(super) args: usize,
    pub(super) kwargs: bool,
    pub(super) items: usize,
    pub(super) adds: usize,
    pub(super) pairs: usize,
    pub(super) state: bool,
    pub(super) setter: bool,
}

/// Adds the path of the next value to an error: its place in each of these containers, outermost
/// first.
#[cold]
pub(super) fn under(error: Error, frames: &[Frame<'_, '_>]) -> Error {
    frames.iter().rev().fold(error, |error, frame| frame.under(error))
}

impl Frame<'_, '_> {
    /// Adds the place of the value that comes next here to an error.
    pub(super) fn under(&self, error: Error) -> Error {
        let index = self.values.len();
        let of_pair = |error: Error, place: usize| match self.values.last() {
            Some(Value::Str(key)) if place % 2 == 1 => error.under_key(key),
            Some(Value::Int(key)) if place % 2 == 1 => error.under_key(&key.to_string()),
            // Of a key, the path says nothing.
            Some(key) if place % 2 == 1 => error.under_key(&format!("<{}>", key.type_name())),
            _ => error,
        };
        match &self.kind {
            FrameKind::List | FrameKind::Tuple | FrameKind::Set | FrameKind::FrozenSet => {
                error.under_index(index)
            }
            FrameKind::Dict => of_pair(error, index),
            FrameKind::Persid => error,
            FrameKind::Object(shape) => {
                let items = 1 + shape.args + usize::from(shape.kwargs);
                let pairs = items + shape.items + shape.adds;
                match index {
                    _ if (items..items + shape.items).contains(&index) => {
                        error.under_index(index - items)
                    }
                    _ if (pairs..pairs + shape.pairs).contains(&index) => {
                        of_pair(error, index - pairs)
                    }
                    _ => error,
                }
            }
        }
    }
}

impl FrameShape {
    /// The object of these values; `callable` makes the handle of the first.
    pub(super) fn object(
        &self,
        values: Vec<Value>,
        callable: impl FnOnce(Value) -> Callable,
    ) -> Result<Reduce> {
        let mut values = values.into_iter();
        // There are as many values as the shape says: it was made together with their handles.
        let callable = callable(values.next().unwrap_or_default());
        let args = values.by_ref().take(self.args).collect();
        let kwargs = match values.by_ref().take(usize::from(self.kwargs)).next() {
            Some(Value::Dict(kwargs)) => kwargs,
            Some(_) => return Err(Error::data("keyword arguments are not a dict")),
            None => Dict::default(),
        };
        let listitems = values.by_ref().take(self.items).collect();
        let setitems = values.by_ref().take(self.adds).collect();
        let mut dictitems = Vec::with_capacity(self.pairs / 2);
        for _ in 0..self.pairs / 2 {
            dictitems.push((values.next().unwrap_or_default(), values.next().unwrap_or_default()));
        }
        let state = values.by_ref().take(usize::from(self.state)).next().map(Box::new);
        let state_setter = values.by_ref().take(usize::from(self.setter)).next();
        let more = MoreParts { kwargs, listitems, setitems, dictitems, state_setter }.some();
        Ok(Reduce { callable, args, state, more })
    }
}
