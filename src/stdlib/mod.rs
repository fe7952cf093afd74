//! Facts about Python's own classes, as text: the reader that does not know a class (`natural/`) and
//! the type that stands for it (`python/`) both need them.

pub(crate) mod calendar;
pub(crate) mod path;
pub(crate) mod uuid;
pub(crate) mod zone;
