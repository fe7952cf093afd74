//! The commands, a file each, and the way from `main` to them.

pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod diff;
pub(crate) mod dis;
pub(crate) mod edit;
pub(crate) mod get;
pub(crate) mod graph;
pub(crate) mod info;
pub(crate) mod json;
pub(crate) mod optimize;
pub(crate) mod show;
pub(crate) mod types;

use std::process::ExitCode;

use clap::{ColorChoice, Parser};

use crate::args::{Cli, Command};
use crate::error::Result;
use crate::input::ReadArgs;
use crate::output;
use crate::paint;

/// Settings that every command gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) read: ReadArgs,
    /// Columns of a line.
    pub(crate) width: usize,
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.shared.color {
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        ColorChoice::Auto => {}
    }
    let context = Context { read: cli.shared.read, width: output::width(cli.shared.width) };
    match run(&cli.command, context) {
        Ok(status) => ExitCode::from(status),
        Err(error) if error.quiet => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("{}: {error}", paint::styled(paint::BAD, "pickle"));
            ExitCode::from(error.status)
        }
    }
}

fn run(command: &Command, context: Context) -> Result<u8> {
    match command {
        Command::Show(arguments) => show::run(arguments, context),
        Command::Info(arguments) => info::run(arguments, context),
        Command::Json(arguments) => json::run(arguments, context),
        Command::Get(arguments) => get::run(arguments, context),
        Command::Set(arguments) => edit::set(arguments, context),
        Command::Del(arguments) => edit::del(arguments, context),
        Command::Types(arguments) => types::run(arguments, context),
        Command::Dis(arguments) => dis::run(arguments, context),
        Command::Optimize(arguments) => optimize::run(arguments, context),
        Command::Convert(arguments) => convert::run(arguments, context),
        Command::Diff(arguments) => diff::run(arguments, context),
        Command::Audit(arguments) => audit::run(arguments, context),
        Command::Graph(arguments) => graph::run(arguments, context),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => completions::man(arguments),
    }
}
