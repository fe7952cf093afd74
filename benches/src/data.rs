//! Finds the data, and has it made where it is missing.
//!
//! `data.py` writes the pickles. What the peers of other formats read is encoded by them, once,
//! from the values in the pickle, and kept beside it (`records.msgpack`, `records.json`,
//! `records.bincode`); the bincode file is also where the truth is loaded from, because that is
//! quick. A file older than its pickle is made anew.

use std::cell::OnceCell;
use std::env;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use serde::Serialize;

use crate::workload::Workload;

/// The input of a contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Pickle,
    /// With field names, as pickle and JSON have them.
    MessagePack,
    Json,
    Bincode,
}

impl Input {
    fn extension(self) -> &'static str {
        match self {
            Input::Pickle => "pkl",
            Input::MessagePack => "msgpack",
            Input::Json => "json",
            Input::Bincode => "bincode",
        }
    }
}

/// The folder of the data: `$SERDE_PICKLE_BENCH_DATA`, else `benches/data`.
pub fn folder() -> PathBuf {
    match env::var_os("SERDE_PICKLE_BENCH_DATA") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("data"),
    }
}

/// The data of one workload. Clones share what is loaded.
pub struct Source<W: Workload> {
    folder: PathBuf,
    truth: Rc<OnceCell<Rc<W::Owned>>>,
    workload: PhantomData<W>,
}

impl<W: Workload> Clone for Source<W> {
    fn clone(&self) -> Self {
        Source { folder: self.folder.clone(), truth: self.truth.clone(), workload: PhantomData }
    }
}

impl<W: Workload> Source<W> {
    pub fn new(folder: &Path) -> Self {
        Source {
            folder: folder.to_path_buf(),
            truth: Rc::new(OnceCell::new()),
            workload: PhantomData,
        }
    }

    /// True if the pickle is there or can be made.
    pub fn available(&self) -> bool {
        self.pickle(W::FILE).is_ok() && self.pickle(W::TRUTH).is_ok()
    }

    /// The bytes that readers of `input` read. They live as long as the process, so that values may
    /// borrow from them.
    pub fn input(&self, input: Input) -> Result<&'static [u8], String> {
        let path = match input {
            Input::Pickle => self.pickle(W::FILE)?,
            other => self.converted(other)?,
        };
        Ok(read(&path)?.leak())
    }

    /// The values.
    pub fn truth(&self) -> Result<Rc<W::Owned>, String> {
        if let Some(truth) = self.truth.get() {
            return Ok(truth.clone());
        }
        let bytes = read(&self.converted(Input::Bincode)?)?;
        let truth: W::Owned = bincode::deserialize(&bytes).map_err(|e| e.to_string())?;
        Ok(self.truth.get_or_init(|| Rc::new(truth)).clone())
    }

    fn path(&self, name: &str, input: Input) -> PathBuf {
        self.folder.join(format!("{name}.{}", input.extension()))
    }

    fn pickle(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.path(name, Input::Pickle);
        if !path.exists() {
            generate(&self.folder, name)?;
        }
        if path.exists() {
            Ok(path)
        } else {
            Err(format!("data.py did not make {}", path.display()))
        }
    }

    /// The truth in another format.
    fn converted(&self, input: Input) -> Result<PathBuf, String> {
        let pickle = self.pickle(W::TRUTH)?;
        let path = self.path(W::TRUTH, input);
        if is_newer(&path, &pickle) {
            return Ok(path);
        }
        let value: W::Ordered = sp12::from_slice(&read(&pickle)?, sp12::DeOptions::new())
            .map_err(|e| format!("{}: {e}", pickle.display()))?;
        let bytes = encode(&value, input)?;
        // Renamed into place when whole: an interrupted run leaves no half file behind.
        let part = path.with_extension("part");
        fs::write(&part, bytes)
            .and_then(|()| fs::rename(&part, &path))
            .map_err(|e| e.to_string())?;
        Ok(path)
    }
}

fn encode<T: Serialize>(value: &T, input: Input) -> Result<Vec<u8>, String> {
    match input {
        Input::Pickle => Err("the pickles are Python's".to_owned()),
        Input::MessagePack => rmp_serde::to_vec_named(value).map_err(|e| e.to_string()),
        Input::Json => serde_json::to_vec(value).map_err(|e| e.to_string()),
        Input::Bincode => bincode::serialize(value).map_err(|e| e.to_string()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn is_newer(path: &Path, than: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified());
    matches!((changed(path), changed(than)), (Ok(a), Ok(b)) if a >= b)
}

/// A Python to make data with: `$PYTHON`, else the first of `python3.13` and `python3` that runs.
pub fn python() -> String {
    let runs = |name: &str| {
        Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    match env::var("PYTHON") {
        Ok(name) if !name.is_empty() => name,
        _ if runs("python3.13") => "python3.13".to_owned(),
        _ => "python3".to_owned(),
    }
}

fn generate(folder: &Path, name: &str) -> Result<(), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("data.py");
    let scale = env::var("SERDE_PICKLE_BENCH_SCALE").unwrap_or_else(|_| "1".to_owned());
    let python = python();
    let status = Command::new(&python)
        .arg(&script)
        .arg("--out")
        .arg(folder)
        .args(["--scale", &scale, name])
        .status()
        .map_err(|e| format!("{python}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{python} {}: {status}", script.display())) }
}
