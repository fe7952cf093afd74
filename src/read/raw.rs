//! Bytes between two instructions that belong to neither: the raw arrays of joblib.

use super::Cursor;
use crate::error::{Error, Result};

impl<'a> Cursor<'a> {
    /// Leaves a frame that was read to its end, for bytes that no frame holds.
    ///
    /// # Errors
    /// The frame goes on. Python would take the bytes from behind its end.
    fn leave_frames(&mut self) -> Result<()> {
        self.pass_frame_end();
        if self.frame_end.is_some() {
            return Err(Error::syntax("the bytes of an array are to begin inside a frame"));
        }
        Ok(())
    }

    /// Reads `len` raw bytes behind an instruction; `None` if they are not all there.
    pub(crate) fn read_raw(&mut self, len: usize) -> Result<Option<&'a [u8]>> {
        self.leave_frames()?;
        let raw = self.bytes.get(self.at..).and_then(|rest| rest.get(..len));
        self.at += raw.map_or(0, <[u8]>::len);
        Ok(raw)
    }

    /// A cursor before a pickle that begins here and is none of this one's instructions.
    pub(crate) fn nested(&mut self) -> Result<Self> {
        self.leave_frames()?;
        Ok(Self::new(self.input, self.at))
    }

    /// Goes on behind the pickle that `nested` has read.
    pub(crate) fn resume_behind(&mut self, nested: &Self) {
        self.at = nested.at;
    }
}
