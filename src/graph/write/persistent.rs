//! Persistent ids for the objects of a graph.
//!
//! The hooks of a dump are in a layer that does not know graphs, so the function is kept there
//! without its type.

use std::sync::Arc;

use super::Writer;
use crate::error::Result;
use crate::graph::Node;
use crate::nodes::handle::Handle;
use crate::ser::SerOptions;
use crate::value::Value;

type NodeId = dyn Fn(Node<'_>) -> Result<Option<Value>> + Send + Sync;

/// The function that gives the persistent ids of nodes.
struct NodeHook(Box<NodeId>);

impl SerOptions {
    /// Sets the function that decides which objects of a [`Graph`](crate::Graph) stand outside the
    /// pickle, as [`persistent_id`](Self::persistent_id) does for values.
    /// [`graph_to_vec`](Self::graph_to_vec) asks it each time that an object is to be written, for
    /// the first time or as a reference.
    ///
    /// ```
    /// use serde_pickle::{Graph, SerOptions, Value};
    ///
    /// let options = SerOptions::new()
    ///     .graph_persistent_id(|node| Ok(node.as_str().map(|text| text.into_owned().into())));
    /// let graph = Graph::from_slice(b"\x8c\x01a.")?;
    /// let again: Value = serde_pickle::from_slice(&options.graph_to_vec(&graph)?)?;
    /// assert_eq!(again, Value::PersistentId(Box::new(Value::from("a"))));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn graph_persistent_id(
        mut self,
        persistent_id: impl Fn(Node<'_>) -> Result<Option<Value>> + Send + Sync + 'static,
    ) -> Self {
        self.hooks_mut().graph_id = Some(Arc::new(NodeHook(Box::new(persistent_id))));
        self
    }
}

impl Writer<'_, '_> {
    /// Asks the caller for the persistent id of an object that stands outside the pickle.
    pub(super) fn persistent_id(&self, handle: Handle) -> Result<Option<Value>> {
        let hook = self.dump.hooks.as_ref().and_then(|hooks| hooks.graph_id.as_deref());
        match hook.and_then(|hook| hook.downcast_ref::<NodeHook>()) {
            Some(NodeHook(node_id)) => node_id(Node::new(self.graph, handle)),
            None => Ok(None),
        }
    }
}
