//! A whole pickle as a [`Value`], on a stack of values.
//!
//! A `Value` expects nothing, so nothing says in advance what an opcode belongs to. It needs no
//! guess either: what is read goes on a stack, as in the machine, and each opcode takes its
//! operands from there. Regular pickles share no containers, so that the operands are the values
//! themselves, each made once and moved into the one that holds it. All else is irregular, and then
//! `de/value.rs` makes the value from a graph.
//!
//! Values are dropped, cloned and printed by recursion, so that none may get too deep, not even on
//! the way: the height of every container on the stack is known.

use std::sync::Arc;
use std::vec::Drain;

use super::Outcome;
use super::class::ClassNumber;
use super::memo::{Fetched, MemoSlot};
use super::state::Direct;
use crate::instruction::Opcode;
use crate::nodes::known::Known;
use crate::read::text::{self, Decimal};
use crate::reduce::{How, Reduce};
use crate::value::{Dict, Set, Value, is_told_by_identity};

pub(super) struct Whole<'a, 'de> {
    direct: &'a mut Direct<'de>,
    values: Vec<Value>,
    /// The number of values at each mark.
    marks: Vec<usize>,
    /// Place and height of each container on the stack. What is in one is at least one lower.
    heights: Vec<(usize, usize)>,
}

impl<'a, 'de> Whole<'a, 'de> {
    /// Reads up to STOP, which stays.
    pub(super) fn read(direct: &'a mut Direct<'de>) -> Outcome<Value> {
        // A page at most, and no growing for a small pickle.
        let room = direct.input.len() / 8;
        let values = Vec::with_capacity(room.min(128));
        Whole { direct, values, marks: Vec::with_capacity(8), heights: Vec::with_capacity(8) }.run()
    }

    fn run(mut self) -> Outcome<Value> {
        loop {
            if let Some(value) = self.direct.cursor.read_short_int() {
                self.values.push(Value::Int(value));
                continue;
            }
            match self.direct.next()? {
                opcode @ (Opcode::ShortBinunicode
                | Opcode::Binunicode
                | Opcode::Binunicode8
                | Opcode::Unicode) => {
                    let text = self.direct.text(opcode)?;
                    self.values.push(Value::Str(text.to_owned()));
                }
                opcode @ (Opcode::Binget | Opcode::LongBinget | Opcode::Get) => {
                    match self.direct.fetch(opcode)? {
                        Fetched::Text(text) => self.values.push(Value::Str(text.to_owned())),
                        Fetched::Class(class) => self.push_class(class)?,
                    }
                }
                Opcode::Binfloat => {
                    self.direct.cursor.read_peeked_opcode();
                    let value = self.direct.cursor.read_float8();
                    let value = self.direct.checked(value)?;
                    self.values.push(Value::Float(value));
                }
                Opcode::None => self.push_constant(Value::None),
                Opcode::Newtrue => self.push_constant(Value::Bool(true)),
                Opcode::Newfalse => self.push_constant(Value::Bool(false)),
                Opcode::EmptyTuple => self.push_constant(Value::Tuple(Vec::new())),
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
                Opcode::Tuple2 => self.tuple(2)?,
                Opcode::Tuple3 => self.tuple(3)?,
                opcode @ (Opcode::Tuple | Opcode::List | Opcode::Dict) => self.collect(opcode)?,
                Opcode::Stop => return self.end(),
                opcode => self.rare(opcode)?,
            }
        }
    }

    fn end(mut self) -> Outcome<Value> {
        match (self.values.pop(), self.values.is_empty() && self.marks.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => self.direct.irregular(),
        }
    }

    // Scalars

    #[inline]
    fn push_constant(&mut self, value: Value) {
        self.direct.cursor.read_peeked_opcode();
        self.values.push(value);
    }

    /// A line with an int, and all that follow it: protocol 0 appends them to a list one by one.
    fn decimal(&mut self, mut opcode: Opcode) -> Outcome<()> {
        self.direct.cursor.read_peeked_opcode();
        while let Some(value) = self.direct.cursor.read_decimal_line(opcode) {
            let value = Value::Int(value);
            let in_reach = self.marks.last().is_none_or(|&fence| fence < self.values.len());
            match self.values.last_mut() {
                Some(Value::List(list)) if in_reach && self.direct.is_at(Opcode::Append) => {
                    list.push(value);
                    self.direct.cursor.read_peeked_opcode();
                }
                _ => {
                    self.values.push(value);
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
        let digits = self.direct.settings.max_int_digits;
        let value = match opcode {
            Opcode::Int => text::decode_int(line, digits),
            _ => text::decode_long(line, digits),
        };
        self.values.push(match value {
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
            self.values.push(Value::Int(value));
            return Ok(());
        }
        match opcode {
            Opcode::ShortBinbytes | Opcode::Binbytes | Opcode::Binbytes8 => {
                let bytes = self.direct.bytes(opcode)?;
                self.values.push(Value::Bytes(bytes.to_vec()));
            }
            Opcode::Bytearray8 => {
                self.direct.cursor.read_peeked_opcode();
                let bytes = self.direct.cursor.read_counted8();
                let bytes = self.direct.checked(bytes)?;
                self.direct.count_node()?;
                self.direct.memoize_payload(MemoSlot::OTHER, bytes.len())?;
                self.values.push(Value::ByteArray(bytes.to_vec()));
            }
            Opcode::Long1 => {
                self.direct.cursor.read_peeked_opcode();
                let payload = self.direct.cursor.read_counted1();
                let payload = self.direct.checked(payload)?;
                self.values.push(match text::small_long(payload) {
                    Some(value) => Value::Int(value),
                    None => Value::from(num_bigint::BigInt::from_signed_bytes_le(payload)),
                });
            }
            Opcode::Float => {
                self.direct.cursor.read_peeked_opcode();
                let line = self.direct.cursor.read_filled_line();
                match text::decode_float(self.direct.checked(line)?) {
                    Ok(value) => self.values.push(Value::Float(value)),
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
    fn above(&mut self, count: usize) -> Outcome<usize> {
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
    fn take_heights(&mut self, at: usize) -> usize {
        let mut highest = 0;
        while let Some(&(place, height)) = self.heights.last()
            && place >= at
        {
            highest = highest.max(height);
            self.heights.pop();
        }
        highest
    }

    /// Notes the height of the container at `at`.
    #[inline]
    fn set_height(&mut self, at: usize, height: usize) -> Outcome<()> {
        if height > self.direct.settings.value_depth {
            return self.direct.irregular();
        }
        match self.heights.last_mut() {
            Some((place, old)) if *place == at => *old = height.max(*old),
            _ => self.heights.push((at, height)),
        }
        Ok(())
    }

    // Containers

    #[inline]
    fn push_empty(&mut self, value: Value) -> Outcome<()> {
        self.direct.cursor.read_peeked_opcode();
        self.direct.count_node()?;
        self.direct.memoize_other()?;
        let at = self.values.len();
        self.values.push(value);
        self.set_height(at, 1)
    }

    #[inline]
    fn tuple(&mut self, len: usize) -> Outcome<()> {
        let at = self.above(len)?;
        self.direct.cursor.read_peeked_opcode();
        self.push_tuple(at)
    }

    #[inline]
    fn push_tuple(&mut self, at: usize) -> Outcome<()> {
        let height = self.take_heights(at);
        let items: Vec<Value> = self.values.drain(at..).collect();
        // No items make the one empty tuple, which is no level.
        let empty = items.is_empty();
        self.values.push(Value::Tuple(items));
        if !empty {
            self.direct.count_node()?;
            self.set_height(at, height + 1)?;
        }
        self.direct.memoize_other()
    }

    /// TUPLE, LIST, DICT, FROZENSET: all above the mark.
    fn collect(&mut self, opcode: Opcode) -> Outcome<()> {
        let at = self.pop_mark()?;
        if opcode == Opcode::Tuple {
            return self.push_tuple(at);
        }
        let height = self.take_heights(at);
        let items = self.values.drain(at..);
        let value = match opcode {
            Opcode::List => Some(Value::List(items.collect())),
            Opcode::Dict => dict_of(items).map(Value::Dict),
            _ => set_of(items).map(Value::FrozenSet),
        };
        let Some(value) = value else { return self.direct.irregular() };
        self.values.push(value);
        self.direct.count_node()?;
        self.set_height(at, height + 1)?;
        self.direct.memoize_other()
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
        let height = self.take_heights(at + 1);
        let Some(slot) = self.values.get_mut(at) else { return self.direct.irregular() };
        let mut container = std::mem::take(slot);
        let fine = {
            let items = self.values.drain(at + 1..);
            match (&mut container, opcode) {
                (Value::List(list), Opcode::Append | Opcode::Appends) => {
                    list.extend(items);
                    true
                }
                (Value::Dict(dict), Opcode::Setitem | Opcode::Setitems) => set_all(dict, items),
                (Value::Set(set), Opcode::Additems) => add_all(set, items),
                _ => false,
            }
        };
        match self.values.get_mut(at) {
            Some(slot) if fine => *slot = container,
            _ => return self.direct.irregular(),
        }
        self.set_height(at, height + 1)
    }

    // Classes and objects

    fn push_class(&mut self, class: ClassNumber) -> Outcome<()> {
        match self.direct.global(class)? {
            Some(global) => {
                self.values.push(Value::Global(global));
                Ok(())
            }
            None => self.direct.irregular(),
        }
    }

    /// STACK_GLOBAL: of its two strings only the values are left.
    fn stack_global(&mut self) -> Outcome<()> {
        self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        match (self.values.pop(), self.values.pop()) {
            (Some(Value::Str(name)), Some(Value::Str(module))) => {
                let class = self.direct.named_class(module.into(), name.into())?;
                self.push_class(class)
            }
            _ => self.direct.irregular(),
        }
    }

    /// NEWOBJ of a class without arguments.
    fn new_object(&mut self) -> Outcome<()> {
        let at = self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        match (self.values.pop(), self.values.pop()) {
            (Some(Value::Tuple(args)), Some(Value::Global(class)))
                if args.is_empty() && !self.direct.constructs(&class) =>
            {
                let object = Reduce::made(How::NewObj, Value::Global(class), Value::Tuple(args));
                self.values.push(Value::from(object));
            }
            _ => return self.direct.irregular(),
        }
        self.direct.count_node()?;
        self.set_height(at, 1)?;
        self.direct.memoize_other()
    }

    /// REDUCE of a class or function, unless that only spells a builtin.
    fn call(&mut self) -> Outcome<()> {
        let at = self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        let height = self.take_heights(at);
        match (self.values.pop(), self.values.pop()) {
            (Some(Value::Tuple(args)), Some(Value::Global(callable)))
                if Known::of_global(&callable.module, &callable.qualname) == Known::Nothing
                    && !self.direct.constructs(&callable) =>
            {
                let callable = Value::Global(callable);
                let object = Reduce::made(How::Call, callable, Value::Tuple(args));
                self.values.push(Value::from(object));
            }
            _ => return self.direct.irregular(),
        }
        self.direct.count_node()?;
        self.set_height(at, height + 1)?;
        self.direct.memoize_other()
    }

    /// BUILD: the state of an object that has none yet.
    fn build(&mut self) -> Outcome<()> {
        let at = self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        let height = self.take_heights(at + 1);
        let state = self.values.pop();
        // It was made here, and nothing else refers to it yet.
        match self.values.last_mut() {
            Some(Value::Object(object)) if object.state.is_none() => match Arc::get_mut(object) {
                Some(object) => object.state = state,
                None => return self.direct.irregular(),
            },
            _ => return self.direct.irregular(),
        }
        // The parts of an object are themselves in a tuple, list or dict.
        self.set_height(at, height + 2)
    }
}

fn dict_of(items: Drain<'_, Value>) -> Option<Dict> {
    let mut dict = Dict::new();
    set_all(&mut dict, items).then_some(dict)
}

fn set_of(items: Drain<'_, Value>) -> Option<Set> {
    let mut set = Set::new();
    add_all(&mut set, items).then_some(set)
}

/// Stores keys and values in turn; `false` where a key cannot be told from others by its value.
fn set_all(dict: &mut Dict, mut items: Drain<'_, Value>) -> bool {
    if !items.len().is_multiple_of(2) {
        return false;
    }
    dict.reserve(items.len() / 2);
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        if is_told_by_identity(&key) || dict.try_insert(key, value).is_err() {
            return false;
        }
    }
    true
}

fn add_all(set: &mut Set, items: Drain<'_, Value>) -> bool {
    set.reserve(items.len());
    for item in items {
        if is_told_by_identity(&item) || set.try_insert(item).is_err() {
            return false;
        }
    }
    true
}
