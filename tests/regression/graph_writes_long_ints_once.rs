//! No pickler shares ints, so a graph wrote an int as often as it was referred to. DUP refers to a
//! megabyte of digits by one byte, and a million of them would have been a terabyte. To find out
//! whether it was memoized, each reference also looked through the whole line.

use serde_pickle::{Graph, Protocol, SerOptions, Value, from_slice};

#[test]
fn one_that_is_referred_to_twice_is_fetched() {
    let long = [b"\x8b\x10\x27\0\0".as_slice(), &[7; 10_000]].concat();
    let line = [b"L0x".as_slice(), &b"7".repeat(3_000), b"L\n"].concat();
    for number in [long, line] {
        let pickle = [b"](".as_slice(), &number, &b"2".repeat(5_000), b"e."].concat();
        let graph = Graph::from_slice(&pickle).unwrap();
        let written = SerOptions::new().protocol(Protocol::V4).graph_to_vec(&graph).unwrap();
        assert!(written.len() < 3 * pickle.len(), "{}", written.len());
        let back: Vec<Value> = from_slice(&written).unwrap();
        assert_eq!(back.len(), 5_001);
        assert!(back.iter().all(|value| *value == back[0]));
    }
}

#[test]
fn what_a_pickler_wrote_is_written_as_it_was() {
    // pickle.dumps([10**30, 10**30], 0) and 2: two equal ints are two.
    for pickle in [
        b"(lp0\nL1000000000000000000000000000000L\naL1000000000000000000000000000000L\na."
            .as_slice(),
        b"\x80\x02]q\x00(\x8a\r\0\0\0\x40\xea\xed\x74\x46\xd0\x9c\x2c\x9f\x0c\x8a\r\0\0\0\x40\xea\
          \xed\x74\x46\xd0\x9c\x2c\x9f\x0ce.",
    ] {
        assert_eq!(Graph::from_slice(pickle).unwrap().to_vec().unwrap(), pickle);
    }
}
