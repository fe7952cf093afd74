//! Values that a pickle refers to again, while a whole `Value` is read.
//!
//! Opcodes change what is on the stack, and a value in the memo is the same object as the one on
//! the stack. Here a value is in one place only. So a value that is fetched is fixed from then on,
//! and what would change it, or one of its references, is for the machine; a container that is
//! fetched before it is filled could contain itself. Which values are fetched at all is found by a
//! look at the whole pickle before ([`fetches`]): all others are moved into what holds them, and
//! these leave a copy here, until the last GET takes that.
//!
//! A copy of a dict, set or object refers to the same one, as in `de/value.rs`; lists and tuples
//! are copied. Each reference is charged for the tree that it stands for, by an upper bound of what
//! a walk over the graph charges for it. The first is charged where its size is reckoned, so that
//! reckoning takes no more work than is paid for.

use super::calls::Callee;
use super::memo::MemoSlot;
use super::whole::Whole;
use super::{Direct, Outcome};
use crate::instruction::{Extent, Opcode};
use crate::reduce::Global;
use crate::value::Value;

/// A value on the stack. Text of the input stays there until something holds it, because keys of
/// records and names of classes need no copy.
pub(super) enum Operand<'de> {
    Value(Value),
    Text(&'de str),
    Class(Callee),
}

impl Operand<'_> {
    #[inline]
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            other => other.into_other_value(),
        }
    }

    /// The same, out of the way of loops over values.
    #[inline(never)]
    fn into_other_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Text(text) => Value::Str(text.to_owned()),
            Self::Class(callee) => callee.into(),
        }
    }
}

impl Default for Operand<'_> {
    fn default() -> Self {
        Self::Value(Value::None)
    }
}

/// A container on the stack, or another value that is kept.
#[derive(Clone, Copy)]
pub(super) struct Open {
    /// Its place on the stack. The input is shorter than 2³¹ bytes, and the stack is too.
    pub(super) place: u32,
    /// The place of the last one, where several references of one height follow each other;
    /// otherwise its own.
    pub(super) last: u32,
    /// The levels of containers in it, itself included. What is in it has one less at least.
    pub(super) height: u32,
    /// Its number among the kept values.
    pub(super) kept: u32,
}

impl Open {
    /// Not kept.
    pub(super) const MOVED: u32 = u32::MAX;
    /// A reference to a kept value, which nothing may change.
    pub(super) const REFERENCE: u32 = u32::MAX - 1;
}

/// A value that is fetched from the memo.
pub(super) struct Kept {
    /// Its place on the stack, while it is there.
    place: Option<u32>,
    /// The value for the references to come, once it is not there any more.
    value: Option<Value>,
    height: u32,
    /// References to come; 255 stands for more.
    left: u8,
    /// Bytes that a reference stands for, once that is known.
    cost: Option<u64>,
    /// True if one reference is charged already.
    is_paid: bool,
}

/// The number of times that each entry of the memo is fetched, up to 255; `None` where the bytes
/// are no opcodes.
pub(super) fn fetches(input: &[u8]) -> Option<Vec<u8>> {
    let mut counts: Vec<u8> = Vec::new();
    let mut rest = input;
    let mut from_one = false;
    loop {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        // The commonest by far, by their bytes.
        if byte == Opcode::Binget.byte() {
            let (&index, behind) = rest.split_first()?;
            rest = behind;
            if let Some(count) = counts.get_mut(usize::from(index)) {
                *count = count.saturating_add(1);
            }
            continue;
        }
        if byte == Opcode::LongBinget.byte()
            && let Some((&index, behind)) = rest.split_first_chunk()
        {
            rest = behind;
            if let Some(count) = counts.get_mut(u32::from_le_bytes(index) as usize) {
                *count = count.saturating_add(1);
            }
            continue;
        }
        if byte == Opcode::Memoize.byte() {
            counts.push(0);
            continue;
        }
        let opcode = Opcode::from_byte(byte)?;
        let argument = match opcode.argument().extent() {
            Extent::Fixed(len) => len,
            Extent::Lines(lines) => {
                let newlines = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                newlines.take(lines).last()?.0 + 1
            }
            Extent::Counted(1) => usize::from(*rest.first()?) + 1,
            Extent::Counted(width) => {
                let mut count = [0; 8];
                count.get_mut(..width)?.copy_from_slice(rest.get(..width)?);
                usize::try_from(u64::from_le_bytes(count)).ok()?.checked_add(width)?
            }
            Extent::SignedCounted => {
                let count = i32::from_le_bytes(*rest.first_chunk()?);
                usize::try_from(count).ok()?.checked_add(4)?
            }
        };
        let (argument, behind) = rest.split_at_checked(argument)?;
        rest = behind;
        let index = || {
            let mut bytes = [0; 8];
            if let &[index] = argument {
                return Some(usize::from(index));
            }
            if let Opcode::Get | Opcode::Put = opcode {
                return std::str::from_utf8(argument).ok()?.trim_end().parse::<usize>().ok();
            }
            bytes.get_mut(..argument.len())?.copy_from_slice(argument);
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        match opcode {
            Opcode::Memoize => counts.push(0),
            Opcode::Binput | Opcode::LongBinput | Opcode::Put => {
                from_one |= counts.is_empty() && index() == Some(1);
                if from_one && counts.is_empty() {
                    counts.push(0);
                }
                counts.push(0);
            }
            Opcode::Binget | Opcode::LongBinget | Opcode::Get => {
                // An entry that is not there yet is irregular.
                if let Some(count) = index().and_then(|index| counts.get_mut(index)) {
                    *count = count.saturating_add(1);
                }
            }
            Opcode::Stop => return Some(counts),
            _ => {}
        }
    }
}

/// Makes dicts, sets and objects in a list or tuple ones that copies of it refer to.
fn share(value: &mut Value) {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::List(items) | Value::Tuple(items) => pending.extend(items),
            value => *value = std::mem::take(value).shared(),
        }
    }
}

/// Bytes for each value in a container: itself, and a run of its own.
const ITEM: u64 = 48;

/// Bytes for each container, and for each object, whose runs are looked through several times.
const CONTAINER: u64 = 64;
const OBJECT: u64 = 256;
const OBJECT_ITEM: u64 = 192;

/// An upper bound of what a walk over the graph charges for this tree; `None` if that is more than
/// `most`.
fn cost(value: &Value, most: u64) -> Option<u64> {
    let mut cost = 0_u64;
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        cost += match value {
            Value::Str(text) => text.len() as u64,
            Value::Bytes(bytes) | Value::ByteArray(bytes) => bytes.len() as u64,
            Value::BigInt(int) => int.bits() / 4,
            Value::Global(global) => {
                (global.module.len() + global.qualname.len() + size_of::<Global>()) as u64
            }
            Value::List(items) | Value::Tuple(items) => {
                pending.extend(items);
                CONTAINER + ITEM * items.len() as u64
            }
            Value::Dict(dict) => {
                pending.extend(dict.iter().flat_map(|(key, value)| [key, value]));
                CONTAINER + 2 * ITEM * dict.len() as u64
            }
            Value::Set(set) | Value::FrozenSet(set) => {
                pending.extend(set.iter());
                CONTAINER + ITEM * set.len() as u64
            }
            Value::Object(object) => {
                pending.push(&object.callable);
                pending.extend(&object.args);
                pending.extend(object.state.as_deref());
                pending.extend(&object.listitems);
                pending.extend(&object.setitems);
                pending.extend(object.dictitems.iter().flat_map(|(key, value)| [key, value]));
                let items = object.listitems.len() + object.setitems.len();
                let args = CONTAINER + ITEM * object.args.len() as u64;
                OBJECT + args + OBJECT_ITEM * (items + 2 * object.dictitems.len()) as u64
            }
            _ => 0,
        };
        if cost > most {
            return None;
        }
    }
    Some(cost)
}

impl<'de> Whole<'_, 'de> {
    /// Stores the topmost value in the memo, if that is what the next opcode asks; as one that is
    /// kept, if the pickle refers to it.
    #[inline]
    pub(super) fn memoize(&mut self) -> Outcome<()> {
        if self.fetches.is_empty() { self.direct.memoize_other() } else { self.memoize_kept() }
    }

    /// Returns true if what the memo stores next is fetched later on.
    #[inline]
    pub(super) fn is_fetched_next(&self) -> bool {
        self.fetches.get(self.direct.memo_len()).is_some_and(|&fetches| fetches != 0)
    }

    #[inline(never)]
    fn memoize_kept(&mut self) -> Outcome<()> {
        if !self.is_fetched_next() {
            return self.direct.memoize_other();
        }
        let index = self.direct.memo_len();
        let left = self.fetches.get(index).copied().unwrap_or(0);
        // As many as there are GETs, at most.
        let number = self.kept.len() as u32;
        self.direct.memoize(MemoSlot::kept(number))?;
        if self.direct.memo_len() == index {
            return Ok(());
        }
        let place = (self.values.len() - 1) as u32;
        if self.opens.last().is_none_or(|open| open.place != place) {
            self.opens.push(Open { place, last: place, height: 0, kept: number });
        }
        let mut height = 0;
        if let Some(open) = self.opens.last_mut() {
            open.kept = number;
            height = open.height;
        }
        self.kept.push(Kept {
            place: Some(place),
            value: None,
            height,
            left,
            cost: None,
            is_paid: false,
        });
        Ok(())
    }

    /// Returns true if nothing may change the container on top any more.
    #[inline]
    pub(super) fn is_fixed(&self, open: Open) -> bool {
        match open.kept {
            Open::MOVED => false,
            Open::REFERENCE => true,
            number => self.kept.get(number as usize).is_none_or(|kept| kept.cost.is_some()),
        }
    }

    /// Keeps a value that is about to be moved from the stack into another.
    #[inline(never)]
    pub(super) fn keep(&mut self, open: Open) -> Outcome<()> {
        let Some(kept) = self.kept.get_mut(open.kept as usize) else { return Ok(()) };
        kept.place = None;
        kept.height = open.height;
        if kept.left == 0 {
            return Ok(());
        }
        let Some(Operand::Value(value)) = self.values.get_mut(open.place as usize) else {
            return self.direct.irregular();
        };
        if kept.cost.is_none() {
            kept.cost = Some(reckon(self.direct, value)?);
            kept.is_paid = true;
            share(value);
        }
        kept.value = Some(value.clone());
        Ok(())
    }

    /// Pushes a reference to a kept value, and all that follow: members of an enumeration come in
    /// long lists. They are found before any is made: a reference counts itself by an atomic
    /// operation, and no load behind one begins before it ends.
    #[inline(never)]
    pub(super) fn push_all_kept(&mut self, number: u32) -> Outcome<()> {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        numbers.push(number);
        while let Some(number) = self.direct.fetch_kept() {
            numbers.push(number);
        }
        let begins = self.marks.last() == Some(&self.values.len());
        let appended = if begins && self.direct.is_at(Opcode::Appends) {
            self.append_references(&numbers)?
        } else {
            0
        };
        for &number in numbers.iter().skip(appended) {
            self.push_kept(number)?;
        }
        self.numbers = numbers;
        Ok(())
    }

    /// Puts these references, which are all that a list below the mark is given next, into it
    /// without the stack, up to the first that [`refer`] does not give;
    /// returns their number.
    fn append_references(&mut self, numbers: &[u32]) -> Outcome<usize> {
        let Some(at) = self.values.len().checked_sub(1) else { return Ok(0) };
        self.check_changes(at)?;
        let Some(Operand::Value(Value::List(list))) = self.values.get_mut(at) else {
            return Ok(0);
        };
        // These values are not on the stack any more, so that nothing looks for the list there.
        let mut list = std::mem::take(list);
        list.reserve(numbers.len());
        let mut highest = 0;
        let mut appended = 0;
        for &number in numbers {
            let take = |value| list.push(value);
            let Some(height) = refer(&mut self.kept, self.direct, number, take)? else { break };
            highest = highest.max(height);
            appended += 1;
        }
        if let Some(slot) = self.values.get_mut(at) {
            *slot = Operand::Value(Value::List(list));
        }
        self.set_height(at, highest as usize + 1)?;
        Ok(appended)
    }

    /// Pushes a reference to a kept value.
    #[inline]
    pub(super) fn push_kept(&mut self, number: u32) -> Outcome<()> {
        let take = |value| self.values.push(Operand::Value(value));
        match refer(&mut self.kept, self.direct, number, take)? {
            Some(height) => {
                self.open_reference(height);
                Ok(())
            }
            None => self.push_any_kept(number),
        }
    }

    /// Notes that the topmost value is a reference to one of this height.
    #[inline]
    fn open_reference(&mut self, height: u32) {
        let place = (self.values.len() - 1) as u32;
        match self.opens.last_mut() {
            Some(open)
                if open.kept == Open::REFERENCE
                    && open.height == height
                    && open.last + 1 == place =>
            {
                open.last = place;
            }
            _ => {
                self.opens.push(Open { place, last: place, height, kept: Open::REFERENCE });
            }
        }
    }

    #[inline(never)]
    fn push_any_kept(&mut self, number: u32) -> Outcome<()> {
        let Some(kept) = self.kept.get_mut(number as usize) else {
            return self.direct.irregular();
        };
        if let Some(place) = kept.place {
            // It stays where it is, and must not change any more.
            let at = self.opens.partition_point(|open| open.place < place);
            let height = self.opens.get(at).map(|open| open.height);
            let (Some(height), Some(Operand::Value(value))) =
                (height, self.values.get_mut(place as usize))
            else {
                return self.direct.irregular();
            };
            kept.height = height;
            if kept.cost.is_none() {
                kept.cost = Some(reckon(self.direct, value)?);
                kept.is_paid = true;
                share(value);
            }
        }
        let cost = kept.cost.unwrap_or(0);
        if !std::mem::take(&mut kept.is_paid) {
            self.direct.charge_expansion(cost)?;
        }
        kept.left -= u8::from(kept.left != 0 && kept.left != u8::MAX);
        let value = match (kept.place, kept.left) {
            (Some(place), _) => match self.values.get(place as usize) {
                Some(Operand::Value(value)) => Some(value.clone()),
                _ => None,
            },
            (None, 0) => kept.value.take(),
            (None, _) => kept.value.clone(),
        };
        let Some(value) = value else { return self.direct.irregular() };
        if !matches!(value, Value::Object(_) | Value::Dict(_) | Value::Set(_) | Value::FrozenSet(_))
        {
            self.direct.charge(usize::try_from(cost).unwrap_or(usize::MAX))?;
        }
        let height = kept.height;
        self.values.push(Operand::Value(value));
        self.open_reference(height);
        Ok(())
    }
}

/// Hands one of many references to a dict, set or object that is in its place to `take`; returns
/// its height, or `None`, with nothing counted, for what else is kept.
#[inline]
pub(super) fn refer(
    kept: &mut [Kept],
    direct: &mut Direct<'_>,
    number: u32,
    take: impl FnOnce(Value),
) -> Outcome<Option<u32>> {
    let Some(Kept {
        place: None,
        value: Some(value),
        height,
        left: left @ 2..,
        cost: Some(cost),
        is_paid: false,
    }) = kept.get_mut(number as usize)
    else {
        return Ok(None);
    };
    if !value.refer(take) {
        return Ok(None);
    }
    *left -= u8::from(*left != u8::MAX);
    direct.charge_expansion(*cost)?;
    Ok(Some(*height))
}

/// Reckons what a reference to the value stands for, and charges one.
fn reckon(direct: &mut Direct<'_>, value: &Value) -> Outcome<u64> {
    let (_, most) = direct.budgets();
    match cost(value, most) {
        Some(cost) => direct.charge_expansion(cost).map(|()| cost),
        None => direct.irregular(),
    }
}
