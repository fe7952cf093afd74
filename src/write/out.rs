//! [`Out`]: the buffer that is written into.
//!
//! What is stored here is inlined into every field of every type, where a `Vec` alone would bring
//! two things along: the code that makes room, and a call of `memcpy` for a few bytes whose number
//! is not constant. So a store compares the room first, appends an array of a fixed width, which is
//! a move or two, and cuts off what is too much. The compiler removes the second comparison, of the
//! `Vec` itself. What does not fit is appended by a call.

/// The bytes that have been written.
pub(super) struct Out(Vec<u8>);

impl Out {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Gets its memory, if it has none yet.
    #[inline]
    pub(super) fn allocate(&mut self, room: usize) {
        if self.0.capacity() == 0 {
            self.0 = Vec::with_capacity(room);
        }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of bytes that fit without being moved.
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Returns true if `len` bytes fit behind the contents. The same subtraction as that of
    /// [`Vec::reserve`], so that the compiler leaves its check out.
    #[inline(always)]
    pub(super) fn has_room(&self, len: usize) -> bool {
        len <= self.0.capacity().wrapping_sub(self.0.len())
    }

    /// Appends the first `len` bytes of an array, if there is room for all of it; returns true if
    /// there was.
    #[inline(always)]
    pub(super) fn store<const N: usize>(&mut self, bytes: [u8; N], len: usize) -> bool {
        debug_assert!(len <= N);
        let fits = self.has_room(N);
        if N == 1 && len == 1 && fits {
            // This adds to the length that has been loaded, not to the one in memory.
            self.0.push(bytes[0]);
        } else if fits {
            let end = self.0.len() + len;
            self.0.extend_from_slice(&bytes);
            // For all the compiler knows the bytes were stored over the length, so that it loads
            // that again and compares it: not where nothing is cut.
            if len < N {
                self.0.truncate(end);
            }
        }
        fits
    }

    /// Appends the first `len` bytes of a word, up to seven, and a payload behind them, if there is
    /// room for the word; returns true if there was.
    #[inline(always)]
    pub(super) fn store_behind(&mut self, head: u64, len: usize, payload: &[u8]) -> bool {
        let fits = self.store(head.to_le_bytes(), len & 7);
        if fits {
            self.0.extend_from_slice(payload);
        }
        fits
    }

    /// Appends the first `len` bytes of an array.
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
        self.0.push(byte);
    }

    #[inline(never)]
    pub(super) fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends a header and a payload.
    #[inline(never)]
    pub(super) fn extend_from_two(&mut self, header: &[u8], payload: &[u8]) {
        self.0.reserve(header.len() + payload.len());
        self.0.extend_from_slice(header);
        self.0.extend_from_slice(payload);
    }

    /// Makes room for `len` bytes more and for no others.
    pub(super) fn reserve_exact(&mut self, len: usize) {
        self.0.reserve_exact(len);
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The contents.
    pub(super) fn contents(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn contents_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Takes bytes out.
    pub(super) fn remove(&mut self, at: std::ops::Range<usize>) {
        self.0.drain(at);
    }

    /// Changes the contents as a `Vec`.
    pub(super) fn with<T>(&mut self, change: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        change(&mut self.0)
    }

    /// Takes the contents, and the memory with them.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_those_of_a_vec_whatever_the_room() {
        let (mut out, mut expected) = (Out::new(), Vec::new());
        let mut fitted = [0; 2];
        for number in 0..20_000_u32 {
            let bytes = number.to_le_bytes();
            let long = vec![bytes[0]; number as usize % 1500];
            match number % 7 {
                0 => {
                    out.push(bytes[0]);
                    expected.push(bytes[0]);
                }
                1 => {
                    out.append(bytes, 3);
                    expected.extend_from_slice(&bytes[..3]);
                }
                2 => {
                    out.extend_from_slice(&bytes[..2]);
                    expected.extend_from_slice(&bytes[..2]);
                }
                3 => {
                    out.with(|vec| vec.extend_from_slice(&bytes));
                    expected.extend_from_slice(&bytes);
                    out.truncate(out.len() - 1);
                    expected.pop();
                }
                4 => {
                    out.extend_from_two(&bytes, &long);
                    expected.extend_from_slice(&bytes);
                    expected.extend_from_slice(&long);
                }
                5 => {
                    out.with(Vec::shrink_to_fit);
                    out.reserve_exact(number as usize % 8);
                    let room = out.capacity() - out.len();
                    let fits = out.store(bytes, 4);
                    assert_eq!(fits, room >= 4);
                    fitted[usize::from(fits)] += 1;
                    expected.extend_from_slice(if fits { &bytes } else { &[] });
                }
                _ => {
                    out.with(Vec::shrink_to_fit);
                    out.reserve_exact(number as usize % 20);
                    let room = out.capacity() - out.len();
                    let (head, len) = (u64::from(number), number as usize % 8);
                    let fits = out.store_behind(head, len, &long);
                    assert_eq!(fits, room >= 8);
                    fitted[usize::from(fits)] += 1;
                    if fits {
                        expected.extend_from_slice(&head.to_le_bytes()[..len]);
                        expected.extend_from_slice(&long);
                    }
                }
            }
            assert_eq!(out.len(), expected.len());
        }
        assert!(fitted[0] > 100 && fitted[1] > 100, "{fitted:?}");
        out.remove(3..5);
        expected.drain(3..5);
        assert_eq!(out.contents(), expected);
        assert_eq!(out.take(), expected);
    }
}
