//! Numbers one behind the other: an array of them, or bytes as the ints that they are in Python.
//!
//! A type that asks for a sequence gets them by an access of their own ([`Each`]), so that the loop
//! of its visitor comes down to a load, a store and a few comparisons. What an element asks for
//! that is not exactly the form of the numbers goes the way of all values, through [`Place`], which
//! the program has compiled for that type anyway. Other questions (a tuple, a struct, anything) go
//! through [`Items`](super::items::Items), one number at a time.
//!
//! Advice to the next editor: [`Each`] and [`Number`] are compiled for every element type of every
//! sequence. State that is handed to a call by reference stays in memory, and the loop waits for it
//! at each element: what is called from here takes and gives values.

use std::borrow::Cow;
use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::direct::Direct;
use super::node::too_long;
use super::place::Place;
use crate::error::{Error, Result};
use crate::limits;
use crate::stdlib::numpy::{Num, NumKind};
use crate::walk::cost;
use crate::walk::cx::Cx;

/// Numbers, and how many of them were handed out.
pub(crate) struct Numbers<'a, 'g, 'de> {
    from: From<'a, 'g, 'de>,
    bytes: Cow<'a, [u8]>,
    kind: NumKind,
    big_endian: bool,
    of: NumbersOf,
    len: usize,
    taken: Cell<usize>,
    /// True once one of them did not fit its type.
    failed: Cell<bool>,
}

/// Where the numbers were found.
enum From<'a, 'g, 'de> {
    Nodes(&'g Cx<'g, 'de>),
    Ahead(&'a mut Direct<'de>),
}

/// The sequence that numbers are, for errors.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum NumbersOf {
    Bytes,
    /// `array.array`.
    Array,
    Numpy,
    /// A list: of floats as the pickle has them, or of ints that were decoded.
    List,
}

/// The size of a float in a list: the opcode, and eight bytes that begin with the highest.
const LISTED: usize = 9;

impl<'a, 'g, 'de> Numbers<'a, 'g, 'de> {
    pub(super) fn new(
        cx: &'g Cx<'g, 'de>,
        bytes: Cow<'a, [u8]>,
        kind: NumKind,
        big_endian: bool,
        of: NumbersOf,
    ) -> Self {
        Self { big_endian, of, ..Self::of(From::Nodes(cx), bytes, kind) }
    }

    /// The floats of a list that the short way has read, each behind its opcode.
    pub(super) fn floats(direct: &'a mut Direct<'de>, floats: &'a [u8]) -> Self {
        let len = floats.len() / LISTED;
        let numbers = Self::of(From::Ahead(direct), floats.into(), NumKind::F64);
        Self { of: NumbersOf::List, len, ..numbers }
    }

    /// The ints of such a list, decoded.
    pub(super) fn ints(direct: &'a mut Direct<'de>, ints: Vec<u8>) -> Self {
        let numbers = Self::of(From::Ahead(direct), ints.into(), NumKind::I64);
        Self { of: NumbersOf::List, ..numbers }
    }

    /// Those of an array that the short way has read.
    pub(super) fn ahead(direct: &'a mut Direct<'de>, bytes: Cow<'a, [u8]>, kind: NumKind) -> Self {
        Self::of(From::Ahead(direct), bytes, kind)
    }

    fn of(from: From<'a, 'g, 'de>, bytes: Cow<'a, [u8]>, kind: NumKind) -> Self {
        let len = bytes.len() / kind.width();
        let (taken, failed) = Default::default();
        Self { from, bytes, kind, big_endian: false, of: NumbersOf::Numpy, len, taken, failed }
    }

    /// The next number. `size` is that of the value which is made of it.
    pub(super) fn next(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        let index = self.taken.get();
        if index == self.len {
            return Ok(None);
        }
        if index == 0 {
            self.charge(size)?;
        }
        self.taken.set(index + 1);
        Ok(Some(self.place(index)))
    }

    /// Counts the memory of the values that are made of them.
    fn charge(&self, size: usize) -> Result<()> {
        match self.from {
            From::Nodes(cx) => cx.charge_memory(cost::items(size, self.len)),
            // The limit covers what is read ahead.
            From::Ahead(_) => Ok(()),
        }
    }

    fn number(&self, index: usize) -> Num {
        let width = self.kind.width();
        let bytes = self.bytes.get(index.wrapping_mul(width)..).unwrap_or_default();
        let number = self.kind.number(bytes, self.big_endian);
        // No index is beyond the end.
        number.unwrap_or(Num::Uint(0))
    }

    /// The place of a number, for whatever is asked of it.
    #[inline(never)]
    fn place(&self, index: usize) -> Place<'_, 'g, 'de> {
        if self.of != NumbersOf::List {
            return Place::number(self.number(index));
        }
        let number = match self.bytes.as_chunks::<LISTED>().0.get(index) {
            Some([_, bytes @ ..]) if self.kind == NumKind::F64 => {
                Num::Float(f64::from_be_bytes(*bytes))
            }
            _ => self.number(index),
        };
        Place::Listed(number, &self.failed, limits::WRAPS)
    }

    /// The number of those that were not handed out.
    pub(super) fn left(&self) -> usize {
        self.len - self.taken.get()
    }

    /// Checks that none is left.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.failed.get() {
            self.give_up();
        }
        if self.left() == 0 {
            return Ok(());
        }
        self.give_up();
        Err(self.too_long())
    }

    /// Notes that the visitor returned an error.
    #[cold]
    pub(super) fn give_up(&mut self) {
        if let From::Ahead(direct) = &mut self.from {
            direct.give_up();
        }
    }

    /// Finishes what went well or not.
    fn end(&mut self, went_well: bool) -> Result<()> {
        if went_well {
            return self.finish();
        }
        self.give_up();
        Ok(())
    }

    #[cold]
    fn too_long(&self) -> Error {
        let (len, taken) = (self.len, self.taken.get());
        if self.of != NumbersOf::Bytes {
            return too_long(len, taken);
        }
        let plural = if taken == 1 { "" } else { "s" };
        let expected = format!("{taken} element{plural} in sequence");
        serde::de::Error::invalid_length(len, &expected.as_str())
    }

    /// The error of a number, the one before this index, with its place.
    #[cold]
    pub(super) fn locate(&self, error: Error) -> Error {
        self.locate_at(error, self.taken.get().saturating_sub(1))
    }

    #[cold]
    fn locate_at(&self, error: Error, index: usize) -> Error {
        self.failed.set(true);
        if self.of == NumbersOf::Numpy { error.under_index(index) } else { error }
    }

    /// The numbers by their form.
    fn forms(&self) -> Forms<'_, 'g, 'de> {
        let mut forms = Forms { len: self.len, ..Forms::none(self) };
        let bytes = &*self.bytes;
        if self.of == NumbersOf::List && self.kind == NumKind::F64 {
            forms.listed = bytes.as_chunks().0;
            return forms;
        }
        if self.big_endian && self.kind.width() > 1 {
            return forms;
        }
        match self.kind {
            NumKind::Bool => forms.bools = bytes,
            NumKind::U8 => forms.u8s = bytes,
            NumKind::I8 => forms.i8s = bytes,
            NumKind::U16 => forms.u16s = bytes.as_chunks().0,
            NumKind::I16 => forms.i16s = bytes.as_chunks().0,
            NumKind::U32 => forms.u32s = bytes.as_chunks().0,
            NumKind::I32 => forms.i32s = bytes.as_chunks().0,
            NumKind::U64 => forms.u64s = bytes.as_chunks().0,
            NumKind::I64 => forms.i64s = bytes.as_chunks().0,
            NumKind::F32 => forms.f32s = bytes.as_chunks().0,
            NumKind::F64 => forms.f64s = bytes.as_chunks().0,
        }
        forms
    }
}

/// Hands numbers to the visitor of a sequence, and checks that it took all of them.
pub(super) fn give_numbers<'de, V: Visitor<'de>>(
    numbers: &mut Numbers<'_, '_, 'de>,
    visitor: V,
) -> Result<V::Value> {
    let forms = numbers.forms();
    let mut made = visitor.visit_seq(Each { forms: &forms, at: UNASKED });
    if let Err(error) = numbers.end(made.is_ok()) {
        made = Err(error);
    }
    made
}

/// The numbers by their form, all but one of them empty: in one comparison a look-up tells both
/// that the form is what an element asks for, and that the number is there.
struct Forms<'n, 'g, 'de> {
    numbers: &'n Numbers<'n, 'g, 'de>,
    len: usize,
    bools: &'n [u8],
    u8s: &'n [u8],
    i8s: &'n [u8],
    u16s: &'n [[u8; 2]],
    i16s: &'n [[u8; 2]],
    u32s: &'n [[u8; 4]],
    i32s: &'n [[u8; 4]],
    u64s: &'n [[u8; 8]],
    i64s: &'n [[u8; 8]],
    f32s: &'n [[u8; 4]],
    f64s: &'n [[u8; 8]],
    listed: &'n [[u8; LISTED]],
}

impl<'n, 'g, 'de> Forms<'n, 'g, 'de> {
    fn none(numbers: &'n Numbers<'n, 'g, 'de>) -> Self {
        Self {
            numbers,
            len: 0,
            bools: &[],
            u8s: &[],
            i8s: &[],
            u16s: &[],
            i16s: &[],
            u32s: &[],
            i32s: &[],
            u64s: &[],
            i64s: &[],
            f32s: &[],
            f64s: &[],
            listed: &[],
        }
    }

    /// Goes to the first number; `None` at the end.
    #[inline(never)]
    fn begin(&self, at: usize, size: usize) -> Option<Result<()>> {
        if at != UNASKED || self.len == 0 {
            return None;
        }
        Some(self.numbers.charge(size))
    }
}

/// The index before the first number was asked for.
const UNASKED: usize = usize::MAX;

/// The numbers as a sequence, in two words, which stay in registers.
struct Each<'n, 'g, 'de> {
    forms: &'n Forms<'n, 'g, 'de>,
    /// The index of the next one.
    at: usize,
}

impl Drop for Each<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        let taken = if self.at == UNASKED { 0 } else { self.at };
        self.forms.numbers.taken.set(taken);
    }
}

impl<'de> SeqAccess<'de> for Each<'_, '_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let forms = self.forms;
        if self.at >= forms.len {
            match forms.begin(self.at, size_of::<T::Value>()) {
                Some(Ok(())) => self.at = 0,
                None => return Ok(None),
                Some(Err(error)) => return Err(error),
            }
        }
        let at = self.at;
        self.at += 1;
        match seed.deserialize(Number { forms, at }) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(forms.numbers.locate_at(error, at)),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        let at = if self.at == UNASKED { 0 } else { self.at };
        Some(self.forms.len - at)
    }
}

/// One of the numbers.
struct Number<'n, 'g, 'de> {
    forms: &'n Forms<'n, 'g, 'de>,
    at: usize,
}

impl<'n, 'g, 'de> Number<'n, 'g, 'de> {
    #[inline]
    fn place(&self) -> Place<'n, 'g, 'de> {
        self.forms.numbers.place(self.at)
    }
}

/// Methods that ask for a number: the form that they expect, or any value.
macro_rules! numbers {
    ($($method:ident: $form:ident, |$bytes:ident| $visit:ident($value:expr);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.forms.$form.get(self.at) {
                Some(&$bytes) => visitor.$visit($value),
                None => apart(move || self.place().$method(visitor)).value,
            }
        }
    )*};
}

/// Methods that ask for a float, which those of a list are as well.
macro_rules! floats {
    ($($method:ident: $form:ident, |$bytes:ident| $visit:ident($value:expr);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if let Some(&$bytes) = self.forms.$form.get(self.at) {
                return visitor.$visit($value);
            }
            match self.forms.listed.get(self.at) {
                Some([_, bytes @ ..]) => visitor.visit_f64(f64::from_be_bytes(*bytes)),
                None => apart(move || self.place().$method(visitor)).value,
            }
        }
    )*};
}

/// A result that is larger than one, so that a call writes it where nothing else is. Where a call
/// may write to the place of the loop's own result, each number goes through memory.
struct Apart<T> {
    value: Result<T>,
    _room: [usize; 2],
}

/// The value of a number that has not the form its type asks for.
#[cold]
#[inline(never)]
fn apart<T>(read: impl FnOnce() -> Result<T>) -> Apart<T> {
    Apart { value: read(), _room: [0; 2] }
}

/// Methods that ask for other things.
macro_rules! others {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value> {
            self.place().$method($($argument,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Number<'_, '_, 'de> {
    type Error = Error;

    numbers! {
        deserialize_bool: bools, |byte| visit_bool(byte != 0);
        deserialize_u8: u8s, |byte| visit_u8(byte);
        deserialize_i8: i8s, |byte| visit_i8(byte as i8);
        deserialize_u16: u16s, |bytes| visit_u16(u16::from_le_bytes(bytes));
        deserialize_i16: i16s, |bytes| visit_i16(i16::from_le_bytes(bytes));
        deserialize_u32: u32s, |bytes| visit_u32(u32::from_le_bytes(bytes));
        deserialize_i32: i32s, |bytes| visit_i32(i32::from_le_bytes(bytes));
        deserialize_u64: u64s, |bytes| visit_u64(u64::from_le_bytes(bytes));
        deserialize_i64: i64s, |bytes| visit_i64(i64::from_le_bytes(bytes));
    }

    floats! {
        deserialize_f32: f32s, |bytes| visit_f32(f32::from_le_bytes(bytes));
        deserialize_f64: f64s, |bytes| visit_f64(f64::from_le_bytes(bytes));
    }

    others! {
        deserialize_any();
        deserialize_i128();
        deserialize_u128();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}
