//! A frame of 2⁶⁴−1 bytes was an error that counted the bytes left, and a reader had not asked for
//! them: slice and reader told different numbers. CPython refuses such a length without a look at
//! the input, and so do both now.

use std::io::Read;

use serde_pickle::{ErrorKind, Value, from_reader, from_slice};

#[test]
fn a_frame_longer_than_any_input_is_refused_before_it_is_read() {
    let bytes = b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.";
    let error = from_slice::<Value>(bytes).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(2)));
    let mut endless = bytes.chain(std::io::repeat(b'N'));
    assert_eq!(from_reader::<_, Value>(&mut endless).unwrap_err().to_string(), error.to_string());
}
