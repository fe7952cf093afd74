//! Manners: color and width of a terminal, progress, pipes that break, errors, and what a hostile
//! file may not do to any of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use common::{
    HOSTILE, MODEL, TASK, fixture, on_bytes, pickle, pickles, piped, program, status, text,
};
use unicode_width::UnicodeWidthChar;

/// Columns of a line.
fn columns(line: &str) -> usize {
    line.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The program at a terminal of so many columns: what the terminal gets, and what its output gets
/// where that is a file.
#[cfg(unix)]
fn at_terminal(arguments: &[&str], columns: u16, to_file: bool) -> (String, String) {
    use std::fs::File;

    use nix::pty::{Winsize, openpty};

    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(&size, None).unwrap();
    let slave = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut output = tempfile::tempfile().unwrap();
    let mut command = program();
    command.args(arguments).env_remove("COLUMNS").env("TERM", "xterm-256color");
    command.stdout(if to_file { output.try_clone().unwrap().into() } else { slave() });
    command.stderr(slave());
    let mut child = command.spawn().unwrap();
    // The terminal ends when nobody has its other end.
    drop(command);
    drop(terminal.slave);
    let (mut master, mut shown) = (File::from(terminal.master), Vec::new());
    let mut piece = [0; 4_096];
    while let Ok(len @ 1..) = master.read(&mut piece) {
        shown.extend(&piece[..len]);
    }
    child.wait().unwrap();
    let mut written = Vec::new();
    std::io::Seek::rewind(&mut output).unwrap();
    output.read_to_end(&mut written).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    (text(&shown), text(&written))
}

/// Text without the escape sequences of colors.
fn plain(text: &str) -> String {
    let mut pieces = text.split('\x1b');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    pieces.for_each(|piece| out.push_str(piece.split_once('m').unwrap_or_default().1));
    out
}

#[cfg(unix)]
#[test]
fn a_terminal_of_80_columns_gets_colors_and_lines_that_fit() {
    for (file, name) in [(TASK, "task"), (MODEL, "model"), (HOSTILE, "hostile")] {
        for command in ["show", "info", "audit", "get"] {
            let line = if command == "get" { &[command, file, "."][..] } else { &[command, file] };
            let (shown, _) = at_terminal(line, 80, false);
            // There is nothing to color in a report that there is nothing.
            let quiet = command == "audit" && file == TASK;
            assert!(shown.contains("\x1b[") || quiet, "{command} {name}: {shown}");
            // Apart from that it is what a pipe gets.
            let piped = pickle(line);
            assert_eq!(plain(&shown), String::from_utf8_lossy(&piped.stdout), "{command} {name}");
        }
    }
    // Escape sequences as a reader sees them.
    let (shown, _) = at_terminal(&["show", TASK], 80, false);
    insta::assert_snapshot!("terminal_show", shown.replace('\x1b', "␛"));
    let (narrow, _) = at_terminal(&["info", MODEL], 40, false);
    assert!(narrow.lines().all(|line| columns(&plain(line)) <= 40), "{narrow}");
}

#[test]
fn colors_are_as_asked() {
    let colored = |output: &std::process::Output| output.stdout.contains(&0x1b);
    assert!(!colored(&pickle(&["show", TASK])));
    assert!(colored(&pickle(&["show", TASK, "--color", "always"])));
    assert!(colored(&program().args(["show", TASK]).env("CLICOLOR_FORCE", "1").output().unwrap()));
    #[cfg(unix)]
    {
        let (shown, _) = at_terminal(&["show", TASK, "--color", "never"], 80, false);
        assert!(!shown.contains('\x1b'), "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn no_color_is_followed_at_a_terminal() {
    // The helper removes the variable; `env` puts it back.
    let program = program().get_program().to_owned();
    let output = std::process::Command::new("env")
        .args(["NO_COLOR=1", "CLICOLOR_FORCE=", "COLUMNS=80"])
        .arg(program)
        .args(["show", "--color", "auto", fixture(TASK).to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(status(&output), 0);
    assert!(!output.stdout.contains(&0x1b));
}

/// Every line for people fits, whatever a pickle holds; at 80 columns, and at few.
#[test]
fn no_line_for_people_is_wider_than_was_asked() {
    let mut files = pickles(&fixture(""));
    files.retain(|path| !path.components().any(|part| part.as_os_str() == "invalid"));
    assert!(files.len() > 3_000, "{}", files.len());
    let (mut seen, mut before) = (0, TASK.to_owned());
    for path in files.iter().step_by(if std::env::var_os("SERDE_PICKLE_CLI_ALL").is_some() {
        1
    } else {
        199
    }) {
        let path = path.to_str().unwrap();
        for (width, columns_wanted) in [("80", 80), ("30", 30)] {
            for command in [
                &["show", path][..],
                &["info", "--deep", path],
                &["audit", "--verbose", path],
                &["diff", &before, path],
            ] {
                let output = program().args(command).args(["--width", width]).output().unwrap();
                for line in String::from_utf8_lossy(&output.stdout).lines() {
                    assert!(columns(line) <= columns_wanted, "{command:?} {width}: {line}");
                    seen += 1;
                }
            }
        }
        before = path.to_owned();
    }
    assert!(seen > 2_000, "{seen}");
}

/// Names, keys, numbers and text that are longer than a line, in letters of two columns too.
#[test]
fn whatever_is_longer_than_a_line_is_folded() {
    let long = "名".repeat(60);
    let literal = format!(
        "{{'{long}': '{long} {long}', 'n': {}, ('{}',): [b'{}'], 'deep': {}1{}}}",
        "9".repeat(200),
        "k".repeat(150),
        "\\x00".repeat(90),
        "[".repeat(60),
        "]".repeat(60)
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.pkl");
    let path = path.to_str().unwrap();
    let made = piped(&["json", "--from", "-", "-o", path], literal.as_bytes());
    assert_eq!(status(&made), 0, "{}", text(&made));
    for command in [
        &["show", path][..],
        &["show", "--all", path],
        &["get", path, "."],
        &["info", "--deep", path],
        &["diff", path, TASK],
    ] {
        for width in [20, 40, 80, 200] {
            let asked = width.to_string();
            let output = program().args(command).args(["--width", &asked]).output().unwrap();
            let output = String::from_utf8_lossy(&output.stdout).into_owned();
            let widest = output.lines().map(columns).max().unwrap();
            assert!(widest <= width, "{command:?} {width}: {widest}\n{output}");
        }
    }
    // Nothing is lost by it.
    let shown = String::from_utf8(pickle(&["get", path, "n"]).stdout).unwrap();
    assert_eq!(shown.replace(['\n', ' '], ""), "9".repeat(200));
}

/// A file that takes long to read, of so many bytes.
#[cfg(unix)]
fn long(folder: &tempfile::TempDir, len: usize) -> String {
    let path = folder.path().join("long.pkl");
    let mut pickle = b"\x80\x04B".to_vec();
    pickle.extend(u32::try_from(len).unwrap().to_le_bytes());
    pickle.resize(pickle.len() + len, b'x');
    pickle.push(b'.');
    fs::write(&path, pickle).unwrap();
    path.to_str().unwrap().to_owned()
}

/// On a terminal, and nowhere else; not where the output itself would be torn by it.
#[cfg(unix)]
#[test]
fn long_work_shows_its_progress_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = long(&folder, 33 << 20);
    for command in ["dis", "audit"] {
        let (shown, written) = at_terminal(&[command, &path], 80, true);
        assert!(shown.contains("MiB"), "{command}: {shown}");
        assert!(!written.contains("MiB") && !written.is_empty(), "{command}");
        // It is gone when the work is done.
        assert!(shown.trim_end().ends_with("\x1b[2K"), "{command}: {shown:?}");
    }
    let (shown, _) = at_terminal(&["show", &path], 80, false);
    assert!(!shown.contains("MiB"), "{shown}");
    let output = pickle(&["show", &path]);
    assert!(output.stderr.is_empty(), "{}", text(&output));
    let path = long(&folder, 1 << 20);
    let (shown, _) = at_terminal(&["show", &path], 80, true);
    assert_eq!(shown, "");
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_no_pickle_and_no_control_characters() {
    let (shown, _) = at_terminal(&["convert", "-p", "4", TASK], 80, false);
    assert!(plain(&shown).contains("a pickle is not for a terminal: give a file by -o"), "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("red.pkl");
    fs::write(&path, b"\x80\x04\x8c\x0b\x1b[31mred\x07\nb.").unwrap();
    let path = path.to_str().unwrap();
    for command in [&["get", "--raw", path, "."][..], &["show", path], &["json", path]] {
        let (shown, _) = at_terminal(&[command, &["--color", "never"]].concat(), 80, false);
        assert!(!shown.contains(['\x1b', '\x07']), "{command:?}: {shown:?}");
        assert!(shown.contains("[31mred"), "{command:?}: {shown:?}");
    }
    // A pipe gets the text as it is.
    assert_eq!(pickle(&["get", "--raw", path, "."]).stdout, b"\x1b[31mred\x07\nb\n");
    let output = on_bytes(&["get", "--raw"], b"\x80\x03C\x06\x1b[0m\xff\0.", &["."]);
    assert_eq!(output.stdout, b"\x1b[0m\xff\0");
}

#[test]
fn a_pipe_that_breaks_is_nobodys_fault() {
    for command in [
        &["dis", "wild/joblib/sklearn-scaler.pkl"][..],
        &["show", TASK],
        &["json", TASK],
        &["json", "--lines", TASK],
        &["info", TASK],
        &["audit", TASK],
        &["graph", TASK],
        &["types", TASK],
        &["diff", TASK, TASK],
        &["get", TASK, "."],
        &["convert", "-p", "4", TASK],
        &["optimize", TASK],
        &["completions", "bash"],
        &["man"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        // Nobody reads.
        drop(reader);
        let output =
            program().args(command).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(status(&output), 0, "{command:?}: {}", text(&output));
        assert!(output.stderr.is_empty(), "{command:?}: {}", text(&output));
    }
}

#[test]
fn errors_are_one_line_and_escape_what_a_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("a\nb\x1b[31m.pkl");
    let odd = odd.to_str().unwrap();
    for arguments in [
        &["show", "/nonexistent"][..],
        &["show", odd],
        &["show", "valid"],
        &["show", "valid/manifest.json"],
        &["info", "valid/manifest.json"],
        &["json", "invalid/eof_empty.pickle"],
        &["get", TASK, "a["],
        &["get", "audit/second_of_a_stream.pkl", "."],
        &["dis", "invalid/eof_empty.pickle"],
        &["types", "/nonexistent"],
        &["graph", "/nonexistent"],
        &["diff", TASK, "/nonexistent"],
        &["convert", "-p", "4", "/nonexistent"],
        &["optimize", "valid/manifest.json"],
        &["set", TASK, "[0]", "Ada", "-o", "/dev/null"],
        &["set", TASK, "[0]", "1", "-o", "/nonexistent/file"],
        &["del", TASK, ".", "-o", "/dev/null"],
        &["audit", "--allow-list", "/nonexistent", TASK],
    ] {
        let output = pickle(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("pickle: "), "{error}");
        assert!(!error.contains('\x1b'), "{error}");
        // `info` has told the size by then.
        assert!(output.stdout.is_empty() || arguments[0] == "info", "{arguments:?}");
    }
    // The name of a class with an escape sequence in it.
    for command in ["show", "audit", "info", "graph", "types", "json", "dis"] {
        let output = piped(&[command, "-"], b"cm\n\x1b[31mred\n.");
        assert!(!output.stdout.contains(&0x1b), "{output:?}");
    }
}

/// Arguments that are wrong end as other errors do.
#[test]
fn wrong_arguments_are_an_error_too() {
    for arguments in [&["shwo"][..], &["show"], &["convert", "-p", "9", TASK], &[]] {
        assert_eq!(status(&pickle(arguments)), 2, "{arguments:?}");
    }
}

/// SIGINT ends a command, whatever it waits for.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_command_that_reads() {
    use std::os::unix::process::ExitStatusExt;

    // A background job of a shell ignores SIGINT, and so does all that it starts.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    if ignored.is_some_and(|mask| mask & 1 << (2 - 1) != 0) {
        eprintln!("SIGINT is ignored here, so no command is asked to end by it");
        return;
    }
    for command in [&["show", "-"][..], &["json", "--lines", "-"], &["audit", "-"]] {
        let mut child = program()
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let id = child.id().to_string();
        let asked = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(asked.success());
        let ended = child.wait().unwrap();
        assert!(ended.signal() == Some(2) || ended.code() == Some(130), "{command:?}: {ended}");
    }
}
