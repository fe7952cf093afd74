//! The program, run as a user runs it: its output at 80 columns, its exit statuses, its files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The program in the folder of the fixtures, without a terminal.
fn pickle(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pickle"))
        .args(arguments)
        .current_dir(repository().join("fixtures"))
        .env("COLUMNS", "80")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pickle"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(output: &Output) -> String {
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{error}(exit status {})\n", output.status.code().unwrap_or(-1))
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// A temporary copy of a fixture.
struct Copy(tempfile::TempDir);

impl Copy {
    fn of(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(repository().join("fixtures").join(file), folder.path().join("copy")).unwrap();
        Self(folder)
    }

    fn path(&self) -> String {
        self.0.path().join("copy").to_str().unwrap().to_owned()
    }
}

/// A service's task with dates, a scientist's estimator, and a pickle that nobody should load.
const TASK: &str = "wild/celery/task_body.pkl";
const MODEL: &str = "wild/joblib/sklearn-scaler.pkl";
const HOSTILE: &str = "audit/stack_global_by_memo.pkl";

/// Each command on three committed files. `cargo insta review` shows what changes.
#[test]
fn each_command_prints_what_it_did() {
    for (file, name) in [(TASK, "task"), (MODEL, "model"), (HOSTILE, "hostile")] {
        for command in ["show", "info", "json", "dis", "audit", "graph"] {
            let shown = text(&pickle(&[command, file]));
            insta::assert_snapshot!(format!("{command}_{name}"), shown);
        }
        let types = text(&pickle(&["types", "--no-test", "--name", "Sample", file]));
        insta::assert_snapshot!(format!("types_{name}"), types);
    }
    insta::assert_snapshot!("get", text(&pickle(&["get", TASK, "[1].when"])));
    insta::assert_snapshot!("get_nothing", text(&pickle(&["get", TASK, "[2].chord.x"])));
    insta::assert_snapshot!("diff", text(&pickle(&["diff", TASK, "wild/celery/result.pkl"])));
    insta::assert_snapshot!("audit_sarif", text(&pickle(&["audit", "--format", "sarif", HOSTILE])));
    insta::assert_snapshot!("audit_json", text(&pickle(&["audit", "--format", "json", HOSTILE])));
    insta::assert_snapshot!("help", text(&pickle(&["--help"])));
}

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
        let mut child = Command::new(env!("CARGO_BIN_EXE_pickle"))
            .args(["set", path.to_str().unwrap(), "[0]", "2"])
            .spawn()
            .unwrap();
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

#[test]
fn a_pipe_that_breaks_is_nobodys_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pickle"))
        .args(["dis", "valid/manifest.json"])
        .current_dir(repository().join("fixtures"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn errors_are_one_line_and_escape_what_a_file_says() {
    for arguments in [
        &["show", "/nonexistent"][..],
        &["show", "valid/manifest.json"],
        &["get", TASK, "a["],
        &["dis", "invalid/eof_empty.pickle"],
        &["set", TASK, "[0]", "Ada", "-o", "/dev/null"],
    ] {
        let output = pickle(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("pickle: "), "{error}");
    }
    // The name of a class with an escape sequence in it.
    let output = piped(&["show", "-"], b"cm\n\x1b[31mred\n.");
    assert!(!output.stdout.contains(&0x1b), "{output:?}");
    let output = piped(&["audit", "-"], b"cm\n\x1b[31mred\n.");
    assert!(!output.stdout.contains(&0x1b), "{output:?}");
}

#[test]
fn an_audit_that_is_incomplete_is_not_clean() {
    assert_eq!(status(&piped(&["audit", "-"], b"K\x01.")), 0);
    assert_eq!(status(&piped(&["audit", "-"], b"]K\x01")), 2);
    assert_eq!(status(&piped(&["audit", "-"], b"cos\nsystem\n(S'id'\ntR.")), 1);
    assert_eq!(status(&piped(&["audit", "-"], b"cos\nsystem\n(S'id'\ntR")), 1);
    assert_eq!(status(&piped(&["audit", "-"], b"cm\nC\n)R.")), 1);
    assert_eq!(status(&piped(&["audit", "--fail-on", "high", "-"], b"cm\nC\n)R.")), 0);
    assert_eq!(status(&piped(&["audit", "--allow", "m.*", "-"], b"cm\nC\n)R.")), 0);
    let denied =
        piped(&["audit", "--deny", "collections.*", "-"], b"ccollections\nOrderedDict\n)R.");
    assert_eq!(status(&denied), 1);
}

/// Every class of bypass that fixtures/audit/make.py makes is found, and what is harmless is clean.
/// A member whose name is not that of a pickle, compressed in a way that is not read: a loader may
/// know the way.
#[test]
fn a_member_that_cannot_be_read_leaves_an_audit_incomplete_whatever_its_name() {
    let file = repository().join("fixtures/audit/zip_member_without_suffix.pt");
    let mut archive = fs::read(file).unwrap();
    for (signature, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let headers: Vec<usize> =
            (0..archive.len()).filter(|&here| archive[here..].starts_with(signature)).collect();
        assert!(!headers.is_empty());
        for header in headers {
            archive[header + at..header + at + 2].copy_from_slice(&99_u16.to_le_bytes());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.zip");
    fs::write(&path, archive).unwrap();
    let output = pickle(&["audit", path.to_str().unwrap()]);
    assert_eq!(status(&output), 2, "{}", text(&output));
    assert!(text(&output).contains("method 99"), "{}", text(&output));
}

/// The program on a file with these bytes.
fn on_bytes(arguments: &[&str], bytes: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.joblib");
    fs::write(&path, bytes).unwrap();
    let mut arguments = arguments.to_vec();
    arguments.push(path.to_str().unwrap());
    pickle(&arguments)
}

fn files_of_joblib() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["wild/joblib", "files/joblib"] {
        for entry in fs::read_dir(repository().join("fixtures").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if matches!(path.extension().and_then(|it| it.to_str()), Some("bin" | "joblib")) {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 30, "{}", found.len());
    found
}

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

/// An error behind several pickles is told by its place in the file.
#[test]
fn bytes_behind_the_last_pickle_are_told_by_their_place() {
    let output = on_bytes(&["json", "-c"], b"K\x01.K\x02.\0\0");
    assert!(text(&output).starts_with("1\n2\npickle: "), "{}", text(&output));
    assert!(text(&output).contains("byte 6 of the file"), "{}", text(&output));
}

#[test]
fn the_instructions_around_raw_arrays_keep_their_offsets() {
    let file = repository().join("fixtures/wild/joblib/joblib-1.6.0-dict.bin");
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

#[test]
fn raw_arrays_of_joblib_are_followed_by_the_audit_to_the_end() {
    for path in files_of_joblib() {
        let name = path.to_str().unwrap();
        // joblib before 0.10 names files to be loaded, and a model names its classes.
        if name.contains("0.9.4") || name.contains("scaler") {
            let output = pickle(&["audit", name]);
            assert!(!text(&output).contains(": incomplete"), "{}", text(&output));
            continue;
        }
        assert_eq!(status(&pickle(&["audit", name])), 0, "{}", text(&pickle(&["audit", name])));
    }
}

/// joblib skips what pickle runs, and pickle runs on into what joblib skips.
#[test]
fn nothing_hides_in_or_behind_a_raw_array() {
    const CALL: &[u8] = b"cos\nsystem\n(S'id'\ntR";
    let wild = repository().join("fixtures/wild/joblib");
    let file = fs::read(wild.join("joblib-1.6.0-dict.bin")).unwrap();
    assert_eq!(status(&on_bytes(&["audit"], &file)), 0);
    // Behind the last array: only who skips the arrays sees it.
    let mut behind = file[..file.len() - 1].to_vec();
    behind.extend([CALL, b"0."].concat());
    assert_eq!(status(&on_bytes(&["audit"], &behind)), 1);
    // Inside the first array, which begins with the length of the padding: pickle ends there.
    let mut inside = file.clone();
    let array = 229;
    assert_eq!(inside[array], 10);
    inside[array..array + 11].fill(b'N');
    inside[array] = 10;
    inside[array + 11..array + 11 + CALL.len()].copy_from_slice(CALL);
    assert_eq!(status(&on_bytes(&["audit"], &inside)), 0);
    // joblib before 1.2 wrote no padding.
    let old = fs::read(wild.join("joblib-1.1.1-dict.bin")).unwrap();
    let mut inside = old.clone();
    inside[197..197 + CALL.len()].copy_from_slice(CALL);
    let output = on_bytes(&["audit"], &inside);
    assert_eq!(status(&output), 1, "{}", text(&output));
    assert!(text(&output).contains("system runs code"), "{}", text(&output));
    // In the pickle of an array of objects.
    let objects = fs::read(wild.join("joblib-1.6.0-object_array.bin")).unwrap();
    let mut nested = objects[..227].to_vec();
    nested.extend([&b"\x80\x04"[..], CALL, b"."].concat());
    nested.extend(&objects[383..]);
    let output = on_bytes(&["audit"], &nested);
    assert_eq!(status(&output), 1, "{}", text(&output));
    // Cut within an array; and one whose shape says nothing.
    assert_eq!(status(&on_bytes(&["audit"], &file[..250])), 2);
    let at = file.windows(6).position(|it| it == b"\x8c\x05shap").unwrap();
    let mut shapeless = file.clone();
    shapeless[at + 2..at + 7].copy_from_slice(b"shave");
    let output = on_bytes(&["audit"], &shapeless);
    assert_eq!(status(&output), 2, "{}", text(&output));
    assert!(text(&output).contains("has no shape"), "{}", text(&output));
}

#[test]
fn no_bypass_gets_through() {
    let folder = repository().join("fixtures/audit");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if matches!(path.extension().and_then(|it| it.to_str()), Some("py" | "md" | "json")) {
            continue;
        }
        seen += 1;
        let fail_on = if name.starts_with("medium_") { "medium" } else { "high" };
        let output = pickle(&["audit", "--fail-on", fail_on, path.to_str().unwrap()]);
        let expected = if name.starts_with("clean_") {
            0
        } else if name.starts_with("incomplete_") {
            2
        } else {
            1
        };
        assert_eq!(status(&output), expected, "{name}: {}", text(&output));
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn completions_and_manual_are_made() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(pickle(&["completions", shell]).stdout.len() > 1_000, "{shell}");
    }
    let page = String::from_utf8(pickle(&["man"]).stdout).unwrap();
    assert!(page.contains("EXIT STATUS") || page.contains("Exit status"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(status(&pickle(&["man", "--folder", folder.path().to_str().unwrap()])), 0);
    assert!(folder.path().join("pickle-types.1").exists());
}
