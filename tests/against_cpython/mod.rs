//! Generated programs, changed fixtures and random pickles against CPython's own unpickler, where
//! `python3` is on the machine: both accept or both refuse, and what is accepted is the same value.
//!
//! Python runs with stand-ins for all classes, persistent ids and extension codes, which take any
//! call, item and state, as data does here; so what it refuses it refuses for the sake of the
//! bytes. The differences that are meant (see docs/CONFORMANCE.md) are recognised by the errors.
//! `SERDE_PICKLE_PROGRAMS` is how many programs are generated, a fifth as many without optimization
//! as with it where it is not set:
//!
//! ```sh
//! SERDE_PICKLE_PROGRAMS=1000000 cargo test --release --test main against_cpython -- --nocapture
//! ```
//!
//! [`programs`] is what is asked about, `loads.py` asks, [`compare`] judges; `dumps.py` makes the
//! random pickles.

mod compare;
mod frames;
pub(crate) mod programs;

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_pickle::{DeOptions, Encoding, Value};

use crate::corpus::Failures;
use crate::interpreters::{hex, newest, python3};
use compare::{Verdict, canon, compare};

const LOADS: &str =
    concat!(include_str!("canon.py"), include_str!("stand_ins.py"), include_str!("loads.py"));
const DUMPS: &str = concat!(include_str!("canon.py"), include_str!("dumps.py"));

/// Programs that one process of Python is given.
const BATCH: usize = 5_000;

/// The results of many pickles.
#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    meant: usize,
    failures: Failures,
}

impl Tally {
    fn note(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Refused => self.refused += 1,
            Verdict::Meant => self.meant += 1,
            Verdict::Disagree(what) => return self.failures.push(what),
        }
        self.failures.check(true, String::new);
    }

    fn finish(self, what: &str, least: usize) {
        let Self { accepted, refused, meant, failures } = self;
        println!(
            "{what}: {accepted} accepted and equal, {refused} refused by both, {meant} differ as \
             they are meant to, {} disagree",
            failures.count()
        );
        failures.finish(least);
    }
}

/// Runs a script with these lines for its input, and gives its output by lines.
fn run(script: &str, arguments: &[&str], lines: String) -> Option<Vec<String>> {
    let Some(python) = python3() else {
        println!("skipped: there is no python3 here");
        return None;
    };
    Some(run_by(&python, script, arguments, lines))
}

/// The same by an interpreter.
fn run_by(python: &OsStr, script: &str, arguments: &[&str], lines: String) -> Vec<String> {
    let mut python = Command::new(python)
        .args(["-c", script])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "python3 failed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Does `work` with each number below `count`, on as many threads as there are processors.
fn in_parallel(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    work(number);
                }
            });
        }
    });
}

/// Compares what `batch` gives for each number below `batches`; `None` without a Python.
fn compare_all(batches: usize, batch: impl Fn(usize) -> Vec<Vec<u8>> + Sync) -> Option<Tally> {
    let version = newest()?.version;
    let tally = Mutex::new(Tally::default());
    in_parallel(batches, |number| {
        let pickles = batch(number);
        let lines = pickles.iter().map(|pickle| hex(pickle) + "\n").collect();
        let answers = run(LOADS, &[], lines).expect("there is one");
        assert_eq!(answers.len(), pickles.len());
        for (pickle, theirs) in pickles.iter().zip(answers) {
            let ours = DeOptions::new().encoding(Encoding::Latin1).from_slice::<Value>(pickle);
            let verdict = compare(pickle, &ours, &theirs, version);
            tally.lock().unwrap().note(verdict);
        }
    });
    Some(tally.into_inner().unwrap())
}

/// The number of programs to generate.
fn asked() -> usize {
    let usual = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
    std::env::var("SERDE_PICKLE_PROGRAMS").map_or(usual, |count| count.parse().unwrap())
}

#[test]
fn generated_programs_mean_what_they_mean_to_cpython() {
    let count = asked();
    let batch =
        |number: usize| programs::generated(BATCH.min(count - number * BATCH), number as u64);
    if let Some(tally) = compare_all(count.div_ceil(BATCH), batch) {
        tally.finish("generated programs", count);
    }
}

#[test]
fn changed_fixtures_mean_what_they_mean_to_cpython() {
    let programs = programs::changed(12);
    let batches: Vec<_> = programs.chunks(BATCH).collect();
    if let Some(tally) = compare_all(batches.len(), |number| batches[number].to_vec()) {
        tally.finish("changed fixtures", 8_000);
    }
}

/// Values that Python makes at random and pickles at every protocol, by its C code and by
/// `pickle.py`.
#[test]
fn random_pickles_of_cpython_are_read_as_what_they_are() {
    const VALUES: usize = 150;
    let tally = Mutex::new(Tally::default());
    if python3().is_none() {
        return;
    }
    in_parallel(8, |seed| {
        let lines = run(DUMPS, &[&seed.to_string(), &VALUES.to_string()], String::new())
            .expect("there is one");
        for line in lines {
            let (pickle, theirs) = line.split_once(' ').unwrap();
            let digit = |digit: u8| if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 };
            let pickle: Vec<u8> = pickle
                .as_bytes()
                .chunks(2)
                .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
                .collect();
            let ours = DeOptions::new().from_slice::<Value>(&pickle);
            let verdict = match &ours {
                Ok(value) if canon(value) == theirs => Verdict::Accepted,
                _ => Verdict::Disagree(format!(
                    "{}\n    ours: {ours:?}\n  theirs: {theirs}",
                    pickle.escape_ascii()
                )),
            };
            tally.lock().unwrap().note(verdict);
        }
    });
    tally.into_inner().unwrap().finish("random pickles", 8 * VALUES * 12);
}
