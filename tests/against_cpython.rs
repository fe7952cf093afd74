//! Generated programs and changed fixtures against CPython's own unpickler, where `python3` is on the machine: both accept
//! or both refuse, and what is accepted is the same value.
//!
//! Python runs with stand-ins for all classes, persistent ids and extension codes, which take any call, item and state, as
//! data does here; so what it refuses it refuses for the sake of the bytes. The differences that are meant (see
//! docs/CONFORMANCE.md) are recognised by the errors. `SERDE_PICKLE_PROGRAMS` is how many programs are generated.

use std::process::{Command, Stdio};

use serde_pickle::{DeOptions, Encoding, Value};

use crate::corpus::{Failures, files};
use crate::python::{hex, text};

/// Reads one pickle a line, in hexadecimal; answers with what it is, or `refused` and why.
const SCRIPT: &str = r#"
import io, pickle, struct, sys, warnings
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

class Reader(pickle.Unpickler):
    def find_class(self, module, name): return Thing
    def persistent_load(self, pid): return Thing()

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
    if t is str: return 'str(%s)' % text(x)
    if t in (bytes, bytearray): return '%s(%s)' % (t.__name__, x.hex())
    if t is memoryview: return 'memoryview(%s)' % bytes(x).hex()
    if t is list: return '[%s]' % ', '.join(canon(i, path) for i in x)
    if t is tuple: return '(%s)' % ', '.join(canon(i, path) for i in x)
    if t in (set, frozenset): return '%s(%s)' % (t.__name__, ', '.join(sorted(canon(i, path) for i in x)))
    if t is dict: return '{%s}' % ', '.join('%s: %s' % (canon(k, path), canon(v, path)) for k, v in x.items())
    return 'thing'

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
"#;

/// What the script prints for the same value.
fn canon(value: &Value) -> String {
    let items = |items: &[Value]| items.iter().map(canon).collect::<Vec<_>>().join(", ");
    let sorted = |mut items: Vec<String>| {
        items.sort();
        items.join(", ")
    };
    match value {
        Value::None => "None".into(),
        Value::Bool(value) => if *value { "True" } else { "False" }.into(),
        Value::Int(value) => format!("int({value})"),
        Value::BigInt(value) => format!("int({value})"),
        Value::Float(value) if value.is_nan() => "float(nan)".into(),
        Value::Float(value) => format!("float({})", hex(&value.to_be_bytes())),
        Value::Str(value) => text(value),
        Value::Surrogates(value) => {
            let unit = |point: u32| match char::from_u32(point) {
                Some(c) => c.encode_utf16(&mut [0; 2]).to_vec(),
                None => vec![point as u16],
            };
            let utf16: Vec<u8> = value.code_points().flat_map(unit).flat_map(u16::to_be_bytes).collect();
            format!("str({})", hex(&utf16))
        }
        Value::Bytes(value) => format!("bytes({})", hex(value)),
        Value::ByteArray(value) => format!("bytearray({})", hex(value)),
        Value::Buffer(value) => format!("memoryview({})", hex(&value.data)),
        Value::List(values) => format!("[{}]", items(values)),
        Value::Tuple(values) => format!("({})", items(values)),
        Value::Set(set) => format!("set({})", sorted(set.iter().map(canon).collect())),
        Value::FrozenSet(set) => format!("frozenset({})", sorted(set.iter().map(canon).collect())),
        Value::Dict(dict) => {
            let entry = |(key, value)| format!("{}: {}", canon(key), canon(value));
            format!("{{{}}}", dict.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        _ => "thing".into(),
    }
}

/// Asks Python; `None` without one.
fn ask(pickles: &[Vec<u8>]) -> Option<Vec<String>> {
    let Ok(mut python) =
        Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        println!("skipped: there is no python3 here");
        return None;
    };
    let mut stdin = python.stdin.take().unwrap();
    let lines: String = pickles.iter().map(|pickle| hex(pickle) + "\n").collect();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "python3 failed");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Numbers that are the same in every run (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// What pushes one value.
const PUSHES: &[&[u8]] = &[
    b"N",
    b"\x88",
    b"\x89",
    b"K\x01",
    b"K\x07",
    b"M\x01\x02",
    b"J\xff\xff\xff\xff",
    b"I1\n",
    b"I01\n",
    b"I-5\n",
    b"L9L\n",
    b"\x8a\x00",
    b"\x8a\x01\xff",
    b"\x8a\x09\0\0\0\0\0\0\0\0\x01",
    b"G?\xf0\0\0\0\0\0\0",
    b"G\x7f\xf8\0\0\0\0\0\0",
    b"F1.5\n",
    b"F1\n",
    b"Fnan\n",
    b"U\x01a",
    b"U\x01\xe9",
    b"S'a'\n",
    b"V\n",
    b"Va\n",
    b"X\x01\0\0\0a",
    b"\x8c\x01a",
    b"\x8c\x00",
    b"X\x03\0\0\0\xed\xa0\x80",
    b"C\x01a",
    b"C\x00",
    b"B\x01\0\0\0b",
    b"\x96\x01\0\0\0\0\0\0\0z",
    b"]",
    b"]",
    b"}",
    b"}",
    b")",
    b"\x8f",
    b"cm\nC\n",
    b"\x8c\x01m\x8c\x01C\x93",
    b"Pid\n",
    b"(",
    b"(",
    b"(",
    b"h\x00",
    b"h\x01",
    b"g0\n",
    b"j\x02\0\0\0",
    b"(im\nC\n",
];

/// What takes values off the stack, or changes them.
const WORKS: &[&[u8]] = &[
    b"a",
    b"a",
    b"e",
    b"e",
    b"s",
    b"s",
    b"u",
    b"u",
    b"\x90",
    b"\x90",
    b"\x91",
    b"t",
    b"t",
    b"l",
    b"d",
    b"\x85",
    b"\x86",
    b"\x87",
    b"0",
    b"1",
    b"2",
    b"q\x00",
    b"q\x01",
    b"p2\n",
    b"\x94",
    b"\x94",
    b"r\x05\0\0\0",
    b"R",
    b"\x81",
    b"\x92",
    b"b",
    b"o",
    b"Q",
    b"\x98",
    b"\x80\x04",
    b"\x80\x02",
    b"\x93",
    b"(",
    b"\x95\0\0\0\0\0\0\0\0",
];

pub(crate) fn program(random: &mut Random) -> Vec<u8> {
    let mut program = Vec::new();
    for _ in 0..2 + random.below(20) {
        let part = if random.below(100) < 55 { random.pick(PUSHES) } else { random.pick(WORKS) };
        program.extend_from_slice(part);
    }
    program.push(b'.');
    program
}

/// A pickle with one or two bytes changed, dropped or put in.
pub(crate) fn changed(pickle: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = pickle.to_vec();
    for _ in 0..1 + random.below(2) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, random.pick(WORKS)[0]),
        }
        if bytes.is_empty() {
            bytes.push(b'.');
        }
    }
    bytes
}

/// Whether the difference between us and Python is one of those that are meant.
fn is_meant(program: &[u8], ours: &Result<Value, serde_pickle::Error>, theirs: &str) -> bool {
    let refused = theirs.strip_prefix("refused ");
    match (ours, refused) {
        (Ok(_), Some(theirs)) => [
            // Python 2.2's arguments; and a stand-in may have any state, even where it is a class.
            "argument list must be a tuple",
            "state is not a dictionary",
            "'mappingproxy' object",
            // It may be a class, or a buffer.
            "NEWOBJ class argument must be a type, not Thing",
            "NEWOBJ_EX class argument must be a type, not Thing",
            "bytes-like object is required, not 'Thing'",
            "bytes-like object is required, not 'Meta'",
            // What a program gives up again is not asked for.
            "unregistered extension code",
            // An array as long as the highest memo index.
            "MemoryError",
        ]
        .iter()
        .any(|meant| theirs.contains(meant)),
        (Ok(_), None) => false,
        (Err(error), _) => {
            let message = error.to_string();
            // A Value is a tree without identity.
            let of_trees = ["contains itself", "look alike", "state twice"].iter().any(|part| message.contains(part));
            (refused.is_none() && of_trees)
                // Items by index, and items of a bytearray.
                || (message.contains("SETITEM") && message.contains("found a list"))
                || message.contains("found a bytearray")
                // Names in 8-bit strings of Python 2, or with a lone surrogate.
                || (message.contains("STACK_GLOBAL needs two strings")
                    && program.iter().any(|byte| b"STU\xed".contains(byte)))
        }
    }
}

fn compare(programs: &[Vec<u8>]) -> Option<Failures> {
    let theirs = ask(programs)?;
    assert_eq!(theirs.len(), programs.len());
    let mut failures = Failures::default();
    for (program, theirs) in programs.iter().zip(theirs) {
        let ours = DeOptions::new().encoding(Encoding::Latin1).from_slice::<Value>(program);
        let shown = match &ours {
            Ok(value) => canon(value),
            Err(_) => "refused".into(),
        };
        let agree = shown == theirs || (ours.is_err() && theirs.starts_with("refused"));
        failures.check(agree || is_meant(program, &ours, &theirs), || {
            format!("{}\n    ours: {shown} {:?}\n  theirs: {theirs}", program.escape_ascii(), ours.err())
        });
    }
    Some(failures)
}

#[test]
fn generated_programs_mean_what_they_mean_to_cpython() {
    let mut random = Random(0x5eed_0f91_c71e_55aa);
    let count = std::env::var("SERDE_PICKLE_PROGRAMS").map_or(40_000, |count| count.parse().unwrap());
    let programs: Vec<Vec<u8>> = (0..count).map(|_| program(&mut random)).collect();
    if let Some(failures) = compare(&programs) {
        failures.finish(count);
    }
}

#[test]
fn changed_fixtures_mean_what_they_mean_to_cpython() {
    let mut random = Random(0xc0ff_ee00_dead_beef);
    let mut programs = Vec::new();
    for fixture in files("valid").iter().chain(&files("odd")) {
        // Names of builtins are understood here and stand-ins there; buffers and codes need what is beside the pickle; and
        // from a file, which a subclass needs, CPython does not let a frame end in an argument.
        let names = [&b"builtin"[..], b"copy", b"codecs", b"functools", b"\x97", b"\x82", b"\x83", b"\x84", b"\x95"];
        let has = |part: &&[u8]| fixture.bytes.windows(part.len()).any(|window| window == *part);
        if fixture.bytes.len() > 400 || names.iter().any(has) {
            continue;
        }
        programs.extend((0..12).map(|_| changed(&fixture.bytes, &mut random)));
    }
    if let Some(failures) = compare(&programs) {
        failures.finish(5_000);
    }
}
