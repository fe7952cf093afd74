//! Keeps what has been written or made in one dump or walk, for as long as that lasts.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{self, Arc};

use super::written::{Entry, Written};
use crate::late::Late;

/// The numbers of dumps and walks; 0 is none.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A dump or walk, whose entries are dropped with it.
#[derive(Default)]
pub(crate) struct Scope {
    number: Cell<u64>,
    /// Its tables hold a weak reference to this, to see if the dump or walk has ended.
    alive: Cell<Option<Arc<()>>>,
    /// The memo index of what a dump has written.
    written: Written,
    /// The number of the thread that keeps clones of those.
    thread: u64,
}

impl Scope {
    pub(super) fn number(&self) -> u64 {
        if self.number.get() == 0 {
            self.number.set(NUMBERS.fetch_add(1, Ordering::Relaxed));
        }
        self.number.get()
    }

    fn alive(&self) -> sync::Weak<()> {
        let alive = self.alive.take().unwrap_or_default();
        let weak = Arc::downgrade(&alive);
        self.alive.set(Some(alive));
        weak
    }

    /// Drops the entries.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if !self.written.is_empty() {
            self.written.clear();
        }
        remove_tables(self.number.take());
    }

    /// The memo index of a pointer that has been written on this thread, if it is found at once.
    #[inline(always)]
    pub(crate) fn near(&self, key: Key) -> Option<u32> {
        if self.thread == THREAD.get() { self.written.near(key) } else { None }
    }

    /// The way to write a pointer.
    pub(crate) fn plan(&mut self, key: Key) -> Plan {
        if self.written.is_empty() {
            return Plan::Write(key);
        }
        // A thread that has no number yet is another one.
        if self.thread != THREAD.get() {
            self.written.clear();
        }
        match self.written.get(key) {
            Some(Entry::Done(index)) => Plan::Refer(index),
            Some(Entry::Open) => Plan::Cycle,
            None => Plan::Write(key),
        }
    }

    /// Notes that a pointer is being written, and keeps a clone of it.
    pub(crate) fn write(&mut self, key: Key, clone: Kept) {
        // The table has been made, if this thread has written something before.
        let made = self.thread == THREAD.get() && !self.written.is_empty();
        self.thread = thread();
        self.written.open(key);
        if !made {
            WRITTEN.with(|tables| make_table(tables, self));
        }
        WRITTEN.with_borrow_mut(|tables| {
            if let Some(table) = tables.get_mut(&self.number()) {
                table.entries.push(clone.0);
            }
        });
    }

    /// Notes under which memo index a pointer was written.
    pub(crate) fn written(&mut self, key: Key, index: u32) {
        self.written.close(key, index);
    }

    /// Returns a guard that drops the entries, also where the dump ends by an error.
    pub(crate) fn ended(&self) -> Ended {
        Ended(self.number())
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The end of a dump on the thread that it is written on: when this is dropped, so are its entries.
pub(crate) struct Ended(u64);

impl Drop for Ended {
    fn drop(&mut self) {
        remove_tables(self.0);
    }
}

/// [`drop_tables`], in programs that have shared pointers.
static DROP_TABLES: Late<fn(u64)> = Late::new();

/// Drops this thread's tables of a dump or walk.
#[inline]
fn remove_tables(number: u64) {
    if number != 0
        && let Some(drop_tables) = DROP_TABLES.get()
    {
        drop_tables(number);
    }
}

fn drop_tables(number: u64) {
    // The tables are taken out before they are dropped: a value's own `drop` may serialize. At the
    // end of a thread its tables are gone already.
    drop(WRITTEN.try_with(|tables| tables.borrow_mut().remove(&number)));
    drop(READ.try_with(|tables| tables.borrow_mut().remove(&number)));
}

/// The address of a pointer's content, or what else tells values of its type apart; and its type.
pub(super) type Identity = (u64, TypeId);

/// A clone of a pointer: as long as that is there, its address means this allocation.
pub(crate) struct Kept(pub(super) Box<dyn Any>);

/// A written form of one allocation. The last part tells its forms apart: a list is a tuple where
/// it is a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(super) Identity, pub(super) bool);

pub(super) type Tables<E> = RefCell<foldhash::HashMap<u64, ScopeTable<E>>>;

/// The entries of one dump or walk.
pub(super) struct ScopeTable<E> {
    /// Dead once the dump or walk has ended on another thread.
    owner: sync::Weak<()>,
    pub(super) entries: E,
}

/// The pointers that have been made, weakly, by object and type; `None` while one is being made.
pub(super) type Made = foldhash::HashMap<(u64, TypeId), Option<Box<dyn Any>>>;

/// Makes the table of a scope if there is none yet, and drops those without an owner.
pub(super) fn make_table<E: Default>(tables: &Tables<E>, scope: &Scope) {
    DROP_TABLES.bind(drop_tables);
    let left = {
        let mut tables = tables.borrow_mut();
        if tables.contains_key(&scope.number()) {
            return;
        }
        let left: Vec<_> = tables.extract_if(|_, table| table.owner.strong_count() == 0).collect();
        tables.insert(scope.number(), ScopeTable { owner: scope.alive(), entries: E::default() });
        left
    };
    // Outside of the borrow: a value's own `drop` may serialize.
    drop(left);
}

thread_local! {
    /// The number of this thread; 0 if it has none yet.
    static THREAD: Cell<u64> = const { Cell::new(0) };
    /// Clones of the pointers that have been written.
    static WRITTEN: Tables<Vec<Box<dyn Any>>> = RefCell::default();
    pub(super) static READ: Tables<Made> = RefCell::default();
}

/// The number of this thread, which no other has or had.
fn thread() -> u64 {
    match THREAD.get() {
        0 => new_thread(),
        number => number,
    }
}

#[cold]
fn new_thread() -> u64 {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    THREAD.set(number);
    number
}

/// The way to write a pointer.
pub(crate) enum Plan {
    /// It is in the memo.
    Refer(u32),
    /// It is met for the first time: [`Scope::write`], then [`Scope::written`].
    Write(Key),
    /// It is being written.
    Cycle,
}
