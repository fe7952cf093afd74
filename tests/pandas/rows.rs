//! Frames as structs, and structs as frames.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_pickle::python::pandas::{Column, Frame, Index};
use serde_pickle::python::{Date, DateTime};
use serde_pickle::{Value, pickle};

use crate::fixtures::environments;

#[derive(Debug, PartialEq, Deserialize)]
struct Mixed {
    a: i64,
    b: Option<f64>,
    c: Option<String>,
    d: u8,
}

/// The same frame by every version.
#[test]
fn rows_of_every_version() {
    let mut count = 0;
    for environment in environments() {
        for case in environment.cases.iter().filter(|case| case.name == "mixed") {
            let frame: Frame =
                serde_pickle::from_slice(environment.pickle(case.pickles[0])).unwrap();
            let rows: Vec<Mixed> = frame.rows().collect::<Result<_, _>>().unwrap();
            assert_eq!(rows[0], Mixed { a: 1, b: Some(1.5), c: Some("x".into()), d: 7 });
            assert_eq!(rows[1], Mixed { a: 2, b: Some(2.5), c: None, d: 8 });
            assert_eq!(rows[2], Mixed { a: 3, b: None, c: Some("y".into()), d: 9 });
            let tuples: Vec<(i64, f64, Value, i64)> =
                frame.rows().collect::<Result<_, _>>().unwrap();
            assert_eq!(tuples[0], (1, 1.5, "x".into(), 7));
            count += 1;
        }
    }
    assert_eq!(count, environments().len());
}

#[test]
fn times_categories_and_zones_in_rows() {
    #[derive(Debug, Deserialize)]
    struct Row {
        w: Option<chrono::NaiveDateTime>,
        z: Option<chrono::DateTime<chrono::Utc>>,
        c: String,
        b: bool,
    }

    for environment in environments() {
        for case in environment.cases.iter().filter(|case| case.name == "all_kinds") {
            let pickle = environment.pickle(*case.pickles.last().unwrap());
            let frame: Frame = serde_pickle::from_slice(pickle).unwrap();
            let rows: Vec<Row> = frame.rows().collect::<Result<_, _>>().unwrap();
            assert_eq!(rows[0].w.unwrap().to_string(), "2020-01-31 10:00:00");
            // Midnight of Berlin.
            assert_eq!(rows[0].z.unwrap().to_rfc3339(), "2020-01-30T23:00:00+00:00");
            assert_eq!((rows[1].w, rows[1].z), (None, None));
            assert_eq!((rows[1].c.as_str(), rows[0].b), ("v", true));
            let row: BTreeMap<String, Value> = frame.rows().next().unwrap().unwrap();
            let moment = row["z"].as_str().unwrap();
            assert!(moment.starts_with("2020-01-30T23:00:00") && moment.ends_with('Z'), "{moment}");
        }
    }
}

#[test]
fn an_index_with_a_name_is_a_field() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        id: i64,
        a: i64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Levels {
        a: i64,
        c: Option<String>,
        d: i64,
    }

    for environment in environments() {
        for case in &environment.cases {
            let frame = || {
                let pickle = environment.pickle(case.pickles[0]);
                serde_pickle::from_slice::<Frame>(pickle).unwrap()
            };
            match case.name.as_str() {
                "index_named" if case.what == "frame" => {
                    let rows: Vec<Row> = frame().rows().collect::<Result<_, _>>().unwrap();
                    assert_eq!(rows[2], Row { id: 30, a: 3 });
                }
                "index_multi" if case.what == "frame" => {
                    let rows: Vec<Levels> = frame().rows().collect::<Result<_, _>>().unwrap();
                    assert_eq!(rows[0], Levels { a: 1, c: Some("x".into()), d: 7 });
                    assert_eq!(rows[1], Levels { a: 2, c: None, d: 8 });
                }
                _ => {}
            }
        }
    }
}

#[test]
fn ints_that_pandas_made_floats_read_as_ints() {
    let frame = Frame::new([("n", Column::from(vec![1.0, f64::NAN, 2.5]))]).unwrap();
    let rows: Vec<_> = frame.rows::<(Option<i64>,)>().collect();
    assert_eq!(rows[0].as_ref().unwrap().0, Some(1));
    assert_eq!(rows[1].as_ref().unwrap().0, None);
    let error = rows[2].as_ref().unwrap_err();
    assert_eq!(error.path().as_deref(), Some("[2].n"));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Size {
    Small,
    Large,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    count: u32,
    big: u64,
    float: f64,
    text: String,
    maybe_int: Option<i64>,
    maybe_flag: Option<bool>,
    maybe_float: Option<f64>,
    maybe_text: Option<String>,
    size: Size,
    list: Vec<i64>,
    when: DateTime,
    day: Date,
}

fn everything(n: u32, some: bool) -> Everything {
    Everything {
        flag: some,
        count: n,
        big: u64::MAX,
        float: 0.5,
        text: format!("t{n}"),
        maybe_int: some.then_some(-7),
        maybe_flag: some.then_some(true),
        maybe_float: some.then_some(1.5),
        maybe_text: some.then(|| "here".to_owned()),
        size: if some { Size::Large } else { Size::Small },
        list: vec![1, 2],
        when: "2020-01-31T10:00:00".parse().unwrap(),
        day: "2020-01-31".parse().unwrap(),
    }
}

#[test]
fn structs_become_a_frame_and_structs_again() {
    let rows = [everything(1, false), everything(2, true), everything(3, false)];
    let frame = Frame::from_rows(&rows).unwrap();
    let dtypes: Vec<_> = frame.columns().iter().map(Column::dtype).collect();
    assert_eq!(
        dtypes,
        [
            "bool", "int64", "uint64", "float64", "str", "Int64", "boolean", "float64", "str",
            "str", "object", "object", "object"
        ]
    );
    let bytes = serde_pickle::to_vec(&frame).unwrap();
    let again: Frame = serde_pickle::from_slice(&bytes).unwrap();
    let again: Vec<Everything> = again.rows().collect::<Result<_, _>>().unwrap();
    assert_eq!(again, rows);
}

#[test]
fn columns_of_several_types_are_objects() {
    let rows = [pickle!({"a": 1, "b": None}), pickle!({"a": "x", "b": None})];
    let frame = Frame::from_rows(&rows).unwrap();
    assert_eq!(frame.column("a"), Some(&Column::Object(vec![1.into(), "x".into()])));
    assert_eq!(frame.column("b"), Some(&Column::Object(vec![Value::None, Value::None])));
    let rows = [pickle!({"a": 1}), pickle!({"b": 1})];
    let error = Frame::from_rows(&rows).unwrap_err();
    assert!(error.to_string().contains("`b`, which others have not"), "{error}");
    let error = Frame::from_rows(&[pickle!({"a": 1}), pickle!({})]).unwrap_err();
    assert!(error.to_string().contains("no field `a`"), "{error}");
    assert!(Frame::from_rows(&[1, 2]).is_err());
    let none: [Everything; 0] = [];
    assert!(Frame::from_rows(&none).unwrap().is_empty());
}

#[test]
fn labels_that_are_no_text() {
    let labels = Index::new(vec![Value::Int(10), "x".into()]);
    let columns = vec![Column::from(vec![1_i64]), Column::from(vec![true])];
    let frame = Frame::from_parts(labels, columns, Index::of_len(1)).unwrap();
    let row: BTreeMap<String, Value> = frame.rows().next().unwrap().unwrap();
    assert_eq!((&row["10"], &row["x"]), (&Value::Int(1), &Value::Bool(true)));
}
