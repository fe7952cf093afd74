//! Counts the items of a list or dict of scalars ahead, and finds where it ends.
//!
//! Opcodes carry no lengths: an opcode at the end makes the list. So a `Vec` grows as it is filled,
//! and for many short lists that shows: without this, lists of 20 floats take a third longer to
//! read. Scalars are quick to step over. Lists of other containers are not counted: that takes a
//! fifth of the time of reading a tree, and such lists do not gain as much from not growing.
//!
//! A count is a hint: it decides about capacity and nothing else. The end of the run is for `look`,
//! which has no use for the scalars in it. A count covers items that are there, two batches of
//! values at most, and costs no more than reading them, since containers end it.

use crate::instruction::{BATCH, Opcode};

/// Length of a value with its opcode, by the opcode; 0 where the opcode alone does not tell it, or
/// is not that of a scalar.
const SIZES: [u8; 256] = {
    let mut table = [0; 256];
    table[Opcode::None.byte() as usize] = 1;
    table[Opcode::Newtrue.byte() as usize] = 1;
    table[Opcode::Newfalse.byte() as usize] = 1;
    table[Opcode::Binint1.byte() as usize] = 2;
    table[Opcode::Binint2.byte() as usize] = 3;
    table[Opcode::Binint.byte() as usize] = 5;
    table[Opcode::Binget.byte() as usize] = 2;
    table[Opcode::LongBinget.byte() as usize] = 5;
    table
};

/// The size of a float with its opcode.
const FLOAT: usize = 9;

/// Returns true if this is the byte of an opcode that begins a scalar, or fetches one.
#[inline]
pub(super) fn begins_scalar(byte: u8) -> bool {
    // The table has all 256 bytes.
    SIZES[usize::from(byte)] > 0
        || byte == Opcode::ShortBinunicode.byte()
        || byte == Opcode::Binfloat.byte()
        || byte == Opcode::Long1.byte()
}

/// The end of the scalar at `at`, and of the MEMOIZE behind it; `None` where anything else is, or a
/// scalar whose length takes a search.
#[inline]
pub(super) fn scalar_end(input: &[u8], at: usize) -> Option<usize> {
    let &byte = input.get(at)?;
    // The table has all 256 bytes.
    let size = usize::from(SIZES[usize::from(byte)]);
    if size > 0 {
        return Some(at + size);
    }
    match Opcode::from_byte(byte)? {
        Opcode::Binfloat => Some(at + FLOAT),
        Opcode::Long1 => Some(at + 2 + usize::from(*input.get(at + 1)?)),
        Opcode::ShortBinunicode => {
            let end = at + 2 + usize::from(*input.get(at + 1)?);
            Some(end + usize::from(input.get(end) == Some(&Opcode::Memoize.byte())))
        }
        _ => None,
    }
}

/// Scalars side by side, from some place in the input to where their batch ends.
pub(super) struct ScalarRun {
    pub(super) count: usize,
    /// Where the opcode is that ends the batch.
    pub(super) end: usize,
}

impl ScalarRun {
    /// Those that begin at `start`; `None` where anything else comes before the end of the batch,
    /// or more than can be in one.
    pub(super) fn new(input: &[u8], start: usize) -> Option<Self> {
        let mut at = start;
        let run = Self::scan(input, &mut at);
        #[cfg(test)]
        work::looked_at(at - start);
        run
    }

    /// `at` is moved past what was looked at.
    #[inline(always)]
    fn scan(input: &[u8], at: &mut usize) -> Option<Self> {
        let mut count = 0;
        while count <= 2 * BATCH {
            let &byte = input.get(*at)?;
            // A processor cannot guess the kind of the next int, so all kinds share one way. The
            // table has all 256 bytes.
            let size = SIZES[usize::from(byte)];
            if size > 0 {
                *at += usize::from(size);
                count += 1;
                continue;
            }
            match Opcode::from_byte(byte)? {
                // Floats come in rows.
                Opcode::Binfloat => {
                    while count <= 2 * BATCH && input.get(*at) == Some(&byte) {
                        *at += FLOAT;
                        count += 1;
                    }
                }
                Opcode::ShortBinunicode => {
                    *at += 2 + usize::from(*input.get(*at + 1)?);
                    *at += usize::from(input.get(*at) == Some(&Opcode::Memoize.byte()));
                    count += 1;
                }
                Opcode::Long1 => {
                    *at += 2 + usize::from(*input.get(*at + 1)?);
                    count += 1;
                }
                Opcode::Appends
                | Opcode::List
                | Opcode::Tuple
                | Opcode::Frozenset
                | Opcode::Additems
                | Opcode::Setitems
                | Opcode::Dict => {
                    return Some(Self { count, end: *at });
                }
                // A frame, which begins every 64 KiB, is no value.
                Opcode::Frame => *at += 9,
                _ => return None,
            }
        }
        None
    }
}

/// Counts the bytes that are looked at ahead, so that a test need not measure time.
#[cfg(test)]
pub(super) mod work {
    use std::cell::Cell;

    thread_local! {
        static LOOKED_AT: Cell<u64> = const { Cell::new(0) };
    }

    pub(in crate::de::direct) fn looked_at(bytes: usize) {
        LOOKED_AT.set(LOOKED_AT.get() + bytes as u64);
    }

    /// The bytes that `work` looks at ahead on this thread.
    pub(in crate::de::direct) fn of(work: impl FnOnce()) -> u64 {
        let before = LOOKED_AT.get();
        work();
        LOOKED_AT.get() - before
    }
}
