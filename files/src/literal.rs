//! Python literals, as far as the header of an `.npy` file has them: dicts, lists, tuples, text,
//! ints, `True`, `False` and `None`.

/// A literal; lists and tuples are one kind.
#[derive(Debug, PartialEq)]
pub(crate) enum Literal {
    None,
    Bool(bool),
    Int(i64),
    Str(String),
    Items(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// Levels of nesting; a record within a record within an array takes four.
const DEPTH: usize = 32;

/// The literal that the text is.
pub(crate) fn parse(text: &str) -> Option<Literal> {
    let mut parser = Parser { rest: text };
    let literal = parser.literal(DEPTH)?;
    parser.rest.trim().is_empty().then_some(literal)
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// Takes the text if it comes next.
    fn take(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn literal(&mut self, depth: usize) -> Option<Literal> {
        let depth = depth.checked_sub(1)?;
        for (name, literal) in [
            ("None", Literal::None),
            ("True", Literal::Bool(true)),
            ("False", Literal::Bool(false)),
        ] {
            if self.take(name) {
                return Some(literal);
            }
        }
        if self.take("{") {
            return self.dict(depth);
        }
        if self.take("[") {
            return self.items(depth, "]").map(|(items, _)| Literal::Items(items));
        }
        if self.take("(") {
            let (mut items, commas) = self.items(depth, ")")?;
            // A literal in parentheses is that literal.
            return if commas == 0 && items.len() == 1 {
                items.pop()
            } else {
                Some(Literal::Items(items))
            };
        }
        match self.rest.chars().next()? {
            quote @ ('\'' | '"') => self.text(quote),
            _ => self.int(),
        }
    }

    /// The items up to `end`, and the number of commas.
    fn items(&mut self, depth: usize, end: &str) -> Option<(Vec<Literal>, usize)> {
        let (mut items, mut commas) = (Vec::new(), 0);
        while !self.take(end) {
            if commas < items.len() {
                return None;
            }
            items.push(self.literal(depth)?);
            commas += usize::from(self.take(","));
        }
        Some((items, commas))
    }

    fn dict(&mut self, depth: usize) -> Option<Literal> {
        let mut entries = Vec::new();
        while !self.take("}") {
            let key = self.literal(depth)?;
            if !self.take(":") {
                return None;
            }
            entries.push((key, self.literal(depth)?));
            if !self.take(",") {
                return self.take("}").then_some(Literal::Dict(entries));
            }
        }
        Some(Literal::Dict(entries))
    }

    /// Text without escapes but those of quotes and backslashes.
    fn text(&mut self, quote: char) -> Option<Literal> {
        let mut text = String::new();
        // An `u` before it, as Python 2 writes, is not in any header.
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    _ => return None,
                },
                c if c == quote => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(Literal::Str(text));
                }
                c => text.push(c),
            }
        }
        None
    }

    /// An int, also with the `L` of Python 2.
    fn int(&mut self) -> Option<Literal> {
        let len =
            self.rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(len);
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().ok().map(Literal::Int)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_literals() {
        let header = "{'descr': [('a', '<f8'), (\"b\", '|O')], 'fortran_order': False, \
            'shape': (3L, 4), } \n";
        let Some(Literal::Dict(entries)) = parse(header) else { panic!("no dict") };
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[1].1, Literal::Bool(false));
        assert_eq!(entries[2].1, Literal::Items(vec![Literal::Int(3), Literal::Int(4)]));
        assert_eq!(parse("()"), Some(Literal::Items(vec![])));
        assert_eq!(parse("(3,)"), Some(Literal::Items(vec![Literal::Int(3)])));
        assert_eq!(parse("(3)"), Some(Literal::Int(3)));
        for wrong in ["", "(1 2)", "{1 2}", "{'a': 1", "[1,,2]", "'a", "[1]]", &"(".repeat(100)] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
