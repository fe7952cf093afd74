//! A graph as a document: changed in place, everything else as it was.
//!
//! [`Graph::update`] takes a Rust value that was read from the graph and has been changed since. It
//! reads the value from the graph once more, serializes both, and applies only the difference:
//!
//! - `image.rs`, `diff.rs`: what the value was and is, as `Value`s, and where they differ;
//! - `editor.rs`: the walk that applies the difference; `fields.rs`, `sequence.rs`, `object.rs`,
//!   `leaf.rs`: to entries, items, parts and whole values;
//! - `array.rs`: elements of arrays;
//! - `inverse.rs`: text back into datetimes, decimals and the like;
//! - `node.rs`, `by_hand.rs`: changes by hand.
//!
//! At the end the value is read once more and has to be the one that was given, so that whatever
//! could not be put back is an error. The store's journal then takes everything back.

mod array;
mod by_hand;
mod diff;
mod editor;
mod fields;
mod image;
mod inverse;
mod leaf;
mod node;
mod object;
mod sequence;

pub use node::{NodeMut, NodeValue};

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;

use self::diff::{Change, diff};
use self::editor::Editor;
use crate::convert::to_value;
use crate::de::DeOptions;
use crate::de::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::ser::SerOptions;
use crate::value::Value;
use crate::walk::cx::Cx;

impl<'de> Graph<'de> {
    /// Changes the graph so that `value` is what is read from it, and leaves all else as it is.
    ///
    /// Only what differs from what is read as a `T` now is changed, and it is changed where it was
    /// read from: attributes, entries and items keep their spelling, and what `T` does not mention
    /// stays. Lists, dicts, sets and objects with a state change for all who refer to them;
    /// numbers, text, tuples, dates and the like are replaced where they stand. The guide is
    /// `docs/EDITING.md` in the repository.
    ///
    /// # Errors
    /// Those of reading a `T` and of serializing one; `Unsupported` and `Data` for a change that
    /// the graph has no place for, each with its path. The graph is then as it was before.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use serde_pickle::{Graph, Value};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Counter {
    ///     hits: u64,
    /// }
    ///
    /// // pickle.dumps({'name': 'home', 'hits': 1}, 2)
    /// let bytes = b"\x80\x02}q\x00(X\x04\x00\x00\x00nameq\x01X\x04\x00\x00\x00homeq\x02\
    ///     X\x04\x00\x00\x00hitsq\x03K\x01u.";
    /// let mut graph = Graph::from_slice(bytes)?;
    /// let mut counter: Counter = graph.deserialize()?;
    /// counter.hits += 1;
    /// graph.update(&counter)?;
    /// assert_eq!(graph.root().to_string(), "{'name': 'home', 'hits': 2}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn update<T: Serialize + DeserializeOwned>(&mut self, value: &T) -> Result<()> {
        let old = to_value(&self.deserialize::<T>()?)?;
        let new = to_value(value)?;
        self.apply(&old, &new, |graph| to_value(&graph.deserialize::<T>()?))
    }

    /// Applies the difference between two images of a type; `read` gives the image of what the
    /// graph holds then.
    fn apply(
        &mut self,
        old: &Value,
        new: &Value,
        read: impl FnOnce(&Self) -> Result<Value>,
    ) -> Result<()> {
        let Some(change) = diff(old, new) else { return Ok(()) };
        let mut journal = self.nodes.journal();
        let root = self.root;
        let edited = {
            let mut editor = Editor::new(
                &mut self.nodes,
                &self.input,
                self.settings,
                &self.buffers,
                root,
                &mut journal,
            );
            editor.apply(root, &change)
        };
        self.forget_decoded();
        let result = edited.and_then(|now| {
            self.root = now;
            check(&change, &read(self)?)
        });
        if result.is_err() {
            self.root = root;
            self.nodes.revert(journal);
            self.forget_decoded();
        }
        result
    }
}

/// Checks that what is read after an update is what was asked for.
///
/// # Errors
/// `Unsupported`, at the first place where it is not.
fn check(change: &Change<'_>, read: &Value) -> Result<()> {
    match change.first_lost(read) {
        None => Ok(()),
        Some(path) => {
            let error = Error::unsupported(
                "the change is lost when the pickle is read again, so it was not made",
            );
            Err(path.into_iter().rev().fold(error, |error, key| error.under_key(&key)))
        }
    }
}

/// Reads `T` from a pickle, and gives the pickle in which `value` is read instead; see
/// [`Graph::update`].
///
/// The pickle is written at its own protocol, by [`Graph::to_vec`]. Bytes behind its STOP stay.
/// `T` may borrow what does not change; text that is changed is read again and so has to be
/// `String` or `Cow<str>`.
///
/// # Errors
/// As [`Graph::update`], and those of reading and writing a graph.
///
/// ```
/// use std::collections::BTreeMap;
///
/// // pickle.dumps({'hits': 1}, 2)
/// let bytes = b"\x80\x02}q\x00X\x04\x00\x00\x00hitsq\x01K\x01s.";
/// let now = BTreeMap::from([("hits", 2)]);
/// let bytes = serde_pickle::update(bytes, &now)?;
/// assert_eq!(serde_pickle::from_slice::<BTreeMap<&str, i32>>(&bytes)?, now);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn update<'de, T: Serialize + Deserialize<'de>>(
    bytes: &'de [u8],
    value: &T,
) -> Result<Vec<u8>> {
    DeOptions::new().update(bytes, value, &SerOptions::new())
}

impl<'b> DeOptions<'b> {
    /// Updates a pickle by these options of reading and those of writing; see
    /// [`update`](crate::update). Of the latter, the protocol is that of the pickle.
    ///
    /// # Errors
    /// As [`update`](crate::update).
    pub fn update<'de, T: Serialize + Deserialize<'de>>(
        &self,
        bytes: &'de [u8],
        value: &T,
        writing: &SerOptions,
    ) -> Result<Vec<u8>>
    where
        'b: 'de,
    {
        let mut graph = self.graph_from_slice(bytes)?;
        let end = graph.input.len();
        let read = |graph: &Graph<'de>| {
            let Cow::Borrowed(input) = graph.input else { return Err(Error::data("no input")) };
            let cx = Cx::new(&graph.nodes, input, input.len(), graph.settings.into())
                .with_buffers(&graph.buffers);
            let node = NodeDeserializer::root(&cx, graph.root);
            let value = T::deserialize(node).map_err(|error| cx.locate(error, graph.root))?;
            to_value(&value)
        };
        let old = read(&graph)?;
        let new = to_value(value)?;
        graph.apply(&old, &new, read)?;
        let mut updated = writing.clone().protocol(graph.protocol()).graph_to_vec(&graph)?;
        updated.extend_from_slice(bytes.get(end..).unwrap_or_default());
        Ok(updated)
    }
}
