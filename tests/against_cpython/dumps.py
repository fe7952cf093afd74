"""Makes random values, pickles them in every way, and prints each pickle in hexadecimal and what it is.

The arguments are a seed and the number of values. Values share parts, so that the memo is used; none contains itself.
"""
import collections, datetime, decimal, pickle, random, sys

seed, count = map(int, sys.argv[1:])
rng = random.Random(seed)
CHARS = 'ab\\\n\r\0\x1a\'"\x7f\x80\xe9\xff\u0100\ud800\udfff\uffff\U00010000\U0010ffff'

def an_int():
    value = rng.choice([rng.randrange(300), rng.getrandbits(rng.randrange(1, 300)), 1 << rng.randrange(200)])
    return rng.choice([value, -value, value - 1, -value - 1])

def a_text():
    return ''.join(rng.choice(CHARS) for _ in range(rng.choice([0, 1, 5, 30, 300])))

def some_bytes():
    return bytes(rng.getrandbits(8) for _ in range(rng.choice([0, 1, 5, 30, 300])))

def a_float():
    return rng.choice([0.0, -0.0, 1.5, 1e16, 5e-324, float('inf'), rng.uniform(-1e9, 1e9), rng.random() * 10 ** rng.randrange(-300, 300)])

def a_scalar():
    kind = rng.randrange(9)
    return (None, rng.random() < 0.5, an_int(), an_int(), a_float(), complex(a_float(), a_float()), a_text(), a_text(),
            some_bytes())[kind]

def a_key(depth):
    kind = rng.randrange(8)
    if depth and kind == 0: return tuple(a_key(depth - 1) for _ in range(rng.randrange(4)))
    if depth and kind == 1: return frozenset(a_key(depth - 1) for _ in range(rng.randrange(4)))
    return a_scalar()

def a_value(depth, shared):
    kind = rng.randrange(14)
    many = rng.choice([0, 1, 2, 3, 4, 8])
    if shared and kind == 0: return rng.choice(shared)
    if kind == 1: value = bytearray(some_bytes())
    elif kind == 2: value = float('nan')
    elif kind == 3: value = rng.choice([datetime.date(2024, 2, 29), decimal.Decimal('1.5'), collections.OrderedDict(a=1)])
    elif depth == 0 or kind < 6: value = a_scalar()
    elif kind < 8: value = [a_value(depth - 1, shared) for _ in range(many)]
    elif kind < 10: value = tuple(a_value(depth - 1, shared) for _ in range(many))
    elif kind < 12: value = {a_key(2): a_value(depth - 1, shared) for _ in range(many)}
    elif kind == 12: value = {a_key(2) for _ in range(many)}
    else: value = frozenset(a_key(2) for _ in range(many))
    shared.append(value)
    return value

for number in range(count):
    value = a_value(5, [])
    # Batches of a thousand.
    if number == 0:
        value = [list(range(2001)), dict.fromkeys(range(1001), value), set(range(1000))]
    looks = canon(value)
    for protocol in range(6):
        print(pickle.dumps(value, protocol).hex(), looks)
        print(pickle._dumps(value, protocol).hex(), looks)
