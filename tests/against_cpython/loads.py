"""Reads one pickle a line, in hexadecimal; answers each with what it is, or with `refused` and why.

Every class, persistent id and extension code is a stand-in that takes any call, item and state, so that whatever is refused is
refused for the sake of the bytes.
"""
import io, pickle, sys, warnings
warnings.simplefilter('ignore')
try:
    # A memo index or a length is allocated before it is looked at.
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except ImportError:
    pass

class Meta(type):
    def append(cls, item): pass
    def extend(cls, items): list(items)
    def add(cls, item): pass
    def __setitem__(cls, key, value): pass
    def __call__(cls, *args, **kwargs): return cls.__new__(cls)

class Thing(metaclass=Meta):
    def __new__(cls, *args, **kwargs): return object.__new__(cls)
    def __getattr__(self, name):
        if name in ('append', 'add', '__setstate__'): return lambda item: None
        if name == 'extend': return list
        raise AttributeError(name)
    def __setitem__(self, key, value): pass
    def __call__(self, *args, **kwargs): return Thing()

CLASSES = {}

class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        # Two names are two keys.
        return CLASSES.setdefault((module, name), Meta('Thing', (Thing,), {}))
    def persistent_load(self, pid): return Thing()

for line in sys.stdin:
    data = bytes.fromhex(line.strip())
    try:
        value = Reader(io.BytesIO(data), encoding='latin-1').load()
    except Exception as error:
        print('refused', type(error).__name__, str(error).replace('\n', ' ').encode('ascii', 'backslashreplace').decode()[:100])
        continue
    try:
        print(canon(value))
    except RecursionError:
        print('recursive')
