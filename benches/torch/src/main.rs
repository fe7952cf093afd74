//! The same checkpoints of PyTorch by serde_pickle_files, pytorch-reader and candle.
//!
//! ```sh
//! cargo build --release --manifest-path benches/torch/Cargo.toml
//! benches/torch/target/release/serde_pickle_benches_torch files
//! benches/torch/target/release/serde_pickle_benches_torch big [FILE]
//! ```
//!
//! `files` says of each committed checkpoint how many tensors a reader gives, as names, types,
//! shapes and elements. `big` writes a state dict of 200 MB (or takes a file), and has each reader
//! read all of it, in turns, each time in a process of its own: seconds and peak memory. Both print
//! tables in Markdown.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_pickle_files::OpenOptions;
use serde_pickle_files::torch::{Checkpoint, DType, save_state_dict};

type Failure = Box<dyn std::error::Error>;

/// The readers, as the tables name them.
const READERS: &[&str] = &["serde_pickle_files", "pytorch-reader", "candle"];

/// Times that each reader reads the big file.
const ROUNDS: usize = 21;

/// A tensor, or the reason why there is none: its name, and everything else in one line.
type Listed = (String, Result<String, String>);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["files"] => files(),
        ["big"] => {
            let path = std::env::temp_dir().join("serde-pickle-big.pt");
            write(&path)?;
            let done = big(&path);
            fs::remove_file(&path)?;
            done
        }
        ["big", path] => big(Path::new(path)),
        // The other two run these in processes of their own.
        ["list", reader, path] => {
            for (name, told) in list(reader, path)? {
                println!("{name}\t{}", told.unwrap_or_else(|error| format!("! {error}")));
            }
            Ok(())
        }
        ["read", reader, path] => {
            let (start, busy) = (Instant::now(), on_processor());
            let (tensors, bytes, sum) = read(reader, path, &mut || ())?;
            let (busy, passed) = (on_processor() - busy, start.elapsed().as_secs_f64() * 1e3);
            println!("{tensors} {bytes} {sum} {passed} {busy} {}", status("VmHWM:"));
            Ok(())
        }
        ["heap", reader, path] => {
            let mut heap = 0;
            read(reader, path, &mut || heap = heap.max(status("RssAnon:")))?;
            println!("{heap}");
            Ok(())
        }
        _ => Err("usage: files | big [FILE]".into()),
    }
}

/// Memory of this process in KiB: `VmHWM:` is the highest that was resident, pages of the program
/// and of mapped files among it; `RssAnon:` the memory that it has of its own now.
fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Milliseconds that the thread has been on a processor, in the kernel or not: on a busy machine it
/// says more than the time that has passed.
fn on_processor() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: u64 = text.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    nanoseconds as f64 / 1e6
}

fn told(dtype: &str, shape: &[usize], bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{dtype} {shape:?} {:016x}", hasher.finish())
}

fn list(reader: &str, path: &str) -> Result<Vec<Listed>, Failure> {
    let mut found = Vec::new();
    match reader {
        "serde_pickle_files" => {
            for tensor in Checkpoint::open(path)?.tensors() {
                let name = tensor.name().unwrap_or_default().to_owned();
                // A sparse tensor is its parts.
                let parts: Vec<_> = tensor.parts().collect();
                if parts.is_empty() {
                    let line = tensor
                        .bytes()
                        .map(|bytes| told(tensor.dtype().name(), tensor.shape(), &bytes));
                    found.push((name, line.map_err(|error| error.to_string())));
                } else {
                    let layout = tensor.layout();
                    found.push((name, Ok(format!("{layout} of {} parts", parts.len()))));
                }
            }
        }
        "pytorch-reader" => {
            for (name, tensor) in pytorch_reader::PytorchReader::new(path)?.into_tensors() {
                let dtype = name_of(&format!("{:?}", tensor.dtype()));
                let line = tensor.read().map(|bytes| told(&dtype, tensor.shape(), &bytes));
                found.push((name, line.map_err(|error| error.to_string())));
            }
        }
        "candle" => {
            let file = candle_core::pickle::PthTensors::new(path, None)?;
            for name in file.tensor_infos().keys() {
                let line = candle(&file, name).map(|(tensor, bytes)| {
                    let dtype = name_of(&format!("{:?}", tensor.dtype()));
                    told(&dtype, tensor.dims(), &bytes)
                });
                found.push((name.clone(), line.map_err(|error| error.to_string())));
            }
        }
        _ => return Err("no such reader".into()),
    }
    Ok(found)
}

/// A tensor of candle, and its elements in the order of the indices.
fn candle(
    file: &candle_core::pickle::PthTensors,
    name: &str,
) -> Result<(candle_core::Tensor, Vec<u8>), Failure> {
    let tensor = file.get(name)?.ok_or("there is none")?;
    let mut bytes = Vec::new();
    tensor.contiguous()?.write_bytes(&mut bytes)?;
    Ok((tensor, bytes))
}

/// PyTorch's name of a type, by those of Rust.
fn name_of(dtype: &str) -> String {
    match dtype {
        "BF16" => "bfloat16".to_owned(),
        "F8E4M3" => "float8_e4m3fn".to_owned(),
        "Bool" => "bool".to_owned(),
        _ => dtype.replace('F', "float").replace('I', "int").replace('U', "uint"),
    }
}

/// Reads all tensors, and calls `each` while it has one; gives how many there are, their bytes, and
/// a sum over some of them.
fn read(reader: &str, path: &str, each: &mut dyn FnMut()) -> Result<(usize, usize, u64), Failure> {
    let (mut count, mut len, mut sum) = (0, 0, 0_u64);
    let mut add = |bytes: &[u8]| {
        count += 1;
        len += bytes.len();
        // A byte of each page, so that what is mapped has been read.
        sum = bytes.iter().step_by(4096).fold(sum, |sum, &byte| sum.wrapping_add(byte.into()));
        each();
    };
    match reader {
        "serde_pickle_files" => {
            for tensor in Checkpoint::open(path)?.tensors() {
                add(&tensor.bytes()?);
            }
        }
        "serde_pickle_files, one buffer" => {
            let mut buffer = Vec::new();
            for tensor in Checkpoint::open(path)?.tensors() {
                tensor.read_into(&mut buffer)?;
                add(&buffer);
            }
        }
        "serde_pickle_files, mapped" => {
            let checkpoint = Checkpoint::new(OpenOptions::new().map(true).open(path)?)?;
            for tensor in checkpoint.tensors() {
                add(&tensor.bytes()?);
            }
        }
        "pytorch-reader" => {
            for tensor in pytorch_reader::PytorchReader::new(path)?.into_tensors().values() {
                add(&tensor.read()?);
            }
        }
        "candle" => {
            let file = candle_core::pickle::PthTensors::new(path, None)?;
            for name in file.tensor_infos().keys() {
                let tensor = file.get(name)?.ok_or("there is none")?;
                // One type in the file that `big` writes.
                let flat = tensor.flatten_all()?;
                let (storage, _) = flat.storage_and_layout();
                if let candle_core::Storage::Cpu(candle_core::CpuStorage::F32(numbers)) = &*storage
                {
                    count += 1;
                    len += numbers.len() * 4;
                    let pages = numbers.iter().step_by(1024);
                    sum = pages.fold(sum, |sum, it| sum.wrapping_add(it.to_le_bytes()[0].into()));
                    each();
                }
            }
        }
        _ => return Err("no such reader".into()),
    }
    Ok((count, len, sum))
}

/// Runs this program again; gives what it prints, or the last line of its errors.
fn run(arguments: &[&str]) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let error = error.lines().find(|line| line.starts_with("Error")).or(error.lines().next());
    Err(error.unwrap_or("it was killed").chars().take(110).collect())
}

fn committed() -> Result<Vec<PathBuf>, Failure> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut files = Vec::new();
    for folder in ["files/torch", "wild/torch"] {
        for entry in fs::read_dir(fixtures.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == "pt" || it == "bin") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn listed(reader: &str, path: &str) -> Result<BTreeMap<String, String>, String> {
    let text = run(&["list", reader, path])?;
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines.map(|(name, told)| (name.to_owned(), told.to_owned())).collect())
}

fn files() -> Result<(), Failure> {
    println!("| file | tensors | {} |", READERS.join(" | "));
    println!("|---|---:|{}", "---|".repeat(READERS.len()));
    for path in committed()? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = path.to_str().ok_or("a path is not text")?;
        let all: Vec<_> = READERS.iter().map(|reader| listed(reader, path)).collect();
        // The tests of files/ compare ours with what torch itself says.
        let expected = all[0].clone()?;
        let mut row = format!("| `{name}` | {} |", expected.len());
        for found in &all {
            let cell = match found {
                Ok(found) => compared(&expected, found),
                Err(error) => error.replace('|', "/").replace('\n', " "),
            };
            row.push_str(&format!(" {cell} |"));
        }
        println!("{row}");
    }
    Ok(())
}

/// The number of tensors that are as they should be, and the names of others.
fn compared(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> String {
    let (mut same, mut wrong, mut refused) = (0, Vec::new(), 0);
    for (name, told) in found {
        match expected.get(name) {
            _ if told.starts_with('!') => refused += 1,
            Some(expected) if expected == told => same += 1,
            _ => wrong.push(format!("`{name}`")),
        }
    }
    let mut text = format!("{same}");
    if !wrong.is_empty() {
        text.push_str(&format!("; {} other than torch's: {}", wrong.len(), wrong.join(", ")));
    }
    if refused > 0 {
        text.push_str(&format!("; {refused} refused"));
    }
    text
}

/// A state dict of 200 MB: 48 layers, of float32.
fn write(path: &Path) -> Result<(), Failure> {
    let weight: Vec<u8> =
        (0..1024 * 1024_u32).flat_map(|number| (number as f32).to_le_bytes()).collect();
    let names: Vec<String> =
        (0..48).flat_map(|layer| [format!("{layer}.weight"), format!("{layer}.bias")]).collect();
    let tensors = names.iter().map(|name| match name.ends_with("weight") {
        true => (name.as_str(), DType::F32, &[1024, 1024][..], &weight[..]),
        false => (name.as_str(), DType::F32, &[1024][..], &weight[..4096]),
    });
    save_state_dict(std::io::BufWriter::new(fs::File::create(path)?), tensors)?;
    Ok(())
}

fn big(path: &Path) -> Result<(), Failure> {
    let len = fs::metadata(path)?.len();
    let path = path.to_str().ok_or("a path is not text")?;
    let readers = [
        "serde_pickle_files",
        "serde_pickle_files, one buffer",
        "serde_pickle_files, mapped",
        "pytorch-reader",
        "candle",
    ];
    let mut seen: Vec<Vec<[f64; 3]>> = vec![Vec::new(); readers.len()];
    let mut what = vec![String::new(); readers.len()];
    for _ in 0..ROUNDS {
        for (at, reader) in readers.iter().enumerate() {
            match run(&["read", reader, path]) {
                Ok(line) => {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    let [tensors, bytes, sum, passed, busy, peak] = words[..] else {
                        return Err("a reader printed something else".into());
                    };
                    seen[at].push([passed.parse()?, busy.parse()?, peak.parse()?]);
                    what[at] = format!("{tensors} tensors, {bytes} bytes, sum {sum}");
                }
                Err(error) => what[at] = error,
            }
        }
    }
    println!("{len} bytes, {ROUNDS} rounds in turns, a process each; medians\n");
    println!("| reader | read | ms | ms on a processor | ratio | peak MiB | of its own MiB |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    let mut base = None;
    for (at, reader) in readers.iter().enumerate() {
        let median = |field: usize| {
            let mut all: Vec<f64> = seen[at].iter().map(|fields| fields[field]).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied()
        };
        let (Some(passed), Some(busy), Some(peak)) = (median(0), median(1), median(2)) else {
            println!("| {reader} | {} | | | | | |", what[at]);
            continue;
        };
        let ratio = busy / *base.get_or_insert(busy);
        let heap: f64 = run(&["heap", reader, path])?.trim().parse()?;
        let (peak, heap) = (peak / 1024.0, heap / 1024.0);
        println!(
            "| {reader} | {} | {passed:.0} | {busy:.0} | {ratio:.2} | {peak:.1} | {heap:.1} |",
            what[at]
        );
    }
    Ok(())
}
