//! Estimates the memory of Rust values from their types, before they are made.
//!
//! A reader never sees what a type's visitor allocates, but it is told the type of each item that
//! the visitor asks for, and so its size. These functions turn that into an upper bound for the
//! containers of the standard library and of serde_json. Sizes are cut off at those of a JSON value
//! and of a `String`: larger items are the type's own choice, and a pickle without shared
//! references has to fit into `limits::MEMORY` whatever type it is read into.

use crate::reduce::{MoreParts, Reduce};

/// The most bytes of an item that are counted.
const ITEM: usize = 72;

/// The most bytes of a key that are counted.
const KEY: usize = 24;

/// Factor for a `Vec` that grows by doubling: it holds the old block, and the new one of twice that
/// size.
const GROWTH: usize = 3;

/// Items that a `Vec` has room for once it has one.
const FIRST: usize = 4;

/// Entries that the smallest node of a `BTreeMap` has room for.
const NODE: usize = 11;

/// Bytes of a `Reduce` that has all its parts.
const REDUCE: usize = size_of::<Reduce>() + size_of::<MoreParts>();

/// Bytes that an object takes in a `Value`.
pub(crate) const OBJECT: usize = REDUCE + 2 * size_of::<usize>();

/// Bytes that a `Reduce`, or an array of numpy by its parts, takes as an item beyond those that
/// count as one.
pub(crate) const LARGE: usize = (REDUCE - ITEM) * GROWTH;

/// Bytes that a `Value` takes in a list or tuple, whose length is known.
pub(crate) const VALUE: usize = size_of::<crate::value::Value>();

/// Bytes that a `Value` takes as a key, value or element in a dict or set, with the list of values
/// that the table is made from.
pub(crate) const HASHED_VALUE: usize = 3 * VALUE;

/// Bytes that a sequence of `len` items of `size` bytes takes.
pub(crate) fn items(size: usize, len: usize) -> usize {
    match len {
        0 => 0,
        _ => len.saturating_mul(GROWTH).max(FIRST).saturating_mul(size.min(ITEM)),
    }
}

/// Bytes that `len` keys of `size` bytes take in a map.
pub(crate) fn keys(size: usize, len: usize) -> usize {
    in_map(size.min(KEY), len)
}

/// Bytes that `len` values of `size` bytes take in a map.
pub(crate) fn values(size: usize, len: usize) -> usize {
    in_map(size.min(ITEM), len)
}

fn in_map(size: usize, len: usize) -> usize {
    match len {
        0 => 0,
        _ => len.saturating_mul(GROWTH).max(NODE).saturating_mul(size),
    }
}
