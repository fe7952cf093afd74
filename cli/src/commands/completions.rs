//! `pickle completions` and `pickle man`: what shells and `man` want to know, from the arguments.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::{Error, OK, Result};
use crate::output::{Output, write_file};

/// Prints the completions for a shell.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle completions bash > ~/.local/share/bash-completion/completions/pickle
  pickle completions zsh > ~/.zfunc/_pickle
  pickle completions fish > ~/.config/fish/completions/pickle.fish")]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

/// Prints the manual page, or writes it and one for each command into a folder.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle man | man -l -
  pickle man --folder ~/.local/share/man/man1")]
pub(crate) struct ManArguments {
    /// Where to write the pages.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "pickle", &mut text);
    let mut out = Output::new();
    out.text(&String::from_utf8_lossy(&text))?;
    out.flush()?;
    Ok(OK)
}

pub(crate) fn man(arguments: &ManArguments) -> Result<u8> {
    // Each command gets its whole name, and the options that all have.
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &arguments.folder else {
        let mut out = Output::new();
        out.text(&page(command)?)?;
        out.flush()?;
        return Ok(OK);
    };
    fs::create_dir_all(folder)
        .map_err(|error| Error::new(format!("cannot make {}: {error}", folder.display())))?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("pickle-{}.1", sub.get_name());
        write_file(&folder.join(name), page(sub.clone())?.as_bytes())?;
    }
    write_file(&folder.join("pickle.1"), page(command)?.as_bytes())?;
    Ok(OK)
}

fn page(command: clap::Command) -> Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut text)
        .map_err(|error| Error::new(format!("cannot make a manual page: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
