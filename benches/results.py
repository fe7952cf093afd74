"""What `run.py` has measured, and the questions that its tables ask of it.

Times of different programs are never compared across rounds: a ratio is taken within a round, and the median
of the rounds is what is shown.
"""

import statistics

WORKLOADS = [
    "records", "records2", "one", "ints", "ints0", "floats", "strings", "dict", "entries", "tuples", "lists", "blobs",
    "refs", "instances", "tree", "numpy",
]


class Ratio(float):
    """A ratio, with another estimate of it beside it: one is of medians, the other of least times.

    On a quiet machine the two agree. Where they do not, something else ran meanwhile, and neither is to be
    believed: short sections suffer most, because one interruption is many times their length.
    """

    TOLERANCE = 1.15

    def __new__(cls, ratio, other):
        self = super().__new__(cls, ratio)
        self.other = other
        return self

    @property
    def steady(self):
        return max(self, self.other) <= self.TOLERANCE * min(self, self.other)

    def inverse(self):
        return Ratio(1 / self, 1 / self.other)


class Results:
    def __init__(self, subject):
        self.subject = subject
        # (workload, task, contender): a list of rounds' nanoseconds per call of `ratios`
        self.nanos = {}
        self.bytes = {}
        # workload: what cpython.py said, one entry per call
        self.python = {}
        self.python_version = ""
        self.fresh = {}
        self.scale = {}
        self.scale_kept = {}
        self.alloc = {}
        self.errors = []

    # ------------------------------------------------------------ filling

    def add_rows(self, rows, checked):
        for row in rows:
            key = (row["workload"], row["task"], row["contender"])
            # Only the checked round knows who gives the right result.
            if not checked and key not in self.nanos:
                continue
            self.nanos.setdefault(key, []).append(row["nanos"])
            if row["bytes"]:
                self.bytes[key] = row["bytes"]

    def add_python(self, answer):
        kept = self.python.setdefault(answer["workload"], [])
        kept.append(answer)
        self.python_version = answer["python"]
        self.errors += ["%s: %s" % (answer["workload"], error) for error in answer["errors"]]

    # ------------------------------------------------------------ asking

    def ours(self, task):
        """The subject's name in a task: its value has a name of its own where it is ours."""
        value = self.subject + "::Value"
        dynamic = task in ("value", "encode-value") and any(key[2] == value for key in self.nanos)
        return value if dynamic else self.subject

    def has(self, workload, task, contender):
        return (workload, task, contender) in self.nanos

    def ratio(self, workload, task, contender, base):
        """Time / the base's time, both in one round of one process; None if either was not measured."""
        ours = self.nanos.get((workload, task, contender))
        theirs = self.nanos.get((workload, task, base))
        if not ours or not theirs:
            return None
        ratios = [a / b for one, other in zip(ours, theirs) for a, b in zip(one, other)]
        if not ratios:
            return None
        least = [min(nanos for call in calls for nanos in call) for calls in (ours, theirs)]
        return Ratio(statistics.median(ratios), least[0] / least[1])

    def millis(self, workload, task, contender):
        calls = self.nanos.get((workload, task, contender))
        return statistics.median([nanos for call in calls for nanos in call]) / 1e6 if calls else None

    def to_python(self, workload, task, contender, key):
        """Time / CPython's for the same (`loads-gc`, `dumps-nogc` …): the minima of two processes that ran
        one after the other."""
        calls = self.nanos.get((workload, task, contender))
        answers = self.python.get(workload)
        if not calls or not answers:
            return None
        pairs = [(call, answer["times"][key]) for call, answer in zip(calls, answers) if key in answer["times"]]
        if not pairs:
            return None
        return Ratio(
            statistics.median([min(call) / 1e9 / times["min"] for call, times in pairs]),
            statistics.median([statistics.median(call) / 1e9 / times["median"] for call, times in pairs]),
        )

    def python_to(self, workload, task, key, base):
        """CPython's time / a contender's."""
        ratio = self.to_python(workload, task, base, key)
        return ratio.inverse() if ratio else None

    def reads(self, workload, suffix="", collector="nogc"):
        """CPython's time for what the subject encodes / for what it encodes itself."""
        key = "reads%s-%s" % (suffix, collector)
        pairs = [answer["times"][key] for answer in self.python.get(workload, []) if key in answer["times"]]
        if not pairs:
            return None
        return Ratio(
            statistics.median([times["ours"]["min"] / times["own"]["min"] for times in pairs]),
            statistics.median([times["ours"]["median"] / times["own"]["median"] for times in pairs]),
        )

    def size(self, workload, what="ours_bytes"):
        """A size / the size of CPython's own pickle."""
        for answer in self.python.get(workload, []):
            if answer.get(what):
                return answer[what] / answer["own_bytes"]
        return None

    def own_bytes(self, workload):
        answers = self.python.get(workload)
        return answers[0]["own_bytes"] if answers else None

    def encoded_size(self, workload, contender):
        size, own = self.bytes.get((workload, "encode", contender)), self.own_bytes(workload)
        return size / own if size and own else None

    def in_rounds(self, rows, contender, base):
        """A ratio within rows of another run: `fresh`, `scale`, `scale_kept`."""
        ours, theirs = rows.get(contender), rows.get(base)
        if not ours or not theirs:
            return None
        return Ratio(statistics.median([a / b for a, b in zip(ours, theirs)]), min(ours) / min(theirs))

    def peak(self, workload, contender, base):
        ours, theirs = self.alloc.get((workload, contender)), self.alloc.get((workload, base))
        return ours["peak"] / theirs["peak"] if ours and theirs and theirs["peak"] else None

    def extra_allocations(self, workload, contender, counted=("allocations",)):
        """Allocations of a decode beyond those of a clone of its result."""
        ours = self.alloc.get((workload, contender))
        clone = self.alloc.get((workload, "limit: clone of the result"))
        if not ours or not clone:
            return None
        return sum(ours[what] - clone[what] for what in counted)
