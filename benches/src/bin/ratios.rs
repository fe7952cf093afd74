//! Times the contenders against each other in interleaved rounds. `--help` tells the options.
//!
//! Each contender runs once in each round, each round begins with another one, and a ratio is the
//! median of the ratios within the rounds: what else the machine does then hits all alike. A
//! contender that takes longer than [`SLOW`] stops after [`SLOW_ROUNDS`] rounds.

use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

use serde_json::json;

use serde_pickle_benches::case::{self, Case, Task};
use serde_pickle_benches::cli::{HELP, Options, is_base};
use serde_pickle_benches::measure::{Timer, page_faults};
use serde_pickle_benches::ours;
use serde_pickle_benches::report::{self, Row};
use serde_pickle_benches::workload::{Visit, Workload, each};

const SLOW: Duration = Duration::from_millis(700);
const SLOW_ROUNDS: usize = 3;

/// A section shorter than this makes several results, so that the clock's grain does not show.
const SHORTEST: Duration = Duration::from_micros(500);

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = start(options) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn start(options: Options) -> Result<(), String> {
    if options.alloc {
        // Counting would disturb the times, so it is a program of its own.
        return exec("allocs", |arg| arg != "--alloc", &[]);
    }
    if options.heap_kept {
        let keep = [
            ("MALLOC_TRIM_THRESHOLD_", "17179869184"),
            ("MALLOC_MMAP_MAX_", "0"),
            ("MALLOC_TOP_PAD_", "67108864"),
        ];
        return exec("ratios", |arg| arg != "--heap-kept", &keep);
    }
    let mut runner = Runner { options, rows: Vec::new(), wrong: Vec::new(), result: Ok(()) };
    each(&mut runner);
    runner.result?;
    let options = &runner.options;
    if options.once.is_some() || options.list || options.write.is_some() {
        return Ok(());
    }
    println!("\n## All workloads\n{}", report::summary(&runner.rows, &options.base));
    if let Some(path) = &options.json {
        let head =
            json!({ "fresh": options.fresh, "rounds": options.rounds, "base": options.base });
        report::write_json(path, head, runner.rows.iter().map(report::row_json).collect())?;
    }
    if runner.wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("wrong: {}", runner.wrong.join("; ")))
    }
}

/// Runs a program that was built with this one, with this one's arguments as far as `keep` lets
/// them.
fn exec(name: &str, keep: impl Fn(&str) -> bool, env: &[(&str, &str)]) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let program = own.with_file_name(name);
    let status = Command::new(&program)
        .args(std::env::args().skip(1).filter(|arg| keep(arg)))
        .envs(env.iter().copied())
        .status()
        .map_err(|e| {
            format!(
                "{}: {e} (cargo build --release -p serde_pickle_benches --bins)",
                program.display()
            )
        })?;
    if status.success() { Ok(()) } else { Err(format!("{name}: {status}")) }
}

struct Runner {
    options: Options,
    rows: Vec<Row>,
    /// A task that our crate failed, or did wrongly. The others are measured all the same.
    wrong: Vec<String>,
    result: Result<(), String>,
}

impl Visit for Runner {
    fn visit<W: Workload>(&mut self) {
        if self.result.is_ok() && self.options.wants_workload(W::NAME) {
            self.result = self.workload::<W>();
        }
    }
}

impl Runner {
    fn workload<W: Workload>(&mut self) -> Result<(), String> {
        let options = self.options.clone();
        let first = self.rows.len();
        for &task in &options.tasks {
            if !case::applies::<W>(task) {
                continue;
            }
            let built =
                case::build::<W>(&options.data, task, &|name| options.wants_contender(name));
            for (contender, error) in &built.failed {
                eprintln!("{} {} {contender}: {error}", W::NAME, task.name());
            }
            let mut cases = built.cases;
            if options.list {
                cases
                    .iter()
                    .for_each(|case| println!("{}\t{}\t{}", W::NAME, task.name(), case.contender));
            } else if options.once.is_some() {
                cases.iter().try_for_each(once)?;
            } else if options.write.is_some() {
                self.write(&cases)?;
            } else {
                if options.twice {
                    let again =
                        case::build::<W>(&options.data, task, &|name| is_base(name, &options.base));
                    cases.extend(again.cases.into_iter().map(|mut case| {
                        case.contender.push_str(" (A/A)");
                        case
                    }));
                }
                let (cases, sizes) = self.checked(cases, options.check);
                if options.fresh {
                    self.fresh(cases, sizes)?;
                } else {
                    self.rounds(&cases, &sizes)?;
                }
            }
        }
        if first < self.rows.len() {
            print!("{}", report::workload_table(W::NAME, &self.rows[first..], &options.base));
        }
        Ok(())
    }

    /// Interleaved rounds in this process.
    fn rounds(&mut self, cases: &[Case], sizes: &[usize]) -> Result<(), String> {
        let mut batches = Vec::with_capacity(cases.len());
        let mut able: Vec<(&Case, usize)> = Vec::with_capacity(cases.len());
        for (case, &bytes) in cases.iter().zip(sizes) {
            match calibrate(case) {
                Ok(batch) => {
                    batches.push(batch);
                    able.push((case, bytes));
                }
                // Peers that cannot do it were named by the check, if there was one.
                Err(error) => self.failed(case, &error),
            }
        }
        let cases = able;
        let mut nanos = vec![Vec::new(); cases.len()];
        for round in 0..self.options.rounds {
            for step in 0..cases.len() {
                let at = (round + step) % cases.len();
                let (case, _) = cases[at];
                if is_slow(&nanos[at]) {
                    continue;
                }
                let mut timer = Timer::default();
                case.run(&mut timer, batches[at])?;
                nanos[at].push(timer.elapsed.as_nanos() as f64 / batches[at] as f64);
            }
        }
        for ((case, bytes), nanos) in cases.into_iter().zip(nanos) {
            self.push(case.workload, case.task, case.contender.clone(), bytes, nanos, Vec::new());
        }
        Ok(())
    }

    /// Interleaved rounds, each measurement in a process of its own.
    fn fresh(&mut self, cases: Vec<Case>, sizes: Vec<usize>) -> Result<(), String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let named: Vec<_> =
            cases.iter().map(|case| (case.workload, case.task, case.contender.clone())).collect();
        // Memory that the parent holds must not disturb the children.
        drop(cases);
        let mut nanos = vec![Vec::new(); named.len()];
        let mut faults = vec![Vec::new(); named.len()];
        for round in 0..self.options.rounds {
            for step in 0..named.len() {
                let at = (round + step) % named.len();
                let (workload, task, contender) = &named[at];
                if is_slow(&nanos[at]) {
                    continue;
                }
                let output = Command::new(&program)
                    .args(["--workload", workload, "--task", task.name(), "--once"])
                    .arg(contender.trim_end_matches(" (A/A)"))
                    .arg("--data")
                    .arg(&self.options.data)
                    .output()
                    .map_err(|e| e.to_string())?;
                let text = String::from_utf8_lossy(&output.stdout);
                let mut fields = text.split_whitespace().map(str::parse::<f64>);
                match (fields.next(), fields.next()) {
                    (Some(Ok(time)), Some(Ok(count))) => {
                        nanos[at].push(time);
                        faults[at].push(count);
                    }
                    _ => {
                        let error = String::from_utf8_lossy(&output.stderr);
                        return Err(format!("{workload} {} {contender}: {error}", task.name()));
                    }
                }
            }
        }
        for ((((workload, task, contender), bytes), nanos), faults) in
            named.into_iter().zip(sizes).zip(nanos).zip(faults)
        {
            self.push(workload, task, contender, bytes, nanos, faults);
        }
        Ok(())
    }

    /// Compares each case's result with the truth and leaves out those that differ, with a message.
    fn checked(&mut self, cases: Vec<Case>, check: bool) -> (Vec<Case>, Vec<usize>) {
        if !check {
            let sizes = vec![0; cases.len()];
            return (cases, sizes);
        }
        let mut good = Vec::new();
        let mut sizes = Vec::new();
        for case in cases {
            match case.check() {
                Ok(bytes) => {
                    good.push(case);
                    sizes.push(bytes);
                }
                Err(error) => self.failed(&case, &error),
            }
        }
        (good, sizes)
    }

    /// Names a contender that cannot do a case. Our own must be able to.
    fn failed(&mut self, case: &Case, error: &str) {
        let what = format!("{} {} {}: {error}", case.workload, case.task.name(), case.contender);
        eprintln!("{what}");
        if case.contender.starts_with(ours::NAME) {
            self.wrong.push(what);
        }
    }

    fn push(
        &mut self,
        workload: &'static str,
        task: Task,
        contender: String,
        bytes: usize,
        nanos: Vec<f64>,
        faults: Vec<f64>,
    ) {
        self.rows.push(Row { workload, task: task.name(), contender, bytes, nanos, faults });
    }

    /// Writes what the cases encode to files named `workload.contender.pkl`.
    fn write(&self, cases: &[Case]) -> Result<(), String> {
        let Some(folder) = &self.options.write else {
            return Ok(());
        };
        fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        for case in cases {
            let Some(bytes) = case.encoded() else {
                continue;
            };
            let name = format!("{}.{}.pkl", case.workload, case.contender.replace([' ', ':'], "-"));
            fs::write(folder.join(&name), bytes?).map_err(|e| format!("{name}: {e}"))?;
            println!("{name}");
        }
        Ok(())
    }
}

fn is_slow(nanos: &[f64]) -> bool {
    nanos.len() >= SLOW_ROUNDS && nanos.iter().all(|&time| time > SLOW.as_nanos() as f64)
}

/// The number of results that a section should make.
fn calibrate(case: &Case) -> Result<usize, String> {
    let mut timer = Timer::default();
    // The first run pays for the memory; the second says how long it takes.
    case.run(&mut timer, case.batch)?;
    if timer.elapsed < SHORTEST {
        case.run(&mut timer, case.batch)?;
    }
    let each = timer.elapsed.as_nanos().max(1) / case.batch as u128;
    let wanted = SHORTEST.as_nanos() / each.max(1);
    Ok(case.batch.max(usize::try_from(wanted).unwrap_or(1)).min(10_000))
}

/// The measurement of a process that was spawned for it.
fn once(case: &Case) -> Result<(), String> {
    let mut timer = Timer::default();
    let before = page_faults();
    case.run(&mut timer, case.batch)?;
    let faults = page_faults() - before;
    println!("{} {faults}", timer.elapsed.as_nanos() as f64 / case.batch as f64);
    Ok(())
}
