//! [`Constructors`]: functions that build values from the objects of a pickle.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{Global, Name, Reduce, Resolver};
use crate::error::Result;
use crate::value::Value;

type Constructor = Arc<dyn Fn(&Reduce) -> Result<Value> + Send + Sync>;

/// A [`Resolver`] that turns objects of the classes it knows into values, each by a function of the
/// caller's.
///
/// Python 2 let a pickle call only classes and functions that `copy_reg.constructor` had declared
/// safe. This is that registry, with the constructors written in Rust: they get the object's parts
/// and return its replacement. Objects of other classes stay data.
///
/// ```
/// use serde_pickle::reduce::{Constructors, Global, Reduce};
/// use serde_pickle::{Resolver, Value};
///
/// // fractions.Fraction('3/4') reduces to the class and its text.
/// let constructors = Constructors::new().with(Global::new("fractions", "Fraction"), |object| {
///     let (text,): (String,) = serde_pickle::from_value(object.args.clone().into())?;
///     Ok(Value::from(text))
/// });
/// # let _ = constructors;
/// ```
///
/// It allows every global. To refuse those it has no constructor for, join it with a list of its
/// own classes:
///
/// ```
/// use serde_pickle::reduce::Constructors;
/// use serde_pickle::{AllowList, Resolver};
/// # let constructors = Constructors::new();
/// let known: AllowList = constructors.classes().cloned().collect();
/// let resolver = known.and(constructors);
/// # let _ = resolver;
/// ```
#[derive(Clone, Default)]
pub struct Constructors {
    by_class: IndexMap<Global, Constructor>,
}

impl Constructors {
    /// No constructors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds objects whose class or function is `class` by `constructor`, in place of an earlier
    /// one for that class.
    ///
    /// An error of the constructor ends the reading; [`serde::de::Error::custom`] makes one.
    #[must_use]
    pub fn with(
        mut self,
        class: Global,
        constructor: impl Fn(&Reduce) -> Result<Value> + Send + Sync + 'static,
    ) -> Self {
        self.by_class.insert(class, Arc::new(constructor));
        self
    }

    /// The classes and functions that have a constructor.
    pub fn classes(&self) -> impl Iterator<Item = &Global> {
        self.by_class.keys()
    }
}

impl Resolver for Constructors {
    fn constructs(&self, class: &Global) -> bool {
        self.by_class.contains_key(&Name::new(&class.module, &class.qualname))
    }

    fn construct(&self, class: &Global, object: &Reduce) -> Result<Option<Value>> {
        let constructor = self.by_class.get(&Name::new(&class.module, &class.qualname));
        constructor.map(|construct| construct(object)).transpose()
    }
}

impl fmt::Debug for Constructors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.classes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::AllowList;
    use crate::reduce::{Args, Resolution};

    fn class() -> Global {
        Global::new("fractions", "Fraction")
    }

    fn object() -> Reduce {
        Reduce::call(class(), Args::from(["3/4"]))
    }

    #[test]
    fn objects_of_a_known_class_become_what_its_constructor_says() {
        let called = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&called);
        let constructors = Constructors::new().with(class(), move |object| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(object.args[0].clone())
        });
        assert_eq!(constructors.construct(&class(), &object()).unwrap(), Some(Value::from("3/4")));
        assert_eq!(
            constructors.construct(&Global::new("fractions", "Other"), &object()).unwrap(),
            None
        );
        assert_eq!(called.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_constructor_may_refuse() {
        let constructors =
            Constructors::new().with(class(), |_| Err(serde::de::Error::custom("no fraction")));
        assert_eq!(
            constructors.construct(&class(), &object()).unwrap_err().to_string(),
            "no fraction"
        );
    }

    #[test]
    fn only_what_has_a_constructor_may_be_allowed() {
        let constructors = Constructors::new().with(class(), |_| Ok(Value::from("made")));
        let known: AllowList = constructors.classes().cloned().collect();
        let resolver = known.and(constructors);
        assert_eq!(resolver.find_class("fractions", "Fraction").unwrap(), Resolution::Allow);
        assert_eq!(resolver.find_class("os", "system").unwrap(), Resolution::Deny);
        assert_eq!(resolver.construct(&class(), &object()).unwrap(), Some(Value::from("made")));
    }
}
