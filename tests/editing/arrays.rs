//! Elements of arrays that change: times, records, halves, masks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_pickle::{Value, from_slice, update};

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/numpy");
    std::fs::read(format!("{folder}/{name}.pkl")).unwrap()
}

/// Changes a value, and reads it back.
#[track_caller]
fn change<T>(name: &str, change: impl FnOnce(&mut T))
where
    T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let bytes = fixture(name);
    let mut value: T = from_slice(&bytes).unwrap();
    change(&mut value);
    let now = match update(&bytes, &value) {
        Ok(now) => now,
        Err(error) => panic!("{name}: {error}"),
    };
    assert_eq!(from_slice::<T>(&now).unwrap(), value, "{name}");
    assert_ne!(now, bytes, "{name}");
}

#[test]
fn times_of_every_unit() {
    for name in ["datetime64_s-py3.13-p4", "datetime64_s-py2.7-p2", "datetime64_us-py3.13-p4"] {
        change(&format!("arrays/{name}"), |times: &mut Vec<Option<chrono::NaiveDateTime>>| {
            let first = times.iter_mut().flatten().next().unwrap();
            *first += chrono::TimeDelta::seconds(61);
        });
    }
    change(
        "arrays/datetime64_big_endian-py3.13-p4",
        |days: &mut Vec<Option<chrono::NaiveDate>>| {
            *days.iter_mut().flatten().next().unwrap() += chrono::TimeDelta::days(400);
        },
    );
    change("arrays/datetime64_month-py3.13-p4", |months: &mut Vec<String>| {
        months[0] = "1969-11".to_owned();
    });
    for name in ["timedelta64_ms-py3.13-p4", "timedelta64_ns-py3.13-p4"] {
        change(&format!("arrays/{name}"), |times: &mut Vec<Option<jiff::SignedDuration>>| {
            let first = times.iter_mut().flatten().next().unwrap();
            *first += jiff::SignedDuration::new(3_700, 5_000_000);
        });
    }
    change("arrays/datetime64_s-py3.13-p4", |times: &mut Vec<Option<chrono::NaiveDateTime>>| {
        times[0] = None;
    });
    // A moment between two counts is none of the dtype.
    let bytes = fixture("arrays/datetime64_s-py3.13-p4");
    let mut times: Vec<String> = from_slice(&bytes).unwrap_or_default();
    if let Some(first) = times.first_mut() {
        first.push_str(".5");
        assert!(update(&bytes, &times).is_err());
    }
}

#[test]
fn fields_of_records_and_the_rest_of_them_stays() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Weight {
        w: f64,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Whole {
        id: i32,
        w: f64,
        tag: String,
    }
    for name in ["py2.7-p0", "py3.13-p2", "py3.13-p4", "py3.13-p5"] {
        let name = format!("arrays/structured-{name}");
        change(&name, |rows: &mut Vec<Weight>| rows[1].w = 7.5);
        change(&name, |rows: &mut Vec<Whole>| rows[0].tag = "x".to_owned());
        change(&name, |rows: &mut Vec<Whole>| {
            rows.push(Whole { id: 9, w: 0.5, tag: "new".to_owned() });
        });
        let bytes = fixture(&name);
        let mut rows: Vec<Weight> = from_slice(&bytes).unwrap();
        let before: Vec<Whole> = from_slice(&bytes).unwrap();
        rows[0].w = -1.5;
        let after: Vec<Whole> = from_slice(&update(&bytes, &rows).unwrap()).unwrap();
        assert_eq!((after[0].id, &after[0].tag), (before[0].id, &before[0].tag));
        assert_eq!(after[1..], before[1..]);
        // A new record without all fields is none.
        rows.push(Weight { w: 1.0 });
        assert!(update(&bytes, &rows).is_err());
    }
    change("arrays/structured_nested-py3.13-p4", |rows: &mut Vec<BTreeMap<String, Value>>| {
        rows[0].get_mut("v").unwrap()[1] = Value::from(8.5);
    });
    change("arrays/structured_big_endian-py3.13-p4", |rows: &mut Vec<BTreeMap<String, Value>>| {
        rows[0].insert("a".to_owned(), Value::from(77));
    });
}

#[test]
fn halves_are_rounded() {
    let bytes = fixture("arrays/float16-py3.13-p4");
    let mut halves: Vec<f64> = from_slice(&bytes).unwrap();
    halves[0] = 0.25;
    let now = update(&bytes, &halves).unwrap();
    assert_eq!(from_slice::<Vec<f64>>(&now).unwrap()[0], 0.25);
}
