//! Files that hold Python's pickles: compressed, in archives, by joblib, numpy and PyTorch.
//!
//! [`serde_pickle`] reads a pickle; this crate finds it. [`open`] looks at the first bytes of a
//! file, takes off compression, and says what is there:
//!
//! ```no_run
//! let file = serde_pickle_files::open("model.pkl.gz")?;
//! println!("{}, compressed by {:?}", file.kind(), file.compression());
//! for pickle in file.pickles() {
//!     let pickle = pickle?;
//!     let value: serde_pickle::Value = pickle.get()?;
//!     println!("{} at byte {}: {value}", pickle.member().unwrap_or("-"), pickle.offset());
//! }
//! # Ok::<(), serde_pickle_files::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | reads | its crate, in Rust alone |
//! |---|---|---|
//! | `gzip` | gzip, zlib, deflated members of zip archives | flate2 |
//! | `bzip2` | bzip2 | bzip2 with libbz2-rs-sys |
//! | `xz` | xz, LZMA | lzma-rust2 |
//! | `lz4` | frames of LZ4 | lz4_flex |
//! | `zstd` | Zstandard | ruzstd |
//! | `tar` | tar archives | tar |
//! | `ndarray` | tensors as arrays of ndarray | ndarray |
//! | `safetensors` | checkpoints as safetensors | safetensors |
//! | `mmap` | files that are mapped, with [`OpenOptions::map`] | memmap2 |
//!
//! All but the last three are on by default. Zip archives need no feature.
//!
//! # Untrusted files
//!
//! Nothing is executed, no member is written anywhere, and no file but the one that was named is
//! opened. Decompression ends with an error at [`OpenOptions::max_size`]; members of archives that
//! lie about their sizes or overlap are errors, which name the member and the byte. What is in the
//! pickles is bounded by the limits of [`serde_pickle::DeOptions`].
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod archive;

mod compress;
mod error;
pub mod joblib;
mod kind;
mod literal;
#[cfg(feature = "mmap")]
mod map;
mod npy;
mod opened;
mod options;
mod pickles;
mod source;
pub mod torch;
mod zip;

use std::io::Read;
use std::path::Path;

pub use archive::Member;
pub use compress::Compression;
pub use error::{Error, ErrorKind, Result};
pub use kind::Kind;
pub use opened::Opened;
pub use options::OpenOptions;
pub use pickles::{Pickle, Pickles};

/// Opens a file: takes off its compression, and says what it is.
///
/// Of an archive, and of a file by `torch.save`, the list of what is in it is read, and each part
/// when it is asked for: the file must not be changed while it is open. Any other file is read into
/// memory; [`OpenOptions::map`] maps it instead.
///
/// A file of any other format is no error here: [`Opened::kind`] says what it looks like.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/foreign/npz.bin");
/// let file = serde_pickle_files::open(path)?;
/// assert_eq!(file.kind(), serde_pickle_files::Kind::Npz);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// # Errors
/// `Io` where it cannot be read; `Format` where compressed data or an archive is damaged; `Limit`
/// where it decompresses to more than [`OpenOptions::max_size`]; `Unsupported` where the feature
/// for the format is off.
pub fn open(path: impl AsRef<Path>) -> Result<Opened<'static>> {
    OpenOptions::new().open(path)
}

/// Opens a file that is in memory, and borrows from it where it is not compressed.
///
/// ```
/// assert_eq!(serde_pickle_files::from_slice(b"K\x07.")?.get::<u8>()?, 7);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// # Errors
/// As [`open`].
pub fn from_slice(bytes: &[u8]) -> Result<Opened<'_>> {
    OpenOptions::new().from_slice(bytes)
}

/// Opens what a reader gives to its end.
///
/// ```
/// assert_eq!(serde_pickle_files::from_reader(&b"K\x07."[..])?.get::<u8>()?, 7);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// # Errors
/// As [`open`].
pub fn from_reader<R: Read>(reader: R) -> Result<Opened<'static>> {
    OpenOptions::new().from_reader(reader)
}

/// The code of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doc)]
pub mod guide {
    #![doc = "[README]: self::super\n\n"]
    #![doc = include_str!("../docs/FILES.md")]
}
