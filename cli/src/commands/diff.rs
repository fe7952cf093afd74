//! `pickle diff`: where two pickles differ, by path.

use std::collections::HashSet;

use clap::Args;
use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::{Graph, Node};

use super::Context;
use crate::error::{NO, OK, Result};
use crate::fold::columns;
use crate::input::Input;
use crate::output::Output;
use crate::paint::{BAD, FAINT, GOOD, Painter, STRONG, TEXT, grouped, styled};
use crate::walk::{Step, cut, is_scalar, parts, quoted};

/// Shows where two pickles differ, by path: `-` what only the first has, `+` the second.
///
/// Objects are compared by what they hold, whatever the protocol and the memo. Dicts are compared
/// by key, sets by item; in lists, what both begin and end with is left out. Exit status: 0 where
/// they are equal, 1 where they differ, 2 for an error.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle diff before.pkl after.pkl
  pickle diff --quiet a.pkl b.pkl || echo changed")]
pub(crate) struct Arguments {
    /// The first file; `-` is the standard input.
    #[arg(value_name = "A")]
    first: String,
    /// The second file.
    #[arg(value_name = "B")]
    second: String,
    /// Print nothing.
    #[arg(short, long)]
    quiet: bool,
    /// Differences to print.
    #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
    max: usize,
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let first = Input::open(&arguments.first)?.pickles(context.read)?;
    let second = Input::open(&arguments.second)?.pickles(context.read)?;
    let mut diff = Diff {
        out: Output::of_width(context.width),
        quiet: arguments.quiet,
        width: context.width,
        left: arguments.max,
        found: 0,
        same: HashSet::new(),
    };
    let roots = |graphs: &[(Graph<'static>, Option<String>)]| -> usize {
        graphs.iter().map(|(graph, _)| graph.roots().count()).sum()
    };
    let several = roots(&first.graphs) > 1 || roots(&second.graphs) > 1;
    let old: Vec<Node<'_>> = first.graphs.iter().flat_map(|(graph, _)| graph.roots()).collect();
    let new: Vec<Node<'_>> = second.graphs.iter().flat_map(|(graph, _)| graph.roots()).collect();
    for at in 0..old.len().max(new.len()) {
        // Ids are those of one graph.
        diff.same.clear();
        let path = if several { format!("#{at}") } else { String::new() };
        diff.either(&path, old.get(at).copied(), new.get(at).copied())?;
    }
    if first.behind != second.behind {
        diff.note("the bytes behind the last pickle differ")?;
    }
    if diff.found > arguments.max && !arguments.quiet {
        let more = diff.found - arguments.max;
        diff.out.line(&styled(FAINT, &format!("… {more} more")))?;
    }
    diff.out.flush()?;
    Ok(if diff.found == 0 { OK } else { NO })
}

struct Diff {
    out: Output,
    quiet: bool,
    width: usize,
    left: usize,
    found: usize,
    /// Pairs that have been compared, or are being compared.
    same: HashSet<(NodeId, NodeId)>,
}

/// A pair that is still to be compared.
type Task<'a, 'b> = (String, Option<Node<'a>>, Option<Node<'b>>);

impl Diff {
    fn note(&mut self, text: &str) -> Result<()> {
        self.found += 1;
        if !self.quiet { self.out.line(text) } else { Ok(()) }
    }

    /// Compares what is under a path, without recursion.
    fn either<'a, 'b>(
        &mut self,
        path: &str,
        old: Option<Node<'a>>,
        new: Option<Node<'b>>,
    ) -> Result<()> {
        let mut tasks: Vec<Task<'a, 'b>> = vec![(path.to_owned(), old, new)];
        while let Some((path, old, new)) = tasks.pop() {
            match (old, new) {
                (Some(old), Some(new)) => self.pair(&path, old, new, &mut tasks)?,
                (old, new) => self.differs(&path, old, new)?,
            }
        }
        Ok(())
    }

    fn differs(&mut self, path: &str, old: Option<Node<'_>>, new: Option<Node<'_>>) -> Result<()> {
        self.found += 1;
        if self.quiet || self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        let path = if path.is_empty() { "." } else { path };
        let room = self.width.saturating_sub(columns(path) + 4);
        let shown = match (old, new) {
            (Some(old), Some(new)) => from_difference(old, new, room),
            _ => None,
        };
        let (old, new) = match shown {
            Some((old, new)) => (Some(old), Some(new)),
            None => {
                (old.map(|old| Painter::line(old, room)), new.map(|new| Painter::line(new, room)))
            }
        };
        for (sign, style, shown) in [("-", BAD, old), ("+", GOOD, new)] {
            if let Some(shown) = shown {
                let sign = styled(style, sign);
                self.out.folded(&format!("{sign} {}: {shown}", styled(STRONG, path)), 4)?;
            }
        }
        Ok(())
    }

    fn pair<'a, 'b>(
        &mut self,
        path: &str,
        old: Node<'a>,
        new: Node<'b>,
        tasks: &mut Vec<Task<'a, 'b>>,
    ) -> Result<()> {
        if old.kind() != new.kind() {
            return self.differs(path, Some(old), Some(new));
        }
        if is_scalar(old) || matches!(old.kind(), NodeKind::Global | NodeKind::Extension) {
            let same = equal(old, new);
            if !same {
                return self.differs(path, Some(old), Some(new));
            }
            if is_scalar(old) {
                return Ok(());
            }
        }
        if !self.same.insert((old.id(), new.id())) {
            return Ok(());
        }
        if old.kind() == NodeKind::Object
            && crate::walk::class_of(old) != crate::walk::class_of(new)
        {
            return self.differs(path, Some(old), Some(new));
        }
        if matches!(old.kind(), NodeKind::Set | NodeKind::FrozenSet) {
            return self.sets(path, old, new);
        }
        let below = |step: &Step| {
            let mut way = path.to_owned();
            step.append(&mut way);
            way
        };
        let (old, new) = (parts(old), parts(new));
        let is_item = |(step, _): &(Step, Node<'_>)| matches!(step, Step::Index(_));
        let (old_items, old): (Vec<_>, Vec<_>) = old.into_iter().partition(is_item);
        let (new_items, new): (Vec<_>, Vec<_>) = new.into_iter().partition(is_item);
        // Last in, first out.
        let mut found: Vec<Task<'a, 'b>> = Vec::new();
        let mut by_step: indexmap::IndexMap<String, Node<'b>> =
            new.into_iter().map(|(step, node)| (below(&step), node)).collect();
        for (step, node) in old {
            let way = below(&step);
            let other = by_step.shift_remove(&way);
            found.push((way, Some(node), other));
        }
        found.extend(by_step.into_iter().map(|(way, node)| (way, None, Some(node))));
        let (old, new): (Vec<_>, Vec<_>) = (
            old_items.into_iter().map(|(_, item)| item).collect(),
            new_items.into_iter().map(|(_, item)| item).collect(),
        );
        let ends = |old: &[Node<'_>], new: &[Node<'_>]| match (old.last(), new.last()) {
            (Some(old), Some(new)) => is_scalar(*old) && equal(*old, *new) || alike(*old, *new),
            _ => false,
        };
        let begin = old.iter().zip(&new).take_while(|(old, new)| {
            is_scalar(**old) && equal(**old, **new) || alike(**old, **new)
        });
        let begin = if old.len() == new.len() { 0 } else { begin.count() };
        let (mut old_end, mut new_end) = (old.len(), new.len());
        if old.len() != new.len() {
            while old_end > begin && new_end > begin && ends(&old[..old_end], &new[..new_end]) {
                (old_end, new_end) = (old_end - 1, new_end - 1);
            }
        }
        for at in begin..old_end.max(new_end) {
            let pair = (old[..old_end].get(at).copied(), new[..new_end].get(at).copied());
            found.push((below(&Step::Index(at)), pair.0, pair.1));
        }
        tasks.extend(found.into_iter().rev());
        Ok(())
    }

    /// Items of sets, which have no places.
    fn sets(&mut self, path: &str, old: Node<'_>, new: Node<'_>) -> Result<()> {
        let items = |set: Node<'_>| -> HashSet<String> {
            set.items()
                .map(|item| item.to_value().map_or(item.to_string(), |it| it.to_string()))
                .collect()
        };
        let (old_items, new_items) = (items(old), items(new));
        let spelled =
            |item: Node<'_>| item.to_value().map_or(item.to_string(), |it| it.to_string());
        for item in old.items().filter(|item| !new_items.contains(&spelled(*item))) {
            self.differs(&format!("{path}{{}}"), Some(item), None)?;
        }
        for item in new.items().filter(|item| !old_items.contains(&spelled(*item))) {
            self.differs(&format!("{path}{{}}"), None, Some(item))?;
        }
        Ok(())
    }
}

/// Two long texts from where they differ, with a few characters before that.
fn from_difference(old: Node<'_>, new: Node<'_>, room: usize) -> Option<(String, String)> {
    const BEFORE: usize = 12;

    let (old, new) = (old.as_str()?, new.as_str()?);
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let from = same.saturating_sub(BEFORE);
    if from == 0 || columns(&old).max(columns(&new)) <= room {
        return None;
    }
    let shown = |text: &str| {
        let text: String = text.chars().skip(from).collect();
        let place = styled(FAINT, &format!("from character {} on", grouped(from as u64)));
        format!("{place} {}", styled(TEXT, &quoted(&cut(&text, 2 * room.max(20)))))
    };
    Some((shown(&old), shown(&new)))
}

/// Scalars and names, compared by what they are.
fn equal(old: Node<'_>, new: Node<'_>) -> bool {
    if old.kind() != new.kind() {
        return false;
    }
    match old.kind() {
        NodeKind::Str => match (old.as_str(), new.as_str()) {
            (None, None) => old.as_surrogates() == new.as_surrogates(),
            (old, new) => old == new,
        },
        NodeKind::Bytes | NodeKind::ByteArray => old.as_bytes() == new.as_bytes(),
        NodeKind::Int => match (old.as_i64(), new.as_i64()) {
            (None, None) => old.as_big_int() == new.as_big_int(),
            (old, new) => old == new,
        },
        NodeKind::Float => old.as_f64().map(f64::to_bits) == new.as_f64().map(f64::to_bits),
        NodeKind::Bool => old.as_bool() == new.as_bool(),
        NodeKind::Global => old.global() == new.global(),
        NodeKind::Extension => old.extension_code() == new.extension_code(),
        NodeKind::Buffer => {
            old.buffer_number() == new.buffer_number() && old.as_bytes() == new.as_bytes()
        }
        _ => match (old.to_value(), new.to_value()) {
            (Ok(old), Ok(new)) => old.python_eq(&new),
            _ => false,
        },
    }
}

/// Containers that are equal as trees, as far as a look at a few values tells.
fn alike(old: Node<'_>, new: Node<'_>) -> bool {
    const LOOKS: usize = 200;
    let mut left = vec![(old, new)];
    let mut looks = 0;
    while let Some((old, new)) = left.pop() {
        looks += 1;
        if looks > LOOKS || old.kind() != new.kind() {
            return false;
        }
        if is_scalar(old) || old.kind() == NodeKind::Global {
            if !equal(old, new) {
                return false;
            }
            continue;
        }
        let (old, new) = (parts(old), parts(new));
        if old.len() != new.len() || old.len() > LOOKS {
            return false;
        }
        for ((step, old), (other, new)) in old.into_iter().zip(new) {
            if step != other {
                return false;
            }
            left.push((old, new));
        }
    }
    true
}
