//! How many items a list or dict of scalars has, counted ahead.
//!
//! No opcode says how long a list will be; what ends it does. So a `Vec` grows as it is filled, and for many short lists that
//! shows: without this, lists of 20 floats took a third longer to read. Scalars are quick to step over. What holds other
//! containers is not: to count the items of every list in the pickle was tried, and took a fifth of the time of reading a
//! tree, which such lists did not have back from not growing.
//!
//! A count is a hint: it decides about capacity and nothing else. It is that of a batch at most, of what is there, and it costs
//! no more than to read it, since containers end it.

use super::contents::BATCH;
use super::state::Direct;
use crate::opcode::Opcode;

/// How long an int is with its opcode, by that. The payload of LONG1 is left out.
const INTS: [u8; 256] = {
    let mut table = [0; 256];
    table[Opcode::Binint1.byte() as usize] = 2;
    table[Opcode::Binint2.byte() as usize] = 3;
    table[Opcode::Binint.byte() as usize] = 5;
    table[Opcode::Long1.byte() as usize] = 2;
    table
};

impl Direct<'_> {
    /// How many scalars are next, to where the batch ends; `None` where not all are.
    pub(super) fn scalars(&self) -> Option<usize> {
        let mut at = self.cursor.position();
        let mut count = 0;
        while count <= 2 * BATCH {
            let &[byte, next] = self.input.get(at..)?.first_chunk::<2>()?;
            match Opcode::from_byte(byte)? {
                Opcode::Binfloat => at += 9,
                // Which of them comes next cannot be guessed: one way for all.
                opcode @ (Opcode::Binint1 | Opcode::Binint2 | Opcode::Binint | Opcode::Long1) => {
                    let payload = if opcode == Opcode::Long1 { next } else { 0 };
                    at += usize::from(INTS[usize::from(byte)]) + usize::from(payload);
                }
                Opcode::ShortBinunicode => {
                    at += 2 + usize::from(next);
                    at += usize::from(self.input.get(at) == Some(&Opcode::Memoize.byte()));
                }
                Opcode::Binget => at += 2,
                Opcode::LongBinget => at += 5,
                Opcode::None | Opcode::Newtrue | Opcode::Newfalse => at += 1,
                Opcode::Appends | Opcode::List | Opcode::Tuple | Opcode::Additems | Opcode::Setitems | Opcode::Dict => {
                    return Some(count);
                }
                // Every 64 KiB, and no value.
                Opcode::Frame => {
                    at += 9;
                    continue;
                }
                _ => return None,
            }
            count += 1;
        }
        None
    }
}
