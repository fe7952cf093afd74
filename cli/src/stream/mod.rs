//! Pickles that are longer than memory: the elements of a list at the top, one at a time.

mod arrays;
mod elements;
mod program;
mod programs;

pub(crate) use arrays::{Arrays, Gap, arrays, arrays_of, names};
pub(crate) use elements::{Element, Elements};
pub(crate) use programs::{located, shares_memo};

use std::io::{self, Read};

use crate::input::Seekable;

/// A reader from a place of a file on, which leaves other readers alone.
pub(crate) struct At<'s> {
    source: &'s Seekable<'s>,
    pub(crate) position: u64,
}

impl<'s> At<'s> {
    pub(crate) fn new(source: &'s Seekable<'s>, position: u64) -> Self {
        Self { source, position }
    }
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.position);
        let len = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let Some(part) = buffer.get_mut(..len).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        self.source.read_at(self.position, part)?;
        self.position += len as u64;
        Ok(len)
    }
}

impl io::Seek for At<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let position = match to {
            io::SeekFrom::Start(position) => Some(position),
            io::SeekFrom::Current(by) => self.position.checked_add_signed(by),
            io::SeekFrom::End(by) => self.source.len().checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
