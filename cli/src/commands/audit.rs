//! `pickle audit`: what pickles name and call, for people and for CI.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Context;
use crate::audit::report::{self, Summary};
use crate::audit::rules::Patterns;
use crate::audit::scan::{self, Scanner};
use crate::audit::{Audited, Severity};
use crate::error::{Error, FAILED, NO, OK, Result};
use crate::output::{Output, bar_over_output};

/// Lists what pickles would run if Python loaded them, and says how bad that is.
///
/// Folders are walked; archives, checkpoints and compressed files are looked into; pickles within
/// pickles are followed. Nothing is loaded. `high` is a name that runs code or reaches the system,
/// `medium` a call of something that is on no list, `low` what is worth a look.
///
/// Exit status: 0 clean, 1 a finding of at least --fail-on, 2 nothing of the kind, but a pickle
/// that could not be followed to its end: an incomplete audit is not clean.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle audit models/
  pickle audit --allow 'sklearn.*' model.pkl
  pickle audit --format sarif models/ > audit.sarif
  pickle audit --fail-on high downloads/*.pt

A list file has a pattern a line; `*` stands for any text, `#` begins a comment.")]
pub(crate) struct Arguments {
    /// Files and folders; `-` is the standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The severity from which on a finding makes the exit status 1.
    #[arg(long, value_enum, default_value_t = Severity::Medium, value_name = "SEVERITY")]
    fail_on: Severity,
    /// Names that are harmless: `module.name`, with `*` for any text.
    #[arg(long, value_name = "PATTERN")]
    allow: Vec<String>,
    /// Names that are not, whatever else is said of them.
    #[arg(long, value_name = "PATTERN")]
    deny: Vec<String>,
    /// A file of patterns to allow.
    #[arg(long, value_name = "FILE")]
    allow_list: Vec<String>,
    /// A file of patterns to deny.
    #[arg(long, value_name = "FILE")]
    deny_list: Vec<String>,
    /// The form of the report.
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
    /// List clean files and harmless names too.
    #[arg(short, long)]
    verbose: bool,
    /// Bytes to which what is in a file may come, unpacked. Default: 256 MiB, and 32 for each byte
    /// of the file.
    #[arg(long, value_name = "BYTES")]
    max_size: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Sarif,
}

/// Patterns of the command line and of files.
fn patterns(given: &[String], lists: &[String]) -> Result<Patterns> {
    let mut patterns = given.to_vec();
    for list in lists {
        let text = fs::read_to_string(list)
            .map_err(|error| Error::new(format!("cannot read: {error}")).of(list))?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        patterns.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(Patterns(patterns))
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let (mut found, mut files) = (Vec::new(), Vec::new());
    for name in arguments.files.iter().filter(|name| *name != "-") {
        let asked = !fs::metadata(name).is_ok_and(|it| it.is_dir());
        match scan::files(name) {
            Ok(paths) => files.extend(paths.into_iter().map(|path| (path, asked))),
            Err(error) => {
                let mut audited = Audited::new(name, None);
                audited.incomplete(error, None);
                found.push(audited);
            }
        }
    }
    let len = |(path, _): &(PathBuf, bool)| fs::metadata(path).map_or(0, |it| it.len());
    let scanner = Scanner {
        allow: patterns(&arguments.allow, &arguments.allow_list)?,
        deny: patterns(&arguments.deny, &arguments.deny_list)?,
        max_size: arguments.max_size,
        // The report comes at the end, so a bar is in nobody's way.
        bar: bar_over_output(files.iter().map(len).sum()),
        before: Cell::new(0),
        left: Cell::new(0),
    };
    let pipes = arguments.files.iter().filter(|name| *name == "-").count();
    (0..pipes).for_each(|_| scanner.pipe(&mut found));
    for (path, asked) in &files {
        scanner.file(path, *asked, &mut found);
    }
    scanner.bar.finish_and_clear();
    let summary = Summary::of(files.len() + pipes, &found);
    let mut out = Output::of_width(context.width);
    match arguments.format {
        Format::Text => report::text(&found, summary, arguments.verbose, &mut out)?,
        Format::Json => report::as_json(&found, summary, &mut out)?,
        Format::Sarif => report::sarif(&found, &mut out)?,
    }
    out.flush()?;
    Ok(status(&found, arguments.fail_on))
}

fn status(found: &[Audited], fail_on: Severity) -> u8 {
    let is_bad = |audited: &Audited| {
        audited.findings.iter().any(|finding| {
            finding.severity >= fail_on && finding.rule != crate::audit::Rule::Incomplete
        })
    };
    if found.iter().any(is_bad) {
        NO
    } else if found.iter().any(|audited| audited.incomplete.is_some()) {
        FAILED
    } else {
        OK
    }
}
