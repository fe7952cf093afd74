//! [`Out`]: the buffer that is written into.
//!
//! A `Vec` asks for room and notes its new length in calls that the compiler inlines as it likes,
//! and copies a few bytes one by one or by `memcpy` where it does not. Here the room behind the
//! contents is bytes like any others, zeros, so that a store of a fixed width is one comparison and
//! a move, and always inlined. The zeros are written up to 8 KiB ahead, shortly before they are
//! overwritten; long payloads go where no zeros are yet.
//!
//! That room is a *window*, which ends where somebody has to look: at the end of the memory, or at
//! the limit that the frame sets. A value that begins below the limit may reach beyond it by what
//! it takes, so the window ends one byte before a store of [`WIDEST`] bytes could begin at the
//! limit. Thus a store that fits has been told both: that there is memory, and that the limit has
//! not been reached. What is written behind the limit opens no window.

/// The most bytes that are set to zero at once.
const AHEAD: usize = 8 << 10;
/// The bytes that are set to zero behind a long payload: another may follow.
const LITTLE: usize = 64;
/// A payload of so many bytes is long.
const LONG: usize = 512;
/// The room that a quick store asks for, whatever its own width.
pub(super) const WIDEST: usize = 16;

/// Bytes with room behind them.
pub(super) struct Out {
    /// The contents, and the window: zeros or what has been cut.
    bytes: Vec<u8>,
    /// The length of the contents.
    len: usize,
    /// The length from which on there is no window.
    limit: usize,
    /// The zeros that are written next.
    ahead: usize,
}

impl Out {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), len: 0, limit: 0, ahead: AHEAD }
    }

    /// Gets its memory, if it has none yet.
    #[inline]
    pub(super) fn allocate(&mut self, room: usize) {
        if self.bytes.capacity() == 0 {
            self.bytes = Vec::with_capacity(room);
        }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The number of bytes that fit without being moved.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Sets the length from which on there is no window, and opens one where it is below.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.bytes.truncate(self.window_end());
        if !self.has_room(1) {
            self.bytes.truncate(self.len);
            self.open();
        }
    }

    fn window_end(&self) -> usize {
        self.limit.saturating_add(WIDEST - 1).max(self.len)
    }

    /// Returns true if `len` bytes can be stored at once, and the limit has not been reached.
    #[inline(always)]
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.bytes.get(self.len..).is_some_and(|room| room.len() >= len.max(WIDEST))
    }

    /// Appends the first `len` bytes of an array that is stored whole, if the limit has not been
    /// reached and there is room; returns true if it did.
    #[inline(always)]
    pub(super) fn quick<const N: usize>(&mut self, bytes: [u8; N], len: usize) -> bool {
        const { assert!(N <= WIDEST) };
        debug_assert!(len <= N);
        let end = self.len.checked_add(WIDEST);
        let room = end.and_then(|end| self.bytes.get_mut(self.len..end));
        let room = room.and_then(|room| room.first_chunk_mut());
        let fits = room.is_some();
        if let Some(room) = room {
            *room = bytes;
            self.len += len;
        }
        fits
    }

    /// Appends the first `len` bytes of a word, up to seven, and a payload behind them, if the
    /// limit has not been reached and there is room; returns true if it did.
    #[inline(always)]
    pub(super) fn quick_behind(&mut self, head: u64, len: usize, payload: &[u8]) -> bool {
        let len = len & 7;
        let Some(room) = self.bytes.get_mut(self.len..) else { return false };
        // The bounds of both stores below follow from this one.
        if room.len() < WIDEST + payload.len() {
            return false;
        }
        if let Some(place) = room.first_chunk_mut() {
            *place = head.to_le_bytes();
        }
        let Some(place) = room.get_mut(len..len + payload.len()) else { return false };
        place.copy_from_slice(payload);
        self.len += len + payload.len();
        true
    }

    /// Appends the first `len` bytes of an array that is stored whole.
    #[inline(always)]
    pub(super) fn append<const N: usize>(&mut self, bytes: [u8; N], len: usize) {
        debug_assert!(len <= N);
        match self.bytes.get_mut(self.len..).and_then(|room| room.first_chunk_mut()) {
            Some(room) => {
                *room = bytes;
                self.len += len;
            }
            None => self.append_slowly(bytes, len),
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
            self.extend_behind(&[], bytes);
        }
    }

    /// Appends a header and a payload.
    #[inline(never)]
    pub(super) fn extend_from_two(&mut self, header: &[u8], payload: &[u8]) {
        if self.has_room(header.len() + payload.len()) {
            self.store_slice(header);
            self.store_slice(payload);
        } else {
            self.extend_behind(header, payload);
        }
    }

    /// Appends both where there are no zeros yet, and opens a window behind them.
    fn extend_behind(&mut self, header: &[u8], payload: &[u8]) {
        self.bytes.truncate(self.len);
        self.bytes.reserve(header.len() + payload.len());
        self.bytes.extend_from_slice(header);
        self.bytes.extend_from_slice(payload);
        self.len = self.bytes.len();
        if payload.len() >= LONG {
            self.ahead = LITTLE;
        }
        self.open();
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

    /// Makes room for `len` bytes more and for no others.
    pub(super) fn reserve_exact(&mut self, len: usize) {
        self.bytes.truncate(self.len);
        self.bytes.reserve_exact(len);
        self.open();
    }

    /// Opens the window, where the contents end with the bytes.
    fn open(&mut self) {
        let end = self.len.saturating_add(self.ahead);
        self.bytes.resize(end.min(self.bytes.capacity()).min(self.window_end()), 0);
        self.ahead = (2 * self.ahead).min(AHEAD);
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.bytes.truncate(self.window_end());
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

    /// Takes the contents, and the memory with them.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.len = 0;
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_those_of_a_vec_whatever_the_room_and_the_limit() {
        let (mut out, mut expected) = (Out::new(), Vec::new());
        for number in 0..20_000_u32 {
            let bytes = number.to_le_bytes();
            let long = vec![bytes[0]; number as usize % 1500];
            match number % 9 {
                0 => out.push(bytes[0]),
                1 => out.append(bytes, 3),
                2 => out.extend_from_slice(&bytes[..2]),
                3 => out.set_limit(out.len() + number as usize % 300),
                4 => out.with(|vec| vec.extend_from_slice(&bytes)),
                5 => {
                    let len = out.len();
                    out.truncate(len - 1);
                }
                6 => out.extend_from_two(&bytes, &long),
                7 => {
                    let below = out.len() < out.limit;
                    let room = out.bytes.len() - out.len;
                    assert_eq!(out.has_room(1), room >= WIDEST);
                    assert!(!out.has_room(1) || below, "a window behind the limit");
                    if out.quick(bytes, 4) {
                        expected.extend_from_slice(&bytes);
                    }
                    assert_eq!(out.len(), expected.len());
                }
                _ => {
                    out.reserve_exact(3);
                    let (head, len) = (u64::from(number), number as usize % 8);
                    if out.quick_behind(head, len, &long) {
                        expected.extend_from_slice(&head.to_le_bytes()[..len]);
                        expected.extend_from_slice(&long);
                    }
                }
            }
            match number % 9 {
                0 => expected.push(bytes[0]),
                1 => expected.extend_from_slice(&bytes[..3]),
                2 => expected.extend_from_slice(&bytes[..2]),
                4 => expected.extend_from_slice(&bytes),
                5 => _ = expected.pop(),
                6 => {
                    expected.extend_from_slice(&bytes);
                    expected.extend_from_slice(&long);
                }
                _ => {}
            }
            assert_eq!(out.len(), expected.len());
        }
        out.remove(3..5);
        expected.drain(3..5);
        assert_eq!(out.contents(), expected);
        assert_eq!(out.take(), expected);
    }

    #[test]
    fn a_window_opens_below_the_limit_and_ends_with_a_store_that_begins_there() {
        let mut out = Out::new();
        out.reserve_exact(1000);
        assert!(!out.quick([1], 1));
        out.set_limit(100);
        out.extend_from_slice(&[0; 20]);
        while out.quick([1; 16], 1) {}
        assert_eq!(out.len(), 100);
        // What is behind the limit is stored, and opens nothing.
        for _ in 0..40 {
            out.append([2; 8], 5);
            assert!(!out.has_room(1));
        }
        assert_eq!(out.len(), 300);
        out.set_limit(400);
        out.push(3);
        assert!(out.quick([4; 9], 9));
        // A limit that comes closer closes the window.
        out.set_limit(305);
        assert!(!out.quick([4; 9], 9));
        assert_eq!(out.len(), 310);
    }
}
