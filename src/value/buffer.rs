//! Buffers that may travel beside the pickle (PEP 574).

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};
use serde_bytes::{ByteBuf, Bytes};

use crate::reduce::token;

/// The content of a Python `pickle.PickleBuffer`: bytes that may be written out of band.
///
/// Within the pickle it is written as bytes, or as a bytearray unless it is read-only; with a
/// buffer callback on the writing side it travels beside the pickle. Source: PEP 574.
///
/// ```
/// use serde_pickle::value::PickleBuffer;
/// use serde_pickle::{Protocol, SerOptions};
///
/// let buffer = PickleBuffer { data: vec![1, 2], readonly: true };
/// let mut beside = Vec::new();
/// let options = SerOptions::new().protocol(Protocol::V5);
/// let bytes = options.to_vec(&buffer)?; // in band, as bytes
/// beside.extend(serde_pickle::from_slice::<serde_bytes::ByteBuf>(&bytes)?.into_vec());
/// assert_eq!(beside, [1, 2]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PickleBuffer {
    /// The content.
    pub data: Vec<u8>,
    /// True if Python is to see it as read-only.
    pub readonly: bool,
}

/// Bytes that travel beside a pickle, for [`DeOptions::buffers`](crate::DeOptions::buffers).
///
/// Python takes any object with the buffer interface, and the object decides if it may be written
/// to. Here a plain slice may be, so that the pickle's own word about the buffer counts;
/// [`read_only`](Self::read_only) is for memory that must stay as it is. It matters only to a
/// [`PickleBuffer`] that is read.
///
/// Source: PEP 574, "Consumer API".
///
/// ```
/// use serde_pickle::value::Buffer;
/// use serde_pickle::{DeOptions, Value};
///
/// // pickle.dumps(pickle.PickleBuffer(data), 5, buffer_callback=buffers.append)
/// let pickle = b"\x80\x05\x97.";
/// let data = [1, 2];
/// for buffer in [Buffer::new(&data), Buffer::read_only(&data)] {
///     let value: Value = DeOptions::new().buffers([buffer]).from_slice(pickle)?;
///     assert_eq!(value.as_bytes(), Some(&data[..]));
/// }
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Buffer<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) readonly: bool,
}

impl<'a> Buffer<'a> {
    /// Bytes that may be written to as far as Python is concerned.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, readonly: false }
    }

    /// Bytes that are read-only, whatever the pickle says.
    pub fn read_only(bytes: &'a [u8]) -> Self {
        Self { bytes, readonly: true }
    }
}

impl<'a> From<&'a [u8]> for Buffer<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Buffer<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::new(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Buffer<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl<'a> From<&'a PickleBuffer> for Buffer<'a> {
    fn from(buffer: &'a PickleBuffer) -> Self {
        Self { bytes: &buffer.data, readonly: buffer.readonly }
    }
}

impl Serialize for PickleBuffer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct BufferContent<'a>(&'a PickleBuffer);

        impl Serialize for BufferContent<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut tuple = serializer.serialize_tuple(2)?;
                tuple.serialize_element(Bytes::new(&self.0.data))?;
                tuple.serialize_element(&self.0.readonly)?;
                tuple.end()
            }
        }

        serializer.serialize_newtype_struct(token::BUFFER, &BufferContent(self))
    }
}

impl<'de> Deserialize<'de> for PickleBuffer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BufferVisitor;

        impl<'de> Visitor<'de> for BufferVisitor {
            type Value = PickleBuffer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a buffer: bytes, and whether they are read-only")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<PickleBuffer, D::Error> {
                deserializer.deserialize_any(self)
            }

            fn visit_bytes<E: de::Error>(self, data: &[u8]) -> Result<PickleBuffer, E> {
                self.visit_byte_buf(data.to_vec())
            }

            fn visit_byte_buf<E: de::Error>(self, data: Vec<u8>) -> Result<PickleBuffer, E> {
                Ok(PickleBuffer { data, readonly: true })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<PickleBuffer, A::Error> {
                let data: ByteBuf =
                    seq.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let readonly =
                    seq.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
                match seq.next_element::<de::IgnoredAny>()? {
                    None => Ok(PickleBuffer { data: data.into_vec(), readonly }),
                    Some(_) => Err(de::Error::invalid_length(3, &self)),
                }
            }
        }

        deserializer.deserialize_newtype_struct(token::BUFFER, BufferVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_goes_through_another_format() {
        let buffer = PickleBuffer { data: vec![1, 2], readonly: false };
        let json = serde_json::to_string(&buffer).unwrap();
        assert_eq!(json, "[[1,2],false]");
        assert_eq!(serde_json::from_str::<PickleBuffer>(&json).unwrap(), buffer);
        assert!(serde_json::from_str::<PickleBuffer>("[[1,2]]").is_err());
    }
}
