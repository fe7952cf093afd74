//! Errors say enough to go on: what is missing, where, and which option or type helps.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::ser::Error as _;
use serde_derive::Deserialize;
use serde_pickle::{Deserializer, ErrorKind, Graph, Value, from_slice, pickle, to_vec};

#[test]
fn the_second_dump_of_a_pickler_alone_names_keep_memo() {
    let second = b"\x80\x04h\0.";
    let error = from_slice::<Value>(second).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(2)));
    assert!(error.to_string().contains("keep_memo"), "{error}");
    assert!(Graph::from_slice(second).unwrap_err().to_string().contains("keep_memo"));
    // A reader that keeps the memo already is not told to.
    let both = b"\x80\x04\x8c\x01a\x94.\x80\x04h\x07.";
    let mut stream = Deserializer::from_slice(both).keep_memo(true).into_iter::<Value>();
    assert_eq!(stream.next().unwrap().unwrap(), "a");
    let text = stream.next().unwrap().unwrap_err().to_string();
    assert_eq!(text, "nothing was stored in the memo under 7, at byte 9");
}

/// class Node of module m; a = Node(); a.next = b = Node(); b.prev = a;
/// pickle.dumps({'top': [0, a]}, 2)
const CYCLE: &[u8] = b"\x80\x02}X\x03\0\0\0top](K\0cm\nNode\nq\x01)\x81q\x02}X\x04\0\0\0nexth\x01\
    )\x81}X\x04\0\0\0prevh\x02sbsbes.";

#[test]
fn a_cycle_is_told_by_its_class_and_a_short_path() {
    let error = from_slice::<Value>(CYCLE).unwrap_err();
    assert_eq!(error.path().as_deref(), Some("top[1]"));
    assert_eq!(
        error.to_string(),
        "top[1]: m.Node contains itself at .next.prev; a Graph can hold it, at byte 26"
    );

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Node {
        next: Option<Box<Node>>,
        prev: Option<Box<Node>>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Top {
        top: (u8, Node),
    }
    let error = from_slice::<Top>(CYCLE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    let text = error.to_string();
    assert!(text.starts_with("top[1].next.prev.next.prev.…("), "{text}");
    assert!(text.contains("m.Node contains itself at ."), "{text}");
    assert!(text.len() < 160, "{text}");
    assert!(error.path().unwrap().len() > 300);

    // a = [{1: a}]
    let error = from_slice::<Value>(b"]q\0}K\x01h\0sa.").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a list contains itself at [0][1]; a Graph can hold it, at byte 0"
    );
    // A chain of a hundred lists to the first.
    let long = [&b"]q\0"[..], &b"]".repeat(99), b"h\0", &b"a".repeat(100), b"."].concat();
    let text = from_slice::<Value>(&long).unwrap_err().to_string();
    assert_eq!(
        text,
        "a list contains itself at [0][0][0][0]…[0][0]; a Graph can hold it, at byte 0"
    );
}

#[test]
fn an_error_within_a_value_has_a_path() {
    // {'a': [1, {'b': <a global with a state>}]}
    let error =
        from_slice::<Value>(b"}X\x01\0\0\0a](K\x01}X\x01\0\0\0bcm\nf\nK\x01bses.").unwrap_err();
    assert_eq!(error.path().as_deref(), Some("a[1].b"));
    // [[{[]: 1}]]: the key is not hashable.
    let bytes = to_vec(&pickle!([[1]])).unwrap();
    assert!(from_slice::<Value>(&bytes).is_ok());
}

struct Refuses;

impl Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no"))
    }
}

#[test]
fn an_error_of_writing_has_the_keys_of_maps_in_its_path() {
    let path = |error: serde_pickle::Error| error.path().unwrap_or_default();
    let map = BTreeMap::from([("users", vec![HashMap::from([(7, Refuses)])])]);
    assert_eq!(path(to_vec(&map).unwrap_err()), "users[0].7");
    assert_eq!(path(to_vec(&BTreeMap::from([(Some(true), Refuses)])).unwrap_err()), "True");
    assert_eq!(path(to_vec(&BTreeMap::from([((1, 2), Refuses)])).unwrap_err()), "<key>");

    #[derive(serde_derive::Serialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, Refuses>,
    }
    let flat = Flat { rest: BTreeMap::from([("x".to_owned(), Refuses)]) };
    assert_eq!(path(to_vec(&flat).unwrap_err()), "x");
    // A key that is at fault is in no path.
    let bad_key = BTreeMap::from([(BTreeMap::from([(1, 2)]), 3)]);
    assert_eq!(path(to_vec(&bad_key).unwrap_err()), "");
}

#[test]
fn the_persistent_ids_of_a_zodb_record_go_on_with_the_memo() {
    let record = crate::corpus::bytes("wild/zodb/record.pickle");
    let users =
        pickle!((b"\0\0\0\0\0\0\0\x02", (Value::global("persistent.list", "PersistentList"))));
    let ids = |mut dumps: Vec<Vec<Value>>| {
        assert!(dumps.remove(0).is_empty());
        let ids = dumps.remove(0);
        assert_eq!(ids.len(), 3);
        assert_eq!(ids[0], users);
        assert!(ids[1].to_string().contains("persistent.mapping.PersistentMapping"), "{}", ids[1]);
    };
    let mut slice = Deserializer::from_slice(&record).keep_memo(true);
    ids(vec![slice.persistent_ids().unwrap(), slice.persistent_ids().unwrap()]);
    slice.end().unwrap();
    let mut reader = Deserializer::from_reader(&record[..]).keep_memo(true);
    ids(vec![reader.persistent_ids().unwrap(), reader.persistent_ids().unwrap()]);
    // Without the memo the error says what is missing.
    let mut alone = Deserializer::from_slice(&record);
    alone.persistent_ids().unwrap();
    assert!(alone.persistent_ids().unwrap_err().to_string().contains("keep_memo"));
}

/// chrono and jiff say "trailing input" or "premature end", which tells nobody what was there.
#[test]
fn a_datetime_that_a_type_refuses_is_shown_with_the_type_that_fits() {
    const NAIVE: &str = "; it has no time zone, as chrono::NaiveDateTime";
    const OFFSET: &str = "; it has an offset, as chrono::DateTime";
    let head = b"\x80\x04cdatetime\ndatetime\nC\x0a\x07\xe8\x07\x01\x0c\0\0\0\0\0".to_vec();
    let naive = [&head[..], b"\x85R."].concat();
    let utc = [&head[..], b"cdatetime\ntimezone\ncdatetime\ntimedelta\nK\0K\0K\0\x87R\x85R\x86R."];
    let utc = utc.concat();
    let refusals = [
        (from_slice::<chrono::NaiveDateTime>(&utc).map(drop), "2024-07-01T12:00:00+00:00", OFFSET),
        (from_slice::<chrono::NaiveDate>(&utc).map(drop), "2024-07-01T12:00:00+00:00", OFFSET),
        (
            from_slice::<chrono::DateTime<chrono::Utc>>(&naive).map(drop),
            "2024-07-01T12:00:00",
            NAIVE,
        ),
        (from_slice::<jiff::Timestamp>(&naive).map(drop), "2024-07-01T12:00:00", NAIVE),
        (from_slice::<jiff::Zoned>(&naive).map(drop), "2024-07-01T12:00:00", NAIVE),
    ];
    for (refusal, text, hint) in refusals {
        let error = refusal.unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}`{hint}")), "{error}");
    }
    // Within other data, with its place.
    let list = [b"](" as &[u8], &utc[2..utc.len() - 1], b"e."].concat();
    let error = from_slice::<Vec<chrono::NaiveDateTime>>(&list).unwrap_err();
    assert!(error.to_string().contains("+00:00`") && error.path().is_some(), "{error}");
}
