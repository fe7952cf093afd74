//! The protocol versions.

use std::fmt;

use crate::error::{Error, Result};

/// A version of the pickle protocol.
///
/// Reading needs none: the opcodes of a pickle say what it is. Writing takes one from
/// [`SerOptions::protocol`](crate::SerOptions::protocol).
///
/// ```
/// use serde_pickle::Protocol;
/// assert_eq!(Protocol::DEFAULT, Protocol::V4);
/// assert_eq!(Protocol::try_from(2)?, Protocol::V2);
/// assert!(Protocol::V0 < Protocol::HIGHEST);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: "Data stream format" in the documentation of Python's `pickle` module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// The original format of printable lines. Read by every Python.
    V0 = 0,
    /// The first binary format. Read by every Python.
    V1 = 1,
    /// Python 2.3 (PEP 307): new-style classes, extension codes, tuples and booleans of their own.
    V2 = 2,
    /// Python 3.0: bytes. Python 2 cannot read it.
    V3 = 3,
    /// Python 3.4 (PEP 3154): frames, sets, short strings, large objects.
    V4 = 4,
    /// Python 3.8 (PEP 574): bytearray and out-of-band buffers.
    V5 = 5,
}

impl Protocol {
    /// The protocol that is written unless asked otherwise: Python's own default since 3.8.
    pub const DEFAULT: Self = Self::V4;
    /// The newest protocol. Python's `pickle.HIGHEST_PROTOCOL`.
    pub const HIGHEST: Self = Self::V5;
    /// All of them, oldest first.
    pub const ALL: [Self; 6] = [Self::V0, Self::V1, Self::V2, Self::V3, Self::V4, Self::V5];

    /// The protocol's number, 0 to 5.
    ///
    /// ```
    /// assert_eq!(serde_pickle::Protocol::V4.number(), 4);
    /// ```
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Converts Python's `protocol` argument: a negative number asks for the highest protocol.
    ///
    /// # Errors
    /// A number above 5 is [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    ///
    /// ```
    /// use serde_pickle::Protocol;
    /// assert_eq!(Protocol::from_python(-1)?, Protocol::HIGHEST);
    /// assert!(Protocol::from_python(6).is_err());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn from_python(number: i64) -> Result<Self> {
        if number < 0 {
            return Ok(Self::HIGHEST);
        }
        u8::try_from(number)
            .ok()
            .and_then(|n| Self::ALL.get(usize::from(n)).copied())
            .ok_or_else(|| Error::unsupported_protocol(number))
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Protocol {
    /// The number, as in Python.
    ///
    /// ```
    /// use serde_pickle::Protocol;
    /// assert_eq!(format!("protocol {}", Protocol::V4), "protocol 4");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}

impl TryFrom<u8> for Protocol {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self> {
        Self::from_python(i64::from(number))
    }
}
