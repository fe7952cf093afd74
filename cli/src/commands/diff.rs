//! `pickle diff`: where two pickles differ, by path.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use clap::Args;
use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::{Graph, Node};

use super::Context;
use crate::error::{Error, NO, OK, Result};
use crate::fold::columns;
use crate::input::Input;
use crate::output::Output;
use crate::paint::{BAD, FAINT, GOOD, Painter, STRONG, TEXT, grouped, styled};
use crate::walk::{Step, children, class_of, cut, is_scalar, parts, quoted};

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
    let mut first = Input::open(&arguments.first)?.pickles(context.read)?.with_side_files();
    let mut second = Input::open(&arguments.second)?.pickles(context.read)?.with_side_files();
    let (first_graphs, second_graphs) = (first.all()?, second.all()?);
    let roots = |graphs: &'_ [Graph<'static>]| graphs.iter().map(|it| it.roots().count()).sum();
    let (old_count, new_count): (usize, usize) = (roots(&first_graphs), roots(&second_graphs));
    let mut diff = Diff {
        out: Output::of_width(context.width),
        quiet: arguments.quiet,
        width: context.width,
        left: arguments.max,
        found: 0,
        same: HashSet::new(),
        ways: Vec::new(),
        budget: (WORK * (first.size + second.size)).saturating_add(WORK_FIXED),
    };
    let mut old = first_graphs.iter().flat_map(Graph::roots);
    let mut new = second_graphs.iter().flat_map(Graph::roots);
    for at in 0..old_count.max(new_count) {
        // Ids and ways are those of one graph.
        diff.same.clear();
        let several = old_count.max(new_count) > 1;
        diff.ways = vec![Way { parent: 0, step: several.then_some(Step::Root(at)) }];
        diff.either(old.next(), new.next())?;
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

/// Bytes that are looked at: for each byte of the files, and beyond that. Objects that are shared
/// are looked at again and again.
const WORK: u64 = 32;
const WORK_FIXED: u64 = 16 << 20;

/// The way to an object: a step behind another way.
struct Way<'g> {
    parent: usize,
    step: Option<Step<'g>>,
}

struct Diff<'g> {
    out: Output,
    quiet: bool,
    width: usize,
    left: usize,
    found: usize,
    /// Pairs that have been compared, or are being compared.
    same: HashSet<(NodeId, NodeId)>,
    ways: Vec<Way<'g>>,
    /// Bytes that may still be looked at.
    budget: u64,
}

/// A pair that is still to be compared, and the way to it.
type Task<'g> = (usize, Option<Node<'g>>, Option<Node<'g>>);

/// The parts of an object that are found by name, and its items.
type Parts<'g> = (Vec<(Step<'g>, Node<'g>)>, Vec<Node<'g>>);

impl<'g> Diff<'g> {
    fn note(&mut self, text: &str) -> Result<()> {
        self.found += 1;
        if !self.quiet { self.out.line(text) } else { Ok(()) }
    }

    fn charge(&mut self, bytes: usize) -> Result<()> {
        let left = self.budget.checked_sub(1 + bytes as u64);
        self.budget = left.ok_or_else(|| {
            Error::new("shared objects come to more than is compared; `show` prints both")
        })?;
        Ok(())
    }

    /// Compares two objects and what is below them, without recursion.
    fn either(&mut self, old: Option<Node<'g>>, new: Option<Node<'g>>) -> Result<()> {
        let mut tasks: Vec<Task<'g>> = vec![(0, old, new)];
        while let Some((way, old, new)) = tasks.pop() {
            match (old, new) {
                (Some(old), Some(new)) => self.pair(way, old, new, &mut tasks)?,
                (old, new) => self.differs(way, "", old, new)?,
            }
        }
        Ok(())
    }

    /// A way as a path, as far as it fits into a few lines.
    fn path(&self, way: usize) -> String {
        const LONGEST: usize = 1_000;

        let (mut steps, mut at) = (Vec::new(), way);
        while let Some(way) = self.ways.get(at).filter(|_| at > 0) {
            steps.extend(&way.step);
            at = way.parent;
        }
        steps.extend(self.ways.first().and_then(|root| root.step.as_ref()));
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            if path.len() > LONGEST {
                path.push('…');
                break;
            }
            step.append(&mut path);
        }
        path
    }

    fn below(&mut self, parent: usize, step: Step<'g>) -> usize {
        self.ways.push(Way { parent, step: Some(step) });
        self.ways.len() - 1
    }

    fn differs(
        &mut self,
        way: usize,
        behind: &str,
        old: Option<Node<'g>>,
        new: Option<Node<'g>>,
    ) -> Result<()> {
        self.found += 1;
        if self.quiet || self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        let mut path = self.path(way) + behind;
        if path.is_empty() {
            path.push('.');
        }
        let room = self.width.saturating_sub(columns(&path) + 4);
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
                self.out.folded(&format!("{sign} {}: {shown}", styled(STRONG, &path)), 4)?;
            }
        }
        Ok(())
    }

    fn pair(
        &mut self,
        way: usize,
        old: Node<'g>,
        new: Node<'g>,
        tasks: &mut Vec<Task<'g>>,
    ) -> Result<()> {
        self.charge(length(old))?;
        if old.kind() != new.kind() {
            return self.differs(way, "", Some(old), Some(new));
        }
        if is_scalar(old) || matches!(old.kind(), NodeKind::Global | NodeKind::Extension) {
            if !equal(old, new) {
                return self.differs(way, "", Some(old), Some(new));
            }
            if is_scalar(old) {
                return Ok(());
            }
        }
        if !self.same.insert((old.id(), new.id())) {
            return Ok(());
        }
        if old.kind() == NodeKind::Object && class_of(old) != class_of(new) {
            return self.differs(way, "", Some(old), Some(new));
        }
        if matches!(old.kind(), NodeKind::Set | NodeKind::FrozenSet) {
            return self.sets(way, old, new);
        }
        let ((old, old_items), (new, new_items)) = (by_name(old), by_name(new));
        // Last in, first out.
        let before = tasks.len();
        self.names(way, old, new, tasks)?;
        self.items(way, &old_items, &new_items, tasks)?;
        if let Some(added) = tasks.get_mut(before..) {
            added.reverse();
        }
        Ok(())
    }

    /// Attributes, entries and arguments, whatever their order.
    fn names(
        &mut self,
        way: usize,
        old: Vec<(Step<'g>, Node<'g>)>,
        new: Vec<(Step<'g>, Node<'g>)>,
        tasks: &mut Vec<Task<'g>>,
    ) -> Result<()> {
        let mut places: HashMap<Name<'g>, usize> = HashMap::with_capacity(new.len());
        let mut others: Vec<Option<(Step<'g>, Node<'g>)>> = Vec::with_capacity(new.len());
        for (step, node) in new {
            let name = name_of(&step);
            self.charge(name.len())?;
            // The last one of a name is the one that Python has.
            if let Some(before) = places.insert(name, others.len())
                && let Some(other) = others.get_mut(before)
            {
                *other = None;
            }
            others.push(Some((step, node)));
        }
        for (step, node) in old {
            let name = name_of(&step);
            self.charge(name.len())?;
            let place = places.get(&name).and_then(|place| others.get_mut(*place));
            let other = place.and_then(Option::take).map(|(_, node)| node);
            tasks.push((self.below(way, step), Some(node), other));
        }
        for (step, node) in others.into_iter().flatten() {
            tasks.push((self.below(way, step), None, Some(node)));
        }
        Ok(())
    }

    /// Items of lists and tuples. Where their numbers differ, what both begin and end with is left
    /// out.
    fn items(
        &mut self,
        way: usize,
        old: &[Node<'g>],
        new: &[Node<'g>],
        tasks: &mut Vec<Task<'g>>,
    ) -> Result<()> {
        let (mut begin, mut old_end, mut new_end) = (0, old.len(), new.len());
        if old_end != new_end {
            while let (Some(first), Some(second)) = (old.get(begin), new.get(begin))
                && self.alike(*first, *second)?
            {
                begin += 1;
            }
            while old_end.min(new_end) > begin && self.alike(old[old_end - 1], new[new_end - 1])? {
                (old_end, new_end) = (old_end - 1, new_end - 1);
            }
        }
        for at in begin..old_end.max(new_end) {
            let pair = (old[..old_end].get(at).copied(), new[..new_end].get(at).copied());
            tasks.push((self.below(way, Step::Index(at)), pair.0, pair.1));
        }
        Ok(())
    }

    /// Items of sets, which have no places.
    fn sets(&mut self, way: usize, old: Node<'g>, new: Node<'g>) -> Result<()> {
        let mut items: [Vec<(String, Node<'g>)>; 2] = Default::default();
        for (set, items) in [old, new].into_iter().zip(&mut items) {
            for item in set.items() {
                let text = item.to_value().map_or_else(|_| item.to_string(), |it| it.to_string());
                self.charge(text.len())?;
                items.push((text, item));
            }
        }
        let [old, new] = items;
        let texts = |items: &[(String, Node<'g>)]| -> HashSet<String> {
            items.iter().map(|(text, _)| text.clone()).collect()
        };
        let (old_texts, new_texts) = (texts(&old), texts(&new));
        for (_, item) in old.iter().filter(|(text, _)| !new_texts.contains(text)) {
            self.differs(way, "{}", Some(*item), None)?;
        }
        for (_, item) in new.iter().filter(|(text, _)| !old_texts.contains(text)) {
            self.differs(way, "{}", None, Some(*item))?;
        }
        Ok(())
    }

    /// Returns true for what is equal as a tree, as far as a look at a few values tells.
    fn alike(&mut self, old: Node<'g>, new: Node<'g>) -> Result<bool> {
        const LOOKS: usize = 200;

        let mut left = vec![(old, new)];
        let mut looks = 0;
        while let Some((old, new)) = left.pop() {
            looks += 1;
            self.charge(length(old))?;
            if looks > LOOKS || old.kind() != new.kind() {
                return Ok(false);
            }
            if is_scalar(old) || old.kind() == NodeKind::Global {
                if !equal(old, new) {
                    return Ok(false);
                }
                continue;
            }
            let (old, new) = (children(old), children(new));
            self.charge(old.len() + new.len())?;
            if old.len() != new.len() || old.len() > LOOKS {
                return Ok(false);
            }
            left.extend(old.into_iter().zip(new));
        }
        Ok(true)
    }
}

/// Bytes that comparing a scalar looks at.
fn length(node: Node<'_>) -> usize {
    match node.kind() {
        NodeKind::Str => node.as_str().map_or(0, |text| text.len()),
        NodeKind::Bytes | NodeKind::ByteArray => node.as_bytes().map_or(0, |bytes| bytes.len()),
        _ => 8,
    }
}

/// Parts apart from items.
fn by_name(node: Node<'_>) -> Parts<'_> {
    let (mut named, mut items) = (Vec::new(), Vec::new());
    for (step, part) in parts(node) {
        match step {
            Step::Index(_) => items.push(part),
            step => named.push((step, part)),
        }
    }
    (named, items)
}

/// A name by which parts of two objects belong together: a key that is text is as an attribute.
type Name<'g> = Cow<'g, str>;

fn name_of<'g>(step: &Step<'g>) -> Name<'g> {
    match step {
        Step::Attr(name) => name.clone(),
        Step::Key(key) => key.as_str().unwrap_or_else(|| {
            let key = key.to_value().map_or_else(|_| key.to_string(), |key| key.to_string());
            Cow::Owned(format!("[{key}]"))
        }),
        step => {
            let mut path = String::from("$");
            step.append(&mut path);
            Cow::Owned(path)
        }
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
