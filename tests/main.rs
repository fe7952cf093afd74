//! All integration tests in one binary, by topic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod classes;
mod classes_load;
mod conformance;
mod convert;
mod corpus;
mod django;
mod drivers;
mod fixtures;
mod graph;
mod hooks;
mod instances;
mod limits;
mod natural;
mod numpy;
mod objects_load;
mod opcodes;
mod python;
mod python_loads;
mod python_values;
mod readme;
mod regression;
mod roundtrip;
mod sha256;
mod snapshots;
mod typed;
mod value;
