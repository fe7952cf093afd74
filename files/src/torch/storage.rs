//! The persistent id of a storage: its key, its type, and how long it is.
//!
//! Source: `persistent_id` in `torch/serialization.py`, of `_save` and of `_legacy_save`.

use serde_pickle::Value;

use super::dtype::DType;

/// A persistent id of a storage.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StorageId {
    pub(crate) key: String,
    /// `None` for bytes without a type.
    pub(crate) dtype: Option<DType>,
    pub(crate) location: String,
    /// Elements, or bytes where there is no type.
    pub(crate) len: usize,
    /// Of the legacy format: a part of another storage, by key, offset and number of elements.
    pub(crate) view: Option<(String, usize, usize)>,
}

/// Why a value is no tensor: it is none at all, or one that is not understood.
pub(crate) enum NoTensor {
    Other,
    Malformed(String),
    /// Such tensors are not read.
    Unsupported(String),
}

pub(super) fn malformed<T>(what: &str) -> Result<T, NoTensor> {
    Err(NoTensor::Malformed(format!("malformed tensor: {what}")))
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Str(text) => Some(text),
        // Python 2.
        Value::Bytes(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

pub(super) fn size(value: &Value) -> Option<usize> {
    value.as_i64().and_then(|size| usize::try_from(size).ok())
}

impl StorageId {
    /// The id in a file of the zip or the legacy format.
    pub(crate) fn of(id: &Value) -> Result<Self, NoTensor> {
        let Value::Tuple(parts) = id else { return malformed("the id of its storage") };
        let (key, class, location, len, view) = match &parts[..] {
            [kind, class, key, location, len, rest @ ..] if text(kind) == Some("storage") => {
                (key, class, location, len, rest.first())
            }
            _ => return malformed("the id of its storage"),
        };
        let Value::Global(class) = class else { return malformed("the class of its storage") };
        let untyped = &["UntypedStorage", "_UntypedStorage"];
        let dtype = match DType::of_storage(&class.qualname) {
            Some(dtype) => Some(dtype),
            None if untyped.contains(&&*class.qualname) => None,
            None => {
                return Err(NoTensor::Unsupported(format!("tensors with a storage of {class}")));
            }
        };
        let (Some(key), Some(len)) = (key_text(key), size(len)) else {
            return malformed("the id of its storage");
        };
        let view = match view {
            None | Some(Value::None) => None,
            Some(Value::Tuple(view)) => match &view[..] {
                [key, offset, len] => match (key_text(key), size(offset), size(len)) {
                    (Some(key), Some(offset), Some(len)) => Some((key, offset, len)),
                    _ => return malformed("the view of its storage"),
                },
                _ => return malformed("the view of its storage"),
            },
            Some(_) => return malformed("the view of its storage"),
        };
        let location = text(location).unwrap_or_default().to_owned();
        Ok(Self { key, dtype, location, len, view })
    }
}

/// A key is text, or in old files an int.
pub(crate) fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::Int(key) => Some(key.to_string()),
        key => text(key).map(str::to_owned),
    }
}
