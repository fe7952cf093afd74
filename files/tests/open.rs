//! Files of every format that is opened, written by the real tools.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use serde_pickle::{Value, pickle, to_vec};
use serde_pickle_files::{Compression, ErrorKind, Kind, OpenOptions, from_slice, open};

/// The files of `fixtures/foreign`, each of which holds the same dict.
fn foreign(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "foreign", name].iter().collect()
}

fn data() -> Value {
    pickle!({"name": "Ada", "scores": [1.5, 2.5], "text": "café"})
}

#[test]
fn compressed_pickles_are_read_from_paths_slices_and_readers() {
    let files = [
        ("zlib-0.bin", Compression::Zlib),
        ("zlib-1.bin", Compression::Zlib),
        ("zlib-6.bin", Compression::Zlib),
        ("zlib-9.bin", Compression::Zlib),
        ("gzip.bin", Compression::Gzip),
        ("bzip2.bin", Compression::Bzip2),
        ("xz.bin", Compression::Xz),
        ("lzma.bin", Compression::Lzma),
        ("lz4.bin", Compression::Lz4),
        ("zstd.bin", Compression::Zstd),
    ];
    for (name, compression) in files {
        let bytes = std::fs::read(foreign(name)).unwrap();
        let ways = [
            open(foreign(name)).unwrap(),
            from_slice(&bytes).unwrap(),
            serde_pickle_files::from_reader(&*bytes).unwrap(),
        ];
        for file in ways {
            assert_eq!(
                (file.kind(), file.compression()),
                (Kind::Pickle, &[compression][..]),
                "{name}"
            );
            assert_eq!(file.get::<Value>().unwrap(), data(), "{name}");
        }
    }
}

#[test]
fn pickles_are_found_in_archives() {
    for (name, kind) in [("zip.bin", Kind::Zip), ("tar.bin", Kind::Tar)] {
        let file = open(foreign(name)).unwrap();
        assert_eq!(file.kind(), kind);

        let pickles: Vec<_> = file.pickles().map(Result::unwrap).collect();
        assert_eq!(pickles.len(), 1);
        assert_eq!(pickles[0].member(), Some(file.members()[0].name()));
        assert_eq!(pickles[0].get::<Value>().unwrap(), data());
    }
}

#[test]
fn pickles_in_a_row_have_their_places() {
    let bytes = b"K\x01.(K\x02K\x03l.K\x04.";
    let file = from_slice(bytes).unwrap();
    let found: Vec<_> = file
        .pickles()
        .map(|pickle| {
            let pickle = pickle.unwrap();
            (pickle.number(), pickle.offset(), pickle.bytes().len())
        })
        .collect();
    assert_eq!(found, [(0, 0, 3), (1, 3, 7), (2, 10, 3)]);
    assert_eq!(file.get::<Value>().unwrap_err().kind(), ErrorKind::Unsupported);

    let file = from_slice(b"K\x01.\n").unwrap();
    assert_eq!(file.get::<u8>().unwrap(), 1);
    let error = file.pickles().nth(1).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Format, Some(3)));
}

#[test]
fn an_error_names_the_member_and_the_byte() {
    let file = open(foreign("tar.bin")).unwrap();
    let pickle = file.pickles().next().unwrap().unwrap();
    let error = pickle.get::<Vec<u8>>().unwrap_err();
    assert_eq!((error.kind(), error.member()), (ErrorKind::Pickle, Some("data.pkl")));
    assert!(error.to_string().starts_with("in data.pkl: "), "{error}");
}

#[test]
fn other_formats_are_named() {
    for name in ["json.bin", "parquet.bin", "sqlite.bin", "zeros.bin", "empty.bin"] {
        let file = open(foreign(name)).unwrap();
        assert!(matches!(file.kind(), Kind::Other(Some(_))), "{name}: {:?}", file.kind());
        assert_eq!(file.pickles().count(), 0);
        assert_eq!(file.get::<Value>().unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn what_is_cut_short_is_an_error() {
    for name in [
        "zlib-6.bin",
        "gzip.bin",
        "bzip2.bin",
        "xz.bin",
        "lzma.bin",
        "lz4.bin",
        "zstd.bin",
        "zip.bin",
    ] {
        let bytes = std::fs::read(foreign(name)).unwrap();
        for cut in [bytes.len() / 2, bytes.len() - 1] {
            match from_slice(&bytes[..cut]) {
                Ok(file) => {
                    // The compressed data was whole; what follows it was not.
                    assert!(file.pickles().all(|pickle| pickle.is_ok()), "{name}");
                    assert_eq!(file.kind() == Kind::Pickle, name != "zip.bin", "{name} {cut}");
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Format, "{name}: {error}"),
            }
        }
    }
}

#[test]
fn text_of_protocol_0_that_begins_as_another_format_is_a_pickle() {
    // A persistent id that begins with the letters of zip.
    let file = from_slice(b"PK\x03\x04\n.").unwrap();
    assert_eq!(file.kind(), Kind::Pickle);
}

#[test]
fn bombs_end_at_the_limit() {
    use std::io::Write;

    let pickle = to_vec(&"a".repeat(1 << 20)).unwrap();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&pickle).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 2_000);
    assert_eq!(from_slice(&bomb).unwrap().size(), pickle.len() as u64);
    let options = OpenOptions::new().max_size(pickle.len() as u64 - 1);
    let error = options.from_slice(&bomb).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("max_size"), "{error}");
    assert!(OpenOptions::new().max_size(pickle.len() as u64).from_slice(&bomb).is_ok());

    // Layers around one another.
    let mut layers = to_vec(&1).unwrap();
    for _ in 0..5 {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(&layers).unwrap();
        layers = encoder.finish().unwrap();
    }
    assert_eq!(from_slice(&layers).unwrap_err().kind(), ErrorKind::Limit);
}
