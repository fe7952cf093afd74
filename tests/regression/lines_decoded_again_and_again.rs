//! A number in a line of text may have a megabyte of zeros, and was decoded for each reference to
//! it at no cost: two bytes of input for a millisecond of work. Binary longs padded with zeros were
//! copied in the same way.

use serde::Deserialize;
use serde_pickle::{DeOptions, ErrorKind, Value};

fn fetched(number: &[u8], times: usize) -> Vec<u8> {
    [number, b"q\x000](", &b"h\0".repeat(times), b"e."].concat()
}

fn numbers() -> [Vec<u8>; 4] {
    let zeros = "0".repeat(20_000);
    [
        format!("I0x{zeros}12345\n").into_bytes(),
        format!("L{}70000L\n", " ".repeat(20_000)).into_bytes(),
        format!("F0.{zeros}1\n").into_bytes(),
        [b"\x8b\x20\x4e\0\0\x01".as_slice(), &[0; 19_999]].concat(),
    ]
}

fn read<T: for<'de> Deserialize<'de>>(pickle: &[u8]) -> Result<T, ErrorKind> {
    DeOptions::new().max_expansion(2 << 20).from_slice(pickle).map_err(|error| error.kind())
}

#[test]
fn each_look_at_them_counts() {
    for number in numbers() {
        for (times, fits) in [(90, true), (120, false), (10_000, false)] {
            let pickle = fetched(&number, times);
            let limit = if fits { Ok(times) } else { Err(ErrorKind::Limit) };
            assert_eq!(read::<Vec<f64>>(&pickle).map(|floats| floats.len()), limit);
            assert_eq!(read::<Vec<Value>>(&pickle).map(|values| values.len()), limit);
            assert_eq!(read::<Vec<serde_json::Value>>(&pickle).map(|values| values.len()), limit);
            if !number.starts_with(b"F") {
                assert_eq!(read::<Vec<i64>>(&pickle).map(|ints| ints.len()), limit);
            }
        }
    }
}

#[test]
fn one_look_is_free() {
    for number in numbers() {
        let pickle = [number, b".".to_vec()].concat();
        let options = DeOptions::new().max_expansion(0);
        options.from_slice::<Value>(&pickle).unwrap();
        options.from_slice::<f64>(&pickle).unwrap();
        options.from_slice::<serde_json::Value>(&pickle).unwrap();
    }
}
