//! Names the format of an input that could not be read: see `foreign/`.

use crate::error::{Error, ErrorKind};
use crate::foreign::{self, Guess, NotPickle, is_joblib, recognize};
use crate::instruction::Opcode;

/// Adds the format that the bytes seem to have to the error of reading the pickle that begins at
/// byte `start`.
#[cold]
pub(crate) fn explain(error: Error, input: &[u8], start: usize) -> Error {
    let (whole, input) = (input, input.get(start..).unwrap_or_default());
    if input.is_empty() && !whole.is_empty() {
        return error;
    }
    let fault = error.offset().map_or(input.len(), |at| at as usize - start.min(at as usize));
    let guess = match error.kind() {
        ErrorKind::Syntax | ErrorKind::Eof | ErrorKind::Unsupported => {
            recognize(input).filter(|format| *format != NotPickle::Joblib).map(sure)
        }
        ErrorKind::Io | ErrorKind::Denied => return error,
        _ => None,
    };
    let guess = guess
        .or_else(|| vague(&error, input, fault))
        .or_else(|| inside(&error, input.get(..fault).unwrap_or(input)).map(sure));
    match guess {
        Some(guess) => error.guessed(guess),
        None => error,
    }
}

fn sure(format: NotPickle) -> Guess {
    Guess { format, vague: false }
}

/// Recognizes formats further in: the instructions before the fault are those of a pickle.
fn inside(error: &Error, before: &[u8]) -> Option<NotPickle> {
    if is_joblib(before) {
        return Some(NotPickle::Joblib);
    }
    // Names that end in a carriage return are in no pickle that was left as it was.
    let damaged = error.kind() == ErrorKind::Syntax
        && before.first() == Some(&Opcode::Proto.byte())
        && before
            .iter()
            .position(|&byte| byte == b'\n')
            .is_some_and(|at| at.checked_sub(1).and_then(|at| before.get(at)) == Some(&b'\r'));
    damaged.then_some(NotPickle::CrlfDamaged)
}

/// Guesses by the first byte alone: a reader is asked for no byte behind the faulty one, and some
/// formats begin with a byte that is no opcode.
fn vague(error: &Error, input: &[u8], fault: usize) -> Option<Guess> {
    let fits = error.kind() == ErrorKind::Syntax
        && fault + 1 == input.len()
        && input.len() <= 3
        && input.last().is_some_and(|&byte| {
            Opcode::from_byte(byte).is_none() && !byte.is_ascii_whitespace() && byte != b'?'
        });
    let format = foreign::begins(input).filter(|_| fits)?;
    Some(Guess { format, vague: true })
}
