//! Tools for looking at pickles without making values of them.
//!
//! | | |
//! |---|---|
//! | [`disassemble`] | the instructions as text: Python's `pickletools.dis` |
//! | [`optimize`] | the pickle without memo entries that nothing refers to: `pickletools.optimize` |
//! | [`audit`](audit()) | the globals, calls and persistent ids that a pickle takes from outside of itself |
//! | [`persistent_ids`] | those ids as values |
//! | [`recognize`] | the format of a file that is not a pickle |

mod audit;
mod disassemble;
mod genops;
mod optimize;
mod persistent_ids;
mod report;

pub use crate::foreign::{NotPickle, PREFIX, recognize};
pub use audit::{Audit, Reference, Site, Target, audit};
pub use disassemble::{DisassembleOptions, disassemble};
pub use optimize::optimize;
pub use persistent_ids::persistent_ids;
