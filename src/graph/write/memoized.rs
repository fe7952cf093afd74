//! Which objects a graph writes with a memo entry.
//!
//! CPython's pickler memoizes every object that it may meet again, since it cannot know if it will.
//! A graph knows more: an object that is referred to twice needs an entry, and one that was
//! memoized in the pickle it was read from gets one again, so that such a pickle is written as it
//! was. The latter is not stored anywhere: it is read from the input, where the instruction behind
//! the one that made the object shows it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::graph::Graph;
use crate::instruction::Opcode;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::Nodes;
use crate::read::Cursor;

/// Numbers in a line of up to this many characters are written again each time. A memo entry and a
/// reference take about as many.
const LONG_LINE: u16 = 20;

/// Which objects get a memo entry.
pub(super) struct Memoized {
    /// By object number: 0, 1 or 2 (two or more) references.
    references: Vec<u8>,
    /// The same for all references in the pickle, also those that lead nowhere any more.
    mentioned: Vec<u8>,
    /// Scalars that can be shared; true if they were memoized where they were made. Looking there
    /// for each reference would take the square of the input, since a line has to be searched for
    /// its end.
    payloads: HashMap<Handle, bool, RandomState>,
    /// Those that were not memoized where they were made, and are referred to twice.
    shared: HashSet<Handle, RandomState>,
}

impl Memoized {
    /// Looks at every reference of the graph once.
    ///
    /// Only references from objects that are written count. A pickle has others: the call of a
    /// state setter is a run of its object here, and the call itself is left behind.
    pub(super) fn of(graph: &Graph<'_>) -> Self {
        let nodes = &graph.nodes;
        let mut mentioned = vec![0_u8; nodes.object_count()];
        for handle in nodes.handles().iter().copied().chain(graph.root_handles()) {
            count(&mut mentioned, handle);
        }
        let mut this = Self {
            mentioned,
            references: vec![0_u8; nodes.object_count()],
            payloads: HashMap::default(),
            shared: HashSet::default(),
        };
        let mut pending: Vec<Handle> = Vec::new();
        for root in graph.root_handles() {
            this.refer(graph, root, &mut pending);
        }
        while let Some(object) = pending.pop() {
            let object = nodes.object(object.number());
            let more = nodes.more(&object).map(|(_, run)| run);
            for &handle in std::iter::once(nodes.first(&object)).chain(more).flatten() {
                this.refer(graph, handle, &mut pending);
            }
        }
        this
    }

    /// Counts a reference; an object that is met for the first time is added to `pending`.
    fn refer(&mut self, graph: &Graph<'_>, handle: Handle, pending: &mut Vec<Handle>) {
        if handle.is_object() {
            if count(&mut self.references, handle) == 1 {
                pending.push(handle);
            }
            return;
        }
        let handle = graph.nodes.identity(handle);
        if has_payload(handle) {
            match self.payloads.entry(handle) {
                Entry::Vacant(first) => {
                    first.insert(was_memoized(&graph.nodes, &graph.input, handle));
                }
                Entry::Occupied(memoized) if !memoized.get() => {
                    self.shared.insert(handle);
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Returns true if the pickle refers to the object more than once, calls included whose results
    /// it drops.
    pub(super) fn is_mentioned_twice(&self, object: Handle) -> bool {
        self.mentioned.get(object.number() as usize).is_some_and(|&count| count > 1)
    }

    /// Returns true if more than one reference leads to the object.
    pub(super) fn is_referred_twice(&self, object: Handle) -> bool {
        self.references.get(object.number() as usize).is_some_and(|&count| count > 1)
    }

    /// Returns true if the object gets a memo entry.
    pub(super) fn wants(&self, graph: &Graph<'_>, handle: Handle) -> bool {
        if handle.is_object() {
            return self.is_referred_twice(handle)
                || was_memoized(&graph.nodes, &graph.input, handle);
        }
        match self.payloads.get(&handle) {
            Some(&memoized) => memoized || self.shared.contains(&handle),
            None => was_memoized(&graph.nodes, &graph.input, handle),
        }
    }

    /// Returns true for text or bytes that are referred to twice and were not memoized where made.
    pub(super) fn is_shared(&self, handle: Handle) -> bool {
        self.shared.contains(&handle)
    }
}

/// Counts a reference to an object; gives how many there are, up to two.
fn count(references: &mut [u8], handle: Handle) -> u8 {
    match references.get_mut(handle.number() as usize).filter(|_| handle.is_object()) {
        Some(count) => {
            *count = count.saturating_add(1).min(2);
            *count
        }
        None => 0,
    }
}

/// Returns true for a scalar that can be shared: text, bytes, a buffer, a number of many digits. No
/// pickler shares numbers, but a program can refer to a megabyte of digits by one byte, DUP.
fn has_payload(handle: Handle) -> bool {
    if let Tag::IntLine | Tag::LongLine | Tag::FloatLine = handle.tag() {
        return handle.detail() > LONG_LINE;
    }
    !matches!(
        handle.tag(),
        Tag::Vacant
            | Tag::None
            | Tag::True
            | Tag::False
            | Tag::Small
            | Tag::Int
            | Tag::Float8
            | Tag::EmptyTuple
    )
}

/// Returns true if the pickle memoizes the value of `handle` right where it is made. A value that
/// is in no pickle counts as memoized, as CPython would have it.
fn was_memoized(nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> bool {
    let at = match handle.tag() {
        Tag::Const => return true,
        // A name is a line of another instruction.
        Tag::Buffer | Tag::Name => return false,
        _ if handle.is_object() => nodes.object(handle.number()).offset(),
        _ => handle.offset(),
    };
    if input.is_empty() {
        return true;
    }
    let Some(mut next) = end_of_instruction(input, at) else { return false };
    loop {
        match input.get(next).copied().and_then(Opcode::from_byte) {
            // A frame begins behind a payload that is too large for one.
            Some(Opcode::Frame) => next += 9,
            Some(Opcode::Memoize | Opcode::Binput | Opcode::LongBinput | Opcode::Put) => {
                return true;
            }
            _ => return false,
        }
    }
}

/// The offset at which the instruction at `at` ends.
fn end_of_instruction(input: &[u8], at: usize) -> Option<usize> {
    let mut cursor = Cursor::new(input, at);
    let opcode = cursor.read_opcode().ok()?;
    cursor.skip_argument(opcode).ok()?;
    Some(cursor.position())
}
