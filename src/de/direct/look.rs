//! Looking ahead where the opcodes leave it open what a value belongs to.
//!
//! Behind an empty list, a value may be its only item, with an APPEND to follow, or its neighbour;
//! only the opcode behind that value tells. So the effect of each opcode on the stack is followed,
//! whatever its argument, until one takes the value in question. The results for values on the way
//! are kept, so that lists of one list of one list are looked through once; and all looks together
//! are limited.

use super::Outcome;
use super::ahead::{ScalarRun, scalar_end};
use super::state::Direct;
use crate::instruction::{BATCH, Opcode};
use crate::read::Cursor;

/// The number of values side by side at which a look ends: they are taken for neighbours. If they
/// were items after all, the guess was wrong and the machine reads.
const SPARE: usize = 8;

/// Lists in the place of tuples behind which one more is expected.
const SURE: u32 = 64;

/// The number of instructions that a short look goes past.
const SHORT: usize = 8;

/// A stretch of the input that was looked through.
#[derive(Default)]
pub(super) struct Looked {
    start: usize,
    end: usize,
    /// The places at which items, entries and batches begin that are added to a container.
    added: Places,
    /// The values at its end, whose use lies behind it.
    stack: Operands,
}

/// The stack that a stretch of opcodes would leave behind: for each operand where it begins.
#[derive(Default)]
pub(super) struct Operands {
    starts: Vec<usize>,
    /// For each mark the number of operands below it, and its place.
    marks: Vec<(usize, usize)>,
}

/// The values in the stretch that was last looked through for a tuple that are added to a
/// container.
#[derive(Default)]
pub(super) struct Items {
    end: usize,
    /// Where they begin.
    begins: Places,
}

/// Places in a stretch of the input, a bit for each byte.
#[derive(Default)]
struct Places {
    start: usize,
    bits: Vec<u64>,
}

impl Places {
    /// Forgets all, and takes those from `start` on.
    fn clear(&mut self, start: usize) {
        self.start = start;
        self.bits.clear();
    }

    fn add(&mut self, at: usize) {
        let Some(bit) = at.checked_sub(self.start) else { return };
        if self.bits.len() <= bit / 64 {
            self.bits.resize(bit / 64 + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(bit / 64) {
            *bits |= 1 << (bit % 64);
        }
    }

    fn contains(&self, at: usize) -> bool {
        let Some(bit) = at.checked_sub(self.start) else { return false };
        self.bits.get(bit / 64).is_some_and(|bits| bits >> (bit % 64) & 1 == 1)
    }
}

impl Items {
    fn clear(&mut self, start: usize) {
        self.end = start;
        self.begins.clear(start);
    }

    fn add(&mut self, begins: &[usize]) {
        for begin in begins {
            self.begins.add(*begin);
        }
    }

    fn contains(&self, at: usize) -> bool {
        at < self.end && self.begins.contains(at)
    }
}

impl<'de> Direct<'de> {
    /// Returns true if the next values (an item, a key and a value, a batch) are added to the
    /// container that was just read.
    pub(super) fn adds_next(&mut self) -> Outcome<bool> {
        let at = self.cursor.position();
        if let Some(adds) = adds_soon(self.input, at) {
            return Ok(adds);
        }
        let looked = &self.looked;
        let known = (looked.start..looked.end).contains(&at) && !looked.stack.begins_at(at);
        if !known {
            self.look()?;
        }
        Ok(self.looked.added.contains(at))
    }

    /// Looks through what comes next, until it is added to something or turns out not to be.
    fn look(&mut self) -> Outcome<()> {
        let mut cursor = self.ahead();
        let start = cursor.position();
        let mut looked = std::mem::take(&mut self.looked);
        looked.added.clear(start);
        let stack = &mut looked.stack;
        stack.clear();
        loop {
            let at = cursor.position();
            let opcode = self.pass(&mut cursor, start)?;
            let first = match opcode {
                Opcode::Append => stack.take(1),
                Opcode::Setitem => stack.take(2),
                Opcode::Appends | Opcode::Setitems | Opcode::Additems => stack.take_marked(),
                _ => match stack.run(opcode, at) {
                    Some(true) if stack.starts.len() <= SPARE || !stack.marks.is_empty() => {
                        continue;
                    }
                    Some(_) => break,
                    None => return self.irregular(),
                },
            };
            let Some(first) = first else { break };
            looked.added.add(first);
            // The container that gets the items lies before everything that was looked at.
            if stack.starts.is_empty() {
                break;
            }
        }
        looked.start = start;
        looked.end = cursor.position();
        self.lookahead -= ((looked.end - start) as u64).min(self.lookahead);
        self.looked = looked;
        Ok(())
    }

    /// Returns true if a list is taken for one in the place of the tuple that is asked for, and is
    /// not looked through: many looks one behind the other found such lists.
    #[inline]
    pub(super) fn expects_lists(&self) -> bool {
        self.no_tuples >= SURE
    }

    /// Returns true if the tuple of `len` items that is asked for begins with the container that is
    /// next; false if that is in its place.
    pub(super) fn is_tuple(&mut self, len: usize) -> Outcome<bool> {
        let follows = self.tuple_follows(len)?;
        self.no_tuples = if follows { 0 } else { self.no_tuples + 1 };
        Ok(follows)
    }

    /// Returns true if the next `len` values become a tuple, false if the first of them, a
    /// container, is in its place.
    ///
    /// Such containers are alike mostly: if the last one was, and this has `len` items, no more is
    /// looked at. What has been found to be added to another container is no part of a tuple.
    /// Without these two, a list of lists in the place of tuples is looked through at each of its
    /// levels.
    fn tuple_follows(&mut self, len: usize) -> Outcome<bool> {
        let mut cursor = self.ahead();
        let start = cursor.position();
        if self.items.contains(start) {
            self.last_was_no_tuple = len;
            return Ok(false);
        }
        self.items.clear(start);
        let mut stack = std::mem::take(&mut self.operands);
        stack.clear();
        // The operand that was last added to, counted from one.
        let mut added_to = 0;
        let found = loop {
            let at = cursor.position();
            let opcode = self.pass(&mut cursor, start)?;
            let settled = stack.marks.is_empty();
            let items = match opcode {
                Opcode::Tuple1 | Opcode::Tuple2 | Opcode::Tuple3
                    if settled && stack.starts.len() == len =>
                {
                    break tuple_len(opcode) == len;
                }
                Opcode::Append => {
                    self.items.add(stack.topmost(1));
                    stack.take(1).map(|_| 1)
                }
                Opcode::Setitem => {
                    self.items.add(stack.topmost(1));
                    stack.take(2).map(|_| 1)
                }
                Opcode::Appends | Opcode::Setitems | Opcode::Additems => {
                    let items = stack.above_mark();
                    self.items.add(stack.topmost(items));
                    stack.take_marked().map(|_| items)
                }
                _ => match stack.run(opcode, at) {
                    // A container that has got its items does not wait for the operands behind.
                    Some(true) if settled && stack.starts.len() > len && added_to == len => {
                        break false;
                    }
                    Some(true) if stack.starts.len() <= len + SPARE || !settled => continue,
                    Some(_) => break false,
                    None => return self.irregular(),
                },
            };
            let Some(items) = items.filter(|_| !stack.starts.is_empty()) else { break false };
            added_to = stack.starts.len();
            if self.last_was_no_tuple == len && items == len && added_to == 1 {
                break false;
            }
        };
        self.last_was_no_tuple = if found { 0 } else { len };
        self.operands = stack;
        self.items.end = cursor.position();
        self.lookahead -= ((cursor.position() - start) as u64).min(self.lookahead);
        Ok(found)
    }

    /// A cursor that begins where the reading stands. It does not heed frames: it only guesses, and
    /// whatever it sees is still to be read.
    fn ahead(&self) -> Cursor<'de> {
        Cursor::new(self.input, self.cursor.position())
    }

    /// Moves past an instruction, and past all values above a MARK where they are scalars. Gives up
    /// where no instruction is there, or the look that began at `start` has cost too much.
    fn pass(&mut self, cursor: &mut Cursor<'de>, start: usize) -> Outcome<Opcode> {
        if (cursor.position() - start) as u64 <= self.lookahead
            && let Some(opcode) = cursor.peek_opcode()
        {
            #[cfg(test)]
            let begin = cursor.position();
            cursor.read_peeked_opcode();
            if cursor.skip_argument(opcode).is_ok() {
                #[cfg(test)]
                super::ahead::work::looked_at(cursor.position() - begin);
                // Scalars in a container need not be followed one by one.
                if opcode == Opcode::Mark
                    && let Some(run) = ScalarRun::new(self.input, cursor.position())
                {
                    *cursor = Cursor::new(self.input, run.end);
                }
                return Ok(opcode);
            }
        }
        self.irregular()
    }
}

/// Tells by a few instructions if the value at `at`, or the key and the value, are added to the
/// container that was just read; `None` where those do not show it. They are scalars, and lists of
/// one scalar, or one list of scalars.
pub(super) fn adds_soon(input: &[u8], mut at: usize) -> Option<bool> {
    let mut operands = 0;
    let mut is_filled = false;
    for _ in 0..SHORT {
        let opcode = Opcode::from_byte(*input.get(at)?)?;
        #[cfg(test)]
        super::ahead::work::looked_at(1);
        at = match opcode {
            Opcode::Memoize => at + 1,
            Opcode::Binput => at + 2,
            Opcode::LongBinput => at + 5,
            Opcode::Append | Opcode::Setitem => {
                let added = if opcode == Opcode::Append { 1 } else { 2 };
                if operands <= added {
                    return (operands == added).then_some(true);
                }
                operands -= added;
                at + 1
            }
            Opcode::Frame => return None,
            // A list that has got its items, and is no key, is added at once or not at all.
            _ if is_filled => return Some(false),
            Opcode::Mark if operands == 1 => {
                let run = ScalarRun::new(input, at + 1)?;
                is_filled = input.get(run.end) == Some(&Opcode::Appends.byte());
                if !is_filled || run.count.is_multiple_of(BATCH) {
                    return None;
                }
                run.end + 1
            }
            Opcode::EmptyList => {
                operands += 1;
                at + 1
            }
            _ => {
                let end = text_end(input, at, opcode).or_else(|| scalar_end(input, at))?;
                operands += 1;
                end
            }
        };
    }
    None
}

/// The end of a BINUNICODE; `None` for another opcode.
fn text_end(input: &[u8], at: usize, opcode: Opcode) -> Option<usize> {
    if opcode != Opcode::Binunicode {
        return None;
    }
    let len = input.get(at + 1..)?.first_chunk()?;
    (at + 5).checked_add(u32::from_le_bytes(*len) as usize)
}

impl Operands {
    fn clear(&mut self) {
        self.starts.clear();
        self.marks.clear();
    }

    /// Returns true if one of the operands, or of the marks, begins at `at`. Both lie in the order
    /// of the input.
    fn begins_at(&self, at: usize) -> bool {
        self.starts.binary_search(&at).is_ok()
            || self.marks.binary_search_by_key(&at, |&(_, mark)| mark).is_ok()
    }

    /// Takes the topmost operands off; gives where the first of them begins. `None` where they are
    /// not there.
    fn take(&mut self, count: usize) -> Option<usize> {
        let fence = self.marks.last().map_or(0, |&(fence, _)| fence);
        let left = self.starts.len().checked_sub(count).filter(|&left| left >= fence)?;
        let first = self.starts.get(left).copied();
        self.starts.truncate(left);
        first
    }

    /// Where the topmost operands begin.
    fn topmost(&self, count: usize) -> &[usize] {
        self.starts.get(self.starts.len().saturating_sub(count)..).unwrap_or_default()
    }

    /// The number of operands above the topmost mark.
    fn above_mark(&self) -> usize {
        self.marks.last().map_or(0, |&(fence, _)| self.starts.len().saturating_sub(fence))
    }

    /// Takes off all above the topmost mark, and the mark; gives where the mark is.
    fn take_marked(&mut self) -> Option<usize> {
        let (count, at) = self.marks.pop()?;
        self.starts.truncate(count);
        Some(at)
    }

    /// Does what an opcode at `at` does to the stack that adds nothing to a container.
    /// `Some(false)` where its operands are not there; `None` for an opcode that no regular pickle
    /// has.
    #[inline]
    fn run(&mut self, opcode: Opcode, at: usize) -> Option<bool> {
        let effect = opcode.stack_effect();
        let first = match opcode {
            // Looks at the top and leaves it.
            Opcode::Memoize => return Some(true),
            Opcode::Mark => {
                self.marks.push((self.starts.len(), at));
                return Some(true);
            }
            Opcode::Stop => None,
            Opcode::Pop | Opcode::PopMark | Opcode::Dup | Opcode::Inst | Opcode::Obj => {
                return None;
            }
            _ if effect.pushes == 0 => return Some(true),
            _ if effect.to_mark => self.take_marked(),
            _ if effect.pops == 0 => Some(at),
            _ => self.take(effect.pops.into()),
        };
        if let Some(first) = first {
            self.starts.push(first);
        }
        Some(first.is_some())
    }
}

/// The number of items that TUPLE1, TUPLE2 and TUPLE3 take.
pub(super) fn tuple_len(opcode: Opcode) -> usize {
    opcode.stack_effect().pops.into()
}

/// The opcode that makes a tuple of `len` items without a mark.
#[inline]
pub(super) fn short_tuple(len: usize) -> Option<Opcode> {
    match len {
        1 => Some(Opcode::Tuple1),
        2 => Some(Opcode::Tuple2),
        3 => Some(Opcode::Tuple3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::de::{Deserialize, IgnoredAny};
    use serde_derive::Deserialize;

    use crate::DeOptions;
    use crate::de::direct::ahead::work;

    #[derive(Debug, Deserialize)]
    struct Lists(#[allow(dead_code)] Vec<Lists>);

    #[derive(Debug, Deserialize)]
    struct Dicts(#[allow(dead_code)] BTreeMap<u8, Dicts>);

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Any {
        Text(String),
        List(Vec<Any>),
        Dict(BTreeMap<String, Any>),
    }

    fn nested(begin: &[u8], inner: &[u8], end: &[u8], levels: usize) -> Vec<u8> {
        [&begin.repeat(levels), inner, &end.repeat(levels), &b"."[..]].concat()
    }

    /// The bytes looked at ahead while the pickle is read as a `T`, or given up on. The machine,
    /// which looks at nothing ahead, gives the same.
    fn looked_at<'de, T: Deserialize<'de> + Debug>(pickle: &'de [u8]) -> u64 {
        let mut found = None;
        let bytes = work::of(|| found = Some(crate::from_slice::<T>(pickle)));
        // The short cut is not taken where buffers are given, even none.
        let none: [&[u8]; 0] = [];
        let by_machine = DeOptions::new().buffers(none).from_slice::<T>(pickle);
        assert_eq!(format!("{:?}", found.unwrap()), format!("{by_machine:?}"));
        bytes
    }

    #[test]
    fn lists_in_the_place_of_tuples_are_looked_through_a_few_times() {
        type Nested = Vec<(u8, (u8, (u8, BTreeMap<String, Vec<u8>>)))>;
        let item = b"](K\x01](K\x01](K\x01}U\x01a]K\x01aseee";
        let pickle = [&b"]("[..], &item.repeat(5_000), b"e."].concat();
        let bytes = looked_at::<Nested>(&pickle);
        assert!(bytes < 3 * pickle.len() as u64, "{bytes} of {}", pickle.len());
        // One that is a tuple, and lists of two in tuples.
        let tuple = b"K\x01](K\x01](K\x01}U\x01a]K\x01asee\x86";
        looked_at::<Nested>(&[&b"]("[..], &item.repeat(9), tuple, &item.repeat(9), b"e."].concat());
        let pairs = b"](K\x01K\x02eK\x03\x86".repeat(9);
        let list = b"](](K\x01K\x02eK\x03e";
        type Pairs = Vec<(Vec<u8>, u8)>;
        for pickle in [
            [&b"]("[..], &pairs, b"e."].concat(),
            [&b"]("[..], &list.repeat(9), b"e."].concat(),
            [&b"]("[..], &list.repeat(9), &pairs, b"e."].concat(),
            [&b"]("[..], &pairs, &list.repeat(9), &pairs, b"e."].concat(),
        ] {
            assert!(crate::from_slice::<Pairs>(&pickle).is_ok());
            looked_at::<Pairs>(&pickle);
        }
    }

    /// Four times the pickle may be looked at ahead, and each look may overrun that by one.
    #[test]
    fn looking_ahead_is_linear() {
        type Shape = (&'static str, fn(usize) -> Vec<u8>);
        let shapes: [Shape; 26] = [
            ("]…", |n| b"]".repeat(n)),
            ("}…", |n| b"}".repeat(n)),
            ("(…", |n| b"(".repeat(n)),
            ("(e(e…", |n| [&b"]"[..], &b"(e".repeat(n / 2), b"."].concat()),
            ("}(u…", |n| [&b"}"[..], &b"(u".repeat(n / 2), b"."].concat()),
            ("](e…", |n| b"](e".repeat(n / 3)),
            ("lists of one list", |n| nested(b"]", b"]", b"a", n / 2)),
            ("lists side by side", |n| [&b"]("[..], &b"]".repeat(n), b"e."].concat()),
            ("lists side by side in a LIST", |n| [&b"("[..], &b"]".repeat(n), b"l."].concat()),
            ("lists of one int", |n| [&b"]("[..], &b"]K\x01a".repeat(n / 4), b"e."].concat()),
            ("lists of one list of one int", |n| {
                [&b"]("[..], &b"]]K\x01aa".repeat(n / 6), b"e."].concat()
            }),
            ("marked lists", |n| [&b"("[..], &b"(l".repeat(n / 2), b"l."].concat()),
            ("marked lists of one", |n| [&b"("[..], &b"(lI1\na".repeat(n / 6), b"l."].concat()),
            ("lists behind marked lists", |n| {
                [&b"((NltN("[..], &b"](".repeat(n / 4), &b"e".repeat(n / 4), b"t."].concat()
            }),
            ("scalars behind marked lists", |n| {
                [&b"((NltN("[..], &b"](NNN".repeat(n / 5), b"t."].concat()
            }),
            ("many scalars behind a marked list", |n| {
                [&b"((Nl]("[..], &b"N".repeat(n), b"el."].concat()
            }),
            ("marks and scalars", |n| [&b"]"[..], &b"(NN".repeat(n / 3)].concat()),
            ("frames behind a mark", |n| {
                [&b"](]("[..], &b"\x95\0\0\0\0\0\0\0\0".repeat(n / 9), b"ee."].concat()
            }),
            ("tuples of a list", |n| [&b"]("[..], &b"]]\x86".repeat(n / 3), b"e."].concat()),
            ("tuples of tuples", |n| {
                [b"]".repeat(n / 2), b"\x85".repeat(n / 2), b".".to_vec()].concat()
            }),
            ("dicts of one dict", |n| nested(b"}K\0", b"}", b"s", n / 4)),
            ("dicts side by side", |n| [&b"}("[..], &b"K\0}".repeat(n / 3), b"u."].concat()),
            ("dicts in lists", |n| nested(b"]}K\0", b"]", b"sa", n / 6)),
            ("lists in dicts", |n| nested(b"}K\0]", b"}", b"as", n / 6)),
            ("frames", |n| [b"\x95\0\0\0\0\0\0\0\0".repeat(n / 9), b"].".to_vec()].concat()),
            ("frames in a list", |n| {
                [&b"]("[..], &b"\x95\0\0\0\0\0\0\0\0N".repeat(n / 10), b"e."].concat()
            }),
        ];
        for (name, shape) in shapes {
            let pickle = shape(50_000);
            for looked_at in [
                looked_at::<Lists>(&pickle),
                looked_at::<Vec<Lists>>(&pickle),
                looked_at::<Dicts>(&pickle),
                looked_at::<serde_json::Value>(&pickle),
                looked_at::<Any>(&pickle),
                looked_at::<Vec<(Lists, Lists)>>(&pickle),
                looked_at::<Vec<Option<Vec<u8>>>>(&pickle),
                looked_at::<IgnoredAny>(&pickle),
            ] {
                let bytes = pickle.len() as u64;
                assert!(looked_at <= 20 * bytes, "{name}: {looked_at} of {bytes} bytes");
            }
        }
    }
}
