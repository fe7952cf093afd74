//! Arrays and frames as other crates have them: the features `ndarray`, `half` and `arrow`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrow;
mod elements;
mod subclasses;
mod views;

// The pickles of pandas, for the frames of `arrow.rs`.
#[path = "../pandas/fixtures.rs"]
#[allow(dead_code)]
mod fixtures;
