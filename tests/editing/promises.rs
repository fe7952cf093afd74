//! What docs/EDITING.md promises of values, objects and sequences, one by one.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_pickle::{DeOptions, Deserializer, Graph, SerOptions, Value, from_slice, update};

fn shown(bytes: &[u8]) -> String {
    Graph::from_slice(bytes).unwrap().root().to_string()
}

/// The error of an update, after which the graph is as it was.
#[track_caller]
fn refused<T: Serialize + serde::de::DeserializeOwned>(bytes: &[u8], value: &T) -> String {
    let mut graph = Graph::from_slice(bytes).unwrap();
    let before = graph.to_vec().unwrap();
    let error = graph.update(value).unwrap_err().to_string();
    assert_eq!(graph.to_vec().unwrap(), before);
    error
}

/// By Python 3.13, `class O`, `class Colour(enum.Enum)`: an `O` with attributes that are, two by
/// two, the same object: a datetime, a member, a UUID, a frozenset.
const SHARED: &[u8] = b"\x80\x04\x8c\x01m\x94\x8c\x01O\x93)\x81}(\x8c\x07created\x8c\x08datetime\
    \x8c\x08datetime\x93C\x0a\x07\xe8\x05\x01\x0c\0\0\0\0\0\x85R\x94\x8c\x07updatedh\x01\x8c\x06col\
    ourh\0\x8c\x06Colour\x93K\x01\x85R\x94\x8c\x05otherh\x02\x8c\x03key\x8c\x04uuid\x8c\x04UUID\
    \x93)\x81\x94}\x8c\x03intK\x05sb\x8c\x04sameh\x03\x8c\x04tags(K\x01\x91\x94\x8c\x04moreh\x04u\
    b.";

/// The first hard case: `o.created = o.updated = now`.
#[test]
fn one_reference_to_a_shared_immutable_object_changes_and_the_other_keeps_the_old_one() {
    #[derive(Serialize, Deserialize)]
    struct First {
        created: String,
        colour: i64,
        key: String,
        tags: Vec<i64>,
    }

    let mut first: First = from_slice(SHARED).unwrap();
    assert_eq!((first.created.as_str(), first.colour), ("2024-05-01T12:00:00", 1));
    first.created = "2024-06-01T12:00:00".to_owned();
    first.colour = 2;
    first.key = "00000000-0000-0000-0000-000000000006".to_owned();
    first.tags.push(2);
    let now = update(SHARED, &first).unwrap();
    let (before, after) = (Graph::from_slice(SHARED).unwrap(), Graph::from_slice(&now).unwrap());
    for name in ["updated", "other", "same", "more"] {
        let attribute = |graph: &Graph<'_>| graph.root().attr(name).unwrap().to_string();
        assert_eq!(attribute(&before), attribute(&after), "{name}");
    }
    for (one, other) in
        [("created", "updated"), ("colour", "other"), ("key", "same"), ("tags", "more")]
    {
        let attribute = |graph: &Graph<'_>, name| graph.root().attr(name).unwrap().to_string();
        assert_eq!(attribute(&before, one), attribute(&before, other));
        assert_ne!(attribute(&after, one), attribute(&after, other));
    }
    assert_eq!(after.root().attr("colour").unwrap().to_string(), "<m.Colour(2)>");
    assert_eq!(after.root().attr("tags").unwrap().to_string(), "frozenset({1, 2})");
}

/// What can be changed changes for all who refer to it: the second hard case.
#[test]
fn one_copy_of_a_shared_mutable_object_changes_it_for_all() {
    #[derive(Serialize, Deserialize)]
    struct Point {
        x: i64,
    }
    #[derive(Serialize, Deserialize)]
    struct Of<T> {
        a: T,
    }

    #[track_caller]
    fn changes<T>(object: &[u8], change: impl Fn(&mut T), expected: &str)
    where
        T: Serialize + serde::de::DeserializeOwned,
    {
        // {'a': object, 'b': object}
        let pickle = [&b"\x80\x05}(\x8c\x01a"[..], object, b"\x94\x8c\x01bh\0u."].concat();
        let mut value: Of<T> = from_slice(&pickle).unwrap();
        change(&mut value.a);
        let now = update(&pickle, &value).unwrap();
        assert_eq!(shown(&now), format!("{{'a': {expected}, 'b': {expected}}}"));
        let graph = Graph::from_slice(&now).unwrap();
        assert!(graph.root().get("a") == graph.root().get("b"));
    }

    changes(b"]K\x01a", |list: &mut Vec<i64>| list.push(2), "[1, 2]");
    let set = |dict: &mut BTreeMap<String, i64>| assert!(dict.insert("k".to_owned(), 2).is_some());
    changes(b"}\x8c\x01kK\x01s", set, "{'k': 2}");
    let add = |set: &mut std::collections::BTreeSet<i64>| assert!(set.insert(2));
    changes(b"\x8f(K\x01\x90", add, "{1, 2}");
    let push = |bytes: &mut serde_bytes::ByteBuf| bytes.push(b'y');
    changes(b"\x96\x01\0\0\0\0\0\0\0x", push, "bytearray(b'xy')");
    let point = b"\x8c\x01m\x8c\x01P\x93)\x81}\x8c\x01xK\x01sb";
    changes(point, |point: &mut Point| point.x = 2, "<m.P() state {'x': 2}>");
}

/// The third hard case. x = [0]; y = [1]; {'all': [x, y, [2], [3]], 'x': x, 'y': y}
#[test]
fn items_that_leave_a_sequence_stay_what_they_are_for_others() {
    #[derive(Serialize, Deserialize)]
    struct All {
        all: Vec<Vec<i64>>,
    }

    let bytes = b"\x80\x04}(\x8c\x03all](]K\x00a\x94]K\x01a\x94]K\x02a]K\x03ae\
        \x8c\x01xh\0\x8c\x01yh\x01u.";
    let mut value: All = from_slice(bytes).unwrap();
    assert_eq!(value.all, [[0], [1], [2], [3]]);
    // y leaves; two come.
    value.all.splice(1..2, [vec![7], vec![8]]);
    let now = update(bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'all': [[0], [7], [8], [2], [3]], 'x': [0], 'y': [1]}");
    let graph = Graph::from_slice(&now).unwrap();
    let all = graph.root().get("all").unwrap();
    assert!(all.get(0) == graph.root().get("x"));
    assert!(all.get(1) != graph.root().get("y") && all.get(2) != graph.root().get("y"));
    // All in the middle leave: none of them is written over a neighbour.
    let value = All { all: vec![vec![0], vec![3]] };
    let now = update(bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'all': [[0], [3]], 'x': [0], 'y': [1]}");
    // As many as before: each at its place, so that y itself changes.
    let value = All { all: vec![vec![0], vec![9], vec![2], vec![3]] };
    let now = update(bytes, &value).unwrap();
    assert_eq!(shown(&now), "{'all': [[0], [9], [2], [3]], 'x': [0], 'y': [9]}");
}

#[test]
fn what_is_written_otherwise_than_it_is_read_is_no_change() {
    #[derive(Serialize, Deserialize)]
    struct Loose {
        #[serde(alias = "old")]
        renamed: f32,
        #[serde(default)]
        missing: i64,
        #[serde(skip)]
        skipped: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        none: Option<i64>,
        price: rust_decimal::Decimal,
        map: HashMap<String, i64>,
        last: i64,
    }

    // {'old': 0.1, 'none': None, 'price': Decimal('1E+2'), 'map': {…}, 'last': 1}
    let bytes = b"\x80\x04}(\x8c\x03oldG?\xb9\x99\x99\x99\x99\x99\x9a\x8c\x04noneN\x8c\x05price\
        cdecimal\nDecimal\n\x8c\x041E+2\x85R\x8c\x03map}(\x8c\x01aK\x01\x8c\x01bK\x02\x8c\x01cK\x03\
        \x8c\x01dK\x04u\x8c\x04lastK\x01u.";
    let mut loose: Loose = from_slice(bytes).unwrap();
    assert_eq!(loose.price.to_string(), "100");
    loose.skipped = 5;
    let unchanged = Graph::from_slice(bytes).unwrap().to_vec().unwrap();
    assert_eq!(update(bytes, &loose).unwrap(), unchanged);
    // A change leaves the others as they are spelled.
    loose.last = 2;
    let now = update(bytes, &loose).unwrap();
    assert_eq!(shown(&now), shown(bytes).replace("'last': 1", "'last': 2"));
    loose.renamed = 0.5;
    assert!(shown(&update(bytes, &loose).unwrap()).starts_with("{'old': 0.5, 'none': None,"));
}

#[test]
fn a_leaf_keeps_its_type_where_that_holds_the_new_value() {
    #[derive(Serialize, Deserialize)]
    struct Leaves {
        float: serde_json::Number,
        whole: f64,
        text: String,
    }

    // {'float': 1.0, 'whole': 3, 'text': b'x'}
    let bytes = b"\x80\x04}(\x8c\x05floatG?\xf0\0\0\0\0\0\0\x8c\x05wholeK\x03\x8c\x04textC\x01xu.";
    let mut leaves: Leaves = from_slice(bytes).unwrap();
    leaves.float = 2.into();
    leaves.whole = 4.0;
    leaves.text = "y".to_owned();
    let now = update(bytes, &leaves).unwrap();
    assert_eq!(shown(&now), "{'float': 2.0, 'whole': 4, 'text': b'y'}");
    leaves.whole = 4.5;
    assert_eq!(
        shown(&update(bytes, &leaves).unwrap()),
        "{'float': 2.0, 'whole': 4.5, 'text': b'y'}"
    );
    // Also where the type holds any value; one that the old type does not hold is as it is.
    let mut value: Value = from_slice(bytes).unwrap();
    value["float"] = Value::from(2);
    value["whole"] = Value::from(4.0);
    assert_eq!(shown(&update(bytes, &value).unwrap()), "{'float': 2.0, 'whole': 4, 'text': b'x'}");
    value["float"] = Value::from("2");
    value["whole"] = Value::from(true);
    assert_eq!(
        shown(&update(bytes, &value).unwrap()),
        "{'float': '2', 'whole': True, 'text': b'x'}"
    );
}

/// By Python 3.13.
#[test]
fn plain_fields_of_other_crates_need_no_with() {
    #[derive(Serialize, Deserialize)]
    struct Plain {
        when: chrono::DateTime<chrono::Utc>,
        day: chrono::NaiveDate,
        id: uuid::Uuid,
        price: rust_decimal::Decimal,
    }

    let bytes = b"\x80\x04}(\x8c\x04when\x8c\x08datetime\x94\x8c\x08datetime\x93C\x0a\x07\xe8\x05\
        \x01\x0c\0\0\0\0\0h\0\x8c\x08timezone\x93h\0\x8c\x09timedelta\x93K\0K\0K\0\x87R\x85R\x86R\
        \x8c\x03dayh\0\x8c\x04date\x93C\x04\x07\xe8\x05\x01\x85R\x8c\x02id\x8c\x04uuid\x8c\x04UUID\
        \x93)\x81}\x8c\x03intK\x05sb\x8c\x05price\x8c\x07decimal\x8c\x07Decimal\x93\x8c\x041.50\
        \x85R\x8c\x05ratioG?\xb9\x99\x99\x99\x99\x99\x9au.";
    let mut plain: Plain = from_slice(bytes).unwrap();
    plain.when += chrono::TimeDelta::hours(12);
    plain.day += chrono::TimeDelta::days(31);
    plain.id = uuid::Uuid::from_u128(6);
    plain.price += rust_decimal::Decimal::ONE;
    let now = update(bytes, &plain).unwrap();
    let expected = shown(bytes)
        .replace("x05\\x01\\x0c", "x05\\x02\\x00")
        .replace("b'\\x07\\xe8\\x05\\x01'", "b'\\x07\\xe8\\x06\\x01'")
        .replace("'int': 5", "'int': 6")
        .replace("1.50", "2.50");
    assert_eq!(shown(&now), expected);
}

/// By Python 3.13: two datetimes in one `timezone(timedelta(hours=2))`.
#[test]
fn a_zone_stays_the_object_that_it_is() {
    let bytes = b"\x80\x04}(\x8c\x01a\x8c\x08datetime\x94\x8c\x08datetime\x93\x94C\x0a\x07\xe8\x05\
        \x01\x0c\0\0\0\0\0h\0\x8c\x08timezone\x93h\0\x8c\x09timedelta\x93K\0M \x1cK\0\x87R\x85R\x94\
        \x86R\x8c\x01bh\x01C\x0a\x07\xe8\x05\x02\x0c\0\0\0\0\0h\x02\x86Ru.";
    let zone = |bytes: &[u8], key: &str| {
        let graph = Graph::from_slice(bytes).unwrap();
        let datetime = graph.root().get(key).unwrap();
        datetime.object().unwrap().args[1].to_string()
    };
    let read = |bytes: &[u8]| from_slice::<BTreeMap<String, String>>(bytes).unwrap();
    let mut map = read(bytes);
    map.insert("a".to_owned(), "2024-06-01T00:00:00+02:00".to_owned());
    let now = update(bytes, &map).unwrap();
    assert_eq!(read(&now), map);
    // One object still: the second has no offset of its own.
    let graph = Graph::from_slice(&now).unwrap();
    let args = |key: &str| graph.root().get(key).unwrap().object().unwrap().args[1];
    assert!(args("a") == args("b"));
    // UTC is moved, and another offset is a zone of its own.
    map.insert("a".to_owned(), "2024-06-01T00:00:00Z".to_owned());
    let now = update(bytes, &map).unwrap();
    assert_eq!(read(&now)["a"], "2024-06-01T02:00:00+02:00");
    assert_eq!(zone(&now, "a"), zone(bytes, "a"));
    map.insert("a".to_owned(), "2024-06-01T00:00:00+05:30".to_owned());
    let now = update(bytes, &map).unwrap();
    assert_eq!(read(&now), map);
    assert_eq!(zone(&now, "b"), zone(bytes, "b"));
    assert!(zone(&now, "a").contains("datetime.timedelta(0, 19800, 0)"), "{}", zone(&now, "a"));
}

#[test]
fn a_new_value_takes_the_class_and_spelling_of_its_siblings() {
    // By Python 3.13: [date(2024, 5, 1), date(2024, 5, 2)], and [O] with `x` and a date `day`.
    let dates = b"\x80\x04](\x8c\x08datetime\x8c\x04date\x93\x94C\x04\x07\xe8\x05\x01\x85Rh\0C\x04\
        \x07\xe8\x05\x02\x85Re.";
    let mut days: Vec<chrono::NaiveDate> = from_slice(dates).unwrap();
    days.push("2024-06-01".parse().unwrap());
    let now = update(dates, &days).unwrap();
    let first =
        "<datetime.date(b'\\x07\\xe8\\x05\\x01')>, <datetime.date(b'\\x07\\xe8\\x05\\x02')>";
    assert_eq!(shown(&now), format!("[{first}, <datetime.date(b'\\x07\\xe8\\x06\\x01')>]"));

    #[derive(Serialize, Deserialize)]
    struct Object {
        x: i64,
        day: String,
    }
    let objects =
        b"\x80\x04]\x8c\x01m\x8c\x01O\x93)\x81}(\x8c\x01xK\x01\x8c\x03day\x8c\x08datetime\
        \x8c\x04date\x93C\x04\x07\xe8\x05\x01\x85Ruba.";
    let mut value: Vec<Object> = from_slice(objects).unwrap();
    value.push(Object { x: 2, day: "2024-06-01".to_owned() });
    let now = shown(&update(objects, &value).unwrap());
    let second = "<m.O() state {'x': 2, 'day': <datetime.date(b'\\x07\\xe8\\x06\\x01')>}>]";
    assert!(now.ends_with(second), "{now}");
    // Among objects of two classes none is it, and where nothing stood there is none.
    let two = b"\x80\x04](cm\nA\n)\x81}\x8c\x01xK\x01sbcm\nB\n)\x81}\x8c\x01xK\x02sbe.";
    let mut value: Vec<BTreeMap<String, i64>> = from_slice(two).unwrap();
    value.push(BTreeMap::from([("x".to_owned(), 3)]));
    let error = refused(two, &value);
    assert!(error.starts_with("[2]: a new value stands among values of several"), "{error}");
    let none = b"\x80\x04}\x8c\x03dayNs.";
    let map = BTreeMap::from([("day".to_owned(), Some("2024-06-01".to_owned()))]);
    assert_eq!(shown(&update(none, &map).unwrap()), "{'day': '2024-06-01'}");
}

#[test]
fn places_without_names_go_by_order_and_number() {
    #[derive(Serialize, Deserialize)]
    struct Two {
        a: i64,
        b: i64,
    }
    #[derive(Serialize, Deserialize)]
    struct Fewer {
        a: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<i64>,
    }

    // A list as the state, a tuple as the state, arguments, a plain tuple and a list.
    for bytes in [
        &b"\x80\x04cm\nC\n)\x81](K\x01K\x02eb."[..],
        b"\x80\x04cm\nC\n)\x81K\x01K\x02\x86b.",
        b"\x80\x04cm\nC\nK\x01K\x02\x86\x81.",
        b"\x80\x04K\x01K\x02\x86.",
        b"\x80\x04](K\x01K\x02e.",
    ] {
        let mut two: Two = from_slice(bytes).unwrap();
        two.b = 7;
        let now = update(bytes, &two).unwrap();
        assert_eq!(shown(&now), shown(bytes).replace('2', "7"));
        let error = refused(bytes, &Fewer { a: 1, b: None });
        assert!(error.contains("field") || error.contains("cannot be put back"), "{error}");
    }
}

#[test]
fn a_state_dict_that_somebody_else_has_is_copied_first() {
    #[derive(Serialize, Deserialize)]
    struct X {
        x: i64,
    }

    // d = {'x': 1}; [C with the state d, d]
    let bytes = b"\x80\x04](cm\nC\n)\x81}\x94\x8c\x01xK\x01sbh\0e.";
    let mut pair: (X, BTreeMap<String, i64>) = from_slice(bytes).unwrap();
    pair.0.x = 2;
    let now = update(bytes, &pair).unwrap();
    assert_eq!(shown(&now), "[<m.C() state {'x': 2}>, {'x': 1}]");
}

#[test]
fn of_equal_keys_the_last_is_changed() {
    // {'a': 1, 'a': 2}
    let bytes = b"\x80\x04}(\x8c\x01aK\x01\x8c\x01aK\x02u.";
    let mut map: BTreeMap<String, i64> = from_slice(bytes).unwrap();
    map.insert("a".to_owned(), 3);
    assert_eq!(shown(&update(bytes, &map).unwrap()), "{'a': 1, 'a': 3}");
    let mut value: Value = from_slice(bytes).unwrap();
    value["a"] = Value::from(3);
    assert_eq!(shown(&update(bytes, &value).unwrap()), "{'a': 1, 'a': 3}");
}

#[test]
fn what_lies_outside_the_pickle_keeps_its_place() {
    #[derive(Serialize, Deserialize)]
    struct N {
        n: i64,
    }

    // {'n': 1, 'id': a persistent id, 'ext': an extension code, 'view': a buffer beside the pickle}
    let bytes = b"\x80\x05}(\x8c\x01nK\x01\x8c\x02idK\x07Q\x8c\x03ext\x82\x05\x8c\x04view\x97u.";
    let buffers = [serde_pickle::value::Buffer::from(b"abc".as_slice())];
    let options = DeOptions::new().buffers(buffers);
    let now = options.update(bytes, &N { n: 2 }, &SerOptions::new()).unwrap();
    let changed = b"\x80\x05}(\x8c\x01nK\x02\x8c\x02idK\x07Q\x8c\x03ext\x82\x05\x8c\x04view\x97u.";
    let show = |bytes: &[u8]| options.graph_from_slice(bytes).unwrap().root().to_string();
    assert_eq!(show(&now), show(changed));
    assert!(now.windows(3).any(|part| part == b"K\x07Q") && now.contains(&0x97));
}

/// One dump of several, and more than one root.
#[test]
fn streams_of_several_dumps_change_by_their_roots() {
    // Two dumps of one Pickler: [1], and ([1], 2).
    let bytes = b"\x80\x04]\x94K\x01a.\x80\x04h\0K\x02\x86.";
    let mut graph = Deserializer::from_slice(bytes).into_graph().unwrap();
    let ids: Vec<_> = graph.roots().map(|root| root.id()).collect();
    graph.node_mut(ids[0]).push(&3).unwrap();
    let now = graph.to_vec().unwrap();
    let again = Deserializer::from_slice(&now).into_graph().unwrap();
    let shown: Vec<String> = again.roots().map(|root| root.to_string()).collect();
    assert_eq!(shown, ["[1, 3]", "([1, 3], 2)"]);
}

#[test]
fn by_hand_attributes_are_found_among_keywords_and_entries() {
    // By NEWOBJ_EX: C(1, x=2); an OrderedDict with an entry; a list as the state.
    let bytes = b"\x80\x04cm\nC\nK\x01\x85}\x8c\x01xK\x02s\x92.";
    let mut graph = Graph::from_slice(bytes).unwrap();
    graph.root_mut().set_attr("x", &3).unwrap();
    graph.root_mut().set_arg(0, "one").unwrap();
    assert_eq!(graph.root().to_string(), "<m.C('one', **{'x': 3})>");
    let bytes = b"\x80\x04ccollections\nOrderedDict\n)R\x8c\x01xK\x02s.";
    let mut graph = Graph::from_slice(bytes).unwrap();
    graph.root_mut().set_attr("x", &3).unwrap();
    assert_eq!(graph.root().to_string(), "<collections.OrderedDict() {'x': 3}>");
    let bytes = b"\x80\x04cm\nC\n)\x81](K\x01K\x02eb.";
    let mut graph = Graph::from_slice(bytes).unwrap();
    let state = graph.root().object().unwrap().state().unwrap().id();
    graph.node_mut(state).set_item(1, &3).unwrap();
    assert!(graph.root_mut().set_attr("x", &3).is_err());
    assert_eq!(graph.root().to_string(), "<m.C() state [1, 3]>");
}

#[test]
fn an_array_of_several_dimensions_keeps_its_shape() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/numpy/arrays");
    let bytes = std::fs::read(format!("{folder}/int32_2d-py3.13-p4.pkl")).unwrap();
    let mut rows: Vec<Vec<i32>> = from_slice(&bytes).unwrap();
    rows[0][0] += 1;
    let now = update(&bytes, &rows).unwrap();
    assert_eq!(from_slice::<Vec<Vec<i32>>>(&now).unwrap(), rows);
    rows.push(rows[0].clone());
    assert!(refused(&bytes, &rows).contains("keeps its shape"));
}
