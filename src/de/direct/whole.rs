//! A whole pickle as a [`Value`], on a stack of values.
//!
//! A `Value` expects nothing, so nothing says in advance what an opcode belongs to. It needs no
//! guess either: what is read goes on a stack, as in the machine, and each opcode takes its
//! operands from there. Where a pickle refers to no container twice, the operands are the values
//! themselves, each made once and moved into the one that holds it. Where it does, that shows at
//! the first GET of one, and it is read again with what `kept.rs` adds. All else is irregular, and
//! then `de/value.rs` makes the value from a graph.
//!
//! Values are dropped, cloned and printed by recursion, so that none may get too deep, not even on
//! the way: the height of every container on the stack is known.

use std::sync::Arc;
use std::vec::Drain;

use super::Outcome;
use super::kept::{Kept, Open, Operand, fetches};
use super::memo::Fetched;
use super::shapes::Shapes;
use super::state::Direct;
use crate::instruction::Opcode;
use crate::read::text::{self, Decimal};
use crate::reduce::{Callable, Reduce};
use crate::value::{Dict, Set, Value, is_told_by_identity};

/// The longest line of a number that may be in a value that is kept: what a reference to it stands
/// for is reckoned without the digits.
const DIGITS: usize = 40;

pub(super) struct Whole<'a, 'de> {
    pub(super) direct: &'a mut Direct<'de>,
    pub(super) values: Vec<Operand<'de>>,
    /// The number of values at each mark.
    pub(super) marks: Vec<usize>,
    /// The containers on the stack, and what else of it is kept.
    pub(super) opens: Vec<Open>,
    shapes: Shapes,
    /// The classes as their objects share them, by their numbers: for those that a call makes, and
    /// for others. The first is what was used last.
    ///
    /// Not in [`Direct`], which programs without a [`Value`] have too.
    pub(super) callables: Vec<[Option<Callable>; 2]>,
    /// The number of times that each entry of the memo is fetched; nothing while only text and
    /// classes are.
    pub(super) fetches: Vec<u8>,
    /// The values that are fetched otherwise.
    pub(super) kept: Vec<Kept>,
    /// Room for the numbers of a row of them.
    pub(super) numbers: Vec<u32>,
    /// Items and bytes of text that calls of builtins looked at.
    pub(super) scanned: usize,
}

impl<'a, 'de> Whole<'a, 'de> {
    /// Reads up to STOP, which stays.
    pub(super) fn read(direct: &'a mut Direct<'de>) -> Outcome<Value> {
        let budgets = direct.budgets();
        match Whole::new(direct, Vec::new()).run() {
            Err(_) if direct.refers => {
                let Some(fetches) = fetches(direct.input) else { return direct.irregular() };
                direct.rewind(budgets)?;
                Whole::new(direct, fetches).run()
            }
            result => result,
        }
    }

    fn new(direct: &'a mut Direct<'de>, fetches: Vec<u8>) -> Self {
        // A page at most, and no growing for a small pickle.
        let room = direct.input.len() / 8;
        Self {
            direct,
            values: Vec::with_capacity(room.min(128)),
            marks: Vec::with_capacity(8),
            opens: Vec::with_capacity(8),
            shapes: Shapes::default(),
            callables: Vec::new(),
            fetches,
            kept: Vec::new(),
            numbers: Vec::new(),
            scanned: 0,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, value: Value) {
        self.values.push(Operand::Value(value));
    }

    fn run(mut self) -> Outcome<Value> {
        loop {
            if let Some(value) = self.direct.cursor.read_short_int() {
                self.push(Value::Int(value));
                continue;
            }
            match self.direct.next()? {
                Opcode::Binunicode if self.encodes() => self.encode_ahead()?,
                opcode @ (Opcode::ShortBinunicode
                | Opcode::Binunicode
                | Opcode::Binunicode8
                | Opcode::Unicode) => {
                    let text = self.direct.text(opcode)?;
                    self.values.push(Operand::Text(text));
                }
                opcode @ (Opcode::Binget | Opcode::LongBinget | Opcode::Get) => {
                    self.push_fetched(opcode)?;
                }
                Opcode::Binfloat => {
                    self.direct.cursor.read_peeked_opcode();
                    let value = self.direct.cursor.read_float8();
                    let value = self.direct.checked(value)?;
                    self.push(Value::Float(value));
                }
                Opcode::None | Opcode::Newtrue | Opcode::Newfalse => self.constants(),
                Opcode::Long1 => self.longs()?,
                Opcode::EmptyTuple => {
                    self.direct.cursor.read_peeked_opcode();
                    self.push(Value::Tuple(Vec::new()));
                }
                opcode @ (Opcode::Int | Opcode::Long) => self.decimal(opcode)?,
                Opcode::Mark => {
                    self.direct.cursor.read_peeked_opcode();
                    self.marks.push(self.values.len());
                }
                Opcode::EmptyList => self.push_empty(Value::List(Vec::new()))?,
                Opcode::EmptyDict => self.push_empty(Value::Dict(Dict::new()))?,
                Opcode::EmptySet => self.push_empty(Value::Set(Set::new()))?,
                opcode @ (Opcode::Appends | Opcode::Setitems | Opcode::Additems) => {
                    self.add_marked(opcode)?;
                }
                opcode @ Opcode::Append => self.add(opcode, 1)?,
                opcode @ Opcode::Setitem => self.add(opcode, 2)?,
                Opcode::Tuple1 => self.tuple(1)?,
                Opcode::Tuple2 if self.is_encoding() => self.encode()?,
                Opcode::Tuple2 => self.tuple(2)?,
                Opcode::Tuple3 => self.tuple(3)?,
                opcode @ (Opcode::Tuple | Opcode::List | Opcode::Dict) => self.collect(opcode)?,
                Opcode::Stop => return self.end(),
                opcode => self.rare(opcode)?,
            }
        }
    }

    #[inline]
    fn push_fetched(&mut self, opcode: Opcode) -> Outcome<()> {
        match self.direct.fetch_known() {
            Some(Fetched::Text(text)) => {
                self.direct.again(text)?;
                self.values.push(Operand::Text(text));
                Ok(())
            }
            Some(Fetched::Kept(number)) => self.push_all_kept(number),
            _ => self.push_fetched_by(opcode),
        }
    }

    #[inline(never)]
    fn push_fetched_by(&mut self, opcode: Opcode) -> Outcome<()> {
        if let Some(class) = self.direct.fetched_class() {
            return if self.is_time(class)? { Ok(()) } else { self.push_class(class) };
        }
        match self.direct.fetch(opcode)? {
            Fetched::Text(text) => self.values.push(Operand::Text(text)),
            Fetched::Class(class) => self.push_class(class)?,
            Fetched::Kept(number) => self.push_kept(number)?,
            Fetched::Fields(_) | Fetched::Other => return self.direct.irregular(),
        }
        Ok(())
    }

    fn end(mut self) -> Outcome<Value> {
        match (self.values.pop(), self.values.is_empty() && self.marks.is_empty()) {
            (Some(value), true) => Ok(value.into_value()),
            _ => self.direct.irregular(),
        }
    }

    // Scalars

    /// `None`, `True` or `False`, and all that follow: masks are long lists of them.
    #[inline(never)]
    fn constants(&mut self) {
        const NONE: u8 = Opcode::None.byte();
        const TRUE: u8 = Opcode::Newtrue.byte();
        const FALSE: u8 = Opcode::Newfalse.byte();

        loop {
            let value = match self.direct.cursor.peek_byte() {
                Some(NONE) => Value::None,
                Some(TRUE) => Value::Bool(true),
                Some(FALSE) => Value::Bool(false),
                _ => return,
            };
            self.direct.cursor.read_peeked_opcode();
            self.push(value);
        }
    }

    /// An int of more than 64 bits, and all that follow it.
    #[inline(never)]
    fn longs(&mut self) -> Outcome<()> {
        let mut read = false;
        while self.direct.cursor.peek_byte() == Some(Opcode::Long1.byte())
            && let Some(value) = self.direct.cursor.read_wide_int()
        {
            self.push(Value::from(value));
            read = true;
        }
        if !read {
            self.direct.cursor.read_peeked_opcode();
            let payload = self.direct.cursor.read_counted1();
            let payload = self.direct.checked(payload)?;
            self.push(match text::small_long(payload) {
                Some(value) => Value::Int(value),
                None => Value::from(num_bigint::BigInt::from_signed_bytes_le(payload)),
            });
        }
        Ok(())
    }

    /// A line with an int, and all that follow it: protocol 0 appends them to a list one by one.
    fn decimal(&mut self, mut opcode: Opcode) -> Outcome<()> {
        self.direct.cursor.read_peeked_opcode();
        while let Some(value) = self.direct.cursor.read_decimal_line(opcode) {
            let value = Value::Int(value);
            let in_reach = self.marks.last().is_none_or(|&fence| fence < self.values.len());
            match self.values.last_mut() {
                Some(Operand::Value(Value::List(list)))
                    if in_reach && self.fetches.is_empty() && self.direct.is_at(Opcode::Append) =>
                {
                    list.push(value);
                    self.direct.cursor.read_peeked_opcode();
                }
                _ => {
                    self.push(value);
                    return Ok(());
                }
            }
            opcode = match self.direct.cursor.peek_opcode() {
                Some(opcode @ (Opcode::Int | Opcode::Long)) => opcode,
                _ => return Ok(()),
            };
            self.direct.cursor.read_peeked_opcode();
        }
        let line = self.direct.cursor.read_filled_line();
        let line = self.direct.checked(line)?;
        if !self.fetches.is_empty() && line.len() > DIGITS {
            return self.direct.irregular();
        }
        let digits = self.direct.settings.max_int_digits;
        let value = match opcode {
            Opcode::Int => text::decode_int(line, digits),
            _ => text::decode_long(line, digits),
        };
        self.push(match value {
            Ok(Decimal::Bool(value)) => Value::Bool(value),
            Ok(Decimal::Int(value)) => Value::Int(value),
            Ok(Decimal::Big(value)) => Value::from(value),
            Err(_) => return self.direct.irregular(),
        });
        Ok(())
    }

    fn rare(&mut self, opcode: Opcode) -> Outcome<()> {
        // An int behind a frame.
        if let Some(value) = self.direct.cursor.read_short_int() {
            self.push(Value::Int(value));
            return Ok(());
        }
        match opcode {
            Opcode::ShortBinbytes | Opcode::Binbytes | Opcode::Binbytes8 => {
                self.direct.cursor.read_peeked_opcode();
                let bytes = match opcode {
                    Opcode::ShortBinbytes => self.direct.cursor.read_counted1(),
                    Opcode::Binbytes => self.direct.cursor.read_counted4(),
                    _ => self.direct.cursor.read_counted8(),
                };
                let bytes = self.direct.checked(bytes)?;
                self.push_payload(Value::Bytes(bytes.to_vec()), bytes.len())?;
            }
            Opcode::Bytearray8 => {
                self.direct.cursor.read_peeked_opcode();
                let bytes = self.direct.cursor.read_counted8();
                let bytes = self.direct.checked(bytes)?;
                self.direct.count_node()?;
                self.push_payload(Value::ByteArray(bytes.to_vec()), bytes.len())?;
            }
            Opcode::Float => {
                self.direct.cursor.read_peeked_opcode();
                let line = self.direct.cursor.read_filled_line();
                let line = self.direct.checked(line)?;
                if !self.fetches.is_empty() && line.len() > DIGITS {
                    return self.direct.irregular();
                }
                match text::decode_float(line) {
                    Ok(value) => self.push(Value::Float(value)),
                    Err(_) => return self.direct.irregular(),
                }
            }
            Opcode::Frozenset => self.collect(opcode)?,
            Opcode::Global => {
                let class = self.direct.new_class(opcode)?;
                self.push_class(class)?;
            }
            Opcode::StackGlobal => self.stack_global()?,
            Opcode::Newobj => self.new_object()?,
            Opcode::Reduce => self.call()?,
            Opcode::Build => self.build()?,
            _ => return self.direct.irregular(),
        }
        Ok(())
    }

    // The stack

    /// Where the values above the topmost mark begin, if there are `count` of them at least.
    #[inline]
    pub(super) fn above(&mut self, count: usize) -> Outcome<usize> {
        let fence = self.marks.last().copied().unwrap_or(0);
        match self.values.len().checked_sub(count) {
            Some(at) if at >= fence => Ok(at),
            _ => self.direct.irregular(),
        }
    }

    /// Takes the topmost mark off; gives where the values above it begin.
    #[inline]
    fn pop_mark(&mut self) -> Outcome<usize> {
        self.direct.cursor.read_peeked_opcode();
        match self.marks.pop() {
            Some(mark) => Ok(mark),
            None => self.direct.irregular(),
        }
    }

    /// The height of the highest container from `at` on, which are about to be put into another.
    #[inline]
    pub(super) fn take_opens(&mut self, at: usize) -> Outcome<usize> {
        let mut highest = 0;
        while let Some(open) = self.opens.last_mut()
            && open.last as usize >= at
        {
            highest = highest.max(open.height);
            if (open.place as usize) < at {
                // Some of these references stay.
                open.last = at.saturating_sub(1) as u32;
                break;
            }
            let open = *open;
            self.opens.pop();
            if open.kept < Open::REFERENCE {
                self.keep(open)?;
            }
        }
        Ok(highest as usize)
    }

    /// Notes the height of the container at `at`.
    #[inline]
    pub(super) fn set_height(&mut self, at: usize, height: usize) -> Outcome<()> {
        if height > self.direct.settings.value_depth {
            return self.direct.irregular();
        }
        // The input is shorter than 2³¹ bytes.
        let (place, height) = (at as u32, height as u32);
        match self.opens.last_mut() {
            Some(open) if open.place == place => open.height = height.max(open.height),
            _ => self.opens.push(Open { place, last: place, height, kept: Open::MOVED }),
        }
        Ok(())
    }

    /// Checks that the container at `at`, above which no other is, may change.
    #[inline]
    pub(super) fn check_changes(&mut self, at: usize) -> Outcome<()> {
        match self.opens.last() {
            Some(&open) if open.last as usize == at && self.is_fixed(open) => {
                self.direct.irregular()
            }
            _ => Ok(()),
        }
    }

    /// Pushes bytes. Those of some length are outside of frames, so that one may begin before their
    /// MEMOIZE.
    fn push_payload(&mut self, value: Value, len: usize) -> Outcome<()> {
        self.push(value);
        self.direct.pass_frame(len)?;
        self.memoize()
    }

    // Containers

    #[inline]
    fn push_empty(&mut self, value: Value) -> Outcome<()> {
        self.direct.cursor.read_peeked_opcode();
        self.direct.count_node()?;
        let at = self.values.len();
        self.push(value);
        self.set_height(at, 1)?;
        self.memoize()
    }

    #[inline]
    pub(super) fn tuple(&mut self, len: usize) -> Outcome<()> {
        let at = self.above(len)?;
        self.direct.cursor.read_peeked_opcode();
        self.push_tuple(at)
    }

    #[inline]
    fn push_tuple(&mut self, at: usize) -> Outcome<()> {
        let height = self.take_opens(at)?;
        let items: Vec<Value> = if self.values.len() == at + 1 {
            // The argument of most calls.
            self.values.pop().into_iter().map(Operand::into_value).collect()
        } else {
            self.values.drain(at..).map(Operand::into_value).collect()
        };
        if items.is_empty() {
            // The one empty tuple, which is no level.
            self.push(Value::Tuple(items));
            return self.memoize();
        }
        self.direct.count_node()?;
        if self.is_fetched_next() {
            self.push(Value::Tuple(items));
            self.set_height(at, height + 1)?;
            return self.memoize();
        }
        self.direct.memoize_other()?;
        if self.direct.is_at(Opcode::Reduce)
            && let Some(Operand::Class(..)) = self.values.last()
        {
            return self.call_with(items, height + 1);
        }
        self.push(Value::Tuple(items));
        self.set_height(at, height + 1)
    }

    /// TUPLE, LIST, DICT, FROZENSET: all above the mark.
    fn collect(&mut self, opcode: Opcode) -> Outcome<()> {
        let at = self.pop_mark()?;
        if opcode == Opcode::Tuple {
            return self.push_tuple(at);
        }
        let height = self.take_opens(at)?;
        let items = self.values.drain(at..);
        let value = match opcode {
            Opcode::List => Some(Value::List(items.map(Operand::into_value).collect())),
            Opcode::Dict => dict_of(items).map(Value::Dict),
            _ => set_of(items.map(Operand::into_value)).map(Value::FrozenSet),
        };
        let Some(value) = value else { return self.direct.irregular() };
        self.push(value);
        self.direct.count_node()?;
        self.set_height(at, height + 1)?;
        self.memoize()
    }

    /// APPEND, SETITEM: the topmost values, `count` of them, go into the container below.
    #[inline]
    fn add(&mut self, opcode: Opcode, count: usize) -> Outcome<()> {
        let at = self.above(count + 1)?;
        self.direct.cursor.read_peeked_opcode();
        self.fill(opcode, at)
    }

    /// APPENDS, SETITEMS, ADDITEMS: all above the mark goes into the container below.
    fn add_marked(&mut self, opcode: Opcode) -> Outcome<()> {
        let mark = self.pop_mark()?;
        let at = self.above(self.values.len() - mark + 1)?;
        self.fill(opcode, at)
    }

    /// Puts all values that lie above the container at `at` into it.
    #[inline]
    fn fill(&mut self, opcode: Opcode, at: usize) -> Outcome<()> {
        let height = self.take_opens(at + 1)?;
        self.check_changes(at)?;
        let Some(Operand::Value(slot)) = self.values.get_mut(at) else {
            return self.direct.irregular();
        };
        let mut container = std::mem::take(slot);
        let mut levels = 1;
        let fine = match (&mut container, opcode) {
            (Value::List(list), Opcode::Append | Opcode::Appends) => {
                append(list, self.values.drain(at + 1..));
                true
            }
            (Value::Dict(dict), Opcode::Setitems) if dict.is_empty() => {
                match self.shapes.find(self.values.get(at + 1..).unwrap_or_default()) {
                    Some(keys) => {
                        // A plain loop: what steps does not tell a Vec its length.
                        let mut values = Vec::with_capacity(keys.len());
                        let mut items = self.values.drain(at + 1..);
                        while let (Some(_), Some(value)) = (items.next(), items.next()) {
                            values.push(value.into_value());
                        }
                        drop(items);
                        *dict = Dict::shaped(keys, values.into());
                        true
                    }
                    None => set_all(dict, self.values.drain(at + 1..)),
                }
            }
            (Value::Dict(dict), Opcode::Setitem | Opcode::Setitems) => {
                set_all(dict, self.values.drain(at + 1..))
            }
            (Value::Set(set), Opcode::Additems) => {
                add_all(set, self.values.drain(at + 1..).map(Operand::into_value))
            }
            (Value::Object(object), _) => {
                // The parts of an object are themselves in a tuple, list or dict.
                levels = 2;
                let items = self.values.drain(at + 1..);
                Arc::get_mut(object).is_some_and(|object| give(object, opcode, items))
            }
            _ => false,
        };
        match self.values.get_mut(at) {
            Some(slot) if fine => *slot = Operand::Value(container),
            _ => return self.direct.irregular(),
        }
        self.set_height(at, height + levels)
    }
}

/// Appends to a list, which is mostly filled at once.
#[inline]
fn append(list: &mut Vec<Value>, items: Drain<'_, Operand<'_>>) {
    if list.is_empty() {
        list.reserve_exact(items.len());
    }
    list.extend(items.map(Operand::into_value));
}

/// Gives items to an object; `false` where there is half a pair.
fn give(object: &mut Reduce, opcode: Opcode, items: Drain<'_, Operand<'_>>) -> bool {
    match opcode {
        Opcode::Append | Opcode::Appends => append(&mut object.listitems, items),
        Opcode::Additems => append(&mut object.setitems, items),
        _ => {
            if !items.len().is_multiple_of(2) {
                return false;
            }
            if object.dictitems.is_empty() {
                object.dictitems.reserve_exact(items.len() / 2);
            }
            let mut items = items.map(Operand::into_value);
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                object.dictitems.push((key, value));
            }
        }
    }
    true
}

fn dict_of(items: Drain<'_, Operand<'_>>) -> Option<Dict> {
    let mut dict = Dict::new();
    set_all(&mut dict, items).then_some(dict)
}

pub(super) fn set_of(items: impl ExactSizeIterator<Item = Value>) -> Option<Set> {
    let mut set = Set::new();
    add_all(&mut set, items).then_some(set)
}

/// Stores keys and values in turn; `false` where a key cannot be told from others by its value.
fn set_all(dict: &mut Dict, items: Drain<'_, Operand<'_>>) -> bool {
    if !items.len().is_multiple_of(2) {
        return false;
    }
    dict.reserve(items.len() / 2);
    let mut items = items.map(Operand::into_value);
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        if is_told_by_identity(&key) || dict.try_insert(key, value).is_err() {
            return false;
        }
    }
    true
}

fn add_all(set: &mut Set, items: impl ExactSizeIterator<Item = Value>) -> bool {
    set.reserve(items.len());
    for item in items {
        if is_told_by_identity(&item) || set.try_insert(item).is_err() {
            return false;
        }
    }
    true
}
