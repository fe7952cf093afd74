//! The hooks of writing, and Python reading what they write.

use std::process::Command;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_pickle::reduce::{Args, ExtensionRegistry, Global, PersistentId, Reduce};
use serde_pickle::value::PickleBuffer;
use serde_pickle::{
    DeOptions, Deserializer, Dict, ErrorKind, Graph, Protocol, SerOptions, Serializer, Value,
    pickle,
};

use super::{case, topic};

/// The output of `python3` for a script that has `pickles`, a list of bytes, and the modules of
/// fixtures/hooks on its path; `None`, and a line that says so, where there is no `python3` of 3.8
/// or later.
pub(super) fn python(script: &str, pickles: &[&[u8]]) -> Option<String> {
    let hex: Vec<String> = pickles
        .iter()
        .map(|pickle| pickle.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    let setup = format!(
        "import sys, io, pickle, copyreg\nsys.path.insert(0, {:?})\n\
         assert sys.version_info >= (3, 8), 'too old'\n\
         pickles = [bytes.fromhex(text) for text in sys.argv[1:]]\n",
        super::folder().to_str().unwrap()
    );
    let output = Command::new("python3")
        .arg("-B")
        .arg("-c")
        .arg(format!("{setup}{script}"))
        .args(&hex)
        .output();
    match output {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
        }
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("too old") => {
            eprintln!("python3 is older than 3.8 and was not asked");
            None
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => {
            eprintln!("there is no python3 to ask");
            None
        }
    }
}

#[track_caller]
pub(super) fn assert_python(script: &str, pickles: &[&[u8]], expected: &str) {
    if let Some(found) = python(script, pickles) {
        assert_eq!(found, expected);
    }
}

pub(super) const ALL: [Protocol; 6] =
    [Protocol::V0, Protocol::V1, Protocol::V2, Protocol::V3, Protocol::V4, Protocol::V5];

// Several dumps

#[test]
fn python_reads_several_dumps_with_one_memo() {
    #[derive(Serialize)]
    #[serde(rename = "py:objects:Tagged")]
    struct Tagged {
        value: u32,
    }
    for protocol in ALL {
        let mut pickler = Serializer::with_options(
            Vec::new(),
            &SerOptions::new().protocol(protocol).memoize_strings(true),
        );
        Tagged { value: 1 }.serialize(&mut pickler).unwrap();
        let one = pickler.into_inner().len();
        let mut pickler = Serializer::with_options(
            Vec::new(),
            &SerOptions::new().protocol(protocol).memoize_strings(true),
        );
        for value in [1, 2] {
            Tagged { value }.serialize(&mut pickler).unwrap();
        }
        "a text that comes again".serialize(&mut pickler).unwrap();
        "a text that comes again".serialize(&mut pickler).unwrap();
        pickler.clear_memo();
        Tagged { value: 3 }.serialize(&mut pickler).unwrap();
        let bytes = pickler.into_inner();
        assert_python(
            "unpickler = pickle.Unpickler(io.BytesIO(pickles[0]))\n\
             print([unpickler.load() for _ in range(5)])",
            &[&bytes],
            "[Tagged(1), Tagged(2), 'a text that comes again', 'a text that comes again', \
             Tagged(3)]",
        );
        // After clear_memo a pickle stands by itself, and before it none does but the first.
        assert_python(
            "print(pickle.loads(pickles[0]))",
            &[&bytes[bytes.len() - one..]],
            "Tagged(3)",
        );
        assert!(serde_pickle::from_slice::<Value>(&bytes[one..]).is_err(), "{protocol:?}");
        let all: Result<Vec<Value>, _> =
            Deserializer::from_slice(&bytes).keep_memo(true).into_iter().collect();
        assert_eq!(all.unwrap().len(), 5);
    }
}

// Persistent ids

/// Puts `External(id)` where an id is.
const LOAD_IDS: &str = "
from objects import External
class Unpickler(pickle.Unpickler):
    def persistent_load(self, pid):
        return External(pid)
for data in pickles:
    print(Unpickler(io.BytesIO(data)).load())
";

#[test]
fn typed_ids_are_written_at_every_protocol_and_read_back() {
    let ids = vec![PersistentId("obj-1"), PersistentId("b")];
    for protocol in ALL {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&ids).unwrap();
        assert_python(LOAD_IDS, &[&bytes], "[External('obj-1'), External('b')]");
        let read: Vec<PersistentId<String>> = serde_pickle::from_slice(&bytes).unwrap();
        assert_eq!(read[0].0, "obj-1");
    }
    for protocol in &ALL[1..] {
        let bytes =
            SerOptions::new().protocol(*protocol).to_vec(&PersistentId(("storage", 3))).unwrap();
        assert_python(LOAD_IDS, &[&bytes], "External(('storage', 3))");
    }
}

#[test]
fn an_id_of_protocol_0_is_a_line_of_ascii() {
    let v0 = SerOptions::new().protocol(Protocol::V0);
    assert_eq!(
        v0.to_vec(&PersistentId(258)).unwrap(),
        case("persistent_ids/int_as_text", 0).bytes()
    );
    assert_eq!(v0.to_vec(&PersistentId("obj-1")).unwrap(), case("persistent_ids/str", 0).bytes());
    for id in ["a\nb", "é"] {
        assert_eq!(v0.to_vec(&PersistentId(id)).unwrap_err().kind(), ErrorKind::Unsupported);
    }
    assert!(v0.to_vec(&PersistentId(("a", 1))).is_err());
}

/// Dicts with the key `external` are objects outside, under the id that is its value.
fn externals() -> SerOptions {
    SerOptions::new().persistent_id(|value| Ok(value.get("external").cloned()))
}

#[test]
fn a_hook_puts_values_outside_as_cpython_does() {
    let value = pickle!([{"external": "a"}, {"k": {"external": "b"}}, ({"external": "a"}, 1)]);
    for protocol in ALL {
        let bytes = externals().protocol(protocol).to_vec(&value).unwrap();
        let expected: Value = match protocol.number() {
            number @ (0 | 1 | 2 | 4) => {
                serde_pickle::from_slice(&case("persistent_ids/several", number).bytes()).unwrap()
            }
            _ => serde_pickle::from_slice(&bytes).unwrap(),
        };
        assert_eq!(serde_pickle::from_slice::<Value>(&bytes).unwrap(), expected);
        assert_python(
            LOAD_IDS,
            &[&bytes],
            "[External('a'), {'k': External('b')}, (External('a'), 1)]",
        );
    }
}

#[test]
fn the_root_a_key_and_values_within_rust_types_are_asked_about() {
    let external = pickle!({"external": "x"});
    let id = |bytes: &[u8]| serde_pickle::from_slice::<Value>(bytes).unwrap();
    let expected = Value::PersistentId(Box::new(Value::from("x")));
    assert_eq!(id(&externals().to_vec(&external).unwrap()), expected);
    let mut pickler = Serializer::with_options(Vec::new(), &externals());
    external.serialize(&mut pickler).unwrap();
    assert_eq!(id(&pickler.into_inner()), expected);
    assert_eq!(id(&externals().to_vec(&vec![Some(external)]).unwrap())[0], expected);
    let object = Reduce::call(Global::new("m", "f"), (pickle!({"external": "x"}),));
    let Value::Object(object) = id(&externals().to_vec(&object).unwrap()) else { panic!() };
    assert_eq!(object.args[0], expected);
    let any = SerOptions::new()
        .persistent_id(|value| Ok((value.as_str() == Some("key")).then(|| Value::from(1))));
    assert_eq!(
        id(&any.to_vec(&pickle!({"key": 2})).unwrap()).to_string(),
        id(b"\x80\x04}K\x01QK\x02s.").to_string()
    );
}

#[test]
fn a_pickler_takes_its_hooks_to_another_thread() {
    let mut pickler = Serializer::with_options(Vec::new(), &externals());
    let bytes = std::thread::spawn(move || {
        pickle!({"external": "x"}).serialize(&mut pickler).unwrap();
        pickler.into_inner()
    });
    let read: Value = serde_pickle::from_slice(&bytes.join().unwrap()).unwrap();
    assert!(matches!(read, Value::PersistentId(_)), "{read}");
}

#[test]
fn an_id_has_no_id_and_values_within_it_do() {
    // fixtures: External(('outer', External('inner')))
    let value = pickle!({"external": ("outer", {"external": "inner"})});
    for protocol in [2, 4] {
        let bytes =
            externals().protocol(Protocol::try_from(protocol).unwrap()).to_vec(&value).unwrap();
        let expected: Value =
            serde_pickle::from_slice(&case("persistent_ids/nested_id", protocol).bytes()).unwrap();
        assert_eq!(serde_pickle::from_slice::<Value>(&bytes).unwrap(), expected);
    }
    let same = SerOptions::new().persistent_id(|value| Ok(value.as_str().map(Value::from)));
    assert_eq!(
        same.to_vec("text").unwrap(),
        serde_pickle::to_vec("text").unwrap(),
        "a Rust str is no Value"
    );
    let bytes = same.protocol(Protocol::V0).to_vec(&Value::from("text")).unwrap();
    assert_eq!(bytes, b"Ptext\n.");
}

#[test]
fn other_formats_meanwhile_see_plain_values() {
    /// Serializes into JSON in the middle of a dump.
    struct AsJson(Value);
    impl Serialize for AsJson {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&serde_json::to_string(&self.0).unwrap())
        }
    }
    let value = pickle!({"external": "x"});
    let bytes = externals().to_vec(&(AsJson(value.clone()), value)).unwrap();
    let read: Value = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(read[0], r#"{"external":"x"}"#);
    assert!(matches!(read[1], Value::PersistentId(_)));
}

#[test]
fn the_error_of_a_hook_is_the_error() {
    let options = SerOptions::new().persistent_id(|value| {
        if value.is_none() { serde_pickle::from_slice::<Value>(b"").map(Some) } else { Ok(None) }
    });
    let error = options.to_vec(&pickle!([1, {"a": None}])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Eof);
    // The next value is not concerned.
    assert!(options.to_vec(&pickle!([1])).is_ok());
}

// Dispatch

#[derive(Serialize)]
#[serde(rename = "py:objects:Gadget")]
struct Gadget {
    name: &'static str,
    size: u32,
}

/// As `reduce_gadget` of the fixtures: a call of `rebuild_gadget` with name and size.
fn rebuilt() -> SerOptions {
    SerOptions::new().dispatch(Global::new("objects", "Gadget"), |object| {
        let state = object.state.unwrap_or_default();
        Ok(Reduce::call(
            Global::new("objects", "rebuild_gadget"),
            Args::from((state["name"].clone(), state["size"].clone())),
        ))
    })
}

fn gadgets() -> Vec<Gadget> {
    vec![Gadget { name: "a", size: 1 }, Gadget { name: "b", size: 2 }]
}

#[test]
fn class_named_types_and_values_are_rewritten_alike() {
    let values = serde_pickle::to_value(&gadgets()).unwrap();
    for protocol in ALL {
        let options = rebuilt().protocol(protocol);
        let typed = options.to_vec(&gadgets()).unwrap();
        let dynamic = options.to_vec(&values).unwrap();
        let read: Value = serde_pickle::from_slice(&typed).unwrap();
        assert_eq!(serde_pickle::from_slice::<Value>(&dynamic).unwrap(), read);
        if let 0 | 2 | 4 = protocol.number() {
            let table = case("dispatch/dispatch_table", protocol.number()).bytes();
            assert_eq!(serde_pickle::from_slice::<Value>(&table).unwrap(), read);
        }
        assert_python(
            "print(*map(pickle.loads, pickles))",
            &[&typed, &dynamic],
            "[Gadget('a', 1), Gadget('b', 2)] [Gadget('a', 1), Gadget('b', 2)]",
        );
    }
}

#[test]
fn every_form_of_a_class_can_be_rewritten() {
    #[derive(Serialize)]
    #[serde(rename = "py:m:C")]
    struct Call(u8, u8);
    #[derive(Serialize)]
    #[serde(rename = "py:m:C")]
    struct One(u8);
    #[derive(Serialize)]
    #[serde(rename = "py:m:C")]
    struct State(std::collections::BTreeMap<&'static str, u8>);
    #[derive(Serialize)]
    enum Variant {
        #[serde(rename = "py:m:C")]
        Fields { x: u8 },
    }
    #[derive(Serialize)]
    #[serde(rename = "py:m:C")]
    enum Member {
        #[serde(rename = "1")]
        One,
    }
    let options = SerOptions::new().dispatch(Global::new("m", "C"), |mut object| {
        *object.callable = Value::global("n", "D");
        Ok(object)
    });
    let written = [
        options.to_vec(&Call(1, 2)),
        options.to_vec(&One(1)),
        options.to_vec(&State([("x", 1)].into())),
        options.to_vec(&Variant::Fields { x: 1 }),
        options.to_vec(&Member::One),
        options.to_vec(&Reduce::new_obj(Global::new("m", "C"), (1,))),
        options
            .to_vec(&Value::Object(Arc::new(Reduce::call(Global::new("m", "C"), Args::default())))),
    ];
    for bytes in written {
        let Value::Object(object) = serde_pickle::from_slice(&bytes.unwrap()).unwrap() else {
            panic!()
        };
        assert_eq!(object.class(), Some(&Global::new("n", "D")));
    }
    // Two of them in a list, and around them the dump goes on as before.
    let bytes = options
        .to_vec(&([Member::One, Member::One], "after", Gadget { name: "g", size: 1 }))
        .unwrap();
    let read: Value = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(read[1], "after");
    let class = Global::new("objects", "Gadget");
    assert!(matches!(&read[2], Value::Object(gadget) if gadget.class() == Some(&class)));
}

#[test]
fn objects_within_are_rewritten_once_and_the_result_is_not() {
    #[derive(Serialize)]
    #[serde(rename = "py:m:Box")]
    struct Nested<T> {
        inner: T,
    }
    let options = SerOptions::new().dispatch(Global::new("m", "Box"), |mut object| {
        // Still a Box, with one more entry in its state.
        let Some(Value::Dict(state)) = object.state.as_deref_mut() else { panic!() };
        assert!(!state.contains_key("seen"), "rewritten twice");
        state.insert("seen", Value::Bool(true));
        Ok(object)
    });
    let typed = Nested { inner: Nested { inner: 1 } };
    for bytes in [
        options.to_vec(&typed).unwrap(),
        options.to_vec(&serde_pickle::to_value(&typed).unwrap()).unwrap(),
    ] {
        let Value::Object(outer) = serde_pickle::from_slice(&bytes).unwrap() else { panic!() };
        let state = outer.state.clone().unwrap();
        assert_eq!(state["seen"], true);
        let Value::Object(inner) = &state["inner"] else { panic!() };
        assert_eq!(*inner.state.as_deref().unwrap(), pickle!({"inner": 1, "seen": True}));
    }
}

#[test]
fn an_object_may_become_a_global_or_anything() {
    // override_global of the fixtures: the singleton is its name.
    let options = SerOptions::new().dispatch(Global::new("objects", "Gadget"), |object| {
        Ok(match object.state {
            Some(state) if state["name"] == "the only one" => Value::global("objects", "SINGLETON"),
            _ => Value::from("other"),
        })
    });
    let bytes = options
        .to_vec(&[Gadget { name: "the only one", size: 1 }, Gadget { name: "x", size: 1 }])
        .unwrap();
    assert_python(
        "import objects\nvalue = pickle.loads(pickles[0])\nprint(value[0] is objects.SINGLETON, \
         value[1])",
        &[&bytes],
        "True other",
    );
}

#[test]
fn a_large_object_is_rewritten_within_frames_and_streams() {
    let options = rebuilt();
    let long: Vec<Gadget> = (0..20_000).map(|size| Gadget { name: "g", size }).collect();
    let mut file = Vec::new();
    options.to_writer(&mut file, &long).unwrap();
    assert_eq!(file, options.to_vec(&long).unwrap());
    let read: Vec<(String, u32)> = serde_pickle::from_slice(&file).unwrap();
    assert_eq!(read[19_999], ("g".to_owned(), 19_999));
    #[derive(Serialize)]
    #[serde(rename = "py:m:Blob")]
    struct Blob<'a>(#[serde(with = "serde_bytes")] &'a [u8]);
    let options = SerOptions::new().dispatch(Global::new("m", "Blob"), Ok);
    let blob = Blob(&[7; 200_000]);
    let mut file = Vec::new();
    options.to_writer(&mut file, &[&blob, &blob]).unwrap();
    assert_eq!(
        serde_pickle::from_slice::<Value>(&file).unwrap(),
        serde_pickle::to_value(&[&blob, &blob]).unwrap()
    );
}

// Extension codes

#[test]
fn classes_with_codes_are_written_as_cpython_writes_them() {
    let (mut written, mut script, mut expected) = (Vec::new(), String::new(), Vec::new());
    for entry in topic("extensions") {
        let bytes = entry.bytes();
        let registry = Arc::new(super::extensions::registry(&entry));
        let protocol = Protocol::try_from(entry.protocol).unwrap();
        let value: Value =
            DeOptions::new().extensions(registry.clone()).from_slice(&bytes).unwrap();
        let ours = SerOptions::new()
            .protocol(protocol)
            .extensions(registry.clone())
            .to_vec(&value)
            .unwrap();
        let code = |bytes: &[u8]| {
            serde_pickle::opcode::instructions(bytes)
                .map(Result::unwrap)
                .filter(|(_, opcode, _)| opcode.name().starts_with("EXT"))
                .map(|(_, opcode, argument)| format!("{} {argument:?}", opcode.name()))
                .collect::<Vec<_>>()
        };
        assert_eq!(code(&ours), code(&bytes), "{}", entry.file);
        if protocol < Protocol::V2 {
            assert!(code(&ours).is_empty());
        }
        let (number, _) = registry.iter().next().unwrap();
        script += &format!(
            "copyreg.add_extension('objects', 'Tagged', {number})\n\
             print(pickle.loads(pickles[{}]))\n\
             copyreg.remove_extension('objects', 'Tagged', {number})\n",
            written.len()
        );
        written.push(ours);
        expected.push(entry.repr.unwrap());
    }
    let pickles: Vec<&[u8]> = written.iter().map(Vec::as_slice).collect();
    assert_python(&script, &pickles, &expected.join("\n"));
}

#[test]
fn class_named_types_use_codes_too() {
    #[derive(Serialize)]
    #[serde(rename = "py:objects:Tagged")]
    struct Tagged {
        value: u8,
    }
    let mut registry = ExtensionRegistry::new();
    registry.add("objects", "Tagged", 2_000).unwrap();
    for protocol in &ALL[2..] {
        let bytes = SerOptions::new()
            .protocol(*protocol)
            .extensions(registry.clone())
            .to_vec(&vec![Tagged { value: 1 }, Tagged { value: 2 }])
            .unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"Tagged"));
        assert_python(
            "copyreg.add_extension('objects', 'Tagged', 2000)\nprint(pickle.loads(pickles[0]))",
            &[&bytes],
            "[Tagged(1), Tagged(2)]",
        );
    }
}

// Buffers

#[test]
fn buffers_travel_beside_the_pickle() {
    for name in [
        "readonly_out",
        "writable_out",
        "several_out",
        "zero_length_out",
        "same_twice_out",
        "all_bytes_out",
    ] {
        let entry = case(&format!("buffers/{name}"), 5);
        let bytes = entry.bytes();
        let given: Vec<Vec<u8>> =
            entry.buffers.iter().flatten().map(|buffer| super::read(&buffer.file)).collect();
        let value: Value = DeOptions::new().buffers(&given).from_slice(&bytes).unwrap();
        let (ours, taken) =
            SerOptions::new().protocol(Protocol::V5).to_vec_with_buffers(&value).unwrap();
        assert_eq!(
            taken.iter().map(|buffer| buffer.data.clone()).collect::<Vec<_>>(),
            given,
            "{name}"
        );
        let again: Value = DeOptions::new().buffers(&taken).from_slice(&ours).unwrap();
        assert_eq!(again, value, "{name}");
        let mut pickles = vec![ours.as_slice()];
        pickles.extend(given.iter().map(Vec::as_slice));
        assert_python(
            "given = [bytearray(data) for data in pickles[1:]]\n\
             show = lambda x: [show(i) for i in x] if type(x) is list else {k: show(v) for k, v in \
             x.items()} if type(x) is dict else bytes(x) if type(x) is memoryview and x.readonly \
             else x\n\
             print(show(pickle.loads(pickles[0], buffers=given)))",
            &pickles,
            entry.repr.as_deref().unwrap(),
        );
    }
}

#[test]
fn a_callback_may_keep_some_in_band_and_without_one_all_are() {
    let value = vec![
        PickleBuffer { data: b"small".to_vec(), readonly: true },
        PickleBuffer { data: vec![b'x'; 40], readonly: true },
    ];
    let taken = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&taken);
    let options = SerOptions::new().protocol(Protocol::V5).buffer_callback(move |buffer| {
        if buffer.data.len() < 10 {
            return Some(buffer);
        }
        into.lock().unwrap().push(buffer);
        None
    });
    let bytes = options.to_vec(&value).unwrap();
    assert_eq!(*taken.lock().unwrap(), [value[1].clone()]);
    assert_python(
        "print(pickle.loads(pickles[0], buffers=[pickles[1]]))",
        &[&bytes, &[b'x'; 40]],
        "[b'small', b'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx']",
    );
    let inline = SerOptions::new().protocol(Protocol::V5).to_vec(&value).unwrap();
    assert_python("print(pickle.loads(pickles[0])[0])", &[&inline], "b'small'");
}

#[test]
fn buffers_need_protocol_5() {
    let buffer = PickleBuffer { data: vec![1], readonly: true };
    for protocol in &ALL[..5] {
        let options = SerOptions::new().protocol(*protocol);
        assert_eq!(options.to_vec(&buffer).unwrap_err().kind(), ErrorKind::Unsupported);
        // As in CPython the callback alone is an error, whatever is written.
        assert_eq!(options.to_vec_with_buffers(&1).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn a_typed_buffer_goes_and_comes() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Frame {
        id: u32,
        pixels: PickleBuffer,
    }
    let frame = Frame { id: 1, pixels: PickleBuffer { data: vec![1, 2, 3], readonly: false } };
    let (bytes, buffers) =
        SerOptions::new().protocol(Protocol::V5).to_vec_with_buffers(&frame).unwrap();
    assert_eq!(buffers.len(), 1);
    assert_eq!(DeOptions::new().buffers(&buffers).from_slice::<Frame>(&bytes).unwrap(), frame);
    assert!(
        DeOptions::new().buffers([&buffers[0], &buffers[0]]).from_slice::<Frame>(&bytes).is_err()
    );
}

// Graphs

#[test]
fn objects_of_a_graph_are_put_outside_by_their_ids() {
    let value = pickle!([{"external": "a"}, {"k": {"external": "b"}}, ({"external": "a"}, 1)]);
    let pickle = serde_pickle::to_vec(&value).unwrap();
    let graph = Graph::from_slice(&pickle).unwrap();
    let options = SerOptions::new().graph_persistent_id(|node| {
        Ok(node.get("external").map(|id| Value::from(id.as_str().unwrap().into_owned())))
    });
    for protocol in ALL {
        let bytes = options.clone().protocol(protocol).graph_to_vec(&graph).unwrap();
        assert_eq!(
            serde_pickle::from_slice::<Value>(&bytes).unwrap(),
            serde_pickle::from_slice::<Value>(&externals().to_vec(&value).unwrap()).unwrap()
        );
    }
    // No id is asked for an id.
    let bytes = case("persistent_ids/tuple", 4).bytes();
    let all = SerOptions::new()
        .graph_persistent_id(|node| Ok(node.items().next().map(|_| Value::from("again"))));
    assert_eq!(all.graph_to_vec(&Graph::from_slice(&bytes).unwrap()).unwrap(), bytes);
}

#[test]
fn objects_of_a_graph_are_rewritten_and_stay_shared() {
    // g = Gadget('a', 1); pickle.dumps([g, g, 'x'], 2)
    let bytes = b"\x80\x02]q\x00(cobjects\nGadget\nq\x01)\x81q\x02}q\x03(X\x04\0\0\0nameq\x04X\x01\
        \0\0\0aq\x05X\x04\0\0\0sizeq\x06K\x01ubh\x02X\x01\0\0\0xe.";
    let graph = Graph::from_slice(bytes).unwrap();
    for protocol in ALL {
        let ours = rebuilt().protocol(protocol).graph_to_vec(&graph).unwrap();
        assert_python(
            "a, b, c = pickle.loads(pickles[0])\nprint(a, a is b, c)",
            &[&ours],
            "Gadget('a', 1) True x",
        );
        let read = Graph::from_slice(&ours).unwrap();
        let items: Vec<_> = read.root().items().collect();
        assert_eq!(items[0], items[1]);
        assert!(items[0].to_value().unwrap().to_string().contains("rebuild_gadget"));
    }
}

/// An object that is rewritten is handed over by value, and so are those within it: each part of a
/// value is asked about once, keys and elements of sets included, as when nothing is rewritten.
#[test]
fn what_is_within_rewritten_objects_is_asked_about_once_and_in_order() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&asked);
    let options = SerOptions::new()
        .persistent_id(move |value| {
            if let Value::Str(text) = value {
                into.lock().unwrap().push(text.to_string());
            }
            Ok((*value == "outside").then(|| Value::from("id")))
        })
        .dispatch(Global::new("m", "C"), |mut object| {
            *object.callable = Value::global("m", "D");
            Ok(object)
        });
    let object = |state: Value| {
        let mut object = Reduce::new_obj(Global::new("m", "C"), Args::from(("arg", "outside")));
        object.state = Some(Box::new(state));
        Value::from(object)
    };
    let inner = object(pickle!({"key": ["a", {"b"}], "outside": ("c", "outside")}));
    let value = pickle!(["before", inner, "after"]);
    let value = object(pickle!({"list": value}));
    let read: Value = serde_pickle::from_slice(&options.to_vec(&value).unwrap()).unwrap();
    let expected =
        value.to_string().replace("m.C", "m.D").replace("'outside'", "<persistent id 'id'>");
    assert_eq!(read.to_string(), expected);
    let mut found = std::mem::take(&mut *asked.lock().unwrap());
    found.sort();
    let mut wanted = vec![
        "list", "arg", "outside", "before", "arg", "outside", "key", "a", "b", "outside", "c",
        "outside", "after",
    ];
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn keys_that_are_objects_are_rewritten_and_stay_apart() {
    let options = SerOptions::new().dispatch(Global::new("m", "C"), |mut object| {
        *object.callable = Value::global("m", "D");
        Ok(object)
    });
    let key = |number: i64| Value::from(Reduce::call(Global::new("m", "C"), Args::from((number,))));
    let dict = Value::from(Dict::try_from_iter([(key(1), "one"), (key(2), "two")]).unwrap());
    let outer =
        Value::from(Reduce::call(Global::new("m", "C"), Args::from(vec![dict.clone(), key(3)])));
    let read: Value = serde_pickle::from_slice(&options.to_vec(&outer).unwrap()).unwrap();
    assert_eq!(read.to_string(), outer.to_string().replace("m.C", "m.D"));
    // Where they become one, nothing is lost in silence.
    let one = SerOptions::new().dispatch(Global::new("m", "C"), |object| {
        Ok(if object.args.len() == 1 { Value::None } else { object.into() })
    });
    let error = one.to_vec(&outer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().contains("became equal by rewriting"), "{error}");
}
