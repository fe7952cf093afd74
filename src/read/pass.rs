//! Steps over instructions that lie whole in memory, to find where a pickle ends.
//!
//! Every byte of a reader's pickle comes through here before it is read, so the loop knows no more
//! than lengths: a table has them by opcode.

use crate::instruction::{Extent, Opcode};

/// The length of an instruction by the byte of its opcode, or how its length is told.
const LENGTHS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(opcode) = Opcode::from_byte(byte as u8) {
            table[byte] = match (opcode, opcode.argument().extent()) {
                (Opcode::Stop | Opcode::Frame, _) => OTHER,
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
const LONGEST: u8 = 9;

/// A length of one byte, and so many bytes.
const COUNTED1: u8 = 253;
/// The same with a length of four bytes.
const COUNTED4: u8 = 254;
/// Lines, long payloads, frames, STOP, and what is no opcode.
const OTHER: u8 = 255;

/// Moves on from the instruction at `at` to the first that is not whole in `bytes`, or is one that
/// needs a closer look: STOP, FRAME, lines, long payloads, and what is no instruction.
pub(super) fn pass(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        // The table has all 256 bytes.
        let next = match LENGTHS[usize::from(byte)] {
            len @ ..=LONGEST => at + usize::from(len),
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
