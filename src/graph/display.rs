//! A node for people: Python's `repr`, bounded.
//!
//! A graph may contain itself, be a million levels deep or hold gigabytes, and all of them end up
//! in a log. So printing ends after [`NODES`] values, [`DEPTH`] levels and [`limits::QUOTED`]
//! characters of each text. An ellipsis stands for the rest, as Python prints an object within
//! itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use super::Graph;
use super::node::{Node, NodeId, NodeKind};
use super::parts::ObjectParts;
use crate::error::quoted;
use crate::escape::OneLine;
use crate::limits;
use crate::nodes::scalar::text;
use crate::read::text::Text;
use crate::value::{SurrogateString, Value};

/// Values printed.
const NODES: usize = 200;
/// Levels printed. Printing recurses, so this bounds the stack too.
const DEPTH: usize = 8;

impl fmt::Display for Node<'_> {
    /// Python's `repr`, cut off where it becomes long: not meant to be read by programs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer { left: NODES, path: Vec::new(), scalars: HashMap::default() }.node(f, *self)
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({self})")
    }
}

impl fmt::Debug for Graph<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({})", self.root())
    }
}

impl fmt::Debug for ObjectParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer { left: NODES, path: Vec::new(), scalars: HashMap::default() };
        write!(f, "ObjectParts(<{:?}> ", self.how)?;
        printer.call(f, self.callable, self.args.iter().copied(), self.kwargs)?;
        for (setter, state) in &self.states {
            f.write_str(" state ")?;
            if printer.left == 0 {
                f.write_str("...")?;
                break;
            }
            printer.node(f, *state)?;
            if let Some(setter) = setter {
                f.write_str(" by ")?;
                printer.node(f, *setter)?;
            }
        }
        f.write_str(")")
    }
}

struct Printer<'g> {
    left: usize,
    /// The objects around the one that is printed.
    path: Vec<Node<'g>>,
    /// Printed scalars, kept because decoding one may take as long as reading the pickle.
    scalars: HashMap<NodeId, String>,
}

impl<'g> Printer<'g> {
    fn node(&mut self, f: &mut fmt::Formatter<'_>, node: Node<'g>) -> fmt::Result {
        self.left = self.left.saturating_sub(1);
        let (open, close) = match node.kind() {
            NodeKind::List => ("[", "]"),
            NodeKind::Tuple => ("(", if node.len() == 1 { ",)" } else { ")" }),
            NodeKind::Dict => ("{", "}"),
            NodeKind::Set if node.is_empty() => return f.write_str("set()"),
            NodeKind::Set => ("{", "}"),
            NodeKind::FrozenSet if node.is_empty() => return f.write_str("frozenset()"),
            NodeKind::FrozenSet => ("frozenset({", "})"),
            NodeKind::Object => ("<", ">"),
            NodeKind::PersistentId => ("<persistent id ", ">"),
            _ => return self.scalar(f, node),
        };
        if self.path.len() >= DEPTH || self.path.contains(&node) {
            // Python's own forms for an object within itself.
            return match node.kind() {
                NodeKind::Tuple => f.write_str("(...)"),
                NodeKind::Set => f.write_str("set(...)"),
                NodeKind::FrozenSet => f.write_str("frozenset(...)"),
                _ => write!(f, "{open}...{close}"),
            };
        }
        f.write_str(open)?;
        self.path.push(node);
        self.contents(f, node)?;
        self.path.pop();
        f.write_str(close)
    }

    fn contents(&mut self, f: &mut fmt::Formatter<'_>, node: Node<'g>) -> fmt::Result {
        match node.kind() {
            NodeKind::Dict => self.entries(f, node),
            NodeKind::PersistentId => match node.persistent_id() {
                Some(id) => self.node(f, id),
                None => Ok(()),
            },
            NodeKind::Object => self.object(f, node),
            _ => self.list(f, node.items()),
        }
    }

    fn object(&mut self, f: &mut fmt::Formatter<'_>, node: Node<'g>) -> fmt::Result {
        let Some(object) = node.object_view() else { return Ok(()) };
        let args = object.args.iter().map(|&arg| node.at(arg));
        self.call(f, node.at(object.callable), args, object.kwargs.map(|dict| node.at(dict)))?;
        if node.items().next().is_some() {
            f.write_str(" [")?;
            self.list(f, node.items())?;
            f.write_str("]")?;
        }
        if node.entries().next().is_some() {
            f.write_str(" {")?;
            self.entries(f, node)?;
            f.write_str("}")?;
        }
        if let Some((_, state)) = node.states().next() {
            f.write_str(" state ")?;
            self.node(f, state)?;
        }
        Ok(())
    }

    fn call(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        callable: Node<'g>,
        args: impl Iterator<Item = Node<'g>>,
        kwargs: Option<Node<'g>>,
    ) -> fmt::Result {
        match callable.global() {
            Some(global) => {
                let (module, qualname) = (quoted(&global.module), quoted(&global.qualname));
                write!(f, "{}", OneLine(format_args!("{module}.{qualname}")))?;
            }
            None => self.node(f, callable)?,
        }
        f.write_str("(")?;
        let mut args = args.peekable();
        let is_first = args.peek().is_none();
        self.list(f, args)?;
        if let Some(kwargs) = kwargs {
            f.write_str(if is_first { "**" } else { ", **" })?;
            self.node(f, kwargs)?;
        }
        f.write_str(")")
    }

    fn scalar(&mut self, f: &mut fmt::Formatter<'_>, node: Node<'g>) -> fmt::Result {
        let shown = match self.scalars.entry(node.id()) {
            Entry::Occupied(shown) => shown.into_mut(),
            Entry::Vacant(place) => {
                let mut shown = String::new();
                scalar(&mut shown, node)?;
                place.insert(shown)
            }
        };
        f.write_str(shown)
    }

    fn list(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        items: impl Iterator<Item = Node<'g>>,
    ) -> fmt::Result {
        for (index, item) in items.enumerate() {
            if index != 0 {
                f.write_str(", ")?;
            }
            if self.left == 0 {
                return f.write_str("...");
            }
            self.node(f, item)?;
        }
        Ok(())
    }

    fn entries(&mut self, f: &mut fmt::Formatter<'_>, node: Node<'g>) -> fmt::Result {
        for (index, (key, value)) in node.entries().enumerate() {
            if index != 0 {
                f.write_str(", ")?;
            }
            if self.left == 0 {
                return f.write_str("...");
            }
            self.node(f, key)?;
            f.write_str(": ")?;
            self.node(f, value)?;
        }
        Ok(())
    }
}

/// Prints a scalar.
fn scalar(f: &mut impl fmt::Write, node: Node<'_>) -> fmt::Result {
    if let Some(Text::Surrogates(bytes)) = text(&node.graph.nodes, &node.graph.input, node.handle) {
        // A byte that continues no character begins one.
        let mut starts =
            bytes.iter().enumerate().filter(|(_, byte)| **byte & 0xc0 != 0x80).map(|(at, _)| at);
        let end = starts.nth(limits::QUOTED).unwrap_or(bytes.len());
        let shown = bytes.get(..end).unwrap_or_default();
        let value = match std::str::from_utf8(shown) {
            Ok(text) => Value::from(text),
            Err(_) => {
                SurrogateString::from_bytes(shown.to_vec()).map_or(Value::None, Value::Surrogates)
            }
        };
        return write!(f, "{value}{}", if end < bytes.len() { "..." } else { "" });
    }
    if let Some(text) = node.as_str() {
        return match text.chars().nth(limits::QUOTED) {
            None => write!(f, "{}", Value::from(&*text)),
            Some(_) => write!(
                f,
                "{}...",
                Value::from(text.chars().take(limits::QUOTED).collect::<String>())
            ),
        };
    }
    if let Some(bytes) = node.as_bytes() {
        let shown = bytes.get(..limits::QUOTED).unwrap_or(&bytes).to_vec();
        let ellipsis = if shown.len() < bytes.len() { "..." } else { "" };
        let shown = match node.kind() {
            NodeKind::ByteArray => Value::ByteArray(shown),
            _ => Value::Bytes(shown),
        };
        return write!(f, "{shown}{ellipsis}");
    }
    if let Some(code) = node.extension_code() {
        return write!(f, "<extension {code}>");
    }
    if node.kind() == NodeKind::Int {
        // Converting a long int to decimal takes more than linear time.
        return match node.as_big_int() {
            Some(value) if value.bits() > 256 => write!(f, "<int of {} bits>", value.bits()),
            Some(value) => write!(f, "{value}"),
            None => f.write_str("..."),
        };
    }
    match node.to_value() {
        Ok(value) => write!(f, "{value}"),
        Err(_) => write!(f, "<{:?}>", node.kind()),
    }
}
