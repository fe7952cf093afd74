//! Serializing and deserializing an [`NdArray`], and the parts that it shares with
//! [`MaskedArray`](super::MaskedArray).
//!
//! Reading uses a private name: our deserializer hands out a map of dtype, shape, order and data,
//! the data as borrowed bytes; see `token::NDARRAY`. Writing spells the result of numpy's own
//! `__reduce__`, with the names of numpy 1: numpy 2 keeps `numpy.core.multiarray._reconstruct` for
//! old pickles, without a warning, whereas numpy 1 does not know `numpy._core`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};
use serde_bytes::Bytes;
use serde_derive::Serialize;

use super::array::{NdArray, Order};
use super::data::Data;
use super::dtype::Dtype;
use super::subclass::{OwnState, Subclass};
use crate::python::object::{self, ObjectType};
use crate::reduce::{Global, Reduce, token};
use crate::value::Value;

/// The parts that our deserializer hands out, in this order; those behind `objects` where there
/// are such.
pub(crate) const FIELDS: [&str; 13] = [
    "dtype", "shape", "fortran", "readonly", "data", "objects", "class", "before", "behind",
    "beside", "mask", "fill", "base",
];

/// A shape as a tuple.
struct Shape<'a>(&'a [usize]);

impl Serialize for Shape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for len in self.0 {
            tuple.serialize_element(&(*len as u64))?;
        }
        tuple.end()
    }
}

impl Serialize for NdArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object::serialize(self, serializer)
    }
}

impl NdArray<'_> {
    fn state(&self) -> State<'_> {
        State { array: self, own: self.subclass().map(Subclass::state), mask: None }
    }
}

impl ObjectType for NdArray<'_> {
    /// The call and state by the names of serde, which costs less than the names of a [`Reduce`].
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:numpy:ndarray")]
        struct Own;

        #[derive(Serialize)]
        #[serde(rename = "py:numpy.core.multiarray:_reconstruct/call")]
        struct Array<'a, C> {
            #[serde(rename = "py:args")]
            args: (C, (u8,), &'a Bytes),
            #[serde(rename = "py:state")]
            state: State<'a>,
        }

        let (shape, payload, state) = ((0,), Bytes::new(b"b"), self.state());
        match self.subclass() {
            Some(class) => {
                Array { args: (class.class(), shape, payload), state }.serialize(serializer)
            }
            None => Array { args: (Own, shape, payload), state }.serialize(serializer),
        }
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own = Global::new("numpy", "ndarray");
        let class = self.subclass().map_or(&own, Subclass::class);
        let args = (class, (0_u8,), Bytes::new(b"b"));
        let function = Global::new("numpy.core.multiarray", "_reconstruct");
        Reduce::<_>::call(function, args).with_state(self.state()).serialize(serializer)
    }
}

/// The state that `__setstate__` of an array takes.
pub(super) struct State<'a> {
    pub(super) array: &'a NdArray<'a>,
    /// The state that a subclass keeps for itself.
    pub(super) own: Option<&'a OwnState>,
    /// The bytes of a mask, and the fill value.
    pub(super) mask: Option<(&'a [u8], &'a Value)>,
}

impl Serialize for State<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(OwnState::Beside(own)) = self.own {
            return (State { own: None, ..*self }, own).serialize(serializer);
        }
        let Self { array, own, mask } = self;
        let (before, behind) = match own {
            Some(OwnState::Before(own)) => (Some(own), &[][..]),
            Some(OwnState::Behind(own)) => (None, &own[..]),
            _ => (None, &[][..]),
        };
        let len =
            5 + usize::from(before.is_some()) + 2 * usize::from(mask.is_some()) + behind.len();
        let mut state = serializer.serialize_tuple(len)?;
        if let Some(before) = before {
            state.serialize_element(before)?;
        }
        state.serialize_element(&1_u8)?;
        state.serialize_element(&Shape(&array.shape))?;
        state.serialize_element(&array.dtype)?;
        state.serialize_element(&(array.order == Order::Fortran))?;
        match array.dtype.has_objects() {
            true => state.serialize_element(&array.objects)?,
            false => state.serialize_element(Bytes::new(&array.data))?,
        }
        if let Some((mask, fill)) = mask {
            state.serialize_element(Bytes::new(mask))?;
            state.serialize_element(fill)?;
        }
        for own in behind {
            state.serialize_element(own)?;
        }
        state.end()
    }
}

/// An array whose data is written as a `PickleBuffer`; see [`NdArray::in_buffer`].
///
/// ```
/// use serde_pickle::python::numpy::NdArray;
/// use serde_pickle::{ErrorKind, Protocol, SerOptions};
///
/// let array = NdArray::from_vec(vec![1_u8, 2], &[2])?;
/// let error = SerOptions::new().protocol(Protocol::V4).to_vec(&array.in_buffer()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unsupported);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// Serializing it below protocol 5 is [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported),
/// and so is an array of objects, or of a class that is not numpy's own.
#[derive(Clone, Copy, Debug)]
pub struct InBuffer<'a>(&'a NdArray<'a>);

impl<'a> InBuffer<'a> {
    pub(super) fn new(array: &'a NdArray<'a>) -> Self {
        Self(array)
    }
}

impl Serialize for InBuffer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Buffer<'a>(&'a NdArray<'a>);

        impl Serialize for Buffer<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut content = serializer.serialize_tuple(2)?;
                content.serialize_element(Bytes::new(&self.0.data))?;
                content.serialize_element(&self.0.readonly)?;
                content.end()
            }
        }

        struct Tagged<'a>(&'a NdArray<'a>);

        impl Serialize for Tagged<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_newtype_struct(token::BUFFER, &Buffer(self.0))
            }
        }

        let array = self.0;
        if array.dtype.has_objects() {
            return Err(serde::ser::Error::custom("an array of objects has no buffer"));
        }
        if let Some(subclass) = array.subclass() {
            return Err(serde::ser::Error::custom(format_args!(
                "an array of the class {} cannot be made from a buffer; write it without in_buffer",
                subclass.class()
            )));
        }
        let order = if array.order == Order::Fortran { "F" } else { "C" };
        let args = (Shape(&array.shape), &array.dtype, Tagged(array), 0_u8, (), order);
        Reduce::<_>::call(Global::new("numpy", "ndarray"), args).serialize(serializer)
    }
}

// The input may live longer than the array, as `#[serde(borrow)]` in a derived type requires.
impl<'de: 'a, 'a> Deserialize<'de> for NdArray<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = PartsVisitor { masked: false };
        Ok(deserializer.deserialize_newtype_struct(token::NDARRAY, visitor)?.array)
    }
}

/// An [`NdArray`] with data of its own, for [`from_reader`](crate::from_reader) and for types that
/// borrow nothing.
///
/// ```
/// use serde_pickle::python::numpy::{NdArray, OwnedNdArray};
///
/// let array = OwnedNdArray(NdArray::from_vec(vec![1_i64, 2], &[2])?);
/// let bytes = serde_pickle::to_vec(&array)?;
/// let again: OwnedNdArray = serde_pickle::from_reader(&bytes[..])?;
/// assert_eq!(again, array);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedNdArray(pub NdArray<'static>);

impl<'de> Deserialize<'de> for OwnedNdArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NdArray::deserialize(deserializer).map(|array| Self(array.into_owned()))
    }
}

impl Serialize for OwnedNdArray {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// An array, and what masks it.
pub(super) struct Parts<'a> {
    pub(super) array: NdArray<'a>,
    pub(super) mask: Option<Cow<'a, [u8]>>,
    pub(super) fill: Value,
    /// Of a masked array, the class of its data where it is not numpy's own.
    pub(super) base: Option<Global>,
}

/// Takes the map of [`FIELDS`].
pub(super) struct PartsVisitor {
    /// A mask has a place where this goes.
    pub(super) masked: bool,
}

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numpy")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let (mut dtype, mut shape) = (None, None);
        let (mut order, mut readonly) = (Order::C, false);
        let (mut data, mut objects) = (Data::Borrowed(&[]), Vec::new());
        let (mut class, mut own) = (None::<Global>, OwnState::Nothing);
        let (mut mask, mut fill, mut base) = (None, Value::None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "dtype" => dtype = Some(map.next_value::<Dtype>()?),
                "shape" => shape = Some(map.next_value::<Vec<usize>>()?),
                "fortran" if map.next_value::<bool>()? => order = Order::Fortran,
                "fortran" => {}
                "readonly" => readonly = map.next_value()?,
                "data" => data = map.next_value::<DataBytes<'de>>()?.0.into(),
                "objects" => objects = map.next_value()?,
                "class" => class = Some(map.next_value()?),
                "before" => own = OwnState::Before(map.next_value()?),
                "behind" => own = OwnState::Behind(map.next_value()?),
                "beside" => own = OwnState::Beside(map.next_value()?),
                "mask" if self.masked => mask = Some(map.next_value::<DataBytes<'de>>()?.0),
                "mask" => {
                    return Err(de::Error::custom(
                        "an NdArray has no mask; read a masked array as a MaskedArray, or as \
                         nested sequences of Options",
                    ));
                }
                "fill" => fill = map.next_value()?,
                "base" => base = Some(map.next_value()?),
                other => return Err(de::Error::unknown_field(other, &FIELDS)),
            }
        }
        let dtype = dtype.ok_or_else(|| de::Error::missing_field("dtype"))?;
        let shape = shape.ok_or_else(|| de::Error::missing_field("shape"))?;
        let subclass = class.map(|class| Box::new(Subclass::new(class).with_state(own)));
        let array = NdArray { dtype, shape, order, data, objects, readonly, subclass };
        Ok(Parts { array, mask, fill, base })
    }
}

/// Bytes, borrowed where they can be.
struct DataBytes<'a>(Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for DataBytes<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PayloadVisitor;

        impl<'de> Visitor<'de> for PayloadVisitor {
            type Value = DataBytes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<DataBytes<'de>, E> {
                Ok(DataBytes(Cow::Borrowed(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<DataBytes<'de>, E> {
                Ok(DataBytes(Cow::Owned(bytes.to_vec())))
            }
        }

        deserializer.deserialize_bytes(PayloadVisitor)
    }
}
