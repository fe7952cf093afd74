//! Tools for looking at pickles without making values of them.
//!
//! | | |
//! |---|---|
//! | [`disassemble`] | the instructions as text: Python's `pickletools.dis` |
//! | [`optimize`] | the pickle without memo entries that nothing refers to: `pickletools.optimize` |
//! | [`audit`](audit()) | the globals, calls and persistent ids that a pickle takes from outside of itself |
//! | [`audit_reader`] | the same of a pickle that is longer than memory |
//! | [`persistent_ids`] | those ids as values |
//! | [`recognize`] | the format of a file that is not a pickle |
//! | [`one_line`] | text of a pickle as it may be printed: control characters escaped |
//!
//! ```
//! let text = serde_pickle::tools::disassemble(b"K\x01.")?;
//! assert_eq!(text.lines().next(), Some("    0: K    BININT1    1"));
//! # Ok::<(), serde_pickle::Error>(())
//! ```

mod audit;
mod audit_operands;
mod audit_reader;
mod disassemble;
mod disassemble_stack;
mod genops;
mod optimize;
mod persistent_ids;
mod references;
mod report;

pub use crate::escape::one_line;
pub use crate::foreign::{NotPickle, PREFIX, recognize};
pub use audit::audit;
pub use audit_reader::audit_reader;
pub use disassemble::{DisassembleOptions, disassemble};
pub use optimize::optimize;
pub use persistent_ids::persistent_ids;
pub use report::{Audit, Reference, Site, Target};
