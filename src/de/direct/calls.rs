//! Classes, calls and objects of a whole [`Value`]: what `whole.rs` does with their opcodes.
//!
//! A call of a builtin that spells a set, bytes or a complex is that value; any other is an object
//! that says how it is made. What a resolver would make values of is left to a walk.

use std::sync::Arc;

use super::Outcome;
use super::class::ClassNumber;
use super::kept::{Operand, refer};
use super::memo::MemoSlot;
use super::whole::{Whole, set_of};
use crate::instruction::Opcode;
use crate::nodes::codec::Codec;
use crate::nodes::known::Known;
use crate::reduce::{Args, Callable, How, Reduce};
use crate::value::{Complex, Set, Value};

/// A class or function on the stack, which is mostly called: all its objects share it.
pub(super) struct Callee {
    callable: Callable,
    number: ClassNumber,
}

impl From<Callee> for Value {
    fn from(callee: Callee) -> Self {
        callee.callable.into()
    }
}

impl Callee {
    /// Returns true if this is the function that encodes text as bytes.
    fn encodes(&self) -> bool {
        self.callable.class().is_some_and(|function| function.is("_codecs", "encode"))
    }
}

impl Whole<'_, '_> {
    pub(super) fn push_class(&mut self, class: ClassNumber) -> Outcome<()> {
        let callee = self.callee(class)?;
        self.values.push(Operand::Class(callee));
        Ok(())
    }

    /// The class as its objects share it, as it was used last.
    #[inline]
    fn callee(&mut self, number: ClassNumber) -> Outcome<Callee> {
        self.direct.charge_class(number)?;
        let callable = match self.callables.get(number as usize) {
            Some([Some(callable), _]) => callable.clone(),
            _ => self.callable_for(number, How::Call)?,
        };
        Ok(Callee { callable, number })
    }

    /// The same, used in another way than it was last.
    #[inline(never)]
    fn callable_for(&mut self, class: ClassNumber, how: How) -> Outcome<Callable> {
        let place = class as usize;
        if self.callables.len() <= place {
            self.callables.resize_with(place + 1, Default::default);
        }
        let Some(known) = self.callables.get_mut(place) else { return self.direct.irregular() };
        known.swap(0, 1);
        let callable = match known {
            [Some(callable), _] if callable.how() == how => return Ok(callable.clone()),
            // Both have one text.
            [_, Some(other)] => Callable::new(how, Value::clone(other)),
            _ => Callable::new(how, self.direct.global(class)?),
        };
        known[0] = Some(callable.clone());
        Ok(callable)
    }

    /// STACK_GLOBAL of two texts.
    pub(super) fn stack_global(&mut self) -> Outcome<()> {
        self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        match (self.values.pop(), self.values.pop()) {
            (Some(Operand::Text(name)), Some(Operand::Text(module))) => {
                let class = self.direct.named_class(module.into(), name.into())?;
                self.push_class(class)
            }
            _ => self.direct.irregular(),
        }
    }

    /// Takes a class or function and a tuple of arguments off the stack; gives the place of the
    /// first and the height of the second as well.
    #[inline]
    fn pop_call(&mut self) -> Outcome<(Callee, Vec<Value>, usize, usize)> {
        let at = self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        let height = self.take_opens(at)?;
        match (self.values.pop(), self.values.pop()) {
            (Some(Operand::Value(Value::Tuple(args))), Some(Operand::Class(callee))) => {
                self.direct.count_node()?;
                Ok((callee, args, at, height))
            }
            _ => self.direct.irregular(),
        }
    }

    /// An object of a class, if it stays one: only a walk makes the caller's own values of them.
    #[inline]
    fn object(&mut self, how: How, callee: Callee, args: impl Into<Args>) -> Outcome<Value> {
        let Callee { mut callable, number } = callee;
        if callable.class().is_some_and(|class| self.direct.constructs(class)) {
            return self.direct.irregular();
        }
        if callable.how() != how {
            callable = self.callable_for(number, how)?;
        }
        Ok(Value::from(Reduce::new(callable, args.into())))
    }

    /// NEWOBJ.
    pub(super) fn new_object(&mut self) -> Outcome<()> {
        let (callee, args, at, height) = self.pop_call()?;
        let object = self.object(How::NewObj, callee, args)?;
        self.push(object);
        self.set_height(at, height + 1)?;
        self.memoize()
    }

    /// REDUCE.
    pub(super) fn call(&mut self) -> Outcome<()> {
        let (callee, args, at, height) = self.pop_call()?;
        self.push_call(callee, args, at, height)
    }

    /// REDUCE of arguments that need not go on the stack; `height` is that of their tuple.
    pub(super) fn call_with(&mut self, args: Vec<Value>, height: usize) -> Outcome<()> {
        let at = self.above(1)?;
        self.direct.cursor.read_peeked_opcode();
        let Some(Operand::Class(callee)) = self.values.pop() else {
            return self.direct.irregular();
        };
        if height > self.direct.settings.value_depth {
            return self.direct.irregular();
        }
        self.direct.count_node()?;
        self.push_call(callee, args, at, height)
    }

    fn push_call(
        &mut self,
        callee: Callee,
        args: Vec<Value>,
        at: usize,
        height: usize,
    ) -> Outcome<()> {
        let known = match callee.callable.class() {
            Some(class) => Known::of_global(&class.module, &class.qualname),
            None => Known::Nothing,
        };
        match known {
            Known::Nothing => {
                let object = self.object(How::Call, callee, args)?;
                self.push(object);
                self.set_height(at, height + 1)?;
            }
            known => {
                let value = self.builtin(known, args)?;
                let is_set = matches!(value, Value::Set(_) | Value::FrozenSet(_));
                self.push(value);
                if is_set {
                    // In the place of the list of its elements, which was in a tuple.
                    self.set_height(at, height.saturating_sub(1).max(1))?;
                }
            }
        }
        self.memoize()
    }

    /// Returns true if text that is next is likely what bytes are encoded from.
    #[inline]
    pub(super) fn encodes(&self) -> bool {
        matches!(
            self.values.last(),
            Some(Operand::Class(callee)) if callee.encodes()
        )
    }

    /// Text and the rest of a call of `_codecs.encode`, by which protocols below 3 spell bytes:
    /// there may be gigabytes, so their text is looked at once.
    pub(super) fn encode_ahead(&mut self) -> Outcome<()> {
        let at = self.above(1)?;
        let bytes = self.direct.encoded_call("latin1")?;
        self.scan(bytes.len())?;
        self.values.truncate(at);
        self.push(Value::Bytes(bytes.into_owned()));
        self.memoize()
    }

    /// Reads a time of this class at once, without the stack, where nothing refers to its parts;
    /// returns false, with nothing read, where anything else is next.
    pub(super) fn is_time(&mut self, class: ClassNumber) -> Outcome<bool> {
        // The caller's own values are made of no object of these kinds.
        let is_time = self.direct.kind_of(class).is_time() && self.direct.memo.is_from_zero();
        let Some((payload, zone, len)) = self.direct.cursor.peek_time().filter(|_| is_time) else {
            return Ok(false);
        };
        let index = self.direct.memo_len();
        if self.fetches.iter().skip(index).take(2).any(|&fetches| fetches != 0) {
            return Ok(false);
        }
        let mut args = Vec::with_capacity(1 + usize::from(zone.is_some()));
        args.push(Value::Bytes(payload.to_vec()));
        let mut height = 0;
        if let Some(zone) = zone {
            let Some(number) = self.direct.memo.kept(zone) else { return Ok(false) };
            let take = |zone| args.push(zone);
            match refer(&mut self.kept, self.direct, number, take)? {
                Some(of_zone) => height = of_zone as usize,
                None => return Ok(false),
            }
        }
        self.direct.cursor.read_peeked(len);
        for _ in 0..2 {
            self.direct.count_node()?;
            self.direct.memo.push(MemoSlot::OTHER);
        }
        let callee = self.callee(class)?;
        let at = self.values.len();
        let time = self.object(How::Call, callee, args)?;
        self.push(time);
        self.set_height(at, height + 2)?;
        self.memoize()?;
        Ok(true)
    }

    /// Returns true if two texts on the stack are what bytes are encoded from.
    #[inline]
    pub(super) fn is_encoding(&self) -> bool {
        matches!(
            self.values.last_chunk(),
            Some([Operand::Class(callee), Operand::Text(_), Operand::Text(_)])
                if callee.encodes()
        )
    }

    /// TUPLE2 and, mostly, the REDUCE of `_codecs.encode`, of text that is fetched or a line.
    pub(super) fn encode(&mut self) -> Outcome<()> {
        let at = self.above(3)?;
        if self.is_fetched_next() {
            return self.tuple(2);
        }
        let (Some(Operand::Text(codec)), Some(Operand::Text(text))) =
            (self.values.pop(), self.values.pop())
        else {
            return self.direct.irregular();
        };
        self.direct.cursor.read_peeked_opcode();
        self.direct.count_node()?;
        self.direct.memoize_other()?;
        if self.direct.next()? != Opcode::Reduce {
            let items = [text, codec].map(|text| Value::Str(text.to_owned()));
            self.push(Value::Tuple(items.into()));
            return self.set_height(at + 1, 1);
        }
        self.direct.cursor.read_peeked_opcode();
        self.direct.count_node()?;
        self.scan(text.len() + codec.len())?;
        let bytes = Codec::of_name(codec).and_then(|codec| codec.encode(text.as_bytes()));
        let Some(bytes) = bytes else { return self.direct.irregular() };
        self.values.truncate(at);
        self.push(Value::Bytes(bytes));
        self.memoize()
    }

    /// The value that a call of a builtin spells.
    fn builtin(&mut self, known: Known, args: Vec<Value>) -> Outcome<Value> {
        let mut args = args.into_iter();
        let value = match (known, args.next(), args.next()) {
            (Known::Set, None, _) => Some(Value::Set(Set::new())),
            (Known::FrozenSet, None, _) => Some(Value::FrozenSet(Set::new())),
            (
                Known::Set | Known::FrozenSet,
                Some(Value::List(items) | Value::Tuple(items)),
                None,
            ) => {
                self.scan(items.len())?;
                let kind = if known == Known::Set { Value::Set } else { Value::FrozenSet };
                set_of(items.into_iter()).map(kind)
            }
            (Known::Bytes, None, _) => Some(Value::Bytes(Vec::new())),
            (Known::ByteArray, None, _) => Some(Value::ByteArray(Vec::new())),
            (Known::Bytes, Some(Value::Bytes(bytes)), None) => Some(Value::Bytes(bytes)),
            (Known::ByteArray, Some(Value::Bytes(bytes)), None) => Some(Value::ByteArray(bytes)),
            (
                Known::Encode | Known::Bytes | Known::ByteArray,
                Some(Value::Str(text)),
                Some(Value::Str(codec)),
            ) => {
                self.scan(text.len() + codec.len())?;
                let kind = if known == Known::ByteArray { Value::ByteArray } else { Value::Bytes };
                let bytes = Codec::of_name(&codec).and_then(|codec| codec.encode(text.as_bytes()));
                bytes.map(kind)
            }
            (Known::Complex, Some(Value::Float(re)), Some(Value::Float(im))) => {
                Some(Value::Complex(Complex { re, im }))
            }
            _ => None,
        };
        match value {
            Some(value) if args.len() == 0 => Ok(value),
            _ => self.direct.irregular(),
        }
    }

    /// Counts what a call of a builtin looks at: the machine refuses more than four times the
    /// pickle.
    fn scan(&mut self, count: usize) -> Outcome<()> {
        self.scanned += count;
        if self.scanned > 3 * self.direct.cursor.position() {
            return self.direct.irregular();
        }
        Ok(())
    }

    /// BUILD: the state of an object that has none yet.
    pub(super) fn build(&mut self) -> Outcome<()> {
        let at = self.above(2)?;
        self.direct.cursor.read_peeked_opcode();
        let height = self.take_opens(at + 1)?;
        self.check_changes(at)?;
        let state = self.values.pop().map(Operand::into_value);
        // It was made here, and nothing else refers to it yet.
        match self.values.last_mut() {
            Some(Operand::Value(Value::Object(object))) if object.state.is_none() => {
                match Arc::get_mut(object) {
                    Some(object) => object.state = state.map(Box::new),
                    None => return self.direct.irregular(),
                }
            }
            _ => return self.direct.irregular(),
        }
        // The parts of an object are themselves in a tuple, list or dict.
        self.set_height(at, height + 2)
    }
}
