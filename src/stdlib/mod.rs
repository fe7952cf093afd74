//! Facts about Python's own classes, as text, and the elements of numpy: the reader that does not
//! know a class (`natural/`), the type that stands for it (`python/`) and `value/` need them.

pub(crate) mod calendar;
pub(crate) mod numpy;
pub(crate) mod path;
pub(crate) mod uuid;
pub(crate) mod zone;
