//! How to read: the options of `DeOptions`, and their verbs.

use std::io::Read;

use serde::de::{Deserialize, DeserializeOwned};

use super::Deserializer;
use crate::error::Result;
use crate::limits;

/// How the 8-bit strings of Python 2 become text.
///
/// Python's `encoding` argument. Only the opcodes of Python 2's `str` are meant; text and bytes have opcodes of their own.
/// Whoever asks for bytes gets the bytes as they are, whatever the encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8. CPython's default, ASCII, is a part of it. A string that is no UTF-8 stays bytes where the type that is asked
    /// for has room for them, as [`Value`](crate::Value) has.
    #[default]
    Utf8,
    /// ASCII, CPython's default.
    Ascii,
    /// Latin-1: every byte is a character.
    Latin1,
    /// No decoding: the strings are bytes.
    Bytes,
}

/// What becomes of text that cannot be decoded, and of lone surrogates where UTF-8 is asked for.
///
/// Python's `errors` argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Errors {
    /// An error.
    #[default]
    Strict,
    /// U+FFFD in place of what is wrong.
    Replace,
    /// What is wrong is left out.
    Ignore,
}

/// How to read a pickle.
///
/// ```
/// use serde_pickle::{DeOptions, Encoding};
///
/// // Python 2: pickle.dumps('caf\xe9')
/// let text: String = DeOptions::new().encoding(Encoding::Latin1).from_slice(b"U\x04caf\xe9q\x01.")?;
/// assert_eq!(text, "café");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DeOptions {
    pub(crate) settings: Settings,
}

/// What the walk over a graph has to know.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) encoding: Encoding,
    pub(crate) errors: Errors,
    pub(crate) fix_imports: bool,
    pub(crate) typed_depth: usize,
    pub(crate) value_depth: usize,
    pub(crate) max_nodes: usize,
    pub(crate) max_expansion: u64,
    pub(crate) max_int_digits: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            encoding: Encoding::default(),
            errors: Errors::default(),
            fix_imports: true,
            typed_depth: limits::TYPED_DEPTH,
            value_depth: limits::VALUE_DEPTH,
            max_nodes: limits::OBJECTS,
            max_expansion: limits::EXPANSION,
            max_int_digits: limits::INT_DIGITS,
        }
    }
}

impl Default for DeOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl DeOptions {
    /// The defaults, which are those of [`from_slice`](crate::from_slice).
    pub fn new() -> Self {
        Self { settings: Settings::default() }
    }

    /// How 8-bit strings of Python 2 become text. Default: [`Encoding::Utf8`].
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.settings.encoding = encoding;
        self
    }

    /// What becomes of text that cannot be decoded. Default: [`Errors::Strict`].
    pub fn errors(mut self, errors: Errors) -> Self {
        self.settings.errors = errors;
        self
    }

    /// Whether the names of Python 2's modules are read as Python 3's, in pickles of protocols below 3. Default: true.
    pub fn fix_imports(mut self, fix_imports: bool) -> Self {
        self.settings.fix_imports = fix_imports;
        self
    }

    /// Levels of nesting that a Rust type or a [`Value`](crate::Value) may have. Default: 100 for types, 1,000 for values.
    ///
    /// The visitors of serde recurse, a few frames a level: raise this only in a thread with a stack to match.
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.settings.typed_depth = levels;
        self.settings.value_depth = levels;
        self
    }

    /// Objects (containers, instances, globals) that one pickle may hold. Default: no limit but that of 32 bits.
    pub fn max_nodes(mut self, nodes: usize) -> Self {
        self.settings.max_nodes = nodes.min(limits::OBJECTS);
        self
    }

    /// Bytes that shared references may add when they are expanded into a tree: 16 a value, and its text or bytes. Default:
    /// 256 MiB.
    pub fn max_expansion(mut self, bytes: usize) -> Self {
        self.settings.max_expansion = bytes as u64;
        self
    }

    /// Decimal digits that an int may have where it is read from text or turned into it. Default: 4,300, as in Python.
    pub fn max_int_digits(mut self, digits: usize) -> Self {
        self.settings.max_int_digits = digits;
        self
    }

    /// Reads a value from a slice; see [`from_slice`](crate::from_slice).
    ///
    /// # Errors
    /// As [`from_slice`](crate::from_slice).
    pub fn from_slice<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T> {
        super::read_slice(bytes, &self.settings)
    }

    /// Reads a value from a reader; see [`from_reader`](crate::from_reader).
    ///
    /// # Errors
    /// As [`from_reader`](crate::from_reader).
    pub fn from_reader<R: Read, T: DeserializeOwned>(&self, reader: R) -> Result<T> {
        T::deserialize(&mut Deserializer::from_reader(reader).with_options(self.clone()))
    }
}
