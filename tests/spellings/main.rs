//! The spellings of a class's objects by its serde name: what is written, what is read, and what
//! is an error because it would be lost.
//!
//! `fixtures/spellings/catalogue.py` has the classes.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lost;
mod table;
mod types;
mod written;

use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/spellings")
}

/// The pickles that CPython wrote of an object of the catalogue, at each protocol that can.
fn pickles(case: &str) -> Vec<(u8, Vec<u8>)> {
    let read = |protocol| std::fs::read(folder().join(format!("{case}-p{protocol}.pkl")));
    let found: Vec<(u8, Vec<u8>)> =
        (0..=5).filter_map(|protocol| Some((protocol, read(protocol).ok()?))).collect();
    assert!(!found.is_empty(), "no case {case}");
    found
}
