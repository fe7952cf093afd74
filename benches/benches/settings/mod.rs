//! Criterion's settings: small samples, so that all benches together take minutes.

use std::cell::RefCell;
use std::time::Duration;

use criterion::{Criterion, SamplingMode};

use serde_pickle_benches::case::Task;
use serde_pickle_benches::criterion::cases;

/// Runs the tasks' cases as criterion is told to on the command line.
pub fn run(tasks: &[Task]) {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .without_plots()
        .configure_from_args();
    for &task in tasks {
        cases(task, &mut |group, name, time| {
            // Criterion asks for a function that it may call again; it is called from one place at
            // a time.
            let time = RefCell::new(time);
            let mut group = criterion.benchmark_group(group);
            // Flat: the slowest run a few times, not in a rising series.
            group.sampling_mode(SamplingMode::Flat);
            group.bench_function(name, |b| {
                b.iter_custom(|iterations| (*time.borrow_mut())(iterations));
            });
            group.finish();
        });
    }
    criterion.final_summary();
}
