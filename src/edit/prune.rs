//! Two images without what they have in common.
//!
//! The difference between two images is small where little was changed, and a [`Value`] of
//! everything else would cost more than all other parts of an update. So equal parts are left out
//! of the images before they become `Value`s: in their place stands a number that nothing else is,
//! [`LEFT_OUT`]. Items of lists and tuples and parts of a state are left out in this way, and
//! entries of dicts with their keys, for all of which there is one entry [`REST`]; classes and
//! arguments stay. Each value is looked at once.
//!
//! This is a short cut. [`prune`] gives up on what it does not expect, and a change that needs what
//! was left out is applied to whole images instead.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::outline::{Entry, Kind, Outline, Role, WHOLE, end_of};
use crate::instruction::Opcode;
use crate::limits;
use crate::protocol::Protocol;
use crate::value::Value;

/// The bits of the NaN in the place of a value that both images have.
const LEFT_OUT: u64 = 0x7ff8_5e7d_e1ef_70e7;

/// The instruction for it.
const PLACEHOLDER: [u8; 9] = {
    let bits = LEFT_OUT.to_be_bytes();
    let mut bytes = [Opcode::Binfloat.byte(); 9];
    let mut at = 0;
    while at < bits.len() {
        bytes[at + 1] = bits[at];
        at += 1;
    }
    bytes
};

/// The key of the entry for all those of a dict that were left out, so that a dict from which some
/// are missing is not taken for a whole one.
pub(super) const REST: &str = "$serde_pickle::rest";

/// Bytes that are compared at once.
const STEP: usize = 32;

/// Returns true for a value that stands for one that was left out.
pub(super) fn is_left_out(value: &Value) -> bool {
    matches!(value, Value::Float(float) if is_placeholder(*float))
}

/// The value in the place of one that was left out.
pub(super) fn placeholder() -> Value {
    Value::Float(f64::from_bits(LEFT_OUT))
}

/// Returns true for the number in the place of a value that was left out.
pub(super) fn is_placeholder(float: f64) -> bool {
    float.to_bits() == LEFT_OUT
}

/// Leaves out of two images what they have in common, and gives a pickle of the two that are left;
/// `None` where that would take another way.
pub(super) fn prune(old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    if let Some(pruned) = prune_alike(old, new) {
        return Some(pruned);
    }
    // One of them has a name more, and the numbers in the memo have moved.
    let (old, new) = (spelled_out(old)?, spelled_out(new)?);
    prune_alike(&old, &new)
}

/// [`prune`] for images whose memos agree.
fn prune_alike(old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    let before = common_prefix(old, new);
    let behind = common_suffix(&old[before..], &new[before..]);
    let mut was = Outline::new(before, old.len() - behind);
    was.run(old, before)?;
    // Up to here one run is that of both.
    let mut now = was.clone();
    let known = was.memo.len();
    now.behind = new.len() - behind;
    was.run(old, old.len())?;
    now.run(new, new.len())?;
    let memos = was.memo.iter().zip(&now.memo).skip(known);
    for (was, now) in memos {
        if old.get(was.clone()) != new.get(now.clone()) {
            return None;
        }
    }
    let (mut old, mut new) =
        (Image { bytes: old, outline: was }, Image { bytes: new, outline: now });
    let roots = mark(&mut old, &mut new)?;
    let mut out = begin();
    Copy::new(&old, &mut out).without(roots.0)?;
    Copy::new(&new, &mut out).without(roots.1)?;
    Some(end(out))
}

/// Begins a pickle of a pair.
fn begin() -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(&[Opcode::Proto.byte(), Protocol::HIGHEST.number()]);
    out
}

fn end(mut out: Vec<u8>) -> Vec<u8> {
    out.extend_from_slice(&[Opcode::Tuple2.byte(), Opcode::Stop.byte()]);
    out
}

/// The number of bytes that two images have in common at their beginning.
pub(super) fn common_prefix(old: &[u8], new: &[u8]) -> usize {
    let chunks = old.chunks_exact(STEP).zip(new.chunks_exact(STEP));
    let whole = STEP * chunks.take_while(|(old, new)| old == new).count();
    let rest = old[whole..].iter().zip(&new[whole..]);
    whole + rest.take_while(|(old, new)| old == new).count()
}

/// The same at their end.
fn common_suffix(old: &[u8], new: &[u8]) -> usize {
    let chunks = old.rchunks_exact(STEP).zip(new.rchunks_exact(STEP));
    let whole = STEP * chunks.take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - whole], &new[..new.len() - whole]);
    let rest = old.iter().rev().zip(new.iter().rev());
    whole + rest.take_while(|(old, new)| old == new).count()
}

/// An image in which everything is spelled where it stands, so that nothing depends on the memo.
fn spelled_out(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut outline = Outline::new(0, usize::MAX);
    outline.run(bytes, bytes.len())?;
    let image = Image { bytes, outline };
    let mut out = Vec::new();
    Copy::new(&image, &mut out).range(0, bytes.len())?;
    Some(out)
}

struct Image<'a> {
    bytes: &'a [u8],
    outline: Outline,
}

impl<'a> Image<'a> {
    fn text(&self, entry: Entry) -> &'a [u8] {
        self.bytes.get(entry.start..entry.end).unwrap_or_default()
    }

    fn entries(&self, parts: u32) -> &[Entry] {
        self.outline.parts.get(parts as usize).map_or(&[], |parts| &parts.entries)
    }

    fn kind(&self, parts: u32) -> Option<Kind> {
        self.outline.parts.get(parts as usize).map(|parts| parts.kind)
    }

    fn set_same(&mut self, parts: u32, place: usize) {
        let parts = self.outline.parts.get_mut(parts as usize);
        if let Some(entry) = parts.and_then(|parts| parts.entries.get_mut(place)) {
            entry.same = true;
        }
    }
}

/// Marks the values that both images have. Gives the outermost ones.
fn mark(old: &mut Image<'_>, new: &mut Image<'_>) -> Option<(Entry, Entry)> {
    let roots = (old.outline.root()?, new.outline.root()?);
    let mut open = vec![(roots.0.parts, roots.1.parts)];
    while let Some((was, now)) = open.pop() {
        if was == WHOLE || now == WHOLE || old.kind(was) != new.kind(now) {
            continue;
        }
        let pairs = pairs(old, new, was, now);
        let mut same = Vec::new();
        for &(before, after) in &pairs {
            let (Some(&a), Some(&b)) = (old.entries(was).get(before), new.entries(now).get(after))
            else {
                continue;
            };
            if old.text(a) != new.text(b) {
                open.push((a.parts, b.parts));
            } else if a.role == Role::Content && b.role == Role::Content {
                old.set_same(was, before);
                new.set_same(now, after);
                same.push((before, after));
            }
        }
        if old.kind(was) == Some(Kind::Pairs) {
            for &(before, after) in &same {
                old.set_same(was, before - 1);
                new.set_same(now, after - 1);
            }
        }
    }
    Some(roots)
}

/// The places of the values of two containers that are to be compared.
fn pairs(old: &Image<'_>, new: &Image<'_>, was: u32, now: u32) -> Vec<(usize, usize)> {
    let (before, after) = (old.entries(was), new.entries(now));
    match old.kind(was) {
        Some(Kind::Pairs) => pairs_by_key(old, new, before, after),
        _ if before.len() == after.len() => (0..before.len()).map(|place| (place, place)).collect(),
        Some(Kind::Items) => {
            let alike = |(a, b): &(&Entry, &Entry)| old.text(**a) == new.text(**b);
            let first = before.iter().zip(after).take_while(alike).count();
            let left = before.len().min(after.len()) - first;
            let backwards = before.iter().rev().zip(after.iter().rev()).take(left);
            let last = backwards.take_while(alike).count();
            let ends = (1..=last).map(|place| (before.len() - place, after.len() - place));
            (0..first).map(|place| (place, place)).chain(ends).collect()
        }
        _ => Vec::new(),
    }
}

/// Pairs the values of entries by their keys.
fn pairs_by_key(
    old: &Image<'_>,
    new: &Image<'_>,
    before: &[Entry],
    after: &[Entry],
) -> Vec<(usize, usize)> {
    let mut by_key: HashMap<&[u8], usize, RandomState> = HashMap::default();
    let mut found = Vec::with_capacity(after.len() / 2);
    for place in (0..after.len() / 2).map(|entry| 2 * entry) {
        let key = new.text(after[place]);
        if before.get(place).is_some_and(|beside| old.text(*beside) == key) {
            found.push((place + 1, place + 1));
            continue;
        }
        if by_key.is_empty() {
            let keys = before.iter().enumerate().step_by(2);
            by_key.extend(keys.map(|(place, key)| (old.text(*key), place)));
        }
        if let Some(there) = by_key.get(key) {
            found.push((there + 1, place + 1));
        }
    }
    found
}

/// A container that is being copied.
struct Open {
    parts: u32,
    /// The next of its parts.
    next: usize,
    end: usize,
    /// True if it has the entry for those that are left out.
    has_rest: bool,
}

/// A copy of parts of an image, in which nothing depends on the memo.
struct Copy<'i> {
    image: &'i Image<'i>,
    bytes: &'i [u8],
    out: &'i mut Vec<u8>,
    /// The bytes that may still be spelled out in the place of references.
    left: usize,
}

impl<'i> Copy<'i> {
    fn new(image: &'i Image<'i>, out: &'i mut Vec<u8>) -> Self {
        let left = limits::SPELLED_OUT.saturating_add(4 * image.bytes.len());
        Self { image, bytes: image.bytes, out, left }
    }

    /// Copies a value, with the placeholder for every one that is marked as the same.
    fn without(&mut self, root: Entry) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        let mut at = self.entry(root, root.start, &mut open)?;
        while let Some(container) = open.last_mut() {
            let entries = self.image.entries(container.parts);
            match entries.get(container.next).copied() {
                // A key that is left out is left out with its value.
                Some(key) if key.same && key.role == Role::Fixed => {
                    self.range(at, key.start)?;
                    at = entries.get(container.next + 1)?.end;
                    container.next += 2;
                    if !std::mem::replace(&mut container.has_rest, true) {
                        let len = u8::try_from(REST.len()).ok()?;
                        self.out.extend([Opcode::ShortBinunicode.byte(), len]);
                        self.out.extend_from_slice(REST.as_bytes());
                        self.out.extend_from_slice(&PLACEHOLDER);
                    }
                }
                Some(entry) => {
                    container.next += 1;
                    at = self.entry(entry, at, &mut open)?;
                }
                None => {
                    self.range(at, container.end)?;
                    at = container.end;
                    open.pop();
                }
            }
        }
        Some(())
    }

    /// Copies what stands between `at` and a value, and then the value, or begins to; gives where
    /// the copy then stands.
    fn entry(&mut self, entry: Entry, at: usize, open: &mut Vec<Open>) -> Option<usize> {
        self.range(at, entry.start)?;
        if entry.same && entry.end - entry.start > PLACEHOLDER.len() {
            self.out.extend_from_slice(&PLACEHOLDER);
        } else if entry.parts == WHOLE || entry.same {
            if entry.role == Role::Fixed && self.image.text(entry).ends_with(REST.as_bytes()) {
                return None;
            }
            self.range(entry.start, entry.end)?;
        } else {
            open.push(Open { parts: entry.parts, next: 0, end: entry.end, has_rest: false });
            return Some(entry.start);
        }
        Some(entry.end)
    }

    /// Copies whole instructions.
    fn range(&mut self, start: usize, end: usize) -> Option<()> {
        let bytes = self.bytes.get(..end)?;
        let mut at = start;
        while at < end {
            let opcode = Opcode::from_byte(*bytes.get(at)?)?;
            let behind = end_of(bytes, at, opcode)?;
            match opcode {
                Opcode::Memoize => {}
                Opcode::Binget | Opcode::LongBinget => {
                    let mut index = [0; 4];
                    index.get_mut(..behind - at - 1)?.copy_from_slice(&bytes[at + 1..behind]);
                    let index = u32::from_le_bytes(index) as usize;
                    let there = self.image.outline.memo.get(index)?;
                    self.left = self.left.checked_sub(there.len())?;
                    // Memoized values refer only to earlier ones: names to nothing, classes
                    // to names.
                    self.range(there.start, there.end)?;
                }
                _ => self.out.extend_from_slice(&bytes[at..behind]),
            }
            at = behind;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::convert::of_own_pickle;
    use crate::ser::SerOptions;
    use crate::{Value, pickle};

    fn pruned<T: serde::Serialize>(old: &T, new: &T) -> Value {
        let image = |value: &T| SerOptions::new().to_image(value).unwrap();
        of_own_pickle(&prune(&image(old), &image(new)).unwrap()).unwrap()
    }

    fn left_out() -> Value {
        Value::Float(f64::from_bits(LEFT_OUT))
    }

    #[test]
    fn equal_items_and_entries_are_left_out() {
        let old = pickle!([["a long enough text"], {"k": 1, "same": "another long text"}]);
        let new = pickle!([["a long enough text"], {"k": 2, "same": "another long text"}]);
        let both = pickle!((
            [(left_out()), {"k": 1, REST: (left_out())}],
            [(left_out()), {"k": 2, REST: (left_out())}]
        ));
        assert_eq!(pruned(&old, &new), both);
        let longer =
            pickle!([["a long enough text"], "more", {"k": 1, "same": "another long text"}]);
        let both = pickle!(([(left_out()), (left_out())], [(left_out()), "more", (left_out())]));
        assert_eq!(pruned(&old, &longer), both);
    }

    #[test]
    fn entries_in_another_order_are_paired_by_key() {
        let map = |changed: &str| -> HashMap<String, String> {
            let text = |n: u32| if n == 77 { changed.to_owned() } else { format!("text {n}") };
            (0..100).map(|n| (n.to_string(), text(n))).collect()
        };
        let found = pruned(&map("old"), &map("new"));
        for (image, text) in [(&found[0], "old"), (&found[1], "new")] {
            assert_eq!(image["77"], text);
            assert_eq!(image.as_dict().map(|dict| dict.len()), Some(2));
        }
    }

    #[test]
    fn a_name_that_is_new_moves_the_memo_and_changes_nothing_else() {
        #[derive(serde_derive::Serialize)]
        struct Outer {
            first: Option<Inner>,
            rest: Vec<Inner>,
        }
        #[derive(serde_derive::Serialize)]
        struct Inner {
            #[serde(skip_serializing_if = "Option::is_none")]
            comment: Option<&'static str>,
            number: u32,
        }
        let inner = |comment, number| Inner { comment, number };
        let of = |comment| Outer { first: Some(inner(comment, 1)), rest: vec![inner(None, 2)] };
        let found = pruned(&of(None), &of(Some("new")));
        assert_eq!(found[1]["first"]["comment"], "new");
        let lens = [&found[0], &found[1]].map(|image| {
            let len = |dict: &Value| dict.as_dict().map(|dict| dict.len());
            (len(image), len(&image["first"]))
        });
        assert_eq!(lens, [(Some(2), Some(1)), (Some(2), Some(2))]);
    }
}
