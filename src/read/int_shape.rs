//! The layout of a short binary int behind its opcode, in sixteen bits.

use crate::instruction::Opcode;

/// Shapes by the byte of the opcode; zero for an opcode that has no short int. That of LONG1
/// depends on its length.
const BY_OPCODE: [u16; 256] = {
    let mut table = [0; 256];
    table[Opcode::Binint1.byte() as usize] = IntShape::BININT1.0;
    table[Opcode::Binint2.byte() as usize] = IntShape::BININT2.0;
    table[Opcode::Binint.byte() as usize] = IntShape::BININT.0;
    table
};

/// The layout of an int of up to eight bytes behind its opcode: the number of its bytes, that of
/// the bytes of its length, and a sign or none.
///
/// The opcode of an int depends on its value, so among mixed ints a branch on it cannot be
/// predicted. With the shape in the handle every such int is read by one load and two shifts.
#[derive(Clone, Copy)]
pub(crate) struct IntShape(u16);

impl IntShape {
    pub(crate) const BININT1: Self = Self::new(1, 1, false);
    pub(crate) const BININT2: Self = Self::new(1, 2, false);
    pub(crate) const BININT: Self = Self::new(1, 4, true);

    const SIGNED: u16 = 1 << 8;

    /// `header`: where the payload begins, counted from the opcode. `len`: 1 to 8.
    const fn new(header: u16, len: u16, signed: bool) -> Self {
        Self(header << 4 | len | if signed { Self::SIGNED } else { 0 })
    }

    /// The shape of a LONG1 with a payload of this length.
    #[inline]
    pub(crate) const fn long1(len: usize) -> Option<Self> {
        if len == 0 || len > 8 { None } else { Some(Self::new(2, len as u16, true)) }
    }

    /// The shape of the int whose opcode `bytes` begins with; `None` for any other opcode.
    #[inline(always)]
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let opcode = *bytes.first()?;
        // The table has all 256 bytes.
        match BY_OPCODE[usize::from(opcode)] {
            0 if opcode == Opcode::Long1.byte() => Self::long1(usize::from(*bytes.get(1)?)),
            0 => None,
            shape => Some(Self(shape)),
        }
    }

    #[inline]
    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn header(self) -> usize {
        (self.0 >> 4 & 15) as usize
    }

    #[inline]
    pub(crate) const fn len(self) -> usize {
        (self.0 & 15) as usize
    }

    /// The int in `payload`, behind which other bytes may follow; `None` where it is cut short.
    #[inline(always)]
    pub(crate) fn read(self, payload: &[u8]) -> Option<i64> {
        // Where eight bytes are there, one load takes the payload and what follows it.
        match payload.first_chunk::<8>() {
            Some(word) => Some(self.extract(u64::from_le_bytes(*word))),
            None => self.read_at_end(payload),
        }
    }

    #[cold]
    fn read_at_end(self, payload: &[u8]) -> Option<i64> {
        let mut word = [0; 8];
        word.get_mut(..self.len())?.copy_from_slice(payload.get(..self.len())?);
        Some(self.extract(u64::from_le_bytes(word)))
    }

    /// The int in `word`, whose first bytes are the payload.
    #[inline]
    pub(crate) const fn extract(self, word: u64) -> i64 {
        let unused = (64 - 8 * (self.0 & 15) as u32) & 63;
        let top = word << unused;
        if self.0 & Self::SIGNED != 0 { top as i64 >> unused } else { (top >> unused) as i64 }
    }
}
