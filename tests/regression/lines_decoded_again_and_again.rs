//! A number in a line of text may have a megabyte of zeros, and was decoded for each reference to
//! it at no cost: two bytes of input for a millisecond of work. Binary longs padded with zeros were
//! copied in the same way.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
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

/// A type that goes on behind errors met the same line again and again, each time with a search for
/// its end, which tells what to count: 7 MB took two minutes.
#[test]
fn the_end_of_a_line_is_not_searched_for_once_the_budget_is_spent() {
    /// The items that can be read, and how many cannot.
    #[derive(Debug)]
    struct Lenient<T>(Vec<T>, usize);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Items<T>(Lenient<T>);

            impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
                type Value = Lenient<T>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a list")
                }

                fn visit_seq<A: SeqAccess<'de>>(
                    mut self,
                    mut seq: A,
                ) -> Result<Lenient<T>, A::Error> {
                    loop {
                        match seq.next_element() {
                            Ok(Some(item)) => self.0.0.push(item),
                            Ok(None) => return Ok(self.0),
                            Err(_) => self.0.1 += 1,
                        }
                    }
                }
            }

            deserializer.deserialize_seq(Items(Lenient(Vec::new(), 0)))
        }
    }

    /// The units of work of reading it.
    fn units<T: for<'de> Deserialize<'de>>(pickle: &[u8]) -> u64 {
        let before = serde_pickle::__units();
        match DeOptions::new().max_expansion(1 << 20).from_slice::<Lenient<T>>(pickle) {
            Ok(Lenient(read, failed)) => assert_eq!(read.len() + failed, 2_000),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Limit, "{error}"),
        }
        serde_pickle::__units() - before
    }

    let (len, times) = (200_000, 2_000);
    let filler = |of: &str| of.repeat(len / of.len());
    let lines = [
        format!("V{}\n", filler("x")),
        format!("V{}\n", filler("\\u0041")),
        format!("S'{}'\n", filler("x")),
        format!("I0x{}1\n", filler("0")),
        format!("L{}1L\n", filler(" ")),
        format!("F0.{}1\n", filler("0")),
        format!("P{}\n", filler("x")),
        format!("}}V{}\nNs", filler("x")),
        format!("cdecimal\nDecimal\n(V{}\ntR", filler("1")),
    ];
    for line in lines {
        let pickle = fetched(line.as_bytes(), times);
        let most = 10 * (times + len) as u64;
        let all = [
            units::<String>(&pickle),
            units::<Value>(&pickle),
            units::<f64>(&pickle),
            units::<serde_json::Value>(&pickle),
            units::<BTreeMap<String, IgnoredAny>>(&pickle),
            units::<serde_bytes::ByteBuf>(&pickle),
        ];
        assert!(all.iter().all(|&units| units < most), "{all:?} for {:.9}", line);
    }
}
