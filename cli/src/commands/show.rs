//! `pickle show`: the value, as Python's `repr` would have it if that had lines and colors.

use clap::Args;

use super::Context;
use crate::error::{OK, Result};
use crate::input::Input;
use crate::output::Output;
use crate::paint::{FAINT, Layout, Painter, styled};

/// Prints what a pickle holds: Python's repr over lines, in color on a terminal.
///
/// Classes and functions are shown by name. `&1` marks an object that comes again as `*1`: the same
/// object, also within itself.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle show session.pkl
  pickle show --depth 2 model.joblib
  redis-cli get key | pickle show -")]
pub(crate) struct Arguments {
    /// Files to show; `-` is the standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Levels of nesting to show.
    #[arg(long, default_value_t = 12, value_name = "LEVELS")]
    depth: usize,
    /// Items to show of each container.
    #[arg(long, default_value_t = 40, value_name = "COUNT")]
    max_items: usize,
    /// Characters to show of each text.
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    max_text: usize,
    /// Values to show of each pickle.
    #[arg(long, default_value_t = 20_000, value_name = "COUNT")]
    max_values: usize,
    /// Show all there is.
    #[arg(long, conflicts_with_all = ["depth", "max_items", "max_text", "max_values"])]
    all: bool,
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let limit = |limit: usize| if arguments.all { usize::MAX } else { limit };
    let layout = Layout {
        width: context.width,
        depth: limit(arguments.depth),
        max_items: limit(arguments.max_items),
        max_text: limit(arguments.max_text),
        max_values: limit(arguments.max_values),
    };
    let mut out = Output::of_width(context.width);
    for name in &arguments.files {
        let mut input = Input::open(name)?;
        let mut pickles = input.pickles(context.read)?.with_side_files();
        if arguments.files.len() > 1 {
            let name = serde_pickle::tools::one_line(name);
            out.folded(&styled(FAINT, &format!("# {name}")), 2)?;
        }
        let mut member = None;
        while let Some((graph, of)) = pickles.next()? {
            if of != member {
                member.clone_from(&of);
                if let Some(of) = of {
                    let of = serde_pickle::tools::one_line(&of);
                    out.folded(&styled(FAINT, &format!("# {of}")), 2)?;
                }
            }
            let mut painter = Painter::new(graph.roots(), layout);
            for root in graph.roots() {
                out.line(&painter.paint(root))?;
            }
        }
        if let Some(fault) = &pickles.fault {
            let len = pickles.behind.len();
            let note = format!("# {len} bytes behind it are no pickle: {fault}");
            out.folded(&styled(FAINT, &note), 2)?;
        }
    }
    out.flush()?;
    Ok(OK)
}
