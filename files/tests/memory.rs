//! Memory of large files as the operating system counts it: the highest resident memory (`VmHWM`)
//! of a process that opens a file and looks at it, and does nothing else.
//!
//! The files have 64 MiB, and a GiB with `SERDE_PICKLE_LARGE=1073741824`; `--nocapture` shows the
//! figures:
//!
//! ```sh
//! SERDE_PICKLE_LARGE=1073741824 cargo test --release -p serde_pickle_files --all-features \
//!     --test memory -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle::python::numpy::{Dtype, NdArray};
use serde_pickle::reduce::{Args, Global, Reduce};
use serde_pickle::{DeOptions, Dict, Protocol, SerOptions, Value};
#[cfg(feature = "mmap")]
use serde_pickle_files::OpenOptions;
use serde_pickle_files::torch::Checkpoint;
use serde_pickle_files::{Opened, from_reader, open};

const MIB: u64 = 1 << 20;

/// Bytes of the array, or of all tensors.
fn size() -> u64 {
    let size = std::env::var("SERDE_PICKLE_LARGE").ok();
    size.map_or(64 * MIB, |size| size.parse().unwrap()).max(64 * MIB)
}

/// A file that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("serde_pickle_memory_{}_{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Bytes that are 7 throughout.
fn sevens(len: u64) -> impl Read {
    io::repeat(7).take(len)
}

/// `joblib.dump({'w': array}, path)`, the array being of floats. The pickle is written without it,
/// and the bytes behind the wrapper's BUILD, aligned as joblib does.
fn write_joblib(path: &Path, len: u64) -> io::Result<()> {
    let dtype: Dtype = "<f8".parse().unwrap();
    let state = Dict::from([
        ("subclass", serde_pickle::to_value(&Global::new("numpy", "ndarray")).unwrap()),
        ("shape", Value::Tuple(vec![Value::from(len / 8)])),
        ("order", Value::from("C")),
        ("dtype", serde_pickle::to_value(&dtype).unwrap()),
        ("allow_mmap", Value::from(true)),
        ("numpy_array_alignment_bytes", Value::from(16)),
    ]);
    let class = Global::new("joblib.numpy_pickle", "NumpyArrayWrapper");
    let wrapper: Reduce = Reduce::new_obj(class, Args::default());
    let wrapper = wrapper.with_state(Value::from(state));
    let options = SerOptions::new().protocol(Protocol::V4).framing(false);
    let pickle = options.to_vec(&Value::from(Dict::from([("w", Value::from(wrapper))]))).unwrap();
    let mut found = instructions(&pickle);
    let mut build = 0;
    while let Some(instruction) = found.next() {
        if instruction.unwrap().1 == Opcode::Build {
            build = found.position() as usize;
        }
    }
    let (before, after) = pickle.split_at(build);
    let padding = 16 - (build + 1) % 16;
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(before)?;
    file.write_all(&[padding as u8])?;
    file.write_all(&vec![0xff; padding])?;
    io::copy(&mut sevens(len / 8 * 8), &mut file)?;
    file.write_all(after)?;
    file.flush()
}

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(borrow)]
    w: NdArray<'a>,
}

/// Ten bytes of the array.
fn look(array: &NdArray<'_>) {
    assert_eq!(array.data().len() as u64, size());
    assert!(array.data().iter().step_by(array.data().len() / 10).all(|&byte| byte == 7));
}

fn look_into(file: &Opened<'_>) {
    let pickle = file.pickle().unwrap();
    let model: Model<'_> = pickle.get().unwrap();
    assert!(model.w.is_borrowed());
    look(&model.w);
}

/// The ways in which a process reads a file.
fn read(way: &str, path: &str) {
    match way {
        "start" => {}
        #[cfg(feature = "mmap")]
        "joblib mapped" => look_into(&OpenOptions::new().map(true).open(path).unwrap()),
        "joblib opened" => look_into(&open(path).unwrap()),
        "joblib from a reader" => look_into(&from_reader(File::open(path).unwrap()).unwrap()),
        "joblib from a reader, into a graph" => {
            let options = DeOptions::new().joblib(true);
            let graph = options.graph_from_reader(File::open(path).unwrap()).unwrap();
            look(&NdArray::deserialize(graph.root().get("w").unwrap()).unwrap());
        }
        "torch" => {
            let checkpoint = Checkpoint::open(path).unwrap();
            assert_eq!(checkpoint.tensors().len(), 64);
            for tensor in checkpoint.tensors() {
                assert_eq!(tensor.bytes().unwrap().len() as u64, size() / 64);
            }
        }
        "torch, one tensor" => {
            let checkpoint = Checkpoint::open(path).unwrap();
            assert_eq!(checkpoint.named("7").unwrap().to_vec::<u8>().unwrap()[99], 7);
        }
        _ => panic!("no such way: {way}"),
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak {}", peak.trim().trim_end_matches(" kB"));
}

/// The process that is measured is this test.
#[test]
fn measured() {
    if let (Ok(way), Ok(path)) = (std::env::var("READ_BY"), std::env::var("READ_PATH")) {
        read(&way, &path);
    }
}

/// The highest resident memory of a process that reads the file, in bytes.
fn peak(way: &str, path: &Path) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "measured", "--nocapture", "--test-threads=1"])
        .env("READ_BY", way)
        .env("READ_PATH", path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{way}: {text} {}", String::from_utf8_lossy(&output.stderr));
    let (_, rest) = text.split_once("peak ").unwrap();
    let peak = rest.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024;
    println!("{way}: {:.1} MiB of {} MiB", peak as f64 / MIB as f64, size() / MIB);
    peak
}

#[test]
fn a_mapped_array_takes_no_memory_and_one_from_a_reader_its_own() {
    let scratch = Scratch::new("joblib");
    write_joblib(&scratch.0, size()).unwrap();
    let start = peak("start", &scratch.0);
    #[cfg(feature = "mmap")]
    assert!(peak("joblib mapped", &scratch.0) < start + 16 * MIB);
    for way in ["joblib opened", "joblib from a reader", "joblib from a reader, into a graph"] {
        assert!(peak(way, &scratch.0) < start + size() + size() / 10, "{way}");
    }
}

#[test]
fn a_checkpoint_takes_the_memory_of_a_tensor() {
    use serde_pickle_files::torch::{DType, save_state_dict};

    let scratch = Scratch::new("torch");
    let len = size() / 64;
    let bytes = vec![7; len as usize];
    let names: Vec<String> = (0..64).map(|at| at.to_string()).collect();
    let shape = [len as usize];
    let tensors = names.iter().map(|name| (name.as_str(), DType::U8, &shape[..], &bytes[..]));
    save_state_dict(BufWriter::new(File::create(&scratch.0).unwrap()), tensors).unwrap();
    let start = peak("start", &scratch.0);
    for way in ["torch", "torch, one tensor"] {
        assert!(peak(way, &scratch.0) < start + 2 * len + 8 * MIB, "{way}");
    }
}
