//! [`Tensor`]: a tensor with its checkpoint, so that its elements can be read.

use std::borrow::Cow;
use std::fmt;

use super::checkpoint::Checkpoint;
use super::elements::{Element, as_f64};
use super::info::{Elements, Quantizer, Strided, TensorInfo};
use crate::error::{Error, Result};

/// A tensor of a [`Checkpoint`]. Its bytes are looked at when they are asked for.
///
/// What is said of it is that of its [`TensorInfo`].
#[derive(Clone, Copy)]
pub struct Tensor<'c> {
    checkpoint: &'c Checkpoint<'c>,
    info: &'c TensorInfo,
    name: Option<&'c str>,
}

impl fmt::Debug for Tensor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tensor").field("name", &self.name).field("info", self.info).finish()
    }
}

impl std::ops::Deref for Tensor<'_> {
    type Target = TensorInfo;

    fn deref(&self) -> &TensorInfo {
        self.info
    }
}

impl<'c> Tensor<'c> {
    pub(super) fn new(
        checkpoint: &'c Checkpoint<'_>,
        info: &'c TensorInfo,
        name: Option<&'c str>,
    ) -> Self {
        Self { checkpoint, info, name }
    }

    /// Returns its name in the checkpoint, if that is how it was found.
    pub fn name(&self) -> Option<&'c str> {
        self.name
    }

    /// Returns what is said of it.
    pub fn info(&self) -> &'c TensorInfo {
        self.info
    }

    /// Returns the elements as bytes, in the order of the indices, little-endian: borrowed from the
    /// file where they lie there like that.
    ///
    /// # Errors
    /// `Format` where the elements go beyond the storage, or the storage is not there;
    /// `Unsupported` for a sparse tensor, which consists of [`parts`](TensorInfo::parts), and for
    /// one without storage; `Limit` where a tensor that repeats its elements comes to more than
    /// [`OpenOptions::max_size`](crate::OpenOptions::max_size).
    pub fn bytes(&self) -> Result<Cow<'c, [u8]>> {
        self.read().map_err(|error| match self.name {
            Some(name) => error.within(name),
            None => error,
        })
    }

    /// Returns the elements in the order of the indices.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); `Unsupported` where the dtype is not that of `T`.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if self.info.dtype != T::DTYPE {
            return Err(self.unsupported(format!(
                "the elements are {}, not {}",
                self.info.dtype,
                T::DTYPE
            )));
        }
        Ok(self.bytes()?.chunks_exact(T::DTYPE.itemsize()).map(T::read).collect())
    }

    /// Returns the elements in the order of the indices, as numbers of 64 bits whatever the dtype;
    /// those of a quantized tensor as the numbers that they stand for.
    ///
    /// An int beyond 2⁵³ is rounded.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); `Unsupported` for complex elements.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        let bytes = self.bytes()?;
        let dtype = self.info.dtype;
        let elements = bytes.chunks_exact(dtype.itemsize()).map(|bytes| as_f64(dtype, bytes));
        let elements: Option<Vec<f64>> = elements.collect();
        let Some(mut elements) = elements else {
            return Err(self.unsupported(format!("the elements are {dtype}, which is complex")));
        };
        match self.info.quantizer() {
            None => {}
            Some(Quantizer::PerTensor { scale, zero_point }) => {
                for element in &mut elements {
                    *element = (*element - *zero_point as f64) * scale;
                }
            }
            Some(Quantizer::PerChannel { scales, zero_points, axis }) => {
                let scales = self.checkpoint.tensor(scales).to_f64()?;
                let zero_points = self.checkpoint.tensor(zero_points).to_f64()?;
                let channels = self.info.shape.get(*axis).copied().unwrap_or(0);
                if scales.len() != channels || zero_points.len() != channels {
                    return Err(Error::format("the quantizer has another number of channels")
                        .within(self.name.unwrap_or("the tensor")));
                }
                let inner: usize =
                    self.info.shape.get(axis + 1..).unwrap_or_default().iter().product();
                for (at, element) in elements.iter_mut().enumerate() {
                    // As many channels as scales.
                    let channel = at / inner % channels;
                    *element = (*element - zero_points[channel]) * scales[channel];
                }
            }
        }
        Ok(elements)
    }

    /// Returns the elements as an array of `ndarray`.
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec).
    #[cfg(feature = "ndarray")]
    pub fn to_ndarray<T: Element>(&self) -> Result<ndarray::ArrayD<T>> {
        let elements = self.to_vec::<T>()?;
        ndarray::ArrayD::from_shape_vec(self.info.shape.clone(), elements)
            .map_err(|error| Error::format(error.to_string()))
    }

    fn unsupported(&self, what: String) -> Error {
        Error::unsupported(what).within(self.name.unwrap_or("the tensor"))
    }

    fn read(&self) -> Result<Cow<'c, [u8]>> {
        let info = self.info;
        let strided = match &info.data {
            Elements::Strided(strided) => strided,
            Elements::Sparse { layout, .. } => {
                return Err(Error::unsupported(format!(
                    "a tensor of the layout {layout} has no elements of its own; \
                     TensorInfo::parts has the tensors that it consists of"
                )));
            }
            Elements::None { .. } => {
                return Err(Error::unsupported("a tensor of the device meta has no elements"));
            }
        };
        let size = info.dtype.itemsize();
        if info.is_empty() {
            return Ok(Cow::Borrowed(&[]));
        }
        let storage = self.checkpoint.storage(strided, info.dtype)?;
        let beyond = || {
            Error::format(format!(
                "elements of the shape {:?} and strides {:?} from {} on go beyond the storage of \
                 {} bytes",
                info.shape,
                strided.strides,
                strided.offset,
                storage.len()
            ))
        };
        let last = last(strided, &info.shape).and_then(|last| last.checked_add(1));
        let end = last.and_then(|last| last.checked_mul(size)).filter(|&end| end <= storage.len());
        let (Some(end), Some(len)) = (end, info.len()) else { return Err(beyond()) };
        let start = strided.offset * size;
        let swapped = self.checkpoint.is_big_endian() && info.dtype.swapped() > 1;
        if info.is_contiguous() && !swapped {
            return Ok(match storage {
                Cow::Borrowed(storage) => Cow::Borrowed(&storage[start..end]),
                Cow::Owned(mut storage) => {
                    storage.truncate(end);
                    storage.drain(..start);
                    Cow::Owned(storage)
                }
            });
        }
        let total = len
            .checked_mul(size)
            .filter(|&total| total <= storage.len() || total as u64 <= self.checkpoint.allowed());
        let Some(total) = total else {
            return Err(Error::limit(format!(
                "{len} elements repeat those of a storage of {} bytes; OpenOptions::max_size \
                 raises the limit",
                storage.len()
            )));
        };
        let mut bytes = gathered(&storage, strided, &info.shape, size, total);
        if swapped {
            for number in bytes.chunks_exact_mut(info.dtype.swapped()) {
                number.reverse();
            }
        }
        Ok(Cow::Owned(bytes))
    }
}

/// The highest element of the storage that a tensor has; it is not empty.
fn last(strided: &Strided, shape: &[usize]) -> Option<usize> {
    shape.iter().zip(&strided.strides).try_fold(strided.offset, |last, (&len, &stride)| {
        last.checked_add((len - 1).checked_mul(stride)?)
    })
}

/// The elements in the order of the indices; all of them are within the storage.
fn gathered(
    storage: &[u8],
    strided: &Strided,
    shape: &[usize],
    size: usize,
    total: usize,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(total);
    // Rows that lie in one piece are copied as such.
    let (row, outer) = match (shape.last(), strided.strides.last()) {
        (Some(&len), Some(1)) => (len, shape.len() - 1),
        _ => (1, shape.len()),
    };
    let (shape, strides) = (&shape[..outer], &strided.strides[..outer]);
    let mut index = vec![0_usize; outer];
    let mut at = strided.offset;
    'rows: loop {
        bytes.extend_from_slice(&storage[at * size..(at + row) * size]);
        for axis in (0..outer).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                continue 'rows;
            }
            at -= index[axis] * strides[axis];
            index[axis] = 0;
        }
        return bytes;
    }
}
