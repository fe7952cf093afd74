//! The checks that the fuzz targets of serde_pickle run on an input.
//!
//! Each target is a module with a function `check`, which panics where a promise of the crate is
//! broken. The fuzzers call it with inputs of their own, and `tests/fuzz_corpus.rs` of the crate
//! with those that are committed.
//!
//! - [`decode`]: bytes through every way of reading, with any options, into many types;
//! - [`roundtrip`]: values through every way of writing and back;
//! - [`differential`]: what [`reference`] makes of a pickle against what the crate makes of it;
//! - [`disassemble`]: the instructions of any bytes.
//!
//! [`program`] makes opcode programs that are mostly valid, and [`mutate`] changes inputs with its
//! help.

pub mod decode;
pub mod differential;
pub mod disassemble;
pub mod mutate;
pub mod packed;
pub mod program;
mod random;
pub mod reference;
pub mod roundtrip;
pub mod types;
mod words;

pub use random::Random;
