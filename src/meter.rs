//! Counts the work of reading, for the test that holds the crate to its promises.
//!
//! Code that decodes a payload or looks through runs notes it here, independently of the charge to
//! a budget, so that a forgotten charge shows. Payloads below [`SHORT`] bytes are not counted;
//! there is at most one for each value that is handed out, and those the test counts itself.

use std::cell::Cell;

/// Bytes from which on a payload is counted, so that short text costs a comparison.
const SHORT: usize = 128;

/// Bytes that are one unit of work to decode.
const UNIT: usize = 16;

/// Bytes that are one unit of work to search for the end of a line.
const SEARCHED: usize = 64;

thread_local! {
    static UNITS: Cell<u64> = const { Cell::new(0) };
}

/// Notes that a payload of this many bytes is decoded or checked.
#[inline]
pub(crate) fn decoded(bytes: usize) {
    if bytes >= SHORT {
        looked_at(bytes / UNIT);
    }
}

/// Notes that the end of a line of this many bytes is searched for.
#[inline]
pub(crate) fn searched(bytes: usize) {
    if bytes >= SHORT {
        looked_at(bytes / SEARCHED);
    }
}

/// Notes that this many runs or references are looked at.
#[inline]
pub(crate) fn looked_at(count: usize) {
    UNITS.set(UNITS.get().wrapping_add(count as u64));
}

/// The units of this thread so far: references looked at, and one for each 16 bytes decoded or 64
/// searched.
#[must_use]
pub fn units() -> u64 {
    UNITS.get()
}
