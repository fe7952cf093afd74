//! The key of a map's entry as a segment of an error's path. Needed only when there is an error.

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

use crate::error::{Error, Result, quoted};

/// Adds to the error that the fault is in the value under `key`.
#[cold]
#[inline(never)]
pub(super) fn under_entry<K: Serialize + ?Sized>(error: Error, key: &K) -> Error {
    match key.serialize(KeyName) {
        Ok(name) => error.under_key(&name),
        Err(_) => error.under_key("<key>"),
    }
}

/// Gives text, numbers and the like as text; anything else is an error.
struct KeyName;

type No = Impossible<String, Error>;

macro_rules! displayed {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<String> {
            Ok(value.to_string())
        }
    )*};
}

#[cold]
fn none<T>() -> Result<T> {
    Err(Error::custom(""))
}

impl Serializer for KeyName {
    type Ok = String;
    type Error = Error;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    displayed! {
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_char char
    }

    fn serialize_bool(self, value: bool) -> Result<String> {
        Ok(if value { "True" } else { "False" }.to_owned())
    }

    fn serialize_str(self, text: &str) -> Result<String> {
        Ok(quoted(text).into_owned())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<String> {
        Ok(quoted(&String::from_utf8_lossy(bytes)).into_owned())
    }

    fn serialize_none(self) -> Result<String> {
        Ok("None".to_owned())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<String> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<String> {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<String> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<String> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String> {
        none()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<No> {
        none()
    }

    fn serialize_tuple(self, _: usize) -> Result<No> {
        none()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No> {
        none()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No> {
        none()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<No> {
        none()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<No> {
        none()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No> {
        none()
    }
}
