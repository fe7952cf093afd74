//! Lines of at most so many columns.
//!
//! Nothing is left out and nothing added but a line break and an indent, behind a blank where there
//! is one: what was folded is one line again without them.

use unicode_width::UnicodeWidthChar;

/// Columns that text takes, without the escape sequences of colors.
pub(crate) fn columns(text: &str) -> usize {
    pieces(text).map(|(_, columns)| columns).sum()
}

/// A line, over as many as it takes; all but the first are indented by `hang`.
pub(crate) fn folded(line: &str, width: usize, hang: usize) -> String {
    if line.len() <= width || columns(line) <= width {
        return line.to_owned();
    }
    // Indents of deep values leave room for something.
    let hang = hang.min(width / 2);
    let break_line = |out: &mut String, at: usize| {
        let rest = out.split_off(at);
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', hang));
        out.push_str(&rest);
    };
    let (mut out, mut column) = (String::with_capacity(line.len() + 64), 0);
    // Behind the last blank of the line: the byte, and the column.
    let mut blank: Option<(usize, usize)> = None;
    for (piece, columns) in pieces(line) {
        if column + columns > width
            && let Some((at, before)) = blank.take()
        {
            break_line(&mut out, at);
            column = hang + column - before;
        }
        if column + columns > width {
            let end = out.len();
            break_line(&mut out, end);
            column = hang;
        }
        out.push_str(piece);
        column += columns;
        if piece == " " && column > hang {
            blank = Some((out.len(), column));
        }
    }
    out
}

/// Characters and escape sequences, each with the columns that it takes.
fn pieces(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let len = match first {
            // Only colors are written, which end in `m`.
            '\x1b' => rest.find('m').map_or(rest.len(), |end| end + 1),
            first => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at(len);
        rest = behind;
        let columns = if first == '\x1b' { 0 } else { first.width().unwrap_or(0) };
        Some((piece, columns))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_behind_blanks_and_where_there_are_none() {
        for (line, folds) in [
            ("one two", "one two"),
            ("one two three", "one two \n  three"),
            ("one twothreefour", "one \n  twothree\n  four"),
            ("abcdefghijklmno", "abcdefghij\n  klmno"),
            ("日本語日本語", "日本語日本\n  語"),
            ("\x1b[32mone two\x1b[0m three", "\x1b[32mone two\x1b[0m \n  three"),
            ("a b c d e f g h i", "a b c d e \n  f g h i"),
        ] {
            assert_eq!(folded(line, 10, 2), folds, "{line}");
        }
    }

    #[test]
    fn no_line_is_longer_and_nothing_is_lost() {
        let text =
            "Ein Text, dessen Wörter 日本 and others are of all lengths: incomprehensibly so";
        for width in 8..40 {
            for hang in 0..width {
                let folded = folded(text, width, hang);
                let hang = " ".repeat(hang.min(width / 2));
                assert!(folded.lines().all(|line| columns(line) <= width), "{folded}");
                assert_eq!(folded.replace(&format!("\n{hang}"), ""), text);
            }
        }
    }
}
