//! [`MaskedArray`]: an array and what hides its elements.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::array::{NdArray, Order, count_of};
use super::array_serde::{Parts, PartsVisitor, State};
use super::dtype::{ByteOrder, Dtype, Field, Kind, Subarray};
use super::number::Number;
use super::subclass::Subclass;
use crate::error::{Error, Result};
use crate::reduce::{Global, Reduce, token};
use crate::value::Value;

/// An array of numpy with a mask: `numpy.ma.MaskedArray`.
///
/// The mask is an array of bools of the same shape, true where an element is hidden. Of records it
/// is an array of records, with a bool for each field. To read only the elements, use nested
/// vectors of `Option` without this type.
///
/// ```
/// use serde_pickle::python::numpy::MaskedArray;
///
/// let array = MaskedArray::from_options(vec![Some(1.5_f64), None, Some(2.0)], &[3])?;
/// let bytes = serde_pickle::to_vec(&array)?;
///
/// let again: MaskedArray = serde_pickle::from_slice(&bytes)?;
/// assert_eq!(again.to_vec::<f64>()?, [Some(1.5), None, Some(2.0)]);
/// assert_eq!(serde_pickle::from_slice::<Vec<Option<f64>>>(&bytes)?[1], None);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// An array without a mask is read as well, and written as it was.
///
/// Source: `MaskedArray.__reduce__` and `__getstate__` in numpy's `ma/core.py`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MaskedArray<'a> {
    data: NdArray<'a>,
    mask: Option<NdArray<'a>>,
    fill: Value,
    subclass: Option<Subclass>,
}

impl MaskedArray<'static> {
    /// An array in C order of these numbers; `None` is hidden, with 0 beneath it.
    ///
    /// # Errors
    /// The shape does not have as many elements.
    pub fn from_options<T: Number + Default>(
        values: Vec<Option<T>>,
        shape: &[usize],
    ) -> Result<Self> {
        let mask = values.iter().map(Option::is_none).collect();
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        Self::new(NdArray::from_vec(values, shape)?, NdArray::from_vec(mask, shape)?)
    }
}

impl<'a> MaskedArray<'a> {
    /// An array hidden by a mask: bools, or for records a record of bools for each.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// use serde_pickle::python::numpy::{MaskedArray, NdArray};
    ///
    /// let data = NdArray::from_vec(vec![1_i64, 2], &[2])?;
    /// let mask = NdArray::from_vec(vec![false, true], &[2])?;
    /// let array = MaskedArray::new(data, mask)?.with_fill_value(-1);
    /// assert_eq!(array.iter().collect::<Result<Vec<_>, _>>()?, [Some(1_i64), None]);
    /// assert_eq!(array.data().to_vec::<i64>()?, [1, 2]);
    /// assert_eq!(array.mask().unwrap().to_vec::<bool>()?, [false, true]);
    /// assert_eq!((array.fill_value(), array.subclass()), (&Value::Int(-1), None));
    /// let owned: MaskedArray<'static> = array.into_owned();
    /// assert_eq!(owned.data().len(), 2);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// The mask has another shape or order than the data; its dtype is not that of a mask.
    pub fn new(data: NdArray<'a>, mask: NdArray<'a>) -> Result<Self> {
        let dtype = mask_dtype(data.dtype());
        let alike = mask.order() == data.order() || data.shape().len() < 2;
        if mask.shape() != data.shape() || !alike || !same_layout(mask.dtype(), &dtype) {
            return Err(Error::data(format!(
                "a mask of the dtype {} and shape {:?} for {} elements of shape {:?}: it is an \
                 array of {dtype} in the order of the data",
                mask.dtype(),
                mask.shape(),
                data.dtype(),
                data.shape(),
            )));
        }
        let mask = Some(mask.with_subclass(None));
        Ok(Self { data, mask, fill: Value::None, subclass: None })
    }

    /// The elements, those that are hidden included.
    pub fn data(&self) -> &NdArray<'a> {
        &self.data
    }

    /// The mask; `None` if the array that was read is no masked one.
    pub fn mask(&self) -> Option<&NdArray<'a>> {
        self.mask.as_ref()
    }

    /// The value that numpy's `filled()` puts where an element is hidden; `Value::None` where it
    /// chooses one by the dtype.
    pub fn fill_value(&self) -> &Value {
        &self.fill
    }

    /// The same array with this fill value, which numpy takes as an array without dimensions.
    #[must_use]
    pub fn with_fill_value(self, fill: impl Into<Value>) -> Self {
        Self { fill: fill.into(), ..self }
    }

    /// The class, where it is not `numpy.ma.MaskedArray`; that of the data is
    /// [`NdArray::subclass`].
    pub fn subclass(&self) -> Option<&Subclass> {
        self.subclass.as_ref()
    }

    /// The numbers in the order of the indices, those that are hidden being `None`.
    ///
    /// # Errors
    /// A number that `T` cannot hold exactly, as in [`NdArray::to_vec`]; also if it is hidden.
    pub fn to_vec<T: Number>(&self) -> Result<Vec<Option<T>>> {
        self.iter().collect()
    }

    /// The same one by one.
    pub fn iter<T: Number>(&self) -> impl Iterator<Item = Result<Option<T>>> + '_ {
        // The mask of numbers is one of bools; where there is none, nothing is hidden.
        let mut hidden = self.mask.as_ref().map(|mask| mask.iter::<bool>());
        self.data.iter::<T>().map(move |number| {
            let number = number?;
            let hidden = hidden.as_mut().and_then(Iterator::next).transpose()?.unwrap_or(false);
            Ok((!hidden).then_some(number))
        })
    }

    /// The same array, with data of its own.
    pub fn into_owned(self) -> MaskedArray<'static> {
        let Self { data, mask, fill, subclass } = self;
        let mask = mask.map(NdArray::into_owned);
        MaskedArray { data: data.into_owned(), mask, fill, subclass }
    }

    /// # Errors
    /// The mask does not fit the data.
    fn of_parts(parts: Parts<'a>) -> Result<Self> {
        let Parts { array: mut data, mask, fill, base } = parts;
        let Some(mask) = mask else {
            return Ok(Self { data, mask: None, fill, subclass: None });
        };
        // Objects and their mask are listed in the order of the indices.
        if data.dtype().has_objects() {
            data.order = Order::C;
        }
        let subclass = data.subclass.take().map(|subclass| *subclass);
        let data = data.with_subclass(base.map(Subclass::new));
        let mask = NdArray::new(mask_dtype(data.dtype()), data.shape(), data.order(), mask)?;
        Ok(Self { data, mask: Some(mask), fill, subclass })
    }
}

impl Serialize for MaskedArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(mask) = &self.mask else { return self.data.serialize(serializer) };
        let own = [Global::new("numpy.ma.core", "MaskedArray"), Global::new("numpy", "ndarray")];
        let class = self.subclass.as_ref().map_or(&own[0], Subclass::class);
        let base = self.data.subclass().map_or(&own[1], Subclass::class);
        let args = (class, base, (0_u8,), "b");
        let function = Global::new("numpy.ma.core", "_mareconstruct");
        let state = State {
            array: &self.data,
            own: self.subclass.as_ref().map(Subclass::state),
            mask: Some((mask.data(), &self.fill)),
        };
        Reduce::<_>::call(function, args).with_state(state).serialize(serializer)
    }
}

// The input may live longer than the array, as `#[serde(borrow)]` in a derived type requires.
impl<'de: 'a, 'a> Deserialize<'de> for MaskedArray<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = PartsVisitor { masked: true };
        let parts = deserializer.deserialize_newtype_struct(token::NDARRAY, visitor)?;
        Self::of_parts(parts).map_err(serde::de::Error::custom)
    }
}

/// The dtype of the mask for elements of a dtype: a bool, or a packed record with a bool for each
/// field. Source: `make_mask_descr` in numpy's `ma/core.py`.
pub(crate) fn mask_dtype(dtype: &Dtype) -> Dtype {
    if let Some(subarray) = &dtype.subarray {
        let base = mask_dtype(&subarray.base);
        let count = count_of(&subarray.shape).unwrap_or(usize::MAX);
        let mut mask = Dtype::plain(Kind::Void, ByteOrder::None, 0);
        mask.itemsize = base.itemsize.saturating_mul(count);
        mask.subarray = Some(Box::new(Subarray { base, shape: subarray.shape.clone() }));
        return mask;
    }
    if dtype.fields.is_empty() {
        return Dtype::plain(Kind::Bool, ByteOrder::None, 1);
    }
    let mut mask = Dtype::plain(Kind::Void, ByteOrder::None, 0);
    mask.alignment = 1;
    mask.flags = 0x10;
    for field in &dtype.fields {
        let dtype = mask_dtype(&field.dtype);
        let offset = mask.itemsize;
        mask.itemsize = offset.saturating_add(dtype.itemsize);
        let (name, title) = (field.name.clone(), field.title.clone());
        mask.fields.push(Field { name, title, dtype, offset });
    }
    mask
}

/// Returns true if elements of the two lie in memory alike.
fn same_layout(one: &Dtype, other: &Dtype) -> bool {
    one.itemsize == other.itemsize
        && one.fields.len() == other.fields.len()
        && (one.kind, &one.subarray.is_some()) == (other.kind, &other.subarray.is_some())
        && one.fields.iter().zip(&other.fields).all(|(one, other)| {
            (&one.name, one.offset) == (&other.name, other.offset)
                && same_layout(&one.dtype, &other.dtype)
        })
}
