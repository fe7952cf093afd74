//! Names of Rust for names of Python.

use std::collections::HashSet;

/// Words that no name may be.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that cannot be raw identifiers either.
const RESERVED: &[&str] = &["self", "super", "crate", "Self", "_", ""];

/// Names of types that the module uses.
const TAKEN: &[&str] = &[
    "Box",
    "BTreeMap",
    "Clone",
    "Debug",
    "Deserialize",
    "Err",
    "HashMap",
    "Default",
    "None",
    "Ok",
    "Option",
    "PartialEq",
    "Result",
    "Serialize",
    "Some",
    "String",
    "Value",
    "Vec",
    "Global",
    "PersistentId",
    "ByteBuf",
    "Dict",
    "Eq",
    "Hash",
    "Ord",
    "Drop",
    "Fn",
    "Iterator",
    "From",
    "Into",
    "ToString",
];

/// Words of a name: at underscores, other signs, and where small letters meet capitals.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_small = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase()
            && (before.is_lowercase()
                || before.is_ascii_digit()
                || before.is_uppercase() && next_is_small);
        if !c.is_ascii_alphanumeric() || begins {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c);
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `user_name`; raw where it is a keyword.
pub(crate) fn field(name: &str) -> String {
    let snake = words(name).join("_").to_lowercase();
    let snake = match snake.chars().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("field_{snake}"),
        Some(_) => snake,
    };
    if KEYWORDS.contains(&snake.as_str()) {
        format!("r#{snake}")
    } else if RESERVED.contains(&snake.as_str()) {
        format!("{snake}_")
    } else {
        snake
    }
}

/// `UserName`.
pub(crate) fn type_name(name: &str) -> String {
    let mut pascal = String::new();
    for word in words(name) {
        let mut chars = word.chars();
        pascal.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        // `HTTPServer` is `HttpServer`, `iPhone` is `IPhone`.
        let rest: String = chars.collect();
        let shout = rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        pascal.push_str(&if shout { rest.to_lowercase() } else { rest });
    }
    match pascal.chars().next() {
        None => "Type".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("Type{pascal}"),
        Some(_) if pascal == "Self" => "SelfType".to_owned(),
        Some(_) => pascal,
    }
}

/// The name of an element of what has this name: `users` hold a `user`.
pub(crate) fn singular(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let keep = name.len();
    if lower.ends_with("ies") && keep > 4 {
        return format!("{}y", &name[..keep - 3]);
    }
    if lower.ends_with("sses") || lower.ends_with("xes") || lower.ends_with("ches") {
        return name[..keep - 2].to_owned();
    }
    if lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("us") && keep > 2 {
        return name[..keep - 1].to_owned();
    }
    format!("{name}_item")
}

/// Names that have been given.
#[derive(Debug, Default)]
pub(crate) struct Given(HashSet<String>);

impl Given {
    /// The name, or with a number where it is taken.
    pub(crate) fn unique(&mut self, name: &str) -> String {
        let mut number = 1;
        loop {
            let candidate = if number == 1 { name.to_owned() } else { format!("{name}{number}") };
            let free = !TAKEN.contains(&candidate.as_str());
            if free && self.0.insert(candidate.clone()) {
                return candidate;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rust() {
        for (name, snake, pascal) in [
            ("userName", "user_name", "UserName"),
            ("first name", "first_name", "FirstName"),
            ("type", "r#type", "Type"),
            ("self", "self_", "SelfType"),
            ("HTTPServer", "http_server", "HttpServer"),
            ("2fa", "field_2fa", "Type2fa"),
            ("é", "field", "Type"),
            ("_id", "id", "Id"),
        ] {
            assert_eq!((field(name).as_str(), type_name(name).as_str()), (snake, pascal), "{name}");
        }
        for (many, one) in
            [("users", "user"), ("entries", "entry"), ("boxes", "box"), ("data", "data_item")]
        {
            assert_eq!(singular(many), one);
        }
    }
}
