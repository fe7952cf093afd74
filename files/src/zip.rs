//! Zip archives: the list of their members, and an archive of stored ones written.
//!
//! The central directory at the end says what there is; each entry's local header, where its data
//! begins. Of the sizes in the two, those of the directory count, as for Python's `zipfile`. Read
//! are stored and deflated members, and ZIP64. Source: APPNOTE.TXT of PKWARE, sections 4.3 and 4.4.
//!
//! What is claimed is compared before anything is believed: members lie within the archive and do
//! not overlap (a bomb of overlapping members needs no nesting), what they come to decompressed is
//! within the limit before the first is, and each is as long as was said and has the checksum.

use std::io::Write;
use std::ops::Range;

use crate::error::{Error, Result};
use crate::source::Source;

/// A member of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where its data lies in the archive.
    pub(crate) start: u64,
    pub(crate) packed: u64,
    /// Bytes of it decompressed.
    pub(crate) size: u64,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) encrypted: bool,
}

impl Entry {
    /// Where its bytes are in the archive, compressed or not; `entries` compares it with the end.
    pub(crate) fn packed(&self) -> Range<u64> {
        self.start..self.start + self.packed
    }
}

pub(crate) const STORED: u16 = 0;
pub(crate) const DEFLATED: u16 = 8;

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// Bytes of the end record without its comment; of an entry in the directory; of a local header.
const END_LEN: usize = 22;
const CENTRAL_LEN: usize = 46;
const LOCAL_LEN: usize = 30;

/// Bytes that a directory may have: that of ten million members is shorter.
const DIRECTORY: u64 = 1 << 30;

/// Little-endian numbers out of a record that is there as a whole.
#[derive(Clone, Copy)]
struct Record<'a> {
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// The bytes, which lie at `at` of the archive and begin with `magic`.
    fn new(bytes: Option<&'a [u8]>, at: u64, magic: &[u8], what: &str) -> Result<Self> {
        match bytes {
            Some(bytes) if bytes.starts_with(magic) => Ok(Self { bytes }),
            Some(_) => Err(Error::format(format!(
                "{what} of the zip archive is not where the archive says"
            ))
            .at(at)),
            None => Err(Error::format(format!("{what} of the zip archive is cut short")).at(at)),
        }
    }

    /// Reads as many bytes as `buffer` has from the archive.
    fn read(
        archive: &Source<'_>,
        at: u64,
        buffer: &'a mut [u8],
        magic: &[u8],
        what: &str,
    ) -> Result<Self> {
        let there = at.checked_add(buffer.len() as u64).is_some_and(|end| end <= archive.len());
        if there {
            archive.fill(at, buffer)?;
        }
        Self::new(there.then_some(buffer), at, magic, what)
    }

    fn number(self, at: usize, width: usize) -> u64 {
        let bytes = self.bytes.get(at..at + width).unwrap_or_default();
        bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    fn u16(self, at: usize) -> u16 {
        self.number(at, 2) as u16
    }

    fn u32(self, at: usize) -> u32 {
        self.number(at, 4) as u32
    }
}

/// Where the directory is, how long, and of how many entries; and how many bytes stand before the
/// archive in the file.
struct Directory {
    at: u64,
    len: u64,
    entries: u64,
}

/// Returns true if an end record is there, so that this is a zip archive.
pub(crate) fn is_zip(archive: &Source<'_>) -> Result<bool> {
    Ok(end_record(archive)?.is_some())
}

/// The place of the end record: the last one whose comment ends with the archive, or goes beyond
/// it.
fn end_record(archive: &Source<'_>) -> Result<Option<u64>> {
    let found = |from: u64| -> Result<Option<u64>> {
        let tail = archive.read(from..archive.len())?;
        let mut ends = memchr::memmem::rfind_iter(&tail, END);
        Ok(ends.find(|&at| tail.len() - at >= END_LEN).map(|at| from + at as u64))
    };
    // There is no comment, as mostly; else one of up to 65,535 bytes.
    let near = archive.len().saturating_sub(END_LEN as u64);
    match found(near)? {
        None => found(near.saturating_sub(0xffff)),
        end => Ok(end),
    }
}

fn directory(archive: &Source<'_>) -> Result<Directory> {
    let Some(end_at) = end_record(archive)? else {
        return Err(Error::format("the zip archive has no end record: it is cut short"));
    };
    let mut end = [0; END_LEN];
    let end = Record::read(archive, end_at, &mut end, END, "the end record")?;
    if end.u16(4) != end.u16(6) {
        return Err(Error::unsupported("a zip archive in several parts").at(end_at));
    }
    let small =
        Directory { at: end.u32(16).into(), len: end.u32(12).into(), entries: end.u16(10).into() };
    let mut locator = [0; 20];
    let locator = end_at
        .checked_sub(20)
        .and_then(|at| Record::read(archive, at, &mut locator, LOCATOR64, "the locator").ok());
    let Some(locator) = locator else { return Ok(small) };
    let mut record = [0; 56];
    let at = locator.number(8, 8);
    let record = Record::read(archive, at, &mut record, END64, "the ZIP64 end record")?;
    Ok(Directory {
        at: record.number(48, 8),
        len: record.number(40, 8),
        entries: record.number(32, 8),
    })
}

/// The members in the order of the directory; what they come to is at most `max` bytes.
///
/// # Errors
/// `Format`, `Limit`, `Unsupported`, at the byte of the archive.
pub(crate) fn entries(archive: &Source<'_>, max: u64) -> Result<Vec<Entry>> {
    let Directory { at: start, len, entries: count } = directory(archive)?;
    let end = start.checked_add(len).filter(|&end| end <= archive.len());
    let Some(end) = end else {
        return Err(
            Error::format("the directory of the zip archive lies beyond its end").at(archive.len())
        );
    };
    if count > len / CENTRAL_LEN as u64 {
        return Err(Error::format(format!(
            "the zip archive claims {count} members in a directory of {len} bytes"
        ))
        .at(start));
    }
    if len > DIRECTORY {
        return Err(Error::limit("the directory of the zip archive has more than a GiB").at(start));
    }
    let bytes = archive.read(start..end)?;
    let (mut at, mut entries, mut total) = (0, Vec::new(), 0_u64);
    for _ in 0..count {
        let (entry, len) = entry(archive, &bytes, at, start)?;
        total = total.saturating_add(entry.size);
        if total > max {
            return Err(Error::limit(format!(
                "the members of the zip archive come to more than {max} bytes; \
                 OpenOptions::max_size raises the limit"
            ))
            .at(start + at as u64));
        }
        at += len;
        if at > bytes.len() {
            return Err(
                Error::format("the directory of the zip archive is longer than it says").at(end)
            );
        }
        entries.push(entry);
    }
    check_apart(&entries)?;
    Ok(entries)
}

/// The entry at `at` of the directory, which begins at `start` of the archive, and its length.
fn entry(archive: &Source<'_>, directory: &[u8], at: usize, start: u64) -> Result<(Entry, usize)> {
    let rest = directory.get(at..).unwrap_or_default();
    let place = start + at as u64;
    let record = |len| Record::new(rest.get(..len), place, CENTRAL, "an entry in the directory");
    let fixed = record(CENTRAL_LEN)?;
    let [name_len, extra_len, comment_len] =
        [28, 30, 32].map(|field| usize::from(fixed.u16(field)));
    let record = record(CENTRAL_LEN + name_len + extra_len)?;
    let name = record.bytes.get(CENTRAL_LEN..CENTRAL_LEN + name_len).unwrap_or_default();
    let extra = record.bytes.get(CENTRAL_LEN + name_len..).unwrap_or_default();
    let mut sizes = [record.u32(24), record.u32(20), record.u32(42)].map(u64::from);
    large_sizes(extra, &mut sizes);
    let [size, packed, header] = sizes;
    let (name, method) = (String::from_utf8_lossy(name).into_owned(), record.u16(10));
    if method == STORED && size != packed {
        return Err(Error::format(format!(
            "a stored member of {packed} bytes claims to be of {size}"
        ))
        .at(header)
        .within(&name));
    }
    let data = data_start(archive, header, packed, start).map_err(|error| error.within(&name))?;
    let (crc, encrypted) = (record.u32(16), record.u16(8) & 1 != 0);
    let entry = Entry { name, start: data, packed, size, method, crc, encrypted };
    Ok((entry, record.bytes.len() + comment_len))
}

/// Where the data behind the local header begins, of which there are `packed` bytes before `end`.
fn data_start(archive: &Source<'_>, header: u64, packed: u64, end: u64) -> Result<u64> {
    let mut local = [0; LOCAL_LEN];
    let local = Record::read(archive, header, &mut local, LOCAL, "a member's header")?;
    let start = header + LOCAL_LEN as u64 + u64::from(local.u16(26)) + u64::from(local.u16(28));
    if start.checked_add(packed).is_none_or(|data_end| data_end > end) {
        return Err(
            Error::format("the member lies beyond the end of the zip archive's data").at(header)
        );
    }
    Ok(start)
}

/// The ZIP64 field has those of size, packed size and header that did not fit, in this order.
fn large_sizes(extra: &[u8], sizes: &mut [u64; 3]) {
    let mut rest = extra;
    while let [id0, id1, len0, len1, tail @ ..] = rest {
        let len = usize::from(u16::from_le_bytes([*len0, *len1]));
        let field = tail.get(..len).unwrap_or(tail);
        if u16::from_le_bytes([*id0, *id1]) == 1 {
            let mut numbers = field.chunks_exact(8);
            for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
                if let Some(number) = numbers.next() {
                    *size =
                        number.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
                }
            }
        }
        rest = tail.get(len..).unwrap_or_default();
    }
}

/// No two members share a byte.
fn check_apart(entries: &[Entry]) -> Result<()> {
    let mut extents: Vec<&Entry> = entries.iter().filter(|entry| entry.packed > 0).collect();
    extents.sort_by_key(|entry| entry.start);
    for pair in extents.windows(2) {
        if let [first, second] = pair
            && first.start + first.packed > second.start
        {
            return Err(Error::format("the member overlaps another one of the zip archive")
                .at(second.start)
                .within(&second.name));
        }
    }
    Ok(())
}

/// Writes an archive of stored members, with ZIP64 where sizes or places need it.
pub(crate) struct ZipWriter<W> {
    writer: W,
    at: u64,
    directory: Vec<u8>,
    members: u64,
}

/// The largest size and place that the old fields hold, which says that ZIP64 has it.
const LARGE: u64 = u32::MAX as u64;

/// The id of the field with padding, of which PyTorch's own archives have one.
const PADDING: [u8; 2] = *b"FB";

impl<W: Write> ZipWriter<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { writer, at: 0, directory: Vec::new(), members: 0 }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Writes a member, whose bytes begin at a multiple of `alignment`.
    pub(crate) fn member(&mut self, name: &str, bytes: &[u8], alignment: u64) -> Result<()> {
        let header = self.at;
        let size = bytes.len() as u64;
        let crc = crc32fast::hash(bytes);
        let large = size >= LARGE;
        let mut extra = Vec::new();
        if large {
            extra.extend([1, 0, 16, 0]);
            extra.extend(size.to_le_bytes());
            extra.extend(size.to_le_bytes());
        }
        let data = header + (LOCAL_LEN + name.len() + extra.len() + 4) as u64;
        let padding = data.next_multiple_of(alignment) - data;
        extra.extend(PADDING);
        // Less than the alignment, which is small.
        extra.extend((padding as u16).to_le_bytes());
        extra.resize(extra.len() + padding as usize, b'Z');

        let mut local = LOCAL.to_vec();
        local.extend(self.fields(size, size, crc, name));
        local.extend((extra.len() as u16).to_le_bytes());
        self.put(&local)?;
        self.put(name.as_bytes())?;
        self.put(&extra)?;
        self.put(bytes)?;

        let mut entry = CENTRAL.to_vec();
        // Made by: the same version as is needed.
        entry.extend([45, 0]);
        entry.extend(self.fields(size, size, crc, name));
        let mut extra = Vec::new();
        if large || header >= LARGE {
            let numbers: &[u64] = match (large, header >= LARGE) {
                (true, true) => &[size, size, header],
                (true, false) => &[size, size],
                _ => &[header],
            };
            extra.extend([1, 0]);
            extra.extend((8 * numbers.len() as u16).to_le_bytes());
            extra.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        entry.extend((extra.len() as u16).to_le_bytes());
        // No comment, the first disk, no attributes.
        entry.extend([0; 10]);
        entry.extend((header.min(LARGE) as u32).to_le_bytes());
        entry.extend(name.as_bytes());
        entry.extend(extra);
        self.directory.extend(entry);
        self.members += 1;
        Ok(())
    }

    /// The fields that the headers have in common, from the version that is needed to the length
    /// of the name.
    fn fields(&self, size: u64, packed: u64, crc: u32, name: &str) -> Vec<u8> {
        let mut fields = Vec::with_capacity(24);
        // Version 4.5 has ZIP64; names are UTF-8; stored; 1980-01-01.
        fields.extend([45, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
        fields.extend(crc.to_le_bytes());
        fields.extend((packed.min(LARGE) as u32).to_le_bytes());
        fields.extend((size.min(LARGE) as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields
    }

    /// Writes the directory.
    pub(crate) fn finish(mut self) -> Result<()> {
        let (start, len, members) = (self.at, self.directory.len() as u64, self.members);
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        if start >= LARGE || len >= LARGE || members >= 0xffff {
            let end64 = self.at;
            let mut record = END64.to_vec();
            record.extend(44_u64.to_le_bytes());
            record.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for number in [members, members, len, start] {
                record.extend(number.to_le_bytes());
            }
            record.extend(LOCATOR64);
            record.extend([0; 4]);
            record.extend(end64.to_le_bytes());
            record.extend(1_u32.to_le_bytes());
            self.put(&record)?;
        }
        let mut end = END.to_vec();
        end.extend([0; 4]);
        let count = members.min(0xffff) as u16;
        end.extend(count.to_le_bytes());
        end.extend(count.to_le_bytes());
        end.extend((len.min(LARGE) as u32).to_le_bytes());
        end.extend((start.min(LARGE) as u32).to_le_bytes());
        end.extend([0; 2]);
        self.put(&end)?;
        self.writer.flush()?;
        Ok(())
    }
}
