//! Changing a pickle: everything else stays as it was.
//!
//! [`Graph::update`] puts a changed Rust value back into the graph it was read from;
//! [`update`](crate::update) does so with the bytes of a pickle. [`NodeMut`] changes a graph by
//! hand; [`NodeValue`] is what it may be given.
//!
#![doc = include_str!("../../docs/EDITING.md")]
// `Graph::update` takes a Rust value that was read from the graph and has been changed since. It
// reads the value from the graph once more, serializes both, and applies only the difference:
//
// - `outline.rs`, `prune.rs`: images of the value as it was and is, and what they have in common;
// - `image.rs`, `diff.rs`: the rest of them as `Value`s, and their differences;
// - `editor.rs`: the walk that applies the difference; `fields.rs`, `sequence.rs`, `object.rs`,
//   `leaf.rs`: to entries, items, parts and whole values;
// - `array.rs`: elements of arrays;
// - `inverse.rs`: text back into datetimes, decimals and the like;
// - `check.rs`: whether the value is read now, or what was lost;
// - `bytes.rs`: the same for a pickle in memory;
// - `node.rs`, `by_hand.rs`: changes by hand.
//
// At the end the value is read once more and has to be the one that was given, so that a change
// that could not be made is an error. The store's journal then takes everything back.

mod array;
mod by_hand;
pub(crate) mod bytes;
mod check;
mod diff;
mod editor;
mod fields;
mod image;
mod inverse;
mod leaf;
mod node;
mod object;
mod outline;
mod prune;
mod sequence;

pub use node::{NodeMut, NodeValue};

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use self::diff::diff;
use self::editor::Editor;
use self::prune::{is_placeholder, prune};
use crate::convert::of_own_pickle;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::ser::SerOptions;
use crate::value::Value;

impl<'de> Graph<'de> {
    /// Changes the graph so that `value` is read from it, and leaves everything else as it is.
    ///
    /// The graph is read as a `T` once more, and only the differences are applied, at the places
    /// they were read from: attributes, entries and items keep their spelling, and parts that `T`
    /// does not mention stay. Lists, dicts, sets and objects with a state change for all who refer
    /// to them; numbers, text, tuples, dates and the like are replaced where they stand. The guide
    /// is `docs/EDITING.md` in the repository.
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
        let old = image_of(&self.deserialize::<T>()?)?;
        self.apply(&old, &image_of(value)?, |graph| image_of(&graph.deserialize::<T>()?))
    }

    /// Applies the difference between two images of a type; `read` gives the image of what the
    /// graph holds then.
    fn apply(
        &mut self,
        old: &[u8],
        new: &[u8],
        read: impl Fn(&Self) -> Result<Vec<u8>>,
    ) -> Result<()> {
        if old == new {
            return Ok(());
        }
        // Without what both have in common, if that is enough. The whole has the last word, and
        // words the error.
        if let Some((was, now)) = prune(old, new).and_then(|pruned| pair(&pruned))
            && self.attempt(&was, &now, new, true, &read).is_ok()
        {
            return Ok(());
        }
        self.attempt(&of_own_pickle(old)?, &of_own_pickle(new)?, new, false, &read)
    }

    /// Applies the difference between two images, after which `new` is to be read. `pruned`: the
    /// two have not all that the type writes.
    fn attempt(
        &mut self,
        was: &Value,
        now: &Value,
        new: &[u8],
        pruned: bool,
        read: &dyn Fn(&Self) -> Result<Vec<u8>>,
    ) -> Result<()> {
        let Some(change) = diff(was, now) else { return Ok(()) };
        let mut journal = self.nodes.journal();
        let root = self.root;
        let mut editor = Editor::new(
            &mut self.nodes,
            &self.input,
            self.settings,
            &self.buffers,
            root,
            &mut journal,
        );
        let edited = editor.apply(root, &change).map(|root| (root, editor.into_touched()));
        self.forget_decoded();
        let result = edited.and_then(|(root, touched)| {
            self.root = root;
            if pruned && self.nodes.new_floats(&journal).any(is_placeholder) {
                return Err(left_out());
            }
            let read = read(self)?;
            match is_read(new, &read) {
                true => Ok(()),
                false if pruned => Err(left_out()),
                false => check::check(now, &of_own_pickle(&read)?, &touched),
            }
        });
        if result.is_err() {
            self.root = root;
            self.nodes.revert(journal);
            self.forget_decoded();
        }
        result
    }
}

/// A value as its type writes it, to be compared with another one of the type.
fn image_of<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    SerOptions::new().to_image(value)
}

/// The two images of a pickle of both.
fn pair(pruned: &[u8]) -> Option<(Value, Value)> {
    match of_own_pickle(pruned) {
        Ok(Value::Tuple(images)) => <[Value; 2]>::try_from(images).ok().map(Into::into),
        _ => None,
    }
}

/// Returns true if an image is that of the value that was given. A `HashMap` is written in another
/// order each time.
fn is_read(new: &[u8], read: &[u8]) -> bool {
    new == read
        || prune(new, read)
            .and_then(|pruned| pair(&pruned))
            .is_some_and(|(new, read)| diff(&new, &read).is_none())
}

#[cold]
fn left_out() -> Error {
    Error::unsupported("a part that was left out is needed")
}
