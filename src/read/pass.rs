//! Steps over instructions that lie whole in memory, to find where a pickle ends.
//!
//! Every byte of a reader's pickle comes through here before it is read, so the loop knows no more
//! than lengths: a table has them by opcode.
//!
//! Where a length is loaded and added, the processor waits for it before it can load the next
//! opcode. Where a branch tells the length, it goes on by what it guesses. So the opcodes that come
//! in a fixed order in every object (those of one byte, and of the memo) have branches. Which kind
//! of int or text is next nobody can guess: theirs are loaded.

use crate::instruction::{Extent, Opcode};

/// The length of an instruction by the byte of its opcode, or how its length is told.
pub(super) const LENGTHS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(opcode) = Opcode::from_byte(byte as u8) {
            table[byte] = match (opcode, opcode.argument().extent()) {
                (Opcode::Stop | Opcode::Frame, _) => OTHER,
                (Opcode::None | Opcode::Newtrue | Opcode::Newfalse, _) => CONSTANT,
                (Opcode::Binfloat, _) => FLOAT,
                (Opcode::Long1, _) => LONG,
                (_, Extent::Fixed(len)) => 1 + len as u8,
                (_, Extent::Counted(1)) => COUNTED1,
                (_, Extent::Counted(4)) => COUNTED4,
                _ => OTHER,
            };
        }
        byte += 1;
    }
    table
};

/// No instruction of a fixed length is as long.
pub(super) const LONGEST: u8 = 9;

/// None, True and False, which come in rows.
pub(super) const CONSTANT: u8 = 250;
/// Nine bytes, which come in rows.
pub(super) const FLOAT: u8 = 251;
/// As [`COUNTED1`]; those of one length come in rows.
pub(super) const LONG: u8 = 252;
/// A length of one byte, and so many bytes.
pub(super) const COUNTED1: u8 = 253;
/// The same with a length of four bytes.
pub(super) const COUNTED4: u8 = 254;
/// Lines, long payloads, frames, STOP, and what is no opcode.
const OTHER: u8 = 255;

/// Moves on from the instruction at `at` to the first that is not whole in `bytes`, or is one that
/// needs a closer look: STOP, FRAME, lines, long payloads, and what is no instruction.
pub(super) fn pass(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        if byte == Opcode::Binget.byte() || byte == Opcode::Binput.byte() {
            if at + 2 > bytes.len() {
                break;
            }
            at += 2;
            continue;
        }
        // The table has all 256 bytes.
        let length = LENGTHS[usize::from(byte)];
        if length == 1 {
            at += 1;
            continue;
        }
        let next = match length {
            len @ ..=LONGEST => at + usize::from(len),
            CONSTANT => at + constants(bytes.get(at..).unwrap_or_default()),
            FLOAT => at + row(bytes.get(at..).unwrap_or_default(), [byte], usize::from(LONGEST)),
            LONG => match bytes.get(at + 1) {
                Some(&len) => {
                    let size = 2 + usize::from(len);
                    at + row(bytes.get(at..).unwrap_or_default(), [byte, len], size)
                }
                None => break,
            },
            COUNTED1 => match bytes.get(at + 1) {
                Some(&len) => at + 2 + usize::from(len),
                None => break,
            },
            COUNTED4 => match bytes.get(at + 1..).and_then(<[u8]>::first_chunk) {
                Some(&len) => match (at + 5).checked_add(u32::from_le_bytes(len) as usize) {
                    Some(next) => next,
                    None => break,
                },
                None => break,
            },
            _ => break,
        };
        if next > bytes.len() {
            break;
        }
        at = next;
    }
    at
}

/// The length of the constants that `bytes` begins with: of the first, and of those in blocks that
/// have nothing else.
///
/// A processor that adds lengths one by one waits for each; here it does not.
fn constants(bytes: &[u8]) -> usize {
    const NONE: u8 = Opcode::None.byte();
    const TRUE: u8 = Opcode::Newtrue.byte();
    const FALSE: u8 = Opcode::Newfalse.byte();
    const BLOCK: usize = 16;

    let is_constant = |byte: u8| (byte == NONE) | (byte == TRUE) | (byte == FALSE);
    let blocks = bytes
        .chunks_exact(BLOCK)
        .take_while(|block| block.iter().fold(true, |all, &byte| all & is_constant(byte)));
    (BLOCK * blocks.count()).max(1)
}

/// The length of the instructions of `size` bytes that `bytes` begins with and that all begin with
/// `header`, as the first does.
fn row<const N: usize>(bytes: &[u8], header: [u8; N], size: usize) -> usize {
    let mut end = size;
    while bytes.get(end..).and_then(<[u8]>::first_chunk) == Some(&header)
        && end + size <= bytes.len()
    {
        end += size;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Cursor;

    /// Goes on as the cursor does, and stops where an instruction is not whole.
    #[test]
    fn it_stops_at_the_first_instruction_that_is_not_whole() {
        let mut pickle = b"\x80\x04](".to_vec();
        for len in [1, 15, 16, 17, 40] {
            pickle.extend(b"N\x88\x89".iter().cycle().take(len));
            pickle.extend(b"K\x01M\x01\x02J\0\0\0\0\x8a\x02\x01\x02");
            pickle.extend(b"G\0\0\0\0\0\0\0\0".repeat(len));
            pickle.extend(b"\x8a\x03\x01\x02\x03".repeat(len));
            pickle.extend(b"\x8c\x02ab\x94X\x03\0\0\0abcq\x01C\x01aB\x02\0\0\0ab\x8a\0");
        }
        pickle.extend(b"e");
        let mut begins = vec![0];
        let mut cursor = Cursor::new(&pickle, 0);
        while cursor.pass_instruction().is_ok() {
            begins.push(cursor.position());
        }
        assert_eq!(begins.last(), Some(&pickle.len()));
        for end in 0..=pickle.len() {
            let expected = begins.iter().rev().find(|begin| **begin <= end).unwrap();
            assert_eq!(pass(&pickle[..end], 0), *expected, "{end}");
        }
        // Those that need a closer look.
        for other in [&b".K\x01"[..], b"\x95\0\0\0\0\0\0\0\0", b"I1\n", b"\xff", b"\x8d"] {
            assert_eq!(pass(&[b"NN".as_slice(), other].concat(), 0), 2);
        }
    }
}
