//! Tools for looking at pickles without making values of them.

mod audit;
mod disassemble;
mod genops;
mod optimize;
mod persistent_ids;

pub use audit::{Audit, Reference, Site, Target, audit};
pub use disassemble::{DisassembleOptions, disassemble};
pub use optimize::optimize;
pub use persistent_ids::persistent_ids;
