//! Frames, series and indexes of pandas, as `python::pandas` reads and writes them.

mod compare;
mod fixtures;
mod hostile;
mod older;
mod reading;
mod rows;
mod writing;
