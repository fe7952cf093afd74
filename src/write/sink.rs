//! Where the bytes go.
//!
//! The [`Emitter`](super::Emitter) knows nothing of it: it writes into a buffer, and whoever owns
//! both hands that on where a frame ends.

use std::io;

use crate::error::{Error, Result};

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
