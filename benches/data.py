#!/usr/bin/env python3
"""Writes the pickles that the benchmarks read, into benches/data/.

Seeded and deterministic: the same script gives the same values under every Python from 3.8 on (only
`random()` and `getrandbits()` are drawn from, whose streams Python promises to keep). A workload's values
depend on its own seed alone, so that adding one leaves the others as they were.

    python3 data.py [--out DIR] [--scale F] [--force] [NAME ...]

Files that exist are kept unless --force is given. `--scale 0.01` writes small ones, to try the harness with
or to count instructions. To the next editor: a change to a workload makes old figures incomparable; add a
workload instead, and write it down in docs/PERFORMANCE.md if you cannot.

What is shared is part of a workload, because CPython's pickler writes a shared object once: `records` take
their tags and cities from a pool, as rows from a database driver that interns or a parser with a cache do,
and every other string of theirs is an object of its own.
"""

import argparse
import os
import pickle
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import benchdata  # noqa: E402  (found beside this file)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WIDE = "äöüßéèñçøåžšłαβγδдлжшя日本語中文한글🦀"
DEFAULT = 4


class Source:
    """Draws of one workload."""

    def __init__(self, name):
        self.random = random.Random("serde_pickle/" + name)

    def below(self, n):
        return int(self.random.random() * n)

    def between(self, low, high):
        """An int from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def word(self, low, high):
        # Never one letter: CPython shares those, and then they are references.
        return "".join([LETTERS[self.below(26)] for _ in range(self.between(max(low, 2), high))])

    def integer(self):
        """An int of a size as found in the wild: mostly small, some of 64 bits, a fifth negative."""
        size = self.random.random()
        if size < 0.30:
            value = self.below(256)
        elif size < 0.50:
            value = self.below(1 << 16)
        elif size < 0.85:
            value = self.random.getrandbits(31)
        else:
            value = self.random.getrandbits(63)
        return -value if self.random.random() < 0.2 else value

    def real(self):
        return (self.random.random() - 0.5) * 10.0 ** self.between(-3, 6)


def record(draw, ident, tags, cities):
    name = draw.word(3, 8) + " " + draw.word(4, 10)
    return {
        "id": ident,
        "name": name,
        "email": name.replace(" ", ".") + "@" + draw.word(5, 9) + ".org",
        "score": draw.random.random() * 100.0,
        "active": draw.random.random() < 0.7,
        "tags": [draw.pick(tags), draw.pick(tags), draw.pick(tags)],
        "address": {
            "street": str(draw.between(10, 999)) + " " + draw.word(6, 12) + " st",
            "city": draw.pick(cities),
            "zip": str(draw.between(10000, 99999)),
        },
    }


def records(count):
    draw = Source("records")
    tags = [draw.word(5, 9) for _ in range(32)]
    cities = [draw.word(6, 14) for _ in range(64)]
    return [record(draw, ident, tags, cities) for ident in range(count)]


def one(count):
    return records(1)[0]


def ints(count):
    draw = Source("ints")
    return [draw.integer() for _ in range(count)]


def floats(count):
    draw = Source("floats")
    return [draw.real() for _ in range(count)]


def strings(count):
    draw = Source("strings")
    out = []
    for number in range(count):
        # The number makes it unique.
        text = draw.word(10, 60)
        tail = str(number)
        text = text[: max(len(text) - len(tail), 0)] + tail
        if draw.random.random() < 0.1:
            letters = list(text)
            for _ in range(draw.between(1, 8)):
                letters[draw.below(len(letters))] = draw.pick(WIDE)
            # The letters put in may have hit the number; it goes to the end once more.
            text = "".join(letters)[: 60 - len(tail)] + tail
        out.append(text)
    return out


def mapping(count):
    draw = Source("dict")
    return {draw.word(6, 18) + str(number): draw.integer() for number in range(count)}


def tuples(count):
    draw = Source("tuples")
    return [(draw.integer(), draw.word(12, 35), draw.real()) for _ in range(count)]


def blobs(count):
    draw = Source("blobs")
    size = 1 << 20
    return [draw.random.getrandbits(8 * size).to_bytes(size, "little") for _ in range(count)]


def lists(count):
    draw = Source("lists")
    return [[draw.real() for _ in range(draw.below(41))] for _ in range(count)]


def refs(count):
    draw = Source("refs")
    pool = [draw.word(20, 42) for _ in range(1000)]
    return [draw.pick(pool) for _ in range(count)]


def instances(count):
    draw = Source("instances")
    return [
        benchdata.Particle(number, draw.word(12, 32), draw.real(), draw.real(), draw.random.random() < 0.5)
        for number in range(count)
    ]


def ints0(count):
    draw = Source("ints0")
    return [draw.integer() for _ in range(count)]


def numpy_array(count):
    import numpy

    # The same numbers as `floats`, which is what a reader's result is compared with.
    return numpy.array(floats(count), dtype="<f8")


def tree(count):
    """Dicts holding lists of dicts, 60 deep at the deepest. Each dict makes four values of the pickle."""
    draw = Source("tree")
    deepest = 30

    def node():
        return {"name": draw.word(4, 12), "value": draw.integer(), "children": []}

    root = node()
    # One path to the bottom, then the rest anywhere above it.
    levels = [[root]]
    for _ in range(deepest - 1):
        child = node()
        levels[-1][0]["children"].append(child)
        levels.append([child])
    for _ in range(max(count - deepest, 0)):
        depth = draw.below(deepest - 1)
        child = node()
        draw.pick(levels[depth])["children"].append(child)
        levels[depth + 1].append(child)
    return root


# File name without .pkl: (maker, items at scale 1, protocol). Counts that scale does not touch are negative.
WORKLOADS = {
    "records": (records, 50_000, DEFAULT),
    "records2": (records, 50_000, 2),
    "records16": (records, 800_000, DEFAULT),
    "ints": (ints, 1_000_000, DEFAULT),
    "floats": (floats, 1_000_000, DEFAULT),
    "strings": (strings, 300_000, DEFAULT),
    "dict": (mapping, 300_000, DEFAULT),
    "tuples": (tuples, 200_000, DEFAULT),
    "lists": (lists, 50_000, DEFAULT),
    "blobs": (blobs, -8, DEFAULT),
    "refs": (refs, 500_000, DEFAULT),
    "instances": (instances, 50_000, DEFAULT),
    "ints0": (ints0, 200_000, 0),
    "numpy": (numpy_array, 1_000_000, DEFAULT),
    "tree": (tree, 50_000, DEFAULT),
    "one": (one, -1, DEFAULT),
}


def write(path, value, protocol):
    # Renamed into place when whole: an interrupted run leaves no half file behind.
    part = path + ".part"
    with open(part, "wb") as file:
        pickle.dump(value, file, protocol)
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default=os.path.join(HERE, "data"))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--force", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    args = parser.parse_args()
    unknown = set(args.names) - set(WORKLOADS)
    if unknown:
        parser.error("no such workload: " + ", ".join(sorted(unknown)))

    os.makedirs(args.out, exist_ok=True)
    for name, (make, count, protocol) in WORKLOADS.items():
        if args.names and name not in args.names:
            continue
        path = os.path.join(args.out, name + ".pkl")
        if os.path.exists(path) and not args.force:
            continue
        if count > 0:
            count = max(int(count * args.scale), 1)
        try:
            value = make(abs(count))
        except ImportError as error:
            print("skipped %s: %s (see benches/README.md for a venv with numpy)" % (name, error), file=sys.stderr)
            continue
        write(path, value, protocol)
        print("%s: %d bytes" % (path, os.path.getsize(path)), file=sys.stderr)


if __name__ == "__main__":
    main()
