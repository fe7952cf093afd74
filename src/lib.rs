//! Python's pickle as a serde data format.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod de;
mod error;
mod graph;
mod limits;
mod machine;
mod natural;
pub mod opcode;
mod protocol;
mod read;
pub mod reduce;
mod ser;
mod value;
mod write;

pub use de::{
    DeOptions, Deserializer, Encoding, Errors, ReaderSource, SliceSource, StreamDeserializer, from_reader, from_slice,
};
pub use error::{Error, ErrorKind, Result};
pub use protocol::Protocol;
pub use reduce::{
    AllowList, And, Constructors, DenyList, ExtensionRegistry, FindClass, Global, How, PersistentId, Reduce, Renames,
    Resolution, Resolver, SlotsState,
};
pub use ser::{SerOptions, Serializer, to_vec, to_writer};
pub use value::{
    Complex, Dict, Entry, IntoKey, Lookup, OccupiedEntry, PickleBuffer, Set, SurrogateString, VacantEntry, Value,
    ValueIndex,
};
pub use value::{DictIntoIter, DictIter, DictIterMut, SetIntoIter, SetIter};
