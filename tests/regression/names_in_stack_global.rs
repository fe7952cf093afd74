//! STACK_GLOBAL copied the text of its names each time, and five bytes of input can name a megabyte
//! of text again.

use serde::de::IgnoredAny;
use serde_pickle::{ErrorKind, Graph, Protocol, SerOptions, from_slice};

fn globals(name: usize, times: usize) -> Vec<u8> {
    let text =
        [b"\x80\x04Vm\nq\x000V".to_vec(), b"x".repeat(name), b"\nq\x010](".to_vec()].concat();
    [text, b"h\0h\x01\x93".repeat(times), b"e.".to_vec()].concat()
}

#[test]
fn a_long_name_is_used_a_few_times_and_a_short_one_as_often_as_one_likes() {
    assert!(from_slice::<IgnoredAny>(&globals(100, 100_000)).is_ok());
    assert!(from_slice::<IgnoredAny>(&globals(1_000, 5)).is_ok());
    assert_eq!(
        from_slice::<IgnoredAny>(&globals(1_000, 1_000)).unwrap_err().kind(),
        ErrorKind::Limit
    );
    assert_eq!(from_slice::<IgnoredAny>(&globals(1_001, 1)).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn what_is_written_of_them_stays_in_proportion() {
    let pickle = globals(100, 10_000);
    let graph = Graph::from_slice(&pickle).unwrap();
    for protocol in [Protocol::V0, Protocol::V2, Protocol::V4] {
        let written = SerOptions::new().protocol(protocol).graph_to_vec(&graph).unwrap();
        assert!(written.len() < 30 * pickle.len(), "{protocol:?}: {}", written.len());
    }
}
