//! [`optimize`]: a pickle without the memo entries that nothing refers to, as Python's
//! `pickletools.optimize` makes it.
//!
//! Two passes over the instructions. The first finds the indexes that are fetched, and the
//! protocol. The second copies everything except frames and stores that nothing fetches, numbers
//! the rest of the memo from 0, and lets the emitter cut new frames. Nothing is run, so the meaning
//! of the pickle does not matter. Source: `optimize` in CPython's `Lib/pickletools.py`.

use super::genops::{Indexes, genops, genops_in_frames};
use crate::error::{Error, Result};
use crate::instruction::{Argument, Opcode};
use crate::protocol::Protocol;
use crate::write::{Emitter, Sharing};

/// Removes the memo entries of a pickle that are never fetched.
///
/// Python's pickler memoizes every object that might come again. The result reads as the same
/// value, identity included, and is smaller and faster to read. It is to the byte the result of
/// `pickletools.optimize` of CPython 3.13: the remaining memo is numbered from 0, and protocols
/// from 4 on get new frames.
///
/// ```
/// use serde_pickle::{Value, from_slice, tools};
///
/// // pickle.dumps(['a', 'a'], 2)
/// let pickle = b"\x80\x02]q\x00(X\x01\x00\x00\x00aq\x01h\x01e.";
/// let optimized = tools::optimize(pickle)?;
/// assert_eq!(optimized, b"\x80\x02](X\x01\x00\x00\x00aq\x00h\x00e.");
/// assert_eq!(from_slice::<Value>(&optimized)?, from_slice::<Value>(pickle)?);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Only the first pickle is taken; bytes behind its STOP are left out, as in Python. A pickle that
/// refers to the memo of the one before it cannot be optimized by itself.
///
/// Unlike in Python, a read that crosses the end of a frame is an error: a pickle that readers
/// refuse does not become one that they load.
///
/// # Errors
/// - [`Syntax`](crate::ErrorKind::Syntax) where an argument crosses the end of a frame or a frame
///   begins inside another, `Eof` where a frame is longer than what is left;
/// - [`Eof`](crate::ErrorKind::Eof) and [`Syntax`](crate::ErrorKind::Syntax) where the bytes are
///   not instructions, or something is fetched from the memo before it is stored;
/// - [`Limit`](crate::ErrorKind::Limit) for an int of more than 4,300 digits in text;
/// - [`Unsupported`](crate::ErrorKind::Unsupported) for a protocol beyond 5.
pub fn optimize(pickle: &[u8]) -> Result<Vec<u8>> {
    let (protocol, mut fetched) = survey(pickle)?;
    let mut emitter = Emitter::new(true, protocol, true, true, Sharing::Never, None);
    let (mut stored, mut next) = (Indexes::default(), 0u32);
    for item in genops(pickle, 0) {
        let instruction = item?;
        let (at, opcode, argument) = (instruction.at, instruction.opcode, &instruction.argument);
        let bytes = pickle.get(at..instruction.end).unwrap_or_default();
        if at == 0 {
            // PROTO comes before the first frame.
            let header = if opcode == Opcode::Proto { bytes } else { &[] };
            emitter.begin_verbatim(header);
        }
        match opcode {
            Opcode::Proto if at == 0 => {}
            Opcode::Frame => {}
            Opcode::Put | Opcode::Binput | Opcode::LongBinput | Opcode::Memoize => {
                let implied = Argument::Int(stored.len() as i64);
                let index = if opcode == Opcode::Memoize { &implied } else { argument };
                stored.insert(index, ());
                if let Some(slot) = fetched.get_mut(index) {
                    emitter.boundary()?;
                    if protocol >= Opcode::Memoize.protocol() {
                        emitter.op(Opcode::Memoize);
                    } else {
                        emitter.put(next);
                    }
                    *slot = Some(next);
                    next = next
                        .checked_add(1)
                        .ok_or_else(|| Error::limit("the memo has more than 2³² entries"))?;
                }
            }
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => match fetched.get_mut(argument) {
                Some(Some(index)) => {
                    emitter.boundary()?;
                    emitter.get(*index);
                }
                _ => {
                    let name = opcode.name();
                    let error =
                        format!("{name} fetches a memo index under which nothing is stored");
                    return Err(Error::syntax(error).at(at as u64));
                }
            },
            _ => emitter.instruction_verbatim(bytes)?,
        }
    }
    Ok(emitter.finish_verbatim())
}

/// The protocol that the result needs, and the memo indexes that are fetched, each with room for
/// its new number.
fn survey(pickle: &[u8]) -> Result<(Protocol, Indexes<Option<u32>>)> {
    let (mut protocol, mut fetched) = (Protocol::V0, Indexes::default());
    for item in genops_in_frames(pickle) {
        let instruction = item?;
        match (instruction.opcode, &instruction.argument) {
            (Opcode::Proto, &Argument::Int(announced)) => {
                let announced = u8::try_from(announced).unwrap_or(u8::MAX);
                let announced = Protocol::try_from(announced)
                    .map_err(|error| error.at(instruction.at as u64))?;
                protocol = protocol.max(announced);
            }
            (opcode @ (Opcode::Get | Opcode::Binget | Opcode::LongBinget), index) => {
                protocol = protocol.max(opcode.protocol());
                fetched.insert(index, None);
            }
            _ => {}
        }
    }
    Ok((protocol, fetched))
}
