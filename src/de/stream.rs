//! Several pickles in a row.
//!
//! A [`Deserializer`] stands at a place in a slice or a reader and moves on by one pickle each time
//! something is deserialized from it. Like Python's `Unpickler` it can keep its memo between
//! pickles, which the later dumps of one `Pickler` need; then everything that was read stays in
//! memory, for the memo may refer to any of it.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned};

use super::elements::Elements;
use super::node::NodeDeserializer;
use super::options::DeOptions;
use super::place::Place;
use crate::error::{Error, Result};
use crate::forward::forward_deserialize;
use crate::limits;
use crate::machine::{self, Loaded, State};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::Nodes;
use crate::read::source::{Collector, Sparing};
use crate::value::Value;
use crate::walk::cx::Cx;

/// Reads pickles one after another from a slice or a reader.
///
/// Python's `Unpickler`. `T::deserialize(&mut deserializer)` reads the next pickle;
/// [`into_iter`](Self::into_iter) reads all of them.
///
/// ```
/// use serde::Deserialize;
/// use serde_pickle::Deserializer;
///
/// let mut deserializer = Deserializer::from_slice(b"K\x01.K\x02.rest");
/// assert_eq!(u8::deserialize(&mut deserializer)?, 1);
/// assert_eq!(u8::deserialize(&mut deserializer)?, 2);
/// assert_eq!(deserializer.byte_offset(), 6);
/// assert!(deserializer.end().is_err());
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// The lifetime is that of the options' out-of-band buffers.
pub struct Deserializer<'a, S> {
    source: S,
    options: DeOptions<'a>,
    keep_memo: bool,
}

/// Pickles in a slice.
///
/// ```
/// use serde_pickle::{Deserializer, SliceSource};
///
/// let mut pickles: Deserializer<'_, SliceSource<'_>> = Deserializer::from_slice(b"K\x01.K\x02.");
/// let first = <u8 as serde::Deserialize>::deserialize(&mut pickles)?;
/// assert_eq!((first, pickles.byte_offset()), (1, 3));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct SliceSource<'de> {
    bytes: &'de [u8],
    at: usize,
    state: State<'de>,
}

/// Pickles from a reader.
///
/// ```
/// use serde_pickle::{Deserializer, ReaderSource};
///
/// type Pickles = Deserializer<'static, ReaderSource<&'static [u8]>>;
/// let mut pickles: Pickles = Deserializer::from_reader(&b"K\x01.K\x02."[..]);
/// let first = <u8 as serde::Deserialize>::deserialize(&mut pickles)?;
/// assert_eq!((first, pickles.byte_offset()), (1, 3));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct ReaderSource<R> {
    collector: Collector<Sparing<R>>,
    /// Where the next pickle begins in what was collected.
    at: usize,
    /// The number of bytes dropped before that.
    dropped: u64,
    state: State<'static>,
}

/// All pickles of a stream, read with one memo.
pub(crate) struct LoadedStream<'a, 'de> {
    pub(crate) input: Cow<'de, [u8]>,
    pub(crate) nodes: Nodes<'de>,
    /// At least one.
    pub(crate) pickles: Vec<Loaded>,
    pub(crate) options: DeOptions<'a>,
}

impl<'de, 'a: 'de> Deserializer<'a, SliceSource<'de>> {
    /// Reads from a slice; text and bytes borrow from it.
    pub fn from_slice(bytes: &'de [u8]) -> Self {
        Self::new(SliceSource { bytes, at: 0, state: State::default() })
    }

    /// The number of bytes read so far: where the next pickle begins.
    pub fn byte_offset(&self) -> u64 {
        self.source.at as u64
    }

    /// Checks that all bytes have been read, and all out-of-band buffers taken.
    ///
    /// # Errors
    /// `Data`, where bytes follow the last pickle that was read, or buffers were given that no
    /// pickle took.
    pub fn end(&mut self) -> Result<()> {
        if !self.at_end() {
            return Err(trailing(self.byte_offset()));
        }
        super::check_all_taken(&self.source.state, self.options.buffers.as_deref())
    }

    /// The items of the next pickle, a list, tuple or set, each as a `T` that is made when the
    /// iterator comes to it.
    ///
    /// For a list that is too long to hold as Rust values all at once. What is held meanwhile is
    /// the input and about as much again for the places of the values in it. The items share one
    /// [expansion budget](DeOptions::max_expansion), as those of a `Vec` do.
    ///
    /// ```
    /// use serde_pickle::Deserializer;
    ///
    /// let mut deserializer = Deserializer::from_slice(b"\x80\x02](K\x01K\x02K\x03e.");
    /// let sum: Result<u64, _> = deserializer.elements::<u64>()?.sum();
    /// assert_eq!(sum?, 6);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// The pickle cannot be read, or is no list, tuple or set.
    pub fn elements<T: Deserialize<'de>>(&mut self) -> Result<Elements<'_, 'de, T>> {
        let root = self.load()?;
        let source = &self.source;
        Elements::new(walk(&source.state, source.bytes, source.at, &self.options), root, 0)
    }

    /// The persistent ids in the next pickle, in the order in which a reader meets them; see
    /// [`tools::persistent_ids`](crate::tools::persistent_ids).
    ///
    /// With [`keep_memo`](Self::keep_memo) the memo lives on, as the second pickle of a ZODB record
    /// needs it; a reference that is itself fetched from the memo was in an earlier pickle, and is
    /// not there again. An id for which the options' resolver has a value is not among them.
    ///
    /// ```
    /// use serde_pickle::{Deserializer, Value};
    ///
    /// // Two dumps of one Pickler: ref('a') and [ref('a'), ref('b')], where 'a' is in the memo.
    /// let record = b"\x80\x03X\x01\0\0\0aq\0Q.\x80\x03]q\x01(h\0QX\x01\0\0\0bQe.";
    /// let mut dumps = Deserializer::from_slice(record).keep_memo(true);
    /// assert_eq!(dumps.persistent_ids()?, [Value::from("a")]);
    /// assert_eq!(dumps.persistent_ids()?, [Value::from("a"), Value::from("b")]);
    /// dumps.end()?;
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`tools::persistent_ids`](crate::tools::persistent_ids).
    pub fn persistent_ids(&mut self) -> Result<Vec<Value>> {
        let before = if self.keep_memo { self.source.state.nodes.object_count() } else { 0 };
        self.load()?;
        let source = &self.source;
        let cx = walk(&source.state, source.bytes, source.at, &self.options);
        persistent_ids_of(&cx, before)
    }

    /// The pickles that follow, each as a `T`.
    #[allow(clippy::should_implement_trait)] // it is generic over the item, as serde_json's is
    pub fn into_iter<T: Deserialize<'de>>(self) -> StreamDeserializer<'a, SliceSource<'de>, T> {
        StreamDeserializer { deserializer: self, failed: false, item: PhantomData }
    }

    fn at_end(&self) -> bool {
        self.source.at >= self.source.bytes.len()
    }

    /// Reads all pickles that are left, with one memo: what a graph is made of.
    pub(crate) fn load_all(mut self) -> Result<LoadedStream<'a, 'de>> {
        if !self.keep_memo {
            let next_buffer = self.source.state.next_buffer;
            self.source.state = State { next_buffer, ..State::default() };
            self.keep_memo = true;
        }
        let mut pickles = vec![self.load_one()?];
        while !self.at_end() {
            pickles.push(self.load_one()?);
        }
        super::check_all_taken(&self.source.state, self.options.buffers.as_deref())?;
        let input = self.source.bytes.get(..self.source.at).unwrap_or_default();
        let (nodes, options) = (self.source.state.nodes, self.options);
        Ok(LoadedStream { input: Cow::Borrowed(input), nodes, pickles, options })
    }

    /// Runs the next pickle.
    fn load(&mut self) -> Result<Handle> {
        self.load_one().map(|loaded| loaded.root)
    }

    fn load_one(&mut self) -> Result<Loaded> {
        let source = &mut self.source;
        if !self.keep_memo {
            let next_buffer = source.state.next_buffer;
            let nodes = Nodes::with_input((source.bytes.len() - source.at).min(limits::READ_CHUNK));
            source.state = State { nodes, next_buffer, ..State::default() };
        }
        let settings = self.options.settings();
        let config = settings.config(true, self.options.buffers.as_deref());
        let loaded = machine::load(source.bytes, source.at, &mut source.state, &config)?;
        source.at = loaded.end;
        Ok(loaded)
    }
}

impl<'a, R: Read> Deserializer<'a, ReaderSource<R>> {
    /// Reads from a reader, never a byte beyond the pickle that is asked for.
    pub fn from_reader(reader: R) -> Self {
        let collector = Collector::new(reader);
        Self::new(ReaderSource { collector, at: 0, dropped: 0, state: State::default() })
    }

    /// The number of bytes of the pickles read so far: where the next one begins.
    pub fn byte_offset(&self) -> u64 {
        self.source.dropped + self.source.at as u64
    }

    /// Checks that the reader is at its end, by reading one byte, and that all out-of-band buffers
    /// were taken.
    ///
    /// # Errors
    /// `Data`, where bytes follow the last pickle that was read, or buffers were given that no
    /// pickle took; `Io`, where the reader fails.
    pub fn end(&mut self) -> Result<()> {
        if !self.at_end()? {
            return Err(trailing(self.byte_offset()));
        }
        super::check_all_taken(&self.source.state, self.options.buffers.as_deref())
    }

    /// The items of the next pickle, a list, tuple or set, each as a `T` that is made when the
    /// iterator comes to it.
    ///
    /// The pickle's bytes are held until the next one is read; see
    /// [the same method for a slice](Deserializer::<SliceSource<'_>>::elements).
    ///
    /// # Errors
    /// The pickle cannot be read, or is no list, tuple or set.
    pub fn elements<T: DeserializeOwned>(&mut self) -> Result<Elements<'_, '_, T>> {
        let root = self.load()?;
        let source = &self.source;
        let cx = walk(&source.state, source.collector.bytes(), source.at, &self.options);
        Elements::new(cx, root, source.dropped)
    }

    /// The persistent ids in the next pickle, in the order in which a reader meets them; see
    /// [`tools::persistent_ids`](crate::tools::persistent_ids).
    ///
    /// With [`keep_memo`](Self::keep_memo) the memo lives on, as the second pickle of a ZODB record
    /// needs it; a reference that is itself fetched from the memo was in an earlier pickle, and is
    /// not there again. An id for which the options' resolver has a value is not among them.
    ///
    /// # Errors
    /// As [`tools::persistent_ids`](crate::tools::persistent_ids); and `Io`, where the reader
    /// fails.
    pub fn persistent_ids(&mut self) -> Result<Vec<Value>> {
        let before = if self.keep_memo { self.source.state.nodes.object_count() } else { 0 };
        self.load()?;
        let source = &self.source;
        let cx = walk(&source.state, source.collector.bytes(), source.at, &self.options);
        persistent_ids_of(&cx, before).map_err(|error| error.in_stream(source.dropped))
    }

    /// The pickles that follow, each as a `T`.
    #[allow(clippy::should_implement_trait)] // it is generic over the item, as serde_json's is
    pub fn into_iter<T: DeserializeOwned>(self) -> StreamDeserializer<'a, ReaderSource<R>, T> {
        StreamDeserializer { deserializer: self, failed: false, item: PhantomData }
    }

    /// The reader, and the bytes that were read from it and belong to no pickle: none, unless a
    /// frame announced more than its pickle used, or [`end`](Self::end) had a look.
    ///
    /// ```
    /// use serde::Deserialize;
    /// use serde_pickle::{DeOptions, Deserializer};
    ///
    /// let options = DeOptions::new().max_nodes(10);
    /// let mut pickles = Deserializer::from_reader(&b"K\x01.rest"[..]).with_options(options);
    /// assert_eq!(u8::deserialize(&mut pickles)?, 1);
    /// let (reader, taken) = pickles.into_inner();
    /// assert_eq!((reader, taken), (&b"rest"[..], vec![]));
    ///
    /// let pickles = Deserializer::from_reader(&b"K\x01.K\x02."[..]);
    /// assert_eq!(pickles.into_iter::<u8>().map(Result::unwrap).sum::<u8>(), 3);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn into_inner(self) -> (R, Vec<u8>) {
        self.source.collector.into_parts(self.source.at)
    }

    fn at_end(&mut self) -> Result<bool> {
        let dropped = self.source.dropped;
        self.source.collector.ends_at(self.source.at).map_err(|error| error.in_stream(dropped))
    }

    /// Reads all pickles that are left, with one memo: what a graph is made of.
    pub(crate) fn load_all(mut self) -> Result<LoadedStream<'a, 'static>> {
        if !self.keep_memo {
            let source = &mut self.source;
            source.collector.discard(source.at);
            source.dropped += source.at as u64;
            source.at = 0;
            let next_buffer = source.state.next_buffer;
            source.state = State { next_buffer, ..State::default() };
            self.keep_memo = true;
        }
        let mut pickles = vec![self.load_one()?];
        while !self.at_end()? {
            pickles.push(self.load_one()?);
        }
        super::check_all_taken(&self.source.state, self.options.buffers.as_deref())?;
        let mut input = self.source.collector.into_bytes();
        input.truncate(self.source.at);
        let (nodes, options) = (self.source.state.nodes, self.options);
        Ok(LoadedStream { input: Cow::Owned(input), nodes, pickles, options })
    }

    fn load(&mut self) -> Result<Handle> {
        self.load_one().map(|loaded| loaded.root)
    }

    fn load_one(&mut self) -> Result<Loaded> {
        let source = &mut self.source;
        // A frame may announce a thousand pickles, which are all there then. To move up what is
        // left for each of them would take the square of their size.
        if !self.keep_memo && 2 * source.at >= source.collector.bytes().len() {
            source.collector.discard(source.at);
            source.dropped += source.at as u64;
            source.at = 0;
        }
        let dropped = source.dropped;
        // A reader that fails may be asked again: nothing is changed before the pickle is there.
        let frame_end = if self.keep_memo { source.state.frame_end } else { 0 };
        let settings = self.options.settings();
        let config = settings.config(false, self.options.buffers.as_deref());
        let kept = self.keep_memo.then_some(&source.state);
        let collected =
            machine::collect(&mut source.collector, source.at, frame_end, kept, &config);
        collected.map_err(|error| error.in_stream(dropped))?;
        let mut state: State<'_> =
            State { next_buffer: source.state.next_buffer, ..State::default() };
        if self.keep_memo {
            state = std::mem::take(&mut source.state);
        }
        // The state kept between pickles outlives this borrow of the bytes, so it must not borrow:
        // the settings say so to the machine.
        let loaded = machine::load(source.collector.bytes(), source.at, &mut state, &config);
        source.state = state.into_owned();
        let loaded = loaded.map_err(|error| error.in_stream(dropped))?;
        source.at = loaded.end;
        Ok(loaded)
    }
}

impl<'a, S> Deserializer<'a, S> {
    fn new(source: S) -> Self {
        Self { source, options: DeOptions::new(), keep_memo: false }
    }

    /// Reads with these options.
    #[must_use]
    pub fn with_options(mut self, options: DeOptions<'a>) -> Self {
        self.options = options;
        self
    }

    /// Keeps the memo from one pickle to the next, as one `Unpickler` of Python does. Default:
    /// false, as in `pickle.load`.
    ///
    /// The second and later dumps of one `Pickler` need it. What was read then stays in memory.
    #[must_use]
    pub fn keep_memo(mut self, keep: bool) -> Self {
        self.keep_memo = keep;
        self
    }
}

#[cold]
fn trailing(offset: u64) -> Error {
    Error::data("bytes follow the last pickle").at(offset)
}

/// A walk over a loaded pickle, which ends at byte `end` of the input. By field, so that borrows
/// stay apart.
fn walk<'g, 'de>(
    state: &'g State<'de>,
    input: &'de [u8],
    end: usize,
    options: &'g DeOptions<'de>,
) -> Cx<'g, 'de> {
    let span = end - state.begin.unwrap_or(end);
    Cx::new(&state.nodes, input, span, options.settings())
        .with_buffers(options.buffers.as_deref().unwrap_or_default())
}

/// The persistent ids among the nodes from number `first` on.
pub(crate) fn persistent_ids_of(cx: &Cx<'_, '_>, first: usize) -> Result<Vec<Value>> {
    let nodes = cx.nodes;
    let made = nodes.numbered_objects().skip(first);
    made.filter(|(_, object)| object.tag() == Tag::Persid)
        .map(|(_, object)| {
            let id = nodes.first(&object).first().copied().unwrap_or(Handle::VACANT);
            super::value::build(cx, id)
        })
        .collect()
}

macro_rules! through_slice {
    ($self:ident, |$node:ident| $call:expr) => {{
        let root = $self.load()?;
        let source = &$self.source;
        let cx = walk(&source.state, source.bytes, source.at, &$self.options);
        let $node = Place::Node(NodeDeserializer::root(&cx, root));
        let result = $call;
        cx.settle(result, root).map_err(|error| error.in_stream(0))
    }};
}

impl<'de, 'a: 'de> serde::Deserializer<'de> for &mut Deserializer<'a, SliceSource<'de>> {
    type Error = Error;

    forward_deserialize!('de, through_slice);
}

macro_rules! through_reader {
    ($self:ident, |$node:ident| $call:expr) => {{
        let root = $self.load()?;
        let source = &$self.source;
        let cx = walk(&source.state, source.collector.bytes(), source.at, &$self.options);
        let $node = Place::Node(NodeDeserializer::root(&cx, root));
        let result = $call;
        cx.settle(result, root).map_err(|error| error.in_stream(source.dropped))
    }};
}

impl<'de, R: Read> serde::Deserializer<'de> for &'de mut Deserializer<'_, ReaderSource<R>> {
    type Error = Error;

    forward_deserialize!('de, through_reader);
}

/// The pickles of a stream; see [`Deserializer::into_iter`].
///
/// Ends where the input ends behind a whole pickle; a pickle that is cut short is an error. Nothing
/// follows an error.
///
/// ```
/// let ints = serde_pickle::Deserializer::from_slice(b"K\x01.K\x02.").into_iter::<u8>();
/// assert_eq!(ints.collect::<Result<Vec<_>, _>>()?, [1, 2]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct StreamDeserializer<'a, S, T> {
    deserializer: Deserializer<'a, S>,
    failed: bool,
    item: PhantomData<T>,
}

impl<'de, 'a: 'de, T: Deserialize<'de>> StreamDeserializer<'a, SliceSource<'de>, T> {
    /// Where the next pickle begins.
    pub fn byte_offset(&self) -> u64 {
        self.deserializer.byte_offset()
    }
}

impl<R: Read, T: DeserializeOwned> StreamDeserializer<'_, ReaderSource<R>, T> {
    /// Where the next pickle begins.
    ///
    /// ```
    /// let mut ints = serde_pickle::Deserializer::from_slice(b"K\x01.K\x02.").into_iter::<u8>();
    /// assert_eq!(ints.next().transpose()?, Some(1));
    /// assert_eq!(ints.byte_offset(), 3);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn byte_offset(&self) -> u64 {
        self.deserializer.byte_offset()
    }
}

impl<'de, 'a: 'de, T: Deserialize<'de>> Iterator for StreamDeserializer<'a, SliceSource<'de>, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.failed || self.deserializer.at_end() {
            return None;
        }
        let item = T::deserialize(&mut self.deserializer);
        self.failed = item.is_err();
        Some(item)
    }
}

impl<R: Read, T: DeserializeOwned> Iterator for StreamDeserializer<'_, ReaderSource<R>, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.failed {
            return None;
        }
        let item = match self.deserializer.at_end() {
            Ok(true) => return None,
            Ok(false) => T::deserialize(&mut self.deserializer),
            Err(error) => Err(error),
        };
        self.failed = item.is_err();
        Some(item)
    }
}

impl fmt::Debug for SliceSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SliceSource").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for ReaderSource<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.dropped + self.at as u64;
        f.debug_struct("ReaderSource").field("at", &at).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Deserializer<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deserializer").field("keep_memo", &self.keep_memo).finish_non_exhaustive()
    }
}

impl<S, T> fmt::Debug for StreamDeserializer<'_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDeserializer").field("failed", &self.failed).finish_non_exhaustive()
    }
}
