//! Values: the shortest spelling that the protocol has.
//!
//! Each writer here is an opcode boundary and writes one whole value. CPython chooses the same
//! opcodes, see `save_long`, `save_float`, `save_bytes` and `save_unicode` in its
//! `Modules/_pickle.c`.

use super::Emitter;
use super::old::old;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::limits;
use crate::protocol::Protocol;

impl Emitter {
    /// Writes `None`, if that is a matter of a few instructions; returns true if it did.
    #[inline(always)]
    pub(crate) fn quick_none(&mut self) -> bool {
        self.quick([Opcode::None.byte()], 1)
    }

    pub(crate) fn none(&mut self) -> Result<()> {
        self.boundary()?;
        self.op(Opcode::None);
        Ok(())
    }

    /// Like [`quick_none`](Self::quick_none).
    #[inline(always)]
    pub(crate) fn quick_bool(&mut self, value: bool) -> bool {
        let opcode = if value { Opcode::Newtrue } else { Opcode::Newfalse };
        self.quick([opcode.byte()], 1)
    }

    pub(crate) fn bool(&mut self, value: bool) -> Result<()> {
        self.boundary()?;
        if self.protocol >= Opcode::Newtrue.protocol() {
            self.op(if value { Opcode::Newtrue } else { Opcode::Newfalse });
        } else {
            self.op(Opcode::Int);
            self.out.extend_from_slice(if value { b"01\n" } else { b"00\n" });
        }
        Ok(())
    }

    /// Like [`quick_none`](Self::quick_none).
    #[inline(always)]
    pub(crate) fn quick_int(&mut self, value: i64) -> bool {
        let (bytes, len) = binary_int(value);
        self.quick(bytes, len)
    }

    pub(crate) fn int(&mut self, value: i64) -> Result<()> {
        self.boundary()?;
        match u32::try_from(value) {
            _ if self.protocol >= Opcode::Long1.protocol() => {
                let (bytes, len) = binary_int(value);
                self.fixed(bytes, len);
            }
            Ok(value) if self.protocol == Protocol::V1 && value < 0x1_0000 => {
                let (opcode, len) =
                    if value < 0x100 { (Opcode::Binint1, 2) } else { (Opcode::Binint2, 3) };
                self.fixed((u64::from(opcode.byte()) | u64::from(value) << 8).to_le_bytes(), len);
            }
            _ if self.protocol == Protocol::V1 && i32::try_from(value).is_ok() => {
                self.fixed(
                    (u64::from(Opcode::Binint.byte()) | value.cast_unsigned() << 8).to_le_bytes(),
                    5,
                );
            }
            _ => return self.wide_int(i128::from(value)),
        }
        Ok(())
    }

    /// An int that 64 bits do not hold, like [`quick_none`](Self::quick_none).
    pub(crate) fn quick_long(&mut self, value: i128) -> bool {
        let quick = self.has_room(24) && i64::try_from(value).is_err();
        if quick {
            let (bytes, len) = long1(value);
            self.fixed(bytes, len);
        }
        quick
    }

    pub(crate) fn int128(&mut self, value: i128) -> Result<()> {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => {
                self.boundary()?;
                self.wide_int(value)
            }
        }
    }

    pub(crate) fn uint128(&mut self, value: u128) -> Result<()> {
        match i128::try_from(value) {
            Ok(value) => self.int128(value),
            Err(_) => {
                let mut bytes = [0; 17];
                bytes[..16].copy_from_slice(&value.to_le_bytes());
                self.big_int(&bytes)
            }
        }
    }

    /// An int that BININT cannot hold, or any at protocol 0.
    #[inline(never)]
    fn wide_int(&mut self, value: i128) -> Result<()> {
        if self.protocol >= Opcode::Long1.protocol() {
            let (bytes, len) = long1(value);
            self.fixed(bytes, len);
            Ok(())
        } else {
            (old()?.int)(self, value);
            Ok(())
        }
    }

    /// An int of any size, as little-endian two's complement of any length (none is 0).
    pub(crate) fn big_int(&mut self, bytes: &[u8]) -> Result<()> {
        let bytes = minimal(bytes);
        if bytes.len() <= 16 {
            let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
            let mut wide = if negative { [0xff; 16] } else { [0; 16] };
            wide[..bytes.len()].copy_from_slice(bytes);
            return self.int128(i128::from_le_bytes(wide));
        }
        self.boundary()?;
        if self.protocol < Opcode::Long1.protocol() {
            return (old()?.big_int)(self, bytes);
        }
        if let Ok(len) = u8::try_from(bytes.len()) {
            self.counted(&[Opcode::Long1.byte(), len], bytes);
        } else {
            let len = i32::try_from(bytes.len()).map_err(|_| too_long("an int", "2 GiB"))?;
            self.counted(Head::four(Opcode::Long4, len.cast_unsigned()).bytes(), bytes);
        }
        Ok(())
    }

    /// Like [`quick_none`](Self::quick_none).
    #[inline(always)]
    pub(crate) fn quick_float(&mut self, value: f64) -> bool {
        self.quick(binfloat(value), 9)
    }

    pub(crate) fn float(&mut self, value: f64) -> Result<()> {
        self.boundary()?;
        if self.protocol >= Opcode::Binfloat.protocol() {
            self.fixed(binfloat(value), 9);
        } else {
            (old()?.float)(self, value);
        }
        Ok(())
    }

    /// Short bytes, like [`quick_none`](Self::quick_none).
    pub(crate) fn quick_bytes(&mut self, value: &[u8]) -> bool {
        let head = u64::from(Opcode::ShortBinbytes.byte()) | (value.len() as u64) << 8;
        value.len() <= 0xff
            && self.protocol >= Opcode::ShortBinbytes.protocol()
            && self.quick_behind(head, 2, value)
    }

    /// Bytes by an opcode of their own, which protocols before 3 do not have: see
    /// [`Emitter::bytes`].
    pub(super) fn counted_bytes(&mut self, value: &[u8]) -> Result<()> {
        match u8::try_from(value.len()) {
            Ok(len) => {
                self.counted(&[Opcode::ShortBinbytes.byte(), len], value);
                Ok(())
            }
            Err(_) => self.counted_as(Payload::Bytes, value),
        }
    }

    /// A payload by an opcode whose length has four bytes or eight.
    pub(super) fn counted_as(&mut self, kind: Payload, value: &[u8]) -> Result<()> {
        let head = kind.head(value.len(), self.protocol)?;
        self.counted(head.bytes(), value);
        Ok(())
    }

    /// The empty tuple, which is never memoized.
    #[inline]
    pub(crate) fn empty_tuple(&mut self) -> Result<()> {
        self.boundary()?;
        self.empty(Opcode::EmptyTuple, Opcode::Tuple);
        Ok(())
    }

    #[inline]
    pub(crate) fn empty_list(&mut self) -> Result<()> {
        self.boundary()?;
        self.empty(Opcode::EmptyList, Opcode::List);
        Ok(())
    }

    #[inline]
    pub(crate) fn empty_dict(&mut self) -> Result<()> {
        self.boundary()?;
        self.empty(Opcode::EmptyDict, Opcode::Dict);
        Ok(())
    }

    #[inline]
    fn empty(&mut self, opcode: Opcode, from_mark: Opcode) {
        if self.protocol >= opcode.protocol() {
            self.op(opcode);
        } else {
            self.mark();
            self.op(from_mark);
        }
    }

    /// Begins a tuple of `len` items.
    pub(crate) fn open_tuple(&mut self, len: usize) -> Result<()> {
        self.boundary()?;
        self.begin_tuple(len);
        Ok(())
    }

    /// Ends a tuple that was begun for `len` items, of which `written` came.
    pub(crate) fn close_tuple(&mut self, len: usize, written: usize) -> Result<()> {
        let opcode = self.tuple_opcode(len);
        self.end_tuple(opcode, len, written)
    }

    /// Begins a tuple of `len` items; gives the opcode that ends it. No opcode boundary.
    #[inline(always)]
    pub(crate) fn begin_tuple(&mut self, len: usize) -> Opcode {
        let opcode = self.tuple_opcode(len);
        if opcode == Opcode::Tuple {
            self.mark();
        }
        opcode
    }

    /// Ends it.
    #[inline(always)]
    pub(crate) fn end_tuple(&mut self, opcode: Opcode, len: usize, written: usize) -> Result<()> {
        if written != len && opcode != Opcode::Tuple {
            return Err(wrong_len(len, written));
        }
        self.op(opcode);
        Ok(())
    }

    /// The opcode of a tuple of that length: one that needs no mark, where there is one.
    #[inline(always)]
    fn tuple_opcode(&self, len: usize) -> Opcode {
        let opcode = match len {
            0 => Opcode::EmptyTuple,
            1 => Opcode::Tuple1,
            2 => Opcode::Tuple2,
            3 => Opcode::Tuple3,
            _ => Opcode::Tuple,
        };
        if self.protocol >= opcode.protocol() { opcode } else { Opcode::Tuple }
    }
}

/// LONG1 with an int of up to 128 bits, and its length.
fn long1(value: i128) -> ([u8; 24], usize) {
    // Bytes that hold the value and its sign bit: at most 16.
    let bits = i128::BITS - (value ^ (value >> 127)).leading_zeros();
    let len = bits / 8 + 1;
    let (low, high) = (value as u64, (value >> 64) as u64);
    let header = u64::from(Opcode::Long1.byte()) | u64::from(len) << 8;
    let words = [header | low << 16, low >> 48 | high << 16, high >> 48];
    let mut bytes = [0; 24];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    (bytes, 2 + len as usize)
}

/// The instruction for a float.
#[inline(always)]
fn binfloat(value: f64) -> [u8; 9] {
    let mut bytes = [Opcode::Binfloat.byte(); 9];
    bytes[1..].copy_from_slice(&value.to_be_bytes());
    bytes
}

/// BININT1, BININT2, BININT or LONG1, from protocol 2 on, and its length.
///
/// There is no branch: the sizes of ints cannot be predicted, and a wrong prediction costs more
/// than a table lookup.
#[inline(always)]
fn binary_int(value: i64) -> ([u8; 16], usize) {
    let bits = value.cast_unsigned();
    let sign = (value >> 63).cast_unsigned();
    // The highest bit that differs from the sign; the table has as many entries for each sign.
    let highest = ((bits ^ sign) | 1).ilog2() as usize;
    let form = INT_FORMS[(sign & 64) as usize | highest & 63];
    let (header, header_bits, len) = (form & 0xffff, form >> 16 & 63, (form >> 24 & 15) as usize);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(u64::from(header) | bits << header_bits).to_le_bytes());
    // Only LONG1 gets this far, and its int begins at the third byte.
    bytes[8..].copy_from_slice(&(bits >> 48).to_le_bytes());
    (bytes, len)
}

/// The spelling of an int from protocol 2 on, by the highest bit that differs from the sign, for
/// ints from 0 on and then for those below.
///
/// The lower half has the bytes before the int: the opcode, and for LONG1 the length. Above that
/// are a byte for the number of those bits, and a byte for the number of bytes in all.
const INT_FORMS: [u32; 128] = {
    const fn form(opcode: Opcode, header: u32, len: u32) -> u32 {
        opcode.byte() as u32 | header << 16 | len << 24
    }

    let mut forms = [0; 128];
    let mut at = 0;
    while at < 128 {
        let (negative, highest) = (at >= 64, at as u32 % 64);
        forms[at] = match highest {
            0..8 if !negative => form(Opcode::Binint1, 8, 2),
            8..16 if !negative => form(Opcode::Binint2, 8, 3),
            0..31 => form(Opcode::Binint, 8, 5),
            _ => {
                // The bits up to the highest, and one for the sign.
                let bytes = (highest + 2).div_ceil(8);
                form(Opcode::Long1, 16, 2 + bytes) | bytes << 8
            }
        };
        at += 1;
    }
    forms
};

/// Little-endian two's complement without the high bytes that only repeat the sign; no bytes for 0.
pub(crate) fn minimal(mut bytes: &[u8]) -> &[u8] {
    while let Some((last, rest)) = bytes.split_last() {
        let below = rest.last().copied().unwrap_or(0);
        match (last, below & 0x80 != 0) {
            (0, false) | (0xff, true) => bytes = rest,
            _ => break,
        }
    }
    bytes
}

/// The payloads that may be large.
#[derive(Clone, Copy)]
pub(crate) enum Payload {
    Text,
    Bytes,
    /// Protocol 5 only, see [`Emitter::bytearray`].
    Bytearray,
}

impl Payload {
    /// The first protocol that has an opcode for it.
    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::Text => Opcode::Binunicode.protocol(),
            Self::Bytes => Opcode::Binbytes.protocol(),
            Self::Bytearray => Opcode::Bytearray8.protocol(),
        }
    }

    /// The part before the payload: a length of four bytes, or of eight where four are too few
    /// and the protocol has that.
    pub(super) fn head(self, len: usize, protocol: Protocol) -> Result<Head> {
        let (four, eight, what) = match self {
            Self::Text => (Opcode::Binunicode, Opcode::Binunicode8, "text"),
            Self::Bytes => (Opcode::Binbytes, Opcode::Binbytes8, "bytes"),
            Self::Bytearray => return Ok(Head::eight(Opcode::Bytearray8, len)),
        };
        match u32::try_from(len) {
            Ok(len) => Ok(Head::four(four, len)),
            Err(_) if protocol >= eight.protocol() => Ok(Head::eight(eight, len)),
            Err(_) => Err(too_long(what, "4 GiB")),
        }
    }
}

/// An opcode and the length of its payload.
pub(super) struct Head([u8; 9], usize);

impl Head {
    fn four(opcode: Opcode, len: u32) -> Self {
        Self { 1: 5, ..Self::eight(opcode, len as usize) }
    }

    fn eight(opcode: Opcode, len: usize) -> Self {
        let mut head = [opcode.byte(); 9];
        head[1..].copy_from_slice(&(len as u64).to_le_bytes());
        Self(head, 9)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // At most nine.
        &self.0[..self.1]
    }
}

#[cold]
fn wrong_len(len: usize, written: usize) -> Error {
    Error::data(format!("a tuple of {len} items was announced, and {written} came"))
}

#[cold]
fn too_long(what: &str, most: &str) -> Error {
    Error::unsupported(format!("{what} of {most} or more cannot be written at this protocol"))
}

#[cold]
pub(super) fn too_many_digits() -> Error {
    Error::limit(format!(
        "an int of more than {} decimal digits cannot be read by Python at protocol 0 or 1",
        limits::INT_DIGITS
    ))
}
