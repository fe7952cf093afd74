//! Writing checkpoints in the format of PyTorch 1.6 and later.
//!
//! `torch.load(weights_only=True)` reads few instructions and knows few names, so the pickle is of
//! protocol 2 and as CPython writes it: through a graph, whose containers are made empty and
//! filled. Storages are stored, each at a multiple of 64 bytes, as `torch.save` does it. Source:
//! `torch/_weights_only_unpickler.py`; `_save` in `torch/serialization.py`.

use std::borrow::Cow;
use std::io::Write;

use serde::ser::{Error as _, Serialize, Serializer};
use serde_pickle::reduce::{Global, PersistentId, Reduce};
use serde_pickle::{Graph, Protocol, SerOptions, Value};

use super::dtype::DType;
use crate::error::{Error, Result};
use crate::zip::ZipWriter;

/// Bytes at whose multiples storages begin.
const ALIGNMENT: u64 = 64;

/// Writes a checkpoint: tensors first, and then a value in which they stand.
///
/// ```
/// use serde::Serialize;
/// use serde_pickle_files::torch::{Checkpoint, DType, Saved, Writer};
///
/// #[derive(Serialize)]
/// struct Training {
///     epoch: u32,
///     weight: Saved,
/// }
///
/// let mut writer = Writer::new();
/// let elements: Vec<u8> = [0.5_f32, -1.5].iter().flat_map(|x| x.to_le_bytes()).collect();
/// let weight = writer.tensor(DType::F32, &[1, 2], elements)?;
/// let mut file = Vec::new();
/// writer.finish(&mut file, &Training { epoch: 7, weight })?;
///
/// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
/// assert_eq!(checkpoint.named("weight").unwrap().to_vec::<f32>()?, [0.5, -1.5]);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Writer<'a> {
    storages: Vec<Cow<'a, [u8]>>,
}

/// A tensor that was given to a [`Writer`], to stand in what is saved.
///
/// ```
/// use serde_pickle_files::torch::{DType, Saved, Writer};
///
/// let mut writer = Writer::new();
/// let weight: Saved = writer.tensor(DType::U8, &[1], &[7][..])?.parameter();
/// let mut file = Vec::new();
/// writer.finish(&mut file, &[("weight", &weight), ("the same", &weight)])?;
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Saved {
    key: usize,
    dtype: DType,
    shape: Vec<usize>,
    strides: Vec<usize>,
    parameter: bool,
}

impl<'a> Writer<'a> {
    /// No tensors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a tensor: its elements in the order of the indices, little-endian.
    ///
    /// What it returns may stand in several places, which then share the elements.
    ///
    /// # Errors
    /// `Format` where the shape has another number of elements; `Unsupported` for quantized ones.
    pub fn tensor(
        &mut self,
        dtype: DType,
        shape: &[usize],
        elements: impl Into<Cow<'a, [u8]>>,
    ) -> Result<Saved> {
        let elements = elements.into();
        if matches!(dtype, DType::QInt8 | DType::QUInt8 | DType::QInt32) {
            return Err(Error::unsupported(format!("tensors of {dtype} are not written")));
        }
        let len = shape.iter().try_fold(dtype.itemsize(), |len, &axis| len.checked_mul(axis));
        let strides = strides(shape).filter(|_| len == Some(elements.len()));
        let Some(strides) = strides else {
            return Err(Error::format(format!(
                "a tensor of the shape {shape:?} and {dtype} does not have {} bytes",
                elements.len()
            )));
        };
        self.storages.push(elements);
        let key = self.storages.len() - 1;
        Ok(Saved { key, dtype, shape: shape.to_vec(), strides, parameter: false })
    }

    /// Writes the file, with `value` for the object that `torch.load` returns.
    ///
    /// # Errors
    /// `Io`; `Pickle`, where `value` cannot be written at protocol 2.
    pub fn finish<W: Write, T: Serialize + ?Sized>(self, writer: W, value: &T) -> Result<()> {
        let pickle = SerOptions::new().protocol(Protocol::V2).to_vec(value)?;
        // As CPython's pickler writes it: containers are made empty, and filled.
        let pickle = Graph::from_slice(&pickle)?.to_vec()?;
        let mut zip = ZipWriter::new(writer);
        zip.member("archive/data.pkl", &pickle, ALIGNMENT)?;
        zip.member("archive/byteorder", b"little", ALIGNMENT)?;
        for (key, storage) in self.storages.iter().enumerate() {
            zip.member(&format!("archive/data/{key}"), storage, ALIGNMENT)?;
        }
        zip.member("archive/version", b"3\n", ALIGNMENT)?;
        zip.finish()
    }
}

impl Saved {
    /// Makes it a `torch.nn.Parameter`, as those of a module are that was saved whole. The values
    /// of a state dict are tensors.
    #[must_use]
    pub fn parameter(mut self) -> Self {
        self.parameter = true;
        self
    }
}

/// The strides of a tensor whose elements lie in the order of the indices; `None` beyond an address
/// space, which is possible where there are no elements.
fn strides(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1_usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].checked_mul(shape[axis].max(1))?;
    }
    Some(strides)
}

fn tuple(numbers: &[usize]) -> Value {
    Value::Tuple(numbers.iter().map(|&number| Value::from(number as u64)).collect())
}

impl Serialize for Saved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let len: usize = self.shape.iter().product();
        let dtype = self.dtype;
        let (class, count) = match dtype.storage_class() {
            Some(class) => (Global::new("torch", class), len),
            None => (Global::new("torch.storage", "UntypedStorage"), len * dtype.itemsize()),
        };
        let storage = PersistentId(("storage", class, self.key.to_string(), "cpu", count as u64));
        let (shape, strides) = (tuple(&self.shape), tuple(&self.strides));
        let hooks = || Reduce::<_>::call(Global::new("collections", "OrderedDict"), ());
        let function = |name| Global::new("torch._utils", name);
        let tensor = match dtype.storage_class() {
            Some(_) => {
                let args = (storage, 0_u8, shape, strides, false, hooks());
                serde_pickle::to_value(&Reduce::<_>::call(function("_rebuild_tensor_v2"), args))
            }
            None => {
                let of = Global::new("torch", dtype.name());
                let args = (storage, 0_u8, shape, strides, false, hooks(), of);
                serde_pickle::to_value(&Reduce::<_>::call(function("_rebuild_tensor_v3"), args))
            }
        };
        let tensor = tensor.map_err(S::Error::custom)?;
        if !self.parameter {
            return tensor.serialize(serializer);
        }
        let args = (tensor, true, hooks());
        Reduce::<_>::call(function("_rebuild_parameter"), args).serialize(serializer)
    }
}

/// Writes a state dict: tensors by name, in this order.
///
/// ```
/// use serde_pickle_files::torch::{DType, save_state_dict};
///
/// let bias = 0.25_f32.to_le_bytes();
/// let mut file = Vec::new();
/// save_state_dict(&mut file, [("bias", DType::F32, &[1][..], &bias[..])])?;
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// # Errors
/// As [`Writer::tensor`] and [`Writer::finish`].
pub fn save_state_dict<'a, W: Write>(
    writer: W,
    tensors: impl IntoIterator<Item = (&'a str, DType, &'a [usize], &'a [u8])>,
) -> Result<()> {
    let mut file = Writer::new();
    let mut entries = Vec::new();
    for (name, dtype, shape, elements) in tensors {
        let tensor = file.tensor(dtype, shape, elements).map_err(|error| error.within(name))?;
        entries.push((name, tensor));
    }
    let class = Global::new("collections", "OrderedDict");
    let state_dict = Reduce::<_>::call(class, ()).with_dictitems(entries);
    file.finish(writer, &state_dict)
}
