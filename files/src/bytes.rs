//! The bytes of a file: owned, borrowed, or mapped.

use std::borrow::Cow;
use std::ops::Deref;

pub(crate) enum Bytes<'a> {
    Owned(Vec<u8>),
    Borrowed(&'a [u8]),
    #[cfg(feature = "mmap")]
    Mapped(memmap2::Mmap),
}

impl<'a> Bytes<'a> {
    pub(crate) fn into_cow(self) -> Cow<'a, [u8]> {
        match self {
            Self::Owned(bytes) => Cow::Owned(bytes),
            Self::Borrowed(bytes) => Cow::Borrowed(bytes),
            #[cfg(feature = "mmap")]
            Self::Mapped(bytes) => Cow::Owned(bytes.to_vec()),
        }
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Borrowed(bytes) => bytes,
            #[cfg(feature = "mmap")]
            Self::Mapped(bytes) => bytes,
        }
    }
}
