//! Protocol 0 has no opcode that takes a batch, and yet lists, dicts and items of objects of more
//! than a thousand entries were continued with APPENDS and SETITEMS, which are of protocol 1.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_pickle::reduce::{Args, Global, Reduce};
use serde_pickle::{Dict, Graph, Protocol, SerOptions, Serializer, Set, Value, opcode};

fn v0() -> SerOptions {
    SerOptions::new().protocol(Protocol::V0)
}

#[track_caller]
fn assert_protocol_0(bytes: &[u8], what: &str) {
    for instruction in opcode::instructions(bytes) {
        let (at, opcode, _) = instruction.unwrap();
        assert_eq!(opcode.protocol(), Protocol::V0, "{what}: {} at byte {at}", opcode.name());
    }
}

fn values() -> Vec<(&'static str, Value)> {
    let ints = || (0..2_500).map(Value::from);
    let dict = || Value::from(Dict::try_from_iter(ints().map(|i| (i.to_string(), i))).unwrap());
    let object = || Reduce::new_obj(Global::new("m", "C"), Args::default());
    vec![
        ("list", Value::List(ints().collect())),
        ("tuple", Value::Tuple(ints().collect())),
        ("dict", dict()),
        ("set", Value::Set(Set::try_from_iter(ints()).unwrap())),
        ("frozenset", Value::FrozenSet(Set::try_from_iter(ints()).unwrap())),
        ("list items", object().with_listitems(ints()).into()),
        ("one list item", object().with_listitems([Value::None]).into()),
        ("dict items", object().with_dictitems(ints().map(|i| (i.clone(), i))).into()),
        ("state", Reduce { state: Some(Box::new(dict())), ..object() }.into()),
        ("a thousand", Value::List(ints().take(1_000).collect())),
        ("a thousand and one", Value::List(ints().take(1_001).collect())),
    ]
}

#[test]
fn no_writer_uses_opcodes_of_protocol_1() {
    for (what, value) in values() {
        let bytes = v0().to_vec(&value).unwrap();
        assert_protocol_0(&bytes, what);
        assert_eq!(serde_pickle::from_slice::<Value>(&bytes).unwrap(), value, "{what}");

        let mut pickler = Serializer::with_options(Vec::new(), &v0());
        value.serialize(&mut pickler).unwrap();
        assert_eq!(pickler.into_inner(), bytes, "{what}");

        // A graph of any protocol.
        let graph = serde_pickle::to_vec(&value).unwrap();
        let bytes = v0().graph_to_vec(&Graph::from_slice(&graph).unwrap()).unwrap();
        assert_protocol_0(&bytes, what);
        assert_eq!(serde_pickle::from_slice::<Value>(&bytes).unwrap(), value, "{what}");
    }
}

#[test]
fn rust_types_of_more_than_a_thousand_entries_read_back() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Many {
        list: Vec<u32>,
        map: BTreeMap<u32, u32>,
        #[serde(with = "serde_pickle::python::set")]
        set: BTreeSet<u32>,
        dict: Dict,
    }
    let many = Many {
        list: (0..2_001).collect(),
        map: (0..2_001).map(|i| (i, i)).collect(),
        set: (0..2_001).collect(),
        dict: (0..2_001).map(|i| (i, i)).collect(),
    };
    let bytes = v0().to_vec(&many).unwrap();
    assert_protocol_0(&bytes, "a struct");
    assert_eq!(serde_pickle::from_slice::<Many>(&bytes).unwrap(), many);
}

#[test]
fn an_error_beyond_the_first_thousand_has_the_index_of_its_item() {
    struct Fails(usize);
    impl Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                1_234 => Err(serde::ser::Error::custom("this one")),
                number => serializer.serialize_u64(number as u64),
            }
        }
    }
    let items: Vec<Fails> = (0..2_000).map(Fails).collect();
    for protocol in Protocol::ALL {
        let error = SerOptions::new().protocol(protocol).to_vec(&items).unwrap_err();
        assert_eq!(error.path().as_deref(), Some("[1234]"), "protocol {protocol}");
    }
}
