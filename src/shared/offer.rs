//! The offer of an identity, from a pointer to our serializer: a slot of the thread as in
//! `slot.rs`, by whose rules it goes.
//!
//! Each reference to a shared value fills it once. So its parts lie apart: to fill and to empty it
//! is a few stores, and what it held before is kept in memory of its own, where it held something.

use std::any::TypeId;
use std::cell::Cell;

use super::scope::{Identity, Key};

/// The identity of the content that lies at an address.
struct Offer {
    content: usize,
    identity: Identity,
}

/// Room for one offer.
struct Room {
    /// The address of the content; 0 where nothing is offered.
    content: Cell<usize>,
    number: Cell<u64>,
    kind: Cell<Option<TypeId>>,
}

thread_local! {
    static OFFERED: Room = const {
        Room { content: Cell::new(0), number: Cell::new(0), kind: Cell::new(None) }
    };
}

impl Room {
    #[inline(always)]
    fn set(&self, Offer { content, identity: (number, kind) }: Offer) {
        self.content.set(content);
        self.number.set(number);
        self.kind.set(Some(kind));
    }

    #[cold]
    #[inline(never)]
    fn restore(&self, before: Offer) {
        self.set(before);
    }

    #[cold]
    #[inline(never)]
    fn get(&self) -> Option<Box<Offer>> {
        let identity = (self.number.get(), self.kind.get()?);
        Some(Box::new(Offer { content: self.content.get(), identity }))
    }
}

/// Stands until this is dropped.
pub(super) struct Offered {
    /// The offer that stood before, for which nobody has looked yet.
    before: Option<Box<Offer>>,
}

impl Offered {
    /// Offers the identity of the content at an address.
    #[inline]
    pub(super) fn new(content: usize, identity: Identity) -> Self {
        OFFERED.with(|room| {
            let before = if room.content.get() == 0 { None } else { room.get() };
            room.set(Offer { content, identity });
            Self { before }
        })
    }
}

impl Drop for Offered {
    #[inline]
    fn drop(&mut self) {
        OFFERED.with(|room| match self.before.take() {
            None => room.content.set(0),
            Some(before) => room.restore(*before),
        });
    }
}

/// The identity of the content at this address, if it is offered. The offer stands.
#[inline(always)]
pub(crate) fn offers(content: usize, hashed: bool) -> Option<Key> {
    OFFERED.with(|room| {
        // No content is at the address 0.
        if room.content.get() != content {
            return None;
        }
        Some(Key((room.number.get(), room.kind.get()?), hashed))
    })
}

/// The same, and takes the offer.
#[inline]
pub(crate) fn offered(content: usize, hashed: bool) -> Option<Key> {
    let key = offers(content, hashed);
    OFFERED.with(|room| room.content.set(0));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(content: usize) -> Option<u64> {
        offers(content, false).map(|key| key.0.0)
    }

    #[test]
    fn an_offer_stands_for_one_call_and_the_one_before_it_comes_back() {
        let kind = TypeId::of::<u8>();
        let first = Offered::new(8, (1, kind));
        {
            let _second = Offered::new(16, (2, kind));
            assert_eq!((at(16), at(8)), (Some(2), None));
            assert!(offered(16, true).is_some_and(|key| key.1));
            assert_eq!(at(16), None);
        }
        assert_eq!(at(8), Some(1));
        // Content elsewhere takes the offer and gets nothing.
        assert!(offered(24, false).is_none());
        assert_eq!(at(8), None);
        drop(first);
        assert_eq!(at(8), None);
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let panicked = std::panic::catch_unwind(|| {
            let _offered = Offered::new(8, (1, TypeId::of::<u8>()));
            panic!("in the call");
        });
        assert!(panicked.is_err());
        assert_eq!(at(8), None);
    }
}
