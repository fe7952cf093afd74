//! Checkpoints of PyTorch: what `torch.save` writes.
//!
//! ```
//! use serde_pickle_files::torch::{Checkpoint, DType};
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/wild/torch/");
//! # let path = folder.to_owned() + "legacy-linear_state_dict.bin";
//! let checkpoint = Checkpoint::open(path)?;
//! for tensor in checkpoint.tensors() {
//!     println!("{} {} {:?}", tensor.name().unwrap_or("-"), tensor.dtype(), tensor.shape());
//! }
//! let weight = checkpoint.named("weight").expect("a linear layer has one");
//! assert_eq!((weight.dtype(), weight.shape()), (DType::F32, &[1, 2][..]));
//! assert_eq!(weight.to_vec::<f32>()?, [0.5, -1.5]);
//! # Ok::<(), serde_pickle_files::Error>(())
//! ```
//!
//! The archives of PyTorch 1.6 and later are read, the streams before that, and the tar archives of
//! 2016; modules that were saved whole as well as state dicts. The bytes of a tensor are looked at
//! when they are asked for. Everything that is no tensor is read by serde:
//! [`Checkpoint::get`], with [`TensorInfo`] where a tensor stands.
//!
//! [`Writer`] writes state dicts that `torch.load(weights_only=True)` takes.

mod checkpoint;
mod dtype;
mod elements;
mod info;
mod legacy;
mod names;
#[cfg(feature = "safetensors")]
mod safetensors;
mod storage;
mod tensor;
mod write;

pub use checkpoint::Checkpoint;
pub use dtype::DType;
pub use elements::Element;
pub use info::{Quantizer, TensorInfo};
pub use tensor::Tensor;
pub use write::{Saved, Writer, save_state_dict};
