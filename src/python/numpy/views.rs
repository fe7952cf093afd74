//! Arrays of numpy as those of the crate ndarray, and back: the feature `ndarray`.
//!
//! Nothing is copied where the bytes are already what an array of ndarray is: of the dtype and in
//! the byte order of the machine, at an address that is a multiple of the element's alignment.
//! bytemuck compares the last, so that no code here is unsafe.

use ndarray::{ArrayBase, ArrayD, ArrayViewD, CowArray, Data, Dimension, IxDyn, ShapeBuilder};

use super::array::{NdArray, Order};
use super::dtype::{ByteOrder, Dtype};
use super::number::Number;
use crate::error::{Error, Result};

impl<'a> NdArray<'a> {
    /// The array as one of the crate ndarray, without copying its data.
    ///
    /// The data of an array from a slice are the pickle's own bytes, which may begin at any
    /// address: whether this is one that numbers may have depends on what stands before them. A
    /// buffer out of band ([`DeOptions::buffers`](crate::DeOptions::buffers)) is aligned if the
    /// caller's memory is. [`to_ndarray`](Self::to_ndarray) copies where it has to.
    ///
    /// Needs the feature `ndarray`.
    ///
    /// ```
    /// use serde_pickle::python::numpy::NdArray;
    ///
    /// let array = NdArray::from_vec(vec![1_u8, 2, 3, 4], &[2, 2])?;
    /// assert_eq!(array.view::<u8>()?.sum(), 10);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another dtype than that of `T`, another byte order than the machine's, data that are not
    /// aligned; the message says which.
    pub fn view<T: Number + bytemuck::Pod>(&self) -> Result<ArrayViewD<'_, T>> {
        if !T::is(self.dtype()) {
            return Err(Error::data(format!(
                "an array of the dtype {} as one of {}",
                self.dtype(),
                T::dtype()
            )));
        }
        if !is_native(self.dtype()) {
            return Err(Error::data(format!(
                "the byte order of an array of {} is not the machine's: it cannot be borrowed",
                self.dtype()
            )));
        }
        let elements = bytemuck::try_cast_slice(self.data()).map_err(|_| {
            Error::data("an array whose bytes are not aligned cannot be borrowed; see to_ndarray")
        })?;
        ArrayViewD::from_shape(self.dimensions(), elements).map_err(shape)
    }

    /// The array as one of the crate ndarray: borrowed where [`view`](Self::view) can, else with
    /// the numbers converted as [`to_vec`](Self::to_vec) does.
    ///
    /// Needs the feature `ndarray`.
    ///
    /// ```
    /// use serde_pickle::python::numpy::NdArray;
    ///
    /// let array = NdArray::from_vec(vec![1.5_f32, 2.0, -3.0, 0.0, 1.0, 2.0], &[2, 3])?;
    /// let bytes = serde_pickle::to_vec(&array)?;
    /// let array: NdArray = serde_pickle::from_slice(&bytes)?;
    /// let matrix = array.to_ndarray::<f32>()?;
    /// assert_eq!(matrix[[1, 2]], 2.0);
    /// assert_eq!(array.to_ndarray::<f64>()?.sum(), 3.5);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec).
    pub fn to_ndarray<T: Number + bytemuck::Pod>(&self) -> Result<CowArray<'_, T, IxDyn>> {
        if let Ok(view) = self.view() {
            return Ok(view.into());
        }
        // In the order of the indices, whatever that of memory.
        let array = ArrayD::from_shape_vec(IxDyn(self.shape()), self.to_vec()?).map_err(shape)?;
        Ok(array.into())
    }

    fn dimensions(&self) -> ndarray::StrideShape<IxDyn> {
        let dimensions = IxDyn(self.shape());
        match self.order() {
            Order::C => dimensions.into(),
            Order::Fortran => dimensions.f().into(),
        }
    }
}

impl NdArray<'static> {
    /// A copy of an array of the crate ndarray, in C order.
    ///
    /// Needs the feature `ndarray`.
    ///
    /// ```
    /// use ndarray::array;
    /// use serde_pickle::python::numpy::NdArray;
    ///
    /// let matrix = array![[1_i64, 2], [3, 4]];
    /// let array = NdArray::from_ndarray(&matrix.t())?;
    /// let rows: Vec<(i64, i64)> = serde_pickle::from_slice(&serde_pickle::to_vec(&array)?)?;
    /// assert_eq!(rows, [(1, 3), (2, 4)]);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// More than 64 dimensions, which numpy has not.
    pub fn from_ndarray<S, T, D>(array: &ArrayBase<S, D>) -> Result<Self>
    where
        S: Data<Elem = T>,
        T: Number,
        D: Dimension,
    {
        if array.ndim() > super::dtype::DIMENSIONS {
            return Err(Error::data(format!(
                "an array of {} dimensions, of which numpy has {} at most",
                array.ndim(),
                super::dtype::DIMENSIONS
            )));
        }
        Self::from_vec(array.iter().copied().collect(), array.shape())
    }
}

fn is_native(dtype: &Dtype) -> bool {
    match dtype.byte_order() {
        ByteOrder::Little => cfg!(target_endian = "little"),
        ByteOrder::Big => cfg!(target_endian = "big"),
        ByteOrder::None => true,
    }
}

fn shape(error: ndarray::ShapeError) -> Error {
    Error::data(format!("an array of a shape that ndarray has not: {error}"))
}
