#!/usr/bin/env python3
"""The shapes that real caches hold: writes their pickles, and measures CPython on them.

    python3 shapes.py [--out DIR] [--scale F] [--force] [NAME ...]    writes DIR/NAME.p2.pkl and NAME.p4.pkl
    python3 shapes.py --run [--rounds N] [NAME ...]                   measures, CPython and ours in turns
    python3 shapes.py --check DIR [NAME ...]                          compares what ours wrote with the shapes

The workloads of data.py are plain dicts, lists and text. These are what Python programs keep besides: dates,
decimals, enums, sets, named tuples, slots, objects that are shared, small bytes, arrays. Seeded; each shape
depends on its own name alone. Three need numpy, and are left out without it.

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

PROTOCOLS = (2, 4)
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
}


def write(folder, names, scale, force):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        paths = {p: os.path.join(folder, "%s.p%d.pkl" % (name, p)) for p in PROTOCOLS}
        if not force and all(map(os.path.exists, paths.values())):
            continue
        make, count = SHAPES[name]
        try:
            value = make(Draw("serde_pickle/shapes/" + name), max(int(count * scale), 1))
        except ImportError as error:
            print("%s is left out: %s" % (name, error), file=sys.stderr)
            continue
        for protocol, path in paths.items():
            # Renamed into place when whole.
            with open(path + ".part", "wb") as file:
                pickle.dump(value, file, protocol)
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
        for protocol in PROTOCOLS:
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


def measure(program, folder, name, protocol, rounds):
    """Medians of ratios to CPython, and of those that our program takes within itself."""
    path = os.path.join(folder, "%s.p%d.pkl" % (name, protocol))
    with open(path, "rb") as file:
        data = file.read()
    value = pickle.loads(data)
    found = collections.defaultdict(list)
    for _ in range(rounds):
        loads = seconds(lambda: pickle.loads(data))
        dumps = seconds(lambda: pickle.dumps(value, protocol))
        ours = json.loads(subprocess.check_output([program, "--json", path, name, str(protocol)]))
        for key, base in (("typed", loads), ("value", loads), ("encode", dumps)):
            if key in ours:
                found[key].append(ours[key] / base)
        for key, base in (("floor", "typed"), ("rmp", "typed"), ("rmp_encode", "encode")):
            if key in ours and base in ours:
                found[key].append(ours[base] / ours[key])
        for key in ("reader", "allow", "nodes"):
            if key in ours:
                found[key].append(ours[key] / ours["typed"])
    return {key: statistics.median(values) for key, values in found.items()}


COLUMNS = {
    "typed": "typed / CPython",
    "floor": "typed / floor",
    "rmp": "typed / rmp-serde",
    "value": "Value / CPython",
    "reader": "reader / slice",
    "allow": "AllowList / none",
    "nodes": "max_nodes / none",
    "encode": "encode / CPython",
    "rmp_encode": "encode / rmp-serde",
}


def run(program, folder, names, rounds):
    print("| shape | protocol | " + " | ".join(COLUMNS.values()) + " |")
    print("|---|--:|" + "--:|" * len(COLUMNS))
    for name in names:
        for protocol in PROTOCOLS:
            if not os.path.exists(os.path.join(folder, "%s.p%d.pkl" % (name, protocol))):
                continue
            row = measure(program, folder, name, protocol, rounds)
            cells = ["%.2f" % row[key] if not math.isnan(row.get(key, math.nan)) else "–" for key in COLUMNS]
            print("| %s | %d | %s |" % (name, protocol, " | ".join(cells)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--out", default=os.path.join(HERE, "data", "shapes"))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--check", metavar="DIR", help="what `shapes --write DIR` wrote")
    parser.add_argument("--rounds", type=int, default=5)
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
        run(args.program, args.out, names, args.rounds)


if __name__ == "__main__":
    main()
