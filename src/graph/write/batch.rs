//! How CPython cuts the contents of a container into batches.
//!
//! A batch is a mark, up to 1,000 items, and the opcode that takes them. There are two ways, and
//! which one is taken shows in the bytes. The *exact* way of builtin containers knows their length:
//! one item alone goes without a mark; a dict or set whose last batch was full gets an empty one
//! behind it. The *general* way of whatever a reduce value gives as an iterator looks one item
//! ahead: a last item alone goes without a mark. Protocol 0 has no batches.
//!
//! Source: `batch_list`, `batch_list_exact`, `batch_dict`, `batch_dict_exact`, `save_set` in
//! CPython's `Modules/_pickle.c`.

use crate::instruction::Opcode;
use crate::nodes::handle::Handle;
use crate::nodes::store::Contents;

/// Items between a mark and the opcode that takes them. CPython's `BATCHSIZE`.
const BATCH: usize = 1000;

/// What the contents are, and so which opcodes take them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Items,
    Pairs,
    Adds,
}

/// Contents that are being written.
pub(super) struct Batches<'g> {
    kind: Kind,
    exact: bool,
    /// Whether the protocol has opcodes that take a batch.
    binary: bool,
    feed: Feed<'g>,
    /// Entries that were not begun.
    left: usize,
    state: State,
    /// Whether nothing has been written.
    first: bool,
}

/// Where handles come from.
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
enum State {
    /// Between batches; whether an empty one must follow.
    Between(bool),
    /// In a batch of so many entries so far.
    In(usize),
    /// The value of an entry comes, in a batch of so many.
    Value(usize),
    /// A single entry comes.
    Single,
    /// The value of a single entry comes.
    SingleValue,
    /// A single entry has come.
    SingleEnd,
}

/// What is to be done next.
pub(super) enum Next {
    /// Write the instruction.
    Op(Opcode),
    /// Write the value.
    Save(Handle),
    Done,
}

impl<'g> Batches<'g> {
    /// `handles`: how many `feed` has, keys and values each counted.
    pub(super) fn new(
        kind: Kind,
        exact: bool,
        binary: bool,
        feed: Feed<'g>,
        handles: usize,
    ) -> Self {
        let left = if kind == Kind::Pairs { handles / 2 } else { handles };
        Self { kind, exact, binary, feed, left, state: State::Between(false), first: true }
    }

    /// The next thing to do.
    pub(super) fn next(&mut self) -> Next {
        loop {
            match self.state {
                State::Between(again) => {
                    if self.left == 0 && !again {
                        return Next::Done;
                    }
                    let single = match self.kind {
                        _ if !self.binary => true,
                        Kind::Adds => false,
                        _ => self.left == 1 && (self.first || !self.exact),
                    };
                    self.first = false;
                    if single {
                        self.state = State::Single;
                    } else {
                        self.state = State::In(0);
                        return Next::Op(Opcode::Mark);
                    }
                }
                State::In(count) => {
                    if count < BATCH
                        && let Some(handle) = self.entry()
                    {
                        self.state = match self.kind {
                            Kind::Pairs => State::Value(count + 1),
                            _ => State::In(count + 1),
                        };
                        return Next::Save(handle);
                    }
                    self.state =
                        State::Between(count == BATCH && self.exact && self.kind != Kind::Items);
                    return Next::Op(match self.kind {
                        Kind::Items => Opcode::Appends,
                        Kind::Pairs => Opcode::Setitems,
                        Kind::Adds => Opcode::Additems,
                    });
                }
                State::Value(count) => {
                    self.state = State::In(count);
                    if let Some(value) = self.feed.next() {
                        return Next::Save(value);
                    }
                }
                State::Single => {
                    let Some(handle) = self.entry() else { return Next::Done };
                    self.state = if self.kind == Kind::Pairs {
                        State::SingleValue
                    } else {
                        State::SingleEnd
                    };
                    return Next::Save(handle);
                }
                State::SingleValue => {
                    self.state = State::SingleEnd;
                    if let Some(value) = self.feed.next() {
                        return Next::Save(value);
                    }
                }
                State::SingleEnd => {
                    self.state = State::Between(false);
                    return Next::Op(if self.kind == Kind::Pairs {
                        Opcode::Setitem
                    } else {
                        Opcode::Append
                    });
                }
            }
        }
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
    fn cut(kind: Kind, exact: bool, entries: usize) -> String {
        let handles = if kind == Kind::Pairs { 2 * entries } else { entries };
        let feed = Feed::Handles(vec![Handle::new(Tag::None, 0, 0); handles].into_iter());
        let mut batches = Batches::new(kind, exact, true, feed, handles);
        let (mut text, mut values) = (String::new(), 0);
        loop {
            match batches.next() {
                Next::Save(_) => values += 1,
                Next::Op(Opcode::Mark) => text.push_str("( "),
                Next::Op(opcode) => {
                    text.push_str(&format!("{values} {} ", opcode.name()));
                    values = 0;
                }
                Next::Done => return text.trim_end().to_owned(),
            }
        }
    }

    #[test]
    fn builtin_containers_are_cut_as_cpython_does() {
        assert_eq!(cut(Kind::Items, true, 0), "");
        assert_eq!(cut(Kind::Items, true, 1), "1 APPEND");
        assert_eq!(cut(Kind::Items, true, 2), "( 2 APPENDS");
        assert_eq!(cut(Kind::Items, true, 1000), "( 1000 APPENDS");
        assert_eq!(cut(Kind::Items, true, 1001), "( 1000 APPENDS ( 1 APPENDS");
        assert_eq!(cut(Kind::Pairs, true, 1), "2 SETITEM");
        assert_eq!(cut(Kind::Pairs, true, 1000), "( 2000 SETITEMS ( 0 SETITEMS");
        assert_eq!(cut(Kind::Pairs, true, 1001), "( 2000 SETITEMS ( 2 SETITEMS");
        assert_eq!(cut(Kind::Adds, true, 1), "( 1 ADDITEMS");
        assert_eq!(cut(Kind::Adds, true, 1000), "( 1000 ADDITEMS ( 0 ADDITEMS");
    }

    #[test]
    fn iterators_are_cut_as_cpython_does() {
        assert_eq!(cut(Kind::Items, false, 1001), "( 1000 APPENDS 1 APPEND");
        assert_eq!(cut(Kind::Items, false, 1000), "( 1000 APPENDS");
        assert_eq!(cut(Kind::Pairs, false, 1), "2 SETITEM");
        assert_eq!(cut(Kind::Pairs, false, 1000), "( 2000 SETITEMS");
        assert_eq!(cut(Kind::Pairs, false, 2001), "( 2000 SETITEMS ( 2000 SETITEMS 2 SETITEM");
    }
}
