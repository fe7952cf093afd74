//! The containers before PyTorch 1.6: a stream of pickles and raw storages, and a tar archive.
//!
//! The stream is a magic number, a version, facts about the machine, the object, and the keys of
//! the storages, five pickles; then for each key a number of elements in 8 bytes, and the elements.
//!
//! The archive has the members `storages` and `tensors`, in which pickles and raw numbers take
//! turns, and `pickle`, whose persistent ids are the keys of tensors. Those become here what newer
//! files have. Source: `_legacy_load` in `torch/serialization.py`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_pickle::reduce::{Global, PersistentId, Reduce};
use serde_pickle::tools::persistent_ids;
use serde_pickle::{Value, to_value};

use super::checkpoint::{Parts, Place, graph_of};
use super::dtype::DType;
use super::storage::{StorageId, key_text};
use crate::error::{Error, Result};
use crate::opened::Opened;
use crate::source::Source;

/// Pickles and raw numbers in turn, in a range of the file.
struct Rows<'s, 'a> {
    source: &'s Source<'a>,
    start: u64,
    at: u64,
    end: u64,
}

impl<'s, 'a> Rows<'s, 'a> {
    fn new(source: &'s Source<'a>, range: Range<u64>) -> Self {
        Self { source, start: range.start, at: range.start, end: range.end }
    }

    /// Where it is in the range, for errors.
    fn at(&self) -> u64 {
        self.at - self.start
    }

    fn pickle(&mut self) -> Result<Cow<'s, [u8]>> {
        let pickle = self.source.pickle(self.at..self.end, self.at())?;
        self.at += pickle.len() as u64;
        Ok(pickle)
    }

    fn value<T: DeserializeOwned>(&mut self) -> Result<T> {
        let start = self.at();
        let pickle = self.pickle()?;
        serde_pickle::from_slice(&pickle).map_err(|error| Error::from(error).at(start))
    }

    /// Goes beyond bytes that are not looked at.
    fn skip(&mut self, len: u64) -> Result<()> {
        let end = self.at.checked_add(len).filter(|&end| end <= self.end);
        let Some(end) = end else {
            return Err(
                Error::format(format!("{len} bytes are wanted and the file ends")).at(self.at())
            );
        };
        self.at = end;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (at, mut bytes) = (self.at, [0; N]);
        self.skip(N as u64)?;
        self.source.fill(at, &mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<usize> {
        let at = self.at();
        usize::try_from(i64::from_le_bytes(self.take()?))
            .map_err(|_| Error::format("a number of elements is negative").at(at))
    }

    /// The place of a storage of elements of `size` bytes: their number, and they.
    fn storage(&mut self, size: usize) -> Result<(usize, Place)> {
        let at = self.at();
        let count = self.number()?;
        let start = self.at;
        let Some(len) = count.checked_mul(size) else {
            return Err(Error::format(format!("a storage of {count} elements")).at(at));
        };
        self.skip(len as u64)?;
        Ok((count, Place::Stored(start..self.at)))
    }
}

/// The storages that an object refers to, by their keys: bytes of an element, and their number. A
/// view refers to the storage that it is a part of.
fn wanted(pickle: &[u8]) -> Result<HashMap<String, (usize, usize)>> {
    let mut wanted = HashMap::new();
    for id in persistent_ids(pickle)? {
        if let Ok(id) = StorageId::of(&id) {
            let size = id.dtype.map_or(1, DType::itemsize);
            wanted.insert(id.key, (size, id.len));
        }
    }
    Ok(wanted)
}

/// The stream.
pub(super) fn stream(source: &Source<'_>) -> Result<Parts> {
    let mut rows = Rows::new(source, 0..source.len());
    rows.pickle()?;
    let version: i64 = rows.value()?;
    if version != 1001 {
        return Err(Error::unsupported(format!("version {version} of the legacy format")));
    }
    // Facts about the machine. Raw storages are little-endian whatever it was.
    rows.pickle()?;
    let start = rows.at();
    let object = rows.pickle()?;
    let wanted = wanted(&object).map_err(|error| error.at(start))?;
    let graph = graph_of(&object, HashMap::new()).map_err(|error| error.at(start))?;
    let keys: Vec<Value> = rows.value()?;
    let mut storages = HashMap::new();
    for key in keys {
        let at = rows.at();
        let Some(key) = key_text(&key) else {
            return Err(Error::format("the key of a storage is no text").at(at));
        };
        let Some(&(size, len)) = wanted.get(&key) else {
            return Err(Error::format("a storage is there that nothing refers to").at(at));
        };
        let (count, place) = rows.storage(size)?;
        if count < len {
            return Err(Error::format(format!(
                "a storage has {count} elements, and the pickle says {len}"
            ))
            .at(at));
        }
        storages.insert(key, place);
    }
    Ok(Parts { graph, storages, big_endian: false })
}

/// The tar archive.
pub(super) fn tar(file: &Opened<'_>) -> Result<Parts> {
    let member = |name: &str| match file.member(name) {
        Some(member) => Ok(member),
        None => Err(Error::format(format!("the archive has no member {name}"))),
    };
    let range = |name: &str| Ok::<_, Error>(member(name)?.stored_at().unwrap_or_default());
    let rows = Rows::new(file.source(), range("storages")?);
    let (storages, ids) = tar_storages(rows).map_err(|error| error.within("storages"))?;
    let rows = Rows::new(file.source(), range("tensors")?);
    let objects = tar_tensors(rows, &ids).map_err(|error| error.within("tensors"))?;
    let pickle = file.read_member(member("pickle")?)?;
    let graph = graph_of(&pickle, objects).map_err(|error| error.within("pickle"))?;
    Ok(Parts { graph, storages, big_endian: false })
}

/// The ids of newer files for storages, by their keys.
type Ids = HashMap<String, (Value, usize)>;

fn tar_storages(mut rows: Rows<'_, '_>) -> Result<(HashMap<String, Place>, Ids)> {
    let (mut storages, mut ids) = (HashMap::new(), HashMap::new());
    let count: usize = rows.value()?;
    for _ in 0..count {
        let at = rows.at();
        let (key, _location, class): (Value, Value, Global) = rows.value()?;
        let (Some(key), Some(dtype)) = (key_text(&key), DType::of_storage(&class.qualname)) else {
            return Err(Error::format(format!("a storage of the class {class}")).at(at));
        };
        let (len, place) = rows.storage(dtype.itemsize())?;
        ids.insert(key.clone(), (storage_id(&class, &key, len, Value::None)?, len));
        storages.insert(key, place);
    }
    let at = rows.at();
    let views: Vec<(Value, Value, usize, usize)> = rows.value()?;
    for (key, root, offset, len) in views {
        let (Some(key), Some(root)) = (key_text(&key), key_text(&root)) else {
            return Err(Error::format("the key of a view").at(at));
        };
        let Some((Value::PersistentId(id), _)) = ids.get(&root) else {
            return Err(Error::format("a view of a storage that is not there").at(at));
        };
        let Value::Tuple(parts) = &**id else { continue };
        let Some(Value::Global(class)) = parts.get(1) else { continue };
        let view = to_value(&(&root, offset, len))?;
        let id = storage_id(class, &key, len, view)?;
        ids.insert(key, (id, len));
    }
    Ok((storages, ids))
}

fn storage_id(class: &Global, key: &str, len: usize, view: Value) -> Result<Value> {
    Ok(to_value(&PersistentId(("storage", class, key, "cpu", len, view)))?)
}

/// The tensors by their keys, as calls of `_rebuild_tensor`.
fn tar_tensors(mut rows: Rows<'_, '_>, ids: &Ids) -> Result<HashMap<String, Value>> {
    let count: usize = rows.value()?;
    let mut tensors = HashMap::new();
    for _ in 0..count {
        let at = rows.at();
        let (key, storage, _class): (Value, Value, Value) = rows.value()?;
        let storage = key_text(&storage).and_then(|storage| ids.get(&storage));
        let (Some(key), Some((storage, _))) = (key_text(&key), storage) else {
            return Err(Error::format("a tensor of a storage that is not there").at(at));
        };
        // The number of dimensions, in the first four of eight bytes.
        let dimensions = u32::from_le_bytes(rows.take()?);
        rows.skip(4)?;
        if dimensions > 64 {
            return Err(Error::format(format!("a tensor of {dimensions} dimensions")).at(at));
        }
        let mut numbers = || (0..dimensions).map(|_| rows.number()).collect::<Result<Vec<usize>>>();
        let (shape, strides) = (numbers()?, numbers()?);
        let offset = rows.number()?;
        let tuple = |numbers: Vec<usize>| {
            Value::Tuple(numbers.into_iter().map(|number| Value::from(number as u64)).collect())
        };
        let args = vec![storage.clone(), Value::from(offset as u64), tuple(shape), tuple(strides)];
        let function = Global::new("torch._utils", "_rebuild_tensor");
        let tensor: Reduce = Reduce::call(function, args.into());
        tensors.insert(key, Value::from(tensor));
    }
    Ok(tensors)
}
