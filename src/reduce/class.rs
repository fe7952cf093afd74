//! Class names in serde names: `py:module:qualname`, with a [`Form`] behind it.
//!
//! serde gives a container's name as `&'static str`, each time the container is met, so a name is
//! parsed anew each time: nothing is allocated, and a plain name costs one comparison of three
//! bytes. A class may have several names, `py:new:Name|old:Name`, because classes move: the first
//! is written, any is read.
//!
//! A name that starts with `py:` has to be a class. If it is malformed, the type is wrong, not the
//! data, and that is an error rather than a plain struct that silently loses its class.

use std::fmt;

use super::form::Form;
use super::global::Name;
use super::token;
use crate::error::{Error, Result};

/// The Python class that a serde name stands for, under all its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClassName {
    /// The text behind `py:`; each part between bars has been checked.
    names: &'static str,
    form: Form,
}

impl ClassName {
    /// The class that `name` stands for; `None` for a name that is plain text.
    pub(crate) fn parse(name: &'static str) -> Result<Option<Self>> {
        let Some(names) = name.strip_prefix(token::CLASS) else { return Ok(None) };
        let mut all = names.split('|');
        let first = all.next().and_then(split);
        // An alias is read however it is spelled, so it has no form.
        let plain = |name| split(name).is_some_and(|(_, form)| form == Form::default());
        match first {
            Some((_, form)) if all.all(plain) => Ok(Some(Self { names, form })),
            _ => Err(malformed(name)),
        }
    }

    /// The spelling that the name asks for.
    pub(crate) fn form(self) -> Form {
        self.form
    }

    /// The name to write.
    pub(crate) fn first(self) -> Name<'static> {
        // `parse` has split every alternative, and `split` gives at least one.
        self.alternatives().next().unwrap_or(Name::new("", ""))
    }

    /// All names, the one to write first.
    pub(crate) fn alternatives(self) -> impl Iterator<Item = Name<'static>> {
        self.names.split('|').filter_map(split).map(|(name, _)| name)
    }

    /// Returns true if `module.qualname` is one of the names.
    pub(crate) fn matches(self, module: &str, qualname: &str) -> bool {
        self.form_of(module, qualname).is_some()
    }

    /// The spelling in which objects of `module.qualname` are read: any for an alias. `None` where
    /// that is not one of the names.
    pub(crate) fn form_of(self, module: &str, qualname: &str) -> Option<Form> {
        let place = self.alternatives().position(|name| name == Name::new(module, qualname))?;
        Some(Form { lenient: self.form.lenient || place > 0, ..self.form })
    }
}

/// For messages: `geometry.Point`, or `new.Name or old.Name`.
impl fmt::Display for ClassName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Name { module, qualname }) in self.alternatives().enumerate() {
            let or = if place == 0 { "" } else { " or " };
            write!(f, "{or}{module}.{qualname}")?;
        }
        Ok(())
    }
}

/// `module:qualname`, both there, and a form.
fn split(name: &'static str) -> Option<(Name<'static>, Form)> {
    let (module, qualname) = name.split_once(':')?;
    let (qualname, form) = Form::split(qualname)?;
    let whole = !module.is_empty() && !qualname.is_empty() && !qualname.contains(':');
    whole.then_some((Name { module, qualname }, form))
}

#[cold]
fn malformed(name: &str) -> Error {
    Error::unsupported(format!(
        "the serde name `{name}` does not name a class: expected `py:module:Class`, with `/new` or \
         `/call`, a place such as `/slots`, and `?` behind it where they are needed, and further \
         names of the class behind `|`"
    ))
}

/// The value of the member that a variant of a Python Enum stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberValue {
    /// The variant's name is a decimal integer.
    Int(i128),
    /// Any other name is itself the value.
    Str(&'static str),
}

impl MemberValue {
    /// Only the digits that Python prints count as an int: `1` and `-1`, but not `+1`, `01` or
    /// `-0`. So variants and values of members correspond one to one within each type.
    pub(crate) fn of(variant: &'static str) -> Result<Self> {
        if !stands_for_int(variant) {
            return Ok(Self::Str(variant));
        }
        variant.parse().map(Self::Int).map_err(|_| {
            Error::unsupported(format!(
                "the variant name `{variant}` stands for an int of more than 128 bits"
            ))
        })
    }
}

/// Returns true if a variant of this name is a member whose value is an int, and not that text.
pub(crate) fn stands_for_int(variant: &str) -> bool {
    let digits = variant.strip_prefix('-').unwrap_or(variant);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (!digits.starts_with('0') || variant == "0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::reduce::form::{Made, ObjectPart};

    fn class(name: &'static str) -> ClassName {
        ClassName::parse(name).unwrap().unwrap()
    }

    #[test]
    fn names_without_the_prefix_are_plain_text() {
        for plain in ["", "Point", "a:b:c", "Py:a:B", "py", " py:a:B", "$serde_pickle::Reduce"] {
            assert_eq!(ClassName::parse(plain).unwrap(), None, "{plain}");
        }
    }

    #[test]
    fn the_first_name_is_written_and_any_is_read() {
        let path = class("py:pathlib._local:PurePosixPath|pathlib:PurePosixPath");
        assert_eq!(path.first(), Name::new("pathlib._local", "PurePosixPath"));
        assert!(path.matches("pathlib._local", "PurePosixPath"));
        assert!(path.matches("pathlib", "PurePosixPath"));
        assert!(!path.matches("pathlib", "PureWindowsPath"));
        assert_eq!(path.to_string(), "pathlib._local.PurePosixPath or pathlib.PurePosixPath");
    }

    #[test]
    fn an_alias_is_read_in_any_spelling() {
        let class = class("py:a:B/slots|c:D");
        let (place, made) = (ObjectPart::Slots, Made::Default);
        assert_eq!(class.form_of("a", "B"), Some(Form { made, place, lenient: false }));
        assert_eq!(class.form_of("c", "D"), Some(Form { made, place, lenient: true }));
        assert_eq!(class.form_of("a", "D"), None);
        assert_eq!(class.to_string(), "a.B or c.D");
    }

    #[test]
    fn nested_classes_keep_their_dots() {
        let inner = class("py:a.b:Outer.Inner");
        assert_eq!(inner.first(), Name::new("a.b", "Outer.Inner"));
        assert!(!inner.matches("a.b.Outer", "Inner"));
        assert_eq!(inner.to_string(), "a.b.Outer.Inner");
    }

    #[test]
    fn a_malformed_class_name_is_an_error() {
        for wrong in [
            "py:",
            "py:a",
            "py::B",
            "py:a:",
            "py:a:B:C",
            "py:a:B|",
            "py:|a:B",
            "py:a:B|c",
            "py:a:B|py:c:D",
            "py:a:B|c:D/slots",
            "py:a:B/nowhere",
            "py:a:/slots",
        ] {
            let error = ClassName::parse(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{wrong}");
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }

    #[test]
    fn variants_of_an_enum_stand_for_ints_and_texts() {
        for (variant, int) in [("0", 0), ("1", 1), ("-1", -1), ("1073741824", 1 << 30)] {
            assert_eq!(MemberValue::of(variant).unwrap(), MemberValue::Int(int));
        }
        for text in ["red", "", "-", "+1", "01", "-0", "1.0", "1_000", " 1", "٣", "0x10"] {
            assert_eq!(MemberValue::of(text).unwrap(), MemberValue::Str(text), "{text}");
        }
        let error = MemberValue::of("170141183460469231731687303715884105728").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(
            MemberValue::of("-170141183460469231731687303715884105728").unwrap(),
            MemberValue::Int(i128::MIN)
        );
    }
}
