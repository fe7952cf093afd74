//! [`SerOptions`]: the options of writing.

use std::io;
use std::sync::{Arc, Mutex};

use serde::ser::Serialize;

use super::dump::Dump;
use super::newtype::Write;
use crate::error::Result;
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::{ExtensionRegistry, Global, Reduce};
use crate::value::hooks::Hooks;
use crate::value::{PickleBuffer, Value};
use crate::write::{Emitter, Memory, Sharing, Sink, Stream};

/// Options for writing a pickle.
///
/// Options own their hooks and registry, cost little to clone, and can be used from many threads at
/// once; hooks are then called from all of these.
///
/// ```
/// use serde_pickle::{Protocol, SerOptions};
///
/// let for_python2 = SerOptions::new().protocol(Protocol::V2);
/// assert_eq!(for_python2.to_vec(&[1, 2])?, b"\x80\x02K\x01K\x02\x86.");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: the arguments of Python's `pickle.Pickler`.
#[derive(Clone, Debug)]
pub struct SerOptions {
    protocol: Protocol,
    fix_imports: bool,
    memoize_strings: bool,
    framing: bool,
    extensions: Option<Arc<ExtensionRegistry>>,
    hooks: Option<Arc<Hooks>>,
}

impl Default for SerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl SerOptions {
    /// Protocol 4, names of Python 2 where the protocol is one of Python 2's, no memo for long
    /// text, frames.
    pub fn new() -> Self {
        Self {
            protocol: Protocol::DEFAULT,
            fix_imports: true,
            memoize_strings: false,
            framing: true,
            extensions: None,
            hooks: None,
        }
    }

    /// The protocol: 4 unless asked otherwise.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        crate::write::old::bind();
        self.protocol = protocol;
        self
    }

    /// Names globals as Python 2 does at protocols 0 to 2, so that it finds them: yes unless asked
    /// otherwise.
    ///
    /// Python 3 understands either, as its own `fix_imports` is on by default.
    ///
    /// ```
    /// use serde_bytes::Bytes;
    /// use serde_pickle::{Protocol, SerOptions};
    ///
    /// let options = SerOptions::new().protocol(Protocol::V2);
    /// assert_eq!(options.to_vec(Bytes::new(b""))?, b"\x80\x02c__builtin__\nbytes\nq\0)R.");
    /// let options = options.fix_imports(false);
    /// assert_eq!(options.to_vec(Bytes::new(b""))?, b"\x80\x02cbuiltins\nbytes\nq\0)R.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn fix_imports(mut self, fix_imports: bool) -> Self {
        self.fix_imports = fix_imports;
        self
    }

    /// Writes repeated text as a reference to its first occurrence: no unless asked otherwise.
    ///
    /// It pays where a few values are repeated many times, as in a column of categories: the pickle
    /// is smaller, and Python reads it faster and shares the strings. Otherwise it costs a look-up
    /// of every text, a copy and a byte of output for each distinct one, and time to read it.
    ///
    /// Names of fields and variants are always written once. Without this option, too, text of up
    /// to 15 bytes that is repeated soon is written as a reference where that is cheap, from
    /// protocol 2 on and beyond a pickle's first KiB: equal strings may be one object in Python.
    /// The content of an [`Rc`](std::rc::Rc) or [`Arc`] that is [shared](crate::shared) never is.
    ///
    /// ```
    /// use serde_pickle::SerOptions;
    ///
    /// let column = vec!["Bedfordshire and Hertfordshire".to_owned(); 100];
    /// let plain = SerOptions::new().to_vec(&column)?;
    /// let memoized = SerOptions::new().memoize_strings(true).to_vec(&column)?;
    /// assert!(memoized.len() * 7 < plain.len());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn memoize_strings(mut self, memoize_strings: bool) -> Self {
        crate::write::old::bind();
        self.memoize_strings = memoize_strings;
        self
    }

    /// Cuts the pickle into frames at protocols 4 and 5, which lets a reader of a file take it in
    /// large pieces: yes unless asked otherwise.
    ///
    /// A frame costs nine bytes, which is a lot for the smallest messages; every reader takes a
    /// pickle without one.
    ///
    /// ```
    /// use serde_pickle::SerOptions;
    ///
    /// assert_eq!(SerOptions::new().framing(false).to_vec(&[1, 2])?, b"\x80\x04K\x01K\x02\x86.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn framing(mut self, framing: bool) -> Self {
        self.framing = framing;
        self
    }

    /// Writes the globals in `extensions`, a registry or an [`Arc`] of one, by their codes, at
    /// protocol 2 and above: no codes unless asked otherwise.
    ///
    /// A reader needs the same registry; Python's is that of `copyreg.add_extension`.
    ///
    /// ```
    /// use serde_pickle::reduce::{ExtensionRegistry, Global};
    /// use serde_pickle::{Protocol, SerOptions};
    ///
    /// let mut extensions = ExtensionRegistry::new();
    /// extensions.add("geometry", "Point", 240)?;
    /// let options = SerOptions::new().protocol(Protocol::V2).extensions(extensions);
    /// assert_eq!(options.to_vec(&Global::new("geometry", "Point"))?, b"\x80\x02\x82\xf0.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn extensions(mut self, extensions: impl Into<Arc<ExtensionRegistry>>) -> Self {
        self.extensions = Some(extensions.into());
        self
    }

    /// Sets the function that gives the persistent id of each [`Value`] that stands outside the
    /// pickle: `Pickler.persistent_id`. A value with an id is not looked into.
    ///
    /// The function is not asked about an id itself, but about the values within it, as in Python.
    /// At protocol 0 ids are text or ints. Rust types use
    /// [`PersistentId`](crate::reduce::PersistentId).
    ///
    /// ```
    /// use serde_pickle::{SerOptions, Value, pickle};
    ///
    /// // Large bytes are kept elsewhere, by their number.
    /// let options = SerOptions::new().persistent_id(|value| match value {
    ///     Value::Bytes(bytes) if bytes.len() > 8 => Ok(Some(Value::from("blob-1"))),
    ///     _ => Ok(None),
    /// });
    /// let bytes = options.to_vec(&pickle!([1, b"a long row of bytes"]))?;
    /// let value: Value = serde_pickle::from_slice(&bytes)?;
    /// assert_eq!(value[1], Value::PersistentId(Box::new(Value::from("blob-1"))));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn persistent_id(
        mut self,
        persistent_id: impl Fn(&Value) -> Result<Option<Value>> + Send + Sync + 'static,
    ) -> Self {
        self.hooks_mut().persistent_id = Some(Arc::new(persistent_id));
        self
    }

    /// Rewrites the objects of a class while they are written: another name for the class, another
    /// constructor, a field less. `Pickler.dispatch_table`, and `reducer_override`.
    ///
    /// `rewrite` gets an object as a [`Reduce`], and returns its replacement: a `Reduce` again, or
    /// any [`Value`]. It is asked about every object of the class `class`, whether it comes from a
    /// [`Value`], from a [`Graph`](crate::Graph), or from a Rust type that is named as the class.
    /// What it returns is not rewritten again; the objects within that are.
    ///
    /// A Rust type that is rewritten is put together in memory first. Its buffers are written in
    /// band, and objects that are shared within it, or within an object of a graph, are written
    /// several times.
    ///
    /// ```
    /// use serde_derive::Serialize;
    /// use serde_pickle::reduce::Global;
    /// use serde_pickle::{SerOptions, Value};
    ///
    /// #[derive(Serialize)]
    /// #[serde(rename = "py:models:User")]
    /// struct User {
    ///     name: &'static str,
    /// }
    ///
    /// let options = SerOptions::new().dispatch(Global::new("models", "User"), |mut object| {
    ///     *object.callable = Value::global("shop.people", "Customer");
    ///     Ok(object)
    /// });
    /// let value: Value = serde_pickle::from_slice(&options.to_vec(&User { name: "Ada" })?)?;
    /// let class = value.as_object().and_then(|object| object.class());
    /// assert_eq!(class, Some(&Global::new("shop.people", "Customer")));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn dispatch<V: Into<Value>>(
        mut self,
        class: Global,
        rewrite: impl Fn(Reduce) -> Result<V> + Send + Sync + 'static,
    ) -> Self {
        super::divert::bind();
        let rewrite = move |object| rewrite(object).map(Into::into);
        self.hooks_mut().dispatch.insert(class, Arc::new(rewrite));
        self
    }

    /// Offers each [`PickleBuffer`] to `callback`, which takes it, to send it beside the pickle, or
    /// gives it back to be written in band (PEP 574). Protocol 5 only.
    ///
    /// The reader is given the buffers in the order in which they were taken.
    /// [`to_vec_with_buffers`] takes all buffers of one pickle. If several threads use the options,
    /// the callback gets the buffers of all of them, and may be called by several at once.
    ///
    /// [`to_vec_with_buffers`]: Self::to_vec_with_buffers
    ///
    /// ```
    /// use serde_pickle::value::PickleBuffer;
    /// use serde_pickle::{Protocol, SerOptions};
    ///
    /// // Only what is large travels beside the pickle.
    /// let options = SerOptions::new()
    ///     .protocol(Protocol::V5)
    ///     .buffer_callback(|buffer| if buffer.data.len() < 1024 { Some(buffer) } else { None });
    /// let large = PickleBuffer { data: vec![0; 4096], readonly: false };
    /// assert!(options.to_vec(&large)?.len() < 100);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn buffer_callback(
        mut self,
        callback: impl Fn(PickleBuffer) -> Option<PickleBuffer> + Send + Sync + 'static,
    ) -> Self {
        self.hooks_mut().buffers = Some(Arc::new(callback));
        self
    }

    pub(crate) fn hooks_mut(&mut self) -> &mut Hooks {
        Arc::make_mut(self.hooks.get_or_insert_default())
    }

    /// Serializes `value` into a pickle, with every [`PickleBuffer`] in it out of band.
    ///
    /// ```
    /// use serde_pickle::value::PickleBuffer;
    /// use serde_pickle::{DeOptions, Protocol, SerOptions};
    ///
    /// let buffer = PickleBuffer { data: vec![1, 2, 3], readonly: true };
    /// let options = SerOptions::new().protocol(Protocol::V5);
    /// let (pickle, buffers) = options.to_vec_with_buffers(&buffer)?;
    /// assert_eq!(pickle, b"\x80\x05\x97\x98.");
    /// let again: PickleBuffer = DeOptions::new().buffers(&buffers).from_slice(&pickle)?;
    /// assert_eq!(again, buffer);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec); a protocol below 5.
    pub fn to_vec_with_buffers<T: Serialize + ?Sized>(
        &self,
        value: &T,
    ) -> Result<(Vec<u8>, Vec<PickleBuffer>)> {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&taken);
        let options = self.clone().buffer_callback(move |buffer| match into.lock() {
            Ok(mut taken) => {
                taken.push(buffer);
                None
            }
            Err(_) => Some(buffer),
        });
        let pickle = options.to_vec(value)?;
        // Nobody else has the list by now; a lock that panicked still holds it.
        let buffers = match taken.lock() {
            Ok(mut taken) => std::mem::take(&mut *taken),
            Err(poisoned) => std::mem::take(&mut *poisoned.into_inner()),
        };
        Ok((pickle, buffers))
    }

    /// Serializes `value` into a pickle.
    ///
    /// # Errors
    /// As [`to_vec`](crate::to_vec); `Unsupported` for a value without a form at the protocol.
    pub fn to_vec<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        self.write_memory(self.sharing(), &mut |dump| value.serialize(dump))
    }

    /// Serializes `value` into `writer`, in pieces of about 64 KiB, and does not flush it.
    ///
    /// ```
    /// use serde_pickle::{Protocol, SerOptions};
    ///
    /// let mut file = Vec::new();
    /// SerOptions::new().protocol(Protocol::V2).to_writer(&mut file, &7)?;
    /// assert_eq!(file, b"\x80\x02K\x07.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_writer`](crate::to_writer); `Unsupported` for a value without a form at the
    /// protocol.
    pub fn to_writer<W: io::Write, T: Serialize + ?Sized>(
        &self,
        mut writer: W,
        value: &T,
    ) -> Result<()> {
        self.write_stream(&mut writer, &mut |dump| value.serialize(dump))
    }

    /// The pickle of the one value that `write` writes: compiled once, and not for each type.
    fn write_memory(&self, sharing: Sharing, write: &mut Write<'_>) -> Result<Vec<u8>> {
        let mut dump = self.start_with(Memory, sharing);
        write_whole(&mut dump, write)?;
        Ok(dump.take_rest())
    }

    /// The same, into a writer.
    fn write_stream(&self, writer: &mut dyn io::Write, write: &mut Write<'_>) -> Result<()> {
        write_whole(&mut self.start_with(Stream(writer), self.sharing()), write)
    }

    fn sharing(&self) -> Sharing {
        if self.memoize_strings { Sharing::Always } else { Sharing::Repeats }
    }

    /// For pickles that share a memo.
    pub(super) fn start<S: Sink>(&self, sink: S) -> Dump<S> {
        self.start_with(sink, self.sharing())
    }

    /// The options for a pickle that is read back at once: the cheapest choices for its bytes, and
    /// nothing out of band.
    pub(crate) fn in_memory(&self) -> Self {
        let mut options = self.clone().protocol(Protocol::HIGHEST).framing(false);
        options.extensions = None;
        if options.hooks.as_ref().is_some_and(|hooks| hooks.buffers.is_some()) {
            options.hooks_mut().buffers = None;
        }
        options
    }

    /// Serializes `value` into a pickle that is compared with another one of its type: text is
    /// written each time, so that equal values have equal bytes.
    pub(crate) fn to_image<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        self.in_memory().write_memory(Sharing::Never, &mut |dump| value.serialize(dump))
    }

    /// Starts the writer of a graph by these options: no text is memoized but that of the graph.
    pub(crate) fn start_graph<S: Sink>(&self, sink: S) -> Dump<S> {
        self.start_with(sink, Sharing::Never)
    }

    #[inline(always)]
    fn start_with<S: Sink>(&self, sink: S, sharing: Sharing) -> Dump<S> {
        let keeps = sink.keeps();
        let extensions =
            self.extensions.clone().filter(|_| self.protocol >= Opcode::Ext1.protocol());
        Dump::new(
            sink,
            self.hooks.clone(),
            #[inline(always)]
            || {
                Emitter::new(
                    keeps,
                    self.protocol,
                    self.fix_imports,
                    self.framing,
                    sharing,
                    extensions,
                )
            },
        )
    }
}

/// Writes a value as a pickle of its own.
#[inline]
fn write_whole(dump: &mut Dump<dyn Sink + '_>, write: &mut Write<'_>) -> Result<()> {
    dump.emit.expect_one_pickle();
    dump.begin()?;
    write(dump)?;
    dump.finish()
}
