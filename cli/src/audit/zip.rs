//! Members of zip archives, also of those that lie.
//!
//! PyTorch reads archives by another program than Python's `zipfile`, and neither checks what the
//! other does: a wrong checksum, a flag that says encrypted, another name in front of the data, a
//! member that the directory does not list. A scanner that gives up at any of these sees nothing,
//! while the model loads. So here each contradiction is told, and the data is looked at all the
//! same. `serde_pickle_files` does the opposite, and refuses an archive that contradicts itself.

use std::collections::HashSet;
use std::io::{self, Read};

use memchr::memmem;

use crate::input::Seekable;
use crate::stream::At;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";

/// Bytes of an entry in the directory, and of a header in front of the data, without names.
const CENTRAL_LEN: usize = 46;
const LOCAL_LEN: u64 = 30;

/// The members of an archive.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) members: Vec<Member>,
    /// The byte at which the directory is not one any more.
    pub(crate) broken: Option<u64>,
}

/// A member.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where its data is, and its length as it is stored.
    pub(crate) start: u64,
    stored: u64,
    /// Its length and checksum, as the directory has them.
    claim: Option<(u64, u32)>,
    method: u16,
    /// Contradictions about it.
    pub(crate) lies: Vec<String>,
}

/// As much of a member as could be unpacked.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) bytes: Vec<u8>,
    /// Why that is not all. A loader that unpacks as it reads has run what is before it.
    pub(crate) error: Option<io::Error>,
}

impl Member {
    /// Unpacks the data, and at most so many bytes of it.
    pub(crate) fn unpack(&self, source: &Seekable<'_>, most: u64) -> Unpacked {
        let mut bytes = Vec::new();
        let packed = At::new(source, self.start).take(self.stored);
        let read = match self.method {
            0 => packed.take(most).read_to_end(&mut bytes),
            8 => flate2::read::DeflateDecoder::new(packed).take(most).read_to_end(&mut bytes),
            method => {
                let text = format!("is compressed by method {method}, which is not read");
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
        };
        Unpacked { bytes, error: read.err() }
    }

    /// The place of the data, where it is stored as it is.
    pub(crate) fn stored_at(&self) -> Option<(u64, u64)> {
        (self.method == 0).then_some((self.start, self.stored))
    }

    /// False for one that the directory does not list.
    pub(crate) fn is_listed(&self) -> bool {
        self.claim.is_some()
    }

    /// Compares what was unpacked with what the directory claims.
    pub(crate) fn check(&mut self, bytes: &[u8]) {
        let Some((size, expected)) = self.claim else { return };
        let mut sum = flate2::Crc::new();
        sum.update(bytes);
        if bytes.len() as u64 != size {
            self.lies.push("has another length than it says".to_owned());
        } else if sum.sum() != expected {
            self.lies.push("has another checksum than it says".to_owned());
        }
    }
}

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let field = bytes.get(at..at + len).unwrap_or_default();
    field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

fn read(source: &Seekable<'_>, at: u64, len: u64) -> Option<Vec<u8>> {
    if at.checked_add(len)? > source.len() {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(len).ok()?];
    source.read_at(at, &mut bytes).ok()?;
    Some(bytes)
}

/// Where a directory is, how long it is, and by how many bytes the offsets in it are moved.
struct Directory {
    at: u64,
    len: u64,
    moved: u64,
}

/// Finds the directories by the records at the end. There is one in an honest archive; readers
/// that look for it in other ways find others in one that is made for it.
fn directories(source: &Seekable<'_>) -> Vec<Directory> {
    // The record has a comment of up to 64 KiB behind it; the one of ZIP64 is in front.
    let tail_len = source.len().min((1 << 16) + 22 + 76);
    let tail_at = source.len() - tail_len;
    let tail = read(source, tail_at, tail_len).unwrap_or_default();
    let fits = tail.get(..tail.len().saturating_sub(18)).unwrap_or_default();
    let Some(end) = memmem::rfind(fits, END) else { return Vec::new() };
    let before = tail.get(..end).and_then(|before| memmem::rfind(before, END64));
    let fields = |at: usize, len: [usize; 2], offset: [usize; 2]| {
        let record = tail.get(at..).unwrap_or_default();
        let field = |[at, width]: [usize; 2]| number(record, at, width);
        (tail_at + at as u64, field(len), field(offset))
    };
    let records = before.map(|at| fields(at, [40, 8], [48, 8]));
    let records = records.into_iter().chain([fields(end, [12, 4], [16, 4])]);
    let mut found: Vec<Directory> = Vec::new();
    for (end, len, offset) in records {
        // Bytes before the archive move all its offsets: `zipfile` looks in front of the record,
        // others where the record says.
        let in_front = end.checked_sub(len).map(|at| (at, at.saturating_sub(offset)));
        for (at, moved) in in_front.into_iter().chain([(offset, 0)]) {
            let begins = len == 0 || read(source, at, 4).is_some_and(|it| it == CENTRAL);
            if begins && at <= end && found.iter().all(|known| known.at != at) {
                found.push(Directory { at, len: len.min(end - at), moved });
            }
        }
    }
    found
}

/// The members of an archive; `None` where there is no directory.
///
/// Entries are read as far as a directory's length says: that is what `zipfile` does, and their
/// number is nothing to it.
pub(crate) fn archive(source: &Seekable<'_>) -> Option<Archive> {
    let directories = directories(source);
    let end = directories.iter().map(|it| it.at).max()?;
    let mut archive = Archive { members: Vec::new(), broken: None };
    let mut known = HashSet::new();
    for (number, Directory { at: begin, len, moved }) in directories.into_iter().enumerate() {
        let entries = read(source, begin, len)?;
        let mut at = 0;
        while let Some((mut member, len)) =
            entries.get(at..).and_then(|it| listed(source, it, moved))
        {
            at += len;
            if number > 0 && known.contains(&member.start) {
                continue;
            }
            if number > 0 {
                member.lies.push("is in another directory of the archive".to_owned());
            }
            known.insert(member.start);
            archive.members.push(member);
        }
        if at < entries.len() {
            archive.broken.get_or_insert(begin + at as u64);
        }
    }
    hidden(source, &mut archive.members, end);
    Some(archive)
}

/// The member of the first entry of a directory, compared with what is in front of its data, and
/// the length of the entry.
fn listed(source: &Seekable<'_>, entry: &[u8], moved: u64) -> Option<(Member, usize)> {
    let fixed = entry.get(..CENTRAL_LEN).filter(|entry| entry.starts_with(CENTRAL))?;
    let [name_len, extra_len, comment_len] = [28, 30, 32].map(|at| number(fixed, at, 2) as usize);
    let name = entry.get(CENTRAL_LEN..CENTRAL_LEN + name_len)?;
    let extra = entry.get(CENTRAL_LEN + name_len..)?.get(..extra_len)?;
    let mut sizes = [24, 20, 42].map(|at| number(fixed, at, 4));
    large(extra, &mut sizes);
    let [size, mut stored, offset] = sizes;
    let (flags, method) = (number(fixed, 8, 2), number(fixed, 10, 2) as u16);
    let mut lies = Vec::new();
    if flags & 1 != 0 {
        lies.push("is marked as encrypted".to_owned());
    }
    let at = offset.saturating_add(moved);
    let start = in_front(source, at, name, flags, method, &mut lies);
    if start.saturating_add(stored) > source.len() {
        lies.push("is longer than the file".to_owned());
        stored = source.len().saturating_sub(start);
    }
    if method == 0 && stored != size {
        lies.push("is stored as it is, with two lengths".to_owned());
    }
    let name = String::from_utf8_lossy(name).into_owned();
    let claim = Some((size, number(fixed, 16, 4) as u32));
    let member = Member { name, start, stored, claim, method, lies };
    Some((member, CENTRAL_LEN + name_len + extra_len + comment_len))
}

/// Puts in the numbers of 8 bytes for those that do not fit into 4: size, stored size, offset.
fn large(extra: &[u8], sizes: &mut [u64; 3]) {
    let mut at = 0;
    while let Some(field) = extra.get(at..).filter(|field| field.len() >= 4) {
        let len = number(field, 2, 2) as usize;
        if number(field, 0, 2) == 1 {
            let mut place = 4;
            for size in sizes.iter_mut().filter(|size| **size == 0xffff_ffff) {
                if place + 8 <= 4 + len {
                    *size = number(field, place, 8);
                    place += 8;
                }
            }
        }
        at += 4 + len;
    }
}

/// Compares an entry with the header in front of the data; gives where the data begins.
fn in_front(
    source: &Seekable<'_>,
    at: u64,
    name: &[u8],
    flags: u64,
    method: u16,
    lies: &mut Vec<String>,
) -> u64 {
    let Some(local) = read(source, at, LOCAL_LEN).filter(|local| local.starts_with(LOCAL)) else {
        lies.push("has no header in front of its data".to_owned());
        return at;
    };
    let (name_len, extra_len) = (number(&local, 26, 2), number(&local, 28, 2));
    let own = read(source, at + LOCAL_LEN, name_len).unwrap_or_default();
    if own != name {
        let own = String::from_utf8_lossy(&own).into_owned();
        lies.push(format!("is called {own:?} in front of its data"));
    }
    if number(&local, 8, 2) as u16 != method {
        lies.push("has another method of compression in front of its data".to_owned());
    }
    if number(&local, 6, 2) & 1 != flags & 1 {
        lies.push("is marked as encrypted in one place".to_owned());
    }
    at + LOCAL_LEN + name_len + extra_len
}

/// Adds members that are between those that the directory at `end` lists.
fn hidden(source: &Seekable<'_>, members: &mut Vec<Member>, end: u64) {
    let mut taken: Vec<(u64, u64)> =
        members.iter().map(|it| (it.start, it.start + it.stored)).collect();
    taken.sort_unstable();
    let listed: HashSet<u64> = members.iter().map(|it| it.start).collect();
    let mut from = 0;
    for (start, stop) in taken.into_iter().chain([(end, end)]) {
        for at in headers(source, from, start) {
            let Some(local) = read(source, at, LOCAL_LEN) else { break };
            let name_len = number(&local, 26, 2);
            let data = at + LOCAL_LEN + name_len + number(&local, 28, 2);
            if listed.contains(&data) || data >= source.len() {
                continue;
            }
            let name = read(source, at + LOCAL_LEN, name_len).unwrap_or_default();
            // Its length may stand behind the data alone, and is none of this reader's business.
            let left = start.max(data) - data;
            let stored = Some(number(&local, 18, 4)).filter(|it| *it > 0).unwrap_or(left);
            members.push(Member {
                name: String::from_utf8_lossy(&name).into_owned(),
                start: data,
                stored: stored.min(left),
                claim: None,
                method: number(&local, 8, 2) as u16,
                lies: vec!["is not in the archive's directory".to_owned()],
            });
        }
        from = from.max(stop);
    }
}

/// Places in a stretch where a header may begin.
fn headers(source: &Seekable<'_>, from: u64, to: u64) -> Vec<u64> {
    const CHUNK: u64 = 1 << 20;
    let finder = memmem::Finder::new(LOCAL);
    let (mut found, mut at) = (Vec::new(), from);
    while at < to {
        // Some of the next chunk, for one across both.
        let len = (CHUNK + LOCAL.len() as u64 - 1).min(to - at);
        let Some(chunk) = read(source, at, len) else { break };
        found.extend(finder.find_iter(&chunk).map(|place| at + place as u64));
        at += CHUNK;
    }
    found
}
