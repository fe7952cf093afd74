//! Repeated short text: keys of maps, tags, cities, categories.
//!
//! CPython writes text that is *one object* once. serde shows no identity, so text that CPython
//! shares is here equal text, again and again, and a pickle of records would be larger than
//! CPython's. Looking up every text in a table of all texts costs several times as much as writing
//! it ([`Texts`](super::texts::Texts) does so on request). This is a cache of a fixed size instead:
//!
//! - the first occurrence of a text is noted here and written as plain text, so unique text costs
//!   no byte;
//! - the second writes it with a memo entry;
//! - from the third on it is a reference of two or five bytes.
//!
//! It is cheap because text of up to [`LONGEST`] bytes is two words, its length in the topmost
//! byte. Equality is two comparisons, writing is one store, and `memcpy` and `memcmp` are not
//! called, which pays for the lookup. Each text has two slots where it may be. A repeated text
//! stays there for [`LIFE`] newcomers, so a stream of unique text does not evict it.
//!
//! The work for a text is constant, whatever the text. Repetition depends on the field: tags
//! repeat, names and streets do not. So each field is given up after [`PATIENCE`] new texts in a
//! row, and its text is written without a lookup for the next 64 KiB of output, which saves an
//! eighth of the time of writing records. A pickle below [`BEGIN`] bytes makes no cache.
//!
//! The bytes of a pickle depend only on its values: the hash has no seed. Texts that collide make a
//! larger pickle, not a slower one.

use std::hint::select_unpredictable;

/// The longest text that is noted, in bytes: what fits into two words beside its length.
pub(super) const LONGEST: usize = 15;
/// Text of at least this many bytes is not looked up here.
pub(super) const LOOKED_UP: usize = LONGEST + 1;
/// The number of bytes written before the cache is made, which costs about as much as writing
/// these.
pub(super) const BEGIN: usize = 1 << 10;
/// Pairs of slots, a power of two.
const SETS: usize = 1 << SET_BITS;
const SET_BITS: u32 = 8;
/// The number of newcomers that a repeated text outlives.
const LIFE: u32 = 3;
/// The number of texts of a new field that may come for the first time before its text is no longer
/// looked up.
const PATIENCE: u8 = 64;
/// The same, in a row, after one that came again.
const PATIENCE_FOUND: u8 = 32;
/// The same for a field that has been given up before.
const PATIENCE_AFTER: u8 = 16;
/// The memo index of a text that has none yet.
const NONE: u32 = u32::MAX;

/// A cache of recent short texts.
pub(super) struct Repeats {
    /// Made by [`begin`](Self::begin).
    sets: Option<Box<[Slots; SETS]>>,
    /// Chooses the slot for the next text where both are of equal worth.
    turn: bool,
}

/// Keeps if the short text of a field is looked up, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Interest {
    /// Text of this field of at least so many bytes is not looked up.
    from: u16,
    patience: u8,
}

impl Interest {
    /// The interest in a new field, whose text of at least `from` bytes is not looked up.
    #[inline(always)]
    pub(super) fn new(from: usize) -> Self {
        Self { from: from as u16, patience: PATIENCE }
    }

    #[inline(always)]
    pub(super) fn from(self) -> usize {
        usize::from(self.from)
    }

    /// Notes a text that was repeated.
    #[inline(always)]
    fn found(&mut self) {
        self.patience = self.patience.max(PATIENCE_FOUND);
    }

    /// Notes a text that was new.
    fn missed(&mut self) {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            self.from = 0;
        }
    }

    /// Begins to look up the text again.
    pub(super) fn renew(&mut self) {
        self.from = LOOKED_UP as u16;
        self.patience = self.patience.max(PATIENCE_AFTER);
    }
}

/// The slots for texts of one hash.
type Slots = [CacheSlot; 2];

#[derive(Clone, Copy)]
struct CacheSlot {
    text: Words,
    index: u32,
    life: u32,
}

const FREE: CacheSlot = CacheSlot { text: Words(0, 0), index: NONE, life: 0 };

/// Text of up to [`LONGEST`] bytes, with its length in the highest byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(u64, u64);

/// A text that came before.
pub(super) enum Sighting {
    /// It has no memo entry yet.
    Text,
    /// It is in the memo.
    Entry(u32),
}

impl Words {
    /// For text of up to [`LONGEST`] bytes.
    ///
    /// There is no branch on eight bytes, because lengths cannot be predicted. Fewer than four are
    /// rare.
    #[inline(always)]
    pub(super) fn new(text: &[u8]) -> Self {
        let len = text.len();
        let (low, high) = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk())
        {
            let four = u64::from(u32::from_le_bytes(*first))
                | u64::from(u32::from_le_bytes(*last)) << ((8 * len) & 63 ^ 32);
            let (is_eight, zeros) = (len >= 8, [0; 8]);
            let text = select_unpredictable(is_eight, text, &zeros);
            // There are eight either way.
            let (first, last) =
                (text.first_chunk().unwrap_or(&zeros), text.last_chunk().unwrap_or(&zeros));
            // Two shifts, since one by 64 bits is not possible.
            let high = (u64::from_le_bytes(*last) >> 8) >> ((8 * len) & 63 ^ 56);
            (select_unpredictable(is_eight, u64::from_le_bytes(*first), four), high)
        } else {
            let byte = |at: usize| u64::from(text.get(at).copied().unwrap_or(0)) << ((8 * at) & 63);
            (byte(0) | byte(1) | byte(2), 0)
        };
        Self(low, high | (len as u64) << 56)
    }

    /// The text, padded with zeros to 16 bytes.
    #[cfg(test)]
    fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes[8..].copy_from_slice(&self.1.to_le_bytes());
        bytes
    }

    /// The text behind `header` bytes of zeros, from two to five: its first 24 bytes.
    #[inline(always)]
    pub(super) fn behind(self, header: usize) -> [u64; 3] {
        let bits = 8 * (header & 7) as u32;
        let rest = 64u32.wrapping_sub(bits) & 63;
        [self.0 << bits, self.0 >> rest | self.1 << bits, self.1 >> rest]
    }

    #[inline(always)]
    fn set(self) -> usize {
        let mixed = (self.0 ^ self.1.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper bits; the mask says so to the compiler.
        (mixed >> (u64::BITS - SET_BITS)) as usize & (SETS - 1)
    }
}

impl Repeats {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self { sets: None, turn: false }
    }

    /// Returns true if the cache has been made.
    pub(super) fn begun(&self) -> bool {
        self.sets.is_some()
    }

    /// Makes the cache.
    #[cold]
    pub(super) fn begin(&mut self) {
        self.sets.get_or_insert_with(|| Box::new([[FREE; 2]; SETS]));
    }

    /// Looks up `text`, which is not empty.
    #[inline(always)]
    pub(super) fn find(&mut self, text: Words, interest: &mut Interest) -> Option<Sighting> {
        let slots = &mut self.sets.as_mut()?[text.set()];
        // The slot cannot be predicted, so there is no branch.
        let [first, second] =
            slots.each_ref().map(|slot| (slot.text.0 ^ text.0) | (slot.text.1 ^ text.1) == 0);
        if !(first | second) {
            return None;
        }
        interest.found();
        // A bool is within the bounds of two slots.
        let found = &mut slots[usize::from(second)];
        found.life = LIFE;
        Some(if found.index == NONE { Sighting::Text } else { Sighting::Entry(found.index) })
    }

    /// Notes a text that has come for the first time.
    pub(super) fn note(&mut self, text: Words, interest: &mut Interest) {
        if let Some(sets) = &mut self.sets {
            note(&mut sets[text.set()], text, self.turn);
            self.turn = !self.turn;
        }
        interest.missed();
    }

    /// Notes the memo index of a text that has been looked up.
    pub(super) fn set_index(&mut self, text: Words, index: u32) {
        let Some(sets) = &mut self.sets else { return };
        for slot in &mut sets[text.set()] {
            if slot.text == text {
                slot.index = index;
            }
        }
    }
}

/// Notes a new text in the slot that is worth less. If neither text was repeated, `turn` decides.
#[inline(always)]
fn note(slots: &mut Slots, text: Words, turn: bool) {
    let [first, second] = slots.each_ref().map(|slot| slot.life != 0);
    if first & second {
        slots[0].life -= 1;
        slots[1].life -= 1;
    } else {
        slots[usize::from(first | !(second | turn))] = CacheSlot { text, ..FREE };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_text_and_its_length() {
        let text = b"\0\xff\x01bcdefghijklmn";
        for len in 1..=LONGEST {
            let mut expected = [0; 16];
            expected[..len].copy_from_slice(&text[..len]);
            expected[15] = len as u8;
            assert_eq!(Words::new(&text[..len]).bytes(), expected);
        }
        assert!(Words::new(b"a") != Words::new(b"a\0"));
    }

    #[test]
    fn what_comes_again_outlives_unique_text() {
        let mut repeats = Repeats::new();
        let mut interest = Interest::new(LOOKED_UP);
        let text = Words::new(b"again");
        assert!(repeats.find(text, &mut interest).is_none());
        repeats.begin();
        assert!(repeats.find(text, &mut interest).is_none());
        repeats.note(text, &mut interest);
        assert!(matches!(repeats.find(text, &mut interest), Some(Sighting::Text)));
        repeats.set_index(text, 7);
        for number in 0..10_000_u32 {
            let unique = Words::new(&number.to_le_bytes());
            assert!(repeats.find(unique, &mut interest).is_none());
            repeats.note(unique, &mut interest);
            assert_eq!(interest.from(), LOOKED_UP);
            if number % 4 == 0 {
                assert!(matches!(repeats.find(text, &mut interest), Some(Sighting::Entry(7))));
            }
        }
    }

    #[test]
    fn a_field_of_unique_text_is_given_up_and_tried_again() {
        let mut repeats = Repeats::new();
        repeats.begin();
        let mut interest = Interest::new(LOOKED_UP);
        for most in [PATIENCE, PATIENCE_AFTER, PATIENCE_AFTER] {
            for number in 0..most {
                assert_eq!(interest.from(), LOOKED_UP);
                repeats.note(Words::new(&[number]), &mut interest);
            }
            assert_eq!(interest.from(), 0);
            interest.renew();
        }
        assert!(repeats.find(Words::new(&[1]), &mut interest).is_some());
        (1..PATIENCE_FOUND).for_each(|_| interest.missed());
        assert_eq!(interest.from(), LOOKED_UP);
        interest.missed();
        assert_eq!(interest.from(), 0);
    }
}
