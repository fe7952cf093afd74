#!/usr/bin/env python3
"""Counts the instructions of reading and writing with valgrind, and compares them with a baseline.

    python3 instructions.py [--save] [--contender NAME] [--workload A,B] [--task A,B] [--limit PERCENT]

Instructions do not depend on what else the machine does, so that a change of one per cent shows. They are not
time: caches, branches and page faults are not in them. The baseline is `instructions.txt`, one line per case;
--save writes it anew. Without --save the exit status is 1 if a case takes more than --limit per cent more.
Counts depend on the compiler: save a baseline with the compiler you compare under.

The data are a fiftieth of the benchmarks', in data/small. HashMaps are seeded at random, so `dict` varies by
a per mille or two.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from run import find_python, target_folder  # noqa: E402

SMALL = os.path.join(HERE, "data", "small")
SCALE = "0.02"
BASELINE = os.path.join(HERE, "instructions.txt")
HEAD = """\
# Instructions of one call, counted by instructions.py (callgrind), on data of scale %s.
# %s
# workload task contender instructions
"""


def cases(programs, args, environment):
    """The cases there are, as `ratios --list` names them."""
    command = [os.path.join(programs, "ratios"), "--list", "--contender", args.contender, "--data", SMALL]
    if args.workload:
        command += ["--workload", args.workload]
    command += ["--task", args.task]
    listed = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True).stdout.decode()
    for line in listed.splitlines():
        workload, task, contender = line.split("\t")
        # The base of the ratios passes every filter of `ratios`.
        if args.contender in contender:
            yield workload, task, contender


def count(programs, case, environment):
    workload, task, contender = case
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        command = [
            "valgrind", "--tool=callgrind", "--toggle-collect=bench_section", "--callgrind-out-file=" + out,
            os.path.join(programs, "sections"), "--workload", workload, "--task", task, "--contender", contender,
            "--data", SMALL,
        ]
        answer = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        if answer.returncode != 0:
            said = [line for line in answer.stderr.decode().splitlines() if not line.startswith("==")]
            print("%s %s %s: %s" % (workload, task, contender, " ".join(said)), file=sys.stderr)
            return None
        with open(out) as file:
            found = re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)
        return int(found.group(1))


def load_baseline():
    known = {}
    if os.path.exists(BASELINE):
        with open(BASELINE) as file:
            for line in file:
                if not line.startswith("#") and line.strip():
                    workload, task, rest = line.split(" ", 2)
                    contender, instructions = rest.rsplit(" ", 1)
                    known[workload, task, contender] = int(instructions)
    return known


def save_baseline(counts):
    compiler = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE).stdout.decode().strip()
    known = load_baseline()
    known.update(counts)
    with open(BASELINE, "w") as file:
        file.write(HEAD % (SCALE, compiler.split(" (")[0]))
        for case, instructions in known.items():
            file.write("%s %s %s %d\n" % (*case, instructions))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--save", action="store_true", help="write the baseline")
    parser.add_argument("--contender", default="serde_pickle", help="contenders whose name contains this")
    parser.add_argument("--workload", default="", help="only these")
    parser.add_argument("--task", default="decode,borrow,value,encode,encode-value")
    parser.add_argument("--limit", type=float, default=2.0, help="per cent of growth that is let pass")
    parser.add_argument("--no-build", dest="build", action="store_false")
    args = parser.parse_args()

    if args.build:
        subprocess.run(["cargo", "build", "--release", "-p", "serde_pickle_benches", "--bins"], cwd=HERE, check=True)
    programs = target_folder()
    environment = dict(os.environ, PYTHON=find_python(None), SERDE_PICKLE_BENCH_SCALE=SCALE)
    baseline = load_baseline()
    counts = {}
    grown = failed = 0
    print("| workload | task | contender | instructions | baseline | change |\n|---|---|---|--:|--:|--:|")
    for case in cases(programs, args, environment):
        now = count(programs, case, environment)
        if now is None:
            failed += 1
            continue
        counts[case] = now
        before = baseline.get(case)
        change = "" if not before else "%+.2f %%" % (100.0 * (now - before) / before)
        if before and now > before * (1 + args.limit / 100.0):
            grown += 1
            change = "**%s**" % change
        print("| %s | %s | %s | %d | %s | %s |" % (*case, now, before or "", change), flush=True)
    if not counts:
        sys.exit("no such case")
    if args.save:
        save_baseline(counts)
    elif grown:
        sys.exit("%d grew by more than %g %%" % (grown, args.limit))
    if failed:
        sys.exit("%d failed" % failed)


if __name__ == "__main__":
    main()
