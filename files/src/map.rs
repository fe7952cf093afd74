//! Memory-mapped files: the one place of this crate with unsafe code.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps a file to be read.
#[allow(unsafe_code)]
pub(crate) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: The mapping is read only and lives as long as the `Opened` that holds it, from which
    // everything that refers to it borrows. What cannot be guaranteed from here is that nobody
    // changes the file meanwhile: `OpenOptions::map` is off by default, and lays that on its
    // caller.
    unsafe { Mmap::map(file) }
}
