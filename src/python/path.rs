//! [`Path`], the paths of Python's `pathlib`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result};
use crate::escape::OneLine;
use crate::stdlib::path::{normal_posix, normal_windows};

/// The class of `pathlib` of a [`Path`].
///
/// ```
/// use serde_pickle::python::{Path, PathKind};
///
/// assert_eq!(Path::new(PathKind::Windows, "C:/a/b").as_str(), r"C:\a\b");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
/// [`python::path_buf`](crate::python::path_buf); other formats have only the text, which is read
/// as a pure Posix path.
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
/// Order is that of the names along the path, as in Python: the content of a directory comes right
/// after it. Equal paths go by their class. Unlike in Python, the case of Windows paths counts.
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
    ///
    /// ```
    /// use serde_pickle::python::{Path, PathKind};
    ///
    /// assert_eq!(Path::new(PathKind::Posix, "/a").kind(), PathKind::Posix);
    /// ```
    pub fn kind(&self) -> PathKind {
        self.kind
    }

    fn names(&self) -> std::str::Split<'_, char> {
        self.text.split(match self.kind {
            PathKind::PurePosix | PathKind::Posix => '/',
            PathKind::PureWindows | PathKind::Windows => '\\',
        })
    }
}

impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_names = self.names().cmp(other.names());
        by_names.then_with(|| (self.kind, &self.text).cmp(&(other.kind, &other.text)))
    }
}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl AsRef<std::path::Path> for Path {
    fn as_ref(&self) -> &std::path::Path {
        self.text.as_ref()
    }
}

impl fmt::Display for Path {
    /// The path on one line, for people; [`as_str`](Self::as_str) has the exact text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OneLine(&self.text).fmt(f)
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

    // `Display` escapes.
    fn write_text<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

objects!(Path);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_directory_comes_right_after_it() {
        let mut paths =
            ["/a.b", "/a/b", "/a", "b", "/a b"].map(|text| Path::new(PathKind::Posix, text));
        paths.sort();
        assert_eq!(paths.each_ref().map(Path::as_str), ["/a", "/a/b", "/a b", "/a.b", "b"]);
        let windows =
            [r"C:\a", r"C:\a\b", r"C:\a.b"].map(|text| Path::new(PathKind::Windows, text));
        assert!(windows.is_sorted());
        assert!(Path::new(PathKind::PurePosix, "a") < Path::new(PathKind::Posix, "a"));
    }
}
