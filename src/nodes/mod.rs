//! The contents of a pickle, as the machine leaves them: handles, objects, and their meaning.
//!
//! - `handle.rs`, `object.rs`, `store.rs`: how values are stored; `runs.rs`: their contents, in
//!   order;
//! - `scalar.rs`: a scalar's payload, decoded from the input;
//! - `known.rs`: the globals whose calls are understood; `view.rs`: the meaning of an instance,
//!   whatever its spelling;
//! - `edit.rs`: changes to all this, which can be taken back;
//! - `import.rs`: a caller's `Value` as nodes; `cycle.rs`: objects that contain themselves.

pub(crate) mod codec;
mod cycle;
pub(crate) mod describe;
pub(crate) mod edit;
pub(crate) mod handle;
pub(crate) mod import;
pub(crate) mod known;
mod object;
mod runs;
pub(crate) mod scalar;
pub(crate) mod spelling;
pub(crate) mod store;
pub(crate) mod view;

pub(crate) use cycle::{contains_itself, describe_cycle, is_tree};
