//! All integration tests in one binary, by topic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conformance;
mod corpus;
mod drivers;
mod fixtures;
mod regression;
mod sha256;
