//! serde's methods, forwarded: the list of the `deserialize_*` methods, once for all deserializers
//! that hand each call on to another.

/// Implements the methods of `serde::Deserializer<$de>` that the caller does not write itself.
///
/// `$through!(self, |node| call)` is what a method does: it finds the deserializer to forward to,
/// names it `node` and evaluates `call`, which is the method on that. With `except newtype`, the
/// method `deserialize_newtype_struct` is left out.
macro_rules! forward_deserialize {
    ($de:lifetime, $through:ident) => {
        crate::forward::forward_deserialize!($de, $through, except newtype);
        crate::forward::forward_deserialize! { @each $de, $through,
            deserialize_newtype_struct(name: &'static str)
        }
    };
    ($de:lifetime, $through:ident, except newtype) => {
        crate::forward::forward_deserialize! { @each $de, $through,
            deserialize_any()
            deserialize_bool()
            deserialize_i8()
            deserialize_i16()
            deserialize_i32()
            deserialize_i64()
            deserialize_i128()
            deserialize_u8()
            deserialize_u16()
            deserialize_u32()
            deserialize_u64()
            deserialize_u128()
            deserialize_f32()
            deserialize_f64()
            deserialize_char()
            deserialize_str()
            deserialize_string()
            deserialize_bytes()
            deserialize_byte_buf()
            deserialize_option()
            deserialize_unit()
            deserialize_unit_struct(name: &'static str)
            deserialize_seq()
            deserialize_tuple(len: usize)
            deserialize_tuple_struct(name: &'static str, len: usize)
            deserialize_map()
            deserialize_struct(name: &'static str, fields: &'static [&'static str])
            deserialize_enum(name: &'static str, variants: &'static [&'static str])
            deserialize_identifier()
            deserialize_ignored_any()
        }
    };
    (@each $de:lifetime, $through:ident, $($method:ident($($arg:ident: $type:ty),*))*) => {$(
        fn $method<V: ::serde::de::Visitor<$de>>(
            self,
            $($arg: $type,)*
            visitor: V,
        ) -> crate::error::Result<V::Value> {
            $through!(self, |node| ::serde::Deserializer::$method(node, $($arg,)* visitor))
        }
    )*};
}

/// Implements serde's four traits for what is written item after item, by the methods `element` and
/// `close` of the type; `$inline` says how the former is inlined.
macro_rules! forward_elements {
    (#[$inline:meta] $type:ident, $($trait:ident $method:ident)*) => {$(
        impl ::serde::ser::$trait for $type<'_, '_> {
            type Ok = ();
            type Error = crate::error::Error;

            #[$inline]
            fn $method<T: ::serde::Serialize + ?Sized>(
                &mut self,
                value: &T,
            ) -> crate::error::Result<()> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> crate::error::Result<()> {
                self.close().map(drop)
            }
        }
    )*};
}

/// Implements serde's two traits for what is written field after field, by the methods `field`,
/// `skip` and `close` of the type.
macro_rules! forward_fields {
    (#[$inline:meta] $type:ident, $($trait:ident)*) => {$(
        impl ::serde::ser::$trait for $type<'_, '_> {
            type Ok = ();
            type Error = crate::error::Error;

            #[$inline]
            fn serialize_field<T: ::serde::Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> crate::error::Result<()> {
                self.field(key, value)
            }

            #[inline]
            fn skip_field(&mut self, key: &'static str) -> crate::error::Result<()> {
                self.skip(key)
            }

            #[inline]
            fn end(self) -> crate::error::Result<()> {
                self.close().map(drop)
            }
        }
    )*};
}

pub(crate) use {forward_deserialize, forward_elements, forward_fields};
