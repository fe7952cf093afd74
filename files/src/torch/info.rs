//! A tensor as a pickle of PyTorch tells it: which storage, and which part of it.
//!
//! A tensor is a call of one of `torch._utils`' functions. Read with serde it is a [`TensorInfo`];
//! its bytes are elsewhere in the file. Source: `torch/_utils.py`, `Tensor._reduce_ex_internal` in
//! `torch/_tensor.py`, `persistent_id` in `torch/serialization.py`.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_pickle::Value;
use serde_pickle::reduce::Reduce;

use super::dtype::DType;
use super::storage::{NoTensor, StorageId, malformed, size, text};

/// Dimensions of a tensor; PyTorch has no limit but does not get far beyond 64.
const DIMENSIONS: usize = 64;

/// Functions around functions: a parameter of a subclass of a tensor.
const LEVELS: usize = 8;

/// A tensor, as its pickle has it: type, shape, and where its elements are.
///
/// It reads from any place in a checkpoint where a tensor is:
///
/// ```
/// use std::collections::BTreeMap;
/// use serde::Deserialize;
/// use serde_pickle_files::torch::{Checkpoint, TensorInfo};
///
/// #[derive(Deserialize)]
/// struct Saved {
///     epoch: u32,
///     w: TensorInfo,
/// }
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/wild/torch/legacy-tensors.bin");
/// let checkpoint = Checkpoint::open(path)?;
/// let saved: Saved = checkpoint.get()?;
/// assert_eq!((saved.epoch, saved.w.shape()), (7, &[2, 3][..]));
/// assert_eq!(checkpoint.tensor(&saved.w).to_vec::<f32>()?, [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TensorInfo {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) requires_grad: bool,
    pub(crate) parameter: bool,
    pub(crate) data: Elements,
}

/// Where the elements of a tensor are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Elements {
    Strided(Strided),
    /// Sparse, by the parts of its layout.
    Sparse {
        layout: String,
        parts: Vec<(&'static str, TensorInfo)>,
    },
    /// No storage at all: a tensor of the device `meta`.
    None {
        strides: Vec<usize>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Strided {
    pub(crate) storage: StorageId,
    /// In elements.
    pub(crate) offset: usize,
    pub(crate) strides: Vec<usize>,
    pub(crate) quantizer: Option<Quantizer>,
    pub(crate) lazily: Lazily,
}

/// Changes to the elements of a view, which PyTorch puts off until they are
/// used. Source: `torch._utils.set_tensor_metadata`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Lazily {
    /// The elements are to be conjugated, as those of `tensor.conj()`.
    pub(crate) conjugated: bool,
    /// They are to be negated, as those of `tensor.conj().imag`.
    pub(crate) negated: bool,
}

/// The scale of a quantized tensor, whose elements stand for `(element - zero_point) * scale`.
///
/// ```
/// use serde_pickle_files::torch::Quantizer;
///
/// /// The numbers that elements stand for.
/// fn numbers(elements: &[i8], quantizer: &Quantizer) -> Option<Vec<f64>> {
///     let Quantizer::PerTensor { scale, zero_point, .. } = quantizer else { return None };
///     Some(elements.iter().map(|&x| (i64::from(x) - zero_point) as f64 * scale).collect())
/// }
/// # let _ = numbers;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Quantizer {
    /// One scale and zero point for all.
    PerTensor {
        /// The distance from one number to the next.
        scale: f64,
        /// The element that stands for 0.
        zero_point: i64,
    },
    /// A scale and a zero point for each index along an axis, as tensors.
    PerChannel {
        /// The scales.
        scales: Box<TensorInfo>,
        /// The zero points.
        zero_points: Box<TensorInfo>,
        /// The axis.
        axis: usize,
    },
}

fn sizes(value: &Value, what: &str) -> Result<Vec<usize>, NoTensor> {
    let items = match value {
        Value::Tuple(items) | Value::List(items) => items,
        // `torch.Size`, a tuple in a call.
        Value::Object(object) if object.is("torch", "Size") => match &object.args[..] {
            [Value::Tuple(items) | Value::List(items)] => items,
            [] => return Ok(Vec::new()),
            _ => return malformed(what),
        },
        _ => return malformed(what),
    };
    if items.len() > DIMENSIONS {
        return malformed("it has more than 64 dimensions");
    }
    match items.iter().map(size).collect() {
        Some(sizes) => Ok(sizes),
        None => malformed(what),
    }
}

fn dtype(value: &Value) -> Result<DType, NoTensor> {
    let Value::Global(global) = value else { return malformed("its dtype") };
    match DType::of_name(&global.qualname) {
        Some(dtype) if global.module == "torch" => Ok(dtype),
        _ => Err(NoTensor::Unsupported(format!("tensors of {global}"))),
    }
}

impl TensorInfo {
    /// The tensor that a value is.
    pub(crate) fn of(value: &Value) -> Result<Self, NoTensor> {
        Self::at_level(value, LEVELS)
    }

    fn at_level(value: &Value, levels: usize) -> Result<Self, NoTensor> {
        let Some(levels) = levels.checked_sub(1) else {
            return malformed("it is wrapped more than 8 times");
        };
        let Value::Object(object) = value else { return Err(NoTensor::Other) };
        let Some(class) = object.class() else { return Err(NoTensor::Other) };
        let function = match &*class.module {
            "torch._utils" | "torch._tensor" | "torch.tensor" => &*class.qualname,
            _ => return Err(NoTensor::Other),
        };
        Self::of_call(function, &object.args, levels)
    }

    fn of_call(function: &str, args: &[Value], levels: usize) -> Result<Self, NoTensor> {
        match (function, args) {
            ("_rebuild_tensor", [storage, offset, shape, strides])
            | ("_rebuild_tensor_v2", [storage, offset, shape, strides]) => {
                Self::strided(storage, offset, shape, strides)
            }
            ("_rebuild_tensor_v3", [storage, offset, shape, strides, grad, _, of, rest @ ..]) => {
                let mut tensor = Self::strided(storage, offset, shape, strides)?;
                tensor.dtype = dtype(of)?;
                tensor.requires_grad = *grad == Value::Bool(true);
                tensor.put_off(rest.first());
                Ok(tensor)
            }
            ("_rebuild_tensor_v2", [storage, offset, shape, strides, grad, rest @ ..]) => {
                let mut tensor = Self::strided(storage, offset, shape, strides)?;
                tensor.requires_grad = *grad == Value::Bool(true);
                // Behind the hooks.
                tensor.put_off(rest.get(1));
                Ok(tensor)
            }
            ("_rebuild_qtensor", [storage, offset, shape, strides, quantizer, grad, ..]) => {
                let mut tensor = Self::strided(storage, offset, shape, strides)?;
                tensor.requires_grad = *grad == Value::Bool(true);
                if let Elements::Strided(strided) = &mut tensor.data {
                    strided.quantizer = Some(Quantizer::of(quantizer, levels)?);
                }
                Ok(tensor)
            }
            ("_rebuild_parameter" | "_rebuild_parameter_with_state", [data, grad, ..]) => {
                let mut tensor = Self::inner(data, levels)?;
                tensor.requires_grad = *grad == Value::Bool(true);
                tensor.parameter = true;
                Ok(tensor)
            }
            ("_rebuild_from_type" | "_rebuild_from_type_v2", [function, class, args, ..]) => {
                let (Value::Global(function), Value::Tuple(args)) = (function, args) else {
                    return malformed("the function in _rebuild_from_type");
                };
                let mut tensor = Self::of_call(&function.qualname, args, levels)?;
                tensor.parameter |= matches!(class, Value::Global(class)
                    if class.is("torch.nn.parameter", "Parameter"));
                Ok(tensor)
            }
            ("_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor", [layout, data]) => {
                Self::sparse(layout, data, levels)
            }
            ("_rebuild_meta_tensor_no_storage", [of, shape, strides, grad]) => Ok(Self {
                dtype: dtype(of)?,
                shape: sizes(shape, "its shape")?,
                requires_grad: *grad == Value::Bool(true),
                parameter: false,
                data: Elements::None { strides: sizes(strides, "its strides")? },
            }),
            (function, _) if function.starts_with("_rebuild_") => {
                Err(NoTensor::Unsupported(format!("tensors by torch._utils.{function}")))
            }
            _ => Err(NoTensor::Other),
        }
    }

    /// Takes what the metadata of a tensor say.
    fn put_off(&mut self, metadata: Option<&Value>) {
        let (Some(Value::Dict(metadata)), Elements::Strided(strided)) = (metadata, &mut self.data)
        else {
            return;
        };
        let is_set = |key| metadata.get(key) == Some(&Value::Bool(true));
        strided.lazily = Lazily { conjugated: is_set("conj"), negated: is_set("neg") };
    }

    fn inner(value: &Value, levels: usize) -> Result<Self, NoTensor> {
        match Self::at_level(value, levels) {
            Err(NoTensor::Other) => malformed("what it is made of is no tensor"),
            tensor => tensor,
        }
    }

    fn strided(
        storage: &Value,
        offset: &Value,
        shape: &Value,
        strides: &Value,
    ) -> Result<Self, NoTensor> {
        let Value::PersistentId(id) = storage else { return malformed("its storage") };
        let storage = StorageId::of(id)?;
        let Some(offset) = size(offset) else { return malformed("its offset") };
        let (shape, strides) = (sizes(shape, "its shape")?, sizes(strides, "its strides")?);
        if shape.len() != strides.len() {
            return malformed("it has another number of strides than of dimensions");
        }
        Ok(Self {
            // Of a storage without a type, `_rebuild_tensor_v3` says it.
            dtype: storage.dtype.unwrap_or(DType::U8),
            shape,
            requires_grad: false,
            parameter: false,
            data: Elements::Strided(Strided {
                storage,
                offset,
                strides,
                quantizer: None,
                lazily: Lazily::default(),
            }),
        })
    }

    fn sparse(layout: &Value, data: &Value, levels: usize) -> Result<Self, NoTensor> {
        let name = match layout {
            Value::Global(layout) => layout.qualname.to_string(),
            // `torch.serialization._get_layout('torch.sparse_coo')`.
            Value::Object(call) => call.args.first().and_then(text).unwrap_or_default().to_owned(),
            layout => text(layout).unwrap_or_default().to_owned(),
        };
        let layout = name.strip_prefix("torch.").unwrap_or(&name).to_owned();
        let names: &[&'static str] = match &*layout {
            "sparse_coo" => &["indices", "values"],
            "sparse_csr" | "sparse_bsr" => &["crow_indices", "col_indices", "values"],
            "sparse_csc" | "sparse_bsc" => &["ccol_indices", "row_indices", "values"],
            _ => return malformed("its layout"),
        };
        let Value::Tuple(data) = data else { return malformed("its sparse data") };
        let (Some(tensors), Some(shape)) = (data.get(..names.len()), data.get(names.len())) else {
            return malformed("its sparse data");
        };
        let mut parts = Vec::with_capacity(names.len());
        for (name, tensor) in names.iter().zip(tensors) {
            parts.push((*name, Self::inner(tensor, levels)?));
        }
        let dtype = parts.last().map_or(DType::F32, |(_, values)| values.dtype);
        Ok(Self {
            dtype,
            shape: sizes(shape, "its shape")?,
            requires_grad: false,
            parameter: false,
            data: Elements::Sparse { layout, parts },
        })
    }

    /// Returns the type of the elements.
    ///
    /// ```
    /// use serde_pickle_files::torch::{Checkpoint, DType, TensorInfo, save_state_dict};
    ///
    /// let mut file = Vec::new();
    /// save_state_dict(&mut file, [("mask", DType::U8, &[2, 1][..], &[1, 0][..])])?;
    /// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
    /// let info: &TensorInfo = checkpoint.named("mask").unwrap().info();
    /// assert_eq!((info.dtype(), info.shape()), (DType::U8, &[2, 1][..]));
    /// assert_eq!(info.strides(), [1, 1]);
    /// assert_eq!((info.storage_offset(), info.storage_key()), (0, Some("0")));
    /// assert_eq!((info.location(), info.layout()), (Some("cpu"), "strided"));
    /// assert_eq!((info.len(), info.is_empty(), info.is_contiguous()), (Some(2), false, true));
    /// assert!(!info.requires_grad() && !info.is_parameter() && !info.is_lazy_view());
    /// assert!(info.quantizer().is_none() && info.parts().next().is_none());
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns the length of each dimension; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the elements from one index to the next along each dimension; none where the tensor
    /// is sparse.
    pub fn strides(&self) -> &[usize] {
        match &self.data {
            Elements::Strided(Strided { strides, .. }) | Elements::None { strides } => strides,
            Elements::Sparse { .. } => &[],
        }
    }

    /// Returns the element of the storage that is the tensor's first.
    pub fn storage_offset(&self) -> usize {
        self.strided_data().map_or(0, |strided| strided.offset)
    }

    /// Returns the key of the storage that the elements are in; tensors with the same key share it.
    pub fn storage_key(&self) -> Option<&str> {
        self.strided_data().map(|strided| &*strided.storage.key)
    }

    /// Returns the device that the tensor was on, such as `cpu` or `cuda:0`.
    pub fn location(&self) -> Option<&str> {
        self.strided_data().map(|strided| &*strided.storage.location)
    }

    /// Returns true if gradients are recorded for it.
    pub fn requires_grad(&self) -> bool {
        self.requires_grad
    }

    /// Returns true if it is a `torch.nn.Parameter`.
    pub fn is_parameter(&self) -> bool {
        self.parameter
    }

    /// Returns the layout, `strided` or one of the sparse ones, as `torch` names it.
    pub fn layout(&self) -> &str {
        match &self.data {
            Elements::Sparse { layout, .. } => layout,
            _ => "strided",
        }
    }

    /// Iterates over the tensors that a sparse one consists of, by PyTorch's names: `indices` and
    /// `values`, or `crow_indices`, `col_indices` and `values`.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &Self)> {
        let parts = match &self.data {
            Elements::Sparse { parts, .. } => &parts[..],
            _ => &[],
        };
        parts.iter().map(|(name, part)| (*name, part))
    }

    /// Returns what the elements of a quantized tensor stand for.
    pub fn quantizer(&self) -> Option<&Quantizer> {
        self.strided_data()?.quantizer.as_ref()
    }

    /// Returns true if the elements in the storage are conjugated or negated when they are read, as
    /// those of `tensor.conj()`.
    pub fn is_lazy_view(&self) -> bool {
        self.strided_data().is_some_and(|strided| strided.lazily != Lazily::default())
    }

    /// Returns the number of elements; `None` where that is beyond an address space.
    pub fn len(&self) -> Option<usize> {
        self.shape.iter().try_fold(1_usize, |len, &axis| len.checked_mul(axis))
    }

    /// Returns true if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Returns true if the elements lie in the storage one after another in the order of the
    /// indices.
    pub fn is_contiguous(&self) -> bool {
        let Some(strided) = self.strided_data() else { return false };
        if self.is_empty() {
            return true;
        }
        let mut expected = 1_usize;
        self.shape.iter().zip(&strided.strides).rev().all(|(&len, &stride)| {
            let fits = len == 1 || stride == expected;
            expected = expected.saturating_mul(len);
            fits
        })
    }

    pub(crate) fn strided_data(&self) -> Option<&Strided> {
        match &self.data {
            Elements::Strided(strided) => Some(strided),
            _ => None,
        }
    }
}

impl Quantizer {
    fn of(value: &Value, levels: usize) -> Result<Self, NoTensor> {
        let Value::Tuple(parts) = value else { return malformed("its quantizer") };
        match &parts[..] {
            [Value::Global(scheme), scale, zero_point]
                if scheme.is("torch", "per_tensor_affine") =>
            {
                match (scale.as_f64(), zero_point.as_i64()) {
                    (Some(scale), Some(zero_point)) => Ok(Self::PerTensor { scale, zero_point }),
                    _ => malformed("its quantizer"),
                }
            }
            [Value::Global(scheme), scales, zero_points, axis]
                if scheme.module == "torch"
                    && scheme.qualname.starts_with("per_channel_affine") =>
            {
                let Some(axis) = size(axis) else { return malformed("its quantizer") };
                let scales = Box::new(TensorInfo::inner(scales, levels)?);
                let zero_points = Box::new(TensorInfo::inner(zero_points, levels)?);
                Ok(Self::PerChannel { scales, zero_points, axis })
            }
            _ => malformed("its quantizer"),
        }
    }
}

impl<'de> Deserialize<'de> for TensorInfo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = <Reduce>::deserialize(deserializer)?;
        match Self::of(&Value::from(object)) {
            Ok(tensor) => Ok(tensor),
            Err(NoTensor::Other) => Err(D::Error::custom("expected a tensor of PyTorch")),
            Err(NoTensor::Malformed(what)) => Err(D::Error::custom(what)),
            Err(NoTensor::Unsupported(what)) => {
                Err(D::Error::custom(format!("{what} are not read")))
            }
        }
    }
}
