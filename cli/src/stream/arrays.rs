//! [`Arrays`]: the raw arrays of joblib, which lie between the instructions of a pickle.
//!
//! joblib writes a `NumpyArrayWrapper` in place of an array, and the array's bytes right behind the
//! BUILD that gives the wrapper its state. The stack of [`program`](super::program) tells where the
//! instructions of wrapper and state are; they are few, and are read as a small pickle of their
//! own, which says how many bytes follow.
//!
//! Everything made of the wrapper's name is tagged, so that only its BUILD is looked at, and so
//! that a wrapper that is not understood is a fault: whoever skips other bytes than joblib does
//! shows another pickle. Source: `NumpyArrayWrapper.read_array` in joblib's `numpy_pickle.py`.

use std::collections::{HashSet, VecDeque};

use memchr::memmem;
use serde_pickle::opcode::{Argument, InstructionReader, Opcode};
use serde_pickle::{DeOptions, Graph, Node};

use super::At;
use super::program::{Instruction, Program, Stack};
use super::programs::{Programs, index_of, instruction, is_get, is_put, within};
use crate::input::Seekable;
use crate::walk::attributes_of;

/// Bytes of instructions that a wrapper may have; joblib writes some hundred.
const LONGEST: u64 = 64 << 10;

/// Bytes of instructions that are read twice, beyond as many as the file has.
const WORK: u64 = 64 << 20;

/// The name of joblib's stand-in for an array.
const WRAPPER: &[u8] = b"NumpyArrayWrapper";

/// Bytes between two instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The byte of the file where it begins.
    pub(crate) start: u64,
    pub(crate) len: u64,
    /// True for the pickle of an array of objects, which is none of the outer one's instructions.
    pub(crate) is_pickle: bool,
    /// Bytes of the gaps before it.
    before: u64,
}

/// The raw arrays in a file, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrays {
    gaps: Vec<Gap>,
    /// The byte behind a wrapper whose array has no length that can be told, and the reason.
    pub(crate) fault: Option<(u64, String)>,
}

impl Arrays {
    pub(crate) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Bytes of all of them.
    pub(crate) fn len(&self) -> u64 {
        self.gaps.last().map_or(0, |last| last.before + last.len)
    }

    /// The byte of the file at which an instruction is, by its place among the instructions alone.
    pub(crate) fn place(&self, offset: u64) -> u64 {
        let passed = self.gaps.partition_point(|gap| gap.start - gap.before <= offset);
        let last = passed.checked_sub(1).and_then(|at| self.gaps.get(at));
        offset + last.map_or(0, |last| last.before + last.len)
    }

    /// Where the instructions go on, and how many bytes there are up to the next gap, by a place
    /// among the instructions alone.
    pub(crate) fn stretch(&self, offset: u64) -> (u64, Option<u64>) {
        let passed = self.gaps.partition_point(|gap| gap.start - gap.before <= offset);
        let next = self.gaps.get(passed).map(|gap| gap.start - gap.before - offset);
        (self.place(offset), next)
    }

    fn push(&mut self, start: u64, len: u64, is_pickle: bool) {
        let before = self.len();
        self.gaps.push(Gap { start, len, is_pickle, before });
    }
}

/// Finds the raw arrays of a file. Where the instructions break it ends, with those before.
pub(crate) fn arrays(source: &Seekable<'_>) -> Arrays {
    // joblib writes no protocol below 2.
    let mut first = [0];
    let begins = source.read_at(0, &mut first).is_ok() && first[0] == Opcode::Proto.byte();
    if begins && names(source, WRAPPER) { arrays_of(source) } else { Arrays::default() }
}

/// As [`arrays`], of a file that is known to name the wrapper.
pub(crate) fn arrays_of(source: &Seekable<'_>) -> Arrays {
    let mut search = Search {
        source,
        stack: Stack::default(),
        programs: Programs::new(source).longest(LONGEST),
        recent: VecDeque::new(),
        tagged: HashSet::new(),
        work: source.len().saturating_add(WORK),
        found: Arrays::default(),
    };
    let mut position = 0;
    while let Some(next) = search.run(position).filter(|next| *next < source.len()) {
        position = next;
    }
    search.found
}

/// Returns true for what has this name in it anywhere.
pub(crate) fn names(source: &Seekable<'_>, name: &[u8]) -> bool {
    const CHUNK: u64 = 1 << 18;
    let finder = memmem::Finder::new(name);
    let mut chunk = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let len = (source.len() - at).min(CHUNK);
        // Some of the chunk before it, for a name across both.
        let back = at.min(name.len() as u64);
        chunk.resize((back + len) as usize, 0);
        if source.read_at(at - back, &mut chunk).is_err() {
            return false;
        }
        if finder.find(&chunk).is_some() {
            return true;
        }
        at += len;
    }
    false
}

/// The reason why the length of an array cannot be told.
type Reason = &'static str;

struct Search<'s> {
    source: &'s Seekable<'s>,
    stack: Stack,
    programs: Programs<'s>,
    /// Places of MEMOIZE in the last bytes, and the numbers it gave.
    recent: VecDeque<(u64, u64)>,
    /// Memo entries of tagged values.
    tagged: HashSet<u64>,
    /// Bytes that may still be read twice.
    work: u64,
    found: Arrays,
}

impl Search<'_> {
    /// Follows the instructions from a place on, up to the next array or the end of a pickle; gives
    /// where it goes on.
    fn run(&mut self, base: u64) -> Option<u64> {
        let mut reader = InstructionReader::new(At::new(self.source, base)).max_payload(LONGEST);
        loop {
            let read = reader.next_instruction().ok()??;
            let mut it = instruction(&read, base);
            it.tag =
                is_named(&read.argument) || it.index.is_some_and(|it| self.tagged.contains(&it));
            let end = base + reader.position();
            match it.opcode {
                Opcode::Stop => {
                    self.stack = Stack::default();
                    self.programs.clear();
                    self.recent.clear();
                    self.tagged.clear();
                    return Some(end);
                }
                opcode if is_put(opcode) => self.stored(it),
                Opcode::Build => {
                    if let Some(from) = self.stack.tagged(1) {
                        return self.wrapper(it, from, end);
                    }
                }
                _ => {}
            }
            self.stack.run(it, &mut self.programs.memo).ok()?;
        }
    }

    /// Notes what the memo is given.
    fn stored(&mut self, it: Instruction) {
        let index = it.index.unwrap_or_else(|| self.programs.memo.next());
        if self.stack.tagged(0).is_some() {
            self.tagged.insert(index);
        } else {
            self.tagged.remove(&index);
        }
        if it.opcode == Opcode::Memoize {
            self.recent.push_back((it.offset, index));
            let oldest = it.offset.saturating_sub(2 * LONGEST);
            while self.recent.front().is_some_and(|(offset, _)| *offset < oldest) {
                self.recent.pop_front();
            }
        }
    }

    /// A wrapper has got its state; its instructions begin at `from` and end at `end`. Gives where
    /// they go on behind the array.
    fn wrapper(&mut self, build: Instruction, from: u64, end: u64) -> Option<u64> {
        let read = self.read(from, end);
        self.stack.run(build, &mut self.programs.memo).ok()?;
        self.stack.untag();
        let array = read.ok_or("its instructions").and_then(|graph| array(graph.root()));
        match array {
            Ok(array) => self.gap(end, array),
            Err(reason) => {
                self.found.fault.get_or_insert((end, reason.to_owned()));
                None
            }
        }
    }

    /// The wrapper whose instructions are between two places, BUILD included.
    fn read(&mut self, from: u64, to: u64) -> Option<Graph<'static>> {
        self.work = self.work.checked_sub(to - from)?;
        let bytes = self.programs.bytes(from, to).ok()?;
        let (mut own, mut fetched) = (Program::default(), Vec::new());
        let first = self.recent.partition_point(|(offset, _)| *offset < from);
        let mut numbers = self.recent.range(first..);
        for item in within(&bytes) {
            let (offset, opcode, len) = item.ok()?;
            let piece = bytes.get(offset..offset + len)?;
            let number = match opcode {
                Opcode::Memoize => Some(numbers.next()?.1),
                _ => None,
            };
            if is_get(opcode) {
                fetched.extend(index_of(piece));
            }
            own.push(opcode, piece, number);
        }
        fetched.sort_unstable();
        fetched.dedup();
        let mut pickle = Vec::new();
        for program in self.programs.prelude(&fetched, from).ok()? {
            self.work = self.work.checked_sub(program.bytes.len() as u64)?;
            pickle.extend(&program.bytes);
            pickle.push(Opcode::Pop.byte());
            if pickle.len() as u64 > LONGEST {
                return None;
            }
        }
        pickle.extend(own.bytes);
        pickle.push(Opcode::Stop.byte());
        let graph = DeOptions::new().graph_from_reader(&mut pickle.as_slice()).ok()?;
        is_wrapper(graph.root()).then_some(graph)
    }

    /// Notes an array behind an instruction; gives where the instructions go on.
    fn gap(&mut self, start: u64, array: Array) -> Option<u64> {
        let left = self.source.len().saturating_sub(start);
        let len = match array {
            Array::Raw { len, padded } => {
                let mut padding = [0];
                if padded {
                    self.source.read_at(start, &mut padding).ok()?;
                }
                u64::from(padded) + u64::from(padding[0]) + len
            }
            Array::Pickle => {
                let mut reader =
                    InstructionReader::new(At::new(self.source, start)).max_payload(LONGEST);
                while let Ok(Some(_)) = reader.next_instruction() {}
                reader.position()
            }
        };
        self.found.push(start, len.min(left), matches!(array, Array::Pickle));
        start.checked_add(len)
    }
}

/// Returns true for an argument that has the wrapper's name in it.
fn is_named(argument: &Argument<'_>) -> bool {
    let holds = |text: &[u8]| memmem::find(text, WRAPPER).is_some();
    match argument {
        Argument::Str(text) => holds(text.as_bytes()),
        Argument::Bytes(bytes) | Argument::Surrogates(bytes) => holds(bytes),
        Argument::Names(module, name) => holds(module.as_bytes()) || holds(name.as_bytes()),
        _ => false,
    }
}

/// The bytes behind a wrapper.
#[derive(Clone, Copy)]
enum Array {
    Raw {
        len: u64,
        padded: bool,
    },
    /// Elements are objects.
    Pickle,
}

/// Returns true for an instance of joblib's wrapper, however it was made.
fn is_wrapper(node: Node<'_>) -> bool {
    let is_class = |node: &Node<'_>| {
        node.global().is_some_and(|class| class.qualname.as_bytes().ends_with(WRAPPER))
    };
    node.object().is_some_and(|it| is_class(&it.callable) || it.args.iter().any(is_class))
}

/// The array of a wrapper.
fn array(wrapper: Node<'_>) -> Result<Array, Reason> {
    let (mut shape, mut dtype, mut padded) = (None, None, false);
    for (_, state) in wrapper.states() {
        for (name, value) in attributes_of(state).ok_or("its state has no names")? {
            match &*name {
                "shape" => shape = Some(value),
                "dtype" => dtype = Some(value),
                "numpy_array_alignment_bytes" => padded = !value.is_none(),
                _ => {}
            }
        }
    }
    let (Some(shape), Some(dtype)) = (shape, dtype) else { return Err("it has no shape or dtype") };
    let Some(size) = item_size(dtype)? else { return Ok(Array::Pickle) };
    let len = shape.items().try_fold(size, |len, item| {
        let item = item.as_i64().and_then(|item| u64::try_from(item).ok());
        len.checked_mul(item.ok_or("its shape")?).ok_or("its shape is beyond any file")
    })?;
    Ok(Array::Raw { len, padded })
}

/// The bytes of an element; `None` where elements are objects or hold some. Source:
/// `arraydescr_reduce` in numpy's `descriptor.c`: `dtype(code, …)`, and a state `(3, byte order,
/// subarray, names, fields, size, alignment, flags)`.
fn item_size(dtype: Node<'_>) -> Result<Option<u64>, Reason> {
    const HAS_OBJECTS: i64 = 1;

    let object = dtype.object().ok_or("its dtype")?;
    let code = match object.args.first() {
        // `numpy.record` is a class in place of a code.
        Some(code) if code.global().is_some() => "V".to_owned(),
        Some(code) => text(*code).ok_or("its dtype")?,
        None => return Err("its dtype"),
    };
    let state: Vec<Node<'_>> =
        dtype.states().next().map(|(_, state)| state.items().collect()).unwrap_or_default();
    let number = |at: usize| state.get(at).and_then(|item| item.as_i64());
    let code = code.trim_start_matches(['<', '>', '=', '|']);
    let kind = code.chars().next().ok_or("its dtype")?;
    if kind == 'O' || number(7).is_some_and(|flags| flags & HAS_OBJECTS != 0) {
        return Ok(None);
    }
    let coded = code.get(kind.len_utf8()..).and_then(|digits| digits.parse::<u64>().ok());
    let size = match (number(5).and_then(|size| u64::try_from(size).ok()), kind) {
        (Some(size), _) => Some(size),
        // Characters of four bytes.
        (None, 'U') => coded.and_then(|len| len.checked_mul(4)),
        (None, '?') => Some(1),
        (None, _) => coded,
    };
    size.map(Some).ok_or("its dtype")
}

/// Text, of Python 2 too.
fn text(node: Node<'_>) -> Option<String> {
    match node.as_str() {
        Some(text) => Some(text.into_owned()),
        None => String::from_utf8(node.as_bytes()?.to_vec()).ok(),
    }
}
