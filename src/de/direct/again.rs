//! Dicts and plain instances that the memo hands out again, as structs; and objects that stand for
//! text, such as dates.
//!
//! An owned struct cannot share what Python shares, so its fields are read once more, where they
//! lie in the input, and reading goes on behind the GET. That is sound because:
//!
//! - The opcodes there were read before, or are read as part of what holds them: what does not fit
//!   ends this way of reading. An opcode that changes a value which was fetched does not fit.
//! - Nothing is stored meanwhile, nothing is fetched that was not stored before, and a class that
//!   is named is the one that the same opcode named before: the memo, and what the resolver has
//!   been asked, are the same behind it.
//! - The end is found by the opcodes alone: that of the batch, or the BUILD. Where they leave it
//!   open, `look` follows them.
//! - A value that holds itself ends at the limit of depth, and then the machine reads.
//! - What is handed out again counts as it does to a walk over nodes, and more. Only structs within
//!   structs are read so: their fields are in them, so that the memory they take is that of their
//!   text.

use super::Outcome;
use super::class::ClassNumber;
use super::dict::Dict;
use super::made::End;
use super::memo::Fetched;
use super::state::Direct;
use super::value::is_ours;
use crate::instruction::Opcode;
use crate::limits;
use crate::read::Cursor;
use crate::walk::cost;

/// The memory that the input of a GET pays for, two bytes at the least, beyond that of an item.
const PAID: u64 = 2 * limits::MEMORY.per_byte - cost::LARGEST_ITEM;

/// Values that a dict or instance counts as, beside its keys and values.
const OBJECT: usize = 4;

/// Where reading goes on behind what is read again.
pub(super) struct Back<'de> {
    cursor: Cursor<'de>,
    nodes: usize,
    /// Where that begins.
    begin: usize,
}

impl<'de> Direct<'de> {
    /// The dict or instance that begins at `begin`, as a struct.
    #[inline(never)]
    pub(super) fn structure_again(
        &mut self,
        begin: usize,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Outcome<Dict<'_, 'de>> {
        self.go_to(begin);
        self.sole = false;
        if self.is_at(Opcode::EmptyDict) {
            if is_ours(name) {
                return self.irregular();
            }
            return self.dict_before(End::Itself).map(Dict::again);
        }
        let class = self.class_again()?;
        if !self.is_class(class, name, fields) {
            return self.irregular();
        }
        self.instance_of(begin, name).map(Dict::again)
    }

    /// Goes to what is to be read again.
    pub(super) fn go_to(&mut self, begin: usize) {
        let cursor = std::mem::replace(&mut self.cursor, Cursor::new(self.input, begin));
        self.back.push(Back { cursor, nodes: self.nodes, begin });
        self.memo.pause();
        // They were counted when they were made.
        self.nodes = usize::MAX;
    }

    /// The class that an instance begins with.
    pub(super) fn class_again(&mut self) -> Outcome<ClassNumber> {
        let opcode = self.next()?;
        if let Opcode::Binget | Opcode::LongBinget = opcode {
            return match self.fetch(opcode)? {
                Fetched::Class(class) => Ok(class),
                _ => self.irregular(),
            };
        }
        if !matches!(opcode, Opcode::Global | Opcode::StackGlobal) {
            return self.irregular();
        }
        self.cursor.read_peeked_opcode();
        if opcode == Opcode::Global {
            let names = self.cursor.read_names();
            self.checked(names)?;
        }
        self.class_named_before()
    }

    /// The class that the current opcode, which is read again, has named before.
    pub(super) fn class_named_before(&mut self) -> Outcome<ClassNumber> {
        // Classes are in the order of their names in the input.
        let at = self.cursor.opcode_position();
        match self.classes.binary_search_by_key(&at, |class| class.at as usize) {
            Ok(class) => {
                self.memoize_other()?;
                Ok(class as ClassNumber)
            }
            Err(_) => self.irregular(),
        }
    }

    /// Goes back to where the GET was, behind a dict of `entries`, or an object that stands for
    /// text.
    pub(super) fn go_back(&mut self, entries: usize) -> Outcome<()> {
        let end = self.cursor.position();
        let Some(Back { cursor, nodes, begin }) = self.back.pop() else {
            return self.irregular();
        };
        let span = end.saturating_sub(begin) as u64;
        let values = (2 * entries + OBJECT) as u64;
        let copies = span.saturating_sub(PAID);
        self.charge_expansion(limits::EXPANSION_PER_VALUE * values + span)?;
        self.charge(usize::try_from(copies).unwrap_or(usize::MAX))?;
        (self.cursor, self.nodes) = (cursor, nodes);
        if self.back.is_empty() {
            self.memo.resume();
        }
        Ok(())
    }
}
