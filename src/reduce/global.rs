//! [`Global`]: an object that a pickle names and does not contain.
//!
//! A name is two texts because dots are ambiguous: `a.b.C.D` may be `C.D` in `a.b` or `D` in
//! `a.b.C`. Tables keyed by globals are asked with borrowed text through [`Name`], so that a lookup
//! for each global of a pickle allocates nothing. `Name` must hash as `Global` does: keep the
//! fields of both in one order.

use std::fmt;
use std::str::FromStr;

use indexmap::Equivalent;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::token;
use crate::error::{self, Error, Result};
use crate::escape::OneLine;

/// A class, function or other object that a pickle names by module and qualified name.
///
/// It is only a name: nothing is imported or looked up, in either direction. Classes and functions
/// are pickled as one, and so are singletons whose `__reduce__` returns a string, such as
/// `NotImplemented`. A type can be serialized as one by itself:
/// `#[serde(rename = "py:builtins:NotImplemented")] struct NotImplemented;`.
///
/// `Display` joins module and name by a dot, as Python prints a class; [`FromStr`] takes the
/// unambiguous `module:qualname`.
///
/// ```
/// use serde_pickle::reduce::Global;
///
/// let class = Global::new("collections", "OrderedDict");
/// assert_eq!(class.to_string(), "collections.OrderedDict");
/// assert_eq!("collections:OrderedDict".parse::<Global>()?, class);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Names that a pickle of protocol 0 to 2 spells as Python 2 does arrive as Python 3's, unless
/// [`fix_imports`](crate::DeOptions::fix_imports) is off.
///
/// Source: opcodes GLOBAL and STACK_GLOBAL in Python's `Lib/pickletools.py`; PEP 3155 for qualified
/// names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Global {
    /// The module, as in `collections`.
    pub module: String,
    /// The qualified name, as in `OrderedDict` or `Outer.Inner`.
    pub qualname: String,
}

impl Global {
    /// The object `qualname` in `module`.
    pub fn new(module: impl Into<String>, qualname: impl Into<String>) -> Self {
        Self { module: module.into(), qualname: qualname.into() }
    }

    /// Returns true if this is `qualname` in `module`.
    ///
    /// ```
    /// use serde_pickle::reduce::Global;
    /// assert!(Global::new("decimal", "Decimal").is("decimal", "Decimal"));
    /// ```
    pub fn is(&self, module: &str, qualname: &str) -> bool {
        self.qualname == qualname && self.module == module
    }

    /// The name without the classes it is nested in: `Inner` of `Outer.Inner`. Python's `__name__`.
    ///
    /// ```
    /// use serde_pickle::reduce::Global;
    ///
    /// assert_eq!(Global::new("m", "Outer.Inner").name(), "Inner");
    /// ```
    pub fn name(&self) -> &str {
        self.qualname.rsplit_once('.').map_or(&self.qualname, |(_, name)| name)
    }
}

impl fmt::Display for Global {
    /// The name on one line: characters that would not print as themselves are escaped. No name in
    /// Python has any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, qualname } = self;
        OneLine(format_args!("{module}.{qualname}")).fmt(f)
    }
}

/// Reads `module:qualname`, the form of `pkgutil.resolve_name` and of entry points; without a
/// colon, the name follows the last dot.
///
/// ```
/// use serde_pickle::reduce::Global;
/// assert_eq!("a.b:Outer.Inner".parse::<Global>()?, Global::new("a.b", "Outer.Inner"));
/// assert_eq!("a.b.Class".parse::<Global>()?, Global::new("a.b", "Class"));
/// assert!("Class".parse::<Global>().is_err());
/// # Ok::<(), serde_pickle::Error>(())
/// ```
impl FromStr for Global {
    type Err = Error;

    /// # Errors
    /// Text without a module or without a name is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':').or_else(|| text.rsplit_once('.')) {
            Some((module, qualname)) if !module.is_empty() && !qualname.is_empty() => {
                Ok(Self::new(module, qualname))
            }
            _ => Err(Error::data(format!(
                "expected a name as in `module:Class`, found `{}`",
                error::quoted(text)
            ))),
        }
    }
}

impl Serialize for Global {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(token::GLOBAL, &(&*self.module, &*self.qualname))
    }
}

impl<'de> Deserialize<'de> for Global {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GlobalVisitor;

        impl<'de> Visitor<'de> for GlobalVisitor {
            type Value = Global;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a class, function or other global")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Global, D::Error> {
                deserializer.deserialize_tuple(2, self)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Global, A::Error> {
                let missing =
                    |length| de::Error::invalid_length(length, &"a module and a qualified name");
                let module = seq.next_element()?.ok_or_else(|| missing(0))?;
                let qualname = seq.next_element()?.ok_or_else(|| missing(1))?;
                Ok(Global { module, qualname })
            }

            // Text of other deserializers that hold a name as one string.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Global, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct(token::GLOBAL, GlobalVisitor)
    }
}

/// A [`Global`] in borrowed text, for lookups in tables of globals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name<'a> {
    pub(crate) module: &'a str,
    pub(crate) qualname: &'a str,
}

impl<'a> Name<'a> {
    pub(crate) fn new(module: &'a str, qualname: &'a str) -> Self {
        Self { module, qualname }
    }
}

impl Equivalent<Global> for Name<'_> {
    fn equivalent(&self, global: &Global) -> bool {
        global.is(self.module, self.qualname)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colon_tells_module_and_qualified_name_apart() {
        assert_eq!("a.b:C.D".parse::<Global>().unwrap(), Global::new("a.b", "C.D"));
        assert_eq!("a.b.C.D".parse::<Global>().unwrap(), Global::new("a.b.C", "D"));
        for nothing in ["", "C", ":", "a:", ":C", ".C", "a."] {
            let error = nothing.parse::<Global>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("expected a name as in `module:Class`, found `{nothing}`")
            );
        }
    }

    #[test]
    fn the_bare_name_is_the_last_part() {
        assert_eq!(Global::new("a.b", "C.D").name(), "D");
        assert_eq!(Global::new("a.b", "C").name(), "C");
    }

    #[test]
    fn other_formats_carry_module_and_name() {
        let global = Global::new("a.b", "C.D");
        let json = serde_json::to_string(&global).unwrap();
        assert_eq!(json, r#"["a.b","C.D"]"#);
        assert_eq!(serde_json::from_str::<Global>(&json).unwrap(), global);
        let error = serde_json::from_str::<Global>(r#"["a.b"]"#).unwrap_err();
        assert!(error.to_string().contains("a module and a qualified name"), "{error}");
    }

    #[test]
    fn borrowed_names_find_globals_in_tables() {
        let table =
            indexmap::IndexMap::from([(Global::new("a", "B"), 1), (Global::new("a", "C"), 2)]);
        assert_eq!(table.get(&Name::new("a", "C")), Some(&2));
        assert_eq!(table.get(&Name::new("C", "a")), None);
    }
}
