//! All integration tests in one binary, by topic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod classes_load;
mod fixtures;
mod hooks;
mod python;
mod python_loads;
