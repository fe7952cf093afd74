//! 8-bit strings by another encoding than UTF-8, and text that is repaired; linked into programs
//! that ask for either.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::late::Late;
use crate::settings::{DecodeErrors, Encoding};

static LENIENT: Late<Lenient> = Late::new();

pub(super) struct Lenient {
    /// An 8-bit string as text.
    pub(super) chars: for<'a> fn(Encoding, DecodeErrors, &'a [u8]) -> Decoded<'a>,
    /// UTF-8 that has faults. A surrogate is a fault of so many bytes, and counts once.
    pub(super) repair: fn(&[u8], DecodeErrors, usize) -> String,
}

/// To be called where an encoding is chosen, or what becomes of faults.
pub(crate) fn bind() {
    LENIENT.bind(Lenient { chars: decode_chars, repair });
}

/// Text; `None` where the encoding says that the string stays bytes.
type Decoded<'a> = Result<Option<Cow<'a, str>>>;

pub(super) fn lenient() -> Option<&'static Lenient> {
    LENIENT.get()
}

/// The error of an 8-bit string that is not in its encoding.
#[cold]
pub(super) fn not_in(encoding: &str) -> Error {
    Error::data(format!("an 8-bit string of Python 2 is not {encoding}; see DeOptions::encoding"))
}

fn decode_chars(encoding: Encoding, errors: DecodeErrors, chars: &[u8]) -> Decoded<'_> {
    let (what, valid) = match encoding {
        Encoding::Bytes => return Ok(None),
        Encoding::Latin1 => {
            if chars.is_ascii() {
                return Ok(Some(String::from_utf8_lossy(chars)));
            }
            return Ok(Some(Cow::Owned(chars.iter().map(|&byte| char::from(byte)).collect())));
        }
        Encoding::Utf8 => ("UTF-8", std::str::from_utf8(chars).ok()),
        Encoding::Ascii => {
            ("ASCII", std::str::from_utf8(chars).ok().filter(|text| text.is_ascii()))
        }
    };
    match (valid, errors) {
        (Some(text), _) => Ok(Some(Cow::Borrowed(text))),
        (None, DecodeErrors::Strict) => Err(not_in(what)),
        (None, errors) if encoding == Encoding::Utf8 => Ok(Some(repair(chars, errors, 1).into())),
        (None, errors) => {
            let replacement =
                (errors == DecodeErrors::Replace).then_some(char::REPLACEMENT_CHARACTER);
            let decoded =
                |&byte: &u8| if byte.is_ascii() { Some(char::from(byte)) } else { replacement };
            Ok(Some(Cow::Owned(chars.iter().filter_map(decoded).collect())))
        }
    }
}

/// Decodes UTF-8 that has faults: each is replaced or left out.
fn repair(bytes: &[u8], errors: DecodeErrors, surrogate: usize) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(chunk) = rest.utf8_chunks().next() else { break };
        text.push_str(chunk.valid());
        if chunk.invalid().is_empty() {
            break;
        }
        if errors == DecodeErrors::Replace {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        let fault = chunk.invalid().len().max(surrogate);
        rest = rest.get(chunk.valid().len() + fault..).unwrap_or_default();
    }
    text
}
