//! Reads a pandas DataFrame or Series of plain columns: `cargo run --example dataframe [FILE]`.
//!
//! pandas has no format of its own in a pickle: a frame is an instance whose state has a manager of
//! blocks, a block is a two-dimensional numpy array of all columns of one dtype, and the axes are
//! index objects. Which classes and functions spell that changes with the version, so this looks at
//! their parts: `Value` shows every object by what `__reduce__` returned, and the arrays among them
//! are read as `NdArray` or straight into vectors. It knows pandas 1.3 to 3.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_pickle::python::numpy::{Kind, NdArray};
use serde_pickle::reduce::Reduce;
use serde_pickle::{Error, Value};

/// The values of one column.
#[derive(Debug, PartialEq)]
pub(crate) enum Column {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    /// Text; of times the ISO 8601 form.
    Text(Vec<Option<String>>),
}

/// A frame: its columns by name. Of a series the one column, under its own name or an empty one.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) columns: Vec<(String, Column)>,
    /// Labels of the rows, in Python's words.
    pub(crate) index: Vec<String>,
}

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Reads the bytes that `DataFrame.to_pickle` or `pickle.dumps` wrote.
pub(crate) fn read(bytes: &[u8]) -> Fallible<Frame> {
    let value: Value = serde_pickle::from_slice(bytes)?;
    let object = object(&value)?;
    let state = object.state.as_ref().ok_or("an object without state")?;
    let manager = state
        .get("_mgr")
        .or_else(|| state.get("_data"))
        .ok_or("no block manager: no pandas object")?;
    let manager = self::object(manager)?;
    match (&manager.args, &manager.state) {
        // BlockManager(blocks, axes)
        (Value::Tuple(args), _) if args.len() == 2 => frame(&args[0], &args[1]),
        // SingleBlockManager: axes, values, and the same again for older versions.
        (_, Some(Value::Tuple(parts))) if parts.len() >= 2 => {
            let name = state.get("_name").or_else(|| state.get("name"));
            let name = name.and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut columns = columns(&items(&parts[1])?[0])?;
            let column = columns.pop().ok_or("a series without values")?;
            Ok(Frame { columns: vec![(name, column)], index: labels(&items(&parts[0])?[0])? })
        }
        _ => Err("a block manager of an unknown version".into()),
    }
}

fn frame(blocks: &Value, axes: &Value) -> Fallible<Frame> {
    let [names, index] = items(axes)? else { return Err("a frame has two axes".into()) };
    let mut columns: Vec<(String, Option<Column>)> =
        labels(names)?.into_iter().map(|name| (name, None)).collect();
    for block in items(blocks)? {
        // (values, placement, number of dimensions)
        let args = items(&object(block)?.args)?;
        let [values, placement, ..] = args else {
            return Err("a block of an unknown version".into());
        };
        for (place, column) in places(placement)?.into_iter().zip(self::columns(values)?) {
            columns.get_mut(place).ok_or("a block beyond the columns")?.1 = Some(column);
        }
    }
    let whole = |(name, column): (String, Option<Column>)| Some((name, column?));
    let columns = columns
        .into_iter()
        .map(whole)
        .collect::<Option<Vec<_>>>()
        .ok_or("a column without a block")?;
    Ok(Frame { columns, index: labels(index)? })
}

/// The columns of a block: the rows of its array.
fn columns(values: &Value) -> Fallible<Vec<Column>> {
    let values = backing(values);
    let array = NdArray::deserialize(values)?;
    Ok(match array.dtype().kind() {
        Kind::Bool => rows(values, &array)?.into_iter().map(Column::Bool).collect(),
        Kind::Int | Kind::Uint => rows(values, &array)?.into_iter().map(Column::Int).collect(),
        Kind::Float => rows(values, &array)?.into_iter().map(Column::Float).collect(),
        _ => rows(values, &array)?.into_iter().map(Column::Text).collect(),
    })
}

/// A block has a dimension for its columns; a series and an extension array have not.
fn rows<T: DeserializeOwned>(values: &Value, array: &NdArray<'_>) -> Result<Vec<Vec<T>>, Error> {
    match array.shape() {
        [_, _] => Vec::deserialize(values),
        _ => Ok(vec![Vec::deserialize(values)?]),
    }
}

/// The numpy array in an array of pandas' own, such as those of times and of text: its state is
/// dtype, array, attributes.
fn backing(values: &Value) -> &Value {
    let state = values.as_object().and_then(|object| match &object.state {
        Some(Value::Tuple(state)) if state.len() <= 3 => Some(state),
        _ => None,
    });
    state
        .and_then(|state| state.iter().find(|part| NdArray::deserialize(*part).is_ok()))
        .unwrap_or(values)
}

/// Where the columns of a block stand in the frame: a slice, or an array of numbers.
fn places(placement: &Value) -> Fallible<Vec<usize>> {
    if let Ok(places) = Vec::<usize>::deserialize(placement)
        && NdArray::deserialize(placement).is_ok()
    {
        return Ok(places);
    }
    let (start, stop, step) = <(usize, usize, usize)>::deserialize(&object(placement)?.args)?;
    Ok((start..stop).step_by(step.max(1)).collect())
}

/// The labels of an axis: `_new_Index(class, {'data': …})`, or start, stop and step of a range.
fn labels(axis: &Value) -> Fallible<Vec<String>> {
    let args = items(&object(axis)?.args)?;
    let parts = args.get(1).ok_or("an index of an unknown version")?;
    if let Some(data) = parts.get("data") {
        let labels = Vec::<Value>::deserialize(backing(data))?;
        return Ok(labels
            .into_iter()
            .map(|label| label.as_str().map_or_else(|| label.to_string(), str::to_owned))
            .collect());
    }
    let part = |name: &str| {
        parts.get(name).and_then(Value::as_i64).ok_or("an index that is neither data nor a range")
    };
    let (start, stop, step) = (part("start")?, part("stop")?, part("step")?);
    let step =
        usize::try_from(step).ok().filter(|&step| step > 0).ok_or("a range that goes down")?;
    Ok((start..stop).step_by(step).map(|label| label.to_string()).collect())
}

fn object(value: &Value) -> Fallible<&Reduce> {
    value.as_object().ok_or_else(|| "an object was expected".into())
}

fn items(value: &Value) -> Fallible<&[Value]> {
    match value {
        Value::Tuple(items) | Value::List(items) => Ok(items),
        _ => Err("a list or tuple was expected".into()),
    }
}

fn main() -> Fallible<()> {
    let default =
        concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/numpy/pandas/frame_mixed-py3.13-p5.pkl");
    let file = std::env::args().nth(1).unwrap_or_else(|| default.to_owned());
    let frame = read(&std::fs::read(&file)?)?;
    println!("{file}: {} rows", frame.index.len());
    println!("index: {:?}", frame.index);
    for (name, column) in &frame.columns {
        println!("{name}: {column:?}");
    }
    Ok(())
}
