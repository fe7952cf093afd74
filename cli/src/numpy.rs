//! Arrays and scalars of numpy, in a line.

use serde::Deserialize;
use serde_pickle::python::numpy::{Dtype, Kind, NdArray};
use serde_pickle::{Node, Value};

use crate::paint::{FAINT, NAME, NUMBER, PLAIN, Spans, grouped};

/// An array of numpy: dtype, shape, and its first elements; a scalar as numpy prints it.
pub(crate) fn array(node: Node<'_>, is_scalar: bool) -> Option<Spans> {
    const SHOWN: usize = 6;
    let array = NdArray::deserialize(node).ok()?;
    let mut spans = match scalar_name(array.dtype()).filter(|_| is_scalar) {
        Some(name) => {
            let mut spans = Spans::of(NAME, format!("numpy.{name}"));
            spans.push(PLAIN, "(");
            spans
        }
        None => {
            let mut spans = Spans::of(NAME, "numpy.ndarray");
            spans.push(PLAIN, format!("({} {}: ", array.dtype(), shape(array.shape())));
            spans
        }
    };
    let shown: Vec<String> = match array.iter::<i64>().take(SHOWN).collect::<Result<Vec<_>, _>>() {
        Ok(ints) => ints.iter().map(i64::to_string).collect(),
        Err(_) => match array.iter::<f64>().take(SHOWN).collect::<Result<Vec<_>, _>>() {
            Ok(floats) => floats.iter().map(|float| Value::from(*float).to_string()).collect(),
            Err(_) => Vec::new(),
        },
    };
    spans.push(NUMBER, shown.join(", "));
    if shown.len() < array.len() {
        let more = grouped((array.len() - shown.len()) as u64);
        spans.push(
            FAINT,
            if shown.is_empty() {
                format!("{more} elements")
            } else {
                format!(", … {more} more")
            },
        );
    }
    spans.push(PLAIN, ")");
    Some(spans)
}

/// The name of the class of a number, with its bits: `float64`.
fn scalar_name(dtype: &Dtype) -> Option<String> {
    let kind = match dtype.kind() {
        Kind::Bool => return Some("bool_".to_owned()),
        Kind::Int => "int",
        Kind::Uint => "uint",
        Kind::Float => "float",
        _ => return None,
    };
    Some(format!("{kind}{}", dtype.itemsize() * 8))
}

fn shape(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    match &sizes[..] {
        [one] => format!("({one},)"),
        sizes => format!("({})", sizes.join(", ")),
    }
}
