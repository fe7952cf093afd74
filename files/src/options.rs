//! The limits on opening a file, and the verbs that open.

use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_pickle::tools::{PREFIX, recognize};

use crate::compress::{Compression, decompress};
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::opened::Opened;
use crate::source::Source;

/// Layers of compression around one another. More are a file made to compress to itself.
const LAYERS: usize = 4;

/// Bytes that decompressed data may come to whatever its length.
const SIZE_FIXED: u64 = 256 << 20;

/// Bytes that each byte of compressed data may come to beyond that.
const SIZE_PER_BYTE: u64 = 32;

/// The options of opening a file.
///
/// ```
/// use serde_pickle_files::{ErrorKind, OpenOptions};
///
/// // zlib.compress(pickle.dumps('a' * 2048, 1), 9)
/// let bomb = b"x\xda\x8b`\xe0``H\x1c\x05\xa3`\x14\x8c\x82Q0\x0aF\xc1\x88\
///     \x03z\x00L\xbc\x08\xbc";
/// let error = OpenOptions::new().max_size(100).from_slice(bomb).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Limit);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OpenOptions {
    max_size: Option<u64>,
    #[cfg(feature = "mmap")]
    map: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// The defaults, which are those of [`open`](crate::open).
    pub fn new() -> Self {
        Self {
            max_size: None,
            #[cfg(feature = "mmap")]
            map: false,
        }
    }

    /// Bytes that compressed data may come to: of the file, and again of what an archive in it
    /// holds. Default: 256 MiB, and 32 for each byte that is compressed.
    ///
    /// What lies in the file as it is has no limit but memory; see [`Read::take`].
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Maps a file that is not compressed into memory, in place of reading it. Default: false.
    ///
    /// Only the pages that are looked at take memory, and they can be dropped again. The file must
    /// not be changed while it is open, by this program or another: what was checked once is taken
    /// to stay as it is, text to be UTF-8, say. Where it is cut shorter, the operating system ends
    /// the program when it looks at a page that is gone (SIGBUS on Unix). Write a new file and
    /// rename it over the old one, which stays as it is for those who have it open.
    ///
    /// Nothing else than a regular file is mapped, and no empty one.
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/foreign/npz.bin");
    /// let file = serde_pickle_files::OpenOptions::new().map(true).open(path)?;
    /// assert_eq!(file.members().len(), 1);
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    #[cfg(feature = "mmap")]
    pub fn map(mut self, map: bool) -> Self {
        self.map = map;
        self
    }

    pub(crate) fn allowed(&self, len: u64) -> u64 {
        self.max_size.unwrap_or(SIZE_FIXED.saturating_add(SIZE_PER_BYTE.saturating_mul(len)))
    }

    /// Opens the file at `path`; see [`open`](crate::open).
    ///
    /// # Errors
    /// As [`open`](crate::open).
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Opened<'static>> {
        let path = path.as_ref();
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let opened = match self.mapped(&file, &metadata)? {
            Some(source) => self.peel(source, Vec::new()),
            None if metadata.is_file() => self.open_disk(file, metadata.len()),
            None => self.read(file, None),
        };
        Ok(opened?.in_folder(path.parent()))
    }

    /// Archives stay on the disk; a pickle is read whole, so that it can be borrowed from.
    fn open_disk(&self, file: File, len: u64) -> Result<Opened<'static>> {
        let source = Source::disk(file, len);
        // A file that cannot be read here has its error below.
        if let Ok(Some(kind)) = Kind::of_container(&source) {
            return Opened::new(source, kind, Vec::new(), self.clone());
        }
        match source {
            Source::Disk(disk) => self.read(disk.into_file()?, Some(len)),
            source => self.peel(source, Vec::new()),
        }
    }

    #[cfg(feature = "mmap")]
    fn mapped(&self, file: &File, metadata: &Metadata) -> Result<Option<Source<'static>>> {
        if !self.map || !metadata.is_file() || metadata.len() == 0 {
            return Ok(None);
        }
        Ok(Some(Source::Mapped(crate::map::map(file)?)))
    }

    #[cfg(not(feature = "mmap"))]
    #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
    fn mapped(&self, _: &File, _: &Metadata) -> Result<Option<Source<'static>>> {
        Ok(None)
    }

    /// Takes one layer of compression off a file, whatever is in it.
    pub(crate) fn decompress(&self, file: File) -> Result<Vec<u8>> {
        let len = file.metadata()?.len();
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let layer = layer(reader.fill_buf()?);
        let Some(layer) = layer else { return Err(Error::format("the file is not compressed")) };
        decompress(layer, Box::new(reader), self.allowed(len))
    }

    /// Opens what `reader` gives to its end.
    ///
    /// ```
    /// use serde_pickle_files::OpenOptions;
    ///
    /// let options = OpenOptions::new().max_size(1 << 20);
    /// assert_eq!(options.from_reader(&b"K\x07."[..])?.get::<u8>()?, 7);
    /// assert_eq!(options.from_vec(b"K\x07.".to_vec())?.get::<u8>()?, 7);
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](crate::open).
    pub fn from_reader<R: Read>(&self, reader: R) -> Result<Opened<'static>> {
        self.read(reader, None)
    }

    /// Opens a file that is in memory, and borrows from it.
    ///
    /// # Errors
    /// As [`open`](crate::open).
    pub fn from_slice<'a>(&self, bytes: &'a [u8]) -> Result<Opened<'a>> {
        self.peel(Source::Borrowed(bytes), Vec::new())
    }

    /// Opens a file that is in memory.
    ///
    /// # Errors
    /// As [`open`](crate::open).
    pub fn from_vec(&self, bytes: Vec<u8>) -> Result<Opened<'static>> {
        self.peel(Source::Owned(bytes), Vec::new())
    }

    /// A compressed file of known length is decompressed as it is read.
    fn read<R: Read>(&self, reader: R, len: Option<u64>) -> Result<Opened<'static>> {
        let mut reader = BufReader::with_capacity(64 << 10, reader);
        let mut bytes = Vec::new();
        reader.by_ref().take(PREFIX as u64).read_to_end(&mut bytes)?;
        match (layer(&bytes), len) {
            (Some(layer), Some(len)) => {
                let rest = bytes.as_slice().chain(&mut reader);
                let plain = decompress(layer, Box::new(rest), self.allowed(len))?;
                self.peel(Source::Owned(plain), vec![layer])
            }
            _ => {
                // No more than the file is long: it may be a device.
                bytes.reserve_exact(len.unwrap_or(0).min(1 << 30) as usize);
                reader.read_to_end(&mut bytes)?;
                self.from_vec(bytes)
            }
        }
    }

    /// Takes off compression as long as there is some.
    fn peel<'a>(
        &self,
        mut source: Source<'a>,
        mut compression: Vec<Compression>,
    ) -> Result<Opened<'a>> {
        while let Some(layer) = layer(source.slice().unwrap_or_default()) {
            if compression.len() == LAYERS {
                return Err(Error::limit(format!(
                    "more than {LAYERS} layers of compression are around one another"
                )));
            }
            let bytes = source.slice().unwrap_or_default();
            let plain = decompress(layer, Box::new(bytes), self.allowed(bytes.len() as u64))?;
            compression.push(layer);
            source = Source::Owned(plain);
        }
        let kind = Kind::of_container(&source)?;
        let kind = kind.unwrap_or_else(|| Kind::of(source.slice().unwrap_or_default()));
        Opened::new(source, kind, compression, self.clone())
    }
}

/// The compression of what begins with `bytes`, if there is any.
fn layer(bytes: &[u8]) -> Option<Compression> {
    let prefix = bytes.get(..PREFIX).unwrap_or(bytes);
    Compression::of(prefix, recognize(prefix))
}
