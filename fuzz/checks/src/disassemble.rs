//! The instructions of any bytes.
//!
//! `opcode::instructions` covers every byte from the first to STOP with instructions that lie side by side, stops for good at
//! the first error, and has no quarrel with what the machine reads.

use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle::{ErrorKind, Graph};

/// The input is the pickle from its first byte.
pub const HEADER: usize = 0;

/// Panics where the instructions of `pickle` are not what they should be.
pub fn check(pickle: &[u8]) {
    let mut iterator = instructions(pickle);
    let mut end = 0;
    let mut stopped = false;
    let mut failed = None;
    while let Some(item) = iterator.next() {
        assert!(!stopped && failed.is_none(), "something follows the end of the instructions");
        match item {
            Ok((offset, opcode, argument)) => {
                assert_eq!(offset, end, "a gap before {}", opcode.name());
                assert_eq!(pickle[offset as usize], opcode.byte());
                assert_eq!(Opcode::from_byte(opcode.byte()), Some(opcode));
                assert!(iterator.position() > offset && iterator.position() <= pickle.len() as u64);
                let _ = format!("{argument:?}");
                end = iterator.position();
                stopped = opcode == Opcode::Stop;
            }
            Err(error) => {
                assert_eq!(error.offset(), Some(end), "{error}");
                failed = Some(error);
            }
        }
    }
    assert!(stopped || failed.is_some(), "the instructions end without STOP or an error");
    match Graph::from_slice(pickle) {
        Ok(_) => assert!(stopped, "the machine reads what the instructions refuse: {failed:?}"),
        // What is wrong with the bytes alone is wrong to both, in the same place.
        Err(error) if error.kind() == ErrorKind::Eof && stopped => {
            // A frame that is longer than the input: instructions do not look at frames.
            assert!(pickle.contains(&Opcode::Frame.byte()), "{error}");
        }
        Err(_) => {}
    }
}
