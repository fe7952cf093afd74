//! `pickle dis`: the instructions, as Python's `pickletools.dis` prints them.

use std::fmt;

use clap::Args;
use serde_pickle::tools::DisassembleOptions;

use super::Context;
use crate::error::{Error, Named, OK, Result};
use crate::input::{Input, Seekable};
use crate::output::Output;
use crate::stream::{Arrays, At, Gap, arrays};

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
    error: Option<Error>,
}

impl Text<'_> {
    fn put(&mut self, text: &str) -> fmt::Result {
        self.out.text(text).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text)
    }
}

/// Lines about the instructions alone, as lines about the file with the arrays between them.
struct Lines<'o, 'a> {
    text: Text<'o>,
    arrays: &'a Arrays,
    /// Arrays that were not told yet.
    left: &'a [Gap],
    line: String,
}

impl fmt::Write for Lines<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            self.line.push_str(piece);
            if piece.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.line(&line)?;
            }
        }
        Ok(())
    }
}

impl Lines<'_, '_> {
    fn line(&mut self, line: &str) -> fmt::Result {
        let offset = line
            .split_once(':')
            .and_then(|(offset, rest)| Some((offset.trim_start().parse::<u64>().ok()?, rest)));
        let Some((offset, rest)) = offset else { return self.text.put(line) };
        let place = self.arrays.place(offset);
        while let Some((gap, left)) = self.left.split_first().filter(|(gap, _)| gap.start < place) {
            let what = if gap.is_pickle { "a pickle of an array" } else { "an array" };
            self.text.put(&format!("{:5}: {} bytes: {what} of joblib\n", gap.start, gap.len))?;
            self.left = left;
        }
        // The argument of an instruction is never behind the words about its mark.
        match rest.rsplit_once("(MARK at ").and_then(|(before, mark)| {
            let (mark, end) = mark.split_once(')')?;
            Some((before, mark.parse::<u64>().ok()?, end))
        }) {
            Some((before, mark, end)) if end == "\n" => {
                let mark = self.arrays.place(mark);
                self.text.put(&format!("{place:5}:{before}(MARK at {mark}){end}"))
            }
            _ => self.text.put(&format!("{place:5}:{rest}")),
        }
    }
}

pub(crate) fn run(arguments: &Arguments, _: Context) -> Result<u8> {
    let options = DisassembleOptions::new()
        .indent(arguments.indentlevel)
        .annotate(if arguments.annotate { 30 } else { 0 })
        .stream(arguments.all)
        .keep_memo(arguments.memo);
    let mut input = Input::open(&arguments.file)?;
    let arrays = match input.is_piped() {
        true => Arrays::default(),
        false => arrays(&input.seekable()?),
    };
    let mut out = Output::new();
    let mut text = Text { out: &mut out, error: None };
    let (written, error) = if arrays.gaps().is_empty() {
        let written = options.write_reader(input.reader()?, &mut text);
        (written, text.error)
    } else {
        let whole = input.seekable()?;
        let instructions = Seekable::Instructions(&whole, &arrays);
        let reader = std::io::BufReader::new(At::new(&instructions, 0));
        let mut lines = Lines { text, arrays: &arrays, left: arrays.gaps(), line: String::new() };
        let written = options.write_reader(reader, &mut lines);
        (written, lines.text.error)
    };
    if let Some(error) = error {
        return Err(error);
    }
    out.flush()?;
    written.of(&arguments.file)?;
    Ok(OK)
}
