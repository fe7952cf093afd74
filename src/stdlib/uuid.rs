//! The text of a UUID.

use std::fmt;

/// A UUID in the usual five groups of hexadecimal digits.
#[derive(Clone, Copy)]
pub(crate) struct Groups([u8; Groups::LEN]);

impl Groups {
    pub(crate) const LEN: usize = 36;

    /// Where the digits of each byte are.
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

    pub(crate) fn of(uuid: u128) -> Self {
        let mut text = [b'-'; Self::LEN];
        for (place, byte) in Self::PLACES.into_iter().zip(uuid.to_be_bytes()) {
            let rest = text.get_mut(place..).and_then(<[u8]>::first_chunk_mut::<2>);
            if let Some(digits) = rest {
                *digits = [byte >> 4, byte & 15].map(digit);
            }
        }
        Self(text)
    }

    pub(crate) fn bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[inline]
fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' - 10 + value }
}

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
