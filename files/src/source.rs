//! The bytes of a file, wherever they are: in memory, mapped, or still on the disk.
//!
//! An archive that is opened by its path stays on the disk: its directory is read, and later the
//! bytes that somebody asks for. Everything that looks into a file asks its [`Source`] for a range,
//! which is compared with the length of the file before anything is allocated.

use std::borrow::Cow;
use std::fs::File;
#[cfg(any(unix, feature = "gzip", feature = "tar"))]
use std::io::Read;
#[cfg(any(unix, feature = "tar"))]
use std::io::SeekFrom;
use std::io::{self, Seek};
use std::ops::Range;
#[cfg(unix)]
use std::sync::Mutex;

use serde_pickle::Scanner;

use crate::error::{Error, Result};

pub(crate) enum Source<'a> {
    Owned(Vec<u8>),
    Borrowed(&'a [u8]),
    #[cfg(feature = "mmap")]
    Mapped(memmap2::Mmap),
    Disk(Disk),
}

/// A file, and the length that it had when it was opened.
pub(crate) struct Disk {
    file: File,
    len: u64,
    /// Held by whoever moves the file's own position.
    #[cfg(unix)]
    position: Mutex<()>,
}

/// Bytes of a pickle that are read from the disk at a time.
const CHUNK: usize = 16 << 10;

/// Bytes by which a buffer grows that is filled from the disk: they are still in the processor's
/// cache when the file's take their place.
const STEP: usize = 256 << 10;

impl<'a> Source<'a> {
    /// A regular file, of which ranges are read.
    pub(crate) fn disk(file: File, len: u64) -> Self {
        Self::Disk(Disk {
            file,
            len,
            #[cfg(unix)]
            position: Mutex::new(()),
        })
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Disk(disk) => disk.len,
            memory => memory.slice().map_or(0, |bytes| bytes.len() as u64),
        }
    }

    /// All bytes, if they are in memory or mapped.
    pub(crate) fn slice(&self) -> Option<&[u8]> {
        match self {
            Self::Owned(bytes) => Some(bytes),
            Self::Borrowed(bytes) => Some(bytes),
            #[cfg(feature = "mmap")]
            Self::Mapped(bytes) => Some(bytes),
            Self::Disk(_) => None,
        }
    }

    /// Gives all bytes away, borrowed where they are.
    pub(crate) fn into_bytes(self) -> Result<Cow<'a, [u8]>> {
        match self {
            Self::Owned(bytes) => Ok(Cow::Owned(bytes)),
            Self::Borrowed(bytes) => Ok(Cow::Borrowed(bytes)),
            #[cfg(feature = "mmap")]
            Self::Mapped(bytes) => Ok(Cow::Owned(bytes.to_vec())),
            Self::Disk(disk) => disk.read(0..disk.len).map(Cow::Owned),
        }
    }

    /// The bytes of the range.
    ///
    /// # Errors
    /// `Format` where the file ends before; `Limit` where there is no memory for so many.
    pub(crate) fn read(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.len() {
            return Err(cut(range.start));
        }
        match self {
            Self::Disk(disk) => disk.read(range).map(Cow::Owned),
            // Within a slice, so that it fits.
            memory => Ok(Cow::Borrowed(
                memory
                    .slice()
                    .and_then(|bytes| bytes.get(range.start as usize..range.end as usize))
                    .unwrap_or_default(),
            )),
        }
    }

    /// Appends the bytes of the range; see [`read`](Self::read).
    pub(crate) fn append(&self, range: Range<u64>, bytes: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Disk(disk) if range.start <= range.end && range.end <= disk.len => {
                disk.append(range, bytes)
            }
            source => {
                bytes.extend_from_slice(&source.read(range)?);
                Ok(())
            }
        }
    }

    /// Fills `bytes` with those that begin at `at`; see [`read`](Self::read).
    pub(crate) fn fill(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        let end = at.checked_add(bytes.len() as u64).filter(|&end| end <= self.len());
        let Some(end) = end else { return Err(cut(at)) };
        match self {
            Self::Disk(disk) => disk.fill(at, bytes),
            memory => {
                bytes.copy_from_slice(&memory.read(at..end)?);
                Ok(())
            }
        }
    }

    /// The first bytes, at most `max`.
    pub(crate) fn prefix(&self, max: usize) -> Result<Cow<'_, [u8]>> {
        self.read(0..self.len().min(max as u64))
    }

    /// A reader of the range, which is cut to the file.
    #[cfg(any(feature = "gzip", feature = "tar"))]
    pub(crate) fn reader(&self, range: Range<u64>) -> Reader<'_, 'a> {
        let end = range.end.min(self.len());
        let at = range.start.min(end);
        Reader {
            source: self,
            #[cfg(feature = "tar")]
            start: at,
            at,
            end,
        }
    }

    /// The pickle at the start of the range: its bytes, STOP included. Of one that does not end in
    /// the range it is a part: whoever reads it gets the error.
    ///
    /// # Errors
    /// `Pickle` where there is none; errors say that it is at `place`.
    pub(crate) fn pickle(&self, range: Range<u64>, place: u64) -> Result<Cow<'_, [u8]>> {
        let wrong = |error| Error::from(error).at(place);
        if self.slice().is_some() {
            let rest = self.read(range)?;
            return match (Scanner::new().push(&rest).map_err(wrong)?, rest) {
                (Some(len), Cow::Borrowed(rest)) => {
                    Ok(Cow::Borrowed(rest.get(..len).unwrap_or_default()))
                }
                (_, rest) => Ok(rest),
            };
        }
        let (mut scanner, mut bytes) = (Scanner::new(), Vec::new());
        let mut next = range.start;
        // Nothing is read for a length that is beyond the range.
        while next < range.end && scanner.needed() <= range.end - next {
            let seen = bytes.len();
            // At least as many as are missing, and they double, as far as the range goes.
            let wanted = scanner.needed().max(seen.max(CHUNK) as u64).min(range.end - next);
            self.append(next..next + wanted, &mut bytes)?;
            next += wanted;
            if let Some(len) = scanner.push(&bytes[seen..]).map_err(wrong)? {
                bytes.truncate(seen + len);
                break;
            }
        }
        Ok(Cow::Owned(bytes))
    }
}

#[cold]
fn cut(at: u64) -> Error {
    Error::format("the file ends before the bytes that it should have").at(at)
}

impl Disk {
    /// The file, at its start.
    pub(crate) fn into_file(self) -> io::Result<File> {
        let mut file = self.file;
        file.rewind()?;
        Ok(file)
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.append(range, &mut bytes)?;
        Ok(bytes)
    }

    /// The range must lie within the file.
    fn append(&self, range: Range<u64>, bytes: &mut Vec<u8>) -> Result<()> {
        let len = usize::try_from(range.end - range.start).ok();
        if len.is_none_or(|len| bytes.try_reserve_exact(len).is_err()) {
            let len = range.end - range.start;
            return Err(Error::limit(format!("no memory for {len} bytes")).at(range.start));
        }
        #[cfg(unix)]
        if let Some(read) = self.append_in_order(&range, bytes) {
            return read.map_err(|error| failed(error, range.start));
        }
        let mut at = range.start;
        while at < range.end {
            let step = (range.end - at).min(STEP as u64);
            let filled = bytes.len();
            bytes.resize(filled + step as usize, 0);
            self.fill(at, &mut bytes[filled..])?;
            at += step;
        }
        Ok(())
    }

    /// The same from the file's own position: so the standard library fills memory that nobody has
    /// set to zero before. `None` while another thread does it.
    #[cfg(unix)]
    fn append_in_order(&self, range: &Range<u64>, bytes: &mut Vec<u8>) -> Option<io::Result<()>> {
        let _position = self.position.try_lock().ok()?;
        let mut file = &self.file;
        let len = range.end - range.start;
        let read = file.seek(SeekFrom::Start(range.start)).and_then(|_| {
            let read = file.take(len).read_to_end(bytes)?;
            if read as u64 == len { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        });
        Some(read)
    }

    fn fill(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        read_exact_at(&self.file, bytes, at).map_err(|error| failed(error, at))
    }
}

#[cold]
fn failed(error: io::Error, at: u64) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Error::format("the file is shorter than it was when it was opened").at(at)
        }
        _ => Error::io(error).at(at),
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                bytes = &mut bytes[len..];
                at += len as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// An error by which no file stays on the disk.
#[cfg(not(any(unix, windows)))]
fn read_exact_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads a range of a source from its start on.
#[cfg(any(feature = "gzip", feature = "tar"))]
pub(crate) struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    #[cfg(feature = "tar")]
    start: u64,
    at: u64,
    end: u64,
}

#[cfg(any(feature = "gzip", feature = "tar"))]
impl Read for Reader<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // At most the length of `out`.
        let len = (self.end - self.at).min(out.len() as u64) as usize;
        self.source.fill(self.at, &mut out[..len]).map_err(io::Error::other)?;
        self.at += len as u64;
        Ok(len)
    }
}

#[cfg(feature = "tar")]
impl Seek for Reader<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => self.start.checked_add(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        // Behind the end there is nothing to be read, and no more is said of it.
        let at = at.filter(|&at| at >= self.start).ok_or(io::ErrorKind::InvalidInput)?;
        self.at = at.min(self.end);
        Ok(self.at - self.start)
    }
}
