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

#[derive(Clone, Copy, Default)]
struct Note {
    depth: u32,
    guesses: u32,
    /// Bytes that inner reads took of the fixed parts of their budgets.
    expansion: u64,
    memory: u64,
}

thread_local! {
    static NOTE: Cell<Note> =
        const { Cell::new(Note { depth: 0, guesses: 0, expansion: 0, memory: 0 }) };
}

/// A read that goes on until this is dropped.
pub(super) struct Inside(());

impl Inside {
    pub(super) fn enter() -> Self {
        let mut note = NOTE.get();
        note.depth = note.depth.saturating_add(1);
        NOTE.set(note);
        Self(())
    }

    /// Takes the short way, if it may be tried; `None` where it may not, or gives up.
    pub(super) fn guess<T>(&self, short_way: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut note = NOTE.get();
        if note.guesses >= GUESSES {
            return None;
        }
        note.guesses += 1;
        NOTE.set(note);
        let found = short_way();
        if found.is_some() {
            let mut note = NOTE.get();
            note.guesses = note.guesses.saturating_sub(1);
            NOTE.set(note);
        }
        found
    }

    /// Bytes of expansion and of memory that reads within the outermost one took before this one.
    pub(super) fn spent(&self) -> (u64, u64) {
        let Note { depth, expansion, memory, .. } = NOTE.get();
        if depth > 1 { (expansion, memory) } else { (0, 0) }
    }

    /// Notes what an inner read took of its budgets beyond what its input pays for.
    pub(super) fn spend(&self, (expansion, memory): (u64, u64)) {
        let mut note = NOTE.get();
        if note.depth > 1 {
            note.expansion = note.expansion.saturating_add(expansion);
            note.memory = note.memory.saturating_add(memory);
            NOTE.set(note);
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut note = NOTE.get();
        note.depth = note.depth.saturating_sub(1);
        NOTE.set(if note.depth == 0 { Note::default() } else { note });
    }
}
