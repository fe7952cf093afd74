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
        Self::of_name(&text)
    }

    /// Finds the codec by its name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        if let "latin1" | "latin-1" = name {
            return Some(Self::Latin1);
        }
        if name.len() > NAME {
            return None;
        }
        // Python's own normalization: case and punctuation do not count.
        Some(match name.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "latin1" | "latin-1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819"
            | "l1" => Self::Latin1,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "utf8" | "utf-8" | "u8" => Self::Utf8,
            _ => return None,
        })
    }

    /// Returns true if the text can be encoded. It is UTF-8 that has been checked.
    pub(crate) fn can_encode(self, text: &[u8]) -> bool {
        match self {
            Self::Utf8 => true,
            Self::Ascii => text.is_ascii(),
            // U+00FF is 0xC3 0xBF.
            Self::Latin1 => {
                text.chunks(BLOCK).all(|block| block.iter().fold(0, |a, &b| a.max(b)) < 0xc4)
            }
        }
    }

    /// The bytes of the text, which is UTF-8 that has been checked.
    pub(crate) fn encode(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Latin1 => latin1(text),
            Self::Ascii | Self::Utf8 => self.can_encode(text).then(|| text.to_vec()),
        }
    }
}

/// Bytes that are looked at together, without a branch between them.
const BLOCK: usize = 64;

/// Returns true if the bytes are UTF-8 of characters below U+0100; false may also mean that there
/// are too few of them to be worth a look.
///
/// Bytes as text are such, and random in it: a decoder that branches on the length of characters
/// takes ten times as long for them. Each byte is compared with the one before it, in whole blocks,
/// which the compiler makes vector instructions of.
pub(crate) fn is_latin1_text(text: &[u8]) -> bool {
    let Some((&first, rest)) = text.split_first() else { return true };
    if text.len() < BLOCK || is_second(first) || text.last().is_some_and(|&last| last >= 0xc0) {
        return false;
    }
    let pairs = || rest.chunks(BLOCK).zip(text.chunks(BLOCK));
    first < 0xc4
        && !matches!(first, 0xc0 | 0xc1)
        && pairs().all(|(bytes, before)| {
            let wrong = |(&byte, &before): (&u8, &u8)| {
                // 0xC0 and 0xC1 begin what has a shorter form.
                u8::from(is_second(byte) != (before >= 0xc0))
                    | u8::from(byte >= 0xc4)
                    | u8::from(byte & 0xfe == 0xc0)
            };
            bytes.iter().zip(before).map(wrong).fold(0, |a, b| a | b) == 0
        })
}

/// Returns true for a byte of UTF-8 that does not begin a character.
fn is_second(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The characters of `text` as bytes, if it is UTF-8 of characters below U+0100.
pub(crate) fn latin1(text: &[u8]) -> Option<Vec<u8>> {
    let mut squeeze = Squeeze::default();
    if text.len() < BLOCK {
        // Payloads of dates and ids come in thousands.
        let mut bytes = [0; BLOCK + WORD];
        let len = squeeze.rest(text, &mut bytes);
        return squeeze.is_whole().then(|| bytes.get(..len).unwrap_or_default().to_vec());
    }
    let len = character_count(text);
    // A whole block more, so that what is written within one is within the bytes.
    let mut bytes = vec![0; len + BLOCK];
    let mut at = 0;
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for block in blocks {
        let place = bytes.get_mut(at..)?.first_chunk_mut::<BLOCK>()?;
        if squeeze.expects == 0 && block.is_ascii() {
            *place = *block;
            at += BLOCK;
        } else {
            at += squeeze.words(block, place);
        }
    }
    squeeze.rest(rest, bytes.get_mut(at..)?);
    if !squeeze.is_whole() {
        return None;
    }
    bytes.truncate(len);
    bytes.shrink_to_fit();
    Some(bytes)
}

/// The number of characters of `text`.
fn character_count(text: &[u8]) -> usize {
    // A sum of a block is a byte, so that it is made by vector instructions.
    let begin = |&byte: &u8| u8::from(!is_second(byte));
    let of_block = |block: &[u8]| usize::from(block.iter().map(begin).sum::<u8>());
    text.chunks(BLOCK).map(of_block).sum()
}

/// Bytes of a word.
const WORD: usize = size_of::<u64>();

/// Takes the first bytes of two out of words of eight bytes of text.
///
/// Bytes of random data are one or two bytes in UTF-8 in no order, so nothing branches on that:
/// first bytes are cleared, and what is behind moves into their place within pairs of bytes, then
/// between pairs, then between the two halves. No two of them are neighbours, so a pair loses one
/// at most. The first byte of U+0080 to U+00BF is 0xC2, and there the second is the character; that
/// of U+00C0 to U+00FF is 0xC3, and the second lacks a bit.
#[derive(Default)]
struct Squeeze {
    /// The highest bit, if the last byte of the word before was a first one.
    expects: u64,
    /// The bit that the next byte lacks.
    lacks: u64,
    /// Not zero once a byte was met that is not in such text.
    wrong: u64,
}

impl Squeeze {
    /// The bytes that are left of a word, and their number.
    #[inline(always)]
    fn word(&mut self, word: u64) -> (u64, usize) {
        const HIGHEST: u64 = 0x8080_8080_8080_8080;
        const LOWEST: u64 = 0x0101_0101_0101_0101;

        let first = word & word << 1 & HIGHEST;
        let second = word & HIGHEST ^ first;
        // A bit for each first byte, the lowest of it.
        let firsts = first >> 7;
        let upper = firsts & word;
        // A first byte is 0xC2 or 0xC3: of the lower bits the second is set, and none above.
        self.wrong |=
            (first << 8 | self.expects) ^ second | (firsts.wrapping_mul(0x3e) & word ^ firsts << 1);
        let gone = (firsts << 8).wrapping_sub(firsts);
        let mut bytes = (word | upper << 14 | self.lacks) & !gone;
        (self.expects, self.lacks) = (first >> 56, upper >> 50);
        let mut lower = |mask: u64| {
            let moved = bytes & mask;
            bytes = bytes ^ moved | moved >> 8;
        };
        lower((gone & 0x00ff_00ff_00ff_00ff) << 8);
        let short_pairs = (gone | gone >> 8) & 0x0000_00ff_0000_00ff;
        lower(short_pairs << 16 | short_pairs << 24);
        // Each byte is the number of first bytes up to there.
        let counts = firsts.wrapping_mul(LOWEST);
        let in_low_half = (counts >> 24) as u32 & 7;
        let halves = bytes & 0xffff_ffff | (bytes >> 32).wrapping_shl(32 - 8 * in_low_half);
        (halves, WORD - (counts >> 56) as usize)
    }

    /// Writes what is left of the words of a block; gives the number of bytes.
    #[inline(always)]
    fn words(&mut self, block: &[u8; BLOCK], place: &mut [u8; BLOCK]) -> usize {
        let mut written = 0;
        for word in block.as_chunks::<WORD>().0 {
            let (bytes, len) = self.word(u64::from_le_bytes(*word));
            if let Some(place) = place.get_mut(written..).and_then(|rest| rest.first_chunk_mut()) {
                *place = bytes.to_le_bytes();
            }
            written += len;
        }
        written
    }

    /// The same for text of less than a block, and a place with room for a word more.
    fn rest(&mut self, text: &[u8], place: &mut [u8]) -> usize {
        let mut written = 0;
        for part in text.chunks(WORD) {
            // The last one is filled up with zeros.
            let mut word = [0; WORD];
            if let Some(word) = word.get_mut(..part.len()) {
                word.copy_from_slice(part);
            }
            let (bytes, len) = self.word(u64::from_le_bytes(word));
            if let Some(place) = place.get_mut(written..).and_then(|rest| rest.first_chunk_mut()) {
                *place = bytes.to_le_bytes();
            }
            written += len;
            if part.len() < WORD {
                // If the text ends with a first byte, a zero in its place is wrong.
                written -= WORD - part.len();
            }
        }
        written
    }

    /// Returns true if all that was met is such text, and whole.
    fn is_whole(&self) -> bool {
        self.wrong == 0 && self.expects == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin1_is_each_character_as_a_byte() {
        let all: String = (0..=255).map(char::from).collect();
        let mixed: String = (0..=255).flat_map(|byte| [char::from(byte), 'a', 'ÿ']).collect();
        let long = [&*all, &"a".repeat(200), &mixed, &"é".repeat(200), &all].concat();
        for text in ["", "é", "éa", "aé", &all, &mixed, &long] {
            for (start, _) in text.char_indices() {
                let text = &text[start..];
                let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
                assert_eq!(Codec::Latin1.encode(text.as_bytes()), bytes, "{text:?}");
            }
        }
        assert_eq!(Codec::Latin1.encode("éĀ".as_bytes()), None);
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
                    codec.can_encode(text.as_bytes()),
                    codec.encode(text.as_bytes()).is_some(),
                    "{codec:?} {text:?}"
                );
            }
        }
        assert_eq!(Codec::Latin1.encode("\u{e9}\u{ff}".as_bytes()), Some(vec![0xe9, 0xff]));
        assert_eq!(Codec::Utf8.encode("\u{e9}".as_bytes()), Some(vec![0xc3, 0xa9]));
    }

    #[test]
    fn text_below_u_0100_is_told_from_all_else() {
        let text = "aé\u{80}ÿ".repeat(60);
        let text = text.as_bytes();
        assert!(is_latin1_text(text));
        // Every change of a byte: it is never text where the decoder finds none.
        for at in 0..text.len() {
            let mut changed = text.to_vec();
            for byte in 0..=255 {
                changed[at] = byte;
                let is_text = std::str::from_utf8(&changed)
                    .is_ok_and(|text| text.chars().all(|c| u32::from(c) < 0x100));
                assert_eq!(is_latin1_text(&changed), is_text, "{byte:#x} at {at}");
                assert_eq!(latin1(&changed).is_some(), is_text, "{byte:#x} at {at}");
                let short = &changed[at / 2..][..at % 60];
                let is_text = std::str::from_utf8(short)
                    .is_ok_and(|text| text.chars().all(|c| u32::from(c) < 0x100));
                assert_eq!(latin1(short).is_some(), is_text, "{byte:#x} at {at}");
            }
        }
        for len in 0..text.len() {
            let cut = &text[..len];
            assert!(std::str::from_utf8(cut).is_ok() || !is_latin1_text(cut), "{len}");
            assert_eq!(latin1(cut).is_some(), std::str::from_utf8(cut).is_ok(), "{len}");
        }
    }
}
