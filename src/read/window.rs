//! Instructions of pickles that are longer than memory: [`InstructionReader`].
//!
//! A [`Window`] is the part of the input that is at hand. It grows only where one instruction is
//! longer than it, and an argument that is not wanted is passed over in pieces. Unlike
//! [`instructions`](super::instructions), which has all of a pickle before it, this heeds frames:
//! each instruction goes through a [`Scanner`] as well, which knows where frames end.
//!
//! Promise: memory is that of the longest instruction that is wanted, twice, and a constant; a
//! length that is claimed and not there allocates nothing.

use std::io::Read;

use super::{Cursor, Scanner, explain};
use crate::error::{Error, ErrorKind, Result};
use crate::instruction::{Argument, Extent, Opcode};
use crate::limits;

/// Bytes of a frame behind STOP that are looked for.
const BEHIND_STOP: u64 = 1 << 20;

/// The part of an input that is at hand, and where the next instruction is in it.
pub(crate) struct Window<R> {
    reader: R,
    bytes: Vec<u8>,
    at: usize,
    /// Where `bytes` begins in the input.
    base: u64,
    ended: bool,
    scanner: Scanner,
    /// Where the pickle begins that the scanner is in.
    start: u64,
    /// The first fault of a frame.
    frames: Option<Error>,
    /// Payloads that are longer are passed over.
    max_payload: u64,
    last: Option<Opcode>,
    /// The length of the input, where that is known.
    len: Option<u64>,
    /// The instruction at hand, where its payload was passed over.
    header: Vec<u8>,
}

/// An instruction as bytes.
pub(crate) struct Raw<'w> {
    pub(crate) offset: u64,
    pub(crate) opcode: Opcode,
    /// Opcode and argument; without the payload where that was passed over.
    pub(crate) bytes: &'w [u8],
    pub(crate) passed_over: u64,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            at: 0,
            base: 0,
            ended: false,
            scanner: Scanner::new(),
            start: 0,
            frames: None,
            max_payload: u64::MAX,
            last: None,
            len: None,
            header: Vec::new(),
        }
    }

    /// Passes over payloads that are longer.
    pub(crate) fn max_payload(mut self, bytes: u64) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Tells the length of the input, so that a frame beyond its end is found where it begins.
    pub(crate) fn of_len(mut self, len: u64) -> Self {
        self.len = Some(len);
        self
    }

    /// The reader, which is ahead of the window.
    pub(crate) fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The instruction at a place, with up to `len` bytes, if it is in the window still.
    pub(crate) fn there(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        let there = self.bytes.get(from..self.at).filter(|there| !there.is_empty())?;
        there.get(..len.min(there.len()))
    }

    /// The opcode that was read last.
    pub(crate) fn last_opcode(&self) -> Option<Opcode> {
        self.last
    }

    /// Where the next instruction begins.
    pub(crate) fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The first fault of a frame so far.
    pub(crate) fn take_frame_fault(&mut self) -> Option<Error> {
        self.frames.take()
    }

    /// Begins the next pickle; within the frame that the last one left, where `one_memo` says that
    /// both are of one stream.
    pub(crate) fn begin(&mut self, one_memo: bool) {
        let frame_end = self.scanner.frame_end().map(|end| self.start + end);
        self.scanner.reset();
        self.start = self.position();
        if let Some(end) = frame_end.and_then(|end| end.checked_sub(self.start))
            && one_memo
        {
            self.scanner.enter_frame(end);
        }
    }

    /// Returns true at the end of the input; reads on to see.
    ///
    /// # Errors
    /// The reader's own.
    pub(crate) fn is_at_end(&mut self) -> Result<bool> {
        while self.at >= self.bytes.len() && !self.ended {
            self.fill()?;
        }
        Ok(self.at >= self.bytes.len())
    }

    /// The next instruction.
    ///
    /// # Errors
    /// `Eof` and `Syntax`, where there is none; the reader's own. A fault of a frame is kept for
    /// [`take_frame_fault`](Self::take_frame_fault).
    pub(crate) fn next(&mut self) -> Result<Raw<'_>> {
        let (opcode, end, passed_over) = match self.measure() {
            Ok(measured) => measured,
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(error) => return Err(self.explained(error)),
        };
        let (offset, at) = (self.position(), self.at);
        self.last = Some(opcode);
        self.scan(at, end);
        self.at = end;
        match opcode {
            Opcode::Stop => self.check_frame_behind_stop()?,
            Opcode::Frame => self.check_frame_ahead(offset),
            _ => {}
        }
        if passed_over > 0 {
            self.header.clear();
            self.header.extend_from_slice(self.bytes.get(at..end).unwrap_or_default());
            self.pass_over(passed_over)?;
            return Ok(Raw { offset, opcode, bytes: &self.header, passed_over });
        }
        let bytes = self.bytes.get(at..end).unwrap_or_default();
        Ok(Raw { offset, opcode, bytes, passed_over })
    }

    /// The error of an instruction in the window, by its place in the input.
    #[cold]
    fn explained(&self, error: Error) -> Error {
        let start = self.start.checked_sub(self.base).and_then(|start| usize::try_from(start).ok());
        let error = match start {
            Some(start) => explain(error, &self.bytes, start),
            None => error,
        };
        error.in_stream(self.base)
    }

    /// Reads on until the next instruction is there whole. Gives its opcode, its end in the window,
    /// and the bytes that are to be passed over behind that.
    fn measure(&mut self) -> Result<(Opcode, usize, u64)> {
        loop {
            let mut cursor = Cursor::new(&self.bytes, self.at);
            let measured = cursor.read_opcode().and_then(|opcode| {
                if let Some((header, len)) = long_payload(&cursor, opcode, self.max_payload) {
                    return Ok((opcode, cursor.position() + header, len));
                }
                cursor.skip_argument(opcode)?;
                Ok((opcode, cursor.position(), 0))
            });
            match measured {
                Err(error) if error.kind() == ErrorKind::Eof && !self.ended => self.fill()?,
                measured => return measured,
            }
        }
    }

    /// Reads more: as much again as is waiting, so that a long instruction is measured few times.
    fn fill(&mut self) -> Result<()> {
        self.bytes.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        let chunk = self.bytes.len().max(limits::READ_CHUNK) as u64;
        match self.reader.by_ref().take(chunk).read_to_end(&mut self.bytes) {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => {
                return Err(Error::io(error).at(self.base + self.bytes.len() as u64));
            }
        }
        Ok(())
    }

    /// Shows the scanner a stretch of the window.
    fn scan(&mut self, from: usize, to: usize) {
        if self.frames.is_none()
            && let Err(error) = self.scanner.push(self.bytes.get(from..to).unwrap_or_default())
        {
            self.frames = Some(error.in_stream(self.start));
        }
    }

    fn pass_over(&mut self, mut left: u64) -> Result<()> {
        while left > 0 {
            if self.at == self.bytes.len() {
                if self.ended {
                    let error = Error::eof("the pickle ends inside an argument");
                    return Err(error.at(self.position()));
                }
                self.fill()?;
            }
            let there = self.bytes.len() - self.at;
            let taken = usize::try_from(left).map_or(there, |left| left.min(there));
            self.scan(self.at, self.at + taken);
            self.at += taken;
            left -= taken as u64;
        }
        Ok(())
    }

    /// All of a frame must be there.
    fn check_frame_ahead(&mut self, offset: u64) {
        let end = self.scanner.frame_end().map(|end| self.start + end);
        if let (Some(end), Some(len)) = (end, self.len)
            && end > len
            && self.frames.is_none()
        {
            let (frame, left) = (end - self.position(), len.saturating_sub(self.position()));
            let error = format!("a frame of {frame} bytes is announced and {left} bytes are left");
            self.frames = Some(Error::eof(error).at(offset));
        }
    }

    /// STOP may come before the end of its frame, but the rest of the frame must be there.
    fn check_frame_behind_stop(&mut self) -> Result<()> {
        let Some(end) = self.scanner.frame_end().map(|end| self.start + end) else {
            return Ok(());
        };
        let left = end.saturating_sub(self.position());
        let wanted = left.min(BEHIND_STOP) as usize;
        let at = self.at;
        while self.bytes.len() - at < wanted && !self.ended {
            let chunk = (wanted - (self.bytes.len() - at)) as u64;
            let read = self.reader.by_ref().take(chunk).read_to_end(&mut self.bytes);
            self.ended = read.map_err(|error| Error::io(error).at(end))? == 0;
        }
        if self.frames.is_none() && self.bytes.len() - at < wanted {
            let left = self.bytes.len() - at;
            let error = format!("a frame goes on behind STOP, and {left} bytes are left");
            self.frames = Some(Error::eof(error).at(self.position() - 1));
        }
        Ok(())
    }
}

/// The length of an argument's length, and that of its payload, where that is longer than `max`.
fn long_payload(cursor: &Cursor<'_>, opcode: Opcode, max: u64) -> Option<(usize, u64)> {
    let width = match opcode.argument().extent() {
        Extent::Counted(width) => width,
        Extent::SignedCounted => 4,
        Extent::Fixed(_) | Extent::Lines(_) => return None,
    };
    let length = cursor.peek(width)?;
    let len = length.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
    let limit = match opcode.argument().extent() {
        Extent::SignedCounted => i32::MAX as u64,
        _ => super::MAX_LENGTH,
    };
    (len > max && len <= limit).then_some((width, len))
}

/// The instructions of pickles from a reader, one at a time, in memory of a constant size.
///
/// [`instructions`](super::instructions) is for a pickle in memory. This is for one that is longer
/// than that: a window moves over the input, and holds the instruction at hand. The reader needs no
/// buffer of its own, and is read ahead of STOP.
///
/// ```
/// use serde_pickle::opcode::{InstructionReader, Opcode};
///
/// let mut names = Vec::new();
/// let mut reader = InstructionReader::new(&b"\x80\x02]K\x2aa.N."[..]);
/// while let Some(instruction) = reader.next_instruction()? {
///     names.push((instruction.offset, instruction.opcode));
/// }
/// assert_eq!(names[1], (2, Opcode::EmptyList));
/// assert_eq!(names[4], (6, Opcode::Stop));
/// // The next pickle.
/// assert!(reader.next_pickle()?);
/// assert_eq!(reader.next_instruction()?.map(|it| it.opcode), Some(Opcode::None));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct InstructionReader<R> {
    window: Window<R>,
    ended: bool,
}

/// An instruction of an [`InstructionReader`].
///
/// ```
/// use serde_pickle::opcode::InstructionReader;
///
/// let mut reader = InstructionReader::new(&b"C\x03abc."[..]).max_payload(2);
/// let instruction = reader.next_instruction()?.unwrap();
/// assert_eq!((instruction.offset, instruction.passed_over), (0, 3));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReadInstruction<'a> {
    /// Where the opcode is, in bytes from the start of the reader.
    pub offset: u64,
    /// The opcode.
    pub opcode: Opcode,
    /// Its argument; [`Argument::None`] where that was passed over.
    pub argument: Argument<'a>,
    /// Bytes of the argument that were [passed over](InstructionReader::max_payload).
    pub passed_over: u64,
}

impl<R: Read> InstructionReader<R> {
    /// Stands before the first pickle of a reader.
    pub fn new(reader: R) -> Self {
        Self { window: Window::new(reader), ended: false }
    }

    /// Passes over text, bytes and ints of more than `bytes` bytes, which are then never in memory.
    /// None are unless asked otherwise.
    #[must_use]
    pub fn max_payload(mut self, bytes: u64) -> Self {
        self.window.max_payload = bytes;
        self
    }

    /// Where the next instruction begins, in bytes from the start of the reader.
    ///
    /// ```
    /// use serde_pickle::opcode::InstructionReader;
    ///
    /// let mut reader = InstructionReader::new(&b"K\x01."[..]).max_payload(1 << 20);
    /// reader.next_instruction()?;
    /// assert_eq!(reader.position(), 2);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn position(&self) -> u64 {
        self.window.position()
    }

    /// The next instruction of the pickle; none behind its STOP and behind an error.
    ///
    /// # Errors
    /// `Eof` and `Syntax` where the bytes are no instruction, and where a frame lies, as all
    /// readers of this crate have it; `Limit` for an int of more than 4,300 digits in text;
    /// `Unsupported` for a protocol beyond 5; the reader's own.
    pub fn next_instruction(&mut self) -> Result<Option<ReadInstruction<'_>>> {
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let fault = self.window.frames.take();
        if let Some(fault) = fault {
            return Err(fault);
        }
        let raw = self.window.next_in_frame()?;
        let Raw { offset, opcode, bytes, passed_over } = raw;
        let argument = if passed_over > 0 {
            Argument::None
        } else {
            let mut cursor = Cursor::new(bytes, 0);
            cursor
                .read_opcode()
                .and_then(|opcode| {
                    cursor.read_argument(opcode.argument(), opcode, limits::INT_DIGITS)
                })
                .map_err(|error| error.in_stream(offset))?
        };
        self.ended = opcode == Opcode::Stop;
        Ok(Some(ReadInstruction { offset, opcode, argument, passed_over }))
    }

    /// Goes to the pickle behind the one that has ended; false at the end of the reader.
    ///
    /// # Errors
    /// The reader's own.
    pub fn next_pickle(&mut self) -> Result<bool> {
        if self.window.is_at_end()? {
            return Ok(false);
        }
        self.window.begin(true);
        self.ended = false;
        Ok(true)
    }
}

impl<R: Read> Window<R> {
    /// The next instruction, where no read of it crosses the end of a frame.
    fn next_in_frame(&mut self) -> Result<Raw<'_>> {
        // Its bytes are in the window, or in `header`, until the next one is asked for.
        let (offset, opcode, passed_over, len) = {
            let raw = self.next()?;
            (raw.offset, raw.opcode, raw.passed_over, raw.bytes.len())
        };
        if let Some(fault) = self.frames.take() {
            return Err(fault);
        }
        let bytes = if passed_over > 0 {
            &self.header[..]
        } else {
            self.bytes.get(self.at - len..self.at).unwrap_or_default()
        };
        Ok(Raw { offset, opcode, bytes, passed_over })
    }
}

impl<R> std::fmt::Debug for InstructionReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstructionReader").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::read::instructions;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match (self.0.split_first(), buffer.first_mut()) {
                (Some((&byte, rest)), Some(place)) => {
                    (*place, self.0) = (byte, rest);
                    Ok(1)
                }
                _ => Ok(0),
            }
        }
    }

    fn read(reader: impl Read, max: u64) -> Result<Vec<(u64, Opcode, String)>> {
        let mut reader = InstructionReader::new(reader).max_payload(max);
        let mut found = Vec::new();
        while let Some(it) = reader.next_instruction()? {
            found.push((it.offset, it.opcode, format!("{:?}", it.argument)));
        }
        Ok(found)
    }

    #[test]
    fn instructions_of_a_reader_are_those_of_the_slice() {
        let text = vec![b'x'; 300_000];
        let mut pickle = b"\x80\x04]\x94(X".to_vec();
        pickle.extend((text.len() as u32).to_le_bytes());
        pickle.extend(&text);
        pickle.extend(b"\x94K\x01cos\nsystem\nI12\ne.");
        let expected: Vec<_> = instructions(&pickle)
            .map(|item| item.map(|(at, opcode, argument)| (at, opcode, format!("{argument:?}"))))
            .collect::<Result<_>>()
            .unwrap();
        assert_eq!(read(&pickle[..], u64::MAX).unwrap(), expected);
        assert_eq!(read(Drip(&pickle), u64::MAX).unwrap(), expected);
        let mut passed = expected;
        passed[4].2 = "None".to_owned();
        assert_eq!(read(&pickle[..], 1_000).unwrap(), passed);
        assert_eq!(read(Drip(&pickle), 1_000).unwrap(), passed);
    }

    #[test]
    fn errors_are_at_their_byte_however_far_in() {
        let mut pickle = b"\x80\x04".to_vec();
        pickle.extend(std::iter::repeat_n(*b"K\x01", 200_000).flatten());
        let cut = pickle.len() as u64;
        for (tail, offset) in
            [(&b""[..], cut), (b"\xff", cut), (b"K", cut), (b"X\x09\0\0\0ab", cut)]
        {
            let whole = [&pickle[..], tail].concat();
            let error = read(&whole[..], u64::MAX).unwrap_err();
            assert_eq!(error.offset(), Some(offset), "{error}");
        }
    }

    #[test]
    fn frames_that_lie_are_refused() {
        for pickle in [
            &b"\x80\x04\x95\x04\0\0\0\0\0\0\0\x8c\x04name."[..],
            b"\x80\x04\x95\xff\0\0\0\0\0\0\0N.",
        ] {
            assert!(read(pickle, u64::MAX).is_err());
            assert!(read(Drip(pickle), u64::MAX).is_err());
        }
    }
}
