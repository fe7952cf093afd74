//! The fixtures, as every other module wants them: bytes, what the manifest says of them, and how to read them.
//!
//! A set of fixtures is a folder below `fixtures/` with a `manifest.json`. Manifests may describe one file several times
//! (equal bytes of several Pythons); [`files`] gives every file once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use serde_pickle::{DeOptions, Encoding};

/// One described file.
pub(crate) struct Fixture {
    /// The folder: `valid`, `odd`, …
    pub(crate) set: &'static str,
    /// Its path below that.
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// What the manifest says.
    pub(crate) entry: Json,
}

impl Fixture {
    /// What to call it in a failure.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.set, self.file)
    }

    /// A text of the manifest, empty where there is none.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.entry[key].as_str().unwrap_or_default()
    }

    /// The topic: the first folder of the file.
    pub(crate) fn topic(&self) -> &str {
        self.file.split('/').next().unwrap_or_default()
    }

    /// How the manifest was made: Python 2 text by `encoding`, else as latin-1.
    pub(crate) fn options(&self) -> DeOptions<'static, 'static> {
        let encoding = match self.text("encoding") {
            "bytes" => Encoding::Bytes,
            "utf-8" => Encoding::Utf8,
            "ASCII" => Encoding::Ascii,
            "" | "latin1" => Encoding::Latin1,
            other => panic!("{}: what encoding is {other}?", self.name()),
        };
        let fix_imports = self.entry["fix_imports"].as_bool().unwrap_or(true);
        DeOptions::new().encoding(encoding).fix_imports(fix_imports)
    }

    /// Whether it needs out-of-band buffers.
    pub(crate) fn needs_buffers(&self) -> bool {
        let buffers = &self.entry["buffers"];
        !buffers.is_null() && buffers.as_array().is_none_or(|buffers| !buffers.is_empty())
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) fn read_json(path: &str) -> Json {
    let text = std::fs::read_to_string(folder().join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every entry of a manifest.
pub(crate) fn entries(set: &'static str) -> Vec<Fixture> {
    let manifest = read_json(&format!("{set}/manifest.json"));
    let list = match &manifest {
        Json::Array(list) => list.clone(),
        other => other["entries"].as_array().unwrap().clone(),
    };
    let mut read: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    list.into_iter()
        .map(|entry| {
            let file = entry["file"].as_str().unwrap().to_owned();
            let path = folder().join(set).join(&file);
            let bytes = read.entry(file.clone()).or_insert_with(|| std::fs::read(path).unwrap()).clone();
            Fixture { set, file, bytes, entry }
        })
        .collect()
}

/// Every file of a manifest, with the first entry that names it.
pub(crate) fn files(set: &'static str) -> Vec<Fixture> {
    let mut seen = std::collections::BTreeSet::new();
    entries(set).into_iter().filter(|fixture| seen.insert(fixture.file.clone())).collect()
}

/// Every file that is a pickle by its manifest, of all sets.
pub(crate) fn all() -> Vec<Fixture> {
    ["valid", "odd", "invalid", "types", "numpy", "hooks"].into_iter().flat_map(files).collect()
}

/// One file of a set by its path.
pub(crate) fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Collects failures, so that one run tells all of them.
#[derive(Default)]
pub(crate) struct Failures {
    checked: usize,
    found: Vec<String>,
}

impl Failures {
    pub(crate) fn check(&mut self, fine: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !fine {
            self.found.push(what());
        }
    }

    pub(crate) fn push(&mut self, what: String) {
        self.check(false, || what);
    }

    /// Fails where anything failed, or where fewer than `least` things were looked at.
    pub(crate) fn finish(self, least: usize) {
        let shown = self.found.iter().take(400).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.found.is_empty(), "{} of {} failed:\n{shown}", self.found.len(), self.checked);
        assert!(self.checked >= least, "only {} checks were made", self.checked);
    }
}
