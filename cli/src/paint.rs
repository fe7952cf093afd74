//! Values in color: Python's `repr`, laid out over lines.
//!
//! A [`Doc`] is made of a value first, as much of it as is to be printed; it knows how wide it
//! would be on one line. What fits on the rest of its line is printed so, and anything else with
//! each of its parts on a line of its own.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use anstyle::{AnsiColor, Style};
use serde::Deserialize;
use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::tools::one_line;
use serde_pickle::{Node, Value};

use crate::fold::{columns, folded};
use crate::numpy::array;
use crate::walk::{self, attributes_of, children, cut, dotted, is_identifier, is_scalar, parts};

/// Levels that are printed at most, whatever is asked: printing recurses.
const DEEPEST: usize = 200;

/// Attributes that are looked at for as much as a value counts.
const STATE: usize = 16;

/// The settings of printing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) width: usize,
    pub(crate) depth: usize,
    pub(crate) max_items: usize,
    pub(crate) max_text: usize,
    pub(crate) max_values: usize,
}

const fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

pub(crate) const NAME: Style = color(AnsiColor::Cyan);
pub(crate) const TEXT: Style = color(AnsiColor::Green);
pub(crate) const NUMBER: Style = color(AnsiColor::Yellow);
pub(crate) const WORD: Style = color(AnsiColor::Magenta);
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const BAD: Style = color(AnsiColor::Red).bold();
pub(crate) const GOOD: Style = color(AnsiColor::Green);
pub(crate) const PLAIN: Style = Style::new();
pub(crate) const STRONG: Style = Style::new().bold();

/// Text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    if style.is_plain() { text.to_owned() } else { format!("{style}{text}{style:#}") }
}

/// Pieces of one line, in their styles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(Vec<(Style, String)>);

impl Spans {
    pub(crate) fn of(style: Style, text: impl Into<String>) -> Self {
        Self(vec![(style, text.into())])
    }

    pub(crate) fn push(&mut self, style: Style, text: impl Into<String>) {
        self.0.push((style, text.into()));
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| columns(text)).sum()
    }

    fn write(&self, out: &mut String) {
        for (style, text) in &self.0 {
            out.push_str(&styled(*style, text));
        }
    }
}

/// A value as it is to be printed.
#[derive(Debug)]
enum Doc {
    Atom(Spans),
    Group { open: Spans, parts: Vec<(Spans, Doc)>, close: Spans, width: usize },
}

impl Doc {
    fn group(open: Spans, parts: Vec<(Spans, Self)>, close: Spans) -> Self {
        let inner: usize = parts.iter().map(|(label, part)| label.width() + part.width() + 2).sum();
        let width = open.width() + close.width() + inner.saturating_sub(2);
        Self::Group { open, parts, close, width }
    }

    /// Columns that it takes on one line.
    fn width(&self) -> usize {
        match self {
            Self::Atom(spans) => spans.width(),
            Self::Group { width, .. } => *width,
        }
    }

    /// Returns true for what stands on a line with others of its kind.
    fn is_short(&self) -> bool {
        const SHORT: usize = 24;
        matches!(self, Self::Atom(spans) if spans.width() <= SHORT)
    }

    fn write_flat(&self, out: &mut String) {
        match self {
            Self::Atom(spans) => spans.write(out),
            Self::Group { open, parts, close, .. } => {
                open.write(out);
                for (at, (label, part)) in parts.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    label.write(out);
                    part.write_flat(out);
                }
                close.write(out);
            }
        }
    }

    /// Prints at `column` of a line that is indented by `indent`, with `width` columns.
    fn write(&self, out: &mut String, column: usize, indent: usize, width: usize) {
        match self {
            Self::Group { open, parts, close, width: own } if column + own + 1 > width => {
                open.write(out);
                // Deep values have to go on somewhere.
                let indent = (indent + 2).min(width.saturating_sub(30).max(2));
                let filled =
                    parts.iter().all(|(label, part)| label.0.is_empty() && part.is_short());
                // As if the line before were full.
                let mut column = width;
                for (label, part) in parts {
                    // A blank before it, and a comma behind it.
                    if filled && column + part.width() + 2 <= width {
                        out.push(' ');
                        column += 1;
                    } else {
                        out.push('\n');
                        out.extend(std::iter::repeat_n(' ', indent));
                        column = indent;
                    }
                    label.write(out);
                    part.write(out, indent + label.width(), indent, width);
                    out.push(',');
                    column += part.width() + 1;
                }
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent.saturating_sub(2)));
                close.write(out);
            }
            _ => self.write_flat(out),
        }
    }
}

/// Prints the values of a graph.
pub(crate) struct Painter {
    layout: Layout,
    /// The number of each object that is referred to more than once; 0 before it is printed.
    shared: HashMap<NodeId, usize>,
    numbered: usize,
    /// The values that may still be printed.
    left: usize,
}

impl Painter {
    /// Prepares for the values below `roots`: finds what is referred to more than once.
    pub(crate) fn new<'g>(roots: impl Iterator<Item = Node<'g>>, layout: Layout) -> Self {
        let mut seen: HashMap<NodeId, bool> = HashMap::new();
        // States, which are printed as attributes of each object that has them.
        let mut states: HashSet<NodeId> = HashSet::new();
        let mut left: Vec<Node<'g>> = roots.collect();
        while let Some(node) = left.pop() {
            if !has_identity(node) {
                continue;
            }
            match seen.get_mut(&node.id()) {
                Some(again) => {
                    if !std::mem::replace(again, true) && states.contains(&node.id()) {
                        left.extend(children(node));
                    }
                }
                None => {
                    seen.insert(node.id(), false);
                    states.extend(node.states().map(|(_, state)| state.id()));
                    left.extend(children(node));
                }
            }
        }
        let shared = seen.into_iter().filter(|(_, again)| *again).map(|(id, _)| (id, 0)).collect();
        Self { layout, shared, numbered: 0, left: layout.max_values }
    }

    /// A value over as many lines as it takes.
    pub(crate) fn paint(&mut self, node: Node<'_>) -> String {
        let mut out = String::new();
        self.doc(node, 0).write(&mut out, 0, 0, self.layout.width);
        // Text, names and keys that are longer than a line.
        let lines = out.split('\n').map(|line| {
            let indent = line.len() - line.trim_start_matches(' ').len();
            folded(line, self.layout.width, indent + 4)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A value on one line, if it fits: as it is, or in words. Text and numbers may be longer.
    pub(crate) fn line(node: Node<'_>, width: usize) -> String {
        let width = width.max(20);
        let layout = Layout { width, depth: 3, max_items: 12, max_text: 2 * width, max_values: 40 };
        let mut painter = Self { layout, shared: HashMap::new(), numbered: 0, left: 40 };
        let doc = painter.doc(node, 0);
        let mut out = String::new();
        if doc.width() <= width || is_scalar(node) {
            doc.write_flat(&mut out);
        } else {
            summary(node).write(&mut out);
        }
        out
    }

    fn doc(&mut self, node: Node<'_>, depth: usize) -> Doc {
        self.left = self.left.saturating_sub(1);
        if !has_identity(node) {
            return Doc::Atom(self.scalar(node));
        }
        let mut mark = Spans::default();
        if let Some(number) = self.shared.get_mut(&node.id()) {
            if *number > 0 {
                return Doc::Atom(Spans::of(FAINT, format!("*{number}")));
            }
            self.numbered += 1;
            *number = self.numbered;
            mark.push(FAINT, format!("&{number} "));
        }
        if node.kind() == NodeKind::Object
            && self.left > 0
            && let Some(spans) = self.natural(node)
        {
            mark.0.extend(spans.0);
            return Doc::Atom(mark);
        }
        if depth >= self.layout.depth.min(DEEPEST) || self.left == 0 {
            mark.0.extend(summary(node).0);
            return Doc::Atom(mark);
        }
        let (open, close) = match node.kind() {
            NodeKind::List => ("[", "]"),
            NodeKind::Tuple => ("(", if node.len() == 1 { ",)" } else { ")" }),
            NodeKind::Dict => ("{", "}"),
            NodeKind::Set if node.is_empty() => ("set(", ")"),
            NodeKind::Set => ("{", "}"),
            NodeKind::FrozenSet if node.is_empty() => ("frozenset(", ")"),
            NodeKind::FrozenSet => ("frozenset({", "})"),
            NodeKind::PersistentId => ("<persistent id ", ">"),
            _ => return self.object(mark, node, depth),
        };
        mark.push(PLAIN, open);
        let parts = match node.kind() {
            NodeKind::Dict => self.entries(node, depth),
            NodeKind::PersistentId => {
                let id = node.persistent_id().map(|id| (Spans::default(), self.doc(id, depth + 1)));
                id.into_iter().collect()
            }
            _ => self.items(node.items(), node.len(), depth),
        };
        Doc::group(mark, parts, Spans::of(PLAIN, close))
    }

    fn items<'g>(
        &mut self,
        items: impl Iterator<Item = Node<'g>>,
        len: usize,
        depth: usize,
    ) -> Vec<(Spans, Doc)> {
        let mut parts = Vec::new();
        for item in items.take(self.layout.max_items) {
            if self.left == 0 {
                break;
            }
            parts.push((Spans::default(), self.doc(item, depth + 1)));
        }
        parts.extend(more(len - parts.len()));
        parts
    }

    fn entries(&mut self, node: Node<'_>, depth: usize) -> Vec<(Spans, Doc)> {
        let mut parts = Vec::new();
        for (key, value) in node.entries().take(self.layout.max_items) {
            if self.left == 0 {
                break;
            }
            let label = self.doc(key, depth + 1);
            let mut text = Spans::default();
            flatten(&label, &mut text);
            text.push(PLAIN, ": ");
            parts.push((text, self.doc(value, depth + 1)));
        }
        let len = node.entries().count();
        parts.extend(more(len - parts.len()));
        parts
    }

    fn object(&mut self, mut open: Spans, node: Node<'_>, depth: usize) -> Doc {
        let mut inner = Vec::new();
        match node.object() {
            Some(object) => {
                match object.callable.global() {
                    Some(class) => open.push(NAME, dotted(&class)),
                    None => flatten(&self.doc(object.callable, depth + 1), &mut open),
                }
                inner.extend(self.items(object.args.iter().copied(), object.args.len(), depth));
                if let Some(kwargs) = object.kwargs {
                    inner.push((Spans::of(PLAIN, "**"), self.doc(kwargs, depth + 1)));
                }
            }
            None => open.0.extend(self.scalar(node).0),
        }
        open.push(PLAIN, "(");
        for (setter, state) in node.states() {
            if let Some(setter) = setter {
                inner.push((Spans::of(FAINT, "$setter: "), self.doc(setter, depth + 1)));
            }
            let shown = |all: &[(Cow<'_, str>, Node<'_>)]| {
                all.iter().take(self.layout.max_items).all(|(name, _)| is_identifier(name))
            };
            match attributes_of(state).filter(|all| shown(all)) {
                Some(attributes) => {
                    let len = attributes.len();
                    // Many objects may have one state.
                    self.left = self.left.saturating_sub(len / STATE);
                    let before = inner.len();
                    for (name, value) in attributes.into_iter().take(self.layout.max_items) {
                        if self.left == 0 {
                            break;
                        }
                        let mut label = Spans::of(PLAIN, cut(&name, self.layout.max_text));
                        label.push(PLAIN, "=");
                        inner.push((label, self.doc(value, depth + 1)));
                    }
                    inner.extend(more(len - (inner.len() - before)));
                }
                None => inner.push((Spans::of(FAINT, "$state: "), self.doc(state, depth + 1))),
            }
        }
        let len = node.items().count();
        if len > 0 {
            let items = self.items(node.items(), len, depth);
            let list = Doc::group(Spans::of(PLAIN, "["), items, Spans::of(PLAIN, "]"));
            inner.push((Spans::of(PLAIN, "*"), list));
        }
        if node.entries().next().is_some() {
            let entries = self.entries(node, depth);
            let dict = Doc::group(Spans::of(PLAIN, "{"), entries, Spans::of(PLAIN, "}"));
            inner.push((Spans::of(PLAIN, "**"), dict));
        }
        Doc::group(open, inner, Spans::of(PLAIN, ")"))
    }

    /// Dates, decimals, paths and arrays as what they are.
    fn natural(&self, node: Node<'_>) -> Option<Spans> {
        let class = walk::class_of(node)?;
        if class.module.starts_with("numpy") {
            return array(node, class.qualname == "scalar");
        }
        let text = text_of(node)?;
        let mut spans = Spans::of(NAME, dotted(&class));
        spans.push(PLAIN, "(");
        spans.push(TEXT, walk::quoted(&cut(&text, self.layout.max_text)));
        spans.push(PLAIN, ")");
        Some(spans)
    }

    /// Text and bytes, as much of them as was asked.
    fn text(&self, node: Node<'_>) -> Spans {
        let max = self.layout.max_text;
        if node.kind() == NodeKind::Str {
            let Some(text) = node.as_str() else { return Spans::of(TEXT, value_of(node)) };
            let cut = text.char_indices().nth(max).map(|(end, _)| end);
            let shown = text.get(..cut.unwrap_or(text.len())).unwrap_or_default();
            let mut spans = Spans::of(TEXT, walk::quoted(shown));
            if cut.is_some() {
                let len = grouped(text.chars().count() as u64);
                spans.push(FAINT, format!("… ({len} characters)"));
            }
            return spans;
        }
        let bytes = node.as_bytes().unwrap_or_default();
        let shown = bytes.get(..max.min(bytes.len())).unwrap_or_default().to_vec();
        let cut = shown.len() < bytes.len();
        let value = match node.kind() {
            NodeKind::ByteArray => Value::ByteArray(shown),
            _ => Value::Bytes(shown),
        };
        let mut spans = Spans::of(TEXT, value.to_string());
        if cut {
            spans.push(FAINT, format!("… ({} bytes)", grouped(bytes.len() as u64)));
        }
        spans
    }

    fn scalar(&self, node: Node<'_>) -> Spans {
        match node.kind() {
            NodeKind::Str | NodeKind::Bytes | NodeKind::ByteArray => self.text(node),
            NodeKind::Int => match node.as_i64() {
                Some(value) => Spans::of(NUMBER, value.to_string()),
                None => match node.as_big_int() {
                    Some(value) if value.bits() > 1_024 => {
                        Spans::of(NUMBER, format!("<int of {} bits>", value.bits()))
                    }
                    Some(value) => Spans::of(NUMBER, value.to_string()),
                    None => Spans::of(NUMBER, "<int of too many digits>"),
                },
            },
            NodeKind::Float => match node.as_f64() {
                Some(value) => Spans::of(NUMBER, Value::from(value).to_string()),
                None => Spans::of(NUMBER, value_of(node)),
            },
            NodeKind::Complex => match node.as_complex() {
                Some(value) => Spans::of(NUMBER, Value::from(value).to_string()),
                None => Spans::of(NUMBER, value_of(node)),
            },
            NodeKind::None | NodeKind::Bool => Spans::of(WORD, value_of(node)),
            NodeKind::Global => match node.global() {
                Some(global) => Spans::of(NAME, dotted(&global)),
                None => Spans::of(FAINT, "<a global>"),
            },
            NodeKind::Extension => {
                Spans::of(NAME, format!("<extension {}>", node.extension_code().unwrap_or(0)))
            }
            NodeKind::Buffer => match node.buffer_number() {
                Some(number) => Spans::of(FAINT, format!("<buffer {number}>")),
                None => Spans::of(FAINT, "<buffer>"),
            },
            _ => Spans::of(PLAIN, value_of(node)),
        }
    }
}

/// Returns true for what may be shared in a way that is worth telling.
fn has_identity(node: Node<'_>) -> bool {
    match node.kind() {
        NodeKind::Tuple => !node.is_empty(),
        NodeKind::Global | NodeKind::Extension => node.states().next().is_some(),
        _ => !is_scalar(node),
    }
}

fn value_of(node: Node<'_>) -> String {
    match node.to_value() {
        Ok(value) => one_line(&cut(&value.to_string(), 200)).to_string(),
        Err(_) => format!("<{:?}>", node.kind()),
    }
}

/// A key on one line.
fn flatten(doc: &Doc, spans: &mut Spans) {
    match doc {
        Doc::Atom(own) => spans.0.extend(own.0.iter().cloned()),
        Doc::Group { open, parts, close, .. } => {
            spans.0.extend(open.0.iter().cloned());
            for (at, (label, part)) in parts.iter().enumerate() {
                if at > 0 {
                    spans.push(PLAIN, ", ");
                }
                spans.0.extend(label.0.iter().cloned());
                flatten(part, spans);
            }
            spans.0.extend(close.0.iter().cloned());
        }
    }
}

/// The note for items that are left out.
fn more(left: usize) -> Option<(Spans, Doc)> {
    let text = format!("… {} more", grouped(left as u64));
    (left > 0).then(|| (Spans::default(), Doc::Atom(Spans::of(FAINT, text))))
}

/// An object in words.
fn summary(node: Node<'_>) -> Spans {
    let kind = match node.kind() {
        NodeKind::Object => walk::class_of(node).map_or("object".to_owned(), |it| dotted(&it)),
        kind => format!("{kind:?}").to_lowercase(),
    };
    let len = match node.kind() {
        NodeKind::Object => parts(node).len(),
        _ => node.len(),
    };
    Spans::of(
        FAINT,
        match (node.kind(), len) {
            (NodeKind::Object, 1) => format!("<{kind} with 1 part>"),
            (NodeKind::Object, len) => format!("<{kind} with {} parts>", grouped(len as u64)),
            (_, 1) => format!("<{kind} of 1 item>"),
            (_, len) => format!("<{kind} of {} items>", grouped(len as u64)),
        },
    )
}

/// A date, a decimal, a path … as text.
pub(crate) fn text_of(node: Node<'_>) -> Option<String> {
    let class = walk::class_of(node)?;
    if !is_textual(&class.module) || node.states().next().is_some() && !node.is_empty() {
        return None;
    }
    String::deserialize(node).ok()
}

/// Modules whose classes have a form as text.
fn is_textual(module: &str) -> bool {
    let top = module.split('.').next().unwrap_or_default();
    matches!(
        top,
        "datetime"
            | "decimal"
            | "fractions"
            | "uuid"
            | "pathlib"
            | "ipaddress"
            | "zoneinfo"
            | "pytz"
            | "dateutil"
            | "pendulum"
            | "arrow"
            | "pandas"
    )
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
