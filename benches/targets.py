"""The goals of this crate's speed and size, and what was seen of them.

`must` is what a release has to keep, `reach` what is worth working for. One line a goal; the figures are those
of `results.Results`. A goal is not called met on a figure that is unsteady, see `results.Ratio`.
"""

from results import Ratio

PLAIN = ["records", "strings", "entries", "refs"]
OTHERS = ["records2", "ints", "ints0", "floats", "dict", "tuples", "lists", "instances", "tree", "numpy"]
DYNAMIC = ["records", "one", "ints", "ints0", "floats", "strings", "dict", "tuples", "lists", "refs", "instances", "tree"]
ENCODED = [
    "records", "records2", "one", "ints", "ints0", "floats", "strings", "dict", "entries", "tuples", "blobs",
    "refs", "instances", "tree",
]
# records2 is of another protocol than the pickles it would be compared with, entries the dict once more.
SIZED = [name for name in ENCODED if name not in ("records2", "entries")]
UNSHARED = [name for name in SIZED if name != "refs"]
OLD = "serde-pickle 1.2"
NAMED = "rmp-serde"


def goals(r):
    """Yields (goal, must, reach, {workload: seen}); `reach` may differ from workload to workload."""
    me = r.subject

    def decode(names, base=NAMED, task="decode"):
        return {name: r.ratio(name, task, r.ours(task), base) for name in names}

    yield "typed decode / rmp-serde: plain data", 1.25, 1.0, decode(PLAIN)
    yield "typed decode / rmp-serde: the others", 1.6, 1.2, decode(OTHERS)
    yield "typed decode / rmp-serde, each in a fresh process", 1.4, 1.1, {
        "records": r.in_rounds(r.fresh, me, NAMED)
    }
    yield "typed decode / serde-pickle 1.2", 1 / 9, 1 / 13, decode(["records"], OLD)
    yield "typed decode / CPython, gc on", 1 / 2.5, 1 / 4, {
        "records": r.to_python("records", "decode", me, "loads-gc")
    }
    yield "typed decode / CPython, gc off", 1 / 2, 1 / 2.5, {
        "records": r.to_python("records", "decode", me, "loads-nogc")
    }
    yield "borrowed decode / rmp-serde borrowed", 1.25, 1.0, decode(["records", "strings"], task="borrow")
    yield "one message / rmp-serde", 2.2, 1.3, decode(["one"])
    yield "Value / serde_json::Value, order kept", 1.0, 0.7, decode(DYNAMIC, "serde_json::Value", "value")
    yield "typed encode / serde-pickle 1.2", 1.0, 0.7, decode(ENCODED, OLD, "encode")
    yield (
        "size / CPython protocol 4 (reach: pickletools.optimize)",
        1.0,
        {name: r.size(name, "optimized_bytes") for name in UNSHARED},
        {name: r.size(name) for name in UNSHARED},
    )
    yield "CPython reading ours / its own", 1.0, 0.92, {name: r.reads(name) for name in UNSHARED}
    yield "blobs borrowed / memcpy", 0.1, 0.1, decode(["blobs"], "limit: memcpy", "borrow")
    yield "peak heap of typed decode / rmp-serde", 1.7, 1.2, {"records": r.peak("records", me, NAMED)}
    # O(log n): a vector that doubles up to a million items grows twenty times, and there are a few of them.
    yield "allocations beyond the result's own", 64, 10, {
        name: r.extra_allocations(name, me) for name in PLAIN + OTHERS + ["one", "blobs"]
    }
    # Among them those by which the vectors of the result grow: where it holds many, there are as many.
    yield "the same and all reallocations", 64, 10, {
        name: r.extra_allocations(name, me, ("allocations", "reallocations")) for name in PLAIN + OTHERS + ["one", "blobs"]
    }
    yield "16 times the records / once (ratio of times)", 16.5, 16.5, {
        "default": r.in_rounds(r.scale, me + " 16x", me + " 1x"),
        "heap kept": r.in_rounds(r.scale_kept, me + " 16x", me + " 1x"),
    }
    yield "memoize_strings: size / CPython", 1.05, 1.05, {"refs": r.size("refs", "ours_bytes-memoize_strings")}
    yield "memoize_strings: time / plain encode", 1.5, 1.5, {
        "refs": r.ratio("refs", "encode", me + " memoize_strings", me)
    }


def number(value):
    if value is None:
        return "–"
    if value < 0.15 and value > 0:
        return "1/%.3g" % (1 / value)
    return "%.0f" % value if value >= 100 else "%.3g" % value


def judge(value, must, wish):
    """`missed`, `met` or `reached`, or `unsteady`.

    Where the two estimates of a ratio disagree it is unsteady, even if both are on the same side of the goal: a
    busy machine has been seen to double the slower contender's time in both.
    """
    if isinstance(value, Ratio) and not value.steady:
        return "unsteady"
    if value > must:
        return "missed"
    return "met" if wish is None or value > wish else "reached"


def table(r):
    """The goals as a Markdown table, with a mark for what is missed."""
    lines = ["| goal | must | reach | seen | |", "|---|--:|--:|---|---|"]
    for goal, must, reach, seen in goals(r):
        cells, verdicts = [], []
        for name, value in seen.items():
            if value is None:
                cells.append("%s –" % name)
                continue
            wish = reach.get(name) if isinstance(reach, dict) else reach
            verdict = judge(value, must, wish)
            verdicts.append(verdict)
            text = number(value)
            if verdict == "missed":
                text = "**%s**" % text
            if isinstance(value, Ratio) and not value.steady:
                text = "~%s (or %s)" % (text, number(value.other))
            if isinstance(reach, dict) and wish is not None:
                text += " (%s)" % number(wish)
            cells.append("%s %s" % (name, text))
        # A goal is as good as the worst that was seen of it.
        order = ("missed", "unsteady", "met", "reached")
        word = next((word for word in order if word in verdicts), "not measured")
        shown = "each" if isinstance(reach, dict) else number(reach)
        lines.append("| %s | %s | %s | %s | %s |" % (goal, number(must), shown, ", ".join(cells), word))
    return "\n".join(lines)
