//! The instructions of any bytes.
//!
//! `opcode::instructions` covers every byte from the first to STOP with instructions that lie side
//! by side, stops for good at the first error, and has no quarrel with what the machine reads. The
//! tools on top of it never panic, and what `optimize` leaves of a pickle is the same graph.

use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle::tools::{self, DisassembleOptions};
use serde_pickle::{DeOptions, ErrorKind, Graph};

use crate::differential::same_graph;

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
    tools_agree(pickle, stopped);
    match Graph::from_slice(pickle) {
        Ok(_) => assert!(stopped, "the machine reads what the instructions refuse: {failed:?}"),
        // A fault in the bytes themselves is one to both, at the same place.
        Err(error) if error.kind() == ErrorKind::Eof && stopped => {
            // A frame that is longer than the input: instructions do not look at frames.
            assert!(pickle.contains(&Opcode::Frame.byte()), "{error}");
        }
        Err(_) => {}
    }
}

/// Panics where a tool fails on what the instructions can be read of, or `optimize` changes what a
/// pickle means.
fn tools_agree(pickle: &[u8], stopped: bool) {
    // Like pickletools, it takes some lines that no unpickler takes.
    if let Ok(words) = tools::disassemble(pickle) {
        assert!(words.lines().count() >= 2, "STOP and the highest protocol have a line each");
    }
    let _ = DisassembleOptions::new().indent(2).annotate(40).stream(true).disassemble(pickle);
    let report = tools::audit(pickle);
    let graph = DeOptions::new().fix_imports(false).graph_from_slice(pickle);
    assert!(
        !report.is_complete() || graph.is_ok() || stopped,
        "an audit of what is no pickle is complete: {report}"
    );
    let _ = tools::persistent_ids(pickle);
    let Ok(optimized) = tools::optimize(pickle) else { return };
    let again = DeOptions::new().fix_imports(false).graph_from_slice(&optimized);
    match (&graph, &again) {
        (Ok(graph), Ok(again)) => same_graph(graph.root(), again.root()),
        // A pickle that cannot be read may break at another place, or be mended where only a frame
        // was wrong.
        (Err(_), _) => {}
        (Ok(_), Err(error)) => {
            panic!("what optimize left cannot be read: {error}\n{}", optimized.escape_ascii())
        }
    }
}
