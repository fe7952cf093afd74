//! [`Renames`]: classes and modules that have moved.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::{Global, Name, Resolution, Resolver};
use crate::error::Result;

/// A [`Resolver`] that gives new names to classes and modules that have moved since a pickle was
/// written.
///
/// Python programs do this by aliases in `sys.modules`, or in `find_class`. It allows everything;
/// join it with an [`AllowList`](crate::AllowList) of the new names by [`and`](Resolver::and).
///
/// ```
/// use serde_pickle::reduce::{Global, Renames, Resolution};
/// use serde_pickle::Resolver;
///
/// let renames = Renames::new()
///     .rename_module("models", "shop.models")
///     .rename(Global::new("models", "Client"), Global::new("shop.people", "Customer"));
/// let found = renames.find_class("models", "Client")?;
/// assert_eq!(found, Resolution::Rename(Global::new("shop.people", "Customer")));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Renames {
    globals: IndexMap<Global, Global>,
    modules: HashMap<String, String>,
}

impl Renames {
    /// No new names yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives one global a new name.
    #[must_use]
    pub fn rename(mut self, from: Global, to: Global) -> Self {
        self.globals.insert(from, to);
        self
    }

    /// Gives a module a new name, for its own names and those nested in them, not for its
    /// submodules. A new name by [`rename`](Self::rename) comes first.
    #[must_use]
    pub fn rename_module(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.modules.insert(from.into(), to.into());
        self
    }
}

impl Resolver for Renames {
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
        Ok(match (self.globals.get(&Name::new(module, qualname)), self.modules.get(module)) {
            (Some(global), _) => Resolution::Rename(global.clone()),
            (None, Some(module)) => Resolution::Rename(Global::new(module, qualname)),
            (None, None) => Resolution::Allow,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_its_own_goes_before_its_modules() {
        let renames = Renames::new()
            .rename_module("models", "shop.models")
            .rename(Global::new("models", "Client"), Global::new("people", "Customer"));
        for (name, new) in [
            (("models", "Client"), Some(("people", "Customer"))),
            (("models", "Order"), Some(("shop.models", "Order"))),
            (("models", "Order.Line"), Some(("shop.models", "Order.Line"))),
            (("models.old", "Order"), None),
            (("datetime", "date"), None),
        ] {
            let expected = new.map_or(Resolution::Allow, |(module, name)| {
                Resolution::Rename(Global::new(module, name))
            });
            assert_eq!(renames.find_class(name.0, name.1).unwrap(), expected, "{name:?}");
        }
    }
}
