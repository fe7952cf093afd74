//! Files that stay on the disk: what is read of them, and when.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(unix)]

use std::fs::{self, OpenOptions as Options};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_pickle_files::torch::{Checkpoint, DType, Tensor, save_state_dict};
use serde_pickle_files::{ErrorKind, Kind, Opened, from_slice, open};

fn fixtures() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures"].iter().collect()
}

/// A file of its own for each test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let name = format!("serde_pickle_disk_{}_{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The checkpoints of all containers.
fn checkpoints() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for folder in ["files/torch", "wild/torch"] {
        let entries = fs::read_dir(fixtures().join(folder)).unwrap();
        let all = entries.map(|entry| entry.unwrap().path());
        paths.extend(
            all.filter(|path| path.extension().is_some_and(|it| it == "pt" || it == "bin")),
        );
    }
    assert!(paths.len() >= 15, "{paths:?}");
    paths
}

#[test]
fn a_checkpoint_on_the_disk_is_the_same_as_in_memory() {
    for path in checkpoints() {
        let bytes = fs::read(&path).unwrap();
        let memory = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap();
        let disk = Checkpoint::open(&path).unwrap();
        assert_eq!(disk.file().kind(), memory.file().kind());
        assert_eq!(disk.file().bytes().unwrap(), bytes);
        assert_eq!(disk.tensors().len(), memory.tensors().len());
        let mut buffer = vec![0xee; 7];
        for (there, here) in disk.tensors().zip(memory.tensors()) {
            assert_eq!(there.name(), here.name());
            let (found, expected) = (there.bytes(), here.bytes());
            let name = format!("{} {:?}", path.display(), there.name());
            assert_eq!(found.as_ref().ok(), expected.as_ref().ok(), "{name}");
            let read = there.read_into(&mut buffer);
            assert_eq!(read.is_ok(), expected.is_ok(), "{name}");
            if let Ok(expected) = expected {
                assert_eq!(buffer, *expected, "{name}");
                here.read_into(&mut buffer).unwrap();
                assert_eq!(buffer, *expected, "{name}");
            }
            assert_eq!(there.to_f64().ok(), here.to_f64().ok(), "{name}");
        }
        let pickles = |file: &Opened<'_>| -> Vec<Vec<u8>> {
            file.pickles().map(|pickle| pickle.unwrap().bytes().to_vec()).collect()
        };
        assert_eq!(pickles(disk.file()), pickles(memory.file()), "{}", path.display());
    }
}

#[test]
fn archives_on_the_disk_are_the_same_as_in_memory() {
    for name in ["foreign/zip.bin", "foreign/tar.bin", "foreign/npz.bin", "files/numpy/mixed.npz"] {
        let path = fixtures().join(name);
        let bytes = fs::read(&path).unwrap();
        let (memory, disk) = (from_slice(&bytes).unwrap(), open(&path).unwrap());
        assert_eq!((disk.kind(), disk.size()), (memory.kind(), bytes.len() as u64));
        assert!(disk.kind().is_archive());
        let read = |file: &Opened<'_>| -> Vec<(String, Vec<u8>)> {
            let members = file.members().iter();
            members
                .map(|it| (it.name().to_owned(), file.read_member(it).unwrap().into_owned()))
                .collect()
        };
        assert_eq!(read(&disk), read(&memory));
        assert_eq!(disk.pickles().count(), memory.pickles().count());
        assert!(disk.array().is_err());
    }
}

fn elements(numbers: std::ops::Range<u32>) -> Vec<u8> {
    numbers.flat_map(|number| (number as f32).to_le_bytes()).collect()
}

/// A state dict with a tensor of a megabyte.
fn large() -> Vec<u8> {
    let (weight, bias) = (elements(0..1 << 18), elements(5..6));
    let mut file = Vec::new();
    let tensors = [
        ("weight", DType::F32, &[512, 512][..], &weight[..]),
        ("bias", DType::F32, &[1][..], &bias[..]),
    ];
    save_state_dict(&mut file, tensors).unwrap();
    file
}

#[test]
fn the_bytes_of_a_tensor_are_read_when_they_are_asked_for() {
    let bytes = large();
    let scratch = Scratch::new("late", &bytes);
    let checkpoint = Checkpoint::open(scratch.path()).unwrap();
    let first = |tensor: Tensor<'_>| tensor.to_vec::<f32>().unwrap()[1];
    let weight = checkpoint.named("weight").unwrap();
    assert_eq!(first(weight), 1.0);
    // The file has changed, and so has what is read: nothing has been kept.
    let element = 1.0_f32.to_le_bytes();
    let at = bytes.windows(8).position(|it| it[..4] == [0; 4] && it[4..] == element).unwrap();
    let file = Options::new().write(true).open(scratch.path()).unwrap();
    file.write_all_at(&7.0_f32.to_le_bytes(), at as u64 + 4).unwrap();
    assert_eq!(first(weight), 7.0);
    assert_eq!(weight.bytes().unwrap()[4..8], 7.0_f32.to_le_bytes());
    assert_eq!(weight.to_f64().unwrap()[1], 7.0);
}

#[test]
fn a_file_that_becomes_shorter_is_an_error_that_names_the_tensor() {
    let scratch = Scratch::new("short", &large());
    let checkpoint = Checkpoint::open(scratch.path()).unwrap();
    let file = Options::new().write(true).open(scratch.path()).unwrap();
    file.set_len(300_000).unwrap();
    let weight = checkpoint.named("weight").unwrap();
    let mut buffer = Vec::new();
    let errors = [
        weight.bytes().unwrap_err(),
        weight.to_vec::<f32>().unwrap_err(),
        weight.to_f64().unwrap_err(),
        weight.read_into(&mut buffer).unwrap_err(),
        checkpoint.file().bytes().unwrap_err(),
    ];
    for (at, error) in errors.iter().enumerate() {
        assert_eq!(error.kind(), ErrorKind::Format, "{error}");
        assert_eq!(error.member(), (at < 4).then_some("weight"), "{error}");
        assert!(error.to_string().contains("shorter"), "{error}");
    }
}

/// The file may be read by several threads, each of its own tensor.
#[test]
fn a_checkpoint_is_read_by_several_threads() {
    let scratch = Scratch::new("threads", &large());
    let checkpoint = Checkpoint::open(scratch.path()).unwrap();
    let read = |name: &str| checkpoint.named(name).unwrap().to_vec::<f32>().unwrap();
    std::thread::scope(|scope| {
        let threads = ["weight", "bias", "weight"].map(|name| scope.spawn(move || read(name)));
        let [weight, bias, again] = threads.map(|thread| thread.join().unwrap());
        assert_eq!(bias, [5.0]);
        assert_eq!(weight, again);
        assert_eq!(weight[1000], 1000.0);
    });
}

/// A pickle cannot be borrowed from the disk: it is read, whatever the file begins with.
#[test]
fn what_only_begins_as_an_archive_is_read() {
    let scratch = Scratch::new("pickle", b"PK\x03\x04\n.");
    assert_eq!(open(scratch.path()).unwrap().kind(), Kind::Pickle);
    let scratch = Scratch::new("cut", &large()[..1000]);
    assert!(matches!(open(scratch.path()).unwrap().kind(), Kind::Other(_)));
}

/// Every cut and many changes: the disk has the errors that memory has.
#[test]
fn damaged_checkpoints_are_errors_on_the_disk_as_in_memory() {
    let torch = fixtures().join("files/torch");
    for name in ["2.15.0-training.pt", "2.15.0-training-legacy.pt", "tar.pt"] {
        let good = fs::read(torch.join(name)).unwrap();
        let scratch = Scratch::new(name, &good);
        let file = Options::new().write(true).open(scratch.path()).unwrap();
        let all = |checkpoint: Checkpoint<'_>| -> Vec<Result<Vec<u8>, String>> {
            let bytes = |it: Tensor<'_>| it.bytes().map(|it| it.into_owned());
            checkpoint.tensors().map(|it| bytes(it).map_err(|error| error.to_string())).collect()
        };
        for at in (0..good.len()).step_by(13) {
            let mut bytes = good.clone();
            bytes[at] ^= 0x81;
            file.write_all_at(&bytes[at..=at], at as u64).unwrap();
            let memory = from_slice(&bytes).and_then(Checkpoint::new).map(all);
            let disk = Checkpoint::open(scratch.path()).map(all);
            file.write_all_at(&good[at..=at], at as u64).unwrap();
            let told = |it: Result<_, serde_pickle_files::Error>| {
                it.map_err(|error| (error.kind(), error.to_string()))
            };
            assert_eq!(told(disk), told(memory), "{name} {at}");
        }
    }
}
