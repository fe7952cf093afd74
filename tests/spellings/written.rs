//! Each object of the catalogue is read by derive, and written as what CPython loads to the same
//! object.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_pickle::{Graph, Protocol, SerOptions, Value, from_slice, from_value, to_value};

use super::types::*;
use super::{folder, pickles};

/// Pairs of pickles, ours and CPython's, of which Python says whether they are the same.
#[derive(Default)]
struct Pairs {
    lines: String,
    names: Vec<String>,
}

impl Pairs {
    #[track_caller]
    fn check<T>(&mut self, case: &str, expected: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        for (protocol, theirs) in pickles(case) {
            let read: T = match from_slice(&theirs) {
                Ok(read) => read,
                Err(error) => panic!("{case} at protocol {protocol}: {error}"),
            };
            assert_eq!(read, *expected, "{case} at protocol {protocol}");
            let graph = Graph::from_slice(&theirs).unwrap();
            assert_eq!(graph.deserialize::<T>().unwrap(), *expected, "{case}: from a graph");
            let options = SerOptions::new().protocol(Protocol::try_from(protocol).unwrap());
            let ours = options.to_vec(&read).unwrap();
            match from_slice::<T>(&ours) {
                Ok(again) => assert_eq!(again, *expected, "{case} at protocol {protocol}"),
                Err(error) => panic!("{case}, written at protocol {protocol}: {error}"),
            }
            // An update with what was read changes nothing.
            assert_eq!(
                serde_pickle::update(&theirs, &read).unwrap(),
                graph.to_vec().unwrap(),
                "{case} at protocol {protocol}"
            );
            let value = to_value(&read).unwrap();
            assert_eq!(from_value::<T>(value).unwrap(), *expected, "{case}: by a value");
            writeln!(self.lines, "{} {}", hex(&ours), hex(&theirs)).unwrap();
            self.names.push(format!("{case} at protocol {protocol}"));
        }
    }

    /// Also the same parts, by Python's or by this crate's account.
    #[track_caller]
    fn check_parts<T>(&mut self, case: &str, expected: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        self.check(case, expected);
        for (protocol, theirs) in pickles(case).into_iter().filter(|(protocol, _)| *protocol >= 2) {
            let theirs: Value = from_slice(&theirs).unwrap();
            assert_eq!(to_value(expected).unwrap(), theirs, "{case} at protocol {protocol}");
        }
    }

    /// Asks a Python that knows the classes.
    fn ask(self) {
        let script = folder().join("same.py");
        let python = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut python) = python else {
            eprintln!("no python3 to ask");
            return;
        };
        let mut input = python.stdin.take().unwrap();
        let lines = self.lines.clone();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = python.wait_with_output().unwrap();
        // An old Python cannot import the classes, and has said so.
        if !output.status.success() {
            eprintln!("python3 does not know the classes");
            return;
        }
        writer.join().unwrap().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<&str> = answers.lines().collect();
        assert_eq!(answers.len(), self.names.len());
        for (name, answer) in self.names.iter().zip(answers) {
            assert_eq!(answer, "same", "{name}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn b() -> String {
    "b".to_owned()
}

fn map<V: Clone>(entries: &[(&str, V)]) -> BTreeMap<String, V> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

#[test]
fn every_spelling_comes_back_as_the_same_object() {
    let mut pairs = Pairs::default();
    pairs.check_parts("plain", &Plain { a: 1, b: b() });
    pairs.check_parts("frozen", &Frozen { a: 1, b: b() });
    pairs.check_parts("frozen_slotted", &FrozenSlotted { a: 1, b: b() });
    pairs.check_parts("frozen_slotted", &FrozenSlottedTuple(1, b()));
    pairs.check_parts("slotted", &Slotted { a: 1, b: b() });
    pairs.check_parts("slots", &Slots { a: 1, b: b() });
    pairs.check_parts("slots", &SlotsMap(map(&[("a", Value::Int(1)), ("b", Value::from("b"))])));
    pairs.check_parts("slots_and_dict", &SlotsAndDict { a: 1, b: b(), c: 2.5 });
    pairs.check_parts("slots_and_dict", &SlotsAndDict2 { a: 1, b: b(), c: 2.5 });
    pairs.check_parts("tuple_state", &TupleState { x: 1, y: "y".to_owned() });
    pairs.check_parts("tuple_state", &TupleStateTuple(1, "y".to_owned()));
    pairs.check_parts("temperature", &Temperature((2, 21.5)));
    pairs.check_parts("pair", &Pair { first: 1, second: b() });
    pairs.check("pair", &PairCall(1, b()));
    pairs.check_parts("pair", &PairTuple(1, b()));
    pairs.check_parts("my_tuple", &MyTuple((1, "two".to_owned())));
    pairs.check("my_int", &MyInt(5));
    pairs.check_parts("my_int", &MyIntNew(5));
    pairs.check_parts("my_int_attrs", &MyIntAttrs { value: 5, unit: "mm".to_owned() });
    pairs.check_parts("my_list", &MyList(vec![1, 2, 3]));
    let owner = "ann".to_owned();
    pairs.check_parts("my_list_attrs", &MyListAttrs { items: vec![1, 2], owner: owner.clone() });
    pairs.check_parts("my_dict", &MyDict(map(&[("a", 1), ("b", 2)])));
    pairs.check_parts("my_dict", &MyDictFields { a: 1, b: 2 });
    let items = map(&[("a", 1)]);
    pairs.check_parts("my_dict_attrs", &MyDictAttrs { items, owner: owner.clone() });
    pairs.check("my_set", &MySet(vec![1]));
    pairs.check("my_set_attrs", &MySetAttrs { items: vec![1], owner: owner.clone() });
    pairs.check_parts("ordered", &Ordered { a: 1, b: 2 });
    pairs.check_parts("ordered", &OrderedMap(map(&[("a", 1), ("b", 2)])));
    pairs.check_parts("ordered_attrs", &OrderedAttrs { a: 1, b: 2, owner: owner.clone() });
    let items = map(&[("a", 1), ("b", 2)]);
    pairs.check_parts("ordered_attrs", &OrderedAttrsMap { items, owner });
    pairs.check_parts("keyword", &Keyword { unit: "mm".to_owned(), factor: 25.4 });
    let keywords = map(&[("unit", Value::from("mm")), ("factor", Value::Float(25.4))]);
    pairs.check("keyword", &KeywordMap(keywords));
    pairs.check_parts("measured", &Measured { unit: "mm".to_owned(), factor: 25.4, seen: 3 });
    let m = || "m".to_owned();
    pairs.check_parts("error", &Message(m()));
    pairs.check_parts("error", &MessageFields { message: m() });
    pairs.check_parts("error_attrs", &MessageAndCode { message: m(), code: 5 });
    let args = vec![Value::from("m")];
    let attributes = Some(map(&[("code", 5)]));
    pairs.check_parts("error_attrs", &ArgsAndAttributes { args: args.clone(), attributes });
    pairs.check_parts("error", &ArgsAndAttributes { args, attributes: None });
    let texts = ("No such file".to_owned(), "/x".to_owned());
    pairs.check("oserror", &OsError(2, texts.0, texts.1));
    pairs.check_parts("called", &Called { a: 1 });
    let task = Task { task: "add".to_owned(), args: (1, 2) };
    pairs.check_parts("signature", &Signature(task));
    pairs.check_parts("empty", &Empty);
    pairs.check_parts("empty", &EmptyFields {});
    pairs.check_parts("empty_class", &EmptyClass);
    pairs.ask();
}

/// Changes an object of the catalogue by `update`, which gives what writing the changed value
/// would.
#[track_caller]
fn update<T>(pairs: &mut Pairs, case: &str, change: impl Fn(&mut T))
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    for (protocol, theirs) in pickles(case) {
        let mut value: T = from_slice(&theirs).unwrap();
        change(&mut value);
        let updated = match serde_pickle::update(&theirs, &value) {
            Ok(updated) => updated,
            Err(error) => panic!("{case} at protocol {protocol}: {error}"),
        };
        assert_eq!(from_slice::<T>(&updated).unwrap(), value, "{case} at protocol {protocol}");
        let options = SerOptions::new().protocol(Protocol::try_from(protocol).unwrap());
        let written = options.to_vec(&value).unwrap();
        writeln!(pairs.lines, "{} {}", hex(&updated), hex(&written)).unwrap();
        pairs.names.push(format!("{case} at protocol {protocol}, updated"));
    }
}

#[test]
fn updates_go_by_the_form_of_the_name() {
    let mut pairs = Pairs::default();
    let all = &mut pairs;
    update(all, "plain", |it: &mut Plain| it.a = 2);
    update(all, "frozen_slotted", |it: &mut FrozenSlotted| it.a = 2);
    update(all, "frozen_slotted", |it: &mut FrozenSlottedTuple| it.0 = 2);
    update(all, "slotted", |it: &mut Slotted| it.b.push('!'));
    update(all, "slots_and_dict", |it: &mut SlotsAndDict| it.a = 2);
    update(all, "slots_and_dict", |it: &mut SlotsAndDict2| it.c = 3.5);
    update(all, "tuple_state", |it: &mut TupleState| it.x = 2);
    update(all, "temperature", |it: &mut Temperature| it.0.1 = -3.5);
    update(all, "pair", |it: &mut Pair| it.first = 2);
    update(all, "pair", |it: &mut PairCall| it.0 = 2);
    update(all, "my_tuple", |it: &mut MyTuple| it.0.0 = 2);
    update(all, "my_int_attrs", |it: &mut MyIntAttrs| it.unit.push('m'));
    update(all, "my_list", |it: &mut MyList| it.0.push(4));
    update(all, "my_list_attrs", |it: &mut MyListAttrs| it.items[0] = 3);
    update(all, "my_list_attrs", |it: &mut MyListAttrs| it.owner.push('a'));
    update(all, "my_dict", |it: &mut MyDict| it.0.insert("a".to_owned(), 3).map_or((), |_| ()));
    update(all, "my_dict", |it: &mut MyDictFields| it.b = 3);
    update(all, "ordered", |it: &mut Ordered| it.b = 3);
    update(all, "ordered_attrs", |it: &mut OrderedAttrs| it.owner.push('a'));
    update(all, "keyword", |it: &mut Keyword| it.factor = 1.5);
    update(all, "measured", |it: &mut Measured| it.seen = 4);
    update(all, "error", |it: &mut Message| it.0.push('!'));
    update(all, "error_attrs", |it: &mut MessageAndCode| it.message.push('!'));
    update(all, "error_attrs", |it: &mut MessageAndCode| it.code = 6);
    update(all, "called", |it: &mut Called| it.a = 2);
    update(all, "signature", |it: &mut Signature| it.0.args.1 = 3);
    pairs.ask();
}
