//! Kinds that serde has no method for (sets, big ints, globals, objects, persistent ids): what
//! Python makes of it.

use num_bigint::BigInt;
use serde::Serialize;
use serde_pickle::reduce::{Args, Global, PersistentId, Reduce};
use serde_pickle::value::{Complex, PickleBuffer, SurrogateString};
use serde_pickle::{Dict, ErrorKind, Protocol, SerOptions, Set, Value, pickle};

use crate::interpreters::{assert_loads, text};

/// A class that writes down what is done with it, in a module that is made up on the spot.
const SETUP: &str = r#"
import types
module = types.ModuleType('m')
sys.modules['m'] = module
class Log(object):
    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self.log = [('new', args, dict((unicode(key), kwargs[key]) for key in kwargs))]
        return self
    def append(self, x):
        self.log.append(('append', x))
    def extend(self, items):
        for x in items:
            self.append(x)
    def add(self, x):
        self.log.append(('add', x))
    def __setitem__(self, key, x):
        self.log.append(('set', key, x))
    def __setstate__(self, x):
        self.log.append(('state', x))
    def canon(self):
        return ', '.join(entry[0] + ' ' + ' '.join(map(canon, entry[1:])) for entry in self.log)
class Old:
    def __init__(self, *args):
        self.args = args
    def canon(self):
        return canon(self.args)
class Plain(object):
    pass
def make(*args):
    made = Log(*args)
    made.log.append(('made', ))
    return made
def set_state(made, state):
    made.log.append(('setter', state))
    return 'dropped'
Log.Inner = Plain
module.Log, module.Old, module.make, module.set_state = Log, Old, make, set_state
class WithIds(pickle.Unpickler):
    def persistent_load(self, id):
        return ['persistent', id]
"#;

type Case = (String, Protocol, Vec<u8>, String);

fn cases<T: Serialize + ?Sized>(name: &str, value: &T, expected: &str) -> Vec<Case> {
    let case = |protocol| {
        let bytes = SerOptions::new().protocol(protocol).to_vec(value);
        let bytes = bytes
            .unwrap_or_else(|error| panic!("{name} at protocol {}: {error}", protocol.number()));
        (name.to_owned(), protocol, bytes, expected.to_owned())
    };
    Protocol::ALL.into_iter().map(case).collect()
}

fn global(name: &str) -> Global {
    Global::new("m", name)
}

fn ints(range: impl Iterator<Item = i64>) -> Vec<String> {
    range.map(|int| format!("int({int})")).collect()
}

#[test]
fn sets_of_every_size_around_a_batch() {
    let mut all = Vec::new();
    for len in [0, 1, 2, 3, 999, 1000, 1001, 2500] {
        let set: Set = (0..len).collect();
        let mut elements = ints(0..len);
        elements.sort();
        let elements = elements.join(", ");
        all.extend(cases("a set", &Value::Set(set.clone()), &format!("set({elements})")));
        all.extend(cases("a frozenset", &Value::FrozenSet(set), &format!("frozenset({elements})")));
    }
    all.extend(cases(
        "sets in a list",
        &pickle!([{ 1 }, { 1 }, { (1, 2) }]),
        "[set(int(1)), set(int(1)), set((int(1), int(2)))]",
    ));
    assert_loads("", &all);
}

#[test]
fn scalars_that_only_python_has() {
    let mut all = Vec::new();
    let complex = |re, im| Value::Complex(Complex { re, im });
    all.extend(cases(
        "complex",
        &[complex(1.0, -0.0), complex(0.0, 0.0)],
        "(complex(float(3ff0000000000000), float(8000000000000000)), \
         complex(float(0000000000000000), float(0000000000000000)))",
    ));
    let bytearrays = [Value::ByteArray(b"a\xff".to_vec()), Value::ByteArray(Vec::new())];
    all.extend(cases("bytearray", &bytearrays, "(bytearray(61ff), bytearray())"));
    let surrogates =
        SurrogateString::from_bytes(b"a\\\xed\xa0\x80\xed\xbf\xbf\xc3\xa9".to_vec()).unwrap();
    all.extend(cases(
        "lone surrogates",
        &Value::Surrogates(surrogates),
        "str(0061005cd800dfff00e9)",
    ));
    for bits in (0..600).step_by(7).chain([63, 64, 127, 128, 1023, 1024, 2039, 2040, 2041, 14_000])
    {
        for near in -1..=1 {
            for sign in [1, -1] {
                let int: BigInt = ((BigInt::from(1) << bits) + near) * sign;
                all.extend(cases("an int", &Value::from(int.clone()), &format!("int({int})")));
            }
        }
    }
    assert_loads("", &all);
}

#[test]
fn an_int_that_python_would_not_read_as_text_is_an_error_at_protocols_0_and_1() {
    let int = Value::from(BigInt::from(1) << 14_300);
    for protocol in Protocol::ALL {
        let written = SerOptions::new().protocol(protocol).to_vec(&int);
        match written {
            Ok(_) => assert!(protocol >= Protocol::V2),
            Err(error) => {
                assert_eq!((error.kind(), protocol < Protocol::V2), (ErrorKind::Limit, true));
            }
        }
    }
}

#[test]
fn globals_nested_ones_and_those_that_python_2_calls_otherwise() {
    let mut all = cases("a function", &global("make"), "m.make");
    all.retain(|case| case.1 >= Protocol::V3);
    for names in [["builtins", "map"], ["builtins", "zip"]] {
        let expected = names.join(".");
        let written = cases("a builtin", &Global::new(names[0], names[1]), &expected);
        all.extend(written.into_iter().filter(|case| case.1 >= Protocol::V3));
    }
    assert_loads(&format!("{SETUP}\nmake.__module__ = 'm'"), &all);

    let nested = (global("Log.Inner"), global("Log.Inner"), global("Log"));
    let setup = format!(
        "{SETUP}\ncanon_of, canon = canon, lambda x: str([x[0] is x[1] is Log.Inner, x[2] is Log])"
    );
    assert_loads(&setup, &cases("nested", &nested, "[True, True]"));

    let setup = format!(
        "{SETUP}\nimport collections\ncanon = lambda x: str(x == (range if str is not bytes else \
         xrange, collections.OrderedDict))"
    );
    let both = (Global::new("builtins", "range"), Global::new("collections", "OrderedDict"));
    assert_loads(&setup, &cases("renamed", &both, "True"));
}

#[test]
fn a_global_that_lines_cannot_name_is_an_error_below_protocol_4() {
    for name in ["a\nb", "a.b\nc", "a\n.b"] {
        for protocol in [Protocol::V0, Protocol::V2, Protocol::V3] {
            let error = SerOptions::new().protocol(protocol).to_vec(&Global::new("m", name));
            // Only the outermost part is in a line; the parts of a nested name are text, and safe.
            assert_eq!(error.is_err(), name != "a.b\nc", "{name:?}");
        }
        assert!(serde_pickle::to_vec(&Global::new("m", name)).is_ok());
    }
    let foreign = Global::new("m", "Größe");
    assert!(SerOptions::new().protocol(Protocol::V3).to_vec(&foreign).is_ok());
    let error = SerOptions::new().protocol(Protocol::V2).to_vec(&foreign).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GLOBAL cannot write the name \"Größe\" at protocol 2: it is not ASCII"
    );
    let deep = Global::new("m", ["a"; 200].join("."));
    let error = SerOptions::new().protocol(Protocol::V2).to_vec(&deep).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn objects_are_made_in_every_way() {
    let (a, none) = (text("a"), "{}");
    let mut all = cases(
        "a call",
        &Reduce::call(global("make"), (1, "a")),
        &format!("Log new (int(1), {a}) {none}, made "),
    );
    all.extend(cases("no arguments", &Reduce::call(global("make"), ()), "Log new () {}, made "));
    all.extend(cases(
        "arguments in a Vec",
        &Reduce::new_obj(global("Log"), vec![1, 2]),
        "Log new (int(1), int(2)) {}",
    ));
    let many: Vec<i64> = (0..1500).collect();
    let listed = ints(0..1500).join(", ");
    all.extend(cases(
        "many arguments",
        &Reduce::new_obj(global("Log"), many),
        &format!("Log new ({listed}) {{}}"),
    ));
    let kwargs: Dict = [("k", 1)].into_iter().collect();
    let keywords = format!("{{{}: int(1)}}", text("k"));
    let with_kwargs = Reduce::new_obj_ex(global("Log"), (5,), kwargs).with_state([7]);
    let expected = format!("Log new (int(5)) {keywords}, state (int(7))");
    all.extend(cases(
        "keywords",
        &vec![&with_kwargs; 3],
        &format!("[{expected}, {expected}, {expected}]"),
    ));
    all.extend(cases(
        "no keywords",
        &Reduce::new_obj_ex(global("Log"), (5,), Dict::default()),
        "Log new (int(5)) {}",
    ));
    all.extend(cases(
        "a classic class",
        &Reduce::inst(global("Old"), (1, 2)),
        "Old (int(1), int(2))",
    ));
    let nested = Reduce::inst(global("Log.Inner"), ()).with_state(pickle!({"k": 1}));
    all.extend(cases("a nested classic class", &nested, &format!("Plain {keywords}")));
    // A call's result as the callable: type(Log) is called with three arguments below.
    let partial =
        Reduce::call(Global::new("functools", "partial"), Args::from((global("make"), 1)));
    let called = Reduce::call(global("make"), (2,))
        .with_callable(Value::Object(std::sync::Arc::new(partial)));
    let case = cases("a call of a call", &called, "Log new (int(1), int(2)) {}, made ");
    all.extend(case);
    assert_loads(SETUP, &all);
}

#[test]
fn objects_get_their_items_and_then_their_state() {
    let log = || Reduce::new_obj(global("Log"), ());
    let mut all = Vec::new();
    for len in [0, 1, 2, 999, 1000, 1001, 2001] {
        let each =
            |what: &str| (0..len).map(|int| format!(", {what} int({int})")).collect::<String>();
        let items = || 0..len;
        all.extend(cases(
            "list items",
            &log().with_listitems(items()),
            &format!("Log new () {{}}{}", each("append")),
        ));
        all.extend(cases(
            "set items",
            &log().with_setitems(items()),
            &format!("Log new () {{}}{}", each("add")),
        ));
        let pairs: String = items().map(|int| format!(", set int({int}) int({int})")).collect();
        let dict = log().with_dictitems(items().map(|int| (int, int)));
        all.extend(cases("dict items", &dict, &format!("Log new () {{}}{pairs}")));
    }
    let everything =
        log().with_listitems([vec![1]]).with_dictitems([(vec![2], vec![3])]).with_state(vec![4]);
    let expected = "Log new () {}, append [int(1)], set (int(2)) [int(3)], state [int(4)]";
    all.extend(cases("everything", &everything, expected));
    assert_loads(SETUP, &all);
}

#[test]
fn a_state_that_is_none_is_left_out_and_one_that_is_false_is_not() {
    fn with<S: Serialize>(state: S, expected: &str) -> Vec<Case> {
        cases("a state", &Reduce::new_obj(global("Log"), ()).with_state(state), expected)
    }
    let mut all = with((), "Log new () {}");
    all.extend(with(None::<u8>, "Log new () {}"));
    all.extend(with(false, "Log new () {}, state False"));
    all.extend(with(0, "Log new () {}, state int(0)"));
    all.extend(with(Vec::<u8>::new(), "Log new () {}, state []"));
    all.extend(with(pickle!(()), "Log new () {}, state ()"));
    all.extend(with(Dict::default(), "Log new () {}, state {}"));
    assert_loads(SETUP, &all);
}

#[test]
fn a_state_setter_is_called_with_object_and_state() {
    fn with<S: Serialize>(state: S, expected: &str) -> Vec<Case> {
        let object = Reduce::new_obj(global("Log"), ())
            .with_state(state)
            .with_state_setter(global("set_state"));
        cases("a state setter", &vec![&object; 2], &format!("[{expected}, {expected}]"))
    }
    let mut all = with(vec![1], "Log new () {}, setter [int(1)]");
    all.extend(with(0, "Log new () {}, setter int(0)"));
    // As in CPython, no state is no call.
    all.extend(with((), "Log new () {}"));
    assert_loads(SETUP, &all);
}

#[test]
fn persistent_ids_are_lines_at_protocol_0_and_objects_above() {
    let setup = format!(
        "{SETUP}
import io
pickle.loads = lambda data: WithIds(io.BytesIO(data)).load()
"
    );
    if cfg!(windows) {
        return;
    }
    let ids = vec![PersistentId("a b"), PersistentId("c")];
    let expected = |id: &str| format!("[{}, {}]", text("persistent"), text(id));
    let mut all = cases("ids", &ids, &format!("[{}, {}]", expected("a b"), expected("c")));
    all.retain(|case| case.1 != Protocol::V0);
    let tuple = PersistentId(("storage", 1));
    let expected = format!("[{}, ({}, int(1))]", text("persistent"), text("storage"));
    for protocol in Protocol::ALL.into_iter().skip(1) {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&tuple).unwrap();
        all.push(("a tuple as id".into(), protocol, bytes, expected.clone()));
    }
    assert_loads(&setup.replace("['persistent', id]", "[u'persistent', id]"), &all);
    let at_0 = SerOptions::new().protocol(Protocol::V0);
    assert_eq!(at_0.to_vec(&ids).unwrap(), b"(Pa b\nPc\nl.");
    assert_eq!(at_0.to_vec(&tuple).unwrap_err().kind(), ErrorKind::Data);
    assert_eq!(at_0.to_vec(&PersistentId("a\nb")).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(at_0.to_vec(&PersistentId("é")).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_buffer_in_band_is_bytes_or_a_bytearray_at_protocol_5_alone() {
    let buffer = |readonly| PickleBuffer { data: b"ab".to_vec(), readonly };
    let both = (buffer(true), buffer(false));
    let bytes = SerOptions::new().protocol(Protocol::V5).to_vec(&both).unwrap();
    assert_loads(
        "",
        &[("buffers".into(), Protocol::V5, bytes, "(bytes(6162), bytearray(6162))".into())],
    );
    let error = serde_pickle::to_vec(&both).unwrap_err();
    assert_eq!(error.to_string(), "[0]: a PickleBuffer needs protocol 5, and this is 4");
}

#[test]
fn what_python_cannot_hash_is_no_element_and_no_key() {
    let of = |value: Value| std::collections::BTreeMap::from([(0, value)]);
    assert!(serde_pickle::to_vec(&of(pickle!([1]))).is_ok());
    struct Keyed(Value);
    impl Serialize for Keyed {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(&self.0, 1)])
        }
    }
    for (key, what) in [
        (pickle!({1: 2}), "a dict"),
        (pickle!({ 1 }), "a set"),
        (pickle!(((1, {1: 2}),)), "a dict"),
        (Value::ByteArray(vec![1]), "a bytearray"),
    ] {
        let error = serde_pickle::to_vec(&Keyed(key)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    // An object's own parts need no hash.
    let object = Reduce::new_obj(global("Log"), (vec![1],)).with_state(Dict::default());
    let all = cases(
        "an object as key",
        &Keyed(Value::Object(std::sync::Arc::new(Reduce::call(
            global("make"),
            Args::from([pickle!([1])]),
        )))),
        "",
    );
    assert!(all.iter().all(|case| !case.2.is_empty()));
    assert!(serde_pickle::to_vec(&object).is_ok());
}

/// The deepest value that is read is also written, on a small stack, of which an eighth stays free.
#[test]
fn values_are_written_at_the_depth_to_which_they_are_read() {
    let object = |inner: Value| {
        Value::Object(std::sync::Arc::new(
            Reduce::call(global("make"), Args::from([inner])).with_state(Box::new(Value::Int(1))),
        ))
    };
    let wraps: [(&str, &dyn Fn(Value) -> Value); 5] = [
        ("list", &|inner| Value::List(vec![inner])),
        ("tuple", &|inner| Value::Tuple(vec![inner])),
        ("dict", &|inner| Value::Dict([("k", inner)].into_iter().collect())),
        ("frozenset", &|inner| {
            let mut set = Set::new();
            set.try_insert(inner).unwrap();
            Value::FrozenSet(set)
        }),
        ("object", &object),
    ];
    for (name, wrap) in wraps {
        let mut value = Value::Int(1);
        // An object counts as two levels.
        let wrapped = if name == "object" { 495 } else { 990 };
        for _ in 0..wrapped {
            value = wrap(value);
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name(name.into()).stack_size(7 << 18);
            let written = thread.spawn_scoped(scope, || {
                Protocol::ALL.map(|protocol| {
                    SerOptions::new().protocol(protocol).to_vec(&value).unwrap().len()
                })
            });
            assert!(written.unwrap().join().unwrap().iter().all(|len| *len > wrapped), "{name}");
        });
    }
}
