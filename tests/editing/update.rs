//! Single changes, and what they leave alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_bytes::ByteBuf;
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

#[test]
fn a_field_goes_to_the_key_that_it_was_read_from() {
    #[derive(Serialize, Deserialize)]
    struct Aliased {
        #[serde(alias = "old_a", default)]
        a: i64,
        #[serde(rename(serialize = "b", deserialize = "old_b"))]
        b: i64,
        #[serde(default)]
        c: i64,
    }
    // {'old_a': 1, 'old_b': 2, 'x': 3}
    let bytes = b"\x80\x04}(\x8c\x05old_aK\x01\x8c\x05old_bK\x02\x8c\x01xK\x03u.";
    let mut value: Aliased = serde_pickle::from_slice(bytes).unwrap();
    value.a = 7;
    assert_eq!(shown(&update(bytes, &value).unwrap()), "{'old_a': 7, 'old_b': 2, 'x': 3}");
    value.b = 8;
    let now = update(bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'old_a': 7, 'old_b': 8, 'x': 3}");
    // A field that the pickle has under no name is added.
    value.c = 9;
    let now = update(bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'old_a': 7, 'old_b': 8, 'x': 3, 'c': 9}");
}

#[test]
fn an_entry_of_a_map_is_the_one_that_it_was_read_from() {
    // {1: 'a'}, of which serde makes the key '1'
    #[derive(Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, String>,
    }
    let bytes = b"\x80\x04}K\x01\x8c\x01as.";
    let mut map: Flat = serde_pickle::from_slice(bytes).unwrap();
    map.rest.insert("1".to_owned(), "b".to_owned());
    assert_eq!(shown(&update(bytes, &map).unwrap()), "{1: 'b'}");
    // Keys that become one: it is read from the last.
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Key {
        #[serde(other)]
        Other,
    }
    let bytes = b"\x80\x04}(\x8c\x01aK\x01\x8c\x01bK\x02u.";
    let mut map: BTreeMap<Key, i64> = serde_pickle::from_slice(bytes).unwrap();
    map.insert(Key::Other, 3);
    assert_eq!(shown(&update(bytes, &map).unwrap()), "{'a': 1, 'b': 3}");
    // Of two that may be it, neither is.
    let bytes = b"\x80\x04}(\x8c\x01aK\x02\x8c\x01bK\x02u.";
    let error = update(bytes, &map).unwrap_err().to_string();
    assert!(error.contains("Other: the type writes this key in another form"), "{error}");
}

#[test]
fn a_variant_by_an_alias_keeps_its_name() {
    #[derive(Serialize, Deserialize)]
    enum Shape {
        #[serde(alias = "circle")]
        Circle { r: f64 },
    }
    let bytes = b"\x80\x04}\x8c\x06circle}\x8c\x01rG?\xf0\0\0\0\0\0\0ss.";
    let Shape::Circle { r } = serde_pickle::from_slice(bytes).unwrap();
    let now = update(bytes, &Shape::Circle { r: r + 1.0 }).unwrap();
    assert_eq!(shown(&now), "{'circle': {'r': 2.0}}");
}

#[test]
fn a_field_that_was_not_written_is_there_all_the_same() {
    #[derive(Serialize, Deserialize)]
    struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none")]
        b: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tags: Vec<i64>,
        n: i64,
    }
    // tags = []; {'b': None, 'tags': tags, 'n': 1, 'same': tags}
    let bytes = b"\x80\x04}(\x8c\x01bN\x8c\x04tags]\x94\x8c\x01nK\x01\x8c\x04sameh\0u.";
    let mut value: Skipping = serde_pickle::from_slice(bytes).unwrap();
    value.b = Some("x".to_owned());
    value.tags.push(5);
    let now = update(bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'b': 'x', 'tags': [5], 'n': 1, 'same': [5]}");
    value.b = None;
    assert_eq!(shown(&update(&now, &value).unwrap()), "{'tags': [5], 'n': 1, 'same': [5]}");
}

#[test]
fn a_set_of_a_list_changes_items_by_value() {
    // [3, 1, 2]
    let bytes = b"\x80\x04](K\x03K\x01K\x02e.";
    let mut set: std::collections::BTreeSet<i64> = serde_pickle::from_slice(bytes).unwrap();
    set.remove(&2);
    set.insert(5);
    assert_eq!(shown(&update(bytes, &set).unwrap()), "[3, 1, 5]");
}

#[test]
fn text_that_is_read_as_bytes_stays_text() {
    // {'a': 'x', 'b': ['y', 'z']}, {'y', 'z'}
    let bytes = b"\x80\x04}(\x8c\x01a\x8c\x01x\x8c\x01b](\x8c\x01y\x8c\x01zeu\
        \x8f(\x8c\x01y\x8c\x01z\x90\x86.";
    #[derive(Serialize, Deserialize)]
    struct Pair {
        a: ByteBuf,
        b: Vec<ByteBuf>,
    }
    let mut read: (Pair, Vec<ByteBuf>) = serde_pickle::from_slice(bytes).unwrap();
    read.0.a = ByteBuf::from("X");
    read.0.b[1] = ByteBuf::from("Z");
    read.0.b.push(ByteBuf::from("new"));
    read.1[1] = ByteBuf::from("Z");
    let now = update(bytes, &read).unwrap();
    assert_eq!(shown(&now), "({'a': 'X', 'b': ['y', 'Z', 'new']}, {'y', 'Z'})");
    read.0.a = ByteBuf::from(b"\xff");
    let error = update(bytes, &read).unwrap_err().to_string();
    assert!(error.contains("the pickle has text where the type has bytes"), "{error}");
    // Bytes where a value of any kind is read are bytes.
    let mut values: Value = serde_pickle::from_slice(bytes).unwrap();
    let Value::Tuple(items) = &mut values else { panic!("{values}") };
    items[0]["a"] = Value::Bytes(b"X".to_vec());
    let now = update(bytes, &values).unwrap();
    assert_eq!(shown(&now), "({'a': b'X', 'b': ['y', 'z']}, {'y', 'z'})");
}

#[test]
fn text_that_is_borrowed_changes() {
    #[derive(Clone, Serialize, Deserialize)]
    struct Item<'a> {
        name: &'a str,
        #[serde(with = "serde_bytes")]
        data: &'a [u8],
        n: i64,
    }
    // [{'name': 'tea', 'data': b'xy', 'n': 1}]
    let bytes = b"\x80\x04]}(\x8c\x04name\x8c\x03tea\x8c\x04dataC\x02xy\x8c\x01nK\x01ua.";
    let read: Vec<Item<'_>> = serde_pickle::from_slice(bytes).unwrap();
    let mut items = read.clone();
    items[0].name = "coffee";
    items[0].n = 2;
    let now = update(bytes, &items).unwrap();
    assert_eq!(shown(&now), "[{'name': 'coffee', 'data': b'xy', 'n': 2}]");
    items[0].data = b"z";
    items.push(Item { name: "jam", data: b"", n: 3 });
    let now = update(bytes, &items).unwrap();
    assert_eq!(
        shown(&now),
        "[{'name': 'coffee', 'data': b'z', 'n': 2}, {'name': 'jam', 'data': b'', 'n': 3}]"
    );
    let map = BTreeMap::from([("a", 1), ("b", 2)]);
    let now = update(b"\x80\x04}\x8c\x01aK\x01s.", &map).unwrap();
    assert_eq!(shown(&now), "{'a': 1, 'b': 2}");
    // A field that is written and not read is no change.
    #[derive(Serialize, Deserialize)]
    struct Lost<'a> {
        name: &'a str,
        #[serde(skip_deserializing)]
        data: &'a str,
    }
    let bytes = b"\x80\x04}(\x8c\x04name\x8c\x03tea\x8c\x04data\x8c\x02xyu.";
    let error = update(bytes, &Lost { name: "jam", data: "z" }).unwrap_err().to_string();
    assert!(error.contains("data: the change is lost"), "{error}");
}

#[test]
fn a_subclass_of_ordereddict_by_python_2_changes_through_a_struct() {
    #[derive(Serialize, Deserialize)]
    struct Fields {
        a: Vec<i64>,
        b: i64,
        #[serde(default)]
        c: Option<i64>,
    }
    // class D2(OrderedDict), by Python 2.7
    let bytes = b"\x80\x02czoo2\nD2\nq\0]q\x01(]q\x02(U\x01bq\x03K\x01e]q\x04(U\x01aq\x05]q\x06K\
        \x02aee\x85q\x07Rq\x08.";
    let mut fields: Fields = serde_pickle::from_slice(bytes).unwrap();
    fields.b = 7;
    let now = update(bytes, &fields).unwrap();
    assert_eq!(shown(&now), "<zoo2.D2([['b', 7], ['a', [2]]])>");
    fields.a.push(3);
    fields.c = Some(5);
    let now = update(bytes, &fields).unwrap();
    assert_eq!(shown(&now), "<zoo2.D2([['b', 7], ['a', [2, 3]], ['c', 5]])>");
    let mut map: BTreeMap<String, serde_json::Value> = serde_pickle::from_slice(bytes).unwrap();
    map.remove("a");
    assert_eq!(shown(&update(bytes, &map).unwrap()), "<zoo2.D2([['b', 1]])>");
}

#[test]
fn objects_of_two_classes_are_compared_to_their_end() {
    // [m.A()], as a value, in which there is an m.B() now.
    let bytes = b"\x80\x02]cm\nA\n)\x81a.";
    let other = serde_pickle::from_slice::<Value>(b"\x80\x02]cm\nB\n)\x81a.").unwrap();
    assert_eq!(shown(&update(bytes, &other).unwrap()), "[<m.B()>]");
}

#[test]
fn a_value_that_is_put_under_another_key_is_whole() {
    // {'a': {'x': 1, 'y': 'a long enough text'}, 'b': {'x': 1, 'y': 'a long enough text'}}, read
    // under one key.
    #[derive(Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Key {
        #[serde(other)]
        Other,
    }
    let inner = b"}(\x8c\x01xK\x01\x8c\x01y\x8c\x12a long enough textu".as_slice();
    let bytes = [b"\x80\x04}(\x8c\x01a", inner, b"\x8c\x01b", inner, b"u."].concat();
    let mut map: BTreeMap<Key, Value> = serde_pickle::from_slice(&bytes).unwrap();
    map.get_mut(&Key::Other).unwrap()["x"] = Value::from(2);
    if let Ok(now) = update(&bytes, &map) {
        assert_eq!(serde_pickle::from_slice::<BTreeMap<Key, Value>>(&now).unwrap(), map);
    }
}

#[test]
fn what_a_shared_tuple_holds_changes_for_all_and_not_in_two_ways() {
    // t = (1, [2]); [t, t]
    let bytes = b"\x80\x04](K\x01]K\x02a\x86\x94h\0e.";
    let mut pairs: Vec<(i64, Vec<i64>)> = serde_pickle::from_slice(bytes).unwrap();
    pairs[1].1[0] = 3;
    let now = update(bytes, &pairs).unwrap();
    assert_eq!(shown(&now), "[(1, [3]), (1, [3])]");
    let graph = Graph::from_slice(&now).unwrap();
    assert!(graph.root().get(0) == graph.root().get(1));
    pairs[0].1[0] = 4;
    let error = update(bytes, &pairs).unwrap_err().to_string();
    assert!(error.contains("`[0][1]` and `[1][1]` are one object"), "{error}");
}

#[test]
fn types_that_write_an_object_change_plain_containers() {
    use serde_pickle::python::{Deque, FrozenDict, OrderedDict};
    let list = b"\x80\x04](K\x01K\x02e.";
    let mut deque: Deque<i64> = serde_pickle::from_slice(list).unwrap();
    deque.items.push(3);
    assert_eq!(shown(&update(list, &deque).unwrap()), "[1, 2, 3]");
    let dict = b"\x80\x04}\x8c\x01aK\x01s.";
    let changed = OrderedDict::from_iter([("a".to_owned(), 2), ("b".to_owned(), 3)]);
    assert_eq!(shown(&update(dict, &changed).unwrap()), "{'a': 2, 'b': 3}");
    let changed = FrozenDict::from_iter([("a".to_owned(), 2)]);
    assert_eq!(shown(&update(dict, &changed).unwrap()), "{'a': 2}");
}

/// serde buffers the whole enum then, where no class is looked at. A pickle loses nothing by that,
/// and a variant that would be read as another one is not put into it.
#[test]
fn a_variant_of_a_class_beside_an_untagged_one_is_an_error() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        #[serde(rename = "py:shapes:Circle")]
        Circle { r: f64 },
        #[serde(untagged)]
        Other(Value),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Whole {
        #[serde(rename = "py:shapes:Circle")]
        Circle { r: f64 },
        #[serde(rename = "py:*")]
        Other(Value),
    }

    // [Circle(r=2.0), Square()]
    let bytes = b"\x80\x02](cshapes\nCircle\n)\x81}X\x01\0\0\0rG@\0\0\0\0\0\0\0sb\
        cshapes\nSquare\n)\x81e.";
    let mut shapes: Vec<Shape> = serde_pickle::from_slice(bytes).unwrap();
    assert!(matches!(shapes[0], Shape::Other(_)));
    let mut graph = Graph::from_slice(bytes).unwrap();
    shapes[0] = Shape::Circle { r: 3.0 };
    let error = graph.update(&shapes).unwrap_err().to_string();
    assert!(error.starts_with("[0]: the change is lost"), "{error}");
    assert!(error.contains("give that variant the name `py:*`"), "{error}");
    shapes[0] =
        serde_pickle::from_slice::<Shape>(b"\x80\x02}X\x01\0\0\0rG@\x08\0\0\0\0\0\0s.").unwrap();
    let now = update(bytes, &shapes).unwrap();
    let changed = "[<shapes.Circle() state {'r': 3.0}>, <shapes.Square()>]";
    assert_eq!(shown(&now), changed);
    // By the reserved name it is right.
    let mut shapes: Vec<Whole> = serde_pickle::from_slice(bytes).unwrap();
    assert_eq!(shapes[0], Whole::Circle { r: 2.0 });
    shapes[0] = Whole::Circle { r: 3.0 };
    assert_eq!(shown(&update(bytes, &shapes).unwrap()), changed);
}
