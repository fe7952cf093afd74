//! The limits of reading: the last value that passes and the first that does not.

mod by_path;
mod each;
