//! Frames (PEP 3154).
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

use super::{Emitter, Payload, Sharing, repeats};
use crate::error::Result;
use crate::instruction::Opcode;

/// The least content of a frame that ends at an opcode boundary, and the least payload that is
/// written outside of frames, in bytes. CPython's `FRAME_SIZE_TARGET`.
pub(super) const FRAME_TARGET: usize = 64 << 10;
/// The least content for which the FRAME opcode is written, in bytes. CPython's `FRAME_SIZE_MIN`.
const FRAME_MIN: usize = 4;
/// The FRAME opcode and its length.
const FRAME_HEADER: usize = 9;

/// The state of framing.
pub(super) struct Frames {
    framing: bool,
    /// The offset of the open frame's header in the buffer.
    start: Option<usize>,
    /// The length of the buffer from which on an opcode boundary ends the frame.
    end: usize,
    /// The length from which on an opcode boundary takes the slow path: `end`, or the length at
    /// which short text begins to be looked up, if that is smaller. At protocols 0 and 1 it is 0,
    /// because their text opcodes need the slow path; and it is 0 while finished bytes wait.
    limit: usize,
    /// The limit without such bytes.
    usual_limit: usize,
    /// The length of the finished bytes that nobody has taken away yet.
    pub(super) waiting: usize,
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
            usual_limit: 0,
            waiting: 0,
            old,
            repeats,
            unrenewed: 0,
            commits: 0,
            held: false,
        }
    }

    /// No frames, and everything stays in the buffer.
    pub(super) fn held() -> Self {
        let limit = usize::MAX;
        Self { limit, usual_limit: limit, held: true, ..Self::new(false, false, false) }
    }

    fn set_end(&mut self, end: usize) {
        self.end = end;
        self.set_limit(if self.old { 0 } else { end });
    }

    fn set_limit(&mut self, limit: usize) {
        self.usual_limit = limit;
        self.limit = if self.waiting == 0 { limit } else { 0 };
    }

    /// Counts from the first byte that has not been taken away.
    fn take(&mut self, taken: usize) {
        self.start = self.start.map(|start| start.saturating_sub(taken));
        self.end = self.end.saturating_sub(taken);
        self.waiting = 0;
        self.set_limit(self.usual_limit.saturating_sub(taken));
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits
    }
}

impl Emitter {
    /// Marks a place where a frame may end.
    ///
    /// The finished frame stays in the buffer until the owner of a sink looks for a boundary, by
    /// [`at_limit`](Self::at_limit), as it does wherever a value begins.
    #[inline(always)]
    pub(crate) fn boundary(&mut self) -> Result<()> {
        if self.at_limit() {
            self.cross_unseen();
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn cross_unseen(&mut self) {
        if self.out.len() >= self.frames.end {
            self.commit_frame();
            self.wait();
            self.open_frame();
        } else if self.out.len() >= self.frames.usual_limit {
            self.look_up_repeats();
        }
    }

    /// Notes that all bytes so far are finished; a frame is opened next.
    fn wait(&mut self) {
        if !self.keeps {
            self.frames.waiting = self.out.len();
        }
    }

    /// Returns true if a boundary here has something to do.
    #[inline(always)]
    pub(crate) fn at_limit(&self) -> bool {
        self.out.len() >= self.frames.limit
    }

    /// Returns true if the next value is still within the frame, at protocol 2 or later, and fits
    /// into the buffer by `len` bytes.
    ///
    /// This covers every reason for a slow path. Slow paths are calls, and a function without them
    /// needs no stack.
    #[inline(always)]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        !self.at_limit() && self.out.has_room(len)
    }

    /// Returns true if a boundary here would begin no frame, at protocol 2 or later. That is the
    /// same whatever the buffer and the sink, so that what is written may depend on it.
    #[inline(always)]
    pub(crate) fn is_within_frame(&self) -> bool {
        self.out.len() < self.frames.usual_limit
    }

    /// Ends the frame if it is full; `drain` may take all of the buffer away, where it is given
    /// finished bytes.
    #[cold]
    pub(crate) fn cross_boundary(
        &mut self,
        drain: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        if self.out.len() >= self.frames.end {
            self.commit_frame();
            self.frames.waiting = 0;
            self.out.with(drain)?;
            self.open_frame();
            return Ok(());
        }
        let waiting = self.frames.waiting;
        if waiting > 0 {
            self.frames.take(waiting);
            self.out.with(|out| {
                let open = out.split_off(waiting);
                let drained = drain(out);
                out.extend_from_slice(&open);
                drained
            })?;
        }
        if self.out.len() >= self.frames.usual_limit {
            self.look_up_repeats();
        }
        Ok(())
    }

    /// Begins a payload outside of frames, if it is to be there: `write` gets the buffer, which
    /// ends with its header, and puts the payload behind that or wherever the buffer goes. Returns
    /// true if it did.
    pub(crate) fn large_payload(
        &mut self,
        kind: Payload,
        len: usize,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<bool> {
        let looked_up = matches!(kind, Payload::Text) && self.sharing == Sharing::Always;
        if len < FRAME_TARGET || self.frames.held || looked_up || self.protocol < kind.protocol() {
            return Ok(false);
        }
        let head = kind.head(len, self.protocol)?;
        self.boundary()?;
        self.commit_frame();
        self.out.extend_from_slice(head.bytes());
        self.out.with(write)?;
        self.open_frame();
        Ok(true)
    }

    /// Begins to look up short text, in every field.
    fn look_up_repeats(&mut self) {
        if self.frames.repeats {
            self.memo.repeats.begin();
            self.memo.names.renew_interest();
            self.set_plain();
            self.frames.unrenewed = 0;
            self.frames.set_limit(self.frames.end);
        }
    }

    /// Reserves the header of a frame, where there are frames. Without frames, every 64 KiB count
    /// as one, so that decisions at the end of a frame do not depend on the sink.
    pub(super) fn open_frame(&mut self) {
        let start = self.out.len();
        let begin = if self.frames.framing { start + FRAME_HEADER } else { start };
        self.frames.set_end(begin + FRAME_TARGET);
        if self.memo.repeats.begun() {
            // Frames may be short, and a stream of small pickles must not renew at each of them.
            if self.frames.unrenewed >= FRAME_TARGET {
                self.look_up_repeats();
            }
        } else if self.frames.repeats {
            self.frames.set_limit(self.frames.end.min(begin + repeats::BEGIN));
        }
        if self.frames.framing {
            self.frames.start = Some(start);
            const HEADER: [u8; FRAME_HEADER] = [Opcode::Frame.byte(), 0, 0, 0, 0, 0, 0, 0, 0];
            self.fixed(HEADER, FRAME_HEADER);
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
            self.out.remove(start..start + FRAME_HEADER);
        } else {
            // The header was written at `start`, and nothing before the end of the frame shortens
            // the buffer so far.
            let header = self.out.contents_mut().get_mut(start + 1..);
            if let Some(len) = header.and_then(|header| header.first_chunk_mut()) {
                *len = (content as u64).to_le_bytes();
            }
        }
    }

    /// An instruction with a counted payload: its opcode and length in `header`, then the payload,
    /// which stays outside of frames if it is large.
    pub(super) fn counted(&mut self, header: &[u8], payload: &[u8]) {
        if payload.len() < FRAME_TARGET || self.frames.held {
            self.out.extend_from_two(header, payload);
            return;
        }
        self.commit_frame();
        self.out.extend_from_slice(header);
        self.out.extend_from_slice(payload);
        self.wait();
        self.open_frame();
    }
}
