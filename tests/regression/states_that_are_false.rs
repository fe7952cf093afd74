//! A state that is false (0, empty text, an empty tuple) was left out when it was written. CPython
//! leaves out `None` alone: the class has `__setstate__` called with what it gave. And keys that
//! differed in nothing else came to look alike, so that no `Value` read what a `Value` had been
//! written as.

use serde_pickle::{Protocol, SerOptions, Value, from_slice};

#[test]
fn a_state_that_is_false_is_written() {
    // {StateAny with 0: 1, StateAny with '': 2, StateAny with (): 3, StateAny: 4}
    let pickle = b"}(cshapes\nStateAny\nq\0)\x81K\0bK\x01h\0)\x81X\0\0\0\0bK\x02h\0)\x81)bK\x03h\0\
        )\x81K\x04u.";
    let value: Value = from_slice(pickle).unwrap();
    for protocol in Protocol::ALL {
        let written = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
        let again: Value = from_slice(&written).unwrap();
        assert_eq!(again.to_string(), value.to_string(), "{protocol:?}");
    }
}
