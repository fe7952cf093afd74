//! Room for the rest of a long list or dict.
//!
//! A buffer that doubles and cannot grow in place is copied as a whole each time, which takes a
//! tenth of the time of a long list. The number of remaining items is known, if the announcement is
//! true, and so is the size of the last thousand. Room is made for that and little more, so that
//! the pickle does not keep twice the memory it needs.

use super::Emitter;

/// Growth estimate for a long list or dict, updated per batch.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// The number of announced items that are still to come.
    items: usize,
    /// The length of the output when the last batch began; 0 if none has.
    begun: usize,
}

impl Pace {
    #[inline(always)]
    pub(crate) fn new(announced: Option<usize>) -> Self {
        Self { items: announced.unwrap_or(0), begun: 0 }
    }
}

/// The factor by which a buffer may grow for announced items, whose number may be false.
const GROWTH: usize = 8;

impl Emitter {
    /// Makes room after a batch of `batch` items. Takes `pace` by value, so that a list's state can
    /// stay in registers.
    #[inline(never)]
    pub(crate) fn make_room(&mut self, pace: Pace, batch: usize) -> Pace {
        let len = self.out.len();
        let items = pace.items.saturating_sub(batch);
        if self.keeps && pace.begun != 0 {
            let took = len.saturating_sub(pace.begun);
            let rest = items.div_ceil(batch).saturating_mul(took);
            let (rest, room) = (rest.saturating_add(rest / 16), self.out.capacity() - len);
            // Room is made as late as possible, when the estimate rests on more items.
            if room < rest && room < took.saturating_mul(2) {
                // At least an eighth, so that copying stays linear in total.
                self.out.reserve_exact(rest.clamp(len / 8, len.saturating_mul(GROWTH)));
            }
        }
        Pace { items, begun: len }
    }
}
