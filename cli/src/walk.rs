//! An object's parts, each with the name by which a path leads to it.

use std::borrow::Cow;

use serde_pickle::Node;
use serde_pickle::graph::NodeKind;
use serde_pickle::reduce::Global;
use serde_pickle::tools::one_line;

/// The way from an object to a part of it.
#[derive(Clone, Debug)]
pub(crate) enum Step<'g> {
    /// An item by its place.
    Index(usize),
    /// The value under a key.
    Key(Node<'g>),
    /// The key itself, by the place of its entry.
    KeyOf(usize),
    /// An attribute.
    Attr(Cow<'g, str>),
    /// A positional argument.
    Arg(usize),
    /// The keyword arguments.
    Kwargs,
    /// A state whose attributes have no names.
    State,
    /// The callable, where it is more than a name; a state setter; the id of a persistent id.
    Part(&'static str),
    /// One of several pickles in a file.
    Root(usize),
}

/// Characters of a key that a path shows.
const KEY: usize = 200;

impl Step<'_> {
    /// Appends the step to a path. Names are cut where they are long.
    pub(crate) fn append(&self, path: &mut String) {
        let spelled = match self {
            Self::Index(index) => format!("[{index}]"),
            Self::Key(key) => match key.as_str() {
                Some(text) => spelled_name(&cut(&text, KEY)),
                None => format!("[{}]", one_line(&cut(&key.to_string(), KEY))),
            },
            Self::KeyOf(index) => format!("$key[{index}]"),
            Self::Attr(name) => spelled_name(&cut(name, KEY)),
            Self::Arg(index) => format!("$args[{index}]"),
            Self::Kwargs => "$kwargs".to_owned(),
            Self::State => "$state".to_owned(),
            Self::Part(name) => format!("${name}"),
            Self::Root(number) => format!("#{number}"),
        };
        // The first step of a path has no dot.
        path.push_str(match path.is_empty() {
            true => spelled.trim_start_matches('.'),
            false => &spelled,
        });
    }
}

/// A name behind a dot, or in brackets where it is no identifier.
pub(crate) fn spelled_name(name: &str) -> String {
    if is_identifier(name) { format!(".{name}") } else { format!("[{}]", quoted(name)) }
}

/// Returns true for letters, digits and underscores, not beginning with a digit.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

/// Text as Python's `repr` has it.
pub(crate) fn quoted(text: &str) -> String {
    serde_pickle::Value::from(text).to_string()
}

/// The parts of an object. Scalars have none.
pub(crate) fn parts<'g>(node: Node<'g>) -> Vec<(Step<'g>, Node<'g>)> {
    let mut parts = Vec::new();
    match node.kind() {
        NodeKind::List | NodeKind::Tuple | NodeKind::Set | NodeKind::FrozenSet => {
            parts.extend(node.items().enumerate().map(|(at, item)| (Step::Index(at), item)));
        }
        NodeKind::Dict => entries(node, &mut parts),
        NodeKind::Object => {
            if let Some(object) = node.object() {
                if object.callable.global().is_none() {
                    parts.push((Step::Part("class"), object.callable));
                }
                let args = object.args.iter().enumerate();
                parts.extend(args.map(|(at, &arg)| (Step::Arg(at), arg)));
                parts.extend(object.kwargs.map(|kwargs| (Step::Kwargs, kwargs)));
            }
            given(node, &mut parts);
        }
        NodeKind::Global | NodeKind::Extension => given(node, &mut parts),
        NodeKind::PersistentId => {
            parts.extend(node.persistent_id().map(|id| (Step::Part("id"), id)));
            given(node, &mut parts);
        }
        _ => {}
    }
    parts
}

fn entries<'g>(node: Node<'g>, parts: &mut Vec<(Step<'g>, Node<'g>)>) {
    for (at, (key, value)) in node.entries().enumerate() {
        if !is_scalar(key) {
            parts.push((Step::KeyOf(at), key));
        }
        parts.push((Step::Key(key), value));
    }
}

/// The objects that an object refers to, without their names: states as they are, and keys.
pub(crate) fn children<'g>(node: Node<'g>) -> Vec<Node<'g>> {
    let mut children = Vec::new();
    if let Some(object) = node.object() {
        children.push(object.callable);
        children.extend(object.args);
        children.extend(object.kwargs);
    }
    children.extend(node.persistent_id());
    for (setter, state) in node.states() {
        children.extend(setter);
        children.push(state);
    }
    children.extend(node.items());
    for (key, value) in node.entries() {
        children.extend([key, value]);
    }
    children
}

/// The states, items and entries of an object.
fn given<'g>(node: Node<'g>, parts: &mut Vec<(Step<'g>, Node<'g>)>) {
    for (setter, state) in node.states() {
        parts.extend(setter.map(|setter| (Step::Part("setter"), setter)));
        match attributes_of(state) {
            Some(attributes) => {
                parts.extend(attributes.into_iter().map(|(name, value)| (Step::Attr(name), value)));
            }
            None => parts.push((Step::State, state)),
        }
    }
    parts.extend(node.items().enumerate().map(|(at, item)| (Step::Index(at), item)));
    entries(node, parts);
}

/// The attributes in a state: those of the dict that it is, or of `(dict, slots)`.
pub(crate) fn attributes_of<'g>(state: Node<'g>) -> Option<Vec<(Cow<'g, str>, Node<'g>)>> {
    let dicts = match state.kind() {
        NodeKind::Dict => vec![state],
        NodeKind::Tuple if state.len() == 2 => {
            let halves: Vec<Node<'g>> = state.items().collect();
            let fits = |half: &Node<'g>| matches!(half.kind(), NodeKind::Dict | NodeKind::None);
            let slots = halves.get(1).is_some_and(|slots| slots.kind() == NodeKind::Dict);
            if !slots || !halves.iter().all(fits) {
                return None;
            }
            halves
        }
        _ => return None,
    };
    let mut attributes = Vec::new();
    for (key, value) in dicts.into_iter().flat_map(Node::entries) {
        attributes.push((key.as_str()?, value));
    }
    Some(attributes)
}

/// Returns true for what has no parts.
pub(crate) fn is_scalar(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        NodeKind::None
            | NodeKind::Bool
            | NodeKind::Int
            | NodeKind::Float
            | NodeKind::Complex
            | NodeKind::Str
            | NodeKind::Bytes
            | NodeKind::ByteArray
            | NodeKind::Buffer
    )
}

/// The class or function that an object is made by.
pub(crate) fn class_of(node: Node<'_>) -> Option<Global> {
    node.object()?.callable.global()
}

/// A class or function in one line.
pub(crate) fn dotted(global: &Global) -> String {
    one_line(&format!("{}.{}", cut(&global.module, 100), cut(&global.qualname, 100))).to_string()
}

/// Text of at most so many characters.
pub(crate) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
