//! [`Resolver`]: the caller's decision on the names in a pickle, and the values in their place.
//!
//! The machine asks `find_class` at each opcode that names a global, and `persistent_load` at each
//! persistent id, before it goes on; `construct` is asked when an object is complete. The machine
//! calls [`resolve`], which turns a refusal into the error, and adds the byte. Ready-made resolvers
//! are in `lists.rs`, `renames.rs` and `constructors.rs`; [`And`] joins them.

use std::fmt;
use std::sync::Arc;

use super::{Global, Reduce};
use crate::error::{Error, Result};
use crate::value::Value;

/// Decides which globals a pickle may name, and which values replace persistent ids and objects.
///
/// Without a resolver every name is allowed and inert: nothing is imported and nothing is called. A
/// resolver refuses pickles with unexpected names, renames classes that have moved, inserts objects
/// from outside the pickle, and builds values from objects. Each method has a default that changes
/// nothing.
///
/// Give it to [`DeOptions::resolver`](crate::DeOptions::resolver), or an [`Arc`] of it to keep
/// access to it. Options are used from many threads at once, and so is their resolver: state of its
/// own needs a lock. [`AllowList`], [`DenyList`], [`Renames`], [`FindClass`] (a closure) and
/// [`Constructors`] are ready made, and [`and`](Resolver::and) joins two.
///
/// ```
/// use serde_pickle::reduce::{Global, Resolution};
/// use serde_pickle::{Error, Resolver, Result};
///
/// /// Takes the classes of our own package, under its new name too.
/// struct Ours;
///
/// impl Resolver for Ours {
///     fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
///         Ok(match module {
///             "shop.models" => Resolution::Allow,
///             "models" => Resolution::Rename(Global::new("shop.models", qualname)),
///             _ => Resolution::Deny,
///         })
///     }
/// }
/// let resolver: &dyn Resolver = &Ours;
/// assert_eq!(resolver.find_class("os", "system")?, Resolution::Deny);
/// # Ok::<(), Error>(())
/// ```
///
/// Source: "Restricting Globals" and "Persistence of External Objects" in the documentation of
/// Python's `pickle`.
///
/// [`AllowList`]: crate::AllowList
/// [`DenyList`]: crate::reduce::DenyList
/// [`Renames`]: crate::reduce::Renames
/// [`Constructors`]: crate::reduce::Constructors
pub trait Resolver: Send + Sync {
    /// Decides on the global `module.qualname`. Python's `Unpickler.find_class`, and Python 2's
    /// `find_global`.
    ///
    /// It is called for every global, however the pickle names it: by GLOBAL, STACK_GLOBAL, INST,
    /// an extension code, or `getattr` of another global (as nested classes are spelled below
    /// protocol 4, where `Outer` and `builtins.getattr` are asked for as well). It is called before
    /// anything that follows is looked at, once for each place that spells the name out, and not
    /// again for references to it.
    ///
    /// The names are Python 3's: those of a pickle of protocol 0 to 2 have gone through
    /// [`fix_imports`](crate::DeOptions::fix_imports), if that is on. (A subclass of Python's
    /// `Unpickler` sees them before that.)
    ///
    /// # Errors
    /// An error of the implementation ends the reading. To refuse a name, return
    /// [`Resolution::Deny`], which becomes an error of kind [`Denied`](crate::ErrorKind::Denied)
    /// with the name and the byte.
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
        let _ = (module, qualname);
        Ok(Resolution::Allow)
    }

    /// Gives the object with the persistent id `id`. Python's `Unpickler.persistent_load`.
    ///
    /// `None`, the default, leaves the id: it is read by
    /// [`PersistentId`](crate::reduce::PersistentId), and is `Value::PersistentId` in a [`Value`].
    ///
    /// ```
    /// use serde_pickle::{DeOptions, Resolver, Result, Value};
    ///
    /// struct Store;
    ///
    /// impl Resolver for Store {
    ///     fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
    ///         Ok((id.as_str() == Some("db1")).then(|| "the object".into()))
    ///     }
    /// }
    ///
    /// let text: String = DeOptions::new().resolver(Store).from_slice(b"X\x03\0\0\0db1Q.")?;
    /// assert_eq!(text, "the object");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// An error of the implementation ends the reading; [`serde::de::Error::custom`] makes one, as
    /// for an unknown id.
    fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
        let _ = id;
        Ok(None)
    }

    /// Returns true if [`construct`](Self::construct) is to be asked about the objects of `class`.
    /// The default returns false.
    ///
    /// `construct` gets its objects as values; others need not be built as such.
    ///
    /// ```
    /// use serde_pickle::reduce::{Constructors, Global};
    /// use serde_pickle::Resolver;
    ///
    /// assert!(!Constructors::new().constructs(&Global::new("m", "C")));
    /// ```
    fn constructs(&self, class: &Global) -> bool {
        let _ = class;
        false
    }

    /// Makes a value of `object`, whose callable is the global `class`. Python 2's "safe
    /// constructors" of `copy_reg`.
    ///
    /// It is called for the classes that [`constructs`](Self::constructs) names, when a Rust type
    /// or a [`Value`] is read and comes to the object: with its arguments, items and state, and for
    /// each place that refers to it. The value takes the object's place; `None`, the default,
    /// leaves the object as data. A `Graph` shows objects as they are.
    ///
    /// ```
    /// use serde_pickle::reduce::{Global, Reduce};
    /// use serde_pickle::{DeOptions, Resolver, Result, Value};
    ///
    /// /// Makes the text of `m.Name('…')`.
    /// struct Names;
    ///
    /// impl Resolver for Names {
    ///     fn constructs(&self, class: &Global) -> bool {
    ///         class.is("m", "Name")
    ///     }
    ///
    ///     fn construct(&self, _: &Global, object: &Reduce) -> Result<Option<Value>> {
    ///         Ok(object.args.get(0).cloned())
    ///     }
    /// }
    ///
    /// let text: String =
    ///     DeOptions::new().resolver(Names).from_slice(b"cm\nName\n(X\x03\0\0\0AdatR.")?;
    /// assert_eq!(text, "Ada");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// An error of the implementation ends the reading.
    fn construct(&self, class: &Global, object: &Reduce) -> Result<Option<Value>> {
        let _ = (class, object);
        Ok(None)
    }

    /// Asks `next` about names that this resolver allows.
    ///
    /// A global must be allowed by both, and `next` sees the name that this one gave it. The first
    /// of the two that has a value for a persistent id or an object is taken.
    ///
    /// ```
    /// use serde_pickle::reduce::{Renames, Resolution};
    /// use serde_pickle::{AllowList, Resolver};
    ///
    /// let allowed = AllowList::new().allow_module("shop.models");
    /// let resolver = Renames::new().rename_module("models", "shop.models").and(allowed);
    /// assert!(matches!(resolver.find_class("models", "Order")?, Resolution::Rename(_)));
    /// assert_eq!(resolver.find_class("os", "system")?, Resolution::Deny);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    fn and<R: Resolver>(self, next: R) -> And<Self, R>
    where
        Self: Sized,
    {
        And { first: self, next }
    }
}

/// The decision on a global that a pickle names: the answer of [`Resolver::find_class`].
///
/// ```
/// use serde_pickle::reduce::Resolution;
/// use serde_pickle::{AllowList, Resolver};
///
/// assert_eq!(AllowList::new().find_class("os", "system")?, Resolution::Deny);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resolution {
    /// It is taken under its name.
    Allow,
    /// It is taken under another name, as if the pickle had that one.
    Rename(Global),
    /// The pickle is refused with an error of kind [`Denied`](crate::ErrorKind::Denied).
    Deny,
}

/// Asks `resolver` about a global: its new name if it has one, an error if it is refused.
pub(crate) fn resolve(
    resolver: &dyn Resolver,
    module: &str,
    qualname: &str,
) -> Result<Option<Global>> {
    resolver.find_class(module, qualname)?.applied(module, qualname)
}

impl Resolution {
    /// The new name of the global `module.qualname` if it has one, an error if it is refused.
    pub(crate) fn applied(self, module: &str, qualname: &str) -> Result<Option<Global>> {
        match self {
            Self::Allow => Ok(None),
            Self::Rename(global) => Ok(Some(global)),
            Self::Deny => Err(Error::denied(module, qualname)),
        }
    }
}

/// Two resolvers after one another; see [`Resolver::and`].
///
/// ```
/// use serde_pickle::reduce::{And, DenyList, Resolution};
/// use serde_pickle::{AllowList, Resolver};
///
/// let both: And<AllowList, DenyList> =
///     AllowList::new().allow_module("m").and(DenyList::new().deny("m", "Secret"));
/// assert_eq!(both.find_class("m", "Secret")?, Resolution::Deny);
/// assert_eq!(both.find_class("m", "Order")?, Resolution::Allow);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct And<A, B> {
    first: A,
    next: B,
}

impl<A: Resolver, B: Resolver> Resolver for And<A, B> {
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
        match self.first.find_class(module, qualname)? {
            Resolution::Allow => self.next.find_class(module, qualname),
            Resolution::Rename(global) => {
                Ok(match self.next.find_class(&global.module, &global.qualname)? {
                    Resolution::Allow => Resolution::Rename(global),
                    other => other,
                })
            }
            Resolution::Deny => Ok(Resolution::Deny),
        }
    }

    fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
        match self.first.persistent_load(id)? {
            None => self.next.persistent_load(id),
            found => Ok(found),
        }
    }

    fn constructs(&self, class: &Global) -> bool {
        self.first.constructs(class) || self.next.constructs(class)
    }

    fn construct(&self, class: &Global, object: &Reduce) -> Result<Option<Value>> {
        match self.first.construct(class, object)? {
            None => self.next.construct(class, object),
            made => Ok(made),
        }
    }
}

/// A closure as a [`Resolver`] that decides on globals.
///
/// ```
/// use serde_pickle::reduce::{FindClass, Resolution};
/// use serde_pickle::Resolver;
///
/// let resolver = FindClass::new(|module, _| {
///     Ok(if module == "datetime" { Resolution::Allow } else { Resolution::Deny })
/// });
/// assert_eq!(resolver.find_class("datetime", "date")?, Resolution::Allow);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct FindClass<F>(F);

impl<F> fmt::Debug for FindClass<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FindClass").finish_non_exhaustive()
    }
}

impl<F: Fn(&str, &str) -> Result<Resolution>> FindClass<F> {
    /// Asks `decide` about each module and qualified name.
    pub fn new(decide: F) -> Self {
        Self(decide)
    }
}

impl<F: Fn(&str, &str) -> Result<Resolution> + Send + Sync> Resolver for FindClass<F> {
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
        (self.0)(module, qualname)
    }
}

/// References and smart pointers ask what they point to.
macro_rules! forward_to_target {
    ($($pointer:ty),*) => {$(
        impl<R: Resolver + ?Sized> Resolver for $pointer {
            fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
                (**self).find_class(module, qualname)
            }

            fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
                (**self).persistent_load(id)
            }

            fn constructs(&self, class: &Global) -> bool {
                (**self).constructs(class)
            }

            fn construct(&self, class: &Global, object: &Reduce) -> Result<Option<Value>> {
                (**self).construct(class, object)
            }
        }
    )*};
}

forward_to_target!(&R, Box<R>, Arc<R>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AllowList;
    use crate::error::ErrorKind;
    use crate::reduce::{Args, Renames};

    struct Silent;
    impl Resolver for Silent {}

    /// Has an answer to everything.
    struct Talking(&'static str);
    impl Resolver for Talking {
        fn persistent_load(&self, _: &Value) -> Result<Option<Value>> {
            Ok(Some(Value::from(self.0)))
        }
        fn construct(&self, _: &Global, _: &Reduce) -> Result<Option<Value>> {
            Ok(Some(Value::from(self.0)))
        }
    }

    fn object() -> Reduce {
        Reduce::call(Global::new("a", "B"), Args::from(["args"]))
    }

    #[test]
    fn a_resolver_that_says_nothing_changes_nothing() {
        let resolver: &dyn Resolver = &Silent;
        assert_eq!(resolver.find_class("os", "system").unwrap(), Resolution::Allow);
        assert_eq!(resolver.persistent_load(&Value::from("id")).unwrap(), None);
        assert_eq!(resolver.construct(&Global::new("a", "B"), &object()).unwrap(), None);
        assert_eq!(resolve(resolver, "os", "system").unwrap(), None);
    }

    #[test]
    fn a_refusal_is_an_error_with_the_name() {
        let error = resolve(&AllowList::new(), "os", "system").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_eq!(error.to_string(), "os.system is not allowed here");
    }

    #[test]
    fn both_must_allow_and_the_second_sees_the_new_name() {
        let renames = Renames::new().rename_module("old", "new").rename_module("secret", "os");
        let both = renames.and(AllowList::new().allow_module("new").allow_module("old"));
        assert_eq!(
            both.find_class("old", "A").unwrap(),
            Resolution::Rename(Global::new("new", "A"))
        );
        assert_eq!(both.find_class("new", "A").unwrap(), Resolution::Allow);
        assert_eq!(both.find_class("secret", "system").unwrap(), Resolution::Deny);
        let closed = AllowList::new().and(Silent);
        assert_eq!(closed.find_class("old", "A").unwrap(), Resolution::Deny);
    }

    #[test]
    fn the_first_answer_is_taken() {
        let class = Global::new("a", "B");
        let id = Value::from("id");
        let resolver = Silent.and(Talking("first")).and(Talking("second"));
        assert_eq!(resolver.persistent_load(&id).unwrap(), Some(Value::from("first")));
        assert_eq!(resolver.construct(&class, &object()).unwrap(), Some(Value::from("first")));
    }

    #[test]
    fn pointers_ask_their_target() {
        fn asked(resolver: impl Resolver) {
            assert_eq!(resolver.find_class("os", "system").unwrap(), Resolution::Deny);
        }
        let list = AllowList::new();
        let object: &dyn Resolver = &list;
        asked(object);
        asked(Box::new(AllowList::new()) as Box<dyn Resolver>);
        asked(Arc::new(AllowList::new()));
    }

    #[test]
    fn an_error_of_a_closure_is_passed_on() {
        let resolver = FindClass::new(|_, _| Err(serde::de::Error::custom("no names today")));
        assert_eq!(resolve(&resolver, "a", "B").unwrap_err().to_string(), "no names today");
    }
}
