//! The content of an error, behind a trait object.
//!
//! Code that drops errors is in every function. So it is one call, and does not repeat how.

use std::ops::{Deref, DerefMut};

use super::Inner;

pub(super) struct Hidden(Box<dyn Held>);

trait Held: Send + Sync {
    fn inner(&self) -> &Inner;
    fn inner_mut(&mut self) -> &mut Inner;
}

impl Held for Inner {
    fn inner(&self) -> &Inner {
        self
    }

    fn inner_mut(&mut self) -> &mut Inner {
        self
    }
}

impl Hidden {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Box::new(inner))
    }
}

impl Deref for Hidden {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        self.0.inner()
    }
}

impl DerefMut for Hidden {
    fn deref_mut(&mut self) -> &mut Inner {
        self.0.inner_mut()
    }
}
