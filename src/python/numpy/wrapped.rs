//! An element of an array within wrappers (`Some`, newtypes) of its Rust type, which are counted:
//! they take no level of depth, yet a type such as `struct Endless(Option<Box<Endless>>)` would
//! wrap forever.

use serde::de::{Deserializer, Visitor};

use super::scalar::Scalar;
use crate::error::{Error, Result};
use crate::limits;
use crate::reduce::token;

pub(super) struct Wrapped<'a> {
    scalar: Scalar<'a>,
    /// Wrappers that may still come.
    left: u32,
}

impl<'a> Wrapped<'a> {
    /// Enters the first wrapper, which holds `scalar`.
    pub(super) fn new(scalar: Scalar<'a>) -> Self {
        Self { scalar, left: limits::WRAPS - 1 }
    }

    fn unwrapped(self) -> Result<Self> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(Error::limit(limits::WRAPPED)),
        }
    }
}

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.scalar.$method($($name,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Wrapped<'_> {
    type Error = Error;

    forward! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32()
        deserialize_i64() deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32()
        deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str()
        deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_seq() deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map() deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier()
        deserialize_ignored_any()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.scalar.is_none() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self.unwrapped()?)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name.starts_with(token::PREFIX) {
            return self.scalar.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self.unwrapped()?)
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}
