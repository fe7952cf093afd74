//! The fixtures, as every other module wants them: bytes, what the manifest says of them, and how
//! to read them.
//!
//! A set of fixtures is a folder below `fixtures/` with a `manifest.json`. Manifests may describe
//! one file several times (equal bytes of several Pythons); [`files`] gives every file once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_derive::Deserialize;
use serde_json::Value as Json;
use serde_pickle::reduce::ExtensionRegistry;
use serde_pickle::{DeOptions, Encoding};

/// One described file.
pub(crate) struct Fixture {
    /// The folder: `valid`, `odd`, …
    pub(crate) set: &'static str,
    /// Its path below that.
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// The manifest's entry.
    pub(crate) entry: Json,
    /// The extension codes it was written with.
    registry: Option<ExtensionRegistry>,
    /// The out-of-band buffers that belong to it.
    buffers: Option<Vec<Vec<u8>>>,
}

/// Both spellings of the manifests: a list of `[module, name, code]`, or an object by code.
fn registry(entry: &Json) -> Option<ExtensionRegistry> {
    let mut registry = ExtensionRegistry::new();
    let mut add = |module: &Json, name: &Json, code: u32| {
        registry.add(module.as_str().unwrap(), name.as_str().unwrap(), code).unwrap();
    };
    match (&entry["extensions"], &entry["registry"]) {
        (Json::Array(list), _) => {
            list.iter()
                .for_each(|it| add(&it[0], &it[1], it[2].as_u64().unwrap().try_into().unwrap()));
        }
        (_, Json::Object(map)) => {
            map.iter().for_each(|(code, it)| add(&it[0], &it[1], code.parse().unwrap()));
        }
        _ => return None,
    }
    Some(registry)
}

/// Both spellings of the manifests: hexadecimal, or a file beside the pickle.
fn buffers(set: &str, entry: &Json) -> Option<Vec<Vec<u8>>> {
    let buffer = |it: &Json| match (it, &it["file"]) {
        (Json::String(hex), _) => (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect(),
        (_, Json::String(file)) => bytes(&format!("{set}/{file}")),
        _ => panic!("what buffer is {it}?"),
    };
    entry["buffers"].as_array().map(|list| list.iter().map(buffer).collect())
}

impl Fixture {
    /// Its name in a failure.
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

    /// The options with which the manifest was made: Python 2 text by `encoding`, else as latin-1;
    /// its extension codes and buffers at hand.
    pub(crate) fn options(&self) -> DeOptions<'_> {
        let encoding = match self.text("encoding") {
            "bytes" => Encoding::Bytes,
            "utf-8" => Encoding::Utf8,
            "ASCII" => Encoding::Ascii,
            "" | "latin1" => Encoding::Latin1,
            other => panic!("{}: what encoding is {other}?", self.name()),
        };
        let fix_imports = self.entry["fix_imports"].as_bool().unwrap_or(true);
        let mut options = DeOptions::new().encoding(encoding).fix_imports(fix_imports);
        if let Some(registry) = &self.registry {
            options = options.extensions(registry.clone());
        }
        if let Some(buffers) = &self.buffers {
            options = options.buffers(buffers);
        }
        options
    }

    /// Returns true if it takes out-of-band buffers.
    pub(crate) fn takes_buffers(&self) -> bool {
        self.buffers.as_ref().is_some_and(|buffers| !buffers.is_empty())
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The entries in the manifest of a folder below `fixtures/`.
pub(crate) fn described<T: DeserializeOwned>(set: &str) -> Vec<T> {
    #[derive(Deserialize)]
    struct Manifest<T> {
        entries: Vec<T>,
    }

    let text = std::fs::read_to_string(folder().join(set).join("manifest.json")).unwrap();
    serde_json::from_str::<Manifest<T>>(&text).unwrap().entries
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
            let bytes =
                read.entry(file.clone()).or_insert_with(|| std::fs::read(path).unwrap()).clone();
            let (registry, buffers) = (registry(&entry), buffers(set, &entry));
            Fixture { set, file, bytes, entry, registry, buffers }
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

    /// The number of failures.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// Fails where anything failed, or where fewer than `least` things were looked at.
    pub(crate) fn finish(self, least: usize) {
        let shown = self.found.iter().take(400).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.found.is_empty(), "{} of {} failed:\n{shown}", self.found.len(), self.checked);
        assert!(self.checked >= least, "only {} checks were made", self.checked);
    }
}
