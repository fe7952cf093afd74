//! `pickle types`: Rust types for what samples hold.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use serde_pickle::Graph;

use super::Context;
use crate::error::{Error, OK, Result};
use crate::input::Input;
use crate::output::{Output, write_file};
use crate::types::emit::{self, Dates, Maps, Settings};
use crate::types::names::type_name;
use crate::types::resolve::resolve;
use crate::types::shape::Shapes;
use crate::types::{probe, resolve::Model};

/// Writes Rust types for what was seen in samples: structs, enums and maps with serde's attributes.
///
/// Dicts whose keys are names become structs, and others maps. Classes become structs of their
/// name; several at one place an enum. A field that was missing or None is an Option; ints are as
/// narrow as what was seen. Comments have counts and ranges. Every sample is read by the types
/// before they are printed; what cannot be read so is a Value, or is left out with a note.
///
/// The module needs the crates serde (with derive) and serde_pickle; serde_bytes where there are
/// bytes; chrono or jiff, and serde_pickle's feature of that name, with --dates.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle types session.pkl > src/session.rs
  pickle types --name Event --dates chrono events/*.pkl -o src/event.rs")]
pub(crate) struct Arguments {
    /// Samples; the more there are, the better the types.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The name of the type of the whole; that of the first file unless given.
    #[arg(short, long, value_name = "NAME")]
    name: Option<String>,
    /// The types of dates and times.
    #[arg(long, value_enum, default_value_t, value_name = "CRATE")]
    dates: Dates,
    /// The type of maps.
    #[arg(long, value_enum, default_value_t, value_name = "TYPE")]
    maps: Maps,
    /// No test that reads the samples.
    #[arg(long)]
    no_test: bool,
    /// Where to write; the standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let (mut shapes, mut samples, mut notes) = (Shapes::default(), Vec::new(), Vec::new());
    let mut all = Vec::new();
    for name in &arguments.files {
        let mut input = Input::open(name)?;
        let in_container = input.container();
        let mut pickles = input.pickles(context.read)?;
        let graphs = pickles.all()?;
        if let Some(fault) = &pickles.fault {
            notes.push(format!("{name}: what is behind the last pickle is none: {fault}"));
        }
        let size = pickles.size;
        graphs.iter().flat_map(Graph::roots).for_each(|root| shapes.add(root, size));
        let in_test = match in_container {
            Some(container) => {
                notes.push(format!("{name} is {container}: the test leaves it out"));
                false
            }
            None => name != "-" && pickles.fault.is_none(),
        };
        all.push((name, graphs, pickles.joblib, in_test));
    }
    let root = root_name(arguments);
    let mut model: Model = resolve(&shapes, &root);
    for (name, graphs, joblib, in_test) in &all {
        let mut readable = true;
        for sample in graphs.iter().flat_map(Graph::roots) {
            let settled = probe::settle(&mut model, sample, arguments.dates);
            notes.extend(settled.changes);
            if let Some(error) = settled.error {
                notes.push(format!("{name} cannot be read, and the test leaves it out: {error}"));
                readable = false;
            }
        }
        if *in_test && readable {
            let path = fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name));
            // One graph of several pickles is one memo of several.
            let one_memo = graphs.iter().any(|graph| graph.roots().nth(1).is_some());
            samples.push((path.to_string_lossy().into_owned(), one_memo, *joblib));
        }
    }
    notes.sort();
    notes.dedup();
    let settings = Settings {
        root,
        files: arguments.files.len(),
        dates: arguments.dates,
        maps: arguments.maps,
        samples,
        notes,
        test: !arguments.no_test,
    };
    let text = emit::module(&model, &settings)
        .map_err(|error| Error::new(format!("what was made is no Rust: {error}")))?;
    match &arguments.output {
        Some(path) => write_file(path, text.as_bytes())?,
        None => {
            let mut out = Output::new();
            out.text(&text)?;
            out.flush()?;
        }
    }
    Ok(OK)
}

/// The name of the type of the whole.
fn root_name(arguments: &Arguments) -> String {
    match &arguments.name {
        Some(name) => type_name(name),
        None => {
            let first = arguments.files.first().filter(|name| *name != "-");
            let stem = first.and_then(|name| Path::new(name).file_stem()?.to_str());
            type_name(stem.and_then(|stem| stem.split('.').next()).unwrap_or("Root"))
        }
    }
}
