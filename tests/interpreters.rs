//! Asks real Pythons what a pickle is.
//!
//! `python3` and `python2.7` are looked for on the path; `SERDE_PICKLE_PYTHON2` names another
//! Python 2, and `SERDE_PICKLE_PYTHON3` other Python 3s, separated as paths are. What is not there
//! is not asked, and a line says so.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_pickle::{Protocol, Value};

/// Prints a value so that its types and content can be compared, the same in every Python.
const SCRIPT: &str = r#"
import sys, pickle, struct, binascii
try:
    unicode, long
except NameError:
    unicode, long = str, int
hexed = lambda data: binascii.hexlify(bytes(data)).decode('ascii')
def text(x):
    if sys.version_info[0] == 2:
        return hexed(x.encode('utf-16-be'))
    return hexed(x.encode('utf-16-be', 'surrogatepass'))
def canon(x):
    t = type(x)
    if x is None or t is bool:
        return str(x)
    if t in (int, long):
        return 'int(%d)' % x
    if t is float:
        return 'float(nan)' if x != x else 'float(%s)' % hexed(struct.pack('>d', x))
    if t is complex:
        return 'complex(%s, %s)' % (canon(x.real), canon(x.imag))
    if t is unicode:
        return 'str(%s)' % text(x)
    if t is bytes:
        return 'bytes(%s)' % hexed(x)
    if t is bytearray:
        return 'bytearray(%s)' % hexed(x)
    if t is list:
        return '[%s]' % ', '.join(map(canon, x))
    if t is tuple:
        return '(%s)' % ', '.join(map(canon, x))
    if t in (set, frozenset):
        return '%s(%s)' % (t.__name__, ', '.join(sorted(map(canon, x))))
    if t is dict:
        return '{%s}' % ', '.join(sorted('%s: %s' % (canon(k), canon(x[k])) for k in x))
    if hasattr(x, 'canon'):
        return '%s %s' % (x.__class__.__name__, x.canon())
    if isinstance(x, type) or callable(x):
        return '%s.%s' % (x.__module__, getattr(x, '__qualname__', x.__name__))
    return '%s %s' % (t.__name__, canon(dict((unicode(key), vars(x)[key]) for key in vars(x))))
"#;

/// Reads one pickle a line, in hexadecimal, and answers with one line each.
const LOOP: &str = r#"
if sys.version_info[0] >= 3:
    import pickletools, io
for line in sys.stdin:
    data = binascii.unhexlify(line.strip().encode('ascii'))
    try:
        answer = canon(pickle.loads(data))
        if sys.version_info[0] >= 3 and len(data) < 20000:
            pickletools.dis(data, io.StringIO())
    except Exception as error:
        answer = 'failed: %s: %s' % (type(error).__name__, error)
    sys.stdout.write(answer.replace('\n', ' ') + '\n')
"#;

/// An interpreter.
pub(crate) struct Python {
    pub(crate) program: OsString,
    pub(crate) version: (u32, u32),
    /// The patch release.
    pub(crate) patch: u32,
}

impl Python {
    fn find(program: OsString) -> Option<Self> {
        let output = Command::new(&program)
            .args(["-c", "import sys; print('%d %d %d' % sys.version_info[:3])"])
            .output();
        let output = output.ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let numbers: Vec<u32> =
            text.split_whitespace().map_while(|number| number.parse().ok()).collect();
        let &[major, minor, patch] = &numbers[..] else { return None };
        Some(Self { program, version: (major, minor), patch })
    }

    /// The command that starts it.
    pub(crate) fn program(&self) -> &OsStr {
        &self.program
    }

    /// Returns true if this Python can load the protocol.
    pub(crate) fn reads(&self, protocol: Protocol) -> bool {
        let since = match protocol.number() {
            0..=2 => (2, 0),
            3 => (3, 0),
            4 => (3, 4),
            _ => (3, 8),
        };
        self.version >= since
    }

    /// Python's `repr` of each pickle, by the script above; `setup` comes before it, and defines
    /// classes.
    pub(crate) fn loads(&self, setup: &str, pickles: &[Vec<u8>]) -> Vec<String> {
        let mut child = Command::new(&self.program)
            .args(["-c", &format!("{SCRIPT}\n{setup}\n{LOOP}")])
            .env("PYTHONIOENCODING", "utf-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter has just answered");
        let mut stdin = child.stdin.take().unwrap();
        let lines: String = pickles.iter().map(|pickle| format!("{}\n", hex(pickle))).collect();
        let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "python{:?} failed", self.version);
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

/// All interpreters on this machine that the tests may ask.
pub(crate) fn pythons() -> &'static [Python] {
    static FOUND: OnceLock<Vec<Python>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let named = |variable: &str| {
            env::var_os(variable).map_or_else(Vec::new, |paths| {
                env::split_paths(&paths).map(OsString::from).collect()
            })
        };
        let mut programs = named("SERDE_PICKLE_PYTHON3");
        programs.push("python3".into());
        programs.extend(named("SERDE_PICKLE_PYTHON2"));
        programs.push("python2.7".into());
        let found: Vec<Python> = programs.into_iter().filter_map(Python::find).collect();
        for major in [2, 3] {
            if !found.iter().any(|python| python.version.0 == major) {
                println!("there is no Python {major} here, so it is not asked");
            }
        }
        found
    })
}

/// Checks that every Python that can load a protocol takes each pickle for what is expected.
///
/// A case is a name for messages, the pickle at a protocol, and the expected print.
pub(crate) fn assert_loads(setup: &str, cases: &[(String, Protocol, Vec<u8>, String)]) {
    for python in pythons() {
        let cases: Vec<_> = cases.iter().filter(|case| python.reads(case.1)).collect();
        let pickles: Vec<Vec<u8>> = cases.iter().map(|case| case.2.clone()).collect();
        let answers = python.loads(setup, &pickles);
        assert_eq!(answers.len(), cases.len(), "one answer a pickle");
        for ((name, protocol, pickle, expected), answer) in cases.into_iter().zip(answers) {
            assert_eq!(
                &answer,
                expected,
                "{name} at protocol {} in Python {:?}: {}",
                protocol.number(),
                python.version,
                pickle.escape_ascii()
            );
        }
    }
}

/// A value as the script prints it: the entries of a dict by what they print if `sorted`, else in
/// their order. What has no form of its own is a thing.
pub(crate) fn canon(value: &Value, sorted: bool) -> String {
    let join = |mut items: Vec<String>, sorted: bool| {
        if sorted {
            items.sort();
        }
        items.join(", ")
    };
    let canon = |value: &Value| canon(value, sorted);
    let float = |value: f64| match value.is_nan() {
        true => "float(nan)".to_owned(),
        false => format!("float({})", hex(&value.to_be_bytes())),
    };
    match value {
        Value::None => "None".into(),
        Value::Bool(value) => if *value { "True" } else { "False" }.into(),
        Value::Int(value) => format!("int({value})"),
        Value::BigInt(value) => format!("int({value})"),
        Value::Float(value) => float(*value),
        Value::Complex(value) => format!("complex({}, {})", float(value.re), float(value.im)),
        Value::Str(value) => text(value),
        Value::Surrogates(value) => {
            let unit = |point: u32| match char::from_u32(point) {
                Some(c) => c.encode_utf16(&mut [0; 2]).to_vec(),
                None => vec![point as u16],
            };
            let utf16: Vec<u8> =
                value.code_points().flat_map(unit).flat_map(u16::to_be_bytes).collect();
            format!("str({})", hex(&utf16))
        }
        Value::Bytes(value) => format!("bytes({})", hex(value)),
        Value::ByteArray(value) => format!("bytearray({})", hex(value)),
        Value::Buffer(value) => format!("memoryview({})", hex(&value.data)),
        Value::List(values) => format!("[{}]", join(values.iter().map(canon).collect(), false)),
        Value::Tuple(values) => format!("({})", join(values.iter().map(canon).collect(), false)),
        Value::Set(set) => format!("set({})", join(set.iter().map(canon).collect(), true)),
        Value::FrozenSet(set) => {
            format!("frozenset({})", join(set.iter().map(canon).collect(), true))
        }
        Value::Dict(dict) => {
            let entry = |(key, value)| format!("{}: {}", canon(key), canon(value));
            format!("{{{}}}", join(dict.iter().map(entry).collect(), sorted))
        }
        _ => "thing".into(),
    }
}

/// Text as the script prints it.
pub(crate) fn text(text: &str) -> String {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    format!("str({})", hex(&utf16))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A Python 3 to run a script of one's own, if there is one here.
pub(crate) fn python3() -> Option<OsString> {
    newest().map(|python| python.program.clone())
}

/// The newest Python 3 here.
pub(crate) fn newest() -> Option<&'static Python> {
    pythons().iter().filter(|python| python.version.0 == 3).max_by_key(|python| python.version)
}
