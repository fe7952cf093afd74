//! The format of other files is named, by every entry point, after reading has failed.
//!
//! `fixtures/foreign/` has a file for each format, as the real tool writes it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_pickle::tools::{self, NotPickle, recognize};
use serde_pickle::{Deserializer, Error, Graph, Value, from_reader, from_slice};

use crate::corpus::folder;

/// The files, each with the name of its format.
fn foreign() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder().join("foreign"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() > 60, "{}", files.len());
    files
}

/// Those that no reader accepts: a reply of memcached begins with text and is a legal pickle.
fn refused() -> impl Iterator<Item = (String, Vec<u8>)> {
    foreign().into_iter().filter(|(name, _)| name != "memcached_reply")
}

/// A format as the files spell it: `TorchZip` is `torch_zip`.
fn snake(format: NotPickle) -> String {
    let mut snake = String::new();
    for c in format!("{format:?}").chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[test]
fn each_file_is_recognized_by_its_first_bytes() {
    let mut wrong = Vec::new();
    for (name, bytes) in foreign() {
        let format = name.split('-').next().unwrap();
        let found = recognize(&bytes).map_or("nothing".to_owned(), snake);
        let prefix = &bytes[..bytes.len().min(tools::PREFIX)];
        let by_prefix = recognize(prefix).map_or("nothing".to_owned(), snake);
        if found != format || by_prefix != format {
            wrong.push((name, found, by_prefix));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The errors of all ways to read a slice, each with its name. Those that look at instructions
/// alone may have none: a STOP in front of anything is a pickle to them.
fn errors_of_slices(bytes: &[u8]) -> Vec<(&'static str, Error)> {
    let stream = Value::deserialize(&mut Deserializer::from_slice(bytes));
    let readers = [
        ("from_slice::<Value>", from_slice::<Value>(bytes).err()),
        ("from_slice::<IgnoredAny>", from_slice::<IgnoredAny>(bytes).err()),
        ("from_slice::<Vec<u8>>", from_slice::<Vec<u8>>(bytes).err()),
        ("Graph", Graph::from_slice(bytes).err()),
        ("Deserializer", stream.err()),
        ("persistent_ids", tools::persistent_ids(bytes).err()),
        ("audit", tools::audit(bytes).error),
    ];
    assert_eq!(readers.iter().filter(|(_, error)| error.is_none()).count(), 0, "{readers:?}");
    let tools = [
        ("disassemble", tools::disassemble(bytes).err()),
        ("optimize", tools::optimize(bytes).err()),
        ("instructions", serde_pickle::opcode::instructions(bytes).find_map(Result::err)),
    ];
    let all = readers.into_iter().chain(tools);
    all.filter_map(|(way, error)| error.map(|error| (way, error))).collect()
}

#[test]
fn every_way_to_read_names_what_is_no_pickle() {
    let mut wrong = Vec::new();
    for (name, bytes) in refused() {
        let format = name.split('-').next().unwrap().to_owned();
        // A file that is a pickle up to the fault has instructions before it.
        for (way, error) in errors_of_slices(&bytes) {
            match error.not_pickle() {
                Some(found) if snake(found) == format => {
                    let text = error.to_string();
                    assert!(text.contains(found.advice()), "{text}");
                    assert!(error.offset().is_some(), "{text}");
                }
                found => wrong.push((name.clone(), way, found, error.to_string())),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_reader_names_it_by_the_bytes_it_took_and_takes_no_more() {
    let mut named = BTreeSet::new();
    for (name, bytes) in refused() {
        let error = from_reader::<_, Value>(&bytes[..]).unwrap_err();
        let mut rest = &bytes[..];
        let stream = Value::deserialize(&mut Deserializer::from_reader(&mut rest)).unwrap_err();
        assert_eq!(error.to_string(), stream.to_string(), "{name}");
        let graph = Graph::from_reader(&bytes[..]).map(drop).unwrap_err();
        assert_eq!(error.to_string(), graph.to_string(), "{name}");
        // The byte at fault is the last that was read, unless the input ended before.
        let slice = from_slice::<Value>(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (slice.kind(), slice.offset()), "{name}");
        if let Some(found) = error.not_pickle() {
            named.insert(snake(found));
        }
    }
    for format in [
        "gzip", "zlib", "xz", "zstd", "lz4", "hdf5", "json", "html", "zip", "npy", "joblib",
        "base64",
    ] {
        assert!(named.contains(format), "{format}: {named:?}");
    }
    let error = from_reader::<_, Value>(&b"\x1f\x8b\x08\0"[..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown opcode 0x1f, at byte 0; this may be gzip data: decompress it first"
    );
}

#[test]
fn later_pickles_of_a_stream_are_looked_at_where_they_begin() {
    // Django's file cache: a pickle and then zlib.
    let mut bytes = b"\x80\x05N.".to_vec();
    bytes.extend(b"\x78\x9c\x01\x02");
    let mut deserializer = Deserializer::from_slice(&bytes);
    assert_eq!(Value::deserialize(&mut deserializer).unwrap(), Value::None);
    let error = Value::deserialize(&mut deserializer).unwrap_err();
    assert_eq!((error.not_pickle(), error.offset()), (Some(NotPickle::Zlib), Some(4)));
}

#[test]
fn a_pickle_that_begins_as_another_format_is_read() {
    // Protocol 0: a persistent id "K\x03\x04" and then a global, all legal.
    assert_eq!(recognize(b"PK\x03\x04\n."), Some(NotPickle::Zip));
    assert_eq!(
        from_slice::<Value>(b"PK\x03\x04\n.").unwrap(),
        Value::PersistentId(Box::new(Value::from("K\x03\x04")))
    );
}

#[test]
fn errors_of_pickles_say_nothing_of_other_formats() {
    for bytes in [&b"\x80\x04K"[..], b"\x80\x04]\x94(K\x01e", b"(lp0\nI1\naI2\n", b"K\x01\x90."] {
        assert_eq!(from_slice::<Value>(bytes).unwrap_err().not_pickle(), None);
    }
}

#[test]
fn nothing_that_a_pickler_wrote_is_taken_for_something_else() {
    let written = |set: &str| !matches!(set, "invalid" | "odd");
    for fixture in crate::corpus::all().iter().filter(|fixture| written(fixture.set)) {
        assert_eq!(recognize(&fixture.bytes), None, "{}", fixture.name());
    }
}

#[test]
fn files_of_joblib_with_arrays_name_joblib() {
    for version in ["1.1.1", "1.6.0"] {
        for what in ["array", "dict"] {
            let bytes = crate::corpus::bytes(&format!("wild/joblib/joblib-{version}-{what}.bin"));
            let error = from_slice::<Value>(&bytes).unwrap_err();
            assert_eq!(error.not_pickle(), Some(NotPickle::Joblib), "{version} {what}: {error}");
            assert!(error.to_string().contains("a file of joblib"), "{error}");
            assert_eq!(recognize(&bytes), Some(NotPickle::Joblib));
            let error = from_reader::<_, Value>(&bytes[..]).unwrap_err();
            assert_eq!(error.not_pickle(), Some(NotPickle::Joblib), "{version} {what}: {error}");
        }
    }
}
