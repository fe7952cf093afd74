//! Members of zip archives, also of those that lie.
//!
//! PyTorch reads archives by another program than Python's `zipfile`, and neither checks what the
//! other does: a wrong checksum, a flag that says encrypted, another name in front of the data, a
//! member that the directory does not list. A scanner that gives up at any of these sees nothing,
//! while the model loads. So here each contradiction is told, and the data is looked at all the
//! same.

use std::io::{self, Read};

use crate::input::Seekable;
use crate::stream::At;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";

/// Members that are listed, at most.
const MEMBERS: usize = 1 << 20;

/// A member.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where its data is, and its length as it is stored.
    start: u64,
    stored: u64,
    size: u64,
    method: u16,
    /// Contradictions about it.
    pub(crate) lies: Vec<String>,
    /// False for one that the directory does not list.
    pub(crate) listed: bool,
}

/// Bytes of a member that are read at most.
const LARGEST: u64 = 4 << 30;

impl Member {
    /// Reads the data.
    ///
    /// # Errors
    /// It cannot be unpacked.
    pub(crate) fn read(&self, source: &Seekable<'_>, most: u64) -> io::Result<Vec<u8>> {
        let reader = At::new(source, self.start).take(self.stored);
        let mut bytes = Vec::new();
        match self.method {
            0 => reader.take(most).read_to_end(&mut bytes)?,
            8 => flate2::read::DeflateDecoder::new(reader).take(most).read_to_end(&mut bytes)?,
            method => {
                let text = format!("is compressed by method {method}, which is not read");
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        };
        Ok(bytes)
    }

    /// The place of the data, where it is stored as it is.
    pub(crate) fn stored_at(&self) -> Option<(u64, u64)> {
        (self.method == 0).then_some((self.start, self.stored))
    }

    pub(crate) fn size(&self) -> u64 {
        self.size.min(LARGEST)
    }
}

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let field = bytes.get(at..at + len).unwrap_or_default();
    field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

fn read(source: &Seekable<'_>, at: u64, len: usize) -> Option<Vec<u8>> {
    if at.checked_add(len as u64)? > source.len() {
        return None;
    }
    let mut bytes = vec![0; len];
    source.read_at(at, &mut bytes).ok()?;
    Some(bytes)
}

/// The members of an archive; `None` where there is no directory.
pub(crate) fn members(source: &Seekable<'_>) -> Option<Vec<Member>> {
    let tail_len = source.len().min((1 << 16) + 22 + 76);
    let tail_at = source.len() - tail_len;
    let tail = read(source, tail_at, tail_len as usize)?;
    let end = (0..tail.len().saturating_sub(21)).rev().find(|&at| tail[at..].starts_with(END))?;
    let record = tail.get(end..)?;
    let (mut count, mut size, mut offset) =
        (number(record, 10, 2), number(record, 12, 4), number(record, 16, 4));
    let mut directory_end = tail_at + end as u64;
    // Zip64: a record in front of the locator in front of this one.
    if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
        let before = (0..end).rev().find(|&at| tail[at..].starts_with(END64))?;
        let record = tail.get(before..)?;
        (count, size, offset) =
            (number(record, 32, 8), number(record, 40, 8), number(record, 48, 8));
        directory_end = tail_at + before as u64;
    }
    // Bytes before the archive move all its offsets.
    let begin = directory_end.checked_sub(size)?;
    let moved = begin.saturating_sub(offset);
    let directory = read(source, begin, usize::try_from(size).ok().filter(|it| *it < 1 << 28)?)?;
    let mut members = Vec::new();
    let mut at = 0;
    for _ in 0..(count as usize).min(MEMBERS) {
        let entry = directory.get(at..)?;
        if !entry.starts_with(CENTRAL) {
            break;
        }
        let (name_len, extra_len, comment) =
            (number(entry, 28, 2), number(entry, 30, 2), number(entry, 32, 2));
        let name = entry.get(46..46 + name_len as usize)?;
        let extra = entry.get(46 + name_len as usize..)?.get(..extra_len as usize)?;
        members.push(member(source, entry, name, extra, moved));
        at += 46 + (name_len + extra_len + comment) as usize;
    }
    hidden(source, &mut members, begin);
    Some(members)
}

/// A member of the directory, compared with what is in front of its data.
fn member(source: &Seekable<'_>, entry: &[u8], name: &[u8], extra: &[u8], moved: u64) -> Member {
    let (mut stored, mut size, mut offset) =
        (number(entry, 20, 4), number(entry, 24, 4), number(entry, 42, 4));
    let mut at = 0;
    while let Some(field) = extra.get(at..).filter(|field| field.len() >= 4) {
        let len = number(field, 2, 2) as usize;
        if number(field, 0, 2) == 1 {
            let mut place = 4;
            for value in [&mut size, &mut stored, &mut offset] {
                if *value == 0xffff_ffff && place + 8 <= 4 + len {
                    *value = number(field, place, 8);
                    place += 8;
                }
            }
        }
        at += 4 + len;
    }
    let mut lies = Vec::new();
    let (flags, method) = (number(entry, 8, 2), number(entry, 10, 2) as u16);
    if flags & 1 != 0 {
        lies.push("is marked as encrypted".to_owned());
    }
    let at = offset + moved;
    let mut start = at;
    match read(source, at, 30).filter(|local| local.starts_with(LOCAL)) {
        None => lies.push("has no header in front of its data".to_owned()),
        Some(local) => {
            let (name_len, extra_len) = (number(&local, 26, 2), number(&local, 28, 2));
            start = at + 30 + name_len + extra_len;
            let own = read(source, at + 30, name_len as usize).unwrap_or_default();
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
        }
    }
    if start.saturating_add(stored) > source.len() {
        lies.push("is longer than the file".to_owned());
        stored = source.len().saturating_sub(start);
    }
    if method == 0 && stored != size {
        lies.push("is stored as it is, with two lengths".to_owned());
    }
    let mut member = Member {
        name: String::from_utf8_lossy(name).into_owned(),
        start,
        stored,
        size,
        method,
        lies,
        listed: true,
    };
    check_sum(source, &mut member, number(entry, 16, 4) as u32);
    member
}

/// Compares the checksum of a member that may be a pickle: those are short.
fn check_sum(source: &Seekable<'_>, member: &mut Member, expected: u32) {
    const CHECKED: u64 = 64 << 20;
    if member.size > CHECKED || !matches!(member.method, 0 | 8) {
        return;
    }
    match member.read(source, member.size.saturating_add(1)) {
        Ok(bytes) => {
            let mut sum = flate2::Crc::new();
            sum.update(&bytes);
            if bytes.len() as u64 != member.size {
                member.lies.push("has another length than it says".to_owned());
            } else if sum.sum() != expected {
                member.lies.push("has another checksum than it says".to_owned());
            }
        }
        Err(error) => member.lies.push(format!("cannot be unpacked: {error}")),
    }
}

/// Adds members that are between those that the directory lists.
fn hidden(source: &Seekable<'_>, members: &mut Vec<Member>, end: u64) {
    const GAP: u64 = 16 << 20;
    let mut taken: Vec<(u64, u64)> =
        members.iter().map(|it| (it.start, it.start + it.stored)).collect();
    taken.sort_unstable();
    let listed: Vec<u64> = members.iter().map(|it| it.start).collect();
    let mut from = 0;
    for (start, stop) in taken.into_iter().chain([(end, end)]) {
        if start > from
            && start - from <= GAP
            && let Some(gap) = read(source, from, (start - from) as usize)
        {
            let mut at = 0;
            while let Some(found) =
                gap.get(at..).and_then(|gap| gap.windows(4).position(|window| window == LOCAL))
            {
                let place = at + found;
                at = place + 4;
                let Some(local) = gap.get(place..).filter(|local| local.len() >= 30) else { break };
                let name_len = number(local, 26, 2);
                let data = from + place as u64 + 30 + name_len + number(local, 28, 2);
                if listed.contains(&data) {
                    continue;
                }
                let name = local.get(30..30 + name_len as usize).unwrap_or_default();
                let stored = number(local, 18, 4).min(start.saturating_sub(data));
                members.push(Member {
                    name: String::from_utf8_lossy(name).into_owned(),
                    start: data,
                    stored,
                    size: number(local, 22, 4),
                    method: number(local, 8, 2) as u16,
                    lies: Vec::new(),
                    listed: false,
                });
            }
        }
        from = from.max(stop);
    }
}
