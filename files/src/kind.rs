//! The kinds of files, told by the core's table and a look at their structure.

use std::fmt;

use serde_pickle::Scanner;
use serde_pickle::tools::{NotPickle, PREFIX, recognize};

use crate::error::Result;
use crate::source::Source;
use crate::zip;

/// The kind of a file, once it is decompressed.
///
/// ```
/// use serde_pickle_files::{Kind, from_slice};
///
/// let kind = from_slice(b"K\x07.")?.kind();
/// assert_eq!((kind, kind.is_archive(), kind.is_torch()), (Kind::Pickle, false, false));
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A pickle, or several in a row.
    Pickle,
    /// A pickle by joblib, with raw arrays between its instructions.
    Joblib,
    /// A zip archive by `torch.save`.
    Torch,
    /// A file by `torch.save` before PyTorch 1.6: five pickles, and raw storages.
    TorchLegacy,
    /// A tar archive by `torch.save` before PyTorch 0.1.2.
    TorchTar,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// An array by `numpy.save`; where its elements are objects, they are a pickle.
    Npy,
    /// Arrays by `numpy.savez`.
    Npz,
    /// Another format, or an unknown one.
    Other(Option<NotPickle>),
}

impl Kind {
    /// Returns true if the file has [members](crate::Opened::members).
    pub fn is_archive(self) -> bool {
        matches!(self, Self::Torch | Self::TorchTar | Self::Zip | Self::Tar | Self::Npz)
    }

    /// Returns true if `torch.save` wrote the file.
    pub fn is_torch(self) -> bool {
        matches!(self, Self::Torch | Self::TorchLegacy | Self::TorchTar)
    }

    /// The kind of a container whose parts are read one by one, so that it can stay on the disk;
    /// an archive by its first bytes, without a look at its members.
    pub(crate) fn of_container(source: &Source<'_>) -> Result<Option<Self>> {
        let prefix = source.prefix(PREFIX)?;
        let zip = |kind| Ok(zip::is_zip(source)?.then_some(kind));
        match recognize(&prefix) {
            Some(NotPickle::TorchZip) => zip(Self::Torch),
            Some(NotPickle::Npz) => zip(Self::Npz),
            Some(NotPickle::Zip | NotPickle::Keras) => zip(Self::Zip),
            Some(NotPickle::Tar) => Ok(Some(Self::Tar)),
            Some(NotPickle::Npy | NotPickle::Joblib) => Ok(None),
            _ => Ok(is_torch_legacy(&prefix).then_some(Self::TorchLegacy)),
        }
    }

    /// The kind of a file in memory that is no container.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let format = recognize(bytes.get(..PREFIX).unwrap_or(bytes));
        match format {
            Some(NotPickle::Npy) => Self::Npy,
            Some(NotPickle::Joblib) => Self::Joblib,
            // Text of protocol 0 may begin as another format does: a pickle that is there as a
            // whole is one.
            other if begins_with_pickle(bytes) => match other {
                Some(NotPickle::Empty | NotPickle::Zeros) => Self::Other(other),
                _ => Self::Pickle,
            },
            None if names_joblib(bytes) => Self::Joblib,
            // Damaged, or of a later protocol: its error is that of the pickle.
            None if bytes.first() == Some(&0x80) => Self::Pickle,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pickle => "a pickle",
            Self::Joblib => "a file of joblib",
            Self::Torch => "a zip archive of torch.save",
            Self::TorchLegacy => "a legacy file of torch.save",
            Self::TorchTar => "a tar archive of torch.save",
            Self::Zip => "a zip archive",
            Self::Tar => "a tar archive",
            Self::Npy => "an .npy array of numpy",
            Self::Npz => "an .npz archive of numpy",
            Self::Other(Some(format)) => format.name(),
            Self::Other(None) => "an unknown format",
        })
    }
}

/// LONG1 and STOP of `MAGIC_NUMBER` in `torch/serialization.py`, 0x1950a86a20f9469cfc6c.
const TORCH_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// The same by protocols 0 and 1.
const TORCH_MAGIC_TEXT: &[u8] = b"L119547037146038801333356L\n.";

/// Returns true for the first bytes of a legacy file by `torch.save`, which has a pickle protocol
/// of its caller's choice: from 4 on there is a frame around the number.
fn is_torch_legacy(prefix: &[u8]) -> bool {
    match prefix {
        [0x80, _, 0x95, rest @ ..] => rest.get(8..).is_some_and(|it| it.starts_with(TORCH_MAGIC)),
        [0x80, _, rest @ ..] => rest.starts_with(TORCH_MAGIC),
        text => text.starts_with(TORCH_MAGIC_TEXT),
    }
}

/// Returns true if a whole pickle is at the start, as far as the lengths of instructions tell.
pub(crate) fn begins_with_pickle(bytes: &[u8]) -> bool {
    matches!(Scanner::new().push(bytes), Ok(Some(_)))
}

/// Returns true if the pickle names joblib's stand-in for an array, however late.
pub(crate) fn names_joblib(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x80)
        && memchr::memmem::find(bytes, b"joblib.numpy_pickle").is_some_and(|at| {
            let rest = bytes.get(at..).unwrap_or_default();
            memchr::memmem::find(rest, b"NumpyArrayWrapper").is_some()
        })
}
