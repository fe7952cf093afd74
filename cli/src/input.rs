//! Files and pipes, and the pickles in them.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;

use clap::{Args, ValueEnum};
use serde_pickle::tools::{PREFIX, recognize};
use serde_pickle::{DeOptions, Deserializer, Encoding, Graph, Scanner};
use serde_pickle_files::{Kind, Opened};

use crate::error::{Error, Named, Result};
use crate::output::{Progress, progress};

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
        if recognize(&prefix).is_some() {
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
        if recognize(&bytes).is_some() {
            stdin.read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
            return Self::of_bytes(name, bytes);
        }
        Ok(Self { name, source: Source::Pipe(bytes) })
    }

    fn of_bytes(name: String, bytes: Vec<u8>) -> Result<Self> {
        if recognize(bytes.get(..PREFIX).unwrap_or(&bytes)).is_some() {
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

    /// The number of bytes, if that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match &self.source {
            Source::File { len, .. } => Some(*len),
            Source::Pipe(_) => None,
            Source::Bytes(bytes) => Some(bytes.len() as u64),
            Source::Container(opened) => Some(opened.bytes().len() as u64),
        }
    }

    /// All of it, in memory; of a container, each of its pickles.
    pub(crate) fn sections(&mut self) -> Result<Vec<Section>> {
        if let Source::Container(opened) = &self.source {
            let mut sections = Vec::new();
            for pickle in opened.pickles() {
                let pickle = pickle.of(&self.name)?;
                let number = pickle.number();
                let member = match (pickle.member(), number) {
                    (None, 0) => None,
                    (None, number) => Some(format!("pickle {}", number + 1)),
                    (Some(member), 0) => Some(member.to_owned()),
                    (Some(member), number) => Some(format!("{member}, pickle {}", number + 1)),
                };
                sections.push(Section { member, bytes: pickle.bytes().to_vec() });
            }
            if sections.is_empty() {
                let kind = opened.kind();
                return Err(Error::new(format!("holds no pickle: {kind}")).of(&self.name));
            }
            return Ok(sections);
        }
        let mut bytes = Vec::new();
        let name = self.name.clone();
        self.reader()?.read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
        Ok(vec![Section { member: None, bytes }])
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
            return Ok(Box::new(io::Cursor::new(opened.bytes().to_vec())));
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

    /// The pickles one after another, each as a graph; see [`Pickles`].
    pub(crate) fn pickles(&mut self, options: &DeOptions<'static>) -> Result<Pickles> {
        let name = self.name.clone();
        let mut all = Pickles { graphs: Vec::new(), behind: Vec::new(), fault: None };
        for section in self.sections()? {
            let of = match &section.member {
                Some(member) => format!("{name}, {member}"),
                None => name.clone(),
            };
            let found = pickles(&section.bytes, options).of(&of)?;
            all.graphs
                .extend(found.graphs.into_iter().map(|(graph, _)| (graph, section.member.clone())));
            (all.behind, all.fault) = (found.behind, found.fault);
        }
        Ok(all)
    }
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

    /// All of it, in memory.
    pub(crate) fn all(&self) -> io::Result<Vec<u8>> {
        let len = usize::try_from(self.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; len];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
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
    /// A graph for each pickle; or one for all, where they share a memo. Each with the member of
    /// the container that it is in.
    pub(crate) graphs: Vec<(Graph<'static>, Option<String>)>,
    /// Bytes behind the last pickle that are none.
    pub(crate) behind: Vec<u8>,
    /// Why those are no pickle.
    pub(crate) fault: Option<serde_pickle::Error>,
}

impl Pickles {
    /// The only pickle of a file.
    pub(crate) fn only(mut self, name: &str, command: &str) -> Result<(Graph<'static>, Vec<u8>)> {
        match (self.graphs.pop(), self.graphs.len()) {
            (Some((graph, _)), 0) if graph.roots().nth(1).is_none() => Ok((graph, self.behind)),
            _ => {
                Err(Error::new(format!("holds several pickles, and `{command}` takes one"))
                    .of(name))
            }
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
            // Something that an earlier dump of the same Pickler stored.
            Err(error) if !graphs.is_empty() && error.to_string().contains("keep_memo") => {
                let stream = Deserializer::from_reader(bytes)
                    .keep_memo(true)
                    .with_options(options.clone())
                    .into_graph();
                return match stream {
                    Ok(graph) => {
                        Ok(Pickles { graphs: vec![(graph, None)], behind: Vec::new(), fault: None })
                    }
                    Err(error) => Ok(Pickles { graphs, behind: rest.to_vec(), fault: Some(error) }),
                };
            }
            Err(error) if graphs.is_empty() => return Err(error),
            Err(error) => return Ok(Pickles { graphs, behind: rest.to_vec(), fault: Some(error) }),
        };
        let mut scanner = Scanner::new();
        let len = scanner.push(rest).ok().flatten().unwrap_or(rest.len());
        graphs.push((graph, None));
        at += len.max(1);
        if at >= bytes.len() {
            return Ok(Pickles { graphs, behind: Vec::new(), fault: None });
        }
    }
}
