//! Frames (PEP 3154), and the sinks that take the bytes.
//!
//! CPython's C pickler begins a frame with the first byte after PROTO or after the last frame, ends
//! it at the first opcode boundary where it holds 64 KiB, writes a payload of 64 KiB or more
//! outside of any frame, and leaves the FRAME opcode out of a frame of less than four bytes. This
//! file makes the same cuts with fewer checks: a frame's header is reserved as soon as the last
//! frame ends, and removed again if the frame stays too short. So the hot path checks only if the
//! buffer has reached [`Frames::limit`].
//!
//! Source: `_Pickler_OpcodeBoundary`, `_Pickler_CommitFrame` and `_Pickler_write_bytes` in
//! CPython's `Modules/_pickle.c`.

use std::io;

use super::{Emitter, repeats};
use crate::error::{Error, Result};
use crate::instruction::Opcode;

/// The least content of a frame that ends at an opcode boundary, and the least payload that is
/// written outside of frames, in bytes. CPython's `FRAME_SIZE_TARGET`.
pub(super) const FRAME_TARGET: usize = 64 << 10;
/// The least content for which the FRAME opcode is written, in bytes. CPython's `FRAME_SIZE_MIN`.
const FRAME_MIN: usize = 4;
/// The FRAME opcode and its length.
const FRAME_HEADER: usize = 9;

/// Takes the finished bytes.
pub trait Sink {
    /// Returns true if the buffer becomes the result, and so grows to the size of the pickle.
    fn keeps(&self) -> bool;

    /// Takes all of `out`.
    fn drain(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// Takes all of `out`, and then `payload`.
    fn payload(&mut self, out: &mut Vec<u8>, payload: &[u8]) -> Result<()>;
}

/// Keeps the pickle in the buffer.
pub(crate) struct Memory;

impl Sink for Memory {
    fn keeps(&self) -> bool {
        true
    }

    #[inline]
    fn drain(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn payload(&mut self, out: &mut Vec<u8>, payload: &[u8]) -> Result<()> {
        out.extend_from_slice(payload);
        Ok(())
    }
}

/// The buffer is written to an [`io::Write`] frame by frame, or every 64 KiB where there are none.
#[derive(Debug)]
pub(crate) struct Stream<W>(pub(crate) W);

impl<W: io::Write> Sink for Stream<W> {
    fn keeps(&self) -> bool {
        false
    }

    fn drain(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.0.write_all(out).map_err(Error::io)?;
        out.clear();
        Ok(())
    }

    fn payload(&mut self, out: &mut Vec<u8>, payload: &[u8]) -> Result<()> {
        self.drain(out)?;
        self.0.write_all(payload).map_err(Error::io)
    }
}

/// The state of framing.
pub(super) struct Frames {
    framing: bool,
    /// The offset of the open frame's header in the buffer.
    start: Option<usize>,
    /// The length of the buffer from which on an opcode boundary ends the frame.
    end: usize,
    /// The length from which on an opcode boundary takes the slow path: `end`, or the length at
    /// which short text begins to be looked up, if that is smaller. At protocols 0 and 1 it is 0,
    /// because their text opcodes need the slow path.
    limit: usize,
    old: bool,
    /// True if repeated short text is to be found: see `repeats.rs`.
    repeats: bool,
    /// Bytes written, up to the open frame, since the lookup was last renewed for all fields.
    unrenewed: usize,
    /// The number of frames that have ended.
    commits: u64,
    /// True if the sink gets nothing for now.
    held: bool,
}

impl Frames {
    #[inline(always)]
    pub(super) fn new(framing: bool, old: bool, repeats: bool) -> Self {
        let repeats = repeats && !old;
        Self {
            framing,
            start: None,
            end: usize::MAX,
            limit: 0,
            old,
            repeats,
            unrenewed: 0,
            commits: 0,
            held: false,
        }
    }

    /// No frames, and everything stays in the buffer.
    pub(super) fn held() -> Self {
        Self { limit: usize::MAX, held: true, ..Self::new(false, false, false) }
    }

    fn set_end(&mut self, end: usize) {
        self.end = end;
        self.limit = if self.old { 0 } else { end };
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits
    }
}

impl Emitter<dyn Sink + '_> {
    /// Marks a place where a frame may end.
    #[inline(always)]
    pub(crate) fn boundary(&mut self) -> Result<()> {
        if self.out.len() >= self.frames.limit { self.cross_boundary() } else { Ok(()) }
    }

    /// Returns true if the next value is still within the frame, at protocol 2 or later, and fits
    /// into the buffer by `len` bytes.
    ///
    /// This one check covers every reason for a slow path. Slow paths are calls, and a function
    /// without them needs no stack.
    #[inline(always)]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.out.len() < self.frames.limit && self.out.capacity() - self.out.len() >= len
    }

    #[cold]
    fn cross_boundary(&mut self) -> Result<()> {
        if self.out.len() < self.frames.end {
            self.look_up_repeats();
            return Ok(());
        }
        self.commit_frame();
        self.sink.drain(&mut self.out)?;
        self.open_frame();
        Ok(())
    }

    /// Begins to look up short text, in every field.
    fn look_up_repeats(&mut self) {
        if self.frames.repeats {
            self.memo.repeats.begin();
            self.memo.names.renew_interest();
            self.set_plain();
            self.frames.unrenewed = 0;
            self.frames.limit = self.frames.end;
        }
    }

    /// Reserves the header of a frame, where there are frames. Without frames, every 64 KiB count
    /// as one, so that decisions at the end of a frame do not depend on the sink.
    pub(super) fn open_frame(&mut self) {
        if self.frames.framing {
            self.frames.start = Some(self.out.len());
            let mut header = [0; FRAME_HEADER];
            header[0] = Opcode::Frame.byte();
            self.out.extend_from_slice(&header);
        }
        self.frames.set_end(self.out.len() + FRAME_TARGET);
        if self.memo.repeats.begun() {
            // Frames may be short, and a stream of small pickles must not renew at each of them.
            if self.frames.unrenewed >= FRAME_TARGET {
                self.look_up_repeats();
            }
        } else if self.frames.repeats {
            self.frames.limit = self.frames.end.min(self.out.len() + repeats::BEGIN);
        }
    }

    /// Ends the open frame, if there is one: fills its length in, or takes its header out if it is
    /// too short.
    pub(super) fn commit_frame(&mut self) {
        self.frames.commits += 1;
        self.frames.unrenewed += (self.out.len() + FRAME_TARGET).saturating_sub(self.frames.end);
        let Some(start) = self.frames.start.take() else {
            return;
        };
        let content = self.out.len() - start - FRAME_HEADER;
        if content < FRAME_MIN {
            self.out.drain(start..start + FRAME_HEADER);
        } else {
            // The header was written at `start`, and nothing before the end of the frame shortens
            // the buffer so far.
            self.out[start + 1..start + FRAME_HEADER]
                .copy_from_slice(&(content as u64).to_le_bytes());
        }
    }

    /// An instruction with a counted payload: its opcode and length in `header`, then the payload,
    /// which stays outside of frames if it is large.
    pub(super) fn counted(&mut self, header: &[u8], payload: &[u8]) -> Result<()> {
        if payload.len() < FRAME_TARGET || self.frames.held {
            self.out.reserve(header.len() + payload.len());
            self.out.extend_from_slice(header);
            self.out.extend_from_slice(payload);
            return Ok(());
        }
        self.commit_frame();
        self.out.extend_from_slice(header);
        self.sink.payload(&mut self.out, payload)?;
        self.open_frame();
        Ok(())
    }
}
