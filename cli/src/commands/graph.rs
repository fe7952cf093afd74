//! `pickle graph`: objects and references as a drawing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use serde_pickle::Node;
use serde_pickle::graph::{NodeId, NodeKind};

use super::Context;
use crate::error::{Error, OK, Result};
use crate::input::Input;
use crate::output::{Output, write_file};
use crate::walk::{class_of, cut, dotted, is_scalar, parts};

/// Prints objects and references in the language of Graphviz: DOT.
///
/// Numbers and text are in the box of the object that holds them. With --svg the program `dot`
/// draws it, where that is installed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle graph session.pkl | dot -Tsvg > session.svg
  pickle graph session.pkl --svg session.svg")]
pub(crate) struct Arguments {
    /// The file; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// Objects to draw.
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    max: usize,
    /// Scalars to show of each object.
    #[arg(long, default_value_t = 12, value_name = "COUNT")]
    max_items: usize,
    /// Draw it by `dot` into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: Context) -> Result<u8> {
    let mut input = Input::open(&arguments.file)?;
    let mut pickles = input.pickles(context.read)?.with_side_files();
    let mut dot = String::from(
        "digraph pickle {\n  node [shape=box, fontname=\"monospace\", fontsize=10];\n  edge \
         [fontname=\"monospace\", fontsize=9];\n",
    );
    let (mut number, mut left) = (0, arguments.max);
    while let Some((graph, _)) = pickles.next()? {
        if left == 0 {
            dot.push_str("  more [label=\"… more pickles\"];\n");
            break;
        }
        let roots: Vec<Node<'_>> = graph.roots().take(left).collect();
        left -= draw(&roots, number, left, arguments.max_items, &mut dot);
        number += 1;
    }
    dot.push_str("}\n");
    match &arguments.svg {
        Some(path) => write_file(path, &svg(&dot)?)?,
        None => {
            let mut out = Output::new();
            out.text(&dot)?;
            out.flush()?;
        }
    }
    Ok(OK)
}

/// References of one object that are drawn.
const EDGES: usize = 1_000;

/// Draws what is below these roots, and so many objects at most; gives how many.
fn draw(
    roots: &[Node<'_>],
    number: usize,
    max: usize,
    max_items: usize,
    dot: &mut String,
) -> usize {
    let mut names: HashMap<NodeId, String> = HashMap::new();
    let mut left: std::collections::VecDeque<Node<'_>> = roots.iter().copied().collect();
    let mut edges = String::new();
    for root in roots {
        let name = format!("o{number}_{}", names.len());
        names.entry(root.id()).or_insert(name);
    }
    while let Some(node) = left.pop_front() {
        let Some(name) = names.get(&node.id()).cloned() else { continue };
        let mut label = title(node);
        let mut scalars = 0;
        let (mut cut_off, mut drawn) = (0, 0);
        for (step, part) in parts(node) {
            let way = || {
                let mut way = String::new();
                step.append(&mut way);
                cut(&way, 30)
            };
            if is_scalar(part) || part.kind() == NodeKind::Global {
                scalars += 1;
                if scalars <= max_items {
                    let _ = write!(label, "\n{}: {}", way(), cut(&part.to_string(), 40));
                }
                continue;
            }
            let known = names.get(&part.id()).cloned();
            let target = match known {
                Some(known) => known,
                None if names.len() < max => {
                    let target = format!("o{number}_{}", names.len());
                    names.insert(part.id(), target.clone());
                    left.push_back(part);
                    target
                }
                None => {
                    cut_off += 1;
                    continue;
                }
            };
            drawn += 1;
            if drawn <= EDGES {
                let _ = writeln!(edges, "  {name} -> {target} [label={}];", quoted(&way()));
            }
        }
        if scalars > max_items {
            let _ = write!(label, "\n… {} more", scalars - max_items);
        }
        if drawn > EDGES {
            let _ = write!(label, "\n… {} references that are not drawn", drawn - EDGES);
        }
        if cut_off > 0 {
            let _ = write!(label, "\n… {cut_off} objects that are not drawn");
        }
        let _ = writeln!(dot, "  {name} [label={}];", quoted(&label));
    }
    dot.push_str(&edges);
    names.len()
}

fn title(node: Node<'_>) -> String {
    if is_scalar(node) {
        return cut(&node.to_string(), 60);
    }
    match class_of(node) {
        Some(class) => dotted(&class),
        None => match node.kind() {
            NodeKind::Global => node.to_string(),
            kind => format!("{kind:?}").to_lowercase(),
        },
    }
}

/// Text as DOT quotes it, its lines to the left.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for line in text.split('\n') {
        let line = serde_pickle::tools::one_line(line).to_string();
        out.push_str(&line.replace('\\', "\\\\").replace('"', "\\\""));
        if text.contains('\n') {
            out.push_str("\\l");
        }
    }
    out.push('"');
    out
}

fn svg(dot: &str) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::new(format!("cannot run `dot`: {error}"));
    let mut child = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let text = dot.to_owned();
    let writer = std::thread::spawn(move || match stdin {
        Some(mut stdin) => std::io::Write::write_all(&mut stdin, text.as_bytes()),
        None => Ok(()),
    });
    let output = child.wait_with_output().map_err(failed)?;
    // Where `dot` stops reading, its status says why.
    let _ = writer.join();
    if !output.status.success() {
        return Err(Error::new("`dot` failed"));
    }
    Ok(output.stdout)
}
