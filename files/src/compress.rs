//! Compressed files: which format it is, and its bytes, as many as the limit allows.
//!
//! Every decoder is an `io::Read` here, and one loop takes from it what it gives: nothing is
//! allocated on a length that the file claims. A decoder whose feature is off is an error that
//! names the feature.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use serde_pickle::tools::NotPickle;

use crate::error::{Error, Result};

/// A format of compression.
///
/// ```
/// use serde_pickle_files::Compression;
/// use serde_pickle_files::joblib::WriteOptions;
///
/// let file = WriteOptions::new().compression(Compression::Gzip).to_vec(&7)?;
/// assert_eq!(serde_pickle_files::from_slice(&file)?.compression(), [Compression::Gzip]);
/// assert_eq!(Compression::Gzip.name(), "gzip");
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// zlib (RFC 1950).
    Zlib,
    /// gzip (RFC 1952).
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// LZMA without a container, as Python's `lzma.FORMAT_ALONE` writes it.
    Lzma,
    /// A frame of LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
    /// zlib behind the length in hexadecimal, as joblib 0.9 and older wrote it.
    JoblibZlib,
}

impl Compression {
    /// Says by which format the bytes are compressed that begin with `prefix`, if by one.
    pub(crate) fn of(prefix: &[u8], format: Option<NotPickle>) -> Option<Self> {
        Some(match format? {
            NotPickle::Zlib => Self::Zlib,
            NotPickle::Gzip => Self::Gzip,
            NotPickle::Bzip2 => Self::Bzip2,
            NotPickle::Xz => Self::Xz,
            NotPickle::Lzma => Self::Lzma,
            NotPickle::Lz4 => Self::Lz4,
            NotPickle::Zstd => Self::Zstd,
            NotPickle::Joblib if prefix.starts_with(b"ZF0x") => Self::JoblibZlib,
            _ => return None,
        })
    }

    /// Returns the format's name, as Python programs have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bz2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::JoblibZlib => "zlib of joblib",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Dictionary and window that a decoder may allocate because a header asks for it, in bytes.
/// `xz -9` asks for 64 MiB, `zstd --ultra -22` for 128 MiB.
#[cfg(any(feature = "xz", feature = "zstd"))]
const WINDOW: u64 = 128 << 20;

/// Everything that `input` decompresses to.
///
/// # Errors
/// `Limit` beyond `max` bytes; `Format` where the data is damaged or cut short.
pub(crate) fn decompress(
    compression: Compression,
    input: Box<dyn BufRead + '_>,
    max: u64,
) -> Result<Vec<u8>> {
    let decoder = decoder(compression, input)?;
    let mut bytes = Vec::new();
    read_up_to(decoder, max, &mut bytes).map_err(|error| match error {
        None => Error::limit(format!(
            "the {compression} data decompresses to more than {max} bytes; \
             OpenOptions::max_size raises the limit"
        )),
        Some(error) => broken(compression, error).at(bytes.len() as u64),
    })?;
    Ok(bytes)
}

/// Reads to the end; `None` for an error if that is beyond `max` bytes.
pub(crate) fn read_up_to(
    reader: impl Read,
    max: u64,
    bytes: &mut Vec<u8>,
) -> Result<(), Option<io::Error>> {
    reader.take(max.saturating_add(1)).read_to_end(bytes).map_err(Some)?;
    if bytes.len() as u64 > max { Err(None) } else { Ok(()) }
}

fn broken(compression: Compression, error: io::Error) -> Error {
    match error.kind() {
        // The file's own, not the data's.
        _ if error.raw_os_error().is_some() => Error::io(error),
        io::ErrorKind::UnexpectedEof => {
            Error::format(format!("the {compression} data is cut short"))
        }
        io::ErrorKind::OutOfMemory => Error::limit(format!(
            "the {compression} data asks for a dictionary of more than 128 MiB"
        )),
        _ => Error::format(format!("the {compression} data is damaged: {error}")),
    }
}

#[cfg_attr(
    not(all(
        feature = "gzip",
        feature = "bzip2",
        feature = "xz",
        feature = "lz4",
        feature = "zstd"
    )),
    allow(unused_variables, unused_mut)
)]
fn decoder<'a>(
    compression: Compression,
    mut input: Box<dyn BufRead + 'a>,
) -> Result<Box<dyn Read + 'a>> {
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Zlib => Ok(Box::new(flate2::bufread::ZlibDecoder::new(input))),
        #[cfg(feature = "gzip")]
        Compression::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(input))),
        #[cfg(feature = "gzip")]
        Compression::JoblibZlib => {
            skip_joblib_header(&mut input)?;
            Ok(Box::new(flate2::bufread::ZlibDecoder::new(input)))
        }
        #[cfg(feature = "bzip2")]
        Compression::Bzip2 => Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(input))),
        #[cfg(feature = "xz")]
        Compression::Xz => Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(
            input,
            true,
            (WINDOW / 1024) as u32 + 1024,
        ))),
        #[cfg(feature = "xz")]
        Compression::Lzma => {
            lzma_rust2::LzmaReader::new_mem_limit(input, (WINDOW / 1024) as u32 + 1024, None)
                .map(|decoder| Box::new(decoder) as Box<dyn Read + 'a>)
                .map_err(|error| broken(compression, error))
        }
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Ok(Box::new(lz4_flex::frame::FrameDecoder::new(input))),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Ok(Box::new(Zstd { input: Some(input), frame: None })),
        #[cfg(not(all(
            feature = "gzip",
            feature = "bzip2",
            feature = "xz",
            feature = "lz4",
            feature = "zstd"
        )))]
        other => Err(Error::unsupported(format!(
            "{other} data is read with the feature {} of serde_pickle_files",
            feature(other)
        ))),
    }
}

/// The feature of this crate by which a format is read and written.
fn feature(compression: Compression) -> &'static str {
    match compression {
        Compression::Zlib | Compression::Gzip | Compression::JoblibZlib => "gzip",
        Compression::Bzip2 => "bzip2",
        Compression::Xz | Compression::Lzma => "xz",
        Compression::Lz4 => "lz4",
        Compression::Zstd => "zstd",
    }
}

/// `ZF`, and the length in hexadecimal, filled up with spaces to 19 characters; with Python 2, 20,
/// the `L` of a long being one of them. Source: `read_zfile` in joblib's `numpy_pickle_compat.py`.
#[cfg(feature = "gzip")]
fn skip_joblib_header(input: &mut dyn BufRead) -> Result<()> {
    let mut header = [0; 21];
    input.read_exact(&mut header)?;
    if input.fill_buf()?.first() == Some(&b' ') {
        input.consume(1);
    }
    Ok(())
}

/// Frames of Zstandard one after another, those that are to be skipped among them.
#[cfg(feature = "zstd")]
struct Zstd<'a> {
    /// Between two frames.
    input: Option<Box<dyn BufRead + 'a>>,
    frame: Option<ZstdFrame<'a>>,
}

#[cfg(feature = "zstd")]
type ZstdFrame<'a> =
    ruzstd::decoding::StreamingDecoder<Box<dyn BufRead + 'a>, ruzstd::decoding::FrameDecoder>;

#[cfg(feature = "zstd")]
impl Read for Zstd<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::StreamingDecoder;

        loop {
            if let Some(frame) = &mut self.frame {
                let len = frame.read(out)?;
                if len > 0 || out.is_empty() {
                    return Ok(len);
                }
                self.input = self.frame.take().map(StreamingDecoder::into_inner);
            }
            let Some(mut input) = self.input.take() else { return Ok(0) };
            let start = input.fill_buf()?;
            if start.is_empty() {
                return Ok(0);
            }
            let mut magic = [0; 4];
            if start.len() >= 4 {
                magic.copy_from_slice(&start[..4]);
            }
            // A frame with the data of somebody else: its magic number has sixteen values.
            if magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18] {
                let mut header = [0; 8];
                input.read_exact(&mut header)?;
                let [_, _, _, _, len @ ..] = header;
                let len = u64::from(u32::from_le_bytes(len));
                if io::copy(&mut input.by_ref().take(len), &mut io::sink())? < len {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.input = Some(input);
                continue;
            }
            let frame = StreamingDecoder::new_with_max_window_size(input, WINDOW)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            self.frame = Some(frame);
        }
    }
}

/// Writes what is to be compressed.
pub(crate) type Fill<'f> = &'f mut dyn FnMut(&mut dyn Write) -> Result<()>;

/// Compresses what `fill` writes into `writer`.
///
/// # Errors
/// `Unsupported` for a format that joblib does not read, or whose feature is off.
pub(crate) fn compressed(
    compression: Compression,
    level: u32,
    writer: &mut dyn Write,
    fill: Fill<'_>,
) -> Result<()> {
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Zlib => {
            let encoder = flate2::write::ZlibEncoder::new(writer, flate2::Compression::new(level));
            filled(encoder, fill, |encoder| encoder.finish())
        }
        #[cfg(feature = "gzip")]
        Compression::Gzip => {
            let encoder = flate2::write::GzEncoder::new(writer, flate2::Compression::new(level));
            filled(encoder, fill, |encoder| encoder.finish())
        }
        #[cfg(feature = "bzip2")]
        Compression::Bzip2 => {
            let level = bzip2::Compression::new(level.max(1));
            let encoder = bzip2::write::BzEncoder::new(writer, level);
            filled(encoder, fill, |encoder| encoder.finish())
        }
        #[cfg(feature = "xz")]
        Compression::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(level);
            let encoder = lzma_rust2::XzWriter::new(writer, options)?;
            filled(encoder, fill, |encoder| encoder.finish())
        }
        #[cfg(feature = "xz")]
        Compression::Lzma => {
            let options = lzma_rust2::LzmaOptions::with_preset(level);
            let encoder = lzma_rust2::LzmaWriter::new_use_header(writer, &options, None)?;
            filled(encoder, fill, |encoder| encoder.finish())
        }
        #[cfg(feature = "lz4")]
        Compression::Lz4 => {
            let encoder = lz4_flex::frame::FrameEncoder::new(writer);
            filled(encoder, fill, |encoder| encoder.finish().map_err(io::Error::from))
        }
        other => {
            let _ = (level, writer, fill);
            Err(Error::unsupported(match other {
                Compression::Zstd | Compression::JoblibZlib => {
                    format!("files of joblib are not written as {other} data")
                }
                _ => format!(
                    "{other} data is written with the feature {} of serde_pickle_files",
                    feature(other)
                ),
            }))
        }
    }
}

/// Lets `fill` write into the encoder, and ends it.
#[cfg(any(feature = "gzip", feature = "bzip2", feature = "xz", feature = "lz4"))]
fn filled<E: Write, W: Write>(
    mut encoder: E,
    fill: Fill<'_>,
    finish: impl FnOnce(E) -> io::Result<W>,
) -> Result<()> {
    fill(&mut encoder)?;
    finish(encoder)?.flush()?;
    Ok(())
}
