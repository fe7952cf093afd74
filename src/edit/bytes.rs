//! Updates of a pickle in memory.

use std::borrow::Cow;

use serde::de::Deserialize;
use serde::ser::Serialize;

use super::{image_of, read_image};
use crate::de::DeOptions;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::ser::SerOptions;
use crate::walk::notes::Notes;

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
    /// ```
    /// use std::collections::BTreeMap;
    /// use serde_pickle::{DeOptions, SerOptions, from_slice};
    ///
    /// // pickle.dumps({'hits': 1}, 2)
    /// let bytes = b"\x80\x02}q\0X\x04\0\0\0hitsq\x01K\x01s.";
    /// let hits = BTreeMap::from([("hits".to_owned(), 2)]);
    /// let bytes = DeOptions::new().update(bytes, &hits, &SerOptions::new())?;
    /// assert_eq!(from_slice::<BTreeMap<String, i32>>(&bytes)?["hits"], 2);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
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
        let read = |graph: &Graph<'de>, notes: &Notes<'de>| match graph.input {
            Cow::Borrowed(input) => read_image::<T>(graph, input, notes),
            Cow::Owned(_) => Err(Error::data("no input")),
        };
        let old = match self.read_directly::<T>(bytes) {
            Some(value) => image_of(&value)?,
            None => read(&graph, &Notes::default())?,
        };
        graph.apply(&old, &image_of(value)?, read)?;
        let mut updated = writing.clone().protocol(graph.protocol()).graph_to_vec(&graph)?;
        updated.extend_from_slice(bytes.get(end..).unwrap_or_default());
        Ok(updated)
    }
}
