//! Graphs that are changed: `Graph::update` and `serde_pickle::update`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrays;
mod ask;
mod by_hand;
mod changed;
mod differences;
mod laws;
mod libraries;
mod natural;
mod promises;
mod update;
