//! `pickle info`: what a file is and what it is made of, by counting instructions.

use std::collections::HashMap;
use std::io::Read;

use clap::Args;
use serde_pickle::graph::NodeId;
use serde_pickle::opcode::{Argument, InstructionReader, Opcode};
use serde_pickle::tools::{self, Target};
use serde_pickle::{Graph, Node, Protocol};

use super::Context;
use crate::error::{Named, OK, Result};
use crate::input::{Input, Seekable};
use crate::output::Output;
use crate::paint::{FAINT, NAME, STRONG, grouped, styled};
use crate::stream::{At, arrays};
use crate::walk::{cut, parts};

/// Describes a file: its container, protocol, size, instructions, memo, and the classes it names.
///
/// Instructions are counted and no value is made, so the file may be longer than memory. With
/// --deep the objects are looked at as well: how deep they nest, which are shared, which parts are
/// the largest.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle info model.pt
  pickle info --deep session.pkl")]
pub(crate) struct Arguments {
    /// Files; `-` is the standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Look at the objects too; takes memory for them.
    #[arg(short, long)]
    deep: bool,
    /// Pickles to describe of a file that holds several; the others are counted.
    #[arg(long, default_value_t = 10, value_name = "COUNT")]
    pickles: u64,
    /// Names to list.
    #[arg(long, default_value_t = 30, value_name = "COUNT")]
    names: usize,
}

/// Counts of one pickle.
#[derive(Default)]
struct Counts {
    protocol: Option<i64>,
    needed: Option<Protocol>,
    bytes: u64,
    instructions: u64,
    frames: u64,
    stored: u64,
    memoized: bool,
    fetched: u64,
    texts: u64,
    numbers: u64,
    containers: u64,
    payload: u64,
    marks: u64,
    deepest: u64,
    calls: u64,
}

impl Counts {
    fn add(&mut self, opcode: Opcode, argument: &Argument<'_>, passed_over: u64) {
        self.instructions += 1;
        self.needed = self.needed.max(Some(opcode.protocol()));
        self.payload += passed_over
            + match argument {
                Argument::Str(text) => text.len() as u64,
                Argument::Bytes(bytes) | Argument::Surrogates(bytes) => bytes.len() as u64,
                _ => 0,
            };
        let effect = opcode.stack_effect();
        if effect.to_mark {
            self.marks = self.marks.saturating_sub(1);
        }
        match opcode {
            Opcode::Proto => {
                if let Argument::Int(protocol) = argument {
                    self.protocol = Some(*protocol);
                }
            }
            Opcode::Frame => self.frames += 1,
            Opcode::Memoize => (self.stored, self.memoized) = (self.stored + 1, true),
            Opcode::Put | Opcode::Binput | Opcode::LongBinput => self.stored += 1,
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => self.fetched += 1,
            Opcode::Mark => {
                self.marks += 1;
                self.deepest = self.deepest.max(self.marks);
            }
            Opcode::Reduce | Opcode::Newobj | Opcode::NewobjEx | Opcode::Inst | Opcode::Obj => {
                self.calls += 1;
            }
            Opcode::EmptyList
            | Opcode::List
            | Opcode::EmptyDict
            | Opcode::Dict
            | Opcode::EmptySet
            | Opcode::Frozenset
            | Opcode::EmptyTuple
            | Opcode::Tuple
            | Opcode::Tuple1
            | Opcode::Tuple2
            | Opcode::Tuple3 => self.containers += 1,
            Opcode::Int
            | Opcode::Long
            | Opcode::Long1
            | Opcode::Long4
            | Opcode::Binint
            | Opcode::Binint1
            | Opcode::Binint2
            | Opcode::Float
            | Opcode::Binfloat => self.numbers += 1,
            _ if matches!(
                argument,
                Argument::Str(_) | Argument::Bytes(_) | Argument::Surrogates(_)
            ) || passed_over > 0 =>
            {
                self.texts += 1;
            }
            _ => {}
        }
    }

    /// The program that wrote it, as far as that shows.
    fn producer(&self) -> &'static str {
        match (self.protocol.unwrap_or(0), self.frames > 0, self.memoized, self.stored) {
            (4.., true, ..) => "a pickler with frames: CPython 3.4 or later, or one like it",
            (4.., false, true, _) => "a pickler of protocol 4 without frames, or a short pickle",
            (4.., false, false, 0) => "unknown: no memo, so optimized or not by CPython",
            (2 | 3, _, _, 0) => "unknown: no memo, so optimized or not by CPython",
            (3, ..) => "CPython 3, or one like it",
            (2, ..) => "CPython 2 or 3, or one like it",
            (_, _, _, 0) => "unknown: no memo, so optimized or not by CPython",
            _ => "protocol 0 or 1: CPython 2, or one that was asked for it",
        }
    }
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let mut out = Output::of_width(context.width);
    for (at, name) in arguments.files.iter().enumerate() {
        if at > 0 {
            out.line("")?;
        }
        let mut input = Input::open(name)?;
        out.folded(&styled(STRONG, &tools::one_line(name).to_string()), 2)?;
        if let Some(container) = input.container() {
            row(&mut out, "container", &container)?;
            for section in input.sections()? {
                if let Some(member) = &section.member {
                    row(&mut out, "member", &tools::one_line(member).to_string())?;
                }
                file(&Seekable::Bytes(&section.bytes), arguments, &mut out).of(name)?;
            }
        } else {
            file(&input.seekable()?, arguments, &mut out).of(name)?;
        }
        if arguments.deep {
            let mut pickles = input.pickles(context.read)?;
            let mut left = arguments.pickles.max(1);
            while let Some((graph, _)) = pickles.next()?.filter(|_| left > 0) {
                deep(&graph, pickles.size, &mut out)?;
                left -= 1;
            }
        }
    }
    out.flush()?;
    Ok(OK)
}

/// A name and a value.
fn row(out: &mut Output, name: &str, value: &str) -> Result<()> {
    out.folded(&format!("{} {value}", styled(FAINT, &format!("{name:>12}"))), 13)
}

/// The pickles of a file, one after another.
fn file(source: &Seekable<'_>, arguments: &Arguments, out: &mut Output) -> Result<()> {
    row(out, "size", &counted(source.len(), "byte"))?;
    let arrays = arrays(source);
    if !arrays.gaps().is_empty() {
        let count = grouped(arrays.gaps().len() as u64);
        let arrays = format!("{count} of joblib, {}", counted(arrays.len(), "byte"));
        row(out, "raw arrays", &format!("{arrays} between the instructions"))?;
    }
    let source = &Seekable::Instructions(source, &arrays);
    let bar = crate::output::bar_of(source.len());
    let mut reader = InstructionReader::new(At::new(source, 0)).max_payload(64 << 10);
    let (mut start, mut pickles, mut more) = (0, 0_u64, Counts::default());
    loop {
        match count(&mut reader, &bar) {
            Ok(mut counts) => {
                counts.bytes = reader.position() - start;
                pickles += 1;
                if pickles <= arguments.pickles.max(1) {
                    pickle(source, start, &counts, arguments, out)?;
                } else {
                    more.bytes += counts.bytes;
                    more.instructions += counts.instructions;
                }
            }
            Err(error) if start == 0 => {
                bar.finish_and_clear();
                return Err(error.into());
            }
            Err(error) => {
                let left = counted(source.len() - start, "byte");
                row(out, "behind it", &format!("{left}, and no pickle: {error}"))?;
                break;
            }
        }
        start = reader.position();
        if !reader.next_pickle()? {
            break;
        }
    }
    bar.finish_and_clear();
    if more.bytes > 0 {
        let left = counted(pickles - arguments.pickles.max(1), "pickle");
        let (bytes, instructions) = (more.bytes, more.instructions);
        let (bytes, instructions) = (counted(bytes, "byte"), counted(instructions, "instruction"));
        row(out, "", &format!("… {left} more, {bytes}, {instructions}; --pickles describes them"))?;
    }
    Ok(())
}

fn count<R: Read>(
    reader: &mut InstructionReader<R>,
    bar: &indicatif::ProgressBar,
) -> serde_pickle::Result<Counts> {
    let mut counts = Counts::default();
    while let Some(it) = reader.next_instruction()? {
        counts.add(it.opcode, &it.argument, it.passed_over);
        if counts.instructions.is_multiple_of(1 << 16) {
            bar.set_position(reader.position());
        }
    }
    Ok(counts)
}

fn pickle(
    source: &Seekable<'_>,
    start: u64,
    counts: &Counts,
    arguments: &Arguments,
    out: &mut Output,
) -> Result<()> {
    let announced = counts.protocol.map_or("none announced".to_owned(), |it| it.to_string());
    let needed = counts.needed.map_or(0, Protocol::number);
    let at = if start > 0 {
        format!(", at byte {}", grouped(source.place(start)))
    } else {
        String::new()
    };
    row(out, "pickle", &format!("{}{at}", counted(counts.bytes, "byte")))?;
    row(out, "protocol", &format!("{announced}; its instructions need {needed}"))?;
    row(out, "written by", counts.producer())?;
    row(
        out,
        "instructions",
        &format!("{}, {}", grouped(counts.instructions), counted(counts.frames, "frame")),
    )?;
    row(
        out,
        "values",
        &format!(
            "{}, {}, {}, {}",
            counted(counts.texts, "text"),
            counted(counts.numbers, "number"),
            counted(counts.containers, "container"),
            counted(counts.calls, "call")
        ),
    )?;
    row(out, "text, bytes", &counted(counts.payload, "byte"))?;
    row(
        out,
        "memo",
        &format!("{} stored, {} fetched", grouped(counts.stored), grouped(counts.fetched)),
    )?;
    row(out, "open marks", &format!("{} at the most", grouped(counts.deepest)))?;
    names(source, start, arguments.names, out)
}

/// The names that a pickle has for what is outside of it.
fn names(source: &Seekable<'_>, start: u64, most: usize, out: &mut Output) -> Result<()> {
    let report = tools::audit_reader(At::new(source, start));
    for (at, reference) in report.references.iter().take(most).enumerate() {
        let title = if at == 0 { "names" } else { "" };
        let called = match reference.times_called {
            0 => String::new(),
            times => format!(", called {}", times_of(times)),
        };
        let named = times_of(reference.times_named);
        let target = match &reference.target {
            Target::Global { .. } => styled(NAME, &reference.target.to_string()),
            other => other.to_string(),
        };
        row(out, title, &format!("{target} {}", styled(FAINT, &format!("{named}{called}"))))?;
    }
    let more = report.references.len().saturating_sub(most);
    if more > 0 {
        row(out, "", &format!("… {} more", grouped(more as u64)))?;
    }
    if let Some(error) = report.error {
        row(out, "names", &format!("not all: {error}"))?;
    }
    Ok(())
}

/// A number of things.
fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

fn times_of(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{} times", grouped(times)) }
}

/// An object that was visited: the way to it, and what is in it.
struct Visit {
    parent: usize,
    path: String,
    depth: usize,
    values: u64,
    bytes: u64,
}

/// Levels down to which parts are told apart.
const TOLD: usize = 4;

/// References that are followed beyond four for each byte.
const WORK: u64 = 1_000_000;

/// Prints how deep objects nest, which are shared, and which parts are the largest.
fn deep(graph: &Graph<'_>, size: u64, out: &mut Output) -> Result<()> {
    let mut visits: Vec<Visit> = Vec::new();
    let mut seen: HashMap<NodeId, u64> = HashMap::new();
    let mut left: Vec<(Node<'_>, usize, usize, String)> = Vec::new();
    left.extend(graph.roots().map(|root| (root, 0, 0, String::new())));
    let (mut deepest, mut within) = (0, 0_u64);
    let mut work = WORK.saturating_add(size.saturating_mul(4));
    while let Some((node, parent, depth, path)) = left.pop().filter(|_| work > 0) {
        deepest = deepest.max(depth);
        let scalar = crate::walk::is_scalar(node);
        if !scalar {
            let times = seen.entry(node.id()).or_insert(0);
            *times += 1;
            if *times > 1 {
                continue;
            }
        }
        let bytes = if scalar { 1 + size_of(node) } else { 2 };
        // Deep parts count for the part above them that is told.
        let here = if depth <= TOLD || visits.is_empty() {
            visits.push(Visit { parent, path: path.clone(), depth, values: 1, bytes });
            visits.len() - 1
        } else {
            if let Some(visit) = visits.get_mut(parent) {
                visit.values += 1;
                visit.bytes += bytes;
            }
            parent
        };
        within += 1;
        // Many objects may have one state.
        let parts = parts(node);
        work = work.saturating_sub(parts.len() as u64);
        for (step, part) in parts.into_iter().rev() {
            let mut way = String::new();
            if depth < TOLD {
                way.clone_from(&path);
                step.append(&mut way);
            }
            left.push((part, here, depth + 1, way));
        }
    }
    for at in (1..visits.len()).rev() {
        let (parent, values, bytes) = (visits[at].parent, visits[at].values, visits[at].bytes);
        if parent < at {
            visits[parent].values += values;
            visits[parent].bytes += bytes;
        }
    }
    let shared = seen.values().filter(|times| **times > 1).count();
    row(
        out,
        "objects",
        &format!("{}, {} deep", counted(within, "value"), counted(deepest as u64, "level")),
    )?;
    if work == 0 {
        row(out, "", "and more than is looked at, since objects share their attributes")?;
    }
    row(
        out,
        "shared",
        &format!("{}, referred to more than once", counted(shared as u64, "object")),
    )?;
    largest(&visits, out)
}

/// The parts that take the most.
fn largest(visits: &[Visit], out: &mut Output) -> Result<()> {
    let mut largest: Vec<&Visit> = visits.iter().filter(|visit| visit.depth > 0).collect();
    largest.sort_by_key(|visit| (std::cmp::Reverse(visit.bytes), visit.depth));
    for (at, visit) in largest.iter().take(10).enumerate() {
        let title = if at == 0 { "largest" } else { "" };
        let size = format!("{}, {}", counted(visit.bytes, "byte"), counted(visit.values, "value"));
        row(out, title, &format!("{} {}", cut(&visit.path, 60), styled(FAINT, &size)))?;
    }
    Ok(())
}

/// Bytes of a scalar, about as many as it takes in a pickle.
fn size_of(node: Node<'_>) -> u64 {
    match node.kind() {
        serde_pickle::graph::NodeKind::Str => node.as_str().map_or(0, |text| text.len() as u64) + 2,
        serde_pickle::graph::NodeKind::Bytes | serde_pickle::graph::NodeKind::ByteArray => {
            node.as_bytes().map_or(0, |bytes| bytes.len() as u64) + 2
        }
        serde_pickle::graph::NodeKind::Int => 3,
        serde_pickle::graph::NodeKind::Float => 8,
        _ => 0,
    }
}
