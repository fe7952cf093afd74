//! The error of this crate: a sentence, the member of the archive it is about, and the byte.

use std::fmt;
use std::io;

/// The result of this crate's functions.
///
/// ```
/// fn number(file: &[u8]) -> serde_pickle_files::Result<u8> {
///     serde_pickle_files::from_slice(file)?.get()
/// }
///
/// assert_eq!(number(b"K\x07.")?, 7);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of reading or writing a file.
///
/// Printed, it is one line: the place first where there is one, then the fault.
///
/// ```
/// use serde_pickle_files::{ErrorKind, open};
///
/// let error = open("no such file").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Io);
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    member: Option<String>,
    offset: Option<u64>,
    source: Option<Source>,
}

#[derive(Debug)]
enum Source {
    Io(io::Error),
    Pickle(serde_pickle::Error),
}

/// The kinds of [`Error`].
///
/// ```
/// use serde_pickle_files::ErrorKind;
///
/// let error = serde_pickle_files::open("no such file").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Io);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file system, or a reader.
    Io,
    /// The container or the compressed data is damaged, or contradicts itself.
    Format,
    /// More than an option allows.
    Limit,
    /// A format, a method or a type that is not read here, or whose feature is off.
    Unsupported,
    /// The pickle inside: [`Error::pickle`] has its error.
    Pickle,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { kind, message, member: None, offset: None, source: None }))
    }

    pub(crate) fn format(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Format, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    pub(crate) fn io(error: io::Error) -> Self {
        let mut this = Self::new(ErrorKind::Io, error.to_string());
        this.0.source = Some(Source::Io(error));
        this
    }

    /// The error at byte `offset` of the file, or of the member that [`within`](Self::within)
    /// names. The first place counts.
    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// The error in the member `name`; from the inside to the outside.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.0.member = Some(match self.0.member.take() {
            Some(inner) => format!("{}/{inner}", quoted(name)),
            None => quoted(name),
        });
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the member of the archive that the error is about, its name escaped.
    ///
    /// ```
    /// let file = serde_pickle_files::from_slice(b"K\x01.")?;
    /// let error = file.get::<String>().unwrap_err();
    /// assert_eq!((error.member(), error.offset()), (None, Some(0)));
    /// assert_eq!(error.pickle().unwrap().kind(), serde_pickle::ErrorKind::Data);
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    pub fn member(&self) -> Option<&str> {
        self.0.member.as_deref()
    }

    /// Returns the byte at which the fault was found: of the decompressed file, or of the member;
    /// of the archive where that is wrong about the member.
    pub fn offset(&self) -> Option<u64> {
        match &self.0.source {
            Some(Source::Pickle(error)) => {
                Some(self.0.offset.unwrap_or(0) + error.offset().unwrap_or(0))
            }
            _ => self.0.offset,
        }
    }

    /// Returns the error of the pickle, where the kind is [`ErrorKind::Pickle`].
    ///
    /// Its offset counts from the first byte of the pickle.
    pub fn pickle(&self) -> Option<&serde_pickle::Error> {
        match &self.0.source {
            Some(Source::Pickle(error)) => Some(error),
            _ => None,
        }
    }
}

/// A name for people, without the characters that a terminal would act on, and cut.
fn quoted(name: &str) -> String {
    let mut text: String = name.chars().take(100).flat_map(char::escape_debug).collect();
    if text.len() < name.len() && name.chars().count() > 100 {
        text.push('…');
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.0.member {
            write!(f, "in {member}: ")?;
        }
        f.write_str(&self.0.message)?;
        match (self.0.offset, &self.0.source) {
            (Some(0) | None, Some(Source::Pickle(_))) | (None, _) => Ok(()),
            (Some(offset), Some(Source::Pickle(_))) => {
                write!(f, " of the pickle that begins at byte {offset}")
            }
            (Some(offset), _) => write!(f, ", at byte {offset}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(Source::Io(error)) => Some(error),
            Some(Source::Pickle(error)) => Some(error),
            None => None,
        }
    }
}

impl From<serde_pickle::Error> for Error {
    fn from(error: serde_pickle::Error) -> Self {
        let mut this = Self::new(ErrorKind::Pickle, error.to_string());
        this.0.source = Some(Source::Pickle(error));
        this
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::io(error)
    }
}
