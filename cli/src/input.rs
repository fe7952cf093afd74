//! Files and pipes, and the pickles in them.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;

use clap::{Args, ValueEnum};
use memchr::memmem;
use serde_pickle::tools::{PREFIX, recognize};
use serde_pickle::{DeOptions, Encoding};
use serde_pickle_files::{Kind, Opened};

use crate::error::{Error, Named, Result};
use crate::output::{Progress, progress};
use crate::pickles::Pickles;
use crate::side;
use crate::stream::{Arrays, arrays, names};

/// The way in which pickles are read; the same for all commands.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct ReadArgs {
    /// The encoding of 8-bit text that Python 2 wrote.
    #[arg(long, value_enum, default_value_t, value_name = "NAME", global = true)]
    encoding: TextEncoding,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum TextEncoding {
    Ascii,
    Latin1,
    Utf8,
    /// As bytes, where they are no ASCII.
    #[default]
    Auto,
    /// As bytes always.
    Bytes,
}

impl ReadArgs {
    pub(crate) fn options(self) -> DeOptions<'static> {
        let options = DeOptions::new();
        match self.encoding {
            TextEncoding::Auto => options,
            TextEncoding::Ascii => options.encoding(Encoding::Ascii),
            TextEncoding::Latin1 => options.encoding(Encoding::Latin1),
            TextEncoding::Utf8 => options.encoding(Encoding::Utf8),
            TextEncoding::Bytes => options.encoding(Encoding::Bytes),
        }
    }
}

/// A file, or the standard input as `-`.
pub(crate) struct Input {
    /// As the user gave it.
    pub(crate) name: String,
    source: Source,
}

enum Source {
    File {
        file: File,
        len: u64,
    },
    /// The standard input, and what has been read of it.
    Pipe(Vec<u8>),
    Bytes(Vec<u8>),
    /// Compressed, or in an archive.
    Container(Opened<'static>),
}

/// A pickle, or several in a row, and where they are in a container.
pub(crate) struct Section {
    pub(crate) member: Option<String>,
    pub(crate) bytes: Vec<u8>,
    /// True if raw arrays of joblib lie between its instructions.
    pub(crate) joblib: bool,
}

impl Input {
    /// Opens a file, or the standard input for `-`.
    pub(crate) fn open(name: &str) -> Result<Self> {
        if name == "-" {
            return Self::of_pipe();
        }
        let path = Path::new(name);
        let failed = |error: io::Error| Error::new(format!("cannot open: {error}")).of(name);
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::new("is a folder, and not a file").of(name));
        }
        let mut file = File::open(path).map_err(failed)?;
        let name = name.to_owned();
        if !metadata.is_file() {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
            return Self::of_bytes(name, bytes);
        }
        let mut prefix = Vec::new();
        (&mut file)
            .take(PREFIX as u64)
            .read_to_end(&mut prefix)
            .map_err(|error| unreadable(&name, &error))?;
        if is_packed(&prefix) {
            let opened = serde_pickle_files::open(path).of(&name)?;
            if let Some(source) = container(opened) {
                return Ok(Self { name, source });
            }
        }
        Ok(Self { name, source: Source::File { file, len: metadata.len() } })
    }

    fn of_pipe() -> Result<Self> {
        let name = "standard input".to_owned();
        let mut bytes = Vec::new();
        let mut stdin = io::stdin().lock();
        let read = (&mut stdin).take(PREFIX as u64).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&name, &error))?;
        if is_packed(&bytes) {
            stdin.read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
            return Self::of_bytes(name, bytes);
        }
        Ok(Self { name, source: Source::Pipe(bytes) })
    }

    fn of_bytes(name: String, bytes: Vec<u8>) -> Result<Self> {
        if is_packed(bytes.get(..PREFIX).unwrap_or(&bytes)) {
            let opened = serde_pickle_files::from_slice(&bytes).of(&name)?;
            if is_container(&opened) {
                drop(opened);
                let opened = serde_pickle_files::from_reader(io::Cursor::new(bytes)).of(&name)?;
                return Ok(Self { name, source: Source::Container(opened) });
            }
        }
        Ok(Self { name, source: Source::Bytes(bytes) })
    }

    /// The container that the pickle is in, in words: `gzip`, `a zip archive`.
    pub(crate) fn container(&self) -> Option<String> {
        let Source::Container(opened) = &self.source else { return None };
        let mut words: Vec<String> = opened.compression().iter().map(ToString::to_string).collect();
        if opened.kind() != Kind::Pickle {
            words.push(opened.kind().to_string());
        }
        Some(words.join(", "))
    }

    /// Returns true for the standard input, of which only the first bytes have been read.
    pub(crate) fn is_piped(&self) -> bool {
        matches!(self.source, Source::Pipe(_))
    }

    /// The number of bytes, if that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match &self.source {
            Source::File { len, .. } => Some(*len),
            Source::Pipe(_) => None,
            Source::Bytes(bytes) => Some(bytes.len() as u64),
            Source::Container(opened) => Some(opened.size()),
        }
    }

    /// All of it, in memory; of a container, each of its pickles.
    pub(crate) fn sections(&mut self) -> Result<Vec<Section>> {
        if let Source::Container(opened) = &self.source {
            return sections_of(opened, &self.name);
        }
        let mut bytes = Vec::new();
        let name = self.name.clone();
        self.reader()?.read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
        let joblib = memmem::find(&bytes, b"NumpyArrayWrapper").is_some() && {
            let opened = serde_pickle_files::from_slice(&bytes).of(&name)?;
            opened.pickles().next().is_some_and(|it| it.is_ok_and(|it| it.is_joblib()))
        };
        Ok(vec![Section { member: None, bytes, joblib }])
    }

    /// A reader from its start, of the first pickle in a container. Of a pipe there is one.
    pub(crate) fn reader(&mut self) -> Result<Progress<Box<dyn Read + '_>>> {
        self.unpack()?;
        let len = self.len();
        let reader: Box<dyn Read> = match &mut self.source {
            Source::File { file, .. } => {
                file.rewind().map_err(|error| unreadable(&self.name, &error))?;
                Box::new(file)
            }
            Source::Pipe(begin) => Box::new(begin.as_slice().chain(io::stdin().lock())),
            Source::Bytes(bytes) => Box::new(bytes.as_slice()),
            Source::Container(_) => Box::new(io::empty()),
        };
        Ok(progress(reader, len))
    }

    /// A reader of what is no pickle, from the start.
    pub(crate) fn text_reader(&mut self) -> Result<Box<dyn Read + '_>> {
        if let Source::Container(opened) = &self.source {
            return Ok(Box::new(io::Cursor::new(opened.bytes().of(&self.name)?.into_owned())));
        }
        Ok(Box::new(self.reader()?))
    }

    /// Takes the one section of a container out of it.
    fn unpack(&mut self) -> Result<()> {
        if matches!(self.source, Source::Container(_)) {
            let mut sections = self.sections()?;
            if sections.len() > 1 {
                let count = sections.len();
                return Err(Error::new(format!(
                    "holds {count} pickles, and this command takes a file with one; unpack it first"
                ))
                .of(&self.name));
            }
            self.source = Source::Bytes(sections.pop().map(|it| it.bytes).unwrap_or_default());
        }
        Ok(())
    }

    /// A source to be read at any place: the file, or a copy of what a pipe brings.
    pub(crate) fn seekable(&mut self) -> Result<Seekable<'_>> {
        self.unpack()?;
        if let Source::Pipe(begin) = &self.source {
            let mut copy = tempfile::tempfile()
                .map_err(|error| Error::new(format!("cannot make a temporary file: {error}")))?;
            let len = io::copy(&mut begin.as_slice().chain(io::stdin().lock()), &mut copy)
                .map_err(|error| unreadable(&self.name, &error))?;
            self.source = Source::File { file: copy, len };
        }
        match &mut self.source {
            Source::File { file, len } => {
                file.rewind().map_err(|error| unreadable(&self.name, &error))?;
                Ok(Seekable::File(file, *len))
            }
            Source::Bytes(bytes) => Ok(Seekable::Bytes(bytes)),
            Source::Pipe(_) | Source::Container(_) => {
                Err(Error::new("cannot be read at any place").of(&self.name))
            }
        }
    }

    /// Returns true if arrays of joblib lie between the instructions of any of its pickles, or in
    /// files beside it.
    pub(crate) fn has_arrays(&mut self) -> Result<bool> {
        if let Source::Container(_) = self.source {
            let names = |bytes: &[u8]| memmem::find(bytes, side::WRAPPER).is_some();
            let sections = self.sections()?;
            return Ok(sections.iter().any(|it| it.joblib || names(&it.bytes)));
        }
        let source = self.seekable()?;
        Ok(!arrays(&source).gaps().is_empty() || names(&source, side::WRAPPER))
    }

    /// The pickles one after another, each as a graph.
    pub(crate) fn pickles(&mut self, read: ReadArgs) -> Result<Pickles> {
        Ok(Pickles::new(&self.name.clone(), read, self.sections()?))
    }
}

/// The pickles of a container.
fn sections_of(opened: &Opened<'_>, name: &str) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for pickle in opened.pickles() {
        let pickle = pickle.of(name)?;
        let number = pickle.number();
        let member = match (pickle.member(), number) {
            (None, 0) => None,
            (None, number) => Some(format!("pickle {}", number + 1)),
            (Some(member), 0) => Some(member.to_owned()),
            (Some(member), number) => Some(format!("{member}, pickle {}", number + 1)),
        };
        let (joblib, bytes) = (pickle.is_joblib(), pickle.bytes().to_vec());
        sections.push(Section { member, bytes, joblib });
    }
    if sections.is_empty() {
        return Err(Error::new(format!("holds no pickle: {}", opened.kind())).of(name));
    }
    Ok(sections)
}

/// Returns true for the first bytes of what may be more than a plain pickle.
fn is_packed(prefix: &[u8]) -> bool {
    recognize(prefix).is_some() || is_torch(prefix)
}

/// Returns true for the first bytes of torch's files before 1.6: a pickle of a long number, at any
/// protocol.
pub(crate) fn is_torch(prefix: &[u8]) -> bool {
    const NUMBER: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    const LINE: &[u8] = b"L119547037146038801333356L";
    let begin = prefix.get(..32).unwrap_or(prefix);
    begin.starts_with(LINE) || begin.starts_with(&[0x80]) && memmem::find(begin, NUMBER).is_some()
}

/// Returns true for what is more than a plain pickle.
fn is_container(opened: &Opened<'_>) -> bool {
    let other = matches!(opened.kind(), Kind::Pickle | Kind::Other(_) | Kind::Joblib);
    !opened.compression().is_empty() || !other
}

fn container(opened: Opened<'static>) -> Option<Source> {
    is_container(&opened).then_some(Source::Container(opened))
}

#[cold]
fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::new(format!("cannot read: {error}")).of(name)
}

/// See [`Input::seekable`].
pub(crate) enum Seekable<'a> {
    File(&'a File, u64),
    Bytes(&'a [u8]),
    /// A stretch of another one, by its first byte and its length.
    Part(&'a Seekable<'a>, u64, u64),
    /// The instructions alone of what has raw arrays between them.
    Instructions(&'a Seekable<'a>, &'a Arrays),
}

impl Seekable<'_> {
    /// A reader of its own from a place on. Files have one place for all readers, so one reader is
    /// used at a time.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file, _) => {
                let mut file = *file;
                file.seek(io::SeekFrom::Start(offset))?;
                file.read_exact(buffer)
            }
            Self::Bytes(bytes) => {
                let from = usize::try_from(offset).ok();
                let piece = from.and_then(|from| bytes.get(from..)?.get(..buffer.len()));
                buffer.copy_from_slice(piece.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            Self::Part(whole, start, len) => {
                let end = offset.checked_add(buffer.len() as u64).filter(|end| end <= len);
                end.ok_or(io::ErrorKind::UnexpectedEof)?;
                whole.read_at(start + offset, buffer)
            }
            Self::Instructions(whole, arrays) => {
                let (mut offset, mut buffer) = (offset, buffer);
                while !buffer.is_empty() {
                    let (place, len) = arrays.stretch(offset);
                    let len = len.and_then(|len| usize::try_from(len).ok());
                    let len = len.unwrap_or(usize::MAX).min(buffer.len());
                    let (piece, rest) = buffer.split_at_mut(len);
                    whole.read_at(place, piece)?;
                    (offset, buffer) = (offset + len as u64, rest);
                }
                Ok(())
            }
        }
    }

    /// All of it, in memory.
    pub(crate) fn all(&self) -> io::Result<Cow<'_, [u8]>> {
        if let Self::Bytes(bytes) = self {
            return Ok(Cow::Borrowed(bytes));
        }
        let len = usize::try_from(self.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; len];
        self.read_at(0, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(_, len) | Self::Part(_, _, len) => *len,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Instructions(whole, arrays) => whole.len().saturating_sub(arrays.len()),
        }
    }

    /// The byte of the file that an offset stands for.
    pub(crate) fn place(&self, offset: u64) -> u64 {
        match self {
            Self::Instructions(_, arrays) => arrays.place(offset),
            _ => offset,
        }
    }
}
