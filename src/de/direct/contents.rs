//! The grammar of containers, by which the end of a list, dict or set is found; one for all of
//! them.
//!
//! ```text
//! container  ::=  (EMPTY_LIST | MARK item* LIST) (batch | item APPEND)*
//! batch      ::=  MARK item* APPENDS
//! tuple      ::=  EMPTY_TUPLE | item{1,3} TUPLE1…TUPLE3 | MARK item* TUPLE
//! ```
//!
//! A dict has its own opcodes in place of a list's, and an item of it is a key and a value; a set
//! knows batches alone. In a program all of this may be mixed; picklers are regular. Batches have
//! [`BATCH`] items but for the last one, which may be an item alone or none at all. Protocol 0
//! knows no batches and adds all items one by one.

use super::Outcome;
use super::ahead::{ScalarRun, scalar_end};
use super::kinds::ContainerKind;
use super::look::short_tuple;
use super::memo::MemoSlot;
use super::state::Direct;
use crate::instruction::{BATCH, Opcode};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Phase {
    /// Behind EMPTY_LIST or APPENDS: a batch may follow, or one item.
    Open,
    /// In a batch of APPENDS.
    Batch,
    /// Above the MARK of a LIST or TUPLE.
    Marked,
    /// Behind `MARK … LIST`: items may be appended, one by one, and behind a full one in batches.
    Closed,
    /// Behind such an APPEND.
    Grown,
    /// Before the only entry of a dict, or behind it, before its SETITEM.
    Only,
    /// Before the APPEND of an item that is the last.
    Single,
    /// Before the APPEND of an item behind which others may follow.
    Appended,
    /// In a tuple without a mark.
    Postfix,
    /// At the end.
    Done,
}

pub(super) struct Contents<K> {
    pub(super) kind: K,
    state: Phase,
    /// Above a mark, and around an only entry, the bytes of the opcodes that may end the items;
    /// among those of a batch, that of an item in rows too.
    ends: Option<[u8; 3]>,
    /// True if no value but a key can follow the container.
    sole: bool,
    /// Items asked for so far.
    count: usize,
    /// Nodes that could still be made before it was.
    nodes: usize,
}

impl<K: ContainerKind> Contents<K> {
    #[inline]
    pub(super) fn new(kind: K, state: Phase, direct: &Direct<'_>) -> Self {
        let (sole, nodes) = (direct.sole, direct.nodes);
        let mut contents = Self { kind, state, ends: None, sole, count: 0, nodes };
        contents.note_ends();
        contents
    }

    /// Notes what may end the items, behind each change of the state.
    #[inline]
    fn note_ends(&mut self) {
        self.ends = match self.state {
            Phase::Batch => {
                let in_rows = self.kind.in_rows().byte();
                Some([self.kind.batch().byte(), in_rows, in_rows])
            }
            Phase::Marked => {
                let ends = [self.kind.marked(), self.kind.tuple(), self.kind.frozen()];
                Some(ends.map(|opcode| opcode.byte()))
            }
            Phase::Only => Some([self.kind.one().byte(); 3]),
            _ => None,
        };
    }

    /// The contents behind EMPTY_LIST or its like. A batch that follows, as most often, is entered
    /// here, which saves a round.
    pub(super) fn open(kind: K, direct: &mut Direct<'_>) -> Outcome<Self> {
        let at = direct.cursor.position();
        direct.memoize(MemoSlot::fields(direct.cursor.opcode_position()))?;
        let state = if !Self::is_doubtful(kind, direct) {
            if direct.cursor.absorb_opcode(Opcode::Mark) { Phase::Batch } else { Phase::Open }
        } else if direct.cursor.position() == at {
            // A container that such writers fill later has a memo entry.
            Phase::Done
        } else {
            Phase::Open
        };
        Ok(Self::new(kind, state, direct))
    }

    /// The contents where EMPTY_LIST or its like is next, or the MARK of a LIST or DICT; `None`,
    /// with nothing read, where anything else is. Mostly a memo entry and a batch follow, which is
    /// entered.
    #[inline(always)]
    pub(super) fn open_stored(kind: K, empty: Opcode, direct: &mut Direct<'_>) -> Option<Self> {
        let doubtful = Self::is_doubtful(kind, direct);
        let nodes = direct.nodes;
        let state = if !doubtful && direct.enter_memoized(empty) {
            Phase::Batch
        } else {
            direct.enter_stored(empty, doubtful)?
        };
        Some(Self::entered(kind, state, nodes, direct))
    }

    /// The contents of a container that has been entered. Its own node was counted on that, so
    /// `nodes` is the number before.
    #[inline(always)]
    pub(super) fn entered(kind: K, state: Phase, nodes: usize, direct: &Direct<'_>) -> Self {
        Self { nodes, ..Self::new(kind, state, direct) }
    }

    /// Returns true if a MARK behind the empty container may begin a neighbour.
    ///
    /// It may for writers that write non-empty containers as MARK … LIST or DICT, as this crate
    /// does. Sets have no such form.
    #[inline]
    fn is_doubtful(kind: K, direct: &Direct<'_>) -> bool {
        direct.marked && kind.marked() != kind.batch()
    }

    /// The number of items, or entries, so far.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns true behind a tuple of two items or more.
    pub(super) fn was_tuple(&self, direct: &Direct<'_>) -> bool {
        let ends = [Opcode::Tuple, Opcode::Tuple2, Opcode::Tuple3].map(|opcode| opcode.byte());
        let end = direct.input.get(direct.cursor.opcode_position());
        self.count > 1 && end.is_some_and(|end| ends.contains(end))
    }

    /// Returns true behind the container.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.state == Phase::Done
    }

    /// Ends here, whatever follows: reading has given up.
    #[cold]
    pub(super) fn stop(&mut self) {
        self.state = Phase::Done;
        self.ends = None;
    }

    /// Ends here if reading has given up.
    #[cold]
    pub(super) fn stop_behind_failure(&mut self, direct: &Direct<'_>) {
        if direct.failed {
            self.stop();
        }
    }

    /// Returns true if the next byte alone shows that another item above a mark is next.
    #[inline(always)]
    pub(super) fn is_in_batch(&self, direct: &Direct<'_>) -> bool {
        match (self.ends, direct.cursor.peek_byte()) {
            (Some([end, other, third]), Some(byte)) => {
                byte != end
                    && byte != Opcode::Frame.byte()
                    && (self.kind.has_one_end() || byte != other && byte != third)
            }
            _ => false,
        }
    }

    /// Counts an item that is asked for where `is_in_batch` says so.
    #[inline(always)]
    pub(super) fn count_in_batch(&mut self) {
        self.count += 1;
    }

    /// Goes past a row of equal items in a batch, and gives their number; 0 where none is next.
    pub(super) fn pass_row(&mut self, direct: &mut Direct<'_>) -> usize {
        let opcode = self.kind.in_rows();
        if self.state != Phase::Batch || opcode == self.kind.batch() {
            return 0;
        }
        let len = direct.cursor.read_row(opcode);
        self.count += len;
        len
    }

    /// Reads the end of the items, and returns true, if the next opcode alone shows that it is the
    /// end, as it does for most lists and dicts.
    #[inline]
    pub(super) fn ends_batch(&mut self, direct: &mut Direct<'_>) -> bool {
        let ends = match self.state {
            Phase::Batch => direct.is_at(self.kind.batch()) && self.count > 0 && !self.is_full(),
            Phase::Single => direct.is_at(self.kind.one()),
            // All that is no SETITEM is taken for a key.
            Phase::Only => direct.is_at(self.kind.one()) && self.count == 1,
            Phase::Marked => return self.ends_marked(direct),
            _ => false,
        };
        if ends {
            direct.cursor.read_peeked_opcode();
            self.state = Phase::Done;
            self.ends = None;
        }
        ends
    }

    /// The same above a MARK.
    fn ends_marked(&mut self, direct: &mut Direct<'_>) -> bool {
        let (marked, is_full) = (self.kind.marked(), self.is_full());
        let is_tuple = self.kind.tuple() == Opcode::Tuple && direct.is_at(Opcode::Tuple);
        let ends =
            if is_tuple { direct.ends_tuple() } else { !is_full && direct.ends_marked(marked) };
        if ends {
            direct.marked |= !is_tuple && self.count > 0;
            self.state = Phase::Done;
            self.ends = None;
        }
        ends
    }

    /// Behind an empty list: true if the next opcode, or that behind a scalar, shows that its only
    /// item is next, which is counted; false if it shows that there is none.
    pub(super) fn begins(&mut self, direct: &Direct<'_>) -> Option<bool> {
        if self.state != Phase::Open || self.count > 0 {
            return None;
        }
        let opcode = direct.cursor.peek_opcode().filter(|opcode| *opcode != Opcode::Frame)?;
        let is_item = match self.is_item(opcode) {
            false if is_value(opcode) => self.adds_scalar(direct)?,
            is_item => is_item,
        };
        self.state = if is_item { Phase::Single } else { Phase::Done };
        self.count += usize::from(is_item);
        Some(is_item)
    }

    /// Reads the APPEND of the last item, in a list of protocol 0, and returns true if an int is
    /// next.
    #[inline]
    pub(super) fn appends_int(&mut self, direct: &mut Direct<'_>) -> bool {
        if self.state != Phase::Appended || !direct.cursor.absorb_opcode(self.kind.one()) {
            return false;
        }
        let found = direct.is_at(Opcode::Int) || direct.is_at(Opcode::Long);
        if found {
            self.count += 1;
        } else {
            self.state = Phase::Grown;
        }
        found
    }

    /// Returns true if another item follows the one that `was_read`.
    ///
    /// A fault ends the items: a type may go on behind an error, and must come to an end.
    #[inline]
    pub(super) fn go_on_behind(
        &mut self,
        was_read: bool,
        direct: &mut Direct<'_>,
    ) -> Outcome<bool> {
        let more = if was_read { self.go_on(direct) } else { direct.irregular() };
        if more.is_err() {
            self.stop();
        }
        more
    }

    /// Returns true if another item follows; `direct` stands before it then.
    pub(super) fn go_on(&mut self, direct: &mut Direct<'_>) -> Outcome<bool> {
        let more = self.finds_more(direct)?;
        self.count += usize::from(more);
        Ok(more)
    }

    #[inline]
    fn finds_more(&mut self, direct: &mut Direct<'_>) -> Outcome<bool> {
        if self.is_in_batch(direct) {
            return Ok(true);
        }
        if self.state == Phase::Done || self.ends_batch(direct) {
            return Ok(false);
        }
        if self.state == Phase::Open
            && let Some(opcode) = direct.cursor.peek_opcode()
            && opcode != Opcode::Frame
        {
            if !is_value(opcode) {
                self.state = Phase::Done;
                return Ok(false);
            }
            if self.is_item(opcode) {
                self.state = Phase::Single;
                return Ok(true);
            }
        }
        let more = self.go_on_beyond(direct)?;
        self.note_ends();
        Ok(more)
    }

    /// The same where the next opcode alone does not show it.
    #[inline(never)]
    fn go_on_beyond(&mut self, direct: &mut Direct<'_>) -> Outcome<bool> {
        loop {
            self.state = match self.state {
                Phase::Done => return Ok(false),
                // Among the items, the next opcode begins another one or ends them.
                Phase::Batch if !direct.takes(self.kind.batch())? => return Ok(true),
                // A value behind a batch that is not full is a neighbour.
                Phase::Batch if self.count > 0 && !self.is_full() => Phase::Done,
                Phase::Batch => Phase::Open,
                Phase::Marked => {
                    if direct.takes(self.kind.marked())? {
                        direct.marked |= self.count > 0;
                        direct.memoize_other()?;
                        // Protocol 0 goes on behind LIST item by item; from protocol 2 on batches
                        // follow a full one.
                        if direct.protocol < 2 || self.is_full() {
                            Phase::Closed
                        } else {
                            Phase::Done
                        }
                    } else if self.kind.marked() == Opcode::List && direct.takes(Opcode::Tuple)? {
                        direct.memoize_other()?;
                        Phase::Done
                    } else if self.kind.frozen() == Opcode::Frozenset
                        && direct.takes(Opcode::Frozenset)?
                    {
                        // Items that are nodes, as it is itself, may not be hashable.
                        if self.nodes - direct.nodes > 1 {
                            return direct.irregular();
                        }
                        direct.memoize_other()?;
                        Phase::Done
                    } else {
                        return Ok(true);
                    }
                }
                Phase::Postfix => {
                    let opcode = direct.next()?;
                    if short_tuple(self.count) == Some(opcode) {
                        direct.cursor.read_peeked_opcode();
                        direct.memoize_other()?;
                        Phase::Done
                    } else if self.count == 3 {
                        return direct.irregular();
                    } else {
                        return Ok(true);
                    }
                }
                Phase::Only if self.count == 0 => {
                    direct.next()?;
                    return Ok(true);
                }
                Phase::Only if self.count == 1 && direct.takes(self.kind.one())? => Phase::Done,
                Phase::Single if direct.takes(self.kind.one())? => Phase::Done,
                Phase::Appended if direct.takes(self.kind.one())? => Phase::Grown,
                Phase::Only | Phase::Single | Phase::Appended => return direct.irregular(),
                // Behind the items so far: more are added, or what follows is a neighbour.
                Phase::Open | Phase::Closed | Phase::Grown => match self.addition(direct)? {
                    Phase::Batch => {
                        direct.cursor.read_peeked_opcode();
                        Phase::Batch
                    }
                    state => {
                        self.state = state;
                        return Ok(state != Phase::Done);
                    }
                },
            };
        }
    }

    /// The number of values, keys of a dict included, if it can be counted ahead; `None` once an
    /// item was read.
    pub(super) fn values(&self, direct: &Direct<'_>) -> Option<usize> {
        match self.state {
            _ if self.count > 0 => None,
            Phase::Batch | Phase::Marked => {
                ScalarRun::new(direct.input, direct.cursor.position()).map(|run| run.count)
            }
            Phase::Open => {
                direct.cursor.peek_opcode().filter(|&opcode| self.is_item(opcode)).map(|_| 1)
            }
            _ => None,
        }
    }

    /// Returns true if another batch may follow the last one.
    fn is_full(&self) -> bool {
        self.count > 0 && self.count.is_multiple_of(BATCH)
    }

    /// The phase in which the opcodes behind the items so far add to the container; [`Phase::Done`]
    /// if they do not.
    fn addition(&self, direct: &mut Direct<'_>) -> Outcome<Phase> {
        let opcode = direct.next()?;
        Ok(match self.state {
            Phase::Open if opcode == Opcode::Mark => {
                let sure = self.count > 0 || !Self::is_doubtful(self.kind, direct);
                if sure || direct.adds_next()? { Phase::Batch } else { Phase::Done }
            }
            Phase::Open if self.is_item(opcode) || is_value(opcode) && self.adds_one(direct)? => {
                Phase::Single
            }
            Phase::Closed
                if direct.protocol < 2 && is_value(opcode) && self.adds_one(direct)? =>
            {
                Phase::Appended
            }
            Phase::Closed
                if self.is_full()
                    && opcode == Opcode::Mark
                    && (self.sole || direct.adds_next()?) =>
            {
                Phase::Batch
            }
            Phase::Grown if is_value(opcode) => Phase::Appended,
            _ => Phase::Done,
        })
    }

    /// Returns true if the next value is an item of its own.
    fn adds_one(&self, direct: &mut Direct<'_>) -> Outcome<bool> {
        match self.adds_scalar(direct) {
            Some(adds) => Ok(adds),
            None => direct.adds_next(),
        }
    }

    /// The same of a scalar, where the opcode right behind it shows its use.
    #[inline]
    fn adds_scalar(&self, direct: &Direct<'_>) -> Option<bool> {
        if self.kind.one() != Opcode::Append {
            return None;
        }
        let end = scalar_end(direct.input, direct.cursor.position())?;
        let opcode = Opcode::from_byte(*direct.input.get(end)?)?;
        match opcode {
            // Its use is behind these.
            Opcode::Frame | Opcode::Memoize | Opcode::Binput | Opcode::LongBinput | Opcode::Put => {
                None
            }
            opcode => Some(opcode == Opcode::Append),
        }
    }

    /// Returns true if a value that follows the empty list must be its item: only a key could
    /// follow the list, and none of these can be one.
    fn is_item(&self, opcode: Opcode) -> bool {
        let no_key = matches!(opcode, Opcode::EmptyDict | Opcode::EmptyList | Opcode::EmptySet);
        no_key && self.sole && self.count == 0 && self.kind.one() == Opcode::Append
    }
}

/// Returns true if this opcode begins a value.
pub(super) fn is_value(opcode: Opcode) -> bool {
    !matches!(
        opcode,
        Opcode::Append
            | Opcode::Appends
            | Opcode::List
            | Opcode::Tuple
            | Opcode::Tuple1
            | Opcode::Tuple2
            | Opcode::Tuple3
            | Opcode::Dict
            | Opcode::Setitem
            | Opcode::Setitems
            | Opcode::Additems
            | Opcode::Frozenset
            | Opcode::Build
            | Opcode::Reduce
            | Opcode::Newobj
            | Opcode::NewobjEx
            | Opcode::Stop
    )
}
