//! Facts about Python's own classes, as text, and the elements of numpy: the reader that does not
//! know a class (`natural/`), the type that stands for it (`python/`) and `value/` need them. And
//! text with surrogates, which is read, printed and written.

pub(crate) mod calendar;
pub(crate) mod numpy;
pub(crate) mod path;
pub(crate) mod surrogates;
pub(crate) mod uuid;
pub(crate) mod zone;
