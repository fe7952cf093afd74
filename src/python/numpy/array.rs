//! [`NdArray`]: an array with its data as bytes, borrowed where it can be.
//!
//! Reading uses a private name: our deserializer hands out a map of dtype, shape, order and data,
//! the data as borrowed bytes; see `token::NDARRAY`. Writing spells the result of numpy's own
//! `__reduce__`, with the names of numpy 1: numpy 2 keeps `numpy.core.multiarray._reconstruct` for
//! old pickles, without a warning, whereas numpy 1 does not know `numpy._core`.
//!
//! Advice to the next editor: every constructor of an `NdArray` compares shape and data
//! ([`NdArray::new`], and `natural/numpy.rs` on reading), so that reading elements needs no further
//! checks of lengths.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};
use serde_bytes::Bytes;

use super::dtype::{ByteOrder, Dtype, Kind};
use super::number::Number;
use super::scalar::{Scalar, decode};
use crate::error::{Error, Result, quoted};
use crate::reduce::{Global, Reduce, token};
use crate::value::{Complex, Value};

/// An array or scalar of numpy: dtype, shape, and the data in the layout of memory.
///
/// From a slice the data is borrowed, from the pickle itself or from an out-of-band buffer. A
/// scalar is an array without dimensions. [`to_vec`](Self::to_vec) gives elements as Rust values;
/// to read only those, use nested vectors without this type.
///
/// ```
/// use serde_pickle::python::numpy::NdArray;
///
/// let array = NdArray::from_vec(vec![1.5_f32, 2.0, -3.0, 0.0, 1.0, 2.0], &[2, 3])?;
/// let bytes = serde_pickle::to_vec(&array)?;
///
/// let again: NdArray = serde_pickle::from_slice(&bytes)?;
/// assert_eq!((again.dtype().to_string().as_str(), again.shape()), ("<f4", &[2, 3][..]));
/// assert_eq!(again.to_vec::<f32>()?, [1.5, 2.0, -3.0, 0.0, 1.0, 2.0]);
/// assert_eq!(serde_pickle::from_slice::<Vec<(f64, f64, f64)>>(&bytes)?[1], (0.0, 1.0, 2.0));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Writing
/// Every numpy since 1.0 loads the output, at every protocol. To send the data beside a pickle of
/// protocol 5, write [`in_buffer`](Self::in_buffer).
///
/// Another format than pickle sees the parts of the reduce value, and cannot read them back as an
/// array.
///
/// Source: `ndarray.__reduce__` and `ndarray.__reduce_ex__` of numpy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NdArray<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    order: Order,
    data: Cow<'a, [u8]>,
    objects: Vec<Value>,
    readonly: bool,
}

/// The index of an array that varies fastest in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last, as in C.
    #[default]
    C,
    /// The first, as in Fortran.
    Fortran,
}

impl NdArray<'static> {
    /// An array in C order of these numbers, in little-endian bytes.
    ///
    /// # Errors
    /// The shape does not have as many elements.
    pub fn from_vec<T: Number>(values: Vec<T>, shape: &[usize]) -> Result<Self> {
        let mut data = Vec::with_capacity(values.len().saturating_mul(T::SIZE));
        for value in values {
            value.push_to(&mut data);
        }
        Self::new(T::dtype(), shape, Order::C, data)
    }

    /// An array in C order of objects: dtype `O`.
    ///
    /// # Errors
    /// The shape does not have as many elements.
    pub fn from_objects(objects: Vec<Value>, shape: &[usize]) -> Result<Self> {
        let dtype = Dtype::plain(Kind::Object, ByteOrder::None, 8);
        if count_of(shape) != Some(objects.len()) {
            return Err(wrong_length(shape, objects.len(), "objects"));
        }
        let (data, order) = (Cow::Borrowed(&[][..]), Order::C);
        Ok(Self { dtype, shape: shape.to_vec(), order, data, objects, readonly: false })
    }
}

impl<'a> NdArray<'a> {
    /// An array of a dtype in these bytes.
    ///
    /// # Errors
    /// Bytes whose length does not match shape and dtype; a dtype with objects, whose bytes are
    /// addresses.
    pub fn new(
        dtype: Dtype,
        shape: &[usize],
        order: Order,
        data: impl Into<Cow<'a, [u8]>>,
    ) -> Result<Self> {
        let data = data.into();
        if dtype.has_objects() {
            return Err(Error::unsupported(
                "an array of objects has no bytes; see NdArray::from_objects",
            ));
        }
        if count_of(shape).and_then(|count| count.checked_mul(dtype.itemsize)) != Some(data.len()) {
            return Err(wrong_length(shape, data.len(), "bytes"));
        }
        Ok(Self { dtype, shape: shape.to_vec(), order, data, objects: Vec::new(), readonly: false })
    }

    /// Returns the type of the elements.
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// The length of each dimension; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The order of the elements in [`data`](Self::data).
    pub fn order(&self) -> Order {
        self.order
    }

    /// The bytes of all elements; none for an array of objects.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Returns true if [`data`](Self::data) is borrowed from the input or an out-of-band buffer.
    pub fn is_borrowed(&self) -> bool {
        matches!(self.data, Cow::Borrowed(_))
    }

    /// The elements of an array with objects, in the order of the indices; records are tuples.
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }

    /// Returns true if Python would see the data as read-only, as the buffer of protocol 5 was.
    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        count_of(&self.shape).unwrap_or(0)
    }

    /// Returns true if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same array, with data of its own.
    pub fn into_owned(self) -> NdArray<'static> {
        let Self { dtype, shape, order, data, objects, readonly } = self;
        NdArray { dtype, shape, order, data: Cow::Owned(data.into_owned()), objects, readonly }
    }

    /// The numbers, in the order of the indices (the last varies fastest), whatever the order of
    /// memory and of bytes.
    ///
    /// # Errors
    /// A number that `T` cannot hold exactly: every element of a narrower dtype fits, and of a
    /// wider one those that convert without a change. Times are read as their count.
    pub fn to_vec<T: Number>(&self) -> Result<Vec<T>> {
        if self.order == Order::C && T::is(&self.dtype) {
            return Ok(T::read_all(&self.data, self.dtype.order == ByteOrder::Big));
        }
        self.iter().collect()
    }

    /// The numbers one by one, in the order of the indices, each with the error that
    /// [`to_vec`](Self::to_vec) would give.
    pub fn iter<T: Number>(&self) -> impl Iterator<Item = Result<T>> + '_ {
        let size = self.dtype.itemsize;
        Positions::new(&self.shape, self.order).enumerate().map(move |(index, position)| {
            let start = position.saturating_mul(size);
            let bytes = self.data.get(start..).and_then(|bytes| bytes.get(..size));
            let Some(bytes) =
                bytes.filter(|_| self.dtype.fields.is_empty() && self.dtype.subarray.is_none())
            else {
                return Err(Error::data(format!(
                    "elements of the dtype {} are not numbers",
                    self.dtype
                )));
            };
            let scalar = decode(&self.dtype, bytes)?;
            T::of(&scalar).ok_or_else(|| no_number::<T>(&scalar, &self.dtype, index))
        })
    }

    /// The same array with its data in a `PickleBuffer`, which may travel beside a pickle of
    /// protocol 5.
    ///
    /// It is written as the call `numpy.ndarray(shape, dtype, buffer, 0, None, order)`, because
    /// `_frombuffer`, which numpy itself writes, lives in modules that numpy 1 and 2 name
    /// differently.
    pub fn in_buffer(&self) -> InBuffer<'_> {
        InBuffer(self)
    }
}

#[cold]
fn wrong_length(shape: &[usize], found: usize, what: &str) -> Error {
    Error::data(format!("an array of the shape {shape:?} does not have {found} {what}"))
}

#[cold]
fn no_number<T: Number>(scalar: &Scalar<'_>, dtype: &Dtype, index: usize) -> Error {
    let wanted = T::dtype();
    let found: Cow<'_, str> = match scalar {
        Scalar::None => "a masked element".into(),
        Scalar::Bool(value) => if *value { "True" } else { "False" }.into(),
        Scalar::Int(value) | Scalar::Time(_, value, _) => value.to_string().into(),
        Scalar::Uint(value) => value.to_string().into(),
        Scalar::Float(value) => format!("{value:?}").into(),
        Scalar::Complex(re, im) => format!("the complex number {}", Complex::new(*re, *im)).into(),
        Scalar::Chars(_) | Scalar::Bytes(_) => "bytes".into(),
        Scalar::Str(text) => format!("the text `{}`", quoted(text)).into(),
    };
    Error::data(format!(
        "expected a number of the dtype {wanted}, found {found} in an array of the dtype {dtype}"
    ))
    .under_index(index)
}

/// The positions of the elements in memory, in the order of the indices.
struct Positions<'s> {
    shape: &'s [usize],
    fortran: bool,
    index: Vec<usize>,
    next: usize,
    left: usize,
}

impl<'s> Positions<'s> {
    fn new(shape: &'s [usize], order: Order) -> Self {
        let left = count_of(shape).unwrap_or(0);
        Self { shape, fortran: order == Order::Fortran, index: vec![0; shape.len()], next: 0, left }
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        if !self.fortran {
            self.next += 1;
            return Some(self.next - 1);
        }
        // The shape has elements, so that these products are at most their number.
        let mut position = 0;
        let mut step = 1;
        for (&index, &len) in self.index.iter().zip(self.shape) {
            position += index * step;
            step *= len;
        }
        for (index, &len) in self.index.iter_mut().zip(self.shape).rev() {
            *index += 1;
            if *index < len {
                break;
            }
            *index = 0;
        }
        Some(position)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// A shape as a tuple.
fn tuple(shape: &[usize]) -> Value {
    Value::Tuple(shape.iter().map(|&len| Value::from(len as u64)).collect())
}

impl Serialize for NdArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let class = Global::new("numpy", "ndarray");
        let args = (class, (0_u8,), Bytes::new(b"b"));
        let head = (1_u8, tuple(&self.shape), &self.dtype, self.order == Order::Fortran);
        let function = Global::new("numpy.core.multiarray", "_reconstruct");
        let reduce: Reduce<_> = Reduce::call(function, args);
        if self.dtype.has_objects() {
            return reduce
                .with_state((head.0, head.1, head.2, head.3, &self.objects))
                .serialize(serializer);
        }
        reduce
            .with_state((head.0, head.1, head.2, head.3, Bytes::new(&self.data)))
            .serialize(serializer)
    }
}

/// An array whose data is written as a `PickleBuffer`; see [`NdArray::in_buffer`].
///
/// # Errors
/// Serializing it below protocol 5 is [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported),
/// and so is an array of objects.
#[derive(Clone, Copy, Debug)]
pub struct InBuffer<'a>(&'a NdArray<'a>);

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
        let order = if array.order == Order::Fortran { "F" } else { "C" };
        let args = (tuple(&array.shape), &array.dtype, Tagged(array), 0_u8, (), order);
        let reduce: Reduce<_> = Reduce::call(Global::new("numpy", "ndarray"), args);
        reduce.serialize(serializer)
    }
}

/// The parts that our deserializer hands out, in this order.
pub(crate) const FIELDS: [&str; 6] = ["dtype", "shape", "fortran", "readonly", "data", "objects"];

// The input may live longer than the array, as `#[serde(borrow)]` in a derived type requires.
impl<'de: 'a, 'a> Deserialize<'de> for NdArray<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(token::NDARRAY, ArrayVisitor)
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

struct ArrayVisitor;

impl<'de> Visitor<'de> for ArrayVisitor {
    type Value = NdArray<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numpy")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NdArray<'de>, A::Error> {
        let (mut dtype, mut shape) = (None, None);
        let (mut order, mut readonly) = (Order::C, false);
        let (mut data, mut objects) = (Cow::Borrowed(&[][..]), Vec::new());
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "dtype" => dtype = Some(map.next_value::<Dtype>()?),
                "shape" => shape = Some(map.next_value::<Vec<usize>>()?),
                "fortran" if map.next_value::<bool>()? => order = Order::Fortran,
                "fortran" => {}
                "readonly" => readonly = map.next_value()?,
                "data" => data = map.next_value::<DataBytes<'de>>()?.0,
                "objects" => objects = map.next_value()?,
                other => return Err(de::Error::unknown_field(other, &FIELDS)),
            }
        }
        let dtype = dtype.ok_or_else(|| de::Error::missing_field("dtype"))?;
        let shape = shape.ok_or_else(|| de::Error::missing_field("shape"))?;
        Ok(NdArray { dtype, shape, order, data, objects, readonly })
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

/// The number of elements of a shape; `None` if it overflows.
pub(crate) fn count_of(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |count, &len| count.checked_mul(len))
}
