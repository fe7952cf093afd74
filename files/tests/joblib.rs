//! Files that joblib wrote, in every compression and of versions 0.9 to the newest.
//!
//! `SERDE_PICKLE_JOBLIB` names a Python with joblib: what is written here is then loaded by it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_pickle::python::numpy::NdArray;
use serde_pickle::{AllowList, Resolver, Value};
use serde_pickle_files::joblib::{self, SideFiles, WriteOptions};
use serde_pickle_files::{Compression, Kind, OpenOptions, open};

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "files", name].iter().collect()
}

fn json(name: &str) -> Json {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

fn files(folder: &str, keep: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(fixture(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| keep(name))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{folder}");
    names
}

#[test]
fn every_version_and_compression_holds_the_same() {
    for name in files("joblib", |name| name.ends_with(".joblib")) {
        let version = name.split(['-']).next().unwrap().trim_end_matches(".joblib");
        let file = open(fixture("joblib").join(&name)).unwrap();
        let read: Json = file.get().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, json(&format!("joblib/{version}.json")), "{name}");
        let compressed = !file.compression().is_empty();
        let plain = name.contains("-p") || name == format!("{version}.joblib");
        assert_eq!(compressed, !plain, "{name}");
    }
}

#[derive(Debug, Deserialize)]
struct Model<'a> {
    name: &'a str,
    #[serde(borrow)]
    c: NdArray<'a>,
    f: NdArray<'a>,
    big: NdArray<'a>,
    objects: NdArray<'a>,
}

#[test]
fn arrays_are_borrowed_from_the_file() {
    for name in ["1.1.1.joblib", "1.6.0.joblib", "1.6.0-zlib.joblib"] {
        let file = open(fixture("joblib").join(name)).unwrap();
        assert_eq!(file.kind(), Kind::Joblib);
        let pickle = file.pickle().unwrap();
        let model: Model = pickle.get().unwrap();
        assert_eq!(model.name, "model");
        assert!(model.c.is_borrowed() && model.f.is_borrowed(), "{name}");
        assert_eq!(model.f.to_vec::<i32>().unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(model.big.to_vec::<u16>().unwrap(), [1, 258]);
        assert_eq!(model.objects.objects().len(), 3);
        let bytes = file.bytes().unwrap();
        assert!(bytes.as_ptr_range().contains(&model.c.data().as_ptr()));
    }
}

#[cfg(feature = "mmap")]
#[test]
fn a_mapped_file_reads_the_same() {
    let options = OpenOptions::new().map(true);
    for name in files("joblib", |name| name.starts_with("1.6") && name.ends_with(".joblib")) {
        let file = options.open(fixture("joblib").join(&name)).unwrap();
        assert_eq!(file.get::<Json>().unwrap(), json("joblib/1.6.0.json"), "{name}");
    }
    // A file that cannot be mapped is read.
    assert!(options.open("/dev/null").is_ok_and(|file| file.size() == 0));
}

#[test]
fn files_beside_a_file_are_read_from_its_folder_alone() {
    let bytes = std::fs::read(fixture("joblib/0.9.4.joblib")).unwrap();
    // From memory there is no folder: the wrapper is what it is.
    let file = serde_pickle_files::from_slice(&bytes).unwrap();
    let value: Value = file.get().unwrap();
    assert!(value.to_string().contains("NDArrayWrapper"), "{value}");
    // With options of one's own the resolver is joined.
    let known = AllowList::new()
        .allow_module("joblib.numpy_pickle")
        .allow_module("numpy")
        .allow_module("numpy.core.multiarray");
    let pickle = file.pickle().unwrap();
    let options = pickle.options().resolver(known.and(SideFiles::new(fixture("joblib"))));
    let read: Json = pickle.get_with(&options).unwrap();
    assert_eq!(read, json("joblib/0.9.4.json"));

    // Names that climb, by hand: the wrapper's state says where.
    for name in ["../joblib/0.9.4.joblib_01.npy", "/etc/passwd", "..", "", "a/b"] {
        let pickle = format!(
            "\u{63}joblib.numpy_pickle\nNDArrayWrapper\n)\u{81}}}S'filename'\nS'{name}'\nsb."
        );
        let pickle: Vec<u8> = pickle.chars().map(|c| c as u8).collect();
        let file = serde_pickle_files::from_slice(&pickle).unwrap();
        let pickle = file.pickle().unwrap();
        let options = pickle.options().resolver(SideFiles::new(fixture("joblib")));
        let error = pickle.get_with::<Value>(&options).unwrap_err();
        assert!(error.to_string().contains("leads out of the folder"), "{name}: {error}");
    }
    // A file that is not there.
    let pickle = b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}S'filename'\nS'none.npy'\nsb.";
    let file = serde_pickle_files::from_slice(pickle).unwrap();
    let pickle = file.pickle().unwrap();
    let options = pickle.options().resolver(SideFiles::new(fixture("joblib")));
    assert!(pickle.get_with::<Value>(&options).unwrap_err().to_string().contains("none.npy"));
}

/// A linear model, with the parts that a prediction takes.
#[derive(Deserialize)]
struct Linear<'a> {
    #[serde(borrow)]
    coef_: NdArray<'a>,
    intercept_: f64,
}

#[derive(Deserialize)]
struct Tree<'a> {
    #[serde(borrow)]
    tree_: TreeState<'a>,
}

/// `sklearn.tree._tree.Tree`, whose state is a dict of two arrays and two numbers.
#[derive(Deserialize)]
struct TreeState<'a> {
    #[serde(borrow)]
    nodes: NdArray<'a>,
    values: NdArray<'a>,
}

#[derive(Deserialize)]
struct Pipeline {
    steps: ((String, Scaler), (String, Logistic)),
}

#[derive(Deserialize)]
struct Scaler {
    mean_: Vec<f64>,
    scale_: Vec<f64>,
}

#[derive(Deserialize)]
struct Logistic {
    coef_: Vec<Vec<f64>>,
    intercept_: Vec<f64>,
}

/// A node of the tree, as the fields of numpy's record have it.
#[derive(Deserialize)]
struct TreeNode {
    left_child: i64,
    right_child: i64,
    feature: i64,
    threshold: f64,
}

fn probe(name: &str) -> (Vec<Vec<f64>>, Vec<f64>) {
    let expected = json(&format!("sklearn/{name}.json"));
    let floats = |row: &Json| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    let rows = expected["probe"].as_array().unwrap().iter().map(floats).collect();
    (rows, floats(&expected["predictions"]))
}

fn assert_close(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{name}: {found} {expected}");
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn models_of_scikit_learn_predict_as_they_do_there() {
    for version in ["1.0.2", "1.9.1"] {
        let name = format!("{version}-linear");
        let file = open(fixture(&format!("sklearn/{name}.joblib"))).unwrap();
        let pickle = file.pickle().unwrap();
        let model: Linear = pickle.get().unwrap();
        assert!(model.coef_.is_borrowed());
        let (rows, expected) = probe(&name);
        let coef = model.coef_.to_vec::<f64>().unwrap();
        let found: Vec<f64> = rows.iter().map(|row| dot(&coef, row) + model.intercept_).collect();
        assert_close(&name, &found, &expected);

        let name = format!("{version}-pipeline");
        let file = open(fixture(&format!("sklearn/{name}.joblib"))).unwrap();
        let ((_, scaler), (_, logistic)) = file.get::<Pipeline>().unwrap().steps;
        let (rows, expected) = probe(&name);
        let predict = |row: &Vec<f64>| {
            let scaled: Vec<f64> = row
                .iter()
                .zip(scaler.mean_.iter().zip(&scaler.scale_))
                .map(|(x, (mean, scale))| (x - mean) / scale)
                .collect();
            1.0 / (1.0 + (-dot(&logistic.coef_[0], &scaled) - logistic.intercept_[0]).exp())
        };
        assert_close(&name, &rows.iter().map(predict).collect::<Vec<_>>(), &expected);

        for suffix in ["", "-gzip"] {
            let name = format!("{version}-tree");
            let file = open(fixture(&format!("sklearn/{name}{suffix}.joblib"))).unwrap();
            let pickle = file.pickle().unwrap();
            let model: Tree = pickle.get().unwrap();
            let (rows, expected) = probe(&name);
            let nodes: Vec<TreeNode> = {
                let array = serde_pickle::to_vec(&model.tree_.nodes).unwrap();
                serde_pickle::from_slice(&array).unwrap()
            };
            let values = model.tree_.values.to_vec::<f64>().unwrap();
            let predict = |row: &Vec<f64>| {
                let mut at = 0;
                while nodes[at].left_child >= 0 {
                    let node = &nodes[at];
                    // scikit-learn compares as 32-bit floats.
                    let left = f64::from(row[node.feature as usize] as f32) <= node.threshold;
                    at = if left { node.left_child } else { node.right_child } as usize;
                }
                values[at]
            };
            assert_close(&name, &rows.iter().map(predict).collect::<Vec<_>>(), &expected);
        }
    }
}

#[test]
fn arrays_of_numpy_files_are_read() {
    let numbers = open(fixture("numpy/fortran.npy")).unwrap();
    assert_eq!(numbers.array().unwrap().to_vec::<i16>().unwrap(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(numbers.pickles().count(), 0);
    let objects = open(fixture("numpy/objects.npy")).unwrap();
    assert_eq!(objects.get::<Vec<Json>>().unwrap(), ["a".into(), 1.into(), Json::Null]);
    assert_eq!(objects.array().unwrap().objects().len(), 3);
    let record = open(fixture("numpy/record.npy")).unwrap();
    assert_eq!(record.array().unwrap().dtype().to_string(), "[('id', '<i4'), ('w', '<f8')]");

    let archive = open(fixture("numpy/mixed.npz")).unwrap();
    assert_eq!(archive.kind(), Kind::Npz);
    let pickles: Vec<_> = archive.pickles().map(Result::unwrap).collect();
    assert_eq!(pickles.len(), 1);
    assert_eq!(pickles[0].member(), Some("objects.npy"));
    assert_eq!(pickles[0].get::<Vec<Json>>().unwrap().len(), 2);
    let numbers = archive.open_member(archive.member("numbers.npy").unwrap()).unwrap();
    assert_eq!(numbers.array().unwrap().to_vec::<f64>().unwrap(), [0.0, 1.0, 2.0]);
}

#[test]
fn headers_of_numpy_that_lie_are_errors() {
    let bytes = std::fs::read(fixture("numpy/fortran.npy")).unwrap();
    for end in 0..bytes.len() {
        let file = serde_pickle_files::from_slice(&bytes[..end]).unwrap();
        assert!(file.array().is_err(), "{end}");
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for (from, to) in
        [("(2, 3)", "(9, 9)"), ("(2, 3)", "(-1,)"), (">i2", ">i9"), ("shape", "shapf")]
    {
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes.splice(at..at + from.len(), to.bytes());
        let file = serde_pickle_files::from_slice(&bytes).unwrap();
        assert!(file.array().is_err(), "{from} {to} {}", text.len());
    }
    // A shape beyond the address space.
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }\n";
    let mut huge = b"\x93NUMPY\x01\0".to_vec();
    huge.extend((header.len() as u16).to_le_bytes());
    huge.extend(header.bytes());
    assert!(serde_pickle_files::from_slice(&huge).unwrap().array().is_err());
}

fn value() -> (&'static str, NdArray<'static>, NdArray<'static>, Vec<i64>) {
    let floats = NdArray::from_vec(vec![0.5_f64, -1.5, 2.0, 1e10, 0.0, 3.25], &[2, 3]).unwrap();
    let ints = NdArray::from_vec(vec![1_i16, -2], &[2]).unwrap();
    // Numbers as they stand for arrays while the file is written.
    ("model", floats, ints, vec![1 << 61, i64::MAX, -1])
}

const WRITTEN: [Option<Compression>; 7] = [
    None,
    Some(Compression::Zlib),
    Some(Compression::Gzip),
    Some(Compression::Bzip2),
    Some(Compression::Xz),
    Some(Compression::Lzma),
    Some(Compression::Lz4),
];

fn written(compression: Option<Compression>) -> Vec<u8> {
    let options = WriteOptions::new().level(6);
    match compression {
        Some(compression) => options.compression(compression).to_vec(&value()).unwrap(),
        None => joblib::to_vec(&value()).unwrap(),
    }
}

#[test]
fn what_is_written_is_read_again_with_its_arrays_aligned() {
    for compression in WRITTEN {
        let bytes = written(compression);
        let file = serde_pickle_files::from_slice(&bytes).unwrap();
        assert_eq!(file.compression().first().copied(), compression);
        assert_eq!(file.kind(), Kind::Joblib);
        let pickle = file.pickle().unwrap();
        let read: (&str, NdArray, NdArray, Vec<i64>) = pickle.get().unwrap();
        assert_eq!(read, value());
        let start = file.bytes().unwrap().as_ptr() as usize;
        assert_eq!((read.1.data().as_ptr() as usize - start) % 16, 0);
        assert_eq!((read.2.data().as_ptr() as usize - start) % 16, 0);
    }
    // As joblib before 1.2 reads them.
    let bytes = WriteOptions::new().aligned(false).to_vec(&value()).unwrap();
    let file = serde_pickle_files::from_slice(&bytes).unwrap();
    let pickle = file.pickle().unwrap();
    let read: (&str, NdArray, NdArray, Vec<i64>) = pickle.get().unwrap();
    assert_eq!(read, value());
    let refused = WriteOptions::new().compression(Compression::Zstd).to_vec(&value());
    assert!(refused.is_err());
    // Arrays of a value, of objects, and none at all.
    let file = open(fixture("joblib/1.6.0.joblib")).unwrap();
    let model: Value = file.get().unwrap();
    let again = joblib::to_vec(&model).unwrap();
    let again = serde_pickle_files::from_slice(&again).unwrap();
    assert_eq!(again.kind(), Kind::Joblib);
    assert_eq!(again.get::<Json>().unwrap(), json("joblib/1.6.0.json"));
    assert_eq!(joblib::to_vec(&7).unwrap(), b"\x80\x04K\x07.");
}

#[test]
fn joblib_loads_what_is_written() {
    let pythons = std::env::var_os("SERDE_PICKLE_JOBLIB").unwrap_or_default();
    // The first of them, which is of joblib 1.2 or later.
    let Some(python) = std::env::split_paths(&pythons).next().filter(|it| it.exists()) else {
        eprintln!("SERDE_PICKLE_JOBLIB is not set: joblib is not asked");
        return;
    };
    let folder = std::env::temp_dir().join(format!("serde_pickle_joblib_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = "import sys, joblib, numpy\n\
        for path in sys.argv[1:]:\n\
        \x20   name, floats, ints, more = joblib.load(path)\n\
        \x20   assert name == 'model' and more == [1 << 61, (1 << 63) - 1, -1], more\n\
        \x20   assert floats.tolist() == [[0.5, -1.5, 2.0], [1e10, 0.0, 3.25]], floats\n\
        \x20   assert ints.dtype == 'i2' and ints.tolist() == [1, -2]\n\
        \x20   if path.endswith('plain'):\n\
        \x20       floats = joblib.load(path, mmap_mode='r')[1]\n\
        \x20       assert isinstance(floats, numpy.memmap), type(floats)\n\
        \x20       assert floats.tolist() == [[0.5, -1.5, 2.0], [1e10, 0.0, 3.25]]\n";
    let mut paths = Vec::new();
    for compression in WRITTEN {
        let name = compression.map_or("plain", Compression::name);
        let path = folder.join(name);
        std::fs::write(&path, written(compression)).unwrap();
        paths.push(path);
    }
    let output = Command::new(python).arg("-c").arg(script).args(&paths).output().unwrap();
    remove(&folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn bombs_of_every_format_end_at_the_limit() {
    let zeros = NdArray::from_vec(vec![0_u8; 1 << 20], &[1 << 20]).unwrap();
    for compression in WRITTEN.into_iter().flatten() {
        let bomb = WriteOptions::new().compression(compression).level(9).to_vec(&zeros).unwrap();
        let options = OpenOptions::new().max_size(1 << 19);
        let error = options.from_slice(&bomb).unwrap_err();
        assert_eq!(error.kind(), serde_pickle_files::ErrorKind::Limit, "{compression}: {error}");
        assert!(OpenOptions::new().from_slice(&bomb).is_ok());
    }
}
