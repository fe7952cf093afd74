//! Each command on three committed files: snapshots of what it prints at 80 columns.
//!
//! What a command does to a file is shown by `diff` of the file before and after. `cargo insta
//! review` shows what changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::process::Command;

use common::{Copy, HOSTILE, MODEL, TASK, pickle, program, repository, status, text};

const FILES: [(&str, &str); 3] = [(TASK, "task"), (MODEL, "model"), (HOSTILE, "hostile")];

/// A command line as it is typed, and what comes of it; `FILE` and `OUT` stand for paths.
fn typed(line: &[&str], paths: &[(&str, &str)]) -> String {
    let path = |word: &&str| {
        paths
            .iter()
            .find(|(name, _)| name == word)
            .map_or((*word).to_owned(), |(_, it)| (*it).into())
    };
    let arguments: Vec<String> = line.iter().map(path).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut said = text(&pickle(&arguments));
    for (name, path) in paths {
        said = said.replace(path, name);
    }
    format!("$ pickle {}\n{said}", line.join(" "))
}

/// Commands that print what they find.
#[test]
fn each_command_that_looks_prints_what_it_found() {
    for (file, name) in FILES {
        for line in [
            &["show", "FILE"][..],
            &["info", "FILE"],
            &["json", "FILE"],
            &["dis", "FILE"],
            &["audit", "FILE"],
            &["graph", "FILE"],
            &["types", "--no-test", "--name", "Sample", "FILE"],
        ] {
            let said = typed(line, &[("FILE", file)]);
            insta::assert_snapshot!(format!("{}_{name}", line[0]), said);
        }
    }
}

/// A value of each file, and another one in its place; and a path that leads nowhere.
const CHANGES: [(&str, &str, &str, &str); 3] = [
    (TASK, "[1].when", "'2030-01-02T03:04:05+00:00'", "[2].chord.x"),
    (MODEL, "with_mean", "False", "mean"),
    (HOSTILE, "$args[0]", "'echo'", "$state"),
];

#[test]
fn one_value_is_printed_and_set_and_removed() {
    for ((file, path, value, nowhere), (_, name)) in CHANGES.into_iter().zip(FILES) {
        let got = [
            typed(&["get", "FILE", path], &[("FILE", file)]),
            typed(&["get", "--json", "FILE", path], &[("FILE", file)]),
            typed(&["get", "--raw", "FILE", path], &[("FILE", file)]),
            typed(&["get", "FILE", nowhere], &[("FILE", file)]),
        ];
        insta::assert_snapshot!(format!("get_{name}"), got.join("\n"));

        let copy = Copy::of(file);
        let paths = [("FILE", &*copy.path()), ("OUT", &*copy.beside("new")), ("OLD", file)];
        let set = [
            typed(&["set", "FILE", path, "[]", "-o", "OUT"], &paths),
            typed(&["set", "FILE", path, value, "-o", "OUT"], &paths),
            typed(&["diff", "FILE", "OUT"], &paths),
            typed(&["set", "FILE", path, value], &paths),
            typed(&["diff", "OUT", "FILE"], &paths),
        ];
        insta::assert_snapshot!(format!("set_{name}"), set.join("\n"));
        let removed = [
            typed(&["del", "FILE", nowhere], &paths),
            typed(&["del", "FILE", path], &paths),
            typed(&["diff", "OLD", "FILE"], &paths),
        ];
        insta::assert_snapshot!(format!("del_{name}"), removed.join("\n"));
    }
}

#[test]
fn pickles_are_written_at_other_protocols_and_without_memo() {
    for (file, name) in FILES {
        let copy = Copy::of(file);
        let paths =
            [("FILE", file), ("OUT", &*copy.beside("new")), ("SMALL", &*copy.beside("small"))];
        let converted = [
            typed(&["convert", "--protocol", "0", "FILE", "-o", "OUT"], &paths),
            typed(&["diff", "FILE", "OUT"], &paths),
            typed(&["dis", "OUT"], &paths),
        ];
        insta::assert_snapshot!(format!("convert_{name}"), converted.join("\n"));
        let optimized = [
            typed(&["optimize", "OUT", "-o", "SMALL"], &paths),
            typed(&["diff", "OUT", "SMALL"], &paths),
            typed(&["dis", "SMALL"], &paths),
        ];
        insta::assert_snapshot!(format!("optimize_{name}"), optimized.join("\n"));
    }
}

#[test]
fn differences_are_told_by_path() {
    for ((file, name), other) in
        FILES.into_iter().zip(["wild/celery/result.pkl", TASK, "audit/called_as_a_key.pkl"])
    {
        let paths = [("FILE", file), ("OTHER", other)];
        let differs = [
            typed(&["diff", "FILE", "OTHER"], &paths),
            typed(&["diff", "--max", "1", "FILE", "OTHER"], &paths),
            typed(&["diff", "--quiet", "FILE", "OTHER"], &paths),
            typed(&["diff", "FILE", "FILE"], &paths),
        ];
        insta::assert_snapshot!(format!("diff_{name}"), differs.join("\n"));
    }
}

#[test]
fn an_audit_has_forms_for_programs() {
    for (file, name) in FILES {
        for form in ["json", "sarif"] {
            let said = typed(&["audit", "--format", form, "FILE"], &[("FILE", file)]);
            insta::assert_snapshot!(format!("audit_{form}_{name}"), said);
        }
    }
    insta::assert_snapshot!("audit_verbose", typed(&["audit", "--verbose", TASK, MODEL], &[]));
    insta::assert_snapshot!("info_deep", typed(&["info", "--deep", TASK, MODEL], &[]));
    insta::assert_snapshot!("show_several", typed(&["show", "--depth", "1", TASK, MODEL], &[]));
}

/// The manual has a page for each command, and shells complete each.
#[test]
fn help_manual_and_completions_have_all_commands() {
    insta::assert_snapshot!("help", typed(&["--help"], &[]));
    let page = pickle(&["man"]);
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(status(&pickle(&["man", "--folder", folder.path().to_str().unwrap()])), 0);
    assert_eq!(fs::read(folder.path().join("pickle.1")).unwrap(), page.stdout);
    insta::assert_snapshot!("man", String::from_utf8(page.stdout).unwrap());
    for name in COMMANDS {
        let page = fs::read_to_string(folder.path().join(format!("pickle-{name}.1"))).unwrap();
        assert!(page.contains(&format!(".SH NAME\npickle\\-{name} \\- ")), "{page}");
        assert!(page.contains(&format!(".SH SYNOPSIS\n\\fBpickle {name}\\fR ")), "{page}");
        assert!(page.contains("\nExamples:\n"), "{page}");
    }
    insta::assert_snapshot!(
        "man_get",
        fs::read_to_string(folder.path().join("pickle-get.1")).unwrap()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), COMMANDS.len() + 1);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = String::from_utf8(pickle(&["completions", shell]).stdout).unwrap();
        for name in COMMANDS {
            assert!(script.contains(name), "{shell} {name}");
        }
    }
    insta::assert_snapshot!("completions_fish", text(&pickle(&["completions", "fish"])));
}

const COMMANDS: [&str; 15] = [
    "show",
    "info",
    "json",
    "get",
    "set",
    "del",
    "types",
    "dis",
    "optimize",
    "convert",
    "diff",
    "audit",
    "graph",
    "completions",
    "man",
];

/// Each command says what it is for, has examples, and stays within the width of the terminal.
#[test]
fn each_command_has_help_with_examples() {
    for name in COMMANDS {
        let help = pickle(&[name, "--help"]);
        let help = String::from_utf8(help.stdout).unwrap();
        let (_, examples) = help.split_once("\nExamples:\n").expect(name);
        assert!(examples.contains(&format!("  pickle {name} ")), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}

/// The picture in the README is what the program prints.
#[test]
fn the_picture_is_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("picture.svg");
    let script = repository().join("cli/picture.py");
    let python =
        Command::new("python3").arg(script).arg(program().get_program()).arg(&drawn).output();
    let Ok(output) = python else {
        println!("no python3: the picture is not compared");
        return;
    };
    assert!(output.status.success(), "{}", text(&output));
    let (drawn, committed) = (fs::read(drawn), fs::read(repository().join("cli/picture.svg")));
    assert!(
        drawn.unwrap() == committed.unwrap(),
        "run python3 cli/picture.py target/debug/pickle, and look at the picture"
    );
}

/// The READMEs name commands that there are, and the program's own names all.
#[test]
fn the_readmes_know_the_commands() {
    let own = fs::read_to_string(repository().join("cli/README.md")).unwrap();
    for name in COMMANDS {
        assert!(own.contains(&format!("`{name}")), "{name}");
    }
    for status in ["| 0 |", "| 1 |", "| 2 |", "| 130 |"] {
        assert!(own.contains(status), "{status}");
    }
    let main = fs::read_to_string(repository().join("README.md")).unwrap();
    for text in [&main, &own] {
        let mut is_code = false;
        let lines = text.lines().filter(|line| {
            is_code ^= line.starts_with("```");
            is_code && line.starts_with("pickle ")
        });
        let typed = lines.map(|line| &line["pickle ".len()..]);
        for line in typed.chain(text.split("`pickle ").skip(1)) {
            let name: String = line.chars().take_while(|c| c.is_ascii_lowercase()).collect();
            assert!(COMMANDS.contains(&name.as_str()) || name.is_empty(), "{name}");
        }
    }
    for name in ["show", "audit", "types"] {
        assert!(main.contains(&format!("`pickle {name} ")), "{name}");
    }
}
