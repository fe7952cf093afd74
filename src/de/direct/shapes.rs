//! Keys that dicts share.
//!
//! Records come in thousands with the same keys, and a pickler writes each key once: the other
//! times it is fetched from the memo, and lies at the same place in the input. So equal lists of
//! keys are found by comparing places, and the dicts that have them share one list. The first time
//! that keys are met says nothing: only from the second on there is something to share.

use std::sync::Arc;

use super::kept::Operand;
use crate::value::Keys;

/// Lists of keys that are remembered, a power of two.
const SLOTS: usize = 64;

/// Where texts lie.
type Place = (*const u8, usize);

#[derive(Default)]
struct Slot {
    /// The first and the last key, and their number, when they were met first.
    met: Option<(Place, Place, usize)>,
    places: Vec<Place>,
    keys: Option<Arc<Keys>>,
}

/// The lists of keys that were met lately.
#[derive(Default)]
pub(super) struct Shapes {
    slots: Vec<Slot>,
}

fn place(text: &str) -> Place {
    (text.as_ptr(), text.len())
}

impl Shapes {
    /// The keys of these keys and values in turn, if a dict had them before.
    pub(super) fn find(&mut self, entries: &[Operand<'_>]) -> Option<Arc<Keys>> {
        let len = entries.len() / 2;
        if !(1..=Keys::MOST).contains(&len) || !entries.len().is_multiple_of(2) {
            return None;
        }
        let (Operand::Text(first), Operand::Text(last)) =
            (entries.first()?, entries.get(2 * len - 2)?)
        else {
            return None;
        };
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        // Texts are parted by two bytes at least.
        let number = (first.as_ptr() as usize / 2).wrapping_add(len) % SLOTS;
        let slot = self.slots.get_mut(number)?;
        let keys = || entries.iter().step_by(2);
        if let Some(shared) = &slot.keys
            && slot.places.len() == len
            && keys()
                .zip(&slot.places)
                .all(|(key, found)| matches!(key, Operand::Text(key) if place(key) == *found))
        {
            return Some(Arc::clone(shared));
        }
        let met = Some((place(first), place(last), len));
        if slot.met != met {
            *slot = Slot { met, ..Slot::default() };
            return None;
        }
        let mut texts = Vec::with_capacity(len);
        for key in keys() {
            match key {
                Operand::Text(text) => texts.push(*text),
                _ => return None,
            }
        }
        slot.keys = Keys::of(texts.iter().copied());
        slot.places = texts.into_iter().map(place).collect();
        slot.keys.clone()
    }
}
