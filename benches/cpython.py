#!/usr/bin/env python3
"""Measures CPython's own pickle on one workload and prints JSON. `run.py` runs it, under the Python to measure.

    python3 cpython.py WORKLOAD --data DIR [--ours DIR] [--subject NAME] [--check] [--sizes]

Times are seconds: the least of some runs and their median, where each run's result is dropped outside the
time. What is compared with each other (Python's pickle and ours) alternates within the runs.
"""

import argparse
import gc
import io
import json
import os
import pickle
import pickletools
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import benchdata  # noqa: E402,F401  (the class in the pickles of `instances`)

PROTOCOL = {"records2": 2}
FILES = {"entries": "dict"}
# What takes microseconds is run as often as that within one measurement.
LOOPS = {"one": 5_000}
BUDGET = 1.5
FEWEST, MOST = 3, 15


def once(function, loops):
    """One measurement: seconds a call."""
    if loops == 1:
        start = time.perf_counter()
        result = function()
        seconds = time.perf_counter() - start
        del result
        return seconds
    start = time.perf_counter()
    for _ in range(loops):
        function()
    return (time.perf_counter() - start) / loops


def alternate(functions, loops):
    """Measures the functions in turn, with the collector as it is set, and returns `{name: [seconds]}`."""
    seconds = {name: [] for name in functions}
    spent = 0.0
    runs = 0
    while runs < FEWEST or (runs < MOST and spent < BUDGET):
        for name, function in functions.items():
            gc.collect()
            taken = once(function, loops)
            seconds[name].append(taken)
            spent += taken * loops
        runs += 1
    return seconds


def summed(seconds):
    return {name: {"min": min(times), "median": statistics.median(times)} for name, times in seconds.items()}


def with_gc(on, measure):
    (gc.enable if on else gc.disable)()
    try:
        return measure()
    finally:
        gc.enable()


def optimized_size(path, data, protocol):
    """The size that pickletools.optimize makes of a pickle. It takes its time, so it is kept beside the data."""
    cache = os.path.join(os.path.dirname(path), "optimized.json")
    try:
        with open(cache) as file:
            known = json.load(file)
    except (OSError, ValueError):
        known = {}
    key = "%s@%d:%d" % (os.path.basename(path), protocol, len(data))
    if key not in known:
        known[key] = len(pickletools.optimize(data))
        with open(cache, "w") as file:
            json.dump(known, file, indent=1)
    return known[key]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workload")
    parser.add_argument("--data", required=True)
    parser.add_argument("--ours", help="the folder `ratios --write` wrote")
    parser.add_argument("--subject", default="serde_pickle")
    parser.add_argument("--check", action="store_true", help="compare what ours loads as with the data")
    parser.add_argument("--sizes", action="store_true")
    args = parser.parse_args()

    path = os.path.join(args.data, FILES.get(args.workload, args.workload) + ".pkl")
    given = read(path)
    value = pickle.loads(given)
    protocol = PROTOCOL.get(args.workload, 4)
    # Dumped anew only where the file is of another protocol: a value that was loaded shares its strings just
    # as the one that was made, and so is dumped to the same bytes.
    own = given if args.workload != "ints0" else pickle.dumps(value, protocol)
    loops = LOOPS.get(args.workload, 1)
    out = {
        "workload": args.workload,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "own_bytes": len(own),
        "times": {},
        "errors": [],
    }

    for on in (True, False):
        name = "gc" if on else "nogc"
        functions = {"loads": lambda: pickle.loads(given), "dumps": lambda: pickle.dumps(value, protocol)}
        for what, times in summed(with_gc(on, lambda: alternate(functions, loops))).items():
            out["times"]["%s-%s" % (what, name)] = times

    prefix = args.workload + "." + args.subject.replace(" ", "-").replace(":", "-")
    for suffix in ("", "-memoize_strings"):
        encoded = os.path.join(args.ours, prefix + suffix + ".pkl") if args.ours else ""
        if not os.path.exists(encoded):
            continue
        ours = read(encoded)
        out["ours_bytes" + suffix] = len(ours)
        if args.check:
            stream = io.BytesIO(ours)
            if pickle.load(stream) != value:
                out["errors"].append("what %s encodes%s loads as another value" % (args.subject, suffix))
            if stream.read(1):
                out["errors"].append("what %s encodes%s goes on behind STOP" % (args.subject, suffix))
        functions = {"own": lambda: pickle.loads(own), "ours": lambda: pickle.loads(ours)}
        for on in (True, False):
            times = summed(with_gc(on, lambda: alternate(functions, loops)))
            out["times"]["reads%s-%s" % (suffix, "gc" if on else "nogc")] = times

    if args.sizes and args.workload != "numpy":
        out["optimized_bytes"] = optimized_size(path, own, protocol)
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
