//! [`Path`], the paths of Python's `pathlib`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result};
use crate::stdlib::path::{normal_posix, normal_windows};

/// Which of the classes of `pathlib` a [`Path`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathKind {
    /// `pathlib.PurePosixPath`.
    PurePosix,
    /// `pathlib.PosixPath`, which is what `pathlib.Path` is on Unix. Python refuses to make one on
    /// Windows.
    Posix,
    /// `pathlib.PureWindowsPath`.
    PureWindows,
    /// `pathlib.WindowsPath`, which is what `pathlib.Path` is on Windows. Python refuses to make
    /// one elsewhere.
    Windows,
}

/// A path of Python's `pathlib`, as its text.
///
/// The text is what Python's `str` gives: without needless separators and dots, `\` between the
/// names of a Windows path. For a plain `PathBuf` see
/// [`python::path_buf`](crate::python::path_buf); the formats that have text alone read a path as a
/// pure one of Posix.
///
/// ```
/// use serde_pickle::python::{Path, PathKind};
///
/// let path = Path::new(PathKind::PurePosix, "/srv//data/./a.txt");
/// assert_eq!(path.as_str(), "/srv/data/a.txt");
/// let bytes = serde_pickle::to_vec(&path)?; // pathlib.PurePosixPath('/srv/data/a.txt')
/// assert_eq!(serde_pickle::from_slice::<Path>(&bytes)?, path);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Python 3.13 names the classes in `pathlib._local`, all others in `pathlib`; both are read, the
/// latter is written, which every Python from 3.4 on reads.
///
/// Source: `PurePath.__reduce__` in Python's `Lib/pathlib`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    kind: PathKind,
    text: String,
}

impl Path {
    /// A path.
    pub fn new(kind: PathKind, text: &str) -> Self {
        let text = match kind {
            PathKind::PurePosix | PathKind::Posix => normal_posix(text),
            PathKind::PureWindows | PathKind::Windows => normal_windows(text),
        };
        Self { kind, text }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its class.
    pub fn kind(&self) -> PathKind {
        self.kind
    }
}

impl AsRef<std::path::Path> for Path {
    fn as_ref(&self) -> &std::path::Path {
        self.text.as_ref()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Path {
    type Err = Error;

    /// A [`PathKind::PurePosix`].
    ///
    /// # Errors
    /// None: any text is a path.
    fn from_str(text: &str) -> Result<Self> {
        Ok(Self::new(PathKind::PurePosix, text))
    }
}

impl TextObject for Path {
    const CLASS: &'static str = "pathlib.Path";

    fn is_class(module: &str, qualname: &str) -> bool {
        matches!(module, "pathlib" | "pathlib._local")
            && matches!(qualname, "PurePosixPath" | "PosixPath" | "PureWindowsPath" | "WindowsPath")
    }

    fn of_object(qualname: &str, text: &str) -> Result<Self> {
        let kind = match qualname {
            "PosixPath" => PathKind::Posix,
            "PureWindowsPath" => PathKind::PureWindows,
            "WindowsPath" => PathKind::Windows,
            _ => PathKind::PurePosix,
        };
        Ok(Self { kind, text: text.to_owned() })
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:pathlib:PurePosixPath")]
        struct PurePosix<'a>(&'a str);

        #[derive(Serialize)]
        #[serde(rename = "py:pathlib:PosixPath")]
        struct Posix<'a>(&'a str);

        #[derive(Serialize)]
        #[serde(rename = "py:pathlib:PureWindowsPath")]
        struct PureWindows<'a>(&'a str);

        #[derive(Serialize)]
        #[serde(rename = "py:pathlib:WindowsPath")]
        struct Windows<'a>(&'a str);

        match self.kind {
            PathKind::PurePosix => PurePosix(&self.text).serialize(serializer),
            PathKind::Posix => Posix(&self.text).serialize(serializer),
            PathKind::PureWindows => PureWindows(&self.text).serialize(serializer),
            PathKind::Windows => Windows(&self.text).serialize(serializer),
        }
    }
}

objects!(Path);
