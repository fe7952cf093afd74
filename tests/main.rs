//! All integration tests in one binary, by topic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Cases are listed one a line, and types are spelled out as a user would.
#![allow(clippy::vec_init_then_push, clippy::type_complexity, clippy::cmp_owned)]

mod against_cpython;
mod borrowing;
mod classes;
mod classes_load;
mod conformance;
mod convert;
mod corpus;
mod direct;
mod django;
mod drivers;
mod fixtures;
mod fuzz_corpus;
mod graph;
mod graph_build;
mod graph_write;
mod hooks;
mod instances;
mod io;
mod json;
mod layers;
mod libraries;
mod limits;
mod limits_by_path;
mod losses;
mod mapping;
mod messages;
mod natural;
mod numpy;
mod objects_load;
mod opcodes;
mod python;
mod python_loads;
mod python_types;
mod python_values;
mod readme;
mod regression;
mod roundtrip;
mod scanner;
mod serializer;
mod service;
mod sha256;
mod snapshots;
mod tools;
mod traits;
mod typed;
mod value;
