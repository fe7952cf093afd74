//! The cases as criterion benchmarks: `TASK/WORKLOAD/CONTENDER`.
//!
//! Criterion runs one benchmark to its end before the next, so compare its figures with those of
//! another day, and contenders with `ratios`, which interleaves them.

use std::time::{Duration, Instant};

use crate::case::{self, Task};
use crate::data;
use crate::measure::Timer;
use crate::workload::{Visit, Workload, each};

/// A check that takes longer than this means that ten samples would take half a minute.
const SLOW: Duration = Duration::from_secs(2);

/// Times a number of iterations of a case: what `Bencher::iter_custom` takes. Criterion itself is a
/// dependency of the benches only.
pub type Iterations<'i> = &'i mut dyn FnMut(u64) -> Duration;

/// The function for each case: it gets the group's name, the contender's, and the case.
pub type Register<'r> = &'r mut dyn FnMut(&str, &str, Iterations<'_>);

/// Calls `register` with each case of `task` that gives the right result.
pub fn cases(task: Task, register: Register<'_>) {
    each(&mut Registrar { task, register });
}

struct Registrar<'r> {
    task: Task,
    register: Register<'r>,
}

impl Visit for Registrar<'_> {
    fn visit<W: Workload>(&mut self) {
        // `ratios` and run.py look at growth and protocol 2.
        if W::NAME.starts_with("records") && W::NAME != "records" {
            return;
        }
        // Everything is built, though a filter may run little of it: reading files is quick.
        let built = case::build::<W>(&data::folder(), self.task, &|_| true);
        for (contender, error) in &built.failed {
            eprintln!("{} {contender}: {error}", W::NAME);
        }
        for case in built.cases {
            let group = format!("{}/{}", self.task.name(), W::NAME);
            let name = &case.contender;
            let mut time = |iterations: u64| {
                let mut timer = Timer::default();
                let mut total = Duration::ZERO;
                let mut left = usize::try_from(iterations).unwrap_or(usize::MAX);
                // A section keeps its results: only what is small enough is made many times in one.
                let batch = if W::NAME == "one" { 1_000 } else { 1 };
                while left > 0 {
                    let now = left.min(batch);
                    if let Err(error) = case.run(&mut timer, now) {
                        panic!("{group}/{name}: {error}");
                    }
                    total += timer.elapsed;
                    left -= now;
                }
                total
            };
            // Peers that cannot do it are named and left out, and so is what would take most of the
            // time.
            let start = Instant::now();
            match case.check() {
                Ok(_) if start.elapsed() > SLOW => eprintln!("{group}/{name}: slow, see ratios"),
                Ok(_) => (self.register)(&group, name, &mut time),
                Err(error) => eprintln!("{group}/{name}: {error}"),
            }
        }
    }
}
