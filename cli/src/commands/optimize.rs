//! `pickle optimize`: a pickle without the memo entries that nothing refers to.

use std::path::PathBuf;

use clap::Args;
use serde_pickle::tools;

use super::Context;
use crate::error::{Error, Named, OK, Result};
use crate::input::Input;
use crate::output::write_bytes;

/// Leaves out of a pickle what stores into the memo and is never fetched, as
/// `pickletools.optimize`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle optimize big.pkl -o small.pkl
  pickle optimize - < big.pkl > small.pkl")]
pub(crate) struct Arguments {
    /// The file; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// Where to write; the standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, _: Context) -> Result<u8> {
    let mut input = Input::open(&arguments.file)?;
    let mut sections = input.sections()?;
    let (Some(section), true) = (sections.pop(), sections.is_empty()) else {
        return Err(
            Error::new("holds several pickles, and `optimize` takes one").of(&arguments.file)
        );
    };
    if section.joblib {
        let error = "has raw arrays of joblib between its instructions; `convert` writes it as a \
                     pickle without";
        return Err(Error::new(error).of(&arguments.file));
    }
    let optimized = tools::optimize(&section.bytes).of(&arguments.file)?;
    write_bytes(&optimized, arguments.output.as_deref())?;
    Ok(OK)
}
