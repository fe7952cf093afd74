//! Frames, series and indexes of pandas, as `python::pandas` reads and writes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod compare;
mod fixtures;
mod hostile;
mod older;
mod reading;
mod rows;
mod writing;
