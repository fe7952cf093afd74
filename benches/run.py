#!/usr/bin/env python3
"""Measures everything, prints the goals, and writes the tables and the chart of docs/PERFORMANCE.md.

    python3 run.py [--python PYTHON] [--rounds N] [--workload A,B] [--docs DIR] [--subject NAME] ...

In each round, each workload is measured by the Rust runner `ratios` and then by CPython, so that what else the
machine does hits both. The tables go between the two markers of PERFORMANCE.md; the text around them is left
as it is. With --workload the goals are printed and nothing is written, unless --docs says where.

The parts: `cpython.py` measures one workload in CPython, `results.py` holds the figures, `targets.py` the
goals, `chart.py` draws.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import chart  # noqa: E402
import targets  # noqa: E402
from results import WORKLOADS, Ratio, Results  # noqa: E402

BEGIN, END = "<!-- table -->", "<!-- /table -->"
OLD, NAMED = targets.OLD, targets.NAMED


def find_python(wanted):
    for name in [wanted, os.environ.get("PYTHON"), "python3.13", "python3"]:
        if not name or not shutil.which(name):
            continue
        if subprocess.run([name, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return name
    sys.exit("no python3 found")


def target_folder():
    answer = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=HERE, stdout=subprocess.PIPE, check=True
    )
    return os.path.join(json.loads(answer.stdout)["target_directory"], "release")


class Runner:
    def __init__(self, args):
        self.args = args
        self.python = find_python(args.python)
        self.data = os.path.abspath(args.data)
        self.programs = target_folder()
        self.work = tempfile.mkdtemp(prefix="serde_pickle_bench")
        self.results = Results(args.subject)
        self.environment = dict(os.environ, PYTHON=self.python, SERDE_PICKLE_BENCH_DATA=self.data)

    def note(self, text):
        print(text, file=sys.stderr, flush=True)

    def program(self, name, *args):
        """Runs one of our programs and returns the rows of its JSON."""
        out = os.path.join(self.work, "rows.json")
        command = [os.path.join(self.programs, name), *args, "--data", self.data, "--json", out]
        answer = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment)
        said = answer.stderr.decode()
        sys.stderr.write(said)
        if not os.path.exists(out):
            sys.exit("%s gave no figures" % name)
        with open(out) as file:
            rows = json.load(file)["rows"]
        os.remove(out)
        if answer.returncode != 0:
            # It measured what it could; the last line names what our crate got wrong.
            self.results.errors.append(said.strip().splitlines()[-1].replace("error: ", "", 1))
        return rows

    def run(self):
        args, results = self.args, self.results
        if args.build:
            subprocess.run(
                ["cargo", "build", "--release", "-p", "serde_pickle_benches", "--bins"], cwd=HERE, check=True
            )
        self.note("data …")
        subprocess.run([self.python, os.path.join(HERE, "data.py"), "--out", self.data], check=True)
        names = [name for name in WORKLOADS if not args.workload or name in args.workload]
        if not os.path.exists(os.path.join(self.data, "numpy.pkl")):
            names = [name for name in names if name != "numpy"]
        ours = self.write_encoded(names)
        for round_number in range(args.rounds):
            for name in names:
                self.note("round %d of %d: %s" % (round_number + 1, args.rounds, name))
                # Results are compared with the truth in the first round.
                rows = self.program(
                    "ratios", "--workload", name, "--rounds", str(args.inner), *self.peers(), *self.check(round_number)
                )
                results.add_rows(rows, round_number == 0)
                results.add_python(self.cpython(name, ours, round_number))
        if "records" in names:
            self.records_only()
        self.note("allocations …")
        for row in self.program("allocs", "--task", "decode", "--workload", ",".join(names)):
            results.alloc[row["workload"], row["contender"]] = row
        shutil.rmtree(self.work)

    def peers(self):
        return ["--contender", ",".join(self.args.contender)] if self.args.contender else []

    def check(self, round_number):
        return [] if round_number == 0 else ["--no-check"]

    def write_encoded(self, names):
        """What the subject encodes, for CPython to read."""
        folder = os.path.join(self.work, "encoded")
        command = [os.path.join(self.programs, "ratios"), "--write", folder, "--task", "encode"]
        command += ["--contender", self.args.subject, "--workload", ",".join(names), "--data", self.data]
        subprocess.run(command, stdout=subprocess.DEVNULL, env=self.environment, check=True)
        return folder

    def cpython(self, name, ours, round_number):
        command = [self.python, os.path.join(HERE, "cpython.py"), name, "--data", self.data]
        command += ["--ours", ours, "--subject", self.args.subject]
        if round_number == 0:
            command += ["--check", "--sizes"]
        answer = subprocess.run(command, stdout=subprocess.PIPE, env=self.environment, check=True)
        return json.loads(answer.stdout)

    def records_only(self):
        """Fresh processes, and sixteen times the data."""
        args, results = self.args, self.results
        few = ["--contender", args.subject + "," + NAMED, "--no-check"]
        self.note("fresh processes …")
        rows = self.program(
            "ratios", "--fresh", "--workload", "records", "--task", "decode", "--rounds", str(args.fresh), *few
        )
        results.fresh = {row["contender"]: row["nanos"] for row in rows}
        self.note("16 times the records …")
        scale = ["--workload", "records16", "--task", "scale", "--rounds", str(args.inner), *few]
        results.scale = {row["contender"]: row["nanos"] for row in self.program("ratios", *scale)}
        kept = self.program("ratios", "--heap-kept", *scale)
        results.scale_kept = {row["contender"]: row["nanos"] for row in kept}


# ------------------------------------------------------------ tables


def number(value):
    if value is None:
        return "–"
    if isinstance(value, Ratio) and not value.steady:
        return "~" + number(float(value))
    if value >= 100:
        return "%.0f" % value
    if value >= 10:
        return "%.1f" % value
    return "%.2f" % value if value >= 0.095 else "%.2g" % value


def duration(millis):
    if millis is None:
        return None
    for size, unit in ((1.0, "ms"), (1e-3, "µs")):
        if millis >= size:
            return "%.3g %s" % (millis / size, unit)
    return "%.3g ns" % (millis * 1e6)


def matrix(title, names, lines):
    """A table with a column per workload, leaving out lines and workloads without figures."""
    names = [name for name in names if any(cells.get(name) not in (None, "–") for _, cells in lines)]
    out = ["**%s**" % title, "", "| | %s |" % " | ".join(names), "|---|%s" % ("--:|" * len(names))]
    for label, cells in lines:
        if any(cells.get(name) not in (None, "–") for name in names):
            out.append("| %s | %s |" % (label, " | ".join(cells.get(name) or "–" for name in names)))
    return "\n".join(out) + "\n" if names else ""


def task_table(r, title, task, base, contenders, python=None):
    names = [name for name in WORKLOADS if r.has(name, task, base) or (task == "value" and r.has(name, task, OLD))]
    lines = []
    for contender in contenders:
        cells = {name: number(r.ratio(name, task, contender, base)) for name in names}
        if contender == base:
            cells = {name: duration(r.millis(name, task, base)) for name in names}
        lines.append((contender, cells))
    for key, label in (python or {}).items():
        lines.append((label, {name: number(r.python_to(name, task, key, base)) for name in names}))
    return matrix(title, names, lines)


def tables(r, python_version):
    me = r.subject
    cp = "CPython " + python_version
    read = {"loads-gc": cp + ", gc on", "loads-nogc": cp + ", gc off"}
    wrote = {"dumps-gc": cp + ", gc on", "dumps-nogc": cp + ", gc off"}
    value = r.ours("value")
    formats = [me, OLD, "pickled", "deser-pickle", NAMED, "serde_json", "bincode"]
    limits = ["limit: lex", "limit: lex and UTF-8", "limit: memcpy", "limit: clone of the result"]
    unique = lambda items: list(dict.fromkeys(items))  # noqa: E731
    parts = [
        task_table(
            r, "Typed decode: time / rmp-serde", "decode", NAMED,
            unique([me, me + " of its own pickles"] + formats[1:] + limits + [me + "::opcode::instructions"]), read,
        ),
        task_table(
            r, "Borrowed decode: time / rmp-serde borrowed", "borrow", NAMED,
            unique([me, "deser-pickle", NAMED, "serde_json", "bincode", "limit: memcpy"]),
        ),
        task_table(
            r, "Dynamic values: time / serde_json::Value", "value", "serde_json::Value",
            unique([value, me + "::Graph", OLD, "pickled", "deser-pickle", "rmpv::Value", "rmpv::ValueRef",
                    "serde_json::Value"]), read,
        ),
        task_table(
            r, "Typed encode: time / serde-pickle 1.2", "encode", OLD,
            unique([me, me + " memoize_strings"] + formats[1:]), wrote,
        ),
        task_table(
            r, "Dynamic values, encode: time / serde-pickle 1.2", "encode-value", OLD,
            unique([r.ours("encode-value"), OLD, "pickled", "deser-pickle", "rmpv::Value", "serde_json::Value"]),
        ),
    ]
    sized = [
        (contender, {name: number(r.encoded_size(name, contender)) for name in targets.SIZED})
        for contender in unique([me, me + " memoize_strings"] + formats[1:])
    ]
    sized.append(("pickletools.optimize", {name: number(r.size(name, "optimized_bytes")) for name in targets.SIZED}))
    sized.append((cp + ", bytes", {name: str(r.own_bytes(name) or "–") for name in targets.SIZED}))
    parts.append(matrix("Size / CPython's protocol 4", targets.SIZED, sized))
    lines = []
    for suffix, label in (("", me), ("-memoize_strings", me + " memoize_strings")):
        for collector, switch in (("gc", "on"), ("nogc", "off")):
            cells = {name: number(r.reads(name, suffix, collector)) for name in targets.SIZED}
            lines.append(("%s, gc %s" % (label, switch), cells))
    parts.append(matrix("%s reading what we encode / what it encodes" % cp, targets.SIZED, lines))
    parts.append(memory_table(r, formats))
    parts.append(growth_lines(r))
    return "\n".join(part for part in parts if part)


def memory_table(r, formats):
    lines = ["| records, typed decode | allocations | reallocations | MB allocated | peak live MB | kept MB |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    for contender in dict.fromkeys(formats + ["limit: clone of the result"]):
        row = r.alloc.get(("records", contender))
        if row:
            sizes = ["%.1f" % (row[key] / 1e6) for key in ("allocated", "peak", "kept")]
            cells = [contender, str(row["allocations"]), str(row["reallocations"])] + sizes
            lines.append("| %s |" % " | ".join(cells))
    if len(lines) == 2:
        return ""
    return "**Memory**\n\n" + "\n".join(lines) + "\n"


def growth_lines(r):
    lines = []
    for name in (r.subject, NAMED):
        default = r.in_rounds(r.scale, name + " 16x", name + " 1x")
        kept = r.in_rounds(r.scale_kept, name + " 16x", name + " 1x")
        if default and kept:
            lines.append("| %s | %s | %s |" % (name, number(default), number(kept)))
    fresh = r.in_rounds(r.fresh, r.subject, NAMED)
    out = ""
    if lines:
        head = "| 16 times the records / once, time | default heap | heap kept |\n|---|--:|--:|\n"
        out += "**Growth**\n\n" + head + "\n".join(lines) + "\n"
    if fresh:
        out += "\nIn a fresh process, page faults included, typed decode of `records` / rmp-serde: %s.\n" % number(fresh)
    return out


def load():
    """How many processes wanted a processor in the last minute; 0.0 where the system does not say."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return 0.0


def machine(python_version, rounds, load_before):
    """The line above the tables: what they were measured on."""
    cpu = "unknown processor"
    try:
        with open("/proc/cpuinfo") as file:
            cpu = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass

    def said(*command):
        answer = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return answer.stdout.decode().strip()

    return "%s, commit %s. %s, %d cores, %s. %s, release profile; CPython %s. %d rounds; load before %.1f." % (
        datetime.date.today().isoformat(),
        said("git", "rev-parse", "--short", "HEAD") or "unknown",
        cpu,
        os.cpu_count() or 0,
        os.uname().sysname,
        said("rustc", "--version").split(" (")[0],
        python_version,
        rounds,
        load_before,
    )


def write_docs(folder, r, rounds, load_before):
    path = os.path.join(folder, "PERFORMANCE.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        sys.exit("%s: the markers %s and %s must be there once, in this order" % (path, BEGIN, END))
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    body = machine(r.python_version, rounds, load_before) + "\n\n" + tables(r, r.python_version)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + body.strip() + "\n" + END + after)
    minor = ".".join(r.python_version.split(".")[:2])
    series = [
        (r.subject, {name: r.ratio(name, "decode", r.subject, NAMED) for name in WORKLOADS}),
        (OLD, {name: r.ratio(name, "decode", OLD, NAMED) for name in WORKLOADS}),
        ("CPython %s, gc off" % minor, {name: r.python_to(name, "decode", "loads-nogc", NAMED) for name in WORKLOADS}),
        ("serde_json", {name: r.ratio(name, "decode", "serde_json", NAMED) for name in WORKLOADS}),
    ]
    series = [entry for at, entry in enumerate(series) if at == 0 or entry[0] != r.subject]
    drawing = chart.chart(
        "Reading into Rust types: time, shorter is better",
        "rmp-serde reading MessagePack of the same values = 1 (the dashed line); CPython makes its own objects",
        series,
    )
    with open(os.path.join(folder, "performance.svg"), "w", encoding="utf-8") as file:
        file.write(drawing)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    listed = lambda text: [name for name in text.split(",") if name]  # noqa: E731
    parser.add_argument("--python", help="the Python to measure (default $PYTHON, python3.13, python3)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds over all workloads (default 3)")
    parser.add_argument("--inner", type=int, default=5, help="rounds within one of them (default 5)")
    parser.add_argument("--fresh", type=int, default=15, help="fresh processes per contender (default 15)")
    parser.add_argument("--workload", type=listed, default=[], help="only these")
    parser.add_argument("--contender", type=listed, default=[], help="only contenders whose name contains these")
    parser.add_argument("--subject", default="serde_pickle", help="whose goals are looked at")
    parser.add_argument("--data", default=os.environ.get("SERDE_PICKLE_BENCH_DATA", os.path.join(HERE, "data")))
    parser.add_argument("--docs", help="the folder of PERFORMANCE.md (default docs, with all workloads only)")
    parser.add_argument("--no-docs", action="store_true")
    parser.add_argument("--no-build", dest="build", action="store_false")
    args = parser.parse_args()
    unknown = set(args.workload) - set(WORKLOADS)
    if unknown:
        parser.error("no such workload: " + ", ".join(sorted(unknown)))

    load_before = load()
    if load_before > 0.5:
        print("warning: load %.1f: something else runs here, figures will be off" % load_before, file=sys.stderr)
    runner = Runner(args)
    runner.run()
    results = runner.results
    docs = args.docs or (None if args.workload or args.contender else os.path.join(HERE, "..", "docs"))
    if docs and not args.no_docs:
        write_docs(docs, results, args.rounds * args.inner, load_before)
    print(targets.table(results))
    for error in results.errors:
        print("error: " + error, file=sys.stderr)
    sys.exit(1 if results.errors else 0)


if __name__ == "__main__":
    main()
