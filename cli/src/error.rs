//! Errors of the program, and its exit statuses.

use std::fmt;
use std::io;

/// The exit status where everything is as it should be.
pub(crate) const OK: u8 = 0;
/// That of a negative answer: files differ, an audit found something, there is no such path.
pub(crate) const NO: u8 = 1;
/// That of an error: bad arguments, a file that cannot be read, an audit that is incomplete.
pub(crate) const FAILED: u8 = 2;

/// An error as one line, and the exit status.
#[derive(Debug)]
pub(crate) struct Error {
    text: String,
    pub(crate) status: u8,
    /// True if the reader of the output is gone, which is nobody's fault.
    pub(crate) quiet: bool,
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), status: FAILED, quiet: false }
    }

    /// A negative answer.
    pub(crate) fn no(text: impl Into<String>) -> Self {
        Self { status: NO, ..Self::new(text) }
    }

    /// Puts a name in front: that of the file.
    pub(crate) fn of(mut self, name: &str) -> Self {
        if !self.quiet {
            self.text = format!("{}: {}", serde_pickle::tools::one_line(name), self.text);
        }
        self
    }

    /// The error of writing to the standard output or a file.
    pub(crate) fn writing(error: &io::Error) -> Self {
        Self {
            quiet: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::new(format!("cannot write: {error}"))
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<serde_pickle::Error> for Error {
    fn from(error: serde_pickle::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<serde_pickle_files::Error> for Error {
    fn from(error: serde_pickle_files::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Puts the name of a file before an error.
pub(crate) trait Named<T> {
    fn of(self, name: &str) -> Result<T>;
}

impl<T, E: Into<Error>> Named<T> for Result<T, E> {
    fn of(self, name: &str) -> Result<T> {
        self.map_err(|error| error.into().of(name))
    }
}
