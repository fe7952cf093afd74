//! A NaN that was fetched from the memo and used as a key again was a second key, and an object
//! used twice was refused as two that look alike. Python finds a key by identity before it asks for
//! equality.

use serde_pickle::{ErrorKind, Value, from_slice};

const NAN: &[u8] = b"G\x7f\xf8\0\0\0\0\0\0";

fn show(parts: &[&[u8]]) -> String {
    match from_slice::<Value>(&parts.concat()) {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn one_nan_is_one_key_and_two_are_two() {
    assert_eq!(show(&[NAN, b"q\x000}(h\x00K\x01h\x00K\x02K\x07K\x08u."]), "{nan: 2, 7: 8}");
    assert_eq!(show(&[b"}(", NAN, b"K\x01", NAN, b"K\x02u."]), "{nan: 1, nan: 2}");
    assert_eq!(show(&[NAN, b"q\x000}h\x00K\x01sK\x07K\x08sh\x00K\x02s."]), "{nan: 2, 7: 8}");
}

#[test]
fn one_nan_is_one_member_of_a_set_however_the_set_is_made() {
    assert_eq!(show(&[b"\x80\x04", NAN, b"q\x000\x8f(h\x00K\x01h\x00\x90."]), "{nan, 1}");
    assert_eq!(show(&[b"\x80\x04", NAN, b"q\x000(h\x00K\x01h\x00\x91."]), "frozenset({nan, 1})");
    let call = b"q\x000c__builtin__\nset\n(h\x00K\x01h\x00l\x85R.";
    assert_eq!(show(&[NAN, call]), "{nan, 1}");
}

#[test]
fn one_object_is_one_key_and_two_that_look_alike_are_not_lost() {
    let point = b"cshapes\nPoint\n)\x81";
    assert_eq!(show(&[point, b"q\x000}(h\x00K\x01h\x00K\x02u."]), "{shapes.Point(): 2}");
    assert_eq!(show(&[point, b"q\x000\x80\x04\x8f(h\x00h\x00\x90."]), "{shapes.Point()}");
    let error = from_slice::<Value>(&[b"}(" as &[u8], point, b"K\x01", point, b"K\x02u."].concat())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn one_tuple_with_a_nan_is_one_key() {
    assert_eq!(show(&[NAN, b"\x85q\x000}(h\x00K\x01h\x00K\x02u."]), "{(nan,): 2}");
    assert_eq!(
        show(&[b"\x80\x04(", NAN, b"\x91\x940}(h\x00K\x01h\x00K\x02u."]),
        "{frozenset({nan}): 2}"
    );
}

#[test]
fn one_persistent_id_that_is_a_nan_is_one_key() {
    assert_eq!(show(&[b"\x80\x04(", NAN, b"Q2\x91."]), "frozenset({<persistent id nan>})");
    assert_eq!(
        show(&[b"\x80\x04}(", NAN, b"Q\x940h\x00K\x01h\x00K\x02u."]),
        "{<persistent id nan>: 2}"
    );
}
