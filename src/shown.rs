//! Text of what has a `Display`, and more of it at the end of text.
//!
//! `write!` to a `String`, and `to_string`, bring a table of `String`'s methods into each unit of
//! code that uses them, half a kilobyte each. Here there is one, for what programs without a
//! [`Value`](crate::Value) are linked with.

use std::fmt::{Arguments, Display, Write as _};

/// Text: that of `value.to_string()`.
pub(crate) fn shown(value: &dyn Display) -> String {
    format!("{value}")
}

/// Appends what `format_args!` has made.
#[inline(never)]
pub(crate) fn append(text: &mut String, arguments: Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = text.write_fmt(arguments);
}
