//! Checkpoints as safetensors.

use std::borrow::Cow;
use std::path::Path;

use safetensors::tensor::{Dtype, View};

use super::checkpoint::Checkpoint;
use super::dtype::DType;
use crate::error::{Error, Result};

/// A tensor with its elements; those of one that is contiguous are still in the file.
struct Viewed<'c> {
    dtype: Dtype,
    shape: &'c [usize],
    bytes: Cow<'c, [u8]>,
}

impl View for &Viewed<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

fn dtype(dtype: DType) -> Option<Dtype> {
    Some(match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::F8E4M3 => Dtype::F8_E4M3,
        DType::F8E5M2 => Dtype::F8_E5M2,
        DType::F8E8M0 => Dtype::F8_E8M0,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::BOOL,
        DType::C64 => Dtype::C64,
        _ => return None,
    })
}

impl Checkpoint<'_> {
    /// Returns the tensors as a file of safetensors, by their names. Tensors that share a storage
    /// get elements of their own.
    ///
    /// # Errors
    /// As [`Tensor::bytes`](super::Tensor::bytes); `Unsupported` for a dtype that safetensors does
    /// not have.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let tensors = self.viewed()?;
        let tensors = tensors.iter().map(|(name, viewed)| (*name, viewed));
        safetensors::serialize(tensors, None).map_err(refused)
    }

    /// Writes the tensors to the file of safetensors at `path`; see
    /// [`to_safetensors`](Self::to_safetensors).
    ///
    /// # Errors
    /// As [`to_safetensors`](Self::to_safetensors), and `Io`.
    pub fn write_safetensors(&self, path: impl AsRef<Path>) -> Result<()> {
        let tensors = self.viewed()?;
        let tensors = tensors.iter().map(|(name, viewed)| (*name, viewed));
        safetensors::serialize_to_file(tensors, None, path.as_ref()).map_err(refused)
    }

    fn viewed(&self) -> Result<Vec<(&str, Viewed<'_>)>> {
        let mut viewed = Vec::new();
        for tensor in self.tensors() {
            let name = tensor.name().unwrap_or_default();
            let Some(dtype) = dtype(tensor.dtype()) else {
                return Err(Error::unsupported(format!(
                    "safetensors has no dtype for {}",
                    tensor.dtype()
                ))
                .within(name));
            };
            let shape = tensor.info().shape();
            viewed.push((name, Viewed { dtype, shape, bytes: tensor.bytes()? }));
        }
        Ok(viewed)
    }
}

fn refused(error: safetensors::SafeTensorError) -> Error {
    match error {
        safetensors::SafeTensorError::IoError(error) => Error::io(error),
        error => Error::format(format!("safetensors: {error}")),
    }
}
