//! Changes and new files: by path, by JSON, line by line; never half a file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::process::Command;

use common::{Copy, TASK, on_bytes, pickle, piped, program, status, text};

#[test]
fn a_value_is_set_and_everything_else_stays() {
    let copy = Copy::of(TASK);
    let path = copy.path();
    assert_eq!(status(&pickle(&["set", &path, "[0][1]", "4"])), 0);
    let shown = text(&pickle(&["get", &path, "[0]"]));
    assert_eq!(shown, "(2, 4)\n(exit status 0)\n");
    // A date as text, in the class that it had.
    assert_eq!(
        status(&pickle(&["set", &path, "[1].when", "--text", "2030-01-02T03:04:05+00:00"])),
        0
    );
    let shown = text(&pickle(&["get", &path, "[1].when"]));
    assert!(shown.starts_with("datetime.datetime('2030-01-02T03:04:05+00:00"), "{shown}");
    assert_eq!(
        text(&pickle(&["diff", TASK, &path])).lines().filter(|it| it.starts_with('+')).count(),
        2
    );
}

#[test]
fn what_would_change_a_type_is_refused() {
    let copy = Copy::of(TASK);
    let path = copy.path();
    let before = fs::read(&path).unwrap();
    let refused = pickle(&["set", &path, "[0][1]", "'four'"]);
    assert_eq!(status(&refused), 2);
    assert!(
        text(&refused).contains("is of type int, and the new value of type str"),
        "{}",
        text(&refused)
    );
    assert_eq!(status(&pickle(&["set", &path, "[2].new", "1"])), 1);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(status(&pickle(&["set", "--force", &path, "[2].new", "[1, 2]"])), 0);
    assert_eq!(text(&pickle(&["get", &path, "[2].new"])), "[1, 2]\n(exit status 0)\n");
    assert_eq!(status(&pickle(&["del", &path, "[2].new"])), 0);
    assert_eq!(status(&pickle(&["get", &path, "[2].new"])), 1);
}

#[cfg(unix)]
#[test]
fn a_changed_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let copy = Copy::of(TASK);
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(status(&pickle(&["set", &copy.path(), "[0][0]", "9"])), 0);
    assert_eq!(fs::metadata(copy.path()).unwrap().permissions().mode() & 0o777, 0o640);
    // And nothing is left beside it.
    assert_eq!(fs::read_dir(copy.0.path()).unwrap().count(), 1);
}

/// Whenever the program is told to end, there is the old file or the new one, and nothing else.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_half_written_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pkl");
    let old = [&b"\x80\x04]\x94(K\x01B\0\0\x80\0"[..], &vec![7; 8 << 20], b"e."].concat();
    fs::write(&path, &old).unwrap();
    let new = folder.path().join("new.pkl");
    let new = new.to_str().unwrap();
    assert_eq!(status(&pickle(&["set", path.to_str().unwrap(), "[0]", "2", "-o", new])), 0);
    let new = (fs::read(new).unwrap(), fs::remove_file(new).unwrap()).0;
    let others = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
        names.filter(|name| name != "a.pkl").count()
    };
    let mut ended = 0;
    for _ in 0..3 {
        fs::write(&path, &old).unwrap();
        let mut child =
            program().args(["set", path.to_str().unwrap(), "[0]", "2"]).spawn().unwrap();
        while others() == 0 && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let asked = Command::new("kill").args(["-INT", &child.id().to_string()]).output();
        drop(asked.unwrap());
        let status = child.wait().unwrap();
        ended += usize::from(!status.success());
        assert_eq!(others(), 0, "{status}");
        let left = fs::read(&path).unwrap();
        assert!(left == old || left == new, "{} bytes", left.len());
    }
    println!("{ended} of 3 were ended before the file was there");
}

#[test]
fn pickles_go_through_json_and_other_protocols() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pkl");
    let path = path.to_str().unwrap();
    let made =
        piped(&["json", "--from", "-", "-o", path], br#"{"a": [1, 2.5, null], "b": "\u00e9"}"#);
    assert_eq!(status(&made), 0, "{}", text(&made));
    assert_eq!(
        text(&pickle(&["json", "-c", path])),
        "{\"a\":[1,2.5,null],\"b\":\"é\"}\n(exit status 0)\n"
    );
    let old = folder.path().join("old.pkl");
    let old = old.to_str().unwrap();
    assert_eq!(status(&pickle(&["convert", "-p", "0", path, "-o", old])), 0);
    assert_eq!(fs::read(old).unwrap().first(), Some(&b'('));
    assert_eq!(status(&pickle(&["diff", path, old])), 0);
    let small = folder.path().join("small.pkl");
    let small = small.to_str().unwrap();
    assert_eq!(status(&pickle(&["optimize", old, "-o", small])), 0);
    assert_eq!(status(&pickle(&["diff", old, small])), 0);
}

/// A list of dicts with shared parts: of a file, a pipe, and at each protocol the lines are those
/// of the whole.
#[test]
fn lines_are_the_elements_whatever_they_share() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("rows.json");
    let rows: Vec<String> = (0..3_000)
        .map(|number| {
            format!(r#"{{"id": {number}, "name": "n{}", "tags": ["a", "b"]}}"#, number % 7)
        })
        .collect();
    fs::write(&source, format!("[{}]", rows.join(","))).unwrap();
    for protocol in ["0", "1", "2", "3", "4", "5"] {
        let path = folder.path().join(format!("rows{protocol}.pkl"));
        let path = path.to_str().unwrap();
        let source = source.to_str().unwrap();
        assert_eq!(status(&pickle(&["json", "--from", source, "-p", protocol, "-o", path])), 0);
        // As CPython's pickler would write it, memo and all.
        assert_eq!(status(&pickle(&["convert", "-p", protocol, path, "-o", path])), 0);
        let lines = pickle(&["json", "--lines", path]);
        let lines = String::from_utf8(lines.stdout).unwrap();
        assert_eq!(lines.lines().count(), rows.len(), "protocol {protocol}");
        let whole = pickle(&["json", "-c", path]);
        let whole = String::from_utf8(whole.stdout).unwrap();
        let joined = format!("[{}]\n", lines.lines().collect::<Vec<_>>().join(","));
        assert_eq!(joined, whole, "protocol {protocol}");
        let from_pipe = piped(&["json", "--lines", "-"], &fs::read(path).unwrap());
        assert_eq!(String::from_utf8(from_pipe.stdout).unwrap(), lines);
    }
}

/// An error behind several pickles is told by its place in the file.
#[test]
fn bytes_behind_the_last_pickle_are_told_by_their_place() {
    let output = on_bytes(&["json", "-c"], b"K\x01.K\x02.\0\0", &[]);
    assert!(text(&output).starts_with("1\n2\npickle: "), "{}", text(&output));
    assert!(text(&output).contains("byte 6 of the file"), "{}", text(&output));
}
