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
            Self::Latin1 => {
                let (blocks, rest) = text.as_chunks::<BLOCK>();
                blocks.iter().all(|block| block.iter().fold(0, |a, &b| a.max(b)) < BEYOND)
                    && rest.iter().all(|&byte| byte < BEYOND)
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

/// The number of bytes from which on a block of room left over is no matter.
const LARGE: usize = 64 * BLOCK;

/// The least byte that begins a character of two bytes or more.
const FIRST: u8 = 0xc0;

/// The least byte that begins a character beyond U+00FF, which is 0xC3 0xBF.
const BEYOND: u8 = 0xc4;

/// Returns true if the bytes are UTF-8 of characters below U+0100; false may also mean that there
/// are too few of them to be worth a look.
///
/// Bytes as text are such, and random in it: a decoder that branches on the length of characters
/// takes ten times as long for them. Each byte is compared with the one before it, in whole blocks,
/// which the compiler makes vector instructions of.
pub(crate) fn is_latin1_text(text: &[u8]) -> bool {
    let (Some((&first, behind)), Some((&last, before))) = (text.split_first(), text.split_last())
    else {
        return true;
    };
    // The last block overlaps the one before.
    let (Some(end), Some(before_end)) = (behind.last_chunk(), before.last_chunk()) else {
        return false;
    };
    let mut blocks = behind.as_chunks().0.iter().zip(text.as_chunks().0);
    is_wrong(first, b' ') == 0
        && last < FIRST
        && blocks.all(|(block, before)| is_block_of_latin1(block, before))
        && is_block_of_latin1(end, before_end)
}

/// The same for a block, and the bytes before each of it.
#[inline(never)]
fn is_block_of_latin1(block: &[u8; BLOCK], before: &[u8; BLOCK]) -> bool {
    let each = block.iter().zip(before);
    each.map(|(&byte, &before)| is_wrong(byte, before)).fold(0, |a, b| a | b) == 0
}

/// Gives 0 for a byte of such text, behind this one, and all bits otherwise. 0xC0 and 0xC1 begin
/// what has a shorter form.
#[inline(always)]
fn is_wrong(byte: u8, before: u8) -> u8 {
    let first = if byte >= FIRST { 0xff } else { 0 };
    let second = if is_second(byte) { 0xff } else { 0 };
    let expected = if before >= FIRST { 0xff } else { 0 };
    let other = if byte & 0xfe == 0xc2 { 0 } else { first };
    second ^ expected | other
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
        let mut bytes = [0; BLOCK];
        let len = squeeze.rest(text, &mut bytes);
        return squeeze.is_whole().then(|| bytes.get(..len).unwrap_or_default().to_vec());
    }
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    // The characters of a block, whose sum is a byte, so that it is made by vector instructions.
    let begin = |&byte: &u8| u8::from(!is_second(byte));
    let of_block = |block: &[u8; BLOCK]| usize::from(block.iter().map(begin).sum::<u8>());
    let len = blocks.iter().map(of_block).sum::<usize>() + rest.len();
    // A whole block more, so that what is written of one is within the bytes.
    let mut bytes = vec![0; len + BLOCK];
    let mut at = 0;
    for block in blocks {
        let place = bytes.get_mut(at..)?.first_chunk_mut::<BLOCK>()?;
        if squeeze.before < FIRST && block.is_ascii() {
            *place = *block;
            squeeze.before = 0;
            at += BLOCK;
        } else {
            at += squeeze.block(block, place);
        }
    }
    at += squeeze.rest(rest, bytes.get_mut(at..)?.first_chunk_mut()?);
    if !squeeze.is_whole() {
        return None;
    }
    bytes.truncate(at);
    // A piece of the heap that is cut off behind a large one is too small for anything but to keep
    // that from being given back whole.
    if at < LARGE {
        bytes.shrink_to_fit();
    }
    Some(bytes)
}

/// Takes the first bytes of two out of blocks of text.
///
/// Bytes of random data are one or two bytes in UTF-8 in no order, so nothing branches on that, and
/// the compiler makes vector instructions of the loops. First bytes are cleared, and what is behind
/// moves into their place within groups of four bytes; the groups are written one over the end of
/// the other. No two first bytes are neighbours, so that a pair of bytes loses one at most. The
/// first byte of U+0080 to U+00BF is 0xC2, and there the second is the character; that of U+00C0 to
/// U+00FF is 0xC3, and the second lacks a bit.
struct Squeeze {
    /// The byte before the next one.
    before: u8,
    /// Not zeros once a byte was met that is not in such text.
    wrong: [u8; BLOCK],
}

impl Default for Squeeze {
    fn default() -> Self {
        Self { before: 0, wrong: [0; BLOCK] }
    }
}

impl Squeeze {
    /// Writes what is left of a block; gives the number of bytes.
    #[inline(never)]
    fn block(&mut self, block: &[u8; BLOCK], place: &mut [u8; BLOCK]) -> usize {
        let [behind @ .., last] = block;
        let mut before = [self.before; BLOCK];
        let [_, rest @ ..] = &mut before;
        *rest = *behind;
        self.before = *last;
        let (mut bytes, mut gone) = (*block, [0; BLOCK]);
        let each = bytes.iter_mut().zip(&before).zip(&mut gone).zip(&mut self.wrong);
        for (((byte, &before), gone), wrong) in each {
            *wrong |= is_wrong(*byte, before);
            *gone = if *byte >= FIRST { 0xff } else { 0 };
            let lacks = if before == 0xc3 { 0x40 } else { 0 };
            *byte = (*byte | lacks) & !*gone;
        }
        let (mut groups, mut lens) = ([0; BLOCK / 4], [0; BLOCK / 4]);
        let each = bytes.as_chunks().0.iter().zip(gone.as_chunks().0);
        for ((group, len), (bytes, gone)) in groups.iter_mut().zip(&mut lens).zip(each) {
            let (bytes, gone) = (u32::from_le_bytes(*bytes), u32::from_le_bytes(*gone));
            let moved = bytes & (gone & 0x00ff_00ff) << 8;
            let pairs = bytes ^ moved | moved >> 8;
            let (low, high) = (gone & 0xffff != 0, gone >> 16 != 0);
            let moved = if low { pairs & 0xffff_0000 } else { 0 };
            *group = pairs ^ moved | moved >> 8;
            *len = 4 - u32::from(low) - u32::from(high);
        }
        let mut written = 0;
        for (group, len) in groups.iter().zip(lens) {
            if let Some(place) = place.get_mut(written..).and_then(|rest| rest.first_chunk_mut()) {
                *place = group.to_le_bytes();
            }
            written += len as usize;
        }
        written
    }

    /// The same for text of less than a block.
    #[inline(never)]
    fn rest(&mut self, text: &[u8], place: &mut [u8; BLOCK]) -> usize {
        /// From this length on a whole block takes less time than each byte by itself.
        const LONG: usize = 16;

        if text.len() >= LONG {
            // It is filled up with zeros. If the text ends with a first byte, they are wrong.
            let mut block = [0; BLOCK];
            if let Some(block) = block.get_mut(..text.len()) {
                block.copy_from_slice(text);
            }
            return self.block(&block, place) + text.len() - BLOCK;
        }
        let (mut written, mut before, mut wrong) = (0, self.before, 0);
        for &byte in text {
            wrong |= is_wrong(byte, before);
            if let Some(place) = place.get_mut(written) {
                *place = byte | u8::from(before == 0xc3) << 6;
            }
            written += usize::from(byte < FIRST);
            before = byte;
        }
        self.before = before;
        self.wrong[0] |= wrong;
        written
    }

    /// Returns true if all that was met is such text, and whole.
    fn is_whole(&self) -> bool {
        self.before < FIRST && self.wrong.iter().fold(0, |a, b| a | b) == 0
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
