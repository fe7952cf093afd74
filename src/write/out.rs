//! [`Out`]: the buffer that is written into.
//!
//! A `Vec` asks for room and notes its new length in calls that the compiler inlines as it likes,
//! and copies a few bytes one by one or by `memcpy` where it does not. Here the room behind the
//! contents is bytes like any others, zeros, so that a store of a fixed width is one comparison and
//! a move, and always inlined. The zeros are written up to 8 KiB ahead, shortly before they are
//! overwritten.

/// The most bytes that are set to zero at once.
const AHEAD: usize = 8 << 10;

/// Bytes with room behind them.
#[derive(Default)]
pub(super) struct Out {
    /// The contents, and zeros or what has been cut.
    bytes: Vec<u8>,
    /// The length of the contents.
    len: usize,
}

impl Out {
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The number of bytes that fit without being moved.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns true if `len` bytes can be stored at once.
    #[inline(always)]
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.bytes.get(self.len..).is_some_and(|room| room.len() >= len)
    }

    /// Appends the first `len` bytes of an array that is stored whole, if there is room; returns
    /// true if there was.
    #[inline(always)]
    pub(super) fn store<const N: usize>(&mut self, bytes: [u8; N], len: usize) -> bool {
        debug_assert!(len <= N);
        let room = self.bytes.get_mut(self.len..).and_then(|room| room.first_chunk_mut());
        let fits = room.is_some();
        if let Some(room) = room {
            *room = bytes;
            self.len += len;
        }
        fits
    }

    /// The same, with room made for it.
    #[inline(always)]
    pub(super) fn append<const N: usize>(&mut self, bytes: [u8; N], len: usize) {
        if !self.store(bytes, len) {
            self.append_slowly(bytes, len);
        }
    }

    #[cold]
    #[inline(never)]
    fn append_slowly<const N: usize>(&mut self, bytes: [u8; N], len: usize) {
        self.extend_from_slice(bytes.get(..len).unwrap_or(&bytes));
    }

    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        match self.bytes.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.append_slowly([byte], 1),
        }
    }

    #[inline(never)]
    pub(super) fn extend_from_slice(&mut self, bytes: &[u8]) {
        if !self.store_slice(bytes) {
            self.bytes.truncate(self.len);
            self.bytes.extend_from_slice(bytes);
            self.len = self.bytes.len();
            self.open();
        }
    }

    /// Appends a slice if there is room; returns true if there was.
    #[inline(always)]
    pub(super) fn store_slice(&mut self, bytes: &[u8]) -> bool {
        let room = self.bytes.get_mut(self.len..).and_then(|room| room.get_mut(..bytes.len()));
        let fits = room.is_some();
        if let Some(room) = room {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
        fits
    }

    /// Makes room for `len` bytes more.
    pub(super) fn reserve(&mut self, len: usize) {
        if !self.has_room(len) {
            self.bytes.truncate(self.len);
            self.bytes.reserve(len);
            self.open();
            if !self.has_room(len) {
                self.bytes.resize(self.len + len, 0);
            }
        }
    }

    /// Makes room for `len` bytes more and for no others.
    pub(super) fn reserve_exact(&mut self, len: usize) {
        self.bytes.truncate(self.len);
        self.bytes.reserve_exact(len);
        self.open();
    }

    /// Makes bytes of the capacity, as far ahead as they are to be.
    fn open(&mut self) {
        let end = self.bytes.capacity().min(self.len.saturating_add(AHEAD));
        self.bytes.resize(end, 0);
    }

    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The contents.
    pub(super) fn contents(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    pub(super) fn contents_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }

    /// Takes bytes out.
    pub(super) fn remove(&mut self, at: std::ops::Range<usize>) {
        let removed = at.len();
        self.bytes.drain(at);
        self.len -= removed;
    }

    /// Changes the contents as a `Vec`.
    pub(super) fn with<T>(&mut self, change: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.bytes.truncate(self.len);
        let value = change(&mut self.bytes);
        self.len = self.bytes.len();
        value
    }

    pub(super) fn into_vec(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_those_of_a_vec_whatever_the_room() {
        let (mut out, mut expected) = (Out::default(), Vec::new());
        for number in 0..20_000_u32 {
            let bytes = number.to_le_bytes();
            match number % 7 {
                0 => out.push(bytes[0]),
                1 => out.append(bytes, 3),
                2 => out.extend_from_slice(&bytes[..2]),
                3 => {
                    out.reserve(number as usize % 300);
                    assert!(out.has_room(number as usize % 300));
                }
                4 => out.with(|vec| vec.extend_from_slice(&bytes)),
                5 => {
                    let len = out.len();
                    out.truncate(len - 1);
                }
                _ => out.reserve_exact(3),
            }
            match number % 7 {
                0 => expected.push(bytes[0]),
                1 => expected.extend_from_slice(&bytes[..3]),
                2 => expected.extend_from_slice(&bytes[..2]),
                4 => expected.extend_from_slice(&bytes),
                5 => _ = expected.pop(),
                _ => {}
            }
            assert_eq!(out.len(), expected.len());
        }
        out.remove(3..5);
        expected.drain(3..5);
        assert_eq!(out.contents(), expected);
        assert_eq!(out.into_vec(), expected);
    }
}
