//! Every fixture cut short at every byte, and with single bytes changed: an error or a value, and
//! never a panic or an allocation beyond the bounds.
//!
//! All 255 changes of every byte are tried where that is a matter of seconds, with optimization in
//! files of up to [`EVERY_CHANGE`] bytes; in longer ones, and without optimization, a sample that
//! is the same each time. `HOSTILE_ALL=1` tries all of files up to [`SMALL`] bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use serde_pickle::python::numpy::MaskedArray;
use serde_pickle::python::pandas::Frame;
use serde_pickle::{DeOptions, Encoding, Value};

use crate::ALLOCATOR;
use crate::bounds::Bounds;
use crate::paths::{graph_written, walk};
use crate::types::{Any, Fields};

/// Files of which all changes are tried.
const EVERY_CHANGE: usize = 24;
/// Files of which every byte is changed, to some values at least.
const SMALL: usize = 256;
/// Bytes at both ends of a file at which each cut is tried; between them it is one in [`STRIDE`].
const ENDS: usize = 2_048;
const STRIDE: usize = 61;

/// The mutants tried.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) files: usize,
    pub(crate) cuts: u64,
    pub(crate) changes: u64,
    /// The number of changed ones that were still pickles.
    pub(crate) read: u64,
    pub(crate) peak: usize,
    pub(crate) faults: Vec<String>,
    /// The file has arrays of numpy or frames of pandas.
    arrays: bool,
}

/// All fixtures but the hostile ones.
fn fixtures() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "pickle" || end == "pkl")
                && !path.starts_with(root.join("hostile"))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

impl Report {
    /// Reads `bytes` in all ways that cost little; says whether they are a pickle.
    fn try_one(&mut self, bytes: &[u8], what: impl Fn() -> String) -> bool {
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let read = catch_unwind(AssertUnwindSafe(|| {
            let options = DeOptions::new().encoding(Encoding::Latin1);
            let Ok(graph) = options.graph_from_slice(bytes) else { return false };
            walk(&graph);
            graph_written(&graph, None);
            // The result does not matter here.
            let _ = (
                graph.deserialize::<Value>(),
                graph.deserialize::<Any>(),
                graph.deserialize::<Fields>(),
            );
            let _ = graph.deserialize::<Vec<String>>();
            if self.arrays {
                let _ = graph.deserialize::<MaskedArray<'_>>();
                let _ = graph.deserialize::<Frame>();
            }
            true
        }));
        let peak = ALLOCATOR.peak_usage().saturating_sub(before);
        self.peak = self.peak.max(peak);
        if peak as u64 > Bounds::of(bytes.len()).peak_written {
            self.faults.push(format!("{}: {peak} bytes allocated", what()));
        }
        read.unwrap_or_else(|_| {
            self.faults.push(format!("{}: it panicked", what()));
            false
        })
    }

    fn cut(&mut self, bytes: &[u8], name: &str, every: usize) {
        let ends = if every == 1 { ENDS } else { ENDS / every };
        let near = |at: usize| at < ends || at + ends > bytes.len() || at.is_multiple_of(STRIDE);
        for at in (0..bytes.len()).filter(|&at| near(at)) {
            self.cuts += 1;
            self.try_one(&bytes[..at], || format!("{name} cut at {at}"));
        }
    }

    /// `every`: of so many changes one is tried.
    fn change(&mut self, bytes: &[u8], name: &str, every: usize) {
        let mut changed = bytes.to_vec();
        let mut number = 0_usize;
        for at in 0..bytes.len() {
            for by in 1..=255_u8 {
                number += 1;
                // Scattered, for neighbours are much alike.
                if number.wrapping_mul(0x9e37_79b9) >> 16 & 0xffff >= 0x1_0000 / every {
                    continue;
                }
                changed[at] = bytes[at] ^ by;
                self.changes += 1;
                let read = self
                    .try_one(&changed, || format!("{name} with {:#04x} at {at}", bytes[at] ^ by));
                self.read += u64::from(read);
            }
            changed[at] = bytes[at];
        }
    }
}

pub(crate) fn run() -> Report {
    let mut report = Report::default();
    let all = std::env::var_os("HOSTILE_ALL").is_some();
    let slow = if cfg!(debug_assertions) { 200 } else { 1 };
    for path in fixtures() {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.display().to_string();
        report.files += 1;
        report.arrays = name.contains("numpy") || name.contains("pandas");
        report.cut(&bytes, &name, slow);
        let every = match bytes.len() {
            len if len <= EVERY_CHANGE || all && len <= SMALL => 1,
            len if len <= SMALL => 16,
            // So that a long file takes no more than a short one.
            len => 16 * len.div_ceil(SMALL) * 2,
        };
        report.change(&bytes, &name, every * slow);
    }
    report
}
