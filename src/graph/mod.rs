//! The types by which a [`Graph`] is looked at and made.
//!
//! A [`Graph`] holds the objects of a pickle with their identity: shared and recursive references
//! are what they are in Python. [`Graph::root`] leads to its [`Node`]s.
//!
//! - [`NodeKind`], [`NodeId`], [`ObjectParts`], and the iterators: what a node is asked for;
//! - [`GraphKey`]: keys by which values are found;
//! - [`GraphBuilder`]: a graph made by hand.
//!
//! ```
//! use serde_pickle::Graph;
//!
//! // a = [1]; [a, a]
//! let graph = Graph::from_slice(b"](]q\0K\x01ah\0e.")?;
//! let items: Vec<_> = graph.root().items().collect();
//! assert_eq!(items[0], items[1]); // one object
//! # Ok::<(), serde_pickle::Error>(())
//! ```
//!
//! Graphs are changed by [`Graph::update`], or by hand, by the types in [`edit`](crate::edit).
// [`Graph`] and [`Node`] are a front over `nodes/`. The files, in the order in which to read them:
//
// - `read.rs`: reading into a `Graph`; `node.rs`, `parts.rs`, `access.rs`: looking at one value;
//   `get.rs`: finding values by key;
// - `de.rs`: a `Node` as serde's `Deserializer`; `display.rs`: a glance at it for people;
// - `build.rs`: graphs made by hand; `write/`: a graph as a pickle.
//
// A `Graph` has no recursion anywhere: it is flat vectors, so a million levels of nesting are read
// and dropped like anything else.

mod access;
mod build;
mod de;
mod decoded;
mod display;
mod get;
mod given;
pub(crate) mod node;
mod parts;
pub(crate) mod read;
mod stream;
mod write;

pub use build::GraphBuilder;
pub use get::GraphKey;
pub(crate) use node::Node;
pub use node::{NodeId, NodeKind};
pub use parts::{Entries as NodeEntries, Items as NodeItems, ObjectParts};
pub(crate) use read::Graph;
