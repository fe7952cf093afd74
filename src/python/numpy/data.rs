//! [`Data`]: the bytes of an array.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use crate::lent::Part;

/// The bytes of an array: borrowed, its own, or most of a pickle that came from a reader.
#[derive(Clone)]
pub(super) enum Data<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
    Part(Part),
}

impl Data<'_> {
    pub(super) fn is_borrowed(&self) -> bool {
        matches!(self, Self::Borrowed(_))
    }

    /// The same bytes, borrowed from nothing.
    pub(super) fn into_owned(self) -> Data<'static> {
        match self {
            Self::Borrowed(bytes) => match Part::of(bytes) {
                Some(part) => Data::Part(part),
                None => Data::Owned(bytes.to_vec()),
            },
            Self::Owned(bytes) => Data::Owned(bytes),
            Self::Part(part) => Data::Part(part),
        }
    }
}

impl<'a> From<Cow<'a, [u8]>> for Data<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Self::Borrowed(bytes),
            Cow::Owned(bytes) => Self::Owned(bytes),
        }
    }
}

impl Deref for Data<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Part(part) => part,
        }
    }
}

impl PartialEq for Data<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Data<'_> {}

impl Hash for Data<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
