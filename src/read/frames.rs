//! Frames (PEP 3154): no read crosses the end of one.
//!
//! CPython up to 3.13.0 takes a frame for a hint when it reads from memory, and drops the rest of
//! its buffer where a read crosses a frame's end when it reads from a file. So such a pickle means
//! different things to the two. Newer releases and `pickle.py` refuse it, and so does every reader
//! here:
//!
//! - A *read* is an opcode byte, a fixed argument, a length, its payload, or a line. One that
//!   begins inside a frame ends inside it.
//! - A frame may end between any two reads, opcode and argument included. STOP may come before its
//!   end.
//! - A frame begins where no other is left unread, and all its bytes must be there.
//!
//! This costs nothing: inside a frame the cursor's bytes end where the frame does, so that the
//! bounds check of each read is the check of the frame. Only a read that finds too few bytes comes
//! here; it goes on outside of the frame if that was read to its last byte.

use super::{Cursor, HIGHEST, MAX_LENGTH};
use crate::error::{Error, Result};
use crate::instruction::{Extent, Opcode};

impl<'a> Cursor<'a> {
    /// The same cursor, within a frame that an earlier pickle of the stream began and that ends at
    /// byte `end`, if that lies ahead.
    pub(crate) fn in_frame(mut self, end: usize) -> Self {
        if end > self.at {
            self.enter(end);
        }
        self
    }

    /// The end of the current frame; 0 outside of frames.
    pub(crate) fn frame_end(&self) -> usize {
        self.frame_end.filter(|&end| end > self.at).unwrap_or(0)
    }

    fn enter(&mut self, end: usize) {
        self.frame_end = Some(end);
        self.bytes = self.input.get(..end).unwrap_or(self.input);
    }

    /// Reads the PROTO and FRAME that begin a pickle from protocol 4 on, and gives the protocol.
    /// `None` where anything else is next, or the frame is not there whole; then nothing is read.
    pub(crate) fn read_begin_of_frame(&mut self) -> Option<u8> {
        const PROTO: u8 = Opcode::Proto.byte();
        const FRAME: u8 = Opcode::Frame.byte();

        let &[PROTO, protocol @ ..=HIGHEST, FRAME, ref len @ ..] =
            self.bytes.get(self.at..)?.first_chunk::<11>()?
        else {
            return None;
        };
        let begin = self.at + 11;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        if self.frame_end.is_some() || len == 0 || len > self.bytes.len() - begin {
            return None;
        }
        self.opcode_at = self.at + 2;
        self.at = begin;
        self.enter(begin + len);
        Some(protocol)
    }

    /// Leaves a frame that has been read to its end.
    ///
    /// # Errors
    /// The cursor is inside a frame or outside of any, so that there is nothing more to read.
    #[cold]
    pub(super) fn leave_frame(&mut self) -> Result<()> {
        if self.frame_end != Some(self.at) {
            return Err(self.truncated());
        }
        self.pass_frame_end();
        Ok(())
    }

    /// Leaves the frame if it has been read to its end, for a look at what follows.
    #[cold]
    pub(crate) fn pass_frame_end(&mut self) {
        if self.frame_end == Some(self.at) {
            self.frame_end = None;
            self.bytes = self.input;
        }
    }

    /// The error for an argument that is cut short by the end of the input or of a frame.
    #[cold]
    pub(super) fn truncated(&self) -> Error {
        let name = self
            .input
            .get(self.opcode_at)
            .and_then(|&byte| Opcode::from_byte(byte))
            .map_or("", Opcode::name);
        let error = match self.frame_end {
            Some(_) => Error::syntax(format!("the argument of {name} crosses the end of a frame")),
            None => Error::eof(format!("the pickle ends inside the argument of {name}")),
        };
        error.at(self.opcode_at as u64)
    }

    #[cold]
    pub(super) fn array_behind_frame<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.leave_frame()?;
        match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>) {
            Some(array) => {
                self.at += N;
                Ok(*array)
            }
            None => Err(self.truncated()),
        }
    }

    #[cold]
    pub(super) fn payload_behind_frame(&mut self, len: usize) -> Result<&'a [u8]> {
        self.leave_frame()?;
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..len)) {
            Some(payload) => {
                self.at += len;
                Ok(payload)
            }
            None => Err(self.truncated()),
        }
    }

    /// Reads the length of a frame and enters it.
    ///
    /// # Errors
    /// `Syntax` inside another frame and for a length beyond 63 bits, `Eof` where the frame's bytes
    /// are not all there.
    pub(crate) fn read_frame(&mut self) -> Result<()> {
        let len = self.read_uint8()?;
        if len > MAX_LENGTH {
            return Err(self.malformed(format!(
                "a frame of {len} bytes is announced, more than any input has"
            )));
        }
        if self.frame_end.is_some_and(|end| end > self.at) {
            return Err(self.malformed("a frame begins before the one around it ends"));
        }
        let left = self.input.len() - self.at;
        match usize::try_from(len).ok().filter(|&len| len <= left) {
            Some(len) => {
                self.enter(self.at + len);
                Ok(())
            }
            None => Err(Error::eof(format!(
                "a frame of {len} bytes is announced and {left} bytes are left"
            ))
            .at(self.opcode_at as u64)),
        }
    }

    /// Goes past an instruction, and into the frame that it may begin.
    ///
    /// # Errors
    /// There is no whole instruction, or it crosses the end of its frame.
    pub(super) fn pass_instruction(&mut self) -> Result<Opcode> {
        let opcode = self.read_opcode()?;
        match opcode {
            Opcode::Frame => self.read_frame()?,
            opcode => self.skip_argument(opcode)?,
        }
        Ok(opcode)
    }

    /// Skips the argument of the opcode that was read last.
    pub(crate) fn skip_argument(&mut self, opcode: Opcode) -> Result<()> {
        let kind = opcode.argument();
        match kind.extent() {
            Extent::Fixed(len) => self.read_payload(len).map(drop),
            Extent::Lines(lines) => (0..lines).try_for_each(|_| self.read_line().map(drop)),
            Extent::Counted(_) | Extent::SignedCounted => self.read_counted(kind).map(drop),
        }
    }
}

/// Checks that no read crosses the end of a frame in the pickle that begins at byte `start`, for
/// tools that otherwise ignore frames. `frame_end` is as in [`Cursor::in_frame`]; the result is the
/// `frame_end` of the next pickle.
///
/// # Errors
/// That of the frame. Any other fault is for the tool to name, and ends the search.
pub(crate) fn check_frames(bytes: &[u8], start: usize, frame_end: usize) -> Result<usize> {
    let mut cursor = Cursor::new(bytes, start).in_frame(frame_end);
    loop {
        match cursor.pass_instruction() {
            Ok(Opcode::Stop) => return Ok(cursor.frame_end()),
            Ok(_) => {}
            Err(error) => {
                let mut unframed = Cursor::new(bytes, cursor.opcode_at);
                let readable =
                    unframed.read_opcode().and_then(|opcode| unframed.skip_argument(opcode));
                return if readable.is_ok() { Err(error) } else { Ok(0) };
            }
        }
    }
}
