//! A reader that failed in the middle of a pickle took the memo of the pickles before with it: what
//! was read after it had recovered fetched nothing, or something else.

use std::io::{self, Read};

use serde::Deserialize;
use serde_pickle::{Deserializer, ErrorKind, Value};

/// Fails once, before the byte `at`.
struct Hiccup<'b> {
    bytes: &'b [u8],
    at: Option<usize>,
}

impl Read for Hiccup<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.at {
            Some(0) => {
                self.at = None;
                Err(io::ErrorKind::WouldBlock.into())
            }
            Some(at) => {
                let len = buffer.len().min(*at);
                let read = self.bytes.read(&mut buffer[..len])?;
                *at -= read;
                Ok(read)
            }
            None => self.bytes.read(buffer),
        }
    }
}

#[test]
fn it_is_kept() {
    // p = Pickler(f); p.dump(['a']); p.dump('b'); p.dump the list again
    let (first, second, third) =
        (b"\x80\x04]\x94\x8c\x01a\x94a.", b"\x80\x04\x8c\x01b\x94.", b"\x80\x04h\x00h\x02\x86.");
    let stream = [first.as_slice(), second, third].concat();
    for at in 0..stream.len() {
        let mut pickles =
            Deserializer::from_reader(Hiccup { bytes: &stream, at: Some(at) }).keep_memo(true);
        let mut read = Vec::new();
        while read.len() < 3 {
            match Value::deserialize(&mut pickles) {
                Ok(value) => read.push(value.to_string()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Io, "{at}: {error}"),
            }
        }
        assert_eq!(read, ["['a']", "'b'", "(['a'], 'b')"], "{at}");
    }
}
