//! Several pickles as one graph.

use std::io::Read;

use super::decoded::Decoded;
use super::{Graph, Node};
use crate::de::{Deserializer, LoadedStream, ReaderSource, SliceSource};
use crate::error::Result;

impl<'de, 'a: 'de> Deserializer<'a, SliceSource<'de>> {
    /// Reads all pickles that are left into one [`Graph`], as one `Unpickler` of Python does: with
    /// one memo, so that what two pickles share is one object. [`Graph::roots`] has the objects
    /// that were pickled; written again, they are as many dumps of one `Pickler`.
    ///
    /// ```
    /// use serde_pickle::Deserializer;
    ///
    /// // p = pickle.Pickler(file, 2); a = []; p.dump(a); p.dump([a])
    /// let stream = b"\x80\x02]q\x00.\x80\x02]q\x01h\x00a.";
    /// let graph = Deserializer::from_slice(stream).into_graph()?;
    /// let [first, second] = graph.roots().collect::<Vec<_>>()[..] else { panic!("two pickles") };
    /// assert_eq!(second.items().next(), Some(first));
    /// assert_eq!(graph.to_vec()?, stream);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::from_slice`], for any of the pickles, of which there must be one.
    pub fn into_graph(self) -> Result<Graph<'de>> {
        self.load_all().map(Graph::of_stream)
    }
}

impl<'a, R: Read> Deserializer<'a, ReaderSource<R>> {
    /// Reads all pickles up to the end of the reader into one [`Graph`]; see
    /// [the same method for a slice](Deserializer::<SliceSource<'_>>::into_graph).
    ///
    /// # Errors
    /// As [`Graph::from_reader`], for any of the pickles, of which there must be one.
    pub fn into_graph(self) -> Result<Graph<'a>> {
        self.load_all().map(Graph::of_stream)
    }
}

impl<'de> Graph<'de> {
    fn of_stream<'a: 'de>(stream: LoadedStream<'a, 'de>) -> Self {
        let LoadedStream { input, nodes, pickles, options } = stream;
        let mut roots = pickles.iter().map(|pickle| pickle.root);
        Self {
            input,
            nodes,
            // The caller has read at least one.
            root: roots.next().unwrap_or(crate::nodes::handle::Handle::VACANT),
            further: roots.collect(),
            declared: pickles.first().and_then(|pickle| pickle.protocol),
            settings: options.plain,
            buffers: options.buffers.unwrap_or_default(),
            decoded: Decoded::default(),
        }
    }

    /// The objects that were pickled: one, or those of the pickles of a
    /// [stream](Deserializer::<SliceSource<'_>>::into_graph).
    ///
    /// ```
    /// use serde_pickle::Deserializer;
    ///
    /// // One Pickler that dumped twice.
    /// let graph = Deserializer::from_slice(b"]q\0.h\0.").into_graph()?;
    /// let roots: Vec<_> = graph.roots().collect();
    /// assert_eq!(roots[0], roots[1]);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.root_handles().map(|handle| Node::new(self, handle))
    }

    pub(super) fn root_handles(
        &self,
    ) -> impl Iterator<Item = crate::nodes::handle::Handle> + Clone + '_ {
        std::iter::once(self.root).chain(self.further.iter().copied())
    }
}
