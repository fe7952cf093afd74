//! `pickle json`: JSON of a pickle, and a pickle of JSON.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_pickle::graph::NodeKind;
use serde_pickle::json::{
    JsonBigInts, JsonBytes, JsonCycles, JsonDecimals, JsonKeys, JsonNonFinite, JsonObjects,
    JsonOptions, JsonShared, JsonSurrogates,
};
use serde_pickle::{DeOptions, Graph, Node, Protocol, SerOptions};

use super::Context;
use crate::error::{Error, Named, OK, Result};
use crate::input::Input;
use crate::literal;
use crate::output::{Output, write_bytes};
use crate::stream::{At, Element, Elements};

/// Prints a pickle as JSON, or with --from writes a pickle of JSON.
///
/// Policies say how to write what JSON cannot say: text for ints beyond 64 bits, base64 for bytes,
/// null for nan, `$class` for classes, `$ref` for an object within itself, text for keys. Nothing
/// is refused unless asked so.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle json session.pkl | jq .user
  pickle json --lines rows.pkl > rows.jsonl
  pickle json --bytes hex --keys pairs odd.pkl
  echo '{\"a\": [1, 2]}' | pickle json --from - -o a.pkl

With --lines each element of the list that a pickle is becomes a line; the file is read piece by \
piece, and may be longer than memory, unless joblib put arrays into it. A pipe is first copied \
into a temporary file.")]
pub(crate) struct Arguments {
    /// The file; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// One element of the list at the top a line.
    #[arg(short, long, conflicts_with = "from")]
    lines: bool,
    /// No line breaks within a value.
    #[arg(short, long, conflicts_with = "from")]
    compact: bool,
    /// Keys that are not text.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    keys: Keys,
    /// Bytes.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    bytes: Bytes,
    /// Ints beyond 64 bits.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    big_ints: BigInts,
    /// nan and the infinities.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    nan: NonFinite,
    /// Text with lone surrogates.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    surrogates: Surrogates,
    /// Decimals.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    decimals: Decimals,
    /// Objects that have no form as text or as a container.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    objects: Objects,
    /// An object within itself.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    on_cycle: Cycles,
    /// An object that comes again.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    shared: Shared,
    /// Dates, paths and arrays as objects of their class.
    #[arg(long)]
    no_natural: bool,
    /// Levels of nesting.
    #[arg(long, default_value_t = 100, value_name = "LEVELS", value_parser = levels)]
    max_depth: usize,
    /// Values that shared objects may add when they are written again: a small pickle can stand for
    /// a huge tree.
    #[arg(long, default_value_t = 1 << 18, value_name = "COUNT")]
    max_values: u64,
    /// Read JSON (or Python's literals), and write a pickle.
    #[arg(long)]
    from: bool,
    /// With --from: where to write; the standard output unless given.
    #[arg(short, long, value_name = "FILE", requires = "from")]
    output: Option<PathBuf>,
    /// With --from: the protocol, 0 to 5.
    #[arg(
        short,
        long,
        default_value_t = 4,
        value_parser = clap::value_parser!(u8).range(0..=5),
        requires = "from"
    )]
    protocol: u8,
}

/// Each level takes stack.
fn levels(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(levels @ 1..=500) => Ok(levels),
        _ => Err("levels are 1 to 500".to_owned()),
    }
}

macro_rules! policy {
    ($name:ident => $target:ident { $($variant:ident),* }) => {
        #[derive(Clone, Copy, Debug, Default, ValueEnum)]
        #[value(rename_all = "lower")]
        enum $name {
            #[default]
            $($variant),*
        }

        impl From<$name> for $target {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    };
}

policy!(NonFinite => JsonNonFinite { Null, Text, Error });
policy!(Surrogates => JsonSurrogates { Replace, Escape, Error });
policy!(Decimals => JsonDecimals { Text, Number });
policy!(BigInts => JsonBigInts { Text, Number });
policy!(Objects => JsonObjects { Tagged, Attributes, Error });
policy!(Keys => JsonKeys { Text, Pairs, Error });
policy!(Bytes => JsonBytes { Base64, Hex, Latin1, Array });
policy!(Cycles => JsonCycles { Reference, Null, Error });
policy!(Shared => JsonShared { Copy, Reference });

impl Arguments {
    fn policies(&self) -> JsonOptions {
        JsonOptions::new()
            .keys(self.keys.into())
            .bytes(self.bytes.into())
            .big_ints(self.big_ints.into())
            .non_finite(self.nan.into())
            .surrogates(self.surrogates.into())
            .decimals(self.decimals.into())
            .objects(self.objects.into())
            .cycles(self.on_cycle.into())
            .shared(self.shared.into())
            .natural(!self.no_natural)
            .max_depth(self.max_depth)
            .max_values(self.max_values)
    }
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    if arguments.from {
        return from(arguments);
    }
    let options = context.read.options();
    let mut input = Input::open(&arguments.file)?;
    let mut out = Output::new();
    if arguments.lines {
        if !input.is_piped() && input.has_arrays()? {
            lines_of_joblib(&mut input, arguments, context, &mut out)?;
        } else {
            lines(&mut input, arguments, &options, &mut out).of(&arguments.file)?;
        }
        out.flush()?;
        return Ok(OK);
    }
    let mut pickles = input.pickles(context.read)?.with_side_files();
    while let Some((graph, _)) = pickles.next()? {
        for root in graph.roots() {
            let json = arguments.policies().node(root);
            let written = if arguments.compact {
                serde_json::to_writer(&mut out, &json)
            } else {
                serde_json::to_writer_pretty(&mut out, &json)
            };
            written.map_err(|error| failed(&error)).of(&arguments.file)?;
            out.line("")?;
        }
    }
    out.flush()?;
    match pickles.fault {
        Some(fault) => {
            let error = format!("what is behind the last pickle is none: {fault}");
            Err(Error::new(error).of(&arguments.file))
        }
        None => Ok(OK),
    }
}

/// The error of writing JSON: the writer's, or that of a policy.
fn failed(error: &serde_json::Error) -> Error {
    match error.io_error_kind() {
        Some(kind) => Error::writing(&kind.into()),
        None => Error::new(error.to_string()),
    }
}

/// A line for each element of a file of joblib, whose arrays are in memory at once.
fn lines_of_joblib(
    input: &mut Input,
    arguments: &Arguments,
    context: Context,
    out: &mut Output,
) -> Result<()> {
    let policies = arguments.policies();
    let mut pickles = input.pickles(context.read)?.with_side_files();
    while let Some((graph, _)) = pickles.next()? {
        let root = graph.root();
        let is_list = matches!(root.kind(), NodeKind::List | NodeKind::Tuple | NodeKind::FrozenSet);
        let items: Vec<Node<'_>> = if is_list { root.items().collect() } else { vec![root] };
        for item in items {
            let written = serde_json::to_writer(&mut *out, &policies.node(item));
            written.map_err(|error| failed(&error)).of(&arguments.file)?;
            out.line("")?;
        }
    }
    Ok(())
}

/// A line for each element.
fn lines(
    input: &mut Input,
    arguments: &Arguments,
    options: &DeOptions<'static>,
    out: &mut Output,
) -> Result<()> {
    let policies = arguments.policies();
    let mut line = |graph: &Graph<'_>| -> Result<()> {
        serde_json::to_writer(&mut *out, &policies.graph(graph)).map_err(|error| failed(&error))?;
        out.write_all(b"\n").map_err(|error| Error::writing(&error))
    };
    if input.container().is_some() {
        for section in input.sections()? {
            let source = crate::input::Seekable::Bytes(&section.bytes);
            elements(&source, options, &mut line)?;
        }
        return Ok(());
    }
    let source = input.seekable()?;
    elements(&source, options, &mut line)
}

fn elements(
    source: &crate::input::Seekable<'_>,
    options: &DeOptions<'static>,
    line: &mut dyn FnMut(&Graph<'_>) -> Result<()>,
) -> Result<()> {
    let bar = crate::output::bar_of(source.len());
    let mut elements = Elements::new(source);
    while let Some(element) = elements.next()? {
        bar.set_position(elements.position());
        match element {
            Element::Pickle(pickle) => line(&options.graph_from_slice(&pickle)?)?,
            Element::Other(start) => {
                let mut reader = std::io::BufReader::new(At::new(source, start));
                let graph = options.graph_from_reader(&mut reader)?;
                line(&graph)?;
                let left = reader.buffer().len() as u64;
                elements.go_to(reader.into_inner().position - left);
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Writes a pickle of each value of the input.
fn from(arguments: &Arguments) -> Result<u8> {
    let mut input = Input::open(&arguments.file)?;
    let mut text = String::new();
    let mut reader = input.text_reader()?;
    reader
        .read_to_string(&mut text)
        .map_err(|error| Error::new(format!("cannot read: {error}")).of(&arguments.file))?;
    drop(reader);
    let values =
        literal::parse_all(&text).map_err(|error| Error::new(error).of(&arguments.file))?;
    if values.is_empty() {
        return Err(Error::new("holds no value").of(&arguments.file));
    }
    let options = SerOptions::new().protocol(Protocol::try_from(arguments.protocol)?);
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend(options.to_vec(&value)?);
    }
    write_bytes(&bytes, arguments.output.as_deref())?;
    Ok(OK)
}
