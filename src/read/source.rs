//! Collects one pickle from an `io::Read`, exactly up to STOP.
//!
//! Bytes behind a pickle in a file are not the reader's: they are the next pickle, or the zlib data
//! of a Django cache. So only bytes that must be part of the pickle are asked for: an opcode, then
//! its argument, byte by byte where a line has no known end; a frame whole, as CPython does. A
//! reader without a buffer of its own is therefore slow for protocols without frames: wrap it in a
//! `BufReader` when nothing else reads from it.
//!
//! This is not a second interpreter: it knows how long arguments are and nothing else. If the bytes
//! are not a pickle, it stops and leaves the error to the machine, which meets it at the same byte.
//! A claimed length is never allocated: payloads arrive in chunks of [`limits::READ_CHUNK`].

use std::io::{self, Read};

use super::Cursor;
use crate::error::{Error, Result};
use crate::instruction::{Extent, Opcode};
use crate::limits;

/// The bytes that a reader has given so far.
pub(crate) struct Collector<R> {
    reader: R,
    bytes: Vec<u8>,
    /// The end of the last frame in `bytes`; 0 before the first.
    frame_end: usize,
}

/// The end that [`Collector::collect_to_build`] came to.
pub(crate) enum Collected {
    /// To the end of a BUILD.
    Build,
    /// To the end of the pickle, or of what can be had of it.
    Whole,
}

/// The reason for an end without STOP.
enum Halt {
    /// The reader is at its end.
    End,
    /// The bytes so far are not a pickle; the machine gives the error.
    Broken,
    Io(io::Error),
}

impl<R: Read> Collector<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), frame_end: 0 }
    }

    /// The reader, and what was collected from byte `at` on.
    pub(crate) fn into_parts(mut self, at: usize) -> (R, Vec<u8>) {
        self.discard(at);
        (self.reader, self.bytes)
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
            match self.instruction(at) {
                Ok((_, Opcode::Stop)) | Err(Halt::End | Halt::Broken) => {
                    return Ok(Collected::Whole);
                }
                Ok((next, opcode)) => {
                    if at < self.frame_end && next > self.frame_end && self.crosses_frame(at) {
                        return Ok(Collected::Whole);
                    }
                    if build && opcode == Opcode::Build {
                        return Ok(Collected::Build);
                    }
                    at = next;
                }
                Err(Halt::Io(error)) => return Err(Error::io(error).at(self.bytes.len() as u64)),
            }
        }
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
                self.frame_end = self.payload(at, width)?;
                at + width
            }
            Extent::Fixed(width) => {
                self.need(at, width)?;
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
        let len = self.little_endian(at, width)?;
        if len > super::MAX_LENGTH {
            return Err(Halt::Broken);
        }
        // Bytes beyond the address space cannot be there.
        let len = usize::try_from(len).map_err(|_| Halt::End)?;
        let payload = at + width;
        self.need(payload, len)?;
        payload.checked_add(len).ok_or(Halt::End)
    }

    fn byte(&mut self, at: usize) -> Result<u8, Halt> {
        self.need(at, 1)?;
        self.bytes.get(at).copied().ok_or(Halt::End)
    }

    fn little_endian(&mut self, at: usize, width: usize) -> Result<u64, Halt> {
        self.need(at, width)?;
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
        match at.checked_add(len) {
            Some(end) if end <= self.bytes.len() => Ok(()),
            // All of a frame is there, so this read is not within it.
            Some(_) if at < self.frame_end => Err(Halt::Broken),
            Some(end) => self.fill(end),
            None => Err(Halt::End),
        }
    }

    fn fill(&mut self, end: usize) -> Result<(), Halt> {
        while self.bytes.len() < end {
            let missing = end - self.bytes.len();
            if missing == 1 {
                let mut byte = [0];
                match self.reader.read(&mut byte) {
                    Ok(0) => return Err(Halt::End),
                    Ok(_) => self.bytes.push(byte[0]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Halt::Io(error)),
                }
                continue;
            }
            let chunk = missing.min(limits::READ_CHUNK) as u64;
            match self.reader.by_ref().take(chunk).read_to_end(&mut self.bytes) {
                Ok(0) => return Err(Halt::End),
                Ok(_) => {}
                Err(error) => return Err(Halt::Io(error)),
            }
        }
        Ok(())
    }
}
