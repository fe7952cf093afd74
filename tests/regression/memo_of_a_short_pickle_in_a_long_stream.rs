//! A memo could be as long as the input, and the input of a stream in a slice is the whole slice:
//! each pickle of seven bytes made a memo of megabytes, and a stream took the square of its length.

use serde::de::IgnoredAny;
use serde_pickle::{Deserializer, Value};

#[test]
fn a_high_index_costs_an_entry_and_is_found_again() {
    const PICKLES: u32 = 200_000;
    let pickle = [b"Nr".as_slice(), &(7 * PICKLES - 1).to_le_bytes(), b"."].concat();
    let stream = pickle.repeat(PICKLES as usize);
    let count =
        Deserializer::from_slice(&stream).into_iter::<IgnoredAny>().filter(Result::is_ok).count();
    assert_eq!(count, PICKLES as usize);

    let stored = b"K\x07r\x09\0\0\x000j\x09\0\0\0.".repeat(3);
    let values: Vec<Value> =
        Deserializer::from_slice(&stored).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(values, [Value::Int(7), Value::Int(7), Value::Int(7)]);
    // With a memo that lives on, whatever index the next pickle counts on from.
    let stored = b"K\x07r\x09\0\0\0.j\x09\0\0\0q\x010h\x01.\x80\x04]\x94h\x02.";
    let kept: Vec<Value> = Deserializer::from_slice(stored)
        .keep_memo(true)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(kept, [Value::Int(7), Value::Int(7), Value::List(vec![])]);
}
