//! The bytes of a reader, lent to what keeps most of them.
//!
//! A type that owns its bytes would copy an array out of the pickle that was collected, and both
//! were in memory at once. So the pickle is shared while it is read, and an array that is most of
//! it keeps it, with what is around the array.

use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::limits;
use crate::slot::{self, LaidOut, Slot};

thread_local! {
    static INPUT: Slot<Arc<Vec<u8>>> = const { Slot::new() };
}

/// A pickle, lent until this is dropped if it is large.
pub(crate) struct Lent {
    bytes: Arc<Vec<u8>>,
    _lent: Option<LaidOut>,
}

impl Lent {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        let is_large = bytes.len() >= limits::LENT;
        if is_large {
            // It may be kept for long.
            bytes.shrink_to_fit();
        }
        let bytes = Arc::new(bytes);
        let lay_out =
            || slot::lay_out(&INPUT, Arc::clone(&bytes), |before| slot::restore(&INPUT, before));
        Self { _lent: is_large.then(lay_out), bytes }
    }
}

impl Deref for Lent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Most of a pickle, which it keeps alive.
#[derive(Clone)]
pub(crate) struct Part {
    pickle: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Part {
    /// The same bytes, if they lie in the pickle that is lent now, and are three quarters of it.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < limits::LENT / 4 * 3 {
            return None;
        }
        let pickle = slot::take(&INPUT)?;
        // Addresses are compared, and nothing is read by them.
        let start = (bytes.as_ptr() as usize).checked_sub(pickle.as_ptr() as usize);
        let range = start.and_then(|start| Some(start..start.checked_add(bytes.len())?));
        let range = range.filter(|range| {
            pickle.get(range.clone()).is_some() && bytes.len() / 3 >= pickle.len() / 4
        });
        let part = range.map(|range| Self { pickle: Arc::clone(&pickle), range });
        slot::put(&INPUT, pickle);
        part
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.pickle.get(self.range.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_most_of_what_is_lent_is_kept() {
        let bytes: Vec<u8> = (0..=250).cycle().take(2 * limits::LENT).collect();
        let elsewhere = bytes.clone();
        assert!(Part::of(&bytes).is_none());
        let lent = Lent::new(bytes);
        let part = Part::of(&lent[7..]).unwrap();
        assert_eq!(part.as_ptr(), lent[7..].as_ptr());
        assert!(Part::of(&lent[limits::LENT..]).is_none());
        assert!(Part::of(&elsewhere).is_none());
        drop(lent);
        assert!(*part == elsewhere[7..]);
        assert!(Part::of(&part).is_none());
        // A small pickle is not worth it.
        let small = Lent::new(vec![0; limits::LENT - 1]);
        assert!(Part::of(&small).is_none());
    }
}
