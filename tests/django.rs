//! Django's file cache: what it wrote is read, what `examples/read_cache.rs` writes it reads.
//!
//! Django itself is asked where a `python3` that can import it is on the path, or is named by
//! `SERDE_PICKLE_PYTHON3` (as many interpreters as one likes, separated as paths are). Without one,
//! `fixtures/wild/django/changed/` stands in for it: an entry that the example wrote, and what
//! Django made of it. The example has to write that entry again.

use std::env;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde_pickle::{Value, from_reader, from_slice};

/// The key of the entry that the example changes.
const KEY: &str = "user:42";

fn fixtures() -> PathBuf {
    crate::corpus::folder().join("wild/django")
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The pickles of an entry: that of its expiry, and that of its value without the zlib around it.
fn parts(entry: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rest = entry;
    let _: Option<f64> = from_reader(&mut rest).unwrap();
    let mut value = Vec::new();
    ZlibDecoder::new(rest).read_to_end(&mut value).unwrap();
    (entry[..entry.len() - rest.len()].to_vec(), value)
}

#[test]
fn every_entry_django_wrote_is_read_exactly_up_to_its_zlib_stream() {
    #[derive(Deserialize)]
    struct Described {
        file: String,
        key: String,
        expiry: Option<f64>,
        expiry_pickle: String,
        value_repr: String,
    }
    let manifest: Vec<Described> =
        serde_json::from_value(json(&fixtures().join("manifest.json"))).unwrap();
    assert!(manifest.len() >= 9, "{} entries", manifest.len());
    for Described { file, key, expiry, expiry_pickle, value_repr } in manifest {
        let entry = std::fs::read(fixtures().join(file)).unwrap();
        let mut rest = &entry[..];
        assert_eq!(from_reader::<_, Option<f64>>(&mut rest).unwrap(), expiry, "{key}");
        assert_eq!(entry.len() - rest.len(), expiry_pickle.len() / 2, "{key}");
        let value: Value = from_slice(&parts(&entry).1).unwrap();
        // Objects print as the calls that make them, which is not their repr.
        if key != "python-types" {
            assert_eq!(value.to_string(), value_repr, "{key}");
        }
    }
}

/// The example's output; it runs once.
fn written() -> &'static (PathBuf, Vec<u8>) {
    static WRITTEN: OnceLock<(PathBuf, Vec<u8>)> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("read_cache");
        // Built by cargo rather than taken from beside this test: `cargo test --test main` leaves
        // examples as they were.
        let mut run = Command::new(env!("CARGO"));
        run.args(["run", "--quiet", "--example", "read_cache"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            run.arg("--release");
        }
        let output = run.arg("--").arg(&folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains("Zoë Müller 😀") && printed.contains("東京"), "{printed}");
        let entry = std::fs::read(folder.join(committed().file_name().unwrap())).unwrap();
        (folder, entry)
    })
}

/// The entry as the example wrote it once.
fn committed() -> PathBuf {
    fixtures().join("changed/ce0146c84bf710e01ebc9debd450d51d.djcache")
}

#[test]
fn the_example_writes_the_bytes_that_django_has_read() {
    let (expiry, value) = parts(&written().1);
    let expected = parts(&std::fs::read(committed()).unwrap());
    assert_eq!(expiry.escape_ascii().to_string(), expected.0.escape_ascii().to_string());
    assert_eq!(value.escape_ascii().to_string(), expected.1.escape_ascii().to_string());
    // Compared without the zlib: another release of the compressor may choose other bytes for the
    // same data.
}

#[test]
fn what_the_example_writes_is_what_it_read_with_its_changes() {
    let original =
        std::fs::read(fixtures().join("cache").join(committed().file_name().unwrap())).unwrap();
    let (expiry, value) = parts(&original);
    let mut expected: Value = from_slice(&value).unwrap();
    expected["balance"] = Value::from(83);
    expected["last_login"] = Value::from("2024-02-29T12:00:00");
    expected["billing_address"]["street"] = Value::from("Hafenstraße 7");
    for (list, item) in [("scores", Value::from(2.5)), ("tags", Value::from("réviseur"))] {
        let Value::List(items) = &mut expected[list] else { panic!("{list} is no list") };
        items.push(item);
    }

    let (new_expiry, new_value) = parts(&written().1);
    assert_eq!(from_slice::<f64>(&new_expiry).unwrap(), from_slice::<f64>(&expiry).unwrap());
    // As printed: `==` on dicts does not look at their order.
    assert_eq!(from_slice::<Value>(&new_value).unwrap().to_string(), expected.to_string());
}

/// A Python that has Django.
fn django() -> Option<OsString> {
    let named = env::var_os("SERDE_PICKLE_PYTHON3").unwrap_or_default();
    env::split_paths(&named)
        .map(OsString::from)
        .chain(["python3".into()])
        .filter(|python| !python.is_empty())
        .find(|python| {
            Command::new(python)
                .args(["-c", "import django"])
                .output()
                .is_ok_and(|it| it.status.success())
        })
}

#[test]
fn django_reads_what_the_example_writes() {
    let Some(python) = django() else {
        println!(
            "no python3 here can import django: the committed entry stands in for what it would say"
        );
        return;
    };
    let output = Command::new(python)
        .arg(fixtures().join("check.py"))
        .arg(&written().0)
        .arg(KEY)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer, json(&fixtures().join("changed/user-42.json")));
}
