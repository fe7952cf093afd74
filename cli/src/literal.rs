//! Values as they are typed: Python's literals and JSON, which have most of their forms in common.

use serde_pickle::num_bigint::BigInt;
use serde_pickle::{Dict, Set, Value};

/// Levels of nesting; reading recurses.
const DEEPEST: usize = 200;

/// Reads one value, and nothing behind it.
///
/// # Errors
/// One line about what is wrong, and at which character.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let value = parser.value()?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.wrong("more than one value"));
    }
    Ok(value)
}

/// Reads value after value, with nothing but blanks between: lines of JSON.
pub(crate) fn parse_all(text: &str) -> Result<Vec<Value>, String> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let mut values = Vec::new();
    loop {
        parser.blanks();
        if parser.at >= text.len() {
            return Ok(values);
        }
        values.push(parser.value()?);
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, what: &str) -> String {
        let column = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        format!("{what}, at character {column}")
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn value(&mut self) -> Result<Value, String> {
        self.blanks();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("nested too deep"));
        }
        let value = match self.rest().chars().next() {
            Some('[') => {
                self.at += 1;
                Value::List(self.items("]")?.0)
            }
            Some('(') => {
                self.at += 1;
                let (mut items, comma) = self.items(")")?;
                match items.pop() {
                    // Parentheses alone.
                    Some(only) if items.is_empty() && !comma => only,
                    last => {
                        items.extend(last);
                        Value::Tuple(items)
                    }
                }
            }
            Some('{') => self.braces()?,
            Some('\'' | '"') => Value::from(self.string()?),
            Some('b') if self.rest().starts_with("b'") || self.rest().starts_with("b\"") => {
                self.at += 1;
                let text = self.string()?;
                let bytes: Option<Vec<u8>> =
                    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
                Value::Bytes(bytes.ok_or_else(|| self.wrong("bytes beyond \\xff"))?)
            }
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number()?,
            Some(_) => self.word()?,
            None => return Err(self.wrong("a value is missing")),
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Items up to `close`, and whether a comma stood behind the last.
    fn items(&mut self, close: &str) -> Result<(Vec<Value>, bool), String> {
        let (mut items, mut comma) = (Vec::new(), false);
        loop {
            if self.take(close) {
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(self.wrong(&format!("expected a comma or `{close}`")));
            }
            items.push(self.value()?);
            comma = self.take(",");
        }
    }

    /// A dict or a set.
    fn braces(&mut self) -> Result<Value, String> {
        self.at += 1;
        let (mut keys, mut values, mut comma) = (Vec::new(), Vec::new(), true);
        while !self.take("}") {
            if !comma {
                return Err(self.wrong("expected a comma or `}`"));
            }
            keys.push(self.value()?);
            if self.take(":") {
                values.push(self.value()?);
            }
            comma = self.take(",");
        }
        if !values.is_empty() && keys.len() != values.len() {
            return Err(self.wrong("a dict has a key without a value"));
        }
        if values.is_empty() && !keys.is_empty() {
            let set = Set::try_from_iter(keys).map_err(|error| self.wrong(&error.to_string()))?;
            return Ok(Value::Set(set));
        }
        let dict = Dict::try_from_iter(keys.into_iter().zip(values))
            .map_err(|error| self.wrong(&error.to_string()))?;
        Ok(Value::Dict(dict))
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = self.rest().chars().next().unwrap_or('"');
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(self.wrong("text has no closing quote"));
            };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(text),
                '\\' => text.push(self.escape()?),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let c = self.rest().chars().next().ok_or_else(|| self.wrong("text ends in a backslash"))?;
        self.at += c.len_utf8();
        let code = match c {
            'n' => return Ok('\n'),
            't' => return Ok('\t'),
            'r' => return Ok('\r'),
            'b' => return Ok('\u{8}'),
            'f' => return Ok('\u{c}'),
            '0' => return Ok('\0'),
            'x' => self.hex(2)?,
            'u' => self.hex(4)?,
            'U' => self.hex(8)?,
            c => return Ok(c),
        };
        let code = match code {
            0xd800..=0xdbff if self.rest().starts_with("\\u") => {
                self.at += 2;
                let low = self.hex(4)?;
                0x1_0000 + ((code - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.wrong("an escape is no character"))
    }

    fn hex(&mut self, digits: usize) -> Result<u32, String> {
        let code = self.rest().get(..digits).and_then(|text| u32::from_str_radix(text, 16).ok());
        let code = code.ok_or_else(|| self.wrong("an escape needs hexadecimal digits"))?;
        self.at += digits;
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, String> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
        let rest = self.rest();
        let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let text = rest.get(..len).unwrap_or_default().replace('_', "");
        let wrong = self.wrong("not a number");
        self.at += len;
        if let Ok(int) = text.parse::<i64>() {
            return Ok(Value::Int(int));
        }
        let digits = text.trim_start_matches(['+', '-']);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() {
            if digits.len() > 4_300 {
                return Err(format!("{wrong}: more than 4,300 digits"));
            }
            return text.parse::<BigInt>().map(Value::from).map_err(|_| wrong);
        }
        match text.as_str() {
            "-inf" | "-Infinity" => Ok(Value::from(f64::NEG_INFINITY)),
            _ => text.parse::<f64>().map(Value::from).map_err(|_| wrong),
        }
    }

    fn word(&mut self) -> Result<Value, String> {
        for (word, value) in [
            ("None", Value::None),
            ("null", Value::None),
            ("True", Value::Bool(true)),
            ("true", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("false", Value::Bool(false)),
            ("set()", Value::Set(Set::new())),
            ("frozenset()", Value::FrozenSet(Set::new())),
            ("nan", Value::from(f64::NAN)),
            ("NaN", Value::from(f64::NAN)),
            ("inf", Value::from(f64::INFINITY)),
            ("Infinity", Value::from(f64::INFINITY)),
        ] {
            let rest = self.rest();
            let ends =
                |behind: &str| !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            if rest.strip_prefix(word).is_some_and(ends) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("not a value: text goes in quotes, or use --text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_python_and_json_are_read() {
        for (text, shown) in [
            ("[1, -2, 3.5, null, true, None, False]", "[1, -2, 3.5, None, True, None, False]"),
            (r#"{"a": "\u00e9\ud83d\ude00\n", 'b': b'\xff'}"#, r"{'a': 'é😀\n', 'b': b'\xff'}"),
            ("(1,)", "(1,)"),
            ("(1)", "1"),
            ("()", "()"),
            ("{1}", "{1}"),
            ("{}", "{}"),
            ("set()", "set()"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1e3", "1000.0"),
            ("-inf", "-inf"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, error) in [
            ("", "a value is missing, at character 1"),
            ("[1 2]", "expected a comma or `]`, at character 4"),
            ("Ada", "not a value: text goes in quotes, or use --text, at character 1"),
            ("'a", "text has no closing quote, at character 3"),
            ("1 2", "more than one value, at character 3"),
            ("{1: 2, 3}", "a dict has a key without a value, at character 10"),
        ] {
            assert_eq!(parse(text).unwrap_err(), error, "{text}");
        }
        assert!(parse(&"[".repeat(10_000)).unwrap_err().starts_with("nested too deep"));
    }
}
