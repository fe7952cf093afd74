//! Bytes that a call makes, and what numpy makes of bytes: scalars, and arrays of one dimension.
//!
//! ```text
//! bytes     ::=  SHORT_BINBYTES | BINBYTES | BINBYTES8 | BYTEARRAY8 | encoded
//! encoded   ::=  class text "latin1" TUPLE2 REDUCE | class EMPTY_TUPLE REDUCE
//! bytearray ::=  class bytes TUPLE1 REDUCE | class text "latin-1" TUPLE2 REDUCE
//! dtype     ::=  class code NEWFALSE NEWTRUE TUPLE3 REDUCE
//!                MARK 3 order None None None -1 -1 0 TUPLE BUILD
//! scalar    ::=  class dtype bytes TUPLE2 REDUCE
//! shape     ::=  int TUPLE1
//! array     ::=  class class 0 TUPLE1 bytes TUPLE3 REDUCE
//!                MARK 1 shape dtype bool bytes TUPLE BUILD
//! buffer    ::=  class MARK bytes dtype shape "C" TUPLE REDUCE
//! ```
//!
//! Scalars and short arrays come in thousands: what they share, functions and dtype, is read once
//! and then fetched from the memo by its number. An array is read to its end before its numbers are
//! handed out, so that nothing is left to be read behind them.
//!
//! Text that bytes are made of is not fetched: the machine bounds how often it is looked at.

use std::borrow::Cow;

use super::Outcome;
use super::class::ClassKind;
use super::made::Made;
use super::memo::{Fetched, MemoSlot, Stored};
use super::state::Direct;
use crate::de::answer::Answer;
use crate::de::ask::Ask;
use crate::de::element;
use crate::de::items::Items;
use crate::de::numbers::Numbers;
use crate::instruction::Opcode;
use crate::nodes::codec;
use crate::stdlib::numpy::{Num, NumKind};

impl<'de> Direct<'de> {
    // Bytes

    /// The bytes that a call makes: those of protocols below 3, a bytearray, or an array of bytes.
    pub(super) fn bytes_of_call<'a, 'g>(&mut self) -> Outcome<Answer<'a, 'g, 'de>> {
        let kind = self.class_ahead()?;
        let encoding = match kind {
            ClassKind::Encode => "latin1",
            ClassKind::ByteArray if self.is_text_ahead()? => "latin-1",
            ClassKind::ByteArray => return self.bytearray(),
            ClassKind::Bytes => return self.no_bytes(MemoSlot::OTHER).map(bytes_answer),
            kind => {
                let (kind, bytes) = self.array_of(kind)?;
                return match kind {
                    // Those of an array are not borrowed from, as in a graph.
                    NumKind::U8 => Ok(Answer::ByteCow(bytes)),
                    _ => self.irregular(),
                };
            }
        };
        self.encoded(encoding, MemoSlot::OTHER).map(bytes_answer)
    }

    /// A bytearray made of bytes.
    fn bytearray<'a, 'g>(&mut self) -> Outcome<Answer<'a, 'g, 'de>> {
        self.enter()?;
        let bytes = self.any_bytes(MemoSlot::OTHER)?;
        self.only_argument()?;
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        self.leave();
        Ok(bytes_answer(bytes))
    }

    /// Returns true if text is spelled out next.
    fn is_text_ahead(&mut self) -> Outcome<bool> {
        Ok(matches!(self.next()?, Opcode::Binunicode | Opcode::ShortBinunicode))
    }

    /// Text in an encoding, and the call that makes bytes of it.
    fn encoded(&mut self, encoding: &str, slot: MemoSlot) -> Outcome<Cow<'de, [u8]>> {
        let bytes = self.encoded_call(encoding)?;
        self.memoize(slot)?;
        Ok(bytes)
    }

    /// The same up to the call, whose result has not been stored yet.
    pub(super) fn encoded_call(&mut self, encoding: &str) -> Outcome<Cow<'de, [u8]>> {
        self.enter()?;
        let bytes = self.text_as_bytes()?;
        if self.next_text()? != encoding {
            return self.irregular();
        }
        self.call_of_two()?;
        self.leave();
        Ok(bytes)
    }

    /// The rest of a call of `bytes` without arguments.
    fn no_bytes(&mut self, slot: MemoSlot) -> Outcome<Cow<'de, [u8]>> {
        self.enter()?;
        self.expect(Opcode::EmptyTuple)?;
        self.expect(Opcode::Reduce)?;
        self.memoize(slot)?;
        self.leave();
        // They lie nowhere in the input.
        Ok(Cow::Owned(Vec::new()))
    }

    /// Text that is spelled out, each of whose characters is a byte.
    fn text_as_bytes(&mut self) -> Outcome<Cow<'de, [u8]>> {
        let opcode = self.next()?;
        let at = self.cursor.position();
        let text = match opcode {
            Opcode::Binunicode => {
                self.cursor.read_peeked_opcode();
                self.cursor.read_counted4()
            }
            Opcode::ShortBinunicode => {
                self.cursor.read_peeked_opcode();
                self.cursor.read_counted1()
            }
            _ => return self.irregular(),
        };
        let text = self.checked(text)?;
        self.memoize_payload(MemoSlot::text(at), text.len())?;
        if text.is_ascii() {
            return Ok(Cow::Borrowed(text));
        }
        match codec::latin1(text) {
            Some(bytes) => Ok(Cow::Owned(bytes)),
            None => self.irregular(),
        }
    }

    /// Bytes in any spelling, and the entry of the memo for them.
    fn any_bytes(&mut self, slot: MemoSlot) -> Outcome<Cow<'de, [u8]>> {
        let opcode = self.next()?;
        let read = match opcode {
            Opcode::ShortBinbytes => {
                self.cursor.read_peeked_opcode();
                self.cursor.read_counted1()
            }
            Opcode::Binbytes => {
                self.cursor.read_peeked_opcode();
                self.cursor.read_counted4()
            }
            Opcode::Binbytes8 | Opcode::Bytearray8 => {
                self.cursor.read_peeked_opcode();
                self.cursor.read_counted8()
            }
            _ if self.calls_ahead()? => {
                return match self.class_ahead()? {
                    ClassKind::Encode => self.encoded("latin1", slot),
                    ClassKind::Bytes => self.no_bytes(slot),
                    _ => self.irregular(),
                };
            }
            _ => return self.irregular(),
        };
        let bytes = self.checked(read)?;
        if opcode == Opcode::Bytearray8 {
            self.count_node()?;
        }
        self.memoize_payload(slot, bytes.len())?;
        Ok(Cow::Borrowed(bytes))
    }

    /// Reads the tuple around two arguments, and the call.
    fn two_arguments(&mut self, slot: MemoSlot) -> Outcome<()> {
        self.call_of_two()?;
        self.memoize(slot)
    }

    /// The same without what is stored.
    fn call_of_two(&mut self) -> Outcome<()> {
        self.expect(Opcode::Tuple2)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Reduce)
    }

    // Dtypes

    /// A dtype of little-endian numbers as numpy pickles it, or one that was and is fetched.
    fn dtype(&mut self) -> Outcome<NumKind> {
        let opcode = self.next()?;
        if self.fetches_next() == Stored::Kept {
            return match self.fetch_made(opcode)? {
                Some(Made::Dtype(kind)) => Ok(kind),
                _ => self.irregular(),
            };
        }
        if !self.calls_ahead()? || self.class_ahead()? != ClassKind::NumpyDtype {
            return self.irregular();
        }
        self.enter()?;
        let kind = match self.next_text()? {
            "b1" => NumKind::Bool,
            "u1" => NumKind::U8,
            "u2" => NumKind::U16,
            "u4" => NumKind::U32,
            "u8" => NumKind::U64,
            "i1" => NumKind::I8,
            "i2" => NumKind::I16,
            "i4" => NumKind::I32,
            "i8" => NumKind::I64,
            "f4" => NumKind::F32,
            "f8" => NumKind::F64,
            _ => return self.irregular(),
        };
        self.expect(Opcode::Newfalse)?;
        self.expect(Opcode::Newtrue)?;
        self.expect(Opcode::Tuple3)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Reduce)?;
        let slot = self.keep(Made::Dtype(kind));
        self.memoize(slot)?;
        self.expect(Opcode::Mark)?;
        self.expect_ints(&[3])?;
        let order = if kind.width() == 1 { "|" } else { "<" };
        if self.next_text()? != order {
            return self.irregular();
        }
        for _ in 0..3 {
            self.expect(Opcode::None)?;
        }
        self.expect_ints(&[-1, -1, 0])?;
        self.expect(Opcode::Tuple)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Build)?;
        self.leave();
        Ok(kind)
    }

    fn expect_ints(&mut self, ints: &[i64]) -> Outcome<()> {
        for int in ints {
            self.next()?;
            if self.cursor.read_short_int() != Some(*int) {
                return self.irregular();
            }
        }
        Ok(())
    }

    // Scalars

    pub(super) fn numpy_scalar<'a, 'g>(&mut self, ask: Ask) -> Outcome<Answer<'a, 'g, 'de>> {
        self.enter()?;
        let kind = self.dtype()?;
        let mut number = [0; 8];
        let number = self.payload(&mut number)?;
        self.two_arguments(MemoSlot::OTHER)?;
        self.leave();
        match number_of(kind, number, matches!(ask, Ask::Float)) {
            Some(number) => Ok(element::number(number, ask)),
            None => self.irregular(),
        }
    }

    /// A float that is a scalar, where [`scalar_ahead`](Self::scalar_ahead) finds it; nothing is
    /// read otherwise.
    pub(in crate::de) fn scalar_float(&mut self) -> Option<f64> {
        match self.scalar_ahead(true)? {
            (Num::Float(value), len) => self.read_scalar(len).then_some(value),
            _ => None,
        }
    }

    /// The same for an int of up to 63 bits.
    pub(in crate::de) fn scalar_int(&mut self) -> Option<i64> {
        let (value, len) = match self.scalar_ahead(false)? {
            (Num::Int(value), len) => (value, len),
            (Num::Uint(value), len) => (i64::try_from(value).ok()?, len),
            _ => return None,
        };
        self.read_scalar(len).then_some(value)
    }

    /// A scalar whose function and dtype are fetched, where one look finds all of it, and its
    /// length.
    fn scalar_ahead(&self, is_float: bool) -> Option<(Num, usize)> {
        const GET: u8 = Opcode::Binget.byte();
        const BYTES: u8 = Opcode::ShortBinbytes.byte();
        const CALL: [u8; 5] = [
            Opcode::Memoize.byte(),
            Opcode::Tuple2.byte(),
            Opcode::Memoize.byte(),
            Opcode::Reduce.byte(),
            Opcode::Memoize.byte(),
        ];

        let &[GET, function, GET, dtype, BYTES, len] = self.cursor.peek(6)? else { return None };
        let end = 6 + usize::from(len);
        let (number, call) =
            self.cursor.peek(end + CALL.len())?.get(6..)?.split_at_checked(end - 6)?;
        if call != CALL || self.fetched_kind(function)? != ClassKind::NumpyScalar {
            return None;
        }
        Some((number_of(self.kept_dtype(dtype)?, number, is_float)?, end + CALL.len()))
    }

    fn read_scalar(&mut self, len: usize) -> bool {
        self.memo.is_from_zero() && self.passes(1) && {
            self.read_memoized(len, 3);
            true
        }
    }

    /// Goes past what was peeked at, in which so many values are memoized.
    fn read_memoized(&mut self, len: usize, count: usize) {
        self.cursor.read_peeked(len);
        for _ in 0..count {
            self.memo.push(MemoSlot::OTHER);
        }
    }

    /// The dtype that a BINGET of this index fetches.
    fn kept_dtype(&self, index: u8) -> Option<NumKind> {
        match self.made.get(self.memo.kept(index)? as usize)? {
            Made::Dtype(kind) => Some(*kind),
            _ => None,
        }
    }

    /// The kind of the class that a BINGET of this index fetches.
    fn fetched_kind(&self, index: u8) -> Option<ClassKind> {
        self.memo.class(index).map(|class| self.kind_of(class))
    }

    /// The bytes of a number or a time, which are text below protocol 3; in `room` then.
    pub(super) fn payload<'b>(&mut self, room: &'b mut [u8]) -> Outcome<&'b [u8]>
    where
        'de: 'b,
    {
        let opcode = self.next()?;
        if let Some(bytes) = self.short_bytes() {
            return Ok(bytes);
        }
        if opcode == Opcode::ShortBinbytes {
            return self.bytes(opcode);
        }
        let class = self.class(opcode)?;
        if self.kind_of(class) != ClassKind::Encode {
            return self.irregular();
        }
        self.enter()?;
        let text = self.next_text()?;
        if self.next_text()? != "latin1" {
            return self.irregular();
        }
        self.two_arguments(MemoSlot::OTHER)?;
        self.leave();
        let mut len = 0;
        for letter in text.chars() {
            match (room.get_mut(len), u8::try_from(letter)) {
                (Some(place), Ok(byte)) => *place = byte,
                _ => return self.irregular(),
            }
            len += 1;
        }
        Ok(room.get(..len).unwrap_or_default())
    }

    // Arrays

    /// Returns true if the next value may be an array: what makes it is numpy's.
    ///
    /// A sequence that is one is no list: who asks for a list gets nothing, and nothing is read.
    pub(super) fn is_array_ahead(&mut self) -> bool {
        const NUMPY: &[u8] = b"numpy.";
        const TEXT: u8 = Opcode::ShortBinunicode.byte();
        const GLOBAL: u8 = Opcode::Global.byte();

        if let Some(index) = self.cursor.peek_binget()
            && let Some(kind) = self.fetched_kind(index)
        {
            return kind.is_array();
        }
        if let Some(index) = self.cursor.peek_get() {
            return match self.memo.get(index, self.input) {
                Some(Fetched::Class(class)) => self.kind_of(class).is_array(),
                Some(Fetched::Text(module)) => module.as_bytes().starts_with(NUMPY),
                _ => false,
            };
        }
        match self.cursor.peek(2 + NUMPY.len()) {
            Some([TEXT, _, module @ ..]) => module == NUMPY,
            Some([GLOBAL, module @ ..]) => module.starts_with(NUMPY),
            _ => false,
        }
    }

    /// The numbers of an array of one dimension.
    pub(super) fn array<'a, 'g>(&'a mut self) -> Outcome<Items<'a, 'g, 'de>> {
        let (kind, bytes) = match self.short_array() {
            Some((kind, bytes)) => (kind, Cow::Borrowed(bytes)),
            None => {
                let kind = self.class_ahead()?;
                self.array_of(kind)?
            }
        };
        Ok(Items::Numbers(Numbers::ahead(self, bytes, kind)))
    }

    /// A short array of protocol 4 of which all is fetched but its length and bytes, where one look
    /// finds it; nothing is read otherwise.
    fn short_array(&mut self) -> Option<(NumKind, &'de [u8])> {
        const GET: u8 = Opcode::Binget.byte();
        const INT: u8 = Opcode::Binint1.byte();
        const FALSE: u8 = Opcode::Newfalse.byte();
        const BYTES: u8 = Opcode::ShortBinbytes.byte();
        const TUPLE: u8 = Opcode::Tuple1.byte();
        const MEMOIZE: u8 = Opcode::Memoize.byte();
        const STATE: [u8; 6] = [
            Opcode::Tuple3.byte(),
            MEMOIZE,
            Opcode::Reduce.byte(),
            MEMOIZE,
            Opcode::Mark.byte(),
            INT,
        ];
        const END: [u8; 4] = [MEMOIZE, Opcode::Tuple.byte(), MEMOIZE, Opcode::Build.byte()];

        let begin = self.cursor.peek(27)?.first_chunk::<27>()?;
        let &[
            GET,
            function,
            GET,
            class,
            INT,
            0,
            TUPLE,
            MEMOIZE,
            GET,
            letter,
            a,
            b,
            c,
            d,
            e,
            f,
            1,
            INT,
            len,
            TUPLE,
            MEMOIZE,
            GET,
            dtype,
            FALSE,
            BYTES,
            size,
            _,
        ] = begin
        else {
            return None;
        };
        let end = begin.len() - 1 + usize::from(size);
        let rest = self.cursor.peek(end + END.len())?;
        let (bytes, behind) = rest.get(begin.len() - 1..)?.split_at_checked(size.into())?;
        let kind = self.kept_dtype(dtype)?;
        let is_letter = matches!(self.made.get(self.memo.kept(letter)? as usize)?, Made::Bytes);
        if [a, b, c, d, e, f] != STATE
            || behind != END
            || !is_letter
            || usize::from(len) * kind.width() != bytes.len()
            || self.fetched_kind(function)? != ClassKind::NumpyArray
            || self.fetched_kind(class)? != ClassKind::NumpyClass
            || self.check_first().is_err()
            || !self.memo.is_from_zero()
            || !self.passes(4)
        {
            return None;
        }
        self.read_memoized(end + END.len(), 6);
        Some((kind, bytes))
    }

    /// The same as bytes, where the function has been read that makes it.
    fn array_of(&mut self, kind: ClassKind) -> Outcome<(NumKind, Cow<'de, [u8]>)> {
        self.check_first()?;
        self.enter()?;
        let (len, kind, bytes) = match kind {
            ClassKind::NumpyArray => self.reconstructed()?,
            ClassKind::NumpyBuffer => self.of_buffer()?,
            _ => return self.irregular(),
        };
        let len = usize::try_from(len).ok().and_then(|len| len.checked_mul(kind.width()));
        if len != Some(bytes.len()) {
            return self.irregular();
        }
        self.leave();
        Ok((kind, bytes))
    }

    /// The rest of an array that is made empty and given a state.
    fn reconstructed(&mut self) -> Outcome<(i64, NumKind, Cow<'de, [u8]>)> {
        self.read_beginning()?;
        self.expect_ints(&[1])?;
        let len = self.shape()?;
        let dtype = self.dtype()?;
        // Whatever the order of dimensions: there is one.
        if !self.takes(Opcode::Newfalse)? {
            self.expect(Opcode::Newtrue)?;
        }
        let bytes = self.any_bytes(MemoSlot::OTHER)?;
        self.expect(Opcode::Tuple)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Build)?;
        Ok((len, dtype, bytes))
    }

    /// The call that makes an empty array, and the MARK of its state.
    fn read_beginning(&mut self) -> Outcome<()> {
        if self.class_ahead()? != ClassKind::NumpyClass {
            return self.irregular();
        }
        self.expect_ints(&[0])?;
        self.only_argument()?;
        let opcode = self.next()?;
        if self.fetches_next() == Stored::Kept {
            let Some(Made::Bytes) = self.fetch_made(opcode)? else { return self.irregular() };
        } else {
            let slot = self.keep(Made::Bytes);
            self.any_bytes(slot)?;
        }
        self.expect(Opcode::Tuple3)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        self.expect(Opcode::Mark)
    }

    /// The rest of an array that is made of a buffer.
    fn of_buffer(&mut self) -> Outcome<(i64, NumKind, Cow<'de, [u8]>)> {
        self.expect(Opcode::Mark)?;
        let bytes = self.any_bytes(MemoSlot::OTHER)?;
        let dtype = self.dtype()?;
        let len = self.shape()?;
        if self.next_text()? != "C" {
            return self.irregular();
        }
        self.expect(Opcode::Tuple)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        Ok((len, dtype, bytes))
    }

    /// The length of the only dimension.
    fn shape(&mut self) -> Outcome<i64> {
        self.next()?;
        let Some(len) = self.cursor.read_short_int() else { return self.irregular() };
        self.only_argument()?;
        Ok(len)
    }
}

fn bytes_answer<'a, 'g, 'de>(bytes: Cow<'de, [u8]>) -> Answer<'a, 'g, 'de> {
    match bytes {
        Cow::Borrowed(bytes) => Answer::Bytes(bytes),
        Cow::Owned(bytes) => Answer::ByteCow(Cow::Owned(bytes)),
    }
}

/// The number that is asked for, a float or an int, if the bytes are it.
fn number_of(kind: NumKind, bytes: &[u8], is_float: bool) -> Option<Num> {
    let fits = match kind {
        NumKind::Bool => false,
        NumKind::F32 | NumKind::F64 => is_float,
        _ => !is_float,
    };
    (fits && bytes.len() == kind.width()).then(|| kind.number(bytes, false))?
}
