//! A count of 2⁶³ and more in BINUNICODE8, BINBYTES8 or BYTEARRAY8 was called the end of the input.
//! CPython refuses it before it looks for the bytes, for no input can have them.

use serde_pickle::{ErrorKind, Value, from_reader, from_slice};

#[test]
fn a_count_that_no_input_can_have_is_malformed() {
    for opcode in [0x8d, 0x8e, 0x96] {
        let mut bytes = vec![0x80, 5, opcode];
        bytes.extend_from_slice(&(1u64 << 63).to_le_bytes());
        let error = from_slice::<Value>(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(2)), "{error}");
        assert_eq!(from_reader::<_, Value>(&*bytes).unwrap_err().to_string(), error.to_string());
        bytes.truncate(3);
        bytes.extend_from_slice(&((1u64 << 63) - 1).to_le_bytes());
        let error = from_slice::<Value>(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Eof, Some(2)), "{error}");
        assert_eq!(from_reader::<_, Value>(&*bytes).unwrap_err().to_string(), error.to_string());
    }
}
