//! serde's containers: list, tuple, dict, and the fields of a struct.
//!
//! A list or dict of one batch is written as a mark, its items, and LIST or DICT: one byte less
//! than CPython's `EMPTY_LIST MARK … APPENDS`, and CPython reads it faster (a list of three ints in
//! half the time), because it makes the list at its right size at once. CPython cannot write so
//! itself, as it memoizes the list before its items. Items beyond the first thousand follow in
//! batches, as CPython writes them, so that a reader's stack stays small; at protocol 0, which has
//! no opcode that takes a batch, one by one.
//!
//! The announced length of a container is only a hint. Where none is announced, the first opcode
//! waits for the first item; a mark without items makes the empty container too. Only a tuple of up
//! to three has to keep its length, since its opcode needs no mark.
//!
//! The opcodes here are not opcode boundaries; the items are, and so are empty containers.
//!
//! The structs here are what serde's generated code drives, and their generic methods are compiled
//! for every field of every type: each is a call of what need not know the type, and the value
//! itself.

mod fields;
mod map;
mod seq;
mod tuple;

pub(super) use tuple::TupleEnd;
pub(super) use {fields::Fields, map::Map, seq::Seq, tuple::Tuple};

use super::dump::Dump;
use crate::instruction;
use crate::write::Sink;

/// [`instruction::BATCH`] as counters here have it.
pub(super) const BATCH: u32 = instruction::BATCH as u32;

/// The part of a list or dict that has been opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Nothing is written.
    No,
    /// A mark, and up to [`BATCH`] items: the container itself does not exist yet.
    First,
    /// The container, a mark, and up to [`BATCH`] items.
    Later,
    /// The container and one item: protocol 0.
    Single,
    /// An object that gets entries.
    Behind,
}

/// Writes the mark of a list or dict that announces items; returns the part that is open then, and
/// the number of items until the next mark. If no item comes, it is an empty container all the
/// same; but that one is not an opcode boundary, so at the end of a frame the mark waits.
#[inline(always)]
fn begin(dump: &mut Dump<dyn Sink + '_>, len: Option<usize>) -> (Open, u32) {
    if len.is_some_and(|len| len > 0) && dump.emit.is_within_frame() {
        dump.emit.mark();
        (Open::First, BATCH)
    } else {
        (Open::No, 0)
    }
}

/// Users meet these only as the associated types of a `Serializer`, so `Debug` shows nothing of
/// them.
macro_rules! opaque {
    ($($container:ident)*) => {$(
        impl std::fmt::Debug for $container<'_, '_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($container)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(Seq Tuple Map Fields);
