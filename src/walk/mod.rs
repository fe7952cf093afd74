//! Parts that all walks over nodes share.
//!
//! - `cx.rs`: the nodes, the input, the settings and the budget of one walk;
//! - `cost.rs`: the memory that Rust values take;
//! - `bytes.rs`: the bytes that a value holds, in all their spellings;
//! - `cache.rs`: answers about classes that a walk remembers;
//! - `given.rs`: what an object was given after it was made;
//! - `lenient.rs`: 8-bit strings and faulty text, by options;
//! - `notes.rs`: what an update asks of a reading;
//! - `cycle.rs`: descriptions of cycles, for errors.

mod bytes;
pub(crate) mod cache;
pub(crate) mod cost;
pub(crate) mod cx;
mod cycle;
pub(crate) mod given;
pub(crate) mod lenient;
pub(crate) mod notes;
