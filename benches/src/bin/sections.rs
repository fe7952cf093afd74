//! Runs each selected case once, with its section inside a function that a profiler can find by
//! name.
//!
//! `instructions.py` runs it under `valgrind --tool=callgrind --toggle-collect=bench_section`. It
//! takes the filters of `ratios`; a case is `--workload W --task T --contender C`, where the name
//! of the contender is exact.

use std::process::ExitCode;

use serde_pickle_benches::case;
use serde_pickle_benches::cli::Options;
use serde_pickle_benches::measure::Probe;
use serde_pickle_benches::workload::{Visit, Workload, each};

/// The section under a name that does not change from build to build.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn bench_section(work: &mut dyn FnMut()) {
    work();
}

struct Named;

impl Probe for Named {
    fn section(&mut self, work: &mut dyn FnMut()) {
        bench_section(work);
    }
}

struct Sections {
    options: Options,
    ran: usize,
    result: Result<(), String>,
}

impl Visit for Sections {
    fn visit<W: Workload>(&mut self) {
        for &task in &self.options.tasks {
            if self.result.is_err() || !self.options.wants_workload(W::NAME) {
                return;
            }
            let wanted = |name: &str| self.options.contenders.iter().any(|wanted| wanted == name);
            for case in case::build::<W>(&self.options.data, task, &wanted).cases {
                self.result = case.run(&mut Named, case.batch);
                self.ran += 1;
            }
        }
    }
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("sections --workload W --task T --contender C [--data DIR]");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut sections = Sections { options, ran: 0, result: Ok(()) };
    each(&mut sections);
    match sections.result {
        Ok(()) if sections.ran > 0 => ExitCode::SUCCESS,
        Ok(()) => {
            eprintln!("error: no such case");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
