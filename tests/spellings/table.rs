//! The objects that a struct once read and wrote as something else, row by row: each comes back by
//! derive with the spelling named, and is an error without it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::{ErrorKind, Graph, from_slice, to_vec};

use super::pickles;

fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn shown(bytes: &[u8]) -> String {
    Graph::from_slice(bytes).unwrap().root().to_string()
}

/// Holds a type to what it reads: written, it is the object that it was.
#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let read: T = match from_slice(bytes) {
        Ok(read) => read,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(shown(&to_vec(&read).unwrap()), shown(bytes));
}

#[track_caller]
fn is_lost<T: DeserializeOwned>(bytes: &[u8], advice: &str) {
    let error = from_slice::<T>(bytes).err().expect("the spelling is not named");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains(advice), "{error}");
}

macro_rules! fields {
    ($($name:ident $class:literal { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(rename = $class)]
        struct $name { $($field: $type),* }
    )*};
}

#[test]
fn a_frozen_dataclass_with_slots_has_a_list_as_its_state() {
    fields! {
        Named "py:shopm:FrozenSlotDC/list" { a: i64, b: String }
        Plain "py:shopm:FrozenSlotDC" { a: i64, b: String }
    }
    let bytes = hex("80026373686f706d0a46726f7a656e536c6f7444430a29815d284b0158010000006265622e");
    comes_back::<Named>(&bytes);
    is_lost::<Plain>(&bytes, "name it `py:shopm:FrozenSlotDC/list`");
}

#[test]
fn attrs_with_slots_up_to_22_1_has_a_tuple_as_its_state() {
    fields! {
        Named "py:shop_attrs:SlottedItem/tuple" { name: String, tags: Vec<String> }
        Plain "py:shop_attrs:SlottedItem" { name: String, tags: Vec<String> }
        New "py:shop_attrs:SlottedItem/slots" { name: String, tags: Vec<String> }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/editing");
    let old = std::fs::read(format!("{folder}/attrs-21.4/attrs_slots.pkl")).unwrap();
    comes_back::<Named>(&old);
    is_lost::<Plain>(&old, "name it `py:shop_attrs:SlottedItem/tuple`");
    is_lost::<New>(&old, "name it `py:shop_attrs:SlottedItem/tuple`");
    // Newer ones have a dict, by names.
    let new = std::fs::read(format!("{folder}/attrs-24.3/attrs_slots.pkl")).unwrap();
    comes_back::<Plain>(&new);
}

#[test]
fn an_ordereddict_is_a_call_with_entries() {
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:collections:OrderedDict")]
    struct Plain {
        a: i64,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:collections:OrderedDict/call/dictitems")]
    struct Named {
        a: i64,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:collections:OrderedDict/call/dictitems")]
    struct NamedMap(std::collections::BTreeMap<String, i64>);
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:collections:OrderedDict")]
    struct PlainMap(std::collections::BTreeMap<String, i64>);

    let bytes =
        hex("800263636f6c6c656374696f6e730a4f726465726564446963740a29525801000000614b01732e");
    comes_back::<Named>(&bytes);
    comes_back::<NamedMap>(&bytes);
    is_lost::<Plain>(&bytes, "name it `py:collections:OrderedDict/call/dictitems`");
    is_lost::<PlainMap>(&bytes, "name it `py:collections:OrderedDict/call/dictitems`");
}

#[test]
fn an_exception_has_arguments_and_attributes() {
    fields! {
        Plain "py:builtins:ValueError" { code: i64 }
    }
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:builtins:ValueError/call")]
    struct Named {
        #[serde(rename = "py:args:message")]
        message: String,
        code: i64,
    }
    for (_, bytes) in pickles("error_attrs").into_iter().filter(|(protocol, _)| *protocol >= 2) {
        comes_back::<Named>(&bytes);
        is_lost::<Plain>(&bytes, "name it `py:builtins:ValueError/call`, with fields");
    }
}

#[test]
fn named_tuples_slots_and_calls() {
    fields! {
        Pair "py:catalogue:Pair/args" { first: i64, second: String }
        PlainPair "py:catalogue:Pair" { first: i64, second: String }
        Slotted "py:catalogue:Slotted/slots" { a: i64, b: String }
        PlainSlotted "py:catalogue:Slotted" { a: i64, b: String }
    }
    for (_, bytes) in pickles("pair").into_iter().filter(|(protocol, _)| *protocol >= 2) {
        comes_back::<Pair>(&bytes);
        is_lost::<PlainPair>(&bytes, "name it `py:catalogue:Pair/args`");
    }
    for (_, bytes) in pickles("slotted") {
        comes_back::<Slotted>(&bytes);
        is_lost::<PlainSlotted>(&bytes, "name it `py:catalogue:Slotted/slots`");
    }
}

#[test]
fn a_model_of_django_is_a_call_with_a_state() {
    fields! {
        Plain "py:django.db.models.base:model_unpickle" { id: i64, name: String }
    }
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:django.db.models.base:model_unpickle/call")]
    struct Model {
        #[serde(rename = "py:args:class")]
        class: (String, String),
        id: i64,
        name: String,
    }
    // (model_unpickle, (('shop', 'Customer'),), {'id': 1, 'name': 'Ada'})
    let bytes =
        b"\x80\x02cdjango.db.models.base\nmodel_unpickle\nX\x04\0\0\0shopX\x08\0\0\0Customer\
        \x86\x85R}(X\x02\0\0\0idK\x01X\x04\0\0\0nameX\x03\0\0\0Adaub.";
    comes_back::<Model>(bytes);
    is_lost::<Plain>(bytes, "name it `py:django.db.models.base:model_unpickle/call`");
}
