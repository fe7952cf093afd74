//! The frames and series among the fixtures of numpy: pandas 1.3, 2 and 3 by other values.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_pickle::python::pandas::{Column, Frame, Index, Series};

#[derive(Deserialize)]
struct Manifest {
    entries: Vec<Json>,
}

#[derive(Deserialize)]
struct Pandas {
    file: String,
    #[serde(default)]
    columns: Map<String, Json>,
    #[serde(default)]
    values: Json,
    index: Vec<Json>,
}

#[test]
fn frames_of_other_versions_have_their_values() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/numpy");
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let Manifest { entries } = serde_json::from_str(&manifest).unwrap();
    let mut read = 0;
    for entry in entries.iter().filter(|entry| entry["index"].is_array()) {
        let entry = Pandas::deserialize(entry).unwrap();
        let pickle = std::fs::read(folder.join(&entry.file)).unwrap();
        let index = if entry.values.is_null() {
            let frame: Frame = serde_pickle::from_slice(&pickle).unwrap();
            let labels = frame.labels().values().map(|label| label.as_str().unwrap().to_owned());
            let columns = labels.zip(frame.columns().iter().map(plain)).collect::<Map<_, _>>();
            assert_eq!(columns, entry.columns, "{}", entry.file);
            frame.index().clone()
        } else {
            let series: Series = serde_pickle::from_slice(&pickle).unwrap();
            assert_eq!(plain(series.values()), entry.values, "{}", entry.file);
            series.index().clone()
        };
        assert_eq!(Json::from_iter(index_of(&index)), Json::from(entry.index), "{}", entry.file);
        read += 1;
    }
    assert!(read > 20, "only {read}");
}

fn index_of(index: &Index) -> Vec<Json> {
    index.values().map(|label| serde_json::to_value(label).unwrap()).collect()
}

/// Times without the fraction that is 0, as the manifest has them; NaN is null.
fn plain(column: &Column) -> Json {
    let value = |value| match serde_json::to_value(value).unwrap() {
        Json::String(text) => {
            let text = text.trim_end_matches(".000000").trim_end_matches(".000000000");
            Json::from(text)
        }
        other => other,
    };
    column.values().map(value).collect()
}
