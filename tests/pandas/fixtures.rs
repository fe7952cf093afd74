//! The committed pickles of pandas and its own export of each.

use std::io::Read as _;
use std::path::Path;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

/// One environment: a pandas, with or without pyarrow.
pub(crate) struct Environment {
    pub(crate) tag: String,
    pub(crate) cases: Vec<Case>,
    pickles: Vec<u8>,
}

/// One object.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) dtypes: Vec<String>,
    pub(crate) csv: String,
    /// Protocol, place, length.
    pub(crate) pickles: Vec<(u8, usize, usize)>,
}

impl Environment {
    pub(crate) fn pickle(&self, (_, place, len): (u8, usize, usize)) -> &[u8] {
        &self.pickles[place..place + len]
    }
}

fn unpacked(path: &Path) -> Vec<u8> {
    let packed = std::fs::read(path).unwrap();
    let mut bytes = Vec::new();
    ZlibDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

/// All of them.
pub(crate) fn environments() -> Vec<Environment> {
    #[derive(Deserialize)]
    struct Manifest {
        cases: Vec<Case>,
    }

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pandas");
    let mut tags: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".bin").map(str::to_owned)
        })
        .collect();
    tags.sort();
    assert!(tags.len() >= 8, "{tags:?}");
    let environment = |tag: String| {
        let manifest = unpacked(&folder.join(format!("{tag}.json")));
        let Manifest { cases } = serde_json::from_slice(&manifest).unwrap();
        let pickles = unpacked(&folder.join(format!("{tag}.bin")));
        Environment { tag, cases, pickles }
    };
    tags.into_iter().map(environment).collect()
}

/// The records of a text by Python's csv module.
pub(crate) fn records(csv: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut record, mut field) = (Vec::new(), String::new());
    let mut chars = csv.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    records
}
