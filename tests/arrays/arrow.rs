//! Frames as record batches, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, Int64Array, RecordBatch, StructArray};
use arrow_schema::DataType;
use serde_pickle::python::numpy::Unit;
use serde_pickle::python::pandas::{Categorical, Column, Datetimes, Frame, Index, Sparse};
use serde_pickle::value::Complex;
use serde_pickle::{Value, pickle};

use crate::fixtures::environments;

/// What Arrow has another form for, or none.
fn changes(column: &Column) -> bool {
    match column {
        Column::Object(_)
        | Column::Period(_)
        | Column::Interval(_)
        | Column::Sparse(_)
        | Column::Complex64(_)
        | Column::Complex128(_) => true,
        Column::Categorical(categorical) => match categorical.categories().labels() {
            serde_pickle::python::pandas::Labels::Plain(column) => changes(column),
            _ => true,
        },
        _ => false,
    }
}

/// Every frame that pandas wrote: what is the same kind of column on both sides is the same.
#[test]
fn every_frame_goes_to_arrow_and_back() {
    let (mut same, mut refused) = (0, BTreeMap::<String, usize>::new());
    for environment in environments() {
        for case in environment.cases.iter().filter(|case| case.what == "frame") {
            let pickle = environment.pickle(*case.pickles.last().unwrap());
            let Ok(frame) = serde_pickle::from_slice::<Frame>(pickle) else { continue };
            let batch = match RecordBatch::try_from(frame.clone()) {
                Ok(batch) => batch,
                Err(error) => {
                    *refused.entry(error.to_string()).or_default() += 1;
                    continue;
                }
            };
            assert_eq!(batch.num_rows(), frame.len(), "{} {}", environment.tag, case.name);
            let back = match Frame::try_from(batch) {
                Ok(back) => back,
                // A struct.
                Err(_) if frame.columns().iter().any(changes) => continue,
                Err(error) => panic!("{} {}: {error}", environment.tag, case.name),
            };
            for (before, after) in frame.columns().iter().zip(back.columns()) {
                if !changes(before) {
                    let values =
                        |column: &Column| format!("{:?}", column.values().collect::<Vec<_>>());
                    assert_eq!(values(before), values(after), "{} {}", environment.tag, case.name);
                    same += 1;
                }
            }
        }
    }
    println!("{same} columns the same; refused: {refused:#?}");
    assert!(same > 2_000, "{same}");
    assert!(
        refused
            .keys()
            .all(|error| error.contains("Arrow has no type") || error.contains("several kinds")),
        "{refused:?}"
    );
}

/// The numbers stay where they are, both ways.
#[test]
fn numbers_are_not_copied() {
    let numbers: Vec<f64> = (0..1_000).map(f64::from).collect();
    let address = numbers.as_ptr();
    let frame = Frame::new([("x", Column::from(numbers))]).unwrap();
    let batch = RecordBatch::try_from(frame).unwrap();
    let array = batch.column(0).as_primitive::<Float64Type>();
    assert_eq!(array.values().as_ptr(), address);
    let back = Frame::try_from(batch).unwrap();
    let Some(Column::Float64(values)) = back.column("x") else { panic!("{back:?}") };
    assert_eq!(values.as_ptr(), address);
    // What somebody else holds is copied.
    let batch = RecordBatch::try_from(back).unwrap();
    let held = batch.clone();
    let back = Frame::try_from(batch).unwrap();
    let Some(Column::Float64(values)) = back.column("x") else { panic!("{back:?}") };
    assert_ne!(values.as_ptr(), held.column(0).as_primitive::<Float64Type>().values().as_ptr());
    assert_eq!(values[999], 999.0);
}

#[test]
fn nulls_of_each_kind() {
    let times = Datetimes::new(vec![0, Datetimes::NAT], Unit::Second, None).unwrap();
    let categories = Categorical::new(vec![-1, 0], vec!["a"], false).unwrap();
    let frame = Frame::new([
        ("int", Column::from(vec![Some(1_i64), None])),
        ("bool", Column::from(vec![Some(true), None])),
        ("text", Column::from(vec![None, Some("x".to_owned())])),
        ("time", Column::Datetime(times)),
        ("category", Column::Categorical(categories)),
        ("nan", Column::from(vec![f64::NAN, 1.0])),
    ])
    .unwrap();
    let batch = RecordBatch::try_from(frame.clone()).unwrap();
    let nulls: Vec<usize> = batch.columns().iter().map(|array| array.null_count()).collect();
    assert_eq!(nulls, [1, 1, 1, 1, 1, 0]);
    let back = Frame::try_from(batch).unwrap();
    for label in ["int", "bool", "text", "time", "category"] {
        assert_eq!(back.column(label), frame.column(label), "{label}");
    }
    let DataType::Timestamp(..) =
        RecordBatch::try_from(back).unwrap().column(3).data_type().clone()
    else {
        panic!("no time");
    };
}

#[test]
fn labels_of_rows_are_columns() {
    let frame = || Frame::new([("x", Column::from(vec![1_i64, 2]))]).unwrap();
    let names = |frame: Frame| -> Vec<String> {
        let batch = RecordBatch::try_from(frame).unwrap();
        batch.schema().fields().iter().map(|field| field.name().clone()).collect()
    };
    assert_eq!(names(frame()), ["x"]);
    assert_eq!(names(frame().with_index(vec!["a", "b"]).unwrap()), ["x", "__index_level_0__"]);
    let named = Index::new(vec!["a", "b"]).with_name("id");
    assert_eq!(names(frame().with_index(named).unwrap()), ["x", "id"]);
    let range = Index::range(5, 1, -2).unwrap();
    let batch = RecordBatch::try_from(frame().with_index(range).unwrap()).unwrap();
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[5, 3]);
}

#[test]
fn what_has_no_type_is_refused_by_name() {
    let complex = Frame::new([("z", Column::from(vec![Complex::new(0.0, 1.0)]))]).unwrap();
    let error = RecordBatch::try_from(complex).unwrap_err();
    assert_eq!(error.path().as_deref(), Some("z"));
    let mixed = Frame::new([("m", Column::Object(vec![1.into(), "x".into()]))]).unwrap();
    assert!(RecordBatch::try_from(mixed).unwrap_err().to_string().contains("several kinds"));
    let values = Arc::new(Int64Array::from(vec![1]));
    let field = Arc::new(arrow_schema::Field::new("a", DataType::Int64, true));
    let nested: StructArray = vec![(field, values as _)].into();
    let batch = RecordBatch::try_from_iter([("s", Arc::new(nested) as _)]).unwrap();
    assert!(Frame::try_from(batch).unwrap_err().to_string().contains("no plain column"));
    // A length that is only claimed.
    let sparse = Sparse::new(vec![1_i64], vec![0], 1 << 40, Value::Int(0)).unwrap();
    let series = Frame::new([("s", Column::Sparse(sparse))]).unwrap();
    assert!(RecordBatch::try_from(series).unwrap_err().to_string().contains("more than"));
}

/// A list of dicts, as Python programs keep records.
#[test]
fn records_become_a_batch() {
    let records = pickle!([{"id": 1, "name": "a"}, {"id": 2, "name": None}]);
    let bytes = serde_pickle::to_vec(&records).unwrap();
    let records: Vec<Value> = serde_pickle::from_slice(&bytes).unwrap();
    let batch = RecordBatch::try_from(Frame::from_rows(&records).unwrap()).unwrap();
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
    assert_eq!(batch.column(1).null_count(), 1);
}
