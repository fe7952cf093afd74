//! Room for the rest of a long list or dict.
//!
//! A buffer that doubles is copied as a whole each time, where it cannot grow in its place; that
//! was a tenth of the time that long lists took. Of a long list it is known how many items are
//! still to come, at least that is what was announced, and how many bytes the last thousand took.
//! That is what room is made for, and little more, so that the pickle does not keep twice the
//! memory it needs.

use super::{Emitter, Sink};

/// Growth estimate for a long list or dict, updated per batch.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// The number of items that were announced and have not come.
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

/// The factor of its length by which a buffer may grow for announced items. The number may not be
/// true.
const GROWTH: usize = 8;

impl Emitter<dyn Sink + '_> {
    /// A batch of `batch` items has ended, and another one begins. By value, so that a list's state
    /// can stay in registers.
    #[inline(never)]
    pub(crate) fn make_room(&mut self, pace: Pace, batch: usize) -> Pace {
        let len = self.out.len();
        let items = pace.items.saturating_sub(batch);
        if self.sink.keeps() && pace.begun != 0 {
            let took = len.saturating_sub(pace.begun);
            let rest = items.div_ceil(batch).saturating_mul(took);
            let (rest, room) = (rest.saturating_add(rest / 16), self.out.capacity() - len);
            // Not before it has to be: later there is more to tell the rest from.
            if room < rest && room < took.saturating_mul(2) {
                // An eighth at the least, so that what is copied stays in proportion whatever
                // comes.
                self.out.reserve_exact(rest.clamp(len / 8, len.saturating_mul(GROWTH)));
            }
        }
        Pace { items, begun: len }
    }
}
