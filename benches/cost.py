#!/usr/bin/env python3
"""Measures what a program pays for depending on serde_pickle, beside serde_json and rmp-serde.

    python3 cost.py [--lines] [--check] [--save]

The program has three derived types, reads one and writes it; it is the same for each format but for two names. What is
measured, release profile:

- lines: of LLVM that rustc generates for the program, before it is optimized; as `cargo llvm-lines` counts, but for labels
- optimized: the same after optimization
- rebuild: CPU seconds of `cargo build --release` when main.rs has changed
- bytes: of the program, stripped
- clean: CPU seconds of the first build, its dependencies included; they have been downloaded before

The first two are generated with one codegen unit. --lines leaves the others out, --check compares lines and bytes with those
in `cost.txt` and fails if either has grown by more than 5 %, --save records both there. They depend on the compiler: another
than the recorded one says so and passes.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
RECORD = os.path.join(HERE, "cost.txt")
GROWTH = 1.05

FORMATS = {
    "serde_json": ('serde_json = "1"', "serde_json::from_slice::<Record>", "serde_json::to_vec"),
    "rmp-serde": ('rmp-serde = "1.3"', "rmp_serde::from_slice::<Record>", "rmp_serde::to_vec_named"),
    "serde_pickle": (
        'serde_pickle = { package = "serde_python_pickle", path = "%s" }' % ROOT,
        "serde_pickle::from_slice::<Record>",
        "serde_pickle::to_vec",
    ),
}

MANIFEST = """\
[package]
name = "cost"
version = "0.0.0"
edition = "2024"

[dependencies]
serde = { version = "1", features = ["derive"] }
%s

[profile.release]
strip = true

[workspace]
"""

MAIN = """\
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    tags: Vec<String>,
    score: Option<f64>,
    parts: Vec<Part>,
    by_name: BTreeMap<String, Part>,
    kind: Kind,
}

#[derive(Debug, Serialize, Deserialize)]
struct Part {
    a: i32,
    b: bool,
    c: (u8, String),
    d: Option<Box<Part>>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    A,
    B(u8),
    C { x: i64, y: String },
}

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let bytes = std::fs::read(path).unwrap_or_default();
    match READ(&bytes) {
        Ok(record) => println!("{:?}", WRITE(&record).unwrap()),
        Err(error) => println!("{error}"),
    }
}
"""


class Program:
    """One of the programs, in a folder of its own."""

    def __init__(self, folder, name, target):
        dependency, read, write = FORMATS[name]
        self.folder = os.path.join(folder, name)
        self.target = target
        os.makedirs(os.path.join(self.folder, "src"))
        with open(os.path.join(self.folder, "Cargo.toml"), "w") as file:
            file.write(MANIFEST % dependency)
        # The versions that the repository is tested with, so that nothing has to be looked up.
        shutil.copy(os.path.join(ROOT, "Cargo.lock"), self.folder)
        self.main = os.path.join(self.folder, "src", "main.rs")
        with open(self.main, "w") as file:
            file.write(MAIN.replace("READ", read).replace("WRITE", write))

    def cargo(self, *arguments, target=None):
        """Runs cargo; gives the CPU seconds that it took with all its children."""
        environment = dict(os.environ, CARGO_TARGET_DIR=target or self.target, CARGO_INCREMENTAL="0")
        for name in ("RUSTFLAGS", "CARGO_PROFILE_RELEASE_DEBUG"):
            environment.pop(name, None)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["cargo", *arguments], cwd=self.folder, env=environment, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def lines(self, optimized):
        """The lines of LLVM in all functions of the program."""
        folder = os.path.join(self.target, "release", "deps")
        for file in os.listdir(folder) if os.path.isdir(folder) else []:
            if file.startswith("cost-") and file.endswith(".ll"):
                os.remove(os.path.join(folder, file))
        os.utime(self.main)
        flags = ["-C", "codegen-units=1"] + ([] if optimized else ["-C", "no-prepopulate-passes"])
        self.cargo("rustc", "--release", "-q", "--", "--emit=llvm-ir", *flags)
        (file,) = [file for file in os.listdir(folder) if file.startswith("cost-") and file.endswith(".ll")]
        count, inside = 0, False
        with open(os.path.join(folder, file), errors="replace") as ir:
            for line in ir:
                if line.startswith("define "):
                    inside = True
                elif line.startswith("}"):
                    inside = False
                elif inside and line.strip() and not re.match(r'[\w".$-]+:', line):
                    count += 1
        return count

    def size(self):
        """The bytes of the program, of dependencies that may have been built before."""
        os.utime(self.main)
        self.cargo("build", "--release", "-q")
        return os.path.getsize(os.path.join(self.target, "release", "cost"))

    def build(self):
        """CPU seconds of a clean build and of a rebuild, and the size of the program."""
        with tempfile.TemporaryDirectory() as target:
            clean = self.cargo("build", "--release", "-q", target=target)
            with open(self.main, "a") as file:
                file.write("\nconst _: () = ();\n")
            rebuild = self.cargo("build", "--release", "-q", target=target)
            return clean, rebuild, os.path.getsize(os.path.join(target, "release", "cost"))


def compiler():
    answer = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, check=True)
    return answer.stdout.decode().split(" (")[0].strip()


def record():
    """The compiler, and the lines and bytes that were recorded."""
    with open(RECORD) as file:
        known, lines, size = file.read().strip().rsplit(" ", 2)
    return known, {"lines of LLVM": int(lines), "bytes": int(size)}


def check(found):
    known, recorded = record()
    if known != compiler():
        print("cost.txt is of %s, this is %s: not compared" % (known, compiler()))
        return
    for what, number in found.items():
        print("%d %s, %d are recorded" % (number, what, recorded[what]))
    grown = [what for what, number in found.items() if number > recorded[what] * GROWTH]
    if grown:
        sys.exit(
            "the program of benches/cost.py has more %s: more is compiled for each type, or linked into each program, of "
            "each user; see docs/PERFORMANCE.md, What it costs to depend on" % " and ".join(grown)
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", action="store_true", help="measure lines alone")
    parser.add_argument("--check", action="store_true", help="compare lines and bytes of serde_pickle with the recorded ones, no more")
    parser.add_argument("--save", action="store_true", help="record lines and bytes of serde_pickle")
    args = parser.parse_args()

    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    with tempfile.TemporaryDirectory() as folder:
        programs = {
            name: Program(folder, name, os.path.join(target, "cost")) for name in FORMATS if name == "serde_pickle" or not args.check
        }
        if args.check:
            ours = programs["serde_pickle"]
            return check({"lines of LLVM": ours.lines(False), "bytes": ours.size()})
        rows, first = [], None
        for name, program in programs.items():
            figures = [program.lines(False), program.lines(True)]
            if not args.lines:
                clean, rebuild, size = program.build()
                figures += [rebuild, size, clean]
            first = first or figures
            cells = []
            for figure, base in zip(figures, first):
                shown = "%.1f" % figure if isinstance(figure, float) else format(figure, ",")
                cells.append("%s (%.2f)" % (shown, figure / base))
            rows.append("| %s | %s |" % (name, " | ".join(cells)))
            if args.save and name == "serde_pickle":
                with open(RECORD, "w") as file:
                    file.write("%s %d %d\n" % (compiler(), figures[0], program.size()))
        heads = ["lines", "optimized", "rebuild, CPU s", "bytes", "clean, CPU s"][: len(first)]
        print("%s; in brackets: / serde_json\n" % compiler())
        print("| | %s |\n|---|%s" % (" | ".join(heads), "--:|" * len(heads)))
        print("\n".join(rows))


if __name__ == "__main__":
    main()
