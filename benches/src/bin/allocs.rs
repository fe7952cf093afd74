//! Counts what the contenders allocate. It takes the filters of `ratios`, and `--json`.
//!
//! A program apart from `ratios`, because counting makes allocation slower. The counts are exact
//! and the same on every run, but for hash maps, whose growth depends on nothing random either; one
//! run is enough.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::{Value, json};

use serde_pickle_benches::case;
use serde_pickle_benches::cli::Options;
use serde_pickle_benches::measure::Probe;
use serde_pickle_benches::report::write_json;
use serde_pickle_benches::workload::{Visit, Workload, each};

/// The system's allocator, counted.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static REALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grew(size: usize) {
    BYTES.fetch_add(size, Relaxed);
    let live = LIVE.fetch_add(size, Relaxed) + size;
    PEAK.fetch_max(live, Relaxed);
}

// SAFETY: every call is passed on to the system's allocator as it is; the counters touch no memory
// of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        grew(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        grew(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        REALLOCATIONS.fetch_add(1, Relaxed);
        // In place or moved, the heap holds the new size in place of the old one afterwards.
        LIVE.fetch_sub(layout.size(), Relaxed);
        grew(size);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of one section.
#[derive(Default)]
struct Counts {
    allocations: usize,
    reallocations: usize,
    bytes: usize,
    /// The most that was live at once, over what was live before.
    peak: usize,
    /// Bytes that the result keeps.
    kept: usize,
}

impl Probe for Counts {
    fn section(&mut self, work: &mut dyn FnMut()) {
        let live = LIVE.load(Relaxed);
        PEAK.store(live, Relaxed);
        let before = [&ALLOCATIONS, &REALLOCATIONS, &BYTES].map(|counter| counter.load(Relaxed));
        work();
        let after = [&ALLOCATIONS, &REALLOCATIONS, &BYTES].map(|counter| counter.load(Relaxed));
        *self = Counts {
            allocations: after[0] - before[0],
            reallocations: after[1] - before[1],
            bytes: after[2] - before[2],
            peak: PEAK.load(Relaxed) - live,
            kept: LIVE.load(Relaxed).saturating_sub(live),
        };
    }
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), String> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        println!(
            "allocs: see ratios --help; of its options --workload, --task, --contender, --data and \
             --json"
        );
        return Ok(());
    };
    println!(
        "| workload | task | contender | allocations | reallocations | MB allocated | peak live MB \
         | kept MB |"
    );
    println!("|---|---|---|--:|--:|--:|--:|--:|");
    let mut counter = Counter { options, rows: Vec::new(), result: Ok(()) };
    each(&mut counter);
    counter.result?;
    match &counter.options.json {
        Some(path) => write_json(path, json!({ "alloc": true }), counter.rows),
        None => Ok(()),
    }
}

struct Counter {
    options: Options,
    rows: Vec<Value>,
    result: Result<(), String>,
}

impl Visit for Counter {
    fn visit<W: Workload>(&mut self) {
        if self.result.is_ok() && self.options.wants_workload(W::NAME) {
            self.result = self.workload::<W>();
        }
    }
}

impl Counter {
    fn workload<W: Workload>(&mut self) -> Result<(), String> {
        for &task in &self.options.tasks {
            let built = case::build::<W>(&self.options.data, task, &|name| {
                self.options.wants_contender(name)
            });
            for case in built.cases {
                // A first run makes everything that is made once and kept, such as a thread's
                // state.
                if let Err(error) = case.run(&mut Counts::default(), 1) {
                    eprintln!("{} {} {}: {error}", W::NAME, task.name(), case.contender);
                    continue;
                }
                let mut counts = Counts::default();
                case.run(&mut counts, 1)?;
                let mb = |bytes: usize| bytes as f64 / 1e6;
                println!(
                    "| {} | {} | {} | {} | {} | {:.2} | {:.2} | {:.2} |",
                    W::NAME,
                    task.name(),
                    case.contender,
                    counts.allocations,
                    counts.reallocations,
                    mb(counts.bytes),
                    mb(counts.peak),
                    mb(counts.kept),
                );
                self.rows.push(json!({
                    "workload": W::NAME,
                    "task": task.name(),
                    "contender": case.contender,
                    "allocations": counts.allocations,
                    "reallocations": counts.reallocations,
                    "allocated": counts.bytes,
                    "peak": counts.peak,
                    "kept": counts.kept,
                }));
            }
        }
        Ok(())
    }
}
