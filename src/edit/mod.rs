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
// - `single.rs`, `outline.rs`, `prune.rs`: images of the value as it was and is, and what they
//   have in common;
// - `image.rs`, `diff.rs`: the rest of them as `Value`s, and their differences;
// - `editor.rs`: the walk that applies the difference; `fields.rs`, `renamed.rs`, `sequence.rs`,
//   `object.rs`, `leaf.rs`: to entries, items, parts and whole values;
// - `array.rs`, `element.rs`: elements of arrays;
// - `inverse.rs`, `forms.rs`, `pandas.rs`, `stamp.rs`: text back into datetimes, decimals and the
//   like;
// - `borrow.rs`: new text for types that borrow;
// - `check.rs`: whether the value is read now, or what was lost;
// - `bytes.rs`: the same for a pickle in memory;
// - `node.rs`, `by_hand.rs`: changes by hand.
//
// At the end the value is read once more and has to be the one that was given, so that a change
// that could not be made is an error. The store's journal then takes everything back.

mod array;
mod borrow;
mod by_hand;
pub(crate) mod bytes;
mod check;
mod diff;
mod editor;
mod element;
mod fields;
mod forms;
mod image;
mod inverse;
mod leaf;
mod node;
mod object;
mod outline;
mod pandas;
mod prune;
mod renamed;
mod sequence;
mod single;
mod stamp;

pub use node::{NodeMut, NodeValue};

use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;

use self::diff::diff;
use self::editor::{Editor, Extent, left_out};
use self::prune::{is_placeholder, prune};
use crate::convert::of_own_pickle;
use crate::de::node::{NodeDeserializer, bind_notes};
use crate::de::place::Place;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::nodes::handle::Handle;
use crate::ser::SerOptions;
use crate::value::Value;
use crate::walk::cx::Cx;
use crate::walk::notes::{Asked, Notes};

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
        self.apply(&old, &image_of(value)?, |graph, notes| {
            read_image::<T>(graph, &graph.input, notes)
        })
    }

    /// Applies the difference between two images of a type; `read` gives the image of what the
    /// graph holds then.
    fn apply(
        &mut self,
        old: &[u8],
        new: &[u8],
        read: impl Fn(&Self, &Notes<'de>) -> Result<Vec<u8>>,
    ) -> Result<()> {
        if old == new {
            return Ok(());
        }
        // Without what both have in common, if that is enough. The whole has the last word, and
        // words the error.
        let pruned = match single::pair(old, new) {
            Some(pair) => Some((pair, Extent::Single)),
            None => {
                prune(old, new).and_then(|pruned| pair(&pruned)).map(|pair| (pair, Extent::Pruned))
            }
        };
        if let Some(((was, now), extent)) = pruned {
            let attempt =
                Attempt { was: &was, now: &now, new, extent, only_adds: false, types: None };
            if self.attempt(attempt, &read).is_ok() {
                return Ok(());
            }
        }
        let (was, now) = (of_own_pickle(old)?, of_own_pickle(new)?);
        let whole = |types, only_adds| Attempt {
            was: &was,
            now: &now,
            new,
            extent: Extent::Whole,
            only_adds,
            types,
        };
        match self.attempt(whole(None, false), &read) {
            Err((_, true)) => {
                let notes = Notes::of_types();
                read(self, &notes)?;
                let types = Some(notes.into_types());
                // A field that is not there may have another name, or none.
                let renamed = self.attempt(whole(types.clone(), false), &read);
                renamed
                    .or_else(|error| self.attempt(whole(types, true), &read).map_err(|_| error.0))
            }
            result => result.map_err(|(error, _)| error),
        }
    }

    /// Applies the difference between two images, after which the new one is to be read. An error
    /// comes with true if it may be none once the types are known.
    fn attempt(
        &mut self,
        attempt: Attempt<'_>,
        read: &dyn Fn(&Self, &Notes<'de>) -> Result<Vec<u8>>,
    ) -> std::result::Result<(), (Error, bool)> {
        let Some(change) = diff(attempt.was, attempt.now) else { return Ok(()) };
        let mut journal = self.nodes.journal();
        let root = self.root;
        let is_whole = attempt.extent == Extent::Whole;
        let mut editor = Editor::new(
            &mut self.nodes,
            &self.input,
            self.settings,
            &self.buffers,
            root,
            &mut journal,
        );
        editor.extent = attempt.extent;
        (editor.types, editor.only_adds) = (attempt.types, attempt.only_adds);
        let made = editor.apply(root, &change);
        let (touched, wants_types) = (editor.touched(), editor.wants_types);
        let leaves = std::mem::take(&mut editor.leaves);
        let mut reworded = std::mem::take(&mut editor.reworded);
        self.forget_decoded();
        let result = made.and_then(|root| {
            self.root = root;
            if !is_whole && self.nodes.new_floats(&journal).any(is_placeholder) {
                return Err(left_out());
            }
            match read(self, &Notes::default()) {
                Ok(read) if is_read(attempt.new, &read) => Ok(()),
                _ if !is_whole => Err(left_out()),
                Ok(read) => check::check(attempt.now, &of_own_pickle(&read)?, &touched, &reworded),
                Err(error) => {
                    let (read, old) = borrow::read(self, &journal, &leaves, error, read)?;
                    reworded.extend(old);
                    check::check(attempt.now, &read, &touched, &reworded)
                }
            }
        });
        result.map_err(|error| {
            self.root = root;
            self.nodes.revert(journal);
            self.forget_decoded();
            (error, wants_types)
        })
    }
}

/// Two images whose difference is to be applied.
struct Attempt<'v> {
    was: &'v Value,
    now: &'v Value,
    /// The whole of the new one.
    new: &'v [u8],
    extent: Extent,
    /// True if a field that is not there has no other name.
    only_adds: bool,
    /// The types that objects are read as.
    types: Option<foldhash::HashMap<Handle, Asked>>,
}

/// Reads a type from a graph, and gives its image.
fn read_image<'g, 'de, T: Serialize + Deserialize<'de>>(
    graph: &'g Graph<'de>,
    input: &'de [u8],
    notes: &'g Notes<'de>,
) -> Result<Vec<u8>> {
    bind_notes();
    let cx = Cx::new(&graph.nodes, input, input.len(), graph.settings.into())
        .with_buffers(&graph.buffers)
        .with_notes(notes);
    let node = NodeDeserializer::root(&cx, graph.root);
    image_of(&cx.settle(T::deserialize(Place::Node(node)), graph.root)?)
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
