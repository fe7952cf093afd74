//! [`Tensor`]: a tensor with its checkpoint, so that its elements can be read.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::checkpoint::{Checkpoint, Storage};
use super::dtype::DType;
use super::elements::{Element, as_f64};
use super::info::{Elements, Lazily, Quantizer, Strided, TensorInfo};
use crate::error::{Error, Result};

/// A tensor of a [`Checkpoint`]. Its bytes are read when they are asked for.
///
/// It dereferences to its [`TensorInfo`], which has type, shape and strides.
///
/// ```
/// use serde_pickle_files::torch::{Checkpoint, DType, save_state_dict};
///
/// let mut file = Vec::new();
/// save_state_dict(&mut file, [("mask", DType::U8, &[2][..], &[1, 0][..])])?;
/// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
/// let mask = checkpoint.named("mask").unwrap();
/// assert_eq!((mask.name(), mask.info().dtype()), (Some("mask"), DType::U8));
/// assert_eq!((&*mask.bytes()?, mask.to_vec::<u8>()?), (&[1, 0][..], vec![1, 0]));
/// assert_eq!(mask.to_f64()?, [1.0, 0.0]);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
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

    /// Returns its type and shape, and its place in a storage.
    pub fn info(&self) -> &'c TensorInfo {
        self.info
    }

    /// Returns the elements as bytes, in the order of the indices, little-endian: borrowed from the
    /// file where they lie in memory like that, and read from it where it is on the disk.
    ///
    /// # Errors
    /// `Format` where the elements go beyond the storage, or the storage is not there;
    /// `Unsupported` for a sparse tensor, which consists of [`parts`](TensorInfo::parts), and for
    /// one without storage; `Limit` where a tensor that repeats its elements comes to more than
    /// [`OpenOptions::max_size`](crate::OpenOptions::max_size); `Io`.
    pub fn bytes(&self) -> Result<Cow<'c, [u8]>> {
        self.read().map_err(|error| self.named(error))
    }

    /// Reads what [`bytes`](Self::bytes) returns into `buffer`, in the place of what is in it.
    ///
    /// A program that goes through a large checkpoint on the disk so has one buffer for all of it.
    ///
    /// ```
    /// use serde_pickle_files::torch::Checkpoint;
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/files/torch/");
    /// # let path = folder.to_owned() + "2.15.0-module.pt";
    /// let checkpoint = Checkpoint::open(path)?;
    /// let (mut buffer, mut len) = (Vec::new(), 0);
    /// for tensor in checkpoint.tensors() {
    ///     tensor.read_into(&mut buffer)?;
    ///     len += buffer.len();
    /// }
    /// assert!(len > 100);
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub fn read_into(&self, buffer: &mut Vec<u8>) -> Result<()> {
        self.read_over(buffer).map_err(|error| self.named(error))
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
        self.elements(T::read)
    }

    /// Returns the elements in the order of the indices, as numbers of 64 bits whatever the dtype;
    /// those of a quantized tensor as the numbers that they stand for.
    ///
    /// An int beyond 2⁵³ is rounded.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); `Unsupported` for elements that are two numbers, complex ones and
    /// [`DType::F4E2M1x2`].
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        let dtype = self.info.dtype;
        if dtype.is_complex() || dtype == DType::F4E2M1x2 {
            return Err(self.unsupported(format!("the elements are {dtype}: two numbers in one")));
        }
        // Of those there are some.
        let mut elements = self.elements(|bytes| as_f64(dtype, bytes).unwrap_or(f64::NAN))?;
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
    /// ```
    /// use serde_pickle_files::torch::{Checkpoint, DType, save_state_dict};
    ///
    /// let mut file = Vec::new();
    /// save_state_dict(&mut file, [("mask", DType::U8, &[2, 1][..], &[1, 0][..])])?;
    /// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
    /// let array = checkpoint.named("mask").unwrap().to_ndarray::<u8>()?;
    /// assert_eq!((array.shape(), array.sum()), (&[2, 1][..], 1));
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
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

    /// The number of bytes that [`bytes`](Self::bytes) reads, with all its errors but those of
    /// reading.
    #[cfg(feature = "safetensors")]
    pub(super) fn byte_len(&self) -> Result<usize> {
        let extent = self.extent().map_err(|error| self.named(error))?;
        Ok(extent.map_or(0, |extent| extent.total))
    }

    fn named(&self, error: Error) -> Error {
        match self.name {
            Some(name) => error.within(name),
            None => error,
        }
    }

    /// The elements by `read`, which gets the bytes of one. Those on the disk are not in memory all
    /// at once.
    fn elements<T>(&self, read: impl Fn(&[u8]) -> T) -> Result<Vec<T>> {
        let size = self.info.dtype.itemsize();
        let mut elements = Vec::new();
        self.pieces(&mut |left, piece| {
            // The bytes are there: this is no claim.
            if elements.try_reserve_exact(left / size).is_err() {
                return Err(Error::limit(format!("no memory for {} elements", left / size)));
            }
            elements.extend(piece.chunks_exact(size).map(&read));
            Ok(())
        })
        .map_err(|error| self.named(error))?;
        Ok(elements)
    }

    /// Goes through the bytes of the elements in pieces of whole elements, each with the number of
    /// bytes that are left, itself among them.
    fn pieces(&self, take: &mut dyn FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
        let Some(extent) = self.extent()? else { return Ok(()) };
        let source = self.checkpoint.file().source();
        let stored = extent.stored().filter(|_| source.slice().is_none());
        let Some(Range { start: mut at, end }) = stored else {
            let bytes = self.read_extent(&extent)?;
            return take(bytes.len(), &bytes);
        };
        let mut piece = vec![0; (end - at).min(PIECE) as usize];
        while at < end {
            // At most as long as the piece.
            let len = (end - at).min(PIECE) as usize;
            source.fill(at, &mut piece[..len])?;
            take((end - at) as usize, &piece[..len])?;
            at += len as u64;
        }
        Ok(())
    }

    fn read(&self) -> Result<Cow<'c, [u8]>> {
        match self.extent()? {
            Some(extent) => self.read_extent(&extent),
            None => Ok(Cow::default()),
        }
    }

    fn read_over(&self, buffer: &mut Vec<u8>) -> Result<()> {
        let Some(extent) = self.extent()? else {
            buffer.clear();
            return Ok(());
        };
        let Some(stored) = extent.stored() else {
            let bytes = self.read_extent(&extent)?;
            buffer.clear();
            buffer.extend_from_slice(&bytes);
            return Ok(());
        };
        let source = self.checkpoint.file().source();
        buffer.truncate(extent.total);
        source.fill(stored.start, buffer)?;
        source.append(stored.start + buffer.len() as u64..stored.end, buffer)
    }

    fn read_extent(&self, extent: &Extent<'c>) -> Result<Cow<'c, [u8]>> {
        let part = extent.storage.read(extent.part.clone())?;
        if extent.straight {
            return Ok(part);
        }
        let (size, shape) = (self.info.dtype.itemsize(), &self.info.shape);
        let mut bytes = gathered(&part, extent.strides, shape, size, extent.total);
        if self.is_swapped() {
            for number in bytes.chunks_exact_mut(self.info.dtype.swapped()) {
                number.reverse();
            }
        }
        finish(extent.lazily, self.info.dtype, &mut bytes);
        Ok(Cow::Owned(bytes))
    }

    fn is_swapped(&self) -> bool {
        self.checkpoint.is_big_endian() && self.info.dtype.swapped() > 1
    }

    /// Compares the tensor with its storage. `None` where it has no elements.
    fn extent(&self) -> Result<Option<Extent<'c>>> {
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
        if info.is_empty() {
            return Ok(None);
        }
        let size = info.dtype.itemsize();
        let storage = self.checkpoint.storage(strided, info.dtype)?;
        let there = storage.len();
        let last = last(strided, &info.shape).and_then(|last| last.checked_add(1));
        let end = last.and_then(|last| last.checked_mul(size)).filter(|&end| end <= there);
        let (Some(end), Some(len)) = (end, info.len()) else {
            return Err(Error::format(format!(
                "elements of the shape {:?} and strides {:?} from {} on go beyond the storage of \
                 {there} bytes",
                info.shape, strided.strides, strided.offset
            )));
        };
        let total = len
            .checked_mul(size)
            .filter(|&total| total <= there || total as u64 <= self.checkpoint.allowed());
        let Some(total) = total else {
            return Err(Error::limit(format!(
                "{len} elements repeat those of a storage of {there} bytes; OpenOptions::max_size \
                 raises the limit"
            )));
        };
        let lazily = strided.lazily;
        if lazily.negated && !is_negated_here(info.dtype) {
            return Err(Error::unsupported(format!("elements of {} that are negated", info.dtype)));
        }
        let part = strided.offset * size..end;
        let straight = info.is_contiguous() && !self.is_swapped() && lazily == Lazily::default();
        Ok(Some(Extent { storage, part, total, straight, strides: &strided.strides, lazily }))
    }
}

/// Bytes of a tensor that are read from the disk at a time, where they become elements.
const PIECE: u64 = 256 << 10;

/// Where the elements of a tensor are, once they are known to be there.
struct Extent<'c> {
    storage: Storage<'c>,
    /// Of the storage: from the first element to the last.
    part: Range<usize>,
    /// Bytes of all elements in the order of the indices.
    total: usize,
    /// True if they lie there in that order.
    straight: bool,
    strides: &'c [usize],
    lazily: Lazily,
}

impl Extent<'_> {
    /// Where they lie in the file, if they do so in order.
    fn stored(&self) -> Option<Range<u64>> {
        self.straight.then(|| self.storage.stored(self.part.clone())).flatten()
    }
}

/// Returns true for floats with a bit for the sign, and for ints.
fn is_negated_here(dtype: DType) -> bool {
    use DType::{BF16, C32, C64, C128, F16, F32, F64, I8, I16, I32, I64};
    matches!(dtype, F64 | F32 | F16 | BF16 | C32 | C64 | C128 | I64 | I32 | I16 | I8)
}

/// Conjugates and negates the elements as PyTorch would when they are used.
fn finish(lazily: Lazily, dtype: DType, bytes: &mut [u8]) {
    if lazily == Lazily::default() {
        return;
    }
    let is_int = matches!(dtype, DType::I64 | DType::I32 | DType::I16 | DType::I8);
    for (at, number) in bytes.chunks_exact_mut(dtype.swapped()).enumerate() {
        let imaginary = dtype.is_complex() && at % 2 == 1;
        if lazily.negated == (lazily.conjugated && imaginary) {
            continue;
        }
        if is_int {
            // The complement, and one: the carry goes on beyond bytes that become 0.
            let mut carry = true;
            for byte in number {
                (*byte, carry) = (!*byte).overflowing_add(carry.into());
            }
        } else if let Some(sign) = number.last_mut() {
            *sign ^= 0x80;
        }
    }
}

/// The highest element of the storage that a tensor has; it is not empty.
fn last(strided: &Strided, shape: &[usize]) -> Option<usize> {
    shape.iter().zip(&strided.strides).try_fold(strided.offset, |last, (&len, &stride)| {
        last.checked_add((len - 1).checked_mul(stride)?)
    })
}

/// The elements in the order of the indices; `part` goes from the first to the last.
fn gathered(part: &[u8], strides: &[usize], shape: &[usize], size: usize, total: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(total);
    // Rows that lie in one piece are copied as such.
    let (row, outer) = match (shape.last(), strides.last()) {
        (Some(&len), Some(1)) => (len, shape.len() - 1),
        _ => (1, shape.len()),
    };
    let (shape, strides) = (&shape[..outer], &strides[..outer]);
    let mut index = vec![0_usize; outer];
    let mut at = 0;
    'rows: loop {
        bytes.extend_from_slice(&part[at * size..(at + row) * size]);
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
