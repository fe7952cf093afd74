//! Files of joblib and of old torch: more than a plain pickle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;

use common::{Copy, files_of_joblib, fixture, pickle, status, text};

#[test]
fn every_command_reads_the_raw_arrays_of_joblib() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.pkl");
    let plain = plain.to_str().unwrap();
    for path in files_of_joblib() {
        let path = path.to_str().unwrap();
        for command in ["show", "info", "dis", "graph", "types"] {
            let output = pickle(&[command, path]);
            assert_eq!(status(&output), 0, "{command} {path}: {}", text(&output));
        }
        // joblib's stand-ins are gone, and the values are there.
        let converted = pickle(&["convert", "-p", "4", path, "-o", plain]);
        assert_eq!(status(&converted), 0, "{path}: {}", text(&converted));
        assert_eq!(text(&pickle(&["diff", path, plain])), "(exit status 0)\n", "{path}");
        assert_eq!(pickle(&["json", path]).stdout, pickle(&["json", plain]).stdout, "{path}");
        let lines = pickle(&["json", "--lines", path]);
        assert_eq!(lines.stdout, pickle(&["json", "--lines", plain]).stdout, "{path}");
    }
}

#[test]
fn a_legacy_file_of_torch_is_the_object_that_was_saved() {
    for file in ["files/torch/2.15.0-training-legacy.pt", "files/torch/2.15.0-training.pt"] {
        for command in ["show", "info", "json", "dis", "graph", "types"] {
            let output = pickle(&[command, file]);
            assert_eq!(status(&output), 0, "{command} {file}: {}", text(&output));
        }
        assert_eq!(text(&pickle(&["get", file, "epoch"])), "7\n(exit status 0)\n", "{file}");
    }
}

#[test]
fn the_instructions_around_raw_arrays_keep_their_offsets() {
    let file = fixture("wild/joblib/joblib-1.6.0-dict.bin");
    let len = fs::metadata(&file).unwrap().len();
    let dis = text(&pickle(&["dis", file.to_str().unwrap()]));
    assert!(dis.contains("  229: 59 bytes: an array of joblib\n  288: \\x95     FRAME"), "{dis}");
    assert!(dis.contains("(MARK at 424)\n  489: b        BUILD\n"), "{dis}");
    assert!(dis.contains(&format!("  {}: .    STOP\n", len - 1)), "{dis}");
}

#[test]
fn a_file_of_joblib_is_not_replaced_by_another_kind_of_file() {
    let copy = Copy::of("wild/joblib/joblib-1.6.0-dict.bin");
    let before = fs::read(copy.path()).unwrap();
    for arguments in [
        &["set", &copy.path(), "name", "'x'"][..],
        &["del", &copy.path(), "name"],
        &["optimize", &copy.path()],
    ] {
        assert_eq!(status(&pickle(arguments)), 2, "{arguments:?}");
    }
    assert_eq!(fs::read(copy.path()).unwrap(), before);
    let other = copy.0.path().join("other");
    let other = other.to_str().unwrap();
    assert_eq!(status(&pickle(&["set", &copy.path(), "name", "'x'", "-o", other])), 0);
    assert_eq!(text(&pickle(&["get", other, "name"])), "'x'\n(exit status 0)\n");
}
