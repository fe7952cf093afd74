//! [`SerOptions`]: what a caller may choose about writing.

use std::io;

use serde::ser::Serialize;

use super::dump::Dump;
use crate::error::Result;
use crate::protocol::Protocol;
use crate::write::{Emitter, Memory, Sink, Stream};

/// How a pickle is written.
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
}

impl Default for SerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl SerOptions {
    /// Protocol 4, names of Python 2 where the protocol is one of Python 2's, no memo for text, frames.
    pub fn new() -> Self {
        Self { protocol: Protocol::DEFAULT, fix_imports: true, memoize_strings: false, framing: true }
    }

    /// The protocol: 4 unless asked otherwise.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Whether protocols 0 to 2 name globals as Python 2 does, so that it finds them: yes unless asked otherwise.
    ///
    /// Python 3 understands either, as its own `fix_imports` is on by default.
    ///
    /// ```
    /// use serde_bytes::Bytes;
    /// use serde_pickle::{Protocol, SerOptions};
    ///
    /// let options = SerOptions::new().protocol(Protocol::V2);
    /// assert_eq!(options.to_vec(Bytes::new(b""))?, b"\x80\x02c__builtin__\nbytes\nq\0)R.");
    /// assert_eq!(options.fix_imports(false).to_vec(Bytes::new(b""))?, b"\x80\x02cbuiltins\nbytes\nq\0)R.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn fix_imports(mut self, fix_imports: bool) -> Self {
        self.fix_imports = fix_imports;
        self
    }

    /// Whether text that comes again is written as a reference to its first occurrence: no unless asked otherwise.
    ///
    /// It pays where a few values are repeated many times, as in a column of categories: the pickle is smaller, and
    /// Python reads it faster and shares the strings. Otherwise it costs a look-up and a copy of every text, a byte of
    /// output for each distinct one, and time to read it. Names of fields and variants are always written once.
    ///
    /// ```
    /// use serde_pickle::SerOptions;
    ///
    /// let column = vec!["Gloucestershire".to_owned(); 100];
    /// let plain = SerOptions::new().to_vec(&column)?;
    /// let memoized = SerOptions::new().memoize_strings(true).to_vec(&column)?;
    /// assert!(memoized.len() * 7 < plain.len());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn memoize_strings(mut self, memoize_strings: bool) -> Self {
        self.memoize_strings = memoize_strings;
        self
    }

    /// Whether protocols 4 and 5 cut the pickle into frames, which lets a reader of a file take it in large pieces:
    /// yes unless asked otherwise.
    ///
    /// A frame costs nine bytes, which is a lot for the smallest messages; every reader takes a pickle without one.
    #[must_use]
    pub fn framing(mut self, framing: bool) -> Self {
        self.framing = framing;
        self
    }

    /// Serializes `value` into a pickle.
    ///
    /// # Errors
    /// As [`to_vec`](crate::to_vec), and what the protocol has no form for.
    pub fn to_vec<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        let mut dump = self.start_one(Memory);
        dump.begin()?;
        value.serialize(&mut dump)?;
        dump.finish()?;
        Ok(dump.emit.into_parts().1)
    }

    /// Serializes `value` into `writer`, in pieces of about 64 KiB, and does not flush it.
    ///
    /// # Errors
    /// As [`to_writer`](crate::to_writer), and what the protocol has no form for.
    pub fn to_writer<W: io::Write, T: Serialize + ?Sized>(&self, writer: W, value: &T) -> Result<()> {
        let mut dump = self.start_one(Stream(writer));
        dump.begin()?;
        value.serialize(&mut dump)?;
        dump.finish()
    }

    /// For one pickle alone.
    fn start_one<S: Sink>(&self, sink: S) -> Dump<S> {
        let mut dump = self.start(sink);
        dump.emit.expect_one_pickle();
        dump
    }

    /// For pickles that share a memo.
    pub(super) fn start<S: Sink>(&self, sink: S) -> Dump<S> {
        Dump::new(Emitter::new(sink, self.protocol, self.fix_imports, self.framing, self.memoize_strings))
    }
}
