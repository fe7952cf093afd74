//! Scalars of numpy within a [`Value`]: the plain number or text that each equals in Python.
//!
//! A scalar is pickled as a call, `scalar(dtype, bytes)`, so in a `Value` it is an object. In
//! Python it equals the plain value and has its hash: `{np.int64(1): 'a'}[1]` is `'a'`. `key.rs`
//! and `cast.rs` ask here. Times, records and long doubles equal no plain value and stay objects.
//!
//! Each look decodes a few bytes again. The cost is bounded by the payload, which hashing or
//! comparing the object would look through too.

use std::borrow::Cow;

use super::{Complex, Value};
use crate::reduce::{How, Reduce};
use crate::stdlib::numpy::{bits, chars, float, signed, text};

/// The longest text of a dtype that is parsed; those of scalars have a letter and digits.
const DTYPE_TEXT: usize = 24;

/// The letter of a dtype, the number of bytes of an element, and their order.
struct Dtype {
    letter: char,
    size: usize,
    big: bool,
}

/// The plain value that `object` equals in Python, if it is a scalar of numpy.
pub(super) fn plain(object: &Reduce) -> Option<Value> {
    let (Dtype { letter, size, big }, data) = parts(object)?;
    Some(match (letter, size) {
        ('b' | '?', 1) => Value::Bool(data.first() != Some(&0)),
        ('i', 1 | 2 | 4 | 8) => Value::Int(signed(&data, big)),
        ('u', 1 | 2 | 4 | 8) => Value::from(bits(&data, big)),
        ('f', _) => Value::Float(float(&data, big)?),
        ('c', _) => {
            let (real, imaginary) = data.split_at(data.len() / 2);
            Complex::new(float(real, big)?, float(imaginary, big)?).into()
        }
        ('S' | 'a', _) => Value::Bytes(chars(&data).to_vec()),
        ('U', _) => Value::Str(text(&data, big)?),
        _ => return None,
    })
}

/// The bytes of an `np.bytes_`, without the zeros at their end.
pub(super) fn bytes(object: &Reduce) -> Option<&[u8]> {
    match parts(object)? {
        (Dtype { letter: 'S' | 'a', .. }, Cow::Borrowed(data)) => Some(chars(data)),
        _ => None,
    }
}

/// The dtype of a scalar, and its bytes, which are as many as the dtype says.
fn parts(object: &Reduce) -> Option<(Dtype, Cow<'_, [u8]>)> {
    if object.how() != How::Call || object.state.is_some() {
        return None;
    }
    let function = object.class()?;
    let is_scalar = function.qualname == "scalar"
        && matches!(&*function.module, "numpy._core.multiarray" | "numpy.core.multiarray");
    let [Value::Object(dtype), data] = &object.args[..] else { return None };
    if !is_scalar {
        return None;
    }
    let mut dtype = dtype_of(dtype)?;
    let data = match data {
        Value::Bytes(data) => Cow::Borrowed(&**data),
        // An 8-bit string of Python 2 that was taken for text.
        Value::Str(text) => {
            let latin1: Option<Vec<u8>> =
                text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            Cow::Owned(latin1?)
        }
        _ => return None,
    };
    // The dtype of text may have its length only in the state.
    if dtype.size == 0 && matches!(dtype.letter, 'S' | 'a' | 'U') {
        dtype.size = data.len();
    }
    (dtype.size == data.len()).then_some((dtype, data))
}

/// A dtype without parts: `numpy.dtype(text, …)`, with the order of bytes in its state.
fn dtype_of(object: &Reduce) -> Option<Dtype> {
    let class = object.class()?;
    if (&*class.module, &*class.qualname) != ("numpy", "dtype") {
        return None;
    }
    let text = text_of(object.args.first()?).filter(|text| text.len() <= DTYPE_TEXT)?;
    let (order, text) = match text.strip_prefix(['<', '|', '>']) {
        Some(rest) => (text.get(..1)?, rest),
        None => ("<", text),
    };
    let order = match object.state.as_deref() {
        Some(Value::Tuple(state)) => text_of(state.get(1)?)?,
        _ => order,
    };
    let mut letters = text.chars();
    let letter = letters.next()?;
    let size = match letters.as_str() {
        "" if letter == '?' => 1,
        // A character has four bytes.
        digits if letter == 'U' => digits.parse::<usize>().ok()?.checked_mul(4)?,
        digits => digits.parse().ok()?,
    };
    Some(Dtype { letter, size, big: order == ">" })
}

/// A text, also an 8-bit string of Python 2.
fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Str(text) => Some(text),
        Value::Bytes(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}
