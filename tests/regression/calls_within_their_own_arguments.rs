//! `INST` calls a UUID with a list of which that UUID is an item of an item, in this pickle. An
//! object that is reached through its own arguments is written again, and two such objects within
//! one another without end, up to a limit of a million values: 60 bytes took 1.4 seconds, and 25
//! megabytes of output, before the error came.
//!
//! Whoever writes back a graph that a stranger sent pays for it.

use std::io;

use serde_pickle::{ErrorKind, Graph, Protocol, SerOptions};

/// Counts the bytes that it is given.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn calls_within_their_own_arguments_are_written_a_bounded_number_of_times() {
    let pickle =
        b"((cbuiltins\nbytearray\nC\x022\xe0\x85Riuuid\nUUID\nU\x000p0\n(g0\ntp1\na0lg1\n.";
    let graph = Graph::from_slice(pickle).unwrap();
    for number in 0..=5 {
        let options = SerOptions::new().protocol(Protocol::try_from(number).unwrap());
        let mut count = Count(0);
        let error = options.graph_to_writer(&mut count, &graph).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        assert!(count.0 < 8 << 20, "{} bytes at protocol {number}", count.0);
    }
}
