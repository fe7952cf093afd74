//! Wrappers around an element of a numpy array, or around a part of a reduce value, were not
//! counted, so that a type that wraps itself without end overflowed the stack.

use serde_derive::Deserialize;
use serde_pickle::{ErrorKind, from_slice};

#[derive(Debug, Deserialize)]
struct Endless(#[allow(dead_code)] Option<Box<Endless>>);

fn array(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/numpy/arrays/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn they_are_a_limit_for_numbers_records_and_the_array_itself() {
    for name in ["big_endian_int32-py3.13-p4.pkl", "structured-py3.11-p2.pkl"] {
        let pickle = array(name);
        assert_eq!(
            from_slice::<Vec<Endless>>(&pickle).unwrap_err().kind(),
            ErrorKind::Limit,
            "{name}"
        );
        assert_eq!(from_slice::<Endless>(&pickle).unwrap_err().kind(), ErrorKind::Limit, "{name}");
    }
}

#[test]
fn a_few_are_none() {
    let numbers: Vec<Option<Option<i64>>> =
        from_slice(&array("big_endian_int32-py3.13-p4.pkl")).unwrap();
    assert!(numbers.iter().all(|number| matches!(number, Some(Some(_)))));
}
