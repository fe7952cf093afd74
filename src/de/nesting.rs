//! Pickles within pickles: a type whose `Deserialize` reads another pickle from a field.
//!
//! A read may run a type twice: on the short way, and again from a graph where that gives up. If a
//! read within each of the two did the same, a pickle in a pickle in a pickle would run the
//! innermost type eight times, and one of thirty levels would not end. And each inner read would
//! have budgets of its own, as many as there are references to its bytes. So a thread notes the
//! reads that it is in: where [`GUESSES`] of them are on the short way or have given it up, those
//! within go without it, so that there are at most that many forks, and runs in proportion to the
//! levels; and what they spend of the fixed part of a budget is gone for those that follow.
//!
//! The note ends with the outermost read.

use std::cell::Cell;

/// Upper bound on nested reads that are on the short way or have given it up.
const GUESSES: u32 = 4;

/// In cells, so that a read touches what it changes and no more.
struct Note {
    depth: Cell<u32>,
    guesses: Cell<u32>,
    /// Bytes that inner reads took of the fixed parts of their budgets.
    expansion: Cell<u64>,
    memory: Cell<u64>,
}

thread_local! {
    static NOTE: Note = const {
        Note {
            depth: Cell::new(0),
            guesses: Cell::new(0),
            expansion: Cell::new(0),
            memory: Cell::new(0),
        }
    };
}

/// A read that goes on until this is dropped.
pub(super) struct Inside(());

impl Inside {
    pub(super) fn enter() -> Self {
        NOTE.with(|note| note.depth.set(note.depth.get().saturating_add(1)));
        Self(())
    }

    /// Begins to read the short way; `false` where that may not be tried.
    pub(super) fn begins_guess(&self) -> bool {
        let guesses = NOTE.with(|note| note.guesses.get());
        if guesses < GUESSES {
            NOTE.with(|note| note.guesses.set(guesses + 1));
        }
        guesses < GUESSES
    }

    /// Ends to read the short way, where that has not given up.
    pub(super) fn ends_guess(&self) {
        NOTE.with(|note| note.guesses.set(note.guesses.get().saturating_sub(1)));
    }

    /// Bytes of expansion and of memory that reads within the outermost one took before this one.
    pub(super) fn spent(&self) -> (u64, u64) {
        NOTE.with(|note| match note.depth.get() {
            0 | 1 => (0, 0),
            _ => (note.expansion.get(), note.memory.get()),
        })
    }

    /// Notes what an inner read took of its budgets beyond what its input pays for.
    pub(super) fn spend(&self, (expansion, memory): (u64, u64)) {
        NOTE.with(|note| {
            if note.depth.get() > 1 {
                note.expansion.set(note.expansion.get().saturating_add(expansion));
                note.memory.set(note.memory.get().saturating_add(memory));
            }
        });
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        NOTE.with(|note| {
            let depth = note.depth.get().saturating_sub(1);
            note.depth.set(depth);
            if depth == 0 {
                note.guesses.set(0);
                note.expansion.set(0);
                note.memory.set(0);
            }
        });
    }
}
