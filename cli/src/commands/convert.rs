//! `pickle convert`: the same objects at another protocol.

use std::path::PathBuf;

use clap::Args;
use serde_pickle::{Protocol, SerOptions};

use super::Context;
use crate::error::{Error, Named, OK, Result};
use crate::input::Input;
use crate::output::write_bytes;

/// Writes the same objects at another protocol, as CPython would pickle them.
///
/// Shared objects stay shared, cycles stay cycles. Below protocol 3 classes get their names of
/// Python 2.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle convert --protocol 2 new.pkl -o for-python2.pkl
  pickle convert -p 4 model.pkl.gz -o model.pkl")]
pub(crate) struct Arguments {
    /// The file; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// The protocol to write, 0 to 5.
    #[arg(short, long, value_parser = clap::value_parser!(u8).range(0..=5))]
    protocol: u8,
    /// Where to write; the standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let protocol = Protocol::try_from(arguments.protocol)?;
    let options = SerOptions::new().protocol(protocol);
    let mut input = Input::open(&arguments.file)?;
    let mut pickles = input.pickles(context.read)?.with_side_files();
    let mut bytes = Vec::new();
    while let Some((graph, _)) = pickles.next()? {
        bytes.extend(options.graph_to_vec(&graph).of(&arguments.file)?);
    }
    if let Some(fault) = pickles.fault {
        let error = format!("what is behind the pickle is none, and would be lost: {fault}");
        return Err(Error::new(error).of(&arguments.file));
    }
    write_bytes(&bytes, arguments.output.as_deref())?;
    Ok(OK)
}
