#!/usr/bin/env python3
"""The shapes that real caches hold: writes their pickles, and measures CPython on them.

    python3 shapes.py [--out DIR] [--scale F] [--force] [NAME ...]    writes DIR/NAME.p2.pkl and NAME.p4.pkl
    python3 shapes.py --run [--rounds N] [--large MB] [NAME ...]      measures, CPython and ours in turns, and says
                                                                      which goals are met
    python3 shapes.py --check DIR [NAME ...]                          compares what ours wrote with the shapes

The workloads of data.py are plain dicts, lists and text. These are what Python programs keep besides: dates,
decimals, enums, sets, named tuples, slots, objects that are shared, small bytes, arrays. Seeded; each shape
depends on its own name alone. Four need numpy, and are left out without it; they are written at protocol 5 too.
NAME.p4.one.pkl is the shape with one object.

`--run` wants `cargo build --release -p serde_pickle_benches --bins` first. A figure is a ratio of medians in one
run: the program `shapes` measures one shape a process, next to `pickle.loads` and `pickle.dumps` in this one.
"""

import argparse
import collections
import datetime
import decimal
import gc
import json
import math
import os
import pickle
import random
import statistics
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import shop  # noqa: E402  (found beside this file)

PROTOCOLS = (2, 4, 5)
# Calls within one measurement of one object a call, as in src/bin/shapes.rs.
CALLS = 1000
COUNT = 50_000
BEGIN = datetime.datetime(2024, 1, 1)
UTC = datetime.timezone.utc


class Draw(random.Random):
    def below(self, n):
        return int(self.random() * n)


def later(draw, micros):
    delta = datetime.timedelta(seconds=draw.below(10**8), microseconds=draw.below(10**6) if micros else 0)
    return BEGIN + delta


def item(draw):
    return shop.Item("sku%d" % draw.below(1000), draw.below(10), draw.random())


def order(draw, i):
    note = None if i % 2 else "note %d" % i
    return shop.Order(i, [item(draw) for _ in range(3)], note, draw.choice(list(shop.Color)))


def session(draw, i):
    return {
        "_auth_user_id": str(i),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": "%064x" % draw.getrandbits(256),
        "cart": [{"id": j, "qty": draw.below(5)} for j in range(3)],
        "last": BEGIN + datetime.timedelta(seconds=i),
    }


def log_record(i):
    return {
        "name": "app.views",
        "msg": "GET %s %d",
        "args": ("/a/b/%d" % i, 200),
        "levelname": "INFO",
        "levelno": 20,
        "pathname": "/srv/app/views.py",
        "filename": "views.py",
        "module": "views",
        "exc_info": None,
        "exc_text": None,
        "stack_info": None,
        "lineno": i % 500,
        "funcName": "get",
        "created": 1.7e9 + i,
        "msecs": (i % 1000) * 1.0,
        "relativeCreated": i * 3.5,
        "thread": 140735,
        "threadName": "MainThread",
        "processName": "MainProcess",
        "process": 4242,
        "taskName": None,
    }


def metric(draw, i):
    name = "servers.web%02d.cpu.core%d.%s" % (i % 50, i % 8, draw.choice(["user", "sys", "idle"]))
    return (name, (1_700_000_000 + i * 10, draw.random() * 100))


def reading(draw, i):
    return {"id": i, "place": "place %d" % (i % 500), "value": draw.random()}


def late(draw, n):
    """Readings, of which one near the end is a dict of another class, and its value an int."""
    readings = [reading(draw, i) for i in range(n)]
    readings[-min(n, 10)] = collections.OrderedDict(id=0, place="elsewhere", value=1)
    return readings


def images(np, n):
    return np.resize(np.arange(251, dtype="u1"), (n, 3072))


def shared_instances(draw, n):
    pool = [shop.Item("sku%d" % i, i, i * 0.5) for i in range(1000)]
    return [draw.choice(pool) for _ in range(n)]


def shared_dicts(draw, n):
    pool = [{"k": i, "v": "x%d" % i} for i in range(1000)]
    return [draw.choice(pool) for _ in range(n)]


def numpy(make):
    def shape(draw, n):
        import numpy as np

        return make(np, n)

    return shape


def each(make):
    """A list of what `make` gives for each number."""
    return lambda draw, n: [make(draw, i) for i in range(n)]


# Name: (maker, items at scale 1).
SHAPES = {
    "datetimes": (each(lambda d, i: later(d, True)), COUNT),
    "datetimes_tz": (each(lambda d, i: later(d, False).replace(tzinfo=UTC)), COUNT),
    "dates": (each(lambda d, i: datetime.date(2000 + d.below(24), 1 + d.below(12), 1 + d.below(28))), COUNT),
    "decimals": (each(lambda d, i: decimal.Decimal(d.below(10**9)).scaleb(-2)), COUNT),
    "uuids": (each(lambda d, i: uuid.UUID(int=d.getrandbits(128))), COUNT),
    "sets": (each(lambda d, i: {d.below(1000) for _ in range(5)}), COUNT),
    "frozensets": (each(lambda d, i: frozenset(d.below(1000) for _ in range(5))), COUNT),
    "enums": (each(lambda d, i: d.choice(list(shop.Color))), COUNT),
    "namedtuples": (each(lambda d, i: shop.Triple(i, str(i), i * 0.5)), COUNT),
    "slots": (each(lambda d, i: shop.Slots(i, i * 0.5)), COUNT),
    "orders": (each(order), COUNT // 4),
    "shared_instances": (shared_instances, COUNT),
    "shared_dicts": (shared_dicts, COUNT),
    "odict": (each(lambda d, i: collections.OrderedDict(a=i, b=str(i), c=None)), COUNT),
    "ddict": (each(lambda d, i: collections.defaultdict(list, {i: [1, 2], i + 1: []})), COUNT),
    "intkeys": (lambda d, n: {i * 7: ("a%d" % i, i) for i in range(n)}, 2 * COUNT),
    "tuplekeys": (lambda d, n: {(i, i % 7): i * 0.5 for i in range(n)}, COUNT),
    "bools": (each(lambda d, i: d.random() < 0.5), 10 * COUNT),
    "nones": (each(lambda d, i: None), 10 * COUNT),
    "bigints": (each(lambda d, i: d.getrandbits(100)), COUNT),
    "i64": (each(lambda d, i: d.getrandbits(60) - 2**59), 4 * COUNT),
    "bytes_small": (each(lambda d, i: d.getrandbits(160).to_bytes(20, "little")), COUNT),
    "bytearrays": (each(lambda d, i: bytearray(d.getrandbits(160).to_bytes(20, "little"))), COUNT),
    "chinese": (each(lambda d, i: "中文字符日本語テスト한국어" * 3 + str(i)), COUNT),
    "complex": (each(lambda d, i: complex(i, -i)), COUNT),
    "long_text": (each(lambda d, i: ("lorem ipsum dolor sit amet %d " % i) * 40), COUNT // 10),
    "nested": (each(lambda d, i: [i, [i, [i, {"a": [i]}]]]), COUNT),
    "sessions": (each(session), COUNT // 5),
    "logrecords": (each(lambda d, i: log_record(i)), COUNT // 5),
    "carbon": (each(metric), COUNT),
    "np_f64": (numpy(lambda np, n: np.arange(n, dtype="f8")), 20 * COUNT),
    "np_scalars": (numpy(lambda np, n: [np.float64(i * 0.5) for i in range(n)]), COUNT),
    "np_rows": (numpy(lambda np, n: [np.arange(8, dtype="f4") for _ in range(n)]), COUNT // 5),
    "np_images": (numpy(images), COUNT),
    "regular": (each(reading), COUNT),
    "late": (late, COUNT),
}


def protocols(name):
    """Those that a shape is written at: what 5 adds is of arrays."""
    return PROTOCOLS if name.startswith("np_") else PROTOCOLS[:2]


def write(folder, names, scale, force):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        make, count = SHAPES[name]
        sizes = {"": max(int(count * scale), 1), ".one": 1}
        paths = {
            (p, size): os.path.join(folder, "%s.p%d%s.pkl" % (name, p, size)) for p in protocols(name) for size in sizes
        }
        if not force and all(map(os.path.exists, paths.values())):
            continue
        try:
            values = {size: make(Draw("serde_pickle/shapes/" + name), n) for size, n in sizes.items()}
        except ImportError as error:
            print("%s is left out: %s" % (name, error), file=sys.stderr)
            continue
        for (protocol, size), path in paths.items():
            # Renamed into place when whole.
            with open(path + ".part", "wb") as file:
                pickle.dump(values[size], file, protocol)
            os.replace(path + ".part", path)


def same(a, b):
    """Equality that looks into arrays and tells types apart."""
    if type(a) is not type(b):
        return False
    if type(a).__module__ == "numpy":
        return a.tobytes() == b.tobytes()
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def check(folder, data, names):
    wrong = 0
    for name in names:
        for protocol in PROTOCOLS[:2]:
            file = "%s.p%d.pkl" % (name, protocol)
            if not os.path.exists(os.path.join(folder, file)):
                continue
            values = []
            for where in (folder, data):
                with open(os.path.join(where, file), "rb") as opened:
                    values.append(pickle.load(opened))
            if not same(*values):
                wrong += 1
                print("%s: CPython loads another value than was read" % file, file=sys.stderr)
    return wrong


def seconds(function, least=0.02):
    """The median of some runs with the collector on, each result dropped outside the time."""
    times, spent = [], 0.0
    while len(times) < 3 or (spent < least and len(times) < 15):
        gc.collect()
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
        spent += times[-1]
        del result
    return statistics.median(times)


# Freed memory stays in the heap (glibc): otherwise whoever comes first in a round pays the page
# faults of all, and what is compared with it looks up to twice as fast or slow.
HEAP_KEPT = {
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TOP_PAD_": "67108864",
}


def objects_of(path):
    """Bytes of the objects that CPython loads, in a process of its own."""
    code = (
        "import sys, pickle, tracemalloc\n"
        "sys.path.insert(0, %r)\n"
        "data = open(%r, 'rb').read()\n"
        "pickle.loads(data)\n"
        "tracemalloc.start()\n"
        "value = pickle.loads(data)\n"
        "print(tracemalloc.get_traced_memory()[0])"
    ) % (HERE, path)
    return int(subprocess.check_output([sys.executable, "-c", code]))


def measure(program, folder, name, protocol, rounds):
    """Medians of ratios to CPython, and of those that our program takes within itself."""
    path = os.path.join(folder, "%s.p%d.pkl" % (name, protocol))
    with open(path, "rb") as file:
        data = file.read()
    with open(path[:-3] + "one.pkl", "rb") as file:
        one = file.read()
    value = pickle.loads(data)

    def one_by_one():
        for _ in range(CALLS):
            pickle.loads(one)

    found = collections.defaultdict(list)
    for _ in range(rounds):
        loads = seconds(lambda: pickle.loads(data))
        dumps = seconds(lambda: pickle.dumps(value, protocol))
        calls = seconds(one_by_one)
        command = [program, "--json", path, name, str(protocol)]
        ours = json.loads(subprocess.check_output(command, env={**os.environ, **HEAP_KEPT}))
        to_loads = [(key, loads) for key in ("typed", "value", "chrono", "jiff")]
        for key, base in (*to_loads, ("encode", dumps), ("one", calls)):
            if key in ours:
                found[key].append(ours[key] / base)
        for key, part, base in RATIOS:
            if part in ours and base in ours:
                found[key].append(ours[part] / ours[base])
    row = {key: statistics.median(values) for key, values in found.items()}
    del value
    if sys.platform == "linux":
        highest = int(subprocess.check_output([program, "--peak", path, name, str(protocol)]))
        row["memory"] = highest / max(objects_of(path), 1)
    return row


# Column, and what is divided in it by what, of the seconds that our program prints.
RATIOS = (
    ("floor", "typed", "floor"),
    ("rmp", "typed", "rmp"),
    ("rmp_encode", "encode", "rmp_encode"),
    ("reader", "reader", "typed"),
    ("read", "read", "typed"),
    ("allow", "allow", "typed"),
    ("nodes", "nodes", "typed"),
    ("one_rmp", "one", "one_rmp"),
    ("copy", "typed", "copy"),
    ("late", "typed", "regular"),
)
COLUMNS = {
    "typed": "typed / CPython",
    "floor": "typed / floor",
    "rmp": "typed / rmp-serde",
    "one": "one a call / CPython",
    "value": "Value / CPython",
    "memory": "memory of Value / CPython's objects",
    "reader": "BufRead / slice",
    "read": "Read / slice",
    "allow": "AllowList / none",
    "nodes": "max_nodes / none",
    "encode": "encode / CPython",
    "rmp_encode": "encode / rmp-serde",
}

DATES = ("datetimes", "datetimes_tz", "dates")
SHARED = ("shared_instances", "shared_dicts", "enums")
NAMED = ("intkeys", "bytes_small", "long_text")
BYTES = ("bytes_small", "bytearrays")
ARRAYS = ("np_f64", "np_images", "np_rows", "np_scalars")
FLAGS = ("nones", "bools")
OTHERS = ("decimals", "uuids")
# Those that only another row compares.
PLAIN = ("regular", "late")


def goals(names):
    """Yields (goal, column, must, reach, the cases that it is about)."""

    def case(*wanted, at=PROTOCOLS[:2]):
        return [(name, protocol) for name in names if name in wanted for protocol in at]

    def but(*left, at=PROTOCOLS[:2]):
        return [(name, protocol) for name in names if name not in left + PLAIN for protocol in at]

    floored = [(name, protocol) for name, protocol in but(*DATES, *OTHERS, *ARRAYS, *SHARED) if (name in BYTES, protocol) != (True, 2)]
    yield "typed / CPython", "typed", 0.7, 0.4, but(*DATES, *SHARED, *NAMED, *BYTES, *ARRAYS)
    yield "typed / CPython: dates through chrono's own serde", "typed", 1.2, 0.9, case(*DATES)
    yield "typed / CPython: dates through python::chrono", "chrono", 0.8, 0.4, case(*DATES)
    yield "typed / CPython: dates through python::jiff", "jiff", 0.8, 0.4, case(*DATES)
    yield "typed / CPython: intkeys, bytes_small, long_text", "typed", 0.8, 0.65, case(*NAMED)
    yield "typed / floor", "floor", 1.7, 1.25, floored
    yield "typed / floor: shared ones, enums", "floor", 2.5, 1.5, case(*SHARED)
    yield "typed / CPython: bytes at protocol 2, large and small", "typed", 0.8, 0.65, case(*BYTES, "np_f64", at=(2,))
    yield "typed / copying: np_f64 at 4 and 5", "copy", 2, 1.3, case("np_f64", at=(4, 5))
    yield "typed / copying: 50,000 rows of 3,072 u8", "copy", 2.5, 1.5, case("np_images", at=(4, 5))
    yield "typed / CPython: np_rows, np_scalars", "typed", 0.3, 0.2, case("np_rows", "np_scalars")
    yield "Value / CPython: enums, shared ones", "value", 3, 2, case(*SHARED)
    yield "Value / CPython: nones and bools", "value", 2.5, 2, case(*FLAGS)
    yield "Value / CPython: all others", "value", 1.0, 0.7, but(*SHARED, *FLAGS)
    yield "memory of Value / objects: nones and bools", "memory", 4.1, 4.1, case(*FLAGS)
    yield "memory of Value / objects: enums, shared ones", "memory", 4, 3, case(*SHARED)
    yield "memory of Value / objects: logrecords", "memory", 3.1, 2, case("logrecords")
    yield "memory of Value / objects: all others", "memory", 1.5, 1.0, but(*FLAGS, *SHARED, "logrecords")
    yield "BufRead / slice and fs::read", "reader", 1.25, 1.1, but()
    yield "Read / slice and fs::read", "read", 2, 1.5, but()
    yield "AllowList / none", "allow", 1.15, 1.05, but()
    yield "max_nodes / none", "nodes", 1.15, 1.05, but()
    yield "one odd value late / without it", "late", 3, 2, case("late")
    yield "typed encode / CPython", "encode", 0.2, 0.1, but()


def of_large_array(program, folder, size, rounds):
    """The lines of the goals of one array of `size` bytes that comes from a reader."""
    import numpy as np

    path = os.path.join(folder, "large.pkl")
    if not os.path.exists(path) or os.path.getsize(path) < size:
        with open(path, "wb") as file:
            pickle.dump(np.arange(size // 8, dtype="f8"), file, 5)
    times, peak = [], 0.0
    for _ in range(rounds):
        ours, file = (
            json.loads(subprocess.check_output([program, "--array", path, *of])) for of in ([], ["file"])
        )
        times.append(ours["seconds"] / file["seconds"])
        peak = max(peak, ours["peak"] / ours["bytes"])
    os.remove(path)
    for goal, must, reach, seen in (
        ("reading the file into a Vec", 1.3, 1.1, statistics.median(times)),
        ("the array, peak of memory", 1.15, 1.1, peak),
    ):
        word = "missed" if seen > must else "met" if seen > reach else "reached"
        goal = "OwnedNdArray of %d MB from a reader / %s" % (size >> 20, goal)
        yield "| %s | %g | %g | %.2f | | %s |" % (goal, must, reach, seen, word)


def judged(rows, names):
    """The goals as lines of a table: the worst case of each, and those that miss it."""
    yield "| goal | must | reach | seen, at worst | missed by | |"
    yield "|---|--:|--:|---|---|---|"
    for goal, column, must, reach, cases in goals(names):
        seen = sorted(
            ((rows[case][column], "%s p%d" % case) for case in cases if not math.isnan(rows.get(case, {}).get(column, math.nan))),
            reverse=True,
        )
        if not seen:
            yield "| %s | %g | %g | – | | not measured |" % (goal, must, reach)
            continue
        worst, where = seen[0]
        missed = ", ".join("%s %.2f" % (name, value) for value, name in seen if value > must)
        count = sum(value <= must for value, _ in seen)
        word = "missed: %d of %d met" % (count, len(seen)) if missed else "met" if worst > reach else "reached"
        yield "| %s | %g | %g | %.2f %s | %s | %s |" % (goal, must, reach, worst, where, missed, word)


def run(program, folder, names, rounds, large):
    print("| shape | protocol | " + " | ".join(COLUMNS.values()) + " |")
    print("|---|--:|" + "--:|" * len(COLUMNS))
    rows = {}
    for name in names:
        for protocol in protocols(name):
            if not os.path.exists(os.path.join(folder, "%s.p%d.pkl" % (name, protocol))):
                continue
            row = rows[name, protocol] = measure(program, folder, name, protocol, rounds)
            cells = ["%.2f" % row[key] if not math.isnan(row.get(key, math.nan)) else "–" for key in COLUMNS]
            print("| %s | %d | %s |" % (name, protocol, " | ".join(cells)), flush=True)
    print()
    for line in judged(rows, names):
        print(line)
    if large:
        for line in of_large_array(program, folder, large << 20, rounds):
            print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--out", default=os.path.join(HERE, "data", "shapes"))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--check", metavar="DIR", help="what `shapes --write DIR` wrote")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, default=0, metavar="MB", help="with --run: an array of so many MB too")
    parser.add_argument("--program", default=os.path.join(os.path.dirname(HERE), "target", "release", "shapes"))
    args = parser.parse_args()
    names = args.names or list(SHAPES)
    unknown = set(names) - set(SHAPES)
    if unknown:
        parser.error("unknown: " + ", ".join(sorted(unknown)))
    write(args.out, names, args.scale, args.force)
    if args.check:
        sys.exit(1 if check(args.check, args.out, names) else 0)
    if args.run:
        run(args.program, args.out, names, args.rounds, args.large)


if __name__ == "__main__":
    main()
