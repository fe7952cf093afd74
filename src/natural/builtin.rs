//! The types of Python's singletons, and exceptions.

use std::borrow::Cow;

use super::Call;
use crate::error::Result;
use crate::nodes::handle::Tag;
use crate::nodes::view::global_names;

/// `type(None)`, `type(Ellipsis)`, `type(NotImplemented)`: classes without a global name, which
/// Python pickles as this call. As other classes, each is its dotted name.
///
/// Source: `save_type` in Python's `Lib/pickle.py`.
pub(super) fn type_of<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let &[of] = call.args() else { return Ok(None) };
    let name = match of.tag() {
        Tag::None => "builtins.NoneType",
        Tag::Global => {
            let cx = call.cx;
            let names = global_names(cx.nodes, cx.input, of, cx.settings.fix_imports)?;
            match names.as_ref().map(|(module, name)| (&**module, &**name)) {
                Some(("builtins" | "__builtin__", "Ellipsis")) => "builtins.ellipsis",
                Some(("builtins" | "__builtin__", "NotImplemented")) => {
                    "builtins.NotImplementedType"
                }
                _ => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(name.into()))
}

/// Returns true if a class is an exception, by the conventions for names: only its module knows its
/// bases.
pub(crate) fn is_exception(module: &str, qualname: &str) -> bool {
    /// Endings of their names.
    const ENDS: [&str; 3] = ["Error", "Exception", "Warning"];
    /// Modules that hold nothing else.
    const MODULES: [&str; 5] = ["exceptions", "exception", "errors", "error", "exc"];
    /// The builtin ones with other names.
    const BUILTIN: [&str; 7] = [
        "BaseExceptionGroup",
        "ExceptionGroup",
        "GeneratorExit",
        "KeyboardInterrupt",
        "StopAsyncIteration",
        "StopIteration",
        "SystemExit",
    ];
    let last = module.rsplit('.').next().unwrap_or(module);
    ENDS.iter().any(|end| qualname.ends_with(end))
        || MODULES.contains(&last)
        || (module == "builtins" && BUILTIN.contains(&qualname))
}

#[cfg(test)]
mod tests {
    use super::is_exception;

    #[test]
    fn exceptions_are_told_by_their_names() {
        for (module, name) in [
            ("builtins", "ValueError"),
            ("builtins", "SystemExit"),
            ("exceptions", "KeyboardInterrupt"),
            ("requests.exceptions", "Timeout"),
            ("sqlalchemy.exc", "Nested.Other"),
            ("zoo", "Outer.HungryException"),
            ("zoo", "LowFoodWarning"),
        ] {
            assert!(is_exception(module, name), "{module}.{name}");
        }
        for (module, name) in
            [("builtins", "slice"), ("sklearn.tree._tree", "Tree"), ("exc.b", "C")]
        {
            assert!(!is_exception(module, name), "{module}.{name}");
        }
    }
}
