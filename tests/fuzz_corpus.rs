//! The inputs that fuzzing has kept, through what the fuzz targets do with them: `fuzz/packed/`,
//! see fuzz/README.md.

use std::fs;
use std::path::Path;

use serde_pickle_checks::{decode, differential, disassemble, packed, roundtrip};

/// Gives each input of a target to `check`.
fn replay(target: &str, check: fn(&[u8])) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/packed")
        .join(target)
        .with_extension("bin");
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut count = 0;
    for input in packed::unpack(&bytes) {
        count += 1;
        if std::panic::catch_unwind(|| check(input)).is_err() {
            panic!("input {count} of {target} fails: {}", input.escape_ascii());
        }
    }
    assert!(count > 100, "the corpus of {target} has only {count} inputs");
    println!("{target}: {count} inputs");
}

#[test]
fn decode_replays() {
    replay("decode", decode::check);
}

#[test]
fn differential_replays() {
    replay("differential", differential::check);
}

#[test]
fn disassemble_replays() {
    replay("disassemble", disassemble::check);
}

#[test]
fn roundtrip_replays() {
    replay("roundtrip", roundtrip::check);
}
