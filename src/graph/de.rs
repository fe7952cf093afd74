//! A node as serde's `Deserializer`: the walk of `de/node.rs`, begun anywhere in a graph.

use serde::de::{IntoDeserializer, Visitor};

use super::node::Node;
use crate::error::{Error, Result};

macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'g>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value> {
            self.walk(|node| {
                let result = serde::Deserializer::$method(node, $($arg,)* visitor);
                node.cx.settle(result, node.handle).map_err(|error| self.locate(error))
            })
        }
    )*};
}

impl<'g> serde::Deserializer<'g> for Node<'g> {
    type Error = Error;

    forward! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_seq() deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize) deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }
}

impl<'g> IntoDeserializer<'g, Error> for Node<'g> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
