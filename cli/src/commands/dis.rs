//! `pickle dis`: the instructions, as Python's `pickletools.dis` prints them.

use std::fmt;

use clap::Args;
use serde_pickle::tools::DisassembleOptions;

use super::Context;
use crate::error::{Named, OK, Result};
use crate::input::Input;
use crate::output::Output;

/// Prints the instructions of a pickle, as `python -m pickletools` does.
///
/// The file is read piece by piece, so it may be longer than memory.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle dis session.pkl
  pickle dis --annotate session.pkl | less
  pickle dis --all stream.pkl")]
pub(crate) struct Arguments {
    /// The file; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// Describe each opcode.
    #[arg(short, long)]
    annotate: bool,
    /// Columns by which each mark indents.
    #[arg(short = 'l', long, default_value_t = 4, value_name = "COLUMNS")]
    indentlevel: usize,
    /// All pickles of the file, and not the first alone.
    #[arg(long)]
    all: bool,
    /// Let the pickles of the file share a memo, as those of one Pickler do.
    #[arg(short, long)]
    memo: bool,
}

/// Writes text to the output; its own error is kept, for `fmt` has none to say.
struct Text<'o> {
    out: &'o mut Output,
    error: Option<crate::error::Error>,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.text(text).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

pub(crate) fn run(arguments: &Arguments, _: Context) -> Result<u8> {
    let options = DisassembleOptions::new()
        .indent(arguments.indentlevel)
        .annotate(if arguments.annotate { 30 } else { 0 })
        .stream(arguments.all)
        .keep_memo(arguments.memo);
    let mut input = Input::open(&arguments.file)?;
    let mut out = Output::new();
    let mut text = Text { out: &mut out, error: None };
    let written = options.write_reader(input.reader()?, &mut text);
    if let Some(error) = text.error {
        return Err(error);
    }
    out.flush()?;
    written.of(&arguments.file)?;
    Ok(OK)
}
