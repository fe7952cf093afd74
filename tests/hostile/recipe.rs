//! The families of fixtures/hostile: what the manifest says of each, and its bytes.

use std::path::{Path, PathBuf};

use serde_derive::Deserialize;

/// Which of the two sizes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Size {
    Full,
    Small,
}

/// One entry of the manifest.
#[derive(Deserialize)]
pub(crate) struct Family {
    group: String,
    name: String,
    /// The results of reading a `Value` and a `Graph`: `ok` or the kind of the error.
    value: String,
    graph: String,
    /// The length in full.
    bytes: usize,
    file: Option<String>,
    #[serde(default)]
    full: Vec<Part>,
    #[serde(default)]
    small: Vec<Part>,
}

/// A piece of a recipe.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    /// In hexadecimal.
    Literal(String),
    Repeated {
        bytes: String,
        times: usize,
    },
    /// Numbers in a row.
    Numbers {
        count: usize,
        before: String,
        after: String,
        start: String,
        step: String,
        width: usize,
    },
}

/// Members of the workspace include this file, too.
fn folder() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    packages.map(|it| it.join("fixtures/hostile")).find(|it| it.is_dir()).unwrap()
}

pub(crate) fn families() -> Vec<Family> {
    let manifest = std::fs::read(folder().join("manifest.json")).unwrap();
    serde_json::from_slice(&manifest).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

impl Part {
    fn append(&self, out: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => out.extend(hex(text)),
            Self::Repeated { bytes, times } => out.extend(hex(bytes).repeat(*times)),
            Self::Numbers { count, before, after, start, step, width } => {
                let (before, after) = (hex(before), hex(after));
                let (start, step): (i128, i128) = (start.parse().unwrap(), step.parse().unwrap());
                for index in 0..*count as i128 {
                    let number = start + index * step;
                    out.extend_from_slice(&before);
                    match width {
                        0 => out.extend_from_slice(number.to_string().as_bytes()),
                        width => out.extend_from_slice(&number.to_le_bytes()[..*width]),
                    }
                    out.extend_from_slice(&after);
                }
            }
        }
    }
}

impl Family {
    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// The expected result of a path, if the manifest has one.
    pub(crate) fn expected(&self, path: &str) -> Option<&str> {
        match path {
            "value" | "value_reader" => Some(&self.value),
            "graph" | "graph_reader" => Some(&self.graph),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self, size: Size) -> Vec<u8> {
        if let Some(file) = &self.file {
            let bytes = std::fs::read(folder().join(file)).unwrap();
            assert_eq!(bytes.len(), self.bytes, "{file}");
            return bytes;
        }
        let mut bytes = Vec::new();
        let parts = if size == Size::Full { &self.full } else { &self.small };
        parts.iter().for_each(|part| part.append(&mut bytes));
        assert!(
            size == Size::Small || bytes.len() == self.bytes,
            "{}: {} bytes",
            self.title(),
            bytes.len()
        );
        bytes
    }
}
