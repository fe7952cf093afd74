//! Each committed file is read, written again, and loaded by the library that wrote it.
//!
//! `SERDE_PICKLE_JOBLIB` names Pythons with joblib and numpy, separated as paths are,
//! `SERDE_PICKLE_TORCH` one with torch; without them nothing is asked.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_pickle::Value;
use serde_pickle_files::joblib::WriteOptions;
use serde_pickle_files::torch::{Checkpoint, Writer};
use serde_pickle_files::{Compression, ErrorKind, open};

fn fixtures(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "files", folder];
    let entries = std::fs::read_dir(folder.iter().collect::<PathBuf>()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().unwrap() == extension).collect();
    paths.sort();
    paths
}

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("serde_pickle_libraries_{}_{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pythons(variable: &str) -> Vec<PathBuf> {
    let Some(list) = std::env::var_os(variable) else {
        eprintln!("{variable} is not set: the library is not asked");
        return Vec::new();
    };
    std::env::split_paths(&list).collect()
}

/// Runs the script with pairs of a file and what is in it.
fn ask(python: &Path, script: &str, files: &[(PathBuf, PathBuf)]) {
    let files = files.iter().flat_map(|(file, content)| [file.into(), content.into()]);
    let arguments: Vec<OsString> = files.collect();
    let output = Command::new(python).arg("-c").arg(script).args(arguments).output().unwrap();
    let (said, wrong) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {said}{wrong}", python.display());
    println!("{}: {}", python.display(), said.trim());
}

const JOBLIB: &str = r#"
import json, os, sys, joblib, numpy

def plain(value):
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return plain(value.tolist())
    if isinstance(value, dict):
        return dict((key, plain(item)) for key, item in value.items())
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value

aligned = tuple(map(int, joblib.__version__.split('.')[:2])) >= (1, 2)
files = list(zip(sys.argv[1::2], sys.argv[2::2]))
count = 0
for file, content in files:
    # What numpy 2 wrote has names of numpy 2.
    old = file.endswith('-unaligned') and not os.path.basename(file).startswith('1.6')
    if aligned or old:
        assert plain(joblib.load(file)) == json.load(open(content)), file
        count += 1
print('joblib %s loads %d of %d' % (joblib.__version__, count, len(files)))
"#;

#[test]
fn joblib_loads_each_committed_file_written_again() {
    let folder = Folder::new("joblib");
    let mut written = Vec::new();
    for path in fixtures("joblib", "joblib") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let version = name.split('-').next().unwrap().trim_end_matches(".joblib");
        let content = path.with_file_name(format!("{version}.json"));
        let file = open(&path).unwrap();
        let value: Value = file.get().unwrap();
        let compression = match file.compression().first() {
            Some(Compression::JoblibZlib) => Some(Compression::Zlib),
            other => other.copied(),
        };
        for (suffix, aligned) in [("", true), ("-unaligned", false)] {
            let mut options = WriteOptions::new().aligned(aligned);
            if let Some(compression) = compression {
                options = options.compression(compression);
            }
            let again = folder.0.join(format!("{name}{suffix}"));
            std::fs::write(&again, options.to_vec(&value).unwrap()).unwrap();
            written.push((again, content.clone()));
        }
    }
    assert!(written.len() >= 40, "{}", written.len());
    for python in pythons("SERDE_PICKLE_JOBLIB") {
        ask(&python, JOBLIB, &written);
    }
}

const TORCH: &str = r#"
import sys, torch

def same(name, here, there):
    assert here.dtype == there.dtype and here.shape == there.shape, (name, here, there)
    there = there.detach().contiguous().resolve_conj().resolve_neg()
    here, there = (x.detach().contiguous().flatten() for x in (here, there))
    assert here.view(torch.uint8).tolist() == there.view(torch.uint8).tolist(), name

def tensors(value, name=''):
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, torch.nn.Module):
        for part in tensors(value.state_dict(), name):
            yield part
    elif isinstance(value, (dict, list, tuple)):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            for found in tensors(part, '%s.%s' % (name, key) if name else str(key)):
                yield found

def original(path):
    if path.endswith('-script.pt'):
        return dict(torch.jit.load(path).state_dict())
    # A later PyTorch does not read all that an earlier one wrote.
    gone = '_rebuild_sparse_csr_tensor'
    if not hasattr(torch._utils, gone) and gone.encode() in open(path, 'rb').read():
        return None
    return dict(tensors(torch.load(path, weights_only=False)))

count = compared = 0
for written, path in zip(sys.argv[1::2], sys.argv[2::2]):
    there = original(path)
    for name, tensor in torch.load(written, weights_only=True).items():
        count += 1
        if there is not None:
            same((path, name), tensor, there[name])
            compared += 1
print('torch %s loads %d files with %d tensors, %d of them equal to its own reading of the original'
      % (torch.__version__, len(sys.argv) // 2, count, compared))
"#;

#[test]
fn torch_loads_each_committed_checkpoint_written_again() {
    let folder = Folder::new("torch");
    let mut written = Vec::new();
    for path in fixtures("torch", "pt") {
        let name = path.file_name().unwrap();
        let checkpoint = Checkpoint::open(&path).unwrap();
        let mut writer = Writer::new();
        let mut state = std::collections::BTreeMap::new();
        for tensor in checkpoint.tensors() {
            let name = tensor.name().unwrap();
            // Sparse, without storage, quantized: those are not written.
            let bytes = match tensor.bytes() {
                Err(error) if error.kind() == ErrorKind::Unsupported => continue,
                bytes => bytes.unwrap(),
            };
            match writer.tensor(tensor.dtype(), tensor.shape(), bytes) {
                Err(error) if error.kind() == ErrorKind::Unsupported => {}
                saved => drop(state.insert(name, saved.unwrap())),
            }
        }
        let again = folder.0.join(name);
        writer.finish(std::fs::File::create(&again).unwrap(), &state).unwrap();
        written.push((again, path));
    }
    assert!(written.len() >= 20, "{}", written.len());
    for python in pythons("SERDE_PICKLE_TORCH") {
        ask(&python, TORCH, &written);
    }
}
