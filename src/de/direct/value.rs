//! The value that is next, as serde's `Deserializer`.
//!
//! Each method takes the opcodes that a pickler writes for what is asked, and calls the visitor as
//! `de/node.rs` does for the same value.

use serde::de::{Deserializer, IgnoredAny, Visitor};

use super::state::Direct;
use super::whole::Whole;
use super::{Irregular, Outcome};
use crate::instruction::Opcode;
use crate::read::text::{self, Decimal};
use crate::reduce::token;

impl<'de> Direct<'de> {
    /// Reads an int for a signed type, which takes it without a look at the sign: in mixed ints
    /// that is a coin toss.
    #[inline]
    pub(super) fn signed<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        match self.cursor.read_short_int() {
            Some(value) => visitor.visit_i64(value),
            None => self.other_int(true, visitor),
        }
    }

    #[inline]
    pub(super) fn unsigned<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        match self.cursor.read_short_int() {
            Some(value) => visit_int(value, visitor),
            None => self.other_int(false, visitor),
        }
    }

    /// An int behind a frame, a decimal one, or the LONG1 of no bytes that is zero.
    fn other_int<V: Visitor<'de>>(&mut self, signed: bool, visitor: V) -> Outcome<V::Value> {
        let opcode = self.next()?;
        if let Opcode::Int | Opcode::Long = opcode {
            self.cursor.read_peeked_opcode();
            if let Some(value) = self.cursor.read_decimal_line(opcode) {
                return if signed { visitor.visit_i64(value) } else { visit_int(value, visitor) };
            }
        } else if let Some(value) = self.cursor.read_short_int() {
            return if signed { visitor.visit_i64(value) } else { visit_int(value, visitor) };
        } else {
            self.cursor.read_peeked_opcode();
        }
        self.rare_int(opcode, signed, visitor)
    }

    #[cold]
    fn rare_int<V: Visitor<'de>>(
        &mut self,
        opcode: Opcode,
        signed: bool,
        visitor: V,
    ) -> Outcome<V::Value> {
        let digits = self.settings.max_int_digits;
        let value = match opcode {
            Opcode::Int => {
                let line = self.cursor.read_filled_line();
                text::decode_int(self.checked(line)?, digits)
            }
            Opcode::Long => {
                let line = self.cursor.read_filled_line();
                text::decode_long(self.checked(line)?, digits)
            }
            Opcode::Long1 => {
                let payload = self.cursor.read_counted1();
                match self.checked(payload)? {
                    [] => Ok(Decimal::Int(0)),
                    _ => return self.irregular(),
                }
            }
            _ => return self.irregular(),
        };
        match value {
            Ok(Decimal::Int(value)) if signed => visitor.visit_i64(value),
            Ok(Decimal::Int(value)) => visit_int(value, visitor),
            _ => self.irregular(),
        }
    }

    #[inline]
    pub(super) fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        if self.cursor.read_opcode_if(Opcode::Binfloat) {
            return match self.cursor.read_float8() {
                Ok(value) => visitor.visit_f64(value),
                Err(_) => self.irregular(),
            };
        }
        self.other_float(visitor)
    }

    /// A float behind a frame, a decimal one, or an int.
    fn other_float<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        match self.next()? {
            Opcode::Binfloat => {
                self.cursor.read_peeked_opcode();
                match self.cursor.read_float8() {
                    Ok(value) => visitor.visit_f64(value),
                    Err(_) => self.irregular(),
                }
            }
            Opcode::Float => {
                self.cursor.read_peeked_opcode();
                let line = self.cursor.read_filled_line();
                match text::decode_float(self.checked(line)?) {
                    Ok(value) => visitor.visit_f64(value),
                    Err(_) => self.irregular(),
                }
            }
            _ => self.unsigned(visitor),
        }
    }

    #[inline]
    pub(super) fn boolean<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        let value = match self.next()? {
            Opcode::Newtrue => true,
            Opcode::Newfalse => false,
            Opcode::Int => return self.bool_line(visitor),
            _ => return self.irregular(),
        };
        self.cursor.read_peeked_opcode();
        visitor.visit_bool(value)
    }

    #[cold]
    fn bool_line<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        self.cursor.read_peeked_opcode();
        let line = self.cursor.read_filled_line();
        match text::decode_int(self.checked(line)?, self.settings.max_int_digits) {
            Ok(Decimal::Bool(value)) => visitor.visit_bool(value),
            _ => self.irregular(),
        }
    }

    /// Whatever the next opcode stands for by itself.
    #[inline(never)]
    pub(super) fn any<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        match self.next()? {
            Opcode::None => self.none(visitor),
            Opcode::Newtrue | Opcode::Newfalse => self.boolean(visitor),
            Opcode::Binint
            | Opcode::Binint1
            | Opcode::Binint2
            | Opcode::Long1
            | Opcode::Int
            | Opcode::Long => self.unsigned(visitor),
            Opcode::Binfloat | Opcode::Float => self.float(visitor),
            opcode @ (Opcode::ShortBinunicode
            | Opcode::Binunicode
            | Opcode::Binunicode8
            | Opcode::Unicode
            | Opcode::Binget
            | Opcode::LongBinget
            | Opcode::Get) => {
                let text = self.text(opcode)?;
                visitor.visit_borrowed_str(text)
            }
            opcode @ (Opcode::ShortBinbytes | Opcode::Binbytes | Opcode::Binbytes8) => {
                let bytes = self.bytes(opcode)?;
                visitor.visit_borrowed_bytes(bytes)
            }
            Opcode::EmptyList | Opcode::EmptyTuple | Opcode::EmptySet => self.sequence(visitor),
            Opcode::EmptyDict => self.map(visitor),
            // The opcode at the end tells what a MARK begins.
            _ => self.irregular(),
        }
    }

    pub(super) fn none<V: Visitor<'de>>(&mut self, visitor: V) -> Outcome<V::Value> {
        match self.next()? {
            Opcode::None => {
                self.cursor.read_peeked_opcode();
                visitor.visit_unit()
            }
            _ => self.irregular(),
        }
    }
}

/// Hands out an int by the narrowest visit method that takes it.
#[inline]
fn visit_int<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Outcome<V::Value> {
    match u64::try_from(value) {
        Ok(value) => visitor.visit_u64(value),
        Err(_) => visitor.visit_i64(value),
    }
}

/// The methods that are the same for a value and for a key, each with the one of [`Direct`]'s that
/// it hands on to.
macro_rules! scalars {
    ($through:ident) => {
        $through! {
            deserialize_bool => boolean;
            deserialize_i8 => signed;
            deserialize_i16 => signed;
            deserialize_i32 => signed;
            deserialize_i64 => signed;
            deserialize_i128 => signed;
            deserialize_u8 => unsigned;
            deserialize_u16 => unsigned;
            deserialize_u32 => unsigned;
            deserialize_u64 => unsigned;
            deserialize_u128 => unsigned;
            deserialize_f32 => float;
            deserialize_f64 => float;
            deserialize_char => deserialize_str;
            deserialize_string => deserialize_str;
            deserialize_identifier => deserialize_str;
            deserialize_byte_buf => deserialize_bytes;
            deserialize_unit => none;
        }
    };
}

pub(super) use scalars;

macro_rules! through {
    ($($method:ident => $to:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            self.$to(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Direct<'de> {
    type Error = Irregular;

    scalars!(through);

    through! {
        deserialize_any => any;
        deserialize_seq => sequence;
        deserialize_map => map;
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.any(IgnoredAny)?;
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let text = self.next_text()?;
        visitor.visit_borrowed_str(text)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let opcode = self.next()?;
        let bytes = self.bytes(opcode)?;
        visitor.visit_borrowed_bytes(bytes)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        if self.next()? == Opcode::None {
            self.cursor.read_peeked_opcode();
            return visitor.visit_none();
        }
        self.wrap()?;
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        if name.starts_with(token::CLASS) {
            return self.irregular();
        }
        self.none(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        if is_ours(name) {
            if name == token::VALUE && self.is_at_root() {
                let wrapped = self.is_wrapped();
                let value = Whole::read(self)?;
                // Some objects and globals are none to an Option; the machine knows which.
                if wrapped && matches!(value, crate::Value::Object(_) | crate::Value::Global(_)) {
                    return self.irregular();
                }
                return crate::value::hand_over(value, visitor);
            }
            return self.irregular();
        }
        self.wrap()?;
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Outcome<V::Value> {
        self.tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Outcome<V::Value> {
        if is_ours(name) {
            return self.irregular();
        }
        self.tuple(len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        match self.next()? {
            Opcode::EmptyDict | Opcode::Mark if !is_ours(name) => self.map(visitor),
            opcode => self.instance(opcode, name, fields, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        if is_ours(name) || variants.contains(&token::ANYTHING) {
            return self.irregular();
        }
        self.variant(visitor)
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

/// Returns true if a serde name is one of the crate's own, or that of a Python class.
#[inline]
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with(token::PREFIX) || name.starts_with(token::CLASS)
}
