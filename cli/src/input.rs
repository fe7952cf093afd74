//! Files and pipes, and the pickles in them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use clap::{Args, ValueEnum};
use serde_pickle::{DeOptions, Deserializer, Encoding, Graph, Scanner};

use crate::error::{Error, Named, Result};
use crate::output::{Progress, progress};

/// How pickles are read; the same for all commands.
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
    /// The container that the pickle is in, in words.
    pub(crate) container: Option<String>,
}

enum Source {
    File { file: File, len: u64 },
    Pipe,
    Bytes(Vec<u8>),
}

impl Input {
    /// Opens a file, or the standard input for `-`.
    pub(crate) fn open(name: &str) -> Result<Self> {
        if name == "-" {
            return Ok(Self {
                name: "standard input".to_owned(),
                source: Source::Pipe,
                container: None,
            });
        }
        let path = Path::new(name);
        let opened = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            Ok((file, metadata))
        });
        let (file, metadata) =
            opened.map_err(|error| Error::new(format!("cannot open: {error}")).of(name))?;
        if metadata.is_dir() {
            return Err(Error::new("is a folder, and not a file").of(name));
        }
        let source = if metadata.is_file() {
            Source::File { file, len: metadata.len() }
        } else {
            let mut bytes = Vec::new();
            let mut file = file;
            file.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
            Source::Bytes(bytes)
        };
        Ok(Self { name: name.to_owned(), source, container: None })
    }

    /// The number of bytes, if that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match &self.source {
            Source::File { len, .. } => Some(*len),
            Source::Pipe => None,
            Source::Bytes(bytes) => Some(bytes.len() as u64),
        }
    }

    /// All of it.
    pub(crate) fn bytes(&mut self) -> Result<&[u8]> {
        if !matches!(self.source, Source::Bytes(_)) {
            let mut bytes = Vec::new();
            let name = self.name.clone();
            self.reader()?
                .read_to_end(&mut bytes)
                .map_err(|error| unreadable(&name, &error))?;
            self.source = Source::Bytes(bytes);
        }
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes),
            _ => Ok(&[]),
        }
    }

    /// A reader from its start. Of a pipe there is one.
    pub(crate) fn reader(&mut self) -> Result<Progress<Box<dyn Read + '_>>> {
        let len = self.len();
        let reader: Box<dyn Read> = match &mut self.source {
            Source::File { file, .. } => {
                file.rewind().map_err(|error| unreadable(&self.name, &error))?;
                Box::new(file)
            }
            Source::Pipe => Box::new(io::stdin().lock()),
            Source::Bytes(bytes) => Box::new(bytes.as_slice()),
        };
        Ok(progress(reader, len))
    }

    /// What can be read at any place: the file, or a copy of what a pipe brings.
    pub(crate) fn seekable(&mut self) -> Result<Seekable<'_>> {
        if matches!(self.source, Source::Pipe) {
            let mut copy = tempfile::tempfile()
                .map_err(|error| Error::new(format!("cannot make a temporary file: {error}")))?;
            let len = io::copy(&mut io::stdin().lock(), &mut copy)
                .map_err(|error| unreadable(&self.name, &error))?;
            self.source = Source::File { file: copy, len };
        }
        match &mut self.source {
            Source::File { file, len } => {
                file.rewind().map_err(|error| unreadable(&self.name, &error))?;
                Ok(Seekable::File(file, *len))
            }
            Source::Bytes(bytes) => Ok(Seekable::Bytes(bytes)),
            Source::Pipe => Err(Error::new("cannot be read twice").of(&self.name)),
        }
    }

    /// The pickles one after another, each as a graph; see [`Pickles`].
    pub(crate) fn pickles(&mut self, options: &DeOptions<'static>) -> Result<Pickles> {
        let name = self.name.clone();
        let bytes = self.bytes()?;
        pickles(bytes, options).of(&name)
    }
}

#[cold]
fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::new(format!("cannot read: {error}")).of(name)
}

/// See [`Input::seekable`].
pub(crate) enum Seekable<'a> {
    File(&'a File, u64),
    Bytes(&'a [u8]),
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
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(_, len) => *len,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// The pickles of a file.
pub(crate) struct Pickles {
    /// A graph for each pickle; or one for all, where they share a memo.
    pub(crate) graphs: Vec<Graph<'static>>,
    /// Bytes behind the last pickle that are none.
    pub(crate) behind: Vec<u8>,
    /// Why those are no pickle.
    pub(crate) fault: Option<serde_pickle::Error>,
}

impl Pickles {
    /// The only pickle of a file.
    pub(crate) fn only(mut self, name: &str, command: &str) -> Result<(Graph<'static>, Vec<u8>)> {
        match (self.graphs.pop(), self.graphs.len()) {
            (Some(graph), 0) if graph.roots().nth(1).is_none() => Ok((graph, self.behind)),
            _ => Err(Error::new(format!("holds several pickles, and `{command}` takes one")).of(name)),
        }
    }
}

/// Reads pickle after pickle, as far as there are some.
///
/// # Errors
/// That of the first one.
fn pickles(bytes: &[u8], options: &DeOptions<'static>) -> Result<Pickles, serde_pickle::Error> {
    let (mut graphs, mut at) = (Vec::new(), 0);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let mut reader = rest;
        let graph = match options.graph_from_reader(&mut reader) {
            Ok(graph) => graph,
            // What an earlier dump of the same Pickler stored.
            Err(error) if !graphs.is_empty() && error.to_string().contains("keep_memo") => {
                let stream = Deserializer::from_reader(Cow::Borrowed(bytes).as_ref())
                    .keep_memo(true)
                    .with_options(options.clone())
                    .into_graph();
                return match stream {
                    Ok(graph) => {
                        Ok(Pickles { graphs: vec![graph], behind: Vec::new(), fault: None })
                    }
                    Err(error) => {
                        Ok(Pickles { graphs, behind: rest.to_vec(), fault: Some(error) })
                    }
                };
            }
            Err(error) if graphs.is_empty() => return Err(error),
            Err(error) => return Ok(Pickles { graphs, behind: rest.to_vec(), fault: Some(error) }),
        };
        let mut scanner = Scanner::new();
        let len = scanner.push(rest).ok().flatten().unwrap_or(rest.len());
        graphs.push(graph);
        at += len.max(1);
        if at >= bytes.len() {
            return Ok(Pickles { graphs, behind: Vec::new(), fault: None });
        }
    }
}
