//! Two images that differ in one scalar, the most frequent change, as values of what it is in.
//!
//! One run over the old image keeps nothing but where each value begins, and finds the containers
//! around the scalar. Everything else is left out: items of sequences are the number that stands
//! for them in `prune.rs`, and of dicts there is one entry. So an editor must not take such a
//! container for a new value. `prune.rs` takes over where the images are not as expected here.

use std::ops::Range;

use super::outline::{end_of, is_scalar};
use super::prune::{common_prefix, placeholder};
use crate::convert::of_own_pickle;
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::value::{Dict, Value};

/// The old and the new value, with nothing but the scalar and what it is in. `None` if the images
/// differ in more, or the scalar is a key or a part of an object.
pub(super) fn pair(old: &[u8], new: &[u8]) -> Option<(Value, Value)> {
    let mut run = Run {
        image: old,
        stack: Vec::with_capacity(32),
        marks: Vec::with_capacity(8),
        memo: Vec::with_capacity(16),
        path: None,
        levels: Vec::with_capacity(8),
    };
    let [was, now] = run.all(new, common_prefix(old, new))?;
    let mut pair = (scalar(old.get(was)?)?, scalar(new.get(now)?)?);
    for level in run.levels {
        pair = level.around(pair)?;
    }
    Some(pair)
}

struct Run<'a> {
    image: &'a [u8],
    stack: Vec<Entry>,
    /// The marks: where each stands, and how many values are below it.
    marks: Vec<(usize, usize)>,
    /// The texts and classes that have been memoized.
    memo: Vec<Range<usize>>,
    /// The place on the stack of the scalar, or of what it is in.
    path: Option<usize>,
    /// The containers around the scalar, from within.
    levels: Vec<Level>,
}

#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    /// The number of items or entries that it was given.
    len: usize,
}

/// A container around the scalar.
enum Level {
    List { index: usize, len: usize },
    Tuple { index: usize, len: usize },
    Dict { key: Value },
}

impl Level {
    /// The container of the old and of the new value.
    fn around(self, (was, now): (Value, Value)) -> Option<(Value, Value)> {
        let items = |index: usize, len: usize, value: Value| {
            let mut items = vec![placeholder(); len];
            *items.get_mut(index)? = value;
            Some(items)
        };
        let dict = |key: Value, value: Value| {
            let mut dict = Dict::new();
            dict.try_insert(key, value).ok()?;
            Some(Value::Dict(dict))
        };
        Some(match self {
            Self::List { index, len } => {
                (Value::List(items(index, len, was)?), Value::List(items(index, len, now)?))
            }
            Self::Tuple { index, len } => {
                (Value::Tuple(items(index, len, was)?), Value::Tuple(items(index, len, now)?))
            }
            Self::Dict { key } => (dict(key.clone(), was)?, dict(key, now)?),
        })
    }
}

impl Run<'_> {
    /// Runs up to STOP; gives where the scalar is in both images. `before`: the bytes that they
    /// have in common at the beginning.
    fn all(&mut self, new: &[u8], before: usize) -> Option<[Range<usize>; 2]> {
        let (mut at, mut last, mut found) = (0, None, None);
        loop {
            let opcode = Opcode::from_byte(*self.image.get(at)?)?;
            let end = end_of(self.image, at, opcode)?;
            if end > before && found.is_none() {
                let other = Opcode::from_byte(*new.get(at)?).filter(|opcode| is_scalar(*opcode))?;
                let other = end_of(new, at, other)?;
                let rest = self.image.get(end..)?;
                // References to what is memoized have changed without another byte.
                let is_single = is_scalar(opcode)
                    && rest.first() != Some(&Opcode::Memoize.byte())
                    && new.get(other..) == Some(rest);
                if !is_single {
                    return None;
                }
                self.path = Some(self.stack.len());
                found = Some([at..end, at..other]);
            }
            match opcode {
                Opcode::Proto => {}
                Opcode::Stop => break,
                Opcode::Memoize => {
                    let is_name = matches!(
                        last?,
                        Opcode::ShortBinunicode | Opcode::Binunicode | Opcode::StackGlobal
                    );
                    self.memo.push(self.stack.last().filter(|_| is_name)?.start..at);
                }
                Opcode::Mark => self.marks.push((at, self.stack.len())),
                _ if is_scalar(opcode) => self.stack.push(Entry { start: at, len: 0 }),
                _ => self.step(opcode, at)?,
            }
            (at, last) = (end, Some(opcode));
        }
        match (&self.stack[..], self.path) {
            ([_], Some(0)) if self.marks.is_empty() => found,
            _ => None,
        }
    }

    fn step(&mut self, opcode: Opcode, at: usize) -> Option<()> {
        let top = self.stack.len();
        match opcode {
            Opcode::EmptyList | Opcode::EmptyDict | Opcode::EmptySet => {
                self.stack.push(Entry { start: at, len: 0 });
                Some(())
            }
            Opcode::List | Opcode::Dict | Opcode::Tuple | Opcode::Frozenset => {
                let (start, from) = self.marks.pop()?;
                self.enclose(opcode, from, start)
            }
            Opcode::Tuple1 => self.enclose_last(Opcode::Tuple, 1),
            Opcode::Tuple2 => self.enclose_last(Opcode::Tuple, 2),
            Opcode::Tuple3 => self.enclose_last(Opcode::Tuple, 3),
            Opcode::Appends | Opcode::Setitems | Opcode::Additems => {
                let (_, from) = self.marks.pop()?;
                self.add(opcode, from)
            }
            Opcode::Append => self.add(Opcode::Appends, top.checked_sub(1)?),
            Opcode::Setitem => self.add(Opcode::Setitems, top.checked_sub(2)?),
            Opcode::Build => self.add(opcode, top.checked_sub(1)?),
            Opcode::StackGlobal | Opcode::Newobj | Opcode::Reduce => self.enclose_last(opcode, 2),
            Opcode::NewobjEx => self.enclose_last(opcode, 3),
            _ => None,
        }
    }

    /// Makes one value of the last `count`.
    fn enclose_last(&mut self, opcode: Opcode, count: usize) -> Option<()> {
        let from = self.stack.len().checked_sub(count)?;
        self.enclose(opcode, from, self.stack.get(from)?.start)
    }

    /// Makes one value, which begins at `start`, of all from the one at `from` on.
    fn enclose(&mut self, opcode: Opcode, from: usize, start: usize) -> Option<()> {
        let count = self.stack.len().checked_sub(from)?;
        let len = if opcode == Opcode::Dict { count / 2 } else { count };
        if let Some(path) = self.path.filter(|path| *path >= from) {
            let index = path - from;
            let level = match opcode {
                Opcode::List => Level::List { index, len },
                Opcode::Tuple => Level::Tuple { index, len },
                Opcode::Dict => Level::Dict { key: self.key(from, path)? },
                _ => return None,
            };
            self.levels.push(level);
            self.path = Some(from);
        }
        self.stack.truncate(from);
        self.stack.push(Entry { start, len });
        Some(())
    }

    /// Adds the values from the one at `from` on to the one below.
    fn add(&mut self, opcode: Opcode, from: usize) -> Option<()> {
        let below = from.checked_sub(1)?;
        let count = self.stack.len().checked_sub(from)?;
        let more = if opcode == Opcode::Setitems { count / 2 } else { count };
        let before = self.stack.get(below)?.len;
        let len = before + more;
        match self.path {
            Some(path) if path >= from => {
                let level = match opcode {
                    Opcode::Appends => Level::List { index: before + path - from, len },
                    Opcode::Setitems => Level::Dict { key: self.key(from, path)? },
                    _ => return None,
                };
                self.levels.push(level);
                self.path = Some(below);
            }
            // More for the container that the scalar is in.
            Some(path) if path == below => match (self.levels.last_mut(), opcode) {
                (Some(Level::List { len: there, .. }), Opcode::Appends) => *there = len,
                (Some(Level::Dict { .. }), Opcode::Setitems) => {}
                _ => return None,
            },
            _ => {}
        }
        self.stack.truncate(from);
        self.stack.get_mut(below)?.len = len;
        Some(())
    }

    /// The key before a value of a dict whose first key is at `from`.
    fn key(&self, from: usize, path: usize) -> Option<Value> {
        if (path - from).is_multiple_of(2) {
            return None;
        }
        let (key, value) = (self.stack.get(path - 1)?, self.stack.get(path)?);
        let bytes = self.image.get(key.start..value.start)?;
        let bytes = match Opcode::from_byte(*bytes.first()?)? {
            Opcode::Binget => {
                self.image.get(self.memo.get(usize::from(*bytes.get(1)?))?.clone())?
            }
            Opcode::LongBinget => {
                let index = u32::from_le_bytes(*bytes.get(1..)?.first_chunk()?);
                self.image.get(self.memo.get(index as usize)?.clone())?
            }
            _ => bytes.strip_suffix(&[Opcode::Memoize.byte()]).unwrap_or(bytes),
        };
        scalar(bytes)
    }
}

/// The value of a scalar, from its one instruction.
fn scalar(bytes: &[u8]) -> Option<Value> {
    if let (Some(Opcode::ShortBinunicode), Some(text)) =
        (Opcode::from_byte(*bytes.first()?), bytes.get(2..))
    {
        let is_whole = usize::from(*bytes.get(1)?) == text.len();
        return std::str::from_utf8(text).ok().filter(|_| is_whole).map(Value::from);
    }
    let opcode = Opcode::from_byte(*bytes.first()?)?;
    if !is_scalar(opcode)
        || matches!(opcode, Opcode::Binget | Opcode::LongBinget)
        || end_of(bytes, 0, opcode) != Some(bytes.len())
    {
        return None;
    }
    let mut pickle = vec![Opcode::Proto.byte(), Protocol::HIGHEST.number()];
    pickle.extend_from_slice(bytes);
    pickle.push(Opcode::Stop.byte());
    of_own_pickle(&pickle).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ser::SerOptions;
    use crate::{Value, pickle};

    fn pair_of<T: serde::Serialize>(old: &T, new: &T) -> Option<(Value, Value)> {
        let image = |value: &T| SerOptions::new().to_image(value).unwrap();
        pair(&image(old), &image(new))
    }

    #[derive(serde_derive::Serialize)]
    struct Item(&'static str, Vec<Option<u32>>);

    #[test]
    fn a_scalar_is_left_with_what_it_is_in() {
        let old = pickle!([1, {"a": {"x": 1, "y": (2, [3])}, "b": "text"}]);
        let mut new = old.clone();
        new[1]["a"]["x"] = Value::from(5);
        let (was, now) = pair_of(&old, &new).unwrap();
        for (image, x) in [(was, 1), (now, 5)] {
            assert_eq!(image.to_string(), format!("[nan, {{'a': {{'x': {x}}}}}]"));
        }
        // In a tuple, and in a second batch.
        let items =
            |n: u32| (0..2500).map(move |m| Item("n", vec![Some(if m == 1700 { n } else { m })]));
        let (old, new) = (items(0).collect::<Vec<_>>(), items(7).collect::<Vec<_>>());
        let (was, now) = pair_of(&old, &new).unwrap();
        for (image, n) in [(was, 0), (now, 7)] {
            assert_eq!(image.as_list().map(Vec::len), Some(2500));
            assert_eq!(image[1700].to_string(), format!("(nan, [{n}])"));
            assert_eq!(image[1701].to_string(), "nan");
        }
    }

    #[test]
    fn other_differences_are_for_others() {
        assert!(pair_of(&pickle!([1, 2]), &pickle!([3, 4])).is_none());
        assert!(pair_of(&pickle!([1, 2]), &pickle!([1, 2, 3])).is_none());
        assert!(pair_of(&pickle!({"a": 1}), &pickle!({"b": 1})).is_none());
        assert!(pair_of(&pickle!([1]), &pickle!([[]])).is_none());
        let (was, now) = pair_of(&pickle!("a"), &pickle!("b")).unwrap();
        assert_eq!((was, now), (pickle!("a"), pickle!("b")));
    }
}
