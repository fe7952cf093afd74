//! [`Checkpoint`]: the pickle of a file by `torch.save`, and the places of its storages.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::de::Deserialize;
use serde_pickle::reduce::Resolution;
use serde_pickle::{DeOptions, Graph, Resolver, Value};

use super::info::{Strided, TensorInfo};
use super::names::{Found, Named, named_tensors};
use super::tensor::Tensor;
use super::{DType, legacy};
use crate::archive::Member;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::opened::Opened;
use crate::options::OpenOptions;

/// A file by `torch.save`: tensors by name, and everything else through serde.
///
/// The name of a tensor is the way to it, keys and indices with full stops between them, as in a
/// state dict; of a module that was saved whole it is the name that the module's state dict has.
///
/// ```
/// use serde_pickle_files::torch::{Checkpoint, DType, save_state_dict};
///
/// let bias = 0.25_f32.to_le_bytes();
/// let mut file = Vec::new();
/// save_state_dict(&mut file, [("bias", DType::F32, &[1][..], &bias[..])])?;
///
/// // Of a file on the disk: Checkpoint::open(path)
/// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
/// assert_eq!(checkpoint.tensors().len(), 1);
/// assert_eq!(checkpoint.named("bias").unwrap().to_vec::<f32>()?, [0.25]);
/// assert_eq!((checkpoint.unread().len(), checkpoint.under("model").count()), (0, 0));
/// assert_eq!((checkpoint.is_big_endian(), checkpoint.file().kind().is_torch()), (false, true));
/// assert!(checkpoint.graph().root().object().is_some()); // an OrderedDict
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
pub struct Checkpoint<'a> {
    file: Opened<'a>,
    graph: Graph<'static>,
    storages: HashMap<String, Place>,
    tensors: Vec<Named>,
    unread: Vec<(String, Error)>,
    by_name: HashMap<String, usize>,
    big_endian: bool,
    /// Bytes to which the views of a storage may be expanded.
    allowed: u64,
}

/// Where the bytes of a storage are.
pub(super) enum Place {
    /// These bytes of the file, as they are.
    Stored(Range<u64>),
    /// The member of this number, which is compressed.
    Packed(usize),
}

/// The part of a storage that a tensor's pickle names.
pub(super) struct Storage<'c> {
    file: &'c Opened<'c>,
    place: &'c Place,
    /// Of the storage.
    range: Range<usize>,
}

impl<'c> Storage<'c> {
    pub(super) fn len(&self) -> usize {
        self.range.end - self.range.start
    }

    /// The place in the file of a part that lies there as it is.
    pub(super) fn stored(&self, part: Range<usize>) -> Option<Range<u64>> {
        match self.place {
            Place::Stored(stored) => {
                let start = stored.start + self.range.start as u64;
                Some(start + part.start as u64..start + part.end as u64)
            }
            Place::Packed(_) => None,
        }
    }

    /// The bytes of a part, borrowed where they are in memory.
    pub(super) fn read(&self, part: Range<usize>) -> Result<Cow<'c, [u8]>> {
        if let Some(stored) = self.stored(part.clone()) {
            return self.file.source().read(stored);
        }
        let Place::Packed(member) = self.place else { return Ok(Cow::default()) };
        let Some(member) = self.file.members().get(*member) else { return Ok(Cow::default()) };
        let mut bytes = self.file.read_member(member)?.into_owned();
        // Its size was compared when the tensor was.
        bytes.truncate(self.range.start + part.end);
        bytes.drain(..self.range.start + part.start);
        Ok(Cow::Owned(bytes))
    }
}

impl fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("file", &self.file)
            .field("tensors", &self.tensors.len())
            .field("storages", &self.storages.len())
            .finish_non_exhaustive()
    }
}

impl Checkpoint<'static> {
    /// Opens the file at `path`.
    ///
    /// Only its pickle is read, and the places of its storages: the bytes of a tensor are read from
    /// the file each time that they are asked for, and nothing of them is kept. With
    /// `OpenOptions::map` and [`new`](Checkpoint::new) they are borrowed from the file instead.
    ///
    /// The file stays open, and must not be changed meanwhile: bytes that are read later are then
    /// those of another file, or an error where it is shorter.
    ///
    /// # Errors
    /// As [`open`](crate::open); `Unsupported` where `torch.save` did not write the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(OpenOptions::new().open(path)?)
    }
}

impl<'a> Checkpoint<'a> {
    /// Reads the pickle of a file that is open, and looks for its storages.
    ///
    /// # Errors
    /// `Unsupported` where `torch.save` did not write it; `Format` and `Pickle` where it is
    /// damaged.
    pub fn new(file: Opened<'a>) -> Result<Self> {
        let parts = match file.kind() {
            Kind::Torch => Parts::of_zip(&file)?,
            Kind::TorchLegacy => legacy::stream(file.source())?,
            Kind::TorchTar => legacy::tar(&file)?,
            kind => {
                return Err(Error::unsupported(format!("{kind} was not written by torch.save")));
            }
        };
        let Parts { graph, storages, big_endian } = parts;
        let Found { tensors, unread } = named_tensors(&graph)?;
        let by_name =
            tensors.iter().enumerate().map(|(at, named)| (named.name.clone(), at)).collect();
        let allowed = file.allowed();
        Ok(Self { file, graph, storages, tensors, unread, by_name, big_endian, allowed })
    }

    /// Iterates over the tensors, in the order in which the file has them.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = Tensor<'_>> {
        self.tensors.iter().map(|named| Tensor::new(self, &named.info, Some(&named.name)))
    }

    /// Iterates over the names of the tensors that are not among [`tensors`](Self::tensors),
    /// because their kind is not read, each with an error that says so: nested ones, those of
    /// other libraries' classes, and dtypes without a name in [`DType`].
    pub fn unread(&self) -> impl ExactSizeIterator<Item = (&str, &Error)> {
        self.unread.iter().map(|(name, error)| (&**name, error))
    }

    /// Finds the tensor of this name.
    pub fn named(&self, name: &str) -> Option<Tensor<'_>> {
        let named = self.tensors.get(*self.by_name.get(name)?)?;
        Some(Tensor::new(self, &named.info, Some(&named.name)))
    }

    /// Iterates over the tensors below a key of the outermost dict, such as `model_state_dict`,
    /// each with its name below that.
    pub fn under(&self, key: &str) -> impl Iterator<Item = (&str, Tensor<'_>)> {
        self.tensors.iter().filter_map(move |named| {
            let first = named.name.get(..named.first)?;
            let rest = named.name.get(named.first..)?.strip_prefix('.')?;
            (first == key).then(|| (rest, Tensor::new(self, &named.info, Some(&named.name))))
        })
    }

    /// Returns the tensor that was read as `info` out of this checkpoint.
    ///
    /// ```
    /// use serde_pickle_files::torch::{Checkpoint, DType, TensorInfo, Writer};
    ///
    /// let mut writer = Writer::new();
    /// let weight = writer.tensor(DType::U8, &[2], &[1, 2][..])?;
    /// let mut file = Vec::new();
    /// writer.finish(&mut file, &(7, weight))?;
    ///
    /// let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
    /// let (epoch, weight): (u32, TensorInfo) = checkpoint.get()?;
    /// assert_eq!((epoch, checkpoint.tensor(&weight).to_vec::<u8>()?), (7, vec![1, 2]));
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    pub fn tensor<'c>(&'c self, info: &'c TensorInfo) -> Tensor<'c> {
        Tensor::new(self, info, None)
    }

    /// Reads what was saved as a `T`, with [`TensorInfo`] where `T` wants tensors.
    ///
    /// # Errors
    /// `Pickle`, where it does not fit the type.
    pub fn get<'c, T: Deserialize<'c>>(&'c self) -> Result<T> {
        Ok(self.graph.deserialize()?)
    }

    /// Returns the objects of the pickle; storages are persistent ids in it.
    pub fn graph(&self) -> &Graph<'static> {
        &self.graph
    }

    /// Returns the file.
    pub fn file(&self) -> &Opened<'a> {
        &self.file
    }

    /// Returns true if the numbers in the file are big-endian.
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    pub(super) fn allowed(&self) -> u64 {
        self.allowed
    }

    /// The storage of a tensor, as long as the pickle says.
    pub(super) fn storage(&self, strided: &Strided, dtype: DType) -> Result<Storage<'_>> {
        let id = &strided.storage;
        // Of a view in the legacy format the storage is a part of another one.
        let (key, first, len) = match &id.view {
            Some((root, offset, len)) => (root, *offset, *len),
            None => (&id.key, 0, id.len),
        };
        let Some(place) = self.storages.get(key) else {
            return Err(Error::format(format!("the file has no storage {}", quoted(key))));
        };
        let there = match place {
            Place::Stored(range) => range.end - range.start,
            Place::Packed(member) => self.file.members().get(*member).map_or(0, Member::size),
        };
        let size = id.dtype.map_or(1, DType::itemsize);
        let start = first.checked_mul(size);
        let end = start.zip(len.checked_mul(size)).and_then(|(start, len)| start.checked_add(len));
        match (start, end) {
            (Some(start), Some(end)) if end as u64 <= there => {
                Ok(Storage { file: &self.file, place, range: start..end })
            }
            _ => Err(Error::format(format!(
                "the storage {} of {} elements of {} has only {there} bytes",
                quoted(key),
                id.len,
                id.dtype.unwrap_or(dtype),
            ))),
        }
    }
}

fn quoted(key: &str) -> String {
    let short: String = key.chars().take(80).collect();
    format!("`{}`", short.escape_debug())
}

/// The parts of a checkpoint, whatever its container.
pub(super) struct Parts {
    pub(super) graph: Graph<'static>,
    pub(super) storages: HashMap<String, Place>,
    pub(super) big_endian: bool,
}

impl Parts {
    /// `archive/data.pkl`, `archive/byteorder`, and `archive/data/…`.
    fn of_zip(file: &Opened<'_>) -> Result<Self> {
        let ends = |member: &&Member| member.name().ends_with("/data.pkl");
        let Some(pickle) = file.members().iter().find(ends) else {
            return Err(Error::format("the archive has no member data.pkl"));
        };
        let folder = pickle.name().strip_suffix("data.pkl").unwrap_or_default();
        let bytes = file.read_member(pickle)?;
        let graph =
            graph_of(&bytes, HashMap::new()).map_err(|error| error.within(pickle.name()))?;
        let big_endian = match file.member(&format!("{folder}byteorder")) {
            Some(member) => match &*file.read_member(member)? {
                b"little" => false,
                b"big" => true,
                _ => {
                    return Err(Error::format("the byte order is neither little nor big")
                        .within(member.name()));
                }
            },
            // Before PyTorch 2.0 it was that of the machine.
            None => false,
        };
        let folder = format!("{folder}data/");
        let storages = file.members().iter().enumerate().filter_map(|(at, member)| {
            let key = member.name().strip_prefix(&folder)?;
            // Its checksum is not compared, which would take a look at all of it for a part.
            let place = member.stored_at().map_or(Place::Packed(at), Place::Stored);
            Some((key.to_owned(), place))
        });
        Ok(Self { graph, storages: storages.collect(), big_endian })
    }
}

/// The graph of a pickle, with these objects for persistent ids that are keys.
pub(super) fn graph_of(bytes: &[u8], objects: HashMap<String, Value>) -> Result<Graph<'static>> {
    // From a reader, so that it does not borrow: the tensors are not in it.
    Ok(DeOptions::new().resolver(Ids { objects }).graph_from_reader(bytes)?)
}

/// The persistent ids that stand for other things than storages.
struct Ids {
    objects: HashMap<String, Value>,
}

impl Resolver for Ids {
    fn find_class(&self, _: &str, _: &str) -> serde_pickle::Result<Resolution> {
        Ok(Resolution::Allow)
    }

    fn persistent_load(&self, id: &Value) -> serde_pickle::Result<Option<Value>> {
        Ok(match id {
            // `('module', class, file, source)`, and before that `(class, file, source)`.
            Value::Tuple(parts) => match &parts[..] {
                [Value::Str(kind), class, ..] if kind == "module" => Some(class.clone()),
                [class @ Value::Global(_), ..] => Some(class.clone()),
                _ => None,
            },
            id => super::storage::key_text(id).and_then(|key| self.objects.get(&key).cloned()),
        })
    }
}
