//! Text that Rust's `String` cannot hold: Python's `str` with lone surrogates.
//!
//! A Python `str` is a sequence of code points, and surrogates (U+D800 to U+DFFF) are code points.
//! Python makes such text out of file names that are not valid in the file system's encoding
//! (`surrogateescape`, PEP 383), and pickles it in UTF-8 with the error handler `surrogatepass`:
//! each surrogate as three bytes. Two of them in a row stay two, even a high one before a low one,
//! so this is neither UTF-16 nor WTF-8.
//!
//! The bytes are kept as they are; whoever changes this file keeps the invariant of
//! [`SurrogateString`]: well-formed generalised UTF-8 with at least one surrogate. Text without one
//! is a `String`, so that there is one way to say it.

use crate::error::{Error, Result};

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
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the bytes are no such encoding, or hold no
    /// surrogate: such text is a `String`.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        let mut surrogates = false;
        let mut rest = bytes.as_slice();
        while let Some(next) = next_part(rest) {
            match next {
                // `text` is the beginning of `rest`.
                Part::Text(text) => rest = &rest[text.len()..],
                Part::Surrogate(_) => {
                    surrogates = true;
                    // A surrogate was found in the first three bytes.
                    rest = &rest[3..];
                }
                Part::Malformed => {
                    let at = bytes.len() - rest.len();
                    return Err(Error::data(format!(
                        "text is no UTF-8, not even with surrogates, at its byte {at}"
                    )));
                }
            }
        }
        if surrogates {
            Ok(Self(bytes))
        } else {
            Err(Error::data("text without a surrogate is a String"))
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
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        self.parts().flat_map(|part| {
            let (text, surrogate) = match part {
                Part::Text(text) => (text, None),
                Part::Surrogate(code) => ("", Some(code)),
                Part::Malformed => ("", None),
            };
            text.chars().map(u32::from).chain(surrogate.map(u32::from))
        })
    }

    /// Python's `os.fsencode` on a system whose file names are UTF-8: the bytes that the surrogates
    /// U+DC80 to U+DCFF stand for (PEP 383). `None` if there is any other surrogate.
    pub fn fs_encode(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.0.len());
        for part in self.parts() {
            match part {
                Part::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Part::Surrogate(code @ 0xdc80..=0xdcff) => bytes.push((code & 0xff) as u8),
                Part::Surrogate(_) | Part::Malformed => return None,
            }
        }
        Some(bytes)
    }

    /// Runs of plain text and the surrogates between them. There is no malformed part: the
    /// constructor looked.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> + Clone {
        parts(&self.0)
    }
}

/// A piece of generalised UTF-8.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    /// As much as is plain UTF-8; never empty.
    Text(&'a str),
    Surrogate(u16),
    Malformed,
}

/// The pieces of `bytes`; nothing follows a malformed one.
pub(super) fn parts(bytes: &[u8]) -> impl Iterator<Item = Part<'_>> + Clone {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let part = next_part(rest)?;
        rest = match part {
            Part::Text(text) => rest.get(text.len()..).unwrap_or_default(),
            // A surrogate was found in the first three bytes.
            Part::Surrogate(_) => rest.get(3..).unwrap_or_default(),
            Part::Malformed => &[],
        };
        Some(part)
    })
}

/// Returns the first part of `bytes`; `None` at their end.
fn next_part(bytes: &[u8]) -> Option<Part<'_>> {
    if let &[0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] = bytes {
        return Some(Part::Surrogate(
            0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f),
        ));
    }
    // `utf8_chunks` looks no further than its first fault, so that the whole is linear.
    let text = bytes.utf8_chunks().next()?.valid();
    Some(if text.is_empty() { Part::Malformed } else { Part::Text(text) })
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
