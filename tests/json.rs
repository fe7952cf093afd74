//! `json`: every pickle has a form in JSON, each policy does what it says, and hostile pickles make
//! no more of it than they are allowed.

use serde_json::{Value as Json, json};
use serde_pickle::json::{
    Json as AsJson, JsonBigInts, JsonBytes, JsonCycles, JsonDecimals, JsonGlobals, JsonKeys,
    JsonNonFinite, JsonObjects, JsonOptions, JsonPersistentIds, JsonShared, JsonSurrogates,
};
use serde_pickle::{Graph, Value, from_slice, pickle, to_vec};

use crate::corpus::{all, folder};

fn by(options: JsonOptions, pickle: &[u8]) -> Json {
    serde_json::to_value(options.graph(&Graph::from_slice(pickle).unwrap())).unwrap()
}

fn refusal(options: JsonOptions, pickle: &[u8]) -> String {
    let graph = Graph::from_slice(pickle).unwrap();
    serde_json::to_value(options.graph(&graph)).unwrap_err().to_string()
}

#[test]
fn every_fixture_has_a_form_and_readers_of_json_take_it() {
    let (mut read, mut values) = (0, 0);
    for fixture in all() {
        let Ok(graph) = fixture.options().graph_from_slice(&fixture.bytes) else { continue };
        read += 1;
        for shared in [JsonShared::Copy, JsonShared::Reference] {
            let text = serde_json::to_string(&JsonOptions::new().shared(shared).graph(&graph));
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", fixture.name()));
            let again = serde_json::from_str::<Json>(&text);
            again.unwrap_or_else(|error| panic!("{}: {error}: {text:.200}", fixture.name()));
        }
        if let Ok(value) = graph.root().to_value() {
            values += 1;
            let text = serde_json::to_string(&AsJson::of_value(&value));
            text.unwrap_or_else(|error| panic!("{}: {error}", fixture.name()));
        }
    }
    assert!(read > 2_000 && values > 2_000, "{read} {values}");
}

#[test]
fn a_value_and_the_graph_it_came_from_are_the_same_json() {
    let mut compared = 0;
    for fixture in all().iter().filter(|fixture| fixture.set == "valid") {
        let Ok(graph) = fixture.options().graph_from_slice(&fixture.bytes) else { continue };
        let Ok(value) = graph.root().to_value() else { continue };
        // A Value has each key once, in the place of the first; so has the JSON.
        let of_graph = serde_json::to_value(AsJson::of(graph.root())).unwrap();
        let of_value = serde_json::to_value(AsJson::of_value(&value)).unwrap();
        assert_eq!(of_graph, of_value, "{}", fixture.name());
        compared += 1;
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn hostile_pickles_are_bounded() {
    const VALUES: u64 = 20_000;
    let mut seen = 0;
    for entry in std::fs::read_dir(folder().join("hostile")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "pickle") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let Ok(graph) = Graph::from_slice(&bytes) else { continue };
        seen += 1;
        let options = JsonOptions::new().max_values(VALUES);
        for options in [options, options.shared(JsonShared::Reference)] {
            // An error is an answer; the text before it is what was written.
            let mut text = Vec::new();
            let _ = serde_json::to_writer(&mut text, &options.graph(&graph));
            let most = 256 * (VALUES as usize + 16 * bytes.len());
            assert!(text.len() < most, "{}: {} of {most}", path.display(), text.len());
        }
    }
    assert!(seen > 10, "{seen}");
    // A long key, and within it four thousand references to the dict under it.
    let key = [&b"X\x00\x00\x01\x00"[..], &[b'k'; 1 << 16]].concat();
    let pointers =
        [&b"}q\0"[..], &key, b"}q\x01U\x01x](", &b"h\x01".repeat(4_000), b"ess."].concat();
    let mut text = Vec::new();
    let graph = Graph::from_slice(&pointers).unwrap();
    let options = JsonOptions::new().max_values(VALUES);
    assert!(serde_json::to_writer(&mut text, &options.graph(&graph)).is_err());
    let most = 32 * (VALUES as usize + 16 * pointers.len());
    assert!(text.len() < most, "{} of {most}", text.len());
    // Doubled lists, 40 deep: each holds the one before twice.
    let doubled = [&b"]"[..], &b"2\x86".repeat(40), b"."].concat();
    let error = refusal(JsonOptions::new().max_values(VALUES), &doubled);
    assert!(error.contains("JsonShared::Reference"), "{error}");
    let kept = by(JsonOptions::new().shared(JsonShared::Reference), &doubled);
    assert!(kept.to_string().len() < 60 * doubled.len());
}

#[test]
fn deep_pickles_are_cut_where_readers_of_json_would_stop() {
    let deep = [&b"]"[..], &b"]".repeat(99_999), &b"a".repeat(99_999), b"."].concat();
    let text = by(JsonOptions::new(), &deep).to_string();
    assert!(text.contains(r#"{"$omitted":"nested more than 100 levels deep"}"#), "{text}");
    assert_eq!(
        by(JsonOptions::new().max_depth(1), b"]]a."),
        json!([{"$omitted": "nested more than 1 levels deep"}])
    );
}

#[test]
fn keys_have_the_text_of_json_dumps_or_else_their_repr() {
    let dict = pickle!({
        "a": 1, 7: 2, true: 3, None: 4, 2.5: 5, (1, "x"): 6, b"\xff": 7,
    });
    let pickle = to_vec(&dict).unwrap();
    let keyed = by(JsonOptions::new(), &pickle);
    assert_eq!(
        keyed,
        json!({"a": 1, "7": 2, "true": 3, "null": 4, "2.5": 5, "(1, 'x')": 6, "/w==": 7})
    );
    assert_eq!(
        by(
            JsonOptions::new().keys(JsonKeys::Pairs),
            &to_vec(&pickle!({"a": 1, (1, 2): 3})).unwrap()
        ),
        json!([["a", 1], [[1, 2], 3]])
    );
    // Text alone is an object as ever.
    assert_eq!(
        by(JsonOptions::new().keys(JsonKeys::Pairs), &to_vec(&pickle!({"a": 1})).unwrap()),
        json!({"a": 1})
    );
    let error = refusal(JsonOptions::new().keys(JsonKeys::Error), &pickle);
    assert_eq!(error, "a key that is not text has no form in JSON; see JsonOptions::keys");
    // A key that is stored again has its last value, as in Python.
    assert_eq!(
        by(JsonOptions::new(), b"}(U\x01aK\x01U\x01bK\x02U\x01aK\x03u."),
        json!({"a": 3, "b": 2})
    );
}

#[test]
fn bytes_numbers_and_text_follow_their_policies() {
    let options = JsonOptions::new();
    let bytes = b"C\x03\x00\xff!.";
    for (policy, expected) in [
        (JsonBytes::Base64, json!("AP8h")),
        (JsonBytes::Hex, json!("00ff21")),
        (JsonBytes::Latin1, json!("\u{0}ÿ!")),
        (JsonBytes::Array, json!([0, 255, 33])),
    ] {
        assert_eq!(by(options.bytes(policy), bytes), expected);
    }
    let big = to_vec(&(u128::MAX, i64::MIN, u64::MAX, -(1i128 << 100))).unwrap();
    assert_eq!(
        by(options, &big),
        json!([
            "340282366920938463463374607431768211455",
            i64::MIN,
            u64::MAX,
            "-1267650600228229401496703205376"
        ])
    );
    let graph = Graph::from_slice(&big).unwrap();
    let numbers = serde_json::to_string(&options.big_ints(JsonBigInts::Number).graph(&graph));
    assert_eq!(
        numbers.unwrap(),
        "[340282366920938463463374607431768211455,-9223372036854775808,18446744073709551615,\
         -1267650600228229401496703205376]"
    );
    // 10,000 digits take no time of their square.
    let huge = [&b"\x8b\x00\x10\0\0"[..], &[0x7f; 4096], b"."].concat();
    assert!(by(options, &huge).as_str().unwrap().starts_with("0x7f7f"));

    let floats = to_vec(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5]).unwrap();
    assert_eq!(by(options, &floats), json!([null, null, null, 1.5]));
    assert_eq!(
        by(options.non_finite(JsonNonFinite::Text), &floats),
        json!(["nan", "inf", "-inf", 1.5])
    );
    assert!(
        refusal(options.non_finite(JsonNonFinite::Error), &floats)
            .starts_with("[0]: nan has no form")
    );

    let lone = b"]\x8c\x05a\xed\xb2\x80ba.";
    assert_eq!(by(options, lone), json!(["a\u{fffd}b"]));
    assert_eq!(by(options.surrogates(JsonSurrogates::Escape), lone), json!(["a\\udc80b"]));
    assert!(
        refusal(options.surrogates(JsonSurrogates::Error), lone).starts_with("[0]: text with lone")
    );
}

#[test]
fn objects_globals_and_ids_follow_their_policies() {
    let options = JsonOptions::new();
    // class Point: …; pickle.dumps(Point(x=1), 2), and one with arguments
    let point = b"\x80\x02cgeometry\nPoint\n)\x81}X\x01\x00\x00\x00xK\x01sb.";
    let call = b"\x80\x02cm\nmake\nK\x01K\x02\x86R.";
    assert_eq!(by(options, point), json!({"$class": "geometry.Point", "x": 1}));
    assert_eq!(by(options, call), json!({"$class": "m.make", "$args": [1, 2]}));
    let bare = options.objects(JsonObjects::Attributes);
    assert_eq!((by(bare, point), by(bare, call)), (json!({"x": 1}), json!([1, 2])));
    assert!(refusal(options.objects(JsonObjects::Error), point).contains("JsonOptions::objects"));

    let global = b"cos\nsystem\n.";
    assert_eq!(by(options, global), json!("os.system"));
    assert_eq!(by(options.globals(JsonGlobals::Tagged), global), json!({"$global": "os.system"}));
    assert!(refusal(options.globals(JsonGlobals::Error), global).contains("JsonOptions::globals"));

    let id = b"K\x07Q.";
    for (policy, expected) in [
        (JsonPersistentIds::Tagged, json!({"$persistent_id": 7})),
        (JsonPersistentIds::Id, json!(7)),
        (JsonPersistentIds::Null, json!(null)),
    ] {
        assert_eq!(by(options.persistent_ids(policy), id), expected);
    }
    assert!(refusal(options.persistent_ids(JsonPersistentIds::Error), id).contains("persistent"));
}

#[test]
fn natural_forms_are_written_or_not() {
    let options = JsonOptions::new();
    let decimal = b"\x80\x02cdecimal\nDecimal\nX\x03\x00\x00\x001.5\x85R.";
    assert_eq!(by(options, decimal), json!("1.5"));
    assert_eq!(by(options.decimals(JsonDecimals::Number), decimal), json!(1.5));
    let plain = options.natural(false);
    assert_eq!(by(plain, decimal), json!({"$class": "decimal.Decimal", "$args": ["1.5"]}));
    // OrderedDict([(1, 'a')]) of Python 2, and of Python 3
    let pairs = b"ccollections\nOrderedDict\n]](K\x01U\x01aea\x85R.";
    assert_eq!(by(options, pairs), json!({"1": "a"}));
    assert_eq!(by(options, b"ccollections\nOrderedDict\n)RK\x01U\x01as."), json!({"1": "a"}));
    // numpy: from the fixtures, nan in it.
    let mut arrays = 0;
    for fixture in all().iter().filter(|fixture| fixture.set == "numpy") {
        let Ok(graph) = fixture.options().graph_from_slice(&fixture.bytes) else { continue };
        let json = serde_json::to_value(AsJson::of(graph.root())).unwrap();
        arrays += usize::from(json.is_array());
    }
    assert!(arrays > 50, "{arrays}");
    // An object that its class would not write has no natural form.
    let not_a_date = b"cdatetime\ndate\nC\x04\x00\x00\x63\x63\x85R.";
    assert_eq!(by(options, not_a_date), json!({"$class": "datetime.date", "$args": ["AABjYw=="]}));
}

#[test]
fn cycles_and_shared_objects_are_references() {
    let options = JsonOptions::new();
    // a = {'x': [a]}
    let cycle = b"}q\0U\x01x]h\0as.";
    assert_eq!(by(options, cycle), json!({"x": [{"$ref": "#"}]}));
    assert_eq!(by(options.cycles(JsonCycles::Null), cycle), json!({"x": [null]}));
    let error = refusal(options.cycles(JsonCycles::Error), cycle);
    assert_eq!(error, "x[0]: an object within itself has no form in JSON; see JsonOptions::cycles");
    // class Node: a.next = b, b.prev = a, in a dict with a slash in its key
    let nodes =
        b"\x80\x02}U\x03a/bcm\nNode\n)\x81q\x02}U\x04nextcm\nNode\n)\x81}U\x04prevh\x02sbsbs.";
    assert_eq!(
        by(options, nodes),
        json!({"a/b": {
            "$class": "m.Node",
            "next": {"$class": "m.Node", "prev": {"$ref": "#/a~1b"}},
        }})
    );
    // b = [1]; [b, b]
    let shared = b"](]q\0K\x01ah\0e.";
    assert_eq!(by(options, shared), json!([[1], [1]]));
    assert_eq!(by(options.shared(JsonShared::Reference), shared), json!([[1], {"$ref": "#/0"}]));
    // Each pointer leads to what it stands for.
    let document = by(options.shared(JsonShared::Reference), nodes);
    assert_eq!(document.pointer("/a~1b/$class"), Some(&json!("m.Node")));
}

#[test]
fn what_json_reads_back_is_what_plain_pickles_held() {
    let value = json!({"a": [1, 2.5, null, true, "text"], "b": {"c": []}});
    let pickle = to_vec(&value).unwrap();
    assert_eq!(by(JsonOptions::new(), &pickle), value);
    let value: Value = from_slice(&pickle).unwrap();
    assert_eq!(
        serde_json::to_string(&AsJson::of_value(&value)).unwrap(),
        r#"{"a":[1,2.5,null,true,"text"],"b":{"c":[]}}"#
    );
}
