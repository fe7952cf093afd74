//! Tools for looking at pickles without making values of them.

mod persistent_ids;

pub use persistent_ids::persistent_ids;
