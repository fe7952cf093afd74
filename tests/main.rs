//! All integration tests in one binary, by topic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Cases are listed one a line, and types are spelled out as a user would.
#![allow(clippy::vec_init_then_push, clippy::type_complexity, clippy::cmp_owned)]

mod against_cpython;
mod borrowing;
mod classes;
mod conformance;
mod convert;
mod corpus;
mod direct;
mod django;
mod drivers;
mod fixtures;
mod frames;
mod fuzz_corpus;
mod graph;
mod graph_build;
mod graph_write;
mod hooks;
mod instances;
mod interpreters;
mod io;
mod json;
mod layers;
mod libraries;
mod limits;
mod losses;
mod mapping;
mod messages;
mod natural;
mod numpy;
mod opcodes;
mod python_reads;
mod python_types;
mod readme;
mod regression;
mod roundtrip;
mod scanner;
mod serializer;
mod service;
mod sha256;
mod skipping;
mod snapshots;
mod tools;
mod traits;
mod typed;
mod value;
