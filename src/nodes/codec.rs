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
        // The two names that CPython writes.
        if let Some(b"latin1" | b"latin-1") = scalar::text_bytes(nodes, input, name) {
            return Some(Self::Latin1);
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
            Self::Latin1 => self.can_encode(text).then(|| latin1(text)),
        }
    }
}

/// The characters of `text`, each below U+0100, as bytes.
///
/// Bytes of random data are one or two bytes in UTF-8 in no order, so the loop does not branch on
/// that: a first byte of two is written as well, and the second is written over it.
fn latin1(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; text.chars().count()];
    let (mut at, mut before) = (0, 0_u8);
    for byte in text.bytes() {
        let is_second = byte & 0xc0 == 0x80;
        if let Some(place) = bytes.get_mut(at) {
            *place = if is_second { before << 6 | byte & 0x3f } else { byte };
        }
        at += usize::from(byte < 0xc0);
        before = byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin1_is_each_character_as_a_byte() {
        let all: String = (0..=255).map(char::from).collect();
        let mixed: String = (0..=255).flat_map(|byte| [char::from(byte), 'a', 'ÿ']).collect();
        for text in ["", "é", "éa", "aé", &all, &mixed] {
            let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
            assert_eq!(Codec::Latin1.encode(text), bytes, "{text:?}");
        }
        assert_eq!(Codec::Latin1.encode("éĀ"), None);
    }

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
