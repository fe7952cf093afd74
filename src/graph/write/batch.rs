//! CPython's division of the contents of a container into batches.
//!
//! A batch is a mark, up to 1,000 items, and the opcode that takes them. There are two ways, and
//! the bytes show which one was taken. The *exact* way, of builtin containers, knows their length:
//! a single item goes without a mark; a dict or set whose last batch was full gets an empty one
//! behind it. The *general* way, of iterators in a reduce value, looks one item ahead: a single
//! last item goes without a mark. Protocol 0 has no batches.
//!
//! Source: `batch_list`, `batch_list_exact`, `batch_dict`, `batch_dict_exact`, `save_set` in
//! CPython's `Modules/_pickle.c`.

use crate::instruction::{BATCH, Opcode};
use crate::nodes::handle::Handle;
use crate::nodes::store::Contents;

/// The kind of contents, which decides the opcodes that take them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchKind {
    Items,
    Pairs,
    Adds,
}

/// Contents that are being written.
pub(super) struct Batches<'g> {
    kind: BatchKind,
    exact: bool,
    /// True if the protocol has opcodes that take a batch.
    binary: bool,
    feed: Feed<'g>,
    /// Entries that were not begun.
    left: usize,
    state: BatchState,
    /// True until something has been written.
    first: bool,
}

/// The source of the handles.
pub(super) enum Feed<'g> {
    Contents(Contents<'g, 'g>),
    Handles(std::vec::IntoIter<Handle>),
}

impl Iterator for Feed<'_> {
    type Item = Handle;

    fn next(&mut self) -> Option<Handle> {
        match self {
            Self::Contents(contents) => contents.next(),
            Self::Handles(handles) => handles.next(),
        }
    }
}

#[derive(Clone, Copy)]
enum BatchState {
    /// Between batches; true if an empty one must follow.
    Between(bool),
    /// In a batch of so many entries so far.
    In(usize),
    /// Before the value of an entry, in a batch of so many.
    Value(usize),
    /// Before a single entry.
    Single,
    /// Before the value of a single entry.
    SingleValue,
    /// After a single entry.
    SingleEnd,
}

/// The next thing to do.
pub(super) enum BatchStep {
    /// Write the instruction.
    Op(Opcode),
    /// Write the value.
    Save(Handle),
    Done,
}

impl<'g> Batches<'g> {
    /// `handles` is the number of handles in `feed`, keys and values each counted.
    pub(super) fn new(
        kind: BatchKind,
        exact: bool,
        binary: bool,
        feed: Feed<'g>,
        handles: usize,
    ) -> Self {
        let left = if kind == BatchKind::Pairs { handles / 2 } else { handles };
        Self { kind, exact, binary, feed, left, state: BatchState::Between(false), first: true }
    }

    /// The next thing to do.
    pub(super) fn next(&mut self) -> BatchStep {
        loop {
            match self.state {
                BatchState::Between(again) => {
                    if self.left == 0 && !again {
                        return BatchStep::Done;
                    }
                    if self.is_single() {
                        self.state = BatchState::Single;
                    } else {
                        self.state = BatchState::In(0);
                        return BatchStep::Op(Opcode::Mark);
                    }
                }
                BatchState::In(count) => return self.next_in_batch(count),
                BatchState::Value(count) => {
                    self.state = BatchState::In(count);
                    if let Some(value) = self.feed.next() {
                        return BatchStep::Save(value);
                    }
                }
                BatchState::Single => {
                    let Some(handle) = self.entry() else { return BatchStep::Done };
                    self.state = if self.kind == BatchKind::Pairs {
                        BatchState::SingleValue
                    } else {
                        BatchState::SingleEnd
                    };
                    return BatchStep::Save(handle);
                }
                BatchState::SingleValue => {
                    self.state = BatchState::SingleEnd;
                    if let Some(value) = self.feed.next() {
                        return BatchStep::Save(value);
                    }
                }
                BatchState::SingleEnd => {
                    self.state = BatchState::Between(false);
                    return BatchStep::Op(if self.kind == BatchKind::Pairs {
                        Opcode::Setitem
                    } else {
                        Opcode::Append
                    });
                }
            }
        }
    }

    /// Returns true if the next entry goes without a mark.
    fn is_single(&mut self) -> bool {
        let first = std::mem::replace(&mut self.first, false);
        match self.kind {
            _ if !self.binary => true,
            BatchKind::Adds => false,
            _ => self.left == 1 && (first || !self.exact),
        }
    }

    /// The next entry of a batch that has `count` entries, or the opcode that takes them.
    #[inline]
    fn next_in_batch(&mut self, count: usize) -> BatchStep {
        if count < BATCH
            && let Some(handle) = self.entry()
        {
            self.state = match self.kind {
                BatchKind::Pairs => BatchState::Value(count + 1),
                _ => BatchState::In(count + 1),
            };
            return BatchStep::Save(handle);
        }
        let full = count == BATCH;
        self.state = BatchState::Between(full && self.exact && self.kind != BatchKind::Items);
        BatchStep::Op(match self.kind {
            BatchKind::Items => Opcode::Appends,
            BatchKind::Pairs => Opcode::Setitems,
            BatchKind::Adds => Opcode::Additems,
        })
    }

    /// Begins the next entry.
    fn entry(&mut self) -> Option<Handle> {
        let left = self.left.checked_sub(1)?;
        let handle = self.feed.next()?;
        self.left = left;
        Some(handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::handle::Tag;

    /// The opcodes, with the number of values between them.
    fn cut(kind: BatchKind, exact: bool, entries: usize) -> String {
        let handles = if kind == BatchKind::Pairs { 2 * entries } else { entries };
        let feed = Feed::Handles(vec![Handle::new(Tag::None, 0, 0); handles].into_iter());
        let mut batches = Batches::new(kind, exact, true, feed, handles);
        let (mut text, mut values) = (String::new(), 0);
        loop {
            match batches.next() {
                BatchStep::Save(_) => values += 1,
                BatchStep::Op(Opcode::Mark) => text.push_str("( "),
                BatchStep::Op(opcode) => {
                    text.push_str(&format!("{values} {} ", opcode.name()));
                    values = 0;
                }
                BatchStep::Done => return text.trim_end().to_owned(),
            }
        }
    }

    #[test]
    fn builtin_containers_are_cut_as_cpython_does() {
        assert_eq!(cut(BatchKind::Items, true, 0), "");
        assert_eq!(cut(BatchKind::Items, true, 1), "1 APPEND");
        assert_eq!(cut(BatchKind::Items, true, 2), "( 2 APPENDS");
        assert_eq!(cut(BatchKind::Items, true, 1000), "( 1000 APPENDS");
        assert_eq!(cut(BatchKind::Items, true, 1001), "( 1000 APPENDS ( 1 APPENDS");
        assert_eq!(cut(BatchKind::Pairs, true, 1), "2 SETITEM");
        assert_eq!(cut(BatchKind::Pairs, true, 1000), "( 2000 SETITEMS ( 0 SETITEMS");
        assert_eq!(cut(BatchKind::Pairs, true, 1001), "( 2000 SETITEMS ( 2 SETITEMS");
        assert_eq!(cut(BatchKind::Adds, true, 1), "( 1 ADDITEMS");
        assert_eq!(cut(BatchKind::Adds, true, 1000), "( 1000 ADDITEMS ( 0 ADDITEMS");
    }

    #[test]
    fn iterators_are_cut_as_cpython_does() {
        assert_eq!(cut(BatchKind::Items, false, 1001), "( 1000 APPENDS 1 APPEND");
        assert_eq!(cut(BatchKind::Items, false, 1000), "( 1000 APPENDS");
        assert_eq!(cut(BatchKind::Pairs, false, 1), "2 SETITEM");
        assert_eq!(cut(BatchKind::Pairs, false, 1000), "( 2000 SETITEMS");
        assert_eq!(cut(BatchKind::Pairs, false, 2001), "( 2000 SETITEMS ( 2000 SETITEMS 2 SETITEM");
    }
}
