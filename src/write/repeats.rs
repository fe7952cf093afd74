//! Short text that comes again: keys of maps, tags, cities, categories.
//!
//! CPython writes text that is *one object* once. serde shows no identity, so what CPython shares comes here as equal
//! text, again and again, and a pickle of records would be larger than CPython's. Looking every text up in a table of
//! all texts costs several times what writing it does ([`Texts`](super::texts::Texts), which is for those who ask for
//! it). This is a cache of a fixed size instead:
//!
//! - the first sight of a text is noted here and writes nothing but the text, so unique text costs no byte;
//! - the second writes it with a memo entry;
//! - from the third on it is a reference of two or five bytes.
//!
//! What makes it cheap: text of up to [`LONGEST`] bytes is two words, its length in the topmost byte. Comparing is two
//! comparisons, writing is one store, and `memcpy` and `memcmp` are not called, which pays for the look-up. Each text
//! has two slots where it may be. What has come again stays there for [`LIFE`] newcomers, so a stream of unique text
//! does not wash it out.
//!
//! What bounds it: the work for a text is constant, whatever the text. A cache that finds too little stops (see
//! [`CREDIT`]) until the next 64 KiB of output. A pickle below [`BEGIN`] bytes makes no cache.
//!
//! The bytes of a pickle depend on nothing but its values: the hash has no seed. Whoever makes texts collide gets a
//! larger pickle, not a slower one.

/// The longest text that is noted, in bytes: what fits into two words beside its length.
pub(super) const LONGEST: usize = 15;
/// How many bytes of a pickle are written before the cache is made: the cache costs about as much as writing these.
pub(super) const BEGIN: usize = 1 << 10;
/// Pairs of slots, a power of two.
const SETS: usize = 1 << SET_BITS;
const SET_BITS: u32 = 8;
/// How many newcomers a text outlives that has come again.
const LIFE: u32 = 3;
/// How many texts may come for the first time before the cache stops, and how many of them one text that comes again
/// makes up for.
const CREDIT: u32 = 512;
const GAIN: u32 = 8;
/// The same for a cache that has stopped before.
const CREDIT_AFTER: u32 = 64;
/// The memo index of a text that has none yet.
const NONE: u32 = u32::MAX;

/// A cache of the short texts that came lately.
#[derive(Default)]
pub(super) struct Repeats {
    /// Made by [`renew`](Self::renew).
    sets: Option<Box<[Set; SETS]>>,
    on: bool,
    credit: u32,
}

/// Where texts of one hash may be.
type Set = [Slot; 2];

#[derive(Clone, Copy)]
struct Slot {
    text: Words,
    index: u32,
    life: u32,
}

const FREE: Slot = Slot { text: Words(0, 0), index: NONE, life: 0 };

/// Text of up to [`LONGEST`] bytes, with its length in the highest byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(u64, u64);

/// What is known of a text.
pub(super) enum Sight {
    First,
    /// The same, and the cache has stopped with it.
    Last,
    /// It came before and has no memo entry.
    Again,
    /// It is in the memo.
    Known(u32),
}

impl Words {
    /// For text of up to [`LONGEST`] bytes. (Four loads that overlap, with masks in place of the jumps, were tried: no faster.)
    #[inline(always)]
    pub(super) fn new(text: &[u8]) -> Self {
        let len = text.len();
        let (low, high) = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            // Two shifts, since one by 64 bits is none.
            (u64::from_le_bytes(*first), (u64::from_le_bytes(*last) >> 8) >> ((120 - 8 * len) & 63))
        } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            (u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << ((8 * len - 32) & 63), 0)
        } else {
            let byte = |at: usize| u64::from(text.get(at).copied().unwrap_or(0)) << ((8 * at) & 63);
            (byte(0) | byte(1) | byte(2), 0)
        };
        Self(low, high | (len as u64) << 56)
    }

    /// The text and zeros, and what makes 16 bytes of it.
    #[inline(always)]
    pub(super) fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes[8..].copy_from_slice(&self.1.to_le_bytes());
        bytes
    }

    #[inline(always)]
    fn set(self) -> usize {
        let mixed = (self.0 ^ self.1.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper bits; the mask says so to the compiler.
        (mixed >> (u64::BITS - SET_BITS)) as usize & (SETS - 1)
    }
}

impl Repeats {
    /// Whether the cache has been made.
    pub(super) fn begun(&self) -> bool {
        self.sets.is_some()
    }

    /// Whether texts are to be looked up.
    #[inline(always)]
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Makes the cache, or lets it go on if it has stopped.
    #[cold]
    pub(super) fn renew(&mut self) {
        self.credit = if self.on || self.sets.is_none() { CREDIT } else { CREDIT_AFTER };
        self.on = true;
        self.sets.get_or_insert_with(|| Box::new([[FREE; 2]; SETS]));
    }

    /// What is known of `text`, which has come by that. Of the empty text nothing is.
    #[inline(always)]
    pub(super) fn look_up(&mut self, text: Words) -> Sight {
        let Some(sets) = &mut self.sets else { return Sight::First };
        if text == Words(0, 0) {
            return Sight::First;
        }
        let slots = &mut sets[text.set()];
        // Which of the two it is cannot be predicted, so that is no jump.
        let second = slots[1].text == text;
        if second | (slots[0].text == text) {
            // `renew` takes what is too much away, long before it overflows.
            self.credit += GAIN;
            let found = &mut slots[usize::from(second)];
            found.life = LIFE;
            return if found.index == NONE { Sight::Again } else { Sight::Known(found.index) };
        }
        note(slots, text, self.credit & 1 == 0);
        self.credit = self.credit.saturating_sub(1);
        if self.credit == 0 {
            self.on = false;
            return Sight::Last;
        }
        Sight::First
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

/// Notes a new text where the other one is worth more. Where neither has come again, `turn` decides.
#[inline(always)]
fn note(slots: &mut Set, text: Words, turn: bool) {
    let [first, second] = slots.each_ref().map(|slot| slot.life != 0);
    if first & second {
        slots[0].life -= 1;
        slots[1].life -= 1;
    } else {
        slots[usize::from(first | !(second | turn))] = Slot { text, ..FREE };
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
    fn what_comes_again_outlives_unique_text_and_the_cache_stops_without_it() {
        let mut repeats = Repeats::default();
        let text = Words::new(b"again");
        assert!(matches!(repeats.look_up(text), Sight::First));
        repeats.renew();
        assert!(matches!(repeats.look_up(text), Sight::First));
        assert!(matches!(repeats.look_up(text), Sight::Again));
        repeats.set_index(text, 7);
        for number in 0..10_000_u32 {
            assert!(matches!(repeats.look_up(Words::new(&number.to_le_bytes())), Sight::First));
            if number % 4 == 0 {
                assert!(matches!(repeats.look_up(text), Sight::Known(7)));
            }
        }
        repeats.renew();
        for credit in [CREDIT, CREDIT_AFTER] {
            for number in 0..credit {
                assert!(repeats.is_on());
                let last = matches!(repeats.look_up(Words::new(&(number + credit).to_be_bytes())), Sight::Last);
                assert_eq!(last, number + 1 == credit);
            }
            assert!(!repeats.is_on());
            repeats.renew();
        }
    }

    #[test]
    fn the_empty_text_is_never_known() {
        let mut repeats = Repeats::default();
        repeats.renew();
        for _ in 0..3 {
            assert!(matches!(repeats.look_up(Words::new(b"")), Sight::First));
        }
    }
}
