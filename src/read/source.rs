//! Collects one pickle from an `io::Read`, exactly up to STOP.
//!
//! Bytes behind a pickle in a file are not the reader's: they are the next pickle, or the zlib data
//! of a Django cache. So only bytes that must be part of the pickle are asked for: an opcode, then
//! its argument, byte by byte where a line has no known end; a frame whole, as CPython does. A
//! reader without a buffer of its own is therefore slow for protocols without frames: wrap it in a
//! `BufReader` when nothing else reads from it. A `BufRead` shows what it holds before that is
//! taken, so there nothing is asked for byte by byte, and at the end only the pickle is taken; the
//! bytes of a frame or a long payload are taken at once.
//!
//! This is not a second interpreter: it knows how long arguments are and nothing else. If the bytes
//! are not a pickle, it stops and leaves the error to the machine, which meets it at the same byte.
//! A claimed length is never allocated: payloads arrive in chunks of [`limits::READ_CHUNK`], and of
//! as much as has come before.

use std::io::{self, BufRead, Read};

use super::Cursor;
use super::pass::{CONSTANT, COUNTED1, COUNTED4, FLOAT, LENGTHS, LONG, LONGEST, pass};
use crate::error::{Error, Result};
use crate::instruction::{Extent, Opcode};
use crate::limits;

/// The bytes that a reader has given so far.
pub(crate) struct Collector<F> {
    feed: F,
    bytes: Vec<u8>,
    /// The end of the last frame in `bytes`; 0 before the first.
    frame_end: usize,
    /// The end of the pickle that was collected last.
    end: usize,
}

/// A reader, as the collector asks it.
pub(crate) trait Feed {
    /// Adds to `bytes` some of those that come next, of which `missing` are part of the pickle; 0
    /// at the end of the reader.
    ///
    /// # Errors
    /// The reader's own.
    fn give(&mut self, bytes: &mut Vec<u8>, missing: usize) -> io::Result<usize>;

    /// Adds short instructions to `bytes`, of which the last byte is the opcode of the first, each
    /// with the opcode behind it, which is there if the pickle is whole. Ends at the opcode of an
    /// instruction that needs a closer look, which is then the last byte. A reader that gives more
    /// than it is asked for does nothing.
    ///
    /// # Errors
    /// The reader's own, and its end.
    fn read_on(&mut self, bytes: &mut Vec<u8>) -> Result<(), Halt> {
        let _ = bytes;
        Ok(())
    }
}

/// A reader of which no byte is read that is not known to be part of the pickle.
pub(crate) struct Sparing<R>(R);

impl<R: Read> Sparing<R> {
    /// Reads again where it was interrupted, which a reader may be before each of its answers.
    #[cold]
    fn read_uninterrupted(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                answer => return answer,
            }
        }
    }
}

/// Bytes that are read into an array on the stack before they are added to the others.
const STAGE: usize = 64;

/// The last bytes of a pickle, which are not yet with the others: a `Vec` that may grow keeps its
/// length in memory, and this one is in a register.
struct Stage<'b> {
    bytes: &'b mut Vec<u8>,
    room: [u8; STAGE],
    len: usize,
}

impl Stage<'_> {
    /// Room for `len` bytes, if that is as much as goes by way of the stack.
    #[inline(always)]
    fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        if self.len + len > STAGE {
            self.flush();
        }
        self.room.get_mut(self.len..self.len + len)
    }

    /// Inlined, so that nothing has the address of the length.
    #[inline(always)]
    fn flush(&mut self) {
        add(self.bytes, self.room.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

#[inline(never)]
fn add(bytes: &mut Vec<u8>, more: &[u8]) {
    bytes.extend_from_slice(more);
}

impl<R: Read> Sparing<R> {
    /// The next byte. A buffer has a quick way for one.
    #[inline(always)]
    fn one(&mut self, stage: &mut Stage<'_>) -> Result<u8, Halt> {
        let mut byte = [0];
        if let Err(error) = self.0.read_exact(&mut byte) {
            self.explain(error, &mut byte)?;
        }
        if let Some([room, ..]) = stage.room(1) {
            *room = byte[0];
            stage.len += 1;
        }
        Ok(byte[0])
    }

    /// Asks again where `read_exact` said that this is the end: it may be the reader's own error.
    #[cold]
    #[inline(never)]
    fn explain(&mut self, error: io::Error, byte: &mut [u8]) -> Result<(), Halt> {
        if error.kind() != io::ErrorKind::UnexpectedEof {
            return Err(Halt::Io(error));
        }
        match self.read_uninterrupted(byte) {
            Ok(0) => Err(Halt::End),
            Ok(_) => Ok(()),
            Err(error) => Err(Halt::Io(error)),
        }
    }

    /// The next `len` bytes; gives the last of them, of which there is at least one.
    #[inline(always)]
    fn some(&mut self, stage: &mut Stage<'_>, len: usize) -> Result<u8, Halt> {
        let mut missing = len;
        if let Some(room) = stage.room(len) {
            match self.0.read(room) {
                Ok(read) if read == len => {
                    let last = room.last().copied().unwrap_or_default();
                    stage.len += len;
                    return Ok(last);
                }
                Ok(read) => {
                    stage.len += read.min(len);
                    missing = len.saturating_sub(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Halt::Io(error)),
            }
        }
        stage.flush();
        self.rest(stage.bytes, missing)
    }

    /// The same of what comes in parts, or is long.
    #[inline(never)]
    fn rest(&mut self, bytes: &mut Vec<u8>, len: usize) -> Result<u8, Halt> {
        fill(self, bytes, bytes.len().saturating_add(len))?;
        Ok(bytes.last().copied().unwrap_or_default())
    }

    /// Reads instructions, the first with the opcode `byte`, to one that needs a closer look.
    #[inline(always)]
    fn instructions(&mut self, stage: &mut Stage<'_>, mut byte: u8) -> Result<(), Halt> {
        loop {
            // The table has all 256 bytes.
            let length = LENGTHS[usize::from(byte)];
            let ones = match length {
                1 | CONSTANT | COUNTED1 | LONG => 1,
                2 => 2,
                COUNTED4 => 4,
                FLOAT | ..=LONGEST => 0,
                _ => return Ok(()),
            };
            // One place for all, so that the reader's part is inlined.
            let mut count = 0;
            for _ in 0..ones {
                byte = self.one(stage)?;
                count = count >> 8 | u32::from(byte) << 24;
            }
            byte = match length {
                ..=2 | CONSTANT => byte,
                COUNTED1 | LONG => self.some(stage, usize::from(byte) + 1)?,
                COUNTED4 => self.some(stage, (count as usize).saturating_add(1))?,
                FLOAT => self.some(stage, LONGEST.into())?,
                _ => self.some(stage, length.into())?,
            };
        }
    }
}

impl<R: Read> Feed for Sparing<R> {
    fn give(&mut self, bytes: &mut Vec<u8>, missing: usize) -> io::Result<usize> {
        if let Some(room) = [0; STAGE].get_mut(..missing) {
            let len = self.0.read(room)?;
            bytes.extend_from_slice(room.get(..len).unwrap_or(room));
            return Ok(len);
        }
        give_many(&mut self.0, bytes, missing)
    }

    fn read_on(&mut self, bytes: &mut Vec<u8>) -> Result<(), Halt> {
        let Some(&byte) = bytes.last() else { return Ok(()) };
        let mut stage = Stage { bytes, room: [0; STAGE], len: 0 };
        let read = self.instructions(&mut stage, byte);
        stage.flush();
        read
    }
}

/// Adds as many bytes as are missing, or some of them, all of which are part of the pickle.
fn give_many(reader: &mut impl Read, bytes: &mut Vec<u8>, missing: usize) -> io::Result<usize> {
    // No more than has come before: a length may be a claim.
    let chunk = missing.min(bytes.len().max(limits::READ_CHUNK));
    if chunk >= bytes.len() {
        // The rest of them all, perhaps. For less the `Vec` doubles, not to be moved each time.
        bytes.reserve_exact(chunk);
    }
    let mut given = 0;
    if chunk <= 2 * limits::READ_CHUNK {
        // A frame: at once, where `read_to_end` begins with few.
        let len = bytes.len();
        bytes.resize(len + chunk, 0);
        let read = reader.read(bytes.get_mut(len..).unwrap_or_default());
        given = *read.as_ref().unwrap_or(&0);
        bytes.truncate(len + given);
        if read? == 0 || given >= chunk {
            return Ok(given);
        }
    }
    Ok(given + reader.take((chunk - given) as u64).read_to_end(bytes)?)
}

/// Reads until `bytes` has `end` of them.
fn fill(feed: &mut impl Feed, bytes: &mut Vec<u8>, end: usize) -> Result<(), Halt> {
    while bytes.len() < end {
        let missing = end - bytes.len();
        match feed.give(bytes, missing) {
            Ok(0) => return Err(Halt::End),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Halt::Io(error)),
        }
    }
    Ok(())
}

/// A reader with a buffer, of which bytes are looked at before they are taken.
pub(crate) struct Holding<R> {
    reader: R,
    /// The number of bytes looked at last and not taken.
    held: usize,
    /// True if all that the buffer had then was looked at.
    drains: bool,
}

/// So many bytes and more of a frame or a payload, all of them part of the pickle, are asked of the
/// reader and not of its buffer, which it may go past. Those of the standard library do so for as
/// much as they hold, which is this.
const MANY: usize = 8 << 10;

/// Bytes that are looked at first; later no more than have been before, up to
/// [`limits::READ_CHUNK`]. A slice is a buffer of all that follows.
const FIRST: usize = 512;

impl<R: BufRead> Feed for Holding<R> {
    fn give(&mut self, bytes: &mut Vec<u8>, missing: usize) -> io::Result<usize> {
        self.reader.consume(std::mem::take(&mut self.held));
        if self.drains && missing >= MANY {
            return give_many(&mut self.reader, bytes, missing);
        }
        let chunk = bytes.len().clamp(FIRST, limits::READ_CHUNK).max(missing);
        let buffer = self.reader.fill_buf()?;
        self.drains = buffer.len() <= chunk;
        let buffer = buffer.get(..chunk).unwrap_or(buffer);
        bytes.extend_from_slice(buffer);
        self.held = buffer.len();
        Ok(self.held)
    }
}

/// The end that [`Collector::collect_to_build`] came to.
pub(crate) enum Collected {
    /// To the end of a BUILD.
    Build,
    /// To the end of the pickle, or of what can be had of it.
    Whole,
}

/// The reason for an end without STOP.
pub(crate) enum Halt {
    /// The reader is at its end.
    End,
    /// The bytes so far are not a pickle; the machine gives the error.
    Broken,
    Io(io::Error),
}

impl<R: Read> Collector<Sparing<R>> {
    pub(crate) fn new(reader: R) -> Self {
        Self::of(Sparing(reader))
    }

    /// The reader, and what was collected from byte `at` on.
    pub(crate) fn into_parts(mut self, at: usize) -> (R, Vec<u8>) {
        self.discard(at);
        (self.feed.0, self.bytes)
    }
}

impl<R: BufRead> Collector<Holding<R>> {
    pub(crate) fn holding(reader: R) -> Self {
        Self::of(Holding { reader, held: 0, drains: false })
    }

    /// The pickle that was collected; takes it from the reader, and nothing behind it.
    pub(crate) fn take(mut self) -> Vec<u8> {
        let behind = self.bytes.len().saturating_sub(self.end);
        self.feed.reader.consume(self.feed.held.saturating_sub(behind));
        self.bytes.truncate(self.end);
        self.bytes
    }
}

impl<F: Feed> Collector<F> {
    fn of(feed: F) -> Self {
        Self { feed, bytes: Vec::new(), frame_end: 0, end: 0 }
    }

    /// All bytes that were read and not discarded.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Drops the first `len` bytes, which are no longer needed.
    pub(crate) fn discard(&mut self, len: usize) {
        self.bytes.drain(..len.min(self.bytes.len()));
    }

    /// Returns true if the reader ends at byte `at`; reads one byte to see.
    ///
    /// # Errors
    /// The reader's own.
    pub(crate) fn ends_at(&mut self, at: usize) -> Result<bool> {
        match self.need(at, 1) {
            Ok(()) => Ok(false),
            Err(Halt::End | Halt::Broken) => Ok(true),
            Err(Halt::Io(error)) => Err(Error::io(error).at(at as u64)),
        }
    }

    /// Reads on until the pickle that begins at byte `start` is there whole, or as much of it as
    /// there is. `frame_end` is the end of a frame that an earlier pickle began; 0 for none.
    ///
    /// # Errors
    /// The reader's own. A pickle that is cut short or malformed is not an error here: the machine
    /// finds the same fault.
    pub(crate) fn collect(&mut self, start: usize, frame_end: usize) -> Result<()> {
        self.collect_to(start, frame_end, false).map(|_| ())
    }

    /// The same, but no further than the first BUILD at or behind byte `at`: what follows that may
    /// be no instruction.
    ///
    /// # Errors
    /// The reader's own.
    pub(crate) fn collect_to_build(&mut self, at: usize, frame_end: usize) -> Result<Collected> {
        self.collect_to(at, frame_end, true)
    }

    /// Reads on until all bytes before `end` are there, or as many as can be had.
    ///
    /// # Errors
    /// The reader's own.
    pub(crate) fn collect_until(&mut self, end: usize) -> Result<()> {
        match self.fill(end) {
            Err(Halt::Io(error)) => Err(Error::io(error).at(self.bytes.len() as u64)),
            _ => Ok(()),
        }
    }

    fn collect_to(&mut self, start: usize, frame_end: usize, build: bool) -> Result<Collected> {
        self.frame_end = frame_end;
        let mut at = start;
        loop {
            if !build {
                at = self.pass(at);
            }
            let passed = if build { Ok(()) } else { self.read_on(&mut at) };
            match passed.and_then(|()| self.instruction(at)) {
                Ok((next, Opcode::Stop)) => {
                    // A frame is part of the pickle whole, as in CPython.
                    self.end = next.max(self.frame_end);
                    return Ok(Collected::Whole);
                }
                // The machine finds the fault again in all that is there.
                Err(Halt::End | Halt::Broken) => {
                    self.end = self.bytes.len();
                    return Ok(Collected::Whole);
                }
                Ok((next, opcode)) => {
                    if at < self.frame_end && next > self.frame_end && self.crosses_frame(at) {
                        self.end = self.bytes.len();
                        return Ok(Collected::Whole);
                    }
                    if build && opcode == Opcode::Build {
                        return Ok(Collected::Build);
                    }
                    at = next;
                }
                Err(Halt::Io(error)) => {
                    self.end = self.bytes.len();
                    return Err(Error::io(error).at(self.bytes.len() as u64));
                }
            }
        }
    }

    /// Moves past the instructions at `at` that are there whole, within their frame.
    #[inline]
    fn pass(&self, at: usize) -> usize {
        let end = if at < self.frame_end { self.frame_end } else { self.bytes.len() };
        match self.bytes.get(..end) {
            Some(bytes) => pass(bytes, at),
            None => at,
        }
    }

    /// Reads short instructions outside of frames, the first at `at`, for as long as the reader
    /// gives no more than is asked for. `at` is moved to the first that needs a closer look.
    fn read_on(&mut self, at: &mut usize) -> Result<(), Halt> {
        if self.bytes.len() == *at {
            self.fill(*at + 1)?;
        }
        if *at >= self.frame_end && self.bytes.len() == *at + 1 {
            self.feed.read_on(&mut self.bytes)?;
            *at = self.bytes.len() - 1;
        }
        Ok(())
    }

    /// Returns true if one of the reads of the instruction at `at` crosses the end of its frame.
    #[cold]
    fn crosses_frame(&self, at: usize) -> bool {
        Cursor::new(&self.bytes, at).in_frame(self.frame_end).pass_instruction().is_err()
    }

    /// Reads the instruction at `at`; gives the offset of the next one, and the opcode of this one.
    fn instruction(&mut self, at: usize) -> Result<(usize, Opcode), Halt> {
        let opcode = Opcode::from_byte(self.byte(at)?).ok_or(Halt::Broken)?;
        let at = at + 1;
        let next = match opcode.argument().extent() {
            // The whole frame is read at once: if it is not there, the pickle is cut short.
            Extent::Fixed(width) if opcode == Opcode::Frame => {
                self.need(at, width)?;
                // Inside another frame, or across its end.
                if self.frame_end > at && self.frame_end != at + width {
                    return Err(Halt::Broken);
                }
                let (frame, len) = self.length(at, width)?;
                // STOP may be its last byte.
                self.need(frame, len)?;
                self.frame_end = frame.checked_add(len).ok_or(Halt::End)?;
                at + width
            }
            // The next opcode is asked for by the next step, and behind STOP there is none.
            Extent::Fixed(0) => at,
            Extent::Fixed(width) => {
                self.need_with_next(at, width)?;
                at + width
            }
            Extent::Lines(lines) => (0..lines).try_fold(at, |at, _| self.line(at))?,
            Extent::Counted(width) => self.payload(at, width)?,
            Extent::SignedCounted => {
                if self.little_endian(at, 4)? > i32::MAX as u64 {
                    return Err(Halt::Broken);
                }
                self.payload(at, 4)?
            }
        };
        Ok((next, opcode))
    }

    /// Reads a length of `width` bytes at `at`, and as many bytes as it says; gives the offset of
    /// their end.
    fn payload(&mut self, at: usize, width: usize) -> Result<usize, Halt> {
        let (payload, len) = self.length(at, width)?;
        self.need_with_next(payload, len)?;
        payload.checked_add(len).ok_or(Halt::End)
    }

    /// Reads a length of `width` bytes at `at`; gives the offset behind it as well.
    fn length(&mut self, at: usize, width: usize) -> Result<(usize, usize), Halt> {
        let len = self.little_endian(at, width)?;
        if len > super::MAX_LENGTH {
            return Err(Halt::Broken);
        }
        // A length beyond the address space is beyond the input too: what there is of it is read,
        // so that the error says how much that was.
        Ok((at + width, usize::try_from(len).unwrap_or(usize::MAX)))
    }

    fn byte(&mut self, at: usize) -> Result<u8, Halt> {
        self.need(at, 1)?;
        self.bytes.get(at).copied().ok_or(Halt::End)
    }

    fn little_endian(&mut self, at: usize, width: usize) -> Result<u64, Halt> {
        match width {
            1 => self.need(at, width)?,
            _ => self.need_with_next(at, width)?,
        }
        let bytes = self.bytes.get(at..at + width).unwrap_or_default();
        Ok(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// Reads to the end of the line that begins at `at`; gives the offset behind its newline.
    fn line(&mut self, start: usize) -> Result<usize, Halt> {
        let mut at = start;
        while self.byte(at)? != b'\n' {
            at += 1;
            if at == self.frame_end && start < at {
                return Err(Halt::Broken);
            }
        }
        Ok(at + 1)
    }

    /// Makes sure that `len` bytes from `at` are there.
    #[inline]
    fn need(&mut self, at: usize, len: usize) -> Result<(), Halt> {
        match at.saturating_add(len) {
            end if end <= self.bytes.len() => Ok(()),
            // All of a frame is there, so this read is not within it.
            _ if at < self.frame_end => Err(Halt::Broken),
            end => self.fill(end),
        }
    }

    /// The same of bytes that are not the last of the pickle: asks for the byte behind them too,
    /// which is there if the pickle is whole.
    #[inline]
    fn need_with_next(&mut self, at: usize, len: usize) -> Result<(), Halt> {
        match at.checked_add(len) {
            Some(end) if end > self.bytes.len() && at >= self.frame_end && end < usize::MAX => {
                match self.fill(end + 1) {
                    Err(Halt::End) if end <= self.bytes.len() => Ok(()),
                    filled => filled,
                }
            }
            _ => self.need(at, len),
        }
    }

    fn fill(&mut self, end: usize) -> Result<(), Halt> {
        fill(&mut self.feed, &mut self.bytes, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Room for each payload alone would move all that has come before it.
    #[test]
    fn payloads_that_follow_each_other_move_the_bytes_a_few_times() {
        let mut feed = Sparing(io::repeat(7));
        let (mut bytes, mut moves) = (Vec::new(), 0);
        for _ in 0..50_000 {
            let before = bytes.capacity();
            let end = bytes.len() + 100;
            assert!(fill(&mut feed, &mut bytes, end).is_ok());
            moves += usize::from(bytes.capacity() != before);
        }
        assert!(moves < 40, "{moves}");
    }
}
