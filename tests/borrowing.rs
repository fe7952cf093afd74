//! Every type of the crate that may borrow from the input does so in a derived type with
//! `#[serde(borrow)]`: there the input lives longer than what is read, and an `impl` for one
//! lifetime alone does not compile.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_pickle::python::numpy::NdArray;
use serde_pickle::python::{
    self, Counter, DefaultDict, Deque, FrozenSet, OrderedDict, Set, SimpleNamespace, Slice, Tuple,
};
use serde_pickle::reduce::{Global, PersistentId, Reduce, SlotsState};
use serde_pickle::{from_slice, to_vec};

/// Returns true if the text lies in the input.
fn borrows(input: &[u8], text: &str) -> bool {
    input.as_ptr_range().contains(&text.as_ptr())
}

#[derive(Deserialize)]
struct Arrays<'a> {
    #[serde(borrow)]
    one: NdArray<'a>,
    #[serde(borrow)]
    list: Vec<NdArray<'a>>,
    #[serde(borrow)]
    maybe: Option<NdArray<'a>>,
    #[serde(borrow)]
    named: BTreeMap<&'a str, NdArray<'a>>,
    #[serde(borrow)]
    pair: (NdArray<'a>, &'a str),
}

#[test]
fn arrays_borrow_in_derived_types() {
    #[derive(Serialize)]
    struct Written {
        one: NdArray<'static>,
        list: Vec<NdArray<'static>>,
        maybe: Option<NdArray<'static>>,
        named: BTreeMap<&'static str, NdArray<'static>>,
        pair: (NdArray<'static>, &'static str),
    }

    let array = || NdArray::from_vec(vec![1.5_f64, 2.5], &[2]).unwrap();
    let bytes = to_vec(&Written {
        one: array(),
        list: vec![array()],
        maybe: Some(array()),
        named: [("weights", array())].into(),
        pair: (array(), "name"),
    })
    .unwrap();
    // As in a function that hands out what lives shorter than the input.
    fn read(bytes: &[u8]) -> Arrays<'_> {
        from_slice(bytes).unwrap()
    }
    let read = read(&bytes);
    let all = [&read.one, &read.list[0], read.maybe.as_ref().unwrap(), &read.named["weights"]];
    for found in all.into_iter().chain([&read.pair.0]) {
        assert_eq!(found.to_vec::<f64>().unwrap(), [1.5, 2.5]);
        assert!(bytes.as_ptr_range().contains(&found.data().as_ptr()));
    }
    assert!(borrows(&bytes, read.pair.1));
}

#[derive(Deserialize)]
struct Containers<'a> {
    #[serde(borrow)]
    set: Set<Vec<&'a str>>,
    #[serde(borrow)]
    frozen: FrozenSet<Vec<&'a str>>,
    #[serde(borrow)]
    tuple: Tuple<Vec<&'a str>>,
    #[serde(borrow)]
    ordered: OrderedDict<&'a str, &'a str>,
    #[serde(borrow)]
    counter: Counter<&'a str>,
    #[serde(borrow)]
    defaults: DefaultDict<&'a str, &'a str>,
    #[serde(borrow)]
    deque: Deque<&'a str>,
    #[serde(borrow)]
    namespace: SimpleNamespace<BTreeMap<&'a str, &'a str>>,
    #[serde(borrow)]
    slice: Slice<&'a str>,
    #[serde(borrow, with = "serde_pickle::python::bytearray")]
    array: &'a [u8],
    #[serde(borrow, with = "serde_pickle::python::set")]
    tags: Vec<&'a str>,
    #[serde(borrow, with = "serde_pickle::python::ordered_dict")]
    layers: BTreeMap<&'a str, i64>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[test]
fn containers_of_python_borrow_in_derived_types() {
    #[derive(Serialize)]
    struct Written {
        set: Set<Vec<&'static str>>,
        frozen: FrozenSet<Vec<&'static str>>,
        tuple: Tuple<Vec<&'static str>>,
        ordered: OrderedDict<&'static str, &'static str>,
        counter: Counter<&'static str>,
        defaults: DefaultDict<&'static str, &'static str>,
        deque: Deque<&'static str>,
        namespace: SimpleNamespace<BTreeMap<&'static str, &'static str>>,
        slice: Slice<&'static str>,
        #[serde(with = "python::bytearray")]
        array: &'static [u8],
        #[serde(with = "python::set")]
        tags: Vec<&'static str>,
        #[serde(with = "python::ordered_dict")]
        layers: BTreeMap<&'static str, i64>,
        text: &'static str,
    }

    let bytes = to_vec(&Written {
        set: Set(vec!["one"]),
        frozen: FrozenSet(vec!["two"]),
        tuple: Tuple(vec!["three"]),
        ordered: OrderedDict(vec![("four", "4")]),
        counter: Counter(vec![("five", 5)]),
        defaults: [("six", "6")].into_iter().collect(),
        deque: ["seven"].into_iter().collect(),
        namespace: SimpleNamespace([("eight", "8")].into()),
        slice: Slice { start: Some("a"), stop: Some("b"), step: None },
        array: b"nine",
        tags: vec!["ten"],
        layers: [("eleven", 11)].into(),
        text: "twelve",
    })
    .unwrap();
    let read: Containers<'_> = from_slice(&bytes).unwrap();
    let texts = [
        (read.set.0[0], "one"),
        (read.frozen.0[0], "two"),
        (read.tuple.0[0], "three"),
        (read.ordered.0[0].1, "4"),
        (read.counter.0[0].0, "five"),
        (read.defaults.entries[0].1, "6"),
        (read.deque.items[0], "seven"),
        (read.namespace.0["eight"], "8"),
        (read.slice.start.unwrap(), "a"),
        (read.tags[0], "ten"),
        (read.layers.keys().next().unwrap(), "eleven"),
        (&read.text, "twelve"),
    ];
    for (found, expected) in texts {
        assert_eq!(found, expected);
        assert!(borrows(&bytes, found), "{found}");
    }
    assert_eq!(read.array, b"nine");
}

#[derive(Deserialize)]
struct Objects<'a> {
    #[serde(borrow)]
    id: PersistentId<&'a str>,
    #[serde(borrow)]
    call: Reduce<(&'a str,), BTreeMap<&'a str, &'a str>, &'a str, &'a str, &'a str>,
    #[serde(borrow)]
    slots: SlotsState<BTreeMap<&'a str, &'a str>>,
}

#[test]
fn objects_borrow_in_derived_types() {
    #[derive(Serialize)]
    struct Written {
        id: PersistentId<&'static str>,
        call: Reduce<(&'static str,), BTreeMap<&'static str, &'static str>>,
        slots: SlotsState<BTreeMap<&'static str, &'static str>>,
    }

    let call: Reduce<_> = Reduce::call(Global::new("shop", "Item"), ("pen",));
    let bytes = to_vec(&Written {
        id: PersistentId("key"),
        call: call.with_state([("colour", "blue")].into()),
        slots: SlotsState::of_slots([("slot", "full")].into()),
    })
    .unwrap();
    let read: Objects<'_> = from_slice(&bytes).unwrap();
    let (args, state) = (read.call.args.0, read.call.state.unwrap()["colour"]);
    for (found, expected) in [(read.id.0, "key"), (args, "pen"), (state, "blue")] {
        assert_eq!(found, expected);
        assert!(borrows(&bytes, found), "{found}");
    }
    assert_eq!(read.slots.slots.unwrap()["slot"], "full");
}
