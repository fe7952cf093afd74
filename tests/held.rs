//! The memory that is held while a large array is read from a reader, and behind any read: a
//! process of its own, because its allocator counts.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::Path;

use peak_alloc::PeakAlloc;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_pickle::python::numpy::{NdArray, OwnedNdArray};
use serde_pickle::{
    DeOptions, Protocol, Result, SerOptions, Value, from_buf_reader, from_reader, from_slice,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// All of these look at what the process holds.
#[test]
fn no_more_is_held_than_was_read() {
    an_array_that_owns_its_data_is_held_once();
    a_part_of_a_pickle_does_not_keep_it();
    nothing_is_held_behind_a_read();
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

/// An answer to a visitor is dropped by hand (`Given` in `de/answer.rs`), and so may be forgotten.
fn nothing_is_held_behind_a_read() {
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> bool {
        let none: [&[u8]; 0] = [];
        let by_graph = DeOptions::new().buffers(none).from_slice::<T>(bytes).is_ok();
        from_slice::<T>(bytes).is_ok() || by_graph
    }

    #[track_caller]
    fn check<T: DeserializeOwned>(bytes: &[u8], name: &str) -> bool {
        let before = ALLOCATOR.current_usage();
        let is_read = read::<T>(bytes);
        let behind = ALLOCATOR.current_usage();
        assert_eq!(behind, before, "{name} as {}", std::any::type_name::<T>());
        is_read
    }

    fn check_all(folder: &Path, read: &mut [usize]) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                check_all(&path, read);
            } else if path.extension().is_some_and(|extension| extension == "pkl") {
                let bytes = fs::read(&path).unwrap();
                let name = path.to_string_lossy();
                let checks = [
                    check::<Value>,
                    check::<serde_json::Value>,
                    check::<String>,
                    check::<serde_bytes::ByteBuf>,
                    check::<Vec<u8>>,
                    check::<Vec<f64>>,
                    check::<Vec<Vec<f64>>>,
                    check::<Vec<String>>,
                    check::<BTreeMap<String, Value>>,
                    check::<BTreeMap<String, Option<Vec<i64>>>>,
                    check::<(i64, String)>,
                    check::<OwnedNdArray>,
                ];
                for (check, read) in checks.into_iter().zip(&mut *read) {
                    *read += usize::from(check(&bytes, &name));
                }
            }
        }
    }

    // Threads keep some memory from their first read on.
    read::<Value>(b"N.");
    let mut read = [0; 12];
    check_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut read);
    assert!(read.iter().all(|&read| read > 0), "{read:?}");
}
