//! Text with lone surrogates: UTF-8 in which each is three bytes, as Python's error handler
//! `surrogatepass` has it.

/// A piece of such text.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// The longest run of plain UTF-8; never empty.
    Text(&'a str),
    Surrogate(u16),
    Malformed,
}

/// The pieces of `bytes`; nothing follows a malformed one.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> + Clone {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let piece = next_piece(rest)?;
        rest = match piece {
            Piece::Text(text) => rest.get(text.len()..).unwrap_or_default(),
            // A surrogate was found in the first three bytes.
            Piece::Surrogate(_) => rest.get(3..).unwrap_or_default(),
            Piece::Malformed => &[],
        };
        Some(piece)
    })
}

/// Returns the first piece of `bytes`; `None` at their end.
pub(crate) fn next_piece(bytes: &[u8]) -> Option<Piece<'_>> {
    if let &[0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] = bytes {
        return Some(Piece::Surrogate(
            0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f),
        ));
    }
    // `utf8_chunks` looks no further than its first fault, so that the whole is linear.
    let text = bytes.utf8_chunks().next()?.valid();
    Some(if text.is_empty() { Piece::Malformed } else { Piece::Text(text) })
}
