//! When what we make of a pickle and what CPython makes of it is the same, and which differences
//! are meant.

use serde_pickle::opcode::Opcode;
use serde_pickle::tools::{Target, audit};
use serde_pickle::{Error, Value};

use crate::interpreters;

/// The relation of the two answers.
pub(super) enum Verdict {
    Accepted,
    Refused,
    /// They differ, as docs/CONFORMANCE.md says they do.
    Meant,
    Disagree(String),
}

/// Compares our reading of `pickle` with the line that the script printed for it, run by a Python
/// of `version`.
pub(super) fn compare(
    pickle: &[u8],
    ours: &Result<Value, Error>,
    theirs: &str,
    version: (u32, u32),
) -> Verdict {
    let shown = ours.as_ref().map_or_else(|_| "refused".into(), canon);
    if ours.is_err() && theirs.starts_with("refused") {
        return Verdict::Refused;
    }
    if shown == theirs {
        return Verdict::Accepted;
    }
    if is_meant(pickle, ours, theirs)
        || version >= (3, 14) && has_another_base(pickle)
        || version >= (3, 15) && is_younger(pickle, theirs)
    {
        return Verdict::Meant;
    }
    let error = ours.as_ref().err();
    Verdict::Disagree(format!(
        "{}\n    ours: {shown} {error:?}\n  theirs: {theirs}",
        pickle.escape_ascii()
    ))
}

/// The script's output for the same value: the entries of a dict in their order.
pub(super) fn canon(value: &Value) -> String {
    interpreters::canon(value, false)
}

/// Returns true if there may be an INT or LONG with a leading zero: octal, hex or binary up to
/// 3.13, decimal or an error since.
fn has_another_base(program: &[u8]) -> bool {
    program.iter().enumerate().filter(|(_, byte)| b"IL".contains(byte)).any(|(at, _)| {
        let line = program[at + 1..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        let digits = line.trim_ascii_start();
        let digits = digits.strip_prefix(b"-").or(digits.strip_prefix(b"+")).unwrap_or(digits);
        digits.first() == Some(&b'0') && digits.len() > 1
    })
}

/// Returns true where 3.15 may make something else of a program than older ones: a bool with a
/// blank, a sign or a NUL, additions of nothing to what takes none, MEMOIZE behind numbers left
/// out.
fn is_younger(program: &[u8], theirs: &str) -> bool {
    let blank_bool = program.windows(4).any(|part| {
        let [opcode, first, second, end] = *part else { return false };
        let is_bool = |digit: u8, other: u8| b"01".contains(&digit) && !other.is_ascii_digit();
        opcode == b'I' && end == b'\n' && (is_bool(first, second) || is_bool(second, first))
    });
    let nothing = theirs.contains("has no attribute 'append'")
        || theirs.contains("has no attribute 'extend'")
        || theirs.contains("has no attribute 'add'");
    let numbers = audit(program).references.iter().any(|reference| {
        reference.target == Target::Unknown && reference.named[0].opcode == Opcode::Memoize
    });
    blank_bool || nothing || numbers
}

/// Returns true if the difference between us and Python is one of those that are meant.
fn is_meant(program: &[u8], ours: &Result<Value, Error>, theirs: &str) -> bool {
    let refused = theirs.strip_prefix("refused ");
    match (ours, refused) {
        (Ok(_), Some(theirs)) => [
            // Python 2.2's arguments; and a stand-in may have any state, even where it is a class.
            "argument list must be a tuple",
            "state is not a dictionary",
            "'mappingproxy' object",
            // It may be a class, or a buffer.
            "NEWOBJ class argument must be a type, not Thing",
            "NEWOBJ_EX class argument must be a type, not Thing",
            "bytes-like object is required, not 'Thing'",
            "bytes-like object is required, not 'Meta'",
            // Python is not asked about values that a program drops.
            "unregistered extension code",
            // An array as long as the highest memo index.
            "MemoryError",
        ]
        .iter()
        .any(|meant| theirs.contains(meant)),
        (Ok(_), None) => false,
        (Err(error), _) => {
            let message = error.to_string();
            // A Value is a tree without identity.
            let of_trees = ["contains itself", "look alike", "state twice", "state or items"]
                .iter()
                .any(|part| message.contains(part));
            (refused.is_none() && of_trees)
                // Items by index, and items of a bytearray.
                || (message.contains("SETITEM") && message.contains("found a list"))
                || message.contains("found a bytearray")
                // Names in 8-bit strings of Python 2, or with a lone surrogate.
                || (message.contains("STACK_GLOBAL needs two strings")
                    && (program.iter().any(|byte| b"STU\xed".contains(byte))
                        || program.windows(3).any(|part| part == b"\\ud")))
        }
    }
}
