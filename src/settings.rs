//! The settings of reading, as data.
//!
//! The options that users set are in `de/options.rs`, with the verbs that read.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::limits::{self, Allowance};
use crate::reduce::{ExtensionRegistry, Resolver};

/// The decoding of Python 2's 8-bit strings into text.
///
/// Python's `encoding` argument. Only the opcodes of Python 2's `str` are meant; text and bytes
/// have opcodes of their own. A type that asks for bytes gets them unchanged, whatever the
/// encoding.
///
/// ```
/// use serde_pickle::{DeOptions, Encoding};
///
/// // pickle.dumps('caf\xe9', 2) of Python 2
/// let options = DeOptions::new().encoding(Encoding::Latin1);
/// assert_eq!(options.from_slice::<String>(b"\x80\x02U\x04caf\xe9.")?, "café");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8. CPython's default, ASCII, is a part of it. A string that is not UTF-8 stays bytes
    /// where the type that is read can hold them, as [`Value`](crate::Value) has.
    #[default]
    Utf8,
    /// ASCII, CPython's default.
    Ascii,
    /// Latin-1: every byte is a character.
    Latin1,
    /// No decoding: the strings are bytes.
    Bytes,
}

/// The treatment of undecodable text, and of lone surrogates where UTF-8 is asked for.
///
/// Python's `errors` argument.
///
/// ```
/// use serde_pickle::{DeOptions, DecodeErrors};
///
/// let options = DeOptions::new().errors(DecodeErrors::Ignore);
/// assert_eq!(options.from_slice::<String>(b"\x80\x02U\x04caf\xe9.")?, "caf");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrors {
    /// An error.
    #[default]
    Strict,
    /// U+FFFD in place of the faulty bytes.
    Replace,
    /// Nothing in place of the faulty bytes.
    Ignore,
}

/// Settings that the walk over a graph needs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings<'h> {
    pub(crate) plain: Plain,
    pub(crate) resolver: Option<&'h Arc<dyn Resolver>>,
    pub(crate) extensions: Option<&'h ExtensionRegistry>,
}

/// The settings that are plain values. A graph keeps these: it may travel between threads and
/// outlive the resolver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    pub(crate) encoding: Encoding,
    pub(crate) errors: DecodeErrors,
    pub(crate) fix_imports: bool,
    pub(crate) typed_depth: usize,
    pub(crate) value_depth: usize,
    pub(crate) max_nodes: usize,
    pub(crate) max_expansion: Allowance,
    pub(crate) max_memory: Allowance,
    pub(crate) max_int_digits: usize,
    pub(crate) joblib: bool,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            encoding: Encoding::default(),
            errors: DecodeErrors::default(),
            fix_imports: true,
            typed_depth: limits::TYPED_DEPTH,
            value_depth: limits::VALUE_DEPTH,
            max_nodes: limits::OBJECTS,
            max_expansion: limits::EXPANSION,
            max_memory: limits::MEMORY,
            max_int_digits: limits::INT_DIGITS,
            joblib: false,
        }
    }
}

impl From<Plain> for Settings<'_> {
    fn from(plain: Plain) -> Self {
        Self { plain, resolver: None, extensions: None }
    }
}

/// Makes every plain setting readable as a field.
impl Deref for Settings<'_> {
    type Target = Plain;

    fn deref(&self) -> &Plain {
        &self.plain
    }
}

impl DerefMut for Settings<'_> {
    fn deref_mut(&mut self) -> &mut Plain {
        &mut self.plain
    }
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("plain", &self.plain)
            .field("resolver", &self.resolver.is_some())
            .field("extensions", &self.extensions)
            .finish()
    }
}
