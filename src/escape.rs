//! One line for people: text with every character escaped that would not print as itself.
//!
//! Names, keys and texts of a pickle end up in errors, reports and logs. A newline in one of them
//! forges a line of the log, an escape sequence commands the terminal, and an override of the
//! writing direction shows a name as another. So every error text, and every `Display` of something
//! that a pickle names, goes through [`Escaping`] or [`OneLine`]; Python's `repr` of text
//! (`value/repr.rs`) asks [`is_printable`] and takes its escapes from [`write_escape`], too.

use std::fmt::{self, Display, Write};

/// Displays text on one line: what would not print as itself is escaped, as Python's `repr` does.
///
/// Names, keys and texts of a pickle end up in reports and logs, where a line feed would forge a
/// line and an escape sequence would command the terminal.
///
/// ```
/// use serde_pickle::tools;
///
/// assert_eq!(tools::one_line("os\n\u{1b}[31m.system").to_string(), r"os\n\x1b[31m.system");
/// ```
pub fn one_line(text: &str) -> impl Display + '_ {
    OneLine(text)
}

/// Displays what it holds on one line.
pub(crate) struct OneLine<T>(pub(crate) T);

impl<T: Display> Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// Escapes what is written through it. Backslashes stay as they are: this is for reading, and not
/// for reading back.
pub(crate) struct Escaping<W>(pub(crate) W);

impl<W: Write> Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            if is_printable(c) {
                continue;
            }
            // A printable stretch goes out in one piece.
            self.0.write_str(text.get(plain..at).unwrap_or_default())?;
            plain = at + c.len_utf8();
            write_escape(&mut self.0, c)?;
        }
        self.0.write_str(text.get(plain..).unwrap_or_default())
    }
}

/// Writes the escape that Python's `repr` has for a character that is not printable.
pub(crate) fn write_escape(out: &mut (impl Write + ?Sized), c: char) -> fmt::Result {
    match c {
        '\t' => out.write_str("\\t"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        _ => match u32::from(c) {
            code @ 0..0x100 => write!(out, "\\x{code:02x}"),
            code @ 0x100..0x1_0000 => write!(out, "\\u{code:04x}"),
            code => write!(out, "\\U{code:08x}"),
        },
    }
}

/// Python's `str.isprintable` for one character: no control or format character, no separator but
/// the space, nothing unassigned.
///
/// The standard library escapes in its `Debug` of text what has the same Unicode categories (C*, Z*
/// but for the space), and, at the start of the text only, combining marks; so it is asked about a
/// text of two characters. Its Unicode version may be newer than a given Python's: the two differ
/// on characters that were assigned between.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = [b'.'; 5];
    let end = 1 + c.encode_utf8(&mut buffer[1..]).len();
    str::from_utf8(&buffer[..end]).is_ok_and(|text| text.escape_debug().count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_line_or_turns_it_around() {
        let hostile =
            "a\nb\r\x1b[31mc\0\u{85}\u{9b}\u{ad}\u{200b}\u{202e}d\u{2028}\u{feff}\u{e0001}";
        assert_eq!(
            OneLine(hostile).to_string(),
            "a\\nb\\r\\x1b[31mc\\x00\\x85\\x9b\\xad\\u200b\\u202ed\\u2028\\ufeff\\U000e0001"
        );
    }

    #[test]
    fn what_prints_as_itself_is_left_alone() {
        for text in ["", "a.B", "Ünïcödé 漢字 🦀 'x' \"y\" \\n", "e\u{301}"] {
            assert_eq!(OneLine(text).to_string(), text);
        }
    }
}
