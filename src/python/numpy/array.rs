//! [`NdArray`]: an array with its data as bytes, borrowed where it can be.
//!
//! Advice to the next editor: every constructor of an `NdArray` compares shape and data
//! ([`NdArray::new`], and `natural/numpy.rs` on reading), so that reading elements needs no further
//! checks of lengths.

use std::borrow::Cow;

use super::array_serde::InBuffer;
use super::data::Data;
use super::dtype::{ByteOrder, Dtype, Kind};
use super::number::Number;
use super::scalar::{Scalar, decode};
use super::subclass::Subclass;
use crate::error::{Error, Result, quoted};
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
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) order: Order,
    pub(super) data: Data<'a>,
    pub(super) objects: Vec<Value>,
    pub(super) readonly: bool,
    pub(super) subclass: Option<Box<Subclass>>,
}

/// The index of an array that varies fastest in memory.
///
/// ```
/// use serde_pickle::python::numpy::{NdArray, Number, Order};
///
/// // [[1, 2], [3, 4]], column by column.
/// let array = NdArray::new(u8::dtype(), &[2, 2], Order::Fortran, vec![1, 3, 2, 4])?;
/// assert_eq!(array.to_vec::<u8>()?, [1, 2, 3, 4]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
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
    /// ```
    /// use serde_pickle::pickle;
    /// use serde_pickle::python::numpy::NdArray;
    ///
    /// let array = NdArray::from_objects(vec![pickle!("a"), pickle!([1])], &[2])?;
    /// assert_eq!((array.objects().len(), array.data().len()), (2, 0));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// The shape does not have as many elements.
    pub fn from_objects(objects: Vec<Value>, shape: &[usize]) -> Result<Self> {
        let dtype = Dtype::plain(Kind::Object, ByteOrder::None, 8);
        if count_of(shape) != Some(objects.len()) {
            return Err(wrong_length(shape, objects.len(), "objects"));
        }
        let (data, order) = (Data::Borrowed(&[]), Order::C);
        let shape = shape.to_vec();
        Ok(Self { dtype, shape, order, data, objects, readonly: false, subclass: None })
    }
}

impl<'a> NdArray<'a> {
    /// An array of a dtype in these bytes.
    ///
    /// ```
    /// use serde_pickle::python::numpy::{NdArray, Order};
    ///
    /// let bytes = [0, 1, 0, 2];
    /// let array = NdArray::new(">u2".parse()?, &[2], Order::C, &bytes[..])?;
    /// assert_eq!((array.len(), array.is_empty(), array.order()), (2, false, Order::C));
    /// assert_eq!((array.data(), array.is_borrowed()), (&bytes[..], true));
    /// assert!(!array.is_readonly());
    /// let numbers = array.iter().collect::<Result<Vec<u16>, _>>()?;
    /// assert_eq!(numbers, [1, 2]);
    /// assert!(!array.into_owned().is_borrowed());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
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
        let data = Data::from(data.into());
        if dtype.has_objects() {
            return Err(Error::unsupported(
                "an array of objects has no bytes; see NdArray::from_objects",
            ));
        }
        if count_of(shape).and_then(|count| count.checked_mul(dtype.itemsize)) != Some(data.len()) {
            return Err(wrong_length(shape, data.len(), "bytes"));
        }
        let (shape, objects) = (shape.to_vec(), Vec::new());
        Ok(Self { dtype, shape, order, data, objects, readonly: false, subclass: None })
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
        self.data.is_borrowed()
    }

    /// The elements of an array with objects, in the order of the indices; records are tuples.
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }

    /// Returns true if Python would see the data as read-only, as the buffer of protocol 5 was.
    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// The class, and what it keeps for itself, where that is not `numpy.ndarray`. It is written
    /// back.
    pub fn subclass(&self) -> Option<&Subclass> {
        self.subclass.as_deref()
    }

    /// The same array of another class; of numpy's own for `None`.
    ///
    /// ```
    /// use serde_pickle::python::numpy::{NdArray, Subclass};
    /// use serde_pickle::reduce::Global;
    ///
    /// let matrix = Subclass::new(Global::new("numpy", "matrix"));
    /// let array = NdArray::from_vec(vec![1.0], &[1, 1])?.with_subclass(matrix.clone());
    /// assert_eq!(array.subclass(), Some(&matrix));
    /// assert_eq!(array.with_subclass(None).subclass(), None);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn with_subclass(self, subclass: impl Into<Option<Subclass>>) -> Self {
        Self { subclass: subclass.into().map(Box::new), ..self }
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
    ///
    /// While a type is read from a reader, an array that is most of a pickle of a megabyte or more
    /// keeps the pickle in place of a copy.
    pub fn into_owned(self) -> NdArray<'static> {
        let Self { dtype, shape, order, data, objects, readonly, subclass } = self;
        let data = data.into_owned();
        NdArray { dtype, shape, order, data, objects, readonly, subclass }
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
    ///
    /// ```
    /// use serde_pickle::python::numpy::NdArray;
    /// use serde_pickle::{Protocol, SerOptions};
    ///
    /// let array = NdArray::from_vec(vec![1_u8, 2], &[2])?;
    /// let bytes = SerOptions::new().protocol(Protocol::V5).to_vec(&array.in_buffer())?;
    /// assert_eq!(serde_pickle::from_slice::<NdArray>(&bytes)?.to_vec::<u8>()?, [1, 2]);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn in_buffer(&self) -> InBuffer<'_> {
        InBuffer::new(self)
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
pub(crate) struct Positions<'s> {
    shape: &'s [usize],
    fortran: bool,
    index: Vec<usize>,
    next: usize,
    left: usize,
}

impl<'s> Positions<'s> {
    pub(crate) fn new(shape: &'s [usize], order: Order) -> Self {
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

/// The number of elements of a shape; `None` if it overflows.
pub(crate) fn count_of(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |count, &len| count.checked_mul(len))
}
