//! All integration tests in one binary, by topic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;
mod natural;
