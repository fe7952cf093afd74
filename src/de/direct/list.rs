//! Lists, tuples and sets.
//!
//! One [`List`] reads all of them; its [`State`] is where in the grammar it stands:
//!
//! ```text
//! list   ::=  (EMPTY_LIST | MARK value* LIST) (batch | value APPEND)*
//! batch  ::=  MARK value* APPENDS
//! tuple  ::=  EMPTY_TUPLE | value{1,3} TUPLE1…TUPLE3 | MARK value* TUPLE
//! set    ::=  EMPTY_SET (MARK value* ADDITEMS)*
//! ```
//!
//! In a program all of this may be mixed; picklers are regular. Batches have [`BATCH`] items but for the last one, which may
//! be an item alone or none at all. Protocol 0 knows no batches and appends all items one by one.

use serde::de::{DeserializeSeed, SeqAccess, Visitor};

use super::key::Key;
use super::look::tuple_len;
use super::state::Direct;
use super::{Irregular, Outcome};
use crate::opcode::Opcode;

/// How many items or entries a pickler hands over at once.
pub(super) const BATCH: usize = 1_000;

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Behind EMPTY_LIST or APPENDS: a batch may follow, or one item.
    Open,
    /// In a batch of APPENDS.
    Batch,
    /// Above the MARK of a LIST or TUPLE.
    Marked,
    /// Behind `MARK … LIST`: items may be appended, one by one.
    Closed,
    /// Behind such an APPEND.
    Grown,
    /// Before the APPEND of an item that is the last.
    Single,
    /// Before the APPEND of an item behind which others may follow.
    Appended,
    /// In a tuple without a mark.
    Postfix,
    /// Behind EMPTY_SET or ADDITEMS.
    OpenSet,
    /// In a batch of ADDITEMS.
    SetBatch,
    /// At the end.
    Done,
}

pub(super) struct List<'a, 'de> {
    direct: &'a mut Direct<'de>,
    state: State,
    /// Whether it is a value in a dict.
    in_dict: bool,
    /// Items read so far.
    count: usize,
}

impl<'de> Direct<'de> {
    /// Reads what a sequence of any length may be made from.
    #[inline]
    pub(super) fn sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        let state = match self.next()? {
            Opcode::EmptyList => self.open(State::Open)?,
            Opcode::Mark => {
                self.cursor.pass_opcode();
                State::Marked
            }
            Opcode::EmptyTuple => {
                self.cursor.pass_opcode();
                State::Done
            }
            Opcode::EmptySet => self.open(State::OpenSet)?,
            _ => State::Postfix,
        };
        self.visit_list(state, visitor)
    }

    /// Reads what a tuple of `len` items may be made from.
    #[inline]
    pub(super) fn tuple<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Outcome<V::Value> {
        match self.next()? {
            // A container may be the tuple or its first item.
            Opcode::EmptyList | Opcode::Mark if len <= 3 && len > 0 && self.tuple_follows(len)? => {
                self.visit_list(State::Postfix, visitor)
            }
            _ => self.sequence(visitor),
        }
    }

    fn open(&mut self, state: State) -> Outcome<State> {
        self.cursor.pass_opcode();
        self.memoize_other()?;
        Ok(state)
    }

    #[inline]
    fn visit_list<V: Visitor<'de>>(&mut self, state: State, visitor: V) -> Outcome<V::Value> {
        self.enter()?;
        let in_dict = self.in_dict;
        let mut list = List { direct: self, state, in_dict, count: 0 };
        let Ok(value) = visitor.visit_seq(&mut list) else { return self.irregular() };
        // Whatever the visitor did not ask for must not be there.
        if list.state != State::Done && list.goes_on()? {
            return self.irregular();
        }
        self.leave();
        Ok(value)
    }
}

impl List<'_, '_> {
    /// Whether another item follows; stands before it then.
    #[inline]
    fn goes_on(&mut self) -> Outcome<bool> {
        match self.state {
            State::Batch if self.direct.is_before(Opcode::Appends) => return Ok(true),
            // The next line of protocol 0.
            State::Appended if self.direct.cursor.skip_opcode(Opcode::Append) => {
                if self.direct.is_at(Opcode::Int) || self.direct.is_at(Opcode::Long) {
                    return Ok(true);
                }
                self.state = State::Grown;
            }
            _ => {}
        }
        self.goes_on_beyond()
    }

    /// The same where it takes more than a look at a batch.
    fn goes_on_beyond(&mut self) -> Outcome<bool> {
        while self.state != State::Done {
            let opcode = self.direct.next()?;
            let next = match (self.state, opcode) {
                // Items end.
                (State::Batch, Opcode::Appends) => State::Open,
                (State::SetBatch, Opcode::Additems) => State::OpenSet,
                (State::Single, Opcode::Append) => State::Done,
                (State::Appended, Opcode::Append) => State::Grown,
                (State::Marked, Opcode::List) => {
                    self.direct.marked_lists |= self.count > 0;
                    State::Closed
                }
                (State::Marked, Opcode::Tuple) => State::Done,
                (State::Postfix, Opcode::Tuple1 | Opcode::Tuple2 | Opcode::Tuple3)
                    if tuple_len(opcode) == self.count =>
                {
                    State::Done
                }
                (State::Single | State::Appended, _) => return self.direct.irregular(),
                (State::Postfix, _) if self.count == 3 => return self.direct.irregular(),
                (State::Batch | State::SetBatch | State::Marked | State::Postfix, _) => return Ok(true),

                // Behind the items so far. What follows a batch that is not full is a neighbour.
                (State::Open | State::OpenSet, _) if !self.count.is_multiple_of(BATCH) => return Ok(self.end()),
                (State::OpenSet, Opcode::Mark) => State::SetBatch,
                // So may a MARK be behind a list that is empty so far, where lists are written so.
                (State::Open, Opcode::Mark)
                    if self.count > 0 || !self.direct.marked_lists || self.direct.adds_next()? =>
                {
                    State::Batch
                }
                (State::Open, opcode) if self.is_item(opcode) || is_value(opcode) && self.direct.adds_next()? => {
                    self.state = State::Single;
                    return Ok(true);
                }
                // No pickler of protocol 2 and up goes on behind LIST; protocol 0 knows no other way.
                (State::Closed, opcode)
                    if is_value(opcode) && self.direct.protocol < 2 && self.direct.adds_next()? =>
                {
                    self.state = State::Appended;
                    return Ok(true);
                }
                (State::Grown, opcode) if is_value(opcode) => {
                    self.state = State::Appended;
                    return Ok(true);
                }
                _ => return Ok(self.end()),
            };
            self.direct.cursor.pass_opcode();
            if matches!(self.state, State::Marked | State::Postfix) {
                self.direct.memoize_other()?;
            }
            self.state = next;
        }
        Ok(false)
    }

    /// Whether a value that follows the empty list is its item for sure: behind a value in a dict there may be a key, but none
    /// of these can be one.
    fn is_item(&self, opcode: Opcode) -> bool {
        self.in_dict && self.count == 0 && matches!(opcode, Opcode::EmptyDict | Opcode::EmptyList | Opcode::EmptySet)
    }

    fn end(&mut self) -> bool {
        self.state = State::Done;
        false
    }
}

impl<'de> SeqAccess<'de> for List<'_, 'de> {
    type Error = Irregular;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<Option<T::Value>> {
        if !self.goes_on()? {
            return Ok(None);
        }
        let at = self.direct.cursor.position();
        self.direct.in_dict = false;
        let value = if self.state == State::SetBatch {
            seed.deserialize(Key(self.direct))
        } else {
            seed.deserialize(&mut *self.direct)
        };
        // A type may look at nothing; its value would be in the way of the next.
        if self.direct.cursor.position() == at {
            return self.direct.irregular();
        }
        self.count += 1;
        value.map(Some)
    }
}

/// Whether this opcode begins a value.
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
