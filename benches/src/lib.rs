//! Workloads, contenders and runners for measuring `serde_pickle`.
//!
//! The parts, in the order of use: [`data`] finds (and has made) the pickles, [`workload`] says
//! which Rust type each one is, [`contender`] is the trait that our crate and its peers implement
//! ([`ours`], [`peers`], [`limits`]), [`case`] turns workload x task x contender into closures that
//! can be checked and measured, and [`measure`] is what they are measured with. The criterion
//! benches, `ratios`, `allocs` and `sections` are thin: they build cases and run them.
//!
//! To the next editor: a new contender is one `impl` in `peers.rs` and one line per task in
//! `case.rs`; a new workload is one function in `data.py` and one `impl` in `workload.rs`. What is
//! timed is only what happens inside [`measure::Probe::section`]; results are dropped after it.

pub mod case;
pub mod cli;
pub mod contender;
pub mod criterion;
pub mod data;
pub mod lex;
pub mod limits;
pub mod measure;
pub mod ours;
pub mod peers;
pub mod report;
pub mod same;
pub mod shapes;
pub mod types;
pub mod workload;
