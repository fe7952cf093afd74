//! The formats that are most often given to a pickle reader by mistake.
//!
//! [`recognize`] looks at the first bytes of an input. The machine and the tools ask, by
//! `read/explain.rs`, after they have failed, and never before: `PK…` is a zip archive and also the
//! beginning of a legal pickle, so that what a pickle means does not depend on this table. An error
//! keeps its kind and its byte, and gains a sentence.
//!
//! The formats themselves are in `table.rs`.

mod table;

use std::fmt;

use table::{TABLE, Test, WORDS};

/// A format that is no pickle, or a pickle inside of something else.
///
/// Printed, it is a few words, such as `gzip data`; [`advice`](Self::advice) says what to do.
///
/// ```
/// use serde_pickle::tools::{NotPickle, recognize};
///
/// let format = recognize(b"\x93NUMPY\x01\0").unwrap();
/// assert_eq!((format, format.name()), (NotPickle::Npy, format.to_string().as_str()));
/// assert!(!format.advice().is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotPickle {
    /// No bytes at all.
    Empty,
    /// Nothing but zeros.
    Zeros,
    /// gzip (RFC 1952).
    Gzip,
    /// zlib (RFC 1950).
    Zlib,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// LZMA without a container, as Python's `lzma.FORMAT_ALONE` writes it.
    Lzma,
    /// Zstandard.
    Zstd,
    /// A frame of LZ4.
    Lz4,
    /// A framed stream of Snappy.
    Snappy,
    /// A model or tensor by `torch.save`: a zip archive that holds a pickle and raw storages.
    TorchZip,
    /// Arrays by `numpy.savez`: a zip archive of `.npy` files.
    Npz,
    /// A model of Keras 3: a zip archive of JSON and HDF5.
    Keras,
    /// Any other zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// An array by `numpy.save`.
    Npy,
    /// A file by joblib that holds arrays: their raw bytes are between the instructions.
    Joblib,
    /// HDF5; models of older Keras, tables of pandas and PyTables.
    Hdf5,
    /// Apache Parquet.
    Parquet,
    /// A file of Apache Arrow, also Feather.
    Arrow,
    /// An SQLite database.
    Sqlite,
    /// Tensors by safetensors.
    Safetensors,
    /// Tensors for llama.cpp.
    Gguf,
    /// A model in ONNX.
    Onnx,
    /// A module compiled by Python.
    Pyc,
    /// A pointer of Git LFS, in place of the file.
    GitLfs,
    /// An entry of dogpile.cache: JSON, a bar, and the pickle.
    Dogpile,
    /// A value of cachelib in Redis and its like: an exclamation mark before the pickle.
    CachelibMark,
    /// A file of cachelib: the time when it expires in 4 bytes, and the pickle.
    CachelibExpiry,
    /// A length of 4 or 8 bytes before the pickle.
    LengthPrefix,
    /// A reply of Redis, in its protocol.
    RedisReply,
    /// A reply of memcached, in its protocol.
    MemcachedReply,
    /// A whole response of HTTP, with its headers.
    HttpResponse,
    /// A value signed by Django.
    DjangoSigned,
    /// A token of the package cryptography: encrypted.
    Fernet,
    /// A pickle, or a compressed one, in base64.
    Base64,
    /// A pickle in hexadecimal.
    Hex,
    /// The text that Python's `repr` makes of bytes.
    PythonRepr,
    /// Bytes that were decoded as UTF-8, with errors replaced, and encoded again.
    Utf8Damaged,
    /// Bytes that were taken for latin-1 text and encoded as UTF-8.
    Latin1AsUtf8,
    /// A pickle whose newlines became CR LF, as by a file in text mode.
    CrlfDamaged,
    /// Text in UTF-16.
    Utf16,
    /// JSON.
    Json,
    /// HTML.
    Html,
    /// XML.
    Xml,
}

/// The number of bytes of an input that [`recognize`] looks at.
///
/// ```
/// use std::io::Read;
/// use serde_pickle::tools::{NotPickle, PREFIX, recognize};
///
/// let mut prefix = Vec::new();
/// (&b"\x1f\x8b\x08\0"[..]).take(PREFIX as u64).read_to_end(&mut prefix)?;
/// assert_eq!(recognize(&prefix), Some(NotPickle::Gzip));
/// # Ok::<(), std::io::Error>(())
/// ```
pub const PREFIX: usize = 512;

/// Says what the first bytes of an input are, if it is one of the formats in [`NotPickle`].
///
/// [`PREFIX`] bytes are enough; with fewer, it recognizes the formats that they show. Some pickles
/// begin as other formats do: `PK` may be a persistent id of protocol 0. So read the bytes as a
/// pickle first, and ask when that has failed; the crate's own errors have done so
/// (`Error::not_pickle`).
///
/// ```
/// use serde_pickle::tools::{NotPickle, recognize};
///
/// let format = recognize(b"\x1f\x8b\x08\0").expect("gzip is recognized");
/// assert_eq!(format, NotPickle::Gzip);
/// assert_eq!(format.to_string(), "gzip data");
/// assert_eq!(recognize(b"\x80\x04N."), None);
///
/// let error = serde_pickle::from_slice::<u8>(b"\x1f\x8b\x08\0").unwrap_err();
/// assert_eq!(error.not_pickle(), Some(NotPickle::Gzip));
/// assert_eq!(
///     error.to_string(),
///     "unknown opcode 0x1f, at byte 0; this looks like gzip data: decompress it first"
/// );
/// ```
pub fn recognize(prefix: &[u8]) -> Option<NotPickle> {
    let prefix = prefix.get(..PREFIX).unwrap_or(prefix);
    let row = TABLE.iter().find(|row| {
        row.starts().any(|start| prefix.starts_with(start))
            && row.test.is_none_or(|test| test(prefix))
    });
    row.map(|row| row.format).or_else(|| is_joblib(prefix).then_some(NotPickle::Joblib))
}

impl NotPickle {
    /// Returns the format's name, in a few words.
    pub fn name(self) -> &'static str {
        self.words()[0]
    }

    /// Returns the way to get at a pickle, or at the data.
    pub fn advice(self) -> &'static str {
        self.words()[1]
    }

    fn words(self) -> [&'static str; 2] {
        // Each format has a row, which a test checks.
        WORDS.row(TABLE.iter().position(|row| row.format == self).unwrap_or(TABLE.len()))
    }
}

impl fmt::Display for NotPickle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The format that an error names for its input.
#[derive(Clone, Copy)]
pub(crate) struct Guess {
    pub(crate) format: NotPickle,
    /// True if the guess rests on the first byte or two: a reader was not asked for more.
    pub(crate) vague: bool,
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, advice) = (self.format.name(), self.format.advice());
        match (self.format, self.vague) {
            (NotPickle::Empty, _) => write!(f, "the input is empty: {advice}"),
            (_, true) => write!(f, "this may be {name}: {advice}"),
            (_, false) => write!(f, "this looks like {name}: {advice}"),
        }
    }
}

/// The place of `text`. Plain, as it is asked for after an error; `memchr::memmem` and `str`'s own
/// search are ten kilobytes of every program.
pub(crate) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let (&first, behind) = text.split_first()?;
    let mut at = 0;
    loop {
        at += memchr::memchr(first, bytes.get(at..)?)?;
        if bytes.get(at + 1..)?.starts_with(behind) {
            return Some(at);
        }
        at += 1;
    }
}

/// Returns true if the pickle names joblib's stand-in for an array.
pub(crate) fn is_joblib(bytes: &[u8]) -> bool {
    // PROTO.
    bytes.first() == Some(&0x80)
        && find(bytes, b"joblib.numpy_pickle").is_some_and(|at| {
            find(bytes.get(at..).unwrap_or_default(), b"NumpyArrayWrapper").is_some()
        })
}

/// The format that begins with these few bytes, if so few are enough for a guess.
pub(crate) fn begins(bytes: &[u8]) -> Option<NotPickle> {
    let begins = |row: &&Test| row.starts().any(|start| start.starts_with(bytes));
    TABLE.iter().filter(|row| row.telling).find(begins).map(|row| row.format)
}

#[cfg(test)]
mod tests {
    use super::table::ROWS;
    use super::*;

    #[test]
    fn every_row_has_words_and_every_format_one_row() {
        for (index, row) in ROWS.iter().enumerate() {
            assert!(!row.name.is_empty() && !row.advice.is_empty() && !row.starts.is_empty());
            assert!(TABLE[..index].iter().all(|other| other.format != row.format), "{}", row.name);
            assert_eq!(row.format.name(), row.name);
            assert!(TABLE[index].starts().eq(row.starts.iter().copied()));
        }
        // The last variant's number, so that a new one without a row is seen.
        assert_eq!(TABLE.len(), NotPickle::Xml as usize + 1);
    }

    #[test]
    fn any_prefix_can_be_asked_about() {
        for row in &TABLE {
            for start in row.starts() {
                for end in 0..=start.len() {
                    recognize(&start[..end]);
                }
            }
        }
        recognize(&[0xff; PREFIX + 1]);
    }
}
