//! The cost that a sender can cause a reader: `cargo test --release --test hostile`.
//!
//! Every pickle of fixtures/hostile goes down every path by which the crate reads one (`paths.rs`),
//! each in a thread of 2 MiB, which is what Rust gives threads. For each it is measured how much
//! memory was allocated at the most, how many units of work were done and how many bytes written,
//! and each has to stay within the bounds of `bounds.rs`, with default options: a constant times
//! the input, and a constant. A panic or a crash fails. Time is printed and decides nothing: a path
//! that goes on for long is named while it does, once a minute.
//!
//! This is a binary of its own, because its allocator counts, and because it prints: a line for
//! each family, with what came out below. An argument that does not begin with a dash names the
//! families to run by a part of their name. Without optimization the recipes are taken in their
//! small size, and one in eight (`HOSTILE_SAMPLE=1` takes all). docs/SECURITY.md says what is
//! promised.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bounds;
mod mutants;
mod paths;
mod recipe;
#[path = "../skipping.rs"]
mod skipping;
mod types;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use serde_pickle::{Error, Graph};

use bounds::Bounds;
use paths::{Outcome, Path, Read, paths};
use recipe::Family;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The stack of a thread by default.
const STACK: usize = 2 << 20;

/// Time after which a path that goes on is named. The slowest takes seconds.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// The result of one path with one family.
struct Run {
    path: &'static str,
    outcome: String,
    peak: usize,
    units: u64,
    written: u64,
    time: Duration,
    input: usize,
    /// The greatest share of a bound that it took.
    share: f64,
    faults: Vec<String>,
}

/// One family in so many is run: all with optimization, else a few, so that `cargo test` stays
/// quick.
fn sample() -> usize {
    let asked = std::env::var("HOSTILE_SAMPLE").ok().and_then(|sample| sample.parse().ok());
    asked.filter(|&sample| sample > 0).unwrap_or(if cfg!(debug_assertions) { 8 } else { 1 })
}

fn main() -> ExitCode {
    let wanted_parts: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    // `cargo test hostile` hands the name of this binary to it: that means all of it.
    let wanted = |family: &Family| {
        wanted_parts.iter().all(|part| part == "hostile" || family.title().contains(part.as_str()))
    };
    let size = if cfg!(debug_assertions) { recipe::Size::Small } else { recipe::Size::Full };
    println!(
        "{:<52} {:>11} {:>12} {:>6} {:>10} {:>12} {:>7}",
        "family", "input", "peak", "a byte", "units", "written", "s"
    );
    let (mut families, mut runs, mut faults) = (0, 0, Vec::new());
    let mut worst: Vec<(f64, String)> = Vec::new();
    let start = Instant::now();
    for family in recipe::families().iter().filter(|family| wanted(family)).step_by(sample()) {
        let results = run_family(family, Arc::new(family.bytes(size)));
        families += 1;
        runs += results.len();
        for run in results {
            worst.push((
                run.share,
                format!(
                    "{} by {}: {} bytes of input, {} allocated, {} units, {} written",
                    family.title(),
                    run.path,
                    run.input,
                    run.peak,
                    run.units,
                    run.written
                ),
            ));
            faults.extend(
                run.faults
                    .into_iter()
                    .map(|fault| format!("{} by {}: {fault}", family.title(), run.path)),
            );
        }
    }
    if wanted_parts.iter().all(|part| "hostile mutants".contains(part.as_str())) {
        let report =
            thread::Builder::new().stack_size(STACK).spawn(mutants::run).unwrap().join().unwrap();
        println!(
            "\nfixtures: {} files; cut short {} times; {} changes of a byte, of which {} left a \
             pickle; at the most {} bytes allocated",
            report.files, report.cuts, report.changes, report.read, report.peak
        );
        runs += report.files;
        faults.extend(report.faults);
    }
    for fault in &faults {
        println!("FAILED {fault}");
    }
    println!("\n{}", bounds::explain());
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("the worst five, by the share of a bound that they take:");
    for (share, what) in worst.iter().take(5) {
        println!("  {:.0} % {what}", share * 100.0);
    }
    println!(
        "test result: {}. {} passed; {} failed; 0 ignored; {families} families by {} paths in \
         {:.1} s",
        if faults.is_empty() { "ok" } else { "FAILED" },
        runs - faults.len().min(runs),
        faults.len(),
        paths().count(),
        start.elapsed().as_secs_f64(),
    );
    ExitCode::from(u8::from(!faults.is_empty()))
}

fn run_family(family: &Family, input: Arc<Vec<u8>>) -> Vec<Run> {
    let start = Instant::now();
    // Errors are not cloned; each path that needs the graph would have got the same one.
    let graph = paths::shared_graph(&input).map(Arc::new).map_err(Arc::new);
    let runs: Vec<Run> = paths().map(|path| run(family, path, &input, &graph)).collect();
    let worst = |of: fn(&Run) -> u64| runs.iter().map(of).max().unwrap_or(0);
    let peak = worst(|run| run.peak as u64);
    println!(
        "{:<52} {:>11} {peak:>12} {:>6.1} {:>10} {:>12} {:>7.2}",
        family.title(),
        input.len(),
        peak as f64 / input.len() as f64,
        worst(|run| run.units),
        worst(|run| run.written),
        start.elapsed().as_secs_f64(),
    );
    let mut outcomes: Vec<(&str, Vec<&str>)> = Vec::new();
    for run in &runs {
        match outcomes.iter_mut().find(|(outcome, _)| *outcome == run.outcome) {
            Some((_, paths)) => paths.push(run.path),
            None => outcomes.push((&run.outcome, vec![run.path])),
        }
    }
    for (outcome, paths) in outcomes {
        println!("    {outcome}: {}", paths.join(" "));
    }
    if std::env::var_os("HOSTILE_ALL").is_some() {
        for run in &runs {
            println!(
                "    {:<20} {:<12} {:>12} {:>8.1} {:>10} {:>12} {:>7.2}",
                run.path,
                run.outcome,
                run.peak,
                run.peak as f64 / input.len() as f64,
                run.units,
                run.written,
                run.time.as_secs_f64()
            );
        }
    }
    runs
}

type SharedGraph = Result<Arc<Graph<'static>>, Arc<Error>>;

/// Runs one path in a thread of its own, and compares what it took with what it may.
fn run(family: &Family, path: &Path, input: &Arc<Vec<u8>>, graph: &SharedGraph) -> Run {
    let (sender, receiver) = channel();
    let (bytes, graph, read) = (Arc::clone(input), graph.clone(), path.read);
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let start = Instant::now();
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || {
        let before = serde_pickle::__units();
        let mut outcome = match (read, &graph) {
            (Read::Bytes(read), _) => read(&bytes),
            (Read::Graph(read) | Read::Written(read), Ok(graph)) => read(graph),
            (Read::Graph(_) | Read::Written(_), Err(error)) => Outcome::failed_as(error),
        };
        let peak = ALLOCATOR.peak_usage();
        // Each instruction is looked at once.
        outcome.steps += serde_pickle::__units().wrapping_sub(before) + bytes.len() as u64;
        drop((bytes, graph));
        let _ = sender.send((outcome, peak));
    });
    let mut faults = Vec::new();
    let (outcome, peak) = loop {
        match receiver.recv_timeout(REPORT_EVERY) {
            Ok((outcome, peak)) => {
                // A thread that has sent its result does not panic.
                thread.unwrap().join().unwrap();
                break (outcome, peak.saturating_sub(before));
            }
            Err(RecvTimeoutError::Disconnected) => {
                faults.push("it panicked".to_owned());
                break (Outcome::default(), 0);
            }
            Err(RecvTimeoutError::Timeout) => println!(
                "{} by {} goes on after {} s",
                family.title(),
                path.name,
                start.elapsed().as_secs()
            ),
        }
    };
    let found = outcome.name();
    let run = Run {
        path: path.name,
        outcome: found.clone(),
        peak,
        units: outcome.steps,
        input: input.len(),
        share: 0.0,
        written: outcome.written,
        time: start.elapsed(),
        faults: Vec::new(),
    };
    let bounds = Bounds::of(input.len());
    let written = matches!(path.read, Read::Written(_));
    let mut share = 0.0;
    for (what, taken, allowed) in [
        (
            "bytes allocated",
            run.peak as u64,
            if written { bounds.peak_written } else { bounds.peak },
        ),
        ("units of work", run.units, bounds.units),
        ("bytes written", run.written, bounds.written),
    ] {
        share = f64::max(share, taken as f64 / allowed as f64);
        if taken > allowed {
            faults
                .push(format!("{taken} {what}, more than the {allowed} for {} bytes", input.len()));
        }
    }
    // The expectation is for the full size: a small one may stay within a limit.
    if !cfg!(debug_assertions)
        && let Some(expected) = family.expected(path.name)
        && expected != found
    {
        faults.push(format!("{found} where {expected} was expected: {}", outcome.message()));
    }
    Run { faults, share, ..run }
}
