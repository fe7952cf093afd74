//! Single changes, and what they leave alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_derive::{Deserialize, Serialize};
use serde_pickle::python::numpy::NdArray;
use serde_pickle::{Graph, Value, update};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn shown(bytes: &[u8]) -> String {
    Graph::from_slice(bytes).unwrap().root().to_string()
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Part {
    a: i64,
    b: Option<String>,
}

#[test]
fn a_field_of_a_dict_changes_and_the_rest_stays() {
    // pickle.dumps({'a': 1, 'b': None, 'other': {1, 2}}, 4)
    let bytes = hex("80047d94288c0161944b018c0162944e8c056f74686572948f94284b014b0290752e");
    let mut part: Part = serde_pickle::from_slice(&bytes).unwrap();
    part.a = 7;
    let now = update(&bytes, &part).unwrap();
    assert_eq!(shown(&now), "{'a': 7, 'b': None, 'other': {1, 2}}");
    part.b = Some("text".into());
    let now = update(&now, &part).unwrap();
    assert_eq!(shown(&now), "{'a': 7, 'b': 'text', 'other': {1, 2}}");
}

#[test]
fn nothing_changes_where_nothing_was_changed() {
    let bytes = hex("80047d94288c0161944b018c0162944e8c056f74686572948f94284b014b0290752e");
    let part: Part = serde_pickle::from_slice(&bytes).unwrap();
    let written = Graph::from_slice(&bytes).unwrap().to_vec().unwrap();
    assert_eq!(update(&bytes, &part).unwrap(), written);
}

#[test]
fn a_slotted_frozen_dataclass_keeps_its_list_state() {
    // shop.FrozenSlotD(1, 'b') at protocol 2, from Python 3.11.
    let bytes = hex("80026373686f706d0a46726f7a656e536c6f7444430a29815d284b0158010000006265622e");
    let mut part: Part = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(part, Part { a: 1, b: Some("b".into()) });
    part.b = Some("c".into());
    let now = update(&bytes, &part).unwrap();
    assert_eq!(shown(&now), "<shopm.FrozenSlotDC() state [1, 'c']>");
}

#[test]
fn an_ordered_dict_keeps_its_class() {
    // OrderedDict(a=1) at protocol 2.
    let bytes = hex("800263636f6c6c656374696f6e730a4f726465726564446963740a2952\
                     5801000000614b01732e");
    let mut map: BTreeMap<String, i64> = serde_pickle::from_slice(&bytes).unwrap();
    map.insert("b".into(), 2);
    *map.get_mut("a").unwrap() = 5;
    let now = update(&bytes, &map).unwrap();
    assert_eq!(shown(&now), "<collections.OrderedDict() {'a': 5, 'b': 2}>");
    map.remove("a");
    let now = update(&now, &map).unwrap();
    assert_eq!(shown(&now), "<collections.OrderedDict() {'b': 2}>");
}

#[test]
fn a_shared_list_changes_for_all_and_a_shared_tuple_where_it_stands() {
    // x = [1]; {'a': x, 'b': x, 'c': (1,), …} made by hand: a and b are one list, c and d one
    // tuple.
    let bytes =
        b"\x80\x04}(\x8c\x01a]\x94K\x01a\x8c\x01bh\x00\x8c\x01cK\x01\x85\x94\x8c\x01dh\x01u.";
    #[derive(Serialize, Deserialize)]
    struct Lists {
        a: Vec<i64>,
        c: (i64,),
    }
    let mut lists: Lists = serde_pickle::from_slice(bytes).unwrap();
    lists.a.push(2);
    lists.c.0 = 9;
    let now = update(bytes, &lists).unwrap();
    assert_eq!(shown(&now), "{'a': [1, 2], 'b': [1, 2], 'c': (9,), 'd': (1,)}");
    let graph = Graph::from_slice(&now).unwrap();
    assert!(graph.root().get("a") == graph.root().get("b"));
}

#[test]
fn two_copies_of_one_object_that_are_changed_differently_are_an_error() {
    let bytes = b"\x80\x04}(\x8c\x01a]\x94K\x01a\x8c\x01bh\x00u.";
    let mut map: BTreeMap<String, Vec<i64>> = serde_pickle::from_slice(bytes).unwrap();
    map.get_mut("a").unwrap()[0] = 2;
    // The other copy says what was read, and so has no opinion.
    let now = update(bytes, &map).unwrap();
    assert_eq!(shown(&now), "{'a': [2], 'b': [2]}");
    map.get_mut("b").unwrap()[0] = 3;
    let mut graph = Graph::from_slice(bytes).unwrap();
    let error = graph.update(&map).unwrap_err().to_string();
    assert!(error.contains("`a` and `b` are one object"), "{error}");
    assert_eq!(graph.to_vec().unwrap(), Graph::from_slice(bytes).unwrap().to_vec().unwrap());
    map.get_mut("b").unwrap()[0] = 2;
    assert_eq!(shown(&update(bytes, &map).unwrap()), "{'a': [2], 'b': [2]}");
}

#[test]
fn sets_change_by_value_at_every_protocol() {
    for bytes in [
        // pickle.dumps({1, 2, 3}, p)
        &b"\x80\x04\x8f\x94(K\x01K\x02K\x03\x90."[..],
        b"\x80\x02c__builtin__\nset\nq\x00]q\x01(K\x01K\x02K\x03e\x85q\x02Rq\x03.",
    ] {
        let mut set: HashSet<i64> = serde_pickle::from_slice(bytes).unwrap();
        set.remove(&2);
        set.insert(9);
        let now = update(bytes, &set).unwrap();
        assert_eq!(serde_pickle::from_slice::<HashSet<i64>>(&now).unwrap(), set);
        assert!(shown(&now).contains("{1, 3, 9}"), "{}", shown(&now));
        assert_eq!(update(&now, &set).unwrap(), now);
    }
}

#[test]
fn a_sequence_keeps_what_did_not_move() {
    // x = [0]; [x, [1], [2], x]
    let bytes = b"\x80\x04](]\x94K\x00a]K\x01a]K\x02ah\x00e.";
    let mut lists: Vec<Vec<i64>> = serde_pickle::from_slice(bytes).unwrap();
    lists.remove(1);
    let now = update(bytes, &lists).unwrap();
    assert_eq!(shown(&now), "[[0], [2], [0]]");
    let graph = Graph::from_slice(&now).unwrap();
    assert!(graph.root().get(0) == graph.root().get(2));
    lists.insert(1, vec![5]);
    lists.insert(1, vec![4]);
    let now = update(&now, &lists).unwrap();
    assert_eq!(shown(&now), "[[0], [4], [5], [2], [0]]");
}

#[test]
fn maps_by_other_keys_than_text() {
    // {1: 'a', 2: 'b'}
    let bytes = b"\x80\x04}(K\x01\x8c\x01aK\x02\x8c\x01bu.";
    let mut map: HashMap<i64, String> = serde_pickle::from_slice(bytes).unwrap();
    map.insert(2, "c".into());
    map.insert(3, "d".into());
    map.remove(&1);
    let now = update(bytes, &map).unwrap();
    assert_eq!(shown(&now), "{2: 'c', 3: 'd'}");
}

#[test]
fn a_value_changes_like_any_type() {
    let bytes = hex("80047d94288c0161944b018c0162944e8c056f74686572948f94284b014b0290752e");
    let mut value: Value = serde_pickle::from_slice(&bytes).unwrap();
    value["b"] = Value::from(2.5);
    let now = update(&bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'a': 1, 'b': 2.5, 'other': {1, 2}}");
}

#[test]
fn bytes_behind_the_pickle_stay() {
    let bytes = b"\x80\x02}U\x01aK\x01s.rest";
    let mut map: BTreeMap<String, i64> = serde_pickle::from_slice(bytes).unwrap();
    map.insert("a".into(), 2);
    let now = update(bytes, &map).unwrap();
    assert!(now.ends_with(b".rest"));
    assert_eq!(shown(&now), "{'a': 2}");
}

#[test]
fn a_tuple_joins_named_tuples_as_one_of_them() {
    // [Row(1, 'a'), Row(2, 'b')], and [Pair((1, 2))] of a subclass of tuple
    let rows = b"\x80\x02](cm\nRow\nq\0K\x01X\x01\0\0\0a\x86\x81h\0K\x02X\x01\0\0\0b\x86\x81e.";
    let mut value: Vec<(i64, String)> = serde_pickle::from_slice(rows).unwrap();
    value.insert(1, (3, "c".to_owned()));
    let now = update(rows, &value).unwrap();
    assert_eq!(shown(&now), "[<m.Row(1, 'a')>, <m.Row(3, 'c')>, <m.Row(2, 'b')>]");
    let pairs = b"\x80\x02]cm\nPair\nK\x01K\x02\x86\x85\x81a.";
    let mut value: Vec<(i64, i64)> = serde_pickle::from_slice(pairs).unwrap();
    value.push((3, 4));
    assert_eq!(shown(&update(pairs, &value).unwrap()), "[<m.Pair((1, 2))>, <m.Pair((3, 4))>]");
}

#[test]
fn an_array_of_a_subclass_keeps_what_its_class_put_beside_the_data() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/libraries/numpy-subclasses");
    for name in
        ["infoarray-py3.13-p4", "infoarray-py2.7-p2", "pairarray-py3.13-p2", "matrix-py3.7-p4"]
    {
        let bytes = std::fs::read(format!("{folder}/{name}.pkl")).unwrap();
        let mut numbers: Vec<Vec<f64>> = serde_pickle::from_slice(&bytes).unwrap();
        numbers[1][0] = 7.5;
        let now = update(&bytes, &numbers).unwrap();
        assert_eq!(serde_pickle::from_slice::<Vec<Vec<f64>>>(&now).unwrap(), numbers, "{name}");
        let subclass = |bytes: &[u8]| {
            let array: NdArray = serde_pickle::from_slice(bytes).unwrap();
            array.subclass().cloned()
        };
        assert_eq!(subclass(&now), subclass(&bytes), "{name}");
        // The same through the array itself.
        let array: NdArray = serde_pickle::from_slice(&now).unwrap();
        let again = update(&bytes, &array).map(|bytes| shown(&bytes));
        assert!(again.is_err() || again.unwrap() == shown(&now), "{name}");
    }
}
