//! The members of an archive: where they lie, and their bytes.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, Result};
use crate::source::Source;
use crate::zip;

/// A member of an archive, as it is listed.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/foreign/npz.bin");
/// let archive = serde_pickle_files::open(path)?;
/// let member = &archive.members()[0];
/// assert_eq!(archive.member(member.name()).map(|it| it.size()), Some(member.size()));
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Member {
    name: String,
    size: u64,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Zip(Box<zip::Entry>),
    /// As it is, from this byte of the archive on.
    #[cfg(feature = "tar")]
    Plain(u64),
}

impl Member {
    /// Returns the name, with `/` between folders. It may climb (`../x`) or be absolute: it is a
    /// name and no path to write to.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the size that the archive says, in bytes, decompressed.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where its bytes lie in the archive, if they lie there as they are.
    pub(crate) fn stored_at(&self) -> Option<Range<u64>> {
        let start = match &self.place {
            Place::Zip(entry) if entry.method == zip::STORED && !entry.encrypted => entry.start,
            Place::Zip(_) => return None,
            #[cfg(feature = "tar")]
            Place::Plain(start) => *start,
        };
        // The extent was compared with the archive when it was listed.
        Some(start..start + self.size)
    }

    /// Its bytes, borrowed where they are stored in memory, with their checksum compared.
    pub(crate) fn read<'a>(&self, archive: &'a Source<'_>) -> Result<Cow<'a, [u8]>> {
        let bytes = match &self.place {
            Place::Zip(entry) => read_zip(archive, entry),
            #[cfg(feature = "tar")]
            Place::Plain(start) => archive.read(*start..*start + self.size),
        };
        bytes.map_err(|error| error.within(&self.name))
    }
}

/// The members of a zip archive that come to at most `max` bytes.
pub(crate) fn zip_members(archive: &Source<'_>, max: u64) -> Result<Vec<Member>> {
    let entries = zip::entries(archive, max)?;
    let members = entries.into_iter().filter(|entry| !entry.name.ends_with('/'));
    Ok(members
        .map(|entry| Member {
            name: entry.name.clone(),
            size: entry.size,
            place: Place::Zip(Box::new(entry)),
        })
        .collect())
}

fn read_zip<'a>(archive: &'a Source<'_>, entry: &zip::Entry) -> Result<Cow<'a, [u8]>> {
    if entry.encrypted {
        return Err(Error::unsupported("the member is encrypted").at(entry.start));
    }
    let bytes = match entry.method {
        zip::STORED => archive.read(entry.packed())?,
        zip::DEFLATED => inflate(archive, entry)?,
        method => {
            return Err(Error::unsupported(format!(
                "the member is compressed by method {method} of zip; 0 and 8 are read"
            ))
            .at(entry.start));
        }
    };
    check_crc(&bytes, entry)?;
    Ok(bytes)
}

#[cfg(feature = "gzip")]
fn inflate(archive: &Source<'_>, entry: &zip::Entry) -> Result<Cow<'static, [u8]>> {
    use std::io::BufReader;

    use crate::compress::read_up_to;

    let mut bytes = Vec::new();
    let packed = BufReader::with_capacity(64 << 10, archive.reader(entry.packed()));
    let read = read_up_to(flate2::bufread::DeflateDecoder::new(packed), entry.size, &mut bytes);
    match read {
        Ok(()) if bytes.len() as u64 == entry.size => Ok(Cow::Owned(bytes)),
        Ok(()) => Err(Error::format(format!(
            "the member decompresses to {} bytes, and the archive says {}",
            bytes.len(),
            entry.size
        ))),
        Err(None) => Err(Error::format(format!(
            "the member decompresses to more than the {} bytes that the archive says",
            entry.size
        ))),
        Err(Some(error)) => Err(Error::format(format!("the deflated data is damaged: {error}"))),
    }
    .map_err(|error| error.at(entry.start))
}

#[cfg(not(feature = "gzip"))]
fn inflate(_: &Source<'_>, entry: &zip::Entry) -> Result<Cow<'static, [u8]>> {
    Err(Error::unsupported("deflated members are read with the feature gzip of serde_pickle_files")
        .at(entry.start))
}

fn check_crc(bytes: &[u8], entry: &zip::Entry) -> Result<()> {
    // PyTorch leaves it out after `torch.serialization.set_crc32_options(False)`.
    if entry.crc == 0 || crc32fast::hash(bytes) == entry.crc {
        return Ok(());
    }
    Err(Error::format("the member's checksum is another than the archive says").at(entry.start))
}

/// The regular files of a tar archive. The last of two with one name counts for those who look by
/// name.
#[cfg(feature = "tar")]
pub(crate) fn tar_members(archive: &Source<'_>) -> Result<Vec<Member>> {
    let damaged =
        |error: std::io::Error| Error::format(format!("the tar archive is damaged: {error}"));
    let mut reader = tar::Archive::new(archive.reader(0..archive.len()));
    let mut members = Vec::new();
    for entry in reader.entries_with_seek().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let (start, size) = (entry.raw_file_position(), entry.size());
        match entry.header().entry_type() {
            kind if kind.is_file() || kind.is_contiguous() => {}
            kind if kind.is_gnu_sparse() => {
                return Err(Error::unsupported("the member is sparse").at(start).within(&name));
            }
            _ => continue,
        }
        if start.checked_add(size).is_none_or(|end| end > archive.len()) {
            return Err(Error::format(format!("the member of {size} bytes is cut short"))
                .at(start)
                .within(&name));
        }
        members.push(Member { name, size, place: Place::Plain(start) });
    }
    Ok(members)
}
