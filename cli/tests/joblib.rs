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
    for file in
        ["2.15.0-p1-legacy.pt", "2.15.0-p4-legacy.pt", "2.15.0-p5-legacy.pt", "2.15.0-script.pt"]
    {
        for command in ["show", "json", "info", "types"] {
            let output = pickle(&[command, &format!("files/torch/{file}")]);
            assert_eq!(status(&output), 0, "{command} {file}: {}", text(&output));
        }
    }
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

/// The arrays that joblib before 0.10 wrote to files beside the pickle.
#[test]
fn the_files_beside_an_old_file_of_joblib_are_read_and_no_others() {
    for file in ["files/joblib/0.9.4.joblib", "files/joblib/0.9.4-side.joblib"] {
        let output = pickle(&["get", file, "big"]);
        assert!(text(&output).contains("(2,): 1, 258)"), "{file}: {}", text(&output));
        // An audit sees the pickle alone.
        let output = pickle(&["audit", "--verbose", file]);
        assert!(text(&output).contains("NDArrayWrapper"), "{file}: {}", text(&output));
    }
    // Alone, it has names of files.
    let copy = Copy::of("files/joblib/0.9.4.joblib");
    let shown = text(&pickle(&["get", &copy.path(), "big"]));
    assert!(shown.contains("filename='0.9.4.joblib_04.npy'"), "{shown}");
    // A name that leads elsewhere is not followed, whatever is there.
    let name = b"U\x130.9.4.joblib_04.npy";
    let old = fs::read(fixture("files/joblib/0.9.4.joblib")).unwrap();
    let at = old.windows(name.len()).position(|it| it == name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    let array = fixture("files/joblib/0.9.4.joblib_04.npy");
    fs::copy(&array, folder.path().join("other.npy")).unwrap();
    let path = folder.path().join("inner/climbing.joblib");
    for (elsewhere, is_read) in
        [("../other.npy", false), (array.to_str().unwrap(), false), ("beside.npy", true)]
    {
        fs::copy(&array, folder.path().join("inner/beside.npy")).unwrap();
        let len = u32::try_from(elsewhere.len()).unwrap().to_le_bytes();
        let spelled = [b"X", &len[..], elsewhere.as_bytes()].concat();
        let changed = [&old[..at], &spelled, &old[at + name.len()..]].concat();
        fs::write(&path, changed).unwrap();
        let shown = text(&pickle(&["get", path.to_str().unwrap(), "big"]));
        assert_eq!(shown.contains("1, 258"), is_read, "{elsewhere}: {shown}");
        assert_eq!(shown.contains("NDArrayWrapper"), !is_read, "{elsewhere}: {shown}");
    }
}
