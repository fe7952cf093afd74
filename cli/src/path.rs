//! Paths such as `users[3].email`: the way from the object that was pickled to one within it.

use serde_pickle::graph::NodeKind;
use serde_pickle::{Node, Value};

use crate::error::{Error, Result};
use crate::literal;
use crate::walk::{attributes_of, quoted, spelled_name};

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    /// `.name`: an attribute, or the key of a dict.
    Name(String),
    /// `[key]`: an index, or a key.
    Key(Value),
    /// `$args[0]`: a positional argument.
    Arg(usize),
    /// `$kwargs`: the keyword arguments.
    Kwargs,
    /// `$state`: the state as it is.
    State,
    /// `$class`: the class or function that made the object.
    Class,
    /// `$id`: the id of a persistent id.
    Id,
}

impl Segment {
    /// The step as a path has it.
    pub(crate) fn spelled(&self) -> String {
        match self {
            Self::Name(name) => spelled_name(name),
            Self::Key(key) => format!("[{key}]"),
            Self::Arg(index) => format!("$args[{index}]"),
            Self::Kwargs => "$kwargs".to_owned(),
            Self::State => "$state".to_owned(),
            Self::Class => "$class".to_owned(),
            Self::Id => "$id".to_owned(),
        }
    }
}

/// Reads a path. `.` and nothing are the whole.
///
/// # Errors
/// A fault of the path, with its character.
pub(crate) fn parse(path: &str) -> Result<Vec<Segment>> {
    let wrong = |what: &str, rest: &str| {
        let column = path.chars().count() - rest.chars().count() + 1;
        Error::new(format!("the path {}: {what}, at character {column}", quoted(path)))
    };
    let mut segments = Vec::new();
    let mut rest = path.strip_prefix('.').filter(|rest| rest.is_empty()).unwrap_or(path);
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = closing(inner).ok_or_else(|| wrong("no closing bracket", rest))?;
            let text = inner.get(..end).unwrap_or_default();
            let key = literal::parse(text).map_err(|error| wrong(&error, inner))?;
            segments.push(Segment::Key(key));
            rest = inner.get(end + 1..).unwrap_or_default();
            continue;
        }
        let after = rest.strip_prefix('.').unwrap_or(rest);
        if after.len() == rest.len() && !segments.is_empty() && !rest.starts_with('$') {
            return Err(wrong("expected `.` or `[`", rest));
        }
        let len = after.find(['.', '[']).unwrap_or(after.len());
        let len = after.get(1..).and_then(|tail| tail.find('$')).map_or(len, |at| len.min(at + 1));
        let name = after.get(..len).unwrap_or_default();
        if name.is_empty() {
            return Err(wrong("a name is missing", rest));
        }
        rest = after.get(len..).unwrap_or_default();
        segments.push(match name {
            "$args" => {
                let index = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
                let index = index.and_then(|(index, behind)| Some((index.parse().ok()?, behind)));
                let (index, behind) =
                    index.ok_or_else(|| wrong("$args needs an index, as in $args[0]", rest))?;
                rest = behind;
                Segment::Arg(index)
            }
            "$kwargs" => Segment::Kwargs,
            "$state" => Segment::State,
            "$class" => Segment::Class,
            "$id" => Segment::Id,
            name => Segment::Name(name.to_owned()),
        });
    }
    Ok(segments)
}

/// Where the bracket that is open ends.
fn closing(inner: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0, None, false);
    for (at, c) in inner.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(' | '{') => depth += 1,
            (None, ')' | '}') => depth -= 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The object at the end of a path.
///
/// # Errors
/// A negative answer that says how far the path leads, and what is there.
pub(crate) fn find<'g>(root: Node<'g>, path: &[Segment]) -> Result<Node<'g>> {
    let (mut node, mut way) = (root, String::new());
    for segment in path {
        let Some(next) = step(node, segment) else {
            let place = if way.is_empty() { "the pickle".to_owned() } else { way };
            return Err(Error::no(format!(
                "no {} in {place}, which {}",
                segment.spelled(),
                described(node)
            )));
        };
        way.push_str(&segment.spelled());
        node = next;
    }
    Ok(node)
}

/// An object in words, with the names that it has.
fn described(node: Node<'_>) -> String {
    const SHOWN: usize = 6;
    let names: Vec<String> = match node.kind() {
        NodeKind::Dict => node.entries().take(SHOWN + 1).map(|(key, _)| key.to_string()).collect(),
        NodeKind::Object => {
            let states = node.states().filter_map(|(_, state)| attributes_of(state)).flatten();
            states.take(SHOWN + 1).map(|(name, _)| name.into_owned()).collect()
        }
        NodeKind::List | NodeKind::Tuple | NodeKind::Set | NodeKind::FrozenSet => {
            return format!("has {} items", node.len());
        }
        NodeKind::None => return "is None".to_owned(),
        kind => return format!("is {}", format!("{kind:?}").to_lowercase()),
    };
    if names.is_empty() {
        return "has no names".to_owned();
    }
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = if names.len() > SHOWN { " …" } else { "" };
    serde_pickle::tools::one_line(&format!("has {}{more}", shown.join(", "))).to_string()
}

/// The object that one step leads to.
pub(crate) fn step<'g>(node: Node<'g>, segment: &Segment) -> Option<Node<'g>> {
    match segment {
        Segment::Name(name) => named(node, name),
        Segment::Key(Value::Str(name)) => match node.kind() {
            NodeKind::Dict => node.get(name.as_str()),
            _ => entry(node, &Value::from(name.as_str())).or_else(|| named(node, name)),
        },
        Segment::Key(Value::Int(index)) => match node.kind() {
            NodeKind::List | NodeKind::Tuple | NodeKind::Set | NodeKind::FrozenSet => {
                node.items().nth(place(*index, node.len())?)
            }
            NodeKind::Dict => node.get(*index),
            _ => entry(node, &Value::Int(*index))
                .or_else(|| node.items().nth(place(*index, node.items().count())?)),
        },
        Segment::Key(key) => entry(node, key),
        Segment::Arg(index) => node.object()?.args.get(*index).copied(),
        Segment::Kwargs => node.object()?.kwargs,
        Segment::State => node.states().map(|(_, state)| state).last(),
        Segment::Class => node.object().map(|object| object.callable),
        Segment::Id => node.persistent_id(),
    }
}

/// The place that an index means, counted from the end if it is negative.
pub(crate) fn place(index: i64, len: usize) -> Option<usize> {
    if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

fn named<'g>(node: Node<'g>, name: &str) -> Option<Node<'g>> {
    if node.kind() == NodeKind::Dict {
        return node.get(name);
    }
    node.attr(name)
        .or_else(|| node.object()?.kwargs?.get(name))
        .or_else(|| entry(node, &Value::from(name)))
}

/// The value under a key among the entries of a dict or an object: the last one.
fn entry<'g>(node: Node<'g>, key: &Value) -> Option<Node<'g>> {
    let is_key = |candidate: Node<'g>| candidate.to_value().is_ok_and(|it| it.python_eq(key));
    node.entries().filter(|(candidate, _)| is_key(*candidate)).map(|(_, value)| value).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Segment {
        Segment::Name(name.to_owned())
    }

    #[test]
    fn paths_are_read() {
        let int = |int| Segment::Key(Value::Int(int));
        for (text, segments) in [
            ("", vec![]),
            (".", vec![]),
            ("users[3].email", vec![name("users"), int(3), name("email")]),
            ("[-1]", vec![int(-1)]),
            (".a.b", vec![name("a"), name("b")]),
            ("['x]y'].z", vec![Segment::Key(Value::from("x]y")), name("z")]),
            ("$args[0]$state", vec![Segment::Arg(0), Segment::State]),
            ("a$args[1].b", vec![name("a"), Segment::Arg(1), name("b")]),
            ("[(1, 'b')]", vec![Segment::Key(literal::parse("(1, 'b')").unwrap())]),
        ] {
            assert_eq!(parse(text).unwrap(), segments, "{text}");
        }
        for text in ["a[", "a..b", "a[x]", "[1]x", "$args"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn attributes_and_keys_are_found_alike() {
        // {'u': [m.C(x=1)], 2: 'two'}
        let pickle =
            b"\x80\x02}(X\x01\0\0\0u]cm\nC\n)\x81}X\x01\0\0\0xK\x01sbaK\x02X\x03\0\0\0twou.";
        let graph = serde_pickle::Graph::from_slice(pickle).unwrap();
        let found = |path: &str| find(graph.root(), &parse(path).unwrap()).map(|it| it.to_string());
        assert_eq!(found("u[0].x").unwrap(), "1");
        assert_eq!(found("['u'][-1]['x']").unwrap(), "1");
        assert_eq!(found("[2]").unwrap(), "'two'");
        assert_eq!(found("u[0]$state").unwrap(), "{'x': 1}");
        let error = found("u[0].y").unwrap_err();
        assert_eq!(error.to_string(), "no .y in .u[0], which has x");
    }
}
