//! Checkpoints as safetensors.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, View};

use super::checkpoint::Checkpoint;
use super::dtype::DType;
use super::tensor::Tensor;
use crate::error::{Error, Result};

/// A tensor, whose elements are read when it is its turn.
struct Viewed<'c> {
    tensor: Tensor<'c>,
    dtype: Dtype,
    len: usize,
    /// The first error of any of them: safetensors takes bytes and no error.
    fault: &'c Mutex<Option<Error>>,
}

impl View for &Viewed<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        self.tensor.info().shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.tensor.bytes().unwrap_or_else(|error| {
            fault_of(self.fault).get_or_insert(error);
            Cow::default()
        })
    }

    fn data_len(&self) -> usize {
        self.len
    }
}

fn fault_of(fault: &Mutex<Option<Error>>) -> MutexGuard<'_, Option<Error>> {
    fault.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// ```
    /// use serde_pickle_files::torch::{Checkpoint, DType, save_state_dict};
    ///
    /// let mut file = Vec::new();
    /// save_state_dict(&mut file, [("bias", DType::U8, &[1][..], &[7][..])])?;
    /// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
    /// assert_eq!(checkpoint.to_safetensors()?.last(), Some(&7));
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::bytes`](super::Tensor::bytes); `Unsupported` for a dtype that safetensors does
    /// not have.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        self.as_safetensors(|tensors| safetensors::serialize(tensors, None))
    }

    /// Writes the tensors to the file of safetensors at `path`, one after another: no more than one
    /// of a file on the disk is in memory. See [`to_safetensors`](Self::to_safetensors).
    ///
    /// The file is written beside `path` and renamed when it is whole, so that `path` may be the
    /// checkpoint's own.
    ///
    /// ```
    /// # fn run() -> serde_pickle_files::Result<()> {
    /// let checkpoint = serde_pickle_files::torch::Checkpoint::open("weights.pt")?;
    /// checkpoint.write_safetensors("weights.safetensors")
    /// # }
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_safetensors`](Self::to_safetensors), and `Io`.
    pub fn write_safetensors(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = Path::new(&part);
        let written = self
            .as_safetensors(|tensors| safetensors::serialize_to_file(tensors, None, part))
            .and_then(|()| Ok(fs::rename(part, path)?));
        if written.is_err() {
            // It may not be there.
            let _ = fs::remove_file(part);
        }
        written
    }

    fn as_safetensors<T>(
        &self,
        write: impl FnOnce(Vec<(&str, &Viewed<'_>)>) -> Result<T, SafeTensorError>,
    ) -> Result<T> {
        if let Some((name, error)) = self.unread().next() {
            return Err(Error::unsupported(error.to_string()).within(name));
        }
        let fault = Mutex::new(None);
        let viewed: Result<Vec<Viewed<'_>>> =
            self.tensors().map(|tensor| Viewed::new(tensor, &fault)).collect();
        let viewed = viewed?;
        let tensors = viewed.iter().map(|it| (it.tensor.name().unwrap_or_default(), it));
        let written = write(tensors.collect()).map_err(refused);
        match fault_of(&fault).take() {
            Some(error) => Err(error),
            None => written,
        }
    }
}

impl<'c> Viewed<'c> {
    fn new(tensor: Tensor<'c>, fault: &'c Mutex<Option<Error>>) -> Result<Self> {
        let Some(dtype) = dtype(tensor.dtype()) else {
            return Err(Error::unsupported(format!(
                "safetensors has no dtype for {}",
                tensor.dtype()
            ))
            .within(tensor.name().unwrap_or_default()));
        };
        Ok(Self { tensor, dtype, len: tensor.byte_len()?, fault })
    }
}

fn refused(error: SafeTensorError) -> Error {
    match error {
        SafeTensorError::IoError(error) => Error::io(error),
        error => Error::format(format!("safetensors: {error}")),
    }
}
