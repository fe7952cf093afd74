//! Objects that are made of arguments, or given items: calls.
//!
//! ```text
//! enum member, subclass of int  ::=  class int TUPLE1 call
//! named tuple                   ::=  class tuple call
//! set                           ::=  class list TUPLE1 call
//! complex                       ::=  class BINFLOAT BINFLOAT TUPLE2 REDUCE
//! OrderedDict                   ::=  class EMPTY_TUPLE REDUCE dict items
//! defaultdict                   ::=  class class TUPLE1 REDUCE dict items
//! call                          ::=  REDUCE | NEWOBJ
//! ```
//!
//! A type says what it expects of an object, and here that is what `de/object.rs` gives of such
//! ones. Whatever follows (a state, items) is an opcode that does not fit. Bytes and what numpy
//! makes are in `numpy`.

use super::Outcome;
use super::class::{ClassKind, ClassNumber};
use super::contents::{Contents, Phase, is_value};
use super::dict::Dict;
use super::kinds::{DictKind, SequenceKind};
use super::list::List;
use super::look::short_tuple;
use super::memo::{Fetched, MemoSlot, Stored};
use super::natural::is_module;
use super::state::Direct;
use super::tuple::Fixed;
use crate::de::answer::Answer;
use crate::de::ask::Ask;
use crate::de::items::Items;
use crate::instruction::Opcode;
use crate::read::Cursor;
use crate::stdlib::calendar::Offset;
use crate::stdlib::numpy::NumKind;

const FETCHES: [u8; 2] = [Opcode::Binget.byte(), Opcode::LongBinget.byte()];
const TEXTS: [u8; 2] = [Opcode::ShortBinunicode.byte(), Opcode::Binunicode.byte()];
const MARK: u8 = Opcode::Mark.byte();
const PUTS: [u8; 2] = [Opcode::Binput.byte(), Opcode::LongBinput.byte()];

/// Returns true if this is the byte of an opcode that may begin a class but for GLOBAL.
#[inline]
pub(super) fn may_begin_class(byte: u8) -> bool {
    FETCHES.contains(&byte) || TEXTS.contains(&byte)
}

/// The first protocol with STACK_GLOBAL.
const STACK_GLOBAL: u8 = 4;

/// The opcodes behind a container that is a part of an object.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    /// Nothing: it is a value of its own.
    Itself,
    /// BUILD: it is the state.
    State,
    /// TUPLE2 and BUILD: it is the second part of a state, behind None.
    Slots,
    /// TUPLE1 and a call: it is the only argument.
    Argument,
    /// A call: it is the arguments.
    Arguments,
    /// Nothing: it is a list in the place of a tuple, whose memo entry is behind EMPTY_LIST.
    Batch,
}

/// An object that may be fetched from the memo.
#[derive(Clone, Copy)]
pub(super) enum Made {
    /// It was made of this int.
    OfInt(i64),
    /// A dtype of little-endian numbers.
    Dtype(NumKind),
    /// A time zone with this offset.
    Zone(Offset),
    /// Bytes that nobody looks at: an argument of the function that makes arrays.
    Bytes,
}

impl<'de> Direct<'de> {
    /// Returns true if the next value begins with a class, or is an object made of an int that is
    /// fetched.
    #[inline]
    pub(super) fn calls_ahead(&mut self) -> Outcome<bool> {
        self.next()?;
        Ok(self.is_at(Opcode::Global) || self.is_class_ahead())
    }

    /// The same where no frame is ahead, and the class is not spelled by GLOBAL.
    #[inline]
    pub(super) fn is_class_ahead(&self) -> bool {
        match self.cursor.peek_byte() {
            Some(byte) if FETCHES.contains(&byte) => {
                self.peek_class().is_some() || self.names_class()
            }
            Some(byte) if TEXTS.contains(&byte) => self.may_name_class() && self.names_class(),
            _ => false,
        }
    }

    /// Returns false if another text or a fetch does not follow the text that is next: then it is
    /// no name of a module.
    #[inline]
    fn may_name_class(&self) -> bool {
        let at = self.cursor.position();
        if self.protocol < STACK_GLOBAL {
            return false;
        }
        let Some(&[opcode, len, ..]) = self.input.get(at..) else { return false };
        if opcode != Opcode::ShortBinunicode.byte() {
            return true;
        }
        let end = at + 2 + usize::from(len);
        let is_stored = self.input.get(end) == Some(&Opcode::Memoize.byte());
        self.input.get(end + usize::from(is_stored)).is_some_and(|next| {
            FETCHES.contains(next) || TEXTS.contains(next) || PUTS.contains(next)
        })
    }

    /// The class that is fetched next, and the length of the instruction.
    #[inline]
    pub(super) fn peek_class(&self) -> Option<(ClassNumber, usize)> {
        let (index, len) = self.cursor.peek_get_whole()?;
        Some((self.memo.class_number(index)?, len))
    }

    /// Returns true if a class is fetched next.
    #[inline]
    pub(super) fn fetches_class(&self) -> bool {
        self.peek_class().is_some()
    }

    /// Reads a class that is fetched; nothing where anything else is next.
    #[inline]
    pub(super) fn fetched_class(&mut self) -> Option<ClassNumber> {
        let (class, len) = self.peek_class()?;
        self.cursor.read_peeked(len);
        Some(class)
    }

    #[inline(never)]
    fn names_class(&self) -> bool {
        match self.fetches_next() {
            Stored::Class | Stored::Kept => return true,
            Stored::Text => {}
            Stored::Other if self.cursor.peek_get().is_some() => return false,
            Stored::Fields => return false,
            Stored::Other => {}
        }
        // Two texts, written out or fetched, and STACK_GLOBAL.
        let mut cursor = Cursor::new(self.input, self.cursor.position());
        for _ in 0..2 {
            let Some(
                opcode @ (Opcode::ShortBinunicode
                | Opcode::Binunicode
                | Opcode::Binget
                | Opcode::LongBinget),
            ) = cursor.peek_opcode()
            else {
                return false;
            };
            cursor.read_peeked_opcode();
            if cursor.skip_argument(opcode).is_err() {
                return false;
            }
            if !cursor.absorb_opcode(Opcode::Memoize) {
                cursor.absorb_put();
            }
        }
        cursor.peek_opcode() == Some(Opcode::StackGlobal)
    }

    /// The class that is next, and its kind.
    pub(super) fn class_ahead(&mut self) -> Outcome<ClassKind> {
        let opcode = self.next()?;
        let class = self.class(opcode)?;
        Ok(self.kind_of(class))
    }

    /// Reads REDUCE or NEWOBJ, and stores the object.
    fn call(&mut self, slot: MemoSlot) -> Outcome<()> {
        if !matches!(self.next()?, Opcode::Reduce | Opcode::Newobj) {
            return self.irregular();
        }
        self.cursor.read_peeked_opcode();
        self.memoize(slot)
    }

    /// Goes past the end of a call whose arguments are this tuple, and stores both; nothing is read
    /// if anything else is next.
    pub(super) fn ends_call(&mut self, tuple: Opcode) -> bool {
        let Some(end) = self.cursor.peek_end_of_call(tuple) else { return false };
        if !self.memo.is_from_zero() || !self.memo.comes_next(end.index) {
            return false;
        }
        self.cursor.read_peeked(end.len);
        self.memo.push(MemoSlot::OTHER) && self.memo.push(MemoSlot::OTHER)
    }

    /// Reads the tuple around the only argument.
    pub(super) fn only_argument(&mut self) -> Outcome<()> {
        self.expect(Opcode::Tuple1)?;
        self.count_node()?;
        self.memoize_other()
    }

    /// Reads what follows a container that is a part of an object.
    #[inline]
    pub(super) fn end_object(&mut self, end: End) -> Outcome<()> {
        match end {
            End::Itself | End::Batch => Ok(()),
            End::State => self.expect(Opcode::Build),
            end => self.end_rare_object(end),
        }
    }

    #[inline(never)]
    fn end_rare_object(&mut self, end: End) -> Outcome<()> {
        match end {
            End::Slots => {
                self.expect(Opcode::Tuple2)?;
                self.count_node()?;
                self.memoize_other()?;
                return self.expect(Opcode::Build);
            }
            End::Argument => {
                self.only_argument()?;
                self.expect(Opcode::Reduce)?;
                self.memoize_other()?;
            }
            _ => self.call(MemoSlot::OTHER)?,
        }
        self.leave();
        Ok(())
    }

    /// An object made of an int, or one that was and is fetched; or a scalar of numpy.
    pub(super) fn number_of_call<'a, 'g>(&mut self, ask: Ask) -> Outcome<Answer<'a, 'g, 'de>> {
        let signed = matches!(ask, Ask::Signed);
        if self.fetches_next() == Stored::Kept {
            let opcode = self.next()?;
            let Some(Made::OfInt(value)) = self.fetch_made(opcode)? else {
                return self.irregular();
            };
            self.charge(size_of::<i64>())?;
            return Ok(Answer::int(value, signed));
        }
        match self.class_ahead()? {
            ClassKind::Plain => self.enter()?,
            ClassKind::NumpyScalar => return self.numpy_scalar(ask),
            _ => return self.irregular(),
        }
        self.next()?;
        let Some(value) = self.cursor.read_short_int() else { return self.irregular() };
        self.only_argument()?;
        let slot = self.keep(Made::OfInt(value));
        self.call(slot)?;
        self.leave();
        Ok(Answer::int(value, signed))
    }

    /// An int that an object was made of, which is fetched; nothing is read otherwise.
    #[inline]
    pub(super) fn fetched_int(&mut self) -> Option<i64> {
        let (Made::OfInt(value), len) = self.peek_made()? else { return None };
        self.charge(size_of::<i64>()).ok()?;
        self.cursor.read_peeked(len);
        Some(value)
    }

    /// An object that is fetched next, and the length of the instruction.
    #[inline]
    pub(super) fn peek_made(&self) -> Option<(Made, usize)> {
        let (index, len) = self.cursor.peek_get_whole()?;
        let number = self.memo.kept_number(index)?;
        Some((*self.made.get(number as usize)?, len))
    }

    /// Notes an object that may be fetched.
    pub(super) fn keep(&mut self, made: Made) -> MemoSlot {
        // Each takes several bytes of input, so its number fits.
        let slot = MemoSlot::kept(self.made.len() as u32);
        self.made.push(made);
        slot
    }

    pub(super) fn fetch_made(&mut self, opcode: Opcode) -> Outcome<Option<Made>> {
        match self.fetch(opcode)? {
            Fetched::Kept(number) => Ok(self.made.get(number as usize).copied()),
            _ => Ok(None),
        }
    }

    /// A set, or the arguments of a named tuple.
    pub(super) fn items_of_call(&mut self) -> Outcome<List<'_, 'de>> {
        let kind = self.class_ahead()?;
        self.items_of(kind)
    }

    /// The same where the class has been read.
    pub(super) fn items_of(&mut self, kind: ClassKind) -> Outcome<List<'_, 'de>> {
        self.enter()?;
        let opcode = self.next()?;
        let (contents, end) = match (kind, opcode) {
            (ClassKind::Set, Opcode::EmptyList) => {
                (self.open(SequenceKind::SetOfList)?, End::Argument)
            }
            (ClassKind::Set, Opcode::Mark) => {
                self.cursor.read_peeked_opcode();
                (Contents::new(SequenceKind::SetOfList, Phase::Marked, self), End::Argument)
            }
            (ClassKind::Plain, Opcode::Mark) => {
                self.cursor.read_peeked_opcode();
                (Contents::new(SequenceKind::List, Phase::Marked, self), End::Arguments)
            }
            (ClassKind::Plain, _) => {
                (Contents::new(SequenceKind::List, Phase::Postfix, self), End::Arguments)
            }
            _ => return self.irregular(),
        };
        self.list_of(contents, false, end)
    }

    /// The same where a tuple of `len` items is asked for; or a complex.
    pub(super) fn tuple_of_call<'g>(&mut self, len: usize) -> Outcome<Items<'_, 'g, 'de>> {
        let kind = self.class_ahead()?;
        self.tuple_of_class(kind, len)
    }

    /// The same where the class has been read.
    #[inline]
    pub(super) fn tuple_of_class<'g>(
        &mut self,
        kind: ClassKind,
        len: usize,
    ) -> Outcome<Items<'_, 'g, 'de>> {
        match (kind, short_tuple(len)) {
            (ClassKind::Complex, _) => self.complex().map(|parts| Items::Complex(parts, 0)),
            (ClassKind::Plain, Some(opcode)) if len > 1 && !self.is_at(Opcode::Mark) => {
                self.enter()?;
                self.fixed(len, opcode, End::Arguments).map(Items::Fixed)
            }
            _ => self.items_of(kind).map(Items::List),
        }
    }

    /// The arguments of a named tuple of `len` items, or of a complex, whose class is fetched.
    /// Nothing is read where anything else is next.
    #[inline(never)]
    pub(super) fn made_tuple_ahead(&mut self, len: usize) -> Option<Fixed<'_, 'de>> {
        let (class, class_len) = self.peek_class()?;
        let opcode = short_tuple(len).filter(|_| len > 1)?;
        let is_made = match self.kind_of(class) {
            ClassKind::Plain => self.cursor.peek(class_len + 1)?.last() != Some(&MARK),
            // A complex is made of other arguments as well.
            ClassKind::Complex => len == 2 && self.cursor.calls_with_floats(class_len),
            _ => false,
        };
        if !is_made {
            return None;
        }
        self.cursor.read_peeked(class_len);
        self.enter().ok()?;
        self.fixed(len, opcode, End::Arguments).ok()
    }

    /// Returns true if the names that are next are those of a class whose objects are no tuples, so
    /// that the first of them is the first item of one: a date, an ordered dict.
    pub(super) fn names_no_tuple(&self) -> bool {
        let Some((&opcode, rest)) =
            self.input.get(self.cursor.position()..).and_then(<[u8]>::split_first)
        else {
            return false;
        };
        let name = match Opcode::from_byte(opcode) {
            Some(Opcode::Global) => rest.split(|&byte| byte == b'\n').next(),
            Some(Opcode::ShortBinunicode) => {
                rest.split_first().and_then(|(&len, text)| text.get(..len.into()))
            }
            _ => None,
        };
        name.is_some_and(|name| is_module(name) || name == b"collections")
    }

    fn complex(&mut self) -> Outcome<[f64; 2]> {
        self.enter()?;
        let mut parts = [0.0; 2];
        for part in &mut parts {
            self.next()?;
            match self.cursor.read_short_float() {
                Some(value) => *part = value,
                None => return self.irregular(),
            }
        }
        self.expect(Opcode::Tuple2)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        self.leave();
        Ok(parts)
    }

    /// The dict items of an object of this class.
    pub(super) fn items_of_object(&mut self, class: ClassNumber) -> Outcome<Dict<'_, 'de>> {
        self.check_first()?;
        self.enter()?;
        match self.kind_of(class) {
            ClassKind::OrderedDict => self.expect(Opcode::EmptyTuple)?,
            ClassKind::DefaultDict => {
                if !self.calls_ahead()? || self.fetches_next() == Stored::Kept {
                    return self.irregular();
                }
                self.class_ahead()?;
                self.only_argument()?;
            }
            _ => return self.irregular(),
        }
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        let opcode = self.next()?;
        // A value that follows may be a neighbour.
        let phase = match opcode {
            // Mostly it begins the items of each such object, if it did of one.
            Opcode::Mark if self.marks_items || self.adds_next()? => {
                self.marks_items = true;
                self.cursor.read_peeked_opcode();
                Phase::Batch
            }
            opcode if is_value(opcode) && opcode != Opcode::Mark && self.adds_next()? => {
                Phase::Open
            }
            _ => Phase::Done,
        };
        let contents = Contents::new(DictKind, phase, self);
        Ok(self.entries(contents))
    }
}
