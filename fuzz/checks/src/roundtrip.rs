//! Values through every way of writing, and back: equal, by every way of reading.
//!
//! The input becomes values by `arbitrary`: derived types, and `Value`s of every kind, objects
//! included.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Result, Unstructured};
use num_bigint::BigInt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_pickle::reduce::{Args, Global, How, Reduce};
use serde_pickle::value::Complex;
use serde_pickle::{
    DeOptions, Deserializer, Dict, Error, ErrorKind, Graph, Protocol, SerOptions, Serializer, Set,
    Value,
};

use crate::types::Rich;

/// Panics where a value that `input` stands for does not come back.
pub fn check(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let _ = run(&mut input);
}

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let options = SerOptions::new()
        .protocol(*input.choose(&Protocol::ALL)?)
        .memoize_strings(bool::arbitrary(input)?)
        .framing(bool::arbitrary(input)?)
        .fix_imports(bool::arbitrary(input)?);
    if bool::arbitrary(input)? {
        let value = value(input, 5)?;
        comes_back(&options, &value);
        several(&options, &[value, self::value(input, 3)?]);
        converts(&self::value(input, 4)?);
    } else {
        let value = Rich::arbitrary(input)?;
        comes_back(&options, &value);
        several(&options, &[value, Rich::arbitrary(input)?]);
    }
    Ok(())
}

/// An int of thousands of digits, at a protocol that writes ints in decimal.
fn is_too_long(error: &Error) -> bool {
    error.to_string().contains("decimal digits cannot be read by Python")
}

/// Written by every verb, read by every verb.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    options: &SerOptions,
    value: &T,
) {
    let pickle = match options.to_vec(value) {
        Ok(pickle) => pickle,
        Err(error) if is_too_long(&error) => return,
        Err(error) => panic!("cannot be written: {error}\n{value:?}"),
    };
    let mut written = Vec::new();
    options.to_writer(&mut written, value).expect("a Vec takes everything");
    assert_eq!(pickle, written, "to_vec and to_writer differ");
    let reading = DeOptions::new().max_int_digits(usize::MAX);
    let same = |what: &str, back: serde_pickle::Result<T>| match back {
        Ok(back) if back == *value => {}
        // A type that contains itself may be too deep.
        Err(error) if error.kind() == ErrorKind::Limit => {}
        back => panic!("{what}: {back:?}\ninstead of {value:?}\n{}", pickle.escape_ascii()),
    };
    same("from_slice", reading.from_slice(&pickle));
    same("from_reader", reading.from_reader(&*pickle));
    let graph = match reading.graph_from_slice(&pickle) {
        // The name of a global may be longer than a reader takes.
        Err(error)
            if error.kind() == ErrorKind::Limit && reading.from_slice::<T>(&pickle).is_err() =>
        {
            return;
        }
        graph => graph.expect("what reads as a value reads as a graph"),
    };
    same("from a graph", T::deserialize(graph.root()));
    let again = options
        .graph_to_vec(&graph)
        .unwrap_or_else(|error| panic!("a graph cannot be written: {error}\n{value:?}"));
    same("from a graph that was written again", reading.from_slice(&again));
    // The graph of what a graph was written as is written as the same bytes.
    let second = reading.graph_from_slice(&again).expect("what reads as a value reads as a graph");
    assert_eq!(options.graph_to_vec(&second).ok(), Some(again), "writing a graph is not stable");
    let untyped: Value =
        reading.from_slice(&pickle).expect("what reads as a type reads as a Value");
    same("from the Value that was read", serde_pickle::from_value(untyped));
}

/// Several dumps of one Serializer, with the memo kept.
fn several<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    options: &SerOptions,
    values: &[T],
) {
    let mut serializer = Serializer::with_options(Vec::new(), options);
    for value in values {
        match value.serialize(&mut serializer) {
            Err(error) if is_too_long(&error) => return,
            written => written.expect("each can be written alone"),
        }
    }
    let stream = serializer.into_inner();
    let reading = DeOptions::new().max_int_digits(usize::MAX);
    let deserializer =
        Deserializer::from_slice(&stream).with_options(reading.clone()).keep_memo(true);
    same_stream(deserializer.into_iter(), values);
    let deserializer = Deserializer::from_reader(&*stream).with_options(reading).keep_memo(true);
    same_stream(deserializer.into_iter(), values);
}

fn same_stream<T: PartialEq + Debug>(
    stream: impl Iterator<Item = serde_pickle::Result<T>>,
    values: &[T],
) {
    match stream.collect::<serde_pickle::Result<Vec<T>>>() {
        Ok(back) if back == values => {}
        Err(error) if error.kind() == ErrorKind::Limit => {}
        back => panic!("a stream: {back:?}\ninstead of {values:?}"),
    }
}

/// Through `to_value`, which writes no bytes.
fn converts(value: &Value) {
    let back = serde_pickle::to_value(value);
    assert!(
        back.as_ref().is_ok_and(|back| back == value),
        "to_value: {back:?}\ninstead of {value:?}"
    );
    let graph = serde_pickle::to_vec(value)
        .map(|bytes| Graph::from_slice(&bytes).map(|graph| graph.root().to_value()));
    assert!(
        matches!(&graph, Ok(Ok(Ok(back))) if back == value),
        "by a graph: {graph:?}\ninstead of {value:?}"
    );
}

/// Any value, `depth` levels deep. No NaN, which is equal to nothing.
fn value(input: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    let kind = input.int_in_range(0..=if depth == 0 { 8 } else { 17 })?;
    Ok(match kind {
        0 => Value::ByteArray(Vec::arbitrary(input)?),
        1..=8 => scalar(input, kind)?,
        9 => Value::List(values(input, depth - 1)?),
        10 => Value::Tuple(values(input, depth - 1)?),
        11 | 12 => Value::Dict(dict(input, depth - 1)?),
        13 => Value::Set(set(input)?),
        14 => Value::FrozenSet(set(input)?),
        15 => Value::from(global(input)?),
        16 => Value::PersistentId(Box::new(Value::Str(line(input)?))),
        _ => Value::Object(std::sync::Arc::new(object(input, depth - 1)?)),
    })
}

fn scalar(input: &mut Unstructured<'_>, kind: u8) -> Result<Value> {
    Ok(match kind {
        1 => Value::None,
        2 => Value::Bool(bool::arbitrary(input)?),
        3 => Value::Int(i64::arbitrary(input)?),
        4 => Value::from(BigInt::from_signed_bytes_le(input.arbitrary()?)),
        5 => match f64::arbitrary(input)? {
            float if float.is_nan() => Value::Float(-0.0),
            float => Value::Float(float),
        },
        6 => {
            let bytes: Vec<u8> = Vec::arbitrary(input)?;
            Value::text(bytes.clone()).unwrap_or_else(|_| Value::Bytes(bytes))
        }
        7 => Value::Bytes(Vec::arbitrary(input)?),
        _ => Value::from(Complex::new(f64::from(i32::arbitrary(input)?), 0.5)),
    })
}

fn values(input: &mut Unstructured<'_>, depth: usize) -> Result<Vec<Value>> {
    (0..input.int_in_range(0..=5)?).map(|_| value(input, depth)).collect()
}

/// A value that can be a key.
fn key(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match input.int_in_range(1..=10)? {
        kind @ 1..=8 => scalar(input, kind)?,
        9 => Value::Tuple(
            (0..input.int_in_range(0..=2)?).map(|_| key(input)).collect::<Result<_>>()?,
        ),
        _ => Value::FrozenSet(set(input)?),
    })
}

fn set(input: &mut Unstructured<'_>) -> Result<Set> {
    let mut set = Set::default();
    for _ in 0..input.int_in_range(0..=3)? {
        set.try_insert(key(input)?).expect("keys can be hashed");
    }
    Ok(set)
}

fn dict(input: &mut Unstructured<'_>, depth: usize) -> Result<Dict> {
    let mut dict = Dict::default();
    for _ in 0..input.int_in_range(0..=4)? {
        dict.try_insert(key(input)?, value(input, depth)?).expect("keys can be hashed");
    }
    Ok(dict)
}

/// Text that fits a line of protocol 0.
fn line(input: &mut Unstructured<'_>) -> Result<String> {
    Ok(input.arbitrary::<&str>()?.chars().filter(char::is_ascii_alphanumeric).collect())
}

/// A name: dotted at times.
fn global(input: &mut Unstructured<'_>) -> Result<Global> {
    let dotted = if bool::arbitrary(input)? { ".Inner" } else { "" };
    Ok(Global::new(format!("m{}", line(input)?), format!("C{}{dotted}", line(input)?)))
}

fn object(input: &mut Unstructured<'_>, depth: usize) -> Result<Reduce> {
    let class = global(input)?;
    let args = Args::from(values(input, depth)?);
    let mut object = match input.choose(&[How::Call, How::NewObj, How::NewObjEx, How::Inst])? {
        How::NewObj => Reduce::new_obj(class, args),
        How::NewObjEx => {
            let mut keywords = Dict::default();
            for _ in 0..input.int_in_range(1..=2)? {
                keywords
                    .try_insert(line(input)?, value(input, depth)?)
                    .expect("text can be hashed");
            }
            Reduce::new_obj_ex(class, args, keywords)
        }
        How::Inst => Reduce::inst(class, args),
        _ => Reduce::call(class, args),
    };
    if bool::arbitrary(input)? {
        object = object.with_listitems(values(input, depth)?);
    }
    if bool::arbitrary(input)? {
        object = object.with_dictitems(dict(input, depth)?);
    }
    if bool::arbitrary(input)? {
        // A state that is false is not written, as in Python.
        object = object.with_state(Box::new(Value::Tuple(vec![value(input, depth)?])));
    }
    Ok(object)
}
