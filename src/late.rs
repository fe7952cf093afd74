//! Functions that only some programs need, linked into those alone.
//!
//! A program is linked with everything that what it calls may call. Reading a struct may lead to a
//! constructor of the caller's, and so to all that builds the object it is given; but only where
//! the program has set a resolver. So the one place that a program has to pass first (the setter of
//! an option, the `Deserialize` of a type) binds the function, and where it is wanted it is asked
//! for: nothing else names it, and the linker leaves it out of all other programs.
//!
//! A function is bound once for the whole process. That is no setting: it is always the same one,
//! and whoever gets here by way of the binder finds it.

use std::sync::OnceLock;

/// Room for one function, or for a few that belong together.
pub(crate) struct Late<F>(OnceLock<F>);

impl<F> Late<F> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Makes it known; all calls give the same one.
    #[inline]
    pub(crate) fn bind(&self, function: F) {
        if self.0.get().is_none() {
            self.set(function);
        }
    }

    /// The same, of a function or a table of them that is made where it is not known yet.
    #[inline]
    pub(crate) fn bind_by(&self, make: fn() -> F) {
        if self.0.get().is_none() {
            self.set(make());
        }
    }

    #[cold]
    fn set(&self, function: F) {
        // Another thread that was first has set the same.
        let _ = self.0.set(function);
    }

    /// The function, in a program that has bound it.
    #[inline]
    pub(crate) fn get(&self) -> Option<&F> {
        self.0.get()
    }
}
