//! [`AllowList`] and [`DenyList`]: ready-made resolvers.
//!
//! A qualified name with dots reaches through attributes: in CPython `collections`
//! `abc.sys.modules` leaves the module that it names. So allowing is narrow (the names directly in
//! a module), and denying is wide (everything in and below). Keep that asymmetry when adding a
//! method.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;

use super::{Global, Name, Resolution, Resolver};
use crate::error::Result;

/// A [`Resolver`] that refuses every global but those it was given.
///
/// An empty list refuses all, as cPickle did with `find_global` set to `None`.
///
/// ```
/// use serde_pickle::reduce::Resolution;
/// use serde_pickle::{AllowList, Resolver};
///
/// let list = AllowList::builtins().allow("geometry", "Point").allow_module("datetime");
/// assert_eq!(list.find_class("builtins", "set")?, Resolution::Allow);
/// assert_eq!(list.find_class("geometry", "Point")?, Resolution::Allow);
/// assert_eq!(list.find_class("geometry", "Point.Secret")?, Resolution::Deny);
/// assert_eq!(list.find_class("datetime", "date")?, Resolution::Allow);
/// assert_eq!(list.find_class("os", "system")?, Resolution::Deny);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Which names a pickle has
/// More than its classes: older protocols spell many plain values as calls, and these names pass
/// through the resolver as they do in CPython. [`builtins`](Self::builtins) allows those.
/// `tools::audit` lists the names of a pickle.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    globals: IndexSet<Global>,
    outer: HashMap<String, Roots>,
    modules: HashSet<String>,
    packages: Roots,
}

/// The names of [`AllowList::builtins`] as Python 3 has them, and as Python 2 does where that
/// differs.
const BUILTINS: &[(&str, &[&str])] = &[
    ("builtins", BUILTIN_NAMES),
    ("__builtin__", BUILTIN_NAMES),
    ("__builtin__", &["long", "unicode", "xrange"]),
    ("copyreg", COPYREG_NAMES),
    ("copy_reg", COPYREG_NAMES),
    ("_codecs", &["encode"]),
    ("functools", &["partial"]),
];

const BUILTIN_NAMES: &[&str] = &[
    "Ellipsis",
    "NotImplemented",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "getattr",
    "int",
    "list",
    "object",
    "range",
    "set",
    "slice",
    "str",
    "tuple",
];

const COPYREG_NAMES: &[&str] = &["__newobj__", "__newobj_ex__", "_reconstructor"];

impl AllowList {
    /// A list that refuses everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// A list of the names by which CPython spells values of builtin types, and the making of any
    /// instance.
    ///
    /// | name | spells | at protocol |
    /// |---|---|---|
    /// | `builtins.set`, `frozenset` | sets | 0–3 |
    /// | `_codecs.encode`, `builtins.bytes` | bytes | 0–2 |
    /// | `builtins.bytearray` | bytearray | 0–4 |
    /// | `builtins.complex`, `range`, `slice`, `Ellipsis`, `NotImplemented` | values of those names | all |
    /// | `copyreg._reconstructor` with `builtins.object` | an instance | 0, 1 |
    /// | the same with `builtins.dict`, `float`, `int`, `list`, `str`, `tuple` … | one of a subclass of those | 0, 1 |
    /// | `copyreg.__newobj__`, `__newobj_ex__` | an instance | where an own `__reduce__` names them |
    /// | `functools.partial` | an instance whose class has `__getnewargs_ex__` | 2, 3 |
    /// | `builtins.getattr` | nested classes | 0–3 |
    /// | the same | methods | all |
    ///
    /// Python 2's names of these are in it too: `__builtin__` (with `long`, `unicode` and `xrange`)
    /// and `copy_reg`. They are met where [`fix_imports`](crate::DeOptions::fix_imports) is off.
    ///
    /// In CPython a list with `getattr` and `partial` would be a hole. Here neither runs: a
    /// `getattr` whose arguments are a global and a name is that nested global, which is itself
    /// looked up in the list; everything else is data.
    pub fn builtins() -> Self {
        let names = BUILTINS
            .iter()
            .flat_map(|(module, names)| names.iter().map(|name| Global::new(*module, *name)));
        names.collect()
    }

    /// Allows one global by its exact name.
    #[must_use]
    pub fn allow(mut self, module: impl Into<String>, qualname: impl Into<String>) -> Self {
        self.globals.insert(Global::new(module, qualname));
        self
    }

    /// Allows a class with everything nested in it: `Outer`, `Outer.Inner`, `Outer.Inner.method`.
    ///
    /// ```
    /// use serde_pickle::AllowList;
    ///
    /// let list = AllowList::new().allow_nested("m", "Outer").allow_package("shop");
    /// assert!(list.allows("m", "Outer.Inner") && list.allows("shop.models", "Order"));
    /// assert!(!list.allows("m", "Other") && !list.allows("shopping", "Order"));
    /// ```
    #[must_use]
    pub fn allow_nested(mut self, module: impl Into<String>, qualname: impl Into<String>) -> Self {
        self.outer.entry(module.into()).or_default().insert(qualname.into());
        self
    }

    /// Allows every name directly in a module, its imports included, but neither its submodules nor
    /// names nested in its classes.
    #[must_use]
    pub fn allow_module(mut self, module: impl Into<String>) -> Self {
        self.modules.insert(module.into());
        self
    }

    /// Allows every name directly in a module or in one of its submodules, at any depth.
    #[must_use]
    pub fn allow_package(mut self, package: impl Into<String>) -> Self {
        self.packages.insert(package.into());
        self
    }

    /// Returns true if the list has `module.qualname`.
    pub fn allows(&self, module: &str, qualname: &str) -> bool {
        self.globals.contains(&Name::new(module, qualname))
            || self.outer.get(module).is_some_and(|classes| classes.reach(qualname))
            || (!qualname.contains('.')
                && (self.modules.contains(module) || self.packages.reach(module)))
    }
}

impl Extend<Global> for AllowList {
    fn extend<I: IntoIterator<Item = Global>>(&mut self, globals: I) {
        self.globals.extend(globals);
    }
}

impl FromIterator<Global> for AllowList {
    fn from_iter<I: IntoIterator<Item = Global>>(globals: I) -> Self {
        Self { globals: globals.into_iter().collect(), ..Self::default() }
    }
}

impl Resolver for AllowList {
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
        Ok(if self.allows(module, qualname) { Resolution::Allow } else { Resolution::Deny })
    }
}

/// A [`Resolver`] that refuses the globals it was given, and allows all others.
///
/// A list of dangerous names in Python is never complete: the same function has many names
/// (`os.system` is `posix.system` in a pickle), and there are many ways to reach it. Nothing runs
/// here, so a deny list is for pickles whose classes are not wanted; for those that go on to Python
/// use an [`AllowList`].
///
/// ```
/// use serde_pickle::reduce::{DenyList, Resolution};
/// use serde_pickle::Resolver;
///
/// let list = DenyList::new().deny_module("numpy").deny("models", "Secret");
/// assert_eq!(list.find_class("numpy.core.multiarray", "_reconstruct")?, Resolution::Deny);
/// assert_eq!(list.find_class("models", "Secret.Part")?, Resolution::Deny);
/// assert_eq!(list.find_class("models", "Order")?, Resolution::Allow);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DenyList {
    globals: HashMap<String, Roots>,
    modules: Roots,
}

impl DenyList {
    /// A list that allows everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses one global and everything nested in it.
    #[must_use]
    pub fn deny(mut self, module: impl Into<String>, qualname: impl Into<String>) -> Self {
        self.extend([Global::new(module, qualname)]);
        self
    }

    /// Refuses everything in a module and in its submodules.
    #[must_use]
    pub fn deny_module(mut self, module: impl Into<String>) -> Self {
        self.modules.insert(module.into());
        self
    }

    /// Returns true if the list refuses `module.qualname`.
    ///
    /// ```
    /// use serde_pickle::reduce::DenyList;
    ///
    /// assert!(DenyList::new().deny_module("numpy").denies("numpy.core", "array"));
    /// ```
    pub fn denies(&self, module: &str, qualname: &str) -> bool {
        self.modules.reach(module)
            || self.globals.get(module).is_some_and(|names| names.reach(qualname))
    }
}

impl Extend<Global> for DenyList {
    fn extend<I: IntoIterator<Item = Global>>(&mut self, globals: I) {
        for Global { module, qualname } in globals {
            self.globals.entry(module).or_default().insert(qualname);
        }
    }
}

impl FromIterator<Global> for DenyList {
    fn from_iter<I: IntoIterator<Item = Global>>(globals: I) -> Self {
        let mut list = Self::new();
        list.extend(globals);
        list
    }
}

impl Resolver for DenyList {
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution> {
        Ok(if self.denies(module, qualname) { Resolution::Deny } else { Resolution::Allow })
    }
}

/// Dotted names, each standing for itself and for everything below it.
#[derive(Clone, Debug, Default)]
struct Roots {
    names: HashSet<String>,
    /// The length of the longest name. A hostile name of a million dots is searched no further, so
    /// that the list bounds the cost.
    longest: usize,
}

impl Roots {
    fn insert(&mut self, name: String) {
        self.longest = self.longest.max(name.len());
        self.names.insert(name);
    }

    /// Returns true if `dotted` is one of the names or below one.
    fn reach(&self, dotted: &str) -> bool {
        let mut outer = dotted.match_indices('.').take_while(|&(dot, _)| dot <= self.longest);
        self.names.contains(dotted)
            || outer
                .any(|(dot, _)| dotted.get(..dot).is_some_and(|outer| self.names.contains(outer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_allow_list_refuses_everything() {
        let list = AllowList::new();
        assert!(!list.allows("builtins", "set"));
        assert!(!list.allows("", ""));
        assert_eq!(list.find_class("builtins", "set").unwrap(), Resolution::Deny);
    }

    #[test]
    fn an_allowed_name_is_that_name_alone() {
        let list = AllowList::new().allow("a", "B");
        assert!(list.allows("a", "B"));
        for (module, name) in [("a", "B.C"), ("a.b", "B"), ("a", "b"), ("a", "BB"), ("A", "B")] {
            assert!(!list.allows(module, name), "{module} {name}");
        }
        let dotted = AllowList::new().allow("a", "B.C");
        assert!(dotted.allows("a", "B.C") && !dotted.allows("a", "B"));
    }

    #[test]
    fn a_nested_allowance_holds_for_what_is_inside() {
        let list = AllowList::new().allow_nested("a", "B");
        assert!(list.allows("a", "B") && list.allows("a", "B.C") && list.allows("a", "B.C.D"));
        assert!(!list.allows("a", "BC") && !list.allows("a", "C.B") && !list.allows("b", "B.C"));
    }

    #[test]
    fn a_module_is_allowed_for_the_names_directly_in_it() {
        let list = AllowList::new().allow_module("collections");
        assert!(list.allows("collections", "OrderedDict"));
        assert!(!list.allows("collections", "abc.sys.modules"));
        assert!(!list.allows("collections.abc", "Mapping"));
    }

    #[test]
    fn a_package_is_allowed_with_its_submodules() {
        let list = AllowList::new().allow_package("shop.web");
        assert!(list.allows("shop.web", "A") && list.allows("shop.web.forms.order", "A"));
        assert!(!list.allows("shop", "web") && !list.allows("shop.website", "A"));
        assert!(!list.allows("shop.web", "os.system"));
    }

    #[test]
    fn builtins_has_both_names_of_what_python_2_and_3_call_differently() {
        let list = AllowList::builtins();
        for (module, name) in [
            ("builtins", "set"),
            ("__builtin__", "set"),
            ("__builtin__", "xrange"),
            ("copyreg", "_reconstructor"),
            ("copy_reg", "_reconstructor"),
            ("_codecs", "encode"),
            ("functools", "partial"),
        ] {
            assert!(list.allows(module, name), "{module}.{name}");
            let (module, name) = crate::reduce::compat::to_python3(module, name);
            assert!(list.allows(module, name), "{module}.{name}");
        }
        for (module, name) in [
            ("builtins", "eval"),
            ("builtins", "exec"),
            ("builtins", "__import__"),
            ("os", "system"),
        ] {
            assert!(!list.allows(module, name), "{module}.{name}");
        }
    }

    #[test]
    fn a_denied_name_is_denied_with_what_is_inside() {
        let list = DenyList::new().deny("a", "B");
        assert!(list.denies("a", "B") && list.denies("a", "B.C"));
        assert!(!list.denies("a", "BC") && !list.denies("b", "B"));
    }

    #[test]
    fn a_denied_module_is_denied_with_its_submodules() {
        let list = DenyList::new().deny_module("os");
        assert!(
            list.denies("os", "system")
                && list.denies("os.path", "join")
                && list.denies("os", "a.b")
        );
        assert!(!list.denies("osmosis", "A"));
        assert_eq!(list.find_class("os", "system").unwrap(), Resolution::Deny);
        assert_eq!(list.find_class("posix", "system").unwrap(), Resolution::Allow);
    }

    #[test]
    fn globals_can_be_collected_into_a_list() {
        let globals = || [Global::new("a", "B"), Global::new("c", "D.E")];
        let allowed: AllowList = globals().into_iter().collect();
        let denied: DenyList = globals().into_iter().collect();
        assert!(allowed.allows("c", "D.E") && !allowed.allows("c", "D"));
        assert!(denied.denies("c", "D.E") && !denied.denies("c", "D"));
    }

    #[test]
    fn a_name_of_a_million_dots_is_no_work() {
        let dots = ".".repeat(1 << 20);
        let allowed = AllowList::new().allow_nested("a", "B").allow_package("a.b");
        let denied = DenyList::new().deny("a", "B").deny_module("a.b");
        // Looking up each prefix would hash half a terabyte.
        assert!(!allowed.allows("a", &dots) && !allowed.allows(&dots, "a"));
        assert!(!denied.denies("a", &dots) && !denied.denies(&dots, "a"));
    }
}
