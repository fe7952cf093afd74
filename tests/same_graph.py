"""Loads pairs of pickles and says whether they are the same graph of objects: equal in type and content, and `is` alike.

One pair a line of the standard input, as JSON; one answer a line: `same`, `skipped: WHY` where the first does not load,
or `different: WHERE AND WHY`. The folders on the command line hold the modules that the pickles name.

Both graphs are walked side by side, in a loop. Every object but a number is noted with its counterpart, and must have
the same one whenever it is met again: so objects are one and the same on one side exactly where they are on the other.
What is no builtin is taken apart by its `__reduce_ex__`.
"""
import copyreg
import io
import json
import pickle
import sys
import types

ATOMS = (type(None), bool, int, float, type(Ellipsis), type(NotImplemented))
NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


class Unpickler(pickle.Unpickler):
    def persistent_load(self, pid):
        return Persistent(pid)


class Persistent:
    def __init__(self, pid):
        self.pid = pid


class Different(Exception):
    pass


def load(data, case):
    buffers = [bytes.fromhex(one) for one in case["buffers"]] if case["buffers"] is not None else None
    options = {"encoding": case["encoding"], "fix_imports": case["fix_imports"], "buffers": buffers}
    if case["persistent"]:
        return Unpickler(io.BytesIO(data), **options).load()
    return pickle.loads(data, **options)


def order(items):
    """The items of a set so that both sides have them in the same order, as far as their content tells."""
    return sorted(items, key=lambda item: (type(item).__name__, repr(item) if "0x" not in repr(item) else ""))


def parts(one):
    """The parts of an object, each with a name for messages."""
    kind = type(one)
    if kind in (str, bytes, bytearray):
        return []
    if kind in (list, tuple):
        return list(enumerate(one))
    if kind is dict:
        return [part for key, value in one.items() for part in (("key", key), (repr(key)[:40], value))]
    if kind in (set, frozenset):
        return list(enumerate(order(one)))
    if kind is complex:
        return [("real", one.real), ("imag", one.imag)]
    if kind is memoryview:
        return [("content", bytes(one)), ("readonly", one.readonly)]
    if kind is Persistent:
        return [("pid", one.pid)]
    if kind is types.MethodType:
        return [("function", one.__func__), ("self", one.__self__)]
    if isinstance(one, types.BuiltinFunctionType):
        return [("name", one.__name__), ("self", one.__self__)]
    reduced = one.__reduce_ex__(4)
    if isinstance(reduced, str):
        return [("name", reduced)]
    reduced = list(reduced) + [None] * (6 - len(reduced))
    # The iterators of a builtin are told by what is left in them.
    reduced[3] = None if reduced[3] is None else list(reduced[3])
    reduced[4] = None if reduced[4] is None else list(reduced[4])
    return list(zip(("callable", "args", "state", "listitems", "dictitems", "setter"), reduced))


def is_bound(one):
    """Whether this is the method of an object or class, which is made anew each time it is asked for."""
    return isinstance(one, types.BuiltinFunctionType) and not isinstance(one.__self__, (types.ModuleType, type(None)))


def compare(first, second):
    counterpart, back, alive = {}, {}, []
    stack = [("", first, second)]
    while stack:
        path, a, b = stack.pop()
        if type(a) is not type(b):
            raise Different("%s: %s and %s" % (path, type(a).__name__, type(b).__name__))
        if isinstance(a, ATOMS) and type(a) in ATOMS:
            if a != b and (a == a or b == b) or repr(a) != repr(b):
                raise Different("%s: %.80r and %.80r" % (path, a, b))
            continue
        if isinstance(a, NAMED) and not is_bound(a):
            if a is not b:
                raise Different("%s: %.80r and %.80r" % (path, a, b))
            continue
        known, known_back = counterpart.get(id(a)), back.get(id(b))
        if known is not None or known_back is not None:
            if known != id(b) or known_back != id(a):
                raise Different("%s: one object on one side and two on the other: %.80s" % (path, type(a).__name__))
            continue
        counterpart[id(a)], back[id(b)] = id(b), id(a)
        alive.append((a, b))
        if isinstance(a, (str, bytes, bytearray)) and type(a) in (str, bytes, bytearray):
            if a != b:
                raise Different("%s: %.80r and %.80r" % (path, a, b))
            continue
        inner, other = parts(a), parts(b)
        alive.append((inner, other))
        if len(inner) != len(other):
            raise Different("%s: %d and %d parts" % (path, len(inner), len(other)))
        for (name, one), (_, two) in zip(reversed(inner), reversed(other)):
            stack.append(("%s/%s" % (path, name) if len(path) < 200 else path, one, two))


def answer(case):
    registered = []
    try:
        for module, name, code in case["extensions"]:
            copyreg.add_extension(module, name, code)
            registered.append((module, name, code))
        try:
            first = load(bytes.fromhex(case["original"]), case)
        except Exception as error:
            return "skipped: %s: %s" % (type(error).__name__, error)
        try:
            second = load(bytes.fromhex(case["written"]), case)
        except Exception as error:
            return "different: does not load: %s: %s" % (type(error).__name__, error)
        try:
            parts_of_first = parts(first) if not isinstance(first, ATOMS + NAMED) else []
            del parts_of_first
        except Exception as error:
            return "skipped: cannot be taken apart: %s: %s" % (type(error).__name__, error)
        try:
            compare(first, second)
        except Different as error:
            return "different: %s" % error
        except Exception as error:
            return "skipped: cannot be taken apart: %s: %s" % (type(error).__name__, error)
        return "same"
    finally:
        for one in registered:
            copyreg.remove_extension(*one)
        copyreg.clear_extension_cache()


sys.path[:0] = sys.argv[1:]
sys.setrecursionlimit(20000)
for line in sys.stdin:
    text = answer(json.loads(line)).replace("\n", " ")
    sys.stdout.write(text.encode("ascii", "backslashreplace").decode("ascii") + "\n")
