//! The value that is next, in serde's terms.
//!
//! Each method takes the opcodes that a pickler writes for what is asked, and gives what
//! `de/node.rs` does for the same value.

use super::state::Direct;
use super::whole::Whole;
use super::{Irregular, Outcome};
use crate::de::answer::Answer;
use crate::de::ask::Ask;
use crate::de::element::value_answer;
use crate::de::items::Items;
use crate::de::value_ways;
use crate::de::ways::private;
use crate::error::Result;
use crate::instruction::Opcode;
use crate::read::text::{self, Decimal};
use crate::reduce::token;

impl<'de> Direct<'de> {
    /// The value that is next.
    pub(in crate::de) fn value<'a, 'g>(&'a mut self, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
        self.check_going()?;
        match ask {
            Ask::Any => self.any(),
            Ask::Seq | Ask::Tuple(_) if self.is_array_ahead() => Ok(Answer::Seq(self.array()?)),
            Ask::Seq if self.is_list_of_lines() => Ok(Answer::Seq(self.list_of_lines()?)),
            Ask::Seq => Ok(Answer::list(self.sequence()?)),
            Ask::Map => Ok(Answer::dict(self.map()?)),
            Ask::Tuple(len) => Ok(Answer::Seq(self.tuple(len)?)),
            Ask::TupleStruct(name, len) if !is_ours(name) => Ok(Answer::Seq(self.tuple(len)?)),
            Ask::Struct(name, fields) => Ok(Answer::dict(self.structure(name, fields)?)),
            Ask::Enum(_, variants) if variants.contains(&token::ANYTHING) => self.irregular(),
            Ask::Enum(name, _) if !is_ours(name) => self.variant(),
            Ask::UnitStruct(name) if !name.starts_with(token::CLASS) => self.none(),
            Ask::Signed | Ask::Unsigned | Ask::Float if self.calls_ahead()? => {
                Ok(self.number_of_call(ask)?)
            }
            Ask::Str => Ok(self.text_or_object()?),
            Ask::Bytes if self.calls_ahead()? => Ok(self.bytes_of_call()?),
            _ => self.scalar(ask),
        }
    }

    /// A None that has been read.
    pub(in crate::de) fn nothing<'a, 'g>(&mut self, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
        self.check_going()?;
        match ask {
            Ask::Any | Ask::Unit => Ok(Answer::Unit),
            Ask::UnitStruct(name) if !name.starts_with(token::CLASS) => Ok(Answer::Unit),
            _ => self.irregular(),
        }
    }

    /// The next key of a dict, element of a set or name of a variant, if it is text or a number.
    /// Others, which may not be hashable, are left to the machine.
    pub(in crate::de) fn key<'a, 'g>(&'a mut self, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
        self.check_going()?;
        match ask {
            Ask::Any => match self.next()? {
                Opcode::EmptyList | Opcode::EmptyDict | Opcode::EmptySet | Opcode::EmptyTuple => {
                    self.irregular()
                }
                _ => self.any(),
            },
            Ask::Enum(_, variants) if variants.contains(&token::ANYTHING) => self.irregular(),
            // A variant without data.
            Ask::Enum(name, _) if !is_ours(name) => Ok(self.variant_name()),
            Ask::Tuple(len) => Ok(Answer::Seq(Items::Fixed(self.tuple_key(len)?))),
            Ask::Str => Ok(self.text_or_object()?),
            _ => self.scalar(ask),
        }
    }

    /// A value without parts.
    fn scalar<'a, 'g>(&mut self, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
        match ask {
            Ask::Bool => self.boolean(),
            Ask::Signed => self.int(true),
            Ask::Unsigned => self.int(false),
            Ask::Float => self.float(),
            Ask::Unit => self.none(),
            Ask::Str | Ask::Identifier => Ok(Answer::Str(self.next_text()?)),
            Ask::Bytes => {
                let opcode = self.next()?;
                Ok(Answer::Bytes(self.bytes(opcode)?))
            }
            _ => self.irregular(),
        }
    }

    /// An int in the commonest spellings.
    #[inline(always)]
    pub(in crate::de) fn short_int(&mut self) -> Option<i64> {
        self.cursor.read_short_int()
    }

    /// An int of up to 128 bits in the commonest spellings.
    pub(in crate::de) fn wide_int(&mut self) -> Option<i128> {
        self.cursor.read_wide_int()
    }

    /// An int of protocol 0 in the commonest spelling, or one that an object was made of and that
    /// is fetched.
    #[inline(never)]
    pub(in crate::de) fn other_short_int(&mut self) -> Option<i64> {
        const BINGET: u8 = Opcode::Binget.byte();
        const LONG_BINGET: u8 = Opcode::LongBinget.byte();

        match self.cursor.peek_byte() {
            Some(BINGET | LONG_BINGET) => self.fetched_int(),
            _ => self.cursor.read_short_decimal(),
        }
    }

    /// A float in the commonest spelling.
    #[inline(always)]
    pub(in crate::de) fn short_float(&mut self) -> Option<f64> {
        self.cursor.read_short_float()
    }

    /// A bool in the commonest spelling.
    #[inline(always)]
    pub(in crate::de) fn short_bool(&mut self) -> Option<bool> {
        self.cursor.read_short_bool()
    }

    /// Reads a None; nothing where anything else is next.
    #[inline(always)]
    pub(in crate::de) fn short_none(&mut self) -> bool {
        self.cursor.read_opcode_if(Opcode::None)
    }

    /// Goes past text or a scalar in the commonest spellings; nothing is read otherwise.
    pub(in crate::de) fn pass_scalar(&mut self) -> bool {
        const SHORT_TEXT: u8 = Opcode::ShortBinunicode.byte();
        const TEXT: u8 = Opcode::Binunicode.byte();
        const GET: u8 = Opcode::Binget.byte();
        const LONG_GET: u8 = Opcode::LongBinget.byte();

        match self.cursor.peek_byte() {
            Some(SHORT_TEXT | TEXT | GET | LONG_GET) => self.value_text().is_some(),
            _ => {
                self.short_none()
                    || self.short_int().is_some()
                    || self.short_float().is_some()
                    || self.short_bool().is_some()
            }
        }
    }

    /// Returns true if an `Option` has content.
    pub(in crate::de) fn option(&mut self) -> Outcome<bool> {
        if self.next()? == Opcode::None {
            self.cursor.read_peeked_opcode();
            return Ok(false);
        }
        self.wrap()?;
        Ok(true)
    }

    /// A newtype with a private name or that of a class.
    pub(in crate::de) fn newtype<'a, 'g>(
        &'a mut self,
        name: &'static str,
    ) -> Result<Answer<'a, 'g, 'de>> {
        if name == token::VALUE && self.is_at_root() {
            return (value_ways::ways()?.ahead)(self).map(value_answer);
        }
        if name.starts_with(token::OBJECT) {
            return Ok(match (private()?.ahead)(self, name)? {
                Some(text) => Answer::Str(text),
                None => Answer::ByteCow(self.natural.as_bytes().into()),
            });
        }
        self.irregular()
    }

    /// The same for a `Value`.
    pub(in crate::de) fn build(&mut self) -> Result<crate::Value> {
        let wrapped = self.is_wrapped();
        let value = Whole::read(self)?;
        // Some objects and globals are none to an Option; the machine knows which.
        if wrapped && matches!(value, crate::Value::Object(_) | crate::Value::Global(_)) {
            return self.irregular();
        }
        Ok(value)
    }

    /// An int behind a frame, a decimal one, a long one, or the LONG1 of no bytes that is zero.
    fn int<'a, 'g>(&mut self, signed: bool) -> Result<Answer<'a, 'g, 'de>> {
        let opcode = self.next()?;
        match self.long_len(opcode) {
            Some(len) => self.long(len),
            None => Ok(Answer::int(self.int_of(opcode)?, signed)),
        }
    }

    /// The bytes of a LONG1 of more than eight.
    fn long_len(&self, opcode: Opcode) -> Option<u8> {
        match self.cursor.peek(2) {
            Some(&[_, len]) if opcode == Opcode::Long1 && len > 8 => Some(len),
            _ => None,
        }
    }

    /// An int that is no such LONG1.
    #[inline(never)]
    fn int_of(&mut self, opcode: Opcode) -> Outcome<i64> {
        let value = if let Opcode::Int | Opcode::Long = opcode {
            self.cursor.read_peeked_opcode();
            self.cursor.read_decimal_line(opcode)
        } else {
            let value = self.cursor.read_short_int();
            if value.is_none() {
                self.cursor.read_peeked_opcode();
            }
            value
        };
        match value {
            Some(value) => Ok(value),
            None => self.rare_int(opcode),
        }
    }

    /// A LONG1 of more than eight bytes.
    fn long<'a, 'g>(&mut self, len: u8) -> Result<Answer<'a, 'g, 'de>> {
        self.cursor.read_peeked_opcode();
        let payload = self.cursor.read_counted1();
        let payload = self.checked(payload)?;
        // Others take no type of serde's.
        if len > 17 { self.irregular() } else { Ok(Answer::long(payload)) }
    }

    #[cold]
    fn rare_int(&mut self, opcode: Opcode) -> Outcome<i64> {
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
            Ok(Decimal::Int(value)) => Ok(value),
            _ => self.irregular(),
        }
    }

    /// A float behind a frame, a decimal one, or an int.
    fn float<'a, 'g>(&mut self) -> Result<Answer<'a, 'g, 'de>> {
        let value = match self.next()? {
            Opcode::Binfloat => {
                self.cursor.read_peeked_opcode();
                self.cursor.read_float8().ok()
            }
            Opcode::Float => {
                self.cursor.read_peeked_opcode();
                let line = self.cursor.read_filled_line();
                text::decode_float(self.checked(line)?).ok()
            }
            // A long int is rounded by the machine.
            opcode if self.long_len(opcode).is_some() => return self.irregular(),
            opcode => return Ok(Answer::int(self.int_of(opcode)?, false)),
        };
        match value {
            Some(value) => Ok(Answer::Float(value)),
            None => self.irregular(),
        }
    }

    fn boolean<'a, 'g>(&mut self) -> Result<Answer<'a, 'g, 'de>> {
        let value = match self.next()? {
            Opcode::Newtrue => true,
            Opcode::Newfalse => false,
            Opcode::Int => return self.bool_line(),
            _ => return self.irregular(),
        };
        self.cursor.read_peeked_opcode();
        Ok(Answer::Bool(value))
    }

    #[cold]
    fn bool_line<'a, 'g>(&mut self) -> Result<Answer<'a, 'g, 'de>> {
        self.cursor.read_peeked_opcode();
        let line = self.cursor.read_filled_line();
        match text::decode_int(self.checked(line)?, self.settings.max_int_digits) {
            Ok(Decimal::Bool(value)) => Ok(Answer::Bool(value)),
            _ => self.irregular(),
        }
    }

    /// Whatever the next opcode stands for by itself.
    fn any<'a, 'g>(&'a mut self) -> Result<Answer<'a, 'g, 'de>> {
        match self.next()? {
            Opcode::None => self.none(),
            Opcode::Newtrue | Opcode::Newfalse => self.boolean(),
            Opcode::Binint
            | Opcode::Binint1
            | Opcode::Binint2
            | Opcode::Long1
            | Opcode::Int
            | Opcode::Long => self.int(false),
            Opcode::Binfloat | Opcode::Float => self.float(),
            Opcode::ShortBinunicode
            | Opcode::Binunicode
            | Opcode::Binunicode8
            | Opcode::Unicode
            | Opcode::Binget
            | Opcode::LongBinget
            | Opcode::Get
            | Opcode::Global => Ok(self.text_or_object()?),
            opcode @ (Opcode::ShortBinbytes | Opcode::Binbytes | Opcode::Binbytes8) => {
                Ok(Answer::Bytes(self.bytes(opcode)?))
            }
            Opcode::EmptyList | Opcode::EmptyTuple | Opcode::EmptySet => {
                Ok(Answer::list(self.sequence()?))
            }
            Opcode::EmptyDict => Ok(Answer::dict(self.map()?)),
            // The opcode at the end tells what a MARK begins.
            _ => self.irregular(),
        }
    }

    fn none<'a, 'g>(&mut self) -> Result<Answer<'a, 'g, 'de>> {
        match self.next()? {
            Opcode::None => {
                self.cursor.read_peeked_opcode();
                Ok(Answer::Unit)
            }
            _ => self.irregular(),
        }
    }
}

impl From<Irregular> for crate::Error {
    /// Nobody sees it: the pickle is read again by the machine.
    #[cold]
    fn from(_: Irregular) -> Self {
        Self::data("the pickle is to be read by the machine")
    }
}

/// Returns true if a serde name is one of the crate's own, or that of a Python class.
#[inline]
pub(in crate::de) fn is_ours(name: &str) -> bool {
    // The first byte tells them from most names of types.
    matches!(name.as_bytes().first(), Some(b'$' | b'p'))
        && (name.starts_with(token::PREFIX) || name.starts_with(token::CLASS))
}
