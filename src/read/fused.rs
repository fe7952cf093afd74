//! Instructions that are read opcode and argument at once, for the fast paths.
//!
//! Each method reads one form. It reads nothing where anything else is next, or where the argument
//! is not there whole; the caller then reads in the general way, which gives the error.

use super::{Cursor, IntShape, decimal};
use crate::instruction::{BATCH, Opcode};

/// The opcode of a short tuple, and REDUCE or NEWOBJ, each with its memo entry.
pub(crate) struct EndOfCall {
    /// The index of the first entry, behind which the other one is the next. `None` for MEMOIZE.
    pub(crate) index: Option<u32>,
    /// Length in bytes.
    pub(crate) len: usize,
    is_reduce: bool,
}

impl EndOfCall {
    #[inline]
    fn of(bytes: &[u8], tuple: Opcode) -> Option<Self> {
        const MEMOIZE: u8 = Opcode::Memoize.byte();
        const BINPUT: u8 = Opcode::Binput.byte();
        const LONG_BINPUT: u8 = Opcode::LongBinput.byte();

        let (&first, rest) = bytes.split_first()?;
        let (call, index, len, follows) = match *rest {
            [MEMOIZE, call, MEMOIZE, ..] => (call, None, 4, true),
            [BINPUT, a, call, BINPUT, b, ..] => {
                (call, Some(u32::from(a)), 6, a.checked_add(1) == Some(b))
            }
            [LONG_BINPUT, a, b, c, d, call, LONG_BINPUT, e, f, g, h, ..] => {
                let index = u32::from_le_bytes([a, b, c, d]);
                let follows = index.checked_add(1) == Some(u32::from_le_bytes([e, f, g, h]));
                (call, Some(index), 12, follows)
            }
            _ => return None,
        };
        let is_reduce = call == Opcode::Reduce.byte();
        let is_call = is_reduce || call == Opcode::Newobj.byte();
        let is_end = first == tuple.byte() && is_call && follows;
        is_end.then_some(Self { index, len, is_reduce })
    }
}

impl<'a> Cursor<'a> {
    /// Reads an opcode that has an int in up to eight binary bytes (BININT, BININT1, BININT2,
    /// LONG1), and the int. `None` where another opcode is next, or the argument is not there
    /// whole; then nothing is read.
    #[inline(always)]
    pub(crate) fn read_short_int(&mut self) -> Option<i64> {
        let rest = self.bytes.get(self.at..)?;
        let shape = IntShape::of(rest)?;
        let value = shape.read(rest.get(shape.header()..)?)?;
        self.opcode_at = self.at;
        self.at += shape.header() + shape.len();
        Some(value)
    }

    /// Goes past these opcodes, which have no arguments, if they are next; the first becomes the
    /// current one.
    #[inline(always)]
    pub(crate) fn read_opcodes<const N: usize>(&mut self, opcodes: [u8; N]) -> bool {
        let found = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>) == Some(&opcodes);
        if found {
            self.opcode_at = self.at;
            self.at += N;
        }
        found
    }

    /// Reads a BINFLOAT and its float. `None` where another opcode is next, or the argument is not
    /// there whole; then nothing is read.
    #[inline(always)]
    pub(crate) fn read_short_float(&mut self) -> Option<f64> {
        let &[opcode, ref float @ ..] = self.bytes.get(self.at..)?.first_chunk::<9>()?;
        if opcode != Opcode::Binfloat.byte() {
            return None;
        }
        self.opcode_at = self.at;
        self.at += 9;
        Some(f64::from_be_bytes(*float))
    }

    /// Reads a SHORT_BINUNICODE and its payload. `None` where another opcode is next, or the
    /// argument is not there whole; then nothing is read.
    #[inline(always)]
    pub(crate) fn read_short_text(&mut self) -> Option<&'a [u8]> {
        let (&[opcode, len], rest) = self.bytes.get(self.at..)?.split_first_chunk::<2>()?;
        if opcode != Opcode::ShortBinunicode.byte() {
            return None;
        }
        let payload = rest.get(..usize::from(len))?;
        self.opcode_at = self.at;
        self.at += 2 + usize::from(len);
        Some(payload)
    }

    /// Reads a SHORT_BINUNICODE of this text. Nothing is read where anything else is next.
    #[inline(always)]
    pub(crate) fn read_this_text(&mut self, text: &[u8]) -> bool {
        let Some(rest) = self.bytes.get(self.at..) else { return false };
        let Some((&[opcode, len], rest)) = rest.split_first_chunk::<2>() else { return false };
        let is_this = opcode == Opcode::ShortBinunicode.byte()
            && usize::from(len) == text.len()
            && rest.get(..text.len()).is_some_and(|found| is_same(found, text));
        if is_this {
            self.opcode_at = self.at;
            self.at += 2 + text.len();
        }
        is_this
    }

    /// Reads a BINUNICODE and its payload of less than `limit` bytes. `None` where anything else is
    /// next, or the argument is not there whole; then nothing is read.
    #[inline(always)]
    pub(crate) fn read_medium_text(&mut self, limit: usize) -> Option<&'a [u8]> {
        let (&[opcode, ref len @ ..], rest) =
            self.bytes.get(self.at..)?.split_first_chunk::<5>()?;
        let len = u32::from_le_bytes(*len) as usize;
        if opcode != Opcode::Binunicode.byte() || len >= limit {
            return None;
        }
        let payload = rest.get(..len)?;
        self.opcode_at = self.at;
        self.at += 5 + len;
        Some(payload)
    }

    /// The length of this opcode, which has no argument, and of the MEMOIZE, BINPUT or LONG_BINPUT
    /// behind it, if both are next; with the index, if there is one, and the byte behind.
    #[inline]
    pub(crate) fn peek_stored(&self, first: Opcode) -> Option<(Option<u32>, usize, u8)> {
        let rest = self.bytes.get(self.at..)?;
        let (opcode, found) = match *rest {
            [opcode, put, behind, ..] if put == Opcode::Memoize.byte() => {
                (opcode, (None, 2, behind))
            }
            [opcode, put, index, behind, ..] if put == Opcode::Binput.byte() => {
                (opcode, (Some(index.into()), 3, behind))
            }
            [opcode, put, a, b, c, d, behind, ..] if put == Opcode::LongBinput.byte() => {
                (opcode, (Some(u32::from_le_bytes([a, b, c, d])), 6, behind))
            }
            _ => return None,
        };
        (opcode == first.byte()).then_some(found)
    }

    /// The same of an EMPTY_LIST with a MEMOIZE or LONG_BINPUT, by one look at eight bytes; with
    /// the two bytes behind.
    #[inline(always)]
    pub(crate) fn peek_stored_list(&self) -> Option<(Option<u32>, usize, [u8; 2])> {
        const LIST: u8 = Opcode::EmptyList.byte();
        const MEMOIZE: u8 = Opcode::Memoize.byte();
        const LONG_BINPUT: u8 = Opcode::LongBinput.byte();

        match *self.bytes.get(self.at..)?.first_chunk::<8>()? {
            [LIST, MEMOIZE, next, behind, ..] => Some((None, 2, [next, behind])),
            [LIST, LONG_BINPUT, a, b, c, d, next, behind] => {
                Some((Some(u32::from_le_bytes([a, b, c, d])), 6, [next, behind]))
            }
            _ => None,
        }
    }

    /// The end of a call that is next: see [`EndOfCall`].
    #[inline]
    pub(crate) fn peek_end_of_call(&self, tuple: Opcode) -> Option<EndOfCall> {
        EndOfCall::of(self.bytes.get(self.at..)?, tuple)
    }

    /// Returns true if, `len` bytes ahead, two BINFLOATs are the arguments of a REDUCE.
    #[inline]
    pub(crate) fn calls_with_floats(&self, len: usize) -> bool {
        const FLOAT: u8 = Opcode::Binfloat.byte();

        let Some(rest) = self.bytes.get(self.at + len..) else { return false };
        let floats = rest.as_chunks::<9>().0.iter().take(2);
        floats.filter(|float| float[0] == FLOAT).count() == 2
            && EndOfCall::of(&rest[18..], Opcode::Tuple2).is_some_and(|end| end.is_reduce)
    }

    /// The floats of the list that is next, each behind its BINFLOAT; they stay. `None` unless one
    /// batch with nothing else in it is next, and no other batch can follow: behind EMPTY_LIST and
    /// MARK, or, where the second value is true, above the MARK of a LIST.
    #[inline]
    pub(crate) fn peek_floats(&self) -> Option<(&'a [u8], bool)> {
        const LIST: u8 = Opcode::EmptyList.byte();
        const MEMOIZE: u8 = Opcode::Memoize.byte();
        const BINPUT: u8 = Opcode::Binput.byte();
        const LONG_BINPUT: u8 = Opcode::LongBinput.byte();
        const MARK: u8 = Opcode::Mark.byte();
        const FLOAT: u8 = Opcode::Binfloat.byte();

        let rest = self.bytes.get(self.at..)?;
        let (begin, end) = match *rest {
            [LIST, MEMOIZE, MARK, FLOAT, ..] => (3, Opcode::Appends),
            [LIST, BINPUT, _, MARK, FLOAT, ..] => (4, Opcode::Appends),
            [LIST, LONG_BINPUT, _, _, _, _, MARK, FLOAT, ..] => (7, Opcode::Appends),
            [LIST, MARK, FLOAT, ..] => (2, Opcode::Appends),
            [MARK, FLOAT, ..] => (1, Opcode::List),
            _ => return None,
        };
        let rest = rest.get(begin..)?;
        let floats = rest.as_chunks::<9>().0.iter().take(BATCH);
        let count = floats.take_while(|float| float[0] == FLOAT).count();
        let (floats, behind) = rest.split_at_checked(9 * count)?;
        let ends = behind.first() == Some(&end.byte());
        (ends && count < BATCH).then_some((floats, end == Opcode::List))
    }

    /// Leaves the instruction unread that was read last, if no frame began or ended behind it.
    #[inline]
    pub(crate) fn unread(&mut self) {
        self.at = self.opcode_at;
    }

    /// Goes past what was peeked at, `len` bytes that begin with an opcode, which becomes the
    /// current one.
    #[inline]
    pub(crate) fn read_peeked(&mut self, len: usize) {
        self.opcode_at = self.at;
        self.at += len;
    }

    /// Reads a SHORT_BINBYTES, its payload, and a MEMOIZE behind it. `None` where another opcode is
    /// next, the payload is not there whole, or no MEMOIZE follows; then nothing is read.
    #[inline]
    pub(crate) fn read_memoized_bytes(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let &[opcode, len] = rest.first_chunk::<2>()?;
        let len = usize::from(len);
        let (payload, behind) = rest.get(2..)?.split_at_checked(len)?;
        if opcode != Opcode::ShortBinbytes.byte() || behind.first() != Some(&Opcode::Memoize.byte())
        {
            return None;
        }
        self.opcode_at = self.at;
        self.at += 3 + len;
        Some(payload)
    }

    /// The opcodes behind a class by which protocol 4 spells a time: SHORT_BINBYTES, a BINGET of
    /// its zone if it has one, TUPLE1 or TUPLE2, and REDUCE, with a MEMOIZE behind the bytes and
    /// the tuple. Gives the payload, the index of the zone, and their length; they stay.
    #[inline]
    pub(crate) fn peek_time(&self) -> Option<(&'a [u8], Option<u8>, usize)> {
        const MEMOIZE: u8 = Opcode::Memoize.byte();
        const BINGET: u8 = Opcode::Binget.byte();
        const TUPLE1: u8 = Opcode::Tuple1.byte();
        const TUPLE2: u8 = Opcode::Tuple2.byte();
        const REDUCE: u8 = Opcode::Reduce.byte();

        let (&[opcode, len], rest) = self.bytes.get(self.at..)?.split_first_chunk::<2>()?;
        if opcode != Opcode::ShortBinbytes.byte() {
            return None;
        }
        let (payload, behind) = rest.split_at_checked(len.into())?;
        let len = 2 + payload.len();
        match *behind {
            [MEMOIZE, TUPLE1, MEMOIZE, REDUCE, ..] => Some((payload, None, len + 4)),
            [MEMOIZE, BINGET, zone, TUPLE2, MEMOIZE, REDUCE, ..] => {
                Some((payload, Some(zone), len + 6))
            }
            _ => None,
        }
    }

    /// The index in the BINGET of a class, where the opcodes behind it are those of an object of it
    /// with attributes, up to the first name: EMPTY_TUPLE, NEWOBJ and MEMOIZE, EMPTY_DICT, MEMOIZE
    /// and MARK. They stay.
    #[inline(always)]
    pub(crate) fn peek_memoized_object(&self) -> Option<u8> {
        const OBJECT: [u8; 8] = [
            Opcode::Binget.byte(),
            0,
            Opcode::EmptyTuple.byte(),
            Opcode::Newobj.byte(),
            Opcode::Memoize.byte(),
            Opcode::EmptyDict.byte(),
            Opcode::Memoize.byte(),
            Opcode::Mark.byte(),
        ];

        let found = self.bytes.get(self.at..)?.first_chunk::<8>()?;
        // One comparison, whatever the index.
        let others = u64::from_le_bytes(*found) & !0xff00;
        (others == u64::from_le_bytes(OBJECT)).then_some(found[1])
    }

    /// Goes past the opcodes of such an object; the EMPTY_DICT becomes the current one.
    #[inline(always)]
    pub(crate) fn read_memoized_object(&mut self) {
        self.opcode_at = self.at + 5;
        self.at += 8;
    }

    /// Reads a NEWTRUE or NEWFALSE; `None` where another opcode is next.
    #[inline(always)]
    pub(crate) fn read_short_bool(&mut self) -> Option<bool> {
        let opcode = self.peek_byte()?;
        let value = opcode == Opcode::Newtrue.byte();
        if !value && opcode != Opcode::Newfalse.byte() {
            return None;
        }
        self.read_peeked_opcode();
        Some(value)
    }

    /// Reads this opcode as often as it follows, within the frame; gives how often that is. It has
    /// no argument.
    pub(crate) fn read_row(&mut self, opcode: Opcode) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| **byte == opcode.byte()).count();
        self.opcode_at = self.at;
        self.at += len;
        len
    }

    /// Reads an int in up to sixteen binary bytes. `None` where anything else is next, the argument
    /// is not there whole, or more than eight bytes hold what has room in them; then nothing is
    /// read.
    pub(crate) fn read_wide_int(&mut self) -> Option<i128> {
        let (&[opcode, len], rest) = self.bytes.get(self.at..)?.split_first_chunk::<2>()?;
        if opcode != Opcode::Long1.byte() || !(9..=16).contains(&len) {
            return self.read_short_int().map(i128::from);
        }
        let size = usize::from(len);
        let payload = rest.get(..size)?;
        // The first eight bytes, and the last, shifted down by what they have in common.
        let (low, high) = (payload.first_chunk()?, payload.last_chunk()?);
        let low = u64::from_le_bytes(*low);
        let high = i64::from_le_bytes(*high) >> (8 * (16 - u32::from(len)));
        if high == low as i64 >> 63 {
            return None;
        }
        let value = i128::from(high) << 64 | i128::from(low);
        self.opcode_at = self.at;
        self.at += 2 + size;
        Some(value)
    }

    /// Reads an INT or LONG whose line has the form that picklers write. `None` where anything else
    /// is next; then nothing is read.
    pub(crate) fn read_short_decimal(&mut self) -> Option<i64> {
        let opcode = self.peek_byte()?;
        let is_long = opcode == Opcode::Long.byte();
        if !is_long && opcode != Opcode::Int.byte() {
            return None;
        }
        let (value, len) = decimal::decimal_line(self.bytes, self.at + 1, is_long)?;
        self.opcode_at = self.at;
        self.at += 1 + len;
        Some(value)
    }

    /// Reads ints in such lines, each with an APPEND behind it, as far as they go; gives eight
    /// bytes for each, the lowest first.
    pub(crate) fn read_int_items(&mut self) -> Vec<u8> {
        let mut ints = Vec::new();
        let mut at = self.at;
        while let Some(&opcode) = self.bytes.get(at) {
            let is_long = opcode == Opcode::Long.byte();
            if !is_long && opcode != Opcode::Int.byte() {
                break;
            }
            let Some((value, len)) = decimal::decimal_line(self.bytes, at + 1, is_long) else {
                break;
            };
            if self.bytes.get(at + 1 + len) != Some(&Opcode::Append.byte()) {
                break;
            }
            ints.extend_from_slice(&value.to_le_bytes());
            self.opcode_at = at;
            at += len + 2;
        }
        self.at = at;
        ints
    }

    /// Reads the line of an INT or LONG if it has the form that picklers write; leaves any other
    /// unread.
    #[inline]
    pub(crate) fn read_decimal_line(&mut self, opcode: Opcode) -> Option<i64> {
        let (value, len) = decimal::decimal_line(self.bytes, self.at, opcode == Opcode::Long)?;
        self.at += len;
        Some(value)
    }
}

/// Compares two names of one length, by as few loads as that takes, and without a call.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    fn ends<const N: usize>(text: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        Some((text.first_chunk()?, text.last_chunk()?))
    }

    match one.len() {
        0..4 => one.iter().eq(other),
        4..8 => ends::<4>(one) == ends::<4>(other),
        8..=16 => ends::<8>(one) == ends::<8>(other),
        _ => {
            let words = |text| <[u8]>::as_chunks::<8>(text).0.iter();
            words(one).eq(words(other)) && ends::<8>(one) == ends::<8>(other)
        }
    }
}
