"""Reads one pickle a line, in hexadecimal, in the three ways of `pickle`, and answers with a line each: what `loads` says, what
`load` says of a BytesIO, and of a file. The first argument is a folder for that file.

Every module is there and has every name, as a stand-in that takes any call, item and state.
"""
import importlib.abc, importlib.machinery, io, os, pickle, sys, types, warnings
warnings.simplefilter('ignore')

# Where a frame lies, an older Python may read a memo index of a billion, and allocate an array for
# it: that is an error here, and not the end of the machine.
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except (ImportError, ValueError):
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

class Module(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        made = Meta('Thing', (Thing,), {})
        setattr(self, name, made)
        return made

# Whatever a program names, nothing real is imported.
real_import = __import__
def stand_in(name, *args, **kwargs):
    if reading:
        if name in REAL:
            raise ImportError('a real module')
        return sys.modules.setdefault(name, Module(name))
    return real_import(name, *args, **kwargs)
import builtins
builtins.__import__ = stand_in
REAL = set(sys.modules)
reading = False

def ask(read):
    global reading
    try:
        reading = True
        try:
            value = read()
        finally:
            reading = False
    except Exception as error:
        text = str(error).replace('\n', ' ').encode('ascii', 'backslashreplace').decode()[:100]
        return 'refused %s %s' % (type(error).__name__, text)
    try:
        return canon(value)
    except RecursionError:
        return 'recursive'

path = os.path.join(sys.argv[1], 'pickle-%d' % os.getpid())
for line in sys.stdin:
    data = bytes.fromhex(line.strip())
    with open(path, 'wb') as file:
        file.write(data)
    def load():
        with open(path, 'rb') as file:
            return pickle.load(file, encoding='latin-1')
    print(ask(lambda: pickle.loads(data, encoding='latin-1')))
    print(ask(lambda: pickle.load(io.BytesIO(data), encoding='latin-1')))
    print(ask(load))
os.remove(path)
