"""Loads pickles before and after an update, and says where the objects differ.

    python3 tests/laws/ask.py UPDATES FOLDER…

Each line of the file is the two in hexadecimal; the folders have modules that the pickles name. The answer is `one` where a single value differs, `skipped`
where a class is not in the list below or is not installed, else what is wrong. Nothing else than
the classes of the list is ever looked up, so that no pickle can call what it likes.
"""
import array
import collections
import fractions
import io
import ipaddress
import pathlib
import pickle
import sys
import uuid
import warnings

try:
    # An index or a length of a hostile pickle is allocated before it is looked at.
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
except (ImportError, ValueError):
    pass

sys.path[:0] = sys.argv[2:]
import compare

warnings.simplefilter('ignore')

MODULES = ('datetime', 'decimal', 'fractions', 'uuid', 'ipaddress', 'pathlib', 'collections',
           'array', 'zoneinfo', 'zoo', 'shop_plain', 'shop_attrs', 'pandas', 'numpy', 'pytz',
           'dateutil', 'pendulum')
BUILTINS = ('set', 'frozenset', 'bytearray', 'bytes', 'complex', 'range', 'slice', 'object', 'list',
            'dict', 'tuple', 'int', 'float', 'str', 'bool')
# Of functions only these are called.
FUNCTIONS = (('_codecs', 'encode'), ('copyreg', '_reconstructor'), ('copy_reg', '_reconstructor'),
             ('copyreg', '__newobj__'), ('array', '_array_reconstructor'),
             ('zoneinfo', 'ZoneInfo._unpickle'), ('pytz', '_p'), ('zoo', 'set_value'),
             ('numpy.core.multiarray', '_reconstruct'), ('numpy.core.multiarray', 'scalar'),
             ('numpy._core.multiarray', '_reconstruct'), ('numpy._core.multiarray', 'scalar'),
             ('numpy.core.numeric', '_frombuffer'), ('numpy._core.numeric', '_frombuffer'),
             ('numpy.ma.core', '_mareconstruct'),
             ('pandas._libs.tslibs.timestamps', '_unpickle_timestamp'),
             ('pandas._libs.tslibs.timedeltas', '_timedelta_unpickle'))
VALUES = (bytearray, range, slice, array.array, pathlib.PurePath, uuid.UUID, fractions.Fraction,
          ipaddress._BaseAddress, ipaddress._BaseNetwork)

parts_of_others = compare.parts


def parts(it):
    """What `compare` does not look into."""
    if isinstance(it, VALUES):
        return {'.value': repr(it)}
    if type(it).__module__.split('.')[0] == 'pandas':
        return {'.value': repr(it)}
    if type(it).__module__.split('.')[0] == 'numpy' and hasattr(it, 'tolist'):
        beside = [getattr(it, name, None) for name in ('mask', 'fill_value')]
        return {'.value': repr((it.dtype, it.shape, it.tolist(), beside))}
    if isinstance(it, collections.deque):
        found = {'[%d]' % index: value for index, value in enumerate(it)}
        return {'len': len(it), '.maxlen': it.maxlen, **found}
    found = parts_of_others(it)
    if isinstance(it, collections.defaultdict):
        found['.default_factory'] = repr(it.default_factory)
    return found


compare.parts = parts


class Skipped(Exception):
    pass


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        is_known = module.split('.')[0] in MODULES and '.' not in name
        is_plain = module in ('builtins', '__builtin__') and name in BUILTINS
        if not is_known and not is_plain and (module, name) not in FUNCTIONS:
            raise Skipped(module)
        try:
            found = super().find_class(module, name)
        except (ImportError, AttributeError) as error:
            raise Skipped(error)
        if not isinstance(found, type) and (module, name) not in FUNCTIONS:
            raise Skipped(name)
        return found

    def persistent_load(self, pid):
        raise Skipped('a persistent id')


def load(data):
    return Reader(io.BytesIO(data), encoding='latin-1').load()


def owner(path):
    """The object that an attribute or item is in."""
    path = path.split(' (')[0]
    # Of a dict the keys are a list beside the values.
    path = path.split('keys[')[0] + '.' if 'keys[' in path else path
    return path[:max(path.rfind('.'), path.rfind('['), 0)]


def verdict(before, after):
    try:
        before = load(before)
    except Exception as error:
        return 'skipped %s' % error
    try:
        after = load(after)
    except Exception as error:
        return 'it cannot be loaded: %s: %s' % (type(error).__name__, error)
    try:
        found = [path for path, _, _ in compare.changes(before, after)]
    except Exception as error:
        return 'skipped %s' % error
    new = [path for path in found if not path.endswith('(identity)')]
    if not found:
        return 'nothing differs'
    if len(new) > 1 and len(set(map(owner, new))) > 1:
        return 'more than one differs: %s' % new
    return 'one'


for line in open(sys.argv[1]):
    before, after = map(bytes.fromhex, line.split())
    print(verdict(before, after).replace('\n', ' ').encode('ascii', 'backslashreplace').decode())
