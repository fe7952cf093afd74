//! serde's `Deserializer` for a [`Place`].
//!
//! Each method is a question ([`Ask`]) to the place, and hands the answer to the visitor. Advice to
//! the next editor: a line in a method here is compiled for every visitor of every program.
//! `benches/cost.py` says what it comes to.

use serde::de::{Deserializer, Visitor};

use super::answer::{discard, give, give_entries, give_items, give_tuple, give_wide};
use super::ask::Ask;
use super::items::Items;
use super::numbers::give_numbers;
use super::numpy::numbers_of;
use super::place::{Place, Wrapped};
use super::ways::meet;
use crate::error::{Error, Result};

/// Returns true if a visitor's value may hold text or bytes of its own.
const fn copies<T>() -> bool {
    std::mem::needs_drop::<T>()
}

macro_rules! scalars {
    ($($method:ident: $quick:ident $visit:ident, $other:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            match self.$quick() {
                Some(value) => $visit(value, visitor),
                None => self.$other(visitor),
            }
        }
    )*};
}

/// The rest that [`scalars`] leaves over, apart so that those are inlined.
macro_rules! other_scalars {
    ($($method:ident: $other:ident $visit:ident, $ask:ident $give:ident;)*) => {$(
        #[inline(never)]
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            match self.$other() {
                Some(value) => $visit(value, visitor),
                None => $give(self.given(Ask::$ask, copies::<V::Value>()), visitor),
            }
        }
    )*};
}

impl<'de> Place<'_, '_, 'de> {
    other_scalars! {
        other_signed: other_int visit_signed, Signed give_wide;
        other_unsigned: other_int visit_unsigned, Unsigned give_wide;
        otherwise_float: other_float visit_float, Float give;
        otherwise_bool: other_boolean visit_bool, Bool give;
    }

    /// The same for an `Option` that the next byte does not show to be none.
    #[inline(never)]
    fn other_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        if let Self::Ahead(direct) = &mut self {
            return match direct.option() {
                Ok(true) => visitor.visit_some(self),
                Ok(false) => visitor.visit_none(),
                Err(error) => Err(error.into()),
            };
        }
        match self.option(copies::<V::Value>()) {
            Ok(Wrapped::Content) => visitor.visit_some(self),
            Ok(Wrapped::Nothing) => visitor.visit_none(),
            Ok(Wrapped::Other(answer)) => give(answer, visitor),
            Err(error) => Err(error),
        }
    }
}

macro_rules! containers {
    ($($method:ident($($argument:ident: $type:ty),*) $(meets [$name:ident])?
        $(first by $short:ident($($first:ident),*))?
        by $quick:ident($($given:ident),*) $tell:ident, $ask:expr;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            mut self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value> {
            $(meet(&[$name]);)?
            $(if let Some(tuple) = &mut self.$short($($first),*) {
                return give_tuple(tuple, visitor);
            })?
            // By reference: it is larger than what a processor copies at once.
            if let Some(found) = &mut self.$quick($($given),*) {
                return $tell(found, visitor);
            }
            give(self.given($ask, copies::<V::Value>()), visitor)
        }
    )*};
}

macro_rules! texts {
    ($($method:ident: $quick:ident $ask:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            match self.$quick(copies::<V::Value>()) {
                Some(text) => visitor.visit_borrowed_str(text),
                None => give(self.given(Ask::$ask, copies::<V::Value>()), visitor),
            }
        }
    )*};
}

macro_rules! bytes {
    ($($method:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            match self.bytes() {
                Some(bytes) => visitor.visit_borrowed_bytes(bytes),
                None => give(self.given(Ask::Bytes, copies::<V::Value>()), visitor),
            }
        }
    )*};
}

macro_rules! others {
    ($($method:ident($($argument:ident: $type:ty),*) $(meets [$($names:expr),*])?
        asks $ask:expr, $give:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value> {
            $($(meet($names);)*)?
            $give(self.given($ask, copies::<V::Value>()), visitor)
        }
    )*};
}

#[inline(always)]
fn visit_signed<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value> {
    visitor.visit_i64(value)
}

#[inline(always)]
fn visit_unsigned<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value> {
    match u64::try_from(value) {
        Ok(value) => visitor.visit_u64(value),
        Err(_) => visitor.visit_i64(value),
    }
}

#[inline]
fn visit_wide_signed<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Result<V::Value> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => visitor.visit_i64(value),
        (_, Ok(value)) => visitor.visit_u64(value),
        _ => visitor.visit_i128(value),
    }
}

#[inline]
fn visit_wide_unsigned<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Result<V::Value> {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(value), _) => visitor.visit_u64(value),
        (_, Ok(value)) => visitor.visit_i64(value),
        _ => visitor.visit_i128(value),
    }
}

#[inline(always)]
fn visit_bool<'de, V: Visitor<'de>>(value: bool, visitor: V) -> Result<V::Value> {
    visitor.visit_bool(value)
}

#[inline(always)]
fn visit_float<'de, V: Visitor<'de>>(value: f64, visitor: V) -> Result<V::Value> {
    visitor.visit_f64(value)
}

impl<'de> Deserializer<'de> for Place<'_, '_, 'de> {
    type Error = Error;

    scalars! {
        deserialize_i8: int visit_signed, other_signed;
        deserialize_i16: int visit_signed, other_signed;
        deserialize_i32: int visit_signed, other_signed;
        deserialize_i64: int visit_signed, other_signed;
        deserialize_i128: wide visit_wide_signed, other_signed;
        deserialize_u8: int visit_unsigned, other_unsigned;
        deserialize_u16: int visit_unsigned, other_unsigned;
        deserialize_u32: int visit_unsigned, other_unsigned;
        deserialize_u64: int visit_unsigned, other_unsigned;
        deserialize_u128: wide visit_wide_unsigned, other_unsigned;
        deserialize_f32: float visit_float, otherwise_float;
        deserialize_f64: float visit_float, otherwise_float;
        deserialize_bool: boolean visit_bool, otherwise_bool;
    }

    containers! {
        deserialize_tuple(len: usize)
            first by short_tuple(len) by items_of(len) give_items, Ask::Tuple(len);
        deserialize_tuple_struct(name: &'static str, len: usize) meets [name]
            first by short_tuple_struct(name, len) by items_of_struct(name, len) give_items,
            Ask::TupleStruct(name, len);
        deserialize_map() by entries() give_entries, Ask::Map;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) meets [name]
            by fields(name, fields) give_entries, Ask::Struct(name, fields);
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        if let Some(found) = &mut self.items() {
            return match &mut **found {
                Items::Numbers(numbers) => give_numbers(numbers, visitor),
                items => give_items(items, visitor),
            };
        }
        let mut answer = self.given(Ask::Seq, copies::<V::Value>());
        let made = match numbers_of(&mut answer) {
            Some(numbers) => give_numbers(numbers, visitor),
            None => return give(answer, visitor),
        };
        discard(answer);
        made
    }

    texts! {
        deserialize_char: text Str;
        deserialize_str: text Str;
        deserialize_string: text Str;
        deserialize_identifier: name Identifier;
    }

    bytes! {
        deserialize_bytes;
        deserialize_byte_buf;
    }

    others! {
        deserialize_any() asks Ask::Any, give_wide;
        deserialize_unit() asks Ask::Unit, give;
        deserialize_unit_struct(name: &'static str) meets [&[name]]
            asks Ask::UnitStruct(name), give;
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
            meets [&[name], variants] asks Ask::Enum(name, variants), give;
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let is_none = match &mut self {
            Self::Nothing(..) => true,
            Self::Ahead(direct) => direct.short_none(),
            _ => false,
        };
        if is_none { visitor.visit_none() } else { self.other_option(visitor) }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        meet(&[name]);
        match self.newtype(name, copies::<V::Value>()) {
            Ok(Wrapped::Content) => visitor.visit_newtype_struct(self),
            Ok(Wrapped::Nothing) => visitor.visit_none(),
            Ok(Wrapped::Other(answer)) => give(answer, visitor),
            Err(error) => Err(error),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.ignore() {
            Ok(()) => visitor.visit_unit(),
            Err(error) => Err(error),
        }
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}
