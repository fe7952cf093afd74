"""How a value looks, so that it can be compared with what Rust makes of the same pickle."""
import struct

def text(x):
    return x.encode('utf-16-be', 'surrogatepass').hex()

def canon(x, path=()):
    t = type(x)
    if t in (list, tuple, dict, set, frozenset):
        if id(x) in path: raise RecursionError
        path = path + (id(x),)
    if x is None or t is bool: return str(x)
    if t is int: return 'int(%d)' % x
    if t is float: return 'float(nan)' if x != x else 'float(%s)' % struct.pack('>d', x).hex()
    if t is complex: return 'complex(%s, %s)' % (canon(x.real), canon(x.imag))
    if t is str: return 'str(%s)' % text(x)
    if t in (bytes, bytearray): return '%s(%s)' % (t.__name__, x.hex())
    if t is memoryview: return 'memoryview(%s)' % bytes(x).hex()
    if t is list: return '[%s]' % ', '.join(canon(i, path) for i in x)
    if t is tuple: return '(%s)' % ', '.join(canon(i, path) for i in x)
    if t in (set, frozenset): return '%s(%s)' % (t.__name__, ', '.join(sorted(canon(i, path) for i in x)))
    if t is dict: return '{%s}' % ', '.join('%s: %s' % (canon(k, path), canon(v, path)) for k, v in x.items())
    return 'thing'
