//! Frames that lie: an error, and neither other data nor memory on a claim.

use serde_pickle::python::numpy::{NdArray, Order};
use serde_pickle::python::pandas::{Categorical, Column, Frame, Index, Levels, Series, Sparse};
use serde_pickle::reduce::{Args, Global, Reduce};
use serde_pickle::{ErrorKind, Value, pickle, to_value};

use crate::fixtures::environments;

fn array(dtype: &str, shape: &[usize], data: &[u8]) -> Value {
    to_value(&NdArray::new(dtype.parse().unwrap(), shape, Order::C, data).unwrap()).unwrap()
}

fn call(module: &str, name: &str, args: Vec<Value>) -> Value {
    Value::from(Reduce::call(Global::new(module, name), Args::from(args)))
}

fn slice(start: i64, stop: i64, step: i64) -> Value {
    call("builtins", "slice", vec![start.into(), stop.into(), step.into()])
}

fn range(stop: i64) -> Value {
    let class = Value::global("pandas", "RangeIndex");
    let parts = pickle!({"name": None, "start": 0, "stop": (stop), "step": 1});
    call("pandas.core.indexes.base", "_new_Index", vec![class, parts])
}

/// A frame of pandas 1.3 and later.
fn frame(blocks: &[(Value, Value)], labels: Value, rows: Value) -> Value {
    let block = |(values, places): &(Value, Value)| {
        let args = vec![values.clone(), places.clone(), Value::Int(2)];
        call("pandas._libs.internals", "_unpickle_block", args)
    };
    let blocks = Value::Tuple(blocks.iter().map(block).collect());
    let axes = Value::List(vec![labels, rows]);
    let manager = call("pandas.core.internals.managers", "BlockManager", vec![blocks, axes]);
    let class = Global::new("pandas", "DataFrame");
    Value::from(Reduce::new_obj(class, Args::default()).with_state(pickle!({"_mgr": (manager)})))
}

fn refused(value: &Value, expected: &str) {
    let error = Frame::try_from(value).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    // By way of a pickle it is the same.
    let bytes = serde_pickle::to_vec(value).unwrap();
    let error = serde_pickle::from_slice::<Frame>(&bytes).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn blocks_hold_each_column_once() {
    let two = || array("<i8", &[2, 1], &[0; 16]);
    let honest = [(two(), slice(0, 2, 1))];
    assert_eq!(Frame::try_from(&frame(&honest, range(2), range(1))).unwrap().columns().len(), 2);
    refused(&frame(&honest, range(3), range(1)), "1 of 3 columns without a block");
    refused(&frame(&honest, range(1), range(1)), "more than the 1 columns");
    refused(&frame(&honest, range(2), range(2)), "a block of 1 rows in a frame of 2");
    refused(&frame(&[(two(), slice(0, 3, 1))], range(2), range(1)), "2 columns at 3 places");
    refused(&frame(&[(two(), slice(1, 3, 1))], range(2), range(1)), "beyond the columns");
    refused(&frame(&[(two(), slice(0, 2, 0))], range(2), range(1)), "without an end");
    refused(&frame(&[(two(), slice(i64::MIN, 2, 1))], range(2), range(1)), "without an end");
    let places = |a: i64, b: i64| array("<i8", &[2], &[a.to_le_bytes(), b.to_le_bytes()].concat());
    refused(&frame(&[(two(), places(1, 1))], range(2), range(1)), "two blocks for one column");
    refused(&frame(&[(two(), places(-1, 0))], range(2), range(1)), "beyond the columns");
    let huge = i64::MAX;
    refused(&frame(&[(two(), slice(0, huge, 1))], range(huge), range(1)), "2 columns at");
}

/// A shape of many columns and no rows is a few bytes.
#[test]
fn columns_without_rows_are_limited() {
    let many = array("<i8", &[1 << 40, 0], &[]);
    let value = frame(&[(many.clone(), slice(0, 1 << 40, 1))], range(1 << 40), range(0));
    assert_eq!(Frame::try_from(&value).unwrap_err().kind(), ErrorKind::Limit);
    let value = frame(&[(many, slice(0, 1 << 40, 1))], range(1 << 40), range(1));
    assert_eq!(Frame::try_from(&value).unwrap_err().kind(), ErrorKind::Limit);
    let none = array("<i8", &[1_000, 0], &[]);
    let value = frame(&[(none, slice(0, 1_000, 1))], range(1_000), range(0));
    assert_eq!(Frame::try_from(&value).unwrap().columns().len(), 1_000);
}

/// A class that is not known is named, whatever its state looks like.
#[test]
fn unknown_classes_are_named() {
    let geometry = Value::from(
        Reduce::new_obj(Global::new("geopandas.array", "GeometryArray"), Args::default())
            .with_state(pickle!({"_data": [1]})),
    );
    let index = |data: Value| {
        let class = Value::global("pandas", "Index");
        let parts = pickle!({"data": (data), "name": None});
        call("pandas.core.indexes.base", "_new_Index", vec![class, parts])
    };
    let labels =
        index(to_value(&NdArray::from_objects(vec!["where".into()], &[1]).unwrap()).unwrap());
    let value = frame(&[(geometry.clone(), slice(0, 1, 1))], labels, range(1));
    refused(&value, "where: expected an array, found an object of geopandas.array.GeometryArray");
    let state = pickle!({"_mgr": (geometry)});
    let subclass = Reduce::new_obj(Global::new("geopandas", "GeoDataFrame"), Args::default());
    refused(&Value::from(subclass.with_state(state)), "an object of geopandas.GeoDataFrame");
    refused(&pickle!([1, 2]), "expected a DataFrame of pandas, found a list");
    // A call of something else is not the value that it would return.
    refused(&call("pandas", "read_csv", vec!["x".into()]), "a call of pandas.read_csv");
}

fn text_of(offsets: &[i32], text: &[u8], len: usize, offset: usize) -> Value {
    let buffer = |bytes: Vec<u8>| call("pyarrow.lib", "py_buffer", vec![Value::Bytes(bytes)]);
    let offsets = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    let kind = call("pyarrow.lib", "type_for_alias", vec!["string".into()]);
    let buffers = vec![Value::None, buffer(offsets), buffer(text.to_vec())];
    let parts = vec![
        kind,
        Value::from(len as u64),
        Value::Int(0),
        Value::from(offset as u64),
        Value::List(buffers),
        Value::List(Vec::new()),
        Value::None,
    ];
    let array = call("pyarrow.lib", "_restore_array", vec![Value::Tuple(parts)]);
    let class = Global::new("pandas.arrays", "ArrowExtensionArray");
    let state = pickle!({"_pa_array": (array)});
    Value::from(Reduce::new_obj(class, Args::default()).with_state(state))
}

#[test]
fn offsets_of_arrow_stay_within_their_text() {
    let of = |array: Value, rows| frame(&[(array, slice(0, 1, 1))], range(1), range(rows));
    let read = Frame::try_from(&of(text_of(&[0, 1, 3], b"abc", 2, 0), 2)).unwrap();
    assert_eq!(read.columns()[0].to_text(), Some(vec![Some("a"), Some("bc")]));
    let sliced = Frame::try_from(&of(text_of(&[0, 1, 3], b"abc", 1, 1), 1)).unwrap();
    assert_eq!(sliced.columns()[0].to_text(), Some(vec![Some("bc")]));
    refused(&of(text_of(&[0, 2, 1], b"abc", 2, 0), 2), "do not ascend");
    refused(&of(text_of(&[0, 1, 4], b"abc", 2, 0), 2), "do not ascend");
    refused(&of(text_of(&[-1, 1, 3], b"abc", 2, 0), 2), "do not ascend");
    refused(&of(text_of(&[0, 1, 3], b"abc", 3, 0), 3), "shorter than its array");
    refused(&of(text_of(&[0, 1, 3], b"abc", usize::MAX >> 1, 0), 2), "shorter than its array");
    refused(&of(text_of(&[0, 1, 3], b"abc", 1, usize::MAX >> 1), 1), "shorter than its array");
    refused(&of(text_of(&[0, 1, 2], b"\xff\xff", 2, 0), 2), "not UTF-8");
}

#[test]
fn codes_places_and_lengths_are_compared() {
    assert!(Categorical::new(vec![0, 2], vec!["a", "b"], false).is_err());
    assert!(Categorical::new(vec![-2], vec!["a"], false).is_err());
    assert!(Levels::new(vec![Index::new(vec!["a"])], vec![vec![1]]).is_err());
    assert!(Levels::new(Vec::new(), Vec::new()).is_err());
    assert!(Sparse::new(vec![1_i64, 2], vec![1, 1], 5, Value::Int(0)).is_err());
    assert!(Sparse::new(vec![1_i64], vec![5], 5, Value::Int(0)).is_err());
    assert!(Index::range(0, 5, 0).is_err());
    assert!(Series::new(vec![1_i64], Index::of_len(2)).is_err());
    assert_eq!(Index::range(i64::MIN, i64::MAX, 2).unwrap().value(usize::MAX), None);
}

/// One array in many columns, each of which takes eight times its bytes.
#[test]
fn columns_that_share_an_array_are_limited() {
    let codes = array("|i1", &[1 << 16], &vec![0; 1 << 16]);
    let categories = call(
        "pandas.core.indexes.base",
        "_new_Index",
        vec![
            Value::global("pandas", "Index"),
            pickle!({"data": (array("<i8", &[1], &[0; 8])), "name": None}),
        ],
    );
    let dtype = Reduce::new_obj(Global::new("pandas", "CategoricalDtype"), Args::default())
        .with_state(pickle!({"categories": (categories), "ordered": false}));
    let state = pickle!({"_codes": (codes), "_dtype": (Value::from(dtype))});
    let column = Reduce::new_obj(Global::new("pandas", "Categorical"), Args::default());
    let column = Value::from(column.with_state(state));
    let blocks: Vec<_> = (0..1_000).map(|at| (column.clone(), slice(at, at + 1, 1))).collect();
    let of = |count: usize| frame(&blocks[..count], range(count as i64), range(1 << 16));
    assert_eq!(Frame::try_from(&of(5)).unwrap().columns().len(), 5);
    let error = Frame::try_from(&of(1_000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    // The thread is as it was.
    assert!(Frame::try_from(&of(5)).is_ok());
}

/// A long text in many rows, which the pickle has once.
#[test]
fn rows_do_not_multiply_what_they_share() {
    let long = "x".repeat(1 << 20);
    let codes = vec![0; 200_000];
    let column = Column::Categorical(Categorical::new(codes, vec![long.as_str()], false).unwrap());
    let frame = Frame::new([("c", column)]).unwrap();
    let mut bytes = 0;
    let error = frame.rows::<(String,)>().find_map(|row| match row {
        Ok((text,)) => {
            bytes += text.len();
            None
        }
        Err(error) => Some(error),
    });
    assert_eq!(error.unwrap().kind(), ErrorKind::Limit);
    assert!(bytes < 1 << 28, "{bytes}");
}

/// Bytes changed one at a time: an error or a frame, which can be read in every way.
#[test]
fn damaged_pickles_do_not_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut read = 0;
    for environment in environments() {
        for case in environment.cases.iter().filter(|case| case.what == "frame").step_by(7) {
            let pickle = environment.pickle(*case.pickles.last().unwrap());
            for _ in 0..40 {
                let mut damaged = pickle.to_vec();
                let at = random(damaged.len());
                damaged[at] = random(256) as u8;
                let Ok(frame) = serde_pickle::from_slice::<Frame>(&damaged) else { continue };
                read += 1;
                let _ = frame.rows::<serde_json::Value>().take(5).collect::<Vec<_>>();
                let _ = (frame.to_string(), serde_pickle::to_vec(&frame).unwrap());
                for column in frame.columns() {
                    let _ = column.values().take(5).collect::<Vec<_>>();
                }
            }
        }
    }
    assert!(read > 1_000, "{read}");
}
