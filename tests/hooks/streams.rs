//! Several pickles in a row.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde::Deserialize;
use serde_pickle::{Deserializer, ErrorKind, Value};

use super::{Entry, topic};

/// Gives a byte at a time.
struct Slow<R>(R);

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = buffer.len().min(1);
        self.0.read(&mut buffer[..len])
    }
}

fn keeps(entry: &Entry) -> bool {
    entry.memo.as_deref() == Some("kept")
}

/// The values that a tree can hold: rings cannot.
fn trees() -> impl Iterator<Item = Entry> {
    topic("streams")
        .into_iter()
        .filter(|entry| entry.values.as_ref().is_some_and(|values| !values.is_null()))
}

/// A value as the manifest says it: instances by their attributes.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Object(object) => json(object.state.as_deref().unwrap()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Dict(dict) => dict
            .iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), json(value)))
            .collect(),
        _ => serde_json::to_value(value).unwrap(),
    }
}

#[test]
fn each_dump_is_read_where_it_lies() {
    let mut compared = 0;
    for entry in trees() {
        let bytes = entry.bytes();
        let offsets = entry.offsets.clone().unwrap();
        let expected = entry.values.clone().unwrap();
        let end = entry.end.unwrap_or(bytes.len() as u64);
        let (mut found, mut starts) = (Vec::new(), Vec::new());
        let mut pickles = Deserializer::from_slice(&bytes).keep_memo(keeps(&entry));
        while pickles.byte_offset() < end {
            starts.push(pickles.byte_offset());
            found.push(json(&Value::deserialize(&mut pickles).unwrap()));
        }
        assert_eq!(serde_json::Value::from(found), expected, "{}", entry.file);
        assert_eq!(starts, offsets, "{}", entry.file);
        assert_eq!(pickles.end().is_ok(), entry.end.is_none());

        let (mut found, mut starts) = (Vec::new(), Vec::new());
        let mut pickles = Deserializer::from_reader(Slow(&bytes[..])).keep_memo(keeps(&entry));
        while pickles.byte_offset() < end {
            starts.push(pickles.byte_offset());
            found.push(json(&Value::deserialize(&mut pickles).unwrap()));
        }
        assert_eq!(serde_json::Value::from(found), expected, "{} from a reader", entry.file);
        assert_eq!(starts, offsets, "{} from a reader", entry.file);
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn a_stream_that_was_written_with_one_memo_needs_it_for_reading() {
    let bytes = super::case("streams/shared_kept", 2).bytes();
    let mut pickles = Deserializer::from_slice(&bytes).into_iter::<Value>();
    assert!(pickles.next().unwrap().is_ok());
    let error = pickles.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax);
    assert!(pickles.next().is_none(), "nothing follows an error");
    let all: Result<Vec<Value>, _> =
        Deserializer::from_slice(&bytes).keep_memo(true).into_iter().collect();
    assert_eq!(all.unwrap().len(), 3);
}

#[test]
fn what_a_reader_held_before_is_there_when_a_later_dump_refers_to_it() {
    let bytes = super::case("streams/shared_kept", 2).bytes();
    type Third = (Vec<String>, Vec<String>);
    let mut pickles = Deserializer::from_reader(Cursor::new(&bytes)).keep_memo(true);
    assert_eq!(Vec::<String>::deserialize(&mut pickles).unwrap(), ["inner"]);
    assert_eq!(
        BTreeMap::<String, Vec<String>>::deserialize(&mut pickles).unwrap()["again"],
        ["inner"]
    );
    assert_eq!(Third::deserialize(&mut pickles).unwrap().1, ["inner"]);
    pickles.end().unwrap();
}

#[test]
fn rings_over_several_dumps_are_an_error_that_says_so() {
    for protocol in [0, 2, 4] {
        let bytes = super::case("streams/ring_kept", protocol).bytes();
        let mut pickles = Deserializer::from_slice(&bytes).keep_memo(true);
        let error = Value::deserialize(&mut pickles).unwrap_err();
        assert!(error.to_string().contains("contains itself"), "{error}");
        // The stream itself stands behind that pickle.
        assert!(pickles.byte_offset() > 0);
    }
}

#[test]
fn the_end_of_the_input_is_told_from_a_pickle_that_is_cut_short() {
    let whole = super::case("streams/mixed_protocols", 5).bytes();
    let count = Deserializer::from_slice(&whole).into_iter::<Value>().filter(Result::is_ok).count();
    assert_eq!(count, 6);
    let cut = &whole[..whole.len() - 1];
    for last in [
        Deserializer::from_slice(cut).into_iter::<Value>().last().unwrap(),
        Deserializer::from_reader(Slow(cut)).into_iter::<Value>().last().unwrap(),
    ] {
        let error = last.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Eof);
        assert!(error.offset().unwrap() >= 64, "in the stream, not in the pickle: {error}");
    }
    assert_eq!(Deserializer::from_slice(b"").into_iter::<Value>().count(), 0);
    assert_eq!(Deserializer::from_reader(&b""[..]).into_iter::<Value>().count(), 0);
    assert_eq!(serde_pickle::from_slice::<Value>(b"").unwrap_err().kind(), ErrorKind::Eof);
}

#[test]
fn a_reader_is_left_behind_the_pickle() {
    for entry in topic("streams").into_iter().filter(|entry| entry.end.is_some()) {
        let bytes = entry.bytes();
        let mut reader = Cursor::new(&bytes);
        serde_pickle::from_reader::<_, Value>(&mut reader).unwrap();
        assert_eq!(reader.position(), entry.end.unwrap(), "{}", entry.file);
    }
}

#[test]
fn elements_are_made_one_at_a_time() {
    use std::cell::Cell;

    thread_local! { static ALIVE: Cell<u32> = const { Cell::new(0) }; }
    struct Counted(u32);
    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            ALIVE.set(ALIVE.get() + 1);
            u32::deserialize(deserializer).map(Self)
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.set(ALIVE.get() - 1);
        }
    }
    // In batches of 1,000, as CPython writes it.
    let bytes = serde_pickle::to_vec(&(0..2_500_u32).collect::<Vec<_>>()).unwrap();
    let mut pickles = Deserializer::from_slice(&bytes);
    let mut sum = 0;
    for element in pickles.elements::<Counted>().unwrap() {
        sum += element.unwrap().0;
        assert_eq!(ALIVE.get(), 0);
    }
    assert_eq!(sum, 2_499 * 1_250);
    pickles.end().unwrap();
    let mut pickles = Deserializer::from_reader(Slow(&bytes[..]));
    assert_eq!(pickles.elements::<u32>().unwrap().map(Result::unwrap).sum::<u32>(), sum);
    pickles.end().unwrap();
}

#[test]
fn elements_of_several_dumps_with_one_memo() {
    let bytes = super::case("streams/shared_kept", 4).bytes();
    let mut pickles = Deserializer::from_slice(&bytes).keep_memo(true);
    let first: Vec<&str> = pickles.elements().unwrap().map(Result::unwrap).collect();
    assert_eq!(first, ["inner"]);
    let error = pickles.elements::<Value>().unwrap_err();
    assert_eq!(error.to_string(), "expected a list, tuple or set, found a dict, at byte 34");
    let third: Vec<Vec<&str>> = pickles.elements().unwrap().map(Result::unwrap).collect();
    assert_eq!(third, [["inner"], ["inner"]]);
}

#[test]
fn an_element_that_does_not_fit_says_where_and_the_others_are_there() {
    let bytes = serde_pickle::to_vec(&vec![1, 300, 2]).unwrap();
    let mut pickles = Deserializer::from_slice(&bytes);
    let elements: Vec<Result<u8, _>> = pickles.elements().unwrap().collect();
    assert_eq!(elements.len(), 3);
    assert_eq!(elements[1].as_ref().unwrap_err().path().as_deref(), Some("[1]"));
    assert_eq!(*elements[2].as_ref().unwrap(), 2);
}

#[test]
fn elements_share_one_expansion_budget() {
    // A string of 100 bytes, and a list of 200 references to it.
    let mut bytes = b"X\x64\0\0\0".to_vec();
    bytes.extend([b'a'; 100]);
    bytes.extend(b"q\x00](");
    bytes.extend(b"h\x00".repeat(200));
    bytes.extend(b"e.");
    let options = serde_pickle::DeOptions::new().max_expansion(5_000);
    let mut pickles = Deserializer::from_slice(&bytes).with_options(options);
    let results: Vec<Result<String, _>> = pickles.elements().unwrap().collect();
    assert!(results[0].is_ok());
    assert_eq!(results[199].as_ref().unwrap_err().kind(), ErrorKind::Limit);
}
