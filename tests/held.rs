//! The memory that is held while a large array is read from a reader: a process of its own, because
//! its allocator counts.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::BufReader;

use peak_alloc::PeakAlloc;
use serde::de::IgnoredAny;
use serde_pickle::python::numpy::{NdArray, OwnedNdArray};
use serde_pickle::{Protocol, Result, SerOptions, from_buf_reader, from_reader};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Both tests look at what the process holds.
#[test]
fn arrays_from_a_reader_are_held_once() {
    an_array_that_owns_its_data_is_held_once();
    a_part_of_a_pickle_does_not_keep_it();
}

/// It keeps the pickle that was collected, as a clone of it shows: that takes no memory.
fn an_array_that_owns_its_data_is_held_once() {
    type Read = fn(&[u8]) -> Result<OwnedNdArray>;

    let numbers: Vec<u8> = (0..=250).cycle().take(8 << 20).collect();
    let array = NdArray::from_vec(numbers, &[2, 4 << 20]).unwrap();
    for protocol in [Protocol::V3, Protocol::V4, Protocol::V5] {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&array).unwrap();
        for read in [(|bytes| from_reader(bytes)) as Read, |bytes| from_buf_reader(bytes)] {
            let before = ALLOCATOR.current_usage();
            let read = read(&bytes).unwrap();
            assert!(!read.0.is_borrowed());
            assert_eq!(read.0, array);
            let again = read.clone();
            let held = ALLOCATOR.current_usage() - before;
            assert!(held < bytes.len() + 4_096, "{protocol:?}: {held} of {}", bytes.len());
            drop(read);
            assert_eq!(again.0.into_owned().data(), array.data());
        }
    }
}

/// One array of several is copied, for it would keep the others.
fn a_part_of_a_pickle_does_not_keep_it() {
    let numbers = |len| NdArray::from_vec(vec![7_u8; len], &[len]).unwrap();
    let (large, small) = (numbers(3 << 20), numbers(2 << 20));
    let bytes = serde_pickle::to_vec(&(&large, &small)).unwrap();
    let before = ALLOCATOR.current_usage();
    let (read, _): (OwnedNdArray, IgnoredAny) = from_reader(BufReader::new(&bytes[..])).unwrap();
    assert!(ALLOCATOR.current_usage() - before < (3 << 20) + 4_096);
    assert_eq!(read.0, large);
}
