//! Text that Rust's `String` cannot hold: Python's `str` with lone surrogates.
//!
//! A Python `str` is a sequence of code points, and surrogates (U+D800 to U+DFFF) are code points.
//! Python makes such text out of file names that are not valid in the file system's encoding
//! (`surrogateescape`, PEP 383), and pickles it in UTF-8 with the error handler `surrogatepass`:
//! each surrogate as three bytes. Two of them in a row stay two, even a high one before a low one,
//! so this is neither UTF-16 nor WTF-8.
//!
//! The bytes are kept as they are. The invariant of [`SurrogateString`] is well-formed generalised
//! UTF-8 with at least one surrogate. Text without one is a `String`, so that each text has one
//! form.

use crate::error::{Error, Result};
use crate::stdlib::surrogates::{Piece, next_piece, pieces};

/// A Python `str` that holds at least one lone surrogate.
///
/// ```
/// use serde_pickle::value::SurrogateString;
/// // os.fsdecode(b'caf\xe9') is 'caf\udce9', pickled as these bytes:
/// let name = SurrogateString::from_bytes(b"caf\xed\xb3\xa9".to_vec())?;
/// assert_eq!(name.to_string(), r"'caf\udce9'");
/// assert_eq!(name.to_string_lossy(), "caf\u{fffd}");
/// assert_eq!(name.fs_encode().as_deref(), Some(&b"caf\xe9"[..]));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// `Display` is Python's `repr`. Source: PEP 383; `surrogatepass` in the documentation of Python's
/// `codecs`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SurrogateString(Vec<u8>);

impl SurrogateString {
    /// Takes the bytes that `s.encode('utf-8', 'surrogatepass')` gives in Python.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the bytes are not such an encoding, or hold
    /// no surrogate: such text is a `String`.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        let mut surrogates = false;
        let mut rest = bytes.as_slice();
        while let Some(next) = next_piece(rest) {
            match next {
                // `text` is the beginning of `rest`.
                Piece::Text(text) => rest = &rest[text.len()..],
                Piece::Surrogate(_) => {
                    surrogates = true;
                    // A surrogate was found in the first three bytes.
                    rest = &rest[3..];
                }
                Piece::Malformed => {
                    let at = bytes.len() - rest.len();
                    return Err(Error::data(format!(
                        "text is not UTF-8, even with surrogates, at its byte {at}"
                    )));
                }
            }
        }
        if surrogates {
            Ok(Self(bytes))
        } else {
            Err(Error::data("text without a surrogate belongs in a String"))
        }
    }

    /// The text in UTF-8, each surrogate as three bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of [`as_bytes`](Self::as_bytes), without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The text with a replacement character (U+FFFD) for each surrogate.
    pub fn to_string_lossy(&self) -> String {
        self.code_points()
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }

    /// Iterates over the code points that Python sees, surrogates among them.
    ///
    /// ```
    /// use serde_pickle::value::SurrogateString;
    ///
    /// let name = SurrogateString::from_bytes(b"f\xed\xb3\xa9".to_vec())?;
    /// assert_eq!(name.code_points().collect::<Vec<_>>(), [0x66, 0xdce9]);
    /// assert_eq!(name.as_bytes(), b"f\xed\xb3\xa9");
    /// assert_eq!(name.into_bytes().len(), 4);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        self.pieces().flat_map(|piece| {
            let (text, surrogate) = match piece {
                Piece::Text(text) => (text, None),
                Piece::Surrogate(code) => ("", Some(code)),
                Piece::Malformed => ("", None),
            };
            text.chars().map(u32::from).chain(surrogate.map(u32::from))
        })
    }

    /// Python's `os.fsencode` on a system whose file names are UTF-8: the bytes that the surrogates
    /// U+DC80 to U+DCFF stand for (PEP 383). `None` if there is any other surrogate.
    pub fn fs_encode(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.0.len());
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Surrogate(code @ 0xdc80..=0xdcff) => bytes.push((code & 0xff) as u8),
                Piece::Surrogate(_) | Piece::Malformed => return None,
            }
        }
        Some(bytes)
    }

    /// Runs of plain text and the surrogates between them. There is no malformed part: the
    /// constructor has checked that.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> + Clone {
        pieces(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_are_kept_one_by_one() {
        // '\ud83d\ude00': a high and a low one stay two code points.
        let pair =
            SurrogateString::from_bytes(b"a\xed\xa0\xbd\xed\xb8\x80\xc3\xa9".to_vec()).unwrap();
        assert_eq!(pair.code_points().collect::<Vec<_>>(), [0x61, 0xd83d, 0xde00, 0xe9]);
        assert_eq!(pair.to_string(), r"'a\ud83d\ude00é'");
        assert_eq!(pair.to_string_lossy(), "a\u{fffd}\u{fffd}é");
        assert_eq!(pair.fs_encode(), None);
        assert_eq!(pair.clone().into_bytes(), pair.as_bytes());
    }

    #[test]
    fn what_is_no_surrogate_text_is_refused() {
        for bytes in [
            &b""[..],
            b"plain",
            "é😀".as_bytes(),
            b"\xff",
            b"\xed\xb3",             // cut short
            b"\xed\xa0\xbd\xff",     // a fault behind a surrogate
            b"\xc0\x80\xed\xa0\xbd", // an overlong NUL before one
            b"\xf4\x90\x80\x80",     // above U+10FFFF
        ] {
            assert!(SurrogateString::from_bytes(bytes.to_vec()).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn checking_many_surrogates_is_linear() {
        let bytes = b"\xed\xb3\xa9".repeat(300_000);
        let text = SurrogateString::from_bytes(bytes).unwrap();
        assert_eq!(text.code_points().count(), 300_000);
    }
}
