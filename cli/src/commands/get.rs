//! `pickle get`: one value by its path.

use std::borrow::Cow;
use std::io::{self, IsTerminal};

use clap::Args;
use serde_pickle::json::JsonOptions;
use serde_pickle::tools;

use super::Context;
use crate::error::{Error, Named, OK, Result};
use crate::input::Input;
use crate::output::Output;
use crate::paint::{Layout, Painter, text_of};
use crate::path;

/// Prints the value at a path: `users[3].email`.
///
/// A name stands for an attribute or for the key of a dict. Brackets hold an index, which may be
/// negative, or any key as Python writes it. `$args[0]`, `$kwargs`, `$state` and `$class` lead to
/// the parts of an object that have no names. Exit status 1: there is no such value.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle get session.pkl user.email
  pickle get rows.pkl '[-1][\"first name\"]' --raw
  pickle get model.pkl steps[0] --json")]
pub(crate) struct Arguments {
    /// The file; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// The path to the value.
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    path: String,
    /// Print text and bytes as they are, without quotes; dates, decimals, paths as text. A terminal
    /// gets control characters escaped.
    #[arg(short, long, conflicts_with = "json")]
    raw: bool,
    /// Print JSON.
    #[arg(short, long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let path = path::parse(&arguments.path)?;
    let mut input = Input::open(&arguments.file)?;
    let pickles = input.pickles(context.read)?.with_side_files();
    let (graph, _) = pickles.only("get")?;
    let node = path::find(graph.root(), &path).of(&arguments.file)?;
    let mut out = Output::of_width(context.width);
    if arguments.json {
        let text = serde_json::to_string_pretty(&JsonOptions::new().node(node))
            .map_err(|error| Error::new(error.to_string()).of(&arguments.file))?;
        out.line(&text)?;
    } else if arguments.raw
        && let Some(text) = node.as_str().or_else(|| text_of(node).map(Cow::Owned))
    {
        out.raw(for_terminal(&text).as_bytes())?;
        out.raw(b"\n")?;
    } else if arguments.raw
        && let Some(bytes) = node.as_bytes()
    {
        if io::stdout().is_terminal() {
            out.line(&for_terminal(&String::from_utf8_lossy(&bytes)))?;
        } else {
            out.raw(&bytes)?;
        }
    } else {
        let layout = Layout {
            width: context.width,
            depth: 100,
            max_items: usize::MAX,
            max_text: usize::MAX,
            max_values: usize::MAX,
        };
        out.line(&Painter::new(std::iter::once(node), layout).paint(node))?;
    }
    out.flush()?;
    Ok(OK)
}

/// Text as it is, but for control characters other than line breaks where a terminal would act on
/// them.
fn for_terminal(text: &str) -> Cow<'_, str> {
    if !io::stdout().is_terminal() {
        return Cow::Borrowed(text);
    }
    let lines = text.split('\n').map(|line| tools::one_line(line).to_string());
    Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
}
