//! Python's pickle as a serde data format.
#![forbid(unsafe_code)]

mod error;
mod limits;
mod reduce;
mod value;

pub use error::{Error, ErrorKind, Result};
pub use reduce::{
    AllowList, And, Constructors, DenyList, ExtensionRegistry, FindClass, Global, How, PersistentId, Reduce, Renames,
    Resolution, Resolver, SlotsState,
};
pub use value::{
    Complex, Dict, Entry, IntoKey, Lookup, OccupiedEntry, PickleBuffer, Set, SurrogateString, VacantEntry, Value,
    ValueIndex,
};
pub use value::{DictIntoIter, DictIter, DictIterMut, SetIntoIter, SetIter};
