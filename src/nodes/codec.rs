//! The encodings by which picklers spell bytes as a call: `_codecs.encode(text, 'latin1')`,
//! `bytearray(text, 'latin-1')`.
//!
//! Protocols below 3 have no bytes, so Python 3 writes them as text whose characters are the bytes.
//! A call with any other encoding, or of text that the encoding cannot encode, stays a call.

use super::handle::Handle;
use super::scalar;
use super::store::Nodes;

/// An encoding that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Latin1,
    Ascii,
    Utf8,
}

/// The longest name that any of them has.
const NAME: usize = 16;

impl Codec {
    /// Finds the codec by its name, a text or an 8-bit string.
    pub(crate) fn named(nodes: &Nodes<'_>, input: &[u8], name: Handle) -> Option<Self> {
        if scalar::is_text_longer(nodes, input, name, 4 * NAME) {
            return None;
        }
        let text = match scalar::chars(input, name) {
            Some(chars) => String::from_utf8(chars.into_owned()).ok()?.into(),
            None => scalar::plain_text(nodes, input, name)?,
        };
        // Python's own normalization: case and punctuation do not count.
        Some(match text.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "latin1" | "latin-1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819"
            | "l1" => Self::Latin1,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "utf8" | "utf-8" | "u8" => Self::Utf8,
            _ => return None,
        })
    }

    /// Returns true if the text can be encoded.
    pub(crate) fn can_encode(self, text: &str) -> bool {
        match self {
            Self::Utf8 => true,
            Self::Ascii => text.is_ascii(),
            // U+00FF is 0xC3 0xBF.
            Self::Latin1 => text.bytes().all(|byte| byte < 0xc4),
        }
    }

    /// The bytes of the text.
    pub(crate) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_encoded_is() {
        for text in [
            "",
            "abc",
            "\u{7f}",
            "\u{80}",
            "\u{bf}\u{c0}\u{ff}",
            "\u{100}",
            "\u{20ac}",
            "\u{1f600}",
        ] {
            for codec in [Codec::Latin1, Codec::Ascii, Codec::Utf8] {
                assert_eq!(
                    codec.can_encode(text),
                    codec.encode(text).is_some(),
                    "{codec:?} {text:?}"
                );
            }
        }
        assert_eq!(Codec::Latin1.encode("\u{e9}\u{ff}"), Some(vec![0xe9, 0xff]));
        assert_eq!(Codec::Utf8.encode("\u{e9}"), Some(vec![0xc3, 0xa9]));
    }
}
