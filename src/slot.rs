//! Slots of the thread, by which values pass beside serde.
//!
//! serde hands a value to a visitor or serializer of a type that the sender does not know, and safe
//! Rust can identify a type only if it is `'static`. So the sender puts the value into a slot of
//! the thread and makes an ordinary call of serde's; a receiver of ours looks into the slot first.
//! Wrappers between the two (error paths, erased types) pass the call on.
//!
//! The rules for all of them:
//!
//! - A slot is filled for one call, by [`with`], and holds afterwards what it held before, also
//!   where the call panics or nobody looks: a value left behind would turn up in place of another.
//!   A receiver leaves a value for its sender by [`put`], and the sender takes it when the call
//!   returns.
//! - A receiver takes the value at once, before code of the user's runs: that may fill the slot
//!   again.
//! - Nothing is borrowed while foreign code runs, a `drop` included: values are moved in and out.
//!
//! State that outlives a call (the dumps with hooks in `value/hooks.rs`, the shared pointers in
//! `shared.rs`) is in tables of the thread, which follow the last rule as well.

use std::any::Any;
use std::cell::Cell;
use std::thread::LocalKey;

use serde::de::value::UnitDeserializer;
use serde::de::{self, IntoDeserializer, Visitor};

/// Room for one value.
pub(crate) struct Slot<T>(Cell<Option<T>>);

impl<T> Slot<T> {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(None))
    }
}

/// Calls `call` with `value` in the slot.
#[inline]
pub(crate) fn with<T, R>(
    slot: &'static LocalKey<Slot<T>>,
    value: T,
    call: impl FnOnce() -> R,
) -> R {
    fill(slot, Some(value), call)
}

/// Calls `call` with nothing in the slot, and drops what it leaves there.
#[inline]
pub(crate) fn scope<T, R>(slot: &'static LocalKey<Slot<T>>, call: impl FnOnce() -> R) -> R {
    fill(slot, None, call)
}

#[inline]
fn fill<T, R>(slot: &'static LocalKey<Slot<T>>, value: Option<T>, call: impl FnOnce() -> R) -> R {
    let _filled = Filled::new(slot, value);
    call()
}

/// A slot that is filled until this is dropped.
struct Filled<T: 'static> {
    slot: &'static LocalKey<Slot<T>>,
    before: Option<T>,
}

impl<T> Filled<T> {
    fn new(slot: &'static LocalKey<Slot<T>>, value: Option<T>) -> Self {
        let before = slot.with(|slot| slot.0.replace(value));
        Self { slot, before }
    }
}

impl<T> Drop for Filled<T> {
    fn drop(&mut self) {
        let before = self.before.take();
        drop(self.slot.with(|slot| slot.0.replace(before)));
    }
}

/// A slot that is filled until this is dropped, for a call that is made elsewhere.
///
/// It does not say of which type: that would link all that drops the type into every program that
/// may hold this.
pub(crate) struct LaidOut {
    before: Option<Before>,
    end: fn(Option<Before>),
}

/// The value that a slot held before; there is none but where deserializers are nested.
type Before = Box<dyn Any>;

impl Drop for LaidOut {
    fn drop(&mut self) {
        (self.end)(self.before.take());
    }
}

/// Lays a value out in the slot. `end` is called when the call is over, and calls [`restore`].
pub(crate) fn lay_out<T: 'static>(
    slot: &'static LocalKey<Slot<T>>,
    value: T,
    end: fn(Option<Before>),
) -> LaidOut {
    let before = slot.with(|slot| slot.0.replace(Some(value)));
    LaidOut { before: before.map(|before| Box::new(before) as Before), end }
}

/// Restores the slot to what it held before.
pub(crate) fn restore<T: 'static>(slot: &'static LocalKey<Slot<T>>, before: Option<Before>) {
    let before = before.and_then(|before| before.downcast().ok()).map(|before| *before);
    drop(slot.with(|slot| slot.0.replace(before)));
}

/// Takes what is in the slot.
#[inline]
pub(crate) fn take<T>(slot: &'static LocalKey<Slot<T>>) -> Option<T> {
    slot.with(|slot| slot.0.take())
}

/// Leaves a value for whoever made the call.
#[inline]
pub(crate) fn put<T>(slot: &'static LocalKey<Slot<T>>, value: T) {
    drop(slot.with(|slot| slot.0.replace(Some(value))));
}

/// Gives a finished value to the visitor that takes it out of the slot.
pub(crate) fn hand_over<'de, T, V: Visitor<'de>, E: de::Error>(
    slot: &'static LocalKey<Slot<T>>,
    value: T,
    visitor: V,
) -> Result<V::Value, E> {
    let unit: UnitDeserializer<E> = ().into_deserializer();
    with(slot, value, || visitor.visit_newtype_struct(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static SLOT: Slot<u8> = const { Slot::new() };
    }

    #[test]
    fn a_slot_holds_a_value_for_one_call() {
        with(&SLOT, 1, || {
            with(&SLOT, 2, || assert_eq!(take(&SLOT), Some(2)));
            assert_eq!(take(&SLOT), Some(1));
        });
        with(&SLOT, 3, || ());
        assert_eq!(take(&SLOT), None);
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let panicked = std::panic::catch_unwind(|| with(&SLOT, 1, || panic!("in the call")));
        assert!(panicked.is_err());
        assert_eq!(take(&SLOT), None);
    }
}
