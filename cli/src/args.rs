//! The command line: what all commands share. Each command has its own arguments in its file.

use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::commands::{
    audit, completions, convert, diff, dis, edit, get, graph, info, json, optimize, show, types,
};
use crate::input::ReadArgs;

/// Looks at Python pickles, changes them, and makes Rust types of them. No pickle is ever run.
#[derive(Debug, Parser)]
#[command(
    name = "pickle",
    version,
    max_term_width = 100,
    after_help = "\
A FILE may be a pickle, several in a row, a compressed one (gzip, bzip2, xz, lz4, zstd), a member \
of a zip or tar archive, a model by joblib or torch.save, an array of objects by numpy; `-` is the \
standard input.

Exit status: 0 yes, 1 no (files differ, an audit found something, no such path), 2 an error.

Examples:
  pickle show session.pkl
  pickle json --lines rows.pkl.gz | jq .email
  pickle types *.pkl > src/records.rs
  pickle audit models/ --fail-on high"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Arguments that every command takes.
#[derive(Args, Debug)]
pub(crate) struct Shared {
    /// When to color: always, never, or where there is a terminal.
    #[arg(
        long,
        value_enum,
        default_value_t = ColorChoice::Auto,
        global = true,
        value_name = "WHEN"
    )]
    pub(crate) color: ColorChoice,
    /// Columns of a line; those of the terminal unless given.
    #[arg(long, global = true, value_name = "COLUMNS")]
    pub(crate) width: Option<usize>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Show(show::Arguments),
    Info(info::Arguments),
    Json(json::Arguments),
    Get(get::Arguments),
    Set(edit::SetArguments),
    Del(edit::DelArguments),
    Types(types::Arguments),
    Dis(dis::Arguments),
    Optimize(optimize::Arguments),
    Convert(convert::Arguments),
    Diff(diff::Arguments),
    Audit(audit::Arguments),
    Graph(graph::Arguments),
    Completions(completions::Arguments),
    Man(completions::ManArguments),
}
