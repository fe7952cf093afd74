//! Python's own types, and those of its best known libraries, as Rust types.

pub mod numpy;
